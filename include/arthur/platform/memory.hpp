// memory.hpp: address space that costs nothing until it is touched, and a page that a forked child finds wiped.
#ifndef ARTHUR_PLATFORM_MEMORY_HPP
#define ARTHUR_PLATFORM_MEMORY_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "../config.hpp"
#include "windows.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#define ARTHUR_HAS_MMAP 1
#else
#define ARTHUR_HAS_MMAP 0
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// `size` zeroed bytes, aligned to 64, or null. Pages take memory when they are first written; Windows counts them
/// against its limit of promised memory at once.
inline void* reserve_memory(std::size_t size) noexcept {
#if defined(ARTHUR_NO_HEAP)
  static_assert(ARTHUR_POOL_BYTES >= 96 * 1024, "ARTHUR_POOL_BYTES must be at least 98304");
  alignas(64) static char memory[ARTHUR_POOL_BYTES];
  static bool taken = false;
  if (taken || size > sizeof memory) return nullptr;
  taken = true;
  return memory;
#elif ARTHUR_HAS_MMAP
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
#elif defined(_WIN32)
  return ::VirtualAlloc(nullptr, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
#else
  const auto raw = reinterpret_cast<std::uintptr_t>(std::calloc(1, size + 64));
  return raw == 0 ? nullptr : reinterpret_cast<void*>((raw + 63) & ~std::uintptr_t{63});
#endif
}

/// A word that reads 1 in the process that made it and 0 in a child that fork() made of it.
/// Where no page can be wiped, a handler of fork() does it. Null where there is no fork.
inline std::atomic<std::uint32_t>* make_fork_word() noexcept {
#if ARTHUR_HAS_MMAP && defined(MADV_WIPEONFORK) && !defined(ARTHUR_NO_HEAP)
  // A page rather than a handler: clone() calls none.
  const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* page = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return nullptr;
  if (::madvise(page, size, MADV_WIPEONFORK) != 0) {
    ::munmap(page, size);
    return nullptr;
  }
  return ::new (page) std::atomic<std::uint32_t>(1);
#elif ARTHUR_HAS_MMAP
  static std::atomic<std::uint32_t> word{1};
  return ::pthread_atfork(nullptr, nullptr, [] { word.store(0, std::memory_order_relaxed); }) == 0 ? &word : nullptr;
#else
  return nullptr;
#endif
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
