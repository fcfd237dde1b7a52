// answer.hpp: what the bodies of answers say: rejected spans, and the tasks of a search.
#ifndef ARTHUR_POLICY_ANSWER_HPP
#define ARTHUR_POLICY_ANSWER_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "../record/wire.hpp"
#include "../text_line.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A place in a JSON text; looks things up by walking, without a tree. Tolerant: what isn't found is empty.
class json_view {
 public:
  explicit json_view(std::string_view text) noexcept : text_(skip_space(text)) {}

  /// The member `name` of an object.
  json_view operator[](std::string_view name) const noexcept {
    json_view found{std::string_view()};
    if (text_.empty() || text_.front() != '{') return found;
    std::string_view rest = text_.substr(1);
    for (;;) {
      rest = skip_space(rest);
      if (rest.empty() || rest.front() != '"') return found;
      const std::size_t key = value_size(rest);
      const std::string_view key_text = rest.substr(0, key);
      rest = skip_space(rest.substr(key));
      if (rest.empty() || rest.front() != ':') return found;
      rest = skip_space(rest.substr(1));
      const std::size_t size = value_size(rest);
      if (key_text.size() == name.size() + 2 && key_text.substr(1, name.size()) == name) return json_view(rest.substr(0, size));
      rest = skip_space(rest.substr(size));
      if (rest.empty() || rest.front() != ',') return found;
      rest.remove_prefix(1);
    }
  }

  /// Calls `use(json_view)` for each element of an array.
  template <class Use>
  void each(Use&& use) const {
    if (text_.empty() || text_.front() != '[') return;
    std::string_view rest = text_.substr(1);
    for (;;) {
      rest = skip_space(rest);
      const std::size_t size = value_size(rest);
      if (size == 0) return;
      use(json_view(rest.substr(0, size)));
      rest = skip_space(rest.substr(size));
      if (rest.empty() || rest.front() != ',') return;
      rest.remove_prefix(1);
    }
  }

  /// A number, also one in quotes (OTLP writes 64-bit integers so); 0 if it is none.
  std::uint64_t number() const noexcept {
    std::uint64_t value = 0;
    for (const char c : text_.substr(!text_.empty() && text_.front() == '"' ? 1 : 0)) {
      if (c < '0' || c > '9') break;
      value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
  }

  /// A string, unescaped; cut at the end of a line.
  text_line text() const {
    text_line out;
    if (text_.size() < 2 || text_.front() != '"') return out;
    const std::string_view in = text_.substr(1, text_.size() - 2);
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (in[i] != '\\' || i + 1 == in.size()) {
        out += in[i];
        continue;
      }
      switch (in[++i]) {
        case 'n': out += '\n'; break;
        case 't': out += '\t'; break;
        case 'r': out += '\r'; break;
        case 'b': out += '\b'; break;
        case 'f': out += '\f'; break;
        case 'u': {
          std::uint32_t code = hex4(in, i + 1);
          i += 4;
          if (code >= 0xd800 && code < 0xdc00 && in.substr(i + 1 < in.size() ? i + 1 : in.size(), 2) == "\\u") {
            const std::uint32_t low = hex4(in, i + 3);
            if (low >= 0xdc00 && low < 0xe000) {
              code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
              i += 6;
            }
          }
          put_utf8(out, code);
          break;
        }
        default: out += in[i];
      }
    }
    return out;
  }

  bool found() const noexcept { return !text_.empty(); }
  std::string_view raw() const noexcept { return text_; }

 private:
  static std::string_view skip_space(std::string_view s) noexcept {
    while (!s.empty() && (s.front() == ' ' || s.front() == '\n' || s.front() == '\r' || s.front() == '\t')) s.remove_prefix(1);
    return s;
  }

  /// Length of the value at the beginning; 0 at a closing bracket or the end.
  static std::size_t value_size(std::string_view s) noexcept {
    std::size_t depth = 0;
    for (std::size_t i = 0; i < s.size(); ++i) {
      const char c = s[i];
      if (c == '"') {
        for (++i; i < s.size() && s[i] != '"'; ++i) {
          if (s[i] == '\\') ++i;
        }
        if (depth == 0) return i < s.size() ? i + 1 : s.size();
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (c == '}' || c == ']') {
        if (depth == 0) return i;
        if (--depth == 0) return i + 1;
      } else if (depth == 0 && (c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '\t')) {
        return i;
      }
    }
    return s.size();
  }

  static std::uint32_t hex4(std::string_view s, std::size_t at) noexcept {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + 4 && i < s.size(); ++i) {
      const char c = s[i];
      const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 0;
      value = value << 4 | static_cast<std::uint32_t>(digit);
    }
    return value;
  }

  static void put_utf8(text_line& out, std::uint32_t c) {
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += static_cast<char>(0xc0 | c >> 6);
      out += static_cast<char>(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
      out += static_cast<char>(0xe0 | c >> 12);
      out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (c & 0x3f));
    } else {
      out += static_cast<char>(0xf0 | c >> 18);
      out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
      out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (c & 0x3f));
    }
  }

  std::string_view text_;
};

/// How many of the spans an answer refused, and why.
struct rejection {
  std::uint64_t spans = 0;
  text_line reason;  // at most 300 bytes
};

inline text_line one_line(std::string_view text) {
  text_line out(text.substr(0, 300));
  char before = 0;
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    // U+0080 to U+009F, too: a terminal may take them for commands, and a server wrote them.
    const bool c1 = before == '\xc2' && byte >= 0x80 && byte < 0xa0;
    if (c1) (&c)[-1] = ' ';
    before = c;
    if (c1 || byte < 0x20 || byte == 0x7f) c = ' ';
  }
  return out;
}

/// Reads the engine's report (`rejected_spans`, `rejection_reasons`), OTLP's partial success in either encoding, and the
/// `detail` of an error. A body that can't be read says nothing: the status alone decides.
inline rejection read_rejection(std::string_view body, std::string_view content_type) {
  rejection out;
  if (content_type.find("protobuf") != std::string_view::npos) {
    wire::reader response(body.data(), body.size());
    for (wire::field f; response.next(f);) {
      if (f.tag != (1 << 3 | wire::type_bytes)) continue;
      wire::reader partial(f.data, f.size);
      for (wire::field p; partial.next(p);) {
        if (p.tag == (1 << 3 | wire::type_varint)) out.spans = p.value;
        if (p.tag == (2 << 3 | wire::type_bytes)) out.reason = one_line({p.data, p.size});
      }
    }
    return out;
  }
  const json_view report(body);
  if (const json_view partial = report["partialSuccess"]; partial.found()) {
    out.spans = partial["rejectedSpans"].number();
    out.reason = one_line(partial["errorMessage"].text());
    return out;
  }
  out.spans = report["rejected_spans"].number();
  bool first = true;
  report["rejection_reasons"].each([&](json_view reason) {
    if (first) out.reason = one_line(reason.text());
    first = false;
  });
  if (out.reason.empty()) out.reason = one_line(report["detail"].text());
  return out;
}

/// One page of the engine's task search: the exact name wins, the newest first; archived tasks don't count.
struct task_page {
  text_line id;                   // empty: not on this page
  std::size_t tasks = 0;     // on this page
  std::uint64_t total = 0;   // of the whole search
};

inline task_page read_task_page(std::string_view body, std::string_view name) {
  task_page out;
  const json_view answer(body);
  out.total = answer["count"].number();
  answer["tasks"].each([&](json_view task) {
    ++out.tasks;
    // The search matches substrings, ignores case and takes % and _ for wildcards.
    if (out.id.empty() && task["is_archived"].raw() != "true" && task["name"].text() == name) out.id = task["id"].text();
  });
  return out;
}

/// The names of a page's tasks, in quotes and separated by commas; no more than fit a message.
inline text_line read_task_names(std::string_view body) {
  text_line out;
  json_view(body)["tasks"].each([&](json_view task) {
    if (out.size() < 200) out = text_line(out, out.empty() ? "\"" : ", \"", one_line(task["name"].text()), "\"");
  });
  return out;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
