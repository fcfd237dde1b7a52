// request_parts.hpp: the spans of a request, the resources that they name, and the request made of them.
#ifndef ARTHUR_RUNTIME_REQUEST_PARTS_HPP
#define ARTHUR_RUNTIME_REQUEST_PARTS_HPP

#include <cstddef>
#include <vector>

#include "../config.hpp"
#include "../otlp/envelope.hpp"
#include "../otlp/buffer.hpp"
#include "../policy/settings.hpp"
#include "../transport/transport.hpp"
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

  /// Encodes what was collected. False: no memory.
  bool encode(encoding as) noexcept {
    body_.clear();
    as_ = as;
    return append_request(body_, as, pieces_.data(), pieces_.size(), groups(), group_count());
  }
  const buffer& body() const noexcept { return body_; }
  /// See buffer::fix().
  bool fix(std::size_t bytes) noexcept { return body_.fix(bytes); }
  /// What was encoded, to be posted.
  request to_send(const settings& s) const noexcept {
    request r;
    r.target = s.where.traces.target.empty() ? "/" : s.where.traces.target.c_str();
    r.content_type = as_ == encoding::json ? "application/json" : "application/x-protobuf";
    r.body = body_.data();
    r.body_size = body_.size();
    r.spans = pieces_.size();
    return r;
  }

 private:
  resources& groups_;
  std::vector<span_piece> pieces_;
  std::vector<resource_view> own_;
  buffer body_;
  encoding as_ = encoding::json;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
