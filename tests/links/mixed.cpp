// mixed.cpp: a program whose parts are configured differently: one of the libraries without threads, one disabled. They
// don't meet, and each works.
#include "check.hpp"
#include "plugin.h"

void disabled_run();  // of a library that is compiled with ARTHUR_DISABLE

int main() {
  arthur::testing::capture spans;
  EXPECT(spans.ok());
  EXPECT(spans.all().empty());  // waits until the worker is there
  {
    ARTHUR_SPAN("host");
    EXPECT(plugin_start(nullptr) == 1);
    plugin_run();
    disabled_run();
    ARTHUR_SPAN("host again");
  }
  EXPECT(plugin_stop() == 2);
  EXPECT(plugin_lines() == 1);
  EXPECT(spans.find("host again").is_child_of(spans.find("host")));
  EXPECT(spans.take().size() == 2);
  return result();
}
