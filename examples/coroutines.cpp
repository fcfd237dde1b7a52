// coroutines.cpp: two requests as coroutines that take turns on two threads; each one's spans stay in its own trace. C++20.
// traces: 2
// shows: ^AGENT answer .*weather
// shows: ^.+ TOOL get_weather .*weather
// shows: ^.+ LLM chat .*weather
// shows: ^AGENT answer .*news
// shows: ^.+ LLM chat .*news
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>
#include <arthur/coroutine.hpp>

#include <coroutine>
#include <exception>
#include <future>
#include <iostream>
#include <string>
#include <thread>

// What the program had before: a coroutine that nobody awaits, and an awaitable that goes on on another thread.
struct job {
  struct promise_type {
    job get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};
struct on_another_thread {
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> rest) { std::thread(rest).detach(); }
  void await_resume() {}
};

// New are `here`, the co_await through it, and a coroutine_span where a span lasts over co_await. Between them: macros.
job answer(std::string question, std::promise<std::string>& to) {
  std::string text;
  {
    arthur::coroutine_scope here;
    arthur::coroutine_span agent(here, arthur::kind::agent, "answer");
    agent->set(arthur::input(question));
    co_await here(on_another_thread());
    {
      ARTHUR_TOOL_SPAN("get_weather", arthur::input(question));
      ARTHUR_SET(arthur::output("24 degrees"));
    }
    co_await here(on_another_thread());
    {
      ARTHUR_LLM_SPAN("chat", arthur::model("gpt-4o"), arthur::input_message("user", question));
      text = "24 degrees and sunny";
      ARTHUR_SET(arthur::output_message("assistant", text));
    }
    agent->set(arthur::output(text));
  }
  to.set_value(text);
}

int main() {
  const auto tracing = arthur::start();
  std::promise<std::string> first, second;
  answer("weather?", first);
  answer("news?", second);
  std::cout << first.get_future().get() << '\n' << second.get_future().get() << '\n';
}
