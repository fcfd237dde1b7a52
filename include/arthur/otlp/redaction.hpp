// redaction.hpp: every text of a span shown to the redactors and to the program's function, and what they make of it written.
#ifndef ARTHUR_OTLP_REDACTION_HPP
#define ARTHUR_OTLP_REDACTION_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "../options.hpp"
#include "../platform/try_to.hpp"
#include "../record/wire.hpp"
#include "buffer.hpp"
#include "envelope.hpp"
#include "redactors.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What options say about texts.
struct redaction {
  redactor redactors = redactor::none;
  bool (*function)(void* user, std::string_view key, std::string& text) = nullptr;
  void* user = nullptr;

  bool wanted() const noexcept { return redactors != redactor::none || function != nullptr; }
};

/// Writes spans anew with redacted texts. One per worker: it keeps the string that the program's function gets.
class span_redactor {
 public:
  explicit span_redactor(const redaction& what) noexcept : what_(what) {}

  bool wanted() const noexcept { return what_.wanted(); }
  /// Takes the memory that the function's string will ever have, where none may be taken later. False: there is none.
  bool fix(std::size_t size) noexcept {
#ifdef ARTHUR_NO_HEAP
    return what_.function == nullptr || try_to([&] {
             text_.reserve(size);
             return true;
           });
#else
    static_cast<void>(size);
    return true;
#endif
  }
  /// Texts for which the function threw, or found no memory: "__REDACTED__" stands in their place.
  std::size_t failures() const noexcept { return failures_; }

  enum class outcome {
    unchanged,    ///< `out` is as before
    rewritten,    ///< `out` has the span's new body appended
    undecodable,  ///< damaged bytes or no memory; `out` is as before
  };

  /// Looks at all texts of the body of a span: its name, attributes with lists and maps, events, links, status.
  outcome redact(buffer& out, const char* body, std::size_t size) noexcept {
    const std::size_t before = out.size();
    changed_ = false;
    const bool good = span(out, body, size) && !out.failed();
    if (good && changed_) return outcome::rewritten;
    out.truncate(before);
    return good ? outcome::unchanged : outcome::undecodable;
  }

 private:
  enum class verdict { keep, replaced, dropped };
  static constexpr unsigned max_depth = 64;  // of lists and maps; cleaning allows fewer

  bool span(buffer& out, const char* body, std::size_t size) noexcept {
    wire::reader reader(body, size);
    wire::field at;
    while (reader.next(at)) {
      bool good = true;
      switch (at.tag) {
        case wire::span_name: good = text_field(out, at, "span.name"); break;
        case wire::span_attributes: good = attribute(out, at); break;
        case wire::span_events: good = message(out, at, wire::event_name, "event.name", wire::event_attributes); break;
        case wire::span_links: good = message(out, at, 0, {}, wire::link_attributes); break;
        case wire::span_status: good = message(out, at, wire::status_message, "status.message", 0); break;
        default: good = copy(out, at); break;
      }
      if (!good) return false;
    }
    return reader.ok();
  }

  /// An Event, Link or Status: one text of its own, and attributes.
  bool message(buffer& out, const wire::field& from, std::uint32_t text, std::string_view name, std::uint32_t attributes) noexcept {
    const std::size_t start = open(out, from.tag);
    wire::reader reader(from.data, from.size);
    wire::field at;
    while (reader.next(at)) {
      const bool good = at.tag == text ? text_field(out, at, name) : at.tag == attributes ? attribute(out, at) : copy(out, at);
      if (!good) return false;
    }
    close(out, start);
    return reader.ok();
  }

  /// A KeyValue. What the function drops is left out with its key.
  bool attribute(buffer& out, const wire::field& from) noexcept {
    std::string_view key;
    wire::field at;
    for (wire::reader reader(from.data, from.size); reader.next(at);) {
      if (at.tag == wire::key_value_key) key = {at.data, at.size};
    }
    return key == "openinference.span.kind" ? copy(out, from) : key_value(out, from, key, 0);
  }
  /// `key`: of the attribute; those of maps inside belong to its value.
  bool key_value(buffer& out, const wire::field& from, std::string_view key, unsigned depth) noexcept {
    const std::size_t before = out.size(), start = open(out, from.tag);
    wire::reader reader(from.data, from.size);
    wire::field at;
    bool dropped = false;
    while (reader.next(at)) {
      if (!(at.tag == wire::key_value_value ? any_value(out, at, key, depth, dropped) : copy(out, at))) return false;
    }
    dropped ? out.truncate(before) : close(out, start);
    return reader.ok();
  }
  bool any_value(buffer& out, const wire::field& from, std::string_view key, unsigned depth, bool& dropped) noexcept {
    const std::size_t start = open(out, from.tag);
    wire::reader reader(from.data, from.size);
    wire::field at;
    while (reader.next(at)) {
      bool good = true;
      if (at.tag == wire::any_string) {
        dropped = !text(out, at, key) || dropped;
      } else if (at.tag == wire::any_array || at.tag == wire::any_kvlist) {
        good = depth < max_depth && list(out, at, key, depth + 1);
      } else {
        good = copy(out, at);
      }
      if (!good) return false;
    }
    close(out, start);
    return reader.ok();
  }
  bool list(buffer& out, const wire::field& from, std::string_view key, unsigned depth) noexcept {
    const std::size_t start = open(out, from.tag);
    wire::reader reader(from.data, from.size);
    wire::field at;
    while (reader.next(at)) {
      const std::size_t before = out.size();
      bool dropped = false, good = true;
      if (at.tag != wire::array_values) {
        good = copy(out, at);
      } else if (from.tag == wire::any_kvlist) {
        good = key_value(out, at, key, depth);
      } else {
        good = any_value(out, at, key, depth, dropped);
        if (dropped) out.truncate(before);
      }
      if (!good) return false;
    }
    close(out, start);
    return reader.ok();
  }

  /// A text that is no attribute. One that is dropped is empty.
  bool text_field(buffer& out, const wire::field& from, std::string_view key) noexcept {
    text(out, from, key);
    return !out.failed();
  }
  /// A field with a text, as it is to be. False: dropped, and nothing was written.
  bool text(buffer& out, const wire::field& from, std::string_view key) noexcept {
    const std::size_t start = open(out, from.tag);
    redact_secrets(out, {from.data, from.size});
    if (what_.function != nullptr && !out.failed()) {
      bool keep = true;
      const std::string_view seen(out.data() + start, out.size() - start);
      const bool done = try_to([&] {
        text_.assign(seen.data(), seen.size());
        keep = what_.function(what_.user, key, text_);
        return true;
      });
      if (!done) ++failures_;
      const std::string_view now = done ? std::string_view(text_) : std::string_view("__REDACTED__");
      if (!keep || now != seen) {
        changed_ = true;
        out.truncate(start);
        if (keep) out.append(now.data(), now.size());
      }
      if (done && !keep) {
        close(out, start);
        return false;
      }
    }
    close(out, start);
    return true;
  }
  void redact_secrets(buffer& out, std::string_view from) noexcept {
    std::size_t done = 0;
    if (what_.redactors != redactor::none) {
      secret_finder find(from, what_.redactors);
      for (secret s; find.next(s); done = s.end) {
        changed_ = true;
        out.append(from.data() + done, s.begin - done);
        for (const std::string_view part : {s.quote, s.label, s.quote}) out.append(part.data(), part.size());
      }
    }
    out.append(from.data() + done, from.size() - done);
  }

  static bool copy(buffer& out, const wire::field& from) noexcept {
    return out.append(from.begin, static_cast<std::size_t>(from.end - from.begin));
  }
  /// A length is not known before its content: one byte is left for it and moved up if need be.
  static std::size_t open(buffer& out, std::uint32_t tag) noexcept {
    append_field_head(out, static_cast<std::uint8_t>(tag), 0);
    return out.size();
  }
  static void close(buffer& out, std::size_t start) noexcept {
    if (out.failed()) return;
    const std::size_t size = out.size() - start, extra = wire::varint_size(size) - 1;
    if (extra != 0) {
      if (out.reserve_more(extra) == nullptr) return;
      std::memmove(out.data() + start + extra, out.data() + start, size);
      out.advance(extra);
    }
    wire::put_varint(out.data() + start - 1, size);
  }

  redaction what_;
  std::string text_;
  bool changed_ = false;
  std::size_t failures_ = 0;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
