// text.hpp: small, locale-free text helpers for reading configuration and printing it without secrets.
#ifndef ARTHUR_POLICY_TEXT_HPP
#define ARTHUR_POLICY_TEXT_HPP

#include <cstdint>
#include <string>
#include <string_view>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace text {

inline bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string_view trim(std::string_view s) {
  while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
  return s;
}

inline bool equal_nocase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

inline bool ends_with(std::string_view s, std::string_view tail) {
  return s.size() >= tail.size() && s.substr(s.size() - tail.size()) == tail;
}

/// Value of a hexadecimal digit, -1 when it is none.
inline int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/// Decimal digits only: no sign, no space, no rest, no overflow.
inline bool parse_unsigned(std::string_view s, std::uint64_t& out) {
  if (s.empty()) return false;
  std::uint64_t value = 0;
  for (const char c : s) {
    if (!is_digit(c)) return false;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return false;
    value = value * 10 + digit;
  }
  out = value;
  return true;
}

/// A decimal number such as 0.25 or 1e-3. Not strtod: that reads "0.25" as 0 where the program's locale says so.
inline bool parse_decimal(std::string_view s, double& out) {
  double value = 0;
  bool any = false;
  std::size_t i = 0;
  for (; i < s.size() && is_digit(s[i]); ++i, any = true) value = value * 10 + (s[i] - '0');
  if (i < s.size() && s[i] == '.') {
    double unit = 0.1;
    for (++i; i < s.size() && is_digit(s[i]); ++i, any = true, unit /= 10) value += unit * (s[i] - '0');
  }
  if (!any) return false;
  if (i < s.size() && lower(s[i]) == 'e') {
    ++i;
    const bool negative = i < s.size() && s[i] == '-';
    if (i < s.size() && (s[i] == '-' || s[i] == '+')) ++i;
    std::uint64_t exponent = 0;
    if (!parse_unsigned(s.substr(i), exponent) || exponent > 300) return false;
    for (; exponent > 0; --exponent) value = negative ? value / 10 : value * 10;
    i = s.size();
  }
  if (i != s.size()) return false;
  out = value;
  return true;
}

/// Decodes %XX; false (and `out` useless) when a % isn't followed by two hexadecimal digits or stands for NUL.
inline bool percent_decode(std::string_view s, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '%') {
      out += s[i];
      continue;
    }
    if (i + 2 >= s.size()) return false;
    const int high = hex_value(s[i + 1]);
    const int low = hex_value(s[i + 2]);
    if (high < 0 || low < 0 || high + low == 0) return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

/// `s` in quotes, on one line, at most about 120 characters: safe to put into a message.
inline std::string shown(std::string_view s) {
  constexpr std::size_t most = 120;
  static const char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (std::size_t i = 0; i < s.size() && i < most; ++i) {
    if (is_control(s[i])) {
      out += "\\x";
      out += digits[static_cast<unsigned char>(s[i]) >> 4];
      out += digits[static_cast<unsigned char>(s[i]) & 15];
    } else {
      out += s[i];
    }
  }
  out += s.size() > most ? "...\"" : "\"";
  return out;
}

/// Like shown(), without what may be secret in a URL: user, password and query. A malformed URL may hold its password
/// anywhere before the last '@', so all of that is hidden.
inline std::string shown_url(std::string_view s) {
  std::string masked;
  const std::size_t at = s.rfind('@');
  if (at != std::string_view::npos) {
    // "x@http://" has its '@' in front of the scheme, and "user:password://" is none.
    const std::size_t colon = s.find_first_of(":/?#@");
    if (colon != std::string_view::npos && s.substr(colon, 3) == "://") masked.append(s.substr(0, colon + 3));
    masked += "***@";
    s.remove_prefix(at + 1);
  }
  const std::size_t query = s.find_first_of("?#");
  masked.append(s.substr(0, query));
  if (query != std::string_view::npos) {
    masked += s[query];
    masked += "***";
  }
  return shown(masked);
}

/// Takes the first name off a comma separated list, without the blanks around it.
inline std::string_view take_name(std::string_view& list) {
  const std::size_t comma = list.find(',');
  const std::string_view name = trim(list.substr(0, comma));
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  return name;
}

}  // namespace text
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
