// tree.hpp: prints the spans of a trace as a tree for people.
#ifndef ARTHUR_TESTS_SUPPORT_TREE_HPP
#define ARTHUR_TESTS_SUPPORT_TREE_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "otlp_decode.hpp"

namespace support {

/// One line per span, each ending in a newline and at most `columns` wide:
/// `AGENT support-agent  12.3 ms  "How do I get a refund?" → "Use the form."`
/// Children follow their parent by start time; a span whose parent is not here stands at the root.
std::string render_tree(const std::vector<span>& spans, std::size_t columns = 100);

/// The terminal's width; 100 when standard output is no terminal.
std::size_t terminal_columns();

/// At most `columns` wide, with "…" at the end when something was cut. Never cuts a character in two, keeps combining
/// marks with their base, and replaces control characters by blanks.
std::string fit(std::string_view text, std::size_t columns);
std::size_t display_width(std::string_view text);

}  // namespace support

#endif
