// outputs.cpp: spans to a file and to standard output, as OTLP JSON lines; exporters chosen by code and environment.
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "support/engine.hpp"
#include "support/otlp_decode.hpp"

namespace {

struct temporary {
  std::string path = "/tmp/arthur-outputs-" + std::to_string(::getpid()) + ".jsonl";
  temporary() { std::remove(path.c_str()); }
  ~temporary() { std::remove(path.c_str()); }
};

std::vector<support::export_request> read_lines(const std::string& path) {
  std::vector<support::export_request> out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::string why;
    auto request = support::decode_json(line, &why);
    CAPTURE(why);
    REQUIRE(request.has_value());
    out.push_back(std::move(*request));
  }
  return out;
}

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
    ::dup2(former, 1);
    ::close(former);
  }
};

void quiet(void*, arthur::severity, const char*) {}

}  // namespace

TEST_CASE("a file gets one request a line, and is appended to") {
  const temporary file;
  for (int run = 0; run < 2; ++run) {
    arthur::options o;
    o.service_name = "file";
    o.output_file = file.path;
    o.protocol = arthur::protocol::http_protobuf;  // of the wire, not of a file
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    ARTHUR_AGENT_SPAN("agent", arthur::input("line\nbreak"));
    ARTHUR_TOOL_SPAN("tool");
  }
  const auto lines = read_lines(file.path);
  std::size_t spans = 0;
  for (const auto& l : lines) spans += l.span_count();
  CHECK(spans == 4);
  CHECK(lines.size() >= 2);
  CHECK(lines[0].resources.at(0).resource.find("service.name")->text == "file");
}

TEST_CASE("a file that can't be written is told and counted, the program goes on") {
  static std::string said;
  arthur::options o;
  o.output_file = "/nowhere/at/all.jsonl";
  o.shutdown_timeout = std::chrono::milliseconds(50);
  o.on_diagnostic = [](void*, arthur::severity, const char* line) { said += line; };
  const auto before = arthur::stats();
  {
    const auto tracing = arthur::start(o);
    { ARTHUR_SPAN("s"); }
    CHECK(arthur::flush(std::chrono::milliseconds(50)) != arthur::flush_result::ok);
  }
  CHECK(said.find("/nowhere/at/all.jsonl") != std::string::npos);
  CHECK(arthur::stats().delivered == before.delivered);
}

TEST_CASE("standard output gets JSON lines when the environment asks, beside the endpoint too") {
  const temporary file;
  support::engine engine;
  ::setenv("OTEL_TRACES_EXPORTER", "otlp,otlp/stdout", 1);
  {
    const redirected out(file.path);
    arthur::options o;
    o.base_url = engine.url();
    const auto tracing = arthur::start(o);
    ARTHUR_SPAN("both");
  }
  ::unsetenv("OTEL_TRACES_EXPORTER");
  CHECK(engine.row_count() == 1);
  const auto lines = read_lines(file.path);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].resources.at(0).scopes.at(0).spans.at(0).name == "both");
}

TEST_CASE("standard output gets each span once, however often the endpoint is asked") {
  const temporary file;
  support::engine engine;
  engine.poison_if([](const support::span&) { return true; });
  {
    const redirected out(file.path);
    arthur::options o;
    o.base_url = engine.url();
    o.exporters = "otlp,otlp/stdout";
    o.schedule_delay = std::chrono::milliseconds(10);
    o.shutdown_timeout = std::chrono::milliseconds(100);
    o.on_diagnostic = quiet;
    const auto tracing = arthur::start(o);
    { ARTHUR_SPAN("refused"); }
    REQUIRE(engine.wait_for_exports(4));  // the probe, the span three times: it was held in between
  }
  CHECK(read_lines(file.path).size() == 1);
}

TEST_CASE("standard output that takes nothing is counted") {
  const auto before = arthur::stats();
  {
    const redirected out("/dev/full");
    arthur::options o;
    o.exporters = "otlp/stdout";
    o.on_diagnostic = quiet;
    const auto tracing = arthur::start(o);
    ARTHUR_SPAN("lost");
  }
  CHECK(arthur::stats().failed - before.failed == 1);
  CHECK(arthur::stats().delivered == before.delivered);
}

TEST_CASE("standard output alone needs no endpoint, and none exports nothing") {
  const temporary file;
  const auto before = arthur::stats();
  {
    const redirected out(file.path);
    arthur::options o;
    o.exporters = "otlp/stdout";
    o.base_url = "http://127.0.0.1:1";
    const auto tracing = arthur::start(o);
    ARTHUR_SPAN("alone");
  }
  CHECK(read_lines(file.path).size() == 1);
  CHECK(arthur::stats().delivered - before.delivered == 1);
  arthur::options o;
  o.exporters = "none";
  const auto tracing = arthur::start(o);
  CHECK(tracing.ok());
  int evaluated = 0;
  ARTHUR_SPAN("none", arthur::attribute("a", ++evaluated));
  CHECK(evaluated == 0);
}

TEST_CASE("OTEL_SDK_DISABLED records nothing and isn't an error") {
  ::setenv("OTEL_SDK_DISABLED", "true", 1);
  const auto tracing = arthur::start();
  ::unsetenv("OTEL_SDK_DISABLED");
  CHECK(tracing.ok());
  int evaluated = 0;
  ARTHUR_SPAN("s", arthur::attribute("a", ++evaluated));
  CHECK(evaluated == 0);
}

TEST_CASE("the environment configures a program that says nothing itself") {
  support::engine_options options;
  options.keys = {{"env-key", {"TASK-ADMIN"}}};
  options.tasks = {{"t-1", "From the environment"}};
  support::engine engine(options);
  ::setenv("ARTHUR_BASE_URL", (engine.url() + "/").c_str(), 1);
  ::setenv("ARTHUR_API_KEY", "env-key", 1);
  ::setenv("ARTHUR_TASK_NAME", "From the environment", 1);
  ::setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,team=a%20b", 1);
  {
    arthur::options o;
    o.on_diagnostic = quiet;
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    ARTHUR_SPAN("s");
  }
  for (const char* name : {"ARTHUR_BASE_URL", "ARTHUR_API_KEY", "ARTHUR_TASK_NAME", "OTEL_RESOURCE_ATTRIBUTES"}) ::unsetenv(name);
  REQUIRE(engine.row_count() == 1);
  const auto stored = engine.spans()[0];
  CHECK(stored.task_id == "t-1");
  CHECK(stored.resource->find("service.name")->text == "From the environment");
  CHECK(stored.resource->find("team")->text == "a b");
  CHECK(stored.resource->find("telemetry.sdk.language")->text == "cpp");
}
