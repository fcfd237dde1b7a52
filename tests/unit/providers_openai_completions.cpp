// providers_openai_completions.cpp: what is recorded of legacy completions: all of it, and nothing else.
#include "providers_golden.hpp"

using golden::request;

namespace {

const char* const url = "https://api.openai.com/v1/completions";

}  // namespace

TEST_CASE("completions: all of a request, the prompt in each of its forms") {
  const request asked(url, R"({"model":"gpt-3.5-turbo-instruct","prompt":"Once upon","max_tokens":9,"suffix":"end","stream":false})");
  CHECK(asked.kind() == arthur::kind::llm);
  CHECK(asked.span_name() == "Completion");
  CHECK_FALSE(asked.streams());
  CHECK_GOLDEN(asked.described(), {
      {"llm.model_name", "gpt-3.5-turbo-instruct"},
      {"llm.invocation_parameters", R"({"model":"gpt-3.5-turbo-instruct","max_tokens":9,"suffix":"end","stream":false})"},
      {"llm.prompts.0.prompt.text", "Once upon"},
  });
  const golden::attributes model = {{"llm.model_name", "m"}, {"llm.invocation_parameters", R"({"model":"m"})"}};
  golden::attributes two = model;
  two["llm.prompts.0.prompt.text"] = "a";
  two["llm.prompts.1.prompt.text"] = "b";
  CHECK(golden::difference(request(url, R"({"model":"m","prompt":["a","b"]})").described(), two) == "");
  CHECK(golden::difference(request(url, R"({"model":"m","prompt":[1,2,3]})").described(), model) == "");
  CHECK(golden::difference(request(url, R"({"model":"m","prompt":[[1,2],[3]]})").described(), model) == "");
}

TEST_CASE("completions: the path's end tells them from chat; Azure's model is in the path") {
  CHECK(request(url, R"({"prompt":"a"})").span_name() == "Completion");
  CHECK(request("https://api.openai.com/v1/chat/completions", R"({"messages":[],"prompt":"a"})").span_name() == "ChatCompletion");
  CHECK_FALSE(request("https://api.openai.com/v1/chat/completions", R"({"prompt":"a"})").known());
  CHECK_FALSE(request(url, R"({"messages":[]})").known());
  CHECK(request("https://x.openai.azure.com/openai/deployments/mine/completions?api-version=1", R"({"prompt":"a"})").described().at("llm.model_name") == "mine");
}

TEST_CASE("completions: all of an answer, choices where their index says") {
  const auto got = golden::read(request(url, R"({"model":"m","prompt":["a","b"]})"),
      R"({"id":"c","object":"text_completion","model":"m-001","choices":[{"text":" two","index":1,"logprobs":null,"finish_reason":"length"},
          {"text":" one","index":0,"finish_reason":"stop"}],"usage":{"prompt_tokens":4,"completion_tokens":6,"total_tokens":10}})");
  CHECK_GOLDEN(got.found, {
      {"llm.model_name", "m-001"},
      {"llm.finish_reason", "length"},
      {"llm.token_count.prompt", "#4"},
      {"llm.token_count.completion", "#6"},
      {"llm.token_count.total", "#10"},
      {"llm.choices.0.completion.text", " one"},
      {"llm.choices.1.completion.text", " two"},
  });
}

TEST_CASE("completions: a stream, however it is cut, is what the answer is without streaming") {
  const request asked(url, R"({"model":"m","prompt":"a","n":2,"stream":true})");
  CHECK(asked.streams());
  const auto got = golden::read(asked,
      "data: {\"id\":\"c\",\"model\":\"m-001\",\"choices\":[{\"text\":\"w\u00e4r\",\"index\":0,\"finish_reason\":null}],\"usage\":null}\r\n\r\n"
      ": ping\n\n"
      "data: {\"id\":\"c\",\"model\":\"m-001\",\"choices\":[{\"text\":\"other\",\"index\":1,\"finish_reason\":null}],\"usage\":null}\n\n"
      "data: {\"id\":\"c\",\"model\":\"m-001\",\"choices\":[{\"text\":\"m\",\"index\":0,\"finish_reason\":\"stop\"}],\"usage\":null}\n\n"
      "data: {\"id\":\"c\",\"model\":\"m-001\",\"choices\":[{\"text\":\"\",\"index\":1,\"finish_reason\":\"length\"}],\"usage\":null}\n\n"
      "data: {\"id\":\"c\",\"model\":\"m-001\",\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":3,\"total_tokens\":4}}\n\n"
      "data: [DONE]\n\n");
  CHECK(got.brought);
  CHECK(got.failure.empty());
  CHECK_GOLDEN(got.found, {
      {"llm.model_name", "m-001"},
      {"llm.finish_reason", "stop"},
      {"llm.token_count.prompt", "#1"},
      {"llm.token_count.completion", "#3"},
      {"llm.token_count.total", "#4"},
      {"llm.choices.0.completion.text", "wärm"},
      {"llm.choices.1.completion.text", "other"},
  });
}

TEST_CASE("completions: Mistral's for code answer as chat does") {
  const char* const fim = "https://api.mistral.ai/v1/fim/completions";
  const request asked(fim, R"({"model":"codestral","prompt":"def f(","suffix":"return a","stream":true})");
  CHECK(asked.described().at("llm.prompts.0.prompt.text") == "def f(");
  CHECK_GOLDEN(golden::read(asked, "data: {\"model\":\"codestral\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"a\"}}]}\n\n"
                                 "data: {\"model\":\"codestral\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"):\"},\"finish_reason\":\"stop\"}]}\n\n").found,
             {{"llm.model_name", "codestral"}, {"llm.finish_reason", "stop"}, {"llm.choices.0.completion.text", "a):"}});
  CHECK(golden::read(asked, R"({"choices":[{"index":0,"message":{"role":"assistant","content":"a):"}}]})").found.at("llm.choices.0.completion.text") == "a):");
}

TEST_CASE("completions: errors, as a body and inside a stream; what isn't sent stays unset") {
  const request asked(url, R"({"model":"m","prompt":"a","stream":true})");
  CHECK(golden::read(asked, R"({"error":{"message":"No such model","type":"invalid_request_error","code":null}})").failure == "invalid_request_error: No such model");
  const auto got = golden::read(asked, "data: {\"choices\":[{\"text\":\"So far\",\"index\":0}]}\n\ndata: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\"}}\n\n");
  CHECK(got.failure == "server_error: overloaded");
  CHECK_GOLDEN(got.found, {{"llm.choices.0.completion.text", "So far"}});
}
