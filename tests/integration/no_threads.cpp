// no_threads.cpp: without threads the program itself drives the sending, through poll(), flush() and the guard's end.
#define ARTHUR_NO_THREADS
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>
#include <arthur/c_api.h>
#include <arthur/testing.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "support/capture.hpp"
#include "support/engine.hpp"

namespace {

std::size_t sent = 0;
bool count(void*, const arthur::batch_view& batch) {
  sent += batch.spans;
  return true;
}

}  // namespace

TEST_CASE("poll() sends what is due") {
  sent = 0;
  arthur::options o;
  o.on_batch = count;
  o.schedule_delay = std::chrono::milliseconds(1);
  const auto tracing = arthur::start(o);
  REQUIRE(tracing.ok());
  for (int n = 0; n < 5; ++n) {
    ARTHUR_AGENT_SPAN("agent");
    ARTHUR_TOOL_SPAN("tool");
  }
  CHECK(sent == 0);
  while (arthur::poll()) {
  }
  CHECK(sent == 10);
}

TEST_CASE("a callback that stops tracing: the end comes when it has returned, and a start inside it is refused") {
  static const arthur_api& api = *arthur_get_api(ARTHUR_API_VERSION);
  static int started = 0;
  sent = 0;
  arthur_config config = {};
  config.size = sizeof config;
  config.on_batch = [](void*, const char*, std::size_t, const char*, std::size_t spans) {
    sent += spans;
    api.stop();
    started += api.start(nullptr, nullptr, 0);
    return 1;
  };
  config.schedule_delay_ms = 1;
  for (const bool polls : {false, true}) {
    REQUIRE(api.start(&config, nullptr, 0) == 1);
    for (int n = 0; n < 300; ++n) api.end(api.begin(ARTHUR_KIND_CHAIN, "s"));
    if (polls) {
      while (api.poll() != 0) {
      }
    } else {
      CHECK(api.flush(60000) == ARTHUR_FLUSH_OK);
    }
    CHECK(arthur::stats().waiting == 0);
    CHECK(api.flush(0) == ARTHUR_FLUSH_FAILED);  // nothing runs
  }
  CHECK(sent == 600);
  CHECK(started == 0);
}

TEST_CASE("poll() doesn't wait for traces that are held, and sends those that are kept") {
  sent = 0;
  arthur::options o;
  o.on_batch = count;
  o.schedule_delay = std::chrono::milliseconds(1);
  o.sample_ratio = 0;
  o.keep_errors = true;
  const auto before = arthur::stats();
  const auto tracing = arthur::start(o);
  REQUIRE(tracing.ok());
  const auto everything = [] {
    while (arthur::poll()) {
    }
  };
  {
    ARTHUR_AGENT_SPAN("agent");
    { ARTHUR_TOOL_SPAN("tool"); }
    everything();
    CHECK(arthur::stats().held == 1);
    CHECK(sent == 0);
    ARTHUR_ERROR("broken");
  }
  { ARTHUR_AGENT_SPAN("fine"); }
  everything();
  CHECK(arthur::flush() == arthur::flush_result::ok);
  CHECK(sent == 2);
  CHECK(arthur::stats().tail_dropped - before.tail_dropped == 1);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("poll() shows the console's trees") {
  const std::string path = "/tmp/arthur-no-threads-" + std::to_string(::getpid()) + ".txt";
  std::fflush(stdout);
  const int former = ::dup(1);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(file, 1);
  {
    arthur::options o;
    o.exporters = "console";
    o.schedule_delay = std::chrono::milliseconds(1);
    const auto tracing = arthur::start(o);
    {
      ARTHUR_AGENT_SPAN("agent");
      ARTHUR_TOOL_SPAN("tool");
    }
    while (arthur::poll()) {
    }
  }
  ::dup2(former, 1);
  ::close(former);
  ::close(file);
  std::ifstream in(path);
  std::string first, second;
  std::getline(in, first);
  std::getline(in, second);
  std::remove(path.c_str());
  CHECK(first.find("AGENT agent  ") == 0);
  CHECK(second.find("└─ TOOL tool  ") == 0);
}

TEST_CASE("flush and the guard's end send the rest, to a real socket too") {
  support::engine engine;
  arthur::options o;
  o.service_name = "no-threads";
  o.base_url = engine.url();
  {
    const auto tracing = arthur::start(o);
    { ARTHUR_SPAN("one"); }
    CHECK(arthur::flush(std::chrono::seconds(30)) == arthur::flush_result::ok);
    CHECK(engine.row_count() == 1);
    ARTHUR_SPAN("two");
  }
  CHECK(engine.row_count() == 2);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("overflow::block sends instead of waiting for a thread that isn't there") {
  sent = 0;
  arthur::options o;
  o.on_batch = count;
  o.overflow = arthur::overflow::block;
  o.memory_limit = std::size_t{256} << 10;
  const auto before = arthur::stats();
  {
    const auto tracing = arthur::start(o);
    const std::string text(3000, 't');
    for (int n = 0; n < 500; ++n) {
      ARTHUR_SPAN("s", arthur::input(text));
    }
  }
  CHECK(sent == 500);
  CHECK(arthur::stats().dropped == before.dropped);
}

TEST_CASE("arthur::check() needs no threads, and no poll()") {
  support::engine engine;
  arthur::options o;
  o.base_url = engine.url();
  CHECK(arthur::check(o).ok());
  CHECK(engine.row_count() == 1);
}

TEST_CASE("a callback that records while the pool is full neither waits nor disturbs the span that does") {
  static int inside = 0;
  inside = 0;
  sent = 0;
  arthur::options o;
  o.on_batch = [](void*, const arthur::batch_view& batch) {
    if (inside < 3) {
      ++inside;
      for (int n = 0; n < 100; ++n) {  // more than the pool holds
        ARTHUR_SPAN("in the callback", arthur::input(std::string(20000, 'c')));
        ARTHUR_TOOL_SPAN("inside it");
      }
    }
    return count(nullptr, batch);
  };
  o.overflow = arthur::overflow::block;
  o.block_timeout = std::chrono::hours(24);
  o.memory_limit = std::size_t{256} << 10;
  const auto before = arthur::stats();
  {
    const auto tracing = arthur::start(o);
    const std::string text(3000, 't');
    for (int n = 0; n < 500; ++n) {
      ARTHUR_AGENT_SPAN("root", arthur::input(text));
      const std::string trace = arthur::current_trace_id().text;
      ARTHUR_TOOL_SPAN("child");
      CHECK(std::string(arthur::current_trace_id().text) == trace);
    }
  }
  const auto after = arthur::stats();
  CHECK(inside == 3);
  CHECK(after.opened - before.opened == 1000 + 3 * 200);
  CHECK(after.open == 0);
  CHECK(after.delivered - before.delivered >= 1000);
  CHECK(after.dropped_pool_full > before.dropped_pool_full);
  CHECK(support::account_closed(after));
}

TEST_CASE("arthur::testing::capture works without threads") {
  for (int run = 0; run < 2; ++run) {
    arthur::testing::capture spans;
    REQUIRE_MESSAGE(spans.ok(), spans.error());
    {
      ARTHUR_AGENT_SPAN("agent");
      ARTHUR_TOOL_SPAN("tool");
    }
    const auto all = spans.take();
    REQUIRE(all.size() == 2);
    CHECK(all[1].is_child_of(all[0]));
    CHECK(all[0].start == arthur::testing::capture::epoch);
  }
}
