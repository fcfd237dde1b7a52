// error_text.hpp: what the system calls an error number.
#ifndef ARTHUR_PLATFORM_ERROR_TEXT_HPP
#define ARTHUR_PLATFORM_ERROR_TEXT_HPP

#include <cstring>

#include "../config.hpp"
#include "../text_line.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

// strerror_r comes in two shapes: one returns the text, the other says whether the text is in the buffer.
inline const char* text_of_error(const char* text, const char*) noexcept { return text; }
inline const char* text_of_error(int, const char* buffer) noexcept { return buffer; }

/// Takes no memory. (A program that calls setlocale() lets the C library translate, and load what it needs for that.)
inline text_line error_text(int error) noexcept {
  char buffer[128] = "";
#if defined(_WIN32)
  ::strerror_s(buffer, sizeof buffer, error);
  return text_line(buffer);
#else
  return text_line(text_of_error(::strerror_r(error, buffer, sizeof buffer), buffer));
#endif
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
