// kinds.hpp: the OpenInference span kinds.
#ifndef ARTHUR_OPENINFERENCE_KINDS_HPP
#define ARTHUR_OPENINFERENCE_KINDS_HPP

#include <cstddef>
#include <cstdint>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN

/// `openinference.span.kind`. The engine reads tokens and costs of `llm` spans only.
enum class kind : std::uint8_t { llm, tool, agent, chain, retriever, reranker, embedding, guardrail, evaluator, prompt };

namespace detail {

/// The exact upper-case values; the engine folds no case.
constexpr const char* kind_names[] = {"LLM",      "TOOL",      "AGENT",     "CHAIN",     "RETRIEVER",
                                      "RERANKER", "EMBEDDING", "GUARDRAIL", "EVALUATOR", "PROMPT"};
constexpr std::size_t kind_count = sizeof kind_names / sizeof kind_names[0];

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
