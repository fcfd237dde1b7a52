// c_api.cpp: the table for C and plug-ins: everything it can, and everything that may be done wrong with it.
#include <arthur/c_api.h>
#include <arthur/testing.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "support/variable.hpp"

namespace {

using arthur::testing::capture;

const arthur_api& api = *arthur_get_api(ARTHUR_API_VERSION);

struct seen {
  std::size_t spans = 0;
  std::string lines;

  static int take(void* user, const char* data, std::size_t size, const char* type, std::size_t spans) {
    if (data == nullptr || size == 0 || std::strncmp(type, "application/", 12) != 0) return 0;
    static_cast<seen*>(user)->spans += spans;
    return 1;
  }
  static void say(void* user, int severity, const char* line) {
    static_cast<seen*>(user)->lines += std::to_string(severity) + line + '\n';
  }
};

}  // namespace

TEST_CASE("the table says its version and size; other versions aren't given out") {
  CHECK(api.version == ARTHUR_API_VERSION);
  CHECK(api.size == sizeof(arthur_api));
  CHECK(arthur_get_api(0) == nullptr);
  CHECK(arthur_get_api(ARTHUR_API_VERSION + 1) == nullptr);
}

TEST_CASE("spans of C nest with spans of C++, with every type of value") {
  capture spans;
  {
    ARTHUR_AGENT_SPAN("c++");
    const arthur_span outer = api.begin(ARTHUR_KIND_CHAIN, "c");
    {
      ARTHUR_TOOL_SPAN("c++ in c");
      const arthur_span inner = api.begin(ARTHUR_KIND_LLM, "chat");
      api.set_text(inner, "llm.model_name", "gpt-4");
      api.set_text(inner, "llm.model_name", "gpt-4o");
      api.set_integer(inner, "llm.token_count.prompt", 120);
      api.set_number(inner, "llm.cost.total", 0.25);
      api.set_boolean(inner, "test.cached", 7);
      api.set_json(inner, "input.value", "{\"a\":1}");
      api.set_text(inner, "output.value", "text");
      api.set_json(inner, "test.json", "[1]");
      api.event(inner, "cache.miss");
      api.error(inner, "upstream timed out");
      api.set_integer(outer, "test.outer", 1);
      api.end(inner);
    }
    api.set_text(api.current(), "test.current", "outer");
    api.event(api.current(), "now");
    api.end(outer);
    api.set_text(api.current(), "test.current", "agent");
    api.error(api.current(), "late");
  }
  const auto all = spans.take();
  REQUIRE(all.size() == 4);
  const auto &agent = all[0], &outer = all[1], &tool = all[2], &chat = all[3];
  CHECK(agent.attribute("test.current") == "agent");
  CHECK(agent.message == "late");
  CHECK(outer.is_child_of(agent));
  CHECK(outer.kind == "CHAIN");
  CHECK(outer.attribute("test.current") == "outer");
  CHECK(outer.attribute("test.outer") == 1);
  CHECK(outer.events.size() == 1);
  CHECK(tool.is_child_of(outer));
  CHECK(chat.is_child_of(tool));
  CHECK(chat.kind == "LLM");
  CHECK(chat.attribute("llm.model_name") == "gpt-4o");
  CHECK(chat.attribute("llm.token_count.prompt") == 120);
  CHECK(chat.attribute("llm.cost.total") == 0.25);
  CHECK(chat.attribute("test.cached") == true);
  CHECK(chat.attribute("input.value") == "{\"a\":1}");
  CHECK(chat.attribute("input.mime_type") == "application/json");
  CHECK(chat.attribute("output.value") == "text");
  CHECK(chat.attribute("test.json") == "[1]");
  REQUIRE(chat.events.size() == 1);
  CHECK(chat.events[0].name == "cache.miss");
  CHECK(chat.message == "upstream timed out");
}

TEST_CASE("what options hide is hidden from C, too") {
  arthur::options o;
  o.hide_inputs = o.hide_outputs = true;
  capture spans(o);
  const arthur_span s = api.begin(ARTHUR_KIND_LLM, "chat");
  api.set_text(s, "input.value", "secret");
  api.set_json(s, "output.value", "{\"secret\":1}");
  api.end(s);
  CHECK(spans.find("chat").attribute("input.value") == "__REDACTED__");
  CHECK(spans.find("chat").attribute("output.value") == "__REDACTED__");
}

TEST_CASE("a detached span ends on another thread and is a parent while it is active") {
  capture spans;
  const arthur_span root = api.begin(ARTHUR_KIND_AGENT, "agent");
  const arthur_span job = api.begin_detached(ARTHUR_KIND_TOOL, "job");
  api.end(api.begin(ARTHUR_KIND_CHAIN, "beside"));
  api.end(root);
  std::thread([&] {
    const arthur_span active = api.activate(job);
    api.end(api.begin(ARTHUR_KIND_CHAIN, "inside"));
    api.set_text(active, "test.ignored", "an activation holds nothing");
    api.set_integer(api.current(), "test.current", 1);
    api.end(active);
    api.end(active);
    api.end(api.begin(ARTHUR_KIND_CHAIN, "outside"));
    api.set_text(job, "test.text", "t");
    api.event(job, "e");
    api.error(job, "failed");
    api.end(job);
  }).join();
  CHECK(spans.find("job").is_child_of(spans.find("agent")));
  CHECK(spans.find("beside").is_child_of(spans.find("agent")));
  CHECK(spans.find("inside").is_child_of(spans.find("job")));
  CHECK(spans.find("outside").is_root());
  CHECK(spans.find("job").attribute("test.text") == "t");
  CHECK(spans.find("job").attribute("test.current") == 1);
  CHECK_FALSE(spans.find("job").has("test.ignored"));
  CHECK(spans.find("job").events.size() == 1);
  CHECK(spans.find("job").message == "failed");
}

TEST_CASE("a context is inherited until it ends") {
  capture spans;
  const arthur_text outer[] = {{"session.id", "s-1"}, {"user.id", "u"}, {nullptr, "no key"}, {"service.name", "other"}};
  const arthur_text inner[] = {{"session.id", "s-2"}, {"arthur.task", "task-7"}};
  const arthur_context a = api.context_begin(outer, 4);
  const arthur_context b = api.context_begin(inner, 2);
  api.end(api.begin(ARTHUR_KIND_CHAIN, "both"));
  api.context_end(b);
  api.context_end(b);
  api.end(api.begin(ARTHUR_KIND_CHAIN, "one"));
  api.context_end(a);
  api.context_end(a);
  api.end(api.begin(ARTHUR_KIND_CHAIN, "none"));
  CHECK(spans.find("both").attribute("session.id") == "s-2");
  CHECK(spans.find("both").attribute("user.id") == "u");
  CHECK(arthur::testing::detail::find(spans.find("both").resource, "arthur.task") == "task-7");
  CHECK(spans.find("one").attribute("session.id") == "s-1");
  CHECK(spans.find("one").service() == "other");
  CHECK_FALSE(spans.find("none").has("session.id"));
  CHECK_FALSE(spans.find("none").has("user.id"));
}

TEST_CASE("ids are those of the current span") {
  capture spans;
  char trace[33] = "x", span[17] = "x";
  api.ids(trace, span);
  CHECK(std::string(trace) == std::string(32, '0'));
  const arthur_span s = api.begin(ARTHUR_KIND_CHAIN, "s");
  api.ids(trace, span);
  api.ids(nullptr, nullptr);
  api.end(s);
  CHECK(spans.find("s").trace_id == trace);
  CHECK(spans.find("s").id == span);
}

TEST_CASE("wrong use is ignored: nothing, twice, out of order, on another thread, null") {
  capture spans;
  const auto before = arthur::stats();
  const arthur_span nothing = {0, 0};
  api.end(nothing);
  api.set_text(nothing, "test.key", "value");
  api.end(api.activate(nothing));
  api.context_end({0, 0});
  api.context_end(api.context_begin(nullptr, 3));
  api.context_end(api.context_begin(nullptr, 0));

  // Twice: the second end must not hit the span that took the place of the first.
  const arthur_span first = api.begin(ARTHUR_KIND_CHAIN, "first");
  api.end(first);
  const arthur_span second = api.begin(ARTHUR_KIND_CHAIN, "second");
  api.end(first);
  api.set_text(first, "test.late", "x");
  api.set_text(second, "test.key", "kept");
  api.end(second);

  // The block of an ended detached span is taken again by the next one, of the same generation on its thread.
  const arthur_span gone = api.begin_detached(ARTHUR_KIND_CHAIN, "gone");
  api.end(gone);
  api.end(api.begin(ARTHUR_KIND_CHAIN, "filler"));  // a queue keeps its last span's memory
  spans.all();
  for (int n = 0; n < 3; ++n) {
    std::thread([&] {
      const arthur_span next = api.begin_detached(ARTHUR_KIND_CHAIN, "next");
      api.end(gone);
      api.set_text(gone, "test.late", "x");
      api.end(api.activate(gone));
      api.set_text(next, "test.key", "kept");
      api.end(next);
      api.end(next);
    }).join();
  }

  const arthur_span outer = api.begin(ARTHUR_KIND_CHAIN, "outer");
  const arthur_span inner = api.begin(ARTHUR_KIND_CHAIN, "inner");
  api.end(outer);
  api.end(inner);
  api.end(inner);
  api.end(outer);

  const arthur_span elsewhere = api.begin(ARTHUR_KIND_CHAIN, "ended elsewhere");
  std::thread([&] {
    api.set_text(elsewhere, "test.key", "not from here");
    api.end(elsewhere);
    api.end(elsewhere);
  }).join();

  const arthur_span nulls = api.begin(-1, nullptr);
  api.set_text(nulls, nullptr, "value");
  api.set_text(nulls, "", "value");
  api.set_text(nulls, "test.null", nullptr);
  api.set_integer(nulls, nullptr, 1);
  api.set_number(nulls, "", 1);
  api.set_boolean(nulls, nullptr, 1);
  api.set_json(nulls, nullptr, nullptr);
  api.set_json(nulls, "input.value", nullptr);
  api.event(nulls, nullptr);
  api.error(nulls, nullptr);
  api.end(nulls);
  api.end(api.begin(99, "after"));
  api.stats(nullptr);

  CHECK(spans.find("second").attribute("test.key") == "kept");
  CHECK_FALSE(spans.find("second").has("test.late"));
  std::size_t next = 0;
  for (const auto& s : spans.all()) {
    if (s.name != "next") continue;
    ++next;
    CHECK(s.attribute("test.key") == "kept");
    CHECK_FALSE(s.has("test.late"));
  }
  CHECK(next == 3);
  CHECK(spans.find("inner").is_child_of(spans.find("outer")));
  CHECK_FALSE(spans.find("ended elsewhere"));
  const auto all = spans.take();
  CHECK(all.size() == 11);
  CHECK(all[9].kind == "CHAIN");
  CHECK(all[9].attribute("test.null") == "");
  CHECK(all[10].name == "after");
  CHECK(all[10].is_root());
  const auto after = arthur::stats();
  CHECK(after.dropped_scope_misuse - before.dropped_scope_misuse == 1);
  CHECK(after.open == before.open);
}

TEST_CASE("spans deeper than the stack are counted, whatever order they end in") {
  capture spans;
  std::vector<arthur_span> open;
  for (int n = 0; n < 140; ++n) open.push_back(api.begin(ARTHUR_KIND_CHAIN, "deep"));
  for (const arthur_span& s : open) api.end(s);
  for (const arthur_span& s : open) api.end(s);
  api.end(api.begin(ARTHUR_KIND_CHAIN, "after"));
  CHECK(spans.find("after").is_root());
  CHECK(spans.take().size() == 129);
}

TEST_CASE("C starts and stops tracing, and may do so again") {
  seen got;
  arthur_config config = {};
  config.size = sizeof config;
  config.service_name = "from-c";
  config.on_batch = seen::take;
  config.on_batch_user = &got;
  config.schedule_delay_ms = 3600000;
  for (std::size_t run = 1; run < 3; ++run) {
    char error[100] = "x";
    CHECK(api.start(&config, error, sizeof error) == 1);
    CHECK(std::string(error).empty());
    api.end(api.begin(ARTHUR_KIND_CHAIN, "s"));
    CHECK(api.flush(60000) == ARTHUR_FLUSH_OK);
    CHECK(got.spans == 2 * run - 1);
    CHECK(api.poll() == 0);
    api.end(api.begin(ARTHUR_KIND_CHAIN, "s"));
    api.stop();
    CHECK(got.spans == 2 * run);
    api.stop();
    api.end(api.begin(ARTHUR_KIND_CHAIN, "nobody sees it"));
    CHECK(api.flush(0) == ARTHUR_FLUSH_FAILED);
  }
  CHECK(got.spans == 4);
}

TEST_CASE("a callback that stops tracing and starts it with other hooks is refused, and its own hooks are called on") {
  struct restarting {
    seen got;
    int started = 0;
    char error[200] = "";
    std::atomic<bool> recorded{false};
    static int take(void* user, const char* data, std::size_t size, const char* type, std::size_t spans) {
      auto& self = *static_cast<restarting*>(user);
      if (self.recorded) {
        api.stop();
        if (api.start(nullptr, self.error, sizeof self.error) != 0) ++self.started;
      }
      return seen::take(&self.got, data, size, type, spans);
    }
  } there;
  arthur_config config = {};
  config.size = sizeof config;
  config.on_batch = restarting::take;
  config.on_batch_user = &there;
  config.on_diagnostic = [](void* user, int severity, const char* line) { seen::say(&static_cast<restarting*>(user)->got, severity, line); };
  config.on_diagnostic_user = &there;
  config.schedule_delay_ms = 3600000;
  REQUIRE(api.start(&config, nullptr, 0) == 1);
  CHECK(api.flush(60000) == ARTHUR_FLUSH_OK);  // the worker's first round is over, the next one is asked for
  for (int n = 0; n < 300; ++n) api.end(api.begin(ARTHUR_KIND_CHAIN, "s"));
  there.recorded = true;
  static_cast<void>(api.flush(60000));
  CHECK(there.started == 0);
  CAPTURE(there.error);
  CHECK(std::string(there.error).find("start again after it has returned") != std::string::npos);
  CHECK(there.got.lines.find(there.error) != std::string::npos);
  // The worker comes to its end by itself; then a start works.
  config.on_batch = seen::take;
  config.on_batch_user = &there.got;
  char error[200] = "";
  for (int n = 0; n < 1000 && api.start(&config, error, sizeof error) == 0; ++n) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(std::string(error).empty());
  api.stop();
  CHECK(there.got.spans == 300);
  CHECK(arthur::stats().waiting == 0);
}

TEST_CASE("a context for which there was no room is forgotten with its thread, and when it ends on another one") {
  seen got;
  arthur_config config = {};
  config.size = sizeof config;
  config.on_batch = seen::take;
  config.on_batch_user = &got;
  REQUIRE(api.start(&config, nullptr, 0) == 1);
  const arthur_text text = {"k", "v"};
  const auto with_a_full_pool = [](auto&& work) {
    ARTHUR_SPAN("under way");  // a new trace would leave the last part of the pool alone
    std::vector<arthur::span> all;
    for (std::uint64_t dropped = arthur::stats().dropped; arthur::stats().dropped == dropped;) all.emplace_back(arthur::kind::chain, "full");
    work();
  };
  const auto dropped_by = [](auto&& work) {
    const std::uint64_t before = arthur::stats().dropped;
    work();
    return arthur::stats().dropped - before;
  };
  const auto record = [] { ARTHUR_SPAN("later"); };
  with_a_full_pool([&] { std::thread([&] { static_cast<void>(api.context_begin(&text, 1)); }).join(); });
  CHECK(api.flush(60000) == ARTHUR_FLUSH_OK);
  CHECK(dropped_by([&] { std::thread(record).join(); }) == 0);  // on the slot of the former one
  arthur_context lost = {};
  with_a_full_pool([&] { lost = api.context_begin(&text, 1); });
  static_cast<void>(api.flush(60000));
  CHECK(dropped_by(record) == 1);
  std::thread([&] { api.context_end(lost); }).join();
  CHECK(dropped_by(record) == 0);
  api.stop();
}

TEST_CASE("a start that can't work says what to change, in as much room as there is") {
  seen got;
  char error[200] = "";
  arthur_config config = {};
  CHECK(api.start(&config, error, sizeof error) == 0);
  CHECK(std::string(error) == "arthur_config.size is not set: write {.size = sizeof config, ...}");
  config.size = sizeof config;
  config.on_diagnostic = seen::say;
  config.on_diagnostic_user = &got;
  config.base_url = "nonsense";
  CHECK(api.start(&config, error, sizeof error) == 0);
  CHECK(std::string(error).find("nonsense") != std::string::npos);
  CHECK(got.lines.find("2arthur: ") == 0);
  CHECK(got.lines.find(error) != std::string::npos);
  char little[4] = "xyz";
  CHECK(api.start(&config, little, sizeof little) == 0);
  CHECK(std::string(little) == std::string(error).substr(0, 3));
  CHECK(api.start(&config, nullptr, 0) == 0);
  CHECK(api.start(&config, little, 0) == 0);
}

TEST_CASE("a plug-in's start and stop leave the tracing of its host alone") {
  arthur::options o;
  o.on_diagnostic = [](void*, arthur::severity, const char*) {};
  capture spans(o);
  seen got;
  arthur_config config = {};
  config.size = sizeof config;
  config.on_batch = seen::take;
  config.on_batch_user = &got;
  char error[200] = "";
  CHECK(api.start(&config, error, sizeof error) == 0);
  CHECK(std::string(error).find("arthur::start was called before") == 0);
  api.end(api.begin(ARTHUR_KIND_CHAIN, "plug-in"));
  api.stop();
  api.end(api.begin(ARTHUR_KIND_CHAIN, "plug-in"));
  CHECK(spans.take().size() == 2);
  CHECK(got.spans == 0);
}

TEST_CASE("a program with older structs is served: what it has room for") {
  struct old_config {
    std::size_t size;
    const char* service_name;
  };
  {
    const support::variable wrong("ARTHUR_BASE_URL", "nonsense");
    alignas(arthur_config) unsigned char bytes[sizeof(arthur_config)];
    std::memset(bytes, 0xff, sizeof bytes);  // behind the old struct is somebody else's memory
    const old_config old = {sizeof(old_config), "old"};
    std::memcpy(bytes, &old, sizeof old);
    char error[200] = "";
    CHECK(api.start(reinterpret_cast<const arthur_config*>(bytes), error, sizeof error) == 0);
    CHECK(std::string(error).find("nonsense") != std::string::npos);
  }
  capture spans;
  api.end(api.begin(ARTHUR_KIND_CHAIN, "s"));
  spans.all();
  arthur_stats whole = {};
  whole.size = sizeof whole;
  api.stats(&whole);
  const auto now = arthur::stats();
  CHECK(whole.size == sizeof whole);
  CHECK(whole.opened == now.opened);
  CHECK(whole.delivered == now.delivered);
  CHECK(whole.discarded == now.discarded);
  arthur_stats part = {};
  part.size = offsetof(arthur_stats, open);
  part.open = 12345;
  api.stats(&part);
  CHECK(part.opened == now.opened);
  CHECK(part.open == 12345);
  part.size = 0;
  part.opened = 54321;
  api.stats(&part);
  CHECK(part.opened == 54321);
}
