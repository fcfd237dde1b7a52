// providers_servers.cpp: what servers that speak like OpenAI do in their own way, and streams that differ from the usual ones.
#define ARTHUR_WITH_JSON
#include <arthur/testing.hpp>

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <string_view>

using arthur::testing::capture;
using arthur::testing::span;

namespace {

constexpr const char* chat_url = "https://api.openai.com/v1/chat/completions";
constexpr const char* chat = R"({"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":true})";
const std::string message = "llm.output_messages.0.message.";

std::string events(std::initializer_list<std::string_view> all) {
  std::string out;
  for (const std::string_view one : all) out.append("data: ").append(one).append("\n\n");
  return out;
}

/// The one span of a call whose answer comes byte by byte.
span recorded(const char* url, const char* request, const std::string& answer, int status = 200) {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  {
    arthur::wire_call call("POST", url, request);
    REQUIRE(call.recording());
    for (std::size_t n = 0; n < answer.size(); ++n) call.feed(std::string_view(answer).substr(n, 1));
    call.finish(status);
  }
  const auto all = spans.all();
  REQUIRE(all.size() == 1);
  return all[0];
}

}  // namespace

TEST_CASE("servers: Azure's late results of the filter, which name no model, take none away") {
  const span s = recorded("https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=1", chat,
                          events({R"({"id":"","model":"","choices":[],"prompt_filter_results":[]})",
                                  R"({"id":"c1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"}}]})",
                                  R"({"id":"c1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})",
                                  R"({"id":"","model":"","choices":[{"index":0,"finish_reason":null,"content_filter_offsets":{"check_offset":1}}]})",
                                  "[DONE]"}));
  CHECK(s.attribute("llm.model_name") == "gpt-4o-2024-08-06");
  CHECK(s.attribute("output.value") ==
        R"({"id":"c1","model":"gpt-4o-2024-08-06","prompt_filter_results":[],"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]})");
}

TEST_CASE("servers: what is said in a stream of sound is the content; the sound itself isn't kept") {
  const span s = recorded(chat_url, chat,
                          events({R"({"choices":[{"index":0,"delta":{"role":"assistant","audio":{"id":"a1"}}}]})",
                                  R"({"choices":[{"index":0,"delta":{"audio":{"transcript":"Hel"}}}]})",
                                  R"({"choices":[{"index":0,"delta":{"audio":{"data":"AAAA"}}}]})",
                                  R"({"choices":[{"index":0,"delta":{"audio":{"transcript":"lo"}}}]})",
                                  R"({"choices":[{"index":0,"delta":{"audio":{"expires_at":7}},"finish_reason":"stop"}]})", "[DONE]"}));
  CHECK(s.attribute(message + "content") == "Hello");
  CHECK(s.attribute("output.value") ==
        R"({"choices":[{"index":0,"message":{"role":"assistant","audio":{"id":"a1","transcript":"Hello","expires_at":7}},"finish_reason":"stop"}]})");
  REQUIRE(s.events.size() == 1);
  CHECK(s.events[0].name == "First Token Stream Event");
}

TEST_CASE("servers: the transcript of a sound doesn't replace a content") {
  const span s = recorded(chat_url, R"({"model":"m","messages":[]})",
                          R"({"choices":[{"index":0,"message":{"role":"assistant","content":"written","audio":{"transcript":"said"}}}]})");
  CHECK(s.attribute(message + "content") == "written");
}

TEST_CASE("servers: the call of a custom tool in pieces") {
  const span s = recorded(chat_url, chat,
                          events({R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","type":"custom","custom":{"name":"code","input":""}}]}}]})",
                                  R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"custom":{"input":"print"}}]}}]})",
                                  R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"custom":{"input":" 1"}}]}}]})", "[DONE]"}));
  CHECK(s.attribute(message + "tool_calls.0.tool_call.id") == "c1");
  CHECK(s.attribute(message + "tool_calls.0.tool_call.function.name") == "code");
  CHECK(s.attribute(message + "tool_calls.0.tool_call.function.arguments") == "print 1");
}

TEST_CASE("servers: the index of a call may be the largest number there is") {
  const span s = recorded(chat_url, chat,
                          events({R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":9223372036854775807,"id":"a","function":{"name":"f","arguments":"1"}}]}}]})",
                                  R"({"choices":[{"index":0,"delta":{"tool_calls":[{"id":"b","function":{"name":"g","arguments":"2"}}]}}]})"}));
  CHECK(s.attribute(message + "tool_calls.0.tool_call.function.arguments") == "12");
}

TEST_CASE("servers: lists beside the content grow with the pieces (OpenRouter's reasoning_details)") {
  const span s = recorded("https://openrouter.ai/api/v1/chat/completions", chat,
                          events({R"({"choices":[{"index":0,"delta":{"reasoning":"a","reasoning_details":[{"text":"a"}]}}]})",
                                  R"({"choices":[{"index":0,"delta":{"reasoning":"b","reasoning_details":[{"text":"b"}]}}]})", "[DONE]"}));
  CHECK(s.attribute("output.value") ==
        R"({"choices":[{"index":0,"message":{"reasoning":"ab","reasoning_details":[{"text":"a"},{"text":"b"}]}}]})");
}

TEST_CASE("servers: the reason of the first choice counts, whichever comes first") {
  const span s = recorded(chat_url, chat,
                          events({R"({"choices":[{"index":1,"delta":{"content":"B"},"finish_reason":"length"}]})",
                                  R"({"choices":[{"index":0,"delta":{"content":"A"},"finish_reason":"stop"}]})", "[DONE]"}));
  CHECK(s.attribute("llm.finish_reason") == "stop");
  CHECK(s.attribute("llm.output_messages.1.message.content") == "B");
}

TEST_CASE("servers: events without data, and spaces around the last one, are no pieces") {
  const std::string stream = "event: ping\ndata:\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\ndata: \n\ndata:  [DONE] \n\n";
  const span s = recorded(chat_url, chat, stream);
  CHECK(s.attribute("output.value") == R"({"choices":[{"index":0,"message":{"content":"a"}}]})");
  CHECK(s.attribute("output.mime_type") == "application/json");
}

TEST_CASE("servers: what nobody unpacked is no output, also where no header says so") {
  const std::string packed("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3", 18);
  CHECK_FALSE(recorded(chat_url, chat, packed).has("output.value"));
  const span s = recorded(chat_url, chat, packed, 502);
  CHECK_FALSE(s.has("output.value"));
  CHECK(s.message == "HTTP 502");
}

TEST_CASE("servers: Mistral's agents chat, too") {
  const span s = recorded("https://api.mistral.ai/v1/agents/completions", R"({"agent_id":"a","messages":[{"role":"user","content":"Hi"}]})",
                          R"({"model":"mistral-large","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"}}]})");
  CHECK(s.name == "ChatCompletion");
  CHECK(s.attribute("llm.model_name") == "mistral-large");
  CHECK(s.attribute(message + "content") == "Hello");
}

TEST_CASE("servers: a failure whose message is no text is told as it is (Mistral)") {
  const span s = recorded("https://api.mistral.ai/v1/chat/completions", chat,
                          R"({"object":"error","message":{"detail":[{"msg":"no model"}]},"type":"invalid_request_error"})", 422);
  CHECK(s.message == R"(HTTP 422: invalid_request_error: {"detail":[{"msg":"no model"}]})");
}

TEST_CASE("servers: Amazon's OpenAI is by Amazon") {
  const span s = recorded("https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1/chat/completions", R"({"model":"gpt-oss","messages":[]})", "{}");
  CHECK(s.attribute("llm.provider") == "aws");
}

TEST_CASE("servers: what was streamed of a response stays where its end has no output") {
  constexpr const char* url = "https://api.openai.com/v1/responses";
  const std::string begun = events({R"({"type":"response.created","response":{"id":"r","model":"m-1","output":[]}})",
                                    R"({"type":"response.output_item.added","output_index":0,"item":{"type":"message","role":"assistant","content":[]}})",
                                    R"({"type":"response.content_part.added","output_index":0,"content_index":0,"part":{"type":"output_text","text":""}})",
                                    R"({"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"Hel"})"});
  const std::string text = message + "contents.0.message_content.text";
  span s = recorded(url, R"({"model":"m","input":"Hi","stream":true})",
                    begun + events({R"({"type":"response.failed","response":{"status":"failed","model":"m-1","output":[],"error":{"code":"server_error","message":"down"}}})"}));
  CHECK(s.status == "ERROR");
  CHECK(s.message == "server_error: down");
  CHECK(s.attribute(text) == "Hel");
  s = recorded(url, R"({"model":"m","input":"Hi","stream":true})",
               begun + events({R"({"type":"response.completed","response":{"status":"completed","model":"m-1","output":[],"usage":{"input_tokens":1}}})"}));
  CHECK(s.status == "OK");
  CHECK(s.attribute(text) == "Hel");
  CHECK(s.attribute("llm.token_count.prompt") == 1);
}

TEST_CASE("servers: lines of JSON that break off inside one are no JSON text") {
  const char* const request = R"({"model":"m","messages":[{"role":"user","content":"Hi"}]})";
  const std::string answer = "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"Hel\"},\"done\":false}\n{\"model\":\"m\",\"mess";
  const span s = recorded("http://localhost:11434/api/chat", request, answer);
  CHECK(s.attribute(message + "content") == "Hel");
  CHECK(s.attribute("output.value") == answer);  // nothing of it is lost
  CHECK_FALSE(s.has("output.mime_type"));

  capture spans;  // given up: what came so far is put together
  {
    arthur::wire_call call("POST", "http://localhost:11434/api/chat", request);
    call.feed(answer);
  }
  CHECK(spans.all()[0].attribute("output.value") == R"({"model":"m","message":{"role":"assistant","content":"Hel"},"done":false})");
}
