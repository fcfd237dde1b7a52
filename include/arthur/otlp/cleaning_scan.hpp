// cleaning_scan.hpp: the quick look that most spans pass: nothing in them needs cleaning.
#ifndef ARTHUR_OTLP_CLEANING_SCAN_HPP
#define ARTHUR_OTLP_CLEANING_SCAN_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../config.hpp"
#include "../record/wire.hpp"
#include "attribute_view.hpp"
#include "buffer.hpp"
#include "cleaning_rules.hpp"
#include "cleaning_values.hpp"
#include "json_reader.hpp"
#include "key_rules.hpp"
#include "key_set.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Looks at one span. It errs on the side of saying no: the slow half finds out what is really wrong.
class clean_scan {
 public:
  clean_scan(const clean_flags& flags, const value_rules& rules) noexcept : flags_(flags), rules_(rules) {}

  bool is_clean_span(const char* body, std::size_t size) noexcept {
    watch_keys_ = flags_.may_repeat_keys || (flags_.engine && flags_.free_keys);
    if (watch_keys_ && !keys_.reset(count_attributes(body, size))) return false;
    wire::reader reader(body, size);
    wire::field at;
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::size_t name_size = 0;
    const span_limits& limits = *flags_.limits;
    while (reader.next(at)) {
      switch (at.tag) {
        case wire::span_attributes:
          if (!is_clean_attribute(at)) return false;
          ++seen_attributes_;
          break;
        case wire::span_name:
          name_size = at.size;
          if (at.size > max_index_bytes && flags_.engine) return false;
          if (!rules_.is_clean_text(at.data, at.size)) return false;
          break;
        case wire::span_trace_state:
          if (!rules_.is_clean_text(at.data, at.size)) return false;
          break;
        case wire::span_events:
          if (!rules_.is_clean_message(at, wire::event_name, wire::event_attributes, limits.event_attributes)) return false;
          ++seen_events_;
          break;
        case wire::span_links:
          if (!rules_.is_clean_message(at, wire::link_trace_state, wire::link_attributes, limits.link_attributes)) return false;
          ++seen_links_;
          break;
        case wire::span_status:
          if (!rules_.is_clean_message(at, wire::status_message, 0)) return false;
          break;
        case wire::span_parent_span_id:
          if (flags_.engine && is_zero_id(at)) return false;
          break;
        case wire::span_start_time: start = at.value; break;
        case wire::span_end_time: end = at.value; break;
        default: break;
      }
    }
    if (!reader.ok()) return false;
    if (seen_attributes_ > limits.attributes || seen_events_ > limits.events || seen_links_ > limits.links) return false;
    if (!flags_.engine) return are_labels_good();
    if (start == 0 || end < start || name_size == 0) return false;
    return !(attributes_ != 0 && indexed_ == attributes_) && are_labels_good();
  }

  static bool is_zero_id(const wire::field& id) noexcept {
    for (std::size_t i = 0; i < id.size; ++i) {
      if (id.data[i] != 0) return false;
    }
    return true;
  }

 private:
  static std::size_t count_attributes(const char* body, std::size_t size) noexcept {
    wire::reader reader(body, size);
    wire::field at;
    std::size_t count = 0;
    while (reader.next(at)) count += at.tag == wire::span_attributes;
    return count;
  }

  bool is_clean_attribute(const wire::field& field) noexcept {
    attribute_view view;
    if (ARTHUR_UNLIKELY(!read_attribute(field.data, field.size, view))) return is_clean_other(field);
    if (!is_clean_key(view.key, view.key_size)) return false;
    if (view.tag == wire::any_string) {
      if (view.size > rules_.max_length() || !rules_.is_clean_text(view.data, view.size)) return false;
      note_label(view);
    } else if (view.tag >= wire::any_array) {
      if (!rules_.is_clean_value(view.tag, view.data, view.size)) return false;
    }
    return !flags_.engine || is_engine_value(view);
  }

  // An attribute without a value, or in an order of fields that isn't ours.
  ARTHUR_NOINLINE bool is_clean_other(const wire::field& field) noexcept {
    key_value_view other;
    if (!read_key_value(field.data, field.size, other) || other.odd) return false;
    if (!is_clean_key(other.key.data, other.key.size) || !rules_.is_clean_value(other.value)) return false;
    const attribute_view view{other.key.data, other.key.size, other.value.tag, other.value.data, other.value.size, other.value.value};
    if (view.tag == wire::any_string) note_label(view);
    return !flags_.engine || is_engine_value(view);
  }

  bool is_clean_key(const char* key, std::size_t size) noexcept {
    if (flags_.free_keys && !rules_.is_clean_text(key, size)) return false;
    if (!watch_keys_) return true;
    if (!flags_.engine || !flags_.free_keys) return keys_.add(hash_bytes(0, key, size), false);
    if (size == 0 || size > max_key_digits || scalar_parent_size(key, size) != 0) return false;
    constexpr std::uint64_t ones = 0x0101010101010101U;
    const auto zero_bytes = [](std::uint64_t word) {  // exact, unlike the cheaper form
      return ~(((word & ones * 0x7f) + ones * 0x7f) | word) & ones * 0x80;
    };
    std::uint64_t hash = 0;
    std::uint64_t odd = 0;
    unsigned dots = 0;
    std::size_t part = 0;
    for (std::size_t i = 0; i < size; i += 8) {
      const std::uint64_t word = load_key_word(key, size, i);
      // '/' and '[' are hostile; other scripts may hold digits that the engine can't read.
      odd |= (word & ones * 0x80) | zero_bytes(word ^ ones * '/') | zero_bytes(word ^ ones * '[');
      for (std::uint64_t at = zero_bytes(word ^ ones * '.'); at != 0; at &= at - 1) {
        const std::size_t dot = i + lowest_bit(at) / 8;
        hash = hash_bytes(hash, key + part, dot - part);
        if (++dots >= max_key_parts || !keys_.add(hash, true)) return false;
        part = dot + 1;
      }
    }
    ++attributes_;
    indexed_ += begins_with_index(key, size);
    return odd == 0 && keys_.add(hash_bytes(hash, key + part, size - part), false);
  }

  // Eight bytes from `at` on, zeros behind the end.
  static std::uint64_t load_key_word(const char* key, std::size_t size, std::size_t at) noexcept {
    if (size - at >= 8) return load_le64(key + at);
    if (size >= 8) return load_le64(key + size - 8) >> (8 * (8 - (size - at)));
    std::uint64_t word = 0;
    for (std::size_t i = size; i-- > at;) word = word << 8 | static_cast<unsigned char>(key[i]);
    return word;
  }

  bool is_engine_value(const attribute_view& at) noexcept {
    const bool text = at.tag == wire::any_string;
    const bool finite = at.tag != wire::any_double || is_finite_bits(at.number);
    switch (role_of(at.key, at.key_size)) {
      case key_role::plain: return finite;
      case key_role::json: return text ? !is_hazardous_json(at.data, at.size) : finite;
      case key_role::contents: return text ? check_json(at.data, at.size).hazards == 0 : finite;
      case key_role::identity: return text ? at.size <= max_index_bytes : at.tag == wire::any_int;
      case key_role::token_count:
        return at.tag == wire::any_int && at.number <= static_cast<std::uint64_t>(max_token_count);
      case key_role::cost: return at.tag == wire::any_int || (at.tag == wire::any_double && finite);
    }
    return false;
  }

  // Which texts are JSON is known only at the end: a label may come before or behind its value.
  void note_label(const attribute_view& at) noexcept {
    if (equals(at.data, at.size, "application/json")) {
      note(labels_, label_count_, at);
    } else if (!flags_.engine ? is_input_or_output(at.key, at.key_size)
                              : flags_.free_keys ? may_have_label(at.key, at.key_size) : ends_with(at.key, at.key_size, ".value")) {
      note(values_, value_count_, at);
    }
  }

  static bool may_have_label(const char* key, std::size_t size) noexcept {
    for (const char* const end = key + size; key != end; ++key) {
      if (*key == '.' && begins_with(key, static_cast<std::size_t>(end - key), ".value")) return true;
    }
    return false;
  }

  static constexpr unsigned max_noted = 4;

  static void note(attribute_view* list, unsigned& count, const attribute_view& what) noexcept {
    if (count < max_noted) list[count] = what;
    ++count;
  }

  bool are_labels_good() const noexcept {
    if (label_count_ == 0) return true;
    if (label_count_ > max_noted || value_count_ > max_noted) return false;
    for (unsigned i = 0; i < value_count_; ++i) {
      char storage[256];
      buffer label(storage, sizeof storage);
      if (!make_label_key(label, values_[i].key, values_[i].key_size)) return false;
      for (unsigned k = 0; k < label_count_; ++k) {
        if (labels_[k].key_size == label.size() && std::memcmp(labels_[k].key, storage, label.size()) == 0 &&
            is_unfit_as_json(values_[i].data, values_[i].size, flags_.engine)) {
          return false;
        }
      }
    }
    return true;
  }

  const clean_flags& flags_;
  const value_rules& rules_;
  bool watch_keys_ = false;
  std::size_t seen_attributes_ = 0;
  std::size_t seen_events_ = 0;
  std::size_t seen_links_ = 0;
  std::size_t attributes_ = 0;
  std::size_t indexed_ = 0;  // of those, the ones that begin with a number
  attribute_view labels_[max_noted];
  attribute_view values_[max_noted];
  unsigned label_count_ = 0;
  unsigned value_count_ = 0;
  key_set keys_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
