// tree.hpp: the spans of a trace drawn as a tree for people.
#ifndef ARTHUR_CONSOLE_TREE_HPP
#define ARTHUR_CONSOLE_TREE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../config.hpp"
#include "span_line.hpp"
#include "text.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace console {

struct tree_span {
  std::string_view body;     ///< of a protobuf Span message
  std::string_view service;  ///< "" where it is the process's own
};

struct look {
  std::size_t columns = 100;  ///< no line is wider
  bool colour = false;
};

/// Children follow their parent by start time; a span whose parent isn't here stands at the root, as does one of each
/// circle of parents. No recursion: a chain may be as deep as it likes.
class tree_writer {
 public:
  tree_writer(std::string& out, const std::vector<tree_span>& spans, const look& how) : out_(out), how_(how) {
    nodes_.reserve(spans.size());
    for (const tree_span& s : spans) nodes_.push_back(read(s));
    std::stable_sort(nodes_.begin(), nodes_.end(), [](const node& a, const node& b) { return a.start < b.start; });
    link();
  }

  void write() {
    for (std::uint32_t n = 0; n < nodes_.size(); ++n) {
      if (nodes_[n].parent == none) write_from(n);
    }
    for (std::uint32_t n = 0; n < nodes_.size(); ++n) {
      if (nodes_[n].written) continue;
      unlink(n);
      write_from(n);
    }
  }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  struct node {
    const tree_span* span;
    std::string_view id, parent_id;
    std::uint64_t start;
    std::uint32_t parent, child, next;  // first child, next sibling
    bool written;
  };

  static node read(const tree_span& s) noexcept {
    node n{&s, {}, {}, 0, none, none, none, false};
    wire::reader reader(s.body.data(), s.body.size());
    wire::field at;
    while (reader.next(at)) {
      if (at.tag == wire::span_span_id) n.id = content(at);
      if (at.tag == wire::span_parent_span_id) n.parent_id = content(at);
      if (at.tag == wire::span_start_time) n.start = at.value;
    }
    return n;
  }

  void link() {
    std::vector<std::pair<std::string_view, std::uint32_t>> ids;
    ids.reserve(nodes_.size());
    for (std::uint32_t n = 0; n < nodes_.size(); ++n) ids.emplace_back(nodes_[n].id, n);
    std::sort(ids.begin(), ids.end());  // of a repeated id the first one has the children
    for (auto n = static_cast<std::uint32_t>(nodes_.size()); n-- != 0;) {
      node& child = nodes_[n];
      if (child.parent_id.empty()) continue;
      const auto found = std::lower_bound(ids.begin(), ids.end(), std::make_pair(child.parent_id, std::uint32_t{0}));
      if (found == ids.end() || found->first != child.parent_id) continue;
      child.parent = found->second;
      child.next = nodes_[child.parent].child;
      nodes_[child.parent].child = n;
    }
  }

  void unlink(std::uint32_t n) noexcept {
    std::uint32_t* at = &nodes_[nodes_[n].parent].child;
    while (*at != n) at = &nodes_[*at].next;
    *at = nodes_[n].next;
    nodes_[n].parent = nodes_[n].next = none;
  }

  void write_from(std::uint32_t root) {
    path_.clear();
    write_node(root);
    path_.push_back(nodes_[root].child);
    while (!path_.empty()) {
      const std::uint32_t n = path_.back();
      if (n == none) {
        path_.pop_back();
        continue;
      }
      path_.back() = nodes_[n].next;
      write_node(n);
      path_.push_back(nodes_[n].child);
    }
  }

  /// path_ holds, for each level above, the sibling that comes next.
  void write_node(std::uint32_t index) {
    node& n = nodes_[index];
    n.written = true;
    // Half of the width is for text: deeper spans stay where they are and say how deep they are.
    const std::size_t depth = path_.size();
    const std::size_t drawn = (std::min)(depth, how_.columns / 6);
    std::string stem;
    for (std::size_t level = 0; level + 1 < drawn; ++level) stem += path_[level] == none ? "   " : "│  ";
    const bool last = depth == 0 || path_.back() == none;
    line_writer line(out_, how_.columns, how_.colour);
    if (drawn != 0) line.draw(ink::faint, stem + (last ? "└─ " : "├─ "), drawn * 3);
    if (drawn != depth) {
      line.put(ink::faint, "(depth " + std::to_string(depth) + ")");
      line.draw(ink::plain, " ", 1);
    }
    const std::string_view above = n.parent == none ? std::string_view() : nodes_[n.parent].span->service;
    put_span(line, n.span->body, n.span->service == above ? std::string_view() : n.span->service);
    out_ += '\n';
    if (drawn != 0) stem += last ? "   " : "│  ";
    stem += n.child == none ? "  " : "│ ";
    wire::reader reader(n.span->body.data(), n.span->body.size());
    wire::field at;
    while (reader.next(at)) {
      if (at.tag != wire::span_events) continue;
      line_writer below(out_, how_.columns, how_.colour);
      below.draw(ink::faint, stem, drawn * 3 + 2);
      put_event(below, content(at));
      out_ += '\n';
    }
  }

  std::string& out_;
  const look& how_;
  std::vector<node> nodes_;
  std::vector<std::uint32_t> path_;
};

/// Appends one line per span, below it one per event, each ending in a newline.
inline void append_tree(std::string& out, const std::vector<tree_span>& spans, const look& how) {
  tree_writer(out, spans, how).write();
}

}  // namespace console
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
