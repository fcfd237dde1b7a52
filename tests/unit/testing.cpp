// testing.cpp: arthur/testing.hpp as a program's unit tests use it, in a file without the implementation.
#include <arthur/testing.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/otlp_decode.hpp"
#include "support/variable.hpp"

namespace {

using arthur::testing::capture;
using arthur::testing::value;

void answer() {
  ARTHUR_AGENT_SPAN("agent", arthur::input("question"));
  { ARTHUR_TOOL_SPAN("get_weather"); }
  ARTHUR_LLM_SPAN("chat", arthur::model("gpt-4o"), arthur::attribute("retry", false), arthur::attribute("share", 0.5),
                  arthur::tokens(120, 48), arthur::tags({"a", "b"}));
  ARTHUR_EVENT("cache.miss", arthur::attribute("tier", 2));
  ARTHUR_ERROR("upstream timed out");
}

using support::variable;

}  // namespace

TEST_CASE("a test reads spans as values: name, kind, status, attributes, events, tree") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  answer();
  const auto all = spans.take();
  REQUIRE(all.size() == 3);
  const auto &agent = all[0], &tool = all[1], &chat = all[2];

  CHECK(agent.name == "agent");
  CHECK(agent.kind == "AGENT");
  CHECK(agent.status == "OK");
  CHECK(agent.message.empty());
  CHECK(agent.is_root());
  CHECK(agent.attribute("input.value") == "question");
  CHECK(tool.is_child_of(agent));
  CHECK(chat.parent_id == agent.id);

  CHECK(chat.kind == "LLM");
  CHECK(chat.status == "ERROR");
  CHECK(chat.message == "upstream timed out");
  CHECK(chat.attribute("llm.model_name") == "gpt-4o");
  CHECK(chat.attribute("llm.model_name") == std::string("gpt-4o"));
  CHECK(chat.attribute("llm.model_name") != "gpt-4");
  CHECK(chat.attribute("llm.token_count.total") == 168);
  CHECK(chat.attribute("llm.token_count.total") == 168U);
  CHECK(chat.attribute("llm.token_count.total") != "168");
  CHECK(chat.attribute("share") == 0.5);
  CHECK(chat.attribute("retry") == false);
  CHECK(chat.attribute("retry") != 0);
  CHECK(chat.attribute("tag.tags") == std::vector<value>{"a", "b"});
  CHECK(chat.has("tag.tags"));
  CHECK_FALSE(chat.has("no.such.key"));
  CHECK(chat.attribute("no.such.key") != "");
  CHECK(chat.attribute("no.such.key") == value());
  REQUIRE(chat.events.size() == 1);
  CHECK(chat.events[0].name == "cache.miss");
  CHECK(chat.events[0].attribute("tier") == 2);

  CHECK(arthur::testing::children(all, agent).size() == 2);
  CHECK(arthur::testing::children(all, chat).empty());
}

TEST_CASE("time and ids are the same in every run") {
  for (int run = 0; run < 2; ++run) {
    capture spans;
    answer();
    const auto all = spans.take();
    REQUIRE(all.size() == 3);
    CHECK(all[0].start == capture::epoch);
    CHECK(all[0].trace_id == "00000000000000010000000000000002");
    CHECK(all[0].id == "0000000000000003");
    CHECK(all[1].id == "0000000000000004");
    CHECK(all[1].start == capture::epoch + 1000000);
    CHECK(all[1].duration() == std::chrono::milliseconds(1));
    CHECK(all[2].start == capture::epoch + 3000000);
    CHECK(all[2].events[0].time == capture::epoch + 4000000);
    CHECK(all[2].duration() == std::chrono::milliseconds(2));
    CHECK(all[0].end == capture::epoch + 6000000);
  }
}

TEST_CASE("the clock moves by hand") {
  capture spans;
  spans.step(std::chrono::nanoseconds(0));
  {
    ARTHUR_SPAN("slow");
    spans.advance(std::chrono::seconds(2));
    ARTHUR_SPAN("at the same time");
  }
  const auto all = spans.all();
  REQUIRE(all.size() == 2);
  CHECK(all[0].name == "slow");
  CHECK(all[0].duration() == std::chrono::seconds(2));
  CHECK(all[1].start == capture::epoch + 2000000000U);
  CHECK(all[1].duration().count() == 0);
}

TEST_CASE("spans that began at the same time stand in the order in which they were opened") {
  capture spans;
  spans.step(std::chrono::nanoseconds(0));
  for (int n = 0; n < 300; ++n) {
    ARTHUR_SPAN("outer", arthur::attribute("n", 2 * n));
    ARTHUR_SPAN("inner", arthur::attribute("n", 2 * n + 1));
  }
  const auto all = spans.all();
  REQUIRE(all.size() == 600);
  for (int n = 0; n < 600; ++n) CHECK(all[static_cast<std::size_t>(n)].attribute("n") == n);
}

TEST_CASE("find() shows one span; take() forgets; a missing span can be read, too") {
  capture spans;
  { ARTHUR_SPAN("first"); }
  CHECK(spans.find("first"));
  CHECK(spans.find("first").name == "first");
  CHECK(spans.take().size() == 1);
  CHECK_FALSE(spans.find("first"));
  CHECK(spans.find("first").attribute("input.value") == value());
  answer();
  CHECK(spans.children(spans.find("agent")).size() == 2);
  CHECK(spans.take().size() == 3);
  CHECK(spans.take().empty());
}

TEST_CASE("a second capture, or one beside a started runtime, says so; the first one goes on") {
  {
    capture first;
    { ARTHUR_SPAN("before"); }
    {
      capture second;
      CHECK_FALSE(second.ok());
      CHECK(second.error() == "another arthur::testing::capture lives: end it before this one begins");
      { ARTHUR_SPAN("goes to the first"); }
      CHECK(second.take().empty());
    }
    { ARTHUR_SPAN("too"); }
    const auto all = first.take();
    REQUIRE(all.size() == 3);
    CHECK(all[1].id > all[0].id);  // the second one did not begin to count anew
    CHECK(all[1].start > all[0].start);
  }
  arthur::options o;
  o.on_batch = [](void*, const arthur::batch_view&) { return true; };
  o.on_diagnostic = [](void*, arthur::severity, const char*) {};
  const auto tracing = arthur::start(o);
  REQUIRE(tracing.ok());
  arthur::options quiet;
  quiet.on_diagnostic = o.on_diagnostic;
  capture late(quiet);
  CHECK_FALSE(late.ok());
  CHECK(late.error().find("arthur::start was called before") == 0);
}

TEST_CASE("tracing that the environment switches off is an error; its sampler doesn't count") {
  {
    const variable off("OTEL_SDK_DISABLED", "true");
    capture spans;
    CHECK(spans.error() == "OTEL_SDK_DISABLED switches tracing off: unset it");
  }
  const variable sampler("OTEL_TRACES_SAMPLER", "always_off");
  capture spans;
  { ARTHUR_SPAN("kept"); }
  CHECK(spans.take().size() == 1);
}

TEST_CASE("options are passed on: what hides content, the service, a sampler of the program's own") {
  {
    arthur::options o;
    o.hide_inputs = true;
    o.service_name = "support-agent";
    capture spans(o);
    { ARTHUR_LLM_SPAN("chat", arthur::input("secret")); }
    {
      ARTHUR_CONTEXT(arthur::service_name("other"), arthur::session_id("s-1"));
      ARTHUR_SPAN("elsewhere");
    }
    CHECK(spans.find("chat").attribute("input.value") == "__REDACTED__");
    CHECK(spans.find("chat").service() == "support-agent");
    CHECK(spans.find("elsewhere").service() == "other");
    CHECK(spans.find("elsewhere").attribute("session.id") == "s-1");
  }
  arthur::options o;
  o.sample_ratio = 0;
  capture spans(o);
  { ARTHUR_SPAN("left out"); }
  CHECK(spans.take().empty());
}

TEST_CASE("spans are seen as the engine gets them: cleaned, with the last value of each key") {
  capture spans;
  { ARTHUR_LLM_SPAN("chat", arthur::attribute("a/b", "\xff"), arthur::model("first"), arthur::model("second")); }
  const auto chat = spans.find("chat");
  CHECK(chat.attribute("a_b") == "\xef\xbf\xbd");
  CHECK(chat.attribute("llm.model_name") == "second");
  CHECK(std::count_if(chat.attributes.begin(), chat.attributes.end(), [](const auto& a) { return a.first == "llm.model_name"; }) == 1);
}

TEST_CASE("threads of the code under test are captured, too") {
  capture spans;
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([] {
      for (int i = 0; i < 500; ++i) answer();
    });
  }
  for (std::thread& t : threads) t.join();
  const auto all = spans.take();
  CHECK(all.size() == 6000);
  std::size_t complete = 0;
  for (std::size_t n = 1; n < all.size(); ++n) complete += all[n].start > all[n - 1].start;
  CHECK(complete == all.size() - 1);
}

TEST_CASE("a span prints what a reader of a failed test wants to see") {
  capture spans;
  answer();
  std::ostringstream out;
  out << spans.find("chat") << spans.find("nothing") << value(std::vector<value>{1, 0.5, true, "x"});
  const std::string text = out.str();
  CAPTURE(text);
  CHECK(text.find("LLM \"chat\" ERROR: upstream timed out, 2000000 ns, trace 00000000000000010000000000000002, span "
                  "0000000000000005, parent 0000000000000003\n") == 0);
  CHECK(text.find("  llm.model_name = \"gpt-4o\"\n") != std::string::npos);
  CHECK(text.find("  llm.token_count.prompt = 120\n") != std::string::npos);
  CHECK(text.find("  tag.tags = [\"a\", \"b\"]\n") != std::string::npos);
  CHECK(text.find("  event \"cache.miss\"\n    tier = 2\n") != std::string::npos);
  CHECK(text.find("(no such span)[1, 0.5, true, \"x\"]") != std::string::npos);
}

TEST_CASE("values compare as they read") {
  CHECK(value(1) == 1.0);
  CHECK(value(1.0) == 1);
  CHECK(value(1) != true);
  CHECK(value("1") != 1);
  CHECK(value(std::numeric_limits<double>::quiet_NaN()) == std::numeric_limits<double>::quiet_NaN());
  CHECK(value(std::numeric_limits<double>::quiet_NaN()) != 0.0);
  CHECK(value(std::numeric_limits<std::int64_t>::max()) == std::numeric_limits<std::int64_t>::max());
  CHECK(value(1).is(value::type::integer));
  CHECK(value() != "");
  CHECK(value() != 0);
}

namespace {

// The same bytes through the reader of testing.hpp and through one that shares nothing with it.
struct both {
  std::mutex mutex;
  std::vector<arthur::testing::span> ours;
  std::vector<support::span> theirs;

  static bool read(void* user, const arthur::batch_view& batch) {
    auto& self = *static_cast<both*>(user);
    const std::lock_guard<std::mutex> lock(self.mutex);
    const std::string_view bytes(batch.data, batch.size);
    const auto request = support::decode_protobuf(bytes);
    if (!request) return false;
    for (const auto& r : request->resources) {
      for (const auto& s : r.scopes) self.theirs.insert(self.theirs.end(), s.spans.begin(), s.spans.end());
    }
    arthur::testing::detail::read_request(bytes, self.ours);
    return true;
  }
};

bool same(const value& a, const support::value& b) {
  using theirs = support::value::type;
  switch (b.kind) {
    case theirs::string: return a.is(value::type::text) && a.text() == b.text;
    case theirs::boolean: return a == b.boolean;
    case theirs::integer: return a.is(value::type::integer) && a.integer() == b.integer;
    case theirs::real: return a.is(value::type::number) && a == b.real;
    case theirs::array:
      if (a.list().size() != b.items.size()) return false;
      for (std::size_t n = 0; n < b.items.size(); ++n) {
        if (!same(a.list()[n], b.items[n])) return false;
      }
      return true;
    default: return a == value();
  }
}

bool same(const arthur::testing::attribute_list& a, const std::vector<support::attribute>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t n = 0; n < b.size(); ++n) {
    if (a[n].first != b[n].key || !same(a[n].second, b[n].val)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("the reader agrees with an independent decoder on every field") {
  both seen;
  arthur::options o;
  o.on_batch = both::read;
  o.on_batch_user = &seen;
  o.protocol = arthur::protocol::http_protobuf;
  {
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    answer();
    ARTHUR_SPAN(std::string(1000, 'n'), arthur::attribute("least", std::numeric_limits<std::int64_t>::min()),
                arthur::attribute("most", std::numeric_limits<std::uint64_t>::max()), arthur::attribute("minus", -0.25),
                arthur::attribute("large", std::string(100000, 'x')), arthur::attribute("ints", std::vector<int>{1, -2}),
                arthur::attribute("bools", std::vector<bool>{true, false}), arthur::attribute("nothing", std::vector<int>{}));
    ARTHUR_EVENT("e", arthur::attribute("d", 1e300), arthur::attribute("b", true));
    ARTHUR_EVENT("");
  }
  REQUIRE(seen.ours.size() == 4);
  REQUIRE(seen.theirs.size() == 4);
  for (std::size_t n = 0; n < 4; ++n) {
    const auto& a = seen.ours[n];
    const auto& b = seen.theirs[n];
    CHECK(a.name == b.name);
    CHECK(a.trace_id == support::to_hex(b.trace_id));
    CHECK(a.id == support::to_hex(b.span_id));
    CHECK(a.parent_id == support::to_hex(b.parent_span_id));
    CHECK(a.start == b.start_time);
    CHECK(a.end == b.end_time);
    CHECK(a.message == b.status_message);
    CHECK(a.status == (b.status_code == 2 ? "ERROR" : "OK"));
    CHECK(a.kind == b.text("openinference.span.kind"));
    CHECK(same(a.attributes, b.attributes));
    REQUIRE(a.events.size() == b.events.size());
    for (std::size_t e = 0; e < a.events.size(); ++e) {
      CHECK(a.events[e].name == b.events[e].name);
      CHECK(a.events[e].time == b.events[e].time);
      CHECK(same(a.events[e].attributes, b.events[e].attributes));
    }
  }
}
