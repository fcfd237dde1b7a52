// route.hpp: where a request goes: host and path taken apart, and whose host it is.
#ifndef ARTHUR_PROVIDERS_ROUTE_HPP
#define ARTHUR_PROVIDERS_ROUTE_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

inline bool ends_with(std::string_view text, std::string_view end) noexcept {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}
inline bool starts_with(std::string_view text, std::string_view begin) noexcept { return text.substr(0, begin.size()) == begin; }
inline bool contains(std::string_view text, std::string_view part) noexcept { return text.find(part) != std::string_view::npos; }

inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return out;
}

/// A URL without what may be secret: no query, no user.
struct route {
  std::string host;  // lower case, without the port
  std::string path;  // percent-encoding undone, without a slash at its end

  route() = default;
  /// `url`: absolute, or a path alone.
  explicit route(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme != std::string_view::npos && scheme < url.find_first_of("/?#")) {
      url.remove_prefix(scheme + 3);
      const std::size_t slash = url.find_first_of("/?#");
      std::string_view authority = url.substr(0, slash);
      url.remove_prefix(slash == std::string_view::npos ? url.size() : slash);
      const std::size_t at = authority.rfind('@');
      if (at != std::string_view::npos) authority.remove_prefix(at + 1);
      const std::size_t port = authority.rfind(':');
      // A colon inside brackets belongs to an IPv6 address.
      if (port != std::string_view::npos && authority.find(']', port) == std::string_view::npos) authority = authority.substr(0, port);
      host = lower(authority);
    }
    url = url.substr(0, url.find_first_of("?#"));
    for (std::size_t n = 0; n < url.size(); ++n) {
      const int high = n + 2 < url.size() && url[n] == '%' ? hex(url[n + 1]) : -1;
      const int low = high >= 0 ? hex(url[n + 2]) : -1;
      if (low < 0) {
        path += url[n];
      } else {
        path += static_cast<char>(high * 16 + low);
        n += 2;
      }
    }
    while (!path.empty() && path.back() == '/') path.pop_back();
  }

  bool path_ends(std::string_view end) const noexcept { return ends_with(path, end); }
  /// What stands between `before` and `behind` in the path; behind the last `before`. Empty: not there.
  std::string_view between(std::string_view before, std::string_view behind) const noexcept {
    const std::string_view all = path;
    const std::size_t at = all.rfind(before);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = all.substr(at + before.size());
    return rest.substr(0, rest.find(behind));
  }

 private:
  static int hex(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  }
};

/// The value of llm.provider, by the whole host or its end behind a dot; empty for hosts that nobody knows.
inline std::string_view provider_of(std::string_view host) noexcept {
  struct row {
    std::string_view host, provider;
  };
  static constexpr row table[] = {
      {"api.openai.com", "openai"},
      {"openai.azure.com", "azure"},
      {"services.ai.azure.com", "azure"},
      {"cognitiveservices.azure.com", "azure"},
      {"api.anthropic.com", "anthropic"},
      {"generativelanguage.googleapis.com", "google"},
      {"aiplatform.googleapis.com", "google"},
      {"amazonaws.com", "aws"},
      {"api.groq.com", "groq"},
      {"api.mistral.ai", "mistralai"},
      {"codestral.mistral.ai", "mistralai"},
      {"api.together.ai", "together"},
      {"api.together.xyz", "together"},
      {"openrouter.ai", "openrouter"},
      {"api.deepseek.com", "deepseek"},
      {"api.x.ai", "xai"},
      {"api.cohere.com", "cohere"},
      {"api.cohere.ai", "cohere"},
      {"api.fireworks.ai", "fireworks"},
      {"api.moonshot.cn", "moonshot"},
      {"api.moonshot.ai", "moonshot"},
      {"api.perplexity.ai", "perplexity"},
      {"api.cerebras.ai", "cerebras"},
      {"ollama.com", "ollama"},
  };
  for (const row& r : table) {
    if (!ends_with(host, r.host)) continue;
    if (host.size() == r.host.size() || host[host.size() - r.host.size() - 1] == '.') return r.provider;
  }
  return ends_with(host, "-aiplatform.googleapis.com") ? "google" : "";  // Vertex has the region in the name
}

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
