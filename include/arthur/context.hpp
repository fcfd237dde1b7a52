// context.hpp: attributes that every span opened in a scope inherits.
#ifndef ARTHUR_CONTEXT_HPP
#define ARTHUR_CONTEXT_HPP

#include "attributes.hpp"
#include "config.hpp"
#include "span.hpp"

ARTHUR_NAMESPACE_BEGIN

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

ARTHUR_NAMESPACE_END

#endif
