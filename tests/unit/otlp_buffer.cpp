#include <doctest/doctest.h>

#include <arthur/otlp/buffer.hpp>
#include <string>
#include <utility>

using arthur::detail::buffer;

namespace {
std::string content(const buffer& from) { return {from.data(), from.size()}; }
}  // namespace

TEST_CASE("a buffer grows with what is appended") {
  buffer out;
  CHECK(out.empty());
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    CHECK(out.append("literal "));
    CHECK(out.append('x'));
    expected += "literal x";
  }
  CHECK(content(out) == expected);
  CHECK_FALSE(out.failed());
}

TEST_CASE("an empty buffer takes nothing without failing") {
  buffer out;
  CHECK(out.append("", 0));
  CHECK(out.reserve_more(0) != nullptr);
  CHECK_FALSE(out.failed());
}

TEST_CASE("reserved room becomes content by advance") {
  buffer out;
  char* to = out.reserve_more(3);
  REQUIRE(to != nullptr);
  to[0] = 'a';
  to[1] = 'b';
  out.advance(2);
  CHECK(content(out) == "ab");
}

TEST_CASE("a buffer stops at its maximum, keeps what it has and says so") {
  buffer out(300);
  const std::string block(200, 'b');
  CHECK(out.append(block.data(), block.size()));
  CHECK_FALSE(out.append(block.data(), block.size()));
  CHECK(out.failed());
  CHECK_FALSE(out.append('x'));  // although there is room for one
  CHECK(content(out) == block);
  out.forgive();
  CHECK(out.append(block.data(), 100));
  CHECK(out.size() == 300);
  CHECK_FALSE(out.append('x'));
  out.clear();
  CHECK_FALSE(out.failed());
  CHECK(out.append('x'));
}

TEST_CASE("a size that can't be is refused, not wrapped around") {
  buffer out;
  out.append('x');
  CHECK(out.reserve_more(SIZE_MAX) == nullptr);
  CHECK(out.failed());
  CHECK(content(out) == "x");
}

TEST_CASE("a buffer over an array never leaves it") {
  char storage[4];
  buffer out(storage, sizeof storage);
  CHECK(out.append("abcd"));
  CHECK(out.data() == storage);
  CHECK_FALSE(out.append('e'));
  CHECK(content(out) == "abcd");
}

TEST_CASE("moving a buffer takes the content along") {
  buffer first;
  first.append("abc");
  buffer second(std::move(first));
  CHECK(content(second) == "abc");
  buffer third;
  third.append("gone");
  third = std::move(second);
  CHECK(content(third) == "abc");
  CHECK(third.append('d'));
  CHECK(content(third) == "abcd");
}

TEST_CASE("shrink gives memory back and keeps the content") {
  buffer out;
  const std::string block(100000, 'b');
  out.append(block.data(), block.size());
  out.truncate(10);
  out.shrink(1000);
  CHECK(out.capacity() == 1000);
  CHECK(content(out) == std::string(10, 'b'));
  out.clear();
  out.shrink(0);
  CHECK(out.capacity() == 0);
  CHECK(out.append('x'));
}
