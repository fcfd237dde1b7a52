// attribute_view.hpp: a KeyValue message read at once, where it has the shape that the recorder gives it.
#ifndef ARTHUR_OTLP_ATTRIBUTE_VIEW_HPP
#define ARTHUR_OTLP_ATTRIBUTE_VIEW_HPP

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "../record/wire.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A key and the one field of its AnyValue.
struct attribute_view {
  const char* key;
  std::size_t key_size;
  std::uint32_t tag;     // of the AnyValue's field
  const char* data;      // its content, if it has bytes
  std::size_t size;
  std::uint64_t number;  // its content otherwise
};

// A length; nullptr if it is damaged, or longer than any that the recorder writes.
inline const char* read_length(const char* at, const char* end, std::size_t& length) noexcept {
  length = 0;
  for (unsigned shift = 0; shift < 28 && at != end; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at++);
    length |= std::size_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return length <= static_cast<std::size_t>(end - at) ? at : nullptr;
  }
  return nullptr;
}

/// Reads key, value and nothing else. False: of another shape, or damaged; a general reader has to look at it.
inline bool read_attribute(const char* at, std::size_t size, attribute_view& to) noexcept {
  const char* const end = at + size;
  if (size < 4 || static_cast<std::uint8_t>(*at) != wire::key_value_key) return false;
  at = read_length(at + 1, end, to.key_size);
  if (at == nullptr) return false;
  to.key = at;
  at += to.key_size;
  if (at == end || static_cast<std::uint8_t>(*at) != wire::key_value_value) return false;
  std::size_t length = 0;
  at = read_length(at + 1, end, length);
  if (at == nullptr || at + length != end || length == 0) return false;
  to.tag = static_cast<std::uint8_t>(*at++);
  switch (to.tag) {
    case wire::any_string:
    case wire::any_array:
    case wire::any_kvlist:
    case wire::any_bytes:
      to.data = read_length(at, end, to.size);
      return to.data != nullptr && to.data + to.size == end;
    case wire::any_bool:
    case wire::any_int: {
      to.number = 0;
      for (unsigned shift = 0; shift < 64 && at != end; shift += 7) {
        const auto byte = static_cast<unsigned char>(*at++);
        to.number |= std::uint64_t{byte & 0x7fU} << shift;
        if (byte < 0x80) return at == end;
      }
      return false;
    }
    case wire::any_double:
      if (end - at != 8) return false;
      to.number = wire::get_fixed64(at);
      return true;
    default: return false;
  }
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
