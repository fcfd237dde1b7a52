// streaming.cpp: arthur::llm_stream: what is recorded of an answer that arrives in pieces, however it ends.
#include <arthur/testing.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using arthur::testing::capture;
using std::chrono::milliseconds;

namespace {

/// Time moves by hand only.
void hold(capture& spans) { spans.step(milliseconds(0)); }

}  // namespace

TEST_CASE("a stream that is finished: event and time of the first piece, pieces a second, the answer put together") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  hold(spans);
  {
    ARTHUR_AGENT_SPAN("agent");
    arthur::llm_stream stream("chat", arthur::model("gpt-4o"), arthur::input_message("user", "Is it warm?"));
    CHECK(stream.recording());
    spans.advance(milliseconds(250));
    stream.chunk("Yes, ");
    spans.advance(milliseconds(1000));
    stream.chunk("24");
    spans.advance(milliseconds(1000));
    stream.chunk(" degrees.");
    spans.advance(milliseconds(50));
    stream.set(arthur::tokens(120, 5), arthur::finish_reason("stop"));
    stream.finish();
    stream.chunk("ignored");
    stream.set(arthur::attribute("ignored", 1));
  }
  const auto agent = spans.find("agent"), s = spans.find("chat");
  CHECK(s.kind == "LLM");
  CHECK(s.status == "OK");
  CHECK(s.is_child_of(agent));
  CHECK(s.duration() == milliseconds(2300));
  REQUIRE(s.events.size() == 1);
  CHECK(s.events[0].name == "First Token Stream Event");
  CHECK(s.events[0].time == s.start + 250000000);
  CHECK(s.events[0].attributes.empty());
  CHECK(s.attribute("gen_ai.response.time_to_first_chunk") == 0.25);
  CHECK(s.attribute("llm.tokens_per_second") == 2.0);
  CHECK(s.attribute("output.value") == "Yes, 24 degrees.");
  CHECK(s.attribute("llm.output_messages.0.message.role") == "assistant");
  CHECK(s.attribute("llm.output_messages.0.message.content") == "Yes, 24 degrees.");
  CHECK(s.attribute("llm.input_messages.0.message.content") == "Is it warm?");
  CHECK(s.attribute("llm.token_count.total") == 125);
  CHECK_FALSE(s.has("ignored"));
}

TEST_CASE("a stream that nobody reads to its end is UNSET and has the answer so far") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  {
    arthur::llm_stream stream("chat");
    stream.chunk("Once upon");
    stream.chunk(" a");
  }
  const auto s = spans.find("chat");
  CHECK(s.status == "UNSET");
  CHECK(s.message.empty());
  CHECK(s.attribute("output.value") == "Once upon a");
  CHECK(s.events.size() == 1);
  CHECK_FALSE(s.has("llm.tokens_per_second"));
}

TEST_CASE("a stream that breaks is an ERROR and has the answer so far") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  {
    arthur::llm_stream stream("said");
    stream.chunk("Once");
    stream.fail("connection reset");
  }
  try {
    arthur::llm_stream stream("thrown");
    stream.chunk("upon");
    throw std::runtime_error("lost");
  } catch (const std::runtime_error&) {
  }
  try {
    arthur::traced(arthur::kind::chain, "around", [] {
      arthur::llm_stream stream("thrown and seen");
      arthur::traced(arthur::kind::chain, "read", [] { throw std::runtime_error("lost"); });
    });
  } catch (const std::runtime_error&) {
  }
  const auto said = spans.find("said"), thrown = spans.find("thrown"), seen = spans.find("thrown and seen");
  CHECK(said.status == "ERROR");
  CHECK(said.message == "connection reset");
  CHECK(said.attribute("output.value") == "Once");
  CHECK(thrown.status == "ERROR");
  CHECK(thrown.message == "exception left the scope");
  CHECK(thrown.attribute("llm.output_messages.0.message.content") == "upon");
  CHECK(seen.status == "ERROR");
  CHECK(seen.message == "std::runtime_error: lost");
}

TEST_CASE("a stream without a piece has no first one and no answer") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  {
    arthur::llm_stream stream("refused");
    stream.fail("503");
  }
  const auto s = spans.find("refused");
  CHECK(s.events.empty());
  CHECK_FALSE(s.has("gen_ai.response.time_to_first_chunk"));
  CHECK_FALSE(s.has("output.value"));
  CHECK_FALSE(s.has("llm.output_messages.0.message.role"));
}

TEST_CASE("a piece without text is a first piece all the same") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  {
    arthur::llm_stream stream("chat");
    stream.chunk();
    stream.finish();
  }
  const auto s = spans.find("chat");
  CHECK(s.events.size() == 1);
  CHECK_FALSE(s.has("output.value"));
}

TEST_CASE("what the program sets itself isn't set over it") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  {
    arthur::llm_stream stream("chat");
    stream.chunk("{\"raw\"");
    stream.chunk(":1}");
    stream.set(arthur::output_json("{\"id\":7}"), arthur::output_message("assistant", "", arthur::tool_call("c1", "find", "{}")));
    stream.finish();
  }
  const auto s = spans.find("chat");
  CHECK(s.attribute("output.value") == "{\"id\":7}");
  CHECK(s.attribute("llm.output_messages.0.message.content") == "");
  CHECK(s.attribute("llm.output_messages.0.message.tool_calls.0.tool_call.id") == "c1");
  CHECK_FALSE(s.has("llm.output_messages.1.message.content"));
}

TEST_CASE("a stream moves, crosses threads and may be current") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  {
    arthur::llm_stream begun("chat");
    arthur::llm_stream stream;
    stream = std::move(begun);
    CHECK_FALSE(begun.recording());
    std::thread([held = std::move(stream)]() mutable {
      const auto active = held.activate();
      held.chunk("from another thread");
      { ARTHUR_TOOL_SPAN("inside"); }
      held.finish();
    }).join();
  }
  const auto s = spans.find("chat");
  CHECK(s.status == "OK");
  CHECK(s.attribute("output.value") == "from another thread");
  CHECK(spans.find("inside").is_child_of(s));
}

TEST_CASE("an answer longer than a block of memory stays whole, and all of it is given back") {
  std::string whole;
  arthur::statistics after;
  {
    capture spans;
    REQUIRE_MESSAGE(spans.ok(), spans.error());
    const std::uint64_t before = arthur::stats().bytes_held;
    for (int round = 0; round < 3; ++round) {
      whole.clear();
      arthur::llm_stream stream("chat");
      for (int n = 0; n < 5000; ++n) {
        const std::string piece = std::to_string(n) + ' ';
        whole += piece;
        stream.chunk(piece);
        if (n % 100 == 0) {
          ARTHUR_SPAN("between");
        }
      }
      stream.finish();
      spans.take();
      arthur::llm_stream again("chat");
      again.chunk(whole);
      again.finish();
      const auto s = spans.find("chat");
      CHECK(s.attribute("output.value") == arthur::testing::value(whole));
      CHECK(s.attribute("llm.output_messages.0.message.content") == arthur::testing::value(whole));
      spans.take();
    }
    CHECK(arthur::stats().bytes_held <= before + 64 * 1024);
  }
}

TEST_CASE("a hidden answer is not kept anywhere, and each switch hides its own") {
  const auto with = [](void (*choose)(arthur::options&)) {
    arthur::options settings;
    choose(settings);
    capture spans(settings);
    REQUIRE_MESSAGE(spans.ok(), spans.error());
    {
      arthur::llm_stream stream("chat");
      stream.chunk("the ");
      stream.chunk("secret");
      stream.finish();
    }
    return spans.find("chat");
  };
  const auto all = with([](arthur::options& o) { o.hide_outputs = true; });
  CHECK(all.status == "OK");
  CHECK(all.events.size() == 1);
  CHECK(all.attribute("output.value") == "__REDACTED__");
  CHECK_FALSE(all.has("llm.output_messages.0.message.role"));
  CHECK(arthur::testing::to_string(all).find("secret") == std::string::npos);
  const auto text = with([](arthur::options& o) { o.hide_output_text = true; });
  CHECK(text.attribute("output.value") == "the secret");  // as OpenInference has it
  CHECK(text.attribute("llm.output_messages.0.message.role") == "assistant");
  CHECK(text.attribute("llm.output_messages.0.message.content") == "__REDACTED__");
  const auto messages = with([](arthur::options& o) { o.hide_output_messages = true; });
  CHECK(messages.attribute("output.value") == "the secret");
  CHECK_FALSE(messages.has("llm.output_messages.0.message.content"));
}

TEST_CASE("a stream for whose last attributes there is no room is dropped once") {
  arthur::options o;
  o.memory_limit = std::size_t{256} << 10;
  capture spans(o);
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  hold(spans);
  const arthur::statistics before = arthur::stats();
  {
    arthur::llm_stream streams[2];
    for (arthur::llm_stream& one : streams) {
      one = arthur::llm_stream("chat");
      one.set(arthur::tokens(1, 5));
      one.chunk("a");
      spans.advance(milliseconds(1000));
      one.chunk("b");
    }
    const auto dropped = [&] { return arthur::stats().dropped_pool_full - before.dropped_pool_full; };
    std::vector<arthur::context> all_room;
    for (int n = 0; n < 64; ++n) all_room.push_back(arthur::context().with(arthur::session_id("s")));
    int sets = 0;
    for (; dropped() == 0 && sets < 10000; ++sets) streams[0].set(arthur::attribute("k", true));
    for (int n = 0; n < sets - 1; ++n) streams[1].set(arthur::attribute("k", true));
    CHECK(dropped() == 1);
    streams[1].finish();
    CHECK(dropped() == 2);
  }
  CHECK(arthur::stats().open == before.open);
}

TEST_CASE("without a runtime a stream does nothing") {
  arthur::llm_stream stream("chat", arthur::model("gpt-4o"));
  CHECK_FALSE(stream.recording());
  stream.chunk("x");
  stream.fail("y");
}
