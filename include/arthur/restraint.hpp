// restraint.hpp: which new spans are left out while the runtime runs: those of a pause.
#ifndef ARTHUR_RESTRAINT_HPP
#define ARTHUR_RESTRAINT_HPP

#include <cstdint>

#include "config.hpp"
#include "record/slot.hpp"
#include "record/threads.hpp"
#include "span.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Paused, with nothing open on this thread that a span could get between: it needs no entry, and costs as much as "off".
inline bool left_out_whole(std::uint32_t mode) noexcept {
  return (mode & recording_mode::paused) != 0 && (this_slot == nullptr || this_slot->depth == 0);
}

/// What `mode` means for a frame just begun. A span inside an open one gets a silent entry, so that ARTHUR_SET and
/// ARTHUR_END in its scope don't act on its parent, even when the pause ends meanwhile.
ARTHUR_COLD inline void restrain(frame& f, std::uint32_t mode) noexcept {
  if ((mode & recording_mode::paused) != 0) f.sampled = false;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
