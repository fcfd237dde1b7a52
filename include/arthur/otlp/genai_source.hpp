// genai_source.hpp: a span's attributes, sorted for reading: single keys, elements of lists, and what may not be added.
#ifndef ARTHUR_OTLP_GENAI_SOURCE_HPP
#define ARTHUR_OTLP_GENAI_SOURCE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../config.hpp"
#include "../record/wire.hpp"
#include "buffer.hpp"
#include "cleaning_table.hpp"
#include "cleaning_values.hpp"
#include "genai_keys.hpp"
#include "loose_value.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// One attribute below `list.index.`, for messages below `list.index.message.contents.sub_index.`, too.
struct list_part {
  enum level : std::uint8_t { element, contents, tool_calls };

  source_list list;
  level sub;
  std::uint32_t order;
  std::uint64_t index;
  std::uint64_t sub_index;
  std::string_view name;
  loose_value value;
};

/// Parts of one element, or of several.
struct part_range {
  const list_part* first = nullptr;
  const list_part* last = nullptr;

  bool empty() const noexcept { return first == last; }
  const list_part* begin() const noexcept { return first; }
  const list_part* end() const noexcept { return last; }

  /// The last value of a name; none if there is none.
  loose_value operator[](std::string_view name) const noexcept {
    for (const list_part* at = last; at != first;) {
      if ((--at)->name == name) return at->value;
    }
    return {};
  }

  /// Takes the parts off the front for which `same(first one, part)` holds.
  template <class Same>
  part_range take(Same same) noexcept {
    const list_part* at = first;
    while (at != last && same(*first, *at)) ++at;
    const part_range taken{first, at};
    first = at;
    return taken;
  }
  part_range take_element() noexcept {
    return take([](const list_part& a, const list_part& b) { return a.index == b.index; });
  }
  part_range take_sub_element() noexcept {
    return take([](const list_part& a, const list_part& b) { return a.sub_index == b.sub_index; });
  }
  part_range take_level(list_part::level level) noexcept {
    return take([level](const list_part&, const list_part& b) { return b.sub == level; });
  }
};

/// Reads a span once. What it found points into the span.
class genai_source {
 public:
  /// False: damaged bytes or no memory.
  bool read(const char* body, std::size_t size) noexcept {
    wire::reader reader(body, size);
    wire::field at;
    while (reader.next(at)) {
      if (at.tag != wire::span_attributes) continue;
      key_value_view pair;
      if (!read_key_value(at.data, at.size, pair)) return false;
      ++attributes_;
      const std::string_view key(pair.key.data, pair.key.size);
      note_taken(key);
      if (pair.has_value && !take(key, loose(pair.value))) return false;
    }
    if (!reader.ok()) return false;
    list_part* const parts = reinterpret_cast<list_part*>(parts_.bytes.data());
    std::sort(parts, parts + count_, [](const list_part& a, const list_part& b) {
      if (a.list != b.list) return a.list < b.list;
      if (a.list == source_list::arguments && a.name != b.name) return is_before(a.name, b.name);
      if (a.index != b.index) return a.index < b.index;
      if (a.sub != b.sub) return a.sub < b.sub;
      return a.sub_index != b.sub_index ? a.sub_index < b.sub_index : a.order < b.order;
    });
    return true;
  }

  const loose_value& operator[](source_key k) const noexcept { return singles_[static_cast<std::size_t>(k)]; }
  /// A whole list in one attribute, as a JSON text or an array.
  const loose_value& whole(source_list l) const noexcept { return wholes_[static_cast<std::size_t>(l)]; }
  part_range parts(source_list l) const noexcept {
    const list_part* at = reinterpret_cast<const list_part*>(parts_.bytes.data());
    const list_part* const end = at + count_;
    while (at != end && at->list < l) ++at;
    part_range found{at, at};
    while (found.last != end && found.last->list == l) ++found.last;
    return found;
  }

  bool is_kind(const char* upper_case) const noexcept { return says((*this)[source_key::kind], upper_case); }
  /// A text, ASCII letters in either case.
  static bool says(const loose_value& v, const char* text) noexcept {
    if (v.tag != wire::any_string || v.size != std::strlen(text)) return false;
    for (std::size_t i = 0; i < v.size; ++i) {
      const char c = v.data[i];
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (letter ? (c | 0x20) != (text[i] | 0x20) : c != text[i]) return false;
    }
    return true;
  }

  std::size_t attributes() const noexcept { return attributes_; }
  /// The key, or one above or below it, is the span's own already.
  bool has(added_key k) const noexcept { return (taken_ >> static_cast<unsigned>(k) & 1U) != 0; }
  /// Some output message asks for a tool.
  bool output_calls_tools() const noexcept { return output_calls_tools_; }
  /// Some key says that this is no chat but a completion of prompts.
  bool completes_prompts() const noexcept { return completes_prompts_; }
  /// The vector of the embedding that came first.
  const loose_value& vector() const noexcept { return vector_; }

 private:
  static bool begins(std::string_view text, std::string_view with) noexcept { return text.substr(0, with.size()) == with; }
  static bool is_below(std::string_view key, std::string_view parent) noexcept {
    return key.size() > parent.size() && key[parent.size()] == '.' && begins(key, parent);
  }

  // With the dot below all other bytes, what lies below `x` comes right behind `x`.
  static bool is_before(std::string_view a, std::string_view b) noexcept {
    const std::size_t common = (std::min)(a.size(), b.size());
    std::size_t i = 0;
    while (i < common && a[i] == b[i]) ++i;
    if (i == common) return a.size() < b.size();
    if (a[i] == '.' || b[i] == '.') return a[i] == '.';
    return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[i]);
  }

  void note_taken(std::string_view key) noexcept {
    if (!begins(key, "gen_ai") && !begins(key, "output")) return;
    for (std::size_t k = 0; k < added_key_count; ++k) {
      const std::string_view added = added_keys[k];
      if (key == added || is_below(key, added) || is_below(added, key)) taken_ |= std::uint64_t{1} << k;
    }
  }

  // False: no memory.
  bool take(std::string_view key, const loose_value& value) noexcept {
    for (std::size_t k = 0; k < source_key_count; ++k) {
      if (key == source_keys[k]) singles_[k] = value;
    }
    for (std::size_t l = 0; l < static_cast<std::size_t>(source_list::count); ++l) {
      const bool whole = key == source_lists[l];
      if (whole) wholes_[l] = value;
      if (!whole && !is_below(key, source_lists[l])) continue;
      const auto list = static_cast<source_list>(l);
      if (list == source_list::prompts || list == source_list::choices) completes_prompts_ = true;
      if (!whole) return take_part(list, key.substr(source_lists[l].size() + 1), value);
    }
    return true;
  }

  bool take_part(source_list list, std::string_view rest, const loose_value& value) noexcept {
    if (list == source_list::output_messages && rest.find("message.tool_calls") != std::string_view::npos) {
      output_calls_tools_ = true;
    }
    if (list == source_list::embeddings) {
      const std::string_view suffix = ".embedding.vector";
      const bool vector = rest.size() >= suffix.size() && rest.substr(rest.size() - suffix.size()) == suffix;
      if (vector && !vector_ && (value.tag == wire::any_array || *json_of(value) == '[')) vector_ = value;
      return true;
    }
    list_part part{list, list_part::element, static_cast<std::uint32_t>(count_), 0, 0, {}, value};
    if (list != source_list::arguments && !take_index(rest, part.index)) return true;
    part.name = rest;
    if (list == source_list::input_messages || list == source_list::output_messages) {
      for (const auto level : {list_part::contents, list_part::tool_calls}) {
        const std::string_view sub = level == list_part::contents ? "message.contents" : "message.tool_calls";
        if (!is_below(rest, sub)) continue;
        std::string_view name = rest.substr(sub.size() + 1);
        if (!take_index(name, part.sub_index)) continue;
        part.sub = level;
        part.name = name;
      }
    }
    char* const to = parts_.bytes.reserve_more(sizeof part);
    if (to == nullptr) return false;
    std::memcpy(to, &part, sizeof part);
    parts_.bytes.advance(sizeof part);
    ++count_;
    return true;
  }

  // First byte of the JSON that a text is.
  static const char* json_of(const loose_value& v) noexcept {
    json_slice text = nested_json(v);
    while (text.size != 0 && static_cast<unsigned char>(*text.data) <= ' ') ++text.data, --text.size;
    return text.size == 0 ? "" : text.data;
  }

  // Takes "12." off the front; something must be left.
  static bool take_index(std::string_view& rest, std::uint64_t& index) noexcept {
    std::size_t i = 0;
    std::uint64_t number = 0;
    for (; i < rest.size() && i < 19 && rest[i] >= '0' && rest[i] <= '9'; ++i) {
      number = number * 10 + static_cast<std::uint64_t>(rest[i] - '0');
    }
    if (i == 0 || i + 1 >= rest.size() || rest[i] != '.') return false;
    rest.remove_prefix(i + 1);
    index = number;
    return true;
  }

  loose_value singles_[source_key_count];
  loose_value wholes_[static_cast<std::size_t>(source_list::count)];
  loose_value vector_;
  std::uint64_t taken_ = 0;
  std::size_t attributes_ = 0;
  std::size_t count_ = 0;
  bool output_calls_tools_ = false;
  bool completes_prompts_ = false;
  // What cleaning used before, where memory is fixed.
  scratch<scratch_use::entries, 8> parts_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
