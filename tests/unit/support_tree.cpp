// support_tree.cpp: the tree that examples show is right, fits the terminal, and can't be broken by what it prints.
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

  TEST_CASE("no line is wider than the terminal, whatever the text") {
    const std::string texts[] = {
        std::string(500, 'x'),
        "short",
        "",
        "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae\xe6\x96\x87\xe7\xab\xa0\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"
        "\xe3\x81\xae\xe6\x96\x87\xe7\xab\xa0\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
        "\xff\xfe\xff",
        "a\nb\tc\x1b[31mred"};
    for (std::size_t columns = 20; columns <= 120; columns += 7) {
      for (const std::string& in : texts) {
        for (const std::string& out : texts) {
          span root =
              with(with(make("a", "", "LLM", "chat", 0, 5), "input.value", text(in)), "output.value", text(out));
          span child = root;
          child.span_id = "b";
          child.parent_span_id = "a";
          const std::string tree = render_tree({root, child}, columns);
          CHECK(valid_utf8(tree));
          CHECK(tree.find('\x1b') == std::string::npos);
          std::size_t lines = 0;
          for (std::size_t from = 0; from < tree.size(); ++lines) {
            const std::size_t end = tree.find('\n', from);
            CHECK(display_width(tree.substr(from, end - from)) <= columns);
            from = end + 1;
          }
          CHECK(lines == 2);
        }
      }
    }
  }

  TEST_CASE("text is cut between characters, and a wide one counts twice") {
    CHECK(fit("hello", 5) == "hello");
    CHECK(fit("hello", 4) == "hel…");
    CHECK(fit("hello", 1) == "…");
    CHECK(fit("hello", 0).empty());
    CHECK(fit("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 6) == "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e");
    CHECK(fit("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 5) == "\xe6\x97\xa5\xe6\x9c\xac…");
    CHECK(fit("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 4) == "\xe6\x97\xa5…");
    CHECK(fit("e\xcc\x81" "e\xcc\x81" "e\xcc\x81", 2) == "e\xcc\x81…");  // combining accents stay with their letter
    CHECK(fit("a\xff", 9) == "a\xef\xbf\xbd");
    CHECK(fit("a\r\nb\x7f\xc2\x9b", 9) == "a  b  ");  // C1 too
    CHECK(fit("\xe2\x80\xae" "abc", 9) == " abc");        // no turning the line around
    CHECK(display_width("\xf0\x9f\x98\x80") == 2);
  }

  TEST_CASE("circles and repeated spans are printed once and end") {
    const span a = make("a", "b", "CHAIN", "a", 0, 1);
    const span b = make("b", "a", "CHAIN", "b", 0, 1);
    const span self = make("s", "s", "CHAIN", "self", 0, 1);
    const std::string tree = render_tree({a, b, self});
    CHECK(tree == "CHAIN a  1 ns\n└─ CHAIN b  1 ns\nCHAIN self  1 ns\n");
    const span root = make("r", "", "CHAIN", "root", 0, 1);
    const span child = make("c", "r", "CHAIN", "child", 0, 1);
    CHECK(render_tree({root, child, root, child}) ==
          "CHAIN root  1 ns\n├─ CHAIN child  1 ns\n└─ CHAIN child  1 ns\nCHAIN root  1 ns\n");
  }

  TEST_CASE("a chain deeper than the terminal is wide still ends") {
    std::vector<span> chain;
    for (int i = 0; i < 200; ++i) {
      chain.push_back(make("n" + std::to_string(i), i == 0 ? "" : "n" + std::to_string(i - 1), "CHAIN", "step", 0, 1));
    }
    const std::string tree = render_tree(chain, 60);
    CHECK(tree.size() > 100);
    for (std::size_t from = 0; from < tree.size();) {
      const std::size_t end = tree.find('\n', from);
      CHECK(display_width(tree.substr(from, end - from)) <= 60);
      from = end + 1;
    }
  }
}
