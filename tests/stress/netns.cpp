// netns.cpp: the same with the kernel's own network, in a namespace where it can be taken down: connects that hang, routes
// that vanish in the middle of a request, packets that are lost. Where no namespace may be made it is skipped.
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "support/account.hpp"
#include "support/engine.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The loopback interface of this namespace.
bool loopback(bool up) {
  const int s = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq r{};
  std::strcpy(r.ifr_name, "lo");
  bool good = ::ioctl(s, SIOCGIFFLAGS, &r) == 0;
  r.ifr_flags = static_cast<short>(up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP);
  good = good && ::ioctl(s, SIOCSIFFLAGS, &r) == 0;
  ::close(s);
  return good;
}

bool shell(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

arthur::options to(const std::string& url) {
  arthur::options o;
  o.service_name = "netns";
  o.base_url = url;
  o.protocol = arthur::protocol::http_protobuf;
  o.memory_limit = std::size_t{16} << 20;
  o.export_timeout = seconds(2);
  o.log_level = arthur::log_level::none;
  return o;
}

/// Looks again and again: what the library finds out by itself, nobody tells.
template <class Predicate>
bool seen(Predicate predicate) {
  for (const auto end = std::chrono::steady_clock::now() + seconds(60); !predicate(); std::this_thread::sleep_for(milliseconds(10))) {
    if (std::chrono::steady_clock::now() > end) return false;
  }
  return true;
}

void record(int n) {
  for (int i = 0; i < n; ++i) {
    ARTHUR_LLM_SPAN("chat", arthur::input(std::string(1000, 'q')));
  }
}

void closes(const support::account& before, const support::engine& engine, std::uint64_t recorded) {
  const support::account a = support::account_now() - before;
  CAPTURE(a.text());
  CHECK(a.closed());
  CHECK(a.waiting == 0);
  CHECK(a.delivered + a.unconfirmed == recorded);
  const std::size_t stored = engine.distinct_span_ids().size();
  CHECK(stored >= a.delivered);
  CHECK(stored <= recorded);
  CHECK(engine.repeated_span_ids().empty());
}

}  // namespace

TEST_CASE("no network at all, then there is one") {
  const support::account before = support::account_now();
  support::engine engine;
  REQUIRE(loopback(false));
  const auto tracing = arthur::start(to(engine.url()));
  record(100);
  CHECK(arthur::flush(milliseconds(300)) == arthur::flush_result::timeout);
  CHECK(engine.connections() == 0);
  REQUIRE(loopback(true));
  CHECK(arthur::flush(seconds(60)) == arthur::flush_result::ok);
  closes(before, engine, 100);
}

TEST_CASE("the network goes in the middle of a request, and comes back when nobody waits any more") {
  const support::account before = support::account_now();
  // A key that may not read: what it can't find out is counted, at once.
  support::engine_options given;
  given.keys = {{"key", {"VALIDATION-USER"}}};
  support::engine engine(given);
  support::fault held;
  held.what = support::fault::action::hold;
  engine.inject(held);
  arthur::options o = to(engine.url());
  o.api_key = "key";
  const auto tracing = arthur::start(o);
  record(100);
  REQUIRE(engine.wait_for_held(1));
  REQUIRE(loopback(false));
  engine.release();  // stored, but the answer can't come
  record(100);
  CHECK(arthur::flush(milliseconds(100)) == arthur::flush_result::timeout);
  // Until export_timeout is over and the request is given up.
  CHECK(seen([] { return arthur::stats().last_error.find("without an answer") != std::string::npos; }));
  REQUIRE(loopback(true));
  static_cast<void>(arthur::flush(seconds(60)));
  closes(before, engine, 200);
}

TEST_CASE("connecting to an address that swallows everything keeps nobody waiting") {
  // Without address resolution, packets go to nobody.
  if (!shell("ip link add swallow type veth peer name hole && ip address add 10.255.0.1/24 dev swallow && ip link set swallow arp off up && "
             "ip link set hole up")) {
    std::puts("SKIP: stress.netns.hole: no ip command, or a kernel without veth");
    return;
  }
  const support::account before = support::account_now();
  arthur::options o = to("http://10.255.0.2:3030");
  o.shutdown_timeout = milliseconds(200);
  {
    const auto tracing = arthur::start(o);
    record(10);
    CHECK(arthur::flush(milliseconds(100)) == arthur::flush_result::timeout);
    record(10000);
    CHECK(arthur::flush(milliseconds(100)) == arthur::flush_result::timeout);
  }
  const support::account a = support::account_now() - before;
  CAPTURE(a.text());
  CHECK(a.closed());
  CHECK(a.delivered == 0);
  CHECK(a.unconfirmed == 0);  // not a byte of them left
  CHECK(a.discarded == a.committed);
  shell("ip link delete swallow");
}

TEST_CASE("a network that loses packets and is narrow delivers everything, once") {
  // Where the kernel has no netem: a queue that is too short loses as well.
  if (!shell("tc qdisc add dev lo root netem loss 5% delay 2ms") && !shell("tc qdisc add dev lo root tbf rate 40mbit burst 70kb limit 140kb")) {
    std::puts("SKIP: stress.netns.loss: no tc, or a kernel without its queues");
    return;
  }
  const support::account before = support::account_now();
  support::engine engine;
  arthur::options o = to(engine.url());
  o.export_timeout = seconds(30);
  const auto tracing = arthur::start(o);
  record(1500);
  CHECK(arthur::flush(seconds(120)) == arthur::flush_result::ok);
  closes(before, engine, 1500);
  shell("tc qdisc delete dev lo root");
}

int main(int argc, char** argv) {
  // Before there is any thread: it holds for this one and those that come from it.
  if ((::unshare(CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) || !loopback(true)) {
    std::printf("SKIP: stress.netns: no network namespace may be made here\n");
    return 77;
  }
  return doctest::Context(argc, argv).run();
}
