// check.hpp: arthur::check(): asks whether tracing will work with these options, and says what to change.
#ifndef ARTHUR_CHECK_HPP
#define ARTHUR_CHECK_HPP

#include <chrono>
#include <cstddef>
#include <string>

#include "config.hpp"
#include "options.hpp"

ARTHUR_NAMESPACE_BEGIN

/// How one step of arthur::check went.
enum class check_outcome {
  ok,
  warning,  ///< it works, but not everything, or maybe not as meant
  failed,
  skipped,  ///< not asked; the text says why
};

/// One step: what was found, and what to change. No secret is in either.
struct check_step {
  const char* name = "";  ///< "configuration", "endpoint", "key", "health", "account", "task", "protocol", "test span", "look-up"
  check_outcome outcome = check_outcome::skipped;
  std::string text;  ///< one line in plain words
  std::string fix;   ///< one line; empty where there is nothing to change
};

/// The steps of arthur::check, in their order. After one that failed, those that would only fail with it are skipped.
class check_result {
 public:
  /// Nothing failed.
  bool ok() const noexcept {
    for (const check_step& s : *this) {
      if (s.outcome == check_outcome::failed) return false;
    }
    return size_ != 0;
  }

  const check_step* begin() const noexcept { return steps_; }
  const check_step* end() const noexcept { return steps_ + size_; }
  std::size_t size() const noexcept { return size_; }

  void add(check_step step) noexcept {
    if (size_ < most) steps_[size_++] = static_cast<check_step&&>(step);
  }

 private:
  static constexpr std::size_t most = 12;
  check_step steps_[most];
  std::size_t size_ = 0;
};

/// Does by hand what tracing would do with these options and the environment, and tells how each step went: settings,
/// connection, key, task, encoding; then sends one test span, named "arthur.check", in a trace of its own. Needs no
/// arthur::start(), and leaves one that runs alone. For diagnosis, not for each start: it blocks, by at most `timeout` (a name
/// look-up may take longer), and takes memory in every build. Never throws. Thread-safe.
check_result check(const options& settings = {}, std::chrono::nanoseconds timeout = std::chrono::seconds(20)) noexcept;

ARTHUR_NAMESPACE_END

#endif
