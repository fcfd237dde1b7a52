// values.cpp: JSON values and formatted texts as attributes.
#define ARTHUR_WITH_JSON
#define ARTHUR_WITH_FMT
#include <arthur/arthur.hpp>

#include <doctest/doctest.h>

#include "support/capture.hpp"

TEST_CASE("a JSON value is recorded as its text, under JSON's mime type where there is one") {
  support::capture c;
  const nlohmann::json value = {{"city", "Paris"}, {"bad", "\xff"}};
  {
    ARTHUR_TOOL_SPAN("t", arthur::input_json(value), arthur::attribute("own", value), arthur::metadata(nlohmann::json{{"a", 1}}));
    ARTHUR_SET(arthur::output_json(nlohmann::json::array({1, 2})), arthur::attribute("nothing", nlohmann::json()));
  }
  {
    ARTHUR_LLM_SPAN("m", arthur::tool_schema(nlohmann::json{{"name", "f"}}), arthur::prompt_template_variables(nlohmann::json{{"x", 1}}));
    ARTHUR_SET(arthur::output_message("assistant", arthur::tool_call("c", "f", nlohmann::json{{"x", 1}})));
    ARTHUR_DECISION("d", "a", arthur::considered_json(nlohmann::json{{{"option", "a"}, {"score", 1}}}));
  }
  CHECK(c.only("m").text("llm.tools.0.tool.json_schema") == R"({"name":"f"})");
  CHECK(c.only("m").text("llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments") == R"({"x":1})");
  CHECK(c.only("m").text("llm.prompt_template.variables") == R"({"x":1})");
  CHECK(c.only("d").text("input.value") == R"([{"option":"a","score":1}])");
  CHECK(c.only("d").text("input.mime_type") == "application/json");
  const support::span s = c.only("t");
  CHECK(s.text("input.value") == "{\"bad\":\"\xef\xbf\xbd\",\"city\":\"Paris\"}");
  CHECK(s.text("input.mime_type") == "application/json");
  CHECK(s.text("own") == s.text("input.value"));
  CHECK(s.text("metadata") == R"({"a":1})");
  CHECK(s.text("output.value") == "[1,2]");
  CHECK(s.text("nothing") == "null");
}

TEST_CASE("formatting is asked for, never implied") {
  support::capture c;
  { ARTHUR_SPAN("s", arthur::input(arthur::format("{} of {}", 1, "two")), arthur::output("100 % {} %s")); }
  CHECK(c.only("s").text("input.value") == "1 of two");
  CHECK(c.only("s").text("output.value") == "100 % {} %s");
}
