// clock_source.hpp: whether the kernel itself keeps time with the time stamp counter.
#ifndef ARTHUR_PLATFORM_CLOCK_SOURCE_HPP
#define ARTHUR_PLATFORM_CLOCK_SOURCE_HPP

#include <cstring>

#include "../config.hpp"

#if defined(__linux__)
#include <fcntl.h>
#include <unistd.h>
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Then the counter is good for our time, too.
inline bool kernel_trusts_counter() noexcept {
#if defined(__linux__)
  const int file = ::open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char name[4] = "";
  const bool tsc = ::read(file, name, sizeof name) == 4 && std::memcmp(name, "tsc\n", 4) == 0;
  ::close(file);
  return tsc;
#else
  return false;
#endif
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
