// policy_patience.cpp: how long overflow::block waits, on a clock of the test's own.
#include <arthur/policy/patience.hpp>
#include <arthur/arthur.hpp>
#include <arthur/record/recorder.hpp>
#include <arthur/runtime/waiting.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <thread>

#include "support/capture.hpp"
#include "support/gate.hpp"

using namespace arthur::detail;

namespace {

constexpr std::uint64_t millisecond = 1000000, longest = 1000 * millisecond;

/// A thread that waits by naps of 10 ms.
struct waiter {
  patience own;
  standstill& others;
  std::uint64_t& now;
  std::uint64_t progress = 7;

  explicit waiter(standstill& shared, std::uint64_t& clock) : others(shared), now(clock) {}
  /// How many milliseconds it waits for room that comes after `room` of them. Each nap the worker may take `moves` spans.
  std::uint64_t wait(std::uint32_t span, std::uint64_t room = ~std::uint64_t{0}, std::uint64_t moves = 0) {
    const std::uint64_t begin = now;
    for (bool begins = true; now - begin < room * millisecond && own.lasts(begins, now, longest, span, progress, others); begins = false) {
      now += 10 * millisecond;
      progress += moves;
    }
    return (now - begin) / millisecond;
  }
};

}  // namespace

TEST_CASE("a wait ends with its deadline, and nobody waits again until the worker has taken something") {
  standstill all;
  std::uint64_t now = 5;
  waiter a(all, now), b(all, now);
  CHECK(a.wait(1) == 1000);
  for (std::uint32_t span = 2; span < 100; ++span) {
    now += 3000 * millisecond;
    CHECK(a.wait(span) == 0);
    CHECK(b.wait(span) == 0);
  }
  a.progress = b.progress = 8;
  CHECK(b.wait(100) == 1000);
  CHECK(a.wait(100) == 0);
  all.forget();  // a new start
  CHECK(a.wait(101) == 1000);
}

TEST_CASE("all waits for one span count together") {
  standstill all;
  std::uint64_t now = 5;
  waiter w(all, now);
  CHECK(w.wait(1, 400, 1) == 400);
  CHECK(w.wait(1, 400, 1) == 400);
  CHECK(w.wait(1, 400, 1) == 220);  // the nap after which there was room isn't counted
  CHECK(w.wait(1, 400, 1) == 0);
  CHECK(w.wait(2, 400, 1) == 400);  // another span
  now += longest;
  CHECK(w.wait(2, 900, 1) == 900);  // one that was left in peace meanwhile
}

TEST_CASE("a worker that is slow, but goes on, doesn't keep others from waiting") {
  standstill all;
  std::uint64_t now = 5;
  waiter w(all, now), other(all, now);
  CHECK(w.wait(1, ~std::uint64_t{0}, 1) == 1000);
  other.progress = w.progress;
  CHECK(other.wait(1) == 1000);
  w.progress = other.progress;
  CHECK(w.wait(2) == 0);
}

TEST_CASE("a short wait at the end of a long one isn't taken for a standstill") {
  standstill all;
  std::uint64_t now = 5;
  waiter w(all, now);
  CHECK(w.wait(1, 900, 1) == 900);
  CHECK(w.wait(1) == 110);
  CHECK_FALSE(all.at(w.progress));
}

TEST_CASE("with a block_timeout of 0 nobody waits") {
  standstill all;
  patience own;
  CHECK_FALSE(own.lasts(true, 5, 0, 1, 7, all));
  CHECK_FALSE(own.lasts(true, 5000000000, 0, 2, 8, all));
}

namespace {

std::uint64_t the_time = 1, naps = 0;
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
