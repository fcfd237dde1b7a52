// linking.hpp: the link of an open span as OTLP bytes.
#ifndef ARTHUR_SPANS_LINKING_HPP
#define ARTHUR_SPANS_LINKING_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../attributes.hpp"
#include "../config.hpp"
#include "../context.hpp"
#include "contexts.hpp"
#include "events.hpp"
#include "../propagation/trace_context.hpp"
#include "../record/layout.hpp"
#include "../record/slot.hpp"
#include "../record/wire.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

/// `link`: what link_to() makes. A link to nothing says something only if it has attributes.
ARTHUR_LINKED void write_link(frame& f, const item& link) noexcept {
  foreign_span to{};
  char state_text[w3c::max_tracestate];
  std::string_view state;
  bool found = false;
  if (link.parts[0].value_type == item::type::produced) {
    const auto& captured = *static_cast<const captured_context*>(link.parts[0].object);
    const pooled_frame* const node = node_of(captured);
    found = captured.has_parent && !w3c::all_zero(captured.span, sizeof captured.span);  // suppressed outside any span
    std::memcpy(to.trace, captured.trace, sizeof to.trace);
    std::memcpy(to.span, captured.span, sizeof to.span);
    to.flags = static_cast<std::uint8_t>((captured.flags & frame::random) | ((captured.flags & frame::came_sampled) != 0 ? flag_sampled : 0));
    to.remote = (captured.flags & frame::names_remote) != 0;
    if (found && node != nullptr) state = node->trace_state;
  } else {
    found = w3c::read_traceparent({link.parts[0].data, link.parts[0].size}, to);
    if (found) state = {state_text, w3c::read_tracestate({link.parts[1].data, link.parts[1].size}, state_text)};
  }
  if (!found) std::memset(&to, 0, sizeof to);
  const item* const attributes = link.parts + 2;
  const std::size_t count = link.size - 2;
  std::size_t attributes_size = 0, dropped = 0;
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t size = event_attribute_size(attributes[n]);
    attributes_size += size;
    dropped += size == 0;
  }
  if (!found && attributes_size == 0) return;

  const std::size_t state_size = state.empty() ? 0 : 1 + wire::varint_size(state.size()) + state.size();
  const std::size_t dropped_size = dropped == 0 ? 0 : 1 + wire::varint_size(dropped);
  char start[64];
  char* at = wire::put_byte(start, wire::span_links);
  at = wire::put_varint(at, 18 + 10 + 5 + state_size + attributes_size + dropped_size);
  at = wire::put_byte(at, wire::link_trace_id);
  at = wire::put_byte(at, 16);
  at = wire::put_bytes(at, reinterpret_cast<const char*>(to.trace), 16);
  at = wire::put_byte(at, wire::link_span_id);
  at = wire::put_byte(at, 8);
  at = wire::put_bytes(at, reinterpret_cast<const char*>(to.span), 8);
  at = wire::put_byte(at, wire::link_flags);
  // As a span's own flags: whether it is remote is known, wherever there is a span.
  at = wire::put_fixed32(at, to.flags | (found ? head::remote_known | (to.remote ? head::remote : 0U) : 0U));
  if (dropped != 0) {
    at = wire::put_byte(at, wire::link_dropped_attributes);
    at = wire::put_varint(at, dropped);
  }
  if (!state.empty()) {
    at = wire::put_byte(at, wire::link_trace_state);
    at = wire::put_varint(at, state.size());
  }
  f.bytes.append(start, static_cast<std::size_t>(at - start));
  f.bytes.append(state.data(), state.size());
  for (std::size_t n = 0; n < count; ++n) {
    if (event_attribute_size(attributes[n]) != 0) write_event_attribute(f.bytes, attributes[n], wire::link_attributes);
  }
}

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
