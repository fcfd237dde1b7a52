// spool.hpp: batches that couldn't be delivered, one file each, in a directory that several processes may share.
#ifndef ARTHUR_SPOOL_SPOOL_HPP
#define ARTHUR_SPOOL_SPOOL_HPP

#include <cstddef>
#include <cstdint>
#include <string>

#include "../config.hpp"
#include "../otlp/buffer.hpp"
#include "../text_line.hpp"
#include "file_content.hpp"
#include "file_name.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct spool_settings {
  std::string directory;
  std::uint64_t max_bytes;  // of all files of ours in it, other processes' too
  std::uint64_t max_age;    // nanoseconds; UINT64_MAX = they never expire
};

class spool;
struct file_calls;
inline const file_calls& system_file_calls() noexcept;

/// One file of the spool that belongs to this process until one of the endings is called. Without any (the destructor)
/// it stays in doubt. Outlived by its spool.
class spool_claim {
 public:
  spool_claim() noexcept = default;
  ~spool_claim();
  spool_claim(const spool_claim&) = delete;
  spool_claim& operator=(const spool_claim&) = delete;

  bool held() const noexcept;
  /// The spans, and groups of resources; they live as long as the claim or until keep().
  const spool_content& content() const noexcept;
  /// It was sent before, by this process or another one, at sent_at() (Unix nanoseconds), and no answer is known. The time
  /// is that of writing if the sender died before it sent anything.
  bool in_doubt() const noexcept;
  std::uint64_t sent_at() const noexcept;

  /// Before each sending: whoever finds the file after this process died sees when it was sent. False: it can't be written
  /// down, so it mustn't be sent; call release().
  bool mark_sent(std::uint64_t unix_now) noexcept;
  /// Some spans have their final answer: from now on the file holds `rest`, an encoded request, alone. False: it holds all
  /// of them still (see note()).
  bool keep(const buffer& rest) noexcept;

  // The endings. Each gives the file free; what went wrong is in spool::note().
  void delivered() noexcept;    // a final answer for all: the file is removed
  void release() noexcept;      // nothing of it was stored: pending again
  void doubt() noexcept;        // sent without an answer: in doubt since the last mark_sent()
  void unconfirmed() noexcept;  // perhaps stored, nobody can tell: kept for people, never taken again
  void corrupt(std::string_view why) noexcept;  // it can't be sent: kept for people, never taken again
};

/// One thread at a time; any number of spools and processes per directory. Never throws after its construction.
class spool {
 public:
  enum class result { ok, full, failed };

  spool(spool_settings s, std::uint64_t (*unix_clock)(), const file_calls& calls = system_file_calls());
  ~spool();

  /// Makes the directory (0700) if there is none. False: it can't be used, `why` says what to do.
  bool open(text_line& why) noexcept;

  /// Keeps an encoded ExportTraceServiceRequest. `sent_at` 0: it is pending; else it was sent then, without an answer, and is
  /// in doubt. Not ok: nothing is left of it on disk, and `why` says why.
  result put(const buffer& request, std::uint64_t sent_at, text_line& why) noexcept;

  /// Claims the oldest file that is pending, or in doubt and last sent at `doubt_before` or earlier. False: there is none
  /// now, or `out` is held still. One claim at a time.
  bool take(spool_claim& out, std::uint64_t doubt_before) noexcept;

  /// Removes files that are too old, a number of them per call. Returns how many spans those pending or in doubt held.
  std::uint64_t expire() noexcept;

  // As last seen; other processes may have changed it.
  std::uint64_t bytes() const noexcept;       // of all files of ours
  std::size_t waiting() const noexcept;       // files that are pending or in doubt, without the claimed one
  std::uint64_t next_doubt() const noexcept;  // when the first of those in doubt was last sent; UINT64_MAX = none is

  /// What there is to say since the last call: one line, or an empty one. Ask after each call that changes something.
  text_line note() noexcept;

  /// In a forked child, on the parent's object: closes what the child inherited, and leaves the files to the parent.
  void drop_inherited() noexcept;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
