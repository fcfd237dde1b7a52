// tls_floor.cpp: nothing below TLS 1.2, even where the machine's own settings would allow it.
#include "support/httplib.hpp"

#define ARTHUR_IMPLEMENTATION
#define ARTHUR_WITH_HTTPLIB
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "support/certificates.hpp"

namespace {

/// Answers one connection in one version of TLS.
class old_server {
 public:
  old_server(const support::certificate_files& files, int version) : context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_set_security_level(context_, 0);  // TLS 1.1 signs with SHA-1
    SSL_CTX_set_cipher_list(context_, "ALL");
    REQUIRE(SSL_CTX_set_min_proto_version(context_, version) == 1);
    REQUIRE(SSL_CTX_set_max_proto_version(context_, version) == 1);
    REQUIRE(SSL_CTX_use_certificate_file(context_, files.certificate.c_str(), SSL_FILETYPE_PEM) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey_file(context_, files.key.c_str(), SSL_FILETYPE_PEM) == 1);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&a), size) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&a), &size) == 0);
    port = ntohs(a.sin_port);
    thread_ = std::thread([this] {
      const arthur::detail::no_sigpipe guard;
      const int s = ::accept(listener_, nullptr, nullptr);
      const timeval patience{20, 0};
      ::setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      SSL* const session = SSL_new(context_);
      SSL_set_fd(session, s);
      char c[4096];
      if (SSL_accept(session) == 1 && SSL_read(session, c, sizeof c) > 0) {
        spoken = SSL_get_version(session);
        const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        SSL_write(session, answer.data(), static_cast<int>(answer.size()));
      }
      SSL_free(session);
      ::close(s);
    });
  }
  ~old_server() {
    wait();
    ::close(listener_);
    SSL_CTX_free(context_);
  }
  void wait() {
    if (thread_.joinable()) thread_.join();
  }

  int port = 0;
  std::string spoken;  // once wait() has returned

 private:
  SSL_CTX* context_;
  int listener_ = -1;
  std::thread thread_;
};

/// As any program with OpenSSL's defaults would speak to it.
std::string spoken_by_default(const support::certificate_files& files, int version) {
  old_server server(files, version);
  const int s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons(static_cast<std::uint16_t>(server.port));
  REQUIRE(::connect(s, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  SSL* const session = SSL_new(context);
  SSL_set_fd(session, s);
  if (SSL_connect(session) == 1) SSL_write(session, "x", 1);
  SSL_free(session);
  SSL_CTX_free(context);
  ::close(s);
  server.wait();
  return server.spoken;
}

}  // namespace

TEST_CASE("a server that only speaks TLS 1.1 gets nothing, one with TLS 1.2 or 1.3 does") {
  support::authority ca;
  const support::certificate_files files = ca.issue();
  const struct {
    int version;
    const char* name;
    bool good;
  } rows[] = {{TLS1_VERSION, "TLSv1", false}, {TLS1_1_VERSION, "TLSv1.1", false}, {TLS1_2_VERSION, "TLSv1.2", true}, {TLS1_3_VERSION, "TLSv1.3", true}};
  for (const auto& row : rows) {
    CAPTURE(row.name);
    if (spoken_by_default(files, row.version) != row.name) {
      std::printf("SKIP: tls_floor.%s: this OpenSSL doesn't speak it, whatever its settings\n", row.name);
      continue;
    }
    old_server server(files, row.version);
    arthur::options o;
    o.endpoint = "https://127.0.0.1:" + std::to_string(server.port) + "/v1/traces";
    o.certificate_file = ca.file();
    o.protocol = arthur::protocol::http_json;
    const auto result = arthur::check(o);
    server.wait();
    CHECK(result.ok() == row.good);
    CHECK(server.spoken == (row.good ? row.name : ""));
    bool said = false;
    for (const auto& step : result) said = said || step.fix.find("TLS 1.2 or newer") != std::string::npos;
    CHECK(said == !row.good);
  }
}

int main(int argc, char** argv) {
  if (std::getenv("TLS_FLOOR") == nullptr) {
    // OpenSSL reads its settings before main: this program once more, with settings that allow everything.
    support::authority directory;
    const std::string settings = directory.write("openssl.cnf",
        "openssl_conf = all\n[all]\nssl_conf = modules\n[modules]\nsystem_default = lax\n[lax]\nMinProtocol = TLSv1\nCipherString = ALL:@SECLEVEL=0\n");
    ::setenv("OPENSSL_CONF", settings.c_str(), 1);
    ::setenv("TLS_FLOOR", "1", 1);
    std::string command = "exec '" + std::string(argv[0]) + "'";
    for (int n = 1; n < argc; ++n) command += " '" + std::string(argv[n]) + "'";
    return std::system(command.c_str()) == 0 ? 0 : 1;
  }
  return doctest::Context(argc, argv).run();
}
