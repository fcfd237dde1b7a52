// https.cpp: the transport with TLS against cpp-httplib's server, against peers that misbehave, and behind a proxy.
#include "support/httplib.hpp"

#define ARTHUR_IMPLEMENTATION
#define ARTHUR_WITH_HTTPLIB
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/certificates.hpp"

using namespace arthur::detail;
using arthur::header;
using support::authority;
using support::certificate_files;
using support::certificate_wish;

namespace {

constexpr std::uint64_t second = 1000000000;
constexpr std::uint64_t far = UINT64_MAX;

// The client runs on the test's thread, so its clock needs no lock. Each look at it takes clock_step.
std::uint64_t clock_now = second;
std::uint64_t clock_step = 0;
std::uint64_t fake_now() { return clock_now += clock_step; }

struct clock_steps {
  explicit clock_steps(std::uint64_t step) { clock_step = step; }
  ~clock_steps() { clock_step = 0; }
};

url local(int port, const char* host = "127.0.0.1") {
  url u;
  u.https = true;
  u.host = host;
  u.port = static_cast<std::uint16_t>(port);
  return u;
}

request post(const std::string& body, const char* target = "/x") {
  request r;
  r.target = target;
  r.content_type = "application/json";
  r.body = body.data();
  r.body_size = body.size();
  return r;
}

struct sending {
  transport_result result;
  response out;
  std::string error;
};

sending send(transport& t, const request& r, std::uint64_t deadline = far) {
  sending s;
  s.result = t.send(r, deadline, s.out, s.error);
  return s;
}

tls_files trusting(const authority& a) {
  tls_files files;
  files.authorities = {a.file(), "options.certificate_file"};
  return files;
}

std::unique_ptr<transport> client(const url& where, const tls_files& files, const std::vector<header>& headers = {},
                                  const proxy& via = {}, const std::atomic<std::uint64_t>* stop = nullptr) {
  return the_https.load()->make(where, headers, timing{&fake_now, stop}, via, files);
}

/// cpp-httplib's server on a port of its own.
class real_server {
 public:
  explicit real_server(const certificate_files& files, const std::string& client_authority = "")
      : server(files.certificate.c_str(), files.key.c_str(), client_authority.empty() ? nullptr : client_authority.c_str()) {
    const auto keep = [this](const httplib::Request& q) {
      const std::lock_guard<std::mutex> lock(mutex_);
      last = q;
      ports.push_back(q.remote_port);
    };
    server.Post("/echo", [keep](const httplib::Request& q, httplib::Response& a) {
      keep(q);
      a.set_content(q.body, "application/json");
    });
    server.Post("/chunked", [keep](const httplib::Request& q, httplib::Response& a) {
      keep(q);
      const std::string body = q.body;
      a.status = 206;
      a.set_chunked_content_provider("application/json", [body](std::size_t at, httplib::DataSink& sink) {
        const std::size_t n = (std::min)(body.size() - at, std::size_t{1000});
        sink.write(body.data() + at, n);
        if (at + n == body.size()) sink.done();
        return true;
      });
    });
    server.Post("/moved", [keep](const httplib::Request& q, httplib::Response& a) {
      keep(q);
      a.set_redirect("/echo", 307);
    });
    server.Post("/nothing", [keep](const httplib::Request& q, httplib::Response& a) {
      keep(q);
      a.status = 204;
    });
    server.Post("/busy", [keep](const httplib::Request& q, httplib::Response& a) {
      keep(q);
      a.status = 503;
      a.set_header("Retry-After", "7");
    });
    server.Post("/large", [keep](const httplib::Request& q, httplib::Response& a) {
      keep(q);
      a.set_content(std::string((std::size_t{4} << 20) + 1, 'x'), "text/plain");
    });
    server.Get("/get", [keep](const httplib::Request& q, httplib::Response& a) {
      keep(q);
      a.set_content("got", "text/plain");
    });
    server.set_keep_alive_timeout(1);  // or the end of each test waits for it
    port = server.bind_to_any_port("127.0.0.1");
    REQUIRE(port > 0);
    thread_ = std::thread([this] { server.listen_after_bind(); });
  }
  ~real_server() {
    while (!server.is_running()) std::this_thread::yield();  // stop() before the loop began would be lost
    server.stop();
    thread_.join();
  }

  httplib::SSLServer server;
  httplib::Request last;   // read by the test after the answer came, so after the handler
  std::vector<int> ports;  // of the client: the same one twice means the connection was used again
  int port = 0;

 private:
  std::mutex mutex_;
  std::thread thread_;
};

/// A TLS listener whose behaviour is a script. Gives up after 20 s.
class raw_peer {
 public:
  class connection {
   public:
    connection(int s, SSL_CTX* context) : socket_(s) {
      const timeval patience{20, 0};
      ::setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      ::setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
      if (context == nullptr) return;
      ssl_ = SSL_new(context);
      SSL_set_fd(ssl_, s);
      good = SSL_accept(ssl_) == 1;
    }
    ~connection() { close(); }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    void close() {
      if (ssl_ != nullptr) SSL_free(ssl_);
      ssl_ = nullptr;
      if (socket_ >= 0) ::close(socket_);
      socket_ = -1;
    }
    bool write(const std::string& text) {
      if (ssl_ == nullptr) return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) > 0;
      return SSL_write(ssl_, text.data(), static_cast<int>(text.size())) > 0;
    }
    /// Reads one request, header and body.
    std::string read() {
      std::string text;
      std::size_t whole = std::string::npos;
      char c[4096];
      while (text.size() < whole) {
        const auto n = ssl_ == nullptr ? static_cast<int>(::recv(socket_, c, sizeof c, 0)) : SSL_read(ssl_, c, sizeof c);
        if (n <= 0) break;
        text.append(c, static_cast<std::size_t>(n));
        const std::size_t end = text.find("\r\n\r\n");
        if (end == std::string::npos || whole != std::string::npos) continue;
        const std::size_t length = text.find("Content-Length: ");
        whole = end + 4 + (length < end ? std::stoul(text.substr(length + 16)) : 0);
      }
      return text;
    }
    /// Returns when the client has closed.
    void await_end() {
      char c[4096];
      while (::recv(socket_, c, sizeof c, 0) > 0) {
      }
    }
    int socket() const { return socket_; }
    bool good = true;

   private:
    int socket_;
    SSL* ssl_ = nullptr;
  };

  /// Without files it speaks no TLS.
  raw_peer(const certificate_files& files, std::function<void(raw_peer&)> script) {
    if (!files.certificate.empty()) {
      context_ = SSL_CTX_new(TLS_server_method());
      REQUIRE(SSL_CTX_use_certificate_file(context_, files.certificate.c_str(), SSL_FILETYPE_PEM) == 1);
      REQUIRE(SSL_CTX_use_PrivateKey_file(context_, files.key.c_str(), SSL_FILETYPE_PEM) == 1);
    }
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    socklen_t size = sizeof a;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&a), &size);
    port = ntohs(a.sin_port);
    thread_ = std::thread([this, script] {
      // SSL_write writes with write(): a client that closed must not end the test.
      const no_sigpipe guard;
      script(*this);
    });
  }
  ~raw_peer() {
    thread_.join();
    ::close(listener_);
    if (context_ != nullptr) SSL_CTX_free(context_);
  }

  connection next() {
    pollfd p{listener_, POLLIN, 0};
    ::poll(&p, 1, 20000);
    return connection(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | (p.revents == 0 ? SOCK_NONBLOCK : 0)), context_);
  }

  int port = 0;

 private:
  SSL_CTX* context_ = nullptr;
  int listener_ = -1;
  std::thread thread_;
};

/// Passes bytes on in both directions until both ends have closed.
void relay(int a, int b) {
  bool open[2] = {true, true};
  while (open[0] || open[1]) {
    pollfd p[2] = {{open[0] ? a : -1, POLLIN, 0}, {open[1] ? b : -1, POLLIN, 0}};
    if (::poll(p, 2, 20000) <= 0) return;
    for (int i = 0; i < 2; ++i) {
      if (p[i].revents == 0) continue;
      char c[4096];
      const ssize_t n = ::recv(p[i].fd, c, sizeof c, 0);
      if (n <= 0) ::shutdown(i == 0 ? b : a, SHUT_WR);
      if (n <= 0) open[i] = false;
      else ::send(i == 0 ? b : a, c, static_cast<std::size_t>(n), MSG_NOSIGNAL);
    }
  }
}

int connected(int port) {
  const int s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons(static_cast<std::uint16_t>(port));
  REQUIRE(::connect(s, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
  return s;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace

TEST_CASE("a server with a certificate of the named authority gets the request as it was meant") {
  authority ca;
  real_server server(ca.issue());
  const auto c = client(local(server.port), trusting(ca), {{"Authorization", "Bearer k"}, {"X-Org", "7"}});
  const std::string body = "{\"a\":1}";
  const sending s = send(*c, post(body, "/echo?q=a+b,c"));
  CHECK(s.error == "");
  CHECK(s.result == transport_result::answered);
  CHECK(s.out.status == 200);
  CHECK(s.out.body == body);
  CHECK(s.out.content_type == "application/json");
  CHECK(!s.out.truncated);
  CHECK(server.last.method == "POST");
  CHECK(server.last.target == "/echo?q=a+b,c");
  CHECK(server.last.get_header_value("Host") == "127.0.0.1:" + std::to_string(server.port));
  CHECK(server.last.get_header_value("User-Agent") == user_agent);
  CHECK(server.last.get_header_value("Content-Type") == "application/json");
  CHECK(server.last.get_header_value("Content-Length") == "7");
  CHECK(server.last.get_header_value("Authorization") == "Bearer k");
  CHECK(server.last.get_header_value("X-Org") == "7");
  CHECK(!server.last.has_header("Transfer-Encoding"));
}

TEST_CASE("names are checked as addresses are, also where several addresses belong to one") {
  authority ca;
  real_server server(ca.issue());  // 127.0.0.1 only; localhost may mean ::1 first
  CHECK(send(*client(local(server.port, "localhost"), trusting(ca)), post("x", "/echo")).out.status == 200);
}

TEST_CASE("chunked answers, long bodies, errors, redirects and GET") {
  authority ca;
  real_server server(ca.issue());
  const auto c = client(local(server.port), trusting(ca));
  std::string body;
  for (int i = 0; i < 300000; ++i) body += "0123456789"[i % 7];
  sending s = send(*c, post(body, "/chunked"));
  CHECK(s.out.status == 206);
  CHECK(s.out.body == body);
  s = send(*c, post(body, "/echo"));
  CHECK(s.out.body == body);
  s = send(*c, post("", "/echo"));
  CHECK(s.out.status == 200);
  CHECK(s.out.body == "");
  s = send(*c, post("x", "/nothing"));
  CHECK(s.result == transport_result::answered);
  CHECK(s.out.status == 204);
  s = send(*c, post("x", "/busy"));
  CHECK(s.out.status == 503);
  CHECK(s.out.retry_after == "7");
  s = send(*c, post("x", "/nowhere"));
  CHECK(s.out.status == 404);
  s = send(*c, post("x", "/moved"));
  CHECK(s.out.status == 307);
  CHECK(s.out.location == "/echo");
  CHECK(server.last.path == "/moved");
  request get;
  get.method = "GET";
  get.target = "/get";
  s = send(*c, get);
  CHECK(s.out.status == 200);
  CHECK(s.out.body == "got");
}

TEST_CASE("a redirect to another host isn't followed: the key stays where it was meant for") {
  authority ca;
  real_server other(ca.issue());
  for (const char* status : {"301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"}) {
    CAPTURE(status);
    const std::string location = "https://127.0.0.1:" + std::to_string(other.port) + "/echo";
    std::string read;
    {
      raw_peer first(ca.issue(), [&](raw_peer& p) {
        auto c = p.next();
        read = c.read();
        c.write("HTTP/1.1 " + std::string(status) + "\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n");
      });
      const sending s = send(*client(local(first.port), trusting(ca), {{"Authorization", "Bearer the-key"}}), post("x"));
      CHECK(s.result == transport_result::answered);
      CHECK(std::to_string(s.out.status) == std::string(status).substr(0, 3));
      CHECK(s.out.location == location);
    }
    CHECK(has(read, "Authorization: Bearer the-key"));
  }
  CHECK(other.ports.empty());
}

TEST_CASE("a certificate that isn't right is refused before anything of the request leaves, and the line says why") {
  authority ca;
  authority other;
  const auto wish = [](const std::function<void(certificate_wish&)>& change) {
    certificate_wish w;
    change(w);
    return w;
  };
  const struct {
    const char* name;
    certificate_files files;
    const char* line;
  } rows[] = {
      {"other name", ca.issue(wish([](auto& w) { w.names = "DNS:example.com,IP:127.0.0.2"; })),
       "IP address mismatch; it was issued for another name: write that one in ARTHUR_BASE_URL"},
      {"no name but a wildcard", ca.issue(wish([](auto& w) { w.names = "", w.common_name = "*.0.0.1"; })),
       "IP address mismatch; it was issued for another name: write that one in ARTHUR_BASE_URL"},
      {"expired", ca.issue(wish([](auto& w) { w.begins = -7200, w.ends = -3600; })),
       "certificate has expired; have it renewed there, or correct this machine's clock"},
      {"not yet", ca.issue(wish([](auto& w) { w.begins = 3600, w.ends = 7200; })), "certificate is not yet valid; correct this machine's clock"},
      {"self-signed", ca.issue(wish([](auto& w) { w.self_signed = true; })),
       "self-signed certificate; if it is the right one, give the file of its authority in options.certificate_file"},
      {"unknown authority", other.issue(),
       "unable to get local issuer certificate; if it is the right one, give the file of its authority in options.certificate_file"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    real_server server(row.files);
    const sending s = send(*client(local(server.port), trusting(ca)), post("x", "/echo"));
    CHECK(s.result == transport_result::not_sent);
    CHECK(s.error == "the certificate of 127.0.0.1:" + std::to_string(server.port) + " is refused: " + row.line);
    CHECK(server.ports.empty());
  }
  real_server server(ca.issue(wish([](auto& w) { w.names = "DNS:example.com"; })));
  const sending s = send(*client(local(server.port, "localhost"), trusting(ca)), post("x", "/echo"));
  CHECK(has(s.error, "is refused: hostname mismatch"));
  // Without a file the system's authorities count, and this one isn't among them.
  real_server right(ca.issue());
  CHECK(send(*client(local(right.port), {}), post("x", "/echo")).result == transport_result::not_sent);
}

TEST_CASE("a server that wants a client certificate gets ours; without one nothing counts as sent") {
  authority ca;
  authority clients;
  real_server server(ca.issue(), clients.file());
  tls_files files = trusting(ca);
  const sending without = send(*client(local(server.port), files), post("x", "/echo"));
  CHECK(without.result == transport_result::not_sent);
  CAPTURE(without.error);
  CHECK(has(without.error, "ended the TLS handshake"));
  CHECK(has(without.error, "options.client_certificate_file"));
  CHECK(server.ports.empty());
  const certificate_files own = clients.issue();
  files.certificate = {own.certificate, "options.client_certificate_file"};
  files.key = {own.key, "options.client_key_file"};
  const sending with = send(*client(local(server.port), files), post("x", "/echo"));
  CHECK(with.error == "");
  CHECK(with.out.status == 200);
}

TEST_CASE("an answer is read up to 4 MiB") {
  authority ca;
  real_server server(ca.issue());
  const sending s = send(*client(local(server.port), trusting(ca)), post("x", "/large"));
  CHECK(s.result == transport_result::answered);
  CHECK(s.out.status == 200);
  CHECK(s.out.truncated);
  CHECK(s.out.body.size() == std::size_t{4} << 20);
  CHECK(has(s.error, "larger than 4 MiB"));
}

TEST_CASE("an endless header ends at 64 KiB") {
  authority ca;
  raw_peer peer(ca.issue(), [](raw_peer& p) {
    auto c = p.next();
    c.read();
    c.write("HTTP/1.1 200 OK\r\n");
    while (c.write("X-Filler: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  const sending s = send(*client(local(peer.port), trusting(ca)), post("x"));
  CHECK(s.result == transport_result::unanswered);
  CHECK(has(s.error, "header is larger than 64 KiB"));
}

TEST_CASE("a connection is used again while it is fresh, and not after a second of rest") {
  authority ca;
  real_server server(ca.issue());
  const auto c = client(local(server.port), trusting(ca));
  CHECK(send(*c, post("1", "/echo")).out.status == 200);
  clock_now += second - 1;
  CHECK(send(*c, post("2", "/echo")).out.status == 200);
  clock_now += second;
  CHECK(send(*c, post("3", "/echo")).out.status == 200);
  REQUIRE(server.ports.size() == 3);
  CHECK(server.ports[0] == server.ports[1]);
  CHECK(server.ports[1] != server.ports[2]);
}

TEST_CASE("a connection that the server closed meanwhile isn't used") {
  authority ca;
  raw_peer peer(ca.issue(), [](raw_peer& p) {
    for (int i = 0; i < 2; ++i) {
      auto c = p.next();
      c.read();
      c.write(ok);
    }
  });
  const auto c = client(local(peer.port), trusting(ca));
  CHECK(send(*c, post("1")).out.status == 200);
  const sending s = send(*c, post("2"));  // closed, perhaps not yet seen: then it is an honest "unanswered"
  CHECK((s.out.status == 200 || s.result == transport_result::unanswered));
  if (s.out.status != 200) CHECK(send(*c, post("3")).out.status == 200);
}

TEST_CASE("a server that takes the request and says nothing leaves it unanswered") {
  authority ca;
  raw_peer peer(ca.issue(), [](raw_peer& p) { p.next().read(); });
  const sending s = send(*client(local(peer.port), trusting(ca)), post("x"));
  CHECK(s.result == transport_result::unanswered);
  CHECK(has(s.error, "gave no answer"));
}

TEST_CASE("a server that closes in the middle of a large body doesn't end the program") {
  authority ca;
  raw_peer peer(ca.issue(), [](raw_peer& p) { p.next(); });
  const std::string body(8 << 20, 'x');
  const sending s = send(*client(local(peer.port), trusting(ca)), post(body));
  CHECK(s.result != transport_result::answered);
  CHECK(s.error != "");
}

TEST_CASE("a server that closed doesn't end the program by a signal either") {
  // cpp-httplib's servers switch SIGPIPE off for the whole process, which would hide it.
  static volatile std::sig_atomic_t signals;
  signals = 0;
  struct own_handler {
    void (*before)(int) = std::signal(SIGPIPE, [](int) { signals = signals + 1; });
    ~own_handler() { std::signal(SIGPIPE, before); }
  } const handler;
  authority ca;
  for (int n = 0; n < 3; ++n) {
    raw_peer peer(ca.issue(), [](raw_peer& p) { p.next(); });
    const std::string body(8 << 20, 'x');
    CHECK(send(*client(local(peer.port), trusting(ca)), post(body)).result != transport_result::answered);
  }
  CHECK(signals == 0);
}

TEST_CASE("nothing is said about what the server should expect, however large the body") {
  authority ca;
  std::string got;
  raw_peer peer(ca.issue(), [&](raw_peer& p) {
    auto c = p.next();
    got = c.read();
    c.write(ok);
  });
  const std::string body(100000, 'x');
  CHECK(send(*client(local(peer.port), trusting(ca)), post(body)).out.status == 200);
  const std::string head = got.substr(0, got.find("\r\n\r\n"));
  CAPTURE(head);
  CHECK(got.size() == head.size() + 4 + body.size());
  CHECK(!has(head, "Expect"));
}

TEST_CASE("silence ends at the deadline, or at the stop deadline") {
  authority ca;
  for (const bool stopping : {false, true}) {
    raw_peer peer(ca.issue(), [](raw_peer& p) {
      auto c = p.next();
      c.read();
      c.await_end();
    });
    std::atomic<std::uint64_t> stop{0};
    const auto c = client(local(peer.port), trusting(ca), {}, {}, &stop);
    const clock_steps steps(second);
    if (stopping) stop = clock_now + 60 * second;
    const sending s = send(*c, post("x"), clock_now + (stopping ? 3600 : 60) * second);
    CHECK(s.result == transport_result::unanswered);
    CAPTURE(s.error);
    CHECK(has(s.error, stopping ? "before the program had to end" : "in time"));
  }
}

TEST_CASE("a handshake that never ends is given up at the deadline") {
  raw_peer peer({}, [](raw_peer& p) { p.next().await_end(); });
  const auto c = client(local(peer.port), {});
  const clock_steps steps(second);
  const sending s = send(*c, post("x"), clock_now + 20 * second);
  CHECK(s.result == transport_result::not_sent);
  CAPTURE(s.error);
  CHECK(has(s.error, "no answer in time"));
}

TEST_CASE("a server that sends drop by drop doesn't stretch the deadline") {
  authority ca;
  const struct {
    const char* begin;
    const char* drop;
    transport_result result;
  } rows[] = {
      {"HTTP/1.1 200 OK\r\nX: ", "y", transport_result::unanswered},  // one line: cpp-httplib counts lines
      {"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", "x", transport_result::answered},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", transport_result::answered},
  };
  for (const auto& row : rows) {
    CAPTURE(row.begin);
    raw_peer peer(ca.issue(), [&row](raw_peer& p) {
      auto c = p.next();
      c.read();
      c.write(row.begin);
      while (c.write(row.drop)) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the drip itself
    });
    const auto c = client(local(peer.port), trusting(ca));
    const clock_steps steps(second / 100);
    const sending s = send(*c, post("x"), clock_now + 5 * second);
    CHECK(s.result == row.result);
    if (s.result == transport_result::unanswered) CHECK(has(s.error, "in time"));  // not by a limit of sizes
    CHECK(s.out.status == (row.result == transport_result::answered ? 200 : 0));
    CHECK(s.out.truncated == (row.result == transport_result::answered));
    CHECK(s.error != "");
  }
}

TEST_CASE("who isn't there, or speaks no TLS, is not_sent and told apart") {
  int port = 0;
  {
    raw_peer gone({}, [](raw_peer&) {});
    port = gone.port;
  }
  sending s = send(*client(local(port), {}), post("x"));
  CHECK(s.result == transport_result::not_sent);
  CHECK(s.error == "can't connect to 127.0.0.1:" + std::to_string(port) + ": refused, or no answer in time; is it up? set ARTHUR_BASE_URL if it is elsewhere");
  raw_peer plain({}, [](raw_peer& p) {
    auto c = p.next();
    c.write("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  s = send(*client(local(plain.port), {}), post("x"));
  CHECK(s.result == transport_result::not_sent);
  CHECK(has(s.error, "does it speak HTTPS, TLS 1.2 or newer? set ARTHUR_BASE_URL"));
  const std::string label(100, 'x');  // too long for DNS, so nobody is asked
  s = send(*client(local(443, label.c_str()), {}), post("x"));
  CHECK(s.result == transport_result::not_sent);
  CHECK(s.error == "can't find the address of " + label + "; set ARTHUR_BASE_URL if it is elsewhere");
}

TEST_CASE("a proxy is asked for a tunnel with its password, which the server behind it never sees") {
  authority ca;
  real_server server(ca.issue());
  std::string asked;
  raw_peer tunnel({}, [&](raw_peer& p) {
    auto c = p.next();
    asked = c.read();
    c.write("HTTP/1.1 200 Connection established\r\n\r\n");
    const int behind = connected(server.port);
    relay(c.socket(), behind);
    ::close(behind);
  });
  proxy via;
  via.host = "127.0.0.1";
  via.port = static_cast<std::uint16_t>(tunnel.port);
  via.user = "user";
  via.password = "pass word";
  {
    const auto c = client(local(server.port, "localhost"), trusting(ca), {}, via);
    for (int i = 0; i < 2; ++i) {
      const sending s = send(*c, post("x", "/echo"));
      CHECK(s.error == "");
      CHECK(s.out.status == 200);
      CHECK(!server.last.has_header("Proxy-Authorization"));
      CHECK(server.last.get_header_value("Host") == "localhost:" + std::to_string(server.port));
    }
  }
  CHECK(has(asked, "CONNECT localhost:" + std::to_string(server.port) + " HTTP/1.1\r\n"));
  CHECK(has(asked, "Proxy-Authorization: Basic " + base64("user:pass word") + "\r\n"));
}

TEST_CASE("a proxy that refuses is not_sent, and its password isn't told") {
  for (const int status : {407, 403, 502}) {
    CAPTURE(status);
    raw_peer refusing({}, [status](raw_peer& p) {
      for (int i = 0; i < 2; ++i) {
        auto c = p.next();
        c.read();
        c.write("HTTP/1.1 " + std::to_string(status) + " No\r\nConnection: close\r\n\r\n");
      }
    });
    proxy via;
    via.host = "127.0.0.1";
    via.port = static_cast<std::uint16_t>(refusing.port);
    via.user = "user";
    via.password = "secret";
    const auto c = client(local(1, "engine.example"), {}, {}, via);
    for (int i = 0; i < 2; ++i) {
      const sending s = send(*c, post("x"));
      CHECK(s.result == transport_result::not_sent);
      CHECK(has(s.error, "the proxy 127.0.0.1:" + std::to_string(refusing.port) + " for engine.example:1 answered " + std::to_string(status)));
      CHECK(!has(s.error, "secret"));
    }
  }
}

TEST_CASE("a file that can't be used is told before anything starts") {
  authority ca;
  const certificate_files good = ca.issue();
  const certificate_files other = ca.issue();
  certificate_wish locked;
  locked.password = "secret";
  const certificate_files with_password = ca.issue(locked);
  const std::string text = ca.write("text.pem", "hello");
  const auto files = [](const std::string& authorities, const std::string& certificate, const std::string& key) {
    tls_files f;
    f.authorities = {authorities, "options.certificate_file"};
    f.certificate = {certificate, "options.client_certificate_file"};
    f.key = {key, "OTEL_EXPORTER_OTLP_CLIENT_KEY"};
    return f;
  };
  const auto check = the_https.load()->check;
  CHECK(check({}) == "");
  CHECK(check(files(ca.file(), good.certificate, good.key)) == "");
  const struct {
    tls_files files;
    std::string begin;
  } rows[] = {
      {files(ca.file() + "x", "", ""), "options.certificate_file=\"" + ca.file() + "x\" isn't"},
      {files(text, "", ""), "options.certificate_file=\"" + text + "\" isn't"},
      {files("", text, good.key), "options.client_certificate_file=\"" + text + "\" isn't"},
      {files("", good.certificate, text), "OTEL_EXPORTER_OTLP_CLIENT_KEY=\"" + text + "\" isn't"},
      {files("", good.certificate, other.key), "OTEL_EXPORTER_OTLP_CLIENT_KEY=\"" + other.key + "\" isn't"},
      {files("", with_password.certificate, with_password.key), "OTEL_EXPORTER_OTLP_CLIENT_KEY=\"" + with_password.key + "\" isn't"},
  };
  for (const auto& row : rows) {
    const std::string line = check(row.files);
    CAPTURE(line);
    CHECK(line.substr(0, row.begin.size()) == row.begin);
    CHECK(has(line, "check the path and the file"));
  }
}

TEST_CASE("a program sends its spans to an https:// endpoint; a wrong file stops it at the start") {
  authority ca;
  real_server server(ca.issue());
  arthur::options o;
  o.endpoint = "https://localhost:" + std::to_string(server.port) + "/echo";
  o.protocol = arthur::protocol::http_json;
  o.certificate_file = ca.file();
  {
    const auto tracing = arthur::start(o);
    CAPTURE(tracing.error());
    REQUIRE(tracing.ok());
    { ARTHUR_SPAN("over TLS"); }
    CHECK(arthur::flush(std::chrono::seconds(30)) == arthur::flush_result::ok);
  }
  CHECK(has(server.last.body, "over TLS"));
  o.certificate_file += ".missing";
  const auto tracing = arthur::start(o);
  CHECK(!tracing.ok());
  CHECK(has(tracing.error(), "options.certificate_file"));
}

TEST_CASE("the environment names the files as the specification says; a wrong one isn't ignored") {
  authority ca;
  real_server server(ca.issue());
  arthur::options o;
  o.endpoint = "https://localhost:" + std::to_string(server.port) + "/echo";
  ::setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", ca.file().c_str(), 1);
  {
    const auto tracing = arthur::start(o);
    CAPTURE(tracing.error());
    REQUIRE(tracing.ok());
    { ARTHUR_SPAN("by the environment"); }
    CHECK(arthur::flush(std::chrono::seconds(30)) == arthur::flush_result::ok);
  }
  ::setenv("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "/nonexistent.pem", 1);
  const auto tracing = arthur::start(o);
  CHECK(has(tracing.error(), "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE=\"/nonexistent.pem\""));
  ::unsetenv("OTEL_EXPORTER_OTLP_CERTIFICATE");
  ::unsetenv("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE");
}

TEST_CASE("arthur::check() says which certificate is refused and what to set") {
  authority ca;
  real_server server(ca.issue());
  arthur::options o;
  o.endpoint = "https://localhost:" + std::to_string(server.port) + "/echo";
  const auto untrusted = arthur::check(o);
  CHECK_FALSE(untrusted.ok());
  const arthur::check_step* failed = untrusted.begin();
  while (failed != untrusted.end() && failed->outcome != arthur::check_outcome::failed) ++failed;
  REQUIRE(failed != untrusted.end());
  CHECK(has(failed->text, "the certificate of localhost:" + std::to_string(server.port) + " is refused: unable to get local issuer certificate"));
  CHECK(failed->fix == "if it is the right one, give the file of its authority in options.certificate_file");
  CHECK(server.ports.empty());
  o.certificate_file = ca.file();
  CHECK(arthur::check(o).ok());
  CHECK(has(server.last.body, "arthur.check"));
}
