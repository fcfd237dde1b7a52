// security.cpp: what a setting or a server says can't put words into a request, send the key elsewhere, or get a secret written.
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include "support/capture.hpp"
#include "support/http_server.hpp"
#include "support/variable.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using support::http_answer;
using support::http_request;

/// Keeps what arrives and answers as it is told. Also good as a proxy: it doesn't mind whole URLs.
class server {
 public:
  explicit server(std::function<http_answer(const http_request&)> answer) {
    support::http_server_options o;
    o.port = port_.number();
    o.on_connect = [this] {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++connections_;
      return true;
    };
    o.handle = [this, answer = std::move(answer)](const http_request& r) {
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        requests_.push_back(r);
      }
      return answer(r);
    };
    server_ = std::make_unique<support::http_server>(std::move(o));
  }
  std::string place() const { return "127.0.0.1:" + std::to_string(port_.number()); }
  std::string url() const { return "http://" + place(); }
  std::vector<http_request> requests() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return requests_;
  }
  int connections() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return connections_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<http_request> requests_;
  int connections_ = 0;
  support::reserved_port port_{0};
  std::unique_ptr<support::http_server> server_;
};

http_answer answer_of(int status, const std::string& body = "{}") {
  http_answer a;
  a.status = status;
  a.body = body;
  return a;
}

/// Everything that the library says in words.
struct said {
  std::mutex mutex;
  std::string all;
  static void take(void* user, arthur::severity, const char* line) {
    auto& self = *static_cast<said*>(user);
    const std::lock_guard<std::mutex> lock(self.mutex);
    self.all += line;
    self.all += '\n';
  }
};

bool one_clean_line(const std::string& line) {
  for (const char c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return true;
}

/// A run with one span, and a check; what they said.
std::string run(arthur::options o, milliseconds time = seconds(30)) {
  said lines;
  if (o.on_diagnostic == nullptr) {
    o.on_diagnostic = said::take;
    o.on_diagnostic_user = &lines;
  }
  o.shutdown_timeout = milliseconds(100);
  {
    const auto tracing = arthur::start(o);
    CHECK(one_clean_line(tracing.error()));
    lines.all += tracing.error() + '\n';
    { ARTHUR_SPAN("span", arthur::input("hello")); }
    static_cast<void>(arthur::flush(time));
  }
  const auto after = arthur::stats();
  CHECK(one_clean_line(after.last_error));
  CHECK(one_clean_line(after.last_rejection));
  lines.all += after.last_error + '\n' + after.last_rejection + '\n';
  for (const auto& step : arthur::check(o, seconds(5))) {
    CHECK(one_clean_line(step.text));
    CHECK(one_clean_line(step.fix));
    lines.all += step.text + '\n' + step.fix + '\n';
  }
  return lines.all;
}

}  // namespace

TEST_CASE("a redirect is followed nowhere: another host hears nothing, and the line says where it led") {
  for (const int status : {301, 302, 303, 307, 308}) {
    CAPTURE(status);
    server other([](const http_request&) { return answer_of(200); });
    server first([&](const http_request&) {
      http_answer a = answer_of(status);
      a.headers["Location"] = other.url() + "/api/v1/traces";
      return a;
    });
    arthur::options o;
    o.base_url = first.url();
    o.api_key = "the-key-of-the-first";
    o.task_name = "Support";
    const auto before = arthur::stats();
    const std::string all = run(o);
    CHECK(all.find("redirects aren't followed, so that the key goes nowhere else; this one leads to \"" + other.url()) != std::string::npos);
    CHECK(first.requests().size() > 2);
    CHECK(first.requests()[0].header("authorization") == "Bearer the-key-of-the-first");
    CHECK(other.connections() == 0);
    CHECK(arthur::stats().rejected - before.rejected == 1);
  }
}

TEST_CASE("no setting can add a line to a request: it is encoded, or refused in one line") {
  const std::string payloads[] = {"\r\nX-Evil: 1\r\n\r\n", "\nX-Evil: 1", "\rX-Evil: 1", std::string("\0\r\nX-Evil: 1", 12),
                                  "\xc4\x8d\xc4\x8aX-Evil: 1", "%0d%0aX-Evil:%201", "%0AX-Evil:%201%0A", "\xff\xfe\r\nX-Evil: 1"};
  using set = std::function<void(arthur::options&, const std::string&)>;
  server engine([](const http_request&) { return answer_of(200); });
  const struct {
    const char* what;
    set apply;
  } options[] = {
      {"api_key", [](auto& o, const auto& p) { o.api_key = "k" + p + "k"; }},
      {"base_url", [&](auto& o, const auto& p) { o.base_url = engine.url() + "/base" + p + "x"; }},
      {"base_url's host", [&](auto& o, const auto& p) { o.base_url = "http://127.0.0.1" + p + engine.place().substr(9); }},
      {"endpoint", [&](auto& o, const auto& p) { o.endpoint = engine.url() + "/api/v1/traces?q=" + p + "x"; }},
      {"a header's value", [](auto& o, const auto& p) { o.headers = {{"x-team", "a" + p + "b"}}; }},
      {"a header's name", [](auto& o, const auto& p) { o.headers = {{"x-team" + p, "a"}}; }},
      {"task_name", [](auto& o, const auto& p) { o.task_name = "a" + p + "b"; }},
      {"task_id", [](auto& o, const auto& p) { o.task_id = "a" + p + "b"; }},
      {"service_name", [](auto& o, const auto& p) { o.service_name = "a" + p + "b"; }},
      {"resource_attributes", [](auto& o, const auto& p) { o.resource_attributes = {{"a" + p, "b" + p}}; }},
      {"proxy's user", [&](auto& o, const auto& p) { o.base_url = "http://engine.example", o.proxy = "http://u" + p + "u:pass@" + engine.place(); }},
      {"proxy's password", [&](auto& o, const auto& p) { o.base_url = "http://engine.example", o.proxy = "http://u:p" + p + "p@" + engine.place(); }},
      {"proxy's host", [&](auto& o, const auto& p) { o.base_url = "http://engine.example", o.proxy = engine.url() + p; }},
  };
  const char* const variables[] = {"ARTHUR_API_KEY", "ARTHUR_TASK_NAME", "ARTHUR_TASK_ID", "ARTHUR_SERVICE_NAME", "OTEL_EXPORTER_OTLP_HEADERS",
                                   "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME"};
  std::size_t seen = 0;
  const auto look = [&] {
    const auto all = engine.requests();
    for (; seen < all.size(); ++seen) {
      const http_request& r = all[seen];
      CHECK(r.headers.count("x-evil") == 0);
      CHECK((r.method == "POST" || r.method == "GET"));
      CHECK(r.header("user-agent").find("ARTHUR/") == 0);  // no second request hidden in a first one
    }
  };
  for (const std::string& payload : payloads) {
    CAPTURE(payload);
    for (const auto& option : options) {
      CAPTURE(option.what);
      arthur::options o;
      o.base_url = engine.url();
      option.apply(o, payload);
      run(o);
      look();
    }
    for (const char* name : variables) {
      CAPTURE(name);
      const std::string value = (std::string(name).find("HEADERS") != std::string::npos ? "x-team=a" : std::string(name).find("ATTRIBUTES") != std::string::npos ? "k=a" : "a") + payload;
      const support::variable v(name, value.c_str());
      arthur::options o;
      o.base_url = engine.url();
      run(o);
      // OTEL_* headers go to hosts that OTEL_* names.
      const support::variable e("OTEL_EXPORTER_OTLP_ENDPOINT", engine.url().c_str());
      run({});
      look();
    }
    for (const char* name : {"ARTHUR_BASE_URL", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"}) {
      CAPTURE(name);
      const support::variable v(name, (engine.url() + "/base" + payload + "x").c_str());
      run({});
      look();
    }
  }
  CHECK(seen > 200);  // most of it is sent, encoded
}

TEST_CASE("no secret is written anywhere, whatever goes wrong, and whatever a server sends back") {
  // In every setting that holds one, and in what the servers answer.
  const std::string key = "SECRETkey-0001", header = "SECREThdr-0002", password = "SECRETprx-0003", userinfo = "SECRETurl-0004",
                    query = "SECRETqry-0005", otel = "SECREThdr-0006", cookie = "session=SECRETsid-0007; theme=SECRETthm-0008",
                    basic = "dXNlcjpTRUNSRVRwcngtMDAwMw==";  // user:SECRETprx-0003
  const auto echo = [](const http_request& r, int status) {
    std::string all;
    for (const auto& h : r.headers) all += h.second + " ";
    for (const auto& q : r.query) all += q.first + "=" + q.second + " " + q.second + " ";
    http_answer a = answer_of(status, "{\"detail\":\"" + all + "\",\"rejected_spans\":1,\"rejection_reasons\":[\"" + all + "\"]}");
    a.headers["Location"] = "https://" + r.header("authorization").substr(7) + ":x@elsewhere/" + r.header("authorization").substr(7) + "?" + r.header("x-team");
    return a;
  };
  std::FILE* const standard_error = std::tmpfile();
  REQUIRE(standard_error != nullptr);
  std::fflush(stderr);
  const int saved = ::dup(2);
  ::dup2(::fileno(standard_error), 2);

  const auto spool = std::filesystem::temp_directory_path() / ("arthur-security-" + std::to_string(::getpid()));
  std::string written, spooled;
  int scenarios = 0;
  const auto go = [&](arthur::options o) {
    if (o.api_key.empty()) o.api_key = key;
    if (o.headers.empty()) o.headers = {{"x-team", header}, {"cookie", cookie}};
    if (o.output_file.empty()) o.spool_directory = spool.string();
    for (const bool listened : {true, false}) {
      o.log_level = arthur::log_level::info;
      if (!listened) o.on_diagnostic = nullptr;
      ++scenarios;
      const milliseconds time(listened ? 300 : 50);
      written += listened ? run(o, time) : std::string();
      if (!listened) {
        o.shutdown_timeout = milliseconds(50);
        const auto tracing = arthur::start(o);
        { ARTHUR_SPAN("span"); }
        static_cast<void>(arthur::flush(time));
      }
      if (!std::filesystem::exists(spool)) continue;
      for (const auto& left : std::filesystem::directory_iterator(spool)) {
        std::stringstream bytes;
        bytes << std::ifstream(left.path(), std::ios::binary).rdbuf();
        spooled += left.path().filename().string() + '\n' + bytes.str() + '\n';
      }
      std::filesystem::remove_all(spool);  // the next one begins anew
    }
  };
  const auto at = [&](const std::string& url) {
    arthur::options o;
    o.base_url = url;
    o.task_name = "Support";
    return o;
  };

  // Every refusal, by an engine that sends back what it was sent.
  for (const int status : {200, 206, 301, 307, 400, 401, 403, 404, 405, 407, 408, 413, 415, 418, 422, 429, 500, 502, 503}) {
    server engine([&](const http_request& r) { return echo(r, status); });
    go(at(engine.url()));
    arthur::options o;
    o.endpoint = engine.url() + "/v1/traces?key=" + query;
    go(o);
    const support::variable v("OTEL_EXPORTER_OTLP_HEADERS", ("authorization=Bearer%20" + otel).c_str());
    const support::variable e("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", o.endpoint.c_str());
    written += run({}, milliseconds(300));
    // A proxy sees the password as well.
    o = at("http://engine.example:3030");
    o.proxy = "http://user:" + password + "@" + engine.place();
    go(o);
  }
  // Answers that are none.
  for (const auto end : {support::ending::close, support::ending::reset, support::ending::cut}) {
    server engine([&](const http_request& r) {
      http_answer a = echo(r, 401);
      a.end = end;
      return a;
    });
    go(at(engine.url()));
  }
  server garbage([&](const http_request& r) {
    http_answer a;
    a.raw = "Bearer " + r.header("authorization") + "\r\n\r\n";
    return a;
  });
  go(at(garbage.url()));
  // Nobody there: refused, unknown, behind a proxy that is neither.
  {
    const support::reserved_port nobody(0);
    const std::string place = "127.0.0.1:" + std::to_string(nobody.number());
    go(at("http://" + place));
    auto o = at("http://engine.example");
    o.proxy = "http://user:" + password + "@" + place;
    go(o);
    o.proxy = "http://user:" + password + "@" + std::string(100, 'x');
    go(o);
    go(at("http://" + std::string(100, 'x')));
  }
  // Settings that are refused.
  for (const char* url : {"http://user:%@e", "http://%@e:3030/x", "https://user:%@e", "ftp://user:%@e", "http://user:%@", "user:%@e", "http://e/?key=%", "http://e\r\n/%@e",
                          "http://user:%@e:99999"}) {
    std::string filled = url;
    filled.replace(filled.find('%'), 1, userinfo);
    go(at(filled));
    arthur::options o;
    o.endpoint = filled;
    go(o);
    o = at("http://engine.example");
    o.proxy = filled;
    go(o);
    const support::variable v("ARTHUR_BASE_URL", filled.c_str());
    const support::variable p("http_proxy", filled.c_str());
    written += run({}, milliseconds(50));
    go(at("http://engine.example"));
  }
  {
    auto o = at("http://127.0.0.1:1");
    o.api_key = key + " \r\n";
    go(o);
    o.api_key = key + "\xc3\xa4";
    go(o);
    o.api_key.clear();
    o.headers = {{"x-team", header + "\r\nx: y"}};
    go(o);
    o.headers = {{"x team", header}};
    go(o);
    const support::variable headers("OTEL_EXPORTER_OTLP_HEADERS", ("authorization=%0a" + otel + "," + otel).c_str());
    const support::variable e("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
    written += run({}, milliseconds(50));
  }
  // Into a file.
  arthur::options o;
  o.output_file = "security_output.jsonl";
  o.base_url = "http://127.0.0.1:1";
  go(o);
  std::stringstream file;
  file << std::ifstream(o.output_file).rdbuf();
  std::remove(o.output_file.c_str());
  CHECK(file.str().find("arthur.check") != std::string::npos);

  std::fflush(stderr);
  ::dup2(saved, 2);
  ::close(saved);
  std::rewind(standard_error);
  std::string printed;
  for (int c = std::fgetc(standard_error); c != EOF; c = std::fgetc(standard_error)) printed += static_cast<char>(c);
  std::fclose(standard_error);

  CHECK(scenarios > 150);
  for (const std::string* all : {&written, &printed}) {
    CHECK(all->size() > 5000);
    CHECK(all->find("**********") != std::string::npos);  // something was sent back
  }
  CHECK(spooled.find(".otlp") != std::string::npos);
  CHECK(spooled.find("hello") != std::string::npos);
  for (const std::string& text : {written, printed, spooled, file.str()}) {
    for (const std::string& s : {std::string("SECRET"), basic}) {
      const std::size_t found = text.find(s);
      CHECK_MESSAGE(found == std::string::npos, text.substr(found < 200 ? 0 : found - 200, 300));
    }
  }
}
