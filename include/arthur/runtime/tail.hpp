// tail.hpp: traces that the sampler left out, held until they have failed, or ended and taken long, or neither.
#ifndef ARTHUR_RUNTIME_TAIL_HPP
#define ARTHUR_RUNTIME_TAIL_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <list>
#include <map>
#include <memory>

#include "../config.hpp"
#include "../platform/try_to.hpp"
#include "../platform/waker.hpp"
#include "../policy/sampling_settings.hpp"
#include "../record/layout.hpp"
#include "../record/recorder.hpp"
#include "../record/wire.hpp"
#include "batch.hpp"
#include "diagnostics.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// options::keep_errors and keep_slower_than. What is held and decided is the part of a trace that one local root (its
/// first span in this process) begins; a trace that comes by twice has two. An error decides at once: what came before it
/// is handed on and what comes later isn't held. Else it is decided when the sweep after the one that found the local root
/// is over (by then its children have been taken), or because it waited too long, or takes too much memory. What comes
/// later still follows the decision. Times are steady nanoseconds; how long a root took is the span clock's.
class tail {
 public:
  static constexpr std::uint64_t longest_wait = std::uint64_t{300} * 1000000000U;
  static constexpr std::size_t most_remembered = 4096;
  enum class verdict : std::uint8_t { keep, drop, hold };

  tail(const tail_rule& rule, std::size_t most_bytes, delivery_counters& counters) : rule_(rule), most_bytes_(most_bytes), counters_(counters) {}

  /// Null: there is no such rule. Takes memory from the heap for each trace.
  static std::unique_ptr<tail> make(const tail_rule& rule, std::size_t memory_limit, delivery_counters& counters) {
    return rule.any() ? std::unique_ptr<tail>(new tail(rule, memory_limit / 8, counters)) : nullptr;
  }

  /// What becomes of a span just taken. `hold`: it is to be copied to room(), and took() called.
  verdict judge(record& r, std::uint64_t sweep, std::uint64_t now) noexcept {
    const char* const head_at = r.first.content();
    part_key key;
    std::memcpy(key.data(), head_at + head::trace + 2, 16);
    const std::uint32_t number = r.flags >> record::local_root_shift;
    std::memcpy(key.data() + 16, &number, sizeof number);
    const auto known = decided_.find(key);
    if (known != decided_.end()) return known->second ? verdict::keep : drop(1);
    if (!try_to([&] { return find_or_make(key, now), true; })) {
      count(counters_.failed);
      return verdict::drop;
    }
    part& p = *current_;
    const std::uint64_t start = wire::get_fixed64(head_at + head::start + 1), end = wire::get_fixed64(head_at + head::end + 1);
    p.started = (std::min)(p.started, start);
    if (static_cast<span_status>(head_at[head::status + 3]) == span_status::error && rule_.errors) p.wanted = true;
    if ((r.flags & record::local_root) != 0) {
      p.root_sweep = sweep;
      p.root = p.spans.spans.size();
      if (rule_.slower_than != 0 && end - start > rule_.slower_than) p.wanted = true;
    }
    // Once the root is here the order counts: it goes after children that this sweep hasn't found yet.
    if (!p.wanted || p.root_sweep != 0) return verdict::hold;
    settle(current_, true);
    return verdict::keep;
  }
  batch& room() noexcept { return current_->spans; }
  /// The span judged last was copied to room(), or there was no memory for it.
  void took(bool copied) noexcept {
    if (!copied) return count(counters_.failed);
    counters_.held.fetch_add(1, std::memory_order_relaxed);
    const std::size_t cost = cost_of(*current_);
    bytes_ += cost - current_->cost;
    current_->cost = cost;
    while (bytes_ > most_bytes_) undecided_ += settle(held_.begin(), false);
  }

  /// A sweep is complete: decides what is due.
  void decide(std::uint64_t sweep, std::uint64_t now) noexcept {
    for (auto at = held_.begin(); at != held_.end();) {
      const auto p = at++;
      const bool rooted = p->root_sweep != 0 && (p->root_sweep < sweep || ending_);
      const bool waited = now - p->since >= longest_wait;
      if (!rooted && !waited && !ending_) continue;
      const std::size_t lost = settle(p, false);
      if (!rooted && waited) undecided_ += lost;
    }
  }
  /// From now on whatever is held is decided with each sweep: the end.
  void end() noexcept { ending_ = true; }

  /// Hands on what is kept, each local root last. False: `fits` said no first.
  template <class Fits, class Move>
  bool release(Fits fits, Move move) {
    for (; !kept_.empty(); kept_.pop_front()) {
      part& p = kept_.front();
      for (; p.sent < p.spans.spans.size(); ++p.sent) {
        const batch::entry& e = p.spans.spans[p.sent];
        if (!fits(e.size)) return false;
        counters_.held.fetch_sub(1, std::memory_order_relaxed);
        move(p.spans, e);
      }
    }
    return true;
  }

  /// When decide() has something to do that no span announces.
  std::uint64_t due() const noexcept { return held_.empty() ? waker::never : held_.front().since + longest_wait; }
  /// Spans left out, since the last call, because they waited too long or took too much memory.
  std::uint64_t take_undecided() noexcept {
    const std::uint64_t n = undecided_;
    undecided_ = 0;
    return n;
  }
  std::size_t most_bytes() const noexcept { return most_bytes_; }

  /// Forgets all that is held. Returns how many spans that were.
  std::uint64_t clear() noexcept {
    const std::uint64_t left = counters_.held.exchange(0, std::memory_order_relaxed);
    held_.clear();
    kept_.clear();
    by_key_.clear();
    bytes_ = 0;
    return left;
  }

 private:
  using part_key = std::array<unsigned char, 20>;  // trace id, number of the local root

  struct part {
    part_key key{};
    batch spans;
    std::uint64_t since = 0;                  // its first span was taken
    std::uint64_t started = ~std::uint64_t{0};  // the earliest start of its spans, by the span clock
    std::uint64_t root_sweep = 0;             // that found the local root; 0 = none yet
    std::size_t root = 0;                     // its number in `spans`
    std::size_t sent = 0;
    std::size_t cost = 0;
    bool wanted = false;
  };
  using part_list = std::list<part>;

  static std::size_t cost_of(const part& p) noexcept {
    return 256 + p.spans.bytes.capacity() + 2 * p.spans.spans.size() * sizeof(batch::entry);
  }

  verdict drop(std::uint64_t spans) noexcept {
    count(counters_.tail_dropped, spans);
    return verdict::drop;
  }

  void find_or_make(const part_key& key, std::uint64_t now) {
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) {
      current_ = found->second;
      return;
    }
    part_list made(1);
    made.front().key = key;
    made.front().since = now;
    by_key_.emplace(key, made.begin());
    current_ = made.begin();
    held_.splice(held_.end(), made);
  }

  /// Decides about a part. Returns how many spans went away with it.
  std::size_t settle(part_list::iterator p, bool keep) noexcept {
    keep = keep || p->wanted;
    // Still open, and long: so its root has taken long, whenever it ends.
    const std::uint64_t now = the_recorder.clock.now();
    if (rule_.slower_than != 0 && p->root_sweep == 0 && now > p->started && now - p->started > rule_.slower_than) keep = true;
    const std::size_t spans = p->spans.spans.size();
    bytes_ -= p->cost;
    by_key_.erase(p->key);
    remember(p->key, keep);
    if (!keep) {
      counters_.held.fetch_sub(spans, std::memory_order_relaxed);
      drop(spans);
      held_.erase(p);
      return spans;
    }
    batch::entry* const first = p->spans.spans.data();
    if (p->root_sweep != 0 && p->root < spans) std::rotate(first + p->root, first + p->root + 1, first + spans);
    kept_.splice(kept_.end(), held_, p);
    return 0;
  }

  /// Without memory it isn't remembered: what comes later is judged by itself.
  void remember(const part_key& key, bool keep) noexcept {
    try_to([&] {
      order_.push_back(key);
      if (order_.size() > most_remembered) {
        decided_.erase(order_.front());
        order_.pop_front();
      }
      decided_[key] = keep;
      return true;
    });
  }

  const tail_rule rule_;
  const std::size_t most_bytes_;
  delivery_counters& counters_;
  part_list held_;  // the oldest first
  part_list kept_;  // to be handed on
  std::map<part_key, part_list::iterator> by_key_;  // of held_
  std::map<part_key, bool> decided_;
  std::deque<part_key> order_;  // of decided_, the oldest first
  part_list::iterator current_{};
  std::size_t bytes_ = 0;  // of held_
  std::uint64_t undecided_ = 0;
  bool ending_ = false;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
