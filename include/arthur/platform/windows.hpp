// windows.hpp: the Windows API as the implementation includes it, and its texts in UTF-8; empty elsewhere.
#ifndef ARTHUR_PLATFORM_WINDOWS_HPP
#define ARTHUR_PLATFORM_WINDOWS_HPP

#if defined(_WIN32)

#include <string>
#include <system_error>

#include "../config.hpp"

// <windows.h> brings version 1 of the socket library with it, which Microsoft's <winsock2.h> doesn't bear before it.
#if defined(_MSC_VER) && defined(_WINSOCKAPI_) && !defined(_WINSOCK2API_)
#error "arthur: in the file with ARTHUR_IMPLEMENTATION, include <winsock2.h> before <windows.h>, or define WIN32_LEAN_AND_MEAN"
#endif
#if defined(__MINGW32__) && defined(_WINSOCKAPI_) && !defined(_WINSOCK2API_)
#undef _WINSOCKAPI_  // MinGW's bears it, and would warn all the same
#endif

// Without NOMINMAX it makes min and max macros, in a file that perhaps never asked for <windows.h>. A program that
// included it before us keeps whatever it chose.
#if defined(NOMINMAX)
#include <winsock2.h>
#include <windows.h>
#else
#define NOMINMAX
#include <winsock2.h>
#include <windows.h>
#undef NOMINMAX
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline std::string to_utf8(const wchar_t* text) {
  const int size = ::WideCharToMultiByte(CP_UTF8, 0, text, -1, nullptr, 0, nullptr, nullptr);
  std::string out(size > 1 ? static_cast<std::size_t>(size) - 1 : 0, '\0');
  if (size > 1) ::WideCharToMultiByte(CP_UTF8, 0, text, -1, &out[0], size, nullptr, nullptr);
  return out;
}

/// What isn't UTF-8 is taken for the system's own code page.
inline std::wstring to_wide(const std::string& text) {
  UINT page = CP_UTF8;
  int size = ::MultiByteToWideChar(page, MB_ERR_INVALID_CHARS, text.c_str(), -1, nullptr, 0);
  if (size == 0) {
    page = CP_ACP;
    size = ::MultiByteToWideChar(page, 0, text.c_str(), -1, nullptr, 0);
  }
  std::wstring out(size > 1 ? static_cast<std::size_t>(size) - 1 : 0, L'\0');
  if (size > 1) ::MultiByteToWideChar(page, 0, text.c_str(), -1, &out[0], size);
  return out;
}

/// With the number: not every text is known, and some come in the user's language.
inline std::string windows_error_text(DWORD error) {
  std::string text = std::system_category().message(static_cast<int>(error));
  // The system ends its texts with a full stop and a line break; ours go on.
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == '.' || text.back() == ' ')) text.pop_back();
  return text + " (error " + std::to_string(error) + ")";
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#endif
