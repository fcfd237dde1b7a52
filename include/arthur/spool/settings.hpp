// settings.hpp: where the spool lies and how much it may hold.
#ifndef ARTHUR_SPOOL_SETTINGS_HPP
#define ARTHUR_SPOOL_SETTINGS_HPP

#include <cstdint>
#include <string>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct spool_settings {
  std::string directory;
  std::uint64_t max_bytes;  // of all files of ours in it, other processes' too
  std::uint64_t max_age;    // nanoseconds; UINT64_MAX = they never expire
};

enum class spool_result { ok, full, failed };

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
