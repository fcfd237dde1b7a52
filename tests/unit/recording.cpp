// recording.cpp: spans, from the macro to the decoded bytes.
#include <arthur/arthur.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/capture.hpp"

using support::capture;
using support::span;
using support::value;

namespace {

arthur::options protobuf() {
  arthur::options o;
  o.protocol = arthur::protocol::http_protobuf;
  return o;
}

std::string hex_id(const std::string& raw) { return support::to_hex(raw); }

}  // namespace

TEST_CASE("a child carries its parent's id, a root has none, and a trace has one id") {
  capture c(protobuf());
  {
    ARTHUR_AGENT_SPAN("root");
    {
      ARTHUR_CHAIN_SPAN("child");
      ARTHUR_TOOL_SPAN("grandchild");
    }
    ARTHUR_SPAN("second child");
  }
  { ARTHUR_SPAN("other root"); }
  const span root = c.only("root"), child = c.only("child"), grandchild = c.only("grandchild");
  CHECK(root.parent_span_id.empty());
  CHECK(child.parent_span_id == root.span_id);
  CHECK(grandchild.parent_span_id == child.span_id);
  CHECK(c.only("second child").parent_span_id == root.span_id);
  CHECK(grandchild.trace_id == root.trace_id);
  CHECK(root.trace_id.size() == 16);
  CHECK(root.span_id.size() == 8);
  CHECK(c.only("other root").trace_id != root.trace_id);
  CHECK(c.only("other root").parent_span_id.empty());
  CHECK(root.text("openinference.span.kind") == "AGENT");
  CHECK(grandchild.text("openinference.span.kind") == "TOOL");
  CHECK(grandchild.text("tool.name") == "grandchild");
  CHECK(root.kind == 1);
  CHECK(root.start_time > 0);
  CHECK(root.start_time <= child.start_time);
  CHECK(child.end_time <= root.end_time);
  CHECK(root.status_code == 1);
  CHECK(c.problems().empty());
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("every kind has its macro") {
  capture c(protobuf());
  { ARTHUR_LLM_SPAN("LLM"); }
  { ARTHUR_TOOL_SPAN("TOOL"); }
  { ARTHUR_AGENT_SPAN("AGENT"); }
  { ARTHUR_CHAIN_SPAN("CHAIN"); }
  { ARTHUR_RETRIEVER_SPAN("RETRIEVER"); }
  { ARTHUR_RERANKER_SPAN("RERANKER"); }
  { ARTHUR_EMBEDDING_SPAN("EMBEDDING"); }
  { ARTHUR_GUARDRAIL_SPAN("GUARDRAIL"); }
  { ARTHUR_EVALUATOR_SPAN("EVALUATOR"); }
  { ARTHUR_PROMPT_SPAN("PROMPT"); }
  CHECK(c.spans().size() == 10);
  for (const span& s : c.spans()) CHECK(s.text("openinference.span.kind") == s.name);
}

TEST_CASE("the call site comes with the span, and can be left out") {
  {
    capture c(protobuf());
    const int line = __LINE__ + 1;
    { ARTHUR_SPAN("here"); }
    const span s = c.only("here");
    CHECK(s.text("code.file.path") == __FILE__);
    CHECK(s.text("code.function.name") == __func__);
    REQUIRE(s.find("code.line.number") != nullptr);
    CHECK(s.find("code.line.number")->integer == line);
  }
  auto options = protobuf();
  options.code_location = false;
  capture c(options);
  { ARTHUR_SPAN("here"); }
  CHECK(c.only("here").find("code.file.path") == nullptr);
}

TEST_CASE("a scope left by an exception is an error with a message, each enclosing one too, once") {
  capture c(protobuf());
  try {
    ARTHUR_AGENT_SPAN("outer");
    try {
      ARTHUR_CHAIN_SPAN("middle");
      ARTHUR_TOOL_SPAN("inner");
      throw std::runtime_error("lost");
    } catch (const std::logic_error&) {
    }
  } catch (const std::runtime_error&) {
    ARTHUR_SPAN("in the handler");
  }
  { ARTHUR_SPAN("after"); }
  for (const char* name : {"outer", "middle", "inner"}) {
    CHECK(c.only(name).status_code == 2);
    CHECK(c.only(name).status_message == "exception left the scope");
    CHECK(c.only(name).events.empty());
  }
  CHECK(c.only("in the handler").status_code == 1);
  CHECK(c.only("after").status_code == 1);
}

TEST_CASE("traced records what was thrown, once, and passes it on") {
  capture c(protobuf());
  std::string caught;
  try {
    ARTHUR_AGENT_SPAN("agent");
    arthur::traced(arthur::kind::chain, "step", [] {
      arthur::traced(arthur::kind::tool, "get_weather", []() -> int { throw std::out_of_range("no such city"); });
    });
  } catch (const std::out_of_range& e) {
    caught = e.what();
  }
  CHECK(caught == "no such city");
  const span tool = c.only("get_weather");
  CHECK(tool.status_code == 2);
  CHECK(tool.status_message == "std::out_of_range: no such city");
  REQUIRE(tool.events.size() == 1);
  CHECK(tool.events[0].name == "exception");
  CHECK(tool.events[0].attributes.at(0).key == "exception.type");
  CHECK(tool.events[0].attributes.at(0).val.text == "std::out_of_range");
  CHECK(tool.events[0].attributes.at(1).val.text == "no such city");
  // Enclosing spans know what it was, without a second event.
  CHECK(c.only("step").status_message == "std::out_of_range: no such city");
  CHECK(c.only("step").events.empty());
  CHECK(c.only("agent").status_message == "std::out_of_range: no such city");
  CHECK(arthur::traced(arthur::kind::chain, "fine", [] { return 7; }) == 7);
  CHECK(c.only("fine").status_code == 1);
}

TEST_CASE("an exception caught inside is not the next one's cause") {
  capture c(protobuf());
  try {
    ARTHUR_SPAN("outer");
    try {
      arthur::traced(arthur::kind::tool, "first", [] { throw std::runtime_error("first"); });
    } catch (...) {
    }
    { ARTHUR_SPAN("recovered"); }
    throw 5;
  } catch (int) {
  }
  CHECK(c.only("recovered").status_code == 1);
  CHECK(c.only("outer").status_message == "exception left the scope");
}

TEST_CASE("ARTHUR_SET acts on the innermost span; outside any it does nothing and evaluates nothing") {
  capture c(protobuf());
  int evaluated = 0;
  const auto touch = [&evaluated] { return ++evaluated; };
  ARTHUR_SET(arthur::attribute("a", touch()));
  ARTHUR_EVENT("e", arthur::attribute("a", touch()));
  CHECK(evaluated == 0);
  {
    ARTHUR_SPAN("outer");
    ARTHUR_SET(arthur::attribute("level", "outer"));
    {
      ARTHUR_SPAN("inner");
      ARTHUR_SET(arthur::attribute("level", "inner"));
    }
    ARTHUR_SET(arthur::attribute("again", "outer"));
  }
  CHECK(c.only("outer").text("level") == "outer");
  CHECK(c.only("outer").text("again") == "outer");
  CHECK(c.only("inner").text("level") == "inner");
}

TEST_CASE("ARTHUR_END makes siblings, and the end of the scope is not a second end") {
  capture c(protobuf());
  {
    ARTHUR_AGENT_SPAN("agent");
    ARTHUR_RETRIEVER_SPAN("first");
    ARTHUR_END();
    ARTHUR_LLM_SPAN("second");
    ARTHUR_END();
    ARTHUR_SET(arthur::attribute("after", true));
  }
  CHECK(c.count("first") == 1);
  CHECK(c.count("second") == 1);
  CHECK(c.only("second").parent_span_id == c.only("agent").span_id);
  CHECK(c.only("agent").find("after") != nullptr);
}

TEST_CASE("nothing is evaluated or kept when the trace isn't sampled") {
  auto options = protobuf();
  options.sample_ratio = 0;
  capture c(options);
  const arthur::statistics before = arthur::stats();
  int evaluated = 0;
  {
    ARTHUR_SPAN("root", arthur::attribute("a", ++evaluated));
    ARTHUR_TOOL_SPAN("child", arthur::attribute("a", ++evaluated));
    ARTHUR_SET(arthur::attribute("a", ++evaluated));
    CHECK(std::string_view(arthur::current_trace_id()) != std::string(32, '0'));
  }
  CHECK(evaluated == 0);
  CHECK(c.spans().empty());
  const arthur::statistics after = arthur::stats();
  CHECK(after.unsampled - before.unsampled == 2);
  CHECK(after.opened == before.opened);
}

TEST_CASE("each value type arrives as its OTLP type") {
  enum class side { left };
  capture c(protobuf());
  {
    ARTHUR_SPAN("values", arthur::attribute("literal", "text"), arthur::attribute("string", std::string("moved")),
                arthur::attribute("view", std::string_view("view", 4)), arthur::attribute("null", static_cast<const char*>(nullptr)),
                arthur::attribute("true", true), arthur::attribute("int", -5), arthur::attribute("short", short{7}),
                arthur::attribute("u32", 4000000000U), arthur::attribute("i64", INT64_MIN), arthur::attribute("u64", UINT64_MAX),
                arthur::attribute("u64 small", std::uint64_t{12}), arthur::attribute("double", 0.25), arthur::attribute("float", 1.5F),
                arthur::attribute("texts", std::vector<std::string>{"a", "b"}), arthur::attribute("ints", std::list<int>{1, -2}),
                arthur::attribute("doubles", std::vector<double>{0.5}), arthur::attribute("bools", std::vector<bool>{true, false}),
                arthur::attribute("empty", std::vector<int>{}),
                arthur::attribute("u64s", std::vector<std::uint64_t>{1, UINT64_MAX}), arthur::attribute("", "no key"));
    ARTHUR_EVENT("event", arthur::attribute("u64", UINT64_MAX), arthur::attribute("", 1), arthur::attribute("u64 small", std::uint64_t{3}));
  }
  const span s = c.only("values");
  CHECK(s.text("literal") == "text");
  CHECK(s.text("string") == "moved");
  CHECK(s.text("view") == "view");
  REQUIRE(s.find("null") != nullptr);
  CHECK(s.find("null")->is(value::type::string));
  CHECK(s.find("true")->boolean);
  CHECK(s.find("int")->integer == -5);
  CHECK(s.find("short")->integer == 7);
  CHECK(s.find("u32")->integer == 4000000000);
  CHECK(s.find("i64")->integer == INT64_MIN);
  CHECK(s.text("u64") == "18446744073709551615");
  CHECK(s.find("u64 small")->integer == 12);
  CHECK(s.find("double")->real == 0.25);
  CHECK(s.find("float")->real == 1.5);
  CHECK(support::describe(*s.find("texts")) == R"(["a", "b"])");
  CHECK(support::describe(*s.find("ints")) == "[1, -2]");
  CHECK(support::describe(*s.find("doubles")) == "[0.5]");
  CHECK(support::describe(*s.find("bools")) == "[true, false]");
  CHECK(support::describe(*s.find("empty")) == "[]");
  CHECK(support::describe(*s.find("u64s")) == R"([1, "18446744073709551615"])");
  CHECK(s.find("") == nullptr);
  CHECK(s.dropped_attributes == 2);
  REQUIRE(s.events.size() == 1);
  REQUIRE(s.events[0].attributes.size() == 2);
  CHECK(s.events[0].attributes[0].val.text == "18446744073709551615");
  CHECK(s.events[0].attributes[1].val.integer == 3);
  CHECK(c.problems().empty());
}

TEST_CASE("setting a key again replaces it, whoever owns the key") {
  capture c(protobuf());
  {
    ARTHUR_LLM_SPAN("chat", arthur::model("first"), arthur::attribute("own", 1));
    ARTHUR_SET(arthur::model("second"), arthur::attribute("own", "two"), arthur::tokens(1, 2));
    ARTHUR_SET(arthur::attribute("llm.token_count.total", 9), arthur::input("x"), arthur::input_json("{}"), arthur::input("y"));
  }
  const span s = c.only("chat");
  const auto times = [&s](const char* key) {
    int n = 0;
    for (const auto& a : s.attributes) n += a.key == key;
    return n;
  };
  CHECK(s.text("llm.model_name") == "second");
  CHECK(s.text("own") == "two");
  CHECK(s.find("llm.token_count.total")->integer == 9);
  CHECK(s.text("input.value") == "y");
  CHECK(s.text("input.mime_type") == "text/plain");
  for (const char* key : {"llm.model_name", "own", "llm.token_count.total", "input.value", "input.mime_type"}) {
    CAPTURE(key);
    CHECK(times(key) == 1);
  }
}

TEST_CASE("lists are flattened in the order in which they are given") {
  capture c(protobuf());
  {
    ARTHUR_RETRIEVER_SPAN("kb", arthur::document("one", arthur::id("d1"), arthur::score(0.5)));
    ARTHUR_SET(arthur::document("two", arthur::metadata(R"({"page":3})")));
  }
  {
    ARTHUR_LLM_SPAN("chat", arthur::input_message("system", "be kind"), arthur::input_message("user", "hi"));
    ARTHUR_SET(arthur::output_message("assistant", "", arthur::tool_call("c1", "weather", R"({"city":"Paris"})"),
                                      arthur::tool_call("c2", "time", "{}")),
               arthur::input_message("tool", "18 C", arthur::tool_call_id("c1")), arthur::tokens(12, 4), arthur::cost(0.5, 0.25),
               arthur::tool("weather", "says \"it\"", R"({"type":"object"})"));
  }
  {
    ARTHUR_RERANKER_SPAN("rank", arthur::model("r1"), arthur::reranker_query("q"), arthur::top_k(2));
    ARTHUR_SET(arthur::input_document("a"), arthur::input_document("b"), arthur::document("b", arthur::score(0.9)));
  }
  { ARTHUR_EMBEDDING_SPAN("embed", arthur::model("e1"), arthur::embedding("hi", std::vector<float>{0.5F, -1})); }
  { ARTHUR_TOOL_SPAN("weather", arthur::tool("weather", "of a city", R"({"type":"object"})")); }
  const span kb = c.only("kb");
  CHECK(kb.text("retrieval.documents.0.document.content") == "one");
  CHECK(kb.text("retrieval.documents.0.document.id") == "d1");
  CHECK(kb.find("retrieval.documents.0.document.score")->real == 0.5);
  CHECK(kb.text("retrieval.documents.1.document.content") == "two");
  CHECK(kb.text("retrieval.documents.1.document.metadata") == R"({"page":3})");
  const span chat = c.only("chat");
  CHECK(chat.text("llm.input_messages.0.message.role") == "system");
  CHECK(chat.text("llm.input_messages.1.message.content") == "hi");
  CHECK(chat.text("llm.input_messages.2.message.tool_call_id") == "c1");
  CHECK(chat.text("llm.output_messages.0.message.tool_calls.0.tool_call.id") == "c1");
  CHECK(chat.text("llm.output_messages.0.message.tool_calls.1.tool_call.function.name") == "time");
  CHECK(chat.text("llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments") == R"({"city":"Paris"})");
  CHECK(chat.find("llm.token_count.total")->integer == 16);
  CHECK(chat.find("llm.cost.total")->real == 0.75);
  CHECK(chat.text("llm.tools.0.tool.json_schema") ==
        R"({"type":"function","function":{"name":"weather","description":"says \u0022it\u0022","parameters":{"type":"object"}}})");
  const span rank = c.only("rank");
  CHECK(rank.text("reranker.model_name") == "r1");
  CHECK(rank.text("reranker.input_documents.1.document.content") == "b");
  CHECK(rank.find("reranker.output_documents.0.document.score")->real == 0.9);
  CHECK(rank.find("reranker.top_k")->integer == 2);
  const span embed = c.only("embed");
  CHECK(embed.text("embedding.model_name") == "e1");
  CHECK(embed.text("embedding.embeddings.0.embedding.text") == "hi");
  CHECK(support::describe(*embed.find("embedding.embeddings.0.embedding.vector")) == "[0.5, -1.0]");
  const span tool = c.only("weather");
  CHECK(tool.text("tool.description") == "of a city");
  CHECK(tool.text("tool.parameters") == R"({"type":"object"})");
}

TEST_CASE("a decision is a span whose input is what was considered and whose output is the choice") {
  capture c(protobuf());
  {
    ARTHUR_AGENT_SPAN("agent");
    ARTHUR_DECISION("route", "refund", arthur::considered({"refund", "say \"no\""}), arthur::attribute("reason", "asked"));
  }
  const span s = c.only("route");
  CHECK(s.text("openinference.span.kind") == "CHAIN");
  CHECK(s.text("input.value") == R"(["refund","say \u0022no\u0022"])");
  CHECK(s.text("input.mime_type") == "application/json");
  CHECK(s.text("output.value") == "refund");
  CHECK(s.text("reason") == "asked");
  CHECK(s.parent_span_id == c.only("agent").span_id);
}

TEST_CASE("context is inherited by what is opened inside, nests, and ends with its scope") {
  capture c(protobuf());
  {
    ARTHUR_CONTEXT(arthur::session_id("s1"), arthur::user_id("u1"), arthur::tags({"a", "b"}));
    ARTHUR_SPAN("outer");
    {
      ARTHUR_CONTEXT(arthur::session_id("s2"), arthur::attribute("extra", 1));
      ARTHUR_SPAN("inner");
    }
    ARTHUR_SPAN("sibling");
  }
  { ARTHUR_SPAN("after"); }
  CHECK(c.only("outer").text("session.id") == "s1");
  CHECK(c.only("outer").text("user.id") == "u1");
  CHECK(support::describe(*c.only("outer").find("tag.tags")) == R"(["a", "b"])");
  CHECK(c.only("inner").text("session.id") == "s2");
  CHECK(c.only("inner").text("user.id") == "u1");
  CHECK(c.only("inner").find("extra") != nullptr);
  int sessions = 0;
  for (const auto& a : c.only("inner").attributes) sessions += a.key == "session.id";
  CHECK(sessions == 1);
  CHECK(c.only("sibling").text("session.id") == "s1");
  CHECK(c.only("sibling").find("extra") == nullptr);
  CHECK(c.only("after").find("session.id") == nullptr);
}

TEST_CASE("a context with a task or a service has its own resource in the same request") {
  auto options = protobuf();
  options.task_id = "task-1";
  capture c(options);
  { ARTHUR_SPAN("default"); }
  {
    ARTHUR_CONTEXT(arthur::task_id("task-2"));
    { ARTHUR_SPAN("two"); }
    ARTHUR_CONTEXT(arthur::service_name("other"));
    ARTHUR_SPAN("two and other");
  }
  {
    ARTHUR_CONTEXT(arthur::service_name("other"));
    ARTHUR_SPAN("other");
  }
  std::vector<std::string> seen;
  for (const auto& request : c.requests()) {
    for (const auto& r : request.resources) {
      const auto* task = r.resource.find("arthur.task");
      for (const auto& s : r.scopes.at(0).spans) {
        seen.push_back(s.name + ": " + (task == nullptr ? "-" : task->text) + " " + r.resource.find("service.name")->text);
      }
    }
  }
  std::sort(seen.begin(), seen.end());
  CHECK(seen == std::vector<std::string>{"default: task-1 captured", "other: - other", "two and other: task-2 other",
                                         "two: task-2 captured"});
}

TEST_CASE("spans of any size arrive whole, also when parent and child write in turns") {
  capture c(protobuf());
  const std::string big(3000000, 'x');
  {
    ARTHUR_AGENT_SPAN("parent", arthur::input(big));
    for (int n = 0; n < 50; ++n) {
      ARTHUR_TOOL_SPAN("child", arthur::output(std::string(static_cast<std::size_t>(n) * 700, 'y')));
      ARTHUR_END();
      ARTHUR_SET(arthur::attribute("n" + std::to_string(n), std::string(static_cast<std::size_t>(n) * 91, 'z')));
    }
    ARTHUR_SET(arthur::output(big));
  }
  const span s = c.only("parent");
  CHECK(s.text("input.value") == big);
  CHECK(s.text("output.value") == big);
  for (int n = 0; n < 50; ++n) CHECK(s.text("n" + std::to_string(n)).size() == static_cast<std::size_t>(n) * 91);
  CHECK(c.count("child") == 50);
  CHECK(c.problems().empty());
}

TEST_CASE("an empty pool drops whole spans, counts them, and recovers") {
  auto options = protobuf();
  options.memory_limit = std::size_t{1} << 20;
  capture c(options);
  const arthur::statistics before = arthur::stats();
  const std::string megabyte(std::size_t{1} << 20, 'x');
  {
    ARTHUR_SPAN("outer");
    {
      ARTHUR_SPAN("too large", arthur::input(megabyte));
      int evaluated = 0;
      ARTHUR_SET(arthur::attribute("a", ++evaluated));
      CHECK(evaluated == 0);
    }
    ARTHUR_SPAN("fits");
  }
  CHECK(c.count("too large") == 0);
  CHECK(c.only("fits").parent_span_id == c.only("outer").span_id);
  const arthur::statistics after = arthur::stats();
  CHECK(after.dropped_pool_full - before.dropped_pool_full == 1);
  CHECK(after.opened - before.opened == 3);
  CHECK(support::account_closed(after));
}

TEST_CASE("too many open spans are dropped and counted, the others keep their parents") {
  capture c(protobuf());
  const arthur::statistics before = arthur::stats();
  std::vector<std::unique_ptr<arthur::scoped_span>> open;
  for (int n = 0; n < 200; ++n) open.push_back(std::make_unique<arthur::scoped_span>(arthur::kind::chain, "deep"));
  while (!open.empty()) open.pop_back();
  { ARTHUR_SPAN("after"); }
  CHECK(c.count("deep") == 128);
  CHECK(c.only("after").parent_span_id.empty());
  CHECK(arthur::stats().dropped_too_deep - before.dropped_too_deep == 72);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("a scope that ends on another thread is counted and dropped, and nothing becomes its child for ever") {
  capture c(protobuf());
  const arthur::statistics before = arthur::stats();
  auto lost = std::make_unique<arthur::scoped_span>(arthur::kind::chain, "lost");
  std::thread([&lost] { lost.reset(); }).join();
  { ARTHUR_SPAN("after"); }
  CHECK(c.count("lost") == 0);
  CHECK(c.only("after").parent_span_id.empty());
  CHECK(arthur::stats().dropped_scope_misuse - before.dropped_scope_misuse == 1);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("scopes that end out of order stay right") {
  capture c(protobuf());
  auto first = std::make_unique<arthur::scoped_span>(arthur::kind::chain, "first");
  auto second = std::make_unique<arthur::scoped_span>(arthur::kind::chain, "second");
  first.reset();
  { ARTHUR_SPAN("third"); }
  second.reset();
  { ARTHUR_SPAN("fourth"); }
  CHECK(c.only("third").parent_span_id == c.only("second").span_id);
  CHECK(c.only("fourth").parent_span_id.empty());
}

TEST_CASE("a detached span is no parent unless activated, moves, and ends on any thread") {
  capture c(protobuf());
  std::string child_parent;
  {
    ARTHUR_AGENT_SPAN("agent");
    arthur::span job(arthur::kind::tool, "job");
    job.set(arthur::attribute("large", std::string(20000, 'l')));
    { ARTHUR_SPAN("not inside"); }
    {
      const auto active = job.activate();
      ARTHUR_SET(arthur::attribute("through", "activation"));
      ARTHUR_SPAN("inside");
    }
    std::thread([moved = std::move(job)]() mutable {
      const auto active = moved.activate();
      { ARTHUR_SPAN("inside on the other thread"); }
      moved.error("gave up");
      moved.end();
      ARTHUR_SET(arthur::attribute("late", 1));
      ARTHUR_SPAN("after its end");
    }).join();
    CHECK_FALSE(job.recording());
  }
  const span job = c.only("job");
  CHECK(job.parent_span_id == c.only("agent").span_id);
  CHECK(c.only("not inside").parent_span_id == c.only("agent").span_id);
  CHECK(c.only("inside").parent_span_id == job.span_id);
  CHECK(c.only("inside on the other thread").parent_span_id == job.span_id);
  CHECK(c.only("after its end").parent_span_id == job.span_id);
  CHECK(c.only("after its end").trace_id == job.trace_id);
  CHECK(job.text("through") == "activation");
  CHECK(job.text("large").size() == 20000);
  CHECK(job.find("late") == nullptr);
  CHECK(job.status_message == "gave up");
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("a thread that ends with open spans leaves them counted, and its slot to others") {
  capture c(protobuf());
  const arthur::statistics before = arthur::stats();
  static std::vector<std::unique_ptr<arthur::scoped_span>> left_open;  // ended when the process ends, on another thread
  for (int n = 0; n < 20; ++n) {
    std::thread([] {
      { ARTHUR_SPAN("done"); }
      left_open.push_back(std::make_unique<arthur::scoped_span>(arthur::kind::chain, "left open"));
    }).join();
    static_cast<void>(arthur::flush(std::chrono::seconds(60)));
  }
  CHECK(c.count("done") == 20);
  CHECK(arthur::stats().dropped_thread_exit - before.dropped_thread_exit == 20);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("events and errors are kept; an error always has a message") {
  capture c(protobuf());
  {
    ARTHUR_SPAN("span");
    ARTHUR_EVENT("cache.miss", arthur::attribute("key", "k"), arthur::attribute("n", 3), arthur::attribute("r", 0.5), arthur::attribute("b", true));
    ARTHUR_ERROR("first");
    ARTHUR_ERROR("upstream timed out");
  }
  {
    ARTHUR_SPAN("no message");
    ARTHUR_ERROR("");
  }
  {
    ARTHUR_SPAN("null characters");
    ARTHUR_ERROR(std::string(3, '\0'));
  }
  const span s = c.only("span");
  REQUIRE(s.events.size() == 1);
  CHECK(s.events[0].name == "cache.miss");
  CHECK(s.events[0].time >= s.start_time);
  CHECK(s.events[0].attributes.size() == 4);
  CHECK(support::describe(s.events[0].attributes.at(2).val) == "0.5");
  CHECK(s.status_code == 2);
  CHECK(s.status_message == "upstream timed out");
  CHECK(c.only("no message").status_message == "unspecified error");
  CHECK(c.only("null characters").status_message == "unspecified error");
}

TEST_CASE("hidden inputs and outputs never reach a buffer") {
  auto options = protobuf();
  options.hide_inputs = true;
  options.hide_outputs = true;
  capture c(options);
  {
    ARTHUR_LLM_SPAN("chat", arthur::input("secret"), arthur::output_json(R"({"secret":1})"), arthur::input_message("user", "secret"),
                    arthur::output_message("assistant", "secret"), arthur::model("m"));
  }
  const span s = c.only("chat");
  CHECK(s.text("input.value") == "__REDACTED__");
  CHECK(s.text("output.value") == "__REDACTED__");
  CHECK(s.find("output.mime_type") == nullptr);
  CHECK(s.find("llm.input_messages.0.message.content") == nullptr);
  CHECK(s.text("llm.model_name") == "m");
}

TEST_CASE("more attributes than the limit are dropped and counted in the span") {
  capture c(protobuf());
  {
    ARTHUR_SPAN("many");
    for (int n = 0; n < 10050; ++n) ARTHUR_SET(arthur::attribute("k" + std::to_string(n), n));
  }
  const span s = c.only("many");
  CHECK(s.attributes.size() == 10000);
  CHECK(s.dropped_attributes == 50 + 4);  // the kind and the call site count too
}

TEST_CASE("current ids are those of the innermost span, in hex") {
  capture c(protobuf());
  CHECK(std::string_view(arthur::current_trace_id()) == std::string(32, '0'));
  CHECK(std::string_view(arthur::current_span_id()) == std::string(16, '0'));
  std::string trace, id;
  {
    ARTHUR_SPAN("s");
    trace = std::string_view(arthur::current_trace_id());
    id = arthur::current_span_id().c_str();
  }
  CHECK(trace == hex_id(c.only("s").trace_id));
  CHECK(id == hex_id(c.only("s").span_id));
}

TEST_CASE("fixed clock and ids make a run repeatable") {
  const auto run = [] {
    static std::uint64_t ticks, bits;
    ticks = 1700000000000000000U;
    bits = 1;
    auto options = protobuf();
    options.clock = [] { return ticks += 1000; };
    options.random = [] { return bits += 0x1111111111111111U; };
    options.code_location = false;
    capture c(options);
    {
      ARTHUR_AGENT_SPAN("a", arthur::input("x"));
      ARTHUR_TOOL_SPAN("b");
      ARTHUR_EVENT("e");
    }
    std::string all;
    for (const auto& r : c.requests()) all += support::describe(r);
    return all;
  };
  const std::string first = run();
  CHECK(first == run());
  CHECK(first.find("1700000000000001000") != std::string::npos);
}

TEST_CASE("a second start is refused with an error and leaves the first one running") {
  capture c(protobuf());
  CHECK(c.guard().ok());
  {
    const auto second = arthur::start();
    CHECK_FALSE(second.ok());
    CHECK(second.error().find("arthur::start") != std::string::npos);
  }
  { ARTHUR_SPAN("still here"); }
  CHECK(c.count("still here") == 1);
}

TEST_CASE("without start nothing is recorded and everything is harmless") {
  int evaluated = 0;
  ARTHUR_CONTEXT(arthur::session_id("s"));
  ARTHUR_SPAN("nothing", arthur::attribute("a", ++evaluated));
  ARTHUR_SET(arthur::attribute("a", ++evaluated));
  ARTHUR_EVENT("e");
  ARTHUR_ERROR("e");
  ARTHUR_END();
  ARTHUR_DECISION("d", "c");
  CHECK(evaluated == 0);
  CHECK(arthur::flush() == arthur::flush_result::failed);
  CHECK_FALSE(arthur::poll());
}

TEST_CASE("a wrong configuration is told in one line and the program runs on untraced") {
  arthur::options options;
  options.sample_ratio = 2;
  options.on_diagnostic = [](void*, arthur::severity, const char*) {};
  const auto tracing = arthur::start(options);
  CHECK_FALSE(tracing.ok());
  CHECK(tracing.error().find("sample_ratio") != std::string::npos);
  CHECK(tracing.error().find('\n') == std::string::npos);
  ARTHUR_SPAN("untraced");
}

TEST_CASE("threads record side by side without losing a span") {
  capture c(protobuf());
  const arthur::statistics before = arthur::stats();
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([] {
      for (int n = 0; n < 2000; ++n) {
        ARTHUR_SPAN("outer");
        ARTHUR_TOOL_SPAN("inner", arthur::attribute("n", n), arthur::input(std::string(static_cast<std::size_t>(n % 97) * 40, 't')));
      }
    });
  }
  for (auto& t : threads) t.join();
  CHECK(c.count("outer") == 16000);
  CHECK(c.count("inner") == 16000);
  const arthur::statistics after = arthur::stats();
  CHECK(after.delivered - before.delivered == 32000);
  CHECK(support::account_closed(after));
  CHECK(c.problems().empty());
}

TEST_CASE("a request stays within its bytes and spans; only a span that is larger alone goes alone") {
  auto options = protobuf();
  options.max_batch_bytes = 10000;
  options.max_batch_spans = 5;
  options.schedule_delay = std::chrono::hours(1);  // only flush sends
  capture c(options);
  {
    ARTHUR_AGENT_SPAN("root");
    for (const std::size_t size : {6000U, 6000U, 100U, 100U, 30000U, 100U, 9000U, 9000U}) {
      ARTHUR_SPAN("s", arthur::input(std::string(size, 'x')));
    }
    for (int n = 0; n < 12; ++n) {
      ARTHUR_SPAN("small");
    }
  }
  CHECK(c.spans().size() == 21);
  const auto& requests = c.requests();
  REQUIRE(requests.size() == c.sizes().size());
  for (std::size_t n = 0; n < requests.size(); ++n) {
    CHECK(requests[n].span_count() <= 5);
    if (requests[n].span_count() > 1) CHECK(c.sizes()[n] < 10000 + 500);  // resource and scope come on top
  }
  CHECK(c.spans().back().name == "root");
}

TEST_CASE("contexts that end out of order leave the others in force") {
  capture c(protobuf());
  auto outer = std::make_unique<arthur::context_scope>();
  outer->push(arthur::session_id("outer"));
  auto inner = std::make_unique<arthur::context_scope>();
  inner->push(arthur::user_id("inner"));
  outer.reset();
  { ARTHUR_SPAN("inner is left"); }
  inner.reset();
  { ARTHUR_SPAN("none is left"); }
  CHECK(c.only("inner is left").text("user.id") == "inner");
  CHECK(c.only("none is left").find("session.id") == nullptr);
  CHECK(c.only("none is left").find("user.id") == nullptr);
}

TEST_CASE("any number of scopes may end on another thread, also deep ones, activations and contexts") {
  capture c(protobuf());
  const arthur::statistics before = arthur::stats();
  std::vector<std::unique_ptr<arthur::scoped_span>> scopes;
  for (int n = 0; n < 150; ++n) scopes.push_back(std::make_unique<arthur::scoped_span>(arthur::kind::chain, "lost"));
  std::thread([&scopes] { scopes.clear(); }).join();
  { ARTHUR_SPAN("after"); }
  CHECK(c.only("after").parent_span_id.empty());
  CHECK(arthur::stats().open == before.open);

  auto context = std::make_unique<arthur::context_scope>();
  context->push(arthur::session_id("alice"));
  std::thread([&context] { context.reset(); }).join();
  { ARTHUR_SPAN("bob"); }
  CHECK(c.only("bob").find("session.id") == nullptr);

  const std::uint64_t held = arthur::stats().bytes_held;
  for (int n = 0; n < 100; ++n) {
    arthur::span job(arthur::kind::tool, "job");
    struct active {
      arthur::activation a;
    };
    auto elsewhere = std::unique_ptr<active>(new active{job.activate()});
    std::thread([&elsewhere] { elsewhere.reset(); }).join();
  }
  { ARTHUR_SPAN("collects"); }
  CHECK(c.count("job") == 100);
  CHECK(arthur::stats().bytes_held <= held + 4 * 8192);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("deep spans that end out of order leave the thread able to record") {
  capture c(protobuf());
  std::vector<std::unique_ptr<arthur::scoped_span>> scopes;
  for (int n = 0; n < 130; ++n) scopes.push_back(std::make_unique<arthur::scoped_span>(arthur::kind::chain, "deep"));
  for (auto& s : scopes) s.reset();  // outermost first
  { ARTHUR_SPAN("after"); }
  CHECK(c.count("deep") == 128);
  CHECK(c.only("after").parent_span_id.empty());
}

TEST_CASE("an exception that replaces another one is recorded as itself") {
  capture c(protobuf());
  try {
    arthur::traced(arthur::kind::chain, "outer", [] {
      try {
        arthur::traced(arthur::kind::tool, "inner", [] { throw std::runtime_error("E1"); });
      } catch (const std::runtime_error&) {
        throw std::logic_error("E2");
      }
    });
  } catch (const std::logic_error&) {
  }
  CHECK(c.only("inner").status_message == "std::runtime_error: E1");
  CHECK(c.only("outer").status_message == "std::logic_error: E2");
  REQUIRE(c.only("outer").events.size() == 1);
  CHECK(c.only("outer").events[0].attributes.at(1).val.text == "E2");
}

TEST_CASE("detached spans don't wake the worker all the time") {
  auto options = protobuf();
  options.schedule_delay = std::chrono::hours(1);
  capture c(options);
  const std::uint64_t before = arthur::stats().requests;
  const std::string text(9000, 't');
  for (int n = 0; n < 60; ++n) {
    ARTHUR_SPAN("scoped", arthur::input(text));
  }
  static_cast<void>(arthur::flush(std::chrono::seconds(60)));
  const std::uint64_t filled = arthur::stats().requests;
  CHECK(filled > before);
  for (int n = 0; n < 20; ++n) {
    arthur::span job(arthur::kind::tool, "job");
    job.end();
    ARTHUR_SPAN("scoped");
    CHECK(arthur::stats().requests == filled);
  }
  CHECK(c.count("job") == 20);
}

TEST_CASE("a context for which there is no room takes its spans along, counted") {
  auto options = protobuf();
  options.memory_limit = std::size_t{256} << 10;
  capture c(options);
  const arthur::statistics before = arthur::stats();
  {
    ARTHUR_CONTEXT(arthur::session_id("s"), arthur::metadata(std::string(std::size_t{1} << 20, 'm')));
    ARTHUR_SPAN("inside");
    arthur::span job(arthur::kind::tool, "job inside");
  }
  { ARTHUR_SPAN("outside"); }
  CHECK(c.count("inside") == 0);
  CHECK(c.count("job inside") == 0);
  CHECK(c.count("outside") == 1);
  CHECK(arthur::stats().dropped_pool_full - before.dropped_pool_full == 2);
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("callbacks may throw and may call arthur: nothing ends, nothing waits for itself") {
  static int batches;
  batches = 0;
  arthur::options options;
  options.service_name = "callbacks";
  options.on_batch = [](void*, const arthur::batch_view&) {
    ++batches;
    CHECK(arthur::flush(std::chrono::hours(1)) == arthur::flush_result::timeout);
    static_cast<void>(arthur::poll());
    if (batches == 1) throw std::runtime_error("on_batch");
    return true;
  };
  options.on_diagnostic = [](void*, arthur::severity, const char*) { throw std::runtime_error("on_diagnostic"); };
  const arthur::statistics before = arthur::stats();
  {
    const auto tracing = arthur::start(options);
    { ARTHUR_SPAN("first"); }
    CHECK(arthur::flush(std::chrono::seconds(60)) == arthur::flush_result::failed);
    { ARTHUR_SPAN("second"); }
    CHECK(arthur::flush(std::chrono::seconds(60)) == arthur::flush_result::ok);
  }
  CHECK(arthur::stats().failed - before.failed == 1);
  CHECK(arthur::stats().delivered - before.delivered == 1);
}
