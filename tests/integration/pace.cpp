// pace.cpp: a worker whose endpoint takes fewer spans than the program records says so. Its time is the test's.
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace arthur::detail;

namespace {

constexpr std::uint64_t second = 1000000000;

bell* ringing = nullptr;

void record(int spans) {
  const std::string text(2000, 't');
  for (int n = 0; n < spans; ++n) {
    ARTHUR_SPAN("s", arthur::input(text));
  }
}

/// Seconds until the first line, of at most `most`; 0 = none came. Each second `per_second` spans are recorded, and the
/// endpoint answers one request, of ten spans.
int seconds_until_said(int per_second, int most, std::vector<std::string>& lines) {
  arthur::options o;
  o.on_diagnostic = [](void* to, arthur::severity, const char* line) { static_cast<std::vector<std::string>*>(to)->emplace_back(line); };
  o.on_diagnostic_user = &lines;
  settings s;
  s.where.profile = profile::otlp;  // roots aren't kept back
  s.sink = sink::callback;
  s.max_batch_spans = 10;
  s.max_batch_bytes = 1 << 20;
  s.schedule_delay = std::chrono::milliseconds(1);
  s.export_timeout = resolving::day;
  bell rings;
  ringing = &rings;
  delivery_counters counters;
  diagnostics says;
  says.use(o.on_diagnostic, o.on_diagnostic_user);
  worker w(s, rings, counters, says, worker_random);
  w.sender().use(std::unique_ptr<transport>(new callback_transport([](void*, const arthur::batch_view&) { return true; }, nullptr)), nullptr, nullptr);
  std::uint64_t now = 1000 * second;
  int found = 0;
  for (int n = 1; n <= most && found == 0; ++n) {
    record(per_second);
    now += second;
    // The request that is under way is answered; the next one is begun.
    const std::uint64_t delivered = counters.delivered.load();
    for (int step = 0; step < 6 && counters.delivered.load() == delivered; ++step) w.run_once(now);
    if (!lines.empty()) found = n;
  }
  w.discard_all();
  return found;
}

}  // namespace

TEST_CASE("an endpoint slower than the program is reported after half a minute, a faster one never") {
  // Recording without a runtime: the worker is driven by hand.
  REQUIRE(the_recorder.prepare(std::size_t{64} << 20));
  the_recorder.wake.store([]() noexcept { ringing->wake(); });
  recording_enabled.store(recording_mode::on);
  std::vector<std::string> lines;
  CHECK(seconds_until_said(9, 120, lines) == 0);
  const int said = seconds_until_said(60, 120, lines);
  CHECK(said >= 30);
  CHECK(said <= 45);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("arthur: spans are sent more slowly than the program records them: 60 spans/s come, 10 spans/s go; the memory for spans is full in ") == 0);
  recording_enabled.store(0);
  the_recorder.wake.store(nullptr);
}
