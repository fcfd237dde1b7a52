// contexts.hpp: the functions behind context.hpp: what a scope lets its spans inherit; compiled in one .cpp.
#ifndef ARTHUR_SPANS_CONTEXTS_HPP
#define ARTHUR_SPANS_CONTEXTS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../carriers.hpp"
#include "../config.hpp"
#include "../context.hpp"
#include "joining.hpp"
#include "../openinference/item_writer.hpp"
#include "../openinference/key_table.hpp"
#include "../openinference/kinds.hpp"
#include "../openinference/sequence.hpp"
#include "../record/attribute_chain.hpp"
#include "../record/context_node.hpp"
#include "../record/threads.hpp"
#include "recording.hpp"
#include "../span.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// As in Python, an empty text and an empty list set nothing. (A key of the user's own may mean an empty value.)
inline bool sets_nothing(const item& i) noexcept {
  if (i.code == key::free) return false;
  if (i.value_type == item::type::text || i.value_type == item::type::json) return i.size == 0;
  if (i.value_type != item::type::sequence) return false;
  sequence_sink measure(sequence_sink::mode::measure_array, nullptr);
  i.each(i.object, measure);
  return measure.size == 0;
}

/// Number of the resource group that `items` ask for, beginning from `group`.
inline std::uint32_t group_of(const item* items, std::size_t count, std::uint32_t group) noexcept {
  std::string_view task, service;
  bool asked = false;
  const char* data = nullptr;
  std::size_t size = 0;
  if (the_recorder.groups.get(group, data, size)) split_group(data, size, task, service);
  for (std::size_t n = 0; n < count; ++n) {
    if (sets_nothing(items[n])) continue;
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

/// Whether a later one of the same scope sets the same key.
inline bool is_superseded(const item* i, const item* end) noexcept {
  const bool own = i->code == key::free;
  if (!own && i->code >= key::single_count) return false;
  for (const item* later = i + 1; later != end; ++later) {
    if (later->code != i->code || sets_nothing(*later)) continue;
    if (!own || std::string_view(later->key_data, later->key_size) == std::string_view(i->key_data, i->key_size)) return true;
  }
  return false;
}

inline bool has_attribute(const frame& f, std::size_t from, std::size_t to, std::string_view key) noexcept {
  chain_cursor at(f.bytes.first(), the_recorder.source.blocks.base(), to);
  at.skip(from);
  return any_attribute(at, [key](std::string_view k, std::size_t, const chain_cursor&) { return k == key; });
}

/// Appends what `outer` holds and `f` doesn't: once here, so that no span inside has a key twice for the worker to find.
inline void inherit_others(frame& f, const pooled_frame& outer) noexcept {
  constexpr std::size_t all = ~std::size_t{0};
  f.bytes.finish();
  const std::uint64_t own_keys = f.all_keys;
  chain_cursor own(f.bytes.first(), the_recorder.source.blocks.base(), all);
  own.skip(all);
  any_attribute(chain_cursor(outer.span.bytes.first(), outer.pool_base, all),
                [&](std::string_view k, std::size_t size, chain_cursor at) {
                  const bool is_link = k.empty();
                  const std::uint64_t bits = key_bits(k.data(), k.size());
                  if (!is_link && (own_keys & bits) == bits && has_attribute(f, 0, own.passed(), k)) return false;
                  f.attributes += is_link ? 0U : 1U;
                  at.read(size, [&f](const char* from, std::size_t part) { f.bytes.append(from, part); });
                  f.bytes.finish();
                  return false;
                });
  f.single_keys |= outer.span.single_keys;
  f.all_keys |= outer.span.all_keys;
  f.free_keys |= outer.span.free_keys;
  f.flags |= outer.span.flags;
  f.dropped_attributes += outer.span.dropped_attributes;
}

/// A node of `items` and what `outer` (null: nothing) holds beside, with a tracestate behind it. Null: no room.
inline pooled_frame* make_context(const pooled_frame* outer, const item* items, std::size_t count, std::string_view state) noexcept {
  char* at = nullptr;
  auto* const node = begin_pooled((state.size() + 7) & ~std::size_t{7}, 0, at);
  if (node == nullptr) return nullptr;
  wire::put_bytes(at, state.data(), state.size());
  node->trace_state = {at, state.size()};
  frame& f = node->span;
  f.span_kind = static_cast<std::uint8_t>(kind::chain);
  f.group = group_of(items, count, outer == nullptr ? 0 : outer->span.group);
  if (outer != nullptr) std::memcpy(f.lists, outer->span.lists, sizeof f.lists);  // elements come behind those of outside
  item_writer to(f);
  for (const item* i = items; i != items + count; ++i) {
    const bool resource = i->code == key::task_id || i->code == key::service_name;
    if (!resource && !sets_nothing(*i) && !is_superseded(i, items + count)) to.write(*i);
  }
  if (outer != nullptr) inherit_others(f, *outer);
  if (f.bytes.failed()) {
    drop_context(node);
    return nullptr;
  }
  f.bytes.finish();
  return node;
}

/// The key of a session or user; else empty.
inline std::string_view identity_key(const item& i) noexcept {
  const std::string_view session = key_texts[key::session_id].text, user = key_texts[key::user_id].text;
  if (i.value_type != item::type::text || i.size == 0) return {};
  if (i.code == key::session_id) return session;
  if (i.code == key::user_id) return user;
  const std::string_view own = i.code == key::free ? std::string_view(i.key_data, i.key_size) : std::string_view();
  return own == session || own == user ? own : std::string_view();
}

/// The engine takes the first session and user that it sees of a trace for the trace's, and wants them on every span: open
/// spans of this thread that will enclose the ones to come, and have none yet, get them too.
inline void tell_enclosing(slot& s, const item* items, std::size_t count) noexcept {
  const frame* const top = s.top();
  if (top == nullptr || (top->trace_flags & frame::suppressed) != 0) return;
  for (const item* i = items; i != items + count; ++i) {
    const std::string_view k = identity_key(*i);
    if (k.empty() || is_superseded(i, items + count)) continue;
    const std::uint64_t bits = key_bits(k.data(), k.size());
    const key code = k == key_texts[key::session_id].text ? key::session_id : key::user_id;
    const std::uint64_t single = std::uint64_t{1} << static_cast<unsigned>(code);
    for (std::uint32_t n = s.kept(); n != 0; --n) {
      frame& f = s.open[n - 1];
      if (!f.is(frame::recording) || std::memcmp(f.ids.trace, top->ids.trace, 16) != 0) continue;
      if ((f.single_keys & single) != 0) continue;
      f.bytes.finish();
      if ((f.free_keys & bits) == bits && has_attribute(f, head::size, ~std::size_t{0}, k)) continue;
      write_items(s, f, i, 1);
    }
  }
}

/// What a captured context lets spans inherit. Null: nothing, or a fork without memory took it along.
inline pooled_frame* node_of(const captured_context& c) noexcept {
  return c.node != nullptr && the_recorder.source.blocks.keeps(c.life) ? c.node : nullptr;
}

/// A further entry on the thread's stack that stands for a span; null: too deep.
inline frame* stand_in(slot& s, scope_handle& scope, std::uint16_t flags) noexcept {
  if (s.depth >= slot::max_depth) return nullptr;
  frame& f = s.open[s.depth];
  f.generation = ++s.last_generation;
  f.trace_flags = flags;
  f.become(frame::joined);
  scope.owner = &s;
  scope.index = s.depth++;
  scope.generation = f.generation;
  return &f;
}

/// What whoever comes to stand for `f` keeps of its flags.
inline std::uint16_t flags_of(const frame& f) noexcept {
  const bool hands_on = f.is(frame::joined) || (f.trace_flags & frame::suppressed) != 0;
  const int came = hands_on ? f.trace_flags & frame::came_sampled : (f.is_sampled() ? frame::came_sampled : 0);
  const int local = f.is(frame::joined) ? f.trace_flags & frame::ours : frame::ours;
  return static_cast<std::uint16_t>((f.trace_flags & ~frame::came_sampled) | came | local);
}

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

/// No room for a context: the spans inside would go to the wrong task or session, so they are dropped and counted.
inline bool lose_context(slot& s, scope_handle& handle) noexcept {
  handle.generation = 0;
  ++s.lost_contexts;
  return false;
}

/// Puts a context made for it on top of the thread; null: there was no room for it.
inline bool enter_context(slot& s, scope_handle& handle, pooled_frame* node, bool made) noexcept {
  handle.owner = &s;
  handle.generation = made ? push_context(s, node) : 0;
  if (handle.generation != 0) return true;
  if (node != nullptr) drop_context(node);
  return lose_context(s, handle);
}

ARTHUR_LINKED bool context_push(scope_handle& handle, const item* items, std::size_t count) noexcept {
  slot* const s = ready_slot();
  if (s == nullptr) return false;
  auto* const node = make_context(s->context, items, count, {});
  if (s->depth != 0 && node != nullptr) tell_enclosing(*s, items, count);
  return enter_context(*s, handle, node, node != nullptr);
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

ARTHUR_LINKED captured_context context_current() noexcept {
  captured_context out;
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  slot* const s = this_slot;
  if (s == nullptr) return out;
  if (ARTHUR_UNLIKELY(s->foreign_ends.load(std::memory_order_relaxed) != 0)) collect_foreign_ends(*s);
  const frame* const f = outgoing_frame();
  out.lost = s->lost_contexts != 0;
  out.node = s->context;
  out.baggage = baggage_block::share(s->baggage.current());
  out.has_parent = f != nullptr;
  std::string_view state;
  if (f != nullptr) {
    std::memcpy(out.trace, f->ids.trace, 16);
    std::memcpy(out.span, f->ids.span, 8);
    out.local_root = f->ids.local_root;
    out.flags = flags_of(*f);
    state = trace_state_of(*s, *f);
  }
  // Without a pool the tracestate stays behind. Acquire pairs with the release of whoever makes the pool.
  const bool keep = ARTHUR_UNLIKELY(!state.empty()) && the_recorder.ready.load(std::memory_order_acquire);
  pooled_frame* const with_state = keep ? make_context(out.node, nullptr, 0, state) : nullptr;
  if (with_state != nullptr) out.node = with_state;
  else if (out.node != nullptr) share_context(out.node);
  if (out.node != nullptr) out.life = the_recorder.source.blocks.life();
  return out;
}

ARTHUR_LINKED void context_share(const captured_context& c) noexcept {
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  if (pooled_frame* const node = node_of(c)) share_context(node);
  baggage_block::share(c.baggage);
}
ARTHUR_LINKED void context_drop(captured_context& c) noexcept {
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  if (pooled_frame* const node = node_of(c)) drop_context(node);
  baggage_block::release(c.baggage);
  c.node = nullptr;
  c.baggage = nullptr;
}

ARTHUR_LINKED captured_context context_with(const captured_context& c, const item* items, std::size_t count) noexcept {
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  captured_context out = c;
  baggage_block::share(out.baggage);
  pooled_frame* const before = node_of(c);
  // Acquire pairs with the release in start(), which made the pool.
  if (recording_enabled.load(std::memory_order_acquire) == 0) {
    if (before != nullptr) share_context(before);
    return out;
  }
  out.node = make_context(before, items, count, before == nullptr ? std::string_view() : before->trace_state);
  out.life = the_recorder.source.blocks.life();
  out.lost = c.lost || out.node == nullptr;
  return out;
}

ARTHUR_LINKED void context_attach(attachment& to, const captured_context& from) noexcept {
  // Whoever records nothing hands on what came from elsewhere all the same.
  slot* const s = from.has_parent || from.baggage != nullptr ? joining_slot() : ready_slot();
  if (s == nullptr) return;
  if (from.baggage != s->baggage.current()) hold_baggage(*s, to.baggage, baggage_block::share(from.baggage));
  pooled_frame* const node = node_of(from);
  const int flags = from.has_parent ? from.flags & ~frame::has_state : frame::no_parent;
  frame* const f = stand_in(*s, to.parent, static_cast<std::uint16_t>(flags));
  if (f != nullptr && from.has_parent) {
    std::memcpy(f->ids.trace, from.trace, 16);
    std::memcpy(f->ids.span, from.span, 8);
    f->ids.local_root = from.local_root;
    slot::foreign_state* const state = node == nullptr || node->trace_state.empty() ? nullptr : s->state_of(0);
    if (state != nullptr) {
      state->generation = f->generation;
      state->size = static_cast<std::uint32_t>(node->trace_state.size());
      wire::put_bytes(state->text, node->trace_state.data(), state->size);
      f->trace_flags |= frame::has_state;
    }
  }
  const bool lost = from.lost || f == nullptr;
  if (node == nullptr && s->context == nullptr && !lost) return;
  if (node != nullptr) share_context(node);
  enter_context(*s, to.attributes, node, !lost);
}

ARTHUR_LINKED void suppress(attachment& to) noexcept {
  slot* const s = ready_slot();
  if (s == nullptr) return;
  const frame* const outer = s->top();
  constexpr int kept = frame::random | frame::has_state | frame::names_remote | frame::came_sampled;
  const int flags = outer == nullptr ? 0 : flags_of(*outer) & kept;
  frame* const f = stand_in(*s, to.parent, static_cast<std::uint16_t>(flags | frame::suppressed | frame::ours));
  if (f == nullptr) return void(enter_context(*s, to.attributes, nullptr, false));
  if (outer != nullptr) f->ids = outer->ids;
  else std::memset(&f->ids, 0, sizeof f->ids);
}

ARTHUR_LINKED void context_detach(attachment& from) noexcept {
  if (from.baggage.owner != nullptr) baggage_pop(from.baggage);
  if (from.attributes.owner != nullptr) context_pop(from.attributes);
  if (from.parent.owner != nullptr) deactivate(from.parent);
}

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
