#include <doctest/doctest.h>

#include <arthur/otlp/cleaning.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "otlp_judge.hpp"
#include "otlp_support.hpp"

using namespace arthur::detail;
using namespace otlp_test;

namespace {

const double nan_value = std::numeric_limits<double>::quiet_NaN();
const double infinity = std::numeric_limits<double>::infinity();
const std::string mark = "\xEF\xBF\xBD";

struct cleaned {
  clean_outcome outcome;
  std::string body;  // the span to send
  clean_counts counts;
};

cleaned clean(const std::string& body, const clean_flags& flags = {}) {
  const std::vector<char> exact(body.begin(), body.end());
  buffer out;
  out.append("before");
  cleaned got{clean_outcome::unchanged, body, {}};
  got.outcome = clean_span(out, exact.data(), exact.size(), flags, got.counts);
  CHECK((got.outcome == clean_outcome::rewritten) == (out.size() != 6));
  CHECK((got.outcome == clean_outcome::rewritten) == (got.counts.total() != 0));
  if (got.outcome == clean_outcome::rewritten) got.body.assign(out.data() + 6, out.size() - 6);
  return got;
}

using attributes = std::vector<std::pair<std::string, std::string>>;

std::string span_with(const attributes& list) {
  std::string body = span_start();
  for (const auto& one : list) body += attribute(one.first, one.second);
  return body;
}

// The attributes of a span, each KeyValue as key and AnyValue bytes.
attributes attributes_of(const std::string& body) {
  attributes list;
  bool good = true;
  for (const field& one : fields(body, good)) {
    if (one.number != 9) continue;
    list.emplace_back();
    for (const field& part : fields(one.content, good)) {
      (part.number == 1 ? list.back().first : list.back().second) = part.content;
    }
  }
  CHECK(good);
  return list;
}

std::string nested(const std::string& open, int times, const std::string& core, const std::string& close) {
  std::string text;
  for (int i = 0; i < times; ++i) text += open;
  text += core;
  for (int i = 0; i < times; ++i) text += close;
  return text;
}

std::string dotted(int parts) {
  std::string key = "a";
  while (--parts != 0) key += ".a";
  return key;
}

field last_of(const std::string& body, unsigned number) {
  bool good = true;
  field found;
  for (const field& one : fields(body, good)) {
    if (one.number == number) found = one;
  }
  return found;
}

}  // namespace

TEST_CASE("no attribute of engine-contract 1.6 and 1.7 keeps its refusal") {
  const std::string nine(4301, '9');
  const std::string long_id(3000, 'i');
  const struct {
    const char* line;
    attributes in;
    attributes out;
    clean_rule rule;
  } rows[] = {
      // §1.6: the span alone is rejected
      {"slash in a key", {{"a/b.c/d", integer(1)}}, {{"a_b.c_d", integer(1)}}, clean_rule::hostile_key},
      {"slash in metadata",
       {{"metadata", text(R"({"a/b":1})")}},
       {{"metadata", text(R"({"a_b":1})")}},
       clean_rule::json_rewritten},
      {"slash in *.metadata",
       {{"retrieval.documents.0.document.metadata", text(R"({"a/b":1})")}},
       {{"retrieval.documents.0.document.metadata", text(R"({"a_b":1})")}},
       clean_rule::json_rewritten},
      {"slash in invocation parameters",
       {{"llm.invocation_parameters", text(R"({"x":[{"a/b":1}]})")}},
       {{"llm.invocation_parameters", text(R"({"x":[{"a_b":1}]})")}},
       clean_rule::json_rewritten},
      {"slash in template variables",
       {{"llm.prompt_template.variables", text(R"({"a\/b":1})")}},
       {{"llm.prompt_template.variables", text(R"({"a_b":1})")}},
       clean_rule::json_rewritten},
      {"slash in tool parameters",
       {{"tool.parameters", text(R"({"\u002f":1})")}},
       {{"tool.parameters", text(R"({"_":1})")}},
       clean_rule::json_rewritten},
      {"slash in a function call",
       {{"llm.function_call", text(R"({"a/b":1})")}},
       {{"llm.function_call", text(R"({"a_b":1})")}},
       clean_rule::json_rewritten},
      {"slash in input.value",
       {{"input.value", text(R"({"a/b":1})")}, {"input.mime_type", text("application/json")}},
       {{"input.value", text(R"({"a/b":1})")}, {"input.mime_type", text("text/plain")}},
       clean_rule::json_as_text},
      {"slash in output.value, label first",
       {{"output.mime_type", text("application/json")}, {"output.value", text(R"([{"a/b":1}])")}},
       {{"output.mime_type", text("text/plain")}, {"output.value", text(R"([{"a/b":1}])")}},
       clean_rule::json_as_text},
      {"slash in any X.value",
       {{"x.value.y", text(R"({"a/b":1})")}, {"x.mime_type.y", text("application/json")}},
       {{"x.value.y", text(R"({"a/b":1})")}, {"x.mime_type.y", text("text/plain")}},
       clean_rule::json_as_text},
      {"digits that int() refuses",
       {{"l.\xc2\xb2", integer(1)}},
       {{"l._\xc2\xb2", integer(1)}},
       clean_rule::hostile_key},
      {"digits that int() refuses, in JSON",
       {{"metadata", text("{\"\xc2\xb2\":1}")}},
       {{"metadata", text("{\"_\xc2\xb2\":1}")}},
       clean_rule::json_rewritten},
      {"digits beyond int()'s limit",
       {{"l." + nine, integer(1)}},
       {{"l._" + nine, integer(1)}},
       clean_rule::hostile_key},
      {"only numeric top-level keys",
       {{"0", integer(1)}, {"1.a", integer(2)}},
       {{"_0", integer(1)}, {"_1.a", integer(2)}},
       clean_rule::hostile_key},
      {"only numeric top-level keys once the cost is gone",
       {{"0", integer(1)}, {"llm.cost.total", number(nan_value)}},
       {{"_0", integer(1)}},
       clean_rule::hostile_key},
      {"hundreds of dot levels",
       {{dotted(300), integer(1)}},
       {{dotted(100) + nested("_a", 200, "", ""), integer(1)}},
       clean_rule::hostile_key},
      {"JSON nested too deep",
       {{"metadata", text(std::string(2000, '['))}},
       {{"metadata", text("text: " + std::string(2000, '['))}},
       clean_rule::json_as_text},
      {"JSON objects that take the engine minutes",
       {{"metadata", text(nested("{\"a\":", 20, "1", "}"))}},
       {{"metadata", text("text: " + nested("{\"a\":", 20, "1", "}"))}},
       clean_rule::json_as_text},
      {"a JSON integer over 4300 digits",
       {{"metadata", text("[" + nine + "]")}},
       {{"metadata", text("[\"" + nine + "\"]")}},
       clean_rule::json_rewritten},
      {"a token count that is no number",
       {{"llm.token_count.prompt", text("many")}},
       {{"llm.token_count.prompt_value", text("many")}},
       clean_rule::misplaced_value},
      {"a token count with digits of Python only",
       {{"llm.token_count.total", text("9_9")}},
       {{"llm.token_count.total_value", text("9_9")}},
       clean_rule::misplaced_value},
      {"a cost that is no number",
       {{"llm.cost.total", text("cheap")}},
       {{"llm.cost.total_value", text("cheap")}},
       clean_rule::misplaced_value},
      {"an array for a token count",
       {{"llm.token_count.prompt", array({integer(1)})}},
       {{"llm.token_count.prompt_value", array({integer(1)})}},
       clean_rule::misplaced_value},
      {"a key below a token count",
       {{"llm.token_count.prompt.cached", integer(1)}},
       {{"llm.token_count.prompt_cached", integer(1)}},
       clean_rule::misplaced_value},
      {"message.contents that is no list of objects",
       {{"llm.input_messages.0.message.contents", text("[\"a\"]")}},
       {{"llm.input_messages.0.message.contents", text("text: [\"a\"]")}},
       clean_rule::json_as_text},
      {"a list beside what is below it",
       {{"metadata", text("[1]")}, {"metadata.y", integer(1)}},
       {{"metadata_value", text("[1]")}, {"metadata.y", integer(1)}},
       clean_rule::key_conflict},
      {"a list beside what is below it, in JSON",
       {{"metadata", text(R"({"a":[1],"a.b":2})")}},
       {{"metadata", text(R"(text: {"a":[1],"a.b":2})")}},
       clean_rule::json_as_text},
      {"NaN for an integer key",
       {{"reranker.top_k", number(nan_value)}},
       {{"reranker.top_k", text("NaN")}},
       clean_rule::nonfinite},
      // §1.7: the whole request fails
      {"NaN", {{"x", number(nan_value)}}, {{"x", text("NaN")}}, clean_rule::nonfinite},
      {"infinity",
       {{"x", number(infinity)}, {"y", number(-infinity)}},
       {{"x", text("Infinity")}, {"y", text("-Infinity")}},
       clean_rule::nonfinite},
      {"NaN in JSON",
       {{"metadata", text(R"({"a":NaN})")}},
       {{"metadata", text(R"({"a":"NaN"})")}},
       clean_rule::json_rewritten},
      {"NaN as JSON", {{"metadata", text("NaN")}}, {{"metadata", text("text: NaN")}}, clean_rule::json_as_text},
      {"1e400 in JSON",
       {{"metadata", text("[1e400]")}},
       {{"metadata", text("[\"1e400\"]")}},
       clean_rule::json_rewritten},
      {"NaN cost", {{"llm.cost.total", number(nan_value)}, {"x", integer(1)}}, {{"x", integer(1)}}, clean_rule::cost},
      {"NaN cost as text",
       {{"llm.cost.prompt", text("nan")}},
       {{"llm.cost.prompt_value", text("nan")}},
       clean_rule::misplaced_value},
      {"infinite score as text",
       {{"document.score", text("1e999")}},
       {{"document.score_value", text("1e999")}},
       clean_rule::misplaced_value},
      {"U+0000 in a text", {{"x", text(std::string("a\0b", 3))}}, {{"x", text("ab")}}, clean_rule::nul},
      {"U+0000 in a key", {{std::string("a\0b", 3), integer(1)}}, {{"ab", integer(1)}}, clean_rule::nul},
      {"U+0000 in an array",
       {{"x", array({text(std::string("a\0b", 3))})}},
       {{"x", array({text("ab")})}},
       clean_rule::nul},
      {"U+0000 in a map",
       {{"x", map({{std::string("k\0", 2), text(std::string("\0", 1))}})}},
       {{"x", map({{"k", text("")}})}},
       clean_rule::nul},
      {"U+0000 in session.id",
       {{"session.id", text(std::string("a\0b", 3))}},
       {{"session.id", text("ab")}},
       clean_rule::nul},
      {"\\u0000 in JSON",
       {{"metadata", text(R"({"a":"\u0000b"})")}},
       {{"metadata", text(R"({"a":"b"})")}},
       clean_rule::json_rewritten},
      {"a lone surrogate in JSON",
       {{"metadata", text(R"({"a":"\ud800"})")}},
       {{"metadata", text(R"({"a":"\ufffd"})")}},
       clean_rule::json_rewritten},
      {"JSON in JSON",
       {{"metadata", text(R"({"metadata":"NaN"})")}},
       {{"metadata", text(R"(text: {"metadata":"NaN"})")}},
       clean_rule::json_as_text},
      {"a token count above int32",
       {{"llm.token_count.prompt", integer(2147483648)}},
       {{"llm.token_count.prompt", text("1000000000")}},
       clean_rule::token_count},
      {"a token count as text above int32",
       {{"llm.token_count.total", text("99999999999999999999")}},
       {{"llm.token_count.total", text("1000000000")}},
       clean_rule::token_count},
      {"a token count as double above int32",
       {{"llm.token_count.completion", number(-1e300)}},
       {{"llm.token_count.completion", text("-1000000000")}},
       clean_rule::token_count},
      {"two token counts whose sum is above int32",
       {{"llm.token_count.prompt", integer(2147483647)}, {"llm.token_count.completion", integer(1)}},
       {{"llm.token_count.prompt", text("1000000000")}, {"llm.token_count.completion", integer(1)}},
       clean_rule::token_count},
      {"session.id over 2.6 kB",
       {{"session.id", text(long_id)}},
       {{"session.id", text(long_id.substr(0, 1024))}},
       clean_rule::too_long},
      {"user.id over 2.6 kB, not cut inside a character",
       {{"user.id", text("x" + nested("\xc3\xa9", 1500, "", ""))}},
       {{"user.id", text("x" + nested("\xc3\xa9", 511, "", ""))}},
       clean_rule::too_long},
      {"span kind over 2.6 kB",
       {{"openinference.span.kind", text(long_id)}},
       {{"openinference.span.kind", text(long_id.substr(0, 1024))}},
       clean_rule::too_long},
      {"an array as session.id",
       {{"session.id", array({text(long_id)})}},
       {{"session.id_value", array({text(long_id)})}},
       clean_rule::misplaced_value},
      {"a key below session.id",
       {{"session.id.x", text(long_id)}},
       {{"session.id_x", text(long_id)}},
       clean_rule::misplaced_value},
      {"invalid UTF-8 in a text", {{"x", text("a\xff")}}, {{"x", text("a" + mark)}}, clean_rule::invalid_utf8},
      {"invalid UTF-8 in a key", {{"a\xc3", integer(1)}}, {{"a" + mark, integer(1)}}, clean_rule::invalid_utf8},
      // §3.4: not refused, but lost
      {"a scalar before what is below it",
       {{"user", text("u")}, {"user.id", text("i")}},
       {{"user_value", text("u")}, {"user.id", text("i")}},
       clean_rule::key_conflict},
      {"a scalar behind what is below it",
       {{"user.id", text("i")}, {"user", text("u")}},
       {{"user.id", text("i")}, {"user_value", text("u")}},
       clean_rule::key_conflict},
      {"a list index as a key",
       {{"items[0].x", integer(1)}, {"items[1]", integer(2)}},
       {{"items(0).x", integer(1)}, {"items(1)", integer(2)}},
       clean_rule::hostile_key},
      {"an empty key",
       {{"", integer(1)}, {"x", integer(2)}},
       {{"unnamed", integer(1)}, {"x", integer(2)}},
       clean_rule::hostile_key},
      {"a repeated key",
       {{"x", integer(1)}, {"y", integer(2)}, {"x", integer(3)}},
       {{"y", integer(2)}, {"x", integer(3)}},
       clean_rule::repeated_key},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    const cleaned got = clean(span_with(row.in));
    CHECK(got.outcome == clean_outcome::rewritten);
    CHECK(got.counts[row.rule] != 0);
    const attributes out = attributes_of(got.body);
    REQUIRE(out.size() == row.out.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      CHECK(out[i].first.substr(0, 300) == row.out[i].first.substr(0, 300));
      CHECK(out[i].second.substr(0, 300) == row.out[i].second.substr(0, 300));
      CHECK((out[i] == row.out[i]));
    }
    CHECK(refusal(got.body) == "");
    CHECK(clean(got.body).outcome == clean_outcome::unchanged);
  }
}

TEST_CASE("what the engine takes is left alone") {
  const attributes rows[] = {
      {},
      {{"input.value", text("plain text / with \"everything\"\n")}, {"input.mime_type", text("text/plain")}},
      {{"input.value", text(R"({"messages":[{"role":"user","content":"http://a/b"}]})")},
       {"input.mime_type", text("application/json")}},
      {{"input.value", text("not {json")}, {"input.mime_type", text("application/json")}},
      {{"input.value", text(R"({"a/b":NaN})")}, {"input.mime_type", text("text/plain")}},
      {{"input.value", text(R"({"a/b":1})")}, {"output.mime_type", text("application/json")}},
      {{"llm.tools.0.tool.json_schema", text(R"({"a/b":1})")}},
      {{"llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments", text(R"({"a/b":1})")}},
      {{"x", text("the six characters \\u0000")}},
      {{"metadata", text(R"({"a":"\\u0000","b":{"1":2}})")}},
      {{"metadata", text("just words")}},
      {{"llm.token_count.prompt", integer(12)},
       {"llm.token_count.completion", text("12")},
       {"llm.token_count.total", number(24)}},
      {{"llm.token_count.prompt", integer(-5)}, {"llm.cost.total", text("1.5e-3")}, {"llm.cost.prompt", integer(0)}},
      {{"embedding.vector", array({number(nan_value), number(1)})}},  // the engine keeps these as text
      {{"x", map({{"a/b", number(infinity)}})}},
      {{"session.id", integer(42)}, {"user.id", boolean(true)}},
      {{"0", integer(1)}, {"1", integer(2)}, {"a", integer(3)}},
      {{"l.0.x", integer(1)}, {"l.1.x", integer(2)}, {"l.\xe8\xae\xa2", integer(3)}},
      {{"user.id", text("u")}, {"user_id", text("v")}, {"user-id.x", text("w")}},
      {{dotted(100), integer(1)}},
      {{"x", ""}},
      {{"bytes", binary("a\xff")}},
      {{"llm.input_messages.0.message.contents", text(R"([{"message_content.type":"text"}])")}},
  };
  for (const auto& row : rows) {
    const std::string body = span_with(row);
    CHECK(refusal(body) == "");
    const cleaned got = clean(body);
    CHECK_MESSAGE(got.outcome == clean_outcome::unchanged, (row.empty() ? "" : row[0].first));
  }
}

TEST_CASE("name, times, parent and the texts outside attributes are made storable") {
  const auto name = [](const std::string& in) { return last_of(clean(span_start(in)).body, 5).content; };
  CHECK(name("") == "unnamed");
  CHECK(name(std::string(1, '\0')) == "unnamed");
  CHECK(name("a\xff") == "a" + mark);
  CHECK(name(std::string(3000, 'n')) == std::string(1024, 'n'));
  CHECK(name(std::string("\0", 1) + std::string(1024, 'n')) == std::string(1024, 'n'));

  const struct {
    std::uint64_t start, end, clean_start, clean_end;
  } times[] = {{0, 0, 1, 1}, {0, 7, 7, 7}, {7, 0, 7, 7}, {9, 3, 9, 9}, {3, 3, 3, 3}, {3, 9, 3, 9}};
  for (const auto& row : times) {
    const cleaned got = clean(span_start("n", row.start, row.end));
    CHECK(last_of(got.body, 7).value == row.clean_start);
    CHECK(last_of(got.body, 8).value == row.clean_end);
    CHECK((got.counts[clean_rule::time] != 0) == (row.start != row.clean_start || row.end != row.clean_end));
  }
  // Not on the wire at all.
  const cleaned bare = clean(bytes_field(1, "0123456789abcdef") + bytes_field(2, "01234567"));
  CHECK(last_of(bare.body, 5).content == "unnamed");
  CHECK(last_of(bare.body, 7).value == 1);
  CHECK(refusal(bare.body) == "");

  CHECK(last_of(clean(span_start() + bytes_field(4, std::string(8, '\0'))).body, 4).number == 0);
  CHECK(last_of(clean(span_start() + bytes_field(4, "01234567")).body, 4).content == "01234567");

  const std::string bad("b\0\xff", 3);
  const std::string event = fixed64_field(1, 9) + bytes_field(2, bad) + bytes_field(3, key_value(bad, text(bad)));
  const std::string link =
      bytes_field(1, "t") + bytes_field(3, bad) + bytes_field(4, key_value(bad, array({text(bad)})));
  const cleaned got = clean(span_start() + bytes_field(3, bad) + bytes_field(11, event) + bytes_field(13, link) +
                            bytes_field(15, bytes_field(2, bad) + varint_field(3, 2)) + fixed32_field(16, 1));
  const std::string good = "b" + mark;
  CHECK(last_of(got.body, 3).content == good);
  CHECK(last_of(got.body, 11).content ==
        fixed64_field(1, 9) + bytes_field(2, good) + bytes_field(3, key_value(good, text(good))));
  CHECK(last_of(got.body, 13).content ==
        bytes_field(1, "t") + bytes_field(3, good) + bytes_field(4, key_value(good, array({text(good)}))));
  CHECK(last_of(got.body, 15).content == bytes_field(2, good) + varint_field(3, 2));
  CHECK(last_of(got.body, 16).value == 1);
}

TEST_CASE("what is nested deeper than protobuf parsers go becomes empty") {
  std::string value = text("core");
  for (unsigned depth = 2; depth <= max_engine_depth; ++depth) value = map({{"k", value}});
  CHECK(clean(span_with({{"x", value}})).outcome == clean_outcome::unchanged);
  const cleaned got = clean(span_with({{"x", array({value})}}));
  CHECK(got.counts[clean_rule::too_deep] == 1);
  CHECK(got.body.find("core") == std::string::npos);
  CHECK(clean(got.body).outcome == clean_outcome::unchanged);
  for (int depth = 0; depth < 2000; ++depth) value = array({value});
  CHECK(clean(span_start() + bytes_field(11, bytes_field(3, key_value("x", value)))).counts[clean_rule::too_deep] == 1);
}

TEST_CASE("renamed keys collide with nothing and lose nothing") {
  const struct {
    attributes in;
    attributes out;
  } rows[] = {
      {{{"a/b", integer(1)}, {"a_b", integer(2)}}, {{"a_b_value", integer(1)}, {"a_b", integer(2)}}},
      {{{"a_b", integer(2)}, {"a/b", integer(1)}}, {{"a_b", integer(2)}, {"a_b_value", integer(1)}}},
      {{{"a\xff", integer(1)}, {"a\xfe", integer(2)}, {"a\xfd", integer(3)}},
       {{"a" + mark + "_value", integer(1)}, {"a" + mark + "_value_2", integer(2)}, {"a" + mark, integer(3)}}},
      {{{"x", integer(1)}, {"x.y", integer(2)}, {"x_value", integer(3)}},
       {{"x_value_2", integer(1)}, {"x.y", integer(2)}, {"x_value", integer(3)}}},
      {{{"x", integer(1)}, {"x.y", integer(2)}, {"x_value.z", integer(3)}},
       {{"x_value_2", integer(1)}, {"x.y", integer(2)}, {"x_value.z", integer(3)}}},
      {{{"x", integer(1)}, {"x.y", integer(2)}, {"x.y.z", integer(3)}},
       {{"x_value", integer(1)}, {"x.y_value", integer(2)}, {"x.y.z", integer(3)}}},
      {{{"input", text("i")}, {"input.value", text("v")}}, {{"input_value", text("i")}, {"input.value", text("v")}}},
      {{{"x", integer(1)}, {"x-y", integer(2)}, {"x.y", integer(3)}},
       {{"x_value", integer(1)}, {"x-y", integer(2)}, {"x.y", integer(3)}}},
      {{{"llm.cost.total", text("?")}, {"llm.cost.total_value", integer(1)}},
       {{"llm.cost.total_value_value", text("?")}, {"llm.cost.total_value", integer(1)}}},
  };
  for (const auto& row : rows) {
    const cleaned got = clean(span_with(row.in));
    CHECK((attributes_of(got.body) == row.out));
    CHECK(refusal(got.body) == "");
  }
}

TEST_CASE("the plain profile repairs UTF-8 and removes repeated keys, nothing else") {
  clean_flags flags;
  flags.engine = false;
  const attributes untouched = {{"a/b", number(nan_value)}, {"x", text(std::string("\0", 1))},
                                {"x.y", integer(1)},        {"metadata", text(R"({"a/b":NaN})")},
                                {"", integer(2)},           {"llm.token_count.prompt", text("many")}};
  CHECK(clean(span_with(untouched), flags).outcome == clean_outcome::unchanged);
  CHECK(clean(span_start("", 0, 0), flags).outcome == clean_outcome::unchanged);
  const cleaned got = clean(span_with({{"x", integer(1)}, {"y\xff", text("\xff")}, {"x", integer(2)}}), flags);
  CHECK((attributes_of(got.body) == attributes{{"y" + mark, text(mark)}, {"x", integer(2)}}));
  CHECK(got.counts[clean_rule::repeated_key] == 1);
  CHECK(got.counts[clean_rule::invalid_utf8] == 2);
  CHECK(last_of(clean(span_start("n\xff"), flags).body, 5).content == "n" + mark);
}

TEST_CASE("flags spare the checks that can't find anything") {
  clean_flags flags;
  flags.may_repeat_keys = false;
  flags.free_keys = false;
  CHECK(clean(span_with({{"x", integer(1)}, {"x", integer(2)}, {"x.y/z", integer(3)}}), flags).outcome ==
        clean_outcome::unchanged);
  flags.may_repeat_keys = true;
  CHECK(attributes_of(clean(span_with({{"x", integer(1)}, {"x", integer(2)}, {"x.y/z", integer(3)}}), flags).body)
            .size() == 2);
}

TEST_CASE("ten thousand attributes, half of them repeated, become the last of each") {
  attributes list;
  for (int i = 0; i < 10000; ++i) list.emplace_back("key." + std::to_string(i * 7 % 5000) + ".x", integer(i));
  const cleaned got = clean(span_with(list));
  CHECK(got.counts[clean_rule::repeated_key] == 5000);
  CHECK((attributes_of(got.body) == attributes(list.begin() + 5000, list.end())));
}

TEST_CASE("a resource is made storable, too") {
  const auto clean_one = [](const std::string& body, bool engine = true) {
    buffer out;
    clean_counts counts;
    const std::vector<char> exact(body.begin(), body.end());
    const clean_outcome outcome = clean_resource(out, exact.data(), exact.size(), engine, counts);
    CHECK(outcome != clean_outcome::undecodable);
    return outcome == clean_outcome::rewritten ? std::string(out.data(), out.size()) : body;
  };
  const auto pair = [](const std::string& key, const std::string& value) {
    return bytes_field(1, key_value(key, value));
  };
  const struct {
    std::string in;
    std::string out;
  } rows[] = {
      {pair("service.name", text("s")) + pair("a/b", integer(1)),
       pair("service.name", text("s")) + pair("a/b", integer(1))},
      {pair("service.name", integer(7)), pair("service.name", text("7"))},
      {pair("service.name", boolean(true)), pair("service.name", text("1"))},
      {pair("service.name", number(1.5)), pair("service.name", text("1.5"))},
      {pair("service.name", array({text("x")})), pair("service.name", text("unknown_service"))},
      {pair("service.name", text(" \t\n")), pair("service.name", text("unknown_service"))},
      {pair("service.name", text(std::string("a\0", 2))), pair("service.name", text("a"))},
      {pair("service.name", text(std::string(3000, 's'))), pair("service.name", text(std::string(1024, 's')))},
      {pair("service.name", text("first")) + pair("service.name", text("second")),
       pair("service.name", text("second"))},
      {pair("x", number(nan_value)), pair("x", text("NaN"))},
      {pair("x\xff", text("\xff")), pair("x" + mark, text(mark))},
      {"", ""},
  };
  for (const auto& row : rows) CHECK(clean_one(row.in) == row.out);
  CHECK(clean_one(pair("service.name", integer(7)), false) == pair("service.name", integer(7)));
}

TEST_CASE("damaged bytes are told from good ones, and never read past their end") {
  const std::string body = span_with({{"a/b", text("v\xff")},
                                      {"metadata", text(R"({"a/b":"\u0000"})")},
                                      {"x", map({{"k", array({text(std::string(1, '\0'))})}})}}) +
                           bytes_field(11, fixed64_field(1, 9) + bytes_field(2, "e\xff")) +
                           bytes_field(15, bytes_field(2, "m"));
  for (std::size_t cut = 0; cut < body.size(); ++cut) clean(body.substr(0, cut));
  dice dice(7);
  for (int i = 0; i < 20000; ++i) {
    std::string damaged = body;
    for (unsigned k = dice.below(4) + 1; k != 0; --k) {
      damaged[dice.below(static_cast<unsigned>(damaged.size()))] =
          static_cast<char>(static_cast<unsigned char>(dice.below(256)));
    }
    const cleaned got = clean(damaged);
    if (got.outcome == clean_outcome::rewritten) CHECK(clean(got.body).outcome == clean_outcome::unchanged);
    clean_flags plain;
    plain.engine = false;
    clean(damaged, plain);
  }
  CHECK(clean(body.substr(0, body.size() - 1)).outcome == clean_outcome::undecodable);
}

TEST_CASE("where there is no room the outcome says so and nothing is written") {
  const std::string body = span_with({{"a/b", text(std::string(600, 'v'))}});
  for (std::size_t maximum = 10; maximum < 700; maximum += 7) {
    buffer out(maximum);
    out.append("before");
    clean_counts counts;
    if (clean_span(out, body.data(), body.size(), {}, counts) == clean_outcome::rewritten) continue;
    CHECK(out.failed());
    CHECK(out.size() == 6);
    CHECK(counts.total() == 0);
  }
}

TEST_CASE("whatever bytes go in, an independent judge finds nothing to refuse in what comes out") {
  const std::vector<std::string> known = {"metadata",
                                          "input.value",
                                          "input.mime_type",
                                          "output.value",
                                          "output.mime_type",
                                          "llm.invocation_parameters",
                                          "tool.parameters",
                                          "session.id",
                                          "user.id",
                                          "openinference.span.kind",
                                          "llm.token_count.prompt",
                                          "llm.token_count.completion",
                                          "llm.cost.total",
                                          "llm.cost.prompt_details.input",
                                          "document.score",
                                          "a.metadata",
                                          "x.value",
                                          "x.mime_type",
                                          "metadata.y",
                                          "session.id.x",
                                          "session",
                                          "llm.input_messages.0.message.contents",
                                          "llm.prompt_template.variables",
                                          "llm",
                                          "user",
                                          "a",
                                          "a.b",
                                          "a.b.c",
                                          "0",
                                          "1.x"};
  const std::vector<std::string> parts = {"a", "b",        "0",     "1",         "\xc2\xb2", "x[0]", "y/z",
                                          "",  "metadata", "value", "mime_type", "a_value",  "[9]"};
  const std::vector<std::string> json_keys = {
      "a",    "b",       "metadata", "x/y",     "\\u00b2", "1",     "a.b",
      "x[0]", "\\u0000", "\\ud800",  "\\u002f", "",        "a.b.c", "tool.parameters"};
  const std::vector<std::string> scalars = {"1",
                                            "1e400",
                                            "-1e-400",
                                            "NaN",
                                            "-Infinity",
                                            "null",
                                            "\"x\"",
                                            "\"\\u0000\"",
                                            "\"\\ud800\"",
                                            "\"\\ud83d\\ude00\"",
                                            "\"NaN\"",
                                            "\"[1e999]\"",
                                            "01",
                                            "\"\\u007b\\\"a/b\\\":1}\"",
                                            std::string(4301, '9'),
                                            std::string(400, '9')};
  const std::vector<std::string> texts = {
      "application/json", "text/plain", "LLM", "12", "3.5", "many", "nan", "-inf", "1e999", "9_9",
      "99999999999",      "plain"};
  dice dice(8);
  const auto json_text = [&](const auto& self, int depth) -> std::string {
    const unsigned kind = depth == 0 ? 2 : dice.below(4);
    if (kind >= 2) return dice.pick(scalars);
    std::string text = kind == 0 ? "[" : "{";
    for (unsigned i = 0, count = dice.below(3); i < count; ++i) {
      if (i != 0) text += ',';
      if (kind == 1) text += '"' + dice.pick(json_keys) + "\":";
      text += self(self, depth - 1);
    }
    return text + (kind == 0 ? "]" : "}");
  };
  const auto random_value = [&]() -> std::string {
    switch (dice.below(9)) {
      case 0: return integer(static_cast<std::int64_t>(dice.below(1000)) - 500);
      case 1: return integer(std::int64_t{1} << dice.below(63));
      case 2: return number(dice.pick<double>({1.5, nan_value, infinity, -infinity, 1e300}));
      case 3: return boolean(true);
      case 4: return array({text(dice.bytes(10)), number(nan_value)});
      case 5: return map({{dice.bytes(5), text(dice.bytes(10))}});
      case 6: return text(dice.pick(texts));
      case 7: return text(dice.bytes(20));
      default: return text(json_text(json_text, 4));
    }
  };
  const auto random_key = [&]() -> std::string {
    if (dice.below(8) == 0) return dice.bytes(12);
    if (dice.below(2) == 0) return dice.pick(known);
    std::string key = dice.pick(parts);
    for (unsigned i = dice.below(4); i != 0; --i) key += '.' + dice.pick(parts);
    return key;
  };
  std::uint64_t refused = 0;
  std::uint64_t unchanged = 0;
  for (int i = 0; i < 6000; ++i) {
    attributes list;
    for (unsigned k = dice.below(dice.below(2) == 0 ? 4 : 20); k != 0; --k)
      list.emplace_back(random_key(), random_value());
    std::string body = span_start(dice.below(9) == 0 ? dice.bytes(5) : "n", dice.below(9), dice.below(9) + 1);
    for (const auto& one : list) body += attribute(one.first, one.second);
    if (dice.below(3) == 0)
      body += bytes_field(11, bytes_field(2, dice.bytes(5)) + bytes_field(3, key_value(dice.bytes(5), random_value())));
    refused += refusal(body) != "";
    const cleaned got = clean(body);
    unchanged += got.outcome == clean_outcome::unchanged;
    REQUIRE(got.outcome != clean_outcome::undecodable);
    CHECK(refusal(got.body) == "");
    CHECK(clean(got.body).outcome == clean_outcome::unchanged);
    // Nothing is lost but earlier values of a key and costs that say nothing.
    std::vector<std::string> keys;
    for (const auto& one : list) keys.push_back(one.first);
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    CHECK(attributes_of(got.body).size() == keys.size() - got.counts[clean_rule::cost]);
  }
  // The judge must have had something to do, and cleaning something to leave alone.
  CHECK(refused > 1000);
  CHECK(unchanged > 200);
}

TEST_CASE("every rule has a name of its own") {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < clean_rule_count; ++i) names.emplace_back(clean_rule_name(static_cast<clean_rule>(i)));
  std::sort(names.begin(), names.end());
  CHECK(std::unique(names.begin(), names.end()) == names.end());
  CHECK(clean_rule_name(clean_rule::invalid_utf8) == std::string("invalid_utf8"));
  CHECK(clean_rule_name(clean_rule::service_name) == std::string("service_name"));
}
