// spooling.hpp: the spool as delivery uses it: opened when it is first needed, one file at a time, and told about.
#ifndef ARTHUR_RUNTIME_SPOOLING_HPP
#define ARTHUR_RUNTIME_SPOOLING_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "../config.hpp"
#include "../platform/clock.hpp"
#include "../policy/settings.hpp"
#include "../spool/spool.hpp"
#include "../text_line.hpp"
#include "batch.hpp"
#include "diagnostics.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

class spooling {
 public:
  enum class taken { nothing, pending, in_doubt };
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  spooling(const settings& s, delivery_counters& counters, diagnostics& says, std::uint64_t (*clock)(), std::uint64_t (*unix_clock)())
      : counters_(counters), says_(says), clock_(clock), unix_clock_(unix_clock), due_(s.spool_directory.empty() ? never : 0) {
    if (s.spool_directory.empty()) return;
    spool_.reset(new spool({s.spool_directory, s.spool_max_bytes, s.spool_max_age}, unix_clock));
  }

  /// There is one. (Whether it can be written is seen when it is.)
  bool on() const noexcept { return spool_ != nullptr; }
  /// Files that wait in it, as last seen.
  std::size_t files() const noexcept { return spool_ == nullptr ? 0 : spool_->waiting(); }
  /// The directory can't be used.
  bool failed() const noexcept { return failed_; }
  /// When take() may find something; steady nanoseconds.
  std::uint64_t due() const noexcept { return claim_.held() ? never : due_; }

  /// Spans are accepted: now and then what other processes left is looked for.
  void look_again() noexcept {
    if (on() && due_ == never && clock_() - looked_ > long_rest) due_ = clock_();
  }

  /// The oldest file's spans. Of those in doubt only one last sent `doubt_age` ago, and none unless `doubts`.
  taken take(batch& to, std::uint64_t doubt_age, bool doubts) {
    const std::uint64_t now = clock_();
    looked_ = now;
    due_ = now + rest;
    if (!open()) return taken::nothing;
    count(counters_.expired, spool_->expire());
    const std::uint64_t unix_now = unix_clock_();
    const bool found = spool_->take(claim_, doubts && unix_now > doubt_age ? unix_now - doubt_age : 0);
    tell();
    if (!found) {
      due_ = next(now, unix_now, doubt_age, doubts);
      return taken::nothing;
    }
    due_ = now;
    if (!load(to)) {
      to.clear();
      if (claim_.in_doubt()) doubt();
      else release();
      pause();
      return taken::nothing;
    }
    return claim_.in_doubt() ? taken::in_doubt : taken::pending;
  }
  /// Nanoseconds since the file that is held was last sent.
  std::uint64_t age() const noexcept {
    const std::uint64_t now = unix_clock_();
    return now > claim_.sent_at() ? now - claim_.sent_at() : 0;
  }

  /// Keeps an encoded request of so many spans; `in_doubt`: sent `age` nanoseconds ago. False: it isn't on disk.
  bool put(const buffer& request, std::size_t spans, bool in_doubt, std::uint64_t age) {
    if (!open()) return false;
    text_line why;
    const bool kept = spool_->put(request, in_doubt ? unix_clock_() - age : 0, why) == spool::result::ok;
    if (kept) {
      due_ = (std::min)(due_, clock_());
    } else {
      says_.say(diagnostics::topic::spool, severity::warning, text_line(why, "; ", spans, " spans stay in memory"));
    }
    tell();
    return kept;
  }

  // What becomes of the file that is held.

  /// Before each sending. False: it mustn't be sent.
  bool mark_sent() { return claim_.mark_sent(unix_clock_()); }
  /// After an ending: nothing is taken for a while.
  void pause() noexcept { due_ = clock_() + rest; }
  void put_off() {
    doubt();
    pause();
  }
  bool keep(const buffer& request) {
    const bool kept = claim_.keep(request);
    tell();
    return kept;
  }
  void delivered() { end(&spool_claim::delivered); }
  void release() { end(&spool_claim::release); }
  void doubt() { end(&spool_claim::doubt); }
  void unconfirmed() { end(&spool_claim::unconfirmed); }

  /// In a forked child, on the parent's.
  void drop_inherited() noexcept {
    if (spool_ != nullptr) spool_->drop_inherited();
  }

 private:
  static constexpr std::uint64_t rest = 30000000000;  // before the next look after trouble

  static constexpr std::uint64_t long_rest = 300000000000;

  bool open() {
    if (spool_ == nullptr) return false;
    if (open_) return true;
    text_line why;
    open_ = spool_->open(why);
    failed_ = !open_;
    if (failed_) says_.say(diagnostics::topic::spool, severity::warning, why);
    tell();
    return open_;
  }

  std::uint64_t next(std::uint64_t now, std::uint64_t unix_now, std::uint64_t doubt_age, bool doubts) const noexcept {
    const std::uint64_t sent = spool_->next_doubt();
    if (sent == never || !doubts) return spool_->waiting() == 0 ? never : now + rest;
    return sent + doubt_age > unix_now ? now + (sent + doubt_age - unix_now) : now + rest;
  }

  bool load(batch& to) {
    to.clear();
    const spool_content& from = claim_.content();
    bool good = true;
    for (std::size_t n = 0; n < from.groups.size(); ++n) {
      good = good && to.resources.push_back({to.resource_bytes.size(), from.groups[n].size}) &&
             to.resource_bytes.append(from.groups[n].data, from.groups[n].size);
    }
    for (std::size_t n = 0; n < from.spans.size(); ++n) {
      const span_piece& s = from.spans[n];
      good = good && to.spans.push_back({s.group, to.bytes.size(), s.size}) && to.bytes.append(s.data, s.size);
    }
    return good;
  }

  void end(void (spool_claim::*ending)() noexcept) {
    if (!claim_.held()) return;
    (claim_.*ending)();
    due_ = (std::max)((std::min)(due_, clock_()), std::uint64_t{1});
    tell();
  }

  void tell() {
    if (const text_line note = spool_->note(); !note.empty()) says_.say(diagnostics::topic::spool, severity::warning, note);
  }

  delivery_counters& counters_;
  diagnostics& says_;
  std::uint64_t (*clock_)();  // steady nanoseconds
  std::uint64_t (*unix_clock_)();
  std::unique_ptr<spool> spool_;  // null: there is none
  spool_claim claim_;             // after it, so that it goes first
  bool open_ = false;
  bool failed_ = false;
  std::uint64_t due_;
  std::uint64_t looked_ = 0;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
