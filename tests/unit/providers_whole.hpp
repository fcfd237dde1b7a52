// providers_whole.hpp: a request and its answer through a dialect: the whole attribute map as lines, at every cut of the bytes.
#ifndef ARTHUR_TESTS_PROVIDERS_WHOLE_HPP
#define ARTHUR_TESTS_PROVIDERS_WHOLE_HPP

#ifndef ARTHUR_WITH_JSON
#define ARTHUR_WITH_JSON
#endif
#include <arthur/providers/answer_reader.hpp>
#include <arthur/providers/dialects.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace golden {

namespace providers = arthur::detail::providers;
using lines = std::vector<std::string>;

inline std::string shown(const std::string& value) { return value; }
inline std::string shown(bool value) { return value ? "true" : "false"; }
inline std::string shown(std::int64_t value) { return "#" + std::to_string(value); }
inline std::string shown(double value) { return "#" + providers::dump(value); }
inline std::string shown(const std::vector<double>& value) { return "#" + providers::dump(value); }

/// "key = value" each, sorted; "#" stands before a number. Of a key that is there twice the last counts, as in a span.
inline lines shown(const providers::attribute_list& found) {
  lines out;
  for (const auto& one : found.found()) {
    out.erase(std::remove_if(out.begin(), out.end(), [&](const std::string& line) { return line.substr(0, one.key.size() + 3) == one.key + " = "; }), out.end());
    out.push_back(one.key + " = " + std::visit([](const auto& value) { return shown(value); }, one.value));
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// Sets what the request at `url` and its answer say. The answer's bytes come in steps of `step`; 0: all at once.
struct exchange {
  lines request, answer;
  std::string folded;  // the answer as it is put together
  std::string failure;

  exchange(std::string_view url, std::string_view request_body, std::string_view bytes, std::size_t step = 0) {
    const providers::route where(url);
    const providers::json body = providers::parse(request_body);
    const providers::request_view view{where, body};
    const providers::dialect* const format = providers::dialect_of(view);
    REQUIRE(format != nullptr);
    providers::attribute_list found;
    format->describe_request(view, found);
    request = shown(found);
    providers::answer_reader reader(*format, std::size_t{1} << 20);
    if (step == 0) step = bytes.size();
    for (std::size_t n = 0; n < bytes.size(); n += step) reader.feed(bytes.substr(n, step));
    reader.finish(true);
    providers::attribute_list told;
    format->describe_answer(view, reader.answer(), told);
    answer = shown(told);
    folded = providers::dump(reader.answer());
    failure = reader.failure();
  }
};

/// All of it, no stray key.
inline void check(const lines& got, lines expected) {
  std::sort(expected.begin(), expected.end());
  for (const std::string& line : got) {
    if (std::find(expected.begin(), expected.end(), line) == expected.end()) FAIL_CHECK("not expected: ", line);
  }
  for (const std::string& line : expected) {
    if (std::find(got.begin(), got.end(), line) == got.end()) FAIL_CHECK("missing: ", line);
  }
  CHECK(got.size() == expected.size());
}

/// The answer's attributes, the same at steps of 1 byte, 7 bytes and all at once.
inline exchange check_answer(std::string_view url, std::string_view request, std::string_view bytes, const lines& expected) {
  const exchange whole(url, request, bytes);
  check(whole.answer, expected);
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}}) {
    const exchange cut(url, request, bytes, step);
    CHECK(cut.answer == whole.answer);
    CHECK(cut.folded == whole.folded);
    CHECK(cut.failure == whole.failure);
  }
  return whole;
}

/// A stream of server-sent events, one for each text.
inline std::string events(std::initializer_list<const char*> data, const char* end = "\n") {
  std::string out;
  for (const char* const one : data) out += std::string("data: ") + one + end + end;
  return out;
}

}  // namespace golden

#endif
