// context.hpp: what spans opened in a scope inherit, and how it follows the work to other threads.
#ifndef ARTHUR_CONTEXT_HPP
#define ARTHUR_CONTEXT_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "attributes.hpp"
#include "config.hpp"
#include "span.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct pooled_frame;
struct link_target;
class baggage_block;

/// What arthur::context holds.
struct captured_context {
  pooled_frame* node = nullptr;  // attributes and tracestate: a reference
  baggage_block* baggage = nullptr;  // a reference
  std::uint32_t life = 0;        // of the pool that `node` lies in
  std::uint16_t flags = 0;       // of the span: frame::trace_flag
  std::uint16_t local_root = 0;  // the same: span_ids::local_root
  // Without a parent spans inside begin traces; `lost`: there was no room for the attributes.
  bool has_parent = false, lost = false;
  unsigned char trace[16] = {}, span[8] = {};
};
/// Of one thread.
struct attachment {
  scope_handle parent, attributes, baggage;
};

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {
captured_context context_current() noexcept;
void context_share(const captured_context& c) noexcept;
void context_drop(captured_context& c) noexcept;
captured_context context_with(const captured_context& c, const item* items, std::size_t count) noexcept;
void context_attach(attachment& to, const captured_context& from) noexcept;
void context_detach(attachment& from) noexcept;
void context_unwind(attachment& from) noexcept;  // coroutine.hpp
void suppress(attachment& to) noexcept;
}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail

/// While it lives, every span opened on this thread starts with the given attributes: session_id(), user_id(),
/// metadata(), tags(), attribute(), task_id(), service_name(). Scopes nest; the inner one wins; what is empty sets nothing.
/// Session and user also go to the open spans of the trace that have none. What ARTHUR_CONTEXT makes.
class [[nodiscard]] context_scope {
 public:
  context_scope() noexcept = default;
  context_scope(const context_scope&) = delete;
  context_scope& operator=(const context_scope&) = delete;
  ~context_scope() {
    if (handle_.owner != nullptr) detail::rt::context_pop(handle_);
  }

  /// Whether tracing is on at all.
  bool recording() const noexcept { return detail::recording_enabled.load(std::memory_order_relaxed) != 0; }
  /// Call once.
  template <class... Attributes>
  void push(Attributes&&... attributes) noexcept {
    const detail::item items[] = {detail::take(static_cast<Attributes&&>(attributes))...};
    detail::rt::context_push(handle_, items, sizeof...(Attributes));
  }

 private:
  detail::scope_handle handle_;
};

/// A context in force on the thread that attached it, until the end of the scope. Made by context::attach().
class [[nodiscard]] attached_context {
 public:
  attached_context(const attached_context&) = delete;
  attached_context& operator=(const attached_context&) = delete;
  ~attached_context() { detail::rt::context_detach(handle_); }

 protected:
  friend class context;
  attached_context() noexcept = default;
  explicit attached_context(const detail::captured_context& from) noexcept { detail::rt::context_attach(handle_, from); }
  detail::attachment handle_;
};

/// Where work stands: the current span as parent, and the attributes of the ARTHUR_CONTEXT scopes around it. A value:
/// it may be kept, copied, attached on any thread, on several at once, and may outlive span and scopes. Attributes
/// aren't copied, no heap memory is taken.
class context {
 public:
  /// Of nothing: attached, what is opened inside begins traces of its own, without attributes.
  context() noexcept = default;
  /// Of the calling thread.
  static context current() noexcept { return context(detail::rt::context_current()); }
  context(const context& other) noexcept : captured_(other.captured_) { detail::rt::context_share(captured_); }
  context(context&& other) noexcept { std::swap(captured_, other.captured_); }
  context& operator=(context other) noexcept {
    std::swap(captured_, other.captured_);
    return *this;
  }
  ~context() { detail::rt::context_drop(captured_); }

  /// Puts it in force on this thread, in place of what is, until the end of the scope.
  attached_context attach() const noexcept { return attached_context(captured_); }
  /// The same with further attributes, as ARTHUR_CONTEXT takes them.
  template <class... Attributes>
  context with(Attributes&&... attributes) const noexcept {
    const detail::item items[] = {detail::take(static_cast<Attributes&&>(attributes))...};
    return context(detail::rt::context_with(captured_, items, sizeof...(Attributes)));
  }

 private:
  friend struct detail::link_target;
  friend class coroutine_scope;
  explicit context(const detail::captured_context& c) noexcept : captured_(c) {}
  detail::captured_context captured_;
};

/// What wrap() makes: calls `Work` inside a context. It may be called from several threads at once if `Work` may.
template <class Work>
class wrapped {
 public:
  wrapped(Work work, context where) noexcept(std::is_nothrow_move_constructible_v<Work>)
      : work_(static_cast<Work&&>(work)), where_(static_cast<context&&>(where)) {}

#define ARTHUR_WRAPPED_CALL(self)                                                                 \
  template <class... Arguments>                                                                   \
  auto operator()(Arguments&&... arguments) self noexcept(                                        \
      noexcept(std::declval<Work self>()(static_cast<Arguments&&>(arguments)...)))                \
      ->decltype(std::declval<Work self>()(static_cast<Arguments&&>(arguments)...)) {             \
    const attached_context scope = where_.attach();                                               \
    return static_cast<Work self>(work_)(static_cast<Arguments&&>(arguments)...);                 \
  }
  ARTHUR_WRAPPED_CALL(&)
  ARTHUR_WRAPPED_CALL(const&)
  ARTHUR_WRAPPED_CALL(&&)
#undef ARTHUR_WRAPPED_CALL

 private:
  Work work_;
  context where_;
};

/// `work` for another thread or a later time: each call runs in the context of the thread that wraps it (or in `where`).
/// Takes what may be called with (); arguments, result and exceptions pass through; may be copied if `work` may.
template <class Work>
wrapped<std::decay_t<Work>> wrap(Work&& work, context where = context::current()) {
  return {static_cast<Work&&>(work), static_cast<context&&>(where)};
}

/// While it lives, this thread records nothing, nor does what is captured or wrapped inside, wherever it runs; a context of
/// outside, attached inside, does for its scope. Headers for other processes
/// name the span outside. What was left out counts as statistics::unsampled.
class [[nodiscard]] suppress : attached_context {
 public:
  suppress() noexcept { detail::rt::suppress(handle_); }
};

ARTHUR_NAMESPACE_END

#endif
