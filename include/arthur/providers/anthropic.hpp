// anthropic.hpp: Anthropic's messages, at home and on Vertex.
#ifndef ARTHUR_PROVIDERS_ANTHROPIC_HPP
#define ARTHUR_PROVIDERS_ANTHROPIC_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "../config.hpp"
#include "dialect.hpp"
#include "messages.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {
namespace anthropic {

/// The model that Vertex has in the path; empty elsewhere.
inline std::string_view vertex_model(const route& where) noexcept {
  if (!where.path_ends(":rawPredict") && !where.path_ends(":streamRawPredict")) return {};
  return where.between("/publishers/anthropic/models/", ":");
}

inline bool claims(const request_view& request) {
  const route& where = request.where;
  const json& body = request.body;
  const std::string_view vertex = vertex_model(where);
  if (!vertex.empty()) return vertex != "count-tokens" && (body.is_discarded() || member(body, "messages") != nullptr);
  // Mail and chat services have a path "/messages", too.
  if (!where.path_ends("/v1/messages") && !(where.path_ends("/messages") && provider_of(where.host) == "anthropic")) return false;
  return body.is_discarded() || (member(body, "messages") != nullptr && member(body, "model", "max_tokens") != nullptr);
}

inline bool streams(const request_view& request) { return asks_for_stream(request) || request.where.path_ends(":streamRawPredict"); }

inline std::string image_url(const json* source) {
  const std::string_view url = text_of(member(source, "url"));  // OpenInference Python makes "data:None;url,None" of these
  if (!url.empty()) return std::string(url);
  const std::string_view data = text_of(member(source, "data"));
  return data.empty() ? std::string() : data_url(text_of(member(source, "media_type")), data);
}

/// A block without files in base64, which are in the body, and may be large.
inline json without_data(const json& block) {
  if (!block.is_structured()) return block;
  json out(block.type());
  const bool file = text_of(member(block, "type")) == "base64";
  for (auto at = block.begin(); at != block.end(); ++at) {
    if (block.is_array()) out.push_back(without_data(*at));
    else if (file && at.key() == "data") out[at.key()] = redacted;
    else out[at.key()] = without_data(*at);
  }
  return out;
}

inline void describe_block(const json& block, message_writer& message) {
  const std::string_view type = text_of(member(block, "type"));
  if (block.is_null()) return;  // a stream's that found no room
  if (type == "text") {
    message.text_part(text_of(member(block, "text")));
  } else if (type == "image") {
    message.image_part(image_url(member(block, "source")));
  } else if (type == "thinking") {
    message.reasoning_part(text_of(member(block, "thinking")), text_of(member(block, "signature")));
  } else if (type == "redacted_thinking") {
    message.data_part("reasoning", "data", text_of(member(block, "data")));
  } else if (type == "tool_use" || type == "server_tool_use" || type == "mcp_tool_use") {
    const std::string_view id = text_of(member(block, "id")), name = text_of(member(block, "name"));
    const std::string arguments = text_or_json(member(block, "input"));
    // What the provider's own tools do isn't a call that the program must answer.
    if (type == "tool_use") message.tool_call(id, name, arguments);
    message.tool_use_part(id, name, arguments, type);
  } else {  // documents, results of the provider's tools, what comes next year: as Python the block as JSON
    message.data_part(type.empty() ? std::string_view("unknown") : type, "text", dump(without_data(block)));
  }
}

/// The content of a tool's result: as Python a text or JSON, but an image is an image.
inline void describe_result(const json* content, message_writer& message) {
  bool image = false;
  for (const json& block : elements(content)) image = image || text_of(member(block, "type")) == "image";
  if (!image) return message.content(text_or_json(content));
  for (const json& block : elements(content)) describe_block(block, message);
}

/// A message of the request. Results of tools stand inside the user's: each is a message of its own, so that those of
/// parallel calls are all kept; what stands between them stays together.
inline void describe_message(const json& from, attribute_list& out, std::size_t& next) {
  const std::string_view role = text_of(member(from, "role"));
  const elements blocks(member(from, "content"));
  if (blocks.size() == 0) {
    message_writer message = input_message(out, next++);
    message.role(role);
    message.content(text_of(member(from, "content")));
  }
  std::optional<message_writer> open;
  for (const json& block : blocks) {
    if (text_of(member(block, "type")) == "tool_result") {
      open.reset();
      message_writer result = input_message(out, next++);
      result.role("tool");
      result.answers_call(text_of(member(block, "tool_use_id")));
      describe_result(member(block, "content"), result);
      continue;
    }
    if (!open) {
      open.emplace(input_message(out, next++));
      open->role(role);
    }
    describe_block(block, *open);
  }
}

inline void describe_request(const request_view& request, attribute_list& out) {
  const json& body = request.body;
  const std::string_view vertex = vertex_model(request.where);
  const std::string_view model = vertex.empty() ? text_of(member(body, "model")) : vertex;
  out.text("llm.model_name", model);
  out.text("llm.request.model_name", model);  // an alias, often: the answer names the model itself
  const json parameters = without(body, "model", "messages", "system", "tools");
  out.as_json("llm.invocation_parameters", body.is_object() ? &parameters : nullptr);
  describe_tools(member(body, "tools"), out);
  std::size_t next = 0;
  const json* const system = member(body, "system");
  if (!text_of(system).empty() || elements(system).size() != 0) {
    message_writer message = input_message(out, next++);
    message.role("system");
    message.content(text_of(system));
    for (const json& block : elements(system)) describe_block(block, message);
  }
  for (const json& message : elements(member(body, "messages"))) describe_message(message, out, next);
}

/// The input of a tool comes as pieces of JSON, which are none by themselves; what isn't JSON in the end stays a text.
inline void end_block(folded_answer& into, json& block) {
  const json* const input = member(block, "input");
  if (input == nullptr || !input->is_string() || !into.take_reading(text_of(input).size())) return;
  json whole = text_of(input).empty() ? json::object() : parse(text_of(input));
  if (!whole.is_discarded()) block["input"] = std::move(whole);
}

inline bool fold_delta(folded_answer& into, json& block, const json& delta) {
  const std::string_view type = text_of(member(delta, "type"));
  if (type == "citations_delta") {
    const json* const citation = member(delta, "citation");
    if (citation != nullptr) into.put(begun(made_member(block, "citations"), nullptr), *citation);
    return false;
  }
  const bool input = type == "input_json_delta";
  const char* const key = input ? "partial_json" : type == "text_delta" ? "text" : type == "thinking_delta" ? "thinking" : "signature";
  const std::string_view more = text_of(member(delta, key));
  // The block begins with an empty object as input, which the first piece replaces.
  if (!more.empty()) into.append(made_member(block, input ? "input" : key), more);
  return !more.empty();
}

/// The last that is there of each member: counts are of all so far, and may be told again and again.
inline void replace_members(json& of, const json* by) {
  if (by == nullptr || !by->is_object()) return;
  for (auto at = by->begin(); at != by->end(); ++at) {
    const bool room = !of.is_object() || of.size() < 64 || of.find(at.key()) != of.end();  // for more than there will be
    if (!at->is_null() && room) made_member(of, at.key()) = *at;
  }
}

inline bool fold(folded_answer& into, const json& piece, std::string_view event) {
  std::string_view type = text_of(member(piece, "type"));
  if (type.empty()) type = event;
  if (type == "message_start") {
    const json* const message = member(piece, "message");
    if (message != nullptr && message->is_object()) into.whole = *message;
  } else if (type == "content_block_start") {
    const json* const from = member(piece, "content_block");
    if (from == nullptr || !from->is_object()) return false;
    into.put(begun(made_member(into.whole, "content"), member(piece, "index")), *from);
    const std::string_view kind = text_of(member(from, "type"));
    return kind != "text" && kind != "thinking";  // these begin empty
  } else if (type == "content_block_delta") {
    const json* const delta = member(piece, "delta");
    return delta != nullptr && fold_delta(into, continued(made_member(into.whole, "content"), member(piece, "index")), *delta);
  } else if (type == "content_block_stop") {
    end_block(into, continued(made_member(into.whole, "content"), member(piece, "index")));
  } else if (type == "message_delta") {
    replace_members(into.whole, member(piece, "delta"));
    const json* const usage = member(piece, "usage");
    if (usage != nullptr) replace_members(made_member(into.whole, "usage"), usage);
  }
  return false;
}

/// Negative where it isn't told.
inline std::int64_t tokens(const json* usage, const char* key) noexcept {
  std::int64_t number = 0;
  return integer_of(member(usage, key), number) && number >= 0 && number < (std::int64_t{1} << 60) ? number : -1;
}

/// The provider leaves cached tokens out of its input, and the sum away. The details are 0 wherever there is nothing to tell:
/// these zeros aren't written, as Python doesn't.
inline void describe_usage(const json* usage, attribute_list& out) {
  const auto detail = [&out](const char* key, std::int64_t number) {
    if (number > 0) out.count(key, number);
    return (std::max)(number, std::int64_t{0});
  };
  std::int64_t prompt = tokens(usage, "input_tokens");
  const std::int64_t completion = tokens(usage, "output_tokens");
  const std::int64_t cached = detail("llm.token_count.prompt_details.cache_read", tokens(usage, "cache_read_input_tokens")) +
                              detail("llm.token_count.prompt_details.cache_write", tokens(usage, "cache_creation_input_tokens"));
  if (cached != 0) prompt = (std::max)(prompt, std::int64_t{0}) + cached;
  if (prompt >= 0) out.count("llm.token_count.prompt", prompt);
  if (completion >= 0) out.count("llm.token_count.completion", completion);
  if (prompt >= 0 && completion >= 0) out.count("llm.token_count.total", prompt + completion);
  detail("llm.token_count.completion_details.reasoning", tokens(member(usage, "output_tokens_details"), "thinking_tokens"));
}

inline void describe_answer(const request_view&, const json& answer, attribute_list& out) {
  out.text("llm.model_name", member(answer, "model"));
  out.text("llm.response.model_name", member(answer, "model"));
  describe_usage(member(answer, "usage"), out);
  out.text("llm.finish_reason", member(answer, "stop_reason"));
  const elements blocks(member(answer, "content"));
  if (blocks.size() == 0) return;
  message_writer message = output_message(out, 0);
  message.role(text_of(member(answer, "role")));
  for (const json& block : blocks) describe_block(block, message);
}

}  // namespace anthropic

inline constexpr dialect anthropic_dialect = {
    "anthropic",        "anthropic",
    "messages.create",  "messages.stream",
    kind::llm,          anthropic::claims,
    anthropic::streams, anthropic::describe_request,
    anthropic::fold,    anthropic::describe_answer,
};

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
