// named_part.cpp: the parts of a builder are views as well.
// MISUSE: write the builder inside the macro
#include <arthur/arthur.hpp>

#include <string>

std::string text();
void work();
void work() {
  ARTHUR_SPAN("step");
#ifdef MISUSE
  auto id = arthur::id(text());
  ARTHUR_SET(arthur::document("text", id));
#else
  ARTHUR_SET(arthur::document("text", arthur::id(text())));
#endif
}
