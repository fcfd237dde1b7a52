// builders.hpp: the functions that users write inside the macros: arthur::input(...), arthur::tokens(...), ...
#ifndef ARTHUR_OPENINFERENCE_BUILDERS_HPP
#define ARTHUR_OPENINFERENCE_BUILDERS_HPP

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>

#include "../attributes.hpp"
#include "../config.hpp"
#include "keys.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

// Called by `sequence` items to hand over one element; part of the implementation.
namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {
void add_text(sequence_sink& sink, text_arg value) noexcept;
void add_integer(sequence_sink& sink, std::int64_t value) noexcept;
void add_unsigned(sequence_sink& sink, std::uint64_t value) noexcept;
void add_number(sequence_sink& sink, double value) noexcept;
void add_boolean(sequence_sink& sink, bool value) noexcept;
void use_text(text_sink& sink, text_arg value) noexcept;
}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
namespace rt = define_ARTHUR_IMPLEMENTATION_in_one_source_file;

template <class T>
void add_element(sequence_sink& sink, const T& value) noexcept {
  if constexpr (std::is_same_v<T, bool>) {
    rt::add_boolean(sink, value);
  } else if constexpr (std::is_integral_v<T> && std::is_unsigned_v<T> && sizeof(T) == 8) {
    rt::add_unsigned(sink, value);
  } else if constexpr (std::is_integral_v<T>) {
    rt::add_integer(sink, static_cast<std::int64_t>(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    rt::add_number(sink, static_cast<double>(value));
  } else {
    static_assert(is_text<T>::value, "arthur: elements of a range must be text, numbers or bool");
    rt::add_text(sink, value);
  }
}

template <class Range>
item sequence_item(key code, const Range& range) noexcept {
  item i;
  i.code = code;
  i.value_type = item::type::sequence;
  i.object = &range;
  // Called twice, to measure and to write: the range must give the same elements both times.
  i.each = [](const void* object, sequence_sink& sink) {
    for (const auto& element : *static_cast<const Range*>(object)) add_element(sink, element);
  };
  return i;
}

template <class T>
item value_item(const T& value) noexcept {
  item i;
  i.code = key::free;
  i.size = 0;
  if constexpr (std::is_same_v<T, bool>) {
    i.value_type = item::type::boolean;
    i.boolean = value;
  } else if constexpr (std::is_integral_v<T> && std::is_unsigned_v<T> && sizeof(T) == 8) {
    i.value_type = item::type::unsigned_integer;
    i.unsigned_integer = value;
  } else if constexpr (std::is_integral_v<T>) {
    i.value_type = item::type::integer;
    i.integer = static_cast<std::int64_t>(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    i.value_type = item::type::number;
    i.number = static_cast<double>(value);
  } else if constexpr (produced_text<T>::value) {
    i.value_type = item::type::produced;
    i.object = &value;
    i.produce = [](const void* object, text_sink& sink) { produced_text<T>::produce(*static_cast<const T*>(object), sink); };
  } else if constexpr (is_text<T>::value) {
    const text_arg as_text(value);
    i.value_type = item::type::text;
    i.data = as_text.data;
    i.size = as_text.size;
  } else {
    static_assert(is_range<T>::value,
                  "arthur: values are text, bool, integers, float or double, or ranges of these; for other types use "
                  "arthur::format (ARTHUR_WITH_FMT) or convert to text");
    i = sequence_item(key::free, value);
  }
  return i;
}

}  // namespace detail

/// Any attribute. Keys: dot-separated, lower case; never both `x` and `x.y`. Setting a key again replaces its value.
template <class T>
attr attribute(detail::text_arg key, const T& value) noexcept {
  detail::item i = detail::value_item(value);
  i.key_data = key.data;
  i.key_size = static_cast<std::uint32_t>(key.size);
  return attr(i);
}

/// `input.value`: what went into the step, as text.
inline attr input(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::input_value, value)); }
/// `input.value` that holds JSON; the engine opens it. Malformed JSON is kept as text.
inline attr input_json(detail::text_arg json) noexcept { return attr(detail::json_item(detail::key::input_json, json)); }
/// `output.value`: what came out of the step, as text.
inline attr output(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::output_value, value)); }
/// `output.value` that holds JSON.
inline attr output_json(detail::text_arg json) noexcept { return attr(detail::json_item(detail::key::output_json, json)); }

/// The model's name: `llm.model_name`; on embedding and reranker spans `embedding.model_name`, `reranker.model_name`.
inline attr model(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::llm_model_name, name)); }
/// `llm.provider`: who hosts the model, e.g. "openai", "azure".
inline attr provider(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::llm_provider, name)); }
/// `llm.system`: who made the model's API, e.g. "openai", "anthropic".
inline attr llm_system(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::llm_system, name)); }
/// `llm.invocation_parameters`: a JSON object such as {"temperature":0.2}.
inline attr invocation_parameters(detail::text_arg json) noexcept {
  return attr(detail::json_item(detail::key::llm_invocation_parameters, json));
}
/// `llm.finish_reason`: the provider's own word, e.g. "stop".
inline attr finish_reason(detail::text_arg reason) noexcept {
  return attr(detail::text_item(detail::key::llm_finish_reason, reason));
}

/// `llm.token_count.*`. The total is their sum. Counts beyond 2^31-1 don't fit the engine and are cut to it.
inline attr tokens(std::int64_t prompt, std::int64_t completion) noexcept {
  detail::item i = detail::integer_item(detail::key::token_counts, prompt);
  i.second = completion;
  return attr(i);
}
/// `llm.cost.*` in US dollars. The total is their sum.
inline attr cost(double prompt, double completion) noexcept {
  detail::item i = detail::number_item(detail::key::costs, prompt);
  i.second_number = completion;
  return attr(i);
}
/// `llm.cost.total` in US dollars.
inline attr cost(double total) noexcept { return attr(detail::number_item(detail::key::llm_cost_total, total)); }

/// `session.id`: all spans of one conversation. The engine keeps the first one it sees for a trace.
inline attr session_id(detail::text_arg id) noexcept { return attr(detail::text_item(detail::key::session_id, id)); }
/// `user.id`.
inline attr user_id(detail::text_arg id) noexcept { return attr(detail::text_item(detail::key::user_id, id)); }
/// `metadata`: a JSON object. Inside document(): the document's metadata.
inline attr metadata(detail::text_arg json) noexcept { return attr(detail::json_item(detail::key::metadata, json)); }
/// `tag.tags`.
inline attr tags(const std::initializer_list<std::string_view>& list) noexcept {
  return attr(detail::sequence_item(detail::key::tags, list));
}
/// `tag.tags` from any range of texts.
template <class Range, class = std::enable_if_t<detail::is_range<Range>::value>>
attr tags(const Range& range) noexcept {
  return attr(detail::sequence_item(detail::key::tags, range));
}
/// Sends the spans of this scope to another task of the engine (its id). In ARTHUR_CONTEXT only.
inline attr task_id(detail::text_arg id) noexcept { return attr(detail::text_item(detail::key::task_id, id)); }
/// Sends the spans of this scope under another `service.name`. In ARTHUR_CONTEXT only.
inline attr service_name(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::service_name, name)); }
/// `agent.name`.
inline attr agent_name(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::agent_name, name)); }

/// The options that a decision chose from: `input.value` as a JSON list. For ARTHUR_DECISION.
inline attr considered(const std::initializer_list<std::string_view>& options) noexcept {
  return attr(detail::sequence_item(detail::key::input_json, options));
}
/// The options that a decision chose from, from any range of texts.
template <class Range, class = std::enable_if_t<detail::is_range<Range>::value>>
attr considered(const Range& options) noexcept {
  return attr(detail::sequence_item(detail::key::input_json, options));
}

/// Part of document(): `document.id`.
inline attr id(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::document_id, value)); }
/// Part of document(): `document.score`.
inline attr score(double value) noexcept { return attr(detail::number_item(detail::key::document_score, value)); }
/// One found document, appended: `retrieval.documents.N`, on reranker spans `reranker.output_documents.N`.
/// Parts: id(), score(), metadata().
template <class... Parts>
composite<1 + sizeof...(Parts)> document(detail::text_arg content, Parts&&... parts) noexcept {
  return composite<1 + sizeof...(Parts)>(detail::key::document, detail::text_item(detail::key::document_content, content),
                                         detail::take(static_cast<Parts&&>(parts))...);
}
/// One document given to a reranker, appended: `reranker.input_documents.N`. Parts as document().
template <class... Parts>
composite<1 + sizeof...(Parts)> input_document(detail::text_arg content, Parts&&... parts) noexcept {
  return composite<1 + sizeof...(Parts)>(detail::key::input_document,
                                         detail::text_item(detail::key::document_content, content),
                                         detail::take(static_cast<Parts&&>(parts))...);
}
/// `reranker.query`.
inline attr reranker_query(detail::text_arg query) noexcept {
  return attr(detail::text_item(detail::key::reranker_query, query));
}
/// `reranker.top_k`.
inline attr top_k(std::int64_t count) noexcept { return attr(detail::integer_item(detail::key::reranker_top_k, count)); }

/// One embedded text, appended: `embedding.embeddings.N`.
inline composite<1> embedding(detail::text_arg content) noexcept {
  return composite<1>(detail::key::embedding_embeddings, detail::text_item(detail::key::embedding_text, content));
}
/// One embedded text with its vector, a range of numbers.
template <class Range>
composite<2> embedding(detail::text_arg content, const Range& vector) noexcept {
  return composite<2>(detail::key::embedding_embeddings, detail::text_item(detail::key::embedding_text, content),
                      detail::sequence_item(detail::key::embedding_vector, vector));
}

/// A tool call that the model asked for; part of output_message() (or of input_message() when repeated to the model).
inline composite<3> tool_call(detail::text_arg id, detail::text_arg name, detail::text_arg arguments_json) noexcept {
  return composite<3>(detail::key::tool_call, detail::text_item(detail::key::tool_call_id, id),
                      detail::text_item(detail::key::tool_call_function_name, name),
                      detail::text_item(detail::key::tool_call_function_arguments, arguments_json));
}
/// The id of the call that a message of role "tool" answers; part of input_message().
inline attr tool_call_id(detail::text_arg id) noexcept {
  return attr(detail::text_item(detail::key::message_tool_call_id, id));
}
/// One message to the model, appended: `llm.input_messages.N`. Parts: tool_call(), tool_call_id().
template <class... Parts>
composite<2 + sizeof...(Parts)> input_message(detail::text_arg role, detail::text_arg content, Parts&&... parts) noexcept {
  return composite<2 + sizeof...(Parts)>(
      detail::key::llm_input_messages, detail::text_item(detail::key::message_role, role),
      detail::text_item(detail::key::message_content, content), detail::take(static_cast<Parts&&>(parts))...);
}
/// One message of the model, appended: `llm.output_messages.N`. Parts: tool_call().
template <class... Parts>
composite<2 + sizeof...(Parts)> output_message(detail::text_arg role, detail::text_arg content, Parts&&... parts) noexcept {
  return composite<2 + sizeof...(Parts)>(
      detail::key::llm_output_messages, detail::text_item(detail::key::message_role, role),
      detail::text_item(detail::key::message_content, content), detail::take(static_cast<Parts&&>(parts))...);
}
/// A tool: on LLM spans one that the model may call (`llm.tools.N.tool.json_schema`), on others `tool.name`,
/// `tool.description`, `tool.parameters`. `json_schema`: the JSON schema of its parameters.
inline composite<3> tool(detail::text_arg name, detail::text_arg description, detail::text_arg json_schema) noexcept {
  return composite<3>(detail::key::tool, detail::text_item(detail::key::tool_name, name),
                      detail::text_item(detail::key::tool_description, description),
                      detail::json_item(detail::key::tool_parameters, json_schema));
}

ARTHUR_NAMESPACE_END

#endif
