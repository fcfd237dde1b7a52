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
