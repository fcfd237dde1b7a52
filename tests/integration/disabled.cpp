// disabled.cpp: with ARTHUR_DISABLE the whole program compiles, links without the runtime, and runs none of the arguments.
#define ARTHUR_DISABLE
#define ARTHUR_WITH_JSON
#include <nlohmann/json.hpp>

#include <arthur/arthur.hpp>
#include <arthur/testing.hpp>
#include <arthur/traced_tool.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "support/httplib.hpp"

#include <arthur/instrument/httplib.hpp>

#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

TEST_CASE("disabled macros evaluate nothing, and what is called beside them does nothing") {
  int evaluated = 0;
  const auto tracing = arthur::start();
  CHECK(tracing.ok());
  ARTHUR_CONTEXT(arthur::session_id("s"), arthur::attribute("a", ++evaluated));
  ARTHUR_AGENT_SPAN("agent", arthur::attribute("a", ++evaluated));
  ARTHUR_LLM_SPAN(std::string("llm"));
  ARTHUR_SET(arthur::attribute("a", ++evaluated), arthur::input_message("user", "hi"));
  ARTHUR_EVENT("e", arthur::attribute("a", ++evaluated));
  ARTHUR_ERROR(std::to_string(++evaluated));
  ARTHUR_DECISION("route", "a", arthur::considered({"a", "b"}), arthur::attribute("a", ++evaluated));
  ARTHUR_END();
  arthur::span job(arthur::kind::tool, "job");
  job.set(arthur::attribute("a", 1));
  const auto active = job.activate();
  CHECK(arthur::traced(arthur::kind::tool, "t", [] { return 4; }) == 4);
  CHECK(evaluated == 0);
  CHECK(arthur::flush() == arthur::flush_result::ok);
  arthur::pause();
  arthur::resume();
  CHECK(!arthur::recording());
  CHECK(arthur::set_sample_ratio(0.5));
  const auto checked = arthur::check();
  REQUIRE(checked.size() == 1);
  CHECK(checked.begin()->text == "compiled with ARTHUR_DISABLE: nothing is recorded");
  CHECK(arthur::stats().opened == 0);
  CHECK(std::string(arthur::current_trace_id().c_str()) == std::string(32, '0'));
  const arthur::remote_parent parent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a=1");
  CHECK(!parent.joined());
  CHECK(arthur::current_traceparent().empty());
  CHECK(std::string(arthur::current_tracestate().c_str()).empty());
  std::map<std::string, std::string> headers = {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, {"baggage", "k=v"}};
  const auto before = headers;
  const auto remote = arthur::extract(headers);
  CHECK(!remote.joined());
  CHECK(!arthur::extract([](std::string_view) { return "x"; }).joined());
  CHECK(!arthur::extract_environment().joined());
  const arthur::baggage_scope carried("k", "v");
  CHECK(!carried.carried());
  CHECK(arthur::current_baggage("k").empty());
  arthur::inject(headers);
  CHECK(headers == before);
  std::vector<std::string> variables;
  arthur::inject_environment(variables);
  CHECK(variables.empty());
  job.set(arthur::link_to("traceparent", arthur::attribute("k", 1)), arthur::link_to(arthur::context::current()));
  ARTHUR_SPAN("links", arthur::link_to({"traceparent", "tracestate"}, arthur::attribute("k", ++evaluated)));
  CHECK(evaluated == 0);
  const arthur::context here = arthur::context::current().with(arthur::session_id("s"));
  const auto scope = here.attach();
  const arthur::suppress quiet;
  CHECK(arthur::wrap([](int n) { return n + 1; }, here)(1) == 2);
}

TEST_CASE("a test of a disabled program is told why it sees no spans") {
  arthur::testing::capture spans;
  { ARTHUR_LLM_SPAN("chat"); }
  CHECK_FALSE(spans.ok());
  CHECK(spans.error() == "compiled with ARTHUR_DISABLE: nothing is recorded");
  CHECK(spans.take().empty());
}

TEST_CASE("with ARTHUR_DISABLE a traced tool is the function itself") {
  const auto twice = [](int n) { return 2 * n; };
  const auto tool = arthur::traced_tool("twice", "Doubles", "{}", twice);
  static_assert(std::is_same_v<decltype(tool), decltype(twice)>);
  CHECK(tool(4) == 8);
}

TEST_CASE("with ARTHUR_DISABLE the client is cpp-httplib's, and a call to a model goes its way untouched") {
  static_assert(std::is_same_v<arthur::httplib_client, httplib::Client>);
  httplib::Client client("127.0.0.1", 1);
  arthur::instrument(client);
  arthur::wire_call call("POST", "/v1/chat/completions", "{}");
  CHECK_FALSE(call.recording());
  const auto active = call.activate();
  call.header("x-request-id", "1");
  call.feed("{}");
  call.finish();
  arthur::wire_call broken("POST", "/v1/chat/completions", "{}");
  broken.fail("cut");
  CHECK(arthur::traced_request("POST", "/v1/chat/completions", "{}", [] { return std::string("x"); }) == "x");
  CHECK(arthur::request_attributes("POST", "/v1/chat/completions", R"({"model":"m","messages":[]})").empty());
  CHECK(arthur::response_attributes("POST", "/v1/chat/completions", "{}", "{}").empty());
  const auto tool = arthur::traced_tool("t", "d", nlohmann::json::object(), [](const nlohmann::json& arguments) { return arguments; });
  CHECK(tool(nlohmann::json(4)) == 4);
}
