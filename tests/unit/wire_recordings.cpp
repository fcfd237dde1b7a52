// wire_recordings.cpp: real traffic, from the folder of recordings beside the checkout: the same span however the answer is cut.
#define ARTHUR_WITH_JSON
#include <arthur/testing.hpp>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/sanitizers.hpp"

using arthur::testing::capture;
using arthur::testing::span;

namespace {

struct recording {
  std::string name, method, url, request, response;
  int status = 0;
};

bool read(const std::string& path, std::string& into) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  into.assign(std::istreambuf_iterator<char>(file), {});
  return true;
}

/// All of them; none where the folder is missing.
std::vector<recording> recordings() {
  const std::string here = __FILE__;
  std::vector<std::string> folders = {here.substr(0, here.find_last_of("/\\") + 1) + "../../../shared/recordings/"};
  for (std::string up = "../"; folders.size() < 8; up += "../") folders.push_back(up + "shared/recordings/");  // where __FILE__ isn't absolute
  std::vector<recording> all;
  std::string index;
  for (const std::string& folder : folders) {
    if (!read(folder + "index.json", index)) continue;
    for (const auto& one : nlohmann::json::parse(index)) {
      recording r{one["name"], one["method"], one["url"], {}, {}, one["status"]};
      const bool there = read(folder + std::string(one["request"]), r.request) && read(folder + std::string(one["response"]), r.response);
      CHECK_MESSAGE(there, "a body is missing: " << r.name);
      all.push_back(std::move(r));
    }
    break;
  }
  return all;
}

/// What its span says.
struct known {
  const char* name;
  const char* span;  // null: of no format that is known
  const char* model;
  const char* finish;  // or the failure
  int prompt, completion;
  const char* calls;  // of tools, as "name(arguments) "
};

const known table[] = {
    {"openai-chat-stream-agent", "ChatCompletion", "gpt-3.5-turbo-0125", "tool_calls", 0, 0, R"(get_weather({"city":"New York"}) )"},
    {"openai-chat-stream-forced-tool", "ChatCompletion", "gpt-4-0125-preview", "stop", 0, 0, R"(PartialUserInfo({"age":30,"name":"John Doe"}) )"},
    {"openai-chat-error-401", "ChatCompletion", "gpt-4o",
     "HTTP 401: invalid_request_error: Incorrect API key provided: sk-. You can find your API key at https://platform.openai.com/account/api-keys.", 0, 0, ""},
    {"openai-chat-error-400", "ChatCompletion", "gpt-4o-mini", "HTTP 400: invalid_request_error: Error while downloading https://example.com/test-image.jpg.", 0, 0, ""},
    {"openai-responses", "Response", "gpt-4.1-2025-04-14", "", 19, 253, ""},
    {"openai-responses-stream", "Response", "gpt-4.1-2025-04-14", "", 19, 262, ""},
    {"openai-responses-parallel-tools", "Response", "gpt-4o-mini-2024-07-18", "", 149, 48, R"(get_temperature({"location":"San Francisco"}) get_humidity({"location":"San Francisco"}) )"},
    {"openai-embeddings-base64", "CreateEmbeddings", "text-embedding-3-small", "", 20, 0, ""},
    {"anthropic-cache-write", "messages.create", "claude-3-7-sonnet-20250219", "end_turn", 1754, 561, ""},
    {"anthropic-cache-read", "messages.create", "claude-3-7-sonnet-20250219", "end_turn", 1754, 568, ""},
    {"anthropic-two-tools", "messages.create", "claude-sonnet-4-6", "tool_use", 721, 112,
     R"(get_weather({"location":"New York, NY"}) get_time({"timezone":"America/New_York"}) )"},
    {"anthropic-stream-two-tools", "messages.stream", "claude-sonnet-4-6", "tool_use", 721, 113,
     R"(get_weather({"location":"New York, NY"}) get_time({"timezone":"America/New_York"}) )"},
    {"anthropic-stream-thinking", "messages.stream", "claude-sonnet-4-5-20250929", "end_turn", 50, 93, ""},
    {"gemini-two-tools", "GenerateContent", "gemini-2.0-flash", "STOP", 64, 11, R"(get_weather({"location":"Boston"}) get_weather({"location":"New Delhi"}) )"},
    {"gemini-stream-thinking-tools", "GenerateContentStream", "gemini-3.5-flash", "STOP", 71, 126,
     R"(get_weather({"location":"Boston"}) get_weather({"location":"New Delhi"}) )"},
    {"mistral-stream-tool", "ChatCompletion", "mistral-small-latest", "tool_calls", 96, 23, R"(get_weather({"city": "San Francisco"}) )"},
    {"groq-stream", "ChatCompletion", "llama3-8b-8192", "stop", 12, 26, ""},
    {"ollama-tool", "Chat", "qwen3.6:latest", "stop", 292, 143, R"(get_current_weather({"city":"Paris"}) )"},
    {"ollama-error-404", "Chat", "nonexistent-model:latest", "HTTP 404: model 'nonexistent-model:latest' not found", 0, 0, ""},
    {"bedrock-converse-tool", nullptr, "", "", 0, 0, ""},
    {"bedrock-converse-stream-tool", nullptr, "", "", 0, 0, ""},
    {"cohere-rerank", nullptr, "", "", 0, 0, ""},
};

std::string calls_of(const span& s) {
  std::string all;
  for (const auto& one : s.attributes) {
    const std::string end = ".tool_call.function.name";
    const std::string& key = one.first;
    if (key.find("llm.output_messages.") != 0 || key.find(".tool_calls.") == std::string::npos) continue;
    if (key.size() < end.size() || key.compare(key.size() - end.size(), end.size(), end) != 0) continue;
    all += one.second.text() + "(" + s.attribute(key.substr(0, key.size() - 4) + "arguments").text() + ") ";
  }
  return all;
}

void check_known(const recording& r, const span& got) {
  for (const known& one : table) {
    if (r.name != one.name) continue;
    const bool embeds = got.kind == "EMBEDDING";
    CHECK(got.name == one.span);
    CHECK(got.attribute(embeds ? "embedding.model_name" : "llm.model_name") == one.model);
    if (r.status >= 400) CHECK(got.message == one.finish);
    else CHECK(got.message.empty());
    if (r.status < 400 && *one.finish != '\0') CHECK(got.attribute("llm.finish_reason") == one.finish);
    if (one.prompt != 0) CHECK(got.attribute("llm.token_count.prompt") == one.prompt);
    if (one.completion != 0) CHECK(got.attribute("llm.token_count.completion") == one.completion);
    if (one.prompt != 0) CHECK(got.attribute("llm.token_count.total") == one.prompt + one.completion);
    CHECK(calls_of(got) == one.calls);
    return;
  }
}

bool is_known_to_be_unknown(const recording& r) {
  for (const known& one : table) {
    if (r.name == one.name) return one.span == nullptr;
  }
  return false;
}

/// The spans of the answer in pieces: in each run a first one of its own size, then steps.
std::vector<span> in_pieces(const recording& r, const std::vector<std::pair<std::size_t, std::size_t>>& runs) {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  spans.step(std::chrono::nanoseconds(0));
  for (const auto& [first, step] : runs) {
    const std::string sent = r.response;
    arthur::wire_call call(r.method, r.url, r.request);
    std::string_view left = sent;
    for (std::size_t size = first; !left.empty(); size = step) {
      call.feed(left.substr(0, size));
      left.remove_prefix((std::min)(size, left.size()));
    }
    call.finish(r.status);
    CHECK((sent == r.response));
  }
  return spans.all();
}

void check_same(const std::vector<span>& all, std::size_t count, const span& whole) {
  REQUIRE(all.size() == count);
  for (const span& one : all) {
    REQUIRE(one.attributes == whole.attributes);
    REQUIRE(one.message == whole.message);
    REQUIRE(one.events.size() == whole.events.size());
  }
}

}  // namespace

TEST_CASE("real traffic: the span says what was recorded, however the answer's bytes are cut") {
  const std::vector<recording> all = recordings();
  if (all.empty()) std::puts("SKIP: providers.recordings: no recordings beside this checkout");
  for (const recording& r : all) {
    CAPTURE(r.name);
    const std::size_t size = r.response.size();
    const std::vector<span> first = in_pieces(r, {{size, size}});
    if (is_known_to_be_unknown(r)) CHECK(first.empty());
    if (first.empty()) continue;
    REQUIRE(first.size() == 1);
    const span& whole = first[0];
    check_known(r, whole);
    CHECK(whole.attribute("input.value") == r.request);
    CHECK(whole.attribute("output.mime_type") == "application/json");
    if (r.response.front() == '{') CHECK(whole.attribute("output.value") == r.response);
    // Each byte is cut in these two; cut in two, as many places as time allows.
    check_same(in_pieces(r, {{1, 1}, {7, 7}}), 2, whole);
    const std::size_t stride = size * size / (SANITIZED ? 300000 : 3000000) + 1;
    std::vector<std::pair<std::size_t, std::size_t>> runs;
    for (std::size_t cut = 1; cut < size; cut += stride) {
      runs.emplace_back(cut, size);
      if (runs.size() < 100 && cut + stride < size) continue;
      check_same(in_pieces(r, runs), runs.size(), whole);
      runs.clear();
    }
  }
}
