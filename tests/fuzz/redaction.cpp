// redaction.cpp: texts with and without secrets: a secret that is put in isn't there any more, other texts stay as they are.
#include <arthur/otlp/json_reader.hpp>
#include <arthur/otlp/redaction.hpp>

#include <algorithm>
#include <string>

#include "fuzz.hpp"

using namespace arthur::detail;
using arthur::redactor;

namespace {

std::string redacted(const std::string& text, redactor wanted) {
  secret_finder find(text, wanted);
  std::string out;
  std::size_t done = 0;
  for (secret s; find.next(s); done = s.end) {
    fuzz::promise(s.begin >= done && s.end > s.begin && s.end <= text.size(), "secrets follow each other inside the text", text);
    out.append(text, done, s.begin - done).append(s.quote).append(s.label).append(s.quote);
  }
  return out.append(text, done, std::string::npos);
}

const struct {
  redactor found_by;
  const char* text;
} planted[] = {
    {redactor::api_keys, "sk-Ab3dE6gH9jKlMn0pQr5tuV1wX2yZ3aB4cD5eF6gH"},
    {redactor::api_keys, "sk-ant-api03-Ab3dE6gH9jKlMn-pQr5tuV1wX2yZ3aB4cD5eF6gH"},
    {redactor::api_keys, "ghp_Ab3dE6gH9jKlMn0pQr5tuV1wX2yZ3aB4cD5eF6gH"},
    {redactor::api_keys, "AKIAIOSFODNN7EXAMPLE"},
    {redactor::api_keys, "{\"api_key\": \"s3cr3t\"}"},
    {redactor::api_keys, "MTIzZTQ1NjctZTg5Yi0xMmQzLWE0NTYtNDI2NjE0MTc0MDAwOnNvbWUtc2VjcmV0LW9mLXRoZS1lbmdpbmU="},
    {redactor::bearer_tokens, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"},
    {redactor::bearer_tokens, "Authorization: Bearer s3cr3t-s3cr3t"},
    {redactor::emails, "jane.doe@mail.example.com"},
    {redactor::card_numbers, "4111111111111111"},
    {redactor::card_numbers, "4111-1111-1111-1111"},
};

std::size_t digits_in(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }));
}
bool has_any(const std::string& text, const char* of) { return text.find_first_of(of) != std::string::npos; }
bool has_word(std::string text, const char* word) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text.find(word) != std::string::npos;
}

/// Nothing in it can be a secret of that kind.
bool is_harmless(const std::string& text, redactor wanted) {
  const std::size_t digits = digits_in(text);
  switch (wanted) {
    case redactor::api_keys: return digits == 0 && !has_any(text, "\"'") && !has_word(text, "akia") && !has_word(text, "asia");  // those of AWS may have no digit
    case redactor::bearer_tokens: return digits == 0 && !has_any(text, "\"'") && !has_word(text, "bearer") && !has_word(text, "authorization") && !has_word(text, "eyj");
    case redactor::emails: return !has_any(text, "@");
    case redactor::card_numbers: return digits < 13;
    default: return wanted == redactor::none;
  }
}

}  // namespace

FUZZ_TARGET(redaction) {
  fuzz::taker take(data, size);
  const auto wanted = static_cast<redactor>(take.below(16));
  const std::string before = take.line(), text = take.rest();

  const std::string clean = redacted(text, wanted);
  fuzz::promise(redacted(clean, wanted) == clean, "what is redacted has no secret any more", text + "\n-> " + clean + "\n-> " + redacted(clean, wanted));
  for (const redactor one : {redactor::none, redactor::api_keys, redactor::bearer_tokens, redactor::emails, redactor::card_numbers}) {
    if (is_harmless(text, one)) fuzz::promise(redacted(text, one) == text, "a text without secrets stays as it is", text);
  }
  // A card's number that is a number of JSON gets quotes as the value of a name only.
  const bool cards = (static_cast<unsigned>(wanted) & static_cast<unsigned>(redactor::card_numbers)) != 0;
  if ((!cards || (text.find_first_not_of(" \t\r\n") == text.find('{') && !has_any(text, "["))) && check_json(text.data(), text.size()).valid) {
    fuzz::promise(check_json(clean.data(), clean.size()).valid, "JSON stays JSON", text + "\n-> " + clean);
  }
  for (const auto& p : planted) {
    if (before.find(p.text) != std::string::npos || text.find(p.text) != std::string::npos) continue;  // perhaps as a part of something else
    const std::string out = redacted(before + " " + p.text + " " + text, p.found_by);
    fuzz::promise(out.find(p.text) == std::string::npos, "a secret is never left", out);
    fuzz::promise(!fuzz::has_secret(p.text) || fuzz::has_secret(before) || fuzz::has_secret(text) || !fuzz::has_secret(out), "nor its value", out);
  }

  // The same bytes as a span.
  span_redactor spans({wanted, [](void*, std::string_view key, std::string& t) { return key != "gone" && (t.empty() || t[0] != 'x' || !(t += '!').empty()); }, nullptr});
  arthur::detail::buffer out;
  out.append("before");
  const auto outcome = spans.redact(out, text.data(), text.size());
  fuzz::promise(!out.failed() && out.size() >= 6, "there is memory");
  if (outcome != span_redactor::outcome::rewritten) {
    fuzz::promise(out.size() == 6, "nothing is left behind");
    return;
  }
  arthur::detail::buffer again;
  span_redactor keys({wanted});
  fuzz::promise(keys.redact(again, out.data() + 6, out.size() - 6) != span_redactor::outcome::undecodable, "what was written can be read");
}
