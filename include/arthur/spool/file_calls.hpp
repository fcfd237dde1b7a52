// file_calls.hpp: the system calls behind the spool, in a table, so that tests can let each of them fail.
#ifndef ARTHUR_SPOOL_FILE_CALLS_HPP
#define ARTHUR_SPOOL_FILE_CALLS_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "../config.hpp"
#include "../otlp/buffer.hpp"

#if !defined(_WIN32)

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// As the functions of POSIX; names are relative to an open directory.
struct file_calls {
  int (*open)(int folder, const char* name, int flags);
  ssize_t (*write)(int file, const void* data, std::size_t size);
  ssize_t (*read)(int file, void* to, std::size_t size);
  int (*close)(int file);
  int (*rename)(int folder, const char* from, const char* to);
  int (*unlink)(int folder, const char* name);
  int (*lock)(int file, int operation);
  int (*touch)(int file, std::uint64_t unix_nanoseconds);
};

inline constexpr file_calls system_calls = {
    // O_NONBLOCK: a pipe that somebody put there under a name of ours must not hold us.
    [](int folder, const char* name, int flags) {
      return ::openat(folder, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    },
    [](int file, const void* data, std::size_t size) { return ::write(file, data, size); },
    [](int file, void* to, std::size_t size) { return ::read(file, to, size); },
    [](int file) { return ::close(file); },
    [](int folder, const char* from, const char* to) { return ::renameat(folder, from, folder, to); },
    [](int folder, const char* name) { return ::unlinkat(folder, name, 0); },
    [](int file, int operation) { return ::flock(file, operation); },
    [](int file, std::uint64_t time) {
      timespec both[2] = {};
      both[0].tv_nsec = UTIME_OMIT;
      both[1].tv_sec = static_cast<time_t>(time / 1000000000);
      both[1].tv_nsec = static_cast<long>(time % 1000000000);
      return ::futimens(file, both);
    },
};

/// When the file was changed last, in Unix nanoseconds.
inline std::uint64_t changed_at(const struct stat& about) noexcept {
#if defined(__APPLE__)
  const timespec& t = about.st_mtimespec;
#else
  const timespec& t = about.st_mtim;
#endif
  return static_cast<std::uint64_t>(t.tv_sec) * 1000000000 + static_cast<std::uint64_t>(t.tv_nsec);
}

/// Writes all of it. False: errno says why not.
inline bool write_all(const file_calls& calls, int file, const char* data, std::size_t size) noexcept {
  while (size > 0) {
    const ssize_t n = calls.write(file, data, size);
    if (n > 0) {
      data += n;
      size -= static_cast<std::size_t>(n);
    } else if (n == 0 || errno != EINTR) {
      if (n == 0) errno = EIO;
      return false;
    }
  }
  return true;
}

/// Reads `size` bytes, or fewer where the file ends. False: errno says why not.
inline bool read_all(const file_calls& calls, int file, std::size_t size, buffer& out) noexcept {
  out.clear();
  char* const to = out.reserve_more(size);
  if (to == nullptr) {
    out.clear();
    errno = ENOMEM;
    return false;
  }
  while (out.size() < size) {
    const ssize_t n = calls.read(file, to + out.size(), size - out.size());
    if (n > 0) out.advance(static_cast<std::size_t>(n));
    else if (n == 0) break;
    else if (errno != EINTR) return false;
  }
  return true;
}

/// A new file of this size must not be begun: RLIMIT_FSIZE forbids it, and the signal that comes with trying (SIGXFSZ)
/// ends the program by default. Blocking it wouldn't do: not every system sends it to the writing thread.
inline bool beyond_size_limit(std::size_t size) noexcept {
  rlimit most{};
  return ::getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur != RLIM_INFINITY && size > most.rlim_cur;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#endif
