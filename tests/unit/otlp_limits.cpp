// otlp_limits.cpp: cleaning holds a span to its limits, byte for byte, and touches nothing within them.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "otlp_cleaned.hpp"
#include "../support/otlp_judge.hpp"
#include "otlp_support.hpp"

using namespace arthur::detail;
using namespace otlp_test;

namespace {

cleaned clean_to(const span_limits& limits, const std::string& body, bool engine = false) {
  clean_flags flags;
  flags.engine = engine;
  flags.limits = &limits;
  return clean(body, flags);
}

std::string link(const std::string& attributes) { return bytes_field(13, bytes_field(1, "0123456789abcdef") + bytes_field(2, "01234567") + attributes); }
std::string link_attribute(const std::string& key, const std::string& value) { return bytes_field(4, key_value(key, value)); }
std::string event(const std::string& attributes) { return bytes_field(11, fixed64_field(1, 9) + bytes_field(2, "e") + attributes); }
std::string event_attribute(const std::string& key, const std::string& value) { return bytes_field(3, key_value(key, value)); }

}  // namespace

TEST_CASE("a span within its limits stays as it is") {
  span_limits limits;
  limits.attributes = limits.events = limits.links = limits.event_attributes = limits.link_attributes = 2;
  limits.length = 3;
  const std::string text = "\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba";  // nine bytes, three characters
  const std::string body = span_start() + attribute("a", text_any("abc")) + attribute("b", binary("123")) +
                           event(event_attribute("a", text_any(text)) + event_attribute("b", integer(1))) + event("") +
                           link(link_attribute("a", array({text_any(text)})) + link_attribute("b", integer(1))) + link("");
  for (const bool engine : {false, true}) CHECK(clean_to(limits, body, engine).outcome == clean_outcome::unchanged);
}

TEST_CASE("each limit cuts what it is for, and says how much") {
  const auto with = [](std::size_t span_limits::*which, std::size_t value) {
    span_limits limits;
    limits.*which = value;
    return limits;
  };
  const std::string one = attribute("a", integer(1)), two = attribute("b", integer(2)), three = attribute("c", integer(3));
  const std::string start = span_start();
  const struct {
    const char* what;
    span_limits limits;
    std::string in, out;
  } rows[] = {
      {"attributes", with(&span_limits::attributes, 2), start + one + two + three, start + one + two + varint_field(10, 1)},
      {"none at all", with(&span_limits::attributes, 0), start + one, start + varint_field(10, 1)},
      {"added to what was dropped before", with(&span_limits::attributes, 1), start + one + two + varint_field(10, 200),
       start + one + varint_field(10, 201)},
      {"the first place counts, the last value stays", with(&span_limits::attributes, 2), start + one + two + three + attribute("a", integer(9)),
       start + two + attribute("a", integer(9)) + varint_field(10, 1)},
      {"events", with(&span_limits::events, 1), start + event("") + event(event_attribute("a", integer(1))) + varint_field(12, 3),
       start + event("") + varint_field(12, 4)},
      {"links", with(&span_limits::links, 1), start + link("") + link("") + link(""), start + link("") + varint_field(14, 2)},
      {"attributes of events", with(&span_limits::event_attributes, 1),
       start + event(event_attribute("a", integer(1)) + event_attribute("b", integer(2)) + varint_field(4, 5)),
       start + event(event_attribute("a", integer(1)) + varint_field(4, 6))},
      {"attributes of links", with(&span_limits::link_attributes, 0), start + link(link_attribute("a", integer(1))),
       start + link(varint_field(5, 1))},
      {"text", with(&span_limits::length, 2), start + attribute("long key", text_any("a\xe4\xba\xba\xe4\xba\xba")),
       start + attribute("long key", text_any("a\xe4\xba\xba"))},
      {"text to nothing", with(&span_limits::length, 0), start + attribute("k", text_any("ab")), start + attribute("k", text_any(""))},
      {"bytes", with(&span_limits::length, 2), start + attribute("k", binary("\xff\xfe\xfd")), start + attribute("k", binary("\xff\xfe"))},
      {"inside", with(&span_limits::length, 1), start + attribute("k", array({text_any("ab"), map({{"key", text_any("cd")}, {"b", binary("xyz")}})})),
       start + attribute("k", array({text_any("a"), map({{"key", text_any("c")}, {"b", binary("x")}})}))},
      {"repaired first, then cut", with(&span_limits::length, 2), start + attribute("k", text_any("\xff\x80\x80z")),
       start + attribute("k", text_any(mark + mark))},
      {"in links", with(&span_limits::length, 1), start + link(link_attribute("a", text_any("xyz"))), start + link(link_attribute("a", text_any("x")))},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const cleaned got = clean_to(row.limits, row.in);
    CHECK(got.outcome == clean_outcome::rewritten);
    CHECK(got.body == row.out);
    CHECK(got.counts[clean_rule::limit] != 0);
    CHECK(clean_to(row.limits, got.body).outcome == clean_outcome::unchanged);
  }
}

TEST_CASE("a JSON text that a limit cut is plain text for the engine") {
  span_limits limits;
  limits.length = 10;
  const cleaned got = clean_to(limits,
                               span_start() + attribute("input.value", text_any(R"({"city":"Paris"})")) +
                                   attribute("input.mime_type", text_any("application/json")),
                               true);
  CHECK(got.outcome == clean_outcome::rewritten);
  CHECK(got.body.find(R"({"city":"P)") != std::string::npos);
  CHECK(got.body.find("Paris") == std::string::npos);
  CHECK(refusal(got.body) == "");
}
