// plugin.cpp: a DLL with tracing of its own; two spans are delivered, three wait when the process ends.
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

extern "C" __declspec(dllexport) int record(const char* endpoint) {
  arthur::options o;
  o.endpoint = endpoint;
  o.protocol = arthur::protocol::http_json;
  o.schedule_delay = std::chrono::hours(1);
  static const auto tracing = arthur::start(o);
  for (int i = 0; i < 2; ++i) {
    ARTHUR_SPAN("sent");
  }
  static_cast<void>(arthur::flush(std::chrono::seconds(30)));
  for (int i = 0; i < 3; ++i) {
    ARTHUR_SPAN("waiting");
  }
  return static_cast<int>(arthur::stats().delivered);
}
