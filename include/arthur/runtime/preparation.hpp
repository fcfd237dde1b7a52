// preparation.hpp: what must be known before the first batch: the encoding that the endpoint reads, and the task's id.
#ifndef ARTHUR_RUNTIME_PREPARATION_HPP
#define ARTHUR_RUNTIME_PREPARATION_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "../otlp/envelope.hpp"
#include "../platform/clock.hpp"
#include "../policy/answer.hpp"
#include "../policy/refusal.hpp"
#include "../policy/retry.hpp"
#include "../policy/settings.hpp"
#include "../text_line.hpp"
#include "../transport/transport.hpp"
#include "diagnostics.hpp"
#include "questions.hpp"
#include "resources.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline void say_unconfirmed(diagnostics& says, std::size_t spans) {
  says.say(diagnostics::topic::asking, severity::warning,
           text_line(spans, " spans remain unconfirmed: the key may not read traces, so the engine can't be asked whether it has them; "
                            "one with the role TASK-ADMIN may"));
}

inline void say_unreachable(diagnostics& says, std::string_view error, std::size_t spans) {
  says.say(diagnostics::topic::connection, severity::warning, text_line(error, "; ", spans, " spans wait for the next attempt"));
}

inline void say_refused(diagnostics& says, const asked_party& by, const response& a) {
  says.say(diagnostics::topic::refusal, severity::warning, refusal(a.status, read_rejection(a.body, a.content_type).reason, a.location, by));
}
/// Spans were not taken, by whatever they were given to.
inline void say_refused(diagnostics& says, const settings& s, const outcome& what) {
  if (s.sink == sink::endpoint) say_refused(says, traces_of(s), what.answer);
  else says.say(diagnostics::topic::refusal, severity::warning, what.error);
}

/// Nanoseconds that the answer asks to wait; 0 = it doesn't say.
inline std::uint64_t retry_after(const response& a) {
  const std::int64_t seconds = parse_retry_after(a.retry_after, static_cast<std::int64_t>(unix_nanoseconds() / 1000000000U));
  return seconds > 0 ? static_cast<std::uint64_t>(seconds) * 1000000000U : 0;
}

class preparation {
 public:
  preparation(const settings& s, resources& groups, diagnostics& says, outcome& last)
      : settings_(s), groups_(groups), says_(says), outcome_(last), questions_(s, last) {
    if (s.protocol == protocol::http_json || s.sink != sink::endpoint) pin(encoding::json);
    // A file holds JSON lines, whatever the protocol on the wire is.
    if (s.protocol == protocol::http_protobuf && s.sink != sink::file) pin(encoding::protobuf);
  }

  bool done() const noexcept { return done_; }
  encoding known() const noexcept { return encoding_; }
  /// Whether spans were accepted in the encoding, or it is pinned: a 400 is about the data then.
  bool proven() const noexcept { return proven_; }
  void prove() noexcept { proven_ = true; }
  /// Real spans were refused in the encoding that the probe found: the other one, and no further change.
  void change() noexcept { pin(encoding_ == encoding::json ? encoding::protobuf : encoding::json); }

  // Without an answer both are asked again.
  static_assert(may_repeat(errand::probe, profile::arthur) && may_repeat(errand::task_search, profile::arthur), "");

  /// Asks what isn't known yet. False: no answer now, ask again after `pause` nanoseconds at least.
  bool ask(transport& main, transport* engine, std::uint64_t deadline, std::size_t waiting, std::uint64_t& pause) {
    if (!decided_ && !probe(main, deadline, waiting, pause)) return false;
    if (engine != nullptr && !find_task(*engine, deadline, waiting, pause)) return false;
    done_ = true;
    return true;
  }

 private:
  void pin(encoding as) noexcept {
    encoding_ = as;
    decided_ = proven_ = true;
  }

  bool probe(transport& main, std::uint64_t deadline, std::size_t waiting, std::uint64_t& pause) {
    if (!answered(questions_.ask_encoding(main, deadline, encoding_), traces_of(settings_), waiting, pause)) return false;
    if (encoding_ == encoding::protobuf) {
      says_.say(diagnostics::topic::protocol, severity::info,
                text_line(origin(settings_.where.traces), " does not read OTLP/JSON (", outcome_.answer.status, "); sending protobuf"));
    }
    decided_ = true;
    return true;
  }

  bool find_task(transport& engine, std::uint64_t deadline, std::size_t waiting, std::uint64_t& pause) {
    if (settings_.task_name.empty() || !settings_.task_id.empty()) return true;
    text_line id;
    if (!answered(questions_.ask_task(engine, deadline, id), engine_of(settings_), waiting, pause)) return false;
    if (!id.empty()) {
      groups_.task_found(id);
    } else {
      groups_.no_task();
      says_.say(diagnostics::topic::task, severity::warning,
                text_line(no_task(settings_, outcome_.answer.status), "; traces go under the service name \"",
                          one_line(settings_.service_name), "\" meanwhile"));
    }
    return true;
  }

  /// False: no answer now, and that is said.
  bool answered(asked how, const asked_party& by, std::size_t waiting, std::uint64_t& pause) {
    if (how == asked::unreachable) say_unreachable(says_, outcome_.error, waiting);
    if (how == asked::later) {
      say_refused(says_, by, outcome_.answer);
      pause = retry_after(outcome_.answer);
    }
    return how == asked::known;
  }

  const settings& settings_;
  resources& groups_;
  diagnostics& says_;
  outcome& outcome_;
  questions questions_;
  encoding encoding_ = encoding::json;
  bool decided_ = false;  // the encoding was probed or pinned
  bool proven_ = false;
  bool done_ = false;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
