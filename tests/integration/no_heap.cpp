// no_heap.cpp: with ARTHUR_NO_HEAP nothing takes or gives back memory between arthur::start() and the end of its guard.
// Every scenario runs twice, with the worker thread here and without threads in no_heap_polled.cpp.
#define ARTHUR_NO_HEAP
#define ARTHUR_POOL_BYTES (768 * 1024)
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "support/alarm.hpp"
#include "support/capture.hpp"
#include "support/plain_server.hpp"

namespace {

using std::chrono::milliseconds;
using support::account_closed;
using support::alarm;

// Requests as on_batch saw them, without taking memory.
struct kept_batches {
  static constexpr std::size_t most = 2048;
  char bytes[std::size_t{8} << 20];
  std::size_t ends[most];
  bool json[most];
  std::size_t count = 0;
  std::size_t used = 0;
  bool refuse = false;

  static bool take(void*, const arthur::batch_view& batch);
  std::vector<support::span> spans() const {
    std::vector<support::span> all;
    std::size_t begin = 0;
    for (std::size_t n = 0; n < count; ++n) {
      const std::string_view body(bytes + begin, ends[n] - begin);
      begin = ends[n];
      std::string why;
      const auto request = json[n] ? support::decode_json(body, &why) : support::decode_protobuf(body, &why);
      INFO(why);
      REQUIRE(request.has_value());
      for (const auto& r : request->resources) {
        for (const auto& s : r.scopes) all.insert(all.end(), s.spans.begin(), s.spans.end());
      }
    }
    return all;
  }
  std::size_t named(std::string_view name) const {
    std::size_t n = 0;
    for (const auto& s : spans()) n += s.name == name;
    return n;
  }
} kept;

bool kept_batches::take(void*, const arthur::batch_view& batch) {
  if (kept.refuse) return false;
  if (kept.count == most || sizeof kept.bytes - kept.used < batch.size) std::abort();
  std::memcpy(kept.bytes + kept.used, batch.data, batch.size);
  kept.json[kept.count] = std::strcmp(batch.content_type, "application/json") == 0;
  kept.ends[kept.count++] = kept.used += batch.size;
  return true;
}

arthur::options to_callback(arthur::protocol as = arthur::protocol::http_json) {
  kept.count = kept.used = 0;
  kept.refuse = false;
  arthur::options o;
  o.service_name = "a service without a heap";
  o.on_batch = kept_batches::take;
  o.protocol = as;
  o.schedule_delay = std::chrono::hours(1);
  return o;
}

arthur::options to_server(const support::plain_server& server) {
  arthur::options o;
  o.service_name = "a service without a heap";
  o.base_url = server.url();
  o.api_key = "a-key-that-is-longer-than-any-small-string";
  o.schedule_delay = std::chrono::hours(1);
  return o;
}

bool everything_out() { return arthur::flush(std::chrono::seconds(60)) == arthur::flush_result::ok; }

// What a thread's first steps take (a sanitizer's, the C library's) is taken before.
void begin() {
  static_cast<void>(arthur::flush(std::chrono::seconds(60)));
  alarm::arm();
}

const char* text_of(char c, std::size_t size) {
  static char text[300000];
  std::memset(text, c, size);
  text[size] = '\0';
  return text;
}

struct broken : std::exception {
  const char* what() const noexcept override { return "a tool broke, and says so at some length"; }
};

// Spans of every kind, with all that can be in them.
void record_everything(int rounds) {
  for (int n = 0; n < rounds; ++n) {
    ARTHUR_CONTEXT(arthur::session_id("a session that is longer than a small string"), arthur::user_id("user-42"), arthur::tags({"one", "two"}));
    ARTHUR_AGENT_SPAN("agent", arthur::input("a question that is longer than a small string"));
    {
      ARTHUR_CONTEXT(arthur::task_id("00000000-0000-4000-8000-000000000000"), arthur::service_name("another service, of another group"));
      ARTHUR_RETRIEVER_SPAN("search", arthur::input("question"));
      ARTHUR_SET(arthur::document("text", arthur::id("doc-7"), arthur::score(0.83)));
      ARTHUR_SET(arthur::document("text", arthur::id("doc-8"), arthur::score(0.5)));
    }
    {
      ARTHUR_LLM_SPAN("chat", arthur::model("gpt-4o"), arthur::provider("openai"));
      ARTHUR_SET(arthur::input_message("user", text_of('q', 2000)), arthur::output_message("assistant", "answer"), arthur::tokens(120, 48));
      ARTHUR_EVENT("cache.miss", arthur::attribute("key", "an event's attribute that is long"));
    }
    {
      ARTHUR_TOOL_SPAN("tool", arthur::input_json(R"({"city":"Paris"})"));
      ARTHUR_SET(arthur::output("sunny"), arthur::attribute("number", 1.5), arthur::attribute("yes", true));
      ARTHUR_ERROR("upstream timed out after a while");
    }
    ARTHUR_DECISION("route", "refund", arthur::considered({"refund", "escalate"}), arthur::attribute("reason", "why"));
    {
      arthur::span detached(arthur::kind::chain, "detached");
      auto current = detached.activate();
      ARTHUR_SPAN("below the detached one");
    }
#if ARTHUR_HAS_EXCEPTIONS
    try {
      arthur::traced(arthur::kind::tool, "traced", []() -> void { throw broken(); });
    } catch (const broken&) {
    }
#endif
  }
}
constexpr int spans_of_a_round = 7 + ARTHUR_HAS_EXCEPTIONS;

}  // namespace

TEST_CASE("spans of every sort, as JSON and as protobuf") {
  for (const auto as : {arthur::protocol::http_json, arthur::protocol::http_protobuf}) {
    const auto before = arthur::stats();
    {
      const auto tracing = arthur::start(to_callback(as));
      REQUIRE(tracing.ok());
      begin();
      for (int n = 0; n < 20; ++n) {
        record_everything(10);
        if (!everything_out()) alarm::sound("a flush failed");
      }
      record_everything(3);  // for the guard's end
      }
    alarm::disarm();
    const auto after = arthur::stats();
    CHECK(after.delivered - before.delivered == std::uint64_t{203} * spans_of_a_round);
    CHECK(after.dropped == before.dropped);
    CHECK(account_closed(after));
    CHECK(kept.named("chat") == 203);
    CHECK(kept.named("below the detached one") == 203);
  }
}

TEST_CASE("large texts, and what no batch can hold is counted") {
  const auto before = arthur::stats();
  const std::size_t largest = arthur::options().max_batch_bytes;
  {
    const auto tracing = arthur::start(to_callback());
    REQUIRE(tracing.ok());
    begin();
    for (int n = 0; n < 10; ++n) {
      { ARTHUR_SPAN("large root", arthur::input(text_of('\1', largest - 2000))); }
      {
        ARTHUR_AGENT_SPAN("small root");
        ARTHUR_SPAN("large child", arthur::input(text_of('"', largest - 2000)));
      }
      if (!everything_out()) alarm::sound("a flush failed");
    }
    { ARTHUR_SPAN("too large", arthur::input(text_of('x', 3 * largest))); }
    // So much wakes the worker, which may be done with it before the flush: that one tells only what is lost meanwhile.
    static_cast<void>(arthur::flush(std::chrono::seconds(60)));
    if (arthur::stats().failed == before.failed) alarm::sound("a span that no batch can hold was not counted");
    { ARTHUR_SPAN("after it"); }
  }
  alarm::disarm();
  const auto after = arthur::stats();
  CHECK(after.delivered - before.delivered == 31);
  CHECK(after.failed - before.failed == 1);
  CHECK(account_closed(after));
  std::size_t whole = 0;
  for (const auto& s : kept.spans()) {
    const auto* input = s.find("input.value");
    whole += input != nullptr && input->text.size() == largest - 2000;
  }
  CHECK(whole == 20);
  CHECK(kept.named("after it") == 1);
}

TEST_CASE("spans that must be cleaned") {
  const auto before = arthur::stats();
  {
    const auto tracing = arthur::start(to_callback());
    REQUIRE(tracing.ok());
    begin();
    for (int n = 0; n < 300; ++n) {
      ARTHUR_LLM_SPAN("dirty", arthur::input_json("{\"a\":NaN,\"b\":[1,2"), arthur::attribute("a", "x"), arthur::attribute("a.b", "y"));
      ARTHUR_SET(arthur::output("bad \xff bytes, and a NUL: \0!"), arthur::attribute("a/b", "slash"), arthur::attribute("a", "again"));
      ARTHUR_SET(arthur::input_message("user", std::string_view("\xc3(\0", 3)));
      ARTHUR_EVENT("bad \xff event");
    }
  }
  alarm::disarm();
  const auto after = arthur::stats();
  CHECK(after.cleaned - before.cleaned == 300);
  CHECK(after.delivered - before.delivered == 300);
  CHECK(kept.named("dirty") == 300);
}

TEST_CASE("spans that are redacted: by redactors, and by a function that needs no heap") {
  const auto before = arthur::stats();
  arthur::options o = to_callback();
  o.redactors = arthur::redactor::all;
  o.redact = [](void*, std::string_view key, std::string& text) {
    if (key == "mine") text.back() = '*';
    return key != "theirs";
  };
  {
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    begin();
    for (int n = 0; n < 100; ++n) {
      ARTHUR_SPAN("redacted", arthur::input("write to jane.doe@example.com, who is longer than a small string"), arthur::attribute("theirs", "x"));
      ARTHUR_SET(arthur::attribute("mine", text_of('m', 20000)));
      ARTHUR_END();
      if (!everything_out()) alarm::sound("a flush failed");
    }
  }
  alarm::disarm();
  const auto after = arthur::stats();
  CHECK(after.delivered - before.delivered == 100);
  CHECK(kept.named("redacted") == 100);
  for (const auto& s : kept.spans()) {
    CHECK(s.text("input.value") == "write to [EMAIL], who is longer than a small string");
    CHECK(s.text("mine") == std::string(19999, 'm') + "*");
    CHECK(s.find("theirs") == nullptr);
  }
}

TEST_CASE("the pool runs full, drops, and recovers") {
  const auto before = arthur::stats();
  {
    const auto tracing = arthur::start(to_callback());
    REQUIRE(tracing.ok());
    static std::array<arthur::span, 120> open;
    begin();
    for (auto& s : open) s = arthur::span(arthur::kind::chain, "open");
    for (auto& s : open) s = arthur::span();
    static_cast<void>(arthur::flush());
    record_everything(1);
    if (!everything_out()) alarm::sound("a flush failed");
  }
  alarm::disarm();
  const auto after = arthur::stats();
  CHECK(after.dropped_pool_full > before.dropped_pool_full);
  CHECK(after.delivered - before.delivered + after.dropped - before.dropped == 120 + spans_of_a_round);
  CHECK(kept.named("chat") == 1);
  CHECK(account_closed(after));
}

TEST_CASE("many groups: more resources than the memory for them holds") {
  const auto before = arthur::stats();
  auto o = to_callback();
  {
    o.resource_attributes = {{"deployment.environment.name", "a test"}};
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    begin();
    char name[400];
    for (int n = 0; n < 60; ++n) {
      std::snprintf(name, sizeof name, "service %0300d", n);
      ARTHUR_CONTEXT(arthur::service_name(name));
      ARTHUR_SPAN("of a group");
    }
  }
  alarm::disarm();
  const auto after = arthur::stats();
  CHECK(after.delivered - before.delivered + after.dropped - before.dropped == 60);
  CHECK(after.delivered - before.delivered > 30);
  CHECK(after.failed == before.failed);
}

TEST_CASE("a callback that refuses is said to the user's function, and stats() says it too") {
  static int lines = 0;
  static std::size_t said = 0;
  const auto before = arthur::stats();
  auto o = to_callback();
  {
    o.on_diagnostic = [](void*, arthur::severity, const char*) { ++lines; };
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    kept.refuse = true;
    begin();
    record_everything(2);
    static_cast<void>(arthur::flush());
    said = arthur::stats().last_error.size();
  }
  alarm::disarm();
  const auto after = arthur::stats();
  CHECK(after.failed - before.failed == std::uint64_t{2} * spans_of_a_round);
  CHECK(lines > 0);
  CHECK(said > 20);
  // What programs do with the text works as with a std::string.
  const std::string copy = after.last_error;
  const std::string& bound = after.last_error;
  CHECK(copy == bound);
  CHECK(after.last_error == copy);
  CHECK("x" + after.last_error == "x" + copy);
  CHECK(std::string(after.last_error).size() == after.last_error.size());
  CHECK_FALSE(after.last_error.empty());
}

TEST_CASE("the line about the rate cap takes no memory") {
  static std::size_t lines = 0;
  auto o = to_callback();
  o.max_spans_per_second = 10;
  o.on_diagnostic = [](void*, arthur::severity, const char* line) { lines += std::strstr(line, "spans were left out") != nullptr ? 1U : 0U; };
  const auto tracing = arthur::start(o);
  REQUIRE(tracing.ok());
  begin();
  for (int n = 0; n < 100; ++n) {
    ARTHUR_SPAN("one of many");
  }
  CHECK(everything_out());
  alarm::disarm();
  CHECK(lines == 1);
}

TEST_CASE("sampling rules take no memory; traces can't be held") {
  auto o = to_callback();
  o.sampling_rules = {{"a rule with a name that is longer than any small string*", 0}, {arthur::kind::tool, "*", 0.5}};
  const auto before = arthur::stats();
  {
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    begin();
    for (int n = 0; n < 100; ++n) {
      ARTHUR_SPAN("a rule with a name that is longer than any small string, and a number");
    }
    record_everything(1);
    CHECK(everything_out());
    alarm::disarm();
  }
  CHECK(arthur::stats().unsampled - before.unsampled >= 100);
  CHECK(account_closed(arthur::stats()));
  o.keep_errors = true;
  o.log_level = arthur::log_level::none;
  const auto tracing = arthur::start(o);
  CHECK_FALSE(tracing.ok());
  CHECK(tracing.error() ==
        "options.keep_errors and options.keep_slower_than hold traces on the heap, which a build with ARTHUR_NO_HEAP doesn't use; leave them out");
}

TEST_CASE("a start for which there is no memory is refused, and the next one works") {
  if (SANITIZED) return;  // their address space can't be limited
  { const auto tracing = arthur::start(to_callback()); }
  rlimit former{};
  ::getrlimit(RLIMIT_AS, &former);
  rlimit little = former;
  little.rlim_cur = rlim_t{512} << 20;
  ::setrlimit(RLIMIT_AS, &little);
  {
    auto o = to_callback();
    o.max_batch_bytes = std::size_t{64} << 20;
    const auto tracing = arthur::start(o);
    CHECK(!tracing.ok());
    CHECK(tracing.error().find("no memory for batches") == 0);
  }
  ::setrlimit(RLIMIT_AS, &former);
  const auto tracing = arthur::start(to_callback());
  CHECK(tracing.ok());
  CHECK(tracing.error() == "");
}

TEST_CASE("a forked child leaves the parent's detached spans alone, although its pool is the same memory") {
  if (SANITIZED) return;  // they don't hold their locks over a fork
  const auto tracing = arthur::start(to_callback());
  REQUIRE(tracing.ok());
  arthur::span inherited(arthur::kind::chain, "the parent's");
  const pid_t child = ::fork();
  if (child == 0) {
    arthur::span own(arthur::kind::chain, "the child's");
    inherited.set(arthur::attribute("key", "value"));
    inherited.end();
    const bool open = arthur::stats().open == 1;
    own.end();
    const bool sent = everything_out() && kept.named("the child's") == 1 && kept.named("the parent's") == 0;
    std::_Exit(open && sent ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("in a forked child a captured context is the parent still, without attributes: their memory is the child's own now") {
  if (SANITIZED) return;  // they don't hold their locks over a fork
  const auto tracing = arthur::start(to_callback());
  REQUIRE(tracing.ok());
  ARTHUR_CONTEXT(arthur::session_id("s"));
  arthur::span agent(arthur::kind::agent, "agent");
  const auto active = agent.activate();
  const auto captured = arthur::context::current();
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string parent = arthur::current_span_id().c_str();
    bool same = false;
    {
      const arthur::context copy = captured;
      arthur::span filler[4] = {{arthur::kind::tool, "a"}, {arthur::kind::tool, "b"}, {arthur::kind::tool, "c"}, {arthur::kind::tool, "d"}};
      for (auto& f : filler) f.set(arthur::metadata(std::string(6000, 'm')));
      const auto scope = copy.attach();
      same = parent == std::string_view(arthur::current_span_id());
      ARTHUR_SPAN("the child's");
    }
    bool right = everything_out() && kept.named("the child's") == 1;
    for (const auto& s : kept.spans()) {
      if (s.name == "the child's") right = right && support::to_hex(s.parent_span_id) == parent && s.find("session.id") == nullptr;
    }
    std::_Exit(same && right ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("lines in a file and on stdout") {
  const std::string path = std::string(std::getenv("TMPDIR") != nullptr ? std::getenv("TMPDIR") : "/tmp") + "/arthur-no-heap-" + std::to_string(::getpid());
  const int out = ::dup(1);
  const int null = ::open("/dev/null", O_WRONLY);
  std::fflush(stdout);
  REQUIRE(::dup2(null, 1) == 1);
  arthur::options o;
  {
    o.output_file = path;
    o.exporters = "otlp,otlp/stdout";
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    begin();
    for (int n = 0; n < 5; ++n) {
      record_everything(5);
      if (!everything_out()) alarm::sound("a flush failed");
    }
  }
  alarm::disarm();
  ::dup2(out, 1);
  ::close(out);
  ::close(null);
  std::ifstream file(path);
  std::size_t spans = 0;
  for (std::string l; std::getline(file, l);) {
    const auto request = support::decode_json(l);
    REQUIRE(request.has_value());
    for (const auto& r : request->resources) spans += r.scopes.at(0).spans.size();
  }
  CHECK(spans == std::size_t{25} * spans_of_a_round);
  std::remove(path.c_str());
}

TEST_CASE("a file that can't be written is said to stderr") {
  arthur::options o;
  {
    o.output_file = "/a directory/that isn't there/and so can't be opened";
    o.shutdown_timeout = milliseconds(100);
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    begin();
    record_everything(1);
    static_cast<void>(arthur::flush(milliseconds(50)));
  }
  alarm::disarm();
  CHECK(arthur::stats().last_error.find("No such file") != std::string_view::npos);
}

TEST_CASE("over a socket: JSON refused and protobuf sent, pauses, poison, an outage") {
  support::plain_server server;
  const auto before = arthur::stats();
  {
    const auto tracing = arthur::start(to_server(server));
    REQUIRE(tracing.ok());
    begin();
    server.answer_json_with(415);
    record_everything(30);
    if (!everything_out()) alarm::sound("a flush failed");
    server.answer_next(2, 429);
    record_everything(1);
    if (!everything_out()) alarm::sound("a flush after 429 failed");
    server.answer_next(8, 500);  // whole, whole, two halves, four quarters: an outage
    record_everything(2);
    if (!everything_out()) alarm::sound("a flush after 500 failed");
    server.answer_with_500("poison");
    { ARTHUR_SPAN("poison"); }
    record_everything(3);
    if (arthur::flush(std::chrono::seconds(60)) != arthur::flush_result::failed) alarm::sound("poison was accepted");
    server.answer_next(1, 0);  // closes without an answer
    { ARTHUR_SPAN("unconfirmed"); }
    if (arthur::flush(std::chrono::seconds(60)) != arthur::flush_result::failed) alarm::sound("no answer was taken for one");
    record_everything(1);
  }
  alarm::disarm();
  const auto after = arthur::stats();
  CHECK(after.delivered - before.delivered == std::uint64_t{37} * spans_of_a_round);
  CHECK(after.rejected - before.rejected == 1);
  CHECK(after.unconfirmed - before.unconfirmed == 1);
  CHECK(account_closed(after));
}

TEST_CASE("a task that is looked up by its name") {
  support::plain_server server;
  auto o = to_server(server);
  {
    o.service_name.clear();
    o.task_name = "a task with a name that is longer than a small string";
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    server.tasks = R"({"count":1,"tasks":[{"id":"11111111-2222-4333-8444-555555555555","name":"a task with a name that is longer than a small string"}]})";
    begin();
    record_everything(1);
    if (!everything_out()) alarm::sound("a flush failed");
  }
  alarm::disarm();
  CHECK(server.saw("11111111-2222-4333-8444-555555555555"));
}

TEST_CASE("nobody listens: spans wait and are counted at the end") {
  const auto before = arthur::stats();
  arthur::options o;
  {
    o.base_url = "http://127.0.0.1:" + std::to_string(support::plain_server().port());
    o.shutdown_timeout = milliseconds(200);
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    begin();
    record_everything(3);
    static_cast<void>(arthur::flush(milliseconds(100)));
  }
  alarm::disarm();
  CHECK(arthur::stats().discarded - before.discarded == std::uint64_t{3} * spans_of_a_round);
}

#ifndef ARTHUR_NO_THREADS
TEST_CASE("threads begin to record and end, more of them than there are slots") {
  if (SANITIZED) {
    std::printf("SKIP: no_heap.threads: a sanitizer takes memory for each thread\n");
    return;
  }
  const auto before = arthur::stats();
  {
    const auto tracing = arthur::start(to_callback());
    REQUIRE(tracing.ok());
    // Small stacks: beyond 40 MiB of them glibc frees what belongs to a thread that ends, the former worker for one.
    pthread_attr_t small;
    ::pthread_attr_init(&small);
    ::pthread_attr_setstacksize(&small, std::size_t{512} << 10);
    begin();
    for (int round = 0; round < 5; ++round) {
      pthread_t threads[6];
      alarm::excused = true;  // the C library takes memory for a thread
      for (auto& t : threads) {
        const auto body = [](void*) -> void* {
          record_everything(2);
          return nullptr;
        };
        if (::pthread_create(&t, &small, body, nullptr) != 0) alarm::sound("no thread");
      }
      for (auto& t : threads) ::pthread_join(t, nullptr);
      alarm::excused = false;
      if (!everything_out()) alarm::sound("a flush failed");
    }
  }
  alarm::disarm();
  const auto after = arthur::stats();
  CHECK(after.delivered - before.delivered == std::uint64_t{60} * spans_of_a_round);
  CHECK(after.dropped == before.dropped);
  CHECK(account_closed(after));
}
#endif

TEST_CASE("arthur::check() works here, too; it takes memory, and gives it back") {
  support::plain_server server;
  for (const auto protocol : {arthur::protocol::automatic, arthur::protocol::http_protobuf}) {
    auto o = to_server(server);
    o.protocol = protocol;
    const auto result = arthur::check(o);
    for (const auto& step : result) {
      CAPTURE(step.name);
      CAPTURE(step.text);
      CHECK(step.outcome != arthur::check_outcome::failed);
    }
    CHECK(result.ok());
    CHECK(server.saw("arthur.check"));
  }
}

TEST_CASE("poll() takes no memory") {
  {
    const auto tracing = arthur::start(to_callback());
    REQUIRE(tracing.ok());
    begin();
    for (int n = 0; n < 20; ++n) {
      record_everything(1);
      static_cast<void>(arthur::poll());
    }
  }
  alarm::disarm();
  CHECK(kept.named("chat") == 20);
}

int main(int argc, char** argv) {
  if (const char* why = alarm::why_not()) {
    std::printf("SKIP: no_heap: %s\n", why);
    return 77;
  }
  if (argc > 1 && std::strcmp(argv[1], "--alarm") == 0) {
    alarm::arm();
    delete new int(argc);
    return 0;  // not reached: the alarm ends the program
  }
  return doctest::Context(argc, argv).run();
}
