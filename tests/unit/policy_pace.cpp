// policy_pace.cpp: when the endpoint counts as slower than the program, and what the line says.
#include <doctest/doctest.h>

#include <arthur/policy/pace.hpp>

#include <string>
#include <vector>

using namespace arthur::detail;

namespace {

constexpr std::uint64_t period = pace_period, mib = 1 << 20;

pace_reading reading(std::uint64_t n, std::uint64_t in, std::uint64_t out, std::uint64_t held_mib) {
  pace_reading r;
  r.at = (n + 1) * period;
  r.in = in;
  r.out = out;
  r.held = held_mib * mib;
  r.limit = 64 * mib;
  return r;
}

std::string warning(const pace_reading (&series)[pace_readings]) {
  bool full = false;
  return pace_warning(series, full);
}

}  // namespace

TEST_CASE("the endpoint is slower when memory grows in each period although spans go out") {
  const struct {
    const char* what;
    std::uint64_t in[4], out[4], held[4];
    bool warns;
  } rows[] = {
      {"more comes than goes", {0, 40000, 80000, 120000}, {0, 12000, 24000, 36000}, {4, 14, 24, 34}, true},
      {"it drained once", {0, 40000, 80000, 120000}, {0, 40000, 52000, 64000}, {14, 4, 14, 24}, false},
      {"it drained in between", {0, 40000, 80000, 120000}, {0, 12000, 24000, 36000}, {4, 24, 14, 34}, false},
      {"as much goes as comes", {0, 40000, 80000, 120000}, {0, 40000, 80000, 120000}, {4, 5, 6, 7}, false},
      {"growth that is noise", {0, 400, 800, 1200}, {0, 390, 780, 1170}, {4, 4, 4, 4}, false},
      {"nothing goes out: not slow, but gone", {0, 40000, 80000, 120000}, {0, 0, 0, 0}, {4, 14, 24, 34}, false},
      {"an outage in the middle", {0, 40000, 80000, 120000}, {0, 12000, 12000, 24000}, {4, 14, 24, 34}, false},
      {"full all the time", {0, 40000, 80000, 120000}, {0, 12000, 24000, 36000}, {64, 63, 64, 63}, true},
      {"full, and kept full by as much as goes", {0, 12000, 24000, 36000}, {0, 12000, 24000, 36000}, {64, 64, 64, 64}, false},
      {"the counters began anew", {50000, 0, 40000, 120000}, {0, 12000, 24000, 36000}, {4, 14, 24, 34}, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    pace_reading series[pace_readings];
    for (std::size_t n = 0; n < pace_readings; ++n) series[n] = reading(n, row.in[n], row.out[n], row.held[n]);
    CHECK((warning(series) != "") == row.warns);
    series[2].at = series[1].at;  // a clock that stands still
    CHECK(warning(series) == "");
  }
}

TEST_CASE("the line names the rates, the time that is left, and what to do") {
  pace_reading series[pace_readings];
  for (std::size_t n = 0; n < pace_readings; ++n) series[n] = reading(n, 1000 + 40000 * n, 12000 * n, 4 + 10 * n);
  CHECK(warning(series) ==
        "the endpoint is slower than the program: 4000 spans/s come, 1200 spans/s go; the memory for spans is full in 30 s; "
        "record less (sample_ratio, max_spans_per_second), send more at once (max_batch_spans), or choose what happens then (overflow)");
  for (auto& r : series) r.held = 64 * mib;
  CHECK(warning(series).find("the memory for spans is full; record less") != std::string::npos);
}

TEST_CASE("one line when it begins, one when memory is full, and silence until it was over") {
  pace watch;
  std::string said;
  std::uint64_t n = 0;
  const auto next = [&](std::uint64_t held) {
    ++n;
    CHECK(watch.period_over((n + 1) * period));
    watch.note(held * mib);
    watch.note(64 * mib);  // the least one counts
    const std::string line = watch.add(reading(n, 4000 * n, 1000 * n, 64));
    CHECK(!watch.period_over((n + 1) * period + 1));
    said += line.empty() ? '.' : line.find("is full;") != std::string::npos ? 'F' : line.find("is full in") != std::string::npos ? 'S' : '?';
  };
  for (const unsigned held : {4U, 8U, 12U, 16U, 20U, 24U, 61U, 62U, 63U, 64U, 63U, 64U}) next(held);
  CHECK(said == "...S....F...");
  said.clear();
  for (const unsigned held : {0U, 4U, 8U, 12U, 16U}) next(held);
  CHECK(said == "...S.");
}
