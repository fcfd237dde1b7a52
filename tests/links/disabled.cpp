// disabled.cpp: a library that its own build compiles with ARTHUR_DISABLE.
#include <arthur/arthur.hpp>
#include <arthur/c_api.h>

void disabled_run() {
  const auto tracing = arthur::start();
  ARTHUR_SPAN("disabled", arthur::attribute("test.key", 1));
  static_cast<void>(arthur::flush());
  const arthur_api* const api = arthur_get_api(ARTHUR_API_VERSION);
  api->end(api->begin(ARTHUR_KIND_CHAIN, "disabled"));
  arthur_stats stats = {};
  stats.size = sizeof stats;
  api->stats(&stats);
}
