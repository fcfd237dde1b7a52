// terminal.hpp: whether standard output is a terminal, and how wide.
#ifndef ARTHUR_TRANSPORT_TERMINAL_HPP
#define ARTHUR_TRANSPORT_TERMINAL_HPP

#include <cstddef>

#if !defined(_WIN32)
#include <sys/ioctl.h>
#include <unistd.h>
#endif

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct terminal {
  bool present = false;
  std::size_t columns = 0;  ///< 0 where it doesn't tell
};

/// Windows counts as none: its consoles take colours only after a change of mode that belongs to the program.
inline terminal terminal_of(int descriptor) noexcept {
  terminal out;
#if defined(_WIN32)
  static_cast<void>(descriptor);
#else
  winsize size{};
  out.present = ::isatty(descriptor) == 1;
  if (out.present && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0) out.columns = size.ws_col;
#endif
  return out;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
