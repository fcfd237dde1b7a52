// console_tree.cpp: the tree of a trace is right, fits its width, and can't be broken by what it shows.
#include <arthur/arthur.hpp>
#include <arthur/console/tree.hpp>
#include <arthur/openinference/keys.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <clocale>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "otlp_support.hpp"
#include "support/otlp_decode.hpp"

namespace {

namespace c = arthur::detail::console;
using namespace otlp_test;

std::string id(const std::string& name) { return (name + "........").substr(0, 8); }

/// A Span message of the test's own making; `more`: further fields of it.
std::string make(const std::string& own, const std::string& parent, const std::string& kind, const std::string& name,
                 std::uint64_t start, std::uint64_t duration, const std::string& more = "") {
  constexpr std::uint64_t epoch = 1700000000000000000;
  std::string s = bytes_field(1, "0123456789abcdef") + bytes_field(2, id(own));
  if (!parent.empty()) s += bytes_field(4, id(parent));
  s += bytes_field(5, name) + fixed64_field(7, epoch + start) + fixed64_field(8, epoch + start + duration);
  if (!kind.empty()) s += attribute("openinference.span.kind", text_any(kind));
  return s + more;
}
std::string text(const std::string& key, const std::string& value) { return attribute(key, text_any(value)); }
std::string failed(const std::string& message) { return bytes_field(15, bytes_field(2, message) + varint_field(3, 2)); }
std::string event(const std::string& name, const std::vector<std::string>& pairs) {
  std::string e = fixed64_field(1, 5) + bytes_field(2, name);
  for (const auto& p : pairs) e += bytes_field(3, p);
  return bytes_field(11, e);
}

std::string draw(const std::vector<std::string>& bodies, std::size_t columns = 100, bool colour = false) {
  std::vector<c::tree_span> spans;
  for (const auto& b : bodies) spans.push_back({b, ""});
  std::string out;
  c::append_tree(out, spans, {columns, colour});
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = text.find('\n', from);
    REQUIRE(end != std::string::npos);
    out.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return out;
}

std::string fit(const std::string& text, std::size_t columns) {
  std::string out;
  c::append_fitted(out, text, columns);
  return out;
}
std::size_t width(const std::string& text) {
  std::string out;
  return c::append_fitted(out, text, 100000);
}

/// What the recorder really writes: one request, its spans taken out of it.
std::vector<std::string> recorded_bodies;
bool take(void*, const arthur::batch_view& batch) {
  bool good = true;
  for (const auto& resource : fields(std::string(batch.data, batch.size), good)) {
    for (const auto& scope : fields(resource.content, good)) {
      if (scope.number != 2) continue;
      for (const auto& span : fields(scope.content, good)) {
        if (span.number == 2) recorded_bodies.push_back(span.content);
      }
    }
  }
  return good;
}
std::uint64_t ticking() {
  static std::uint64_t now = 1700000000000000000;
  return now += 1500000;
}

}  // namespace

TEST_CASE("a trace is a tree: children by start time, tokens, cost, values, errors, events") {
  const std::string agent = make("a", "", "AGENT", "support-agent", 0, 12300000,
                                 text("input.value", "How do I get a refund?") + text("output.value", "Use the form."));
  const std::string chat =
      make("l", "a", "LLM", "chat", 2000, 3200000,
           attribute("llm.token_count.prompt", integer(120)) + attribute("llm.token_count.completion", integer(48)) +
               attribute("llm.cost.total", number(0.0031)) + text("llm.input_messages.0.message.role", "system") +
               text("llm.input_messages.0.message.content", "You are kind.") + text("llm.input_messages.1.message.content", "refund?") +
               text("llm.output_messages.0.message.tool_calls.0.tool_call.function.name", "lookup") +
               event("cache.miss", {key_value("key", text_any("k1")), key_value("size", integer(-7))}));
  const std::string search = make("r", "a", "RETRIEVER", "kb.search", 1000, 850000,
                                  text("retrieval.documents.0.document.content", "x") + text("retrieval.documents.1.document.content", "y") +
                                      text("output.value", "[what the engine shows]"));
  const std::string tool = make("t", "l", "TOOL", "lookup", 3000, 999, text("input.value", "{\"id\":7}") + failed("timed out") +
                                event("exception", {key_value("exception.type", text_any("net::timeout")), key_value("exception.message", text_any("timed out")),
                                                    key_value("exception.stacktrace", text_any("at 0x1\nat 0x2"))}));
  const std::string lost = make("o", "gone", "", "lost", 4000, 2500000000);
  CHECK(draw({lost, tool, chat, search, agent}) ==
        "AGENT support-agent  12.3 ms  \"How do I get a refund?\" → \"Use the form.\"\n"
        "├─ RETRIEVER kb.search  850 µs  → 2 documents\n"
        "└─ LLM chat  3.2 ms  120→48 tokens  $0.0031  \"refund?\" → \"lookup(…)\"\n"
        "   │ · cache.miss  key=k1  size=-7\n"
        "   └─ TOOL lookup  999 ns  ERROR timed out  {\"id\":7}\n"
        "        · exception  exception.type=net::timeout  exception.message=timed out\n"
        "SPAN lost  2.5 s\n");
}

TEST_CASE("what the recorder writes is read") {
  recorded_bodies.clear();
  {
    arthur::options o;
    o.on_batch = take;
    o.protocol = arthur::protocol::http_protobuf;
    o.clock = ticking;
    o.hide_outputs = true;
    const auto tracing = arthur::start(o);
    REQUIRE(tracing.ok());
    ARTHUR_AGENT_SPAN("support-agent", arthur::input("Is it warm in Paris?"), arthur::output("Yes."));
    {
      ARTHUR_TOOL_SPAN("get_weather", arthur::input_json(R"({"city":"Paris"})"));
      ARTHUR_EVENT("cache.miss");
      ARTHUR_ERROR("upstream timed out");
    }
    {
      ARTHUR_EMBEDDING_SPAN("embed", arthur::embedding("text", std::vector<double>{1, 2}));
    }
    {
      ARTHUR_RETRIEVER_SPAN("find");
      ARTHUR_SET(arthur::document("one"), arthur::document("two"), arthur::document("three"));
    }
    ARTHUR_LLM_SPAN("chat", arthur::input_message("user", "Is it warm in Paris?"), arthur::output_message("assistant", "Yes."));
    ARTHUR_SET(arthur::tokens(31, 7), arthur::cost(0.001, 0.0021));
  }
  CHECK(draw(recorded_bodies) ==
        "AGENT support-agent  15.0 ms  \"Is it warm in Paris?\" → \"__REDACTED__\"\n"
        "├─ TOOL get_weather  3.0 ms  ERROR upstream timed out  {\"city\":\"Paris\"}\n"
        "│    · cache.miss\n"
        "├─ EMBEDDING embed  1.5 ms  → 1 embedding\n"
        "├─ RETRIEVER find  1.5 ms  → 3 documents\n"
        "└─ LLM chat  1.5 ms  31→7 tokens  $0.0031  \"Is it warm in Paris?\"\n");
}

TEST_CASE("the keys that are shown are those that the builders write") {
  std::set<std::string> keys;
#define KEY(identifier, text) keys.insert(text);
  ARTHUR_SINGLE_KEYS(KEY)
  ARTHUR_LIST_KEYS(KEY)
#undef KEY
  // Each one alone changes the line; a key that isn't in the table would be a typing error here.
  const auto drawn = [&](const std::string& key, const std::string& more, const std::string& value) {
    CAPTURE(key);
    CHECK(keys.count(key) == 1);
    return draw({make("a", "", "LLM", "n", 0, 1, attribute(key + more, value))});
  };
  CHECK(drawn("llm.token_count.prompt", "", integer(3)) == "LLM n  1 ns  3→? tokens\n");
  CHECK(drawn("llm.token_count.completion", "", integer(3)) == "LLM n  1 ns  ?→3 tokens\n");
  CHECK(drawn("llm.token_count.total", "", integer(3)) == "LLM n  1 ns  3 tokens\n");
  CHECK(drawn("llm.cost.total", "", number(2)) == "LLM n  1 ns  $2.00\n");
  CHECK(drawn("llm.cost.prompt", "", number(0.25)) == "LLM n  1 ns  $0.25\n");
  CHECK(drawn("llm.cost.completion", "", integer(4)) == "LLM n  1 ns  $4.00\n");
  CHECK(drawn("input.value", "", text_any("in")) == "LLM n  1 ns  \"in\"\n");
  CHECK(drawn("output.value", "", integer(5)) == "LLM n  1 ns  → \"5\"\n");
  CHECK(drawn("llm.input_messages", ".12.message.content", text_any("in")) == "LLM n  1 ns  \"in\"\n");
  CHECK(drawn("llm.output_messages", ".0.message.contents.0.message_content.text", text_any("out")) == "LLM n  1 ns  → \"out\"\n");
  CHECK(drawn("reranker.output_documents", ".0.document.content", text_any("d")) == "LLM n  1 ns  → 1 document\n");
  CHECK(drawn("openinference.span.kind", "", text_any("DECISION")) == "DECISION n  1 ns\n");
}

TEST_CASE("no line is wider than it may be, whatever the text; nothing steers the terminal") {
  const std::string texts[] = {std::string(500, 'x'),
                               "short",
                               "",
                               "日本語の文章日本語の文章日本語の文章日本語の文章日本語の文章日本語の文章日本語の文章",
                               "\xff\xfe\xff\xc0\x80",
                               "a\nb\tc\x1b[31mred\x1b]0;title\x07\x1b[2J\xc2\x9b" "31m\xe2\x80\xae",
                               "e" + std::string("\xcc\x81") + "👩‍👩‍👧‍👦🇩🇪",
                               std::string("\0\0nul", 5)};
  for (std::size_t columns = 20; columns <= 120; columns += 5) {
    for (const std::string& in : texts) {
      for (const std::string& out : texts) {
        const std::string values = text("input.value", in) + text("llm.output_messages.0.message.content", out) + failed(out) +
                                   text("llm.token_count.prompt", in) + event(in, {key_value(out, text_any(in))});
        const std::string tree = draw({make("a", "", in, out, 0, 5, values), make("b", "a", "LLM", in, 0, 5, text("input.value", in) + text("output.value", out))}, columns);
        CHECK(support::valid_utf8(tree));
        const auto lines = lines_of(tree);
        CHECK(lines.size() == 3);
        for (const std::string& line : lines) {
          CHECK(width(line) <= columns);
          for (const char byte : line) CHECK(static_cast<unsigned char>(byte) >= 0x20);
          CHECK(line.find("\xc2\x9b") == std::string::npos);
          CHECK(line.find("\xe2\x80\xae") == std::string::npos);
        }
      }
    }
  }
}

TEST_CASE("text is cut between characters, and a wide one counts twice") {
  CHECK(fit("hello", 5) == "hello");
  CHECK(fit("hello", 4) == "hel…");
  CHECK(fit("hello", 1) == "…");
  CHECK(fit("hello", 0).empty());
  CHECK(fit("日本語", 6) == "日本語");
  CHECK(fit("日本語", 5) == "日本…");
  CHECK(fit("日本語", 4) == "日…");
  CHECK(fit("e\xcc\x81" "e\xcc\x81" "e\xcc\x81", 2) == "e\xcc\x81…");  // combining accents stay with their letter
  CHECK(fit("a\xff", 9) == "a\xef\xbf\xbd");
  CHECK(fit(" a\r\n\t b \n", 9) == " a b");
  CHECK(fit("a\x1b[1m\x7f\xc2\x9b", 9) == "a␛[1m␡\xef\xbf\xbd");
  CHECK(fit("\xe2\x80\xae" "abc", 9) == "\xef\xbf\xbd" "abc");  // no turning the line around
  CHECK(width("😀") == 2);
  std::string marks = "a";
  for (int n = 0; n < 100000; ++n) marks += "\xcc\x81";
  CHECK(fit(marks, 9).size() < 50);
}

TEST_CASE("missing names, unknown kinds, odd times") {
  CHECK(draw({make("a", "", "", "", 0, 0)}) == "SPAN (no name)  0 ns\n");
  CHECK(draw({make("a", "", "WIZARD", " \n", 0, 1)}) == "WIZARD (no name)  1 ns\n");
  CHECK(draw({make("a", "", "CHAIN", "back", 5000000, 0 - std::uint64_t{1200000})}) == "CHAIN back  -1.2 ms\n");
  CHECK(draw({make("a", "", "CHAIN", "n", 0, 1, failed(""))}) == "CHAIN n  1 ns  ERROR\n");
  CHECK(draw({}).empty());
  CHECK(draw({""}) == "SPAN (no name)  0 ns\n");
  CHECK(draw({make("a", "", "CHAIN", "cut", 0, 1) + "\x4a\x7f"}) == "CHAIN cut  1 ns  (the rest can't be read)\n");
}

TEST_CASE("durations and dollars read well, in every locale") {
  const char* const former = std::setlocale(LC_ALL, nullptr);
  const std::string kept = former == nullptr ? "C" : former;
  std::setlocale(LC_ALL, "de_DE.UTF-8");  // where it is installed its comma would show
  const auto d = [](std::uint64_t ns) { return c::duration_text(1000, 1000 + ns); };
  CHECK(d(0) == "0 ns");
  CHECK(d(999) == "999 ns");
  CHECK(d(1000) == "1.0 µs");
  CHECK(d(99940) == "99.9 µs");
  CHECK(d(99960) == "100 µs");
  CHECK(d(999499) == "999 µs");
  CHECK(d(999500) == "1.0 ms");
  CHECK(d(12345678) == "12.3 ms");
  CHECK(d(999500000) == "1.0 s");
  CHECK(d(3600000000000) == "3600 s");
  CHECK(c::duration_text(0, ~std::uint64_t{0}) == "18446744074 s");
  CHECK(c::dollar_text(0) == "$0.00");
  CHECK(c::dollar_text(0.0031) == "$0.0031");
  CHECK(c::dollar_text(0.1 + 0.2) == "$0.30");
  CHECK(c::dollar_text(0.0000001) == "<$0.000001");
  CHECK(c::dollar_text(1234.5) == "$1234.50");
  CHECK(c::dollar_text(-1.25) == "-$1.25");
  CHECK(c::dollar_text(std::numeric_limits<double>::quiet_NaN()) == "$?");
  CHECK(c::dollar_text(std::numeric_limits<double>::infinity()) == "$?");
  std::setlocale(LC_ALL, kept.c_str());
}

TEST_CASE("circles and repeated spans are drawn once each, and end") {
  CHECK(draw({make("a", "b", "CHAIN", "a", 0, 1), make("b", "a", "CHAIN", "b", 0, 1), make("s", "s", "CHAIN", "self", 0, 1)}) ==
        "CHAIN a  1 ns\n└─ CHAIN b  1 ns\nCHAIN self  1 ns\n");
  // A circle with a tail.
  CHECK(draw({make("t", "c", "CHAIN", "tail", 3, 1), make("a", "c", "CHAIN", "a", 0, 1), make("b", "a", "CHAIN", "b", 1, 1), make("c", "b", "CHAIN", "c", 2, 1)}) ==
        "CHAIN a  1 ns\n└─ CHAIN b  1 ns\n   └─ CHAIN c  1 ns\n      └─ CHAIN tail  1 ns\n");
  const std::string root = make("r", "", "CHAIN", "root", 0, 1);
  const std::string child = make("c", "r", "CHAIN", "child", 0, 1);
  CHECK(draw({root, child, root, child}) == "CHAIN root  1 ns\n├─ CHAIN child  1 ns\n└─ CHAIN child  1 ns\nCHAIN root  1 ns\n");
}

TEST_CASE("ten thousand children are all there, in order") {
  std::vector<std::string> spans;
  for (unsigned n = 0; n < 10000; ++n) spans.push_back(make("c" + std::to_string(n), "r", "TOOL", "n" + std::to_string(n), n, 1));
  std::reverse(spans.begin(), spans.end());
  spans.push_back(make("r", "", "AGENT", "root", 0, 1));
  const auto lines = lines_of(draw(spans));
  REQUIRE(lines.size() == 10001);
  for (std::size_t n = 0; n < 10000; ++n) {
    CHECK(lines[n + 1] == (n == 9999 ? "└─ TOOL n" : "├─ TOOL n") + std::to_string(n) + "  1 ns");
  }
}

TEST_CASE("a chain deeper than the line is wide says how deep it is; depth costs no stack") {
  const auto chain = [](int depth) {
    std::vector<std::string> spans;
    for (int n = 0; n < depth; ++n) {
      spans.push_back(make("n" + std::to_string(n), n == 0 ? "" : "n" + std::to_string(n - 1), "CHAIN", "step", static_cast<unsigned>(n), 1));
    }
    return lines_of(draw(spans, 60));
  };
  const auto lines = chain(200);
  REQUIRE(lines.size() == 200);
  CHECK(lines[10] == std::string(27, ' ') + "└─ CHAIN step  1 ns");
  CHECK(lines[11] == std::string(27, ' ') + "└─ (depth 11) CHAIN step  1 ns");
  CHECK(lines[199] == std::string(27, ' ') + "└─ (depth 199) CHAIN step  1 ns");
  CHECK(chain(100000).size() == 100000);
}

TEST_CASE("a service is named where it isn't the one above") {
  const std::string a = make("a", "", "AGENT", "a", 0, 1), b = make("b", "a", "LLM", "b", 1, 1), d = make("d", "b", "TOOL", "d", 2, 1);
  std::string out;
  c::append_tree(out, {{a, ""}, {b, "billing"}, {d, "billing"}}, {});
  CHECK(out == "AGENT a  1 ns\n└─ LLM b [billing]  1 ns\n   └─ TOOL d  1 ns\n");
}

TEST_CASE("colours surround what is shown and change no letter of it") {
  const std::vector<std::string> spans = {make("a", "", "AGENT", "a\x1b[0m", 0, 1, failed("no") + attribute("llm.cost.total", number(1)) + text("input.value", "x")),
                                          make("b", "a", "LLM", "b", 1, 1, event("e", {key_value("k", text_any("v"))})),
                                          make("d", "b", "LLM", std::string(200, 'x'), 2, 1)};
  const std::string plain = draw(spans);
  std::string coloured = draw(spans, 100, true);
  CHECK(plain.find('\x1b') == std::string::npos);
  CHECK(coloured.find("\x1b[31mERROR no\x1b[0m") != std::string::npos);
  CHECK(coloured.find("\x1b[36mAGENT\x1b[0m") != std::string::npos);
  bool on = false;
  for (std::size_t at = coloured.find('\x1b'); at != std::string::npos; at = coloured.find('\x1b', at)) {
    const std::size_t end = coloured.find('m', at);
    on = !on;
    CHECK((coloured.substr(at, end - at) == "\x1b[0") == !on);  // each is closed before the next
    coloured.erase(at, end + 1 - at);
  }
  CHECK(!on);
  CHECK(coloured == plain);
}
