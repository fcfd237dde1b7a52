// privacy.cpp: a secret is looked for wherever a span goes: requests, spool, file, console, standard output, lines and counters.
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/engine.hpp"

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::seconds;

namespace {

#define API_KEY "sk-proj-Ab3dE6gH9jKlMn0pQr5tuV1wX2yZ3aB4cD5eF6gH"
#define TOKEN "s3cr3tTokenOfTheUser0123456789"
#define EMAIL "jane.doe@mail.example.com"
#define CARD "4111 1111 1111 1111"
#define JSON_CARD "5555555555554444"

const char* const secrets[] = {API_KEY, TOKEN, EMAIL, CARD, JSON_CARD};

/// "" or the secret that is in it.
std::string secret_in(const std::string& text) {
  for (const char* s : secrets) {
    if (text.find(s) != std::string::npos) return s;
  }
  return {};
}

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

struct folder {
  std::string path;
  folder() {
    char name[] = "/tmp/arthur-privacy-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = name;
  }
  ~folder() { fs::remove_all(path); }
  /// Of all files in it and below.
  std::string everything() const {
    std::string all;
    for (const auto& f : fs::recursive_directory_iterator(path)) {
      if (f.is_regular_file()) all += content(f.path().string());
    }
    return all;
  }
};

/// Standard output goes to a file while it lives.
struct redirected {
  int former = ::dup(1);
  explicit redirected(const std::string& path) {
    std::fflush(stdout);
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(file, 1);
    ::close(file);
  }
  ~redirected() {
    std::fflush(stdout);
    ::dup2(former, 1);
    ::close(former);
  }
};

struct lines {
  std::mutex mutex;
  std::string all;
  static void add(void* self, arthur::severity, const char* line) {
    auto& to = *static_cast<lines*>(self);
    const std::lock_guard<std::mutex> lock(to.mutex);
    to.all += line;
    to.all += '\n';
  }
};

/// The secrets in every place of a span that holds text. `inputs_only`: where a switch reaches.
void record(bool inputs_only) {
  const std::string all = "I am " EMAIL ", my card is " CARD ", use " API_KEY " and Authorization: Bearer " TOKEN ".";
  {
    ARTHUR_CONTEXT(arthur::attribute("input.value", all));
    ARTHUR_LLM_SPAN("chat", arthur::input_json("{\"card\":" JSON_CARD ",\"text\":\"" + all + "\"}"), arthur::output(all));
    ARTHUR_SET(arthur::input_message("user", all), arthur::output_message("assistant", all), arthur::tool("pay", all, "{\"default\":\"" + all + "\"}"));
    ARTHUR_RETRIEVER_SPAN("find", arthur::document(all, arthur::metadata("{\"by\":\"" + all + "\"}")));
    if (!inputs_only) {
      ARTHUR_TOOL_SPAN("ask " EMAIL, arthur::attribute("mine", all), arthur::attribute("list", std::vector<std::string>{"a", all}), arthur::user_id(EMAIL));
      ARTHUR_EVENT("sent to " EMAIL, arthur::attribute("header", "Authorization: Bearer " TOKEN));
      ARTHUR_ERROR("refused " + all);
    }
  }
  if (inputs_only) return;
#if ARTHUR_HAS_EXCEPTIONS
  try {
    arthur::traced(arthur::kind::tool, "throwing", [&] { throw std::runtime_error("no access with " + all); });
  } catch (const std::runtime_error&) {
  }
#endif
}

/// Sends to an engine that refuses one span for what it holds, is away for a while, and comes back; returns all that was
/// written and sent on the way.
std::string everything_written(const arthur::options& given, arthur::protocol wire, bool inputs_only) {
  const folder where;
  lines said;
  support::engine_options speaks;
  speaks.accept = support::encodings::both;
  support::engine engine(speaks);
  engine.reject_if([](const support::span& s) { return s.name == "find"; });
  std::string all;
  {
    const redirected out(where.path + "/stdout");
    arthur::options o = given;
    o.service_name = "privacy";
    o.base_url = engine.url();
    o.protocol = wire;
    o.exporters = "otlp,console,otlp/stdout";
    o.spool_directory = where.path + "/spool";
    o.schedule_delay = hours(1);
    o.shutdown_timeout = seconds(20);
    o.on_diagnostic = lines::add;
    o.on_diagnostic_user = &said;
    o.log_level = arthur::log_level::info;
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    record(inputs_only);
    CHECK(arthur::flush(seconds(30)) != arthur::flush_result::timeout);
    engine.stop();
    record(inputs_only);
    CHECK(arthur::flush(seconds(30)) == arthur::flush_result::failed);
    CHECK(arthur::stats().spooled != 0);
    all = where.everything();
    const arthur::statistics now = arthur::stats();
    all += std::string(now.last_error.c_str()) + now.last_rejection.c_str();
    engine.restart();
  }
  for (const auto& r : engine.requests()) {
    all += r.body + r.path + r.answer;
    for (const auto& h : r.headers) all += h.second;
  }
  CHECK(engine.row_count() != 0);
  all += where.everything();
  all += said.all;
  return all;
}

}  // namespace

TEST_CASE("no redacted secret is in a request, the spool, on the console, on standard output, in a line or a counter") {
  for (const arthur::protocol wire : {arthur::protocol::http_json, arthur::protocol::http_protobuf}) {
    const std::string plain = everything_written({}, wire, false);
    for (const char* s : secrets) CHECK(plain.find(s) != std::string::npos);  // the search sees what is there
    arthur::options o;
    o.redactors = arthur::redactor::all;
    const std::string redacted = everything_written(o, wire, false);
    CHECK(secret_in(redacted) == "");
    for (const char* label : {"[API_KEY]", "[TOKEN]", "[EMAIL]", "[CARD_NUMBER]"}) CHECK(redacted.find(label) != std::string::npos);
  }
}

TEST_CASE("what a switch hides is in none of these places either") {
  arthur::options o;
  o.hide_inputs = o.hide_outputs = true;
  CHECK(secret_in(everything_written(o, arthur::protocol::http_json, true)) == "");
  CHECK(secret_in(everything_written(o, arthur::protocol::http_protobuf, true)) == "");
}

TEST_CASE("a file of JSON lines holds no redacted secret") {
  const folder where;
  {
    arthur::options o;
    o.output_file = where.path + "/spans.jsonl";
    o.redactors = arthur::redactor::all;
    const auto tracing = arthur::start(o);
    record(false);
  }
  const std::string all = where.everything();
  CHECK(all.find("[EMAIL]") != std::string::npos);
  CHECK(secret_in(all) == "");
}

TEST_CASE("a function that throws gets \"__REDACTED__\" for the text, one line says so, and the next text is shown to it") {
  lines said;
  const folder where;
  {
    arthur::options o;
    o.output_file = where.path + "/spans.jsonl";
    o.on_diagnostic = lines::add;
    o.on_diagnostic_user = &said;
    o.redact = [](void*, std::string_view key, std::string& text) {
#if ARTHUR_HAS_EXCEPTIONS
      if (key == "broken") throw std::runtime_error(text);
#else
      if (key == "broken") text = "__REDACTED__";
#endif
      if (text.find(TOKEN) != std::string::npos) text = "none of your business";
      return key != "mine";
    };
    const auto tracing = arthur::start(o);
    ARTHUR_SPAN("s", arthur::attribute("broken", API_KEY), arthur::attribute("mine", EMAIL), arthur::attribute("theirs", TOKEN));
  }
  const std::string all = where.everything();
  CHECK(all.find("__REDACTED__") != std::string::npos);
  CHECK(all.find("none of your business") != std::string::npos);
  CHECK(all.find("\"mine\"") == std::string::npos);
  CHECK(secret_in(all + said.all) == "");
#if ARTHUR_HAS_EXCEPTIONS
  CHECK(said.all.find("options.redact threw") != std::string::npos);
  CHECK(said.all.find("options.redact threw") == said.all.rfind("options.redact threw"));
#endif
}
