// keys.hpp: the one table of attribute keys: text, value type, and what hides it.
#ifndef ARTHUR_OPENINFERENCE_KEYS_HPP
#define ARTHUR_OPENINFERENCE_KEYS_HPP

#include <cstddef>
#include <cstdint>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Who may hide a value: families of options::hide_inputs and options::hide_outputs.
enum class family : std::uint8_t { none, input, output };

// X(identifier, key, family)
//
// First the keys that a span has at most once: each owns a bit of the record's exact set, so at most 64.
#define ARTHUR_SINGLE_KEYS(X)                                                      \
  X(span_kind, "openinference.span.kind", none)                                    \
  X(input_value, "input.value", input)                                             \
  X(input_mime_type, "input.mime_type", none)                                      \
  X(output_value, "output.value", output)                                          \
  X(output_mime_type, "output.mime_type", none)                                    \
  X(session_id, "session.id", none)                                                \
  X(user_id, "user.id", none)                                                      \
  X(metadata, "metadata", none)                                                    \
  X(tags, "tag.tags", none)                                                        \
  X(llm_model_name, "llm.model_name", none)                                        \
  X(llm_provider, "llm.provider", none)                                            \
  X(llm_system, "llm.system", none)                                                \
  X(llm_invocation_parameters, "llm.invocation_parameters", none)                  \
  X(llm_finish_reason, "llm.finish_reason", none)                                  \
  X(llm_token_count_prompt, "llm.token_count.prompt", none)                        \
  X(llm_token_count_completion, "llm.token_count.completion", none)                \
  X(llm_token_count_total, "llm.token_count.total", none)                          \
  X(llm_cost_prompt, "llm.cost.prompt", none)                                      \
  X(llm_cost_completion, "llm.cost.completion", none)                              \
  X(llm_cost_total, "llm.cost.total", none)                                        \
  X(tool_name, "tool.name", none)                                                  \
  X(tool_description, "tool.description", none)                                    \
  X(tool_parameters, "tool.parameters", none)                                      \
  X(embedding_model_name, "embedding.model_name", none)                            \
  X(reranker_model_name, "reranker.model_name", none)                              \
  X(reranker_query, "reranker.query", none)                                       \
  X(reranker_top_k, "reranker.top_k", none)                                        \
  X(agent_name, "agent.name", none)                                                \
  X(code_function_name, "code.function.name", none)                                \
  X(code_file_path, "code.file.path", none)                                        \
  X(code_line_number, "code.line.number", none)

// Lists: `prefix.N.` is put before each part of an element.
#define ARTHUR_LIST_KEYS(X)                                  \
  X(llm_input_messages, "llm.input_messages", input)         \
  X(llm_output_messages, "llm.output_messages", output)      \
  X(llm_tools, "llm.tools", none)                            \
  X(retrieval_documents, "retrieval.documents", none)      \
  X(reranker_input_documents, "reranker.input_documents", none)   \
  X(reranker_output_documents, "reranker.output_documents", none) \
  X(embedding_embeddings, "embedding.embeddings", none)

// Parts of list elements: used behind a prefix, never alone.
#define ARTHUR_PART_KEYS(X)                                            \
  X(message_role, "message.role", none)                                \
  X(message_content, "message.content", none)                          \
  X(message_name, "message.name", none)                                \
  X(message_tool_call_id, "message.tool_call_id", none)                \
  X(message_tool_calls, "message.tool_calls", none)                    \
  X(tool_call_id, "tool_call.id", none)                                \
  X(tool_call_function_name, "tool_call.function.name", none)          \
  X(tool_call_function_arguments, "tool_call.function.arguments", none) \
  X(tool_json_schema, "tool.json_schema", none)                        \
  X(document_id, "document.id", none)                                  \
  X(document_content, "document.content", none)                        \
  X(document_score, "document.score", none)                            \
  X(document_metadata, "document.metadata", none)                      \
  X(embedding_text, "embedding.text", none)                           \
  X(embedding_vector, "embedding.vector", none)

#define ARTHUR_KEY_NAME(identifier, text, hidden_by) identifier,
enum class key : std::uint16_t {
  ARTHUR_SINGLE_KEYS(ARTHUR_KEY_NAME) single_count,
  // What follows isn't a key of its own: composites and resource settings, told apart by the writer.
  before_lists = 63,
  ARTHUR_LIST_KEYS(ARTHUR_KEY_NAME) ARTHUR_PART_KEYS(ARTHUR_KEY_NAME) count,
  free,          // the key is the user's text
  token_counts,  // prompt and completion: three keys
  costs,
  input_json,  // value and mime type
  output_json,
  document,  // the list depends on the kind of the span
  input_document,
  tool,       // llm.tools.N on LLM spans, tool.* on the others
  tool_call,  // within a message
  task_id,    // resource
  service_name,
};
#undef ARTHUR_KEY_NAME
static_assert(static_cast<int>(key::single_count) <= 63, "single keys own one bit each of a 64-bit word");

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
