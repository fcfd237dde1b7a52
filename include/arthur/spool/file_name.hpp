// file_name.hpp: names of spooled files: when, by whom, and in which state.
#ifndef ARTHUR_SPOOL_FILE_NAME_HPP
#define ARTHUR_SPOOL_FILE_NAME_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../config.hpp"
#include "../policy/calendar.hpp"
#include "../text_line.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

enum class spool_state : std::uint8_t {
  pending,      // to be sent
  sending,      // claimed by a process that holds its lock; without one in doubt: perhaps sent, no answer came
  unconfirmed,  // perhaps stored, and nobody can tell: never sent by itself
  corrupt,      // its checksum or content is wrong
  writing,      // not complete yet
};

/// arthur-20261121T183005.123456789Z-9f86d081884c7d65-0000000042.otlp, and a suffix for every state but pending.
struct spool_name {
  std::uint64_t time;    // of writing, in Unix nanoseconds
  std::uint64_t token;   // of the writer
  std::uint32_t number;  // the writer's
  spool_state state;

  friend bool operator<(const spool_name& a, const spool_name& b) noexcept {
    if (a.time != b.time) return a.time < b.time;
    return a.token != b.token ? a.token < b.token : a.number < b.number;
  }
};

constexpr std::string_view spool_suffixes[] = {"", ".sending", ".unconfirmed", ".corrupt", ".tmp"};

namespace spool_names {

constexpr char digits[] = "0123456789abcdef";

inline char* put_digits(char* to, std::uint64_t value, int count, unsigned base = 10) noexcept {
  for (int i = count; i-- > 0; value /= base) to[i] = digits[value % base];
  return to + count;
}
inline std::uint64_t get_digits(const char* from, int count, unsigned base = 10) noexcept {
  std::uint64_t value = 0;
  for (int i = 0; i < count; ++i) {
    std::uint64_t digit = 0;
    while (digit < base && digits[digit] != from[i]) ++digit;
    value = value * base + digit;
  }
  return value;
}

// Places in arthur-YYYYmmddTHHMMSS.nnnnnnnnnZ-tttttttttttttttt-NNNNNNNNNN.otlp
constexpr std::size_t at_date = 7, at_token = 34, at_number = 51, at_suffix = 66;

}  // namespace spool_names

/// A name, zero-ended.
struct spool_file_name {
  char text[spool_names::at_suffix + sizeof ".unconfirmed"];
};

inline spool_file_name to_text(const spool_name& name) noexcept {
  using namespace spool_names;
  constexpr std::uint64_t second = 1000000000;
  const std::uint64_t seconds = name.time / second;
  const calendar::date day = calendar::date_of(seconds / 86400);
  spool_file_name out{};
  std::memcpy(out.text, "arthur-", at_date);
  char* to = put_digits(out.text + at_date, day.year * 10000 + day.month * 100 + day.day, 8);
  *to++ = 'T';
  to = put_digits(to, seconds / 3600 % 24 * 10000 + seconds / 60 % 60 * 100 + seconds % 60, 6);
  *to++ = '.';
  to = put_digits(to, name.time % second, 9);
  std::memcpy(to, "Z-", 2);
  to = put_digits(to + 2, name.token, 16, 16);
  *to++ = '-';
  to = put_digits(to, name.number, 10);
  std::memcpy(to, ".otlp", 5);
  const std::string_view suffix = spool_suffixes[static_cast<std::size_t>(name.state)];
  std::memcpy(to + 5, suffix.data(), suffix.size());
  return out;
}

/// False: no name of ours.
inline bool parse_spool_name(std::string_view text, spool_name& out) noexcept {
  using namespace spool_names;
  if (text.size() < at_suffix) return false;
  const char* const at = text.data() + at_date;
  const std::uint64_t day = get_digits(at, 8), clock = get_digits(at + 9, 6);
  const std::uint64_t seconds = calendar::days_of(day / 10000, day / 100 % 100, day % 100) * 86400 + clock / 10000 * 3600 + clock / 100 % 100 * 60 + clock % 100;
  out.time = seconds * 1000000000 + get_digits(at + 16, 9);
  out.token = get_digits(text.data() + at_token, 16, 16);
  out.number = static_cast<std::uint32_t>(get_digits(text.data() + at_number, 10));
  for (std::size_t state = 0; state < sizeof spool_suffixes / sizeof *spool_suffixes; ++state) {
    if (text.substr(at_suffix) != spool_suffixes[state]) continue;
    out.state = static_cast<spool_state>(state);
    return to_text(out).text == text;  // whatever wasn't a digit or a date there reads differently
  }
  return false;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
