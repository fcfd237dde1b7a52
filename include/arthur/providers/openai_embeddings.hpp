// openai_embeddings.hpp: OpenAI's embeddings, as many servers have them.
#ifndef ARTHUR_PROVIDERS_OPENAI_EMBEDDINGS_HPP
#define ARTHUR_PROVIDERS_OPENAI_EMBEDDINGS_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../config.hpp"
#include "dialect.hpp"
#include "embeddings.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {
namespace openai_embeddings {

inline bool claims(const request_view& request) {
  if (!request.where.path_ends("/embeddings")) return false;
  return request.body.is_discarded() || member(request.body, "input") != nullptr;
}

inline void describe_request(const request_view& request, attribute_list& out) {
  const json& body = request.body;
  std::string_view model = text_of(member(body, "model"));
  if (model.empty()) model = request.where.between("/deployments/", "/");  // Azure
  out.text("embedding.model_name", model);
  describe_embedding_parameters(without(body, "input"), out);
  describe_embedded(member(body, "input"), out);
}

inline void describe_answer(const request_view& request, const json& answer, attribute_list& out) {
  out.text("embedding.model_name", member(answer, "model"));
  const json* const usage = member(answer, "usage");
  out.count("llm.token_count.prompt", member(usage, "prompt_tokens"));
  out.count("llm.token_count.total", member(usage, "total_tokens"));
  // Voyage packs small integers into the same base64.
  const json* const type = member(request.body, "output_dtype");
  const bool floats = type == nullptr || text_of(type) == "float";
  std::int64_t position = 0;
  for (const json& one : elements(member(answer, "data"))) {
    std::int64_t index = position++;
    integer_of(member(one, "index"), index);
    if (index < 0 || index > 65535) index = position - 1;
    const json* const vector = member(one, "embedding");
    const bool packed = vector != nullptr && vector->is_string();
    if (!packed) describe_vector(static_cast<std::size_t>(index), numbers_of(vector), out);
    else if (floats) describe_vector(static_cast<std::size_t>(index), floats_of_base64(text_of(vector)), out);
  }
}

}  // namespace openai_embeddings

inline constexpr dialect openai_embeddings_dialect = {
    "openai",
    nullptr,
    "CreateEmbeddings",
    nullptr,
    kind::embedding,
    openai_embeddings::claims,
    never_streams,
    openai_embeddings::describe_request,
    nullptr,
    openai_embeddings::describe_answer,
};

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
