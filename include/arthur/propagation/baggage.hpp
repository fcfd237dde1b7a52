// baggage.hpp: the W3C header baggage: its members by their grammar, put together within its limits, encoded and decoded.
#ifndef ARTHUR_PROPAGATION_BAGGAGE_HPP
#define ARTHUR_PROPAGATION_BAGGAGE_HPP

#include <cstddef>
#include <cstring>
#include <string_view>

#include "../config.hpp"
#include "trace_context.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace w3c {

/// What is carried: as much as the specification asks for.
constexpr std::size_t max_baggage = 8192;
constexpr std::size_t max_baggage_members = 64;

inline bool is_token(std::string_view text) noexcept {
  for (const char c : text) {
    const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!alphanumeric && (c == 0 || std::strchr("!#$%&'*+-.^_`|~", c) == nullptr)) return false;
  }
  return !text.empty();
}

inline bool is_baggage_octet(char c) noexcept {
  return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
}

inline bool is_baggage_value(std::string_view text) noexcept {
  for (const char c : text) {
    if (!is_baggage_octet(c)) return false;
  }
  return true;
}

/// Up to the next `separator`, which is taken too, without the blanks around it.
inline std::string_view take_part(std::string_view& rest, char separator) noexcept {
  const std::size_t end = rest.find(separator);
  const std::string_view part = trimmed(rest.substr(0, end));
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

/// One `key=value;property;property=value`.
struct baggage_member {
  std::string_view text;  // all of it
  std::string_view key, value;
};

/// False: it isn't one.
inline bool read_baggage_member(std::string_view text, baggage_member& out) noexcept {
  std::string_view properties = text;
  std::string_view value = take_part(properties, ';');
  // A value may hold more of them.
  if (value.find('=') == std::string_view::npos) return false;
  out.key = take_part(value, '=');
  out.value = trimmed(value);
  out.text = text;
  if (!is_token(out.key) || !is_baggage_value(out.value)) return false;
  while (!properties.empty()) {
    std::string_view property = take_part(properties, ';');
    if (!is_token(take_part(property, '=')) || !is_baggage_value(trimmed(property))) return false;
  }
  return true;
}

/// Takes the next member off `rest`, over those that are malformed. False: there is none.
inline bool next_baggage_member(std::string_view& rest, baggage_member& out) noexcept {
  while (!rest.empty()) {
    if (read_baggage_member(take_part(rest, ','), out)) return true;
  }
  return false;
}

/// Puts a header together. A member for which there is no room is left out; the others stay whole.
class baggage_writer {
 public:
  /// `to`: null to learn the size first.
  explicit baggage_writer(char* to) noexcept : to_(to) {}

  std::size_t size() const noexcept { return size_; }

  /// The members of a header's value, but for those called `except`.
  void add_all(std::string_view header, std::string_view except = {}) noexcept {
    for (baggage_member member; next_baggage_member(header, member);) {
      if ((except.empty() || member.key != except) && begin(member.text.size())) put(member.text);
    }
  }

  /// A member of our own: any bytes may stand in its value. False: `key` can't be one, or there is no room.
  bool add(std::string_view key, std::string_view value) noexcept {
    std::size_t encoded = value.size();
    for (const char c : value) encoded += is_plain(c) ? std::size_t{0} : std::size_t{2};
    if (!is_token(key) || !begin(key.size() + 1 + encoded)) return false;
    put(key);
    put("=");
    static constexpr char digits[] = "0123456789ABCDEF";
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      const char escaped[] = {'%', digits[byte >> 4], digits[byte & 15]};
      put(is_plain(c) ? std::string_view(&c, 1) : std::string_view(escaped, 3));
    }
    return true;
  }

 private:
  static bool is_plain(char c) noexcept { return is_baggage_octet(c) && c != '%'; }

  bool begin(std::size_t member) noexcept {
    const std::size_t comma = size_ == 0 ? 0 : 1;
    if (members_ == max_baggage_members || member > max_baggage || size_ + comma + member > max_baggage) return false;
    if (comma != 0) put(",");
    ++members_;
    return true;
  }
  void put(std::string_view text) noexcept {
    if (to_ != nullptr) std::memcpy(to_ + size_, text.data(), text.size());
    size_ += text.size();
  }

  char* to_;
  std::size_t size_ = 0;
  std::size_t members_ = 0;
};

/// The value of a member without its percent signs, to `to` (value.size() bytes); its size. What isn't %XX stays. May not be UTF-8.
inline std::size_t decode_baggage_value(std::string_view value, char* to) noexcept {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    const int letter = (c | 0x20) - 'a';
    return letter >= 0 && letter < 6 ? letter + 10 : -1;
  };
  const char* const begin = to;
  for (std::size_t n = 0; n < value.size(); ++n) {
    const int high = value[n] == '%' && n + 2 < value.size() ? digit(value[n + 1]) : -1;
    const int low = high >= 0 ? digit(value[n + 2]) : -1;
    *to++ = low >= 0 ? static_cast<char>(high * 16 + low) : value[n];
    if (low >= 0) n += 2;
  }
  return static_cast<std::size_t>(to - begin);
}

}  // namespace w3c
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
