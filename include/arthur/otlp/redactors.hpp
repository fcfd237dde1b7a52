// redactors.hpp: API keys, bearer tokens, e-mail addresses and card numbers in a text, found in one pass.
#ifndef ARTHUR_OTLP_REDACTORS_HPP
#define ARTHUR_OTLP_REDACTORS_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../config.hpp"
#include "../options.hpp"
#include "card_number.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A secret in a text: [begin, end).
struct secret {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string_view label;  ///< what stands in its place
  std::string_view quote;  ///< around the label: a bare number of JSON becomes a string
};

/// Finds secrets from the front to the back; linear in the length of the text, which stays where it is. Texts are often JSON,
/// or JSON in JSON: quotes may have backslashes before them, and the letter of an escape belongs to no word.
class secret_finder {
 public:
  secret_finder(std::string_view text, redactor wanted) noexcept : text_(text), wanted_(static_cast<unsigned>(wanted)) {}

  /// False: there is no further one.
  bool next(secret& out) noexcept {
    out.quote = {};
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\\') {
        const std::size_t behind = escape_end(at_);
        if (wants(redactor::emails) && behind >= at_ + 6 && part(behind - 5, behind) == "u0040" && email(out, at_, behind)) return found(out);
        at_ = floor_ = behind;
      } else if (is_word(c)) {
        if (word(out)) return found(out);
      } else if (c == '@' && wants(redactor::emails) && email(out, at_, at_ + 1)) {
        return found(out);
      } else {
        ++at_;
      }
    }
    return false;
  }

 private:
  static constexpr std::string_view api_key = "[API_KEY]", token = "[TOKEN]", address = "[EMAIL]", card_number = "[CARD_NUMBER]";
  static constexpr std::size_t longest_value = 4096;  // of a name in quotes, so that the search for its end stays linear

  static bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
  static bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
  static bool is_word(char c) noexcept {
    constexpr std::uint64_t bits[] = {0x03ff000000000000U, 0x07fffffe87fffffeU};  // [0-9A-Za-z_]
    const auto code = static_cast<unsigned char>(c);
    return code < 128 && (bits[code / 64] >> (code % 64) & 1U) != 0;
  }
  static bool is_space(char c) noexcept { return c == ' ' || c == '\t'; }
  static bool is_one_of(char c, std::string_view set) noexcept {
    for (const char one : set) {  // not find(): a call of memchr for each word
      if (one == c) return true;
    }
    return false;
  }
  static char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
  static bool equal_nocase(std::string_view a, std::string_view lower_case) noexcept {
    if (a.size() != lower_case.size()) return false;
    for (std::size_t n = 0; n < a.size(); ++n) {
      if (lower(a[n]) != lower_case[n]) return false;
    }
    return true;
  }

  bool wants(redactor r) const noexcept { return (wanted_ & static_cast<unsigned>(r)) != 0; }
  /// The character there; 0 outside the text.
  char look(std::size_t at) const noexcept { return at < text_.size() ? text_[at] : '\0'; }
  /// The one before, if it belongs to the same run of text: not an escape, not the end of a secret.
  char before(std::size_t at) const noexcept { return at > floor_ ? text_[at - 1] : '\0'; }
  std::size_t skip_spaces(std::size_t at) const noexcept {
    while (is_space(look(at))) ++at;
    return at;
  }
  std::size_t word_end(std::size_t at) const noexcept {
    while (is_word(look(at))) ++at;
    return at;
  }
  /// The end of a run of word characters and `more`. JSON may write a slash as "\/".
  std::size_t run_end(std::size_t at, std::string_view more) const noexcept {
    for (;; ++at) {
      const char c = look(at);
      if (c == '\\' && look(at + 1) == '/' && is_one_of('/', more)) ++at;
      else if (!is_word(c) && (c == '\0' || !is_one_of(c, more))) return at;
    }
  }
  std::string_view part(std::size_t begin, std::size_t end) const noexcept { return text_.substr(begin, end - begin); }

  bool found(secret& out) noexcept {
    at_ = floor_ = out.end;
    return true;
  }
  bool take(secret& out, std::size_t begin, std::size_t end, std::string_view label) const noexcept {
    out.begin = begin;
    out.end = end;
    out.label = label;
    return true;
  }

  /// The end of backslashes and what they escape.
  std::size_t escape_end(std::size_t at) const noexcept {
    while (look(at) == '\\') ++at;
    const char c = look(at);
    if (c == 'u') {
      std::size_t end = at + 1;
      while (end < at + 5 && (is_digit(look(end)) || (lower(look(end)) >= 'a' && lower(look(end)) <= 'f'))) ++end;
      return end == at + 5 ? end : at + 1;
    }
    return c != '\0' && is_one_of(c, "ntrbf") ? at + 1 : at;
  }

  /// At the beginning of a word: a secret in or behind it; else at_ is behind the word.
  bool word(secret& out) noexcept {
    const std::size_t begin = at_, end = word_end(begin);
    if (is_digit(text_[begin]) && wants(redactor::card_numbers) && card(out, begin)) return true;
    if (wants(redactor::api_keys) || wants(redactor::bearer_tokens)) {
      if (before(begin) != '-' && known_token(out, begin, end)) return true;
      if (named(out, begin, end)) return true;
    }
    at_ = end;
    return false;
  }

  // -- tokens that one knows by their beginning

  bool known_token(secret& out, std::size_t begin, std::size_t word_ends) const noexcept {
    struct known {
      std::string_view start;
      std::size_t least;  // characters behind it
    };
    static constexpr known starts[] = {{"AIza", 35},   {"github_pat_", 22}, {"ghp_", 36},   {"gho_", 36},  {"ghu_", 36},    {"ghs_", 36},   {"ghr_", 36},
                  {"glpat-", 20}, {"xoxb-", 10},       {"xoxp-", 10},  {"xoxa-", 10}, {"xoxr-", 10},   {"xoxs-", 10},  {"xoxe-", 10},
                  {"xapp-", 10},  {"hf_", 30},         {"gsk_", 40},   {"r8_", 30},   {"pplx-", 40},   {"xai-", 40},   {"nvapi-", 40},
                  {"lsv2_", 32},  {"tgp_v1_", 30},     {"npm_", 36},   {"sk_live_", 16}, {"sk_test_", 16}, {"rk_live_", 16}, {"ya29.", 20}};
    const char first = text_[begin];
    if (wants(redactor::api_keys) && is_one_of(first, "sAgxhrpnlty")) {
      for (const auto& s : starts) {
        if (s.start[0] != first || text_.substr(begin, s.start.size()) != s.start) continue;
        const std::size_t end = run_end(begin + s.start.size(), "-");
        if (end - begin - s.start.size() >= s.least && has_digit(begin + s.start.size(), end)) return take(out, begin, end, api_key);
      }
      if (text_.substr(begin, 3) == "sk-" && openai_like(out, begin)) return true;
      const std::string_view four = text_.substr(begin, 4);
      if ((four == "AKIA" || four == "ASIA") && word_ends == begin + 20 && look(word_ends) != '-') {
        bool upper = true;
        for (const char c : part(begin, word_ends)) upper = upper && (is_digit(c) || (c >= 'A' && c <= 'Z'));
        if (upper) return take(out, begin, word_ends, api_key);
      }
    }
    if (wants(redactor::api_keys) && word_ends - begin >= 60 && is_one_of(first, "MNOYZ") && is_engine_key(begin)) {
      return take(out, begin, run_end(begin, "+/=-"), api_key);
    }
    return wants(redactor::bearer_tokens) && first == 'e' && jwt(out, begin);
  }

  bool has_digit(std::size_t begin, std::size_t end) const noexcept {
    for (; begin < end; ++begin) {
      if (is_digit(text_[begin])) return true;
    }
    return false;
  }

  /// "sk-" alone begins many a name with hyphens: one run without any must look like no word.
  bool openai_like(secret& out, std::size_t begin) const noexcept {
    const std::size_t end = run_end(begin + 3, "-");
    if (end - begin < 23 || !has_digit(begin + 3, end)) return false;
    for (const char* maker : {"sk-ant-", "sk-proj-", "sk-svcacct-", "sk-admin-", "sk-or-v1-", "sk-lf-"}) {
      const std::string_view start = maker;
      if (text_.substr(begin, start.size()) == start) return take(out, begin, end, api_key);
    }
    for (std::size_t from = begin + 3, to = from; from < end; from = to + 1) {
      to = word_end(from);
      if (to - from >= 16 && has_digit(from, to)) return take(out, begin, end, api_key);
    }
    return false;
  }

  /// A key of Arthur Engine: the base64 of "<uuid>:<secret>". The 36 characters of the uuid are exactly 48 of base64.
  bool is_engine_key(std::size_t begin) const noexcept {
    unsigned bits = 0, count = 0;
    for (std::size_t n = 0; n < 48; ++n) {
      const char c = text_[begin + n];
      const int value = c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : is_digit(c) ? c - '0' + 52 : -1;
      if (value < 0) return false;
      bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffffU;
      if (n % 4 == 0) continue;
      const char decoded = static_cast<char>(bits >> (6 - 2 * (n % 4)) & 0xffU);
      const bool dash = count == 8 || count == 13 || count == 18 || count == 23;
      const bool hex = is_digit(decoded) || (lower(decoded) >= 'a' && lower(decoded) <= 'f');
      if (dash ? decoded != '-' : !hex) return false;
      ++count;
    }
    return text_[begin + 48] == 'O';  // the first six bits of ':'
  }

  /// Three parts in base64url with dots between them; the first two are JSON objects.
  bool jwt(secret& out, std::size_t begin) const noexcept {
    if (text_.substr(begin, 3) != "eyJ") return false;
    const std::size_t first = run_end(begin, "-");
    if (look(first) != '.' || first - begin < 12 || text_.substr(first + 1, 2) != "ey") return false;
    const std::size_t second = run_end(first + 1, "-");
    if (look(second) != '.' || second - first < 8) return false;
    return take(out, begin, run_end(second + 1, "-"), token);
  }

  // -- values that one knows by their name

  enum class name { none, key, token, authorization };

  /// By the end of a name, whatever its style: OPENAI_API_KEY, x-api-key, apiKey.
  name name_of(std::size_t end) const noexcept {
    char letters[16];  // backwards
    std::size_t count = 0;
    for (std::size_t at = end; count < sizeof letters && at > floor_ && (is_word(text_[at - 1]) || text_[at - 1] == '-'); --at) {
      const char c = text_[at - 1];
      if (c != '_' && c != '-') letters[count++] = lower(c);
    }
    const auto ends = [&](std::string_view with) {
      if (with.size() > count) return false;
      for (std::size_t n = 0; n < with.size(); ++n) {
        if (letters[n] != with[with.size() - 1 - n]) return false;
      }
      return true;
    };
    for (const char* n : {"apikey", "secretkey", "accesskey", "clientsecret", "privatekey"}) {
      if (ends(n)) return name::key;
    }
    for (const char* n : {"accesstoken", "refreshtoken", "authtoken", "idtoken", "bearertoken", "apitoken", "sessiontoken"}) {
      if (ends(n)) return name::token;
    }
    return ends("authorization") ? name::authorization : name::none;
  }

  bool named(secret& out, std::size_t begin, std::size_t end) noexcept {
    if (wants(redactor::bearer_tokens) && equal_nocase(part(begin, end), "bearer") && is_space(look(end))) {
      const std::size_t from = skip_spaces(end), to = run_end(from, "-.~+/=");
      if (is_random(from, to)) return take(out, from, to, token);
    }
    // A name is followed by ':' or '=', perhaps with the quote that ends it.
    std::size_t at = end;
    while (look(at) == '\\') ++at;
    std::string_view quote;
    if (look(at) == '"' || look(at) == '\'') {
      ++at;
      quote = part(end, at);
    } else if (at != end) {
      return false;
    }
    at = skip_spaces(at);
    if (look(at) != ':' && look(at) != '=') return false;
    const name n = name_of(end);
    if (n == name::none || !wants(n == name::key ? redactor::api_keys : redactor::bearer_tokens)) return false;
    return value(out, n, quote, skip_spaces(at + 1));
  }

  /// The value of a name, which begins at `at`.
  bool value(secret& out, name n, std::string_view name_quote, std::size_t at) noexcept {
    const std::string_view label = n == name::key ? api_key : token;
    std::size_t begin = at;
    while (look(begin) == '\\') ++begin;
    const char quote = look(begin);
    if (quote != '"' && quote != '\'') {
      if (begin != at) return false;
      if (n == name::authorization && (begin = behind_scheme(at)) != at) {
        const std::size_t end = run_end(begin, "-.~+/=%");
        return end - begin >= 4 && take(out, begin, end, label);
      }
      if (at < dull_until_) return false;
      const std::size_t end = run_end(at, "-~+/=%");
      const bool code = is_one_of(look(end), ".([") && (look(end) != '.' || is_word(look(end + 1)));
      if (code || end < at + 8 || !has_digit(at, end)) {
        dull_until_ = end;
        return false;
      }
      if (!name_quote.empty() && is_number(at, end)) out.quote = name_quote;
      return take(out, at, end, label);
    }
    const std::size_t backslashes = begin++ - at;
    // "...?api_key=", in JSON: the quote ends a string.
    if (name_quote.empty() && is_one_of(look(text_.find_first_not_of(" \t\r\n", begin)), std::string_view(",:}]\0", 5))) return false;
    std::size_t end = 0;
    if (!closing_quote(begin, backslashes, quote, end)) {
      for (end = begin; look(end) != '\0' && !is_one_of(text_[end], " \t\r\n\"'\\");) ++end;
    }
    if (n == name::authorization) {
      const std::size_t credentials = behind_scheme(begin);
      if (credentials == begin && !is_random(begin, end)) return false;
      begin = credentials;
    }
    if (end <= begin || part(begin, end) == label) return false;
    return take(out, begin, end, label);
  }

  /// Where what was written as `backslashes` and a quote ends: on the same line, written likewise.
  bool closing_quote(std::size_t at, std::size_t backslashes, char quote, std::size_t& end) const noexcept {
    std::size_t run = 0;  // of backslashes just before
    for (const std::size_t last = at + longest_value; at < text_.size() && at < last && text_[at] != '\n'; ++at) {
      if (text_[at] == '\\') {
        ++run;
        continue;
      }
      if (text_[at] == quote && ends_string(run, backslashes)) {
        end = at - (run < backslashes ? run : backslashes);
        return true;
      }
      if (text_[at] == '"' && quote == '\'') return false;  // an apostrophe in JSON
      run = 0;
    }
    return false;
  }
  /// Each level of JSON in JSON doubles backslashes and adds one: undone as often as the opening quote needs it, an even
  /// number is left before a quote that ends the string. A quote of a level further out ends it, too.
  static bool ends_string(std::size_t run, std::size_t backslashes) noexcept {
    for (; backslashes != 0 && run % 2 != 0; backslashes /= 2) run /= 2;
    return run % 2 == 0;
  }

  std::size_t behind_scheme(std::size_t at) const noexcept {
    const std::size_t end = word_end(at);
    for (const char* scheme : {"bearer", "basic", "token", "apikey", "negotiate"}) {
      if (is_space(look(end)) && equal_nocase(part(at, end), scheme)) return skip_spaces(end);
    }
    return at;
  }

  /// No word of a language: eight characters with a digit, or 24 with both cases mixed.
  bool is_random(std::size_t begin, std::size_t end) const noexcept {
    bool small = false, capital = false;
    for (std::size_t n = begin + 1; n < end; ++n) {
      small = small || (text_[n] >= 'a' && text_[n] <= 'z');
      capital = capital || (text_[n] >= 'A' && text_[n] <= 'Z');
    }
    return end >= begin + 8 && (has_digit(begin, end) || (end >= begin + 24 && small && capital));
  }
  bool is_number(std::size_t begin, std::size_t end) const noexcept {
    for (; begin < end; ++begin) {
      if (!is_digit(text_[begin]) && !is_one_of(text_[begin], "-+.eE")) return false;
    }
    return true;
  }

  // -- e-mail addresses

  /// An '@' is [at, behind): JSON may write it as an escape. Of ASCII characters, with a dot in the domain.
  bool email(secret& out, std::size_t at, std::size_t behind) const noexcept {
    std::size_t begin = at;
    while (begin > floor_ && (is_word(text_[begin - 1]) || is_one_of(text_[begin - 1], ".%+-"))) --begin;
    while (begin < at && text_[begin] == '.') ++begin;
    if (begin == at || text_[at - 1] == '.') return false;
    std::size_t end = 0;
    bool former_number = false;
    for (std::size_t label = behind, labels = 0; label < behind + 253; ++labels) {
      std::size_t to = label, letters = label, digits = label;
      while (is_letter(look(to)) || is_digit(look(to)) || look(to) == '-') ++to;
      while (is_letter(look(letters))) ++letters;
      while (is_digit(look(digits))) ++digits;
      if (to == label) break;
      const bool number = digits == to;
      if (number && former_number) return false;  // pkg@1.2.3: a version
      if (labels == 0 && digits != label && digits + 1 == to && look(digits) == 'x') return false;  // icon@2x.png
      former_number = number;
      if (labels != 0 && letters >= label + 2 && (letters == to || look(letters) == '-')) end = letters;
      if (labels != 0 && text_.substr(label, 4) == "xn--" && to > label + 4) end = to;
      if (look(to) != '.') break;
      label = to + 1;
    }
    return end != 0 && take(out, begin, end, address);
  }

  // -- card numbers

  /// At a digit where a word begins: 13 to 19 digits together, or in the groups that are printed on cards.
  bool card(secret& out, std::size_t begin) const noexcept {
    const char former = before(begin);
    if (former == '.' || former == '+') return false;
    const bool joined = former == '-';  // in a UUID
    std::size_t end = begin;
    while (is_digit(look(end))) ++end;
    char digits[19];
    std::size_t count = 0;
    const auto add = [&](std::size_t from, std::size_t to) {
      for (; from < to; ++from) digits[count++] = text_[from];
    };
    if (end - begin >= 13) {
      if (end - begin > 19 || is_word(look(end)) || (look(end) == '.' && is_digit(look(end + 1)))) return false;
      if (joined && begin >= 2 && is_digit(text_[begin - 2])) return false;
      add(begin, end);
      if (!is_card_number(digits, count)) return false;
      out.quote = quote_for_number(begin, end);
      return take(out, begin, end, card_number);
    }
    const char between = look(end);
    if (end - begin != 4 || joined || (between != ' ' && between != '-')) return false;
    std::size_t sizes[5] = {4}, ends[5] = {end}, groups = 1;
    while (groups < 5 && look(ends[groups - 1]) == between) {
      std::size_t to = ends[groups - 1] + 1;
      while (is_digit(look(to)) && to < ends[groups - 1] + 8) ++to;
      sizes[groups] = to - ends[groups - 1] - 1;
      if (sizes[groups] == 0) break;
      ends[groups++] = to;
    }
    const bool fours = groups >= 4 && sizes[1] == 4 && sizes[2] == 4 && sizes[3] == 4;
    const bool three = groups >= 3 && sizes[1] == 6 && (sizes[2] == 5 || sizes[2] == 4);
    for (std::size_t used = fours && groups == 5 && sizes[4] == 3 ? 5 : fours ? 4 : three ? 3 : 0; used >= 3; used = used == 5 ? 4 : 0) {
      const std::size_t last = ends[used - 1];
      count = 0;
      for (std::size_t g = 0; g < used; ++g) add(ends[g] - sizes[g], ends[g]);
      const bool goes_on = is_word(look(last)) || (look(last) == '-' && is_word(look(last + 1)));
      if (!goes_on && is_card_number(digits, count)) return take(out, begin, last, card_number);
    }
    return false;
  }

  /// The quote of the name in `"card": 4111...`, so that JSON stays JSON.
  std::string_view quote_for_number(std::size_t begin, std::size_t end) const noexcept {
    const char next = look(skip_spaces(end));
    std::size_t at = begin;
    while (at > floor_ && is_one_of(text_[at - 1], " \t\r\n")) --at;
    if (at == floor_ || text_[at - 1] != ':' || (next != '\0' && !is_one_of(next, ",}]\n\r"))) return {};
    for (--at; at > floor_ && is_one_of(text_[at - 1], " \t\r\n");) --at;
    if (at == 0 || text_[at - 1] != '"') return {};
    std::size_t from = at - 1;
    while (from > 0 && text_[from - 1] == '\\') --from;
    return part(from, at);
  }

  std::string_view text_;
  unsigned wanted_;
  std::size_t at_ = 0;
  std::size_t floor_ = 0;       // what is before belongs to nothing found from now on
  std::size_t dull_until_ = 0;  // a run that is no value; nor is a part of it, which need not be looked at again
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
