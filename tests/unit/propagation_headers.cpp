// propagation_headers.cpp: traceparent and tracestate, rule by rule of the W3C recommendation.
#include <arthur/arthur.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace w3c = arthur::detail::w3c;

namespace {

const std::string trace = "0af7651916cd43dd8448eb211c80319c", parent = "b7ad6b7169203331";
const std::string ids = trace + "-" + parent;

/// Reads a traceparent and writes it again; "" when it is refused.
std::string again(std::string_view text) {
  arthur::detail::foreign_span read;
  if (!w3c::read_traceparent(text, read)) return "";
  char out[w3c::traceparent_size + 1];
  w3c::write_traceparent(out, read.trace, read.span, read.flags);
  return out;
}

std::string state(std::string_view text) {
  char out[w3c::max_tracestate];
  return std::string(out, w3c::read_tracestate(text, out));
}

std::string text(char of, std::size_t size) { return std::string(size, of); }

}  // namespace

TEST_CASE("a traceparent is read exactly as the W3C grammar says, and written as version 00") {
  const struct {
    std::string text;
    std::string written;
  } rows[] = {
      {"00-" + ids + "-01", "00-" + ids + "-01"},
      {"00-" + ids + "-00", "00-" + ids + "-00"},
      {"00-" + ids + "-03", "00-" + ids + "-03"},
      {"00-" + ids + "-02", "00-" + ids + "-02"},
      // Undefined flags are ignored and not passed on.
      {"00-" + ids + "-ff", "00-" + ids + "-03"},
      {"00-" + ids + "-fc", "00-" + ids + "-00"},
      // Blanks around a header's value aren't part of it.
      {" \t00-" + ids + "-01\t ", "00-" + ids + "-01"},
      // A later version may be longer, behind a dash.
      {"01-" + ids + "-01", "00-" + ids + "-01"},
      {"cc-" + ids + "-01-what-the-future-brings", "00-" + ids + "-01"},
      {"fe-" + ids + "-01-", "00-" + ids + "-01"},
      {"cc-" + ids + "-01.what", ""},
      {"cc-" + ids + "-011", ""},
      {"cc-" + ids + "-1", ""},
      {"00-" + ids + "-01-", ""},
      {"00-" + ids + "-01-more", ""},
      {"00-" + ids + "-01 00", ""},
      {"ff-" + ids + "-01", ""},
      {"0-" + ids + "-001", ""},
      {"0x-" + ids + "-01", ""},
      {"FE-" + ids + "-01", ""},
      {"00-0AF7651916CD43DD8448EB211C80319C-" + parent + "-01", ""},
      {"00-" + trace + "-B7AD6B7169203331-01", ""},
      {"00-" + ids + "-0A", ""},
      {"00-" + text('0', 32) + "-" + parent + "-01", ""},
      {"00-" + trace + "-" + text('0', 16) + "-01", ""},
      {"00-" + text('0', 31) + "1-" + text('0', 15) + "1-01", "00-" + text('0', 31) + "1-" + text('0', 15) + "1-01"},
      {"00-" + trace.substr(1) + "-" + parent + "-01", ""},
      {"00-" + trace.substr(1) + "-" + parent + "-010", ""},
      {"00-" + trace + "-" + parent.substr(1) + "-010", ""},
      {"00_" + ids + "-01", ""},
      {"00-" + trace + "_" + parent + "-01", ""},
      {"00-" + ids + "_01", ""},
      {"00-" + ids + "-", ""},
      {"00-" + ids, ""},
      {"00-" + trace.substr(0, 31) + "g-" + parent + "-01", ""},
      {"00-" + trace.substr(0, 31) + "\xff-" + parent + "-01", ""},
      {"", ""},
      {" ", ""},
      {"00", ""},
      {text('-', 55), ""},
      {text('0', 100000), ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(again(row.text) == row.written);
  }
}

TEST_CASE("a tracestate keeps its members in order, without blanks and empty members; one malformed member voids it") {
  const struct {
    std::string text;
    std::string kept;
  } rows[] = {
      {"rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"},
      {" a=1 ,\tb=2\t, c=3", "a=1,b=2,c=3"},
      {",, ,a=1,,b=2,", "a=1,b=2"},
      {"", ""},
      {" , ", ""},
      // Blanks at the front of a value belong to it.
      {"a=  1 2 ", "a=  1 2"},
      {"a=!~", "a=!~"},
      {"a_-*/9=1", "a_-*/9=1"},
      {"tenant@system=1", "tenant@system=1"},
      {"9a=1", "9a=1"},
      {text('k', 256) + "=" + text('v', 255), text('k', 256) + "=" + text('v', 255)},
      {text('k', 257) + "=1", ""},
      {"k=" + text('v', 256), "k=" + text('v', 256)},
      {"k=" + text('v', 257), ""},
      {"A=1", ""},
      {"_a=1", ""},
      {"a b=1", ""},
      {"a =1", ""},
      {"=1", ""},
      {"a=", ""},
      {"a= ", ""},
      {"a", ""},
      {"a=1=2", ""},
      {"a=\x1f", ""},
      {"a=1\tb", ""},
      {"a=\x7f", ""},
      {"a=\xc3\xa4", ""},
      {"a=1;b", "a=1;b"},
      {"a=1;b=2", ""},
      {"good=1,bad", ""},
      {"a=1,b=2,a=3", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(state(row.text) == row.kept);
  }
}

TEST_CASE("a tracestate has at most 32 members") {
  std::string full;
  for (int n = 0; n < 32; ++n) full += (n == 0 ? "" : ",") + ("k" + std::to_string(n)) + "=v";
  CHECK(state(full) == full);
  CHECK(state(",," + full + ",") == full);
  CHECK(state(full + ",k32=v") == "");
}

TEST_CASE("of a tracestate over 512 characters whole members go: long ones first, then from the right") {
  const auto member = [](char key, std::size_t size) { return std::string(1, key) + "=" + text('v', size - 2); };
  const std::string a = member('a', 100), b = member('b', 129), c = member('c', 100), d = member('d', 100), e = member('e', 79);
  CHECK(state(a + "," + b + "," + c + "," + d + "," + e) == a + "," + b + "," + c + "," + d + "," + e);  // 512
  CHECK(state(a + "," + b + "," + c + "," + d + "," + e + "v") == a + "," + c + "," + d + "," + e + "v");
  const std::string f = member('f', 128), g = member('g', 128), h = member('h', 128), i = member('i', 128);
  CHECK(state(f + "," + g + "," + h + "," + i) == f + "," + g + "," + h);
  const std::string l = member('l', 200), m = member('m', 200);
  CHECK(state(l + ",x=1," + m + ",y=1," + a) == l + ",x=1," + m + ",y=1," + a);
  CHECK(state(l + ",x=1," + m + ",y=1," + a + "," + c) == l + ",x=1,y=1," + a + "," + c);
  std::string many = b;
  for (char k = 'm'; k <= 'z'; ++k) many += "," + member(k, 50);
  const std::string kept = state(many);
  CHECK(kept.size() == 509);
  CHECK(kept.substr(0, 2) == "m=");
  CHECK(kept.find('b') == std::string::npos);
}
