// wire_images.cpp: images that a model makes: those that are too long to be recorded aren't in the output either.
#define ARTHUR_WITH_JSON
#include <arthur/testing.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>

using arthur::testing::capture;
using arthur::testing::span;

namespace {

constexpr const char* url = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash-image";
constexpr const char* request = R"({"contents":[{"parts":[{"text":"A cat"}]}]})";

std::string answer(const std::string& image, const char* behind = "") {
  return R"({"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"Here."},{"inlineData":{"mimeType":"image/png","data":")" + image + R"("}}]}}]})" +
         behind;
}

span recorded(const std::string& verb, const std::string& body, arthur::options settings = {}) {
  capture spans(std::move(settings));
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  {
    arthur::wire_call call("POST", url + verb, request);
    call.feed(body);
    call.finish(200);
  }
  const auto all = spans.all();
  REQUIRE(all.size() == 1);
  return all[0];
}

}  // namespace

TEST_CASE("images of an answer: too long ones leave the output as they leave the message, streamed or not") {
  const std::string key = "llm.output_messages.0.message.contents.1.message_content.image.image.url";
  const std::string small(1000, 'A'), large(40000, 'A');
  span s = recorded(":generateContent", answer(small));
  CHECK(s.name == "GenerateContent");  // not the name of the streamed
  CHECK(s.attribute("output.value") == answer(small));
  CHECK(s.attribute(key) == "data:image/png;base64," + small);
  s = recorded(":generateContent", answer(large));
  CHECK(s.attribute("output.value") == answer("__REDACTED__"));
  CHECK(s.attribute("output.mime_type") == "application/json");
  CHECK(s.attribute(key) == "__REDACTED__");
  s = recorded(":streamGenerateContent?alt=sse", "data: " + answer(large) + "\n\ndata: " + answer(small) + "\n\n");
  const std::string streamed = arthur::testing::to_string(s.attribute("output.value"));
  CHECK(streamed.find("__REDACTED__") != std::string::npos);
  CHECK(streamed.find(small) != std::string::npos);
  CHECK(streamed.find(std::string(2000, 'A')) == std::string::npos);
  s = recorded(":generateContent", answer(large, " no JSON"));  // the raw text
  CHECK(arthur::testing::to_string(s.attribute("output.value")).find(std::string(2000, 'A')) == std::string::npos);
}

TEST_CASE("images of an answer: hidden images are those of the input") {
  arthur::options settings;
  settings.hide_input_images = true;
  CHECK(recorded(":generateContent", answer("AAAA"), settings).attribute("output.value") == answer("AAAA"));
}
