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
#include "../policy/retry.hpp"
#include "../policy/settings.hpp"
#include "../text_line.hpp"
#include "../transport/transport.hpp"
#include "diagnostics.hpp"
#include "resources.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline void say_unreachable(diagnostics& says, std::string_view error, std::size_t spans) {
  says.say(diagnostics::topic::connection, severity::warning, text_line(error, "; ", spans, " spans wait for the next attempt"));
}

inline void say_refused(diagnostics& says, const settings& s, const response& a) {
  text_line what(origin(s.where.traces));
  // It may be the proxy that refuses; inside a tunnel it can't be.
  if (s.traces_proxy.used() && !s.where.traces.https) what = text_line(what, " through ", shown(s.traces_proxy));
  what = text_line(what, " answered ", a.status);
  const text_line reason = read_rejection(a.body, a.content_type).reason;
  if (!reason.empty()) what = text_line(what, " (", reason, ")");
  const std::string_view fix = advice(a.status, s.where.profile);
  if (!fix.empty()) what = text_line(what, ": ", fix);
  says.say(diagnostics::topic::refusal, severity::warning, what);
}

/// Nanoseconds that the answer asks to wait; 0 = it doesn't say.
inline std::uint64_t retry_after(const response& a) {
  const std::int64_t seconds = parse_retry_after(a.retry_after, static_cast<std::int64_t>(unix_nanoseconds() / 1000000000U));
  return seconds > 0 ? static_cast<std::uint64_t>(seconds) * 1000000000U : 0;
}

class preparation {
 public:
  preparation(const settings& s, resources& groups, diagnostics& says, outcome& last)
      : settings_(s), groups_(groups), says_(says), outcome_(last) {
    if (s.protocol == protocol::http_json || s.sink != sink::endpoint) pin(encoding::json);
    // A file holds JSON lines, whatever the protocol on the wire is.
    if (s.protocol == protocol::http_protobuf && s.sink != sink::file) pin(encoding::protobuf);
    search_ = "{\"task_name\":\"" + json_escaped(s.task_name) + "\"}";
    target_.reserve(s.where.engine.target.size() + 128);
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

  /// Asks with an empty request whether the endpoint reads JSON.
  bool probe(transport& main, std::uint64_t deadline, std::size_t waiting, std::uint64_t& pause) {
    request r;
    r.target = settings_.where.traces.target.c_str();
    r.content_type = "application/json";
    r.body = empty_json_request;
    r.body_size = sizeof empty_json_request - 1;
    const response& a = outcome_.answer;
    if (main.send(r, deadline, outcome_.answer, outcome_.error) != transport_result::answered) {
      say_unreachable(says_, outcome_.error, waiting);
      return false;
    }
    switch (classify(a.status, settings_.where.profile, false)) {
      case verdict::retry_later:
      case verdict::split:
        say_refused(says_, settings_, a);
        pause = retry_after(a);
        return false;
      case verdict::wrong_encoding:
        encoding_ = encoding::protobuf;
        says_.say(diagnostics::topic::protocol, severity::info,
                  text_line(origin(settings_.where.traces), " does not read OTLP/JSON (", a.status, "); sending protobuf"));
        break;
      default:
        break;
    }
    decided_ = true;
    return true;
  }

  /// Looks the task's name up, a page at a time. False: the engine doesn't answer now.
  bool find_task(transport& engine, std::uint64_t deadline, std::size_t waiting, std::uint64_t& pause) {
    const std::string& name = settings_.task_name;
    if (name.empty() || !settings_.task_id.empty()) return true;
    constexpr std::size_t page_size = max_answer < (std::size_t{1} << 20) ? 10 : 100;
    for (std::size_t page = 0; page < 100; ++page) {
      target_.assign(settings_.where.engine.target);
      target_.append(text_line("/api/v2/tasks/search?page=", page, "&page_size=", page_size, "&sort=desc"));
      request r;
      r.target = target_.c_str();
      r.content_type = "application/json";
      r.body = search_.data();
      r.body_size = search_.size();
      const response& a = outcome_.answer;
      if (engine.send(r, deadline, outcome_.answer, outcome_.error) != transport_result::answered) {
        say_unreachable(says_, outcome_.error, waiting);
        return false;
      }
      if (a.status == 429 || a.status >= 500) {
        say_refused(says_, settings_, a);
        pause = retry_after(a);
        return false;
      }
      if (a.status != 200) {
        without_task(a.status);
        return true;
      }
      const task_page found = read_task_page(a.body, name);
      if (!found.id.empty()) {
        groups_.task_found(found.id);
        return true;
      }
      if (found.tasks == 0 || (page + 1) * page_size >= found.total) break;
    }
    says_.say(diagnostics::topic::task, severity::warning,
              text_line("the engine has no task named \"", one_line(name),
                   "\": create it, or change ARTHUR_TASK_NAME; traces go under the service name \"",
                   one_line(settings_.service_name), "\""));
    return true;
  }

  void without_task(int status) {
    const char* why = status == 403   ? "the key may not read tasks"
                      : status == 401 ? "the key is missing or unknown"
                                      : "the endpoint has no task search";
    says_.say(diagnostics::topic::task, severity::warning,
              text_line("the task \"", one_line(settings_.task_name), "\" can't be looked up (", status, ": ", why,
                   "); traces go under the service name \"", one_line(settings_.service_name),
                   "\"; set ARTHUR_TASK_ID to choose the task without a look-up"));
  }

  const settings& settings_;
  resources& groups_;
  diagnostics& says_;
  outcome& outcome_;
  std::string search_;  // the task search: body
  std::string target_;  // and path
  encoding encoding_ = encoding::json;
  bool decided_ = false;  // the encoding was probed or pinned
  bool proven_ = false;
  bool done_ = false;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
