// logs.cpp: the recipes of docs/logs.md: the ids in log lines are those of the spans that were sent.
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <fmt_trace_ids.hpp>

#ifdef TEST_SPDLOG
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <spdlog_trace_ids.hpp>
#endif

#include <cstdio>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

#include "support/capture.hpp"

using support::capture;

namespace {

std::string ids_of(const support::span& s) { return "trace_id=" + support::to_hex(s.trace_id) + " span_id=" + support::to_hex(s.span_id); }

const std::string no_ids = "trace_id=" + std::string(32, '0') + " span_id=" + std::string(16, '0');

/// Logs before, within and after nested spans and on another thread; `log` gives the line. Each line must carry the ids of
/// the span that bears its text, or none.
template <class Log>
void check_lines(Log log) {
  capture c;
  const std::string before = log("before");
  std::string outer, inner, again, detached, elsewhere, nothing;
  {
    ARTHUR_AGENT_SPAN("outer");
    outer = log("outer");
    {
      ARTHUR_TOOL_SPAN("inner");
      inner = log("inner");
    }
    again = log("again");
    arthur::span job(arthur::kind::tool, "detached");
    std::thread([&] {
      nothing = log("nothing");
      const auto active = job.activate();
      detached = log("detached");
      ARTHUR_SPAN("elsewhere");
      elsewhere = log("elsewhere");
    }).join();
  }
  const std::string after = log("after");
  CHECK(before == no_ids + " before");
  CHECK(outer == ids_of(c.only("outer")) + " outer");
  CHECK(inner == ids_of(c.only("inner")) + " inner");
  CHECK(again == ids_of(c.only("outer")) + " again");
  CHECK(nothing == no_ids + " nothing");
  CHECK(detached == ids_of(c.only("detached")) + " detached");
  CHECK(elsewhere == ids_of(c.only("elsewhere")) + " elsewhere");
  CHECK(after == no_ids + " after");
}

}  // namespace

TEST_CASE("fmt: the ids as arguments") {
  check_lines([](const char* text) {
    return fmt::format("trace_id={} span_id={} {}", arthur::current_trace_id(), arthur::current_span_id(), text);
  });
  // Formats of texts apply.
  CHECK(fmt::format("{:.4}|{:>18}", arthur::current_trace_id(), arthur::current_span_id()) == "0000|  0000000000000000");
}

TEST_CASE("spdlog: a flag of the pattern") {
#ifdef TEST_SPDLOG
  std::ostringstream lines;
  const auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(lines));
  logger->set_formatter(with_trace_ids("%* %v"));
  check_lines([&](const char* text) {
    lines.str("");
    logger->info(text);
    std::string line = lines.str();
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    return line;
  });
#else
  std::puts("SKIP: logs.spdlog: no spdlog found");
#endif
}
