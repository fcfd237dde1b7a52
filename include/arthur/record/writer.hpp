// writer.hpp: appends bytes and OTLP attributes to an open span.
#ifndef ARTHUR_RECORD_WRITER_HPP
#define ARTHUR_RECORD_WRITER_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "../config.hpp"
#include "layout.hpp"
#include "pool.hpp"
#include "wire.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Where one thread (or one detached span) appends: the free rest of a block that it owns.
struct arena {
  block* current = nullptr;
  char* at = nullptr;
  char* end = nullptr;
  std::uint32_t added = 0;  // segments begun in `current`
  std::uint32_t taken = 0;  // blocks taken so far
};

/// Where pool blocks come from: the pool, and what to do when it is empty.
struct block_source {
  pool blocks;
  // Waits a moment for room (overflow::block); false = give up. Null = drop at once.
  std::atomic<bool (*)(std::uint32_t attempt) noexcept> wait_for_room{nullptr};
  // Called with each block that is taken out of a nearly full pool.
  std::atomic<void (*)() noexcept> hold_traces{nullptr};

  block* take() noexcept {
    block* b = blocks.take();
    if (ARTHUR_LIKELY(b != nullptr)) {
      if (ARTHUR_UNLIKELY(blocks.nearly_full())) {
        if (const auto hold = hold_traces.load(std::memory_order_relaxed)) hold();
      }
      return b;
    }
    const auto wait = wait_for_room.load(std::memory_order_relaxed);
    for (std::uint32_t attempt = 0; b == nullptr && wait != nullptr && wait(attempt); ++attempt) b = blocks.take();
    return b;
  }
};

inline void close_arena(pool& blocks, arena& a) noexcept {
  if (a.current != nullptr) blocks.close(a.current, a.added);
  a.current = nullptr;
  a.at = a.end = nullptr;
  a.added = 0;
}

/// The growing bytes of one span (or of one context). After a failure it stays failed: a span is kept whole or not at all.
class writer {
 public:
  /// Begins with `prefix` bytes (a record, or whatever holds the first segment) and the first segment behind them.
  /// Returns the place of the prefix, aligned to 8, or null.
  char* begin(block_source& source, arena& memory, std::size_t prefix, std::size_t room) noexcept {
    static_assert(alignof(segment) <= 8, "prefixes are multiples of 8");
    source_ = &source;
    memory_ = &memory;
    failed_ = false;
    first_ = last_ = nullptr;
    char* at = align(memory.at);
    const std::size_t needed = prefix + sizeof(segment) + room;
    if (ARTHUR_UNLIKELY(memory.current == nullptr || at > memory.end || static_cast<std::size_t>(memory.end - at) < needed)) {
      if (!next_block()) return nullptr;
      at = memory.at;
    }
    ++memory.added;
    first_ = last_ = ::new (at + prefix) segment{};
    memory.at = position_ = last_->content();
    return at;
  }

  bool failed() const noexcept { return failed_; }
  segment* first() const noexcept { return first_; }

  /// `size` bytes in one piece, or null. At most `max_piece`.
  char* reserve(std::size_t size) noexcept {
    if (ARTHUR_LIKELY(position_ == memory_->at && static_cast<std::size_t>(memory_->end - position_) >= size)) {
      char* const at = position_;
      position_ = memory_->at = at + size;
      return at;
    }
    return reserve_elsewhere(size);
  }
  static constexpr std::size_t max_piece = 2048;

  /// As reserve(), but the caller may scribble over `margin` bytes from the place on; null where that needs another block.
  char* reserve_with_margin(std::size_t size, std::size_t margin) noexcept {
    if (ARTHUR_UNLIKELY(position_ != memory_->at || static_cast<std::size_t>(memory_->end - position_) < size + margin)) return nullptr;
    char* const at = position_;
    position_ = memory_->at = at + size;
    return at;
  }

  /// Bytes that may be cut anywhere.
  void append(const char* from, std::size_t size) noexcept {
    if (ARTHUR_LIKELY(size <= 256)) {
      if (char* at = reserve(size)) wire::put_bytes(at, from, size);
      return;
    }
    while (size != 0 && !failed_) {
      std::size_t room = position_ == memory_->at ? static_cast<std::size_t>(memory_->end - position_) : 0;
      if (room == 0) {
        if (!begin_segment(1)) return;
        room = static_cast<std::size_t>(memory_->end - position_);
      }
      const std::size_t part = size < room ? size : room;
      std::memcpy(position_, from, part);
      position_ = memory_->at = position_ + part;
      from += part;
      size -= part;
    }
  }

  /// Ends the chain; the span may be published.
  void finish() noexcept { last_->size = static_cast<std::uint32_t>(position_ - last_->content()); }

  /// Gives all blocks back: the span is dropped.
  void discard() noexcept {
    failed_ = true;
    segment* s = first_;
    first_ = nullptr;
    while (s != nullptr) {
      segment* const next = s->next == 0 ? nullptr : segment_at(source_->blocks, s->next);
      block* const b = source_->blocks.block_of(s);
      if (b == memory_->current) {
        --memory_->added;
      } else {
        source_->blocks.release(b, 1);
      }
      s = next;
    }
  }

  /// Appends another chain, which may lie in another pool (`base`: of before a fork).
  void append_chain(const segment* chain, const char* base) noexcept {
    while (chain != nullptr) {
      append(reinterpret_cast<const char*>(chain) + sizeof(segment), chain->size);
      chain = chain->next == 0 ? nullptr : std::launder(reinterpret_cast<const segment*>(base + std::size_t{chain->next} * 8));
    }
  }

  static segment* segment_at(const pool& blocks, pool_offset where) noexcept {
    return std::launder(reinterpret_cast<segment*>(blocks.at(where)));
  }

 private:
  static char* align(char* p) noexcept {
    return reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(p) + 7) & ~std::uintptr_t{7});
  }

  ARTHUR_NOINLINE char* reserve_elsewhere(std::size_t size) noexcept {
    if (failed_ || size > max_piece || !begin_segment(size)) return nullptr;
    char* const at = position_;
    position_ = memory_->at = at + size;
    return at;
  }

  bool begin_segment(std::size_t room) noexcept {
    finish();
    char* at = align(memory_->at);
    if (at > memory_->end || static_cast<std::size_t>(memory_->end - at) < sizeof(segment) + room) {
      if (!next_block()) return false;
      at = memory_->at;
    }
    ++memory_->added;
    auto* const s = ::new (at) segment{};
    last_->next = source_->blocks.to_offset(s);
    last_ = s;
    memory_->at = position_ = s->content();
    return true;
  }

  ARTHUR_NOINLINE bool next_block() noexcept {
    block* const b = source_->take();
    if (b == nullptr) {
      failed_ = true;
      return false;
    }
    close_arena(source_->blocks, *memory_);
    memory_->current = b;
    ++memory_->taken;
    memory_->at = b->begin();
    memory_->end = b->end();
    return true;
  }

  block_source* source_ = nullptr;
  arena* memory_ = nullptr;
  segment* first_ = nullptr;
  segment* last_ = nullptr;
  char* position_ = nullptr;  // equal to memory_->at as long as nobody else wrote behind us
  bool failed_ = true;
};

// Attributes. `tag` is the field of the enclosing message: wire::span_attributes, or wire::event_attributes within one.

/// Below this sum of key and AnyValue every length in the field is a single byte. Most attributes are.
constexpr std::size_t max_short_attribute = 128 - 4;

/// Size of a KeyValue field with its tag and length, for a value of `any` bytes (the AnyValue message).
inline std::size_t attribute_size(std::size_t key, std::size_t any) noexcept {
  if (ARTHUR_LIKELY(key + any < max_short_attribute)) return 6 + key + any;
  const std::size_t body = 1 + wire::varint_size(key) + key + 1 + wire::varint_size(any) + any;
  return 1 + wire::varint_size(body) + body;
}

/// Everything of the field up to the AnyValue message.
ARTHUR_INLINE char* put_attribute_start(char* at, std::uint8_t tag, const char* key, std::size_t key_size, std::size_t any) noexcept {
  if (ARTHUR_LIKELY(key_size + any < max_short_attribute)) {
    at = wire::put_byte(at, tag);
    at = wire::put_byte(at, static_cast<std::uint8_t>(4 + key_size + any));
    at = wire::put_byte(at, wire::key_value_key);
    at = wire::put_byte(at, static_cast<std::uint8_t>(key_size));
    at = wire::put_bytes(at, key, key_size);
    at = wire::put_byte(at, wire::key_value_value);
    return wire::put_byte(at, static_cast<std::uint8_t>(any));
  }
  const std::size_t body = 1 + wire::varint_size(key_size) + key_size + 1 + wire::varint_size(any) + any;
  at = wire::put_byte(at, tag);
  at = wire::put_varint(at, body);
  at = wire::put_byte(at, wire::key_value_key);
  at = wire::put_varint(at, key_size);
  at = wire::put_bytes(at, key, key_size);
  at = wire::put_byte(at, wire::key_value_value);
  return wire::put_varint(at, any);
}

inline std::size_t text_any_size(std::size_t text) noexcept { return 1 + wire::varint_size(text) + text; }

/// A text attribute up to its text of `size` bytes, which the caller appends. False: no room.
inline bool write_text_start(writer& to, std::uint8_t tag, const char* key, std::size_t key_size, std::size_t size) noexcept {
  const std::size_t any = text_any_size(size);
  char* at = to.reserve(attribute_size(key_size, any) - size);
  if (at == nullptr) return false;
  at = put_attribute_start(at, tag, key, key_size, any);
  at = wire::put_byte(at, wire::any_string);
  wire::put_varint(at, size);
  return true;
}

/// A text attribute. Keys longer than 1 KiB are cut: nobody reads them.
inline void write_text(writer& to, std::uint8_t tag, const char* key, std::size_t key_size, const char* data,
                       std::size_t size) noexcept {
  if (ARTHUR_UNLIKELY(key_size > 1024)) key_size = 1024;
  const std::size_t any = text_any_size(size);
  const std::size_t total = attribute_size(key_size, any);
  if (ARTHUR_LIKELY(total <= writer::max_piece)) {
    char* at = to.reserve(total);
    if (at == nullptr) return;
    at = put_attribute_start(at, tag, key, key_size, any);
    at = wire::put_byte(at, wire::any_string);
    at = wire::put_varint(at, size);
    wire::put_bytes(at, data, size);
  } else if (write_text_start(to, tag, key, key_size, size)) {
    to.append(data, size);
  }
}

inline void write_integer(writer& to, std::uint8_t tag, const char* key, std::size_t key_size, std::int64_t value) noexcept {
  if (ARTHUR_UNLIKELY(key_size > 1024)) key_size = 1024;
  const std::size_t any = 1 + wire::varint_size(static_cast<std::uint64_t>(value));
  char* at = to.reserve(attribute_size(key_size, any));
  if (at == nullptr) return;
  at = put_attribute_start(at, tag, key, key_size, any);
  at = wire::put_byte(at, wire::any_int);
  wire::put_varint(at, static_cast<std::uint64_t>(value));
}

inline void write_number(writer& to, std::uint8_t tag, const char* key, std::size_t key_size, double value) noexcept {
  if (ARTHUR_UNLIKELY(key_size > 1024)) key_size = 1024;
  char* at = to.reserve(attribute_size(key_size, 9));
  if (at == nullptr) return;
  at = put_attribute_start(at, tag, key, key_size, 9);
  at = wire::put_byte(at, wire::any_double);
  std::uint64_t bits = 0;
  static_assert(sizeof bits == sizeof value, "OTLP doubles are IEEE 754 binary64");
  std::memcpy(&bits, &value, sizeof bits);
  wire::put_fixed64(at, bits);
}

inline void write_boolean(writer& to, std::uint8_t tag, const char* key, std::size_t key_size, bool value) noexcept {
  if (ARTHUR_UNLIKELY(key_size > 1024)) key_size = 1024;
  char* at = to.reserve(attribute_size(key_size, 2));
  if (at == nullptr) return;
  at = put_attribute_start(at, tag, key, key_size, 2);
  at = wire::put_byte(at, wire::any_bool);
  wire::put_byte(at, value ? 1 : 0);
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
