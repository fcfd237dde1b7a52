// propagation_baggage.cpp: baggage, rule by rule of the W3C's specification, and its scopes.
#include <arthur/arthur.hpp>

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/capture.hpp"

namespace {

/// The header that would be sent now; "" where none is.
std::string sent() {
  std::map<std::string, std::string> headers;
  arthur::inject(headers);
  return headers["baggage"];
}

using lines = std::vector<std::pair<std::string, std::string>>;

std::string passed_on(const std::string& header) {
  const auto remote = arthur::extract(lines{{"baggage", header}});
  return sent();
}

std::string read(const std::string& header, std::string_view name) {
  const auto remote = arthur::extract(lines{{"baggage", header}});
  return arthur::current_baggage(name);
}

std::string text(char of, std::size_t size) { return std::string(size, of); }

const std::string bad = "\xEF\xBF\xBD";  // U+FFFD

}  // namespace

TEST_CASE("members of a baggage header pass on as they came; malformed ones are left out, the others stay") {
  const struct {
    std::string header, kept;
  } rows[] = {
      {"k=v", "k=v"},
      {"a=1,b=2", "a=1,b=2"},
      {" a=1 ,\tb=2\t, c=3 ", "a=1,b=2,c=3"},
      {",, ,a=1,,", "a=1"},
      {"", ""},
      {" , ", ""},
      {"a=", "a="},
      {"a = 1", "a = 1"},
      {"a=b=c==", "a=b=c=="},
      {"a=%20%C3%A4%zz%", "a=%20%C3%A4%zz%"},
      {"a=1;p", "a=1;p"},
      {"a=1 ; p = x=y ;q", "a=1 ; p = x=y ;q"},
      {"a=1;p=%3B;q=2,b=2;r", "a=1;p=%3B;q=2,b=2;r"},
      {"a=1;", "a=1;"},
      {"a=1;;p", ""},
      {"a=1;p q", ""},
      {"a=1;p=x y", ""},
      {"a=1;(p)", ""},
      {"!#$%&'*+-.^_`|~aZ09=1", "!#$%&'*+-.^_`|~aZ09=1"},
      {"a", ""},
      {"a;p=1", ""},
      {"=1", ""},
      {"a b=1", ""},
      {"a@b=1", ""},
      {"(a)=1", ""},
      {"\xc3\xa4=1", ""},
      {"a=x y", ""},
      {"a=\"x\"", ""},
      {"a=x\\y", ""},
      {"a=\xc3\xa4", ""},
      {"a=\x7f", ""},
      {"a=1\r\nEvil: yes", ""},
      {std::string("a=1\0", 4), ""},
      {"good=1,bad,x y=2,also=3,a=\x01,=,last=4", "good=1,also=3,last=4"},
      {"a=1,b=2,a=3", "a=1,b=2,a=3"},  // duplicates are others' business
  };
  for (const auto& row : rows) {
    CAPTURE(row.header);
    CHECK(passed_on(row.header) == row.kept);
  }
}

TEST_CASE("a value is decoded, to UTF-8 whatever it holds") {
  const struct {
    std::string value, decoded;
  } rows[] = {
      {"v", "v"},
      {"", ""},
      {"x%20y", "x y"},
      {"%C3%A4", "\xc3\xa4"},
      {"%c3%a4", "\xc3\xa4"},
      {"%25%2C%3B", "%,;"},
      {"a=b==", "a=b=="},
      {"1+1", "1+1"},
      {"%00", std::string(1, '\0')},
      {"%E2%82%AC%F0%9F%98%80", "\xe2\x82\xac\xf0\x9f\x98\x80"},
      {"%FF", bad},
      {"x%C3y", "x" + bad + "y"},
      {"%E2%82", bad},
      {"%C0%80", bad + bad},
      {"%ED%A0%80", bad + bad + bad},
      {"%F4%90%80%80", bad + bad + bad + bad},
      // What is no %XX stands for itself.
      {"%", "%"},
      {"%4", "%4"},
      {"%zz", "%zz"},
      {"%4z", "%4z"},
      {"%%41", "%A"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.value);
    CHECK(read("a=1,k=" + row.value + " ;k=no,b=2", "k") == row.decoded);
  }
  CHECK(read("k = spaced ", "k") == "spaced");
  CHECK(read("k=1,k=2", "k") == "2");
  CHECK(read("K=1", "k") == "");
  CHECK(read("k=1", "") == "");
}

TEST_CASE("what a program puts in may be any text, and is read again as it was") {
  const struct {
    std::string value, header;
  } rows[] = {
      {"v", "k=v"},
      {"", "k="},
      {"x y", "k=x%20y"},
      {"100%", "k=100%25"},
      {"a,b;c=d", "k=a%2Cb%3Bc=d"},
      {"\"\\", "k=%22%5C"},
      {"\xc3\xa4\xe2\x82\xac", "k=%C3%A4%E2%82%AC"},
      {"\r\nEvil: yes", "k=%0D%0AEvil:%20yes"},
      {std::string("\0\x7f", 2), "k=%00%7F"},
      {"%41", "k=%2541"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.value);
    const arthur::baggage_scope scope("k", row.value);
    CHECK(scope.carried());
    CHECK(sent() == row.header);
    CHECK(arthur::current_baggage("k") == row.value);
    CHECK(read(sent(), "k") == row.value);
  }
  {
    const arthur::baggage_scope broken("k", "x\xff");
    CHECK(sent() == "k=x%FF");
    CHECK(arthur::current_baggage("k") == "x" + bad);
  }
  for (const char* const name : {"", "a b", "a=b", "a,b", "\xc3\xa4", "a;b"}) {
    CAPTURE(name);
    const arthur::baggage_scope scope(name, "v");
    CHECK(!scope.carried());
    CHECK(sent() == "");
  }
}

TEST_CASE("64 members and 8192 characters are carried, never a part of a member") {
  std::string full;
  for (int n = 0; n < 64; ++n) full += (n == 0 ? "k" : ",k") + std::to_string(n) + "=v";
  CHECK(passed_on(full) == full);
  CHECK(passed_on(full + ",k64=v") == full);
  CHECK(passed_on("bad," + full) == full);
  {
    const auto remote = arthur::extract(lines{{"baggage", full}});
    const arthur::baggage_scope one_more("one-more", "v"), instead("k0", "w");
    CHECK(!one_more.carried());
    CHECK(instead.carried());
    CHECK(sent() == full.substr(5) + ",k0=w");
  }
  const std::string longest = "a=" + text('x', 8190);
  CHECK(passed_on(longest) == longest);
  CHECK(passed_on(longest + "x") == "");
  CHECK(passed_on("b=1," + longest) == "b=1");
  const std::string half = "a=" + text('x', 4094), other = "b=" + text('x', 4093);
  CHECK(passed_on(half + "," + other) == half + "," + other);
  CHECK(passed_on(half + "," + other + "x") == half);
  CHECK(passed_on(half + "," + other + "x,c=1") == half + ",c=1");
  CHECK(passed_on(longest + ",c=") == longest);
  const auto remote = arthur::extract(lines{{"baggage", half}});
  const arthur::baggage_scope large("large", text(' ', 1364)), fits("fits", text(' ', 1363));
  CHECK(!large.carried());
  CHECK(fits.carried());
  CHECK(sent().size() == 4096 + 1 + 5 + 3 * 1363);
  const arthur::baggage_scope huge("huge", text('x', 100000));
  CHECK(!huge.carried());
}

TEST_CASE("scopes nest: an inner one adds or replaces, its end restores; an empty one carries nothing") {
  const arthur::baggage_scope a("a", "1");
  CHECK(sent() == "a=1");
  {
    const arthur::baggage_scope b("b", "2");
    CHECK(sent() == "a=1,b=2");
    {
      const arthur::baggage_scope again("a", "3");
      CHECK(sent() == "b=2,a=3");
      {
        const arthur::baggage_scope none;
        CHECK(none.carried());
        CHECK(sent() == "");
        CHECK(arthur::current_baggage("a") == "");
        const arthur::baggage_scope c("c", "4");
        CHECK(sent() == "c=4");
      }
      const auto remote = arthur::extract(lines{{"baggage", "r=5;p"}});
      CHECK(!remote.joined());
      CHECK(sent() == "r=5;p");
      const arthur::baggage_scope d("d", "6");
      CHECK(sent() == "r=5;p,d=6");
      // A request without baggage leaves what is carried.
      const auto without = arthur::extract(lines{{"baggage", "malformed"}});
      CHECK(sent() == "r=5;p,d=6");
    }
    CHECK(sent() == "a=1,b=2");
  }
  CHECK(sent() == "a=1");
  std::thread([] { CHECK(sent() == ""); }).join();
}

TEST_CASE("scopes may end in any order, on another thread, and beyond the thread") {
  auto a = std::make_unique<arthur::baggage_scope>("a", "1");
  auto b = std::make_unique<arthur::baggage_scope>("b", "2");
  a.reset();
  CHECK(sent() == "a=1,b=2");  // what b began with
  b.reset();
  CHECK(sent() == "");
  for (int n = 0; n < 100; ++n) {
    auto scope = std::make_unique<arthur::baggage_scope>("a", "1");
    std::thread([&] { scope.reset(); }).join();
    CHECK(sent() == "");
  }
  std::unique_ptr<arthur::baggage_scope> left;
  std::thread([&] { left = std::make_unique<arthur::baggage_scope>("a", "1"); }).join();
  std::thread([] { CHECK(sent() == ""); }).join();
}

TEST_CASE("a thread has room for 32 scopes at once; one more has no effect") {
  for (int round = 0; round < 2; ++round) {
    std::vector<std::unique_ptr<arthur::baggage_scope>> open;
    for (int n = 0; n < 33; ++n) {
      open.push_back(std::make_unique<arthur::baggage_scope>("n", std::to_string(n)));
      CHECK(open.back()->carried() == (n < 32));
    }
    CHECK(sent() == "n=31");
    while (!open.empty()) open.pop_back();
    CHECK(sent() == "");
  }
}

TEST_CASE("baggage is on no span") {
  support::capture c;
  {
    const arthur::baggage_scope scope("tenant", "s3cr3t");
    ARTHUR_SPAN("span");
    arthur::span(arthur::kind::tool, "detached").end();
  }
  REQUIRE(c.spans().size() == 2);
  for (const support::span& s : c.spans()) {
    CHECK(s.find("tenant") == nullptr);
    CHECK(s.trace_state == "");
  }
}

TEST_CASE("baggage follows the work: a captured context takes it to other threads, where it hides theirs") {
  arthur::context with, without = arthur::context::current();
  {
    const arthur::baggage_scope scope("k", "v");
    with = arthur::context::current();
  }
  CHECK(sent() == "");
  std::thread([&] {
    const arthur::baggage_scope own("own", "1");
    for (int n = 0; n < 40; ++n) {  // its room is given back
      const auto attached = with.attach();
      CHECK(sent() == "k=v");
      const auto again = arthur::context(arthur::context::current()).attach();
      const arthur::baggage_scope more("more", "2");
      CHECK(sent() == "k=v,more=2");
      const auto nothing = without.attach();
      CHECK(sent() == "");
    }
    CHECK(sent() == "own=1");
  }).join();
  const auto wrapped = [&] {
    const arthur::baggage_scope scope("k", "w");
    return arthur::wrap([] { return sent(); });
  }();
  CHECK(wrapped() == "k=w");
  CHECK(sent() == "");
  for (int n = 0; n < 2; ++n) {  // without a runtime, and with one
    const auto running = n == 1 ? std::make_unique<support::capture>() : nullptr;
    const arthur::context extended = with.with(arthur::session_id("s"));
    const auto attached = extended.attach();
    CHECK(sent() == "k=v");
  }
  arthur::context copy = with, moved = std::move(with);
  with = copy;
  copy = arthur::context();
  std::thread([&] {
    const auto attached = moved.attach();
    CHECK(arthur::current_baggage("k") == "v");
  }).join();
}
