// hooks.hpp: what a hook into an HTTP client adds to its request: headers of the trace, the wish for token counts.
#ifndef ARTHUR_PROVIDERS_HOOKS_HPP
#define ARTHUR_PROVIDERS_HOOKS_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "../propagation.hpp"
#include "../propagation/trace_context.hpp"
#include "../span.hpp"
#include "../wire_call.hpp"
#include "dialect.hpp"
#include "openai_chat.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

/// In ARTHUR_INSTRUMENT_DISABLED. A wire_call has none: the program leaves it out itself.
inline std::string_view name_of(wire_hook by) noexcept { return by == wire_hook::program ? "" : "httplib"; }

/// The headers of the call's own span, or else of the current one: what isn't recorded must say so, too.
inline void take_headers(const detached_handle& call, wire_changes& out) {
  scope_handle scope;
  if (call.open != nullptr) rt::activate(scope, call);
  char text[w3c::max_tracestate + 1];
  out.traceparent.assign(text, rt::current_headers(text, nullptr));
  if (!out.traceparent.empty()) out.tracestate.assign(text, rt::current_headers(nullptr, text));
  if (scope.owner != nullptr) rt::deactivate(scope);
}

/// A streamed chat that says nothing about its stream, not even null.
inline bool lacks_usage(const request_view& request, const dialect& format) {
  return &format == &openai_chat_dialect && asks_for_stream(request) && request.body.find("stream_options") == request.body.end();
}
/// The rest stays as it is, byte by byte. `body` is an object with members.
inline std::string with_usage(std::string_view body) {
  std::string out(body);
  out.insert(body.find('{') + 1, R"("stream_options":{"include_usage":true},)");
  return out;
}

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
