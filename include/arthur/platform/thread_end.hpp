// thread_end.hpp: has one function called when the calling thread ends, and tells afterwards that it did.
#ifndef ARTHUR_PLATFORM_THREAD_END_HPP
#define ARTHUR_PLATFORM_THREAD_END_HPP

#include "../config.hpp"
#include "windows.hpp"

#if defined(__MINGW32__) && defined(__GNUC__) && !defined(__clang__) && !defined(ARTHUR_NO_THREADS)
#include <pthread.h>
#define ARTHUR_EMULATED_THREAD_LOCAL 1
#else
#define ARTHUR_EMULATED_THREAD_LOCAL 0
#endif
#if defined(ARTHUR_NO_HEAP) && (defined(__unix__) || defined(__APPLE__))
#include <pthread.h>
#define ARTHUR_THREAD_END_BY_KEY 1
#else
#define ARTHUR_THREAD_END_BY_KEY 0
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

#if defined(ARTHUR_NO_THREADS)

template <void (*Function)(void*)>
void call_at_thread_end(void*) noexcept {}
inline bool thread_has_ended() noexcept { return false; }

#elif ARTHUR_EMULATED_THREAD_LOCAL

// On MinGW, GCC frees a thread's thread_local variables before their destructors run: a destructor would look at freed
// memory, and find every other variable back at its first value. A pthread key is handed its value wherever it stands in
// that order. Code that runs later on the thread seems to be on a fresh one, so there is a mark that Windows itself keeps.
inline DWORD end_mark() noexcept {
  static const DWORD index = ::TlsAlloc();
  return index;
}
/// Asked by a thread about to register: it did so before, and has lost its variables since.
inline bool thread_has_ended() noexcept { return ::TlsGetValue(end_mark()) != nullptr; }

/// Has `function(value)` called when this thread ends (not by the end of the process). Once per thread.
template <void (*Function)(void*)>
void call_at_thread_end(void* value) noexcept {
  struct end_key {
    pthread_key_t number;
    bool made;
  };
  static const end_key key = [] {
    end_key made{};
    made.made = end_mark() != TLS_OUT_OF_INDEXES && ::pthread_key_create(&made.number, Function) == 0;
    return made;
  }();
  if (key.made && ::pthread_setspecific(key.number, value) == 0) ::TlsSetValue(end_mark(), value);
}

#elif ARTHUR_THREAD_END_BY_KEY

// A thread_local destructor makes the C library take memory; a key doesn't.
ARTHUR_SHARED inline thread_local bool thread_ended = false;
inline bool thread_has_ended() noexcept { return thread_ended; }

/// Has `function(value)` called when this thread ends. A later call replaces the value.
template <void (*Function)(void*)>
void call_at_thread_end(void* value) noexcept {
  static pthread_key_t key;
  static const bool made = ::pthread_key_create(&key, [](void* v) {
                             thread_ended = true;
                             Function(v);
                           }) == 0;
  if (made) static_cast<void>(::pthread_setspecific(key, value));
}

#else

ARTHUR_SHARED inline thread_local bool thread_ended = false;
struct thread_sentinel {
  void (*function)(void*) = nullptr;
  void* value = nullptr;
  ~thread_sentinel() {
    thread_ended = true;
    if (function != nullptr) function(value);
  }
};
ARTHUR_SHARED inline thread_local thread_sentinel sentinel;
inline bool thread_has_ended() noexcept { return thread_ended; }

/// Has `function(value)` called when this thread ends. Once per thread.
template <void (*Function)(void*)>
void call_at_thread_end(void* value) noexcept {
  sentinel.function = Function;  // the first use registers the destructor
  sentinel.value = value;
}

#endif

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
