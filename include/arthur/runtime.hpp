// runtime.hpp: start, flush, poll, stats, pause: what a program calls once or seldom.
#ifndef ARTHUR_RUNTIME_HPP
#define ARTHUR_RUNTIME_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "config.hpp"
#include "options.hpp"
#include "text_line.hpp"

ARTHUR_NAMESPACE_BEGIN

/// What arthur::flush found.
enum class flush_result {
  ok,       ///< every span that had ended before the call was delivered
  timeout,  ///< the time was over first
  failed,   ///< some spans were dropped, refused, left unconfirmed or put into the spool, or nothing is running
};

/// Counters since the start of the process. Every span is in exactly one place:
/// opened = open + committed + dropped; committed = delivered + waiting + rejected + failed + unconfirmed + discarded + spooled + tail_dropped.
struct statistics {
  std::uint64_t opened = 0;     ///< spans that began to record, or would have if there had been room
  std::uint64_t open = 0;       ///< spans still open
  std::uint64_t committed = 0;  ///< spans that ended and were handed to the worker
  std::uint64_t unsampled = 0;  ///< spans that the sampler, a rule, suppress, or a pause within their trace, left out; not part of opened
  std::uint64_t rate_limited = 0;  ///< spans above options::max_spans_per_second; not part of opened

  std::uint64_t dropped = 0;                ///< sum of the next five
  std::uint64_t dropped_pool_full = 0;      ///< no memory under options::memory_limit, whole traces where possible
  std::uint64_t dropped_too_deep = 0;       ///< more open spans on one thread than it can hold
  std::uint64_t dropped_scope_misuse = 0;   ///< a scope that ended on another thread or out of order
  std::uint64_t dropped_thread_exit = 0;    ///< open when their thread ended
  std::uint64_t dropped_fork = 0;           ///< open in the parent when it forked: the parent sends them

  std::uint64_t waiting = 0;      ///< committed, not yet judged
  std::uint64_t delivered = 0;    ///< the endpoint confirmed them
  std::uint64_t rejected = 0;     ///< the endpoint refused them: 206, 4xx, or one poisonous span
  std::uint64_t failed = 0;       ///< retries exhausted (otlp profile) or no transport would take them
  std::uint64_t unconfirmed = 0;  ///< sent, no answer: sending again might store them twice
  std::uint64_t discarded = 0;    ///< still waiting when the runtime stopped
  std::uint64_t spooled = 0;      ///< put on disk, to be delivered later: see the next four

  std::uint64_t tail_dropped = 0;  ///< not sampled, recorded all the same, and not kept: see options::keep_errors
  std::uint64_t held = 0;          ///< of the waiting ones: those about which options::keep_errors will decide

  // What this process made of the spool's files, whoever wrote them; beside the account above.
  std::uint64_t replayed = 0;            ///< delivered out of the spool
  std::uint64_t replay_rejected = 0;     ///< refused by the endpoint
  std::uint64_t replay_unconfirmed = 0;  ///< perhaps stored; left in files that are not sent again by themselves
  std::uint64_t expired = 0;             ///< removed unsent, older than options::spool_max_age

  std::uint64_t cleaned = 0;             ///< spans whose content was corrected before sending
  std::uint64_t dropped_attributes = 0;  ///< attributes over the limit, or malformed
  std::uint64_t requests = 0;            ///< HTTP requests with spans
  std::uint64_t retries = 0;             ///< requests repeated
  std::uint64_t bytes_held = 0;          ///< pool memory in use
#ifdef ARTHUR_NO_HEAP
  detail::text_line last_error;  ///< the newest problem in plain words, or empty; becomes a std::string where one is wanted
  detail::text_line last_rejection;  ///< why the endpoint refused single spans, the newest reason, or empty
#else
  std::string last_error;      ///< the newest problem in plain words, or empty
  std::string last_rejection;  ///< why the endpoint refused single spans, the newest reason, or empty
#endif
};

namespace detail {
namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {
void stop() noexcept;
}
}  // namespace detail

/// Keeps tracing running; its end flushes and stops. Only the guard of the first arthur::start() owns the runtime.
class [[nodiscard]] tracing_guard {
 public:
  tracing_guard(tracing_guard&& from) noexcept : owner_(from.owner_), ok_(from.ok_), error_(static_cast<std::string&&>(from.error_)) {
    from.owner_ = false;
  }
  tracing_guard(const tracing_guard&) = delete;
  tracing_guard& operator=(const tracing_guard&) = delete;
  tracing_guard& operator=(tracing_guard&&) = delete;
  ~tracing_guard() {
    if (owner_) detail::define_ARTHUR_IMPLEMENTATION_in_one_source_file::stop();
  }

  /// False if the configuration can't work; the program then runs on untraced.
  bool ok() const noexcept { return ok_; }
  /// One line: the value, the rule and the fix. Empty if ok().
  const std::string& error() const noexcept { return error_; }

  tracing_guard(bool owner, bool ok, std::string error) noexcept
      : owner_(owner), ok_(ok), error_(static_cast<std::string&&>(error)) {}

 private:
  bool owner_;
  bool ok_;
  std::string error_;
};

/// Begins to record and send. Never blocks, never throws: nothing is sent before the worker runs. Thread-safe.
tracing_guard start(const options& settings = {}) noexcept;

/// Waits until every span that ended before the call was delivered, at most `timeout`. (Where a request got no answer the
/// engine is asked what it has, which may take two minutes.) Thread-safe.
flush_result flush(std::chrono::nanoseconds timeout = std::chrono::seconds(5)) noexcept;

/// Without threads (ARTHUR_NO_THREADS): does what the worker would do now, and returns whether spans are left.
/// With threads it only tells whether spans are left.
bool poll() noexcept;

/// A consistent reading once all threads rest; else each counter is right by itself. Thread-safe.
statistics stats() noexcept;

/// From now on no span is recorded that isn't open already; those go on, end and are sent, and so is what waits. A span
/// costs no more than without tracing then. Twice is once; without a running runtime it does nothing; arthur::start()
/// begins unpaused; a forked child inherits it. Thread-safe: another thread's spans follow within microseconds.
void pause() noexcept;
/// Ends pause(). A span that was opened meanwhile stays unrecorded, with all that is opened inside it; a scope whose
/// trace would have begun in the pause leaves the spans opened in it afterwards without a parent. Thread-safe.
void resume() noexcept;
/// Whether a span opened now could be recorded: the runtime runs and isn't paused. (Sampling is decided for each trace.)
/// It may change at any time, so ask each time; for work that only a trace needs. Thread-safe.
bool recording() noexcept;

/// Changes options::sample_ratio, 0 to 1, for the traces that begin from now on; traces under way stay whole. False, and a
/// diagnostic line, when the ratio is out of range; false when nothing runs. The next start() begins with its own options.
/// Thread-safe.
bool set_sample_ratio(double ratio) noexcept;

ARTHUR_NAMESPACE_END

#endif
