// shared_ptr.h: nostd::shared_ptr.
// Stand-in for the shape of opentelemetry-cpp's API 1.x, written for these tests: what the bridge names, with the meaning
// that the API documents. Used where no opentelemetry-cpp is installed.
#pragma once

#include <memory>

namespace opentelemetry {
namespace nostd {
template <class T>
using shared_ptr = std::shared_ptr<T>;
}
}  // namespace opentelemetry
