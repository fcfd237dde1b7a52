// trace_context.hpp: the W3C headers traceparent and tracestate, read by their grammar and written.
#ifndef ARTHUR_PROPAGATION_TRACE_CONTEXT_HPP
#define ARTHUR_PROPAGATION_TRACE_CONTEXT_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Flags of a traceparent. Others are undefined; they are ignored and never passed on.
enum trace_flag : std::uint8_t { flag_sampled = 1, flag_random = 2 };

/// A span as another process, or another library in this one, names it.
struct foreign_span {
  unsigned char trace[16];
  unsigned char span[8];
  std::uint8_t flags;  // trace_flag
  bool remote;         // it is another process's
};

namespace w3c {

constexpr std::size_t traceparent_size = 55;
/// What is kept of a tracestate: as much as the specification asks for.
constexpr std::size_t max_tracestate = 512;
constexpr std::size_t max_members = 32;
constexpr std::size_t max_key = 256, max_value = 256;
/// Members longer than this go first where room is short.
constexpr std::size_t long_member = 128;

/// Without the blanks that a header may have around its value.
inline std::string_view trimmed(std::string_view text) noexcept {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// `size` bytes of lower-case hex digits. False: something else stands there.
inline bool read_hex(const char* from, unsigned char* to, std::size_t size) noexcept {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  for (std::size_t n = 0; n < size; ++n) {
    const int high = digit(from[2 * n]), low = digit(from[2 * n + 1]);
    if (high < 0 || low < 0) return false;
    to[n] = static_cast<unsigned char>(high * 16 + low);
  }
  return true;
}

inline void write_hex(char* to, const unsigned char* from, std::size_t size) noexcept {
  static constexpr char digits[] = "0123456789abcdef";
  for (std::size_t n = 0; n < size; ++n) {
    *to++ = digits[from[n] >> 4];
    *to++ = digits[from[n] & 15];
  }
}

inline bool all_zero(const unsigned char* bytes, std::size_t size) noexcept {
  for (std::size_t n = 0; n < size; ++n) {
    if (bytes[n] != 0) return false;
  }
  return true;
}

/// False, and `out` says nothing: not a traceparent. Of a version newer than 00 the fields of 00 are read.
inline bool read_traceparent(std::string_view text, foreign_span& out) noexcept {
  text = trimmed(text);
  if (text.size() < traceparent_size) return false;
  unsigned char version = 0;
  if (!read_hex(text.data(), &version, 1) || version == 0xff) return false;
  if (version == 0 ? text.size() != traceparent_size : text.size() > traceparent_size && text[traceparent_size] != '-') return false;
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  if (!read_hex(text.data() + 3, out.trace, 16) || !read_hex(text.data() + 36, out.span, 8)) return false;
  if (!read_hex(text.data() + 53, &out.flags, 1)) return false;
  out.flags &= flag_sampled | flag_random;
  out.remote = true;
  return !all_zero(out.trace, 16) && !all_zero(out.span, 8);
}

/// Writes traceparent_size characters and a null character.
inline void write_traceparent(char* to, const unsigned char* trace, const unsigned char* span, unsigned flags) noexcept {
  std::string_view("00-").copy(to, 3);
  write_hex(to + 3, trace, 16);
  to[35] = '-';
  write_hex(to + 36, span, 8);
  to[52] = '-';
  const auto known = static_cast<unsigned char>(flags & (flag_sampled | flag_random));
  write_hex(to + 53, &known, 1);
  to[traceparent_size] = 0;
}

inline bool is_key(std::string_view key) noexcept {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (key.empty() || key.size() > max_key || !alphanumeric(key.front())) return false;
  for (const char c : key) {
    if (!alphanumeric(c) && std::string_view("_-*/@").find(c) == std::string_view::npos) return false;
  }
  return true;
}

inline bool is_value(std::string_view value) noexcept {
  if (value.empty() || value.size() > max_value) return false;
  for (const char c : value) {
    if (c < 0x20 || c > 0x7e || c == ',' || c == '=') return false;
  }
  return true;
}

/// Copies the members of a tracestate, given as the values of its headers, to `to` (max_tracestate bytes), separated by
/// single commas, and returns their size. 0: there are none, or one of them is malformed; then all of it is void. What is
/// too long loses whole members: those over 128 characters first, each time the last one.
inline std::size_t read_tracestate(const std::string_view* lines, std::size_t line_count, char* to) noexcept {
  std::string_view members[max_members];
  std::size_t count = 0, size = 0;
  for (const std::string_view* line = lines; line != lines + line_count; ++line) {
    std::string_view text = *line;
    while (!text.empty()) {
      const std::size_t comma = text.find(',');
      const std::string_view member = trimmed(text.substr(0, comma));
      text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
      if (member.empty()) continue;
      const std::size_t equals = member.find('=');
      if (count == max_members || equals == std::string_view::npos) return 0;
      const std::string_view key = member.substr(0, equals);
      if (!is_key(key) || !is_value(member.substr(equals + 1))) return 0;
      for (std::size_t n = 0; n < count; ++n) {
        if (members[n].substr(0, members[n].find('=')) == key) return 0;
      }
      members[count++] = member;
      size += member.size() + 1;
    }
  }
  for (const std::size_t longest : {long_member, std::size_t{0}}) {
    for (std::size_t n = count; n-- != 0 && size > max_tracestate + 1;) {
      if (members[n].size() <= longest) continue;
      size -= members[n].size() + 1;
      members[n] = {};
    }
  }
  char* at = to;
  for (std::size_t n = 0; n < count; ++n) {
    if (members[n].empty()) continue;
    if (at != to) *at++ = ',';
    members[n].copy(at, members[n].size());
    at += members[n].size();
  }
  return static_cast<std::size_t>(at - to);
}
inline std::size_t read_tracestate(std::string_view text, char* to) noexcept { return read_tracestate(&text, 1, to); }

}  // namespace w3c
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
