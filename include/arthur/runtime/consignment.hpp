// consignment.hpp: the batch under way: its parts, where it came from, and how many of its spans are judged.
#ifndef ARTHUR_RUNTIME_CONSIGNMENT_HPP
#define ARTHUR_RUNTIME_CONSIGNMENT_HPP

#include <cstddef>
#include <utility>
#include <vector>

#include "../config.hpp"
#include "../policy/halving.hpp"
#include "batch.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct consignment {
  batch spans;
  halving parts;
  bool held = false;      ///< it waits for the endpoint, and fresh spans may join it
  bool spooled = false;   ///< it is in the file that is claimed
  bool shorter = false;   ///< that file has spans which are judged
  std::size_t shown = 0;  ///< spans that the side outputs got

  /// Parts are not more than spans: after this they take no memory.
  void reserve(std::size_t most) {
    parts.reserve(most);
    kept_.reserve(most);
  }

  bool empty() const noexcept { return spans.empty(); }
  /// Spans that aren't judged.
  std::size_t left() const noexcept { return spans.spans.size() - judged_; }

  /// What is in `spans` is to be sent, at most so many of it at once.
  void begin(std::size_t most = ~std::size_t{0}) {
    judged_ = 0;
    parts.begin(spans.spans.size(), most);
  }
  /// What was shown before: it comes back from the doubts or the spool.
  void resume(bool from_spool, bool shortened, std::size_t most) {
    spooled = from_spool;
    shorter = shortened;
    shown = spans.spans.size();
    begin(most);
  }
  /// True: that was the last of them.
  bool judge(std::size_t count) noexcept {
    judged_ += count;
    return judged_ >= spans.spans.size();
  }

  /// What is left becomes one part again.
  void gather() {
    if (empty()) return;
    kept_.clear();
    parts.gather([this](std::size_t first, std::size_t count) {
      for (std::size_t n = first; n < first + count; ++n) kept_.push_back(n);
    });
    shorter = shorter || kept_.size() != spans.spans.size();
    spans.keep(kept_.size(), [this](std::size_t n) { return kept_[n]; });
    shown = spans.spans.size();
    begin();
  }

  void clear() {
    spans.clear();
    spans.bytes.shrink(std::size_t{2} << 20);
    parts.clear();
    held = spooled = shorter = false;
    judged_ = shown = 0;
  }

 private:
  std::size_t judged_ = 0;
  std::vector<std::size_t> kept_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
