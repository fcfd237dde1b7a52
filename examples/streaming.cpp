// streaming.cpp: an answer that arrives in pieces: one read to its end, one that breaks off, one that nobody reads on.
// traces: 3
// shows: ^LLM chat .*14.+6 tokens .*haiku.*An old silent pond
// shows: First Token Stream Event
// shows: ^LLM broken .*ERROR connection reset.*An old
// shows: ^LLM abandoned .*An old"$
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <iostream>
#include <stdexcept>
#include <string_view>

// What an HTTP client would call back with.
template <class Piece>
void ask_model(Piece piece, bool breaks = false) {
  piece("An old");
  if (breaks) throw std::runtime_error("connection reset");
  piece(" silent pond");
}

int main() {
  const auto tracing = arthur::start();
  {
    arthur::llm_stream stream("chat", arthur::model("gpt-4o"), arthur::input("Write a haiku"));
    ask_model([&](std::string_view piece) {
      stream.chunk(piece);
      std::cout << piece << std::flush;
    });
    stream.set(arthur::tokens(14, 6));  // as the last piece of most providers says
    stream.finish();
  }
  std::cout << '\n';

  arthur::llm_stream broken("broken", arthur::model("gpt-4o"));
  try {
    ask_model([&](std::string_view piece) { broken.chunk(piece); }, true);
    broken.finish();
  } catch (const std::runtime_error& e) {
    broken.fail(e.what());
  }

  arthur::llm_stream abandoned("abandoned", arthur::model("gpt-4o"));
  abandoned.chunk("An old");  // and then the user closes the window
}
