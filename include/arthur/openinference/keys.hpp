// keys.hpp: the one table of attribute keys.
#ifndef ARTHUR_OPENINFERENCE_KEYS_HPP
#define ARTHUR_OPENINFERENCE_KEYS_HPP

#include <cstddef>
#include <cstdint>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

// X(identifier, key)
//
// First the keys that a span has at most once: each owns a bit of the record's exact set, so at most 64.
#define ARTHUR_SINGLE_KEYS(X)                                                      \
  X(span_kind, "openinference.span.kind")                                          \
  X(input_value, "input.value")                                                    \
  X(input_mime_type, "input.mime_type")                                            \
  X(output_value, "output.value")                                                  \
  X(output_mime_type, "output.mime_type")                                          \
  X(session_id, "session.id")                                                      \
  X(user_id, "user.id")                                                            \
  X(metadata, "metadata")                                                          \
  X(tags, "tag.tags")                                                              \
  X(llm_model_name, "llm.model_name")                                              \
  X(llm_provider, "llm.provider")                                                  \
  X(llm_system, "llm.system")                                                      \
  X(llm_invocation_parameters, "llm.invocation_parameters")                        \
  X(llm_finish_reason, "llm.finish_reason")                                        \
  X(llm_token_count_prompt, "llm.token_count.prompt")                              \
  X(llm_token_count_completion, "llm.token_count.completion")                      \
  X(llm_token_count_total, "llm.token_count.total")                                \
  X(llm_cost_prompt, "llm.cost.prompt")                                            \
  X(llm_cost_completion, "llm.cost.completion")                                    \
  X(llm_cost_total, "llm.cost.total")                                              \
  X(tool_name, "tool.name")                                                        \
  X(tool_description, "tool.description")                                          \
  X(tool_parameters, "tool.parameters")                                            \
  X(embedding_model_name, "embedding.model_name")                                  \
  X(reranker_model_name, "reranker.model_name")                                    \
  X(reranker_query, "reranker.query")                                             \
  X(reranker_top_k, "reranker.top_k")                                              \
  X(agent_name, "agent.name")                                                      \
  X(graph_node_id, "graph.node.id")                                                \
  X(graph_node_name, "graph.node.name")                                            \
  X(graph_node_parent_id, "graph.node.parent_id")                                  \
  X(llm_request_model_name, "llm.request.model_name")                              \
  X(llm_response_model_name, "llm.response.model_name")                            \
  X(llm_function_call, "llm.function_call")                                        \
  X(prompt_template, "llm.prompt_template.template")                               \
  X(prompt_template_variables, "llm.prompt_template.variables")                    \
  X(prompt_template_version, "llm.prompt_template.version")                        \
  X(embedding_invocation_parameters, "embedding.invocation_parameters")            \
  X(tool_id, "tool.id")                                                            \
  X(code_function_name, "code.function.name")                                      \
  X(code_file_path, "code.file.path")                                              \
  X(code_line_number, "code.line.number")

// Keys that are rarer, or too long for an image (key_table.hpp): likewise once, but told apart by the Bloom filter alone.
// Some are parts of list elements, too.
#define ARTHUR_RARE_KEYS(X)                                                           \
  X(tokens_cache_read, "llm.token_count.prompt_details.cache_read")                   \
  X(tokens_cache_write, "llm.token_count.prompt_details.cache_write")                 \
  X(tokens_cache_input, "llm.token_count.prompt_details.cache_input")                 \
  X(tokens_prompt_audio, "llm.token_count.prompt_details.audio")                      \
  X(tokens_reasoning, "llm.token_count.completion_details.reasoning")                 \
  X(tokens_completion_audio, "llm.token_count.completion_details.audio")              \
  X(cost_input, "llm.cost.prompt_details.input")                                      \
  X(cost_cache_read, "llm.cost.prompt_details.cache_read")                            \
  X(cost_cache_write, "llm.cost.prompt_details.cache_write")                          \
  X(cost_cache_input, "llm.cost.prompt_details.cache_input")                          \
  X(cost_prompt_audio, "llm.cost.prompt_details.audio")                               \
  X(cost_output, "llm.cost.completion_details.output")                                \
  X(cost_reasoning, "llm.cost.completion_details.reasoning")                          \
  X(cost_completion_audio, "llm.cost.completion_details.audio")                       \
  X(prompt_vendor, "prompt.vendor")                                                   \
  X(prompt_id, "prompt.id")                                                           \
  X(prompt_url, "prompt.url")                                                         \
  X(tool_json_schema, "tool.json_schema")                                             \
  X(tool_call_id, "tool_call.id")                                                     \
  X(tool_call_function_name, "tool_call.function.name")                               \
  X(tool_call_function_arguments, "tool_call.function.arguments")                     \
  X(image_url, "image.url")                                                           \
  X(audio_url, "audio.url")                                                           \
  X(audio_mime_type, "audio.mime_type")                                               \
  X(audio_transcript, "audio.transcript")                                             \
  X(video_url, "video.url")                                                           \
  X(decision_model_name, "decision.model_name")                                       \
  X(decision_request_model_name, "decision.request.model_name")                       \
  X(decision_response_model_name, "decision.response.model_name")                     \
  X(decision_provider, "decision.provider")                                           \
  X(decision_system, "decision.system")                                               \
  X(decision_tokens_input, "decision.token_count.input")                              \
  X(decision_tokens_output, "decision.token_count.output")

// Lists: `prefix.N.` is put before each part of an element.
#define ARTHUR_LIST_KEYS(X)                                  \
  X(llm_input_messages, "llm.input_messages")                \
  X(llm_output_messages, "llm.output_messages")              \
  X(llm_tools, "llm.tools")                                  \
  X(retrieval_documents, "retrieval.documents")            \
  X(reranker_input_documents, "reranker.input_documents")         \
  X(reranker_output_documents, "reranker.output_documents")       \
  X(embedding_embeddings, "embedding.embeddings")                 \
  X(llm_prompts, "llm.prompts")                                   \
  X(llm_choices, "llm.choices")                                   \
  X(input_images, "input.images")                                 \
  X(output_images, "output.images")                               \
  X(input_documents, "input.documents")                           \
  X(output_documents, "output.documents")                         \
  X(annotations, "annotations")                                   \
  X(trace_annotations, "trace.annotations")                       \
  X(session_annotations, "session.annotations")                   \
  X(evaluations, "evaluations")                                   \
  X(trace_evaluations, "trace.evaluations")                       \
  X(session_evaluations, "session.evaluations")

// Parts of list elements: used behind a prefix, never alone. Those of evaluations are in the order of those of annotations.
#define ARTHUR_PART_KEYS(X)                                                        \
  X(message_role, "message.role")                                                  \
  X(message_content, "message.content")                                            \
  X(message_contents, "message.contents")                                          \
  X(message_name, "message.name")                                                  \
  X(message_tool_call_id, "message.tool_call_id")                                  \
  X(message_tool_calls, "message.tool_calls")                                      \
  X(message_function_call_name, "message.function_call_name")                      \
  X(message_function_call_arguments, "message.function_call_arguments_json")       \
  X(tool_call_reasoning_signature, "tool_call.reasoning_signature")                \
  X(content_type, "message_content.type")                                          \
  X(content_text, "message_content.text")                                          \
  X(content_id, "message_content.id")                                              \
  X(content_signature, "message_content.signature")                                \
  X(content_data, "message_content.data")                                          \
  X(content_encrypted, "message_content.encrypted_content")                        \
  X(content_image_url, "message_content.image.image.url")                          \
  X(content_audio_url, "message_content.audio.audio.url")                          \
  X(content_audio_mime_type, "message_content.audio.audio.mime_type")              \
  X(content_audio_transcript, "message_content.audio.audio.transcript")            \
  X(content_video_url, "message_content.video.video.url")                          \
  X(content_document, "message_content.document")                                  \
  X(document_id, "document.id")                                                    \
  X(document_content, "document.content")                                          \
  X(document_score, "document.score")                                              \
  X(document_metadata, "document.metadata")                                        \
  X(document_url, "document.url")                                                  \
  X(document_mime_type, "document.mime_type")                                      \
  X(document_name, "document.name")                                                \
  X(embedding_text, "embedding.text")                                              \
  X(embedding_vector, "embedding.vector")                                          \
  X(prompt_text, "prompt.text")                                                    \
  X(completion_text, "completion.text")                                            \
  X(annotation_name, "annotation.name")                                            \
  X(annotation_score, "annotation.score")                                          \
  X(annotation_label, "annotation.label")                                          \
  X(annotation_explanation, "annotation.explanation")                              \
  X(annotation_annotator_kind, "annotation.annotator_kind")                        \
  X(annotation_identifier, "annotation.identifier")                                \
  X(annotation_metadata, "annotation.metadata")                                    \
  X(evaluation_name, "evaluation.name")                                            \
  X(evaluation_score, "evaluation.score")                                          \
  X(evaluation_label, "evaluation.label")                                          \
  X(evaluation_explanation, "evaluation.explanation")                              \
  X(evaluation_annotator_kind, "evaluation.annotator_kind")                        \
  X(evaluation_identifier, "evaluation.identifier")                                \
  X(evaluation_metadata, "evaluation.metadata")

#define ARTHUR_KEY_NAME(identifier, text) identifier,
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
  link,  // no attribute
  task_id,  // resource
  service_name,
};
#undef ARTHUR_KEY_NAME
static_assert(static_cast<int>(key::single_count) <= 63, "single keys own one bit each of a 64-bit word");
constexpr std::size_t list_count = static_cast<std::size_t>(key::lists_end) - static_cast<std::size_t>(key::before_lists) - 1;

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
