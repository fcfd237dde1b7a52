// unbraced_if.cpp: an unbraced `if` before a span macro would open and end the span at once.
// MISUSE (enabled): arthur_span_
#include <arthur/arthur.hpp>

void work(bool wanted);
void work(bool wanted) {
#ifdef MISUSE
  if (wanted) ARTHUR_SPAN("step");
#else
  if (wanted) {
    ARTHUR_SPAN("step");
  }
#endif
}
