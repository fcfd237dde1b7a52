// dialects.hpp: the table of the wire formats that are understood.
#ifndef ARTHUR_PROVIDERS_DIALECTS_HPP
#define ARTHUR_PROVIDERS_DIALECTS_HPP

#include <string_view>

#include "../config.hpp"
#include "anthropic.hpp"
#include "dialect.hpp"
#include "openai_chat.hpp"
#include "openai_responses.hpp"
#include "route.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

inline constexpr const dialect* dialects[] = {
    &openai_chat_dialect,
    &openai_responses_dialect,
    &anthropic_dialect,
};

/// The first that claims the request; null: none of the known. Only the path was looked at where `body` is discarded.
inline const dialect* dialect_of(const request_view& request) {
  for (const dialect* const one : dialects) {
    if (one->claims(request)) return one;
  }
  return nullptr;
}

/// llm.system: by the host where that says more than the format, else the format's own.
inline std::string_view system_of(std::string_view provider, const dialect& format) noexcept {
  for (const std::string_view also : {"anthropic", "cohere", "mistralai", "deepseek", "xai"}) {
    if (provider == also) return also;
  }
  // Others that speak like OpenAI serve models of many makers.
  const bool own = provider.empty() || provider == "openai" || provider == "azure" || provider == "google";
  return own && format.system != nullptr ? std::string_view(format.system) : std::string_view();
}

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
