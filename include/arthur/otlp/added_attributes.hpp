// added_attributes.hpp: appends attributes that a span doesn't have yet, as many as it may have.
#ifndef ARTHUR_OTLP_ADDED_ATTRIBUTES_HPP
#define ARTHUR_OTLP_ADDED_ATTRIBUTES_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../config.hpp"
#include "../policy/limits.hpp"
#include "../record/wire.hpp"
#include "buffer.hpp"
#include "cleaning_table.hpp"
#include "envelope.hpp"
#include "genai_keys.hpp"
#include "genai_source.hpp"
#include "loose_value.hpp"
#include "utf8.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Writes KeyValue fields. A key that the span has is left alone; what repeats the span's own content is left out, and
/// not counted, where a limit is reached.
class added_attributes {
 public:
  added_attributes(buffer& out, const genai_source& from, const span_limits& limits) noexcept
      : out_(out),
        from_(from),
        room_(limits.attributes > from.attributes() ? limits.attributes - from.attributes() : 0),
        max_length_(limits.length) {}

  bool wants(added_key k) const noexcept { return room_ != 0 && !from_.has(k); }

  void text(added_key k, std::string_view value) noexcept { write(k, wire::any_string, value.data(), value.size()); }
  /// Nothing for "" and for what has no text.
  void text(added_key k, const loose_value& v) noexcept {
    if (!wants(k) || !has_some_text(v)) return;
    if (v.tag == wire::any_string) return text(k, {v.data, v.size});
    work.bytes.clear();
    append_text(work.bytes, v);
    if (!work.bytes.failed() && !work.bytes.empty()) text(k, {work.bytes.data(), work.bytes.size()});
  }
  /// The same value of the same type.
  void copy(added_key k, const loose_value& v) noexcept {
    if (v.tag == wire::any_string || v.tag >= wire::any_array) return write(k, v.tag, v.data, v.size);
    if (v.tag == wire::any_double) return number(k, v.number);
    if (v.tag != 0) write_number(k, v.tag, v.number);
  }
  void integer(added_key k, std::int64_t value) noexcept { write_number(k, wire::any_int, static_cast<std::uint64_t>(value)); }
  void boolean(added_key k, bool value) noexcept { write_number(k, wire::any_bool, value ? 1 : 0); }
  /// The double with these bits.
  void number(added_key k, std::uint64_t bits) noexcept {
    char value[9];
    wire::put_fixed64(wire::put_byte(value, wire::any_double), bits);
    write_any(k, value, sizeof value);
  }
  /// A JSON text: whole or not at all, because a part of it is none. Returns which.
  bool json(added_key k, const buffer& value) noexcept {
    if (value.failed() || !wants(k)) return false;
    if (value.size() > max_length_ && utf8_first_characters(value.data(), value.size(), max_length_) != value.size()) return false;
    text(k, {value.data(), value.size()});
    return true;
  }
  /// The content of an ArrayValue.
  void list(added_key k, const buffer& content) noexcept {
    if (!content.failed()) write(k, wire::any_array, content.data(), content.size());
  }
  /// Appends a text to the content of such a list.
  static void list_text(buffer& content, const char* data, std::size_t size) noexcept {
    append_field_head(content, wire::array_values, field_size(size));
    append_field(content, wire::any_string, data, size);
  }

  // Where texts are put together; what cleaning used before, where memory is fixed.
  scratch<scratch_use::texts, 16> json_text;
  scratch<scratch_use::copy, 16> spare;
  scratch<scratch_use::spare, 1> work;

 private:
  void write(added_key k, std::uint32_t tag, const char* data, std::size_t size) noexcept {
    if (!begin(k, field_size(size))) return;
    append_field(out_, static_cast<std::uint8_t>(tag), data, size);
  }
  void write_number(added_key k, std::uint32_t tag, std::uint64_t value) noexcept {
    char bytes[11];
    const char* const end = wire::put_varint(wire::put_byte(bytes, static_cast<std::uint8_t>(tag)), value);
    write_any(k, bytes, static_cast<std::size_t>(end - bytes));
  }
  void write_any(added_key k, const char* any, std::size_t size) noexcept {
    if (begin(k, size)) out_.append(any, size);
  }

  bool begin(added_key k, std::size_t any_size) noexcept {
    if (!wants(k)) return false;
    --room_;
    const std::string_view key = added_keys[static_cast<std::size_t>(k)];
    append_field_head(out_, wire::span_attributes, field_size(key.size()) + field_size(any_size));
    append_field(out_, wire::key_value_key, key.data(), key.size());
    return append_field_head(out_, wire::key_value_value, any_size);
  }

  buffer& out_;
  const genai_source& from_;
  std::size_t room_;
  std::size_t max_length_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
