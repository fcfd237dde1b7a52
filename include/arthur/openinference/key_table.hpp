// key_table.hpp: the key table as data: text and filter bits of each key.
#ifndef ARTHUR_OPENINFERENCE_KEY_TABLE_HPP
#define ARTHUR_OPENINFERENCE_KEY_TABLE_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../config.hpp"
#include "../record/wire.hpp"
#include "keys.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

constexpr std::uint64_t key_word(const char* p, std::size_t size) noexcept {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) word |= std::uint64_t{static_cast<unsigned char>(p[i])} << (8 * i);
  return word;
}

/// Two bits of a 64-bit Bloom filter, from the length, the first and the last 8 bytes of a key: two keys that agree in
/// these only cost the worker a look.
constexpr std::uint64_t bloom_bits(std::uint64_t first, std::uint64_t last, std::size_t size) noexcept {
  std::uint64_t hash = (first ^ size) * 0x9e3779b97f4a7c15U;
  hash = (hash ^ (hash >> 29) ^ last) * 0xbf58476d1ce4e5b9U;
  return std::uint64_t{1} << (hash >> 58) | std::uint64_t{1} << (hash >> 52 & 63U);
}
constexpr std::uint64_t constant_key_bits(const char* key, std::size_t size) noexcept {
  return size < 8 ? bloom_bits(key_word(key, size), 0, size)
                  : bloom_bits(key_word(key, 8), key_word(key + size - 8, 8), size);
}
/// The same at run time.
inline std::uint64_t key_bits(const char* key, std::size_t size) noexcept {
  return size < 8 ? bloom_bits(key_word(key, size), 0, size)
                  : bloom_bits(wire::get_fixed64(key), wire::get_fixed64(key + size - 8), size);
}

struct key_info {
  /// A short attribute up to the length of its AnyValue, as it goes into the span; the second byte is its length.
  static constexpr std::size_t image_size = 40;
  static constexpr std::size_t max_imaged = image_size - 5;  // longer keys have none

  std::string_view text;
  std::uint64_t bits;
  char image[image_size];

  constexpr key_info() noexcept : text(), bits(0), image() {}
  explicit constexpr key_info(std::string_view t) noexcept
      : text(t), bits(constant_key_bits(t.data(), t.size())), image() {
    if (t.size() > max_imaged) return;
    image[0] = static_cast<char>(wire::span_attributes);
    image[2] = static_cast<char>(wire::key_value_key);
    image[3] = static_cast<char>(t.size());
    for (std::size_t n = 0; n < t.size(); ++n) image[4 + n] = t[n];
    image[4 + t.size()] = static_cast<char>(wire::key_value_value);
  }
};

struct key_table {
  key_info entries[static_cast<std::size_t>(key::count)];
  constexpr key_table() noexcept : entries() {
#define ARTHUR_KEY_ENTRY(identifier, text) \
  entries[static_cast<std::size_t>(key::identifier)] = key_info(text);
    ARTHUR_SINGLE_KEYS(ARTHUR_KEY_ENTRY)
    ARTHUR_LIST_KEYS(ARTHUR_KEY_ENTRY)
    ARTHUR_RARE_KEYS(ARTHUR_KEY_ENTRY)
    ARTHUR_PART_KEYS(ARTHUR_KEY_ENTRY)
#undef ARTHUR_KEY_ENTRY
  }
  constexpr const key_info& operator[](key k) const noexcept { return entries[static_cast<std::size_t>(k)]; }
  constexpr bool single_keys_have_images() const noexcept {
    for (std::size_t n = 0; n < static_cast<std::size_t>(key::single_count); ++n) {
      if (entries[n].text.size() > key_info::max_imaged) return false;
    }
    return true;
  }
};
inline constexpr key_table key_texts;
static_assert(key_texts.single_keys_have_images(), "a longer key belongs among the rare ones");

/// The exact upper-case values of `openinference.span.kind`, in the order of arthur::kind; the engine folds no case.
inline constexpr std::string_view kind_names[] = {"LLM",      "TOOL",      "AGENT",     "CHAIN",     "RETRIEVER",
                                                  "RERANKER", "EMBEDDING", "GUARDRAIL", "EVALUATOR", "PROMPT"};
constexpr std::size_t kind_count = sizeof kind_names / sizeof kind_names[0];

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
