// exceptions.cpp: what arthur::traced and ARTHUR_TRACED record of an exception, and what they leave alone.
#include <arthur/testing.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/sanitizers.hpp"

#if defined(__linux__) && !defined(__SANITIZE_THREAD__)
#include <pthread.h>
#endif

using arthur::testing::capture;
using arthur::testing::span;

namespace {

struct odd {};
namespace shop {
struct sold_out : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct silent : std::exception {
  const char* what() const noexcept override { return nullptr; }
};
}  // namespace shop

template <class Thrown>
span recorded(const Thrown& thrown) {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  bool caught = false;
  try {
    arthur::traced(arthur::kind::tool, "t", [&] { throw thrown; });
  } catch (const Thrown&) {
    caught = true;
  }
  CHECK(caught);
  return spans.find("t");
}

int doubled(int n) {
  if (n < 0) throw std::out_of_range("negative");
  return 2 * n;
}

}  // namespace

TEST_CASE("any thrown type is recorded with its readable name, and with its message where it has one") {
  const span known = recorded(shop::sold_out("no shoes"));
  CHECK(known.status == "ERROR");
  REQUIRE(known.events.size() == 1);
  CHECK(known.events[0].name == "exception");
  CHECK(known.events[0].attribute("exception.type").text().find("shop::sold_out") != std::string::npos);
  CHECK(known.events[0].attribute("exception.message") == "no shoes");
  CHECK(known.events[0].attribute("exception.escaped") == true);
  CHECK(known.message == known.events[0].attribute("exception.type").text() + ": no shoes");

  CHECK(recorded(std::string("a text")).events.at(0).attribute("exception.message") == "a text");
  const span literal = recorded(static_cast<const char*>("a literal"));
  CHECK(literal.events.at(0).attribute("exception.message") == "a literal");
  CHECK(literal.message == "char const*: a literal");
  CHECK(recorded(7).message == "int");
  CHECK(recorded(odd{}).message.find("odd") != std::string::npos);
  CHECK(recorded(shop::silent{}).message.find("silent") != std::string::npos);
  CHECK(recorded(std::bad_alloc{}).message.find("std::bad_alloc: ") == 0);
}

TEST_CASE("one event however many scopes it crosses; each has the status") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  CHECK_THROWS_AS(arthur::traced(arthur::kind::agent, "a", [] {
    ARTHUR_SPAN("b");
    arthur::traced(arthur::kind::chain, "c", [] {
      ARTHUR_SPAN("d");
      static_cast<void>(ARTHUR_TRACED(tool, "e", doubled(-1)));
    });
  }), std::out_of_range);
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    CAPTURE(name);
    const span s = spans.find(name);
    CHECK(s.status == "ERROR");
    CHECK(s.message == "std::out_of_range: negative");
    CHECK(s.events.size() == (s.name == "e" ? 1 : 0));
  }
}

TEST_CASE("an attempt that fails like the one before is an exception of its own") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  arthur::traced(arthur::kind::agent, "agent", [] {
    for (int attempt = 0; attempt < 3; ++attempt) {
      try {
        static_cast<void>(ARTHUR_TRACED(tool, "attempt", doubled(-1)));
      } catch (const std::out_of_range&) {
      }
    }
  });
  const auto all = spans.take();
  REQUIRE(all.size() == 4);
  CHECK(all[0].status == "OK");
  for (std::size_t n = 1; n < 4; ++n) CHECK(all[n].events.size() == 1);
}

TEST_CASE("ARTHUR_TRACED gives what its expression gives, and says where it stands") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  CHECK(ARTHUR_TRACED(tool, "double", doubled(21)) == 42);
  int n = 1;
  int& same = ARTHUR_TRACED(chain, "reference", (n));
  CHECK(&same == &n);
  const auto moved = ARTHUR_TRACED(chain, "moved", std::make_unique<int>(3));
  CHECK(*moved == 3);
  const auto pair = ARTHUR_TRACED(chain, "commas", std::pair<int, int>(1, 2));
  CHECK(pair.second == 2);
  ARTHUR_TRACED(chain, "nothing", static_cast<void>(n));
  const span s = spans.find("double");
  CHECK(s.kind == "TOOL");
  CHECK(s.status == "OK");
  CHECK(s.attribute("code.file.path").text().find("exceptions.cpp") != std::string::npos);
  CHECK(s.attribute("code.function.name").text().find("operator()") == std::string::npos);
  CHECK(s.attribute("code.line.number").integer() > 100);
}

#if defined(__GLIBC__) && !defined(ARTHUR_NO_HEAP)
TEST_CASE("the event has the stack of the call") {
  const auto stack = recorded(7).events.at(0).attribute("exception.stacktrace").text();
  CHECK(stack.find("__libc_start_main") != std::string::npos);
  CHECK(stack.find("describe_exception") == std::string::npos);  // none of ours
  CHECK(stack.find("current_exception") == std::string::npos);
  CHECK(stack.find("[0x") == std::string::npos);  // the same in every run
}
#endif

#if defined(__linux__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("a thread that is cancelled inside traced() ends as if it weren't there") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  pthread_t thread;
  REQUIRE(pthread_create(&thread, nullptr, [](void*) -> void* {
    arthur::traced(arthur::kind::tool, "cancelled", [] {
      pthread_cancel(pthread_self());
      pthread_testcancel();
    });
    return nullptr;
  }, nullptr) == 0);
  void* result = nullptr;
  REQUIRE(pthread_join(thread, &result) == 0);
  CHECK(result == PTHREAD_CANCELED);
  CHECK(spans.find("cancelled").message == "unknown exception");
}
#endif

TEST_CASE("without a runtime an exception passes through") {
  CHECK_THROWS_AS(arthur::traced(arthur::kind::tool, "t", [] { throw 1; }), int);
  CHECK(ARTHUR_TRACED(tool, "t", doubled(2)) == 4);
}
