// directory.hpp: the spool's directory: which files are in it, who may touch them, and how one is made and locked.
#ifndef ARTHUR_SPOOL_DIRECTORY_HPP
#define ARTHUR_SPOOL_DIRECTORY_HPP

#if !defined(_WIN32)

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <dirent.h>

#include "../config.hpp"
#include "../otlp/value_list.hpp"
#include "../platform/entropy.hpp"
#include "../platform/error_text.hpp"
#include "../policy/text.hpp"
#include "../text_line.hpp"
#include "file_calls.hpp"
#include "file_content.hpp"
#include "file_name.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct spool_entry {
  spool_name name;
  bool busy;  // another one holds its lock, or it can't be read: not looked at before the next scan
  std::uint64_t size;
  std::uint64_t changed;  // of a file in doubt: when it was last sent
};

/// The files are known from a scan, which comes back at most once a second, less often the more files there are (a
/// millisecond's pause for each, where looking at it takes two microseconds), and after writing a sixteenth of the
/// bound. In between only this object's own doings are followed.
class spool_directory {
 public:
  enum class lock_result { locked, busy, gone, failed };

  spool_directory(std::string path, std::uint64_t max_bytes, std::uint64_t (*unix_clock)(), const file_calls& calls)
      : path_(std::move(path)), max_bytes_(max_bytes), clock_(unix_clock), calls_(calls) {}
  ~spool_directory() {
    if (folder_ >= 0) ::close(folder_);
  }
  spool_directory(const spool_directory&) = delete;
  spool_directory& operator=(const spool_directory&) = delete;

  bool open(text_line& why) noexcept {
    constexpr std::string_view advice = "; set options.spool_directory (ARTHUR_SPOOL_DIR) to one where this process may write";
    if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) {
      why = text_line("can't make the spool directory ", path_, ": ", error_text(errno), advice);
      return false;
    }
    folder_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat about {};
    if (folder_ < 0 || ::fstat(folder_, &about) != 0 || ::faccessat(folder_, ".", W_OK | X_OK, AT_EACCESS) != 0) {
      why = text_line("can't use the spool directory ", path_, ": ", error_text(errno), advice);
      drop();
      return false;
    }
    // No reason to refuse: volumes of containers are often like that. What others write there isn't read, and they can't
    // read what we write; but they could take files away, or have one sent twice by renaming it.
    others_write_ = (about.st_mode & (S_IWGRP | S_IWOTH)) != 0 || (about.st_uid != ::geteuid() && about.st_uid != 0);
    if (others_write_ && (about.st_mode & S_ISVTX) == 0) {
      remark("other users can remove and rename files in the spool ", path_, ": give it to this user alone (chown, chmod 700)");
    }
    fill_random(&token_, sizeof token_);
    scan(clock_());
    return true;
  }
  bool is_open() const noexcept { return folder_ >= 0; }

  /// Only closes: what a forked child does.
  void drop() noexcept {
    const int was = std::exchange(folder_, -1);
    if (was >= 0) ::close(was);
  }

  const std::string& path() const noexcept { return path_; }
  const file_calls& calls() const noexcept { return calls_; }
  std::uint64_t bytes() const noexcept { return bytes_; }
  bool has_room(std::uint64_t size) const noexcept { return size <= max_bytes_ && bytes_ <= max_bytes_ - size; }

  // Oldest first.
  std::size_t size() const noexcept { return entries_.size(); }
  spool_entry& operator[](std::size_t n) noexcept { return entries_[n]; }
  const spool_entry& operator[](std::size_t n) const noexcept { return entries_[n]; }

  /// A file that came, or came back; its bytes are counted apart.
  void add(const spool_entry& e) noexcept {
    if (!entries_.push_back(e)) {
      interval_ = 0;  // no memory: the next scan finds it
      return;
    }
    spool_entry* const first = entries_.data();
    spool_entry* const last = first + entries_.size() - 1;
    std::rotate(std::upper_bound(first, last, e, older), last, last + 1);
  }
  /// Takes the n-th off the list.
  void remove(std::size_t n) noexcept {
    std::copy(entries_.data() + n + 1, entries_.data() + entries_.size(), entries_.data() + n);
    entries_.pop_back();
  }
  void count_bytes(std::uint64_t came, std::uint64_t went) noexcept {
    bytes_ = bytes_ + came > went ? bytes_ + came - went : 0;
    written_ += came;
  }

  /// `held`: a file whose name is left out, because the caller has it; null = none.
  void scan_if_due(std::uint64_t now, const spool_name* held) noexcept {
    // A clock that was set back makes a huge difference, too.
    if (now - scanned_ >= interval_ || written_ > max_bytes_ / 16) scan(now, held);
  }

  /// Opens the file, takes its lock, and makes sure that the name still means this file. `file` is to be given to
  /// let_go() after `locked`, and -1 otherwise; after `failed` errno says why.
  lock_result lock(const spool_name& name, int& file, struct stat& about) noexcept {
    const spool_file_name text = to_text(name);
    file = calls_.open(folder_, text.text, O_RDWR);
    if (file < 0) return errno == ENOENT ? lock_result::gone : lock_result::failed;
    if (calls_.lock(file, LOCK_EX | LOCK_NB) != 0) {
      const bool busy = errno == EWOULDBLOCK;
      forget(file);
      return busy ? lock_result::busy : lock_result::failed;
    }
    // While we waited for the lock its holder may have renamed, replaced or removed the file: then nothing has our name
    // or another file has it. Our descriptor keeps the inode's number from being given away meanwhile.
    struct stat named {};
    if (::fstat(file, &about) == 0 && ::fstatat(folder_, text.text, &named, AT_SYMLINK_NOFOLLOW) == 0 && about.st_ino == named.st_ino &&
        about.st_dev == named.st_dev && is_ours(about)) {
      return lock_result::locked;
    }
    let_go(file);
    return lock_result::gone;
  }

  /// Gives lock and file back. Unlocks expressly: a forked child may hold a copy of the descriptor, and the lock with it.
  void let_go(int& file) noexcept {
    calls_.lock(file, LOCK_UN);
    forget(file);
  }

  /// Closes without unlocking.
  void forget(int& file) noexcept {
    // In this order: a child forked in between must not close a number that is another file's by then.
    const int was = std::exchange(file, -1);
    if (was >= 0) calls_.close(was);
  }

  /// A name that nobody else makes.
  spool_name new_name() noexcept { return {clock_(), token_, ++number_, spool_state::writing}; }

  /// Writes a complete file under the temporary name and keeps it open and locked. `changed` 0: now. False: nothing is
  /// left of it; errno says why.
  ///
  /// Nothing is synced: a file is to survive its process, not the kernel. The checksum finds what a crash of the machine
  /// left torn.
  bool write(spool_name& temporary, const buffer& request, std::uint64_t changed, int& file) noexcept {
    if (beyond_size_limit(request.size() + checksum_size)) {
      errno = EFBIG;
      return false;
    }
    for (int tries = 0; tries < 3; ++tries) {
      temporary = new_name();
      const spool_file_name text = to_text(temporary);
      file = calls_.open(folder_, text.text, O_WRONLY | O_CREAT | O_EXCL);
      if (file < 0 && errno == EEXIST) continue;
      if (file < 0) return false;
      struct stat about {};
      const bool locked = calls_.lock(file, LOCK_EX | LOCK_NB) == 0;
      // Between the two calls somebody whose clock differs may have taken it for a dead process's, and removed it.
      if ((!locked && errno == EWOULDBLOCK) || (locked && ::fstat(file, &about) == 0 && about.st_nlink == 0)) {
        forget(file);
        continue;
      }
      char end[checksum_size];
      put_checksum(end, request.data(), request.size());
      if (locked && write_all(calls_, file, request.data(), request.size()) && write_all(calls_, file, end, sizeof end) &&
          (changed == 0 || calls_.touch(file, changed) == 0) && close_well(file)) {
        return true;
      }
      const int error = errno;
      calls_.unlink(folder_, text.text);
      let_go(file);
      errno = error;
      return false;
    }
    errno = EEXIST;
    return false;
  }

  /// False: errno says why not.
  bool rename(const spool_name& from, const spool_name& to) noexcept {
    return calls_.rename(folder_, to_text(from).text, to_text(to).text) == 0;
  }
  bool unlink(const spool_name& name) noexcept { return calls_.unlink(folder_, to_text(name).text) == 0 || errno == ENOENT; }

  /// Keeps one line, the first, until note() is called; the others are counted.
  template <class... Parts>
  void remark(const Parts&... parts) noexcept {
    if (note_.empty()) note_ = text_line(parts...);
    else ++more_;
  }
  /// About a file, and what happened to it.
  template <class... Parts>
  void remark_about(const spool_name& name, const Parts&... parts) noexcept {
    remark("spool ", path_, ": ", to_text(name).text, parts...);
  }
  text_line note() noexcept {
    text_line all = note_;
    if (more_ != 0) all.add(text_line(" (and ", more_, " more of such)"));
    note_.clear();
    more_ = 0;
    return all;
  }

 private:
  static bool older(const spool_entry& a, const spool_entry& b) noexcept { return a.name < b.name; }

  // Where others may write, what they own isn't ours: it would be sent with our key.
  bool is_ours(const struct stat& about) const noexcept {
    return S_ISREG(about.st_mode) && (!others_write_ || about.st_uid == ::geteuid());
  }

  // Some file systems tell only then that a write failed; closing a copy keeps the lock.
  bool close_well(int file) const noexcept {
    const int copy = ::fcntl(file, F_DUPFD_CLOEXEC, 0);
    return copy < 0 || calls_.close(copy) == 0;
  }

  void scan(std::uint64_t now, const spool_name* held = nullptr) noexcept {
    scanned_ = now;
    interval_ = second;
    const int listing = ::openat(folder_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* const list = listing < 0 ? nullptr : ::fdopendir(listing);
    if (list == nullptr) {
      remark("can't list the spool ", path_, ": ", error_text(errno));
      if (listing >= 0) ::close(listing);
      return;
    }
    entries_.clear();
    bytes_ = written_ = 0;
    while (const dirent* const e = ::readdir(list)) look_at(e->d_name, now, held);
    ::closedir(list);
    std::sort(entries_.data(), entries_.data() + entries_.size(), older);
    interval_ += entries_.size() * (second / 1000);
  }

  void look_at(std::string_view text, std::uint64_t now, const spool_name* held) noexcept {
    if (text.front() == '.' || text == "lost+found") return;
    spool_entry e{};
    struct stat about {};
    const bool ours = parse_spool_name(text, e.name);
    if (ours && ::fstatat(folder_, text.data(), &about, AT_SYMLINK_NOFOLLOW) != 0) return;  // gone meanwhile
    if (!ours || !is_ours(about)) return foreign(text);
    e.size = static_cast<std::uint64_t>(about.st_size);
    e.changed = changed_at(about);
    bytes_ += e.size;
    if (e.name.state == spool_state::writing) return remove_stale(e, now);
    if (held != nullptr && !(e.name < *held) && !(*held < e.name)) return;
    if (!entries_.push_back(e)) remark("no memory for the list of files in the spool ", path_, "; it is worked off in portions");
  }

  void foreign(std::string_view name) noexcept {
    if (std::exchange(foreign_said_, true)) return;
    text_line shown(name);
    std::replace_if(shown.begin(), shown.end(), text::is_control, '?');
    remark("the spool ", path_, " holds what isn't arthur's or belongs to another user, e.g. \"", shown, "\": it is left alone");
  }

  /// The half-written file of a process that died: nobody holds its lock. A fresh one is left alone, because its writer may
  /// not have come to lock it.
  void remove_stale(const spool_entry& e, std::uint64_t now) noexcept {
    if (now >= e.name.time && now - e.name.time < 60 * second) return;
    int file = -1;
    struct stat about {};
    if (lock(e.name, file, about) != lock_result::locked) return;
    if (unlink(e.name)) bytes_ -= e.size;
    let_go(file);
  }

  static constexpr std::uint64_t second = 1000000000;

  const std::string path_;
  const std::uint64_t max_bytes_;
  std::uint64_t (*const clock_)();
  const file_calls& calls_;
  int folder_ = -1;
  bool others_write_ = false;
  bool foreign_said_ = false;
  std::uint64_t token_ = 0;
  std::uint32_t number_ = 0;

  value_list<spool_entry> entries_;
  std::uint64_t bytes_ = 0;
  std::uint64_t written_ = 0;  // since the scan
  std::uint64_t scanned_ = 0;
  std::uint64_t interval_ = 0;  // until the next scan

  text_line note_;
  unsigned more_ = 0;
};

/// Whether there is such a directory.
inline bool spool_exists(const std::string& directory) noexcept {
  struct stat about {};
  return ::stat(directory.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#endif
