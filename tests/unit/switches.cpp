// switches.cpp: what a program may change while it is traced: pause, resume, the sample ratio.
#include <arthur/arthur.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "support/capture.hpp"

using support::capture;
using support::span;

namespace {

arthur::options protobuf() {
  arthur::options o;
  o.protocol = arthur::protocol::http_protobuf;
  return o;
}

std::vector<std::string> lines;
void keep_line(void*, arthur::severity, const char* line) { lines.emplace_back(line); }

}  // namespace

TEST_CASE("a pause keeps new spans out, lets open ones end, and ends") {
  capture c(protobuf());
  CHECK(arthur::recording());
  arthur::pause();
  arthur::pause();
  CHECK(!arthur::recording());
  {
    ARTHUR_AGENT_SPAN("root in the pause");
    ARTHUR_LLM_SPAN("child in the pause");
    ARTHUR_SET(arthur::output("nowhere"));
    arthur::span job(arthur::kind::tool, "job in the pause");
    CHECK(!job.recording());
    const auto active = job.activate();
    CHECK(std::string(arthur::current_trace_id().c_str()) == std::string(32, '0'));
  }
  arthur::resume();
  CHECK(arthur::recording());
  arthur::resume();
  { ARTHUR_AGENT_SPAN("after"); }
  CHECK(c.spans().size() == 1);
  CHECK(c.count("after") == 1);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("an open span is completed in the pause, and what is opened inside it stays out of it") {
  capture c(protobuf());
  const auto before = arthur::stats();
  arthur::span detached(arthur::kind::tool, "detached");
  {
    ARTHUR_AGENT_SPAN("agent");
    arthur::pause();
    ARTHUR_SET(arthur::attribute("set", "in the pause"));
    {
      ARTHUR_LLM_SPAN("child", arthur::model("none"));
      ARTHUR_SET(arthur::output("the child's"));
      ARTHUR_ERROR("the child's");
      arthur::resume();
      // The scope was opened in the pause: nothing of it reaches the agent, and no child of it hangs in the air.
      ARTHUR_SET(arthur::output("the child's, too"));
      ARTHUR_EVENT("the child's");
      { ARTHUR_TOOL_SPAN("grandchild"); }
      arthur::span job(arthur::kind::tool, "job of the child");
      CHECK(!job.recording());
      ARTHUR_END();
      { ARTHUR_TOOL_SPAN("behind the ended child"); }
    }
    { ARTHUR_TOOL_SPAN("child after the pause"); }
    ARTHUR_SET(arthur::output("the agent's"));
    arthur::pause();
  }
  detached.set(arthur::output("the job's"));
  detached.end();
  arthur::resume();
  CHECK(c.spans().size() == 4);
  const span agent = c.only("agent");
  CHECK(agent.text("set") == "in the pause");
  CHECK(agent.text("output.value") == "the agent's");
  CHECK(agent.status_code == 1);
  CHECK(agent.events.empty());
  CHECK(c.only("child after the pause").parent_span_id == agent.span_id);
  CHECK(c.only("behind the ended child").parent_span_id == agent.span_id);
  CHECK(c.only("detached").text("output.value") == "the job's");
  const auto after = arthur::stats();
  CHECK(after.opened - before.opened == 4);
  CHECK(after.unsampled - before.unsampled == 3);
  CHECK(support::account_closed(after));
}

TEST_CASE("a context entered in the pause holds for what is recorded after it") {
  capture c(protobuf());
  arthur::pause();
  {
    ARTHUR_CONTEXT(arthur::session_id("s-1"));
    arthur::resume();
    ARTHUR_AGENT_SPAN("inside");
  }
  { ARTHUR_AGENT_SPAN("outside"); }
  CHECK(c.only("inside").text("session.id") == "s-1");
  CHECK(c.only("outside").find("session.id") == nullptr);
}

TEST_CASE("without a runtime the switches do nothing, and a new start begins unpaused") {
  arthur::pause();
  CHECK(!arthur::recording());
  CHECK(!arthur::set_sample_ratio(0.5));
  {
    capture c(protobuf());
    CHECK(arthur::recording());
    arthur::pause();
  }
  arthur::resume();
  CHECK(!arthur::recording());
  { ARTHUR_AGENT_SPAN("nobody runs"); }
  capture c(protobuf());
  CHECK(arthur::recording());
  { ARTHUR_AGENT_SPAN("recorded"); }
  CHECK(c.spans().size() == 1);
}

TEST_CASE("pausing, resuming and recording at once on several threads keeps the account") {
  capture c(protobuf());
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&stop] {
      while (!stop.load()) {
        ARTHUR_AGENT_SPAN("agent");
        ARTHUR_TOOL_SPAN("tool");
        ARTHUR_SET(arthur::attribute("mine", "tool"));
      }
    });
  }
  for (int n = 0; n < 2000; ++n) {
    arthur::pause();
    std::this_thread::yield();
    arthur::resume();
  }
  stop = true;
  for (std::thread& t : threads) t.join();
  { ARTHUR_AGENT_SPAN("last"); }
  CHECK(c.count("last") == 1);
  for (const span& s : c.spans()) {
    if (s.name != "tool") CHECK(s.find("mine") == nullptr);
  }
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("the sample ratio changes for new traces, never in the middle of one") {
  capture c(protobuf());
  {
    ARTHUR_AGENT_SPAN("kept");
    CHECK(arthur::set_sample_ratio(0));
    { ARTHUR_TOOL_SPAN("of the kept"); }
  }
  {
    ARTHUR_AGENT_SPAN("left out");
    CHECK(arthur::set_sample_ratio(1));
    { ARTHUR_TOOL_SPAN("of the left out"); }
  }
  { ARTHUR_AGENT_SPAN("kept again"); }
  CHECK(c.spans().size() == 3);
  CHECK(c.only("of the kept").parent_span_id == c.only("kept").span_id);
  CHECK(c.count("left out") + c.count("of the left out") == 0);
  CHECK(c.count("kept again") == 1);
}

TEST_CASE("a sample ratio that is none is refused with a line") {
  lines.clear();
  auto o = protobuf();
  o.on_diagnostic = keep_line;
  capture c(o);
  for (const double bad : {-0.1, 1.5, std::numeric_limits<double>::quiet_NaN()}) CHECK(!arthur::set_sample_ratio(bad));
  REQUIRE(lines.size() == 3);
  CHECK(lines[1] == "arthur: set_sample_ratio(1.5) is ignored: give a share of traces from 0 to 1");
  CHECK(lines[2].find("nan") != std::string::npos);
  { ARTHUR_AGENT_SPAN("still sampled"); }
  CHECK(c.spans().size() == 1);
}
