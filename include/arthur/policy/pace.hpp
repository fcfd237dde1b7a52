// pace.hpp: whether the endpoint has been slower than the program for long, and the line that says so.
#ifndef ARTHUR_POLICY_PACE_HPP
#define ARTHUR_POLICY_PACE_HPP

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "../text_line.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// The state at the end of a period.
struct pace_reading {
  std::uint64_t at = 0;     // steady nanoseconds
  std::uint64_t in = 0;     // spans handed over so far, and those for which there was no room
  std::uint64_t out = 0;    // spans that the endpoint took, or refused, so far
  std::uint64_t held = 0;   // bytes of the pool in use: the least of the period, so that a pool that was once drained shows
  std::uint64_t limit = 0;  // bytes of the pool from which on spans are dropped
};

constexpr std::uint64_t pace_period = 10000000000U;
constexpr std::size_t pace_readings = 4;  // three periods: 30 s

/// "" or one line. The endpoint is too slow if something went out in each period, and yet more of the pool was in use at the
/// end of each than before, by a 64th of it in all, or it was full all the time. (Where nothing goes out it doesn't answer
/// at all: another line says that.) `full`: the latter is the case.
inline text_line pace_warning(const pace_reading (&series)[pace_readings], bool& full) {
  const pace_reading &first = series[0], &last = series[pace_readings - 1];
  bool grows = last.held >= first.held + last.limit / 64;
  full = true;
  for (std::size_t n = 1; n < pace_readings; ++n) {
    const pace_reading &before = series[n - 1], &now = series[n];
    if (now.at <= before.at || now.out <= before.out || now.in < before.in) return {};
    grows = grows && now.held > before.held;
    full = full && now.held >= now.limit - now.limit / 16;
  }
  if (!full && (!grows || last.in - first.in <= last.out - first.out)) return {};
  const auto seconds = static_cast<double>(last.at - first.at) / 1e9;
  const auto whole = [](double number) { return static_cast<std::uint64_t>(number + 0.5); };
  text_line line("spans are sent more slowly than the program records them: ", whole(static_cast<double>(last.in - first.in) / seconds),
                 " spans/s come, ", whole(static_cast<double>(last.out - first.out) / seconds), " spans/s go; the memory for spans is full");
  if (!full) {
    const auto growth = static_cast<double>(last.held - first.held) / seconds;
    line = text_line(line, " in ", whole(static_cast<double>(last.limit > last.held ? last.limit - last.held : 0) / growth), " s");
  }
  return text_line(line, "; record less (sample_ratio, max_spans_per_second), send more at once (max_batch_spans), or choose what happens then (overflow)");
}

/// Collects the readings. Say `note` as often as possible, `add` whenever a period is over.
class pace {
 public:
  void note(std::uint64_t held) noexcept {
    if (held < least_) least_ = held;
  }
  bool period_over(std::uint64_t now) const noexcept { return now - last().at >= pace_period; }

  /// `now.held` is set to the least that was noted. "" or a line: one when it begins, and one when the pool has been full.
  text_line add(pace_reading now) {
    now.held = least_ < now.held ? least_ : now.held;
    least_ = ~std::uint64_t{0};
    for (std::size_t n = 1; n < pace_readings; ++n) series_[n - 1] = series_[n];
    series_[pace_readings - 1] = now;
    if (count_ < pace_readings) ++count_;
    if (count_ < pace_readings) return {};
    bool full = false;
    const text_line line = pace_warning(series_, full);
    if (now.held < now.limit / 64) said_ = said_full_ = false;  // it was over: the next time is news again
    if (line.empty() || said_full_ || (said_ && !full)) return {};
    said_ = true;
    said_full_ = full;
    return line;
  }

 private:
  const pace_reading& last() const noexcept { return series_[pace_readings - 1]; }

  pace_reading series_[pace_readings];
  std::size_t count_ = 0;
  std::uint64_t least_ = ~std::uint64_t{0};
  bool said_ = false;
  bool said_full_ = false;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
