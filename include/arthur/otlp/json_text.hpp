// json_text.hpp: JSON tokens: strings with UTF-8 checked on the way, numbers, hex and base64.
#ifndef ARTHUR_OTLP_JSON_TEXT_HPP
#define ARTHUR_OTLP_JSON_TEXT_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "../config.hpp"
#include "buffer.hpp"
#include "utf8.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

// The escape of each byte that has one; size 0 elsewhere. Eight bytes per entry, so that one store writes any of them.
struct json_escape {
  char text[7];
  std::uint8_t size;
};
struct json_escapes {
  json_escape of[128];
};
constexpr json_escapes make_json_escapes() noexcept {
  json_escapes table{};
  for (unsigned i = 0; i < 0x20; ++i) {
    table.of[i] = {{'\\', 'u', '0', '0', i < 16 ? '0' : '1', "0123456789abcdef"[i % 16], 0}, 6};
  }
  const char pairs[7][2] = {{'\b', 'b'}, {'\f', 'f'}, {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}, {'"', '"'}, {'\\', '\\'}};
  for (const auto& pair : pairs) table.of[static_cast<unsigned>(pair[0])] = {{'\\', pair[1], 0, 0, 0, 0, 0}, 2};
  return table;
}
inline constexpr json_escapes json_escape_table = make_json_escapes();

/// Appends `"…"`: quotes, backslashes and control characters escaped, ill-formed UTF-8 replaced by U+FFFD.
inline bool append_json_string(buffer& out, const char* in, std::size_t size) noexcept {
  // As long as `slack` bytes more are free than bytes are left, whole blocks may be stored without a check.
  constexpr std::ptrdiff_t slack = 48;
  const char* const end = in + size;
  char* to = out.reserve_more(size + slack);
  if (to == nullptr) return false;
  char* first = to;
  const char* limit = to + out.room();
  *to++ = '"';
  while (in != end) {
#if defined(__SSE2__)
    const __m128i space = _mm_set1_epi8(0x20);
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    unsigned special = 0;
    while (end - in >= 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
      // Signed, so that bytes of 0x80 and above are below space, too.
      special = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(
          _mm_cmplt_epi8(bytes, space), _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)))));
      if (special != 0) break;
      in += 16;
      to += 16;
    }
    if (special != 0) {
      in += lowest_bit(special);
      to += lowest_bit(special);
    } else
#endif
    {
      while (end - in >= 8) {
        constexpr std::uint64_t ones = 0x0101010101010101U;
        const std::uint64_t word = load_le64(in);
        std::memcpy(to, in, 8);
        const std::uint64_t quotes = word ^ ones * '"';
        const std::uint64_t backslashes = word ^ ones * '\\';
        // A borrow only disturbs bytes above the first hit, which is all that counts.
        const std::uint64_t hits =
            (word | (word - ones * 0x20) | (quotes - ones) | (backslashes - ones)) & ones * 0x80;
        if (hits != 0) {
          in += lowest_bit(hits) / 8;
          to += lowest_bit(hits) / 8;
          break;
        }
        in += 8;
        to += 8;
      }
      while (in != end && static_cast<signed char>(*in) >= 0 &&
             json_escape_table.of[static_cast<unsigned char>(*in)].size == 0) {
        *to++ = *in++;
      }
      if (in == end) break;
    }

    if (static_cast<unsigned char>(*in) < 0x80) {
      const json_escape& escape = json_escape_table.of[static_cast<unsigned char>(*in)];
      std::memcpy(to, &escape, sizeof escape);
      to += escape.size;
      ++in;
    } else {
      utf8_step step{0, true};
      do {
        if (end - in >= 4) {
          const std::uint32_t word = load_le32(in);
          std::memcpy(to, in, 4);
          if (is_utf8_triple(word)) {
            in += 3;
            to += 3;
            continue;
          }
          if (is_utf8_pair(word)) {
            in += 2;
            to += 2;
            continue;
          }
        }
        step = next_utf8(in, end);
        if (!step.valid) break;
        for (unsigned i = 0; i < step.size; ++i) to[i] = in[i];
        in += step.size;
        to += step.size;
      } while (in != end && static_cast<signed char>(*in) < 0);
      if (!step.valid) {
        std::memcpy(to, "\xEF\xBF\xBD", 3);
        to += 3;
        in += step.size;
      }
    }
    if (ARTHUR_UNLIKELY(limit - to < end - in + slack)) {
      out.advance(static_cast<std::size_t>(to - first));
      const auto left = static_cast<std::size_t>(end - in);
      to = out.reserve_more(left + left / 4 + slack);
      if (to == nullptr) return false;
      first = to;
      limit = to + out.room();
    }
  }
  *to++ = '"';
  out.advance(static_cast<std::size_t>(to - first));
  return true;
}

/// Appends an integer in decimal.
template <class Integer>
inline bool append_decimal(buffer& out, Integer value) noexcept {
  char* to = out.reserve_more(24);
  if (to == nullptr) return false;
  out.advance(static_cast<std::size_t>(std::to_chars(to, to + 24, value).ptr - to));
  return true;
}

/// Appends a 64-bit integer as JSON has it in protobuf's mapping: a string of digits.
template <class Integer>
inline bool append_json_int64(buffer& out, Integer value) noexcept {
  char* to = out.reserve_more(24);
  if (to == nullptr) return false;
  char* end = to;
  *end++ = '"';
  end = std::to_chars(end, to + 24, value).ptr;
  *end++ = '"';
  out.advance(static_cast<std::size_t>(end - to));
  return true;
}

/// Sign, exponent and mantissa of a double, looked at as bits so that -ffast-math changes nothing.
inline bool is_finite_bits(std::uint64_t bits) noexcept { return (bits >> 52 & 0x7ffU) != 0x7ffU; }

/// "NaN", "Infinity" or "-Infinity": how protobuf's JSON writes the double of these bits, which is not finite.
inline const char* nonfinite_name(std::uint64_t bits) noexcept {
  if ((bits << 12) != 0) return "NaN";
  return bits >> 63 != 0 ? "-Infinity" : "Infinity";
}

/// Appends the double with these bits as the shortest number that reads back the same, or as a string if not finite.
inline bool append_json_double(buffer& out, std::uint64_t bits) noexcept {
  if (ARTHUR_UNLIKELY(!is_finite_bits(bits))) {
    const char* name = nonfinite_name(bits);
    return append_json_string(out, name, std::strlen(name));
  }
  char* to = out.reserve_more(32);
  if (to == nullptr) return false;
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  out.advance(static_cast<std::size_t>(std::to_chars(to, to + 32, value).ptr - to));
  return true;
}

/// Appends lower-case hexadecimal digits.
inline bool append_hex(buffer& out, const char* data, std::size_t size) noexcept {
  char* to = out.reserve_more(size * 2);
  if (to == nullptr) return false;
  for (std::size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(data[i]);
    *to++ = "0123456789abcdef"[byte >> 4];
    *to++ = "0123456789abcdef"[byte & 15U];
  }
  out.advance(size * 2);
  return true;
}

/// Appends standard base64 with padding.
inline bool append_base64(buffer& out, const char* data, std::size_t size) noexcept {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char* to = out.reserve_more((size + 2) / 3 * 4);
  if (to == nullptr) return false;
  out.advance((size + 2) / 3 * 4);
  const auto byte = [data](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(data[i])}; };
  std::size_t i = 0;
  for (; i + 3 <= size; i += 3, to += 4) {
    const std::uint32_t bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    to[0] = digits[bits >> 18];
    to[1] = digits[bits >> 12 & 63U];
    to[2] = digits[bits >> 6 & 63U];
    to[3] = digits[bits & 63U];
  }
  if (i < size) {
    const std::uint32_t bits = byte(i) << 16 | (i + 1 < size ? byte(i + 1) << 8 : 0U);
    to[0] = digits[bits >> 18];
    to[1] = digits[bits >> 12 & 63U];
    to[2] = i + 1 < size ? digits[bits >> 6 & 63U] : '=';
    to[3] = '=';
  }
  return true;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
