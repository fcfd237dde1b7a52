// thread_names.hpp: names a thread for debuggers, and finds a thread of the process by its name.
#ifndef ARTHUR_PLATFORM_THREAD_NAMES_HPP
#define ARTHUR_PLATFORM_THREAD_NAMES_HPP

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../config.hpp"

#if defined(__linux__)
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__APPLE__)
#include <pthread.h>
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What the worker's thread is called; at most 15 characters.
constexpr char worker_name[] = "arthur-worker";

/// Names the calling thread, where there is a way.
inline void name_thread(const char* name) noexcept {
#if defined(__linux__)
  ::prctl(PR_SET_NAME, name, 0, 0, 0);
#elif defined(__APPLE__)
  ::pthread_setname_np(name);
#else
  static_cast<void>(name);
#endif
}

/// Whether a thread other than the caller has the name. Names cross the borders that symbols don't: copies of a library
/// that the linker keeps apart find each other by them. False where there is no way to tell. Takes nothing from the heap.
inline bool another_thread_is_named(const char* name) noexcept {
  bool found = false;
#if defined(__linux__)
  const int folder = ::open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return false;
  const long self = ::syscall(SYS_gettid);
  alignas(8) char entries[2048];
  for (long size = 0; !found && (size = ::syscall(SYS_getdents64, folder, entries, sizeof entries)) > 0;) {
    for (long at = 0; at < size && !found;) {
      // linux_dirent64: inode 8 bytes, position 8, length of the entry 2, type 1, name.
      std::uint16_t length = 0;
      std::memcpy(&length, entries + at + 16, sizeof length);
      const long thread = std::strtol(entries + at + 19, nullptr, 10);
      at += length;
      if (thread == 0 || thread == self) continue;  // 0: "." and ".."
      char path[32];
      std::snprintf(path, sizeof path, "%ld/comm", thread);
      const int file = ::openat(folder, path, O_RDONLY | O_CLOEXEC);
      if (file < 0) continue;  // it ended meanwhile
      char text[17] = {};
      const auto read = ::read(file, text, sizeof text - 1);
      ::close(file);
      const std::size_t wanted = std::strlen(name);
      found = read == static_cast<ssize_t>(wanted) + 1 && std::memcmp(text, name, wanted) == 0;  // + 1: the line's end
    }
  }
  ::close(folder);
#else
  static_cast<void>(name);
#endif
  return found;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
