#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "otlp_cleaned.hpp"
#include "../support/otlp_judge.hpp"
#include "otlp_support.hpp"

using namespace arthur::detail;
using namespace otlp_test;

TEST_CASE("damaged bytes are told from good ones, and never read past their end") {
  const std::string body = span_with({{"a/b", text_any("v\xff")},
                                      {"metadata", text_any(R"({"a/b":"\u0000"})")},
                                      {"x", map({{"k", array({text_any(std::string(1, '\0'))})}})}}) +
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
      case 4: return array({text_any(dice.bytes(10)), number(nan_value)});
      case 5: return map({{dice.bytes(5), text_any(dice.bytes(10))}});
      case 6: return text_any(dice.pick(texts));
      case 7: return text_any(dice.bytes(20));
      default: return text_any(json_text(json_text, 4));
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
