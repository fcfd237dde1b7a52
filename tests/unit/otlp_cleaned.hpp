// otlp_cleaned.hpp: cleans spans for tests, and takes apart what came out.
#ifndef ARTHUR_TESTS_OTLP_CLEANED_HPP
#define ARTHUR_TESTS_OTLP_CLEANED_HPP

#include <doctest/doctest.h>

#include <arthur/otlp/cleaning.hpp>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "otlp_support.hpp"

namespace otlp_test {

using arthur::detail::buffer;
using arthur::detail::clean_counts;
using arthur::detail::clean_outcome;

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
const std::string mark = "\xEF\xBF\xBD";

struct cleaned {
  clean_outcome outcome;
  std::string body;  // the span to send
  clean_counts counts;
};

inline cleaned clean(const std::string& body, const arthur::detail::clean_flags& flags = {}) {
  const std::vector<char> exact(body.begin(), body.end());
  buffer out;
  out.append("before");
  cleaned got{clean_outcome::unchanged, body, {}};
  got.outcome = clean_span(out, exact.data(), exact.size(), flags, got.counts);
  CHECK((got.outcome == clean_outcome::rewritten) == (out.size() != 6));
  CHECK((got.outcome == clean_outcome::rewritten) == (got.counts.total() != 0));
  if (got.outcome == clean_outcome::rewritten) got.body.assign(out.data() + 6, out.size() - 6);
  return got;
}

using attributes = std::vector<std::pair<std::string, std::string>>;

inline std::string span_with(const attributes& list) {
  std::string body = span_start();
  for (const auto& one : list) body += attribute(one.first, one.second);
  return body;
}

// The attributes of a span, each KeyValue as key and AnyValue bytes.
inline attributes attributes_of(const std::string& body) {
  attributes list;
  bool good = true;
  for (const field& one : fields(body, good)) {
    if (one.number != 9) continue;
    list.emplace_back();
    for (const field& part : fields(one.content, good)) {
      (part.number == 1 ? list.back().first : list.back().second) = part.content;
    }
  }
  CHECK(good);
  return list;
}

inline std::string nested(const std::string& open, int times, const std::string& core, const std::string& close) {
  std::string text;
  for (int i = 0; i < times; ++i) text += open;
  text += core;
  for (int i = 0; i < times; ++i) text += close;
  return text;
}

inline std::string dotted(int parts) {
  std::string key = "a";
  while (--parts != 0) key += ".a";
  return key;
}

inline field last_of(const std::string& body, unsigned number) {
  bool good = true;
  field found;
  for (const field& one : fields(body, good)) {
    if (one.number == number) found = one;
  }
  return found;
}

}  // namespace otlp_test

#endif
