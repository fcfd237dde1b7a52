// replay.hpp: arthur::replay(): sends the files of a spool by hand, from another machine, too.
#ifndef ARTHUR_REPLAY_HPP
#define ARTHUR_REPLAY_HPP

#include <cstdint>
#include <string>

#include "config.hpp"
#include "options.hpp"

ARTHUR_NAMESPACE_BEGIN

/// What arthur::replay did; numbers are of spans where nothing else is said.
struct replay_result {
  std::uint64_t delivered = 0;    ///< sent, or found to be there already
  std::uint64_t rejected = 0;     ///< refused by the endpoint
  std::uint64_t unconfirmed = 0;  ///< perhaps stored; their files end in ".unconfirmed"
  std::uint64_t files_left = 0;   ///< files that wait still
  std::string error;              ///< one line: why they do; else empty

  /// Every file that could be sent was.
  bool ok() const noexcept { return error.empty(); }
};

/// Sends what lies in `directory`, a directory that options::spool_directory named, oldest first, to where `settings` and
/// the environment say; a file is removed after its final answer. Stops when nothing gets through for
/// options::export_timeout; what is left stays. `progress`, if given, is called after each file or failed attempt.
/// Programs that use the directory at the same time do no harm. Blocks; never throws. Needs no arthur::start(). Thread-safe.
replay_result replay(const std::string& directory, const options& settings = {},
                     void (*progress)(void* user, const replay_result& so_far) = nullptr, void* user = nullptr) noexcept;

ARTHUR_NAMESPACE_END

#endif
