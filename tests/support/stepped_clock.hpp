// stepped_clock.hpp: time that a test moves on by itself, for everything that one thread does.
//
// Defines clock_gettime() for the whole program, so one source file includes it. Only threads that hold a
// clock_is_stepped see the moved time: servers and proxies of the same process keep the system's.
#ifndef ARTHUR_TESTS_SUPPORT_STEPPED_CLOCK_HPP
#define ARTHUR_TESTS_SUPPORT_STEPPED_CLOCK_HPP

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace support {

inline std::atomic<std::int64_t> clock_offset{0};  // nanoseconds
inline thread_local int sees_stepped_clock = 0;

/// While it lives, its thread sees the moved time.
class clock_is_stepped {
public:
  clock_is_stepped() { ++sees_stepped_clock; }
  ~clock_is_stepped() { --sees_stepped_clock; }
  clock_is_stepped(const clock_is_stepped&) = delete;
  clock_is_stepped& operator=(const clock_is_stepped&) = delete;
};

/// From any thread.
inline void step_clock(std::chrono::nanoseconds by) { clock_offset.fetch_add(by.count()); }

}  // namespace support

extern "C" int clock_gettime(clockid_t id, struct timespec* out) noexcept {
  const long failed = ::syscall(SYS_clock_gettime, id, out);
  if (failed != 0) return static_cast<int>(failed);
  if (support::sees_stepped_clock != 0) {
    constexpr std::int64_t second = 1000000000;
    const std::int64_t nanoseconds = out->tv_nsec + support::clock_offset.load(std::memory_order_relaxed);
    out->tv_sec += static_cast<time_t>(nanoseconds / second);
    out->tv_nsec = static_cast<long>(nanoseconds % second);
  }
  return 0;
}

#endif
