// capture.hpp: runs the library with a callback as its transport and keeps what it encoded, decoded again.
#ifndef ARTHUR_TESTS_SUPPORT_CAPTURE_HPP
#define ARTHUR_TESTS_SUPPORT_CAPTURE_HPP

#include <arthur/arthur.hpp>

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "otlp_decode.hpp"

namespace support {

/// Tracing that ends with the object; spans() flushes and shows everything so far.
class capture {
 public:
  explicit capture(arthur::options options = {}) : guard_(arthur::start(prepared(options))) {}

  arthur::tracing_guard& guard() { return guard_; }

  /// All spans so far, in the order in which they were sent.
  const std::vector<span>& spans() {
    static_cast<void>(arthur::flush(std::chrono::minutes(10)));  // a hanging test is ended from outside
    const std::lock_guard<std::mutex> lock(mutex_);
    return spans_;
  }
  /// The only span of that name.
  const span& only(std::string_view name) {
    const span* found = nullptr;
    int count = 0;
    for (const span& s : spans()) {
      if (s.name == name) {
        found = &s;
        ++count;
      }
    }
    static const span none;
    return count == 1 ? *found : none;
  }
  std::size_t count(std::string_view name) {
    std::size_t n = 0;
    for (const span& s : spans()) n += s.name == name;
    return n;
  }
  const std::vector<export_request>& requests() {
    spans();
    return requests_;
  }
  const std::vector<std::string>& problems() const { return problems_; }
  /// Bytes of each request.
  const std::vector<std::size_t>& sizes() {
    spans();
    return sizes_;
  }

 private:
  arthur::options prepared(arthur::options& options) {
    options.service_name = "captured";
    options.on_batch = take;
    options.on_batch_user = this;
    return options;
  }
  static bool take(void* user, const arthur::batch_view& batch) {
    auto& self = *static_cast<capture*>(user);
    const std::lock_guard<std::mutex> lock(self.mutex_);
    std::string why;
    const std::string_view body(batch.data, batch.size);
    auto request = std::string_view(batch.content_type) == "application/json" ? decode_json(body, &why) : decode_protobuf(body, &why);
    if (!request) {
      self.problems_.push_back(why);
      return false;
    }
    for (const resource_spans& r : request->resources) {
      for (const scope_spans& s : r.scopes) self.spans_.insert(self.spans_.end(), s.spans.begin(), s.spans.end());
    }
    self.requests_.push_back(std::move(*request));
    self.sizes_.push_back(batch.size);
    return true;
  }

  std::mutex mutex_;
  std::vector<span> spans_;
  std::vector<export_request> requests_;
  std::vector<std::string> problems_;
  std::vector<std::size_t> sizes_;
  arthur::tracing_guard guard_;  // last: its end may still call take()
};

/// The statistics must add up, with nothing open and nothing waiting: every span in exactly one place.
inline bool account_closed(const arthur::statistics& s) {
  return s.opened == s.committed + s.dropped + s.open &&
         s.dropped == s.dropped_pool_full + s.dropped_too_deep + s.dropped_scope_misuse + s.dropped_thread_exit + s.dropped_fork &&
         s.committed == s.delivered + s.waiting + s.rejected + s.failed + s.unconfirmed + s.discarded + s.spooled + s.tail_dropped;
}

}  // namespace support

#endif
