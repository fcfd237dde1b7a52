// entropy.hpp: seed bytes from the operating system.
#ifndef ARTHUR_PLATFORM_ENTROPY_HPP
#define ARTHUR_PLATFORM_ENTROPY_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../config.hpp"
#include "clock.hpp"
#include "windows.hpp"

#if defined(__linux__)
#include <sys/random.h>
#elif defined(_WIN32)
#include <bcrypt.h>
#else
#include <cstdlib>
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Fills `to` with random bytes. Falls back to clock and address bits, mixed, if the system has nothing to give.
inline void fill_random(void* to, std::size_t size) noexcept {
#if defined(__linux__)
  // 256 bytes and less are never interrupted once the pool is initialised; GRND_NONBLOCK keeps early boot from hanging us.
  if (size <= 256 && ::getrandom(to, size, GRND_NONBLOCK) == static_cast<ssize_t>(size)) return;
#elif defined(__APPLE__) || defined(__FreeBSD__) || defined(__OpenBSD__) || defined(__NetBSD__)
  ::arc4random_buf(to, size);
  return;
#elif defined(_WIN32)
  if (::BCryptGenRandom(nullptr, static_cast<PUCHAR>(to), static_cast<ULONG>(size), BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0) return;
#endif
  std::uint64_t state = unix_nanoseconds() ^ (steady_nanoseconds() << 20) ^
                        static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&to));
  auto* out = static_cast<unsigned char*>(to);
  for (std::size_t i = 0; i < size; ++i) {
    state += 0x9e3779b97f4a7c15U;  // splitmix64
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    out[i] = static_cast<unsigned char>(z >> 56);
  }
}

/// xoshiro256++ (Blackman, Vigna): 64 good random bits in about a nanosecond. Not for secrets.
class random_stream {
 public:
  void seed() noexcept {
    fill_random(state_, sizeof state_);
    if ((state_[0] | state_[1] | state_[2] | state_[3]) == 0) state_[0] = 1;
  }

  std::uint64_t next() noexcept {
    const std::uint64_t result = rotate(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

 private:
  static std::uint64_t rotate(std::uint64_t x, int k) noexcept { return x << k | x >> (64 - k); }
  std::uint64_t state_[4] = {1, 2, 3, 4};
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
