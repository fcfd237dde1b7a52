// otlp_redactors.cpp: what the ready-made redactors find, and what only looks like it.
#include <doctest/doctest.h>

#include <arthur/otlp/redactors.hpp>
#include <string>

using arthur::redactor;
using arthur::detail::secret;
using arthur::detail::secret_finder;

namespace {

std::string redacted_by(redactor wanted, const std::string& text) {
  secret_finder find(text, wanted);
  std::string out;
  std::size_t done = 0;
  for (secret s; find.next(s); done = s.end) {
    if (s.begin < done || s.end <= s.begin || s.end > text.size()) FAIL("a place outside the text");
    out += text.substr(done, s.begin - done);
    out += s.quote;
    out += s.label;
    out += s.quote;
  }
  return out + text.substr(done);
}

struct row {
  redactor wanted;
  const char* text;
  const char* expected;  // null: unchanged
};

constexpr auto keys = redactor::api_keys, tokens = redactor::bearer_tokens, emails = redactor::emails, cards = redactor::card_numbers;

#define ALNUM20 "Ab3dE6gH9jKlMn0pQr5t"
#define ALNUM40 ALNUM20 "uV1wX2yZ3aB4cD5eF6gH"
#define JWT "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
// base64("123e4567-e89b-12d3-a456-426614174000:some-secret-of-the-engine-that-is-long")
#define ENGINE_KEY "MTIzZTQ1NjctZTg5Yi0xMmQzLWE0NTYtNDI2NjE0MTc0MDAwOnNvbWUtc2VjcmV0LW9mLXRoZS1lbmdpbmUtdGhhdC1pcy1sb25n"

const row table[] = {
    // API keys by their beginning.
    {keys, "key sk-" ALNUM40 "ABCDEFGH.", "key [API_KEY]."},
    {keys, "sk-proj-" ALNUM20 "_-" ALNUM20, "[API_KEY]"},
    {keys, "sk-ant-api03-" ALNUM20 "-" ALNUM20 "AA", "[API_KEY]"},
    {keys, "sk-or-v1-0123456789abcdef0123456789abcdef", "[API_KEY]"},
    {keys, "sk-lf-123e4567-e89b-12d3-a456-426614174000", "[API_KEY]"},
    {keys, "sk-0123456789abcdef0123456789abcdef", "[API_KEY]"},
    {keys, "https://x/?key=AIzaSyA-1234567890abcdefghijklmnopqrstu&x=1", "https://x/?key=[API_KEY]&x=1"},
    {keys, "ghp_" ALNUM20 "ABCDEFGHIJKLMNOP", "[API_KEY]"},
    {keys, "gho_" ALNUM40 " ghu_" ALNUM40 " ghs_" ALNUM40 " ghr_" ALNUM40, "[API_KEY] [API_KEY] [API_KEY] [API_KEY]"},
    {keys, "github_pat_11ABCDEFG0" ALNUM20 "_x", "[API_KEY]"},
    {keys, "xoxb-123456789012-abcDEF, xoxp-1234567890-a", "[API_KEY], [API_KEY]"},
    {keys, "AKIAIOSFODNN7EXAMPLE/ASIAIOSFODNN7EXAMPLE", "[API_KEY]/[API_KEY]"},
    {keys, "glpat-" ALNUM20, "[API_KEY]"},
    {keys, "hf_" ALNUM20 "abcdefghijklmn", "[API_KEY]"},
    {keys, "gsk_" ALNUM40 ALNUM20, "[API_KEY]"},
    {keys, "sk_live_" ALNUM20 " sk_test_" ALNUM20 " rk_live_" ALNUM20, "[API_KEY] [API_KEY] [API_KEY]"},
    {keys, "ya29.a0" ALNUM20, "[API_KEY]"},
    {keys, "npm_" ALNUM40 " nvapi-" ALNUM40 " pplx-" ALNUM40 " xai-" ALNUM40 ALNUM40 " r8_" ALNUM40 " lsv2_pt_" ALNUM40 " tgp_v1_" ALNUM40,
     "[API_KEY] [API_KEY] [API_KEY] [API_KEY] [API_KEY] [API_KEY] [API_KEY]"},
    {keys, "key=" ENGINE_KEY "==", "key=[API_KEY]"},
    // In JSON, and in JSON in JSON: the letter of an escape is no part of a word.
    {keys, R"({"a":"one\nsk-)" ALNUM40 R"(\ttwo"})", R"({"a":"one\n[API_KEY]\ttwo"})"},
    {keys, R"({\"a\":\"one\\nsk-)" ALNUM40 R"(\"})", R"({\"a\":\"one\\n[API_KEY]\"})"},
    {keys, R"("\u003csk-)" ALNUM40 R"(\u003e")", R"("\u003c[API_KEY]\u003e")"},
    // API keys by their name.
    {keys, R"({"api_key": "anything at all", "x": 1})", R"({"api_key": "[API_KEY]", "x": 1})"},
    {keys, R"({"apiKey":"a\"b\\","x":1})", R"({"apiKey":"[API_KEY]","x":1})"},
    {keys, R"({"openaiApiKey" : 'v'})", R"({"openaiApiKey" : '[API_KEY]'})"},
    {keys, R"("{\"api_key\": \"a\\\"b\", \"x\": \"y\"}")", R"("{\"api_key\": \"[API_KEY]\", \"x\": \"y\"}")"},
    {keys, R"("{\\\"api_key\\\":\\\"abc\\\",\\\"x\\\":\\\"y\\\"}")", R"("{\\\"api_key\\\":\\\"[API_KEY]\\\",\\\"x\\\":\\\"y\\\"}")"},
    {keys, R"("say \"api_key\":\"abc", "x": "y")", R"("say \"api_key\":\"[API_KEY]", "x": "y")"},  // the outer string ends first
    {keys, R"({"api_key": 1234567890})", R"({"api_key": "[API_KEY]"})"},
    {keys, "X-Api-Key: abcdef0123\r\nHost: h", "X-Api-Key: [API_KEY]\r\nHost: h"},
    {keys, "OPENAI_API_KEY=abc12345 run", "OPENAI_API_KEY=[API_KEY] run"},
    {keys, "?api-key=abcdef%2D0123&q=1", "?api-key=[API_KEY]&q=1"},
    {keys, "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AWS_SECRET_ACCESS_KEY=[API_KEY]"},
    {keys, R"("aws_secret_access_key":"wJalrXUtnFEMI\/K7MDENG")", R"("aws_secret_access_key":"[API_KEY]")"},
    {keys, R"("client_secret": "x")", R"("client_secret": "[API_KEY]")"},
    {keys, "api_key: \"broken off", "api_key: \"[API_KEY] off"},
    {keys, "api_key = \"one\nline\" x", "api_key = \"[API_KEY]\nline\" x"},
    // None.
    {keys, "sk-learn-is-not-a-key-but-a-package-2024", nullptr},
    {keys, "task-0123456789abcdef0123456789abcdef risk-" ALNUM40, nullptr},
    {keys, "sk-short1", nullptr},
    {keys, "AIza AIzaSy ghp_short xoxb-1 AKIA1234 AKIAiosfodnn7example XAKIAIOSFODNN7EXAMPLE AKIAIOSFODNN7EXAMPLES", nullptr},
    {keys, "123e4567-e89b-12d3-a456-426614174000", nullptr},
    {keys, "0123456789abcdef0123456789abcdef 5f1d7a84db00d2fce00b31a7fc73224f", nullptr},
    {keys, "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", nullptr},
    {keys, "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkw", nullptr},  // base64 of something else
    {keys, R"({"api_key": null, "api_keys": ["a"], "api_key": "", "keyboard": "qwertz12345"})", nullptr},
    {keys, R"(client = OpenAI(api_key=os.environ["OPENAI_API_KEY"]))", nullptr},
    {keys, "api_key=config.keys.v2 api_key=load(1) api_key=keys[12345678]", nullptr},
    {keys, "Use api_key= or api_key: to set the api key.", nullptr},
    {keys, R"("api_key": "[API_KEY]")", nullptr},
    {keys, "Authorization: Bearer abcdef123456", nullptr},  // nobody asked for tokens

    // Tokens.
    {tokens, "Authorization: Bearer abcdef123456", "Authorization: Bearer [TOKEN]"},
    {tokens, "authorization: bearer  abc.def-123_456~+/==;", "authorization: bearer  [TOKEN];"},
    {tokens, "Proxy-Authorization: Basic dXNlcjpwYXNz\r\nHost: h", "Proxy-Authorization: Basic [TOKEN]\r\nHost: h"},
    {tokens, R"({"Authorization": "Bearer top secret"})", R"({"Authorization": "Bearer [TOKEN]"})"},
    {tokens, R"({"authorization":"0123456789abcdef"})", R"({"authorization":"[TOKEN]"})"},
    {tokens, R"({\"Authorization\":\"Token abc\\\/d\"})", R"({\"Authorization\":\"Token [TOKEN]\"})"},
    {tokens, "-H 'Authorization: Bearer " ALNUM40 "'", "-H 'Authorization: Bearer [TOKEN]'"},
    {tokens, "sent with Bearer " ALNUM40 ".", "sent with Bearer [TOKEN]"},
    {tokens, R"("Bearer ab\/cd\/12345")", R"("Bearer [TOKEN]")"},
    {tokens, "Bearer abcdefghIJKLMNOPqrstUVWX", "Bearer [TOKEN]"},
    {tokens, JWT, "[TOKEN]"},
    {tokens, "token=" JWT "&x=1", "token=[TOKEN]&x=1"},
    {tokens, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", "[TOKEN]"},
    {tokens, R"({"access_token": "abc", "refresh_token":"d\"e", "idToken": "f"})",
     R"({"access_token": "[TOKEN]", "refresh_token":"[TOKEN]", "idToken": "[TOKEN]"})"},
    {tokens, "access_token=abcd1234&expires=3600", "access_token=[TOKEN]&expires=3600"},
    // None.
    {tokens, "the bearer of bad news, Bearer authentication, bearer tokens", nullptr},
    {tokens, "Authorization: the user must log in", nullptr},
    {tokens, R"({"authorization": "required"})", nullptr},
    {tokens, "Authorization: Bearer <token>", nullptr},
    {tokens, R"("token_count": 1234567890, "max_tokens": 12345678, "total_tokens": "12345678")", nullptr},
    {tokens, "eyJhbGciOiJIUzI1NiJ9", nullptr},
    {tokens, "eyes.eyed.eyeing eyJ.x.y", nullptr},
    {tokens, "123e4567-e89b-12d3-a456-426614174000.", nullptr},

    // E-mail addresses.
    {emails, "write to jane.doe+x@mail.example.co.uk.", "write to [EMAIL]."},
    {emails, "<jane@x.com>,(joe_1%y@a-b.org) \"k@1.de\"", "<[EMAIL]>,([EMAIL]) \"[EMAIL]\""},
    {emails, "mailto:j@x.com?subject=1", "mailto:[EMAIL]?subject=1"},
    {emails, "x@163.com y@xn--bcher-kva.xn--p1ai", "[EMAIL] [EMAIL]"},
    {emails, R"({"to":"a\njane@x.com\nb"})", R"({"to":"a\n[EMAIL]\nb"})"},
    {emails, R"(\\njane@x.com)", R"(\\n[EMAIL])"},
    {emails, R"(\u0041jane@x.com)", R"(\u0041[EMAIL])"},
    {emails, R"({"to":"jane\u0040x.com","and":"{\"a\":\"joe\\u0040x.com\"}"})", R"({"to":"[EMAIL]","and":"{\"a\":\"[EMAIL]\"}"})"},
    {emails, R"(jane\u00401a.com \u0040x.com jane\u0040 jane\u004x.com \u0040)", "[EMAIL] \\u0040x.com jane\\u0040 jane\\u004x.com \\u0040"},
    {emails, "\xe9\x82\xae\xe7\xae\xb1jane@x.com\xe6\x98\xaf", "\xe9\x82\xae\xe7\xae\xb1[EMAIL]\xe6\x98\xaf"},
    {emails, "a@b.com-c@d.com", "[EMAIL][EMAIL]"},  // '-' may begin a name
    {emails, "postgres://user:pass@db.example.com/x", "postgres://user:[EMAIL]/x"},
    // None.
    {emails, "user@host @mention a @ b.com @app.route x@ @", nullptr},
    {emails, "lodash@4.17.21 pkg@1.0.0-beta.rc @scope/pkg@2.0.0 icon@2x.png", nullptr},
    {emails, "a@b .com a@.com a@b. a.@b.com a@b.c a@b.1", nullptr},
    {emails, "matrix = a@b.T", nullptr},

    // Card numbers.
    {cards, "pay with 4111111111111111.", "pay with [CARD_NUMBER]."},
    {cards, "4111 1111 1111 1111, 4111-1111-1111-1111", "[CARD_NUMBER], [CARD_NUMBER]"},
    {cards, "378282246310005 3782 822463 10005 3714-496353-98431", "[CARD_NUMBER] [CARD_NUMBER] [CARD_NUMBER]"},
    {cards, "5555555555554444 2223003122003222 6011111111111117 3530111333300000 30569309025904 3056 930902 5904 4222222222222 6200000000000005",
     "[CARD_NUMBER] [CARD_NUMBER] [CARD_NUMBER] [CARD_NUMBER] [CARD_NUMBER] [CARD_NUMBER] [CARD_NUMBER] [CARD_NUMBER]"},
    {cards, "6759649826438453 6304000000000000", "[CARD_NUMBER] [CARD_NUMBER]"},
    {cards, "6011 0000 0000 0000 001", "[CARD_NUMBER]"},
    {cards, "4111 1111 1111 1111 12/26 123", "[CARD_NUMBER] 12/26 123"},
    {cards, "2024 4111 1111 1111 1111", "2024 [CARD_NUMBER]"},
    {cards, "visa-4111111111111111", "visa-[CARD_NUMBER]"},
    {cards, R"({"card":4111111111111111,"x":"\n4111111111111111"})", R"({"card":"[CARD_NUMBER]","x":"\n[CARD_NUMBER]"})"},
    {cards, R"("{\"card\": 4111111111111111}")", R"("{\"card\": \"[CARD_NUMBER]\"}")"},
    {cards, R"({"card":"4111111111111111"})", R"({"card":"[CARD_NUMBER]"})"},
    // None.
    {cards, "4111111111111112", nullptr},                                   // the check digit
    {cards, "1234567812345670 0000000000000000 9999999999999995", nullptr},  // no issuer
    {cards, "411111111111111 41111111111111111 44111111111111111111", nullptr},
    {cards, "41111111-1111-4111-1111-111111111111 f4111111-4111-1111-1111-111111111111", nullptr},
    {cards, "4111111111111111a a4111111111111111 id_4111111111111111 0x4111111111111111", nullptr},
    {cards, "0.4111111111111111 4111111111111111.5 +4111111111111111", nullptr},
    {cards, "1700000000000 1700000000000000 1700000000000000000 20240101120000", nullptr},  // times
    {cards, "4111 1111-1111 1111 4111  1111  1111  1111 41 11 11 11 11 11 11 11", nullptr},
    {cards, "4111111111111111111", nullptr},
    {cards, "(030) 1234-5678, +49 30 1234 5678, 192.168.100.200", nullptr},
};

}  // namespace

TEST_CASE("redactors find what they are for, and leave alone what only looks like it") {
  for (const row& r : table) {
    CAPTURE(r.text);
    const std::string expected = r.expected == nullptr ? r.text : r.expected;
    CHECK(redacted_by(r.wanted, r.text) == expected);
    CHECK(redacted_by(r.wanted, expected) == expected);  // labels are no secrets
    CHECK(redacted_by(redactor::none, r.text) == r.text);
  }
}

TEST_CASE("redactors work together, each in its own words") {
  const std::string text = "jane@x.com pays 4111 1111 1111 1111 with sk-" ALNUM40 ", Authorization: Bearer abcdef123456";
  CHECK(redacted_by(redactor::all, text) == "[EMAIL] pays [CARD_NUMBER] with [API_KEY], Authorization: Bearer [TOKEN]");
  CHECK(redacted_by(emails | cards, text) == "[EMAIL] pays [CARD_NUMBER] with sk-" ALNUM40 ", Authorization: Bearer abcdef123456");
}

TEST_CASE("every card number of an issuer is found with its own check digit and with no other") {
  for (const std::string start : {"411111111111111", "555555555555444", "601111111111111", "37828224631000"}) {
    int found = 0;
    for (char last = '0'; last <= '9'; ++last) found += redacted_by(cards, start + last) == "[CARD_NUMBER]" ? 1 : 0;
    CHECK(found == 1);
  }
}

TEST_CASE("a text that is made to be slow is not: each character is looked at a bounded number of times") {
  // A quadratic search would take hours for these: the test then ends by its time-out.
  for (const std::string piece : {"apikey=", "api_key:\"x ", "api_key:'x ", "api_key:\\\"x \\\\\\\" ", "sk-a-", "eyJ.", "a@", "@", ".@a.", "1234 ", "4-", "\\\\", "ghp_", "bearer ", "Authorization: ", "_-", "-a:", "a-", "\"api_key\" : \""}) {
    CAPTURE(piece);
    std::string text;
    while (text.size() < 2000000) text += piece;
    CHECK(!redacted_by(redactor::all, text).empty());
  }
}
