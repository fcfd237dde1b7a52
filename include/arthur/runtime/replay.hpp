// replay.hpp: arthur::replay(): the delivery of a spool's files without a worker.
#ifndef ARTHUR_RUNTIME_REPLAY_HPP
#define ARTHUR_RUNTIME_REPLAY_HPP

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "../config.hpp"
#include "../options.hpp"
#include "../platform/clock.hpp"
#include "../platform/try_to.hpp"
#include "../platform/waker.hpp"
#include "../policy/secrets.hpp"
#include "../policy/settings.hpp"
#include "../record/threads.hpp"
#include "../replay.hpp"
#include "../spool/spool.hpp"
#include "../text_line.hpp"
#include "configuration.hpp"
#include "delivery.hpp"
#include "outputs.hpp"
#include "worker.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

class replayer {
 public:
  replayer(const settings& s, const options& given, replay_result& to)
      : settings_(s), to_(to), groups_(s), delivery_(s, groups_, counters_, says_, steady_nanoseconds, worker_random) {
    says_.use(given.on_diagnostic, given.on_diagnostic_user, s.log_level);
    says_.hide(secrets_of(s));
    timing t;
    t.steady_now = steady_nanoseconds;
    transports made = make_transports(s, given, t);
    delivery_.use(std::move(made.main), std::move(made.engine), nullptr);
  }

  template <class Progress>
  void run(Progress progress) {
    const auto patience = static_cast<std::uint64_t>(settings_.export_timeout.count()) * 1000000U;
    std::uint64_t moved_at = steady_nanoseconds();
    waker nobody_signals;
    for (;;) {
      const std::uint64_t now = steady_nanoseconds();
      const std::uint64_t due = delivery_.busy() ? delivery_.due() : delivery_.errand_due();
      if (due == waker::never || (std::max)(now, due) - moved_at > patience) break;
      if (due > now) {
        nobody_signals.wait_until(due);
      } else if (delivery_.busy()) {
        delivery_.step(now, moved_at + patience);
      } else {
        delivery_.run_errand(now, moved_at + patience);
        if (delivery_.busy() || delivery_.in_doubt()) continue;
      }
      if (read()) moved_at = steady_nanoseconds();
      if (!delivery_.busy()) progress();
    }
    delivery_.discard();
    read();
    to_.files_left = delivery_.spool().files();
    if (to_.files_left != 0) {
      to_.error = text_line(to_.files_left, to_.files_left == 1 ? " file waits still in " : " files wait still in ", settings_.spool_directory, ": ", why());
    } else if (delivery_.spool().failed()) {
      to_.error = says_.last_error();
    }
  }

 private:
  /// True: something was done.
  bool read() {
    const std::uint64_t before = to_.delivered + to_.rejected + to_.unconfirmed;
    to_.delivered = counters_.replayed.load(std::memory_order_relaxed);
    to_.rejected = counters_.replay_rejected.load(std::memory_order_relaxed);
    to_.unconfirmed = counters_.replay_unconfirmed.load(std::memory_order_relaxed);
    to_.files_left = delivery_.spool().files();
    return to_.delivered + to_.rejected + to_.unconfirmed != before;
  }

  text_line why() {
    const text_line cause = says_.last_error();
    if (!cause.empty()) return cause;
    return text_line("they were sent without an answer; two minutes after that the engine can be asked what it has of them");
  }

  const settings& settings_;
  replay_result& to_;
  delivery_counters counters_;
  diagnostics says_;
  resources groups_;
  delivery delivery_;
};

template <class Progress>
void replay_all(const std::string& directory, const options& given, replay_result& to, Progress progress) {
  options own = given;
  own.spool_directory = directory;
  own.spool_max_age = (std::chrono::hours::max)();  // what is old was kept to be sent
  if (directory.empty()) to.error = "arthur::replay needs the directory of a spool; give the one that options.spool_directory named";
  else if (!spool_exists(directory)) to.error = text_line("there is no directory ", text::shown(directory), "; give the one that options.spool_directory named");
  if (!to.error.empty()) return;
  warning_list warnings;
  const settings s = configure(own, warnings);
  to.error = s.error;
  if (s.disabled) to.error = "OTEL_SDK_DISABLED is true: nothing is sent; unset it";
  if (!to.error.empty()) return;
  const auto made = std::unique_ptr<replayer>(new replayer(s, own, to));
  made->run(progress);
}

}  // namespace detail

ARTHUR_LINKED replay_result replay(const std::string& directory, const options& settings,
                                   void (*progress)(void* user, const replay_result& so_far), void* user) noexcept {
  replay_result out;
  const auto tell = [&out, progress, user] {
    if (progress != nullptr) progress(user, out);
  };
  // As the worker: what the program hooked into sockets or clocks isn't traced.
  const bool was_quiet = detail::thread_is_quiet;
  detail::thread_is_quiet = true;
  if (!detail::try_to([&] { return detail::replay_all(directory, settings, out, tell), true; })) out.error.assign("no memory");
  detail::thread_is_quiet = was_quiet;
  return out;
}

ARTHUR_NAMESPACE_END

#endif
