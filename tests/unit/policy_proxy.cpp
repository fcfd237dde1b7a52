// policy_proxy.cpp: which proxy stands before which host; which certificate files the surroundings name.
#include <doctest/doctest.h>

#include <arthur/policy/proxy.hpp>
#include <arthur/policy/tls_files.hpp>
#include <map>

using namespace arthur::detail;
using arthur::options;

namespace {

using variables = std::map<std::string, std::string>;

environment surroundings(variables& vars) {
  environment env;
  env.user = &vars;
  env.lookup = [](void* user, const char* name) -> const char* {
    const auto& map = *static_cast<variables*>(user);
    const auto it = map.find(name);
    return it == map.end() ? nullptr : it->second.c_str();
  };
  return env;
}

url parsed(const char* text) {
  url u;
  REQUIRE(parse_url(text, "test", u) == "");
  return u;
}

struct outcome {
  std::string error;
  proxy got;
  warning_list warnings;
};

outcome run(const char* to, const char* code, variables vars) {
  options given;
  given.proxy = code;
  outcome o;
  o.error = resolve_proxy(given, surroundings(vars), parsed(to), o.warnings, o.got);
  return o;
}

std::string place(const proxy& p) { return p.used() ? p.host + ":" + std::to_string(p.port) : ""; }

}  // namespace

TEST_CASE("a proxy is named by code, then by the variables that curl reads") {
  const variables all{{"http_proxy", "http://plain:1"},  {"HTTP_PROXY", "http://never:1"}, {"https_proxy", "http://secure:2"},
                      {"HTTPS_PROXY", "http://upper:3"}, {"all_proxy", "http://all:4"},    {"ALL_PROXY", "http://ALL:5"}};
  const auto without = [&](std::initializer_list<const char*> names) {
    variables v = all;
    for (const char* n : names) v.erase(n);
    return v;
  };
  const struct {
    const char* to;
    const char* code;
    variables vars;
    const char* expected;
  } rows[] = {
      {"http://e:3030", "", {}, ""},
      {"http://e:3030", "http://code:9", all, "code:9"},
      {"https://e", "code:9", all, "code:9"},
      {"http://e:3030", "", all, "plain:1"},
      {"https://e", "", all, "secure:2"},
      {"https://e", "", without({"https_proxy"}), "upper:3"},
      {"https://e", "", without({"https_proxy", "HTTPS_PROXY"}), "all:4"},
      {"http://e", "", without({"http_proxy"}), "all:4"},
      {"http://e", "", without({"http_proxy", "all_proxy"}), "all:5"},
      {"http://e", "", {{"HTTP_PROXY", "http://never:1"}}, ""},
      {"http://e", "", {{"http_proxy", " "}}, ""},
      {"http://localhost:3030", "", all, ""},
      {"http://127.0.0.1:3030", "http://code:9", all, ""},
      {"https://[::1]:3030", "", all, ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.to);
    CAPTURE(row.expected);
    const outcome o = run(row.to, row.code, row.vars);
    CHECK(o.error == "");
    CHECK(o.warnings.empty());
    CHECK(place(o.got) == row.expected);
  }
}

TEST_CASE("NO_PROXY names hosts, domains, addresses, blocks and ports") {
  const struct {
    const char* list;
    const char* to;
    bool excepted;
  } rows[] = {
      {"*", "http://e", true},
      {"e", "http://e", true},
      {"E.Example.COM", "http://e.example.com", true},
      {"example.com", "http://e.example.com", true},
      {".example.com", "http://e.example.com", true},
      {"*.example.com", "http://e.example.com", true},
      {"example.com.", "http://e.example.com", true},
      {"example.com", "http://e.example.com.", true},
      {".example.com", "http://example.com", true},
      {"example.com", "http://badexample.com", false},
      {"e.example.com", "http://example.com", false},
      {"a, b ,e", "http://e", true},
      {"a b e", "http://e", true},
      {",,", "http://e", false},
      {".", "http://e", false},
      {"e:3030", "http://e:3030", true},
      {"e:3030", "http://e:3031", false},
      {"e:443", "https://e", true},
      {"e:x", "http://e", false},
      {"10.0.0.1", "http://10.0.0.1", true},
      {"0.0.1", "http://10.0.0.1", false},
      {"10.0.0.0/8", "http://10.200.3.4", true},
      {"10.0.0.0/8", "http://11.0.0.1", false},
      {"10.1.2.3/32", "http://10.1.2.3", true},
      {"10.1.2.3/32", "http://10.1.2.2", false},
      {"0.0.0.0/0", "http://9.9.9.9", true},
      {"0.0.0.0/0", "http://e", false},
      {"10.0.0.0/33", "http://10.0.0.0", false},
      {"10.0.0/8", "http://10.0.0.0", false},
      {"fd00::1", "http://[fd00::1]", true},
      {"[fd00::1]", "http://[fd00::1]", true},
      {"[fd00::1]:80", "http://[fd00::1]", true},
      {"[fd00::1]:81", "http://[fd00::1]", false},
      {"fd00::2", "http://[fd00::1]", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.list);
    CAPTURE(row.to);
    for (const char* name : {"no_proxy", "NO_PROXY"}) {
      const outcome o = run(row.to, "http://proxy:1", {{name, row.list}});
      CHECK(o.error == "");
      CHECK(o.got.used() == !row.excepted);
    }
  }
}

TEST_CASE("a proxy's user and password are read, encoded, and never shown") {
  const outcome o = run("http://e", "http://us%40er:pa%3Ass@[fd00::9]:3128", {});
  CHECK(o.error == "");
  CHECK(place(o.got) == "fd00::9:3128");
  CHECK(o.got.user == "us@er");
  CHECK(o.got.password == "pa:ss");
  CHECK(shown(o.got) == "the proxy [fd00::9]:3128");
  CHECK(place(run("http://e", "proxy", {}).got) == "proxy:80");
  for (const char* bad : {"socks5://u:secret@p:1", "https://u:secret@p", "http://secret@p", "http://u:secret%2@p", "http://:secret@p",
                          "http://u:secret@", "http://u:secret@p:0", "http://u:secret@p/path", "http://u:secret@p p", "http://u%3Ax:secret@p"}) {
    CAPTURE(bad);
    const outcome in_code = run("http://e", bad, {});
    CHECK(in_code.error.substr(0, 14) == "options.proxy ");
    CHECK(in_code.error.find("secret") == std::string::npos);
    CHECK(!in_code.got.used());
    const outcome in_env = run("http://e", "", {{"http_proxy", bad}});
    CHECK(in_env.error == "");
    CHECK(!in_env.got.used());
    REQUIRE(in_env.warnings.size() == 1);
    CHECK(in_env.warnings[0].substr(0, 11) == "http_proxy ");
    CHECK(in_env.warnings[0].find("directly") != std::string::npos);
    CHECK(in_env.warnings[0].find("secret") == std::string::npos);
  }
  // Wrong in code is wrong, whatever the host.
  CHECK(run("http://localhost", "socks5://p", {}).error != "");
}

TEST_CASE("base64 pads") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foob\xff\xfe") == "Zm9vYv/+");
}

TEST_CASE("certificate files: code, then the variable of the signal, then the general one; pairs stay together") {
  const variables all{{"OTEL_EXPORTER_OTLP_CERTIFICATE", "general-ca"},
                      {"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "own-ca"},
                      {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "general-cert"},
                      {"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "own-cert"},
                      {"OTEL_EXPORTER_OTLP_CLIENT_KEY", "general-key"},
                      {"OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "own-key"}};
  const auto without_own = [&] {
    variables v = all;
    for (const char* n : {"CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY"}) v.erase(std::string("OTEL_EXPORTER_OTLP_TRACES_") + n);
    return v;
  };
  const auto code = [](const char* authorities, const char* certificate, const char* key) {
    options o;
    o.certificate_file = authorities;
    o.client_certificate_file = certificate;
    o.client_key_file = key;
    return o;
  };
  const struct {
    options given;
    variables vars;
    const char* authorities;
    const char* certificate;
    const char* key;
    const char* error;
  } rows[] = {
      {{}, {}, "", "", "", ""},
      {{}, all, "own-ca", "own-cert", "own-key", ""},
      {{}, without_own(), "general-ca", "general-cert", "general-key", ""},
      {code("ca", "cert", "key"), all, "ca", "cert", "key", ""},
      {code("", "cert", "key"), all, "own-ca", "cert", "key", ""},
      {code("", "cert", ""), all, "own-ca", "cert", "",
       "options.client_certificate_file=\"cert\" needs options.client_key_file beside it; give both, or neither (one PEM file may hold both)"},
      {{}, {{"OTEL_EXPORTER_OTLP_CLIENT_KEY", "k"}}, "", "", "k",
       "OTEL_EXPORTER_OTLP_CLIENT_KEY=\"k\" needs OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE beside it; give both, or neither (one PEM file may hold both)"},
  };
  for (const auto& row : rows) {
    variables vars = row.vars;
    tls_files got;
    CHECK(resolve_tls_files(row.given, surroundings(vars), got) == row.error);
    CHECK(got.authorities.path == row.authorities);
    CHECK(got.certificate.path == row.certificate);
    CHECK(got.key.path == row.key);
  }
}
