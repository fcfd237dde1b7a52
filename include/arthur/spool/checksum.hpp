// checksum.hpp: CRC-32C, which tells a whole file from one that was cut off or changed.
#ifndef ARTHUR_SPOOL_CHECKSUM_HPP
#define ARTHUR_SPOOL_CHECKSUM_HPP

#include <cstddef>
#include <cstdint>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Entry [k][b]: what the byte b does to the checksum k bytes later.
struct crc32c_tables {
  std::uint32_t at[8][256];
  constexpr crc32c_tables() noexcept : at() {
    for (std::uint32_t b = 0; b < 256; ++b) {
      std::uint32_t crc = b;
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
      at[0][b] = crc;
    }
    for (std::uint32_t b = 0; b < 256; ++b) {
      for (int k = 1; k < 8; ++k) at[k][b] = at[k - 1][b] >> 8 ^ at[0][at[k - 1][b] & 0xffU];
    }
  }
};
inline constexpr crc32c_tables crc32c_table{};

/// As in iSCSI (RFC 3720). Eight bytes at a time: a batch of a megabyte takes less than a millisecond.
inline std::uint32_t crc32c(const char* data, std::size_t size) noexcept {
  const auto& t = crc32c_table.at;
  const auto* p = reinterpret_cast<const unsigned char*>(data);
  std::uint32_t crc = 0xffffffffU;
  for (; size >= 8; size -= 8, p += 8) {
    const std::uint32_t low = crc ^ (p[0] | std::uint32_t{p[1]} << 8 | std::uint32_t{p[2]} << 16 | std::uint32_t{p[3]} << 24);
    crc = t[7][low & 0xffU] ^ t[6][low >> 8 & 0xffU] ^ t[5][low >> 16 & 0xffU] ^ t[4][low >> 24] ^ t[3][p[4]] ^ t[2][p[5]] ^
          t[1][p[6]] ^ t[0][p[7]];
  }
  for (; size > 0; --size) crc = crc >> 8 ^ t[0][(crc ^ *p++) & 0xffU];
  return ~crc;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
