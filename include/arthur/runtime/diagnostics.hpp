// diagnostics.hpp: the runtime's counters, its newest problem, and the lines it says about itself.
#ifndef ARTHUR_RUNTIME_DIAGNOSTICS_HPP
#define ARTHUR_RUNTIME_DIAGNOSTICS_HPP

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string_view>
#include <utility>

#include "../config.hpp"
#include "../options.hpp"
#include "../platform/clock.hpp"
#include "../policy/secrets.hpp"
#include "../text_line.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

enum class fate { delivered, rejected, failed, unconfirmed };

/// What became of committed spans. Written by the worker, read by anybody.
struct delivery_counters {
  std::atomic<std::uint64_t> taken{0};  // out of the threads' queues; the next eight say where they are
  std::atomic<std::uint64_t> delivered{0};
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> unconfirmed{0};
  std::atomic<std::uint64_t> discarded{0};
  std::atomic<std::uint64_t> spooled{0};
  std::atomic<std::uint64_t> tail_dropped{0};
  std::atomic<std::uint64_t> held{0};  // of those that are nowhere yet: by the tail rule
  // What became of spans in spooled files, whoever wrote them.
  std::atomic<std::uint64_t> replayed{0};
  std::atomic<std::uint64_t> replay_rejected{0};
  std::atomic<std::uint64_t> replay_unconfirmed{0};
  std::atomic<std::uint64_t> expired{0};

  std::atomic<std::uint64_t>& of(fate f, bool from_spool) noexcept {
    switch (f) {
      case fate::delivered: return from_spool ? replayed : delivered;
      case fate::unconfirmed: return from_spool ? replay_unconfirmed : unconfirmed;
      case fate::failed: return from_spool ? replay_rejected : failed;
      case fate::rejected: break;
    }
    return from_spool ? replay_rejected : rejected;
  }
  std::atomic<std::uint64_t> cleaned{0};
  std::atomic<std::uint64_t> dropped_attributes{0};  // by the limit, beside those that the threads count
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> retries{0};
};

inline void count(std::atomic<std::uint64_t>& counter, std::uint64_t n = 1) noexcept {
  counter.fetch_add(n, std::memory_order_relaxed);
}

/// Says lines to the user's function or to stderr: the same kind of line at most once in ten seconds, with the number
/// of those left out. Never holds a secret: callers pass none, and what servers say is searched for those known.
class diagnostics {
 public:
  explicit diagnostics(std::uint64_t (*clock)() = steady_nanoseconds) noexcept : clock_(clock) {}

  enum class topic : std::uint8_t {
    configuration, connection, refusal, protocol, task, poison, unconfirmed, asking, spool, rate, tail, pace, display, shutdown, redaction, count
  };

  void use(void (*function)(void*, severity, const char*), void* user, log_level level = log_level::automatic) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    level_ = level;
    function_ = function;
    user_ = user;
    last_error_ = text_line();
    last_rejection_ = text_line();
    for (auto& t : topics_) t = {};
  }
  void use(log_level level) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    level_ = level;
  }

  void hide(secret_list secrets) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    secrets_ = std::move(secrets);
  }

  /// Never throws: a function of the user's that does is ignored.
  void say(topic about, severity level, std::string_view what) noexcept {
#if ARTHUR_HAS_EXCEPTIONS
    try {
      say_it(about, level, what);
    } catch (...) {
    }
#else
    say_it(about, level, what);
#endif
  }

  text_line last_error() noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    return last_error_;
  }
  /// Keeps why the endpoint refused single spans.
  void rejected(const text_line& why) noexcept {
    if (why.empty()) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    last_rejection_ = why;
    detail::hide(secrets_, last_rejection_.begin(), last_rejection_.size());
  }
  text_line last_rejection() noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    return last_rejection_;
  }

 private:
  bool says(severity level) const noexcept {
    switch (level_) {
      case log_level::none: return false;
      case log_level::error: return level == severity::error;
      case log_level::warning: return level != severity::info;
      case log_level::info: return true;
      // Who listens gets everything; stderr belongs to the program, so it isn't told what works as it should.
      case log_level::automatic: break;
    }
    return function_ != nullptr || level != severity::info;
  }

  void say_it(topic about, severity level, std::string_view what) {
    void (*function)(void*, severity, const char*) = nullptr;
    void* user = nullptr;
    constexpr std::size_t before = 8;
    text_line whole("arthur: ", what);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      detail::hide(secrets_, whole.begin(), whole.size());
      if (level != severity::info) last_error_ = text_line(std::string_view(whole).substr(before));
      if (!says(level)) return;
      state& s = topics_[static_cast<std::size_t>(about)];
      const std::uint64_t now = clock_();
      // Configuration lines differ from each other and are said once each.
      if (about != topic::configuration && s.said_at != 0 && now - s.said_at < 10000000000U) {
        ++s.left_out;
        return;
      }
      if (s.left_out != 0) whole = text_line(whole, " (and ", s.left_out, " more like it)");
      s.said_at = now;
      s.left_out = 0;
      function = function_;
      user = user_;
    }
    // Outside the lock: the function may call arthur::stats().
    if (function != nullptr) {
      function(user, level, whole.c_str());
    } else {
      std::fprintf(stderr, "%s\n", whole.c_str());
    }
  }

  struct state {
    std::uint64_t said_at = 0;
    std::uint64_t left_out = 0;
  };
  std::uint64_t (*const clock_)();
  std::mutex mutex_;
  secret_list secrets_;
  void (*function_)(void*, severity, const char*) = nullptr;
  void* user_ = nullptr;
  log_level level_ = log_level::automatic;
  text_line last_error_;
  text_line last_rejection_;
  state topics_[static_cast<std::size_t>(topic::count)];
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
