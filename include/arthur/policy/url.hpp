// url.hpp: splits http:// and https:// URLs; every refusal says which value, which rule and what to write instead.
#ifndef ARTHUR_POLICY_URL_HPP
#define ARTHUR_POLICY_URL_HPP

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "../text_line.hpp"
#include "text.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A parsed URL.
struct url {
  bool https = false;
  std::string host;        ///< lower case; an IPv6 literal without its brackets
  std::uint16_t port = 0;  ///< 80 or 443 when the URL names none
  std::string target;      ///< path and query as written; "/" when there is no path
  const char* source = "";  ///< the option or variable that named it; "" for the default
};

/// Does the host name this machine? A key may go there without TLS.
inline bool is_loopback(std::string_view host) {
  if (text::ends_with(host, ".")) host.remove_suffix(1);
  if (text::equal_nocase(host, "localhost")) return true;
  if (host.size() > 10 && text::equal_nocase(host.substr(host.size() - 10), ".localhost")) return true;
  if (host.find(':') != std::string_view::npos) {
    if (host.size() > 7 && text::equal_nocase(host.substr(0, 7), "::ffff:")) return is_loopback(host.substr(7));
    return host.back() == '1' && host.find_first_not_of("0:") == host.size() - 1;  // ::1 in any spelling
  }
  // 127.0.0.0/8, and never a name such as 127.0.0.1.example.com.
  if (host.substr(0, 4) != "127.") return false;
  int parts = 0;
  while (true) {
    const std::size_t dot = host.find('.');
    std::uint64_t value = 0;
    if (!text::parse_unsigned(host.substr(0, dot), value) || value > 255) return false;
    ++parts;
    if (dot == std::string_view::npos) break;
    host.remove_prefix(dot + 1);
  }
  return parts == 4;
}

/// Brackets around IPv6, the port only where it isn't the usual one.
inline text_line host_and_port(std::string_view host, std::uint16_t port, std::uint16_t usual) {
  const bool ipv6 = host.find(':') != std::string_view::npos;
  text_line out(ipv6 ? "[" : "", host, ipv6 ? "]" : "");
  if (port != usual) out = text_line(out, ":", port);
  return out;
}

/// The value of a Host header.
inline text_line host_and_port(const url& u) { return host_and_port(u.host, u.port, u.https ? 443 : 80); }

/// Scheme, host and port; never a path or a query, so it may be printed.
inline text_line origin(const url& u) { return text_line(u.https ? "https://" : "http://", host_and_port(u)); }

inline bool same_origin(const url& a, const url& b) {
  return a.https == b.https && a.port == b.port && a.host == b.host;
}

/// The path without the query.
inline std::string_view path_of(const url& u) { return std::string_view(u.target).substr(0, u.target.find('?')); }

/// What to do about an address that doesn't work, for the end of a message.
inline text_line change_address(const char* source) {
  return *source == '\0' ? text_line("set ARTHUR_BASE_URL if it is elsewhere") : text_line("check ", source);
}

/// Splits `value`. Returns "" or one line for people that begins with `source` (where the value came from).
inline std::string parse_url(std::string_view value, const char* source, url& out) {
  const auto refuse = [&](const char* why) { return std::string(source) + " " + text::shown_url(value) + " " + why; };
  for (const char c : value) {
    if (text::is_control(c) || c == ' ') return refuse("contains a space or control character; remove it or write %20");
    if (static_cast<unsigned char>(c) >= 0x80 || c == '\\' || c == '"' || c == '<' || c == '>') {
      return refuse("contains a character that URLs don't allow; percent-encode it");
    }
  }
  const std::size_t colon = value.find("://");
  if (colon == std::string_view::npos) return refuse("has no scheme; put http:// or https:// in front of it");
  const std::string_view scheme = value.substr(0, colon);
  const bool https = text::equal_nocase(scheme, "https");
  if (!https && !text::equal_nocase(scheme, "http")) return refuse("has an unknown scheme; use http:// or https://");

  const std::string_view rest = value.substr(colon + 3);
  const std::size_t authority_end = (std::min)(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  const std::string_view target = rest.substr(authority_end);
  if (authority.find('@') != std::string_view::npos) {
    return refuse("contains a user or password; remove it with the '@' and give the key as api_key or header");
  }
  if (target.find('#') != std::string_view::npos) return refuse("has a '#' part, which is never sent; remove it");

  std::string_view host = authority;
  std::string_view port;
  bool port_given = false;
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return refuse("has no ']' after its IPv6 address; write http://[::1]:3030");
    host = authority.substr(1, close - 1);
    const std::string_view after = authority.substr(close + 1);
    int colons = 0;
    for (const char c : host) {
      colons += c == ':';
      if (text::hex_value(c) < 0 && c != ':' && c != '.') colons = -100;
    }
    if (colons < 2) return refuse("has no IPv6 address in its brackets; write http://[::1]:3030");
    port_given = !after.empty();
    if (port_given && after.front() != ':') return refuse("has no ':' after ']'; write http://[::1]:3030");
    port = port_given ? after.substr(1) : after;
  } else {
    const std::size_t split = authority.find(':');
    port_given = split != std::string_view::npos;
    host = authority.substr(0, split);
    port = port_given ? authority.substr(split + 1) : std::string_view();
    if (port.find(':') != std::string_view::npos) {
      return refuse("has several ':' in its host; an IPv6 address needs brackets: http://[::1]:3030");
    }
    for (const char c : host) {
      const char l = text::lower(c);
      if (!(l >= 'a' && l <= 'z') && !text::is_digit(c) && c != '-' && c != '.' && c != '_') {
        return refuse("has a character in its host that names don't have; check the host");
      }
    }
  }
  if (host.empty()) return refuse("has no host; write http://host:port");
  if (host.size() > 253) return refuse("has a host of more than 253 characters; check the host");

  std::uint64_t number = https ? 443 : 80;
  if (port_given && (!text::parse_unsigned(port, number) || number == 0 || number > 65535)) {
    return refuse("has no usable port; write a number from 1 to 65535 after ':'");
  }

  out.https = https;
  out.source = source;
  out.host.clear();
  for (const char c : host) out.host += text::lower(c);
  out.port = static_cast<std::uint16_t>(number);
  out.target.clear();
  if (target.empty() || target.front() != '/') out.target = "/";  // "http://host?x=1" asks for "/?x=1"
  out.target.append(target);
  return {};
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
