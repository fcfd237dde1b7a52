// otlp_genai.cpp: gen_ai.* beside OpenInference's attributes, row by row. (tests/conformance/genai.py compares with the Python package.)
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "otlp_added.hpp"

using namespace arthur::detail;
using namespace otlp_test;

namespace {

attributes genai_of(const attributes& span, const span_limits& limits = no_limits) {
  return added_to(span, {false, true, &limits});
}

attributes of_kind(const std::string& kind, attributes rest = {}) {
  rest.emplace_back("openinference.span.kind", text_any(kind));
  return rest;
}

std::string texts(const std::vector<std::string>& list) {
  std::vector<std::string> values;
  for (const auto& one : list) values.push_back(text_any(one));
  return array(values);
}

struct row {
  const char* key;  // what is looked at
  attributes in;
  std::string out;  // AnyValue; "": nothing is added
};

void check(const std::vector<row>& rows) {
  for (const row& r : rows) {
    std::string in;
    for (const auto& one : r.in) in += one.first + " = " + one.second + "; ";
    CAPTURE(r.key);
    CAPTURE(in);
    CHECK(value_of(genai_of(r.in), r.key) == r.out);
  }
}

}  // namespace

TEST_CASE("the operation is told by the kind, in any case of letters") {
  const char* const key = "gen_ai.operation.name";
  check({{key, of_kind("LLM"), text_any("chat")},
         {key, of_kind("llm", {{"llm.prompts.0.prompt.text", text_any("p")}}), text_any("text_completion")},
         {key, of_kind("LLM", {{"llm.choices.0.completion.text", text_any("c")}}), text_any("text_completion")},
         {key, of_kind("LLM", {{"llm.prompt_template.template", text_any("t")}}), text_any("chat")},
         {key, of_kind("TOOL"), text_any("execute_tool")},
         {key, of_kind("EMBEDDING"), text_any("embeddings")},
         {key, of_kind("RETRIEVER"), text_any("retrieval")},
         {key, of_kind("Agent"), text_any("invoke_agent")},
         {key, of_kind("CHAIN"), ""},
         {key, of_kind("RERANKER"), ""},
         {key, of_kind("GUARDRAIL"), ""},
         {key, of_kind("EVALUATOR"), ""},
         {key, of_kind("PROMPT"), ""},
         {key, {}, ""}});
}

TEST_CASE("providers have OpenTelemetry's names") {
  const struct {
    const char* provider;
    const char* system;
    const char* name;
  } rows[] = {{"azure", "openai", "azure.ai.openai"},
              {"azure", "", "azure.ai.inference"},
              {"aws", "anthropic", "aws.bedrock"},
              {"google", "vertexai", "gcp.vertex_ai"},
              {nullptr, "vertexai", "gcp.vertex_ai"},
              {"google", nullptr, "gcp.gen_ai"},
              {"OpenAI", nullptr, "openai"},
              {nullptr, "openai", "openai"},
              {"anthropic", nullptr, "anthropic"},
              {nullptr, "anthropic", "anthropic"},
              {"cohere", nullptr, "cohere"},
              {nullptr, "cohere", "cohere"},
              {"mistralai", nullptr, "mistral_ai"},
              {nullptr, "mistralai", "mistral_ai"},
              {"xai", nullptr, "x_ai"},
              {"deepseek", nullptr, "deepseek"},
              {"groq", "openai", "groq"},
              {"perplexity", nullptr, "perplexity"},
              {"Mine", nullptr, "mine"},
              {"Mine", "Other", "other"}};
  for (const auto& r : rows) {
    attributes in;
    if (r.provider != nullptr) in.emplace_back("llm.provider", text_any(r.provider));
    if (r.system != nullptr) in.emplace_back("llm.system", text_any(r.system));
    CHECK(value_of(genai_of(in), "gen_ai.provider.name") == text_any(r.name));
  }
}

TEST_CASE("names, models and counts are copied") {
  check({{"gen_ai.conversation.id", {{"session.id", text_any("s")}}, text_any("s")},
         {"gen_ai.conversation.id", {{"session.id", text_any("")}}, ""},
         {"gen_ai.agent.name", {{"agent.name", text_any("a")}}, text_any("a")},
         {"gen_ai.request.model", {{"llm.model_name", text_any("m")}, {"embedding.model_name", text_any("e")}}, text_any("m")},
         {"gen_ai.request.model", {{"llm.model_name", text_any("m-1")}, {"llm.request.model_name", text_any("m")}}, text_any("m")},
         {"gen_ai.request.model", {{"embedding.model_name", text_any("e")}}, text_any("e")},
         {"gen_ai.request.model", {{"llm.invocation_parameters", text_any(R"({"model":"p\n"})")}}, text_any("p\n")},
         {"gen_ai.request.model", {{"embedding.invocation_parameters", text_any(R"({"model":"p"})")}}, text_any("p")},
         {"gen_ai.usage.input_tokens", {{"llm.token_count.prompt", integer(3)}}, integer(3)},
         {"gen_ai.usage.output_tokens", {{"llm.token_count.completion", integer(4)}}, integer(4)},
         {"gen_ai.usage.cache_read.input_tokens", {{"llm.token_count.prompt_details.cache_read", integer(1)}}, integer(1)},
         {"gen_ai.usage.cache_creation.input_tokens", {{"llm.token_count.prompt_details.cache_write", integer(2)}}, integer(2)}});
}

TEST_CASE("the parameters of a call have names and types of their own") {
  const auto given = [](const std::string& json) { return attributes{{"llm.invocation_parameters", text_any(json)}}; };
  check({{"gen_ai.request.temperature", given(R"({"temperature":0.20000000298023224})"), number(0.20000000298023224)},
         {"gen_ai.request.temperature", given(R"({"temperature":1})"), number(1)},
         {"gen_ai.request.temperature", given(R"({"temperature":" -1e-3 "})"), number(-1e-3)},
         {"gen_ai.request.temperature", given(R"({"temperature":true})"), ""},
         {"gen_ai.request.temperature", given(R"({"temperature":1e999})"), ""},
         {"gen_ai.request.temperature", given(R"({"temperature":"warm"})"), ""},
         {"gen_ai.request.top_p", given(R"({"top_p":0.5})"), number(0.5)},
         {"gen_ai.request.top_k", given(R"({"top_k":40})"), number(40)},
         {"gen_ai.request.max_tokens", given(R"({"max_tokens":null,"max_output_tokens":7,"max_completion_tokens":"5"})"), integer(5)},
         {"gen_ai.request.max_tokens", given(R"({"max_output_tokens":7.0})"), integer(7)},
         {"gen_ai.request.max_tokens", given(R"({"max_tokens":7.5})"), ""},
         {"gen_ai.request.frequency_penalty", given(R"({"frequency_penalty":-2})"), number(-2)},
         {"gen_ai.request.presence_penalty", given(R"({"presence_penalty":2})"), number(2)},
         {"gen_ai.request.seed", given(R"({"seed":9007199254740993})"), integer(9007199254740993)},
         {"gen_ai.request.stream", given(R"({"stream":true})"), boolean(true)},
         {"gen_ai.request.stream", given(R"({"stream":"False"})"), boolean(false)},
         {"gen_ai.request.stream", given(R"({"stream":1})"), ""},
         {"gen_ai.request.stop_sequences", given(R"({"stop":["a","\u00e4"]})"), texts({"a", "\xc3\xa4"})},
         {"gen_ai.request.stop_sequences", given(R"({"stop_sequences":"END","stop":"x"})"), texts({"END"})},
         {"gen_ai.request.choice.count", given(R"({"n":2})"), integer(2)},
         {"gen_ai.request.choice.count", given(R"({"n":1,"candidate_count":3})"), integer(3)},
         {"gen_ai.request.choice.count", given(R"({"n":1})"), ""},
         {"gen_ai.request.encoding_formats", given(R"({"encoding_format":"float"})"), texts({"float"})},
         {"gen_ai.output.type", given(R"({"response_format":"JSON_object"})"), text_any("json")},
         {"gen_ai.output.type", given(R"({"response_format":{"type":"json_schema"}})"), text_any("json")},
         {"gen_ai.output.type", given(R"({"response_format":{"type":"text"}})"), text_any("text")},
         {"gen_ai.output.type", given(R"({"response_format":{"type":"xml"}})"), ""},
         {"gen_ai.request.seed",
          {{"llm.invocation_parameters", text_any(R"({"seed":1})")}, {"embedding.invocation_parameters", text_any(R"({"seed":2})")}},
          integer(1)},
         {"gen_ai.request.seed", given(R"({"s\u0065ed":1,"other":{"seed":2}})"), integer(1)},
         {"gen_ai.request.seed", given(R"({"seed":1)"), ""}});
}

TEST_CASE("messages become one JSON text of parts") {
  const auto in = [](int n, const std::string& part) { return "llm.input_messages." + std::to_string(n) + ".message." + part; };
  const auto out = [](int n, const std::string& part) { return "llm.output_messages." + std::to_string(n) + ".message." + part; };
  const char* const asked = "gen_ai.input.messages";
  const char* const answered = "gen_ai.output.messages";
  check({
      {asked,
       {{in(10, "role"), text_any("USER")}, {in(10, "content"), text_any("hi \"you\"")}, {in(2, "role"), text_any("system")}, {in(2, "content"), text_any("be")}},
       text_any(R"([{"role":"system","parts":[{"type":"text","content":"be"}]},{"role":"user","parts":[{"type":"text","content":"hi \"you\""}]}])")},
      {asked, {{in(0, "role"), text_any("agent")}, {in(0, "content"), text_any("")}}, text_any(R"([{"role":"assistant","parts":[{"type":"text","content":""}]}])")},
      {asked, {{in(0, "role"), text_any("user")}}, ""},
      {asked, {{in(0, "content"), text_any("no role")}}, ""},
      {asked,
       {{in(0, "role"), text_any("user")},
        {in(0, "contents.0.message_content.type"), text_any("text")},
        {in(0, "contents.0.message_content.text"), text_any("look")},
        {in(0, "contents.1.message_content.type"), text_any("image")},
        {in(0, "contents.1.message_content.image.image.url"), text_any("data:image/png;base64,AAAA")},
        {in(0, "contents.2.message_content.type"), text_any("image")},
        {in(0, "contents.2.message_content.image.image.url"), text_any("https://x/y.png")},
        {in(0, "contents.3.message_content.type"), text_any("reasoning")},
        {in(0, "contents.3.message_content.text"), text_any("dropped")},
        {in(0, "content"), text_any("look")},
        {in(0, "name"), text_any("Ann")}},
       text_any(R"([{"role":"user","parts":[{"type":"text","content":"look"},)"
                R"({"type":"blob","modality":"image","mime_type":"image/png","content":"AAAA"},)"
                R"({"type":"uri","modality":"image","uri":"https://x/y.png"}],"name":"Ann"}])")},
      {asked,
       {{in(0, "role"), text_any("function")}, {in(0, "tool_call_id"), text_any("c1")}, {in(0, "content"), text_any(R"({"sky":"rain"})")}, {in(0, "function_call_name"), text_any("f")}},
       text_any(R"([{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":{"sky":"rain"}}],"name":"f"}])")},
      {asked, {{"llm.prompts.0.prompt.text", text_any("p")}}, text_any(R"([{"role":"user","parts":[{"type":"text","content":"p"}]}])")},
      {asked, {{"llm.prompts", text_any(R"([{"p":"q"}])")}}, text_any(R"([{"role":"user","parts":[{"type":"text","content":"{\"p\":\"q\"}"}]}])")},
      {answered,
       {{out(0, "role"), text_any("assistant")},
        {out(0, "tool_calls.0.tool_call.id"), text_any("c1")},
        {out(0, "tool_calls.0.tool_call.function.name"), text_any("f")},
        {out(0, "tool_calls.0.tool_call.function.arguments"), text_any(R"({"a": 1})")},
        {out(0, "tool_calls.1.tool_call.function.name"), text_any("g")},
        {out(0, "tool_calls.1.tool_call.function.arguments"), text_any("{broken")},
        {out(0, "tool_calls.2.tool_call.function.name"), text_any("h")}},
       text_any(R"([{"role":"assistant","parts":[{"type":"tool_call","name":"f","arguments":{"a": 1},"id":"c1"},)"
                R"({"type":"tool_call","name":"g","arguments":"{broken"},{"type":"tool_call","name":"h","arguments":null}],"finish_reason":"tool_call"}])")},
      {answered,
       {{"llm.choices.0.completion.text", text_any("c")}, {"llm.finish_reason", text_any("Length")}},
       text_any(R"([{"role":"assistant","parts":[{"type":"text","content":"c"}],"finish_reason":"length"}])")},
  });
}

TEST_CASE("reasons for the end are OpenTelemetry's words") {
  const attributes message{{"llm.output_messages.0.message.role", text_any("assistant")}, {"llm.output_messages.0.message.content", text_any("x")}};
  const auto with = [&message](const std::string& key, const std::string& value) {
    attributes list = message;
    list.emplace_back(key, value);
    return list;
  };
  const char* const key = "gen_ai.response.finish_reasons";
  check({{key, message, texts({"stop"})},
         {key, with("llm.finish_reason", text_any("tool_calls")), texts({"tool_call"})},
         {key, with("llm.finish_reason", text_any("MAX_TOKENS")), texts({"max_tokens"})},
         {key, with("llm.finish_reason", texts({"stop", "", "function_call"})), texts({"stop", "tool_call"})},
         {key, with("llm.output_messages.0.message.finish_reason", text_any("Content_Filter")), texts({"content_filter"})},
         {key, {{"llm.finish_reason", text_any("stop")}}, texts({"stop"})},
         {key, {}, ""}});
}

TEST_CASE("a response's id and model are read from its JSON") {
  const auto output = [](const char* mime) {
    return attributes{{"output.value", text_any(R"({"id":"r1","model":"m-1","choices":[{"id":"no"}]})")}, {"output.mime_type", text_any(mime)}};
  };
  attributes known = of_kind("LLM", output("application/json"));
  known.emplace_back("llm.response.model_name", text_any("m-2"));
  check({{"gen_ai.response.id", of_kind("LLM", output("application/json")), text_any("r1")},
         {"gen_ai.response.model", of_kind("LLM", output("application/json")), text_any("m-1")},
         {"gen_ai.response.model", known, text_any("m-2")},
         {"gen_ai.response.id", of_kind("LLM", output("text/plain")), ""},
         {"gen_ai.response.id", of_kind("CHAIN", output("application/json")), ""}});
}

TEST_CASE("offered tools have one shape") {
  const auto schema = [](const std::string& json) { return attributes{{"llm.tools.0.tool.json_schema", text_any(json)}}; };
  const char* const key = "gen_ai.tool.definitions";
  check({{key, schema(R"({"type":"function","function":{"name":"f","description":"d","parameters":{"p":1}}})"),
          text_any(R"([{"type":"function","parameters":{"p":1},"name":"f","description":"d"}])")},
         {key, schema(R"({"name":"f","input_schema":{"p":1}})"), text_any(R"([{"name":"f","parameters":{"p":1},"type":"function"}])")},
         {key, schema(R"({"name":"f","input_schema":{},"parameters":null})"), text_any(R"([{"name":"f","parameters":{},"type":"function"}])")},
         {key, schema(R"({"type":"web_search","x":[1]})"), text_any(R"([{"type":"web_search","x":[1]}])")},
         {key, schema("no JSON"), ""},
         {key,
          {{"llm.tools.0.tool.name", text_any("f")}, {"llm.tools.0.tool.description", text_any("d")}},
          text_any(R"([{"type":"function","name":"f","description":"d"}])")},
         {key,
          {{"llm.tools.0.tool.json_schema", text_any(R"({"name":"old","parameters":{}})")}, {"llm.tools.0.tool.name", text_any("new")}},
          text_any(R"([{"parameters":{},"type":"function","name":"new"}])")},
         {key, {{"llm.tools", text_any(R"([{"name":"f"},5])")}}, text_any(R"([{"name":"f","type":"function"}])")}});
}

TEST_CASE("what a tool did is told on its own span") {
  const attributes tool{{"tool.name", text_any("f")},   {"tool.description", text_any("d")},    {"tool.id", text_any("c1")},
                        {"tool_call.id", text_any("no")}, {"tool.parameters", text_any(R"({"a":1})")}, {"output.value", text_any("rain")}};
  check({{"gen_ai.tool.name", of_kind("TOOL", tool), text_any("f")},
         {"gen_ai.tool.type", of_kind("TOOL", tool), text_any("function")},
         {"gen_ai.tool.description", of_kind("TOOL", tool), text_any("d")},
         {"gen_ai.tool.call.id", of_kind("TOOL", tool), text_any("c1")},
         {"gen_ai.tool.call.id", of_kind("TOOL", {{"tool_call.id", text_any("c2")}}), text_any("c2")},
         {"gen_ai.tool.call.arguments", of_kind("TOOL", tool), text_any(R"({"a":1})")},
         {"gen_ai.tool.call.arguments", of_kind("TOOL", {{"tool.parameters.a.b", integer(1)}, {"tool.parameters.a.c", text_any("x")}, {"tool.parameters.d", boolean(true)}}),
          text_any(R"({"a":{"b":1,"c":"x"},"d":true})")},
         {"gen_ai.tool.call.result", of_kind("TOOL", tool), text_any("rain")},
         {"gen_ai.tool.call.result", of_kind("TOOL", {{"output.value", integer(5)}}), text_any("5")},
         {"gen_ai.tool.name", of_kind("LLM", tool), ""},
         {"gen_ai.tool.call.result", of_kind("CHAIN", tool), ""}});
}

TEST_CASE("what was searched and found is told on the retriever's span, how long a vector is on the embedding's") {
  const attributes found{{"retrieval.documents.0.document.content", text_any("x")}, {"retrieval.documents.0.document.score", number(0.5)}, {"input.value", text_any("q")}};
  attributes json = found;
  json.emplace_back("input.mime_type", text_any("application/json"));
  const char* const vector = "embedding.embeddings.0.embedding.vector";
  check({{"gen_ai.retrieval.documents", of_kind("RETRIEVER", found), text_any(R"([{"score":0.5,"content":"x"}])")},
         {"gen_ai.retrieval.documents", of_kind("CHAIN", found), ""},
         {"gen_ai.retrieval.query.text", of_kind("RETRIEVER", found), text_any("q")},
         {"gen_ai.retrieval.query.text", of_kind("RETRIEVER", json), ""},
         {"gen_ai.embeddings.dimension.count", of_kind("EMBEDDING", {{vector, array({number(1), number(2)})}}), integer(2)},
         {"gen_ai.embeddings.dimension.count", of_kind("EMBEDDING", {{vector, text_any("__REDACTED__")}}), ""},
         {"gen_ai.embeddings.dimension.count", of_kind("LLM", {{vector, array({number(1)})}}), ""}});
}

TEST_CASE("what the user set is never set again, nor what would stand above or below it") {
  const std::pair<std::string, std::string> model{"llm.model_name", text_any("m")};
  CHECK(genai_of({model, {"gen_ai.request.model", text_any("mine")}}).empty());
  CHECK(genai_of({model, {"gen_ai.request", text_any("mine")}}).empty());
  CHECK(genai_of({model, {"gen_ai.request.model.x", text_any("mine")}}).empty());
  CHECK(genai_of({model, {"gen_ai.request.models", text_any("mine")}}).size() == 1);
  // A kind can't say everything that an operation is.
  CHECK(genai_of(of_kind("AGENT", {{"gen_ai.operation.name", text_any("plan")}})).empty());
}

TEST_CASE("a span with as many attributes as it may have gets no more") {
  span_limits limits;
  const attributes span = of_kind("LLM", {{"llm.model_name", text_any("m")}, {"session.id", text_any("s")}});
  limits.attributes = 4;
  CHECK(genai_of(span, limits).size() == 1);
  limits.attributes = 3;
  CHECK(genai_of(span, limits).empty());
  limits.attributes = 2;
  CHECK(genai_of(span, limits).empty());
}

TEST_CASE("no JSON text is cut where texts are limited") {
  span_limits limits;
  const attributes span{{"llm.input_messages.0.message.role", text_any("user")}, {"llm.input_messages.0.message.content", text_any("x")}};
  const std::string whole = R"([{"role":"user","parts":[{"type":"text","content":"x"}]}])";
  limits.length = whole.size();
  CHECK(genai_of(span, limits) == attributes{{"gen_ai.input.messages", text_any(whole)}});
  limits.length = whole.size() - 1;
  CHECK(genai_of(span, limits).empty());
}
