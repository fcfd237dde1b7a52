// dialects.cpp: any request and any answer through any dialect: nothing is thrown, nothing stored twice, memory is bounded.
#include <cstdlib>
#include <new>

#ifdef FUZZ_ALONE
// A dialect that runs into a type error of nlohmann_json ends the process of a program without exceptions: so here, too.
#define JSON_THROW_USER(exception) std::abort()
#endif
#define ARTHUR_WITH_JSON
#include <arthur/providers/answer_reader.hpp>
#include <arthur/providers/dialects.hpp>

#include <string>
#include <variant>
#include <vector>

#include "fuzz.hpp"

using namespace arthur::detail::providers;

namespace {

constexpr std::size_t limit = 2000, table_size = sizeof dialects / sizeof dialects[0];

void promise_good(const attribute_list& found) {
  for (const auto& one : found.found()) {
    fuzz::promise(!one.key.empty(), "an attribute has a key");
    const auto* const text = std::get_if<std::string>(&one.value);
    fuzz::promise(text == nullptr || !text->empty(), "no attribute is empty", one.key);
    const auto* const count = std::get_if<std::int64_t>(&one.value);
    fuzz::promise(count == nullptr || *count >= 0, "no count is negative", one.key);
  }
}

std::string answered(const dialect& format, const request_view& view, const std::string& bytes, std::size_t step) {
  answer_reader reader(format, limit);
  for (std::size_t n = 0; n < bytes.size(); n += step) reader.feed(std::string(bytes, n, step));
  reader.finish(true);
  attribute_list found;
  format.describe_answer(view, reader.answer(), found);
  promise_good(found);
  fuzz::promise(weight(reader.answer()) <= 8 * limit, "what is put together is bounded", bytes);
  failure_of(500, reader.answer(), reader.raw().text());
  return dump(reader.answer()) + reader.failure();
}

}  // namespace

// The first byte picks the dialect; then a line with the path, a line with the request; the rest is the answer.
FUZZ_TARGET(dialects) {
  fuzz::taker from(data, size);
  const dialect& format = *dialects[from.below(table_size)];
  const route where(from.line());
  const json request = parse(from.line());
  const std::string bytes = from.rest();
  const request_view view{where, request};
  format.claims(view);
  format.streams(view);
  attribute_list found;
  format.describe_request(view, found);
  promise_good(found);
  const std::string whole = answered(format, view, bytes, bytes.size() + 1);
  fuzz::promise(whole == answered(format, view, bytes, 1), "an answer is the same byte by byte", bytes);
}
