// contexts.hpp: the functions behind context.hpp: what a scope lets its spans inherit; compiled in one .cpp.
#ifndef ARTHUR_CONTEXTS_HPP
#define ARTHUR_CONTEXTS_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config.hpp"
#include "openinference/item_writer.hpp"
#include "openinference/kinds.hpp"
#include "record/context_node.hpp"
#include "record/threads.hpp"
#include "recording.hpp"
#include "span.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Number of the resource group that `items` ask for, beginning from `group`.
inline std::uint32_t group_of(const item* items, std::size_t count, std::uint32_t group) noexcept {
  std::string_view task, service;
  bool asked = false;
  const char* data = nullptr;
  std::size_t size = 0;
  if (the_recorder.groups.get(group, data, size)) split_group(data, size, task, service);
  for (std::size_t n = 0; n < count; ++n) {
    const std::string_view value(items[n].data, items[n].size < 1024 ? items[n].size : 1024);
    if (items[n].code == key::task_id) {
      task = value;
      asked = true;
    } else if (items[n].code == key::service_name) {
      service = value;
      asked = true;
    }
  }
  if (!asked) return group;
  const std::uint32_t known = the_recorder.groups.count();
  for (std::uint32_t n = 1; n < known; ++n) {
    std::string_view t, v;
    if (!the_recorder.groups.get(n, data, size)) continue;
    split_group(data, size, t, v);
    if (t == task && v == service) return n;
  }
  // Two threads may add the same pair at once: then it has two numbers, which the worker sends as two resources alike.
  const std::uint32_t added = the_recorder.groups.add(2 + task.size() + service.size(), [&](char* at) {
    *at++ = static_cast<char>(task.size() >> 8);
    *at++ = static_cast<char>(task.size() & 0xffU);
    at = wire::put_bytes(at, task.data(), task.size());
    wire::put_bytes(at, service.data(), service.size());
  });
  return added == 0 ? group : added;
}

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

/// No room for a context: the spans inside would go to the wrong task or session, so they are dropped and counted.
inline bool lose_context(slot& s, scope_handle& handle) noexcept {
  handle.generation = 0;
  ++s.lost_contexts;
  return false;
}

ARTHUR_LINKED bool context_push(scope_handle& handle, const item* items, std::size_t count) noexcept {
  slot* const s = ready_slot();
  if (s == nullptr) return false;
  char* unused = nullptr;
  auto* const node = begin_pooled(0, 0, unused);
  handle.owner = s;
  if (node == nullptr) return lose_context(*s, handle);
  if (s->context != nullptr) inherit(node->span, *s->context);
  node->span.span_kind = static_cast<std::uint8_t>(kind::chain);
  node->span.group = group_of(items, count, node->span.group);
  item_writer to(node->span);
  for (std::size_t n = 0; n < count; ++n) {
    if (items[n].code != key::task_id && items[n].code != key::service_name) to.write(items + n, 1);
  }
  if (node->span.bytes.failed()) {
    node->span.bytes.discard();
    release_pooled(node);
    return lose_context(*s, handle);
  }
  node->span.bytes.finish();
  node->outer = s->context;
  node->span.generation = ++s->last_generation;
  s->context = node;
  handle.generation = node->span.generation;
  return true;
}

ARTHUR_LINKED void context_pop(scope_handle& handle) noexcept {
  slot* const s = handle.owner;
  handle.owner = nullptr;
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  if (s != this_slot) return end_context_on_foreign_thread(*s, handle.generation != 0 ? handle.generation : slot::lost_context);
  if (ARTHUR_UNLIKELY(handle.generation == 0)) {
    if (s->lost_contexts != 0) --s->lost_contexts;
    return;
  }
  pop_context(*s, handle.generation);
}

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
