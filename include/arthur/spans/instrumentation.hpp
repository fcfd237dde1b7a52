// instrumentation.hpp: what the hooks into HTTP clients ask while the runtime runs: the settings of the last start().
#ifndef ARTHUR_SPANS_INSTRUMENTATION_HPP
#define ARTHUR_SPANS_INSTRUMENTATION_HPP

#include <algorithm>
#include <atomic>
#include <string_view>

#include "../config.hpp"
#include "../policy/instrument_settings.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Kept for ever, because a call that reads them may outlast the runtime.
struct installed_instrumentation {
  instrument_settings settings;
  installed_instrumentation* former;

  bool disables(std::string_view name) const noexcept {
    return std::find(settings.disabled.begin(), settings.disabled.end(), name) != settings.disabled.end();
  }
  /// `host` in lower case: one of those named, or below it.
  bool propagates_to(std::string_view host) const noexcept {
    return std::any_of(settings.propagate_to.begin(), settings.propagate_to.end(), [host](std::string_view named) {
      if (host.size() < named.size() || host.substr(host.size() - named.size()) != named) return false;
      return host.size() == named.size() || host[host.size() - named.size() - 1] == '.';
    });
  }
  bool is(const instrument_settings& given) const noexcept {
    return settings.disabled == given.disabled && settings.propagate_to == given.propagate_to && settings.include_usage == given.include_usage;
  }
};

ARTHUR_SHARED inline std::atomic<const installed_instrumentation*> the_instrumentation{nullptr};

/// Before recording begins. One start() at a time.
inline void install_instrumentation(const instrument_settings& given) {
  static installed_instrumentation* newest = nullptr;
  installed_instrumentation* found = newest;
  while (found != nullptr && !found->is(given)) found = found->former;
  if (found == nullptr) found = newest = new installed_instrumentation{given, newest};
  // Release pairs with the acquire of whoever looks: the settings are complete.
  the_instrumentation.store(found, std::memory_order_release);
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
