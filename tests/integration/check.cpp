// check.cpp: arthur::check() against the stand-in engine, a plain collector, and servers that are neither.
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <string>

#include "support/capture.hpp"
#include "support/engine.hpp"
#include "support/http_server.hpp"
#include "support/variable.hpp"

namespace {

using arthur::check_outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;

const char* const secret = "c2VjcmV0LWlkOnZlcnktc2VjcmV0LXZhbHVl";

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const arthur::check_step& step(const arthur::check_result& result, const std::string& name) {
  for (const arthur::check_step& s : result) {
    if (s.name == name) return s;
  }
  static const arthur::check_step none;
  return none;
}

/// "name:outcome", one behind the other; and no secret in any line.
std::string summary(const arthur::check_result& result) {
  const char* const outcomes[] = {"ok", "warning", "FAILED", "skipped"};
  std::string all;
  for (const arthur::check_step& s : result) {
    all += (all.empty() ? "" : ", ") + std::string(s.name) + ":" + outcomes[static_cast<int>(s.outcome)];
    for (const std::string& line : {s.text, s.fix}) {
      CHECK_FALSE(has(line, secret));
      CHECK_FALSE(has(line, "\n"));
    }
    CHECK(s.text != "");
    if (s.outcome == check_outcome::failed) CHECK(s.fix != "");
  }
  return all;
}

support::engine_options with_key(const char* role) {
  support::engine_options o;
  o.keys = {{secret, {role}}};
  o.tasks = {{"11111111-1111-4111-8111-111111111111", "Support", 1}, {"22222222-2222-4222-8222-222222222222", "Sales", 2}};
  return o;
}

arthur::options to(const support::engine& e) {
  arthur::options o;
  o.service_name = "agent";
  o.base_url = e.url();
  o.api_key = secret;
  return o;
}

/// A server with one answer for everything.
struct fixed_server {
  explicit fixed_server(support::http_answer answer) {
    support::http_server_options o;
    o.port = port.number();
    o.handle = [answer](const support::http_request&) { return answer; };
    server = std::make_unique<support::http_server>(std::move(o));
  }
  arthur::options options() const {
    arthur::options o;
    o.base_url = "http://127.0.0.1:" + std::to_string(port.number());
    return o;
  }
  support::reserved_port port{0};
  std::unique_ptr<support::http_server> server;
};

}  // namespace

TEST_CASE("where all is well each step says so, and one span arrives that says what it is") {
  support::engine engine(with_key("TASK-ADMIN"));
  auto o = to(engine);
  o.task_name = "Support";
  const auto result = arthur::check(o);
  CHECK(result.ok());
  CHECK(summary(result) == "configuration:ok, endpoint:ok, key:ok, health:ok, account:ok, task:ok, protocol:ok, test span:ok, look-up:ok");
  CHECK(has(step(result, "endpoint").text, engine.url() + "/api/v1/traces, named by options.base_url"));
  CHECK(step(result, "key").text == "credentials come from options.api_key");
  CHECK(has(step(result, "health").text, "2.1.686"));
  CHECK(has(step(result, "task").text, "has the id 11111111-1111-4111-8111-111111111111"));
  REQUIRE(engine.row_count() == 1);
  const auto stored = engine.spans()[0];
  CHECK(stored.task_id == "11111111-1111-4111-8111-111111111111");
  CHECK(stored.span.name == "arthur.check");
  CHECK(stored.span.parent_span_id.empty());
  CHECK(stored.span.text("openinference.span.kind") == "CHAIN");
  CHECK(has(stored.span.text("input.value"), "test span of arthur::check()"));
  CHECK(stored.resource->find("service.name")->text == "agent");
}

TEST_CASE("keys and tasks: what is wrong, and what to change") {
  const struct {
    const char* role;  // of the key that the engine knows
    const char* key;   // that is given
    const char* id;
    const char* name;
    bool good;
    std::size_t rows;
    const char* step;
    check_outcome outcome;
    const char* text;
    const char* fix;
  } rows[] = {
      {"TASK-ADMIN", "", "", "", false, 0, "account", check_outcome::failed, "answered 401 (Requires authentication)", "ARTHUR_API_KEY is missing; set it to a key of the engine"},
      {"TASK-ADMIN", "other", "", "", false, 0, "account", check_outcome::failed, "answered 401 (Unauthorized)",
       "options.api_key is wrong; copy the key again, or make a new one"},
      {"ORG-AUDITOR", secret, "", "", false, 0, "account", check_outcome::failed, "has the role ORG-AUDITOR, which may not write traces",
       "the key in options.api_key may not write traces; use one with the role VALIDATION-USER, TASK-ADMIN or ORG-ADMIN"},
      {"VALIDATION-USER", secret, "", "", true, 1, "account", check_outcome::warning, "has the role VALIDATION-USER: it may write traces, not read",
       "a role that reads, such as TASK-ADMIN"},
      {"VALIDATION-USER", secret, "", "", true, 1, "look-up", check_outcome::skipped, "the key may not read", ""},
      {"VALIDATION-USER", secret, "", "Support", false, 0, "task", check_outcome::failed, "the task \"Support\" can't be looked up (403)",
       "the key may not read tasks; use one with the role TASK-ADMIN, or name the task by its id in ARTHUR_TASK_ID"},
      {"VALIDATION-USER", secret, "11111111-1111-4111-8111-111111111111", "", true, 1, "task", check_outcome::warning, "can't be asked: the key may not read", ""},
      {"TASK-ADMIN", secret, "", "Suport", false, 0, "task", check_outcome::failed, "the engine has no task \"Suport\"; it has \"Sales\", \"Support\"",
       "create it, or set options.task_name to one that exists"},
      {"TASK-ADMIN", secret, "22222222-2222-4222-8222-222222222222", "", true, 1, "task", check_outcome::ok, "is named \"Sales\"", ""},
      {"TASK-ADMIN", secret, "33333333-3333-4333-8333-333333333333", "", false, 0, "task", check_outcome::failed,
       "the engine has no task \"33333333-3333-4333-8333-333333333333\", and refuses every trace for it; it has \"Sales\", \"Support\"",
       "create it, or set options.task_id"},
      // Nothing in an id gets out of its place in the path.
      {"TASK-ADMIN", secret, "x?a= HTTP/1.1\r\nX-Evil: 1\r\nX-Rest: \x7f\xff", "", false, 0, "task", check_outcome::failed, "the engine has no task \"x?a=", "create it"},
      {"TASK-ADMIN", secret, "", "no UTF-8: \xff \r\n", false, 0, "task", check_outcome::failed, "the engine has no task", "create it"},
      {"TASK-ADMIN", secret, "", "", true, 1, "task", check_outcome::ok, "no task is named: the engine makes one for the service \"agent\"", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.role);
    CAPTURE(row.step);
    CAPTURE(row.text);
    support::engine engine(with_key(row.role));
    auto o = to(engine);
    o.api_key = row.key;
    o.task_id = row.id;
    o.task_name = row.name;
    const auto result = arthur::check(o);
    CAPTURE(summary(result));
    CHECK(result.ok() == row.good);
    const auto& s = step(result, row.step);
    CHECK(s.outcome == row.outcome);
    CHECK_MESSAGE(has(s.text, row.text), s.text);
    CHECK_MESSAGE((*row.fix == '\0' ? s.fix.empty() : has(s.fix, row.fix)), s.fix);
    CHECK(engine.row_count() == row.rows);
    CHECK(step(result, "test span").outcome == (row.good ? check_outcome::ok : check_outcome::skipped));
    for (const auto& r : engine.requests()) CHECK(r.headers.count("x-evil") == 0);
  }
}

TEST_CASE("the key's and the address's names come from where they were given") {
  support::engine engine(with_key("TASK-ADMIN"));
  const support::variable base("ARTHUR_BASE_URL", engine.url().c_str());
  const support::variable key("ARTHUR_API_KEY", "wrong");
  const auto result = arthur::check();
  CHECK(has(step(result, "endpoint").text, "named by ARTHUR_BASE_URL"));
  CHECK(step(result, "key").text == "credentials come from ARTHUR_API_KEY");
  CHECK(step(result, "account").fix == "ARTHUR_API_KEY is wrong; copy the key again, or make a new one");
  const support::variable task("ARTHUR_TASK_NAME", "Nobody");
  const support::variable right("ARTHUR_API_KEY", secret);
  CHECK(step(arthur::check(), "task").fix == "create it, or set ARTHUR_TASK_NAME to one that exists");
}

TEST_CASE("what isn't an engine is told by what it answers") {
  const auto answering = [](int status, const char* body, const char* type, const char* location) {
    support::http_answer a;
    a.status = status;
    a.body = body;
    a.content_type = type;
    if (location != nullptr) a.headers["Location"] = location;
    return a;
  };
  const struct {
    support::http_answer answer;
    const char* step;
    const char* text;
    const char* fix;
  } rows[] = {
      {answering(200, "<!DOCTYPE html><title>Sign in</title>", "text/html; charset=utf-8", nullptr), "health",
       "answered 200 with a page for people: something else is there", "check options.base_url"},
      {answering(302, "", "text/html", "https://user:hidden@login.example/?next=hidden"), "health", "answered 302",
       "redirects aren't followed, so that the key goes nowhere else; this one leads to \"https://***@login.example/?***\": name the final address in "
       "options.base_url"},
      {answering(503, "{\"detail\":\"starting\"}", "application/json", nullptr), "health", "answered 503 (starting)",
       "it, or a proxy before it, is not available; check that it is up"},
      {answering(404, "nothing", "text/plain", nullptr), "protocol", "answered 404", "nothing takes traces at /api/v1/traces; check options.base_url"},
      {answering(405, "", "text/plain", nullptr), "health", "answered 405", "check options.base_url"},
      {answering(403, "blocked", "text/plain", nullptr), "health", "answered 403", "ARTHUR_API_KEY is missing"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.answer.status);
    fixed_server server(row.answer);
    const auto result = arthur::check(server.options());
    CAPTURE(summary(result));
    CHECK_FALSE(result.ok());
    const auto& s = step(result, row.step);
    CHECK(s.outcome == check_outcome::failed);
    CHECK_MESSAGE(has(s.text, row.text), s.text);
    CHECK_MESSAGE(has(s.fix, row.fix), s.fix);
    CHECK(step(result, "test span").outcome == check_outcome::skipped);
    for (const auto& line : result) CHECK_FALSE(has(line.text + line.fix, "hidden"));
  }
}

TEST_CASE("who isn't there is told apart from who isn't known") {
  arthur::options o;
  {
    const support::reserved_port port(0);
    o.base_url = "http://127.0.0.1:" + std::to_string(port.number());
    const auto result = arthur::check(o);
    CHECK(summary(result) == "configuration:ok, endpoint:ok, key:ok, health:FAILED, test span:skipped");
    CHECK(step(result, "health").text == "can't connect to 127.0.0.1:" + std::to_string(port.number()) + ": Connection refused");
    CHECK(step(result, "health").fix == "is it up? check options.base_url");
  }
  o.base_url = "http://" + std::string(100, 'x');  // too long for DNS, so nobody is asked
  const auto result = arthur::check(o);
  CHECK(has(step(result, "health").text, "can't find the address of xxx"));
  CHECK(step(result, "health").fix == "check options.base_url");
}

TEST_CASE("a collector gets a test span in the encoding that it reads, and its answer is understood") {
  for (const auto accept : {support::encodings::json, support::encodings::protobuf}) {
    for (const auto pinned : {arthur::protocol::automatic, arthur::protocol::http_json, arthur::protocol::http_protobuf}) {
      support::engine_options options;
      options.speaks = support::dialect::collector;
      options.accept = accept;
      options.keys = {{secret, {}}};
      support::engine collector(options);
      arthur::options o;
      o.endpoint = collector.url() + "/v1/traces";
      o.headers = {{"Authorization", "Bearer " + std::string(secret)}};
      o.protocol = pinned;
      const auto result = arthur::check(o);
      const std::string all = summary(result);
      CAPTURE(all);
      const bool good = pinned == arthur::protocol::automatic || (pinned == arthur::protocol::http_json) == (accept == support::encodings::json);
      CHECK(result.ok() == good);
      CHECK(collector.row_count() == (good ? 1 : 0));
      CHECK(all == (good ? "configuration:ok, endpoint:ok, key:ok, health:skipped, protocol:ok, test span:ok"
                         : "configuration:ok, endpoint:ok, key:ok, health:skipped, protocol:ok, test span:FAILED"));
      if (!good) CHECK(step(result, "test span").fix == "does it take OTLP traces? leave options.protocol at automatic");
      o.headers = {{"x-key", "wrong"}};
      const auto refused = arthur::check(o);
      const auto& last = pinned == arthur::protocol::automatic ? step(refused, "protocol") : step(refused, "test span");
      CHECK(last.outcome == check_outcome::failed);
      CHECK(last.fix == "the credentials in options.headers are wrong; check them");
      o.headers = {};
      const auto without = arthur::check(o);
      CHECK((pinned == arthur::protocol::automatic ? step(without, "protocol") : step(without, "test span")).fix ==
            "credentials are missing; set OTEL_EXPORTER_OTLP_HEADERS or options.headers");
    }
  }
}

TEST_CASE("an engine beside an OTLP endpoint is asked for the task's id only, as tracing would") {
  support::engine_options options;
  options.speaks = support::dialect::collector;
  support::engine collector(options);
  const support::variable base("ARTHUR_BASE_URL", "http://127.0.0.1:1");
  arthur::options o;
  o.endpoint = collector.url() + "/v1/traces";
  CHECK(arthur::check(o).ok());
  const support::variable task("ARTHUR_TASK_NAME", "Support");
  const auto result = arthur::check(o);
  CHECK(step(result, "health").outcome == check_outcome::failed);
  CHECK(step(result, "health").fix == "is it up? check ARTHUR_BASE_URL");
}

TEST_CASE("a span that is refused, lost or failing is told as that") {
  const auto asks = [](support::fault::action what, int status, const char* body) {
    support::fault f;
    f.what = what;
    f.where = support::fault::target::spans;
    f.status = status;
    f.body = body;
    f.times = -1;
    return f;
  };
  using action = support::fault::action;
  const struct {
    support::fault what;
    const char* text;
    const char* fix;
  } rows[] = {
      {asks(action::answer, 500, "{\"detail\":\"Something went wrong.\"}"), "answered 500 (Something went wrong.)", "does the task id exist?"},
      {asks(action::answer, 422, "{\"rejected_spans\":1,\"rejection_reasons\":[\"no kind\"]}"), "answered 422 (no kind)", "the spans break its rules"},
      {asks(action::answer, 206, "{\"rejected_spans\":1,\"rejection_reasons\":[\"no kind\"]}"), "the endpoint refused it: no kind", "look into its rules"},
      {asks(action::answer, 413, ""), "answered 413", "lower options.max_batch_bytes"},
      {asks(action::answer, 200, "<html>"), "with a page for people", "check options.base_url"},
      {asks(action::close, 0, ""), "it was sent, but no answer came", "no proxy cuts the connection"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    support::engine engine(with_key("TASK-ADMIN"));
    engine.inject(row.what);
    const auto result = arthur::check(to(engine));
    CHECK_FALSE(result.ok());
    const auto& s = step(result, "test span");
    CHECK(s.outcome == check_outcome::failed);
    CHECK_MESSAGE(has(s.text, row.text), s.text);
    CHECK_MESSAGE(has(s.fix, row.fix), s.fix);
    CHECK(step(result, "look-up").name[0] == '\0');
    CHECK(engine.row_count() == 0);
  }
}

TEST_CASE("an engine that stores and then forgets is found out") {
  support::engine engine(with_key("TASK-ADMIN"));
  support::fault f;
  f.where = support::fault::target::spans;
  f.status = 200;
  f.body = "{\"rejected_spans\":0}";
  engine.inject(f);
  const auto result = arthur::check(to(engine));
  CHECK_FALSE(result.ok());
  CHECK(step(result, "look-up").outcome == check_outcome::failed);
}

TEST_CASE("whoever doesn't answer holds it up no longer than the time that it has") {
  for (const auto where : {support::fault::target::read, support::fault::target::ingest, support::fault::target::spans}) {
    support::engine engine(with_key("TASK-ADMIN"));
    support::fault f;
    f.what = support::fault::action::hold;
    f.where = where;
    f.times = -1;
    engine.inject(f);
    const auto result = arthur::check(to(engine), milliseconds(300));  // without a bound it would never return
    CHECK_FALSE(result.ok());
    const auto& s = step(result, where == support::fault::target::read ? "health" : where == support::fault::target::ingest ? "protocol" : "test span");
    CHECK(s.outcome == check_outcome::failed);
    CHECK_MESSAGE(has(s.text, "no answer"), s.text);
    CHECK(s.fix != "");
  }
  support::engine engine(with_key("TASK-ADMIN"));
  CHECK_FALSE(arthur::check(to(engine), seconds(0)).ok());
  CHECK_FALSE(arthur::check(to(engine), seconds(-1)).ok());
  CHECK(arthur::check(to(engine), std::chrono::nanoseconds::max()).ok());
}

TEST_CASE("a runtime that runs isn't touched, nor the span around it") {
  support::engine engine(with_key("TASK-ADMIN"));
  int said = 0;
  support::capture capture;
  {
    ARTHUR_AGENT_SPAN("agent");
    const std::string before = arthur::current_span_id().c_str();
    auto o = to(engine);
    o.on_diagnostic = [](void* user, arthur::severity, const char*) { ++*static_cast<int*>(user); };
    o.on_diagnostic_user = &said;
    o.hide_inputs = true;
    o.sample_ratio = 0;
    CHECK(arthur::check(o).ok());
    o.api_key = "wrong";
    CHECK_FALSE(arthur::check(o).ok());
    CHECK(std::string(arthur::current_span_id().c_str()) == before);
    ARTHUR_LLM_SPAN("chat", arthur::input("seen"));
  }
  CHECK(said == 0);
  CHECK(capture.spans().size() == 2);
  CHECK(capture.only("chat").text("input.value") == "seen");
  CHECK(arthur::stats().opened == 2);
  CHECK(support::account_closed(arthur::stats()));
  REQUIRE(engine.row_count() == 1);
  CHECK(engine.spans()[0].span.parent_span_id.empty());
}

TEST_CASE("what can't start is told with the line of arthur::start(), and nothing is sent") {
  arthur::options o;
  o.base_url = "http://user:" + std::string(secret) + "@127.0.0.1:1";
  const auto result = arthur::check(o);
  CHECK(summary(result) == "configuration:FAILED");
  CHECK(has(step(result, "configuration").fix, "options.base_url \"http://***@127.0.0.1:1\" contains a user or password; remove it"));
  o = {};
  o.sample_ratio = 2;
  CHECK(step(arthur::check(o), "configuration").fix == "options.sample_ratio is out of range: give 0 to 1");
  const support::variable unknown("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc");
  o = {};
  o.base_url = "http://127.0.0.1:1";
  const auto doubtful = arthur::check(o);
  CHECK(step(doubtful, "configuration").outcome == check_outcome::warning);
  CHECK(has(step(doubtful, "configuration").fix, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=\"grpc\" is ignored"));
}

TEST_CASE("where traces go elsewhere, that is what is checked") {
  arthur::options o;
  o.on_batch = [](void*, const arthur::batch_view&) { return true; };
  CHECK(summary(arthur::check(o)) == "configuration:ok, test span:skipped");
  o = {};
  o.exporters = "none";
  CHECK(summary(arthur::check(o)) == "configuration:ok, test span:skipped");
  o.exporters = "otlp/stdout";
  CHECK(summary(arthur::check(o)) == "configuration:ok, test span:skipped");
  {
    const support::variable off("OTEL_SDK_DISABLED", "true");
    CHECK(summary(arthur::check()) == "configuration:warning");
  }
  o = {};
  o.output_file = "check_output.jsonl";
  CHECK(summary(arthur::check(o)) == "configuration:ok, test span:ok");
  std::ifstream file(o.output_file);
  std::string line;
  CHECK(std::getline(file, line));
  CHECK(has(line, "arthur.check"));
  CHECK_FALSE(std::getline(file, line));
  std::remove(o.output_file.c_str());
  o.output_file = "/nonexistent/directory/traces.jsonl";
  const auto result = arthur::check(o);
  CHECK(summary(result) == "configuration:ok, test span:FAILED");
  CHECK(has(step(result, "test span").fix, "options.output_file"));
}
