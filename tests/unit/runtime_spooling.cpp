// runtime_spooling.cpp: batches that wait on disk: when they go there, when they are sent, and that each span is stored once.
#include <doctest/doctest.h>

#if defined(__linux__)
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>
#include <string>

#include "delivery_bench.hpp"

using namespace delivery_bench;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t minute = 60;

struct spool_bench : bench {
  std::string directory;

  explicit spool_bench(d::profile profile = d::profile::arthur) : bench(profile) {
    char name[] = "/tmp/arthur-spooling-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    directory = name;
    settings.spool_directory = directory;
    settings.spool_max_bytes = std::uint64_t{16} << 20;
    settings.spool_max_age = ~std::uint64_t{0};
    settings.memory_limit = std::size_t{64} << 20;
  }
  ~spool_bench() {
    delivery.reset();
    fs::remove_all(directory);
  }
  std::size_t files(const std::string& ending = "") const {
    std::size_t n = 0;
    for (const auto& f : fs::directory_iterator(directory)) {
      const std::string name = f.path().filename().string();
      n += name.size() >= ending.size() && name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
    }
    return n;
  }
  void answer_with(int status) {
    answers.spans = [status](const auto&) { return status; };
  }
};

}  // namespace

TEST_CASE("what can't be delivered goes to disk; while the endpoint is away fresh batches go there without an attempt") {
  for (const int status : {0, 429, 503}) {
    CAPTURE(status);
    spool_bench b;
    b.answer_with(status);
    b.begin(3);
    b.run();
    CHECK(b.files(".otlp") == 1);
    CHECK(b.answers.span_requests == 1);
    b.begin(2, 3);
    CHECK_FALSE(b.delivery->busy());
    CHECK(b.answers.span_requests == 1);
    CHECK(b.files(".otlp") == 2);
    CHECK(b.get(b.counters.spooled) == 5);
    CHECK(b.total() == 0);
    // The oldest is what the next attempts are made with.
    b.pass(5 * minute);
    CHECK(b.answers.span_requests > 5);
    CHECK(b.files() == 2);

    b.answer_with(200);
    b.pass(minute);
    CHECK(b.files() == 0);
    CHECK(b.get(b.counters.replayed) == 5);
    CHECK(b.answers.stored.size() == 5);
    CHECK(b.delivery->errand_due() == ~std::uint64_t{0});
    b.begin(1, 5);
    b.run();
    CHECK(b.get(b.counters.delivered) == 1);
  }
}

TEST_CASE("the oldest file goes first, and files that an earlier process left go at the start") {
  spool_bench b;
  b.answer_with(0);
  for (int n = 0; n < 4; ++n) b.begin(1, n);
  b.run();
  for (int n = 4; n < 8; ++n) b.begin(1, n);
  CHECK(b.delivery->discard() == 0);
  const std::size_t files = b.files();
  CHECK(files >= 5);
  std::vector<std::string> order;
  b.answers.spans = [&](const std::vector<std::string>& names) {
    order.insert(order.end(), names.begin(), names.end());
    return 200;
  };
  b.start();
  b.pass(minute);
  CHECK(b.files() == 0);
  CHECK(order == std::vector<std::string>{"s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"});
  CHECK(b.get(b.counters.replayed) == 8);
}

TEST_CASE("an outage of 500 for everything goes to disk; a poisonous span in a file is found among its siblings") {
  spool_bench b;
  b.answer_with(500);
  b.begin(16);
  b.run();
  CHECK(b.files(".otlp") == 1);
  CHECK(b.get(b.counters.spooled) == 16);
  b.answers.spans = [](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), "s5") == names.end() ? 200 : 500;
  };
  b.pass(5 * minute);
  CHECK(b.files() == 0);
  CHECK(b.get(b.counters.replayed) == 15);
  CHECK(b.get(b.counters.replay_rejected) == 1);
  CHECK(b.answers.stored.size() == 15);
}

TEST_CASE("a file of which a part was delivered before the endpoint went away keeps only the rest") {
  spool_bench b;
  b.answer_with(0);
  b.begin(16);
  b.run();
  REQUIRE(b.files(".otlp") == 1);
  // 500 for the whole, then the first half passes, then nothing.
  b.answers.spans = [&](const std::vector<std::string>& names) {
    if (names.size() == 16) return 500;
    return b.answers.stored.empty() ? 200 : 0;
  };
  b.pass(minute);
  CHECK(b.answers.stored.size() == 8);
  CHECK(b.get(b.counters.replayed) == 8);
  CHECK(b.files(".otlp") == 1);
  CHECK(b.delivery->discard() == 0);
  b.answer_with(200);
  b.start();  // another process
  b.pass(minute);
  CHECK(b.files() == 0);
  CHECK(b.get(b.counters.replayed) == 16);
  for (int n = 0; n < 16; ++n) CHECK(b.answers.stored.count("s" + std::to_string(n)) == 1);
}

TEST_CASE("what is in doubt at the end waits on disk; the next process asks before it sends") {
  for (const bool stored : {true, false}) {
    CAPTURE(stored);
    spool_bench b;
    b.with_witness();
    b.answers.asked_answer = -1;
    b.answers.spans = [&](const std::vector<std::string>& names) {
      if (stored) b.answers.stored.insert(names.begin(), names.end());
      return -1;
    };
    b.begin(4);
    b.run();
    CHECK(b.delivery->in_doubt());
    b.delivery->hurry();
    b.pass(1);
    CHECK(b.delivery->discard() == 0);
    CHECK(b.files(".sending") == 1);
    CHECK(b.get(b.counters.spooled) == 4);
    CHECK(b.get(b.counters.unconfirmed) == 0);

    b.answers.asked_answer = 0;
    b.answer_with(200);
    b.answers.span_requests = 0;
    b.start();
    b.begin(1, 901);  // something that the engine shows us
    b.run();
    b.pass(100);
    CHECK(b.files(".sending") == 1);  // too young to be judged
    b.pass(5 * minute);
    CHECK(b.files() == 0);
    CHECK(b.get(b.counters.replayed) == 4);
    CHECK(b.answers.span_requests == (stored ? 1 : 2));
    for (int n = 0; n < 4; ++n) CHECK(b.answers.stored.count("s" + std::to_string(n)) == 1);
  }
}

TEST_CASE("a file that was sent without an answer stays in doubt, and unconfirmed where the engine can't be asked") {
  spool_bench b;
  b.answer_with(0);
  b.begin(4);
  b.run();
  REQUIRE(b.files(".otlp") == 1);
  b.answer_with(-1);
  b.pass(2 * minute);
  CHECK(b.files(".sending") == 1);
  CHECK(b.answers.span_requests >= 2);

  spool_bench no_right;
  no_right.with_witness();
  no_right.answers.asked_answer = 403;
  no_right.answer_with(-1);
  no_right.begin(1, 10);
  no_right.run();
  no_right.pass(1);  // asks, and learns it
  CHECK(no_right.get(no_right.counters.unconfirmed) == 1);
  no_right.answer_with(0);
  no_right.begin(4);
  no_right.run();
  REQUIRE(no_right.files(".otlp") == 1);
  no_right.answer_with(-1);
  no_right.pass(minute);
  CHECK(no_right.files(".unconfirmed") == 1);
  CHECK(no_right.get(no_right.counters.replay_unconfirmed) == 4);
  CHECK(no_right.files(".otlp") == 0);
}

TEST_CASE("files that another process leaves later are found while spans flow") {
  spool_bench b;
  b.begin(1);
  b.run();
  b.pass(1);
  CHECK(b.delivery->errand_due() == ~std::uint64_t{0});
  {
    spool_bench other;
    other.answer_with(0);
    other.begin(2, 10);
    other.run();
    for (const auto& f : fs::directory_iterator(other.directory)) fs::copy(f.path(), b.directory);
  }
  REQUIRE(b.files(".otlp") == 1);
  b.now += 10 * minute * 1000000000U;
  b.begin(1, 1);
  b.run();
  b.pass(1);
  CHECK(b.files() == 0);
  CHECK(b.get(b.counters.replayed) == 2);
}

TEST_CASE("what the doubts have no room for lies in the spool, in doubt") {
  for (const int status : {-1, 502, 504}) {
    CAPTURE(status);
    spool_bench b;
    b.with_witness();
    b.settings.memory_limit = 0;
    b.start();
    b.answer_with(status);
    b.begin(4);
    b.run();
    CHECK(b.files(".sending") == 1);
    CHECK(b.get(b.counters.spooled) == 4);
    CHECK(b.answers.span_requests == 1);
    b.answer_with(200);
    b.begin(1, 901);
    b.run();
    b.pass(5 * minute);
    CHECK(b.files() == 0);
    CHECK(b.get(b.counters.replayed) == 4);
    CHECK(b.answers.span_requests == 3);
  }
}

TEST_CASE("for OTLP a lost answer is no doubt: the file is sent again") {
  spool_bench b(d::profile::otlp);
  b.answer_with(-1);
  b.begin(4);
  b.run();
  CHECK(b.files() == 1);
  b.answer_with(200);
  b.pass(minute);
  CHECK(b.files() == 0);
  CHECK(b.get(b.counters.replayed) == 4);
}

TEST_CASE("a spool that can't be written is said, and the batch is held as without one") {
  spool_bench b;
  b.settings.spool_directory = "/proc/arthur-has-no-place-here";
  b.answer_with(0);
  b.begin(4);
  b.run(10);
  CHECK(b.delivery->busy());
  CHECK(b.said("/proc/arthur-has-no-place-here"));
  b.answer_with(200);
  b.run();
  CHECK(b.get(b.counters.delivered) == 4);
}

TEST_CASE("a file written before its task was found gets the task when it is sent") {
  spool_bench b;
  b.settings.task_name = "support";
  b.answers.probe = 200;
  bool engine_up = false;
  b.answers.other = [&](const std::string&) {
    d::response r;
    r.status = engine_up ? 200 : 503;
    r.body = R"({"count":1,"tasks":[{"id":"task-7","name":"support"}]})";
    return r;
  };
  b.begin(2);
  b.run();
  REQUIRE(b.files(".otlp") == 1);
  engine_up = true;
  b.pass(minute);
  CHECK(b.files() == 0);
  const auto request = support::decode_protobuf(b.answers.sent.back().body);
  REQUIRE(request.has_value());
  const auto& resource = request->resources.at(0).resource;
  REQUIRE(resource.find("arthur.task") != nullptr);
  CHECK(resource.find("arthur.task")->text == "task-7");
  CHECK(resource.find("arthur.task.name") == nullptr);
}

TEST_CASE("a file in doubt for which the doubts have no room waits, and nobody turns round it") {
  spool_bench b;
  b.with_witness();
  b.answers.asked_answer = -1;
  b.answer_with(-1);
  b.begin(4);
  b.run();
  b.delivery->discard();
  REQUIRE(b.files(".sending") == 1);
  b.answers.asked_answer = 0;
  b.answer_with(200);
  b.delivery.reset();
  b.now += 5 * minute * 1000000000U;

  SUBCASE("alone it needs none: it is in memory anyway") {
    b.settings.memory_limit = 100;
    b.start();
    b.begin(1, 901);
    b.run();
    b.pass(5 * minute);
    CHECK(b.files() == 0);
  }
  SUBCASE("behind others it is looked at again later") {
    b.settings.memory_limit = 400;
    b.start();
    b.begin(1, 901);
    b.run();
    b.answer_with(-1);
    b.answers.asked_answer = -1;
    b.begin(1, 10);
    b.run();
    REQUIRE(b.delivery->in_doubt());
    for (int most = 20; most > 0 && b.delivery->errand_due() <= b.now + 1000000000U; --most) {
      b.now = (std::max)(b.now, b.delivery->errand_due());
      b.delivery->run_errand(b.now, b.now + 1000000000U);
    }
    CHECK(b.delivery->errand_due() > b.now + 1000000000U);
    b.answers.asked_answer = 0;
    b.answer_with(200);
    b.pass(10 * minute);
    CHECK(b.files() == 0);
    CHECK_FALSE(b.delivery->in_doubt());
  }
  CHECK(b.get(b.counters.replayed) == 4);
}

TEST_CASE("what was answered of a file that comes into doubt is neither asked for nor counted again") {
  spool_bench b;
  b.with_witness();
  b.answer_with(0);
  b.begin(4);
  b.run();
  REQUIRE(b.files(".otlp") == 1);
  b.settings.max_batch_spans = 2;
  b.start();
  b.answers.spans = [&](const std::vector<std::string>&) { return b.answers.span_requests == 2 ? -1 : 200; };
  b.answers.span_requests = 0;
  b.pass(5 * minute);
  CHECK(b.files() == 0);
  CHECK(b.get(b.counters.replayed) == 4);
  for (int n = 0; n < 4; ++n) CHECK(b.answers.stored.count("s" + std::to_string(n)) == 1);
}

TEST_CASE("what was answered of a file isn't in it when it is left unconfirmed: people may send it again") {
  spool_bench b;
  b.with_witness();
  b.answer_with(0);
  b.begin(4);
  b.run();
  REQUIRE(b.files(".otlp") == 1);
  const auto size = fs::file_size(fs::directory_iterator(b.directory)->path());
  b.settings.max_batch_spans = 2;
  b.settings.where.has_engine = false;
  b.start();
  b.delivery->use(std::make_unique<scripted>(b.answers), nullptr, nullptr);
  b.answers.spans = [&](const std::vector<std::string>&) { return b.answers.span_requests == 2 ? -1 : 200; };
  b.answers.span_requests = 0;
  b.pass(5 * minute);
  REQUIRE(b.files(".unconfirmed") == 1);
  CHECK(b.get(b.counters.replayed) == 2);
  CHECK(b.get(b.counters.replay_unconfirmed) == 2);
  CHECK(fs::file_size(fs::directory_iterator(b.directory)->path()) < size * 3 / 4);
}

#if ARTHUR_HAS_EXCEPTIONS
TEST_CASE("spans are kept where showing them throws") {
  struct throwing final : d::transport {
    d::transport_result send(const d::request&, std::uint64_t, d::response&, std::string&) override { throw std::bad_alloc(); }
  };
  spool_bench b;
  b.start();
  b.settings.to_stdout = true;
  b.delivery->use(std::make_unique<scripted>(b.answers), std::make_unique<scripted>(b.answers),
                  std::make_unique<d::side_outputs>(b.settings, b.says, std::make_unique<throwing>(), [] { return d::terminal{}; },
                                                    [] { return bench::now; }));
  CHECK_THROWS_AS(b.begin(3), std::bad_alloc);
  CHECK(b.delivery->discard() == 0);
  CHECK(b.get(b.counters.spooled) == 3);
  CHECK(b.files(".otlp") == 1);
}
#endif

#if defined(__linux__)
namespace {
bool no_times = false;
}
// Takes the place of the C library's.
extern "C" int futimens(int file, const timespec times[2]) noexcept {
  if (!no_times) return static_cast<int>(::syscall(SYS_utimensat, file, nullptr, times, 0));
  errno = EIO;
  return -1;
}

TEST_CASE("where the time of sending can't be written down a file isn't sent on, and what was answered of it isn't sent again") {
  spool_bench b;
  b.answer_with(0);
  b.begin(4);
  b.run();
  REQUIRE(b.files(".otlp") == 1);
  b.settings.max_batch_spans = 2;
  b.start();
  b.answers.spans = [](const std::vector<std::string>&) {
    no_times = true;
    return 200;
  };
  b.pass(20);
  CHECK(b.answers.stored.size() == 2);
  b.answer_with(200);
  no_times = false;
  b.pass(5 * minute);
  CHECK(b.files() == 0);
  CHECK(b.get(b.counters.replayed) >= 4);
  for (int n = 0; n < 4; ++n) CHECK(b.answers.stored.count("s" + std::to_string(n)) == 1);
}
#endif
