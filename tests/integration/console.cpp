// console.cpp: the console's trees on a real standard output, alone and beside every other exporter.
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/capture.hpp"
#include "support/engine.hpp"
#include "support/otlp_decode.hpp"

namespace {

constexpr int patience = 30000;  // ms; only a failure takes as long

/// Standard output goes to `descriptor` while it lives; -1 closes it.
struct redirected {
  int former = ::dup(1);
  explicit redirected(int descriptor) {
    std::fflush(stdout);
    if (descriptor < 0) ::close(1);
    else ::dup2(descriptor, 1);
  }
  ~redirected() {
    ::dup2(former, 1);
    ::close(former);
  }
};

struct temporary {
  std::string path = "/tmp/arthur-console-" + std::to_string(::getpid()) + ".txt";
  int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
  ~temporary() {
    ::close(file);
    std::remove(path.c_str());
  }
  std::string text() const {
    std::ifstream in(path);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
};

struct pipe_pair {
  int ends[2];
  pipe_pair() { REQUIRE(::pipe(ends) == 0); }
  ~pipe_pair() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  /// Writes until nobody could write more.
  void fill() {
    ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
    const std::string junk(4096, '.');
    while (::write(ends[1], junk.data(), junk.size()) > 0) {
    }
    while (::write(ends[1], ".", 1) > 0) {
    }
    ::fcntl(ends[1], F_SETFL, 0);
  }
};

/// Reads until `wanted` was seen; "" where it doesn't come.
bool read_until(int descriptor, std::string& so_far, const std::string& wanted) {
  while (so_far.find(wanted) == std::string::npos) {
    pollfd p{descriptor, POLLIN, 0};
    char bytes[4096];
    const ssize_t n = ::poll(&p, 1, patience) > 0 ? ::read(descriptor, bytes, sizeof bytes) : 0;
    if (n <= 0) return false;
    so_far.append(bytes, static_cast<std::size_t>(n));
  }
  return true;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

void quiet(void*, arthur::severity, const char*) {}

std::uint64_t ticking() {
  static std::uint64_t now = 1700000000000000000;
  return now += 1500000;
}

/// Only flush and the end send.
arthur::options with(const char* exporters) {
  arthur::options o;
  o.exporters = exporters;
  o.schedule_delay = std::chrono::hours(1);
  o.on_diagnostic = quiet;
  return o;
}

struct variable {
  const char* name;
  variable(const char* n, const char* value) : name(n) { ::setenv(n, value, 1); }
  ~variable() { ::unsetenv(name); }
};

}  // namespace

TEST_CASE("OTEL_TRACES_EXPORTER=console shows each trace once its root has ended") {
  const temporary file;
  const variable exporter("OTEL_TRACES_EXPORTER", "console");
  const auto before = arthur::stats();
  {
    const redirected out(file.file);
    arthur::options o;
    o.base_url = "http://127.0.0.1:1";  // nobody asks it
    o.clock = ticking;
    o.on_diagnostic = quiet;
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    {
      ARTHUR_AGENT_SPAN("support-agent", arthur::input("Is it warm in Paris?"), arthur::output("Yes, 24 degrees."));
      {
        ARTHUR_TOOL_SPAN("get_weather", arthur::input_json(R"({"city":"Paris"})"));
      }
      try {
        arthur::traced(arthur::kind::tool, "fails", [] { throw std::runtime_error("no \x1b[31mroute"); });
      } catch (const std::runtime_error&) {
      }
      ARTHUR_CONTEXT(arthur::service_name("billing"));
      ARTHUR_LLM_SPAN("chat", arthur::input_message("user", "Is it warm in Paris?"), arthur::tokens(31, 7), arthur::cost(0.001, 0.0021));
    }
    CHECK(arthur::flush(std::chrono::seconds(60)) == arthur::flush_result::ok);
    CHECK(file.text() ==
          "AGENT support-agent  12.0 ms  \"Is it warm in Paris?\" → \"Yes, 24 degrees.\"\n"
          "├─ TOOL get_weather  1.5 ms  {\"city\":\"Paris\"}\n"
          "├─ TOOL fails  3.0 ms  ERROR std::runtime_error: no ␛[31mroute\n"
          "│    · exception  exception.type=std::runtime_error  exception.message=no ␛[31mroute\n"
          "└─ LLM chat [billing]  1.5 ms  31→7 tokens  $0.0031  \"Is it warm in Paris?\"\n"
          "\n");
    ARTHUR_SPAN("second");
  }
  CHECK(file.text().find("\n\nCHAIN second  1.5 ms\n\n") != std::string::npos);
  CHECK(arthur::stats().delivered - before.delivered == 5);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("exporters combine: each gets each span once, lines and trees stay whole") {
  for (const char* exporters : {"otlp", "console", "otlp/stdout", "otlp,console", "console,otlp", "otlp/stdout,otlp", "console,otlp/stdout",
                                "otlp/stdout , console", "otlp,console,otlp/stdout", "console,otlp/stdout,otlp", "none"}) {
    CAPTURE(exporters);
    const std::string names = std::string(",") + exporters + ",";
    const bool otlp = names.find("otlp,") != std::string::npos;
    const bool console = names.find("console") != std::string::npos;
    const bool lines = names.find("otlp/stdout") != std::string::npos;
    support::engine engine;
    const temporary file;
    const auto before = arthur::stats();
    {
      const redirected out(file.file);
      arthur::options o = with(exporters);
      o.base_url = engine.url();
      o.schedule_delay = std::chrono::milliseconds(1);
      const auto tracing = arthur::start(o);
      REQUIRE(tracing.ok());
      std::vector<std::thread> threads;
      for (int t = 0; t < 3; ++t) {
        threads.emplace_back([] {
          for (int n = 0; n < 40; ++n) {
            ARTHUR_AGENT_SPAN("root", arthur::input("a long question " + std::string(300, '?')));
            { ARTHUR_TOOL_SPAN("one"); }
            { ARTHUR_TOOL_SPAN("two", arthur::output("line\nbreak")); }
          }
        });
      }
      for (auto& t : threads) t.join();
    }
    CHECK(engine.row_count() == (otlp ? 360 : 0));
    CHECK(engine.repeated_span_ids().empty());
    std::istringstream text(file.text());
    std::set<std::string> ids;
    std::size_t line_spans = 0;
    std::string trees;
    for (std::string line; std::getline(text, line);) {
      if (line.compare(0, 1, "{") != 0) {
        trees += line + "\n";
        continue;
      }
      const auto request = support::decode_json(line);
      REQUIRE(request.has_value());
      for (const auto& r : request->resources) {
        for (const auto& s : r.scopes.at(0).spans) ids.insert(s.span_id);
      }
      line_spans += request->span_count();
    }
    CHECK(line_spans == (lines ? 360 : 0));
    CHECK(ids.size() == line_spans);
    // Every tree is a root and its two children, in this order.
    std::istringstream all(trees);
    std::size_t whole = 0;
    std::size_t others = 0;
    std::string a, b, c, d;
    while (std::getline(all, a) && std::getline(all, b) && std::getline(all, c) && std::getline(all, d)) {
      const bool good = a.compare(0, 10, "AGENT root") == 0 && b.find("├─ TOOL one") == 0 && c.find("└─ TOOL two") == 0 && d.empty();
      ++(good ? whole : others);
    }
    CHECK(whole == (console ? 120 : 0));
    CHECK(others == 0);
    CHECK(arthur::stats().delivered - before.delivered == (otlp || console || lines ? 360 : 0));
    CHECK(support::account_closed(arthur::stats()));
  }
}

TEST_CASE("trees stand beside a file and a callback, too") {
  const temporary file;
  const std::string other = file.path + ".jsonl";
  std::size_t taken = 0;
  for (const bool callback : {false, true}) {
    const redirected out(file.file);
    arthur::options o = with("console");
    if (callback) {
      o.on_batch = [](void* user, const arthur::batch_view& b) {
        *static_cast<std::size_t*>(user) += b.spans;
        return true;
      };
      o.on_batch_user = &taken;
    } else {
      o.output_file = other;
    }
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    ARTHUR_SPAN("s");
  }
  CHECK(count_of(file.text(), "CHAIN s") == 2);
  CHECK(taken == 1);
  std::ifstream in(other);
  std::string line;
  CHECK((std::getline(in, line) && support::decode_json(line).has_value()));
  std::remove(other.c_str());
}

TEST_CASE("a tree is shown once, however often the endpoint is asked") {
  const temporary file;
  support::engine engine;
  engine.poison_if([](const support::span&) { return true; });
  {
    const redirected out(file.file);
    arthur::options o = with("otlp,console");
    o.base_url = engine.url();
    o.schedule_delay = std::chrono::milliseconds(10);
    o.shutdown_timeout = std::chrono::milliseconds(100);
    const auto tracing = arthur::start(o);
    { ARTHUR_SPAN("refused"); }
    REQUIRE(engine.wait_for_exports(4));  // the probe, the span three times: it was held in between
  }
  CHECK(count_of(file.text(), "CHAIN refused") == 1);
}

TEST_CASE("an endpoint that is down keeps nothing from the console, and gets all when it is back") {
  support::engine first;
  const int port = first.port();
  const std::string url = first.url();
  first.stop();
  pipe_pair out_pipe;
  std::string seen;
  const auto before = arthur::stats();
  support::engine_options options;
  options.port = port;
  {
    const redirected out(out_pipe.ends[1]);
    arthur::options o = with("otlp,console");
    o.base_url = url;
    o.schedule_delay = std::chrono::milliseconds(1);
    const auto tracing = arthur::start(o);
    for (int n = 0; n < 20; ++n) {
      const std::string name = "trace-" + std::to_string(n) + ".";
      {
        ARTHUR_AGENT_SPAN(name);
        ARTHUR_TOOL_SPAN("child");
      }
      CHECK(read_until(out_pipe.ends[0], seen, name));  // while the endpoint is down
    }
    CHECK(arthur::stats().waiting == 40);
    support::engine engine(options);
    REQUIRE(arthur::flush(std::chrono::seconds(60)) == arthur::flush_result::ok);
    CHECK(engine.row_count() == 40);
    CHECK(engine.repeated_span_ids().empty());
  }
  REQUIRE(::write(out_pipe.ends[1], "END", 3) == 3);
  CHECK(read_until(out_pipe.ends[0], seen, "END"));
  CHECK(count_of(seen, "AGENT trace-") == 20);
  CHECK(count_of(seen, "TOOL child") == 20);
  CHECK(arthur::stats().delivered - before.delivered == 40);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("the end shows what a dead endpoint never got") {
  const temporary file;
  const auto before = arthur::stats();
  {
    const redirected out(file.file);
    arthur::options o = with("otlp,console,otlp/stdout");
    o.base_url = "http://127.0.0.1:1";
    o.shutdown_timeout = std::chrono::milliseconds(200);
    const auto tracing = arthur::start(o);
    { ARTHUR_SPAN("stuck"); }
    CHECK(arthur::flush(std::chrono::milliseconds(100)) == arthur::flush_result::timeout);
    for (int n = 0; n < 1000; ++n) {
      ARTHUR_SPAN("kept");
    }
  }
  CHECK(count_of(file.text(), "CHAIN kept") == 1000);
  CHECK(count_of(file.text(), "CHAIN stuck") == 1);
  CHECK(count_of(file.text(), "\"name\":\"kept\"") == 1000);
  CHECK(arthur::stats().discarded - before.discarded == 1001);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("a root waits for children of other threads, whatever the endpoint's rules") {
  const temporary file;
  {
    const redirected out(file.file);
    arthur::options o = with("otlp,console");
    o.endpoint = "http://127.0.0.1:1/v1/traces";
    o.max_batch_spans = 1;
    o.shutdown_timeout = std::chrono::milliseconds(200);
    const auto tracing = arthur::start(o);
    { ARTHUR_SPAN("stuck"); }
    CHECK(arthur::flush(std::chrono::milliseconds(100)) == arthur::flush_result::timeout);
    // All that follows is looked at together, at the end.
    arthur::span root(arthur::kind::agent, "root");
    {
      const auto active = root.activate();
      ARTHUR_TOOL_SPAN("child");
    }
    std::thread([&root] { root.end(); }).join();  // a younger thread, which is looked at first
  }
  const std::string text = file.text();
  const std::size_t root_at = text.find("\n\nAGENT root");
  REQUIRE(root_at != std::string::npos);
  CHECK(text.find("\n└─ TOOL child", root_at) != std::string::npos);
}

TEST_CASE("a program that ends with an open root shows the rest") {
  const temporary file;
  {
    const redirected out(file.file);
    arthur::span root;
    const auto tracing = arthur::start(with("console"));
    root = arthur::span(arthur::kind::agent, "endless");
    const auto active = root.activate();
    ARTHUR_TOOL_SPAN("done");
  }
  const std::string text = file.text();
  CHECK(text.find("incomplete: the program ends before its root\nTOOL done") != std::string::npos);
  CHECK(text.find("endless") == std::string::npos);
  // It ended after the guard, so the next one shows it.
  const redirected out(file.file);
  static_cast<void>(arthur::start(with("console")));
  CHECK(count_of(file.text(), "AGENT endless") == 1);
}

TEST_CASE("a pipe that nobody reads costs the endpoint nothing") {
  pipe_pair stuck;
  stuck.fill();
  support::engine engine;
  {
    const redirected out(stuck.ends[1]);
    arthur::options o = with("otlp,console,otlp/stdout");
    o.base_url = engine.url();
    o.max_batch_spans = 10;
    const auto tracing = arthur::start(o);
    for (int n = 0; n < 200; ++n) {
      ARTHUR_SPAN("s");
    }
  }  // twenty batches: waiting for the pipe each time would take all of shutdown_timeout
  CHECK(engine.row_count() == 200);
}

TEST_CASE("a reader that went away, a closed and a full output end nothing and are counted") {
  for (const char* how : {"gone", "closed", "full"}) {
    for (const char* exporters : {"console", "otlp,console"}) {
      CAPTURE(how);
      CAPTURE(exporters);
      support::engine engine;
      const auto before = arthur::stats();
      static std::string said;
      said.clear();
      pipe_pair p;
      ::close(p.ends[0]);
      p.ends[0] = ::open("/dev/full", O_WRONLY);
      {
        const redirected out(std::string(how) == "closed" ? -1 : std::string(how) == "gone" ? p.ends[1] : p.ends[0]);
        arthur::options o = with(exporters);
        o.base_url = engine.url();
        o.on_diagnostic = [](void*, arthur::severity, const char* line) { said += line; };
        const auto tracing = arthur::start(o);
        ARTHUR_SPAN("s");
      }
      const bool alone = std::string(exporters) == "console";
      CHECK(engine.row_count() == (alone ? 0 : 1));
      CHECK(arthur::stats().failed - before.failed == (alone ? 1 : 0));
      CHECK(arthur::stats().delivered - before.delivered == (alone ? 0 : 1));
      CHECK(said.find("can't write to stdout") != std::string::npos);
    }
  }
}

TEST_CASE("colours appear on a terminal alone, and not when they aren't wanted; lines are as wide as it is") {
  const auto shown = [](bool terminal) {
    int outer = -1, inner = -1;
    winsize size{};
    size.ws_col = 60;
    size.ws_row = 25;
    pipe_pair p;
    REQUIRE(::openpty(&outer, &inner, nullptr, nullptr, &size) == 0);
    std::string seen;
    {
      const redirected out(terminal ? inner : p.ends[1]);
      const auto tracing = arthur::start(with("console"));
      ARTHUR_AGENT_SPAN("agent", arthur::input(std::string(500, 'x')));
    }
    CHECK(read_until(terminal ? outer : p.ends[0], seen, "\n"));
    ::close(inner);
    ::close(outer);
    return seen.substr(0, seen.find_first_of("\r\n"));
  };
  const variable term("TERM", "xterm");
  const std::string coloured = shown(true);
  CHECK(coloured.find("\x1b[36mAGENT\x1b[0m agent") == 0);
  const std::string plain = shown(false);
  CHECK(plain.find("AGENT agent  ") == 0);
  CHECK(plain.substr(plain.size() - 8) == "xxxx…\"");  // cut to 100 columns
  CHECK(plain.size() >= 100);
  CHECK(plain.size() <= 103);  // "…" is two bytes more than a column, "µ" one
  {
    const variable no_color("NO_COLOR", "1");
    const std::string narrow = shown(true);
    CHECK(narrow.find("AGENT agent") == 0);
    CHECK(narrow.find('\x1b') == std::string::npos);
    CHECK(narrow.size() < 70);
  }
  const variable dumb("TERM", "dumb");
  CHECK(shown(true).find('\x1b') == std::string::npos);
}

TEST_CASE("an unknown exporter is an error in code, and a line and nothing else in the environment") {
  const auto refused = arthur::start(with("console,zipkin"));
  CHECK(!refused.ok());
  CHECK(std::string(refused.error()).find("zipkin") != std::string::npos);
}
