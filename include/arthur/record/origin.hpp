// origin.hpp: what a trace brings from where it began: the bits that samplers compare, and its tracestate.
#ifndef ARTHUR_RECORD_ORIGIN_HPP
#define ARTHUR_RECORD_ORIGIN_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../config.hpp"
#include "context_node.hpp"
#include "slot.hpp"
#include "wire.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What the sampler compares: the lower half of the trace id, as others do, so that processes agree on a trace.
inline std::uint64_t sampling_bits(const unsigned char* trace) noexcept {
  const auto byte = [trace](int n) { return std::uint64_t{trace[8 + n]} << (8 * (7 - n)); };
  // Written out: compilers make one instruction of it.
  const std::uint64_t bits = byte(0) | byte(1) | byte(2) | byte(3) | byte(4) | byte(5) | byte(6) | byte(7);
  return bits == 0 ? 1 : bits;  // 0 is for a sampler that takes nothing
}

/// The tracestate that came with the trace of a span of this thread: it stands with the joined frame below it, or with
/// the detached span that is active here. Empty: none, or the scope that brought it is over.
inline std::string_view trace_state_of(slot& s, const frame& of) noexcept {
  if ((of.trace_flags & frame::has_state) == 0) return {};
  for (std::uint32_t n = s.kept(); n != 0; --n) {
    const frame& f = s.open[n - 1];
    if (std::memcmp(f.ids.trace, of.ids.trace, 16) != 0) continue;
    if (f.is(frame::activated)) return reinterpret_cast<const pooled_frame*>(f.target)->trace_state;
    const slot::foreign_state* const state = f.is(frame::joined) ? s.state_of(f.generation) : nullptr;
    if (state != nullptr) return {state->text, state->size};
  }
  return {};
}

inline void write_trace_state(frame& f, std::string_view state) noexcept {
  if (state.empty()) return;
  char start[12];
  char* at = wire::put_byte(start, wire::span_trace_state);
  at = wire::put_varint(at, state.size());
  f.bytes.append(start, static_cast<std::size_t>(at - start));
  f.bytes.append(state.data(), state.size());
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
