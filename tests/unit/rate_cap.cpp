// rate_cap.cpp: options::max_spans_per_second: what is recorded, what is left out, and that it is told.
#include <arthur/arthur.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/capture.hpp"

using support::capture;

namespace {

constexpr std::uint64_t second = 1000000000, begin = 1700000000 * second;
std::atomic<std::uint64_t> now{begin};

arthur::options capped(std::uint32_t rate) {
  arthur::options o;
  o.protocol = arthur::protocol::http_protobuf;
  o.clock = [] { return now.load(); };
  o.max_spans_per_second = rate;
  return o;
}

void roots(int count, const char* name = "root") {
  for (int n = 0; n < count; ++n) {
    ARTHUR_AGENT_SPAN(name);
  }
}

/// Counts since the last call.
struct account {
  arthur::statistics last = arthur::stats();
  struct change {
    std::uint64_t opened, limited;
  };
  change since() {
    const arthur::statistics s = arthur::stats();
    const change c{s.opened - last.opened, s.rate_limited - last.rate_limited};
    CHECK(support::account_closed(s));
    last = s;
    return c;
  }
};

}  // namespace

TEST_CASE("a second's spans may come at once, then as many as time allows") {
  for (const std::uint32_t rate : {1U, 100U, 5000U}) {
    CAPTURE(rate);
    capture c(capped(rate));
    account a;
    const int n = static_cast<int>(rate);
    roots(n + 50);
    auto got = a.since();
    CHECK(got.opened == rate);
    CHECK(got.limited == 50);
    now += 1 * second;
    roots(2 * n);
    got = a.since();
    CHECK(got.opened == rate);
    CHECK(got.limited == rate);
    now += 3600 * second;  // more than a second's worth isn't saved
    roots(3 * n);
    CHECK(a.since().opened == rate);
    CHECK(c.spans().size() == 3 * rate);
  }
}

TEST_CASE("traces are recorded or left out whole, and their spans are charged") {
  capture c(capped(100));
  account a;
  const auto trace = [](const char* name, int children) {
    ARTHUR_AGENT_SPAN(name);
    for (int n = 0; n < children; ++n) {
      ARTHUR_TOOL_SPAN("tool");
      arthur::span job(arthur::kind::chain, "job");
    }
  };
  trace("first", 150);  // 301 spans: a debt of two seconds
  CHECK(a.since().opened == 301);
  trace("second", 10);
  auto got = a.since();
  CHECK(got.opened == 0);
  CHECK(got.limited == 21);
  now += 2 * second;  // the debt is exactly worked off: there is room for nothing yet
  trace("third", 1);
  CHECK(a.since().opened == 0);
  now += second / 10;
  trace("fourth", 1);
  CHECK(a.since().opened == 3);
  CHECK(c.count("first") == 1);
  CHECK(c.count("fourth") == 1);
  CHECK(c.count("second") + c.count("third") == 0);
  for (const auto& s : c.spans()) CHECK((s.is_root() || s.trace_id == c.only("first").trace_id || s.trace_id == c.only("fourth").trace_id));
}

TEST_CASE("a loop inside one trace is held to the rate, too") {
  capture c(capped(1000));
  account a;
  {
    ARTHUR_AGENT_SPAN("gone mad");
    for (int n = 0; n < 100000; ++n) {
      ARTHUR_TOOL_SPAN("tool");
      ARTHUR_SET(arthur::attribute("of", "the tool"));
      ARTHUR_SPAN("inside");
    }
    auto got = a.since();
    CHECK(got.opened >= 11000);  // one second's worth saved, ten seconds' worth owed
    CHECK(got.opened <= 11000 + 16 + 1);
    CHECK(got.opened + got.limited == 200001);
    now += 2 * second;
    for (int n = 0; n < 100000; ++n) {
      ARTHUR_TOOL_SPAN("tool");
    }
    got = a.since();
    CHECK(got.opened >= 2000 - 16);
    CHECK(got.opened <= 2000 + 16);
  }
  roots(5, "while in debt");
  CHECK(c.only("gone mad").find("of") == nullptr);
  CHECK(c.count("while in debt") == 0);
  now += 11 * second;
  roots(5, "after it");
  CHECK(c.count("after it") == 5);
}

TEST_CASE("a clock that is set back holds recording up for seconds only") {
  capture c(capped(10));
  roots(10);
  now -= 3600 * second;
  account a;
  roots(1);
  CHECK(a.since().opened == 0);
  now += 11 * second;
  roots(10);
  CHECK(a.since().opened == 10);
}

TEST_CASE("without a cap nothing is left out, and what the sampler leaves out isn't charged") {
  account a;
  {
    capture c(capped(0));
    roots(3000);
    auto got = a.since();
    CHECK(got.opened == 3000);
    CHECK(got.limited == 0);
  }
  auto o = capped(10);
  o.sample_ratio = 0;
  capture c(o);
  roots(100);
  CHECK(a.since().limited == 0);
  arthur::set_sample_ratio(1);
  roots(10);
  CHECK(a.since().opened == 10);
}

TEST_CASE("several threads share one cap") {
  capture c(capped(1000));
  account a;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back([] { roots(1000); });
  for (std::thread& t : threads) t.join();
  const auto got = a.since();
  CHECK(got.opened == 1000);
  CHECK(got.limited == 3000);
}

TEST_CASE("what the cap leaves out is said in a line") {
  static std::mutex mutex;
  static std::vector<std::string> lines;
  lines.clear();
  auto o = capped(10);
  o.schedule_delay = std::chrono::hours(1);
  o.on_diagnostic = [](void*, arthur::severity, const char* line) {
    const std::lock_guard<std::mutex> lock(mutex);
    lines.emplace_back(line);
  };
  capture c(o);
  CHECK(c.spans().empty());  // from here on only flush() makes the worker look
  roots(30);
  CHECK(c.spans().size() == 10);
  const std::lock_guard<std::mutex> lock(mutex);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] ==
        "arthur: 20 spans were left out: more than options.max_spans_per_second = 10; look for a loop that opens spans without end, or raise it");
}
