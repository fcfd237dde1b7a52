// traced_tool.cpp: tools of an agent loop, wrapped.
#define ARTHUR_WITH_JSON
#include <arthur/testing.hpp>
#include <arthur/traced_tool.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace {

using arthur::testing::capture;

constexpr const char* schema = R"({"type":"object","properties":{"city":{"type":"string"}}})";

struct session {};  // nothing that can be recorded

/// The one span that `call` leaves.
template <class Call>
arthur::testing::span span_of(Call&& call) {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  call();
  auto all = spans.take();
  REQUIRE(all.size() == 1);
  return std::move(all[0]);
}

}  // namespace

TEST_CASE("a wrapped tool is a TOOL span with its description, schema, input and output, and no stray key") {
  const auto tool = arthur::traced_tool("get_weather", "The weather of a city", schema,
                                        [](const std::string& arguments) { return R"({"asked":)" + arguments + "}"; });
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  {
    ARTHUR_AGENT_SPAN("agent");
    CHECK(tool(R"({"city":"Paris"})") == R"({"asked":{"city":"Paris"}})");
  }
  const auto agent = spans.find("agent"), span = spans.find("get_weather");
  CHECK(span.is_child_of(agent));
  CHECK(span.kind == "TOOL");
  CHECK(span.status == "OK");
  const std::map<std::string, arthur::testing::value> wanted{
      {"openinference.span.kind", "TOOL"},
      {"tool.name", "get_weather"},
      {"tool.description", "The weather of a city"},
      {"tool.parameters", schema},
      {"input.value", R"({"city":"Paris"})"},
      {"input.mime_type", "application/json"},
      {"output.value", R"({"asked":{"city":"Paris"}})"},
      {"output.mime_type", "application/json"},
  };
  const std::map<std::string, arthur::testing::value> got(span.attributes.begin(), span.attributes.end());
  CHECK(got == wanted);
}

TEST_CASE("an exception of a tool is recorded and passed on") {
  const auto tool = arthur::traced_tool("fail", "", "", [](std::string_view) -> std::string { throw std::runtime_error("no such city"); });
  const auto span = span_of([&] { CHECK_THROWS_WITH_AS(tool("Atlantis"), "no such city", std::runtime_error); });
  CHECK(span.status == "ERROR");
  CHECK(span.message == "std::runtime_error: no such city");
  REQUIRE(span.events.size() == 1);
  CHECK(span.events[0].name == "exception");
  CHECK(span.attribute("input.value") == "Atlantis");
  CHECK_FALSE(span.has("output.value"));
}

TEST_CASE("words and numbers are text, objects and lists are JSON") {
  const auto echo = arthur::traced_tool("echo", "", "", [](const auto& value) { return value; });
  const auto check = [&](const auto& value, const char* text, bool json = false) {
    const auto span = span_of([&] { echo(value); });
    for (const char* const side : {"input", "output"}) {
      CHECK(span.attribute(std::string(side) + ".value") == text);
      CHECK((span.attribute(std::string(side) + ".mime_type") == "application/json") == json);
    }
  };
  check(std::string("Paris"), "Paris");
  check(std::string("5"), "5");
  check(std::string(" [1]"), " [1]", true);
  check(std::string("{broken"), "{broken");
  check(std::string(), "");
  check(std::string_view("view"), "view");
  check(-7, "-7");
  check(UINT64_MAX, "18446744073709551615");
  check(0.1, "0.1");
  check(1.0 / 3, "0.33333333333333331");
  check(true, "true");
  check(std::numeric_limits<double>::infinity(), "null");
}

TEST_CASE("several arguments are a JSON list, and what can't be recorded is left out") {
  session with;
  auto tool = arthur::traced_tool("f", "", "", [](const char*, int, session&, double, bool) {});
  CHECK(span_of([&] { tool("a\"b\\c\n\x01\xc3\xa9", 3, with, 0.5, false); }).attribute("input.value") == "[\"a\\\"b\\\\c\\u000a\\u0001\xc3\xa9\",3,0.5,false]");
  auto one = arthur::traced_tool("f", "", "", [](session&, const std::string&) { return session(); });
  const auto span = span_of([&] { one(with, "x"); });
  CHECK(span.attribute("input.value") == "x");
  CHECK_FALSE(span.has("output.value"));
  auto none = arthur::traced_tool("f", "", "", [] {});
  CHECK_FALSE(span_of([&] { none(); }).has("input.value"));
}

TEST_CASE("JSON values are recorded as their text, without what stands beside them") {
  using nlohmann::json;
  session with;
  const auto tool = arthur::traced_tool("f", "", json::parse(schema), [](const json& arguments, session&, const std::string&) {
    return json{{"asked", arguments["city"]}};
  });
  const auto span = span_of([&] { CHECK(tool(json{{"city", "Paris"}}, with, "beside")["asked"] == "Paris"); });
  CHECK(span.attribute("tool.parameters") == json::parse(schema).dump());
  CHECK(span.attribute("input.value") == R"({"city":"Paris"})");
  CHECK(span.attribute("input.mime_type") == "application/json");
  CHECK(span.attribute("output.value") == R"({"asked":"Paris"})");
  CHECK(span.attribute("output.mime_type") == "application/json");
}

TEST_CASE("a schema that is no UTF-8 is the text that can be had, and no exception") {
  const auto tool = arthur::traced_tool("f", "", nlohmann::json{{"a", "\xff"}}, [] {});
  CHECK(span_of([&] { tool(); }).attribute("tool.parameters") == "{\"a\":\"\xef\xbf\xbd\"}");
}

TEST_CASE("the signature stays: references, values that only move, std::function, overloads by const") {
  std::string kept = "kept";
  auto reference = arthur::traced_tool("f", "", "", [&]() -> std::string& { return kept; });
  static_assert(std::is_same_v<decltype(reference()), std::string&>);
  CHECK(&reference() == &kept);
  auto moved = arthur::traced_tool("f", "", "", [](std::unique_ptr<int> p) { return p; });
  CHECK(*moved(std::make_unique<int>(4)) == 4);
  auto counter = arthur::traced_tool("f", "", "", [n = 0](int by) mutable { return n += by; });
  counter(2);
  CHECK(counter(3) == 5);
  static_assert(!std::is_invocable_v<const decltype(counter)&, int>);
  static_assert(!std::is_invocable_v<decltype(counter)&, session>);
  auto nothing = arthur::traced_tool("f", "", "", [] {});
  static_assert(std::is_void_v<decltype(nothing())>);

  std::map<std::string, std::function<std::string(const std::string&)>> registry;
  registry["upper"] = arthur::traced_tool(std::string("up") + "per", "", "", [](const std::string& text) { return text + "!"; });
  const auto span = span_of([&] { CHECK(registry["upper"]("a") == "a!"); });
  CHECK(span.name == "upper");
}

TEST_CASE("a tool may add to its span, and runs untraced before the start") {
  const auto tool = arthur::traced_tool("f", "", "", [](int n) {
    ARTHUR_SET(arthur::tool_id("call_1"));
    return n + 1;
  });
  CHECK(tool(1) == 2);
  CHECK(span_of([&] { tool(1); }).attribute("tool.id") == "call_1");
}
