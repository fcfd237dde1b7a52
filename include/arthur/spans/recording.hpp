// recording.hpp: the life of an open span: begun, filled, committed or dropped.
#ifndef ARTHUR_SPANS_RECORDING_HPP
#define ARTHUR_SPANS_RECORDING_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string_view>

#include "../config.hpp"
#include "events.hpp"
#include "../openinference/item_writer.hpp"
#include "../openinference/kinds.hpp"
#include "../record/context_node.hpp"
#include "../record/origin.hpp"
#include "../record/recorder.hpp"
#include "../record/slot.hpp"
#include "../record/threads.hpp"
#include "../span.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline int exceptions_in_flight() noexcept {
#if ARTHUR_HAS_EXCEPTIONS
  return std::uncaught_exceptions();
#else
  return 0;
#endif
}

inline std::uint64_t random_bits(slot& s) noexcept {
  const auto user = the_recorder.user_random.load(std::memory_order_relaxed);
  return ARTHUR_UNLIKELY(user != nullptr) ? user() : s.random.next();
}

/// Never 0: zero ids are invalid.
inline void put_random(unsigned char* to, slot& s) noexcept {
  std::uint64_t bits = random_bits(s);
  if (ARTHUR_UNLIKELY(bits == 0)) bits = 1;
  std::memcpy(to, &bits, 8);
}

/// The code.* attributes of a call site, encoded once.
ARTHUR_COLD inline std::uint32_t register_site(call_site& site) noexcept {
  const std::string_view function(site.function), file(site.file);
  const auto text_size = [](key k, std::string_view v) { return attribute_size(key_texts[k].text.size(), text_any_size(v.size())); };
  const std::size_t line_any = 1 + wire::varint_size(site.line);
  const std::size_t size = text_size(key::code_function_name, function) + text_size(key::code_file_path, file) +
                           attribute_size(key_texts[key::code_line_number].text.size(), line_any);
  const std::uint32_t id = the_recorder.sites.add(size, [&](char* at) {
    const auto put = [&at](key k, std::string_view v) {
      at = put_attribute_start(at, wire::span_attributes, key_texts[k].text.data(), key_texts[k].text.size(), text_any_size(v.size()));
      at = wire::put_byte(at, wire::any_string);
      at = wire::put_varint(at, v.size());
      at = wire::put_bytes(at, v.data(), v.size());
    };
    put(key::code_function_name, function);
    put(key::code_file_path, file);
    const std::string_view k = key_texts[key::code_line_number].text;
    at = put_attribute_start(at, wire::span_attributes, k.data(), k.size(), line_any);
    at = wire::put_byte(at, wire::any_int);
    wire::put_varint(at, site.line);
  });
  // Two threads may register the same site at once: the later id wins, the other stays unused.
  site.id.store(id, std::memory_order_relaxed);
  return id;
}

/// Ids, sampling, kind: everything of a new frame but its bytes.
inline void begin_frame(slot& s, frame& f, kind k, const frame* parent) noexcept {
  f.span_kind = static_cast<std::uint8_t>(k);
  f.result = span_status::unset;
  f.generation = ++s.last_generation;
  f.exceptions = exceptions_in_flight();
  if (f.exceptions == 0) s.reporting_exception = false;  // it was caught
  f.group = 0;
  f.site = 0;
  f.attributes = f.dropped_attributes = 0;
  std::memset(f.lists, 0, sizeof f.lists);
  f.single_keys = f.all_keys = f.free_keys = 0;
  f.target = nullptr;
  f.place = nullptr;
  if (parent != nullptr) {
    std::memcpy(f.ids.trace, parent->ids.trace, 16);
    std::memcpy(f.ids.parent, parent->ids.span, 8);
    f.ids.has_parent = true;
    f.trace_flags = parent->trace_flags & frame::inherited;
    f.flags = parent->trace_flags & (frame::names_remote | frame::tail_candidate);  // the record has the same bits
  } else {
    f.ids.has_parent = false;
    put_random(f.ids.trace, s);
    put_random(f.ids.trace + 8, s);
    const bool sampled = sampling_bits(f.ids.trace) <= the_recorder.sample_below.load(std::memory_order_relaxed);
    f.trace_flags = static_cast<std::uint16_t>(frame::random | (sampled ? frame::sampled : 0));
    f.flags = record::root;
  }
  put_random(f.ids.span, s);
}

/// The first bytes of a record, as the writer lays them out before the first segment.
constexpr std::size_t record_prefix = sizeof(record) - sizeof(segment);
/// Room that makes the beginning of any span with a short name one piece: head, kind, name.
constexpr std::size_t opening_room = head::size + 48 + 2 + 128;

/// `openinference.span.kind` as it stands in the record, for each kind.
struct encoded_kinds {
  static constexpr std::size_t room = 48;
  struct entry {
    char bytes[room] = {};
    std::size_t size = 0;
  } entries[kind_count];

  constexpr encoded_kinds() noexcept : entries() {
    for (std::size_t k = 0; k < kind_count; ++k) {
      const std::string_view name = key_texts[key::span_kind].text, value = kind_names[k];
      entry& e = entries[k];
      const auto put = [&e](std::size_t byte) { e.bytes[e.size++] = static_cast<char>(byte); };
      put(wire::span_attributes);
      put(2 + name.size() + 2 + 2 + value.size());  // every length is below 128: one byte
      put(wire::key_value_key);
      put(name.size());
      for (const char c : name) e.bytes[e.size++] = c;
      put(wire::key_value_value);
      put(2 + value.size());
      put(wire::any_string);
      put(value.size());
      for (const char c : value) e.bytes[e.size++] = c;
    }
  }
};
inline constexpr encoded_kinds kind_attributes;

/// Head, name, kind, inherited attributes. `at`: where the record begins.
inline void begin_bytes(slot& s, frame& f, char* at, std::string_view name) noexcept {
  f.place = std::launder(reinterpret_cast<record*>(at));
  const encoded_kinds::entry& kind_bytes = kind_attributes.entries[f.span_kind];
  const bool is_short = name.size() < 128;
  char* p = f.bytes.reserve(head::size + kind_bytes.size + (is_short ? 2 + name.size() : 0));
  if (ARTHUR_UNLIKELY(p == nullptr)) return;
  p = wire::put_bytes(p + head::size, kind_bytes.bytes, kind_bytes.size);
  if (ARTHUR_LIKELY(is_short)) {
    p = wire::put_byte(p, wire::span_name);
    p = wire::put_byte(p, static_cast<std::uint8_t>(name.size()));
    wire::put_bytes(p, name.data(), name.size());
  } else {
    char start[12];
    p = wire::put_byte(start, wire::span_name);
    p = wire::put_varint(p, name.size());
    f.bytes.append(start, static_cast<std::size_t>(p - start));
    f.bytes.append(name.data(), name.size());
  }
  if (ARTHUR_UNLIKELY((f.trace_flags & frame::has_state) != 0)) write_trace_state(f, trace_state_of(s, f));
  if (s.context != nullptr) inherit(f, *s.context);
  item_writer to(f);
  to.note(key::span_kind);
  if (f.span_kind == static_cast<std::uint8_t>(kind::tool)) to.text(key::tool_name, name);
}

inline void wake_worker() noexcept {
  if (const auto wake = the_recorder.wake.load(std::memory_order_relaxed)) wake();
}

/// Hands a finished frame to the worker.
inline void commit(slot& s, frame& f) noexcept {
  recorder& r = the_recorder;
  std::uint64_t end = r.clock.now();
  if (ARTHUR_UNLIKELY(end < f.start)) end = f.start;  // the wall clock was set back
  if (f.result == span_status::unset) f.result = span_status::ok;
  if (ARTHUR_UNLIKELY(f.dropped_attributes != 0)) {
    s.dropped_attributes.add(f.dropped_attributes);
    if (char* at = f.bytes.reserve(6)) {
      at = wire::put_byte(at, wire::span_dropped_attributes);
      // Five bytes whatever the value, so that the reserved piece is exactly used.
      for (int n = 0; n < 4; ++n) at = wire::put_byte(at, static_cast<std::uint8_t>((f.dropped_attributes >> (7 * n) & 0x7fU) | 0x80U));
      wire::put_byte(at, static_cast<std::uint8_t>(f.dropped_attributes >> 28));
    }
  }
  if (ARTHUR_UNLIKELY(f.bytes.failed())) {
    f.bytes.discard();
    s.count_drop(drop::pool_full);
    return;
  }
  const segment first = *f.bytes.first();  // the record is made over it
  record* const place = ::new (static_cast<void*>(f.place)) record{{0}, f.group, f.site, f.flags, first};
  f.bytes.finish();
  static_assert(record::remote_parent << 6 == head::remote, "one flag becomes the other");
  const std::uint32_t flags = head::remote_known | (f.flags & record::remote_parent) << 6 | (f.trace_flags & head::w3c);
  write_head(place->first.content(), f.ids, f.start, end, flags, f.result);
  s.queue.push(r.source.blocks, place);
  s.committed.add();
  if (ARTHUR_UNLIKELY(r.wanted.load(std::memory_order_relaxed) != 0)) {
    wake_worker();
  } else if (ARTHUR_UNLIKELY(s.memory.taken - s.woken_at >= 32)) {
    s.woken_at = s.memory.taken;
    wake_worker();
  }
}

/// After writing: a span that lost bytes is dropped at once, so that its memory is free for others.
inline void settle(slot& s, frame& f) noexcept {
  if (ARTHUR_UNLIKELY(f.bytes.failed()) && f.is(frame::recording)) {  // else it was done before
    f.bytes.discard();
    s.count_drop(drop::pool_full);
    f.become(frame::silent);
  }
}

inline void write_items(slot& s, frame& f, const item* items, std::size_t count) noexcept {
  item_writer(f).write(items, count);
  settle(s, f);
}

/// Takes closed entries off the stack.
inline void pop_closed(slot& s) noexcept {
  while (s.depth != 0 && s.depth <= slot::max_depth && s.open[s.depth - 1].is(frame::closed)) --s.depth;
}

/// Scopes of this thread that ended on another one: nobody will end them any more.
ARTHUR_COLD inline void collect_foreign_ends(slot& s) noexcept {
  // Acquire pairs with the release in start(), whose pool and tables a slot that was taken before it hasn't seen.
  if (s.early && recording_enabled.load(std::memory_order_acquire) != 0) s.early = false;
  // Acquire pairs with the release of who counted an end: what it left for this thread is seen below.
  s.foreign_ends.exchange(s.early ? 1 : 0, std::memory_order_acquire);
  for (std::uint32_t deep = s.foreign_deep_ends.exchange(0, std::memory_order_relaxed);
       deep != 0 && s.depth > slot::max_depth; --deep) {
    --s.depth;
  }
  for (std::uint32_t n = s.kept(); n != 0; --n) {
    frame& f = s.open[n - 1];
    // Acquire pairs with the release of the thread that ended the scope.
    if (f.is(frame::closed) || f.ended_elsewhere.load(std::memory_order_acquire) != f.generation) continue;
    drop_frame(s, f, drop::scope_misuse);
    f.become(frame::closed);
  }
  for (std::uint32_t lost = s.foreign_lost_ends.exchange(0, std::memory_order_relaxed); lost != 0 && s.lost_contexts != 0; --lost) {
    --s.lost_contexts;
  }
  for (auto& mail : s.foreign_context_ends) {
    const std::uint32_t generation = mail.exchange(0, std::memory_order_acquire);
    if (generation != 0) {
      pop_context(s, generation);
      s.baggage.pop(generation);
    }
  }
  pop_closed(s);
}

ARTHUR_COLD inline void end_on_foreign_thread(const scope_handle& handle) noexcept {
  slot& owner = *handle.owner;
  // Release: what this thread did inside the scope happened before its owner drops it.
  if (handle.index < slot::max_depth) {
    owner.open[handle.index].ended_elsewhere.store(handle.generation, std::memory_order_release);
  } else {
    owner.foreign_deep_ends.fetch_add(1, std::memory_order_relaxed);
  }
  owner.foreign_ends.fetch_add(1, std::memory_order_release);  // pairs with collect_foreign_ends()
}

/// Ends a handle's claim. Its slot, if that is the calling thread's; else null, and the owner is told.
inline slot* leave(scope_handle& handle) noexcept {
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  slot* const own = handle.owner == this_slot ? handle.owner : nullptr;
  if (ARTHUR_UNLIKELY(own == nullptr)) end_on_foreign_thread(handle);
  handle.owner = nullptr;
  return own;
}

/// A context has no place of its own in the slot: its end is left in one of a few boxes. With all of them full it stays
/// until its thread ends.
ARTHUR_COLD inline void end_context_on_foreign_thread(slot& owner, std::uint32_t generation) noexcept {
  const bool lost = generation == slot::lost_context;  // which are only counted
  if (lost) owner.foreign_lost_ends.fetch_add(1, std::memory_order_relaxed);
  for (auto& mail : owner.foreign_context_ends) {
    std::uint32_t empty = 0;
    if (lost || mail.compare_exchange_strong(empty, generation, std::memory_order_release, std::memory_order_relaxed)) break;
  }
  owner.foreign_ends.fetch_add(1, std::memory_order_release);  // pairs with collect_foreign_ends()
}

/// The slot, ready to record; null if this thread can't.
inline slot* ready_slot() noexcept {
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();  // before a slot is taken: it would be taken away again
  slot* s = this_slot;
  if (ARTHUR_UNLIKELY(s == nullptr)) {
    s = acquire_slot();
    if (s == nullptr) return nullptr;
  }
  if (ARTHUR_UNLIKELY(s->foreign_ends.load(std::memory_order_relaxed) != 0)) collect_foreign_ends(*s);
  return s;
}

/// Pops an entry, and those below it that ended out of order before.
inline void pop_frame(slot& s, std::uint32_t index) noexcept {
  s.open[index].become(frame::closed);
  pop_closed(s);
}

/// Ends a frame of this thread's stack.
inline void end_frame(slot& s, frame& f, std::uint32_t index) noexcept {
  const bool thrown = exceptions_in_flight() > f.exceptions;
  if (f.is(frame::recording)) {
    if (thrown && f.result != span_status::error) {
      write_status_message(f, s.reporting_exception ? std::string_view(s.exception) : "exception left the scope");
    }
    commit(s, f);
  }
  if (!thrown) s.reporting_exception = false;
  pop_frame(s, index);
}

/// The frame a scope handle means; null when it ended before, or belongs to another thread.
inline frame* frame_of(const scope_handle& h) noexcept {
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  if (h.owner == nullptr || h.owner != this_slot || h.index >= slot::max_depth) return nullptr;
  frame& f = h.owner->open[h.index];
  return f.generation == h.generation && f.is(frame::recording) ? &f : nullptr;
}

/// What ARTHUR_SET and its like act on: the innermost span of the thread, through an activation if it is one.
inline frame* current_frame() noexcept {
  slot* const s = this_slot;
  if (s == nullptr || s->depth == 0 || s->depth > slot::max_depth) return nullptr;
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  frame* f = &s->open[s->depth - 1];
  if (f->is(frame::activated)) f = f->target;
  return f->is(frame::recording) ? f : nullptr;
}

inline void hex(char* to, const unsigned char* from, std::size_t size) noexcept {
  static constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < size; ++i) {
    *to++ = digits[from[i] >> 4];
    *to++ = digits[from[i] & 15];
  }
  *to = 0;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
