// faults.cpp: every way in which an endpoint or the wire to it can fail, and the account of the spans afterwards.
//
// The clock is the test's own, so that time-outs and pauses cost nothing and nothing depends on the machine's speed. The
// library runs without a thread of its own for that; what it does with one is in hanging.cpp and soak.cpp.
#include "support/httplib.hpp"

#define ARTHUR_NO_THREADS
#define ARTHUR_WITH_HTTPLIB
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "support/account.hpp"
#include "support/certificates.hpp"
#include "support/engine.hpp"
#include "support/sanitizers.hpp"
#include "support/stepped_clock.hpp"
#include "support/tcp_proxy.hpp"
#include "support/tls_front.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using support::way;
using action = support::fault::action;
using target = support::fault::target;

const char* const secret = "c2VjcmV0LWlkOnZlcnktc2VjcmV0LXZhbHVl";

support::engine_options engine_with(const std::string& role) {
  support::engine_options o;
  o.accept = support::encodings::both;
  o.keys = {{secret, {role}}};
  return o;
}

/// The endpoint of one run, with the wire to it.
struct world {
  explicit world(const std::string& role) : engine(engine_with(role)) {}

  support::engine engine;
  support::tcp_proxy wire{engine.port()};
  support::tls_front tls{engine.port()};
  support::authority& authority = one_authority();
  std::string said;

  void fault(action what, bool stored = false, const std::string& body = "") {
    support::fault f;
    f.what = what;
    f.stored = stored;
    f.body = body;
    engine.inject(f);
  }
  /// A proxy between us and the engine, which has done its work, answers.
  void gateway(int status) {
    support::fault f;
    f.stored = true;
    f.status = status;
    engine.inject(f);
  }
  /// Whether a span was looked for.
  bool asked() const {
    for (const auto& r : engine.requests()) {
      if (r.path.find("/traces/spans/") != std::string::npos) return true;
    }
    return false;
  }
  static support::authority& one_authority() {
    static support::authority it;
    return it;
  }
  void certificate(const support::certificate_wish& wish) { tls.serve(authority.issue(wish)); }
  /// The request under way takes too long.
  static void time_is_over() { support::step_clock(seconds(31)); }
};

using play = std::function<void(world&)>;

enum class outcome {
  delivered,
  rejected,      // all of them, and none is stored
  one_rejected,  // the span named "odd"
  lost,          // no answer, and nothing is stored
  stored,        // no answer, but all is stored
};

enum class by { wire, hand, tls };  // how the endpoint is reached

struct fault_case {
  std::string name;
  outcome expected;
  play script;               // before anything is sent
  play meanwhile = nullptr;  // on a thread of its own
  play later = nullptr;      // once the first attempts have failed
  seconds at_least{0};       // so long it takes
  by reached = by::wire;
};

play answers(int status, std::map<std::string, std::string> headers = {}, int times = 1) {
  return [=](world& w) { w.engine.fail_next(status, times, headers); };
}
play raw(bool stored, const std::string& bytes) {
  return [=](world& w) { w.fault(action::raw, stored, bytes); };
}
play held_too_long(const play& then = nullptr) {
  return [=](world& w) {
    w.engine.wait_for_held(1);
    world::time_is_over();
    w.wire.wait_for([&w] { return w.wire.left() == 1; });
    if (then) then(w);
  };
}
play stands_still() {
  return [](world& w) {
    w.wire.wait_for([&w] { return w.wire.disturbed() == 1; });
    world::time_is_over();
  };
}
play drips(std::size_t bytes) {
  return [bytes](world& w) {
    w.wire.wait_for([&] { return w.wire.passed(way::to_client) >= bytes; });
    world::time_is_over();
    w.wire.wait_for([&w] { return w.wire.left() == 1; });
    w.wire.heal();
  };
}
play certified(const support::certificate_wish& wish) {
  return [=](world& w) { w.certificate(wish); };
}
const play well_certified = certified({});

support::certificate_wish named(const char* names) {
  support::certificate_wish w;
  w.names = names;
  return w;
}
support::certificate_wish ended() {
  support::certificate_wish w;
  w.begins = -7200;
  w.ends = -3600;
  return w;
}
support::certificate_wish self_signed() {
  support::certificate_wish w;
  w.self_signed = true;
  return w;
}

/// As HTTP writes it.
std::string date(seconds from_now) {
  const std::time_t at = std::time(nullptr) + (support::clock_offset.load() / 1000000000) + from_now.count();
  char text[64];
  std::tm parts{};
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", ::gmtime_r(&at, &parts));
  return text;
}

const std::string ok_line = "HTTP/1.1 200 OK\r\n";
const std::string last_line = ok_line + "Connection: close\r\n";  // else the next request may meet the closing
const std::string report = R"({"total_spans":40,"accepted_spans":40,"rejected_spans":0,"rejection_reasons":[],"status":"success"})";

std::vector<fault_case> cases() {
  std::vector<fault_case> all = {
      // Nobody is there.
      {"connecting is refused", outcome::delivered, [](world& w) { w.wire.refuse(); }, nullptr, [](world& w) { w.wire.heal(); }},
      {"the engine is down and comes back", outcome::delivered, [](world& w) { w.engine.stop(); }, nullptr,
       [](world& w) { w.engine.restart(); }, seconds(0), by::hand},
      {"accepted and closed", outcome::lost,
       [](world& w) {
         support::fault f;
         f.where = target::connection;
         w.engine.inject(f);
       },
       nullptr, nullptr, seconds(0), by::hand},
      {"accepted, then nothing", outcome::lost, [](world& w) { w.wire.stall_after(way::to_server, 1); }, stands_still()},

      // The request doesn't arrive.
      {"the wire dies in the middle of the request", outcome::lost, [](world& w) { w.wire.stall_after(way::to_server, 3000); }, stands_still()},
      {"reset at the first byte", outcome::lost, [](world& w) { w.wire.reset_after(way::to_server, 1); }},
      {"reset in the header", outcome::lost, [](world& w) { w.wire.reset_after(way::to_server, 100); }},
      {"reset in the body", outcome::lost, [](world& w) { w.wire.reset_after(way::to_server, 3000); }},
      {"closed in the body", outcome::lost, [](world& w) { w.wire.close_after(way::to_server, 3000); }},

      // It arrives, and no answer comes.
      {"closed after the request", outcome::lost, [](world& w) { w.fault(action::close); }},
      {"reset after the request", outcome::lost, [](world& w) { w.fault(action::reset); }},
      {"closed after storing", outcome::stored, [](world& w) { w.fault(action::close, true); }},
      {"reset after storing", outcome::stored, [](world& w) { w.fault(action::reset, true); }},
      {"stored, then silence", outcome::stored, [](world& w) { w.fault(action::hold, true); }, held_too_long()},
      {"stored when nobody waits any more", outcome::stored, [](world& w) { w.fault(action::hold); },
       held_too_long([](world& w) { w.engine.release(); })},
      {"stored after it was asked for", outcome::stored, [](world& w) { w.fault(action::hold); },
       held_too_long([](world& w) {
         w.engine.wait_for([&w] { return w.asked(); }, milliseconds(500));  // of what is on disk it isn't asked so soon
         w.engine.release();
       })},
      {"the engine restarts in the middle of the request", outcome::lost, [](world& w) { w.fault(action::hold); },
       [](world& w) {
         w.engine.wait_for_held(1);
         w.engine.restart();
       }},

      {"502: a proxy got no answer", outcome::lost, answers(502)},
      {"504: a proxy got none in time", outcome::lost, answers(504)},
      {"502 after storing", outcome::stored, [](world& w) { w.gateway(502); }},
      {"504 after storing", outcome::stored, [](world& w) { w.gateway(504); }},

      // The answer is cut.
      {"reset in the status line", outcome::stored, [](world& w) { w.wire.reset_after(way::to_client, 5); }},
      {"closed in the status line", outcome::stored, [](world& w) { w.wire.close_after(way::to_client, 5); }},
      {"the wire dies in the status line", outcome::stored, [](world& w) { w.wire.stall_after(way::to_client, 5); }, stands_still()},
      {"reset in its header", outcome::stored, [](world& w) { w.wire.reset_after(way::to_client, 30); }},
      {"closed in its header", outcome::stored, [](world& w) { w.wire.close_after(way::to_client, 30); }},
      {"the wire dies in its header", outcome::stored, [](world& w) { w.wire.stall_after(way::to_client, 30); }, stands_still()},
      {"reset in its body", outcome::delivered, [](world& w) { w.wire.reset_after(way::to_client, 170); }},
      {"closed in its body", outcome::delivered, [](world& w) { w.wire.close_after(way::to_client, 170); }},
      {"the wire dies in its body", outcome::delivered, [](world& w) { w.wire.stall_after(way::to_client, 170); }, stands_still()},
      {"half an answer", outcome::delivered, [](world& w) { w.fault(action::cut, true); }},
      {"a byte now and then, from the status line on", outcome::stored, [](world& w) { w.wire.limit(way::to_client, 100); }, drips(3)},
      {"a byte now and then, and the time ends in the header", outcome::stored, [](world& w) { w.wire.limit(way::to_client, 1000); }, drips(40)},
      {"a byte now and then, and the time ends in the body", outcome::delivered, [](world& w) { w.wire.limit(way::to_client, 2000); }, drips(170)},

      // The answer is nonsense. Once its header is whole, the status says what was done.
      {"longer than its Content-Length", outcome::delivered, raw(true, ok_line + "Content-Length: 2\r\n\r\n" + report)},
      {"shorter than its Content-Length", outcome::delivered, raw(true, ok_line + "Content-Length: 4000\r\n\r\n" + report)},
      {"a Content-Length that isn't a number", outcome::stored, raw(true, ok_line + "Content-Length: -7x\r\n\r\n" + report)},
      {"two lengths", outcome::stored, raw(true, ok_line + "Content-Length: 3\r\nContent-Length: 5\r\n\r\n" + report)},
      {"chunks without a size", outcome::delivered, raw(true, ok_line + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + report)},
      {"a chunk without an end", outcome::delivered, raw(true, ok_line + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{")},
      {"a page in place of a report", outcome::stored,
       raw(true, last_line + "Content-Type: text/html\r\nContent-Length: 29\r\n\r\n<html>Welcome to wifi!</html>")},
      {"a report with other numbers", outcome::delivered, raw(true, last_line + "Content-Length: 27\r\n\r\n{\"rejected_spans\":-1e400}  ")},
      {"no end of header lines", outcome::stored, raw(true, ok_line + "X-Long: " + std::string(1000000, 'x'))},
      {"an answer of 5 MiB", outcome::delivered, raw(true, ok_line + "Content-Type: application/json\r\n\r\n" + std::string(5 << 20, ' '))},
      {"interim answers before the final one", outcome::delivered,
       raw(true, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + last_line + "Content-Length: 0\r\n\r\n")},
      {"another protocol, stored", outcome::stored, raw(true, "SSH-2.0-OpenSSH_9.2\r\n")},
      {"another protocol, not stored", outcome::lost, raw(false, "SSH-2.0-OpenSSH_9.2\r\n")},

      // It refuses.
      {"206", outcome::one_rejected, [](world& w) { w.engine.reject_if([](const support::span& s) { return s.name == "odd"; }); }},
      {"422", outcome::rejected, [](world& w) { w.engine.reject_if([](const support::span& s) { return s.name != "second"; }); }},
      {"401", outcome::rejected, answers(401)},
      {"403", outcome::rejected, answers(403)},
      {"404", outcome::rejected, answers(404)},
      {"a redirect to another host", outcome::rejected, answers(307, {{"Location", "http://127.0.0.2:1/api/v1/traces"}})},
      {"413 to the whole", outcome::delivered, answers(413)},
      {"400 to the whole", outcome::delivered, answers(400)},

      // It can't now.
      {"408", outcome::delivered, answers(408)},
      {"429 for 7 seconds", outcome::delivered, answers(429, {{"Retry-After", "7"}}), nullptr, nullptr, seconds(7)},
      {"429 until a date", outcome::delivered, [](world& w) { w.engine.fail_next(429, 1, {{"Retry-After", date(seconds(90))}}); }, nullptr, nullptr,
       seconds(88)},
      {"429 until the day before yesterday", outcome::delivered,
       [](world& w) { w.engine.fail_next(429, 1, {{"Retry-After", date(seconds(-200000))}}); }},
      {"429 until whenever", outcome::delivered, answers(429, {{"Retry-After", "soon"}})},
      {"503 ten times", outcome::delivered, answers(503, {}, 10)},
      {"500 once", outcome::delivered, answers(500)},
      {"500 to everything, then not any more", outcome::delivered, answers(500, {}, 25)},
      {"500 for one span", outcome::one_rejected, [](world& w) { w.engine.poison_if([](const support::span& s) { return s.name == "odd"; }); }},

      // It is only slow.
      {"a slow wire", outcome::delivered, [](world& w) { w.wire.delay(milliseconds(5)); }},
      {"a narrow wire", outcome::delivered, [](world& w) { w.wire.limit(way::to_server, 400000); }},

      // It isn't who it should be.
      {"a certificate for another name", outcome::delivered, certified(named("DNS:elsewhere.example")), nullptr, well_certified, seconds(0), by::tls},
      {"a certificate that has ended", outcome::delivered, certified(ended()), nullptr, well_certified, seconds(0), by::tls},
      {"a certificate signed by itself", outcome::delivered, certified(self_signed()), nullptr, well_certified, seconds(0), by::tls},
  };
  return all;
}

void record(int count, const char* name) {
  for (int n = 0; n < count; n += 4) {
    ARTHUR_AGENT_SPAN(name, arthur::input("what is the weather?"));
    { ARTHUR_LLM_SPAN(name, arthur::model("m"), arthur::input_message("user", std::string(200, 'q')), arthur::tokens(3, 4)); }
    { ARTHUR_TOOL_SPAN(n == 20 && *name == 'f' ? "odd" : name, arthur::output("sunny")); }
    ARTHUR_SPAN(name, arthur::attribute("n", n));
  }
}

/// Lets time pass, six minutes at most, until nothing waits any more, in memory or on disk.
bool settle(const support::account& before) {
  for (int n = 0; n < 720; ++n) {
    if (!arthur::poll() && (support::account_now() - before).on_disk() == 0) return true;
    support::step_clock(milliseconds(500));
  }
  return false;
}

/// A directory that goes with the object.
struct spool_directory {
  explicit spool_directory(bool wanted) {
    if (wanted) path = (std::filesystem::temp_directory_path() / ("arthur-faults-" + std::to_string(::getpid()))).string();
  }
  ~spool_directory() {
    std::error_code ignored;
    if (!path.empty()) std::filesystem::remove_all(path, ignored);
  }
  std::string path;
};

struct conditions {
  arthur::protocol protocol;
  std::string role;
  bool spool;
};

void run(const fault_case& c, const conditions& given) {
  CAPTURE(c.name);
  CAPTURE(given.role);
  const bool json = given.protocol == arthur::protocol::http_json;
  CAPTURE(json);
  CAPTURE(given.spool);
  constexpr std::uint64_t first = 128, second = 20;
  const bool may_read = given.role != "VALIDATION-USER";

  world w(given.role);
  const spool_directory spool(given.spool);
  arthur::options o;
  o.service_name = "faults";
  o.api_key = secret;
  o.protocol = given.protocol;
  o.base_url = c.reached == by::wire ? w.wire.url() : c.reached == by::tls ? w.tls.url() : w.engine.url();
  o.certificate_file = w.authority.file();
  o.spool_directory = spool.path;
  o.schedule_delay = milliseconds(1000);
  o.export_timeout = seconds(30);
  o.shutdown_timeout = milliseconds(1);
  o.on_diagnostic = [](void* user, arthur::severity, const char* line) { (*static_cast<std::string*>(user) += line) += '\n'; };
  o.on_diagnostic_user = &w.said;

  const support::account before = support::account_now();
  const support::clock_is_stepped mine;
  c.script(w);
  const auto began = support::clock_offset.load();
  {
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    record(static_cast<int>(first), "first");
    std::thread other;
    std::atomic<bool> over{c.meanwhile == nullptr};
    if (c.meanwhile) {
      other = std::thread([&] {
        c.meanwhile(w);
        over = true;
      });
    }
    for (int n = 0; n < 6 && arthur::poll(); ++n) support::step_clock(milliseconds(500));
    if (c.reached == by::tls) {
      CHECK(w.engine.requests().empty());
      CHECK(w.said.find("certificate") != std::string::npos);
    }
    while (!over) arthur::poll();  // what takes real time, as a restart does, mustn't take hours of ours
    if (other.joinable()) other.join();
    if (c.later) c.later(w);
    // Before the engine has accepted anything, its "not there" isn't believed: it could mean "not for you".
    CHECK(settle(before) == !(c.expected == outcome::lost && may_read));
    CHECK(support::clock_offset.load() - began >= std::chrono::nanoseconds(c.at_least).count());
    // Whatever it was, it is over.
    record(static_cast<int>(second), "second");
    CHECK(settle(before));
  }
  const support::account a = support::account_now() - before;
  CAPTURE(w.said);
  CAPTURE(a.text());
  CHECK(a.closed());
  CHECK(a.opened == first + second);
  const bool unanswered = c.expected == outcome::lost || c.expected == outcome::stored;
  const std::uint64_t unconfirmed = unanswered && !may_read ? first : 0;
  const std::uint64_t rejected = c.expected == outcome::rejected ? first : c.expected == outcome::one_rejected ? 1 : 0;
  const std::uint64_t delivered = a.delivered + a.replayed;
  CHECK(a.unconfirmed + a.replay_unconfirmed == unconfirmed);
  CHECK(a.rejected + a.replay_rejected == rejected);
  CHECK(delivered == first + second - unconfirmed - rejected);
  const std::uint64_t stored = delivered + (c.expected == outcome::stored ? unconfirmed : 0);
  w.engine.wait_for([&] { return w.engine.distinct_span_ids().size() >= stored; });  // it may store what nobody waits for later still
  CHECK(w.engine.distinct_span_ids().size() == stored);
  CHECK(w.engine.repeated_span_ids().empty());
  CHECK(w.said.find(secret) == std::string::npos);
}

}  // namespace

TEST_CASE("whatever fails, each span is in one account, and the endpoint has none of them twice") {
  const char* const only = std::getenv("FAULT");  // a part of a name
  bool even = false;
  for (const fault_case& c : cases()) {
    even = !even;
    if (only != nullptr && c.name.find(only) == std::string::npos) continue;
    for (const bool json : {true, false}) {
      for (const bool may_read : {true, false}) {
        for (const bool spool : {false, true}) {
          // Half of them, in which each still meets each; half of these where a sanitizer makes it slow.
          if (json != (may_read == spool) || (SANITIZED && json != even)) continue;
          run(c, {json ? arthur::protocol::http_json : arthur::protocol::http_protobuf, may_read ? "TASK-ADMIN" : "VALIDATION-USER", spool});
        }
      }
    }
  }
}
