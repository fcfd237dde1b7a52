// default_span.h: trace::DefaultSpan, which only carries a context.
// Stand-in for the shape of opentelemetry-cpp's API 1.x, written for these tests: what the bridge names, with the meaning
// that the API documents. Used where no opentelemetry-cpp is installed.
#pragma once

#include "span.h"

namespace opentelemetry {
namespace trace {
class DefaultSpan : public Span {
 public:
  DefaultSpan(SpanContext context) noexcept : context_(context) {}
  SpanContext GetContext() const noexcept override { return context_; }

 private:
  SpanContext context_;
};
}
}  // namespace opentelemetry
