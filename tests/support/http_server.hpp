// http_server.hpp: an HTTP/1.1 server on a loopback port whose answers may also go wrong on purpose.
#ifndef ARTHUR_TESTS_SUPPORT_HTTP_SERVER_HPP
#define ARTHUR_TESTS_SUPPORT_HTTP_SERVER_HPP

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace support {

struct http_request {
  std::string method;
  std::string path;  // percent-decoded, without the query
  std::map<std::string, std::string> headers;  // lower-case names
  std::multimap<std::string, std::string> query;
  std::string body;
  std::uint64_t connection = 0;  // counts accepted connections from 1

  std::string header(const std::string& lower_case_name) const;
};

/// How an answer ends.
enum class ending {
  normal,
  close,  // nothing is sent, the connection is closed
  reset,  // nothing is sent, the peer sees a TCP reset
  cut,    // the headers and half of the body are sent, then the connection is closed
};

struct http_answer {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::map<std::string, std::string> headers;
  bool chunked = true;  // false: with Content-Length
  ending end = ending::normal;
  std::string raw;  // not empty: sent instead of everything above, then the connection is closed
};

struct http_server_options {
  int port = 0;
  std::chrono::milliseconds keep_alive{5000};
  bool decompress = false;
  std::function<bool()> on_connect;  // false: close without reading
  std::function<http_answer(const http_request&)> handle;  // called on the connection's thread
};

/// Serves from construction to destruction. The destructor waits for running handlers, lets their
/// answers out, and closes all connections.
class http_server {
public:
  explicit http_server(http_server_options options);
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

/// A loopback port that stays ours while nobody listens on it: connecting is refused, and no other program, nor a
/// client's own ephemeral port, can take it between a stop and a restart.
class reserved_port {
public:
  explicit reserved_port(int port);
  ~reserved_port();
  reserved_port(const reserved_port&) = delete;
  reserved_port& operator=(const reserved_port&) = delete;
  int number() const { return number_; }

private:
  int socket_ = -1;
  int number_ = 0;
};

}  // namespace support

#endif
