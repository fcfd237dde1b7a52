// wire_call.hpp: with ARTHUR_WITH_JSON, the span of a call to a model over HTTP, by any client: filled from the bytes that
// go over the wire.
#ifndef ARTHUR_WIRE_CALL_HPP
#define ARTHUR_WIRE_CALL_HPP

#include "attributes.hpp"
#include "config.hpp"
#include "span.hpp"

#if defined(ARTHUR_WITH_JSON) && !defined(ARTHUR_NO_HEAP)
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

ARTHUR_NAMESPACE_BEGIN

/// An attribute that was found in a body.
struct wire_attribute {
  std::string key;
  std::variant<std::string, std::int64_t, double, bool, std::vector<double>> value;
};

namespace detail {
/// Who sees a request: the program itself with a wire_call, or a hook into an HTTP client.
enum class wire_hook : unsigned char { program, httplib, httplib_log };

/// What a hook does to its request before it leaves. Empty: nothing.
struct wire_changes {
  std::string traceparent, tracestate;  // headers to add
  std::string body;                     // to send instead
};

namespace providers {
class exchange;
}
namespace define_ARTHUR_IMPLEMENTATION_and_ARTHUR_WITH_JSON_in_one_source_file {
providers::exchange* wire_open(text_arg method, text_arg url, text_arg body) noexcept;
providers::exchange* wire_hooked(wire_hook by, text_arg method, text_arg origin, text_arg path, text_arg body, wire_changes& changes) noexcept;
void wire_began(providers::exchange& call, std::uint64_t nanoseconds_ago) noexcept;
void wire_header(providers::exchange& call, text_arg name, text_arg value) noexcept;
void wire_feed(providers::exchange& call, text_arg bytes) noexcept;
void wire_finish(providers::exchange& call, int status) noexcept;
void wire_fail(providers::exchange& call, text_arg message) noexcept;
void wire_close(providers::exchange* call) noexcept;
detached_handle wire_span(const providers::exchange* call) noexcept;
std::vector<wire_attribute> wire_request(text_arg method, text_arg url, text_arg body) noexcept;
std::vector<wire_attribute> wire_answer(text_arg method, text_arg url, text_arg request, text_arg answer) noexcept;
}  // namespace define_ARTHUR_IMPLEMENTATION_and_ARTHUR_WITH_JSON_in_one_source_file
namespace wire_rt = define_ARTHUR_IMPLEMENTATION_and_ARTHUR_WITH_JSON_in_one_source_file;
}  // namespace detail

/// The span of one HTTP exchange with a model, opened with the request and completed by the answer:
///
///     arthur::wire_call call("POST", "https://api.openai.com/v1/chat/completions", request_body);
///     const auto answer = my_client.post(..., [&](std::string_view bytes) { call.feed(bytes); });
///     call.finish(answer.status);
///
/// Which provider's format it is follows from the path and the body; docs/instrument.md lists them. Streams (SSE, lines of
/// JSON, a JSON array in pieces) are put together, and the first token is noted. A request of no known format, or one that
/// isn't to be recorded, costs nothing further. Nothing throws, no byte is changed.
/// Status: OK after finish() below 400, ERROR from 400 on, after fail(), and where the stream itself reports an error;
/// UNSET when it is destroyed before (nobody read on); each with the answer so far.
/// Movable, ends on any thread; use by one thread at a time. Not current unless activated.
class [[nodiscard]] wire_call {
 public:
  wire_call() noexcept = default;
  /// `url`: absolute, for the provider; a path alone will do. Its query isn't recorded. `request_body`: as it is sent.
  wire_call(detail::text_arg method, detail::text_arg url, detail::text_arg request_body) noexcept {
    if (detail::recording_enabled.load(std::memory_order_relaxed) != 0) call_ = detail::wire_rt::wire_open(method, url, request_body);
  }
  /// For hooks. `origin`: scheme and host, `path`: with its query.
  wire_call(detail::wire_hook by, detail::text_arg method, detail::text_arg origin, detail::text_arg path, detail::text_arg request_body,
            detail::wire_changes& changes) noexcept {
    if (detail::recording_enabled.load(std::memory_order_relaxed) != 0) {
      call_ = detail::wire_rt::wire_hooked(by, method, origin, path, request_body, changes);
    }
  }
  ~wire_call() { close(); }
  wire_call(wire_call&& from) noexcept : call_(from.call_) { from.call_ = nullptr; }
  wire_call& operator=(wire_call&& from) noexcept {
    if (this == &from) return *this;
    close();
    call_ = from.call_;
    from.call_ = nullptr;
    return *this;
  }

  /// Whether anything is recorded.
  bool recording() const noexcept { return call_ != nullptr; }
  /// For hooks that come late.
  void began(std::uint64_t nanoseconds_ago) noexcept {
    if (call_ != nullptr) detail::wire_rt::wire_began(*call_, nanoseconds_ago);
  }
  /// A header of the answer, before its bytes: the ids of requests are kept, a Content-Encoding is respected.
  void header(detail::text_arg name, detail::text_arg value) noexcept {
    if (call_ != nullptr) detail::wire_rt::wire_header(*call_, name, value);
  }
  /// The next bytes of the answer's body, cut anywhere, without transfer and content encoding.
  void feed(detail::text_arg bytes) noexcept {
    if (call_ != nullptr) detail::wire_rt::wire_feed(*call_, bytes);
  }
  /// The answer is complete; everything after it is ignored. `status`: of HTTP.
  void finish(int status = 200) noexcept {
    if (call_ != nullptr) detail::wire_rt::wire_finish(*call_, status);
    close();
  }
  /// There is no answer, or it broke off: why, in one line.
  void fail(detail::text_arg message) noexcept {
    if (call_ != nullptr) detail::wire_rt::wire_fail(*call_, message);
    close();
  }
  /// As span::activate.
  activation activate() const noexcept { return activation(detail::wire_rt::wire_span(call_)); }

 private:
  void close() noexcept {
    if (call_ != nullptr) detail::wire_rt::wire_close(call_);
    call_ = nullptr;
  }
  detail::providers::exchange* call_ = nullptr;
};

/// What a wire_call would record of a request, for programs with spans of their own. Empty where the format isn't known.
inline std::vector<wire_attribute> request_attributes(detail::text_arg method, detail::text_arg url, detail::text_arg body) noexcept {
  return detail::wire_rt::wire_request(method, url, body);
}
/// What a wire_call would record of an answer, streamed or not; `body` is all of it.
inline std::vector<wire_attribute> response_attributes(detail::text_arg method, detail::text_arg url, detail::text_arg request_body,
                                                       detail::text_arg body) noexcept {
  return detail::wire_rt::wire_answer(method, url, request_body, body);
}

ARTHUR_NAMESPACE_END
#endif

#endif
