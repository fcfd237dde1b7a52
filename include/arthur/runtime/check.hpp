// check.hpp: arthur::check(): what tracing would do with the settings, done once by hand, and told step by step.
#ifndef ARTHUR_RUNTIME_CHECK_HPP
#define ARTHUR_RUNTIME_CHECK_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "../check.hpp"
#include "../config.hpp"
#include "../options.hpp"
#include "../otlp/buffer.hpp"
#include "../otlp/envelope.hpp"
#include "../otlp/json_text.hpp"
#include "../platform/clock.hpp"
#include "../platform/entropy.hpp"
#include "../platform/try_to.hpp"
#include "../policy/answer.hpp"
#include "../policy/refusal.hpp"
#include "../policy/secrets.hpp"
#include "../policy/settings.hpp"
#include "../record/wire.hpp"
#include "../spool/spool.hpp"
#include "../text_line.hpp"
#include "../transport/transport.hpp"
#include "configuration.hpp"
#include "outputs.hpp"
#include "questions.hpp"
#include "resources.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A span as any other, that says what it is.
struct test_span {
  char trace_id[16];
  char span_id[8];

  explicit test_span(std::uint64_t (*random)()) noexcept {
    random_stream own;
    own.seed();
    for (char* id : {trace_id, trace_id + 8, span_id}) {
      const std::uint64_t bits = (random != nullptr ? random() : own.next()) | 1U;  // an id isn't zero
      std::memcpy(id, &bits, sizeof bits);
    }
  }

  void append(buffer& to, std::uint64_t now) const noexcept {
    constexpr std::string_view name = "arthur.check";
    constexpr std::string_view text = "a test span of arthur::check(): it says that traces arrive, and nothing else";
    append_field(to, wire::span_trace_id, trace_id, sizeof trace_id);
    append_field(to, wire::span_span_id, span_id, sizeof span_id);
    append_field(to, wire::span_name, name.data(), name.size());
    if (char* at = to.reserve_more(20)) {
      at = wire::put_byte(wire::put_byte(at, wire::span_kind), 1);  // INTERNAL
      at = wire::put_fixed64(wire::put_byte(at, wire::span_start_time), now);
      wire::put_fixed64(wire::put_byte(at, wire::span_end_time), now + 1);
      to.advance(20);
    }
    put(to, "openinference.span.kind", "CHAIN");
    put(to, "input.value", text);
    constexpr char good[] = {static_cast<char>(wire::status_code), 1};
    append_field(to, wire::span_status, good, sizeof good);
  }

 private:
  static void put(buffer& to, std::string_view key, std::string_view value) noexcept {
    append_string_attribute(to, wire::span_attributes, key.data(), key.size(), value.data(), value.size());
  }
};

/// `text`, percent-encoded as a part of a path.
inline std::string path_part(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (text::is_digit(c) || (text::lower(c) >= 'a' && text::lower(c) <= 'z') || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      static constexpr char digits[] = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      ((out += '%') += digits[byte >> 4]) += digits[byte & 15U];
    }
  }
  return out;
}

/// The steps behind the configuration. Stops by itself at the deadline, because every request does.
class checker {
 public:
  checker(const settings& s, transport& main, transport* engine, std::uint64_t deadline, check_result& to)
      : settings_(s), main_(main), engine_(engine), deadline_(deadline), to_(to), secrets_(secrets_of(s)), questions_(s, outcome_), groups_(s) {}

  void run(const test_span& span, std::uint64_t now) {
    if (settings_.sink == sink::endpoint) {
      endpoint();
      key();
      if (!asks_engine()) skip("health", "traces don't go to an Arthur Engine");
      else if (health() && account()) task();
      if (to_.ok()) protocol();
      if (!settings_.spool_directory.empty()) spool_directory();
    }
    if (!to_.ok()) return skip("test span", "it would fail for the same reason");
    if (send(span, now)) look_up(span);
  }

 private:
  using is = check_outcome;

  void spool_directory() {
    spool directory({settings_.spool_directory, settings_.spool_max_bytes, settings_.spool_max_age}, unix_nanoseconds);
    text_line why;
    if (!directory.open(why)) return static_cast<void>(in_two("spool", is::warning, why, ""));
    if (const text_line note = directory.note(); !note.empty()) return add("spool", is::warning, note);
    const std::size_t files = directory.waiting();
    add("spool", is::ok, text_line(files, files == 1 ? " file waits in " : " files wait in ", settings_.spool_directory, ", ",
                                   directory.bytes(), " of ", settings_.spool_max_bytes, " bytes"));
  }

  void add(const char* name, check_outcome how, std::string_view text, std::string_view fix = {}) {
    check_step step{name, how, std::string(text), std::string(fix)};
    for (std::string* line : {&step.text, &step.fix}) hide(secrets_, line->data(), line->size());
    to_.add(std::move(step));
  }
  void skip(const char* name, std::string_view why) { add(name, is::skipped, why); }

  // Each of the next returns false, for the caller to return it.

  bool refused(const char* name, const asked_party& by, check_outcome how = is::failed) {
    const response& a = outcome_.answer;
    const finding f = refusal(a.status, read_rejection(a.body, a.content_type).reason, a.location, by);
    add(name, how, f.text, f.fix);
    return false;
  }
  /// `line`: "problem; fix".
  bool in_two(const char* name, check_outcome how, std::string_view line, std::string_view otherwise) {
    const std::size_t split = line.find("; ");
    add(name, how, line.substr(0, split), split == std::string_view::npos ? otherwise : line.substr(split + 2));
    return false;
  }
  bool unreachable(const char* name) {
    return in_two(name, is::failed, outcome_.error, "is it overloaded, or is a proxy in between? look into its log");
  }
  /// Who answers a program with a page for people is a proxy, a login or another service.
  bool page(const char* name, const asked_party& by) {
    add(name, is::failed, text_line(name_of(by), " answered ", outcome_.answer.status, " with a page for people: something else is there"),
        change_address(by.at.source));
    return false;
  }
  bool is_page() const {
    const response& a = outcome_.answer;
    return a.content_type.find("text/html") != std::string::npos || (!a.body.empty() && text::trim(a.body).substr(0, 1) == "<");
  }

  /// As tracing would: an engine beside an OTLP endpoint is asked for the task's id only.
  bool asks_engine() const {
    const bool by_name = settings_.task_id.empty() && !settings_.task_name.empty();
    return engine_ != nullptr && (settings_.where.profile == profile::arthur || by_name);
  }

  void endpoint() {
    const url& at = settings_.where.traces;
    text_line text("traces go to ", origin(at), path_of(at));
    if (settings_.traces_proxy.used()) text = text_line(text, " through ", shown(settings_.traces_proxy));
    text = text_line(text, *at.source == '\0' ? ", the default" : ", named by ", at.source);
    add("endpoint", is::ok, text_line(text, settings_.where.profile == profile::arthur ? ", by the engine's rules" : ", by the rules of OTLP"));
  }

  void key() {
    const asked_party by = traces_of(settings_);
    if (*by.key_source != '\0') return add("key", is::ok, text_line("credentials come from ", by.key_source));
    if (by.key_withheld) return add("key", is::warning, "a key is known, but isn't sent there", refusals::unauthorized(by));
    add("key", is::ok, "no key is given, which is right where none is asked for");
  }

  bool health() {
    const asked_party by = engine_of(settings_);
    const asked how = questions_.get(*engine_, "/health", deadline_);
    if (how == asked::unreachable) return unreachable("health");
    if (outcome_.answer.status == 404) {
      add("health", is::warning, text_line(origin(by.at), " has no /health: is it an Arthur Engine?"), change_address(by.at.source));
      return true;
    }
    if (how == asked::later || outcome_.answer.status != 200) return refused("health", by);
    if (is_page()) return page("health", by);
    const text_line version = one_line(json_view(outcome_.answer.body)["build_version"].text());
    add("health", is::ok, text_line("the engine is up", version.empty() ? "" : ", version ", version));
    return true;
  }

  bool account() {
    const asked_party by = engine_of(settings_);
    const asked how = questions_.get(*engine_, "/users/me", deadline_);
    if (how == asked::unreachable) return unreachable("account");
    const int status = outcome_.answer.status;
    if (status == 404 || status == 405) {
      add("account", is::warning, text_line(origin(by.at), " has no /users/me: what the key may do stays unknown"), change_address(by.at.source));
      return true;
    }
    if (how == asked::later || status != 200) return refused("account", by);
    if (is_page()) return page("account", by);
    return roles(by);
  }

  bool roles(const asked_party& by) {
    text_line names;
    bool writes = false, administers = false;
    json_view(outcome_.answer.body)["roles"].each([&](json_view role) {
      const text_line name = one_line(role.text());
      const auto among = [&](std::initializer_list<const char*> list) {
        for (const char* r : list) {
          if (name == r) return true;
        }
        return false;
      };
      writes = writes || among({"ORG-ADMIN", "TASK-ADMIN", "VALIDATION-USER", "CHAT-USER"});
      reads_ = reads_ || among({"ORG-ADMIN", "TASK-ADMIN", "ORG-AUDITOR"});
      administers = administers || among({"ADMIN-KEY"});
      names = text_line(names, names.empty() ? "" : ", ", name);
    });
    if (names.empty()) {
      reads_ = true;  // it will tell
      add("account", is::ok, "the engine knows us, and names no role");
      return true;
    }
    const bool must_write = settings_.where.profile == profile::arthur;
    if (!writes && must_write && administers) {
      add("account", is::warning, text_line("the key has the role ", names, ", which may write traces only where the engine allows it"),
          "use a key with the role TASK-ADMIN, or start the engine with ALLOW_ADMIN_KEY_GENERAL_ACCESS=enabled");
    } else if (!writes && must_write) {
      add("account", is::failed, text_line("the key has the role ", names, ", which may not write traces"), refusals::forbidden(by));
      return false;
    } else if (!reads_) {
      add("account", is::warning, text_line("the key has the role ", names, ": it may write traces, not read"),
          "a role that reads, such as TASK-ADMIN, is needed to find a task by its name, and to ask what became of traces whose answer was lost");
    } else {
      add("account", is::ok, text_line("the key has the role ", names, must_write ? ": it may write traces and read" : ""));
    }
    return true;
  }

  void task() {
    if (settings_.task_id.empty() && settings_.task_name.empty()) {
      return add("task", is::ok, text_line("no task is named: the engine makes one for the service ", text::shown(settings_.service_name)));
    }
    settings_.task_id.empty() ? task_by_name() : task_by_id();
  }

  void task_by_id() {
    const std::string id = text::shown(settings_.task_id);
    const asked how = questions_.get(*engine_, "/api/v2/tasks/" + path_part(settings_.task_id), deadline_);
    if (how == asked::unreachable) return static_cast<void>(unreachable("task"));
    const response& a = outcome_.answer;
    if (a.status == 200 && !is_page()) {
      return add("task", is::ok, text_line("the task ", id, " is named \"", one_line(json_view(a.body)["name"].text()), "\""));
    }
    if (a.status == 403) return add("task", is::warning, text_line("whether there is a task ", id, " can't be asked: the key may not read"));
    if (a.status != 400 && a.status != 404) return static_cast<void>(refused("task", engine_of(settings_)));
    const text_line found = other_tasks();
    add("task", is::failed, text_line("the engine has no task ", id, ", and refuses every trace for it", found),
        text_line("create it, or set ", settings_.task_in_code ? "options.task_id" : "ARTHUR_TASK_ID"));
  }

  void task_by_name() {
    text_line id;
    const asked how = questions_.ask_task(*engine_, deadline_, id);
    if (how == asked::unreachable) return static_cast<void>(unreachable("task"));
    if (how == asked::later) return static_cast<void>(refused("task", engine_of(settings_)));
    if (!id.empty()) {
      groups_.task_found(id);
      return add("task", is::ok, text_line("the task ", text::shown(settings_.task_name), " has the id ", one_line(id)));
    }
    const int status = outcome_.answer.status;
    const finding f = no_task(settings_, status);
    add("task", is::failed, text_line(f.text, status == 200 ? other_tasks() : text_line()), f.fix);
  }

  /// "; it has ...", or nothing.
  text_line other_tasks() {
    if (questions_.ask_tasks(*engine_, 10, deadline_) != asked::known || outcome_.answer.status != 200) return text_line();
    const text_line names = read_task_names(outcome_.answer.body);
    return names.empty() ? text_line("; it has none") : text_line("; it has ", names);
  }

  void protocol() {
    if (settings_.protocol != protocol::automatic) {
      encoding_ = settings_.protocol == protocol::http_json ? encoding::json : encoding::protobuf;
      pinned_ = true;
      return add("protocol", is::ok, text_line(encoding_name(), ", as it is set"));
    }
    const asked how = questions_.ask_encoding(main_, deadline_, encoding_);
    if (how == asked::unreachable) return static_cast<void>(unreachable("protocol"));
    const verdict v = classify(outcome_.answer.status, settings_.where.profile, false);
    if (v == verdict::wrong_encoding) return add("protocol", is::ok, text_line("the endpoint reads protobuf (JSON: ", outcome_.answer.status, ")"));
    if (v != verdict::delivered && v != verdict::partial) return static_cast<void>(refused("protocol", traces_of(settings_)));
    if (is_page()) return static_cast<void>(page("protocol", traces_of(settings_)));
    add("protocol", is::ok, "the endpoint reads JSON");
  }
  const char* encoding_name() const { return encoding_ == encoding::json ? "JSON" : "protobuf"; }

  bool send(const test_span& span, std::uint64_t now) {
    constexpr const char* name = "test span";
    buffer piece, body;
    const bool room = groups_.fix() && piece.fix(1024) && body.fix(65536);
    span.append(piece, now);
    const span_piece pieces[] = {{groups_.known(0), piece.data(), piece.size()}};
    text_line trace("0123456789abcdef0123456789abcdef");
    buffer hex(trace.begin(), trace.size());
    append_hex(hex, span.trace_id, sizeof span.trace_id);
    request r;
    r.target = settings_.where.traces.target.empty() ? "/" : settings_.where.traces.target.c_str();
    r.spans = 1;
    for (bool again = true; again;) {
      again = false;
      body.clear();
      if (!room || !append_request(body, encoding_, pieces, 1, groups_.views(), groups_.count())) {
        add(name, is::failed, "no memory for it");
        return false;
      }
      r.content_type = encoding_ == encoding::json ? "application/json" : "application/x-protobuf";
      r.body = body.data();
      r.body_size = body.size();
      const transport_result result = main_.send(r, deadline_, outcome_.answer, outcome_.error);
      if (settings_.sink == sink::file) return written(trace);
      switch (result) {
        case transport_result::not_sent: return unreachable(name);
        case transport_result::unanswered:
          add(name, is::failed, text_line("it was sent, but no answer came (", outcome_.error, "): look for the trace ", trace),
              "check that the endpoint isn't overloaded, and that no proxy cuts the connection");
          return false;
        case transport_result::answered: break;
      }
      // The empty request was answered, but real spans aren't read: the other encoding, once.
      again = !pinned_ && classify(outcome_.answer.status, settings_.where.profile, false) == verdict::wrong_encoding;
      if (again) encoding_ = encoding_ == encoding::json ? encoding::protobuf : encoding::json;
      pinned_ = true;
    }
    return judge(trace);
  }

  bool written(const text_line& trace) {
    const bool good = outcome_.answer.status == 200;
    add("test span", good ? is::ok : is::failed, good ? text_line("written as the trace ", trace) : text_line(outcome_.error),
        good ? "" : "check options.output_file: its directory must exist and be writable, with room on the disk");
    return false;
  }

  bool judge(const text_line& trace) {
    constexpr const char* name = "test span";
    const response& a = outcome_.answer;
    const verdict v = classify(a.status, settings_.where.profile, true);
    if (v != verdict::delivered && v != verdict::partial) return refused(name, traces_of(settings_));
    if (is_page()) return page(name, traces_of(settings_));
    const rejection r = read_rejection(a.body, a.content_type);
    if (r.spans != 0) {
      add(name, is::failed, text_line("the endpoint refused it: ", r.reason), "the reason is the endpoint's own: look into its rules");
      return false;
    }
    add(name, is::ok, text_line("accepted as the trace ", trace, ", in ", encoding_name()));
    return true;
  }

  void look_up(const test_span& span) {
    if (engine_ == nullptr || settings_.where.profile != profile::arthur) return;
    if (!reads_) return skip("look-up", "the key may not read");
    char path[64] = "/api/v1/traces/spans/";
    const std::size_t size = std::strlen(path);
    buffer hex(path + size, sizeof path - size);
    append_hex(hex, span.span_id, sizeof span.span_id);
    const asked how = questions_.get(*engine_, {path, size + hex.size()}, deadline_);
    if (how == asked::unreachable) return static_cast<void>(unreachable("look-up"));
    const int status = outcome_.answer.status;
    if (status == 200 && !is_page()) return add("look-up", is::ok, "the engine has it");
    if (status == 403) return skip("look-up", "the key may not read");
    if (status != 404) return static_cast<void>(refused("look-up", engine_of(settings_), is::warning));
    add("look-up", is::failed, "the engine accepted the span and doesn't have it", "is the engine behind several addresses, with a database each?");
  }

  const settings& settings_;
  transport& main_;
  transport* engine_;
  std::uint64_t deadline_;
  check_result& to_;
  const secret_list secrets_;
  outcome outcome_;
  questions questions_;
  resources groups_;
  encoding encoding_ = encoding::json;
  bool pinned_ = false;  // no other encoding is tried
  bool reads_ = false;
};

/// The first step. False: there is nothing to ask.
inline bool check_configuration(const settings& s, const warning_list& warnings, check_result& to) {
  const auto add = [&to](check_outcome how, std::string_view text, std::string_view fix) {
    to.add({"configuration", how, std::string(text), std::string(fix)});
    return false;
  };
  if (!s.error.empty()) return add(check_outcome::failed, "arthur::start() would refuse it", s.error);
  if (s.disabled) return add(check_outcome::warning, "OTEL_SDK_DISABLED=true: nothing is recorded", "unset it to trace");
  std::string all;
  for (const std::string& w : warnings) all += (all.empty() ? "" : " / ") + w;
  if (warnings.empty()) add(check_outcome::ok, text_line("complete; the service is ", text::shown(s.service_name)), "");
  else add(check_outcome::warning, text_line("complete, with ", warnings.size(), warnings.size() == 1 ? " doubt" : " doubts"), all);
  if (s.sink == sink::callback || s.sink == sink::none) {
    to.add({"test span", check_outcome::skipped,
            s.sink == sink::callback ? "options.on_batch takes the traces: nothing is sent" : s.to_stdout || s.console
                                           ? "traces are only shown on standard output: nothing is sent" : "the exporters are \"none\": nothing is recorded",
            ""});
    return false;
  }
  return true;
}

inline void check_all(const options& given, std::uint64_t deadline, check_result& to) {
  warning_list warnings;
  const settings s = configure(given, warnings);
  if (!check_configuration(s, warnings, to)) return;
  timing t;
  t.steady_now = steady_nanoseconds;
  const transports made = make_transports(s, given, t);
  checker(s, *made.main, made.engine.get(), deadline, to)
      .run(test_span(given.random), given.clock != nullptr ? given.clock() : unix_nanoseconds());
}

}  // namespace detail

ARTHUR_LINKED check_result check(const options& settings, std::chrono::nanoseconds timeout) noexcept {
  check_result out;
  const std::uint64_t now = detail::steady_nanoseconds();
  const std::uint64_t most = timeout.count() < 0 ? 0 : static_cast<std::uint64_t>(timeout.count());
  const std::uint64_t deadline = most > ~std::uint64_t{0} - now ? ~std::uint64_t{0} : now + most;
  if (!detail::try_to([&] { return detail::check_all(settings, deadline, out), true; })) {
    out.add({"check", check_outcome::failed, {}, {}});  // no memory, so no text either
  }
  return out;
}

ARTHUR_NAMESPACE_END

#endif
