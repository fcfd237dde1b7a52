#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "otlp_cleaned.hpp"
#include "../support/otlp_judge.hpp"
#include "otlp_support.hpp"

using namespace arthur::detail;
using namespace otlp_test;

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
  const std::string event = fixed64_field(1, 9) + bytes_field(2, bad) + bytes_field(3, key_value(bad, text_any(bad)));
  const std::string link =
      bytes_field(1, "t") + bytes_field(3, bad) + bytes_field(4, key_value(bad, array({text_any(bad)})));
  const cleaned got = clean(span_start() + bytes_field(3, bad) + bytes_field(11, event) + bytes_field(13, link) +
                            bytes_field(15, bytes_field(2, bad) + varint_field(3, 2)) + fixed32_field(16, 1));
  const std::string good = "b" + mark;
  CHECK(last_of(got.body, 3).content == good);
  CHECK(last_of(got.body, 11).content ==
        fixed64_field(1, 9) + bytes_field(2, good) + bytes_field(3, key_value(good, text_any(good))));
  CHECK(last_of(got.body, 13).content ==
        bytes_field(1, "t") + bytes_field(3, good) + bytes_field(4, key_value(good, array({text_any(good)}))));
  CHECK(last_of(got.body, 15).content == bytes_field(2, good) + varint_field(3, 2));
  CHECK(last_of(got.body, 16).value == 1);
}

TEST_CASE("what is nested deeper than protobuf parsers go becomes empty") {
  std::string value = text_any("core");
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
      {{{"input", text_any("i")}, {"input.value", text_any("v")}}, {{"input_value", text_any("i")}, {"input.value", text_any("v")}}},
      {{{"x", integer(1)}, {"x-y", integer(2)}, {"x.y", integer(3)}},
       {{"x_value", integer(1)}, {"x-y", integer(2)}, {"x.y", integer(3)}}},
      {{{"llm.cost.total", text_any("?")}, {"llm.cost.total_value", integer(1)}},
       {{"llm.cost.total_value_value", text_any("?")}, {"llm.cost.total_value", integer(1)}}},
  };
  for (const auto& row : rows) {
    const cleaned got = clean(span_with(row.in));
    CHECK((attributes_of(got.body) == row.out));
    CHECK(refusal(got.body) == "");
  }
}

TEST_CASE("an input or output that is not JSON isn't labelled JSON, whoever receives it") {
  for (const bool engine : {true, false}) {
    clean_flags flags;
    flags.engine = engine;
    for (const char* const broken : {"not {json", R"({"a":1)", R"({"a":1}})", ""}) {
      for (const bool label_first : {false, true}) {
        attributes list{{"output.value", text_any(broken)}, {"output.mime_type", text_any("application/json")}};
        attributes fixed{{"output.value", text_any(broken)}, {"output.mime_type", text_any("text/plain")}};
        if (label_first) {
          std::swap(list[0], list[1]);
          std::swap(fixed[0], fixed[1]);
        }
        const cleaned got = clean(span_with(list), flags);
        CHECK((attributes_of(got.body) == fixed));
        CHECK(got.counts[clean_rule::json_as_text] == 1);
        CHECK(got.counts.total() == 1);
      }
    }
    const attributes good = {{"input.value", text_any(R"({"a":[1,"b"]})")}, {"input.mime_type", text_any("application/json")}};
    CHECK(clean(span_with(good), flags).outcome == clean_outcome::unchanged);
    // Of keys that aren't ours only the engine's rules are known.
    const attributes other = {{"x.value", text_any("{")}, {"x.mime_type", text_any("application/json")}};
    CHECK((clean(span_with(other), flags).outcome == clean_outcome::unchanged) == !engine);
  }
  clean_flags cut;
  cut.engine = false;
  arthur::detail::span_limits limits;
  limits.length = 16;
  cut.limits = &limits;
  const attributes list = {{"input.value", text_any(R"({"long":"more than sixteen"})")}, {"input.mime_type", text_any("application/json")}};
  const auto cleaned_list = attributes_of(clean(span_with(list), cut).body);
  CHECK((cleaned_list[1] == std::pair<std::string, std::string>("input.mime_type", text_any("text/plain"))));
}

TEST_CASE("the plain profile repairs UTF-8, removes repeated keys and labels what is no JSON as text, nothing else") {
  clean_flags flags;
  flags.engine = false;
  const attributes untouched = {{"a/b", number(nan_value)}, {"x", text_any(std::string("\0", 1))},
                                {"x.y", integer(1)},        {"metadata", text_any(R"({"a/b":NaN})")},
                                {"", integer(2)},           {"llm.token_count.prompt", text_any("many")}};
  CHECK(clean(span_with(untouched), flags).outcome == clean_outcome::unchanged);
  CHECK(clean(span_start("", 0, 0), flags).outcome == clean_outcome::unchanged);
  const cleaned got = clean(span_with({{"x", integer(1)}, {"y\xff", text_any("\xff")}, {"x", integer(2)}}), flags);
  CHECK((attributes_of(got.body) == attributes{{"y" + mark, text_any(mark)}, {"x", integer(2)}}));
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
      {pair("service.name", text_any("s")) + pair("a/b", integer(1)),
       pair("service.name", text_any("s")) + pair("a/b", integer(1))},
      {pair("service.name", integer(7)), pair("service.name", text_any("7"))},
      {pair("service.name", boolean(true)), pair("service.name", text_any("1"))},
      {pair("service.name", number(1.5)), pair("service.name", text_any("1.5"))},
      {pair("service.name", array({text_any("x")})), pair("service.name", text_any("unknown_service"))},
      {pair("service.name", text_any(" \t\n")), pair("service.name", text_any("unknown_service"))},
      {pair("service.name", text_any(std::string("a\0", 2))), pair("service.name", text_any("a"))},
      {pair("service.name", text_any(std::string(3000, 's'))), pair("service.name", text_any(std::string(1024, 's')))},
      {pair("service.name", text_any("first")) + pair("service.name", text_any("second")),
       pair("service.name", text_any("second"))},
      {pair("x", number(nan_value)), pair("x", text_any("NaN"))},
      {pair("x\xff", text_any("\xff")), pair("x" + mark, text_any(mark))},
      {"", ""},
  };
  for (const auto& row : rows) CHECK(clean_one(row.in) == row.out);
  CHECK(clean_one(pair("service.name", integer(7)), false) == pair("service.name", integer(7)));
}

TEST_CASE("where there is no room the outcome says so and nothing is written") {
  const std::string body = span_with({{"a/b", text_any(std::string(600, 'v'))}});
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

TEST_CASE("every rule has a name of its own") {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < clean_rule_count; ++i) names.emplace_back(clean_rule_name(static_cast<clean_rule>(i)));
  std::sort(names.begin(), names.end());
  CHECK(std::unique(names.begin(), names.end()) == names.end());
  CHECK(clean_rule_name(clean_rule::invalid_utf8) == std::string("invalid_utf8"));
  CHECK(clean_rule_name(clean_rule::service_name) == std::string("service_name"));
}
