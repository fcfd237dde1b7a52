// thread_pool.cpp: work that a pool of threads does belongs to the span that asked for it: wrap what is queued.
// shows: ^AGENT researcher
// shows: ^.+ TOOL look-up .*weather
// shows: ^.+ TOOL look-up .*news
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

// Any pool will do: this one knows nothing of tracing.
class thread_pool {
 public:
  explicit thread_pool(int count) {
    for (int n = 0; n < count; ++n) threads_.emplace_back([this] { work(); });
  }
  ~thread_pool() {
    post({});
    for (std::thread& thread : threads_) thread.join();
  }
  void post(std::function<void()> task) {
    const std::lock_guard<std::mutex> lock(mutex_);
    tasks_.push_back(std::move(task));
    changed_.notify_all();
  }

 private:
  void work() {
    for (;;) {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return !tasks_.empty(); });
      if (!tasks_.front()) return;  // an empty one, which stays for the others: the end
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::thread> threads_;
};

void look_up(const std::string& topic) { ARTHUR_TOOL_SPAN("look-up", arthur::input(topic)); }

int main() {
  const auto tracing = arthur::start();
  ARTHUR_CONTEXT(arthur::session_id("sess-1"));
  ARTHUR_AGENT_SPAN("researcher", arthur::input("How is Paris today?"));
  thread_pool pool(2);
  for (const char* const topic : {"weather", "news"}) {
    // Parent and session are those of here and now, whenever and wherever the call is made.
    pool.post(arthur::wrap([topic] { look_up(topic); }));
  }
}
