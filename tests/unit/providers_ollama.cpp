// providers_ollama.cpp: what is recorded of Ollama's own wire format: all of it, and nothing else.
#include "providers_golden.hpp"

using golden::request;

namespace {

const char* const chat_url = "http://127.0.0.1:11434/api/chat";
const char* const generate_url = "http://127.0.0.1:11434/api/generate";
const char* const small_chat = R"({"model":"m","messages":[{"role":"user","content":"Hi"}]})";
const char* const small_prompt = R"({"model":"m","prompt":"Hi"})";

}  // namespace

TEST_CASE("ollama: all of a chat's request") {
  const request asked(chat_url, R"({"model":"qwen3:8b","think":true,"stream":false,"options":{"temperature":0,"num_predict":50},"messages":[
    {"role":"system","content":"Be short."},
    {"role":"user","content":"What is this?","images":["iVBORw0KGgo=","/9j/4AAQ"]},
    {"role":"assistant","content":"","thinking":"A cat.","tool_calls":[{"id":"c1","function":{"index":0,"name":"weather","arguments":{"city":"Paris"}}},
                                                                       {"function":{"name":"weather","arguments":{"city":"Rome"}}}]},
    {"role":"tool","tool_name":"weather","tool_call_id":"c1","content":"24"},
    {"role":"tool","tool_name":"weather","content":"31"}],
    "tools":[{"type":"function","function":{"name":"weather"}}]})");
  CHECK(asked.kind() == arthur::kind::llm);
  CHECK(asked.span_name() == "Chat");
  CHECK_FALSE(asked.streams());
  const std::string in = "llm.input_messages.";
  CHECK_GOLDEN(asked.described(), {
      {"llm.provider", "ollama"},
      {"llm.model_name", "qwen3:8b"},
      {"llm.invocation_parameters", R"({"think":true,"stream":false,"options":{"temperature":0,"num_predict":50}})"},
      {"llm.tools.0.tool.json_schema", R"({"type":"function","function":{"name":"weather"}})"},
      {in + "0.message.role", "system"},
      {in + "0.message.content", "Be short."},
      {in + "1.message.role", "user"},
      {in + "1.message.contents.0.message_content.type", "text"},
      {in + "1.message.contents.0.message_content.text", "What is this?"},
      {in + "1.message.contents.1.message_content.type", "image"},
      {in + "1.message.contents.1.message_content.image.image.url", "data:image/png;base64,iVBORw0KGgo="},
      {in + "1.message.contents.2.message_content.type", "image"},
      {in + "1.message.contents.2.message_content.image.image.url", "data:image/jpeg;base64,/9j/4AAQ"},
      {in + "2.message.role", "assistant"},
      {in + "2.message.contents.0.message_content.type", "reasoning"},
      {in + "2.message.contents.0.message_content.text", "A cat."},
      {in + "2.message.tool_calls.0.tool_call.id", "c1"},
      {in + "2.message.tool_calls.0.tool_call.function.name", "weather"},
      {in + "2.message.tool_calls.0.tool_call.function.arguments", R"({"city":"Paris"})"},
      {in + "2.message.tool_calls.1.tool_call.function.name", "weather"},
      {in + "2.message.tool_calls.1.tool_call.function.arguments", R"({"city":"Rome"})"},
      {in + "3.message.role", "tool"},
      {in + "3.message.name", "weather"},
      {in + "3.message.tool_call_id", "c1"},
      {in + "3.message.content", "24"},
      {in + "4.message.role", "tool"},
      {in + "4.message.name", "weather"},
      {in + "4.message.content", "31"},
  });
}

TEST_CASE("ollama: a stream, however it is cut, is what the answer is without streaming") {
  const request asked(chat_url, small_chat);
  CHECK(asked.streams());  // that is the default
  const auto got = golden::read(asked,
      R"({"model":"m:latest","created_at":"1","message":{"role":"assistant","content":"","thinking":"Let me "},"done":false})" "\n"
      R"({"model":"m:latest","created_at":"2","message":{"role":"assistant","content":"","thinking":"see."},"done":false})" "\n"
      R"({"model":"m:latest","created_at":"3","message":{"role":"assistant","content":"It's w\u00e4rm "},"logprobs":[1],"done":false})" "\n"
      R"({"model":"m:latest","created_at":"4","message":{"role":"assistant","content":"\"}{","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},"done":false})" "\r\n"
      R"({"model":"m:latest","created_at":"5","message":{"role":"assistant","content":"","tool_calls":[{"id":"c2","function":{"name":"g","arguments":{}}}]},"done":false})" "\n"
      R"({"model":"m:latest","created_at":"6","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":5,"prompt_eval_count":11,"eval_count":7})" "\n");
  CHECK(got.brought);
  CHECK(got.failure.empty());
  const std::string out = "llm.output_messages.0.message.";
  CHECK_GOLDEN(got.found, {
      {"llm.model_name", "m:latest"},
      {"llm.finish_reason", "stop"},
      {"llm.token_count.prompt", "#11"},
      {"llm.token_count.completion", "#7"},
      {"llm.token_count.total", "#18"},
      {out + "role", "assistant"},
      {out + "contents.0.message_content.type", "reasoning"},
      {out + "contents.0.message_content.text", "Let me see."},
      {out + "content", "It's wärm \"}{"},
      {out + "tool_calls.0.tool_call.function.name", "f"},
      {out + "tool_calls.0.tool_call.function.arguments", R"({"a":1})"},
      {out + "tool_calls.1.tool_call.id", "c2"},
      {out + "tool_calls.1.tool_call.function.name", "g"},
      {out + "tool_calls.1.tool_call.function.arguments", "{}"},
  });
  CHECK(got.whole ==
        R"({"model":"m:latest","created_at":"6","message":{"role":"assistant","content":"It's wärm \"}{","thinking":"Let me see.",)"
        R"("tool_calls":[{"function":{"name":"f","arguments":{"a":1}}},{"id":"c2","function":{"name":"g","arguments":{}}}]},)"
        R"("done":true,"done_reason":"stop","total_duration":5,"prompt_eval_count":11,"eval_count":7})");
}

TEST_CASE("ollama: a prompt that was cached isn't counted: the count stays unset, and the total with it") {
  const request asked(chat_url, small_chat);
  CHECK_GOLDEN(golden::read(asked, R"({"model":"m","message":{"role":"assistant","content":"Hi"},"done":true,"done_reason":"length","eval_count":3})").found, {
      {"llm.model_name", "m"},
      {"llm.finish_reason", "length"},
      {"llm.token_count.completion", "#3"},
      {"llm.output_messages.0.message.role", "assistant"},
      {"llm.output_messages.0.message.content", "Hi"},
  });
}

TEST_CASE("ollama: all of generate, streamed and not") {
  const request asked(generate_url, R"({"model":"m","system":"Be short.","prompt":"What is this?","images":["R0lGODlh"],"context":[1,2,3],
    "suffix":"end","options":{"seed":1}})");
  CHECK(asked.span_name() == "Generate");
  CHECK(asked.streams());
  const std::string in = "llm.input_messages.";
  CHECK_GOLDEN(asked.described(), {
      {"llm.provider", "ollama"},
      {"llm.model_name", "m"},
      {"llm.invocation_parameters", R"({"suffix":"end","options":{"seed":1}})"},
      {in + "0.message.role", "system"},
      {in + "0.message.content", "Be short."},
      {in + "1.message.role", "user"},
      {in + "1.message.contents.0.message_content.type", "text"},
      {in + "1.message.contents.0.message_content.text", "What is this?"},
      {in + "1.message.contents.1.message_content.type", "image"},
      {in + "1.message.contents.1.message_content.image.image.url", "data:image/gif;base64,R0lGODlh"},
  });
  CHECK_GOLDEN(request(generate_url, small_prompt).described(),
             {{"llm.provider", "ollama"}, {"llm.model_name", "m"}, {in + "0.message.role", "user"}, {in + "0.message.content", "Hi"}});
  const std::string out = "llm.output_messages.0.message.";
  const golden::attributes expected = {
      {"llm.model_name", "m"},
      {"llm.finish_reason", "stop"},
      {"llm.token_count.prompt", "#9"},
      {"llm.token_count.completion", "#2"},
      {"llm.token_count.total", "#11"},
      {out + "role", "assistant"},
      {out + "contents.0.message_content.type", "reasoning"},
      {out + "contents.0.message_content.text", "Hm."},
      {out + "content", "A cat."},
  };
  const std::string end = R"("done":true,"done_reason":"stop","context":[1,2],"prompt_eval_count":9,"eval_count":2})";
  const auto whole = golden::read(asked, R"({"model":"m","response":"A cat.","thinking":"Hm.",)" + end);
  CHECK(golden::difference(whole.found, expected) == "");
  const auto stream = golden::read(asked, R"({"model":"m","response":"","thinking":"Hm.","done":false})" "\n"
                                          R"({"model":"m","response":"A ","done":false})" "\n"
                                          R"({"model":"m","response":"cat.","done":false})" "\n"
                                          R"({"model":"m","response":"",)" + end);
  CHECK(golden::difference(stream.found, expected) == "");
  CHECK(stream.whole.find("context") == std::string::npos);
}

TEST_CASE("ollama: loading a model is no call, nor is another application's chat") {
  CHECK_FALSE(request(chat_url, R"({"model":"m"})").known());
  CHECK_FALSE(request(chat_url, R"({"model":"m","messages":[]})").known());
  CHECK_FALSE(request(chat_url, R"({"messages":[{"role":"user","content":"Hi"}]})").known());
  CHECK_FALSE(request(generate_url, R"({"model":"m"})").known());
  CHECK_FALSE(request(generate_url, R"({"model":"m","prompt":"","keep_alive":0})").known());
  CHECK_FALSE(request("http://127.0.0.1:11434/api/embed", R"({"model":"m","input":""})").known());
  CHECK_FALSE(request("http://127.0.0.1:11434/api/embed", R"({"model":"m","input":[]})").known());
  CHECK_FALSE(request("http://127.0.0.1:11434/api/embeddings", R"({"model":"m","prompt":""})").known());
  CHECK_FALSE(request("http://127.0.0.1:11434/api/show", R"({"model":"m"})").known());
}

TEST_CASE("ollama: errors are texts, as a body and inside a stream") {
  const request asked(chat_url, small_chat);
  CHECK(golden::read(asked, R"({"error":"model 'x' not found"})").failure == "model 'x' not found");
  const auto got = golden::read(asked, R"({"model":"m","message":{"role":"assistant","content":"So far"},"done":false})" "\n"
                                       R"({"error":"an error was encountered while running the model"})" "\n");
  CHECK(got.failure == "an error was encountered while running the model");
  CHECK_GOLDEN(got.found, {{"llm.model_name", "m"}, {"llm.output_messages.0.message.role", "assistant"}, {"llm.output_messages.0.message.content", "So far"}});
}

TEST_CASE("ollama: embeddings, of today and of before") {
  const request asked("http://127.0.0.1:11434/api/embed", R"({"model":"all-minilm","input":["a","b"],"truncate":true})");
  CHECK(asked.kind() == arthur::kind::embedding);
  CHECK(asked.span_name() == "CreateEmbeddings");
  CHECK_FALSE(asked.streams());
  CHECK_GOLDEN(asked.described(), {
      {"embedding.model_name", "all-minilm"},
      {"embedding.invocation_parameters", R"({"model":"all-minilm","truncate":true})"},
      {"embedding.embeddings.0.embedding.text", "a"},
      {"embedding.embeddings.1.embedding.text", "b"},
  });
  CHECK_GOLDEN(golden::read(asked, R"({"model":"all-minilm:latest","embeddings":[[0.5,-1],[2,3]],"total_duration":1,"prompt_eval_count":8})").found, {
      {"embedding.model_name", "all-minilm:latest"},
      {"embedding.embeddings.0.embedding.vector", "#[0.5,-1.0]"},
      {"embedding.embeddings.1.embedding.vector", "#[2.0,3.0]"},
      {"llm.token_count.prompt", "#8"},
      {"llm.token_count.total", "#8"},
  });
  CHECK(request("http://127.0.0.1:11434/api/embed", R"({"model":"m","input":"one"})").described().at("embedding.embeddings.0.embedding.text") == "one");
  const request old("http://127.0.0.1:11434/api/embeddings", R"({"model":"all-minilm","prompt":"a"})");
  CHECK_GOLDEN(old.described(), {
      {"embedding.model_name", "all-minilm"},
      {"embedding.invocation_parameters", R"({"model":"all-minilm"})"},
      {"embedding.embeddings.0.embedding.text", "a"},
  });
  CHECK_GOLDEN(golden::read(old, R"({"embedding":[0.25,1]})").found, {{"embedding.embeddings.0.embedding.vector", "#[0.25,1.0]"}});
}

TEST_CASE("ollama: the provider is named once where the host tells it, too") {
  CHECK_FALSE(request("https://ollama.com/api/chat", small_chat).described().count("llm.provider") != 0);
  CHECK(request("https://models.example.com/ollama/api/chat", small_chat).described().at("llm.provider") == "ollama");
}
