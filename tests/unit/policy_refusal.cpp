// policy_refusal.cpp: each refusal is one line that ends with what to change, by the name of what is to be changed.
#include <doctest/doctest.h>

#include <arthur/policy/refusal.hpp>

#include <map>
#include <string>

using namespace arthur::detail;
using arthur::options;

namespace {

using variables = std::map<std::string, std::string>;

settings resolved(const options& given, const variables& set) {
  environment env;
  env.user = const_cast<variables*>(&set);
  env.lookup = [](void* user, const char* name) -> const char* {
    const auto& all = *static_cast<const variables*>(user);
    const auto found = all.find(name);
    return found == all.end() ? nullptr : found->second.c_str();
  };
  env.program = "test";
  warning_list warnings;
  settings s = resolve(given, env, warnings, true);
  CHECK(s.error == "");
  return s;
}

options with(const char* base_url, const char* api_key = "", const char* endpoint = "") {
  options o;
  o.base_url = base_url;
  o.api_key = api_key;
  o.endpoint = endpoint;
  return o;
}

options with_header(const char* name, options o) {
  o.headers = {{name, "Bearer c"}};
  return o;
}

options with_proxy(const char* proxy, options o) {
  o.proxy = proxy;
  return o;
}

}  // namespace

TEST_CASE("each situation has its line") {
  const char* const roles = "; use one with the role VALIDATION-USER, TASK-ADMIN or ORG-ADMIN";
  const char* const pinned = "does it take OTLP traces? leave options.protocol at automatic";
  const std::string e = "http://e:3030";
  const struct {
    options given;
    variables set;
    int status;
    const char* reason;
    const char* location;
    std::string line;
  } rows[] = {
      // 401: no key, whose key, or a key that isn't sent there
      {{}, {}, 401, "Requires authentication", "", "http://localhost:3030 answered 401 (Requires authentication): ARTHUR_API_KEY is missing; set it to a key of the engine"},
      {with("http://e:3030"), {{"ARTHUR_API_KEY", "k"}}, 401, "Unauthorized", "", e + " answered 401 (Unauthorized): ARTHUR_API_KEY is wrong; copy the key again, or make a new one"},
      {with("http://e:3030", "k"), {{"ARTHUR_API_KEY", "other"}}, 401, "", "", e + " answered 401: options.api_key is wrong; copy the key again, or make a new one"},
      {with_header("authorization", with("http://e:3030")), {{"ARTHUR_API_KEY", "k"}}, 401, "", "", e + " answered 401: the credentials in options.headers are wrong; check them"},
      {with_header("x-team", with("http://e:3030")), {}, 401, "", "", e + " answered 401: ARTHUR_API_KEY is missing; set it to a key of the engine"},
      {{}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"}, {"ARTHUR_API_KEY", "k"}}, 401, "", "",
       "http://c answered 401: the key is kept for the host of ARTHUR_BASE_URL; set that to this host, or options.api_key beside options.endpoint"},
      {{}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"}}, 401, "", "",
       "http://c answered 401: credentials are missing; set OTEL_EXPORTER_OTLP_HEADERS or options.headers"},
      {{}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"}, {"OTEL_EXPORTER_OTLP_HEADERS", "x-key=k"}}, 401, "", "",
       "http://c answered 401: the credentials in OTEL_EXPORTER_OTLP_HEADERS are wrong; check them"},
      // 403
      {{}, {{"ARTHUR_API_KEY", "k"}}, 403, "Forbidden", "", std::string("http://localhost:3030 answered 403 (Forbidden): the key in ARTHUR_API_KEY may not write traces") + roles},
      {with("http://e:3030", "k"), {}, 403, "", "", e + " answered 403: the key in options.api_key may not write traces" + roles},
      {{}, {}, 403, "", "", "http://localhost:3030 answered 403: ARTHUR_API_KEY is missing; set it to a key of the engine"},
      {{}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"}, {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-key=k"}}, 403, "", "",
       "http://c answered 403: the key in OTEL_EXPORTER_OTLP_TRACES_HEADERS may not write traces; use one that may"},
      // The address, by who named it
      {{}, {}, 404, "Not Found", "", "http://localhost:3030 answered 404 (Not Found): nothing takes traces at /api/v1/traces; set ARTHUR_BASE_URL if it is elsewhere"},
      {{}, {{"ARTHUR_BASE_URL", "http://e:3030/engine/"}}, 404, "", "", e + " answered 404: nothing takes traces at /engine/api/v1/traces; check ARTHUR_BASE_URL"},
      {with("", "", "http://c/v1/logs?key=hidden"), {}, 404, "", "", "http://c answered 404: nothing takes traces at /v1/logs; check options.endpoint"},
      {{}, {{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c"}}, 405, "", "", "http://c answered 405: nothing takes POST at /; check OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"},
      // Redirects
      {with("http://e:3030"), {}, 307, "", "https://e/api/v1/traces", e + " answered 307: redirects aren't followed, so that the key goes nowhere else; "
       "this one leads to \"https://e/api/v1/traces\": name the final address in options.base_url"},
      {{}, {}, 302, "", "https://user:hidden@login/?next=hidden", "http://localhost:3030 answered 302: redirects aren't followed, so that the key goes nowhere else; "
       "this one leads to \"https://***@login/?***\": name the final address in ARTHUR_BASE_URL"},
      {{}, {}, 308, "", "", "http://localhost:3030 answered 308: redirects aren't followed, so that the key goes nowhere else; name the final address in ARTHUR_BASE_URL"},
      {{}, {}, 301, "", "line\r\nbreak", "http://localhost:3030 answered 301: redirects aren't followed, so that the key goes nowhere else; "
       "this one leads to \"line\\x0d\\x0abreak\": name the final address in ARTHUR_BASE_URL"},
      // A proxy
      {with_proxy("http://user:hidden@p:3128", with("http://e:3030")), {}, 407, "", "", e + " through the proxy p:3128 answered 407: the proxy asks for credentials; put them into options.proxy"},
      {with("http://e:3030"), {{"http_proxy", "p:3128"}}, 407, "", "", e + " through the proxy p:3128 answered 407: the proxy asks for credentials; put them into http_proxy"},
      {with("http://e:3030"), {}, 407, "", "", e + " answered 407: the proxy asks for credentials; put them into options.proxy"},
      {with_proxy("p:3128", with("https://e")), {}, 502, "", "", "https://e answered 502: it, or a proxy before it, is not available; check that it is up"},
      // The rest
      {with("http://e:3030"), {}, 400, "Input should be a valid bytes", "", e + " answered 400 (Input should be a valid bytes): " + pinned},
      {with("http://e:3030"), {}, 408, "", "", e + " answered 408: it waited too long for the request; check the network, or lower options.max_batch_bytes"},
      {with("http://e:3030"), {}, 413, "", "", e + " answered 413: the request is too large; lower options.max_batch_bytes"},
      {with("http://e:3030"), {}, 415, "", "", e + " answered 415: " + pinned},
      {with("http://e:3030"), {}, 422, "no kind", "", e + " answered 422 (no kind): the spans break its rules; the reason tells which"},
      {with("http://e:3030"), {}, 429, "", "", e + " answered 429: it asks to slow down; lower options.sample_ratio if it goes on"},
      {with("http://e:3030"), {}, 500, "Something went wrong.", "", e + " answered 500 (Something went wrong.): does the task id exist? is the engine's database up?"},
      {{}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"}}, 500, "", "", "http://c answered 500: look into the log of the endpoint, or of a proxy before it"},
      {with("http://e:3030"), {}, 503, "", "", e + " answered 503: it, or a proxy before it, is not available; check that it is up"},
      {with("http://e:3030"), {}, 418, "", "", e + " answered 418: look into the log of the endpoint, or of a proxy before it"},
  };
  for (const auto& row : rows) {
    const settings s = resolved(row.given, row.set);
    CHECK(std::string(refusal(row.status, row.reason, row.location, traces_of(s))) == row.line);
  }
}

TEST_CASE("no refusal is without a way out") {
  const settings engine = resolved({}, {});
  const settings collector = resolved({}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"}});
  for (int status = 300; status < 600; ++status) {
    CAPTURE(status);
    CHECK_FALSE(advice(status, "", traces_of(engine)).empty());
    CHECK_FALSE(advice(status, "", traces_of(collector)).empty());
  }
}

TEST_CASE("a task that isn't found is told by its name, with the setting that named it") {
  options in_code;
  in_code.task_name = "Sup\nport";
  const struct {
    options given;
    variables set;
    int status;
    const char* line;
  } rows[] = {
      {{}, {{"ARTHUR_TASK_NAME", "Support"}}, 200, "the engine has no task \"Support\": create it, or set ARTHUR_TASK_NAME to one that exists"},
      {in_code, {{"ARTHUR_TASK_NAME", "Other"}}, 200, "the engine has no task \"Sup\\x0aport\": create it, or set options.task_name to one that exists"},
      {{}, {{"ARTHUR_TASK_NAME", "S"}, {"ARTHUR_API_KEY", "k"}}, 403,
       "the task \"S\" can't be looked up (403): the key may not read tasks; use one with the role TASK-ADMIN, or name the task by its id in ARTHUR_TASK_ID"},
      {{}, {{"ARTHUR_TASK_NAME", "S"}}, 401, "the task \"S\" can't be looked up (401): ARTHUR_API_KEY is missing; set it to a key of the engine"},
      {{}, {{"ARTHUR_TASK_NAME", "S"}, {"ARTHUR_API_KEY", "k"}}, 401,
       "the task \"S\" can't be looked up (401): ARTHUR_API_KEY is wrong; copy the key again, or make a new one"},
      {{}, {{"ARTHUR_TASK_NAME", "S"}, {"ARTHUR_BASE_URL", "http://e"}}, 404, "the task \"S\" can't be looked up (404): is it an Arthur Engine? check ARTHUR_BASE_URL"},
  };
  for (const auto& row : rows) CHECK(std::string(no_task(resolved(row.given, row.set), row.status)) == row.line);
}
