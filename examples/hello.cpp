// hello.cpp: the smallest traced program: one LLM call, one span.
// shows: ^LLM chat .*12.+9 tokens .*capital of France.*Paris
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <iostream>
#include <string>

std::string ask(const std::string& question) {
  ARTHUR_LLM_SPAN("chat", arthur::model("gpt-4o"), arthur::provider("openai"), arthur::input(question));
  const std::string answer = "The capital of France is Paris.";  // the call to the model stands here
  ARTHUR_SET(arthur::output(answer), arthur::tokens(12, 9));
  return answer;
}

int main() {
  const auto tracing = arthur::start();
  std::cout << ask("What is the capital of France?") << '\n';
}
