// send.cpp: records one fixed run that uses all of the public face, and sends it to an endpoint.
//   send <endpoint> <json|protobuf|automatic>
#define ARTHUR_IMPLEMENTATION
#include "fixed.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace std::string_literals;

namespace {

const char* const schema = R"({"type":"object","properties":{"city":{"type":"string"}}})";

void every_kind() {
  ARTHUR_AGENT_SPAN("agent", arthur::agent_name("support"), arthur::input("question"), arthur::output("answer"),
                    arthur::metadata(R"({"tier":"gold","nested":{"list":[1,2.5,null,true]}})"),
                    arthur::tags({"one", "two"}));
  {
    ARTHUR_LLM_SPAN("llm", arthur::model("gpt-4o"), arthur::provider("openai"), arthur::llm_system("openai"),
                    arthur::invocation_parameters(R"({"temperature":0.2,"stop":["a","b"]})"),
                    arthur::input_json(R"({"messages":[]})"), arthur::output_json(R"(["x"])"));
    ARTHUR_SET(arthur::input_message("system", "be kind"), arthur::input_message("user", "weather?"),
               arthur::input_message("assistant", "", arthur::tool_call("c0", "get_weather", R"({"city":"Oslo"})")),
               arthur::input_message("tool", "4 C", arthur::tool_call_id("c0")),
               arthur::output_message("assistant", "and Paris?", arthur::tool_call("c1", "get_weather", "{}"),
                                      arthur::tool_call("c2", "get_time", R"({"city":"Paris"})")),
               arthur::tool("get_weather", "of a \"city\"", schema), arthur::tool("get_time", "", ""),
               arthur::finish_reason("tool_calls"), arthur::tokens(120, 48), arthur::cost(0.001, 0.0005));
  }
  { ARTHUR_LLM_SPAN("llm total cost", arthur::cost(0.25), arthur::tokens(0, 0)); }
  { ARTHUR_TOOL_SPAN("tool", arthur::tool("get_weather", "of a city", schema), arthur::input_json(R"({"city":"Paris"})")); }
  { ARTHUR_CHAIN_SPAN("chain", arthur::attribute("test.kind", "chain")); }
  {
    ARTHUR_RETRIEVER_SPAN("retriever");
    ARTHUR_SET(arthur::document("one", arthur::id("d1"), arthur::score(0.75), arthur::metadata(R"({"page":3})")));
    ARTHUR_SET(arthur::document("two", arthur::score(-1.0)), arthur::document(""));
  }
  {
    ARTHUR_RERANKER_SPAN("reranker", arthur::model("rank-1"), arthur::reranker_query("q"), arthur::top_k(2));
    ARTHUR_SET(arthur::input_document("a"), arthur::input_document("b", arthur::id("b")),
               arthur::document("b", arthur::score(0.9)));
  }
  {
    ARTHUR_EMBEDDING_SPAN("embedding", arthur::model("embed-1"), arthur::embedding("plain"),
                          arthur::embedding("vector", std::vector<float>{0.5F, -1.25F, 0.0F}));
  }
  { ARTHUR_GUARDRAIL_SPAN("guardrail", arthur::input("x"), arthur::output("passed")); }
  { ARTHUR_EVALUATOR_SPAN("evaluator", arthur::score(1)); }
  { ARTHUR_PROMPT_SPAN("prompt"); }
  { ARTHUR_SPAN("ordinary work"); }
  ARTHUR_DECISION("decision", "refund", arthur::considered({"refund", "say \"no\"", "tab\t\x01"}),
                  arthur::attribute("test.reason", "asked"));
  ARTHUR_DECISION("decision without options", "go", arthur::considered(std::vector<std::string>{}));
}

/// Each builder, with the example of docs/attributes.md.
void every_builder() {
#define SECTION(title)
#define BUILDER(signature, kind, keys, ...) ALSO(kind, keys, __VA_ARGS__)
#define ALSO(kind_, keys, ...)                                \
  {                                                           \
    arthur::scoped_span span(arthur::kind::kind_, "example"); \
    span.set(__VA_ARGS__);                                    \
  }
#include "support/every_builder.inc"
#undef SECTION
#undef BUILDER
#undef ALSO
}

void every_value() {
  ARTHUR_SPAN("values", arthur::attribute("test.text", "text"), arthur::attribute("test.empty", ""),
              arthur::attribute("test.null", static_cast<const char*>(nullptr)), arthur::attribute("test.true", true),
              arthur::attribute("test.false", false), arthur::attribute("test.zero", 0), arthur::attribute("test.minus", -1),
              arthur::attribute("test.char", std::int8_t{-128}), arthur::attribute("test.u16", std::uint16_t{65535}),
              arthur::attribute("test.i64.least", INT64_MIN), arthur::attribute("test.i64.most", INT64_MAX),
              arthur::attribute("test.u64.most", UINT64_MAX), arthur::attribute("test.double", 0.1),
              arthur::attribute("test.float", 1.5F), arthur::attribute("test.negative_zero", -0.0));
  using limits = std::numeric_limits<double>;
  ARTHUR_SET(arthur::attribute("test.nan", limits::quiet_NaN()), arthur::attribute("test.inf", limits::infinity()),
             arthur::attribute("test.minus_inf", -limits::infinity()), arthur::attribute("test.max", limits::max()),
             arthur::attribute("test.denormal", limits::denorm_min()), arthur::attribute("test.min", limits::min()),
             arthur::attribute("test.texts", std::vector<std::string>{"a", "", "\xff"}),
             arthur::attribute("test.ints", std::list<int>{1, -2}), arthur::attribute("test.bools", std::vector<bool>{true, false}),
             arthur::attribute("test.doubles", std::vector<double>{0.5, limits::quiet_NaN(), -limits::infinity()}),
             arthur::attribute("test.u64s", std::vector<std::uint64_t>{1, UINT64_MAX}),
             arthur::attribute("test.nothing", std::vector<int>{}));
  ARTHUR_SET(arthur::attribute("test.bytes", "\xff\xfe\x80 \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82"),
             arthur::attribute("test.nul", "a\0b"s), arthur::attribute("test.controls", "\x01\x02\b\f\n\r\t\x1b\x7f"),
             arthur::attribute("test.json_like", R"({"a":"\u0000 \ud800"})"),
             arthur::attribute("test.unicode", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \xe2\x80\xa8 \xef\xbf\xbf"),
             arthur::attribute("test.\xff key", 1), arthur::attribute("test.\xfe key", 2), arthur::attribute("test.a/b", 1), arthur::attribute("test."s + std::string(1, '\0'), 1),
             arthur::attribute("", "without a key"));
}

void repeats_and_conflicts() {
  ARTHUR_LLM_SPAN("repeats", arthur::model("first"), arthur::attribute("test.own", 1), arthur::input_json("{}"));
  ARTHUR_SET(arthur::model("second"), arthur::attribute("test.own", "two"), arthur::tokens(1, 2), arthur::tokens(3, 4));
  ARTHUR_SET(arthur::attribute("llm.token_count.total", 9), arthur::input("plain again"), arthur::attribute("test.own", false));
  ARTHUR_ERROR("first message");
  ARTHUR_ERROR("last message");
}

void events_and_errors() {
  ARTHUR_CHAIN_SPAN("events");
  ARTHUR_EVENT("bare");
  ARTHUR_EVENT("", arthur::attribute("test.nameless", true));
  ARTHUR_EVENT("full", arthur::attribute("test.text", "\xff"), arthur::attribute("test.int", INT64_MIN),
               arthur::attribute("test.u64.most", UINT64_MAX), arthur::attribute("test.\xff", 1), arthur::attribute("", 1),
               arthur::attribute("test.double", 2.5), arthur::attribute("test.bool", false), arthur::attribute("test.empty", ""));
  { ARTHUR_TOOL_SPAN("failed"); ARTHUR_ERROR("upstream \"timed\" out\n\xff"); }
  { ARTHUR_TOOL_SPAN("failed without words"); ARTHUR_ERROR(""); }
#if !defined(SAME_EVERYWHERE)  // a stack differs between systems
  try {
    arthur::traced(arthur::kind::tool, "thrower", [] { throw std::out_of_range("no such city"); });
  } catch (const std::out_of_range&) {
  }
#endif
  try {
    ARTHUR_SPAN("left by an exception");
    throw 1;
  } catch (int) {
  }
}

void contexts() {
  ARTHUR_CONTEXT(arthur::session_id("s1"), arthur::user_id("u1"), arthur::tags({"a"}), arthur::metadata(R"({"k":1})"),
                 arthur::attribute("test.extra", 1));
  ARTHUR_SPAN("in context");
  {
    ARTHUR_CONTEXT(arthur::session_id("s2"));
    ARTHUR_SPAN("in the inner context", arthur::user_id("own"));
  }
  {
    ARTHUR_CONTEXT(arthur::service_name("other-service"));
    ARTHUR_SPAN("of the other service");
    ARTHUR_CONTEXT(arthur::task_id("11111111-2222-3333-4444-555555555555"));
    ARTHUR_SPAN("of the other task");
  }
}

void odd_shapes() {
  { ARTHUR_SPAN(""); }
  { ARTHUR_SPAN("name \xff\0 odd"s); }
  { ARTHUR_SPAN(std::string(300, 'n')); }
  {
    ARTHUR_LLM_SPAN("large", arthur::input(std::string(100000, 'p')));
    std::string mixed;
    for (int n = 0; mixed.size() < 100000; ++n) mixed += "line " + std::to_string(n) + " \xc3\xa4\"\\\n\xf0\x9f\x98\x80\xff";
    ARTHUR_SET(arthur::output(mixed));
  }
  {
    ARTHUR_CHAIN_SPAN("depth 0");
    ARTHUR_CHAIN_SPAN("depth 1");
    ARTHUR_CHAIN_SPAN("depth 2");
    ARTHUR_TOOL_SPAN("depth 3");
    ARTHUR_END();
    ARTHUR_TOOL_SPAN("depth 3 again");
  }
  arthur::span detached(arthur::kind::llm, "detached");
  detached.set(arthur::model("m"), arthur::tokens(1, 1));
  detached.event("event");
  const auto active = detached.activate();
  ARTHUR_SPAN("child of the detached");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  auto options = fixed::options(argv);
  options.resource_attributes = {{"deployment.environment.name", "test \xff"}, {"service.version", "1.2.3"}};
  const auto tracing = arthur::start(options);
  if (!tracing.ok()) return 2;
  every_kind();
  every_builder();
  every_value();
  if (arthur::flush(std::chrono::seconds(30)) != arthur::flush_result::ok) return 1;  // the rest is a second request
  repeats_and_conflicts();
  events_and_errors();
  contexts();
  odd_shapes();
  return fixed::delivered();
}
