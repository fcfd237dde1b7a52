// copied_builder.cpp: a builder can't be copied, so it can't be stored.
// MISUSE: deleted
#include <arthur/arthur.hpp>

#include <vector>

void work();
void work() {
#ifdef MISUSE
  std::vector<arthur::attr> kept;
  auto input = arthur::input("question");
  kept.push_back(input);
#else
  ARTHUR_SPAN("step", arthur::input("question"));
#endif
}
