// tree.hpp: prints the spans of a trace as the tree that the library's console shows.
#ifndef ARTHUR_TESTS_SUPPORT_TREE_HPP
#define ARTHUR_TESTS_SUPPORT_TREE_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "otlp_decode.hpp"

namespace support {

/// One line per span, each ending in a newline and at most `columns` wide:
/// `AGENT support-agent  12.3 ms  "How do I get a refund?" → "Use the form."`
/// Children follow their parent by start time; a span whose parent is not here stands at the root.
std::string render_tree(const std::vector<span>& spans, std::size_t columns = 100);

/// The terminal's width; 100 when standard output is no terminal.
std::size_t terminal_columns();

}  // namespace support

#endif
