// gemini.hpp: generateContent and streamGenerateContent of Google's Gemini API and of Vertex AI.
#ifndef ARTHUR_PROVIDERS_GEMINI_HPP
#define ARTHUR_PROVIDERS_GEMINI_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "dialect.hpp"
#include "messages.hpp"
#include "token_sum.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {
namespace gemini {

// Members are looked up in both spellings: Google's servers take snake_case, too, and some gateways answer in it.

inline bool claims(const request_view& request) {
  if (!request.where.path_ends(":generateContent") && !request.where.path_ends(":streamGenerateContent")) return false;
  return request.body.is_discarded() || member(request.body, "contents") != nullptr;
}

inline bool streams(const request_view& request) { return request.where.path_ends(":streamGenerateContent"); }

/// ".../models/<model>:<what to do>"; Vertex has tuned models at ".../endpoints/<id>:...".
inline std::string_view model_of(const route& where) noexcept {
  const std::string_view path = where.path;
  const std::string_view last = path.substr(path.rfind('/') + 1);  // npos + 1 is the begin
  return last.substr(0, last.rfind(':'));
}

/// Bytes may come in the alphabet of base64 that is safe in URLs, as Google's own SDK sends them; data: URLs have the other.
inline std::string plain_base64(std::string_view text) {
  std::string plain(text);
  if (text == redacted) return plain;
  std::replace(plain.begin(), plain.end(), '-', '+');
  std::replace(plain.begin(), plain.end(), '_', '/');
  return plain;
}

inline const json* signature_of(const json& part) noexcept { return member(part, "thoughtSignature", "thought_signature"); }

inline bool is_thought(const json& part) noexcept {
  const json* const thought = member(part, "thought");
  return thought != nullptr && thought->is_boolean() && thought->get<bool>();
}

/// Image, audio or video by its type. Without one it is an image, as Python has it; the rest are documents.
inline void describe_media(std::string_view url, std::string_view mime_type, attribute_list& out, message_writer& message) {
  if (mime_type.empty() || starts_with(mime_type, "image/")) return message.image_part(url);
  if (starts_with(mime_type, "audio/")) return message.audio_part(url, mime_type);
  if (starts_with(mime_type, "video/")) return message.data_part("video", "video.video.url", url);
  const std::string keys = message.part("document") + "message_content.document.document.";
  out.text(keys + "url", url);
  out.text(keys + "mime_type", mime_type);
}

/// How a part is shown: tool calls and their results have places of their own, an empty text has none.
enum class sort { nothing, plain_text, content, call, result };

inline sort sort_of(const json& part) noexcept {
  if (!part.is_object() || part.empty()) return sort::nothing;
  if (member(part, "functionCall", "function_call") != nullptr) return sort::call;
  if (member(part, "functionResponse", "function_response") != nullptr) return sort::result;
  const json* const text = member(part, "text");
  if (text == nullptr || is_thought(part) || signature_of(part) != nullptr) return sort::content;
  return text_of(text).empty() ? sort::nothing : sort::plain_text;
}

inline void describe_part(const json& part, attribute_list& out, message_writer& message) {
  const std::string signature = plain_base64(text_of(signature_of(part)));
  if (const json* const text = member(part, "text")) {
    if (is_thought(part)) return message.reasoning_part(text_of(text), signature);
    const std::string keys = message.part("text") + "message_content.";
    out.text(keys + "text", text_of(text));
    out.text(keys + "signature", signature);
  } else if (const json* const data = member(part, "inlineData", "inline_data")) {
    const std::string_view mime_type = text_of(member(*data, "mimeType", "mime_type"));
    describe_media(data_url(mime_type, plain_base64(text_of(member(*data, "data")))), mime_type, out, message);
  } else if (const json* const file = member(part, "fileData", "file_data")) {
    describe_media(text_of(member(*file, "fileUri", "file_uri")), text_of(member(*file, "mimeType", "mime_type")), out, message);
  } else if (const json* const code = member(part, "executableCode", "executable_code")) {
    message.text_part(text_of(member(code, "code")));
  } else if (const json* const ran = member(part, "codeExecutionResult", "code_execution_result")) {
    message.text_part(text_of(member(ran, "output")));
  } else {
    message.part("unknown");
  }
}

/// One message of all parts that are no results of tools. A single text is its content.
inline void describe_content(const json& content, std::string_view role, attribute_list& out, message_writer message) {
  const elements parts(member(content, "parts"));
  std::size_t shown = 0;
  for (const json& part : parts) {
    const sort one = sort_of(part);
    if (one == sort::plain_text || one == sort::content) ++shown;
  }
  message.role(role);
  for (const json& part : parts) {
    const sort one = sort_of(part);
    if (one == sort::call) {
      const json& call = *member(part, "functionCall", "function_call");
      message.tool_call(text_of(member(call, "id")), text_of(member(call, "name")), text_or_json(member(call, "args")),
                        plain_base64(text_of(signature_of(part))));
    } else if (one == sort::plain_text && shown == 1) {
      message.content(text_of(member(part, "text")));
    } else if (one == sort::plain_text || one == sort::content) {
      describe_part(part, out, message);
    }
  }
}

/// A content of the request. Results of tools become messages of their own: a message answers one call. The other parts are
/// one message, where the first of them stands.
inline void describe_input(const json& content, std::string_view role, attribute_list& out, std::size_t& index) {
  if (content.is_string()) {  // the SDKs' short form, which some gateways take
    message_writer message = input_message(out, index++);
    message.role(role);
    return message.content(text_of(&content));
  }
  bool others = false;
  for (const json& part : elements(member(content, "parts"))) {
    const sort one = sort_of(part);
    if (one == sort::nothing) continue;
    if (one != sort::result) {
      if (!others) describe_content(content, role, out, input_message(out, index++));
      others = true;
      continue;
    }
    const json& result = *member(part, "functionResponse", "function_response");
    message_writer message = input_message(out, index++);
    message.role("tool");
    message.name(text_of(member(result, "name")));
    message.answers_call(text_of(member(result, "id")));
    message.content(text_or_json(member(result, "response")));
  }
}

/// Each function is a tool; tools of Google's own are one each.
inline void describe_functions(const json* tools, attribute_list& out) {
  std::size_t n = 0;
  const auto add = [&](const json& tool) { out.as_json("llm.tools." + std::to_string(n++) + ".tool.json_schema", &tool); };
  for (const json& tool : elements(tools)) {
    for (const json& function : elements(member(tool, "functionDeclarations", "function_declarations"))) add(function);
    const json others = without(tool, "functionDeclarations", "function_declarations");
    if (!others.empty()) add(others);
  }
}

inline void describe_request(const request_view& request, attribute_list& out) {
  const json& body = request.body;
  out.text("llm.model_name", model_of(request.where));
  const json* const parameters = member(body, "generationConfig", "generation_config");
  if (parameters != nullptr && !parameters->empty()) out.as_json("llm.invocation_parameters", parameters);
  describe_functions(member(body, "tools"), out);
  std::size_t index = 0;
  const json* const system = member(body, "systemInstruction", "system_instruction");
  if (system != nullptr) describe_input(*system, "system", out, index);
  const json* const contents = member(body, "contents");
  const auto describe = [&](const json& content) {
    const std::string_view role = text_of(member(content, "role"));
    describe_input(content, role.empty() ? std::string_view("user") : role, out, index);
  };
  if (contents != nullptr && !contents->is_array()) describe(*contents);  // one content is taken, too
  for (const json& content : elements(contents)) describe(content);
}

/// A text goes on in the next piece; a signature ends it. Everything else comes whole.
inline bool fold_part(folded_answer& into, json& parts, const json& part) {
  if (!parts.is_array()) parts = json::array();
  json* const last = parts.empty() ? nullptr : &parts.back();
  const json* const text = member(part, "text");
  const bool goes_on = last != nullptr && text != nullptr && member(last, "text") != nullptr && is_thought(*last) == is_thought(part) &&
                       signature_of(*last) == nullptr;
  if (!goes_on) {
    into.push(parts, part);
    return true;
  }
  into.append((*last)["text"], text_of(text));
  for (auto at = part.begin(); at != part.end(); ++at) {
    if (at.key() != "text") set_member(*last, at.key(), at.value());
  }
  return !text_of(text).empty();
}

/// The usage repeats in each piece and grows; the last one, like the last of all that is no part, is the whole.
inline bool fold(folded_answer& into, const json& piece, std::string_view) {
  if (!piece.is_object()) return false;
  bool brought = false;
  json& whole = into.whole;
  if (!whole.is_object()) whole = json::object();
  for (auto at = piece.begin(); at != piece.end(); ++at) {
    if (at.key() != "candidates" && !at->is_null()) set_member(whole, at.key(), *at);
  }
  std::int64_t position = 0;
  for (const json& candidate : elements(member(piece, "candidates"))) {
    std::int64_t index = position++;
    integer_of(member(candidate, "index"), index);
    if (!candidate.is_object()) continue;
    json* const found = entry(whole["candidates"], index);
    if (found == nullptr) continue;
    json& to = *found;  // an object
    for (auto at = candidate.begin(); at != candidate.end(); ++at) {
      if (at.key() != "content" && at.key() != "index" && !at->is_null()) set_member(to, at.key(), *at);
    }
    const json* const content = member(candidate, "content");
    if (content == nullptr) continue;
    const json* const role = member(content, "role");
    if (role != nullptr) made_member(to["content"], "role") = *role;
    for (const json& part : elements(member(content, "parts"))) {
      if (sort_of(part) != sort::nothing && fold_part(into, made_member(to["content"], "parts"), part)) brought = true;
    }
  }
  return brought;
}

/// The tokens of sound.
inline const json* audio_tokens(const json* details) noexcept {
  for (const json& one : elements(details)) {
    if (text_of(member(one, "modality")) == "AUDIO") return member(one, "tokenCount", "token_count");
  }
  return nullptr;
}

/// Cached tokens are part of the prompt; what was thought, and what tools of Google's own read, are counted apart.
inline void describe_usage(const json* usage, attribute_list& out) {
  if (usage == nullptr) return;
  const json* const thoughts = member(*usage, "thoughtsTokenCount", "thoughts_token_count");
  const token_sum prompt(member(*usage, "promptTokenCount", "prompt_token_count"),
                         member(*usage, "toolUsePromptTokenCount", "tool_use_prompt_token_count"));
  const token_sum completion(member(*usage, "candidatesTokenCount", "candidates_token_count"), thoughts);
  token_sum both, total(member(*usage, "totalTokenCount", "total_token_count"));
  if (prompt.known()) both.add(prompt.value());
  if (completion.known()) both.add(completion.value());
  if (prompt.known()) out.count("llm.token_count.prompt", prompt.value());
  if (completion.known()) out.count("llm.token_count.completion", completion.value());
  if (total.known() || (prompt.known() && completion.known())) {
    out.count("llm.token_count.total", (std::max)(total.value(), both.value()));
  }
  out.count("llm.token_count.prompt_details.cache_read", member(*usage, "cachedContentTokenCount", "cached_content_token_count"));
  out.count("llm.token_count.prompt_details.audio", audio_tokens(member(*usage, "promptTokensDetails", "prompt_tokens_details")));
  out.count("llm.token_count.completion_details.reasoning", thoughts);
  out.count("llm.token_count.completion_details.audio",
            audio_tokens(member(*usage, "candidatesTokensDetails", "candidates_tokens_details")));
}

inline void describe_answer(const request_view&, const json& answer, attribute_list& out) {
  out.text("llm.model_name", member(answer, "modelVersion", "model_version"));
  describe_usage(member(answer, "usageMetadata", "usage_metadata"), out);
  const elements candidates(member(answer, "candidates"));
  const json* const feedback = member(answer, "promptFeedback", "prompt_feedback");
  const json* const blocked = feedback != nullptr ? member(*feedback, "blockReason", "block_reason") : nullptr;
  if (candidates.size() != 0) out.text("llm.finish_reason", member(*candidates.begin(), "finishReason", "finish_reason"));
  else out.text("llm.finish_reason", blocked);  // a prompt that was refused has no candidates
  std::int64_t position = 0;
  for (const json& candidate : candidates) {
    std::int64_t index = position++;
    integer_of(member(candidate, "index"), index);
    if (index < 0 || index > 1024) index = position - 1;
    const json* const content = member(candidate, "content");
    if (content == nullptr) continue;
    const std::string_view role = text_of(member(content, "role"));
    describe_content(*content, role.empty() ? std::string_view("model") : role, out, output_message(out, static_cast<std::size_t>(index)));
  }
}

}  // namespace gemini

inline constexpr dialect gemini_dialect = {
    "google_genai",
    "vertexai",
    "GenerateContent",
    "GenerateContentStream",
    kind::llm,
    gemini::claims,
    gemini::streams,
    gemini::describe_request,
    gemini::fold,
    gemini::describe_answer,
};

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
