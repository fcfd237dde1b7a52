// engine_view.cpp: what the engine shows of what the builders set: decisions, tokens, tools, messages of several parts.
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "support/engine.hpp"
#include "support/httplib.hpp"

namespace {

using nlohmann::json;

/// What the engine answers about each span that `work` makes, by name.
template <class Work>
std::map<std::string, json> shown(Work&& work) {
  support::engine engine;
  arthur::options options;
  options.service_name = "agent";
  options.base_url = engine.url();
  {
    const auto tracing = arthur::start(options);
    REQUIRE(tracing.ok());
    work();
    REQUIRE(arthur::flush(std::chrono::seconds(30)) == arthur::flush_result::ok);
  }
  CHECK(arthur::stats().rejected == 0);
  std::map<std::string, json> rows;
  httplib::Client client("127.0.0.1", engine.port());
  for (const std::string& id : engine.distinct_span_ids()) {
    const auto answer = client.Get(("/api/v1/traces/spans/" + id).c_str());
    REQUIRE((answer && answer->status == 200));
    json row = json::parse(answer->body);
    const std::string name = row.at("span_name");
    rows[name] = std::move(row);
  }
  return rows;
}

json attributes_of(const json& row) { return row.at("raw_data").at("attributes"); }

}  // namespace

TEST_CASE("a decision is a CHAIN span: its input the list of the options, its output the choice") {
  const auto rows = shown([] {
    ARTHUR_AGENT_SPAN("agent", arthur::input("my mug is broken"), arthur::output("here is your money"));
    ARTHUR_DECISION("route", "refund", arthur::considered({"refund", "say \"no\"", "\xc3\xa4/b"}), arthur::attribute("reason", "damaged"));
    ARTHUR_DECISION("scored", "refund",
                    arthur::considered_json(R"([{"option":"refund","score":0.8},{"option":"escalate","score":0.2,"why":"rare"}])"));
    ARTHUR_DECISION("broken list", "refund", arthur::considered_json("[refund"));
    ARTHUR_DECISION("no list", "refund");
    ARTHUR_DECISION("explained", "refund", arthur::considered({"refund"}), arthur::output_json(R"({"choice":"refund","sure":true})"));
  });
  REQUIRE(rows.size() == 6);
  for (const char* name : {"route", "scored", "broken list", "no list", "explained"}) {
    CHECK(rows.at(name).at("span_kind") == "CHAIN");
    CHECK(rows.at(name).at("status_code") == "Ok");
    CHECK(rows.at(name).at("parent_span_id") == rows.at("agent").at("span_id"));
  }
  const json& route = rows.at("route");
  CHECK(json::parse(route.at("input_content").get<std::string>()) == json({"refund", "say \"no\"", "\xc3\xa4/b"}));
  CHECK(route.at("output_content") == "refund");
  CHECK(attributes_of(route).at("input").at("mime_type") == "application/json");
  CHECK(attributes_of(route).at("reason") == "damaged");
  // The engine opened the list: an evaluation may point at single options.
  CHECK(attributes_of(rows.at("scored")).at("input").at("value").at(1).at("option") == "escalate");
  CHECK(attributes_of(rows.at("scored")).at("input").at("value").at(0).at("score") == 0.8);
  CHECK(rows.at("scored").at("output_content") == "refund");
  CHECK(rows.at("broken list").at("input_content") == "[refund");
  CHECK(attributes_of(rows.at("broken list")).at("input").at("mime_type") == "text/plain");
  CHECK(rows.at("no list").at("input_content").is_null());
  CHECK(json::parse(rows.at("explained").at("output_content").get<std::string>()).at("sure") == true);
}

TEST_CASE("tokens come with a total, tools as text, and a tool's span carries its name") {
  const auto rows = shown([] {
    ARTHUR_AGENT_SPAN("agent");
    { ARTHUR_LLM_SPAN("sum", arthur::tokens(3, 4), arthur::tool("t", "does", R"({"type":"object"})"), arthur::tool_schema(R"({"name":"u"})")); }
    { ARTHUR_LLM_SPAN("given", arthur::tokens(3, 4, 9), arthur::cache_read_tokens(2), arthur::reasoning_tokens(1), arthur::cost(1.0, 2.0)); }
    { ARTHUR_LLM_SPAN("prompt only", arthur::tokens(5)); }
    { ARTHUR_TOOL_SPAN("get_weather", arthur::tool_call("c", "get_weather", "{}"), arthur::tool_id("c")); }
  });
  CHECK(rows.at("sum").at("prompt_token_count") == 3);
  CHECK(rows.at("sum").at("completion_token_count") == 4);
  CHECK(rows.at("sum").at("total_token_count") == 7);
  CHECK(rows.at("given").at("total_token_count") == 9);
  CHECK(rows.at("prompt only").at("total_token_count") == 5);
  const json llm = attributes_of(rows.at("given")).at("llm");
  CHECK(llm.at("token_count").at("prompt_details").at("cache_read") == 2);
  CHECK(llm.at("token_count").at("completion_details").at("reasoning") == 1);
  CHECK(llm.at("cost").at("total") == 3.0);
  const json tools = attributes_of(rows.at("sum")).at("llm").at("tools");
  REQUIRE(tools.size() == 2);
  const json& schema = tools.at(0).at("tool").at("json_schema");
  REQUIRE(schema.is_string());  // the engine's tab of tools reads text only
  CHECK(json::parse(schema.get<std::string>()) == json({{"type", "function"}, {"function", {{"name", "t"}, {"description", "does"}, {"parameters", {{"type", "object"}}}}}}));
  CHECK(tools.at(1).at("tool").at("json_schema") == R"({"name":"u"})");
  CHECK(attributes_of(rows.at("get_weather")).at("tool").at("name") == "get_weather");
  CHECK(attributes_of(rows.at("get_weather")).at("tool_call").at("function").at("name") == "get_weather");
}

TEST_CASE("a message of several parts is a list of parts in their order") {
  const auto rows = shown([] {
    ARTHUR_LLM_SPAN("chat", arthur::input_message("system", "be kind"));
    ARTHUR_SET(arthur::input_message("user", arthur::text("What is this?"), arthur::image("https://example.com/cat.png"), arthur::text("And here?")));
    ARTHUR_SET(arthur::output_message("assistant", arthur::reasoning("hm", arthur::signature("s")), arthur::text("Let me look."),
                                      arthur::tool_use("c1", "look", R"({"at":1})"), arthur::tool_use("c2", "look", R"({"at":2})")));
  });
  const json llm = attributes_of(rows.at("chat")).at("llm");
  const json input = llm.at("input_messages");
  CHECK(input.at(0).at("message") == json({{"role", "system"}, {"content", "be kind"}}));
  const json parts = input.at(1).at("message").at("contents");
  REQUIRE(parts.size() == 3);
  CHECK(parts.at(0).at("message_content") == json({{"type", "text"}, {"text", "What is this?"}}));
  CHECK(parts.at(1).at("message_content").at("image").at("image").at("url") == "https://example.com/cat.png");
  CHECK(parts.at(2).at("message_content").at("text") == "And here?");
  const json output = llm.at("output_messages").at(0).at("message");
  REQUIRE(output.at("contents").size() == 4);
  CHECK(output.at("contents").at(0).at("message_content").at("signature") == "s");
  CHECK(output.at("contents").at(2).at("message_content").at("type") == "tool_use");
  CHECK(output.at("contents").at(3).at("tool_call").at("id") == "c2");
  REQUIRE(output.at("tool_calls").size() == 2);
  CHECK(output.at("tool_calls").at(1).at("tool_call").at("function").at("arguments") == R"({"at":2})");
}

TEST_CASE("a plain collector gets what is no JSON without the label of JSON") {
  support::engine_options how;
  how.speaks = support::dialect::collector;
  how.accept = support::encodings::both;
  support::engine collector(how);
  arthur::options options;
  options.service_name = "agent";
  options.endpoint = collector.url() + "/v1/traces";
  const auto cleaned_before = arthur::stats().cleaned;
  {
    const auto tracing = arthur::start(options);
    REQUIRE(tracing.ok());
    ARTHUR_TOOL_SPAN("t", arthur::input_json(R"({"city":)"), arthur::output_json(R"({"rain/mm":3})"));
  }
  REQUIRE(collector.row_count() == 1);
  const support::span s = collector.spans()[0].span;
  CHECK(s.text("input.value") == R"({"city":)");
  CHECK(s.text("input.mime_type") == "text/plain");
  CHECK(s.text("output.mime_type") == "application/json");  // a key that only the engine can't take
  CHECK(arthur::stats().cleaned - cleaned_before == 1);
}
