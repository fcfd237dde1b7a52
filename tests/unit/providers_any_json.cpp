// providers_any_json.cpp: whatever JSON a provider or a program sends, dialects bear it: each value of real bodies is replaced by
// each kind of nonsense.
#include "providers_mapped.hpp"

#include <vector>

using mapped::json;
using mapped::providers::dialect;

namespace {

struct row {
  const char* url;
  const char* request;
  std::vector<const char*> pieces;  // of a stream, or one answer
};

const std::vector<row>& rows() {
  static const std::vector<row> all = {
      {"/v1beta/models/m:streamGenerateContent",
       R"({"systemInstruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"text":"a","thought":true,"thoughtSignature":"x"},
           {"inlineData":{"mimeType":"image/png","data":"eA=="}},{"fileData":{"mimeType":"text/plain","fileUri":"u"}},{"functionCall":{"id":"1","name":"f","args":{"a":1}}},
           {"functionResponse":{"id":"1","name":"f","response":{"a":1}}},{"executableCode":{"code":"c"}},{"codeExecutionResult":{"output":"o"}}]}],
           "tools":[{"functionDeclarations":[{"name":"f"}]}],"generationConfig":{"temperature":1}})",
       {R"({"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"a","thought":true},{"text":"b","thoughtSignature":"x"}]}}]})",
        R"({"candidates":[{"index":0,"content":{"parts":[{"text":"c"},{"functionCall":{"name":"f","args":{"a":[1]}}}]},"finishReason":"STOP"}],
            "promptFeedback":{"blockReason":"B"},"modelVersion":"m","usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2,"thoughtsTokenCount":3,
            "promptTokensDetails":[{"modality":"AUDIO","tokenCount":1}]}})"}},
      {"/v1beta/models/m:embedContent", R"({"content":{"parts":[{"text":"a"}]}})", {R"({"embedding":{"values":[1,2]},"usageMetadata":{"promptTokenCount":1}})"}},
      {"/v1beta/models/m:batchEmbedContents", R"({"requests":[{"content":{"parts":[{"text":"a"}]}}]})", {R"({"embeddings":[{"values":[1,2]}]})"}},
      {"/models/embedding:predict", R"({"instances":[{"content":"a"}],"parameters":{"a":1}})",
       {R"({"predictions":[{"embeddings":{"values":[1],"statistics":{"token_count":1}}},{"textEmbedding":[1]}]})"}},
      {"/api/chat", R"({"model":"m","messages":[{"role":"user","content":"a","images":["iVBOR"],"thinking":"t","tool_calls":[{"id":"1","function":{"name":"f","arguments":{"a":1}}}]}],
           "tools":[{"type":"function"}],"stream":true})",
       {R"({"model":"m","message":{"role":"assistant","content":"a","thinking":"t","tool_calls":[{"function":{"name":"f","arguments":{}}}]},"done":false})",
        R"({"message":{"content":"b"},"done":true,"done_reason":"stop","prompt_eval_count":1,"eval_count":2})"}},
      {"/api/generate", R"({"model":"m","prompt":"a","system":"s","images":["eA=="]})",
       {R"({"response":"a","thinking":"t","done":false})", R"({"response":"b","done":true,"done_reason":"stop","eval_count":2})"}},
      {"/api/embed", R"({"model":"m","input":["a"]})", {R"({"model":"m","embeddings":[[1]],"prompt_eval_count":1})"}},
      {"/v1/completions", R"({"model":"m","prompt":["a","b"],"stream":true})",
       {R"({"model":"m","choices":[{"index":0,"text":"a"},{"index":1,"delta":{"content":"b"}}]})",
        R"({"choices":[{"index":0,"text":"b","finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}})"}},
      {"/v1/embeddings", R"({"model":"m","input":["a"]})",
       {R"({"model":"m","data":[{"index":0,"embedding":[1]},{"index":1,"embedding":"AACAPw=="}],"usage":{"prompt_tokens":1,"total_tokens":1}})"}},
  };
  return all;
}

std::vector<json> nonsense() {
  json deep = "end";
  for (int n = 0; n < 50; ++n) deep = n % 2 == 0 ? json::array({deep}) : json{{"parts", deep}};
  return {nullptr, true, false, 0, -1, 18446744073709551615ULL, -9223372036854775807LL, 1e300, 0.5, "", "text", "12", json::array(), json::object(),
          json::array({1, "a", nullptr, json::object(), json::array()}), json{{"text", 1}, {"parts", "x"}, {"index", 1e18}, {"thought", "yes"}}, deep};
}

/// Calls `use(changed)` once for each value inside of `whole` and each kind of nonsense in its place.
template <class Use>
void each_change(json& whole, json& at, const std::vector<json>& wrong, Use&& use) {
  const json was = at;
  for (const json& one : wrong) {
    at = one;
    use(whole);
  }
  at = was;
  if (at.is_structured()) {
    for (json& inner : at) each_change(whole, inner, wrong, use);
  }
}

void answer(const dialect& format, const mapped::providers::request_view& asked, const std::vector<json>& pieces) {
  mapped::providers::attribute_list single;
  for (const json& piece : pieces) format.describe_answer(asked, piece, single);
  if (format.fold == nullptr) return;
  mapped::providers::folded_answer folded(std::size_t{1} << 20);
  for (const json& piece : pieces) format.fold(folded, piece, {});
  mapped::providers::attribute_list found;
  format.describe_answer(asked, folded.whole, found);
  for (const arthur::wire_attribute& one : found.found()) CHECK(one.key.find("..") == std::string::npos);
}

}  // namespace

TEST_CASE("providers: nonsense in the place of any value of a request or an answer is borne") {
  const std::vector<json> wrong = nonsense();
  for (const row& r : rows()) {
    CAPTURE(r.url);
    const mapped::providers::route where{std::string_view(r.url)};
    json request = mapped::providers::parse(r.request);
    const dialect* const format = mapped::providers::dialect_of({where, request});
    REQUIRE(format != nullptr);
    std::vector<json> pieces;
    for (const char* const one : r.pieces) pieces.push_back(mapped::providers::parse(one));
    const json asked = request;
    std::size_t changes = 0;
    each_change(request, request, wrong, [&](const json& changed) {
      mapped::providers::attribute_list found;
      const mapped::providers::request_view view{where, changed};
      mapped::providers::dialect_of(view);
      format->streams(view);
      format->describe_request(view, found);
      answer(*format, view, pieces);
      ++changes;
    });
    for (json& piece : pieces) {
      REQUIRE(piece.is_object());
      each_change(piece, piece, wrong, [&](const json&) {
        answer(*format, {where, asked}, pieces);
        ++changes;
      });
    }
    CHECK(changes > 100);
  }
}
