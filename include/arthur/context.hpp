// context.hpp: what spans opened in a scope inherit, and how it follows the work to other threads.
#ifndef ARTHUR_CONTEXT_HPP
#define ARTHUR_CONTEXT_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "attributes.hpp"
#include "config.hpp"
#include "span.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct pooled_frame;
class baggage_block;

/// What arthur::context holds.
struct captured_context {
  pooled_frame* node = nullptr;  // attributes and tracestate: a reference
  baggage_block* baggage = nullptr;  // a reference
  std::uint32_t life = 0;        // of the pool that `node` lies in
  std::uint16_t flags = 0;       // of the span: frame::trace_flag
  bool has_parent = false;       // false: spans inside begin traces
  bool lost = false;             // there was no room for its attributes
  unsigned char trace[16];
  unsigned char span[8];
  bool holds() const noexcept { return node != nullptr || baggage != nullptr; }
};
/// Of one thread.
struct attachment {
  scope_handle parent, attributes, baggage;
};

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {
void context_current(captured_context& out) noexcept;  // into an empty one
void context_share(const captured_context& c) noexcept;
void context_drop(captured_context& c) noexcept;
void context_extend(captured_context& to, const item* items, std::size_t count) noexcept;
void context_attach(attachment& to, const captured_context& from) noexcept;
void context_detach(attachment& from) noexcept;
}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail

/// While it lives, every span opened on this thread starts with the given attributes: session_id(), user_id(),
/// metadata(), tags(), attribute(), task_id(), service_name(). Scopes nest; the inner one wins. What ARTHUR_CONTEXT makes.
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

 private:
  friend class context;
  explicit attached_context(const detail::captured_context& from) noexcept { detail::rt::context_attach(handle_, from); }
  detail::attachment handle_;
};

/// Where work stands: the current span as parent, and the attributes of the ARTHUR_CONTEXT scopes around it. A value:
/// it may be kept, copied, attached on any thread, several at once, and may outlive span and scopes. Below 100 ns, no heap.
class context {
 public:
  /// Of nothing: attached, what is opened inside begins traces of its own, without attributes.
  context() noexcept = default;
  /// Of the calling thread.
  static context current() noexcept {
    context c;
    detail::rt::context_current(c.captured_);
    return c;
  }
  context(const context& other) noexcept : captured_(other.captured_) {
    if (captured_.holds()) detail::rt::context_share(captured_);
  }
  context(context&& other) noexcept : captured_(other.captured_) { other.captured_ = {}; }
  context& operator=(context other) noexcept {
    const detail::captured_context mine = captured_;
    captured_ = other.captured_;
    other.captured_ = mine;
    return *this;
  }
  ~context() {
    if (captured_.holds()) detail::rt::context_drop(captured_);
  }

  /// Puts it in force on this thread, in place of what is, until the end of the scope.
  attached_context attach() const noexcept { return attached_context(captured_); }
  /// The same with further attributes, as ARTHUR_CONTEXT takes them.
  template <class... Attributes>
  context with(Attributes&&... attributes) const noexcept {
    context more = *this;
    const detail::item items[] = {detail::take(static_cast<Attributes&&>(attributes))...};
    detail::rt::context_extend(more.captured_, items, sizeof...(Attributes));
    return more;
  }

 private:
  detail::captured_context captured_;
};

ARTHUR_NAMESPACE_END

#endif
