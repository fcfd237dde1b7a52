// openai_usage.hpp: the counts of tokens as OpenAI and the servers that speak like it give them.
#ifndef ARTHUR_PROVIDERS_OPENAI_USAGE_HPP
#define ARTHUR_PROVIDERS_OPENAI_USAGE_HPP

#include "../config.hpp"
#include "attribute_list.hpp"
#include "json.hpp"
#include "token_sum.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

/// The usage of an answer or of a chunk: null where there is none. Groq's streams have it in a place of their own.
inline const json* usage_of(const json& answer) noexcept {
  const json* const usage = member(answer, "usage");
  if (usage != nullptr) return usage;
  return member(member(answer, "x_groq"), "usage");
}

/// What isn't sent stays away: 0 would be a statement. DeepSeek counts cached tokens beside the others.
inline void describe_openai_usage(const json& answer, attribute_list& out) {
  const json* const usage = usage_of(answer);
  if (usage != nullptr) {
    out.count("llm.token_count.prompt", member(*usage, "prompt_tokens", "input_tokens"));
    out.count("llm.token_count.completion", member(*usage, "completion_tokens", "output_tokens"));
    out.count("llm.token_count.total", member(*usage, "total_tokens"));
    const json* const prompt = member(*usage, "prompt_tokens_details", "input_tokens_details");
    const json* const cached = member(prompt, "cached_tokens");
    out.count("llm.token_count.prompt_details.cache_read", cached != nullptr ? cached : member(usage, "prompt_cache_hit_tokens"));
    out.count("llm.token_count.prompt_details.cache_write", member(prompt, "cache_write_tokens"));
    out.count("llm.token_count.prompt_details.audio", member(prompt, "audio_tokens"));
    const json* const completion = member(*usage, "completion_tokens_details", "output_tokens_details");
    out.count("llm.token_count.completion_details.reasoning", member(completion, "reasoning_tokens"));
    out.count("llm.token_count.completion_details.audio", member(completion, "audio_tokens"));
    const json* const cost = member(usage, "cost");  // OpenRouter's, in US dollars
    if (cost != nullptr && cost->is_number()) out.add("llm.cost.total", cost->get<double>());
    return;
  }
  // llama.cpp counts in its last chunk even where nobody asked for the usage.
  const json* const timings = member(answer, "timings");
  const json* const predicted = member(timings, "predicted_n");
  out.count("llm.token_count.completion", predicted);
  token_sum tokens(member(timings, "prompt_n"));
  if (!tokens.known()) return;
  const json* const cached = member(timings, "cache_n");
  out.count("llm.token_count.prompt_details.cache_read", cached);
  tokens.add(cached);
  out.count("llm.token_count.prompt", tokens.value());
  if (!token_sum(predicted).known()) return;
  tokens.add(predicted);
  out.count("llm.token_count.total", tokens.value());
}

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
