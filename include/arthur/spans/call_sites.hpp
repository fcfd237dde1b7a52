// call_sites.hpp: the functions behind the macros and span classes; compiled in one .cpp.
#ifndef ARTHUR_SPANS_CALL_SITES_HPP
#define ARTHUR_SPANS_CALL_SITES_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../config.hpp"
#include "../openinference/item_writer.hpp"
#include "../record/context_node.hpp"
#include "../record/threads.hpp"
#include "recording.hpp"
#include "restraint.hpp"
#include "../span.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

/// A span for whose beginning there was no room. Without its root a trace is of no use: it goes whole.
ARTHUR_COLD inline bool lose(frame& f, const frame* parent) noexcept {
  if (begins_here(parent)) f.leave_out(frame::no_room);
  return false;
}

/// Not inlined, so that a paused span doesn't pay for the registers that this one uses.
ARTHUR_NOINLINE inline bool open_scope(scope_handle& handle, call_site* site, kind k, text_arg name) noexcept {
  slot* const s = ready_slot();
  if (ARTHUR_UNLIKELY(s == nullptr)) {
    the_recorder.count_slotless();
    return false;
  }
  const std::uint32_t index = s->depth;
  handle.owner = s;
  handle.index = index;
  if (ARTHUR_UNLIKELY(index >= slot::max_depth)) {
    ++s->depth;
    handle.generation = 0;
    s->opened.add();
    s->count_drop(drop::too_deep);
    return false;
  }
  const frame* const parent = s->top();
  frame& f = s->open[index];
  begin_frame(*s, f, k, parent);
  handle.generation = f.generation;
  // Before anything that may wait: without threads a callback may open spans of its own meanwhile.
  f.become(frame::silent);
  ++s->depth;
  if (ARTHUR_UNLIKELY(is_restrained())) restrain(*s, f, parent, {name.data, name.size});
  if (!f.is_recorded()) {
    count_left_out(*s, f);
    return false;
  }
  s->opened.add();
  char* const at = ARTHUR_LIKELY(s->lost_contexts == 0)
                       ? f.bytes.begin(the_recorder.source, s->memory, record_prefix, opening_room)
                       : nullptr;
  if (ARTHUR_UNLIKELY(at == nullptr)) {
    s->count_drop(drop::pool_full);
    return lose(f, parent);
  }
  f.become(frame::recording);
  if (site != nullptr && the_recorder.code_location.load(std::memory_order_relaxed)) {
    f.site = site->id.load(std::memory_order_relaxed);
    if (ARTHUR_UNLIKELY(f.site == 0)) f.site = register_site(*site);
  }
  begin_bytes(*s, f, at, {name.data, name.size});
  settle(*s, f);
  f.start = the_recorder.clock.now();
  return ARTHUR_LIKELY(f.is(frame::recording)) || lose(f, parent);
}

ARTHUR_LINKED bool open_at(scope_handle& handle, call_site& site, text_arg name) noexcept {
  return ARTHUR_LIKELY(!left_out_whole()) && open_scope(handle, &site, site.kind, name);
}
ARTHUR_LINKED bool open(scope_handle& handle, kind k, text_arg name) noexcept {
  return ARTHUR_LIKELY(!left_out_whole()) && open_scope(handle, nullptr, k, name);
}

ARTHUR_LINKED void close(scope_handle& handle) noexcept {
  slot* const s = leave(handle);
  if (ARTHUR_UNLIKELY(s == nullptr)) return;
  if (ARTHUR_UNLIKELY(handle.index >= slot::max_depth)) {
    if (s->depth > slot::max_depth) --s->depth;
    return pop_closed(*s);
  }
  frame& f = s->open[handle.index];
  if (f.generation == handle.generation && !f.is(frame::closed)) end_frame(*s, f, handle.index);
}

ARTHUR_LINKED void set(const scope_handle& handle, const item* items, std::size_t count) noexcept {
  if (frame* f = frame_of(handle)) write_items(*handle.owner, *f, items, count);
}

ARTHUR_LINKED void event(const scope_handle& handle, text_arg name, const item* items, std::size_t count) noexcept {
  if (frame* f = frame_of(handle)) {
    write_event(*f, {name.data, name.size}, items, count);
    settle(*handle.owner, *f);
  }
}

ARTHUR_LINKED void error(const scope_handle& handle, text_arg message) noexcept {
  if (frame* f = frame_of(handle)) {
    write_status_message(*f, {message.data, message.size});
    settle(*handle.owner, *f);
  }
}

ARTHUR_LINKED bool current_recording() noexcept {
  return recording_enabled.load(std::memory_order_relaxed) != 0 && current_frame() != nullptr;
}

ARTHUR_LINKED void current_set(const item* items, std::size_t count) noexcept {
  if (frame* f = current_frame()) write_items(*this_slot, *f, items, count);
}

ARTHUR_LINKED void current_event(text_arg name, const item* items, std::size_t count) noexcept {
  if (frame* f = current_frame()) {
    write_event(*f, {name.data, name.size}, items, count);
    settle(*this_slot, *f);
  }
}

ARTHUR_LINKED void current_error(text_arg message) noexcept {
  if (frame* f = current_frame()) {
    write_status_message(*f, {message.data, message.size});
    settle(*this_slot, *f);
  }
}

ARTHUR_LINKED void current_end() noexcept {
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  slot* const s = this_slot;
  if (s == nullptr || s->depth == 0 || s->depth > slot::max_depth) return;
  frame& f = s->open[s->depth - 1];
  if (!f.is(frame::activated) && !f.is(frame::joined)) end_frame(*s, f, s->depth - 1);
}

ARTHUR_LINKED void current_ids(char* trace_hex, char* span_hex) noexcept {
  static constexpr unsigned char none[16] = {};
  slot* const s = recording_enabled.load(std::memory_order_relaxed) != 0 ? this_slot : nullptr;
  const frame* const f = s == nullptr ? nullptr : s->top();
  if (trace_hex != nullptr) hex(trace_hex, f != nullptr ? f->ids.trace : none, 16);
  if (span_hex != nullptr) hex(span_hex, f != nullptr ? f->ids.span : none, 8);
}

// Detached spans: a pooled frame each, counted by the thread that opens and by the thread that ends them.

/// False: opened before a fork. The parent process ends and sends it.
inline bool is_ours(const detached_handle& h) noexcept {
  const pool& blocks = the_recorder.source.blocks;
  return h.life == blocks.life() && blocks.owns(h.open);
}

inline frame* frame_of(const detached_handle& h) noexcept {
  return h.open != nullptr && is_ours(h) && h.open->generation == h.generation && h.open->is(frame::recording) ? h.open : nullptr;
}

ARTHUR_LINKED bool detached_open(detached_handle& handle, kind k, text_arg name) noexcept {
  if (ARTHUR_UNLIKELY(left_out_whole())) return false;
  slot* const s = ready_slot();
  if (s == nullptr) {
    the_recorder.count_slotless();
    return false;
  }
  char* at = nullptr;
  const frame* const parent = s->top();
  const std::string_view state = parent == nullptr ? std::string_view() : trace_state_of(*s, *parent);
  const std::size_t state_room = (state.size() + 7) & ~std::size_t{7};
  auto* const p = s->lost_contexts == 0 ? begin_pooled(state_room + record_prefix, opening_room, at) : nullptr;
  if (p == nullptr) {
    s->opened.add();
    s->count_drop(drop::pool_full);
    return false;
  }
  frame& f = p->span;
  begin_frame(*s, f, k, parent);
  if (ARTHUR_UNLIKELY(is_restrained())) restrain(*s, f, parent, {name.data, name.size});
  wire::put_bytes(at, state.data(), state.size());
  p->trace_state = {at, state.size()};
  at += state_room;
  handle.open = &f;
  handle.generation = f.generation;
  handle.life = the_recorder.source.blocks.life();
  if (!f.is_recorded()) {
    count_left_out(*s, f);
    f.bytes.discard();
    f.become(frame::silent);
    return false;
  }
  s->opened.add();
  f.become(frame::recording);
  begin_bytes(*s, f, at, {name.data, name.size});
  settle(*s, f);
  f.start = the_recorder.clock.now();
  return f.is(frame::recording);
}

ARTHUR_LINKED void detached_end(detached_handle& handle) noexcept {
  auto* const p = reinterpret_cast<pooled_frame*>(handle.open);
  slot* const s = ready_slot();
  const bool ours = is_ours(handle);
  handle.open = nullptr;
  if (!ours) return;
  if (p->span.is(frame::recording)) {
    if (s != nullptr) {
      s->memory.taken += 1 + p->memory.taken;  // so that much in detached spans wakes the worker, too
      commit(*s, p->span);
    } else {
      p->span.bytes.discard();
      the_recorder.slotless_dropped.fetch_add(1, std::memory_order_relaxed);
    }
  }
  p->span.become(frame::closed);
  release_pooled(p);
}

ARTHUR_LINKED void detached_set(const detached_handle& handle, const item* items, std::size_t count) noexcept {
  slot* const s = ready_slot();
  frame* const f = frame_of(handle);
  if (s != nullptr && f != nullptr) write_items(*s, *f, items, count);
}

ARTHUR_LINKED void detached_event(const detached_handle& handle, text_arg name, const item* items, std::size_t count) noexcept {
  slot* const s = ready_slot();
  frame* const f = frame_of(handle);
  if (s == nullptr || f == nullptr) return;
  write_event(*f, {name.data, name.size}, items, count);
  settle(*s, *f);
}

ARTHUR_LINKED void detached_error(const detached_handle& handle, text_arg message) noexcept {
  slot* const s = ready_slot();
  frame* const f = frame_of(handle);
  if (s == nullptr || f == nullptr) return;
  write_status_message(*f, {message.data, message.size});
  settle(*s, *f);
}

ARTHUR_LINKED void activate(scope_handle& scope, const detached_handle& handle) noexcept {
  slot* const s = ready_slot();
  if (s == nullptr || s->depth >= slot::max_depth || !is_ours(handle)) return;
  frame& f = s->open[s->depth];
  f.generation = ++s->last_generation;
  f.ids = handle.open->ids;
  f.trace_flags = handle.open->trace_flags;
  f.target = handle.open;
  f.become(frame::activated);
  // The span may end while it is active here; its frame must stay readable.
  the_recorder.source.blocks.block_of(handle.open)->references.fetch_add(1, std::memory_order_relaxed);
  scope.owner = s;
  scope.index = s->depth++;
  scope.generation = f.generation;
}

ARTHUR_LINKED void deactivate(scope_handle& scope) noexcept {
  slot* const s = leave(scope);
  if (s == nullptr) return;
  frame& f = s->open[scope.index];
  if (f.generation != scope.generation || f.is(frame::closed)) return;
  drop_frame(*s, f, drop::scope_misuse);
  pop_frame(*s, scope.index);
}

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
