// providers_anthropic.cpp: Anthropic's messages: every attribute of requests, answers and streams, and none beside.
#include "providers_golden.hpp"

using golden::attributes;
using golden::below;
using golden::named_events;
using golden::read;
using golden::read_up_to;
using golden::reading;
using golden::request;

namespace {

const std::string url = "https://api.anthropic.com/v1/messages";
const std::string asked = R"({"model":"claude-x","max_tokens":64,"messages":[{"role":"user","content":"Hi"}]})";
const std::string asked_stream = R"({"model":"claude-x","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"Hi"}]})";

std::string message_start(const char* usage) {
  return std::string(R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x-2026","content":[],)") +
         R"("stop_reason":null,"usage":)" + usage + "}}";
}
std::string block_start(int index, const std::string& block) {
  return R"({"type":"content_block_start","index":)" + std::to_string(index) + R"(,"content_block":)" + block + "}";
}
std::string block_delta(int index, const std::string& delta) {
  return R"({"type":"content_block_delta","index":)" + std::to_string(index) + R"(,"delta":)" + delta + "}";
}
std::string block_stop(int index) { return R"({"type":"content_block_stop","index":)" + std::to_string(index) + "}"; }

const std::string everything = R"({"model":"claude-x","max_tokens":64,"temperature":0.5,"stream":true,
    "system":[{"type":"text","text":"Be brief."},{"type":"text","text":"Be kind.","cache_control":{"type":"ephemeral"}}],
    "tools":[{"name":"get_weather","description":"d","input_schema":{"type":"object"}},{"type":"web_search_20250305","name":"web_search"}],
    "tool_choice":{"type":"auto"},"thinking":{"type":"enabled","budget_tokens":1024},
    "messages":[
      {"role":"user","content":[{"type":"text","text":"Look"},
        {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBOR"}},
        {"type":"image","source":{"type":"url","url":"https://example.com/a.png"}},
        {"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"}}]},
      {"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"c2ln"},
        {"type":"redacted_thinking","data":"ZGF0YQ=="},
        {"type":"tool_use","id":"toolu_1","name":"get_weather","input":{"city":"Paris"}},
        {"type":"server_tool_use","id":"srv_1","name":"web_search","input":{"query":"q"}},
        {"type":"tool_use","id":"toolu_2","name":"now","input":{}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"18 C"},
        {"type":"tool_result","tool_use_id":"toolu_2","content":[{"type":"text","text":"noon"}],"is_error":true},
        {"type":"text","text":"Go on"}]},
      {"role":"assistant","content":"Well"}]})";
const std::string tool_answer = R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-x-2026",
    "content":[{"type":"text","text":"I look."},{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{"city":"Paris"}}],
    "stop_reason":"tool_use","stop_sequence":null,
    "usage":{"input_tokens":10,"cache_creation_input_tokens":300,"cache_read_input_tokens":2000,"output_tokens":48,"service_tier":"standard"}})";

/// A request whose only message is this one.
attributes of_message(const std::string& message) {
  auto found = request(url, R"({"model":"m","max_tokens":1,"messages":[)" + message + "]}").described();
  found.erase("llm.model_name");
  found.erase("llm.request.model_name");
  found.erase("llm.invocation_parameters");
  return found;
}

bool claimed(const std::string& at, const std::string& body) {
  const request one(at, body);
  return one.known() && one.name() == "anthropic";
}

}  // namespace

TEST_CASE("Anthropic: which requests are messages") {
  CHECK(claimed(url, asked));
  CHECK(claimed("/v1/messages", asked));
  CHECK(claimed("http://localhost:4000/anthropic/v1/messages/", asked));
  CHECK(claimed("https://api.anthropic.com/messages?beta=true", asked));
  CHECK(claimed(url, "too long, or not JSON"));
  CHECK_FALSE(claimed("https://api.anthropic.com/v1/messages/count_tokens", asked));
  CHECK_FALSE(claimed("https://api.anthropic.com/v1/messages/batches", R"({"requests":[]})"));
  CHECK_FALSE(claimed("https://mail.example.com/v3/messages", "to=a@example.com"));
  CHECK_FALSE(claimed("https://api.openai.com/v1/threads/thread_1/messages", R"({"role":"user","content":"Hi"})"));
  CHECK_FALSE(claimed(url, R"({"messages":[{"to":"+1"}]})"));
}

TEST_CASE("Anthropic: Vertex has the model in the path") {
  const std::string path = "https://eu-aiplatform.googleapis.com/v1/projects/p/locations/eu/publishers/anthropic/models/";
  const std::string body = R"({"anthropic_version":"vertex-2023-10-16","max_tokens":64,"messages":[{"role":"user","content":"Hi"}]})";
  CHECK(claimed(path + "claude-x%4020261101:rawPredict", body));
  CHECK_FALSE(claimed(path + "count-tokens:rawPredict", body));
  CHECK_FALSE(claimed("https://eu-aiplatform.googleapis.com/v1/projects/p/locations/eu/publishers/mistralai/models/m:rawPredict", body));
  CHECK_GOLDEN(request(path + "claude-x%4020261101:rawPredict", body).described(),
               {{"llm.model_name", "claude-x@20261101"},
                {"llm.request.model_name", "claude-x@20261101"},
                {"llm.invocation_parameters", R"({"anthropic_version":"vertex-2023-10-16","max_tokens":64})"},
                {"llm.input_messages.0.message.role", "user"},
                {"llm.input_messages.0.message.content", "Hi"}});
  CHECK_FALSE(request(path + "claude-x:rawPredict", body).streams());
  CHECK(request(path + "claude-x:streamRawPredict", body).streams());
  CHECK(request(url, asked_stream).streams());
}

TEST_CASE("Anthropic: a request with everything") {
  CHECK_GOLDEN(
      request(url, everything).described(),
      {{"llm.model_name", "claude-x"},
       {"llm.request.model_name", "claude-x"},
       {"llm.invocation_parameters",
        R"({"max_tokens":64,"temperature":0.5,"stream":true,"tool_choice":{"type":"auto"},"thinking":{"type":"enabled","budget_tokens":1024}})"},
       {"llm.tools.0.tool.json_schema", R"({"name":"get_weather","description":"d","input_schema":{"type":"object"}})"},
       {"llm.tools.1.tool.json_schema", R"({"type":"web_search_20250305","name":"web_search"})"},
       {"llm.input_messages.0.message.role", "system"},
       {"llm.input_messages.0.message.contents.0.message_content.type", "text"},
       {"llm.input_messages.0.message.contents.0.message_content.text", "Be brief."},
       {"llm.input_messages.0.message.contents.1.message_content.type", "text"},
       {"llm.input_messages.0.message.contents.1.message_content.text", "Be kind."},
       {"llm.input_messages.1.message.role", "user"},
       {"llm.input_messages.1.message.contents.0.message_content.type", "text"},
       {"llm.input_messages.1.message.contents.0.message_content.text", "Look"},
       {"llm.input_messages.1.message.contents.1.message_content.type", "image"},
       {"llm.input_messages.1.message.contents.1.message_content.image.image.url", "data:image/png;base64,iVBOR"},
       {"llm.input_messages.1.message.contents.2.message_content.type", "image"},
       {"llm.input_messages.1.message.contents.2.message_content.image.image.url", "https://example.com/a.png"},
       {"llm.input_messages.1.message.contents.3.message_content.type", "document"},
       {"llm.input_messages.1.message.contents.3.message_content.text",
        R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"}})"},
       {"llm.input_messages.2.message.role", "assistant"},
       {"llm.input_messages.2.message.contents.0.message_content.type", "reasoning"},
       {"llm.input_messages.2.message.contents.0.message_content.text", "Hm"},
       {"llm.input_messages.2.message.contents.0.message_content.signature", "c2ln"},
       {"llm.input_messages.2.message.contents.1.message_content.type", "reasoning"},
       {"llm.input_messages.2.message.contents.1.message_content.data", "ZGF0YQ=="},
       {"llm.input_messages.2.message.contents.2.message_content.type", "tool_use"},
       {"llm.input_messages.2.message.contents.2.tool_call.id", "toolu_1"},
       {"llm.input_messages.2.message.contents.2.tool_call.function.name", "get_weather"},
       {"llm.input_messages.2.message.contents.2.tool_call.function.arguments", R"({"city":"Paris"})"},
       {"llm.input_messages.2.message.tool_calls.0.tool_call.id", "toolu_1"},
       {"llm.input_messages.2.message.tool_calls.0.tool_call.function.name", "get_weather"},
       {"llm.input_messages.2.message.tool_calls.0.tool_call.function.arguments", R"({"city":"Paris"})"},
       {"llm.input_messages.2.message.contents.3.message_content.type", "server_tool_use"},
       {"llm.input_messages.2.message.contents.3.tool_call.id", "srv_1"},
       {"llm.input_messages.2.message.contents.3.tool_call.function.name", "web_search"},
       {"llm.input_messages.2.message.contents.3.tool_call.function.arguments", R"({"query":"q"})"},
       {"llm.input_messages.2.message.contents.4.message_content.type", "tool_use"},
       {"llm.input_messages.2.message.contents.4.tool_call.id", "toolu_2"},
       {"llm.input_messages.2.message.contents.4.tool_call.function.name", "now"},
       {"llm.input_messages.2.message.contents.4.tool_call.function.arguments", "{}"},
       {"llm.input_messages.2.message.tool_calls.1.tool_call.id", "toolu_2"},
       {"llm.input_messages.2.message.tool_calls.1.tool_call.function.name", "now"},
       {"llm.input_messages.2.message.tool_calls.1.tool_call.function.arguments", "{}"},
       {"llm.input_messages.3.message.role", "tool"},
       {"llm.input_messages.3.message.tool_call_id", "toolu_1"},
       {"llm.input_messages.3.message.content", "18 C"},
       {"llm.input_messages.4.message.role", "tool"},
       {"llm.input_messages.4.message.tool_call_id", "toolu_2"},
       {"llm.input_messages.4.message.content", R"([{"type":"text","text":"noon"}])"},
       {"llm.input_messages.5.message.role", "user"},
       {"llm.input_messages.5.message.contents.0.message_content.type", "text"},
       {"llm.input_messages.5.message.contents.0.message_content.text", "Go on"},
       {"llm.input_messages.6.message.role", "assistant"},
       {"llm.input_messages.6.message.content", "Well"}});
}

TEST_CASE("Anthropic: a system prompt as text is message 0, none and an empty one are no message") {
  const auto with = [](const std::string& system) {
    return below("llm.input_messages.", request(url, R"({"model":"m","max_tokens":1,)" + system + R"("messages":[{"role":"user","content":"Hi"}]})").described());
  };
  CHECK_GOLDEN(with(R"("system":"Be brief.",)"),
               {{"0.message.role", "system"}, {"0.message.content", "Be brief."}, {"1.message.role", "user"}, {"1.message.content", "Hi"}});
  for (const char* const none : {"", R"("system":"",)", R"("system":[],)", R"("system":null,)", R"("system":7,)"}) {
    CAPTURE(none);
    CHECK_GOLDEN(with(none), {{"0.message.role", "user"}, {"0.message.content", "Hi"}});
  }
}

TEST_CASE("Anthropic: results of tools between other blocks keep their order") {
  CHECK_GOLDEN(of_message(R"({"role":"user","content":[{"type":"text","text":"before"},{"type":"tool_result","tool_use_id":"a","content":0},
                             {"type":"text","text":"between"},{"type":"text","text":"too"},{"type":"tool_result","tool_use_id":"b"}]})"),
               {{"llm.input_messages.0.message.role", "user"},
                {"llm.input_messages.0.message.contents.0.message_content.type", "text"},
                {"llm.input_messages.0.message.contents.0.message_content.text", "before"},
                {"llm.input_messages.1.message.role", "tool"},
                {"llm.input_messages.1.message.tool_call_id", "a"},
                {"llm.input_messages.1.message.content", "0"},
                {"llm.input_messages.2.message.role", "user"},
                {"llm.input_messages.2.message.contents.0.message_content.type", "text"},
                {"llm.input_messages.2.message.contents.0.message_content.text", "between"},
                {"llm.input_messages.2.message.contents.1.message_content.type", "text"},
                {"llm.input_messages.2.message.contents.1.message_content.text", "too"},
                {"llm.input_messages.3.message.role", "tool"},
                {"llm.input_messages.3.message.tool_call_id", "b"}});
}

TEST_CASE("Anthropic: an image that a tool gave is an image, which can be hidden as such") {
  CHECK_GOLDEN(of_message(R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"see"},
                             {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBOR"}}]}]})"),
               {{"llm.input_messages.0.message.role", "tool"},
                {"llm.input_messages.0.message.tool_call_id", "a"},
                {"llm.input_messages.0.message.contents.0.message_content.type", "text"},
                {"llm.input_messages.0.message.contents.0.message_content.text", "see"},
                {"llm.input_messages.0.message.contents.1.message_content.type", "image"},
                {"llm.input_messages.0.message.contents.1.message_content.image.image.url", "data:image/png;base64,iVBOR"}});
}

TEST_CASE("Anthropic: of a block that has no form of its own the type and the block, without files") {
  const auto found = request(url, R"({"model":"claude-x","max_tokens":64,"messages":[{"role":"user","content":[
      {"type":"document","title":"T","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}},
      {"type":"search_result","content":[{"type":"text","text":"t"}]}]}]})").described();
  CHECK_GOLDEN(below("llm.input_messages.0.message.contents.", found),
               {{"0.message_content.type", "document"},
                {"0.message_content.text",
                 R"({"type":"document","title":"T","source":{"type":"base64","media_type":"application/pdf","data":"__REDACTED__"}})"},
                {"1.message_content.type", "search_result"},
                {"1.message_content.text", R"({"type":"search_result","content":[{"type":"text","text":"t"}]})"}});
}

TEST_CASE("Anthropic: an answer") {
  const reading got = read({url, asked}, tool_answer);
  CHECK(got.failure.empty());
  CHECK_GOLDEN(got.found, {{"llm.model_name", "claude-x-2026"},
                           {"llm.response.model_name", "claude-x-2026"},
                           {"llm.token_count.prompt", "#2310"},
                           {"llm.token_count.completion", "#48"},
                           {"llm.token_count.total", "#2358"},
                           {"llm.token_count.prompt_details.cache_read", "#2000"},
                           {"llm.token_count.prompt_details.cache_write", "#300"},
                           {"llm.finish_reason", "tool_use"},
                           {"llm.output_messages.0.message.role", "assistant"},
                           {"llm.output_messages.0.message.contents.0.message_content.type", "text"},
                           {"llm.output_messages.0.message.contents.0.message_content.text", "I look."},
                           {"llm.output_messages.0.message.contents.1.message_content.type", "tool_use"},
                           {"llm.output_messages.0.message.contents.1.tool_call.id", "toolu_1"},
                           {"llm.output_messages.0.message.contents.1.tool_call.function.name", "get_weather"},
                           {"llm.output_messages.0.message.contents.1.tool_call.function.arguments", R"({"city":"Paris"})"},
                           {"llm.output_messages.0.message.tool_calls.0.tool_call.id", "toolu_1"},
                           {"llm.output_messages.0.message.tool_calls.0.tool_call.function.name", "get_weather"},
                           {"llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments", R"({"city":"Paris"})"}});
}

TEST_CASE("Anthropic: counts that aren't there or are nonsense stay away, 0 is a count; details of 0 stay away") {
  const auto usage = [](const std::string& given) {
    return below("llm.token_count.", read({url, asked}, R"({"role":"assistant","content":[],"usage":)" + given + "}").found);
  };
  CHECK_GOLDEN(usage("null"), {});
  CHECK_GOLDEN(usage("{}"), {});
  CHECK_GOLDEN(usage(R"({"input_tokens":0,"output_tokens":0,"cache_read_input_tokens":0})"), {{"prompt", "#0"}, {"completion", "#0"}, {"total", "#0"}});
  CHECK_GOLDEN(usage(R"({"cache_read_input_tokens":7})"), {{"prompt", "#7"}, {"prompt_details.cache_read", "#7"}});
  CHECK_GOLDEN(usage(R"({"input_tokens":5})"), {{"prompt", "#5"}});
  CHECK_GOLDEN(usage(R"({"output_tokens":9,"output_tokens_details":{"thinking_tokens":4}})"), {{"completion", "#9"}, {"completion_details.reasoning", "#4"}});
  CHECK_GOLDEN(usage(R"({"input_tokens":"5","output_tokens":7.0,"cache_read_input_tokens":null})"), {{"prompt", "#5"}, {"completion", "#7"}, {"total", "#12"}});
  CHECK_GOLDEN(usage(R"({"input_tokens":9223372036854775807,"cache_read_input_tokens":9223372036854775807,"output_tokens":-1})"), {});
}

TEST_CASE("Anthropic: a stream is read as the same answer without streaming, wherever its bytes are cut") {
  const reading got = read({url, asked_stream},
      named_events({message_start(R"({"input_tokens":10,"cache_creation_input_tokens":300,"cache_read_input_tokens":2000,"output_tokens":1})"),
              block_start(0, R"({"type":"thinking","thinking":"","signature":""})"), R"({"type":"ping"})",
              block_delta(0, R"({"type":"thinking_delta","thinking":"Let me "})"), block_delta(0, R"({"type":"thinking_delta","thinking":"see"})"),
              block_delta(0, R"({"type":"signature_delta","signature":"c2ln"})"), block_stop(0),
              block_start(1, R"({"type":"text","text":""})"), block_delta(1, R"({"type":"text_delta","text":"Gr\u00fc"})"),
              block_delta(1, "{\"type\":\"text_delta\",\"text\":\"\xc3\x9f \xf0\x9f\x98\x80\"}"), block_stop(1),
              block_start(2, R"({"type":"tool_use","id":"toolu_1","name":"get_weather","input":{}})"),
              block_delta(2, R"({"type":"input_json_delta","partial_json":""})"),
              block_delta(2, R"({"type":"input_json_delta","partial_json":"{\"ci"})"),
              block_delta(2, R"({"type":"input_json_delta","partial_json":"ty\": \"Paris\"}"})"), block_stop(2),
              block_start(3, R"({"type":"tool_use","id":"toolu_2","name":"now","input":{}})"),
              block_delta(3, R"({"type":"input_json_delta","partial_json":""})"), block_stop(3),
              R"({"type":"message_delta","delta":{"stop_reason":null},"usage":{"output_tokens":20}})",
              R"({"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":12,"output_tokens":48}})",
              R"({"type":"message_stop"})"}));
  CHECK(got.failure.empty());
  CHECK(got.brought);
  CHECK(got.whole == "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-x-2026\",\"content\":["
                       "{\"type\":\"thinking\",\"thinking\":\"Let me see\",\"signature\":\"c2ln\"},"
                       "{\"type\":\"text\",\"text\":\"Gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"},"
                       "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"get_weather\",\"input\":{\"city\":\"Paris\"}},"
                       "{\"type\":\"tool_use\",\"id\":\"toolu_2\",\"name\":\"now\",\"input\":{}}],"
                       "\"stop_reason\":\"tool_use\",\"usage\":{\"input_tokens\":12,\"cache_creation_input_tokens\":300,"
                       "\"cache_read_input_tokens\":2000,\"output_tokens\":48}}");
  CHECK_GOLDEN(got.found, {{"llm.model_name", "claude-x-2026"},
                           {"llm.response.model_name", "claude-x-2026"},
                           {"llm.token_count.prompt", "#2312"},
                           {"llm.token_count.completion", "#48"},
                           {"llm.token_count.total", "#2360"},
                           {"llm.token_count.prompt_details.cache_read", "#2000"},
                           {"llm.token_count.prompt_details.cache_write", "#300"},
                           {"llm.finish_reason", "tool_use"},
                           {"llm.output_messages.0.message.role", "assistant"},
                           {"llm.output_messages.0.message.contents.0.message_content.type", "reasoning"},
                           {"llm.output_messages.0.message.contents.0.message_content.text", "Let me see"},
                           {"llm.output_messages.0.message.contents.0.message_content.signature", "c2ln"},
                           {"llm.output_messages.0.message.contents.1.message_content.type", "text"},
                           {"llm.output_messages.0.message.contents.1.message_content.text", "Gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"},
                           {"llm.output_messages.0.message.contents.2.message_content.type", "tool_use"},
                           {"llm.output_messages.0.message.contents.2.tool_call.id", "toolu_1"},
                           {"llm.output_messages.0.message.contents.2.tool_call.function.name", "get_weather"},
                           {"llm.output_messages.0.message.contents.2.tool_call.function.arguments", R"({"city":"Paris"})"},
                           {"llm.output_messages.0.message.tool_calls.0.tool_call.id", "toolu_1"},
                           {"llm.output_messages.0.message.tool_calls.0.tool_call.function.name", "get_weather"},
                           {"llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments", R"({"city":"Paris"})"},
                           {"llm.output_messages.0.message.contents.3.message_content.type", "tool_use"},
                           {"llm.output_messages.0.message.contents.3.tool_call.id", "toolu_2"},
                           {"llm.output_messages.0.message.contents.3.tool_call.function.name", "now"},
                           {"llm.output_messages.0.message.contents.3.tool_call.function.arguments", "{}"},
                           {"llm.output_messages.0.message.tool_calls.1.tool_call.id", "toolu_2"},
                           {"llm.output_messages.0.message.tool_calls.1.tool_call.function.name", "now"},
                           {"llm.output_messages.0.message.tool_calls.1.tool_call.function.arguments", "{}"}});
}

TEST_CASE("Anthropic: the first output of a stream is its first text or the first block that says something") {
  const auto brought = [](const std::string& event) { return read({url, asked_stream}, named_events({message_start("{}"), event})).brought; };
  CHECK_FALSE(brought(R"({"type":"ping"})"));
  CHECK_FALSE(brought(block_start(0, R"({"type":"text","text":""})")));
  CHECK_FALSE(brought(block_delta(0, R"({"type":"text_delta","text":""})")));
  CHECK(brought(block_delta(0, R"({"type":"text_delta","text":"a"})")));
  CHECK(brought(block_delta(0, R"({"type":"thinking_delta","thinking":"a"})")));
  CHECK(brought(block_start(0, R"({"type":"tool_use","id":"t","name":"now","input":{}})")));
}

TEST_CASE("Anthropic: a stream that breaks off keeps what came") {
  const reading got =
      read({url, asked_stream},
             named_events({message_start(R"({"input_tokens":10,"output_tokens":0})"), block_start(0, R"({"type":"text","text":""})"),
                     block_delta(0, R"({"type":"text_delta","text":"Once"})"), block_stop(0),
                     block_start(1, R"({"type":"tool_use","id":"toolu_1","name":"now","input":{}})"),
                     block_delta(1, R"({"type":"input_json_delta","partial_json":"{\"zone\": \"Eu"})")}) +
                 "event: content_block_delta\ndata: {\"type\":\"content_bl");
  CHECK_GOLDEN(got.found, {{"llm.model_name", "claude-x-2026"},
                           {"llm.response.model_name", "claude-x-2026"},
                                 {"llm.token_count.prompt", "#10"},
                                 {"llm.token_count.completion", "#0"},
                                 {"llm.token_count.total", "#10"},
                                 {"llm.output_messages.0.message.role", "assistant"},
                                 {"llm.output_messages.0.message.contents.0.message_content.type", "text"},
                                 {"llm.output_messages.0.message.contents.0.message_content.text", "Once"},
                                 {"llm.output_messages.0.message.contents.1.message_content.type", "tool_use"},
                                 {"llm.output_messages.0.message.contents.1.tool_call.id", "toolu_1"},
                                 {"llm.output_messages.0.message.contents.1.tool_call.function.name", "now"},
                                 {"llm.output_messages.0.message.contents.1.tool_call.function.arguments", "{\"zone\": \"Eu"},
                                 {"llm.output_messages.0.message.tool_calls.0.tool_call.id", "toolu_1"},
                                 {"llm.output_messages.0.message.tool_calls.0.tool_call.function.name", "now"},
                                 {"llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments", "{\"zone\": \"Eu"}});
}

TEST_CASE("Anthropic: input of a tool that is no JSON in the end stays as the model wrote it") {
  const reading got = read({url, asked_stream}, named_events({message_start("{}"), block_start(0, R"({"type":"tool_use","id":"t","name":"now"})"),
                                 block_delta(0, R"({"type":"input_json_delta","partial_json":"{\"zone\": oops}"})"), block_stop(0)}));
  CHECK(got.found.at("llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments") == "{\"zone\": oops}");
}

TEST_CASE("Anthropic: blocks of a stream whose numbers don't begin with 0, or aren't there") {
  for (const bool numbered : {true, false}) {
    std::string stream = named_events({message_start("{}"), block_start(1, R"({"type":"text","text":""})"), block_delta(1, R"({"type":"text_delta","text":"a"})"),
                                 block_delta(1, R"({"type":"text_delta","text":"b"})"), block_stop(1), block_start(2, R"({"type":"text","text":""})"),
                                 block_delta(2, R"({"type":"text_delta","text":"c"})"), block_stop(2)});
    for (std::size_t at; !numbered && (at = stream.find("\"index\":")) != std::string::npos;) stream.erase(at, 10);
    CAPTURE(numbered);
    CHECK_GOLDEN(below("llm.output_messages.0.message.contents.", read({url, asked_stream}, stream).found),
                 {{"0.message_content.type", "text"},
                  {"0.message_content.text", "ab"},
                  {"1.message_content.type", "text"},
                  {"1.message_content.text", "c"}});
  }
}

TEST_CASE("Anthropic: what is told beside the text of a stream is in the answer: citations, results of the provider's tools") {
  const reading got = read({url, asked_stream},
      named_events({message_start("{}"), block_start(0, R"({"type":"server_tool_use","id":"s","name":"web_search","input":{}})"),
              block_delta(0, R"({"type":"input_json_delta","partial_json":"{\"query\":\"q\"}"})"), block_stop(0),
              block_start(1, R"({"type":"web_search_tool_result","tool_use_id":"s","content":[{"type":"web_search_result","title":"T"}]})"), block_stop(1),
              block_start(2, R"({"type":"text","text":"","citations":[]})"), block_delta(2, R"({"type":"citations_delta","citation":{"title":"T"}})"),
              block_delta(2, R"({"type":"text_delta","text":"x"})"), block_stop(2)}));
  CHECK(got.whole.find(R"({"type":"web_search_tool_result","tool_use_id":"s","content":[{"type":"web_search_result","title":"T"}]})") != std::string::npos);
  CHECK(got.whole.find(R"({"type":"text","text":"x","citations":[{"title":"T"}]})") != std::string::npos);
  CHECK_GOLDEN(below("llm.output_messages.0.message.", got.found), {{"role", "assistant"},
                                                                         {"contents.0.message_content.type", "server_tool_use"},
                                                                         {"contents.0.tool_call.id", "s"},
                                                                         {"contents.0.tool_call.function.name", "web_search"},
                                                                         {"contents.0.tool_call.function.arguments", R"({"query":"q"})"},
                                                                         {"contents.1.message_content.type", "web_search_tool_result"},
                                                                         {"contents.1.message_content.text", R"({"type":"web_search_tool_result","tool_use_id":"s","content":[{"type":"web_search_result","title":"T"}]})"},
                                                                         {"contents.2.message_content.type", "text"},
                                                                         {"contents.2.message_content.text", "x"}});
}

TEST_CASE("Anthropic: errors, as an answer and inside a stream") {
  const std::string body = R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"})";
  const reading plain = read({url, asked}, body);
  CHECK(plain.failure == "overloaded_error: Overloaded");
  CHECK_GOLDEN(plain.found, {});
  const reading stream = read({url, asked_stream},
      named_events({message_start(R"({"input_tokens":3})"), block_start(0, R"({"type":"text","text":""})"), block_delta(0, R"({"type":"text_delta","text":"On"})"), body}));
  CHECK(stream.failure == "overloaded_error: Overloaded");
  CHECK_GOLDEN(stream.found, {{"llm.model_name", "claude-x-2026"},
                              {"llm.response.model_name", "claude-x-2026"},
                              {"llm.token_count.prompt", "#3"},
                              {"llm.output_messages.0.message.role", "assistant"},
                              {"llm.output_messages.0.message.contents.0.message_content.type", "text"},
                              {"llm.output_messages.0.message.contents.0.message_content.text", "On"}});
}

TEST_CASE("Anthropic: a stream of more text than is kept still ends with its usage") {
  std::vector<std::string> pieces = {message_start("{}"), block_start(0, R"({"type":"text","text":""})")};
  for (int n = 0; n < 50; ++n) pieces.push_back(block_delta(0, R"({"type":"text_delta","text":")" + std::string(100, 'a') + "\"}"));
  pieces.push_back(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":900}})");
  const reading got = read_up_to(2000, {url, asked_stream}, named_events(pieces));
  CHECK(got.truncated);
  CHECK(got.whole.size() < 2400);
  CHECK(got.found.at("llm.token_count.completion") == "#900");
  CHECK(got.found.at("llm.finish_reason") == "end_turn");
}

TEST_CASE("Anthropic: anything may stand anywhere") {
  golden::check_bears_anything(url, everything, {tool_answer, message_start(R"({"input_tokens":10})"), block_start(0, R"({"type":"tool_use","id":"t","name":"now","input":{}})"),
                                block_delta(0, R"({"type":"input_json_delta","partial_json":"{}"})"), block_stop(0),
                                block_start(1, R"({"type":"text","text":""})"), block_delta(1, R"({"type":"text_delta","text":"a"})"),
                                block_delta(1, R"({"type":"citations_delta","citation":{"title":"T"}})"), block_stop(1),
                                R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":48}})"});
}
