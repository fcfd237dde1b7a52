// linked.cpp: a program that is linked with its "plug-in", as a shared or a static library: always one runtime.
#include "check.hpp"
#include "plugin.h"

int main() {
  arthur::testing::capture spans;
  EXPECT(spans.ok());
  {
    ARTHUR_SPAN("host");
    EXPECT(plugin_start(nullptr) == 0);
    plugin_run();
  }
  EXPECT(plugin_stop() == 0);
  EXPECT(plugin_lines() == 0);
  expect_nested(spans.take());
  return result();
}
