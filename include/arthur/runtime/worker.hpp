// worker.hpp: the one background loop: sweep, send, wait; and the flushes that wait for it.
#ifndef ARTHUR_RUNTIME_WORKER_HPP
#define ARTHUR_RUNTIME_WORKER_HPP

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <fstream>
#include <mutex>
#include <string>

#include "../config.hpp"
#include "../platform/clock.hpp"
#include "../platform/waker.hpp"
#include "../policy/settings.hpp"
#include "../record/recorder.hpp"
#include "../runtime.hpp"
#include "collector.hpp"
#include "delivery.hpp"
#include "diagnostics.hpp"
#include "resources.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What the loop does next, as a function that never sleeps: the thread calls it, or arthur::poll() without threads.
///
/// Spans are sent in cycles: two sweeps (the second one releases the roots of the first), each batch sent when it is full.
/// A cycle begins `schedule_delay` after the first span, or at once when much has gathered, on flush and at the end.
class worker {
 public:
  worker(const settings& s, delivery_counters& counters, diagnostics& says, std::uint64_t (*random)())
      : settings_(s),
        groups_(s),
        collector_(s.max_batch_spans, s.max_batch_bytes, s.where.profile == profile::arthur, counters),
        delivery_(s, groups_, counters, says, random) {}

  delivery& sender() noexcept { return delivery_; }
  waker& alarm() noexcept { return alarm_; }

  /// Called by recording threads: the worker sleeps and there is a span, or there is much to do.
  void wake() noexcept {
    // Relaxed: the alarm's own release and acquire order what was done before.
    const bool first = the_recorder.wanted.exchange(0, std::memory_order_relaxed) != 0;
    (first ? woken_ : urgent_).store(true, std::memory_order_relaxed);
    alarm_.signal();
  }

  /// Asks for everything that is committed now; returns the ticket to wait for.
  std::uint64_t request_flush() noexcept {
    const std::uint64_t ticket = asked_.fetch_add(1, std::memory_order_acq_rel) + 1;
    alarm_.signal();
    return ticket;
  }
  bool reached(std::uint64_t ticket) const noexcept { return answered_.load(std::memory_order_acquire) >= ticket; }
  bool wait_for(std::uint64_t ticket, std::uint64_t deadline) {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!reached(ticket)) {
      const std::uint64_t now = steady_nanoseconds();
      if (now >= deadline) return false;
      changed_.wait_for(lock, std::chrono::nanoseconds(deadline - now));
    }
    return true;
  }

  /// The loop must come to its end by then, sending what it can. 0 = go on.
  std::atomic<std::uint64_t>& stop_deadline() noexcept { return stop_deadline_; }

  /// One piece of work. Returns when the next is due: a steady time, `now` for at once, waker::never.
  std::uint64_t run_once(std::uint64_t now) {
    if (delivery_.busy() && sending_) {
      if (delivery_.due() > now) return delivery_.due();
      delivery_.step(now, stop_limit(now));
      if (delivery_.holding()) sending_ = false;  // fresh spans may join it
      return delivery_.busy() && sending_ ? (std::max)(delivery_.due(), now) : now;
    }
    sending_ = false;
    if (delivery_.holding() && delivery_.due() > now) return delivery_.due();
    if (!in_cycle_) {
      const std::uint64_t asked = asked_.load(std::memory_order_acquire);
      const bool ask = asked != answered_.load(std::memory_order_relaxed);
      const bool urgent = urgent_.exchange(false, std::memory_order_relaxed);
      if (!ask && !urgent && !stopping() && !delivery_.busy() && now < next_cycle_) return idle(now);
      in_cycle_ = true;
      sweeps_ = 0;
      found_ = false;
      last_ = stopping();
      ticket_ = asked;
    }
    return continue_cycle(now);
  }

  bool stopping() const noexcept { return stop_deadline_.load(std::memory_order_acquire) != 0; }
  /// Nothing is left to do, or no time.
  bool finished(std::uint64_t now) const noexcept {
    return stopping() && (now >= stop_deadline_.load(std::memory_order_acquire) || (ended_ && !delivery_.busy()));
  }

  std::uint64_t discard_all() { return delivery_.discard() + collector_.discard_all(); }

 private:
  std::uint64_t stop_limit(std::uint64_t now) const noexcept {
    const std::uint64_t stop = stop_deadline_.load(std::memory_order_acquire);
    return stop != 0 ? stop : now + std::uint64_t{86400} * 1000000000U;
  }

  std::uint64_t continue_cycle(std::uint64_t now) {
    batch& b = delivery_.waiting();
    bool complete = false;
    while (sweeps_ < 2) {
      complete = collector_.sweep(b);
      if (!complete) break;
      ++sweeps_;
    }
    if (!b.empty()) {
      found_ = true;
      sending_ = true;
      delivery_.begin(now);
      return now;
    }
    in_cycle_ = false;
    ended_ = last_;
    answer(ticket_);
    if (now - calibrated_ >= 250000000U) {  // far below the age at which the clock distrusts a calibration
      calibrated_ = now;
      the_recorder.clock.calibrate(trusts_counter());
    }
    if (found_) {
      wanted_since_ = 0;
      the_recorder.wanted.store(0, std::memory_order_relaxed);
      return next_cycle_ = now + delay();
    }
    // Nothing came: sleep without a limit, once `wanted` was up for a whole delay. A thread that committed a span without
    // seeing it up did so long before the last sweep, which would have found the span. (So no fence is needed.)
    if (wanted_since_ == 0) {
      wanted_since_ = now;
      the_recorder.wanted.store(1, std::memory_order_relaxed);
    }
    return next_cycle_ = now - wanted_since_ >= delay() ? waker::never : wanted_since_ + delay();
  }

  std::uint64_t idle(std::uint64_t now) {
    if (woken_.exchange(false, std::memory_order_relaxed)) {
      // The first span after a rest: give the others of its trace time to come.
      wanted_since_ = 0;
      next_cycle_ = now + delay();
    }
    return next_cycle_;
  }

  std::uint64_t delay() const noexcept { return static_cast<std::uint64_t>(settings_.schedule_delay.count()) * 1000000U; }

  void answer(std::uint64_t ticket) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      // Release pairs with the acquire in reached(): the counters are up to date.
      answered_.store(ticket, std::memory_order_release);
    }
    changed_.notify_all();
  }

  /// The counter is good for time if the kernel itself uses it.
  bool trusts_counter() {
    if (trust_ == 0) {
      std::ifstream source("/sys/devices/system/clocksource/clocksource0/current_clocksource");
      std::string name;
      trust_ = source >> name && name == "tsc" ? 1 : 2;
    }
    return trust_ == 1;
  }

  const settings& settings_;
  resources groups_;
  collector collector_;
  delivery delivery_;
  waker alarm_;
  std::atomic<bool> urgent_{false};  // much has gathered
  std::atomic<bool> woken_{false};   // the first span after a rest
  std::atomic<std::uint64_t> asked_{0};
  std::atomic<std::uint64_t> answered_{0};
  std::atomic<std::uint64_t> stop_deadline_{0};
  std::mutex mutex_;
  std::condition_variable changed_;

  bool in_cycle_ = false;
  bool sending_ = false;
  bool found_ = false;
  bool last_ = false;   // the cycle began after the stop was asked for
  bool ended_ = false;  // and is over
  int sweeps_ = 0;
  std::uint64_t wanted_since_ = 0;  // when `wanted` was raised; 0 = it isn't
  int trust_ = 0;
  std::uint64_t ticket_ = 0;
  std::uint64_t next_cycle_ = 0;
  std::uint64_t calibrated_ = 0;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
