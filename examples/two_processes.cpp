// two_processes.cpp: a tool that is a program of its own: its spans are part of the agent's trace, in the agent's session.
// shows: ^AGENT support-agent .*refund
// shows: ^.+ TOOL run lookup
// shows: ^.+ RETRIEVER lookup .*refund.*1 document
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <spawn.h>
#include <sys/wait.h>

#include <iostream>
#include <string>
#include <string_view>
#include <vector>

extern char** environ;

// The program that is started: where it goes on with the trace, and what the agent sent along, stands in its environment.
int lookup(const std::string& question) {
  const auto tracing = arthur::start();
  const auto remote = arthur::extract_environment();
  ARTHUR_CONTEXT(arthur::session_id(arthur::current_baggage("session.id")));
  ARTHUR_RETRIEVER_SPAN("lookup", arthur::input(question));
  ARTHUR_SET(arthur::document("refunds take two weeks", arthur::id("doc-7")));
  return 0;
}

int run(std::string program, std::string question) {
  ARTHUR_TOOL_SPAN("run lookup", arthur::input(question));
  std::vector<std::string> variables;
  for (char** v = environ; *v != nullptr; ++v) variables.emplace_back(*v);
  arthur::inject_environment(variables);  // the span above becomes the parent

  std::vector<char*> environment;
  for (std::string& v : variables) environment.push_back(v.data());
  environment.push_back(nullptr);
  char* const arguments[] = {program.data(), question.data(), nullptr};
  pid_t child = 0;
  int status = 1;
  if (posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environment.data()) != 0) {
    ARTHUR_ERROR("the program doesn't start");
    return 1;
  }
  waitpid(child, &status, 0);
  return status;
}

int main(int count, char** arguments) {
  if (count > 1) return lookup(arguments[1]);
  const auto tracing = arthur::start();
  const arthur::baggage_scope session("session.id", "session-1");  // baggage goes to other processes, the context doesn't
  ARTHUR_CONTEXT(arthur::session_id("session-1"));
  ARTHUR_AGENT_SPAN("support-agent", arthur::input("refund?"));
  std::cout << "status " << run(arguments[0], "refund?") << '\n';
}
