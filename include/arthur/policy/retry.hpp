// retry.hpp: what an HTTP answer means for a batch, and how long to wait before the next attempt.
#ifndef ARTHUR_POLICY_RETRY_HPP
#define ARTHUR_POLICY_RETRY_HPP

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "../config.hpp"
#include "calendar.hpp"
#include "endpoint.hpp"
#include "text.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What a request is for.
enum class errand {
  spans,        ///< POST of spans
  probe,        ///< POST of an envelope without spans: stores nothing
  task_search,  ///< POST that only reads
  ask_back,     ///< GET of a span: is it there?
};

/// Whether a request that went out, and got no answer, may be sent again without knowing what became of it. (One of
/// which nothing went out may always be.) Everything that only reads may. Spans may where the specification puts up with
/// duplicates; Arthur Engine would store them twice, and count their tokens and costs twice: there never, blindly.
constexpr bool may_repeat(errand what, profile to) { return what != errand::spans || to == profile::otlp; }

/// What to do with a batch after an answer.
enum class verdict {
  delivered,       ///< everything is stored; a body may still carry an OTLP partial success
  partial,         ///< the accepted spans are stored, the body says what was rejected; never send again
  rejected_all,    ///< nothing is stored and nothing of it ever will be
  wrong_encoding,  ///< the endpoint doesn't read this encoding: use the other one
  unauthorized,    ///< the key is missing, wrong or may not write; final until the configuration changes
  retry_later,     ///< nothing is stored; send the same bytes again after a pause
  split,           ///< nothing is stored; one span may be the cause: send again, then in halves
  too_large,       ///< nothing is stored; halve it
  give_up,         ///< nothing is stored; the same bytes would fail again
};

/// `encoding_proven`: the endpoint has accepted this encoding before, or the encoding is pinned; a 400 is then about
/// the data. The arthur profile knows that a 500 stores nothing (Arthur Engine commits all spans of a request
/// together); the otlp profile retries exactly what the specification lists.
inline verdict classify(int status, profile to, bool encoding_proven) {
  const bool engine = to == profile::arthur;
  if (status == 206 && engine) return verdict::partial;
  if (status >= 200 && status <= 299) return verdict::delivered;
  switch (status) {
    case 400:
    case 415: return encoding_proven ? verdict::give_up : verdict::wrong_encoding;
    case 422:
      if (!encoding_proven) return verdict::wrong_encoding;
      return engine ? verdict::rejected_all : verdict::give_up;
    case 401:
    case 403: return verdict::unauthorized;
    case 429:
    case 502:
    case 503:
    case 504: return verdict::retry_later;
    // A proxy gave up waiting for the request, so nobody behind it saw it. The specification forbids to repeat it.
    case 408: return engine ? verdict::retry_later : verdict::give_up;
    case 413: return engine ? verdict::too_large : verdict::give_up;
    case 500: return engine ? verdict::split : verdict::give_up;
    default: return verdict::give_up;
  }
}

/// The likely cause of a refusal and what to change, by the status alone. (refusal.hpp knows more.) "" below 300.
inline const char* advice(int status, profile to) {
  const bool engine = to == profile::arthur;
  switch (status) {
    case 400:
    case 415: return "does it take OTLP traces? leave options.protocol at automatic";
    case 408: return "it waited too long for the request; check the network, or lower options.max_batch_bytes";
    case 413: return "the request is too large; lower options.max_batch_bytes";
    case 422: return engine ? "the spans break its rules; the reason tells which" : "does it take OTLP traces? leave options.protocol at automatic";
    case 429: return "it asks to slow down; lower options.sample_ratio if it goes on";
    case 500: return engine ? "does the task id exist? is the engine's database up?" : "look into the log of the endpoint, or of a proxy before it";
    case 502:
    case 503:
    case 504: return "it, or a proxy before it, is not available; check that it is up";
    default: return status < 300 ? "" : "look into the log of the endpoint, or of a proxy before it";
  }
}

namespace http_date {

/// All three forms: "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994".
inline bool parse(std::string_view s, std::int64_t now, std::int64_t& out) {
  std::string_view words[6];
  int count = 0;
  for (std::size_t i = 0; i < s.size();) {
    if (s[i] == ' ' || s[i] == '-' || s[i] == ',') {
      ++i;
      continue;
    }
    const std::size_t end = (std::min)(s.find_first_of(" -,", i), s.size());
    if (count == 6) return false;
    words[count++] = s.substr(i, end - i);
    i = end;
  }
  const bool asctime = count == 5 && !text::is_digit(words[1].front());
  if (!asctime && (count != 6 || words[5] != "GMT")) return false;
  const std::string_view day_text = asctime ? words[2] : words[1];
  const std::string_view month_text = asctime ? words[1] : words[2];
  const std::string_view year_text = asctime ? words[4] : words[3];
  const std::string_view time = asctime ? words[3] : words[4];

  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::size_t at = months.find(month_text);
  if (month_text.size() != 3 || at == std::string_view::npos || at % 3 != 0) return false;
  std::uint64_t day = 0;
  std::uint64_t year = 0;
  std::uint64_t hours = 0;
  std::uint64_t minutes = 0;
  std::uint64_t seconds = 0;
  if (time.size() != 8 || time[2] != ':' || time[5] != ':') return false;
  if (!text::parse_unsigned(day_text, day) || day < 1 || day > 31 || !text::parse_unsigned(year_text, year) ||
      !text::parse_unsigned(time.substr(0, 2), hours) || hours > 23 ||
      !text::parse_unsigned(time.substr(3, 2), minutes) || minutes > 59 ||
      !text::parse_unsigned(time.substr(6, 2), seconds) || seconds > 60) {
    return false;
  }
  auto full_year = static_cast<std::int64_t>(year);
  if (year_text.size() == 2) {
    // RFC 9110: two digits mean a year at most 50 years ahead, otherwise the most recent past year with these digits.
    const auto this_year = static_cast<std::int64_t>(calendar::date_of(static_cast<std::uint64_t>((std::max)(now, std::int64_t{0})) / 86400).year);
    full_year += this_year - this_year % 100;
    if (full_year > this_year + 50) full_year -= 100;
    if (full_year <= this_year - 50) full_year += 100;
  } else if (year_text.size() != 4 || year < 1970) {
    return false;
  }
  if (full_year < 1970) full_year = 1970;  // as far in the past as it matters
  out = static_cast<std::int64_t>(calendar::days_of(static_cast<std::uint64_t>(full_year), at / 3 + 1, day) * 86400 + hours * 3600 + minutes * 60 + seconds);
  return true;
}

}  // namespace http_date

/// Seconds to wait by a Retry-After header, at most a day; -1 when it says nothing usable.
inline std::int64_t parse_retry_after(std::string_view value, std::int64_t now_unix_seconds) {
  constexpr std::int64_t most = 86400;
  value = text::trim(value);
  if (value.empty()) return -1;
  if (value.find_first_not_of("0123456789") == std::string_view::npos) {
    std::uint64_t seconds = 0;
    if (!text::parse_unsigned(value, seconds)) return most;  // more digits than a number holds
    return static_cast<std::int64_t>((std::min)(seconds, static_cast<std::uint64_t>(most)));
  }
  std::int64_t when = 0;
  if (!http_date::parse(value, now_unix_seconds, when)) return -1;
  return (std::max)(std::int64_t{0}, (std::min)(when - now_unix_seconds, most));
}

/// Milliseconds to wait after failure number `attempt`, counted from 0: doubled each time from 500 ms to 30 s, of which
/// the second half is random, so that many processes don't come back together.
inline std::uint64_t backoff(unsigned attempt, std::uint64_t random) {
  constexpr std::uint64_t first = 500;
  constexpr std::uint64_t most = 30000;
  const std::uint64_t whole = attempt >= 6 ? most : (std::min)(first << attempt, most);
  return whole / 2 + random % (whole / 2 + 1);
}

/// When the next attempt is due. Times are steady nanoseconds.
class pauses {
 public:
  std::uint64_t due() const noexcept { return due_; }
  /// After a failure.
  void wait(std::uint64_t now, std::uint64_t at_least, std::uint64_t random) noexcept {
    due_ = now + (std::max)(at_least, backoff(attempt_++, random) * 1000000U);
  }
  void succeed() noexcept { attempt_ = first_attempt_ = 0, due_ = 0; }
  /// The next attempt is made at once.
  void end() noexcept { due_ = 0; }
  /// From here on attempts are for something else.
  void begin() noexcept { first_attempt_ = attempt_; }
  bool repeating() const noexcept { return attempt_ != first_attempt_; }

 private:
  unsigned attempt_ = 0;  // failures running
  unsigned first_attempt_ = 0;
  std::uint64_t due_ = 0;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
