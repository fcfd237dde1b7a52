// no_threads.cpp: a main loop that sends its spans itself, where there are no threads or none are wanted.
// traces: 3
// shows: ^AGENT turn .*question 0
// shows: ^AGENT turn .*question 2
#define ARTHUR_NO_THREADS  // for every file of the program
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <string>

int main() {
  const auto tracing = arthur::start();
  for (int turn = 0; turn < 3; ++turn) {
    {
      ARTHUR_AGENT_SPAN("turn", arthur::input("question " + std::to_string(turn)));
      ARTHUR_LLM_SPAN("chat", arthur::model("llama-3.2-1b"), arthur::tokens(10, 5));
    }
    // Once in every round of the loop: does what is due now and returns; a request may take as long as the endpoint does.
    arthur::poll();
  }
}  // what is left goes out here, within options.shutdown_timeout
