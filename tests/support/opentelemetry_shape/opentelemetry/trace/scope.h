// scope.h: trace::Scope.
// Stand-in for the shape of opentelemetry-cpp's API 1.x, written for these tests: what the bridge names, with the meaning
// that the API documents. Used where no opentelemetry-cpp is installed.
#pragma once

#include "../context/runtime_context.h"

namespace opentelemetry {
namespace trace {
class Scope {
 public:
  Scope(const nostd::shared_ptr<Span>& span) noexcept : before_(context::RuntimeContext::GetCurrent()) {
    context::RuntimeContext::current().span = span;
  }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { context::RuntimeContext::current() = before_; }

 private:
  context::Context before_;
};
}
}  // namespace opentelemetry
