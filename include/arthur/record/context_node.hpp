// context_node.hpp: attributes prepared once and inherited by every span opened in a scope; spans without a scope.
#ifndef ARTHUR_RECORD_CONTEXT_NODE_HPP
#define ARTHUR_RECORD_CONTEXT_NODE_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include "../config.hpp"
#include "recorder.hpp"
#include "slot.hpp"
#include "writer.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A frame that lies in the pool, at the beginning of a block of its own, with its bytes behind it and in as many further
/// blocks as they need. It holds a reference to its block, so it stays valid until release_pooled().
struct alignas(8) pooled_frame {  // 32-bit ABIs would be content with 4
  frame span;  // of a context: the collected bytes, key sets and group
  arena memory;
  std::atomic<std::uint32_t> holders{1};  // of a context, which doesn't change any more once another one has it
  std::string_view trace_state;     // of a trace that came with one: behind this, in the same block
  const char* pool_base = nullptr;  // tells one of before a fork: its blocks belong to the parent process
};
static_assert(sizeof(pooled_frame) % 8 == 0 && sizeof(pooled_frame) < block::size / 4, "begins a block");

/// Begins a pooled frame whose bytes start with `prefix` bytes (a record). Null: no room.
inline pooled_frame* begin_pooled(std::size_t prefix, std::size_t room, char*& prefix_at) noexcept {
  block_source& source = the_recorder.source;
  block* const b = source.take();
  if (b == nullptr) return nullptr;
  auto* const made = ::new (b->begin()) pooled_frame{};
  made->pool_base = source.blocks.base();
  made->memory.current = b;
  made->memory.at = b->begin() + sizeof(pooled_frame);
  made->memory.end = b->end();
  made->memory.added = 1;  // the frame itself
  prefix_at = made->span.bytes.begin(source, made->memory, prefix, room);  // fits: the block is new
  return made;
}

/// Ends the frame's life; its bytes live on if they were published.
inline void release_pooled(pooled_frame* p) noexcept {
  pool& blocks = the_recorder.source.blocks;
  if (p->pool_base != blocks.base()) return;
  close_arena(blocks, p->memory);
  blocks.release(blocks.block_of(p), 1);
}

/// One holder more of a context: an arthur::context, or a scope or attachment of any thread.
inline void share_context(pooled_frame* node) noexcept {
  // Relaxed: the caller has a reference already.
  if (node->pool_base == the_recorder.source.blocks.base()) node->holders.fetch_add(1, std::memory_order_relaxed);
}
/// Any thread.
inline void drop_context(pooled_frame* node) noexcept {
  if (node->pool_base != the_recorder.source.blocks.base()) return;
  // Acquire and release: the last one to let go must see everything the others did with it.
  if (node->holders.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  node->span.bytes.discard();
  release_pooled(node);
}

/// Puts a context on top; takes over the caller's reference. Its generation; 0: too many.
inline std::uint32_t push_context(slot& s, pooled_frame* node) noexcept {
  if (s.context_depth >= slot::max_depth) return 0;
  s.contexts[s.context_depth++] = {node, ++s.last_generation};
  s.context = node;
  return s.last_generation;
}

/// Takes a context out, wherever it stands: inner ones hold copies of its bytes.
inline void pop_context(slot& s, std::uint32_t generation) noexcept {
  std::uint32_t at = s.context_depth;
  while (at != 0 && s.contexts[at - 1].generation != generation) --at;
  if (at == 0) return;
  pooled_frame* const node = s.contexts[at - 1].node;
  for (; at < s.context_depth; ++at) s.contexts[at - 1] = s.contexts[at];
  s.context = --s.context_depth == 0 ? nullptr : s.contexts[s.context_depth - 1].node;
  if (node != nullptr) drop_context(node);
}

/// Lets a span, or an inner context, begin with what the context holds. Its own key sets are still empty.
inline void inherit(frame& f, const pooled_frame& from) noexcept {
  f.bytes.append_chain(from.span.bytes.first(), from.pool_base);
  f.single_keys = from.span.single_keys;
  f.all_keys = from.span.all_keys;
  f.free_keys = from.span.free_keys;
  f.flags |= from.span.flags;
  f.attributes = from.span.attributes;
  f.dropped_attributes += from.span.dropped_attributes;
  std::memcpy(f.lists, from.span.lists, sizeof f.lists);
  f.group = from.span.group;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
