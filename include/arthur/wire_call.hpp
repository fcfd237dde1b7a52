// wire_call.hpp: with ARTHUR_WITH_JSON, the span of a call to a model over HTTP, by any client: filled from the bytes that
// go over the wire.
#ifndef ARTHUR_WIRE_CALL_HPP
#define ARTHUR_WIRE_CALL_HPP

#include "attributes.hpp"
#include "carriers.hpp"
#include "config.hpp"
#include "span.hpp"
#include "traced.hpp"

#if defined(ARTHUR_WITH_JSON) && !defined(ARTHUR_NO_HEAP)
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "platform/try_to.hpp"

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
bool wire_recorded(const providers::exchange& call) noexcept;
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
  bool recording() const noexcept { return call_ != nullptr && detail::wire_rt::wire_recorded(*call_); }
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

/// What traced_request() has to know of the answer of a client.
struct wire_response {
  int status = 200;       ///< of HTTP; 0: there was no answer, and `body` says why
  std::string_view body;  ///< without transfer and content encoding
};

namespace detail {

template <class T, class = void>
struct describes_itself : std::false_type {};
template <class T>
struct describes_itself<T, std::void_t<decltype(wire_response(arthur_wire_response(std::declval<const T&>())))>> : std::true_type {};

template <class T, class = void>
struct has_status_and_body : std::false_type {};  // httplib::Response
template <class T>
struct has_status_and_body<T, std::void_t<decltype(static_cast<int>(std::declval<const T&>().status), text_arg(std::declval<const T&>().body))>>
    : std::true_type {};
template <class T, class = void>
struct has_status_code_and_text : std::false_type {};  // cpr::Response
template <class T>
struct has_status_code_and_text<T, std::void_t<decltype(static_cast<int>(std::declval<const T&>().status_code), text_arg(std::declval<const T&>().text))>>
    : std::true_type {};
template <class T, class = void>
struct has_pointee : std::false_type {};  // httplib::Result, std::optional, pointers
template <class T>
struct has_pointee<T, std::void_t<decltype(static_cast<bool>(std::declval<const T&>()), *std::declval<const T&>())>> : std::true_type {};

/// Headers of a map from names to texts, but for the encoding, which these clients have undone.
template <class Headers>
auto tell_headers(wire_call& call, const Headers& headers, int) -> decltype(text_arg(headers.begin()->first), text_arg(headers.begin()->second), void()) {
  for (const auto& one : headers) {
    if (!rt::is_header(one.first, "content-encoding")) call.header(one.first, one.second);
  }
}
template <class Headers>
void tell_headers(wire_call&, const Headers&, long) noexcept {}
template <class T>
auto tell_headers_of(wire_call& call, const T& answer, int) -> decltype(answer.headers, void()) { tell_headers(call, answer.headers, 0); }
template <class T>
auto tell_headers_of(wire_call& call, const T& answer, long) -> decltype(answer.header, void()) { tell_headers(call, answer.header, 0); }
template <class T>
void tell_headers_of(wire_call&, const T&, ...) noexcept {}

/// Why there is no answer, in the client's words if it has some.
template <class T>
auto tell_failure(wire_call& call, const T& answer, int) -> decltype(text_arg(to_string(answer.error())), void()) {
  call.fail("no answer: " + std::string(to_string(answer.error())));
}
template <class T>
auto tell_failure(wire_call& call, const T& answer, long) -> decltype(text_arg(answer.error.message), void()) {
  call.fail("no answer: " + std::string(answer.error.message));
}
template <class T>
void tell_failure(wire_call& call, const T&, ...) noexcept { call.fail("no answer"); }

template <class T>
void tell_answer(wire_call& call, const T& answer) {
  if constexpr (describes_itself<T>::value) {
    const wire_response told(arthur_wire_response(answer));
    if (told.status == 0) return call.fail(told.body);
    call.feed(told.body);
    call.finish(told.status);
  } else if constexpr (is_text<T>::value) {
    call.feed(answer);
    call.finish();
  } else if constexpr (has_status_and_body<T>::value) {
    tell_headers_of(call, answer, 0);
    call.feed(answer.body);
    call.finish(static_cast<int>(answer.status));
  } else if constexpr (has_status_code_and_text<T>::value) {
    if (static_cast<int>(answer.status_code) == 0) return tell_failure(call, answer, 0);
    tell_headers_of(call, answer, 0);
    call.feed(answer.text);
    call.finish(static_cast<int>(answer.status_code));
  } else {
    static_assert(has_pointee<T>::value,
                  "arthur: no status and body are found in what this callable returns; return a text, or write "
                  "`arthur::wire_response arthur_wire_response(const T&)` beside the type, or use arthur::wire_call");
    if (!static_cast<bool>(answer)) return tell_failure(call, answer, 0);
    tell_answer(call, *answer);
  }
}

}  // namespace detail

/// Runs `work`, which makes this request by any client and returns the answer, inside the span of a wire_call:
///
///     const auto answer = arthur::traced_request("POST", url, body, [&] { return client.Post(path, body, "application/json"); });
///
/// The result is passed on as it is. Known are: texts (the body of a success); whatever has `.status` and `.body` (httplib), or
/// `.status_code` and `.text` (cpr), or points to one of these (httplib::Result, std::optional, pointers); and types for which
/// `arthur::wire_response arthur_wire_response(const T&)` is declared in their namespace. Of httplib and cpr the ids of requests
/// are kept, too. An exception is recorded and passed on. Arrival times aren't known: for streams use wire_call.
template <class Work>
auto traced_request(detail::text_arg method, detail::text_arg url, detail::text_arg request_body, Work&& work) -> decltype(static_cast<Work&&>(work)()) {
  using result = decltype(static_cast<Work&&>(work)());
  wire_call call(method, url, request_body);
  if (!call.recording()) {
    const activation current = call.activate();  // one that is left out has what is inside left out, too
    return static_cast<Work&&>(work)();
  }
  const auto inside = [&]() -> result {
    const activation current = call.activate();
    return detail::observed(static_cast<Work&&>(work));
  };
  result answer = inside();
  detail::try_to([&] { return detail::tell_answer(call, answer), true; });
  return static_cast<result&&>(answer);
}

ARTHUR_NAMESPACE_END
#endif

#endif
