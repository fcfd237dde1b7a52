// environment.hpp: typed reading of environment variables by the rules of the OpenTelemetry specification.
#ifndef ARTHUR_POLICY_ENVIRONMENT_HPP
#define ARTHUR_POLICY_ENVIRONMENT_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../config.hpp"
#include "../options.hpp"
#include "text.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What the surroundings say. Passed in, so that reading it is a pure function and tests need no setenv.
struct environment {
  const char* (*lookup)(void* user, const char* name) = nullptr;  ///< nullptr when there is no such variable
  void* user = nullptr;
  const char* program = "";  ///< the executable's name without its path; "" where there is none
  bool ignore_otel = false;  ///< OTEL_CONFIG_FILE is set: no other OTEL_ variable counts

  /// The trimmed value; empty means the same as unset, for every variable.
  std::string_view get(const char* name) const {
    if (lookup == nullptr) return {};
    if (ignore_otel && std::string_view(name).substr(0, 5) == "OTEL_") return {};
    const char* value = lookup(user, name);
    return value == nullptr ? std::string_view() : text::trim(value);
  }

  /// The first of two variables that is set, and its name.
  std::string_view get(const char* first, const char* second, const char*& name) const {
    const std::string_view value = get(first);
    name = value.empty() ? second : first;
    return value.empty() ? get(second) : value;
  }
};

using warning_list = std::vector<std::string>;

inline void ignored(warning_list& warnings, const char* name, std::string_view value, const std::string& why) {
  warnings.push_back(std::string(name) + "=" + text::shown(value) + " is ignored: " + why);
}

/// Only "true", in any case, is true; another value is false and worth a warning.
inline bool read_bool(const environment& env, const char* name, warning_list& warnings) {
  const std::string_view value = env.get(name);
  if (value.empty() || text::equal_nocase(value, "false")) return false;
  if (text::equal_nocase(value, "true")) return true;
  warnings.push_back(std::string(name) + "=" + text::shown(value) + " counts as false: write true or false");
  return false;
}

/// True when the variable is set to a number in [least, most]. Anything else is never read as 0.
inline bool read_unsigned(const environment& env, const char* name, std::uint64_t least, std::uint64_t most,
                          std::uint64_t& out, warning_list& warnings) {
  const std::string_view value = env.get(name);
  if (value.empty()) return false;
  std::uint64_t number = 0;
  if (text::parse_unsigned(value, number) && number >= least && number <= most) {
    out = number;
    return true;
  }
  ignored(warnings, name, value, "write a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return false;
}

/// Adds a name or replaces its value. Names of headers have no case, keys of attributes have.
inline void put_pair(std::vector<header>& list, std::string_view name, std::string_view value, bool any_case = false) {
  for (header& h : list) {
    if (any_case ? text::equal_nocase(h.name, name) : h.name == name) {
      h.value = std::string(value);
      return;
    }
  }
  list.push_back(header{std::string(name), std::string(value)});
}

inline const std::string* find_pair(const std::vector<header>& list, std::string_view name, bool any_case = false) {
  for (const header& h : list) {
    if (any_case ? text::equal_nocase(h.name, name) : h.name == name) return &h.value;
  }
  return nullptr;
}

inline void erase_pair(std::vector<header>& list, std::string_view name, bool any_case = false) {
  for (std::size_t i = list.size(); i-- > 0;) {
    if (any_case ? text::equal_nocase(list[i].name, name) : list[i].name == name) {
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

/// Calls `take(key, value)` for each member of `k=v,k2=v2`, both trimmed; an empty member is skipped. `take` returns
/// false to stop, and so does split_pairs when a member has no '=' or no key (value: the member).
template <class Take, class Malformed>
inline bool split_pairs(std::string_view list, Take take, Malformed malformed) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view member = text::trim(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    if (member.empty()) continue;
    const std::size_t equals = member.find('=');
    const std::string_view key = text::trim(member.substr(0, equals));
    const bool good = equals != std::string_view::npos && !key.empty();
    if (!(good ? take(key, text::trim(member.substr(equals + 1))) : malformed(member))) return false;
  }
  return true;
}

/// "" or why a request may not carry this header. Never shows the value.
inline std::string check_header(std::string_view name, std::string_view value, const char* source) {
  const std::string who = std::string(source) + ": the header " + text::shown(name);
  if (name.empty()) return who + " has no name";
  for (const char c : name) {
    const bool token = text::is_digit(c) || (text::lower(c) >= 'a' && text::lower(c) <= 'z') ||
                       std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    if (!token) return who + " has a character that header names don't have; use letters, digits and '-'";
  }
  for (const char c : value) {
    if (text::is_control(c) && c != '\t') {
      return who + " has a line break or control character in its value; remove it";
    }
  }
  for (const char* own : {"Host", "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding",
                          "Connection", "Expect", "User-Agent"}) {
    if (text::equal_nocase(name, own)) return who + " is written by arthur itself; remove it";
  }
  return {};
}

/// Headers as `k=v,k2=v2`, values percent-decoded. A member without '=' is skipped with a warning, one that can't be
/// sent is an error: without it the request would be refused, or say something else than was meant.
inline std::string read_headers(std::string_view list, const char* name, std::vector<header>& out,
                                warning_list& warnings) {
  std::string error;
  split_pairs(
      list,
      [&](std::string_view key, std::string_view value) {
        std::string decoded;
        if (!text::percent_decode(value, decoded)) {
          warnings.push_back(std::string(name) + ": the value of " + text::shown(key) +
                             " is sent as it is: write '%' as %25");
          decoded = std::string(value);
        }
        error = check_header(key, decoded, name);
        if (error.empty()) put_pair(out, key, decoded, true);
        return error.empty();
      },
      [&](std::string_view) {
        // The member itself isn't shown: it may be a key somebody forgot to name.
        warnings.push_back(std::string(name) + ": a member without '=' is ignored: write name=value,name2=value2");
        return true;
      });
  return error;
}

/// Resource attributes as `k=v,k2=v2`, percent-decoded. Any error discards the whole variable.
inline std::vector<header> read_resource_attributes(const environment& env, warning_list& warnings) {
  const char* name = "OTEL_RESOURCE_ATTRIBUTES";
  const std::string_view value = env.get(name);
  std::vector<header> out;
  const bool good = split_pairs(
      value,
      [&](std::string_view key, std::string_view text_value) {
        std::string decoded_key;
        std::string decoded_value;
        if (!text::percent_decode(key, decoded_key) || !text::percent_decode(text_value, decoded_value)) return false;
        put_pair(out, decoded_key, decoded_value);
        return true;
      },
      [](std::string_view) { return false; });
  if (good) return out;
  ignored(warnings, name, value, "write key=value,key2=value2 with ',' '=' and '%' percent-encoded");
  return {};
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
