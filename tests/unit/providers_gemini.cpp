// providers_gemini.cpp: what is recorded of Gemini's and Vertex AI's wire format: all of it, and nothing else.
#include "providers_golden.hpp"

using golden::request;

namespace {

const char* const plain_url = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent?key=secret";
const char* const sse_url = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse";
const char* const array_url =
    "https://europe-west1-aiplatform.googleapis.com/v1/projects/p/locations/europe-west1/publishers/google/models/"
    "gemini-2.5-pro:streamGenerateContent";
const char* const small = R"({"contents":[{"parts":[{"text":"Hi"}]}]})";

}  // namespace

TEST_CASE("gemini: all of a request") {
  const request asked(plain_url, R"({
    "systemInstruction": {"parts": [{"text": "Be short."}]},
    "contents": [
      {"role": "user", "parts": [
        {"text": "What is this?"},
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
        {"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0="}},
        {"fileData": {"mimeType": "video/mp4", "fileUri": "gs://b/cat.mp4"}},
        {"fileData": {"fileUri": "https://example.com/cat"}}]},
      {"role": "model", "parts": [
        {"text": "A cat. Let me see.", "thought": true, "thoughtSignature": "c2ln"},
        {"text": "I look it up."},
        {"functionCall": {"id": "c1", "name": "weather", "args": {"city": "Paris"}}, "thoughtSignature": "Y2FsbA=="},
        {"functionCall": {"name": "weather", "args": {"city": "Rome"}}}]},
      {"role": "user", "parts": [
        {"functionResponse": {"id": "c1", "name": "weather", "response": {"celsius": 24}}},
        {"functionResponse": {"name": "weather", "response": {"celsius": 31}}},
        {"text": "Go on."}]},
      {"parts": [{"text": ""}, {"text": "No role"}]}],
    "tools": [
      {"functionDeclarations": [{"name": "weather", "parameters": {"type": "OBJECT"}}, {"name": "other"}]},
      {"googleSearch": {}}],
    "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}},
    "generationConfig": {"temperature": 0.5, "thinkingConfig": {"includeThoughts": true}}})");
  CHECK(asked.kind() == arthur::kind::llm);
  CHECK(asked.span_name() == "GenerateContent");
  CHECK_FALSE(asked.streams());
  const std::string in = "llm.input_messages.";
  CHECK_GOLDEN(asked.described(), {
      {"llm.model_name", "gemini-2.5-flash"},
      {"llm.invocation_parameters", R"({"temperature":0.5,"thinkingConfig":{"includeThoughts":true}})"},
      {"llm.tools.0.tool.json_schema", R"({"name":"weather","parameters":{"type":"OBJECT"}})"},
      {"llm.tools.1.tool.json_schema", R"({"name":"other"})"},
      {"llm.tools.2.tool.json_schema", R"({"googleSearch":{}})"},
      {in + "0.message.role", "system"},
      {in + "0.message.content", "Be short."},
      {in + "1.message.role", "user"},
      {in + "1.message.contents.0.message_content.type", "text"},
      {in + "1.message.contents.0.message_content.text", "What is this?"},
      {in + "1.message.contents.1.message_content.type", "image"},
      {in + "1.message.contents.1.message_content.image.image.url", "data:image/png;base64,iVBORw0KGgo="},
      {in + "1.message.contents.2.message_content.type", "audio"},
      {in + "1.message.contents.2.message_content.audio.audio.url", "data:audio/wav;base64,UklGRg=="},
      {in + "1.message.contents.2.message_content.audio.audio.mime_type", "audio/wav"},
      {in + "1.message.contents.3.message_content.type", "document"},
      {in + "1.message.contents.3.message_content.document.document.url", "data:application/pdf;base64,JVBERi0="},
      {in + "1.message.contents.3.message_content.document.document.mime_type", "application/pdf"},
      {in + "1.message.contents.4.message_content.type", "video"},
      {in + "1.message.contents.4.message_content.video.video.url", "gs://b/cat.mp4"},
      {in + "1.message.contents.5.message_content.type", "image"},
      {in + "1.message.contents.5.message_content.image.image.url", "https://example.com/cat"},
      {in + "2.message.role", "model"},
      {in + "2.message.contents.0.message_content.type", "reasoning"},
      {in + "2.message.contents.0.message_content.text", "A cat. Let me see."},
      {in + "2.message.contents.0.message_content.signature", "c2ln"},
      {in + "2.message.contents.1.message_content.type", "text"},
      {in + "2.message.contents.1.message_content.text", "I look it up."},
      {in + "2.message.tool_calls.0.tool_call.id", "c1"},
      {in + "2.message.tool_calls.0.tool_call.function.name", "weather"},
      {in + "2.message.tool_calls.0.tool_call.function.arguments", R"({"city":"Paris"})"},
      {in + "2.message.tool_calls.0.tool_call.reasoning_signature", "Y2FsbA=="},
      {in + "2.message.tool_calls.1.tool_call.function.name", "weather"},
      {in + "2.message.tool_calls.1.tool_call.function.arguments", R"({"city":"Rome"})"},
      {in + "3.message.role", "tool"},
      {in + "3.message.name", "weather"},
      {in + "3.message.tool_call_id", "c1"},
      {in + "3.message.content", R"({"celsius":24})"},
      {in + "4.message.role", "tool"},
      {in + "4.message.name", "weather"},
      {in + "4.message.content", R"({"celsius":31})"},
      {in + "5.message.role", "user"},
      {in + "5.message.content", "Go on."},
      {in + "6.message.role", "user"},
      {in + "6.message.content", "No role"},
  });
}

TEST_CASE("gemini: a request in snake_case is the same request") {
  const request camel(plain_url, R"({"systemInstruction":{"parts":[{"text":"S"}]},"contents":[{"parts":[
    {"inlineData":{"mimeType":"image/png","data":"eA=="}},{"fileData":{"mimeType":"image/png","fileUri":"gs://b/x"}},
    {"text":"t","thoughtSignature":"c2ln"},{"functionCall":{"name":"f","args":{}}},{"functionResponse":{"name":"f","response":{"a":1}}}]}],
    "tools":[{"functionDeclarations":[{"name":"f"}]}],"generationConfig":{"temperature":1}})");
  const request snake(plain_url, R"({"system_instruction":{"parts":[{"text":"S"}]},"contents":[{"parts":[
    {"inline_data":{"mime_type":"image/png","data":"eA=="}},{"file_data":{"mime_type":"image/png","file_uri":"gs://b/x"}},
    {"text":"t","thought_signature":"c2ln"},{"function_call":{"name":"f","args":{}}},{"function_response":{"name":"f","response":{"a":1}}}]}],
    "tools":[{"function_declarations":[{"name":"f"}]}],"generation_config":{"temperature":1}})");
  CHECK(golden::difference(snake.described(), camel.described()) == "");
  CHECK(camel.described().size() == 18);
}

TEST_CASE("gemini: text before results of tools stays before them, text behind them behind") {
  const std::string result = R"({"functionResponse":{"name":"f","response":{"a":1}}})", text = R"({"text":"t"})";
  const auto roles = [](const std::string& parts) {
    const auto found = request(plain_url, R"({"contents":[{"role":"user","parts":[)" + parts + "]}]}").described();
    std::string all;
    for (int n = 0; n < 3; ++n) {
      const auto role = found.find("llm.input_messages." + std::to_string(n) + ".message.role");
      if (role != found.end()) all += role->second + " ";
    }
    return all;
  };
  CHECK(roles(text + "," + result + "," + result) == "user tool tool ");
  CHECK(roles(result + "," + result + "," + text) == "tool tool user ");
  CHECK(roles(result + "," + text + "," + result + "," + text) == "tool user tool ");
}

TEST_CASE("gemini: base64 that is safe in URLs, as Google's SDK sends it, is written in the plain alphabet") {
  const std::string in = "llm.input_messages.0.message.";
  const auto found = request(plain_url, R"({"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"a-_b"}},
      {"inlineData":{"mimeType":"image/png","data":"__REDACTED__"}},{"text":"t","thoughtSignature":"c-_d"},
      {"functionCall":{"name":"f"},"thoughtSignature":"e-_f"}]}]})").described();
  CHECK(found.at(in + "contents.0.message_content.image.image.url") == "data:image/png;base64,a+/b");
  CHECK(found.at(in + "contents.1.message_content.image.image.url") == "__REDACTED__");
  CHECK(found.at(in + "contents.2.message_content.signature") == "c+/d");
  CHECK(found.at(in + "tool_calls.0.tool_call.reasoning_signature") == "e+/f");
}

TEST_CASE("gemini: the model is the path's last part, on Vertex, too, and for tuned models") {
  CHECK(request(array_url, small).described().at("llm.model_name") == "gemini-2.5-pro");
  CHECK(request("/v1/projects/p/locations/l/endpoints/123:generateContent", small).described().at("llm.model_name") == "123");
  CHECK(request("https://generativelanguage.googleapis.com/v1beta/tunedModels/mine:generateContent", small).described().at("llm.model_name") == "mine");
  CHECK_FALSE(request("/v1beta/models/gemini-2.5-flash:countTokens", small).known());
  CHECK_FALSE(request(plain_url, R"({"prompt":"Hi"})").known());
}

TEST_CASE("gemini: a content may be its text alone; a part of no known kind has its place") {
  CHECK_GOLDEN(request(plain_url, R"({"systemInstruction":"Be short.","contents":["Hi",{"role":"model","parts":[{"of_tomorrow":1}]}]})").described(), {
      {"llm.model_name", "gemini-2.5-flash"},
      {"llm.input_messages.0.message.role", "system"},
      {"llm.input_messages.0.message.content", "Be short."},
      {"llm.input_messages.1.message.role", "user"},
      {"llm.input_messages.1.message.content", "Hi"},
      {"llm.input_messages.2.message.role", "model"},
      {"llm.input_messages.2.message.contents.0.message_content.type", "unknown"},
  });
}

TEST_CASE("gemini: all of an answer") {
  const request asked(plain_url, small);
  const auto got = golden::read(asked, R"json({
    "candidates": [
      {"content": {"role": "model", "parts": [
         {"text": "Hm.", "thought": true},
         {"text": "Calling.", "thoughtSignature": "c2ln"},
         {"functionCall": {"name": "weather", "args": {"city": "Paris"}}},
         {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
         {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}}]},
       "finishReason": "STOP", "index": 0},
      {"content": {"parts": [{"text": "Other."}]}, "finishReason": "MAX_TOKENS", "index": 1}],
    "usageMetadata": {"promptTokenCount": 100, "toolUsePromptTokenCount": 20, "cachedContentTokenCount": 60, "candidatesTokenCount": 30,
      "thoughtsTokenCount": 12, "totalTokenCount": 162,
      "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 90}, {"modality": "AUDIO", "tokenCount": 10}],
      "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 3}]},
    "modelVersion": "gemini-2.5-flash-001", "responseId": "r1"})json");
  CHECK(got.failure.empty());
  const std::string out = "llm.output_messages.";
  CHECK_GOLDEN(got.found, {
      {"llm.model_name", "gemini-2.5-flash-001"},
      {"llm.finish_reason", "STOP"},
      {"llm.token_count.prompt", "#120"},
      {"llm.token_count.completion", "#42"},
      {"llm.token_count.total", "#162"},
      {"llm.token_count.prompt_details.cache_read", "#60"},
      {"llm.token_count.prompt_details.audio", "#10"},
      {"llm.token_count.completion_details.reasoning", "#12"},
      {"llm.token_count.completion_details.audio", "#3"},
      {out + "0.message.role", "model"},
      {out + "0.message.contents.0.message_content.type", "reasoning"},
      {out + "0.message.contents.0.message_content.text", "Hm."},
      {out + "0.message.contents.1.message_content.type", "text"},
      {out + "0.message.contents.1.message_content.text", "Calling."},
      {out + "0.message.contents.1.message_content.signature", "c2ln"},
      {out + "0.message.contents.2.message_content.type", "text"},
      {out + "0.message.contents.2.message_content.text", "print(1)"},
      {out + "0.message.contents.3.message_content.type", "text"},
      {out + "0.message.contents.3.message_content.text", "1\n"},
      {out + "0.message.tool_calls.0.tool_call.function.name", "weather"},
      {out + "0.message.tool_calls.0.tool_call.function.arguments", R"({"city":"Paris"})"},
      {out + "1.message.role", "model"},
      {out + "1.message.content", "Other."},
  });
}

TEST_CASE("gemini: a stream, however it is framed and cut, is what the answer is without streaming") {
  const std::string pieces[] = {
      R"({"candidates":[{"content":{"role":"model","parts":[{"text":"Let me ","thought":true}]},"index":0}],"usageMetadata":{"promptTokenCount":7,"totalTokenCount":7},"modelVersion":"m-001"})",
      R"({"candidates":[{"content":{"role":"model","parts":[{"text":"think.","thought":true},{"text":"It's "}]},"index":0}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":2,"totalTokenCount":9}})",
      R"({"candidates":[{"content":{"parts":[{"text":"wärm \"]}\\."}]},"index":0},{"content":{"role":"model","parts":[{"text":"Second"}]},"index":1}]})",
      R"({"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"c2ln"},{"functionCall":{"name":"f","args":{"a":1}}},{"functionCall":{"name":"g","args":{}}},{"text":""}]},"finishReason":"STOP","index":0}]})",
      R"({"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":5,"thoughtsTokenCount":4,"totalTokenCount":16}})",
  };
  std::string events, list;
  for (const std::string& one : pieces) {
    events += "data: " + one + "\r\n\r\n";
    list += (list.empty() ? "[" : ",\r\n") + one;
  }
  list += "]";
  const request by_events(sse_url, small), by_array(array_url, small);
  CHECK(by_events.span_name() == "GenerateContentStream");
  CHECK(by_events.streams());
  const auto one = golden::read(by_events, events), other = golden::read(by_array, list);
  CHECK(one == other);
  CHECK(one.brought);
  CHECK(one.failure.empty());
  const std::string out = "llm.output_messages.";
  CHECK_GOLDEN(one.found, {
      {"llm.model_name", "m-001"},
      {"llm.finish_reason", "STOP"},
      {"llm.token_count.prompt", "#7"},
      {"llm.token_count.completion", "#9"},
      {"llm.token_count.total", "#16"},
      {"llm.token_count.completion_details.reasoning", "#4"},
      {out + "0.message.role", "model"},
      {out + "0.message.contents.0.message_content.type", "reasoning"},
      {out + "0.message.contents.0.message_content.text", "Let me think."},
      {out + "0.message.contents.1.message_content.type", "text"},
      {out + "0.message.contents.1.message_content.text", "It's wärm \"]}\\."},
      {out + "0.message.contents.1.message_content.signature", "c2ln"},
      {out + "0.message.tool_calls.0.tool_call.function.name", "f"},
      {out + "0.message.tool_calls.0.tool_call.function.arguments", R"({"a":1})"},
      {out + "0.message.tool_calls.1.tool_call.function.name", "g"},
      {out + "0.message.tool_calls.1.tool_call.function.arguments", "{}"},
      {out + "1.message.role", "model"},
      {out + "1.message.content", "Second"},
  });
  CHECK(one.whole ==
        R"({"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":5,"thoughtsTokenCount":4,"totalTokenCount":16},"modelVersion":"m-001",)"
        R"("candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"Let me think.","thought":true},{"text":"It's wärm \"]}\\.","thoughtSignature":"c2ln"},)"
        R"({"functionCall":{"name":"f","args":{"a":1}}},{"functionCall":{"name":"g","args":{}}}]},"finishReason":"STOP"},)"
        R"({"index":1,"content":{"role":"model","parts":[{"text":"Second"}]}}]})");
}

TEST_CASE("gemini: a refused prompt says why; it has no candidates") {
  const auto got = golden::read(request(plain_url, small),
      R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":9,"totalTokenCount":9},"modelVersion":"m"})");
  CHECK_GOLDEN(got.found, {{"llm.model_name", "m"}, {"llm.finish_reason", "PROHIBITED_CONTENT"}, {"llm.token_count.prompt", "#9"}, {"llm.token_count.total", "#9"}});
  CHECK(got.failure.empty());
}

TEST_CASE("gemini: counts that aren't sent stay unset, those of other forms are read, nonsense isn't") {
  const request asked(plain_url, small);
  CHECK_GOLDEN(golden::read(asked, R"({"candidates":[],"usageMetadata":{"trafficType":"ON_DEMAND"}})").found, {});
  CHECK_GOLDEN(golden::read(asked, R"({"usageMetadata":{"promptTokenCount":"8","candidatesTokenCount":2.0}})").found,
             {{"llm.token_count.prompt", "#8"}, {"llm.token_count.completion", "#2"}, {"llm.token_count.total", "#10"}});
  // Some servers' total forgets what was thought.
  CHECK(golden::read(asked, R"({"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":2,"thoughtsTokenCount":5,"totalTokenCount":10}})")
            .found.at("llm.token_count.total") == "#15");
  CHECK_GOLDEN(golden::read(asked, R"({"usageMetadata":{"promptTokenCount":9223372036854775807,"toolUsePromptTokenCount":9223372036854775807,
    "candidatesTokenCount":-4,"thoughtsTokenCount":1e300,"totalTokenCount":null}})").found,
             {{"llm.token_count.prompt", "#9223372036854775807"}});
}

TEST_CASE("gemini: errors are told in Google's words, as a body, inside a stream, and in an array") {
  const std::string error = R"({"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED","details":[]}})";
  const std::string words = "RESOURCE_EXHAUSTED: Quota exceeded";
  CHECK(golden::read(request(plain_url, small), error).failure == words);
  CHECK(golden::read(request(array_url, small), "[" + error + "]").failure == words);
  CHECK(golden::read(request(array_url, small), R"([{"candidates":[{"content":{"parts":[{"text":"So"}]}}]},)" + error + "]").failure == words);
  const auto got = golden::read(request(sse_url, small),
                                R"(data: {"candidates":[{"content":{"role":"model","parts":[{"text":"So far"}]}}]})"
                                "\n\ndata: " + error + "\n\n");
  CHECK(got.failure == words);
  CHECK_GOLDEN(got.found, {{"llm.output_messages.0.message.role", "model"}, {"llm.output_messages.0.message.content", "So far"}});
}

TEST_CASE("gemini: a stream of large parts is kept up to the limit; its usage is read all the same") {
  std::string stream;
  for (int n = 0; n < 10; ++n) {
    stream += R"(data: {"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":")" + std::string(1500, 'A') + "\"}}]}}]}\n\n";
  }
  stream += "data: {\"usageMetadata\":{\"promptTokenCount\":3}}\n\n";
  const auto got = golden::read_up_to(4096, {sse_url, small}, stream);
  CHECK(got.truncated);
  CHECK(got.whole.size() < 4096);
  CHECK(got.found.at("llm.token_count.prompt") == "#3");
}

TEST_CASE("gemini embeddings: one text") {
  const request asked("https://generativelanguage.googleapis.com/v1beta/models/gemini-embedding-001:embedContent",
                      R"({"model":"models/gemini-embedding-001","content":{"parts":[{"text":"One"},{"text":"more"}]},"taskType":"RETRIEVAL_QUERY"})");
  CHECK(asked.kind() == arthur::kind::embedding);
  CHECK(asked.span_name() == "CreateEmbeddings");
  CHECK_GOLDEN(asked.described(), {
      {"embedding.model_name", "gemini-embedding-001"},
      {"embedding.invocation_parameters", R"({"model":"models/gemini-embedding-001","taskType":"RETRIEVAL_QUERY"})"},
      {"embedding.embeddings.0.embedding.text", "One\n\nmore"},
  });
  CHECK_GOLDEN(golden::read(asked, R"({"embedding":{"values":[0.5,-1,2e-3]},"usageMetadata":{"promptTokenCount":2}})").found, {
      {"embedding.embeddings.0.embedding.vector", "#[0.5,-1.0,0.002]"},
      {"llm.token_count.prompt", "#2"},
      {"llm.token_count.total", "#2"},
  });
}

TEST_CASE("gemini embeddings: a batch") {
  const request asked("https://generativelanguage.googleapis.com/v1beta/models/text-embedding-004:batchEmbedContents",
                      R"({"requests":[{"model":"models/text-embedding-004","content":{"parts":[{"text":"a"}]}},
                                      {"model":"models/text-embedding-004","content":{"parts":[{"text":"b"}]}}]})");
  CHECK_GOLDEN(asked.described(), {
      {"embedding.model_name", "text-embedding-004"},
      {"embedding.invocation_parameters", R"({"model":"models/text-embedding-004"})"},
      {"embedding.embeddings.0.embedding.text", "a"},
      {"embedding.embeddings.1.embedding.text", "b"},
  });
  CHECK_GOLDEN(golden::read(asked, R"({"embeddings":[{"values":[1,2]},{"values":[3,4.5]}]})").found,
             {{"embedding.embeddings.0.embedding.vector", "#[1.0,2.0]"}, {"embedding.embeddings.1.embedding.vector", "#[3.0,4.5]"}});
}

TEST_CASE("gemini embeddings: Vertex predicts them; other predictions are none") {
  const std::string vertex = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/publishers/google/models/";
  const request asked(vertex + "text-embedding-005:predict",
                      R"({"instances":[{"content":"a","task_type":"RETRIEVAL_DOCUMENT"},{"content":"b"}],"parameters":{"outputDimensionality":2}})");
  CHECK(asked.span_name() == "CreateEmbeddings");
  CHECK_GOLDEN(asked.described(), {
      {"embedding.model_name", "text-embedding-005"},
      {"embedding.invocation_parameters", R"({"outputDimensionality":2})"},
      {"embedding.embeddings.0.embedding.text", "a"},
      {"embedding.embeddings.1.embedding.text", "b"},
  });
  CHECK_GOLDEN(golden::read(asked, R"({"predictions":[{"embeddings":{"values":[1,2],"statistics":{"truncated":false,"token_count":4}}},
                                                   {"embeddings":{"values":[3,4],"statistics":{"token_count":5.0}}}]})").found, {
      {"embedding.embeddings.0.embedding.vector", "#[1.0,2.0]"},
      {"embedding.embeddings.1.embedding.vector", "#[3.0,4.0]"},
      {"llm.token_count.prompt", "#9"},
      {"llm.token_count.total", "#9"},
  });
  const request picture(vertex + "multimodalembedding@001:predict", R"({"instances":[{"text":"cat","image":{"gcsUri":"gs://b/c"}}]})");
  CHECK_GOLDEN(golden::read(picture, R"({"predictions":[{"textEmbedding":[0.5]}]})").found, {{"embedding.embeddings.0.embedding.vector", "#[0.5]"}});
  CHECK_FALSE(request(vertex + "imagen-4.0:predict", R"({"instances":[{"prompt":"a cat"}]})").known());
  CHECK_FALSE(request(vertex + "text-embedding-005:predict", R"({"text":"a"})").known());
}
