// links.cpp: links to spans that aren't parents: of other processes by their headers, of this one by a captured context.
#include <arthur/arthur.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/capture.hpp"
#include "support/variable.hpp"

using support::capture;
using support::span;

namespace {

const std::string trace = "0af7651916cd43dd8448eb211c80319c", other = "b7ad6b7169203331";
const std::string traceparent = "00-" + trace + "-" + other + "-01";

std::string id(const std::string& raw) { return support::to_hex(raw); }

const support::value* of(const support::link& l, std::string_view key) {
  for (const auto& a : l.attributes) {
    if (a.key == key) return &a.val;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("a link names a span of another process, with its tracestate, flags and attributes") {
  for (const auto protocol : {arthur::protocol::http_json, arthur::protocol::http_protobuf}) {
    arthur::options o;
    o.protocol = protocol;
    capture c(o);
    {
      ARTHUR_CHAIN_SPAN("batch", arthur::link_to(traceparent));
      ARTHUR_SET(arthur::link_to({traceparent, " a=1 ,b=2"}, arthur::attribute("why", "retry"), arthur::attribute("attempt", 2),
                                 arthur::attribute("wait", 0.5), arthur::attribute("last", true)));
      arthur::span detached(arthur::kind::tool, "detached");
      detached.set(arthur::link_to("00-" + trace + "-" + other + "-02"));
    }
    const span batch = c.only("batch"), detached = c.only("detached");
    REQUIRE(batch.links.size() == 2);
    for (const support::link& l : batch.links) {
      CHECK(id(l.trace_id) == trace);
      CHECK(id(l.span_id) == other);
      CHECK(l.flags == 0x301);
    }
    CHECK(batch.links[0].trace_state == "");
    CHECK(batch.links[0].attributes.empty());
    CHECK(batch.links[1].trace_state == "a=1,b=2");
    REQUIRE(batch.links[1].attributes.size() == 4);
    CHECK(of(batch.links[1], "why")->text == "retry");
    CHECK(of(batch.links[1], "attempt")->integer == 2);
    CHECK(of(batch.links[1], "wait")->real == 0.5);
    CHECK(of(batch.links[1], "last")->boolean);
    REQUIRE(detached.links.size() == 1);
    CHECK(detached.links[0].flags == 0x302);
    CHECK(c.problems().empty());
  }
}

TEST_CASE("a link leads to where a context was captured, in this process or remote") {
  capture c;
  arthur::context local, remote, nowhere = arthur::context::current();
  std::string first_span;
  {
    ARTHUR_SPAN("first");
    first_span = arthur::current_span_id().c_str();
    local = arthur::context::current();
  }
  {
    const arthur::remote_parent parent(traceparent, "a=1");
    remote = arthur::context::current();
  }
  {
    ARTHUR_SPAN("second", arthur::link_to(local), arthur::link_to(remote, arthur::attribute("k", "v")), arthur::link_to(nowhere));
    ARTHUR_SET(arthur::link_to(nowhere, arthur::attribute("k", "v")));
  }
  const span second = c.only("second");
  REQUIRE(second.links.size() == 3);
  CHECK(id(second.links[0].span_id) == first_span);
  CHECK(second.links[0].trace_id == c.only("first").trace_id);
  CHECK(second.links[0].flags == 0x103);
  CHECK(id(second.links[1].span_id) == other);
  CHECK(second.links[1].flags == 0x301);
  CHECK(second.links[1].trace_state == "a=1");
  CHECK(of(second.links[1], "k")->text == "v");
  CHECK(id(second.links[2].span_id) == std::string(16, '0'));
}

TEST_CASE("a link to nothing is kept if it has attributes; what isn't attribute() is left out of it and counted") {
  capture c;
  {
    ARTHUR_SPAN("span", arthur::link_to("nonsense"), arthur::link_to({"nonsense", "a=1"}), arthur::link_to(""));
    ARTHUR_SET(arthur::link_to("nonsense", arthur::attribute("k", "v")));
    ARTHUR_SET(arthur::link_to(traceparent, arthur::input("x"), arthur::attribute("", 1), arthur::attribute("k", "v")));
    ARTHUR_SET(arthur::link_to({traceparent, "good=1,BAD"}));
  }
  const span s = c.only("span");
  REQUIRE(s.links.size() == 3);
  CHECK(id(s.links[0].trace_id) == std::string(32, '0'));
  CHECK(id(s.links[0].span_id) == std::string(16, '0'));
  CHECK(s.links[0].flags == 0);
  CHECK(s.links[0].trace_state == "");
  CHECK(s.links[0].attributes.size() == 1);
  CHECK(s.links[1].attributes.size() == 1);
  CHECK(s.links[1].dropped_attributes == 2);
  CHECK(s.links[2].trace_state == "");
  CHECK(s.find("input.value") == nullptr);
}

TEST_CASE("links keep their order, and the limit keeps the first") {
  arthur::options o;
  o.max_links = 3;
  capture c(o);
  {
    ARTHUR_SPAN("span");
    for (int n = 0; n < 5; ++n) ARTHUR_SET(arthur::link_to(traceparent, arthur::attribute("n", n)));
  }
  const span s = c.only("span");
  REQUIRE(s.links.size() == 3);
  for (int n = 0; n < 3; ++n) CHECK(of(s.links[static_cast<std::size_t>(n)], "n")->integer == n);
  CHECK(s.dropped_links == 2);
}

TEST_CASE("a link in a context is on every span inside, and is no attribute") {
  capture c;
  {
    ARTHUR_CONTEXT(arthur::link_to(traceparent), arthur::session_id("s"));
    ARTHUR_SPAN("outer");
    ARTHUR_SPAN("inner");
  }
  CHECK(c.only("outer").links.size() == 1);
  CHECK(c.only("inner").links.size() == 1);
  CHECK(c.only("inner").dropped_attributes == 0);
}

TEST_CASE("a link in a context goes on into inner scopes, and with the context to other threads") {
  capture c;
  {
    const arthur::remote_parent parent(traceparent, "a=1");
    ARTHUR_CONTEXT(arthur::link_to(traceparent), arthur::session_id("outer"));
    ARTHUR_CONTEXT(arthur::link_to(traceparent), arthur::session_id("inner"));
    { ARTHUR_SPAN("inner"); }
    const auto scope = arthur::context::current().with(arthur::user_id("u")).attach();
    ARTHUR_SPAN("attached");
  }
  for (const char* const name : {"inner", "attached"}) {
    CHECK(c.only(name).links.size() == 2);
    CHECK(c.only(name).text("session.id") == "inner");
  }
}

TEST_CASE("a context captured where all is suppressed, outside any span, leads nowhere") {
  capture c;
  arthur::context nowhere;
  {
    const arthur::suppress quiet;
    nowhere = arthur::context::current();
  }
  { ARTHUR_SPAN("span", arthur::link_to(nowhere), arthur::link_to(nowhere, arthur::attribute("k", "v"))); }
  const span s = c.only("span");
  REQUIRE(s.links.size() == 1);
  CHECK(s.links[0].flags == 0);
  CHECK(s.links[0].attributes.size() == 1);
}

TEST_CASE("a link where nothing records does nothing") {
  { capture c; }
  ARTHUR_SPAN("off", arthur::link_to(traceparent));
  ARTHUR_SET(arthur::link_to(traceparent, arthur::attribute("k", "v")));
  CHECK(arthur::current_traceparent().empty());
}
