// shown_ahead.hpp: batches that the side outputs have shown while the main transport made us wait, kept in order for it.
#ifndef ARTHUR_RUNTIME_SHOWN_AHEAD_HPP
#define ARTHUR_RUNTIME_SHOWN_AHEAD_HPP

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "../config.hpp"
#include "batch.hpp"
#include "diagnostics.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

class shown_ahead {
 public:
#ifdef ARTHUR_NO_HEAP
  static constexpr bool possible = false;  // it takes memory
#else
  static constexpr bool possible = true;
#endif

  bool any() const noexcept { return !batches_.empty(); }
  bool full() const noexcept { return bytes_ >= most_bytes; }
  /// To be filled. Here, so that it is counted wherever memory ends.
  batch& next() noexcept { return next_; }
  /// Keeps next(), and leaves it empty.
  void keep() {
    const std::size_t size = next_.bytes.size();
    batches_.push_back(std::move(next_));
    bytes_ += size;
    next_ = batch();
  }
  /// Moves the oldest batch to `to`, unless what is held there leaves no room.
  void take(batch& to, std::size_t max_spans, std::size_t max_bytes, delivery_counters& counters) {
    batch& oldest = batches_.front();
    const std::size_t size = oldest.bytes.size();
    if (to.empty()) {
      to = std::move(oldest);
    } else {
      if (to.spans.size() + oldest.spans.size() > max_spans || to.bytes.size() + size > max_bytes) return;
      for (std::size_t n = 0; n < oldest.spans.size(); ++n) {
        if (!to.append(oldest, oldest.spans[n])) count(counters.failed);
      }
    }
    bytes_ -= size;
    batches_.pop_front();
  }
  /// Forgets everything; returns how many spans that were.
  std::uint64_t discard() {
    std::uint64_t left = next_.spans.size();
    for (const batch& b : batches_) left += b.spans.size();
    batches_.clear();
    next_.clear();
    bytes_ = 0;
    return left;
  }

 private:
  static constexpr std::size_t most_bytes = std::size_t{8} << 20;
  batch next_;
  std::deque<batch> batches_;
  std::size_t bytes_ = 0;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
