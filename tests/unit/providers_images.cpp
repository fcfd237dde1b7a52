// providers_images.cpp: images that aren't to be recorded leave the text of a request, in every provider's form, and nothing else does.
#define ARTHUR_WITH_JSON
#include <arthur/providers/images.hpp>
#include <arthur/providers/json.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace arthur::detail::providers;

namespace {

constexpr const char* gone = "__REDACTED__";

/// `body` with `image` in place of each "@".
std::string with(std::string body, const std::string& image) {
  for (std::size_t at = 0; (at = body.find('@', at)) != std::string::npos; at += image.size()) body.replace(at, 1, image);
  return body;
}

std::string slim(const std::string& body, bool hide, std::size_t limit) {
  const std::string out = without_images(body, {hide, limit});
  return out.empty() ? body : out;
}

}  // namespace

TEST_CASE("4.14.8 images in every provider's form: hidden ones and too long ones leave, others stay") {
  const std::string base64(500, 'A'), data_url = "data:image/png;base64," + base64;
  const struct {
    const char* body;
    const std::string& image;
  } rows[] = {
      {R"({"messages":[{"role":"user","content":[{"type":"text","text":"What?"},{"type":"image_url","image_url":{"url":"@","detail":"low"}}]}]})", data_url},
      {R"({"messages":[{"content":[{"type":"image_url","image_url" : "@"}]}]})", data_url},
      {R"({"input":[{"role":"user","content":[{"type":"input_image","image_url":"@"},{"type":"input_text","text":"a"}]}]})", data_url},
      {R"({"messages":[{"content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"@"}}]}]})", base64},
      {R"({"messages":[{"content":[{"source":{"data":"@","media_type":"image/png"},"type":"image"}]}]})", base64},
      {R"({"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"@"}},{"text":"a"}]}]})", base64},
      {R"({"contents":[{"parts":[{"inline_data":{"data":"@","mime_type":"image\/jpeg"}}]}]})", base64},
      {R"({"model":"m","prompt":"a","images":["@","@"],"stream":false})", base64},
      {R"({"messages":[{"role":"user","content":"a","images":["@"]},{"role":"user","content":"images"}]})", base64},
      {R"({"any":{"where":[[["@"]]]}})", data_url},
      {R"({"source" : {"data" : "@", "media_type" : "image/png"}})", base64},
      {R"({"a":"\"","url":"@"})", data_url},
      {R"({"source":{"data":"@","more":{"images":["@"]},"media_type":"image/png"}})", base64},
  };
  for (const auto& row : rows) {
    const std::string body = with(row.body, row.image);
    INFO(row.body);
    CHECK(slim(body, false, 32000) == body);
    CHECK(slim(body, false, 600) == body);
    CHECK(slim(body, false, 400) == with(row.body, gone));
    CHECK(slim(body, true, 32000) == with(row.body, gone));
    CHECK_FALSE(parse(slim(body, true, 0)).is_discarded());
  }
}

TEST_CASE("the limit is that of the whole data: URL, also where the provider has its parts") {
  const std::string body = R"({"source":{"media_type":"image/png","data":")" + std::string(100, 'A') + "\"}}";
  CHECK(slim(body, false, 122) == body);
  CHECK(slim(body, false, 121) != body);
}

TEST_CASE("images that are URLs leave where images are hidden, not for being long") {
  const std::string url = "https://example.com/" + std::string(500, 'a') + ".png";
  for (const char* const body : {R"({"image_url":{"url":"@"}})", R"({"image_url":"@"})", R"({"type":"image","source":{"type":"url","url":"@"}})",
                                 R"({"fileData":{"mimeType":"image/png","fileUri":"@"}})", R"({"file_data":{"file_uri":"@","mime_type":"image/png"}})"}) {
    INFO(body);
    CHECK(slim(with(body, url), false, 10) == with(body, url));
    CHECK(slim(with(body, url), true, 10) == with(body, gone));
  }
}

TEST_CASE("what is no image stays, however long and hidden images are") {
  const std::string text(500, 'A');
  for (const char* const body : {R"({"source":{"type":"base64","media_type":"application/pdf","data":"@"}})", R"({"input_audio":{"data":"@","format":"wav"}})",
                                 R"({"inlineData":{"mimeType":"audio/wav","data":"@"}})", R"({"messages":[{"content":"@"}]})", R"({"url":"@"})",
                                 R"({"images":"@"})", R"({"images":[{"a":"@"}]})", R"({"type":"document","source":{"type":"url","url":"@"}})",
                                 R"({"content":"data:text/plain;base64,@"})", R"({"@":"data:image"})", R"({"a":"say \"data:image/png;base64,@\""})"}) {
    INFO(body);
    CHECK(slim(with(body, text), true, 10) == with(body, text));
  }
}

TEST_CASE("texts that are cut off or no JSON: images leave all the same, nothing is read behind the end") {
  const std::string url = "data:image/png;base64," + std::string(500, 'A');
  CHECK(slim(R"({"url":")" + url, true, 0) == R"({"url":"__REDACTED__)");
  CHECK(slim(R"({"media_type":"image/png","data":")" + url.substr(30), true, 0) == R"({"media_type":"image/png","data":"__REDACTED__)");
  CHECK(slim("]]}}\"" + url + "\"", true, 0) == "]]}}\"__REDACTED__\"");
  CHECK(slim("\"\\", true, 0) == "\"\\");
  CHECK(slim("", true, 0).empty());
  const std::string deep = std::string(100000, '[') + "\"" + url + "\"" + std::string(100000, ']');
  CHECK(slim(deep, true, 0).size() == 200000 + 14);
  // Behind what is too deep to be followed, the rest is where it was.
  const std::string nested = std::string(300, '[') + std::string(300, ']');
  const std::string source = R"({"type":"image","source":{"more":)" + nested + R"(,"url":"@"}})";
  CHECK(slim(with(source, "https://example.com/a.png"), true, 0) == with(source, gone));
}
