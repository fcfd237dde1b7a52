// json.hpp: nlohmann_json as the dialects use it: what isn't there or has another type is told apart, nothing throws.
#ifndef ARTHUR_PROVIDERS_JSON_HPP
#define ARTHUR_PROVIDERS_JSON_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

/// Keeps the order of members: what is recorded looks like what was sent.
using json = nlohmann::ordered_json;

/// Deeper texts aren't parsed: nlohmann_json writes values by recursion.
constexpr int max_depth = 200;

inline bool is_shallow(std::string_view text) noexcept {
  int depth = 0;
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
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return true;
}

/// Discarded (is_discarded()) where the text isn't JSON. May throw std::bad_alloc.
inline json parse(std::string_view text) {
  if (!is_shallow(text)) return json(json::value_t::discarded);
  return json::parse(text.begin(), text.end(), nullptr, false);
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
  if (const auto* const plain = value->get_ptr<const json::number_integer_t*>()) return out = *plain, true;
  if (const auto* const large = value->get_ptr<const json::number_unsigned_t*>()) {
    out = static_cast<std::int64_t>(*large);
    return *large <= static_cast<std::uint64_t>(INT64_MAX);
  }
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

/// Appends a text, or makes it the value where there was none.
inline void append_text(json& to, std::string_view more) {
  if (auto* const text = to.get_ptr<std::string*>()) text->append(more);
  else to = std::string(more);
}

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
