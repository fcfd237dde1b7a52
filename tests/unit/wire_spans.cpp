// wire_spans.cpp: the whole spans of Gemini's, Ollama's and the embeddings' calls, as they are sent.
#ifndef ARTHUR_WITH_JSON
#define ARTHUR_WITH_JSON
#endif
#include <arthur/testing.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <string_view>

using arthur::testing::capture;

namespace {

using attributes = std::map<std::string, std::string>;

attributes map_of(const arthur::testing::span& s) {
  attributes all;
  for (const auto& one : s.attributes) {
    const bool text = one.second.is(arthur::testing::value::type::text);
    all[one.first] = text ? one.second.text() : arthur::testing::to_string(one.second);
  }
  return all;
}

void check_same(const attributes& got, const attributes& expected) {
  for (const auto& one : got) CHECK_MESSAGE(expected.count(one.first) == 1, "stray: " << one.first << " = " << one.second);
  for (const auto& one : expected) {
    CAPTURE(one.first);
    CHECK(got.count(one.first) == 1);
    if (got.count(one.first) == 1) CHECK(got.at(one.first) == one.second);
  }
}

}  // namespace

TEST_CASE("providers: the span of a streamed call to Gemini") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  const std::string request = R"({"contents":[{"parts":[{"text":"Hi"}]}]})";
  {
    arthur::wire_call call("POST", "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:streamGenerateContent?key=secret", request);
    CHECK(call.recording());
    call.feed(R"([{"candidates":[{"content":{"role":"model","parts":[{"text":"Hel"}]}}]})");
    call.feed(R"(,{"candidates":[{"content":{"parts":[{"text":"lo"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1}}])");
    call.finish(200);
  }
  const auto s = spans.find("GenerateContentStream");
  CHECK(s.kind == "LLM");
  CHECK(s.status == "OK");
  REQUIRE(s.events.size() == 1);
  CHECK(s.events[0].name == "First Token Stream Event");
  attributes all = map_of(s);
  CHECK(all.erase("gen_ai.response.time_to_first_chunk") == 1);
  check_same(all, {
      {"openinference.span.kind", "LLM"},
      {"llm.provider", "google"},
      {"llm.system", "vertexai"},
      {"llm.model_name", "gemini-2.5-pro"},
      {"llm.finish_reason", "STOP"},
      {"llm.token_count.prompt", "1"},
      {"llm.token_count.completion", "1"},
      {"llm.token_count.total", "2"},
      {"llm.input_messages.0.message.role", "user"},
      {"llm.input_messages.0.message.content", "Hi"},
      {"llm.output_messages.0.message.role", "model"},
      {"llm.output_messages.0.message.content", "Hello"},
      {"input.value", request},
      {"input.mime_type", "application/json"},
      {"output.value",
       R"({"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"Hello"}]},"finishReason":"STOP"}],)"
       R"("usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1}})"},
      {"output.mime_type", "application/json"},
      {"http.response.status_code", "200"},
  });
}

TEST_CASE("providers: the span of an embedding has no provider and no system, but its vectors") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  const std::string request = R"({"model":"m","input":"a"})";
  const std::string answer = R"({"data":[{"index":0,"embedding":[0.5,-1]}],"model":"m-001","usage":{"prompt_tokens":3,"total_tokens":3}})";
  {
    arthur::wire_call call("POST", "https://api.openai.com/v1/embeddings", request);
    call.feed(answer);
    call.finish(200);
  }
  const auto s = spans.find("CreateEmbeddings");
  CHECK(s.kind == "EMBEDDING");
  CHECK(s.status == "OK");
  check_same(map_of(s), {
      {"openinference.span.kind", "EMBEDDING"},
      {"embedding.model_name", "m-001"},
      {"embedding.invocation_parameters", R"({"model":"m"})"},
      {"embedding.embeddings.0.embedding.text", "a"},
      {"embedding.embeddings.0.embedding.vector", "[0.5, -1]"},
      {"llm.token_count.prompt", "3"},
      {"llm.token_count.total", "3"},
      {"input.value", request},
      {"input.mime_type", "application/json"},
      {"output.value", answer},
      {"output.mime_type", "application/json"},
      {"http.response.status_code", "200"},
  });
}

TEST_CASE("providers: a call to Ollama that failed keeps what was asked") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  const std::string request = R"({"model":"none","messages":[{"role":"user","content":"Hi"}]})";
  {
    arthur::wire_call call("POST", "http://127.0.0.1:11434/api/chat", request);
    call.feed(R"({"error":"model 'none' not found"})");
    call.finish(404);
  }
  const auto s = spans.find("Chat");
  CHECK(s.status == "ERROR");
  CHECK(s.message == "HTTP 404: model 'none' not found");
  check_same(map_of(s), {
      {"openinference.span.kind", "LLM"},
      {"llm.provider", "ollama"},
      {"llm.model_name", "none"},
      {"llm.input_messages.0.message.role", "user"},
      {"llm.input_messages.0.message.content", "Hi"},
      {"input.value", request},
      {"input.mime_type", "application/json"},
      {"output.value", R"({"error":"model 'none' not found"})"},
      {"output.mime_type", "application/json"},
      {"http.response.status_code", "404"},
  });
}

TEST_CASE("providers: loading one of Ollama's models is no call") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  arthur::wire_call call("POST", "http://127.0.0.1:11434/api/generate", R"({"model":"m","prompt":""})");
  CHECK_FALSE(call.recording());
  call.finish(200);
  CHECK(spans.all().empty());
}
