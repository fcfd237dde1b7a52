// alarm.hpp: ends the program with a back trace when anybody takes or gives back memory while it is armed. For one file
// of a program: it defines malloc and its family, or hooks into a sanitizer's.
#ifndef ARTHUR_TESTS_SUPPORT_ALARM_HPP
#define ARTHUR_TESTS_SUPPORT_ALARM_HPP

#include <dlfcn.h>
#include <execinfo.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "sanitizers.hpp"

namespace support {

class alarm {
 public:
  /// From here on it goes off.
  static void arm() {
    // The first back trace and the first throw load what they need.
    void* frames[2];
    ::backtrace(frames, 2);
#if defined(__cpp_exceptions)
    try {
      throw 0;
    } catch (int) {
    }
#endif
    armed_ = true;
  }
  static void disarm() { armed_ = false; }
  static void check(const char* what) {
    if (armed_ && !excused) sound(what);
  }
  [[noreturn]] static void sound(const char* what) {
    armed_ = false;
    say("ALARM while nobody may take or give back memory: ");
    say(what);
    say("\n");
    void* frames[40];
    ::backtrace_symbols_fd(frames, ::backtrace(frames, 40), 2);
    std::abort();
  }

  /// What keeps it from working, or null.
  static const char* why_not();

  /// This thread's doings don't count now.
  static inline thread_local bool excused = false;

 private:
  static void say(const char* text) {
    if (::write(2, text, std::strlen(text)) < 0) std::abort();
  }
  static inline std::atomic<bool> armed_{false};
};

}  // namespace support

// Throwing takes memory for the exception, and that is the program's doing.
extern "C" void* __cxa_allocate_exception(std::size_t size) noexcept {
  static const auto real = reinterpret_cast<void* (*)(std::size_t)>(::dlsym(RTLD_NEXT, "__cxa_allocate_exception"));
  support::alarm::excused = true;
  void* const made = real(size);
  support::alarm::excused = false;
  return made;
}
extern "C" void __cxa_free_exception(void* exception) noexcept {
  static const auto real = reinterpret_cast<void (*)(void*)>(::dlsym(RTLD_NEXT, "__cxa_free_exception"));
  support::alarm::excused = true;
  real(exception);
  support::alarm::excused = false;
}

#if defined(__SANITIZE_THREAD__)
inline const char* support::alarm::why_not() { return "under the thread sanitizer the hooks of its malloc don't return"; }
#elif defined(__SANITIZE_ADDRESS__)
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t), void (*)(const volatile void*));
inline const char* support::alarm::why_not() {
  static const bool hooked = __sanitizer_install_malloc_and_free_hooks(
                                 [](const volatile void*, std::size_t) { check("memory taken"); },
                                 [](const volatile void*) { check("memory given back"); }) != 0;
  return hooked ? nullptr : "the sanitizer takes no hooks";
}
#elif defined(__GLIBC__)
inline const char* support::alarm::why_not() { return nullptr; }
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) noexcept {
  support::alarm::check("malloc");
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  support::alarm::check("calloc");
  return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) noexcept {
  support::alarm::check("realloc");
  return __libc_realloc(old, size);
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  support::alarm::check("memalign");
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  support::alarm::check("aligned_alloc");
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** to, std::size_t alignment, std::size_t size) noexcept {
  support::alarm::check("posix_memalign");
  *to = __libc_memalign(alignment, size);
  return *to == nullptr ? 12 : 0;
}
void free(void* old) noexcept {
  if (old != nullptr) support::alarm::check("free");
  __libc_free(old);
}
}
#else
inline const char* support::alarm::why_not() { return "this C library's malloc can't be replaced"; }
#endif

#endif
