// bench.cpp: one benchmark per name given; each runs in a process of its own, because the pool is made once.
#define ARTHUR_IMPLEMENTATION
#include "workload.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fstream>
#include <thread>

using namespace bench;

// Counts the heap calls of each thread. malloc itself, so that C code is seen as well.
static thread_local std::uint64_t heap_calls = 0;
extern "C" {
void* __libc_malloc(std::size_t) noexcept;
void* __libc_calloc(std::size_t, std::size_t) noexcept;
void* __libc_realloc(void*, std::size_t) noexcept;
void __libc_free(void*) noexcept;
void* malloc(std::size_t size) noexcept {
  ++heap_calls;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  ++heap_calls;
  return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) noexcept {
  ++heap_calls;
  return __libc_realloc(old, size);
}
void free(void* what) noexcept {
  if (what != nullptr) ++heap_calls;
  __libc_free(what);
}
}

namespace {

bool brief = false;

/// The next burst doesn't wake the worker.
void below_threshold() {
  arthur::detail::slot& s = *arthur::detail::this_slot;
  s.woken_at = s.memory.taken;
}

void settle() {
  static_cast<void>(arthur::flush(std::chrono::seconds(60)));
}

/// The clock measures the rate of the processor's counter in sweeps some time apart; until then it asks the system.
void calibrate() {
  for (int n = 0; n < 4; ++n) {
    w0();
    settle();
    usleep(300000);
  }
}

double cpu_seconds() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
  return seconds(u.ru_utime) + seconds(u.ru_stime);
}

/// Bytes of each span as the caller writes it: without the code.* attributes, which the worker adds.
void real_sizes(double (&to)[4]) {
  arthur::options o = quiet_options();
  o.code_location = false;
  std::size_t total = 0;
  o.on_batch_user = &total;
  o.on_batch = [](void* user, const arthur::batch_view& b) {
    *static_cast<std::size_t*>(user) += b.size - 100;  // about what the envelope takes
    return true;
  };
  const auto tracing = arthur::start(o);
  ARTHUR_AGENT_SPAN("run");
  for (int w = 0; w < 4; ++w) {
    total = 0;
    for (int n = 0; n < 100; ++n) works[w]();
    settle();
    to[w] = static_cast<double>(total / 100 - 3);  // its tag and length
  }
}

double timed(work run, int count) {
  const double start = now();
  for (int n = 0; n < count; ++n) run();
  return (now() - start) / count;
}

void caller() {
  const auto tracing = arthur::start(quiet_options());
  calibrate();
  ARTHUR_AGENT_SPAN("run");
  constexpr const char* goals[] = {"", "<= 3.0", "<= 2.5", "<= 1.5"};
  constexpr double otel[] = {694, 2345, 4079, 9200};
  for (int w = 0; w < 4; ++w) {
    std::vector<double> cost, floor;
    for (int n = brief ? 40 : 300; n != 0; --n) {
      below_threshold();
      cost.push_back(timed(works[w], bursts[w]));
      floor.push_back(timed_floor(w, bursts[w]));
      settle();
    }
    const std::string name = "caller, worker quiet, W" + std::to_string(w);
    row(name + ": bytes", static_cast<double>(sizes[w]), "B");
    const double f = median(floor);
    row(name + ": floor, median", f, "ns", "", 1);
    row(name + ": min", quantile(cost, 0), "ns", "", quantile(cost, 0) / f);
    row(name + ": median", median(cost), "ns", w == 0 ? "<= 65" : "", median(cost) / f);
    if (w != 0) row(name + ": median in floors", median(cost) / f, "F", goals[w]);
    if (w < 3) row(name + ": opentelemetry-cpp (other CPU) / cost", otel[w] / median(cost), "x", ">= 10");
  }
}

/// Five attributes that W1 inherits, beside a copy of their bytes.
void context() {
  const auto tracing = arthur::start(quiet_options());
  calibrate();
  ARTHUR_AGENT_SPAN("run");
  const auto plain = arthur::context::current();
  const auto five = plain.with(arthur::session_id("0d4c4bd1-7d3e-4b2c-9a53-2f6c1f0e7a11"), arthur::user_id("user-4711"),
                               arthur::metadata(R"({"tenant":"acme","plan":"pro"})"), arthur::tags({"support", "beta"}),
                               arthur::attribute("deployment.region", "eu-central-1"));
  std::size_t size = 0;
  {
    const auto scope = five.attach();
    const arthur::detail::pooled_frame& node = *arthur::detail::this_slot->context;
    size = node.span.bytes.first()->size;
  }
  static std::vector<char> ring(std::size_t{1} << 20, 'r'), source(std::size_t{1} << 12, 's');
  std::size_t at = 0;
  const auto copy = [&] {
    if (at + size > ring.size()) at = 0;
    std::memcpy(ring.data() + at, source.data(), size);
    at += size;
    asm volatile("" ::: "memory");
  };
  constexpr int burst = 250;
  std::vector<double> without, with, copies;
  for (int n = brief ? 100 : 1000; n != 0; --n) {
    below_threshold();
    without.push_back(timed(w1, burst));
    settle();
    below_threshold();
    {
      const auto scope = five.attach();
      with.push_back(timed(w1, burst));
    }
    settle();
    const double start = now();
    for (int k = 0; k < burst; ++k) copy();
    copies.push_back((now() - start) / burst);
  }
  const std::string name = "five context attributes, W1";
  const double more = median(with) - median(without);
  row(name + ": bytes", static_cast<double>(size), "B");
  row(name + ": median without", median(without), "ns");
  row(name + ": median with", median(with), "ns");
  row(name + ": memcpy of their bytes", median(copies), "ns");
  row(name + ": difference / memcpy", more / median(copies), "x", "<= 1.5");
}

// Single operations while the worker exports on the other core. Twice: the first round also touches fresh memory.
void busy() {
  arthur::options o = quiet_options();
  const auto tracing = arthur::start(o);
  calibrate();
  ARTHUR_AGENT_SPAN("run");
  for (const char* const round : {"fresh pool", "used pool"}) {
    std::vector<double> cost;
    const int count = brief ? 20000 : 100000;
    cost.reserve(static_cast<std::size_t>(count));
    const std::uint64_t dropped = arthur::stats().dropped;
    for (int n = 0; n < count; ++n) {
      // Beyond this the pool would overflow: the worker goes on, the caller's pause isn't measured.
      if (n % 1000 == 0 && arthur::stats().bytes_held > (std::size_t{48} << 20)) settle();
      const double start = now();
      w2();
      cost.push_back(now() - start);
    }
    const std::string name = std::string("caller, worker busy, W2, ") + round;
    const bool used = round[0] == 'u';
    const double lost = static_cast<double>(arthur::stats().dropped - dropped);
    settle();
    const double f = floor_now(2);
    row(name + ": p50", median(cost), "ns", "", median(cost) / f);
    row(name + ": p99", quantile(cost, 0.99), "ns", "", quantile(cost, 0.99) / f);
    row(name + ": p99.9", quantile(cost, 0.999), "ns", used ? "<= 5000" : "", quantile(cost, 0.999) / f);
    row(name + ": dropped", lost, "spans");
  }
}

void threads() {
  const auto tracing = arthur::start(quiet_options());
  calibrate();
  constexpr int most = 2;
  std::atomic<int> go{0}, ready{0}, running{0};
  std::atomic<bool> over{false};
  std::atomic<int> w{0};
  std::vector<double> cost[most];
  std::vector<std::thread> pair;
  for (int me = 0; me < most; ++me) {
    pair.emplace_back([&, me] {
      ARTHUR_AGENT_SPAN("run");
      for (int round = 1;; ++round) {
        ready += 1;
        while (go < round) std::this_thread::yield();
        if (over) return;
        if (me < running) {
          below_threshold();
          cost[me].push_back(timed(works[w], bursts[w]));
        }
      }
    });
  }
  const auto both_wait = [&](int round) {
    while (ready < most * round) usleep(100);
  };
  int round = 0;
  for (w = 0; w < 3; ++w) {
    std::vector<double> one, two;
    for (int n = brief ? 40 : 200; n != 0; --n) {
      for (const int active : {1, 2}) {
        running = active;
        for (auto& c : cost) c.clear();
        both_wait(round + 1);
        go = ++round;
        both_wait(round + 1);
        for (int me = 0; me < active; ++me) (active == 1 ? one : two).push_back(cost[me].back());
        settle();
      }
    }
    const std::string name = "two threads, worker quiet, W" + std::to_string(w);
    const double f = floor_now(w);
    row(name + ": one", median(one), "ns", "", median(one) / f);
    row(name + ": two", median(two), "ns", "", median(two) / f);
    row(name + ": two / one, medians", median(two) / median(one), "x", "<= 1.1");
    row(name + ": two / one, minima", quantile(two, 0) / quantile(one, 0), "x", "<= 1.1");
  }
  over = true;
  both_wait(round + 1);
  go = ++round;
  for (auto& t : pair) t.join();
}

void report_idle_work(const char* name, const char* goal) {
  std::vector<double> cost;
  for (int n = 0; n < 501; ++n) cost.push_back(timed(w2, 1000));
  const double f = floor_now(2);
  row(std::string(name) + ", W2: min", quantile(cost, 0), "ns", "", quantile(cost, 0) / f);
  row(std::string(name) + ", W2: median", median(cost), "ns", goal, median(cost) / f);
}
void unsampled() {
  arthur::options o = quiet_options();
  o.sample_ratio = 0;
  const auto tracing = arthur::start(o);
  report_idle_work("not sampled", "<= 30");
}
void off() { report_idle_work("off", "<= 2"); }

void heap() {
  const auto tracing = arthur::start(quiet_options());
  ARTHUR_AGENT_SPAN("run");
  for (int w = 0; w < 4; ++w) {
    works[w]();  // the thread's first span makes its slot
    const int count = bursts[w];
    const std::uint64_t before = heap_calls;
    for (int n = 0; n < count; ++n) works[w]();
    row("heap calls per span on the caller, W" + std::to_string(w), static_cast<double>(heap_calls - before) / count, "calls", "<= 0");
    settle();
  }
}

/// The sink in a process of its own.
class sink {
 public:
  explicit sink(bool counting) {
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0) std::abort();
    process_ = fork();
    if (process_ == 0) {
      dup2(to[0], 0);
      dup2(from[1], 1);
      for (const int fd : {to[0], to[1], from[0], from[1]}) close(fd);
      const char* const program = std::getenv("ARTHUR_BENCH_SINK");
      execl(program, program, counting ? "--count" : nullptr, nullptr);
      std::_Exit(127);
    }
    close(to[0]);
    close(from[1]);
    input_ = to[1];
    output_ = fdopen(from[0], "r");
    unsigned port = 0;
    if (std::fscanf(output_, "%u", &port) != 1) std::abort();
    url = "http://127.0.0.1:" + std::to_string(port);
  }
  /// Requests, bytes, spans.
  void finish(unsigned long long (&totals)[3]) {
    close(input_);
    if (std::fscanf(output_, "%llu %llu %llu", &totals[0], &totals[1], &totals[2]) != 3) std::abort();
    waitpid(process_, nullptr, 0);
  }
  std::string url;

 private:
  pid_t process_;
  int input_;
  std::FILE* output_;
};

struct outcome {
  double seconds, producing, cpu;
  arthur::statistics stats;
  unsigned long long received[3];
};

/// Two threads record `count` W2 as fast as they can; everything that wasn't dropped is delivered.
outcome produce(int count, arthur::protocol as, arthur::overflow overflow, bool engine, bool counting) {
  sink endpoint(counting);
  arthur::options o;
  o.service_name = "bench";
  (engine ? o.base_url : o.endpoint) = endpoint.url + (engine ? "" : "/v1/traces");
  o.protocol = as;
  o.overflow = overflow;
  o.block_timeout = std::chrono::seconds(60);
  outcome out{};
  {
    const auto tracing = arthur::start(o);
    const double cpu = cpu_seconds(), start = now();
    std::thread pair[2];
    for (auto& t : pair) {
      t = std::thread([count] {
        for (int left = count / 2; left > 0; left -= 1000) {
          ARTHUR_AGENT_SPAN("run");
          for (int n = (std::min)(left, 1000) - 1; n > 0; --n) w2();
        }
      });
    }
    for (auto& t : pair) t.join();
    out.producing = (now() - start) * 1e-9;
    static_cast<void>(arthur::flush(std::chrono::seconds(120)));
    out.seconds = (now() - start) * 1e-9;
    out.cpu = cpu_seconds() - cpu;
    out.stats = arthur::stats();
  }
  endpoint.finish(out.received);
  return out;
}

/// Each run is a process of its own: counters and pool are the process's.
template <class Run>
void isolated(Run run) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    run();
    std::fflush(stdout);
    std::_Exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) std::exit(1);
}

/// What `measure` gives in `count` processes, each time several figures.
template <std::size_t N, class Measure>
std::vector<double> medians(int count, Measure measure) {
  std::vector<double> figures[N];
  for (int n = 0; n < count; ++n) {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    isolated([&] {
      double values[N];
      measure(values);
      if (write(ends[1], values, sizeof values) != sizeof values) std::_Exit(1);
    });
    double values[N];
    if (read(ends[0], values, sizeof values) != sizeof values) std::abort();
    close(ends[0]);
    close(ends[1]);
    for (std::size_t k = 0; k < N; ++k) figures[k].push_back(values[k]);
  }
  std::vector<double> out;
  for (const auto& f : figures) out.push_back(median(f));
  return out;
}

void end_to_end() {
  const int count = brief ? 40000 : 200000;
  struct kind {
    const char* name;
    arthur::protocol as;
    bool engine;
    const char *rate_goal, *cpu_goal;
  };
  constexpr kind kinds[] = {
      {"JSON, engine profile", arthur::protocol::http_json, true, ">= 198000", "<= 5"},
      {"JSON, otlp profile", arthur::protocol::http_json, false, "", ""},
      {"protobuf, engine profile", arthur::protocol::http_protobuf, true, "", "<= 2"},
      {"protobuf, otlp profile", arthur::protocol::http_protobuf, false, "", ""},
  };
  for (const kind& k : kinds) {
    if (brief && !k.engine) continue;
    const auto figures = medians<3>(brief ? 1 : 5, [&](double* to) {
      const outcome r = produce(count, k.as, arthur::overflow::block, k.engine, false);
      const auto delivered = static_cast<double>(r.stats.delivered);
      to[0] = delivered / r.seconds;
      to[1] = r.cpu / delivered * 1e6;
      to[2] = static_cast<double>(r.received[1]) / delivered;
    });
    const std::string name = std::string("end to end, ") + k.name + ", W2";
    const double f = floor_now(2);
    row(name + ": rate", figures[0], "spans/s", k.rate_goal);
    row(name + ": time per span", 1e9 / figures[0], "ns", "", 1e9 / figures[0] / f);
    row(name + ": CPU per million spans", figures[1], "s", k.cpu_goal, figures[1] * 1e3 / f);
    row(name + ": bytes per span", figures[2], "B");
  }
}

void overload() {
  const int count = brief ? 100000 : 400000;
  const double rate = medians<1>(brief ? 1 : 3, [&](double* to) {
    const outcome r = produce(count / 2, arthur::protocol::automatic, arthur::overflow::block, true, true);
    to[0] = static_cast<double>(r.stats.delivered) / r.seconds;
  })[0];
  for (const bool block : {true, false}) {
    isolated([&] {
      const outcome r = produce(count, arthur::protocol::automatic, block ? arthur::overflow::block : arthur::overflow::drop, true, true);
      const arthur::statistics& s = r.stats;
      const std::string name = std::string("overload, ") + (block ? "block" : "drop") + ", " + std::to_string(count) + " W2";
      const auto delivered = static_cast<double>(s.delivered);
      row(name + ": delivered", delivered, "spans", block ? ">= " + std::to_string(count) : "");
      row(name + ": dropped", static_cast<double>(s.dropped), "spans");
      if (block) {
        row(name + ": rate / end-to-end rate", delivered / r.seconds / rate, "x", ">= 0.9");
      } else {
        constexpr double pool = 64.0 * 1024 * 1024 / 2700;
        row(name + ": delivered / (pool + 0.8 x rate x time)", delivered / (pool + 0.8 * rate * r.producing), "x", ">= 1");
      }
      // Every span opened is delivered or dropped, and the endpoint got as many as we say.
      const auto astray = static_cast<double>(s.opened) - static_cast<double>(s.dropped) - delivered;
      row(name + ": not accounted for", std::abs(astray) + std::abs(delivered - static_cast<double>(r.received[2])), "spans", "<= 0");
    });
  }
}

/// The bodies of 64 spans as the worker hands them to the encoder.
std::vector<std::string> bodies(const std::string& prompt, const std::string& answer) {
  std::vector<std::string> out;
  arthur::options o = quiet_options();
  o.on_batch_user = &out;
  o.on_batch = [](void* user, const arthur::batch_view& b) {
    namespace wire = arthur::detail::wire;
    wire::field resource, scope, span;
    for (wire::reader a(b.data, b.size); a.next(resource);) {
      for (wire::reader c(resource.data, resource.size); c.next(scope);) {
        if (scope.tag != (2 << 3 | wire::type_bytes)) continue;
        for (wire::reader d(scope.data, scope.size); d.next(span);) {
          if (span.tag == (2 << 3 | wire::type_bytes)) static_cast<std::vector<std::string>*>(user)->emplace_back(span.data, span.size);
        }
      }
    }
    return true;
  };
  const auto tracing = arthur::start(o);
  for (int n = 0; n < 64; ++n) llm(prompt, answer);
  settle();
  return out;
}

void encoding() {
  constexpr std::string_view chinese = "客户询问订单四七一一的退款，该订单没有按时到达。请先查看承运商的记录，然后提供退款或代金券。";
  constexpr std::string_view json = R"({"tool":"get_weather","arguments":{"city":"Paris","days":3},"why":"the user said \"now\""},)";
  struct text {
    const char* name;
    std::string_view of;
    const char* goal;
  };
  for (const text& t : {text{"prose", prose, ">= 1500"}, text{"Chinese", chinese, ">= 600"}, text{"JSON in JSON", json, ">= 400"}}) {
    const auto spans = bodies(repeated(t.of, 1024), repeated(t.of, 1024));
    arthur::detail::buffer out;
    std::vector<double> cost;
    for (int n = 0; n < 401; ++n) {
      out.clear();
      const double start = now();
      for (const std::string& s : spans) arthur::detail::append_json_span(out, s.data(), s.size());
      cost.push_back(now() - start);
    }
    const double per_span = median(cost) / static_cast<double>(spans.size());
    row(std::string("JSON encoding, W2 of ") + t.name, static_cast<double>(out.size()) / median(cost) * 1e3, "MB/s", t.goal,
        per_span / floor_now(2));
  }
}

long proc_number(const std::string& file, const std::string& key) {
  std::ifstream in(file);
  for (std::string word; in >> word;) {
    if (word == key) {
      long value = 0;
      in >> value;
      return value;
    }
  }
  return -1;
}

/// The one thread beside the calling one.
std::string other_thread() {
  std::string found;
  DIR* const tasks = opendir("/proc/self/task");
  while (const dirent* entry = readdir(tasks)) {
    if (entry->d_name[0] != '.' && std::atoi(entry->d_name) != getpid()) found = entry->d_name;
  }
  closedir(tasks);
  return "/proc/self/task/" + found;
}

void idle() {
  const auto resident = [] { return static_cast<double>(proc_number("/proc/self/status", "VmRSS:")); };
  const double before = resident();
  arthur::options o = quiet_options();
  o.schedule_delay = std::chrono::milliseconds(brief ? 100 : 1000);
  const auto tracing = arthur::start(o);
  w2();
  settle();
  const double after = resident();
  // Two delays after the last span the worker sleeps without a limit.
  usleep(brief ? 500000 : 3500000);
  const std::string worker = other_thread();
  const auto cpu = [&] {
    std::ifstream in(worker + "/schedstat");
    double nanoseconds = 0;
    in >> nanoseconds;
    return nanoseconds;
  };
  const long switches = proc_number(worker + "/status", "voluntary_ctxt_switches:");
  const double used = cpu();
  const int seconds = brief ? 1 : 3;
  sleep(static_cast<unsigned>(seconds));
  row("idle, wake-ups of the worker in " + std::to_string(seconds) + " s",
      static_cast<double>(proc_number(worker + "/status", "voluntary_ctxt_switches:") - switches), "switches", "<= 0");
  row("idle, CPU of the worker", (cpu() - used) / seconds * 1e-7, "%", "<= 0");
  row("idle, memory after start and one span", after - before, "KiB", "<= 1024");

  constexpr int count = 64;
  std::atomic<int> stage{0}, arrived{0};
  std::vector<std::thread> many;
  const auto all_arrive = [&](int times) {
    while (arrived < count * times) usleep(1000);
  };
  for (int n = 0; n < count; ++n) {
    many.emplace_back([&] {
      arrived += 1;
      while (stage < 1) usleep(1000);
      w2();
      arrived += 1;
      while (stage < 2) usleep(1000);
    });
  }
  all_arrive(1);
  const double parked = resident();
  stage = 1;
  all_arrive(2);
  settle();
  row("idle, memory per thread that recorded", (resident() - parked) / count, "KiB", "<= 64");
  stage = 2;
  for (auto& t : many) t.join();
}

struct benchmark {
  const char* name;
  void (*run)();
};
constexpr benchmark benchmarks[] = {{"caller", caller},         {"busy", busy},         {"threads", threads},
                                    {"context", context}, {"unsampled", unsampled}, {"off", off},           {"heap", heap},
                                    {"end_to_end", end_to_end}, {"overload", overload}, {"encoding", encoding},
                                    {"idle", idle}};

}  // namespace

int main(int count, char** arguments) {
  for (int n = 1; n < count; ++n) {
    if (std::strcmp(arguments[n], "--short") == 0) brief = true;
  }
  const auto bytes = medians<4>(1, real_sizes);
  for (int w = 0; w < 4; ++w) sizes[w] = static_cast<std::size_t>(bytes[static_cast<std::size_t>(w)]);
  for (int n = 1; n < count; ++n) {
    for (const benchmark& b : benchmarks) {
      if (std::strcmp(arguments[n], b.name) == 0) isolated(b.run);
    }
  }
}
