// runtime_privacy.cpp: what switches hide is never in the memory that threads and worker share.
#include <arthur/openinference/masking.hpp>
#include <arthur/record/recorder.hpp>
#include <arthur/testing.hpp>
#include <doctest/doctest.h>

#include <string>
#include <vector>

using arthur::options;
using arthur::testing::capture;

namespace {

/// A text that nothing else in this process has: the pool keeps what was once in it.
std::string fresh_secret() {
  static int number = 0;
  return "pa55word-no-" + std::to_string(++number) + "-of-the-user";
}

/// All of the pool, in use or not.
bool pool_has(const std::string& text) {
  const auto& blocks = arthur::detail::the_recorder.source.blocks;
  return std::string_view(blocks.base(), blocks.capacity()).find(text) != std::string_view::npos;
}

options everything_hidden() {
  options o;
  o.hide_inputs = o.hide_outputs = o.hide_llm_invocation_parameters = o.hide_embeddings_text = o.hide_embeddings_vectors = true;
  return o;
}

/// With `s` in all that switches may hide, and nowhere else.
void record(const std::string& s) {
  const std::vector<std::string> many = {s, s};
  ARTHUR_CONTEXT(arthur::attribute("input.value", s));
  ARTHUR_LLM_SPAN("chat", arthur::input_json("{\"q\":\"" + s + "\"}"), arthur::output(s), arthur::input_message("user", s));
  ARTHUR_SET(arthur::output_message("assistant", s), arthur::tool("lookup", s, "{\"x\":\"" + s + "\"}"));
  ARTHUR_SET(arthur::input_message("user", arthur::text(s), arthur::image(s)), arthur::attribute("llm.prompts.0.prompt.text", many));
  ARTHUR_SET(arthur::attribute("llm.input_messages.0.message.content", s), arthur::invocation_parameters("{\"s\":\"" + s + "\"}"));
  ARTHUR_RETRIEVER_SPAN("find", arthur::document(s, arthur::metadata("{\"s\":\"" + s + "\"}")));
  ARTHUR_EMBEDDING_SPAN("embed", arthur::embedding(s, std::vector<double>{0.5}), arthur::attribute("embedding.embeddings.1.embedding.vector", many));
  ARTHUR_RERANKER_SPAN("rank", arthur::reranker_query(s), arthur::input_document(s), arthur::document(s));
  ARTHUR_DECISION("route", s, arthur::considered({s, "x"}));
}

}  // namespace

TEST_CASE("what is hidden isn't in the pool, neither while the span is open nor later") {
  {
    const std::string s = fresh_secret();
    capture c;
    record(s);
    CHECK(pool_has(s));  // the search sees what is there
  }
  const std::string s = fresh_secret();
  capture c(everything_hidden());
  {
    ARTHUR_AGENT_SPAN("agent", arthur::input(s));
    record(s);
    CHECK_FALSE(pool_has(s));
  }
  CHECK(c.all().size() == 6);
  for (const auto& one : c.all()) CHECK(arthur::testing::to_string(one).find(s) == std::string::npos);
  CHECK_FALSE(pool_has(s));
}

TEST_CASE("an image beyond the limit isn't in the pool, without any switch") {
  const std::string s = fresh_secret(), url = "data:image/png;base64," + std::string(32000, 'A') + s;
  capture c;
  { ARTHUR_LLM_SPAN("chat", arthur::input_message("user", arthur::image(url)), arthur::attribute("input.images.0.image.url", url)); }
  CHECK(c.all().size() == 1);
  CHECK_FALSE(pool_has(s));
}

TEST_CASE("a value that is hidden isn't even asked for") {
  struct counting {
    int* asked;
    const int* begin() const {
      ++*asked;
      return asked;
    }
    const int* end() const { return asked + 1; }
  };
  int asked = 0;
  {
    capture c(everything_hidden());
    ARTHUR_LLM_SPAN("chat", arthur::attribute("llm.input_messages.0.x", counting{&asked}), arthur::attribute("input.value", counting{&asked}));
    CHECK(asked == 0);
    ARTHUR_SET(arthur::attribute("other", counting{&asked}));
    CHECK(asked != 0);
  }
}
