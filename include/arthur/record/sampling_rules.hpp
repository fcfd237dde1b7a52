// sampling_rules.hpp: options::sampling_rules as spans look them up.
#ifndef ARTHUR_RECORD_SAMPLING_RULES_HPP
#define ARTHUR_RECORD_SAMPLING_RULES_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../config.hpp"
#include "../options.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What the sampling bits of a trace that is recorded are not above. The bits are never 0, so a ratio of 0 takes nothing.
/// 2^64 isn't a double's neighbour: 1 means all.
inline std::uint64_t sampling_threshold(double ratio) noexcept {
  return ratio >= 1.0 ? ~std::uint64_t{0} : static_cast<std::uint64_t>(ratio * 18446744073709549568.0);
}

inline bool matches(std::string_view pattern, std::string_view name) noexcept {
  if (pattern.empty()) return false;
  const std::size_t size = pattern.size() - 1;
  if (pattern.back() == '*') return name.substr(0, size) == pattern.substr(0, size);
  if (pattern.front() == '*') return name.size() >= size && name.substr(name.size() - size) == pattern.substr(1);
  return name == pattern;
}

inline bool same(const sampling_rule& a, const sampling_rule& b) noexcept {
  return a.any_kind == b.any_kind && (a.any_kind || a.kind == b.kind) && a.name == b.name && !(a.ratio < b.ratio || b.ratio < a.ratio);
}

/// Never changed and never freed once it is installed: a thread may still read it while the next start() installs others.
struct sampling_rules {
  option_list<sampling_rule> list;
  sampling_rules* former = nullptr;  // so that equal ones are found again, and a leak checker sees that none is lost

  /// The first one that matches, or null.
  const sampling_rule* find(kind k, std::string_view name) const noexcept {
    for (const sampling_rule& r : list) {
      if ((r.any_kind || r.kind == k) && matches(r.name, name)) return &r;
    }
    return nullptr;
  }
  bool is(const option_list<sampling_rule>& other) const noexcept {
    std::size_t n = 0;
    while (n < list.size() && n < other.size() && same(list[n], other[n])) ++n;
    return n == list.size() && n == other.size();
  }
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
