// support_decode.cpp: the tests' own OTLP readers are as strict as protobuf's, and read the same from JSON.
#include <cmath>
#include <cstring>

#include <doctest/doctest.h>

#include "../support/otlp_decode.hpp"

namespace {

using namespace support;

std::string varint(std::uint64_t v) {
  std::string out;
  for (; v >= 0x80; v >>= 7) out += static_cast<char>(v | 0x80);
  return out + static_cast<char>(v);
}
std::string field(unsigned number, const std::string& body) {
  return varint(number << 3 | 2U) + varint(body.size()) + body;
}
std::string number(unsigned field_number, std::uint64_t v) { return varint(field_number << 3) + varint(v); }
std::string fixed(unsigned field_number, unsigned type, std::uint64_t v) {
  std::string out = varint(field_number << 3 | type);
  for (unsigned i = 0; i < (type == 1 ? 8U : 4U); ++i) out += static_cast<char>(v >> (8 * i) & 0xff);
  return out;
}
std::string fixed64(unsigned field_number, std::uint64_t v) { return fixed(field_number, 1, v); }
std::string fixed32(unsigned field_number, std::uint64_t v) { return fixed(field_number, 5, v); }
std::string key_value(const std::string& key, const std::string& any) { return field(1, key) + field(2, any); }
std::string real(double v) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &v, sizeof bits);
  return fixed64(4, bits);
}

std::string with_span(const std::string& span_fields) { return field(1, field(2, field(2, span_fields))); }

bool readable(const std::string& body) { return decode_protobuf(body).has_value(); }

span only_span(const std::string& body) {
  const auto request = decode_protobuf(body);
  REQUIRE(request);
  REQUIRE(request->span_count() == 1);
  return request->resources.at(0).scopes.at(0).spans.at(0);
}

/// Everything that OTLP can say, twice.
std::string full_protobuf() {
  const std::string values =
      field(9, key_value("s", field(1, "t\xc3\xa4xt"))) + field(9, key_value("b", number(2, 1))) +
      field(9, key_value("i", number(3, static_cast<std::uint64_t>(-5)))) + field(9, key_value("d", real(0.1))) +
      field(9, key_value("nan", real(NAN))) +
      field(9, key_value("a", field(5, field(1, field(1, "x")) + field(1, number(3, 2))))) +
      field(9, key_value("k", field(6, field(1, key_value("in", number(2, 0)))))) +
      field(9, key_value("raw", field(7, std::string("\x00\xff", 2)))) + field(9, key_value("none", ""));
  const std::string event = fixed64(1, 77) + field(2, "ev") + field(3, key_value("e", field(1, "v"))) + number(4, 1);
  const std::string link = field(1, std::string(16, 'L')) + field(2, std::string(8, 'l')) + field(3, "ls") +
                           field(4, key_value("lk", number(3, 1))) + number(5, 2) + fixed32(6, 257);
  const std::string span_fields = field(1, std::string(16, 'T')) + field(2, std::string(8, 'S')) + field(3, "ts=1") +
                                  field(4, std::string(8, 'P')) + field(5, "name") + number(6, 3) + fixed64(7, 10) +
                                  fixed64(8, 20) + values + number(10, 4) + field(11, event) + number(12, 5) +
                                  field(13, link) + number(14, 6) + field(15, field(2, "msg") + number(3, 2)) +
                                  fixed32(16, 769);
  const std::string scope = field(1, "sc") + field(2, "1.0") + field(3, key_value("sa", number(2, 1))) + number(4, 3);
  return field(1, field(1, field(1, key_value("service.name", field(1, "svc"))) + number(2, 9)) +
                      field(2, field(1, scope) + field(2, span_fields) + field(3, "scope-url")) + field(3, "url"));
}

const char* const full_json = R"({"resourceSpans":[{
  "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"svc"}}],"droppedAttributesCount":9},
  "scopeSpans":[{"scope":{"name":"sc","version":"1.0","attributes":[{"key":"sa","value":{"boolValue":true}}],
      "droppedAttributesCount":3},
    "spans":[{"traceId":"54545454545454545454545454545454","spanId":"5353535353535353","traceState":"ts=1",
      "parentSpanId":"5050505050505050","flags":769,"name":"name","kind":3,"startTimeUnixNano":"10","endTimeUnixNano":20,
      "attributes":[{"key":"s","value":{"stringValue":"t\u00e4xt"}},{"key":"b","value":{"boolValue":true}},
        {"key":"i","value":{"intValue":"-5"}},{"key":"d","value":{"doubleValue":0.1}},
        {"key":"nan","value":{"doubleValue":"NaN"}},
        {"key":"a","value":{"arrayValue":{"values":[{"stringValue":"x"},{"intValue":2}]}}},
        {"key":"k","value":{"kvlistValue":{"values":[{"key":"in","value":{"boolValue":false}}]}}},
        {"key":"raw","value":{"bytesValue":"AP8="}},{"key":"none","value":{}}],
      "droppedAttributesCount":4,
      "events":[{"timeUnixNano":"77","name":"ev","attributes":[{"key":"e","value":{"stringValue":"v"}}],
        "droppedAttributesCount":1}],"droppedEventsCount":5,
      "links":[{"traceId":"4C4C4C4C4C4C4C4C4C4C4C4C4C4C4C4C","spanId":"6c6c6c6c6c6c6c6c","traceState":"ls",
        "attributes":[{"key":"lk","value":{"intValue":"1"}}],"droppedAttributesCount":2,"flags":257}],"droppedLinksCount":6,
      "status":{"message":"msg","code":2}}],"schemaUrl":"scope-url"}],"schemaUrl":"url","unknown":[1,{"x":null}]}]})";

std::string json_with_span(const std::string& members) {
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[{)" + members + "}]}]}]}";
}

}  // namespace

TEST_SUITE("stand-in decoding") {
  TEST_CASE("every field arrives, and JSON says the same as protobuf") {
    std::string why;
    const auto binary = decode_protobuf(full_protobuf());
    REQUIRE(binary);
    const auto text = decode_json(full_json, &why);
    CAPTURE(why);
    REQUIRE(text);
    CHECK(
        describe(*binary) ==
        "resource {\"service.name\": \"svc\"} 9 \"url\"\n"
        "scope \"sc\" \"1.0\" {\"sa\": true} 3 \"scope-url\"\n"
        "span 54545454545454545454545454545454 5353535353535353 parent=5050505050505050 state=\"ts=1\" \"name\" kind=3 "
        "10 20 status=2 \"msg\" flags=769 dropped 4 5 6 {\"s\": \"t\xc3\xa4xt\", \"b\": true, \"i\": -5, "
        "\"d\": 0.10000000000000001, \"nan\": NaN, \"a\": [\"x\", 2], \"k\": {\"in\": false}, \"raw\": bytes(00ff), "
        "\"none\": empty}\n"
        "event 77 \"ev\" {\"e\": \"v\"} 1\n"
        "link 4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c 6c6c6c6c6c6c6c6c state=\"ls\" flags=257 {\"lk\": 1} 2\n");
    CHECK(describe(*text) == describe(*binary));
  }

  TEST_CASE("a request cut anywhere inside is refused") {
    const std::string body = full_protobuf();
    for (std::size_t size = 1; size < body.size(); ++size) {
      CAPTURE(size);
      CHECK_FALSE(readable(body.substr(0, size)));
    }
    CHECK(readable(""));
  }

  TEST_CASE("what ParseFromString refuses, and what it takes") {
    std::string deep = field(1, "x");
    for (int i = 0; i < 60; ++i) deep = field(5, field(1, deep));
    std::string shallow = field(1, "x");
    for (int i = 0; i < 40; ++i) shallow = field(5, field(1, shallow));
    const struct {
      const char* what;
      std::string span_fields;
      bool ok;
    } rows[] = {
        {"field number 0", std::string("\x02\x00", 2), false},
        {"wire type 6", "\x0e\x01", false},
        {"wire type 7", "\x0f\x01", false},
        {"a tag beyond 32 bits", varint(std::uint64_t{1} << 32 | 8U) + varint(1), false},
        {"an eleven byte varint", "\x30" + std::string(10, '\x80') + "\x01", false},
        {"a ten byte varint", "\x30" + std::string(9, '\xff') + "\x01", true},
        {"a length past the end", varint(5 << 3 | 2) + varint(100) + "short", false},
        {"a huge length", varint(5 << 3 | 2) + varint(~std::uint64_t{0}) + "short", false},
        {"an unknown varint", number(99, 5), true},
        {"an unknown string of any bytes", field(99, "\xff\xfe"), true},
        {"an unknown group", varint(99 << 3 | 3) + number(1, 2) + field(2, "x") + varint(99 << 3 | 4), true},
        {"a group that does not end", varint(99 << 3 | 3) + number(1, 2), false},
        {"a group that ends as another", varint(99 << 3 | 3) + varint(98 << 3 | 4), false},
        {"an end without a group", varint(99 << 3 | 4), false},
        {"a known field of another wire type", number(5, 1) + field(6, "x") + fixed64(9, 3), true},
        {"invalid UTF-8 in the name", field(5, "a\x80"), false},
        {"an overlong form", field(5, "\xc0\xaf"), false},
        {"an encoded surrogate", field(5, "\xed\xa0\x80"), false},
        {"beyond U+10FFFF", field(5, "\xf4\x90\x80\x80"), false},
        {"a cut character", field(5, "\xe2\x82"), false},
        {"U+10FFFF", field(5, "\xf4\x8f\xbf\xbf"), true},
        {"U+0000", field(5, std::string(1, '\0')), true},
        {"invalid UTF-8 in trace_state", field(3, "\xff"), false},
        {"invalid UTF-8 in the status", field(15, field(2, "\xff")), false},
        {"invalid UTF-8 in a key", field(9, key_value("\xff", "")), false},
        {"invalid UTF-8 in a value", field(9, key_value("k", field(1, "\xff"))), false},
        {"invalid UTF-8 in an event", field(11, field(2, "\xff")), false},
        {"any bytes as bytes", field(9, key_value("k", field(7, "\xff"))), true},
        {"ids of any size", field(1, "x") + field(2, std::string(40, 'y')), true},
        {"more than 100 levels", field(9, key_value("k", deep)), false},
        {"80 levels", field(9, key_value("k", shallow)), true},
    };
    for (const auto& row : rows) {
      CAPTURE(row.what);
      CHECK(readable(with_span(row.span_fields)) == row.ok);
    }
  }

  TEST_CASE("repeated fields: the last scalar wins, messages merge, another value type replaces") {
    const span s = only_span(
        with_span(field(5, "a") + field(5, "b") + field(15, field(2, "m")) + field(15, number(3, 1)) +
                  field(9, field(1, "k") + field(2, field(1, "text")) + field(2, number(3, 4))) +
                  field(9, key_value("list", field(5, field(1, number(3, 1))) + field(5, field(1, number(3, 2)))))));
    CHECK(s.name == "b");
    CHECK(s.status_message == "m");
    CHECK(s.status_code == 1);
    CHECK(describe(*s.find("k")) == "4");
    CHECK(describe(*s.find("list")) == "[1, 2]");
  }

  TEST_CASE("of a repeated key the last value is found") {
    const span s =
        only_span(with_span(field(9, key_value("k", field(1, "1"))) + field(9, key_value("k", field(1, "2")))));
    CHECK(s.text("k") == "2");
    CHECK(s.attributes.size() == 2);
    CHECK(s.find("absent") == nullptr);
  }

  TEST_CASE("OTLP/JSON is read strictly") {
    const struct {
      const char* what;
      std::string body;
      bool ok;
    } rows[] = {
        {"an empty envelope", R"({"resourceSpans":[]})", true},
        {"an empty object", "{}", true},
        {"null for not set", json_with_span(R"("name":null,"attributes":null)"), true},
        {"an unknown name", json_with_span(R"("novel":{"x":[1]})"), true},
        {"no JSON", "{", false},
        {"something after it", "{} x", false},
        {"an array", "[]", false},
        {"invalid UTF-8", json_with_span("\"name\":\"\xff\""), false},
        {"a lone surrogate", json_with_span(R"("name":"\ud800")"), false},
        {"a name twice", json_with_span(R"("name":"a","name":"b")"), false},
        {"an id in base64", json_with_span(R"("spanId":"AAECAwQFBgc=")"), false},
        {"half a byte of id", json_with_span(R"("spanId":"012")"), false},
        {"an id in upper case", json_with_span(R"("spanId":"ABCDEF0123456789")"), true},
        {"an enum by name", json_with_span(R"("kind":"SPAN_KIND_CLIENT")"), false},
        {"a time beyond 64 bits", json_with_span(R"("startTimeUnixNano":"18446744073709551616")"), false},
        {"a negative time", json_with_span(R"("startTimeUnixNano":"-1")"), false},
        {"a time with a fraction", json_with_span(R"("startTimeUnixNano":1.5)"), false},
        {"flags beyond 32 bits", json_with_span(R"("flags":4294967296)"), false},
        {"the least integer",
         json_with_span(R"("attributes":[{"key":"k","value":{"intValue":"-9223372036854775808"}}])"), true},
        {"less than that", json_with_span(R"("attributes":[{"key":"k","value":{"intValue":"-9223372036854775809"}}])"),
         false},
        {"an integer in words", json_with_span(R"("attributes":[{"key":"k","value":{"intValue":"five"}}])"), false},
        {"two types", json_with_span(R"("attributes":[{"key":"k","value":{"intValue":"5","boolValue":true}}])"), false},
        {"a bare NaN", json_with_span(R"("attributes":[{"key":"k","value":{"doubleValue":NaN}}])"), false},
        {"a bare 1e400", json_with_span(R"("attributes":[{"key":"k","value":{"doubleValue":1e400}}])"), false},
        {"Infinity as text", json_with_span(R"("attributes":[{"key":"k","value":{"doubleValue":"-Infinity"}}])"), true},
        {"a boolean as text", json_with_span(R"("attributes":[{"key":"k","value":{"boolValue":"true"}}])"), false},
        {"bad base64", json_with_span(R"("attributes":[{"key":"k","value":{"bytesValue":"?"}}])"), false},
        {"attributes as an object", json_with_span(R"("attributes":{"k":"v"})"), false},
    };
    for (const auto& row : rows) {
      CAPTURE(row.what);
      CHECK(decode_json(row.body).has_value() == row.ok);
    }
  }

  TEST_CASE("snake_case names are not OTLP/JSON and read as unknown") {
    const auto request = decode_json(json_with_span(R"("span_id":"0102030405060708","name":"n")"));
    REQUIRE(request);
    CHECK(request->resources[0].scopes[0].spans[0].span_id.empty());
  }
}
