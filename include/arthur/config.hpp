// config.hpp: every compile-time switch, the version, and the namespace that carries both.
#ifndef ARTHUR_CONFIG_HPP
#define ARTHUR_CONFIG_HPP

#define ARTHUR_VERSION_MAJOR 0
#define ARTHUR_VERSION_MINOR 1
#define ARTHUR_VERSION_PATCH 0
#define ARTHUR_VERSION "0.1.0"

// Switches. "global" must be the same for every file of a program, "file" may differ from file to file.
//
//   ARTHUR_IMPLEMENTATION   file    in exactly one .cpp: compile the runtime there
//   ARTHUR_DISABLE          global  macros leave no code; their arguments are type-checked, never run
//   ARTHUR_WITH_JSON        file    nlohmann::json as a value (the program's own copy)
//   ARTHUR_WITH_FMT         file    arthur::format (the program's own fmt)
//   ARTHUR_WITH_HTTPLIB     file    with ARTHUR_IMPLEMENTATION: https (the program's own cpp-httplib and OpenSSL)
//   ARTHUR_NO_THREADS       global  no worker thread, no thread-local state: the program calls arthur::poll()
//   ARTHUR_NO_HEAP          global  the span pool is a static array of ARTHUR_POOL_BYTES; no memory is taken after start()

#ifndef ARTHUR_POOL_BYTES
#define ARTHUR_POOL_BYTES (1024 * 1024)  // global; used with ARTHUR_NO_HEAP only
#endif

// The inline namespace carries version and configuration: two static libraries that both bring the runtime share one
// copy of it, and two that were built differently don't meet.
#if defined(ARTHUR_DISABLE)
#define ARTHUR_ABI v0_1_disabled
#elif defined(ARTHUR_NO_THREADS) && defined(ARTHUR_NO_HEAP)
#define ARTHUR_ABI v0_1_nothreads_noheap
#elif defined(ARTHUR_NO_THREADS)
#define ARTHUR_ABI v0_1_nothreads
#elif defined(ARTHUR_NO_HEAP)
#define ARTHUR_ABI v0_1_noheap
#else
#define ARTHUR_ABI v0_1
#endif

#define ARTHUR_NAMESPACE_BEGIN \
  namespace arthur {           \
  inline namespace ARTHUR_ABI {
#define ARTHUR_NAMESPACE_END \
  }                          \
  }

#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define ARTHUR_HAS_EXCEPTIONS 1
#else
#define ARTHUR_HAS_EXCEPTIONS 0
#endif

// What a process has once, functions and state alike: visible outside its shared object even under -fvisibility=hidden,
// so that the dynamic linker makes one of several copies wherever it can (docs/plugins.md). Within an executable this
// costs nothing: what is defined there is reached directly.
#if defined(__ELF__) || defined(__APPLE__)
#define ARTHUR_SHARED __attribute__((visibility("default")))
#else
#define ARTHUR_SHARED
#endif

// What call sites reach only through the linker: inline, so that several files may bring it, and emitted all the same.
#if defined(__GNUC__) || defined(__clang__)
#define ARTHUR_LINKED ARTHUR_SHARED __attribute__((used)) inline
#else
#define ARTHUR_LINKED inline
#endif

#if defined(__GNUC__) || defined(__clang__)
#define ARTHUR_COLD __attribute__((cold, noinline))
#define ARTHUR_NOINLINE __attribute__((noinline))
#define ARTHUR_INLINE __attribute__((always_inline)) inline
#define ARTHUR_LIKELY(x) __builtin_expect(!!(x), 1)
#define ARTHUR_UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define ARTHUR_COLD
#define ARTHUR_NOINLINE
#define ARTHUR_INLINE inline
#define ARTHUR_LIKELY(x) (x)
#define ARTHUR_UNLIKELY(x) (x)
#endif

#endif
