// limits.cpp: how much one span may hold: attributes, their length, events; from the options to the wire.
#include <arthur/arthur.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/capture.hpp"

using support::capture;
using support::span;

namespace {

arthur::options protobuf() {
  arthur::options o;
  o.protocol = arthur::protocol::http_protobuf;
  o.code_location = false;
  return o;
}

}  // namespace

TEST_CASE("the attributes set first stay, with their last values, and the rest is counted") {
  auto o = protobuf();
  o.max_attributes = 4;
  capture c(o);
  const auto before = arthur::stats();
  {
    ARTHUR_SPAN("full", arthur::attribute("a", 1), arthur::attribute("b", 2));
    ARTHUR_SET(arthur::attribute("c", 3), arthur::attribute("d", 4));
    for (int n = 0; n < 100; ++n) ARTHUR_SET(arthur::attribute("b", n));
    ARTHUR_SET(arthur::attribute("e", 5), arthur::attribute("", 6));
  }
  { ARTHUR_SPAN("small", arthur::attribute("a", 1)); }
  const span s = c.only("full");
  CHECK(s.attributes.size() == 4);
  CHECK(s.text("openinference.span.kind") == "CHAIN");
  REQUIRE(s.find("b") != nullptr);
  CHECK(s.find("b")->integer == 99);
  CHECK(s.find("c") != nullptr);
  CHECK(s.find("d") == nullptr);
  CHECK(s.find("e") == nullptr);
  CHECK(s.dropped_attributes == 3);
  CHECK(c.only("small").dropped_attributes == 0);
  CHECK(arthur::stats().dropped_attributes - before.dropped_attributes == 3);
}

TEST_CASE("without a limit given a span holds 10,000 attributes, and a loop does not fill the memory with one") {
  capture c(protobuf());
  const std::uint64_t dropped = arthur::stats().dropped_pool_full;
  {
    ARTHUR_SPAN("long chat");
    for (int n = 0; n < 3000; ++n) ARTHUR_SET(arthur::input_message("user", "a"), arthur::output_message("assistant", "b"));
    for (int n = 0; n < 50000; ++n) ARTHUR_SET(arthur::attribute("again", n));
  }
  const span s = c.only("long chat");
  CHECK(s.attributes.size() == 10000);
  // 12,002 different keys; settings beyond 40,000 are not even taken.
  CHECK(s.dropped_attributes == 2002 + (12000 + 50000 - 40000));
  CHECK(arthur::stats().dropped_pool_full == dropped);
}

TEST_CASE("long texts are cut by characters, in lists and events too, whatever the encoding") {
  for (const auto protocol : {arthur::protocol::http_protobuf, arthur::protocol::http_json}) {
    auto o = protobuf();
    o.protocol = protocol;
    o.max_attribute_length = 5;
    capture c(o);
    const std::string chinese = "\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba", face = "\xf0\x9f\x98\x80";
    {
      ARTHUR_SPAN("a name of any length", arthur::attribute("chinese", chinese + "x"), arthur::attribute("whole", chinese),
                  arthur::attribute("faces", face + face + face + face + "ab" + face), arthur::attribute("number", 123456789),
                  arthur::attribute("list", std::vector<std::string>{"123456", "12345", chinese + face}),
                  arthur::attribute("a key of any length", "123456"));
      ARTHUR_EVENT("an event of any length", arthur::attribute("k", "123456789"));
      ARTHUR_ERROR("a message of any length");
    }
    const span s = c.only("a name of any length");
    CHECK(s.text("chinese") == chinese);
    CHECK(s.text("whole") == chinese);
    CHECK(s.text("faces") == face + face + face + face + "a");
    CHECK(s.find("number")->integer == 123456789);
    CHECK(support::describe(*s.find("list")) == "[\"12345\", \"12345\", \"" + chinese + "\"]");
    CHECK(s.text("a key of any length") == "12345");
    REQUIRE(s.events.size() == 1);
    CHECK(s.events[0].name == "an event of any length");
    CHECK(s.events[0].attributes.at(0).val.text == "12345");
    CHECK(s.status_message == "a message of any length");
    CHECK(s.dropped_attributes == 0);
    CHECK(c.requests().at(0).resources.at(0).resource.find("service.name")->text == "captured");  // not a span's
  }
}

TEST_CASE("events and their attributes are limited, the first ones stay, and what is missing is counted") {
  for (const auto protocol : {arthur::protocol::http_protobuf, arthur::protocol::http_json}) {
    auto o = protobuf();
    o.protocol = protocol;
    o.max_events = 2;
    o.max_event_attributes = 1;
    capture c(o);
    {
      ARTHUR_SPAN("s");
      for (const char* name : {"first", "second", "third", "fourth"}) {
        ARTHUR_EVENT(name, arthur::attribute("a", name), arthur::attribute("b", 2), arthur::attribute("c", 3));
      }
    }
    const span s = c.only("s");
    REQUIRE(s.events.size() == 2);
    CHECK(s.events[0].name == "first");
    CHECK(s.events[1].name == "second");
    REQUIRE(s.events[1].attributes.size() == 1);
    CHECK(s.events[1].attributes[0].val.text == "second");
    CHECK(s.events[1].dropped_attributes == 2);
    CHECK(s.dropped_events == 2);
  }
  capture c(protobuf());
  {
    ARTHUR_SPAN("by default");
    for (int n = 0; n < 130; ++n) ARTHUR_EVENT("e");
  }
  CHECK(c.only("by default").events.size() == 128);
  CHECK(c.only("by default").dropped_events == 2);
}

TEST_CASE("what the specification says about attributes and their limits, rule by rule") {
  static int lines = 0;
  lines = 0;
  auto o = protobuf();
  o.max_attributes = 6;
  o.max_attribute_length = 4;
  o.resource_attributes = {{"long", "longer than four"}, {"1", "x"}, {"2", "x"}, {"3", "x"}, {"4", "x"}, {"5", "x"}};
  o.on_diagnostic = [](void*, arthur::severity, const char*) { ++lines; };
  capture c(o);
  const std::vector<std::string> many(200, "abcdef");
  {
    ARTHUR_SPAN("span", arthur::attribute("text", ""), arthur::attribute("list", many), arthur::attribute("none", std::vector<int>{}));
    ARTHUR_SET(arthur::attribute("number", 1234567), arthur::attribute("large", UINT64_MAX), arthur::attribute("", "no key"));
    ARTHUR_SET(arthur::attribute("beyond", 1), arthur::attribute("beyond too", 2), arthur::attribute("number", 7654321.5));
    ARTHUR_EVENT("a name that is longer", arthur::attribute("in the event", "counts there"));
  }
  const span s = c.only("span");
  const auto shown = [&s](const char* key) { return s.find(key) == nullptr ? "(none)" : support::describe(*s.find(key)); };
  const struct {
    const char* rule;
    std::string is, should_be;
  } rows[] = {
      {"A1: empty values are kept", shown("text") + shown("none"), "\"\"[]"},
      {"A2: keys are not empty", shown(""), "(none)"},
      {"A2: the last value stays", shown("number"), "7654321.5"},
      {"A3: texts are cut in lists, too, and lists are not", std::to_string(s.find("list")->items.size()) + " " + support::describe(s.find("list")->items[199]), "200 \"abcd\""},
      {"A3, A10: a number that is written as a text is one, and is cut", shown("large"), "\"1844\""},
      {"A5: a list counts as one; what is beyond is left out and counted, a key that is there is set all the same",
       std::to_string(s.attributes.size()) + " " + shown("beyond") + " " + std::to_string(s.dropped_attributes), "6 (none) 3"},
      {"A3: names aren't cut", s.events.empty() ? "" : s.events[0].name, "a name that is longer"},
      {"A5: events have a limit of their own", std::to_string(s.events.empty() ? 0 : s.events[0].attributes.size()), "1"},
      {"A7: no line for it", std::to_string(lines), "0"},
      {"A9: the resource has no limits", support::describe(*c.requests()[0].resources[0].resource.find("long")), "\"longer than four\""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    CHECK(row.is == row.should_be);
  }
}
