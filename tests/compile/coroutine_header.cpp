// coroutine_header.cpp: the header for coroutines, with awaitables of every form, and a promise of one's own.
// needs c++20
#include <arthur/arthur.hpp>
#include <arthur/coroutine.hpp>

#include <utility>

struct unmovable {
  explicit unmovable(int n) : value(n) {}
  unmovable(const unmovable&) = delete;
  unmovable& operator=(const unmovable&) = delete;
  bool await_ready() const { return true; }
  void await_suspend(std::coroutine_handle<>) const {}
  int& await_resume() { return value; }
  int value;
};
struct transfer {
  bool await_ready() const noexcept { return true; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> h) const noexcept { return h; }
  void await_resume() const noexcept {}
};
struct by_member {
  unmovable operator co_await() const { return unmovable(1); }
};
struct by_function {};
unmovable operator co_await(by_function);
unmovable operator co_await(by_function) { return unmovable(2); }

struct task {
  struct promise_type : arthur::coroutine_promise {
    task get_return_object() { return {}; }
    auto initial_suspend() noexcept { return scope()(std::suspend_never()); }
    auto final_suspend() noexcept { return scope()(transfer()); }
    auto yield_value(int) { return scope()(std::suspend_never()); }
    void return_void() {}
    void unhandled_exception() {}
  };
};

task with_promise();
task with_promise() {
  arthur::coroutine_scope& here = co_await arthur::this_coroutine;
  arthur::coroutine_span span(here, arthur::kind::chain, "span");
  span->set(arthur::input("text"));
  (*span).end();
  unmovable lasting(3);
  int& value = co_await lasting;
  ++value;
  co_await unmovable(4);
  co_await by_member();
  co_await by_function();
  co_await transfer();
  co_yield 5;
  here.detach();
  here.attach();
}

struct plain {
  struct promise_type {
    plain get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

plain without_promise();
plain without_promise() {
  arthur::coroutine_scope here(arthur::context::current().with(arthur::session_id("s")));
  const int n = co_await here(unmovable(4));
  co_await here(by_member());
  co_await here(by_function());
  co_await here(transfer());
  static_cast<void>(n);
}
