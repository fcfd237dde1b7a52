// failure.hpp: what went wrong, in the provider's words: error bodies of every known form, and errors inside a stream.
#ifndef ARTHUR_PROVIDERS_FAILURE_HPP
#define ARTHUR_PROVIDERS_FAILURE_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "../otlp/utf8.hpp"
#include "json.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

/// The beginning of a text in one line.
inline std::string first_words(std::string_view raw) {
  std::string text;
  for (const char c : raw.substr(0, utf8_truncate(raw.data(), raw.size(), 200))) {
    if (static_cast<unsigned char>(c) > ' ') text += c;
    else if (!text.empty() && text.back() != ' ') text += ' ';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

/// Empty: the value reports no error. Forms: {"error": {"message", "type", "code"}}, {"error": "text"}, {"type": "error",
/// "error": ...}, {"type": "error", "message"}, {"object": "error", "message"}, {"x_groq": {"error"}}, [{"error": ...}] (Gemini).
/// `named`: something beside the body calls it an error.
inline std::string failure_in(const json& body, bool named = false) {
  if (body.is_array() && body.size() == 1) return failure_in(body.front(), named);
  const json* error = member(body, "error");
  if (error == nullptr) error = member(member(body, "x_groq"), "error");
  if (error != nullptr && (error->empty() || error->is_boolean() || error->is_number())) error = nullptr;
  const bool is_error = named || text_of(member(body, "type")) == "error" || text_of(member(body, "object")) == "error";
  if (error == nullptr && !is_error) return {};
  if (error != nullptr && error->is_string()) return std::string(text_of(error));
  const json& from = error != nullptr && error->is_object() ? *error : body;
  const std::string message = text_or_json(member(from, "message"));
  std::string text;
  for (const char* const key : {"type", "status", "code"}) {
    const std::string_view kind = text_of(member(from, key));
    if (kind.empty() || kind == "error") continue;
    text = std::string(kind) + (message.empty() ? "" : ": ");
    break;
  }
  text += message;
  return text.empty() ? dump(from) : text;
}

/// The message of a status of 400 or more: "HTTP 429: rate_limit_error: ...". `body`: what came with it, of any form, null
/// where it isn't JSON.
inline std::string failure_of(int status, const json& body, std::string_view raw) {
  std::string text = failure_in(body);
  if (text.empty() && body.is_object()) {  // FastAPI's "detail", Bedrock's and Cohere's "message"
    const json* const said = member(body, "message", "detail");
    if (said != nullptr) text = text_or_json(said);
  }
  if (text.empty() && !body.is_structured()) text = first_words(raw);  // a gateway's page
  return "HTTP " + std::to_string(status) + (text.empty() ? "" : ": ") + text;
}

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
