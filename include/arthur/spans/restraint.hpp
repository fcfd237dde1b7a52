// restraint.hpp: which new spans are left out while the runtime runs: by a rule, in a pause, above the rate cap, without room.
#ifndef ARTHUR_SPANS_RESTRAINT_HPP
#define ARTHUR_SPANS_RESTRAINT_HPP

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../config.hpp"
#include "../record/origin.hpp"
#include "../record/rate_cap.hpp"
#include "../record/recorder.hpp"
#include "../record/sampling_rules.hpp"
#include "../record/slot.hpp"
#include "../record/threads.hpp"
#include "recording.hpp"
#include "../span.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Paused, with nothing open on this thread that a span could get between: it needs no entry, and costs as much as "off".
ARTHUR_INLINE bool left_out_whole() noexcept {
  return ARTHUR_UNLIKELY((recording_enabled.load(std::memory_order_relaxed) & recording_mode::paused) != 0) &&
         (this_slot == nullptr || this_slot->depth == 0);
}

/// Whether opening a span takes a second look.
ARTHUR_INLINE bool is_restrained() noexcept { return recording_enabled.load(std::memory_order_relaxed) > recording_mode::on; }

/// Sets or takes away a bit of recording_enabled while it runs, so that a stop in between isn't undone.
inline void switch_recording(std::uint32_t bit, bool to) noexcept {
  std::uint32_t mode = recording_enabled.load(std::memory_order_relaxed);
  while (mode != 0 && !recording_enabled.compare_exchange_weak(mode, to ? mode | bit : mode & ~bit, std::memory_order_relaxed)) {
  }
}

/// Before recording begins. One start() at a time.
inline void install_rules(const option_list<sampling_rule>& given) {
  static sampling_rules* newest = nullptr;
  sampling_rules* found = newest;
  while (found != nullptr && !found->is(given)) found = found->former;
  if (found == nullptr) found = newest = new sampling_rules{given, newest};
  the_recorder.rules.store(found, std::memory_order_relaxed);
}

/// block_source::hold_traces: from now on traces look for room before they begin, and what waits goes out at once.
inline void hold_traces(bool newly) noexcept {
  if ((recording_enabled.load(std::memory_order_relaxed) & recording_mode::crowded) == 0) switch_recording(recording_mode::crowded, true);
  if (newly) wake_worker();
}

/// Whether the pool has room for a trace more; with overflow::block waits for it. The bit only says that it is worth a
/// look, so one that is set late, after the pool was drained, does no harm.
inline bool trace_has_room() noexcept {
  const block_source& source = the_recorder.source;
  const auto wait = source.wait_for_room.load(std::memory_order_relaxed);
  for (std::uint32_t attempt = 0; source.blocks.nearly_full(); ++attempt) {
    const bool paused = (recording_enabled.load(std::memory_order_relaxed) & recording_mode::paused) != 0;
    if (paused || wait == nullptr || !wait(attempt)) return false;
  }
  if (source.blocks.is_roomy()) switch_recording(recording_mode::crowded, false);
  return true;
}

/// Whether the rate cap has room. A trace begins only without debt. Its further spans are always taken, in debt, so that
/// it stays whole, unless the debt is so large that it must be a loop.
inline bool within_rate(slot& s, bool root) noexcept {
  rate_cap& cap = the_recorder.cap;
  if (!root && !s.above_rate && s.uncharged < cap.uncharged()) {
    ++s.uncharged;
    return true;
  }
  const bool room = cap.take(s.uncharged, the_recorder.clock.now(), root ? 0 : rate_cap::most_owed);
  s.uncharged = 0;
  if (!root) s.above_rate = !room;
  return room;
}

/// Whether a span under `parent` is the first one of its trace in this process.
inline bool begins_here(const frame* parent) noexcept {
  return parent == nullptr || (parent->is(frame::joined) && (parent->trace_flags & frame::ours) == 0);
}

/// A frame of a trace that isn't sampled is recorded all the same, in case the worker keeps it.
inline void make_candidate(frame& f, std::uint16_t local_root) noexcept {
  f.trace_flags |= frame::tail_candidate;
  f.ids.local_root = local_root;
  f.flags |= record::tail_candidate | std::uint32_t{local_root} << record::local_root_shift;
}

/// What options::sampling_rules say about a frame just begun, and which frames become candidates for options::keep_errors
/// and its like. Rules decide about a trace that the sampler would decide about here; inside a trace they only leave out.
inline void follow_rules(frame& f, const frame* parent, std::string_view name) noexcept {
  if ((f.trace_flags & frame::suppressed) != 0) return;
  const sampling_rules* const rules = the_recorder.rules.load(std::memory_order_relaxed);
  const sampling_rule* const rule = rules == nullptr ? nullptr : rules->find(static_cast<kind>(f.span_kind), name);
  const std::uint64_t below = rule == nullptr ? 0 : sampling_threshold(rule->ratio);
  if (rule != nullptr && sampling_bits(f.ids.trace) > below) {
    f.leave_out(0);
  } else if (rule != nullptr && (parent == nullptr || (begins_here(parent) && !the_recorder.parent_based.load(std::memory_order_relaxed)))) {
    f.trace_flags |= frame::sampled;
  }
  if ((f.trace_flags & frame::tail_candidate) != 0) return make_candidate(f, parent->ids.local_root);
  // Who says that none is recorded means the failed ones, too.
  const bool never = rule != nullptr && below == 0;
  if (f.is_sampled() || never || !begins_here(parent) || !the_recorder.keeps_candidates.load(std::memory_order_relaxed)) return;
  std::uint16_t number = 0;
  std::memcpy(&number, f.ids.span, sizeof number);  // random
  make_candidate(f, number);
  f.flags |= record::local_root;
}

/// What rules, pause, pool and cap mean for a frame just begun. A span inside an open one gets a silent entry, so that ARTHUR_SET and
/// ARTHUR_END in its scope don't act on its parent, even when the pause ends meanwhile.
ARTHUR_COLD inline void restrain(slot& s, frame& f, const frame* parent, std::string_view name) noexcept {
  // Acquire pairs with the release in start(): with `ruled` the rules are seen.
  const std::uint32_t mode = recording_enabled.load(std::memory_order_acquire);
  const bool root = begins_here(parent);
  if ((mode & recording_mode::ruled) != 0) follow_rules(f, parent, name);
  if (!f.is_recorded()) return;
  if ((mode & recording_mode::paused) != 0) {
    f.leave_out(0);
  } else if ((mode & recording_mode::crowded) != 0 && root && !trace_has_room()) {
    f.leave_out(frame::no_room);
  } else if ((mode & recording_mode::capped) != 0 && !within_rate(s, root)) {
    f.leave_out(frame::rate_limited);
    // Where nothing is committed any more, the worker sleeps without a limit; it is to say what goes on.
    if (the_recorder.wanted.load(std::memory_order_relaxed) != 0) wake_worker();
  }
}

inline void count_left_out(slot& s, frame& f) noexcept {
  // Headers name the span outside, as if this one weren't there.
  if ((f.trace_flags & frame::suppressed) != 0) std::memcpy(f.ids.span, f.ids.parent, 8);
  if ((f.trace_flags & frame::no_room) != 0) {
    s.opened.add();
    return s.count_drop(drop::pool_full);
  }
  ((f.trace_flags & frame::rate_limited) != 0 ? s.rate_limited : s.unsampled).add();
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
