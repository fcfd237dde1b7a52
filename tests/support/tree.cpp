// tree.cpp: the tree printer.
#include "tree.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>

namespace support {
namespace {

/// Decodes one character and moves on; a bad byte counts as U+FFFD.
std::uint32_t next_character(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  for (std::size_t size = 1; size <= 4 && at + size <= text.size(); ++size) {
    if (!valid_utf8(text.substr(at, size))) continue;
    const std::uint32_t lead = byte(at);
    std::uint32_t code = size == 1 ? lead : lead & (0xffU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) code = code << 6 | (byte(at + i) & 0x3f);
    at += size;
    return code;
  }
  ++at;
  return 0xfffd;
}

struct code_range {
  std::uint32_t first;
  std::uint32_t last;
};

template <std::size_t N>
bool within(std::uint32_t code, const code_range (&ranges)[N]) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [&](const code_range& r) { return code >= r.first && code <= r.last; });
}

/// The blocks that matter, not the whole Unicode table.
std::size_t width_of(std::uint32_t code) {
  static const code_range none[] = {{0x300, 0x36f},   {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x2069},
                                    {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0x1f3fb, 0x1f3ff}};
  static const code_range two[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
                                   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
                                   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
  return within(code, none) ? 0 : within(code, two) ? 2 : 1;
}

/// C0, DEL, C1 and direction overrides could move the cursor or colour the terminal.
bool is_control(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x202a && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

std::string duration(const span& s) {
  const double ns = s.end_time > s.start_time ? static_cast<double>(s.end_time - s.start_time) : 0.0;
  static const struct {
    double unit;
    const char* name;
  } units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}};
  for (const auto& u : units) {
    if (ns < u.unit && u.unit > 1) continue;
    const double amount = ns / u.unit;
    char text[40];
    std::snprintf(text, sizeof text, "%.*f %s", u.unit > 1 && amount < 100 ? 1 : 0, amount, u.name);
    return text;
  }
  return {};
}

std::string number_text(const value* v) {
  if (v == nullptr) return {};
  if (v->is(value::type::integer)) return std::to_string(v->integer);
  return v->is(value::type::string) ? v->text : std::string();
}

std::string tokens(const span& s) {
  const std::string prompt = number_text(s.find("llm.token_count.prompt"));
  const std::string completion = number_text(s.find("llm.token_count.completion"));
  if (prompt.empty() && completion.empty()) return {};
  return (prompt.empty() ? "?" : prompt) + "→" + (completion.empty() ? "?" : completion) + " tokens";
}

/// The text of the message with the highest index below the prefix.
std::string last_message(const span& s, const std::string& prefix) {
  std::string found;
  for (std::size_t i = 0;; ++i) {
    const std::string message = prefix + std::to_string(i) + ".message.";
    const value* content = s.find(message + "content");
    const value* tool = s.find(message + "tool_calls.0.tool_call.function.name");
    const value* part = s.find(message + "contents.0.message_content.text");
    if (content == nullptr && tool == nullptr && part == nullptr && s.find(message + "role") == nullptr) return found;
    if (content != nullptr) found = content->text;
    else if (part != nullptr) found = part->text;
    else if (tool != nullptr) found = tool->text + "(…)";
  }
}

std::string count_of(const span& s, const std::string& prefix, const std::string& suffix, const char* noun) {
  std::size_t n = 0;
  while (s.find(prefix + std::to_string(n) + suffix) != nullptr) ++n;
  return n == 0 ? std::string() : std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

struct flow {
  std::string in;
  std::string out;
  bool quote_out = true;
};

flow flow_of(const span& s) {
  flow f{s.text("input.value"), s.text("output.value"), true};
  if (f.in.empty()) f.in = last_message(s, "llm.input_messages.");
  if (f.out.empty()) f.out = last_message(s, "llm.output_messages.");
  if (f.out.empty()) {
    f.out = count_of(s, "retrieval.documents.", ".document.content", "document");
    if (f.out.empty()) f.out = count_of(s, "embedding.embeddings.", ".embedding.vector", "embedding");
    f.quote_out = f.out.empty();
  }
  return f;
}

std::string first_line_head(const span& s) {
  const std::string kind = s.text("openinference.span.kind");
  std::string head = (kind.empty() ? "SPAN" : kind) + " " + (s.name.empty() ? "(no name)" : s.name);
  head += "  " + duration(s);
  const std::string used = tokens(s);
  if (!used.empty()) head += "  " + used;
  if (s.status_code == 2) head += "  ERROR" + (s.status_message.empty() ? std::string() : " " + s.status_message);
  return head;
}

std::string line_of(const span& s, std::size_t columns) {
  std::string line = fit(first_line_head(s), columns);
  const flow f = flow_of(s);
  if (f.in.empty() && f.out.empty()) return line;
  const std::size_t arrow = f.out.empty() ? 0 : f.in.empty() ? 2 : 3;  // "→ x" or "x → y"
  const auto quoted = [](const std::string& text) { return !text.empty() && text[0] != '{' && text[0] != '['; };
  const char* const quote_in = quoted(f.in) ? "\"" : "";
  const char* const quote_out = f.quote_out && quoted(f.out) ? "\"" : "";
  const std::size_t quotes = 2 * (std::strlen(quote_in) + std::strlen(quote_out));
  const std::size_t fixed = display_width(line) + 2 + arrow + quotes;
  if (fixed + 8 > columns) return line;  // too narrow to say anything
  // Each side may take half of the room, and what the other one leaves.
  const std::size_t room = columns - fixed;
  const std::size_t in_width = display_width(f.in);
  const std::size_t out_width = display_width(f.out);
  const std::size_t in_room = (std::max)(room / 2, room - (std::min)(room, out_width));
  const std::string in = fit(f.in, (std::min)(in_room, in_width));
  const std::string out = fit(f.out, room - display_width(in));
  line += "  ";
  line += quote_in + in + quote_in;
  if (!f.out.empty()) line += f.in.empty() ? "→ " : " → ";
  return line + quote_out + out + quote_out;
}

std::string event_line(const event& e, std::size_t columns) {
  std::string text = "· " + e.name;
  for (const attribute& a : e.attributes) {
    if (a.key == "exception.stacktrace") continue;
    text += "  " + a.key + "=" + (a.val.is(value::type::string) ? a.val.text : describe(a.val));
  }
  return fit(text, columns);
}

class printer {
public:
  printer(const std::vector<span>& spans, std::size_t columns) : columns_(columns) {
    std::map<std::string, const span*> known;
    for (const span& s : spans) known.emplace(s.span_id, &s);
    std::vector<const span*> roots;
    for (const span& s : spans) {
      if (s.is_root() || known.count(s.parent_span_id) == 0) roots.push_back(&s);
      else children_[s.parent_span_id].push_back(&s);
    }
    by_start(roots);
    for (auto& list : children_) by_start(list.second);
    for (const span* root : roots) print(*root, "", "");
    for (const span& s : spans) {  // a circle of parents has no root
      if (printed_.count(&s) == 0) print(s, "", "");
    }
  }

  std::string take() { return std::move(out_); }

private:
  static void by_start(std::vector<const span*>& list) {
    std::stable_sort(list.begin(), list.end(),
                     [](const span* a, const span* b) { return a->start_time < b->start_time; });
  }

  void print(const span& s, const std::string& first, const std::string& rest) {
    if (!printed_.emplace(&s, true).second) return;
    const std::size_t indent = display_width(first);
    if (indent + 10 > columns_) {  // deeper than the terminal is wide
      out_ += fit(first, columns_) + "\n";
      return;
    }
    out_ += first + line_of(s, columns_ - indent) + "\n";
    const auto mine = children_.find(s.span_id);
    const std::vector<const span*> list = mine == children_.end() ? std::vector<const span*>() : mine->second;
    if (mine != children_.end()) children_.erase(mine);  // a repeated span shows its children once
    for (const event& e : s.events) {
      const std::string bar = rest + (list.empty() ? "  " : "│ ");
      out_ += bar + event_line(e, columns_ - (std::min)(columns_, display_width(bar))) + "\n";
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
      const bool last = i + 1 == list.size();
      print(*list[i], rest + (last ? "└─ " : "├─ "), rest + (last ? "   " : "│  "));
    }
  }

  std::size_t columns_;
  std::map<std::string, std::vector<const span*>> children_;
  std::map<const span*, bool> printed_;
  std::string out_;
};

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) width += width_of(next_character(text, at));
  return width;
}

std::string fit(std::string_view text, std::size_t columns) {
  std::string out;
  std::size_t width = 0;
  std::size_t cut_at = 0;  // where "…" would still fit
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t from = at;
    const std::uint32_t code = next_character(text, at);
    const bool control = is_control(code);
    const std::size_t wide = control ? 1 : width_of(code);
    if (width + wide > columns) {
      out.resize(cut_at);
      return columns == 0 ? std::string() : out + "…";
    }
    width += wide;
    if (control) out += ' ';
    else if (code == 0xfffd && at - from == 1) out += "\xef\xbf\xbd";
    else out += text.substr(from, at - from);
    if (width + 1 <= columns) cut_at = out.size();
  }
  return out;
}

std::size_t terminal_columns() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) == 0 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 100;
  return size.ws_col;
}

std::string render_tree(const std::vector<span>& spans, std::size_t columns) { return printer(spans, columns).take(); }

}  // namespace support
