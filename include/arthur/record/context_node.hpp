// context_node.hpp: attributes prepared once and inherited by every span opened in a scope; spans without a scope.
#ifndef ARTHUR_RECORD_CONTEXT_NODE_HPP
#define ARTHUR_RECORD_CONTEXT_NODE_HPP

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
  pooled_frame* outer = nullptr;    // contexts: the enclosing scope's
  std::string_view trace_state;     // detached spans of a trace that came with one: behind this, in the same block
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

/// Takes a context out of its thread's chain, wherever it stands: inner ones hold copies of its bytes.
inline void pop_context(slot& s, pooled_frame* node) noexcept {
  if (s.context == node) {
    s.context = node->outer;
  } else {
    pooled_frame* p = s.context;
    while (p != nullptr && p->outer != node) p = p->outer;
    if (p == nullptr) return;
    p->outer = node->outer;
  }
  if (node->pool_base == the_recorder.source.blocks.base()) node->span.bytes.discard();
  release_pooled(node);
}

inline void pop_context(slot& s, std::uint32_t generation) noexcept {
  pooled_frame* node = s.context;
  while (node != nullptr && node->span.generation != generation) node = node->outer;
  if (node != nullptr) pop_context(s, node);
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
