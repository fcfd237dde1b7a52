// ollama.hpp: Ollama's own chat and generate, beside its routes that speak like OpenAI.
#ifndef ARTHUR_PROVIDERS_OLLAMA_HPP
#define ARTHUR_PROVIDERS_OLLAMA_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "dialect.hpp"
#include "messages.hpp"
#include "route.hpp"
#include "token_sum.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {
namespace ollama {

/// Without messages, or with an empty prompt, a model is only loaded or unloaded. Web applications have routes of these
/// names, too; what they are sent has no model.
inline bool claims_chat(const request_view& request) {
  if (!request.where.path_ends("/api/chat")) return false;
  if (request.body.is_discarded()) return true;
  return !text_of(member(request.body, "model")).empty() && elements(member(request.body, "messages")).size() != 0;
}
inline bool claims_generate(const request_view& request) {
  if (!request.where.path_ends("/api/generate")) return false;
  if (request.body.is_discarded()) return true;
  return !text_of(member(request.body, "model")).empty() && !text_of(member(request.body, "prompt")).empty();
}

/// Unless it is told not to.
inline bool streams(const request_view& request) {
  const json* const stream = member(request.body, "stream");
  return stream == nullptr || !stream->is_boolean() || stream->get<bool>();
}

/// Images are base64 without their type: it shows in the first bytes.
inline std::string image_url(std::string_view base64) {
  if (starts_with(base64, "iVBOR")) return data_url("image/png", base64);
  if (starts_with(base64, "R0lGOD")) return data_url("image/gif", base64);
  if (starts_with(base64, "UklGR")) return data_url("image/webp", base64);
  return data_url("image/jpeg", base64);
}

/// What a message and a prompt have in common: `text` and the members of `from` beside it.
inline void describe_body(const json& from, const json* text, message_writer& message) {
  const std::string_view thinking = text_of(member(from, "thinking"));
  if (!thinking.empty()) message.reasoning_part(thinking);
  const elements images(member(from, "images"));
  if (images.size() == 0) return message.content(text_or_json(text));
  if (!text_of(text).empty()) message.text_part(text_of(text));
  for (const json& image : images) message.image_part(image_url(text_of(&image)));
}

inline void describe_message(const json& from, message_writer message) {
  message.role(text_of(member(from, "role")));
  message.name(text_of(member(from, "tool_name")));
  message.answers_call(text_of(member(from, "tool_call_id")));
  describe_body(from, member(from, "content"), message);
  for (const json& call : elements(member(from, "tool_calls"))) {
    const json* const function = member(call, "function");
    message.tool_call(text_of(member(call, "id")), text_of(member(function, "name")), text_or_json(member(function, "arguments")));
  }
}

inline void describe_head(const request_view& request, const json& parameters, attribute_list& out) {
  if (provider_of(request.where.host).empty()) out.text("llm.provider", "ollama");  // wherever it runs
  out.text("llm.model_name", member(request.body, "model"));
  if (!parameters.empty()) out.as_json("llm.invocation_parameters", &parameters);
}

inline void describe_chat(const request_view& request, attribute_list& out) {
  describe_head(request, without(request.body, "model", "messages", "tools"), out);
  describe_tools(member(request.body, "tools"), out);
  std::size_t n = 0;
  for (const json& message : elements(member(request.body, "messages"))) describe_message(message, input_message(out, n++));
}

inline void describe_generate(const request_view& request, attribute_list& out) {
  const json& body = request.body;
  describe_head(request, without(body, "model", "prompt", "system", "images", "context"), out);
  std::size_t n = 0;
  const std::string_view system = text_of(member(body, "system"));
  if (!system.empty()) {
    message_writer message = input_message(out, n++);
    message.role("system");
    message.content(system);
  }
  const json* const prompt = member(body, "prompt");
  if (prompt == nullptr) return;
  message_writer message = input_message(out, n);
  message.role("user");
  describe_body(body, prompt, message);
}

/// Texts grow, calls are added, the last of everything else stays. The tokens of the context and the probabilities stay away.
inline bool fold_members(folded_answer& into, json& whole, const json& piece) {
  bool brought = false;
  if (!piece.is_object()) return false;
  if (!whole.is_object()) whole = json::object();
  for (auto at = piece.begin(); at != piece.end(); ++at) {
    const std::string& key = at.key();
    if (key == "content" || key == "thinking" || key == "response") {
      into.append(whole[key], text_of(&*at));
      brought = brought || !text_of(&*at).empty();
    } else if (key == "tool_calls" || key == "images") {
      for (const json& one : elements(&*at)) into.push(whole[key], one), brought = true;
    } else if (key == "message") {
      if (fold_members(into, whole[key], *at)) brought = true;
    } else if (key != "context" && key != "logprobs" && !at->is_null()) {
      set_member(whole, key, *at);
    }
  }
  return brought;
}

inline bool fold(folded_answer& into, const json& piece, std::string_view) { return fold_members(into, into.whole, piece); }

/// A prompt that was cached isn't counted: then nobody knows the total.
inline void describe_end(const json& answer, attribute_list& out) {
  out.text("llm.model_name", member(answer, "model"));
  const token_sum prompt(member(answer, "prompt_eval_count")), completion(member(answer, "eval_count"));
  if (prompt.known()) out.count("llm.token_count.prompt", prompt.value());
  if (completion.known()) out.count("llm.token_count.completion", completion.value());
  if (prompt.known() && completion.known()) {
    out.count("llm.token_count.total", token_sum(member(answer, "prompt_eval_count"), member(answer, "eval_count")).value());
  }
  out.text("llm.finish_reason", member(answer, "done_reason"));
}

inline void describe_chat_answer(const request_view&, const json& answer, attribute_list& out) {
  describe_end(answer, out);
  const json* const message = member(answer, "message");
  if (message != nullptr) describe_message(*message, output_message(out, 0));
}

inline void describe_generated(const request_view&, const json& answer, attribute_list& out) {
  describe_end(answer, out);
  if (member(answer, "response", "thinking") == nullptr) return;
  message_writer message = output_message(out, 0);
  message.role("assistant");
  describe_body(answer, member(answer, "response"), message);
}

}  // namespace ollama

inline constexpr dialect ollama_chat_dialect = {
    "ollama",
    nullptr,
    "Chat",
    nullptr,
    kind::llm,
    ollama::claims_chat,
    ollama::streams,
    ollama::describe_chat,
    ollama::fold,
    ollama::describe_chat_answer,
};

inline constexpr dialect ollama_generate_dialect = {
    "ollama",
    nullptr,
    "Generate",
    nullptr,
    kind::llm,
    ollama::claims_generate,
    ollama::streams,
    ollama::describe_generate,
    ollama::fold,
    ollama::describe_generated,
};

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
