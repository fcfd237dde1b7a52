// policy_settings.cpp: options, ARTHUR_* and OTEL_* become one configuration, in that order of precedence.
#include <doctest/doctest.h>

#include <arthur/policy/settings.hpp>
#include <cmath>
#include <limits>
#include <map>

using namespace arthur::detail;
using arthur::header;
using arthur::options;
using std::chrono::milliseconds;

namespace {

using variables = std::map<std::string, std::string>;

struct outcome {
  settings got;
  warning_list warnings;
};

outcome run(const options& given, variables vars, const char* program = "prog", bool https = false) {
  environment env;
  env.user = &vars;
  env.program = program;
  env.lookup = [](void* user, const char* name) -> const char* {
    const auto& map = *static_cast<variables*>(user);
    const auto it = map.find(name);
    return it == map.end() ? nullptr : it->second.c_str();
  };
  outcome out;
  out.got = resolve(given, env, out.warnings, https);
  return out;
}

std::string attribute(const outcome& o, const char* key) {
  const std::string* value = find_pair(o.got.resource, key);
  return value == nullptr ? "(none)" : *value;
}

}  // namespace

TEST_CASE("the defaults are those that the options document") {
  const outcome o = run({}, {});
  CHECK(o.got.error == "");
  CHECK(o.warnings.empty());
  CHECK(!o.got.disabled);
  CHECK(o.got.sink == sink::endpoint);
  CHECK(!o.got.to_stdout);
  CHECK(o.got.protocol == arthur::protocol::automatic);
  CHECK(o.got.where.profile == profile::arthur);
  CHECK(o.got.schedule_delay == milliseconds(1000));
  CHECK(o.got.export_timeout == milliseconds(30000));
  CHECK(o.got.shutdown_timeout == milliseconds(5000));
  CHECK(o.got.block_timeout == milliseconds(1000));
  CHECK(o.got.max_batch_spans == 128);
  CHECK(o.got.max_batch_bytes == std::size_t{1} << 20);
  CHECK(o.got.sample_ratio == 1.0);
  CHECK(o.got.task_id == "");
  CHECK(o.got.service_name == "unknown_service:prog");
  CHECK(attribute(o, "service.name") == "unknown_service:prog");
  CHECK(attribute(o, "telemetry.sdk.name") == "arthur");
  CHECK(attribute(o, "telemetry.sdk.language") == "cpp");
  CHECK(attribute(o, "telemetry.sdk.version") == ARTHUR_VERSION);
  CHECK(attribute(o, "arthur.task") == "(none)");
  CHECK(run({}, {}, "").got.service_name == "unknown_service");
}

TEST_CASE("the service name comes from the first source that has one") {
  options code;
  code.service_name = "code";
  code.resource_attributes = {{"service.name", "attribute"}};
  code.task_name = "task name";
  code.task_id = "task id";
  variables env{{"ARTHUR_SERVICE_NAME", "arthur"},
                {"OTEL_SERVICE_NAME", "otel"},
                {"OTEL_RESOURCE_ATTRIBUTES", "service.name=resource,a=b"}};
  const auto next = [&](const char* expected) {
    const outcome o = run(code, env);
    CHECK(o.got.service_name == expected);
    CHECK(attribute(o, "service.name") == expected);
  };
  next("code");
  code.service_name = "  ";
  next("attribute");
  code.resource_attributes.clear();
  next("arthur");
  env["ARTHUR_SERVICE_NAME"] = "";
  next("otel");
  env["OTEL_SERVICE_NAME"] = "";
  next("resource");
  env["OTEL_RESOURCE_ATTRIBUTES"] = "service.name=,a=b";
  next("task name");
  code.task_name = "";
  next("task id");
  code.task_id = "";
  next("unknown_service:prog");
}

TEST_CASE("the task is named by code, then ARTHUR_*, then a resource attribute") {
  options id;
  id.task_id = "code id";
  options name;
  name.task_name = "code name";
  options attribute_id;
  attribute_id.resource_attributes = {{"arthur.task", "attribute id"}};
  const variables both{{"ARTHUR_TASK_ID", "env id"}, {"ARTHUR_TASK_NAME", "env name"}};
  const struct {
    options code;
    variables env;
    const char* id;
    const char* name;
    std::size_t warnings;
  } rows[] = {
      {{}, {}, "", "", 0},
      {{}, both, "env id", "env name", 0},
      {{}, {{"ARTHUR_TASK_NAME", "env name"}}, "", "env name", 0},
      {id, both, "code id", "", 0},
      {name, both, "", "code name", 1},
      {name, {}, "", "code name", 0},
      {attribute_id, both, "attribute id", "", 0},
      {{}, {{"OTEL_RESOURCE_ATTRIBUTES", "arthur.task=otel%20id"}}, "otel id", "", 0},
      {{}, {{"OTEL_RESOURCE_ATTRIBUTES", "arthur.task=x"}, {"ARTHUR_TASK_ID", "env id"}}, "env id", "", 0},
      {name, {{"OTEL_RESOURCE_ATTRIBUTES", "arthur.task=x"}}, "", "code name", 0},
  };
  for (const auto& row : rows) {
    const outcome o = run(row.code, row.env);
    CAPTURE(row.id);
    CAPTURE(row.name);
    CHECK(o.got.task_id == row.id);
    CHECK(o.got.task_name == row.name);
    CHECK(attribute(o, "arthur.task") == (*row.id != '\0' ? row.id : "(none)"));
    CHECK(o.warnings.size() == row.warnings);
  }
}

TEST_CASE("resource attributes of the code win over the environment's") {
  options code;
  code.resource_attributes = {{"a", "code"}, {"c", ""}, {"telemetry.sdk.name", "mine"}};
  const outcome o = run(code, {{"OTEL_RESOURCE_ATTRIBUTES", "a=env,b=env,c=env"}});
  CHECK(attribute(o, "a") == "code");
  CHECK(attribute(o, "b") == "env");
  CHECK(attribute(o, "c") == "");
  CHECK(attribute(o, "telemetry.sdk.name") == "mine");
}

TEST_CASE("options out of range are errors that name the field") {
  const auto error = [](auto change) {
    options o;
    change(o);
    return run(o, {}).got.error;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::pair<std::string, const char*> rows[] = {
      {error([](options& o) { o.sample_ratio = 2; }), "sample_ratio"},
      {error([](options& o) { o.sample_ratio = -0.1; }), "sample_ratio"},
      {error([&](options& o) { o.sample_ratio = nan; }), "sample_ratio"},
      {error([](options& o) { o.memory_limit = 1000; }), "memory_limit"},
      {error([](options& o) { o.max_batch_bytes = 0; }), "max_batch_bytes"},
      {error([](options& o) { o.max_body_bytes = 1000; }), "max_body_bytes"},
      {error([](options& o) { o.max_body_bytes = std::size_t{65} << 20; }), "max_body_bytes"},
      {error([](options& o) { o.max_batch_bytes = std::size_t{65} << 20; }), "max_batch_bytes"},
      {error([](options& o) { o.max_batch_spans = 100000; }), "max_batch_spans"},
      {error([](options& o) { o.block_timeout = milliseconds(-1); }), "block_timeout"},
      {error([](options& o) { o.schedule_delay = milliseconds(-1); }), "schedule_delay"},
      {error([](options& o) { o.export_timeout = milliseconds(-1); }), "export_timeout"},
      {error([](options& o) { o.shutdown_timeout = (milliseconds::max)(); }), "shutdown_timeout"},
      {error([](options& o) { o.protocol = static_cast<arthur::protocol>(9); }), "protocol"},
      {error([](options& o) { o.overflow = static_cast<arthur::overflow>(9); }), "overflow"},
      {error([](options& o) { o.resource_attributes = {{" ", "x"}}; }), "resource_attributes"},
      {error([](options& o) { o.exporters = "otlp,zipkin"; }), "exporters"},
      {error([](options& o) { o.max_spans_per_second = 1000001; }), "max_spans_per_second"},
      {error([](options& o) { o.log_level = static_cast<arthur::log_level>(9); }), "log_level"},
      {error([](options& o) {
         o.output_file = "x";
         o.on_batch = [](void*, const arthur::batch_view&) { return true; };
       }),
       "on_batch"},
      {error([](options& o) { o.base_url = "localhost"; }), "base_url"},
      {error([](options& o) { o.endpoint = "https://c"; }), "on_batch"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CHECK(row.first.find(row.second) != std::string::npos);
    CHECK(row.first.find('\n') == std::string::npos);
  }
  CHECK(error([](options& o) { o.sample_ratio = 0; }) == "");
  CHECK(error([](options& o) { o.shutdown_timeout = milliseconds(0); }) == "");
  // Where a size has 32 bits, no size is too large for a place in the pool.
  constexpr std::uint64_t most = std::uint64_t{32} << 30;
  const auto with_limit = [&](std::uint64_t bytes) { return error([&](options& o) { o.memory_limit = static_cast<std::size_t>(bytes); }); };
  const bool large_sizes = sizeof(std::size_t) > 4;
  CHECK(with_limit(large_sizes ? most - 1 : SIZE_MAX) == "");
  CHECK((with_limit(most + 8).find("at most 32 GiB") != std::string::npos) == large_sizes);
}

TEST_CASE("https is fine where it is built in") {
  options code;
  code.base_url = "https://e";
  CHECK(run(code, {}, "prog", true).got.error == "");
  CHECK(run(code, {}, "prog", false).got.error.find("https://e needs TLS") == 0);
}

TEST_CASE("without TLS no https:// URL is accepted, and the line says how to get it") {
  options code;
  code.endpoint = "http://collector:4318/v1/traces";
  code.base_url = "https://e";  // would be asked for the task, with the key
  const std::string line = run(code, {}).got.error;
  CHECK(line.find("https://e needs TLS") == 0);
  CHECK(line.find("ARTHUR_WITH_HTTPLIB") != std::string::npos);
  CHECK(line.find("arthur::httplib") != std::string::npos);
  CHECK(run(code, {}, "prog", true).got.error == "");
}

TEST_CASE("proxies and certificate files are resolved where they are used") {
  options code;
  code.endpoint = "https://c/v1/traces";
  code.base_url = "http://e:3030";
  code.client_key_file = "key";
  const variables env{{"https_proxy", "http://secure:1"}, {"http_proxy", "http://plain:2"}, {"OTEL_EXPORTER_OTLP_CERTIFICATE", "ca"}};
  CHECK(run(code, env, "prog", true).got.error.find("options.client_key_file=") == 0);
  code.client_certificate_file = "cert";
  const outcome o = run(code, env, "prog", true);
  CHECK(o.got.error == "");
  CHECK(o.got.traces_proxy.host == "secure");
  CHECK(o.got.engine_proxy.host == "plain");
  CHECK(o.got.tls.authorities.path == "ca");
  CHECK(o.got.tls.key.path == "key");
  // Plain HTTP needs no files.
  code.endpoint = "http://c";
  code.client_certificate_file = "";
  CHECK(run(code, env).got.error == "");
  code.proxy = "socks5://p";
  CHECK(run(code, env).got.error.find("options.proxy ") == 0);
  // One wrong variable for one host is one line.
  code = {};
  code.base_url = "http://e:3030";
  CHECK(run(code, {{"http_proxy", "socks5://p"}}).warnings.size() == 1);
}

TEST_CASE("exporters are chosen by name") {
  options file;
  file.output_file = "x.jsonl";
  options none;
  none.exporters = "none";
  options stdout_only;
  stdout_only.exporters = " otlp/stdout ";
  options callback;
  callback.on_batch = [](void*, const arthur::batch_view&) { return true; };
  options file_and_stdout = file;
  file_and_stdout.exporters = "otlp/stdout";
  options file_and_console = file;
  file_and_console.exporters = "Console";
  options file_none = file;
  file_none.exporters = "none";
  const struct {
    options code;
    const char* env;
    arthur::detail::sink sink;
    bool to_stdout;
    bool console;
    std::size_t warnings;
  } rows[] = {
      {{}, "", sink::endpoint, false, false, 0},
      {{}, "otlp", sink::endpoint, false, false, 0},
      {{}, "OTLP", sink::endpoint, false, false, 0},
      {{}, "none", sink::none, false, false, 0},
      {{}, "otlp/stdout", sink::none, true, false, 0},
      {{}, "otlp, otlp/stdout,", sink::endpoint, true, false, 0},
      {{}, "console", sink::none, false, true, 0},
      {{}, "otlp,console", sink::endpoint, false, true, 0},
      {{}, "console , otlp/stdout", sink::none, true, true, 0},
      {{}, "otlp/stdout,console,otlp", sink::endpoint, true, true, 0},
      {{}, "console,none", sink::none, false, true, 1},
      {{}, "console,zipkin", sink::none, false, true, 1},
      {{}, "zipkin", sink::endpoint, false, false, 1},
      {{}, "none,otlp", sink::endpoint, false, false, 1},
      {none, "otlp", sink::none, false, false, 0},
      {stdout_only, "otlp", sink::none, true, false, 0},
      {file, "", sink::file, false, false, 0},
      {file, "none", sink::file, false, false, 0},
      {file_and_stdout, "", sink::file, true, false, 0},
      {file_and_console, "", sink::file, false, true, 0},
      {file_none, "", sink::none, false, false, 0},
      {callback, "otlp/stdout", sink::callback, false, false, 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.env);
    CAPTURE(row.code.exporters);
    const outcome o = run(row.code, {{"OTEL_TRACES_EXPORTER", row.env}});
    CHECK(o.got.error == "");
    CHECK(o.got.sink == row.sink);
    CHECK(o.got.to_stdout == row.to_stdout);
    CHECK(o.got.console == row.console);
    CHECK(o.warnings.size() == row.warnings);
  }
}

TEST_CASE("NO_COLOR and TERM=dumb take the colours away") {
  CHECK(run({}, {}).got.console_colours);
  CHECK(run({}, {{"TERM", "xterm-256color"}, {"NO_COLOR", ""}}).got.console_colours);
  CHECK(!run({}, {{"NO_COLOR", "1"}}).got.console_colours);
  CHECK(!run({}, {{"TERM", "dumb"}}).got.console_colours);
}

TEST_CASE("a wrong URL doesn't spoil what isn't posted") {
  options file;
  file.output_file = "x.jsonl";
  CHECK(run(file, {{"ARTHUR_BASE_URL", "nonsense"}}).got.error == "");
}

TEST_CASE("the protocol is pinned by code, then by the environment") {
  using p = arthur::protocol;
  const struct {
    const char* traces;
    const char* general;
    p result;
    std::size_t warnings;
  } rows[] = {
      {"", "", p::automatic, 0},          {"", "http/json", p::http_json, 0},
      {"", "HTTP/Protobuf", p::http_protobuf, 0}, {"http/json", "http/protobuf", p::http_json, 0},
      {"", "grpc", p::automatic, 1},      {"", "nonsense", p::automatic, 1},
      {"grpc", "http/json", p::automatic, 1},
  };
  for (const auto& row : rows) {
    CAPTURE(row.traces);
    CAPTURE(row.general);
    const variables env{{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", row.traces}, {"OTEL_EXPORTER_OTLP_PROTOCOL",
        row.general}};
    const outcome o = run({}, env);
    CHECK(o.got.error == "");
    CHECK(o.got.protocol == row.result);
    CHECK(o.warnings.size() == row.warnings);
    options code;
    code.protocol = p::http_protobuf;
    CHECK(run(code, env).got.protocol == p::http_protobuf);
  }
  CHECK(run({}, {{"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"}}).warnings.size() == 1);
  CHECK(run({}, {{"OTEL_EXPORTER_OTLP_COMPRESSION", "none"}}).warnings.empty());
}

TEST_CASE("times and sizes come from code, then the environment, then the profile") {
  variables env{{"OTEL_BSP_SCHEDULE_DELAY", "2000"},
                {"OTEL_EXPORTER_OTLP_TIMEOUT", "7000"},
                {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "99"}};
  CHECK(run({}, env).got.schedule_delay == milliseconds(2000));
  CHECK(run({}, env).got.export_timeout == milliseconds(7000));
  CHECK(run({}, env).got.max_batch_spans == 128);  // Arthur Engine: small batches
  env["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://c";
  CHECK(run({}, env).got.max_batch_spans == 99);
  env["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"] = "0";
  CHECK(run({}, env).got.max_batch_spans == 512);
  CHECK(run({}, env).warnings.size() == 1);
  env["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"] = "8000";
  CHECK(run({}, env).got.export_timeout == milliseconds(8000));
  env["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"] = "0";  // no limit
  CHECK(run({}, env).got.export_timeout == milliseconds(86400000));
  env["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"] = "10s";
  CHECK(run({}, env).got.export_timeout == milliseconds(7000));
  options code;
  code.schedule_delay = milliseconds(5);
  code.export_timeout = milliseconds(6);
  code.max_batch_spans = 7;
  CHECK(run(code, env).got.schedule_delay == milliseconds(5));
  CHECK(run(code, env).got.export_timeout == milliseconds(6));
  CHECK(run(code, env).got.max_batch_spans == 7);
}

TEST_CASE("OTEL_PROPAGATORS says whether W3C headers are read and written, also where nothing is recorded") {
  const struct {
    const char* list;
    bool trace_context, baggage;
    std::size_t warnings;
  } rows[] = {
      {"", true, true, 0},
      {"tracecontext", true, false, 0},
      {"tracecontext,baggage,tracecontext", true, true, 0},
      {" TraceContext , baggage ", true, true, 0},
      {"baggage", false, true, 0},
      {"none", false, false, 0},
      {"none,none,", false, false, 0},
      {"none,tracecontext", true, false, 1},
      {"baggage,none", false, true, 1},
      {"b3", true, true, 1},
      {"b3,xray", true, true, 2},
      {"b3,tracecontext", true, false, 1},
      {"b3,none", false, false, 1},
      {"b3,baggage", false, true, 1},
  };
  for (const auto& row : rows) {
    CAPTURE(row.list);
    const outcome o = run({}, {{"OTEL_PROPAGATORS", row.list}});
    CHECK(o.got.trace_context == row.trace_context);
    CHECK(o.got.baggage == row.baggage);
    CHECK(o.warnings.size() == row.warnings);
    CHECK(run({}, {{"OTEL_PROPAGATORS", row.list}, {"OTEL_SDK_DISABLED", "true"}}).got.trace_context == row.trace_context);
    CHECK(run({}, {{"OTEL_PROPAGATORS", row.list}, {"OTEL_CONFIG_FILE", "x"}}).got.trace_context);
  }
}

TEST_CASE("OTEL_SDK_DISABLED turns everything off without an error") {
  options wrong;
  wrong.sample_ratio = 9;
  const outcome o = run(wrong, {{"OTEL_SDK_DISABLED", "True"}});
  CHECK(o.got.disabled);
  CHECK(o.got.error == "");
  CHECK(!run({}, {{"OTEL_SDK_DISABLED", "1"}}).got.disabled);
}

TEST_CASE("OTEL_CONFIG_FILE silences every other OTEL_ variable") {
  const outcome o = run({}, {{"OTEL_CONFIG_FILE", "x.yaml"},
                             {"OTEL_SDK_DISABLED", "true"},
                             {"OTEL_SERVICE_NAME", "s"},
                             {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"},
                             {"ARTHUR_TASK_ID", "t"}});
  CHECK(!o.got.disabled);
  CHECK(o.got.service_name == "t");
  CHECK(origin(o.got.where.traces) == "http://localhost:3030");
  CHECK(o.warnings.size() == 1);
}

TEST_CASE("a header_list is filled, copied, moved and made from other containers like a vector") {
  arthur::header_list list = {{"a", "1"}, {"b", "2"}};
  for (int n = 0; n < 10; ++n) list.push_back({"n", std::to_string(n)});
  const arthur::header_list copy = list;
  const arthur::header_list moved = static_cast<arthur::header_list&&>(list);
  CHECK(list.empty());
  REQUIRE(copy.size() == 12);
  REQUIRE(moved.size() == 12);
  CHECK(copy[1].value == "2");
  CHECK(moved[11].value == "9");
  list = copy;
  list[0].value = "changed";
  CHECK(copy[0].value == "1");
  list.clear();
  CHECK(list.begin() == list.end());
  list = std::vector<arthur::header>{{"v", "3"}};
  CHECK(list[0].name == "v");
}
