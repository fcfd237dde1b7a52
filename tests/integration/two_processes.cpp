// two_processes.cpp: one trace through two processes. The second one is this program again: a server that is called over
// HTTP, or a child with a job. What arrives at the stand-in engine is one trace.
#include <arthur/arthur.hpp>

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "support/engine.hpp"
#include "support/httplib.hpp"

extern char** environ;

namespace {

const char* self = nullptr;

/// A server on a free port, which it writes to standard output.
int serve() {
  const auto tracing = arthur::start();
  httplib::Server server;
  server.Post("/ask", [](const httplib::Request& request, httplib::Response& response) {
    const auto remote = arthur::extract(request.headers);
    ARTHUR_CONTEXT(arthur::session_id(arthur::current_baggage("session.id")));
    ARTHUR_AGENT_SPAN("POST /ask", arthur::input(request.body));
    ARTHUR_TOOL_SPAN("lookup");
    httplib::Headers further;  // what the next process would get
    arthur::inject(further);
    response.set_content(further.find("baggage") == further.end() ? "" : further.find("baggage")->second, "text/plain");
  });
  server.Post("/stop", [&server](const httplib::Request&, httplib::Response&) { server.stop(); });
  std::printf("%d\n", server.bind_to_any_port("127.0.0.1"));
  std::fflush(stdout);
  server.listen_after_bind();
  return tracing.ok() ? 0 : 1;
}

/// A job that a parent process started.
int job() {
  const auto tracing = arthur::start();
  const auto parent = arthur::extract_environment();
  ARTHUR_CONTEXT(arthur::session_id(arthur::current_baggage("session.id")));
  ARTHUR_CHAIN_SPAN("job");
  return parent.joined() ? 0 : 1;
}

/// This program again, as `role`, with `variables` as its environment. What it writes comes out of `output`.
pid_t run(const char* role, std::vector<std::string> variables, int output) {
  std::vector<char*> environment;
  for (std::string& v : variables) environment.push_back(v.data());
  environment.push_back(nullptr);
  std::string name(self), argument(role);
  char* const arguments[] = {name.data(), argument.data(), nullptr};
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(output, 1);
    // The engine's sockets belong to this process alone: a copy in the child would keep them open.
    for (int fd = 3; fd < 1024; ++fd) ::close(fd);
    ::execve(self, arguments, environment.data());
    std::_Exit(127);
  }
  return child;
}

int status_of(pid_t child) {
  int status = 1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::vector<std::string> environment(const support::engine& engine) {
  std::vector<std::string> all;
  for (char** v = environ; *v != nullptr; ++v) all.emplace_back(*v);
  all.push_back("ARTHUR_BASE_URL=" + engine.url());
  return all;
}

arthur::options here(const support::engine& engine) {
  arthur::options o;
  o.service_name = "caller";
  o.base_url = engine.url();
  return o;
}

const support::stored_span& find(const std::vector<support::stored_span>& all, std::string_view name) {
  const support::stored_span* found = nullptr;
  for (const auto& one : all) {
    if (one.span.name != name) continue;
    CHECK(found == nullptr);
    found = &one;
  }
  REQUIRE(found != nullptr);
  return *found;
}

std::string session(const support::span& s) {
  const support::value* const v = s.find("session.id");
  return v == nullptr ? "" : v->text;
}

}  // namespace

int main(int count, char** arguments) {
  self = arguments[0];
  if (count > 1 && arguments[1] == std::string_view("serve")) return serve();
  if (count > 1 && arguments[1] == std::string_view("job")) return job();
  doctest::Context context(count, arguments);
  return context.run();
}

TEST_CASE("a request over HTTP is one trace in two processes, with the session that the caller sends as baggage") {
  support::engine engine;
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  const pid_t server = run("serve", environment(engine), pipe[1]);
  ::close(pipe[1]);
  char line[16] = {};
  REQUIRE(::read(pipe[0], line, sizeof line - 1) > 0);
  ::close(pipe[0]);
  httplib::Client client("127.0.0.1", std::atoi(line));
  {
    const auto tracing = arthur::start(here(engine));
    REQUIRE(tracing.ok());
    const arthur::baggage_scope session("session.id", "sess-1");
    ARTHUR_CONTEXT(arthur::session_id("sess-1"));
    ARTHUR_AGENT_SPAN("caller");
    httplib::Headers headers;
    arthur::inject(headers);
    const auto answer = client.Post("/ask", headers, "weather?", "text/plain");
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->body == "session.id=sess-1");
  }
  const auto alone = client.Post("/ask", "news?", "text/plain");
  REQUIRE(alone);
  CHECK(alone->body == "");
  client.Post("/stop");
  CHECK(status_of(server) == 0);

  std::vector<support::stored_span> in_trace, others;
  const auto all = engine.spans();
  const std::string trace = find(all, "caller").span.trace_id;
  for (const auto& one : all) (one.span.trace_id == trace ? in_trace : others).push_back(one);
  CHECK(in_trace.size() == 3);
  CHECK(others.size() == 2);
  const support::span caller = find(in_trace, "caller").span, request = find(in_trace, "POST /ask").span, lookup = find(in_trace, "lookup").span;
  CHECK(caller.parent_span_id.empty());
  CHECK(request.parent_span_id == caller.span_id);
  CHECK(request.flags == 0x303);
  CHECK(lookup.parent_span_id == request.span_id);
  CHECK(lookup.flags == 0x103);
  for (const auto& one : in_trace) CHECK(session(one.span) == "sess-1");
  CHECK(find(others, "POST /ask").span.parent_span_id.empty());
  CHECK(session(find(others, "lookup").span) == "");
}

TEST_CASE("a child process goes on with the trace and baggage that its parent put into its environment") {
  support::engine engine;
  {
    const auto tracing = arthur::start(here(engine));
    const arthur::baggage_scope session("session.id", "sess 7%");
    ARTHUR_CHAIN_SPAN("starts a job");
    std::vector<std::string> variables = environment(engine);
    variables.push_back("TRACEPARENT=00-11f7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01");
    variables.push_back("TRACESTATE=stale=1");
    arthur::inject_environment(variables);
    CHECK(status_of(run("job", variables, 2)) == 0);
  }
  const auto all = engine.spans();
  CHECK(all.size() == 2);
  const support::span parent = find(all, "starts a job").span, child = find(all, "job").span;
  CHECK(child.trace_id == parent.trace_id);
  CHECK(child.parent_span_id == parent.span_id);
  CHECK(child.trace_state == "");
  CHECK(session(child) == "sess 7%");
}
