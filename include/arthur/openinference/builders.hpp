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

/// The text of a document with so many other parts: without any it is there even if empty, so that no number is left out.
template <std::size_t Others>
item content_item(text_arg value) noexcept {
  return Others == 0 ? text_item(key::document_content, value) : optional_item(key::document_content, value);
}

/// An image, a video: a part of a message's content, or of a span.
inline composite<2> medium(text_arg type, key k, text_arg url) noexcept {
  return composite(key::content, text_item(key::content_type, type), text_item(k, url));
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
/// `llm.request.model_name`: the model asked for, where another one may answer; beside model().
inline attr request_model(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::llm_request_model_name, name)); }
/// `llm.response.model_name`: the model that answered, where it may be another than the one asked for; beside model().
inline attr response_model(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::llm_response_model_name, name)); }
/// `llm.invocation_parameters`, on embedding spans `embedding.invocation_parameters`: a JSON object such as {"temperature":0.2}.
inline attr invocation_parameters(detail::text_arg json) noexcept { return attr(detail::json_item(detail::key::llm_invocation_parameters, json)); }
/// `llm.finish_reason`: the provider's own word, e.g. "stop".
inline attr finish_reason(detail::text_arg reason) noexcept { return attr(detail::text_item(detail::key::llm_finish_reason, reason)); }

/// `llm.prompt_template.template`: the prompt before its variables were filled in. Also in ARTHUR_CONTEXT, like the next two.
inline attr prompt_template(detail::text_arg text) noexcept { return attr(detail::text_item(detail::key::prompt_template, text)); }
/// `llm.prompt_template.variables`: a JSON object of the values that were filled in.
inline attr prompt_template_variables(detail::text_arg json) noexcept { return attr(detail::json_item(detail::key::prompt_template_variables, json)); }
/// `llm.prompt_template.version`.
inline attr prompt_template_version(detail::text_arg version) noexcept { return attr(detail::text_item(detail::key::prompt_template_version, version)); }
/// `prompt.vendor`: where the prompt is managed.
inline attr prompt_vendor(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::prompt_vendor, name)); }
/// `prompt.id`: the vendor's id of the prompt.
inline attr prompt_id(detail::text_arg id) noexcept { return attr(detail::text_item(detail::key::prompt_id, id)); }
/// `prompt.url`: where the vendor shows the prompt.
inline attr prompt_url(detail::text_arg url) noexcept { return attr(detail::text_item(detail::key::prompt_url, url)); }

/// One prompt of a completion without messages, appended: `llm.prompts.N`.
inline composite<1> prompt(detail::text_arg text) noexcept { return composite(detail::key::llm_prompts, detail::text_item(detail::key::prompt_text, text)); }
/// One answer of a completion without messages, appended: `llm.choices.N`.
inline composite<1> choice(detail::text_arg text) noexcept { return composite(detail::key::llm_choices, detail::text_item(detail::key::completion_text, text)); }

/// `llm.token_count.*`. The total is their sum. Counts beyond 2^31-1 don't fit the engine and are cut to it.
inline attr tokens(std::int64_t prompt, std::int64_t completion) noexcept {
  detail::item i = detail::integer_item(detail::key::token_counts, prompt);
  i.second = completion;
  return attr(i);
}
/// With a total that is not their sum.
inline composite<3> tokens(std::int64_t prompt, std::int64_t completion, std::int64_t total) noexcept {
  return composite(detail::key::several, detail::integer_item(detail::key::llm_token_count_prompt, prompt),
                   detail::integer_item(detail::key::llm_token_count_completion, completion),
                   detail::integer_item(detail::key::llm_token_count_total, total));
}
/// Of a call without a completion, such as an embedding: prompt and total.
inline composite<2> tokens(std::int64_t prompt) noexcept {
  return composite(detail::key::several, detail::integer_item(detail::key::llm_token_count_prompt, prompt),
                   detail::integer_item(detail::key::llm_token_count_total, prompt));
}
/// `llm.token_count.prompt_details.cache_read`: of the prompt, read from a cache.
inline attr cache_read_tokens(std::int64_t count) noexcept { return attr(detail::integer_item(detail::key::tokens_cache_read, count)); }
/// `llm.token_count.prompt_details.cache_write`: of the prompt, written to a cache.
inline attr cache_write_tokens(std::int64_t count) noexcept { return attr(detail::integer_item(detail::key::tokens_cache_write, count)); }
/// `llm.token_count.prompt_details.cache_input`: another word for tokens read from a cache, not in the specification; prefer cache_read_tokens().
inline attr cache_input_tokens(std::int64_t count) noexcept { return attr(detail::integer_item(detail::key::tokens_cache_input, count)); }
/// `llm.token_count.prompt_details.audio`: of the prompt, audio.
inline attr prompt_audio_tokens(std::int64_t count) noexcept { return attr(detail::integer_item(detail::key::tokens_prompt_audio, count)); }
/// `llm.token_count.completion_details.reasoning`: of the completion, reasoning.
inline attr reasoning_tokens(std::int64_t count) noexcept { return attr(detail::integer_item(detail::key::tokens_reasoning, count)); }
/// `llm.token_count.completion_details.audio`: of the completion, audio.
inline attr completion_audio_tokens(std::int64_t count) noexcept { return attr(detail::integer_item(detail::key::tokens_completion_audio, count)); }

/// `llm.cost.*` in US dollars. The total is their sum.
inline attr cost(double prompt, double completion) noexcept {
  detail::item i = detail::number_item(detail::key::costs, prompt);
  i.second_number = completion;
  return attr(i);
}
/// `llm.cost.total` in US dollars.
inline attr cost(double total) noexcept { return attr(detail::number_item(detail::key::llm_cost_total, total)); }

/// `llm.cost.prompt_details.input` in US dollars: of the prompt, what came from no cache.
inline attr input_cost(double dollars) noexcept { return attr(detail::number_item(detail::key::cost_input, dollars)); }
/// `llm.cost.prompt_details.cache_read`.
inline attr cache_read_cost(double dollars) noexcept { return attr(detail::number_item(detail::key::cost_cache_read, dollars)); }
/// `llm.cost.prompt_details.cache_write`.
inline attr cache_write_cost(double dollars) noexcept { return attr(detail::number_item(detail::key::cost_cache_write, dollars)); }
/// `llm.cost.prompt_details.cache_input`: as cache_input_tokens().
inline attr cache_input_cost(double dollars) noexcept { return attr(detail::number_item(detail::key::cost_cache_input, dollars)); }
/// `llm.cost.prompt_details.audio`.
inline attr prompt_audio_cost(double dollars) noexcept { return attr(detail::number_item(detail::key::cost_prompt_audio, dollars)); }
/// `llm.cost.completion_details.output`: of the completion, what is neither reasoning nor audio.
inline attr output_cost(double dollars) noexcept { return attr(detail::number_item(detail::key::cost_output, dollars)); }
/// `llm.cost.completion_details.reasoning`.
inline attr reasoning_cost(double dollars) noexcept { return attr(detail::number_item(detail::key::cost_reasoning, dollars)); }
/// `llm.cost.completion_details.audio`.
inline attr completion_audio_cost(double dollars) noexcept { return attr(detail::number_item(detail::key::cost_completion_audio, dollars)); }

/// `session.id`: all spans of one conversation. The engine keeps the first one it sees for a trace.
inline attr session_id(detail::text_arg id) noexcept { return attr(detail::text_item(detail::key::session_id, id)); }
/// `user.id`.
inline attr user_id(detail::text_arg id) noexcept { return attr(detail::text_item(detail::key::user_id, id)); }
/// `metadata`: a JSON object. Inside document(), annotation() and evaluation(): theirs.
inline attr metadata(detail::text_arg json) noexcept { return attr(detail::json_item(detail::key::metadata, json)); }
/// `tag.tags`.
inline attr tags(const std::initializer_list<std::string_view>& list) noexcept {
  return attr(detail::sequence_item(detail::key::tags, list));
}
/// `tag.tags` from any range of texts.
template <class Range, class = std::enable_if_t<detail::is_range<Range>::value>>
attr tags(const Range& range) noexcept { return attr(detail::sequence_item(detail::key::tags, range)); }
/// Sends the spans of this scope to another task of the engine (its id). In ARTHUR_CONTEXT only.
inline attr task_id(detail::text_arg id) noexcept { return attr(detail::text_item(detail::key::task_id, id)); }
/// Sends the spans of this scope under another `service.name`. In ARTHUR_CONTEXT only.
inline attr service_name(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::service_name, name)); }
/// `agent.name`.
inline attr agent_name(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::agent_name, name)); }

/// `graph.node.*`: the node of the agent's graph that the span belongs to. No parent: the graph's root.
inline composite<3> graph_node(detail::text_arg id, detail::text_arg name = "", detail::text_arg parent_id = "") noexcept {
  return composite(detail::key::several, detail::text_item(detail::key::graph_node_id, id),
                   detail::optional_item(detail::key::graph_node_name, name),
                   detail::optional_item(detail::key::graph_node_parent_id, parent_id));
}

/// The options that a decision chose from: `input.value` as a JSON list. For ARTHUR_DECISION.
inline attr considered(const std::initializer_list<std::string_view>& options) noexcept {
  return attr(detail::sequence_item(detail::key::input_json, options));
}
/// The options that a decision chose from, from any range of texts.
template <class Range, class = std::enable_if_t<detail::is_range<Range>::value>>
attr considered(const Range& options) noexcept { return attr(detail::sequence_item(detail::key::input_json, options)); }

/// The options as a JSON text of your own, for example with scores: [{"option":"refund","score":0.8},{"option":"escalate"}].
inline attr considered_json(detail::text_arg json) noexcept { return attr(detail::json_item(detail::key::input_json, json)); }

/// `decision.model_name`: a model that decides, rather than writes.
inline attr decision_model(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::decision_model_name, name)); }
/// `decision.request.model_name`: the one asked for, where another may answer; beside decision_model().
inline attr decision_request_model(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::decision_request_model_name, name)); }
/// `decision.response.model_name`: the one that answered; beside decision_model().
inline attr decision_response_model(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::decision_response_model_name, name)); }
/// `decision.provider`: who hosts it.
inline attr decision_provider(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::decision_provider, name)); }
/// `decision.system`: who made its API.
inline attr decision_system(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::decision_system, name)); }
/// `decision.token_count.*`.
inline composite<2> decision_tokens(std::int64_t input, std::int64_t output) noexcept {
  return composite(detail::key::several, detail::integer_item(detail::key::decision_tokens_input, input),
                   detail::integer_item(detail::key::decision_tokens_output, output));
}

/// Part of document(): `document.id`. Of text() and reasoning(): `message_content.id`, the provider's.
inline attr id(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::id, value)); }
/// A document's id that is a number.
inline attr id(std::int64_t value) noexcept { return attr(detail::integer_item(detail::key::id, value)); }
/// Part of document(), annotation(), evaluation(): how good it is.
inline attr score(double value) noexcept { return attr(detail::number_item(detail::key::score, value)); }
/// Part of document(): where it is, or the data as "data:application/pdf;base64,...".
inline attr url(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::url, value)); }
/// Part of document(): its format, such as "application/pdf".
inline attr mime_type(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::mime_type, value)); }
/// One found document, appended: `retrieval.documents.N`, on reranker spans `reranker.output_documents.N`. In a message a
/// part of its content. Beside parts an empty content is left out. Parts: id(), score(), metadata(), url(), mime_type(), name().
template <class... Parts>
composite<1 + sizeof...(Parts)> document(detail::text_arg content, Parts&&... parts) noexcept {
  return composite(detail::key::document, detail::content_item<sizeof...(Parts)>(content), detail::take(static_cast<Parts&&>(parts))...);
}
/// One document given to a step, appended: `input.documents.N`, on reranker spans `reranker.input_documents.N`. As document().
template <class... Parts>
composite<1 + sizeof...(Parts)> input_document(detail::text_arg content, Parts&&... parts) noexcept {
  return composite(detail::key::input_document, detail::content_item<sizeof...(Parts)>(content), detail::take(static_cast<Parts&&>(parts))...);
}
/// One document that a step made, appended: `output.documents.N`, on reranker spans `reranker.output_documents.N`. As document().
template <class... Parts>
composite<1 + sizeof...(Parts)> output_document(detail::text_arg content, Parts&&... parts) noexcept {
  return composite(detail::key::output_document, detail::content_item<sizeof...(Parts)>(content), detail::take(static_cast<Parts&&>(parts))...);
}
/// One image given to a step, appended: `input.images.N`.
inline composite<1> input_image(detail::text_arg url) noexcept { return composite(detail::key::input_images, detail::text_item(detail::key::image_url, url)); }
/// One image that a step made, appended: `output.images.N`.
inline composite<1> output_image(detail::text_arg url) noexcept { return composite(detail::key::output_images, detail::text_item(detail::key::image_url, url)); }
/// `reranker.query`.
inline attr reranker_query(detail::text_arg query) noexcept { return attr(detail::text_item(detail::key::reranker_query, query)); }
/// `reranker.top_k`.
inline attr top_k(std::int64_t count) noexcept { return attr(detail::integer_item(detail::key::reranker_top_k, count)); }

/// One embedded text, appended: `embedding.embeddings.N`.
inline composite<1> embedding(detail::text_arg content) noexcept {
  return composite(detail::key::embedding_embeddings, detail::text_item(detail::key::embedding_text, content));
}
/// One embedded text with its vector, a range of numbers.
template <class Range>
composite<2> embedding(detail::text_arg content, const Range& vector) noexcept {
  return composite(detail::key::embedding_embeddings, detail::text_item(detail::key::embedding_text, content),
                   detail::sequence_item(detail::key::embedding_vector, vector));
}

/// One vector of a text that isn't there, such as tokens.
template <class Range, class = std::enable_if_t<detail::is_range<Range>::value && !detail::is_text<Range>::value>>
composite<1> embedding(const Range& vector) noexcept { return composite(detail::key::embedding_embeddings, detail::sequence_item(detail::key::embedding_vector, vector)); }

/// A tool call that the model asked for; part of output_message() (or of input_message() when repeated to the model). Part:
/// reasoning_signature(). On a TOOL span: the call that it carries out, `tool_call.*`.
template <class... Parts>
composite<3 + sizeof...(Parts)> tool_call(detail::text_arg id, detail::text_arg name, detail::text_arg arguments_json, Parts&&... parts) noexcept {
  return composite(detail::key::tool_call, detail::optional_item(detail::key::tool_call_id, id),
                   detail::text_item(detail::key::tool_call_function_name, name),
                   detail::text_item(detail::key::tool_call_function_arguments, arguments_json),
                   detail::take(static_cast<Parts&&>(parts))...);
}
/// A tool call at its place among the other parts of a message: tool_call() and, in `message.contents.N`, where it stood.
template <class... Parts>
composite<4 + sizeof...(Parts)> tool_use(detail::text_arg id, detail::text_arg name, detail::text_arg arguments_json, Parts&&... parts) noexcept {
  return composite(detail::key::tool_use, detail::text_item(detail::key::content_type, "tool_use"),
                   detail::optional_item(detail::key::tool_call_id, id),
                   detail::text_item(detail::key::tool_call_function_name, name),
                   detail::text_item(detail::key::tool_call_function_arguments, arguments_json),
                   detail::take(static_cast<Parts&&>(parts))...);
}
/// Part of tool_call(), tool_use(): the provider's opaque token, kept as it is.
inline attr reasoning_signature(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::tool_call_reasoning_signature, value)); }
/// The call of a function in the way that came before tool calls; part of a message.
inline composite<2> function_call(detail::text_arg name, detail::text_arg arguments_json) noexcept {
  return composite(detail::key::function_call, detail::text_item(detail::key::message_function_call_name, name),
                   detail::text_item(detail::key::message_function_call_arguments, arguments_json));
}
/// `llm.function_call`: the same for the span, as the JSON object that the provider sent.
inline attr function_call(detail::text_arg json) noexcept { return attr(detail::json_item(detail::key::llm_function_call, json)); }
/// Part of a message: whom it is from; in one of role "tool", the tool. Part of document(): its file name or title.
inline attr name(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::name, value)); }

/// A text among the parts of a message: `message.contents.N`. Parts: signature(), id().
template <class... Parts>
composite<2 + sizeof...(Parts)> text(detail::text_arg value, Parts&&... parts) noexcept {
  return composite(detail::key::content, detail::text_item(detail::key::content_type, "text"),
                   detail::text_item(detail::key::content_text, value), detail::take(static_cast<Parts&&>(parts))...);
}
/// An image in a message: an address, or the data as "data:image/png;base64,...". Of a span: `image.url`.
inline composite<2> image(detail::text_arg url) noexcept { return detail::medium("image", detail::key::image_url, url); }
/// Audio in a message, with its format such as "audio/wav" and what is said. Of a span: `audio.*`.
inline composite<4> audio(detail::text_arg url, detail::text_arg mime_type = "", detail::text_arg transcript = "") noexcept {
  return composite(detail::key::content, detail::text_item(detail::key::content_type, "audio"), detail::optional_item(detail::key::audio_url, url),
                   detail::optional_item(detail::key::audio_mime_type, mime_type), detail::optional_item(detail::key::audio_transcript, transcript));
}
/// A video in a message. Of a span: `video.url`.
inline composite<2> video(detail::text_arg url) noexcept { return detail::medium("video", detail::key::video_url, url); }
/// What a reasoning model thought, in a message. Parts: signature(), encrypted_content(), redacted_data(), id().
template <class... Parts>
composite<2 + sizeof...(Parts)> reasoning(detail::text_arg value, Parts&&... parts) noexcept {
  return composite(detail::key::content, detail::text_item(detail::key::content_type, "reasoning"),
                   detail::optional_item(detail::key::content_text, value), detail::take(static_cast<Parts&&>(parts))...);
}
/// Part of reasoning() and text(): the provider's opaque signature, kept as it is.
inline attr signature(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::content_signature, value)); }
/// Part of reasoning(): OpenAI's encrypted reasoning.
inline attr encrypted_content(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::content_encrypted, value)); }
/// Part of reasoning(): Anthropic's redacted thinking.
inline attr redacted_data(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::content_data, value)); }

/// The id of the call that a message of role "tool" answers; part of input_message().
inline attr tool_call_id(detail::text_arg id) noexcept { return attr(detail::text_item(detail::key::message_tool_call_id, id)); }
/// One message to the model, appended: `llm.input_messages.N`. Parts: tool_call(), tool_call_id(), name(), and those of a
/// content that is more than one text: text(), image(), audio(), video(), document(), reasoning(),
/// tool_use(), in their order.
template <class... Parts>
composite<2 + sizeof...(Parts)> input_message(detail::text_arg role, detail::text_arg content, Parts&&... parts) noexcept {
  return composite(detail::key::llm_input_messages, detail::text_item(detail::key::message_role, role),
                   detail::text_item(detail::key::message_content, content), detail::take(static_cast<Parts&&>(parts))...);
}
/// The same without a single text: input_message("user", text("What is this?"), image(url)).
template <class Part, class... Parts, class = detail::if_attribute<Part>>
composite<2 + sizeof...(Parts)> input_message(detail::text_arg role, Part&& part, Parts&&... parts) noexcept {
  return composite(detail::key::llm_input_messages, detail::text_item(detail::key::message_role, role),
                   detail::take(static_cast<Part&&>(part)), detail::take(static_cast<Parts&&>(parts))...);
}
/// One message of the model, appended: `llm.output_messages.N`. Parts as input_message().
template <class... Parts>
composite<2 + sizeof...(Parts)> output_message(detail::text_arg role, detail::text_arg content, Parts&&... parts) noexcept {
  return composite(detail::key::llm_output_messages, detail::text_item(detail::key::message_role, role),
                   detail::text_item(detail::key::message_content, content), detail::take(static_cast<Parts&&>(parts))...);
}
/// The same without a single text.
template <class Part, class... Parts, class = detail::if_attribute<Part>>
composite<2 + sizeof...(Parts)> output_message(detail::text_arg role, Part&& part, Parts&&... parts) noexcept {
  return composite(detail::key::llm_output_messages, detail::text_item(detail::key::message_role, role),
                   detail::take(static_cast<Part&&>(part)), detail::take(static_cast<Parts&&>(parts))...);
}
/// A tool: on LLM spans one that the model may call (`llm.tools.N.tool.json_schema`), on others `tool.name`,
/// `tool.description`, `tool.parameters`. `json_schema`: the JSON schema of its parameters.
inline composite<3> tool(detail::text_arg name, detail::text_arg description, detail::text_arg json_schema) noexcept {
  return composite(detail::key::tool, detail::text_item(detail::key::tool_name, name),
                   detail::text_item(detail::key::tool_description, description),
                   detail::json_item(detail::key::tool_parameters, json_schema));
}
/// A tool by its whole definition, the JSON that the provider gets: on LLM spans one that the model may call
/// (`llm.tools.N.tool.json_schema`), on others `tool.json_schema`.
inline attr tool_schema(detail::text_arg json) noexcept { return attr(detail::text_item(detail::key::tool_schema, json)); }
/// `tool.id`, on TOOL spans: the id of the tool call that it carries out.
inline attr tool_id(detail::text_arg id) noexcept { return attr(detail::text_item(detail::key::tool_id, id)); }

// Six alike. On one line when expanded, to keep the header light.
#define ARTHUR_JUDGEMENT(function, list, name_key)                                                            \
  template <class... Parts>                                                                                   \
  composite<1 + sizeof...(Parts)> function(detail::text_arg name, Parts&&... parts) noexcept {                \
    return composite(detail::key::list, detail::text_item(detail::key::name_key, name),                       \
                   detail::take(static_cast<Parts&&>(parts))...);                                           \
  }
/// annotation(name, parts...): a judgement of the span, appended: `annotations.N`. Parts: score(), label(), explanation()
/// (one of these at least), annotator_kind(), identifier(), metadata().
ARTHUR_JUDGEMENT(annotation, annotations, annotation_name)
/// A judgement of the whole trace: `trace.annotations.N`.
ARTHUR_JUDGEMENT(trace_annotation, trace_annotations, annotation_name)
/// A judgement of the session, on a span that has a session_id(): `session.annotations.N`.
ARTHUR_JUDGEMENT(session_annotation, session_annotations, annotation_name)
/// evaluation(name, parts...): the result of an evaluation of the span, appended: `evaluations.N`. Parts as annotation().
ARTHUR_JUDGEMENT(evaluation, evaluations, evaluation_name)
/// The result of an evaluation of the whole trace: `trace.evaluations.N`.
ARTHUR_JUDGEMENT(trace_evaluation, trace_evaluations, evaluation_name)
/// The result of an evaluation of the session, on a span that has a session_id(): `session.evaluations.N`.
ARTHUR_JUDGEMENT(session_evaluation, session_evaluations, evaluation_name)
#undef ARTHUR_JUDGEMENT
/// Part of a judgement: its category, for example "correct".
inline attr label(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::label, value)); }
/// Part of a judgement: why.
inline attr explanation(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::explanation, value)); }
/// Part of a judgement: who judged, "HUMAN", "LLM", "CODE" or a word of your own.
inline attr annotator_kind(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::annotator_kind, value)); }
/// Part of a judgement: tells several of one name apart.
inline attr identifier(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::identifier, value)); }

ARTHUR_NAMESPACE_END

#endif
