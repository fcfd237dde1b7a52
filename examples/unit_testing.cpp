// unit_testing.cpp: a unit test of what a program traces. Nothing is sent; time and ids are the same in every run.
// traces: 0
// shows: 3 of 3 checks hold
#define ARTHUR_IMPLEMENTATION
#include <arthur/testing.hpp>

#include <iostream>

// What is tested. CHECK stands for your test framework's macro.
void answer(const std::string& question) {
  ARTHUR_AGENT_SPAN("support-agent", arthur::input(question));
  ARTHUR_LLM_SPAN("chat", arthur::model("gpt-4o"));
  ARTHUR_ERROR("upstream timed out");
}

int checks = 0, held = 0;
#define CHECK(condition) (++checks, (condition) ? static_cast<void>(++held) : static_cast<void>(std::cout << #condition << " is false\n"))

int main() {
  arthur::testing::capture spans;  // starts tracing; ends it with the scope
  answer("What is the capital of France?");

  const auto all = spans.take();
  CHECK(all.size() == 2);
  CHECK(all[1].is_child_of(all[0]) && all[1].attribute("llm.model_name") == "gpt-4o");
  CHECK(all[1].status == "ERROR" && all[1].message == "upstream timed out");

  std::cout << all[1] << held << " of " << checks << " checks hold\n";
}
