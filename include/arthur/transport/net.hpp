// net.hpp: the few socket calls that differ between POSIX and Winsock.
#ifndef ARTHUR_TRANSPORT_NET_HPP
#define ARTHUR_TRANSPORT_NET_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <system_error>

#include "../platform/windows.hpp"  // before any other header of Windows

#if defined(_WIN32)
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#endif

#include "../config.hpp"
#include "../platform/error_text.hpp"
#include "../text_line.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace net {

#if defined(_WIN32)

using handle = SOCKET;
using address_length = int;
constexpr handle none = INVALID_SOCKET;

inline void start() {
  static const bool started = [] {
    WSADATA data;
    return WSAStartup(MAKEWORD(2, 2), &data) == 0;
  }();
  static_cast<void>(started);
}
inline int last_error() { return WSAGetLastError(); }
inline bool interrupted(int) { return false; }
inline bool would_block(int error) { return error == WSAEWOULDBLOCK; }
inline bool in_progress(int error) { return error == WSAEWOULDBLOCK; }
inline void close(handle s) { closesocket(s); }

inline handle open(int family) {
  const handle s = WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, nullptr, 0,
                              WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  u_long on = 1;
  if (s != none) ioctlsocket(s, static_cast<long>(FIONBIO), &on);
  return s;
}

inline fd_set only(handle s) {
  fd_set one;
  one.fd_count = 1;
  one.fd_array[0] = s;
  return one;
}

/// Events that are ready, 0 when the time is over, -1 on failure.
inline int poll_one(handle s, short events, int milliseconds) {
  // Not WSAPoll: before Windows 10 2004 it never tells that a connection was refused.
  fd_set readable = only(s), writable = only(s), failed = only(s);
  // Out-of-band bytes are an exception as well; only a socket that is being connected can't have any.
  const bool connecting = events == POLLOUT;
  timeval time = {milliseconds / 1000, milliseconds % 1000 * 1000};
  const int n = ::select(0, (events & POLLIN) != 0 ? &readable : nullptr, (events & POLLOUT) != 0 ? &writable : nullptr,
                         connecting ? &failed : nullptr, &time);
  if (n <= 0) return n;
  return ((events & POLLIN) != 0 && readable.fd_count != 0 ? POLLIN : 0) |
         ((events & POLLOUT) != 0 && writable.fd_count != 0 ? POLLOUT : 0) | (connecting && failed.fd_count != 0 ? POLLERR : 0);
}

/// Sends from two buffers as one; bytes taken or -1.
inline std::ptrdiff_t send_two(handle s, const char* a, std::size_t a_size, const char* b, std::size_t b_size) {
  constexpr std::size_t most = std::size_t{1} << 30;  // sizes have 32 bits here
  WSABUF parts[2] = {{static_cast<ULONG>((std::min)(a_size, most)), const_cast<char*>(a)},
                     {static_cast<ULONG>((std::min)(b_size, most)), const_cast<char*>(b)}};
  DWORD sent = 0;
  const int failed = WSASend(s, parts, 2, &sent, 0, nullptr, nullptr);
  return failed != 0 ? -1 : static_cast<std::ptrdiff_t>(sent);
}

inline std::ptrdiff_t receive(handle s, char* to, std::size_t size) {
  return ::recv(s, to, static_cast<int>(size), 0);
}

inline text_line error_text(int error) { return text_line(windows_error_text(static_cast<DWORD>(error))); }
inline text_line lookup_error_text(int error) { return error_text(error); }

#else

using handle = int;
using address_length = socklen_t;
constexpr handle none = -1;

inline void start() {}
inline int last_error() { return errno; }
inline bool interrupted(int error) { return error == EINTR; }
inline bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }
inline bool in_progress(int error) { return error == EINPROGRESS || error == EINTR; }  // EINTR: goes on in background
inline void close(handle s) { ::close(s); }

inline handle open(int family) {
#if defined(SOCK_CLOEXEC) && defined(SOCK_NONBLOCK)
  // In one call: a fork and exec on another thread can't slip in between.
  const handle s = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
#else
  const handle s = ::socket(family, SOCK_STREAM, 0);
  if (s != none) {
    ::fcntl(s, F_SETFD, FD_CLOEXEC);
    ::fcntl(s, F_SETFL, O_NONBLOCK);
  }
#endif
#if defined(SO_NOSIGPIPE)
  const int on = 1;
  if (s != none) ::setsockopt(s, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
  return s;
}

/// Events that are ready, 0 when the time is over, -1 on failure.
inline int poll_one(handle s, short events, int milliseconds) {
  pollfd p{s, events, 0};
  const int n = ::poll(&p, 1, milliseconds);
  return n > 0 ? p.revents : n;
}

/// Sends from two buffers as one; bytes taken or -1.
inline std::ptrdiff_t send_two(handle s, const char* a, std::size_t a_size, const char* b, std::size_t b_size) {
  iovec parts[2] = {{const_cast<char*>(a), a_size}, {const_cast<char*>(b), b_size}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
#if defined(MSG_NOSIGNAL)
  return ::sendmsg(s, &message, MSG_NOSIGNAL);
#else
  return ::sendmsg(s, &message, 0);
#endif
}

inline std::ptrdiff_t receive(handle s, char* to, std::size_t size) { return ::recv(s, to, size, 0); }

inline text_line error_text(int error) { return detail::error_text(error); }
inline text_line lookup_error_text(int error) { return error == EAI_SYSTEM ? error_text(errno) : text_line(::gai_strerror(error)); }

#endif

/// The address of a host that is written as one; 0 if it is a name. (getaddrinfo would take memory for it.)
inline address_length numeric_address(const char* host, std::uint16_t port, sockaddr_storage& to) {
  std::memset(&to, 0, sizeof to);
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&to);
  if (::inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    return sizeof *v4;
  }
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&to);
  if (::inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    return sizeof *v6;
  }
  return 0;
}

}  // namespace net
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
