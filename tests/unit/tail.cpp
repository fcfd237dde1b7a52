// tail.cpp: options::keep_errors and keep_slower_than: which traces are kept although the sampler left them out.
#include <arthur/arthur.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/capture.hpp"

using arthur::kind;
using support::capture;
using support::span;

namespace {

constexpr std::uint64_t ms = 1000000;
std::atomic<std::uint64_t> now{1700000000000 * ms};

/// Only a flush sends; the clock is the test's.
arthur::options tail_only(bool errors, int slower_than_ms = 0) {
  arthur::options o;
  o.protocol = arthur::protocol::http_protobuf;
  o.schedule_delay = std::chrono::hours(1);
  o.sample_ratio = 0;
  o.keep_errors = errors;
  o.keep_slower_than = std::chrono::milliseconds(slower_than_ms);
  o.clock = [] { return now.load(); };
  return o;
}

std::string names(capture& c) {
  std::string all;
  for (const span& s : c.spans()) all += s.name + " ";
  return all;
}
/// Where several traces have no order among each other.
std::string sorted_names(capture& c) {
  std::multiset<std::string> sorted;
  for (const span& s : c.spans()) sorted.insert(s.name + " ");
  std::string all;
  for (const std::string& name : sorted) all += name;
  return all;
}

struct account {
  arthur::statistics before = arthur::stats();
  std::uint64_t opened() const { return arthur::stats().opened - before.opened; }
  std::uint64_t dropped() const { return arthur::stats().tail_dropped - before.tail_dropped; }
  std::uint64_t delivered() const { return arthur::stats().delivered - before.delivered; }
  std::uint64_t unsampled() const { return arthur::stats().unsampled - before.unsampled; }
};

std::string sent_flags() { return std::string(arthur::current_traceparent().c_str()).substr(53); }

}  // namespace

TEST_CASE("a trace with an error is kept whole, wherever in it the error is; one without isn't") {
  account a;
  capture c(tail_only(true));
  const auto agent = [](const char* name, int failing) {
    ARTHUR_AGENT_SPAN(name);
    for (int n = 0; n < 3; ++n) {
      ARTHUR_TOOL_SPAN("tool", arthur::attribute("of", name));
      if (n == failing) ARTHUR_ERROR("broken");
    }
    if (failing == 3) ARTHUR_ERROR("broken");
  };
  agent("fine", -1);
  for (int failing = 0; failing < 4; ++failing) agent("failing", failing);
  agent("fine", -1);
  CHECK(c.spans().size() == 16);
  CHECK(c.count("failing") == 4);
  CHECK(c.count("tool") == 12);
  CHECK(c.count("fine") == 0);
  CHECK(a.opened() == 24);
  CHECK(a.delivered() == 16);
  CHECK(a.dropped() == 8);
  CHECK(a.unsampled() == 0);
  CHECK(arthur::stats().held == 0);
  CHECK(support::account_closed(arthur::stats()));
  // Whatever came first: a root goes after its children, as with other traces.
  const auto& spans = c.spans();
  for (std::size_t n = 0; n < spans.size(); ++n) {
    if (!spans[n].parent_span_id.empty()) continue;
    std::size_t children = 0;
    for (std::size_t k = 0; k < n; ++k) children += spans[k].parent_span_id == spans[n].span_id;
    CHECK(children == 3);
  }
}

TEST_CASE("a trace whose root took longer than the limit is kept, a shorter one isn't") {
  capture c(tail_only(false, 100));
  for (const std::uint64_t took : {0U, 99U, 100U, 101U, 5000U}) {
    ARTHUR_AGENT_SPAN("took " + std::to_string(took));
    {
      ARTHUR_TOOL_SPAN("inside " + std::to_string(took));
      now += took * ms;
    }
    ARTHUR_ERROR("isn't asked for");
  }
  CHECK(sorted_names(c) == "inside 101 inside 5000 took 101 took 5000 ");
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("what the sampler takes is sent as ever, and what a rule of share 0 leaves out is never kept") {
  arthur::options o = tail_only(true);
  o.sampling_rules = {{"sampled", 1}, {"never*", 0}};
  account a;
  capture c(o);
  for (const char* const name : {"sampled", "never", "other"}) {
    ARTHUR_AGENT_SPAN(name);
    CHECK(sent_flags() == (name == std::string("sampled") ? "03" : "02"));
    { ARTHUR_TOOL_SPAN("tool"); }
    {
      ARTHUR_TOOL_SPAN("never inside");
      ARTHUR_TOOL_SPAN("inside never");
      ARTHUR_ERROR("not seen");
    }
    if (name != std::string("sampled")) ARTHUR_ERROR("broken");
  }
  CHECK(sorted_names(c) == "other sampled tool tool ");
  CHECK(a.unsampled() == 3 * 2 + 2);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("without a rule nothing of an unsampled trace is recorded") {
  account a;
  capture c(tail_only(false));
  {
    ARTHUR_AGENT_SPAN("agent");
    ARTHUR_ERROR("broken");
  }
  CHECK(c.spans().empty());
  CHECK(a.opened() == 0);
  CHECK(a.unsampled() == 1);
}

TEST_CASE("headers sent on from a held trace say that it isn't sampled, and so does the span when it is kept") {
  capture c(tail_only(true));
  const std::string trace = "0af7651916cd43dd8448eb211c80319c", caller = "b7ad6b7169203331";
  std::string sent;
  {
    ARTHUR_AGENT_SPAN("root");
    CHECK(sent_flags() == "02");
    ARTHUR_TOOL_SPAN("inner");
    CHECK(sent_flags() == "02");
    ARTHUR_ERROR("broken");
    sent = arthur::current_traceparent().c_str();
  }
  {
    const arthur::remote_parent parent(sent);
    ARTHUR_AGENT_SPAN("the other process");
    CHECK(sent_flags() == "02");
    ARTHUR_ERROR("broken");
  }
  {
    const arthur::remote_parent parent("00-" + trace + "-" + caller + "-01");
    ARTHUR_AGENT_SPAN("sampled elsewhere");
    CHECK(sent_flags() == "01");
  }
  {
    const arthur::remote_parent parent("00-" + trace + "-" + caller + "-00");
    ARTHUR_AGENT_SPAN("not sampled elsewhere");
    CHECK(sent_flags() == "00");
    ARTHUR_ERROR("broken");
  }
  CHECK(c.spans().size() == 5);
  for (const char* const name : {"root", "inner", "the other process", "not sampled elsewhere"}) {
    CAPTURE(name);
    CHECK((c.only(name).flags & 1) == 0);
  }
  CHECK((c.only("sampled elsewhere").flags & 1) == 1);
  CHECK((c.only("not sampled elsewhere").flags & 0x300) == 0x300);
}

TEST_CASE("two parts of one trace, under two callers from elsewhere, are decided each by itself") {
  capture c(tail_only(true));
  const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-";
  for (int n = 1; n <= 3; ++n) {
    const arthur::remote_parent parent(trace + "b7ad6b716920333" + std::to_string(n) + "-00");
    ARTHUR_AGENT_SPAN("call " + std::to_string(n));
    { ARTHUR_TOOL_SPAN("tool " + std::to_string(n)); }
    static_cast<void>(arthur::flush());
    if (n == 2) ARTHUR_ERROR("broken");
    // The one before was decided by now.
    CHECK(arthur::stats().held == 1);
  }
  CHECK(names(c) == "tool 2 call 2 ");
}

TEST_CASE("a flush doesn't decide about a trace that is open, and waits for none") {
  account a;
  capture c(tail_only(true));
  {
    ARTHUR_AGENT_SPAN("root");
    { ARTHUR_TOOL_SPAN("first"); }
    CHECK(arthur::flush() == arthur::flush_result::ok);
    CHECK(arthur::stats().held == 1);
    CHECK(arthur::stats().waiting == 1);
    CHECK(c.spans().empty());
    { ARTHUR_TOOL_SPAN("second"); }
    CHECK(arthur::flush() == arthur::flush_result::ok);
    CHECK(arthur::stats().held == 2);
    {
      ARTHUR_TOOL_SPAN("third");
      ARTHUR_ERROR("broken");
    }
    // An error decides at once.
    CHECK(names(c) == "third first second ");
    CHECK(arthur::stats().held == 0);
    { ARTHUR_TOOL_SPAN("fourth"); }
    CHECK(names(c) == "third first second fourth ");
  }
  CHECK(names(c) == "third first second fourth root ");
  CHECK(a.dropped() == 0);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("what ends after its local root follows the decision") {
  account a;
  capture c(tail_only(true));
  for (const bool failing : {false, true}) {
    arthur::span late, later;
    {
      ARTHUR_AGENT_SPAN(failing ? "failing" : "fine");
      late = arthur::span(kind::tool, failing ? "late, kept" : "late, left out");
      if (failing) ARTHUR_ERROR("broken");
    }
    static_cast<void>(arthur::flush());
    {
      const auto active = late.activate();
      ARTHUR_TOOL_SPAN(failing ? "inside late, kept" : "inside late, left out");
      if (!failing) ARTHUR_ERROR("too late");
    }
    late.end();
    static_cast<void>(arthur::flush());
  }
  CHECK(names(c) == "failing inside late, kept late, kept ");
  CHECK(a.dropped() == 3);
  CHECK(arthur::stats().held == 0);
}

TEST_CASE("spans of one trace on several threads, detached ones and those in a context are held together") {
  capture c(tail_only(true));
  for (const bool failing : {false, true}) {
    arthur::span root(kind::agent, failing ? "failing" : "fine");
    ARTHUR_CONTEXT(arthur::session_id("s"));
    std::vector<std::thread> threads;
    for (int n = 0; n < 3; ++n) {
      threads.emplace_back([&root, failing, n] {
        const auto active = root.activate();
        arthur::span job(kind::tool, failing ? "job of the failing" : "job of the fine");
        const auto inner = job.activate();
        ARTHUR_LLM_SPAN("call");
        if (failing && n == 1) ARTHUR_ERROR("broken");
      });
    }
    for (std::thread& t : threads) t.join();
    root.end();
    static_cast<void>(arthur::flush());
  }
  CHECK(c.spans().size() == 7);
  CHECK(c.count("job of the failing") == 3);
  CHECK(c.count("call") == 3);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("a captured context belongs to the held trace that it was taken from; what is suppressed in it isn't recorded") {
  account a;
  capture c(tail_only(true));
  for (const bool failing : {false, true}) {
    arthur::context taken;
    {
      ARTHUR_AGENT_SPAN(failing ? "failing" : "fine");
      taken = arthur::context::current();
      std::thread([&] {
        const auto scope = taken.attach();
        ARTHUR_TOOL_SPAN("in the context");
        CHECK(sent_flags() == "02");
        {
          const arthur::suppress nothing;
          ARTHUR_TOOL_SPAN("suppressed");
          ARTHUR_ERROR("not seen");
        }
        if (failing) ARTHUR_ERROR("broken");
      }).join();
    }
    static_cast<void>(arthur::flush());
    const auto scope = taken.attach();
    ARTHUR_TOOL_SPAN("late");
  }
  CHECK(sorted_names(c) == "failing in the context late ");
  CHECK(a.unsampled() == 2);
  CHECK(a.dropped() == 3);
  CHECK(arthur::stats().held == 0);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("a root that is found before its children goes after them all the same") {
  capture c(tail_only(true));
  // Of two threads one is looked at first: once it has the root, once the child.
  for (const bool root_here : {false, true}) {
    arthur::span root(kind::agent, "root"), child;
    {
      const auto active = root.activate();
      child = arthur::span(kind::tool, "child");
    }
    root.error("broken");
    std::thread([&] { (root_here ? child : root).end(); }).join();
    (root_here ? root : child).end();
    static_cast<void>(arthur::flush());
  }
  CHECK(names(c) == "child root child root ");
}

TEST_CASE("at the end errors and slow traces are kept, what is undecided goes") {
  for (const bool slow : {false, true}) {
    CAPTURE(slow);
    arthur::span open, failing;
    {
      account a;
      capture c(tail_only(true, 1000));
      open = arthur::span(kind::agent, "still open");
      {
        const auto active = open.activate();
        ARTHUR_TOOL_SPAN("inside");
      }
      {
        ARTHUR_AGENT_SPAN("failed");
        ARTHUR_ERROR("broken");
      }
      failing = arthur::span(kind::agent, "open and failing");
      {
        const auto active = failing.activate();
        ARTHUR_TOOL_SPAN("failed inside");
        ARTHUR_ERROR("broken");
      }
      if (slow) now += 2000 * ms;
      { const auto ended = std::move(c.guard()); }
      CHECK(arthur::stats().held == 0);
      CHECK(a.dropped() == (slow ? 0 : 1));
      CHECK(a.delivered() == (slow ? 3 : 2));
      CHECK(sorted_names(c) == (slow ? "failed failed inside inside " : "failed failed inside "));
    }
    open.end();
    failing.end();
    // What ends later is taken by the next runtime, which knows nothing of the decision: each is judged by itself.
    account a;
    capture c(tail_only(true));
    CHECK(names(c) == "");
    CHECK(a.dropped() == 2);
  }
}

TEST_CASE("a runtime without such a rule drops what was recorded for the one before") {
  arthur::span open;
  {
    capture c(tail_only(true));
    open = arthur::span(kind::agent, "open");
  }
  account a;
  arthur::options o = tail_only(false);
  o.sample_ratio = 1;
  capture c(o);
  {
    const auto active = open.activate();
    ARTHUR_TOOL_SPAN("inside");
    ARTHUR_ERROR("broken");
  }
  open.end();
  { ARTHUR_AGENT_SPAN("sampled"); }
  CHECK(names(c) == "sampled ");
  CHECK(a.dropped() == 2);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("a pause keeps out of a held trace what it keeps out of others") {
  account a;
  capture c(tail_only(true));
  {
    ARTHUR_AGENT_SPAN("root");
    arthur::pause();
    {
      ARTHUR_TOOL_SPAN("in the pause");
      ARTHUR_ERROR("not seen");
    }
    arthur::resume();
    ARTHUR_TOOL_SPAN("after");
    ARTHUR_ERROR("broken");
  }
  CHECK(names(c) == "after root ");
  CHECK(a.unsampled() == 1);
}

TEST_CASE("held traces count for the rate cap: it is a bound of work") {
  arthur::options o = tail_only(true);
  o.max_spans_per_second = 10;
  account a;
  capture c(o);
  const auto limited = arthur::stats().rate_limited;
  for (int n = 0; n < 30; ++n) {
    ARTHUR_AGENT_SPAN("root");
    ARTHUR_ERROR("broken");
  }
  CHECK(c.spans().size() == 10);
  CHECK(arthur::stats().rate_limited - limited == 20);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("a limit that can't be meant is refused") {
  arthur::options o = tail_only(false, -1);
  o.log_level = arthur::log_level::none;
  const auto guard = arthur::start(o);
  CHECK_FALSE(guard.ok());
  CHECK(guard.error() == "options.keep_slower_than is out of range: give 0 to 24 hours");
}
