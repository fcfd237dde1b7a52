// support_tree.cpp: the tree that examples show is the console's; how that one draws, console_tree.cpp tests.
#include <doctest/doctest.h>

#include "../support/tree.hpp"

namespace {

using namespace support;

value text(const std::string& t) {
  value v;
  v.kind = value::type::string;
  v.text = t;
  return v;
}
value integer(std::int64_t i) {
  value v;
  v.kind = value::type::integer;
  v.integer = i;
  return v;
}

span make(const std::string& id, const std::string& parent, const std::string& kind, const std::string& name,
          std::uint64_t start, std::uint64_t duration) {
  span s;
  s.trace_id = "trace";
  s.span_id = id;
  s.parent_span_id = parent;
  s.name = name;
  s.start_time = 1000000000 + start;
  s.end_time = s.start_time + duration;
  if (!kind.empty()) s.attributes.push_back({"openinference.span.kind", text(kind)});
  return s;
}

span with(span s, const std::string& key, const value& v) {
  s.attributes.push_back({key, v});
  return s;
}

}  // namespace

TEST_SUITE("stand-in tree") {
  TEST_CASE("a trace is a tree: children by start time, tokens, values, errors, orphans at the root") {
    span agent = make("a", "", "AGENT", "support-agent", 0, 12300000);
    agent = with(with(agent, "input.value", text("How do I get a refund?")), "output.value", text("Use the form."));
    span chat = make("l", "a", "LLM", "chat", 2000, 3200000);
    chat = with(with(chat, "llm.token_count.prompt", integer(120)), "llm.token_count.completion", integer(48));
    chat = with(chat, "llm.input_messages.0.message.role", text("system"));
    chat = with(chat, "llm.input_messages.1.message.content", text("refund?"));
    chat = with(chat, "llm.output_messages.0.message.tool_calls.0.tool_call.function.name", text("lookup"));
    span search = make("r", "a", "RETRIEVER", "kb.search", 1000, 850000);
    search = with(with(search, "retrieval.documents.0.document.content", text("x")),
                  "retrieval.documents.1.document.content", text("y"));
    span tool = make("t", "l", "TOOL", "lookup", 3000, 999);
    tool = with(tool, "input.value", text("{\"id\":7}"));
    tool.status_code = 2;
    tool.status_message = "timed out";
    event cached;
    cached.name = "cache.miss";
    cached.attributes.push_back({"key", text("k1")});
    chat.events.push_back(cached);
    const span lost = make("o", "gone", "", "lost", 4000, 2500000000);
    CHECK(render_tree({lost, tool, chat, search, agent}) ==
          "AGENT support-agent  12.3 ms  \"How do I get a refund?\" → \"Use the form.\"\n"
          "├─ RETRIEVER kb.search  850 µs  → 2 documents\n"
          "└─ LLM chat  3.2 ms  120→48 tokens  \"refund?\" → \"lookup(…)\"\n"
          "   │ · cache.miss  key=k1\n"
          "   └─ TOOL lookup  999 ns  ERROR timed out  {\"id\":7}\n"
          "SPAN lost  2.5 s\n");
  }

  TEST_CASE("values of every type are passed on") {
    value real = integer(0);
    real.kind = value::type::real;
    real.real = 0.5;
    value flag = integer(0);
    flag.kind = value::type::boolean;
    flag.boolean = true;
    value list = integer(0);
    list.kind = value::type::array;
    event e;
    e.name = "all";
    e.attributes = {{"text", text("t")}, {"integer", integer(-1)}, {"real", real}, {"flag", flag}, {"list", list}};
    span s = with(make("a", "", "LLM", "n", 0, 1), "llm.cost.total", real);
    s.events.push_back(e);
    CHECK(render_tree({s}) == "LLM n  1 ns  $0.50\n  · all  text=t  integer=-1  real=0.5  flag=true  list=[…]\n");
  }
}
