// two_libraries.cpp: two static libraries that both bring the implementation make one runtime.
#include "check.hpp"

void first(void (*inside)());
void second(void (*inside)());

int main() {
  arthur::testing::capture spans;
  EXPECT(spans.ok());
  {
    ARTHUR_SPAN("host");
    first([] { second(nullptr); });
  }
  EXPECT(spans.find("first").is_child_of(spans.find("host")));
  EXPECT(spans.find("second").is_child_of(spans.find("first")));
  EXPECT(spans.take().size() == 3);
  return result();
}
