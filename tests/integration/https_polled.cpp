// https_polled.cpp: TLS on the program's own thread, which poll() borrows: a server that goes away must not end the program.
#include "support/httplib.hpp"

#define ARTHUR_NO_THREADS
#define ARTHUR_IMPLEMENTATION
#define ARTHUR_WITH_HTTPLIB
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>

#include "support/certificates.hpp"

namespace {

volatile std::sig_atomic_t signals = 0;

/// Completes TLS handshakes on the loopback, and closes the connection after each.
class closing_server {
 public:
  explicit closing_server(const support::certificate_files& files) : context_(SSL_CTX_new(TLS_server_method())) {
    REQUIRE(SSL_CTX_use_certificate_file(context_, files.certificate.c_str(), SSL_FILETYPE_PEM) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey_file(context_, files.key.c_str(), SSL_FILETYPE_PEM) == 1);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    port = ntohs(at.sin_port);
    thread_ = std::thread([this] {
      const arthur::detail::no_sigpipe guard;  // OpenSSL writes with write() here, too
      for (int c = ::accept(listener_, nullptr, nullptr); c >= 0; c = ::accept(listener_, nullptr, nullptr)) {
        SSL* const session = SSL_new(context_);
        SSL_set_fd(session, c);
        SSL_accept(session);
        SSL_free(session);
        ::close(c);
      }
    });
  }
  ~closing_server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    SSL_CTX_free(context_);
  }
  closing_server(const closing_server&) = delete;
  closing_server& operator=(const closing_server&) = delete;

  int port = 0;

 private:
  SSL_CTX* context_;
  int listener_ = -1;
  std::thread thread_;
};

}  // namespace

TEST_CASE("poll() sends over TLS to a server that closes in the middle: no signal reaches the program") {
  std::signal(SIGPIPE, [](int) { signals = signals + 1; });
  support::authority ca;
  const closing_server server(ca.issue());
  arthur::options o;
  o.base_url = "https://127.0.0.1:" + std::to_string(server.port);
  o.certificate_file = ca.file();
  o.protocol = arthur::protocol::http_json;
  o.max_batch_bytes = std::size_t{16} << 20;
  o.schedule_delay = std::chrono::milliseconds(1);
  o.shutdown_timeout = std::chrono::milliseconds(1);
  o.log_level = arthur::log_level::none;
  const auto tracing = arthur::start(o);
  CAPTURE(tracing.error());
  REQUIRE(tracing.ok());
  const std::string text(8 << 20, 'x');
  for (int n = 0; n < 3; ++n) {
    { ARTHUR_SPAN("large", arthur::input(text)); }
    arthur::flush(std::chrono::milliseconds(500));
  }
  CHECK(arthur::stats().delivered == 0);
  CHECK(signals == 0);
}
