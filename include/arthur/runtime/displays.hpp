// displays.hpp: hands each batch to the side outputs once, ahead of the main transport where that makes us wait.
#ifndef ARTHUR_RUNTIME_DISPLAYS_HPP
#define ARTHUR_RUNTIME_DISPLAYS_HPP

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "../config.hpp"
#include "../policy/settings.hpp"
#include "batch.hpp"
#include "consignment.hpp"
#include "diagnostics.hpp"
#include "request_parts.hpp"
#include "resources.hpp"
#include "side_outputs.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// While the main transport makes us wait, the side outputs needn't: spans are taken and shown ahead, and kept in order.
class displays {
 public:
  displays(const settings& s, resources& groups, delivery_counters& counters) : settings_(s), counters_(counters), parts_(groups) {
    parts_.reserve(s.max_batch_spans + 1);
  }
  void use(std::unique_ptr<side_outputs> sides) { sides_ = std::move(sides); }
  bool fix() noexcept { return sides_ == nullptr || sides_->fix(); }

  /// What is shown beside the main transport, or alone; may be null.
  side_outputs* get() noexcept { return sides_.get(); }
  /// Shows the spans of `b` from `first` on. False: not all was written, or there are no such outputs.
  bool show(const batch& b, std::size_t first, std::uint64_t now) {
    if (sides_ == nullptr) return false;
    parts_.collect(b, first, b.spans.size() - first);
    return parts_.pieces().empty() || sides_->take(parts_.pieces(), parts_.groups(), parts_.group_count(), now);
  }

  bool may_look_ahead(bool at_end) const noexcept {
#ifdef ARTHUR_NO_HEAP
    static_cast<void>(at_end);
    return false;  // it takes memory
#else
    return sides_ != nullptr && (at_end || ahead_bytes_ < most_ahead);
#endif
  }
  bool any_ahead() const noexcept { return !ahead_.empty(); }
  /// To be filled. Here, so that it is counted wherever memory ends.
  batch& next_ahead() noexcept { return next_; }
  /// Shows it, then keeps it; leaves it empty.
  void keep_ahead(std::uint64_t now) {
    show(next_, 0, now);
    const std::size_t size = next_.bytes.size();
    ahead_.push_back(std::move(next_));
    ahead_bytes_ += size;
    next_ = batch();
  }
  /// Moves the oldest batch to `to`, unless what is held there leaves no room.
  void take_ahead(consignment& to) {
    batch& oldest = ahead_.front();
    const std::size_t size = oldest.bytes.size();
    if (to.empty()) {
      to.spans = std::move(oldest);
    } else {
      if (to.spans.spans.size() + oldest.spans.size() > settings_.max_batch_spans || to.spans.bytes.size() + size > settings_.max_batch_bytes) return;
      for (std::size_t n = 0; n < oldest.spans.size(); ++n) {
        if (!to.spans.append(oldest, oldest.spans[n])) count(counters_.failed);
      }
    }
    to.shown = to.spans.spans.size();
    ahead_bytes_ -= size;
    ahead_.pop_front();
  }
  /// Forgets what was shown ahead; returns how many spans that were.
  std::uint64_t discard() {
    std::uint64_t left = next_.spans.size();
    for (const batch& b : ahead_) left += b.spans.size();
    ahead_.clear();
    next_.clear();
    ahead_bytes_ = 0;
    return left;
  }

 private:
  static constexpr std::size_t most_ahead = std::size_t{8} << 20;

  const settings& settings_;
  delivery_counters& counters_;
  request_parts parts_;
  std::unique_ptr<side_outputs> sides_;
  batch next_;
  std::deque<batch> ahead_;  // shown already
  std::size_t ahead_bytes_ = 0;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
