// limits.hpp: how much of one span is kept.
#ifndef ARTHUR_POLICY_LIMITS_HPP
#define ARTHUR_POLICY_LIMITS_HPP

#include <cstddef>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct span_limits {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  std::size_t attributes = none;
  std::size_t length = none;  // characters of a text, bytes of a byte string
  std::size_t events = none;
  std::size_t links = none;
  std::size_t event_attributes = none;
  std::size_t link_attributes = none;
};

/// Where nothing is said: 10,000 attributes, as OpenInference has it, because 128 cut a long chat; the rest as
/// OpenTelemetry has it.
constexpr span_limits default_limits() noexcept { return {10000, span_limits::none, 128, 128, 128, 128}; }

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
