// cleaning_scan.hpp: the quick look that most spans pass: nothing in them needs cleaning.
#ifndef ARTHUR_OTLP_CLEANING_SCAN_HPP
#define ARTHUR_OTLP_CLEANING_SCAN_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../config.hpp"
#include "../record/wire.hpp"
#include "buffer.hpp"
#include "cleaning_rules.hpp"
#include "cleaning_values.hpp"
#include "json_reader.hpp"
#include "key_rules.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Hashes of keys and of their parents, to notice what might collide.
class key_set {
 public:
  /// Makes room; false if there are too many keys for this.
  bool reset(std::size_t keys) noexcept {
    std::size_t slots = 64;
    while (slots < keys * 8) slots *= 2;
    if (slots > max_slots) return false;
    std::memset(slots_, 0, slots * sizeof *slots_);
    mask_ = static_cast<std::uint32_t>(slots - 1);
    left_ = slots / 4 * 3;
    return true;
  }

  /// False if the key might be there already, or be a parent of one that is, or the other way round.
  bool add(std::uint64_t hash, bool parent) noexcept {
    // The multiplication brings all bits of the hash into the upper half.
    const auto mixed = static_cast<std::uint32_t>((hash * 0x9e3779b97f4a7c15U) >> 32);
    const std::uint32_t tag = (mixed | 3U) ^ (parent ? 1U : 0U);
    for (std::uint32_t at = mixed >> 12;; ++at) {
      std::uint32_t& slot = slots_[at & mask_];
      if (slot == 0) {
        if (left_ == 0) return false;
        --left_;
        slot = tag;
        return true;
      }
      if ((slot | 3U) == (tag | 3U)) return parent && slot == tag;
    }
  }

 private:
#ifdef ARTHUR_NO_HEAP
  static constexpr std::size_t max_slots = 512;  // on the stack
#else
  static constexpr std::size_t max_slots = 4096;
#endif
  std::uint32_t slots_[max_slots];
  std::uint32_t mask_ = 0;
  std::size_t left_ = 0;
};

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
    while (reader.next(at)) {
      switch (at.tag) {
        case wire::span_attributes:
          if (!is_clean_attribute(at)) return false;
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
          if (!rules_.is_clean_message(at, wire::event_name, wire::event_attributes)) return false;
          break;
        case wire::span_links:
          if (!rules_.is_clean_message(at, wire::link_trace_state, wire::link_attributes)) return false;
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
    if (!flags_.engine) return true;
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
    key_value_view view;
    if (!read_key_value(field.data, field.size, view) || view.odd) return false;
    if (!is_clean_key(view.key.data, view.key.size)) return false;
    if (!rules_.is_clean_value(view.value)) return false;
    return !flags_.engine || is_engine_value(view.key, view.value);
  }

  bool is_clean_key(const char* key, std::size_t size) noexcept {
    if (flags_.free_keys && !rules_.is_clean_text(key, size)) return false;
    if (!watch_keys_) return true;
    const bool engine = flags_.engine && flags_.free_keys;
    std::uint64_t hash = 0;
    unsigned dots = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const char c = key[i];
      if (engine) {
        if (c == '.' && (++dots >= max_key_parts || !keys_.add(hash, true))) return false;
        // Other scripts may hold digits that the engine can't read.
        if (c == '/' || c == '[' || static_cast<signed char>(c) < 0) return false;
      }
      hash = key_hash(hash, static_cast<unsigned char>(c));
    }
    if (!keys_.add(hash, false)) return false;
    if (!engine) return true;
    ++attributes_;
    indexed_ += begins_with_index(key, size);
    return size != 0 && size <= max_key_digits && scalar_parent_size(key, size) == 0;
  }

  bool is_engine_value(const wire::field& key, const wire::field& value) noexcept {
    const bool text = value.tag == wire::any_string;
    const bool finite = value.tag != wire::any_double || is_finite_bits(value.value);
    if (text) note_label(key, value);
    switch (role_of(key.data, key.size)) {
      case key_role::plain: return finite;
      case key_role::json: return text ? !is_hazardous_json(value.data, value.size) : finite;
      case key_role::contents: return text ? check_json(value.data, value.size).hazards == 0 : finite;
      case key_role::identity: return text ? value.size <= max_index_bytes : value.tag == wire::any_int;
      case key_role::token_count:
        return value.tag == wire::any_int && value.value <= static_cast<std::uint64_t>(max_token_count);
      case key_role::cost: return value.tag == wire::any_int || (value.tag == wire::any_double && finite);
    }
    return false;
  }

  // Which texts are JSON is known only at the end: a label may come before or behind its value.
  void note_label(const wire::field& key, const wire::field& value) noexcept {
    if (equals(value.data, value.size, "application/json")) {
      note(labels_, label_count_, {key.data, key.size, value.data, value.size});
      return;
    }
    if (flags_.free_keys ? may_have_label(key.data, key.size) : ends_with(key.data, key.size, ".value")) {
      note(values_, value_count_, {key.data, key.size, value.data, value.size});
    }
  }

  static bool may_have_label(const char* key, std::size_t size) noexcept {
    for (const char* const end = key + size; key != end; ++key) {
      if (*key == '.' && begins_with(key, static_cast<std::size_t>(end - key), ".value")) return true;
    }
    return false;
  }

  struct noted {
    const char* key;
    std::size_t key_size;
    const char* text;
    std::size_t size;
  };
  static constexpr unsigned max_noted = 4;

  static void note(noted* list, unsigned& count, const noted& what) noexcept {
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
            is_hazardous_json(values_[i].text, values_[i].size)) {
          return false;
        }
      }
    }
    return true;
  }

  const clean_flags& flags_;
  const value_rules& rules_;
  bool watch_keys_ = false;
  std::size_t attributes_ = 0;
  std::size_t indexed_ = 0;  // of those, the ones that begin with a number
  noted labels_[max_noted];
  noted values_[max_noted];
  unsigned label_count_ = 0;
  unsigned value_count_ = 0;
  key_set keys_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
