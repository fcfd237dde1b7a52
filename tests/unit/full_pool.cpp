// full_pool.cpp: an outage longer than the memory for spans: traces are kept or dropped whole, and callers wait once at most.
#include <arthur/arthur.hpp>
#include <arthur/propagation.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "support/capture.hpp"
#include "support/gate.hpp"
#include "support/http_server.hpp"

using support::gate;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

/// Counts since it was made.
struct account {
  arthur::statistics before = arthur::stats();
  struct change {
    std::uint64_t opened, delivered, dropped, pool_full;
  };
  change now() const {
    const arthur::statistics s = arthur::stats();
    CHECK(support::account_closed(s));
    return {s.opened - before.opened, s.delivered - before.delivered, s.dropped - before.dropped,
            s.dropped_pool_full - before.dropped_pool_full};
  }
};

const std::string text(600, 't');

/// One root and five children, one of them detached, one of them a grandchild.
constexpr std::size_t spans_of_a_trace = 6;
void trace(const char* name = "root") {
  ARTHUR_AGENT_SPAN(name, arthur::input(text));
  for (int n = 0; n < 3; ++n) {
    ARTHUR_TOOL_SPAN("tool", arthur::input(text));
    if (n == 1) {
      ARTHUR_LLM_SPAN("chat", arthur::input(text));
    }
  }
  arthur::span job(arthur::kind::chain, "job");
  job.set(arthur::input(text));
}

/// New traces until one finds no room: the pool is used up to its reserve.
void fill() {
  const account a;
  while (a.now().pool_full == 0) {
    ARTHUR_SPAN("filling", arthur::input(text));
  }
}

/// Whatever was held up goes out.
void recover(gate& g) {
  g.open();
  CHECK(arthur::flush(std::chrono::seconds(60)) == arthur::flush_result::ok);
}

}  // namespace

TEST_CASE("in an outage each trace is kept or dropped whole, on every thread, and recording goes on when it is over") {
  gate g;
  const auto tracing = arthur::start(g.options(mebibyte));
  REQUIRE(tracing.ok());
  g.close();
  const account a;
  constexpr std::size_t per_thread = 300, threads = 4;
  const auto all_threads = [] {
    std::vector<std::thread> running;
    for (std::size_t t = 0; t < threads; ++t) {
      running.emplace_back([] {
        for (std::size_t n = 0; n < per_thread; ++n) trace();
      });
    }
    for (auto& t : running) t.join();
  };
  all_threads();
  const auto lost = a.now();
  CHECK(lost.opened == threads * per_thread * spans_of_a_trace);
  CHECK(lost.dropped > 0);
  CHECK(lost.dropped == lost.pool_full);
  CHECK(arthur::stats().bytes_held <= mebibyte);
  recover(g);
  for (const auto& [id, t] : g.traces()) {
    CAPTURE(id);
    // Four threads with a trace each need less than the eighth that is left to traces under way.
    CHECK((t.spans == spans_of_a_trace || t.spans == 1));  // 1: what stood before the gate
    CHECK(t.roots == 1);
  }
  CHECK(g.named("root") * spans_of_a_trace == lost.opened - lost.dropped);
  CHECK(a.now().delivered == lost.opened - lost.dropped + 1);

  for (int n = 0; n < 10; ++n) trace("after");
  recover(g);
  CHECK(g.named("after") == 10);
  CHECK(a.now().dropped == lost.dropped);
  CHECK(g.broken() == 0);
}

TEST_CASE("a trace under way has the last eighth of the memory, then its spans are dropped one by one") {
  gate g;
  const auto tracing = arthur::start(g.options(mebibyte));
  g.close();
  {
    ARTHUR_AGENT_SPAN("under way");
    std::thread(fill).join();
    const account a;
    const std::string block(8000, 'b');
    const auto child = [&block] { ARTHUR_TOOL_SPAN("child", arthur::input(block)); };
    for (int n = 0; n < 14; ++n) child();  // of 16 blocks
    CHECK(a.now().dropped == 0);
    for (int n = 0; n < 20; ++n) child();
    CHECK(a.now().dropped > 0);
    CHECK(a.now().dropped <= 20);
    std::thread([] { trace("new"); }).join();
  }
  recover(g);
  CHECK(g.named("under way") == 1);
  CHECK(g.named("child") >= 14);
  CHECK(g.named("new") == 0);
}

TEST_CASE("what is opened inside a dropped trace is dropped with it, even when there is room again") {
  gate g;
  const auto tracing = arthur::start(g.options(mebibyte));
  g.close();
  fill();
  {
    const account a;
    arthur::scoped_span root(arthur::kind::agent, "root");
    CHECK_FALSE(root.recording());
    arthur::span detached(arthur::kind::chain, "detached");
    CHECK_FALSE(detached.recording());
    CHECK(std::string(arthur::current_trace_id().text) != std::string(32, '0'));
    // The next process may as well not record what would be the rest of this trace.
    CHECK(std::string(arthur::current_traceparent().text).substr(53) == "02");
    recover(g);
    trace();
    CHECK(a.now().pool_full == 2 + spans_of_a_trace);
  }
  const account a;
  trace("later");
  arthur::span lost;
  g.close();
  fill();
  lost = arthur::span(arthur::kind::agent, "detached root");
  recover(g);
  {
    const auto active = lost.activate();
    trace();
  }
  lost.end();
  trace("later");
  recover(g);
  CHECK(a.now().pool_full == 1 + 1 + spans_of_a_trace);  // the one that fill() saw
  CHECK(g.named("root") == 0);
  CHECK(g.named("detached root") == 0);
  CHECK(g.named("later") == 2);
}

TEST_CASE("a trace that came from another process is dropped whole, too") {
  gate g;
  const auto tracing = arthur::start(g.options(mebibyte));
  g.close();
  fill();
  {
    const arthur::remote_parent parent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    const account a;
    trace("joined");
    CHECK(a.now().pool_full == spans_of_a_trace);
    recover(g);
    trace("joined");
    CHECK(a.now().pool_full == spans_of_a_trace);
  }
  recover(g);
  CHECK(g.named("joined") == 1);
}

TEST_CASE("a root whose first bytes find no room takes its children along") {
  gate g;
  const auto tracing = arthur::start(g.options(mebibyte));
  g.close();
  while (arthur::stats().bytes_held < mebibyte / 2) trace();
  const account a;
  {
    ARTHUR_CONTEXT(arthur::metadata(std::string(300 << 10, 'm')));  // fits once beside what is held up, not twice
    ARTHUR_SPAN("root");
    recover(g);
    ARTHUR_TOOL_SPAN("child");
  }
  CHECK(a.now().pool_full == 2);
  trace("later");
  recover(g);
  CHECK(g.named("child") == 0);
  CHECK(g.named("later") == 1);
}

TEST_CASE("a pause in an outage, and a new start after it, find everything as it should be") {
  gate g;
  {
    const auto tracing = arthur::start(g.options(mebibyte));
    g.close();
    fill();
    const account a;
    arthur::pause();
    trace("paused");
    CHECK(a.now().opened == 0);
    arthur::resume();
    trace("full");
    CHECK(a.now().pool_full == spans_of_a_trace);
    g.open();
  }
  const auto tracing = arthur::start(g.options(mebibyte));
  trace("new");
  recover(g);
  CHECK(g.named("new") == 1);
  CHECK(g.named("paused") + g.named("full") == 0);
}

TEST_CASE("with overflow::block a new trace waits for room, and none is lost") {
  gate g;
  auto o = g.options(mebibyte);
  o.overflow = arthur::overflow::block;
  o.block_timeout = std::chrono::hours(1);
  const auto tracing = arthur::start(o);
  g.close();
  const account a;
  constexpr std::size_t count = 400;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([] {
      for (std::size_t n = 0; n < count; ++n) trace();
    });
  }
  while (arthur::stats().bytes_held < mebibyte * 3 / 4) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  g.open();
  for (auto& t : threads) t.join();
  recover(g);
  CHECK(a.now().dropped == 0);
  CHECK(g.named("root") == 3 * count);
}

TEST_CASE("whoever waits for room goes on at once when tracing stops or pauses") {
  const support::reserved_port nobody(0);
  for (const bool pauses : {false, true}) {
    CAPTURE(pauses);
    arthur::options o;
    o.endpoint = "http://127.0.0.1:" + std::to_string(nobody.number()) + "/v1/traces";
    o.on_diagnostic = [](void*, arthur::severity, const char*) {};
    o.memory_limit = mebibyte;
    o.overflow = arthur::overflow::block;
    o.block_timeout = o.export_timeout = std::chrono::hours(1);
    o.shutdown_timeout = std::chrono::milliseconds(1);
    std::atomic<bool> end{false};
    std::thread waits;
    {
      const auto tracing = arthur::start(o);
      REQUIRE(tracing.ok());
      waits = std::thread([&end] {
        while (!end) trace();
      });
      // Nobody takes anything any more: the thread waits.
      for (std::uint64_t opened = 0; arthur::stats().opened != opened;) {
        opened = arthur::stats().opened;
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
      }
      end = true;
      if (pauses) {
        arthur::pause();
        waits.join();
      }
    }
    if (!pauses) waits.join();
  }
}
