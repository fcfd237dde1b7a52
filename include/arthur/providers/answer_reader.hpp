// answer_reader.hpp: reads an answer as its bytes arrive, streamed or not, and knows in the end what it said.
#ifndef ARTHUR_PROVIDERS_ANSWER_READER_HPP
#define ARTHUR_PROVIDERS_ANSWER_READER_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "../config.hpp"
#include "../otlp/utf8.hpp"
#include "dialect.hpp"
#include "failure.hpp"
#include "framing.hpp"
#include "json.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

/// Bytes that are kept up to a limit, and counted beyond it.
class kept_bytes {
 public:
  explicit kept_bytes(std::size_t limit) noexcept : limit_(limit) {}
  void add(std::string_view bytes) {
    size_ += bytes.size();
    text_.append(bytes.substr(0, limit_ - text_.size()));
  }
  std::string_view text() const noexcept { return text_; }
  std::size_t size() const noexcept { return size_; }
  bool truncated() const noexcept { return size_ != text_.size(); }

 private:
  std::string text_;
  std::size_t limit_, size_ = 0;
};

/// Feeds the dialect with the pieces of an answer. May throw std::bad_alloc.
class answer_reader {
 public:
  /// Keeps at most `limit` bytes of the answer as it came, and as many of what a stream is put together to.
  answer_reader(const dialect& format, std::size_t limit) noexcept
      : format_(format), limit_(limit), raw_(limit), sse_(limit), json_(limit), folded_(limit) {}

  /// Whether output came with these bytes.
  bool feed(std::string_view bytes) {
    raw_.add(bytes);
    if (framing_ == framing::unknown) bytes = begin(bytes);
    brought_ = false;
    if (framing_ == framing::events) {
      sse_.feed(bytes, [this](std::string_view event, std::string_view data) { piece(event, data); });
    } else if (framing_ == framing::values) {
      json_.feed(bytes, [this](std::string_view text) { piece({}, text); });
    }
    return brought_;
  }
  /// No more bytes come. `whole`: they were all; else what was cut off at the end isn't missed.
  void finish(bool whole) {
    const bool unreadable = unreadable_;
    if (framing_ == framing::events) sse_.finish([this](std::string_view event, std::string_view data) { piece(event, data); });
    unreadable_ = whole ? unreadable_ || json_.within() : unreadable;
  }
  /// The headers name a Content-Encoding, which the client may have undone, and kept the header, or not.
  void may_be_encoded() noexcept { encoded_ = true; }
  /// Whether raw() is no text, as nobody undid its encoding.
  bool undecoded() const noexcept {
    const std::string_view all = raw_.text();
    const bool packed = encoded_ || starts_with(all, "\x1f\x8b");  // gzip, of which nobody told
    return packed && valid_utf8_prefix(all.data(), all.size()) + 3 < all.size();  // 3: a character that was cut
  }

  /// The answer in the form that it has without streaming; null where nothing could be read.
  const json& answer() const noexcept { return one_body() ? single_ : folded_.whole; }
  /// One JSON text, which raw() is.
  bool one_body() const noexcept { return framing_ == framing::values && pieces_ == 1 && !json_.within(); }
  /// What the stream, or the body, reports as an error; empty: nothing.
  const std::string& failure() const noexcept { return failure_.empty() ? folded_.failure : failure_; }
  const kept_bytes& raw() const noexcept { return raw_; }
  /// Whether parts of it are no JSON, so that only raw() has them.
  bool unreadable() const noexcept { return unreadable_; }
  /// Whether something is missing: in raw(), or in answer().
  bool truncated() const noexcept { return raw_.truncated() || folded_.cut() || full_ || sse_.left_out() + json_.left_out() != 0; }

 private:
  enum class framing { unknown, none, events, values };

  /// By the first byte that is neither space nor the mark of UTF-8; what is left from there on.
  std::string_view begin(std::string_view bytes) {
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      const char c = bytes[n];
      const auto byte = static_cast<unsigned char>(c);
      if (byte == 0xef || byte == 0xbb || byte == 0xbf || c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      framing_ = c == '{' || c == '[' ? framing::values : c == ':' || letter ? framing::events : framing::none;
      return bytes.substr(n);
    }
    return {};
  }
  void piece(std::string_view event, std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \n");
    if (first == std::string_view::npos || starts_with(text.substr(first), "[DONE]")) return;
    json value = parse(text);
    if (value.is_discarded()) {
      unreadable_ = true;
      return;
    }
    if (failure_.empty()) failure_ = failure_in(value, event == "error");
    ++pieces_;
    if (has_room(text.size()) && format_.fold != nullptr && format_.fold(folded_, value, event)) brought_ = true;
    if (pieces_ > 1) single_ = nullptr;
    else single_ = std::move(value);
  }

  /// Whether the folded answer may grow further. For streams without an end: text is bounded by folded_answer, this is
  /// about what is made of it. Measured once for as many bytes as are kept, so that it costs no more than they do.
  bool has_room(std::size_t more) {
    unmeasured_ += more;
    if (unmeasured_ > limit_ && !full_) {
      unmeasured_ = 0;
      full_ = weight(folded_.whole) > 2 * limit_;
    }
    return !full_;
  }

  const dialect& format_;
  const std::size_t limit_;
  kept_bytes raw_;
  sse_splitter sse_;
  json_splitter json_;
  folded_answer folded_;
  json single_;
  std::string failure_;
  std::size_t pieces_ = 0, unmeasured_ = 0;
  framing framing_ = framing::unknown;
  bool brought_ = false, unreadable_ = false, encoded_ = false, full_ = false;
};

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
