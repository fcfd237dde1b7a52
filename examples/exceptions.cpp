// exceptions.cpp: a tool that throws: its span has the exception, the spans around it the error, the program the exception.
// shows: ^AGENT support-agent .*You ordered a mug
// shows: ^.+ TOOL get_order .*ERROR std::out_of_range: no order A-1
// shows: exception +exception.type=std::out_of_range +exception.message=no order A-1
// shows: ^.+ TOOL get_order .*A-1042.*a mug
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <iostream>
#include <stdexcept>
#include <string>

std::string get_order(const std::string& id) {
  ARTHUR_SET(arthur::input(id));  // of the span that ARTHUR_TRACED opens around
  if (id != "A-1042") throw std::out_of_range("no order " + id);
  ARTHUR_SET(arthur::output("a mug"));
  return "a mug";
}

std::string answer() {
  ARTHUR_AGENT_SPAN("support-agent");
  for (const char* id : {"A-1", "A-1042"}) {
    try {
      const std::string what = ARTHUR_TRACED(tool, "get_order", get_order(id));
      ARTHUR_SET(arthur::output("You ordered " + what + ", sorry for the wait."));
      return what;
    } catch (const std::out_of_range& e) {
      std::cout << e.what() << '\n';
    }
  }
  return "";
}

int main() {
  const auto tracing = arthur::start();
  std::cout << answer() << '\n';
}
