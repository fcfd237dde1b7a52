// wire_call.cpp: arthur::wire_call: what becomes of the span, however the call goes; every line of the list of parsers' pitfalls that a span shows.
#define ARTHUR_WITH_JSON
#include <arthur/testing.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

using arthur::testing::capture;
using arthur::testing::span;
using std::chrono::milliseconds;

namespace {

constexpr const char* url = "https://api.openai.com/v1/chat/completions";
constexpr const char* plain = R"({"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]})";
constexpr const char* streamed = R"({"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"stream":true})";
constexpr const char* answer = R"({"model":"gpt-4o-2024","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}})";
constexpr const char* content = "llm.output_messages.0.message.content";

std::string chunk(const std::string& text) { return R"(data: {"choices":[{"index":0,"delta":{"content":")" + text + "\"}}]}\n\n"; }

/// The one span of `use(call)`, with no clock of its own.
template <class Use>
span recorded(const char* body, Use&& use, arthur::options settings = {}) {
  capture spans(std::move(settings));
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  {
    arthur::wire_call call("POST", url, body);
    CHECK(call.recording());
    use(call);
  }
  const auto all = spans.all();
  REQUIRE(all.size() == 1);
  return all[0];
}

}  // namespace

TEST_CASE("a call and its answer: the whole span, no stray key") {
  const span got = recorded(plain, [](arthur::wire_call& call) {
    call.feed(answer);
    call.finish(200);
  });
  CHECK(got.name == "ChatCompletion");
  CHECK(got.kind == "LLM");
  CHECK(got.status == "OK");
  CHECK(got.message.empty());
  CHECK(got.events.empty());
  const std::vector<std::pair<std::string, arthur::testing::value>> expected = {
      {"openinference.span.kind", "LLM"},
      {"llm.provider", "openai"},
      {"llm.system", "openai"},
      {"llm.invocation_parameters", R"({"model":"gpt-4o"})"},
      {"llm.input_messages.0.message.role", "user"},
      {"llm.input_messages.0.message.content", "Hi"},
      {"input.value", plain},
      {"input.mime_type", "application/json"},
      {"http.response.status_code", 200},
      {"llm.model_name", "gpt-4o-2024"},
      {"llm.finish_reason", "stop"},
      {"llm.token_count.prompt", 5},
      {"llm.token_count.completion", 2},
      {"llm.token_count.total", 7},
      {"llm.output_messages.0.message.role", "assistant"},
      {content, "Hello"},
      {"output.value", answer},
      {"output.mime_type", "application/json"},
  };
  for (const auto& one : expected) {
    INFO(one.first);
    CHECK(got.attribute(one.first) == one.second);
  }
  for (const auto& one : got.attributes) {
    bool known = false;
    for (const auto& other : expected) known = known || other.first == one.first;
    INFO(one.first);
    CHECK(known);
  }
}

TEST_CASE("a stream cut at every byte: the same span as in one piece; the output is the answer put together") {
  const std::string bytes = "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\xc3\xa9\"}}]}\r\n\r\n" + chunk("\xe6\xbc\xa2") +
                            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}}\n\ndata: [DONE]";
  capture spans;
  spans.step(milliseconds(0));
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    arthur::wire_call call("POST", url, streamed);
    call.feed(std::string_view(bytes).substr(0, cut));
    call.feed(std::string_view(bytes).substr(cut));
    call.finish();
  }
  const auto all = spans.all();
  REQUIRE(all.size() == bytes.size() + 1);
  for (const span& got : all) {
    REQUIRE(got.attributes == all[0].attributes);
    REQUIRE(got.status == "OK");
    REQUIRE(got.events.size() == 1);
  }
  CHECK(all[0].attribute("output.value") ==
        "{\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"\xc3\xa9\xe6\xbc\xa2\"}}],"
        "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}}");
  CHECK(all[0].attribute("output.mime_type") == "application/json");
}

TEST_CASE("the first token: an event and the time until it, also where empty chunks come before") {
  capture spans;
  spans.step(milliseconds(0));
  {
    arthur::wire_call call("POST", url, streamed);
    spans.advance(milliseconds(100));
    call.feed(": ping\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n");
    spans.advance(milliseconds(150));
    call.feed(chunk("a"));
    spans.advance(milliseconds(1000));
    call.feed(chunk("b"));
    call.feed("data: {\"choices\":[],\"usage\":{\"completion_tokens\":5}}\n\n");
    spans.advance(milliseconds(50));
    call.finish();
  }
  const span got = spans.find("ChatCompletion");
  REQUIRE(got.events.size() == 1);
  CHECK(got.events[0].name == "First Token Stream Event");
  CHECK(got.events[0].time == got.start + 250000000);
  CHECK(got.attribute("gen_ai.response.time_to_first_chunk") == 0.25);
  CHECK(got.duration() == milliseconds(1300));
}

TEST_CASE("a failed status: ERROR with the provider's words; the model is there all the same") {
  const auto failed = [](int status, const char* body) {
    return recorded(plain, [&](arthur::wire_call& call) {
      call.feed(body);
      call.finish(status);
    });
  };
  const span limited = failed(429, R"({"error":{"message":"Slow down","type":"rate_limit_error"}})");
  CHECK(limited.status == "ERROR");
  CHECK(limited.message == "HTTP 429: rate_limit_error: Slow down");
  CHECK(limited.attribute("http.response.status_code") == 429);
  CHECK(limited.attribute("llm.model_name") == "gpt-4o");
  CHECK(limited.attribute("output.value") == R"({"error":{"message":"Slow down","type":"rate_limit_error"}})");
  CHECK(limited.attribute("output.mime_type") == "application/json");
  CHECK(failed(500, "{}").message == "HTTP 500");
  const span gateway = failed(502, "<html>\n<h1>Bad Gateway</h1></html>");
  CHECK(gateway.message == "HTTP 502: <html> <h1>Bad Gateway</h1></html>");
  CHECK(gateway.attribute("output.value") == "<html>\n<h1>Bad Gateway</h1></html>");
  CHECK_FALSE(gateway.has("output.mime_type"));
  const span empty = failed(503, "");
  CHECK(empty.message == "HTTP 503");
  CHECK_FALSE(empty.has("output.value"));
  CHECK(failed(400, answer).status == "ERROR");
  CHECK(failed(399, answer).status == "OK");
}

TEST_CASE("4.14.6 an error in the middle of a stream under status 200: ERROR, with what came before") {
  const span got = recorded(streamed, [](arthur::wire_call& call) {
    call.feed(chunk("Par"));
    call.feed("data: {\"error\":{\"message\":\"Overloaded\",\"type\":\"overloaded_error\"}}\n\n");
    call.finish(200);
  });
  CHECK(got.status == "ERROR");
  CHECK(got.message == "overloaded_error: Overloaded");
  CHECK(got.attribute(content) == "Par");
  CHECK(got.attribute("http.response.status_code") == 200);
  const span twice = recorded(streamed, [](arthur::wire_call& call) {
    call.feed("event: error\ndata: {\"message\":\"the first\"}\n\n");
    call.feed("data: {\"error\":\"and the second\"}\n\n");
    call.finish(0);
  });
  CHECK(twice.message == "the first");
  CHECK_FALSE(twice.has("http.response.status_code"));  // there was none
}

TEST_CASE("4.14.9 abandoned: UNSET with the answer so far; broken off: ERROR with the reason") {
  const span left = recorded(streamed, [](arthur::wire_call& call) { call.feed(chunk("Par") + "data: {\"choi"); });
  CHECK(left.status == "UNSET");
  CHECK(left.attribute(content) == "Par");
  CHECK(left.attribute("output.value") == R"({"choices":[{"index":0,"message":{"content":"Par"}}]})");
  CHECK_FALSE(left.has("http.response.status_code"));
  const span broken = recorded(streamed, [](arthur::wire_call& call) {
    call.feed(chunk("Par") + "data: {\"choi");
    call.fail("connection reset");
    CHECK_FALSE(call.recording());
    call.feed(chunk("is"));
    call.finish(500);
  });
  CHECK(broken.status == "ERROR");
  CHECK(broken.message == "connection reset");
  CHECK(broken.attribute(content) == "Par");
  CHECK(broken.attribute("output.value") == R"({"choices":[{"index":0,"message":{"content":"Par"}}]})");
  const span nothing = recorded(streamed, [](arthur::wire_call& call) { call.finish(200); });
  CHECK(nothing.status == "OK");
  CHECK_FALSE(nothing.has("output.value"));
  CHECK(nothing.events.empty());
}

TEST_CASE("what can't be read costs attributes only: the raw answer is there") {
  for (const char* const raw : {"{\"choices\":[", "{\"choices\":[]} {nonsense}", "data: {nonsense}\n\n", "42", "plain words"}) {
    INFO(raw);
    const span got = recorded(plain, [&](arthur::wire_call& call) {
      call.feed(raw);
      call.finish();
    });
    CHECK(got.status == "OK");
    CHECK(got.attribute("output.value") == raw);
    CHECK_FALSE(got.has("output.mime_type"));
  }
  for (const char* const rest : {"data: {nonsense}\n\n", "data: {\"choi"}) {
    const std::string half = chunk("Par") + rest;
    const span some = recorded(streamed, [&](arthur::wire_call& call) {
      call.feed(half);
      call.finish();
    });
    CHECK(some.attribute(content) == "Par");
    CHECK(some.attribute("output.value") == half);
  }
  const std::string spaced = "{ \"choices\" : [] }\n";
  const span same = recorded(plain, [&](arthur::wire_call& call) {
    call.feed(spaced);
    call.finish();
  });
  CHECK(same.attribute("output.value") == spaced);
  const span request = recorded("{\"model\":", [](arthur::wire_call& call) { call.finish(); });
  CHECK(request.attribute("input.value") == "{\"model\":");
  CHECK_FALSE(request.has("input.mime_type"));
}

TEST_CASE("4.14.6 a Content-Encoding that nobody undid: no bytes are taken for text; one that the client undid doesn't matter") {
  const auto encoded = [](std::string_view bytes) {
    return recorded(plain, [&](arthur::wire_call& call) {
      call.header("Content-Encoding", "gzip");
      call.feed(bytes);
      call.finish(bytes.size() < 20 ? 500 : 200);
    });
  };
  const span still = encoded({"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56\x4a", 13});
  CHECK(still.message == "HTTP 500");
  CHECK_FALSE(still.has("output.value"));
  const span undone = encoded(answer);
  CHECK(undone.attribute(content) == "Hello");
  CHECK(undone.attribute("output.value") == answer);
  // A text may end within a character.
  CHECK(encoded("words \xf0\x9f\x98").has("output.value"));
}

TEST_CASE("4.14.6 bytes that aren't UTF-8 are kept where nothing is encoded, but for gzip of which nobody told") {
  const auto got = [](const char* encoding, std::string_view bytes) {
    return recorded(plain, [&](arthur::wire_call& call) {
      if (encoding != nullptr) call.header("content-encoding", encoding);
      call.feed(bytes);
      call.finish();
    });
  };
  for (const char* const none : {"identity", "Identity", "", static_cast<const char*>(nullptr)}) {
    CHECK(got(none, "\xe9\xe8\xe7\xe0 words").attribute("output.value") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd words");
  }
  CHECK_FALSE(got("br", "\xe9\xe8\xe7\xe0 words").has("output.value"));
  CHECK_FALSE(got(nullptr, "\x1f\x8b\xe9\xe8\xe7\xe0 words").has("output.value"));
}

TEST_CASE("a call that is told of late began earlier, if it can have") {
  capture spans;
  spans.step(milliseconds(0));
  for (const std::uint64_t ago : {std::uint64_t{5000000}, UINT64_MAX}) {
    arthur::wire_call call("POST", url, plain);
    call.began(ago);
    call.finish();
  }
  const auto all = spans.all();
  REQUIRE(all.size() == 2);
  CHECK(all[0].duration() == milliseconds(5));
  CHECK(all[1].start == all[0].end);
}

TEST_CASE("a megabyte in each direction is kept, more is counted and marked; the usage behind it counts") {
  const std::string large(std::size_t{2} << 20, 'x');
  const span request = recorded((R"({"model":"m","messages":[{"role":"user","content":")" + large + "\"}]}").c_str(), [](arthur::wire_call& call) { call.finish(); });
  CHECK(request.attribute("arthur.request.truncated") == true);
  CHECK(request.attribute("input.value").text().size() == std::size_t{1} << 20);
  CHECK_FALSE(request.has("arthur.response.truncated"));
  const span response = recorded(streamed, [&](arthur::wire_call& call) {
    for (int n = 0; n < 30; ++n) call.feed(chunk(large.substr(0, 100000)));
    call.feed("data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\n");
    call.finish();
  });
  CHECK(response.attribute("arthur.response.truncated") == true);
  CHECK(response.attribute("llm.token_count.total") == 3);
  CHECK(response.attribute(content).text().size() == 1000000);
  CHECK(response.attribute("output.value").text().size() < std::size_t{1100000});
  CHECK_FALSE(response.has("arthur.request.truncated"));
  // Of an answer in one piece that is longer, the beginning.
  const span whole = recorded(plain, [&](arthur::wire_call& call) {
    call.feed("{\"choices\":[{\"message\":{\"content\":\"" + large + "\"}}]}");
    call.finish();
  });
  CHECK(whole.attribute("arthur.response.truncated") == true);
  CHECK(whole.attribute("output.value").text().size() == std::size_t{1} << 20);
}

TEST_CASE("options.max_body_bytes is the limit") {
  arthur::options settings;
  settings.max_body_bytes = 1024;
  const span got = recorded(plain, [](arthur::wire_call& call) {
    call.feed("{\"choices\":[],\"x\":\"" + std::string(2000, 'x') + "\"}");
    call.finish();
  }, settings);
  CHECK(got.attribute("output.value").text().size() == 1024);
  CHECK(got.attribute("arthur.response.truncated") == true);
  CHECK_FALSE(got.has("arthur.request.truncated"));
  // What fits exactly is whole.
  const auto filled = [](const std::string& begin, const std::string& end) { return begin + std::string(1024 - begin.size() - end.size(), 'x') + end; };
  const std::string words = filled(R"({"choices":[{"message":{"content":")", "\"}}]}");
  const span whole = recorded(filled(R"({"model":"m","messages":[{"role":"user","content":")", "\"}]}").c_str(), [&](arthur::wire_call& call) {
    call.feed(words);
    call.finish();
  }, settings);
  CHECK(whole.attribute("llm.model_name") == "m");
  CHECK(whole.attribute("output.value") == words);
  CHECK_FALSE(whole.has("arthur.request.truncated"));
  CHECK_FALSE(whole.has("arthur.response.truncated"));
  // What is cut is no JSON any more, also where all values in it were read.
  const span cut = recorded(plain, [](arthur::wire_call& call) {
    call.feed(R"([{"choices":[]})" + std::string(2000, ' ') + "]");
    call.finish();
  }, settings);
  CHECK(cut.attribute("output.value").text().size() == 1024);
  CHECK_FALSE(cut.has("output.mime_type"));
}

TEST_CASE("ids of the answer are kept, other headers aren't") {
  const span got = recorded(plain, [](arthur::wire_call& call) {
    call.header("X-Request-Id", "req_1");
    call.header("x-generation-id", "gen-1");
    for (const char* const one : {"request-id", "apim-request-id", "x-ms-request-id", "x-litellm-call-id"}) call.header(one, one);
    call.header("set-cookie", "s3cr3t");
    call.header("authorization", "s3cr3t");
    call.feed(answer);
    call.finish();
  });
  using arthur::testing::value;
  CHECK(got.attribute("http.response.header.x-request-id") == value(std::vector<value>{"req_1"}));
  CHECK(got.attribute("http.response.header.x-generation-id") == value(std::vector<value>{"gen-1"}));
  for (const char* const one : {"request-id", "apim-request-id", "x-ms-request-id", "x-litellm-call-id"}) {
    CHECK(got.attribute("http.response.header." + std::string(one)) == value(std::vector<value>{one}));
  }
  CHECK(arthur::testing::to_string(got).find("s3cr3t") == std::string::npos);
}

TEST_CASE("secrets in the URL aren't recorded") {
  capture spans;
  arthur::wire_call("POST", "https://user:s3cr3t@host/v1/chat/completions?key=s3cr3t#s3cr3t", plain).finish(401);
  const auto all = spans.all();
  REQUIRE(all.size() == 1);
  CHECK(arthur::testing::to_string(all[0]).find("s3cr3t") == std::string::npos);
}

TEST_CASE("unknown routes, other methods, other bodies record nothing") {
  capture spans;
  for (const char* const other : {"https://api.openai.com/v1/files", "https://api.openai.com/", "", "/", "nonsense"}) {
    arthur::wire_call call("POST", other, plain);
    CHECK_FALSE(call.recording());
    call.header("x-request-id", "1");
    call.feed(answer);
    call.finish();
  }
  CHECK_FALSE(arthur::wire_call("GET", url, "").recording());
  CHECK_FALSE(arthur::wire_call("POST", url, "{\"a\":1}").recording());
  CHECK_FALSE(arthur::wire_call().recording());
  CHECK(arthur::request_attributes("POST", "/v1/files", plain).empty());
  CHECK(arthur::response_attributes("GET", url, plain, answer).empty());
  CHECK(spans.all().empty());
}

TEST_CASE("4.14.9 one handle for several calls: nothing of the one before is left") {
  capture spans;
  arthur::wire_call call("POST", url, streamed);
  call.feed(chunk("one") + "data: {\"choi");
  call = arthur::wire_call("POST", url, plain);  // the first one is abandoned
  call.feed(answer);
  call.finish();
  call = arthur::wire_call("POST", "/v1/files", "");
  CHECK_FALSE(call.recording());
  const auto all = spans.all();
  REQUIRE(all.size() == 2);
  CHECK(all[0].status == "UNSET");
  CHECK(all[0].attribute(content) == "one");
  CHECK(all[1].status == "OK");
  CHECK(all[1].attribute(content) == "Hello");
  CHECK(all[1].events.empty());
}

TEST_CASE("a call moves, also to another thread, and ends once") {
  static_assert(!std::is_copy_constructible_v<arthur::wire_call> && std::is_nothrow_move_constructible_v<arthur::wire_call>);
  capture spans;
  {
    arthur::wire_call first("POST", url, plain);
    arthur::wire_call second(std::move(first));
    CHECK_FALSE(first.recording());  // NOLINT: moved from, and empty
    first.finish(500);
    auto& same = second;
    second = std::move(same);
    CHECK(second.recording());
    std::thread([call = std::move(second)]() mutable {
      call.feed(answer);
      call.finish();
      call.finish(500);
      call.fail("too late");
    }).join();
  }
  const auto all = spans.all();
  REQUIRE(all.size() == 1);
  CHECK(all[0].status == "OK");
}

TEST_CASE("the parent is the innermost span where the call began; activated it is a parent itself") {
  capture spans;
  {
    ARTHUR_AGENT_SPAN("agent");
    arthur::wire_call call("POST", url, plain);
    {
      const auto current = call.activate();
      ARTHUR_TOOL_SPAN("inside");
    }
    ARTHUR_TOOL_SPAN("outside");
    call.finish();
  }
  const span agent = spans.find("agent"), chat = spans.find("ChatCompletion");
  CHECK(chat.is_child_of(agent));
  CHECK(spans.find("inside").is_child_of(chat));
  CHECK(spans.find("outside").is_child_of(agent));
}

TEST_CASE("4.14.8 unicode, lone surrogates and broken UTF-8 in an answer: the text is there, the rest replaced") {
  const span got = recorded(streamed, [](arthur::wire_call& call) {
    call.feed(chunk("\\u00e9\xe6\xbc\xa2\xf0\x9f\x98\x80"));
    call.feed(chunk("\\ud83d"));
    call.feed(chunk("\xf0\x9f"));
    call.finish();
  });
  CHECK(got.attribute(content) == "\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(got.status == "OK");
}

TEST_CASE("4.14.8 hidden images, and those that are too long, aren't in the input either; a long one doesn't cost the rest") {
  const auto request = [](std::size_t size) {
    return R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"What?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
           std::string(size, 'A') + "\"}}]}]}";
  };
  const auto sent = [&](std::size_t size, arthur::options settings) {
    return recorded(request(size).c_str(), [](arthur::wire_call& call) { call.finish(); }, std::move(settings));
  };
  constexpr const char* image = "llm.input_messages.0.message.contents.1.message_content.image.image.url";
  constexpr const char* text = "llm.input_messages.0.message.contents.0.message_content.text";
  const std::string gone = R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"What?"},{"type":"image_url","image_url":{"url":"__REDACTED__"}}]}]})";

  const span small = sent(100, {});
  CHECK(small.attribute("input.value") == request(100));
  CHECK(small.attribute(image).text().size() == 122);
  const span photo = sent(std::size_t{3} << 20, {});
  CHECK(photo.attribute("input.value") == gone);
  CHECK(photo.attribute("input.mime_type") == "application/json");
  CHECK(photo.attribute(image) == "__REDACTED__");
  CHECK(photo.attribute(text) == "What?");
  CHECK_FALSE(photo.has("arthur.request.truncated"));
  arthur::options hidden;
  hidden.hide_input_images = true;
  const span none = sent(100, hidden);
  CHECK(none.attribute("input.value") == gone);
  CHECK_FALSE(none.has(image));
  arthur::options shorter;
  shorter.base64_image_max_length = 50;
  CHECK(sent(100, shorter).attribute("input.value") == gone);
  arthur::options inputs;
  inputs.hide_inputs = true;
  const span redacted = sent(100, inputs);
  CHECK(redacted.attribute("input.value") == "__REDACTED__");
  CHECK_FALSE(redacted.has(text));
}

TEST_CASE("hidden outputs aren't recorded, in whatever form") {
  arthur::options settings;
  settings.hide_outputs = true;
  const span got = recorded(streamed, [](arthur::wire_call& call) {
    call.feed(chunk("private"));
    call.finish();
  }, settings);
  CHECK(got.attribute("output.value") == "__REDACTED__");
  CHECK(arthur::testing::to_string(got).find("private") == std::string::npos);
}

TEST_CASE("nothing is recorded before start, after the end, and where tracing is suppressed") {
  CHECK_FALSE(arthur::wire_call("POST", url, plain).recording());
  capture spans;
  {
    const arthur::suppress quiet;
    CHECK_FALSE(arthur::wire_call("POST", url, plain).recording());
  }
  CHECK(spans.all().empty());
}

TEST_CASE("a call may outlive tracing, or end with the process: like any span it goes out with the next start, or not at all") {
  static arthur::wire_call destroyed_at_exit;
  arthur::wire_call outlives;
  {
    capture spans;
    destroyed_at_exit = arthur::wire_call("POST", url, plain);
    outlives = arthur::wire_call("POST", url, plain);
    REQUIRE(outlives.recording());
    outlives.feed(std::string_view(answer).substr(0, 20));
  }
  outlives.feed(std::string_view(answer).substr(20));
  outlives.finish(200);
  capture spans;
  arthur::wire_call("POST", url, plain).finish();
  const auto all = spans.all();
  REQUIRE(all.size() == 2);
  CHECK(all[0].attribute("input.value") == plain);  // what came while nobody recorded isn't there
}

TEST_CASE("a call that sampling leaves out costs nothing further, and what is opened beside it isn't touched") {
  arthur::options settings;
  settings.sampling_rules = {{"ChatCompletion", 0.0}};
  capture spans(settings);
  {
    ARTHUR_AGENT_SPAN("agent");
    arthur::wire_call call("POST", url, plain);
    CHECK_FALSE(call.recording());
    call.feed(answer);
    call.finish(500);
  }
  const auto all = spans.all();
  REQUIRE(all.size() == 1);
  CHECK(all[0].name == "agent");
  CHECK(all[0].status == "OK");
}

TEST_CASE("attributes of a request and an answer, for spans of one's own") {
  capture spans;
  const auto shown = [](const std::vector<arthur::wire_attribute>& list, std::string_view key) {
    for (const auto& one : list) {
      if (one.key != key) continue;
      if (const auto* const text = std::get_if<std::string>(&one.value)) return *text;
      if (const auto* const number = std::get_if<std::int64_t>(&one.value)) return std::to_string(*number);
    }
    return std::string("none");
  };
  const auto request = arthur::request_attributes("POST", url, plain);
  CHECK(shown(request, "llm.model_name") == "gpt-4o");
  CHECK(shown(request, "llm.input_messages.0.message.content") == "Hi");
  for (const std::string& body : {std::string(answer), chunk("Hello") + "data: {\"model\":\"gpt-4o-2024\",\"usage\":{\"total_tokens\":7}}\n\n"}) {
    const auto told = arthur::response_attributes("POST", url, plain, body);
    CHECK(shown(told, content) == "Hello");
    CHECK(shown(told, "llm.token_count.total") == "7");
    CHECK(shown(told, "llm.model_name") == "gpt-4o-2024");
  }
  CHECK(spans.all().empty());
}
