// unused_attachment.cpp: without a name an attached context would end in the statement that attached it.
// MISUSE: nodiscard
#include <arthur/arthur.hpp>

void work();
void work() {
  const auto here = arthur::context::current();
#ifdef MISUSE
  here.attach();
#else
  const auto scope = here.attach();
  const arthur::suppress quiet;
#endif
}
