// spool.cpp: spans that wait on disk while the engine is away: over its absence, over the end of the program, and by hand.
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "support/capture.hpp"
#include "support/engine.hpp"
#include "support/otlp_decode.hpp"

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

struct folder {
  std::string path;
  folder() {
    char name[] = "/tmp/arthur-spool-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = std::string(name) + "/spool";
  }
  ~folder() { fs::remove_all(fs::path(path).parent_path()); }
  std::vector<std::string> files() const {
    std::vector<std::string> all;
    if (!fs::exists(path)) return all;
    for (const auto& f : fs::directory_iterator(path)) all.push_back(f.path().string());
    return all;
  }
};

arthur::options with(const folder& where, const std::string& url) {
  arthur::options o;
  o.service_name = "spooling";
  o.base_url = url;
  o.spool_directory = where.path;
  o.schedule_delay = milliseconds(1);
  o.shutdown_timeout = seconds(20);
  o.on_diagnostic = [](void*, arthur::severity, const char*) {};
  return o;
}

void record(int traces) {
  for (int n = 0; n < traces; ++n) {
    ARTHUR_AGENT_SPAN("root", arthur::input("a question"));
    ARTHUR_TOOL_SPAN("child", arthur::output("an answer"));
  }
}

}  // namespace

TEST_CASE("an outage is bridged on disk, and what lies there goes when the engine is back") {
  const folder spool;
  support::engine engine;
  const std::string url = engine.url();
  const auto before = arthur::stats();
  {
    const auto tracing = arthur::start(with(spool, url));
    REQUIRE(tracing.ok());
    record(1);
    CHECK(arthur::flush(seconds(30)) == arthur::flush_result::ok);
    engine.stop();
    record(500);
    CHECK(arthur::flush(seconds(30)) == arthur::flush_result::failed);
    CHECK(arthur::stats().spooled - before.spooled == 1000);
    CHECK(arthur::stats().waiting == 0);
    CHECK(spool.files().size() >= 8);
    engine.restart();
    CHECK(engine.wait_for_rows(1002));
    record(1);
    CHECK(arthur::flush(seconds(30)) == arthur::flush_result::ok);
  }
  CHECK(spool.files().empty());
  const auto after = arthur::stats();
  CHECK(after.replayed - before.replayed == 1000);
  CHECK(after.delivered - before.delivered == 4);
  CHECK(engine.repeated_span_ids().empty());
  CHECK(engine.row_count() == 1004);
  CHECK(support::account_closed(after));
}

TEST_CASE("a program that ends while the engine is away leaves nothing behind but files, which the next one sends") {
  const folder spool;
  support::engine engine;
  const std::string url = engine.url();
  engine.stop();
  const auto before = arthur::stats();
  {
    const auto tracing = arthur::start(with(spool, url));
    REQUIRE(tracing.ok());
    record(300);
  }
  const auto after = arthur::stats();
  CHECK(after.spooled - before.spooled == 600);
  CHECK(after.discarded == before.discarded);
  CHECK(support::account_closed(after));
  // Any protobuf reader takes them.
  std::size_t spans = 0;
  for (const std::string& name : spool.files()) {
    std::ifstream file(name, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    std::string why;
    const auto request = support::decode_protobuf(bytes, &why);
    INFO(why);
    REQUIRE(request.has_value());
    spans += request->span_count();
    CHECK((fs::status(name).permissions() & fs::perms::all) == (fs::perms::owner_read | fs::perms::owner_write));
  }
  CHECK(spans == 600);
  CHECK((fs::status(spool.path).permissions() & fs::perms::all) == fs::perms::owner_all);

  engine.restart();
  {
    const auto tracing = arthur::start(with(spool, url));
    CHECK(engine.wait_for_rows(600));
  }
  CHECK(spool.files().empty());
  CHECK(engine.repeated_span_ids().empty());
}

TEST_CASE("when the end's time is over before an answer comes, what waits goes to disk") {
  const folder spool;
  support::engine engine;
  support::fault hang;
  hang.what = support::fault::action::hold;
  hang.times = -1;
  engine.inject(hang);
  const auto before = arthur::stats();
  {
    arthur::options o = with(spool, engine.url());
    o.shutdown_timeout = milliseconds(300);
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    record(400);
  }
  const auto after = arthur::stats();
  CHECK(after.spooled - before.spooled == 800);
  CHECK(after.discarded == before.discarded);
  CHECK(after.unconfirmed == before.unconfirmed);  // what was sent lies there in doubt
  CHECK(support::account_closed(after));
  engine.clear_faults();
}

TEST_CASE("a full disk is said, what doesn't fit stays in memory, and goes to disk when there is room again") {
  const folder spool;
  support::engine engine;
  const std::string url = engine.url();
  engine.stop();
  std::string said;
  arthur::options o = with(spool, url);
  o.on_diagnostic = [](void* to, arthur::severity, const char* line) { *static_cast<std::string*>(to) += line; };
  o.on_diagnostic_user = &said;
  const auto before = arthur::stats();
  // Going over the limit sends a signal, which by default ends the process.
  const auto former_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit former{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &former) == 0);
  rlimit small = former;
  small.rlim_cur = 100;
  {
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    record(300);
    CHECK(arthur::flush(milliseconds(300)) != arthur::flush_result::ok);
    ::setrlimit(RLIMIT_FSIZE, &former);
    const auto full = arthur::stats();
    CHECK(full.spooled == before.spooled);
    CHECK(full.waiting == 600);
    CHECK(support::account_closed(full));
    for (const std::string& name : spool.files()) CHECK(fs::path(name).extension() != ".otlp");  // one that is being tried has another
    CHECK(arthur::flush(seconds(60)) == arthur::flush_result::failed);
    CHECK(arthur::stats().spooled - before.spooled == 600);
    engine.restart();
    CHECK(engine.wait_for_rows(600));
  }
  std::signal(SIGXFSZ, former_handler);
  CHECK(said.find("can't write to " + spool.path + ": ") != std::string::npos);
  CHECK(spool.files().empty());
  const auto after = arthur::stats();
  CHECK(after.discarded == before.discarded);
  CHECK(after.dropped == before.dropped);
  CHECK(engine.repeated_span_ids().empty());
  CHECK(support::account_closed(after));
}

TEST_CASE("arthur::replay sends a spool by hand and says how far it is") {
  const folder spool;
  support::engine engine;
  {
    const auto tracing = arthur::start(with(spool, "http://127.0.0.1:9"));
    record(300);
  }
  const std::size_t files = spool.files().size();
  REQUIRE(files >= 4);
  // A copy on another machine.
  const std::string copy = spool.path + " copied";
  fs::copy(spool.path, copy, fs::copy_options::recursive);

  arthur::options o;
  o.base_url = engine.url();
  std::vector<arthur::replay_result> told;
  const auto tell = [](void* to, const arthur::replay_result& so_far) {
    static_cast<std::vector<arthur::replay_result>*>(to)->push_back(so_far);
  };
  const arthur::replay_result sent = arthur::replay(copy, o, tell, &told);
  CHECK(sent.error == "");
  CHECK(sent.ok());
  CHECK(sent.delivered == 600);
  CHECK(sent.files_left == 0);
  CHECK(fs::is_empty(copy));
  CHECK(engine.row_count() == 600);
  CHECK(engine.repeated_span_ids().empty());
  CHECK(told.size() >= files);
  CHECK(told.back().delivered == 600);

  o.base_url = "http://127.0.0.1:9";
  o.export_timeout = milliseconds(100);
  o.on_diagnostic = [](void*, arthur::severity, const char*) {};
  const arthur::replay_result refused = arthur::replay(spool.path, o);
  CHECK_FALSE(refused.ok());
  CHECK(refused.files_left == files);
  CHECK(refused.error.find("wait still") != std::string::npos);
  CHECK(refused.error.find("127.0.0.1:9") != std::string::npos);
  CHECK(spool.files().size() == files);

  CHECK(arthur::replay(spool.path + "/nothing", o).error.find("there is no directory") == 0);
  CHECK_FALSE(fs::exists(spool.path + "/nothing"));
  o.base_url = "nonsense";
  CHECK(arthur::replay(spool.path, o).error.find("scheme") != std::string::npos);
}

TEST_CASE("arthur::check looks at the spool: what waits there, and what keeps it from being used") {
  const folder spool;
  support::engine engine;
  arthur::options o = with(spool, engine.url());
  arthur::check_step step;
  const auto look = [&] {
    const auto result = arthur::check(o);
    CHECK(result.ok());  // with or without it traces arrive
    step = {};
    for (const auto& s : result) {
      if (s.name == std::string("spool")) step = s;
    }
    return step.outcome;
  };
  o.spool_directory.clear();
  look();
  CHECK(step.text == "");  // there is none
  o.spool_directory = spool.path;
  CHECK(look() == arthur::check_outcome::ok);
  CHECK(step.text == "0 files wait in " + spool.path + ", 0 of 268435456 bytes");
  {
    const auto tracing = arthur::start(with(spool, "http://127.0.0.1:9"));
    record(1);
  }
  CHECK(look() == arthur::check_outcome::ok);
  CHECK(step.text.find("1 file waits in " + spool.path) == 0);
  CHECK(spool.files().size() == 1);  // it sends none of them
  fs::permissions(spool.path, fs::perms::all);
  CHECK(look() == arthur::check_outcome::warning);
  CHECK(step.text.find("other users can remove and rename files in the spool") == 0);
  o.spool_directory = spool.files().at(0);  // no directory
  CHECK(look() == arthur::check_outcome::warning);
  CHECK(step.text.find("can't use the spool directory " + o.spool_directory) == 0);
  CHECK(step.fix.find("set options.spool_directory") == 0);
}

TEST_CASE("options and variable name the directory; what can't be is refused with one line") {
  const folder spool;
  arthur::options o = with(spool, "http://127.0.0.1:9");
  o.spool_max_bytes = 1000;
  CHECK(arthur::start(o).error() == "options.spool_max_bytes is out of range: give at least 1 MiB");
  o = with(spool, "http://127.0.0.1:9");
  o.spool_max_age = std::chrono::hours(0);
  CHECK(arthur::start(o).error() == "options.spool_max_age is out of range: give at least 1 hour");
  o = with(spool, "http://127.0.0.1:9");
  o.output_file = spool.path;
  CHECK(arthur::start(o).error().find("options.spool_directory is for what is posted") == 0);
  o = with(spool, "http://127.0.0.1:9");
  o.spool_directory += "\nand more";
  CHECK(arthur::start(o).error() == "options.spool_directory has a control character; give the path of a directory");
  REQUIRE(::setenv("ARTHUR_SPOOL_DIR", o.spool_directory.c_str(), 1) == 0);
  o.spool_directory.clear();
  CHECK(arthur::start(o).ok());
  CHECK(fs::is_empty(fs::path(spool.path).parent_path()));
  REQUIRE(::setenv("ARTHUR_SPOOL_DIR", spool.path.c_str(), 1) == 0);
  o = with(spool, "http://127.0.0.1:9");
  o.spool_directory.clear();
  {
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    record(1);
  }
  ::unsetenv("ARTHUR_SPOOL_DIR");
  CHECK(spool.files().size() == 1);
}
