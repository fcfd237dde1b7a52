// runtime_worker.cpp: in which order the worker does what is asked of it, and when it has nothing to do.
#include <arthur/runtime/worker.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <new>
#include <string>

#include "delivery_bench.hpp"
#include "support/sanitizers.hpp"

using namespace delivery_bench;
namespace fs = std::filesystem;

namespace {

// A worker on the machine's clock, with files in its spool that were written (and sent without an answer) long ago.
struct worker_bench {
  bench past;
  d::bell rings;
  d::settings& settings = past.settings;
  std::unique_ptr<d::worker> worker;

  worker_bench() {
    char name[] = "/tmp/arthur-worker-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    settings.spool_directory = name;
    settings.spool_max_bytes = std::uint64_t{16} << 20;
    settings.spool_max_age = ~std::uint64_t{0};
    settings.memory_limit = std::size_t{64} << 20;
    settings.max_batch_bytes = std::size_t{1} << 20;
    settings.schedule_delay = std::chrono::hours(1);
  }
  ~worker_bench() {
    worker.reset();
    past.delivery.reset();
    fs::remove_all(settings.spool_directory);
  }
  void write_files(int count) {
    past.answers.spans = [](const auto&) { return 0; };
    for (int n = 0; n < count; ++n) {
      past.start();
      past.begin(1, n);
      past.run();
    }
    past.answers.spans = [](const auto&) { return 200; };
    past.answers.span_requests = 0;
  }
  void start() {
    past.delivery.reset();
    worker = std::make_unique<d::worker>(settings, rings, past.counters, past.says, [] { return std::uint64_t{7}; });
    worker->sender().use(std::make_unique<scripted>(past.answers), std::make_unique<scripted>(past.answers), nullptr);
  }
  // How many pieces of work are done before `enough` is true, without ever waiting.
  template <class Enough>
  int work_until(Enough enough) {
    for (int n = 0; n < 1000; ++n) {
      if (enough()) return n;
      worker->run_once(d::steady_nanoseconds());
    }
    return 1000;
  }
};

}  // namespace

// A sanitizer has these operators of its own, and minds when only some are replaced.
#define TEST_CAN_END_MEMORY (ARTHUR_HAS_EXCEPTIONS && !SANITIZED)
#if TEST_CAN_END_MEMORY
namespace {
bool no_memory = false;
}
// For the whole test program; only one test lets memory end. Not inlined: the compiler would see free() of what new gave.
ARTHUR_NOINLINE void* operator new(std::size_t size) {
  void* const p = no_memory ? nullptr : std::malloc(size);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
ARTHUR_NOINLINE void operator delete(void* p) noexcept { std::free(p); }
ARTHUR_NOINLINE void operator delete(void* p, std::size_t) noexcept { std::free(p); }

TEST_CASE("the end never throws: a file that can't be shortened stays in doubt as it is") {
  worker_bench b;
  b.past.answers.spans = [](const auto&) { return 0; };
  b.past.begin(8);
  b.past.run();
  b.settings.max_batch_spans = 2;
  b.past.answers.spans = [](const auto&) { return 200; };
  b.past.start();
  b.past.delivery->run_errand(bench::now += 60000000000U, ~std::uint64_t{0});
  REQUIRE(b.past.delivery->busy());
  for (int most = 10; most > 0 && b.past.answers.stored.empty(); --most) b.past.delivery->step(bench::now, bench::now + 1000000000U);
  REQUIRE(b.past.answers.stored.size() == 2);
  no_memory = true;
  std::uint64_t left = 1;
  bool threw = false;
  try {
    left = b.past.delivery->discard();
  } catch (...) {
    threw = true;
  }
  no_memory = false;
  CHECK_FALSE(threw);
  CHECK(left == 0);
  CHECK_FALSE(b.past.delivery->busy());
  const std::string file = fs::directory_iterator(b.settings.spool_directory)->path().string();
  CHECK(file.substr(file.size() - 8) == ".sending");
}
#endif

TEST_CASE("a flush doesn't wait for the whole spool to be sent") {
  worker_bench b;
  b.write_files(10);
  b.start();
  const std::uint64_t ticket = b.rings.request_flush();
  CHECK(b.work_until([&] { return b.rings.reached(ticket); }) < 1000);
  CHECK(b.past.answers.span_requests <= 2);
  CHECK(b.work_until([&] { return b.past.answers.span_requests == 10; }) < 1000);
}

TEST_CASE("a flush isn't answered while what was in doubt is sent again") {
  worker_bench b;
  b.past.with_witness();
  b.past.answers.asked_answer = -1;
  b.past.answers.spans = [](const auto&) { return -1; };
  b.past.begin(3, 20);
  b.past.run();
  b.past.delivery->discard();
  b.past.answers.asked_answer = 0;
  b.past.answers.stored.clear();
  b.write_files(1);  // what the engine then shows
  b.start();
  REQUIRE(b.work_until([&] { return b.worker->sender().in_doubt(); }) < 1000);
  const std::uint64_t ticket = b.rings.request_flush();
  CHECK(b.work_until([&] { return b.rings.reached(ticket); }) < 1000);
  CHECK(b.past.answers.stored.count("s20") == 1);
}

TEST_CASE("at the end the worker waits for the pause before it asks back, and doesn't turn meanwhile") {
  worker_bench b;
  b.past.answers.asked_answer = -1;
  b.past.answers.spans = [](const auto&) { return -1; };
  b.start();
  b.rings.request_stop(d::steady_nanoseconds() + 60000000000U);
  REQUIRE(b.work_until([&] { return b.worker->finished(d::steady_nanoseconds()); }) < 1000);
  d::delivery& sender = b.worker->sender();
  const std::string body = body_of("s1");
  sender.waiting().spans.push_back({0, 0, body.size()});
  sender.waiting().bytes.append(body.data(), body.size());
  sender.begin(d::steady_nanoseconds());
  for (int most = 10; most > 0 && sender.busy(); --most) sender.step(d::steady_nanoseconds(), d::steady_nanoseconds() + 1000000000U);
  REQUIRE(sender.in_doubt());
  const std::uint64_t now = d::steady_nanoseconds();
  REQUIRE(sender.errand_due() > now + 100000000U);
  bool waits = false;
  for (int n = 0; n < 10; ++n) waits = waits || b.worker->run_once(now) > now;
  CHECK(waits);
}
