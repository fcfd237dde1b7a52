// unused_activation.cpp: a span that is made current for no time at all.
// MISUSE: nodiscard
#include <arthur/arthur.hpp>

void work(arthur::span& job);
void work(arthur::span& job) {
#ifdef MISUSE
  job.activate();
#else
  const auto active = job.activate();
#endif
}
