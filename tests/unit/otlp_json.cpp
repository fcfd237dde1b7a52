#include <doctest/doctest.h>

#include <arthur/otlp/json_span.hpp>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "otlp_support.hpp"

using namespace arthur::detail;
using namespace otlp_test;
using nlohmann::json;

namespace {

std::string escaped(const std::string& in) {
  buffer out;
  CHECK(append_json_string(out, in.data(), in.size()));
  return {out.data(), out.size()};
}

std::string double_text(double value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  buffer out;
  append_json_double(out, bits);
  return {out.data(), out.size()};
}

std::string base64(const std::string& in) {
  buffer out;
  append_base64(out, in.data(), in.size());
  return {out.data(), out.size()};
}

json span_json(const std::string& body) {
  buffer out;
  REQUIRE(append_json_span(out, body.data(), body.size()));
  return json::parse(out.data(), out.data() + out.size());
}

}  // namespace

TEST_CASE("a JSON string reads back as what went in, broken UTF-8 apart") {
  dice dice(3);
  for (int i = 0; i < 20000; ++i) {
    const std::string in = dice.bytes(60);
    buffer fixed;
    append_valid_utf8(fixed, in.data(), in.size());
    const std::string text = escaped(in);
    const json parsed = json::parse(text, nullptr, false);
    REQUIRE_FALSE(parsed.is_discarded());
    CHECK(parsed.get<std::string>() == std::string(fixed.data(), fixed.size()));
    for (const char c : text) CHECK(static_cast<unsigned char>(c) >= 0x20);
  }
}

TEST_CASE("each byte is escaped as JSON asks, at every place of a block") {
  for (unsigned byte = 0; byte < 128; ++byte) {
    for (std::size_t at = 0; at < 34; ++at) {
      std::string in(34, 'x');
      in[at] = static_cast<char>(byte);
      CHECK(escaped(in) == json(in).dump());
    }
  }
}

TEST_CASE("escapes that need more room than was foreseen find it") {
  CHECK(escaped(std::string(5000, '\x01')).size() == 2 + 6 * 5000);
  CHECK(escaped(std::string(5000, '\xff')).size() == 2 + 3 * 5000);
  buffer small(64);
  const std::string in(60, '\x01');
  CHECK_FALSE(append_json_string(small, in.data(), in.size()));
  CHECK(small.failed());
}

TEST_CASE("doubles read back bit by bit, and what is not finite is a string") {
  dice dice(4);
  for (int i = 0; i < 20000; ++i) {
    std::uint64_t bits = 0;
    for (int k = 0; k < 8; ++k) bits = bits << 8 | dice.below(256);
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    const std::string text = double_text(value);
    CHECK(json::accept(text));
    const double again = std::strtod(text.c_str(), nullptr);
    CHECK(std::memcmp(&again, &value, sizeof value) == 0);
  }
  CHECK(double_text(0.1) == "0.1");
  CHECK(double_text(-0.0) == "-0");
  CHECK(double_text(std::numeric_limits<double>::quiet_NaN()) == "\"NaN\"");
  CHECK(double_text(std::numeric_limits<double>::infinity()) == "\"Infinity\"");
  CHECK(double_text(-std::numeric_limits<double>::infinity()) == "\"-Infinity\"");
}

TEST_CASE("base64 is the standard alphabet with padding") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("\xfb\xff\xfe") == "+//+");
}

TEST_CASE("a bare span has ids in hex, the kind as a number and times as strings") {
  const std::string body =
      bytes_field(1, std::string("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\xfe\xff", 16)) +
      bytes_field(2, "\x11\x22\x33\x44\x55\x66\x77\x88") + bytes_field(5, "chat") + varint_field(6, 3) +
      fixed64_field(7, 1751400000000000001U) + fixed64_field(8, 18446744073709551615U);
  CHECK(span_json(body) == json::parse(R"({"traceId":"000102030405060708090a0b0c0dfeff","spanId":"1122334455667788",
    "name":"chat","kind":3,"startTimeUnixNano":"1751400000000000001","endTimeUnixNano":"18446744073709551615"})"));
}

TEST_CASE("every field of a span arrives under its OTLP name, whatever the order on the wire") {
  const std::vector<std::string> parts = {
      bytes_field(1, "0123456789abcdef"),
      bytes_field(2, "01234567"),
      bytes_field(3, "a=b"),
      bytes_field(4, "76543210"),
      bytes_field(5, "name"),
      varint_field(6, 2),
      fixed64_field(7, 5),
      fixed64_field(8, 6),
      attribute("text", text_any("v\"")),
      varint_field(10, 7),
      bytes_field(11, fixed64_field(1, 9) + bytes_field(2, "e1") + bytes_field(3, key_value("k", boolean(true))) +
                          varint_field(4, 8)),
      varint_field(12, 9),
      bytes_field(13, bytes_field(1, "fedcba9876543210") + bytes_field(2, "abcdefgh") + bytes_field(3, "s=t") +
                          bytes_field(4, key_value("l", integer(-1))) + varint_field(5, 3) + fixed32_field(6, 257)),
      varint_field(14, 11),
      bytes_field(15, bytes_field(2, "it broke") + varint_field(3, 2)),
      fixed32_field(16, 769),
      bytes_field(99, "unknown"),
  };
  const json expected = json::parse(R"({
    "traceId":"30313233343536373839616263646566","spanId":"3031323334353637","traceState":"a=b",
    "parentSpanId":"3736353433323130","flags":769,"name":"name","kind":2,
    "startTimeUnixNano":"5","endTimeUnixNano":"6",
    "attributes":[{"key":"text","value":{"stringValue":"v\""}}],"droppedAttributesCount":7,
    "events":[{"timeUnixNano":"9","name":"e1","attributes":[{"key":"k","value":{"boolValue":true}}],
               "droppedAttributesCount":8}],"droppedEventsCount":9,
    "links":[{"traceId":"66656463626139383736353433323130","spanId":"6162636465666768","traceState":"s=t",
              "attributes":[{"key":"l","value":{"intValue":"-1"}}],"droppedAttributesCount":3,"flags":257}],
    "droppedLinksCount":11,"status":{"message":"it broke","code":2}})");
  std::string forward;
  std::string backward;
  for (const auto& part : parts) {
    forward += part;
    backward = part + backward;
  }
  CHECK(span_json(forward) == expected);
  CHECK(span_json(backward) == expected);
}

TEST_CASE("every kind of value has its JSON form") {
  const struct {
    std::string value;
    const char* expected;
  } rows[] = {
      {text_any(""), R"({"stringValue":""})"},
      {text_any("\xff"), "{\"stringValue\":\"\xEF\xBF\xBD\"}"},
      {boolean(false), R"({"boolValue":false})"},
      {integer(0), R"({"intValue":"0"})"},
      {integer(std::numeric_limits<std::int64_t>::min()), R"({"intValue":"-9223372036854775808"})"},
      {number(0), R"({"doubleValue":0})"},
      {number(1.5), R"({"doubleValue":1.5})"},
      {number(-std::numeric_limits<double>::infinity()), R"({"doubleValue":"-Infinity"})"},
      {binary("foobar"), R"({"bytesValue":"Zm9vYmFy"})"},
      {array({}), R"({"arrayValue":{"values":[]}})"},
      {array({text_any("a"), integer(1), array({boolean(true)}), ""}),
       R"({"arrayValue":{"values":[{"stringValue":"a"},{"intValue":"1"},
           {"arrayValue":{"values":[{"boolValue":true}]}},{}]}})"},
      {map({{"k", text_any("v")}, {"m", map({{"n", number(2)}})}}),
       R"({"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v"}},
           {"key":"m","value":{"kvlistValue":{"values":[{"key":"n","value":{"doubleValue":2}}]}}}]}})"},
      {"", "{}"},
      {text_any("first") + integer(2), R"({"intValue":"2"})"},  // of a oneof the last one counts
  };
  for (const auto& row : rows) {
    const json span = span_json(span_start() + attribute("k", row.value));
    CHECK(span["attributes"][0]["value"] == json::parse(row.expected));
  }
  CHECK(span_json(span_start() + bytes_field(9, bytes_field(1, "only a key")))["attributes"] ==
        json::parse(R"([{"key":"only a key"}])"));
}

TEST_CASE("values nested 64 deep are written, deeper ones are empty") {
  std::string value = text_any("core");
  for (int depth = 2; depth <= 64; ++depth) value = array({value});
  CHECK(span_json(span_start() + attribute("k", value)).dump().find("core") != std::string::npos);
  CHECK(span_json(span_start() + attribute("k", array({value}))).dump().find("core") == std::string::npos);
  for (int depth = 0; depth < 2000; ++depth) value = map({{"k", value}});
  CHECK(span_json(span_start() + attribute("k", value)).is_object());
}

TEST_CASE("damaged bytes are refused and leave the output as it was") {
  const std::string body = span_start() + attribute("key", array({text_any("value"), map({{"a", integer(300)}})})) +
                           bytes_field(11, fixed64_field(1, 9) + bytes_field(2, "event")) +
                           bytes_field(15, bytes_field(2, "message"));
  const json whole = span_json(body);
  dice dice(5);
  for (std::size_t cut = 0; cut <= body.size(); ++cut) {
    buffer out;
    out.append("before");
    // A copy of exactly this size, so that a sanitizer sees what reads behind it.
    const std::vector<char> exact(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(cut));
    if (append_json_span(out, exact.data(), exact.size())) {
      CHECK(json::accept(out.data() + 6, out.data() + out.size()));
    } else {
      CHECK(out.size() == 6);
      CHECK_FALSE(out.failed());
    }
  }
  for (int i = 0; i < 20000; ++i) {
    std::vector<char> damaged(body.begin(), body.end());
    for (unsigned k = dice.below(4) + 1; k != 0; --k) {
      damaged[dice.below(static_cast<unsigned>(damaged.size()))] =
          static_cast<char>(static_cast<unsigned char>(dice.below(256)));
    }
    buffer out;
    if (append_json_span(out, damaged.data(), damaged.size())) {
      CHECK(json::accept(out.data(), out.data() + out.size()));
    } else {
      CHECK(out.empty());
    }
  }
}

TEST_CASE("where there is no room the output keeps its former size") {
  const std::string body = span_start() + attribute("key", text_any(std::string(500, 'v')));
  for (std::size_t maximum = 10; maximum < 900; maximum += 7) {
    buffer out(maximum);
    out.append("before");
    if (!append_json_span(out, body.data(), body.size())) {
      CHECK(out.failed());
      CHECK(out.size() == 6);
    } else {
      CHECK(json::accept(out.data() + 6, out.data() + out.size()));
    }
  }
}
