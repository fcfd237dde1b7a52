// disabled.hpp: with ARTHUR_DISABLE, what programs call beside the macros: functions that do nothing.
#ifndef ARTHUR_DISABLED_HPP
#define ARTHUR_DISABLED_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "carriers.hpp"
#include "check.hpp"
#include "config.hpp"
#include "context.hpp"
#include "llm_stream.hpp"
#include "propagation.hpp"
#include "replay.hpp"
#include "runtime.hpp"
#include "span.hpp"
#include "traced.hpp"
#include "wire_call.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

inline bool open_at(scope_handle&, call_site&, text_arg) noexcept { return false; }
inline bool open(scope_handle&, kind, text_arg) noexcept { return false; }
inline void close(scope_handle&) noexcept {}
inline void set(const scope_handle&, const item*, std::size_t) noexcept {}
inline void event(const scope_handle&, text_arg, const item*, std::size_t) noexcept {}
inline void error(const scope_handle&, text_arg) noexcept {}
inline bool current_recording() noexcept { return false; }
inline void current_set(const item*, std::size_t) noexcept {}
inline void current_event(text_arg, const item*, std::size_t) noexcept {}
inline void current_error(text_arg) noexcept {}
inline void current_exception(const std::exception*) noexcept {}
inline void current_end() noexcept {}
inline bool detached_open(detached_handle&, kind, text_arg) noexcept { return false; }
inline void detached_end(detached_handle&) noexcept {}
inline void detached_set(const detached_handle&, const item*, std::size_t) noexcept {}
inline void detached_event(const detached_handle&, text_arg, const item*, std::size_t) noexcept {}
inline void detached_error(const detached_handle&, text_arg) noexcept {}
inline bool stream_open(stream_handle&, text_arg) noexcept { return false; }
inline void stream_set(stream_handle&, const item*, std::size_t) noexcept {}
inline void stream_chunk(stream_handle&, text_arg) noexcept {}
inline void stream_close(stream_handle&, stream_end, text_arg) noexcept {}
inline void activate(scope_handle&, const detached_handle&) noexcept {}
inline void deactivate(scope_handle&) noexcept {}
inline bool context_push(scope_handle&, const item*, std::size_t) noexcept { return false; }
inline void context_pop(scope_handle&) noexcept {}
inline captured_context context_current() noexcept { return {}; }
inline void context_share(const captured_context&) noexcept {}
inline void context_drop(captured_context&) noexcept {}
inline captured_context context_with(const captured_context&, const item*, std::size_t) noexcept { return {}; }
inline void context_attach(attachment&, const captured_context&) noexcept {}
inline void context_detach(attachment&) noexcept {}
inline void context_unwind(attachment&) noexcept {}
inline void suppress(attachment&) noexcept {}
inline void current_ids(char* trace_hex, char* span_hex) noexcept {
  if (trace_hex != nullptr) std::memcpy(trace_hex, "00000000000000000000000000000000", 33);
  if (span_hex != nullptr) std::memcpy(span_hex, "0000000000000000", 17);
}
inline bool join(scope_handle&, const foreign_span&, text_arg) noexcept { return false; }
inline bool join_headers(scope_handle&, text_arg, text_arg) noexcept { return false; }
inline bool current_context(foreign_span&) noexcept { return false; }
inline std::size_t current_state(char* to) noexcept { return *to = 0, 0; }
inline std::size_t current_headers(char* traceparent, char* tracestate) noexcept {
  return current_state(traceparent != nullptr ? traceparent : tracestate);
}
inline bool is_header(text_arg, text_arg) noexcept { return false; }
inline void find_header(found_headers&, text_arg, text_arg) noexcept {}
inline bool extract(scope_handle&, scope_handle&, const found_headers&) noexcept { return false; }
inline bool extract_three(scope_handle&, scope_handle&, text_arg, text_arg, text_arg) noexcept { return false; }
inline void outgoing(void (*)(void*, std::string_view, std::string_view), void*, bool) noexcept {}
inline std::string environment_header(std::string_view) noexcept { return {}; }
inline bool baggage_push(scope_handle&, const text_arg*, const text_arg*) noexcept { return false; }
inline void baggage_pop(scope_handle&) noexcept {}
inline std::string current_baggage(text_arg) noexcept { return {}; }
inline void add_text(sequence_sink&, text_arg) noexcept {}
inline void add_integer(sequence_sink&, std::int64_t) noexcept {}
inline void add_unsigned(sequence_sink&, std::uint64_t) noexcept {}
inline void add_number(sequence_sink&, double) noexcept {}
inline void add_boolean(sequence_sink&, bool) noexcept {}
inline void use_text(text_sink&, text_arg) noexcept {}
inline void stop() noexcept {}

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file

#if defined(ARTHUR_WITH_JSON) && !defined(ARTHUR_NO_HEAP)
namespace define_ARTHUR_IMPLEMENTATION_and_ARTHUR_WITH_JSON_in_one_source_file {
inline providers::exchange* wire_open(text_arg, text_arg, text_arg) noexcept { return nullptr; }
inline providers::exchange* wire_hooked(wire_hook, text_arg, text_arg, text_arg, text_arg, wire_changes&) noexcept { return nullptr; }
inline void wire_began(providers::exchange&, std::uint64_t) noexcept {}
inline void wire_header(providers::exchange&, text_arg, text_arg) noexcept {}
inline void wire_feed(providers::exchange&, text_arg) noexcept {}
inline void wire_finish(providers::exchange&, int) noexcept {}
inline void wire_fail(providers::exchange&, text_arg) noexcept {}
inline void wire_close(providers::exchange*) noexcept {}
inline detached_handle wire_span(const providers::exchange*) noexcept { return {}; }
inline bool wire_recorded(const providers::exchange&) noexcept { return false; }
inline std::vector<wire_attribute> wire_request(text_arg, text_arg, text_arg) noexcept { return {}; }
inline std::vector<wire_attribute> wire_answer(text_arg, text_arg, text_arg, text_arg) noexcept { return {}; }
}  // namespace define_ARTHUR_IMPLEMENTATION_and_ARTHUR_WITH_JSON_in_one_source_file
#endif
}  // namespace detail

inline tracing_guard start(const options&) noexcept { return tracing_guard(false, true, {}); }
inline flush_result flush(std::chrono::nanoseconds) noexcept { return flush_result::ok; }
inline bool poll() noexcept { return false; }
inline statistics stats() noexcept { return {}; }
inline void pause() noexcept {}
inline void resume() noexcept {}
inline bool recording() noexcept { return false; }
inline bool set_sample_ratio(double) noexcept { return true; }
inline check_result check(const options&, std::chrono::nanoseconds) noexcept {
  check_result out;
  out.add({"configuration", check_outcome::skipped, "compiled with ARTHUR_DISABLE: nothing is recorded", {}});
  return out;
}
inline replay_result replay(const std::string&, const options&, void (*)(void*, const replay_result&), void*) noexcept {
  replay_result out;
  out.error = "compiled with ARTHUR_DISABLE: nothing is sent";
  return out;
}

ARTHUR_NAMESPACE_END

#endif
