// joining.hpp: the functions behind propagation.hpp: a foreign span on a thread's stack; compiled in one .cpp.
#ifndef ARTHUR_SPANS_JOINING_HPP
#define ARTHUR_SPANS_JOINING_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../config.hpp"
#include "../propagation.hpp"
#include "../record/baggage_stack.hpp"
#include "../record/slot.hpp"
#include "../record/threads.hpp"
#include "recording.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// As ready_slot(), and before start() too: whoever doesn't record hands headers on all the same.
inline slot* joining_slot() noexcept {
  if (this_slot == nullptr) {
    // Before a slot exists, so that a child of fork() gets ids of its own whenever it starts.
    // Acquire and release: whoever sees the word sees the 1 in it. Of two threads at once one makes a word for nothing.
    auto& word = the_recorder.fork_word;
    std::atomic<std::uint32_t>* none = nullptr;
    if (word.load(std::memory_order_acquire) == nullptr) word.compare_exchange_strong(none, make_fork_word(), std::memory_order_release);
    acquire_slot(true);
  }
  return this_slot == nullptr ? nullptr : ready_slot();
}

/// Lets `block`, of which the caller gives a reference away, hold on this thread until baggage_pop().
inline bool hold_baggage(slot& s, scope_handle& handle, baggage_block* block) noexcept {
  if (!s.baggage.push(block, s.last_generation + 1)) {
    baggage_block::release(block);
    return false;
  }
  handle.owner = &s;
  handle.generation = ++s.last_generation;
  return true;
}

/// The decision of the sampler about a trace that began elsewhere.
inline bool samples(const foreign_span& parent) noexcept {
  if (the_recorder.parent_based.load(std::memory_order_relaxed)) return (parent.flags & flag_sampled) != 0;
  return sampling_bits(parent.trace) <= the_recorder.sample_below.load(std::memory_order_relaxed);
}

/// `lines`: the values of its tracestate headers.
inline bool join_lines(scope_handle& scope, const foreign_span& parent, const std::string_view* lines, std::size_t count) noexcept {
  slot* const s = joining_slot();
  if (s == nullptr || s->depth >= slot::max_depth) return false;
  frame& f = s->open[s->depth];
  f.generation = ++s->last_generation;
  std::memcpy(f.ids.trace, parent.trace, 16);
  std::memcpy(f.ids.span, parent.span, 8);
  f.trace_flags = static_cast<std::uint16_t>((parent.flags & flag_random) | (samples(parent) ? flag_sampled : 0) |
                                            (parent.remote ? frame::names_remote : 0) |
                                            ((parent.flags & flag_sampled) != 0 ? frame::came_sampled : 0));
  if (slot::foreign_state* const state = s->state_of(0)) {
    state->size = static_cast<std::uint32_t>(w3c::read_tracestate(lines, count, state->text));
    if (state->size != 0) {
      state->generation = f.generation;
      f.trace_flags |= frame::has_state;
    }
  }
  f.become(frame::joined);
  scope.owner = s;
  scope.index = s->depth++;
  scope.generation = f.generation;
  return true;
}

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

ARTHUR_LINKED bool join(scope_handle& scope, const foreign_span& parent, text_arg tracestate) noexcept {
  const std::string_view line(tracestate.data, tracestate.size);
  return join_lines(scope, parent, &line, 1);
}

ARTHUR_LINKED bool join_headers(scope_handle& scope, text_arg traceparent, text_arg tracestate) noexcept {
  foreign_span parent;
  return the_recorder.trace_context.load(std::memory_order_relaxed) &&
         w3c::read_traceparent({traceparent.data, traceparent.size}, parent) && join(scope, parent, tracestate);
}

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file

/// Suppressed outside any span: there is nothing to name.
inline bool is_nameless(const frame& f) noexcept {
  static constexpr unsigned char none[16] = {};
  return (f.trace_flags & frame::suppressed) != 0 && std::memcmp(f.ids.trace, none, 16) == 0;
}

/// The innermost span; where nothing is recorded, the innermost one that came from elsewhere.
inline const frame* outgoing_frame() noexcept {
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  slot* const s = this_slot;
  if (s == nullptr) return nullptr;
  if (recording_enabled.load(std::memory_order_relaxed) != 0) return s->top();
  for (std::uint32_t n = s->kept(); n != 0; --n) {
    const frame& f = s->open[n - 1];
    if (f.is(frame::joined)) return (f.trace_flags & frame::no_parent) == 0 ? &f : nullptr;
  }
  return nullptr;
}

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

ARTHUR_LINKED bool current_context(foreign_span& out) noexcept {
  const frame* const f = outgoing_frame();
  if (f == nullptr || is_nameless(*f)) return false;
  std::memcpy(out.trace, f->ids.trace, 16);
  std::memcpy(out.span, f->ids.span, 8);
  out.flags = f->trace_flags & (flag_sampled | flag_random);
  out.remote = (f->trace_flags & frame::names_remote) != 0;
  // Whoever only hands on doesn't change the flag: it belongs to the span that is named. So does a suppressed one.
  if (f->is(frame::joined) || (f->trace_flags & frame::suppressed) != 0) {
    out.flags = static_cast<std::uint8_t>((f->trace_flags & flag_random) |
                                          ((f->trace_flags & frame::came_sampled) != 0 ? flag_sampled : 0));
  }
  return true;
}

ARTHUR_LINKED std::size_t current_state(char* to) noexcept {
  const frame* const f = outgoing_frame();
  const std::string_view state = f == nullptr ? std::string_view() : trace_state_of(*this_slot, *f);
  wire::put_bytes(to, state.data(), state.size());
  to[state.size()] = 0;
  return state.size();
}

/// One of the two; its size.
ARTHUR_LINKED std::size_t current_headers(char* traceparent, char* tracestate) noexcept {
  foreign_span current;
  char* const to = traceparent != nullptr ? traceparent : tracestate;
  *to = 0;
  if (!the_recorder.trace_context.load(std::memory_order_relaxed)) return 0;
  if (traceparent == nullptr) return current_state(tracestate);
  if (!current_context(current)) return 0;
  w3c::write_traceparent(traceparent, current.trace, current.span, current.flags);
  return w3c::traceparent_size;
}

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
