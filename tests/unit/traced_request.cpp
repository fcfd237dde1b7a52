// traced_request.cpp: a request by any client as an LLM span, from what the client returns.
#define ARTHUR_WITH_JSON
#include <arthur/testing.hpp>

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using arthur::testing::capture;

constexpr const char* url = "https://api.openai.com/v1/chat/completions?key=secret";
constexpr const char* request = R"({"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]})";
constexpr const char* answer = R"({"model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},)"
                               R"("finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}})";
constexpr const char* refusal = R"({"error":{"message":"slow down","type":"rate_limit_error"}})";

// The shapes of cpp-httplib, cpr and somebody's own.
using header_map = std::multimap<std::string, std::string>;
struct httplib_response {
  int status;
  std::string body;
  header_map headers;
};
enum class httplib_error { none, connection };
std::string to_string(httplib_error error) { return error == httplib_error::connection ? "Connection" : ""; }
struct httplib_result {
  std::unique_ptr<httplib_response> response;
  explicit operator bool() const { return response != nullptr; }
  const httplib_response& operator*() const { return *response; }
  httplib_error error() const { return response ? httplib_error::none : httplib_error::connection; }
};
struct cpr_error {
  std::string message;
};
struct cpr_response {
  long status_code = 0;
  std::string text;
  std::map<std::string, std::string> header;
  cpr_error error;
};
struct unwilling_response {};
arthur::wire_response arthur_wire_response(const unwilling_response&) { throw std::runtime_error("not I"); }
struct own_response {
  std::vector<char> bytes;
  bool sent = true;
};
arthur::wire_response arthur_wire_response(const own_response& from) {
  if (!from.sent) return {0, "the line is cut"};
  return {201, {from.bytes.data(), from.bytes.size()}};
}

/// The one span that a request leaves whose client returns what `client` does.
template <class Client>
arthur::testing::span span_of(Client&& client) {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  arthur::traced_request("POST", url, request, client);
  auto all = spans.take();
  REQUIRE(all.size() == 1);
  return std::move(all[0]);
}

void check_complete(const arthur::testing::span& span, int status) {
  CHECK(span.kind == "LLM");
  CHECK(span.status == "OK");
  CHECK(span.attribute("llm.model_name") == "gpt-4o-2024-08-06");
  CHECK(span.attribute("llm.input_messages.0.message.content") == "hi");
  CHECK(span.attribute("llm.output_messages.0.message.content") == "Hello");
  CHECK(span.attribute("llm.token_count.total") == 11);
  CHECK(span.attribute("llm.finish_reason") == "stop");
  CHECK(span.attribute("output.value") == answer);
  CHECK(span.attribute("http.response.status_code") == status);
  CHECK(arthur::testing::to_string(span).find("secret") == std::string::npos);
}

}  // namespace

TEST_CASE("whatever a client returns, its answer completes the span") {
  check_complete(span_of([] { return std::string(answer); }), 200);
  check_complete(span_of([] { return answer; }), 200);
  check_complete(span_of([] { return httplib_response{202, answer, {}}; }), 202);
  check_complete(span_of([] { return httplib_result{std::make_unique<httplib_response>(httplib_response{200, answer, {}})}; }), 200);
  check_complete(span_of([] { return cpr_response{200, answer, {}, {}}; }), 200);
  check_complete(span_of([] { return std::optional<std::string>(answer); }), 200);
  check_complete(span_of([] { return std::make_shared<cpr_response>(cpr_response{200, answer, {}, {}}); }), 200);
  check_complete(span_of([] { return own_response{{answer, answer + std::string_view(answer).size()}}; }), 201);
}

TEST_CASE("the program gets what its client returned") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  const auto result = arthur::traced_request("POST", url, request, [] {
    return httplib_result{std::make_unique<httplib_response>(httplib_response{200, answer, {}})};  // can only be moved
  });
  CHECK(result.response->body == answer);
  std::string kept = answer;
  CHECK(&arthur::traced_request("POST", url, request, [&]() -> std::string& { return kept; }) == &kept);
  const auto other = arthur::traced_request("GET", "http://localhost/index.html", "", [] { return httplib_response{200, "page", {}}; });
  CHECK(other.body == "page");
  CHECK(spans.all().size() == 2);
}

TEST_CASE("a refusal, and no answer at all, are errors that say why") {
  const auto refused = span_of([] { return httplib_response{429, refusal, {}}; });
  CHECK(refused.status == "ERROR");
  CHECK(refused.message == "HTTP 429: rate_limit_error: slow down");
  CHECK(refused.attribute("llm.model_name") == "gpt-4o");
  CHECK(span_of([] { return httplib_result{}; }).message == "no answer: Connection");
  CHECK(span_of([] { return cpr_response{0, "", {}, {"Could not resolve host"}}; }).message == "no answer: Could not resolve host");
  CHECK(span_of([] { return std::optional<std::string>(); }).message == "no answer");
  CHECK(span_of([] { return own_response{{}, false}; }).message == "the line is cut");
}

TEST_CASE("ids of requests are kept, and a decoded body is read whatever its header said") {
  const header_map headers{{"X-Request-Id", "req_1"}, {"Content-Encoding", "gzip"}, {"Set-Cookie", "secret"}};
  const auto span = span_of([&] { return httplib_response{200, answer, headers}; });
  check_complete(span, 200);
  CHECK(span.attribute("http.response.header.x-request-id").list().size() == 1);
  CHECK(span_of([&] { return cpr_response{200, answer, {{"x-request-id", "req_2"}}, {}}; }).has("http.response.header.x-request-id"));
  CHECK(span_of([&] { return httplib_response{200, "\xe9\xe8\xe7\xe0 words", headers}; }).has("output.value"));  // no bytes of gzip
}

TEST_CASE("an exception of the client is recorded and passed on") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  const auto fail = []() -> std::string { throw std::runtime_error("reset by peer"); };
  {
    ARTHUR_AGENT_SPAN("agent");
    CHECK_THROWS_WITH_AS(arthur::traced_request("POST", url, request, fail), "reset by peer", std::runtime_error);
    CHECK_THROWS_AS(arthur::traced_request("GET", "/index.html", "", fail), std::runtime_error);
  }
  const auto all = spans.take();
  REQUIRE(all.size() == 2);
  CHECK(all[0].status == "OK");
  CHECK(all[0].events.empty());
  CHECK(all[1].status == "ERROR");
  CHECK(all[1].message == "std::runtime_error: reset by peer");
  REQUIRE(all[1].events.size() == 1);
  CHECK(all[1].events[0].name == "exception");
}

TEST_CASE("a description of an answer that throws costs the answer, not the program") {
  const auto span = span_of([] { return unwilling_response{}; });
  CHECK(span.status == "UNSET");
  CHECK(span.attribute("llm.model_name") == "gpt-4o");
}

TEST_CASE("spans of the client are children of the request") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  arthur::traced_request("POST", url, request, [] {
    ARTHUR_SPAN("connect");
    return std::string(answer);
  });
  CHECK(spans.find("connect").is_child_of(spans.find("ChatCompletion")));
}

TEST_CASE("without a runtime the client is called all the same") {
  CHECK(arthur::traced_request("POST", url, request, [] { return std::string("x"); }) == "x");
}

TEST_CASE("what is opened inside a request that sampling leaves out is left out with it") {
  arthur::options settings;
  settings.sampling_rules = {{"ChatCompletion", 0.0}};
  capture spans(settings);
  const std::string body = arthur::traced_request("POST", url, request, [] {
    ARTHUR_TOOL_SPAN("inside");
    return std::string("{}");
  });
  CHECK(body == "{}");
  CHECK(spans.all().empty());
}
