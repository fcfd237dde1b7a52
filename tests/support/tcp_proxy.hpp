// tcp_proxy.hpp: a wire on the loopback that can be slow, narrow, dead or cut at a given byte, by calls.
#ifndef ARTHUR_TESTS_SUPPORT_TCP_PROXY_HPP
#define ARTHUR_TESTS_SUPPORT_TCP_PROXY_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace support {

enum class way { to_server, to_client };

/// Passes every connection on to one port of the loopback. All calls are thread-safe and take effect at once, also on the
/// connections that are open.
class tcp_proxy {
public:
  explicit tcp_proxy(int target_port);
  ~tcp_proxy();
  tcp_proxy(const tcp_proxy&) = delete;
  tcp_proxy& operator=(const tcp_proxy&) = delete;

  int port() const;
  std::string url() const;  // http://127.0.0.1:<port>

  /// Each byte arrives that much later.
  void delay(std::chrono::milliseconds one_way);
  /// Bytes per second of each connection; 0: no limit.
  void limit(way direction, std::size_t bytes_per_second);
  /// Nothing passes in either direction, and nobody is told: what is sent waits. Connecting works, as far as one can see.
  void partition();
  /// Nobody listens; open connections are reset.
  void refuse();
  /// The next `times` connections stand still for ever once that many bytes have passed: what is lost on the way and
  /// never repeated.
  void stall_after(way direction, std::size_t bytes, int times = 1);
  /// The next `times` connections end there: with a FIN for both sides, or with a reset.
  void close_after(way direction, std::size_t bytes, int times = 1);
  void reset_after(way direction, std::size_t bytes, int times = 1);
  /// All of the above is over; what waits goes on. Connections that stalled are closed.
  void heal();
  /// Every open connection is reset now.
  void reset_all();

  // What happened
  std::size_t connections() const;  // accepted ever
  std::size_t open() const;
  std::size_t closed() const;      // ended ever, by whomever
  std::size_t left() const;        // connections that the client has ended, also those that stand still
  std::size_t disturbed() const;   // connections that were stalled, closed or reset on request
  std::uint64_t passed(way direction) const;  // bytes
  bool wait_for(const std::function<bool()>& predicate, std::chrono::milliseconds timeout = std::chrono::seconds(30)) const;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace support

#endif
