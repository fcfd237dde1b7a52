// context.cpp: what spans inherit, and how it follows the work over threads.
#include <arthur/arthur.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/capture.hpp"

using support::capture;
using support::span;

namespace {

std::string sent_traceparent() { return std::string(std::string_view(arthur::current_traceparent())); }

/// Runs `work` on a thread of its own and waits for it.
template <class Work>
void elsewhere(Work&& work) {
  std::thread(static_cast<Work&&>(work)).join();
}

}  // namespace

TEST_CASE("a captured context makes spans of other threads children, with the same attributes") {
  capture c;
  {
    ARTHUR_CONTEXT(arthur::session_id("s"), arthur::user_id("u"));
    ARTHUR_AGENT_SPAN("agent");
    const auto here = arthur::context::current();
    elsewhere([&] {
      const auto scope = here.attach();
      ARTHUR_TOOL_SPAN("tool");
      CHECK(sent_traceparent().substr(36, 16) == std::string_view(arthur::current_span_id()));
    });
    elsewhere([] { ARTHUR_SPAN("without"); });
  }
  const span agent = c.only("agent"), tool = c.only("tool"), without = c.only("without");
  CHECK(tool.trace_id == agent.trace_id);
  CHECK(tool.parent_span_id == agent.span_id);
  CHECK(tool.text("session.id") == "s");
  CHECK(tool.text("user.id") == "u");
  CHECK(without.parent_span_id.empty());
  CHECK(without.find("session.id") == nullptr);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("an attached context stands in place of the thread's own and ends with its scope") {
  capture c;
  arthur::context captured;
  elsewhere([&] {
    ARTHUR_CONTEXT(arthur::session_id("theirs"));
    ARTHUR_SPAN("theirs");
    captured = arthur::context::current();
  });
  ARTHUR_CONTEXT(arthur::session_id("mine"), arthur::user_id("me"));
  ARTHUR_SPAN("mine");
  {
    const auto scope = captured.attach();
    ARTHUR_SPAN("child of theirs");
  }
  ARTHUR_SPAN("child of mine");
  ARTHUR_END();
  ARTHUR_END();
  CHECK(c.only("child of theirs").parent_span_id == c.only("theirs").span_id);
  CHECK(c.only("child of theirs").text("session.id") == "theirs");
  CHECK(c.only("child of theirs").find("user.id") == nullptr);
  CHECK(c.only("child of mine").parent_span_id == c.only("mine").span_id);
  CHECK(c.only("child of mine").text("session.id") == "mine");
}

TEST_CASE("work that outlives its parent and its scopes still belongs to them") {
  capture c;
  std::unique_ptr<arthur::context> kept;
  {
    ARTHUR_CONTEXT(arthur::session_id("s"), arthur::metadata(std::string(20000, 'm')));
    ARTHUR_AGENT_SPAN("agent");
    kept = std::make_unique<arthur::context>(arthur::context::current());
  }
  const std::string parent = c.only("agent").span_id;
  elsewhere([moved = std::move(*kept)] {
    const auto scope = moved.attach();
    ARTHUR_SPAN("late");
  });
  CHECK(c.only("late").parent_span_id == parent);
  CHECK(c.only("late").text("session.id") == "s");
  CHECK(c.only("late").text("metadata").size() == 20000);
}

TEST_CASE("an empty context begins traces of its own") {
  capture c;
  ARTHUR_CONTEXT(arthur::session_id("s"));
  ARTHUR_SPAN("outer");
  {
    const auto scope = arthur::context().attach();
    CHECK(arthur::current_traceparent().empty());
    CHECK(std::string_view(arthur::current_span_id()) == "0000000000000000");
    ARTHUR_SPAN("root");
    ARTHUR_SPAN("its child");
    arthur::span detached(arthur::kind::tool, "detached");
  }
  ARTHUR_SPAN("inner");
  ARTHUR_END();
  ARTHUR_END();
  CHECK(c.only("root").parent_span_id.empty());
  CHECK(c.only("root").trace_id != c.only("outer").trace_id);
  CHECK(c.only("root").find("session.id") == nullptr);
  CHECK(c.only("its child").parent_span_id == c.only("root").span_id);
  CHECK(c.only("detached").trace_id == c.only("root").trace_id);
  CHECK(c.only("inner").parent_span_id == c.only("outer").span_id);
  CHECK(c.only("inner").text("session.id") == "s");
}

TEST_CASE("with() adds attributes to a context and leaves the original alone") {
  capture c;
  ARTHUR_CONTEXT(arthur::session_id("s"), arthur::user_id("u"));
  const auto plain = arthur::context::current();
  const auto more = plain.with(arthur::session_id("other"), arthur::attribute("extra", 1), arthur::service_name("billing"));
  {
    const auto scope = more.attach();
    ARTHUR_SPAN("more");
  }
  {
    const auto scope = plain.attach();
    ARTHUR_SPAN("plain");
  }
  CHECK(c.only("more").text("session.id") == "other");
  CHECK(c.only("more").text("user.id") == "u");
  CHECK(c.only("more").find("extra") != nullptr);
  CHECK(c.only("plain").text("session.id") == "s");
  CHECK(c.only("plain").find("extra") == nullptr);
  CHECK(c.requests().front().resources.size() == 2);
}

TEST_CASE("a wrapped function runs where it was wrapped, on any thread, with its arguments, its result and its exceptions") {
  capture c;
  std::function<int(int)> stored;
  std::future<std::string> answer;
  {
    ARTHUR_CONTEXT(arthur::session_id("s"));
    ARTHUR_AGENT_SPAN("agent");
    stored = arthur::wrap([](int n) {
      ARTHUR_SPAN("stored");
      return n + 1;
    });
    // Move-only, and moved on with its argument.
    answer = std::async(std::launch::async, arthur::wrap([own = std::make_unique<int>(7)](std::unique_ptr<int> given) {
                          ARTHUR_SPAN("async");
                          return std::to_string(*own + *given);
                        }),
                        std::make_unique<int>(5));
    std::thread(arthur::wrap([](int& out) {
                  ARTHUR_SPAN("thread");
                  ++out;
                }),
                std::ref(*std::make_unique<int>(0)))
        .join();
    CHECK_THROWS_AS(arthur::wrap([] { throw std::runtime_error("no"); })(), std::runtime_error);
    ARTHUR_SPAN("after");
  }
  elsewhere([&] { CHECK(stored(1) == 2); });
  CHECK(answer.get() == "12");
  for (const char* name : {"stored", "async", "thread", "after"}) {
    CAPTURE(name);
    CHECK(c.only(name).parent_span_id == c.only("agent").span_id);
    CHECK(c.only(name).text("session.id") == "s");
  }
  { ARTHUR_SPAN("outside"); }
  CHECK(c.only("outside").parent_span_id.empty());
}

namespace {

int plain(int n) noexcept { return n; }
struct counts {
  int operator()() & { return ++n; }
  int operator()() const& { return n; }
  int operator()() && { return -1; }
  int n = 0;
};
struct move_only {
  move_only() = default;
  move_only(move_only&&) = default;
  void operator()() const {}
};
template <class F>
using wrapped = decltype(arthur::wrap(std::declval<F>()));

static_assert(noexcept(std::declval<wrapped<int (&)(int) noexcept>&>()(1)));
static_assert(!noexcept(std::declval<wrapped<int (&)(int)>&>()(1)));
static_assert(std::is_copy_constructible_v<wrapped<counts>> && std::is_nothrow_move_constructible_v<wrapped<counts>>);
static_assert(!std::is_copy_constructible_v<wrapped<move_only>> && std::is_move_constructible_v<wrapped<move_only>>);
static_assert(std::is_invocable_v<wrapped<int (&)(int)>, int> && !std::is_invocable_v<wrapped<int (&)(int)>, std::string>);

}  // namespace

TEST_CASE("a wrapped function is called as it would be itself: changing, constant, used up; by reference where it returns one") {
  CHECK(arthur::wrap(plain)(3) == 3);
  auto counted = arthur::wrap(counts());
  CHECK(counted() == 1);
  CHECK(counted() == 2);
  const auto copy = counted;
  CHECK(copy() == 2);
  CHECK(std::move(counted)() == -1);
  int value = 0;
  arthur::wrap([&value]() -> int& { return value; })() = 5;
  CHECK(value == 5);
}

TEST_CASE("inside suppress nothing is recorded, on no thread, and headers name the span outside") {
  capture c;
  const std::uint64_t left_out = arthur::stats().unsampled;
  ARTHUR_CONTEXT(arthur::session_id("s"));
  ARTHUR_SPAN("outer");
  const std::string header = sent_traceparent();
  {
    const arthur::suppress quiet;
    CHECK(sent_traceparent() == header);
    ARTHUR_SET(arthur::attribute("lost", 1));
    ARTHUR_TOOL_SPAN("inner", arthur::attribute("lost", 2));
    CHECK(!arthur::detail::current_recording());
    ARTHUR_SET(arthur::attribute("lost", 3));
    ARTHUR_ERROR("lost");
    CHECK(sent_traceparent() == header);
    arthur::span detached(arthur::kind::tool, "detached");
    CHECK(!detached.recording());
    const auto active = detached.activate();
    ARTHUR_SPAN("innermost");
    CHECK(sent_traceparent() == header);
    CHECK(header.substr(36, 16) == std::string_view(arthur::current_span_id()));
    elsewhere(arthur::wrap([&] {
      CHECK(sent_traceparent() == header);
      ARTHUR_SPAN("elsewhere");
      ARTHUR_CONTEXT(arthur::user_id("lost"));
      CHECK(sent_traceparent() == header);
    }));
    {
      const arthur::suppress again;
      ARTHUR_SPAN("twice");
      CHECK(sent_traceparent() == header);
    }
    ARTHUR_SPAN("still");
  }
  ARTHUR_SPAN("recorded");
  ARTHUR_END();
  ARTHUR_END();
  REQUIRE(c.spans().size() == 2);
  CHECK(c.only("recorded").parent_span_id == c.only("outer").span_id);
  CHECK(c.only("outer").find("lost") == nullptr);
  CHECK(c.only("outer").find("user.id") == nullptr);
  CHECK(c.only("outer").status_code == 1);
  CHECK(arthur::stats().unsampled == left_out + 6);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("suppress outside any span sends no header, and what attaches a context of outside records again") {
  capture c;
  const auto outside = arthur::context::current();
  {
    const arthur::suppress quiet;
    CHECK(sent_traceparent().empty());
    ARTHUR_SPAN("quiet");
    CHECK(sent_traceparent().empty());
    elsewhere(arthur::wrap([] {
      ARTHUR_SPAN("quiet too");
      CHECK(sent_traceparent().empty());
    }));
    const auto scope = outside.attach();
    ARTHUR_SPAN("recorded");
  }
  { ARTHUR_SPAN("afterwards"); }
  CHECK(c.spans().size() == 2);
  CHECK(c.only("recorded").parent_span_id.empty());
}
