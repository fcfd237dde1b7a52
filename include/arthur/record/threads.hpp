// threads.hpp: which slot the calling thread has; its birth, its end, and what a fork leaves of it.
#ifndef ARTHUR_RECORD_THREADS_HPP
#define ARTHUR_RECORD_THREADS_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "../config.hpp"
#include "../platform/thread_end.hpp"
#include "../platform/thread_local.hpp"
#include "context_node.hpp"
#include "recorder.hpp"
#include "slot.hpp"

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

ARTHUR_SHARED inline ARTHUR_THREAD_LOCAL slot* this_slot = nullptr;
/// The worker never traces itself.
ARTHUR_SHARED inline ARTHUR_THREAD_LOCAL bool thread_is_quiet = false;

/// Lets go of the span that an activation stands for. (One of before a fork belongs to the parent process.)
inline void release_target(const frame& activation) noexcept {
  pool& blocks = the_recorder.source.blocks;
  if (blocks.owns(activation.target)) blocks.release(blocks.block_of(activation.target), 1);
}

/// Drops what a frame holds.
inline void drop_frame(slot& s, frame& f, drop why) noexcept {
  if (f.is(frame::recording)) {
    f.bytes.discard();
    s.count_drop(why);
  } else if (f.is(frame::activated)) {
    release_target(f);
  } else if (f.is(frame::joined)) {
    if (slot::foreign_state* const state = s.state_of(f.generation)) state->generation = 0;
  }
}

/// Gives a slot back when its thread ends: open spans and contexts are dropped, committed spans stay for the worker.
inline void retire_slot(slot& s) noexcept {
  while (s.context_depth != 0) pop_context(s, s.contexts[s.context_depth - 1].generation);
  for (std::uint32_t n = s.kept(); n != 0; --n) {
    drop_frame(s, s.open[n - 1], drop::thread_exit);
    s.open[n - 1].become(frame::closed);
  }
  s.depth = 0;
  s.lost_contexts = 0;
  s.baggage.clear();
  close_arena(the_recorder.source.blocks, s.memory);
  // A slot from which the worker has nothing to take needs no worker to become free: there may be none.
  // Release: the worker, or the thread that takes the slot over, sees all of the above.
  s.status.store(s.committed.get() == s.committed_before ? slot::unused : slot::exited, std::memory_order_release);
}

inline void end_thread(void* own) noexcept {
  this_slot = nullptr;
  retire_slot(*static_cast<slot*>(own));
}

inline slot* allocate_slot() noexcept {
#ifdef ARTHUR_NO_HEAP
#ifdef ARTHUR_NO_THREADS
  constexpr std::size_t count = 1;
#else
  constexpr std::size_t count = 16;
#endif
  alignas(slot) static unsigned char memory[count][sizeof(slot)];
  static std::atomic<std::size_t> next{0};
  const std::size_t n = next.load(std::memory_order_relaxed) < count ? next.fetch_add(1, std::memory_order_relaxed) : count;
  return n < count ? ::new (static_cast<void*>(memory[n])) slot : nullptr;
#else
  // Aligned by hand: aligned operator new throws, and std::aligned_alloc isn't everywhere. Slots are never freed.
  const auto raw = reinterpret_cast<std::uintptr_t>(std::malloc(sizeof(slot) + alignof(slot)));
  if (raw == 0) return nullptr;
  const std::uintptr_t aligned = (raw + alignof(slot) - 1) & ~static_cast<std::uintptr_t>(alignof(slot) - 1);
  return ::new (reinterpret_cast<void*>(aligned)) slot;
#endif
}

/// The calling thread's slot, taken over or made. Null: no memory, or the thread may not record. `early`: even if there
/// is no pool yet.
ARTHUR_COLD inline slot* acquire_slot(bool early = false) noexcept {
  if (thread_is_quiet || thread_has_ended() || !(the_recorder.ready.load(std::memory_order_acquire) || early)) return nullptr;
  slot* found = nullptr;
  for (slot* s = the_recorder.slots.load(std::memory_order_acquire); s != nullptr; s = s->registered_before) {
    std::uint8_t expected = slot::unused;
    // Acquire pairs with the worker's release when it marked the slot unused.
    if (s->status.compare_exchange_strong(expected, slot::active, std::memory_order_acquire)) {
      found = s;
      break;
    }
  }
  if (found == nullptr) {
    found = allocate_slot();
    if (found == nullptr) return nullptr;
    found->status.store(slot::active, std::memory_order_relaxed);
    found->registered_before = the_recorder.slots.load(std::memory_order_relaxed);
    // Release: the worker that finds the slot sees it complete.
    while (!the_recorder.slots.compare_exchange_weak(found->registered_before, found, std::memory_order_release,
                                                     std::memory_order_relaxed)) {
    }
  }
  found->random.seed();
  found->committed_before = found->committed.get();
  found->early = !the_recorder.ready.load(std::memory_order_acquire);
  if (found->early) found->foreign_ends.store(1, std::memory_order_relaxed);
  this_slot = found;
  call_at_thread_end<end_thread>(found);
  return found;
}

/// Whether the caller is the thread that a forked process began with.
inline bool is_first_thread() noexcept {
#if defined(__linux__)
  return ::syscall(SYS_gettid) == ::getpid();
#else
  return false;
#endif
}

/// A thread does what follows a fork.
ARTHUR_SHARED inline std::atomic<std::uint32_t> after_fork_busy{0};

/// In a child of fork(): the parent sends what it had recorded, so the child begins with an empty pool and new ids. Spans
/// that were open stay as parents of the child's spans, but are not sent a second time.
ARTHUR_COLD inline void after_fork() noexcept {
  recorder& r = the_recorder;
  auto* const word = r.fork_word.load(std::memory_order_relaxed);
  std::uint32_t expected = 0;
  // The child may have threads by now; one of them does the work, the others must not record meanwhile.
  if (!after_fork_busy.compare_exchange_strong(expected, 1, std::memory_order_acquire)) {
    while (word->load(std::memory_order_acquire) == 0) {
    }
    return;
  }
  if (word->load(std::memory_order_relaxed) == 0) {
    // The old pool stays mapped: contexts live in it, and untouched pages of it cost nothing.
    const std::size_t size = r.source.blocks.capacity();
    void* const memory = size == 0 ? nullptr : reserve_memory(size);  // 0: not started yet
    if (memory == nullptr) r.source.blocks.wipe();
    r.source.blocks.attach(memory != nullptr ? memory : r.source.blocks.base(), size);
    for (slot* s = r.slots.load(std::memory_order_acquire); s != nullptr; s = s->registered_before) {
      // The account begins anew, with the spans that were open.
      s->opened.reset();
      s->committed.reset();
      s->unsampled.reset();
      s->rate_limited.reset();
      s->dropped_attributes.reset();
      for (own_counter& c : s->dropped) c.reset();
      s->taken = s->committed_before = 0;
      for (std::uint32_t n = s->kept(); n != 0; --n) {
        frame& f = s->open[n - 1];
        if (f.is(frame::recording)) {
          s->opened.add();
          s->count_drop(drop::fork);
        }
        // Also activations: the span they stand for is the parent's.
        if (!f.is(frame::closed) && !f.is(frame::joined)) f.become(frame::silent);
      }
      s->memory = arena{};
      s->woken_at = 0;
      if (memory == nullptr) s->forget_contexts();  // they lay in the pool that begins anew
      s->queue.reset();
      s->pinned = nullptr;
      s->random.seed();
      // Threads other than the one that forked don't exist here. Another thread than that one can't tell which slot is
      // the living one's, so it leaves the others alone.
      const std::uint8_t status = s->status.load(std::memory_order_relaxed);
      if (s != this_slot && (status == slot::exited || (status == slot::active && is_first_thread()))) {
        s->depth = 0;
        s->lost_contexts = 0;
        s->forget_contexts();
        s->baggage.forget();
        for (slot::foreign_state& state : s->states) state.generation = 0;
        s->status.store(slot::unused, std::memory_order_relaxed);
      }
    }
    if (const auto child = r.forked.load(std::memory_order_relaxed)) child();
    word->store(1, std::memory_order_release);
  }
  after_fork_busy.store(0, std::memory_order_release);
}

inline bool was_forked() noexcept {
  // Acquire pairs with the release of whoever made the word: the 1 in it is seen. (A plain load on x86.)
  const auto* const word = the_recorder.fork_word.load(std::memory_order_acquire);
  return word != nullptr && word->load(std::memory_order_relaxed) == 0;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
