// coroutine.hpp: coroutines keep their context over co_await, on whatever thread they go on. C++20; beside arthur.hpp.
#ifndef ARTHUR_COROUTINE_HPP
#define ARTHUR_COROUTINE_HPP

#if !defined(__cpp_impl_coroutine)
#error "arthur/coroutine.hpp needs a compiler with coroutines: compile this file as C++20"
#endif

#include <coroutine>
#include <type_traits>
#include <utility>

#include "arthur.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What `co_await awaitable` takes its awaiter from.
template <class Awaitable>
decltype(auto) awaiter_of(Awaitable&& from) {
  if constexpr (requires { static_cast<Awaitable&&>(from).operator co_await(); }) {
    return static_cast<Awaitable&&>(from).operator co_await();
  } else if constexpr (requires { operator co_await(static_cast<Awaitable&&>(from)); }) {
    return operator co_await(static_cast<Awaitable&&>(from));
  } else {
    return static_cast<Awaitable&&>(from);
  }
}
/// Temporaries are moved, so that what initial_suspend() and final_suspend() return may hold one.
template <class Awaiter>
using kept_awaiter = std::conditional_t<std::is_rvalue_reference_v<Awaiter> && std::is_move_constructible_v<std::remove_reference_t<Awaiter>>,
                                        std::remove_reference_t<Awaiter>, Awaiter>;

template <class Awaiter>
class scoped_awaiter;

}  // namespace detail

/// The context of a coroutine: in force on the thread that runs it, and on no thread while it is suspended. Make one at the
/// beginning of its body, and await through it: `co_await here(awaitable)`. (Or let coroutine_promise do both.)
///
/// Whatever else is open on the thread when the coroutine is suspended is taken off it, because others run there then: spans of
/// macros are dropped and counted as dropped_scope_misuse. So between two co_await macros work as anywhere; what
/// is to last longer is a coroutine_span, or an attribute given with context::with(). Used by its coroutine only.
class [[nodiscard]] coroutine_scope {
 public:
  /// Begins with the context of this thread, or another one, and puts it in force.
  explicit coroutine_scope(context where = context::current()) noexcept : where_(std::move(where)) { attach(); }
  coroutine_scope(const coroutine_scope&) = delete;
  coroutine_scope& operator=(const coroutine_scope&) = delete;
  ~coroutine_scope() { detach(); }

  /// An awaitable that does as `awaitable` does, detached from this thread before it suspends the coroutine, attached to
  /// the one that goes on.
  template <class Awaitable>
  auto operator()(Awaitable&& awaitable) {
    using awaiter = detail::kept_awaiter<decltype(detail::awaiter_of(static_cast<Awaitable&&>(awaitable)))>;
    return detail::scoped_awaiter<awaiter>(*this, static_cast<Awaitable&&>(awaitable));
  }

  /// For runtimes that must see their own awaitables: `here.detach(); co_await theirs; here.attach();`
  void detach() noexcept {
    if (!attached_) return;
    attached_ = false;
    detail::rt::context_unwind(attachment_);
    if (activation_.owner != nullptr) detail::rt::deactivate(activation_);
    attachment_ = {};
  }
  void attach() noexcept {
    if (attached_) return;
    attached_ = true;
    detail::rt::context_attach(attachment_, where_.captured_);
    if (span_ != nullptr && span_->handle_.open != nullptr) detail::rt::activate(activation_, span_->handle_);
  }

 private:
  friend class coroutine_span;
  friend class coroutine_promise;
  struct suspended {};
  explicit coroutine_scope(suspended) noexcept : where_(context::current()) {}

  /// Other spans become children of `s` from now on, where `where` was captured.
  void enter(context& where, const span*& s) noexcept {
    const bool running = attached_;
    detach();
    std::swap(where_, where);
    std::swap(span_, s);
    if (running) attach();
  }

  context where_;
  const span* span_ = nullptr;  // what ARTHUR_SET and its like act on
  detail::attachment attachment_;
  detail::scope_handle activation_;
  bool attached_ = false;
};

/// A span of a coroutine, current while the coroutine runs, over co_await and threads, until the end of the C++ scope. Begins
/// and ends where no macro span is open, as if there stood a co_await.
class [[nodiscard]] coroutine_span {
 public:
  coroutine_span(coroutine_scope& here, kind k, detail::text_arg name) noexcept : here_(here), span_(k, name), outer_span_(&span_) {
    {
      const auto active = span_.activate();
      outer_ = context::current();
    }
    here_.enter(outer_, outer_span_);
  }
  coroutine_span(const coroutine_span&) = delete;
  coroutine_span& operator=(const coroutine_span&) = delete;
  ~coroutine_span() { here_.enter(outer_, outer_span_); }

  span& operator*() noexcept { return span_; }
  span* operator->() noexcept { return &span_; }

 private:
  coroutine_scope& here_;
  span span_;
  const span* outer_span_;
  context outer_;
};

namespace detail {

template <class Awaiter>
class [[nodiscard]] scoped_awaiter {
 public:
  template <class Awaitable>
  scoped_awaiter(coroutine_scope& here, Awaitable&& from)
      : here_(here), inner_(awaiter_of(static_cast<Awaitable&&>(from))) {}

  decltype(auto) await_ready() noexcept(noexcept(std::declval<Awaiter&>().await_ready())) { return inner_.await_ready(); }

  // Once the inner function has begun, the coroutine may run elsewhere or be gone: nothing of it is touched afterwards. Not
  // inlined, because compilers have put its variables into the coroutine's frame then.
  template <class Promise>
  ARTHUR_NOINLINE auto await_suspend(std::coroutine_handle<Promise> self) noexcept(noexcept(std::declval<Awaiter&>().await_suspend(self))) {
    coroutine_scope& here = here_;
    here.detach();
#if ARTHUR_HAS_EXCEPTIONS
    if constexpr (!noexcept(inner_.await_suspend(self))) {
      try {
        return inner_.await_suspend(self);
      } catch (...) {  // then it isn't suspended
        here.attach();
        throw;
      }
    }
#endif
    return inner_.await_suspend(self);
  }

  decltype(auto) await_resume() noexcept(noexcept(std::declval<Awaiter&>().await_resume())) {
    here_.attach();
    return inner_.await_resume();
  }

 private:
  coroutine_scope& here_;
  Awaiter inner_;
};

struct this_coroutine_tag {};
struct ready_scope {
  coroutine_scope& here;
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  coroutine_scope& await_resume() const noexcept { return here; }
};

}  // namespace detail

/// Within a coroutine whose promise is a coroutine_promise: `coroutine_scope& here = co_await arthur::this_coroutine;`
inline constexpr detail::this_coroutine_tag this_coroutine;

/// Base of the promise types of your own tasks: each co_await goes through a coroutine_scope, which begins with the context of
/// whoever calls the coroutine. The implicit suspensions don't go through await_transform(), so pass what they return through
/// scope(): `auto initial_suspend() noexcept { return scope()(std::suspend_always()); }`, likewise in final_suspend() and yield_value().
class coroutine_promise {
 public:
  coroutine_scope& scope() noexcept { return scope_; }
  template <class Awaitable>
  auto await_transform(Awaitable&& awaitable) {
    return scope_(static_cast<Awaitable&&>(awaitable));
  }
  detail::ready_scope await_transform(const detail::this_coroutine_tag&) noexcept { return {scope_}; }

 private:
  coroutine_scope scope_{coroutine_scope::suspended()};
};

ARTHUR_NAMESPACE_END

#endif
