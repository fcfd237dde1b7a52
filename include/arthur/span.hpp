// span.hpp: spans: scoped (what the macros open) and detached (ends anywhere).
#ifndef ARTHUR_SPAN_HPP
#define ARTHUR_SPAN_HPP

#include <atomic>
#include <cstdint>

#include "attributes.hpp"
#include "config.hpp"
#include "openinference/builders.hpp"
#include "openinference/kinds.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

class slot;
struct frame;

/// Where a span macro stands. Registered at its first recording span; `id` names the copy of its texts.
struct call_site {
  const char* function;
  const char* file;
  std::uint32_t line;
  arthur::kind kind;
  std::atomic<std::uint32_t> id;

  constexpr call_site(arthur::kind k, const char* function_name, const char* file_name, std::uint32_t line_number) noexcept
      : function(function_name), file(file_name), line(line_number), kind(k), id(0) {}
};

/// Not 0 while the runtime runs: bits of recording_mode. Constant-initialised, so a span in a static constructor is safe.
ARTHUR_SHARED inline std::atomic<std::uint32_t> recording_enabled{0};
/// Whatever stands beside `on` makes opening a span take a second look.
struct recording_mode {
  static constexpr std::uint32_t on = 1, paused = 2, capped = 4, crowded = 8, ruled = 16;
};

/// A scope's claim on an entry of its thread's stack of open spans.
struct scope_handle {
  slot* owner = nullptr;  // null: nothing to end; the rest is unset then
  std::uint32_t index;
  std::uint32_t generation;
};

struct detached_handle {
  frame* open = nullptr;
  std::uint32_t generation = 0;
  std::uint32_t life = 0;  // of the pool it lies in: a forked child begins another one
};

// Everything a call site calls. Not finding these at link time means that no source file defines ARTHUR_IMPLEMENTATION
// before it includes <arthur/arthur.hpp>.
namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {
bool open_at(scope_handle& handle, call_site& site, text_arg name) noexcept;
bool open(scope_handle& handle, kind k, text_arg name) noexcept;
void close(scope_handle& handle) noexcept;
void set(const scope_handle& handle, const item* items, std::size_t count) noexcept;
void event(const scope_handle& handle, text_arg name, const item* items, std::size_t count) noexcept;
void error(const scope_handle& handle, text_arg message) noexcept;

bool current_recording() noexcept;
void current_set(const item* items, std::size_t count) noexcept;
void current_event(text_arg name, const item* items, std::size_t count) noexcept;
void current_error(text_arg message) noexcept;
void current_end() noexcept;

bool detached_open(detached_handle& handle, kind k, text_arg name) noexcept;
void detached_end(detached_handle& handle) noexcept;
void detached_set(const detached_handle& handle, const item* items, std::size_t count) noexcept;
void detached_event(const detached_handle& handle, text_arg name, const item* items, std::size_t count) noexcept;
void detached_error(const detached_handle& handle, text_arg message) noexcept;
void activate(scope_handle& scope, const detached_handle& handle) noexcept;
void deactivate(scope_handle& scope) noexcept;

bool context_push(scope_handle& handle, const item* items, std::size_t count) noexcept;
void context_pop(scope_handle& handle) noexcept;

void current_ids(char* trace_hex, char* span_hex) noexcept;
}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file

using rt::current_end;
using rt::current_recording;

// What the macros call: the last argument is always `no_more`.
template <class... Attributes>
void current_set_all(Attributes&&... attributes) noexcept {
  const item items[] = {take(static_cast<Attributes&&>(attributes))...};
  rt::current_set(items, sizeof...(Attributes) - 1);
}
template <class... Attributes>
void current_event_all(text_arg name, Attributes&&... attributes) noexcept {
  if constexpr (sizeof...(Attributes) == 1) {
    rt::current_event(name, nullptr, 0);
  } else {
    const item items[] = {take(static_cast<Attributes&&>(attributes))...};
    rt::current_event(name, items, sizeof...(Attributes) - 1);
  }
}
inline void current_error(text_arg message) noexcept { rt::current_error(message); }

// What the macros become with ARTHUR_DISABLE.
template <class... Attributes>
constexpr void check_all(Attributes&&...) noexcept {
  static_assert((... && allowed<Attributes>()));
}
template <class... Attributes>
constexpr void check_named(const text_arg&, Attributes&&...) noexcept {
  static_assert((... && allowed<Attributes>()));
}
template <class... Attributes>
constexpr void check_decision(const text_arg&, const text_arg&, Attributes&&...) noexcept {
  static_assert((... && allowed<Attributes>()));
}

}  // namespace detail

/// Opens a span for its own lifetime and makes it the current one of the thread. What the macros expand to.
/// Belongs to the thread that made it; destroyed on another one it is counted as misuse and dropped.
class [[nodiscard]] scoped_span {
 public:
  scoped_span(detail::call_site& site, detail::text_arg name) noexcept
      : recording_(detail::recording_enabled.load(std::memory_order_relaxed) != 0 &&
                   detail::rt::open_at(handle_, site, name)) {}
  scoped_span(kind k, detail::text_arg name) noexcept
      : recording_(detail::recording_enabled.load(std::memory_order_relaxed) != 0 && detail::rt::open(handle_, k, name)) {}
  ~scoped_span() {
    if (handle_.owner != nullptr) detail::rt::close(handle_);
  }
  scoped_span(const scoped_span&) = delete;
  scoped_span& operator=(const scoped_span&) = delete;

  /// Whether attributes would be kept: false when tracing is off, the trace isn't sampled, or there is no room.
  bool recording() const noexcept { return recording_; }

  /// Sets attributes; a key that was set before is replaced.
  template <class... Attributes>
  void set(Attributes&&... attributes) noexcept {
    if constexpr (sizeof...(Attributes) != 0) {
      const detail::item items[] = {detail::take(static_cast<Attributes&&>(attributes))...};
      detail::rt::set(handle_, items, sizeof...(Attributes));
    }
  }
  /// What the macros call: the last argument is `no_more`.
  template <class... Attributes>
  void set_all(Attributes&&... attributes) noexcept {
    if constexpr (sizeof...(Attributes) != 1) {
      const detail::item items[] = {detail::take(static_cast<Attributes&&>(attributes))...};
      detail::rt::set(handle_, items, sizeof...(Attributes) - 1);
    }
  }
  /// As set_all, with the choice of a decision as output.
  template <class... Attributes>
  void decide(detail::text_arg choice, Attributes&&... attributes) noexcept {
    set_all(arthur::output(choice), static_cast<Attributes&&>(attributes)...);
  }
  /// Adds an event at the present time. Its attributes are attribute() only.
  template <class... Attributes>
  void event(detail::text_arg name, Attributes&&... attributes) noexcept {
    if constexpr (sizeof...(Attributes) == 0) {
      detail::rt::event(handle_, name, nullptr, 0);
    } else {
      const detail::item items[] = {detail::take(static_cast<Attributes&&>(attributes))...};
      detail::rt::event(handle_, name, items, sizeof...(Attributes));
    }
  }
  /// Marks the span as failed. The last message stays.
  void error(detail::text_arg message) noexcept { detail::rt::error(handle_, message); }
  /// Ends the span before the scope does.
  void end() noexcept {
    if (handle_.owner != nullptr) detail::rt::close(handle_);
    handle_.owner = nullptr;
    recording_ = false;
  }

 private:
  detail::scope_handle handle_;
  bool recording_;
};

/// Makes a span the current one of this thread while it lives. Made by span::activate().
class [[nodiscard]] activation {
 public:
  activation(const activation&) = delete;
  activation& operator=(const activation&) = delete;
  ~activation() {
    if (handle_.owner != nullptr) detail::rt::deactivate(handle_);
  }

 private:
  friend class span;
  friend class llm_stream;
  friend class wire_call;
  explicit activation(const detail::detached_handle& of) noexcept {
    if (of.open != nullptr) detail::rt::activate(handle_, of);
  }
  detail::scope_handle handle_;
};

/// A span that isn't tied to a scope or a thread: movable, may end anywhere, and is not current unless activated.
/// Its parent is the current span of the thread that makes it. Use by one thread at a time.
class [[nodiscard]] span {
 public:
  span() noexcept = default;
  span(kind k, detail::text_arg name) noexcept {
    if (detail::recording_enabled.load(std::memory_order_relaxed) != 0) {
      recording_ = detail::rt::detached_open(handle_, k, name);
    }
  }
  ~span() { end(); }
  span(span&& from) noexcept : handle_(from.handle_), recording_(from.recording_) {
    from.handle_ = {};
    from.recording_ = false;
  }
  span& operator=(span&& from) noexcept {
    if (this != &from) {
      end();
      handle_ = from.handle_;
      recording_ = from.recording_;
      from.handle_ = {};
      from.recording_ = false;
    }
    return *this;
  }

  bool recording() const noexcept { return recording_; }
  /// As scoped_span::set.
  template <class... Attributes>
  void set(Attributes&&... attributes) noexcept {
    if constexpr (sizeof...(Attributes) != 0) {
      const detail::item items[] = {detail::take(static_cast<Attributes&&>(attributes))...};
      detail::rt::detached_set(handle_, items, sizeof...(Attributes));
    }
  }
  /// As scoped_span::event.
  template <class... Attributes>
  void event(detail::text_arg name, Attributes&&... attributes) noexcept {
    if constexpr (sizeof...(Attributes) == 0) {
      detail::rt::detached_event(handle_, name, nullptr, 0);
    } else {
      const detail::item items[] = {detail::take(static_cast<Attributes&&>(attributes))...};
      detail::rt::detached_event(handle_, name, items, sizeof...(Attributes));
    }
  }
  /// As scoped_span::error.
  void error(detail::text_arg message) noexcept { detail::rt::detached_error(handle_, message); }
  /// Ends the span; everything after it is ignored.
  void end() noexcept {
    if (handle_.open != nullptr) detail::rt::detached_end(handle_);
    handle_ = {};
    recording_ = false;
  }
  /// Spans opened on this thread while the result lives become children. Ending the span meanwhile is fine.
  activation activate() const noexcept { return activation(handle_); }

 private:
  friend class coroutine_scope;
  detail::detached_handle handle_;
  bool recording_ = false;
};

/// 32 lower-case hex digits of the current trace, for log lines; all zero outside any span. Ends with a null character.
struct trace_id_text {
  char text[33];
  const char* c_str() const noexcept { return text; }
  operator std::string_view() const noexcept { return {text, 32}; }
};
/// 16 lower-case hex digits of the current span.
struct span_id_text {
  char text[17];
  const char* c_str() const noexcept { return text; }
  operator std::string_view() const noexcept { return {text, 16}; }
};
inline trace_id_text current_trace_id() noexcept {
  trace_id_text id;
  detail::rt::current_ids(id.text, nullptr);
  return id;
}
inline span_id_text current_span_id() noexcept {
  span_id_text id;
  detail::rt::current_ids(nullptr, id.text);
  return id;
}

ARTHUR_NAMESPACE_END

#endif
