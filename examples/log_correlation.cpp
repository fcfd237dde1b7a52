// log_correlation.cpp: log lines that carry the ids of the span they were written in, so that one finds the other.
// shows: ^\[trace=[0-9a-f]{32} span=[0-9a-f]{16}\] looking for order A-1042
// shows: ^\[trace=0{32} span=0{16}\] no span is open here
// shows: ^TOOL get_order
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <cstdio>
#include <string>

// With a logging library this goes into its formatter: docs/logs.md has it for spdlog, fmt and quill.
void log(const std::string& line) {
  std::printf("[trace=%s span=%s] %s\n", arthur::current_trace_id().c_str(), arthur::current_span_id().c_str(), line.c_str());
}

int main() {
  const auto tracing = arthur::start();
  {
    ARTHUR_TOOL_SPAN("get_order", arthur::input("A-1042"));
    log("looking for order A-1042");
  }
  log("no span is open here");
}
