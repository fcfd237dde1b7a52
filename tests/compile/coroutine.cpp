// coroutine.cpp: co_await and co_yield work in the arguments of the macros.
// needs c++20
#include <arthur/arthur.hpp>

#include <coroutine>
#include <string>

struct task {
  struct promise_type {
    task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};
struct answer {
  bool await_ready() const { return true; }
  void await_suspend(std::coroutine_handle<>) const {}
  std::string await_resume() const { return "24 degrees"; }
};

task ask();
task ask() {
  ARTHUR_SPAN("step");
  ARTHUR_SET(arthur::output(co_await answer()));
  ARTHUR_LLM_SPAN("chat", arthur::input(co_await answer()));
}
