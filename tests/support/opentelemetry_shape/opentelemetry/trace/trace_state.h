// trace_state.h: trace::TraceState.
// Stand-in for the shape of opentelemetry-cpp's API 1.x, written for these tests: what the bridge names, with the meaning
// that the API documents. Used where no opentelemetry-cpp is installed.
#pragma once

#include <string>

#include "../nostd/shared_ptr.h"
#include "../nostd/string_view.h"

namespace opentelemetry {
namespace trace {
class TraceState {
 public:
  static nostd::shared_ptr<TraceState> GetDefault() { return std::make_shared<TraceState>(); }
  static nostd::shared_ptr<TraceState> FromHeader(nostd::string_view header) {
    auto made = std::make_shared<TraceState>();
    made->text_ = std::string(header);
    return made;
  }
  std::string ToHeader() const { return text_; }
  bool Empty() const noexcept { return text_.empty(); }

 private:
  std::string text_;
};
}
}  // namespace opentelemetry
