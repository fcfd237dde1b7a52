// string_view.h: nostd::string_view.
// Stand-in for the shape of opentelemetry-cpp's API 1.x, written for these tests: what the bridge names, with the meaning
// that the API documents. Used where no opentelemetry-cpp is installed.
#pragma once

#include <string_view>

namespace opentelemetry {
namespace nostd {
using string_view = std::string_view;
}
}  // namespace opentelemetry
