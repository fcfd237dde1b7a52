// token_sum.hpp: adds counts of tokens of which any may be missing.
#ifndef ARTHUR_PROVIDERS_TOKEN_SUM_HPP
#define ARTHUR_PROVIDERS_TOKEN_SUM_HPP

#include <cstdint>

#include "../config.hpp"
#include "json.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

/// What is no count, or negative, or too large to be added, isn't there.
class token_sum {
 public:
  token_sum() noexcept = default;
  template <class... Counts>
  explicit token_sum(const Counts*... counts) noexcept {
    (..., add(counts));
  }
  void add(const json* count) noexcept {
    std::int64_t number = 0;
    if (integer_of(count, number)) add(number);
  }
  void add(std::int64_t number) noexcept {
    if (number < 0 || number > INT64_MAX - value_) return;
    value_ += number;
    known_ = true;
  }
  /// Whether anything was there.
  bool known() const noexcept { return known_; }
  std::int64_t value() const noexcept { return value_; }

 private:
  std::int64_t value_ = 0;
  bool known_ = false;
};

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
