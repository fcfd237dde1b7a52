// otlp_redaction.cpp: every text of a span is shown to the redactors and to the function, and the span is written anew around what they say.
#include <doctest/doctest.h>

#include <arthur/otlp/redaction.hpp>
#include <map>
#include <new>
#include <string>
#include <utility>
#include <vector>

using namespace arthur::detail;
using arthur::redactor;

namespace {

std::string varint(std::size_t n) {
  char to[10];
  return {to, static_cast<std::size_t>(wire::put_varint(to, n) - to)};
}
std::string field(unsigned tag, const std::string& content) { return varint(tag) + varint(content.size()) + content; }
std::string text_value(const std::string& text) { return field(wire::any_string, text); }
std::string list_of(const std::vector<std::string>& values) {
  std::string all;
  for (const std::string& v : values) all += field(wire::array_values, v);
  return field(wire::any_array, all);
}
std::string key_value(unsigned tag, const std::string& key, const std::string& value) {
  return field(tag, field(wire::key_value_key, key) + field(wire::key_value_value, value));
}
std::string map_of(const std::vector<std::pair<std::string, std::string>>& values) {
  std::string all;
  for (const auto& v : values) all += key_value(wire::kvlist_values, v.first, v.second);
  return field(wire::any_kvlist, all);
}
std::string attribute(const std::string& key, const std::string& value) { return key_value(wire::span_attributes, key, value); }
const std::string one = std::string(1, static_cast<char>(wire::any_int)) + '\x01';

/// A span with a text in each place that has one.
std::string span_with(const std::string& t) {
  return field(wire::span_trace_id, std::string(16, 't')) + field(wire::span_trace_state, "v=" + t) + field(wire::span_name, "name " + t) +
         attribute("openinference.span.kind", text_value(t)) + attribute("text", text_value(t)) + attribute("number", one) +
         attribute("list", list_of({text_value("a"), text_value(t), one})) +
         attribute("map", map_of({{"x", text_value(t)}, {"y", list_of({map_of({{"z", text_value(t)}})})}})) +
         field(wire::span_events, field(wire::event_name, t) + key_value(wire::event_attributes, "of event", text_value(t))) +
         field(wire::span_links, field(wire::link_trace_state, "v=" + t) + key_value(wire::link_attributes, "of link", text_value(t))) +
         field(wire::span_status, field(wire::status_message, t) + std::string(1, static_cast<char>(wire::status_code)) + '\x02');
}

using outcome = span_redactor::outcome;

outcome run(const redaction& what, const std::string& body, std::string& to) {
  span_redactor redactor(what);
  buffer out;
  out.append("before");
  const outcome done = redactor.redact(out, body.data(), body.size());
  REQUIRE_FALSE(out.failed());
  to.assign(out.data() + 6, out.size() - 6);
  return done;
}

using seen = std::vector<std::pair<std::string, std::string>>;

}  // namespace

TEST_CASE("every text but ids and the kind is shown with the key of its attribute") {
  seen all;
  const redaction what{redactor::none,
                       [](void* user, std::string_view key, std::string& text) {
                         static_cast<seen*>(user)->emplace_back(key, text);
                         return true;
                       },
                       &all};
  std::string out;
  CHECK(run(what, span_with("t"), out) == outcome::unchanged);
  CHECK(out == "");
  CHECK(all == seen{{"span.name", "name t"}, {"text", "t"}, {"list", "a"}, {"list", "t"}, {"map", "t"}, {"map", "t"},
                    {"event.name", "t"}, {"of event", "t"}, {"of link", "t"}, {"status.message", "t"}});
}

TEST_CASE("a changed text is written in its place, however its length changes what is around it") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{90}, std::size_t{127}, std::size_t{128}, std::size_t{20000}}) {
    std::string longer(size, 'l');
    const redaction what{redactor::none,
                         [](void* user, std::string_view, std::string& text) {
                           if (text.find("secret") == std::string::npos) return true;
                           text = (text == "name secret" ? "name " : "") + *static_cast<std::string*>(user);
                           return true;
                         },
                         &longer};
    std::string out, expected = span_with(longer);
    CHECK(run(what, span_with("secret"), out) == outcome::rewritten);
    // Trace states and the kind are as they were.
    const auto keep = [&](const std::string& changed, const std::string& kept) {
      const std::size_t at = expected.find(changed);
      REQUIRE(at != std::string::npos);
      expected.replace(at, changed.size(), kept);
    };
    keep(field(wire::span_trace_state, "v=" + longer), field(wire::span_trace_state, "v=secret"));
    keep(attribute("openinference.span.kind", text_value(longer)), attribute("openinference.span.kind", text_value("secret")));
    const std::string link = key_value(wire::link_attributes, "of link", text_value(longer));
    keep(field(wire::span_links, field(wire::link_trace_state, "v=" + longer) + link),
         field(wire::span_links, field(wire::link_trace_state, "v=secret") + link));
    CHECK(out == expected);
  }
}

TEST_CASE("what is dropped is left out with its key, an element of a list alone; names and messages become empty") {
  const redaction what{redactor::none, [](void*, std::string_view, std::string& text) { return text != "t" && text != "name t"; }, nullptr};
  std::string out;
  CHECK(run(what, span_with("t"), out) == outcome::rewritten);
  CHECK(out == field(wire::span_trace_id, std::string(16, 't')) + field(wire::span_trace_state, "v=t") + field(wire::span_name, "") +
                   attribute("openinference.span.kind", text_value("t")) + attribute("number", one) +
                   attribute("list", list_of({text_value("a"), one})) + attribute("map", map_of({{"y", list_of({map_of({})})}})) +
                   field(wire::span_events, field(wire::event_name, "")) + field(wire::span_links, field(wire::link_trace_state, "v=t")) +
                   field(wire::span_status, field(wire::status_message, "") + std::string(1, static_cast<char>(wire::status_code)) + '\x02'));
}

TEST_CASE("redactors come first, the function sees what they left") {
  seen all;
  const redaction what{redactor::emails,
                       [](void* user, std::string_view key, std::string& text) {
                         static_cast<seen*>(user)->emplace_back(key, text);
                         return true;
                       },
                       &all};
  std::string out;
  CHECK(run(what, attribute("k", text_value("to jane@x.com!")), out) == outcome::rewritten);
  CHECK(out == attribute("k", text_value("to [EMAIL]!")));
  CHECK(all == seen{{"k", "to [EMAIL]!"}});
}

TEST_CASE("a number of JSON that is taken for a secret becomes a string of JSON") {
  std::string out;
  CHECK(run({redactor::card_numbers}, attribute("k", text_value("{\"card\":4111111111111111}")), out) == outcome::rewritten);
  CHECK(out == attribute("k", text_value("{\"card\":\"[CARD_NUMBER]\"}")));
}

TEST_CASE("texts without secrets leave the span as it is") {
  std::string out;
  CHECK(run({redactor::all}, span_with("nothing to hide"), out) == outcome::unchanged);
  CHECK(out == "");
}

#if ARTHUR_HAS_EXCEPTIONS
TEST_CASE("a function that throws gets the text redacted, whatever it made of it, and is counted") {
  span_redactor redactor({redactor::none,
                          [](void*, std::string_view key, std::string& text) -> bool {
                            text += " and more";
                            if (key == "b") throw std::bad_alloc();
                            if (key == "c") throw 7;
                            return true;
                          },
                          nullptr});
  const std::string body = attribute("a", text_value("1")) + attribute("b", text_value("2")) + attribute("c", text_value("3"));
  buffer out;
  CHECK(redactor.redact(out, body.data(), body.size()) == outcome::rewritten);
  CHECK(std::string(out.data(), out.size()) ==
        attribute("a", text_value("1 and more")) + attribute("b", text_value("__REDACTED__")) + attribute("c", text_value("__REDACTED__")));
  CHECK(redactor.failures() == 2);
}
#endif

TEST_CASE("damaged bytes and an end of memory leave nothing behind: the span can't be told clean") {
  const std::string body = span_with("jane@x.com");
  std::string out;
  for (std::size_t size = 1; size < body.size(); ++size) {
    span_redactor redactor({redactor::all});
    buffer to;
    const outcome done = redactor.redact(to, body.data(), size);
    // Cut between two fields it is a shorter span.
    CHECK((done == outcome::undecodable || done == outcome::rewritten || size < 70));
    if (done != outcome::rewritten) CHECK(to.size() == 0);
  }
  char room[128];
  for (std::size_t size = 0; size < sizeof room; ++size) {
    buffer small(room, size);
    span_redactor redactor({redactor::all});
    CHECK(redactor.redact(small, body.data(), body.size()) == outcome::undecodable);
    CHECK(small.size() == 0);
  }
}

TEST_CASE("lists within lists without end are refused, not followed") {
  std::string value = text_value("x");
  for (int depth = 0; depth < 200; ++depth) value = list_of({value});
  std::string out;
  CHECK(run({redactor::all}, attribute("deep", value), out) == outcome::undecodable);
}
