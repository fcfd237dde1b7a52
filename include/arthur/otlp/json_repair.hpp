// json_repair.hpp: a JSON text rewritten so that Arthur Engine can store what it says.
#ifndef ARTHUR_OTLP_JSON_REPAIR_HPP
#define ARTHUR_OTLP_JSON_REPAIR_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../config.hpp"
#include "buffer.hpp"
#include "json_reader.hpp"
#include "json_text.hpp"
#include "key_rules.hpp"
#include "utf8.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Put in front of a JSON text that must stay a text: no JSON begins so, and a reader sees why.
constexpr char plain_text_mark[] = "text: ";

/// Appends the inside of a JSON string: \u0000 left out, lone surrogates replaced, the rest as it was.
inline void append_repaired_json_string(buffer& out, const char* at, const char* end) noexcept {
  const char* copied = at;
  while (at != end) {
    const json_code_unit unit = next_json_code(at, end);
    if (unit.code == 0 || unit.lone_surrogate) {
      out.append(copied, static_cast<std::size_t>(at - copied));
      if (unit.code != 0) out.append("\\ufffd");
      copied = at + unit.size;
    }
    at += unit.size;
  }
  out.append(copied, static_cast<std::size_t>(end - copied));
}

/// Appends an object's key in quotes, changed only if the engine can't take it. `spare` is overwritten.
inline void append_repaired_json_key(buffer& out, buffer& spare, const char* at, const char* end) noexcept {
  const char* const begin = at;
  spare.clear();
  while (at != end) {
    const json_code_unit unit = next_json_code(at, end);
    char* to = spare.reserve_more(4);
    if (to == nullptr) return out.fail();
    if (unit.code != 0) spare.advance(static_cast<std::size_t>(put_utf8(to, unit.code) - to));
    at += unit.size;
  }
  const key_scan scan = scan_key(spare.data(), spare.size());
  if (!scan.slash() && !scan.bad_digits() && !scan.bad_index()) {
    out.append('"');
    append_repaired_json_string(out, begin, end);
    out.append('"');
    return;
  }
  const std::size_t raw = spare.size();
  if (spare.reserve_more(raw * 2 + 2) == nullptr) return out.fail();  // so that the key doesn't move while it is read
  append_engine_key(spare, spare.data(), raw);
  append_json_string(out, spare.data() + raw, spare.size() - raw);
}

/// Appends a corrected copy of a valid JSON text: hostile keys renamed, \u0000 left out, lone surrogates replaced,
/// numbers that no database takes put in quotes. `spare` is overwritten.
inline void append_repaired_json(buffer& out, buffer& spare, const char* at, std::size_t size) noexcept {
  const char* const end = at + size;
  while (at != end) {
    if (*at == '"') {
      const char* const begin = ++at;
      while (*at != '"') at += next_json_code(at, end).size;
      const char* const close = at++;
      const char* next = at;
      while (next != end && (*next == ' ' || *next == '\n' || *next == '\r' || *next == '\t')) ++next;
      if (next != end && *next == ':') {
        append_repaired_json_key(out, spare, begin, close);
      } else {
        out.append('"');
        append_repaired_json_string(out, begin, close);
        out.append('"');
      }
    } else if (std::strchr("[]{}:, \n\r\t", *at) != nullptr) {
      out.append(*at++);
    } else {
      const char* const begin = at;
      while (at != end && std::strchr("[]{}:, \n\r\t", *at) == nullptr) ++at;
      const auto length = static_cast<std::size_t>(at - begin);
      const bool odd = (check_json(begin, length).hazards & (json_nonfinite | json_long_integer)) != 0;
      if (odd) out.append('"');
      out.append(begin, length);
      if (odd) out.append('"');
    }
  }
}

/// Appends a text that the engine decodes as JSON, in a form that it can store: corrected where that is possible,
/// marked as plain text otherwise. `watched` are the hazards that count; returns whether the text stayed JSON.
inline bool append_storable_json(buffer& out, buffer& spare, const char* data, std::size_t size,
                                 std::uint32_t watched) noexcept {
  constexpr std::uint32_t hopeless = json_too_deep | json_nested | json_key_conflict | json_bad_items;
  const json_check check = check_json(data, size);
  if (check.valid && (check.hazards & watched & hopeless) == 0) {
    const std::size_t start = out.size();
    append_repaired_json(out, spare, data, size);
    if (out.failed()) return false;
    // A number put in quotes may be decoded again where it stands, and two keys may have become one: so look twice.
    if ((check_json(out.data() + start, out.size() - start, true).hazards & watched) == 0) return true;
    out.truncate(start);
  }
  out.append(plain_text_mark);
  out.append(data, size);
  return false;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
