// failure.hpp: what went wrong, in the provider's words: error bodies of every known form, and errors inside a stream.
#ifndef ARTHUR_PROVIDERS_FAILURE_HPP
#define ARTHUR_PROVIDERS_FAILURE_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "json.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

/// Empty: the value reports no error. Forms: {"error": {"message", "type", "code"}}, {"error": "text"}, {"type": "error",
/// "error": ...}, {"type": "error", "message"}, {"object": "error", "message"}, [{"error": ...}] (Gemini).
inline std::string failure_in(const json& body) {
  if (body.is_array() && body.size() == 1) return failure_in(body.front());
  const json* const error = member(body, "error");
  const bool is_error = text_of(member(body, "type")) == "error" || text_of(member(body, "object")) == "error";
  if (error == nullptr && !is_error) return {};
  if (error != nullptr && error->is_string()) return std::string(text_of(error));
  const json& from = error != nullptr && error->is_object() ? *error : body;
  const std::string_view message = text_of(member(from, "message"));
  const bool named = text_of(member(from, "type")) != "error";  // else what went wrong is elsewhere: OpenAI's responses
  const json* const kind = named ? member(from, "type", "status", "code") : member(from, "status", "code");
  std::string text;
  if (kind != nullptr && kind->is_string()) text = std::string(text_of(kind)) + (message.empty() ? "" : ": ");
  text += message;
  return text.empty() ? dump(from) : text;
}

/// The message of a status of 400 or more: "429 rate_limit_error: ...". `body`: what came with it, of any form.
inline std::string failure_of(int status, const json& body, std::string_view raw) {
  std::string text = body.is_discarded() ? std::string() : failure_in(body);
  if (text.empty() && body.is_object()) {  // FastAPI's "detail", Bedrock's and Cohere's "message"
    const json* const said = member(body, "message", "detail");
    if (said != nullptr) text = text_or_json(said);
  }
  if (text.empty() && body.is_discarded()) text = std::string(raw.substr(0, 200));  // a gateway's page
  return "HTTP " + std::to_string(status) + (text.empty() ? "" : ": ") + text;
}

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
