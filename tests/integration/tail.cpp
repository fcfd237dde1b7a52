// tail.cpp: traces held for options::keep_errors and its like: bounded in time and memory, sent to the engine like others.
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/account.hpp"
#include "support/engine.hpp"

using namespace arthur::detail;
using std::chrono::seconds;

namespace {

constexpr std::uint64_t second = 1000000000;
std::uint64_t unix_now = 1700000000 * second;
bell* ringing = nullptr;

/// A worker driven by hand, on the test's time; recording without a runtime.
struct driven {
  settings set;
  bell rings;
  delivery_counters counters;
  diagnostics says;
  std::vector<std::string> lines;
  std::unique_ptr<worker> works;
  std::size_t sent = 0;
  std::uint64_t now = 1000 * second;

  explicit driven(tail_rule rule, std::size_t memory_limit = std::size_t{1} << 20) {
    REQUIRE(the_recorder.prepare(std::size_t{64} << 20));
    set.where.profile = profile::otlp;
    set.sink = sink::callback;
    set.memory_limit = memory_limit;
    set.max_batch_spans = 100;
    set.max_batch_bytes = 1 << 20;
    set.schedule_delay = std::chrono::milliseconds(1000);
    set.export_timeout = resolving::day;
    set.tail = rule;
    ringing = &rings;
    says.use([](void* to, arthur::severity, const char* line) { static_cast<std::vector<std::string>*>(to)->emplace_back(line); }, &lines);
    works = std::make_unique<worker>(set, rings, counters, says, worker_random);
    works->sender().use(std::make_unique<callback_transport>(
                            [](void* user, const arthur::batch_view& b) {
                              *static_cast<std::size_t*>(user) += b.spans;
                              return true;
                            },
                            &sent),
                        nullptr, nullptr);
    the_recorder.wake.store([]() noexcept { ringing->wake(); });
    the_recorder.clock.use([] { return unix_now; });
    the_recorder.sample(0);
    the_recorder.keeps_candidates.store(true);
    recording_enabled.store(recording_mode::on | recording_mode::ruled);
  }
  ~driven() {
    recording_enabled.store(0);
    works->discard_all();
    the_recorder.wake.store(nullptr);
    the_recorder.sample(1);
    the_recorder.clock.use(nullptr);
  }
  /// Works until there is nothing to do before `limit`, which time then has reached. Returns what comes next.
  std::uint64_t work_until(std::uint64_t limit) {
    for (int steps = 0; steps < 10000; ++steps) {
      const std::uint64_t next = works->run_once(now);
      if (next > limit) {
        now = limit;
        return next;
      }
      now = (std::max)(now, next);
    }
    FAIL("the worker turns");
    return 0;
  }
  std::uint64_t held() const { return counters.held.load(); }
  std::uint64_t dropped() const { return counters.tail_dropped.load(); }
};

void child(std::size_t bytes = 10) {
  const std::string text(bytes, 't');
  ARTHUR_TOOL_SPAN("child", arthur::input(text));
}

arthur::options to(const support::engine& e) {
  arthur::options o;
  o.service_name = "agent";
  o.base_url = e.url();
  o.schedule_delay = std::chrono::hours(1);
  o.sample_ratio = 0;
  o.keep_errors = true;
  return o;
}

}  // namespace

TEST_CASE("a trace whose local root doesn't end is held for five minutes, then left out and told") {
  driven d({true, 0});
  arthur::span root(arthur::kind::agent, "open");
  {
    const auto active = root.activate();
    child();
  }
  const std::uint64_t begun = d.now;
  d.work_until(begun + 5 * second);
  CHECK(d.held() == 1);
  // Not before, and by itself: nothing else happens.
  const std::uint64_t next = d.work_until(begun + 290 * second);
  CHECK(d.held() == 1);
  CHECK(d.lines.empty());
  CHECK(next > begun + 299 * second);
  CHECK(next <= begun + 303 * second);
  d.work_until(begun + 305 * second);
  CHECK(d.held() == 0);
  CHECK(d.dropped() == 1);
  REQUIRE(d.lines.size() == 1);
  CHECK(d.lines[0] ==
        "arthur: 1 spans held for options.keep_errors or keep_slower_than were left out before their trace ended: it took more than five "
        "minutes, or all of them more than 128 KiB, an eighth of options.memory_limit, which may be raised");
  // What comes later follows.
  {
    const auto active = root.activate();
    child();
  }
  root.end();
  d.rings.request_flush();
  d.work_until(d.now + 5 * second);
  CHECK(d.dropped() == 3);
  CHECK(d.held() == 0);
  CHECK(d.sent == 0);
}

TEST_CASE("a trace that is open so long is slow: it is kept where slow ones are") {
  driven d({false, 60 * second});
  arthur::span slow(arthur::kind::agent, "slow");
  {
    const auto active = slow.activate();
    child();
  }
  d.work_until(d.now + 2 * second);
  unix_now += 301 * second;
  arthur::span fresh(arthur::kind::agent, "fresh");
  {
    const auto active = fresh.activate();
    child();
  }
  d.rings.request_flush();
  d.work_until(d.now + 299 * second);
  CHECK(d.sent == 1);
  CHECK(d.held() == 1);
  slow.end();
  fresh.end();
  d.rings.request_flush();
  d.work_until(d.now + 5 * second);
  CHECK(d.sent == 2);
  CHECK(d.dropped() == 2);
}

TEST_CASE("held traces take an eighth of the memory at most: the oldest goes first, one with an error never") {
  driven d({true, 0});
  constexpr std::size_t many = 40, size = 8000, bound = (std::size_t{1} << 20) / 8;
  std::vector<arthur::span> roots;
  for (std::size_t n = 0; n < many; ++n) {
    roots.emplace_back(arthur::kind::agent, "root");
    const auto active = roots.back().activate();
    child(size);
    if (n == 0) {
      ARTHUR_TOOL_SPAN("failing");
      ARTHUR_ERROR("broken");
    }
  }
  d.rings.request_flush();
  d.work_until(d.now + 5 * second);
  CHECK(d.sent == 2);
  CHECK(d.held() * size <= bound);
  CHECK(d.held() >= bound / (4 * size));  // a buffer may be twice as large as what is in it
  CHECK(d.held() + d.dropped() == many - 1);
  CHECK(d.lines.size() == 1);
  // The newest are the held ones: when their roots fail they are kept, whole.
  const std::size_t kept = d.held();
  for (std::size_t n = 0; n < many; ++n) {
    if (n >= many - kept) roots[n].error("broken");
    roots[n].end();
  }
  d.rings.request_flush();
  d.work_until(d.now + 5 * second);
  CHECK(d.sent == 2 + 1 + 2 * kept);
  CHECK(d.dropped() == 2 * (many - 1 - kept));
  CHECK(d.held() == 0);
}

TEST_CASE("more decisions than are remembered: the newest hold") {
  driven d({true, 0});
  constexpr int many = 5000;
  arthur::span first(arthur::kind::agent, "first"), first_late, last_late;
  {
    const auto active = first.activate();
    first_late = arthur::span(arthur::kind::tool, "late of the first");
    first.error("broken");
  }
  first.end();
  d.rings.request_flush();
  d.work_until(d.now + 2 * second);
  CHECK(d.sent == 1);
  for (int n = 0; n < many; ++n) {
    ARTHUR_AGENT_SPAN("root");
    ARTHUR_ERROR("broken");
    if (n == many - 1) last_late = arthur::span(arthur::kind::tool, "late of the last");
  }
  d.rings.request_flush();
  d.work_until(d.now + 2 * second);
  CHECK(d.sent == 1 + many);
  last_late.end();
  first_late.end();
  d.rings.request_flush();
  d.work_until(d.now + 2 * second);
  CHECK(d.sent == 2 + many);
  CHECK(d.held() == 1);  // of a trace that nobody knows any more
}

TEST_CASE("the engine gets what is kept, children before their root, and the account closes") {
  support::engine engine;
  const auto before = support::account_now();
  constexpr int traces = 60;
  std::set<std::string> failed;
  {
    const auto tracing = arthur::start(to(engine));
    REQUIRE(tracing.ok());
    for (int n = 0; n < traces; ++n) {
      ARTHUR_AGENT_SPAN("agent", arthur::input("a question"));
      for (int k = 0; k < 3; ++k) {
        ARTHUR_LLM_SPAN("chat", arthur::model("m"), arthur::tokens(3, 4));
        if (n % 3 == 0 && k == 1) ARTHUR_ERROR("broken");
      }
      if (n % 3 == 0) failed.insert(arthur::current_trace_id().c_str());
      if (n % 20 == 19) CHECK(arthur::flush(seconds(60)) == arthur::flush_result::ok);
    }
  }
  CHECK(engine.row_count() == 4 * failed.size());
  std::set<std::string> stored;
  for (const auto& s : engine.spans()) {
    if (s.span.name == "agent") stored.insert(s.span.trace_id);
  }
  CHECK(stored.size() == failed.size());
  CHECK(engine.repeated_span_ids().empty());
  for (const auto& r : engine.requests()) CHECK(r.late_children == 0);
  const auto done = support::account_now() - before;
  CAPTURE(done.text());
  CHECK(done.opened == done.committed);
  CHECK(done.committed == done.delivered + done.tail_dropped);
  CHECK(done.delivered == 4 * failed.size());
  CHECK(done.tail_dropped == 4 * (traces - failed.size()));
}

TEST_CASE("threads record while the worker decides: whole traces arrive, and none twice") {
  support::engine engine;
  const auto before = support::account_now();
  constexpr int threads = 3, traces = 400;
  {
    auto o = to(engine);
    o.schedule_delay = std::chrono::milliseconds(1);
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    std::vector<std::thread> pool;
    for (int t = 0; t < threads; ++t) {
      pool.emplace_back([] {
        for (int n = 0; n < traces; ++n) {
          arthur::span root(arthur::kind::agent, n % 4 == 0 ? "failing" : "fine");
          std::thread([&root, n] {
            const auto active = root.activate();
            ARTHUR_TOOL_SPAN(n % 4 == 0 ? "in the failing" : "in the fine");
            if (n % 4 == 0) ARTHUR_ERROR("broken");
          }).join();
          root.end();
        }
      });
    }
    for (std::thread& t : pool) t.join();
    CHECK(arthur::flush(seconds(60)) == arthur::flush_result::ok);
    CHECK(arthur::stats().held == 0);
  }
  std::map<std::string, std::size_t> names;
  for (const auto& s : engine.spans()) ++names[s.span.name];
  CHECK(names["failing"] == threads * traces / 4);
  CHECK(names["in the failing"] == threads * traces / 4);
  CHECK(names.size() == 2);
  CHECK(engine.repeated_span_ids().empty());
  const auto done = support::account_now() - before;
  CAPTURE(done.text());
  CHECK(done.opened == done.committed);
  CHECK(done.committed == done.delivered + done.tail_dropped);
  CHECK(done.tail_dropped == 2 * threads * traces * 3 / 4);
}
