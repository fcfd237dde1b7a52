// windows_first.cpp: <windows.h> with all its macros (min, max, ERROR, IN, OUT, interface) before arthur. Compiled with
// and without ARTHUR_IMPLEMENTATION, and with ARTHUR_DISABLE.
#include <windows.h>

#include <arthur/arthur.hpp>

#if !defined(max) || !defined(ERROR) || !defined(IN)
#error "the macros that this file is about aren't there"
#endif

int windows_last();

int main() {
  ARTHUR_LLM_SPAN("llm", arthur::model("m"), arthur::tokens(1, 2));
  ARTHUR_ERROR("text");
  ARTHUR_EVENT("event", arthur::attribute("a", 1));
  ARTHUR_DECISION("route", "a", arthur::considered({"a", "b"}));
  return windows_last() == static_cast<int>(max(1, 2)) ? 0 : 1;
}
