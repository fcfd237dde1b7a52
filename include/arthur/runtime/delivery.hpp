// delivery.hpp: brings one batch to its end: delivered, refused, unconfirmed, or held until the endpoint is back.
#ifndef ARTHUR_RUNTIME_DELIVERY_HPP
#define ARTHUR_RUNTIME_DELIVERY_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../config.hpp"
#include "../otlp/envelope.hpp"
#include "../policy/answer.hpp"
#include "../policy/retry.hpp"
#include "../policy/settings.hpp"
#include "../text_line.hpp"
#include "../transport/transport.hpp"
#include "batch.hpp"
#include "diagnostics.hpp"
#include "preparation.hpp"
#include "resources.hpp"
#include "side_outputs.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A state machine that never sleeps: each step sends one request at most, then says when the next one is due. Clock and
/// randomness are passed in.
///
/// A batch is delivered in parts. At first it is one part. When the engine answers 500 twice the part is halved, level by
/// level: all parts of a level are sent; those refused are halved for the next one. A single span that is refused is
/// poison if a sibling of its level was accepted; where two levels running nothing was accepted it is an outage, and
/// everything left is put together again and held. (Arthur Engine stores nothing of a request that it answers with 500.)
class delivery {
 public:
  delivery(const settings& s, resources& groups, delivery_counters& counters, diagnostics& says, std::uint64_t (*clock)(),
           std::uint64_t (*random)())
      : settings_(s), groups_(groups), counters_(counters), says_(says), clock_(clock), random_(random), preparation_(s, groups, says, outcome_) {
    // Parts are not more than spans, and one span may be carried into a full batch: none of these ever grows.
    const std::size_t most = s.max_batch_spans + 1;
    pieces_.reserve(most);
    for (std::vector<part>* list : {&level_, &failing_, &former_}) list->reserve(most);
  }

  /// Takes the memory that it will ever have, where none may be taken later. False: there is none.
  bool fix() noexcept {
    // What is held and one more; no byte of a span becomes more than six in JSON.
    return batch_.fix(settings_.max_batch_spans + 1, 2 * settings_.max_batch_bytes) && body_.fix(6 * settings_.max_batch_bytes + 16384) &&
           (sides_ == nullptr || sides_->fix());
  }

  void use(std::unique_ptr<transport> main, std::unique_ptr<transport> engine, std::unique_ptr<side_outputs> sides) {
    main_ = std::move(main);
    engine_ = std::move(engine);
    sides_ = std::move(sides);
  }

  bool busy() const noexcept { return !batch_.empty(); }
  /// Whether fresh spans may join what is held, so that a poisonous span finds accepted siblings.
  bool holding() const noexcept { return held_; }
  std::uint64_t due() const noexcept { return due_; }
  /// Ends a pause: the next step tries at once.
  void hurry() noexcept { due_ = 0; }
  std::size_t spans() const noexcept { return batch_.spans.size() - finished_; }
  batch& waiting() noexcept { return batch_; }
  /// What is shown beside the main transport, or alone; may be null.
  side_outputs* sides() noexcept { return sides_.get(); }

  /// Takes responsibility for what is in waiting().
  void begin(std::uint64_t now) {
    const bool written = show(batch_, shown_, now);
    shown_ = batch_.spans.size();
    if (!held_) started_ = now;
    finished_ = 0;
    held_ = false;
    level_.clear();
    failing_.clear();
    level_.push_back({0, batch_.spans.size(), 0});
    if (main_ == nullptr) finish_all(written ? counters_.delivered : counters_.failed);
  }

  /// One request, at `now` (steady nanoseconds), to be answered before `limit`.
  void step(std::uint64_t now, std::uint64_t limit) {
    if (!busy() || now < due_) return;
    // OTLP bounds the whole export, the engine's profile each attempt.
    const std::uint64_t from = engine_profile() ? now : started_;
    const std::uint64_t deadline = (std::min)(limit, from + nanoseconds(settings_.export_timeout));
    if (!preparation_.done()) {
      std::uint64_t pause = 0;
      if (!preparation_.ask(*main_, engine_.get(), deadline, spans(), pause)) {
        wait(clock_(), pause);
        return give_up_in_time(clock_());
      }
      went_well();
    }
    if (level_.empty()) return next_level(now);
    send(deadline);
    if (busy() && level_.empty()) next_level(clock_());
    if (busy()) give_up_in_time(clock_());
  }

  // While the main transport makes us wait, the side outputs needn't: spans are taken and shown ahead, and kept in order.

  bool may_look_ahead(bool at_end = false) const noexcept {
#ifdef ARTHUR_NO_HEAP
    static_cast<void>(at_end);
    return false;  // it takes memory
#else
    return sides_ != nullptr && main_ != nullptr && (at_end || ahead_bytes_ < most_ahead);
#endif
  }
  bool any_ahead() const noexcept { return !ahead_.empty(); }
  /// To be filled. Here, so that it is counted wherever memory ends.
  batch& next_ahead() noexcept { return next_ahead_; }
  /// Shows it, then keeps it; leaves it empty.
  void keep_ahead(std::uint64_t now) {
    show(next_ahead_, 0, now);
    const std::size_t size = next_ahead_.bytes.size();
    ahead_.push_back(std::move(next_ahead_));
    ahead_bytes_ += size;
    next_ahead_ = batch();
  }
  /// Moves the oldest batch to waiting(), unless what is held there leaves no room.
  void take_ahead() {
    batch& oldest = ahead_.front();
    const std::size_t size = oldest.bytes.size();
    if (batch_.empty()) {
      batch_ = std::move(oldest);
    } else {
      if (batch_.spans.size() + oldest.spans.size() > settings_.max_batch_spans || batch_.bytes.size() + size > settings_.max_batch_bytes) return;
      for (std::size_t n = 0; n < oldest.spans.size(); ++n) {
        if (!batch_.append(oldest, oldest.spans[n])) count(counters_.failed);
      }
    }
    shown_ = batch_.spans.size();
    ahead_bytes_ -= size;
    ahead_.pop_front();
  }

  /// The end: forgets whatever is left. Returns how many spans that were.
  std::uint64_t discard() {
    std::uint64_t left = spans();
    if (left != 0) finish(spans());
    for (const batch& b : ahead_) left += b.spans.size();
    ahead_.clear();
    left += next_ahead_.spans.size();
    next_ahead_.clear();
    ahead_bytes_ = 0;
    return left;
  }

 private:
  struct part {
    std::size_t first;
    std::size_t count;
    unsigned failures;
  };

  static std::uint64_t nanoseconds(std::chrono::milliseconds t) { return static_cast<std::uint64_t>(t.count()) * 1000000U; }
  bool engine_profile() const { return settings_.where.profile == profile::arthur && settings_.sink == sink::endpoint; }

  void wait(std::uint64_t now, std::uint64_t at_least = 0) {
    due_ = now + (std::max)(at_least, backoff(attempt_++, random_()) * 1000000U);
  }
  void went_well() {
    attempt_ = 0;
    due_ = 0;
  }

  void collect(const batch& b, std::size_t first, std::size_t count) {
    pieces_.clear();
    groups_.begin_request();
    for (std::size_t n = first; n < first + count; ++n) {
      const batch::entry& e = b.spans[n];
      pieces_.push_back({groups_.known(e.group), b.bytes.data() + e.at, e.size});
    }
  }

  bool encode(const part& p, encoding as) {
    collect(batch_, p.first, p.count);
    body_.clear();
    return append_request(body_, as, pieces_.data(), pieces_.size(), groups_.views(), groups_.count());
  }

  void send(std::uint64_t deadline) {
    part p = level_.back();
    level_.pop_back();
    if (!encode(p, preparation_.known())) {
      // No memory for the request: smaller ones may fit.
      if (p.count > 1) return halve(p);
      return finish(p.count, counters_.failed);
    }
    request r;
    r.target = settings_.where.traces.target.empty() ? "/" : settings_.where.traces.target.c_str();
    r.content_type = preparation_.known() == encoding::json ? "application/json" : "application/x-protobuf";
    r.body = body_.data();
    r.body_size = body_.size();
    r.spans = p.count;
    const response& a = outcome_.answer;
    const std::string& error = outcome_.error;
    count(counters_.requests);
    if (p.failures != 0 || attempt_ != 0) count(counters_.retries);
    const transport_result result = main_->send(r, deadline, outcome_.answer, outcome_.error);
    const std::uint64_t now = clock_();  // pauses count from the answer
    switch (result) {
      case transport_result::not_sent:
        unreachable(error);
        level_.push_back(p);
        return wait(now);
      case transport_result::unanswered:
        return unanswered(p, now, error);
      case transport_result::answered:
        return answered(p, now, a, error);
    }
  }

  void unanswered(const part& p, std::uint64_t now, const std::string& error) {
    if (settings_.sink == sink::endpoint && may_repeat(errand::spans, settings_.where.profile)) {
      unreachable(error);
      level_.push_back(p);
      return wait(now);
    }
    says_.say(diagnostics::topic::unconfirmed, severity::warning,
              text_line(p.count, " spans were sent to ", origin(settings_.where.traces),
                   " without an answer; they aren't sent again, because the engine would store them twice (", error, ")"));
    finish(p.count, counters_.unconfirmed);
    // The endpoint may be in trouble: the next request can wait a little.
    if (busy()) wait(now);
  }

  void answered(part p, std::uint64_t now, const response& a, const std::string& error) {
    switch (classify(a.status, settings_.sink == sink::endpoint ? settings_.where.profile : profile::otlp, preparation_.proven())) {
      case verdict::delivered:
      case verdict::partial:
        return accepted(p, a);
      case verdict::wrong_encoding:
        // The probe was answered, but real spans are not read: the other encoding, once.
        preparation_.change();
        says_.say(diagnostics::topic::protocol, severity::info,
                  text_line("the endpoint answered ", a.status, " to spans; trying the other encoding"));
        return level_.push_back(p);
      case verdict::retry_later:
        refused(a, error);
        ++p.failures;
        level_.push_back(p);
        return wait(now, retry_after(a));
      case verdict::split:
        refused(a, error);
        // Once more before it is taken apart: a 500 may pass.
        if (p.failures == 0 && p.count == batch_.spans.size()) {
          ++p.failures;
          level_.push_back(p);
          return wait(now);
        }
        return failing_.push_back(p);
      case verdict::too_large:
        refused(a, error);
        if (p.count > 1) return halve(p);
        return finish(p.count, counters_.rejected);
      case verdict::rejected_all:
      case verdict::unauthorized:
      case verdict::give_up:
        refused(a, error);
        // Data that the engine can't read (400): one bad span must not take the others along.
        if (a.status == 400 && engine_profile() && p.count > 1) return halve(p);
        went_well();
        return finish(p.count, settings_.sink == sink::endpoint ? counters_.rejected : counters_.failed);
    }
  }

  void accepted(const part& p, const response& a) {
    went_well();
    preparation_.prove();
    level_accepted_ = true;
    const rejection r = read_rejection(a.body, a.content_type);
    const std::uint64_t rejected = (std::min)(r.spans, static_cast<std::uint64_t>(p.count));
    if (rejected != 0) {
      says_.say(diagnostics::topic::refusal, severity::warning,
                text_line(rejected, " of ", p.count, " spans were refused by the endpoint: ", r.reason));
    }
    count(counters_.rejected, rejected);
    count(counters_.delivered, p.count - rejected);
    finish(p.count);
  }

  void halve(const part& p) {
    const std::size_t half = p.count / 2;
    level_.push_back({p.first + half, p.count - half, p.failures});
    level_.push_back({p.first, half, p.failures});
  }

  /// All parts of a level were sent and some were refused with 500.
  void next_level(std::uint64_t now) {
    if (failing_.empty()) return;
    dry_levels_ = level_accepted_ ? 0 : dry_levels_ + 1;
    const bool outage = dry_levels_ >= 3;  // the whole batch (twice), its halves, its quarters
    former_.clear();
    former_.swap(failing_);
    bool all_single = true;
    for (const part& p : former_) {
      if (p.count == 1 && level_accepted_) {
        says_.say(diagnostics::topic::poison, severity::warning,
                  "a span was dropped: the engine answers 500 to it alone and accepts its siblings");
        finish(1, counters_.rejected);
        continue;
      }
      all_single = all_single && p.count == 1;
      if (outage || p.count == 1) {
        failing_.push_back(p);
      } else {
        halve(p);
      }
    }
    level_accepted_ = false;
    if (!busy()) return;
    if (outage || (level_.empty() && all_single)) hold(now);
    else if (!failing_.empty()) {
      level_.insert(level_.end(), failing_.begin(), failing_.end());
      failing_.clear();
    }
  }

  /// Nothing is accepted: an outage. What is left becomes one part again.
  void hold(std::uint64_t now) {
    former_.clear();
    former_.swap(failing_);
    former_.insert(former_.end(), level_.begin(), level_.end());
    std::sort(former_.begin(), former_.end(), [](const part& a, const part& b) { return a.first < b.first; });
    std::size_t left = 0;
    for (const part& p : former_) left += p.count;
    const part* at = former_.data();
    std::size_t passed = 0;  // spans of the parts before it
    batch_.keep(left, [&at, &passed](std::size_t n) {
      while (n - passed >= at->count) passed += at++->count;
      return at->first + (n - passed);
    });
    shown_ = batch_.spans.size();
    finished_ = 0;
    level_.assign(1, part{0, batch_.spans.size(), 0});
    dry_levels_ = 0;
    held_ = true;
    says_.say(diagnostics::topic::connection, severity::warning,
              text_line(origin(settings_.where.traces), " answers 500 to everything; ", batch_.spans.size(), " spans are held (",
                   advice(500, settings_.where.profile), ")"));
    wait(now);
  }

  /// OTLP bounds one export with all its retries; the engine's spans wait as long as the process lives.
  void give_up_in_time(std::uint64_t now) {
    if (engine_profile() || due_ == 0) return;
    if ((std::max)(now, due_) - started_ < nanoseconds(settings_.export_timeout)) return;
    finish_all(counters_.failed);
    due_ = 0;
  }

  void finish(std::size_t spans) {
    finished_ += spans;
    if (finished_ < batch_.spans.size()) return;
    batch_.clear();
    shown_ = 0;
    batch_.bytes.shrink(std::size_t{2} << 20);
    level_.clear();
    failing_.clear();
    finished_ = 0;
    dry_levels_ = 0;
    held_ = false;
    level_accepted_ = false;
  }
  void finish(std::size_t spans, std::atomic<std::uint64_t>& as) {
    count(as, spans);
    finish(spans);
  }
  void finish_all(std::atomic<std::uint64_t>& as) { finish(spans(), as); }

  /// Gives the side outputs the spans that they haven't had yet (those that were held were shown before). False: not
  /// all was written, or there are no such outputs.
  bool show(const batch& b, std::size_t first, std::uint64_t now) {
    if (sides_ == nullptr) return false;
    collect(b, first, b.spans.size() - first);
    return pieces_.empty() || sides_->take(pieces_, groups_.views(), groups_.count(), now);
  }

  void unreachable(const std::string& error) { say_unreachable(says_, error, spans()); }
  void refused(const response& a, const std::string& error) {
    if (settings_.sink == sink::endpoint) {
      say_refused(says_, settings_, a);
    } else {
      says_.say(diagnostics::topic::refusal, severity::warning, error);
    }
  }

  const settings& settings_;
  resources& groups_;
  delivery_counters& counters_;
  diagnostics& says_;
  std::uint64_t (*clock_)();  // steady nanoseconds
  std::uint64_t (*random_)();
  std::unique_ptr<transport> main_;
  std::unique_ptr<transport> engine_;  // the engine's other routes
  std::unique_ptr<side_outputs> sides_;

  outcome outcome_;  // of the newest request
  preparation preparation_;

  batch batch_;
  std::size_t finished_ = 0;       // spans of it that are judged
  std::size_t shown_ = 0;          // spans of it that sides_ got
  static constexpr std::size_t most_ahead = std::size_t{8} << 20;
  batch next_ahead_;
  std::deque<batch> ahead_;        // shown already, to be delivered after batch_
  std::size_t ahead_bytes_ = 0;
  std::vector<part> level_;   // still to send on this level
  std::vector<part> failing_;
  std::vector<part> former_;  // failing_ while the next level is made of it
  bool level_accepted_ = false;
  unsigned dry_levels_ = 0;  // levels running in which nothing was accepted
  bool held_ = false;
  unsigned attempt_ = 0;
  std::uint64_t due_ = 0;
  std::uint64_t started_ = 0;
  buffer body_;
  std::vector<span_piece> pieces_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
