// instrument_settings.hpp: what hooks into HTTP clients may do: which are switched off, and which hosts get trace context.
#ifndef ARTHUR_POLICY_INSTRUMENT_SETTINGS_HPP
#define ARTHUR_POLICY_INSTRUMENT_SETTINGS_HPP

#include <string>
#include <string_view>
#include <vector>

#include "../config.hpp"
#include "../options.hpp"
#include "environment.hpp"
#include "text.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct instrument_settings {
  std::vector<std::string> disabled;      ///< of instrument_names
  std::vector<std::string> propagate_to;  ///< lower case
  bool include_usage = false;
};

/// The hooks, then the wire formats: dialect::name of each. They are compiled where there is JSON; the names hold anywhere.
inline constexpr std::string_view instrument_names[] = {"httplib", "openai", "anthropic", "google_genai", "ollama"};

namespace resolving {

/// A name or an address, without scheme, user, port and path.
inline bool is_host(std::string_view name) noexcept {
  const bool in_brackets = name.size() > 2 && name.front() == '[' && name.back() == ']';
  if (in_brackets) name = name.substr(1, name.size() - 2);
  for (const char c : name) {
    const bool letter = text::lower(c) >= 'a' && text::lower(c) <= 'z';
    if (!letter && !text::is_digit(c) && c != '.' && c != '-' && c != '_' && !(in_brackets && c == ':')) return false;
  }
  return !name.empty() && name.front() != '.';
}

/// A name that is no host is an error in code; in the environment it is ignored.
inline std::string resolve_instrument(const options& given, const environment& env, warning_list& warnings, instrument_settings& out) {
  out.include_usage = given.include_usage;
  for (std::string_view list = env.get("ARTHUR_INSTRUMENT_DISABLED"); !list.empty();) {
    const std::string_view name = text::take_name(list);
    if (name.empty()) continue;
    std::string names;
    bool known = false;
    for (const std::string_view one : instrument_names) {
      names += (names.empty() ? "" : ", ") + std::string(one);
      if (!text::equal_nocase(name, one)) continue;
      known = true;
      out.disabled.emplace_back(one);
    }
    if (!known) ignored(warnings, "ARTHUR_INSTRUMENT_DISABLED", name, "the known names are " + names);
  }
  const bool in_code = !text::trim(given.propagate_to).empty();
  constexpr const char* rule = "write names of hosts, such as tools.example.com, without scheme and port";
  for (std::string_view list = in_code ? text::trim(given.propagate_to) : env.get("ARTHUR_PROPAGATE_TO"); !list.empty();) {
    const std::string_view name = text::take_name(list);
    if (name.empty()) continue;
    if (is_host(name)) {
      out.propagate_to.emplace_back(name);
      for (char& c : out.propagate_to.back()) c = text::lower(c);
    } else if (in_code) {
      return "options.propagate_to names " + text::shown(name) + ", which is no host; " + rule;
    } else {
      ignored(warnings, "ARTHUR_PROPAGATE_TO", name, rule);
    }
  }
  return {};
}

}  // namespace resolving
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
