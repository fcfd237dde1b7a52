// json.hpp: nlohmann_json as the dialects use it: what isn't there or has another type is told apart, nothing throws.
#ifndef ARTHUR_PROVIDERS_JSON_HPP
#define ARTHUR_PROVIDERS_JSON_HPP

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "../otlp/utf8.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

/// Keeps the order of members: what is recorded looks like what was sent.
using json = nlohmann::ordered_json;

/// What would take too much isn't parsed: nlohmann_json writes values by recursion, and looks through all members of an
/// object for each that it adds.
constexpr std::size_t max_depth = 200, max_members = 1024;

inline bool is_bounded(std::string_view text) noexcept {
  std::uint32_t members[max_depth + 1] = {};  // of what is open, by its depth
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t n = 0; n < text.size(); ++n) {
    const char c = text[n];
    if (quoted) {
      if (c == '\\') ++n;
      else if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > max_depth) return false;
      members[depth] = 0;
    } else if (c == ':') {
      if (++members[depth] > max_members) return false;
    } else if ((c == '}' || c == ']') && depth != 0) {
      --depth;
    }
  }
  return true;
}

/// Half of a surrogate pair, as four digits have it behind a backslash and a u; 0: something else.
inline unsigned surrogate_at(std::string_view text, std::size_t at) noexcept {
  unsigned code = 0;
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return 0;
  const char* const digits = text.data() + at + 2;
  if (std::from_chars(digits, digits + 4, code, 16).ptr != digits + 4) return 0;
  return (code & 0xf800U) == 0xd800U ? code : 0;
}

/// With U+FFFD for what nlohmann_json refuses and models write all the same: invalid UTF-8 and halves of surrogate pairs,
/// where a server cut a character between two tokens.
inline std::string repaired(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t n = 0; n < text.size();) {
    std::size_t size = 1;
    std::string_view instead;
    if (text[n] == '\\') {
      const unsigned code = surrogate_at(text, n);
      const bool pair = code != 0 && code < 0xdc00U && surrogate_at(text, n + 6) >= 0xdc00U;
      size = pair ? 12 : code != 0 ? 6 : 2;
      if (code != 0 && !pair) instead = "\\ufffd";
    } else if (static_cast<unsigned char>(text[n]) >= 0x80) {
      const utf8_step step = next_utf8(text.data() + n, text.data() + text.size());
      size = step.size;
      if (!step.valid) instead = "\xef\xbf\xbd";
    }
    out += instead.empty() ? text.substr(n, size) : instead;
    n += size;
  }
  return out;
}

/// About the bytes of a value as a text, and no less than its part of what it takes in memory.
inline std::size_t weight(const json& value) noexcept {
  std::size_t sum = 8;
  if (const auto* const text = value.get_ptr<const std::string*>()) return sum + text->size();
  if (const auto* const list = value.get_ptr<const json::array_t*>()) {
    for (const json& one : *list) sum += weight(one);
  } else if (const auto* const object = value.get_ptr<const json::object_t*>()) {
    for (const auto& one : *object) sum += one.first.size() + weight(one.second);
  }
  return sum;
}

/// Discarded (is_discarded()) where the text isn't JSON. May throw std::bad_alloc.
inline json parse(std::string_view text) {
  if (!is_bounded(text)) return json(json::value_t::discarded);
  json value = json::parse(text.begin(), text.end(), nullptr, false);
  if (!value.is_discarded()) return value;
  const std::string better = repaired(text);
  return better == text ? value : json::parse(better, nullptr, false);
}

/// The text of a value. Invalid UTF-8 is replaced.
inline std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

/// The member of an object; null where there is none, it is null, or `of` isn't an object.
inline const json* member(const json* of, const char* key) noexcept {
  if (of == nullptr || !of->is_object()) return nullptr;
  const auto at = of->find(key);
  return at == of->end() || at->is_null() ? nullptr : &*at;
}
inline const json* member(const json& of, const char* key) noexcept { return member(&of, key); }

/// The first that is there.
template <class... Keys>
const json* member(const json& of, const char* key, Keys... others) noexcept {
  const json* const found = member(&of, key);
  return found != nullptr ? found : member(of, others...);
}

/// Elements of a list; none where it isn't one.
class elements {
 public:
  explicit elements(const json* of) noexcept : of_(of != nullptr ? of->get_ptr<const json::array_t*>() : nullptr) {}
  const json* begin() const noexcept { return of_ != nullptr ? of_->data() : nullptr; }
  const json* end() const noexcept { return of_ != nullptr ? of_->data() + of_->size() : nullptr; }
  std::size_t size() const noexcept { return of_ != nullptr ? of_->size() : 0; }

 private:
  const json::array_t* of_;
};

/// Empty unless it is a text.
inline std::string_view text_of(const json* value) noexcept {
  const std::string* const text = value != nullptr ? value->get_ptr<const std::string*>() : nullptr;
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

/// A text as it is, anything else as JSON.
inline std::string text_or_json(const json* value) {
  if (value == nullptr) return {};
  return value->is_string() ? std::string(text_of(value)) : dump(*value);
}

/// A number that is an integer, however it is written: 12, 12.0 or "12". False where it isn't one.
inline bool integer_of(const json* value, std::int64_t& out) noexcept {
  if (value == nullptr) return false;
  if (const auto* const large = value->get_ptr<const json::number_unsigned_t*>()) {
    out = static_cast<std::int64_t>(*large);
    return *large <= static_cast<std::uint64_t>(INT64_MAX);
  }
  // Behind the unsigned ones, which are integers to nlohmann_json, too.
  if (const auto* const plain = value->get_ptr<const json::number_integer_t*>()) return out = *plain, true;
  double number = 0;
  if (const auto* const real = value->get_ptr<const json::number_float_t*>()) {
    number = *real;
  } else {
    const auto* const text = value->get_ptr<const std::string*>();
    if (text == nullptr || text->empty()) return false;
    char* end = nullptr;
    number = std::strtod(text->c_str(), &end);
    if (*end != '\0') return false;
  }
  if (!(std::fabs(number) < 9e15) || std::fabs(number - std::nearbyint(number)) > 0) return false;
  out = static_cast<std::int64_t>(number);
  return true;
}

/// The member of an object, which `of` becomes if it isn't one.
inline json& made_member(json& of, const std::string& key) {
  if (!of.is_object()) of = json::object();
  return of[key];
}

/// Sets a member whose name came over the wire, unless the object has so many that this is no answer any more.
inline void set_member(json& of, const std::string& key, const json& value) {
  if (!of.is_object()) of = json::object();
  const auto at = of.find(key);
  if (at != of.end()) *at = value;
  else if (of.size() < 256) of[key] = value;
}

/// Appends a text, or makes it the value where there was none.
inline void append_text(json& to, std::string_view more) {
  if (auto* const text = to.get_ptr<std::string*>()) text->append(more);
  else to = std::string(more);
}

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
