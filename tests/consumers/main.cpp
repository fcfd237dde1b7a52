// main.cpp: the program that every consumer builds: one span, with an attribute of each component that came along.
#include <arthur/arthur.hpp>

#if defined(ARTHUR_WITH_HTTPLIB)
#include <httplib.h>
#endif

int main() {
  const auto tracing = arthur::start();
  ARTHUR_SPAN("consumer", arthur::attribute("version", ARTHUR_VERSION));
#if defined(ARTHUR_WITH_HTTPLIB)
  ARTHUR_SET(arthur::attribute("httplib", httplib::SSLClient("localhost").is_valid()));
#endif
#if defined(ARTHUR_WITH_JSON)
  ARTHUR_SET(arthur::attribute("json", nlohmann::json::parse(R"({"a":[1,2]})")));
  for (const auto& one : arthur::request_attributes("POST", "/v1/chat/completions", R"({"model":"gpt-4o","messages":[]})")) {
    if (one.key == "llm.model_name") ARTHUR_SET(arthur::attribute("model", std::get<std::string>(one.value)));
  }
#endif
#if defined(ARTHUR_WITH_FMT)
  ARTHUR_SET(arthur::attribute("fmt", arthur::format("{:03}", 7)));
#endif
}
