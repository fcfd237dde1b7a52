// span.h: nostd::span of a fixed extent.
// Stand-in for the shape of opentelemetry-cpp's API 1.x, written for these tests: what the bridge names, with the meaning
// that the API documents. Used where no opentelemetry-cpp is installed.
#pragma once

#include <cstddef>

namespace opentelemetry {
namespace nostd {
template <class T, std::size_t N>
class span {
 public:
  span(T (&bytes)[N]) noexcept : data_(bytes) {}
  template <class U>
  span(U (&bytes)[N]) noexcept : data_(bytes) {}
  T* data() const noexcept { return data_; }

 private:
  T* data_;
};
}
}  // namespace opentelemetry
