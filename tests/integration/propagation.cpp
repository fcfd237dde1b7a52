// propagation.cpp: headers handed on where nothing records yet, or never; each case is a process of its own.
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include "support/capture.hpp"

using support::capture;

namespace {

const std::string traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

bool hands_on() {
  return std::string_view(arthur::current_traceparent()) == traceparent && std::string_view(arthur::current_tracestate()) == "a=1";
}

/// Runs `what` in a child process; whether it returned true there.
template <class What>
bool in_child(What what) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool good = what();
    std::_Exit(good ? 0 : 1);
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::size_t slots() {
  std::size_t count = 0;
  for (auto* s = arthur::detail::the_recorder.slots.load(); s != nullptr; s = s->registered_before) ++count;
  return count;
}

}  // namespace

int main(int count, char** arguments) {
  doctest::Context context(count, arguments);
  return context.run();
}

TEST_CASE("without arthur::start what came is handed on, thread after thread in the same memory") {
  CHECK(in_child([] {
    for (int n = 0; n < 50; ++n) {
      bool good = false;
      std::thread([&good] {
        const arthur::remote_parent parent(traceparent, "a=1");
        const arthur::baggage_scope baggage("k", "v");
        ARTHUR_SPAN("not recorded");
        good = hands_on() && arthur::current_baggage("k") == "v";
      }).join();
      if (!good) return false;
    }
    return slots() == 1 && arthur::current_traceparent().empty() && arthur::stats().opened == 0;
  }));
}

TEST_CASE("a runtime that starts within the scope records the children of what came") {
  CHECK(in_child([] {
    const arthur::remote_parent parent(traceparent, "a=1");
    capture c;
    {
      ARTHUR_SPAN("span");
      arthur::span(arthur::kind::tool, "detached").end();
    }
    const support::span span = c.only("span"), detached = c.only("detached");
    return support::to_hex(span.parent_span_id) == "b7ad6b7169203331" && span.trace_state == "a=1" && detached.trace_state == "a=1" &&
           detached.parent_span_id == span.span_id;
  }));
}

TEST_CASE("with OTEL_SDK_DISABLED headers are handed on, unless OTEL_PROPAGATORS says none") {
  CHECK(in_child([] {
    ::setenv("OTEL_SDK_DISABLED", "true", 1);
    const auto tracing = arthur::start();
    const arthur::remote_parent parent(traceparent, "a=1");
    ARTHUR_SPAN("not recorded");
    return tracing.ok() && hands_on() && arthur::stats().opened == 0;
  }));
  CHECK(in_child([] {
    ::setenv("OTEL_SDK_DISABLED", "true", 1);
    ::setenv("OTEL_PROPAGATORS", "none", 1);
    const auto tracing = arthur::start();
    const arthur::remote_parent parent(traceparent, "a=1");
    return tracing.ok() && !parent.joined() && arthur::current_traceparent().empty() && arthur::current_tracestate().empty();
  }));
}

TEST_CASE("a forked child goes on in the scope, with span ids of its own") {
  CHECK(in_child([] {
    const arthur::remote_parent parent(traceparent, "a=1");
    const arthur::baggage_scope baggage("k", "v");
    int pipe[2];
    if (::pipe(pipe) != 0) return false;
    const auto id = [] {
      ARTHUR_SPAN("span");
      return std::string(std::string_view(arthur::current_span_id()));
    };
    const bool good = in_child([&] {
      if (!hands_on() || arthur::current_baggage("k") != "v") return false;
      capture c;
      const std::string own = id();
      if (c.only("span").trace_state != "a=1" || support::to_hex(c.only("span").parent_span_id) != "b7ad6b7169203331") return false;
      return ::write(pipe[1], own.data(), own.size()) == 16;
    });
    char childs[16];
    if (!good || ::read(pipe[0], childs, 16) != 16) return false;
    capture c;
    return std::string_view(childs, 16) != id() && hands_on();
  }));
}
