// key_rules.hpp: which attribute and JSON keys Arthur Engine can't take, and what they become.
#ifndef ARTHUR_OTLP_KEY_RULES_HPP
#define ARTHUR_OTLP_KEY_RULES_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../config.hpp"
#include "buffer.hpp"
#include "utf8.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

// Arthur Engine splits keys at dots and rebuilds objects and lists from the parts. That fails on
//  - '/', which it uses as a separator of its own;
//  - a part of digits only that Python's int() refuses: superscripts and the like, or more than 4300 digits;
//  - a part ending in "[n]", read as a list index: the value is lost, and a large n allocates that many elements;
//  - hundreds of parts (Python's recursion limit; 200 still passed beside JSON nested as deep).
constexpr unsigned max_key_parts = 100;
constexpr std::size_t max_key_digits = 4000;

struct code_range {
  std::uint32_t first;
  std::uint32_t count;
};

/// True for what Python's str.isdigit() calls a digit, ASCII apart. Decimal digits of other
/// scripts would pass int(), but keys made of them alone are rare enough to need no distinction. (Unicode 16.)
inline bool is_foreign_digit(std::uint32_t code) noexcept {
  static constexpr code_range ranges[] = {
    {0xb2, 2}, {0xb9, 1}, {0x660, 10}, {0x6f0, 10}, {0x7c0, 10}, {0x966, 10}, {0x9e6, 10}, {0xa66, 10}, {0xae6, 10},
    {0xb66, 10}, {0xbe6, 10}, {0xc66, 10}, {0xce6, 10}, {0xd66, 10}, {0xde6, 10}, {0xe50, 10}, {0xed0, 10},
    {0xf20, 10}, {0x1040, 10}, {0x1090, 10}, {0x1369, 9}, {0x17e0, 10}, {0x1810, 10}, {0x1946, 10}, {0x19d0, 11},
    {0x1a80, 10}, {0x1a90, 10}, {0x1b50, 10}, {0x1bb0, 10}, {0x1c40, 10}, {0x1c50, 10}, {0x2070, 1}, {0x2074, 6},
    {0x2080, 10}, {0x2460, 9}, {0x2474, 9}, {0x2488, 9}, {0x24ea, 1}, {0x24f5, 9}, {0x24ff, 1}, {0x2776, 9},
    {0x2780, 9}, {0x278a, 9}, {0xa620, 10}, {0xa8d0, 10}, {0xa900, 10}, {0xa9d0, 10}, {0xa9f0, 10}, {0xaa50, 10},
    {0xabf0, 10}, {0xff10, 10}, {0x104a0, 10}, {0x10a40, 4}, {0x10d30, 10}, {0x10d40, 10}, {0x10e60, 9}, {0x11052, 9},
    {0x11066, 10}, {0x110f0, 10}, {0x11136, 10}, {0x111d0, 10}, {0x112f0, 10}, {0x11450, 10}, {0x114d0, 10},
    {0x11650, 10}, {0x116c0, 10}, {0x116d0, 20}, {0x11730, 10}, {0x118e0, 10}, {0x11950, 10}, {0x11bf0, 10},
    {0x11c50, 10}, {0x11d50, 10}, {0x11da0, 10}, {0x11f50, 10}, {0x16a60, 10}, {0x16ac0, 10}, {0x16b50, 10},
    {0x16d70, 10}, {0x1ccf0, 10}, {0x1d7ce, 50}, {0x1e140, 10}, {0x1e2f0, 10}, {0x1e4f0, 10}, {0x1e5f1, 10},
    {0x1e950, 10}, {0x1f100, 11}, {0x1fbf0, 10}
  };
  std::size_t low = 0;
  std::size_t high = sizeof ranges / sizeof *ranges;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (code < ranges[middle].first) {
      high = middle;
    } else if (code - ranges[middle].first < ranges[middle].count) {
      return true;
    } else {
      low = middle + 1;
    }
  }
  return false;
}

constexpr std::uint64_t key_hash(std::uint64_t hash, std::uint32_t code) noexcept { return hash * 33 + code; }
constexpr std::uint64_t key_hash(const char* literal) noexcept {
  std::uint64_t hash = 0;
  for (; *literal != 0; ++literal) hash = key_hash(hash, static_cast<unsigned char>(*literal));
  return hash;
}

/// Looks at a key, code point by code point.
class key_scan {
 public:
  void feed(std::uint32_t code) noexcept {
    whole_ = key_hash(whole_, code);
    if (code == '.') {
      end_part();
      ++dots_;
      return;
    }
    part_ = key_hash(part_, code);
    ++length_;
    if (code - '0' > 9U) {
      if (code >= 0x80 && is_foreign_digit(code)) {
        foreign_ = true;
      } else {
        other_ = true;
        if (code == '/') slash_ = true;
        if (code == '[') bracket_ = true;
      }
    }
    last_ = code;
  }
  void finish() noexcept {
    json_ = part_ == key_hash("metadata") || whole_ == key_hash("llm.invocation_parameters") ||
            whole_ == key_hash("llm.function_call") || whole_ == key_hash("llm.prompt_template.variables") ||
            whole_ == key_hash("tool.parameters") || whole_ == key_hash("tool.json_schema") ||
            whole_ == key_hash("message.function_call_arguments_json") ||
            whole_ == key_hash("tool_call.function.arguments");
    end_part();
  }

  unsigned dots() const noexcept { return dots_; }
  bool slash() const noexcept { return slash_; }
  bool bad_digits() const noexcept { return bad_digits_; }
  bool bad_index() const noexcept { return bad_index_; }
  /// A text below this key is decoded as JSON. (A hash that collides only costs a check.)
  bool json() const noexcept { return json_; }

 private:
  void end_part() noexcept {
    if (length_ != 0 && !other_ && (foreign_ || length_ > max_key_digits)) bad_digits_ = true;
    if (bracket_ && last_ == ']') bad_index_ = true;
    part_ = 0;
    length_ = 0;
    last_ = 0;
    other_ = foreign_ = bracket_ = false;
  }

  std::uint64_t whole_ = 0;
  std::uint64_t part_ = 0;
  std::size_t length_ = 0;
  std::uint32_t last_ = 0;
  unsigned dots_ = 0;
  bool other_ = false;
  bool foreign_ = false;
  bool bracket_ = false;
  bool slash_ = false;
  bool bad_digits_ = false;
  bool bad_index_ = false;
  bool json_ = false;
};

/// Feeds valid UTF-8 to a key_scan.
inline key_scan scan_key(const char* key, std::size_t size) noexcept {
  key_scan scan;
  const char* const end = key + size;
  while (key != end) {
    const unsigned step = static_cast<unsigned char>(*key) < 0x80 ? 1 : next_utf8(key, end).size;
    scan.feed(utf8_code_point(key, step));
    key += step;
  }
  scan.finish();
  return scan;
}

/// True if the part before the first dot consists of ASCII digits: attributes that all begin so would become a list.
inline bool begins_with_index(const char* key, std::size_t size) noexcept {
  std::size_t i = 0;
  while (i < size && static_cast<unsigned>(key[i] - '0') <= 9) ++i;
  return i != 0 && (i == size || key[i] == '.');
}

/// Appends a key that the engine takes: '/' becomes '_', "[n]" becomes "(n)", a part of unreadable digits gets a '_' in
/// front, dots beyond the limit become '_'.
inline void append_engine_key(buffer& out, const char* key, std::size_t size) noexcept {
  const char* const end = key + size;
  unsigned dots = 0;
  for (;;) {
    const char* part_end = key;
    while (part_end != end && *part_end != '.') ++part_end;
    const std::size_t start = out.size();
    append_valid_utf8<nul::forbidden>(out, key, static_cast<std::size_t>(part_end - key));
    if (out.failed()) return;
    const key_scan scan = scan_key(out.data() + start, out.size() - start);
    if (scan.bad_digits() && out.append('_')) {
      std::memmove(out.data() + start + 1, out.data() + start, out.size() - start - 1);
      out.data()[start] = '_';
    }
    for (char* at = out.data() + start; at != out.data() + out.size(); ++at) {
      if (*at == '/') *at = '_';
      if (scan.bad_index() && *at == '[') *at = '(';
      if (scan.bad_index() && *at == ']') *at = ')';
    }
    if (part_end == end) return;
    key = part_end + 1;
    out.append(++dots < max_key_parts ? '.' : '_');
  }
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
