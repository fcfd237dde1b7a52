// no_exceptions.cpp: a program built with -fno-exceptions -fno-rtti records, sends and stops like any other.
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "support/capture.hpp"
#include "support/engine.hpp"

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "this file must be compiled with -fno-exceptions -fno-rtti"
#endif

TEST_CASE("every macro records, and traced() returns what the function returns") {
  support::capture capture;
  {
    ARTHUR_CONTEXT(arthur::session_id("sess-1"));
    ARTHUR_AGENT_SPAN("agent", arthur::input("question"));
    ARTHUR_DECISION("route", "a", arthur::considered({"a", "b"}));
    const int answer = arthur::traced(arthur::kind::tool, "tool", [] { return ARTHUR_TRACED(chain, "inside", 42); });
    CHECK(answer == 42);
    ARTHUR_LLM_SPAN("chat", arthur::model("gpt-4o"), arthur::tokens(1, 2));
    ARTHUR_EVENT("cache.miss");
    ARTHUR_ERROR("upstream timed out");
  }
  CHECK(capture.spans().size() == 5);
  CHECK(capture.only("tool").status_code == 1);
  CHECK(capture.only("chat").status_code == 2);
  CHECK(capture.problems().empty());
}

TEST_CASE("the socket, the task's look-up and wrong configurations need no exceptions") {
  support::engine engine;
  {
    arthur::options o;
    o.base_url = engine.url();
    o.task_name = "Support";
    const auto tracing = arthur::start(o);
    CHECK(tracing.ok());
    { ARTHUR_SPAN("one"); }
    CHECK(arthur::flush(std::chrono::seconds(30)) == arthur::flush_result::ok);
  }
  CHECK(engine.row_count() == 1);
  arthur::options right;
  right.base_url = engine.url();
  CHECK(arthur::check(right).ok());
  CHECK(engine.row_count() == 2);
  arthur::options wrong;
  wrong.endpoint = "htp:/nowhere";
  wrong.on_diagnostic = [](void*, arthur::severity, const char*) {};
  const auto tracing = arthur::start(wrong);
  CHECK(!tracing.ok());
  CHECK(!tracing.error().empty());
  CHECK(arthur::check(wrong).begin()->fix == tracing.error());
}
