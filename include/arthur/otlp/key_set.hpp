// key_set.hpp: dotted keys by their hashes: is one there twice, or beside one below it?
#ifndef ARTHUR_OTLP_KEY_SET_HPP
#define ARTHUR_OTLP_KEY_SET_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../config.hpp"
#include "utf8.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A hash of some bytes behind those that `hash` stands for.
inline std::uint64_t hash_bytes(std::uint64_t hash, const char* data, std::size_t size) noexcept {
  constexpr std::uint64_t factor = 0x9e3779b97f4a7c15U;
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * factor;
    hash ^= hash >> 32;
  };
  std::size_t i = 0;
  for (; size - i >= 8; i += 8) mix(load_le64(data + i));
  std::uint64_t rest = 0;
  const std::size_t left = size - i;
  if (left >= 4) {
    rest = load_le32(data + i) | std::uint64_t{load_le32(data + size - 4)} << 32;
  } else {
    for (; i < size; ++i) rest = rest << 8 | static_cast<unsigned char>(data[i]);
  }
  mix(rest + (std::uint64_t{left + 1} << 59));
  return hash;
}

/// Hashes of keys and of their parents, to notice what might collide.
class key_set {
 public:
  /// Most keys that reset() takes.
  static constexpr std::size_t max_keys() noexcept { return max_slots / 8; }

  /// Makes room for so many keys, each with a few parents; false if there are too many for this.
  bool reset(std::size_t keys) noexcept {
    std::size_t slots = 64;
    while (slots < keys * 8) slots *= 2;
    if (slots > max_slots) return false;
    std::memset(slots_, 0, slots * sizeof *slots_);
    mask_ = static_cast<std::uint32_t>(slots - 1);
    left_ = slots / 4 * 3;
    return true;
  }

  /// False if it is full, or the key might be there already, or be a parent of one that is, or the other way round.
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

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
