// proxy.hpp: decides through which HTTP proxy a host is reached, if any.
#ifndef ARTHUR_POLICY_PROXY_HPP
#define ARTHUR_POLICY_PROXY_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "../options.hpp"
#include "../text_line.hpp"
#include "environment.hpp"
#include "text.hpp"
#include "url.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// An HTTP proxy; without a host there is none.
struct proxy {
  std::string host;  ///< lower case; an IPv6 literal without its brackets
  std::uint16_t port = 0;
  std::string user;  ///< decoded; never printed, nor is the password
  std::string password;
  const char* source = "";  ///< the option or variable that named it

  bool used() const { return !host.empty(); }
};

/// For messages: never holds the password.
inline text_line shown(const proxy& p) { return text_line("the proxy ", host_and_port(p.host, p.port, 80)); }

inline std::string base64(std::string_view s) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < s.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (i + k < s.size() ? static_cast<unsigned char>(s[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += i + k <= s.size() ? digits[bits >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

namespace proxies {

/// Fills `out`; returns "" or one line that begins with `source`. Never shows user or password.
inline std::string parse(std::string_view value, const char* source, proxy& out) {
  const auto refuse = [&](const char* why) { return std::string(source) + " " + text::shown_url(value) + " " + why; };
  const std::size_t scheme = value.find("://");
  if (scheme != std::string_view::npos && !text::equal_nocase(value.substr(0, scheme), "http")) {
    return refuse("isn't an HTTP proxy; only http://host:port is understood");
  }
  std::string_view rest = scheme == std::string_view::npos ? value : value.substr(scheme + 3);
  proxy made;
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view secret = rest.substr(0, at);
    const std::size_t colon = secret.find(':');
    if (colon == std::string_view::npos || !text::percent_decode(secret.substr(0, colon), made.user) ||
        !text::percent_decode(secret.substr(colon + 1), made.password) || made.user.empty() || made.password.empty() ||
        made.user.find(':') != std::string::npos) {
      return refuse("has no usable user and password; write http://user:password@host:port, percent-encoded");
    }
    rest.remove_prefix(at + 1);
  }
  url u;
  // parse_url would show its argument, so it gets a text without the secret.
  const std::string error = parse_url("http://" + std::string(rest), source, u);
  if (!error.empty()) return error;
  if (u.target != "/") return refuse("has a path; write http://host:port");
  made.host = u.host;
  made.port = u.port;
  made.source = source;
  out = made;
  return {};
}

/// Four bytes of an IPv4 address as one number.
inline bool parse_ipv4(std::string_view s, std::uint32_t& out) {
  out = 0;
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = part < 3 ? s.find('.') : s.size();
    std::uint64_t value = 0;
    if (dot == std::string_view::npos || !text::parse_unsigned(s.substr(0, dot), value) || value > 255) return false;
    out = out << 8 | static_cast<std::uint32_t>(value);
    s.remove_prefix(part < 3 ? dot + 1 : dot);
  }
  return true;
}

/// One entry of NO_PROXY: "*", a name (which means its subdomains too, with or without a leading '.' or "*."), an
/// address, an IPv4 block such as 10.0.0.0/8; each but "*" and the block with ":port" if it means that port only.
inline bool matches(std::string_view entry, const url& where) {
  if (entry == "*") return true;
  std::uint32_t address = 0;
  const bool is_ipv4 = parse_ipv4(where.host, address);
  if (const std::size_t slash = entry.find('/'); slash != std::string_view::npos) {
    std::uint32_t block = 0;
    std::uint64_t bits = 0;
    if (!is_ipv4 || !parse_ipv4(entry.substr(0, slash), block) || !text::parse_unsigned(entry.substr(slash + 1), bits) || bits > 32) {
      return false;
    }
    return bits == 0 || (address ^ block) >> (32 - bits) == 0;
  }
  const bool bracketed = !entry.empty() && entry.front() == '[';
  const std::size_t close = bracketed ? entry.find(']') : std::string_view::npos;
  std::string_view port;
  if (close != std::string_view::npos) {
    port = entry.substr(close + 1);
    entry = entry.substr(1, close - 1);
  } else if (const std::size_t colon = entry.find(':'); colon != std::string_view::npos && entry.find(':', colon + 1) == std::string_view::npos) {
    port = entry.substr(colon);
    entry = entry.substr(0, colon);
  }
  std::uint64_t number = 0;
  if (!port.empty() && (port.front() != ':' || !text::parse_unsigned(port.substr(1), number) || number != where.port)) return false;
  if (entry.substr(0, 2) == "*.") entry.remove_prefix(1);
  if (!entry.empty() && entry.front() == '.') entry.remove_prefix(1);
  if (!entry.empty() && entry.back() == '.') entry.remove_suffix(1);
  std::string_view host = where.host;
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  if (entry.empty() || entry.size() > host.size()) return false;
  const std::size_t before = host.size() - entry.size();
  if (!text::equal_nocase(host.substr(before), entry)) return false;
  // An address has no subdomains: 0.0.1 isn't 10.0.0.1's parent.
  return before == 0 || (!is_ipv4 && host[before - 1] == '.');
}

inline bool excepted(std::string_view list, const url& where) {
  while (!list.empty()) {
    const std::size_t end = list.find_first_of(", \t");
    if (matches(list.substr(0, end), where)) return true;
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
  }
  return false;
}

}  // namespace proxies

/// Fills `out` for one URL; returns "" or one line about options.proxy. A wrong variable is only a warning.
///
/// options.proxy, else https_proxy, HTTPS_PROXY or, for http://, http_proxy (not HTTP_PROXY: a web server's clients can set
/// that one by a header), else all_proxy, ALL_PROXY. Never for this machine's own names, nor for what no_proxy, NO_PROXY
/// name: a local engine must not become unreachable because somebody's shell knows a proxy.
inline std::string resolve_proxy(const options& given, const environment& env, const url& where, warning_list& warnings,
                                 proxy& out) {
  out = proxy();
  const std::string_view in_code = text::trim(given.proxy);
  const char* source = "options.proxy";
  if (!in_code.empty()) {
    const std::string error = proxies::parse(in_code, source, out);
    if (!error.empty()) return error;
  }
  const char* name = nullptr;
  if (is_loopback(where.host) || proxies::excepted(env.get("no_proxy", "NO_PROXY", name), where)) {
    out = proxy();
    return {};
  }
  if (!in_code.empty()) return {};
  std::string_view value = where.https ? env.get("https_proxy", "HTTPS_PROXY", source) : env.get(source = "http_proxy");
  if (value.empty()) value = env.get("all_proxy", "ALL_PROXY", source);
  if (value.empty()) return {};
  const std::string error = proxies::parse(value, source, out);
  if (!error.empty()) warnings.push_back(error + "; going to " + origin(where) + " directly");
  return {};
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
