// named_builder.cpp: a builder holds views; in a variable it would outlive what it views.
// MISUSE: write the builder inside the macro
#include <arthur/arthur.hpp>

#include <string>

std::string text();
void work();
void work() {
  ARTHUR_SPAN("step");
#ifdef MISUSE
  auto document = arthur::document(text());
  ARTHUR_SET(document);
#else
  ARTHUR_SET(arthur::document(text()));
#endif
}
