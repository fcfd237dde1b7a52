// url.cpp: what is accepted as a URL, base or proxy reads back the same; what isn't gets one line without a secret in it.
#include <arthur/policy/endpoint.hpp>
#include <arthur/policy/proxy.hpp>

#include <string>

#include "fuzz.hpp"

using namespace arthur::detail;

namespace {

void refused(const std::string& error, const std::string& value, const char* source) {
  fuzz::promise_one_line(error, "an error is one line");
  fuzz::promise(error.compare(0, std::string(source).size(), source) == 0, "an error names its source", error);
  fuzz::promise(error.size() < 700, "an error is short", error);
  fuzz::promise(!fuzz::has_secret(error) || fuzz::has_secret(fuzz::public_part(value)), "an error tells no secret", error);
}

void same(const url& a, const url& b) {
  fuzz::promise(same_origin(a, b) && a.target == b.target, "a URL reads back the same", std::string(origin(a)) + a.target);
}

void accepted(const url& u) {
  fuzz::promise(!u.host.empty() && u.host.size() <= 253 && u.port != 0, "host and port are usable");
  for (const char c : u.host + u.target) {
    fuzz::promise(static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f, "a request line stays one", u.target);
  }
  for (const char c : u.host) fuzz::promise(text::lower(c) == c && c != '/' && c != '@', "a host is a host", u.host);
  fuzz::promise_one_line(origin(u), "an origin is one line");
}

std::string encoded(const std::string& text) {
  static const char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    out += '%';
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

}  // namespace

FUZZ_TARGET(url) {
  fuzz::taker in(data, size);
  const std::string value = in.line();
  const std::string list = in.rest();
  url where;
  std::string error = parse_url(value, "SOURCE", where);
  if (error.empty()) {
    accepted(where);
    fuzz::promise(where.target.front() == '/', "a target begins with a slash");
    url again;
    fuzz::promise(parse_url(std::string(origin(where)) + where.target, "", again).empty(), "a URL can be read back", value);
    same(where, again);
    is_loopback(where.host);
    // NO_PROXY: whatever else it says, the host's own name counts.
    proxies::excepted(list, where);
    const bool ipv6 = where.host.find(':') != std::string::npos;
    const std::string name = ipv6 ? "[" + where.host + "]" : where.host;
    if (name.find_first_not_of('.') != std::string::npos && where.host[0] != '.') {
      fuzz::promise(proxies::excepted(list + "," + name, where), "a host's own name excepts it", name);
      fuzz::promise(proxies::matches(name + ":" + std::to_string(where.port), where), "so it does with its port", name);
      fuzz::promise(!proxies::matches(name + ":" + std::to_string(where.port ^ 1U), where), "not with another's", name);
    }
  } else {
    refused(error, value, "SOURCE");
  }

  error = endpoints::parse_base(value, "SOURCE", where);
  if (error.empty()) {
    accepted(where);
    fuzz::promise(where.target.empty() || where.target.back() != '/', "paths can be put behind a base");
    url again;
    fuzz::promise(endpoints::parse_base(std::string(origin(where)) + where.target, "", again).empty(), "a base can be read back", value);
    same(where, again);
    where.target += engine_traces_path;
    fuzz::promise(endpoints::names_engine(where, again), "the engine's path is the engine's");
  } else {
    refused(error, value, "SOURCE");
  }

  // A null character may stand in a password as it is, but not as %00, which is how it is written here.
  if (value.find('\0') != std::string::npos) return;
  proxy p;
  error = proxies::parse(value, "SOURCE", p);
  if (error.empty()) {
    fuzz::promise(p.used() && p.port != 0 && p.user.empty() == p.password.empty(), "a proxy is complete");
    fuzz::promise_one_line(shown(p), "a proxy is shown on one line");
    const bool known = fuzz::has_secret(fuzz::public_part(value)) || fuzz::has_secret(p.host);
    fuzz::promise(known || !fuzz::has_secret(shown(p)), "a proxy shows no secret");
    const std::string name = std::string(host_and_port(p.host, p.port, 0));
    const std::string user = p.user.empty() ? "" : encoded(p.user) + ":" + encoded(p.password) + "@";
    proxy again;
    fuzz::promise(proxies::parse("http://" + user + name, "", again).empty(), "a proxy can be read back", value);
    fuzz::promise(again.host == p.host && again.port == p.port && again.user == p.user && again.password == p.password,
                  "a proxy reads back the same", value);
    const std::string credentials = base64(p.user + ":" + p.password);
    fuzz::promise(credentials.size() % 4 == 0 && credentials.find_first_of("\r\n") == std::string::npos, "credentials are base64");
  } else {
    refused(error, value, "SOURCE");
  }
}
