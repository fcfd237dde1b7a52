// context.cpp: what spans inherit, and how it follows the work over threads.
#include <arthur/arthur.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>
#include <thread>
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
