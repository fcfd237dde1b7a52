// policy_endpoint.cpp: where spans go, by whose rules, and where the key must never go.
#include <doctest/doctest.h>

#include <arthur/policy/settings.hpp>
#include <map>

using namespace arthur::detail;
using arthur::header;
using arthur::options;

namespace {

using variables = std::map<std::string, std::string>;

environment from(variables& vars) {
  environment env;
  env.user = &vars;
  env.program = "prog";
  env.lookup = [](void* user, const char* name) -> const char* {
    const auto& map = *static_cast<variables*>(user);
    const auto it = map.find(name);
    return it == map.end() ? nullptr : it->second.c_str();
  };
  return env;
}

std::string full(const url& u) { return origin(u) + u.target; }

std::string shown_headers(const std::vector<header>& list) {
  std::string out;
  for (const header& h : list) out += (out.empty() ? "" : ", ") + h.name + ": " + h.value;
  return out;
}

struct outcome {
  endpoint where;
  std::string error;
  warning_list warnings;
};

outcome run(const options& given, variables vars) {
  outcome out;
  out.error = resolve_endpoint(given, from(vars), out.warnings, out.where);
  return out;
}

}  // namespace

TEST_CASE("OTEL endpoints are turned into URLs by the specification's table") {
  const struct {
    const char* traces;
    const char* base;
    const char* url;
  } rows[] = {
      {"http://c:4318", "", "http://c:4318/"},                           // U1
      {"http://c:4318/", "", "http://c:4318/"},                          // U1
      {"http://c:4318/my", "", "http://c:4318/my"},                      // U1
      {"http://c:4318/my/", "", "http://c:4318/my/"},                    // U1
      {"http://c:4318/v1/traces", "http://d:1", "http://c:4318/v1/traces"},  // N8: the signal's own wins
      {"", "http://c:4318", "http://c:4318/v1/traces"},                  // U2
      {"", "http://c:4318/", "http://c:4318/v1/traces"},                 // U2
      {"", "http://c:4318/my/", "http://c:4318/my/v1/traces"},           // U2
      {"", "http://c:4318/my", "http://c:4318/my/v1/traces"},            // U2
      {"", "http://c", "http://c/v1/traces"},                            // U3: 80, not 4318
      {"", "https://c", "https://c/v1/traces"},                          // U3: 443
      {"https://[2001:db8::1]:4318/x", "", "https://[2001:db8::1]:4318/x"},  // U5
      {"http://c/x?token=1&b=2", "", "http://c/x?token=1&b=2"},          // U6
  };
  for (const auto& row : rows) {
    CAPTURE(row.traces);
    CAPTURE(row.base);
    const outcome o = run({}, {{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", row.traces},
                               {"OTEL_EXPORTER_OTLP_ENDPOINT", row.base}});
    CHECK(o.error == "");
    CHECK(o.warnings.empty());
    CHECK(full(o.where.traces) == row.url);
    CHECK(o.where.profile == profile::otlp);
    CHECK(!o.where.has_engine);
    CHECK(o.where.headers.empty());
  }
}

TEST_CASE("nothing given means the local engine") {
  const outcome o = run({}, {});
  CHECK(o.error == "");
  CHECK(o.warnings.empty());
  CHECK(full(o.where.traces) == "http://localhost:3030/api/v1/traces");
  CHECK(o.where.profile == profile::arthur);
  CHECK(o.where.has_engine);
  CHECK(origin(o.where.engine) == "http://localhost:3030");
  CHECK(o.where.engine.target == "");
  CHECK(o.where.headers.empty());
}

TEST_CASE("a base URL works with and without slashes, with a path, and as the traces URL itself") {
  const struct {
    const char* base;
    const char* traces;
    const char* engine;
  } rows[] = {
      {"http://127.0.0.1:3030", "http://127.0.0.1:3030/api/v1/traces", ""},
      {"http://127.0.0.1:3030/", "http://127.0.0.1:3030/api/v1/traces", ""},
      {"http://127.0.0.1:3030//", "http://127.0.0.1:3030/api/v1/traces", ""},
      {"https://e/arthur", "https://e/arthur/api/v1/traces", "/arthur"},
      {"https://e/arthur/", "https://e/arthur/api/v1/traces", "/arthur"},
      {"https://e/api/v1/traces", "https://e/api/v1/traces", ""},
      {"https://e/arthur/api/v1/traces/", "https://e/arthur/api/v1/traces", "/arthur"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.base);
    options code;
    code.base_url = row.base;
    for (const outcome& o : {run(code, {}), run({}, {{"ARTHUR_BASE_URL", row.base}})}) {
      CHECK(o.error == "");
      CHECK(full(o.where.traces) == row.traces);
      CHECK(o.where.engine.target == row.engine);
      CHECK(o.where.has_engine);
      CHECK(o.where.profile == profile::arthur);
    }
  }
}

namespace {
struct mixed {
  const char* what;
  options code;
  variables env;
  const char* traces;
  profile rules;
  const char* headers;
  bool has_engine;
  const char* engine_headers;
  std::size_t warnings;
};

options with(const char* endpoint, const char* base = "", const char* key = "", const char* task = "") {
  options o;
  o.endpoint = endpoint;
  o.base_url = base;
  o.api_key = key;
  o.task_name = task;
  return o;
}
}  // namespace

TEST_CASE("every mixture of sources has one outcome, and the key stays where it belongs") {
  const std::string local = "http://localhost:3030/api/v1/traces";
  const char* bearer = "Authorization: Bearer k";
  const variables otel{{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://c"}};
  const auto plus = [](variables a, const variables& b) {
    a.insert(b.begin(), b.end());
    return a;
  };
  const variables key{{"ARTHUR_API_KEY", "k"}};
  const variables secret{{"OTEL_EXPORTER_OTLP_HEADERS", "x-vendor=s"}};
  const mixed rows[] = {
      {"key in code", with("", "", "k"), {}, local.c_str(), profile::arthur, bearer, true, bearer, 0},
      {"key in environment", {}, key, local.c_str(), profile::arthur, bearer, true, bearer, 0},
      {"code beats environment", with("", "https://e", "k"),
       {{"ARTHUR_BASE_URL", "https://x"}, {"ARTHUR_API_KEY", "other"}}, "https://e/api/v1/traces", profile::arthur,
        bearer,
       true, bearer, 0},
      {"ARTHUR_BASE_URL beats OTEL_*", {}, plus(plus(otel, key), {{"ARTHUR_BASE_URL", "https://e"}}),
       "https://e/api/v1/traces", profile::arthur, bearer, true, bearer, 0},
      {"options.base_url beats OTEL_*", with("", "https://e"), plus(otel, key), "https://e/api/v1/traces",
       profile::arthur, bearer, true, bearer, 0},
      {"OTEL_* beats the default engine, without the key", {}, plus(otel, key), "https://c/v1/traces", profile::otlp,
       "",
       false, "", 1},
      {"the same with a key in code", with("", "", "k"), otel, "https://c/v1/traces", profile::otlp, "", false, "", 1},
      {"the same with a task", with("", "", "", "t"), otel, "https://c/v1/traces", profile::otlp, "", false, "", 1},
      {"the same with ARTHUR_TASK_ID", {}, plus(otel, {{"ARTHUR_TASK_ID", "t"}}), "https://c/v1/traces", profile::otlp,
       "", false, "", 1},
      {"a service name alone says nothing", {}, plus(otel, {{"ARTHUR_SERVICE_NAME", "s"}}), "https://c/v1/traces",
       profile::otlp, "", false, "", 0},
      {"OTEL_* names the engine's origin", {}, plus(key, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:3030"}}),
       local.c_str(), profile::arthur, bearer, true, bearer, 0},
      {"the traces variable names the engine's origin", {},
       plus(key, {{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://localhost:3030/v1/traces"}}),
       "http://localhost:3030/v1/traces", profile::arthur, bearer, true, bearer, 0},
      {"another port is another host", {}, plus(key, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"}}),
       "http://localhost:4318/v1/traces", profile::otlp, "", false, "", 1},
      {"another scheme is another host", {}, plus(key, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://localhost:3030"}}),
       "https://localhost:3030/v1/traces", profile::otlp, "", false, "", 1},
      {"without ARTHUR_* a collector may sit on 3030", {}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:3030"}},
       "http://localhost:3030/v1/traces", profile::otlp, "", false, "", 0},
      {"OTEL_* names an engine by its path", {}, {{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://e/x/api/v1/traces"}},
       "https://e/x/api/v1/traces", profile::arthur, "", true, "", 0},
      {"and still gets no key", {}, plus(key, {{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://e/api/v1/traces"}}),
       "https://e/api/v1/traces", profile::arthur, "", true, "", 1},
      {"the engine's trailing slash goes", {}, {{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://e/api/v1/traces/?q=1"}},
       "https://e/api/v1/traces?q=1", profile::arthur, "", true, "", 0},
      {"OTEL headers go where OTEL_* points, engine or not", {},
       plus(secret, {{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://e/api/v1/traces"}}), "https://e/api/v1/traces",
       profile::arthur, "x-vendor: s", true, "x-vendor: s", 0},
      {"endpoint in code with another path", with("https://c/v1/traces"), {}, "https://c/v1/traces", profile::otlp, "",
       false, "", 0},
      {"OTEL headers go to it", with("https://c/v1/traces"), secret, "https://c/v1/traces", profile::otlp,
       "x-vendor: s",
       false, "", 0},
      {"the key of the environment doesn't", with("https://c/v1/traces"), key, "https://c/v1/traces", profile::otlp, "",
       false, "", 1},
      {"a key in code does", with("https://c/ingest", "", "k"), {}, "https://c/ingest", profile::arthur, bearer, false,
       "", 0},
      {"endpoint in code with the engine's path", with("https://e/api/v1/traces"), key, "https://e/api/v1/traces",
       profile::arthur, bearer, true, bearer, 0},
      {"endpoint in code at the engine's origin", with("https://e/v1/traces"), plus(key, {{"ARTHUR_BASE_URL",
       "https://e"}}),
       "https://e/v1/traces", profile::arthur, bearer, true, bearer, 0},
      {"endpoint in code beside another engine", with("https://c/v1/traces"), plus(key, {{"ARTHUR_BASE_URL",
       "https://e"}}),
       "https://c/v1/traces", profile::otlp, "", true, bearer, 1},
      {"endpoint and base in code", with("https://c/gate", "https://e", "k"), {}, "https://c/gate", profile::arthur,
       bearer,
       true, bearer, 0},
      {"OTEL headers stay away from the default engine", {}, plus(key, secret), local.c_str(), profile::arthur, bearer,
       true, bearer, 1},
      {"OTEL headers stay away from a named engine", with("", "https://e"), plus(otel, secret),
       "https://e/api/v1/traces",
       profile::arthur, "", true, "", 1},
      {"OTEL headers go to OTEL_*'s host", {}, plus(otel, secret), "https://c/v1/traces", profile::otlp, "x-vendor: s",
       false, "", 0},
      {"the signal's headers replace the general ones", {},
       plus(plus(otel, secret), {{"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "y=1"}}), "https://c/v1/traces", profile::otlp,
       "y: 1", false, "", 0},
      {"the key beats an Authorization of OTEL_*", {},
       plus(key, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:3030"},
                  {"OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20x"}}),
       local.c_str(), profile::arthur, "authorization: Bearer k", true, "authorization: Bearer k", 0},
      {"a key over plain http is worth a warning", with("", "http://e.example.com", "k"), {},
       "http://e.example.com/api/v1/traces", profile::arthur, bearer, true, bearer, 1},
      {"on this machine it isn't", with("", "http://127.0.0.1:1", "k"), {}, "http://127.0.0.1:1/api/v1/traces",
       profile::arthur, bearer, true, bearer, 0},
      {"a key file's line end doesn't count", {}, {{"ARTHUR_API_KEY", "k\n"}}, local.c_str(), profile::arthur, bearer,
       true, bearer, 0},
  };
  for (const mixed& row : rows) {
    CAPTURE(row.what);
    const outcome o = run(row.code, row.env);
    CHECK(o.error == "");
    CHECK(full(o.where.traces) == row.traces);
    CHECK(o.where.profile == row.rules);
    CHECK(shown_headers(o.where.headers) == row.headers);
    CHECK(o.where.has_engine == row.has_engine);
    CHECK(shown_headers(o.where.engine_headers) == row.engine_headers);
    std::string all;
    for (const std::string& w : o.warnings) all += w + "\n";
    CAPTURE(all);
    CHECK(o.warnings.size() == row.warnings);
  }
}

TEST_CASE("headers given in code replace those of the environment and may carry the authorization") {
  options code = with("", "https://e", "k");
  code.headers = {{"X-Org", "1"}, {"authorization", "Custom c"}};
  const outcome o = run(code, {{"OTEL_EXPORTER_OTLP_HEADERS", "x=1"}});
  CHECK(shown_headers(o.where.headers) == "X-Org: 1, authorization: Custom c");
  CHECK(o.warnings.empty());
}

TEST_CASE("what can't be sent is refused without printing it") {
  options evil;
  evil.headers = {{"X", "secret\r\nEvil: 1"}};
  options spaced;
  spaced.api_key = "sec ret";
  options user;
  user.base_url = "http://u:secret@e";
  options query;
  query.base_url = "http://e?key=secret";
  for (const options& o : {evil, spaced, user, query}) {
    const std::string error = run(o, {}).error;
    CAPTURE(error);
    CHECK(error.find("options.") == 0);
    CHECK(error.find("secret") == std::string::npos);
    CHECK(error.find("sec ret") == std::string::npos);
    CHECK(error.find_first_of("\r\n") == std::string::npos);
  }
  CHECK(run({}, {{"ARTHUR_API_KEY", "a\nb"}}).error.find("ARTHUR_API_KEY") == 0);
  CHECK(run({}, {{"ARTHUR_BASE_URL", "localhost:3030"}}).error.find("ARTHUR_BASE_URL") == 0);
  CHECK(run({}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "c:4317"}}).error.find("OTEL_EXPORTER_OTLP_ENDPOINT") == 0);
  CHECK(run({}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"}, {"OTEL_EXPORTER_OTLP_HEADERS", "a=%0d%0ab"}})
            .error.find("OTEL_EXPORTER_OTLP_HEADERS") == 0);
}

TEST_CASE("no warning shows a secret") {
  const outcome o = run({}, {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c.example.com/base"},
                             {"OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20secret"},
                             {"ARTHUR_API_KEY", "secret"}});
  CHECK(o.warnings.size() == 2);
  for (const std::string& w : o.warnings) CHECK(w.find("secret") == std::string::npos);
}
