// c_api.hpp: the functions behind the table of c_api.h.
#ifndef ARTHUR_RUNTIME_C_API_HPP
#define ARTHUR_RUNTIME_C_API_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <new>
#include <string>
#include <string_view>

#include "../c_api.h"
#include "../spans/call_sites.hpp"
#include "../config.hpp"
#include "../options.hpp"
#include "../runtime.hpp"
#include "../span.hpp"
#include "lifecycle.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace c_api {

static_assert(ARTHUR_KIND_PROMPT == static_cast<int>(kind::prompt) && ARTHUR_KIND_CHAIN == static_cast<int>(kind::chain),
              "arthur_kind counts like arthur::kind");
static_assert(ARTHUR_FLUSH_FAILED == static_cast<int>(flush_result::failed), "arthur_flush_result counts like flush_result");
static_assert(ARTHUR_SEVERITY_ERROR == static_cast<int>(severity::error), "arthur_severity counts like severity");

// A handle's place is the address of a slot or of a detached span's frame, both aligned, with what it is in the low bits.
enum tag : std::uintptr_t { scoped = 0, detached = 1, activated = 2, current_span = 3 };
inline tag tag_of(arthur_span s) noexcept { return static_cast<tag>(s.place & 3U); }

inline kind kind_of(int number) noexcept {
  return number >= 0 && number <= ARTHUR_KIND_PROMPT ? static_cast<kind>(number) : kind::chain;
}

inline arthur_span handle_of(const scope_handle& h, tag t) noexcept {
  if (h.owner == nullptr) return {0, 0};
  return {reinterpret_cast<std::uintptr_t>(h.owner) | t, std::uint64_t{h.generation} << 32 | h.index};
}
inline scope_handle scope_of(arthur_span s) noexcept {
  scope_handle h;
  h.owner = reinterpret_cast<slot*>(s.place & ~std::uintptr_t{3});
  h.index = static_cast<std::uint32_t>(s.id);
  h.generation = static_cast<std::uint32_t>(s.id >> 32);
  return h;
}

/// The frame of a detached span; null once it has ended. Its memory may hold another span by now, even one of the same
/// generation, so the handle carries the span's own id. (The pool stays mapped, so looking is safe.)
inline detached_handle detached_of(arthur_span s) noexcept {
  detached_handle h;
  auto* const f = reinterpret_cast<frame*>(s.place & ~std::uintptr_t{3});
  if (the_recorder.source.blocks.owns(f) && !f->is(frame::closed) && std::memcmp(f->ids.span, &s.id, sizeof s.id) == 0) {
    h.open = f;
    h.generation = f->generation;
    h.life = the_recorder.source.blocks.life();
  }
  return h;
}

// What start() was given. A worker may call it after the next start, even after one that failed, so it never changes and
// is never freed; the same functions again are the same set.
struct hook_set {
  int (*on_batch)(void*, const char*, std::size_t, const char*, std::size_t);
  void* on_batch_user;
  void (*on_diagnostic)(void*, int, const char*);
  void* on_diagnostic_user;
  hook_set* before;
};
struct hooks {
  std::mutex mutex;  // held over a start and a stop
  std::atomic<bool> owner{false};  // the C half started tracing, so its stop() may end it
  hook_set* sets = nullptr;
};
ARTHUR_SHARED inline hooks the_hooks;

/// Null: no memory.
inline hook_set* hooks_of(const arthur_config& c) noexcept {
  for (hook_set* h = the_hooks.sets; h != nullptr; h = h->before) {
    if (h->on_batch == c.on_batch && h->on_batch_user == c.on_batch_user && h->on_diagnostic == c.on_diagnostic &&
        h->on_diagnostic_user == c.on_diagnostic_user) {
      return h;
    }
  }
  auto* const made = new (std::nothrow) hook_set{c.on_batch, c.on_batch_user, c.on_diagnostic, c.on_diagnostic_user, the_hooks.sets};
  if (made != nullptr) the_hooks.sets = made;
  return made;
}

inline bool pass_batch(void* given, const batch_view& b) {
  const hook_set& h = *static_cast<hook_set*>(given);
  return h.on_batch(h.on_batch_user, b.data, b.size, b.content_type, b.spans) != 0;
}
inline void pass_line(void* given, severity level, const char* line) {
  const hook_set& h = *static_cast<hook_set*>(given);
  h.on_diagnostic(h.on_diagnostic_user, static_cast<int>(level), line);
}

inline options options_of(const arthur_config& c, hook_set* given) {
  options o;
  const auto text = [](const char* t) { return std::string(t == nullptr ? "" : t); };
  o.service_name = text(c.service_name);
  o.task_id = text(c.task_id);
  o.task_name = text(c.task_name);
  o.base_url = text(c.base_url);
  o.api_key = text(c.api_key);
  o.endpoint = text(c.endpoint);
  o.exporters = text(c.exporters);
  o.output_file = text(c.output_file);
  // 0 leaves it to the variables.
  if (c.hide_inputs != 0) o.hide_inputs = true;
  if (c.hide_outputs != 0) o.hide_outputs = true;
  o.schedule_delay = std::chrono::milliseconds(c.schedule_delay_ms);
  if (c.shutdown_timeout_ms != 0) o.shutdown_timeout = std::chrono::milliseconds(c.shutdown_timeout_ms);
  if (c.memory_limit != 0) o.memory_limit = c.memory_limit;
  if (c.on_batch != nullptr) o.on_batch = pass_batch;
  if (c.on_diagnostic != nullptr) o.on_diagnostic = pass_line;
  o.on_batch_user = o.on_diagnostic_user = given;
  return o;
}

inline std::string start_with(const arthur_config* given) {
  arthur_config c = {};
  if (given != nullptr) {
    if (given->size < sizeof given->size) return "arthur_config.size is not set: write {.size = sizeof config, ...}";
    std::memcpy(&c, given, given->size < sizeof c ? given->size : sizeof c);
  }
  // Not waiting: the start may come from a function that a worker calls while a stop waits for it.
  const std::unique_lock<std::mutex> lock(the_hooks.mutex, std::try_to_lock);
  if (!lock.owns_lock()) return "another start or stop is under way: start again later";
  hook_set* const given_hooks = hooks_of(c);
  if (given_hooks == nullptr) return "no memory";
  // The guard stays here for good: stop() does what its end would do.
  alignas(tracing_guard) static unsigned char place[sizeof(tracing_guard)];
  auto* const guard = ::new (static_cast<void*>(place)) tracing_guard(arthur::start(options_of(c, given_hooks)));
  const runtime* const r = the_runtime.load(std::memory_order_acquire);
  if (guard->ok()) {
    the_hooks.owner.store(r != nullptr && r->running(), std::memory_order_relaxed);
    return {};
  }
  std::string error = guard->error();
  guard->~tracing_guard();  // it owns nothing
  return error.empty() ? "no memory" : error;
}

inline int start(const arthur_config* config, char* error, std::size_t error_size) noexcept {
  std::string line;
#if ARTHUR_HAS_EXCEPTIONS
  try {
    line = start_with(config);
  } catch (...) {
    if (error != nullptr && error_size != 0) std::snprintf(error, error_size, "no memory");
    return 0;
  }
#else
  line = start_with(config);
#endif
  if (error != nullptr && error_size != 0) std::snprintf(error, error_size, "%s", line.c_str());
  return line.empty() ? 1 : 0;
}

inline void stop() noexcept {
  if (!the_hooks.owner.exchange(false, std::memory_order_relaxed)) return;
  const std::lock_guard<std::mutex> lock(the_hooks.mutex);
  rt::stop();
}
inline int flush(std::uint32_t timeout_ms) noexcept {
  return static_cast<int>(arthur::flush(std::chrono::milliseconds(timeout_ms)));
}
inline int poll() noexcept { return arthur::poll() ? 1 : 0; }

inline void stats(arthur_stats* out) noexcept {
  if (out == nullptr || out->size < sizeof out->size) return;
  const statistics s = arthur::stats();
  arthur_stats all = {out->size,  s.opened,    s.open,     s.committed, s.unsampled,   s.dropped,
                      s.waiting, s.delivered, s.rejected, s.failed,    s.unconfirmed, s.discarded, s.spooled, s.tail_dropped};
  std::memcpy(out, &all, out->size < sizeof all ? out->size : sizeof all);
}

inline arthur_span begin(int k, const char* name) noexcept {
  scope_handle h;
  if (recording_enabled.load(std::memory_order_relaxed) != 0) rt::open(h, kind_of(k), name);
  return handle_of(h, scoped);
}

inline arthur_span begin_detached(int k, const char* name) noexcept {
  detached_handle h;
  if (recording_enabled.load(std::memory_order_relaxed) != 0) rt::detached_open(h, kind_of(k), name);
  arthur_span s = {0, 0};
  if (h.open == nullptr) return s;
  s.place = reinterpret_cast<std::uintptr_t>(h.open) | detached;
  std::memcpy(&s.id, h.open->ids.span, sizeof s.id);
  return s;
}

inline arthur_span activate(arthur_span s) noexcept {
  scope_handle scope;
  if (tag_of(s) == detached) {
    const detached_handle h = detached_of(s);
    if (h.open != nullptr) rt::activate(scope, h);
  }
  return handle_of(scope, activated);
}

inline void end(arthur_span s) noexcept {
  scope_handle scope = scope_of(s);
  switch (tag_of(s)) {
    case scoped:
      if (scope.owner != nullptr) rt::close(scope);
      return;
    case activated:
      return rt::deactivate(scope);
    case detached: {
      detached_handle h = detached_of(s);
      if (h.open != nullptr) rt::detached_end(h);
      return;
    }
    case current_span:
      return rt::current_end();
  }
}

inline arthur_span current() noexcept { return {current_span, 0}; }

inline void set_item(arthur_span s, const item& i) noexcept {
  switch (tag_of(s)) {
    case scoped:
      return rt::set(scope_of(s), &i, 1);
    case detached:
      return rt::detached_set(detached_of(s), &i, 1);
    case current_span:
      return rt::current_set(&i, 1);
    case activated:
      return;
  }
}

inline item with_key(item i, text_arg key) noexcept {
  i.code = key::free;
  i.key_data = key.data;
  i.key_size = static_cast<std::uint32_t>(key.size);
  return i;
}

inline void set_text(arthur_span s, const char* key_text, const char* value) noexcept {
  const text_arg k(key_text);
  const std::string_view name(k.data, k.size);
  item i = with_key(text_item(key::free, value), k);
  // Those that options hide as they are set.
  if (name == "input.value") i.code = key::input_value;
  if (name == "output.value") i.code = key::output_value;
  if (k.size != 0) set_item(s, i);
}
inline void set_json(arthur_span s, const char* key_text, const char* json) noexcept {
  const text_arg k(key_text);
  const std::string_view name(k.data, k.size);
  item i = with_key(json_item(key::free, json), k);
  if (name == "input.value") i.code = key::input_json;
  if (name == "output.value") i.code = key::output_json;
  if (k.size != 0) set_item(s, i);
}
inline void set_integer(arthur_span s, const char* k, std::int64_t value) noexcept {
  if (k != nullptr && *k != 0) set_item(s, with_key(integer_item(key::free, value), k));
}
inline void set_number(arthur_span s, const char* k, double value) noexcept {
  if (k != nullptr && *k != 0) set_item(s, with_key(number_item(key::free, value), k));
}
inline void set_boolean(arthur_span s, const char* k, int value) noexcept {
  if (k != nullptr && *k != 0) set_item(s, with_key(value_item(value != 0), k));
}

inline void event(arthur_span s, const char* name) noexcept {
  switch (tag_of(s)) {
    case scoped:
      return rt::event(scope_of(s), name, nullptr, 0);
    case detached:
      return rt::detached_event(detached_of(s), name, nullptr, 0);
    case current_span:
      return rt::current_event(name, nullptr, 0);
    case activated:
      return;
  }
}
inline void error(arthur_span s, const char* message) noexcept {
  switch (tag_of(s)) {
    case scoped:
      return rt::error(scope_of(s), message);
    case detached:
      return rt::detached_error(detached_of(s), message);
    case current_span:
      return rt::current_error(message);
    case activated:
      return;
  }
}

inline void ids(char* trace_id, char* span_id) noexcept { rt::current_ids(trace_id, span_id); }

inline arthur_context context_begin(const arthur_text* attributes, std::size_t count) noexcept {
  scope_handle h;
  if (recording_enabled.load(std::memory_order_relaxed) == 0 || attributes == nullptr) return {0, 0};
  constexpr std::size_t most = 32;
  item items[most];
  std::size_t n = 0;
  for (std::size_t i = 0; i < count && n < most; ++i) {
    const text_arg k(attributes[i].key);
    const std::string_view name(k.data, k.size);
    if (name.empty()) continue;
    items[n] = with_key(text_item(key::free, attributes[i].value), k);
    if (name == "arthur.task") items[n].code = key::task_id;
    if (name == "service.name") items[n].code = key::service_name;
    ++n;
  }
  rt::context_push(h, items, n);
  if (h.owner == nullptr) return {0, 0};
  return {reinterpret_cast<std::uintptr_t>(h.owner), h.generation};
}

inline void context_end(arthur_context context) noexcept {
  scope_handle h;
  h.owner = reinterpret_cast<slot*>(context.place);
  h.generation = static_cast<std::uint32_t>(context.id);
  if (h.owner != nullptr) rt::context_pop(h);
}

inline constexpr arthur_api table = {ARTHUR_API_VERSION, sizeof(arthur_api), start,    stop,        flush,      poll,
                                     stats,              begin,              begin_detached, activate, end,     current,
                                     set_text,           set_integer,        set_number,     set_boolean, set_json, event,
                                     error,              ids,                context_begin,  context_end};

}  // namespace c_api
}  // namespace detail
ARTHUR_NAMESPACE_END

// Outside the namespace that carries the configuration: C has one arthur. Where a program holds two, the linker takes one.
extern "C" {
ARTHUR_LINKED const arthur_api* arthur_get_api(std::uint32_t version) {
  return version == ARTHUR_API_VERSION ? &arthur::detail::c_api::table : nullptr;
}
}

#endif
