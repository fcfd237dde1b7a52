// plugin.cpp: a plug-in that uses the macros. Whether it brings the runtime is a matter of what it is linked with.
#include "plugin.h"

#include <arthur/arthur.hpp>

#include <atomic>
#include <cstring>
#include <new>
#include <utility>

namespace {

std::atomic<std::size_t> sent{0};
std::atomic<int> lines{0};
alignas(arthur::tracing_guard) unsigned char place[sizeof(arthur::tracing_guard)];

bool take(void*, const arthur::batch_view& batch) {
  sent += batch.spans;
  return true;
}
void say(void*, arthur::severity, const char* line) {
  if (std::strstr(line, "another arthur runtime runs in this process") != nullptr) ++lines;
}

}  // namespace

int plugin_start(const arthur_api*) {
  arthur::options o;
  o.on_batch = take;
  o.on_diagnostic = say;
  o.schedule_delay = std::chrono::hours(1);
  const auto* const guard = ::new (static_cast<void*>(place)) arthur::tracing_guard(arthur::start(o));
  static_cast<void>(arthur::flush(std::chrono::seconds(60)));  // its worker has looked around then
  return guard->ok() ? 1 : 0;
}

void plugin_run() {
  ARTHUR_TOOL_SPAN("plug-in");
  ARTHUR_LLM_SPAN("inner");
}

size_t plugin_stop() {
  static_cast<void>(arthur::flush(std::chrono::seconds(60)));
  std::launder(reinterpret_cast<arthur::tracing_guard*>(place))->~tracing_guard();
  return sent;
}

int plugin_lines() { return lines; }
