// gemini_embeddings.hpp: embeddings of the Gemini API and of Vertex AI.
#ifndef ARTHUR_PROVIDERS_GEMINI_EMBEDDINGS_HPP
#define ARTHUR_PROVIDERS_GEMINI_EMBEDDINGS_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "dialect.hpp"
#include "embeddings.hpp"
#include "gemini.hpp"
#include "token_sum.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {
namespace gemini_embeddings {

/// Vertex predicts with models of all sorts: images, speech, the user's own. The name tells.
inline bool predicts_embeddings(const route& where) {
  return where.path_ends(":predict") && contains(lower(gemini::model_of(where)), "embedding");
}

inline bool claims(const request_view& request) {
  const json& body = request.body;
  const bool unread = body.is_discarded();
  if (request.where.path_ends(":embedContent")) return unread || member(body, "content") != nullptr;
  if (request.where.path_ends(":batchEmbedContents")) return unread || member(body, "requests") != nullptr;
  return predicts_embeddings(request.where) && (unread || member(body, "instances") != nullptr);
}

/// The texts of a content's parts, with a blank line between them.
inline std::string text_of_parts(const json* content) {
  if (content != nullptr && content->is_string()) return std::string(text_of(content));
  std::string text;
  for (const json& part : elements(member(content, "parts"))) {
    const std::string_view more = text_of(member(part, "text"));
    if (!text.empty() && !more.empty()) text += "\n\n";
    text += more;
  }
  return text;
}

inline void describe_request(const request_view& request, attribute_list& out) {
  const json& body = request.body;
  out.text("embedding.model_name", gemini::model_of(request.where));
  if (const json* const instances = member(body, "instances")) {
    const json* const parameters = member(body, "parameters");
    if (parameters != nullptr) describe_embedding_parameters(*parameters, out);
    std::size_t n = 0;
    for (const json& one : elements(instances)) out.text(embedding_key(n++, "text"), member(one, "content", "text"));
    return;
  }
  const json* const requests = member(body, "requests");
  if (requests == nullptr) {
    describe_embedding_parameters(without(body, "content"), out);
    return out.text(embedding_key(0, "text"), text_of_parts(member(body, "content")));
  }
  std::size_t n = 0;
  for (const json& one : elements(requests)) {
    if (n == 0) describe_embedding_parameters(without(one, "content"), out);  // the same in all of them
    out.text(embedding_key(n++, "text"), text_of_parts(member(one, "content")));
  }
}

inline void describe_answer(const request_view&, const json& answer, attribute_list& out) {
  const json* const usage = member(answer, "usageMetadata", "usage_metadata");
  token_sum tokens;
  if (usage != nullptr) tokens.add(member(*usage, "promptTokenCount", "prompt_token_count"));
  const json* const single = member(answer, "embedding");
  if (single != nullptr) describe_vector(0, numbers_of(member(single, "values")), out);
  std::size_t n = 0;
  for (const json& one : elements(member(answer, "embeddings"))) describe_vector(n++, numbers_of(member(one, "values")), out);
  n = 0;
  for (const json& one : elements(member(answer, "predictions"))) {
    const json* const text = member(one, "embeddings");
    const json* const values = text != nullptr ? member(text, "values") : member(one, "textEmbedding", "imageEmbedding");
    describe_vector(n++, numbers_of(values), out);
    tokens.add(member(member(text, "statistics"), "token_count"));
  }
  if (!tokens.known()) return;
  out.count("llm.token_count.prompt", tokens.value());
  out.count("llm.token_count.total", tokens.value());  // nothing is answered in tokens
}

}  // namespace gemini_embeddings

inline constexpr dialect gemini_embeddings_dialect = {
    "google_genai",
    nullptr,
    "CreateEmbeddings",
    nullptr,
    kind::embedding,
    gemini_embeddings::claims,
    never_streams,
    gemini_embeddings::describe_request,
    nullptr,
    gemini_embeddings::describe_answer,
};

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
