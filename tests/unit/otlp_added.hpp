// otlp_added.hpp: adds to spans for tests, and takes apart what was added.
#ifndef ARTHUR_TESTS_OTLP_ADDED_HPP
#define ARTHUR_TESTS_OTLP_ADDED_HPP

#include <doctest/doctest.h>

#include <arthur/otlp/additions.hpp>
#include <string>
#include <vector>

#include "otlp_cleaned.hpp"
#include "otlp_support.hpp"

namespace otlp_test {

constexpr arthur::detail::span_limits no_limits;

inline arthur::detail::additions both(const arthur::detail::span_limits& limits = no_limits) { return {true, true, &limits}; }

/// The attributes that come behind `body`.
inline attributes added_to(const std::string& body, const arthur::detail::additions& wanted) {
  const std::vector<char> exact(body.begin(), body.end());
  buffer out;
  out.append("before");
  CHECK(append_additions(out, exact.data(), exact.size(), wanted));
  CHECK(!out.failed());
  return attributes_of(std::string(out.data() + 6, out.size() - 6));
}

inline attributes added_to(const attributes& span, const arthur::detail::additions& wanted) {
  return added_to(span_with(span), wanted);
}

inline std::string value_of(const attributes& list, const std::string& key) {
  std::string found;
  for (const auto& one : list) {
    if (one.first == key) found = one.second;
  }
  return found;
}

}  // namespace otlp_test

#endif
