// worker.hpp: the one background loop: sweep, send, wait.
#ifndef ARTHUR_RUNTIME_WORKER_HPP
#define ARTHUR_RUNTIME_WORKER_HPP

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>

#include "../config.hpp"
#include "../platform/clock.hpp"
#include "../platform/waker.hpp"
#include "../policy/settings.hpp"
#include "../record/recorder.hpp"
#include "bell.hpp"
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
  worker(const settings& s, bell& rings, delivery_counters& counters, diagnostics& says, std::uint64_t (*random)())
      : settings_(s),
        bell_(rings),
        groups_(s),
        collector_(s.max_batch_spans, s.max_batch_bytes, s.where.profile == profile::arthur, counters),
        delivery_(s, groups_, counters, says, steady_nanoseconds, random) {}

  delivery& sender() noexcept { return delivery_; }

  /// One piece of work. Returns when the next is due: a steady time, `now` for at once, waker::never.
  std::uint64_t run_once(std::uint64_t now) {
    if (bell_.stopping() && !hurried_) {
      hurried_ = true;
      delivery_.hurry();  // the end doesn't come without one more attempt
    }
    if (delivery_.busy() && sending_) {
      if (delivery_.due() > now) return delivery_.due();
      delivery_.step(now, stop_limit(now));
      if (delivery_.holding()) sending_ = false;  // fresh spans may join it
      return delivery_.busy() && sending_ ? (std::max)(delivery_.due(), now) : now;
    }
    sending_ = false;
    if (delivery_.holding()) {
      if (delivery_.due() > now) return delivery_.due();
      // Fresh spans join what is held. A sweep under way began too long ago to count as one.
      sweeps_ = collector_.sweeping() ? -1 : 0;
    }
    if (!in_cycle_) {
      const std::uint64_t asked = bell_.asked();
      const bool ask = !bell_.all_answered();
      const bool urgent = bell_.take_urgent();
      if (!ask && !urgent && !bell_.stopping() && !delivery_.busy() && now < next_cycle_) return idle(now);
      in_cycle_ = true;
      sweeps_ = 0;
      found_ = false;
      last_ = bell_.stopping();
      ticket_ = asked;
    }
    return continue_cycle(now);
  }

  /// Nothing is left to do, or no time.
  bool finished(std::uint64_t now) const noexcept {
    const std::uint64_t stop = bell_.stop_deadline().load(std::memory_order_acquire);
    return stop != 0 && (now >= stop || (ended_ && !delivery_.busy()));
  }

  std::uint64_t discard_all() { return delivery_.discard() + collector_.discard_all(); }

 private:
  std::uint64_t stop_limit(std::uint64_t now) const noexcept {
    const std::uint64_t stop = bell_.stop_deadline().load(std::memory_order_acquire);
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
    bell_.answer(ticket_);
    if (now - calibrated_ >= 250000000U) {  // far below the age at which the clock distrusts a calibration
      calibrated_ = now;
      the_recorder.clock.calibrate(trusts_counter());
    }
    if (found_) {
      wanted_since_ = 0;
      the_recorder.wanted.store(0, std::memory_order_relaxed);
      next_cycle_ = now + delay();
    } else {
      // Nothing came: sleep without a limit, once `wanted` was up for a whole delay. A thread that committed a span
      // without seeing it up did so long before the last sweep, which would have found the span. (So no fence is needed.)
      if (wanted_since_ == 0) {
        wanted_since_ = now;
        the_recorder.wanted.store(1, std::memory_order_relaxed);
      }
      next_cycle_ = now - wanted_since_ >= delay() ? waker::never : wanted_since_ + delay();
    }
    // Once more round before sleeping: a flush may have been asked for while the cycle waited out a pause, and the alarm
    // that came with it is used up.
    return now;
  }

  std::uint64_t idle(std::uint64_t now) {
    if (bell_.take_woken()) {
      // The first span after a rest: give the others of its trace time to come.
      wanted_since_ = 0;
      next_cycle_ = now + delay();
    }
    return next_cycle_;
  }

  std::uint64_t delay() const noexcept { return static_cast<std::uint64_t>(settings_.schedule_delay.count()) * 1000000U; }

  /// The counter is good for time if the kernel itself uses it.
  bool trusts_counter() {
    if (!ARTHUR_HAS_TSC) return false;
    if (trust_ == 0) {
      std::ifstream source("/sys/devices/system/clocksource/clocksource0/current_clocksource");
      std::string name;
      trust_ = source >> name && name == "tsc" ? 1 : 2;
    }
    return trust_ == 1;
  }

  const settings& settings_;
  bell& bell_;
  resources groups_;
  collector collector_;
  delivery delivery_;

  bool in_cycle_ = false;
  bool sending_ = false;
  bool found_ = false;
  bool hurried_ = false;
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
