// spool.hpp: batches that couldn't be delivered, one file each, in a directory that several processes may share.
#ifndef ARTHUR_SPOOL_SPOOL_HPP
#define ARTHUR_SPOOL_SPOOL_HPP

#include "file_content.hpp"
#include "file_name.hpp"
#include "settings.hpp"

#if defined(_WIN32)

#include "absent.hpp"

#else

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "../config.hpp"
#include "../otlp/buffer.hpp"
#include "../platform/error_text.hpp"
#include "../text_line.hpp"
#include "directory.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

// Who owns a file: whoever holds its lock (flock), which the kernel takes from a process that dies. A file is renamed,
// replaced or removed by the holder of its lock alone; who got the lock looks whether the name still means that file.
//
//   a process dies                        what is left                      what becomes of it
//   while it writes a file                .tmp, unlocked                    removed by anybody, a minute later
//   after the rename                      a complete pending file           sent by anybody
//   having claimed it, before mark_sent   .sending, changed when written    in doubt; never sent: the engine hasn't got it
//   after mark_sent, or without answer    .sending, changed when sent       in doubt: the engine is asked
//   while keep() replaces it              .sending, all or the rest; .tmp   in doubt, either is complete
//   after the answer, before the removal  .sending                          in doubt: the engine has it, then removed
//
//   two processes                         what decides
//   claim the same file                   the lock; the loser goes on. Having waited, it finds the name gone or another
//                                         file under it, and lets go
//   one lists, the other ends it          the name is gone when it is opened: off the list
//   one writes, the other tidies up       the lock of the .tmp, and its age. Were the tidier to come between making and
//                                         locking it, the writer sees that the file has no name, and makes another
//   both write when it is nearly full     each counts what it saw: beyond the bound by a sixteenth per process at most
class spool;

/// One file of the spool that belongs to this process until one of the endings is called. Without any (the destructor)
/// it stays in doubt. Outlived by its spool.
class spool_claim {
 public:
  spool_claim() noexcept = default;
  ~spool_claim() { doubt(); }
  spool_claim(const spool_claim&) = delete;
  spool_claim& operator=(const spool_claim&) = delete;

  bool held() const noexcept;
  /// The spans, and groups of resources; they live until an ending or keep().
  const spool_content& content() const noexcept { return content_; }
  /// It was sent before, by this process or another one, at sent_at() (Unix nanoseconds), and no answer is known. The time
  /// is that of writing if the sender died before it sent anything.
  bool in_doubt() const noexcept { return in_doubt_; }
  std::uint64_t sent_at() const noexcept { return sent_at_; }

  /// Before each sending: whoever finds the file after this process died sees when it was sent. False: it can't be written
  /// down, so it mustn't be sent.
  bool mark_sent(std::uint64_t unix_now) noexcept;
  /// Some spans have their final answer: from now on the file holds `rest`, an encoded request, alone. False: it holds all
  /// of them still.
  bool keep(const buffer& rest) noexcept;

  // The endings. What went wrong is in spool::note().

  /// A final answer for all: the file is removed.
  void delivered() noexcept;
  /// Nothing of it was stored: pending again.
  void release() noexcept { end_as(spool_state::pending); }
  /// Sent without an answer: in doubt since the last mark_sent().
  void doubt() noexcept { end_as(spool_state::sending); }
  /// Perhaps stored, and nobody can tell: kept for people, never taken again.
  void unconfirmed() noexcept { end_as(spool_state::unconfirmed); }
  /// It can't be sent: kept for people, never taken again.
  void corrupt(std::string_view why) noexcept;

 private:
  friend class spool;
  void end_as(spool_state as) noexcept;
  void clear() noexcept;

  spool* owner_ = nullptr;
  std::uint64_t size_ = 0;
  std::uint64_t sent_at_ = 0;
  bool in_doubt_ = false;
  buffer bytes_;
  spool_content content_;
};

/// One thread at a time; any number of spools and processes per directory, which lies on a local file system.
class spool {
 public:
  using result = spool_result;
  /// No file is larger: one that is can't be of ours, and isn't read into memory.
  static constexpr std::size_t max_file = std::size_t{256} << 20;

  spool(const spool_settings& s, std::uint64_t (*unix_clock)(), const file_calls& calls = system_calls)
      : directory_(s.directory, s.max_bytes, unix_clock, calls), max_bytes_(s.max_bytes), max_age_(s.max_age), clock_(unix_clock) {}

  /// Makes the directory (0700) if there is none. False: it can't be used, `why` says what to do.
  bool open(text_line& why) noexcept { return directory_.open(why); }

  /// Keeps an encoded ExportTraceServiceRequest. `sent_at` 0: it is pending; else it was sent then, without an answer, and is
  /// in doubt. Not ok: nothing is left of it on disk, and `why` says why.
  result put(const buffer& request, std::uint64_t sent_at, text_line& why) noexcept;

  /// Claims the oldest file that is pending, or in doubt and last sent at `doubt_before` or earlier. False: there is none
  /// now, or one is claimed still.
  bool take(spool_claim& out, std::uint64_t doubt_before) noexcept;

  /// Removes files that are too old, 64 per call. Returns how many spans those pending or in doubt held.
  std::uint64_t expire() noexcept;

  // As last seen; other processes may have changed it.

  /// Of all files of ours.
  std::uint64_t bytes() const noexcept { return directory_.bytes(); }
  /// Files that are pending or in doubt and that nobody has claimed.
  std::size_t waiting() const noexcept {
    std::size_t n = 0;
    for (std::size_t i = 0; i < directory_.size(); ++i) n += waits(directory_[i]);
    return n;
  }
  /// When the first of those in doubt was sent, in Unix nanoseconds; UINT64_MAX = none is.
  std::uint64_t next_doubt() const noexcept {
    std::uint64_t first = UINT64_MAX;
    for (std::size_t i = 0; i < directory_.size(); ++i) {
      const spool_entry& e = directory_[i];
      if (waits(e) && e.name.state == spool_state::sending) first = (std::min)(first, e.changed);
    }
    return first;
  }

  /// What there is to say since the last call: one line, or an empty one. To be asked for after each call.
  text_line note() noexcept { return directory_.note(); }

  /// In a forked child, on the parent's object: closes what was inherited and leaves the files to the parent. Afterwards
  /// nothing can be done with it, nor with its claim.
  void drop_inherited() noexcept {
    directory_.forget(held_);
    directory_.forget(other_);
    directory_.drop();
  }

 private:
  friend class spool_claim;
  enum class attempt { taken, gone, passed, failed };

  static bool waits(const spool_entry& e) noexcept {
    return !e.busy && (e.name.state == spool_state::pending || e.name.state == spool_state::sending);
  }
  text_line cant_write() const noexcept { return text_line("can't write to ", directory_.path(), ": ", error_text(errno)); }

  attempt claim(std::size_t n, spool_claim& out, std::uint64_t now, std::uint64_t doubt_before) noexcept;
  attempt examine(spool_entry& e, spool_claim& out, std::uint64_t now, std::uint64_t doubt_before) noexcept;
  std::uint64_t count_spans(const spool_entry& e) noexcept;
  void scan_if_due(std::uint64_t now) noexcept { directory_.scan_if_due(now, held_ >= 0 ? &held_name_ : nullptr); }

  spool_directory directory_;
  const std::uint64_t max_bytes_;
  const std::uint64_t max_age_;
  std::uint64_t (*const clock_)();
  spool_name held_name_{};
  int held_ = -1;   // the claimed file
  int other_ = -1;  // one that is being written or removed
};

inline spool::result spool::put(const buffer& request, std::uint64_t sent_at, text_line& why) noexcept {
  const std::size_t size = request.size() + checksum_size;
  if (!directory_.is_open() || size > max_file) {
    why = directory_.is_open() ? text_line("a batch of ", size, " bytes is too large for the spool ", directory_.path(), ", which takes ", max_file)
                               : text_line("the spool ", directory_.path(), " isn't open");
    return result::failed;
  }
  scan_if_due(clock_());
  if (!directory_.has_room(size)) {
    why = text_line("the spool ", directory_.path(), " is full: ", directory_.bytes(), " of ", max_bytes_, " bytes (options.spool_max_bytes)");
    return result::full;
  }
  spool_name name{};
  if (!directory_.write(name, request, sent_at, other_)) {
    why = cant_write();
    return result::failed;
  }
  spool_name final_name = name;
  final_name.state = sent_at == 0 ? spool_state::pending : spool_state::sending;
  const bool named = directory_.rename(name, final_name);
  if (!named) {
    why = cant_write();
    directory_.unlink(name);
  }
  directory_.let_go(other_);
  if (!named) return result::failed;
  directory_.count_bytes(size, 0);
  directory_.add({final_name, false, size, sent_at});
  return result::ok;
}

inline bool spool::take(spool_claim& out, std::uint64_t doubt_before) noexcept {
  if (!directory_.is_open() || held_ >= 0) return false;
  const std::uint64_t now = clock_();
  scan_if_due(now);
  int failures = 0;
  // A few failures say that it isn't the file's fault.
  for (std::size_t n = 0; n < directory_.size() && failures < 8;) {
    switch (claim(n, out, now, doubt_before)) {
      case attempt::taken:
        return true;
      case attempt::gone:
        break;  // another file is the n-th now
      case attempt::failed:
        directory_[n].busy = true;
        ++failures;
        ++n;
        break;
      case attempt::passed:
        ++n;
        break;
    }
  }
  return false;
}

inline spool::attempt spool::claim(std::size_t n, spool_claim& out, std::uint64_t now, std::uint64_t doubt_before) noexcept {
  spool_entry& e = directory_[n];
  if (!waits(e)) return attempt::passed;
  // In the future: the clock was set back since.
  if (e.name.state == spool_state::sending && e.changed > doubt_before && e.changed <= now) return attempt::passed;
  struct stat about {};
  switch (directory_.lock(e.name, held_, about)) {
    case spool_directory::lock_result::locked:
      break;
    case spool_directory::lock_result::busy:
      e.busy = true;
      return attempt::passed;
    case spool_directory::lock_result::gone:
      directory_.count_bytes(0, e.size);
      directory_.remove(n);
      return attempt::gone;
    case spool_directory::lock_result::failed:
      directory_.remark_about(e.name, " can't be opened: ", error_text(errno));
      return attempt::failed;
  }
  e.size = static_cast<std::uint64_t>(about.st_size);
  e.changed = changed_at(about);
  const attempt found = examine(e, out, now, doubt_before);
  if (found != attempt::taken) {
    out.clear();
    directory_.let_go(held_);
    return found;
  }
  directory_.remove(n);
  return found;
}

/// Looks at the file that was just locked, and makes it `out` if it may be sent.
inline spool::attempt spool::examine(spool_entry& e, spool_claim& out, std::uint64_t now, std::uint64_t doubt_before) noexcept {
  out.in_doubt_ = e.name.state == spool_state::sending;
  if (out.in_doubt_ && e.changed > now) {
    // Nobody knows how long ago that was, so the wait begins anew.
    if (directory_.calls().touch(held_, now) == 0) e.changed = now;
  }
  if (out.in_doubt_ && e.changed > doubt_before) return attempt::passed;

  text_line why("it is larger than any of ours");
  spool_reading reading = spool_reading::damaged;
  if (e.size <= max_file) {
    if (!read_all(directory_.calls(), held_, static_cast<std::size_t>(e.size), out.bytes_)) {
      directory_.remark_about(e.name, " can't be read: ", error_text(errno));
      return attempt::failed;
    }
    reading = read_spool_file(out.bytes_.data(), out.bytes_.size(), out.content_, why);
  }
  if (reading == spool_reading::no_memory) {
    directory_.remark_about(e.name, " can't be read: ", error_text(ENOMEM));
    return attempt::failed;
  }
  spool_name next = e.name;
  next.state = reading == spool_reading::damaged ? spool_state::corrupt : spool_state::sending;
  if (next.state != e.name.state && !directory_.rename(e.name, next)) {
    directory_.remark(cant_write());
    return attempt::failed;
  }
  if (reading == spool_reading::damaged) {
    directory_.remark_about(e.name, " is set aside as .corrupt: ", why);
    e.name = next;
    return attempt::passed;
  }
  out.owner_ = this;
  held_name_ = next;
  out.size_ = e.size;
  out.sent_at_ = e.changed;
  return attempt::taken;
}

inline std::uint64_t spool::expire() noexcept {
  if (!directory_.is_open()) return 0;
  const std::uint64_t now = clock_();
  scan_if_due(now);
  std::uint64_t spans = 0;
  int left = 64;  // reading them takes time
  for (std::size_t n = 0; n < directory_.size() && left > 0;) {
    spool_entry& e = directory_[n];
    if (now < e.name.time || now - e.name.time <= max_age_) break;
    struct stat about {};
    spool_directory::lock_result got = spool_directory::lock_result::busy;
    if (!e.busy) got = directory_.lock(e.name, other_, about);
    if (got == spool_directory::lock_result::locked) {
      const std::uint64_t held = waits(e) ? count_spans(e) : 0;  // the others were counted when they got their names
      if (directory_.unlink(e.name)) {
        spans += held;
        --left;
        got = spool_directory::lock_result::gone;
      } else {
        directory_.remark(cant_write());
      }
      directory_.let_go(other_);
    }
    if (got == spool_directory::lock_result::gone) {
      directory_.count_bytes(0, e.size);
      directory_.remove(n);
    } else {
      e.busy = true;
      ++n;
    }
  }
  return spans;
}

inline std::uint64_t spool::count_spans(const spool_entry& e) noexcept {
  buffer bytes;
  spool_content content;
  text_line why;
  if (e.size > max_file || !read_all(directory_.calls(), other_, static_cast<std::size_t>(e.size), bytes) ||
      read_spool_file(bytes.data(), bytes.size(), content, why) != spool_reading::good) {
    directory_.remark_about(e.name, " has expired, and can't be read: how many spans it held isn't known");
  }
  return content.spans.size();
}

inline bool spool_claim::held() const noexcept { return owner_ != nullptr && owner_->held_ >= 0; }

inline bool spool_claim::mark_sent(std::uint64_t unix_now) noexcept {
  if (!held()) return false;
  if (owner_->directory_.calls().touch(owner_->held_, unix_now) != 0) {
    owner_->directory_.remark(owner_->cant_write());
    return false;
  }
  sent_at_ = unix_now;
  return true;
}

inline bool spool_claim::keep(const buffer& rest) noexcept {
  if (!held()) return false;
  spool_directory& directory = owner_->directory_;
  buffer bytes;
  spool_content content;
  text_line why("no memory");
  if (!bytes.append(rest.data(), rest.size()) || read_spool_request(bytes.data(), bytes.size(), content, why) != spool_reading::good) {
    directory.remark_about(owner_->held_name_, " keeps spans that have their answer: ", why);
    return false;
  }
  int& fresh = owner_->other_;
  spool_name name{};
  if (!directory.write(name, rest, sent_at_, fresh)) {
    directory.remark(owner_->cant_write());
    return false;
  }
  // The new file is locked before it gets the name, so nobody can claim it in between.
  if (!directory.rename(name, owner_->held_name_)) {
    directory.remark(owner_->cant_write());
    directory.unlink(name);
    directory.let_go(fresh);
    return false;
  }
  std::swap(owner_->held_, fresh);
  directory.let_go(fresh);
  directory.count_bytes(rest.size() + checksum_size, size_);
  size_ = rest.size() + checksum_size;
  bytes_ = std::move(bytes);
  content_ = std::move(content);
  return true;
}

inline void spool_claim::delivered() noexcept {
  if (held()) {
    spool_directory& directory = owner_->directory_;
    if (directory.unlink(owner_->held_name_)) {
      directory.count_bytes(0, size_);
      directory.let_go(owner_->held_);
    } else {
      directory.remark(owner_->cant_write());
      owner_->held_ = -1;  // left open on purpose: as long as this process lives nobody can send it again
    }
  }
  clear();
}

inline void spool_claim::corrupt(std::string_view why) noexcept {
  if (held()) owner_->directory_.remark_about(owner_->held_name_, " is set aside as .corrupt: ", why);
  end_as(spool_state::corrupt);
}

inline void spool_claim::end_as(spool_state as) noexcept {
  if (held()) {
    spool_directory& directory = owner_->directory_;
    spool_name name = owner_->held_name_;
    name.state = as;
    if (as != spool_state::sending && !directory.rename(owner_->held_name_, name)) {
      directory.remark(owner_->cant_write());
      name.state = spool_state::sending;
    }
    directory.let_go(owner_->held_);
    directory.add({name, false, size_, sent_at_});
  }
  clear();
}

inline void spool_claim::clear() noexcept {
  owner_ = nullptr;
  in_doubt_ = false;
  bytes_.clear();
  bytes_.shrink(0);
  content_.clear();
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#endif
