// policy_retry.cpp: each status has one meaning per profile; waiting times are read and made right.
#include <doctest/doctest.h>

#include <arthur/policy/retry.hpp>
#include <set>

using namespace arthur::detail;

TEST_CASE("every status has its verdict") {
  using v = verdict;
  const struct {
    int status;
    v arthur, arthur_proven, otlp, otlp_proven;
  } rows[] = {
      {200, v::delivered, v::delivered, v::delivered, v::delivered},
      {202, v::delivered, v::delivered, v::delivered, v::delivered},
      {204, v::delivered, v::delivered, v::delivered, v::delivered},
      {206, v::partial, v::partial, v::delivered, v::delivered},
      {299, v::delivered, v::delivered, v::delivered, v::delivered},
      {301, v::give_up, v::give_up, v::give_up, v::give_up},
      {307, v::give_up, v::give_up, v::give_up, v::give_up},
      {400, v::wrong_encoding, v::give_up, v::wrong_encoding, v::give_up},
      {401, v::unauthorized, v::unauthorized, v::unauthorized, v::unauthorized},
      {403, v::unauthorized, v::unauthorized, v::unauthorized, v::unauthorized},
      {404, v::give_up, v::give_up, v::give_up, v::give_up},
      {405, v::give_up, v::give_up, v::give_up, v::give_up},
      {407, v::give_up, v::give_up, v::give_up, v::give_up},
      {408, v::retry_later, v::retry_later, v::give_up, v::give_up},
      {413, v::too_large, v::too_large, v::give_up, v::give_up},
      {415, v::wrong_encoding, v::give_up, v::wrong_encoding, v::give_up},
      {422, v::wrong_encoding, v::rejected_all, v::wrong_encoding, v::give_up},
      {429, v::retry_later, v::retry_later, v::retry_later, v::retry_later},
      {500, v::split, v::split, v::give_up, v::give_up},
      {501, v::give_up, v::give_up, v::give_up, v::give_up},
      {502, v::retry_later, v::retry_later, v::retry_later, v::retry_later},
      {503, v::retry_later, v::retry_later, v::retry_later, v::retry_later},
      {504, v::retry_later, v::retry_later, v::retry_later, v::retry_later},
      {505, v::give_up, v::give_up, v::give_up, v::give_up},
      {524, v::give_up, v::give_up, v::give_up, v::give_up},
      {0, v::give_up, v::give_up, v::give_up, v::give_up},
  };
  for (const auto& row : rows) {
    CAPTURE(row.status);
    CHECK(classify(row.status, profile::arthur, false) == row.arthur);
    CHECK(classify(row.status, profile::arthur, true) == row.arthur_proven);
    CHECK(classify(row.status, profile::otlp, false) == row.otlp);
    CHECK(classify(row.status, profile::otlp, true) == row.otlp_proven);
  }
}

TEST_CASE("each status from 100 to 599 falls under one rule") {
  using v = verdict;
  enum when { any, proven, unproven };
  const struct {
    const char* rule;
    std::set<int> of;  // empty: all others of `from` to `to`
    int from, to;
    profile where;
    when encoding;
    v expected;
  } rules[] = {
      // arthur: Arthur Engine, perhaps behind a proxy.
      {"206 stores what it doesn't name as rejected", {206}, 0, 0, profile::arthur, any, v::partial},
      {"every other 2xx stores all", {}, 200, 299, profile::arthur, any, v::delivered},
      {"before an encoding was accepted, a complaint about the data is one about the encoding", {400, 415, 422}, 0, 0, profile::arthur, unproven, v::wrong_encoding},
      {"later it is one about the data", {400, 415}, 0, 0, profile::arthur, proven, v::give_up},
      {"422: each span was refused", {422}, 0, 0, profile::arthur, proven, v::rejected_all},
      {"credentials", {401, 403}, 0, 0, profile::arthur, any, v::unauthorized},
      {"nobody saw the request, or it is too early", {408, 429, 502, 503, 504}, 0, 0, profile::arthur, any, v::retry_later},
      {"a proxy's limit", {413}, 0, 0, profile::arthur, any, v::too_large},
      {"500 stores nothing, for one span perhaps", {500}, 0, 0, profile::arthur, any, v::split},
      {"nothing else would change by itself", {}, 100, 599, profile::arthur, any, v::give_up},
      // otlp: as the specification says.
      {"every 2xx is final", {}, 200, 299, profile::otlp, any, v::delivered},
      {"the encoding, as above", {400, 415, 422}, 0, 0, profile::otlp, unproven, v::wrong_encoding},
      {"credentials", {401, 403}, 0, 0, profile::otlp, any, v::unauthorized},
      {"what the specification lists", {429, 502, 503, 504}, 0, 0, profile::otlp, any, v::retry_later},
      {"nothing else is repeated", {}, 100, 599, profile::otlp, any, v::give_up},
  };
  for (const profile where : {profile::arthur, profile::otlp}) {
    for (const bool is_proven : {false, true}) {
      for (int status = 100; status < 600; ++status) {
        CAPTURE(status);
        CAPTURE(is_proven);
        CAPTURE((where == profile::arthur));
        // The first that fits, as in the table: rules about single statuses stand before those about the rest.
        for (const bool single : {true, false}) {
          bool found = false;
          for (const auto& r : rules) {
            if (r.where != where || (r.encoding != any && (r.encoding == proven) != is_proven) || r.of.empty() == single) continue;
            if (single ? r.of.count(status) == 0 : status < r.from || status > r.to) continue;
            CAPTURE(r.rule);
            CHECK(classify(status, where, is_proven) == r.expected);
            found = true;
            break;
          }
          if (found) break;
          REQUIRE(single);
        }
      }
    }
  }
}

TEST_CASE("a request without an answer is repeated blindly only where nothing can be stored twice") {
  const struct {
    errand what;
    bool arthur, otlp;
  } rows[] = {
      {errand::spans, false, true},
      {errand::probe, true, true},
      {errand::task_search, true, true},
      {errand::ask_back, true, true},
  };
  for (const auto& row : rows) {
    CHECK(may_repeat(row.what, profile::arthur) == row.arthur);
    CHECK(may_repeat(row.what, profile::otlp) == row.otlp);
  }
}

TEST_CASE("the otlp profile repeats exactly what the specification lists") {
  const std::set<int> listed{429, 502, 503, 504};
  for (int status = 100; status < 600; ++status) {
    CAPTURE(status);
    const verdict v = classify(status, profile::otlp, true);
    CHECK((v == verdict::retry_later) == (listed.count(status) == 1));
    CHECK((v == verdict::delivered) == (status / 100 == 2));
    CHECK(v != verdict::split);
    CHECK(v != verdict::too_large);
  }
}

TEST_CASE("nothing that was stored is ever sent again") {
  for (int status = 200; status < 300; ++status) {
    for (const bool proven : {false, true}) {
      const verdict v = classify(status, profile::arthur, proven);
      CHECK((v == verdict::delivered || v == verdict::partial));
    }
  }
}

TEST_CASE("Retry-After is read in seconds and in all three date forms") {
  constexpr std::int64_t now = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
  const struct {
    const char* text;
    std::int64_t seconds;
  } rows[] = {
      {"0", 0},
      {"120", 120},
      {" 5 ", 5},
      {"86401", 86400},
      {"99999999999999999999999", 86400},
      {"Sun, 06 Nov 1994 08:49:47 GMT", 10},
      {"Sunday, 06-Nov-94 08:49:47 GMT", 10},
      {"Sun Nov  6 08:49:47 1994", 10},
      {"Sun, 06 Nov 1994 08:49:37 GMT", 0},
      {"Sun, 06 Nov 1994 08:49:27 GMT", 0},
      {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
      {"Mon, 07 Nov 1994 00:00:00 GMT", 54623},
      {"Tue, 29 Feb 2028 00:00:00 GMT", 86400},
      {"Monday, 07-Nov-94 00:00:00 GMT", 54623},
      {"Sunday, 06-Nov-50 08:49:47 GMT", 0},  // 2050 would be more than 50 years ahead: 1950
      {"", -1},
      {"-1", -1},
      {"1.5", -1},
      {"5s", -1},
      {"soon", -1},
      {"Sun, 06 Nov 1994 08:49:47", -1},
      {"Sun, 06 Nov 1994 08:49:47 CET", -1},
      {"Sun, 06 Xxx 1994 08:49:47 GMT", -1},
      {"Sun, 06 anF 1994 08:49:47 GMT", -1},
      {"Sun, 32 Nov 1994 08:49:47 GMT", -1},
      {"Sun, 00 Nov 1994 08:49:47 GMT", -1},
      {"Sun, 06 Nov 1994 24:49:47 GMT", -1},
      {"Sun, 06 Nov 1994 08:60:47 GMT", -1},
      {"Sun, 06 Nov 1994 8:49:47 GMT", -1},
      {"Sun, 06 Nov 994 08:49:47 GMT", -1},
      {"Sun, 06 Nov 1994 08:49:47 GMT GMT", -1},
      {",-, ,", -1},
      {"\t7 \t", 7},
      {"007", 7},
      {"86400", 86400},
      {"18446744073709551615", 86400},
      {"18446744073709551616", 86400},
      {"-18446744073709551615", -1},
      {"+5", -1},
      {"5 6", -1},
      {"5, 10", -1},  // of two headers that a proxy joined
      {"5,", -1},
      {"0x10", -1},
      {"1e3", -1},
      {" Sun, 06 Nov 1994 08:49:47 GMT ", 10},
      {"Sun, 06 Nov 1994 08:49:47 GMT, Sun, 06 Nov 1994 08:49:57 GMT", -1},
      {"Fri, 31 Dec 9999 23:59:59 GMT", 86400},
      {"Sun, 06 Nov 1994 +8:49:47 GMT", -1},
      {"Sun, -6 Nov 1994 08:49:47 GMT", 10},  // a dash parts words here
      {"Sun, 06 Nov 1994 08:49:60 GMT", 23},  // a leap second
      {"Sun Nov 06 08:49:47 1994 GMT", -1},
      {"GMT GMT GMT GMT GMT GMT", -1},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_retry_after(row.text, now) == row.seconds);
  }
}

TEST_CASE("a date of today is read right across leap years and two-digit years") {
  CHECK(parse_retry_after("Tue, 29 Feb 2028 00:00:10 GMT", 1835395200) == 10);
  CHECK(parse_retry_after("Wed, 01 Mar 2028 00:00:00 GMT", 1835395200) == 86400);
  CHECK(parse_retry_after("Friday, 20-Nov-26 10:00:05 GMT", 1795168800) == 5);
  CHECK(parse_retry_after("Friday, 20-Nov-76 10:00:05 GMT", 1795168800) == 86400);
  CHECK(parse_retry_after("Friday, 20-Nov-77 10:00:05 GMT", 1795168800) == 0);
  CHECK(parse_retry_after("Saturday, 01-Jan-00 00:00:05 GMT", 946684799) == 6);
  CHECK(parse_retry_after("Sat, 01 Jan 2000 00:00:01 GMT", 946684800) == 1);
}

TEST_CASE("a wall clock that is wrong, or set back, costs a day at most") {
  constexpr const char* date = "Fri, 20 Nov 2026 10:00:05 GMT";  // the endpoint's clock
  constexpr std::int64_t right = 1795168800;
  const struct {
    std::int64_t now, seconds;
  } rows[] = {
      {right, 5},           {right - 3600, 3605},  {right - 10 * 86400, 86400}, {0, 86400},
      {-86400, 86400},      {right + 4, 1},        {right + 5, 0},              {right + 3600, 0},
      {right * 4, 0},       {-right, 86400},
  };
  for (const auto& row : rows) {
    CAPTURE(row.now);
    CHECK(parse_retry_after(date, row.now) == row.seconds);
    CHECK(parse_retry_after("5", row.now) == 5);  // seconds know nothing of clocks
  }
}

TEST_CASE("each pause between the half and the whole comes up, as often as any other") {
  for (unsigned attempt = 0; attempt < 3; ++attempt) {
    std::set<std::uint64_t> seen;
    const std::uint64_t half = (std::uint64_t{500} << attempt) / 2;
    for (std::uint64_t random = 0; random <= half; ++random) seen.insert(backoff(attempt, random));
    CHECK(seen.size() == half + 1);
    CHECK(*seen.begin() == half);
    CHECK(*seen.rbegin() == 2 * half);
  }
  for (const unsigned attempt : {6U, 31U, 32U, 63U, 64U, 4294967295U}) {
    CAPTURE(attempt);
    CHECK(backoff(attempt, 0) == 15000);
    CHECK(backoff(attempt, 15000) == 30000);
  }
}

TEST_CASE("back-off doubles to a bound, and half of it is random") {
  const std::uint64_t whole[] = {500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
  for (unsigned attempt = 0; attempt < 8; ++attempt) {
    CAPTURE(attempt);
    const std::uint64_t half = whole[attempt] / 2;
    CHECK(backoff(attempt, 0) == half);
    CHECK(backoff(attempt, half) == whole[attempt]);
    CHECK(backoff(attempt, half + 1) == half);
    for (const std::uint64_t random : {UINT64_MAX, std::uint64_t{0x9e3779b97f4a7c15}, std::uint64_t{12345}}) {
      CHECK(backoff(attempt, random) >= half);
      CHECK(backoff(attempt, random) <= whole[attempt]);
    }
  }
  CHECK(backoff(4000000000u, UINT64_MAX) <= 30000);
}
