// propagation.hpp: one trace over several processes: a parent that came with a request, headers for the next one.
#ifndef ARTHUR_PROPAGATION_HPP
#define ARTHUR_PROPAGATION_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "attributes.hpp"
#include "config.hpp"
#include "propagation/trace_context.hpp"
#include "span.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {
bool join(scope_handle& scope, const foreign_span& parent, text_arg tracestate) noexcept;
bool join_headers(scope_handle& scope, text_arg traceparent, text_arg tracestate) noexcept;
bool current_context(foreign_span& out) noexcept;
std::size_t current_state(char* to) noexcept;
std::size_t current_headers(char* traceparent, char* tracestate) noexcept;
}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail

/// While it lives, spans opened on this thread are children of the span that a request's W3C headers name: of its trace,
/// recorded or not as its `sampled` flag says (see OTEL_TRACES_SAMPLER), with its tracestate. Scopes nest with spans.
/// Several tracestate headers are joined with a comma first. Headers that break the W3C rules, and none at all, have no
/// effect: a new trace begins. Nothing throws; both texts may be gone afterwards. Below 1 µs, no heap memory.
/// Works without arthur::start() too: then nothing is recorded and current_traceparent() hands on what came.
/// Belongs to its thread, as spans do.
class [[nodiscard]] remote_parent {
 public:
  explicit remote_parent(detail::text_arg traceparent, detail::text_arg tracestate = std::string_view()) noexcept
      : joined_(detail::rt::join_headers(handle_, traceparent, tracestate)) {}
  ~remote_parent() {
    if (handle_.owner != nullptr) detail::rt::deactivate(handle_);
  }
  remote_parent(const remote_parent&) = delete;
  remote_parent& operator=(const remote_parent&) = delete;

  /// Whether it has an effect.
  bool joined() const noexcept { return joined_; }

 protected:
  remote_parent() noexcept : joined_(false) {}

  detail::scope_handle handle_;
  bool joined_;
};

/// Value of a `traceparent` header; empty where there is no trace. Ends with a null character.
struct traceparent_text {
  char text[detail::w3c::traceparent_size + 1];
  std::uint16_t size;
  bool empty() const noexcept { return size == 0; }
  const char* c_str() const noexcept { return text; }
  operator std::string_view() const noexcept { return {text, size}; }
};
/// Value of a `tracestate` header, at most 512 characters; empty where none came. Ends with a null character.
struct tracestate_text {
  char text[detail::w3c::max_tracestate + 1];
  std::uint16_t size;
  bool empty() const noexcept { return size == 0; }
  const char* c_str() const noexcept { return text; }
  operator std::string_view() const noexcept { return {text, size}; }
};

/// What a request that leaves now should carry as `traceparent`: the innermost span of this thread, or else the remote
/// parent. Empty outside both and with OTEL_PROPAGATORS=none: then send no header.
inline traceparent_text current_traceparent() noexcept {
  traceparent_text header;
  header.size = static_cast<std::uint16_t>(detail::rt::current_headers(header.text, nullptr));
  return header;
}
/// The `tracestate` that goes with current_traceparent(): as it came, without blanks and empty members.
inline tracestate_text current_tracestate() noexcept {
  tracestate_text header;
  header.size = static_cast<std::uint16_t>(detail::rt::current_headers(nullptr, header.text));
  return header;
}

ARTHUR_NAMESPACE_END

#endif
