// sampling_rules.cpp: options::sampling_rules: which traces and spans they choose, and what becomes of the rest.
#include <arthur/arthur.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/capture.hpp"
#include "support/variable.hpp"

using arthur::kind;
using support::capture;
using support::variable;

namespace {

arthur::options ruled(arthur::option_list<arthur::sampling_rule> rules, double ratio = 1) {
  arthur::options o;
  o.protocol = arthur::protocol::http_protobuf;
  o.sample_ratio = ratio;
  o.sampling_rules = rules;
  return o;
}

std::uint64_t next_random = 0;
/// Trace ids that are the same in each run.
std::uint64_t repeated_random() {
  std::uint64_t z = next_random += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

/// Trace ids of the recorded ones of `count` roots named "root", with a child "child" each.
std::set<std::string> recorded(arthur::options o, int count, const char* which) {
  next_random = 1;
  o.random = repeated_random;
  capture c(o);
  for (int n = 0; n < count; ++n) {
    ARTHUR_AGENT_SPAN("root");
    ARTHUR_TOOL_SPAN("child");
  }
  std::set<std::string> ids;
  for (const support::span& s : c.spans()) {
    if (s.name == which) ids.insert(std::string(s.trace_id.begin(), s.trace_id.end()));
  }
  return ids;
}

bool includes(const std::set<std::string>& larger, const std::set<std::string>& smaller) {
  for (const std::string& one : smaller) {
    if (larger.count(one) == 0) return false;
  }
  return true;
}

const std::string trace = "0af7651916cd43dd8448eb211c80319c", caller = "b7ad6b7169203331";

}  // namespace

TEST_CASE("the first rule that matches a root decides for its trace, in place of the ratio") {
  const struct {
    arthur::option_list<arthur::sampling_rule> rules;
    const char* recorded;  // of the four roots below
  } rows[] = {
      {{{"health", 0}}, "health.live tool.get chat "},
      {{{"health*", 0}}, "tool.get chat "},
      {{{"*.get", 0}}, "health health.live chat "},
      {{{"*", 0}}, ""},
      {{{kind::tool, "*", 0}}, "health health.live chat "},
      {{{kind::llm, "*", 0}}, "health health.live tool.get chat "},
      {{{kind::tool, "chat", 0}}, "health health.live tool.get chat "},
      {{{"health.live", 1}, {"health*", 0}, {"health", 1}}, "health.live tool.get chat "},
      {{{kind::agent, "*", 1}, {"*", 0}}, "chat "},
      {{{"Chat", 0}, {"cha", 0}, {"hat*", 0}, {"*cha", 0}, {"chat.*", 0}}, "health health.live tool.get chat "},
  };
  for (const auto& row : rows) {
    CAPTURE(row.recorded);
    for (const double ratio : {1.0, 0.0}) {
      capture c(ruled(row.rules, ratio));
      const auto before = arthur::stats();
      { ARTHUR_CHAIN_SPAN("health"); }
      { ARTHUR_CHAIN_SPAN("health.live"); }
      { ARTHUR_TOOL_SPAN("tool.get"); }
      { ARTHUR_AGENT_SPAN("chat"); }
      std::string names;
      for (const support::span& s : c.spans()) names += s.name + " ";
      if (ratio > 0) CHECK(names == row.recorded);
      const auto after = arthur::stats();
      CHECK(after.unsampled - before.unsampled + c.spans().size() == 4);
      CHECK(support::account_closed(after));
    }
  }
  // A rule also takes what the ratio wouldn't.
  capture c(ruled({{kind::agent, "*", 1}}, 0));
  {
    ARTHUR_AGENT_SPAN("chat");
    ARTHUR_TOOL_SPAN("inside");
  }
  { ARTHUR_TOOL_SPAN("alone"); }
  CHECK(c.spans().size() == 2);
  CHECK(c.count("alone") == 0);
}

TEST_CASE("inside a trace a rule leaves a span out with all that is inside it, and nothing of it lands elsewhere") {
  capture c(ruled({{"cache*", 0}, {kind::guardrail, "*", 0}}));
  const auto before = arthur::stats();
  {
    ARTHUR_AGENT_SPAN("agent");
    {
      ARTHUR_TOOL_SPAN("cache.get", arthur::input("x"));
      ARTHUR_SET(arthur::output("nowhere"), arthur::attribute("not", "the agent's"));
      ARTHUR_LLM_SPAN("inside the cache");
      arthur::span job(kind::tool, "job inside");
      CHECK_FALSE(job.recording());
    }
    arthur::span guard(kind::guardrail, "detached guardrail");
    CHECK_FALSE(guard.recording());
    {
      const auto active = guard.activate();
      ARTHUR_TOOL_SPAN("inside the guardrail");
    }
    ARTHUR_TOOL_SPAN("tool");
  }
  CHECK(c.spans().size() == 2);
  CHECK(c.only("agent").find("not") == nullptr);
  CHECK(c.only("agent").find("output.value") == nullptr);
  CHECK(c.only("tool").parent_span_id == c.only("agent").span_id);
  CHECK(arthur::stats().unsampled - before.unsampled == 5);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("a rule brings nothing into a trace that isn't recorded") {
  capture c(ruled({{"wanted", 1}}, 0));
  {
    ARTHUR_AGENT_SPAN("unwanted");
    ARTHUR_TOOL_SPAN("wanted");
  }
  CHECK(c.spans().empty());
}

TEST_CASE("a higher ratio takes every trace of a lower one, and rules and ratio of one share take the same") {
  constexpr int many = 2000;
  const auto tenth = recorded(ruled({}, 0.1), many, "root"), quarter = recorded(ruled({}, 0.25), many, "root");
  const auto most = recorded(ruled({}, 0.9), many, "root");
  CHECK(tenth.size() > 150);
  CHECK(tenth.size() < 250);
  CHECK(quarter.size() > 430);
  CHECK(quarter.size() < 570);
  CHECK(includes(quarter, tenth));
  CHECK(includes(most, quarter));
  CHECK(recorded(ruled({}, 0.25), many, "root") == quarter);
  CHECK(recorded(ruled({{"root", 0.25}}), many, "root") == quarter);
  CHECK(recorded(ruled({{"root", 0.25}}, 0), many, "child") == quarter);
  // Inside a trace too: the trace id decides, so calls of one trace are there or not, all of them.
  CHECK(recorded(ruled({{"child", 0.25}}), many, "child") == quarter);
  CHECK(recorded(ruled({{"child", 0.25}}), many, "root").size() == many);
}

TEST_CASE("a trace from elsewhere is decided where it began; a rule may leave its part here out") {
  const auto run = [](const char* flag, const char* name) {
    const arthur::remote_parent parent("00-" + trace + "-" + caller + "-" + flag);
    ARTHUR_AGENT_SPAN(name);
    CHECK(arthur::current_traceparent().c_str() != nullptr);
  };
  {
    capture c(ruled({{"never", 0}, {"always", 1}}));
    for (const char* const name : {"never", "always"}) {
      for (const char* const flag : {"00", "01"}) run(flag, name);
    }
    CHECK(c.spans().size() == 1);
    CHECK(c.count("always") == 1);
  }
  // Without parentbased_ it is decided here, so by the rules.
  const variable sampler("OTEL_TRACES_SAMPLER", "always_off");
  capture c(ruled({{"never", 0}, {"always", 1}}));
  for (const char* const name : {"never", "always", "other"}) {
    for (const char* const flag : {"00", "01"}) run(flag, name);
  }
  CHECK(c.spans().size() == 2);
  CHECK(c.count("always") == 2);
}

TEST_CASE("rules end with the runtime, and a ratio set later doesn't touch them") {
  {
    capture c(ruled({{"never", 0}}));
    CHECK(arthur::set_sample_ratio(1));
    { ARTHUR_AGENT_SPAN("never"); }
    CHECK(c.spans().empty());
  }
  capture c(ruled({}));
  { ARTHUR_AGENT_SPAN("never"); }
  CHECK(c.spans().size() == 1);
}

TEST_CASE("a rule that can't be meant is refused with a line") {
  const struct {
    arthur::sampling_rule rule;
    const char* line;
  } rows[] = {
      {{"", 1}, "options.sampling_rules[1] has no name: give the name of a span, or \"*\" for any"},
      {{"a*b", 1}, "options.sampling_rules[1] has the name \"a*b\": give one * at most, as its first or its last character"},
      {{"*a*", 1}, "options.sampling_rules[1] has the name \"*a*\": give one * at most, as its first or its last character"},
      {{"**", 1}, "options.sampling_rules[1] has the name \"**\": give one * at most, as its first or its last character"},
      {{"a", 1.5}, "options.sampling_rules[1], for \"a\", has the ratio 1.500000: give 0 to 1"},
      {{"a", -0.5}, "options.sampling_rules[1], for \"a\", has the ratio -0.500000: give 0 to 1"},
  };
  for (const auto& row : rows) {
    arthur::options o = ruled({{"good", 0.5}, row.rule});
    o.log_level = arthur::log_level::none;
    const auto guard = arthur::start(o);
    CHECK_FALSE(guard.ok());
    CHECK(guard.error() == row.line);
  }
}

TEST_CASE("threads may record while tracing ends and begins with other rules") {
  constexpr int rounds = 30;
  std::atomic<int> round{0};
  std::vector<std::thread> threads;
  for (int n = 0; n < 2; ++n) {
    threads.emplace_back([&round] {
      for (int seen = 0; seen < rounds;) {
        if (round == seen) std::this_thread::yield();
        for (const int now = round; seen < now; ++seen) {
          for (int k = 0; k < 300; ++k) {
            ARTHUR_AGENT_SPAN("agent");
            ARTHUR_TOOL_SPAN("tool");
          }
        }
      }
    });
  }
  const auto before = arthur::stats();
  for (int n = 0; n < rounds; ++n) {
    arthur::options o = n % 3 == 0 ? ruled({}) : n % 3 == 1 ? ruled({{"tool", 0}}) : ruled({{kind::agent, "a*", 0.5}, {"tool", 1}});
    o.log_level = arthur::log_level::none;
    capture c(o);
    ++round;
    c.spans();
  }
  for (std::thread& t : threads) t.join();
  const auto after = arthur::stats();
  CHECK(after.opened - before.opened + after.unsampled - before.unsampled <= 2 * 2 * 300 * rounds);
  CHECK(support::account_closed(after));
}
