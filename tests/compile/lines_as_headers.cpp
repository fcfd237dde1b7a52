// lines_as_headers.cpp: a list of lines is an environment, not headers.
// MISUSE: headers go into a container of pairs
#include <arthur/arthur.hpp>

#include <string>
#include <vector>

void call();
void call() {
  std::vector<std::string> lines;
#ifdef MISUSE
  arthur::inject(lines);
#else
  arthur::inject_environment(lines);
#endif
}
