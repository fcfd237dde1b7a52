// instrument_httplib.cpp: calls to models through cpp-httplib become spans, and the program notices nothing of it.
#define ARTHUR_IMPLEMENTATION
#define ARTHUR_WITH_JSON
#include <arthur/testing.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "support/httplib.hpp"

#include <arthur/instrument/httplib.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/variable.hpp"

namespace {

using arthur::testing::capture;
using support::variable;

const std::string chat = "/v1/chat/completions";
const std::string json = "application/json";
const std::string question = R"({"model":"m-1","temperature":0.5,"messages":[{"role":"user","content":"Hi"}]})";
const std::string streamed = R"({"model":"m-1","stream":true,"messages":[{"role":"user","content":"Hi"}]})";
const std::string answer =
    R"({"id":"c","model":"m-1-x","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hello"}}],)"
    R"("usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}})";
const std::vector<std::string> pieces = {
    "data: {\"model\":\"m-1-x\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hel\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3}}\n\ndata: [DONE]\n\n"};
const std::string all_pieces = pieces[0] + pieces[1] + pieces[2];
/// `answer`, compressed.
const std::string zipped = std::string(
    "\037\213\010\000\000\000\000\000\002\003\105\215\301\012\302\060\020\104\377\145\316\051\130\305"
    "\113\276\300\177\020\051\241\135\355\142\222\015\335\025\012\045\377\336\364\240\236\146\146\231"
    "\267\263\201\047\170\214\160\110\062\121\154\076\165\175\267\266\074\316\302\043\051\374\175\003"
    "\347\211\126\370\223\303\223\063\353\074\054\024\124\162\153\253\111\071\140\122\015\057\202\337"
    "\260\110\154\212\240\312\152\041\333\361\112\262\121\163\036\067\212\121\120\353\303\341\363\005"
    "\312\042\251\330\140\362\246\334\346\372\363\001\244\022\311\130\362\357\174\161\060\261\020\377"
    "\275\153\255\073\347\237\043\140\277\000\000\000",
    156);
/// "\xe9\xe8\xe7\xe0 words", which is no UTF-8, compressed in two ways.
const std::string gzip_words = std::string("\037\213\010\000\000\000\000\000\002\003\173\371\342\371\003\205\362\374\242\224\142\000\366\013\325\223\012\000\000\000", 30);
const std::string deflate_words = std::string("\170\234\173\371\342\371\003\205\362\374\242\224\142\000\046\004\005\350", 18);

/// What a request was on the wire.
struct seen {
  std::string line, headers, body;
  bool operator==(const seen& other) const { return line == other.line && headers == other.headers && body == other.body; }
};

/// The other side. Its answer follows from the body and the header X-Mode.
class model_server {
 public:
  model_server() {
    const auto serve = [this](const httplib::Request& q, httplib::Response& a) { take(q, a); };
    server_.Post(".*", serve).Put(".*", serve).Patch(".*", serve).Delete(".*", serve).Get(".*", serve).Options(".*", serve);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~model_server() {
    server_.stop();
    thread_.join();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }
  /// The requests since the last call.
  std::vector<seen> take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(seen_, {});
  }
  std::string last_header(const std::string& name) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = last_headers_.find(name);
    return found == last_headers_.end() ? "" : found->second;
  }

 private:
  void take(const httplib::Request& q, httplib::Response& a) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      seen_.emplace_back();
      seen_.back().line = q.method + " " + q.target;
      for (const auto& line : q.headers) {
        if (line.first != "REMOTE_PORT" && line.first != "LOCAL_PORT") seen_.back().headers += line.first + ": " + line.second + "\n";
      }
      seen_.back().body = q.body;
      last_headers_ = q.headers;
    }
    const std::string mode = q.get_header_value("X-Mode");
    a.set_header("x-request-id", "req-7");
    a.set_header("Set-Cookie", "session=hidden-cookie");
    if (mode == "429") {
      a.status = 429;
      a.set_content(R"({"error":{"type":"rate_limit","message":"slow down"}})", "application/json");
    } else if (mode == "zipped") {
      a.set_header("Content-Encoding", "gzip");
      a.set_content(zipped, "application/octet-stream");  // a type that the server doesn't compress itself
    } else if (mode == "gzip" || mode == "deflate") {
      a.set_header("Content-Encoding", mode);
      a.set_content(mode == "gzip" ? gzip_words : deflate_words, "application/octet-stream");
    } else if (mode == "cut" || q.body.find("\"stream\":true") != std::string::npos) {
      a.set_chunked_content_provider("text/event-stream", [cut = mode == "cut"](std::size_t, httplib::DataSink& to) {
        for (const std::string& piece : pieces) {
          to.write(piece.data(), piece.size());
          if (cut) return false;
        }
        to.done();
        return true;
      });
    } else {
      a.set_content(answer, "application/json");
    }
  }

  httplib::Server server_;
  std::thread thread_;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<seen> seen_;
  httplib::Headers last_headers_;
};

httplib::Request request_of(const std::string& body, const httplib::Headers& headers = {}) {
  httplib::Request out;
  out.method = "POST";
  out.path = chat;
  out.headers = headers;
  out.set_header("Content-Type", json);
  out.body = body;
  return out;
}

/// Sends a request for a stream; `more` sees each piece.
template <class Client>
httplib::Result read_stream(Client& client, std::function<bool(std::string_view)> more, const httplib::Headers& headers = {}) {
  httplib::Request q = request_of(streamed, headers);
  q.content_receiver = [&more](const char* bytes, std::size_t size, auto, auto) { return more(std::string_view(bytes, size)); };
  return client.send(q);
}

std::string everything(const arthur::testing::span& s) { return arthur::testing::to_string(s); }

}  // namespace

TEST_CASE("a call with httplib_client in place of httplib::Client is a complete span") {
  model_server server;
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  {
    ARTHUR_AGENT_SPAN("agent");
    arthur::httplib_client client(server.url());
    const auto result = client.Post(chat, question, json);
    REQUIRE(result);
    CHECK(result->body == answer);
  }
  const auto s = spans.find("ChatCompletion");
  REQUIRE_MESSAGE(s, everything(s));
  CHECK(s.is_child_of(spans.find("agent")));
  CHECK(s.kind == "LLM");
  CHECK(s.status == "OK");
  CHECK(s.attribute("llm.model_name") == "m-1-x");
  CHECK(s.attribute("input.value") == question);
  CHECK(s.attribute("output.value") == answer);
  CHECK(s.attribute("llm.input_messages.0.message.content") == "Hi");
  CHECK(s.attribute("llm.output_messages.0.message.content") == "Hello");
  CHECK(s.attribute("llm.token_count.total") == 15);
  CHECK(s.attribute("http.response.status_code") == 200);
  REQUIRE(s.attribute("http.response.header.x-request-id").list().size() == 1);
  CHECK(s.attribute("http.response.header.x-request-id").list()[0] == "req-7");
  CHECK_FALSE(s.has("llm.provider"));  // nobody knows this host
}

TEST_CASE("a streamed call has its answer, its tokens and the first token, and the receiver gets every byte") {
  model_server server;
  capture spans;
  arthur::httplib_client client(server.url());
  std::string got;
  const auto result = read_stream(client, [&got](std::string_view bytes) { return got += bytes, true; });
  REQUIRE(result);
  CHECK(got == all_pieces);
  CHECK(result->body.empty());
  const auto s = spans.find("ChatCompletion");
  CHECK(s.status == "OK");
  CHECK(s.attribute("llm.output_messages.0.message.content") == "Hello");
  CHECK(s.attribute("llm.token_count.prompt") == 12);
  CHECK(s.has("gen_ai.response.time_to_first_chunk"));
  CHECK(s.events.size() == 1);
  CHECK(s.has("http.response.header.x-request-id"));
}

namespace {

/// Every way to send that all versions of cpp-httplib have; the same for both clients.
template <class Client>
std::vector<httplib::Result> send_everything(Client& client) {
  const httplib::Headers headers = {{"Authorization", "Bearer sk-secret"}, {"X-Mode", "429"}};
  const httplib::Params parameters = {{"a", "b"}};
  httplib::Request by_hand = request_of(question, headers);
  std::vector<httplib::Result> out;
  out.push_back(client.Post(chat));
  out.push_back(client.Post(chat, headers));
  out.push_back(client.Post(chat, question, json));
  out.push_back(client.Post(chat, question, "application/json"));
  out.push_back(client.Post(chat, headers, question, json));
  out.push_back(client.Post(chat.c_str(), {{"X-One", "1"}}, question.c_str(), "application/json"));
  out.push_back(client.Post(chat, question.data(), question.size(), json));
  out.push_back(client.Post(chat, headers, question.data(), question.size(), json));
  out.push_back(client.Post(chat, parameters));
  out.push_back(client.Post(chat, headers, parameters));
  out.push_back(client.Post(chat, question.size(), [](std::size_t at, std::size_t size, httplib::DataSink& to) {
    to.write(question.data() + at, size);
    return true;
  }, json));
  out.push_back(client.Post(chat, headers, [](std::size_t, httplib::DataSink& to) {
    to.write(question.data(), question.size());
    to.done();
    return true;
  }, json));
  out.push_back(client.Post(chat, question, json));
  out.push_back(client.send(by_hand));
  out.push_back(client.Put(chat, question, json));
  out.push_back(client.Patch(chat, question, json));
  out.push_back(client.Delete(chat, question, json));
  out.push_back(client.Get(chat));
  out.push_back(client.Head(chat));
  out.push_back(client.Options(chat));
  out.push_back(client.Post("/v1/other", question, json));
  std::string got;
  out.push_back(read_stream(client, [&got](std::string_view bytes) { return got += bytes, true; }));
  CHECK(got == all_pieces);
  httplib::Response answered;
  auto error = httplib::Error::Success;
  CHECK(client.send(by_hand, answered, error));
  CHECK(answered.status == 429);
  CHECK(by_hand.body == question);
  CHECK(by_hand.get_header_value("traceparent").empty());
  return out;
}

std::size_t calls(const std::vector<arthur::testing::span>& spans) {
  return static_cast<std::size_t>(std::count_if(spans.begin(), spans.end(), [](const auto& s) { return s.name == "ChatCompletion"; }));
}

/// The word between the dashes of a traceparent that names the span.
std::string span_of(const std::string& traceparent) { return traceparent.size() == 55 ? traceparent.substr(36, 16) : ""; }

}  // namespace

TEST_CASE("all verbs and overloads send the same bytes and return the same as with httplib::Client, with and without tracing") {
  model_server server;
  httplib::Client plain(server.url());
  const auto expected = send_everything(plain);
  const auto on_the_wire = server.take();
  const auto same = [&](std::vector<httplib::Result> results) {
    REQUIRE(results.size() == expected.size());
    for (std::size_t n = 0; n < results.size(); ++n) {
      CAPTURE(n);
      REQUIRE(results[n]);
      CHECK(results[n]->status == expected[n]->status);
      CHECK(results[n]->body == expected[n]->body);
      CHECK(results[n]->headers == expected[n]->headers);
    }
    const auto now = server.take();
    REQUIRE(now.size() == on_the_wire.size());
    for (std::size_t n = 0; n < now.size(); ++n) {
      CAPTURE(n);
      CHECK(now[n].line == on_the_wire[n].line);
      CHECK(now[n].headers == on_the_wire[n].headers);
      CHECK(now[n].body == on_the_wire[n].body);
    }
  };
  arthur::httplib_client client(server.url());
  same(send_everything(client));
  capture spans;
  same(send_everything(client));
  // Post with a body 7 times, two of them from a provider that is read as it is sent; send 3 times.
  CHECK(calls(spans.take()) == 10);
}

TEST_CASE("an answer above 400 is an ERROR with its message and its request id") {
  model_server server;
  capture spans;
  arthur::httplib_client client(server.url());
  CHECK(client.Post(chat, {{"X-Mode", "429"}}, question, json)->status == 429);
  const auto s = spans.find("ChatCompletion");
  CHECK(s.status == "ERROR");
  CHECK(s.message == "HTTP 429: rate_limit: slow down");
  CHECK(s.attribute("llm.model_name") == "m-1");
  CHECK(s.attribute("http.response.status_code") == 429);
  CHECK(s.has("http.response.header.x-request-id"));
}

TEST_CASE("without an answer the span is an ERROR that says what cpp-httplib says") {
  int port = 0;
  {
    model_server gone;
    port = gone.port();
  }
  capture spans;
  arthur::httplib_client client("127.0.0.1", port);
  const auto result = client.Post(chat, question, json);
  CHECK_FALSE(result);
  const auto s = spans.find("ChatCompletion");
  CHECK(s.status == "ERROR");
  CHECK(s.message == httplib::to_string(result.error()));
  CHECK(s.attribute("input.value") == question);
  CHECK_FALSE(s.has("http.response.status_code"));
}

TEST_CASE("a stream that breaks off is an ERROR with what came") {
  model_server server;
  capture spans;
  arthur::httplib_client client(server.url());
  std::string got;
  const auto result = read_stream(client, [&got](std::string_view bytes) { return got += bytes, true; }, {{"X-Mode", "cut"}});
  CHECK_FALSE(result);
  CHECK(got == pieces[0]);
  const auto s = spans.find("ChatCompletion");
  CHECK(s.status == "ERROR");
  CHECK(s.message == httplib::to_string(result.error()));
  CHECK(s.attribute("llm.output_messages.0.message.content") == "Hel");
}

TEST_CASE("a stream that the program gives up is UNSET with what came, and its ids") {
  model_server server;
  capture spans;
  arthur::httplib_client client(server.url());
  const auto result = read_stream(client, [](std::string_view) { return false; });
  CHECK(result.error() == httplib::Error::Canceled);
  const auto s = spans.find("ChatCompletion");
  CHECK(s.status == "UNSET");
  CHECK(s.message == "");
  const std::string content = s.attribute("llm.output_messages.0.message.content").text();
  CHECK(content.substr(0, 3) == "Hel");
  CHECK(s.has("http.response.header.x-request-id"));
}

TEST_CASE("a response handler of the program is asked, may stop the call, and is the program's again afterwards") {
  model_server server;
  capture spans;
  arthur::httplib_client client(server.url());
  httplib::Request q = request_of(streamed);
  std::size_t bytes = 0;
  int asked = 0;
  q.content_receiver = [&bytes](const char*, std::size_t size, auto, auto) { return bytes += size, true; };
  q.response_handler = [&asked](const httplib::Response& a) { return ++asked != 2 && a.has_header("x-request-id"); };
  httplib::Response answered;
  auto error = httplib::Error::Success;
  CHECK(client.send(q, answered, error));
  CHECK(bytes == all_pieces.size());
  CHECK_FALSE(client.send(q, answered, error));
  CHECK(error == httplib::Error::Canceled);
  CHECK(bytes == all_pieces.size());
  CHECK(q.response_handler(answered) == answered.has_header("x-request-id"));
  CHECK(asked == 3);
  const auto all = spans.take();
  REQUIRE(all.size() == 2);
  CHECK(all[0].status == "OK");
  CHECK(all[1].status == "UNSET");
  CHECK(all[1].has("http.response.header.x-request-id"));
}

#if ARTHUR_HAS_EXCEPTIONS
TEST_CASE("an exception of the receiver passes through, and the span says so") {
  model_server server;
  capture spans;
  arthur::httplib_client client(server.url());
  httplib::Request q = request_of(streamed);
  q.content_receiver = [](const char*, std::size_t, auto, auto) -> bool { throw std::runtime_error("mine"); };
  httplib::Response answered;
  auto error = httplib::Error::Success;
  CHECK_THROWS_WITH_AS(client.send(q, answered, error), "mine", std::runtime_error);
  CHECK_THROWS_WITH_AS(q.content_receiver("", 0, 0, 0), "mine", std::runtime_error);  // it is the program's again
  CHECK_FALSE(q.response_handler);
  const auto s = spans.find("ChatCompletion");
  CHECK(s.status == "ERROR");
  CHECK(s.has("llm.output_messages.0.message.content"));
}
#endif

TEST_CASE("while the call runs its span isn't current: what the receiver opens stands beside it") {
  model_server server;
  capture spans;
  arthur::httplib_client client(server.url());
  {
    ARTHUR_AGENT_SPAN("agent");
    const std::string here = arthur::current_span_id().c_str();
    read_stream(client, [&here](std::string_view) {
      CHECK(here == arthur::current_span_id().c_str());
      ARTHUR_TOOL_SPAN("inside");
      return true;
    });
  }
  const auto agent = spans.find("agent");
  CHECK(spans.find("inside").is_child_of(agent));
  CHECK(spans.find("ChatCompletion").is_child_of(agent));
}

TEST_CASE("one request seen by two hooks is one span; a repeated one is a span of its own") {
  model_server server;
  capture spans;
  arthur::httplib_client client(server.url());
  SUBCASE("a wire_call of the program around the client's") {
    arthur::wire_call call("POST", server.url() + chat, question);
    const auto result = client.Post(chat, question, json);
    call.feed(result->body);
    client.Post(chat, question, json);  // the first one is answered: this is another
    call.finish(result->status);
    CHECK(calls(spans.take()) == 2);
  }
  SUBCASE("a wire_call that is fed by the content receiver") {
    arthur::wire_call call("POST", server.url() + chat, streamed);
    const auto result = read_stream(client, [&call](std::string_view bytes) { return call.feed(bytes), true; });
    call.finish(result->status);
    const auto all = spans.take();
    REQUIRE(all.size() == 1);
    CHECK(all[0].attribute("llm.output_messages.0.message.content") == "Hello");
    CHECK(all[0].has("gen_ai.response.time_to_first_chunk"));
  }
  SUBCASE("a traced_request around the client's, however often it tries") {
    const auto result = arthur::traced_request("POST", server.url() + chat, question, [&] {
      client.Post(chat, {{"X-Mode", "429"}}, question, json);
      return client.Post(chat, question, json);
    });
    CHECK(result->body == answer);
    const auto all = spans.take();
    REQUIRE(all.size() == 1);
    CHECK(all[0].status == "OK");
    CHECK(all[0].attribute("output.value") == answer);
    client.Post(chat, question, json);  // the place is free again
    CHECK(calls(spans.take()) == 1);
  }
  SUBCASE("a wire_call for another request") {
    arthur::wire_call call("POST", server.url() + chat, streamed);
    client.Post(chat, question, json);
    call.finish();
    CHECK(calls(spans.take()) == 2);
  }
  SUBCASE("a wire_call on another thread") {
    arthur::wire_call call("POST", server.url() + chat, question);
    std::thread([&] { client.Post(chat, question, json); }).join();
    call.finish();
    CHECK(calls(spans.take()) == 2);
  }
  SUBCASE("repetitions") {
    {
      ARTHUR_AGENT_SPAN("agent");
      for (int n = 0; n < 3; ++n) client.Post(chat, {{"X-Mode", n < 2 ? "429" : ""}}, question, json);
    }
    const auto all = spans.take();
    REQUIRE(all.size() == 4);
    const auto agent = std::find_if(all.begin(), all.end(), [](const auto& s) { return s.name == "agent"; });
    REQUIRE(agent != all.end());
    CHECK(std::count_if(all.begin(), all.end(), [&](const auto& s) { return s.is_child_of(*agent); }) == 3);
    CHECK(std::count_if(all.begin(), all.end(), [&](const auto& s) { return s.status == "ERROR"; }) == 2);
  }
  SUBCASE("the logger of the same client") {
    httplib::Client& as_base = client;
    arthur::instrument(as_base);
    client.Post(chat, question, json);
    CHECK(calls(spans.take()) == 1);
    read_stream(client, [](std::string_view) { return true; });
    CHECK(calls(spans.take()) == 1);
  }
  SUBCASE("a wire_call that has its answer, and another that took its place") {
    arthur::wire_call answered("POST", server.url() + chat, streamed);
    answered.feed("data: ");
    arthur::wire_call call("POST", server.url() + chat, question);
    answered.finish();
    client.Post(chat, question, json);
    call.finish();
    CHECK(calls(spans.take()) == 2);
  }
  SUBCASE("the second of two wire_calls") {
    arthur::wire_call first("POST", server.url() + chat, streamed);
    arthur::wire_call second("POST", server.url() + chat, question);
    client.Post(chat, question, json);
    first.finish();
    second.finish();
    CHECK(calls(spans.take()) == 2);
  }
  SUBCASE("a wire_call of a thread that is gone, whose memory another thread has now") {
    arthur::wire_call call;
    std::thread([&] { call = arthur::wire_call("POST", server.url() + chat, question); }).join();
    std::thread([&] { client.Post(chat, question, json); }).join();
    call.finish();
    CHECK(calls(spans.take()) == 2);
  }
  SUBCASE("more calls under way than are told apart") {
    std::vector<arthur::wire_call> many;
    for (int n = 0; n < 100; ++n) many.emplace_back("POST", server.url() + chat, streamed);
    client.Post(chat, question, json);
    many.clear();
    client.Post(chat, streamed, json);
    CHECK(calls(spans.take()) == 102);
  }
}

TEST_CASE("a moved client traces on") {
  model_server server;
  capture spans;
  arthur::httplib_client client(server.url());
  arthur::httplib_client moved(std::move(client));
  moved.Post(chat, question, json);
  CHECK(calls(spans.take()) == 1);
}

TEST_CASE("no key, no cookie and no query gets into a span") {
  model_server server;
  capture spans;
  arthur::httplib_client client(server.url());
  client.set_bearer_token_auth("sk-secret-0");
  client.Post(chat + "?key=secret-1", {{"api-key", "secret-2"}, {"x-api-key", "secret-3"}, {"x-goog-api-key", "secret-4"}}, question, json);
  client.Post(chat + "?key=secret-1", {{"X-Mode", "429"}}, question, json);
  httplib::Request q = request_of(streamed, {{"api-key", "secret-2"}});
  q.path += "?key=secret-1";
  q.content_receiver = [](const char*, std::size_t, auto, auto) { return true; };
  client.send(q);
  const auto all = spans.take();
  REQUIRE(calls(all) == 3);
  for (const auto& s : all) {
    CHECK(everything(s).find("secret") == std::string::npos);
    CHECK(everything(s).find("hidden-cookie") == std::string::npos);
  }
}

namespace {

/// All that leaves the process: every encoded request and every line for people.
struct outgoing {
  std::mutex mutex;
  std::string bytes;
  std::size_t spans = 0;

  void take(std::string_view more, std::size_t count) {
    const std::lock_guard<std::mutex> lock(mutex);
    bytes.append(more);
    spans += count;
  }
  arthur::options settings() {
    arthur::options out;
    out.schedule_delay = std::chrono::hours(1);
    out.on_batch_user = out.on_diagnostic_user = this;
    out.on_batch = [](void* to, const arthur::batch_view& batch) {
      static_cast<outgoing*>(to)->take({batch.data, batch.size}, batch.spans);
      return true;
    };
    out.on_diagnostic = [](void* to, arthur::severity, const char* line) { static_cast<outgoing*>(to)->take(line, 0); };
    return out;
  }
};

}  // namespace

TEST_CASE("no secret is anywhere in what leaves the process, in neither encoding") {
  model_server server;
  outgoing out;
  arthur::options settings = out.settings();
  SUBCASE("JSON") { settings.protocol = arthur::protocol::http_json; }
  SUBCASE("protobuf") { settings.protocol = arthur::protocol::http_protobuf; }
  {
    const auto tracing = arthur::start(settings);
    REQUIRE_MESSAGE(tracing.ok(), tracing.error());
    const httplib::Headers head = {{"Authorization", "Bearer secret-1"}, {"api-key", "secret-2"}, {"x-goog-api-key", "secret-3"}};
    const std::string path = chat + "?key=secret-4#secret-5";
    arthur::httplib_client client(server.url());
    client.Post(path, head, question, json);
    client.Post(path, head, streamed, json);
    client.send(request_of(question, head));
    const std::string url = "https://me:secret-6@api.openai.com" + path;
    arthur::wire_call("POST", url, question).fail("cut");
    arthur::wire_call("POST", url, question).finish(500);
    arthur::traced_request("POST", url, question, [&] { return client.Post("/v1/other?key=secret-4", head, question, json); });
  }
  CHECK(out.spans == 6);
  CHECK(out.bytes.find("req-7") != std::string::npos);  // the bytes can be searched
  CHECK(out.bytes.find("secret") == std::string::npos);
  CHECK(out.bytes.find("hidden-cookie") == std::string::npos);
}

TEST_CASE("the exporter never traces itself: what its callbacks send is no span") {
  model_server server;
  struct sending {
    arthur::httplib_client client;
    std::size_t spans = 0, batches = 0;
  } own{arthur::httplib_client(server.url())};
  arthur::options settings;
  settings.schedule_delay = std::chrono::hours(1);
  settings.on_batch_user = &own;
  settings.on_batch = [](void* user, const arthur::batch_view& batch) {
    auto& to = *static_cast<sending*>(user);
    to.client.Post(chat, question, json);
    arthur::wire_call("POST", chat, question).finish();
    to.spans += batch.spans;
    ++to.batches;
    return true;
  };
  const auto tracing = arthur::start(settings);
  for (int n = 0; n < 3; ++n) {
    arthur::wire_call("POST", chat, question).finish();
    CHECK(arthur::flush(std::chrono::seconds(60)) == arthur::flush_result::ok);
  }
  CHECK(own.batches >= 3);
  CHECK(own.spans == 3);
  CHECK(server.take().size() == own.batches);
}

TEST_CASE("a compressed answer that cpp-httplib decoded is read; one that it was told to leave is kept unread") {
  model_server server;
  capture spans;
  arthur::httplib_client client(server.url());
  const auto result = client.Post(chat, {{"X-Mode", "zipped"}}, question, json);
  REQUIRE(result);
  CHECK(result->body == answer);
  CHECK(spans.take()[0].attribute("llm.output_messages.0.message.content") == "Hello");
  for (const char* const mode : {"gzip", "deflate"}) {
    CHECK(client.Post(chat, {{"X-Mode", mode}}, question, json)->body == "\xe9\xe8\xe7\xe0 words");
    CHECK(spans.take()[0].has("output.value"));
  }
  client.set_decompress(false);
  CHECK(client.Post(chat, {{"X-Mode", "deflate"}}, question, json)->body == deflate_words);
  CHECK_FALSE(spans.take()[0].has("output.value"));
  CHECK(client.Post(chat, {{"X-Mode", "zipped"}}, question, json)->body == zipped);
  const auto unread = spans.take();
  REQUIRE(unread.size() == 1);
  CHECK(unread[0].status == "OK");
  CHECK_FALSE(unread[0].has("llm.output_messages.0.message.content"));
}

TEST_CASE("hooks and formats are switched off by name") {
  model_server server;
  arthur::httplib_client client(server.url());
  const auto spans_with = [&](const char* name, const char* value) {
    const variable set(name, value);
    capture spans;
    client.Post(chat, question, json);
    arthur::wire_call("POST", chat, question).finish();
    return calls(spans.take());
  };
  CHECK(spans_with("ARTHUR_INSTRUMENT_DISABLED", "") == 2);
  CHECK(spans_with("ARTHUR_INSTRUMENT_DISABLED", "httplib") == 1);
  CHECK(spans_with("ARTHUR_INSTRUMENT_DISABLED", "openai") == 0);
  CHECK(spans_with("ARTHUR_INSTRUMENT_DISABLED", "opnai") == 2);
  CHECK(spans_with("ARTHUR_INSTRUMENT_DISABLED", " Anthropic , OPENAI ") == 0);
  CHECK(spans_with("OTEL_SDK_DISABLED", "true") == 0);
  CHECK(spans_with("ARTHUR_INSTRUMENT_DISABLED", nullptr) == 2);
  for (const auto* dialect : arthur::detail::providers::dialects) {
    CAPTURE(dialect->name);
    const auto& names = arthur::detail::instrument_names;
    CHECK(std::find(std::begin(names), std::end(names), std::string_view(dialect->name)) != std::end(names));
  }
}

TEST_CASE("each format is switched off by its name alone; a name that nobody knows is one clear line") {
  const std::vector<std::array<const char*, 3>> formats = {{"openai", "/v1/responses", R"({"model":"m","input":"Hi"})"},
                                                           {"anthropic", "/v1/messages", R"({"model":"m","messages":[]})"},
                                                           {"google_genai", "/v1beta/models/m:generateContent", R"({"contents":[]})"},
                                                           {"ollama", "/api/chat", R"({"model":"m","messages":[{"role":"user","content":"Hi"}]})"}};
  for (const auto& off : formats) {
    CAPTURE(off[0]);
    const variable set("ARTHUR_INSTRUMENT_DISABLED", off[0]);
    capture spans;
    for (const auto& one : formats) {
      CAPTURE(one[0]);
      CHECK(arthur::wire_call("POST", one[1], one[2]).recording() == (one[0] != off[0]));
    }
  }
  const variable set("ARTHUR_INSTRUMENT_DISABLED", "opnai,httplib");
  outgoing out;
  { const auto tracing = arthur::start(out.settings()); }
  CHECK(out.bytes == "arthur: ARTHUR_INSTRUMENT_DISABLED=\"opnai\" is ignored: the known names are httplib, openai, anthropic, google_genai, ollama");
}

TEST_CASE("traceparent goes to the hosts that the program names, and is that of the call's span") {
  model_server server;
  arthur::httplib_client client(server.url());
  const std::string own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  SUBCASE("to none by default") {
    capture spans;
    ARTHUR_AGENT_SPAN("agent");
    client.Post(chat, question, json);
    CHECK(server.last_header("traceparent") == "");
  }
  SUBCASE("named in code") {
    arthur::options options;
    options.propagate_to = "tools.example.com, 127.0.0.1";
    capture spans(options);
    client.Post(chat, question, json);
    CHECK(span_of(server.last_header("traceparent")) == spans.take()[0].id);
    arthur::httplib_client("127.0.0.1", server.port()).Post(chat, question, json);
    CHECK(span_of(server.last_header("traceparent")) == spans.take()[0].id);
    httplib::Request q = request_of(question);
    httplib::Response answered;
    auto error = httplib::Error::Success;
    {
      ARTHUR_AGENT_SPAN("agent");
      const arthur::remote_parent parent(own, "a=1");
      const std::string here = arthur::current_span_id().c_str();
      client.send(q, answered, error);
      CHECK(here == arthur::current_span_id().c_str());
    }
    CHECK(span_of(server.last_header("traceparent")) == spans.find("ChatCompletion").id);
    CHECK(server.last_header("tracestate") == "a=1");
    CHECK_FALSE(q.has_header("traceparent"));
    CHECK_FALSE(q.has_header("tracestate"));
    q.set_header("traceparent", own);
    client.send(q, answered, error);
    CHECK(server.last_header("traceparent") == own);
    CHECK(q.get_header_value("traceparent") == own);
    spans.take();
    server.take();
    client.Post(chat, {{"traceparent", own}}, question, json);
    CHECK(server.last_header("traceparent") == own);
    const std::string sent = server.take()[0].headers;
    CHECK(sent.find("traceparent") == sent.rfind("traceparent"));
    client.Post("/v1/other", question, json);
    CHECK(server.last_header("traceparent") == "");
  }
  SUBCASE("named in the environment") {
    const variable set("ARTHUR_PROPAGATE_TO", "127.0.0.1");
    capture spans;
    const arthur::remote_parent parent(own, "a=1");
    client.Post(chat, question, json);
    CHECK(span_of(server.last_header("traceparent")) == spans.take()[0].id);
    CHECK(server.last_header("tracestate") == "a=1");
  }
  SUBCASE("a trace that isn't recorded says so") {
    arthur::options options;
    options.propagate_to = "127.0.0.1";
    options.sample_ratio = 0;
    capture spans(options);
    ARTHUR_AGENT_SPAN("agent");
    client.Post(chat, question, json);
    const std::string sent = server.last_header("traceparent");
    CHECK(sent.substr(3, 32) == arthur::current_trace_id().c_str());
    REQUIRE(sent.size() == 55);
    CHECK((sent[54] - '0') % 2 == 0);
    server.take();
    client.send(request_of(question));
    CHECK(server.last_header("traceparent").substr(0, 35) == sent.substr(0, 35));
    arthur::traced_request("POST", chat, question, [&] {
      ARTHUR_TOOL_SPAN("inside");
      return client.Post(chat, question, json);
    });
    CHECK(server.last_header("traceparent").substr(3, 32) == arthur::current_trace_id().c_str());
    CHECK(spans.take().empty());
  }
  SUBCASE("a call that is a trace of its own and isn't recorded: what is inside it isn't, either") {
    arthur::options options;
    options.propagate_to = "127.0.0.1";
    options.sample_ratio = 0;
    capture spans(options);
    std::string inside;
    arthur::traced_request("POST", chat, question, [&] {
      inside = arthur::current_trace_id().c_str();
      arthur::set_sample_ratio(1);  // the trace was decided before
      ARTHUR_TOOL_SPAN("inside");
      return client.Post(chat, question, json);
    });
    const std::string sent = server.last_header("traceparent");
    REQUIRE(sent.size() == 55);
    CHECK(sent.substr(3, 32) == inside);
    CHECK(sent.substr(52) == "-02");
    CHECK(spans.take().empty());
  }
  SUBCASE("the span of a traced_request around it, if that is the one that is recorded") {
    arthur::options options;
    options.propagate_to = "127.0.0.1";
    capture spans(options);
    arthur::traced_request("POST", server.url() + chat, question, [&] { return client.Post(chat, question, json); });
    CHECK(span_of(server.last_header("traceparent")) == spans.take()[0].id);
  }
  SUBCASE("also where the hook is switched off it stays away") {
    const variable set("ARTHUR_INSTRUMENT_DISABLED", "httplib");
    arthur::options options;
    options.propagate_to = "127.0.0.1";
    options.include_usage = true;
    capture spans(options);
    client.Post(chat, streamed, json);
    CHECK(server.last_header("traceparent") == "");
    CHECK(server.take()[0].body == streamed);
  }
  SUBCASE("hosts below the one that is named") {
    arthur::options options;
    options.propagate_to = "Example.COM";
    capture spans(options);
    using arthur::detail::wire_hook;
    const auto traceparent = [](const char* origin) {
      arthur::detail::wire_changes changes;
      const arthur::wire_call call(wire_hook::httplib, "POST", origin, chat, question, changes);
      return changes.traceparent.size();
    };
    CHECK(traceparent("https://example.com") == 55);
    CHECK(traceparent("https://me:pw@LLM.example.com:8443") == 55);
    CHECK(traceparent("https://notexample.com") == 0);
    CHECK(traceparent("https://example.com.evil.org") == 0);
    CHECK(traceparent("https://example.com@evil.org") == 0);
    CHECK(traceparent("https://api.openai.com") == 0);
  }
  SUBCASE("another host that ends alike") {
    arthur::options options;
    options.propagate_to = "7.0.0.1";
    capture spans(options);
    client.Post(chat, question, json);
    CHECK(server.last_header("traceparent") == "");
  }
  SUBCASE("what is no host") {
    arthur::options options;
    options.propagate_to = "http://tools";
    capture spans(options);
    CHECK(spans.error().find("options.propagate_to names \"http://tools\"") == 0);
  }
}

TEST_CASE("include_usage asks streamed chats for their token counts, and only those that say nothing about it") {
  model_server server;
  arthur::httplib_client client(server.url());
  const std::string asking = R"({"stream_options":{"include_usage":true},)" + streamed.substr(1);
  const std::string told = R"({"stream_options":null,)" + streamed.substr(1);
  arthur::options options;
  options.include_usage = true;
  SUBCASE("on") {
    capture spans(options);
    for (const std::string* body : {&streamed, &question, &told}) {
      client.Post(chat, *body, json);
      client.Post(chat, body->data(), body->size(), json);
      client.send(request_of(*body));
    }
    httplib::Request q = request_of(streamed);
    httplib::Response answered;
    auto error = httplib::Error::Success;
    client.send(q, answered, error);
    CHECK(q.body == streamed);
    const auto sent = server.take();
    REQUIRE(sent.size() == 10);
    for (std::size_t n = 0; n < 10; ++n) {
      CAPTURE(n);
      CHECK(sent[n].body == (n < 3 || n == 9 ? asking : n < 6 ? question : told));
    }
    CHECK(spans.take()[0].attribute("input.value") == streamed);  // what the program gave
    // A program that counts the bytes itself has them sent as they are.
    const httplib::Headers counted = {{"Content-Length", std::to_string(streamed.size())}};
    client.send(request_of(streamed, counted));
    client.Post(chat, counted, streamed, json);
    for (const seen& one : server.take()) CHECK(one.body == streamed);
    client.Post(chat, " " + streamed, json);
    CHECK(server.take()[0].body == " " + asking);
  }
  SUBCASE("not in other formats, where it has no meaning") {
    capture spans(options);
    const auto changed = [](const char* path, const std::string& body) {
      arthur::detail::wire_changes changes;
      const arthur::wire_call call(arthur::detail::wire_hook::httplib, "POST", "https://api.openai.com", path, body, changes);
      CHECK(call.recording());
      return changes.body;
    };
    CHECK(changed("/v1/chat/completions", streamed) == asking);
    CHECK(changed("/v1/messages", streamed) == "");
    CHECK(changed("/v1/completions", R"({"model":"m","prompt":"Hi","stream":true})") == "");
    CHECK(changed("/v1/responses", R"({"model":"m","input":"Hi","stream":true})") == "");
  }
  SUBCASE("off by default") {
    capture spans;
    client.Post(chat, streamed, json);
    CHECK(server.take()[0].body == streamed);
  }
  SUBCASE("not for what isn't recorded") {
    options.sample_ratio = 0;
    capture spans(options);
    client.Post(chat, streamed, json);
    CHECK(server.take()[0].body == streamed);
  }
}

TEST_CASE("instrument(cli) traces the answered calls of a client that exists already") {
  model_server server;
  capture spans;
  httplib::Client client(server.url());
  arthur::instrument(client);
  {
    ARTHUR_AGENT_SPAN("agent");
    CHECK(client.Post(chat, question, json)->body == answer);
  }
  auto all = spans.take();
  REQUIRE(calls(all) == 1);
  const auto& s = all[0].name == "agent" ? all[1] : all[0];
  CHECK(s.is_child_of(all[0].name == "agent" ? all[0] : all[1]));
  CHECK(s.status == "OK");
  CHECK(s.attribute("output.value") == answer);
  CHECK(s.attribute("llm.token_count.total") == 15);
  client.Post(chat, {{"X-Mode", "429"}}, question, json);
  CHECK(spans.take()[0].message == "HTTP 429: rate_limit: slow down");
  client.Get(chat);
  client.Post("/v1/other", question, json);
  CHECK(spans.take().empty());
  const auto result = read_stream(client, [](std::string_view) { return true; });
  all = spans.take();
  REQUIRE(all.size() == 1);
  CHECK(all[0].attribute("input.value") == streamed);
  CHECK_FALSE(all[0].has("output.value"));  // the receiver took it
  client.Post(chat, {{"Host", "api.openai.com"}}, question, json);
  CHECK(spans.take()[0].attribute("llm.provider") == "openai");
}

TEST_CASE("instrument(cli) leaves a httplib_client its logger: it is traced already") {
  model_server server;
  capture spans;
  arthur::httplib_client client(server.url());
  int logged = 0;
  client.set_logger([&logged](const httplib::Request&, const httplib::Response&) { ++logged; });
  arthur::instrument(client);
  client.Post(chat, question, json);
  CHECK(logged == 1);
  CHECK(calls(spans.take()) == 1);
}

TEST_CASE("the settings of a start that are those of an earlier one are kept once") {
  const auto installed = [](const char* to, bool usage, const char* off) {
    const variable set("ARTHUR_INSTRUMENT_DISABLED", off);
    arthur::options options;
    options.propagate_to = to;
    options.include_usage = usage;
    const capture spans(options);
    return arthur::detail::the_instrumentation.load();
  };
  const std::vector<const void*> once = {installed("a", false, ""), installed("b", false, ""), installed("a", true, ""), installed("a", false, "ollama")};
  for (std::size_t n = 1; n < once.size(); ++n) CHECK(std::count(once.begin(), once.end(), once[n]) == 1);
  CHECK(installed("b", false, "") == once[1]);
  CHECK(installed("a", false, "ollama") == once[3]);
}
