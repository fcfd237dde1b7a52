// missing.cpp: a program without the implementation: what the linker says must say what to do.
#include <arthur/arthur.hpp>

int main() {
  ARTHUR_LLM_SPAN("chat");
}
