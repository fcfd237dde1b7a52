// agent_loop.cpp: an agent that lets a model call tools until it has the answer. The client's type and traced_tool() make one
// trace of it: only the agent's own span is written by hand. OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL say which model.
// shows: ^AGENT warmer .*Paris or in Rome
// shows: ^.+ LLM ChatCompletion .*40.*12 tokens .*"messages"
// shows: ^.+ TOOL get_weather .*Paris
// shows: ^.+ TOOL get_weather .*Rome
// shows: ^answer: Rome, by 8 degrees\.$
#define ARTHUR_IMPLEMENTATION
#define ARTHUR_WITH_JSON
#include <arthur/arthur.hpp>
#include <arthur/instrument/httplib.hpp>
#include <arthur/traced_tool.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

using nlohmann::json;

std::string variable(const char* name, const char* otherwise) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : otherwise;
}

/// The path of the base URL stands before that of each call.
class model {
 public:
  explicit model(const std::string& base)
      : path_start_(base.find('/', base.find("://") + 3)),
        path_(path_start_ == std::string::npos ? "" : base.substr(path_start_)),
        client_(base.substr(0, path_start_)) {
    client_.set_bearer_token_auth(variable("OPENAI_API_KEY", "none"));
    client_.set_read_timeout(60);
  }

  /// The message that answers `request`.
  json answer(const json& request) {
    const auto result = client_.Post(path_ + "/chat/completions", request.dump(), "application/json");
    if (!result) throw std::runtime_error(httplib::to_string(result.error()));
    if (result->status != 200) throw std::runtime_error(result->body);
    return json::parse(result->body).at("choices").at(0).at("message");
  }

 private:
  std::size_t path_start_;
  std::string path_;
  arthur::httplib_client client_;  // was: httplib::Client
};

std::string ask(const std::string& question) {
  ARTHUR_AGENT_SPAN("warmer", arthur::input(question));
  const json schema = {{"type", "object"}, {"properties", {{"city", {{"type", "string"}}}}}, {"required", {"city"}}};
  const json function = {{"name", "get_weather"}, {"description", "The weather of a city"}, {"parameters", schema}};
  const auto get_weather = arthur::traced_tool("get_weather", "The weather of a city", schema, [](const json& arguments) {
    return json{{"degrees", arguments.value("city", "") == "Rome" ? 27 : 19}};
  });

  model asked(variable("OPENAI_BASE_URL", "https://api.openai.com/v1"));
  json request = {{"model", variable("OPENAI_MODEL", "gpt-4o")}};
  request["messages"].push_back({{"role", "user"}, {"content", question}});
  request["tools"].push_back({{"type", "function"}, {"function", function}});
  for (int rounds = 0; rounds < 8; ++rounds) {
    const json message = asked.answer(request);
    request["messages"].push_back(message);
    const json calls = message.value("tool_calls", json::array());
    if (calls.empty()) {
      const std::string text = message.at("content");
      ARTHUR_SET(arthur::output(text));
      return text;
    }
    for (const json& call : calls) {
      const std::string arguments = call.at("function").at("arguments");
      const std::string result = get_weather(json::parse(arguments)).dump();
      request["messages"].push_back({{"role", "tool"}, {"tool_call_id", call.at("id")}, {"content", result}});
    }
  }
  throw std::runtime_error("no answer after 8 rounds");
}

int main() {
  const auto tracing = arthur::start();
  try {
    const std::string answer = ask("Where is it warmer, in Paris or in Rome?");
    std::cout << "answer: " << answer << '\n';
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}
