// agent_tree.cpp: a span of each kind in one trace. tests/conformance/agent.py records the same agent with OpenInference's
// Python package and compares the two, attribute by attribute.
// shows: ^AGENT weather-agent .*carry an umbrella
// shows: ^.+ RETRIEVER kb.search .*2 documents
// shows: ^.+ RERANKER rerank
// shows: ^.+ LLM chat .*120.+18 tokens
// shows: ^.+ TOOL get_weather .*upstream timed out
// shows: ^.+ GUARDRAIL no-advice
// shows: ^.+ EVALUATOR groundedness
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <iostream>
#include <stdexcept>
#include <string>

const std::string question = "Do I need an umbrella in Paris?", reply = "Yes, carry an umbrella: rain until 18:00.";
const char* const wanted = R"({"city": "Paris"})";
const char* const weather = R"({"sky": "rain", "until": "18:00"})";
const char* const schema = R"({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})";
const char* const tool_schema =
    R"({"type": "function", "function": {"name": "get_weather", "description": "The weather now.", "parameters": {"type": "object"}}})";

void retrieve() {
  ARTHUR_CHAIN_SPAN("prepare", arthur::input(question));
  {
    ARTHUR_RETRIEVER_SPAN("kb.search", arthur::input(question));
    ARTHUR_SET(arthur::document("Rain means umbrella.", arthur::id("doc-7"), arthur::score(0.83), arthur::metadata(R"({"page": 3})")),
               arthur::document("Paris is in France.", arthur::id("doc-2"), arthur::score(0.5)));
  }
  ARTHUR_RERANKER_SPAN("rerank", arthur::model("rerank-3"), arthur::reranker_query(question), arthur::top_k(1),
                       arthur::input_document("Rain means umbrella.", arthur::id("doc-7"), arthur::score(0.83)),
                       arthur::input_document("Paris is in France.", arthur::id("doc-2"), arthur::score(0.5)));
  ARTHUR_SET(arthur::document("Rain means umbrella.", arthur::id("doc-7"), arthur::score(0.97)));
  ARTHUR_END();
  ARTHUR_SET(arthur::output("Rain means umbrella."));
}

void ask() {
  ARTHUR_LLM_SPAN("chat", arthur::model("gpt-4o"), arthur::provider("openai"), arthur::llm_system("openai"),
                  arthur::invocation_parameters(R"({"temperature": 0.2, "max_tokens": 300, "stop": ["END"]})"),
                  arthur::tool_schema(tool_schema), arthur::input_message("system", "Rain means umbrella."),
                  arthur::input_message("user", question));
  ARTHUR_EVENT("cache.miss", arthur::attribute("cache.name", "prompts"), arthur::attribute("cache.size", 12));
  ARTHUR_SET(arthur::output_message("assistant", "Let me look.", arthur::tool_call("call_1", "get_weather", wanted)),
             arthur::tokens(120, 18), arthur::cache_read_tokens(64));
}

void call_tool() {
  try {
    arthur::traced(arthur::kind::tool, "get_weather", [] {
      ARTHUR_SET(arthur::tool("get_weather", "The weather now.", schema), arthur::input_json(wanted));
      throw std::runtime_error("upstream timed out");
    });
  } catch (const std::runtime_error&) {  // once more
    ARTHUR_TOOL_SPAN("get_weather", arthur::tool("get_weather", "The weather now.", schema), arthur::input_json(wanted));
    ARTHUR_SET(arthur::output_json(weather));
  }
}

void conclude() {
  ARTHUR_LLM_SPAN("chat", arthur::model("gpt-4o"), arthur::provider("openai"), arthur::llm_system("openai"),
                  arthur::input_message("user", question),
                  arthur::input_message("assistant", "Let me look.", arthur::tool_call("call_1", "get_weather", wanted)),
                  arthur::input_message("tool", weather, arthur::tool_call_id("call_1")));
  ARTHUR_SET(arthur::output_message("assistant", reply), arthur::output(reply), arthur::tokens(160, 12));
}

int main() {
  arthur::options options;
  options.service_name = "weather-agent";
  const auto tracing = arthur::start(options);
  if (!tracing.ok()) std::cerr << tracing.error() << '\n';

  ARTHUR_CONTEXT(arthur::session_id("sess-1"), arthur::user_id("user-42"), arthur::metadata(R"({"plan": "pro"})"),
                 arthur::tags({"example", "weather"}));
  ARTHUR_AGENT_SPAN("weather-agent", arthur::agent_name("weather-agent"), arthur::input(question));
  retrieve();
  ask();
  call_tool();
  conclude();
  {
    ARTHUR_GUARDRAIL_SPAN("no-advice", arthur::input(reply));
    ARTHUR_SET(arthur::output_json(R"({"blocked": false, "rule_results": [{"name": "no-advice", "result": "Pass"}]})"));
  }
  {
    ARTHUR_EVALUATOR_SPAN("groundedness", arthur::input(reply), arthur::output("grounded"));
    ARTHUR_SET(arthur::evaluation("groundedness", arthur::score(1.0), arthur::label("grounded"), arthur::explanation("It rains.")));
  }
  ARTHUR_SET(arthur::output(reply));
}
