// span.h: trace::Span.
// Stand-in for the shape of opentelemetry-cpp's API 1.x, written for these tests: what the bridge names, with the meaning
// that the API documents. Used where no opentelemetry-cpp is installed.
#pragma once

#include "span_context.h"

namespace opentelemetry {
namespace trace {
class Span {
 public:
  virtual ~Span() = default;
  virtual SpanContext GetContext() const noexcept = 0;
};
}
}  // namespace opentelemetry
