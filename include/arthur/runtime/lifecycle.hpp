// lifecycle.hpp: start and stop of the runtime: its thread, the end of the process, a fork.
#ifndef ARTHUR_RUNTIME_LIFECYCLE_HPP
#define ARTHUR_RUNTIME_LIFECYCLE_HPP

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
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
#include "../platform/thread_names.hpp"
#include "../platform/process.hpp"
#include "../policy/patience.hpp"
#include "../policy/settings.hpp"
#include "../record/threads.hpp"
#include "../spans/instrumentation.hpp"
#include "../spans/restraint.hpp"
#include "../runtime.hpp"
#include "../span.hpp"
#include "../text_line.hpp"
#include "bell.hpp"
#include "configuration.hpp"
#include "diagnostics.hpp"
#include "outputs.hpp"
#include "worker.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <signal.h>
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Everything behind start(). Made on the heap and never destroyed: threads and static destructors may come late. A
/// forked child makes a new one, because locks of the old one may be held by threads that don't exist any more.
class runtime {
 public:
  delivery_counters counters;
  diagnostics says;
  standstill stuck;

  /// Returns an error line, or nothing.
  std::string start(const options& given);
  void stop() noexcept;
  flush_result flush(std::uint64_t timeout) noexcept;
  bool poll() noexcept;
  bool set_sample_ratio(double ratio) noexcept;
  bool running() const noexcept { return state_.load(std::memory_order_acquire) == state::running; }
  bell& rings() noexcept { return bell_; }
  std::uint64_t block_nanoseconds() const noexcept { return block_nanoseconds_.load(std::memory_order_relaxed); }

  /// In a forked child: a runtime like `parent`, with a thread of its own.
  void continue_after_fork(const runtime& parent) noexcept;

 private:
  enum class state : std::uint8_t { stopped, running, stopping };

  void make_worker();
  void copy_settings(const runtime& parent);
  bool start_thread() noexcept;
  void run() noexcept;
  void look_for_another() noexcept;
  std::uint64_t run_once(std::uint64_t now) noexcept;
  void finish() noexcept;
  void end_here() noexcept;
  void say_left() noexcept;
  std::uint64_t lost() const noexcept {
    return counters.rejected.load(std::memory_order_relaxed) + counters.failed.load(std::memory_order_relaxed) +
           counters.unconfirmed.load(std::memory_order_relaxed) + counters.discarded.load(std::memory_order_relaxed) +
           counters.spooled.load(std::memory_order_relaxed);
  }

  std::mutex mutex_;  // start and stop, one at a time
  std::atomic<state> state_{state::stopped};
  options options_;
  settings settings_;
  bell bell_;
  std::unique_ptr<worker> worker_;
  std::atomic<std::uint64_t> block_nanoseconds_{0};
  std::atomic<bool> has_thread_{false};
  thread_watch watch_;
  std::mutex done_mutex_;
  std::condition_variable done_changed_;
  bool done_ = false;
  std::uint64_t left_ = 0;  // spans that the end found undelivered
};

ARTHUR_SHARED inline std::atomic<runtime*> the_runtime{nullptr};
/// The thread is inside the worker's work: a callback that calls arthur must not wait for itself.
ARTHUR_SHARED inline ARTHUR_THREAD_LOCAL bool in_worker = false;

inline void wake_runtime() noexcept {
  runtime* const r = the_runtime.load(std::memory_order_acquire);
  if (r != nullptr && r->running()) r->rings().wake();
}

bool wait_for_worker(std::uint32_t attempt) noexcept;  // waiting.hpp

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

inline std::string runtime::start(const options& given) {
  // Before the lock: whoever holds it may wait for this worker's end.
  if (in_worker) return "arthur::start was called by a function that arthur itself calls: start again after it has returned";
  const std::lock_guard<std::mutex> lock(mutex_);
  if (running()) return "arthur::start was called before and its guard still lives: remove this call, or end the first guard";
  if (has_thread_ && worker_ != nullptr) {
    const std::lock_guard<std::mutex> waiting(done_mutex_);
    if (!done_) return "the worker of the former arthur::start still hangs in a name look-up: start again later";
  }
  says.use(given.on_diagnostic, given.on_diagnostic_user);
  warning_list warnings;
  options_ = given;
  settings_ = configure(given, warnings);
  says.use(settings_.log_level);
  says.hide(secrets_of(settings_));
  for (const std::string& w : warnings) says.say(diagnostics::topic::configuration, severity::warning, w);
  // Also where nothing is recorded: headers are handed on all the same.
  the_recorder.trace_context.store(settings_.trace_context, std::memory_order_relaxed);
  the_recorder.baggage.store(settings_.baggage, std::memory_order_relaxed);
  the_recorder.parent_based.store(settings_.parent_based, std::memory_order_relaxed);
  if (!settings_.error.empty()) return settings_.error;
  if (settings_.disabled || (settings_.sink == sink::none && !settings_.to_stdout && !settings_.console)) return {};

  recorder& r = the_recorder;
  if (!r.prepare(given.memory_limit)) return "no memory for options.memory_limit = " + std::to_string(given.memory_limit) + ": lower it";
  r.source.blocks.limit(given.memory_limit);
  if (r.fork_word.load(std::memory_order_relaxed) == nullptr) r.fork_word.store(make_fork_word(), std::memory_order_release);
  r.clock.use(given.clock);
  r.user_random.store(given.random, std::memory_order_relaxed);
  the_recorder.sample(settings_.sample_ratio);
  r.hidden.store(settings_.masking.hidden, std::memory_order_relaxed);
  r.base64_limit.store(settings_.masking.base64_limit, std::memory_order_relaxed);
  r.body_limit.store(given.max_body_bytes, std::memory_order_relaxed);
  r.cap.use(settings_.max_spans_per_second);
  install_rules(given.sampling_rules);
  install_instrumentation(settings_.instrument);
  r.keeps_candidates.store(settings_.tail.any(), std::memory_order_relaxed);
  // The limit counts keys; here each setting counts, so it is only a bound against an endless loop.
  r.max_attributes.store(static_cast<std::uint32_t>((std::min)((std::max)(settings_.limits.attributes, std::size_t{2500}), std::size_t{1} << 29) * 4),
                         std::memory_order_relaxed);
  r.code_location.store(given.code_location, std::memory_order_relaxed);
  r.wake.store(wake_runtime, std::memory_order_relaxed);
  r.forked.store(runtime_after_fork, std::memory_order_relaxed);
  r.source.hold_traces.store(hold_traces, std::memory_order_relaxed);
  r.source.wait_for_room.store(given.overflow == overflow::block ? wait_for_worker : nullptr, std::memory_order_relaxed);

  make_worker();
  if (!worker_->fix()) return "no memory for batches of options.max_batch_bytes = " + std::to_string(settings_.max_batch_bytes) + ": lower it";
  if (!start_thread()) return "the system has no thread for the worker: raise its limit of threads";
  static const bool registered = std::atexit([] { stop_runtime(); }) == 0;
  static_cast<void>(registered);
  if (given.flush_on_terminate && former_terminate() == nullptr) former_terminate() = std::set_terminate(flush_and_terminate);
  state_.store(state::running, std::memory_order_release);
  // Release: whoever sees it sees the pool and the settings.
  recording_enabled.store(recording_mode::on | (settings_.max_spans_per_second != 0 ? recording_mode::capped : 0U) |
                              (given.sampling_rules.empty() && !settings_.tail.any() ? 0U : recording_mode::ruled),
                          std::memory_order_release);
  return {};
}

inline void runtime::make_worker() {
  bell_.reset();
  block_nanoseconds_.store(static_cast<std::uint64_t>(settings_.block_timeout.count()) * 1000000U, std::memory_order_relaxed);
  stuck.forget();
  worker_.reset(new worker(settings_, bell_, counters, says, worker_random));
  timing t;
  t.steady_now = steady_nanoseconds;
  t.stop_deadline = &bell_.stop_deadline();
  give_outputs(worker_->sender(), settings_, options_, says, t);
}

inline bool runtime::start_thread() noexcept {
  done_ = false;  // not before: where there is no memory for the worker, no thread will ever be done
  watch_.forget();
#ifndef ARTHUR_NO_THREADS
  keep_loaded(&stop_runtime);
#if defined(__unix__) || defined(__APPLE__)
  // The program's signal handlers must not run on our thread: it starts with everything blocked.
  sigset_t all, former;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &former);
#endif
#if defined(__unix__) || defined(__APPLE__)
  // Not std::thread: it frees memory at its end, and without exceptions it can't say that there is no thread.
  pthread_t thread{};
  const auto body = [](void* self) -> void* {
    static_cast<runtime*>(self)->run();
    return nullptr;
  };
  has_thread_ = ::pthread_create(&thread, nullptr, body, this) == 0;
  if (has_thread_) ::pthread_detach(thread);
#elif ARTHUR_HAS_EXCEPTIONS
  try {
    std::thread([this] { run(); }).detach();
    has_thread_ = true;
  } catch (...) {
    has_thread_ = false;
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
  look_for_another();
  return true;
#endif
}

inline void outlast(void*) noexcept {}

inline void runtime::run() noexcept {
  thread_is_quiet = true;
  // While a thread has something of a shared object to call at its end, dlclose() leaves the object in memory. The
  // worker's code may be in a plug-in, which mustn't go before it.
  call_at_thread_end<outlast>(this);
  watch_.begin();
  name_thread(worker_name);
  look_for_another();
  worker& w = *worker_;
  for (;;) {
    const std::uint64_t now = steady_nanoseconds();
    if (w.finished(now)) break;
    std::uint64_t due = run_once(now);
    if (bell_.stopping()) due = (std::min)(due, bell_.stop_deadline().load(std::memory_order_acquire));
    if (due > steady_nanoseconds() && !w.finished(now)) bell_.sleep_until(due);
  }
  name_thread("arthur-ended");  // a new worker may begin before this thread is gone
  finish();
  const std::lock_guard<std::mutex> lock(done_mutex_);
  done_ = true;
  done_changed_.notify_all();
}

/// A shared object with a copy of the runtime that the linker didn't join with this one. Called under the worker's name,
/// so that of two that begin at once one sees the other.
inline void runtime::look_for_another() noexcept {
  if (!another_thread_is_named(worker_name)) return;
  static const char* const line =
      "another arthur runtime runs in this process: its spans and those of this one are not joined, and each sends its own. To have "
      "one, export the symbols of the executable (-rdynamic; CMake: ENABLE_EXPORTS) or give plug-ins the table of "
      "arthur_get_api(); see docs/plugins.md";
#if ARTHUR_HAS_EXCEPTIONS
  try {
    says.say(diagnostics::topic::configuration, severity::warning, line);
  } catch (...) {  // no memory for a line
  }
#else
  says.say(diagnostics::topic::configuration, severity::warning, line);
#endif
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
  worker_->end();
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
  // Killed in the middle of anything, the locks it held included: what it left behind is not touched.
  if (has_thread_ && watch_.over()) return;
  bool done = true;
  if (has_thread_) {
    std::unique_lock<std::mutex> waiting(done_mutex_);
    // A second more than the deadline: the last request must be wound up. Longer only if a name look-up hangs; then
    // the thread is left alone, with everything it uses.
    done = done_changed_.wait_for(waiting, std::chrono::milliseconds(settings_.shutdown_timeout.count() + 1000), [this] { return done_; });
  } else {
    return end_here();
  }
  if (done) say_left();
  state_.store(state::stopped, std::memory_order_release);
}

/// Without a thread: works until the end that was asked for.
inline void runtime::end_here() noexcept {
  const std::uint64_t deadline = bell_.stop_deadline().load(std::memory_order_acquire);
  for (std::uint64_t now = steady_nanoseconds(); !worker_->finished(now); now = steady_nanoseconds()) {
    const std::uint64_t due = (std::min)(run_once(now), deadline);
    if (due > now) bell_.sleep_until(due);
  }
  finish();
  say_left();
  state_.store(state::stopped, std::memory_order_release);
}

inline void runtime::say_left() noexcept {
  if (left_ == 0) return;
  const text_line cause = says.last_error();
  text_line what(left_, " spans were not delivered before the end");
  if (!cause.empty()) what = text_line(what, " (", cause, ")");
  says.say(diagnostics::topic::shutdown, severity::warning, what);
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
      if (!running()) {  // a callback asked for the end
        end_here();
        break;
      }
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
    for (std::uint64_t now = steady_nanoseconds(); run_once(now) <= now && running(); now = steady_nanoseconds()) {
    }
    if (!running()) end_here();  // a callback asked for it
  }
  const statistics s = arthur::stats();
  return s.waiting > s.held;  // what is held waits for the program
}

inline bool runtime::set_sample_ratio(double ratio) noexcept {
  if (!running()) return false;
  const bool good = ratio >= 0.0 && ratio <= 1.0;  // NaN isn't
  if (good) {
    the_recorder.sample(ratio);
  } else {
    char line[96];
    std::snprintf(line, sizeof line, "set_sample_ratio(%g) is ignored: give a share of traces from 0 to 1", ratio);
    says.say(diagnostics::topic::configuration, severity::warning, line);
  }
  return good;
}

inline void runtime::copy_settings(const runtime& parent) {
  options_ = parent.options_;
  settings_ = parent.settings_;
  says.use(options_.on_diagnostic, options_.on_diagnostic_user, settings_.log_level);
  says.hide(secrets_of(settings_));
}

inline void runtime::continue_after_fork(const runtime& parent) noexcept {
  if (parent.worker_ != nullptr) parent.worker_->sender().drop_inherited();
  if (parent.state_.load(std::memory_order_relaxed) != state::running) return;
#if ARTHUR_HAS_EXCEPTIONS
  try {
    copy_settings(parent);
    make_worker();
    if (!worker_->fix()) return;
  } catch (...) {
    return;  // no memory: the child runs on untraced
  }
#else
  copy_settings(parent);
  make_worker();
  if (!worker_->fix()) return;
#endif
  if (start_thread()) state_.store(state::running, std::memory_order_release);
}

}  // namespace detail

ARTHUR_NAMESPACE_END

#endif
