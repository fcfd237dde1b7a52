// named_builder_in_span.cpp: likewise in the arguments of a span macro.
// MISUSE: write the builder inside the macro
#include <arthur/arthur.hpp>

#include <string>

void work(const std::string& question);
void work(const std::string& question) {
#ifdef MISUSE
  auto input = arthur::input(question);
  ARTHUR_LLM_SPAN("chat", input);
#else
  ARTHUR_LLM_SPAN("chat", arthur::input(question));
#endif
}
