// loose_number.hpp: numbers in JSON texts and in strings, as Python's float() and int() read them.
#ifndef ARTHUR_OTLP_LOOSE_NUMBER_HPP
#define ARTHUR_OTLP_LOOSE_NUMBER_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../config.hpp"
#include "buffer.hpp"
#include "loose_value.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A decimal number without the blanks around it. What Python takes beyond that ("1_000", "inf") is none.
class decimal_text {
 public:
  explicit decimal_text(std::string_view text) noexcept {
    const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    text_ = text;
    std::size_t at = !text.empty() && text.front() == '-' ? 1 : 0;
    std::size_t digits = skip_digits(at);
    whole_ = digits != 0 && at == text.size();
    if (at < text.size() && text[at] == '.') digits += skip_digits(++at);
    if (digits != 0 && at < text.size() && (text[at] | 0x20) == 'e') {
      ++at;
      if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
      digits = skip_digits(at);
    }
    number_ = digits != 0 && at == text.size();
  }

  /// False: no number, or none that a finite double holds.
  bool get(double& value) const noexcept {
    if (!number_) return false;
#if defined(__cpp_lib_to_chars)
    return std::from_chars(text_.data(), text_.data() + text_.size(), value).ec == std::errc();
#else
    // Exact for up to 19 digits where long double has 64 bits, and to the last bit or two elsewhere. strtod() reads as
    // the program's locale says.
    long double sum = 0;
    int exponent = 0;
    bool fraction = false;
    std::size_t at = text_.front() == '-' ? 1 : 0;
    for (; at < text_.size() && (text_[at] | 0x20) != 'e'; ++at) {
      if (text_[at] == '.') {
        fraction = true;
      } else {
        sum = sum * 10 + static_cast<long double>(text_[at] - '0');
        exponent -= fraction ? 1 : 0;
      }
    }
    int given = 0;
    const bool down = at + 1 < text_.size() && text_[at + 1] == '-';
    for (++at; at < text_.size(); ++at) {
      if (text_[at] >= '0' && text_[at] <= '9' && given < 1000) given = given * 10 + (text_[at] - '0');
    }
    exponent += down ? -given : given;
    if (exponent > 300 || exponent < -300) return false;
    long double power = 1;
    for (int n = exponent < 0 ? -exponent : exponent; n != 0; --n) power *= 10;
    sum = exponent < 0 ? sum / power : sum * power;
    value = static_cast<double>(text_.front() == '-' ? -sum : sum);
    return true;
#endif
  }

  /// False: not a whole number that 64 bits hold.
  bool get(std::int64_t& value) const noexcept {
    return whole_ && std::from_chars(text_.data(), text_.data() + text_.size(), value).ec == std::errc();
  }

 private:
  std::size_t skip_digits(std::size_t& at) const noexcept {
    const std::size_t begin = at;
    while (at < text_.size() && text_[at] >= '0' && text_[at] <= '9') ++at;
    return at - begin;
  }

  std::string_view text_;
  bool whole_ = false;
  bool number_ = false;
};

/// A value of a JSON text as a number: one, or a string that says one.
template <class Number>
inline bool get_number(const loose_value& v, buffer& spare, Number& value) noexcept {
  if (v.tag != any_json || v.size == 0) return false;
  if (*v.data != '"') return decimal_text({v.data, v.size}).get(value);
  spare.clear();
  append_json_decoded(spare, v.json());
  return !spare.failed() && decimal_text({spare.data(), spare.size()}).get(value);
}

/// The same as a whole number: 3.0 is one, too, but "3.0" isn't.
inline bool get_whole(const loose_value& v, buffer& spare, std::int64_t& value) noexcept {
  if (get_number(v, spare, value)) return true;
  double number = 0;
  if (v.tag != any_json || *v.data == '"' || !get_number(v, spare, number)) return false;
  if (!(number >= -9223372036854775808.0 && number < 9223372036854775808.0)) return false;
  value = static_cast<std::int64_t>(number);
  return !(static_cast<double>(value) < number) && !(static_cast<double>(value) > number);
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
