// openai_completions.hpp: OpenAI's completions of before there was chat; local servers, and Mistral's for code, still have them.
#ifndef ARTHUR_PROVIDERS_OPENAI_COMPLETIONS_HPP
#define ARTHUR_PROVIDERS_OPENAI_COMPLETIONS_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "dialect.hpp"
#include "openai_chat.hpp"
#include "openai_usage.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {
namespace openai_completions {

inline bool claims(const request_view& request) {
  if (!request.where.path_ends("/completions") || request.where.path_ends("/chat/completions")) return false;
  return request.body.is_discarded() || member(request.body, "prompt") != nullptr;
}

inline void describe_request(const request_view& request, attribute_list& out) {
  const json& body = request.body;
  std::string_view model = text_of(member(body, "model"));
  if (model.empty()) model = request.where.between("/deployments/", "/");  // Azure
  out.text("llm.model_name", model);
  const json parameters = without(body, "prompt");
  if (!parameters.empty()) out.as_json("llm.invocation_parameters", &parameters);
  const json* const prompt = member(body, "prompt");
  const auto describe = [&](std::size_t n, const json* text) { out.text("llm.prompts." + std::to_string(n) + ".prompt.text", text); };
  if (prompt != nullptr && prompt->is_string()) describe(0, prompt);
  std::size_t n = 0;
  for (const json& one : elements(prompt)) describe(n++, &one);  // tokens have no text
}

/// Mistral answers as in chat: "message", and "delta" in streams.
inline const json* text_in(const json& choice) noexcept {
  const json* const text = member(choice, "text");
  if (text != nullptr) return text;
  const json* const message = member(choice, "message", "delta");
  return member(message, "content");
}

inline bool fold(folded_answer& into, const json& piece, std::string_view) {
  if (!piece.is_object()) return false;
  bool brought = false;
  openai_chat::fold_rest(into.whole, piece);
  json& choices = into.whole["choices"];
  for (const json& choice : elements(member(piece, "choices"))) {
    std::int64_t index = 0;
    integer_of(member(choice, "index"), index);
    json* const found = entry(choices, index);
    if (found == nullptr) continue;
    json& whole = *found;  // an object
    const std::string_view text = text_of(text_in(choice));
    into.append(whole["text"], text);
    brought = brought || !text.empty();
    const json* const reason = member(choice, "finish_reason");
    if (reason != nullptr) whole["finish_reason"] = *reason;
  }
  return brought;
}

inline void describe_answer(const request_view&, const json& answer, attribute_list& out) {
  out.text("llm.model_name", member(answer, "model"));
  describe_openai_usage(answer, out);
  const elements choices(member(answer, "choices"));
  if (choices.size() != 0) out.text("llm.finish_reason", member(*choices.begin(), "finish_reason"));
  std::int64_t position = 0;
  for (const json& choice : choices) {
    std::int64_t index = position++;
    integer_of(member(choice, "index"), index);
    if (index < 0 || index > 1024) index = position - 1;
    out.text("llm.choices." + std::to_string(index) + ".completion.text", text_in(choice));
  }
}

}  // namespace openai_completions

inline constexpr dialect openai_completions_dialect = {
    "openai",
    "openai",
    "Completion",
    nullptr,
    kind::llm,
    openai_completions::claims,
    asks_for_stream,
    openai_completions::describe_request,
    openai_completions::fold,
    openai_completions::describe_answer,
};

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
