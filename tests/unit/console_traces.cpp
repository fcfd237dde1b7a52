// console_traces.cpp: a trace is shown when it is whole, in pieces after a while, and never needs more memory than it may.
#include <arthur/console/traces.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "otlp_support.hpp"

namespace {

namespace c = arthur::detail::console;
using namespace otlp_test;
constexpr std::uint64_t second = 1000000000;

struct shown {
  c::traces waiting;
  std::vector<std::string> texts;

  explicit shown(std::size_t limit = c::traces::most_bytes) : waiting(limit) {}

  void write(std::uint64_t now, bool at_end = false) {
    waiting.write_due(
        now, at_end, {}, [](std::uint32_t group) -> std::string_view { return group == 0 ? "" : "other"; },
        [&](const std::string& text) { texts.push_back(text); });
  }
  void add(char trace, const std::string& own, const std::string& parent, std::uint64_t now, const std::string& more = "", std::uint32_t group = 0) {
    std::string s = bytes_field(1, std::string(16, trace)) + bytes_field(2, (own + "........").substr(0, 8));
    if (!parent.empty()) s += bytes_field(4, (parent + "........").substr(0, 8));
    s += bytes_field(5, own) + fixed64_field(7, now) + fixed64_field(8, now + 5) + more;
    waiting.add(s, group, now);
    if (waiting.due() <= now) write(now);
  }
};

const std::string remote_parent = varint(16 << 3 | 5) + fixed(0x303, 4);

}  // namespace

TEST_CASE("three interleaved traces are shown one at a time, each with its root") {
  shown s;
  s.add('a', "a1", "a0", 1);
  s.add('b', "b1", "b0", 2, "", 1);
  s.add('c', "c1", "c0", 3);
  s.add('b', "b2", "b1", 4, "", 1);
  s.add('a', "a2", "a0", 5);
  CHECK(s.texts.empty());
  s.add('b', "b0", "", 6);
  REQUIRE(s.texts.size() == 1);
  CHECK(s.texts[0] == "SPAN b0  5 ns\n└─ SPAN b1 [other]  5 ns\n   └─ SPAN b2  5 ns\n");
  s.add('a', "a0", "", 7);
  REQUIRE(s.texts.size() == 2);
  CHECK(s.texts[1] == "SPAN a0  5 ns\n├─ SPAN a1  5 ns\n└─ SPAN a2  5 ns\n");
  s.write(8, true);
  REQUIRE(s.texts.size() == 3);
  CHECK(s.texts[2] == "trace 63636363636363636363636363636363, incomplete: the program ends before its root\nSPAN c1  5 ns\n");
  CHECK(s.waiting.empty());
  CHECK(s.waiting.due() == c::traces::never);
}

TEST_CASE("a trace without a root waits a minute") {
  shown s;
  s.add('a', "a1", "a0", 1 * second);
  s.add('a', "a2", "a0", 30 * second);
  CHECK(s.waiting.due() == 61 * second);
  s.write(60 * second);
  CHECK(s.texts.empty());
  s.write(61 * second);
  REQUIRE(s.texts.size() == 1);
  CHECK(s.texts[0].find("incomplete: its root hasn't ended for a minute") != std::string::npos);
  // The root comes after all.
  s.add('a', "a0", "", 70 * second);
  REQUIRE(s.texts.size() == 2);
  CHECK(s.texts[1] == "SPAN a0  5 ns\n");
}

TEST_CASE("what ends after its root is shown soon, as the trace's continuation") {
  shown s;
  s.add('a', "a0", "", 1 * second);
  s.add('a', "late", "a0", 5 * second);
  CHECK(s.waiting.due() == 6 * second);
  s.write(6 * second);
  REQUIRE(s.texts.size() == 2);
  CHECK(s.texts[1] == "trace 61616161616161616161616161616161, continued\nSPAN late  5 ns\n");
}

TEST_CASE("a span whose parent is in another process is a root here") {
  shown s;
  s.add('a', "child", "local", 1 * second);
  s.add('a', "local", "remote", 2 * second, remote_parent);
  CHECK(s.waiting.due() == 3 * second);
  s.add('a', "slow", "local", 2 * second + 1);
  s.write(3 * second);
  REQUIRE(s.texts.size() == 1);
  CHECK(s.texts[0] == "SPAN local  5 ns\n├─ SPAN child  5 ns\n└─ SPAN slow  5 ns\n");
}

TEST_CASE("memory is bounded: the oldest traces are shown early and say so") {
  shown s(10000);
  const std::string big = attribute("input.value", text_any(std::string(900, 'x')));
  for (char t = 'a'; t <= 'z'; ++t) {
    s.add(t, "child", "root", static_cast<std::uint64_t>(t) * second, big);
    CHECK(s.waiting.due() > static_cast<std::uint64_t>(t) * second);  // what is too much went at once
  }
  REQUIRE(s.texts.size() >= 16);
  for (std::size_t n = 0; n < s.texts.size(); ++n) {
    CHECK(s.texts[n].find("too large to wait") != std::string::npos);
    const char id[] = {'6', static_cast<char>(n < 9 ? '1' + n : 'a' + n - 9), '\0'};
    if (n < 15) CHECK(s.texts[n].find(std::string("trace ") + id) == 0);  // oldest first
  }
  const std::size_t before = s.texts.size();
  s.write(200 * second, true);
  CHECK(s.texts.size() == 26);
  CHECK(before < 26);  // some still waited
}

TEST_CASE("one trace larger than the bound is shown in pieces") {
  shown s(10000);
  const std::string big = attribute("input.value", text_any(std::string(900, 'x')));
  for (int n = 0; n < 50; ++n) s.add('a', "c" + std::to_string(n), "root", second, big);
  CHECK(s.texts.size() >= 4);
  s.add('a', "root", "", second);
  std::size_t lines = 0;
  for (const auto& t : s.texts) {
    for (std::size_t at = t.find("SPAN "); at != std::string::npos; at = t.find("SPAN ", at + 1)) ++lines;
  }
  CHECK(lines == 51);
}

TEST_CASE("damaged bytes are shown as far as they go") {
  shown s;
  s.waiting.add("", 0, 1);
  s.waiting.add("\x0a\x7f", 0, 1);
  s.waiting.add(bytes_field(1, std::string(40, 'x')) + "\xff\xff", 0, 1);
  s.write(2, true);
  CHECK(s.texts.size() == 2);
  CHECK(s.waiting.empty());
}
