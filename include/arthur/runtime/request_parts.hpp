// request_parts.hpp: the spans of a request, and the resources that they name.
#ifndef ARTHUR_RUNTIME_REQUEST_PARTS_HPP
#define ARTHUR_RUNTIME_REQUEST_PARTS_HPP

#include <cstddef>
#include <vector>

#include "../config.hpp"
#include "../otlp/envelope.hpp"
#include "batch.hpp"
#include "resources.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Views into a batch: good until it changes.
class request_parts {
 public:
  explicit request_parts(resources& groups) : groups_(groups) {}

  /// After this no memory is taken for a batch of the process's own.
  void reserve(std::size_t most) { pieces_.reserve(most); }

  void collect(const batch& b, std::size_t first, std::size_t count) {
    pieces_.clear();
    own_.clear();
    if (b.has_own_resources()) {
      for (std::size_t n = 0; n < b.resources.size(); ++n) {
        own_.push_back({b.resource_bytes.data() + b.resources[n].at, b.resources[n].size});
      }
      groups_.complete(own_);
    } else {
      groups_.begin_request();
    }
    for (std::size_t n = first; n < first + count; ++n) {
      const batch::entry& e = b.spans[n];
      pieces_.push_back({b.has_own_resources() ? e.group : groups_.known(e.group), b.bytes.data() + e.at, e.size});
    }
  }

  const std::vector<span_piece>& pieces() const noexcept { return pieces_; }
  const resource_view* groups() const noexcept { return own_.empty() ? groups_.views() : own_.data(); }
  std::size_t group_count() const noexcept { return own_.empty() ? groups_.count() : own_.size(); }

  /// False: no memory; `out` is as before.
  bool append_to(buffer& out, encoding as) const noexcept {
    return append_request(out, as, pieces_.data(), pieces_.size(), groups(), group_count());
  }

 private:
  resources& groups_;
  std::vector<span_piece> pieces_;
  std::vector<resource_view> own_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
