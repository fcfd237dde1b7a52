// wire.hpp: the protobuf wire format, written and read in place; the OTLP field numbers.
#ifndef ARTHUR_RECORD_WIRE_HPP
#define ARTHUR_RECORD_WIRE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace wire {

// Tags (field number << 3 | wire type) of opentelemetry/proto/trace/v1/trace.proto and common/v1/common.proto.
enum type : std::uint32_t { type_varint = 0, type_fixed64 = 1, type_bytes = 2, type_fixed32 = 5 };

constexpr std::uint8_t span_trace_id = 1 << 3 | type_bytes;
constexpr std::uint8_t span_span_id = 2 << 3 | type_bytes;
constexpr std::uint8_t span_trace_state = 3 << 3 | type_bytes;
constexpr std::uint8_t span_parent_span_id = 4 << 3 | type_bytes;
constexpr std::uint8_t span_name = 5 << 3 | type_bytes;
constexpr std::uint8_t span_kind = 6 << 3 | type_varint;
constexpr std::uint8_t span_start_time = 7 << 3 | type_fixed64;
constexpr std::uint8_t span_end_time = 8 << 3 | type_fixed64;
constexpr std::uint8_t span_attributes = 9 << 3 | type_bytes;
constexpr std::uint8_t span_dropped_attributes = 10 << 3 | type_varint;
constexpr std::uint8_t span_events = 11 << 3 | type_bytes;
constexpr std::uint8_t span_dropped_events = 12 << 3 | type_varint;
constexpr std::uint8_t span_links = 13 << 3 | type_bytes;
constexpr std::uint8_t span_dropped_links = 14 << 3 | type_varint;
constexpr std::uint8_t span_status = 15 << 3 | type_bytes;
constexpr std::uint32_t span_flags = 16 << 3 | type_fixed32;  // two bytes on the wire

constexpr std::uint8_t event_time = 1 << 3 | type_fixed64;
constexpr std::uint8_t event_name = 2 << 3 | type_bytes;
constexpr std::uint8_t event_attributes = 3 << 3 | type_bytes;
constexpr std::uint8_t event_dropped_attributes = 4 << 3 | type_varint;

constexpr std::uint8_t link_trace_id = 1 << 3 | type_bytes;
constexpr std::uint8_t link_span_id = 2 << 3 | type_bytes;
constexpr std::uint8_t link_trace_state = 3 << 3 | type_bytes;
constexpr std::uint8_t link_attributes = 4 << 3 | type_bytes;
constexpr std::uint8_t link_dropped_attributes = 5 << 3 | type_varint;
constexpr std::uint8_t link_flags = 6 << 3 | type_fixed32;

constexpr std::uint8_t status_message = 2 << 3 | type_bytes;
constexpr std::uint8_t status_code = 3 << 3 | type_varint;

constexpr std::uint8_t key_value_key = 1 << 3 | type_bytes;
constexpr std::uint8_t key_value_value = 2 << 3 | type_bytes;

constexpr std::uint8_t any_string = 1 << 3 | type_bytes;
constexpr std::uint8_t any_bool = 2 << 3 | type_varint;
constexpr std::uint8_t any_int = 3 << 3 | type_varint;
constexpr std::uint8_t any_double = 4 << 3 | type_fixed64;
constexpr std::uint8_t any_array = 5 << 3 | type_bytes;
constexpr std::uint8_t any_kvlist = 6 << 3 | type_bytes;
constexpr std::uint8_t any_bytes = 7 << 3 | type_bytes;
constexpr std::uint8_t array_values = 1 << 3 | type_bytes;
constexpr std::uint8_t kvlist_values = 1 << 3 | type_bytes;

/// Bytes that `value` takes as a varint: 1 to 10.
constexpr std::size_t varint_size(std::uint64_t value) noexcept {
  if (value < 0x80) return 1;  // most lengths; the general formula is a long chain of operations
#if defined(__GNUC__)
  // Bits / 7, rounded up, without a division.
  return static_cast<std::size_t>((9 * (63 - __builtin_clzll(value | 1)) + 73) / 64);
#else
  std::size_t size = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++size;
  }
  return size;
#endif
}

/// Writes `value` at `to`, which must have room for 10 bytes; returns the first byte behind it.
inline char* put_varint(char* to, std::uint64_t value) noexcept {
  while (value >= 0x80) {
    *to++ = static_cast<char>(static_cast<unsigned char>(value) | 0x80U);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

inline char* put_byte(char* to, std::uint8_t byte) noexcept {
  *to = static_cast<char>(byte);
  return to + 1;
}

/// memcpy for the sizes that spans are made of: short keys and values need no call.
ARTHUR_INLINE char* put_bytes(char* to, const char* from, std::size_t size) noexcept {
  if (size > 64) {
    std::memcpy(to, from, size);
  } else if (size > 32) {
    // Two halves that may overlap, as in the branches below: no loop, no switch over the size.
    char head[32], tail[32];
    std::memcpy(head, from, 32);
    std::memcpy(tail, from + size - 32, 32);
    std::memcpy(to, head, 32);
    std::memcpy(to + size - 32, tail, 32);
  } else if (size >= 16) {
    char head[16], tail[16];
    std::memcpy(head, from, 16);
    std::memcpy(tail, from + size - 16, 16);
    std::memcpy(to, head, 16);
    std::memcpy(to + size - 16, tail, 16);
  } else if (size >= 8) {
    std::uint64_t head, tail;
    std::memcpy(&head, from, 8);
    std::memcpy(&tail, from + size - 8, 8);
    std::memcpy(to, &head, 8);
    std::memcpy(to + size - 8, &tail, 8);
  } else if (size >= 4) {
    std::uint32_t head, tail;
    std::memcpy(&head, from, 4);
    std::memcpy(&tail, from + size - 4, 4);
    std::memcpy(to, &head, 4);
    std::memcpy(to + size - 4, &tail, 4);
  } else if (size != 0) {
    to[0] = from[0];
    to[size / 2] = from[size / 2];
    to[size - 1] = from[size - 1];
  }
  return to + size;
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
inline char* put_fixed64(char* to, std::uint64_t value) noexcept {
  std::memcpy(to, &value, 8);
  return to + 8;
}
inline char* put_fixed32(char* to, std::uint32_t value) noexcept {
  std::memcpy(to, &value, 4);
  return to + 4;
}
inline std::uint64_t get_fixed64(const char* from) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, from, 8);
  return value;
}
inline std::uint32_t get_fixed32(const char* from) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, from, 4);
  return value;
}
#else
inline char* put_fixed64(char* to, std::uint64_t value) noexcept {
  for (int i = 0; i < 8; ++i) to[i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  return to + 8;
}
inline char* put_fixed32(char* to, std::uint32_t value) noexcept {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  return to + 4;
}
inline std::uint64_t get_fixed64(const char* from) noexcept {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value |= std::uint64_t{static_cast<unsigned char>(from[i])} << (8 * i);
  return value;
}
inline std::uint32_t get_fixed32(const char* from) noexcept {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value |= std::uint32_t{static_cast<unsigned char>(from[i])} << (8 * i);
  return value;
}
#endif

/// One field of a message. For type_bytes `data`/`size` are its content, otherwise `value` holds the number.
struct field {
  std::uint32_t tag = 0;
  std::uint64_t value = 0;
  const char* data = nullptr;
  std::size_t size = 0;
  const char* begin = nullptr;  // the whole field, tag included: [begin, end)
  const char* end = nullptr;
};

/// Walks the fields of a message. Never reads outside it; after false, `ok()` tells the end from damage.
class reader {
 public:
  reader(const char* data, std::size_t size) noexcept : at_(data), end_(data + size) {}

  bool next(field& out) noexcept {
    if (at_ == end_ || !ok_) return false;
    out.begin = at_;
    std::uint64_t tag = 0;
    if (!varint(tag) || tag > 0xffffffffU || tag >> 3 == 0) return fail();
    out.tag = static_cast<std::uint32_t>(tag);
    out.data = nullptr;
    out.size = 0;
    switch (out.tag & 7U) {
      case type_varint:
        if (!varint(out.value)) return fail();
        break;
      case type_fixed64:
        if (end_ - at_ < 8) return fail();
        out.value = get_fixed64(at_);
        at_ += 8;
        break;
      case type_fixed32:
        if (end_ - at_ < 4) return fail();
        out.value = get_fixed32(at_);
        at_ += 4;
        break;
      case type_bytes: {
        std::uint64_t size = 0;
        if (!varint(size) || size > static_cast<std::uint64_t>(end_ - at_)) return fail();
        out.data = at_;
        out.size = static_cast<std::size_t>(size);
        at_ += out.size;
        break;
      }
      default:
        return fail();
    }
    out.end = at_;
    return true;
  }

  bool ok() const noexcept { return ok_; }

 private:
  bool varint(std::uint64_t& value) noexcept {
    if (ARTHUR_LIKELY(at_ != end_ && static_cast<unsigned char>(*at_) < 0x80)) {
      value = static_cast<unsigned char>(*at_++);
      return true;
    }
    value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool fail() noexcept {
    ok_ = false;
    return false;
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace wire
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
