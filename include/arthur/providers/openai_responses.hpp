// openai_responses.hpp: OpenAI's responses.
#ifndef ARTHUR_PROVIDERS_OPENAI_RESPONSES_HPP
#define ARTHUR_PROVIDERS_OPENAI_RESPONSES_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "../config.hpp"
#include "dialect.hpp"
#include "failure.hpp"
#include "messages.hpp"
#include "openai_chat.hpp"
#include "openai_usage.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {
namespace openai_responses {

inline bool claims(const request_view& request) {
  const route& where = request.where;
  // Surveys have a path "/responses", too.
  if (!where.path_ends("/v1/responses") && !where.path_ends("/openai/responses")) {
    if (!where.path_ends("/responses") || provider_of(where.host).empty()) return false;
  }
  return request.body.is_discarded() || member(request.body, "input", "prompt", "model") != nullptr;
}

inline void describe_part(const json& part, message_writer& message) {
  const std::string_view type = text_of(member(part, "type"));
  if (part.is_null()) return;  // a stream's that found no room
  if (type == "input_image" || type == "computer_screenshot") message.image_part(text_of(member(part, "image_url")));
  else openai_chat::describe_part(part, message);
}

inline void describe_content(const json* content, message_writer& message) {
  message.content(text_of(content));
  for (const json& part : elements(content)) describe_part(part, message);
}

/// What a tool gave: as Python a text or JSON, but an image is an image.
inline void describe_result(const json* result, message_writer& message) {
  const auto is_image = [](const json* part) {
    const std::string_view type = text_of(member(part, "type"));
    return type == "input_image" || type == "computer_screenshot";
  };
  if (is_image(result)) return describe_part(*result, message);
  bool image = false;
  for (const json& part : elements(result)) image = image || is_image(&part);
  if (image) describe_content(result, message);
  else message.content(text_or_json(result));
}

inline std::string joined_texts(const json* parts) {
  std::string text;
  for (const json& part : elements(parts)) {
    const std::string_view more = text_of(member(part, "text"));
    if (!text.empty() && !more.empty()) text += '\n';
    text += more;
  }
  return text;
}

inline void describe_reasoning(const json& item, message_writer& message, attribute_list& out) {
  const std::string keys = message.part("reasoning") + "message_content.";
  const std::string summary = joined_texts(member(item, "summary"));
  out.text(keys + "id", member(item, "id"));
  out.text(keys + "text", summary.empty() ? joined_texts(member(item, "content")) : summary);
  out.text(keys + "encrypted_content", member(item, "encrypted_content"));
}

/// An item of the conversation, either way, is a message. Calls and their results belong together by call_id.
inline void describe_item(const json& item, message_writer message, attribute_list& out) {
  if (item.is_null()) return;  // a stream's that found no room
  std::string_view type = text_of(member(item, "type"));
  const std::string_view role = text_of(member(item, "role")), id = text_of(member(item, "id")), name = text_of(member(item, "name"));
  if (type == "message" || (type.empty() && !role.empty())) {
    message.role(role);
    return describe_content(member(item, "content"), message);
  }
  if (ends_with(type, "_call_output")) {
    message.role("tool");
    message.answers_call(text_of(member(item, "call_id")));
    return describe_result(member(item, "output"), message);
  }
  message.role(type == "mcp_approval_response" ? "user" : "assistant");
  if (type == "function_call") {
    const std::string arguments = text_or_json(member(item, "arguments"));
    message.tool_call(text_of(member(item, "call_id")), name, arguments == "{}" ? "" : arguments);  // as Python
  } else if (type == "custom_tool_call") {
    const json* const input = member(item, "input");
    message.tool_call(text_of(member(item, "call_id")), name, input == nullptr ? "" : dump(json{{"input", *input}}));
  } else if (type == "reasoning") {
    describe_reasoning(item, message, out);
  } else if (type == "web_search_call" || type == "file_search_call") {
    message.tool_call(id, type, {});
  } else if (member(item, "call_id") != nullptr) {  // to be answered by the program: computer_call, shell_call and their like
    message.tool_call(text_of(member(item, "call_id")), name.empty() ? type : name,
                      text_or_json(member(item, "action", "actions", "operation", "arguments")));
  } else if (type == "mcp_call" || type == "mcp_approval_request") {
    message.tool_use_part(id, name, text_or_json(member(item, "arguments")), type);
  } else {
    if (type.empty()) type = "item_reference";  // that may leave its type out
    out.text(message.part(type) + "message_content.id", id);
  }
}

inline void describe_request(const request_view& request, attribute_list& out) {
  const json& body = request.body;
  out.text("llm.model_name", member(body, "model"));
  const json parameters = without(body, "input", "instructions", "tools");
  out.as_json("llm.invocation_parameters", body.is_object() ? &parameters : nullptr);
  describe_tools(member(body, "tools"), out);
  std::size_t next = 0;
  const std::string_view instructions = text_of(member(body, "instructions"));
  if (!instructions.empty()) {
    message_writer message = input_message(out, next++);
    message.role("system");
    message.content(instructions);
  }
  const json* const input = member(body, "input");
  if (!text_of(input).empty()) {
    message_writer message = input_message(out, next++);
    message.role("user");
    message.content(text_of(input));
  }
  for (const json& item : elements(input)) describe_item(item, input_message(out, next++), out);
}

/// Where the text of a kind of delta grows: in the item itself, or in an element of a list of its.
struct growth {
  std::string_view event;
  const char* list;  // null: none
  const char* index;
  const char* key;
  const char* type;  // of an element that nothing announced
};
inline constexpr growth growing[] = {
    {"response.output_text.delta", "content", "content_index", "text", "output_text"},
    {"response.refusal.delta", "content", "content_index", "refusal", "refusal"},
    {"response.reasoning_text.delta", "content", "content_index", "text", "reasoning_text"},
    {"response.reasoning_summary_text.delta", "summary", "summary_index", "text", "summary_text"},
    {"response.function_call_arguments.delta", nullptr, nullptr, "arguments", nullptr},
    {"response.mcp_call_arguments.delta", nullptr, nullptr, "arguments", nullptr},
    {"response.custom_tool_call_input.delta", nullptr, nullptr, "input", nullptr},
    {"response.code_interpreter_call_code.delta", nullptr, nullptr, "code", nullptr},
};

inline bool fold_delta(folded_answer& into, json& output, const json& piece, const growth& how) {
  const std::string_view more = text_of(member(piece, "delta"));
  json* grows = &continued(output, member(piece, "output_index"));
  if (how.list != nullptr) {
    grows = &continued(made_member(*grows, how.list), member(piece, how.index));
    if (member(*grows, "type") == nullptr) made_member(*grows, "type") = how.type;
  }
  into.append(made_member(*grows, how.key), more);
  return !more.empty();
}

/// The last event holds the whole response; what came before it counts where it doesn't come.
inline bool fold(folded_answer& into, const json& piece, std::string_view event) {
  std::string_view type = text_of(member(piece, "type"));
  if (type.empty()) type = event;
  const json* const response = member(piece, "response");
  if (response != nullptr && response->is_object()) {
    const bool last = type == "response.completed" || type == "response.incomplete" || type == "response.failed";
    if (last || elements(member(into.whole, "output")).size() == 0) {
      json so_far = std::move(made_member(into.whole, "output"));
      into.whole = *response;
      // The end of what failed has no output, and with some servers no end has it.
      const bool none = elements(member(into.whole, "output")).size() == 0;
      if (none && elements(&so_far).size() != 0) into.whole["output"] = std::move(so_far);
    }
    if (type != "response.failed") return false;
    into.failure = failure_in(*response);
    if (into.failure.empty()) into.failure = "the response failed";
    return false;
  }
  if (!starts_with(type, "response.")) return false;
  json& output = made_member(into.whole, "output");
  const json* const index = member(piece, "output_index");
  const json* const item = member(piece, "item");
  const json* const part = member(piece, "part");
  if (type == "response.output_item.added" && item != nullptr) {
    into.put(begun(output, index), *item);
  } else if (type == "response.output_item.done" && item != nullptr) {
    into.put(continued(output, index), *item);
  } else if (type == "response.content_part.added" && part != nullptr) {
    into.put(begun(made_member(continued(output, index), "content"), member(piece, "content_index")), *part);
  } else if (type == "response.reasoning_summary_part.added" && part != nullptr) {
    into.put(begun(made_member(continued(output, index), "summary"), member(piece, "summary_index")), *part);
  }
  for (const growth& how : growing) {
    if (type == how.event) return fold_delta(into, output, piece, how);
  }
  return false;
}

inline void describe_answer(const request_view&, const json& answer, attribute_list& out) {
  out.text("llm.model_name", member(answer, "model"));
  describe_openai_usage(answer, out);
  out.text("llm.finish_reason", member(member(answer, "incomplete_details"), "reason"));
  describe_tools(member(answer, "tools"), out);  // as Python: those of a stored prompt are only here
  std::size_t n = 0;
  for (const json& item : elements(member(answer, "output"))) describe_item(item, output_message(out, n++), out);
}

}  // namespace openai_responses

inline constexpr dialect openai_responses_dialect = {
    "openai",
    "openai",
    "Response",
    nullptr,
    kind::llm,
    openai_responses::claims,
    asks_for_stream,
    openai_responses::describe_request,
    openai_responses::fold,
    openai_responses::describe_answer,
};

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
