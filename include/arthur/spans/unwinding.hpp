// unwinding.hpp: what a coroutine left open on a thread is taken off before it is suspended; compiled in one .cpp.
#ifndef ARTHUR_SPANS_UNWINDING_HPP
#define ARTHUR_SPANS_UNWINDING_HPP

#include <cstdint>

#include "../config.hpp"
#include "../context.hpp"
#include "../record/context_node.hpp"
#include "../record/slot.hpp"
#include "../record/threads.hpp"
#include "recording.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What was opened on the thread since the attachment, and the attachment itself: whoever comes next must not inherit it.
inline void unwind(slot& s, const attachment& from) noexcept {
  // Baggage comes first. Generations wrap around.
  const std::uint32_t since = from.baggage.owner != nullptr ? from.baggage.generation : from.parent.generation;
  const auto is_later = [since](std::uint32_t generation) { return static_cast<std::int32_t>(generation - since) >= 0; };
  while (s.context_depth != 0 && is_later(s.contexts[s.context_depth - 1].generation)) pop_context(s, s.contexts[s.context_depth - 1].generation);
  s.baggage.pop_since(since);
  s.depth = s.kept();
  for (; s.depth > from.parent.index; --s.depth) {
    frame& f = s.open[s.depth - 1];
    drop_frame(s, f, drop::scope_misuse);
    f.become(frame::closed);
  }
  pop_closed(s);
}

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

ARTHUR_LINKED void context_unwind(attachment& from) noexcept {
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  // Without an entry on the stack, which was full then or was cleared meanwhile, nobody knows what came later.
  slot* const s = from.parent.owner != nullptr && from.parent.owner == this_slot ? this_slot : nullptr;
  const frame* const entry = s == nullptr ? nullptr : &s->open[from.parent.index];
  if (entry != nullptr && entry->generation == from.parent.generation && !entry->is(frame::closed)) unwind(*s, from);
  context_detach(from);
}

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
