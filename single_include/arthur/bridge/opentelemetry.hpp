// opentelemetry.hpp: one trace with spans of opentelemetry-cpp: theirs as parents of ours, ours as parents of theirs.
#ifndef ARTHUR_BRIDGE_OPENTELEMETRY_HPP
#define ARTHUR_BRIDGE_OPENTELEMETRY_HPP

// Include it where it is used; the program's own opentelemetry-cpp must be on the include path. Only its API is needed.

#include <opentelemetry/context/runtime_context.h>
#include <opentelemetry/nostd/shared_ptr.h>
#include <opentelemetry/nostd/span.h>
#include <opentelemetry/nostd/string_view.h>
#include <opentelemetry/trace/context.h>
#include <opentelemetry/trace/default_span.h>
#include <opentelemetry/trace/scope.h>
#include <opentelemetry/trace/span.h>
#include <opentelemetry/trace/span_context.h>
#include <opentelemetry/trace/trace_state.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <string>

#include "../arthur.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace bridge {

/// While it lives, spans opened on this thread are children of opentelemetry-cpp's current span: same trace, sampled as
/// that one is (see remote_parent about samplers), with its trace state. Without a current span it has no effect.
class [[nodiscard]] from_opentelemetry : public remote_parent {
 public:
  from_opentelemetry() noexcept {
    const auto current = ::opentelemetry::trace::GetSpan(::opentelemetry::context::RuntimeContext::GetCurrent());
    if (current.get() == nullptr) return;
    const ::opentelemetry::trace::SpanContext context = current->GetContext();
    if (!context.IsValid()) return;
    detail::foreign_span parent;
    std::memcpy(parent.trace, context.trace_id().Id().data(), sizeof parent.trace);
    std::memcpy(parent.span, context.span_id().Id().data(), sizeof parent.span);
    parent.flags = context.trace_flags().flags();
    parent.remote = context.IsRemote();
    const auto state = context.trace_state();
    const std::string header = state.get() == nullptr || state->Empty() ? std::string() : state->ToHeader();
    joined_ = detail::rt::join(handle_, parent, header);
  }
};

/// While it lives, spans that opentelemetry-cpp opens on this thread are children of the current span of arthur: same
/// trace, sampled as that one is, with its trace state. Outside any span it has no effect. Takes the span that is current
/// when the scope begins; belongs to its thread.
class [[nodiscard]] to_opentelemetry {
 public:
  to_opentelemetry() noexcept {
    namespace theirs = ::opentelemetry::trace;
    detail::foreign_span ours;
    if (!detail::rt::current_context(ours)) return;
    char text[detail::w3c::max_tracestate + 1];
    const std::size_t size = detail::rt::current_state(text);
    const auto state = size == 0 ? theirs::TraceState::GetDefault() : theirs::TraceState::FromHeader({text, size});
    const theirs::SpanContext context(theirs::TraceId(::opentelemetry::nostd::span<const std::uint8_t, 16>(ours.trace)),
                                      theirs::SpanId(::opentelemetry::nostd::span<const std::uint8_t, 8>(ours.span)),
                                      theirs::TraceFlags(ours.flags), ours.remote, state);
    auto* const made = new (std::nothrow) theirs::DefaultSpan(context);
    if (made != nullptr) scope_.emplace(::opentelemetry::nostd::shared_ptr<theirs::Span>(made));
  }
  to_opentelemetry(const to_opentelemetry&) = delete;
  to_opentelemetry& operator=(const to_opentelemetry&) = delete;

  /// Whether it has an effect.
  bool joined() const noexcept { return scope_.has_value(); }

 private:
  std::optional<::opentelemetry::trace::Scope> scope_;
};

}  // namespace bridge
ARTHUR_NAMESPACE_END

#endif
