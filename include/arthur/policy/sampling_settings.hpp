// sampling_settings.hpp: which traces are recorded, from options and environment.
#ifndef ARTHUR_POLICY_SAMPLING_SETTINGS_HPP
#define ARTHUR_POLICY_SAMPLING_SETTINGS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "../options.hpp"
#include "environment.hpp"
#include "text.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct sampler {
  double ratio = 1.0;
  bool parent_based = true;  ///< a trace that began in another process is sampled as its flag says
};

/// Which traces are kept although the sampler left them out.
struct tail_rule {
  bool errors = false;
  std::uint64_t slower_than = 0;  ///< nanoseconds; 0: no such rule

  bool any() const noexcept { return errors || slower_than != 0; }
};

inline tail_rule tail_rule_of(const options& given) noexcept {
  return {given.keep_errors, static_cast<std::uint64_t>(given.keep_slower_than.count()) * 1000000U};
}

/// What is held is put together on the heap.
#ifdef ARTHUR_NO_HEAP
constexpr bool tail_built_in = false;
#else
constexpr bool tail_built_in = true;
#endif

namespace resolving {

inline std::string out_of_range(const char* field, const std::string& rule) {
  return std::string("options.") + field + " is out of range: " + rule;
}

/// Written so that NaN isn't one.
inline bool is_share(double ratio) noexcept { return ratio >= 0.0 && ratio <= 1.0; }

/// A line that says what is wrong in code, or nothing.
inline std::string check_sampling(const options& given) {
  if (!is_share(given.sample_ratio)) return out_of_range("sample_ratio", "give 0 to 1");
  for (std::size_t n = 0; n < given.sampling_rules.size(); ++n) {
    const sampling_rule& rule = given.sampling_rules[n];
    const std::string which = "options.sampling_rules[" + std::to_string(n) + "]";
    if (rule.name.empty()) return which + " has no name: give the name of a span, or \"*\" for any";
    if (rule.name.find('*', 1) < rule.name.size() - 1 || (rule.name.size() > 1 && rule.name.front() == '*' && rule.name.back() == '*')) {
      return which + " has the name " + text::shown(rule.name) + ": give one * at most, as its first or its last character";
    }
    if (!is_share(rule.ratio)) return which + ", for " + text::shown(rule.name) + ", has the ratio " + std::to_string(rule.ratio) + ": give 0 to 1";
  }
  if (given.keep_slower_than < std::chrono::milliseconds(0) || given.keep_slower_than > std::chrono::hours(24)) {
    return out_of_range("keep_slower_than", "give 0 to 24 hours");
  }
  if (!tail_built_in && tail_rule_of(given).any()) {
    return "options.keep_errors and options.keep_slower_than hold traces on the heap, which a build with ARTHUR_NO_HEAP doesn't use; leave them out";
  }
  return {};
}

/// OTEL_TRACES_SAMPLER counts where the code leaves the ratio at its default.
inline sampler resolve_sampler(const options& given, const environment& env, warning_list& warnings) {
  sampler out;
  out.ratio = given.sample_ratio;
  constexpr const char* source = "OTEL_TRACES_SAMPLER";
  const std::string_view whole = env.get(source);
  if (given.sample_ratio < 1.0 || whole.empty()) return out;
  std::string_view name = whole;
  constexpr std::string_view family = "parentbased_";
  // Within the process decisions are made at the root and inherited: the families differ for traces from elsewhere.
  out.parent_based = text::equal_nocase(name.substr(0, family.size()), family);
  if (out.parent_based) name.remove_prefix(family.size());
  if (text::equal_nocase(name, "always_on")) return out;
  if (text::equal_nocase(name, "always_off")) {
    out.ratio = 0.0;
  } else if (text::equal_nocase(name, "traceidratio")) {
    const std::string_view argument = env.get("OTEL_TRACES_SAMPLER_ARG");
    double ratio = 1.0;
    if (argument.empty()) return out;
    if (text::parse_decimal(argument, ratio) && is_share(ratio)) {
      out.ratio = ratio;
    } else {
      ignored(warnings, "OTEL_TRACES_SAMPLER_ARG", argument, "write a number from 0 to 1");
    }
  } else {
    out.parent_based = true;
    const bool standard = text::equal_nocase(name, "jaeger_remote") || text::equal_nocase(whole, "xray");
    ignored(warnings, source, whole,
            standard ? "arthur asks no server what to sample; use [parentbased_]always_on, ..always_off or ..traceidratio"
                     : "use [parentbased_]always_on, ..always_off or ..traceidratio");
  }
  return out;
}

}  // namespace resolving
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
