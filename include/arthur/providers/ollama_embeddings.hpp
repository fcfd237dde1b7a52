// ollama_embeddings.hpp: Ollama's own embeddings, of today and of before.
#ifndef ARTHUR_PROVIDERS_OLLAMA_EMBEDDINGS_HPP
#define ARTHUR_PROVIDERS_OLLAMA_EMBEDDINGS_HPP

#include <cstddef>

#include "../config.hpp"
#include "dialect.hpp"
#include "embeddings.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {
namespace ollama_embeddings {

/// The old route takes one text as its "prompt". Where nothing is to be embedded, a model is only loaded.
inline bool claims(const request_view& request) {
  const bool old = request.where.path_ends("/api/embeddings");
  if (!old && !request.where.path_ends("/api/embed")) return false;
  if (request.body.is_discarded()) return true;
  const json* const input = member(request.body, old ? "prompt" : "input");
  return !text_of(input).empty() || elements(input).size() != 0;
}

inline void describe_request(const request_view& request, attribute_list& out) {
  const json& body = request.body;
  out.text("embedding.model_name", member(body, "model"));
  describe_embedding_parameters(without(body, "input", "prompt"), out);
  describe_embedded(member(body, "input", "prompt"), out);
}

inline void describe_answer(const request_view&, const json& answer, attribute_list& out) {
  out.text("embedding.model_name", member(answer, "model"));
  out.count("llm.token_count.prompt", member(answer, "prompt_eval_count"));
  out.count("llm.token_count.total", member(answer, "prompt_eval_count"));  // nothing is answered in tokens
  describe_vector(0, numbers_of(member(answer, "embedding")), out);
  std::size_t n = 0;
  for (const json& vector : elements(member(answer, "embeddings"))) describe_vector(n++, numbers_of(&vector), out);
}

}  // namespace ollama_embeddings

inline constexpr dialect ollama_embeddings_dialect = {
    "ollama",
    nullptr,
    "CreateEmbeddings",
    nullptr,
    kind::embedding,
    ollama_embeddings::claims,
    never_streams,
    ollama_embeddings::describe_request,
    nullptr,
    ollama_embeddings::describe_answer,
};

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
