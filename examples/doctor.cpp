// doctor.cpp: does tracing work here, and if not, what is to be changed? The environment is that of the program to be traced.
// shows: ^CHAIN arthur\.check
// shows: ^ +ok +test span +accepted as the trace [0-9a-f]{32}
// shows: ^Tracing works\.
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <cstdio>

int main() {
  const auto result = arthur::check();
  for (const auto& step : result) {
    const char* const outcomes[] = {"ok", "WARNING", "FAILED", "-"};
    std::printf("%9s  %-13s  %s\n", outcomes[static_cast<int>(step.outcome)], step.name, step.text.c_str());
    if (!step.fix.empty()) std::printf("%24s  -> %s\n", "", step.fix.c_str());
  }
  std::puts(result.ok() ? "Tracing works." : "Tracing does not work: change what the arrows say.");
  return result.ok() ? 0 : 1;
}
