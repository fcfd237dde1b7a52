// worker.hpp: the one background loop: sweep, send, wait.
#ifndef ARTHUR_RUNTIME_WORKER_HPP
#define ARTHUR_RUNTIME_WORKER_HPP

#include <algorithm>
#include <cstdint>

#include "../config.hpp"
#include "../platform/clock.hpp"
#include "../platform/clock_source.hpp"
#include "../platform/entropy.hpp"
#include "../platform/try_to.hpp"
#include "../platform/waker.hpp"
#include "../policy/pace.hpp"
#include "../policy/settings.hpp"
#include "../record/recorder.hpp"
#include "../text_line.hpp"
#include "bell.hpp"
#include "collector.hpp"
#include "delivery.hpp"
#include "diagnostics.hpp"
#include "resources.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline std::uint64_t worker_random() noexcept {
  static random_stream stream = [] {
    random_stream s;
    s.seed();
    return s;
  }();
  return stream.next();
}

/// What the loop does next, as a function that never sleeps: the thread calls it, or arthur::poll() without threads.
///
/// Spans are sent in cycles: two sweeps (the second one releases the roots of the first), each batch sent when it is full.
/// A cycle begins `schedule_delay` after the first span, or at once when much has gathered, on flush and at the end.
class worker {
 public:
  worker(const settings& s, bell& rings, delivery_counters& counters, diagnostics& says, std::uint64_t (*random)())
      : settings_(s),
        bell_(rings),
        says_(says),
        counters_(counters),
        ticket_(rings.asked()),
        groups_(s),
        collector_(s, counters),
        delivery_(s, groups_, counters, says, steady_nanoseconds, random) {
    delivery_.share(the_recorder.source.blocks);
    // It begins asleep, until the first span rings.
    the_recorder.wanted.store(1, std::memory_order_relaxed);
  }

  /// Takes the memory that it will ever have, where none may be taken later (ARTHUR_NO_HEAP). False: there is none.
  bool fix() noexcept { return groups_.fix() && collector_.fix() && delivery_.fix(); }

  delivery& sender() noexcept { return delivery_; }

  /// One piece of work. Returns when the next is due: a steady time, `now` for at once, waker::never.
  std::uint64_t run_once(std::uint64_t now) {
    watch_pace(now);
    watch_redaction();
    side_outputs* const sides = delivery_.shown().get();
    if (sides == nullptr) return work(now);
    if (sides->due() <= now) sides->pass(now);
    const std::uint64_t next = work(now);
    return (std::min)(next, (std::max)(now, sides->due()));
  }

  /// Nothing is left to do, or no time.
  bool finished(std::uint64_t now) const noexcept {
    const std::uint64_t stop = bell_.stop_deadline().load(std::memory_order_acquire);
    return stop != 0 && (now >= stop || (ended_ && !delivery_.busy() && delivery_.errand_due() == waker::never));
  }

  /// Nothing more will come.
  void end() {
    watch_redaction();
    if (delivery_.shown().get() != nullptr) delivery_.shown().get()->end(steady_nanoseconds());
  }

  /// Nothing is sent any more: with a spool what is left goes there, the rest is forgotten. Returns how many spans that were.
  /// Never throws: it is called where memory has ended.
  std::uint64_t discard_all() {
    const std::uint64_t left = delivery_.discard();
    try_to([this] { return set_everything_aside(), true; });
    return left + delivery_.discard() + collector_.discard_all();
  }

 private:
  void set_everything_aside() {
    if (!delivery_.only_set_aside()) return;
    batch& b = delivery_.waiting();
    // A sweep under way began too long ago to count as one.
    for (int sweeps = collector_.sweeping() ? -1 : 0; sweeps < 2 && !delivery_.busy();) {
      sweeps += collector_.sweep(b) ? 1 : 0;
      if (!b.empty()) delivery_.begin(steady_nanoseconds());
    }
  }

  std::uint64_t work(std::uint64_t now) {
    if (bell_.stopping() && !hurried_) {
      hurried_ = true;
      delivery_.hurry();  // the end doesn't come without one more attempt
      if (delivery_.may_look_ahead(true)) show_everything(now);  // which may take all the time that is left
    }
    if (delivery_.busy() && sending_) {
      if (delivery_.due() > now) return (std::min)(delivery_.due(), look_ahead(now));
      delivery_.step(now, stop_limit(now));
      answer();
      if (delivery_.holding()) sending_ = false;  // fresh spans may join it
      if (!delivery_.busy() || !sending_ || delivery_.may_look_ahead()) return now;
      return (std::max)(delivery_.due(), now);
    }
    sending_ = false;
    // Between batches only: it may begin one. After each a cycle has its turn, and at the end the last one goes first.
    if (!delivery_.busy() && !in_cycle_ && !errand_done_ && (!bell_.stopping() || ended_) && delivery_.errand_due() <= now) {
      errand_done_ = true;
      delivery_.run_errand(now, stop_limit(now));
      sending_ = delivery_.busy();
      answer();
      return now;
    }
    if (delivery_.holding()) {
      if (delivery_.due() > now) return (std::min)(delivery_.due(), look_ahead(now));
      // Fresh spans join what is held. A sweep under way began too long ago to count as one.
      sweeps_ = collector_.sweeping() ? -1 : 0;
    }
    if (!in_cycle_) {
      errand_done_ = false;
      const std::uint64_t asked = bell_.asked();
      const bool ask = asked != ticket_;
      const bool urgent = bell_.take_urgent();
      if (!ask && !urgent && (!bell_.stopping() || ended_) && !delivery_.busy() && now < next_cycle_) return idle(now);
      in_cycle_ = true;
      sweeps_ = 0;
      found_ = false;
      last_ = bell_.stopping();
      ticket_ = asked;
    }
    return continue_cycle(now);
  }

  std::uint64_t stop_limit(std::uint64_t now) const noexcept {
    const std::uint64_t stop = bell_.stop_deadline().load(std::memory_order_acquire);
    return stop != 0 ? stop : now + std::uint64_t{86400} * 1000000000U;
  }

  std::uint64_t continue_cycle(std::uint64_t now) {
    batch& b = delivery_.waiting();
    bool complete = false;
    if (delivery_.shown().any_ahead()) {
      delivery_.take_ahead();
    } else {
      while (sweeps_ < 2) {
        complete = collector_.sweep(b);
        if (!complete) break;
        ++sweeps_;
      }
    }
    if (!b.empty()) {
      found_ = true;
      sending_ = true;
      delivery_.begin(now);
      return now;
    }
    in_cycle_ = false;
    ended_ = last_;
    say_rate_limited(now);
    answer();
    calibrate(now);
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

  /// The main transport makes us wait: shows what has come meanwhile. Returns when to do so again.
  std::uint64_t look_ahead(std::uint64_t now) {
    if (!delivery_.may_look_ahead()) return waker::never;
    if (now < next_look_) return next_look_;
    next_look_ = now + delay();
    batch& b = delivery_.shown().next_ahead();
    for (bool complete = false; !complete && delivery_.may_look_ahead();) {
      complete = collector_.sweep(b);
      if (!b.empty()) delivery_.shown().keep_ahead(now);
    }
    return next_look_;
  }

  /// The same at the end, roots and all. What is taken was in the pool, whose bound holds for it.
  void show_everything(std::uint64_t now) {
    batch& b = delivery_.shown().next_ahead();
    // A sweep under way began too long ago to count as one: it may have passed what the next one brings roots for.
    for (int sweeps = collector_.sweeping() ? -1 : 0; sweeps < 2;) {
      sweeps += collector_.sweep(b) ? 1 : 0;
      if (!b.empty()) delivery_.shown().keep_ahead(now);
    }
    delivery_.shown().get()->end(now);
  }

  void calibrate(std::uint64_t now) noexcept {
    if (now - calibrated_ < 250000000U) return;  // far below the age at which the clock distrusts a calibration
    calibrated_ = now;
    the_recorder.clock.calibrate(trusts_counter());
  }

  std::uint64_t idle(std::uint64_t now) {
    if (calibrated_ == 0) calibrate(now);
    if (bell_.take_woken()) {
      // The first span after a rest: give the others of its trace time to come.
      wanted_since_ = 0;
      next_cycle_ = now + delay();
    }
    return (std::min)(next_cycle_, delivery_.errand_due());
  }

  /// Who waits for a flush is answered once the cycle is over, and nothing is in doubt or sent again after it was.
  void answer() {
    if (!in_cycle_ && !delivery_.busy() && !delivery_.in_doubt() && !bell_.reached(ticket_)) bell_.answer(ticket_);
  }

  /// Sum over all threads.
  template <class Get>
  static std::uint64_t total(Get get) noexcept {
    std::uint64_t sum = 0;
    for (const slot* s = the_recorder.slots.load(std::memory_order_acquire); s != nullptr; s = s->registered_before) sum += get(*s);
    return sum;
  }
  static std::uint64_t count_rate_limited() noexcept {
    return total([](const slot& s) { return s.rate_limited.get(); });
  }

  void watch_pace(std::uint64_t now) {
    const pool& blocks = the_recorder.source.blocks;
    pace_.note(blocks.bytes_used());
    if (!pace_.period_over(now)) return;
    pace_reading r;
    r.at = now;
    r.in = total([](const slot& s) { return s.committed.get() + s.dropped[static_cast<std::size_t>(drop::pool_full)].get(); });
    r.out = counters_.delivered.load(std::memory_order_relaxed) + counters_.rejected.load(std::memory_order_relaxed);
    r.held = blocks.bytes_used();
    r.limit = blocks.mark();
    const text_line line = pace_.add(r);
    if (!line.empty()) says_.say(diagnostics::topic::pace, severity::warning, line);
  }

  void watch_redaction() {
    if (collector_.failed_redactions() == failed_redactions_) return;
    failed_redactions_ = collector_.failed_redactions();
    says_.say(diagnostics::topic::redaction, severity::warning,
              "options.redact threw: \"__REDACTED__\" takes the place of the text that it was given; make it catch what it may throw");
  }

  /// Every ten seconds at most, with the number since the last line.
  void say_rate_limited(std::uint64_t now) {
    if (settings_.max_spans_per_second == 0 || (rate_said_ != 0 && now - rate_said_ < 10000000000U)) return;
    const std::uint64_t count = count_rate_limited();
    if (count <= rate_limited_) return;
    says_.say(diagnostics::topic::rate, severity::warning,
              text_line(count - rate_limited_, " spans were left out: more than options.max_spans_per_second = ",
                        settings_.max_spans_per_second, "; look for a loop that opens spans without end, or raise it"));
    rate_limited_ = count;
    rate_said_ = now;
  }

  std::uint64_t delay() const noexcept { return static_cast<std::uint64_t>(settings_.schedule_delay.count()) * 1000000U; }

  bool trusts_counter() noexcept {
    if (!ARTHUR_HAS_TSC) return false;
    if (trust_ == 0) trust_ = kernel_trusts_counter() ? 1 : 2;
    return trust_ == 1;
  }

  const settings& settings_;
  bell& bell_;
  diagnostics& says_;
  const delivery_counters& counters_;
  std::uint64_t ticket_;  // of the flushes that the newest cycle is for
  resources groups_;
  collector collector_;
  delivery delivery_;

  bool in_cycle_ = false;
  bool sending_ = false;
  bool found_ = false;
  bool hurried_ = false;
  bool errand_done_ = false;  // since the newest cycle, or chance of one
  bool last_ = false;   // the cycle began after the stop was asked for
  bool ended_ = false;  // and is over
  int sweeps_ = 0;
  std::uint64_t wanted_since_ = 0;  // when `wanted` was raised; 0 = it isn't
  int trust_ = 0;
  std::uint64_t next_cycle_ = waker::never;
  std::uint64_t next_look_ = 0;
  std::uint64_t calibrated_ = 0;
  std::uint64_t rate_limited_ = count_rate_limited();  // as last said
  std::uint64_t rate_said_ = 0;
  std::size_t failed_redactions_ = 0;  // as last said
  pace pace_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
