// configuration.hpp: the settings that options and this process's environment make now.
#ifndef ARTHUR_RUNTIME_CONFIGURATION_HPP
#define ARTHUR_RUNTIME_CONFIGURATION_HPP

#include <atomic>
#include <string>

#include "../config.hpp"
#include "../options.hpp"
#include "../platform/process.hpp"
#include "../policy/settings.hpp"
#include "../transport/https.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline const char* lookup_variable(void* reader, const char* name) { return static_cast<variable_reader*>(reader)->get(name); }

/// What arthur::start() works with. Files are looked at, too; nothing is sent.
inline settings configure(const options& given, warning_list& warnings) {
  environment surroundings;
  variable_reader variables;
  surroundings.lookup = lookup_variable;
  surroundings.user = &variables;
  const std::string program = program_name();
  surroundings.program = program.c_str();
  const https_support* const https = the_https.load(std::memory_order_relaxed);  // set before main
  settings made = resolve(given, surroundings, warnings, https != nullptr);
  if (made.error.empty() && https != nullptr) made.error = https->check(made.tls);
  return made;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
