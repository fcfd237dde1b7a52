// clock.hpp: wall and steady time in nanoseconds; spans may read a calibrated time stamp counter instead.
#ifndef ARTHUR_PLATFORM_CLOCK_HPP
#define ARTHUR_PLATFORM_CLOCK_HPP

#include <atomic>
#include <cstdint>
#include <ctime>

#include "../config.hpp"
#include "windows.hpp"

#if defined(_WIN32)
#include <chrono>
#endif
#if defined(__x86_64__) && !defined(_WIN32)
#define ARTHUR_HAS_TSC 1
#include <cpuid.h>
#include <x86intrin.h>
#else
#define ARTHUR_HAS_TSC 0
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

#if defined(_WIN32)
inline std::uint64_t unix_nanoseconds() noexcept {
  // Not std::chrono: some of its implementations read the clock that only steps 64 times a second.
  FILETIME now;
#if _WIN32_WINNT >= 0x0602
  ::GetSystemTimePreciseAsFileTime(&now);
#else
  ::GetSystemTimeAsFileTime(&now);
#endif
  const std::uint64_t ticks = std::uint64_t{now.dwHighDateTime} << 32 | now.dwLowDateTime;  // of 100 ns, since 1601
  return (ticks - 116444736000000000U) * 100U;
}
inline std::uint64_t steady_nanoseconds() noexcept {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count());
}
#else
inline std::uint64_t read_clock(clockid_t id) noexcept {
  timespec now{};
  ::clock_gettime(id, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000000U + static_cast<std::uint64_t>(now.tv_nsec);
}
inline std::uint64_t unix_nanoseconds() noexcept { return read_clock(CLOCK_REALTIME); }
inline std::uint64_t steady_nanoseconds() noexcept { return read_clock(CLOCK_MONOTONIC); }
#endif

/// The clock of the spans. Reads the user's clock if there is one, the time stamp counter while a fresh calibration of
/// it is at hand, else the system clock. `calibrate` is called by one thread at a time; `now` by any.
class span_clock {
 public:
  std::uint64_t now() noexcept {
    const auto user = user_.load(std::memory_order_relaxed);
    if (ARTHUR_UNLIKELY(user != nullptr)) return user();
#if ARTHUR_HAS_TSC
    // A seqlock made of atomics. Acquire on the first load keeps the fields from being read before it; the fields are
    // acquire as well so that the second load of the sequence can't move before them. On x86 all of these are plain loads.
    const std::uint32_t before = sequence_.load(std::memory_order_acquire);
    const std::uint64_t base_ticks = base_ticks_.load(std::memory_order_acquire);
    const std::uint64_t base_unix = base_unix_.load(std::memory_order_acquire);
    const std::uint64_t scale = scale_.load(std::memory_order_acquire);
    if (ARTHUR_LIKELY(scale != 0 && (before & 1U) == 0 && sequence_.load(std::memory_order_relaxed) == before)) {
      const std::uint64_t ticks = __rdtsc() - base_ticks;
      // Older than the limit: nobody has compared the counter with the wall clock for seconds (the worker sleeps).
      if (ARTHUR_LIKELY(ticks < max_age_ticks)) return base_unix + scaled(ticks, scale);
    }
#endif
    return unix_nanoseconds();
  }

  void use(std::uint64_t (*clock)()) noexcept { user_.store(clock, std::memory_order_relaxed); }

#if ARTHUR_HAS_TSC
  /// Compares the counter with the wall clock; the first two calls, at least 1 ms apart, also measure its rate.
  /// `trusted`: the kernel itself keeps time with the counter.
  void calibrate(bool trusted) noexcept {
    if (!trusted || !invariant()) return;
    std::uint64_t ticks = 0, steady = 0, wall = 0;
    if (!sample(ticks, steady, wall)) return;
    if (first_steady_ == 0) {
      first_ticks_ = ticks;
      first_steady_ = steady;
      return;
    }
    const std::uint64_t elapsed = steady - first_steady_;
    if (elapsed < 1000000) return;
    // The longer the base line, the better the rate; restart it hourly so that the product below can't overflow.
    const auto rate = static_cast<double>(elapsed) / static_cast<double>(ticks - first_ticks_);
    if (!(rate > 0.05 && rate < 20.0)) return;
    if (elapsed > 3600000000000U) {
      first_ticks_ = ticks;
      first_steady_ = steady;
    }
    const std::uint32_t sequence = sequence_.load(std::memory_order_relaxed);
    // Odd: readers stay away. The stores behind it are release so that none becomes visible before the odd number.
    sequence_.store(sequence + 1, std::memory_order_relaxed);
    base_ticks_.store(ticks, std::memory_order_release);
    base_unix_.store(wall, std::memory_order_release);
    scale_.store(static_cast<std::uint64_t>(rate * 4294967296.0), std::memory_order_release);
    sequence_.store(sequence + 2, std::memory_order_release);
  }

 private:
  static constexpr std::uint64_t max_age_ticks = std::uint64_t{1} << 34;  // 4 to 8 s at 2 to 4 GHz

  static std::uint64_t scaled(std::uint64_t ticks, std::uint64_t scale) noexcept {
    return ((ticks >> 17) * scale >> 15) + ((ticks & 0x1ffffU) * scale >> 32);  // ticks < 2^34, scale < 2^37: no overflow
  }

  bool invariant() noexcept {
    if (invariant_ == 0) {  // asked once: in a virtual machine cpuid takes microseconds
      unsigned a = 0, b = 0, c = 0, d = 0;
      invariant_ = __get_cpuid(0x80000007U, &a, &b, &c, &d) != 0 && (d & (1U << 8)) != 0 ? 1 : 2;
    }
    return invariant_ == 1;
  }

  // Both clocks between two close readings of the counter, else the thread was interrupted in the middle.
  static bool sample(std::uint64_t& ticks, std::uint64_t& steady, std::uint64_t& wall) noexcept {
    for (int attempt = 0; attempt < 8; ++attempt) {
      const std::uint64_t before = __rdtsc();
      steady = steady_nanoseconds();
      wall = unix_nanoseconds();
      const std::uint64_t after = __rdtsc();
      if (after - before < 2000) {
        ticks = before + (after - before) / 2;
        return true;
      }
    }
    return false;
  }

  int invariant_ = 0;  // 1 yes, 2 no
  std::uint64_t first_ticks_ = 0;
  std::uint64_t first_steady_ = 0;
  std::atomic<std::uint32_t> sequence_{0};
  std::atomic<std::uint64_t> base_ticks_{0};
  std::atomic<std::uint64_t> base_unix_{0};
  std::atomic<std::uint64_t> scale_{0};  // nanoseconds per tick, 32.32; 0 = not calibrated
#else
  void calibrate(bool) noexcept {}

 private:
#endif
  std::atomic<std::uint64_t (*)()> user_{nullptr};
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
