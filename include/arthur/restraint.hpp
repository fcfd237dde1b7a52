// restraint.hpp: which new spans are left out while the runtime runs: those of a pause, and those above the rate cap.
#ifndef ARTHUR_RESTRAINT_HPP
#define ARTHUR_RESTRAINT_HPP

#include <atomic>
#include <cstdint>

#include "config.hpp"
#include "record/rate_cap.hpp"
#include "record/recorder.hpp"
#include "record/slot.hpp"
#include "record/threads.hpp"
#include "recording.hpp"
#include "span.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Paused, with nothing open on this thread that a span could get between: it needs no entry, and costs as much as "off".
inline bool left_out_whole(std::uint32_t mode) noexcept {
  return (mode & recording_mode::paused) != 0 && (this_slot == nullptr || this_slot->depth == 0);
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
inline bool begins_here(const frame* parent) noexcept { return parent == nullptr || parent->is(frame::joined); }

/// What `mode` means for a frame just begun. A span inside an open one gets a silent entry, so that ARTHUR_SET and
/// ARTHUR_END in its scope don't act on its parent, even when the pause ends meanwhile.
ARTHUR_COLD inline void restrain(slot& s, frame& f, std::uint32_t mode, bool root) noexcept {
  constexpr auto unsampled = static_cast<std::uint8_t>(~frame::sampled);
  if (!f.is_sampled()) return;
  if ((mode & recording_mode::paused) != 0) {
    f.trace_flags &= unsampled;
  } else if ((mode & recording_mode::capped) != 0 && !within_rate(s, root)) {
    f.trace_flags = static_cast<std::uint8_t>((f.trace_flags & unsampled) | frame::rate_limited);
    // Where nothing is committed any more, the worker sleeps without a limit; it is to say what goes on.
    if (the_recorder.wanted.load(std::memory_order_relaxed) != 0) wake_worker();
  }
}

inline void count_left_out(slot& s, const frame& f) noexcept {
  ((f.trace_flags & frame::rate_limited) != 0 ? s.rate_limited : s.unsampled).add();
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
