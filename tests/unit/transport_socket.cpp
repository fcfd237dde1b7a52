// transport_socket.cpp: the HTTP client against a real server (cpp-httplib) and against peers that misbehave.
#include <doctest/doctest.h>

#include <arthur/policy/url.hpp>
#include <arthur/transport/socket.hpp>
#include <arpa/inet.h>
#include <httplib.h>
#include <atomic>
#include <csignal>
#include <functional>
#include <string>
#include <thread>

using namespace arthur::detail;
using arthur::header;

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

timing fake_time(const std::atomic<std::uint64_t>* stop = nullptr) { return timing{&fake_now, stop}; }

url local(int port, const char* host = "127.0.0.1") {
  url u;
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

/// cpp-httplib on a port of its own.
class real_server {
 public:
  explicit real_server(const char* host = "127.0.0.1") {
    auto keep = [this](const httplib::Request& q) {
      last = q;
      ports.push_back(q.remote_port);
    };
    server.Post("/length", [keep](const httplib::Request& q, httplib::Response& a) {
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
      a.set_redirect("/length", 307);
    });
    server.Get("/get", [keep](const httplib::Request& q, httplib::Response& a) {
      keep(q);
      a.set_content("got", "text/plain");
    });
    port = server.bind_to_any_port(host);
    if (port > 0) thread = std::thread([this] { server.listen_after_bind(); });
  }
  ~real_server() {
    if (!thread.joinable()) return;
    // stop() before the loop began would be lost.
    while (!server.is_running()) std::this_thread::yield();
    server.stop();
    thread.join();
  }

  httplib::Server server;
  httplib::Request last;   // read by the test after the answer came, so after the handler
  std::vector<int> ports;  // of the client: the same one twice means the connection was used again
  int port = 0;
  std::thread thread;
};

/// A listener whose behaviour is a script; each call of connection() is the next client. Gives up after 20 s.
class raw_peer {
 public:
  explicit raw_peer(std::function<void(raw_peer&)> script) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    socklen_t size = sizeof a;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&a), &size);
    port = ntohs(a.sin_port);
    thread_ = std::thread([this, script] { script(*this); });
  }
  ~raw_peer() { join(); }
  void join() {
    if (thread_.joinable()) thread_.join();
    if (listener_ >= 0) ::close(listener_);
    listener_ = -1;
  }

  class connection {
   public:
    explicit connection(int s) : socket_(s) {
      const timeval patience{20, 0};
      ::setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      ::setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection() { close(); }
    void close() {
      if (socket_ >= 0) ::close(socket_);
      socket_ = -1;
    }
    bool write(const std::string& text) {
      std::size_t at = 0;
      while (at < text.size()) {
        const ssize_t n = ::send(socket_, text.data() + at, text.size() - at, MSG_NOSIGNAL);
        if (n <= 0) return false;
        at += static_cast<std::size_t>(n);
      }
      return true;
    }
    /// Reads one request, header and body.
    std::string read() {
      std::string text;
      std::size_t whole = std::string::npos;
      char c[4096];
      while (text.size() < whole) {
        const ssize_t n = ::recv(socket_, c, sizeof c, 0);
        if (n <= 0) break;
        text.append(c, static_cast<std::size_t>(n));
        const std::size_t end = text.find("\r\n\r\n");
        if (end == std::string::npos || whole != std::string::npos) continue;
        const std::size_t length = text.find("Content-Length: ");
        whole = end + 4 + (length < end ? std::stoul(text.substr(length + 16)) : 0);
      }
      return text;
    }
    void finish() { ::shutdown(socket_, SHUT_WR); }
    void drain() {
      char c[65536];
      while (::recv(socket_, c, sizeof c, 0) > 0) {
      }
    }
    /// Returns when the client has closed.
    void await_end() { drain(); }

   private:
    int socket_;
  };

  connection next() {
    pollfd p{listener_, POLLIN, 0};
    ::poll(&p, 1, 20000);
    return connection(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | (p.revents == 0 ? SOCK_NONBLOCK : 0)));
  }

  int port = 0;

 private:
  int listener_ = -1;
  std::thread thread_;
};

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace

TEST_CASE("a real server gets the request as it was meant") {
  real_server server;
  socket_transport client(local(server.port), {{"Authorization", "Bearer k"}, {"X-Org", "7"}}, fake_time());
  const std::string body = "{\"a\":1}";
  const sending s = send(client, post(body, "/length?q=1"));
  CHECK(s.result == transport_result::answered);
  CHECK(s.error == "");
  CHECK(s.out.status == 200);
  CHECK(s.out.body == body);
  CHECK(s.out.content_type == "application/json");
  CHECK(server.last.method == "POST");
  CHECK(server.last.target == "/length?q=1");
  CHECK(server.last.get_header_value("Host") == "127.0.0.1:" + std::to_string(server.port));
  CHECK(server.last.get_header_value("User-Agent") ==
        "ARTHUR/" ARTHUR_VERSION " OTel-OTLP-Exporter-Cpp-Arthur/" ARTHUR_VERSION);
  CHECK(server.last.get_header_value("Content-Type") == "application/json");
  CHECK(server.last.get_header_value("Content-Length") == "7");
  CHECK(server.last.get_header_value("Authorization") == "Bearer k");
  CHECK(server.last.get_header_value("X-Org") == "7");
  CHECK(!server.last.has_header("Expect"));
  CHECK(!server.last.has_header("Accept-Encoding"));
}

TEST_CASE("chunked answers, long bodies, errors, redirects and GET work with a real server") {
  real_server server;
  socket_transport client(local(server.port), {}, fake_time());
  std::string body;
  for (int i = 0; i < 300000; ++i) body += "0123456789"[i % 7];
  sending s = send(client, post(body, "/chunked"));
  CHECK(s.out.status == 206);
  CHECK(s.out.body == body);
  s = send(client, post(body, "/length"));
  CHECK(s.out.status == 200);
  CHECK(s.out.body == body);
  s = send(client, post("", "/length"));
  CHECK(s.out.status == 200);
  CHECK(s.out.body == "");
  s = send(client, post("x", "/nowhere"));
  CHECK(s.result == transport_result::answered);
  CHECK(s.out.status == 404);
  s = send(client, post("x", "/moved"));
  CHECK(s.out.status == 307);
  CHECK(s.out.location == "/length");
  CHECK(server.last.path == "/moved");
  request get;
  get.method = "GET";
  get.target = "/get";
  s = send(client, get);
  CHECK(s.out.status == 200);
  CHECK(s.out.body == "got");
  CHECK(!server.last.has_header("Content-Length"));
  CHECK(!server.last.has_header("Content-Type"));
}

TEST_CASE("a connection is used again while it is fresh, and not after a second of rest") {
  real_server server;
  socket_transport client(local(server.port), {}, fake_time());
  CHECK(send(client, post("1", "/length")).out.status == 200);
  clock_now += second - 1;
  CHECK(send(client, post("2", "/length")).out.status == 200);
  clock_now += second;
  CHECK(send(client, post("3", "/length")).out.status == 200);
  REQUIRE(server.ports.size() == 3);
  CHECK(server.ports[0] == server.ports[1]);
  CHECK(server.ports[1] != server.ports[2]);
}

TEST_CASE("through a proxy goes the whole URL, with the proxy's password beside it") {
  real_server server;  // stands for the proxy
  server.server.Post(".*/through", [&](const httplib::Request& q, httplib::Response& a) {
    server.last = q;
    a.set_content("ok", "text/plain");
  });
  url engine = local(3030, "engine.example");
  proxy via;
  via.host = "127.0.0.1";
  via.port = static_cast<std::uint16_t>(server.port);
  via.user = "user";
  via.password = "pass word";
  socket_transport client(engine, {{"Authorization", "Bearer k"}}, fake_time(), via);
  const sending s = send(client, post("x", "/through"));
  CHECK(s.out.status == 200);
  CHECK(server.last.target == "http://engine.example:3030/through");
  CHECK(server.last.get_header_value("Host") == "engine.example:3030");
  CHECK(server.last.get_header_value("Proxy-Authorization") == "Basic dXNlcjpwYXNzIHdvcmQ=");
  CHECK(server.last.get_header_value("Authorization") == "Bearer k");
  via.port = 1;
  socket_transport lost(engine, {}, fake_time(), via);
  CHECK(send(lost, post("x")).error.find("can't connect to the proxy 127.0.0.1:1 for engine.example:3030: ") == 0);
}

TEST_CASE("IPv6 works where the machine has it") {
  real_server server("::1");
  if (server.port <= 0) {
    MESSAGE("no IPv6 here");
    return;
  }
  socket_transport client(local(server.port, "::1"), {}, fake_time());
  CHECK(send(client, post("x", "/length")).out.status == 200);
  CHECK(server.last.get_header_value("Host") == "[::1]:" + std::to_string(server.port));
}

TEST_CASE("every address of a name is tried") {
  real_server server;  // 127.0.0.1 only; localhost may mean ::1 first
  socket_transport client(local(server.port, "localhost"), {}, fake_time());
  CHECK(send(client, post("x", "/length")).out.status == 200);
}

TEST_CASE("a refused connection is not_sent and says so") {
  int port = 0;
  {
    raw_peer peer([](raw_peer&) {});
    port = peer.port;
  }
  socket_transport client(local(port), {}, fake_time());
  const sending s = send(client, post("x"));
  CHECK(s.result == transport_result::not_sent);
  CHECK(s.error == "can't connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused; is it up? set ARTHUR_BASE_URL if it is elsewhere");
}

TEST_CASE("a name without an address is not_sent") {
  const std::string label(100, 'x');  // too long for DNS, so nobody is asked
  socket_transport client(local(80, label.c_str()), {}, fake_time());
  const sending s = send(client, post("x"));
  CHECK(s.result == transport_result::not_sent);
  CHECK(s.error.find("can't find the address of xxx") == 0);
  CHECK(s.error.find("; set ARTHUR_BASE_URL if it is elsewhere") != std::string::npos);
}

TEST_CASE("a deadline that is over sends nothing") {
  real_server server;
  socket_transport client(local(server.port), {}, fake_time());
  const sending s = send(client, post("x", "/length"), clock_now);
  CHECK(s.result == transport_result::not_sent);
  CHECK(s.error.find("in time") != std::string::npos);
  CHECK(server.ports.empty());
}

TEST_CASE("what a peer answers, and how it ends, decides the result") {
  const struct {
    const char* what;
    std::string answer;
    transport_result result;
    int status;
    const char* body;
    bool truncated;
    const char* error;
  } rows[] = {
      {"nothing", "", transport_result::unanswered, 0, "", false, "the connection was closed without an answer"},
      {"garbage", "\x01\x02garbage\r\n\r\n", transport_result::unanswered, 0, "", false, "the answer isn't HTTP/1.1"},
      {"half a status line", "HTTP/1.1 2", transport_result::unanswered, 0, "", false,
       "the connection was closed without an answer"},
      {"half a header", "HTTP/1.1 200 OK\r\nContent-Len", transport_result::unanswered, 0, "", false,
       "the connection was closed without an answer"},
      {"100 and no more", "HTTP/1.1 100 Continue\r\n\r\n", transport_result::unanswered, 0, "", false,
       "the connection was closed without an answer"},
      {"100 and an answer", "HTTP/1.1 100 Continue\r\n\r\n" + ok, transport_result::answered, 200, "ok", false, ""},
      {"half a body", "HTTP/1.1 500 X\r\nContent-Length: 9\r\n\r\nhalf", transport_result::answered, 500, "half", true,
       "the answer was cut off"},
      {"a body until close", "HTTP/1.0 200 OK\r\n\r\nall", transport_result::answered, 200, "all", false, ""},
      {"a huge header", "HTTP/1.1 200 OK\r\nX: " + std::string(100000, 'x') + "\r\n\r\n", transport_result::unanswered,
       0,
       "", false, "the answer's header is larger than 64 KiB"},
      {"a malformed chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", transport_result::answered,
       200,
       "", true, "the answer has a malformed chunk"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    raw_peer peer([&](raw_peer& p) {
      auto c = p.next();
      c.read();
      c.write(row.answer);
      c.finish();
      c.await_end();
    });
    socket_transport client(local(peer.port), {}, fake_time());
    const sending s = send(client, post("body"));
    CHECK(s.result == row.result);
    CHECK(s.out.status == row.status);
    CHECK(s.out.body == row.body);
    CHECK(s.out.truncated == row.truncated);
    const std::string name = "127.0.0.1:" + std::to_string(peer.port) + ": ";
    CHECK(s.error == (*row.error == '\0' ? "" : name + row.error));
  }
}

TEST_CASE("a body beyond 4 MiB ends the connection but not the status") {
  raw_peer peer([](raw_peer& p) {
    auto c = p.next();
    c.read();
    c.write("HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n");
    while (c.write(std::string(10000, 'x'))) {
    }
  });
  socket_transport client(local(peer.port), {}, fake_time());
  const sending s = send(client, post("x"));
  CHECK(s.result == transport_result::answered);
  CHECK(s.out.status == 200);
  CHECK(s.out.body.size() == std::size_t{4} << 20);
  CHECK(s.out.truncated);
}

TEST_CASE("a connection that was closed while idle is replaced before anything is sent") {
  std::atomic<bool> closed{false};
  raw_peer peer([&](raw_peer& p) {
    auto c = p.next();
    c.read();
    c.write(ok);
    c.finish();
    closed.store(true, std::memory_order_release);
    auto d = p.next();
    d.read();
    d.write(ok);
  });
  socket_transport client(local(peer.port), {}, fake_time());
  CHECK(send(client, post("1")).out.status == 200);
  while (!closed.load(std::memory_order_acquire)) std::this_thread::yield();
  const sending s = send(client, post("2"));
  CHECK(s.result == transport_result::answered);
  CHECK(s.out.status == 200);
}

TEST_CASE("a connection with an answer that nobody asked for isn't used again") {
  std::atomic<int> connections{0};
  raw_peer peer([&](raw_peer& p) {
    auto c = p.next();
    ++connections;
    c.read();
    c.write(ok + "HTTP/1.1 500 Stray\r\nContent-Length: 0\r\n\r\n");
    auto d = p.next();
    ++connections;
    d.read();
    d.write(ok);
  });
  socket_transport client(local(peer.port), {}, fake_time());
  CHECK(send(client, post("1")).out.status == 200);
  CHECK(send(client, post("2")).out.status == 200);
  peer.join();
  CHECK(connections == 2);
}

TEST_CASE("a peer that closes on a used connection after the request went out leaves it unanswered") {
  raw_peer peer([](raw_peer& p) {
    auto c = p.next();
    c.read();
    c.write(ok);
    c.read();  // the second request arrives whole, and is never repeated by itself
  });
  socket_transport client(local(peer.port), {}, fake_time());
  CHECK(send(client, post("1")).out.status == 200);
  CHECK(send(client, post("2")).result == transport_result::unanswered);
}

TEST_CASE("Connection: close is honoured") {
  raw_peer peer([](raw_peer& p) {
    for (int i = 0; i < 2; ++i) {
      auto c = p.next();
      c.read();
      c.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      c.await_end();  // ends only because the client closes
    }
  });
  socket_transport client(local(peer.port), {}, fake_time());
  CHECK(send(client, post("1")).out.status == 200);
  CHECK(send(client, post("2")).out.status == 200);
}

TEST_CASE("an answer to half a request is taken") {
  std::atomic<bool> taken{false};
  raw_peer peer([&](raw_peer& p) {
    auto c = p.next();
    c.write("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    while (!taken.load(std::memory_order_acquire)) std::this_thread::yield();  // reads nothing of the request
  });
  socket_transport client(local(peer.port), {}, fake_time());
  const std::string body(std::size_t{64} << 20, 'x');  // more than the socket buffers hold
  const sending s = send(client, post(body));
  taken.store(true, std::memory_order_release);
  CHECK(s.result == transport_result::answered);
  CHECK(s.out.status == 413);
}

TEST_CASE("a peer that hangs up in the middle of a request is no signal and no answer") {
  raw_peer peer([](raw_peer& p) { p.next(); });
  socket_transport client(local(peer.port), {}, fake_time());
  const std::string body(std::size_t{64} << 20, 'x');
  const sending s = send(client, post(body));
  CHECK(s.result != transport_result::answered);
  CHECK(s.out.status == 0);
  CHECK(s.error != "");
}

TEST_CASE("no peer holds a request up beyond its deadline") {
  const struct {
    const char* what;
    const char* start;
    const char* drip;
    std::size_t body;
    transport_result result;
    int status;
  } rows[] = {
      {"silent", "", "", 4, transport_result::unanswered, 0},
      {"never reading", "", "", std::size_t{64} << 20, transport_result::unanswered, 0},
      {"silent in its header", "HTTP/1.1 200 OK\r\n", "", 4, transport_result::unanswered, 0},
      {"dripping headers", "HTTP/1.1 200 OK\r\n", "A: b\r\n", 4, transport_result::unanswered, 0},
      {"silent in its body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx", "", 4, transport_result::answered, 200},
      {"dripping its body", "HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n", "x", 4, transport_result::answered,
       200},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    raw_peer peer([&](raw_peer& p) {
      auto c = p.next();
      if (row.body == 4) c.read();
      c.write(row.start);
      while (*row.drip != '\0' && c.write(row.drip)) {
      }
      if (row.body == 4) c.await_end();
      if (row.body != 4) p.next();  // keeps the connection open, unread, until the test goes on
    });
    socket_transport client(local(peer.port), {}, fake_time());
    const std::string body(row.body, 'x');
    sending s;
    {
      const clock_steps steps(second / 10);
      s = send(client, post(body), clock_now + second / 2 + second / 4);
    }
    CHECK(s.result == row.result);
    CHECK(s.out.status == row.status);
    CHECK(s.out.truncated == (row.status != 0));
    CHECK(s.error == "no answer from 127.0.0.1:" + std::to_string(peer.port) + " in time");
    socket_transport release(local(peer.port), {}, fake_time());
    const clock_steps steps(second);
    if (row.body != 4) send(release, post("x"), clock_now + 3 * second);
  }
}

TEST_CASE("a stop shortens what is under way") {
  std::atomic<std::uint64_t> stop{0};
  raw_peer peer([&](raw_peer& p) {
    auto c = p.next();
    c.read();
    stop.store(1, std::memory_order_release);  // a time long past: at once
    c.await_end();
  });
  socket_transport client(local(peer.port), {}, fake_time(&stop));
  const sending s = send(client, post("x"));
  CHECK(s.result == transport_result::unanswered);
  CHECK(s.error == "no answer from 127.0.0.1:" + std::to_string(peer.port) + " before the program had to end");
  CHECK(send(client, post("x")).result == transport_result::not_sent);
}

TEST_CASE("signals interrupt nothing") {
  struct sigaction quiet {};
  struct sigaction before {};
  quiet.sa_handler = [](int) {};  // without SA_RESTART: every blocking call ends with EINTR
  REQUIRE(::sigaction(SIGUSR1, &quiet, &before) == 0);
  std::atomic<bool> over{false};
  const pthread_t self = ::pthread_self();
  {
    raw_peer peer([](raw_peer& p) {
      for (int i = 0; i < 20; ++i) {
        auto c = p.next();
        c.read();
        c.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
      }
    });
    std::thread nuisance([&] {
      while (!over.load(std::memory_order_acquire)) {
        ::pthread_kill(self, SIGUSR1);
        std::this_thread::yield();
      }
    });
    socket_transport client(local(peer.port), {}, fake_time());
    const std::string body(1000000, 'x');
    for (int i = 0; i < 20; ++i) CHECK(send(client, post(body)).out.status == 200);
    over.store(true, std::memory_order_release);
    nuisance.join();
  }
  ::sigaction(SIGUSR1, &before, nullptr);
}
