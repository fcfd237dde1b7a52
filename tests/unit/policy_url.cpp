// policy_url.cpp: URLs are split as written, refused with advice, and never printed with a secret in them.
#include <doctest/doctest.h>

#include <arthur/policy/url.hpp>

using namespace arthur::detail;

TEST_CASE("a usable URL is split into scheme, host, port and target") {
  const struct {
    const char* text;
    bool https;
    const char* host;
    int port;
    const char* target;
    const char* host_header;
  } rows[] = {
      {"http://localhost:3030", false, "localhost", 3030, "/", "localhost:3030"},
      {"http://c", false, "c", 80, "/", "c"},
      {"https://c", true, "c", 443, "/", "c"},
      {"http://c:80/", false, "c", 80, "/", "c"},
      {"https://c:80", true, "c", 80, "/", "c:80"},
      {"http://c:443", false, "c", 443, "/", "c:443"},
      {"HTTPS://Engine.Example.COM/API", true, "engine.example.com", 443, "/API", "engine.example.com"},
      {"http://c:4318/my/path?a=b&c=%20", false, "c", 4318, "/my/path?a=b&c=%20", "c:4318"},
      {"http://c?x=1", false, "c", 80, "/?x=1", "c"},
      {"http://[::1]:3030/x", false, "::1", 3030, "/x", "[::1]:3030"},
      {"https://[2001:DB8::2]", true, "2001:db8::2", 443, "/", "[2001:db8::2]"},
      {"http://[::ffff:127.0.0.1]:1", false, "::ffff:127.0.0.1", 1, "/", "[::ffff:127.0.0.1]:1"},
      {"http://my_service-1.ns.svc:65535/", false, "my_service-1.ns.svc", 65535, "/", "my_service-1.ns.svc:65535"},
      {"http://c/a@b", false, "c", 80, "/a@b", "c"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    url u;
    CHECK(parse_url(row.text, "x", u) == "");
    CHECK(u.https == row.https);
    CHECK(u.host == row.host);
    CHECK(u.port == row.port);
    CHECK(u.target == row.target);
    CHECK(host_and_port(u) == row.host_header);
  }
}

TEST_CASE("an unusable URL is refused in one line that names source, value and fix") {
  const struct {
    std::string_view text;
    const char* says;
  } rows[] = {
      {"", "has no scheme"},
      {"localhost:3030", "put http:// or https:// in front"},
      {"//c/x", "has no scheme"},
      {"ftp://c", "unknown scheme"},
      {"grpc://c:4317", "unknown scheme"},
      {"http://", "has no host"},
      {"http:///x", "has no host"},
      {"http://:80", "has no host"},
      {"http://c:", "no usable port"},
      {"http://c:0", "no usable port"},
      {"http://c:65536", "no usable port"},
      {"http://c:99999999999999999999", "no usable port"},
      {"http://c:80x", "no usable port"},
      {"http://c:-1", "no usable port"},
      {"http://::1:3030", "needs brackets"},
      {"http://[::1", "no ']'"},
      {"http://[::1]3030", "no ':' after"},
      {"http://[]", "no IPv6 address"},
      {"http://[localhost]", "no IPv6 address"},
      {"http://[fe80::1%25eth0]", "no IPv6 address"},
      {"http://a b", "space or control character"},
      {"http://c/a b", "space or control character"},
      {"http://c/\r\nX: y", "space or control character"},
      {std::string_view("http://c/\0x", 11), "space or control character"},
      {"http://c/\x7f", "space or control character"},
      {"http://c\xc3\xa9", "percent-encode"},
      {"http://c\\x", "percent-encode"},
      {"http://c%41", "character in its host"},
      {"http://c,d", "character in its host"},
      {"http://user@c", "user or password"},
      {"http://c/#part", "'#' part"},
  };
  for (const auto& row : rows) {
    const std::string text(row.text);
    CAPTURE(text);
    url u;
    const std::string error = parse_url(row.text, "ARTHUR_BASE_URL", u);
    CAPTURE(error);
    CHECK(error.find("ARTHUR_BASE_URL \"") == 0);
    CHECK(error.find(row.says) != std::string::npos);
    CHECK(error.find_first_of("\r\n") == std::string::npos);
    CHECK(error.find('\0') == std::string::npos);
  }
}

TEST_CASE("no refusal prints a password or a query") {
  for (const char* text : {"http://user:secret@c:80/x", "http://user:sec/secret@c", "http://u:x?secret@c",
      "user:secret@c",
                           "http://u:x#secret@c", "secret@http://c", "user:secret://x@c", "ftp://u:secret@c", "http://c:x/?token=secret",
                           "c?token=secret", "http://c/#secret", "http://u:secret@c:bad", "http://u:a@secret@c"}) {
    CAPTURE(text);
    url u;
    const std::string error = parse_url(text, "options.endpoint", u);
    CAPTURE(error);
    CHECK(error != "");
    CHECK(error.find("secret") == std::string::npos);
  }
}

TEST_CASE("a long value is cut in a message") {
  url u;
  CHECK(parse_url(std::string(100000, 'x'), "options.endpoint", u).size() < 300);
}

TEST_CASE("only this machine is loopback") {
  for (const char* host : {"localhost", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1", "127.255.0.9", "::1",
                           "0:0:0:0:0:0:0:1", "::0001", "::ffff:127.0.0.1"}) {
    CAPTURE(host);
    CHECK(is_loopback(host));
  }
  for (const char* host : {"", ".", "example.com", "localhost.example.com", "xlocalhost", "127.0.0.1.example.com",
                           "127.evil.com", "127.0.0", "127.0.0.256", "127.0.0.1.1", "128.0.0.1", "0.0.0.0", "::", "::2",
                           "1::1", "::ffff:10.0.0.1", "fe80::1", "::11"}) {
    CAPTURE(host);
    CHECK(!is_loopback(host));
  }
}
