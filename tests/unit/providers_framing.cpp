// providers_framing.cpp: the bytes of an answer taken apart: the same pieces however they are cut, and bounded memory.
#define ARTHUR_WITH_JSON
#include <arthur/providers/answer_reader.hpp>
#include <arthur/providers/openai_chat.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace arthur::detail::providers;

namespace {

using pieces = std::vector<std::string>;

constexpr std::size_t plenty = 1 << 20;

/// Feeds what a cut leaves: the whole in one, in two at `cut`, or in steps of one byte where `cut` is 0.
template <class Feed>
void feed_cut(std::string_view bytes, std::size_t cut, Feed&& feed) {
  if (cut != 0) {
    feed(bytes.substr(0, cut));
    feed(bytes.substr(cut));
    return;
  }
  for (std::size_t n = 0; n < bytes.size(); ++n) feed(bytes.substr(n, 1));
}

pieces events(std::string_view bytes, std::size_t cut, std::size_t limit = plenty) {
  sse_splitter splitter(limit);
  pieces out;
  const auto use = [&out](std::string_view name, std::string_view data) { out.push_back(std::string(name) + '|' + std::string(data)); };
  feed_cut(bytes, cut, [&](std::string_view part) { splitter.feed(part, use); });
  splitter.finish(use);
  return out;
}

pieces values(std::string_view bytes, std::size_t cut, std::size_t limit = plenty) {
  json_splitter splitter(limit);
  pieces out;
  feed_cut(bytes, cut, [&](std::string_view part) { splitter.feed(part, [&out](std::string_view text) { out.emplace_back(text); }); });
  return out;
}

/// The same at every cut.
template <class Split>
void check_cuts(Split split, const std::string& bytes, const pieces& expected) {
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    INFO("cut at ", cut, " of ", bytes);
    REQUIRE(split(bytes, cut, plenty) == expected);
  }
}

/// The answer that a reader puts together, at each cut.
void check_read(const std::string& bytes, const char* expected) {
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    answer_reader reader(openai_chat_dialect, plenty);
    feed_cut(bytes, cut, [&](std::string_view part) { reader.feed(part); });
    reader.finish(true);
    INFO("cut at ", cut, " of ", bytes);
    REQUIRE(dump(reader.answer()) == expected);
    REQUIRE(reader.raw().text() == bytes);
    REQUIRE_FALSE(reader.truncated());
  }
}

}  // namespace

TEST_CASE("4.14.1 events come out whole, wherever the bytes are cut: in \"data:\", in a character, in a line's end, without the last blank line") {
  const pieces expected = {"|{\"a\":\"\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80\"}", "|[DONE]"};
  const std::string first = "data: {\"a\":\"\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80\"}";
  for (const char* const line : {"\n", "\r\n", "\r"}) {
    for (const char* const last : {"", "x", "xx"}) {  // line ends behind the last event
      std::string bytes = first + line + line + "data: [DONE]";
      for (const char* at = last; *at != '\0'; ++at) bytes += line;
      check_cuts(events, bytes, expected);
    }
  }
}

TEST_CASE("4.14.2 events with and without a space, of several data lines, with names, comments, retry and id") {
  check_cuts(events, "data:1\n\ndata: 2\n\ndata:  3\n\n", {"|1", "|2", "| 3"});
  check_cuts(events, "data: one\ndata:two\ndata\ndata: four\n\n", {"|one\ntwo\n\nfour"});
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    check_cuts(events, "event: a" + end + "data: 1" + end + "data: 2" + end + end, {"a|1\n2"});
  }
  check_cuts(events, ": ping\n\nevent: a\nretry: 10\nid: 7\n: OPENROUTER PROCESSING\ndata: 1\n\nevent: b\n\ndata: 2\n\n", {"a|1", "|2"});
  check_cuts(events, "\n\n\r\n:\n\nnonsense\n\nnonsense: 1\n\ndata\n\n", {"|"});
  check_cuts(events, "error: {\"code\":500}\n\n", {"error|{\"code\":500}"});
}

TEST_CASE("4.14.1 a line end of two bytes is one, a second of one byte another: also where each line ends in its own way") {
  check_cuts(events, "data: a\r\n\ndata: b\r\n\n", {"|a", "|b"});
  check_cuts(events, "data: a\r\rdata: b\n\ndata: c\n\r\ndata: d\r\n\r", {"|a", "|b", "|c", "|d"});
}

TEST_CASE("4.14.2 a byte order mark before the first event is skipped") {
  check_read("\xef\xbb\xbf" "data: {\"id\":\"1\"}\n\n", R"({"id":"1","choices":[]})");
  check_read("\xef\xbb\xbf \r\n{\"id\":\"1\"}", R"({"id":"1"})");
}

TEST_CASE("JSON values come out whole: lines, without lines, elements of an array") {
  const pieces expected = {R"({"a":"}\"{[\\"})", R"([1,{"b":[]}])", "{}"};
  check_cuts(values, R"([{"a":"}\"{[\\"},)" "\r\n" R"([1,{"b":[]}],{}])", expected);
  const pieces lines = {R"({"a":"}\"{[\\"})", R"({"b":[1]})", "{}"};
  check_cuts(values, R"({"a":"}\"{[\\"})" "\n" R"({"b":[1]})" "\r\n\n{}\n", lines);
  check_cuts(values, R"({"a":"}\"{[\\"}{"b":[1]}{})", lines);
  check_cuts(values, "[]", {});
  check_cuts(values, "{\"a\":1} {\"b\"", {"{\"a\":1}"});
}

TEST_CASE("which framing it is follows from the first byte, whatever a header says") {
  check_read("data: {\"id\":\"1\"}\n\n", R"({"id":"1","choices":[]})");
  check_read(": ping\n\ndata: {\"id\":\"1\"}\n\n", R"({"id":"1","choices":[]})");
  check_read("{\"id\":\"1\"}", R"({"id":"1"})");
  check_read("{\"id\":\"1\"}\n{\"model\":\"m\"}\n", R"({"id":"1","choices":[],"model":"m"})");
  check_read("<html>", "null");
  check_read("upstream connect error", "null");
  check_read("", "null");
  check_read("\"text\"", "null");
}

TEST_CASE("a piece beyond the limit is left out and counted, the others come; the buffer stays small") {
  const std::string large(1000, 'x');
  CHECK(events("data: 1\n\ndata: " + large + "\n\ndata: 3\n\n", 0, 100) == pieces{"|1", "|3"});
  CHECK(events("data: 1\n\n" + large + "\n\ndata: 3\n\n", 0, 100) == pieces{"|1", "|3"});
  CHECK(values("{}{\"a\":\"" + large + "\"}{\"b\":1}", 0, 100) == pieces{"{}", "{\"b\":1}"});
  // Many lines of one event are bounded like one long line.
  std::string many;
  for (int n = 0; n < 200; ++n) many += "data: 12345678\n";
  CHECK(events(many + "\ndata: 3\n\n", 7, 100) == pieces{"|3"});
  sse_splitter sse(100);
  sse.feed("data: " + large, [](std::string_view, std::string_view) {});
  sse.finish([](std::string_view, std::string_view) {});
  CHECK(sse.left_out() == 1);
  json_splitter lines(100);
  lines.feed("{" + large, [](std::string_view) {});
  CHECK(lines.within());
}

TEST_CASE("an answer is kept up to the limit and counted beyond it; what is folded goes on") {
  answer_reader reader(openai_chat_dialect, 200);
  const std::string chunk = R"(data: {"choices":[{"index":0,"delta":{"content":"word "}}]})" "\n\n";
  for (int n = 0; n < 10; ++n) reader.feed(chunk);
  reader.feed("data: {\"choices\":[],\"usage\":{\"total_tokens\":7}}\n\n");
  reader.finish(true);
  CHECK(reader.truncated());
  CHECK(reader.raw().text().size() == 200);
  CHECK(reader.raw().size() == 10 * chunk.size() + 49);
  CHECK(dump(reader.answer()) ==
        R"({"choices":[{"index":0,"message":{"content":"word word word word word word word word word word "}}],"usage":{"total_tokens":7}})");
}

TEST_CASE("JSON that would take too much isn't parsed: too deep, too many members in one object") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK_FALSE(parse(nested(max_depth)).is_discarded());
  CHECK(parse(nested(max_depth + 1)).is_discarded());
  CHECK(parse(nested(1000000)).is_discarded());
  const auto wide = [](std::size_t members) {
    std::string text = "{\"a\":[";
    for (std::size_t n = 0; n < members; ++n) text += (n == 0 ? "{\"k" : ",\"k") + std::to_string(n) + "\":\"::\"";
    return text + "}]}";
  };
  CHECK_FALSE(parse(wide(max_members)).is_discarded());
  CHECK(parse(wide(max_members + 1)).is_discarded());
  // Of several objects, each counts for itself.
  CHECK_FALSE(parse("[" + wide(max_members) + "," + wide(max_members) + "]").is_discarded());
}

TEST_CASE("4.14.8 halves of surrogate pairs and invalid UTF-8 become U+FFFD instead of costing the piece") {
  const auto text = [](const char* body) { return std::string(text_of(member(parse(body), "a"))); };
  CHECK(text(R"({"a":"x\ud83d"})") == "x\xef\xbf\xbd");
  CHECK(text(R"({"a":"\uDE00y"})") == "\xef\xbf\xbdy");
  CHECK(text(R"({"a":"\ud83d\ud83d\ude00"})") == "\xef\xbf\xbd\xf0\x9f\x98\x80");
  CHECK(text(R"({"a":"\\ud83d\ud83d\u0041"})") == "\\ud83d\xef\xbf\xbd" "A");
  CHECK(text("{\"a\":\"x\xf0\x9f\x98\"}") == "x\xef\xbf\xbd");
  CHECK(text("{\"a\":\"\xff\xc3\xa9\"}") == "\xef\xbf\xbd\xc3\xa9");
  CHECK(parse("{\"a\":\"\\ud83d\"").is_discarded());
  CHECK(parse("{\"a\":\"\\").is_discarded());
  CHECK(parse("\\ud8").is_discarded());
}

TEST_CASE("4.14.7 integers are read however they are written; what is none isn't") {
  const auto number = [](const char* text) {
    std::int64_t out = -1;
    const json value = parse(text);
    return integer_of(&value, out) ? out : -1;
  };
  CHECK(number("12") == 12);
  CHECK(number("12.0") == 12);
  CHECK(number("\"12\"") == 12);
  CHECK(number("1.2e1") == 12);
  CHECK(number("9223372036854775807") == 9223372036854775807);
  for (const char* const none : {"12.5", "\"\"", "\"12 tokens\"", "\"nan\"", "\"inf\"", "1e300", "9223372036854775808", "18446744073709551615", "true", "null", "[]", "{}"}) {
    INFO(none);
    CHECK(number(none) == -1);
  }
}
