// kinds.hpp: the OpenInference span kinds.
#ifndef ARTHUR_OPENINFERENCE_KINDS_HPP
#define ARTHUR_OPENINFERENCE_KINDS_HPP

#include <cstdint>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN

/// `openinference.span.kind`. The engine reads tokens and costs of `llm` spans only.
enum class kind : std::uint8_t { llm, tool, agent, chain, retriever, reranker, embedding, guardrail, evaluator, prompt };

ARTHUR_NAMESPACE_END

#endif
