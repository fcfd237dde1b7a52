// json_items.hpp: the members of an object or the elements of a list, in place, of a JSON text that was found valid.
#ifndef ARTHUR_OTLP_JSON_ITEMS_HPP
#define ARTHUR_OTLP_JSON_ITEMS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../config.hpp"
#include "buffer.hpp"
#include "json_reader.hpp"
#include "utf8.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// One value of a JSON text, as it stands there; a string with its quotes. Size 0: none.
struct json_slice {
  const char* data = nullptr;
  std::size_t size = 0;
};

/// A text that can stand inside another JSON text as it is. Python's reader takes NaN and Infinity, RFC 8259 doesn't.
inline bool is_embeddable_json(const char* data, std::size_t size) noexcept {
  const json_check found = json_checker(data, size, 0, nullptr).run();
  return found.valid && (found.hazards & json_nonfinite) == 0;
}

/// Walks over one level. Never reads outside the text, whatever is in it.
class json_items {
 public:
  explicit json_items(json_slice text) noexcept : at_(text.data), end_(text.data + text.size) {
    skip_any(" \n\r\t");
    if (at_ == end_) return;
    object_ = *at_ == '{';
    list_ = *at_ == '[';
    object_ || list_ ? ++at_ : at_ = end_;
  }

  bool is_object() const noexcept { return object_; }
  bool is_list() const noexcept { return list_; }

  bool next(json_slice& key, json_slice& value) noexcept {
    skip_any(" \n\r\t,");
    if (at_ == end_ || *at_ == '}' || *at_ == ']') return false;
    key = {};
    if (object_) {
      key = token();
      skip_any(" \n\r\t:");
    }
    value = token();
    return value.size != 0;
  }
  bool next(json_slice& value) noexcept {
    json_slice key;
    return next(key, value);
  }

 private:
  static bool is_one_of(char c, const char* set) noexcept { return c != 0 && std::strchr(set, c) != nullptr; }
  void skip_any(const char* set) noexcept {
    while (at_ != end_ && is_one_of(*at_, set)) ++at_;
  }

  json_slice token() noexcept {
    const char* const begin = at_;
    unsigned depth = 0;
    while (at_ != end_) {
      const char c = *at_;
      if (c == '"') {
        skip_string();
      } else if (c == '{' || c == '[') {
        ++depth;
        ++at_;
      } else if (c == '}' || c == ']') {
        if (depth == 0) break;
        --depth;
        ++at_;
      } else if (depth != 0) {
        ++at_;
        continue;
      } else {
        while (at_ != end_ && !is_one_of(*at_, ",:]} \n\r\t")) ++at_;
      }
      if (depth == 0) break;
    }
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }

  void skip_string() noexcept {
    ++at_;
    while ((at_ = skip_json_plain(at_, end_)) != end_) {
      if (*at_ == '"') {
        ++at_;
        return;
      }
      at_ += *at_ == '\\' && end_ - at_ > 1 ? 2 : 1;
    }
  }

  const char* at_;
  const char* end_;
  bool object_ = false;
  bool list_ = false;
};

/// Calls `visit(code point)` for each of a string's, until it returns false. U+0000 is left out: few can store it.
template <class Visit>
inline void each_json_code(json_slice string, Visit visit) noexcept {
  if (string.size < 2) return;
  const char* const end = string.data + string.size - 1;
  for (const char* at = string.data + 1; at != end;) {
    const json_code_unit unit = next_json_code(at, end);
    if (unit.size == 0 || (unit.code != 0 && !visit(unit.code))) return;
    at += unit.size;
  }
}

/// Appends what a string says.
inline void append_json_decoded(buffer& out, json_slice string) noexcept {
  each_json_code(string, [&out](std::uint32_t code) {
    char* const to = out.reserve_more(4);
    if (to != nullptr) out.advance(static_cast<std::size_t>(put_utf8(to, code) - to));
    return to != nullptr;
  });
}

/// True if a string says `text`, which must be ASCII.
inline bool json_string_is(json_slice string, const char* text) noexcept {
  if (string.size < 2 || *string.data != '"') return false;
  each_json_code(string, [&text](std::uint32_t code) {
    if (static_cast<unsigned char>(*text) != code) {
      text = nullptr;
      return false;
    }
    ++text;
    return true;
  });
  return text != nullptr && *text == 0;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
