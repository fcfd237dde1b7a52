// runtime_waiting.cpp: what happens beside the hot path when the pool is nearly full: who is woken, who waits, and how often.
#include <doctest/doctest.h>

#include <arthur/arthur.hpp>
#include <arthur/runtime/waiting.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "support/capture.hpp"
#include "support/gate.hpp"

using namespace arthur::detail;

TEST_CASE("a pool that is nearly full is emptied at once, however long spans may wait") {
  support::gate g;
  auto o = g.options(256 << 10);
  o.schedule_delay = std::chrono::hours(1);
  const auto tracing = arthur::start(o);
  { ARTHUR_SPAN("this thread has a slot"); }
  static_cast<void>(arthur::flush(std::chrono::seconds(60)));  // and the first cycle is over
  const std::uint64_t before = arthur::stats().delivered;
  // 32 blocks since the last time would wake it anyway; there are fewer.
  this_slot->woken_at = this_slot->memory.taken;
  ARTHUR_SPAN("long");
  for (int n = 0; n < 29; ++n) {
    ARTHUR_TOOL_SPAN("child", arthur::input(std::string(7500, 'c')));
  }
  while (arthur::stats().delivered == before) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(this_slot->memory.taken - this_slot->woken_at < 32);
}

namespace {

std::uint64_t the_time = 1, naps = 0;
constexpr std::uint64_t millisecond = 1000000, longest = 1000 * millisecond;
standstill all_threads;
patience own;
bool nap(std::uint32_t attempt) noexcept {
  if (!own.lasts(attempt == 0, the_time, longest, this_slot->last_generation, 7, all_threads)) return false;
  ++naps;
  the_time += 10 * millisecond;
  return true;
}

void big_child() { ARTHUR_TOOL_SPAN("child", arthur::input(std::string(100000, 'c'))); }

}  // namespace

TEST_CASE("under a dead endpoint a whole trace, and all later ones, wait once") {
  support::gate g;
  auto o = g.options(std::size_t{1} << 20);
  const auto tracing = arthur::start(o);
  g.close();
  {
    ARTHUR_AGENT_SPAN("under way");
    the_recorder.source.wait_for_room.store(nap);
    for (int n = 0; n < 30; ++n) big_child();
    CHECK(naps == 100);
  }
  for (int n = 0; n < 30; ++n) {
    ARTHUR_AGENT_SPAN("new");
    big_child();
  }
  CHECK(naps == 100);
  all_threads.forget();
  {
    ARTHUR_AGENT_SPAN("waits for its beginning, and then no more");
    CHECK(naps == 200);
    for (int n = 0; n < 30; ++n) big_child();
  }
  CHECK(naps == 200);
  const arthur::statistics s = arthur::stats();
  CHECK(support::account_closed(s));
  CHECK(s.bytes_held <= std::size_t{1} << 20);
  g.open();
  CHECK(arthur::flush(std::chrono::seconds(60)) == arthur::flush_result::ok);
  big_child();
  CHECK(naps == 200);
}

TEST_CASE("the worker itself and its callbacks never wait for room") {
  const arthur::options o;
  support::capture c(o);
  { ARTHUR_SPAN("this thread has a slot"); }
  in_worker = true;
  CHECK_FALSE(wait_for_worker(0));
  in_worker = false;
  std::thread([] {
    thread_is_quiet = true;  // as the worker's
    CHECK_FALSE(wait_for_worker(0));
  }).join();
  CHECK(wait_for_worker(0));
}
