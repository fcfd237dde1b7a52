// diagnostics.hpp: the runtime's counters, its newest problem, and the lines it says about itself.
#ifndef ARTHUR_RUNTIME_DIAGNOSTICS_HPP
#define ARTHUR_RUNTIME_DIAGNOSTICS_HPP

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>

#include "../config.hpp"
#include "../options.hpp"
#include "../platform/clock.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What became of committed spans. Written by the worker, read by anybody.
struct delivery_counters {
  std::atomic<std::uint64_t> taken{0};  // out of the threads' queues; the next six say where they are
  std::atomic<std::uint64_t> delivered{0};
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> unconfirmed{0};
  std::atomic<std::uint64_t> discarded{0};
  std::atomic<std::uint64_t> cleaned{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> retries{0};
};

inline void count(std::atomic<std::uint64_t>& counter, std::uint64_t n = 1) noexcept {
  counter.fetch_add(n, std::memory_order_relaxed);
}

/// Says lines to the user's function or to stderr: the same kind of line at most once in ten seconds, with the number
/// of those left out. Never holds a secret: callers pass none.
class diagnostics {
 public:
  enum class topic : std::uint8_t { configuration, connection, refusal, protocol, task, poison, unconfirmed, display, shutdown, count };

  void use(void (*function)(void*, severity, const char*), void* user) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    function_ = function;
    user_ = user;
    last_error_.clear();
    for (auto& t : topics_) t = {};
  }

  /// Never throws: a function of the user's that does is ignored, as is the lack of memory for a line.
  void say(topic about, severity level, const std::string& line) noexcept {
#if ARTHUR_HAS_EXCEPTIONS
    try {
      say_it(about, level, line);
    } catch (...) {
    }
#else
    say_it(about, level, line);
#endif
  }

  std::string last_error() noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    return last_error_;
  }

 private:
  void say_it(topic about, severity level, const std::string& line) {
    void (*function)(void*, severity, const char*) = nullptr;
    void* user = nullptr;
    std::string whole;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (level != severity::info) last_error_ = line;
      state& s = topics_[static_cast<std::size_t>(about)];
      const std::uint64_t now = steady_nanoseconds();
      // Configuration lines differ from each other and are said once each.
      if (about != topic::configuration && s.said_at != 0 && now - s.said_at < 10000000000U) {
        ++s.left_out;
        return;
      }
      whole = "arthur: " + line;
      if (s.left_out != 0) whole += " (and " + std::to_string(s.left_out) + " more like it)";
      s.said_at = now;
      s.left_out = 0;
      function = function_;
      user = user_;
    }
    // Outside the lock: the function may call arthur::stats().
    if (function != nullptr) {
      function(user, level, whole.c_str());
    } else if (level != severity::info) {
      std::fprintf(stderr, "%s\n", whole.c_str());
    }
  }

  struct state {
    std::uint64_t said_at = 0;
    std::uint64_t left_out = 0;
  };
  std::mutex mutex_;
  void (*function_)(void*, severity, const char*) = nullptr;
  void* user_ = nullptr;
  std::string last_error_;
  state topics_[static_cast<std::size_t>(topic::count)];
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
