// library.cpp: a static library that brings the implementation in the file that uses it; built twice.
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

void LIBRARY_FUNCTION(void (*inside)()) {
  ARTHUR_SPAN(ARTHUR_LIBRARY_NAME);
  if (inside != nullptr) inside();
}
