// existing_http_server.cpp: a trace per request in a server that was there before, here on cpp-httplib. A caller that sends
// W3C headers finds the request in its own trace.
// traces: 2
// shows: ^AGENT ask-over-http .*weather
// shows: ^.+ AGENT POST /ask .*weather.*24 degrees
// shows: ^.+ LLM chat
// shows: ^AGENT POST /ask .*news
// shows: ^200 200$
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <httplib.h>

#include <iostream>
#include <string>
#include <thread>

std::string answer(const std::string& question) {
  ARTHUR_LLM_SPAN("chat", arthur::model("gpt-4o"), arthur::input_message("user", question));
  const std::string text = "24 degrees and sunny";  // the call to the model stands here
  ARTHUR_SET(arthur::output_message("assistant", text), arthur::tokens(12, 6));
  return text;
}

// The first two lines of the handler are all that the server needs. The name is the route, not the URL: names are few.
void ask(const httplib::Request& request, httplib::Response& response) {
  const auto remote = arthur::extract(request.headers);
  ARTHUR_AGENT_SPAN("POST /ask", arthur::input(request.body));
  const std::string text = answer(request.body);
  ARTHUR_SET(arthur::output(text));
  response.set_content(text, "text/plain");
}

// A caller that is traced, too: it sends the ids of its span along.
int post(int port, const std::string& question) {
  httplib::Client client("127.0.0.1", port);
  httplib::Headers headers;
  arthur::inject(headers);
  const auto result = client.Post("/ask", headers, question, "text/plain");
  return result ? result->status : 0;
}

int main() {
  const auto tracing = arthur::start();
  httplib::Server server;
  server.Post("/ask", ask);
  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread serving([&] { server.listen_after_bind(); });

  int first = 0;
  {
    ARTHUR_AGENT_SPAN("ask-over-http", arthur::input("weather?"));
    first = post(port, "weather?");
  }
  const int second = post(port, "news?");  // no span around it: the request begins a trace of its own
  std::cout << first << ' ' << second << '\n';
  server.stop();
  serving.join();
}
