// halving.hpp: which part of a batch is sent next, and which span is poison.
#ifndef ARTHUR_POLICY_HALVING_HPP
#define ARTHUR_POLICY_HALVING_HPP

#include <algorithm>
#include <cstddef>
#include <vector>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A batch is delivered in parts. At first it is one part. When the engine answers 500 twice the part is halved, level by
/// level: all parts of a level are sent; those refused are halved for the next one. A single span that is refused is
/// poison if a sibling of its level was accepted; where three levels running (the whole, its halves, its quarters) nothing
/// was accepted it is an outage. (Arthur Engine stores nothing of a request that it answers with 500.)
class halving {
 public:
  struct part {
    std::size_t first;
    std::size_t count;
    unsigned failures;
  };
  enum class next { parts, nothing, outage };

  /// Parts are not more than spans: after this no memory is taken.
  void reserve(std::size_t most) {
    for (std::vector<part>* list : {&level_, &failing_, &former_}) list->reserve(most);
  }
  /// In one part, or in several of `most` spans.
  void begin(std::size_t count, std::size_t most) {
    clear();
    most = (std::min)(most, count);
    for (std::size_t first = 0; first < count; first += most) level_.push_back({first, (std::min)(most, count - first), 0});
  }
  void clear() noexcept {
    level_.clear();
    failing_.clear();
    accepted_ = false;
    dry_levels_ = 0;
  }

  /// A part is to be sent on this level.
  bool ready() const noexcept { return !level_.empty(); }
  part take() noexcept {
    const part p = level_.back();
    level_.pop_back();
    return p;
  }

  // What became of the part that was taken; delivered or given up for good: nothing to say but accepted().

  void accepted() noexcept { accepted_ = true; }
  /// The same bytes once more.
  void again(const part& p) { level_.push_back(p); }
  /// At once, on the same level.
  void halve(const part& p) {
    const std::size_t half = p.count / 2;
    level_.push_back({p.first + half, p.count - half, p.failures});
    level_.push_back({p.first, half, p.failures});
  }
  /// Refused with 500, perhaps for one of its spans.
  void refused(const part& p) { failing_.push_back(p); }

  /// Once a level is sent: makes the next one. `poison(count)` is told of spans that nothing else can be the cause for.
  template <class Poison>
  next end_level(Poison poison) {
    if (failing_.empty()) return next::nothing;
    dry_levels_ = accepted_ ? 0 : dry_levels_ + 1;
    const bool outage = dry_levels_ >= 3;
    former_.clear();
    former_.swap(failing_);
    bool all_single = true;
    for (const part& p : former_) {
      if (p.count == 1 && accepted_) {
        poison();
        continue;
      }
      all_single = all_single && p.count == 1;
      if (outage || p.count == 1) {
        failing_.push_back(p);
      } else {
        halve(p);
      }
    }
    accepted_ = false;
    if (failing_.empty() && level_.empty()) return next::nothing;
    if (outage || (level_.empty() && all_single)) return next::outage;
    level_.insert(level_.end(), failing_.begin(), failing_.end());
    failing_.clear();
    return next::parts;
  }

  /// Gives up the division: calls `keep(first, count)` for each part that is left, in order.
  template <class Keep>
  void gather(Keep keep) {
    former_.clear();
    former_.swap(failing_);
    former_.insert(former_.end(), level_.begin(), level_.end());
    std::sort(former_.begin(), former_.end(), [](const part& a, const part& b) { return a.first < b.first; });
    for (const part& p : former_) keep(p.first, p.count);
    clear();
  }

 private:
  std::vector<part> level_;  // still to send on this level
  std::vector<part> failing_;
  std::vector<part> former_;  // failing_ while the next level is made of it
  bool accepted_ = false;     // anything of this level
  unsigned dry_levels_ = 0;   // levels running in which nothing was accepted
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
