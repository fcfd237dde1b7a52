// instrument_httplib.cpp: calls to models through cpp-httplib become spans, and the program notices nothing of it.
#define ARTHUR_IMPLEMENTATION
#define ARTHUR_WITH_JSON
#include <arthur/testing.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "support/httplib.hpp"

#include <arthur/instrument/httplib.hpp>

#include <algorithm>
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
