// socket.hpp: an HTTP/1.1 client over a plain socket; every wait has a deadline and can be cut short.
#ifndef ARTHUR_TRANSPORT_SOCKET_HPP
#define ARTHUR_TRANSPORT_SOCKET_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "../config.hpp"
#include "../options.hpp"
#include "../policy/proxy.hpp"
#include "../policy/url.hpp"
#include "../text_line.hpp"
#include "http_response.hpp"
#include "net.hpp"
#include "transport.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Talks to one host. Follows no redirect: the Authorization header stays where it was meant for.
class socket_transport final : public transport {
 public:
  /// `where`: scheme, host and port count. `headers` go along with every request and must have passed check_header.
  socket_transport(const url& where, const std::vector<header>& headers, const timing& time, const proxy& via = {})
      : time_(time), host_(where.host), port_(where.port), name_(host_and_port(where)), source_(via.used() ? via.source : where.source) {
    net::start();
    common_ = "Host: " + name_ + "\r\n";
    common_ += std::string("User-Agent: ") + user_agent + "\r\n";
    for (const header& h : headers) common_ += h.name + ": " + h.value + "\r\n";
    if (via.used()) {
      host_ = via.host;
      port_ = via.port;
      before_target_ = origin(where);
      if (!via.user.empty()) common_ += "Proxy-Authorization: Basic " + base64(via.user + ":" + via.password) + "\r\n";
      name_ = shown(via) + " for " + name_;
    }
    head_.reserve(common_.size() + before_target_.size() + where.target.size() + 512);
  }

  ~socket_transport() override { disconnect(); }

  transport_result send(const request& what, std::uint64_t deadline, response& out, std::string& error) override {
    out.clear();
    error.clear();
    write_head(what);
    if (reusable()) {
      const transport_result result = exchange(head_, what, deadline, out, error);
      // The peer closed it in the moment of use and got nothing: a new connection is no repetition.
      if (result != transport_result::not_sent) return result;
      error.clear();
    }
    disconnect();
    if (!connect(deadline, error)) return transport_result::not_sent;
    return exchange(head_, what, deadline, out, error);
  }

 private:
  // Arthur Engine closes idle connections after 2 s behind gunicorn, 5 s without; well below that no request meets
  // the closing.
  static constexpr std::uint64_t reuse_within = 1000000000;
  static constexpr std::uint64_t addresses_valid_for = 60000000000;
  static constexpr std::uint64_t connect_within = 10000000000;
  static constexpr std::size_t most_addresses = 8;

  struct address {
    sockaddr_storage bytes;
    net::address_length size;
  };

  void write_head(const request& what) {
    head_.assign(what.method).append(" ").append(before_target_).append(what.target).append(" HTTP/1.1\r\n").append(common_);
    if (*what.content_type != '\0') head_.append(text_line("Content-Type: ", what.content_type, "\r\n"));
    if (what.body_size > 0 || std::string_view(what.method) != "GET") {
      head_.append(text_line("Content-Length: ", what.body_size, "\r\n"));
    }
    head_ += "\r\n";
  }

  bool reusable() const {
    if (socket_ == net::none || time_.steady_now() - last_used_ >= reuse_within) return false;
    return net::poll_one(socket_, POLLIN, 0) == 0;  // readable means closed, or an answer nobody asked for
  }

  static bool passing(int reason) { return net::would_block(reason) || net::interrupted(reason); }

  void disconnect() {
    if (socket_ != net::none) net::close(socket_);
    socket_ = net::none;
  }

  /// Waits for events in slices; 0 when the time is over.
  int wait(short events, std::uint64_t deadline) const {
    for (int slice = time_.slice(deadline); slice > 0; slice = time_.slice(deadline)) {
      const int ready = net::poll_one(socket_, events, slice);
      if (ready > 0) return ready;
      if (ready < 0 && !net::interrupted(net::last_error())) return POLLERR;
    }
    return 0;
  }

  const char* overdue(std::uint64_t deadline) const {
    return time_.limit(deadline) < deadline ? "before the program had to end" : "in time";
  }

  // getaddrinfo has no deadline, so its answer is kept for a while: a new connection per batch is the normal case.
  bool look_up(std::string& error) {
    const std::uint64_t now = time_.steady_now();
    if (address_count_ != 0 && now - looked_up_ < addresses_valid_for) return true;
    looked_up_ = now;
    addresses_[0].size = net::numeric_address(host_.c_str(), port_, addresses_[0].bytes);
    address_count_ = addresses_[0].size != 0 ? 1 : 0;
    if (address_count_ != 0) return true;
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(host_.c_str(), text_line(port_).c_str(), &hints, &found);
    if (failed != 0) {
      set_line(error, "can't find the address of ", host_, ": ", net::lookup_error_text(failed), "; ", change_address(source_));
      return false;
    }
    for (const addrinfo* a = found; a != nullptr && address_count_ < most_addresses; a = a->ai_next) {
      address& kept = addresses_[address_count_];
      if (a->ai_addrlen > sizeof kept.bytes) continue;
      std::memcpy(&kept.bytes, a->ai_addr, a->ai_addrlen);
      kept.size = static_cast<net::address_length>(a->ai_addrlen);
      ++address_count_;
    }
    ::freeaddrinfo(found);
    looked_up_ = time_.steady_now();
    return true;
  }

  bool connect(std::uint64_t deadline, std::string& error) {
    if (!look_up(error)) return false;
    for (std::size_t i = 0; i < address_count_; ++i) {
      // A dead address must leave time for those after it.
      const std::uint64_t now = time_.steady_now();
      const std::uint64_t end = time_.limit(deadline);
      const std::uint64_t share = end > now ? (end - now) / (address_count_ - i) : 0;
      if (connect_to(addresses_[i], now + (std::min)(share, connect_within), error)) return true;
      disconnect();
    }
    address_count_ = 0;  // the host may have moved
    set_line(error, "can't connect to ", name_, ": ", error, "; is it up? ", change_address(source_));
    return false;
  }

  bool connect_to(const address& a, std::uint64_t deadline, std::string& error) {
    socket_ = net::open(a.bytes.ss_family);
    if (socket_ == net::none) {
      set_line(error, net::error_text(net::last_error()));
      return false;
    }
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&on), sizeof on);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&a.bytes), a.size) != 0) {
      const int reason = net::last_error();
      if (!net::in_progress(reason)) {
        set_line(error, net::error_text(reason));
        return false;
      }
      if (wait(POLLOUT, deadline) == 0) {
        set_line(error, "no answer ", overdue(deadline));
        return false;
      }
      int failed = 0;
      net::address_length size = sizeof failed;
      ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, reinterpret_cast<char*>(&failed), &size);
      if (failed != 0) {
        set_line(error, net::error_text(failed));
        return false;
      }
    }
    if (connected_to_itself()) {
      error = "nobody listens there";
      return false;
    }
    return true;
  }

  // Without a listener on a local port of the ephemeral range, TCP can connect a socket to itself and echo the request.
  bool connected_to_itself() const {
    address here{};
    address there{};
    here.size = there.size = static_cast<net::address_length>(sizeof here.bytes);
    if (::getsockname(socket_, reinterpret_cast<sockaddr*>(&here.bytes), &here.size) != 0) return false;
    if (::getpeername(socket_, reinterpret_cast<sockaddr*>(&there.bytes), &there.size) != 0) return false;
    return here.size == there.size && std::memcmp(&here.bytes, &there.bytes, static_cast<std::size_t>(here.size)) == 0;
  }

  std::ptrdiff_t send_rest(const std::string& head, const request& what, std::size_t sent) const {
    const std::size_t in_head = (std::min)(sent, head.size());
    const std::size_t in_body = sent - in_head;
    return net::send_two(socket_, head.data() + in_head, head.size() - in_head, what.body + in_body,
                         what.body_size - in_body);
  }

  /// Sends and receives at once, so that an answer to the first half of a request (413, 401) isn't missed.
  transport_result exchange(const std::string& head, const request& what, std::uint64_t deadline, response& out,
                            std::string& error) {
    http_response_parser parser(out);
    const std::size_t total = head.size() + what.body_size;
    std::size_t sent = 0;
    bool sending = true;
    bool rest = false;  // bytes after the answer
    char buffer[8192];
    while (!parser.done() && !parser.failed()) {
      const int ready = wait(static_cast<short>(sending ? POLLIN | POLLOUT : POLLIN), deadline);
      if (ready == 0) {
        set_line(error, "no answer from ", name_, " ", overdue(deadline));
        break;
      }
      if (sending && (ready & ~POLLIN) != 0) {
        const std::ptrdiff_t n = send_rest(head, what, sent);
        if (n >= 0) {
          sent += static_cast<std::size_t>(n);
          sending = sent < total;
        } else if (const int reason = net::last_error(); !passing(reason)) {
          set_line(error, name_, " closed the connection: ", net::error_text(reason));
          sending = false;  // its reason may still be readable
        }
      }
      if ((ready & ~POLLOUT) != 0) {
        const std::ptrdiff_t n = net::receive(socket_, buffer, sizeof buffer);
        if (n < 0 && passing(net::last_error())) continue;
        if (n < 0 && error.empty()) {
          set_line(error, "the connection to ", name_, " was lost: ", net::error_text(net::last_error()));
        }
        if (n == 0 && sent > 0) parser.end_of_stream();
        if (n <= 0 || sent == 0) break;  // bytes before the first of ours answer nothing that was asked
        rest = parser.feed(buffer, static_cast<std::size_t>(n)) < static_cast<std::size_t>(n);
      }
    }
    if (parser.keep_alive() && sent == total && !rest) {
      last_used_ = time_.steady_now();
    } else {
      disconnect();
    }
    if (parser.has_status()) {
      out.truncated = out.truncated || !parser.done();
      if (*parser.error() != '\0') set_line(error, name_, ": ", parser.error());
      if (!out.truncated) error.clear();
      return transport_result::answered;
    }
    out.clear();
    if (error.empty()) set_line(error, name_, ": ", *parser.error() != '\0' ? parser.error() : "the connection was closed");
    return sent == 0 ? transport_result::not_sent : transport_result::unanswered;
  }

  timing time_;
  std::string host_;
  std::uint16_t port_;
  std::string name_;           // for messages
  const char* source_;         // who named it
  std::string before_target_;  // a proxy wants the whole URL
  std::string common_;  // header lines that all requests share
  std::string head_;    // of the request under way
  address addresses_[most_addresses];
  std::size_t address_count_ = 0;
  std::uint64_t looked_up_ = 0;
  std::uint64_t last_used_ = 0;
  net::handle socket_ = net::none;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
