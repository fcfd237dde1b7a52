// outage.cpp: an endpoint that comes and goes under many threads and a small pool: no trace arrives in pieces.
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/capture.hpp"
#include "support/gate.hpp"

namespace {

constexpr unsigned threads = 4;
constexpr int traces = 3000;

/// Five spans, in three blocks at most beside the one that the thread has: four threads stay within the reserve of 16.
void trace(std::mt19937& random) {
  const std::string text(random() % 1000, 't');
  ARTHUR_AGENT_SPAN("root", arthur::input(text));
  arthur::span job(arthur::kind::chain, "job");
  {
    const auto active = job.activate();
    ARTHUR_LLM_SPAN("chat", arthur::input(text));
  }
  for (int n = 0; n < 2; ++n) {
    ARTHUR_TOOL_SPAN("tool", arthur::input(text));
    ARTHUR_EVENT("token", arthur::attribute("n", n));
  }
}

void outages(arthur::overflow overflow) {
  support::gate gate;
  arthur::options o = gate.options(std::size_t{1} << 20);
  o.schedule_delay = std::chrono::milliseconds(1);
  o.overflow = overflow;
  o.block_timeout = std::chrono::milliseconds(20);
  const arthur::statistics before = arthur::stats();
  {
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    std::atomic<unsigned> running{threads};
    std::vector<std::thread> all;
    for (unsigned t = 0; t < threads; ++t) {
      all.emplace_back([&running, t] {
        std::mt19937 random(t);
        for (int n = 0; n < traces; ++n) trace(random);
        --running;
      });
    }
    // Each outage is as long as it takes until a trace is lost, or everybody is done.
    for (std::uint64_t lost = 0; running != 0; lost = arthur::stats().dropped) {
      gate.shut();
      while (running != 0 && arthur::stats().dropped == lost) std::this_thread::yield();
      gate.open();
      static_cast<void>(arthur::flush(std::chrono::milliseconds(20)));
    }
    for (auto& t : all) t.join();
    CHECK(arthur::flush(std::chrono::seconds(60)) == arthur::flush_result::ok);
    { ARTHUR_SPAN("it goes on by itself"); }
  }
  const arthur::statistics after = arthur::stats();
  const std::uint64_t opened = after.opened - before.opened, dropped = after.dropped_pool_full - before.dropped_pool_full;
  CAPTURE(dropped);
  CHECK(support::account_closed(after));
  CHECK(opened == threads * traces * 5 + 1);
  CHECK(after.dropped - before.dropped == dropped);
  CHECK(after.delivered - before.delivered == opened - dropped);
  CHECK(after.waiting == 0);
  CHECK(gate.broken() == 0);
  CHECK(gate.named("it goes on by itself") == 1);
  std::size_t pieces = 0, spans = 0;
  for (const auto& [id, t] : gate.traces()) {
    spans += t.spans;
    pieces += t.roots != 1 || (t.spans != 5 && t.spans != 1);
  }
  CHECK(pieces == 0);
  CHECK(spans == opened - dropped);
}

}  // namespace

TEST_CASE("outages that come and go lose whole traces only") { outages(arthur::overflow::drop); }
TEST_CASE("the same with threads that wait for room a while") { outages(arthur::overflow::block); }
