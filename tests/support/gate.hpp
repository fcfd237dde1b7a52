// gate.hpp: a transport that lets nothing through until it is opened: an outage that ends when the test wants it.
#ifndef ARTHUR_TESTS_SUPPORT_GATE_HPP
#define ARTHUR_TESTS_SUPPORT_GATE_HPP

#include <arthur/arthur.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "otlp_decode.hpp"

namespace support {

/// Open at first. Keeps of each span that came through what tells its trace. Must outlive the tracing.
class gate {
 public:
  void open() { open_ = true; }
  void shut() { open_ = false; }
  /// As shut(); returns when the worker stands before it and takes nothing more.
  void close() {
    shut();
    held_ = false;
    { ARTHUR_SPAN("before the gate"); }
    static_cast<void>(arthur::flush(std::chrono::nanoseconds(0)));
    while (!held_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  arthur::options options(std::size_t memory_limit) {
    arthur::options o;
    o.service_name = "gated";
    o.protocol = arthur::protocol::http_protobuf;
    o.memory_limit = memory_limit;
    o.on_batch = take;
    o.on_batch_user = this;
    return o;
  }

  struct trace {
    std::size_t spans = 0;
    std::size_t roots = 0;
  };
  std::map<std::string, trace> traces() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return traces_;
  }
  std::size_t named(const std::string& name) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return names_[name];
  }
  std::size_t broken() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return broken_;
  }

 private:
  static bool take(void* user, const arthur::batch_view& batch) {
    gate& self = *static_cast<gate*>(user);
    while (!self.open_ && (self.held_ = true)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const auto request = decode_protobuf({batch.data, batch.size});
    const std::lock_guard<std::mutex> lock(self.mutex_);
    if (!request) {
      ++self.broken_;
      return false;
    }
    for (const auto& r : request->resources) {
      for (const auto& scope : r.scopes) {
        for (const auto& s : scope.spans) {
          trace& t = self.traces_[s.trace_id];
          ++t.spans;
          t.roots += s.is_root();
          ++self.names_[s.name];
        }
      }
    }
    return true;
  }

  std::atomic<bool> open_{true};
  std::atomic<bool> held_{false};
  std::mutex mutex_;
  std::map<std::string, trace> traces_;
  std::map<std::string, std::size_t> names_;
  std::size_t broken_ = 0;
};

}  // namespace support

#endif
