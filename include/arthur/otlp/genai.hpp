// genai.hpp: OpenTelemetry's gen_ai.* attributes, made from OpenInference's as the Python package makes them.
#ifndef ARTHUR_OTLP_GENAI_HPP
#define ARTHUR_OTLP_GENAI_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../config.hpp"
#include "../record/wire.hpp"
#include "added_attributes.hpp"
#include "buffer.hpp"
#include "document_list.hpp"
#include "flattened_json.hpp"
#include "genai_messages.hpp"
#include "genai_request.hpp"
#include "genai_source.hpp"
#include "genai_tools.hpp"
#include "json_items.hpp"
#include "loose_value.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// "" where the kind says nothing.
inline std::string_view genai_operation(const genai_source& from) noexcept {
  if (from.is_kind("LLM")) return from.completes_prompts() ? "text_completion" : "chat";
  if (from.is_kind("TOOL")) return "execute_tool";
  if (from.is_kind("EMBEDDING")) return "embeddings";
  if (from.is_kind("RETRIEVER")) return "retrieval";
  return from.is_kind("AGENT") ? "invoke_agent" : "";
}

inline void add_genai_provider(added_attributes& to, const genai_source& from) noexcept {
  const auto text = [](const loose_value& v) { return v.tag == wire::any_string ? v : loose_value{}; };
  const loose_value provider = text(from[source_key::provider]);
  const loose_value system = text(from[source_key::system]);
  const auto is = [](const loose_value& v, const char* word) { return genai_source::says(v, word); };
  if (is(provider, "azure")) {
    return to.text(added_key::provider_name, is(system, "openai") ? "azure.ai.openai" : "azure.ai.inference");
  }
  if (is(provider, "google")) return to.text(added_key::provider_name, is(system, "vertexai") ? "gcp.vertex_ai" : "gcp.gen_ai");
  static constexpr struct {
    const char* ours;
    std::string_view theirs;
    bool by_system;  // where no provider is named
  } rows[] = {{"aws", "aws.bedrock", false},    {"vertexai", "gcp.vertex_ai", true}, {"openai", "openai", true},
              {"anthropic", "anthropic", true}, {"cohere", "cohere", true},          {"mistralai", "mistral_ai", true},
              {"deepseek", "deepseek", false},  {"groq", "groq", false},             {"perplexity", "perplexity", false},
              {"xai", "x_ai", false}};
  for (const auto& row : rows) {
    const bool only_system = row.theirs == "gcp.vertex_ai";
    if ((!only_system && is(provider, row.ours)) || (row.by_system && !provider && is(system, row.ours))) {
      return to.text(added_key::provider_name, row.theirs);
    }
  }
  buffer& lower = to.work.bytes;
  lower.clear();
  const loose_value& other = has_some_text(system) ? system : provider;
  for (std::size_t i = 0; i < other.size; ++i) {
    const char c = other.data[i];
    lower.append(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
  }
  if (!lower.failed() && !lower.empty()) to.text(added_key::provider_name, {lower.data(), lower.size()});
}

inline void add_genai_messages(added_attributes& to, const genai_source& from) noexcept {
  buffer& json = to.json_text.bytes;
  buffer& spare = to.spare.bytes;
  json.clear();
  if (genai_messages(json, spare, from, nullptr)
          .append(source_list::input_messages, source_list::prompts, "user", "prompt.text")) {
    to.json(added_key::input_messages, json);
  }
  json.clear();
  buffer& reasons = to.work.bytes;
  reasons.clear();
  if (genai_messages(json, spare, from, &reasons)
          .append(source_list::output_messages, source_list::choices, "assistant", "completion.text")) {
    to.json(added_key::output_messages, json);
  }
  if (span_reason(from)) {
    reasons.clear();
    each_span_reason(from, [&](const loose_value& reason) {
      json.clear();
      append_reason(json, reason);
      spare.clear();
      append_json_decoded(spare, {json.data(), json.size()});
      json.failed() || spare.failed() ? reasons.fail() : added_attributes::list_text(reasons, spare.data(), spare.size());
    });
  }
  if (!reasons.empty()) to.list(added_key::finish_reasons, reasons);
}

inline void add_genai_response(added_attributes& to, const genai_source& from) noexcept {
  const loose_value& output = from[source_key::output_value];
  loose_value id;
  loose_value model = from[source_key::response_model];
  if (from.is_kind("LLM") && text_is(from[source_key::output_mime_type], "application/json")) {
    const json_slice payload = nested_json(output);
    id = json_member(payload, "id");
    if (!has_some_text(model)) model = json_member(payload, "model");
  }
  to.text(added_key::response_id, id);
  to.text(added_key::response_model, model);
}

// A text as it is, anything else as JSON.
inline void add_genai_jsonish(added_attributes& to, added_key k, const loose_value& v) noexcept {
  if (!v) return;
  buffer& json = to.json_text.bytes;
  json.clear();
  if (v.tag != wire::any_string) {
    append_as_json(json, v);
    to.json(k, json);
    return;
  }
  json_slice text{v.data, v.size};
  const json_slice parsed = nested_json(v);
  if (parsed.size != 0 && *parsed.data == '"') {
    append_json_decoded(json, parsed);
    if (json.failed()) return;
    text = {json.data(), json.size()};
  }
  to.text(k, std::string_view(text.data, text.size));
}

inline void add_genai_tool(added_attributes& to, const genai_source& from) noexcept {
  if (!from.is_kind("TOOL")) return;
  to.text(added_key::tool_name, from[source_key::tool_name]);
  if (has_some_text(from[source_key::tool_name])) to.text(added_key::tool_type, "function");
  to.text(added_key::tool_description, from[source_key::tool_description]);
  to.text(added_key::tool_call_id, has_some_text(from[source_key::tool_id]) ? from[source_key::tool_id] : from[source_key::tool_call_id]);
  const part_range arguments = from.parts(source_list::arguments);
  if (!from[source_key::tool_parameters] && !arguments.empty()) {
    to.json_text.bytes.clear();
    append_flattened(to.json_text.bytes, arguments);
    to.json(added_key::tool_call_arguments, to.json_text.bytes);
  }
  add_genai_jsonish(to, added_key::tool_call_arguments, from[source_key::tool_parameters]);
  add_genai_jsonish(to, added_key::tool_call_result, from[source_key::output_value]);
}

inline void add_genai_retrieval(added_attributes& to, const genai_source& from) noexcept {
  if (!from.is_kind("RETRIEVER")) return;
  buffer& json = to.json_text.bytes;
  json.clear();
  if (append_documents(json, to.spare.bytes, from)) to.json(added_key::retrieval_documents, json);
  if (text_is(from[source_key::input_mime_type], "application/json")) return;
  const loose_value& query = from[source_key::input_value];
  if (query.tag == wire::any_string) to.copy(added_key::retrieval_query, query);
  else to.text(added_key::retrieval_query, query);
}

inline void add_genai_embedding(added_attributes& to, const genai_source& from) noexcept {
  if (!from.is_kind("EMBEDDING")) return;
  std::int64_t count = 0;
  json_items whole(nested_json(from.whole(source_list::embeddings)));
  json_slice embedding;
  json_slice item;
  while (count == 0 && whole.is_list() && whole.next(embedding)) {
    json_items vector(json_member(embedding, "embedding.vector", "vector").json());
    while (vector.is_list() && vector.next(item)) ++count;
  }
  const loose_value& first = from.vector();
  if (count == 0 && first.tag == wire::any_array) {
    wire::reader reader(first.data, first.size);
    wire::field at;
    while (reader.next(at)) count += at.tag == wire::array_values;
  } else if (count == 0 && first) {
    json_items vector(nested_json(first));
    while (vector.next(item)) ++count;
  }
  if (count != 0) to.integer(added_key::dimension_count, count);
}

/// Everything of the mapping; docs/genai.md has the table.
inline void add_genai(added_attributes& to, const genai_source& from) noexcept {
  const std::string_view operation = genai_operation(from);
  if (!operation.empty()) to.text(added_key::operation_name, operation);
  add_genai_provider(to, from);
  to.text(added_key::conversation_id, from[source_key::session_id]);
  to.text(added_key::agent_name, from[source_key::agent_name]);
  genai_request(to, from).add();
  to.copy(added_key::input_tokens, from[source_key::prompt_tokens]);
  to.copy(added_key::output_tokens, from[source_key::completion_tokens]);
  to.copy(added_key::cache_read_tokens, from[source_key::cache_read_tokens]);
  to.copy(added_key::cache_creation_tokens, from[source_key::cache_write_tokens]);
  add_genai_messages(to, from);
  add_genai_response(to, from);
  buffer& json = to.json_text.bytes;
  json.clear();
  if (genai_tools(json).append(from)) to.json(added_key::tool_definitions, json);
  add_genai_tool(to, from);
  add_genai_retrieval(to, from);
  add_genai_embedding(to, from);
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
