// providers_any_json.cpp: whatever JSON a provider or a program sends, dialects bear it: each value of real bodies is replaced by
// each kind of nonsense. Those of Anthropic and of OpenAI's responses stand with their other tests.
#include "providers_golden.hpp"

namespace {

struct row {
  const char* url;
  const char* request;
  std::vector<std::string> answers;  // pieces of a stream, or one
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
      {"/v1/chat/completions",
       R"({"model":"m","messages":[{"role":"user","name":"n","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"u"}},
           {"type":"input_audio","input_audio":{"data":"eA==","format":"wav"}},{"type":"thinking","thinking":[{"type":"text","text":"t"}]}]},
           {"role":"assistant","content":null,"refusal":"r","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},
           {"role":"tool","tool_call_id":"1","content":"b"}],"tools":[{"type":"function"}],"stream":true})",
       {R"({"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"a","reasoning":"t"}},{"index":1,"delta":{"content":[{"type":"text","text":"b"}]}}]})",
        R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"1","type":"function","function":{"name":"f","arguments":"{"}}]}}]})",
        R"({"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"arguments":"}"}}],"function_call":{"name":"g","arguments":"{}"}},"finish_reason":"stop"}],
            "usage":{"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1}},"timings":{"prompt_n":1,"cache_n":2,"predicted_n":3}})"}},
      {"/v1/completions", R"({"model":"m","prompt":["a","b"],"stream":true})",
       {R"({"model":"m","choices":[{"index":0,"text":"a"},{"index":1,"delta":{"content":"b"}}]})",
        R"({"choices":[{"index":0,"text":"b","finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}})"}},
      {"/v1/embeddings", R"({"model":"m","input":["a"]})",
       {R"({"model":"m","data":[{"index":0,"embedding":[1]},{"index":1,"embedding":"AACAPw=="}],"usage":{"prompt_tokens":1,"total_tokens":1}})"}},
  };
  return all;
}

}  // namespace

TEST_CASE("providers: nonsense in the place of any value of a request or an answer is borne") {
  for (const row& one : rows()) golden::check_bears_anything(one.url, one.request, one.answers);
}
