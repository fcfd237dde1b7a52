// cleaning_attributes.hpp: a set of attributes made storable: keys, values, and how they stand to one another.
#ifndef ARTHUR_OTLP_CLEANING_ATTRIBUTES_HPP
#define ARTHUR_OTLP_CLEANING_ATTRIBUTES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../config.hpp"
#include "../record/wire.hpp"
#include "buffer.hpp"
#include "cleaning_rules.hpp"
#include "cleaning_table.hpp"
#include "cleaning_values.hpp"
#include "json_repair.hpp"
#include "json_text.hpp"
#include "key_rules.hpp"
#include "utf8.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// The slow half of cleaning: read(), one of the clean functions, write(). Every change is counted.
class attribute_cleaner : public attribute_table {
 public:
  attribute_cleaner(const clean_flags& flags, const value_rules& rules, clean_counts& counts) noexcept
      : attribute_table(rules, counts), flags_(flags) {}

  /// Attributes of a span.
  void clean_span_attributes() noexcept {
    if (flags_.may_repeat_keys || flags_.free_keys) drop_repeated();
    drop_beyond(flags_.limits->attributes);
    clean_keys(rules_.engine());
    each([this](entry& at) { clean_value(at); });
    if (!rules_.engine()) drop_repeated_repaired();
    if (rules_.engine() && flags_.free_keys) {
      rename_numbered();
      resolve_conflicts();
    }
    relabel_json();
  }

  /// Attributes of a resource: the engine keeps them flat, so any key is good.
  void clean_resource_attributes() noexcept {
    drop_repeated();
    clean_keys(false);
    drop_repeated_repaired();
    each([this](entry& at) {
      clean_plain_value(at);
      if (rules_.engine() && equals(key(at), at.key.size, "service.name")) name_service(at);
    });
  }

 private:
  // Of equal keys the last one stays.
  void drop_repeated() noexcept {
    drop_repeated([this](std::uint32_t a, std::uint32_t b) {
      const slice& x = entries()[a].raw_key;
      const slice& y = entries()[b].raw_key;
      return compare(x.from, x.size, y.from, y.size);
    });
  }
  // Different broken bytes become the same U+FFFD.
  void drop_repeated_repaired() noexcept {
    bool repaired = false;
    each([&repaired](const entry& at) { repaired = repaired || at.renamed; });
    if (!repaired) return;
    drop_repeated([this](std::uint32_t a, std::uint32_t b) {
      const entry& x = entries()[a];
      const entry& y = entries()[b];
      return compare(key(x), x.key.size, key(y), y.key.size);
    });
  }
  template <class Order>
  void drop_repeated(Order order_of) noexcept {
    std::uint32_t* const last = sort([order_of](std::uint32_t a, std::uint32_t b) {
      const int same = order_of(a, b);
      return same != 0 ? same < 0 : a < b;
    });
    for (std::uint32_t* at = order(); at != last && at + 1 != last; ++at) {
      if (order_of(at[0], at[1]) != 0) continue;
      entries()[*at].dropped = true;
      entries()[at[1]].first = entries()[*at].first;
      counts_.add(clean_rule::repeated_key);
    }
  }

  // The keys that were set first stay, with their last values: what is set again counts once.
  void drop_beyond(std::size_t limit) noexcept {
    if (count_ <= limit) return;
    std::uint32_t* const last = sort([this](std::uint32_t a, std::uint32_t b) { return entries()[a].first < entries()[b].first; });
    for (std::uint32_t* at = order(); at != last; ++at) {
      if (static_cast<std::size_t>(at - order()) < limit) continue;
      entries()[*at].dropped = true;
      ++counts_.dropped_attributes;
      counts_.add(clean_rule::limit);
    }
  }

  void clean_keys(bool nested) noexcept {
    if (!flags_.free_keys) return;
    each([this, nested](entry& at) {
      if (clean_text(at.key)) at.rewritten = at.renamed = true;
      if (at.key.size == 0 && rules_.engine()) {
        rename(at, {"unnamed", 0, 7});
        counts_.add(clean_rule::hostile_key);
      }
      if (!nested) return;
      const key_scan scan = scan_key(key(at), at.key.size);
      if (scan.slash() || scan.bad_digits() || scan.bad_index() || scan.dots() >= max_key_parts) rename_hostile(at);
      if (const std::size_t parent = scalar_parent_size(key(at), at.key.size)) {
        rename(at, joined("", at.key, ""));
        if (!texts_.bytes.failed()) texts_.bytes.data()[at.key.offset + parent] = '_';
        counts_.add(clean_rule::misplaced_value);
      }
    });
  }

  // Keys that all begin with a number become a list, which the engine doesn't expect.
  void rename_numbered() noexcept {
    bool numbered = true;
    each([this, &numbered](entry& at) { numbered = numbered && begins_with_index(key(at), at.key.size); });
    if (!numbered) return;
    each([this](entry& at) {
      rename(at, joined("_", at.key, ""));
      counts_.add(clean_rule::hostile_key);
    });
  }

  void rename_hostile(entry& at) noexcept {
    const std::size_t start = texts_.bytes.size();
    // The key may be in texts_ itself, so there has to be room before it is read.
    if (texts_.bytes.reserve_more(at.key.size * 2 + 2) == nullptr) return;
    append_engine_key(texts_.bytes, key(at), at.key.size);
    rename(at, taken(start));
    counts_.add(clean_rule::hostile_key);
  }

  // A key whose value the engine doesn't interpret, for a value that it can't interpret.
  void move_aside(entry& at) noexcept {
    rename(at, joined("", at.key, "_value"));
    counts_.add(clean_rule::misplaced_value);
  }

  void clean_plain_value(entry& at) noexcept {
    if (at.value.tag == wire::any_string) {
      if (clean_text(at.text)) at.rewritten = true;
      if (at.text.size > rules_.max_length()) cut_to_limit(at);
    } else if (rules_.engine() && at.value.tag == wire::any_double && !is_finite_bits(at.value.value)) {
      const char* name = nonfinite_name(at.value.value);
      set_text(at, {name, 0, std::strlen(name)});
      counts_.add(clean_rule::nonfinite);
    } else if (!rules_.is_clean_value(at.value)) {
      at.rewritten = true;
    }
  }

  void cut_to_limit(entry& at) noexcept {
    const std::size_t kept = utf8_first_characters(view(at.text), at.text.size, rules_.max_length());
    if (kept == at.text.size) return;
    at.text.size = kept;
    at.rewritten = true;
    counts_.add(clean_rule::limit);
  }

  void clean_value(entry& at) noexcept {
    const key_role role = rules_.engine() ? role_of(key(at), at.key.size) : key_role::plain;
    if (role == key_role::cost && at.value.tag == wire::any_double && !is_finite_bits(at.value.value)) {
      at.dropped = true;
      counts_.add(clean_rule::cost);
      return;
    }
    clean_plain_value(at);
    const bool text = at.value.tag == wire::any_string;
    switch (role) {
      case key_role::json: if (text) clean_json(at, ~std::uint32_t{json_bad_items}); break;
      case key_role::contents: if (text) clean_json(at, ~std::uint32_t{0}); break;
      case key_role::identity: clean_identity(at); break;
      case key_role::token_count: clean_token_count(at); break;
      case key_role::cost:
        if (text ? !read_number_text(view(at.text), at.text.size).number : !is_scalar(at)) move_aside(at);
        break;
      case key_role::plain: break;
    }
  }

  static bool is_scalar(const entry& at) noexcept {
    return at.value.tag >= wire::any_string && at.value.tag <= wire::any_double;
  }

  void clean_json(entry& at, std::uint32_t watched) noexcept {
    if ((check_json(view(at.text), at.text.size).hazards & watched) == 0) return;
    // A copy outside texts_, which grows while the text is read.
    scratch<scratch_use::copy, 16> copy;
    copy.bytes.append(view(at.text), at.text.size);
    if (copy.bytes.failed()) return texts_.bytes.fail();
    const std::size_t start = texts_.bytes.size();
    const bool stayed =
        append_storable_json(texts_.bytes, spare_.bytes, copy.bytes.data(), copy.bytes.size(), watched);
    set_text(at, taken(start));
    counts_.add(stayed ? clean_rule::json_rewritten : clean_rule::json_as_text);
  }

  void clean_identity(entry& at) noexcept {
    if (!is_scalar(at)) return move_aside(at);
    cut_text(at);
  }

  void cut_text(entry& at) noexcept {
    if (at.value.tag != wire::any_string) return;
    const std::size_t cut = utf8_truncate(view(at.text), at.text.size, max_index_bytes);
    if (cut == at.text.size) return;
    at.text.size = cut;
    at.rewritten = true;
    counts_.add(clean_rule::too_long);
  }

  void clean_token_count(entry& at) noexcept {
    std::int64_t value = 0;
    if (at.value.tag == wire::any_int) {
      value = static_cast<std::int64_t>(at.value.value);
    } else if (at.value.tag == wire::any_string) {
      const number_text number = read_number_text(view(at.text), at.text.size);
      if (!number.number || !number.whole) return move_aside(at);
      value = number.value;
    } else if (at.value.tag == wire::any_double) {
      double number = 0;
      std::memcpy(&number, &at.value.value, sizeof number);
      const auto limit = static_cast<double>(max_token_count);
      if (number <= limit && number >= -limit) return;
      value = number > 0 ? max_token_count + 1 : -max_token_count - 1;
    } else if (at.value.tag == wire::any_bool) {
      return;
    } else {
      return move_aside(at);
    }
    if (value <= max_token_count && value >= -max_token_count) return;
    // As a text, the engine reads it as the number it is.
    value > 0 ? set_text(at, "1000000000") : set_text(at, "-1000000000");
    counts_.add(clean_rule::token_count);
  }

  // With the dot below all other bytes, what lies below `x` comes right behind `x`.
  static bool key_less(const char* a, std::size_t a_size, const char* b, std::size_t b_size) noexcept {
    const std::size_t common = (std::min)(a_size, b_size);
    std::size_t i = 0;
    while (i < common && a[i] == b[i]) ++i;
    if (i == common) return a_size < b_size;
    if (a[i] == '.' || b[i] == '.') return a[i] == '.';
    return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[i]);
  }
  static bool same_or_below(const char* key, std::size_t size, const char* parent, std::size_t parent_size) noexcept {
    return size >= parent_size && std::memcmp(key, parent, parent_size) == 0 &&
           (size == parent_size || key[parent_size] == '.');
  }
  bool same_or_below(const entry& at, const char* parent, std::size_t parent_size) const noexcept {
    return same_or_below(key(at), at.key.size, parent, parent_size);
  }

  // `x` beside `x.y`: the engine keeps one of them, or refuses the span. The scalar gets a name beside: below `x` it
  // could turn a list into an object. The new names are the old one, "_value" and perhaps a number, so two of them can
  // only be equal if they come from the same key; what else is there is looked up.
  void resolve_conflicts() noexcept {
    std::uint32_t* const last = sort([this](std::uint32_t a, std::uint32_t b) {
      const entry& x = entries()[a];
      const entry& y = entries()[b];
      if (key_less(key(x), x.key.size, key(y), y.key.size)) return true;
      if (key_less(key(y), y.key.size, key(x), x.key.size)) return false;
      return x.renamed != y.renamed ? x.renamed : a < b;  // of equal ones, the last keeps its name
    });
    std::uint32_t* const first = order();
    std::size_t number = 0;
    for (std::uint32_t* at = first; at != last; ++at) {
      entry& here = entries()[*at];
      if (at == first || compare(key(entries()[at[-1]]), entries()[at[-1]].key.size, key(here), here.key.size) != 0) {
        number = 0;
      }
      if (at + 1 == last || !same_or_below(entries()[at[1]], key(here), here.key.size)) continue;
      do {
        spare_.bytes.clear();
        spare_.bytes.append(key(here), here.key.size);
        spare_.bytes.append("_value");
        if (++number > 1) {
          spare_.bytes.append('_');
          append_decimal(spare_.bytes, number);
        }
        if (spare_.bytes.failed()) return;
      } while (is_taken(first, last));
      here.next_key = joined("", {spare_.bytes.data(), 0, spare_.bytes.size()}, "");
      here.moved = true;
      counts_.add(clean_rule::key_conflict);
    }
    // Only now: until here the order of the old names was searched.
    each([this](entry& at) {
      if (at.moved) rename(at, at.next_key);
    });
  }

  bool is_taken(const std::uint32_t* first, const std::uint32_t* last) noexcept {
    const char* const name = spare_.bytes.data();
    const std::size_t size = spare_.bytes.size();
    const auto before = [this, name, size](std::uint32_t at, std::uint32_t) {
      return key_less(key(entries()[at]), entries()[at].key.size, name, size);
    };
    const std::uint32_t* const found = std::lower_bound(first, last, 0U, before);
    return found != last && same_or_below(entries()[*found], name, size);
  }

  // The engine decodes `K` if the attribute whose key is K with ".mime_type" for each ".value" says "application/json".
  void relabel_json() noexcept {
    bool labels = false;
    each([this, &labels](entry& at) { labels = labels || is_json_label(at); });
    if (!labels) return;
    std::uint32_t* const last = sort([this](std::uint32_t a, std::uint32_t b) {
      return compare(key(entries()[a]), entries()[a].key.size, key(entries()[b]), entries()[b].key.size) < 0;
    });
    each([this, last](entry& at) {
      if (at.value.tag != wire::any_string || !make_label_key(spare_.bytes, key(at), at.key.size)) return;
      if (!rules_.engine() && !is_input_or_output(key(at), at.key.size)) return;
      const char* const label = spare_.bytes.data();
      const std::size_t size = spare_.bytes.size();
      const auto order_of = [this, label, size](std::uint32_t other) {
        return compare(key(entries()[other]), entries()[other].key.size, label, size);
      };
      std::uint32_t* const found = std::lower_bound(
          order(), last, 0U, [order_of](std::uint32_t other, std::uint32_t) { return order_of(other) < 0; });
      if (found == last || order_of(*found) != 0) return;
      if (!is_json_label(entries()[*found]) || !is_unfit_as_json(view(at.text), at.text.size, rules_.engine())) return;
      set_text(entries()[*found], "text/plain");
      counts_.add(clean_rule::json_as_text);
    });
  }
  bool is_json_label(const entry& at) const noexcept {
    return at.value.tag == wire::any_string && equals(view(at.text), at.text.size, "application/json");
  }

  void name_service(entry& at) noexcept {
    if (at.value.tag != wire::any_string) {
      const std::size_t start = texts_.bytes.size();
      if (at.value.tag == wire::any_int) append_decimal(texts_.bytes, static_cast<std::int64_t>(at.value.value));
      if (at.value.tag == wire::any_bool) texts_.bytes.append(at.value.value != 0 ? '1' : '0');
      if (at.value.tag == wire::any_double) append_json_double(texts_.bytes, at.value.value);
      set_text(at, taken(start));
      counts_.add(clean_rule::service_name);
    }
    const char* const text = view(at.text);
    if (std::all_of(text, text + at.text.size, [](char c) { return static_cast<unsigned char>(c) <= ' '; })) {
      set_text(at, "unknown_service");
      counts_.add(clean_rule::service_name);
    }
    cut_text(at);
  }

  const clean_flags& flags_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
