// policy_patience.cpp: how long overflow::block waits, on a clock of the test's own.
#include <doctest/doctest.h>

#include <arthur/policy/patience.hpp>
#include <cstdint>

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
