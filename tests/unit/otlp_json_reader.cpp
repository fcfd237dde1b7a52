#include <doctest/doctest.h>

#include <arthur/otlp/json_reader.hpp>
#include <arthur/otlp/json_repair.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "otlp_support.hpp"

using namespace arthur::detail;
using namespace otlp_test;
using nlohmann::json;

namespace {

json_check check(const std::string& text) {
  // Exactly as large as the text, so that a sanitizer sees what reads behind it.
  const std::vector<char> exact(text.begin(), text.end());
  return check_json(exact.data(), exact.size());
}

std::string nested(const std::string& open, int times, const std::string& core, const std::string& close) {
  std::string text;
  for (int i = 0; i < times; ++i) text += open;
  text += core;
  for (int i = 0; i < times; ++i) text += close;
  return text;
}

std::string stored(const std::string& text, std::uint32_t watched = ~std::uint32_t{json_bad_items}) {
  buffer out;
  buffer spare;
  append_storable_json(out, spare, text.data(), text.size(), watched);
  return {out.data(), out.size()};
}

std::string random_json(dice& dice, int depth) {
  static const std::vector<std::string> scalars = {"0",    "-1.5e3",          "true", "false", "null",
                                                   "\"\"", "\"a\\n\\u00e9\"", "12",   "1E+2"};
  static const std::vector<std::string> keys = {"a", "b", "metadata", "\\u0061", "a.b", "x/y", "\xc2\xb2", "7", ""};
  const unsigned kind = depth == 0 ? 2 : dice.below(3);
  if (kind == 2) return dice.pick(scalars);
  std::string text = kind == 0 ? "[" : "{";
  for (unsigned i = 0, count = dice.below(4); i < count; ++i) {
    if (i != 0) text += dice.below(2) != 0 ? "," : " ,\n";
    if (kind == 1) text += '"' + dice.pick(keys) + "\": ";
    text += random_json(dice, depth - 1);
  }
  return text + (kind == 0 ? "]" : "}");
}

}  // namespace

TEST_CASE("what RFC 8259 allows is valid and harmless") {
  for (const char* text : {"{}",
                           "[]",
                           "0",
                           "-0",
                           "-0.0e-0",
                           "1e5",
                           "1E+5",
                           "12345678901234567890",
                           "\"\"",
                           "true",
                           "false",
                           "null",
                           " [ 1 , 2 ] ",
                           "{\"a\":{\"b\":[{\"c\":\"d\"}]}}",
                           "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
                           "\"\\ud83d\\ude00\"",
                           "\t\n\r 1",
                           "\"\x7f\"",
                           "\"text/plain\"",
                           "{\"a\":\"http://x/y\"}",
                           "{\"a\":\"\\\\u0000\"}",
                           "1e307",
                           "1e-400",
                           "0e999",
                           "0.0e999",
                           "0.00000001e310",
                           "{\"123\":1}",
                           "{\"a.b\":1,\"a.c\":2}",
                           "{\"metadata\":\"just text\"}",
                           "{\"metadata\":{\"a\":1}}"}) {
    const json_check got = check(text);
    CHECK_MESSAGE(got.valid, text);
    CHECK_MESSAGE((got.hazards & ~std::uint32_t{json_bad_items}) == 0, text);
  }
}

TEST_CASE("what is not JSON is not valid") {
  for (const char* text : {"",           " ",          "plain text", "{",
                           "}",          "[",          "]",          "[1",
                           "[1,]",       "[,1]",       "[1 2]",      "{\"a\"}",
                           "{\"a\":}",   "{\"a\":1,}", "{a:1}",      "{'a':1}",
                           "{\"a\":1]",  "[1}",        "01",         "-",
                           "+1",         "1.",         ".5",         "1e",
                           "1e+",        "0x1",        "tru",        "nul",
                           "falsey",     "True",       "\"",         "\"a",
                           "\"\\\"",     "\"\\x\"",    "\"\\u12\"",  "\"\\u12g4\"",
                           "\"a\nb\"",   "\"a\tb\"",   "1 2",        "{} {}",
                           "nan",        "inf",        "-NaN",       "\xEF\xBB\xBF{}",
                           "\xc2\xa0{}", "{\"a/b\":1", "{\"a\":NaN", "[\"\\u0000\""}) {
    const json_check got = check(text);
    CHECK_MESSAGE(!got.valid, text);
    CHECK_MESSAGE(got.hazards == 0, text);
  }
}

TEST_CASE("each hazard of the engine is seen") {
  const struct {
    std::string text;
    std::uint32_t hazard;
  } rows[] = {
      {R"({"a/b":1})", json_slash_key},
      {R"([{"deep":[{"a\/b":1}]}])", json_slash_key},
      {R"({"a\u002fb":1})", json_slash_key},
      {"{\"l.\xc2\xb2\":1}", json_digit_key},
      {"{\"\\u00b2\\u2460\":1}", json_digit_key},
      {"{\"" + std::string(4301, '9') + "\":1}", json_digit_key},
      {R"({"items[0]":1})", json_index_key},
      {R"({"a.items\u005b99999999].b":1})", json_index_key},
      {R"({"a":"\u0000"})", json_nul},
      {R"({"\u0000":1})", json_nul},
      {R"({"a":"\ud800"})", json_lone_surrogate},
      {R"({"\udc00":1})", json_lone_surrogate},
      {R"(["\ud800\ud800\udc00"])", json_lone_surrogate},
      {R"(["\ude00\ud83d"])", json_lone_surrogate},
      {R"(["\ud83d\\ude00"])", json_lone_surrogate},
      {"NaN", json_nonfinite},
      {"[Infinity]", json_nonfinite},
      {"{\"a\":-Infinity}", json_nonfinite},
      {"1e400", json_nonfinite},
      {"[-1E400]", json_nonfinite},
      {"0.001e312", json_nonfinite},
      {"1e99999999999999999999", json_nonfinite},
      {std::string(400, '9') + ".0", json_nonfinite},
      {std::string(4301, '9'), json_long_integer},
      {nested("[", 201, "", "]"), json_too_deep},
      {nested("[{\"a\":", 101, "1", "}]"), json_too_deep},
      {nested("[{\"a.b.c\":", 50, "1", "}]"), json_too_deep},
      {nested("{\"a\":", 11, "1", "}"), json_too_deep},
      {"[" + nested("{\"a\":", 12, "1", "}") + "]", json_too_deep},
      {R"({"a":[1],"a.b":2})", json_key_conflict},
      {R"({"a.b":2,"a":1})", json_key_conflict},
      {R"({"a":{"b":[1]},"a.b.c":2})", json_key_conflict},
      {R"({"a":{"b":1},"a.b":2})", json_key_conflict},
      {R"({"metadata":"NaN"})", json_nested},
      {R"({"x":[{"metadata":"{\"a\":\"\\ud800\"}"}]})", json_nested},
      {R"([{"llm.invocation_parameters":"[1e999]"}])", json_nested},
      {R"({"a.metadata":"\u007b\"a\":\"\\u0000\"}"})", json_nested},
      {R"("{\"a/b\":1}")", json_nested},
      {R"("\"NaN\"")", json_nested},
      {R"({"metadata":"[)" + std::string(600, '1') + "]\"}", json_nested},  // too long to be looked at
      {"[1]", json_bad_items},
      {"[{},\"a\"]", json_bad_items},
      {"\"abc\"", json_bad_items},
      {"{\"a\":1}", json_bad_items},
  };
  for (const auto& row : rows) {
    CHECK_MESSAGE((check(row.text).hazards & row.hazard) != 0, row.text.substr(0, 200));
  }
}

TEST_CASE("what only resembles a hazard is let through") {
  for (const std::string& text :
       {nested("[", 200, "", "]"), nested("{\"a\":", 10, "1", "}"), nested("[{\"a\":", 100, "1", "}]"),
        std::string(4300, '9'),
        std::string(R"([{"a":1,"a.b":2}])"),           // not split inside a list
        std::string(R"({"metadata":"{\"a/b\":1}"})"),  // decoded when keys don't matter any more
        std::string(R"({"other":"{\"a/b\":NaN}"})"),   // not decoded again
        std::string(R"({"a":1,"b":{"a":2},"c.a":3})"), std::string(R"({"x":[1,2],"xy.z":1})"),
        std::string("{\"a[b]\":1}").replace(3, 3, "b")}) {
    CHECK_MESSAGE((check(text).hazards & ~std::uint32_t{json_bad_items}) == 0, text.substr(0, 200));
  }
  for (const char* text : {"[]", "{}", "\"\"", "5", "null", "[{\"a\":1},{}]"}) CHECK(check(text).hazards == 0);
}

TEST_CASE("text that makes the parser fail hard counts even if it is not JSON in the end") {
  CHECK(check(std::string(1000, '[')).hazards == json_too_deep);
  CHECK(check("[" + std::string(5000, '1') + " oops").hazards == json_long_integer);
}

TEST_CASE("the checker and nlohmann agree on what is JSON") {
  dice dice(6);
  for (int i = 0; i < 20000; ++i) {
    std::string text = random_json(dice, 4);
    CHECK(check(text).valid);
    for (unsigned k = dice.below(3); k != 0; --k) {
      const std::string bytes = "{}[]\",:\\0123eE+-. tfn/u";
      text[dice.below(static_cast<unsigned>(text.size()))] = bytes[dice.below(static_cast<unsigned>(bytes.size()))];
    }
    buffer fixed;  // nlohmann refuses broken UTF-8, which is not the checker's business
    append_valid_utf8(fixed, text.data(), text.size());
    text.assign(fixed.data(), fixed.size());
    const json_check got = check(text);
    const bool strict = json::accept(text);
    if (strict) CHECK_MESSAGE(got.valid, text);
    // What nlohmann refuses and Python doesn't is a hazard.
    if (got.valid && (got.hazards & (json_nonfinite | json_lone_surrogate)) == 0) CHECK_MESSAGE(strict, text);
  }
}

TEST_CASE("a JSON text is corrected where it can be, and otherwise marked as text") {
  const struct {
    std::string in;
    std::string out;
  } rows[] = {
      {R"({"a/b":{"c\/d": "e/f"}})", R"({"a_b":{"c_d": "e/f"}})"},
      {R"({"a":"x\u0000y","b\u0000":1})", R"({"a":"xy","b":1})"},
      {R"({"a":"\ud800 \ud83d\ude00"})", R"({"a":"\ufffd \ud83d\ude00"})"},
      {R"([NaN, -Infinity,1e400])", R"(["NaN", "-Infinity","1e400"])"},
      {R"({"items[0]":1,"n.7":{"[1]":2}})", R"x({"items(0)":1,"n.7":{"(1)":2}})x"},
      {"{\"l.\xc2\xb2\":1}", "{\"l._\xc2\xb2\":1}"},
      {"[" + std::string(4301, '9') + "]", "[\"" + std::string(4301, '9') + "\"]"},
      {"NaN", "text: NaN"},  // would be decoded once more
      {R"({"metadata":NaN})", R"(text: {"metadata":NaN})"},
      {R"({"a/b":1,"a_b":2})", R"(text: {"a/b":1,"a_b":2})"},  // one of the two would be lost
      {R"({"a":[1],"a.b":2})", R"(text: {"a":[1],"a.b":2})"},
      {nested("{\"a\":", 11, "1", "}"), "text: " + nested("{\"a\":", 11, "1", "}")},
      {std::string(1000, '['), "text: " + std::string(1000, '[')},
  };
  for (const auto& row : rows) {
    CHECK_MESSAGE(stored(row.in) == row.out, row.in.substr(0, 200));
    CHECK_MESSAGE((check(row.out).hazards & ~std::uint32_t{json_bad_items}) == 0, row.in.substr(0, 200));
  }
  CHECK(stored("[1]", ~std::uint32_t{0}) == "text: [1]");
}
