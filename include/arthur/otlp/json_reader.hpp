// json_reader.hpp: a strict JSON checker that also says what would keep Arthur Engine from storing the value.
#ifndef ARTHUR_OTLP_JSON_READER_HPP
#define ARTHUR_OTLP_JSON_READER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "../config.hpp"
#include "key_rules.hpp"
#include "key_set.hpp"
#include "utf8.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

// Arthur Engine decodes some attributes with Python's json, which takes more than RFC 8259 (NaN, Infinity), rebuilds
// the objects with python-benedict and stores the result as jsonb. Each bit is one way in which that fails.
enum json_hazard : std::uint32_t {
  json_slash_key = 1U << 0,       // refused by benedict
  json_digit_key = 1U << 1,       // a key of digits that int() refuses
  json_index_key = 1U << 2,       // a key ending in "[n]": value lost, memory allocated
  json_nul = 1U << 3,             // \u0000: refused by jsonb
  json_lone_surrogate = 1U << 4,  // refused by jsonb
  json_nonfinite = 1U << 5,       // NaN, Infinity, or a number too large for a double: refused by jsonb
  json_long_integer = 1U << 6,    // over 4300 digits: refused by int()
  json_too_deep = 1U << 7,        // see max_json_depth and max_object_chain
  json_nested = 1U << 8,          // a string that is decoded once more, and is hazardous itself
  json_key_conflict = 1U << 9,    // `a` beside `a.b` or {"a":{"b":…}}: one of them lost, or benedict fails
  json_bad_items = 1U << 10       // not a list of objects; counts for message.contents only
};

/// Levels of nesting, dots in keys counted as well. The engine gives up somewhere between 300 and 400, and the levels
/// of the attribute's own key add to these.
constexpr unsigned max_json_depth = 200;
/// Objects directly inside objects. The engine's time doubles with each (measured: 8 levels 0.05 s, 12 0.7 s, 16 12 s,
/// all of it with every other request waiting), so what is deeper stays text. Lists in between start anew.
constexpr unsigned max_object_chain = 10;

/// What check_json() found. Text that is not JSON stays text in the engine: harmless unless a hazard strikes before the
/// parser notices, and then `hazards` says so.
struct json_check {
  bool valid = false;
  bool dotted = false;  // some key has dots
  std::uint32_t hazards = 0;
};

struct json_code_unit {
  std::uint32_t code;
  unsigned size;  // 0: not a JSON string
  bool lone_surrogate;
};

inline int json_hex4(const char* at, const char* end) noexcept {
  if (end - at < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    int digit = 0;
    if (c >= '0' && c <= '9') digit = c - '0';
    else if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    else if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    else return -1;
    value = value * 16 + digit;
  }
  return value;
}

/// Decodes what stands at `at` inside a JSON string: an escape, a code point or a broken byte.
inline json_code_unit next_json_code(const char* at, const char* end) noexcept {
  const auto first = static_cast<unsigned char>(*at);
  if (first >= 0x80) {
    const utf8_step step = next_utf8(at, end);
    return {step.valid ? utf8_code_point(at, step.size) : 0xfffdU, step.size, false};
  }
  if (first < 0x20) return {0, 0, false};
  if (first != '\\') return {first, 1, false};
  if (end - at < 2) return {0, 0, false};
  switch (at[1]) {
    case '"': case '\\': case '/': return {static_cast<unsigned char>(at[1]), 2, false};
    case 'b': return {'\b', 2, false};
    case 'f': return {'\f', 2, false};
    case 'n': return {'\n', 2, false};
    case 'r': return {'\r', 2, false};
    case 't': return {'\t', 2, false};
    case 'u': break;
    default: return {0, 0, false};
  }
  const int high = json_hex4(at + 2, end);
  if (high < 0) return {0, 0, false};
  if (high < 0xd800 || high > 0xdfff) return {static_cast<std::uint32_t>(high), 6, false};
  if (high < 0xdc00 && end - at >= 12 && at[6] == '\\' && at[7] == 'u') {
    const int low = json_hex4(at + 8, end);
    if (low >= 0xdc00 && low <= 0xdfff) {
      return {0x10000U + (static_cast<std::uint32_t>(high - 0xd800) << 10) + static_cast<std::uint32_t>(low - 0xdc00),
              12, false};
    }
  }
  return {0xfffdU, 6, true};
}

/// First byte at or behind `at` that is a quote, a backslash or a control character.
inline const char* skip_json_plain(const char* at, const char* end) noexcept {
#if defined(__SSE2__)
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    const auto hits = static_cast<unsigned>(_mm_movemask_epi8(
        _mm_or_si128(control, _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                           _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))))));
    if (hits != 0) return at + lowest_bit(hits);
    at += 16;
  }
#endif
  while (at != end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20) ++at;
  return at;
}

/// One pass over a text; recursion only into strings that the engine decodes again, two levels of them. With `paths`
/// each key's whole path is compared with all others.
class json_checker {
 public:
  json_checker(const char* data, std::size_t size, unsigned decoded, key_set* paths) noexcept
      : at_(data), end_(data + size), decoded_(decoded), paths_(paths) {}

  json_check run() noexcept {
    json_check result;
    result.valid = document();
    result.hazards = hazards_;
    result.dotted = dotted_;
    if (!result.valid) result.hazards &= json_long_integer | json_too_deep;
    return result;
  }

  /// Conflicts between keys are looked for if there are dots in some, or if `rewritten`: then any two may be the same.
  static json_check check(const char* data, std::size_t size, unsigned decoded, bool rewritten = false) noexcept {
    json_check result = json_checker(data, size, decoded, nullptr).run();
    if (result.valid && (result.dotted || rewritten)) result.hazards |= path_hazards(data, size, decoded);
    return result;
  }

 private:
  struct level {
    bool object;
    bool split;          // the engine splits the keys of this object at dots: there is no list around it
    std::uint8_t chain;  // objects directly inside objects up to here
    std::uint8_t dots;   // of the key that leads here
    std::uint64_t path;  // hash of the keys that lead here
  };

  bool document() noexcept {
    for (;;) {
      if (!value()) return false;
      if (opened_) continue;  // the first value of a list, or that behind the first key of an object
      for (;;) {
        skip_space();
        if (depth_ == 0) return at_ == end_;
        if (at_ == end_) return false;
        const char c = *at_++;
        if (c == ',') {
          skip_space();
          if (levels_[depth_ - 1].object && !key()) return false;
          break;
        }
        if (c != (levels_[depth_ - 1].object ? '}' : ']')) return false;
        close();
      }
    }
  }

  void skip_space() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  bool word(const char* literal, std::size_t size) noexcept {
    if (static_cast<std::size_t>(end_ - at_) < size || std::memcmp(at_, literal, size) != 0) return false;
    at_ += size;
    return true;
  }

  bool value() noexcept {
    opened_ = false;
    skip_space();
    if (at_ == end_) return false;
    if (depth_ == 1 && !levels_[0].object && *at_ != '{') hazards_ |= json_bad_items;
    // Each element of a list has a path of its own.
    if (depth_ != 0 && !levels_[depth_ - 1].object) path_ = key_hash(levels_[depth_ - 1].path++, '[');
    if (depth_ != 0 && levels_[depth_ - 1].object && *at_ != '{') note_path(false);
    switch (*at_) {
      case '{': return open(true);
      case '[': return open(false);
      case '"': return string();
      case 't': return word("true", 4);
      case 'f': return word("false", 5);
      case 'n': return word("null", 4);
      case 'N': hazards_ |= json_nonfinite; return word("NaN", 3);
      case 'I': hazards_ |= json_nonfinite; return word("Infinity", 8);
      default: return number();
    }
  }

  bool open(bool object) noexcept {
    const unsigned dots = depth_ != 0 && levels_[depth_ - 1].object ? key_dots_ : 0;
    unsigned chain = object ? 1 : 0;
    if (object && depth_ != 0) chain = levels_[depth_ - 1].object ? levels_[depth_ - 1].chain + 1U : 0;
    if (chain > max_object_chain) hazards_ |= json_too_deep;
    if (depth_ + dots_ + dots >= max_json_depth) {
      hazards_ |= json_too_deep;
      return false;
    }
    const bool split = object && (depth_ == 0 || levels_[depth_ - 1].split);
    const std::uint64_t path = depth_ == 0 ? 0 : key_hash(path_, '.');
    if (object && depth_ != 0 && levels_[depth_ - 1].object) note_path(true);
    levels_[depth_++] = {object, split, static_cast<std::uint8_t>(chain), static_cast<std::uint8_t>(dots), path};
    dots_ += dots;
    ++at_;
    skip_space();
    if (at_ != end_ && *at_ == (object ? '}' : ']')) {
      ++at_;
      close();
      return true;
    }
    if (object && depth_ == 1) hazards_ |= json_bad_items;
    opened_ = true;
    return !object || key();
  }

  void note_path(bool parent) noexcept {
    if (paths_ != nullptr && !paths_->add(path_, parent)) hazards_ |= json_key_conflict;
  }

  void close() noexcept { dots_ -= levels_[--depth_].dots; }

  bool key() noexcept {
    if (at_ == end_ || *at_ != '"') return false;
    ++at_;
    // Most keys are short and hold nothing that matters.
    const char* plain = at_;
    while (plain != end_ && is_plain_key_byte(*plain)) ++plain;
    const auto size = static_cast<std::size_t>(plain - at_);
    if (plain != end_ && *plain == '"' && size <= max_key_digits && paths_ == nullptr) {
      key_json_ = size == 8 && std::memcmp(at_, "metadata", 8) == 0;
      key_dots_ = 0;
      at_ = plain + 1;
      return colon();
    }
    key_scan scan;
    path_ = levels_[depth_ - 1].path;
    for (;;) {
      if (at_ == end_) return false;
      if (*at_ == '"') break;
      const json_code_unit unit = next_json_code(at_, end_);
      if (unit.size == 0) return false;
      if (unit.code == 0) hazards_ |= json_nul;
      if (unit.lone_surrogate) hazards_ |= json_lone_surrogate;
      scan.feed(unit.code);
      if (unit.code == '.' && levels_[depth_ - 1].split) note_path(true);
      path_ = key_hash(path_, unit.code);
      at_ += unit.size;
    }
    ++at_;
    scan.finish();
    dotted_ = dotted_ || (scan.dots() != 0 && levels_[depth_ - 1].split);
    if (scan.slash()) hazards_ |= json_slash_key;
    if (scan.bad_digits()) hazards_ |= json_digit_key;
    if (scan.bad_index()) hazards_ |= json_index_key;
    key_dots_ = scan.dots() < max_json_depth ? scan.dots() : max_json_depth;
    if (depth_ + dots_ + key_dots_ >= max_json_depth) hazards_ |= json_too_deep;
    key_json_ = scan.json();
    return colon();
  }

  static bool is_plain_key_byte(char c) noexcept {
    return static_cast<signed char>(c) >= 0x20 && c != '"' && c != '\\' && c != '/' && c != '[' && c != '.';
  }

  bool colon() noexcept {
    skip_space();
    if (at_ == end_ || *at_ != ':') return false;
    ++at_;
    return true;
  }

  bool string() noexcept {
    const char* const begin = ++at_;
    for (;;) {
      at_ = skip_json_plain(at_, end_);
      if (at_ == end_) return false;
      if (*at_ == '"') break;
      const json_code_unit unit = next_json_code(at_, end_);
      if (unit.size == 0) return false;
      if (unit.code == 0) hazards_ |= json_nul;
      if (unit.lone_surrogate) hazards_ |= json_lone_surrogate;
      at_ += unit.size;
    }
    const char* const close_quote = at_++;
    const bool top = depth_ == 0;
    if (top && close_quote != begin) hazards_ |= json_bad_items;
    if (top || (levels_[depth_ - 1].object && key_json_)) check_again(begin, close_quote, top);
    return true;
  }

  // The engine decodes the string once more: a text at the top of `metadata`, or one below a key named so.
  ARTHUR_NOINLINE void check_again(const char* at, const char* end, bool top) noexcept {
    char text[512];
    std::size_t size = 0;
    while (at != end && size + 4 <= sizeof text) {
      const json_code_unit unit = next_json_code(at, end);
      size = static_cast<std::size_t>(put_utf8(text + size, unit.code) - text);
      at += unit.size;
    }
    if (at == end && decoded_ < 2) {
      std::uint32_t found = check(text, size, decoded_ + 1).hazards & ~std::uint32_t{json_bad_items};
      // Below a key it happens after the keys were looked at.
      if (!top) found &= ~std::uint32_t{json_slash_key | json_digit_key | json_index_key | json_key_conflict};
      if (found != 0) hazards_ |= json_nested;
      return;
    }
    // Too long to be looked at: what can't be JSON is harmless, the rest is not trusted.
    std::size_t first = 0;
    while (first != size && std::strchr(" \n\r\t", text[first]) != nullptr) ++first;
    if (first != size && std::strchr("{[\"NI-0123456789", text[first]) != nullptr) hazards_ |= json_nested;
  }

  bool number() noexcept {
    if (at_ != end_ && *at_ == '-') ++at_;
    if (at_ != end_ && *at_ == 'I') {
      hazards_ |= json_nonfinite;
      return word("Infinity", 8);
    }
    // Power of ten of the first digit that isn't 0.
    std::int64_t power = 0;
    bool zero = true;
    const char* const whole = at_;
    while (digit()) ++at_;
    const auto whole_digits = at_ - whole;
    if (whole_digits == 0 || (*whole == '0' && whole_digits > 1)) return false;
    if (*whole != '0') {
      zero = false;
      power = whole_digits - 1;
    }
    bool integer = true;
    if (at_ != end_ && *at_ == '.') {
      integer = false;
      const char* const fraction = ++at_;
      for (; digit(); ++at_) {
        if (zero && *at_ != '0') {
          zero = false;
          power = fraction - at_ - 1;
        }
      }
      if (at_ == fraction) return false;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      integer = false;
      ++at_;
      const bool negative = at_ != end_ && *at_ == '-';
      if (at_ != end_ && (*at_ == '-' || *at_ == '+')) ++at_;
      const char* const exponent = at_;
      std::int64_t value = 0;
      for (; digit(); ++at_) {
        if (value < INT64_MAX / 20) value = value * 10 + (*at_ - '0');
      }
      if (at_ == exponent) return false;
      power += negative ? -value : value;
    }
    if (integer && whole_digits > 4300) hazards_ |= json_long_integer;
    // A double ends at 1.8e308; what lies between 1e308 and that is not worth an exact comparison.
    if (!integer && !zero && power >= 308) hazards_ |= json_nonfinite;
    return true;
  }
  bool digit() const noexcept { return at_ != end_ && *at_ >= '0' && *at_ <= '9'; }

  static ARTHUR_NOINLINE std::uint32_t path_hazards(const char* data, std::size_t size, unsigned decoded) noexcept {
    key_set paths;
    paths.reset(key_set::max_keys());
    return json_checker(data, size, decoded, &paths).run().hazards;
  }

  const char* at_;
  const char* end_;
  unsigned decoded_;
  key_set* paths_;
  std::uint64_t path_ = 0;
  bool dotted_ = false;
  unsigned depth_ = 0;
  unsigned dots_ = 0;
  unsigned key_dots_ = 0;
  bool key_json_ = false;
  bool opened_ = false;
  std::uint32_t hazards_ = 0;
  level levels_[max_json_depth];
};

/// Checks a text that the engine may decode as JSON.
inline json_check check_json(const char* data, std::size_t size, bool rewritten = false) noexcept {
  return json_checker::check(data, size, 0, rewritten);
}

/// True if a text may not be labelled JSON: it is none, or (`engine`) one that the engine can't store.
inline bool is_unfit_as_json(const char* data, std::size_t size, bool engine) noexcept {
  const json_check check = check_json(data, size);
  return !check.valid || (engine && (check.hazards & ~std::uint32_t{json_bad_items}) != 0);
}

/// True if the engine can't store the text where it decodes it as JSON.
inline bool is_hazardous_json(const char* data, std::size_t size) noexcept {
  return (check_json(data, size).hazards & ~std::uint32_t{json_bad_items}) != 0;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
