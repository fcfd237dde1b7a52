// otlp_documents.cpp: a retriever's documents, repeated where the engine shows them.
#include <doctest/doctest.h>

#include <string>

#include "otlp_added.hpp"

using namespace arthur::detail;
using namespace otlp_test;

namespace {

const std::pair<std::string, std::string> retriever = {"openinference.span.kind", text_any("RETRIEVER")};

std::string document(int n, const std::string& part) {
  return "retrieval.documents." + std::to_string(n) + ".document." + part;
}

attributes documents_of(const attributes& span, const span_limits& limits = no_limits) {
  return added_to(span, {true, false, &limits});
}

attributes with_label(const std::string& json, const std::string& label = "application/json") {
  return {{"output.value", text_any(json)}, {"output.mime_type", text_any(label)}};
}

}  // namespace

TEST_CASE("a retriever's documents are repeated as a JSON list") {
  CHECK(documents_of({retriever,
                      {document(0, "content"), text_any("one \"1\"")},
                      {document(0, "id"), text_any("doc-7")},
                      {document(0, "score"), number(0.83)},
                      {document(0, "metadata"), text_any(R"({"page":3})")},
                      {document(1, "content"), text_any("two")}}) ==
        with_label(R"([{"id":"doc-7","score":0.83,"content":"one \"1\"","metadata":{"page":3}},{"content":"two"}])"));
}

TEST_CASE("documents come in the order of their numbers, with their last values, whatever was set when") {
  CHECK(documents_of({{document(10, "content"), text_any("ten")},
                      {document(2, "content"), text_any("old")},
                      {document(2, "content"), text_any("two")},
                      {document(2, "id"), integer(5)},
                      {document(2, "score"), text_any("high")},
                      {document(2, "metadata"), text_any("{no JSON")},
                      {document(3, "unknown"), text_any("x")},
                      retriever}) ==
        with_label(R"([{"id":"5","score":"high","content":"two","metadata":"{no JSON"},{"content":"ten"}])"));
}

TEST_CASE("nothing is added to what isn't a retriever's, has no documents, or has an output of its own") {
  const std::pair<std::string, std::string> text = {document(0, "content"), text_any("x")};
  CHECK(documents_of({retriever}).empty());
  CHECK(documents_of({retriever, {"retrieval.documents.x", text_any("y")}}).empty());
  CHECK(documents_of({text}).empty());
  CHECK(documents_of({{"openinference.span.kind", text_any("RERANKER")}, text}).empty());
  CHECK(documents_of({retriever, text, {"output.value", text_any("mine")}}).empty());
  CHECK(documents_of({retriever, text, {"output.mime_type", text_any("text/plain")}}).empty());
  // The engine would lose one of the two, or the span.
  CHECK(documents_of({retriever, text, {"output", text_any("mine")}}).empty());
  CHECK(documents_of({retriever, text, {"output.value.first", text_any("mine")}}).empty());
  CHECK(!documents_of({retriever, text, {"outputs", text_any("mine")}}).empty());
}

TEST_CASE("documents that the engine can't open as JSON stay text") {
  // Text below "metadata" is opened once more.
  const attributes span{retriever, {document(0, "metadata"), text_any(R"({"metadata":{"a/b":1}})")}};
  CHECK(documents_of(span) == with_label(R"([{"metadata":{"metadata":{"a/b":1}}}])", "text/plain"));
}

TEST_CASE("a limit leaves documents out, and never cuts them") {
  const attributes span{retriever, {document(0, "content"), text_any("x")}};
  span_limits limits;
  limits.length = 17;
  CHECK(documents_of(span, limits) == with_label(R"([{"content":"x"}])"));
  limits.length = 16;
  CHECK(documents_of(span, limits).empty());
  limits.length = span_limits::none;
  limits.attributes = 2;
  CHECK(documents_of(span, limits).empty());
}

TEST_CASE("without memory a span stays as it was") {
  const std::string body = span_with({retriever, {document(0, "content"), text_any("0123456789")}});
  char room[40];
  for (std::size_t size = 0; size <= sizeof room; ++size) {
    buffer out(room, size);
    CHECK(!append_additions(out, body.data(), body.size(), both()));
    CHECK(out.size() == 0);
    CHECK(!out.failed());
  }
  buffer out;
  CHECK(!append_additions(out, body.data(), body.size() - 1, both()));
  CHECK(out.size() == 0);
}
