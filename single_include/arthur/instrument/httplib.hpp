// httplib.hpp: cpp-httplib's client, whose calls to models become spans; for clients that exist already, what can be had.
#ifndef ARTHUR_INSTRUMENT_HTTPLIB_HPP
#define ARTHUR_INSTRUMENT_HTTPLIB_HPP

// Needs the program's own cpp-httplib, 0.11.4 or newer (up to 0.58.0 is tested), and "arthur.hpp" one folder up, so it may be copied next to the
// single header. The formats are read by nlohmann_json: ARTHUR_WITH_JSON here and where ARTHUR_IMPLEMENTATION is.
#if !defined(ARTHUR_WITH_JSON)
#error "arthur/instrument/httplib.hpp needs ARTHUR_WITH_JSON: define it before arthur.hpp is included, here and where ARTHUR_IMPLEMENTATION is"
#endif

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <httplib.h>

#include "../arthur.hpp"

ARTHUR_NAMESPACE_BEGIN

#if defined(ARTHUR_DISABLE) || defined(ARTHUR_NO_HEAP)
using httplib_client = httplib::Client;
inline void instrument(httplib::Client&) noexcept {}
#else

namespace detail {
namespace httplib_hook {

/// What Client::Post returns for such arguments; no type where it has no such overload.
template <class... Arguments>
using posted = decltype(std::declval<httplib::Client&>().Post(std::declval<Arguments>()...));

using text = const std::string&;
using headers = const httplib::Headers&;

/// The parts of a form, whose type has had two names. Of two overloads the one with `int` is preferred.
template <class Part>
std::vector<Part> form_of(httplib::Result (httplib::Client::*)(text, headers, const std::vector<Part>&, text), int);
template <class Part, class Progress>
std::vector<Part> form_of(httplib::Result (httplib::Client::*)(text, headers, const std::vector<Part>&, text, Progress), long);
using form = decltype(form_of(&httplib::Client::Post, 0));

/// The parts of a form that are read as they are sent.
template <class Part>
std::vector<Part> provided_of(httplib::Result (httplib::Client::*)(text, headers, const form&, const std::vector<Part>&), int);
template <class Part, class Progress>
std::vector<Part> provided_of(httplib::Result (httplib::Client::*)(text, headers, const form&, const std::vector<Part>&, Progress), long);
using provided_form = decltype(provided_of(&httplib::Client::Post, 0));

/// The progress function of an upload, where the version has one: with headers a nullptr could be a content receiver, too.
template <class Progress>
Progress progress_of(httplib::Result (httplib::Client::*)(text, text, text, Progress), int);
void progress_of(httplib::Result (httplib::Client::*)(text), long);
using progress = decltype(progress_of(&httplib::Client::Post, 0));

inline bool same_name(std::string_view a, std::string_view lower_case) noexcept {
  if (a.size() != lower_case.size()) return false;
  for (std::size_t n = 0; n < a.size(); ++n) {
    const char c = a[n] >= 'A' && a[n] <= 'Z' ? static_cast<char>(a[n] + ('a' - 'A')) : a[n];
    if (c != lower_case[n]) return false;
  }
  return true;
}

/// What may find no memory mustn't throw into the host.
template <class Work>
void attempt(Work work) noexcept {
#if ARTHUR_HAS_EXCEPTIONS
  try {
    work();
  } catch (...) {
  }
#else
  work();
#endif
}

/// One request under way.
class watched_call {
 public:
  watched_call(wire_hook by, text_arg method, text_arg origin, text_arg path, text_arg body) noexcept
      : span_(by, method, origin, path, body, changes_) {}

  bool recording() const noexcept { return span_.recording(); }
  /// Whether there is anything to see or to change.
  bool concerned() const noexcept { return recording() || !changes_.traceparent.empty(); }
  const wire_changes& changes() const noexcept { return changes_; }
  void feed(const char* bytes, std::size_t size) noexcept { span_.feed(std::string_view(bytes, size)); }
  void began(std::uint64_t nanoseconds_ago) noexcept { span_.began(nanoseconds_ago); }

  /// `decompresses`: as cpp-httplib was told; the header stays when the body is decoded.
  void head(const httplib::Response& answer, bool decompresses) noexcept {
    headed_ = true;
    for (const auto& line : answer.headers) {
      const bool decoded = decompresses && same_name(line.first, "content-encoding") && decodes(line.second);
      if (!decoded) span_.header(line.first, line.second);
    }
  }
  void end(const httplib::Response* answer, httplib::Error error, bool decompresses) noexcept {
    if (!recording()) return;
    if (answer != nullptr) {
      if (!headed_) head(*answer, decompresses);
      if (!answer->body.empty()) feed(answer->body.data(), answer->body.size());
      return span_.finish(answer->status);
    }
    if (error == httplib::Error::Canceled) return;  // by the program: nobody read on
    attempt([&] { span_.fail(httplib::to_string(error)); });
    span_.fail("no answer");  // no memory for the text; else it has ended
  }

 private:
  /// Encodings that cpp-httplib decodes, or refuses where it was built without.
  static bool decodes(std::string_view encoding) noexcept {
#ifdef CPPHTTPLIB_ZSTD_SUPPORT
    if (same_name(encoding, "zstd")) return true;
#endif
    return same_name(encoding, "gzip") || same_name(encoding, "deflate") || encoding.find("br") != std::string_view::npos;
  }

  wire_changes changes_;
  wire_call span_;
  bool headed_ = false;
};

/// Adds the headers of the trace, unless the program sends its own.
inline void add_trace(httplib::Headers& to, const wire_changes& changes) {
  if (changes.traceparent.empty() || to.find("traceparent") != to.end()) return;
  to.emplace("traceparent", changes.traceparent);
  if (!changes.tracestate.empty()) to.emplace("tracestate", changes.tracestate);
}

/// A content receiver that shows the bytes before it passes them on; anything else as it is.
template <class Argument>
decltype(auto) watched(watched_call& call, Argument&& argument) {
  using plain = std::decay_t<Argument>;
  if constexpr (!std::is_same_v<plain, std::nullptr_t> && std::is_convertible_v<Argument, httplib::ContentReceiver>) {
    httplib::ContentReceiver inner(std::forward<Argument>(argument));
    if (!inner || !call.recording()) return inner;
    return httplib::ContentReceiver([&call, inner = std::move(inner)](const char* bytes, std::size_t size) {
      call.feed(bytes, size);
      return inner(bytes, size);
    });
  } else {
    return std::forward<Argument>(argument);
  }
}

/// A request while it is sent: watched, with what the call changes. Afterwards it is the program's again.
class lent_request {
 public:
  lent_request(httplib::Request& request, watched_call& call, bool decompresses) : request_(request) {
    const wire_changes& changes = call.changes();
    with_body_ = !changes.body.empty() && !request.has_header("Content-Length");
    if (with_body_) body_.swap(request.body);
    if (with_body_) request.body = changes.body;
    with_trace_ = !changes.traceparent.empty() && !request.has_header("traceparent");
    if (with_trace_) add_trace(request.headers, changes);
    with_receiver_ = call.recording() && request.content_receiver;
    if (!with_receiver_) return;
    receiver_ = request.content_receiver;
    handler_ = request.response_handler;
    request.content_receiver = [this, &call](const char* bytes, std::size_t size, auto at, auto whole) {
      call.feed(bytes, size);
      return receiver_(bytes, size, at, whole);
    };
    request.response_handler = [this, &call, decompresses](const httplib::Response& answer) {
      call.head(answer, decompresses);
      return !handler_ || handler_(answer);
    };
  }
  lent_request(const lent_request&) = delete;
  lent_request& operator=(const lent_request&) = delete;
  ~lent_request() {
    if (with_body_) request_.body.swap(body_);
    if (with_trace_) request_.headers.erase("traceparent");
    if (with_trace_) request_.headers.erase("tracestate");
    if (!with_receiver_) return;
    request_.content_receiver.swap(receiver_);
    request_.response_handler.swap(handler_);
  }

 private:
  httplib::Request& request_;
  std::string body_;
  decltype(httplib::Request::content_receiver) receiver_;
  decltype(httplib::Request::response_handler) handler_;
  bool with_body_ = false, with_trace_ = false, with_receiver_ = false;
};

}  // namespace httplib_hook
}  // namespace detail

/// httplib::Client whose calls to models become spans, each a child of the current span:
///
///     arthur::httplib_client cli("https://api.openai.com");
///
/// A call becomes a span when it is a POST in a format that wire_call knows, by any of the overloads of Post() with a body or a
/// content receiver, or by send(). The program sends and gets the same bytes, headers and results as from httplib::Client. All
/// other calls, and all through a reference to httplib::Client, go on untraced: so do bodies from a content provider, which
/// aren't known when the span has to begin, and open_stream() with what builds on it, whose handle is read past the client;
/// a wire_call traces these. A content receiver that returns false, or a progress function that does, ends the span UNSET with
/// what came so far; an error of cpp-httplib makes it ERROR.
/// While the call runs its span isn't the current one. Spans of one request seen twice, by a wire_call around it with the
/// same body, are one span; a repeated request is a span of its own. Headers and the query are never recorded, but for ids
/// of the answer.
/// Options: propagate_to, include_usage; ARTHUR_INSTRUMENT_DISABLED=httplib. As thread-safe as httplib::Client.
class httplib_client : public httplib::Client {
  using text = detail::httplib_hook::text;
  using headers = detail::httplib_hook::headers;
  using form = detail::httplib_hook::form;
  using provided_form = detail::httplib_hook::provided_form;
  template <class... Arguments>
  using posted = detail::httplib_hook::posted<Arguments...>;

 public:
  explicit httplib_client(text scheme_host_port) : Client(scheme_host_port), origin_(origin_of(scheme_host_port)) {}
  httplib_client(text scheme_host_port, text certificate_file, text key_file)
      : Client(scheme_host_port, certificate_file, key_file), origin_(origin_of(scheme_host_port)) {}
  httplib_client(text host, int port) : Client(host, port), origin_(origin_of(host)) {}
  httplib_client(text host, int port, text certificate_file, text key_file)
      : Client(host, port, certificate_file, key_file), origin_(origin_of(host)) {}

  void set_decompress(bool on) {
    decompresses_ = on;
    Client::set_decompress(on);
  }

  // With a body: `more` are a content receiver and a progress function, where the version takes them.
  template <class... More>
  posted<text, headers, text, text, More...> Post(text path, headers head, text body, text type, More&&... more) {
    return watch(path, head, body, [&](headers added, const std::string* other, detail::httplib_hook::watched_call& call) {
      return Client::Post(path, added, other != nullptr ? *other : body, type, detail::httplib_hook::watched(call, std::forward<More>(more))...);
    });
  }
  template <class... More>
  posted<text, text, text, More...> Post(text path, text body, text type, More&&... more) {
    return Post(path, httplib::Headers(), body, type, detail::httplib_hook::progress(std::forward<More>(more))...);
  }
  template <class... More>
  posted<text, headers, const char*, std::size_t, text, More...> Post(text path, headers head, const char* body, std::size_t size, text type,
                                                                      More&&... more) {
    return watch(path, head, std::string_view(body, size), [&](headers added, const std::string* other, detail::httplib_hook::watched_call& call) {
      return Client::Post(path, added, other != nullptr ? other->data() : body, other != nullptr ? other->size() : size, type,
                          detail::httplib_hook::watched(call, std::forward<More>(more))...);
    });
  }
  template <class... More>
  posted<text, const char*, std::size_t, text, More...> Post(text path, const char* body, std::size_t size, text type, More&&... more) {
    return Post(path, httplib::Headers(), body, size, type, detail::httplib_hook::progress(std::forward<More>(more))...);
  }

  // Without one, as a form, or from a content provider: no call to a model.
  httplib::Result Post(text path) { return Client::Post(path); }
  httplib::Result Post(text path, headers head) { return Client::Post(path, head); }
  template <class... More>
  posted<text, const httplib::Params&, More...> Post(text path, const httplib::Params& parameters, More&&... more) {
    return Client::Post(path, parameters, std::forward<More>(more)...);
  }
  template <class... More>
  posted<text, headers, const httplib::Params&, More...> Post(text path, headers head, const httplib::Params& parameters, More&&... more) {
    return Client::Post(path, head, parameters, std::forward<More>(more)...);
  }
  template <class... More>
  posted<text, const form&, More...> Post(text path, const form& parts, More&&... more) {
    return Client::Post(path, parts, std::forward<More>(more)...);
  }
  template <class... More>
  posted<text, headers, const form&, More...> Post(text path, headers head, const form& parts, More&&... more) {
    return Client::Post(path, head, parts, std::forward<More>(more)...);
  }
  httplib::Result Post(text path, headers head, const form& parts, const provided_form& provided) { return Client::Post(path, head, parts, provided); }
  template <class... More>
  posted<text, std::size_t, httplib::ContentProvider, text, More...> Post(text path, std::size_t size, httplib::ContentProvider body, text type,
                                                                          More&&... more) {
    return Client::Post(path, size, std::move(body), type, std::forward<More>(more)...);
  }
  template <class... More>
  posted<text, headers, std::size_t, httplib::ContentProvider, text, More...> Post(text path, headers head, std::size_t size, httplib::ContentProvider body,
                                                                                   text type, More&&... more) {
    return Client::Post(path, head, size, std::move(body), type, std::forward<More>(more)...);
  }
  template <class... More>
  posted<text, httplib::ContentProviderWithoutLength, text, More...> Post(text path, httplib::ContentProviderWithoutLength body, text type, More&&... more) {
    return Client::Post(path, std::move(body), type, std::forward<More>(more)...);
  }
  template <class... More>
  posted<text, headers, httplib::ContentProviderWithoutLength, text, More...> Post(text path, headers head, httplib::ContentProviderWithoutLength body,
                                                                                   text type, More&&... more) {
    return Client::Post(path, head, std::move(body), type, std::forward<More>(more)...);
  }

  httplib::Result send(const httplib::Request& request) {
    detail::httplib_hook::watched_call call(detail::wire_hook::httplib, request.method, origin_, request.path, request.body);
    if (!call.concerned()) return Client::send(request);
    httplib::Request sent = request;
    const detail::httplib_hook::lent_request lent(sent, call, decompresses_);
    httplib::Result result = Client::send(static_cast<const httplib::Request&>(sent));
    call.end(result ? &*result : nullptr, result.error(), decompresses_);
    return result;
  }
  bool send(httplib::Request& request, httplib::Response& answer, httplib::Error& error) {
    detail::httplib_hook::watched_call call(detail::wire_hook::httplib, request.method, origin_, request.path, request.body);
    if (!call.concerned()) return Client::send(request, answer, error);
    const detail::httplib_hook::lent_request lent(request, call, decompresses_);
    const bool answered = Client::send(request, answer, error);
    call.end(answered ? &answer : nullptr, error, decompresses_);
    return answered;
  }

 private:
  static std::string origin_of(text given) { return given.find("://") == std::string::npos ? "http://" + given : given; }

  template <class Send>
  httplib::Result watch(text path, headers head, std::string_view body, Send send) {
    detail::httplib_hook::watched_call call(detail::wire_hook::httplib, "POST", origin_, path, body);
    const detail::wire_changes& changes = call.changes();
    const std::string* const other = changes.body.empty() || head.find("Content-Length") != head.end() ? nullptr : &changes.body;
    if (changes.traceparent.empty()) return finished(call, send(head, other, call));
    httplib::Headers added = head;
    detail::httplib_hook::add_trace(added, changes);
    return finished(call, send(added, other, call));
  }
  httplib::Result finished(detail::httplib_hook::watched_call& call, httplib::Result result) noexcept {
    call.end(result ? &*result : nullptr, result.error(), decompresses_);
    return result;
  }

  std::string origin_;  // with the scheme
  bool decompresses_ = true;
};

namespace detail {
namespace httplib_hook {

/// When the request began, where the version says so.
template <class Request>
auto nanoseconds_since_start(const Request& request, int) noexcept -> decltype(request.start_time_, std::uint64_t()) {
  using clock = std::chrono::steady_clock;
  if (request.start_time_ == (clock::time_point::min)()) return 0;
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now() - request.start_time_).count());
}
template <class Request>
std::uint64_t nanoseconds_since_start(const Request&, long) noexcept {
  return 0;
}

inline void logged(const httplib::Request& request, const httplib::Response& answer) noexcept {
  if (recording_enabled.load(std::memory_order_relaxed) == 0) return;
  attempt([&] {
    const auto host = request.headers.find("Host");
    watched_call call(wire_hook::httplib_log, request.method, "http://" + (host != request.headers.end() ? host->second : std::string()), request.path, request.body);
    call.began(nanoseconds_since_start(request, 0));
    call.end(&answer, httplib::Error::Success, true);
  });
}

}  // namespace httplib_hook
}  // namespace detail

/// Traces the calls to models of a client that exists already, as far as cpp-httplib's logger shows them: it replaces the
/// program's own logger (set_logger), and tells of a call once it was answered. So on every version there is no span for a call
/// without an answer (refused, timed out, given up), no output where a content receiver took it, no traceparent, no
/// include_usage; the parent is the span that is current in the thread of the call, and the span starts when the call ends: only
/// from 0.20 on, with set_max_timeout(), does the version say when it began. A httplib_client has none of these gaps.
/// Thread-safe as set_logger(): before the client is used.
inline void instrument(httplib::Client& client) { client.set_logger(detail::httplib_hook::logged); }
/// It is traced already.
inline void instrument(httplib_client&) noexcept {}
#endif

ARTHUR_NAMESPACE_END

#endif
