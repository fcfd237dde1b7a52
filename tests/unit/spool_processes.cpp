// spool_processes.cpp: several processes on one spool, and processes that die at any point.
#include <doctest/doctest.h>

#include <csignal>
#include <map>
#include <string>
#include <vector>

#include <sys/file.h>
#include <sys/wait.h>

#include <arthur/platform/clock.hpp>

#include "spool_support.hpp"

using namespace spool_test;

namespace {

struct channel {
  int ends[2] = {-1, -1};
  channel() { REQUIRE(::pipe(ends) == 0); }
  ~channel() {
    close_reading();
    close_writing();
  }
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;
  void close_reading() { close_end(0); }
  void close_writing() { close_end(1); }
  void say(const std::string& text) const {
    if (::write(ends[1], text.data(), text.size()) < 0) ::_exit(99);
  }
  /// Waits for one character; '\0' when all writers are gone.
  char hear() const {
    char c = '\0';
    return ::read(ends[0], &c, 1) == 1 ? c : '\0';
  }
  std::string hear_all() {
    close_writing();
    std::string all;
    while (const char c = hear()) all += c;
    return all;
  }

 private:
  void close_end(int n) {
    if (ends[n] >= 0) ::close(ends[n]);
    ends[n] = -1;
  }
};

template <class Body>
pid_t start_process(Body&& body) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::alarm(120);
    try {
      body();
    } catch (...) {  // a REQUIRE
      ::_exit(98);
    }
    ::_exit(0);
  }
  return child;
}
int wait_for(pid_t child) {
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::map<std::string, int> counted(const std::string& lines) {
  std::map<std::string, int> found;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    ++found[lines.substr(at, end - at)];
    at = end + 1;
  }
  return found;
}

void tell_and_finish(spool_claim& claim, const channel& out) {
  std::string lines;
  for (const std::string& name : names_of(claim.content())) lines += name + "\n";
  out.say(lines);  // less than PIPE_BUF: lines of several processes don't mix
  claim.delivered();
}

}  // namespace

TEST_CASE("two and four processes drain one spool, and each file is taken exactly once") {
  for (const int processes : {2, 4}) {
    CAPTURE(processes);
    const place where;
    {
      spool s(where.settings(), test_clock);
      must_open(s);
      for (int i = 0; i < 300; ++i) must_put(s, {std::to_string(i)});
    }
    channel found, ready, gate;
    std::vector<pid_t> children;
    for (int i = 0; i < processes; ++i) {
      children.push_back(start_process([&] {
        gate.close_writing();
        spool s(where.settings(), test_clock);
        must_open(s);
        ready.say("r");
        gate.hear();  // all begin together, with the same list
        spool_claim claim;
        int taken = 0;
        while (s.take(claim, 0)) {
          tell_and_finish(claim, found);
          ++taken;
        }
        if (!s.note().empty()) ::_exit(1);
      }));
    }
    for (int i = 0; i < processes; ++i) CHECK(ready.hear() == 'r');
    gate.close_writing();
    const auto spans = counted(found.hear_all());
    for (const pid_t child : children) CHECK(wait_for(child) == 0);
    CHECK(spans.size() == 300);
    for (const auto& span : spans) CHECK_MESSAGE(span.second == 1, span.first);
    CHECK(where.names().empty());
  }
}

namespace {
/// The same for all processes, and a hundred times as fast as real time: they look at the directory all the time.
std::uint64_t fast_clock() { return unix_nanoseconds() * 100 % (std::uint64_t{1} << 62); }
}  // namespace

TEST_CASE("processes that write and processes that drain don't disturb each other") {
  const place where;
  channel found;
  std::vector<pid_t> children;
  for (const char* writer : {"a", "b"}) {
    children.push_back(start_process([&] {
      spool s(where.settings(), fast_clock);
      must_open(s);
      for (int i = 0; i < 200; ++i) must_put(s, {writer + std::to_string(i)});
    }));
  }
  for (int i = 0; i < 2; ++i) {
    children.push_back(start_process([&] {
      spool s(where.settings(), fast_clock);
      must_open(s);
      spool_claim claim;
      for (int empty = 0; empty < 200;) {
        if (s.take(claim, 0)) tell_and_finish(claim, found);
        else if (++empty % 2 == 0) ::usleep(2000);
      }
      if (!s.note().empty()) ::_exit(1);
    }));
  }
  std::string lines = found.hear_all();
  for (const pid_t child : children) CHECK(wait_for(child) == 0);
  spool rest(where.settings(), fast_clock);
  must_open(rest);
  spool_claim claim;
  while (rest.take(claim, 0)) {
    for (const std::string& name : names_of(claim.content())) lines += name + "\n";
    claim.delivered();
  }
  const auto spans = counted(lines);
  CHECK(spans.size() == 400);
  for (const auto& span : spans) CHECK_MESSAGE(span.second == 1, span.first);
  CHECK(where.names().empty());
}

TEST_CASE("what a killed process was sending is in doubt, and the rest goes on") {
  const place where;
  spool s(where.settings(), test_clock);
  must_open(s);
  must_put(s, {"1"});
  must_put(s, {"2"});
  const std::uint64_t sent = now() + second;
  channel ready;
  const pid_t child = start_process([&] {
    spool own(where.settings(), test_clock);
    must_open(own);
    spool_claim claim;
    REQUIRE(own.take(claim, 0));
    REQUIRE(claim.mark_sent(sent));
    ready.say("r");
    ::pause();
  });
  REQUIRE(ready.hear() == 'r');
  now() += 10 * second;
  spool_claim claim;
  REQUIRE(s.take(claim, never));
  CHECK(names_of(claim.content()) == list{"2"});  // the first one is his
  claim.delivered();
  CHECK(!s.take(claim, never));
  ::kill(child, SIGKILL);
  CHECK(wait_for(child) == 128 + SIGKILL);
  now() += 10 * second;
  CHECK(!s.take(claim, sent - 1));
  REQUIRE(s.take(claim, sent));
  CHECK(claim.in_doubt());
  CHECK(claim.sent_at() == sent);
  CHECK(names_of(claim.content()) == list{"1"});
}

namespace {

int calls_left = 0;  // the process dies before the call that makes it 0
void maybe_die() {
  if (--calls_left == 0) ::kill(::getpid(), SIGKILL);
}

file_calls make_deadly() {
  file_calls calls = system_calls;
  calls.open = [](int folder, const char* name, int flags) { return maybe_die(), system_calls.open(folder, name, flags); };
  calls.write = [](int file, const void* data, std::size_t size) { return maybe_die(), system_calls.write(file, data, size < 20 ? size : 20); };
  calls.read = [](int file, void* to, std::size_t size) { return maybe_die(), system_calls.read(file, to, size); };
  calls.close = [](int file) { return maybe_die(), system_calls.close(file); };
  calls.rename = [](int folder, const char* from, const char* to) { return maybe_die(), system_calls.rename(folder, from, to); };
  calls.unlink = [](int folder, const char* name) { return maybe_die(), system_calls.unlink(folder, name); };
  calls.lock = [](int file, int operation) { return maybe_die(), system_calls.lock(file, operation); };
  calls.touch = [](int file, std::uint64_t time) { return maybe_die(), system_calls.touch(file, time); };
  return calls;
}
const file_calls deadly = make_deadly();

}  // namespace

TEST_CASE("a process may die before any system call: no span is lost, none is twice, and no rubbish stays") {
  int survived_at = 0;
  for (int n = 1; survived_at == 0; ++n) {
    REQUIRE(n < 1000);
    CAPTURE(n);
    const place where;
    {
      spool made(where.settings(), test_clock);
      must_open(made);
    }
    channel steps;
    const pid_t child = start_process([&] {
      calls_left = n;
      spool s(where.settings(), test_clock, deadly);
      must_open(s);
      must_put(s, {"1", "2"});
      steps.say("p");
      must_put(s, {"3"}, now());
      steps.say("d");
      spool_claim claim;
      REQUIRE(s.take(claim, 0));
      REQUIRE(claim.mark_sent(now()));
      steps.say("k");  // 1 has its answer
      REQUIRE(claim.keep(request({"2"})));
      steps.say("K");
      claim.release();
      REQUIRE(s.take(claim, 0));
      steps.say("e");  // and so has 2
      claim.delivered();
      steps.say("E");
    });
    const std::string done = steps.hear_all();
    const auto has = [&done](char step) { return done.find(step) != std::string::npos; };
    if (wait_for(child) == 0) survived_at = n;
    CAPTURE(done);

    now() += 100 * second;
    spool s(where.settings(), test_clock);
    must_open(s);
    for (const std::string& state : where.states()) CHECK_MESSAGE((state == "" || state == ".sending"), state);
    std::map<std::string, int> left;
    spool_claim claim;
    while (s.take(claim, never)) {
      for (const std::string& name : names_of(claim.content())) ++left[name];
      claim.delivered();
    }
    CHECK(s.note() == "");
    CHECK(where.names().empty());
    for (const auto& span : left) CHECK_MESSAGE(span.second == 1, span.first);
    if (has('p') && !has('k')) CHECK(left["1"] == 1);
    if (has('K')) CHECK(left["1"] == 0);
    if (has('p') && !has('e')) CHECK(left["2"] == 1);
    if (has('E')) CHECK(left["2"] == 0);
    if (has('d')) CHECK(left["3"] == 1);
  }
  CHECK(survived_at > 40);
}

TEST_CASE("a forked child lets go of what it inherited, and the parent keeps it") {
  const place where;
  spool s(where.settings(), test_clock);
  must_open(s);
  must_put(s, {"1"});
  must_put(s, {"2"});
  spool other(where.settings(), test_clock);
  must_open(other);
  spool_claim claim;
  REQUIRE(s.take(claim, 0));
  CHECK(wait_for(start_process([&] {
          s.drop_inherited();
          if (claim.held() || claim.mark_sent(1)) ::_exit(1);
          claim.delivered();  // nothing happens
          spool_claim another;
          text_line why;
          if (s.take(another, never) || s.put(request({"3"}), 0, why) == spool::result::ok) ::_exit(2);
        })) == 0);
  CHECK(where.states() == list{".sending", ""});
  now() += 10 * second;  // the other one looks at what there is now
  spool_claim theirs;
  REQUIRE(other.take(theirs, never));
  CHECK(names_of(theirs.content()) == list{"2"});
  theirs.delivered();
  CHECK(!other.take(theirs, never));
  claim.delivered();
  CHECK(where.names().empty());
}

TEST_CASE("a child that lives on with what it inherited keeps no file from the others") {
  const place where;
  spool s(where.settings(), test_clock);
  must_open(s);
  must_put(s, {"1"});
  spool_claim claim;
  REQUIRE(s.take(claim, 0));
  channel gate;
  const pid_t child = start_process([&] {
    gate.close_writing();
    gate.hear();
  });
  claim.release();  // unlocks expressly: the child has a copy of the descriptor
  spool other(where.settings(), test_clock);
  must_open(other);
  spool_claim theirs;
  CHECK(other.take(theirs, 0));
  gate.close_writing();
  CHECK(wait_for(child) == 0);
}

TEST_CASE("when a parent died its file is free once the child let go") {
  const place where;
  {
    spool s(where.settings(), test_clock);
    must_open(s);
    must_put(s, {"1"});
  }
  channel said, gate, end;
  const pid_t parent = start_process([&] {
    spool s(where.settings(), test_clock);
    must_open(s);
    spool_claim claim;
    REQUIRE(s.take(claim, 0));
    static_cast<void>(start_process([&] {
      gate.close_writing();
      end.close_writing();
      gate.hear();
      s.drop_inherited();
      said.say("d");
      end.hear();
    }));
    said.say("r");
    ::pause();
  });
  REQUIRE(said.hear() == 'r');
  ::kill(parent, SIGKILL);
  CHECK(wait_for(parent) == 128 + SIGKILL);
  spool other(where.settings(), test_clock);
  must_open(other);
  spool_claim claim;
  CHECK(!other.take(claim, never));
  gate.close_writing();
  REQUIRE(said.hear() == 'd');
  now() += 10 * second;
  CHECK(other.take(claim, never));
}
