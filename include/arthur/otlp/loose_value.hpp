// loose_value.hpp: a value as an attribute or as a JSON text has it, read as Python's OpenInference package reads it.
#ifndef ARTHUR_OTLP_LOOSE_VALUE_HPP
#define ARTHUR_OTLP_LOOSE_VALUE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../config.hpp"
#include "../record/wire.hpp"
#include "attribute_view.hpp"
#include "buffer.hpp"
#include "cleaning_rules.hpp"
#include "cleaning_values.hpp"
#include "json_items.hpp"
#include "json_text.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Stands beside the tags of an AnyValue's fields, of which none is so small: a value inside a JSON text.
constexpr std::uint32_t any_json = 1;

/// A value where it lies; tag 0: none.
struct loose_value {
  std::uint32_t tag = 0;
  const char* data = nullptr;
  std::size_t size = 0;
  std::uint64_t number = 0;

  explicit operator bool() const noexcept { return tag != 0; }
  json_slice json() const noexcept { return {data, size}; }
};

/// JSON's null is no value.
inline loose_value loose(json_slice token) noexcept {
  if (token.size == 0 || *token.data == 'n') return {};
  return {any_json, token.data, token.size, 0};
}
inline loose_value loose(const wire::field& any) noexcept { return {any.tag, any.data, any.size, any.value}; }

inline bool is_string(const loose_value& v) noexcept {
  return v.tag == wire::any_string || (v.tag == any_json && *v.data == '"');
}

/// Python's str() of the value is something that one would want: not for lists, maps and bytes.
inline bool has_text(const loose_value& v) noexcept {
  if (v.tag == any_json) return *v.data != '{' && *v.data != '[';
  return v.tag >= wire::any_string && v.tag <= wire::any_double;
}

/// has_text(), and more than "".
inline bool has_some_text(const loose_value& v) noexcept {
  if (!has_text(v)) return false;
  return v.tag == wire::any_string ? v.size != 0 : v.tag != any_json || !json_string_is(v.json(), "");
}

/// Appends the text; nothing without one.
inline void append_text(buffer& out, const loose_value& v) noexcept {
  if (v.tag == wire::any_string) {
    out.append(v.data, v.size);
  } else if (v.tag == wire::any_bool || (v.tag == any_json && (*v.data == 't' || *v.data == 'f'))) {
    const bool yes = v.tag == any_json ? *v.data == 't' : v.number != 0;
    yes ? out.append("True") : out.append("False");
  } else if (v.tag == wire::any_int) {
    append_decimal(out, static_cast<std::int64_t>(v.number));
  } else if (v.tag == wire::any_double) {
    if (is_finite_bits(v.number)) append_json_double(out, v.number);
    else out.append(nonfinite_name(v.number), std::strlen(nonfinite_name(v.number)));
  } else if (v.tag == any_json && *v.data == '"') {
    append_json_decoded(out, v.json());
  } else if (v.tag == any_json) {
    out.append(v.data, v.size);
  }
}

/// The text is `text`, which must be ASCII.
inline bool text_is(const loose_value& v, const char* text) noexcept {
  if (v.tag == any_json) return json_string_is(v.json(), text);
  return v.tag == wire::any_string && v.size == std::strlen(text) && std::memcmp(v.data, text, v.size) == 0;
}

/// Appends the text as a JSON string.
inline void append_text_as_json(buffer& out, const loose_value& v) noexcept {
  if (v.tag == wire::any_string) {
    append_json_string(out, v.data, v.size);
  } else if (v.tag == any_json) {
    *v.data == '"' ? out.append(v.data, v.size) : append_json_string(out, v.data, v.size);
  } else {
    out.append('"');
    append_text(out, v);
    out.append('"');
  }
}

/// Appends the value as JSON.
inline void append_as_json(buffer& out, const loose_value& v, unsigned depth = 1) noexcept {
  switch (v.tag) {
    case any_json: out.append(v.data, v.size); return;
    case wire::any_string: append_json_string(out, v.data, v.size); return;
    case wire::any_bool: v.number != 0 ? out.append("true") : out.append("false"); return;
    case wire::any_int: append_decimal(out, static_cast<std::int64_t>(v.number)); return;
    case wire::any_double: append_json_double(out, v.number); return;
    case wire::any_array: break;
    default: out.append("null"); return;  // maps and bytes, which Python doesn't have
  }
  wire::reader reader(v.data, depth < max_engine_depth ? v.size : 0);
  wire::field at;
  bool first = true;
  out.append('[');
  while (reader.next(at)) {
    if (at.tag != wire::array_values) continue;
    if (!first) out.append(',');
    first = false;
    wire::field element;
    bool odd = false;
    read_any_value(at.data, at.size, element, odd);
    append_as_json(out, loose(element), depth + 1);
  }
  out.append(']');
}

/// Appends the value as JSON, a text that is JSON as what it says. `spare` is overwritten.
inline void append_jsonish(buffer& out, buffer& spare, const loose_value& v) noexcept {
  if (!is_string(v)) return append_as_json(out, v);
  const char* data = v.data;
  std::size_t size = v.size;
  if (v.tag == any_json) {
    spare.clear();
    append_json_decoded(spare, v.json());
    if (spare.failed()) return out.fail();
    data = spare.data();
    size = spare.size();
  }
  if (size != 0 && is_embeddable_json(data, size)) {
    out.append(data, size);
  } else {
    append_text_as_json(out, v);
  }
}

/// The value of a text that is a JSON object or list; none otherwise.
inline json_slice nested_json(const loose_value& v) noexcept {
  if (v.tag == any_json) return *v.data == '"' ? json_slice{} : v.json();
  return v.tag == wire::any_string && v.size != 0 && is_embeddable_json(v.data, v.size) ? json_slice{v.data, v.size}
                                                                                        : json_slice{};
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
