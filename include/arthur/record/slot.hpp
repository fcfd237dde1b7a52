// slot.hpp: one thread's side of recording: its open spans, its ids, its queue of committed spans, its account.
#ifndef ARTHUR_RECORD_SLOT_HPP
#define ARTHUR_RECORD_SLOT_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "../platform/entropy.hpp"
#include "baggage_stack.hpp"
#include "layout.hpp"
#include "pool.hpp"
#include "writer.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct pooled_frame;

/// Why a span was dropped; order of statistics::dropped_*.
enum class drop : std::uint8_t { pool_full, too_deep, scope_misuse, thread_exit, fork, count };

/// A counter that only its thread changes and everybody may read.
class own_counter {
 public:
  void add(std::uint64_t n = 1) noexcept {
    // Not an atomic addition: there is one writer, and a plain load and store cost nothing.
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }
  void reset() noexcept { value_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// An open span.
struct frame {
  enum state : std::uint8_t {
    closed,
    recording,
    silent,     // not sampled or dropped: passes its ids on, keeps no bytes
    activated,  // stands for a detached span
    joined,     // stands for a span of another process, library or thread
  };
  // Beside the W3C flags (sampled, random), which children inherit as they are.
  enum trace_flag : std::uint16_t {
    sampled = 1,
    random = 2,
    has_state = 4,      // inherited: the trace came with a tracestate
    names_remote = 8,   // of `joined`: the span is another process's
    came_sampled = 16,  // of `joined`: as its process decided; `sampled` is our decision
    rate_limited = 32,     // inherited: not sampled, for this reason
    no_room = 64,          // inherited: the same, because the pool was nearly full when the trace began
    suppressed = 128,      // inherited: nothing is recorded, and the ids are those of the span outside
    tail_candidate = 256,  // inherited: not sampled, but recorded, because the worker may keep it
    ours = 512,            // of `joined`: a span of this process, so the trace doesn't begin here
    no_parent = 1024,      // of `joined`: no span at all; what is opened inside begins a trace
    inherited = sampled | random | has_state | came_sampled | rate_limited | no_room | suppressed | tail_candidate,
  };

  std::atomic<std::uint8_t> status{closed};  // atomic because an activation on another thread may look at it
  std::uint8_t span_kind = 0;  // arthur::kind
  span_status result = span_status::unset;
  std::uint16_t trace_flags = 0;
  std::uint32_t generation = 0;
  std::atomic<std::uint32_t> ended_elsewhere{0};  // the generation that another thread ended
  int exceptions = 0;  // std::uncaught_exceptions() when it was opened
  std::uint32_t flags = 0;
  std::uint32_t group = 0;
  std::uint32_t site = 0;
  std::uint32_t attributes = 0;
  std::uint32_t dropped_attributes = 0;
  std::uint16_t lists[20] = {};   // next index of each list key
  std::uint64_t single_keys = 0;  // exact set of the single keys that were written
  std::uint64_t all_keys = 0;     // Bloom filter of every key that was written
  std::uint64_t free_keys = 0;    // Bloom filter of the user's own keys
  std::uint64_t start = 0;
  span_ids ids{};
  writer bytes;
  record* place = nullptr;
  frame* target = nullptr;  // of an activation

  bool is(state s) const noexcept { return status.load(std::memory_order_relaxed) == s; }
  bool is_sampled() const noexcept { return (trace_flags & sampled) != 0; }
  bool is_recorded() const noexcept { return (trace_flags & (sampled | tail_candidate)) != 0; }
  /// With all that will be opened inside. `why`: 0, rate_limited or no_room.
  void leave_out(std::uint16_t why) noexcept { trace_flags = static_cast<std::uint16_t>((trace_flags & ~(sampled | tail_candidate)) | why); }
  void become(state s) noexcept { status.store(s, std::memory_order_relaxed); }
};

static_assert(std::uint32_t{frame::names_remote} == record::remote_parent && std::uint32_t{frame::tail_candidate} == record::tail_candidate,
              "a record takes the two from the flags of its parent");

/// Committed spans of one thread, oldest first: a list that runs through the records themselves. One producer, one
/// consumer, no capacity of its own: the pool is the only limit. (A ring of entries would be a second limit, or as large.)
class commit_queue {
 public:
  commit_queue() noexcept : tail_(&first_), read_at_(&first_) {}

  /// Producer. The record is complete.
  void push(const pool& blocks, record* r) noexcept {
    // Release: whoever sees the link sees the bytes of the span.
    tail_->store(blocks.to_offset(r), std::memory_order_release);
    tail_ = &r->next;
  }

  /// Consumer: the next record or null. Its memory must stay until the next one was popped: the queue runs through it.
  record* pop(const pool& blocks) noexcept {
    // Acquire pairs with the release in push().
    const pool_offset next = read_at_->load(std::memory_order_acquire);
    if (next == 0) return nullptr;
    auto* const r = std::launder(reinterpret_cast<record*>(blocks.at(next)));
    read_at_ = &r->next;
    return r;
  }
  bool empty() const noexcept { return read_at_->load(std::memory_order_acquire) == 0; }
  void reset() noexcept {
    first_.store(0, std::memory_order_relaxed);
    tail_ = &first_;
    read_at_ = &first_;
  }

 private:
  std::atomic<pool_offset> first_{0};
  std::atomic<pool_offset>* tail_;
  alignas(64) std::atomic<pool_offset>* read_at_;  // the consumer's, on a line of its own
};

class slot {
 public:
  static constexpr std::uint32_t max_depth = 128;
#ifdef ARTHUR_NO_HEAP
  static constexpr std::uint32_t max_states = 2;
#else
  static constexpr std::uint32_t max_states = 8;
#endif
  enum state : std::uint8_t { unused, active, exited };
  static constexpr std::uint32_t lost_context = ~std::uint32_t{0};  // in place of a generation: one for which there was no room

  // Shared.
  std::atomic<std::uint8_t> status{unused};
  slot* registered_before = nullptr;  // set before the slot is published, never changed
  // Scopes that ended on other threads: their owner looks when the count isn't 0.
  std::atomic<std::uint32_t> foreign_ends{0};
  std::atomic<std::uint32_t> foreign_deep_ends{0};            // of entries beyond max_depth
  std::atomic<std::uint32_t> foreign_context_ends[8] = {};    // generations; 0 = empty
  std::atomic<std::uint32_t> foreign_lost_ends{0};            // of contexts for which there was no room

  // The thread's own.
  alignas(64) std::uint32_t depth = 0;  // entries of `open`; beyond max_depth they are only counted
  std::uint32_t last_generation = 0;
  arena memory;
  random_stream random;
  pooled_frame* context = nullptr;   // the innermost; null: none
  std::uint32_t context_depth = 0;   // entries of `contexts`
  std::uint32_t lost_contexts = 0;  // open context scopes for which there was no room
  std::uint32_t woken_at = 0;  // memory.taken when this thread last woke the worker
  std::uint32_t uncharged = 0;       // spans recorded but not charged to the rate cap yet
  bool above_rate = false;           // the last charge found no room
  bool early = false;                // taken before there was a pool; `foreign_ends` stays raised as long
  bool reporting_exception = false;  // `exception` describes the one in flight
  char exception[256] = {};
  std::uint64_t committed_before = 0;  // when this thread took the slot
  own_counter opened, committed, unsampled, rate_limited, dropped_attributes;
  own_counter dropped[static_cast<std::size_t>(drop::count)];
  commit_queue queue;
  // The worker's own.
  record* pinned = nullptr;  // last record taken, kept because the queue continues in it
  std::uint64_t taken = 0;   // spans taken out of the queue
  frame open[max_depth];
  // What spans inherit, innermost last: each entry owns a reference. Null: attached without attributes.
  struct context_entry {
    pooled_frame* node;
    std::uint32_t generation;
  } contexts[max_depth];
  baggage_stack baggage;
  // The tracestate of each frame that is `joined`. Here rather than in the pool: without a runtime there is none.
  struct foreign_state {
    std::uint32_t generation = 0;  // the frame's; 0 = free
    std::uint32_t size = 0;
    char text[512];
  } states[max_states];

  /// Entries of `open` in use.
  std::uint32_t kept() const noexcept { return depth < max_depth ? depth : max_depth; }
  /// The parent of what is opened now, or null.
  frame* top() noexcept {
    if (depth == 0) return nullptr;
    frame* const f = &open[kept() - 1];
    return ARTHUR_UNLIKELY((f->trace_flags & frame::no_parent) != 0) ? nullptr : f;
  }
  void forget_contexts() noexcept {
    context = nullptr;
    context_depth = 0;
  }
  /// Null: none.
  foreign_state* state_of(std::uint32_t generation) noexcept {
    for (foreign_state& one : states) {
      if (one.generation == generation) return &one;
    }
    return nullptr;
  }
  void count_drop(drop why) noexcept { dropped[static_cast<std::size_t>(why)].add(); }
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
