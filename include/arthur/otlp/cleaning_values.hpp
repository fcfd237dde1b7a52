// cleaning_values.hpp: texts, arrays, maps, events and links: looked at in place, and written corrected.
#ifndef ARTHUR_OTLP_CLEANING_VALUES_HPP
#define ARTHUR_OTLP_CLEANING_VALUES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../config.hpp"
#include "../record/wire.hpp"
#include "buffer.hpp"
#include "cleaning_rules.hpp"
#include "envelope.hpp"
#include "json_span.hpp"
#include "utf8.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Key and value of a KeyValue message. `odd`: a part occurs twice, so that it must be written anew.
struct key_value_view {
  wire::field key;
  wire::field value;  // of the oneof in AnyValue; tag 0: none
  bool has_value = false;
  bool odd = false;
};

/// The field of an AnyValue's oneof that counts; false: damaged.
inline bool read_any_value(const char* data, std::size_t size, wire::field& value, bool& odd) noexcept {
  wire::reader reader(data, size);
  wire::field at;
  value.tag = 0;
  while (reader.next(at)) {
    if (at.tag < wire::any_string || at.tag > wire::any_bytes) continue;
    if (value.tag != 0) odd = true;
    value = at;
  }
  return reader.ok();
}

inline bool read_key_value(const char* data, std::size_t size, key_value_view& to) noexcept {
  wire::reader reader(data, size);
  wire::field at;
  wire::field value;
  while (reader.next(at)) {
    wire::field& part = at.tag == wire::key_value_key ? to.key : value;
    if (at.tag != wire::key_value_key && at.tag != wire::key_value_value) continue;
    if (part.tag != 0) to.odd = true;
    part = at;
  }
  if (!reader.ok()) return false;
  to.has_value = value.tag != 0;
  return !to.has_value || read_any_value(value.data, value.size, to.value, to.odd);
}

/// What is checked below the level of attributes: texts, nesting and lengths.
class value_rules {
 public:
  explicit value_rules(bool engine, std::size_t max_length = span_limits::none) noexcept
      : engine_(engine), max_depth_(engine ? max_engine_depth : max_value_depth), max_length_(max_length) {}

  bool engine() const noexcept { return engine_; }
  /// Characters of a text, bytes of a byte string. So many bytes are never too long.
  std::size_t max_length() const noexcept { return max_length_; }

  bool is_clean_text(const char* data, std::size_t size) const noexcept {
    return engine_ ? is_valid_utf8<nul::forbidden>(data, size) : is_valid_utf8<nul::allowed>(data, size);
  }

  /// False also for damaged bytes.
  bool is_clean_value(const wire::field& value, unsigned depth = 1) const noexcept {
    return is_clean_value(value.tag, value.data, value.size, depth);
  }
  bool is_clean_value(std::uint32_t tag, const char* data, std::size_t size, unsigned depth = 1) const noexcept {
    if (tag == wire::any_string) return size <= max_length_ && is_clean_text(data, size);
    if (tag != wire::any_array && tag != wire::any_kvlist) return tag != wire::any_bytes || size <= max_length_;
    if (depth >= max_depth_) return false;
    wire::reader reader(data, size);
    wire::field at;
    while (reader.next(at)) {
      if (at.tag != wire::array_values) continue;
      if (tag == wire::any_kvlist) {
        if (!is_clean_key_value(at, depth + 1)) return false;
      } else {
        wire::field element;
        bool odd = false;
        if (!read_any_value(at.data, at.size, element, odd) || odd || !is_clean_value(element, depth + 1)) return false;
      }
    }
    return reader.ok();
  }

  bool is_clean_key_value(const wire::field& field, unsigned depth = 1) const noexcept {
    key_value_view view;
    return read_key_value(field.data, field.size, view) && !view.odd && is_clean_text(view.key.data, view.key.size) &&
           is_clean_value(view.value, depth);
  }

  /// An Event, Link or Status: its texts and attributes, of which there may be `most`.
  bool is_clean_message(const wire::field& field, std::uint32_t text, std::uint32_t attributes,
                        std::size_t most = span_limits::none) const noexcept {
    wire::reader reader(field.data, field.size);
    wire::field at;
    std::size_t count = 0;
    while (reader.next(at)) {
      if (at.tag == text && !is_clean_text(at.data, at.size)) return false;
      if (at.tag == attributes && (!is_clean_key_value(at) || ++count > most)) return false;
    }
    return reader.ok();
  }

 private:
  bool engine_;
  unsigned max_depth_;
  std::size_t max_length_;

  friend class value_writer;
};

/// Writes corrected values. A length is not known before its content: one byte is left for it and moved up if need be.
class value_writer {
 public:
  value_writer(buffer& out, const value_rules& rules, clean_counts& counts) noexcept
      : out_(out), rules_(rules), counts_(counts) {}

  std::size_t open(std::uint8_t tag) noexcept {
    append_field_head(out_, tag, 0);
    return out_.size();
  }
  void close(std::size_t start) noexcept {
    if (out_.failed()) return;
    const std::size_t size = out_.size() - start;
    const std::size_t extra = wire::varint_size(size) - 1;
    if (extra != 0) {
      if (out_.reserve_more(extra) == nullptr) return;
      std::memmove(out_.data() + start + extra, out_.data() + start, size);
      out_.advance(extra);
    }
    wire::put_varint(out_.data() + start - 1, size);
  }

  /// Appends the text without what doesn't belong into it.
  void text(const char* data, std::size_t size) noexcept {
    if (rules_.is_clean_text(data, size)) {
      out_.append(data, size);
      return;
    }
    if (!is_valid_utf8(data, size)) counts_.add(clean_rule::invalid_utf8);
    if (!rules_.engine()) {
      append_valid_utf8(out_, data, size);
      return;
    }
    if (std::memchr(data, 0, size) != nullptr) counts_.add(clean_rule::nul);
    append_valid_utf8<nul::forbidden>(out_, data, size);
  }
  void text_field(std::uint8_t tag, const char* data, std::size_t size) noexcept {
    const std::size_t start = open(tag);
    text(data, size);
    close(start);
  }

  /// A text as a value: clean, and no longer than allowed.
  void text_value(const wire::field& from) noexcept {
    const std::size_t start = open(wire::any_string);
    text(from.data, from.size);
    if (!out_.failed() && out_.size() - start > rules_.max_length()) {
      const std::size_t kept = utf8_first_characters(out_.data() + start, out_.size() - start, rules_.max_length());
      if (kept != out_.size() - start) counts_.add(clean_rule::limit);
      out_.truncate(start + kept);
    }
    close(start);
  }

  /// Appends the content of an AnyValue. False: damaged bytes.
  bool value(const wire::field& from, unsigned depth = 1) noexcept {
    switch (from.tag) {
      case 0: return true;
      case wire::any_string: text_value(from); return true;
      case wire::any_bytes:
        if (from.size > rules_.max_length()) counts_.add(clean_rule::limit);
        append_field(out_, wire::any_bytes, from.data, (std::min)(from.size, rules_.max_length()));
        return true;
      case wire::any_array:
      case wire::any_kvlist: break;
      default: return out_.append(from.begin, static_cast<std::size_t>(from.end - from.begin));
    }
    if (depth >= rules_.max_depth_) {
      counts_.add(clean_rule::too_deep);
      return true;
    }
    const std::size_t start = open(static_cast<std::uint8_t>(from.tag));
    wire::reader reader(from.data, from.size);
    wire::field at;
    while (reader.next(at)) {
      if (at.tag != wire::array_values) continue;
      if (from.tag == wire::any_kvlist) {
        if (!key_value(at, depth + 1)) return false;
        continue;
      }
      wire::field element;
      bool odd = false;
      if (!read_any_value(at.data, at.size, element, odd)) return false;
      if (odd) counts_.add(clean_rule::repeated_key);
      const std::size_t inner = open(wire::array_values);
      if (!value(element, depth + 1)) return false;
      close(inner);
    }
    close(start);
    return reader.ok();
  }

  /// Appends a KeyValue field with the tag of `from`, which must be below 16.
  bool key_value(const wire::field& from, unsigned depth = 1) noexcept {
    key_value_view view;
    if (!read_key_value(from.data, from.size, view)) return false;
    if (view.odd) counts_.add(clean_rule::repeated_key);
    const std::size_t start = open(static_cast<std::uint8_t>(from.tag));
    text_field(wire::key_value_key, view.key.data, view.key.size);
    if (view.has_value) {
      const std::size_t inner = open(wire::key_value_value);
      if (!value(view.value, depth)) return false;
      close(inner);
    }
    close(start);
    return true;
  }

  /// Appends an Event, Link or Status. Attributes beyond `most` are counted in its field `dropped_tag`.
  bool message(const wire::field& from, std::uint32_t text_tag, std::uint32_t attributes,
               std::size_t most = span_limits::none, std::uint8_t dropped_tag = 0) noexcept {
    const std::size_t start = open(static_cast<std::uint8_t>(from.tag));
    wire::reader reader(from.data, from.size);
    wire::field at;
    std::size_t count = 0;
    std::uint64_t dropped = 0;
    while (reader.next(at)) {
      if (at.tag == text_tag) {
        text_field(static_cast<std::uint8_t>(text_tag), at.data, at.size);
      } else if (at.tag == attributes && ++count > most) {
        ++dropped;
        counts_.add(clean_rule::limit);
      } else if (at.tag == attributes) {
        if (!key_value(at)) return false;
      } else if (at.tag == dropped_tag) {
        dropped += at.value;
      } else {
        out_.append(at.begin, static_cast<std::size_t>(at.end - at.begin));
      }
    }
    count_field(dropped_tag, dropped);
    close(start);
    return reader.ok();
  }

  /// A number of things dropped, if there were any.
  void count_field(std::uint8_t tag, std::uint64_t count) noexcept {
    char* const at = count == 0 ? nullptr : out_.reserve_more(11);
    if (at != nullptr) out_.advance(static_cast<std::size_t>(wire::put_varint(wire::put_byte(at, tag), count) - at));
  }

 private:
  buffer& out_;
  const value_rules& rules_;
  clean_counts& counts_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
