// context.cpp: what spans inherit, and how it follows the work over threads.
#include <arthur/arthur.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/capture.hpp"

using support::capture;
using support::span;

namespace {

std::string sent_traceparent() { return std::string(std::string_view(arthur::current_traceparent())); }

/// Runs `work` on a thread of its own and waits for it.
template <class Work>
void elsewhere(Work&& work) {
  std::thread(static_cast<Work&&>(work)).join();
}

}  // namespace

TEST_CASE("a captured context makes spans of other threads children, with the same attributes") {
  capture c;
  {
    ARTHUR_CONTEXT(arthur::session_id("s"), arthur::user_id("u"));
    ARTHUR_AGENT_SPAN("agent");
    const auto here = arthur::context::current();
    elsewhere([&] {
      const auto scope = here.attach();
      ARTHUR_TOOL_SPAN("tool");
      CHECK(sent_traceparent().substr(36, 16) == std::string_view(arthur::current_span_id()));
    });
    elsewhere([] { ARTHUR_SPAN("without"); });
  }
  const span agent = c.only("agent"), tool = c.only("tool"), without = c.only("without");
  CHECK(tool.trace_id == agent.trace_id);
  CHECK(tool.parent_span_id == agent.span_id);
  CHECK(tool.text("session.id") == "s");
  CHECK(tool.text("user.id") == "u");
  CHECK(without.parent_span_id.empty());
  CHECK(without.find("session.id") == nullptr);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("an attached context stands in place of the thread's own and ends with its scope") {
  capture c;
  arthur::context captured;
  elsewhere([&] {
    ARTHUR_CONTEXT(arthur::session_id("theirs"));
    ARTHUR_SPAN("theirs");
    captured = arthur::context::current();
  });
  ARTHUR_CONTEXT(arthur::session_id("mine"), arthur::user_id("me"));
  ARTHUR_SPAN("mine");
  {
    const auto scope = captured.attach();
    ARTHUR_SPAN("child of theirs");
  }
  ARTHUR_SPAN("child of mine");
  ARTHUR_END();
  ARTHUR_END();
  CHECK(c.only("child of theirs").parent_span_id == c.only("theirs").span_id);
  CHECK(c.only("child of theirs").text("session.id") == "theirs");
  CHECK(c.only("child of theirs").find("user.id") == nullptr);
  CHECK(c.only("child of mine").parent_span_id == c.only("mine").span_id);
  CHECK(c.only("child of mine").text("session.id") == "mine");
}

TEST_CASE("work that outlives its parent and its scopes still belongs to them") {
  capture c;
  std::unique_ptr<arthur::context> kept;
  {
    ARTHUR_CONTEXT(arthur::session_id("s"), arthur::metadata(std::string(20000, 'm')));
    ARTHUR_AGENT_SPAN("agent");
    kept = std::make_unique<arthur::context>(arthur::context::current());
  }
  const std::string parent = c.only("agent").span_id;
  elsewhere([moved = std::move(*kept)] {
    const auto scope = moved.attach();
    ARTHUR_SPAN("late");
  });
  CHECK(c.only("late").parent_span_id == parent);
  CHECK(c.only("late").text("session.id") == "s");
  CHECK(c.only("late").text("metadata").size() == 20000);
}

TEST_CASE("an empty context begins traces of its own") {
  capture c;
  ARTHUR_CONTEXT(arthur::session_id("s"));
  ARTHUR_SPAN("outer");
  {
    const auto scope = arthur::context().attach();
    CHECK(arthur::current_traceparent().empty());
    CHECK(std::string_view(arthur::current_span_id()) == "0000000000000000");
    ARTHUR_SPAN("root");
    ARTHUR_SPAN("its child");
    arthur::span detached(arthur::kind::tool, "detached");
  }
  ARTHUR_SPAN("inner");
  ARTHUR_END();
  ARTHUR_END();
  CHECK(c.only("root").parent_span_id.empty());
  CHECK(c.only("root").trace_id != c.only("outer").trace_id);
  CHECK(c.only("root").find("session.id") == nullptr);
  CHECK(c.only("its child").parent_span_id == c.only("root").span_id);
  CHECK(c.only("detached").trace_id == c.only("root").trace_id);
  CHECK(c.only("inner").parent_span_id == c.only("outer").span_id);
  CHECK(c.only("inner").text("session.id") == "s");
}

TEST_CASE("with() adds attributes to a context and leaves the original alone") {
  capture c;
  ARTHUR_CONTEXT(arthur::session_id("s"), arthur::user_id("u"));
  const auto plain = arthur::context::current();
  const auto more = plain.with(arthur::session_id("other"), arthur::attribute("extra", 1), arthur::service_name("billing"));
  {
    const auto scope = more.attach();
    ARTHUR_SPAN("more");
  }
  {
    const auto scope = plain.attach();
    ARTHUR_SPAN("plain");
  }
  CHECK(c.only("more").text("session.id") == "other");
  CHECK(c.only("more").text("user.id") == "u");
  CHECK(c.only("more").find("extra") != nullptr);
  CHECK(c.only("plain").text("session.id") == "s");
  CHECK(c.only("plain").find("extra") == nullptr);
  CHECK(c.requests().front().resources.size() == 2);
}

TEST_CASE("a wrapped function runs where it was wrapped, on any thread, with its arguments, its result and its exceptions") {
  capture c;
  std::function<int(int)> stored;
  std::future<std::string> answer;
  {
    ARTHUR_CONTEXT(arthur::session_id("s"));
    ARTHUR_AGENT_SPAN("agent");
    stored = arthur::wrap([](int n) {
      ARTHUR_SPAN("stored");
      return n + 1;
    });
    // Move-only, and moved on with its argument.
    answer = std::async(std::launch::async, arthur::wrap([own = std::make_unique<int>(7)](std::unique_ptr<int> given) {
                          ARTHUR_SPAN("async");
                          return std::to_string(*own + *given);
                        }),
                        std::make_unique<int>(5));
    std::thread(arthur::wrap([](int& out) {
                  ARTHUR_SPAN("thread");
                  ++out;
                }),
                std::ref(*std::make_unique<int>(0)))
        .join();
    CHECK_THROWS_AS(arthur::wrap([] { throw std::runtime_error("no"); })(), std::runtime_error);
    ARTHUR_SPAN("after");
  }
  elsewhere([&] { CHECK(stored(1) == 2); });
  CHECK(answer.get() == "12");
  for (const char* name : {"stored", "async", "thread", "after"}) {
    CAPTURE(name);
    CHECK(c.only(name).parent_span_id == c.only("agent").span_id);
    CHECK(c.only(name).text("session.id") == "s");
  }
  { ARTHUR_SPAN("outside"); }
  CHECK(c.only("outside").parent_span_id.empty());
}

namespace {

int plain(int n) noexcept { return n; }
struct counts {
  int operator()() & { return ++n; }
  int operator()() const& { return n; }
  int operator()() && { return -1; }
  int n = 0;
};
struct move_only {
  move_only() = default;
  move_only(move_only&&) = default;
  void operator()() const {}
};
template <class F>
using wrapped = decltype(arthur::wrap(std::declval<F>()));

static_assert(noexcept(std::declval<wrapped<int (&)(int) noexcept>&>()(1)));
static_assert(!noexcept(std::declval<wrapped<int (&)(int)>&>()(1)));
static_assert(std::is_copy_constructible_v<wrapped<counts>> && std::is_nothrow_move_constructible_v<wrapped<counts>>);
static_assert(!std::is_copy_constructible_v<wrapped<move_only>> && std::is_move_constructible_v<wrapped<move_only>>);
static_assert(std::is_invocable_v<wrapped<int (&)(int)>, int> && !std::is_invocable_v<wrapped<int (&)(int)>, std::string>);

}  // namespace

TEST_CASE("a wrapped function is called as it would be itself: changing, constant, used up; by reference where it returns one") {
  CHECK(arthur::wrap(plain)(3) == 3);
  auto counted = arthur::wrap(counts());
  CHECK(counted() == 1);
  CHECK(counted() == 2);
  const auto copy = counted;
  CHECK(copy() == 2);
  CHECK(std::move(counted)() == -1);
  int value = 0;
  arthur::wrap([&value]() -> int& { return value; })() = 5;
  CHECK(value == 5);
}

TEST_CASE("inside suppress nothing is recorded, on no thread, and headers name the span outside") {
  capture c;
  const std::uint64_t left_out = arthur::stats().unsampled;
  ARTHUR_CONTEXT(arthur::session_id("s"));
  ARTHUR_SPAN("outer");
  const std::string header = sent_traceparent();
  {
    const arthur::suppress quiet;
    CHECK(sent_traceparent() == header);
    ARTHUR_SET(arthur::attribute("lost", 1));
    ARTHUR_CONTEXT(arthur::user_id("lost"));
    ARTHUR_TOOL_SPAN("inner", arthur::attribute("lost", 2));
    CHECK(!arthur::detail::current_recording());
    ARTHUR_SET(arthur::attribute("lost", 3));
    ARTHUR_ERROR("lost");
    CHECK(sent_traceparent() == header);
    arthur::span detached(arthur::kind::tool, "detached");
    CHECK(!detached.recording());
    const auto active = detached.activate();
    ARTHUR_SPAN("innermost");
    CHECK(sent_traceparent() == header);
    CHECK(header.substr(36, 16) == std::string_view(arthur::current_span_id()));
    elsewhere(arthur::wrap([&] {
      CHECK(sent_traceparent() == header);
      ARTHUR_SPAN("elsewhere");
      ARTHUR_CONTEXT(arthur::user_id("lost"));
      CHECK(sent_traceparent() == header);
    }));
    {
      const arthur::suppress again;
      ARTHUR_SPAN("twice");
      CHECK(sent_traceparent() == header);
    }
    ARTHUR_SPAN("still");
  }
  ARTHUR_SPAN("recorded");
  ARTHUR_END();
  ARTHUR_END();
  REQUIRE(c.spans().size() == 2);
  CHECK(c.only("recorded").parent_span_id == c.only("outer").span_id);
  CHECK(c.only("outer").find("lost") == nullptr);
  CHECK(c.only("outer").find("user.id") == nullptr);
  CHECK(c.only("outer").status_code == 1);
  CHECK(arthur::stats().unsampled == left_out + 6);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("suppress outside any span sends no header, and what attaches a context of outside records again") {
  capture c;
  const auto outside = arthur::context::current();
  {
    const arthur::suppress quiet;
    CHECK(sent_traceparent().empty());
    ARTHUR_SPAN("quiet");
    CHECK(sent_traceparent().empty());
    elsewhere(arthur::wrap([] {
      ARTHUR_SPAN("quiet too");
      CHECK(sent_traceparent().empty());
    }));
    const auto scope = outside.attach();
    ARTHUR_SPAN("recorded");
  }
  { ARTHUR_SPAN("afterwards"); }
  CHECK(c.spans().size() == 2);
  CHECK(c.only("recorded").parent_span_id.empty());
}

namespace {

std::size_t count_of(const span& s, std::string_view key) {
  std::size_t n = 0;
  for (const auto& a : s.attributes) n += a.key == key;
  return n;
}

}  // namespace

TEST_CASE("keys set again in an inner scope are replaced when it is entered, so that its spans need no cleaning") {
  capture c;
  const std::uint64_t cleaned = arthur::stats().cleaned;
  {
    // Long enough to be cut by the end of a block, also within the keys behind it.
    ARTHUR_CONTEXT(arthur::session_id("s1"), arthur::metadata(std::string(8100, 'm')), arthur::attribute("own", "a"),
                   arthur::tags({"x", "y"}), arthur::attribute("other", std::string(9000, 'o')), arthur::user_id("u1"));
    ARTHUR_CONTEXT(arthur::attribute("own", 2), arthur::session_id("s2"), arthur::user_id("u2"));
    ARTHUR_CONTEXT(arthur::session_id("s3"), arthur::session_id("s4"), arthur::attribute("own", 3), arthur::attribute("own", 4));
    ARTHUR_SPAN("inner");
  }
  const span inner = c.only("inner");
  CHECK(inner.text("session.id") == "s4");
  CHECK(inner.text("user.id") == "u2");
  CHECK(inner.text("metadata") == std::string(8100, 'm'));
  CHECK(inner.text("other") == std::string(9000, 'o'));
  REQUIRE(inner.find("own") != nullptr);
  CHECK(support::describe(*inner.find("own")) == "4");
  for (const char* key : {"session.id", "user.id", "metadata", "own", "tag.tags", "other"}) CHECK(count_of(inner, key) == 1);
  CHECK(arthur::stats().cleaned == cleaned);
}

TEST_CASE("whichever sizes a context has, its attributes arrive whole, without those that were set again") {
  capture c;
  for (std::size_t size = 7300; size < 7600; size += 3) {
    const std::string text(size, 't');
    ARTHUR_CONTEXT(arthur::attribute("first", text), arthur::attribute("again", "old"), arthur::attribute("last", text));
    ARTHUR_CONTEXT(arthur::attribute("again", "new"));
    ARTHUR_SPAN("sized");
  }
  REQUIRE(c.spans().size() == 100);
  for (const span& s : c.spans()) {
    CHECK(s.text("first") == s.text("last"));
    CHECK(s.text("first").size() >= 7300);
    CHECK(s.text("again") == "new");
    CHECK(count_of(s, "again") == 1);
  }
}

TEST_CASE("what is empty sets nothing, as in Python") {
  capture c;
  ARTHUR_CONTEXT(arthur::session_id("s"), arthur::tags({"a"}), arthur::task_id("t"));
  ARTHUR_CONTEXT(arthur::session_id(""), arthur::user_id(""), arthur::metadata(""), arthur::tags(std::vector<std::string>()),
                 arthur::task_id(""), arthur::service_name(""), arthur::attribute("own", ""));
  ARTHUR_SPAN("inside");
  ARTHUR_END();
  const span inside = c.only("inside");
  CHECK(inside.text("session.id") == "s");
  CHECK(support::describe(*inside.find("tag.tags")) == R"(["a"])");
  CHECK(inside.find("user.id") == nullptr);
  CHECK(inside.find("metadata") == nullptr);
  CHECK(inside.find("own") != nullptr);
  const auto* const task = c.requests().front().resources.front().resource.find("arthur.task");
  REQUIRE(task != nullptr);
  CHECK(task->text == "t");
}

TEST_CASE("a session that is known late comes to the open spans of its trace on this thread, which have none") {
  capture c;
  {
    ARTHUR_AGENT_SPAN("other trace");
    const auto fresh = arthur::context().attach();
    ARTHUR_AGENT_SPAN("root");
    ARTHUR_CHAIN_SPAN("has its own", arthur::user_id("mine"), arthur::attribute("session.id", "own"));
    ARTHUR_TOOL_SPAN("tool");
    {
      ARTHUR_CONTEXT(arthur::session_id("s"), arthur::user_id("u"), arthur::metadata("m"), arthur::attribute("k", "v"));
      ARTHUR_SPAN("inside");
    }
    {
      ARTHUR_CONTEXT(arthur::session_id("second"));
      ARTHUR_SPAN("inside the second");
    }
    ARTHUR_SPAN("after");
  }
  for (const char* name : {"root", "tool", "inside"}) {
    CAPTURE(name);
    CHECK(c.only(name).text("session.id") == "s");
    CHECK(c.only(name).text("user.id") == "u");
    CHECK(count_of(c.only(name), "session.id") == 1);
  }
  CHECK(c.only("has its own").text("session.id") == "own");
  CHECK(c.only("has its own").text("user.id") == "mine");
  CHECK(c.only("root").find("metadata") == nullptr);
  CHECK(c.only("root").find("k") == nullptr);
  CHECK(c.only("inside the second").text("session.id") == "second");
  CHECK(c.only("other trace").find("session.id") == nullptr);
  CHECK(c.only("after").find("session.id") == nullptr);
}

TEST_CASE("a trace that isn't sampled stays so on other threads, and says so to other processes") {
  arthur::options o;
  o.sample_ratio = 0;
  capture c(o);
  const std::uint64_t unsampled = arthur::stats().unsampled;
  {
    ARTHUR_SPAN("root");
    elsewhere(arthur::wrap([] {
      ARTHUR_SPAN("child");
      CHECK(sent_traceparent().substr(53) == "02");
    }));
  }
  CHECK(c.spans().empty());
  CHECK(arthur::stats().unsampled == unsampled + 2);
}

TEST_CASE("the tracestate of a trace follows it to other threads, also from a detached span and from suppress") {
  const std::string came = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  capture c;
  {
    arthur::context direct, inside;
    {
      const arthur::remote_parent parent(came, "a=1,b=2");
      ARTHUR_CONTEXT(arthur::session_id("s"));
      direct = arthur::context::current();
      arthur::span server(arthur::kind::chain, "server");
      const auto active = server.activate();
      inside = arthur::context::current().with(arthur::user_id("u"));
    }
    elsewhere([&] {
      {
        const auto scope = direct.attach();
        CHECK(std::string_view(arthur::current_tracestate()) == "a=1,b=2");
        CHECK(sent_traceparent() == came);
        ARTHUR_SPAN("direct");
      }
      const auto scope = inside.attach();
      ARTHUR_SPAN("inside");
      const arthur::suppress quiet;
      elsewhere(arthur::wrap([] { CHECK(std::string_view(arthur::current_tracestate()) == "a=1,b=2"); }));
    });
  }
  CHECK(c.only("direct").trace_state == "a=1,b=2");
  CHECK(support::to_hex(c.only("direct").parent_span_id) == "b7ad6b7169203331");
  CHECK((c.only("direct").flags & 0x200U) != 0);  // the parent is another process's
  CHECK(c.only("direct").text("session.id") == "s");
  CHECK(c.only("inside").trace_state == "a=1,b=2");
  CHECK((c.only("inside").flags & 0x200U) == 0);
  CHECK(c.only("inside").parent_span_id == c.only("server").span_id);
  CHECK(c.only("inside").text("user.id") == "u");
  CHECK(c.only("inside").text("session.id") == "s");
}

TEST_CASE("ARTHUR_SET and ARTHUR_END reach no span of another thread") {
  capture c;
  {
    ARTHUR_SPAN("agent");
    elsewhere(arthur::wrap([] {
      ARTHUR_SET(arthur::attribute("lost", 1));
      ARTHUR_END();
      ARTHUR_SPAN("child");
    }));
    ARTHUR_SET(arthur::attribute("kept", 1));
  }
  CHECK(c.only("agent").find("lost") == nullptr);
  CHECK(c.only("agent").find("kept") != nullptr);
  CHECK(c.only("child").parent_span_id == c.only("agent").span_id);
}

TEST_CASE("a context for which there is no room takes the spans inside along, on every thread, counted") {
  arthur::options o;
  o.memory_limit = std::size_t{256} << 10;
  capture c(o);
  const arthur::statistics before = arthur::stats();
  {
    ARTHUR_CONTEXT(arthur::session_id("s"));
    const auto large = arthur::context::current().with(arthur::metadata(std::string(std::size_t{1} << 20, 'm')));
    elsewhere([copy = large] {
      const auto scope = copy.attach();
      elsewhere(arthur::wrap([] { ARTHUR_SPAN("lost without a parent"); }));
      ARTHUR_SPAN("lost");
      elsewhere(arthur::wrap([] { ARTHUR_SPAN("lost too"); }));
    });
    ARTHUR_SPAN("kept");
  }
  CHECK(c.spans().size() == 1);
  CHECK(c.only("kept").text("session.id") == "s");
  CHECK(arthur::stats().dropped_pool_full - before.dropped_pool_full == 3);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("a captured context keeps its bytes as long as anybody has it, and not longer") {
  capture c;
  { ARTHUR_SPAN("first"); }
  c.spans();
  const std::uint64_t held = arthur::stats().bytes_held;
  std::vector<arthur::context> kept;
  {
    ARTHUR_CONTEXT(arthur::session_id("s"), arthur::metadata(std::string(30000, 'm')));
    for (int n = 0; n < 50; ++n) kept.push_back(arthur::context::current());
    CHECK(arthur::stats().bytes_held <= held + 6 * 8192);  // one copy for all
  }
  elsewhere([last = kept.back()] {});
  elsewhere([&] { kept.erase(kept.begin(), kept.begin() + 49); });
  CHECK(arthur::stats().bytes_held >= held + 4 * 8192);
  elsewhere([moved = std::move(kept.back())] {
    const auto scope = moved.attach();
    ARTHUR_SPAN("late");
  });
  kept.clear();
  CHECK(c.only("late").text("metadata").size() == 30000);
  CHECK(arthur::stats().bytes_held <= held + 8192);
}

TEST_CASE("attachments that end out of order, on another thread or with their thread leave everything else right") {
  capture c;
  const std::uint64_t opened = arthur::stats().open;
  struct scope {
    arthur::attached_context attached;
  };
  const auto attach = [](const arthur::context& what) { return std::unique_ptr<scope>(new scope{what.attach()}); };
  arthur::context one, two;
  elsewhere([&] {
    ARTHUR_CONTEXT(arthur::session_id("one"));
    ARTHUR_SPAN("one");
    one = arthur::context::current();
    ARTHUR_CONTEXT(arthur::session_id("two"));
    ARTHUR_SPAN("two");
    two = arthur::context::current();
  });
  auto first = attach(one), second = attach(two);
  first.reset();
  { ARTHUR_SPAN("in two"); }
  elsewhere([&] { second.reset(); });
  { ARTHUR_SPAN("in none"); }
  elsewhere([&] { first = attach(one); });
  elsewhere([&] { ARTHUR_SPAN("in the slot of a thread that ended"); });
  first.reset();
  CHECK(c.only("in two").parent_span_id == c.only("two").span_id);
  CHECK(c.only("in two").text("session.id") == "two");
  for (const char* name : {"in none", "in the slot of a thread that ended"}) {
    CHECK(c.only(name).parent_span_id.empty());
    CHECK(c.only(name).find("session.id") == nullptr);
  }
  CHECK(arthur::stats().open == opened);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("contexts nest as deep as spans; what is deeper is dropped and counted, and the thread goes on") {
  capture c;
  const arthur::statistics before = arthur::stats();
  struct recursion {
    static void go(int depth) {
      ARTHUR_CONTEXT(arthur::session_id(std::to_string(depth)));
      if (depth == 120 || depth == 140) {
        ARTHUR_SPAN("deep");
      }
      if (depth < 150) go(depth + 1);
    }
    static void attach(const arthur::context& what, int depth) {
      const auto scope = what.attach();
      if (depth < 150) return attach(what, depth + 1);
      ARTHUR_SPAN("deeper");
    }
  };
  recursion::go(1);
  recursion::attach(arthur::context(), 1);
  { ARTHUR_SPAN("after"); }
  CHECK(c.only("deep").text("session.id") == "120");
  CHECK(c.count("deeper") == 0);
  CHECK(c.only("after").find("session.id") == nullptr);
  CHECK(arthur::stats().dropped - before.dropped == 2);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("where an attachment or suppress is one span too deep, detached spans inside don't go to whoever stands there instead") {
  capture c;
  const arthur::statistics before = arthur::stats();
  struct recursion {
    static void go(int depth) {
      ARTHUR_SPAN("open");
      if (depth < 128) return go(depth + 1);
      {
        const auto scope = arthur::context().attach();
        const arthur::span wrong(arthur::kind::chain, "wrong parent");
      }
      {
        const arthur::suppress quiet;
        const arthur::span wrong(arthur::kind::chain, "not silent");
      }
      const arthur::span fine(arthur::kind::chain, "child");
    }
  };
  recursion::go(1);
  CHECK(c.count("wrong parent") == 0);
  CHECK(c.count("not silent") == 0);
  CHECK(c.count("child") == 1);
  CHECK(arthur::stats().dropped_pool_full - before.dropped_pool_full == 2);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("contexts without room that end on another thread, however many at once, don't silence their thread for ever") {
  capture c;
  struct scope {
    arthur::attached_context attached;
  };
  std::vector<std::unique_ptr<scope>> scopes;
  for (int n = 0; n < 150; ++n) scopes.push_back(std::unique_ptr<scope>(new scope{arthur::context().attach()}));
  elsewhere([&] { scopes.resize(128); });
  scopes.clear();
  { ARTHUR_SPAN("heard"); }
  CHECK(c.count("heard") == 1);
}

TEST_CASE("detached work: a span made here, ended there, in a context of its own") {
  capture c;
  std::vector<std::thread> workers;
  {
    ARTHUR_CONTEXT(arthur::session_id("s"));
    ARTHUR_AGENT_SPAN("agent");
    for (int n = 0; n < 4; ++n) {
      arthur::span job(arthur::kind::chain, "job");
      workers.emplace_back(arthur::wrap([job = std::move(job), n]() mutable {
        const auto active = job.activate();
        ARTHUR_CONTEXT(arthur::attribute("n", n));
        ARTHUR_TOOL_SPAN("tool");
        job.end();
      }));
    }
  }
  for (std::thread& worker : workers) worker.join();
  CHECK(c.count("job") == 4);
  CHECK(c.count("tool") == 4);
  for (const span& s : c.spans()) {
    CHECK(s.text("session.id") == "s");
    if (s.name == "job") CHECK(s.parent_span_id == c.only("agent").span_id);
    if (s.name == "tool") CHECK(s.find("n") != nullptr);
  }
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("spans under a context belong to a trace under way: where no new trace may begin, they are recorded still") {
  arthur::options o;
  o.clock = [] { return std::uint64_t{1700000000000000000}; };
  o.max_spans_per_second = 100;
  capture c(o);
  {
    ARTHUR_AGENT_SPAN("agent");
    elsewhere([] {
      for (int n = 0; n < 150; ++n) {
        ARTHUR_SPAN("another trace");
      }
    });
    elsewhere(arthur::wrap([] { ARTHUR_SPAN("child"); }));
    elsewhere([] { ARTHUR_SPAN("too many"); });
  }
  CHECK(c.count("another trace") == 99);
  CHECK(c.only("child").parent_span_id == c.only("agent").span_id);
  CHECK(c.count("too many") == 0);
}
