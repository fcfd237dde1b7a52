// http_response.hpp: reads an HTTP/1.x answer from bytes that arrive in pieces of any size; trusts nothing.
#ifndef ARTHUR_TRANSPORT_HTTP_RESPONSE_HPP
#define ARTHUR_TRANSPORT_HTTP_RESPONSE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "../policy/text.hpp"
#include "../text_line.hpp"
#include "transport.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Feed it what was received until done() or failed(), end_of_stream() when the peer closes.
class http_response_parser {
 public:
  static constexpr std::size_t max_header = std::size_t{64} << 10;  // 1xx answers and trailers included
  static constexpr std::size_t max_body = max_answer;

  explicit http_response_parser(response& out) : out_(out) {}

  /// Takes bytes and returns how many belonged to this answer.
  std::size_t feed(const char* data, std::size_t size) {
    std::size_t used = 0;
    while (used < size && !done() && !failed()) {
      if (state_ == state::body || state_ == state::until_close || state_ == state::chunk_data) {
        used += take_body(data + used, size - used);
      } else {
        take_line_byte(data[used++]);
      }
    }
    return used;
  }

  /// The peer sends no more.
  void end_of_stream() {
    if (done() || failed()) return;
    if (state_ == state::until_close) {
      state_ = state::done;
    } else {
      fail(has_status() ? "the answer was cut off" : "the connection was closed without an answer");
    }
  }

  bool done() const { return state_ == state::done; }
  bool failed() const { return state_ == state::failed; }

  /// Is response::status final? True from the end of the header on, even where the body then fails.
  bool has_status() const { return has_status_; }

  /// May the connection carry another request?
  bool keep_alive() const { return done() && keep_alive_; }

  /// What was wrong; "" unless failed() or the body was too large.
  const char* error() const { return error_; }

 private:
  enum class state {
    status_line,
    header_line,
    body,         // left_ bytes
    until_close,  // all that comes
    chunk_size,
    chunk_data,
    chunk_end,
    trailer,
    done,
    failed
  };

  void fail(const char* why) {
    state_ = state::failed;
    error_ = why;
    keep_alive_ = false;
    if (has_status_) {
      out_.truncated = true;
    } else {
      out_.clear();
    }
  }

  void take_line_byte(char c) {
    // Chunk sizes have a limit of their own: many small chunks are legal, a long line isn't.
    const bool chunk_line = state_ == state::chunk_size || state_ == state::chunk_end;
    if (!chunk_line && ++header_bytes_ > max_header) return fail("the answer's header is larger than 64 KiB");
    if (c != '\n') {
      line_ += c;  // of a longer line the beginning is kept
      if (chunk_line && line_is_cut()) fail("the answer has a malformed chunk");
      return;
    }
    std::string_view whole(line_);
    if (!whole.empty() && whole.back() == '\r') whole.remove_suffix(1);
    take_line(whole);
    line_.clear();
  }
  bool line_is_cut() const { return line_.size() == text_line::capacity; }

  void take_line(std::string_view line) {
    switch (state_) {
      case state::status_line: return take_status_line(line);
      case state::header_line: return line.empty() ? end_of_header() : take_header(line);
      case state::chunk_size: return take_chunk_size(line);
      case state::chunk_end:
        if (!line.empty()) return fail("the answer has a malformed chunk");
        state_ = state::chunk_size;
        return;
      default:  // a trailer says nothing that matters here
        if (line.empty()) state_ = state::done;
        return;
    }
  }

  void take_status_line(std::string_view line) {
    // "HTTP/1.1 200 OK"; the reason may be missing together with its space.
    std::uint64_t status = 0;
    if (line.size() < 12 || line.substr(0, 7) != "HTTP/1." || !text::is_digit(line[7]) || line[8] != ' ' ||
        !text::parse_unsigned(line.substr(9, 3), status) || status < 100 || status > 599 ||
        (line.size() > 12 && line[12] != ' ')) {
      return fail("the answer isn't HTTP/1.1");
    }
    out_.status = static_cast<int>(status);
    keep_alive_ = line[7] != '0';
    state_ = state::header_line;
  }

  void take_header(std::string_view line) {
    if (text::is_space(line.front())) return;  // the folded rest of the line before, which isn't needed
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return fail("the answer has a malformed header");
    const std::string_view name = text::trim(line.substr(0, colon));
    const std::string_view value = text::trim(line.substr(colon + 1));
    if (text::equal_nocase(name, "content-length")) {
      if (line_is_cut()) return fail("the answer has a malformed Content-Length");
      take_content_length(value);
    } else if (text::equal_nocase(name, "transfer-encoding")) {
      if (line_is_cut()) return fail("the answer has a malformed header");
      encoded_ = true;
      const std::size_t comma = value.rfind(',');
      const std::size_t last = comma == std::string_view::npos ? 0 : comma + 1;
      chunked_ = text::equal_nocase(text::trim(value.substr(last)), "chunked");
    } else if (text::equal_nocase(name, "connection")) {
      if (has_token(value, "close")) close_ = true;
      if (has_token(value, "keep-alive")) keep_alive_ = true;
    } else if (text::equal_nocase(name, "retry-after")) {
      out_.retry_after = value;
    } else if (text::equal_nocase(name, "location")) {
      out_.location = value;
    } else if (text::equal_nocase(name, "content-type")) {
      out_.content_type = value;
    }
  }

  static bool has_token(std::string_view list, std::string_view token) {
    while (!list.empty()) {
      const std::size_t comma = list.find(',');
      if (text::equal_nocase(text::trim(list.substr(0, comma)), token)) return true;
      list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return false;
  }

  // Several equal lengths ("5, 5" or two lines) are one length; different ones are an attack or a defect.
  void take_content_length(std::string_view list) {
    while (true) {
      const std::size_t comma = list.find(',');
      std::uint64_t length = 0;
      if (!text::parse_unsigned(text::trim(list.substr(0, comma)), length) || (has_length_ && length != left_)) {
        return fail("the answer has a malformed Content-Length");
      }
      has_length_ = true;
      left_ = length;
      if (comma == std::string_view::npos) return;
      list.remove_prefix(comma + 1);
    }
  }

  void end_of_header() {
    if (out_.status == 101) return fail("the answer switches to another protocol");
    if (out_.status < 200) {
      const std::size_t bytes = header_bytes_;  // goes on counting, so endless 1xx answers end
      out_.clear();
      has_length_ = encoded_ = chunked_ = close_ = keep_alive_ = false;
      left_ = 0;
      header_bytes_ = bytes;
      state_ = state::status_line;
      return;
    }
    has_status_ = true;
    if (close_) keep_alive_ = false;
    if (out_.status == 204 || out_.status == 304) {
      state_ = state::done;
    } else if (chunked_) {
      if (has_length_) keep_alive_ = false;  // both lengths: a message that proxies may see differently
      state_ = state::chunk_size;
    } else if (has_length_ && !encoded_) {
      state_ = left_ == 0 ? state::done : state::body;
    } else {
      keep_alive_ = false;
      state_ = state::until_close;
    }
  }

  void take_chunk_size(std::string_view line) {
    line = text::trim(line.substr(0, line.find(';')));
    std::uint64_t length = 0;
    if (line.empty() || line.size() > 15) return fail("the answer has a malformed chunk");
    for (const char c : line) {
      const int digit = text::hex_value(c);
      if (digit < 0) return fail("the answer has a malformed chunk");
      length = length * 16 + static_cast<std::uint64_t>(digit);
    }
    left_ = length;
    state_ = length == 0 ? state::trailer : state::chunk_data;
  }

  std::size_t take_body(const char* data, std::size_t size) {
    std::size_t n = size;
    if (state_ != state::until_close) n = static_cast<std::size_t>((std::min)(left_, static_cast<std::uint64_t>(n)));
    const std::size_t room = max_body - out_.body.size();
    if (n > room) {
      out_.body.append(data, room);
      out_.truncated = true;
      keep_alive_ = false;
      error_ = max_body < (std::size_t{1} << 20) ? "the answer is larger than 64 KiB" : "the answer is larger than 4 MiB";
      state_ = state::done;
      return n;
    }
    out_.body.append(data, n);
    if (state_ == state::until_close) return n;
    left_ -= n;
    if (left_ == 0) state_ = state_ == state::body ? state::done : state::chunk_end;
    return n;
  }

  response& out_;
  state state_ = state::status_line;
  text_line line_;
  std::size_t header_bytes_ = 0;
  std::uint64_t left_ = 0;
  bool has_length_ = false;
  bool encoded_ = false;
  bool chunked_ = false;
  bool close_ = false;
  bool keep_alive_ = false;
  bool has_status_ = false;
  const char* error_ = "";
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
