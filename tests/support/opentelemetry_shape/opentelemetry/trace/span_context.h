// span_context.h: ids, flags and trace::SpanContext.
// Stand-in for the shape of opentelemetry-cpp's API 1.x, written for these tests: what the bridge names, with the meaning
// that the API documents. Used where no opentelemetry-cpp is installed.
#pragma once

#include <cstdint>
#include <cstring>

#include "../nostd/shared_ptr.h"
#include "../nostd/span.h"
#include "trace_state.h"

namespace opentelemetry {
namespace trace {
template <std::size_t N>
class Identifier {
 public:
  Identifier() noexcept = default;
  explicit Identifier(nostd::span<const std::uint8_t, N> id) noexcept { std::memcpy(bytes_, id.data(), N); }
  nostd::span<const std::uint8_t, N> Id() const noexcept { return nostd::span<const std::uint8_t, N>(bytes_); }
  bool IsValid() const noexcept {
    const std::uint8_t none[N] = {};
    return std::memcmp(bytes_, none, N) != 0;
  }

 private:
  std::uint8_t bytes_[N] = {};
};
using TraceId = Identifier<16>;
using SpanId = Identifier<8>;

class TraceFlags {
 public:
  explicit TraceFlags(std::uint8_t flags) noexcept : flags_(flags) {}
  std::uint8_t flags() const noexcept { return flags_; }

 private:
  std::uint8_t flags_;
};

class SpanContext {
 public:
  SpanContext(TraceId trace, SpanId span, TraceFlags flags, bool remote,
              nostd::shared_ptr<TraceState> state = TraceState::GetDefault()) noexcept
      : trace_(trace), span_(span), flags_(flags), remote_(remote), state_(state) {}
  static SpanContext GetInvalid() noexcept { return SpanContext(TraceId(), SpanId(), TraceFlags(0), false); }
  bool IsValid() const noexcept { return trace_.IsValid() && span_.IsValid(); }
  const TraceId& trace_id() const noexcept { return trace_; }
  const SpanId& span_id() const noexcept { return span_; }
  const TraceFlags& trace_flags() const noexcept { return flags_; }
  bool IsRemote() const noexcept { return remote_; }
  const nostd::shared_ptr<TraceState>& trace_state() const noexcept { return state_; }

 private:
  TraceId trace_;
  SpanId span_;
  TraceFlags flags_;
  bool remote_;
  nostd::shared_ptr<TraceState> state_;
};
}
}  // namespace opentelemetry
