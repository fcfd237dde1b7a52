// soak.cpp: four threads record while one fault after the other befalls the endpoint; then the account must close.
//
//   stress_soak [--seconds N] [--seed N]     tests/stress/run builds and starts it
//
// The stand-in engine and the wire to it live in a process of their own, so that the memory that is watched is the
// library's. The same seed gives the same faults in the same order.
#include <arthur/arthur.hpp>

#include <dirent.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/account.hpp"
#include "support/engine.hpp"
#include "support/sanitizers.hpp"
#include "support/tcp_proxy.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using clock_type = std::chrono::steady_clock;
using support::way;
using action = support::fault::action;

const char* const secret = "c2VjcmV0LWlkOnZlcnktc2VjcmV0LXZhbHVl";

// ---- the other process: the endpoint, which does as it is told

class endpoint {
public:
  explicit endpoint(unsigned seed) : random_(seed), engine_(options(seed)), wire_(engine_.port()) {
    engine_.poison_if([](const support::span& s) { return s.name == "poison"; });
    engine_.reject_if([](const support::span& s) { return s.name == "refused"; });
  }

  /// Answers one line to each line.
  std::string obey(const std::string& order) {
    if (order == "url") return wire_.url();
    if (order == "break") return break_something();
    if (order == "heal") return heal();
    if (order == "stored") return std::to_string(engine_.distinct_span_ids().size()) + " " + std::to_string(engine_.repeated_span_ids().size());
    if (order == "requests") return std::to_string(engine_.export_count());
    return "?";
  }

private:
  static support::engine_options options(unsigned seed) {
    support::engine_options o;
    o.accept = seed % 2 == 0 ? support::encodings::both : support::encodings::protobuf;
    o.keys = {{secret, {seed % 4 < 2 ? "TASK-ADMIN" : "VALIDATION-USER"}}};
    o.keep_spans = o.keep_bodies = false;
    return o;
  }

  std::size_t below(std::size_t n) { return random_() % n; }
  int times() { return 1 + static_cast<int>(below(4)); }

  std::string fail(const char* name, action what, bool stored, const std::string& body = "") {
    support::fault f;
    f.what = what;
    f.stored = stored;
    f.body = body;
    f.times = times();
    engine_.inject(f);
    return name;
  }

  std::string break_something() {
    static const int refusals[] = {400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504};
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    switch (below(21)) {
      case 0: return wire_.refuse(), "nobody listens";
      case 1: return wire_.partition(), "partition";
      case 2: return wire_.stall_after(way::to_server, below(20000), times()), "request lost on the way";
      case 3: return wire_.stall_after(way::to_client, below(300), times()), "answer lost on the way";
      case 4: return wire_.reset_after(way::to_server, below(20000), times()), "reset in the request";
      case 5: return wire_.reset_after(way::to_client, below(300), times()), "reset in the answer";
      case 6: return wire_.close_after(way::to_server, below(20000), times()), "closed in the request";
      case 7: return wire_.close_after(way::to_client, below(300), times()), "closed in the answer";
      case 8: return wire_.delay(milliseconds(below(200))), "slow wire";
      case 9: return wire_.limit(way::to_client, 1 + below(50)), "answers drip";
      case 10: return wire_.limit(way::to_server, 1000 + below(50000)), "narrow wire";
      case 11: return wire_.reset_all(), "all connections reset";
      case 12: return engine_.restart(), "engine restarts";
      case 13: return engine_.stop(), stopped_ = true, "engine stopped";
      case 14: return fail("held", action::hold, below(2) == 0);
      case 15: return fail("closed without an answer", action::close, below(2) == 0);
      case 16: return fail("reset without an answer", action::reset, below(2) == 0);
      case 17: return fail("half an answer", action::cut, true);
      case 18: return fail("chunked nonsense", action::raw, true, ok + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}");
      case 19: return fail("wrong length", action::raw, true, ok + "Content-Length: " + std::to_string(below(100)) + "\r\n\r\n{\"total_spans\":1}");
      default: {
        const int status = refusals[below(sizeof refusals / sizeof refusals[0])];
        engine_.fail_next(status, below(4) == 0 ? -1 : times() * 3, {{"Retry-After", "1"}});
        return "status " + std::to_string(status);
      }
    }
  }

  std::string heal() {
    engine_.clear_faults();
    wire_.heal();
    engine_.release();
    if (stopped_) engine_.restart();
    stopped_ = false;
    return "healed";
  }

  std::mt19937 random_;
  support::engine engine_;
  support::tcp_proxy wire_;
  bool stopped_ = false;
};

[[noreturn]] void serve(int orders, unsigned seed) {
  {
    endpoint here(seed);
    std::string line;
    for (char c = 0; ::read(orders, &c, 1) == 1;) {
      if (c != '\n') {
        line += c;
        continue;
      }
      const std::string answer = here.obey(line) + "\n";
      line.clear();
      if (::write(orders, answer.data(), answer.size()) < 0) break;
    }
  }
  std::_Exit(0);
}

/// The endpoint's process, seen from here.
class remote {
public:
  explicit remote(unsigned seed) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
    child_ = ::fork();
    if (child_ == 0) {
      ::close(ends[0]);
      serve(ends[1], seed);
    }
    ::close(ends[1]);
    orders_ = ends[0];
  }
  ~remote() {
    ::close(orders_);
    ::waitpid(child_, nullptr, 0);
  }
  remote(const remote&) = delete;
  remote& operator=(const remote&) = delete;

  std::string ask(const std::string& order) {
    const std::string line = order + "\n";
    if (::write(orders_, line.data(), line.size()) < 0) return "gone";
    std::string answer;
    for (char c = 0; ::read(orders_, &c, 1) == 1 && c != '\n';) answer += c;
    return answer;
  }

private:
  pid_t child_ = -1;
  int orders_ = -1;
};

// ---- what is recorded

void nest(std::mt19937& random, int depth) {
  ARTHUR_TOOL_SPAN("nested", arthur::attribute("depth", depth), arthur::input_json(R"({"city":"Paris"})"));
  if (depth > 0) nest(random, depth - 1);
  ARTHUR_SET(arthur::output(std::string(random() % 2000, 'o')));
}

void record_one(std::mt19937& random) {
  switch (random() % 8) {
    case 0: return nest(random, static_cast<int>(random() % 10));
    case 1: {
      ARTHUR_CONTEXT(arthur::session_id("session"), arthur::user_id("user"));
      ARTHUR_AGENT_SPAN("agent", arthur::input("question"));
      { ARTHUR_RETRIEVER_SPAN("search", arthur::document("text", arthur::id("doc"), arthur::score(0.5))); }
      ARTHUR_LLM_SPAN("chat", arthur::model("m"), arthur::input_message("user", std::string(random() % 5000, 'q')), arthur::tokens(1, 2));
      return;
    }
    case 2: {
      arthur::span s(arthur::kind::chain, "by hand");
      s.set(arthur::attribute("bytes", "\xff\xfe"));
      return;
    }
    case 3: {
      // Large, and now and then larger than a request may be.
      const std::size_t size = random() % 200 == 0 ? std::size_t{1500000} : random() % 20 == 0 ? std::size_t{300000} : 8000;
      ARTHUR_LLM_SPAN("large", arthur::input(std::string(size, 'x')));
      return;
    }
    case 4: {
      ARTHUR_DECISION("route", "a", arthur::considered({"a", "b"}));
      ARTHUR_EVENT("event", arthur::attribute("n", 1));
      return;
    }
    case 5: {
      const char* name = random() % 4000 == 0 ? "poison" : random() % 500 == 0 ? "refused" : "usual";
      ARTHUR_SPAN(name);
      return;
    }
    default: {
      ARTHUR_CHAIN_SPAN("chain");
      ARTHUR_ERROR("failed");
    }
  }
}

// ---- what is watched

std::size_t resident() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t entries(const char* directory) {
  std::size_t n = 0;
  if (DIR* d = ::opendir(directory)) {
    while (::readdir(d) != nullptr) ++n;
    ::closedir(d);
  }
  return n;
}
std::size_t files() { return entries("/proc/self/fd"); }
std::size_t threads() { return entries("/proc/self/task") - 2; }  // "." and ".."

struct lines {
  std::mutex mutex;
  std::size_t count = 0;
  std::size_t secrets = 0;

  static void take(void* user, arthur::severity, const char* line) {
    auto& self = *static_cast<lines*>(user);
    const std::lock_guard<std::mutex> lock(self.mutex);
    ++self.count;
    if (std::strstr(line, secret) != nullptr) ++self.secrets;
    if (std::getenv("VERBOSE") != nullptr) std::fprintf(stderr, "%s\n", line);
  }
};

int passed = 0, failed = 0;
void check(bool good, const std::string& what) {
  ++(good ? passed : failed);
  std::printf("%-4s %s\n", good ? "ok" : "BAD", what.c_str());
}
std::string mib(std::size_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

struct arguments {
  unsigned seconds = 5;
  unsigned seed = 1;
};

/// A directory that goes with the object.
struct directory {
  std::string path = (std::filesystem::temp_directory_path() / ("arthur-soak-" + std::to_string(::getpid()))).string();
  ~directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

void soak(const arguments& given) {
  remote engine(given.seed);  // forks, so first of all
  std::mt19937 random(given.seed + 1);
  lines said;
  arthur::options o;
  o.service_name = "soak";
  o.base_url = engine.ask("url");
  o.api_key = secret;
  o.memory_limit = std::size_t{16} << 20;
  o.schedule_delay = milliseconds(100);
  o.export_timeout = seconds(2);
  const directory spool;
  const bool spools = given.seed % 8 < 4;
  if (spools) o.spool_directory = spool.path;
  o.on_diagnostic = lines::take;
  o.on_diagnostic_user = &said;
  auto tracing = std::make_unique<arthur::tracing_guard>(arthur::start(o));
  check(tracing->ok(), "the configuration is right");
  { ARTHUR_SPAN("first"); }
  check(arthur::flush(seconds(60)) == arthur::flush_result::ok, "the first span is delivered");

  const std::size_t files_at_first = files(), threads_at_first = threads();
  std::atomic<bool> end{false};
  std::vector<std::thread> recorders;
  for (unsigned t = 0; t < 4; ++t) {
    recorders.emplace_back([&end, t, &given] {
      std::mt19937 mine(given.seed + 100 + t);
      while (!end.load()) {
        for (int n = 0; n < 20; ++n) record_one(mine);
        std::this_thread::sleep_for(milliseconds(20));  // about what the stand-in can take
      }
    });
  }

  std::map<std::string, int> faults;
  const auto began = clock_type::now();
  const auto whole = seconds(given.seconds);
  std::size_t most_early = 0, most_late = 0;
  const auto watch = [&](milliseconds span) {
    for (const auto until = clock_type::now() + span; clock_type::now() < until;) {
      std::this_thread::sleep_for(milliseconds(50));
      const std::size_t now = resident();
      const auto age = clock_type::now() - began;
      if (age < whole / 3) most_early = (std::max)(most_early, now);
      else if (age > whole * 2 / 3) most_late = (std::max)(most_late, now);
    }
  };
  while (clock_type::now() - began < whole) {
    ++faults[engine.ask("break")];
    watch(milliseconds(100 + random() % 3000));
    static_cast<void>(arthur::flush(milliseconds(random() % 100)));
    engine.ask("heal");
    watch(milliseconds(random() % 1000));
  }
  end = true;
  for (auto& r : recorders) r.join();
  // What got no answer may have to wait two minutes until the engine's "not there" is believed.
  const auto rests = [] {
    const support::account now = support::account_now();
    return now.waiting == 0 && now.on_disk() == 0;
  };
  for (const auto until = clock_type::now() + seconds(240); !rests() && clock_type::now() < until;) {
    static_cast<void>(arthur::flush(seconds(1)));
    std::this_thread::sleep_for(milliseconds(100));
  }

  const support::account a = support::account_now();
  const std::string stored = engine.ask("stored");
  const std::uint64_t distinct = std::strtoull(stored.c_str(), nullptr, 10);
  const std::uint64_t repeated = std::strtoull(stored.c_str() + stored.find(' '), nullptr, 10);
  const arthur::statistics s = arthur::stats();
  std::printf("\n| %-28s | %10s |\n|------------------------------|------------|\n", "fault", "times");
  for (const auto& f : faults) std::printf("| %-28s | %10d |\n", f.first.c_str(), f.second);
  std::printf("\n%s\n", a.text().c_str());
  std::printf("%llu requests, %llu retries, %zu lines said; stored %llu different spans\n\n", static_cast<unsigned long long>(s.requests),
              static_cast<unsigned long long>(s.retries), said.count, static_cast<unsigned long long>(distinct));

  check(a.closed(), "every span is in one account");
  check(a.open == 0 && a.waiting == 0 && a.on_disk() == 0, "nothing is open and nothing waits, in memory or on disk");
  check(repeated == 0, "no span is stored twice");
  const std::uint64_t delivered = a.delivered + a.replayed;
  check(distinct >= delivered && distinct <= delivered + a.unconfirmed + a.replay_unconfirmed, "stored is what was delivered, and part of what is unconfirmed");
  check(a.delivered > 0 && (!spools || given.seconds < 30 || a.replayed > 0), "some were delivered");
  check(a.failed == 0 && a.discarded == 0 && a.expired == 0, "none was given up");
  check(said.secrets == 0, "no line has a secret in it");
  check(threads() <= threads_at_first, "threads: " + std::to_string(threads_at_first) + ", then " + std::to_string(threads()));
  check(files() <= files_at_first + 1, "files: " + std::to_string(files_at_first) + ", then " + std::to_string(files()));
  if (!SANITIZED && given.seconds >= 30) {  // a sanitizer makes memory grow by its own doing
    check(most_late <= most_early * 5 / 4 + (std::size_t{8} << 20), "memory: " + mib(most_early) + " at first, " + mib(most_late) + " at last");
  }
  tracing.reset();
  check(support::account_now().closed(), "every span is in one account after the end");
}

}  // namespace

int main(int argc, char** argv) {
  arguments given;
  for (int n = 1; n + 1 < argc; n += 2) {
    const auto value = static_cast<unsigned>(std::strtoul(argv[n + 1], nullptr, 10));
    if (std::strcmp(argv[n], "--seconds") == 0) given.seconds = value;
    if (std::strcmp(argv[n], "--seed") == 0) given.seed = value;
  }
  std::printf("%u seconds, --seed %u: %s, a key that %s read, %s spool\n", given.seconds, given.seed, given.seed % 2 == 0 ? "JSON" : "protobuf",
              given.seed % 4 < 2 ? "may" : "may not", given.seed % 8 < 4 ? "a" : "no");
  std::fflush(stdout);
  soak(given);
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
