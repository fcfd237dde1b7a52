// bare_value.cpp: a value without a key is no attribute.
// MISUSE: attribute
#include <arthur/arthur.hpp>

void work();
void work() {
#ifdef MISUSE
  ARTHUR_SPAN("step", "question");
#else
  ARTHUR_SPAN("step", arthur::input("question"));
#endif
}
