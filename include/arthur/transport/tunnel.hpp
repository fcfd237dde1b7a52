// tunnel.hpp: asks an HTTP proxy for a connection to a host behind it.
#ifndef ARTHUR_TRANSPORT_TUNNEL_HPP
#define ARTHUR_TRANSPORT_TUNNEL_HPP

#include <cstddef>
#include <string>

#include "../config.hpp"
#include "../policy/proxy.hpp"
#include "../policy/url.hpp"
#include "http_response.hpp"
#include "net.hpp"
#include "transport.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// The status of the proxy's answer, 0 without one. With 2xx what follows on the socket is the host's. `wait(events)`
/// returns false when the time is over; the socket doesn't block.
template <class Wait>
inline int open_tunnel(net::handle s, const url& where, const proxy& via, Wait wait) {
  const bool ipv6 = where.host.find(':') != std::string::npos;
  const std::string target = (ipv6 ? "[" + where.host + "]" : where.host) + ":" + std::to_string(where.port);
  std::string head = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\nUser-Agent: " + user_agent + "\r\n";
  if (!via.user.empty()) head += "Proxy-Authorization: Basic " + base64(via.user + ":" + via.password) + "\r\n";
  head += "\r\n";
  response answer;
  http_response_parser parser(answer);
  std::size_t sent = 0;
  char buffer[4096];
  while (!parser.has_status() && !parser.failed()) {
    const bool sending = sent < head.size();
    if (!wait(sending ? short{POLLOUT} : short{POLLIN})) return 0;
    const std::ptrdiff_t n = sending ? net::send_two(s, head.data() + sent, head.size() - sent, nullptr, 0)
                                     : net::receive(s, buffer, sizeof buffer);
    const int reason = n < 0 ? net::last_error() : 0;
    if (n < 0 && !net::would_block(reason) && !net::interrupted(reason)) return 0;
    if (n > 0 && sending) sent += static_cast<std::size_t>(n);
    if (n > 0 && !sending) parser.feed(buffer, static_cast<std::size_t>(n));
    if (n == 0) parser.end_of_stream();
  }
  return answer.status;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
