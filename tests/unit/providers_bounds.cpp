// providers_bounds.cpp: streams without an end, hostile ones: what is made of them stays within a small multiple of what is kept.
#define ARTHUR_WITH_JSON
#include <arthur/providers/answer_reader.hpp>
#include <arthur/providers/dialects.hpp>

#include <algorithm>

#include "providers_golden.hpp"

using namespace arthur::detail::providers;

namespace {

constexpr std::size_t limit = 4096;

struct stream {
  const dialect& format;
  const char* piece;  // "#" stands for another number each time
};

const stream streams[] = {
    {openai_chat_dialect, R"({"choices":[{"index":0,"delta":{"content":"some more text"}}]})"},
    {openai_chat_dialect, R"({"choices":[{"index":0,"delta":{"content":[{"type":"text","text":"more"}]}}]})"},
    {openai_chat_dialect, R"({"choices":[{"index":0,"delta":{"content":[{"type":"#"},[],{}]}}]})"},
    {openai_chat_dialect, R"({"choices":[{"index":0,"delta":{"key#":1}}]})"},
    {openai_chat_dialect, R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":#,"function":{"name":"f","arguments":"{}"}}]}}]})"},
    {openai_chat_dialect, R"({"choices":[{"index":0,"delta":{"tool_calls":[{"id":["#",[],[],[]]}]}}]})"},
    {openai_chat_dialect, R"({"choices":[{"index":#,"delta":{"content":"word"}}]})"},
    {openai_chat_dialect, R"({"choices":[{"index":#0000000000000,"delta":{"role":"a"}}]})"},
    {openai_chat_dialect, R"({"key#":{"a":1}})"},
    {openai_chat_dialect, R"({"key#":["many words","many words","many words","many words","many words","many words","many words","many words"]})"},
    {openai_completions_dialect, R"({"choices":[{"index":#,"text":"word"}],"key#":[[]]})"},
    {openai_completions_dialect, R"({"choices":[{"text":"word"}]})"},
    {openai_responses_dialect, R"({"type":"response.output_item.added","output_index":#,"item":{"type":"message"}})"},
    {openai_responses_dialect, R"({"type":"response.content_part.added","output_index":0,"content_index":#,"part":{}})"},
    {openai_responses_dialect, R"({"type":"response.reasoning_summary_part.added","output_index":0,"part":{"type":"summary_text"}})"},
    {openai_responses_dialect, R"({"type":"response.output_text.delta","output_index":#,"content_index":#,"delta":"word"})"},
    {anthropic_dialect, R"({"type":"content_block_start","index":#,"content_block":{"type":"text","text":"word"}})"},
    {anthropic_dialect, R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"[[],"}})"},
    {anthropic_dialect, R"({"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":[[]]}})"},
    {anthropic_dialect, R"({"type":"message_delta","delta":{"key#":[1,2]},"usage":{"key#":1}})"},
    {gemini_dialect, R"({"candidates":[{"content":{"parts":[{"a":1},{"text":"word","key#":[]}]}}]})"},
    {gemini_dialect, R"({"candidates":[{"content":{"parts":[{"text":"word","key#":[]}]}}]})"},
    {gemini_dialect, R"({"candidates":[{"index":#,"key#":[1]}],"key#":1})"},
    {ollama_chat_dialect, R"({"message":{"content":"word","tool_calls":[{},[],{}]}})"},
    {ollama_chat_dialect, R"({"key#":[1],"message":{"key#":{}}})"},
    {ollama_generate_dialect, R"({"response":"word","images":[[],""]})"},
    {openai_embeddings_dialect, R"({"data":[{},{},{"embedding":[1,2,3]}]})"},
};

std::string numbered(std::string text, std::size_t number) {
  for (std::size_t at; (at = text.find('#')) != std::string::npos;) text.replace(at, 1, std::to_string(number));
  return text;
}

}  // namespace

TEST_CASE("4.14.8 streams without an end: what is made of them stays bounded, whatever grows, in every format") {
  for (const stream& one : streams) {
    CAPTURE(one.piece);
    answer_reader reader(one.format, limit);
    std::size_t most = 0, fed = 0;
    for (std::size_t n = 0; fed < 64 * limit; ++n) {
      const std::string piece = "data: " + numbered(one.piece, n) + "\n\n";
      fed += piece.size();
      reader.feed(piece);
      if (n % 16 == 0) most = (std::max)(most, weight(reader.answer()));
    }
    reader.finish(true);
    CHECK(reader.truncated());
    CHECK(reader.raw().text().size() == limit);
    CHECK((std::max)(most, weight(reader.answer())) < 4 * limit);
  }
}

TEST_CASE("4.14.8 the usage behind more parts than are kept is read all the same") {
  std::vector<std::string> pieces(200, R"({"choices":[{"index":0,"delta":{"content":[{"type":"image_url","image_url":"https://example.com/a.png"}]}}]})");
  pieces.push_back(R"({"usage":{"total_tokens":3}})");
  const auto got = golden::read_up_to(limit, {"/v1/chat/completions", R"({"model":"m","messages":[],"stream":true})"}, golden::events(pieces));
  CHECK(got.truncated);
  CHECK(got.found.at("llm.token_count.total") == "#3");
}

TEST_CASE("4.14.8 bytes that never end a piece aren't kept beyond the limit") {
  for (const char* const begin : {"data: ", "event: ", "data: {\"a\":\"", "{\"a\":\"", "[[", "[{\"a\":[", "\xef\xbb\xbf", " "}) {
    CAPTURE(begin);
    answer_reader reader(gemini_dialect, limit);
    reader.feed(begin);
    for (std::size_t n = 0; n < 64; ++n) reader.feed(std::string(limit, n % 2 == 0 ? ' ' : '['));
    reader.finish(true);
    CHECK(reader.truncated());
    CHECK(reader.raw().text().size() == limit);
    CHECK(reader.answer().is_null());
  }
}

TEST_CASE("4.14.8 a block that ends again and again is read no more than once for each of its bytes") {
  const auto delta = [](const char* text) {
    return R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":")" + std::string(text) + "\"}}";
  };
  const std::string start = R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","input":{}}})";
  const std::string stop = R"({"type":"content_block_stop","index":0})";
  const golden::request asked("/v1/messages", R"({"model":"m","messages":[],"stream":true})");
  const auto input = [&](int stops) {
    std::vector<std::string> pieces = {start, delta(R"({\"a\":)")};
    for (int n = 0; n < stops; ++n) pieces.push_back(stop);
    pieces.push_back(delta("1}"));
    pieces.push_back(stop);
    return golden::read_up_to(300, asked, golden::events(pieces)).whole;
  };
  CHECK(input(1).find(R"("input":{"a":1})") != std::string::npos);
  CHECK(input(100).find(R"("input":"{\"a\":1}")") != std::string::npos);
}

TEST_CASE("4.14.8 a body of empty parts gives no more attributes than any span has") {
  std::string parts = "{}";
  for (int n = 0; n < 100000; ++n) parts += ",{}";
  const route where(std::string_view("/v1/chat/completions"));
  const json asked = {{"model", "m"}, {"messages", json::array()}};
  answer_reader reader(openai_chat_dialect, std::size_t{1} << 20);
  reader.feed(R"({"choices":[{"message":{"content":[)" + parts + "]}}]}");
  reader.finish(true);
  attribute_list found;
  openai_chat_dialect.describe_answer({where, asked}, reader.answer(), found);
  CHECK(found.found().size() == 65536);
}
