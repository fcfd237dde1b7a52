// model.hpp: an endpoint of OpenAI's chat format, for examples: a stream asks for a tool; without one, two are asked for in turn.
#ifndef ARTHUR_TESTS_SUPPORT_MODEL_HPP
#define ARTHUR_TESTS_SUPPORT_MODEL_HPP

#include <cstddef>
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
      const bool streamed = request.body.find(R"("stream":true)") != std::string::npos;
      http_answer answer;
      if (request.path != "/v1/chat/completions") answer.status = 404;
      answer.headers["x-request-id"] = "req-1";
      answer.content_type = streamed ? "text/event-stream" : "application/json";
      answer.body = streamed ? stream() : message(request.body);
      return answer;
    };
    return out;
  }

  static std::string stream() {
    return R"(data: {"id":"c-1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":)"
           R"([{"index":0,"id":"call-1","type":"function","function":{"name":"get_weather","arguments":""}}]}}]})" "\n\n"
           R"(data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":\"Paris\"}"}}]}}]})" "\n\n"
           R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]})" "\n\n"
           R"(data: {"choices":[],"usage":{"prompt_tokens":57,"completion_tokens":17,"total_tokens":74}})" "\n\n"
           "data: [DONE]\n\n";
  }

  /// By the results of tools that the request has already.
  static std::string message(const std::string& request) {
    std::size_t results = 0;
    for (std::size_t at = 0; (at = request.find(R"("role":"tool")", at)) != std::string::npos; ++at) ++results;
    const std::string city = results == 0 ? "Paris" : "Rome";
    const std::string content =
        results < 2 ? R"(null,"tool_calls":[{"id":"call-)" + city + R"(","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\")" +
                          city + R"(\"}"}}])"
                    : R"("Rome, by 8 degrees.")";
    return R"({"id":"c-2","model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":{"role":"assistant","content":)" + content +
           R"(},"finish_reason":")" + (results < 2 ? "tool_calls" : "stop") +
           R"("}],"usage":{"prompt_tokens":40,"completion_tokens":12,"total_tokens":52}})";
  }

  reserved_port port_;
  http_server server_;
};

}  // namespace support

#endif
