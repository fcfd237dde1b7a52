// threads.cpp: one trace over several threads: a span is handed to workers, which record their own below it.
// shows: ^AGENT researcher
// shows: ^.+ CHAIN branch .*search
// shows: ^.+ TOOL look-up .*weather.*24 degrees
// shows: ^.+ TOOL look-up .*news.*quiet
// shows: ^.+ LLM chat
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <string>
#include <thread>
#include <vector>

std::string look_up(const std::string& topic) {
  ARTHUR_TOOL_SPAN("look-up", arthur::input(topic));
  const std::string found = topic == "weather" ? "24 degrees" : "a quiet day";
  ARTHUR_SET(arthur::output(found));
  return found;
}

int main() {
  const auto tracing = arthur::start();
  ARTHUR_AGENT_SPAN("researcher", arthur::input("How is Paris today?"));

  const std::vector<std::string> topics = {"weather", "news"};
  std::vector<std::string> found(topics.size());
  std::vector<std::thread> workers;
  for (std::size_t n = 0; n < topics.size(); ++n) {
    // Made here, so it is a child of the agent; moved into the thread, where it is current while `active` lives.
    arthur::span branch(arthur::kind::chain, "branch");
    branch.set(arthur::input("search " + topics[n]));
    workers.emplace_back([&, n, branch = std::move(branch)] {
      const auto active = branch.activate();
      found[n] = look_up(topics[n]);
    });  // the span ends with the thread's function
  }
  for (std::thread& worker : workers) worker.join();

  ARTHUR_LLM_SPAN("chat", arthur::model("gpt-4o"), arthur::input_message("user", found[0] + ", " + found[1]));
  ARTHUR_SET(arthur::output_message("assistant", "Warm and quiet."), arthur::tokens(14, 4));
}
