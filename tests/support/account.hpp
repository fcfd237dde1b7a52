// account.hpp: what became of the spans, as the difference of two readings of arthur::stats().
#ifndef ARTHUR_TESTS_SUPPORT_ACCOUNT_HPP
#define ARTHUR_TESTS_SUPPORT_ACCOUNT_HPP

#include <arthur/arthur.hpp>

#include <cstdint>
#include <string>

namespace support {

struct account {
  std::uint64_t opened = 0, committed = 0, dropped = 0, delivered = 0, rejected = 0, failed = 0, unconfirmed = 0, discarded = 0;
  std::uint64_t tail_dropped = 0, spooled = 0, replayed = 0, replay_rejected = 0, replay_unconfirmed = 0, expired = 0;
  std::uint64_t open = 0, waiting = 0;  // now
  std::uint64_t dropped_by_reason = 0;

  /// Every span in exactly one place.
  bool closed() const {
    return opened == open + committed + dropped && dropped == dropped_by_reason &&
           committed == delivered + rejected + failed + unconfirmed + discarded + spooled + tail_dropped + waiting;
  }
  /// Spans in files of the spool whose fate is open, where nobody else uses the directory.
  std::uint64_t on_disk() const { return spooled - replayed - replay_rejected - replay_unconfirmed - expired; }
  std::string text() const {
    std::string s;
    const auto add = [&s](const char* name, std::uint64_t n) {
      if (n != 0) s += std::string(s.empty() ? "" : ", ") + name + " " + std::to_string(n);
    };
    add("opened", opened), add("open", open), add("dropped", dropped), add("committed", committed), add("delivered", delivered);
    add("waiting", waiting), add("rejected", rejected), add("failed", failed), add("unconfirmed", unconfirmed), add("discarded", discarded);
    add("tail_dropped", tail_dropped), add("spooled", spooled), add("replayed", replayed), add("replay_rejected", replay_rejected);
    add("replay_unconfirmed", replay_unconfirmed), add("expired", expired);
    return s;
  }
};

inline account account_now() {
  const arthur::statistics s = arthur::stats();
  account a;
  a.opened = s.opened, a.committed = s.committed, a.dropped = s.dropped, a.delivered = s.delivered, a.rejected = s.rejected;
  a.failed = s.failed, a.unconfirmed = s.unconfirmed, a.discarded = s.discarded, a.open = s.open, a.waiting = s.waiting;
  a.spooled = s.spooled, a.replayed = s.replayed, a.replay_rejected = s.replay_rejected;
  a.replay_unconfirmed = s.replay_unconfirmed, a.expired = s.expired;
  a.tail_dropped = s.tail_dropped;
  a.dropped_by_reason = s.dropped_pool_full + s.dropped_too_deep + s.dropped_scope_misuse + s.dropped_thread_exit + s.dropped_fork;
  return a;
}

/// What happened since `before`, when nothing was open and nothing waited.
inline account operator-(account now, const account& before) {
  now.opened -= before.opened, now.committed -= before.committed, now.dropped -= before.dropped, now.delivered -= before.delivered;
  now.rejected -= before.rejected, now.failed -= before.failed, now.unconfirmed -= before.unconfirmed, now.discarded -= before.discarded;
  now.spooled -= before.spooled, now.replayed -= before.replayed, now.replay_rejected -= before.replay_rejected;
  now.replay_unconfirmed -= before.replay_unconfirmed, now.expired -= before.expired;
  now.tail_dropped -= before.tail_dropped;
  now.dropped_by_reason -= before.dropped_by_reason;
  return now;
}

}  // namespace support

#endif
