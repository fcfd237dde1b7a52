// text.hpp: any text made harmless and short for one line of a terminal.
#ifndef ARTHUR_CONSOLE_TEXT_HPP
#define ARTHUR_CONSOLE_TEXT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "../otlp/utf8.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace console {

struct code_range {
  std::uint32_t first;
  std::uint32_t last;
};

template <std::size_t N>
inline bool within(std::uint32_t code, const code_range (&ranges)[N]) noexcept {
  for (const code_range& r : ranges) {
    if (code >= r.first && code <= r.last) return true;
  }
  return false;
}

/// Columns of a code point: the blocks that matter, not Unicode's whole table. Where terminals differ the wider answer
/// is taken: a line that is cut early reads better than one that wraps.
inline std::size_t width_of(std::uint32_t code) noexcept {
  static constexpr code_range none[] = {
      {0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x64b, 0x65f},   {0xe34, 0xe3a},   {0xe47, 0xe4e},
      {0x1160, 0x11ff}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200d}, {0x2060, 0x2064}, {0x20d0, 0x20ff},
      {0x302a, 0x302d}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef}};
  static constexpr code_range two[] = {
      {0x1100, 0x115f}, {0x231a, 0x23ff}, {0x25fd, 0x27bf}, {0x2b1b, 0x2b55}, {0x2e80, 0x303e},   {0x3041, 0xa4cf},
      {0xa960, 0xa97f}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe10, 0xfe19}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
      {0xffe0, 0xffe6}, {0x16fe0, 0x18cff}, {0x1b000, 0x1b2ff}, {0x1f000, 0x1faff}, {0x20000, 0x3fffd}};
  if (code < 0x300) return 1;
  return within(code, none) ? 0 : within(code, two) ? 2 : 1;
}

/// What stands for a code point: itself, a blank, a picture of the control character, or U+FFFD. C0, DEL and C1 could
/// move the cursor or colour the terminal, direction marks could turn the line around, tags hide text.
inline std::uint32_t shown_as(std::uint32_t code) noexcept {
  static constexpr code_range unsafe[] = {{0x80, 0x9f},     {0x61c, 0x61c},   {0x200e, 0x200f},  {0x202a, 0x202e},
                                          {0x2066, 0x2069}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};
  if (code == '\t' || code == '\n' || code == '\r' || code == 0x2028 || code == 0x2029) return ' ';
  if (code < 0x20) return 0x2400 + code;
  if (code == 0x7f) return 0x2421;
  return within(code, unsafe) ? 0xfffd : code;
}

/// Appends text, at most `columns` wide, with "…" at its end where something was cut; returns its width. Runs of white
/// space become one blank; no character is cut in two, and one carries a few combining marks at most, so that the
/// bytes are bounded too.
inline std::size_t append_fitted(std::string& out, std::string_view text, std::size_t columns) {
  constexpr unsigned most_marks = 8;
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  const char* at = text.data();
  const char* const end = at + text.size();
  std::size_t width = 0;
  std::size_t cut_size = out.size();  // where "…" still fits
  std::size_t cut_width = 0;
  unsigned marks = 0;
  bool blank = false;
  while (at != end) {
    std::uint32_t code = static_cast<unsigned char>(*at);
    unsigned size = 1;
    if (code >= 0x80) {
      const utf8_step step = next_utf8(at, end);
      size = step.size;
      code = step.valid ? utf8_code_point(at, size) : 0xfffd;
    }
    at += size;
    code = shown_as(code);
    if (code == ' ' && blank) continue;
    blank = code == ' ';
    const std::size_t wide = width_of(code);
    marks = wide == 0 ? marks + 1 : 0;
    if (marks > most_marks) continue;
    if (width + wide > columns) {
      out.resize(cut_size);
      if (columns == 0) return 0;
      out += "…";
      return cut_width + 1;
    }
    char bytes[4];
    out.append(bytes, static_cast<std::size_t>(put_utf8(bytes, code) - bytes));
    width += wide;
    if (width < columns) {
      cut_size = out.size();
      cut_width = width;
    }
  }
  return width;
}

enum class ink : unsigned char { plain, faint, kind, usage, error };

/// Writes one line of at most `columns`, in colours or without.
class line_writer {
 public:
  line_writer(std::string& out, std::size_t columns, bool colour) : out_(out), room_(columns), colour_(colour) {}

  std::size_t room() const noexcept { return room_; }

  /// Appends what fits, at most `most` columns of it.
  void put(ink with, std::string_view text, std::size_t most = SIZE_MAX) {
    std::string fitted;
    const std::size_t width = append_fitted(fitted, text, (std::min)(most, room_));
    draw(with, fitted, width);
  }
  /// A part of its own: after a gap, and only where it can say something.
  void part(ink with, std::string_view text) {
    if (text.empty() || room_ < 6) return;
    draw(ink::plain, "  ", 2);
    put(with, text);
  }
  /// Text as it is, known to be `width` wide; left out where it doesn't fit.
  void draw(ink with, std::string_view text, std::size_t width) {
    static constexpr std::string_view codes[] = {"", "\x1b[2m", "\x1b[36m", "\x1b[33m", "\x1b[31m"};
    if (width > room_ || text.empty()) return;
    const bool coloured = colour_ && with != ink::plain;
    if (coloured) out_ += codes[static_cast<std::size_t>(with)];
    out_ += text;
    if (coloured) out_ += "\x1b[0m";
    room_ -= width;
  }

 private:
  std::string& out_;
  std::size_t room_;
  bool colour_;
};

/// 927 ns, 8.5 µs, 12.3 ms, 850 ms, 2.5 s. Without printf: its decimal point depends on the program's locale.
inline std::string duration_text(std::uint64_t start, std::uint64_t end) {
  static constexpr struct {
    std::uint64_t unit;
    std::uint64_t finer;
    const char* name;
  } units[] = {{1000000000, 1000000, " s"}, {1000000, 1000, " ms"}, {1000, 1, " µs"}};
  const std::uint64_t ns = end < start ? start - end : end - start;
  std::string out = end < start ? "-" : "";  // the clock was set back
  for (const auto& u : units) {
    if (ns < u.unit - u.finer / 2) continue;  // so that 999.9 µs is 1.0 ms
    const std::uint64_t tenth = u.unit / 10;
    if (ns / u.unit < 100) {
      const std::uint64_t tenths = (ns + tenth / 2) / tenth;
      if (tenths < 1000) return out + std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + u.name;
    }
    return out + std::to_string(ns / u.unit + (ns % u.unit >= u.unit / 2 ? 1U : 0U)) + u.name;
  }
  return out + std::to_string(ns) + " ns";
}

/// $0.0031, $12.50: two to six decimals.
inline std::string dollar_text(double amount) {
  if (!(amount > -1e12 && amount < 1e12)) return "$?";  // NaN too
  const bool negative = amount < 0;
  const auto millionths = static_cast<std::uint64_t>((negative ? -amount : amount) * 1e6 + 0.5);
  if (millionths == 0 && amount != 0) return negative ? "-$0.00" : "<$0.000001";
  std::string decimals = std::to_string(1000000 + millionths % 1000000).substr(1);
  while (decimals.size() > 2 && decimals.back() == '0') decimals.pop_back();
  return (negative ? "-$" : "$") + std::to_string(millionths / 1000000) + '.' + decimals;
}

}  // namespace console
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
