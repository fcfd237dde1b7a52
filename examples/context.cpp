// context.cpp: what every span of a conversation carries is said once, for the scope; an inner scope may say more.
// traces: 2
// shows: ^AGENT support-agent .*Where is my order
// shows: ^.+ LLM chat .*It is on its way
// shows: warm-up left no trace
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <cstdio>
#include <string>

std::string answer(const std::string& question) {
  ARTHUR_AGENT_SPAN("support-agent", arthur::input(question));
  // Beside session and user, for the spans in this scope only.
  ARTHUR_CONTEXT(arthur::metadata(R"({"prompt":"v7"})"), arthur::attribute("experiment", "short answers"));
  ARTHUR_LLM_SPAN("chat", arthur::model("gpt-4o"), arthur::input_message("user", question));
  ARTHUR_SET(arthur::output_message("assistant", "It is on its way."), arthur::tokens(14, 6));
  return "It is on its way.";
}

int main() {
  const auto tracing = arthur::start();
  {
    const arthur::suppress quiet;  // nothing inside is recorded, on no thread
    answer("warm-up");
  }
  std::puts("warm-up left no trace");
  for (const char* const session : {"sess-1", "sess-2"}) {
    ARTHUR_CONTEXT(arthur::session_id(session), arthur::user_id("user-42"), arthur::tags({"shop", "beta"}));
    answer("Where is my order?");
  }
}
