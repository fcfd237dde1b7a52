// model.hpp: an endpoint of OpenAI's chat format that always asks for the same tool, for examples.
#ifndef ARTHUR_TESTS_SUPPORT_MODEL_HPP
#define ARTHUR_TESTS_SUPPORT_MODEL_HPP

#include <string>

#include "http_server.hpp"

namespace support {

class model {
public:
  model() : port_(0), server_(options(port_.number())) {}
  int port() const { return port_.number(); }

private:
  static http_server_options options(int port) {
    http_server_options out;
    out.port = port;
    out.handle = [](const http_request& request) {
      http_answer answer;
      if (request.path != "/v1/chat/completions") answer.status = 404;
      answer.headers["x-request-id"] = "req-1";
      answer.content_type = "text/event-stream";
      answer.body =
          R"(data: {"id":"c-1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":)"
          R"([{"index":0,"id":"call-1","type":"function","function":{"name":"get_weather","arguments":""}}]}}]})" "\n\n"
          R"(data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":\"Paris\"}"}}]}}]})" "\n\n"
          R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]})" "\n\n"
          R"(data: {"choices":[],"usage":{"prompt_tokens":57,"completion_tokens":17,"total_tokens":74}})" "\n\n"
          "data: [DONE]\n\n";
      return answer;
    };
    return out;
  }

  reserved_port port_;
  http_server server_;
};

}  // namespace support

#endif
