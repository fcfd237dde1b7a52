// context.h: trace::GetSpan.
// Stand-in for the shape of opentelemetry-cpp's API 1.x, written for these tests: what the bridge names, with the meaning
// that the API documents. Used where no opentelemetry-cpp is installed.
#pragma once

#include "../context/runtime_context.h"
#include "default_span.h"

namespace opentelemetry {
namespace trace {
/// The context's span, or one that isn't valid; never null.
inline nostd::shared_ptr<Span> GetSpan(const context::Context& of) noexcept {
  return of.span != nullptr ? of.span : std::make_shared<DefaultSpan>(SpanContext::GetInvalid());
}
}
}  // namespace opentelemetry
