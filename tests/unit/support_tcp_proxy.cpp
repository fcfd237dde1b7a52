// support_tcp_proxy.cpp: the wire that tests break does what its calls say, to the byte.
#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "support/tcp_proxy.hpp"

using std::chrono::milliseconds;
using support::tcp_proxy;
using support::way;

namespace {

sockaddr_in loopback(int port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

/// Takes connections, and keeps all that arrives, until it is told to answer.
class listener {
 public:
  listener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at = loopback(0);
    socklen_t size = sizeof at;
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&at), size) == 0);
    REQUIRE(::listen(socket_, 8) == 0);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size);
    port = ntohs(at.sin_port);
  }
  ~listener() { ::close(socket_); }
  int accept() const { return ::accept(socket_, nullptr, nullptr); }
  int port = 0;

 private:
  int socket_;
};

int connect_to(int port) {
  const int s = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in at = loopback(port);
  if (::connect(s, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) return s;
  ::close(s);
  return -1;
}

void put(int socket, const std::string& bytes) {
  CHECK(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
}

struct received {
  std::string bytes;
  int problem = 0;  // errno; 0: the peer closed, or that many bytes came
};

received get(int socket, std::size_t most = std::size_t{1} << 20) {
  received r;
  char buffer[4096];
  while (r.bytes.size() < most) {
    const ssize_t n = ::recv(socket, buffer, (std::min)(sizeof buffer, most - r.bytes.size()), 0);
    if (n < 0) r.problem = errno;
    if (n <= 0) break;
    r.bytes.append(buffer, static_cast<std::size_t>(n));
  }
  return r;
}

bool silent(int socket) {
  pollfd p{socket, POLLIN, 0};
  return ::poll(&p, 1, 30) == 0;
}

}  // namespace

TEST_CASE("the proxy passes bytes and ends on, both ways") {
  const listener there;
  tcp_proxy wire(there.port);
  const int client = connect_to(wire.port());
  const int server = there.accept();
  put(client, "question");
  CHECK(get(server, 8).bytes == "question");
  const std::string much(300000, 'a');  // more than the proxy holds
  std::thread answers([&] {
    put(server, much);
    ::shutdown(server, SHUT_WR);
  });
  CHECK(get(client).bytes == much);
  answers.join();
  put(client, "more");  // the other direction is open still
  ::shutdown(client, SHUT_WR);
  CHECK(get(server).bytes == "more");
  CHECK(wire.wait_for([&] { return wire.closed() == 1; }));
  CHECK(wire.connections() == 1);
  CHECK(wire.open() == 0);
  CHECK(wire.disturbed() == 0);
  CHECK(wire.passed(way::to_server) == 12);
  ::close(client);
  ::close(server);
}

TEST_CASE("a connection ends behind the byte that was named, and the next one lives") {
  for (const bool reset : {false, true}) {
    CAPTURE(reset);
    const listener there;
    tcp_proxy wire(there.port);
    if (reset) wire.reset_after(way::to_client, 5);
    else wire.close_after(way::to_client, 5);
    int client = connect_to(wire.port());
    int server = there.accept();
    put(server, "123456789");
    const received r = get(client);
    CHECK(r.bytes == "12345");
    CHECK(r.problem == (reset ? ECONNRESET : 0));
    CHECK(wire.disturbed() == 1);
    ::close(client);
    ::close(server);
    client = connect_to(wire.port());
    server = there.accept();
    put(server, "123456789");
    CHECK(get(client, 9).bytes == "123456789");
    ::close(client);
    ::close(server);
  }
}

TEST_CASE("a connection stands still behind the byte that was named until the wire is healed, which closes it") {
  const listener there;
  tcp_proxy wire(there.port);
  wire.stall_after(way::to_server, 3);
  const int client = connect_to(wire.port());
  const int server = there.accept();
  put(client, "123456789");
  CHECK(get(server, 3).bytes == "123");
  CHECK(wire.wait_for([&] { return wire.disturbed() == 1; }));
  CHECK(silent(server));
  put(server, "answer");
  CHECK(silent(client));
  ::shutdown(client, SHUT_WR);
  CHECK(wire.wait_for([&] { return wire.left() == 1; }));  // which the server doesn't learn
  CHECK(silent(server));
  wire.heal();
  CHECK(get(server).bytes.empty());
  CHECK(wire.closed() == 1);
  ::close(client);
  ::close(server);
}

TEST_CASE("in a partition nothing passes, and afterwards everything does") {
  const listener there;
  tcp_proxy wire(there.port);
  const int client = connect_to(wire.port());
  const int server = there.accept();
  wire.partition();
  put(client, "question");
  put(server, "answer");
  CHECK(silent(server));
  CHECK(silent(client));
  wire.heal();
  CHECK(get(server, 8).bytes == "question");
  CHECK(get(client, 6).bytes == "answer");
  ::close(client);
  ::close(server);
}

TEST_CASE("a refusing proxy resets who is there, lets nobody in, and can be healed") {
  const listener there;
  tcp_proxy wire(there.port);
  int client = connect_to(wire.port());
  int server = there.accept();
  wire.refuse();
  CHECK(get(client).problem == ECONNRESET);
  ::close(client);
  ::close(server);
  CHECK(connect_to(wire.port()) == -1);
  CHECK(errno != 0);
  wire.heal();
  client = connect_to(wire.port());
  CHECK(client >= 0);
  server = there.accept();
  wire.reset_all();
  CHECK(get(client).problem == ECONNRESET);
  ::close(client);
  ::close(server);
}

TEST_CASE("bytes come no earlier than the delay and the limit say") {
  const listener there;
  tcp_proxy wire(there.port);
  const int client = connect_to(wire.port());
  const int server = there.accept();
  wire.delay(milliseconds(60));
  auto began = std::chrono::steady_clock::now();
  put(client, "question");
  CHECK(get(server, 8).bytes == "question");
  CHECK(std::chrono::steady_clock::now() - began >= milliseconds(60));
  wire.heal();
  wire.limit(way::to_client, 1000);
  began = std::chrono::steady_clock::now();
  put(server, std::string(100, 'a'));
  CHECK(get(client, 100).bytes.size() == 100);
  CHECK(std::chrono::steady_clock::now() - began >= milliseconds(80));
  ::close(client);
  ::close(server);
}
