// coroutines.cpp: a coroutine's spans keep parent, attributes and baggage over co_await, whatever threads it hops over. C++20.
#include <arthur/arthur.hpp>
#include <arthur/coroutine.hpp>

#include <doctest/doctest.h>

#include <condition_variable>
#include <coroutine>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/account.hpp"
#include "support/capture.hpp"

using support::capture;
using support::span;

namespace {

/// Resumes coroutines on a few threads, and calls `idle` on each of them before.
class pool {
 public:
  explicit pool(int threads, void (*idle)() = nullptr) {
    for (int n = 0; n < threads; ++n) {
      threads_.emplace_back([this, idle] {
        for (;;) {
          std::unique_lock<std::mutex> lock(mutex_);
          ready_.wait(lock, [this] { return ended_ || !queue_.empty(); });
          if (queue_.empty()) return;
          const std::coroutine_handle<> next = queue_.front();
          queue_.pop_front();
          lock.unlock();
          if (idle != nullptr) idle();
          next.resume();
        }
      });
    }
  }
  ~pool() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ended_ = true;
    }
    ready_.notify_all();
    for (std::thread& t : threads_) t.join();
  }
  void post(std::coroutine_handle<> h) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      queue_.push_back(h);
    }
    ready_.notify_one();
  }
  /// `co_await pool.hop()` goes on on some thread of it.
  auto hop() {
    struct awaiter {
      pool& to;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> h) { to.post(h); }
      void await_resume() const noexcept {}
    };
    return awaiter{*this};
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::coroutine_handle<>> queue_;
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

/// Counts down to an event that a test waits for.
class latch {
 public:
  explicit latch(int count) : left_(count) {}
  void count_down() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (--left_ == 0) done_.notify_all();
  }
  void wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return left_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  int left_;
};

/// A lazy task, started by whoever awaits it, in symmetric transfer. Its promise is a coroutine_promise.
template <class T>
class task {
 public:
  struct promise_type : arthur::coroutine_promise {
    T value{};
    std::exception_ptr error;
    std::coroutine_handle<> continuation = std::noop_coroutine();

    task get_return_object() { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    auto initial_suspend() noexcept { return scope()(std::suspend_always()); }
    auto final_suspend() noexcept {
      struct awaiter {
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) const noexcept { return h.promise().continuation; }
        void await_resume() const noexcept {}
      };
      return scope()(awaiter());
    }
    void return_value(T v) { value = std::move(v); }
    void unhandled_exception() { error = std::current_exception(); }
  };

  task(task&& from) noexcept : handle_(std::exchange(from.handle_, nullptr)) {}
  ~task() {
    if (handle_) handle_.destroy();
  }
  auto operator co_await() && {
    struct awaiter {
      std::coroutine_handle<promise_type> handle;
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) const noexcept {
        handle.promise().continuation = caller;
        return handle;
      }
      T await_resume() const {
        if (handle.promise().error) std::rethrow_exception(handle.promise().error);
        return std::move(handle.promise().value);
      }
    };
    return awaiter{handle_};
  }

 private:
  explicit task(std::coroutine_handle<promise_type> h) : handle_(h) {}
  std::coroutine_handle<promise_type> handle_;
};

/// Begins at once, and nobody waits for it; its promise knows nothing of arthur.
struct detached {
  struct promise_type {
    detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

std::string session(const span& s) {
  const support::value* const v = s.find("session.id");
  return v == nullptr ? "" : v->text;
}

/// Nothing of any coroutine may be left on a thread between two of them.
void check_clean() {
  if (!arthur::current_traceparent().empty() || !arthur::current_baggage("who").empty()) std::terminate();
  ARTHUR_SPAN("idle");
}

}  // namespace

TEST_CASE("a coroutine over a pool of threads keeps its parent, session and baggage, and so do the spans of its macros") {
  capture c;
  const auto misused = arthur::stats().dropped_scope_misuse;
  constexpr int count = 20, hops = 25;
  {
    latch done(count);
    pool threads(3, check_clean);
    const auto work = [&](int n) -> detached {
      arthur::coroutine_scope here;
      const std::string name = std::to_string(n);
      {
        arthur::coroutine_span agent(here, arthur::kind::agent, "agent " + name);
        for (int hop = 0; hop < hops; ++hop) {
          co_await here(threads.hop());
          if (arthur::current_baggage("who") != name) std::terminate();
          ARTHUR_TOOL_SPAN("step " + name);
          ARTHUR_SPAN("inside " + name);
        }
        ARTHUR_SET(arthur::output(name));
      }
      done.count_down();
    };
    for (int n = 0; n < count; ++n) {
      ARTHUR_CONTEXT(arthur::session_id(std::to_string(n)));
      const arthur::baggage_scope who("who", std::to_string(n));
      work(n);
      CHECK(arthur::current_traceparent().empty());
      CHECK(arthur::current_baggage("who") == std::to_string(n));
    }
    CHECK(arthur::current_baggage("who").empty());
    done.wait();
  }
  for (int n = 0; n < count; ++n) {
    const std::string name = std::to_string(n);
    CAPTURE(name);
    const span agent = c.only("agent " + name);
    CHECK(agent.parent_span_id.empty());
    CHECK(session(agent) == name);
    REQUIRE(agent.find("output.value") != nullptr);
    CHECK(agent.find("output.value")->text == name);
    std::size_t steps = 0, inner = 0;
    for (const span& s : c.spans()) {
      if (s.name == "step " + name) {
        ++steps;
        CHECK(s.parent_span_id == agent.span_id);
        CHECK(s.trace_id == agent.trace_id);
        CHECK(session(s) == name);
      }
      inner += s.name == "inside " + name && s.trace_id == agent.trace_id && s.parent_span_id != agent.span_id;
    }
    CHECK(steps == hops);
    CHECK(inner == hops);
  }
  for (const span& s : c.spans()) {
    if (s.name != "idle") continue;
    CHECK(s.parent_span_id.empty());
    CHECK(session(s) == "");
  }
  CHECK(arthur::stats().dropped_scope_misuse == misused);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("tasks with a coroutine_promise are children of whoever called them, on whatever thread they end") {
  capture c;
  const auto misused = arthur::stats().dropped_scope_misuse;
  {
    latch done(1);
    pool threads(2, check_clean);
    const auto leaf = [&](int n) -> task<int> {
      co_await threads.hop();
      ARTHUR_TOOL_SPAN("leaf");
      co_return n;
    };
    const auto middle = [&]() -> task<int> {
      arthur::coroutine_scope& here = co_await arthur::this_coroutine;
      arthur::coroutine_span chain(here, arthur::kind::chain, "middle");
      int sum = 0;
      for (int n = 0; n < 10; ++n) sum += co_await leaf(n);
      chain->set(arthur::output(std::to_string(sum)));
      co_return sum;
    };
    const auto broken = [&]() -> task<int> {
      co_await threads.hop();
      throw std::runtime_error("broken");
    };
    const auto top = [&]() -> task<int> {
      arthur::coroutine_scope& here = co_await arthur::this_coroutine;
      arthur::coroutine_span agent(here, arthur::kind::agent, "top");
      const int sum = co_await middle();
      { ARTHUR_SPAN("after middle"); }
      bool caught = false;
      try {
        co_await broken();
      } catch (const std::runtime_error&) {
        caught = true;
      }
      ARTHUR_SPAN("after broken");
      co_return caught ? sum : -1;
    };
    task<int> t = [&] {
      ARTHUR_CONTEXT(arthur::session_id("s"));
      return top();  // lazy: begins below, in the context of here
    }();
    CHECK(arthur::current_traceparent().empty());
    const auto run = [&]() -> detached {
      co_await std::move(t);
      done.count_down();  // the task has ended, and may go
    };
    run();
    CHECK(arthur::current_traceparent().empty());
    done.wait();
  }
  const span top = c.only("top"), middle = c.only("middle");
  CHECK(session(top) == "s");
  CHECK(middle.parent_span_id == top.span_id);
  CHECK(middle.find("output.value")->text == "45");
  CHECK(c.count("leaf") == 10);
  for (const span& s : c.spans()) {
    if (s.name == "leaf") CHECK(s.parent_span_id == middle.span_id);
    if (s.name != "idle") CHECK(session(s) == "s");
  }
  CHECK(c.only("after middle").parent_span_id == top.span_id);
  CHECK(c.only("after broken").parent_span_id == top.span_id);
  CHECK(arthur::stats().dropped_scope_misuse == misused);
  CHECK(support::account_closed(arthur::stats()));
}

namespace {

/// What an awaiter saw: whether the thread was free of the coroutine when it was suspended.
struct seen {
  bool at_ready = false, at_suspend = false, at_resume = false;
};

enum class how { suspend, refuse, fail, inline_resume };

struct witness {
  seen& to;
  how behaves;
  std::coroutine_handle<>* parked = nullptr;
  static bool current() { return !arthur::current_traceparent().empty(); }
  bool await_ready() {
    to.at_ready = current();
    return false;
  }
  bool await_suspend(std::coroutine_handle<> h) {
    to.at_suspend = current();
    if (behaves == how::fail) throw std::runtime_error("not suspended");
    if (behaves == how::refuse) return false;
    if (behaves == how::suspend) *parked = h;
    else h.resume();  // and with the coroutine, this may be gone
    return true;
  }
  void await_resume() { to.at_resume = current(); }
};
struct by_member {
  witness w;
  witness operator co_await() && { return w; }
};
struct by_function {
  witness w;
};
witness operator co_await(const by_function& f) { return f.w; }

}  // namespace

TEST_CASE("a coroutine is off its thread before it is suspended, and on again when it isn't after all") {
  capture c;
  std::coroutine_handle<> parked;
  std::vector<seen> all(7);
  bool thrown = false, ended = false;
  const auto work = [&]() -> detached {
    arthur::coroutine_scope here;
    arthur::coroutine_span span(here, arthur::kind::chain, "span");
    co_await here(witness{all[0], how::refuse});
    CHECK(witness::current());
    try {
      co_await here(witness{all[1], how::fail});
    } catch (const std::runtime_error&) {
      thrown = witness::current();
    }
    co_await here(by_member{{all[2], how::refuse}});
    co_await here(by_function{{all[3], how::refuse}});
    witness lasting{all[4], how::refuse};
    co_await here(lasting);
    co_await here(witness{all[5], how::suspend, &parked});
    co_await here(witness{all[6], how::inline_resume});
    ended = true;
  };
  work();
  CHECK(!witness::current());
  CHECK(!ended);
  std::thread([&] {
    ARTHUR_SPAN("of the thread");
    const std::string mine = arthur::current_span_id().c_str();
    parked.resume();
    CHECK(arthur::current_span_id().c_str() == mine);
  }).join();
  CHECK(ended);
  CHECK(thrown);
  for (std::size_t n = 0; n < all.size(); ++n) {
    CAPTURE(n);
    CHECK(all[n].at_ready);
    CHECK(all[n].at_suspend == (n == 6));  // there the thread's own span is current
    CHECK(all[n].at_resume == (n != 1));
  }
  CHECK(c.only("of the thread").parent_span_id.empty());
  CHECK(c.only("span").parent_span_id.empty());
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("what a coroutine leaves open over co_await is taken off the thread and counted, and harms nobody") {
  capture c;
  const auto before = arthur::stats().dropped_scope_misuse;
  std::coroutine_handle<> parked;
  seen at;
  const auto work = [&]() -> detached {
    arthur::coroutine_scope here;
    arthur::coroutine_span agent(here, arthur::kind::agent, "agent");
    ARTHUR_CONTEXT(arthur::session_id("leaves"));
    const arthur::baggage_scope baggage("who", "leaves");
    ARTHUR_TOOL_SPAN("open over co_await");
    const arthur::remote_parent parent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a=1");
    const arthur::suppress quiet;
    co_await here(witness{at, how::suspend, &parked});
    ARTHUR_TOOL_SPAN("afterwards");
  };
  work();
  CHECK(!at.at_suspend);
  CHECK(arthur::current_traceparent().empty());
  CHECK(arthur::current_baggage("who").empty());
  { ARTHUR_SPAN("somebody else"); }
  std::thread([&] { parked.resume(); }).join();
  { ARTHUR_SPAN("later"); }
  CHECK(c.count("open over co_await") == 0);
  CHECK(c.only("afterwards").parent_span_id == c.only("agent").span_id);
  for (const char* const name : {"somebody else", "later"}) {
    CHECK(c.only(name).parent_span_id.empty());
    CHECK(session(c.only(name)) == "");
  }
  CHECK(arthur::stats().dropped_scope_misuse - before == 1);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("detach and attach by hand serve runtimes with awaitables of their own") {
  capture c;
  std::coroutine_handle<> parked;
  seen at;
  const auto work = [&]() -> detached {
    arthur::coroutine_scope here(arthur::context::current().with(arthur::session_id("s")));
    arthur::coroutine_span agent(here, arthur::kind::agent, "agent");
    here.detach();
    here.detach();  // twice is once
    co_await witness{at, how::suspend, &parked};
    CHECK(!witness::current());
    here.attach();
    here.attach();
    ARTHUR_SPAN("inner");
  };
  work();
  CHECK(!at.at_suspend);
  std::thread([&] {
    parked.resume();
    CHECK(!witness::current());
  }).join();
  CHECK(c.only("inner").parent_span_id == c.only("agent").span_id);
  CHECK(session(c.only("inner")) == "s");
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("a scope that was left on its thread over a bare co_await takes nothing of others along when it ends") {
  capture c;
  std::coroutine_handle<> parked;
  seen at;
  const auto work = [&]() -> detached {
    arthur::coroutine_scope here;
    co_await witness{at, how::suspend, &parked};
  };
  {
    const std::unique_ptr<arthur::coroutine_scope> outer(new arthur::coroutine_scope);
    work();
    outer->detach();  // takes off what was left above it
    ARTHUR_SPAN("first");
    ARTHUR_SPAN("second");
    parked.resume();
  }
  CHECK(c.count("first") == 1);
  CHECK(c.count("second") == 1);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("coroutine spans nest and restore; their end on another thread, or with the coroutine destroyed, is fine") {
  capture c;
  std::coroutine_handle<> parked;
  seen at;
  const auto work = [&](bool destroyed) -> detached {
    arthur::coroutine_scope here;
    arthur::coroutine_span outer(here, arthur::kind::agent, destroyed ? "destroyed outer" : "outer");
    {
      arthur::coroutine_span inner(here, arthur::kind::chain, destroyed ? "destroyed inner" : "inner");
      co_await here(witness{at, how::suspend, &parked});
      ARTHUR_SET(arthur::output("inner"));
      inner->end();
      ARTHUR_SPAN("child of an ended span");
    }
    ARTHUR_SET(arthur::output("outer"));
    ARTHUR_SPAN("child of outer");
  };
  work(false);
  std::thread([&] { parked.resume(); }).join();
  CHECK(c.only("inner").parent_span_id == c.only("outer").span_id);
  CHECK(c.only("inner").find("output.value")->text == "inner");
  CHECK(c.only("outer").find("output.value")->text == "outer");
  CHECK(c.only("child of an ended span").parent_span_id == c.only("inner").span_id);
  CHECK(c.only("child of outer").parent_span_id == c.only("outer").span_id);
  work(true);
  std::thread([&] {
    ARTHUR_SPAN("destroys");
    parked.destroy();
    CHECK(witness::current());
  }).join();
  CHECK(c.only("destroyed inner").parent_span_id == c.only("destroyed outer").span_id);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("without a runtime a coroutine hands on what came") {
  { capture c; }
  std::coroutine_handle<> parked;
  seen at;
  std::string parent, baggage;
  const auto work = [&]() -> detached {
    arthur::coroutine_scope here;
    arthur::coroutine_span span(here, arthur::kind::chain, "not recorded");
    co_await here(witness{at, how::suspend, &parked});
    parent = arthur::current_traceparent().c_str();
    baggage = arthur::current_baggage("k");
  };
  const std::string came = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  {
    const auto remote = arthur::extract(std::vector<std::pair<std::string, std::string>>{{"traceparent", came}, {"baggage", "k=v"}});
    work();
  }
  std::thread([&] { parked.resume(); }).join();
  CHECK(parent == came);
  CHECK(baggage == "v");
}
