// windows_first.cpp: <windows.h> with all its macros (min, max, ERROR, IN, OUT, interface) before arthur. Compiled with
// and without ARTHUR_IMPLEMENTATION, and with ARTHUR_DISABLE.
#include <standard_headers.hpp>  // made by portable/run: they would undefine min and max

#include <windows.h>

#ifndef max  // Microsoft's header defines them, MinGW's leaves them out for C++
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#if !defined(ERROR) || !defined(IN) || !defined(OUT) || !defined(interface)
#error "the macros that this file is about aren't there"
#endif

#include <arthur/arthur.hpp>

int windows_last();

int main() {
  ARTHUR_LLM_SPAN("llm", arthur::model("m"), arthur::tokens(1, 2));
  ARTHUR_ERROR("text");
  ARTHUR_EVENT("event", arthur::attribute("a", 1));
  ARTHUR_DECISION("route", "a", arthur::considered({"a", "b"}));
  return windows_last() == 2 ? 0 : 1;
}
