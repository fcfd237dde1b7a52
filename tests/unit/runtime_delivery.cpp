// runtime_delivery.cpp: what becomes of a batch, for every answer; on a clock of the test's own.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "delivery_bench.hpp"

using namespace delivery_bench;

TEST_CASE("each final answer puts every span in one counter and is never repeated") {
  const struct {
    d::profile profile;
    int status;
    std::string body;
    std::uint64_t delivered, rejected, failed;
  } rows[] = {
      {d::profile::arthur, 200, "", 4, 0, 0},
      {d::profile::arthur, 200, "garbage", 4, 0, 0},
      {d::profile::arthur, 206, R"({"total_spans":4,"accepted_spans":3,"rejected_spans":1,"rejection_reasons":["Invalid"]})", 3, 1, 0},
      {d::profile::arthur, 422, R"({"rejected_spans":4,"rejection_reasons":["Invalid"]})", 0, 4, 0},
      {d::profile::arthur, 401, R"({"detail":"Bad credentials"})", 0, 4, 0},
      {d::profile::arthur, 403, R"({"detail":"Forbidden"})", 0, 4, 0},
      {d::profile::arthur, 404, "", 0, 4, 0},
      {d::profile::arthur, 307, "", 0, 4, 0},
      {d::profile::otlp, 200, R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"no"}})", 1, 3, 0},
      {d::profile::otlp, 200, "{}", 4, 0, 0},
      {d::profile::otlp, 400, "", 0, 4, 0},
      {d::profile::otlp, 500, "", 0, 4, 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.status);
    CAPTURE(row.body);
    bench b(row.profile);
    b.answers.spans = [&row](const auto&) { return row.status; };
    b.answers.body = row.body;
    b.begin(4);
    b.run();
    CHECK_FALSE(b.delivery->busy());
    CHECK(b.get(b.counters.delivered) == row.delivered);
    CHECK(b.get(b.counters.rejected) == row.rejected);
    CHECK(b.get(b.counters.failed) == row.failed);
    CHECK(b.total() == 4);
    CHECK(b.answers.span_requests == 1);
  }
}

TEST_CASE("a web page with status 200 is no answer of the engine") {
  bench b;
  b.answers.body = "<html>Log in</html>";
  b.answers.body_type = "text/html; charset=utf-8";
  b.begin(4);
  b.run();
  CHECK(b.get(b.counters.unconfirmed) == 4);
  CHECK(b.said("a web page came instead"));
  bench otlp(d::profile::otlp);
  otlp.answers.body_type = "text/html";
  otlp.begin(4);
  otlp.run();
  CHECK(otlp.get(otlp.counters.delivered) == 4);
}

TEST_CASE("connect failures and 429, 502, 503 are repeated after a pause until they pass, for OTLP 504, too") {
  for (const int status : {0, 429, 502, 503, 504}) {
    CAPTURE(status);
    bench b(status == 504 ? d::profile::otlp : d::profile::arthur);
    b.asks = false;
    b.answers.spans = [&](const auto&) { return b.answers.span_requests < 5 ? status : 200; };
    b.begin(3);
    const std::uint64_t started = b.now;
    b.run();
    CHECK(b.get(b.counters.delivered) == 3);
    CHECK(b.answers.span_requests == 5);
    CHECK(b.answers.stored.count("s1") == 1);
    CHECK(b.now - started >= 4 * 250000000U);
    CHECK(b.get(b.counters.retries) == 4);
  }
}

TEST_CASE("Retry-After is honoured") {
  bench b;
  b.answers.retry_after = "17";
  b.answers.spans = [&](const auto&) { return b.answers.span_requests < 2 ? 503 : 200; };
  b.begin(1);
  const std::uint64_t started = b.now;
  b.run();
  CHECK(b.now - started >= 17000000000U);
  CHECK(b.get(b.counters.delivered) == 1);
}

TEST_CASE("a lost answer is unconfirmed for the engine and repeated for OTLP") {
  {
    bench b;
    b.answers.spans = [](const auto&) { return -1; };
    b.begin(5);
    b.run();
    CHECK(b.get(b.counters.unconfirmed) == 5);
    CHECK(b.answers.span_requests == 1);
  }
  bench b(d::profile::otlp);
  b.answers.spans = [&](const auto&) { return b.answers.span_requests < 3 ? -1 : 200; };
  b.begin(5);
  b.run();
  CHECK(b.get(b.counters.delivered) == 5);
  CHECK(b.answers.span_requests == 3);
}

TEST_CASE("a lost answer whose spans the engine has is a delivery, found by asking at once") {
  bench b;
  b.with_witness();
  b.answers.spans = [&](const std::vector<std::string>& names) {
    for (const auto& n : names) b.answers.stored.insert(n);
    return -1;
  };
  b.begin(5);
  b.run();
  CHECK(b.delivery->in_doubt());
  b.pass(3);
  CHECK_FALSE(b.delivery->in_doubt());
  CHECK(b.get(b.counters.delivered) == 1 + 5);
  CHECK(b.answers.asked == std::vector<std::string>{"s0", "s1", "s2", "s3", "s4"});
  CHECK(b.answers.span_requests == 1);
}

TEST_CASE("what the engine doesn't have two minutes after a lost answer is sent again, once") {
  bench b;
  b.with_witness();
  // Without an answer for the first time; of three spans the engine stored one and would refuse another for good.
  b.answers.spans = [&](const std::vector<std::string>& names) {
    if (b.answers.span_requests > 1) return 200;
    b.answers.stored.insert(names.at(1));
    return -1;
  };
  b.begin(3);
  b.run();
  const std::uint64_t sent = b.now;
  b.pass(119);
  CHECK(b.answers.span_requests == 1);
  CHECK(b.delivery->in_doubt());
  b.pass(10);
  CHECK(b.answers.span_requests == 2);
  CHECK(b.now - sent >= d::believed_after);
  CHECK_FALSE(b.delivery->in_doubt());
  CHECK(b.get(b.counters.delivered) == 1 + 3);
  for (const char* name : {"s0", "s1", "s2"}) CHECK(b.answers.stored.count(name) == 1);
}

TEST_CASE("without a span that the engine shows us, 'not there' is not believed") {
  bench b;
  b.settings.memory_limit = std::size_t{64} << 20;
  b.answers.spans = [](const auto&) { return -1; };
  b.begin(2);
  b.run();
  b.pass(600);
  CHECK(b.answers.span_requests == 1);
  CHECK(b.delivery->in_doubt());
  // It sees nothing of what it sends: its role, or another organisation.
  b.answers.spans = [](const auto&) { return 200; };
  b.begin(1, 10);
  b.run();
  b.answers.stored.clear();
  b.pass(60);
  CHECK(b.answers.span_requests == 2);
  CHECK_FALSE(b.delivery->in_doubt());
  CHECK(b.get(b.counters.unconfirmed) == 2);
  CHECK(b.get(b.counters.delivered) == 1);
}

TEST_CASE("a key that may not read is told so once: what got no answer is unconfirmed") {
  for (const int status : {401, 403, 405}) {
    CAPTURE(status);
    bench b;
    b.with_witness();
    b.answers.asked_answer = status;
    b.answers.spans = [](const auto&) { return -1; };
    b.begin(4);
    b.run();
    b.pass(1);
    CHECK(b.get(b.counters.unconfirmed) == 4);
    CHECK(b.said("the key may not read traces"));
    b.begin(4);
    b.run();
    CHECK(b.get(b.counters.unconfirmed) == 8);
    CHECK(b.answers.asked.size() == 1);
    CHECK(b.answers.span_requests == 2);
  }
}

TEST_CASE("while the engine can't be asked, nothing is decided; at the end what is in doubt is unconfirmed") {
  bench b;
  b.with_witness();
  b.answers.asked_answer = -1;
  b.answers.spans = [](const auto&) { return -1; };
  b.begin(4);
  b.run();
  b.pass(1000);
  CHECK(b.delivery->in_doubt());
  CHECK(b.answers.asked.size() < 100);
  b.delivery->hurry();
  const std::size_t asked = b.answers.asked.size();
  b.pass(1000);
  CHECK(b.answers.asked.size() == asked + 1);
  CHECK(b.delivery->discard() == 0);
  CHECK(b.get(b.counters.unconfirmed) == 4);
  CHECK(b.total() == 5);
}

TEST_CASE("a gateway that lost sight of a request leaves it in doubt, if the engine can be asked") {
  for (const int status : {502, 504}) {
    CAPTURE(status);
    bench b;
    b.with_witness();
    b.answers.spans = [&](const std::vector<std::string>& names) {
      for (const auto& n : names) b.answers.stored.insert(n);
      return status;
    };
    b.begin(4);
    b.run();
    b.pass(1);
    CHECK(b.get(b.counters.delivered) == 5);
    CHECK(b.answers.span_requests == 1);
  }
}

TEST_CASE("after 504 the engine may store the spans still: who can't ask leaves them unconfirmed") {
  bench b;
  b.asks = false;
  b.answers.spans = [](const auto&) { return 504; };
  b.begin(4);
  b.run();
  CHECK(b.get(b.counters.unconfirmed) == 4);
  CHECK(b.answers.span_requests == 1);
}

TEST_CASE("OTLP gives an export up after its time, the engine's spans wait") {
  bench b(d::profile::otlp);
  b.answers.spans = [](const auto&) { return 503; };
  b.begin(2);
  b.run();
  CHECK(b.get(b.counters.failed) == 2);
  bench e;
  e.answers.spans = [](const auto&) { return 503; };
  e.begin(2);
  e.run(200);
  CHECK(e.delivery->busy());
  CHECK(e.now > 1000000000000U);
  CHECK(e.delivery->discard() == 2);
  CHECK_FALSE(e.delivery->busy());
}

TEST_CASE("one poisonous span among many is dropped alone, wherever it stands, and nothing is stored twice") {
  for (const int poison : {0, 1, 63, 64, 126, 127}) {
    CAPTURE(poison);
    bench b;
    const std::string bad = "s" + std::to_string(poison);
    b.answers.spans = [&](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), bad) == names.end() ? 200 : 500;
    };
    b.begin(128);
    b.run();
    CHECK_FALSE(b.delivery->busy());
    CHECK(b.get(b.counters.delivered) == 127);
    CHECK(b.get(b.counters.rejected) == 1);
    CHECK(b.answers.stored.size() == 127);
    for (int n = 0; n < 128; ++n) CHECK(b.answers.stored.count("s" + std::to_string(n)) == (n == poison ? 0U : 1U));
    CHECK(b.said("accepts its siblings"));
    CHECK(b.answers.span_requests < 24);
  }
}

TEST_CASE("two poisonous spans side by side are found when others are accepted") {
  bench b;
  b.answers.spans = [&](const std::vector<std::string>& names) {
    for (const auto& n : names) {
      if (n == "s6" || n == "s7") return 500;
    }
    return 200;
  };
  b.begin(8);
  b.run(60);
  CHECK(b.get(b.counters.delivered) == 6);
  // Alone with each other they look like an outage: they are held, never taken for delivered.
  if (b.delivery->busy()) {
    CHECK(b.delivery->holding());
    b.add("fresh");
    b.delivery->begin(b.now);
    b.run();
  }
  CHECK(b.get(b.counters.rejected) == 2);
  CHECK(b.answers.stored.count("s6") == 0);
  CHECK_FALSE(b.delivery->busy());
}

TEST_CASE("500 for everything is an outage: nothing is dropped, and all goes when it ends") {
  bench b;
  bool down = true;
  b.answers.spans = [&](const auto&) { return down ? 500 : 200; };
  b.begin(128);
  b.run(40);
  CHECK(b.total() == 0);
  CHECK(b.delivery->busy());
  CHECK(b.delivery->spans() == 128);
  CHECK(b.said("500 to everything"));
  down = false;
  b.delivery->begin(b.now);
  b.run();
  CHECK(b.get(b.counters.delivered) == 128);
  CHECK(b.answers.stored.size() == 128);
}

TEST_CASE("an outage that begins in the middle of a split drops nothing that was not refused alone") {
  bench b;
  int accepted = 0;
  bool down = false;
  b.answers.spans = [&](const std::vector<std::string>& names) {
    if (down || std::find(names.begin(), names.end(), "s9") != names.end()) return 500;
    if (++accepted == 1) down = true;  // the first half that is accepted is the last thing the engine does
    return 200;
  };
  b.begin(64);
  b.run(100);
  CHECK(b.get(b.counters.rejected) == 0);
  down = false;
  accepted = 10;
  b.delivery->begin(b.now);
  b.run();
  CHECK(b.get(b.counters.rejected) == 1);
  CHECK(b.get(b.counters.delivered) == 63);
  for (const auto& n : b.answers.stored) CHECK(b.answers.stored.count(n) == 1);
}

TEST_CASE("a 400 for proven data isolates the span, without proof it changes the encoding") {
  {
    bench b;
    b.answers.spans = [&](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), "s3") == names.end() ? 200 : 400;
    };
    b.begin(16);
    b.run();
    CHECK(b.get(b.counters.delivered) == 15);
    CHECK(b.get(b.counters.rejected) == 1);
  }
  bench b(d::profile::arthur, arthur::protocol::automatic);
  b.answers.spans = [&](const auto&) { return b.answers.sent.back().content_type == "application/json" ? 415 : 200; };
  b.begin(2);
  b.run();
  CHECK(b.get(b.counters.delivered) == 2);
  CHECK(b.answers.sent.back().content_type == "application/x-protobuf");
}

TEST_CASE("the probe decides the encoding once, with an empty request") {
  const struct {
    int probe;
    const char* type;
  } rows[] = {{200, "application/json"},       {400, "application/x-protobuf"}, {415, "application/x-protobuf"},
              {422, "application/x-protobuf"}, {401, "application/json"},       {404, "application/json"}};
  for (const auto& row : rows) {
    CAPTURE(row.probe);
    bench b(d::profile::arthur, arthur::protocol::automatic);
    b.answers.probe = row.probe;
    b.begin(1);
    b.run();
    b.begin(1);
    b.run();
    REQUIRE(b.answers.sent.size() == 3);
    CHECK(b.answers.sent[0].body == R"({"resourceSpans":[]})");
    CHECK(b.answers.sent[1].content_type == row.type);
    CHECK(b.answers.sent[2].content_type == row.type);
  }
  // Not while the endpoint is away: the question is asked again.
  bench b(d::profile::arthur, arthur::protocol::automatic);
  b.answers.probe = 503;
  b.begin(1);
  b.run(3);
  CHECK(b.answers.span_requests == 0);
  b.answers.probe = 400;
  b.run();
  CHECK(b.get(b.counters.delivered) == 1);
  CHECK(b.answers.sent.back().content_type == "application/x-protobuf");
}

TEST_CASE("a task's name is looked up before the first export: exact match, all pages, newest first") {
  bench b;
  b.settings.task_name = "Support";
  b.answers.other = [](const std::string& target) {
    d::response r;
    r.status = 200;
    const bool second = target.find("page=1&") != std::string::npos;
    std::string tasks;
    for (int n = 0; n < (second ? 1 : 100); ++n) {
      tasks += (n == 0 ? "" : ",") + std::string(R"({"id":"no","name":"support )") + std::to_string(n) + "\"}";
    }
    if (second) tasks += R"(,{"id":"old","name":"Support","is_archived":true},{"id":"right","name":"Support"},{"id":"older","name":"Support"})";
    r.body = "{\"count\":104,\"tasks\":[" + tasks + "]}";
    return r;
  };
  b.begin(1);
  b.run();
  CHECK(b.get(b.counters.delivered) == 1);
  const auto request = support::decode_protobuf(b.answers.sent.back().body);
  REQUIRE(request.has_value());
  REQUIRE(request->resources.at(0).resource.find("arthur.task") != nullptr);
  CHECK(request->resources.at(0).resource.find("arthur.task")->text == "right");
}

TEST_CASE("a key that may not read tasks is told so once, and the service name is used") {
  for (const int status : {403, 401, 404}) {
    bench b;
    b.settings.task_name = "Support";
    b.answers.other = [status](const std::string&) {
      d::response r;
      r.status = status;
      return r;
    };
    b.begin(1);
    b.run();
    b.begin(1);
    b.run();
    CHECK(b.get(b.counters.delivered) == 2);
    CHECK(b.lines.size() == 1);
    CHECK(b.said("service name"));
    const auto request = support::decode_protobuf(b.answers.sent.back().body);
    CHECK(request->resources.at(0).resource.find("arthur.task") == nullptr);
  }
}
