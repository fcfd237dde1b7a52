// process.cpp: how processes begin, fork and end. Each case runs this program again, as a child with a scenario.
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/engine.hpp"
#include "support/sanitizers.hpp"

namespace {

void record(const char* name, int n = 1) {
  for (int i = 0; i < n; ++i) {
    ARTHUR_SPAN(name);
  }
}

arthur::options quick() {
  arthur::options o;
  o.service_name = "child";
  o.shutdown_timeout = std::chrono::milliseconds(20000);
  return o;
}

struct late {
  ~late() { record("in a static destructor"); }
};

std::string text_of(const arthur::statistics& s) {
  return "opened " + std::to_string(s.opened) + " delivered " + std::to_string(s.delivered) + " discarded " +
         std::to_string(s.discarded) + " dropped " + std::to_string(s.dropped) + " waiting " + std::to_string(s.waiting);
}

int ends_by_return() {
  const auto tracing = arthur::start(quick());
  record("span", 300);
  return 0;
}

int ends_by_exit() {
  static const late destroyed_later;
  const auto tracing = arthur::start(quick());
  static const late destroyed_earlier;
  record("span", 300);
  std::exit(0);
}

int exception_caught_in_main() {
  try {
    const auto tracing = arthur::start(quick());
    ARTHUR_AGENT_SPAN("span");
    throw std::runtime_error("caught in main");
  } catch (const std::exception&) {
  }
  return 0;
}

int uncaught_exception() {
  auto o = quick();
  o.flush_on_terminate = true;
  const auto tracing = arthur::start(o);
  record("span", 3);
  throw std::runtime_error("nobody catches this");
}

int nothing_listens() {
  auto o = quick();
  o.shutdown_timeout = std::chrono::milliseconds(700);
  {
    const auto tracing = arthur::start(o);
    record("span", 5);
  }
  std::fprintf(stderr, "%s\n", text_of(arthur::stats()).c_str());
  return 0;
}

int forks() {
  const auto tracing = arthur::start(quick());
  record("before the fork", 10);
  int status = 0;
  {
    ARTHUR_AGENT_SPAN("open at the fork");
    const pid_t child = ::fork();
    if (child == 0) {
      record("in the child", 20);
      // Ends the inherited span too: the parent sends it.
      std::string account;
      if (arthur::flush(std::chrono::seconds(20)) != arthur::flush_result::ok) std::_Exit(3);
      account = text_of(arthur::stats());
      if (account != "opened 21 delivered 20 discarded 0 dropped 1 waiting 0") {
        std::fprintf(stderr, "child: %s\n", account.c_str());
        std::_Exit(4);
      }
      std::_Exit(0);
    }
    record("in the parent", 10);
    ::waitpid(child, &status, 0);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 9;
}

int forks_and_child_returns() {
  const auto tracing = arthur::start(quick());
  record("before the fork", 10);
  const pid_t child = ::fork();
  if (child != 0) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 9;
  }
  record("in the child", 5);
  return 0;  // the guard's destructor runs in the child too
}

int starts_in_the_child() {
  {
    const auto tracing = arthur::start(quick());
    record("before the fork", 10);
  }
  const pid_t child = ::fork();
  if (child != 0) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 9;
  }
  static bool another = false;  // a second worker says so
  {
    auto o = quick();
    o.on_diagnostic = [](void*, arthur::severity, const char* line) { another = another || std::strstr(line, "another arthur runtime") != nullptr; };
    const auto tracing = arthur::start(o);
    if (!tracing.ok()) std::_Exit(3);
    record("in the child", 5);
    if (arthur::flush(std::chrono::seconds(20)) != arthur::flush_result::ok) std::_Exit(4);
  }
  std::_Exit(another ? 5 : 0);
}

int forks_while_holding() {
  auto o = quick();
  o.sample_ratio = 0;
  o.keep_errors = true;
  const auto tracing = arthur::start(o);
  int status = 0;
  {
    ARTHUR_AGENT_SPAN("open at the fork");
    record("held by the parent", 3);
    static_cast<void>(arthur::flush(std::chrono::seconds(20)));
    if (arthur::stats().held != 3) return 2;
    const pid_t child = ::fork();
    if (child == 0) {
      if (arthur::stats().held != 0) std::_Exit(3);
      record("in the child", 2);
      static_cast<void>(arthur::flush(std::chrono::seconds(20)));
      if (arthur::stats().held != 2) std::_Exit(4);
      {
        ARTHUR_SPAN("failed in the child");
        ARTHUR_ERROR("broken");
      }
      if (arthur::flush(std::chrono::seconds(20)) != arthur::flush_result::ok) std::_Exit(5);
      const std::string account = text_of(arthur::stats());
      if (account != "opened 4 delivered 3 discarded 0 dropped 1 waiting 0") {
        std::fprintf(stderr, "child: %s\n", account.c_str());
        std::_Exit(6);
      }
      std::_Exit(0);
    }
    ::waitpid(child, &status, 0);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 9;
}

int forks_under_load() {
  const auto tracing = arthur::start(quick());
  std::atomic<bool> stop{false};
  std::vector<std::thread> busy;
  for (int t = 0; t < 2; ++t) {
    busy.emplace_back([&stop] {
      while (!stop.load()) {
        record("busy");
        std::this_thread::yield();
      }
    });
  }
  int failed = 0;
  for (int n = 0; n < 10; ++n) {
    const pid_t child = ::fork();
    if (child == 0) {
      record("in a child", 3);
      std::_Exit(arthur::flush(std::chrono::seconds(20)) == arthur::flush_result::ok ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    failed += status != 0;
  }
  stop.store(true);
  for (auto& t : busy) t.join();
  return failed;
}

int forks_with_a_full_pool() {
  // In the parent nothing goes out; the child has a copy of the word of its own.
  static std::atomic<bool> open{false};
  arthur::options o = quick();
  o.memory_limit = std::size_t{1} << 20;
  o.on_batch = [](void*, const arthur::batch_view&) {
    while (!open) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return true;
  };
  const auto tracing = arthur::start(o);
  while (arthur::stats().dropped_pool_full == 0) record("until nothing fits", 10);
  const pid_t child = ::fork();
  if (child == 0) {
    open = true;
    record("in the child", 20);
    if (arthur::flush(std::chrono::seconds(20)) != arthur::flush_result::ok) std::_Exit(3);
    const std::string account = text_of(arthur::stats());
    if (account != "opened 20 delivered 20 discarded 0 dropped 0 waiting 0") {
      std::fprintf(stderr, "child: %s\n", account.c_str());
      std::_Exit(4);
    }
    std::_Exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  open = true;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 9;
}

int signals_stay_with_the_program() {
  const auto tracing = arthur::start(quick());
  record("span");
  static_cast<void>(arthur::flush(std::chrono::seconds(20)));  // the worker runs
  struct sigaction action {};
  action.sa_handler = [](int) {};
  ::sigaction(SIGUSR1, &action, nullptr);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // To the process: with the main thread closed to it, a worker that is open to it would take it.
  ::kill(::getpid(), SIGUSR1);
  const timespec patience{20, 0};
  return ::sigtimedwait(&set, nullptr, &patience) == SIGUSR1 ? 0 : 1;
}

const std::map<std::string, int (*)()> scenarios = {
    {"return", ends_by_return},
    {"exit", ends_by_exit},
    {"caught", exception_caught_in_main},
    {"uncaught", uncaught_exception},
    {"nothing listens", nothing_listens},
    {"fork", forks},
    {"fork and return", forks_and_child_returns},
    {"fork and start", starts_in_the_child},
    {"fork while holding", forks_while_holding},
    {"fork under load", forks_under_load},
    {"fork when full", forks_with_a_full_pool},
    {"signals", signals_stay_with_the_program},
};

struct outcome {
  int status = -1;  // as waitpid gives it
  std::string errors;
};

const char* own_path = nullptr;

outcome run(const char* scenario, const std::string& url) {
  int pipe_ends[2];
  REQUIRE(::pipe(pipe_ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe_ends[1], 2);
    // The engine's sockets belong to this process alone: a copy in the child would keep them open.
    for (int fd = 3; fd < 1024; ++fd) ::close(fd);
    ::setenv("ARTHUR_BASE_URL", url.c_str(), 1);
    ::execl(own_path, own_path, scenario, static_cast<char*>(nullptr));
    std::_Exit(127);
  }
  ::close(pipe_ends[1]);
  outcome o;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(pipe_ends[0], buffer, sizeof buffer)) > 0;) o.errors.append(buffer, static_cast<std::size_t>(n));
  ::close(pipe_ends[0]);
  ::waitpid(child, &o.status, 0);
  return o;
}

std::size_t named(const support::engine& e, const char* name) {
  std::size_t n = 0;
  for (const auto& s : e.spans()) n += s.span.name == name;
  return n;
}

}  // namespace

TEST_CASE("a process that returns from main has sent everything") {
  support::engine engine;
  const outcome o = run("return", engine.url());
  CAPTURE(o.errors);
  CHECK(o.status == 0);
  CHECK(engine.row_count() == 300);
}

TEST_CASE("a process that calls exit() has sent everything, and spans in static destructors are harmless") {
  support::engine engine;
  const outcome o = run("exit", engine.url());
  CAPTURE(o.errors);
  CHECK(o.status == 0);
  CHECK(named(engine, "span") == 300);
}

TEST_CASE("an exception caught in main: the span is sent as an error") {
  support::engine engine;
  const outcome o = run("caught", engine.url());
  CAPTURE(o.errors);
  CHECK(o.status == 0);
  REQUIRE(engine.row_count() == 1);
  CHECK(engine.spans()[0].span.status_code == 2);
  CHECK(engine.spans()[0].span.status_message == "exception left the scope");
}

TEST_CASE("flush_on_terminate sends what an uncaught exception would take along, and the process still aborts") {
  support::engine engine;
  const outcome o = run("uncaught", engine.url());
  CAPTURE(o.errors);
  CHECK(WIFSIGNALED(o.status));
  CHECK(WTERMSIG(o.status) == SIGABRT);
  CHECK(engine.row_count() == 3);
}

TEST_CASE("with nothing listening a process ends within its deadline and says how many spans were left") {
  std::string url;
  {
    support::engine gone;
    url = gone.url();
  }
  const outcome o = run("nothing listens", url);
  CAPTURE(o.errors);
  CHECK(o.status == 0);
  CHECK(o.errors.find("5 spans were not delivered") != std::string::npos);
  CHECK(o.errors.find("opened 5 delivered 0 discarded 5 dropped 0 waiting 0") != std::string::npos);
}

TEST_CASE("a forked child sends its own spans, the parent its own, and none goes twice") {
  support::engine engine;
  const outcome o = run("fork", engine.url());
  CAPTURE(o.errors);
  CHECK(o.status == 0);
  CHECK(named(engine, "before the fork") == 10);
  CHECK(named(engine, "in the parent") == 10);
  CHECK(named(engine, "in the child") == 20);
  CHECK(named(engine, "open at the fork") == 1);
  CHECK(engine.repeated_span_ids().empty());
  std::set<std::string> parents, trace_ids, open_id;
  for (const auto& s : engine.spans()) {
    if (s.span.name == "in the child" || s.span.name == "in the parent") {
      parents.insert(s.span.parent_span_id);
      trace_ids.insert(s.span.trace_id);
    }
    if (s.span.name == "open at the fork") open_id.insert(s.span.span_id);
  }
  CHECK(parents == open_id);
  CHECK(trace_ids.size() == 1);
}

TEST_CASE("a forked child that returns through the guard sends its own spans once") {
  support::engine engine;
  const outcome o = run("fork and return", engine.url());
  CAPTURE(o.errors);
  CHECK(o.status == 0);
  CHECK(named(engine, "before the fork") == 10);
  CHECK(named(engine, "in the child") == 5);
  CHECK(engine.repeated_span_ids().empty());
}

TEST_CASE("a forked child whose parent had stopped starts its own runtime, and no other beside it") {
  support::engine engine;
  const outcome o = run("fork and start", engine.url());
  CAPTURE(o.errors);
  CHECK(o.status == 0);
  CHECK(named(engine, "before the fork") == 10);
  CHECK(named(engine, "in the child") == 5);
  CHECK(engine.repeated_span_ids().empty());
}

TEST_CASE("a forked child forgets the traces that its parent holds, and decides about its own part of them") {
  support::engine engine;
  const outcome o = run("fork while holding", engine.url());
  CAPTURE(o.errors);
  CHECK(o.status == 0);
  CHECK(named(engine, "failed in the child") == 1);
  CHECK(named(engine, "in the child") == 2);
  CHECK(named(engine, "held by the parent") == 0);  // nothing failed there
  CHECK(named(engine, "open at the fork") == 0);
}

TEST_CASE("forks while other threads record leave every child able to send") {
  support::engine engine;
  const outcome o = run("fork under load", engine.url());
  CAPTURE(o.errors);
  CHECK(o.status == 0);
  CHECK(named(engine, "in a child") == 30);
  CHECK(engine.repeated_span_ids().empty());
}

TEST_CASE("a child forked in an outage, with the pool full, records all the same") {
  const outcome o = run("fork when full", "http://127.0.0.1:1");
  CAPTURE(o.errors);
  CHECK(o.status == 0);
}

TEST_CASE("the program's signals don't go to the worker") {
  support::engine engine;
  const outcome o = run("signals", engine.url());
  CHECK(o.status == 0);
}

int main(int argc, char** argv) {
  if (argc == 2) {
    const auto found = scenarios.find(argv[1]);
    if (found != scenarios.end()) return found->second();
  }
  own_path = argv[0];
  doctest::Context context(argc, argv);
  // ThreadSanitizer ends a process that makes threads after a fork of a threaded one; AddressSanitizer of g++ 12 and clang 14
  // don't hold the locks of their allocators over a fork: a child may wait for ever for one that the parent's worker had.
  if (SANITIZED) {
    std::puts("SKIP: process.fork: sanitizers don't hold their locks over a fork");
    context.addFilter("test-case-exclude", "*fork*");
  }
  return context.run();
}
