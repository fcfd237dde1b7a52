// unused_guard.cpp: without its guard, tracing would stop in the statement that started it.
// MISUSE: nodiscard
#include <arthur/arthur.hpp>

void work();
void work() {
#ifdef MISUSE
  arthur::start();
#else
  const auto tracing = arthur::start();
#endif
}
