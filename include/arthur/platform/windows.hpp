// windows.hpp: the Windows API as the implementation includes it; empty elsewhere.
#ifndef ARTHUR_PLATFORM_WINDOWS_HPP
#define ARTHUR_PLATFORM_WINDOWS_HPP

#if defined(_WIN32)

// <windows.h> brings version 1 of the socket library with it, which Microsoft's <winsock2.h> doesn't bear before it.
#if defined(_MSC_VER) && defined(_WINSOCKAPI_) && !defined(_WINSOCK2API_)
#error "arthur: in the file with ARTHUR_IMPLEMENTATION, include <winsock2.h> before <windows.h>, or define WIN32_LEAN_AND_MEAN"
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

#endif

#endif
