// support_engine.cpp: the stand-in engine keeps its contract; without this no test that uses it means anything.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <future>
#include <limits>
#include <random>
#include <set>
#include <thread>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "../support/engine.hpp"
#include "../support/engine_rules.hpp"
#include "../support/httplib.hpp"

namespace {

using namespace support;
using json = nlohmann::json;

const char* const protobuf = "application/x-protobuf";
const char* const task_id = "11111111-2222-3333-4444-555555555555";

// --- a writer of protobuf, by hand ---

std::string varint(std::uint64_t v) {
  std::string out;
  for (; v >= 0x80; v >>= 7) out += static_cast<char>(v | 0x80);
  return out + static_cast<char>(v);
}
std::string tag(unsigned field, unsigned type) { return varint(field << 3 | type); }
std::string bytes_field(unsigned field, const std::string& body) { return tag(field, 2) + varint(body.size()) + body; }
std::string varint_field(unsigned field, std::uint64_t v) { return tag(field, 0) + varint(v); }
std::string fixed64_field(unsigned field, std::uint64_t v) {
  std::string out = tag(field, 1);
  for (int i = 0; i < 8; ++i) out += static_cast<char>(v >> (8 * i) & 0xff);
  return out;
}
std::string text(const std::string& v) { return bytes_field(1, v); }
std::string integer(std::int64_t v) { return varint_field(3, static_cast<std::uint64_t>(v)); }
std::string real(double v) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &v, sizeof bits);
  return fixed64_field(4, bits);
}
std::string array(const std::string& item) { return bytes_field(5, bytes_field(1, item)); }
std::string kvlist(const std::string& member) { return bytes_field(6, bytes_field(1, member)); }
std::string key_value(const std::string& key, const std::string& any) {
  return bytes_field(1, key) + bytes_field(2, any);
}

std::string id(std::size_t size, unsigned n) {
  std::string out(size, '\0');
  out[size - 1] = static_cast<char>(n);
  out[size - 2] = static_cast<char>(n >> 8);
  out[0] = 'i';
  return out;
}

/// A span to be written; a fresh one is one that the engine likes.
struct wire_span {
  std::string trace_id = id(16, 1);
  std::string span_id = id(8, 1);
  std::string parent;
  std::string name = "work";
  std::uint64_t start = 1700000000000000000;
  std::uint64_t end = 1700000000012300000;
  std::string more;  // further fields

  wire_span with(const std::string& key, const std::string& any) const {
    wire_span out = *this;
    out.more += bytes_field(9, key_value(key, any));
    return out;
  }
  wire_span numbered(unsigned n) const {
    wire_span out = *this;
    out.span_id = id(8, n);
    return out;
  }
  wire_span below(unsigned n) const {
    wire_span out = *this;
    out.parent = id(8, n);
    return out;
  }
  wire_span plus(const std::string& fields) const {
    wire_span out = *this;
    out.more += fields;
    return out;
  }
  std::string write() const {
    std::string out = bytes_field(1, trace_id) + bytes_field(2, span_id);
    if (!parent.empty()) out += bytes_field(4, parent);
    out += bytes_field(5, name) + varint_field(6, 1);
    if (start != 0) out += fixed64_field(7, start);
    if (end != 0) out += fixed64_field(8, end);
    return out + more;
  }
};

const wire_span fine;
const wire_span llm = fine.with("openinference.span.kind", text("LLM"));

std::string service(const std::string& name) { return bytes_field(1, key_value("service.name", text(name))); }

std::string resource_of(const std::string& resource_fields, const std::vector<wire_span>& spans) {
  std::string scope_spans = bytes_field(1, bytes_field(1, "test") + bytes_field(2, "1"));
  for (const wire_span& s : spans) scope_spans += bytes_field(2, s.write());
  return bytes_field(1, bytes_field(1, resource_fields) + bytes_field(2, scope_spans));
}
std::string batch(const std::vector<wire_span>& spans) { return resource_of(service("tests"), spans); }

std::string noise(std::size_t size) {
  std::mt19937 random(7);
  std::string out;
  while (out.size() < size) out += static_cast<char>('!' + random() % 90);
  return out;
}

std::string long_digits() { return std::string(5000, '7'); }
std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }
std::string zero_byte(const std::string& before) { return before + std::string(1, '\0') + "z"; }

// --- talking to it ---

engine_options with_key() {
  engine_options o;
  o.keys = {{"admin", {"ORG-ADMIN"}},       {"task", {"TASK-ADMIN"}},     {"writer", {"VALIDATION-USER"}},
            {"chat", {"CHAT-USER"}},        {"auditor", {"ORG-AUDITOR"}}, {"tenant", {"TENANT-USER"}},
            {"rules", {"DEFAULT-RULE-ADMIN"}}};
  o.tasks = {{task_id, "support", 1000, false, false}};
  return o;
}
engine_options open_to_all() {
  engine_options o = with_key();
  o.keys.clear();
  return o;
}

struct reply {
  int status = 0;
  std::string body;
  httplib::Headers headers;
  json parsed() const { return json::parse(body, nullptr, false); }
};

reply to_reply(const httplib::Result& r) {
  if (!r) return {};
  return {r->status, r->body, r->headers};
}

httplib::Client client(const engine& e) {
  httplib::Client c("127.0.0.1", e.port());
  c.set_read_timeout(60, 0);
  return c;
}

reply post(const engine& e, const std::string& body, const std::string& type = protobuf, httplib::Headers headers = {},
           const std::string& path = "/api/v1/traces") {
  return to_reply(client(e).Post(path, headers, body, type));
}

reply get(const engine& e, const std::string& path, httplib::Headers headers = {}) {
  return to_reply(client(e).Get(path, headers));
}

httplib::Headers bearer(const std::string& key) { return {{"Authorization", "Bearer " + key}}; }

/// A bare TCP exchange: what comes back until the peer closes.
class wire {
public:
  explicit wire(const engine& e) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(e.port()));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  ~wire() { ::close(socket_); }
  wire(const wire&) = delete;
  wire& operator=(const wire&) = delete;

  bool connected() const { return connected_; }
  bool send(const std::string& bytes) const {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  std::string until(const std::string& end) {
    while (received_.find(end) == std::string::npos && more()) {
    }
    return received_;
  }
  std::string to_the_end() {
    while (more()) {
    }
    return received_;
  }
  bool was_reset() const { return reset_; }

private:
  bool more() {
    char buffer[4096];
    const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
    if (got < 0) reset_ = errno == ECONNRESET;
    if (got > 0) received_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }

  int socket_;
  bool connected_ = false;
  bool reset_ = false;
  std::string received_;
};

std::string raw_post(const std::string& headers, const std::string& body) {
  return "POST /api/v1/traces HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n" + body;
}

std::size_t count_of(const std::string& in, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = in.find(what); at != std::string::npos; at = in.find(what, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_SUITE("stand-in engine") {
  TEST_CASE("§1.1 both paths store, a trailing slash is sent elsewhere, other verbs are refused") {
    engine e(open_to_all());
    CHECK(post(e, batch({fine})).status == 200);
    CHECK(post(e, batch({fine.numbered(2)}), protobuf, {}, "/v1/traces").status == 200);
    const reply moved = post(e, batch({fine.numbered(3)}), protobuf, {}, "/api/v1/traces/");
    CHECK(moved.status == 307);
    CHECK(moved.body.empty());
    CHECK(moved.headers.find("Location")->second == "http://127.0.0.1:" + std::to_string(e.port()) + "/api/v1/traces");
    CHECK(to_reply(client(e).Put("/api/v1/traces", batch({fine.numbered(4)}), protobuf)).status == 405);
    CHECK(to_reply(client(e).Delete("/api/v1/traces")).status == 405);
    CHECK(get(e, "/api/v1/traces").status == 405);
    CHECK(get(e, "/nothing/here").status == 404);
    CHECK(e.row_count() == 2);
  }

  TEST_CASE("§1.2 bodies and content types") {
    engine e(open_to_all());
    const std::string good = batch({fine});
    const std::string json_text = R"({"resourceSpans":[]})";
    const std::string gzip = std::string("\x1f\x8b\x08\x00", 4) + noise(40);
    const struct {
      const char* section;
      std::string type;
      std::string body;
      std::string encoding;
      int status;
      const char* says;
    } rows[] = {
        {"protobuf", protobuf, good, "", 200, "success"},
        {"octet-stream", "application/octet-stream", good, "", 200, "success"},
        {"text/plain", "text/plain", good, "", 200, "success"},
        {"JSON as JSON", "application/json", json_text, "", 400, "Input should be a valid bytes"},
        {"JSON with a parameter", "application/json; charset=utf-8", json_text, "", 400,
         "Input should be a valid bytes"},
        {"JSON as +json", "application/vnd.x+json", json_text, "", 400, "Input should be a valid bytes"},
        {"broken JSON", "application/json", "{", "", 400, "JSON decode error"},
        {"protobuf as JSON", "application/json", batch({fine.with("x", real(-1.5))}), "", 500, "Something went wrong."},
        {"JSON as protobuf", protobuf, json_text, "", 400, "Invalid protobuf message format"},
        {"gzip", protobuf, gzip, "gzip", 400, "Invalid protobuf message format"},
        {"nothing", protobuf, "", "", 400, "Field required"},
        {"no JSON", "application/json", "", "", 400, "Field required"},
        {"truncated", protobuf, good.substr(0, good.size() - 1), "", 400, "Invalid protobuf message format"},
        {"invalid UTF-8 in the name", protobuf, batch({fine.plus(bytes_field(5, "\xff"))}), "", 400,
         "Invalid protobuf"},
        {"surrogate in a value", protobuf, batch({fine.with("k", text("\xed\xa0\x80"))}), "", 400, "Invalid protobuf"},
        {"gRPC framing", "application/grpc", std::string("\0\0\0\0\x05", 5) + good, "", 400, "Invalid protobuf"},
        {"no resource spans, an unknown field", protobuf, varint_field(7, 1), "", 200, "\"total_spans\":0"},
        {"unknown fields everywhere", protobuf, batch({fine.plus(bytes_field(99, "x") + varint_field(98, 5))}), "", 200,
         "success"},
        {"5.8 MB", protobuf, batch({fine.with("big", text(std::string(5800000, 'x')))}), "", 200, "success"},
    };
    for (const auto& row : rows) {
      CAPTURE(row.section);
      const httplib::Headers headers =
          row.encoding.empty() ? httplib::Headers{} : httplib::Headers{{"Content-Encoding", row.encoding}};
      const reply r = post(e, row.body, row.type, headers);
      CHECK(r.status == row.status);
      CHECK(r.body.find(row.says) != std::string::npos);
      CHECK(e.exports().back().body == row.body);
      CHECK(e.exports().back().encoding == row.encoding);
    }
    wire w(e);
    REQUIRE(w.send(raw_post("Connection: close\r\nContent-Length: " + std::to_string(good.size()) + "\r\n", good)));
    CHECK(w.to_the_end().find("200 OK") != std::string::npos);  // no Content-Type at all
  }

  TEST_CASE("§1.3 every answer is chunked, without Content-Length") {
    engine e(open_to_all());
    for (const reply& r : {post(e, batch({fine})), post(e, ""), get(e, "/health"), get(e, "/nothing"),
                           post(e, "", protobuf, {}, "/v1/traces/")}) {
      CHECK(r.headers.count("Content-Length") == 0);
      CHECK(r.headers.find("Transfer-Encoding")->second == "chunked");
    }
  }

  TEST_CASE("§1.3 chunked requests, Expect: 100-continue, pipelining and a missing length are understood") {
    engine e(open_to_all());
    const std::string body = batch({fine});
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", body.size());
    wire w(e);
    REQUIRE(w.send(raw_post("Transfer-Encoding: chunked\r\n", size + body + "\r\n0\r\n\r\n")));
    w.until("0\r\n\r\n");
    const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
    REQUIRE(w.send(raw_post("Expect: 100-continue\r\n" + length, "")));
    CHECK(w.until("100 Continue").find("100 Continue") != std::string::npos);
    REQUIRE(w.send(body + raw_post(length, body) + raw_post("Connection: close\r\n", "")));
    const std::string all = w.to_the_end();
    CHECK(count_of(all, "200 OK") == 3);
    CHECK(count_of(all, "400 Bad Request") == 1);  // no length is an empty body
    CHECK(e.row_count() == 3);
    CHECK(e.connections() == 1);
  }

  TEST_CASE("§1.3 an idle connection is closed after the keep-alive time") {
    engine_options o = open_to_all();
    o.keep_alive = std::chrono::milliseconds(20);
    engine e(o);
    wire w(e);
    REQUIRE(w.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n"));
    CHECK(w.to_the_end().find("200 OK") != std::string::npos);  // returns only when the engine closes
    CHECK_FALSE(w.was_reset());
  }

  TEST_CASE("§1.4 credentials") {
    engine e(with_key());
    const std::string body = batch({fine});
    const struct {
      const char* section;
      httplib::Headers headers;
      int status;
    } rows[] = {
        {"no header", {}, 401},
        {"Bearer", {{"Authorization", "Bearer admin"}}, 200},
        {"scheme in another case", {{"Authorization", "bEARER admin"}}, 200},
        {"several blanks", {{"Authorization", "Bearer    admin"}}, 200},
        {"unknown key", {{"Authorization", "Bearer nobody"}}, 401},
        {"bare token", {{"Authorization", "admin"}}, 401},
        {"Basic", {{"Authorization", "Basic admin"}}, 401},
        {"x-api-key", {{"x-api-key", "admin"}}, 401},
        {"cookie", {{"Cookie", "a=b; ACCESS_TOKEN=Bearer admin"}}, 200},
        {"the cookie comes first", {{"Cookie", "ACCESS_TOKEN=Bearer nobody"}, {"Authorization", "Bearer admin"}}, 401},
    };
    for (const auto& row : rows) {
      CAPTURE(row.section);
      const reply r = post(e, body, protobuf, row.headers);
      CHECK(r.status == row.status);
      if (r.status == 401) CHECK(r.parsed()["detail"].is_string());
      CHECK(r.headers.count("WWW-Authenticate") == 0);
    }
    for (const request_record& r : e.requests()) {
      CHECK(r.headers.count("authorization") + r.headers.count("cookie") + r.headers.count("x-api-key") == 0);
    }
  }

  TEST_CASE("§1.4 roles") {
    engine e(with_key());
    const std::string body = batch({fine});
    REQUIRE(post(e, body, protobuf, bearer("admin")).status == 200);
    const std::string span_path = "/api/v1/traces/spans/" + to_hex(fine.span_id);
    const std::string trace_path = "/api/v1/traces/" + to_hex(fine.trace_id);
    const std::string task_path = std::string("/api/v2/tasks/") + task_id;
    const struct {
      const char* key;
      int write;
      int read;
    } rows[] = {{"admin", 200, 200}, {"task", 200, 200},    {"writer", 200, 403}, {"chat", 200, 403},
                {"auditor", 403, 200}, {"tenant", 403, 403}, {"rules", 403, 403}};
    for (const auto& row : rows) {
      CAPTURE(row.key);
      CHECK(post(e, body, protobuf, bearer(row.key)).status == row.write);
      CHECK(get(e, span_path, bearer(row.key)).status == row.read);
      CHECK(get(e, trace_path, bearer(row.key)).status == row.read);
      CHECK(get(e, task_path, bearer(row.key)).status == row.read);
      CHECK(post(e, "{}", "application/json", bearer(row.key), "/api/v2/tasks/search").status == row.read);
      CHECK(get(e, "/users/me", bearer(row.key)).status == 200);
    }
    CHECK(get(e, "/users/me", bearer("writer")).parsed()["roles"] == json::array({"VALIDATION-USER"}));
    CHECK(get(e, "/users/me").status == 401);
    CHECK(get(e, span_path).status == 401);
    CHECK(get(e, "/health").status == 200);
  }

  TEST_CASE("§1.2 a JSON body is parsed before the key is looked at") {
    engine e(with_key());
    CHECK(post(e, "{", "application/json").status == 400);
    CHECK(post(e, "{}", "application/json").status == 401);
    CHECK(post(e, "{}", "application/json", bearer("auditor")).status == 400);
    CHECK(post(e, "\xff", protobuf, bearer("auditor")).status == 403);
  }

  TEST_CASE("§1.5 status codes and reports") {
    engine e(open_to_all());
    const wire_span bad = fine.numbered(9).with("a/b", text("x"));
    const reply all = post(e, batch({fine, fine.numbered(2)}));
    CHECK(all.status == 200);
    CHECK(all.parsed() == json::parse(R"({"total_spans":2,"accepted_spans":2,"rejected_spans":0,
                                          "rejection_reasons":[],"status":"success"})"));
    const reply some = post(e, batch({fine.numbered(3), bad}));
    CHECK(some.status == 206);
    CHECK(some.parsed() == json::parse(R"({"total_spans":2,"accepted_spans":1,"rejected_spans":1,"rejection_reasons":
        ["Invalid span data format: Key should not contain keypath separator '/', found: 'a/b'."],"status":"partial_success"})"));
    const reply none = post(e, batch({bad}));
    CHECK(none.status == 422);
    CHECK(none.parsed()["status"] == "failure");
    const reply empty = post(e, resource_of(service("tests"), {}));
    CHECK(empty.status == 200);
    CHECK(empty.parsed()["total_spans"] == 0);
    const reply broken = post(e, batch({fine.numbered(4), fine.numbered(5).with("x", real(NAN))}));
    CHECK(broken.status == 500);
    CHECK(broken.parsed() == json{{"detail", "Something went wrong."}});
    CHECK(e.row_count() == 3);
    CHECK_FALSE(e.has_span(to_hex(bad.span_id)));
  }

  TEST_CASE("§1.6 what is rejected alone: the sound span beside it goes in") {
    engine e(open_to_all());
    const wire_span odd = fine.numbered(2);
    const wire_span odd_llm = llm.numbered(2);
    const auto mime = [&](const char* side, const std::string& body) {
      return odd.with(std::string(side) + ".value", text(body))
          .with(std::string(side) + ".mime_type", text("application/json"));
    };
    const struct {
      const char* section;
      wire_span subject;
    } rows[] = {
        {"1.6 '/' in an attribute key", odd.with("a/b", text("x"))},
        {"1.6 '/' in a key of parsed JSON", odd.with("metadata", text(R"({"a":[{"b/c":1}]})"))},
        {"1.6 '/' in a key of parsed JSON", odd.with("retrieval.documents.0.document.metadata", text(R"({"u/v":1})"))},
        {"1.6 '/' in a key of parsed JSON", odd.with("llm.invocation_parameters", text(R"({"u/v":1})"))},
        {"1.6 '/' in a key of parsed JSON", odd.with("llm.prompt_template.variables", text(R"({"u/v":1})"))},
        {"1.6 '/' in a key of parsed JSON", odd.with("tool.parameters", text(R"({"u/v":1})"))},
        {"1.6 '/' in a key of parsed JSON", odd.with("llm.function_call", text(R"({"u/v":1})"))},
        {"1.6 '/' in a key of parsed JSON", mime("input", R"({"u/v":1})")},
        {"1.6 '/' in a key of parsed JSON", mime("output", R"({"u\/v":1})")},
        {"1.6 '/' in a key of parsed JSON", mime("input", R"({"metadata":"{\"u/v\":1}"})")},
        {"1.6 digits that int() refuses", odd.with("l.\xc2\xb2", text("x"))},
        {"1.6 all top-level keys numeric", odd.with("0", text("x")).with("1.a", text("y"))},
        {"1.6 too many dot levels", odd.with("a" + std::string(600, '.'), text("x"))},
        {"1.6 parsed JSON too deep or with a huge integer", odd.with("metadata", text(nested(2000)))},
        {"1.6 parsed JSON too deep or with a huge integer", odd.with("metadata", text(long_digits()))},
        {"1.6 LLM count or cost that is no number", odd_llm.with("llm.token_count.prompt", text("many"))},
        {"1.6 LLM count or cost that is no number", odd_llm.with("llm.cost.total", text("cheap"))},
    };
    std::set<std::string> tried;
    std::size_t stored = 0;
    for (const auto& row : rows) {
      CAPTURE(row.section);
      const reply r = post(e, batch({fine, row.subject}));
      CHECK(r.status == 206);
      CHECK(r.parsed()["rejection_reasons"][0].get<std::string>().rfind("Invalid span data format: ", 0) == 0);
      CHECK(e.exports().back().broken_rule == row.section);
      CHECK(e.row_count() == ++stored);
      tried.insert(row.section);
    }
    CHECK(e.distinct_span_ids() == std::vector<std::string>{to_hex(fine.span_id)});
    for (const auto& rule : rejections()) CHECK(tried.count(rule.section) == 1);
  }

  TEST_CASE("§1.6 what is not rejected") {
    engine e(open_to_all());
    const wire_span subjects[] = {
        fine.with("k", text("a/b")),
        fine.with("k", kvlist(key_value("a/b", text("x")))),
        fine.plus(
            bytes_field(11, fixed64_field(1, 5) + bytes_field(2, "e") + bytes_field(3, key_value("a/b", text("x"))))),
        fine.plus(bytes_field(13, bytes_field(1, fine.trace_id) + bytes_field(2, id(8, 7)) +
                                      bytes_field(4, key_value("a/b", text("x"))))),
        fine.with("input.value", text(R"({"a/b":1})")),
        fine.with("input.value", text(R"({"a/b":1})")).with("input.mime_type", text("text/plain")),
        fine.with("input.value", text(R"({"a/b":1})")).with("input.mime_type", text("application/json; charset=utf-8")),
        fine.with("metadata", text(R"({"a/b":)")),  // bad JSON stays text
        fine.with("llm.tools.0.tool.json_schema", text(R"({"a/b":1})")),
        fine.with("llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments", text(R"({"a/b":1})")),
        fine.with("a", integer(1)).with("a.b", integer(2)).with("a", integer(3)),
        fine.with("l.2", integer(1)).with("l.10", integer(2)).with("l.x", integer(2)),
        fine.with("llm.token_count.prompt", text("many")),  // not an LLM span
        llm.with("llm.token_count.prompt", text("12")),
        fine.with("metadata", text("5")),
        fine.with("metadata", text(nested(200))),
        fine.with("0", text("x")).with("named", text("y")),
    };
    std::size_t n = 0;
    for (const wire_span& subject : subjects) {
      CAPTURE(n);
      CHECK(post(e, batch({subject})).status == 200);
      ++n;
    }
    CHECK(e.row_count() == n);
  }

  TEST_CASE("§1.7 poison: the whole request fails, nothing is stored, every time") {
    engine e(open_to_all());
    const wire_span odd = fine.numbered(2);
    const wire_span odd_llm = llm.numbered(2);
    const auto of = [&](const wire_span& s) { return batch({fine, s}); };
    const auto beside = [&](const std::string& resource_fields) {
      return batch({fine}) + resource_of(resource_fields, {odd});
    };
    const auto attribute_of = [](const char* key, const std::string& any) {
      return bytes_field(1, key_value(key, any));
    };
    wire_span no_start = odd;
    no_start.start = 0;
    wire_span no_end = odd;
    no_end.end = 0;
    wire_span long_name = odd;
    long_name.name = noise(3000);
    wire_span nul_name = odd;
    nul_name.name = zero_byte("n");
    const double infinity = std::numeric_limits<double>::infinity();
    const struct {
      const char* section;
      std::string body;
    } rows[] = {
        {"1.7 NaN or infinity in a double", of(odd.with("x", real(NAN)))},
        {"1.7 NaN or infinity in a double", of(odd.with("x", real(infinity)))},
        {"1.7 NaN or infinity in a double", of(odd.with("x", real(-infinity)))},
        {"1.7 NaN or 1e400 in parsed JSON", of(odd.with("metadata", text(R"({"a":NaN})")))},
        {"1.7 NaN or 1e400 in parsed JSON", of(odd.with("metadata", text("[-Infinity]")))},
        {"1.7 NaN or 1e400 in parsed JSON", of(odd.with("metadata", text(R"({"a":1e400})")))},
        {"1.7 NaN cost", of(odd_llm.with("llm.cost.total", text("nan")))},
        {"1.7 U+0000 in a string", of(odd.with("x", text(zero_byte("a"))))},
        {"1.7 U+0000 in a string", of(odd.with("x", array(text(zero_byte("a")))))},
        {"1.7 U+0000 in a string", of(odd.with("session.id", text(zero_byte("a"))))},
        {"1.7 U+0000 in a string", of(odd.with("user.id", text(zero_byte("a"))))},
        {"1.7 U+0000 in a string", of(odd.plus(bytes_field(15, bytes_field(2, zero_byte("m")) + varint_field(3, 2))))},
        {"1.7 U+0000 in parsed JSON", of(odd.with("metadata", text(R"({"a":"\u0000"})")))},
        {"1.7 U+0000 in parsed JSON", of(odd.with("metadata", text(R"({"\u0000":1})")))},
        {"1.7 U+0000 in the span name", of(nul_name)},
        {"1.7 lone surrogate in parsed JSON", of(odd.with("metadata", text(R"({"a":"\ud800"})")))},
        {"1.7 lone surrogate in parsed JSON", of(odd.with("metadata", text(R"(["\udc00x"])")))},
        {"1.7 lone surrogate in parsed JSON",
         of(odd.with("output.mime_type", text("application/json")).with("output.value", text(R"("\uD83Dx")")))},
        {"1.7 start time 0", of(no_start)},
        {"1.7 end time 0", of(no_end)},
        {"1.7 LLM token count beyond int4", of(odd_llm.with("llm.token_count.prompt", integer(2147483648)))},
        {"1.7 LLM token count beyond int4", of(odd_llm.with("llm.token_count.total", text("99999999999")))},
        {"1.7 LLM token count beyond int4", of(odd_llm.with("llm.token_count.prompt", integer(2147483647))
                                                   .with("llm.token_count.completion", integer(1)))},
        {"1.7 over-long session.id", of(odd.with("session.id", text(noise(3000))))},
        {"1.7 over-long user.id", of(odd.with("user.id", text(noise(3000))))},
        {"1.7 over-long span name", of(long_name)},
        {"1.7 over-long span kind", of(odd.with("openinference.span.kind", text(noise(3000))))},
        {"1.7 arthur.task names no task",
         beside(attribute_of("arthur.task", text("99999999-2222-3333-4444-555555555555")))},
        {"1.7 arthur.task names no task", beside(attribute_of("arthur.task", text("support")))},
        {"1.7 arthur.task names no task", beside(attribute_of("arthur.task", integer(7)))},
        {"1.7 service.name is no string", beside(attribute_of("service.name", integer(7)))},
        {"1.7 NaN in a resource attribute", beside(service("x") + attribute_of("load", real(NAN)))},
        {"1.7 U+0000 in service.name", beside(service(zero_byte("x")))},
        {"1.7 over-long service.name", beside(service(noise(3000)))},
    };
    std::set<std::string> tried;
    for (const auto& row : rows) {
      CAPTURE(row.section);
      for (int times = 0; times < 2; ++times) {
        CHECK(post(e, row.body).status == 500);
        CHECK(e.exports().back().broken_rule == row.section);
      }
      tried.insert(row.section);
    }
    CHECK(e.row_count() == 0);
    for (const auto& rule : span_poisons()) CHECK(tried.count(rule.section) == 1);
    for (const auto& rule : resource_poisons()) CHECK(tried.count(rule.section) == 1);
  }

  TEST_CASE("§1.7 what looks like poison and is harmless") {
    engine e(open_to_all());
    wire_span backwards = fine;
    std::swap(backwards.start, backwards.end);
    wire_span future = fine;
    future.end = 16725225600000000000U;
    wire_span short_id = fine;
    short_id.trace_id = "x";
    wire_span zero_id = fine;
    zero_id.trace_id = std::string(16, '\0');
    wire_span no_name = fine;
    no_name.name.clear();
    wire_span repetitive = fine;
    repetitive.name = std::string(20000, 'r');
    const std::string bodies[] = {
        batch({fine.with("x", array(real(NAN)))}),
        batch({fine.with("x", text(R"(\u0000)"))}),
        batch({fine.with("input.value", text(R"({"a":"\ud800"})"))}),
        batch({fine.with("metadata", text(R"({"a":"\ud83d\ude00"})"))}),
        batch({backwards}),
        batch({future}),
        batch({short_id}),
        batch({zero_id}),
        batch({no_name}),
        batch({repetitive}),
        batch({llm.with("llm.token_count.prompt", integer(-5))}),
        batch({fine.with("llm.token_count.prompt", integer(2147483648))}),
        batch({fine.with("x", text(std::string(2000000, 'v')))}),
        resource_of(service("tests") + bytes_field(1, key_value("host", text(zero_byte("h")))), {fine}),
        resource_of(bytes_field(1, key_value("arthur.task", text(""))) + service("tests"), {fine}),
    };
    std::size_t n = 0;
    for (const std::string& body : bodies) {
      CAPTURE(n);
      CHECK(post(e, body).status == 200);
      ++n;
    }
    CHECK(e.row_count() == n);
  }

  TEST_CASE("§1.7 a rejected span can't poison: it is never stored") {
    engine e(open_to_all());
    CHECK(post(e, batch({fine, fine.numbered(2).with("a/b", real(NAN))})).status == 206);
  }

  TEST_CASE("§1.8 there is no idempotency: a repeated span is a second row and the tree multiplies") {
    engine e(open_to_all());
    const std::string body = batch({fine, fine.numbered(2).below(1)});
    CHECK(post(e, body).status == 200);
    CHECK(e.repeated_span_ids().empty());
    CHECK(post(e, body).status == 200);
    CHECK(e.row_count() == 4);
    CHECK(e.distinct_span_ids() == std::vector<std::string>{to_hex(id(8, 1)), to_hex(id(8, 2))});
    CHECK(e.repeated_span_ids() == e.distinct_span_ids());
    const json tree = get(e, "/api/v1/traces/" + to_hex(fine.trace_id)).parsed();
    REQUIRE(tree["root_spans"].size() == 2);
    CHECK(tree["root_spans"][0]["children"].size() == 2);
    CHECK(tree["root_spans"][1]["children"].size() == 2);
  }

  TEST_CASE("§2 routing") {
    engine e(open_to_all());
    const auto task_of = [&](const std::string& resource_fields) {
      CHECK(post(e, resource_of(resource_fields, {fine})).status == 200);
      return e.spans().back().task_id;
    };
    const auto attribute_of = [](const char* key, const std::string& any) {
      return bytes_field(1, key_value(key, any));
    };
    const std::string unmapped = "539b1da6-ebf8-4fe2-91e5-db2dc8ff626d";

    CHECK(task_of(attribute_of("arthur.task", text(task_id)) + service("any")) == task_id);
    CHECK(e.tasks().size() == 1);
    const std::string twin = task_of(service("support"));  // the name of a task that exists
    CHECK(twin != task_id);
    REQUIRE(e.tasks().size() == 2);
    CHECK(e.tasks().back().name == "support");
    CHECK(e.tasks().back().is_autocreated);
    CHECK(task_of(service("support")) == twin);
    CHECK(task_of(attribute_of("arthur.task", text("")) + service("support")) == twin);
    CHECK(task_of(attribute_of("arthur.task", array(text("x"))) + service("support")) == twin);
    CHECK(task_of("") == unmapped);
    CHECK(task_of(service("  ")) == unmapped);
    CHECK(post(e, resource_of(service("other"), {fine.with("arthur.task", text(task_id))})).status == 200);
    CHECK(e.spans().back().task_id != task_id);  // on a span it does not route

    engine_task archived{"22222222-2222-3333-4444-555555555555", "old", 0, false, true};
    e.add_task(archived);
    CHECK(task_of(attribute_of("arthur.task", text(archived.id))) == archived.id);

    const std::size_t before = e.tasks().size();
    CHECK(post(e, resource_of(service("new one"), {fine.with("x", real(NAN))})).status == 500);
    CHECK(e.tasks().size() == before + 1);  // §1.5: an auto-created task stays
  }

  TEST_CASE("§3 a stored span can be read back, normalised") {
    engine e(open_to_all());
    wire_span s = llm;
    s.span_id = "\xab\xcd\xef\x01\x02\x03\x04\x05";
    s = s.with("metadata", text(R"({"a.b":1,"list":{"1":"x","0":"y"}})"))
                            .with("input.value", text(R"({"q":"why"})"))
                            .with("input.mime_type", text("application/json"))
                            .with("session.id", integer(42))
                            .with("llm.token_count.prompt", text("12"))
                            .with("llm.token_count.completion", real(3.9))
                            .with("llm.input_messages.0.message.role", text("user"))
                            .with("tags", array(text("a")))
                            .plus(bytes_field(15, varint_field(3, 2) + bytes_field(2, "bad")));
    wire_span child = fine.numbered(2).with("input.value", text("child"));
    child.parent = s.span_id;
    REQUIRE(post(e, batch({s, child, fine.numbered(3).below(77)})).status == 200);
    const json row = get(e, "/api/v1/traces/spans/" + to_hex(s.span_id)).parsed();
    CHECK(row["span_kind"] == "LLM");
    CHECK(row["session_id"] == "42");
    CHECK(row["status_code"] == "Error");
    CHECK(row["parent_span_id"].is_null());
    CHECK(row["prompt_token_count"] == 12);
    CHECK(row["completion_token_count"] == 3);
    CHECK(row["total_token_count"] == 15);
    CHECK(row["start_time"] == "2023-11-14T22:13:20.000000");
    const json& attributes = row["raw_data"]["attributes"];
    CHECK(attributes["metadata"] == json::parse(R"({"a":{"b":1},"list":["y","x"]})"));
    CHECK(attributes["input"]["value"]["q"] == "why");
    CHECK(attributes["llm"]["input_messages"][0]["message"]["role"] == "user");
    CHECK(attributes["tags"] == json::parse(R"({"values":[{"stringValue":"a"}]})"));
    CHECK(row["raw_data"]["status"]["message"] == "bad");

    const json tree = get(e, "/api/v1/traces/" + to_hex(s.trace_id)).parsed();
    CHECK(tree["input_content"] == R"({"q":"why"})");
    CHECK(tree["root_spans"].size() == 2);  // the orphan is promoted
    CHECK(tree["root_spans"][0]["children"][0]["span_id"] == to_hex(id(8, 2)));

    std::string upper = to_hex(s.span_id);
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    CHECK(get(e, "/api/v1/traces/spans/" + upper).status == 404);
    CHECK(get(e, "/api/v1/traces/spans/0000000000000000").status == 404);
    CHECK(get(e, "/api/v1/traces/00000000000000000000000000000000").status == 404);
  }

  TEST_CASE("§3.5 eight zero bytes are a parent, and the kind is not folded") {
    engine e(open_to_all());
    wire_span s = fine.with("openinference.span.kind", text("llm")).with("llm.token_count.prompt", integer(5));
    s.parent = std::string(8, '\0');
    REQUIRE(post(e, batch({s})).status == 200);
    const json row = get(e, "/api/v1/traces/spans/" + to_hex(s.span_id)).parsed();
    CHECK(row["parent_span_id"] == "0000000000000000");
    CHECK(row["span_kind"] == "llm");
    CHECK(row["prompt_token_count"].is_null());
    CHECK_FALSE(e.spans().front().span.is_root());
  }

  TEST_CASE("§6 task search: substring of any case, newest first, paging") {
    engine_options o = open_to_all();
    o.tasks = {{"a", "Support agent", 1, false, false},
               {"b", "support", 2, false, false},
               {"c", "billing", 3, false, false},
               {"d", "SUPPORT old", 4, false, true},
               {"e", "my-support", 5, false, false}};
    engine e(o);
    const auto search = [&](const std::string& query, const json& body) {
      return post(e, body.dump(), "application/json", {}, "/api/v2/tasks/search" + query);
    };
    const auto names = [](const json& found) {
      std::string out;
      for (const json& t : found["tasks"]) out += t["id"].get<std::string>();
      return out;
    };
    const json support = {{"task_name", "support"}};
    CHECK(names(search("?page=0&page_size=50&sort=desc", support).parsed()) == "eba");
    CHECK(names(search("?sort=asc", support).parsed()) == "abe");
    CHECK(names(search("?page=1&page_size=2", support).parsed()) == "a");
    CHECK(search("?page=1&page_size=2", support).parsed()["count"] == 3);
    const json beyond = search("?page=9&page_size=2", support).parsed();
    CHECK(beyond["count"] == 3);
    CHECK(beyond["tasks"].empty());
    CHECK(names(search("", {{"task_name", "s_pport a%t"}}).parsed()) == "a");
    CHECK(names(search("", {{"task_name", "support"}, {"include_archived", true}}).parsed()) == "edba");
    CHECK(names(search("", {{"task_name", "support"}, {"only_archived", true}}).parsed()) == "d");
    CHECK(names(search("", json::object()).parsed()) == "ecba");
    CHECK(search("?page_size=0", support).status == 400);
    CHECK(search("?page_size=5001", support).status == 400);
    CHECK(search("?page_size=5000", support).status == 200);
    CHECK(get(e, "/api/v2/tasks/search").status == 405);
  }

  TEST_CASE("§8 one task, the key's owner, health") {
    engine e(with_key());
    const json task = get(e, std::string("/api/v2/tasks/") + task_id, bearer("admin")).parsed();
    CHECK(task["name"] == "support");
    CHECK(get(e, "/api/v2/tasks/99999999-2222-3333-4444-555555555555", bearer("admin")).status == 404);
    CHECK(get(e, "/api/v2/tasks/support", bearer("admin")).status == 400);
    CHECK(get(e, "/health").parsed()["message"] == "ok");
  }

  TEST_CASE("an engine that takes JSON reads the same spans from it") {
    engine_options o = open_to_all();
    o.accept = encodings::both;
    engine e(o);
    const std::string body =
        R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},
      "scopeSpans":[{"scope":{"name":"n"},"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708",
      "name":"work","kind":1,"startTimeUnixNano":"1700000000000000000","endTimeUnixNano":1700000000000000001,
      "attributes":[{"key":"i","value":{"intValue":"-7"}}],"status":{"code":2,"message":"m"}}]}]}]})";
    CHECK(post(e, body, "application/json").status == 200);
    CHECK(post(e, batch({fine})).status == 200);
    const span first = e.spans().front().span;
    CHECK(to_hex(first.span_id) == "0102030405060708");
    CHECK(first.end_time == 1700000000000000001);
    CHECK(first.find("i")->integer == -7);
    CHECK(post(e, R"({"resourceSpans":7})", "application/json").status == 400);

    o.accept = encodings::json;
    engine json_only(o);
    CHECK(post(json_only, batch({fine})).status == 415);
    CHECK(post(json_only, body, "application/json").status == 200);
  }

  TEST_CASE("a collector answers in OTLP and takes what the engine would not") {
    engine_options o;
    o.speaks = dialect::collector;
    o.accept = encodings::both;
    engine e(o);
    const std::string poison = batch({fine.with("x", real(NAN)).with("a/b", text("c"))});
    const reply binary = post(e, poison, protobuf, {}, "/v1/traces");
    CHECK(binary.status == 200);
    CHECK(binary.body.empty());
    CHECK(binary.headers.find("Content-Type")->second == protobuf);
    CHECK(binary.headers.count("Content-Length") == 1);
    const reply text_form = post(e, R"({"resourceSpans":[]})", "application/json", {}, "/v1/traces");
    CHECK(text_form.status == 200);
    CHECK(text_form.body == "{}");
    CHECK(post(e, poison).status == 404);  // /api/v1/traces
    CHECK(post(e, "{", "application/json", {}, "/v1/traces").status == 400);
    CHECK(post(e, poison, "text/plain", {}, "/v1/traces").status == 415);
    CHECK(e.row_count() == 1);
  }

  TEST_CASE("a test can add poison and rejection of its own") {
    engine e(open_to_all());
    e.poison_if([](const span& s) { return s.name == "poison"; });
    e.reject_if([](const span& s) { return s.name == "reject"; });
    wire_span poison = fine.numbered(2);
    poison.name = "poison";
    wire_span reject = fine.numbered(3);
    reject.name = "reject";
    CHECK(post(e, batch({fine, poison})).status == 500);
    CHECK(post(e, batch({fine, reject})).status == 206);
    CHECK(e.row_count() == 1);
  }

  TEST_CASE("fail_next counts requests that carry spans, keeps headers, and lets probes pass") {
    engine e(open_to_all());
    e.fail_next(503, 2, {{"Retry-After", "7"}});
    CHECK(post(e, resource_of(service("x"), {})).status == 200);  // a probe
    const reply first = post(e, batch({fine}));
    CHECK(first.status == 503);
    CHECK(first.headers.find("Retry-After")->second == "7");
    CHECK(post(e, batch({fine})).status == 503);
    CHECK(post(e, batch({fine})).status == 200);
    CHECK(e.row_count() == 1);

    fault any_export;
    any_export.where = fault::target::ingest;
    any_export.status = 502;
    any_export.times = -1;
    e.inject(any_export);
    CHECK(post(e, R"({"resourceSpans":[]})", "application/json").status == 502);
    CHECK(post(e, batch({fine})).status == 502);
    e.clear_faults();
    CHECK(post(e, batch({fine})).status == 200);

    fault read;
    read.where = fault::target::read;
    e.inject(read);
    CHECK(post(e, batch({fine})).status == 200);
    CHECK(get(e, "/health").status == 503);
    CHECK(get(e, "/health").status == 200);
  }

  TEST_CASE("a connection can be lost before or after the spans are stored") {
    const std::string body = batch({fine});
    const std::string request = raw_post("Content-Length: " + std::to_string(body.size()) + "\r\n", body);
    for (const fault::action what : {fault::action::close, fault::action::reset}) {
      for (const bool stored : {false, true}) {
        CAPTURE(stored);
        engine e(open_to_all());
        fault f;
        f.what = what;
        f.stored = stored;
        e.inject(f);
        wire w(e);
        REQUIRE(w.send(request));
        CHECK(w.to_the_end().empty());
        CHECK(w.was_reset() == (what == fault::action::reset));
        CHECK(e.row_count() == (stored ? 1 : 0));
        CHECK(e.exports().back().status == 0);
        CHECK(e.exports().back().stored == (stored ? 1 : 0));
      }
    }
  }

  TEST_CASE("a connection can be closed before anything is read") {
    engine e(open_to_all());
    fault f;
    f.where = fault::target::connection;
    f.what = fault::action::close;
    e.inject(f);
    wire w(e);
    CHECK(w.to_the_end().empty());
    CHECK(e.requests().empty());
    CHECK(post(e, batch({fine})).status == 200);
  }

  TEST_CASE("an answer can be cut in the middle, replaced while the spans are stored, or be anything") {
    engine e(open_to_all());
    fault f;
    f.what = fault::action::cut;
    f.stored = true;
    e.inject(f);
    const std::string body = batch({fine});
    wire w(e);
    REQUIRE(w.send(raw_post("Content-Length: " + std::to_string(body.size()) + "\r\n", body)));
    const std::string got = w.to_the_end();
    CHECK(got.find("200 OK") != std::string::npos);
    CHECK(got.find("\r\n0\r\n") == std::string::npos);
    CHECK(e.row_count() == 1);

    f.what = fault::action::answer;
    f.status = 504;
    e.inject(f);
    CHECK(post(e, body).status == 504);
    CHECK(e.row_count() == 2);

    f.what = fault::action::raw;
    f.stored = false;
    f.body = "HTTP/1.1 299 Odd\r\n\r\nhello";
    e.inject(f);
    wire odd(e);
    REQUIRE(odd.send(raw_post("Content-Length: " + std::to_string(body.size()) + "\r\n", body)));
    CHECK(odd.to_the_end() == f.body);
    CHECK(e.row_count() == 2);
  }

  TEST_CASE("a held request is answered when it is released, and dropped when the engine stops") {
    engine e(open_to_all());
    fault f;
    f.what = fault::action::hold;
    f.times = 3;
    e.inject(f);
    auto first = std::async(std::launch::async, [&] { return post(e, batch({fine})); });
    REQUIRE(e.wait_for_held(1));
    CHECK(e.row_count() == 0);
    e.release();
    CHECK(first.get().status == 200);
    CHECK(e.row_count() == 1);

    auto second = std::async(std::launch::async, [&] { return post(e, batch({fine.numbered(2)})); });
    REQUIRE(e.wait_for_held(1));
    e.stop();
    CHECK(second.get().status == 0);
    CHECK(e.row_count() == 1);
  }

  TEST_CASE("a held request may have stored its spans already") {
    engine e(open_to_all());
    fault f;
    f.what = fault::action::hold;
    f.stored = true;
    e.inject(f);
    auto held = std::async(std::launch::async, [&] { return post(e, batch({fine})); });
    REQUIRE(e.wait_for_held(1));
    CHECK(e.row_count() == 1);
    CHECK(get(e, "/api/v1/traces/spans/" + to_hex(fine.span_id)).status == 200);
    e.release();
    CHECK(held.get().status == 200);
    CHECK(e.row_count() == 1);
  }

  TEST_CASE("a stopped engine refuses connections and comes back on the same port with its rows") {
    engine e(open_to_all());
    const int port = e.port();
    wire idle(e);
    REQUIRE(idle.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n"));
    CHECK(idle.until("0\r\n\r\n").find("200 OK") != std::string::npos);
    CHECK(post(e, batch({fine})).status == 200);
    for (int i = 0; i < 3; ++i) {
      e.stop();
      CHECK_FALSE(wire(e).connected());
      e.restart();
      CHECK(e.port() == port);
      CHECK(post(e, batch({fine.numbered(2)})).status == 200);
    }
    idle.to_the_end();
    CHECK(e.row_count() == 4);
  }

  TEST_CASE("an answer that is under way when the engine stops is written to the end") {
    for (int i = 0; i < 50; ++i) {
      engine e(open_to_all());
      auto answer = std::async(std::launch::async, [&] { return post(e, batch({fine})); });
      REQUIRE(e.wait_for_rows(1));
      e.stop();
      REQUIRE(answer.get().status == 200);
    }
  }

  TEST_CASE("the log tells roots that came before their children") {
    engine e(open_to_all());
    CHECK(post(e, batch({fine.numbered(2).below(1), fine})).status == 200);
    CHECK(e.exports().back().late_children == 0);
    CHECK(post(e, batch({fine.numbered(3).below(1)})).status == 200);
    CHECK(e.exports().back().late_children == 1);
    CHECK(e.exports().back().spans == 1);
    CHECK(e.spans().back().export_number == 1);
  }

  TEST_CASE("without kept spans the accounting still holds") {
    engine_options o = open_to_all();
    o.keep_spans = false;
    o.keep_bodies = false;
    engine e(o);
    CHECK(post(e, batch({fine, fine.numbered(2)})).status == 200);
    CHECK(e.spans().empty());
    CHECK(e.row_count() == 2);
    CHECK(e.has_span(to_hex(id(8, 2))));
    CHECK(e.exports().back().body.empty());
    CHECK(get(e, "/api/v1/traces/spans/" + to_hex(id(8, 2))).status == 200);
  }

  TEST_CASE("many clients at once: every span arrives once") {
    engine e(open_to_all());
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 8; ++t) {
      threads.emplace_back([&e, t] {
        httplib::Client c("127.0.0.1", e.port());
        c.set_keep_alive(true);
        c.set_tcp_nodelay(true);
        for (unsigned i = 0; i < 25; ++i) c.Post("/api/v1/traces", batch({fine.numbered(100 * t + i)}), protobuf);
      });
    }
    for (std::thread& t : threads) t.join();
    CHECK(e.distinct_span_ids().size() == 200);
    CHECK(e.repeated_span_ids().empty());
    CHECK(e.connections() <= 16);
  }
}
