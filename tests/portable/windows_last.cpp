// windows_last.cpp: arthur's implementation takes nothing away from a file that includes <windows.h> behind it, and adds
// no min and max to one that doesn't. A second file with the implementation, so both must link.
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#if defined(min) || defined(max) || defined(WIN32_LEAN_AND_MEAN)
#error "arthur must not leave these behind"
#endif

#include <algorithm>

#include <windows.h>

#include <shellapi.h>

int windows_last() {
  ARTHUR_TOOL_SPAN("tool", arthur::input("x"));
  arthur::options o;
  o.exporters = "none";
  const auto tracing = arthur::start(o);
  return tracing.ok() ? std::max(1, 2) : 0;
}
