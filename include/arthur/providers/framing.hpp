// framing.hpp: takes the bytes of an answer apart, however they are cut: events of SSE, lines of JSON, elements of a JSON array.
#ifndef ARTHUR_PROVIDERS_FRAMING_HPP
#define ARTHUR_PROVIDERS_FRAMING_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

/// Collects one piece at a time; a piece of more than `limit` bytes is left out and counted.
class piece_buffer {
 public:
  explicit piece_buffer(std::size_t limit) noexcept : limit_(limit) {}
  void add(std::string_view bytes) {
    if (text_.size() + bytes.size() > limit_) over_ = true;
    if (!over_) text_.append(bytes);
  }
  bool empty() const noexcept { return text_.empty() && !over_; }
  std::string_view text() const noexcept { return text_; }
  /// Gives the piece to `use`, unless it was too long, and begins the next one.
  template <class Use>
  void take(Use&& use) {
    if (over_) ++left_out_;
    else use(std::string_view(text_));
    clear();
  }
  void clear() noexcept {
    text_.clear();
    over_ = false;
  }
  std::size_t left_out() const noexcept { return left_out_; }

 private:
  std::string text_;
  std::size_t limit_;
  std::size_t left_out_ = 0;
  bool over_ = false;
};

/// Server-sent events as the WHATWG's rules have it: lines end with \n, \r or \r\n, a blank one ends an event, a space
/// behind the colon is dropped, several `data` lines are joined, a comment begins with a colon.
class sse_splitter {
 public:
  explicit sse_splitter(std::size_t limit) noexcept : line_(limit), data_(limit) {}

  /// Calls `use(name, data)` for each event that is complete.
  template <class Use>
  void feed(std::string_view bytes, Use&& use) {
    while (!bytes.empty()) {
      if (after_return_ && bytes.front() == '\n') {
        after_return_ = false;
        bytes.remove_prefix(1);
        continue;
      }
      after_return_ = false;
      const std::size_t end = bytes.find_first_of("\r\n");
      line_.add(bytes.substr(0, end));
      if (end == std::string_view::npos) return;
      after_return_ = bytes[end] == '\r';
      bytes.remove_prefix(end + 1);
      end_line(use);
    }
  }
  /// The end of the body: an event without its blank line counts, too.
  template <class Use>
  void finish(Use&& use) {
    if (!line_.empty()) end_line(use);
    end_event(use);
  }
  std::size_t left_out() const noexcept { return line_.left_out() + data_.left_out(); }

 private:
  template <class Use>
  void end_line(Use& use) {
    if (line_.empty()) return end_event(use);
    line_.take([this](std::string_view line) { read(line); });
  }
  void read(std::string_view line) {
    const std::size_t colon = line.find(':');
    const std::string_view field = line.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    if (field == "event") {
      name_ = value;
    } else if (field == "data" || field == "error") {
      if (field == "error") name_ = field;  // older llama.cpp writes "error: {...}"
      if (has_data_) data_.add("\n");
      data_.add(value);
      has_data_ = true;
    }
  }
  template <class Use>
  void end_event(Use& use) {
    if (has_data_) data_.take([&](std::string_view data) { use(std::string_view(name_), data); });
    has_data_ = false;
    name_.clear();
  }

  piece_buffer line_, data_;
  std::string name_;
  bool has_data_ = false, after_return_ = false;
};

/// JSON values one behind the other, with or without newlines between them; of an array at the top, its elements.
class json_splitter {
 public:
  explicit json_splitter(std::size_t limit) noexcept : value_(limit) {}

  /// Calls `use(text)` for each object or array that is complete.
  template <class Use>
  void feed(std::string_view bytes, Use&& use) {
    std::size_t begin = 0;
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      const char c = bytes[n];
      if (escaped_) {
        escaped_ = false;
      } else if (quoted_) {
        escaped_ = c == '\\';
        quoted_ = c != '"';
      } else if (c == '"') {
        quoted_ = true;
      } else if (c == '{' || c == '[') {
        if (depth_ == 0 && c == '[' && !in_array_) in_array_ = true;
        else if (depth_++ == 0) begin = n;
      } else if (c == '}' || c == ']') {
        if (depth_ == 0) in_array_ = false;
        else if (--depth_ == 0) {
          value_.add(bytes.substr(begin, n + 1 - begin));
          value_.take(use);
        }
      }
    }
    if (depth_ != 0) value_.add(bytes.substr(begin));
  }
  std::size_t left_out() const noexcept { return value_.left_out(); }
  /// Whether a value has begun and not ended.
  bool within() const noexcept { return depth_ != 0; }

 private:
  piece_buffer value_;
  std::size_t depth_ = 0;
  bool in_array_ = false, quoted_ = false, escaped_ = false;
};

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
