// additions.cpp: what the library adds to spans, from the macros on.
#include <doctest/doctest.h>

#include <arthur/arthur.hpp>
#include <arthur/testing.hpp>

namespace {

void retrieve() {
  ARTHUR_RETRIEVER_SPAN("kb.search", arthur::input("q"));
  ARTHUR_SET(arthur::document("text", arthur::id("doc-7")));
}

}  // namespace

TEST_CASE("the engine gets a retriever's documents as its output, too") {
  arthur::testing::capture captured;
  retrieve();
  CHECK(captured.find("kb.search").attribute("output.value") == R"([{"id":"doc-7","content":"text"}])");
  CHECK(captured.find("kb.search").attribute("output.mime_type") == "application/json");
}

TEST_CASE("where outputs are hidden, no output is made up") {
  arthur::options options;
  options.hide_outputs = true;
  arthur::testing::capture captured(options);
  retrieve();
  CHECK(captured.find("kb.search"));
  CHECK(!captured.find("kb.search").has("output.value"));
}
