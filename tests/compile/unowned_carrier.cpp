// unowned_carrier.cpp: headers aren't put into what holds views of them.
// MISUSE: the container must own its texts
#include <arthur/arthur.hpp>

#include <map>
#include <string>
#include <string_view>

void call();
void call() {
#ifdef MISUSE
  std::map<std::string, std::string_view> headers;
#else
  std::map<std::string, std::string> headers;
#endif
  arthur::inject(headers);
}
