// file.hpp: appends requests to a file or to stdout, one JSON line each.
#ifndef ARTHUR_TRANSPORT_FILE_HPP
#define ARTHUR_TRANSPORT_FILE_HPP

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../platform/windows.hpp"  // before any other header of Windows

#if defined(_WIN32)
#include <io.h>
#else
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#endif

#include "../config.hpp"
#include "../platform/error_text.hpp"
#include "../text_line.hpp"
#include "no_sigpipe.hpp"
#include "transport.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Status 200 once the whole line is written. A line cut off by a full disk is no JSON and stays alone on its line, so
/// writing the request again later stores nothing twice: every failure is not_sent.
class file_transport final : public transport {
 public:
  /// Opened with the first request, created if need be, always appended to.
  file_transport(std::string path, const timing& time) : time_(time), path_(std::move(path)) {}

  /// Writes to an open descriptor, e.g. 1 for stdout; it stays open.
  file_transport(int descriptor, const timing& time)
      : time_(time), path_(descriptor == 1 ? "stdout" : "the descriptor"), file_(descriptor), owned_(false) {
    look();
  }

  ~file_transport() override {
    if (owned_) close_file();
  }

  transport_result send(const request& what, std::uint64_t deadline, response& out, std::string& error) override {
    out.clear();
    error.clear();
    if (file_ < 0 && !open_file()) {
      set_line(error, "can't open ", path_, ": ", last_problem());
      return transport_result::not_sent;
    }
    // The first byte ends a line that an earlier failure left unfinished.
    const std::string_view pieces[] = {torn_ ? "\n" : "", {what.body, what.body_size}, "\n"};
    const std::size_t total = pieces[0].size() + what.body_size + 1;
    const std::size_t written = write_all(pieces, total, deadline, error);
    if (written > 0) torn_ = written < total && !(torn_ && written == 1);
    if (written < total - 1) {
      set_line(error, "can't write to ", path_, ": ", error);
      return transport_result::not_sent;
    }
    error.clear();  // only the line's end may be missing, and the next request writes it
    out.status = 200;
    return transport_result::answered;
  }

 private:
#if defined(_WIN32)
  static text_line last_problem() { return text_line(windows_error_text(::GetLastError())); }
  bool open_file() {
    // The right to append and no more: the system itself puts every write at the end.
    const HANDLE file = ::CreateFileW(to_wide(path_).c_str(), FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                      nullptr, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr);
    if (file != INVALID_HANDLE_VALUE) file_ = ::_open_osfhandle(reinterpret_cast<std::intptr_t>(file), 0);
    return file_ >= 0;
  }
  void close_file() {
    if (file_ >= 0) ::_close(file_);
  }
  void look() {}

  std::size_t write_all(const std::string_view (&pieces)[3], std::size_t, std::uint64_t, std::string& error) {
    std::string whole;
    for (const std::string_view piece : pieces) whole.append(piece);
    // Past the C library: it would make two bytes of a line's end, or stop doing that for what the program itself writes.
    const auto file = reinterpret_cast<HANDLE>(::_get_osfhandle(file_));
    std::size_t written = 0;
    while (written < whole.size()) {
      const std::size_t most = (std::min)(whole.size() - written, std::size_t{1} << 30);
      DWORD n = 0;
      if (::WriteFile(file, whole.data() + written, static_cast<DWORD>(most), &n, nullptr) == 0 || n == 0) {
        set_line(error, last_problem());
        break;
      }
      written += n;
    }
    return written;
  }
#else
  static text_line last_problem() noexcept { return error_text(errno); }
  bool open_file() {
#if defined(O_LARGEFILE)
    constexpr int large = O_LARGEFILE;  // where a long has 32 bits, files would end at 2 GiB
#else
    constexpr int large = 0;
#endif
    file_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | large, 0666);
    if (file_ < 0) return false;
    look();
    return true;
  }
  void close_file() {
    if (file_ >= 0) ::close(file_);
  }

  // Writing to a regular file waits for nobody; a pipe, terminal or socket may have a reader that stopped reading.
  void look() {
    struct stat about {};
    // EOVERFLOW: a regular file too large for a size of 32 bits.
    may_block_ = ::fstat(file_, &about) != 0 ? errno != EOVERFLOW : !S_ISREG(about.st_mode);
  }

  /// False when the time is over.
  bool wait_writable(std::uint64_t deadline) const {
    for (int slice = time_.slice(deadline); slice > 0; slice = time_.slice(deadline)) {
      pollfd p{file_, POLLOUT, 0};
      if (::poll(&p, 1, slice) > 0) return true;
    }
    return false;
  }

  std::size_t write_all(const std::string_view (&pieces)[3], std::size_t total, std::uint64_t deadline,
                        std::string& error) {
    constexpr std::size_t portion = PIPE_BUF;  // what a pipe takes after POLLOUT without waiting
    const no_sigpipe guard;
    std::size_t written = 0;
    while (written < total) {
      iovec parts[3];
      std::size_t skip = written;
      std::size_t room = may_block_ ? portion : total;
      for (int i = 0; i < 3; ++i) {
        const std::size_t gone = (std::min)(skip, pieces[i].size());
        const std::size_t size = (std::min)(pieces[i].size() - gone, room);
        parts[i] = {const_cast<char*>(pieces[i].data()) + gone, size};
        skip -= gone;
        room -= size;
      }
      if (may_block_ && !wait_writable(deadline)) {
        error = "nobody reads it";
        break;
      }
      const ssize_t n = ::writev(file_, parts, 3);
      if (n > 0) {
        written += static_cast<std::size_t>(n);
      } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        set_line(error, n == 0 ? text_line("nothing was taken") : error_text(errno));
        break;
      }
    }
    return written;
  }
#endif

  timing time_;
  std::string path_;
  int file_ = -1;
  bool owned_ = true;
  bool torn_ = false;  // the last line has no end
  bool may_block_ = false;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
