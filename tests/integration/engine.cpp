// engine.cpp: the whole way, from the macros over a real socket to the stand-in engine and to a plain collector.
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/capture.hpp"
#include "support/engine.hpp"
#include "support/plain_server.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const char* const secret = "c2VjcmV0LWlkOnZlcnktc2VjcmV0LXZhbHVl";

/// Lines that the library says about itself.
struct lines {
  std::mutex mutex;
  std::string all;
  static void take(void* user, arthur::severity, const char* line) {
    auto& self = *static_cast<lines*>(user);
    const std::lock_guard<std::mutex> lock(self.mutex);
    self.all += line;
    self.all += '\n';
  }
  bool has(const std::string& part) {
    const std::lock_guard<std::mutex> lock(mutex);
    return all.find(part) != std::string::npos;
  }
  std::size_t times(const std::string& part) {
    const std::lock_guard<std::mutex> lock(mutex);
    std::size_t n = 0;
    for (std::size_t at = all.find(part); at != std::string::npos; at = all.find(part, at + 1)) ++n;
    return n;
  }
};

arthur::options to(const support::engine& e, lines& l) {
  arthur::options o;
  o.service_name = "agent";
  o.base_url = e.url();
  o.on_diagnostic = lines::take;
  o.on_diagnostic_user = &l;
  return o;
}

void record(int n, const char* name = "step") {
  for (int i = 0; i < n; ++i) {
    ARTHUR_SPAN(name, arthur::attribute("i", i));
  }
}

}  // namespace

TEST_CASE("an engine that reads protobuf only gets protobuf, after one question") {
  support::engine engine;
  lines said;
  {
    const auto tracing = arthur::start(to(engine, said));
    REQUIRE(tracing.ok());
    {
      ARTHUR_AGENT_SPAN("agent", arthur::input("hi"));
      ARTHUR_LLM_SPAN("chat", arthur::model("m"), arthur::tokens(3, 4));
    }
    CHECK(arthur::flush(seconds(30)) == arthur::flush_result::ok);
    record(1);
    CHECK(arthur::flush(seconds(30)) == arthur::flush_result::ok);
  }
  const auto exports = engine.exports();
  REQUIRE(exports.size() >= 3);
  CHECK(exports[0].status == 400);
  CHECK(exports[0].body == R"({"resourceSpans":[]})");
  for (std::size_t n = 1; n < exports.size(); ++n) {
    CHECK(exports[n].status == 200);
    CHECK(exports[n].content_type == "application/x-protobuf");
    CHECK(exports[n].path == "/api/v1/traces");
    CHECK(exports[n].encoding.empty());
  }
  CHECK(engine.row_count() == 3);
  CHECK(said.has("sending protobuf"));
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("a collector that reads JSON gets JSON, and only what OTEL_ names decides where") {
  support::engine_options options;
  options.speaks = support::dialect::collector;
  options.accept = support::encodings::json;
  support::engine collector(options);
  lines said;
  auto o = to(collector, said);
  o.base_url.clear();
  o.endpoint = collector.url() + "/v1/traces";
  {
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    ARTHUR_SPAN("s", arthur::input("\xff\xfe broken \x01"), arthur::attribute("nan", std::numeric_limits<double>::quiet_NaN()),
                arthur::attribute("key \xff", 1), arthur::attribute("key \xfe", 2));
  }
  REQUIRE(collector.row_count() == 1);
  const auto stored = collector.spans();
  CHECK(stored[0].span.text("input.value") == "\xef\xbf\xbd\xef\xbf\xbd broken \x01");
  CHECK(std::isnan(stored[0].span.find("nan")->real));
  // Different broken bytes make the same key: it is one, and the last value stays.
  std::size_t times = 0;
  for (const auto& a : stored[0].span.attributes) times += a.key == "key \xef\xbf\xbd";
  CHECK(times == 1);
  CHECK(stored[0].span.find("key \xef\xbf\xbd")->integer == 2);
  CHECK(collector.exports().back().content_type == "application/json");
}

TEST_CASE("the key goes along as a bearer token and is never said") {
  support::engine_options options;
  options.keys = {{secret, {"VALIDATION-USER"}}, {"bad-role", {"ORG-AUDITOR"}}};
  support::engine engine(options);
  lines said;
  auto o = to(engine, said);
  o.api_key = secret;
  o.task_name = "Support";  // may not be read with this role: said once, and the service name is used
  {
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    record(2);
    CHECK(arthur::flush(seconds(30)) == arthur::flush_result::ok);
    record(1);
  }
  CHECK(engine.row_count() == 3);
  CHECK(said.times("may not read tasks") == 1);
  CHECK_FALSE(said.has(secret));
  CHECK(arthur::stats().last_error.find(secret) == std::string::npos);

  o.api_key = "wrong";
  const arthur::statistics before = arthur::stats();
  {
    const auto tracing = arthur::start(o);
    record(4);
    CHECK(arthur::flush(seconds(30)) == arthur::flush_result::failed);
  }
  CHECK(arthur::stats().rejected - before.rejected == 4);
  CHECK(said.has("answered 401 (Unauthorized): options.api_key is wrong"));
  CHECK(engine.row_count() == 3);
}

TEST_CASE("what a proxy may have answered is told as such, without its password") {
  const auto server = std::make_unique<support::plain_server>();  // stands for the proxy
  lines said;
  arthur::options o;
  o.base_url = "http://engine.example:3030";
  o.proxy = "http://user:" + std::string(secret) + "@127.0.0.1:" + std::to_string(server->port());
  o.on_diagnostic = lines::take;
  o.on_diagnostic_user = &said;
  {
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    server->answer_next(1, 403);
    record(1);
    CHECK(arthur::flush(seconds(30)) == arthur::flush_result::failed);
  }
  CHECK(said.has("http://engine.example:3030 through the proxy 127.0.0.1:" + std::to_string(server->port()) + " answered 403"));
  CHECK_FALSE(said.has(secret));
}

TEST_CASE("a task's name becomes its id before the first span goes") {
  support::engine_options options;
  options.keys = {{secret, {"TASK-ADMIN"}}};
  options.tasks = {{"id-other", "Support desk", 1}, {"id-old", "Support", 2}, {"id-new", "Support", 3}, {"id-lower", "support", 4}};
  support::engine engine(options);
  lines said;
  auto o = to(engine, said);
  o.api_key = secret;
  o.task_name = "Support";
  {
    const auto tracing = arthur::start(o);
    record(1);
  }
  REQUIRE(engine.row_count() == 1);
  CHECK(engine.spans()[0].task_id == "id-new");
  CHECK(engine.spans()[0].resource->find("service.name")->text == "agent");
}

TEST_CASE("whatever a span holds, the engine stores it") {
  support::engine engine;
  lines said;
  {
    const auto tracing = arthur::start(to(engine, said));
    using namespace std::string_literals;
    {
      ARTHUR_LLM_SPAN("bad \0 name"s, arthur::input_json(R"({"a/b":1})"), arthur::output_json("{\"a\":\"\\ud800\"}"),
                      arthur::attribute("a/b", 1), arthur::attribute("nan", std::nan("")), arthur::attribute("nul", "x\0y"s),
                      arthur::tokens(5000000000, 1), arthur::metadata("{\"x/y\":1}"), arthur::session_id(std::string(5000, 's')),
                      arthur::invocation_parameters("{\"t\":1e400}"));
      ARTHUR_SET(arthur::attribute("user", 1), arthur::attribute("user.id", "u"), arthur::attribute("\xff", "\xff"));
    }
    record(3);
  }
  CHECK(engine.row_count() == 4);
  for (const auto& e : engine.exports()) {
    if (e.spans != 0) CHECK(e.status == 200);
  }
  CHECK(arthur::stats().cleaned > 0);
}

TEST_CASE("whatever the resource holds, the engine stores the spans") {
  using namespace std::string_literals;
  support::engine engine;
  lines said;
  auto o = to(engine, said);
  o.service_name = "bad \xff \0 name"s + std::string(4000, 'n');
  o.resource_attributes = {{"a", "x\xff"}, {"b\0c"s, "y\0"s}};
  {
    const auto tracing = arthur::start(o);
    record(1);
    ARTHUR_CONTEXT(arthur::service_name("other \xff\0 service"s));
    record(1);
  }
  CHECK(engine.row_count() == 2);
}

TEST_CASE("one poisonous span doesn't take the others along") {
  support::engine engine;
  engine.poison_if([](const support::span& s) { return s.name == "poison"; });
  lines said;
  const arthur::statistics before = arthur::stats();
  {
    const auto tracing = arthur::start(to(engine, said));
    record(40);
    record(1, "poison");
    record(40);
    CHECK(arthur::flush(seconds(60)) == arthur::flush_result::failed);
  }
  CHECK(engine.row_count() == 80);
  CHECK(engine.repeated_span_ids().empty());
  CHECK(arthur::stats().rejected - before.rejected == 1);
  CHECK(said.has("a span was dropped"));
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("a poisonous span that is alone waits for others, and doesn't stop them") {
  support::engine engine;
  engine.poison_if([](const support::span& s) { return s.name == "poison"; });
  lines said;
  const arthur::statistics before = arthur::stats();
  {
    auto o = to(engine, said);
    o.schedule_delay = milliseconds(10);
    const auto tracing = arthur::start(o);
    record(1, "poison");
    // The whole, once more, then it is held.
    REQUIRE(engine.wait_for([&engine] {
      std::size_t refused = 0;
      for (const auto& e : engine.exports()) refused += e.status == 500;
      return refused >= 2;
    }));
    record(10);
    REQUIRE(engine.wait_for_rows(10));
    CHECK(arthur::flush(seconds(60)) != arthur::flush_result::timeout);
  }
  CHECK(arthur::stats().rejected - before.rejected == 1);
  CHECK(arthur::stats().delivered - before.delivered == 10);
  CHECK(engine.repeated_span_ids().empty());
}

TEST_CASE("rejected spans are counted with the engine's reason") {
  support::engine engine;
  engine.reject_if([](const support::span& s) { return s.name == "reject"; });
  lines said;
  const arthur::statistics before = arthur::stats();
  {
    const auto tracing = arthur::start(to(engine, said));
    record(5);
    record(2, "reject");
  }
  CHECK(engine.row_count() == 5);
  CHECK(arthur::stats().rejected - before.rejected == 2);
  CHECK(arthur::stats().delivered - before.delivered == 5);
  // 206, or 422 where the two came in a batch of their own.
  CHECK((said.has("were refused") || said.has("answered 422")));
}

TEST_CASE("503 and refused connections are repeated until the deadline, for a lost answer the engine is asked") {
  support::engine engine;
  lines said;
  const arthur::statistics before = arthur::stats();
  auto o = to(engine, said);
  o.schedule_delay = std::chrono::hours(1);  // only flush sends, so that each record() is one batch
  {
    const auto tracing = arthur::start(o);
    engine.fail_next(503, 2);
    record(3);
    CHECK(arthur::flush(seconds(60)) == arthur::flush_result::ok);
    CHECK(engine.row_count() == 3);
    support::fault lost;
    lost.what = support::fault::action::close;
    lost.stored = true;  // the engine stored the spans, and the answer was lost
    engine.inject(lost);
    record(4);
    CHECK(arthur::flush(seconds(60)) == arthur::flush_result::ok);
    engine.stop();
    record(2);
    CHECK(arthur::flush(milliseconds(200)) == arthur::flush_result::timeout);
    engine.restart();
    CHECK(arthur::flush(seconds(60)) == arthur::flush_result::ok);
  }
  const arthur::statistics after = arthur::stats();
  CHECK(engine.repeated_span_ids().empty());
  CHECK(engine.row_count() == 9);
  CHECK(after.unconfirmed == before.unconfirmed);
  CHECK(after.delivered - before.delivered == 9);
  CHECK(said.has("without an answer"));
  CHECK(support::account_closed(after));
}

TEST_CASE("a root goes after its children, also those of other threads") {
  support::engine engine;
  lines said;
  {
    auto o = to(engine, said);
    o.schedule_delay = milliseconds(1);  // many small batches
    const auto tracing = arthur::start(o);
    for (int n = 0; n < 50; ++n) {
      ARTHUR_AGENT_SPAN("root");
      arthur::span child(arthur::kind::tool, "child");
      std::thread([c = std::move(child)]() mutable {
        const auto active = c.activate();
        ARTHUR_SPAN("grandchild");
      }).join();
      { ARTHUR_SPAN("sibling"); }
    }
  }
  CHECK(engine.row_count() == 200);
  for (const auto& e : engine.exports()) CHECK(e.late_children == 0);
}

TEST_CASE("8 threads with 10,000 small spans each at default settings: all are delivered") {
  support::engine_options options;
  options.keep_spans = false;
  options.keep_bodies = false;
  support::engine engine(options);
  lines said;
  const arthur::statistics before = arthur::stats();
  {
    const auto tracing = arthur::start(to(engine, said));
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) threads.emplace_back([] { record(10000); });
    for (auto& t : threads) t.join();
    CHECK(arthur::flush(seconds(110)) == arthur::flush_result::ok);
  }
  const arthur::statistics after = arthur::stats();
  CHECK(after.opened - before.opened == 80000);
  CHECK(after.delivered - before.delivered == 80000);
  CHECK(engine.distinct_span_ids().size() == 80000);
  CHECK(engine.row_count() == 80000);
}

TEST_CASE("the receiver is stopped and restarted midway: every span is in exactly one account") {
  support::engine_options options;
  options.keep_spans = false;
  options.keep_bodies = false;
  support::engine engine(options);
  lines said;
  const arthur::statistics before = arthur::stats();
  {
    const auto tracing = arthur::start(to(engine, said));
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) threads.emplace_back([] { record(10000); });
    REQUIRE(engine.wait_for_rows(1000));
    engine.stop();
    for (auto& t : threads) t.join();
    engine.restart();
    // Not for as long as it takes to clear up what happened to a request that the stop met.
    static_cast<void>(arthur::flush(seconds(20)));
  }
  const arthur::statistics after = arthur::stats();
  const std::uint64_t delivered = after.delivered - before.delivered;
  const std::uint64_t unconfirmed = after.unconfirmed - before.unconfirmed;
  CHECK(delivered + (after.dropped - before.dropped) + unconfirmed + (after.discarded - before.discarded) == 80000);
  CHECK(engine.repeated_span_ids().empty());
  // An unconfirmed batch may have been stored.
  CHECK(engine.distinct_span_ids().size() >= delivered);
  CHECK(engine.distinct_span_ids().size() <= delivered + unconfirmed);
  CHECK(support::account_closed(after));
}

TEST_CASE("with overflow::block the caller waits and nothing is dropped") {
  support::engine_options options;
  options.keep_spans = false;
  options.keep_bodies = false;
  support::engine engine(options);
  lines said;
  auto o = to(engine, said);
  o.memory_limit = std::size_t{1} << 20;
  o.overflow = arthur::overflow::block;
  o.block_timeout = seconds(60);
  const arthur::statistics before = arthur::stats();
  {
    const auto tracing = arthur::start(o);
    const std::string text(2000, 't');
    for (int n = 0; n < 3000; ++n) {
      ARTHUR_LLM_SPAN("chat", arthur::input(text));
    }
    CHECK(arthur::flush(seconds(110)) == arthur::flush_result::ok);
  }
  const arthur::statistics after = arthur::stats();
  CHECK(after.dropped == before.dropped);
  CHECK(after.delivered - before.delivered == 3000);
  CHECK(after.bytes_held <= std::size_t{1} << 20);
}

TEST_CASE("an endpoint that never answers costs the caller nothing, and stop keeps its deadline") {
  support::engine engine;
  support::fault hold;
  hold.what = support::fault::action::hold;
  hold.where = support::fault::target::ingest;
  hold.times = -1;
  engine.inject(hold);
  lines said;
  auto o = to(engine, said);
  o.shutdown_timeout = milliseconds(300);
  const arthur::statistics before = arthur::stats();
  const auto started = std::chrono::steady_clock::now();
  {
    const auto tracing = arthur::start(o);
    record(100);
    CHECK(arthur::flush(milliseconds(100)) == arthur::flush_result::timeout);
  }
  CHECK(std::chrono::steady_clock::now() - started < seconds(20));  // a generous smoke: the default time-out is 30 s
  CHECK(arthur::stats().discarded - before.discarded == 100);
  CHECK(said.has("100 spans were not delivered"));
  engine.clear_faults();
  engine.release();
}
