// providers_failure.cpp: what went wrong, in the provider's words: error bodies of all forms, and bodies that aren't JSON.
#define ARTHUR_WITH_JSON
#include <arthur/providers/failure.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace arthur::detail::providers;

namespace {

std::string said(const char* body) { return failure_in(parse(body)); }

/// As an exchange calls it: null stands for what isn't JSON.
std::string failed(int status, std::string raw) {
  json body = parse(raw);
  return failure_of(status, body.is_discarded() ? json() : body, raw);
}

}  // namespace

TEST_CASE("errors of every provider's form are found, with type and message") {
  CHECK(said(R"({"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}})") == "requests: Rate limit reached");
  CHECK(said(R"({"error":{"message":"filtered","type":null,"code":"content_filter","innererror":{}}})") == "content_filter: filtered");  // Azure
  CHECK(said(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"})") == "overloaded_error: Overloaded");
  CHECK(said(R"({"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[]}})") == "RESOURCE_EXHAUSTED: Quota");
  CHECK(said(R"([{"error":{"code":400,"message":"Bad","status":"INVALID_ARGUMENT"}}])") == "INVALID_ARGUMENT: Bad");
  CHECK(said(R"({"error":"model 'x' not found"})") == "model 'x' not found");  // Ollama
  CHECK(said(R"({"object":"error","message":"too long","type":"BadRequestError","code":400})") == "BadRequestError: too long");  // older vLLM
  CHECK(said(R"({"type":"error","code":"server_error","message":"oops","param":null})") == "server_error: oops");  // responses
  CHECK(said(R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})") == "unavailable_error: Loading model");  // llama.cpp
  CHECK(said(R"({"id":"c","choices":[],"x_groq":{"id":"r","error":"over capacity"}})") == "over capacity");
  CHECK(said(R"({"id":"c","provider":"p","error":{"code":502,"message":"Provider disconnected"},"choices":[{"finish_reason":"error"}]})") ==
        "Provider disconnected");  // OpenRouter
  CHECK(said(R"({"error":{"type":"overloaded"}})") == "overloaded");
  CHECK(said(R"({"error":{"reason":7}})") == R"({"reason":7})");
}

TEST_CASE("what reports no error isn't taken for one") {
  for (const char* const body : {R"({"error":null,"output":[]})", R"({"error":""})", R"({"error":{}})", R"({"error":false})", R"({"error":0})",
                                 R"({"error":[]})", "{}", "[]", "[{},{}]", "null", "7", R"("error")", R"({"message":"hello"})", R"({"type":"message"})",
                                 R"([[[]]])"}) {
    INFO(body);
    CHECK(said(body).empty());
  }
}

TEST_CASE("the message of a failed status: error, FastAPI's detail, a bare message") {
  CHECK(failed(429, R"({"error":{"message":"slow down","type":"rate_limit_error"}})") == "HTTP 429: rate_limit_error: slow down");
  CHECK(failed(422, R"({"detail":[{"loc":["body"],"msg":"missing"}]})") == R"(HTTP 422: [{"loc":["body"],"msg":"missing"}])");
  CHECK(failed(404, R"({"detail":"Not Found"})") == "HTTP 404: Not Found");
  CHECK(failed(401, R"({"message":"no such key"})") == "HTTP 401: no such key");
  CHECK(failed(500, "{}") == "HTTP 500");
  CHECK(failed(500, R"({"a":1})") == "HTTP 500");
}

TEST_CASE("4.14.6 bodies that aren't JSON: the first words in one line; an empty one: the status") {
  CHECK(failed(502, "<html>\r\n<head><title>502\tBad Gateway</title></head>\n\n</html>\n") ==
        "HTTP 502: <html> <head><title>502 Bad Gateway</title></head> </html>");
  CHECK(failed(500, "") == "HTTP 500");
  CHECK(failed(500, " \n") == "HTTP 500");
  CHECK(failed(503, "upstream connect error") == "HTTP 503: upstream connect error");
  CHECK(failed(502, std::string(1000, 'x')) == "HTTP 502: " + std::string(200, 'x'));
  // No character is cut in two.
  CHECK(failed(502, std::string(199, 'x') + "\xc3\xa9") == "HTTP 502: " + std::string(199, 'x'));
}
