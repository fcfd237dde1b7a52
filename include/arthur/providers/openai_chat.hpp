// openai_chat.hpp: OpenAI's chat completions, and what the compatible servers do differently.
#ifndef ARTHUR_PROVIDERS_OPENAI_CHAT_HPP
#define ARTHUR_PROVIDERS_OPENAI_CHAT_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "dialect.hpp"
#include "messages.hpp"
#include "openai_usage.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {
namespace openai_chat {

inline bool claims(const request_view& request) {
  // Azure's deployments and gateways put something before it. Mistral's agents chat, too.
  if (!request.where.path_ends("/chat/completions") && !request.where.path_ends("/agents/completions")) return false;
  return request.body.is_discarded() || member(request.body, "messages") != nullptr;
}

/// A part of a message, by its type.
inline void describe_part(const json& part, message_writer& message) {
  const std::string_view type = text_of(member(part, "type"));
  if (part.is_string()) {
    message.text_part(text_of(&part));
  } else if (type == "text" || type == "output_text" || type == "input_text") {
    message.text_part(text_of(member(part, "text")));
  } else if (type == "refusal") {
    message.text_part(text_of(member(part, "refusal")));
  } else if (type == "image_url") {
    const json* const image = member(part, "image_url");  // an object or, with some servers, the URL itself
    message.image_part(image != nullptr && image->is_string() ? text_of(image) : text_of(member(image, "url")));
  } else if (type == "input_audio") {
    const json* const audio = member(part, "input_audio");
    const std::string mime_type = "audio/" + std::string(text_of(member(audio, "format")));
    message.audio_part(data_url(mime_type, text_of(member(audio, "data"))), mime_type);
  } else if (type == "thinking") {  // Mistral: texts inside
    const json* const thinking = member(part, "thinking");
    std::string text(text_of(thinking));
    for (const json& piece : elements(thinking)) text += text_of(member(piece, "text"));
    message.reasoning_part(text);
  } else {
    message.part(type.empty() ? std::string_view("unknown") : type);
  }
}

inline void describe_message(const json& from, message_writer message) {
  message.role(text_of(member(from, "role")));
  message.name(text_of(member(from, "name")));
  message.answers_call(text_of(member(from, "tool_call_id")));
  const json* const content = member(from, "content");
  // vLLM, DeepSeek, llama.cpp / OpenRouter, newer vLLM, Ollama
  const std::string_view reasoning = text_of(member(from, "reasoning_content", "reasoning"));
  const std::string_view refusal = text_of(member(from, "refusal"));
  if (!reasoning.empty()) message.reasoning_part(reasoning);
  if (content != nullptr && content->is_array()) {
    for (const json& part : elements(content)) describe_part(part, message);
  } else {
    message.content(content != nullptr ? text_or_json(content) : std::string(refusal));
  }
  if (content != nullptr && !refusal.empty()) message.text_part(refusal);
  if (content == nullptr || text_of(content).empty()) message.content(text_of(member(member(from, "audio"), "transcript")));
  for (const json& call : elements(member(from, "tool_calls"))) {
    const json* const function = member(call, "function", "custom");
    message.tool_call(text_of(member(call, "id")), text_of(member(function, "name")),
                      text_or_json(function == nullptr ? nullptr : member(*function, "arguments", "input")));
  }
  const json* const function = member(from, "function_call");
  message.function_call(text_of(member(function, "name")), text_or_json(member(function, "arguments")));
}

inline void describe_request(const request_view& request, attribute_list& out) {
  const json& body = request.body;
  std::string_view model = text_of(member(body, "model"));
  if (model.empty()) model = request.where.between("/deployments/", "/");
  out.text("llm.model_name", model);
  const json parameters = without(body, "messages", "tools", "functions");
  out.as_json("llm.invocation_parameters", body.is_object() ? &parameters : nullptr);
  describe_tools(member(body, "tools", "functions"), out);
  std::size_t n = 0;
  for (const json& message : elements(member(body, "messages"))) describe_message(message, input_message(out, n++));
}

/// Fragments of a call belong together by index. Some servers leave it out: then another id begins another call.
inline bool fold_calls(folded_answer& into, json& calls, const json& delta) {
  bool brought = false;
  for (const json& piece : elements(&delta)) {
    std::int64_t index = 0;
    if (!integer_of(member(piece, "index"), index) && calls.is_array() && !calls.empty()) {
      const std::string_view id = text_of(member(piece, "id"));
      integer_of(member(calls.back(), "index"), index);
      if (!id.empty() && id != text_of(member(calls.back(), "id")) && index < INT64_MAX) ++index;
    }
    json* const found = entry(calls, index);
    if (found == nullptr) continue;
    json& call = *found;
    for (const char* const key : {"id", "type"}) {
      const json* const value = member(piece, key);
      if (value != nullptr && !text_or_json(value).empty()) call[key] = *value;
    }
    const bool custom = member(piece, "custom") != nullptr;
    const json* const function = member(piece, custom ? "custom" : "function");
    if (function == nullptr) continue;
    json& whole = made_member(call, custom ? "custom" : "function");
    const json* const name = member(function, "name");
    if (name != nullptr && !text_of(name).empty()) made_member(whole, "name") = *name;
    const char* const key = custom ? "input" : "arguments";
    const json* const arguments = member(function, key);
    if (arguments == nullptr) continue;
    brought = true;
    if (arguments->is_string()) into.append(made_member(whole, key), text_of(arguments));
    else made_member(whole, key) = *arguments;
  }
  return brought;
}

/// Adds to a content: a text to a text, parts to a list of parts; one of them there already becomes a list with the other.
/// A part that goes on with the kind of the last one is more of it: Mistral thinks so, and writes behind it in plain texts.
inline void fold_content(folded_answer& into, json& whole, const json& more) {
  if (more.is_string() && !whole.is_array()) return into.append(whole, text_of(&more));
  if (whole.is_string() && !text_of(&whole).empty()) whole = json::array({{{"type", "text"}, {"text", whole}}});
  if (!whole.is_array()) whole = json::array();
  if (more.is_string()) {
    if (!text_of(&more).empty()) fold_content(into, whole, json::array({{{"type", "text"}, {"text", more}}}));
    return;
  }
  for (const json& part : elements(&more)) {
    const std::string_view type = text_of(member(part, "type"));
    const bool goes_on = !whole.empty() && (type == "text" || type == "thinking") && type == text_of(member(whole.back(), "type"));
    const json* const content = member(part, type == "text" ? "text" : "thinking");
    if (!goes_on) into.push(whole, part);
    else if (content != nullptr) fold_content(into, made_member(whole.back(), std::string(type)), *content);
  }
}

/// A piece of an answer that is spoken: what is said grows. The sound itself stays away: it would fill the room in seconds.
inline bool fold_audio(folded_answer& into, json& whole, const json& more) {
  for (auto at = more.begin(); at != more.end(); ++at) {
    if (at.key() == "transcript") into.append(made_member(whole, at.key()), text_of(&*at));
    else if (at.key() != "data") set_member(whole, at.key(), *at);
  }
  return !text_of(member(more, "transcript")).empty();
}

/// The next part of a message that is told in pieces: texts and lists grow, the rest is replaced.
inline bool fold_delta(folded_answer& into, json& message, const json& delta) {
  bool brought = false;
  if (!delta.is_object()) return false;
  if (!message.is_object()) message = json::object();
  for (auto at = delta.begin(); at != delta.end(); ++at) {
    const std::string& key = at.key();
    if (at->is_null()) {
      if (message.find(key) == message.end()) set_member(message, key, nullptr);
    } else if (key == "tool_calls") {
      if (fold_calls(into, message["tool_calls"], *at)) brought = true;
    } else if (key == "content" || key == "refusal" || key == "reasoning_content" || key == "reasoning") {
      fold_content(into, message[key], *at);
      brought = brought || !at->is_string() || !text_of(&*at).empty();
    } else if (key == "function_call" && at->is_object()) {
      if (member(*at, "name") != nullptr) made_member(message[key], "name") = *member(*at, "name");
      into.append(made_member(message[key], "arguments"), text_of(member(*at, "arguments")));
      brought = true;
    } else if (key == "audio" && at->is_object()) {
      if (fold_audio(into, message[key], *at)) brought = true;
    } else if (at->is_array() && elements(member(message, key.c_str())).size() != 0) {
      for (const json& one : *at) into.push(message[key], one);
    } else if (key != "role" || message.find(key) == message.end()) {
      set_member(message, key, *at);
    }
  }
  return brought;
}

/// The members of a chunk that stand beside its choices: the last stays that isn't null, or empty as the model and the id are
/// beside the late results of Azure's filter.
inline void fold_rest(json& whole, const json& piece) {
  if (!whole.is_object()) whole = json::object();
  for (auto at = piece.begin(); at != piece.end(); ++at) {
    if (at.key() == "choices") continue;
    const bool empty = at->is_string() && text_of(&*at).empty() && whole.find(at.key()) != whole.end();
    if (!at->is_null() && !empty) set_member(whole, at.key(), *at);
  }
}

inline bool fold(folded_answer& into, const json& piece, std::string_view) {
  if (!piece.is_object()) return false;
  bool brought = false;
  fold_rest(into.whole, piece);
  json& choices = into.whole["choices"];
  if (!choices.is_array()) choices = json::array();
  for (const json& choice : elements(member(piece, "choices"))) {
    std::int64_t index = 0;
    integer_of(member(choice, "index"), index);
    json* const found = entry(choices, index);
    if (found == nullptr) continue;
    json& whole = *found;
    const json* const delta = member(choice, "delta", "message");
    if (delta != nullptr && fold_delta(into, whole["message"], *delta)) brought = true;
    const json* const reason = member(choice, "finish_reason");
    if (reason != nullptr) whole["finish_reason"] = *reason;
  }
  return brought;
}

inline void describe_answer(const request_view&, const json& answer, attribute_list& out) {
  out.text("llm.model_name", member(answer, "model"));
  describe_openai_usage(answer, out);
  const elements choices(member(answer, "choices"));
  const json* reason = nullptr;  // of the first that has one
  for (const json& choice : choices) reason = reason != nullptr ? reason : member(choice, "finish_reason");
  out.text("llm.finish_reason", reason);
  std::int64_t position = 0;
  for (const json& choice : choices) {
    std::int64_t index = position++;
    integer_of(member(choice, "index"), index);
    const json* const message = member(choice, "message");
    if (index < 0 || index > 1024) index = position - 1;
    if (message != nullptr) describe_message(*message, output_message(out, static_cast<std::size_t>(index)));
  }
}

}  // namespace openai_chat

inline constexpr dialect openai_chat_dialect = {
    "openai",         "openai", "ChatCompletion", nullptr, kind::llm, openai_chat::claims, asks_for_stream, openai_chat::describe_request,
    openai_chat::fold, openai_chat::describe_answer,
};

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
