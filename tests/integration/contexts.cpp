// contexts.cpp: captured contexts over forks, starts and stops; each case is a process of its own.
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "support/capture.hpp"

using support::capture;

namespace {

const std::string traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

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

}  // namespace

TEST_CASE("a context that was captured before a fork holds in the child, and in the parent afterwards") {
  CHECK(in_child([] {
    capture c;
    std::optional<arthur::context> kept;
    {
      ARTHUR_CONTEXT(arthur::session_id("s"), arthur::metadata(std::string(20000, 'm')));
      ARTHUR_AGENT_SPAN("agent");
      kept = arthur::context::current();
    }
    const auto agent = c.only("agent");
    const auto records = [&](const char* name) {
      {
        const arthur::context copy = *kept;
        const auto scope = copy.with(arthur::user_id("u")).attach();
        ARTHUR_SPAN(name);
        std::thread(arthur::wrap([] { ARTHUR_SPAN("on a thread"); })).join();
      }
      const auto s = c.only(name), inner = c.only("on a thread");
      return s.parent_span_id == agent.span_id && s.text("session.id") == "s" && s.text("metadata").size() == 20000 &&
             s.text("user.id") == "u" && inner.parent_span_id == s.span_id && inner.text("session.id") == "s";
    };
    const bool in_the_child = in_child([&] {
      const bool good = records("in the child");
      kept.reset();  // its bytes are the parent process's
      const auto held = arthur::stats().bytes_held;
      for (int n = 0; n < 100; ++n) {
        ARTHUR_CONTEXT(arthur::session_id("again"));
        static_cast<void>(arthur::context::current());
      }
      return good && arthur::stats().bytes_held <= held + 2 * 8192;
    });
    return in_the_child && records("in the parent");
  }));
}

TEST_CASE("a context outlives the runtime that recorded it: the next one goes on with it") {
  CHECK(in_child([] {
    std::optional<arthur::context> kept;
    std::string parent;
    {
      capture c;
      ARTHUR_CONTEXT(arthur::session_id("s"));
      ARTHUR_AGENT_SPAN("agent");
      kept = arthur::context::current();
      ARTHUR_END();
      parent = c.only("agent").span_id;
    }
    {
      const auto scope = kept->attach();  // nothing records; it is handed on
      ARTHUR_SPAN("not recorded");
      if (support::to_hex(parent) != std::string_view(arthur::current_traceparent()).substr(36, 16)) return false;
    }
    capture c;
    {
      const auto scope = kept->attach();
      ARTHUR_SPAN("later");
    }
    return c.only("later").parent_span_id == parent && c.only("later").text("session.id") == "s" && c.spans().size() == 1;
  }));
}

TEST_CASE("without arthur::start a remote parent is handed on through a wrapped function, and nothing else happens") {
  CHECK(in_child([] {
    bool good = false;
    {
      const arthur::remote_parent parent(traceparent, "a=1");
      const auto more = arthur::context::current().with(arthur::session_id("s"));
      std::thread(arthur::wrap(
                      [&good] {
                        ARTHUR_SPAN("not recorded");
                        const arthur::suppress quiet;
                        good = std::string_view(arthur::current_traceparent()) == traceparent;
                        const auto root = arthur::context().attach();
                        good = good && arthur::current_traceparent().empty();
                      },
                      more))
          .join();
    }
    return good && arthur::current_traceparent().empty() && arthur::stats().opened == 0 && arthur::stats().bytes_held == 0;
  }));
}
