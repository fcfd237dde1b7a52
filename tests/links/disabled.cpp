// disabled.cpp: a library that its own build compiles with ARTHUR_DISABLE.
#include <arthur/arthur.hpp>

void disabled_run() {
  const auto tracing = arthur::start();
  ARTHUR_SPAN("disabled", arthur::attribute("test.key", 1));
  static_cast<void>(arthur::flush());
}
