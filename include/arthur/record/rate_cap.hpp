// rate_cap.hpp: options::max_spans_per_second: how far the spans recorded so far are ahead of the clock.
#ifndef ARTHUR_RECORD_RATE_CAP_HPP
#define ARTHUR_RECORD_RATE_CAP_HPP

#include <atomic>
#include <cstdint>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A token bucket in one word: the time up to which the spans recorded so far use up the rate. Before `now`: there is
/// room for as many as fit between; behind it: debt. Thread-safe; times in nanoseconds of any clock.
class rate_cap {
 public:
  static constexpr std::uint64_t second = 1000000000;
  static constexpr std::uint64_t most_saved = second;      // after a rest, a second's worth at once
  static constexpr std::uint64_t most_owed = 10 * second;  // a trace under way may run ahead so far
  static constexpr std::uint32_t share = 16;

  /// 0: no cap. The bucket begins full.
  void use(std::uint32_t spans_per_second) noexcept {
    interval_.store(spans_per_second == 0 ? 0 : second / spans_per_second, std::memory_order_relaxed);
    used_until_.store(0, std::memory_order_relaxed);
  }

  /// How many spans a thread may open inside traces before it charges them, so that threads seldom meet here. Where a
  /// span takes long of the rate, each is charged at once.
  std::uint32_t uncharged() const noexcept { return interval_.load(std::memory_order_relaxed) > second / 1000 ? 0 : share - 1; }

  /// Charges `recorded` spans, and one more if there is room for it with a debt of at most `may_owe`. False: there isn't.
  bool take(std::uint64_t recorded, std::uint64_t now, std::uint64_t may_owe) noexcept {
    const std::uint64_t interval = interval_.load(std::memory_order_relaxed);
    // Relaxed: the word says nothing about other memory.
    std::uint64_t was = used_until_.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint64_t oldest = now > most_saved ? now - most_saved : 0;
      std::uint64_t until = (was > oldest ? was : oldest) + recorded * interval;
      const bool room = until + interval <= now + may_owe;
      if (room) until += interval;
      // More debt than that is a clock that was set back: it is forgotten, or nothing would be recorded for so long.
      if (until > now + most_owed) until = now + most_owed;
      if (used_until_.compare_exchange_weak(was, until, std::memory_order_relaxed)) return room;
    }
  }

 private:
  std::atomic<std::uint64_t> interval_{0};
  alignas(64) std::atomic<std::uint64_t> used_until_{0};
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
