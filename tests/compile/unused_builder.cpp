// unused_builder.cpp: a builder by itself records nothing.
// MISUSE: nodiscard
#include <arthur/arthur.hpp>

void work();
void work() {
#ifdef MISUSE
  arthur::input("question");
#else
  ARTHUR_SET(arthur::input("question"));
#endif
}
