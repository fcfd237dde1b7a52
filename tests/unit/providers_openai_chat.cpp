// providers_openai_chat.cpp: chat completions of OpenAI and the compatible servers: the whole attribute map, no stray key.
#include "providers_golden.hpp"

using golden::attributes;
using golden::difference;
using golden::events;
using golden::read;
using golden::reading;
using golden::request;

namespace {

constexpr const char* openai = "https://api.openai.com/v1/chat/completions";
constexpr const char* local = "http://localhost:8000/v1/chat/completions";
constexpr const char* plain = R"({"model":"m","messages":[{"role":"user","content":"Hi"}]})";
constexpr const char* streamed = R"({"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":true})";

attributes answer(std::string_view bytes) { return read({openai, plain}, bytes).found; }

void check(const attributes& found, const attributes& expected) { CHECK(difference(found, expected) == ""); }

reading check_answer(const char* url, const char* body, std::string_view bytes, const attributes& expected) {
  const reading got = read({url, body}, bytes);
  check(got.found, expected);
  return got;
}

}  // namespace

TEST_CASE("OpenAI: a request with system, parts, tools, tool calls and their results") {
  const request asked(openai, R"({
    "model": "gpt-4o", "temperature": 0.5, "tool_choice": "auto", "stream": false,
    "messages": [
      {"role": "developer", "content": "Be short."},
      {"role": "user", "name": "ann", "content": [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "https://example.com/cat.png", "detail": "low"}},
        {"type": "image_url", "image_url": "data:image/png;base64,aGVsbG8="},
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
        {"type": "file", "file": {"file_id": "f-1"}}, "bare"]},
      {"role": "assistant", "content": null, "refusal": null, "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Paris\"}"}},
        {"id": "call_2", "type": "custom", "custom": {"name": "shell", "input": "ls"}}]},
      {"role": "tool", "tool_call_id": "call_1", "content": "24 degrees"},
      {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": "a.txt"}]},
      {"role": "assistant", "function_call": {"name": "old", "arguments": "{}"}},
      {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}],
    "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}, {"type": "custom", "custom": {"name": "shell"}}]})");
  check(asked.described(), {
      {"llm.model_name", "gpt-4o"},
      {"llm.invocation_parameters", R"({"model":"gpt-4o","temperature":0.5,"tool_choice":"auto","stream":false})"},
      {"llm.tools.0.tool.json_schema", R"({"type":"function","function":{"name":"weather","parameters":{"type":"object"}}})"},
      {"llm.tools.1.tool.json_schema", R"({"type":"custom","custom":{"name":"shell"}})"},
      {"llm.input_messages.0.message.role", "developer"},
      {"llm.input_messages.0.message.content", "Be short."},
      {"llm.input_messages.1.message.role", "user"},
      {"llm.input_messages.1.message.name", "ann"},
      {"llm.input_messages.1.message.contents.0.message_content.type", "text"},
      {"llm.input_messages.1.message.contents.0.message_content.text", "What is this?"},
      {"llm.input_messages.1.message.contents.1.message_content.type", "image"},
      {"llm.input_messages.1.message.contents.1.message_content.image.image.url", "https://example.com/cat.png"},
      {"llm.input_messages.1.message.contents.2.message_content.type", "image"},
      {"llm.input_messages.1.message.contents.2.message_content.image.image.url", "data:image/png;base64,aGVsbG8="},
      {"llm.input_messages.1.message.contents.3.message_content.type", "audio"},
      {"llm.input_messages.1.message.contents.3.message_content.audio.audio.url", "data:audio/wav;base64,UklGRg=="},
      {"llm.input_messages.1.message.contents.3.message_content.audio.audio.mime_type", "audio/wav"},
      {"llm.input_messages.1.message.contents.4.message_content.type", "file"},
      {"llm.input_messages.1.message.contents.5.message_content.type", "text"},
      {"llm.input_messages.1.message.contents.5.message_content.text", "bare"},
      {"llm.input_messages.2.message.role", "assistant"},
      {"llm.input_messages.2.message.tool_calls.0.tool_call.id", "call_1"},
      {"llm.input_messages.2.message.tool_calls.0.tool_call.function.name", "weather"},
      {"llm.input_messages.2.message.tool_calls.0.tool_call.function.arguments", R"({"city":"Paris"})"},
      {"llm.input_messages.2.message.tool_calls.1.tool_call.id", "call_2"},
      {"llm.input_messages.2.message.tool_calls.1.tool_call.function.name", "shell"},
      {"llm.input_messages.2.message.tool_calls.1.tool_call.function.arguments", "ls"},
      {"llm.input_messages.3.message.role", "tool"},
      {"llm.input_messages.3.message.tool_call_id", "call_1"},
      {"llm.input_messages.3.message.content", "24 degrees"},
      {"llm.input_messages.4.message.role", "tool"},
      {"llm.input_messages.4.message.tool_call_id", "call_2"},
      {"llm.input_messages.4.message.contents.0.message_content.type", "text"},
      {"llm.input_messages.4.message.contents.0.message_content.text", "a.txt"},
      {"llm.input_messages.5.message.role", "assistant"},
      {"llm.input_messages.5.message.function_call_name", "old"},
      {"llm.input_messages.5.message.function_call_arguments_json", "{}"},
      {"llm.input_messages.6.message.role", "assistant"},
      {"llm.input_messages.6.message.contents.0.message_content.type", "text"},
      {"llm.input_messages.6.message.contents.0.message_content.text", "No."},
  });
}

TEST_CASE("OpenAI: an answer with every count, two choices out of order, and what nobody knows") {
  check_answer(openai, plain, R"({
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-08-06", "service_tier": "default", "new_thing": {"a": [1]},
    "choices": [
      {"index": 1, "finish_reason": "length", "message": {"role": "assistant", "content": "second", "refusal": null, "annotations": []}},
      {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "first"}, "logprobs": null}],
    "usage": {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29,
      "prompt_tokens_details": {"cached_tokens": 8, "audio_tokens": 0, "cache_write_tokens": 3},
      "completion_tokens_details": {"reasoning_tokens": 4, "audio_tokens": 1, "accepted_prediction_tokens": 0}}})",
               {{"llm.model_name", "gpt-4o-2024-08-06"}, {"llm.finish_reason", "length"},
                {"llm.token_count.prompt", "#20"}, {"llm.token_count.completion", "#9"}, {"llm.token_count.total", "#29"},
                {"llm.token_count.prompt_details.cache_read", "#8"}, {"llm.token_count.prompt_details.cache_write", "#3"},
                {"llm.token_count.prompt_details.audio", "#0"}, {"llm.token_count.completion_details.reasoning", "#4"},
                {"llm.token_count.completion_details.audio", "#1"},
                {"llm.output_messages.0.message.role", "assistant"}, {"llm.output_messages.0.message.content", "first"},
                {"llm.output_messages.1.message.role", "assistant"}, {"llm.output_messages.1.message.content", "second"}});
}

TEST_CASE("OpenAI: a stream with two tool calls in fragments; usage behind the finish, null before") {
  const reading call = check_answer(openai, streamed, events({
      R"({"id":"c","object":"chat.completion.chunk","model":"gpt-4o","choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}],"usage":null})",
      R"({"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"weather","arguments":""}}]}}],"usage":null,"obfuscation":"x"})",
      R"({"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"ci"}}]}}],"usage":null})",
      R"({"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_2","type":"function","function":{"name":"time","arguments":"{"}},{"index":0,"function":{"arguments":"ty\":1}"}}]}}],"usage":null})",
      R"({"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"}"}}]}}],"usage":null})",
      R"({"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":null})",
      R"({"id":"c","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12,"prompt_tokens_details":null}})", "[DONE]"}),
               {{"llm.model_name", "gpt-4o"}, {"llm.finish_reason", "tool_calls"},
                {"llm.token_count.prompt", "#5"}, {"llm.token_count.completion", "#7"}, {"llm.token_count.total", "#12"},
                {"llm.output_messages.0.message.role", "assistant"},
                {"llm.output_messages.0.message.tool_calls.0.tool_call.id", "call_1"},
                {"llm.output_messages.0.message.tool_calls.0.tool_call.function.name", "weather"},
                {"llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments", R"({"city":1})"},
                {"llm.output_messages.0.message.tool_calls.1.tool_call.id", "call_2"},
                {"llm.output_messages.0.message.tool_calls.1.tool_call.function.name", "time"},
                {"llm.output_messages.0.message.tool_calls.1.tool_call.function.arguments", "{}"}});
  CHECK(call.failure.empty());
}

TEST_CASE("OpenAI: streamed choices interleave, refusals and old function calls are put together") {
  check_answer(openai, streamed, events({
      R"({"model":"m","choices":[{"index":1,"delta":{"role":"assistant","content":"b1"}},{"index":0,"delta":{"role":"assistant","content":"a1"}}]})",
      R"({"choices":[{"index":0,"delta":{"content":"a2"}}]})", R"({"choices":[{"index":1,"delta":{"content":"b2"},"finish_reason":"stop"}]})",
      R"({"choices":[{"index":2,"delta":{"role":"assistant","function_call":{"name":"f","arguments":"{\"a\""}}}]})",
      R"({"choices":[{"index":2,"delta":{"function_call":{"arguments":":1}"}},"finish_reason":"function_call"}]})",
      R"({"choices":[{"index":3,"delta":{"role":"assistant","content":null,"refusal":"I "}}]})", R"({"choices":[{"index":3,"delta":{"refusal":"can't."}}]})"}),
               {{"llm.model_name", "m"}, {"llm.finish_reason", "stop"},
                {"llm.output_messages.0.message.role", "assistant"}, {"llm.output_messages.0.message.content", "a1a2"},
                {"llm.output_messages.1.message.role", "assistant"}, {"llm.output_messages.1.message.content", "b1b2"},
                {"llm.output_messages.2.message.role", "assistant"}, {"llm.output_messages.2.message.function_call_name", "f"},
                {"llm.output_messages.2.message.function_call_arguments_json", R"({"a":1})"},
                {"llm.output_messages.3.message.role", "assistant"}, {"llm.output_messages.3.message.content", "I can't."}});
}

TEST_CASE("vLLM: usage in every chunk counts up, the last one counts; reasoning in either field; extra keys are parameters") {
  for (const char* const field : {"reasoning_content", "reasoning"}) {
    const std::string first = R"({"model":"q","choices":[{"index":0,"delta":{"role":"assistant",")" + std::string(field) +
                              R"(":"Let me "}}],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}})";
    const std::string second = R"({"choices":[{"index":0,"delta":{")" + std::string(field) +
                               R"(":"think."}}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}})";
    check_answer(local, streamed, events({first.c_str(), second.c_str(),
        R"({"choices":[{"index":0,"delta":{"content":"42"},"finish_reason":"stop","stop_reason":null}],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}})",
        R"({"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}})", "[DONE]"}),
                 {{"llm.model_name", "q"}, {"llm.finish_reason", "stop"},
                  {"llm.token_count.prompt", "#9"}, {"llm.token_count.completion", "#3"}, {"llm.token_count.total", "#12"},
                  {"llm.output_messages.0.message.role", "assistant"}, {"llm.output_messages.0.message.content", "42"},
                  {"llm.output_messages.0.message.contents.0.message_content.type", "reasoning"},
                  {"llm.output_messages.0.message.contents.0.message_content.text", "Let me think."}});
  }
  check(request(local, R"({"model":"q","messages":[],"guided_json":{"type":"object"},"top_k":5})").described(),
        {{"llm.model_name", "q"}, {"llm.invocation_parameters", R"({"model":"q","guided_json":{"type":"object"},"top_k":5})"}});
}

TEST_CASE("llama.cpp: timings stand in for usage; comment pings, progress chunks, errors in a field of their own, a path as model") {
  check_answer(local, streamed,
               ": \n\n" + events({R"({"model":"/models/q.gguf","choices":[{"index":0,"delta":{"role":"assistant","content":null}}],"prompt_progress":{"total":10,"processed":5}})"}) +
                   ": \n\n: ping\n\n" +
                   events({R"({"model":"/models/q.gguf","choices":[{"index":0,"delta":{"content":"Hi"}}]})",
                           R"({"model":"/models/q.gguf","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"timings":{"cache_n":236,"prompt_n":1,"prompt_ms":30.9,"predicted_n":35,"predicted_ms":661.0}})",
                           "[DONE]"}),
               {{"llm.model_name", "/models/q.gguf"}, {"llm.finish_reason", "stop"}, {"llm.token_count.prompt", "#237"}, {"llm.token_count.completion", "#35"},
                {"llm.token_count.total", "#272"}, {"llm.token_count.prompt_details.cache_read", "#236"},
                {"llm.output_messages.0.message.role", "assistant"}, {"llm.output_messages.0.message.content", "Hi"}});
  // Usage that was asked for wins over timings.
  check(answer(R"({"model":"q","choices":[],"usage":{"prompt_tokens":3,"prompt_tokens_details":{"cached_tokens":2}},"timings":{"cache_n":9,"prompt_n":9,"predicted_n":9}})"),
        {{"llm.model_name", "q"}, {"llm.token_count.prompt", "#3"}, {"llm.token_count.prompt_details.cache_read", "#2"}});
  // Older builds without cache_n.
  check(answer(R"({"timings":{"prompt_n":4,"predicted_n":2}})"),
        {{"llm.token_count.prompt", "#4"}, {"llm.token_count.completion", "#2"}, {"llm.token_count.total", "#6"}});
  // Counts that can't be added are told as they are.
  const std::string most = "9223372036854775807";
  check(answer(R"({"timings":{"cache_n":)" + most + R"(,"prompt_n":)" + most + R"(,"predicted_n":)" + most + "}}"),
        {{"llm.token_count.prompt", "#" + most}, {"llm.token_count.prompt_details.cache_read", "#" + most},
         {"llm.token_count.completion", "#" + most}, {"llm.token_count.total", "#" + most}});
  const reading failed = check_answer(local, streamed,
                                       events({R"({"model":"q","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"}}]})"}) +
                                           "error: {\"code\":500,\"message\":\"context shift\",\"type\":\"server_error\"}\n\n",
                                       {{"llm.model_name", "q"}, {"llm.output_messages.0.message.role", "assistant"}, {"llm.output_messages.0.message.content", "Hi"}});
  CHECK(failed.failure == "server_error: context shift");
}

TEST_CASE("Groq: usage in x_groq; an error there, too") {
  const char* const url = "https://api.groq.com/openai/v1/chat/completions";
  check_answer(url, streamed, events({
      R"({"id":"c","model":"llama-3.3-70b","choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"x_groq":{"id":"req_1"}})",
      R"({"id":"c","choices":[{"index":0,"delta":{"content":"Hi"}}]})",
      R"({"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":{"queue_time":0.02,"prompt_tokens":11,"prompt_time":0.001,"completion_tokens":2,"completion_time":0.01,"total_tokens":13,"total_time":0.011}}})",
      "[DONE]"}),
               {{"llm.model_name", "llama-3.3-70b"}, {"llm.finish_reason", "stop"},
                {"llm.token_count.prompt", "#11"}, {"llm.token_count.completion", "#2"}, {"llm.token_count.total", "#13"},
                {"llm.output_messages.0.message.role", "assistant"}, {"llm.output_messages.0.message.content", "Hi"}});
  const reading failed = check_answer(url, streamed, events({R"({"id":"c","choices":[],"x_groq":{"id":"req_1","error":"over capacity"}})"}), {});
  CHECK(failed.failure == "over capacity");
}

TEST_CASE("OpenRouter: comments, reasoning, cost; an error in the middle of the stream under status 200") {
  const char* const url = "https://openrouter.ai/api/v1/chat/completions";
  check_answer(url, streamed,
               ": OPENROUTER PROCESSING\n\n" + events({
                   R"({"id":"gen-1","provider":"DeepInfra","model":"deepseek/r1","choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning":"Hm","reasoning_details":[{"type":"reasoning.text","text":"Hm"}]},"native_finish_reason":null}]})"}) +
                   ": OPENROUTER PROCESSING\n\n" + events({
                   R"({"id":"gen-1","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":"stop","native_finish_reason":"stop"}]})",
                   R"({"id":"gen-1","choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"usage":{"prompt_tokens":4,"completion_tokens":6,"total_tokens":10,"cost":0.00014,"cost_details":{"upstream_inference_cost":null}}})",
                   "[DONE]"}),
               {{"llm.model_name", "deepseek/r1"}, {"llm.finish_reason", "stop"}, {"llm.cost.total", "#0.00014"},
                {"llm.token_count.prompt", "#4"}, {"llm.token_count.completion", "#6"}, {"llm.token_count.total", "#10"},
                {"llm.output_messages.0.message.role", "assistant"}, {"llm.output_messages.0.message.content", "Hi"},
                {"llm.output_messages.0.message.contents.0.message_content.type", "reasoning"},
                {"llm.output_messages.0.message.contents.0.message_content.text", "Hm"}});
  const reading failed = check_answer(url, streamed, events({
      R"({"id":"gen-1","model":"x","choices":[{"index":0,"delta":{"role":"assistant","content":"Par"}}]})",
      R"({"id":"gen-1","error":{"code":502,"message":"Provider disconnected"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]})"}),
                                       {{"llm.model_name", "x"}, {"llm.finish_reason", "error"}, {"llm.output_messages.0.message.role", "assistant"},
                                        {"llm.output_messages.0.message.content", "Par"}});
  CHECK(failed.failure == "Provider disconnected");
}

TEST_CASE("Together: usage on the last chunk without asking") {
  check_answer("https://api.together.xyz/v1/chat/completions", streamed, events({
      R"({"id":"o","object":"chat.completion.chunk","choices":[{"index":0,"text":"Hi","logprobs":null,"delta":{"token_id":4,"role":"assistant","content":"Hi","tool_calls":null}}],"model":"Qwen/Q3","usage":null})",
      R"({"id":"o","choices":[{"index":0,"text":"","finish_reason":"eos","seed":1,"delta":{"token_id":5,"role":"assistant","content":"","tool_calls":null}}],"model":"Qwen/Q3","usage":{"prompt_tokens":6,"completion_tokens":1,"total_tokens":7,"cached_tokens":0}})",
      "[DONE]"}),
               {{"llm.model_name", "Qwen/Q3"}, {"llm.finish_reason", "eos"},
                {"llm.token_count.prompt", "#6"}, {"llm.token_count.completion", "#1"}, {"llm.token_count.total", "#7"},
                {"llm.output_messages.0.message.role", "assistant"}, {"llm.output_messages.0.message.content", "Hi"}});
}

TEST_CASE("Mistral: content as a list with thinking, whole tool calls without an index, usage without asking") {
  const char* const url = "https://api.mistral.ai/v1/chat/completions";
  check_answer(url, streamed, events({
      R"({"id":"m","model":"magistral","choices":[{"index":0,"delta":{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"Two "},{"type":"text","text":"calls."}],"closed":true}]},"finish_reason":null}]})",
      R"({"id":"m","model":"magistral","choices":[{"index":0,"delta":{"content":[{"type":"text","text":"I look."}]}}]})",
      R"({"id":"m","model":"magistral","choices":[{"index":0,"delta":{"content":"","tool_calls":[{"id":"a1","function":{"name":"weather","arguments":"{\"city\": \"Paris\"}"}},{"id":"a2","function":{"name":"weather","arguments":"{\"city\": \"Rome\"}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":80,"total_tokens":120,"completion_tokens":40}})",
      "[DONE]"}),
               {{"llm.model_name", "magistral"}, {"llm.finish_reason", "tool_calls"},
                {"llm.token_count.prompt", "#80"}, {"llm.token_count.completion", "#40"}, {"llm.token_count.total", "#120"},
                {"llm.output_messages.0.message.role", "assistant"},
                {"llm.output_messages.0.message.contents.0.message_content.type", "reasoning"},
                {"llm.output_messages.0.message.contents.0.message_content.text", "Two calls."},
                {"llm.output_messages.0.message.contents.1.message_content.type", "text"},
                {"llm.output_messages.0.message.contents.1.message_content.text", "I look."},
                {"llm.output_messages.0.message.tool_calls.0.tool_call.id", "a1"},
                {"llm.output_messages.0.message.tool_calls.0.tool_call.function.name", "weather"},
                {"llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments", R"({"city": "Paris"})"},
                {"llm.output_messages.0.message.tool_calls.1.tool_call.id", "a2"},
                {"llm.output_messages.0.message.tool_calls.1.tool_call.function.name", "weather"},
                {"llm.output_messages.0.message.tool_calls.1.tool_call.function.arguments", R"({"city": "Rome"})"}});
  // A text, then a list, then a text: nothing of it is lost.
  check_answer(url, streamed, events({R"({"choices":[{"index":0,"delta":{"content":"a"}}]})", R"({"choices":[{"index":0,"delta":{"content":[{"type":"text","text":"b"}]}}]})",
                                      R"({"choices":[{"index":0,"delta":{"content":"c"}}]})", R"({"choices":[{"index":0,"delta":{"content":"d"}}]})"}),
               {{"llm.output_messages.0.message.contents.0.message_content.type", "text"}, {"llm.output_messages.0.message.contents.0.message_content.text", "abcd"}});
}

TEST_CASE("Mistral: texts that come as parts grow together, as thinking does") {
  check_answer("https://api.mistral.ai/v1/chat/completions", streamed, events({
      R"({"choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Let "}]}]}}]})",
      R"({"choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"me."}]}]}}]})",
      R"({"choices":[{"index":0,"delta":{"content":"Yes"}}]})", R"({"choices":[{"index":0,"delta":{"content":"."}}]})"}),
               {{"llm.output_messages.0.message.contents.0.message_content.type", "reasoning"},
                {"llm.output_messages.0.message.contents.0.message_content.text", "Let me."},
                {"llm.output_messages.0.message.contents.1.message_content.type", "text"},
                {"llm.output_messages.0.message.contents.1.message_content.text", "Yes."}});
}

TEST_CASE("tool calls in fragments without an index: another id begins another call") {
  check_answer(local, streamed, events({
      R"({"choices":[{"index":0,"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x\""}}]}}]})",
      R"({"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"arguments":":1}"}}]}}]})",
      R"({"choices":[{"index":0,"delta":{"tool_calls":[{"id":"b","function":{"name":"g","arguments":"{}"}}]}}]})",
      R"({"choices":[{"index":0,"delta":{"tool_calls":[{"id":"b","function":{"arguments":" "}}]}}]})"}),
               {{"llm.output_messages.0.message.tool_calls.0.tool_call.id", "a"}, {"llm.output_messages.0.message.tool_calls.0.tool_call.function.name", "f"},
                {"llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments", R"({"x":1})"},
                {"llm.output_messages.0.message.tool_calls.1.tool_call.id", "b"}, {"llm.output_messages.0.message.tool_calls.1.tool_call.function.name", "g"},
                {"llm.output_messages.0.message.tool_calls.1.tool_call.function.arguments", "{} "}});
}

TEST_CASE("DeepSeek: cached tokens beside the others, reasoning, keep-alive comments") {
  check_answer("https://api.deepseek.com/chat/completions", streamed,
               ": keep-alive\n\n" + events({
                   R"({"id":"d","model":"deepseek-reasoner","choices":[{"index":0,"delta":{"role":"assistant","content":null,"reasoning_content":"Hm"}}]})"}) +
                   ": keep-alive\n\n" + events({
                   R"({"id":"d","model":"deepseek-reasoner","choices":[{"index":0,"delta":{"content":"Hi","reasoning_content":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":64,"completion_tokens":9,"total_tokens":73,"prompt_cache_hit_tokens":60,"prompt_cache_miss_tokens":4,"completion_tokens_details":{"reasoning_tokens":7}}})",
                   "[DONE]"}),
               {{"llm.model_name", "deepseek-reasoner"}, {"llm.finish_reason", "stop"},
                {"llm.token_count.prompt", "#64"}, {"llm.token_count.completion", "#9"}, {"llm.token_count.total", "#73"},
                {"llm.token_count.prompt_details.cache_read", "#60"}, {"llm.token_count.completion_details.reasoning", "#7"},
                {"llm.output_messages.0.message.role", "assistant"}, {"llm.output_messages.0.message.content", "Hi"},
                {"llm.output_messages.0.message.contents.0.message_content.type", "reasoning"},
                {"llm.output_messages.0.message.contents.0.message_content.text", "Hm"}});
}

TEST_CASE("LM Studio: the usual form, also of its own API, whose stats are no tokens") {
  for (const char* const url : {"http://localhost:1234/v1/chat/completions", "http://localhost:1234/api/v0/chat/completions"}) {
    check_answer(url, plain,
                 R"({"id":"c","model":"granite","choices":[{"index":0,"logprobs":null,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":24,"completion_tokens":53,"total_tokens":77},"stats":{"tokens_per_second":51.4,"time_to_first_token":0.111,"generation_time":0.954,"stop_reason":"eosFound"},"model_info":{"arch":"granite"}})",
                 {{"llm.model_name", "granite"}, {"llm.finish_reason", "stop"},
                  {"llm.token_count.prompt", "#24"}, {"llm.token_count.completion", "#53"}, {"llm.token_count.total", "#77"},
                  {"llm.output_messages.0.message.role", "assistant"}, {"llm.output_messages.0.message.content", "Hi"}});
  }
}

TEST_CASE("Ollama /v1: reasoning, usage when asked for; its errors have the usual form there") {
  check_answer("http://localhost:11434/v1/chat/completions", streamed, events({
      R"({"id":"chatcmpl-1","model":"qwen3","system_fingerprint":"fp_ollama","choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning":"Ok"},"finish_reason":null}]})",
      R"({"id":"chatcmpl-1","model":"qwen3","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":null}]})",
      R"({"id":"chatcmpl-1","model":"qwen3","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop"}]})",
      R"({"id":"chatcmpl-1","model":"qwen3","choices":[],"usage":{"prompt_tokens":8,"completion_tokens":3,"total_tokens":11}})", "[DONE]"}),
               {{"llm.model_name", "qwen3"}, {"llm.finish_reason", "stop"},
                {"llm.token_count.prompt", "#8"}, {"llm.token_count.completion", "#3"}, {"llm.token_count.total", "#11"},
                {"llm.output_messages.0.message.role", "assistant"}, {"llm.output_messages.0.message.content", "Hi"},
                {"llm.output_messages.0.message.contents.0.message_content.type", "reasoning"},
                {"llm.output_messages.0.message.contents.0.message_content.text", "Ok"}});
}

TEST_CASE("Azure: the model from the path, a first chunk without choices, filter results, a request that is refused") {
  const char* const url = "https://my.openai.azure.com/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21";
  const char* const asked = R"({"messages":[{"role":"user","content":"Hi"}],"stream":true})";
  check_answer(url, asked, events({
      R"({"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false}}}]})",
      R"({"id":"c","model":"gpt-4o","choices":[{"index":0,"content_filter_results":{},"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}]})",
      R"({"id":"c","model":"gpt-4o","choices":[{"index":0,"content_filter_results":{"hate":{"filtered":false}},"delta":{"content":"Hi"},"finish_reason":null}]})",
      R"({"id":"c","model":"gpt-4o","choices":[{"index":0,"content_filter_results":{},"delta":{},"finish_reason":"content_filter"}]})", "[DONE]"}),
               {{"llm.model_name", "gpt-4o"}, {"llm.finish_reason", "content_filter"},
                {"llm.output_messages.0.message.role", "assistant"}, {"llm.output_messages.0.message.content", "Hi"}});
  check(request(url, asked).described(), {{"llm.model_name", "my-gpt"}, {"llm.invocation_parameters", R"({"stream":true})"}, {"llm.input_messages.0.message.role", "user"},
                       {"llm.input_messages.0.message.content", "Hi"}});
  const reading refused = check_answer(url, R"({"messages":[]})",
      R"({"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}})", {});
  CHECK(refused.failure == "content_filter: The response was filtered");
}

TEST_CASE("4.14.3 usage: null, missing, twice, in odd types; what isn't said stays unset, never 0") {
  check(answer(R"({"model":"m","choices":[],"usage":null})"), {{"llm.model_name", "m"}});
  check(answer(R"({"model":"m","choices":[]})"), {{"llm.model_name", "m"}});
  check(answer(R"({"model":"m","usage":{}})"), {{"llm.model_name", "m"}});
  check(answer(R"({"usage":{"prompt_tokens":0,"completion_tokens":null}})"), {{"llm.token_count.prompt", "#0"}});
  check(answer(R"({"usage":{"prompt_tokens":12.0,"completion_tokens":"7","total_tokens":9007199254740993}})"),
        {{"llm.token_count.prompt", "#12"}, {"llm.token_count.completion", "#7"}, {"llm.token_count.total", "#9007199254740993"}});
  check(answer(R"({"usage":{"prompt_tokens":-1,"completion_tokens":1.5,"total_tokens":[],"prompt_tokens_details":"x","completion_tokens_details":7,"cost":"a lot"}})"), {});
  check(answer(R"({"usage":[1,2]})"), {});
  check_answer(openai, streamed, events({R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}})", R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null})",
                                         R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":5}})", R"({"choices":[],"usage":null})"}),
               {{"llm.finish_reason", "stop"}, {"llm.token_count.prompt", "#1"}, {"llm.token_count.completion", "#5"}});
}

TEST_CASE("4.14.4 content: null with tool calls, a list, empty, missing, a refusal") {
  const auto message = [](const std::string& fields) { return answer(R"({"choices":[{"index":0,"message":{)" + fields + "}}]}"); };
  check(message(R"("content":null,"tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}])"),
        {{"llm.output_messages.0.message.tool_calls.0.tool_call.id", "c"}, {"llm.output_messages.0.message.tool_calls.0.tool_call.function.name", "f"},
         {"llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments", "{}"}});
  check(message(R"("content":"")"), {});
  check(message(""), {});
  check(message(R"("content":[])"), {});
  check(message(R"("content":[{"type":"text","text":"a"},{"type":"text","text":""},{"text":"no type"},7,null])"),
        {{"llm.output_messages.0.message.contents.0.message_content.type", "text"}, {"llm.output_messages.0.message.contents.0.message_content.text", "a"},
         {"llm.output_messages.0.message.contents.1.message_content.type", "text"}, {"llm.output_messages.0.message.contents.2.message_content.type", "unknown"},
         {"llm.output_messages.0.message.contents.3.message_content.type", "unknown"}, {"llm.output_messages.0.message.contents.4.message_content.type", "unknown"}});
  check(message(R"("content":null,"refusal":"No.")"), {{"llm.output_messages.0.message.content", "No."}});
  check(message(R"("content":"So far","refusal":"No.")"),
        {{"llm.output_messages.0.message.content", "So far"}, {"llm.output_messages.0.message.contents.0.message_content.type", "text"},
         {"llm.output_messages.0.message.contents.0.message_content.text", "No."}});
  check(message(R"("content":{"a":1})"), {{"llm.output_messages.0.message.content", R"({"a":1})"}});
  check(message(R"("content":null,"audio":{"id":"a","data":"UklG","transcript":"Hello"})"), {{"llm.output_messages.0.message.content", "Hello"}});
}

TEST_CASE("4.14.5 tool arguments: a text as it is, also if it is no JSON; an object as JSON; whole or in fragments") {
  const auto arguments = [](const char* value) {
    return answer(R"({"choices":[{"index":0,"message":{"tool_calls":[{"id":"c","function":{"name":"f","arguments":)" + std::string(value) + "}}]}}]}");
  };
  const auto expected = [](const char* value) {
    attributes out = {{"llm.output_messages.0.message.tool_calls.0.tool_call.id", "c"}, {"llm.output_messages.0.message.tool_calls.0.tool_call.function.name", "f"}};
    if (*value != '\0') out["llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments"] = value;
    return out;
  };
  check(arguments(R"("{\"a\": 1}")"), expected(R"({"a": 1})"));
  check(arguments(R"("{\"a\": ")"), expected(R"({"a": )"));
  check(arguments(R"({"a":1})"), expected(R"({"a":1})"));
  check(arguments(R"("")"), expected(""));
  check(arguments("null"), expected(""));
  check_answer(local, streamed, events({R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":{"a":1}}}]}}]})"}),
               expected(R"({"a":1})"));
}

TEST_CASE("4.14.7 unknown values, odd indexes and types everywhere: recorded where they can be, never a crash") {
  check(answer(R"({"model":7,"choices":[{"index":-5,"finish_reason":"brand_new","message":{"role":"narrator","content":"a"}},{"index":"1","message":{"role":7,"content":"b"}},{"index":1e300,"message":{"content":"c"}},7,null,[],{"message":"text"},{"message":[]}]})"),
        {{"llm.finish_reason", "brand_new"}, {"llm.output_messages.0.message.role", "narrator"}, {"llm.output_messages.0.message.content", "a"},
         {"llm.output_messages.1.message.content", "b"}, {"llm.output_messages.2.message.content", "c"}});
  for (const char* const body : {"null", "[]", "7", "\"text\"", "{}", R"({"choices":{}})", R"({"choices":"x"})", R"({"choices":[[[]]]})", R"({"choices":[{"message":{"tool_calls":{}}}]})"}) {
    INFO(body);
    CHECK(answer(body).empty());
  }
  check(answer(R"({"choices":[{"message":{"tool_calls":[7,null,{"function":[]},{"id":{}}],"function_call":"x"}}]})"), {});
  check(request(openai, R"({"model":["m"],"messages":[7,null,[],"text",{"role":["x"],"content":7}],"tools":{"a":1}})").described(),
        {{"llm.invocation_parameters", R"({"model":["m"]})"}, {"llm.input_messages.4.message.content", "7"}});
  check_answer(openai, streamed, events({"7", "null", "[]", R"("x")", R"({"choices":7})", R"({"choices":[{"delta":7}]})", R"({"choices":[7]})", R"({"choices":[{"index":{},"delta":{"content":7,"tool_calls":7,"function_call":7,"role":null}}]})",
                                         R"({"choices":[{"delta":{"tool_calls":[7,null,{"index":"x","function":7},{"function":{"name":7,"arguments":7}}]}}]})"}),
               {{"llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments", "7"}});
}

TEST_CASE("4.14.9 zero chunks, half an answer: what came is there") {
  check_answer(openai, streamed, "", {});
  check_answer(openai, streamed, "data: [DONE]\n\n", {});
  check_answer(openai, streamed, events({R"({"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Par"}}]})"}) + "data: {\"choi",
               {{"llm.model_name", "m"}, {"llm.output_messages.0.message.role", "assistant"}, {"llm.output_messages.0.message.content", "Par"}});
}

TEST_CASE("a stream is put together in the form that it has without streaming") {
  const reading call = read({openai, streamed}, events({R"({"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"a"},"finish_reason":null}],"usage":null})",
                                                R"({"id":"c","choices":[{"index":0,"delta":{"content":"b"},"finish_reason":"stop"}]})", R"({"id":"c","choices":[],"usage":{"total_tokens":3}})"}));
  CHECK(call.whole ==
        R"({"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"ab"},"finish_reason":"stop"}],"usage":{"total_tokens":3}})");
}
