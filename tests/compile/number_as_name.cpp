// number_as_name.cpp: names are text. A literal 0 would be a null pointer, so any number is refused.
// MISUSE: text_arg|convert
#include <arthur/arthur.hpp>

void work(int number);
void work(int number) {
#ifdef MISUSE
  ARTHUR_SPAN(number);
#else
  ARTHUR_SPAN("step", arthur::attribute("number", number));
#endif
}
