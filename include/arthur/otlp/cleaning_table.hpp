// cleaning_table.hpp: the attributes of one span, taken apart: looked up, sorted, renamed, and written again.
#ifndef ARTHUR_OTLP_CLEANING_TABLE_HPP
#define ARTHUR_OTLP_CLEANING_TABLE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../config.hpp"
#include "../record/wire.hpp"
#include "buffer.hpp"
#include "cleaning_rules.hpp"
#include "cleaning_values.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Memory for one cleaning: from the heap, or a static array where there is none. (Only the worker cleans, one span at a
/// time.) `Share`: how many 128ths of the pool's size it has.
enum class scratch_use { entries, order, texts, spare, copy };
template <scratch_use, std::size_t Share>
struct scratch {
#ifdef ARTHUR_NO_HEAP
  alignas(std::max_align_t) static inline char storage[ARTHUR_POOL_BYTES / 128 * Share];
  buffer bytes{storage, sizeof storage};
#else
  buffer bytes;
#endif
};

/// Attributes between read() and write().
class attribute_table {
 public:
  attribute_table(const value_rules& rules, clean_counts& counts) noexcept : rules_(rules), counts_(counts) {}

  /// Collects the KeyValue fields tagged `tag`. False: damaged bytes or no memory.
  bool read(const char* body, std::size_t size, std::uint32_t tag) noexcept {
    wire::reader reader(body, size);
    wire::field at;
    while (reader.next(at)) {
      if (at.tag != tag) continue;
      char* to = entries_.bytes.reserve_more(sizeof(entry));
      if (to == nullptr) return false;
      key_value_view view;
      if (!read_key_value(at.data, at.size, view)) return false;
      entry made{};
      made.field = at;
      made.value = view.value;
      made.has_value = view.has_value;
      made.rewritten = view.odd;
      made.first = static_cast<std::uint32_t>(count_);
      if (view.odd) counts_.add(clean_rule::repeated_key);
      made.key = made.raw_key = {view.key.data, 0, view.key.size};
      made.text = {view.value.data, 0, view.value.tag == wire::any_string ? view.value.size : 0};
      std::memcpy(to, &made, sizeof made);
      entries_.bytes.advance(sizeof made);
      ++count_;
    }
    if (!reader.ok() || order_.bytes.reserve_more(count_ * sizeof(std::uint32_t)) == nullptr) return false;
    return true;
  }

  /// Appends what is left, in the order of the last occurrence of each key. False: damaged bytes or no memory.
  bool write(buffer& out) noexcept {
    if (texts_.bytes.failed() || spare_.bytes.failed()) return false;
    value_writer writer(out, rules_, counts_);
    for (std::size_t i = 0; i < count_; ++i) {
      const entry& at = entries()[i];
      if (at.dropped) continue;
      if (!at.rewritten) {
        out.append(at.field.begin, static_cast<std::size_t>(at.field.end - at.field.begin));
        continue;
      }
      const std::size_t start = writer.open(static_cast<std::uint8_t>(at.field.tag));
      append_field(out, wire::key_value_key, key(at), at.key.size);
      if (at.has_value) {
        const std::size_t inner = writer.open(wire::key_value_value);
        if (at.value.tag == wire::any_string) {
          append_field(out, wire::any_string, view(at.text), at.text.size);
        } else if (!writer.value(at.value)) {
          return false;
        }
        writer.close(inner);
      }
      writer.close(start);
    }
    return !out.failed();
  }

 protected:
  // A text where it came from, or in texts_, which may move.
  struct slice {
    const char* from;  // nullptr: at `offset` in texts_
    std::size_t offset;
    std::size_t size;
  };
  struct entry {
    wire::field field;
    wire::field value;
    slice raw_key;
    slice key;
    slice next_key;
    slice text;  // if the value is a string
    std::uint32_t first = 0;  // where the key was set first
    bool has_value = false;
    bool rewritten = false;
    bool dropped = false;
    bool renamed = false;
    bool moved = false;
  };

  entry* entries() noexcept { return reinterpret_cast<entry*>(entries_.bytes.data()); }
  std::uint32_t* order() noexcept { return reinterpret_cast<std::uint32_t*>(order_.bytes.data()); }
  const char* view(const slice& text) const noexcept {
    return text.from != nullptr ? text.from : texts_.bytes.data() + text.offset;
  }
  const char* key(const entry& at) const noexcept { return view(at.key); }

  template <class Visit>
  void each(Visit visit) noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
      if (!entries()[i].dropped) visit(entries()[i]);
    }
  }

  // What was appended to texts_ since `start`.
  slice taken(std::size_t start) const noexcept { return {nullptr, start, texts_.bytes.size() - start}; }

  void set_text(entry& at, const slice& text) noexcept {
    at.text = text;
    at.value.tag = wire::any_string;
    at.has_value = true;
    at.rewritten = true;
  }
  template <std::size_t N>
  void set_text(entry& at, const char (&literal)[N]) noexcept {
    set_text(at, {literal, 0, N - 1});
  }
  void rename(entry& at, const slice& name) noexcept {
    at.key = name;
    at.rewritten = true;
    at.renamed = true;
  }

  // Makes `text` clean, in texts_ if need be. True if something had to be changed.
  bool clean_text(slice& text) noexcept {
    const char* data = view(text);
    if (rules_.is_clean_text(data, text.size)) return false;
    const std::size_t start = texts_.bytes.size();
    value_writer(texts_.bytes, rules_, counts_).text(data, text.size);
    text = taken(start);
    return true;
  }

  // A copy in texts_.
  slice joined(const char* prefix, const slice& text, const char* suffix) noexcept {
    const std::size_t start = texts_.bytes.size();
    const std::size_t prefix_size = std::strlen(prefix);
    const std::size_t suffix_size = std::strlen(suffix);
    // Room first: the text may be in texts_ itself.
    if (texts_.bytes.reserve_more(prefix_size + text.size + suffix_size) == nullptr) return {"", 0, 0};
    texts_.bytes.append(prefix, prefix_size);
    texts_.bytes.append(view(text), text.size);
    texts_.bytes.append(suffix, suffix_size);
    return taken(start);
  }

  static int compare(const char* a, std::size_t a_size, const char* b, std::size_t b_size) noexcept {
    const std::size_t common = (std::min)(a_size, b_size);
    const int order = common == 0 ? 0 : std::memcmp(a, b, common);
    if (order != 0) return order;
    return a_size < b_size ? -1 : a_size > b_size;
  }

  template <class Less>
  std::uint32_t* sort(Less less) noexcept {
    std::uint32_t* const first = order();
    std::uint32_t* last = first;
    for (std::size_t i = 0; i < count_; ++i) {
      if (!entries()[i].dropped) *last++ = static_cast<std::uint32_t>(i);
    }
    std::sort(first, last, less);
    return last;
  }

  const value_rules& rules_;
  clean_counts& counts_;
  std::size_t count_ = 0;
  scratch<scratch_use::entries, 8> entries_;  // entry[count_]
  scratch<scratch_use::order, 1> order_;      // indices of the entries that are left, sorted by sort()
  scratch<scratch_use::texts, 16> texts_;
  scratch<scratch_use::spare, 1> spare_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
