// providers_openai_responses.cpp: OpenAI's responses: every attribute of requests, answers and streams, and none beside.
#include "providers_golden.hpp"

using golden::attributes;
using golden::below;
using golden::difference;
using golden::named_events;
using golden::read;
using golden::read_up_to;
using golden::reading;
using golden::request;

namespace {

const std::string url = "https://api.openai.com/v1/responses";
const std::string asked = R"({"model":"gpt-x","input":"Hi"})";
const std::string asked_stream = R"({"model":"gpt-x","input":"Hi","stream":true})";

const std::string everything = R"({"model":"gpt-x","instructions":"Be brief.","previous_response_id":"resp_0","stream":true,"temperature":0.5,
        "reasoning":{"effort":"low"},"tools":[{"type":"function","name":"now","parameters":{"type":"object"}},{"type":"web_search"}],
        "input":[{"role":"user","content":"Hi"},
                 {"type":"message","role":"user","content":[{"type":"input_text","text":"Look"},
                   {"type":"input_image","detail":"auto","image_url":"https://example.com/a.png"},{"type":"input_file","file_id":"f"},
                   {"type":"input_audio","input_audio":{"data":"UklGR","format":"wav"}}]},
                 {"type":"function_call","call_id":"call_1","id":"fc_1","name":"now","arguments":"{\"zone\":\"UTC\"}"},
                 {"type":"function_call_output","call_id":"call_1","output":"noon"},
                 {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Noon."},{"type":"refusal","refusal":"No."}]}]})";
const std::string calls_answer = R"({"id":"r","object":"response","status":"completed","error":null,"incomplete_details":null,
    "model":"gpt-x-2026","instructions":"Be brief.","tools":[{"type":"function","name":"now","strict":true}],
    "output":[{"id":"rs","type":"reasoning","summary":[]},{"type":"function_call","id":"fc","call_id":"call_1","name":"now","arguments":"{\"zone\":\"UTC\"}"},
      {"type":"function_call","id":"fc2","call_id":"call_2","name":"now","arguments":"{\"zone\":\"CET\"}"},
      {"id":"m","type":"message","role":"assistant","content":[{"type":"output_text","text":"Noon.","annotations":[]}]}],
    "usage":{"input_tokens":20,"input_tokens_details":{"cached_tokens":16},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":3},"total_tokens":27}})";

bool claimed(const std::string& at, const std::string& body) {
  const request one(at, body);
  return one.known() && one.span_name() == "Response";
}

/// The message that an item is, in the request; in an answer it is the same.
attributes of_item(const std::string& item) {
  const auto in = below("llm.input_messages.0.message.", request(url, R"({"model":"m","input":[)" + item + "]}").described());
  const auto out = below("llm.output_messages.0.message.", read({url, asked}, R"({"output":[)" + item + "]}").found);
  CHECK(in == out);
  return in;
}

/// A stream up to, and without, its last event.
std::vector<std::string> begun_stream() {
  return {
      R"({"type":"response.created","response":{"id":"r","status":"in_progress","model":"gpt-x-2026","output":[],"usage":null},"sequence_number":0})",
      R"({"type":"response.in_progress","response":{"id":"r","status":"in_progress","model":"gpt-x-2026","output":[],"usage":null}})",
      R"({"type":"response.output_item.added","output_index":0,"item":{"id":"rs","type":"reasoning","summary":[]}})",
      R"({"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}})",
      R"({"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"Thin"})",
      R"({"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"king"})",
      R"({"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":1,"part":{"type":"summary_text","text":""}})",
      R"({"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":1,"delta":"More"})",
      R"({"type":"response.output_item.added","output_index":1,"item":{"id":"msg","type":"message","role":"assistant","content":[]}})",
      R"({"type":"response.content_part.added","output_index":1,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}})",
      R"({"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":"Gr\u00fc"})",
      "{\"type\":\"response.output_text.delta\",\"output_index\":1,\"content_index\":0,\"delta\":\"\xc3\x9f \xf0\x9f\x98\x80\"}",
      R"({"type":"response.output_item.added","output_index":2,"item":{"id":"fc","type":"function_call","call_id":"call_1","name":"now","arguments":""}})",
      R"({"type":"response.function_call_arguments.delta","output_index":2,"delta":"{\"zone\":"})",
      R"({"type":"response.function_call_arguments.delta","output_index":2,"delta":"\"Eu"})",
  };
}

std::string ended_stream(const std::string& last) {
  auto pieces = begun_stream();
  pieces.push_back(last);
  return named_events(pieces);
}

const attributes partial = {{"llm.model_name", "gpt-x-2026"},
                            {"llm.output_messages.0.message.role", "assistant"},
                            {"llm.output_messages.0.message.contents.0.message_content.type", "reasoning"},
                            {"llm.output_messages.0.message.contents.0.message_content.id", "rs"},
                            {"llm.output_messages.0.message.contents.0.message_content.text", "Thinking\nMore"},
                            {"llm.output_messages.1.message.role", "assistant"},
                            {"llm.output_messages.1.message.contents.0.message_content.type", "text"},
                            {"llm.output_messages.1.message.contents.0.message_content.text", "Gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"},
                            {"llm.output_messages.2.message.role", "assistant"},
                            {"llm.output_messages.2.message.tool_calls.0.tool_call.id", "call_1"},
                            {"llm.output_messages.2.message.tool_calls.0.tool_call.function.name", "now"},
                            {"llm.output_messages.2.message.tool_calls.0.tool_call.function.arguments", "{\"zone\":\"Eu"}};

}  // namespace

TEST_CASE("responses: which requests are of this format") {
  CHECK(claimed(url, asked));
  CHECK(claimed("/v1/responses", R"({"prompt":{"id":"pmpt_1"}})"));
  CHECK(claimed("https://x.openai.azure.com/openai/responses?api-version=2025-04-01-preview", asked));
  CHECK(claimed("https://openrouter.ai/api/v1/responses", asked));
  CHECK(claimed(url, "too long, or not JSON"));
  CHECK_FALSE(claimed("https://api.openai.com/v1/responses/resp_1/cancel", asked));
  CHECK_FALSE(claimed("https://api.openai.com/v1/responses/input_tokens", asked));
  CHECK_FALSE(claimed("https://survey.example.com/surveys/1/responses", asked));
  CHECK_FALSE(claimed(url, R"({"values":{"q1":"yes"}})"));
}

TEST_CASE("responses: a request with everything that is common") {
  CHECK_GOLDEN(
      request(url, everything).described(),
      {{"llm.model_name", "gpt-x"},
       {"llm.invocation_parameters",
        R"({"model":"gpt-x","previous_response_id":"resp_0","stream":true,"temperature":0.5,"reasoning":{"effort":"low"}})"},
       {"llm.tools.0.tool.json_schema", R"({"type":"function","name":"now","parameters":{"type":"object"}})"},
       {"llm.tools.1.tool.json_schema", R"({"type":"web_search"})"},
       {"llm.input_messages.0.message.role", "system"},
       {"llm.input_messages.0.message.content", "Be brief."},
       {"llm.input_messages.1.message.role", "user"},
       {"llm.input_messages.1.message.content", "Hi"},
       {"llm.input_messages.2.message.role", "user"},
       {"llm.input_messages.2.message.contents.0.message_content.type", "text"},
       {"llm.input_messages.2.message.contents.0.message_content.text", "Look"},
       {"llm.input_messages.2.message.contents.1.message_content.type", "image"},
       {"llm.input_messages.2.message.contents.1.message_content.image.image.url", "https://example.com/a.png"},
       {"llm.input_messages.2.message.contents.2.message_content.type", "input_file"},
       {"llm.input_messages.2.message.contents.3.message_content.type", "audio"},
       {"llm.input_messages.2.message.contents.3.message_content.audio.audio.url", "data:audio/wav;base64,UklGR"},
       {"llm.input_messages.2.message.contents.3.message_content.audio.audio.mime_type", "audio/wav"},
       {"llm.input_messages.3.message.role", "assistant"},
       {"llm.input_messages.3.message.tool_calls.0.tool_call.id", "call_1"},
       {"llm.input_messages.3.message.tool_calls.0.tool_call.function.name", "now"},
       {"llm.input_messages.3.message.tool_calls.0.tool_call.function.arguments", R"({"zone":"UTC"})"},
       {"llm.input_messages.4.message.role", "tool"},
       {"llm.input_messages.4.message.tool_call_id", "call_1"},
       {"llm.input_messages.4.message.content", "noon"},
       {"llm.input_messages.5.message.role", "assistant"},
       {"llm.input_messages.5.message.contents.0.message_content.type", "text"},
       {"llm.input_messages.5.message.contents.0.message_content.text", "Noon."},
       {"llm.input_messages.5.message.contents.1.message_content.type", "text"},
       {"llm.input_messages.5.message.contents.1.message_content.text", "No."}});
}

TEST_CASE("responses: a text as input is the next message, whether there are instructions or not") {
  CHECK_GOLDEN(below("llm.input_messages.", request(url, asked).described()), {{"0.message.role", "user"}, {"0.message.content", "Hi"}});
  CHECK_GOLDEN(below("llm.input_messages.", request(url, R"({"model":"m","instructions":"Be brief.","input":"Hi"})").described()),
               {{"0.message.role", "system"}, {"0.message.content", "Be brief."}, {"1.message.role", "user"}, {"1.message.content", "Hi"}});
}

TEST_CASE("responses: items of every kind, the same in requests and answers") {
  CHECK_GOLDEN(of_item(R"({"type":"function_call","id":"fc_1","call_id":"c","name":"now","arguments":"{}"})"),
               {{"role", "assistant"}, {"tool_calls.0.tool_call.id", "c"}, {"tool_calls.0.tool_call.function.name", "now"}});
  CHECK_GOLDEN(of_item(R"({"type":"custom_tool_call","call_id":"c","name":"sql","input":"select \"a\""})"),
               {{"role", "assistant"},
                {"tool_calls.0.tool_call.id", "c"},
                {"tool_calls.0.tool_call.function.name", "sql"},
                {"tool_calls.0.tool_call.function.arguments", R"({"input":"select \"a\""})"}});
  CHECK_GOLDEN(of_item(R"({"type":"custom_tool_call_output","call_id":"c","output":[{"type":"input_text","text":"1"}]})"),
               {{"role", "tool"}, {"tool_call_id", "c"}, {"content", R"([{"type":"input_text","text":"1"}])"}});
  CHECK_GOLDEN(of_item(R"({"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"data:image/png;base64,iVBOR"}]})"),
               {{"role", "tool"},
                {"tool_call_id", "c"},
                {"contents.0.message_content.type", "image"},
                {"contents.0.message_content.image.image.url", "data:image/png;base64,iVBOR"}});
  CHECK_GOLDEN(of_item(R"({"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"gAAA"})"),
               {{"role", "assistant"},
                {"contents.0.message_content.type", "reasoning"},
                {"contents.0.message_content.id", "rs"},
                {"contents.0.message_content.text", "a\nb"},
                {"contents.0.message_content.encrypted_content", "gAAA"}});
  CHECK_GOLDEN(of_item(R"({"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"a"}]})"),
               {{"role", "assistant"}, {"contents.0.message_content.type", "reasoning"}, {"contents.0.message_content.text", "a"}});
  CHECK_GOLDEN(of_item(R"({"type":"web_search_call","id":"ws","status":"completed","action":{"type":"search","query":"q"}})"),
               {{"role", "assistant"}, {"tool_calls.0.tool_call.id", "ws"}, {"tool_calls.0.tool_call.function.name", "web_search_call"}});
  CHECK_GOLDEN(of_item(R"({"type":"file_search_call","id":"fs","queries":["q"]})"),
               {{"role", "assistant"}, {"tool_calls.0.tool_call.id", "fs"}, {"tool_calls.0.tool_call.function.name", "file_search_call"}});
  CHECK_GOLDEN(of_item(R"({"type":"computer_call","id":"cu","call_id":"c","action":{"type":"click","x":1}})"),
               {{"role", "assistant"},
                {"tool_calls.0.tool_call.id", "c"},
                {"tool_calls.0.tool_call.function.name", "computer_call"},
                {"tool_calls.0.tool_call.function.arguments", R"({"type":"click","x":1})"}});
  CHECK_GOLDEN(of_item(R"({"type":"computer_call_output","call_id":"c","output":{"type":"computer_screenshot","image_url":"https://example.com/s.png"}})"),
               {{"role", "tool"},
                {"tool_call_id", "c"},
                {"contents.0.message_content.type", "image"},
                {"contents.0.message_content.image.image.url", "https://example.com/s.png"}});
  CHECK_GOLDEN(of_item(R"({"type":"mcp_call","id":"mcp","name":"roll","server_label":"dice","arguments":"{\"sides\":6}","output":"4"})"),
               {{"role", "assistant"},
                {"contents.0.message_content.type", "mcp_call"},
                {"contents.0.tool_call.id", "mcp"},
                {"contents.0.tool_call.function.name", "roll"},
                {"contents.0.tool_call.function.arguments", R"({"sides":6})"}});
  CHECK_GOLDEN(of_item(R"({"type":"mcp_approval_response","approval_request_id":"a","approve":true})"),
               {{"role", "user"}, {"contents.0.message_content.type", "mcp_approval_response"}});
  CHECK_GOLDEN(of_item(R"({"type":"code_interpreter_call","id":"ci","code":"1+1"})"),
               {{"role", "assistant"}, {"contents.0.message_content.type", "code_interpreter_call"}, {"contents.0.message_content.id", "ci"}});
  CHECK_GOLDEN(of_item(R"({"type":"image_generation_call","id":"ig","result":"iVBOR"})"),
               {{"role", "assistant"}, {"contents.0.message_content.type", "image_generation_call"}, {"contents.0.message_content.id", "ig"}});
  CHECK_GOLDEN(of_item(R"({"id":"msg_0"})"),
               {{"role", "assistant"}, {"contents.0.message_content.type", "item_reference"}, {"contents.0.message_content.id", "msg_0"}});
  CHECK_GOLDEN(of_item(R"({"type":"of_tomorrow"})"), {{"role", "assistant"}, {"contents.0.message_content.type", "of_tomorrow"}});
}

TEST_CASE("responses: an answer") {
  const reading got = read({url, asked}, calls_answer);
  CHECK(got.failure.empty());
  CHECK_GOLDEN(got.found, {{"llm.model_name", "gpt-x-2026"},
                           {"llm.token_count.prompt", "#20"},
                           {"llm.token_count.completion", "#7"},
                           {"llm.token_count.total", "#27"},
                           {"llm.token_count.prompt_details.cache_read", "#16"},
                           {"llm.token_count.completion_details.reasoning", "#3"},
                           {"llm.tools.0.tool.json_schema", R"({"type":"function","name":"now","strict":true})"},
                           {"llm.output_messages.0.message.role", "assistant"},
                           {"llm.output_messages.0.message.contents.0.message_content.type", "reasoning"},
                           {"llm.output_messages.0.message.contents.0.message_content.id", "rs"},
                           {"llm.output_messages.1.message.role", "assistant"},
                           {"llm.output_messages.1.message.tool_calls.0.tool_call.id", "call_1"},
                           {"llm.output_messages.1.message.tool_calls.0.tool_call.function.name", "now"},
                           {"llm.output_messages.1.message.tool_calls.0.tool_call.function.arguments", R"({"zone":"UTC"})"},
                           {"llm.output_messages.2.message.role", "assistant"},
                           {"llm.output_messages.2.message.tool_calls.0.tool_call.id", "call_2"},
                           {"llm.output_messages.2.message.tool_calls.0.tool_call.function.name", "now"},
                           {"llm.output_messages.2.message.tool_calls.0.tool_call.function.arguments", R"({"zone":"CET"})"},
                           {"llm.output_messages.3.message.role", "assistant"},
                           {"llm.output_messages.3.message.contents.0.message_content.type", "text"},
                           {"llm.output_messages.3.message.contents.0.message_content.text", "Noon."}});
}

TEST_CASE("responses: a stream's last event is the whole answer, wherever its bytes are cut") {
  const std::string response =
      R"({"id":"r","status":"completed","error":null,"model":"gpt-x-2026","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"All"}]}],)"
      R"("usage":{"input_tokens":20,"output_tokens":7,"total_tokens":27}})";
  const reading got = read({url, asked_stream}, ended_stream(R"({"type":"response.completed","response":)" + response + "}"));
  CHECK(got.failure.empty());
  CHECK(got.brought);
  CHECK(got.whole == response);
  CHECK_GOLDEN(got.found, {{"llm.model_name", "gpt-x-2026"},
                           {"llm.token_count.prompt", "#20"},
                           {"llm.token_count.completion", "#7"},
                           {"llm.token_count.total", "#27"},
                           {"llm.output_messages.0.message.role", "assistant"},
                           {"llm.output_messages.0.message.contents.0.message_content.type", "text"},
                           {"llm.output_messages.0.message.contents.0.message_content.text", "All"}});
}

TEST_CASE("responses: an incomplete answer says why, streamed or not") {
  const std::string response =
      R"({"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"model":"m","output":[{"type":"message","role":"assistant","content":"All"}],"usage":{"input_tokens":2,"output_tokens":1,"total_tokens":3}})";
  const attributes expected = {{"llm.model_name", "m"},
                               {"llm.token_count.prompt", "#2"},
                               {"llm.token_count.completion", "#1"},
                               {"llm.token_count.total", "#3"},
                               {"llm.finish_reason", "max_output_tokens"},
                               {"llm.output_messages.0.message.role", "assistant"},
                               {"llm.output_messages.0.message.content", "All"}};
  const reading plain = read({url, asked}, response);
  CHECK(difference(plain.found, expected) == "");
  const reading stream = read({url, asked_stream}, ended_stream(R"({"type":"response.incomplete","response":)" + response + "}"));
  CHECK(difference(stream.found, expected) == "");
  CHECK(stream.failure.empty());
}

TEST_CASE("responses: a failed answer, streamed or not, is an error in the provider's words") {
  const std::string response = R"({"status":"failed","error":{"code":"server_error","message":"Out of luck"},"model":"m","output":[]})";
  CHECK(read({url, asked}, response).failure == "server_error: Out of luck");
  const reading stream = read({url, asked_stream}, ended_stream(R"({"type":"response.failed","response":)" + response + "}"));
  CHECK(stream.failure == "server_error: Out of luck");
  attributes kept = partial;  // the end has no output
  kept["llm.model_name"] = "m";
  CHECK(difference(stream.found, kept) == "");
  CHECK(read({url, asked_stream}, ended_stream(R"({"type":"response.failed","response":{"error":null}})")).failure == "the response failed");
}

TEST_CASE("responses: an error inside a stream keeps what came, and its code") {
  const reading got =
      read({url, asked_stream}, ended_stream(R"({"type":"error","code":"rate_limit_exceeded","message":"Slow down","param":null,"sequence_number":9})"));
  CHECK(got.failure == "rate_limit_exceeded: Slow down");
  CHECK(difference(got.found, partial) == "");
}

TEST_CASE("responses: error bodies") {
  const reading got =
      read({url, asked}, R"({"error":{"message":"No such model","type":"invalid_request_error","param":"model","code":"model_not_found"}})");
  CHECK(got.failure == "invalid_request_error: No such model");
  CHECK_GOLDEN(got.found, {});
}

TEST_CASE("responses: a stream that breaks off has the output that came") {
  const reading got = read({url, asked_stream}, named_events(begun_stream()));
  CHECK(got.failure.empty());
  CHECK(difference(got.found, partial) == "");
  std::string unnamed = named_events(begun_stream());  // the type is in the data; the name of an event may be missing
  for (std::size_t at; (at = unnamed.find("event: ")) != std::string::npos;) unnamed.erase(at, unnamed.find('\n', at) + 1 - at);
  CHECK(difference(read({url, asked_stream}, unnamed).found, partial) == "");
}

TEST_CASE("responses: an item that is done is as its last event tells it") {
  auto pieces = begun_stream();
  pieces.push_back(R"({"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","call_id":"call_1","name":"now","arguments":"{\"zone\":1}"}})");
  const auto found = read({url, asked_stream}, named_events(pieces)).found;
  CHECK(found.at("llm.output_messages.2.message.tool_calls.0.tool_call.function.arguments") == R"({"zone":1})");
}

TEST_CASE("responses: pieces that nothing announced, and of other kinds") {
  const auto found = read({url, asked_stream},
                            named_events({R"({"type":"response.refusal.delta","output_index":0,"content_index":0,"delta":"No"})",
                                    R"({"type":"response.refusal.delta","output_index":0,"content_index":0,"delta":"."})"}))
                         .whole;
  CHECK(found == R"({"output":[{"content":[{"type":"refusal","refusal":"No."}]}]})");
  CHECK(read({url, asked_stream}, named_events({R"({"type":"response.output_item.added","output_index":0,"item":{"type":"code_interpreter_call","code":""}})",
                                          R"({"type":"response.code_interpreter_call_code.delta","output_index":0,"delta":"1+"})",
                                          R"({"type":"response.code_interpreter_call_code.delta","output_index":0,"delta":"1"})"}))
            .whole == R"({"output":[{"type":"code_interpreter_call","code":"1+1"}]})");
}

TEST_CASE("responses: a part of a stream begins as it was announced") {
  const reading got = read({url, asked_stream},
                           named_events({R"({"type":"response.output_item.added","output_index":0,"item":{"type":"message","role":"assistant"}})",
                                         R"({"type":"response.content_part.added","output_index":0,"content_index":0,"part":{"type":"output_text","text":"a","annotations":[]}})",
                                         R"({"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"b"})"}));
  CHECK(got.whole == R"({"output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"ab","annotations":[]}]}]})");
}

TEST_CASE("responses: the first output of a stream is its first piece of text, thought or call") {
  const auto brought = [](const std::string& event) { return read({url, asked_stream}, named_events({begun_stream()[0], event})).brought; };
  CHECK_FALSE(brought(begun_stream()[1]));
  CHECK_FALSE(brought(begun_stream()[2]));
  CHECK_FALSE(brought(R"({"type":"response.output_text.delta","delta":""})"));
  CHECK(brought(R"({"type":"response.output_text.delta","delta":"a"})"));
  CHECK(brought(begun_stream()[4]));
  CHECK(brought(begun_stream()[13]));
}

TEST_CASE("responses: more than is kept of a stream's pieces is left out, its end is whole") {
  auto pieces = begun_stream();
  for (int n = 0; n < 50; ++n) {
    pieces.push_back(R"({"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":")" + std::string(100, 'a') + "\"}");
  }
  const reading cut = read_up_to(2000, {url, asked_stream}, named_events(pieces));
  CHECK(cut.truncated);
  CHECK(cut.whole.size() < 2600);
  pieces.push_back(R"({"type":"response.completed","response":{"model":"m","output":[{"type":"message","role":"assistant","content":"All"}],"usage":{"input_tokens":2}}})");
  CHECK_GOLDEN(read_up_to(2000, {url, asked_stream}, named_events(pieces)).found, {{"llm.model_name", "m"},
                                                                                  {"llm.token_count.prompt", "#2"},
                                                                                  {"llm.output_messages.0.message.role", "assistant"},
                                                                                  {"llm.output_messages.0.message.content", "All"}});
}

TEST_CASE("responses: anything may stand anywhere") {
  auto pieces = begun_stream();
  pieces.push_back(R"({"type":"response.failed","response":{"error":{"code":"c","message":"m"},"output":[{"type":"message"}]}})");
  pieces.push_back(calls_answer);
  golden::check_bears_anything(url, everything, pieces);
}
