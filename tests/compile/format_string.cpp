// format_string.cpp: texts are values, never format strings: what looks like one needs no further argument.
// MISUSE: attribute
#include <arthur/arthur.hpp>

void work(const char* user);
void work(const char* user) {
  ARTHUR_SPAN("step", arthur::input("100%s {}"));
#ifdef MISUSE
  ARTHUR_SET(arthur::input("user %s"), user);
#else
  ARTHUR_SET(arthur::input(user));
#endif
}
