// waker.hpp: lets any thread end the worker's sleep without a lock.
#ifndef ARTHUR_PLATFORM_WAKER_HPP
#define ARTHUR_PLATFORM_WAKER_HPP

#include <atomic>
#include <cstdint>

#include "../config.hpp"
#include "clock.hpp"
#include "windows.hpp"

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif !defined(_WIN32) && !defined(ARTHUR_NO_THREADS)
#include <chrono>
#include <condition_variable>
#include <mutex>
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// One thread waits, any thread signals. A signal is never lost: one that comes before the wait ends it at once.
class waker {
 public:
  static constexpr std::uint64_t never = ~std::uint64_t{0};

#if defined(__linux__)
  /// Takes no lock: a futex, so that a span may end anywhere without waiting for anybody.
  void signal() noexcept {
    // Release pairs with the acquire in take(): what was done before the signal is seen after it.
    if (state_.exchange(1, std::memory_order_release) == 0) futex(FUTEX_WAKE_PRIVATE, 1, nullptr);
  }

  /// Sleeps until a signal or the given steady time in nanoseconds.
  void wait_until(std::uint64_t deadline) noexcept {
    while (!take()) {
      kernel_time left{};
      if (deadline != never) {
        const std::uint64_t now = steady_nanoseconds();
        if (now >= deadline) return;
        left.seconds = static_cast<long>((deadline - now) / 1000000000U);
        left.nanoseconds = static_cast<long>((deadline - now) % 1000000000U);
      }
      futex(FUTEX_WAIT_PRIVATE, 0, deadline == never ? nullptr : &left);  // relative, on the steady clock
    }
  }

 private:
  // What this call takes, which isn't the C library's timespec where a 32-bit program has a time_t of 64 bits.
  struct kernel_time {
    long seconds;
    long nanoseconds;
  };
  bool take() noexcept { return state_.exchange(0, std::memory_order_acquire) != 0; }
  void futex(int operation, std::uint32_t value, const kernel_time* timeout) noexcept {
    static_assert(sizeof state_ == 4, "futexes are 32 bits");
    ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&state_), operation, value, timeout, nullptr, 0);
  }
  std::atomic<std::uint32_t> state_{0};
#elif defined(_WIN32)
  // An event of the system, not a condition variable: when a Windows process ends, its threads are killed before the
  // last handlers of a DLL run, and whoever is killed with a mutex keeps it for ever. Never closed: the bell is immortal.
  void signal() noexcept { ::SetEvent(event_); }
  void wait_until(std::uint64_t deadline) noexcept {
    const std::uint64_t now = steady_nanoseconds();
    if (deadline != never && deadline <= now) return;
    // Rounded up, so that the end of the wait isn't before the deadline; a day at most, the caller looks again.
    const std::uint64_t left = deadline == never ? longest : (deadline - now - 1) / 1000000U + 1;
    if (event_ != nullptr) {
      ::WaitForSingleObject(event_, static_cast<DWORD>(left < longest ? left : longest));
    } else {
      ::Sleep(static_cast<DWORD>(left < 100 ? left : 100));  // no event to be had: polling keeps every promise but one
    }
  }

 private:
  static constexpr std::uint64_t longest = 86400000;  // milliseconds
  const HANDLE event_ = ::CreateEventW(nullptr, FALSE, FALSE, nullptr);  // reset by the wait that it ends
#elif !defined(ARTHUR_NO_THREADS)
  void signal() noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    signalled_ = true;
    condition_.notify_one();
  }
  void wait_until(std::uint64_t deadline) noexcept {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto ready = [this] { return signalled_; };
    const std::uint64_t now = steady_nanoseconds();
    if (deadline == never) {
      condition_.wait(lock, ready);
    } else if (deadline > now) {
      condition_.wait_for(lock, std::chrono::nanoseconds(deadline - now), ready);
    }
    signalled_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool signalled_ = false;
#else
  void signal() noexcept {}
  void wait_until(std::uint64_t) noexcept {}
#endif
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
