// genai_keys.hpp: the attributes that gen_ai.* is made from, and those that are made.
#ifndef ARTHUR_OTLP_GENAI_KEYS_HPP
#define ARTHUR_OTLP_GENAI_KEYS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

// X(identifier, key)
#define ARTHUR_GENAI_SOURCES(X)                                                \
  X(kind, "openinference.span.kind")                                           \
  X(input_value, "input.value")                                                \
  X(input_mime_type, "input.mime_type")                                        \
  X(output_value, "output.value")                                              \
  X(output_mime_type, "output.mime_type")                                      \
  X(session_id, "session.id")                                                  \
  X(agent_name, "agent.name")                                                  \
  X(provider, "llm.provider")                                                  \
  X(system, "llm.system")                                                      \
  X(model, "llm.model_name")                                                   \
  X(request_model, "llm.request.model_name")                                   \
  X(response_model, "llm.response.model_name")                                 \
  X(parameters, "llm.invocation_parameters")                                   \
  X(finish_reason, "llm.finish_reason")                                        \
  X(prompt_tokens, "llm.token_count.prompt")                                   \
  X(completion_tokens, "llm.token_count.completion")                           \
  X(cache_read_tokens, "llm.token_count.prompt_details.cache_read")            \
  X(cache_write_tokens, "llm.token_count.prompt_details.cache_write")          \
  X(embedding_model, "embedding.model_name")                                   \
  X(embedding_parameters, "embedding.invocation_parameters")                   \
  X(tool_name, "tool.name")                                                    \
  X(tool_description, "tool.description")                                      \
  X(tool_parameters, "tool.parameters")                                        \
  X(tool_id, "tool.id")                                                        \
  X(tool_call_id, "tool_call.id")

// X(identifier, key)
#define ARTHUR_GENAI_TARGETS(X)                                                \
  X(operation_name, "gen_ai.operation.name")                                   \
  X(provider_name, "gen_ai.provider.name")                                     \
  X(conversation_id, "gen_ai.conversation.id")                                 \
  X(agent_name, "gen_ai.agent.name")                                           \
  X(request_model, "gen_ai.request.model")                                     \
  X(temperature, "gen_ai.request.temperature")                                 \
  X(top_p, "gen_ai.request.top_p")                                             \
  X(top_k, "gen_ai.request.top_k")                                             \
  X(max_tokens, "gen_ai.request.max_tokens")                                   \
  X(frequency_penalty, "gen_ai.request.frequency_penalty")                     \
  X(presence_penalty, "gen_ai.request.presence_penalty")                       \
  X(seed, "gen_ai.request.seed")                                               \
  X(stream, "gen_ai.request.stream")                                           \
  X(stop_sequences, "gen_ai.request.stop_sequences")                           \
  X(choice_count, "gen_ai.request.choice.count")                               \
  X(encoding_formats, "gen_ai.request.encoding_formats")                       \
  X(output_type, "gen_ai.output.type")                                         \
  X(input_tokens, "gen_ai.usage.input_tokens")                                 \
  X(output_tokens, "gen_ai.usage.output_tokens")                               \
  X(cache_read_tokens, "gen_ai.usage.cache_read.input_tokens")                 \
  X(cache_creation_tokens, "gen_ai.usage.cache_creation.input_tokens")         \
  X(input_messages, "gen_ai.input.messages")                                   \
  X(output_messages, "gen_ai.output.messages")                                 \
  X(finish_reasons, "gen_ai.response.finish_reasons")                          \
  X(response_id, "gen_ai.response.id")                                         \
  X(response_model, "gen_ai.response.model")                                   \
  X(tool_definitions, "gen_ai.tool.definitions")                               \
  X(tool_name, "gen_ai.tool.name")                                             \
  X(tool_type, "gen_ai.tool.type")                                             \
  X(tool_description, "gen_ai.tool.description")                               \
  X(tool_call_id, "gen_ai.tool.call.id")                                       \
  X(tool_call_arguments, "gen_ai.tool.call.arguments")                         \
  X(tool_call_result, "gen_ai.tool.call.result")                               \
  X(retrieval_documents, "gen_ai.retrieval.documents")                         \
  X(retrieval_query, "gen_ai.retrieval.query.text")                            \
  X(dimension_count, "gen_ai.embeddings.dimension.count")                      \
  X(documents_output, "output.value")                                          \
  X(documents_mime_type, "output.mime_type")

#define ARTHUR_GENAI_NAME(identifier, text) identifier,
enum class source_key : std::uint8_t { ARTHUR_GENAI_SOURCES(ARTHUR_GENAI_NAME) count };
enum class added_key : std::uint8_t { ARTHUR_GENAI_TARGETS(ARTHUR_GENAI_NAME) count };
#undef ARTHUR_GENAI_NAME
constexpr std::size_t source_key_count = static_cast<std::size_t>(source_key::count);
constexpr std::size_t added_key_count = static_cast<std::size_t>(added_key::count);
static_assert(added_key_count <= 64, "one bit each says what a span has already");

#define ARTHUR_GENAI_TEXT(identifier, text) text,
inline constexpr std::string_view source_keys[] = {ARTHUR_GENAI_SOURCES(ARTHUR_GENAI_TEXT)};
inline constexpr std::string_view added_keys[] = {ARTHUR_GENAI_TARGETS(ARTHUR_GENAI_TEXT)};
#undef ARTHUR_GENAI_TEXT

/// Lists whose elements are taken apart; parts of an element follow its number. The last is an object's members.
enum class source_list : std::uint8_t { input_messages, output_messages, prompts, choices, tools, documents, embeddings, arguments, count };
inline constexpr std::string_view source_lists[] = {"llm.input_messages", "llm.output_messages", "llm.prompts", "llm.choices",
                                                    "llm.tools", "retrieval.documents", "embedding.embeddings", "tool.parameters"};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
