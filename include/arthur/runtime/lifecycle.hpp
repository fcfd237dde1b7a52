// lifecycle.hpp: start and stop of the runtime: its thread, the end of the process, a fork.
#ifndef ARTHUR_RUNTIME_LIFECYCLE_HPP
#define ARTHUR_RUNTIME_LIFECYCLE_HPP

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>

#include "../config.hpp"
#include "../platform/clock.hpp"
#include "../platform/memory.hpp"
#include "../policy/settings.hpp"
#include "../record/threads.hpp"
#include "../runtime.hpp"
#include "../span.hpp"
#include "../transport/callback.hpp"
#include "../transport/file.hpp"
#include "../transport/https.hpp"
#include "../transport/socket.hpp"
#include "bell.hpp"
#include "diagnostics.hpp"
#include "worker.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <signal.h>
#endif
#if defined(__GLIBC__)
#include <errno.h>
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Everything behind start(). Made on the heap and never destroyed: threads and static destructors may come late. A
/// forked child makes a new one, because locks of the old one may be held by threads that don't exist any more.
class runtime {
 public:
  delivery_counters counters;
  diagnostics says;

  /// Returns an error line, or nothing.
  std::string start(const options& given);
  void stop() noexcept;
  flush_result flush(std::uint64_t timeout) noexcept;
  bool poll() noexcept;
  bool running() const noexcept { return state_.load(std::memory_order_acquire) == state::running; }
  bell& rings() noexcept { return bell_; }
  std::uint64_t block_microseconds() const noexcept { return block_microseconds_.load(std::memory_order_relaxed); }

  /// In a forked child: a runtime like `parent`, with a thread of its own.
  void continue_after_fork(const runtime& parent) noexcept;

 private:
  enum class state : std::uint8_t { stopped, running, stopping };

  void make_worker();
  std::unique_ptr<transport> make_transport(const url& where, const std::vector<header>& headers, const proxy& via, const timing& t) const;
  void copy_settings(const runtime& parent);
  bool start_thread() noexcept;
  void run() noexcept;
  std::uint64_t run_once(std::uint64_t now) noexcept;
  void finish() noexcept;
  std::uint64_t lost() const noexcept {
    return counters.rejected.load(std::memory_order_relaxed) + counters.failed.load(std::memory_order_relaxed) +
           counters.unconfirmed.load(std::memory_order_relaxed) + counters.discarded.load(std::memory_order_relaxed);
  }

  std::mutex mutex_;  // start and stop, one at a time
  std::atomic<state> state_{state::stopped};
  options options_;
  settings settings_;
  bell bell_;
  std::unique_ptr<worker> worker_;
  std::atomic<std::uint64_t> block_microseconds_{0};
  std::atomic<bool> has_thread_{false};
  std::mutex done_mutex_;
  std::condition_variable done_changed_;
  bool done_ = false;
  std::uint64_t left_ = 0;  // spans that the end found undelivered
};

inline std::atomic<runtime*> the_runtime{nullptr};
/// The thread is inside the worker's work: a callback that calls arthur must not wait for itself.
inline ARTHUR_THREAD_LOCAL bool in_worker = false;

inline std::uint64_t worker_random() noexcept {
  static random_stream stream = [] {
    random_stream s;
    s.seed();
    return s;
  }();
  return stream.next();
}

inline void wake_runtime() noexcept {
  runtime* const r = the_runtime.load(std::memory_order_acquire);
  if (r != nullptr && r->running()) r->rings().wake();
}

/// options::overflow == block: wakes the worker and gives it a moment.
inline bool wait_for_worker(std::uint32_t attempt) noexcept {
  runtime* const r = the_runtime.load(std::memory_order_acquire);
  if (r == nullptr || !r->running() || thread_is_quiet) return false;
  constexpr std::uint32_t pause = 100;  // microseconds
  if (std::uint64_t{attempt} * pause > r->block_microseconds()) return false;
#ifdef ARTHUR_NO_THREADS
  r->poll();
#else
  if (attempt % 8 == 0) r->rings().wake();
  std::this_thread::sleep_for(std::chrono::microseconds(pause));
#endif
  return true;
}

inline void runtime_after_fork() noexcept {
  runtime* const parent = the_runtime.load(std::memory_order_acquire);
  if (parent == nullptr) return;
  auto* const child = new (std::nothrow) runtime;
  if (child != nullptr) child->continue_after_fork(*parent);
  the_runtime.store(child, std::memory_order_release);
}

/// The end of the guard, of the process, or by an exception. In a child that recorded nothing since the fork there is
/// nothing to stop: the guard is the parent's.
inline void stop_runtime() noexcept {
  runtime* const r = the_runtime.load(std::memory_order_acquire);
  if (r != nullptr && !was_forked()) r->stop();
}

inline std::terminate_handler& former_terminate() noexcept {
  static std::terminate_handler handler = nullptr;
  return handler;
}

inline void flush_and_terminate() noexcept {
  stop_runtime();
  if (former_terminate() != nullptr) former_terminate()();
  std::abort();
}

inline const char* lookup_variable(void*, const char* name) noexcept { return std::getenv(name); }

inline const char* program_name() noexcept {
#if defined(__GLIBC__)
  return program_invocation_short_name;
#elif defined(__APPLE__) || defined(__FreeBSD__)
  return getprogname();
#else
  return "";
#endif
}

inline std::string runtime::start(const options& given) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (running()) return "arthur::start was called before and its guard still lives: remove this call, or end the first guard";
  if (has_thread_ && worker_ != nullptr) {
    const std::lock_guard<std::mutex> waiting(done_mutex_);
    if (!done_) return "the worker of the former arthur::start still hangs in a name look-up: start again later";
  }
  says.use(given.on_diagnostic, given.on_diagnostic_user);
  environment surroundings;
  surroundings.lookup = lookup_variable;
  surroundings.program = program_name();
  warning_list warnings;
  options_ = given;
  const https_support* const https = the_https.load(std::memory_order_relaxed);  // set before main
  settings_ = resolve(given, surroundings, warnings, https != nullptr);
  if (settings_.error.empty() && https != nullptr) settings_.error = https->check(settings_.tls);
  for (const std::string& w : warnings) says.say(diagnostics::topic::configuration, severity::warning, w);
  if (!settings_.error.empty()) return settings_.error;
  if (settings_.disabled || (settings_.sink == sink::none && !settings_.to_stdout)) return {};

  recorder& r = the_recorder;
  if (!r.prepare(given.memory_limit)) return "no memory for options.memory_limit = " + std::to_string(given.memory_limit) + ": lower it";
  r.source.blocks.limit(given.memory_limit);
  if (r.fork_word.load(std::memory_order_relaxed) == nullptr) r.fork_word.store(make_fork_word(), std::memory_order_relaxed);
  r.clock.use(given.clock);
  r.user_random.store(given.random, std::memory_order_relaxed);
  // Ids are compared with it; they are never 0, so 0 samples nothing. 2^64 isn't a double's neighbour: 1 means all.
  r.sample_below.store(settings_.sample_ratio >= 1.0 ? ~std::uint64_t{0}
                                                     : static_cast<std::uint64_t>(settings_.sample_ratio * 18446744073709549568.0),
                       std::memory_order_relaxed);
  r.hidden.store((given.hide_inputs ? 1U << static_cast<unsigned>(family::input) : 0U) |
                     (given.hide_outputs ? 1U << static_cast<unsigned>(family::output) : 0U),
                 std::memory_order_relaxed);
  r.code_location.store(given.code_location, std::memory_order_relaxed);
  r.wake.store(wake_runtime, std::memory_order_relaxed);
  r.forked.store(runtime_after_fork, std::memory_order_relaxed);
  r.source.wait_for_room.store(given.overflow == overflow::block ? wait_for_worker : nullptr, std::memory_order_relaxed);

  make_worker();
  if (!start_thread()) return "the system has no thread for the worker: raise its limit of threads";
  static const bool registered = std::atexit([] { stop_runtime(); }) == 0;
  static_cast<void>(registered);
  if (given.flush_on_terminate && former_terminate() == nullptr) former_terminate() = std::set_terminate(flush_and_terminate);
  state_.store(state::running, std::memory_order_release);
  // Release: whoever sees it sees the pool and the settings.
  recording_enabled.store(1, std::memory_order_release);
  return {};
}

inline std::unique_ptr<transport> runtime::make_transport(const url& where, const std::vector<header>& headers, const proxy& via, const timing& t) const {
  if (where.https) return the_https.load(std::memory_order_relaxed)->make(where, headers, t, via, settings_.tls);
  return std::unique_ptr<transport>(new socket_transport(where, headers, t, via));
}

inline void runtime::make_worker() {
  bell_.reset();
  block_microseconds_.store(static_cast<std::uint64_t>(settings_.block_timeout.count()) * 1000U, std::memory_order_relaxed);
  worker_.reset(new worker(settings_, bell_, counters, says, worker_random));
  timing t;
  t.steady_now = steady_nanoseconds;
  t.stop_deadline = &bell_.stop_deadline();
  std::unique_ptr<transport> main, engine, lines;
  switch (settings_.sink) {
    case sink::endpoint:
      main = make_transport(settings_.where.traces, settings_.where.headers, settings_.traces_proxy, t);
      if (settings_.where.has_engine) engine = make_transport(settings_.where.engine, settings_.where.engine_headers, settings_.engine_proxy, t);
      break;
    case sink::file:
      main.reset(new file_transport(options_.output_file, t));
      break;
    case sink::callback:
      main.reset(new callback_transport(options_.on_batch, options_.on_batch_user));
      break;
    case sink::none:
      break;
  }
  if (settings_.to_stdout) lines.reset(new file_transport(1, t));
  worker_->sender().use(std::move(main), std::move(engine), std::move(lines));
  done_ = false;
}

inline bool runtime::start_thread() noexcept {
  has_thread_ = false;
#ifndef ARTHUR_NO_THREADS
#if defined(__unix__) || defined(__APPLE__)
  // The program's signal handlers must not run on our thread: it starts with everything blocked.
  sigset_t all, former;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &former);
#endif
#if ARTHUR_HAS_EXCEPTIONS
  try {
    std::thread([this] { run(); }).detach();
    has_thread_ = true;
  } catch (...) {
  }
#else
  std::thread([this] { run(); }).detach();
  has_thread_ = true;
#endif
#if defined(__unix__) || defined(__APPLE__)
  ::pthread_sigmask(SIG_SETMASK, &former, nullptr);
#endif
  return has_thread_;
#else
  return true;
#endif
}

inline void runtime::run() noexcept {
  thread_is_quiet = true;
  worker& w = *worker_;
  for (;;) {
    const std::uint64_t now = steady_nanoseconds();
    if (w.finished(now)) break;
    std::uint64_t due = run_once(now);
    if (bell_.stopping()) due = (std::min)(due, bell_.stop_deadline().load(std::memory_order_acquire));
    if (due > steady_nanoseconds() && !w.finished(now)) bell_.sleep_until(due);
  }
  finish();
  const std::lock_guard<std::mutex> lock(done_mutex_);
  done_ = true;
  done_changed_.notify_all();
}

/// One piece of work. Where memory ends, what is under way is given up and counted: nothing is sent twice for it.
inline std::uint64_t runtime::run_once(std::uint64_t now) noexcept {
  in_worker = true;
  std::uint64_t due = now;
#if ARTHUR_HAS_EXCEPTIONS
  try {
    due = worker_->run_once(now);
  } catch (...) {
    count(counters.failed, worker_->discard_all());
    due = now + 100000000U;
  }
#else
  due = worker_->run_once(now);
#endif
  in_worker = false;
  return due;
}

/// Counts what is left, then lets those go who wait for a flush.
inline void runtime::finish() noexcept {
  left_ = worker_->discard_all();
  count(counters.discarded, left_);
  bell_.answer(bell_.asked());
}

inline void runtime::stop() noexcept {
  // Locked: a start or stop is under way, on this thread perhaps (a terminate handler). It does what is needed, or nothing.
  const std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock() || !running()) return;
  recording_enabled.store(0, std::memory_order_relaxed);
  state_.store(state::stopping, std::memory_order_release);
  const std::uint64_t deadline = steady_nanoseconds() + static_cast<std::uint64_t>(settings_.shutdown_timeout.count()) * 1000000U;
  bell_.request_stop(deadline);
  if (in_worker) return;  // exit() in a callback: the worker can't wait for itself
  bool done = true;
  if (has_thread_) {
    std::unique_lock<std::mutex> waiting(done_mutex_);
    // A second more than the deadline: the last request must be wound up. Longer only if a name look-up hangs; then
    // the thread is left alone, with everything it uses.
    done = done_changed_.wait_for(waiting, std::chrono::milliseconds(settings_.shutdown_timeout.count() + 1000), [this] { return done_; });
  } else {
    for (std::uint64_t now = steady_nanoseconds(); !worker_->finished(now); now = steady_nanoseconds()) {
      const std::uint64_t due = (std::min)(run_once(now), deadline);
      if (due > now) bell_.sleep_until(due);
    }
    finish();
  }
  if (done && left_ != 0) {
    const std::string cause = says.last_error();
    says.say(diagnostics::topic::shutdown, severity::warning,
             std::to_string(left_) + " spans were not delivered before the end" + (cause.empty() ? cause : " (" + cause + ")"));
  }
  state_.store(state::stopped, std::memory_order_release);
}

inline flush_result runtime::flush(std::uint64_t timeout) noexcept {
  if (!running()) return flush_result::failed;
  if (in_worker) return flush_result::timeout;  // from a callback: the worker can't wait for itself
  const std::uint64_t lost_before = lost();
  const std::uint64_t now = steady_nanoseconds();
  const std::uint64_t deadline = timeout > ~std::uint64_t{0} - now ? ~std::uint64_t{0} : now + timeout;
  const std::uint64_t ticket = bell_.request_flush();
  if (has_thread_) {
    if (!bell_.wait_for(ticket, deadline)) return flush_result::timeout;
  } else {
    while (!bell_.reached(ticket)) {
      const std::uint64_t at = steady_nanoseconds();
      if (at >= deadline) return flush_result::timeout;
      const std::uint64_t due = (std::min)(run_once(at), deadline);
      if (due > at) bell_.sleep_until(due);
    }
  }
  return lost() == lost_before ? flush_result::ok : flush_result::failed;
}

inline bool runtime::poll() noexcept {
  if (!running()) return false;
  if (!has_thread_ && !in_worker) {
    for (std::uint64_t now = steady_nanoseconds(); run_once(now) <= now; now = steady_nanoseconds()) {
    }
  }
  const statistics s = arthur::stats();
  return s.waiting != 0;
}

inline void runtime::copy_settings(const runtime& parent) {
  options_ = parent.options_;
  settings_ = parent.settings_;
  says.use(options_.on_diagnostic, options_.on_diagnostic_user);
}

inline void runtime::continue_after_fork(const runtime& parent) noexcept {
  if (parent.state_.load(std::memory_order_relaxed) != state::running) return;
#if ARTHUR_HAS_EXCEPTIONS
  try {
    copy_settings(parent);
    make_worker();
  } catch (...) {
    return;  // no memory: the child runs on untraced
  }
#else
  copy_settings(parent);
  make_worker();
#endif
  if (start_thread()) state_.store(state::running, std::memory_order_release);
}

}  // namespace detail

ARTHUR_NAMESPACE_END

#endif
