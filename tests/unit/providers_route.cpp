// providers_route.cpp: where a request goes: hosts and paths from URLs of any kind, and nothing of them that is secret.
#define ARTHUR_WITH_JSON
#include <arthur/providers/dialects.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace arthur::detail::providers;

namespace {

std::string taken(std::string_view url) {
  const route where(url);
  return where.host + " " + where.path;
}

bool known(std::string_view url, std::string_view body) {
  const route where(url);
  const json parsed = parse(body);
  return dialect_of({where, parsed}) != nullptr;
}

}  // namespace

TEST_CASE("host and path of a URL, without port, user, query and fragment") {
  CHECK(taken("https://api.openai.com/v1/chat/completions") == "api.openai.com /v1/chat/completions");
  CHECK(taken("HTTPS://API.OpenAI.com:443/v1/") == "api.openai.com /v1");
  CHECK(taken("http://user:password@host:8080/a?key=secret#x") == "host /a");
  CHECK(taken("http://user@name:p@host/a") == "host /a");
  CHECK(taken("http://[::1]:11434/api/chat") == "[::1] /api/chat");
  CHECK(taken("http://[::1]/api/chat") == "[::1] /api/chat");
  CHECK(taken("/v1/chat/completions?key=secret") == " /v1/chat/completions");
  CHECK(taken("/redirect?to=https://api.openai.com/v1") == " /redirect");
  CHECK(taken("https://host") == "host ");
  CHECK(taken("https://host?key=secret") == "host ");
  CHECK(taken("https://host#/v1/chat/completions") == "host ");
  CHECK(taken("") == " ");
  CHECK(taken("https://") == " ");
  CHECK(taken("://x") == "x ");
}

TEST_CASE("percent-encoding of a path is undone once; what is no encoding stays") {
  CHECK(taken("/model/us.anthropic%2Fclaude%3A0/converse") == " /model/us.anthropic/claude:0/converse");
  CHECK(taken("/a%252Fb%zz%4") == " /a%2Fb%zz%4");
  CHECK(taken("/a%") == " /a%");
  CHECK(route("/v1/models/gemini%2Dpro:generateContent").between("/models/", ":") == "gemini-pro");
}

TEST_CASE("parts of a path") {
  CHECK(route("/openai/deployments/my-gpt/chat/completions").between("/deployments/", "/") == "my-gpt");
  CHECK(route("/v1/chat/completions").between("/deployments/", "/").empty());
  CHECK(route("/a/models/x/models/y").between("/models/", "/") == "y");
  CHECK(route("/v1/chat/completions/").path_ends("/chat/completions"));
  CHECK_FALSE(route("/s").path_ends("/chat/completions"));
}

TEST_CASE("providers by host: the whole name, or its end behind a dot") {
  CHECK(provider_of("api.openai.com") == "openai");
  CHECK(provider_of("eu.api.openai.com") == "openai");
  CHECK(provider_of("my.openai.azure.com") == "azure");
  CHECK(provider_of("my.services.ai.azure.com") == "azure");
  CHECK(provider_of("us-central1-aiplatform.googleapis.com") == "google");
  CHECK(provider_of("aiplatform.googleapis.com") == "google");
  CHECK(provider_of("api.mistral.ai") == "mistralai");
  CHECK(provider_of("api.together.xyz") == "together");
  for (const char* const other : {"", "localhost", "127.0.0.1", "[::1]", "evilapi.openai.com", "api.openai.com.evil.example", "openai.com", "com"}) {
    INFO(other);
    CHECK(provider_of(other).empty());
  }
}

TEST_CASE("llm.system: the host's where that says more, none for hosts of many makers' models") {
  CHECK(system_of("", openai_chat_dialect) == "openai");
  CHECK(system_of("openai", openai_chat_dialect) == "openai");
  CHECK(system_of("azure", openai_chat_dialect) == "openai");
  CHECK(system_of("deepseek", openai_chat_dialect) == "deepseek");
  CHECK(system_of("mistralai", openai_chat_dialect) == "mistralai");
  CHECK(system_of("xai", openai_chat_dialect) == "xai");
  CHECK(system_of("anthropic", openai_chat_dialect) == "anthropic");
  for (const char* const many : {"groq", "together", "openrouter", "fireworks", "ollama"}) {
    INFO(many);
    CHECK(system_of(many, openai_chat_dialect).empty());
  }
}

TEST_CASE("chat completions are known by path and body, with any prefix") {
  const char* const body = R"({"model":"m","messages":[]})";
  for (const char* const url : {"https://api.openai.com/v1/chat/completions", "/chat/completions", "http://localhost:8080/v1/chat/completions/",
                                "https://api.groq.com/openai/v1/chat/completions", "https://openrouter.ai/api/v1/chat/completions",
                                "https://my.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21", "/gateway/x/chat/completions"}) {
    INFO(url);
    CHECK(known(url, body));
    CHECK(known(url, "not JSON"));  // a failed call is one, too
  }
  for (const char* const url : {"https://api.openai.com/v1/models", "/v1/chat/completions/abc", "/chat/completionsx", "/?a=/chat/completions",
                                "https://api.openai.com", ""}) {
    INFO(url);
    CHECK_FALSE(known(url, body));
  }
  CHECK_FALSE(known("/v1/chat/completions", R"({"model":"m"})"));
  CHECK_FALSE(known("/v1/chat/completions", "[]"));
}
