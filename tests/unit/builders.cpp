// builders.cpp: every attribute of OpenInference has a builder, which sets exactly its key, with its type on the wire.
#include <arthur/testing.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

using arthur::testing::capture;
using arthur::testing::value;

struct known_key {
  const char* key;
  const char* type;
};
const known_key known_keys[] = {
#define KEY(key, type, kinds) {key, type},
#define EVENT_KEY(key, type, kinds)
#define RESOURCE_KEY(key, type, kinds)
#include "support/openinference_keys.inc"
#undef KEY
#undef EVENT_KEY
#undef RESOURCE_KEY
};

/// llm.input_messages.0.message.contents.12.x: llm.input_messages.<i>.message.contents.<j>.x
std::string pattern_of(const std::string& key) {
  std::istringstream parts(key);
  std::string out, part, before;
  while (std::getline(parts, part, '.')) {
    if (part.find_first_not_of("0123456789") == std::string::npos) {
      part = before == "contents" ? "<j>" : before == "tool_calls" ? "<k>" : "<i>";
    }
    out += (out.empty() ? "" : ".") + part;
    before = part;
  }
  return out;
}

bool is_list_of(const value& v, value::type type) {
  bool all = v.is(value::type::list) && !v.list().empty();
  for (const value& element : v.list()) all = all && element.is(type);
  return all;
}

bool has_type(const value& v, const std::string& type) {
  if (type == "string" || type == "json") return v.is(value::type::text) && !v.text().empty();
  if (type == "string|int") return (v.is(value::type::text) && !v.text().empty()) || v.is(value::type::integer);
  if (type == "int") return v.is(value::type::integer);
  if (type == "double") return v.is(value::type::number);
  if (type == "list<string>") return is_list_of(v, value::type::text);
  return type == "list<double>" && is_list_of(v, value::type::number);
}

/// One span per example; its name is the example.
template <class Each>
void with_every_builder(Each&& each) {
#define SECTION(title)
#define BUILDER(signature, kind, keys, ...) ALSO(kind, keys, __VA_ARGS__)
#define ALSO(kind_, keys, ...) each(arthur::kind::kind_, keys, #__VA_ARGS__, [](arthur::scoped_span& s) { s.set(__VA_ARGS__); });
#include "support/every_builder.inc"
#undef SECTION
#undef BUILDER
#undef ALSO
}

}  // namespace

TEST_CASE("each example of docs/attributes.md sets the keys that it says, and no other, with their types") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  std::map<std::string, std::string> types;
  for (const known_key& known : known_keys) types[known.key] = known.type;
  with_every_builder([&](arthur::kind kind, const char* keys, const char* example, auto set) {
    {
      arthur::scoped_span span(kind, "example");
      set(span);
    }
    INFO(std::string(example));
    std::istringstream list(keys);
    std::set<std::string> expected{"openinference.span.kind"}, found;
    for (std::string key; list >> key;) expected.insert(key);
    if (kind == arthur::kind::tool) expected.insert("tool.name");  // of every TOOL span
    // The engine gets a retriever's documents as its output, too.
    if (kind == arthur::kind::retriever && expected.count("retrieval.documents.<i>.document.content") != 0) expected.insert({"output.value", "output.mime_type"});
    const auto all = spans.take();
    REQUIRE(all.size() == 1);
    for (const auto& one : all[0].attributes) {
      const std::string pattern = pattern_of(one.first);
      INFO(pattern);
      found.insert(pattern);
      CHECK(has_type(one.second, types[pattern]));
    }
    CHECK(found == expected);
  });
}

TEST_CASE("every attribute of OpenInference has a builder") {
  std::set<std::string> set;
  with_every_builder([&](arthur::kind, const char* keys, const char*, auto) {
    std::istringstream list(keys);
    for (std::string key; list >> key;) set.insert(key);
  });
  set.insert("openinference.span.kind");  // by each span macro
  for (const known_key& known : known_keys) {
    INFO(std::string(known.key));
    CHECK(set.count(known.key) == 1);
  }
  CHECK(sizeof known_keys / sizeof *known_keys == 220);
}

TEST_CASE("setting a rare key again replaces its value, whoever sets it") {
  capture spans;
  {
    ARTHUR_LLM_SPAN("chat", arthur::cache_read_tokens(1), arthur::reasoning_cost(0.5), arthur::prompt_id("a"));
    ARTHUR_SET(arthur::cache_read_tokens(2), arthur::attribute("llm.cost.completion_details.reasoning", 0.75));
    ARTHUR_SET(arthur::attribute("prompt.id", "b"), arthur::prompt_id("c"));
  }
  const auto chat = spans.find("chat");
  CHECK(chat.attribute("llm.token_count.prompt_details.cache_read") == 2);
  CHECK(chat.attribute("llm.cost.completion_details.reasoning") == 0.75);
  CHECK(chat.attribute("prompt.id") == "c");
  std::set<std::string> keys;
  for (const auto& one : chat.attributes) CHECK(keys.insert(one.first).second);
}

TEST_CASE("what is optional and empty is not written") {
  capture spans;
  {
    ARTHUR_LLM_SPAN("chat", arthur::output_message("model", arthur::tool_call("", "f", "{}"), arthur::reasoning("", arthur::redacted_data("x")),
                                                   arthur::audio("https://example.com/a.wav")));
    ARTHUR_SET(arthur::graph_node("n"));
  }
  { ARTHUR_RETRIEVER_SPAN("search", arthur::document("", arthur::url("https://example.com/a.pdf")), arthur::document("")); }
  std::set<std::string> keys;
  for (const auto& one : spans.find("chat").attributes) keys.insert(pattern_of(one.first));
  for (const char* left_out :
       {"llm.output_messages.<i>.message.tool_calls.<k>.tool_call.id", "llm.output_messages.<i>.message.contents.<j>.message_content.text",
        "llm.output_messages.<i>.message.contents.<j>.message_content.audio.audio.mime_type", "llm.output_messages.<i>.message.content",
        "graph.node.name", "graph.node.parent_id"}) {
    INFO(std::string(left_out));
    CHECK(keys.count(left_out) == 0);
  }
  CHECK(spans.find("chat").attribute("graph.node.id") == "n");
  CHECK_FALSE(spans.find("search").has("retrieval.documents.0.document.content"));
  CHECK(spans.find("search").attribute("retrieval.documents.1.document.content") == "");  // no number is left out
}

TEST_CASE("elements of a list and the parts inside are numbered from 0, each on its own") {
  capture spans;
  {
    ARTHUR_LLM_SPAN("chat", arthur::prompt("a"), arthur::choice("x"), arthur::prompt("b"));
    ARTHUR_SET(arthur::input_message("user", "look", arthur::image("i0"), arthur::text("t1"), arthur::document("d2", arthur::name("n"))),
               arthur::input_message("assistant", arthur::tool_use("c0", "f", "{}"), arthur::tool_call("c1", "g", "{}"), arthur::video("v1")));
    ARTHUR_SET(arthur::evaluation("one", arthur::score(1)), arthur::annotation("two", arthur::label("l")), arthur::evaluation("three", arthur::score(3)));
  }
  const auto chat = spans.find("chat");
  CHECK(chat.attribute("llm.prompts.1.prompt.text") == "b");
  CHECK(chat.attribute("llm.choices.0.completion.text") == "x");
  const std::string first = "llm.input_messages.0.message.", second = "llm.input_messages.1.message.";
  CHECK(chat.attribute(first + "content") == "look");
  CHECK(chat.attribute(first + "contents.0.message_content.image.image.url") == "i0");
  CHECK(chat.attribute(first + "contents.1.message_content.text") == "t1");
  CHECK(chat.attribute(first + "contents.2.message_content.type") == "document");
  CHECK(chat.attribute(first + "contents.2.message_content.document.document.content") == "d2");
  CHECK(chat.attribute(first + "contents.2.message_content.document.document.name") == "n");
  CHECK(chat.attribute(second + "contents.0.tool_call.id") == "c0");
  CHECK(chat.attribute(second + "contents.1.message_content.video.video.url") == "v1");
  CHECK(chat.attribute(second + "tool_calls.0.tool_call.id") == "c0");
  CHECK(chat.attribute(second + "tool_calls.1.tool_call.id") == "c1");
  CHECK(chat.attribute("annotations.0.annotation.name") == "two");
  CHECK(chat.attribute("evaluations.1.evaluation.name") == "three");
  CHECK(chat.attribute("evaluations.1.evaluation.score") == 3.0);
}

TEST_CASE("counts and costs: the total is the sum unless it is given") {
  capture spans;
  { ARTHUR_LLM_SPAN("sum", arthur::tokens(3, 4), arthur::cost(0.5, 0.25)); }
  { ARTHUR_LLM_SPAN("given", arthur::tokens(3, 4, 9), arthur::cost(0.5, 0.25), arthur::cost(1.0)); }
  { ARTHUR_EMBEDDING_SPAN("prompt only", arthur::tokens(5)); }
  CHECK(spans.find("sum").attribute("llm.token_count.total") == 7);
  CHECK(spans.find("sum").attribute("llm.cost.total") == 0.75);
  CHECK(spans.find("given").attribute("llm.token_count.total") == 9);
  CHECK(spans.find("given").attribute("llm.token_count.completion") == 4);
  CHECK(spans.find("given").attribute("llm.cost.total") == 1.0);
  CHECK(spans.find("prompt only").attribute("llm.token_count.prompt") == 5);
  CHECK(spans.find("prompt only").attribute("llm.token_count.total") == 5);
  CHECK_FALSE(spans.find("prompt only").has("llm.token_count.completion"));
}

TEST_CASE("a prompt template is inherited from a context, and a span's own value wins") {
  capture spans;
  {
    ARTHUR_CONTEXT(arthur::prompt_template("Hi {{name}}"), arthur::prompt_template_version("1"), arthur::prompt_template_variables(R"({"name":"Eve"})"));
    { ARTHUR_LLM_SPAN("inherits"); }
    { ARTHUR_LLM_SPAN("own", arthur::prompt_template_version("2")); }
  }
  CHECK(spans.find("inherits").attribute("llm.prompt_template.template") == "Hi {{name}}");
  CHECK(spans.find("inherits").attribute("llm.prompt_template.variables") == R"({"name":"Eve"})");
  CHECK(spans.find("inherits").attribute("llm.prompt_template.version") == "1");
  CHECK(spans.find("own").attribute("llm.prompt_template.version") == "2");
}

TEST_CASE("parts where they don't belong are left out and counted") {
  capture spans;
  const auto before = arthur::stats().dropped_attributes;
  { ARTHUR_CHAIN_SPAN("s", arthur::label("l"), arthur::signature("x"), arthur::text("t"), arthur::tool_use("c", "f", "{}"), arthur::function_call("f", "{}")); }
  const auto s = spans.find("s");
  for (const auto& one : s.attributes) CHECK((one.first == "openinference.span.kind" || one.first.compare(0, 5, "code.") == 0));
  CHECK(arthur::stats().dropped_attributes - before == 5);
  {
    ARTHUR_LLM_SPAN("m", arthur::input_message("user", "x", arthur::id("7"), arthur::metadata("{}"), arthur::score(1)));
    ARTHUR_SET(arthur::document("d", arthur::text("t"), arthur::label("l")), arthur::prompt("p"), arthur::annotation("a", arthur::id("7"), arthur::score(1)),
               arthur::output_message("assistant", arthur::tool_call("c", "f", "{}", arthur::name("n")), arthur::image("i"), arthur::annotation("a")));
  }
  std::set<std::string> keys;
  for (const auto& one : spans.find("m").attributes) {
    if (one.first.compare(0, 5, "code.") != 0) keys.insert(one.first);
  }
  CHECK(keys == std::set<std::string>{"openinference.span.kind", "llm.input_messages.0.message.role", "llm.input_messages.0.message.content",
                                      "retrieval.documents.0.document.content", "llm.prompts.0.prompt.text", "annotations.0.annotation.name",
                                      "annotations.0.annotation.score", "llm.output_messages.0.message.role",
                                      "llm.output_messages.0.message.tool_calls.0.tool_call.id",
                                      "llm.output_messages.0.message.tool_calls.0.tool_call.function.name",
                                      "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments",
                                      "llm.output_messages.0.message.contents.0.message_content.type",
                                      "llm.output_messages.0.message.contents.0.message_content.image.image.url"});
  CHECK(arthur::stats().dropped_attributes - before == 13);
}
