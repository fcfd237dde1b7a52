// runtime_context.h: context::Context, which holds a span only, one current per thread.
// Stand-in for the shape of opentelemetry-cpp's API 1.x, written for these tests: what the bridge names, with the meaning
// that the API documents. Used where no opentelemetry-cpp is installed.
#pragma once

#include "../trace/span.h"

namespace opentelemetry {
namespace context {
class Context {
 public:
  nostd::shared_ptr<trace::Span> span;
};
class RuntimeContext {
 public:
  static Context GetCurrent() noexcept { return current(); }
  static Context& current() noexcept {
    static thread_local Context of_this_thread;
    return of_this_thread;
  }
};
}
}  // namespace opentelemetry
