// copied_span.cpp: one span has one end.
// MISUSE: deleted
#include <arthur/arthur.hpp>

void work();
void work() {
  arthur::span first(arthur::kind::tool, "job");
#ifdef MISUSE
  arthur::span second(first);
#else
  arthur::span second(static_cast<arthur::span&&>(first));
#endif
}
