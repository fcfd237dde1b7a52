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
  X(graph_node_id, "graph.node.id", none)                                          \
  X(graph_node_name, "graph.node.name", none)                                      \
  X(graph_node_parent_id, "graph.node.parent_id", none)                            \
  X(llm_request_model_name, "llm.request.model_name", none)                        \
  X(llm_response_model_name, "llm.response.model_name", none)                      \
  X(llm_function_call, "llm.function_call", none)                                  \
  X(prompt_template, "llm.prompt_template.template", none)                         \
  X(prompt_template_variables, "llm.prompt_template.variables", none)              \
  X(prompt_template_version, "llm.prompt_template.version", none)                  \
  X(embedding_invocation_parameters, "embedding.invocation_parameters", none)      \
  X(tool_id, "tool.id", none)                                                      \
  X(code_function_name, "code.function.name", none)                                \
  X(code_file_path, "code.file.path", none)                                        \
  X(code_line_number, "code.line.number", none)

// Keys that are rarer, or too long for an image (key_table.hpp): likewise once, but told apart by the Bloom filter alone.
// Some are parts of list elements, too.
#define ARTHUR_RARE_KEYS(X)                                                           \
  X(tokens_cache_read, "llm.token_count.prompt_details.cache_read", none)             \
  X(tokens_cache_write, "llm.token_count.prompt_details.cache_write", none)           \
  X(tokens_cache_input, "llm.token_count.prompt_details.cache_input", none)           \
  X(tokens_prompt_audio, "llm.token_count.prompt_details.audio", none)                \
  X(tokens_reasoning, "llm.token_count.completion_details.reasoning", none)           \
  X(tokens_completion_audio, "llm.token_count.completion_details.audio", none)        \
  X(cost_input, "llm.cost.prompt_details.input", none)                                \
  X(cost_cache_read, "llm.cost.prompt_details.cache_read", none)                      \
  X(cost_cache_write, "llm.cost.prompt_details.cache_write", none)                    \
  X(cost_cache_input, "llm.cost.prompt_details.cache_input", none)                    \
  X(cost_prompt_audio, "llm.cost.prompt_details.audio", none)                         \
  X(cost_output, "llm.cost.completion_details.output", none)                          \
  X(cost_reasoning, "llm.cost.completion_details.reasoning", none)                    \
  X(cost_completion_audio, "llm.cost.completion_details.audio", none)                 \
  X(prompt_vendor, "prompt.vendor", none)                                             \
  X(prompt_id, "prompt.id", none)                                                     \
  X(prompt_url, "prompt.url", none)                                                   \
  X(tool_json_schema, "tool.json_schema", none)                                       \
  X(tool_call_id, "tool_call.id", none)                                               \
  X(tool_call_function_name, "tool_call.function.name", none)                         \
  X(tool_call_function_arguments, "tool_call.function.arguments", none)               \
  X(image_url, "image.url", none)                                                     \
  X(audio_url, "audio.url", none)                                                     \
  X(audio_mime_type, "audio.mime_type", none)                                         \
  X(audio_transcript, "audio.transcript", none)                                       \
  X(video_url, "video.url", none)                                                     \
  X(decision_model_name, "decision.model_name", none)                                 \
  X(decision_request_model_name, "decision.request.model_name", none)                 \
  X(decision_response_model_name, "decision.response.model_name", none)               \
  X(decision_provider, "decision.provider", none)                                     \
  X(decision_system, "decision.system", none)                                         \
  X(decision_tokens_input, "decision.token_count.input", none)                        \
  X(decision_tokens_output, "decision.token_count.output", none)

// Lists: `prefix.N.` is put before each part of an element.
#define ARTHUR_LIST_KEYS(X)                                  \
  X(llm_input_messages, "llm.input_messages", input)         \
  X(llm_output_messages, "llm.output_messages", output)      \
  X(llm_tools, "llm.tools", none)                            \
  X(retrieval_documents, "retrieval.documents", none)      \
  X(reranker_input_documents, "reranker.input_documents", none)   \
  X(reranker_output_documents, "reranker.output_documents", none) \
  X(embedding_embeddings, "embedding.embeddings", none)           \
  X(llm_prompts, "llm.prompts", input)                            \
  X(llm_choices, "llm.choices", output)                           \
  X(input_images, "input.images", input)                          \
  X(output_images, "output.images", output)                       \
  X(input_documents, "input.documents", input)                    \
  X(output_documents, "output.documents", output)                 \
  X(annotations, "annotations", none)                             \
  X(trace_annotations, "trace.annotations", none)                 \
  X(session_annotations, "session.annotations", none)             \
  X(evaluations, "evaluations", none)                             \
  X(trace_evaluations, "trace.evaluations", none)                 \
  X(session_evaluations, "session.evaluations", none)

// Parts of list elements: used behind a prefix, never alone. Those of evaluations are in the order of those of annotations.
#define ARTHUR_PART_KEYS(X)                                                        \
  X(message_role, "message.role", none)                                            \
  X(message_content, "message.content", none)                                      \
  X(message_contents, "message.contents", none)                                    \
  X(message_name, "message.name", none)                                            \
  X(message_tool_call_id, "message.tool_call_id", none)                            \
  X(message_tool_calls, "message.tool_calls", none)                                \
  X(message_function_call_name, "message.function_call_name", none)                \
  X(message_function_call_arguments, "message.function_call_arguments_json", none) \
  X(tool_call_reasoning_signature, "tool_call.reasoning_signature", none)          \
  X(content_type, "message_content.type", none)                                    \
  X(content_text, "message_content.text", none)                                    \
  X(content_id, "message_content.id", none)                                        \
  X(content_signature, "message_content.signature", none)                          \
  X(content_data, "message_content.data", none)                                    \
  X(content_encrypted, "message_content.encrypted_content", none)                  \
  X(content_image_url, "message_content.image.image.url", none)                    \
  X(content_audio_url, "message_content.audio.audio.url", none)                    \
  X(content_audio_mime_type, "message_content.audio.audio.mime_type", none)        \
  X(content_audio_transcript, "message_content.audio.audio.transcript", none)      \
  X(content_video_url, "message_content.video.video.url", none)                    \
  X(content_document, "message_content.document", none)                            \
  X(document_id, "document.id", none)                                              \
  X(document_content, "document.content", none)                                    \
  X(document_score, "document.score", none)                                        \
  X(document_metadata, "document.metadata", none)                                  \
  X(document_url, "document.url", none)                                            \
  X(document_mime_type, "document.mime_type", none)                                \
  X(document_name, "document.name", none)                                          \
  X(embedding_text, "embedding.text", none)                                        \
  X(embedding_vector, "embedding.vector", none)                                    \
  X(prompt_text, "prompt.text", none)                                              \
  X(completion_text, "completion.text", none)                                      \
  X(annotation_name, "annotation.name", none)                                      \
  X(annotation_score, "annotation.score", none)                                    \
  X(annotation_label, "annotation.label", none)                                    \
  X(annotation_explanation, "annotation.explanation", none)                        \
  X(annotation_annotator_kind, "annotation.annotator_kind", none)                  \
  X(annotation_identifier, "annotation.identifier", none)                          \
  X(annotation_metadata, "annotation.metadata", none)                              \
  X(evaluation_name, "evaluation.name", none)                                      \
  X(evaluation_score, "evaluation.score", none)                                    \
  X(evaluation_label, "evaluation.label", none)                                    \
  X(evaluation_explanation, "evaluation.explanation", none)                        \
  X(evaluation_annotator_kind, "evaluation.annotator_kind", none)                  \
  X(evaluation_identifier, "evaluation.identifier", none)                          \
  X(evaluation_metadata, "evaluation.metadata", none)

#define ARTHUR_KEY_NAME(identifier, text, hidden_by) identifier,
enum class key : std::uint16_t {
  ARTHUR_SINGLE_KEYS(ARTHUR_KEY_NAME) single_count,
  before_lists = 63,  // what follows has no bit
  ARTHUR_LIST_KEYS(ARTHUR_KEY_NAME) lists_end, before_rare = lists_end - 1,
  ARTHUR_RARE_KEYS(ARTHUR_KEY_NAME) rare_end, before_parts = rare_end - 1,
  ARTHUR_PART_KEYS(ARTHUR_KEY_NAME) count,
  // No keys, but what the writer makes keys of.
  free,          // the key is the user's text
  token_counts,  // prompt and completion: three keys
  costs,
  input_json,  // value and mime type
  output_json,
  input_document,  // the list depends on the kind of the span
  output_document,
  tool,         // llm.tools.N on LLM spans, tool.* on the others
  tool_schema,  // llm.tools.N on LLM spans, tool.json_schema on the others
  // Within a message:
  document,       // a part of its content; else an element of a list
  content,        // a part of its content; images, audio and video also of a span
  tool_use,       // a part of its content and a tool call
  tool_call,      // also of a TOOL span
  function_call,  // two parts
  // Anywhere:
  several,        // parts that are keys of their own
  absent,         // an optional part that isn't there
  // Parts whose key depends on the element; from `score` on in the order of the annotation's keys.
  id,
  name,
  url,
  mime_type,
  score,
  label,
  explanation,
  annotator_kind,
  identifier,
  task_id,  // resource
  service_name,
};
#undef ARTHUR_KEY_NAME
static_assert(static_cast<int>(key::single_count) <= 63, "single keys own one bit each of a 64-bit word");
constexpr std::size_t list_count = static_cast<std::size_t>(key::lists_end) - static_cast<std::size_t>(key::before_lists) - 1;

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
