// openai_chat.cpp: a streamed chat with tools over plain cpp-httplib. One line makes every call a span: the type of the client.
// OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL say where and what.
// shows: ^AGENT ask .*weather
// shows: ^.+ LLM ChatCompletion .*57.*17 tokens .*gpt-4o
// shows: ^answer: data: .*get_weather
#define ARTHUR_IMPLEMENTATION
#define ARTHUR_WITH_JSON
#include <arthur/arthur.hpp>
#include <arthur/instrument/httplib.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

std::string variable(const char* name, const char* otherwise) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : otherwise;
}

int main() {
  const auto tracing = arthur::start();
  const std::string question = "What is the weather in Paris?";
  ARTHUR_AGENT_SPAN("ask", arthur::input(question));

  const std::string base = variable("OPENAI_BASE_URL", "https://api.openai.com/v1");
  const std::size_t path = base.find('/', base.find("://") + 3);
  arthur::httplib_client client(base.substr(0, path));  // was: httplib::Client
  client.set_bearer_token_auth(variable("OPENAI_API_KEY", "none"));

  httplib::Request request;
  request.method = "POST";
  request.path = base.substr(path) + "/chat/completions";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = R"({"model":")" + variable("OPENAI_MODEL", "gpt-4o") + R"(","stream":true,"stream_options":{"include_usage":true},)" +
                 R"("messages":[{"role":"user","content":")" + question + R"("}],"tools":[{"type":"function","function":{"name":"get_weather",)" +
                 R"("parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}]})";
  std::string answer;
  request.content_receiver = [&answer](const char* bytes, std::size_t size, auto, auto) {
    answer.append(bytes, size);
    return true;
  };
  const auto result = client.send(request);
  std::cout << "answer: " << (result ? answer : httplib::to_string(result.error())) << '\n';
}
