// wire_forks.cpp: calls to a model that are open while the process forks.
#define ARTHUR_WITH_JSON
#include <arthur/testing.hpp>

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "support/sanitizers.hpp"

using arthur::testing::capture;

namespace {

constexpr const char* url = "https://api.openai.com/v1/chat/completions";
constexpr const char* question = R"({"model":"m","messages":[{"role":"user","content":"Hi"}]})";
constexpr std::string_view answer = R"({"choices":[{"index":0,"message":{"role":"assistant","content":"Hello"}}]})";
constexpr const char* content = "llm.output_messages.0.message.content";

/// Reads the rest of the answer.
void complete(arthur::wire_call& call) {
  call.feed(answer.substr(20));
  call.finish();
}

}  // namespace

TEST_CASE("a call that is open at a fork is the parent's: the child may end it, sends it nowhere, and makes calls of its own") {
  if (SANITIZED) {
    std::puts("SKIP: wire_forks: sanitizers don't hold their locks over a fork");
    return;
  }
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  arthur::wire_call call("POST", url, question);
  call.feed(answer.substr(0, 20));
  const pid_t child = ::fork();
  if (child == 0) {
    complete(call);
    arthur::wire_call own("POST", url, question);
    own.feed(answer.substr(0, 20));
    complete(own);
    const auto all = spans.all();
    std::_Exit(all.size() == 1 && all[0].status == "OK" && all[0].attribute(content) == "Hello" ? 0 : 1);
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  complete(call);
  const auto all = spans.all();
  REQUIRE(all.size() == 1);
  CHECK(all[0].status == "OK");
  CHECK(all[0].attribute(content) == "Hello");
}
