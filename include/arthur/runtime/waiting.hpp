// waiting.hpp: what a thread does with options::overflow == block when the pool has no room for its span.
#ifndef ARTHUR_RUNTIME_WAITING_HPP
#define ARTHUR_RUNTIME_WAITING_HPP

#include <atomic>
#include <chrono>
#include <cstdint>
#ifndef ARTHUR_NO_THREADS
#include <thread>
#endif

#include "../config.hpp"
#include "../platform/clock.hpp"
#include "../platform/thread_local.hpp"
#include "../policy/patience.hpp"
#include "../record/threads.hpp"
#include "lifecycle.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline ARTHUR_THREAD_LOCAL patience own_patience;
/// options::overflow == block: wakes the worker and gives it a moment. Never inside the worker's own work, for which it
/// would wait for itself.
inline bool wait_for_worker(std::uint32_t attempt) noexcept {
  const slot* const s = this_slot;
  if (s == nullptr || in_worker || was_forked()) return false;
  runtime* const r = the_runtime.load(std::memory_order_acquire);
  if (r == nullptr || !r->running()) return false;
  // By the clock, not by attempts: a sleep of 100 microseconds takes 15 milliseconds on some systems.
  if (!own_patience.lasts(attempt == 0, steady_nanoseconds(), r->block_nanoseconds(), s->last_generation,
                          r->counters.taken.load(std::memory_order_relaxed), r->stuck)) {
    return false;
  }
#ifdef ARTHUR_NO_THREADS
  r->poll();
#else
  if (attempt % 8 == 0) r->rings().wake();
  std::this_thread::sleep_for(std::chrono::microseconds(100));
#endif
  return true;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
