// property.cpp: records spans made of arbitrary bytes, sends them, and writes down what went in.
//   property <endpoint> <json|protobuf> <first seed> <seeds>
// Each line of output is one text attribute: <span id> <hex of its key> <hex of its value>.
#include "fixed.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using fixed::stream;

std::string bytes(stream& r, std::size_t most) {
  std::string s(r.below(most + 1), '\0');
  for (char& c : s) c = static_cast<char>(r.next());
  return s;
}

/// Code points of every range, encoded as UTF-8 is, also those that may not be: surrogates, beyond U+10FFFF, overlong.
std::string code_points(stream& r, std::size_t most) {
  static constexpr std::uint32_t edges[] = {0x00,   0x1f,   0x20,   0x22,   0x5c,    0x7f,     0x80,     0x7ff,    0x800,
                                            0x2028, 0xd7ff, 0xd800, 0xdfff, 0xe000,  0xfeff,   0xfffd,   0xffff,   0x10000,
                                            0x1f600, 0x10ffff, 0x110000, 0x1fffff};
  std::string s;
  for (std::size_t n = r.below(most + 1); n != 0; --n) {
    const auto c = r.below(3) == 0 ? static_cast<std::uint32_t>(r.below(0x120000)) : edges[r.below(sizeof edges / sizeof edges[0])];
    const int length = c < 0x80 && r.below(20) != 0 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    if (length == 1) s += static_cast<char>(c);
    if (length == 2) s += static_cast<char>(0xc0U | c >> 6);
    if (length == 3) s += static_cast<char>(0xe0U | c >> 12);
    if (length == 4) {
      s += static_cast<char>(0xf0U | c >> 18);
      s += static_cast<char>(0x80U | (c >> 12 & 0x3fU));
    }
    if (length >= 3) s += static_cast<char>(0x80U | (c >> 6 & 0x3fU));
    if (length >= 2) s += static_cast<char>(0x80U | (c & 0x3fU));
    if (r.below(15) == 0) s.pop_back();  // cut short
  }
  return s;
}

/// Pieces of JSON in any order, mostly almost JSON.
std::string json_like(stream& r, std::size_t most) {
  static const char* const pieces[] = {"{",       "}",      "[",        "]",       ",",    ":",      "\"a\"",     "\"a/b\"",
                                       "1",       "-0",     "1e400",    "1e-400",  "NaN",  "null",   "Infinity",  "true",
                                       "\"\\u0000\"", "\"\\ud800\"", "\"\\ud83d\\ude00\"", "\"\\u002f\"", "\"metadata\"", " ", "\n",
                                       "\"1\"",   "\"\"",   "-Infinity", "\"{\\\"x/y\\\":NaN}\"", "\"\\ud800\\u0041\"", "\"\\\\u0000\"", "12345678901234567890123"};
  std::string s;
  for (std::size_t n = r.below(most + 1); n != 0; --n) s += pieces[r.below(sizeof pieces / sizeof pieces[0])];
  return s;
}

/// JSON that parses, with everything in it that the engine can't store.
std::string valid_json(stream& r, int depth) {
  static const char* const keys[] = {"a", "a/b", "/", "a.b", "1", "", "metadata", "\\u002f", "\\u0000", "\\ud800", "a\\ud83d\\ude00", "x.metadata", "\\u00b2"};
  static const char* const leaves[] = {"1", "1e400", "-1e400", "NaN", "Infinity", "-Infinity", "0.5", "null", "true", "\"x\"",
                                       "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"a/b\"", "\"{\\\"a/b\\\":1}\"", "\"[NaN]\"", "\"\\\\ud800\"", "{}", "[]"};
  if (depth == 0 || r.below(3) == 0) return leaves[r.below(sizeof leaves / sizeof leaves[0])];
  const bool object = r.below(2) == 0;
  std::string s(1, object ? '{' : '[');
  for (std::size_t n = r.below(4); n != 0; --n) {
    if (s.size() > 1) s += ',';
    if (object) s += "\"" + std::string(keys[r.below(sizeof keys / sizeof keys[0])]) + "\":";
    s += valid_json(r, depth - 1);
  }
  s += object ? '}' : ']';
  return s;
}

std::string text(stream& r, std::size_t most) {
  switch (r.below(5)) {
    case 0: return bytes(r, most);
    case 1: return code_points(r, most);
    case 2: return json_like(r, most);
    case 3: return valid_json(r, 5);
    default: return std::string(r.below(most + 1), static_cast<char>(r.next() & 0x7fU));
  }
}

std::string key(stream& r) {
  static const char* const known[] = {"metadata", "x.metadata", "llm.invocation_parameters", "tool.parameters", "input.value",
                                      "input.mime_type", "x.value", "x.mime_type", "llm.token_count.prompt", "llm.cost.total",
                                      "session.id", "session", "user.id", "user", "openinference.span.kind", "a..b", ".a", "a.", "1", "1.2",
                                      "l.\xc2\xb2", "a/b", "input", "llm.function_call", "llm.prompt_template.variables", "items[0]"};
  if (r.below(2) == 0) return known[r.below(sizeof known / sizeof known[0])];
  if (r.below(20) == 0) {
    std::string deep = "d";
    for (std::size_t n = r.below(1000); n != 0; --n) deep += ".d";
    return deep;
  }
  return text(r, 30);
}

void write_down(const std::string& k, const std::string& value) {
  const auto hex = [](const std::string& s) {
    for (const char c : s) std::printf("%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
  };
  std::printf("%s ", arthur::current_span_id().c_str());
  hex(k);
  std::printf(" ");
  hex(value);
  std::printf("\n");
}

double number(stream& r) {
  const std::uint64_t bits = r.next();
  double d = 0;
  std::memcpy(&d, &bits, sizeof d);
  return d;
}

void set_anything(stream& r) {
  const std::string k = key(r);
  switch (r.below(16)) {
    case 0: ARTHUR_SET(arthur::attribute(k, static_cast<std::int64_t>(r.next() >> r.below(64)))); break;
    case 1: ARTHUR_SET(arthur::attribute(k, r.next() >> r.below(64))); break;
    case 2: ARTHUR_SET(arthur::attribute(k, number(r))); break;
    case 3: ARTHUR_SET(arthur::attribute(k, r.below(2) == 0)); break;
    case 4: ARTHUR_SET(arthur::attribute(k, std::vector<std::string>{text(r, 10), text(r, 10)})); break;
    case 5: ARTHUR_SET(arthur::attribute(k, std::vector<double>{number(r), number(r)})); break;
    case 6: ARTHUR_SET(arthur::input_json(text(r, 40)), arthur::output(text(r, 40))); break;
    case 7: ARTHUR_SET(arthur::input(text(r, 40)), arthur::output_json(text(r, 40))); break;
    case 8: ARTHUR_SET(arthur::metadata(text(r, 40)), arthur::invocation_parameters(text(r, 40))); break;
    case 9: ARTHUR_SET(arthur::tool(text(r, 10), text(r, 10), text(r, 20))); break;
    case 10: ARTHUR_SET(arthur::document(text(r, 20), arthur::id(text(r, 5)), arthur::score(number(r)), arthur::metadata(text(r, 20)))); break;
    case 11: ARTHUR_SET(arthur::input_message(text(r, 5), text(r, 40), arthur::tool_call(text(r, 5), text(r, 5), text(r, 20)))); break;
    case 12: ARTHUR_SET(arthur::tokens(static_cast<std::int64_t>(r.next() >> r.below(64)), static_cast<std::int64_t>(r.next() >> r.below(64)))); break;
    case 13: ARTHUR_EVENT(text(r, 20), arthur::attribute(k, text(r, 40)), arthur::attribute(key(r), number(r))); break;
    case 14: ARTHUR_ERROR(text(r, 40)); break;
    default: ARTHUR_SET(arthur::attribute(k, text(r, 40))); break;
  }
}

void record(std::uint64_t seed) {
  stream r(seed);
  ARTHUR_CONTEXT(arthur::session_id(text(r, 20)), arthur::attribute(key(r), text(r, 20)));
  arthur::scoped_span root(static_cast<arthur::kind>(r.below(10)), text(r, 60));
  for (std::size_t spans = r.below(4); spans != 0; --spans) {
    arthur::scoped_span child(static_cast<arthur::kind>(r.below(10)), text(r, 60));
    for (std::size_t n = r.below(8); n != 0; --n) set_anything(r);
    for (int n = 0; n < 3; ++n) {
      const std::string k = "checked." + std::to_string(n), value = text(r, 200);
      ARTHUR_SET(arthur::attribute(k, value));
      write_down(k, value);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const auto tracing = arthur::start(fixed::options(argv));
  if (!tracing.ok()) return 2;
  const std::uint64_t first = std::strtoull(argv[3], nullptr, 10), seeds = std::strtoull(argv[4], nullptr, 10);
  for (std::uint64_t n = 0; n < seeds; ++n) record(first + n);
  return fixed::delivered();
}
