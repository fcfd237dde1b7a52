// spool_failures.cpp: disks that are full, read-only or broken: one clear line, nothing half done, the good files still go.
#include <doctest/doctest.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#if defined(__linux__)
#include <sched.h>
#include <sys/mount.h>
#endif

#include "spool_support.hpp"

using namespace spool_test;

namespace {

enum class call { none, open, write, read, close, rename, unlink, lock, touch };

// The n-th call of this kind from now on fails, and all later ones (or that one alone).
struct fault {
  call where = call::none;
  int error = 0;
  int after = 0;
  bool once = false;
};
fault plan;

bool strikes(call now_called) {
  if (plan.where != now_called || plan.after-- > 0) return false;
  errno = plan.error;
  plan.after = 0;
  if (plan.once) plan.where = call::none;
  return true;
}

file_calls make_faulty() {
  file_calls calls = system_calls;
  calls.open = [](int folder, const char* name, int flags) { return strikes(call::open) ? -1 : system_calls.open(folder, name, flags); };
  // Three bytes at a time: every write is a short one.
  calls.write = [](int file, const void* data, std::size_t size) -> ssize_t {
    return strikes(call::write) ? -1 : system_calls.write(file, data, size < 3 ? size : 3);
  };
  calls.read = [](int file, void* to, std::size_t size) -> ssize_t {
    return strikes(call::read) ? -1 : system_calls.read(file, to, size < 3 ? size : 3);
  };
  calls.close = [](int file) {
    const int result = system_calls.close(file);
    return strikes(call::close) ? -1 : result;
  };
  calls.rename = [](int folder, const char* from, const char* to) { return strikes(call::rename) ? -1 : system_calls.rename(folder, from, to); };
  calls.unlink = [](int folder, const char* name) { return strikes(call::unlink) ? -1 : system_calls.unlink(folder, name); };
  calls.lock = [](int file, int operation) { return (operation & LOCK_EX) != 0 && strikes(call::lock) ? -1 : system_calls.lock(file, operation); };
  calls.touch = [](int file, std::uint64_t time) { return strikes(call::touch) ? -1 : system_calls.touch(file, time); };
  return calls;
}
const file_calls faulty = make_faulty();

struct no_fault {
  no_fault() { plan = {}; }
  ~no_fault() { plan = {}; }
};

int next_descriptor() {
  const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::close(next);
  return next;
}

/// Runs in a child, which may change its limits and its mounts. Returns what it returned, or 128 and the signal.
template <class Body>
int in_child(Body&& body) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(body());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("writing may fail at every step: nothing is left, the line says why, and the next batch is kept") {
  const no_fault guard;
  const place where;
  spool s(where.settings(), test_clock, faulty);
  must_open(s);
  must_put(s, {"old"});
  const list before = where.names();
  const std::uint64_t bytes = s.bytes();
  const int free_before = next_descriptor();
  for (const fault& f : {fault{call::open, ENOSPC}, fault{call::write, ENOSPC}, fault{call::write, ENOSPC, 7}, fault{call::write, EDQUOT, 30, true},
                         fault{call::write, EROFS}, fault{call::close, EIO, 0, true}, fault{call::rename, ENOSPC}, fault{call::rename, EACCES},
                         fault{call::lock, ENOLCK}, fault{call::touch, EPERM}, fault{call::open, EMFILE}}) {
    CAPTURE(static_cast<int>(f.where));
    CAPTURE(f.error);
    plan = f;
    text_line why;
    CHECK(s.put(request({"new"}), now(), why) == spool::result::failed);
    CHECK(why == "can't write to " + where.path + ": " + std::strerror(f.error));
    plan = {};
    CHECK(where.names() == before);
    CHECK(s.bytes() == bytes);
  }
  must_put(s, {"new"});
  CHECK(where.names().size() == 2);
  // No descriptor was lost on the way.
  CHECK(next_descriptor() == free_before);
}

TEST_CASE("interrupted and short writes go on") {
  const no_fault guard;
  const place where;
  spool s(where.settings(), test_clock, faulty);
  must_open(s);
  plan = {call::write, EINTR, 5, true};
  must_put(s, {"1"});
  plan = {call::read, EINTR, 5, true};
  spool_claim claim;
  REQUIRE(s.take(claim, 0));
  CHECK(names_of(claim.content()) == list{"1"});
}

namespace {
spool* tidier = nullptr;
}  // namespace

TEST_CASE("a file that is tidied away while it is being made is made anew") {
  const no_fault guard;
  const place where;
  spool other(where.settings(), test_clock);
  must_open(other);
  file_calls calls = faulty;
  calls.lock = [](int file, int operation) {
    if (spool* const s = std::exchange(tidier, nullptr)) {
      now() += 100 * second;
      s->expire();  // looks at the directory, and finds a half-written file without a lock
    }
    return faulty.lock(file, operation);
  };
  spool s(where.settings(), test_clock, calls);
  must_open(s);
  tidier = &other;
  must_put(s, {"1"});
  CHECK(tidier == nullptr);
  CHECK(where.states() == list{""});

  plan = {call::lock, EWOULDBLOCK, 0, true};  // the tidier has it still
  must_put(s, {"2"});
  CHECK(where.states() == list{"", ".tmp", ""});
}

TEST_CASE("a disk that became read-only gives nothing out: what can't be claimed isn't sent") {
  const no_fault guard;
  const place where;
  spool s(where.settings(), test_clock, faulty);
  must_open(s);
  for (int i = 0; i < 20; ++i) must_put(s, {"n"});
  plan = {call::rename, EROFS};
  spool_claim claim;
  CHECK(!s.take(claim, never));
  CHECK(!claim.held());
  // It gave up after some of them: the fault isn't the files'.
  CHECK(s.note() == "can't write to " + where.path + ": " + std::strerror(EROFS) + " (and 7 more of such)");
  CHECK(where.states() == list(20, ""));
  plan = {};
  now() += 10 * second;
  CHECK(s.take(claim, never));
}

TEST_CASE("a file that can't be read doesn't keep the others") {
  const no_fault guard;
  const place where;
  spool s(where.settings(), test_clock, faulty);
  must_open(s);
  must_put(s, {"1"});
  must_put(s, {"2"});
  plan = {call::read, EIO, 0, true};
  spool_claim claim;
  REQUIRE(s.take(claim, 0));
  CHECK(names_of(claim.content()) == list{"2"});
  claim.delivered();
  CHECK(s.note() == "spool " + where.path + ": " + where.names().at(0) + " can't be read: " + std::strerror(EIO));
  CHECK(!s.take(claim, 0));  // not before the next look
  now() += 10 * second;
  REQUIRE(s.take(claim, 0));
  CHECK(names_of(claim.content()) == list{"1"});
  claim.delivered();

  must_put(s, {"3"});
  must_put(s, {"4"});
  plan = {call::open, EACCES, 0, true};
  REQUIRE(s.take(claim, 0));
  CHECK(names_of(claim.content()) == list{"4"});
  CHECK(s.note().find("can't be opened: Permission denied") != std::string_view::npos);
}

TEST_CASE("when the rest can't be written the claim keeps all") {
  const no_fault guard;
  const place where;
  spool s(where.settings(), test_clock, faulty);
  must_open(s);
  must_put(s, {"1", "2"});
  spool_claim claim;
  REQUIRE(s.take(claim, 0));
  for (const fault& f : {fault{call::write, ENOSPC}, fault{call::rename, EIO}, fault{call::open, EMFILE}}) {
    plan = f;
    CHECK(!claim.keep(request({"2"})));
    CHECK(s.note() == "can't write to " + where.path + ": " + std::strerror(f.error));
    plan = {};
    CHECK(claim.held());
    CHECK(names_of(claim.content()) == list{"1", "2"});
    CHECK(where.states() == list{".sending"});
  }
  buffer nonsense;
  nonsense.append("nonsense");
  CHECK(!claim.keep(nonsense));
  claim.release();
  REQUIRE(s.take(claim, 0));
  CHECK(names_of(claim.content()) == list{"1", "2"});
}

TEST_CASE("a delivered file that can't be removed isn't sent again while this process lives") {
  const no_fault guard;
  const place where;
  spool other(where.settings(), test_clock);
  {
    spool s(where.settings(), test_clock, faulty);
    must_open(s);
    must_put(s, {"1"});
    spool_claim claim;
    REQUIRE(s.take(claim, 0));
    plan = {call::unlink, EROFS};
    claim.delivered();
    CHECK(!claim.held());
    CHECK(s.note() == "can't write to " + where.path + ": " + std::strerror(EROFS));
    now() += 10 * second;
    CHECK(!s.take(claim, never));
    must_open(other);
    CHECK(!other.take(claim, never));
  }
  CHECK(where.states() == list{".sending"});
}

TEST_CASE("what can't be marked as sent must not be sent") {
  const no_fault guard;
  const place where;
  spool s(where.settings(), test_clock, faulty);
  must_open(s);
  must_put(s, {"1"});
  spool_claim claim;
  REQUIRE(s.take(claim, 0));
  plan = {call::touch, EROFS};
  CHECK(!claim.mark_sent(now()));
  CHECK(s.note() == "can't write to " + where.path + ": " + std::strerror(EROFS));
  plan = {call::rename, EROFS};
  claim.release();  // can't be done either
  CHECK(!claim.held());
  plan = {};
  CHECK(where.states() == list{".sending"});
  CHECK(s.waiting() == 1);
}

TEST_CASE("a file too large to be ours is set aside unread") {
  const place where;
  spool s(where.settings(UINT64_MAX), test_clock);
  must_open(s);
  must_put(s, {"1"});
  const std::string file = where.only();
  REQUIRE(::truncate(file.c_str(), static_cast<off_t>(spool::max_file) + 1) == 0);
  spool_claim claim;
  CHECK(!s.take(claim, 0));
  CHECK(where.states() == list{".corrupt"});
  CHECK(s.note().find("is set aside as .corrupt: it is larger than any of ours") != std::string_view::npos);
}

TEST_CASE("a limit on file sizes costs the batch, not the program") {
  const place where;
  spool s(where.settings(), test_clock);
  must_open(s);
  must_put(s, {"old"});
  const buffer large = request(list(1000, "a name of a span"));
  REQUIRE(large.size() > 16384);
  const int result = in_child([&] {
    ::signal(SIGXFSZ, SIG_DFL);  // ends the program
    const rlimit small{16384, 16384};
    if (::setrlimit(RLIMIT_FSIZE, &small) != 0) return 1;
    text_line why;
    if (s.put(large, 0, why) != spool::result::failed) return 2;
    if (why != "can't write to " + where.path + ": " + std::strerror(EFBIG)) return 3;
    return s.put(request({"small"}), 0, why) == spool::result::ok ? 0 : 4;
  });
  CHECK(result == 0);
  CHECK(where.states() == list{"", ""});
}

#if defined(__linux__)

namespace {
constexpr int not_possible = 77;

// A mount of its own, which nobody else sees. It is gone with the child.
bool own_mounts() { return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0; }

void judge(int result, const char* name) {
  if (result == not_possible) std::printf("SKIP: %s: no right to mount here\n", name);
  else CHECK(result == 0);
}
}  // namespace

TEST_CASE("a disk that is really full") {
  const place where;
  REQUIRE(::mkdir(where.path.c_str(), 0700) == 0);
  judge(in_child([&] {
          if (!own_mounts() || ::mount("none", where.path.c_str(), "tmpfs", 0, "size=64k,mode=700") != 0) return not_possible;
          spool s(where.settings(), test_clock);
          text_line why;
          if (!s.open(why)) return 1;
          const buffer batch = request(list(100, "a name of a span"));
          int kept = 0;
          while (kept < 1000 && s.put(batch, 0, why) == spool::result::ok) ++kept;
          if (why != "can't write to " + where.path + ": No space left on device") return 2;
          if (where.states() != list(static_cast<std::size_t>(kept), "")) return 3;
          spool_claim claim;
          int taken = 0;
          while (s.take(claim, 0)) {
            claim.delivered();
            ++taken;
          }
          if (taken != kept || kept == 0) return 4;
          return s.put(batch, 0, why) == spool::result::ok ? 0 : 5;  // there is room again
        }),
        "spool.full_disk");
}

TEST_CASE("a disk that is really read-only") {
  const place where;
  {
    spool s(where.settings(), test_clock);
    must_open(s);
    must_put(s, {"1"});
  }
  judge(in_child([&] {
          spool before(where.settings(), test_clock);  // opened while it could still be written
          text_line why;
          const char* const path = where.path.c_str();
          if (!own_mounts() || ::mount(path, path, nullptr, MS_BIND, nullptr) != 0) return not_possible;
          if (!before.open(why)) return 1;
          if (::mount(nullptr, path, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) != 0) return not_possible;
          if (before.put(request({"2"}), 0, why) != spool::result::failed) return 2;
          if (why != "can't write to " + where.path + ": Read-only file system") return 3;
          spool_claim claim;
          if (before.take(claim, never) || claim.held()) return 4;
          spool after(where.settings(), test_clock);
          if (after.open(why)) return 5;
          if (why.find("can't use the spool directory " + where.path + ": Read-only file system; set") != 0) return 6;
          return 0;
        }),
        "spool.read_only_disk");
  CHECK(where.states() == list{""});
}

#endif
