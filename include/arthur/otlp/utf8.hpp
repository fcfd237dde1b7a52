// utf8.hpp: finding, repairing and cutting UTF-8.
#ifndef ARTHUR_OTLP_UTF8_HPP
#define ARTHUR_OTLP_UTF8_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "../config.hpp"
#include "buffer.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

// The first byte is the lowest on every machine. (g++ 12 does not turn a loop over bytes into one load.)
inline std::uint32_t load_le32(const char* from) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, from, sizeof value);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  value = __builtin_bswap32(value);
#endif
  return value;
}
inline std::uint64_t load_le64(const char* from) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, from, sizeof value);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  value = __builtin_bswap64(value);
#endif
  return value;
}

/// Index of the lowest set bit of `bits`, which must not be 0.
inline unsigned lowest_bit(std::uint64_t bits) noexcept {
#if defined(__GNUC__) || defined(__clang__)
  return static_cast<unsigned>(__builtin_ctzll(bits));
#else
  unsigned index = 0;
  while ((bits & 1U) == 0) {
    bits >>= 1;
    ++index;
  }
  return index;
#endif
}

/// One step over non-ASCII text: a code point, or a maximal ill-formed part that one U+FFFD replaces.
struct utf8_step {
  unsigned size;
  bool valid;
};

inline bool is_utf8_tail(char byte) noexcept { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80; }

/// `at` < `end`, and *at is not ASCII.
inline utf8_step next_utf8(const char* at, const char* end) noexcept {
  const auto lead = static_cast<unsigned char>(at[0]);
  const auto left = end - at;
  if (lead < 0xc2 || lead > 0xf4 || left < 2) return {1, false};
  const auto second = static_cast<unsigned char>(at[1]);
  if (lead < 0xe0) return is_utf8_tail(at[1]) ? utf8_step{2, true} : utf8_step{1, false};
  // Overlong forms, surrogates and what lies above U+10FFFF are told by the second byte alone.
  unsigned low = 0x80;
  unsigned high = 0xbf;
  if (lead == 0xe0) low = 0xa0;
  if (lead == 0xed) high = 0x9f;
  if (lead == 0xf0) low = 0x90;
  if (lead == 0xf4) high = 0x8f;
  if (second < low || second > high) return {1, false};
  if (left < 3 || !is_utf8_tail(at[2])) return {2, false};
  if (lead < 0xf0) return {3, true};
  if (left < 4 || !is_utf8_tail(at[3])) return {3, false};
  return {4, true};
}

/// True if the low three bytes of `word` are one well-formed three-byte code point: the common case of CJK text.
inline bool is_utf8_triple(std::uint32_t word) noexcept {
  const std::uint32_t marks = word & 0x200fU;  // lead's low half, and the bit that tells overlong forms and surrogates
  return (word & 0x00c0c0f0U) == 0x008080e0U && marks != 0 && marks != 0x200d;
}

/// The same for two bytes: Cyrillic, Greek, Arabic, accented Latin.
inline bool is_utf8_pair(std::uint32_t word) noexcept { return (word & 0xc0e0U) == 0x80c0U && (word & 0x1eU) != 0; }

/// The code point that next_utf8() found valid at `at`, or that of an ASCII byte.
inline std::uint32_t utf8_code_point(const char* at, unsigned size) noexcept {
  const auto byte = [at](unsigned i) { return std::uint32_t{static_cast<unsigned char>(at[i])}; };
  switch (size) {
    case 2: return (byte(0) & 0x1fU) << 6 | (byte(1) & 0x3fU);
    case 3: return (byte(0) & 0x0fU) << 12 | (byte(1) & 0x3fU) << 6 | (byte(2) & 0x3fU);
    case 4:
      return (byte(0) & 0x07U) << 18 | (byte(1) & 0x3fU) << 12 | (byte(2) & 0x3fU) << 6 | (byte(3) & 0x3fU);
    default: return byte(0);
  }
}

/// Writes a code point at `to` (room for 4); returns the first byte behind it.
inline char* put_utf8(char* to, std::uint32_t code) noexcept {
  const auto put = [&to](std::uint32_t byte) { *to++ = static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0U | code >> 6);
    put(0x80U | (code & 0x3fU));
  } else if (code < 0x10000) {
    put(0xe0U | code >> 12);
    put(0x80U | (code >> 6 & 0x3fU));
    put(0x80U | (code & 0x3fU));
  } else {
    put(0xf0U | code >> 18);
    put(0x80U | (code >> 12 & 0x3fU));
    put(0x80U | (code >> 6 & 0x3fU));
    put(0x80U | (code & 0x3fU));
  }
  return to;
}

/// Whether U+0000 counts as text: protobuf and JSON hold it, the engine's database doesn't.
enum class nul { allowed, forbidden };

/// Length of the longest prefix of well-formed UTF-8 (without U+0000 if that is forbidden).
template <nul Nul = nul::allowed>
inline std::size_t valid_utf8_prefix(const char* data, std::size_t size) noexcept {
  const char* at = data;
  const char* const end = data + size;
  for (;;) {
#if defined(__SSE2__)
    while (end - at >= 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      auto bad = static_cast<unsigned>(_mm_movemask_epi8(bytes));
      // As signed numbers, ASCII without zero is exactly what is greater than 0.
      if (Nul == nul::forbidden) {
        bad = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpgt_epi8(bytes, _mm_setzero_si128()))) ^ 0xffffU;
      }
      if (bad != 0) {
        at += lowest_bit(bad);
        break;
      }
      at += 16;
    }
#endif
    while (end - at >= 8) {
      const std::uint64_t word = load_le64(at);
      std::uint64_t bad = word;
      if (Nul == nul::forbidden) bad |= word - 0x0101010101010101U;  // a borrow only disturbs bytes above a zero
      bad &= 0x8080808080808080U;
      if (bad != 0) {
        at += lowest_bit(bad) / 8;
        break;
      }
      at += 8;
    }
    while (at != end && static_cast<signed char>(*at) > (Nul == nul::allowed ? -1 : 0)) ++at;
    if (at == end || *at == 0) return static_cast<std::size_t>(at - data);
    do {
      if (end - at >= 4) {
        const std::uint32_t word = load_le32(at);
        if (is_utf8_triple(word)) {
          at += 3;
          continue;
        }
        if (is_utf8_pair(word)) {
          at += 2;
          continue;
        }
      }
      const utf8_step step = next_utf8(at, end);
      if (!step.valid) return static_cast<std::size_t>(at - data);
      at += step.size;
    } while (at != end && static_cast<signed char>(*at) < 0);
  }
}

/// True if all of it is well-formed UTF-8 (without U+0000 if that is forbidden).
template <nul Nul = nul::allowed>
inline bool is_valid_utf8(const char* data, std::size_t size) noexcept {
  return valid_utf8_prefix<Nul>(data, size) == size;
}

/// Appends the text; each maximal ill-formed part becomes U+FFFD (as in browsers and Python's errors="replace"), and
/// U+0000 is left out where it is forbidden.
template <nul Nul = nul::allowed>
inline bool append_valid_utf8(buffer& out, const char* data, std::size_t size) noexcept {
  const char* at = data;
  const char* const end = data + size;
  for (;;) {
    const std::size_t good = valid_utf8_prefix<Nul>(at, static_cast<std::size_t>(end - at));
    out.append(at, good);
    at += good;
    if (at == end) return !out.failed();
    if (*at == 0) {
      ++at;
    } else {
      out.append("\xEF\xBF\xBD");
      at += next_utf8(at, end).size;
    }
  }
}

/// The largest size of at most `limit` bytes that doesn't cut a code point.
inline std::size_t utf8_truncate(const char* data, std::size_t size, std::size_t limit) noexcept {
  if (size <= limit) return size;
  std::size_t cut = limit;
  // A code point has at most three tail bytes; more of them is damage, which may be cut anywhere.
  for (unsigned i = 0; i < 3 && cut != 0 && is_utf8_tail(data[cut]); ++i) --cut;
  return is_utf8_tail(data[cut]) ? limit : cut;
}

/// Bytes of the first `count` characters of valid text: of all of it if it has no more.
inline std::size_t utf8_first_characters(const char* data, std::size_t size, std::size_t count) noexcept {
  std::size_t at = 0;
  while (at < size && (is_utf8_tail(data[at]) || count-- != 0)) ++at;
  return at;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
