// json.cpp: JSON that the engine decodes: nlohmann_json agrees on what is JSON, a judge finds nothing in what cleaning left.
#include <arthur/otlp/json_reader.hpp>
#include <arthur/otlp/json_repair.hpp>

#include <nlohmann/json.hpp>
#include <string>

#include "fuzz.hpp"
#include "support/otlp_decode.hpp"
#include "unit/otlp_judge.hpp"

using namespace arthur::detail;
using nlohmann::json;

namespace {

constexpr std::uint32_t unless_contents = ~std::uint32_t{json_bad_items};
/// What Python takes and nlohmann_json doesn't.
constexpr std::uint32_t pythons_own = json_nonfinite | json_lone_surrogate | json_long_integer;

/// A number that nlohmann_json finds too large for a double has that many digits.
bool has_long_number(const std::string& text) {
  std::size_t run = 0;
  for (const char c : text) {
    run = c >= '0' && c <= '9' ? run + 1 : 0;
    if (run > 300) return true;
  }
  return false;
}

void check_kept(const std::string& text, std::uint32_t watched) {
  arthur::detail::buffer out, spare;
  out.append("before");
  const bool json_still = append_storable_json(out, spare, text.data(), text.size(), watched);
  fuzz::promise(!out.failed() && out.size() >= 6, "there is memory");
  const std::string kept(out.data() + 6, out.size() - 6);
  const json_check check = check_json(kept.data(), kept.size());
  fuzz::promise((check.hazards & watched) == 0, "what is kept is storable", kept);
  const std::string why = otlp_test::json_refusal(kept, true);
  fuzz::promise(why.empty(), "a judge finds nothing to refuse", why + " in " + kept);
  fuzz::promise(support::valid_utf8(kept), "what is kept is UTF-8", kept);
  fuzz::promise(check.valid == json_still, "what stays JSON is JSON, the rest isn't", kept);
  if (!json_still) fuzz::promise(kept == plain_text_mark + text, "a plain text is all there", kept);
  if (json_still && (check_json(text.data(), text.size()).hazards & watched) == 0) fuzz::promise(kept == text, "what is good stays as it is", kept);
}

}  // namespace

FUZZ_TARGET(json) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const json_check got = check_json(text.data(), text.size());
  fuzz::promise(got.valid || (got.hazards & ~std::uint32_t{json_long_integer | json_too_deep}) == 0, "only a parser's own limits harm before the end");
  // Cleaning looks at valid UTF-8 without NUL only.
  if (!support::valid_utf8(text) || text.find('\0') != std::string::npos) return;
  const bool marked = text.compare(0, 3, "\xef\xbb\xbf") == 0;  // nlohmann_json takes a byte order mark, Python and RFC 8259 don't
  const bool theirs = nlohmann::json::accept(text);
  if (theirs && !marked) fuzz::promise(got.valid || (got.hazards & json_too_deep) != 0, "what is JSON is valid", text);
  if (got.valid && (got.hazards & pythons_own) == 0 && !has_long_number(text)) fuzz::promise(theirs, "what is valid is JSON", text);

  if ((got.hazards & unless_contents) == 0) {
    const std::string why = otlp_test::json_refusal(text, true);
    fuzz::promise(why.empty(), "what is harmless isn't refused", why + " in " + text);
  }
  check_kept(text, unless_contents);
  check_kept(text, ~std::uint32_t{0});
}
