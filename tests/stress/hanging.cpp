// hanging.cpp: an endpoint in trouble costs the program nothing, with the real worker and the real clock. Generous: what is
// shown is that nobody waits, not how fast it is. The table of faults is in faults.cpp.
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <unistd.h>

#include "support/account.hpp"
#include "support/engine.hpp"
#include "support/otlp_decode.hpp"
#include "support/tcp_proxy.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using support::way;

arthur::options to(const std::string& url) {
  arthur::options o;
  o.service_name = "outage";
  o.base_url = url;
  o.protocol = arthur::protocol::http_protobuf;
  o.memory_limit = std::size_t{16} << 20;
  o.log_level = arthur::log_level::none;
  return o;
}

void record(int n) {
  for (int i = 0; i < n; ++i) {
    ARTHUR_LLM_SPAN("chat", arthur::input(std::string(100, 'q')));
  }
}

}  // namespace

TEST_CASE("an endpoint that takes the request and hangs: recording goes on, flush and stop keep their time") {
  const support::account before = support::account_now();
  support::engine engine;
  support::fault hang;
  hang.what = support::fault::action::hold;
  hang.times = -1;
  engine.inject(hang);
  arthur::options o = to(engine.url());
  o.shutdown_timeout = milliseconds(300);
  {
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    record(10);
    CHECK(arthur::flush(milliseconds(100)) == arthur::flush_result::timeout);
    engine.wait_for_held(1);
    record(20000);  // export_timeout is 30 s: would they wait for the endpoint, they would do so for minutes
    CHECK(arthur::flush(milliseconds(100)) == arthur::flush_result::timeout);
    CHECK(engine.held() == 1);
  }
  CHECK(engine.held() <= 1);
  const support::account a = support::account_now() - before;
  CAPTURE(a.text());
  CHECK(a.closed());
  CHECK(a.opened == 20010);
  CHECK(a.delivered == 0);
  CHECK(a.waiting == 0);
  CHECK(a.unconfirmed + a.discarded == a.committed);
  CHECK(engine.repeated_span_ids().empty());
}

TEST_CASE("a partition: nothing passes, nobody waits, and all that waited goes when it is over") {
  const support::account before = support::account_now();
  support::engine engine;
  support::tcp_proxy wire(engine.port());
  const auto tracing = arthur::start(to(wire.url()));
  REQUIRE(tracing.ok());
  record(1);
  CHECK(arthur::flush(seconds(60)) == arthur::flush_result::ok);
  wire.partition();
  record(1000);
  CHECK(arthur::flush(milliseconds(200)) == arthur::flush_result::timeout);
  CHECK(engine.row_count() == 1);
  wire.heal();  // far before export_timeout is over: what was on its way arrives late
  CHECK(arthur::flush(seconds(60)) == arthur::flush_result::ok);
  const support::account a = support::account_now() - before;
  CAPTURE(a.text());
  CHECK(a.closed());
  CHECK(a.delivered == 1001);
  CHECK(engine.distinct_span_ids().size() == 1001);
  CHECK(engine.repeated_span_ids().empty());
}

TEST_CASE("a long outage: memory stays within its limit, what doesn't fit is counted, the rest is delivered afterwards") {
  const support::account before = support::account_now();
  support::engine engine;
  support::tcp_proxy wire(engine.port());
  wire.refuse();
  const auto tracing = arthur::start(to(wire.url()));
  REQUIRE(tracing.ok());
  const std::uint64_t dropped = arthur::stats().dropped_pool_full;
  std::uint64_t recorded = 0;
  for (; arthur::stats().dropped_pool_full == dropped && recorded < 2000; ++recorded) {
    ARTHUR_LLM_SPAN("chat", arthur::input(std::string(100000, 'q')));
  }
  CHECK(recorded < 2000);
  CHECK(arthur::stats().bytes_held <= std::size_t{16} << 20);
  wire.heal();
  static_cast<void>(arthur::flush(seconds(120)));
  const support::account a = support::account_now() - before;
  CAPTURE(a.text());
  CHECK(a.closed());
  CHECK(a.waiting == 0);
  CHECK(a.dropped >= 1);
  CHECK(a.delivered + a.dropped == recorded);
  CHECK(engine.distinct_span_ids().size() == a.delivered);
  CHECK(engine.repeated_span_ids().empty());
}

TEST_CASE("a full disk: what was written is whole, the rest is written when there is room again, nothing twice") {
  const std::string path = "/tmp/arthur-full-" + std::to_string(::getpid()) + ".jsonl";
  const support::account before = support::account_now();
  arthur::options o;
  o.service_name = "full";
  o.output_file = path;
  o.log_level = arthur::log_level::none;
  o.shutdown_timeout = seconds(60);
  // The limit sends a signal, which by default ends the process; a program that has limits has to ignore it.
  const auto former_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit former{};
  ::getrlimit(RLIMIT_FSIZE, &former);
  rlimit small = former;
  small.rlim_cur = 20000;
  {
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    record(1);
    CHECK(arthur::flush(seconds(60)) == arthur::flush_result::ok);
    ::setrlimit(RLIMIT_FSIZE, &small);
    record(1000);
    CHECK(arthur::flush(milliseconds(300)) == arthur::flush_result::timeout);
    CHECK(arthur::stats().last_error.find(path) != std::string::npos);
    ::setrlimit(RLIMIT_FSIZE, &former);
    CHECK(arthur::flush(seconds(60)) == arthur::flush_result::ok);
  }
  std::signal(SIGXFSZ, former_handler);
  const support::account a = support::account_now() - before;
  CAPTURE(a.text());
  CHECK(a.closed());
  CHECK(a.delivered == 1001);
  std::multiset<std::string> ids;
  std::size_t torn = 0;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const auto request = support::decode_json(line);
    torn += !request;
    if (!request) continue;
    for (const auto& r : request->resources) {
      for (const auto& scope : r.scopes) {
        for (const auto& s : scope.spans) ids.insert(s.span_id);
      }
    }
  }
  std::remove(path.c_str());
  CHECK(torn <= 1);  // the line that met the end of the disk
  CHECK(ids.size() == 1001);
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 1001);
}
