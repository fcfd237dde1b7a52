// bell.hpp: how other threads reach the worker: first span, much to do, flush, stop.
#ifndef ARTHUR_RUNTIME_BELL_HPP
#define ARTHUR_RUNTIME_BELL_HPP

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "../config.hpp"
#include "../platform/clock.hpp"
#include "../platform/waker.hpp"
#include "../record/recorder.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Lives as long as the process: a thread may ring while the runtime stops and starts again.
class bell {
 public:
  /// Called by recording threads: the worker sleeps and there is a span, or much has gathered.
  void wake() noexcept {
    // Relaxed: the alarm's own release and acquire order what was done before.
    const bool first = the_recorder.wanted.exchange(0, std::memory_order_relaxed) != 0;
    (first ? woken_ : urgent_).store(true, std::memory_order_relaxed);
    alarm_.signal();
  }

  /// Asks for everything that is committed now; returns the ticket to wait for.
  std::uint64_t request_flush() noexcept {
    const std::uint64_t ticket = asked_.fetch_add(1, std::memory_order_acq_rel) + 1;
    alarm_.signal();
    return ticket;
  }
  bool reached(std::uint64_t ticket) const noexcept { return answered_.load(std::memory_order_acquire) >= ticket; }
  /// False: the deadline (steady nanoseconds) came first.
  bool wait_for(std::uint64_t ticket, std::uint64_t deadline) {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!reached(ticket)) {
      const std::uint64_t now = steady_nanoseconds();
      if (now >= deadline) return false;
      // A wait of centuries would overflow inside the library.
      const std::uint64_t left = deadline - now < 3600000000000U ? deadline - now : 3600000000000U;
      changed_.wait_for(lock, std::chrono::nanoseconds(left));
    }
    return true;
  }

  /// Asks the worker to come to its end by then, sending what it can.
  void request_stop(std::uint64_t deadline) noexcept {
    // Release: the worker that sees the deadline sees everything that was committed before.
    stop_deadline_.store(deadline == 0 ? 1 : deadline, std::memory_order_release);
    alarm_.signal();
  }

  // The worker's side.

  void sleep_until(std::uint64_t due) noexcept { alarm_.wait_until(due); }
  bool take_urgent() noexcept { return urgent_.exchange(false, std::memory_order_relaxed); }
  bool take_woken() noexcept { return woken_.exchange(false, std::memory_order_relaxed); }
  std::uint64_t asked() const noexcept { return asked_.load(std::memory_order_acquire); }
  void answer(std::uint64_t ticket) noexcept {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      // Release pairs with the acquire in reached(): the counters are up to date.
      answered_.store(ticket, std::memory_order_release);
    }
    changed_.notify_all();
  }
  /// 0 = go on.
  const std::atomic<std::uint64_t>& stop_deadline() const noexcept { return stop_deadline_; }
  bool stopping() const noexcept { return stop_deadline_.load(std::memory_order_acquire) != 0; }
  /// Before a new worker: nobody has asked for anything.
  void reset() noexcept {
    urgent_.store(false, std::memory_order_relaxed);
    woken_.store(false, std::memory_order_relaxed);
    stop_deadline_.store(0, std::memory_order_relaxed);
    answer(asked());
  }

 private:
  waker alarm_;
  std::atomic<bool> urgent_{false};
  std::atomic<bool> woken_{false};
  std::atomic<std::uint64_t> asked_{0};
  std::atomic<std::uint64_t> answered_{0};
  std::atomic<std::uint64_t> stop_deadline_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
