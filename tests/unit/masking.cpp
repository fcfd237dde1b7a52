// masking.cpp: what a switch hides is hidden however it is set, and nothing else changes.
#include <arthur/testing.hpp>
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/variable.hpp"

using arthur::options;
using arthur::toggle;
using arthur::testing::capture;
using arthur::testing::span;

namespace {

constexpr const char* redacted = "__REDACTED__";

constexpr const char* secret = "pa55word-of-the-user";

/// By span and key, e.g. "chat input.value".
using attributes = std::map<std::string, arthur::testing::value>;

/// Everything that a switch may hide, with `s` in it.
attributes recorded(const options& given, const std::string& s) {
  capture c(given);
  REQUIRE_MESSAGE(c.ok(), c.error());
  const std::vector<std::string> many = {s, s};
  {
    ARTHUR_CONTEXT(arthur::attribute("my.llm.tools", s), arthur::prompt_template(s));
    ARTHUR_LLM_SPAN("chat", arthur::input_json("{\"q\":\"" + s + "\"}"), arthur::output(s), arthur::model("m"));
    ARTHUR_SET(arthur::input_message("system", s), arthur::input_message("user", s), arthur::output_message("assistant", s));
    ARTHUR_SET(arthur::tool("lookup", s, "{\"x\":\"" + s + "\"}"), arthur::invocation_parameters("{\"stop\":\"" + s + "\"}"));
    ARTHUR_SET(arthur::attribute("llm.prompts.0.prompt.text", s), arthur::attribute("llm.choices.0.completion.text", s));
    ARTHUR_SET(arthur::attribute("llm.input_messages.7.message.contents.0.message_content.text", s));
    ARTHUR_SET(arthur::attribute("llm.input_messages.7.message.contents.1.message_content.image.image.url", s));
    ARTHUR_SET(arthur::attribute("output.images.0.image.url", many), arthur::attribute("input.images.0.image.url", s));
    ARTHUR_SET(arthur::attribute("kept", s), arthur::tokens(1, 2));
  }
  {
    ARTHUR_EMBEDDING_SPAN("embed", arthur::attribute("embedding.embeddings.1.embedding.text", s));
    ARTHUR_SET(arthur::attribute("embedding.embeddings.1.embedding.vector", many), arthur::embedding(s, std::vector<double>{0.5, 0.25}));
  }
  {
    ARTHUR_RETRIEVER_SPAN("find", arthur::input(s), arthur::output(s));
    ARTHUR_SET(arthur::document(s, arthur::id("doc-1"), arthur::score(0.5), arthur::metadata("{\"by\":\"" + s + "\"}")));
  }
  {
    ARTHUR_RERANKER_SPAN("rank", arthur::attribute("reranker.query", s), arthur::input_document(s, arthur::id("a")));
    ARTHUR_SET(arthur::document(s, arthur::id("a")));
  }
  {
    auto call = arthur::span(arthur::kind::tool, "call");
    call.set(arthur::input(s), arthur::output_json("{\"r\":\"" + s + "\"}"));
  }
  ARTHUR_DECISION("route", s, arthur::considered({s, "other"}));
  attributes out;
  for (const span& one : c.all()) {
    for (const auto& a : one.attributes) out[one.name + " " + a.first] = a.second;
  }
  return out;
}

using keys = std::set<std::string>;

struct row {
  toggle options::*field;
  keys redacted_keys;
  keys dropped;
};

#define MESSAGE_KEYS(list) "chat " list ".message.role", "chat " list ".message.content"
const keys input_messages = {MESSAGE_KEYS("llm.input_messages.0"), MESSAGE_KEYS("llm.input_messages.1"),
                             "chat llm.input_messages.7.message.contents.0.message_content.text",
                             "chat llm.input_messages.7.message.contents.1.message_content.image.image.url"};
const keys output_messages = {MESSAGE_KEYS("llm.output_messages.0")};

keys together(keys a, const keys& b) {
  a.insert(b.begin(), b.end());
  return a;
}

std::vector<row> table() {
  return {
      {&options::hide_inputs,
       {"chat input.value", "find input.value", "call input.value", "route input.value", "chat llm.prompts.0.prompt.text", "rank reranker.query"},
       together(input_messages, {"chat input.mime_type", "route input.mime_type", "chat llm.tools.0.tool.json_schema", "chat my.llm.tools",
                                 "chat input.images.0.image.url", "rank reranker.input_documents.0.document.content",
                                 "rank reranker.input_documents.0.document.id"})},
      {&options::hide_outputs,
       {"chat output.value", "find output.value", "call output.value", "route output.value", "chat llm.choices.0.completion.text",
        "find retrieval.documents.0.document.content", "find retrieval.documents.0.document.metadata"},
       together(output_messages, {"call output.mime_type", "chat output.images.0.image.url",
                                  "rank reranker.output_documents.0.document.content", "rank reranker.output_documents.0.document.id"})},
      {&options::hide_input_messages, {}, input_messages},
      {&options::hide_output_messages, {}, output_messages},
      {&options::hide_input_text,
       {"chat llm.input_messages.0.message.content", "chat llm.input_messages.1.message.content",
        "chat llm.input_messages.7.message.contents.0.message_content.text"},
       {}},
      {&options::hide_output_text, {"chat llm.output_messages.0.message.content"}, {}},
      {&options::hide_input_images, {},
       {"chat input.images.0.image.url", "chat llm.input_messages.7.message.contents.1.message_content.image.image.url"}},
      {&options::hide_prompts, {"chat llm.prompts.0.prompt.text"}, {}},
      {&options::hide_choices, {"chat llm.choices.0.completion.text"}, {}},
      {&options::hide_llm_tools, {}, {"chat llm.tools.0.tool.json_schema", "chat my.llm.tools"}},
      {&options::hide_llm_invocation_parameters, {}, {"chat llm.invocation_parameters"}},
      {&options::hide_embeddings_vectors,
       {"embed embedding.embeddings.0.embedding.vector", "embed embedding.embeddings.1.embedding.vector"}, {}},
      {&options::hide_embeddings_text, {"embed embedding.embeddings.0.embedding.text", "embed embedding.embeddings.1.embedding.text"}, {}},
      {&options::hide_retrieval_documents,
       {"find retrieval.documents.0.document.content", "find retrieval.documents.0.document.metadata"}, {}},
  };
}

}  // namespace

TEST_CASE("each switch hides what it is for in what is sent, and leaves every other attribute as it was") {
  const std::string s = secret;
  const attributes plain = recorded({}, s);
  for (const row& r : table()) {
    options given;
    given.*r.field = true;
    const attributes got = recorded(given, s);
    for (const auto& one : plain) {
      CAPTURE(one.first);
      const auto found = got.find(one.first);
      if (r.dropped.count(one.first) != 0) {
        CHECK(found == got.end());
      } else {
        REQUIRE(found != got.end());
        if (r.redacted_keys.count(one.first) != 0) {
          CHECK(found->second == redacted);
        } else {
          CHECK(found->second == one.second);
        }
      }
    }
    CHECK(got.size() + r.dropped.size() == plain.size());
    for (const std::string& key : together(r.redacted_keys, r.dropped)) CHECK_MESSAGE(plain.count(key) == 1, key);
  }
}

TEST_CASE("a function of the program may put images elsewhere") {
  options given;
  given.base64_image_max_length = 50'000'000;
  given.redact = [](void*, std::string_view, std::string& text) {
    if (text.compare(0, 11, "data:image/") == 0 && text.size() > 32000) text = "s3://images/1";
    return true;
  };
  arthur::testing::capture c(given);
  REQUIRE_MESSAGE(c.ok(), c.error());
  {
    ARTHUR_LLM_SPAN("chat", arthur::input_message("user", arthur::image("data:image/png;base64," + std::string(40000, 'A'))));
  }
  CHECK(c.find("chat").attribute("llm.input_messages.0.message.contents.0.message_content.image.image.url") == "s3://images/1");
}

TEST_CASE("of a hidden message nothing is left, whatever its parts are") {
  options given;
  given.hide_input_messages = true;
  capture c(given);
  {
    ARTHUR_LLM_SPAN("chat", arthur::input_message("user", arthur::text("t"), arthur::document("d", arthur::id("1")), arthur::video("v")));
    ARTHUR_SET(arthur::input_message("assistant", arthur::tool_call("1", "f", "{}"), arthur::reasoning("r"), arthur::audio("a")));
  }
  for (const auto& a : c.find("chat").attributes) CHECK_MESSAGE(a.first.find("llm.input_messages") == std::string::npos, a.first);
}

TEST_CASE("a switch given in code beats its variable, and the variable counts where the code says nothing") {
  const support::variable set("OPENINFERENCE_HIDE_INPUT_TEXT", "True");
  const std::string s = secret;
  CHECK(recorded({}, s).at("chat llm.input_messages.0.message.content") == redacted);
  options given;
  given.hide_input_text = false;
  CHECK(recorded(given, s).at("chat llm.input_messages.0.message.content") == s);
}

TEST_CASE("an image that is longer than the limit is redacted, whatever it is made of; a limit of 0 takes all of them") {
  const std::string start = "data:image/png;base64,", key = "llm.input_messages.0.message.contents.0.message_content.image.image.url";
  const auto sent = [&](const options& given, const std::string& url) {
    capture c(given);
    { ARTHUR_LLM_SPAN("chat", arthur::attribute(key, url), arthur::attribute("other", url)); }
    CHECK(c.find("chat").attribute("other") == url);
    return c.find("chat").attribute(key);
  };
  const std::string at_limit = start + std::string(32000 - start.size(), 'A');
  CHECK(sent({}, at_limit) == at_limit);
  CHECK(sent({}, at_limit + "A") == redacted);
  options given;
  given.base64_image_max_length = 40000;
  CHECK(sent(given, at_limit + "A") == at_limit + "A");
  given.base64_image_max_length = 0;
  CHECK(sent(given, start) == redacted);
  CHECK(sent(given, "https://example.com/a.png") == "https://example.com/a.png");
  const support::variable set("OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH", "21");
  CHECK(sent({}, start) == redacted);
}

TEST_CASE("an image given to a message is redacted beyond the limit, too") {
  const std::string url = "data:image/png;base64," + std::string(32000, 'A');
  capture c;
  { ARTHUR_LLM_SPAN("chat", arthur::input_message("user", arthur::text("look"), arthur::image(url))); }
  const span s = c.find("chat");
  CAPTURE(arthur::testing::to_string(s));
  bool found = false;
  for (const auto& a : s.attributes) {
    if (a.first.find("image.url") == std::string::npos) continue;
    found = true;
    CHECK(a.second == redacted);
  }
  CHECK(found);
  CHECK(s.attribute("llm.input_messages.0.message.contents.0.message_content.text") == "look");
}
