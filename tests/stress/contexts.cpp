// contexts.cpp: a pool of threads that passes wrapped work on, and everybody's contexts at once: no span in a wrong place.
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/capture.hpp"

namespace {

/// What a program has: a queue of functions and threads that call them.
class thread_pool {
 public:
  explicit thread_pool(int count) {
    for (int n = 0; n < count; ++n) threads_.emplace_back([this] { run(); });
  }
  ~thread_pool() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    for (auto& t : threads_) t.join();
  }
  void post(std::function<void()> work) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      work_.push_back(std::move(work));
    }
    changed_.notify_one();
  }

 private:
  void run() {
    for (;;) {
      std::function<void()> work;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return over_ || !work_.empty(); });
        if (work_.empty()) return;
        work = std::move(work_.front());
        work_.pop_front();
      }
      work();
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
  bool over_ = false;
  std::vector<std::thread> threads_;
};

void step(thread_pool& pool, const std::string& id, unsigned seed, int depth);

/// A span that ends on the thread that does the work.
struct handed_over {
  std::shared_ptr<arthur::span> span;
  thread_pool* pool;
  std::string id;
  unsigned seed;
  int depth;
  void operator()() const {
    const auto active = span->activate();
    step(*pool, id, seed, depth - 1);
    span->end();
  }
};

/// A part of request `id`: each span must carry its session, and lie in its trace.
void step(thread_pool& pool, const std::string& id, unsigned seed, int depth) {
  std::mt19937 random(seed);
  ARTHUR_TOOL_SPAN("step", arthur::attribute("request", id));
  for (int n = 0; depth > 0 && n < 3; ++n) {
    const unsigned next = static_cast<unsigned>(random());
    switch (next % 5) {
      case 0: {
        arthur::span handed(arthur::kind::chain, "handed");
        handed.set(arthur::attribute("request", id));
        pool.post(arthur::wrap(handed_over{std::make_shared<arthur::span>(std::move(handed)), &pool, id, next, depth}));
        break;
      }
      case 1: {
        ARTHUR_CONTEXT(arthur::attribute("depth", depth), arthur::user_id("u" + id), arthur::metadata(std::string(next % 9000, 'm')));
        pool.post(arthur::wrap([&pool, id, next, depth] { step(pool, id, next, depth - 1); }));
        break;
      }
      case 2: {
        const auto here = arthur::context::current().with(arthur::tags({"a", "b"}));
        for (int copies = 0; copies < 2; ++copies) {
          pool.post([&pool, here, id, next, depth] {
            const auto scope = here.attach();
            step(pool, id, next, depth - 1);
          });
        }
        break;
      }
      case 3: {
        const arthur::suppress quiet;
        pool.post(arthur::wrap([&pool, id, next, depth] { step(pool, "suppressed", next, depth - 1); }));
        break;
      }
      default:
        pool.post(arthur::wrap([&pool, id, next, depth] { step(pool, id, next, depth - 1); }));
    }
  }
}

struct outcome {
  std::size_t spans = 0, wrong = 0;
};

/// Records requests on a pool of threads, and looks at what arrives.
outcome run(std::size_t memory, int requests) {
  arthur::options o;
  o.memory_limit = memory;
  support::capture c(o);
  {
    thread_pool pool(4);
    std::vector<std::thread> clients;
    for (int client = 0; client < 2; ++client) {
      clients.emplace_back([&pool, client, requests] {
        for (int n = 0; n < requests; ++n) {
          const std::string id = std::to_string(client) + "-" + std::to_string(n);
          ARTHUR_CONTEXT(arthur::session_id(id));
          ARTHUR_AGENT_SPAN("request", arthur::attribute("request", id));
          const auto seed = static_cast<unsigned>(n * 2 + client);
          pool.post(arthur::wrap([&pool, id, seed] { step(pool, id, seed, 4); }));
        }
      });
    }
    for (auto& t : clients) t.join();
  }
  outcome out;
  std::map<std::string, std::string> traces;
  for (const support::span& s : c.spans()) {
    ++out.spans;
    const std::string id = s.text("request");
    if (s.text("session.id") != id || id.empty()) ++out.wrong;
    if (traces.emplace(id, s.trace_id).first->second != s.trace_id) ++out.wrong;
    if (s.find("user.id") != nullptr && s.text("user.id") != "u" + id) ++out.wrong;
  }
  const arthur::statistics s = arthur::stats();
  CHECK(support::account_closed(s));
  CHECK(s.open == 0);
  // A block or two of each slot: every context gave its bytes back.
  CHECK(s.bytes_held <= 16 * 2 * 8192);
  return out;
}

}  // namespace

TEST_CASE("every span of a request lies in its trace and carries its session, whichever threads did the work") {
  const outcome all = run(std::size_t{256} << 20, 30);
  CHECK(all.spans > 1000);
  CHECK(all.wrong == 0);
  CHECK(arthur::stats().dropped == 0);
}

TEST_CASE("starts and stops while contexts wander, with a full pool: nothing is in a wrong place") {
  for (int n = 0; n < 5; ++n) CHECK(run(std::size_t{1} << 20, 10).wrong == 0);
}
