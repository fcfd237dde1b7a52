// patience.hpp: options::overflow == block: how long a thread waits for room, and when waiting is of no use.
#ifndef ARTHUR_POLICY_PATIENCE_HPP
#define ARTHUR_POLICY_PATIENCE_HPP

#include <atomic>
#include <cstdint>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// The worker's progress when a thread waited in vain; shared by all threads. Until it goes on, nobody else waits: a
/// dead endpoint costs `longest` once, not once for each span.
class standstill {
 public:
  bool at(std::uint64_t progress) const noexcept { return at_.load(std::memory_order_relaxed) == progress; }
  void found(std::uint64_t progress) noexcept { at_.store(progress, std::memory_order_relaxed); }
  void forget() noexcept { found(~std::uint64_t{0}); }

 private:
  std::atomic<std::uint64_t> at_{~std::uint64_t{0}};
};

/// One thread's. Times in nanoseconds of any clock.
class patience {
 public:
  /// Asked before each nap of a wait; `begins`: it is the first one. All waits for one span count together, so that a
  /// large one, which needs room many times, waits no longer than a small one; a span that was left in peace for so long
  /// may wait again. `span`: the span that the thread opened last. `progress`: how many spans the worker has taken.
  bool lasts(bool begins, std::uint64_t now, std::uint64_t longest, std::uint32_t span, std::uint64_t progress,
             standstill& others) noexcept {
    if (begins) {
      if (others.at(progress)) return false;
      if (span != span_ || now - asked_ >= longest) {
        waited_ = 0;
        moved_ = now;
        span_ = span;
      }
    } else {
      waited_ += now - asked_;
    }
    asked_ = now;
    if (progress != progress_) {
      progress_ = progress;
      moved_ = now;
    }
    if (waited_ < longest) return true;
    if (now - moved_ >= longest) others.found(progress);
    return false;
  }

 private:
  std::uint64_t waited_ = 0;    // for `span_`
  std::uint64_t asked_ = 0;     // when, last
  std::uint64_t moved_ = 0;     // when `progress_` was new
  std::uint64_t progress_ = 0;
  std::uint32_t span_ = 0;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
