// propagation.cpp: a trace over several processes: parents that came with a request, headers for the next one.
#include <arthur/arthur.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/capture.hpp"
#include "support/variable.hpp"

using support::capture;
using support::span;

namespace {

const std::string trace = "0af7651916cd43dd8448eb211c80319c", caller = "b7ad6b7169203331";
const std::string traceparent = "00-" + trace + "-" + caller + "-01";
const std::string other_trace = "11f7651916cd43dd8448eb211c80319c";
const std::string other_traceparent = "00-" + other_trace + "-c7ad6b7169203331-03";
constexpr std::string_view tracestate = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";

std::string hex(const std::string& raw) { return support::to_hex(raw); }
std::string sent_traceparent() { return std::string(std::string_view(arthur::current_traceparent())); }
std::string sent_tracestate() { return std::string(std::string_view(arthur::current_tracestate())); }

using support::variable;

}  // namespace

TEST_CASE("spans in the scope of a remote parent are its children and carry its tracestate, their children too") {
  capture c;
  {
    const arthur::remote_parent parent(traceparent, " rojo=00f067aa0ba902b7 ,, congo=t61rcWkgMzE");
    CHECK(parent.joined());
    ARTHUR_AGENT_SPAN("first");
    ARTHUR_TOOL_SPAN("inner");
  }
  { ARTHUR_SPAN("afterwards"); }
  const span first = c.only("first"), inner = c.only("inner"), afterwards = c.only("afterwards");
  CHECK(hex(first.trace_id) == trace);
  CHECK(hex(first.parent_span_id) == caller);
  CHECK(first.trace_state == tracestate);
  CHECK(hex(inner.trace_id) == trace);
  CHECK(inner.parent_span_id == first.span_id);
  CHECK(inner.trace_state == tracestate);
  CHECK(hex(afterwards.trace_id) != trace);
  CHECK(afterwards.parent_span_id.empty());
  CHECK(afterwards.trace_state == "");
  CHECK(c.problems().empty());
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("a span's flags say whether it is sampled, its trace id random, its parent in another process") {
  for (const auto protocol : {arthur::protocol::http_json, arthur::protocol::http_protobuf}) {
    arthur::options o;
    o.protocol = protocol;
    capture c(o);
    {
      const arthur::remote_parent parent(traceparent);
      ARTHUR_SPAN("not known to be random");
      ARTHUR_SPAN("its child");
    }
    {
      const arthur::remote_parent parent(other_traceparent);
      ARTHUR_SPAN("random");
      ARTHUR_SPAN("child of random");
    }
    { ARTHUR_SPAN("root"); }
    CHECK(c.only("not known to be random").flags == 0x301);
    CHECK(c.only("its child").flags == 0x101);
    CHECK(c.only("random").flags == 0x303);
    CHECK(c.only("child of random").flags == 0x103);
    CHECK(c.only("root").flags == 0x103);
  }
}

TEST_CASE("a header that isn't a traceparent has no effect: a new trace begins, or the open one goes on") {
  capture c;
  for (const char* const bad : {"", "00-0-0-01", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}) {
    const arthur::remote_parent parent(bad, tracestate);
    CHECK(!parent.joined());
    CHECK(sent_traceparent() == "");
    CHECK(sent_tracestate() == "");
    ARTHUR_SPAN(bad);
    CHECK(sent_tracestate() == "");
  }
  {
    const char* const missing = nullptr;
    const arthur::remote_parent parent(missing, missing);
    CHECK(!parent.joined());
  }
  {
    ARTHUR_SPAN("outer");
    const arthur::remote_parent parent("nonsense");
    ARTHUR_SPAN("inside");
  }
  CHECK(c.only("00-0-0-01").parent_span_id.empty());
  CHECK(c.only("00-0-0-01").trace_state == "");
  CHECK(c.only("inside").parent_span_id == c.only("outer").span_id);
}

TEST_CASE("a malformed tracestate is left out, the parent stays") {
  capture c;
  {
    const arthur::remote_parent parent(traceparent, "good=1,BAD=2");
    CHECK(parent.joined());
    ARTHUR_SPAN("span");
  }
  CHECK(hex(c.only("span").parent_span_id) == caller);
  CHECK(c.only("span").trace_state == "");
}

TEST_CASE("remote parents and spans nest, each trace with its own tracestate") {
  capture c;
  {
    ARTHUR_SPAN("server");
    {
      const arthur::remote_parent parent(traceparent, "a=1");
      ARTHUR_SPAN("request");
      {
        const arthur::remote_parent inner(other_traceparent, "b=2");
        ARTHUR_SPAN("inner request");
        CHECK(sent_tracestate() == "b=2");
      }
      {
        const arthur::remote_parent stateless(other_traceparent);
        ARTHUR_SPAN("stateless");
        CHECK(sent_tracestate() == "");
      }
      ARTHUR_SPAN("rest of request");
      CHECK(sent_tracestate() == "a=1");
    }
    ARTHUR_SPAN("rest of server");
  }
  CHECK(c.only("request").trace_state == "a=1");
  CHECK(c.only("inner request").trace_state == "b=2");
  CHECK(c.only("stateless").trace_state == "");
  CHECK(hex(c.only("inner request").trace_id) == other_trace);
  CHECK(c.only("rest of request").parent_span_id == c.only("request").span_id);
  CHECK(c.only("rest of request").trace_state == "a=1");
  CHECK(c.only("rest of server").parent_span_id == c.only("server").span_id);
  CHECK(c.only("rest of server").trace_state == "");
}

TEST_CASE("what acts on the current span does nothing where the current span is another process's") {
  capture c;
  {
    ARTHUR_SPAN("outer");
    const arthur::remote_parent parent(traceparent);
    ARTHUR_SET(arthur::attribute("a", 1));
    ARTHUR_EVENT("event");
    ARTHUR_ERROR("error");
    ARTHUR_END();
    ARTHUR_SPAN("inside");
  }
  CHECK(c.only("outer").find("a") == nullptr);
  CHECK(c.only("outer").events.empty());
  CHECK(c.only("outer").status_code == 1);
  CHECK(hex(c.only("inside").parent_span_id) == caller);
}

TEST_CASE("a trace that its process doesn't sample isn't recorded here, and the next one learns so") {
  capture c;
  const auto before = arthur::stats();
  {
    const arthur::remote_parent parent("00-" + trace + "-" + caller + "-02", tracestate);
    CHECK(sent_traceparent() == "00-" + trace + "-" + caller + "-02");
    ARTHUR_SPAN("unsampled");
    CHECK(sent_traceparent() == "00-" + trace + "-" + arthur::current_span_id().c_str() + "-02");
    CHECK(std::string_view(arthur::current_span_id()) != caller);
    CHECK(sent_tracestate() == tracestate);
    arthur::span detached(arthur::kind::tool, "also unsampled");
    CHECK(!detached.recording());
    const auto active = detached.activate();
    CHECK(sent_tracestate() == tracestate);
    ARTHUR_SPAN("child");
  }
  CHECK(c.spans().empty());
  const auto after = arthur::stats();
  CHECK(after.unsampled - before.unsampled == 3);
  CHECK(after.opened == before.opened);
}

TEST_CASE("a parent-based sampler follows the remote parent's flag, another one decides by itself") {
  const struct {
    const char* sampler;
    const char* argument;
    bool sampled_recorded, unsampled_recorded;
  } rows[] = {
      {"parentbased_always_on", "", true, false},
      {"parentbased_always_off", "", true, false},
      {"parentbased_traceidratio", "0", true, false},
      {"always_on", "", true, true},
      {"always_off", "", false, false},
      {"traceidratio", "1", true, true},
      {"traceidratio", "0", false, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.sampler);
    const variable name("OTEL_TRACES_SAMPLER", row.sampler), argument("OTEL_TRACES_SAMPLER_ARG", row.argument);
    capture c;
    for (const char* const flag : {"00", "01"}) {
      const arthur::remote_parent parent("00-" + trace + "-" + caller + "-" + flag);
      CHECK(sent_traceparent() == "00-" + trace + "-" + caller + "-" + flag);  // handed on as it came
      const bool recorded = flag == std::string_view("01") ? row.sampled_recorded : row.unsampled_recorded;
      ARTHUR_SPAN(flag);
      CHECK(sent_traceparent().substr(53) == (recorded ? "01" : "00"));
    }
    CHECK(c.count("01") == (row.sampled_recorded ? 1 : 0));
    CHECK(c.count("00") == (row.unsampled_recorded ? 1 : 0));
  }
}

TEST_CASE("the ratio decides by the lower half of the trace id, alike for traces from here and from elsewhere") {
  const variable name("OTEL_TRACES_SAMPLER", "traceidratio"), argument("OTEL_TRACES_SAMPLER_ARG", "0.25");
  capture c;
  const struct {
    const char* half;
    bool recorded;
  } rows[] = {{"0000000000000000", true}, {"0000000000000001", true},  {"3fffffff00000000", true},
              {"4000000000000001", false}, {"8000000000000000", false}, {"ffffffffffffffff", false}};
  for (const auto& row : rows) {
    CAPTURE(row.half);
    const arthur::remote_parent parent(std::string("00-ffffffffffffffff") + row.half + "-" + caller + "-01");
    ARTHUR_SPAN(row.half);
    CHECK(sent_traceparent().substr(53) == (row.recorded ? "01" : "00"));
  }
  int recorded = 0;
  for (int n = 0; n < 4000; ++n) {
    ARTHUR_SPAN("root");
    const std::string own = sent_traceparent();
    const arthur::remote_parent there(own);
    ARTHUR_SPAN("there");
    CHECK(sent_traceparent().substr(53) == own.substr(53));
    recorded += own.substr(53) == "03";
  }
  CHECK(recorded > 800);
  CHECK(recorded < 1200);
}

TEST_CASE("nothing is sampled at ratio 0, whatever trace id comes") {
  const variable name("OTEL_TRACES_SAMPLER", "always_off");
  capture c;
  const arthur::remote_parent parent("00-00000000000000010000000000000000-" + caller + "-01");
  ARTHUR_SPAN("span");
  CHECK(sent_traceparent().substr(53) == "00");
}

TEST_CASE("a detached span keeps trace and tracestate beyond the scope, and passes them on where it is activated") {
  capture c;
  arthur::span job, second;
  {
    const arthur::remote_parent parent(traceparent, tracestate);
    job = arthur::span(arthur::kind::tool, "job");
    ARTHUR_SPAN("between");
    second = arthur::span(arthur::kind::tool, "second");
  }
  std::thread([&job] {
    const auto active = job.activate();
    ARTHUR_SPAN("child");
    CHECK(sent_tracestate() == tracestate);
    job.end();
    for (int n = 0; n < 100; ++n) arthur::span(arthur::kind::tool, "takes memory that was given back").end();
    ARTHUR_SPAN("child of an ended span");
    arthur::span grandchild(arthur::kind::tool, "detached grandchild");
  }).join();
  second.end();
  for (const char* const name : {"job", "second", "between", "child", "child of an ended span", "detached grandchild"}) {
    CAPTURE(name);
    CHECK(hex(c.only(name).trace_id) == trace);
    CHECK(c.only(name).trace_state == tracestate);
  }
  CHECK(hex(c.only("job").parent_span_id) == caller);
  CHECK(c.only("job").flags == 0x301);
  CHECK(c.only("second").parent_span_id == c.only("between").span_id);
  CHECK(c.only("child").parent_span_id == c.only("job").span_id);
  CHECK(c.only("child").flags == 0x101);
  CHECK(c.only("detached grandchild").parent_span_id == c.only("child of an ended span").span_id);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("a tracestate of 512 characters goes with scoped and detached spans") {
  std::string longest;
  for (char k = 'a'; k < 'e'; ++k) longest += std::string(1, k) + "=" + std::string(k == 'd' ? 126 : 125, 'v') + ",";
  longest.pop_back();
  longest.pop_back();
  longest += "v";
  REQUIRE(longest.size() >= 511);
  REQUIRE(longest.size() <= 512);
  capture c;
  {
    const arthur::remote_parent parent(traceparent, longest);
    ARTHUR_SPAN("scoped", arthur::input(std::string(20000, 'x')));
    CHECK(sent_tracestate() == longest);
    arthur::span(arthur::kind::tool, "detached").end();
  }
  CHECK(c.only("scoped").trace_state == longest);
  CHECK(c.only("detached").trace_state == longest);
}

TEST_CASE("scopes of requests that take turns on one thread may end in any order") {
  capture c;
  auto a = std::make_unique<arthur::remote_parent>(traceparent, "a=1");
  auto span_of_a = std::make_unique<arthur::scoped_span>(arthur::kind::chain, "a");
  auto b = std::make_unique<arthur::remote_parent>(other_traceparent, "b=2");
  a.reset();
  { ARTHUR_SPAN("in b"); }
  b.reset();
  { ARTHUR_SPAN("in a, whose tracestate is gone"); }
  span_of_a.reset();
  CHECK(sent_traceparent() == "");
  CHECK(c.only("in b").trace_state == "b=2");
  CHECK(hex(c.only("in a, whose tracestate is gone").trace_id) == trace);
  CHECK(c.only("in a, whose tracestate is gone").trace_state == "");
  CHECK(c.only("a").trace_state == "a=1");
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("a thread has room for eight tracestates at once; beyond them the trace is joined without") {
  capture c;
  for (int round = 0; round < 3; ++round) {  // the room is given back
    std::vector<std::unique_ptr<arthur::remote_parent>> open;
    for (int n = 0; n < 10; ++n) {
      open.push_back(std::make_unique<arthur::remote_parent>(traceparent, "n=" + std::to_string(n)));
      CHECK(open.back()->joined());
      CHECK(sent_tracestate() == (n < 8 ? "n=" + std::to_string(n) : ""));
    }
    while (!open.empty()) open.pop_back();
  }
}

TEST_CASE("deeper than a thread keeps open spans a remote parent has no effect") {
  capture c;
  std::vector<std::unique_ptr<arthur::scoped_span>> open;
  for (int n = 0; n < 128; ++n) open.push_back(std::make_unique<arthur::scoped_span>(arthur::kind::chain, "deep"));
  {
    const arthur::remote_parent parent(traceparent, tracestate);
    CHECK(!parent.joined());
    CHECK(sent_tracestate() == "");
  }
  while (!open.empty()) open.pop_back();
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("a scope that ends on another thread, or not before its own thread does, leaves nothing behind") {
  capture c;
  auto parent = std::make_unique<arthur::remote_parent>(traceparent, tracestate);
  std::thread([&] { parent.reset(); }).join();
  { ARTHUR_SPAN("afterwards"); }
  CHECK(sent_traceparent() == "");
  CHECK(c.only("afterwards").parent_span_id.empty());
  for (int n = 0; n < 20; ++n) {  // the thread's slot, with its room for tracestates, goes to the next one
    std::unique_ptr<arthur::remote_parent> left;
    std::thread([&] {
      left = std::make_unique<arthur::remote_parent>(traceparent, tracestate);
      CHECK(sent_tracestate() == tracestate);
    }).join();
  }
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("current_traceparent names the innermost span, and is empty outside") {
  capture c;
  CHECK(arthur::current_traceparent().empty());
  CHECK(arthur::current_traceparent().c_str() == std::string());
  CHECK(arthur::current_tracestate().empty());
  CHECK(arthur::current_tracestate().c_str() == std::string());
  {
    ARTHUR_SPAN("span");
    const auto header = arthur::current_traceparent();
    CHECK(header.c_str() == "00-" + std::string(std::string_view(arthur::current_trace_id())) + "-" + arthur::current_span_id().c_str() + "-03");
    CHECK(std::string_view(header).size() == 55);
    std::thread([] { CHECK(arthur::current_traceparent().empty()); }).join();
  }
  CHECK(arthur::current_traceparent().empty());
}

TEST_CASE("without a running runtime what came is handed on") {
  { capture c; }
  const arthur::remote_parent parent(traceparent, tracestate);
  CHECK(parent.joined());
  ARTHUR_SPAN("not recorded");
  CHECK(sent_traceparent() == traceparent);
  CHECK(sent_tracestate() == tracestate);
}

TEST_CASE("with OTEL_PROPAGATORS=none no header is read or written") {
  const variable none("OTEL_PROPAGATORS", "none");
  {
    capture c;
    const arthur::remote_parent parent(traceparent, tracestate);
    CHECK(!parent.joined());
    {
      ARTHUR_SPAN("root");
      CHECK(sent_traceparent() == "");
      CHECK(sent_tracestate() == "");
    }
    CHECK(c.only("root").parent_span_id.empty());
  }
  support::set_variable("OTEL_PROPAGATORS", nullptr);
  capture c;
  CHECK(arthur::remote_parent(traceparent).joined());
}
