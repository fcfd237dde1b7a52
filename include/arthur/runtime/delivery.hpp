// delivery.hpp: brings one batch after the other to its end: delivered, refused, unconfirmed, set aside on disk, or held.
#ifndef ARTHUR_RUNTIME_DELIVERY_HPP
#define ARTHUR_RUNTIME_DELIVERY_HPP

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "../config.hpp"
#include "../platform/try_to.hpp"
#include "../policy/answer.hpp"
#include "../policy/retry.hpp"
#include "../policy/settings.hpp"
#include "../text_line.hpp"
#include "../transport/transport.hpp"
#include "batch.hpp"
#include "consignment.hpp"
#include "diagnostics.hpp"
#include "displays.hpp"
#include "doubts.hpp"
#include "preparation.hpp"
#include "request_parts.hpp"
#include "resources.hpp"
#include "side_outputs.hpp"
#include "spooling.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A state machine that never sleeps: each step sends one request at most, then says when the next one is due. Clock and
/// randomness are passed in.
///
/// A batch comes from memory or, later, from the spool. While the endpoint takes nothing, a batch from memory goes into the
/// spool, and the oldest file is what the next attempt is made with; without a spool the batch is held. A request without
/// an answer goes to the doubts, which ask the engine what it has.
class delivery {
 public:
  delivery(const settings& s, resources& groups, delivery_counters& counters, diagnostics& says, std::uint64_t (*clock)(),
           std::uint64_t (*random)(), std::uint64_t (*unix_clock)() = unix_nanoseconds)
      : settings_(s), counters_(counters), says_(says), clock_(clock), random_(random),
        preparation_(s, groups, says, outcome_), spooling_(s, counters, says, clock, unix_clock), doubts_(s, outcome_), displays_(s, groups, counters), request_(groups) {
    // Parts are not more than spans, and one span may be carried into a full batch: none of these ever grows.
    const std::size_t most = s.max_batch_spans + 1;
    request_.reserve(most);
    now_.reserve(most);
  }

  /// Takes the memory that it will ever have, where none may be taken later. False: there is none.
  bool fix() noexcept {
    // What is held and one more; no byte of a span becomes more than six in JSON.
    return now_.spans.fix(settings_.max_batch_spans + 1, 2 * settings_.max_batch_bytes) &&
           request_.fix(6 * settings_.max_batch_bytes + 16384) && displays_.fix();
  }

  void use(std::unique_ptr<transport> main, std::unique_ptr<transport> engine, std::unique_ptr<side_outputs> sides) {
    main_ = std::move(main);
    engine_ = std::move(engine);
    doubts_.use(engine_profile() ? engine_.get() : nullptr);
    displays_.use(std::move(sides));
  }

  bool busy() const noexcept { return !now_.empty(); }
  /// Whether fresh spans may join what is held, so that a poisonous span finds accepted siblings.
  bool holding() const noexcept { return now_.held; }
  /// When the batch under way wants a step.
  std::uint64_t due() const noexcept { return pauses_.due(); }
  /// The end is near: one more attempt, at once, and nothing new is begun.
  void hurry() noexcept {
    pauses_.end();
    closing_ = true;
    doubts_.hurry();
  }
  std::size_t spans() const noexcept { return now_.left(); }
  batch& waiting() noexcept { return now_.spans; }
  displays& shown() noexcept { return displays_; }
  bool may_look_ahead(bool at_end = false) const noexcept { return main_ != nullptr && displays_.may_look_ahead(at_end); }
  void take_ahead() { displays_.take_ahead(now_); }
  /// Takes responsibility for what is in waiting().
  void begin(std::uint64_t now) {
    if (!now_.held) restart(now);
    now_.held = false;
    now_.begin();  // first: what is shown may throw
    const bool written = displays_.show(now_.spans, now_.shown, now);
    now_.shown = now_.spans.spans.size();
    if (main_ == nullptr) return finish(spans(), written ? fate::delivered : fate::failed);
    if (away_) set_aside();
  }

  /// One request, at `now` (steady nanoseconds), to be answered before `limit`.
  void step(std::uint64_t now, std::uint64_t limit) {
    if (!busy() || now < pauses_.due()) return;
    // OTLP bounds the whole export, the engine's profile each attempt.
    const std::uint64_t from = engine_profile() ? now : started_;
    const std::uint64_t deadline = (std::min)(limit, from + nanoseconds(settings_.export_timeout));
    if (!preparation_.done()) {
      std::uint64_t pause = 0;
      if (!preparation_.ask(*main_, engine_.get(), deadline, spans(), pause)) {
        nothing_gets_through(pause);
        return give_up_in_time(clock_());
      }
      went_well();
    }
    if (now_.parts.ready()) send(deadline);
    if (busy() && !now_.parts.ready()) next_level();
    if (busy()) give_up_in_time(clock_());
  }

  // Errands: what is to be done between batches. Asking back, and the spool.

  /// `never`: nothing to do before a batch comes.
  std::uint64_t errand_due() const noexcept {
    std::uint64_t due = doubts_.due();
    if (!closing_) due = (std::min)(due, spooling_.due());
    return due == never ? never : (std::max)(due, pauses_.due());
  }
  /// One request at most. Afterwards there may be a batch under way.
  void run_errand(std::uint64_t now, std::uint64_t limit) {
    if (busy()) return;
    if (doubts_.due() <= now) return ask_back(limit);
    if (closing_) return;
    // For OTLP a lost answer is repeated. The engine is asked; until it has accepted something it can't be.
    const std::uint64_t doubt_age = engine_profile() ? believed_after : 0;
    const auto found = spooling_.take(now_.spans, doubt_age, !engine_profile() || doubts_.has_witness() || !doubts_.possible());
    if (found == spooling::taken::nothing) return;
    if (found == spooling::taken::pending || !engine_profile()) return resume(true, false);
    now_.spooled = true;
    if (!doubts_.possible()) return leave_unconfirmed();
    if (doubts_.holds_any() && !doubts_.has_room(now_.spans.bytes.size())) {
      spooling_.put_off();
      return now_.clear();
    }
    doubts_.add(std::move(now_.spans), true, spooling_.age(), now);
    now_.clear();
  }
  /// Spans about which the engine is asked, or will be.
  bool in_doubt() const noexcept { return !doubts_.empty(); }

  /// The end: what can be is set aside on disk, the rest is forgotten. Returns how many spans that were. Never throws.
  std::uint64_t discard() {
    if (in_flight_) now_.parts.again(flying_);
    try_to([this] { return set_aside(), true; });
    in_flight_ = false;
    while (spooling_.on() && !busy() && displays_.any_ahead()) {
      take_ahead();
      now_.begin();
      try_to([this] { return set_aside(), true; });
    }
    const std::uint64_t left = now_.spooled ? 0 : spans();
    now_.clear();
    doubts_.drain(clock_(), [this](batch&& b, bool spooled, std::uint64_t age) {
      if (spooled) return spooling_.doubt();
      now_.spans = std::move(b);
      const std::size_t spans = now_.spans.spans.size();
      const bool kept = try_to([&] { return encode({0, spans, 0}, encoding::protobuf) && spooling_.put(request_.body(), spans, true, age); });
      count(kept ? counters_.spooled : counters_.unconfirmed, spans);
      now_.clear();
    });
    spooling_.doubt();
    return left + displays_.discard();
  }
  const spooling& spool() const noexcept { return spooling_; }
  /// What lies with the doubts is taken off the pool's limit.
  void share(pool& blocks) noexcept { doubts_.share(blocks); }
  /// In a forked child, on the parent's: what lies with its doubts is the parent's memory and files.
  void drop_inherited() noexcept {
    doubts_.give_back();
    spooling_.drop_inherited();
  }
  /// From here on nothing is sent any more: begin() sets everything aside. False: there is no spool.
  bool only_set_aside() noexcept {
    away_ = spooling_.on();
    return away_;
  }

 private:
  using part = halving::part;
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  static std::uint64_t nanoseconds(std::chrono::milliseconds t) { return static_cast<std::uint64_t>(t.count()) * 1000000U; }
  bool engine_profile() const { return settings_.where.profile == profile::arthur && settings_.sink == sink::endpoint; }

  void wait(std::uint64_t now, std::uint64_t at_least = 0) { pauses_.wait(now, at_least, random_()); }
  void went_well() {
    pauses_.succeed();
    away_ = false;
  }
  bool encode(const part& p, encoding as) {
    request_.collect(now_.spans, p.first, p.count);
    return request_.encode(as);
  }

  void send(std::uint64_t deadline) {
    part p = now_.parts.take();
    if (!encode(p, preparation_.known())) {
      // No memory for the request: smaller ones may fit.
      if (p.count > 1) return now_.parts.halve(p);
      return finish(p.count, fate::failed);
    }
    if (now_.spooled && !spooling_.mark_sent()) {
      now_.parts.again(p);
      set_aside();
      return spooling_.pause();
    }
    count(counters_.requests);
    if (p.failures != 0 || pauses_.repeating()) count(counters_.retries);
    in_flight_ = true;
    flying_ = p;
    judge(p, main_->send(request_.to_send(settings_), deadline, outcome_.answer, outcome_.error));
    in_flight_ = false;
  }

  void judge(const part& p, transport_result result) {
    switch (result) {
      case transport_result::not_sent:
        now_.parts.again(p);
        say_unreachable(says_, outcome_.error, spans());
        return nothing_gets_through();
      case transport_result::unanswered:
        return unanswered(p, outcome_.error);
      case transport_result::answered:
        return answered(p);
    }
  }

  void unanswered(const part& p, std::string_view why) {
    if (settings_.sink == sink::endpoint && may_repeat(errand::spans, settings_.where.profile)) {
      // OTLP: a lost answer is repeated, duplicates are the receiver's business.
      now_.parts.again(p);
      say_unreachable(says_, outcome_.error, spans());
      return nothing_gets_through();
    }
    says_.say(diagnostics::topic::unconfirmed, severity::warning,
              text_line(p.count, " spans were sent to ", origin(settings_.where.traces), " without an answer (", why, "); ",
                        doubts_.possible() ? "the engine is asked what it has of them"
                                           : "they aren't sent again, because the engine would store them twice"));
    // The endpoint may be in trouble: the next request can wait a little.
    wait(clock_());
    if (!now_.spooled) return doubts_.possible() && doubt(p) ? finish(p.count) : finish(p.count, fate::unconfirmed);
    // What is left of the file is in doubt from here on.
    now_.parts.again(p);
    if (doubts_.possible()) return set_aside();
    now_.gather();
    static_cast<void>(keep_rest());
    leave_unconfirmed();
  }

  /// Copies a part over to the doubts, or into the spool where they have no room. False: neither has any.
  bool doubt(const part& p) {
    if (!doubts_.has_room(now_.spans.bytes.size())) {
      if (!spooling_.on() || !encode(p, encoding::protobuf) || !spooling_.put(request_.body(), p.count, true, 0)) return false;
      count(counters_.spooled, p.count);
      return true;
    }
    batch b;
    for (std::size_t n = p.first; n < p.first + p.count; ++n) {
      if (!b.append(now_.spans, now_.spans.spans[n])) return false;
    }
    doubts_.add(std::move(b), false, 0, clock_());
    return true;
  }

  void ask_back(std::uint64_t limit) {
    doubts_.step(
        clock_, limit, random_(),
        [this](doubts::finding found, std::size_t spans, bool spooled, bool all) {
          const bool stored = found == doubts::finding::stored;
          count(counters_.of(stored ? fate::delivered : fate::unconfirmed, spooled), spans);
          if (!stored) say_unconfirmed(says_, spans);
          if (!spooled || !all) return;
          stored ? spooling_.delivered() : spooling_.unconfirmed();
        },
        [this](batch&& b, bool spooled) {
          now_.spans = std::move(b);
          resume(spooled, spooled);
        });
  }
  void resume(bool spooled, bool shortened) {
    restart(clock_());
    now_.resume(spooled, shortened, settings_.max_batch_spans);
  }

  void restart(std::uint64_t now) noexcept {
    started_ = now;
    pauses_.begin();
  }

  void leave_unconfirmed() {
    say_unconfirmed(says_, spans());
    count(counters_.of(fate::unconfirmed, true), spans());
    spooling_.unconfirmed();
    now_.clear();
  }

  void answered(part p) {
    const response& a = outcome_.answer;
    switch (classify(a.status, settings_.sink == sink::endpoint ? settings_.where.profile : profile::otlp, preparation_.proven())) {
      case verdict::delivered:
      case verdict::partial:
        if (engine_profile() && is_web_page(a)) return unanswered(p, "a web page came instead; is that the engine's address?");
        return accepted(p);
      case verdict::wrong_encoding:
        // The probe was answered, but real spans are not read: the other encoding, once.
        preparation_.change();
        says_.say(diagnostics::topic::protocol, severity::info,
                  text_line("the endpoint answered ", a.status, " to spans; trying the other encoding"));
        return now_.parts.again(p);
      case verdict::retry_later:
        refused();
        // A gateway lost sight of the request. After 504 the engine works on it still; after 502 it was mostly away, so who
        // can't ask sends it again.
        if (engine_profile() && (a.status == 504 || (a.status == 502 && doubts_.possible()))) return unanswered(p, text_line("the gateway answered ", a.status));
        ++p.failures;
        now_.parts.again(p);
        return nothing_gets_through(retry_after(a));
      case verdict::split:
        refused();
        // Once more before it is taken apart: a 500 may pass.
        if (p.failures == 0 && p.count == now_.spans.spans.size()) {
          ++p.failures;
          now_.parts.again(p);
          return wait(clock_());
        }
        return now_.parts.refused(p);
      case verdict::too_large:
        refused();
        if (p.count > 1) return now_.parts.halve(p);
        return finish(p.count, fate::rejected);
      case verdict::rejected_all:
      case verdict::unauthorized:
      case verdict::give_up:
        refused();
        says_.rejected(read_rejection(a.body, a.content_type).reason);
        // Data that the engine can't read (400): one bad span must not take the others along.
        if (a.status == 400 && engine_profile() && p.count > 1) return now_.parts.halve(p);
        went_well();
        return finish(p.count, settings_.sink == sink::endpoint ? fate::rejected : fate::failed);
    }
  }

  void accepted(const part& p) {
    went_well();
    preparation_.prove();
    now_.parts.accepted();
    spooling_.look_again();
    const rejection r = read_rejection(outcome_.answer.body, outcome_.answer.content_type);
    const std::uint64_t rejected = (std::min)(r.spans, static_cast<std::uint64_t>(p.count));
    if (rejected != 0) {
      says_.rejected(r.reason);
      says_.say(diagnostics::topic::refusal, severity::warning,
                text_line(rejected, " of ", p.count, " spans were refused by the endpoint: ", r.reason));
    } else {
      doubts_.witness(now_.spans, p.first);
    }
    count(counters_.of(fate::rejected, now_.spooled), rejected);
    count(counters_.of(fate::delivered, now_.spooled), p.count - rejected);
    finish(p.count);
  }

  /// All parts of a level were sent.
  void next_level() {
    const auto next = now_.parts.end_level([this] {
      says_.say(diagnostics::topic::poison, severity::warning,
                "a span was dropped: the engine answers 500 to it alone and accepts its siblings");
      finish(1, fate::rejected);
    });
    if (next != halving::next::outage) return;
    now_.gather();
    now_.held = !now_.spooled;
    says_.say(diagnostics::topic::connection, severity::warning,
              text_line(origin(settings_.where.traces), " answers 500 to everything; ", now_.spans.spans.size(), " spans are held (",
                   advice(500, settings_.where.profile), ")"));
    nothing_gets_through();
  }

  /// The endpoint takes nothing now. With a spool what is under way is set aside until it does.
  void nothing_gets_through(std::uint64_t at_least = 0) {
    wait(clock_(), at_least);
    in_flight_ = false;
    if (!spooling_.on()) return;
    away_ = true;
    set_aside();
  }

  bool keep_rest() { return !now_.shorter || (encode({0, spans(), 0}, encoding::protobuf) && spooling_.keep(request_.body())); }
  /// Into the spool, or back into it, with what is left. Otherwise it is held.
  void set_aside() {
    if (!busy() || !spooling_.on()) return;
    now_.gather();
    const std::size_t left = spans();
    if (now_.spooled) {
      // Where the file can't be shortened, what is gone from it must be asked for next time.
      if (keep_rest() && !in_flight_) spooling_.release();
      else spooling_.doubt();
    } else {
      if (!encode({0, left, 0}, encoding::protobuf) || !spooling_.put(request_.body(), left, in_flight_, 0)) return;
      count(counters_.spooled, left);
    }
    now_.clear();
  }

  /// OTLP bounds one export with all its retries; the engine's spans wait as long as the process lives.
  void give_up_in_time(std::uint64_t now) {
    if (!busy() || engine_profile() || pauses_.due() == 0) return;
    if ((std::max)(now, pauses_.due()) - started_ < nanoseconds(settings_.export_timeout)) return;
    finish(spans(), fate::failed);
    pauses_.end();
  }

  void finish(std::size_t spans) {
    if (!now_.judge(spans)) return;
    if (now_.spooled) spooling_.delivered();
    now_.clear();
  }
  void finish(std::size_t spans, fate f) {
    count(counters_.of(f, now_.spooled), spans);
    finish(spans);
  }

  void refused() { say_refused(says_, settings_, outcome_); }

  const settings& settings_;
  delivery_counters& counters_;
  diagnostics& says_;
  std::uint64_t (*clock_)();  // steady nanoseconds
  std::uint64_t (*random_)();
  std::unique_ptr<transport> main_;
  std::unique_ptr<transport> engine_;  // the engine's other routes

  outcome outcome_;  // of the newest request
  preparation preparation_;
  spooling spooling_;
  doubts doubts_;
  displays displays_;

  consignment now_;  // under way
  bool away_ = false;  // with a spool: fresh batches go there
  bool closing_ = false;
  bool in_flight_ = false;  // flying_ is out and not judged: seen where memory ended in between
  part flying_{};
  pauses pauses_;
  std::uint64_t started_ = 0;
  request_parts request_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
