#include <doctest/doctest.h>

#include <arthur/otlp/utf8.hpp>
#include <string>
#include <vector>

#include "otlp_support.hpp"

using namespace arthur::detail;

namespace {

std::string repaired(const std::string& text) {
  buffer out;
  CHECK(append_valid_utf8(out, text.data(), text.size()));
  return {out.data(), out.size()};
}

// The definition, code point by code point: decode, then look at the range.
std::size_t slow_prefix(const std::string& text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at]);
    std::size_t size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (size == 0 || at + size > text.size()) return at;
    unsigned code = size == 1 ? lead : lead & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
      const auto tail = static_cast<unsigned char>(text[at + i]);
      if (tail >> 6 != 2) return at;
      code = code << 6 | (tail & 0x3fU);
    }
    const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return at;
    at += size;
  }
  return at;
}

}  // namespace

TEST_CASE("each maximal ill-formed part becomes one U+FFFD") {
  const std::string mark = "\xEF\xBF\xBD";
  const struct {
    std::string in;
    std::string out;
  } rows[] = {
      {"plain", "plain"},
      {"\xe4\xba\xba\xd0\x96\xf0\x9f\x98\x80", "\xe4\xba\xba\xd0\x96\xf0\x9f\x98\x80"},
      {"a\x80z", "a" + mark + "z"},          // lonely tail
      {"a\xc3", "a" + mark},                 // cut
      {"a\xe4\xba", "a" + mark},             // cut later: still one
      {"a\xf0\x9f\x98z", "a" + mark + "z"},  //
      {"\xc0\xaf", mark + mark},             // overlong
      {"\xe0\x80\xaf", mark + mark + mark},  //
      {"\xed\xa0\x80", mark + mark + mark},  // surrogate
      {"\xed\xa0\xbd\xed\xb8\x80", mark + mark + mark + mark + mark + mark},
      {"\xf4\x90\x80\x80", mark + mark + mark + mark},  // above U+10FFFF
      {"\xf8\x88\x80\x80\x80", mark + mark + mark + mark + mark},
      {"\xff\xfe", mark + mark},
      {"\xc3(", mark + "("},
      {"\xf0\x9f\xe4\xba\xba", mark + "\xe4\xba\xba"},
      {std::string("a\0b", 3), std::string("a\0b", 3)},
  };
  for (const auto& row : rows) {
    CHECK(repaired(row.in) == row.out);
    // In the middle and at the end of a block, too.
    const std::string before(29, 'p');
    CHECK(repaired(before + row.in + before) == before + row.out + before);
  }
}

TEST_CASE("the valid prefix is found exactly, wherever it ends") {
  otlp_test::dice dice(1);
  for (int i = 0; i < 20000; ++i) {
    const std::string text = dice.bytes(40);
    CHECK(valid_utf8_prefix(text.data(), text.size()) == slow_prefix(text));
    const std::string fixed = repaired(text);
    CHECK(slow_prefix(fixed) == fixed.size());
  }
  for (unsigned code = 0; code <= 0x10ffff; code += code < 0x3000 ? 1 : 61) {
    char bytes[4];
    const std::string text(bytes, static_cast<std::size_t>(put_utf8(bytes, code) - bytes));
    CHECK(is_valid_utf8(text.data(), text.size()) == !(code >= 0xd800 && code <= 0xdfff));
    if (code >= 0x80 && is_valid_utf8(text.data(), text.size())) {
      const utf8_step step = next_utf8(text.data(), text.data() + text.size());
      CHECK(step.size == text.size());
      CHECK(utf8_code_point(text.data(), step.size) == code);
    }
  }
}

TEST_CASE("U+0000 ends the valid prefix where it is forbidden, and is left out of the repair") {
  for (std::size_t at = 0; at < 40; ++at) {
    std::string text(40, 'x');
    text[at] = '\0';
    CHECK(valid_utf8_prefix<nul::forbidden>(text.data(), text.size()) == at);
    CHECK(valid_utf8_prefix<nul::allowed>(text.data(), text.size()) == 40);
    buffer out;
    append_valid_utf8<nul::forbidden>(out, text.data(), text.size());
    CHECK(std::string(out.data(), out.size()) == std::string(39, 'x'));
  }
  otlp_test::dice dice(2);
  for (int i = 0; i < 5000; ++i) {
    const std::string text = dice.bytes(40);
    const std::size_t zero = (std::min)(text.find('\0'), text.size());
    CHECK(valid_utf8_prefix<nul::forbidden>(text.data(), text.size()) == (std::min)(zero, slow_prefix(text)));
  }
}

TEST_CASE("truncation never splits a code point") {
  const std::string text = "ab\xc3\xa9\xe4\xba\xba\xf0\x9f\x98\x80";
  const std::size_t expected[] = {0, 1, 2, 2, 4, 4, 4, 7, 7, 7, 7, 11};
  for (std::size_t limit = 0; limit < 12; ++limit) {
    CHECK(utf8_truncate(text.data(), text.size(), limit) == expected[limit]);
  }
  CHECK(utf8_truncate(text.data(), text.size(), 100) == text.size());
  const std::string damaged(20, '\x80');
  CHECK(utf8_truncate(damaged.data(), damaged.size(), 10) == 10);
}
