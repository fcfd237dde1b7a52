// arthur.hpp: all of arthur in one file. Made from include/arthur by tests/single_header.py; edit there.
//
// MIT License
//
// Copyright (c) 2026 The arthur authors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.

// arthur.hpp: the one include. In exactly one .cpp, define ARTHUR_IMPLEMENTATION before it.
#ifndef ARTHUR_ARTHUR_HPP
#define ARTHUR_ARTHUR_HPP

// attributes.hpp: what an attribute argument is: a small view of key and value, alive for one statement.
#ifndef ARTHUR_ATTRIBUTES_HPP
#define ARTHUR_ATTRIBUTES_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

// config.hpp: every compile-time switch, the version, and the namespace that carries both.
#ifndef ARTHUR_CONFIG_HPP
#define ARTHUR_CONFIG_HPP

#define ARTHUR_VERSION_MAJOR 0
#define ARTHUR_VERSION_MINOR 1
#define ARTHUR_VERSION_PATCH 0
#define ARTHUR_VERSION "0.1.0"

// Switches. "global" must be the same for every file of a program, "file" may differ from file to file.
//
//   ARTHUR_IMPLEMENTATION   file    in exactly one .cpp: compile the runtime there
//   ARTHUR_DISABLE          global  macros leave no code; their arguments are type-checked, never run
//   ARTHUR_WITH_JSON        file    nlohmann::json as a value (the program's own copy)
//   ARTHUR_WITH_FMT         file    arthur::format (the program's own fmt)
//   ARTHUR_WITH_HTTPLIB     file    with ARTHUR_IMPLEMENTATION: https (the program's own cpp-httplib and OpenSSL)
//   ARTHUR_NO_THREADS       global  no worker thread, no thread-local state: the program calls arthur::poll()
//   ARTHUR_NO_HEAP          global  the span pool is a static array of ARTHUR_POOL_BYTES; no memory is taken after start()

#ifndef ARTHUR_POOL_BYTES
#define ARTHUR_POOL_BYTES (1024 * 1024)  // global; used with ARTHUR_NO_HEAP only
#endif

// The inline namespace carries version and configuration: two static libraries that both bring the runtime share one
// copy of it, and two that were built differently don't meet.
#if defined(ARTHUR_DISABLE)
#define ARTHUR_ABI v0_1_disabled
#elif defined(ARTHUR_NO_THREADS) && defined(ARTHUR_NO_HEAP)
#define ARTHUR_ABI v0_1_nothreads_noheap
#elif defined(ARTHUR_NO_THREADS)
#define ARTHUR_ABI v0_1_nothreads
#elif defined(ARTHUR_NO_HEAP)
#define ARTHUR_ABI v0_1_noheap
#else
#define ARTHUR_ABI v0_1
#endif

#define ARTHUR_NAMESPACE_BEGIN \
  namespace arthur {           \
  inline namespace ARTHUR_ABI {
#define ARTHUR_NAMESPACE_END \
  }                          \
  }

#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define ARTHUR_HAS_EXCEPTIONS 1
#else
#define ARTHUR_HAS_EXCEPTIONS 0
#endif

// What a process has once, functions and state alike: visible outside its shared object even under -fvisibility=hidden,
// so that the dynamic linker makes one of several copies wherever it can (docs/plugins.md). Within an executable this
// costs nothing: what is defined there is reached directly.
#if defined(__ELF__) || defined(__APPLE__)
#define ARTHUR_SHARED __attribute__((visibility("default")))
#else
#define ARTHUR_SHARED
#endif

// What call sites reach only through the linker: inline, so that several files may bring it, and emitted all the same.
#if defined(__GNUC__) || defined(__clang__)
#define ARTHUR_LINKED ARTHUR_SHARED __attribute__((used)) inline
#else
#define ARTHUR_LINKED inline
#endif

#if defined(__GNUC__) || defined(__clang__)
#define ARTHUR_COLD __attribute__((cold, noinline))
#define ARTHUR_NOINLINE __attribute__((noinline))
#define ARTHUR_INLINE __attribute__((always_inline)) inline
#define ARTHUR_LIKELY(x) __builtin_expect(!!(x), 1)
#define ARTHUR_UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define ARTHUR_COLD
#define ARTHUR_NOINLINE
#define ARTHUR_INLINE inline
#define ARTHUR_LIKELY(x) (x)
#define ARTHUR_UNLIKELY(x) (x)
#endif

#endif
// keys.hpp: the one table of attribute keys: text, value type, and what hides it.
#ifndef ARTHUR_OPENINFERENCE_KEYS_HPP
#define ARTHUR_OPENINFERENCE_KEYS_HPP

#include <cstddef>
#include <cstdint>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Who may hide a value: families of options::hide_inputs and options::hide_outputs.
enum class family : std::uint8_t { none, input, output };

// X(identifier, key, family)
//
// First the keys that a span has at most once: each owns a bit of the record's exact set, so at most 64.
#define ARTHUR_SINGLE_KEYS(X)                                                      \
  X(span_kind, "openinference.span.kind", none)                                    \
  X(input_value, "input.value", input)                                             \
  X(input_mime_type, "input.mime_type", none)                                      \
  X(output_value, "output.value", output)                                          \
  X(output_mime_type, "output.mime_type", none)                                    \
  X(session_id, "session.id", none)                                                \
  X(user_id, "user.id", none)                                                      \
  X(metadata, "metadata", none)                                                    \
  X(tags, "tag.tags", none)                                                        \
  X(llm_model_name, "llm.model_name", none)                                        \
  X(llm_provider, "llm.provider", none)                                            \
  X(llm_system, "llm.system", none)                                                \
  X(llm_invocation_parameters, "llm.invocation_parameters", none)                  \
  X(llm_finish_reason, "llm.finish_reason", none)                                  \
  X(llm_token_count_prompt, "llm.token_count.prompt", none)                        \
  X(llm_token_count_completion, "llm.token_count.completion", none)                \
  X(llm_token_count_total, "llm.token_count.total", none)                          \
  X(llm_cost_prompt, "llm.cost.prompt", none)                                      \
  X(llm_cost_completion, "llm.cost.completion", none)                              \
  X(llm_cost_total, "llm.cost.total", none)                                        \
  X(tool_name, "tool.name", none)                                                  \
  X(tool_description, "tool.description", none)                                    \
  X(tool_parameters, "tool.parameters", none)                                      \
  X(embedding_model_name, "embedding.model_name", none)                            \
  X(reranker_model_name, "reranker.model_name", none)                              \
  X(reranker_query, "reranker.query", none)                                       \
  X(reranker_top_k, "reranker.top_k", none)                                        \
  X(agent_name, "agent.name", none)                                                \
  X(code_function_name, "code.function.name", none)                                \
  X(code_file_path, "code.file.path", none)                                        \
  X(code_line_number, "code.line.number", none)

// Lists: `prefix.N.` is put before each part of an element.
#define ARTHUR_LIST_KEYS(X)                                  \
  X(llm_input_messages, "llm.input_messages", input)         \
  X(llm_output_messages, "llm.output_messages", output)      \
  X(llm_tools, "llm.tools", none)                            \
  X(retrieval_documents, "retrieval.documents", none)      \
  X(reranker_input_documents, "reranker.input_documents", none)   \
  X(reranker_output_documents, "reranker.output_documents", none) \
  X(embedding_embeddings, "embedding.embeddings", none)

// Parts of list elements: used behind a prefix, never alone.
#define ARTHUR_PART_KEYS(X)                                            \
  X(message_role, "message.role", none)                                \
  X(message_content, "message.content", none)                          \
  X(message_name, "message.name", none)                                \
  X(message_tool_call_id, "message.tool_call_id", none)                \
  X(message_tool_calls, "message.tool_calls", none)                    \
  X(tool_call_id, "tool_call.id", none)                                \
  X(tool_call_function_name, "tool_call.function.name", none)          \
  X(tool_call_function_arguments, "tool_call.function.arguments", none) \
  X(tool_json_schema, "tool.json_schema", none)                        \
  X(document_id, "document.id", none)                                  \
  X(document_content, "document.content", none)                        \
  X(document_score, "document.score", none)                            \
  X(document_metadata, "document.metadata", none)                      \
  X(embedding_text, "embedding.text", none)                           \
  X(embedding_vector, "embedding.vector", none)

#define ARTHUR_KEY_NAME(identifier, text, hidden_by) identifier,
enum class key : std::uint16_t {
  ARTHUR_SINGLE_KEYS(ARTHUR_KEY_NAME) single_count,
  // What follows isn't a key of its own: composites and resource settings, told apart by the writer.
  before_lists = 63,
  ARTHUR_LIST_KEYS(ARTHUR_KEY_NAME) ARTHUR_PART_KEYS(ARTHUR_KEY_NAME) count,
  free,          // the key is the user's text
  token_counts,  // prompt and completion: three keys
  costs,
  input_json,  // value and mime type
  output_json,
  document,  // the list depends on the kind of the span
  input_document,
  tool,       // llm.tools.N on LLM spans, tool.* on the others
  tool_call,  // within a message
  task_id,    // resource
  service_name,
};
#undef ARTHUR_KEY_NAME
static_assert(static_cast<int>(key::single_count) <= 63, "single keys own one bit each of a 64-bit word");

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

class sequence_sink;  // receives the elements of a range; lives in the implementation
class text_sink;      // receives one text made on demand

/// A text argument: anything that converts to std::string_view; a null pointer is an empty text.
struct text_arg {
  const char* data;
  std::size_t size;

  constexpr text_arg(const char* s) noexcept
      : data(s == nullptr ? "" : s), size(s == nullptr ? 0 : std::char_traits<char>::length(s)) {}
  constexpr text_arg(std::string_view s) noexcept : data(s.data()), size(s.size()) {}
  text_arg(const std::string& s) noexcept : data(s.data()), size(s.size()) {}
  template <class T, class = std::enable_if_t<std::is_convertible_v<const T&, std::string_view> &&
                                              !std::is_convertible_v<const T&, const char*>>>
  constexpr text_arg(const T& s) noexcept : text_arg(std::string_view(s)) {}
};

/// One attribute on its way to the writer. Plain data: call sites fill an array of them on the stack.
struct item {
  // 16 bits, so that compilers store `code` and `value_type` at once.
  enum class type : std::uint16_t { text, json, integer, unsigned_integer, number, boolean, sequence, produced, parts };

  key code;
  type value_type;
  std::uint32_t key_size;  // free keys only
  const char* key_data;    // free keys only; two-text composites put their second text here
  union {
    const char* data;  // text, json
    const void* object;  // sequence, produced
    const item* parts;
    std::int64_t integer;  // two-integer composites put the second one into `second`
    std::uint64_t unsigned_integer;
    double number;
    bool boolean;
  };
  union {
    std::size_t size;  // text, json, parts
    std::int64_t second;
    double second_number;
    void (*each)(const void* object, sequence_sink& sink);
    void (*produce)(const void* object, text_sink& sink);
  };
};

inline item text_item(key code, text_arg value) noexcept {
  item i;
  i.code = code;
  i.value_type = item::type::text;
  i.data = value.data;
  i.size = value.size;
  return i;
}

inline item json_item(key code, text_arg value) noexcept {
  item i = text_item(code, value);
  i.value_type = item::type::json;
  return i;
}

inline item integer_item(key code, std::int64_t value) noexcept {
  item i;
  i.code = code;
  i.value_type = item::type::integer;
  i.integer = value;
  i.size = 0;
  return i;
}

inline item number_item(key code, double value) noexcept {
  item i;
  i.code = code;
  i.value_type = item::type::number;
  i.number = value;
  i.size = 0;
  return i;
}

inline item parts_item(key code, const item* parts, std::size_t count) noexcept {
  item i;
  i.code = code;
  i.value_type = item::type::parts;
  i.parts = parts;
  i.size = count;
  return i;
}

}  // namespace detail

/// An attribute, an element of a list (message, document, ...) or a part of one, as the functions of `arthur::` make it.
/// Holds views only: it must be used in the statement that makes it.
class [[nodiscard]] attr {
 public:
  attr(const attr&) = delete;
  attr& operator=(const attr&) = delete;

  explicit attr(const detail::item& i) noexcept : item_(i) {}
  const detail::item& view() && noexcept { return item_; }

 private:
  detail::item item_;
};

/// An attribute made of several parts.
template <std::size_t N>
class [[nodiscard]] composite {
 public:
  composite(const composite&) = delete;
  composite& operator=(const composite&) = delete;

  template <class... Parts>
  explicit composite(detail::key code, const Parts&... parts) noexcept : code_(code), parts_{parts...} {}
  detail::item view() && noexcept { return detail::parts_item(code_, parts_, N); }

 private:
  detail::key code_;
  detail::item parts_[N];
};

namespace detail {

template <class T>
struct is_attribute : std::false_type {};
template <>
struct is_attribute<attr> : std::true_type {};
template <std::size_t N>
struct is_attribute<composite<N>> : std::true_type {};

/// Ends the argument lists that the macros build.
struct no_more {};

/// Whether a macro may take this argument: the one rule for the enabled macros and the disabled ones.
template <class A>
constexpr bool allowed() noexcept {
  if constexpr (!std::is_same_v<A, no_more>) {
    static_assert(is_attribute<std::decay_t<A>>::value,
                  "arthur: this argument is not an attribute; write arthur::attribute(\"key\", value) or a builder such as "
                  "arthur::input(text)");
    static_assert(!std::is_lvalue_reference_v<A>,
                  "arthur: attributes hold views of their arguments; write the builder inside the macro or call that uses it");
  }
  return true;
}

/// Takes an attribute argument apart.
template <class A>
item take(A&& argument) noexcept {
  static_assert(allowed<A>());
  return static_cast<A&&>(argument).view();
}
inline item take(no_more&&) noexcept {
  item unread;
  return unread;
}

// How values of attribute() are told apart.
template <class T, class = void>
struct is_range : std::false_type {};
template <class T>
struct is_range<T, std::void_t<decltype(std::declval<const T&>().begin() != std::declval<const T&>().end())>>
    : std::true_type {};
template <class T>
struct is_text : std::is_convertible<const T&, text_arg> {};

/// Specialise for a type of your own: `static void produce(const T&, detail::text_sink&)`. See json.hpp.
template <class T, class = void>
struct produced_text : std::false_type {};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// check.hpp: arthur::check(): asks whether tracing will work with these options, and says what to change.
#ifndef ARTHUR_CHECK_HPP
#define ARTHUR_CHECK_HPP

#include <chrono>
#include <cstddef>
#include <string>

// options.hpp: everything arthur::start() can be told; each field with its default, its unit and the reason for both.
#ifndef ARTHUR_OPTIONS_HPP
#define ARTHUR_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

// header_list.hpp: a list of names with values, for options; not a std::vector, whose header alone is 3,300 lines.
#ifndef ARTHUR_HEADER_LIST_HPP
#define ARTHUR_HEADER_LIST_HPP

#include <cstddef>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>


ARTHUR_NAMESPACE_BEGIN

/// A name and its value: an HTTP header, a resource attribute.
struct header {
  std::string name;
  std::string value;
};

/// Used like a std::vector<header>: `options.headers = {{"x-team", "search"}}`, or push_back().
class header_list {
 public:
  header_list() noexcept = default;
  header_list(std::initializer_list<header> list) : header_list() { append(list); }
  /// Any container of headers.
  template <class Range, class = decltype(static_cast<const header&>(*static_cast<const Range*>(nullptr)->begin())),
            class = std::enable_if_t<!std::is_same_v<Range, header_list>>>
  header_list(const Range& from) : header_list() {
    append(from);
  }
  header_list(const header_list& from) : header_list() { append(from); }
  header_list(header_list&& from) noexcept { swap(from); }
  header_list& operator=(header_list from) noexcept {
    swap(from);
    return *this;
  }
  ~header_list() { delete[] data_; }

  void push_back(header added) {
    if (size_ == capacity_) {
      header_list larger;
      larger.data_ = new header[2 * capacity_ + 4];
      larger.capacity_ = 2 * capacity_ + 4;
      for (header& h : *this) larger.data_[larger.size_++] = static_cast<header&&>(h);
      swap(larger);
    }
    data_[size_++] = static_cast<header&&>(added);
  }
  void clear() noexcept { header_list().swap(*this); }

  header* begin() noexcept { return data_; }
  header* end() noexcept { return data_ + size_; }
  const header* begin() const noexcept { return data_; }
  const header* end() const noexcept { return data_ + size_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  header& operator[](std::size_t index) noexcept { return data_[index]; }
  const header& operator[](std::size_t index) const noexcept { return data_[index]; }

 private:
  // The constructors delegate before they call it: if memory ends, what was copied so far is given back.
  template <class Range>
  void append(const Range& from) {
    for (const header& h : from) push_back(h);
  }
  void swap(header_list& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  header* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN

/// How spans are written on the wire.
enum class protocol {
  automatic,      ///< JSON, and protobuf where the endpoint refuses JSON (asked once, with an empty request)
  http_json,      ///< OTLP/JSON, always
  http_protobuf,  ///< OTLP/protobuf, always
};

/// What happens when the pool has no room: no new trace begins in its last eighth, and a span under way may use that up.
enum class overflow {
  drop,   ///< the trace, or the span, is dropped whole and counted; the caller never waits
  block,  ///< the caller waits for the worker, at most options::block_timeout, then drops and counts
};

/// Importance of a diagnostic line.
enum class severity { info, warning, error };

/// Which diagnostic lines are said.
enum class log_level {
  automatic,  ///< warnings and errors to stderr; everything to options::on_diagnostic
  none,       ///< none at all
  error,
  warning,  ///< and errors
  info,     ///< everything, to stderr too
};

/// One encoded OTLP request, handed to options::on_batch. The bytes are valid during the call only.
struct batch_view {
  const char* data;          ///< an OTLP ExportTraceServiceRequest
  std::size_t size;          ///< bytes
  const char* content_type;  ///< "application/json" or "application/x-protobuf"
  std::size_t spans;         ///< number of spans inside
};

/// Settings of arthur::start(). A value given here wins over `ARTHUR_*` environment variables, those over `OTEL_*`,
/// those over the defaults. An empty string means "not given".
struct options {
  /// `service.name` of every span. Default: ARTHUR_SERVICE_NAME, OTEL_SERVICE_NAME, the task's name or id,
  /// "unknown_service:<program>". On the engine a span without a task lands in a task of this name.
  std::string service_name;
  /// Id of the engine's task (`arthur.task`). Default: ARTHUR_TASK_ID. An id that doesn't exist makes the engine refuse
  /// everything, so prefer `task_name` where you aren't sure.
  std::string task_id;
  /// Name of the engine's task; looked up once, before the first export. Default: ARTHUR_TASK_NAME. Needs a key that may read.
  std::string task_name;
  /// Where the engine is, e.g. "https://engine.example.com". Default: ARTHUR_BASE_URL, then http://localhost:3030.
  std::string base_url;
  /// Bearer key of the engine. Default: ARTHUR_API_KEY. Never sent to a host that only OTEL_* names; never printed.
  std::string api_key;
  /// Full URL for spans, used as it is. Default: {base_url}/api/v1/traces, or what OTEL_EXPORTER_OTLP_* say.
  std::string endpoint;
  /// Further request headers. Default: OTEL_EXPORTER_OTLP_TRACES_HEADERS, OTEL_EXPORTER_OTLP_HEADERS.
  header_list headers;
  /// HTTP proxy, "http://user:password@host:port", for https:// by a tunnel. Default: https_proxy, HTTPS_PROXY or, for
  /// http:// URLs, http_proxy; then all_proxy, ALL_PROXY. Never used for this machine and for what NO_PROXY names.
  std::string proxy;
  /// PEM file of the authorities that an https:// endpoint's certificate is checked against, in place of the system's.
  /// Default: OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE, OTEL_EXPORTER_OTLP_CERTIFICATE. There is no way not to check.
  std::string certificate_file;
  /// PEM files of the program's own certificate (with its chain) and key, for endpoints that ask for one.
  /// Default: OTEL_EXPORTER_OTLP_{TRACES_,}CLIENT_CERTIFICATE and ..._CLIENT_KEY.
  std::string client_certificate_file;
  std::string client_key_file;
  /// Resource attributes beside service.name, all text; win over OTEL_RESOURCE_ATTRIBUTES.
  header_list resource_attributes;
  /// Default: OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, OTEL_EXPORTER_OTLP_PROTOCOL, then automatic.
  arthur::protocol protocol = protocol::automatic;
  /// Comma separated, any of: "otlp", "console" (a tree of each trace on standard output, for people), "otlp/stdout" (JSON
  /// lines there); or "none". Default: OTEL_TRACES_EXPORTER, then "otlp".
  std::string exporters;
  /// Append OTLP JSON lines to this file instead of posting them. Default: empty.
  std::string output_file;
  /// Receives every encoded request instead of a socket; called on the worker, one call at a time, must not throw.
  /// Return false to say that the batch was not taken (it is counted as failed). Default: none.
  bool (*on_batch)(void* user, const batch_view& batch) = nullptr;
  /// Passed to on_batch.
  void* on_batch_user = nullptr;

  /// Upper bound of memory for spans, in bytes: the pool. 64 MiB hold about 25,000 large LLM spans or 200,000 small ones.
  /// Fixed by the first start of a process. Minimum 256 KiB. With ARTHUR_NO_HEAP it is ARTHUR_POOL_BYTES, or less.
#ifdef ARTHUR_NO_HEAP
  std::size_t memory_limit = ARTHUR_POOL_BYTES;
#else
  std::size_t memory_limit = std::size_t{64} << 20;
#endif
  /// What to do when the pool is full.
  arthur::overflow overflow = overflow::drop;
  /// Longest that one span makes its thread wait with overflow::block. Once that was in vain, nobody waits until the
  /// worker has taken spans again.
  std::chrono::milliseconds block_timeout{1000};

  /// Longest time a finished span waits before it is sent. Default: OTEL_BSP_SCHEDULE_DELAY, then 1 s: the engine starts
  /// its evaluations 10 s after a root arrived, so the rest of the trace must be there by then.
  std::chrono::milliseconds schedule_delay{0};
  /// One export including its retries. Default: OTEL_EXPORTER_OTLP_TIMEOUT or OTEL_BSP_EXPORT_TIMEOUT, then 30 s: the engine needs about 7 ms per
  /// LLM span, and a request given up too early may be stored all the same.
  std::chrono::milliseconds export_timeout{0};
  /// Longest time the end of the guard, exit() or a terminate handler may take.
  std::chrono::milliseconds shutdown_timeout{5000};
  /// Most spans in one request. Default: 128 for the engine, OTEL_BSP_MAX_EXPORT_BATCH_SIZE or 512 elsewhere.
  std::size_t max_batch_spans = 0;
  /// Most bytes in one request; a single larger span still goes, alone. Default: 1 MiB. With ARTHUR_NO_HEAP an eighth of
  /// the pool, start() takes eleven times as much, and a larger span may find no room: it is counted as failed.
#ifdef ARTHUR_NO_HEAP
  std::size_t max_batch_bytes = ARTHUR_POOL_BYTES / 8;
#else
  std::size_t max_batch_bytes = std::size_t{1} << 20;
#endif

  /// Directory for spans that can't be delivered now: while the endpoint takes nothing they wait there as files of standard
  /// OTLP instead of in memory, also over the end of the program, and go, the oldest first, when it is back or at the next
  /// start. Made with mode 0700 if it isn't there; several processes may share it. Absolute, as it is opened later. Default:
  /// ARTHUR_SPOOL_DIR, then none. Not on Windows and with ARTHUR_NO_HEAP. See docs/delivery.md.
  std::string spool_directory;
  /// Most bytes of files in it, of all processes together; what doesn't fit stays in memory. 1 MiB or more.
  std::uint64_t spool_max_bytes = std::uint64_t{256} << 20;
  /// Files older than this are removed unsent and counted in statistics::expired.
  std::chrono::hours spool_max_age{7 * 24};

  /// Share of traces to record, 0 to 1, decided at the root and inherited. Default: all.
  double sample_ratio = 1.0;
  /// Most spans recorded in a second over all threads, 1 to 1,000,000; 0: no cap. For a loop gone mad: a second's worth may
  /// have been saved up, then traces are left out whole until the ones recorded are worked off; a single trace that runs
  /// 10 s ahead loses spans, too. Counted in statistics::rate_limited.
  std::uint32_t max_spans_per_second = 0;
  /// What one span may hold; 0 means the variable or, without it, the default. What is beyond is left out and counted in
  /// the span. Attributes: OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT, OTEL_ATTRIBUTE_COUNT_LIMIT, 10000: a long chat has some
  /// thousand of them.
  std::size_t max_attributes = 0;
  /// Characters of a text attribute, also in lists; longer ones are cut. OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT,
  /// OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT, no limit.
  std::size_t max_attribute_length = 0;
  /// OTEL_SPAN_EVENT_COUNT_LIMIT, 128.
  std::size_t max_events = 0;
  /// OTEL_SPAN_LINK_COUNT_LIMIT, 128.
  std::size_t max_links = 0;
  /// OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT, 128.
  std::size_t max_event_attributes = 0;
  /// OTEL_LINK_ATTRIBUTE_COUNT_LIMIT, 128.
  std::size_t max_link_attributes = 0;
  /// Record code.function.name, code.file.path and code.line.number of each macro span.
  bool code_location = true;
  /// Replace what users and models say by "__REDACTED__" before it reaches any buffer.
  bool hide_inputs = false;
  bool hide_outputs = false;
  /// Also flush when an uncaught exception ends the program (installs a terminate handler that calls the former one).
  bool flush_on_terminate = false;

  /// One line per event, rate limited, never with a secret in it. Default: stderr.
  /// Called on any thread that calls arthur, mostly the worker.
  void (*on_diagnostic)(void* user, severity level, const char* line) = nullptr;
  /// Passed to on_diagnostic.
  void* on_diagnostic_user = nullptr;
  /// Default: OTEL_LOG_LEVEL, then automatic.
  arthur::log_level log_level = log_level::automatic;

  /// Unix time in nanoseconds. For boards without a wall clock and for tests. Default: the system's clock.
  std::uint64_t (*clock)() = nullptr;
  /// 64 random bits for ids. For boards with a generator of their own and for tests. Default: seeded by the system.
  std::uint64_t (*random)() = nullptr;
};

ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN

/// How one step of arthur::check went.
enum class check_outcome {
  ok,
  warning,  ///< it works, but not everything, or maybe not as meant
  failed,
  skipped,  ///< not asked; the text says why
};

/// One step: what was found, and what to change. No secret is in either.
struct check_step {
  const char* name = "";  ///< "configuration", "endpoint", "key", "health", "account", "task", "protocol", "spool", "test span", "look-up"
  check_outcome outcome = check_outcome::skipped;
  std::string text;  ///< one line in plain words
  std::string fix;   ///< one line; empty where there is nothing to change
};

/// The steps of arthur::check, in their order. After one that failed, those that would only fail with it are skipped.
class check_result {
 public:
  /// Nothing failed.
  bool ok() const noexcept {
    for (const check_step& s : *this) {
      if (s.outcome == check_outcome::failed) return false;
    }
    return size_ != 0;
  }

  const check_step* begin() const noexcept { return steps_; }
  const check_step* end() const noexcept { return steps_ + size_; }
  std::size_t size() const noexcept { return size_; }

  void add(check_step step) noexcept {
    if (size_ < most) steps_[size_++] = static_cast<check_step&&>(step);
  }

 private:
  static constexpr std::size_t most = 12;
  check_step steps_[most];
  std::size_t size_ = 0;
};

/// Does by hand what tracing would do with these options and the environment, and tells how each step went: settings,
/// connection, key, task, encoding; then sends one test span, named "arthur.check", in a trace of its own. Needs no
/// arthur::start(), and leaves one that runs alone. For diagnosis, not for each start: it blocks, by at most `timeout` (a name
/// look-up may take longer), and takes memory in every build. Never throws. Thread-safe.
check_result check(const options& settings = {}, std::chrono::nanoseconds timeout = std::chrono::seconds(20)) noexcept;

ARTHUR_NAMESPACE_END

#endif
// context.hpp: attributes that every span opened in a scope inherits.
#ifndef ARTHUR_CONTEXT_HPP
#define ARTHUR_CONTEXT_HPP

// span.hpp: spans: scoped (what the macros open), detached (ends anywhere), and functions traced with their exceptions.
#ifndef ARTHUR_SPAN_HPP
#define ARTHUR_SPAN_HPP

#include <atomic>
#include <cstdint>
#include <exception>
#if defined(__cpp_rtti) || defined(__GXX_RTTI) || defined(_CPPRTTI)
#include <typeinfo>
#endif

// builders.hpp: the functions that users write inside the macros: arthur::input(...), arthur::tokens(...), ...
#ifndef ARTHUR_OPENINFERENCE_BUILDERS_HPP
#define ARTHUR_OPENINFERENCE_BUILDERS_HPP

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

// Called by `sequence` items to hand over one element; part of the implementation.
namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {
void add_text(sequence_sink& sink, text_arg value) noexcept;
void add_integer(sequence_sink& sink, std::int64_t value) noexcept;
void add_unsigned(sequence_sink& sink, std::uint64_t value) noexcept;
void add_number(sequence_sink& sink, double value) noexcept;
void add_boolean(sequence_sink& sink, bool value) noexcept;
void use_text(text_sink& sink, text_arg value) noexcept;
}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
namespace rt = define_ARTHUR_IMPLEMENTATION_in_one_source_file;

template <class T>
void add_element(sequence_sink& sink, const T& value) noexcept {
  if constexpr (std::is_same_v<T, bool>) {
    rt::add_boolean(sink, value);
  } else if constexpr (std::is_integral_v<T> && std::is_unsigned_v<T> && sizeof(T) == 8) {
    rt::add_unsigned(sink, value);
  } else if constexpr (std::is_integral_v<T>) {
    rt::add_integer(sink, static_cast<std::int64_t>(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    rt::add_number(sink, static_cast<double>(value));
  } else {
    static_assert(is_text<T>::value, "arthur: elements of a range must be text, numbers or bool");
    rt::add_text(sink, value);
  }
}

template <class Range>
item sequence_item(key code, const Range& range) noexcept {
  item i;
  i.code = code;
  i.value_type = item::type::sequence;
  i.object = &range;
  // Called twice, to measure and to write: the range must give the same elements both times.
  i.each = [](const void* object, sequence_sink& sink) {
    for (const auto& element : *static_cast<const Range*>(object)) add_element(sink, element);
  };
  return i;
}

template <class T>
item value_item(const T& value) noexcept {
  item i;
  i.code = key::free;
  i.size = 0;
  if constexpr (std::is_same_v<T, bool>) {
    i.value_type = item::type::boolean;
    i.boolean = value;
  } else if constexpr (std::is_integral_v<T> && std::is_unsigned_v<T> && sizeof(T) == 8) {
    i.value_type = item::type::unsigned_integer;
    i.unsigned_integer = value;
  } else if constexpr (std::is_integral_v<T>) {
    i.value_type = item::type::integer;
    i.integer = static_cast<std::int64_t>(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    i.value_type = item::type::number;
    i.number = static_cast<double>(value);
  } else if constexpr (produced_text<T>::value) {
    i.value_type = item::type::produced;
    i.object = &value;
    i.produce = [](const void* object, text_sink& sink) { produced_text<T>::produce(*static_cast<const T*>(object), sink); };
  } else if constexpr (is_text<T>::value) {
    const text_arg as_text(value);
    i.value_type = item::type::text;
    i.data = as_text.data;
    i.size = as_text.size;
  } else {
    static_assert(is_range<T>::value,
                  "arthur: values are text, bool, integers, float or double, or ranges of these; for other types use "
                  "arthur::format (ARTHUR_WITH_FMT) or convert to text");
    i = sequence_item(key::free, value);
  }
  return i;
}

}  // namespace detail

/// Any attribute. Keys: dot-separated, lower case; never both `x` and `x.y`. Setting a key again replaces its value.
template <class T>
attr attribute(detail::text_arg key, const T& value) noexcept {
  detail::item i = detail::value_item(value);
  i.key_data = key.data;
  i.key_size = static_cast<std::uint32_t>(key.size);
  return attr(i);
}

/// `input.value`: what went into the step, as text.
inline attr input(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::input_value, value)); }
/// `input.value` that holds JSON; the engine opens it. Malformed JSON is kept as text.
inline attr input_json(detail::text_arg json) noexcept { return attr(detail::json_item(detail::key::input_json, json)); }
/// `output.value`: what came out of the step, as text.
inline attr output(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::output_value, value)); }
/// `output.value` that holds JSON.
inline attr output_json(detail::text_arg json) noexcept { return attr(detail::json_item(detail::key::output_json, json)); }

/// The model's name: `llm.model_name`; on embedding and reranker spans `embedding.model_name`, `reranker.model_name`.
inline attr model(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::llm_model_name, name)); }
/// `llm.provider`: who hosts the model, e.g. "openai", "azure".
inline attr provider(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::llm_provider, name)); }
/// `llm.system`: who made the model's API, e.g. "openai", "anthropic".
inline attr llm_system(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::llm_system, name)); }
/// `llm.invocation_parameters`: a JSON object such as {"temperature":0.2}.
inline attr invocation_parameters(detail::text_arg json) noexcept {
  return attr(detail::json_item(detail::key::llm_invocation_parameters, json));
}
/// `llm.finish_reason`: the provider's own word, e.g. "stop".
inline attr finish_reason(detail::text_arg reason) noexcept {
  return attr(detail::text_item(detail::key::llm_finish_reason, reason));
}

/// `llm.token_count.*`. The total is their sum. Counts beyond 2^31-1 don't fit the engine and are cut to it.
inline attr tokens(std::int64_t prompt, std::int64_t completion) noexcept {
  detail::item i = detail::integer_item(detail::key::token_counts, prompt);
  i.second = completion;
  return attr(i);
}
/// `llm.cost.*` in US dollars. The total is their sum.
inline attr cost(double prompt, double completion) noexcept {
  detail::item i = detail::number_item(detail::key::costs, prompt);
  i.second_number = completion;
  return attr(i);
}
/// `llm.cost.total` in US dollars.
inline attr cost(double total) noexcept { return attr(detail::number_item(detail::key::llm_cost_total, total)); }

/// `session.id`: all spans of one conversation. The engine keeps the first one it sees for a trace.
inline attr session_id(detail::text_arg id) noexcept { return attr(detail::text_item(detail::key::session_id, id)); }
/// `user.id`.
inline attr user_id(detail::text_arg id) noexcept { return attr(detail::text_item(detail::key::user_id, id)); }
/// `metadata`: a JSON object. Inside document(): the document's metadata.
inline attr metadata(detail::text_arg json) noexcept { return attr(detail::json_item(detail::key::metadata, json)); }
/// `tag.tags`.
inline attr tags(const std::initializer_list<std::string_view>& list) noexcept {
  return attr(detail::sequence_item(detail::key::tags, list));
}
/// `tag.tags` from any range of texts.
template <class Range, class = std::enable_if_t<detail::is_range<Range>::value>>
attr tags(const Range& range) noexcept {
  return attr(detail::sequence_item(detail::key::tags, range));
}
/// Sends the spans of this scope to another task of the engine (its id). In ARTHUR_CONTEXT only.
inline attr task_id(detail::text_arg id) noexcept { return attr(detail::text_item(detail::key::task_id, id)); }
/// Sends the spans of this scope under another `service.name`. In ARTHUR_CONTEXT only.
inline attr service_name(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::service_name, name)); }
/// `agent.name`.
inline attr agent_name(detail::text_arg name) noexcept { return attr(detail::text_item(detail::key::agent_name, name)); }

/// The options that a decision chose from: `input.value` as a JSON list. For ARTHUR_DECISION.
inline attr considered(const std::initializer_list<std::string_view>& options) noexcept {
  return attr(detail::sequence_item(detail::key::input_json, options));
}
/// The options that a decision chose from, from any range of texts.
template <class Range, class = std::enable_if_t<detail::is_range<Range>::value>>
attr considered(const Range& options) noexcept {
  return attr(detail::sequence_item(detail::key::input_json, options));
}

/// Part of document(): `document.id`.
inline attr id(detail::text_arg value) noexcept { return attr(detail::text_item(detail::key::document_id, value)); }
/// Part of document(): `document.score`.
inline attr score(double value) noexcept { return attr(detail::number_item(detail::key::document_score, value)); }
/// One found document, appended: `retrieval.documents.N`, on reranker spans `reranker.output_documents.N`.
/// Parts: id(), score(), metadata().
template <class... Parts>
composite<1 + sizeof...(Parts)> document(detail::text_arg content, Parts&&... parts) noexcept {
  return composite<1 + sizeof...(Parts)>(detail::key::document, detail::text_item(detail::key::document_content, content),
                                         detail::take(static_cast<Parts&&>(parts))...);
}
/// One document given to a reranker, appended: `reranker.input_documents.N`. Parts as document().
template <class... Parts>
composite<1 + sizeof...(Parts)> input_document(detail::text_arg content, Parts&&... parts) noexcept {
  return composite<1 + sizeof...(Parts)>(detail::key::input_document,
                                         detail::text_item(detail::key::document_content, content),
                                         detail::take(static_cast<Parts&&>(parts))...);
}
/// `reranker.query`.
inline attr reranker_query(detail::text_arg query) noexcept {
  return attr(detail::text_item(detail::key::reranker_query, query));
}
/// `reranker.top_k`.
inline attr top_k(std::int64_t count) noexcept { return attr(detail::integer_item(detail::key::reranker_top_k, count)); }

/// One embedded text, appended: `embedding.embeddings.N`.
inline composite<1> embedding(detail::text_arg content) noexcept {
  return composite<1>(detail::key::embedding_embeddings, detail::text_item(detail::key::embedding_text, content));
}
/// One embedded text with its vector, a range of numbers.
template <class Range>
composite<2> embedding(detail::text_arg content, const Range& vector) noexcept {
  return composite<2>(detail::key::embedding_embeddings, detail::text_item(detail::key::embedding_text, content),
                      detail::sequence_item(detail::key::embedding_vector, vector));
}

/// A tool call that the model asked for; part of output_message() (or of input_message() when repeated to the model).
inline composite<3> tool_call(detail::text_arg id, detail::text_arg name, detail::text_arg arguments_json) noexcept {
  return composite<3>(detail::key::tool_call, detail::text_item(detail::key::tool_call_id, id),
                      detail::text_item(detail::key::tool_call_function_name, name),
                      detail::text_item(detail::key::tool_call_function_arguments, arguments_json));
}
/// The id of the call that a message of role "tool" answers; part of input_message().
inline attr tool_call_id(detail::text_arg id) noexcept {
  return attr(detail::text_item(detail::key::message_tool_call_id, id));
}
/// One message to the model, appended: `llm.input_messages.N`. Parts: tool_call(), tool_call_id().
template <class... Parts>
composite<2 + sizeof...(Parts)> input_message(detail::text_arg role, detail::text_arg content, Parts&&... parts) noexcept {
  return composite<2 + sizeof...(Parts)>(
      detail::key::llm_input_messages, detail::text_item(detail::key::message_role, role),
      detail::text_item(detail::key::message_content, content), detail::take(static_cast<Parts&&>(parts))...);
}
/// One message of the model, appended: `llm.output_messages.N`. Parts: tool_call().
template <class... Parts>
composite<2 + sizeof...(Parts)> output_message(detail::text_arg role, detail::text_arg content, Parts&&... parts) noexcept {
  return composite<2 + sizeof...(Parts)>(
      detail::key::llm_output_messages, detail::text_item(detail::key::message_role, role),
      detail::text_item(detail::key::message_content, content), detail::take(static_cast<Parts&&>(parts))...);
}
/// A tool: on LLM spans one that the model may call (`llm.tools.N.tool.json_schema`), on others `tool.name`,
/// `tool.description`, `tool.parameters`. `json_schema`: the JSON schema of its parameters.
inline composite<3> tool(detail::text_arg name, detail::text_arg description, detail::text_arg json_schema) noexcept {
  return composite<3>(detail::key::tool, detail::text_item(detail::key::tool_name, name),
                      detail::text_item(detail::key::tool_description, description),
                      detail::json_item(detail::key::tool_parameters, json_schema));
}

ARTHUR_NAMESPACE_END

#endif
// kinds.hpp: the OpenInference span kinds.
#ifndef ARTHUR_OPENINFERENCE_KINDS_HPP
#define ARTHUR_OPENINFERENCE_KINDS_HPP

#include <cstdint>


ARTHUR_NAMESPACE_BEGIN

/// `openinference.span.kind`. The engine reads tokens and costs of `llm` spans only.
enum class kind : std::uint8_t { llm, tool, agent, chain, retriever, reranker, embedding, guardrail, evaluator, prompt };

ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

class slot;
struct frame;

/// Where a span macro stands. Registered at its first recording span; `id` names the copy of its texts.
struct call_site {
  const char* function;
  const char* file;
  std::uint32_t line;
  arthur::kind kind;
  std::atomic<std::uint32_t> id;

  constexpr call_site(arthur::kind k, const char* function_name, const char* file_name, std::uint32_t line_number) noexcept
      : function(function_name), file(file_name), line(line_number), kind(k), id(0) {}
};

/// Not 0 while the runtime runs: bits of recording_mode. Constant-initialised, so a span in a static constructor is safe.
ARTHUR_SHARED inline std::atomic<std::uint32_t> recording_enabled{0};
/// Whatever stands beside `on` makes opening a span take a second look.
struct recording_mode {
  static constexpr std::uint32_t on = 1, paused = 2, capped = 4, crowded = 8;
};

/// A scope's claim on an entry of its thread's stack of open spans.
struct scope_handle {
  slot* owner = nullptr;  // null: nothing to end; the rest is unset then
  std::uint32_t index;
  std::uint32_t generation;
};

struct detached_handle {
  frame* open = nullptr;
  std::uint32_t generation = 0;
  std::uint32_t life = 0;  // of the pool it lies in: a forked child begins another one
};

// Everything a call site calls. Not finding these at link time means that no source file defines ARTHUR_IMPLEMENTATION
// before it includes <arthur/arthur.hpp>.
namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {
bool open_at(scope_handle& handle, call_site& site, text_arg name) noexcept;
bool open(scope_handle& handle, kind k, text_arg name) noexcept;
void close(scope_handle& handle) noexcept;
void set(const scope_handle& handle, const item* items, std::size_t count) noexcept;
void event(const scope_handle& handle, text_arg name, const item* items, std::size_t count) noexcept;
void error(const scope_handle& handle, text_arg message) noexcept;

bool current_recording() noexcept;
void current_set(const item* items, std::size_t count) noexcept;
void current_event(text_arg name, const item* items, std::size_t count) noexcept;
void current_error(text_arg message) noexcept;
void current_exception(const char* mangled_type, text_arg message) noexcept;
void current_end() noexcept;

bool detached_open(detached_handle& handle, kind k, text_arg name) noexcept;
void detached_end(detached_handle& handle) noexcept;
void detached_set(const detached_handle& handle, const item* items, std::size_t count) noexcept;
void detached_event(const detached_handle& handle, text_arg name, const item* items, std::size_t count) noexcept;
void detached_error(const detached_handle& handle, text_arg message) noexcept;
void activate(scope_handle& scope, const detached_handle& handle) noexcept;
void deactivate(scope_handle& scope) noexcept;

bool context_push(scope_handle& handle, const item* items, std::size_t count) noexcept;
void context_pop(scope_handle& handle) noexcept;

void current_ids(char* trace_hex, char* span_hex) noexcept;
}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file

using rt::current_end;
using rt::current_recording;

// What the macros call: the last argument is always `no_more`.
template <class... Attributes>
void current_set_all(Attributes&&... attributes) noexcept {
  const item items[] = {take(static_cast<Attributes&&>(attributes))...};
  rt::current_set(items, sizeof...(Attributes) - 1);
}
template <class... Attributes>
void current_event_all(text_arg name, Attributes&&... attributes) noexcept {
  if constexpr (sizeof...(Attributes) == 1) {
    rt::current_event(name, nullptr, 0);
  } else {
    const item items[] = {take(static_cast<Attributes&&>(attributes))...};
    rt::current_event(name, items, sizeof...(Attributes) - 1);
  }
}
inline void current_error(text_arg message) noexcept { rt::current_error(message); }

// What the macros become with ARTHUR_DISABLE.
template <class... Attributes>
constexpr void check_all(Attributes&&...) noexcept {
  static_assert((... && allowed<Attributes>()));
}
template <class... Attributes>
constexpr void check_named(const text_arg&, Attributes&&...) noexcept {
  static_assert((... && allowed<Attributes>()));
}
template <class... Attributes>
constexpr void check_decision(const text_arg&, const text_arg&, Attributes&&...) noexcept {
  static_assert((... && allowed<Attributes>()));
}

}  // namespace detail

/// Opens a span for its own lifetime and makes it the current one of the thread. What the macros expand to.
/// Belongs to the thread that made it; destroyed on another one it is counted as misuse and dropped.
class [[nodiscard]] scoped_span {
 public:
  scoped_span(detail::call_site& site, detail::text_arg name) noexcept
      : recording_(detail::recording_enabled.load(std::memory_order_relaxed) != 0 &&
                   detail::rt::open_at(handle_, site, name)) {}
  scoped_span(kind k, detail::text_arg name) noexcept
      : recording_(detail::recording_enabled.load(std::memory_order_relaxed) != 0 && detail::rt::open(handle_, k, name)) {}
  ~scoped_span() {
    if (handle_.owner != nullptr) detail::rt::close(handle_);
  }
  scoped_span(const scoped_span&) = delete;
  scoped_span& operator=(const scoped_span&) = delete;

  /// Whether attributes would be kept: false when tracing is off, the trace isn't sampled, or there is no room.
  bool recording() const noexcept { return recording_; }

  /// Sets attributes; a key that was set before is replaced.
  template <class... Attributes>
  void set(Attributes&&... attributes) noexcept {
    if constexpr (sizeof...(Attributes) != 0) {
      const detail::item items[] = {detail::take(static_cast<Attributes&&>(attributes))...};
      detail::rt::set(handle_, items, sizeof...(Attributes));
    }
  }
  /// What the macros call: the last argument is `no_more`.
  template <class... Attributes>
  void set_all(Attributes&&... attributes) noexcept {
    if constexpr (sizeof...(Attributes) != 1) {
      const detail::item items[] = {detail::take(static_cast<Attributes&&>(attributes))...};
      detail::rt::set(handle_, items, sizeof...(Attributes) - 1);
    }
  }
  /// As set_all, with the choice of a decision as output.
  template <class... Attributes>
  void decide(detail::text_arg choice, Attributes&&... attributes) noexcept {
    set_all(arthur::output(choice), static_cast<Attributes&&>(attributes)...);
  }
  /// Adds an event at the present time. Its attributes are attribute() only.
  template <class... Attributes>
  void event(detail::text_arg name, Attributes&&... attributes) noexcept {
    if constexpr (sizeof...(Attributes) == 0) {
      detail::rt::event(handle_, name, nullptr, 0);
    } else {
      const detail::item items[] = {detail::take(static_cast<Attributes&&>(attributes))...};
      detail::rt::event(handle_, name, items, sizeof...(Attributes));
    }
  }
  /// Marks the span as failed. The last message stays.
  void error(detail::text_arg message) noexcept { detail::rt::error(handle_, message); }
  /// Ends the span before the scope does.
  void end() noexcept {
    if (handle_.owner != nullptr) detail::rt::close(handle_);
    handle_.owner = nullptr;
    recording_ = false;
  }

 private:
  detail::scope_handle handle_;
  bool recording_;
};

/// Makes a span the current one of this thread while it lives. Made by span::activate().
class [[nodiscard]] activation {
 public:
  activation(const activation&) = delete;
  activation& operator=(const activation&) = delete;
  ~activation() {
    if (handle_.owner != nullptr) detail::rt::deactivate(handle_);
  }

 private:
  friend class span;
  explicit activation(const detail::detached_handle& of) noexcept {
    if (of.open != nullptr) detail::rt::activate(handle_, of);
  }
  detail::scope_handle handle_;
};

/// A span that isn't tied to a scope or a thread: movable, may end anywhere, and is not current unless activated.
/// Its parent is the current span of the thread that makes it. Use by one thread at a time.
class [[nodiscard]] span {
 public:
  span() noexcept = default;
  span(kind k, detail::text_arg name) noexcept {
    if (detail::recording_enabled.load(std::memory_order_relaxed) != 0) {
      recording_ = detail::rt::detached_open(handle_, k, name);
    }
  }
  ~span() { end(); }
  span(span&& from) noexcept : handle_(from.handle_), recording_(from.recording_) {
    from.handle_ = {};
    from.recording_ = false;
  }
  span& operator=(span&& from) noexcept {
    if (this != &from) {
      end();
      handle_ = from.handle_;
      recording_ = from.recording_;
      from.handle_ = {};
      from.recording_ = false;
    }
    return *this;
  }

  bool recording() const noexcept { return recording_; }
  /// As scoped_span::set.
  template <class... Attributes>
  void set(Attributes&&... attributes) noexcept {
    if constexpr (sizeof...(Attributes) != 0) {
      const detail::item items[] = {detail::take(static_cast<Attributes&&>(attributes))...};
      detail::rt::detached_set(handle_, items, sizeof...(Attributes));
    }
  }
  /// As scoped_span::event.
  template <class... Attributes>
  void event(detail::text_arg name, Attributes&&... attributes) noexcept {
    if constexpr (sizeof...(Attributes) == 0) {
      detail::rt::detached_event(handle_, name, nullptr, 0);
    } else {
      const detail::item items[] = {detail::take(static_cast<Attributes&&>(attributes))...};
      detail::rt::detached_event(handle_, name, items, sizeof...(Attributes));
    }
  }
  /// As scoped_span::error.
  void error(detail::text_arg message) noexcept { detail::rt::detached_error(handle_, message); }
  /// Ends the span; everything after it is ignored.
  void end() noexcept {
    if (handle_.open != nullptr) detail::rt::detached_end(handle_);
    handle_ = {};
    recording_ = false;
  }
  /// Spans opened on this thread while the result lives become children. Ending the span meanwhile is fine.
  activation activate() const noexcept { return activation(handle_); }

 private:
  detail::detached_handle handle_;
  bool recording_ = false;
};

/// 32 lower-case hex digits of the current trace, for log lines; all zero outside any span. Ends with a null character.
struct trace_id_text {
  char text[33];
  const char* c_str() const noexcept { return text; }
  operator std::string_view() const noexcept { return {text, 32}; }
};
/// 16 lower-case hex digits of the current span.
struct span_id_text {
  char text[17];
  const char* c_str() const noexcept { return text; }
  operator std::string_view() const noexcept { return {text, 16}; }
};
inline trace_id_text current_trace_id() noexcept {
  trace_id_text id;
  detail::rt::current_ids(id.text, nullptr);
  return id;
}
inline span_id_text current_span_id() noexcept {
  span_id_text id;
  detail::rt::current_ids(nullptr, id.text);
  return id;
}

/// Runs `work` inside a span and returns what it returns. An exception is recorded (type, message), marks the span as
/// failed and is passed on.
template <class Work>
auto traced(kind k, detail::text_arg name, Work&& work) -> decltype(static_cast<Work&&>(work)()) {
  scoped_span span(k, name);
#if ARTHUR_HAS_EXCEPTIONS
  try {
    return static_cast<Work&&>(work)();
  } catch (const std::exception& e) {
#if defined(__cpp_rtti) || defined(__GXX_RTTI) || defined(_CPPRTTI)
    detail::rt::current_exception(typeid(e).name(), e.what());
#else
    detail::rt::current_exception(nullptr, e.what());
#endif
    throw;
  } catch (...) {
    // Also how some platforms cancel a thread: it must be passed on.
    detail::rt::current_exception(nullptr, "");
    throw;
  }
#else
  return static_cast<Work&&>(work)();
#endif
}

ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN

/// While it lives, every span opened on this thread starts with the given attributes: session_id(), user_id(),
/// metadata(), tags(), attribute(), task_id(), service_name(). Scopes nest; the inner one wins. What ARTHUR_CONTEXT makes.
class [[nodiscard]] context_scope {
 public:
  context_scope() noexcept = default;
  context_scope(const context_scope&) = delete;
  context_scope& operator=(const context_scope&) = delete;
  ~context_scope() {
    if (handle_.owner != nullptr) detail::rt::context_pop(handle_);
  }

  /// Whether tracing is on at all.
  bool recording() const noexcept { return detail::recording_enabled.load(std::memory_order_relaxed) != 0; }
  /// Call once.
  template <class... Attributes>
  void push(Attributes&&... attributes) noexcept {
    const detail::item items[] = {detail::take(static_cast<Attributes&&>(attributes))...};
    detail::rt::context_push(handle_, items, sizeof...(Attributes));
  }

 private:
  detail::scope_handle handle_;
};

ARTHUR_NAMESPACE_END

#endif
// macros.hpp: the macros. What differs with ARTHUR_DISABLE stands twice, in the same order.
#ifndef ARTHUR_MACROS_HPP
#define ARTHUR_MACROS_HPP


#define ARTHUR_JOIN_(a, b) a##b
#define ARTHUR_JOIN(a, b) ARTHUR_JOIN_(a, b)
#define ARTHUR_FIRST_(first, ...) first
#define ARTHUR_REST_(first, ...) __VA_ARGS__

#ifndef ARTHUR_DISABLE

// An object, then a statement: an unbraced `if` before the macro doesn't compile (the statement can't see the object),
// and the attributes are evaluated only when the span records. No lambda around them, so structured bindings and
// co_await work. Names carry the line, not a counter, so that an inline function reads the same in every file.
// `no_more` ends every argument list because a variadic macro may not be called without variadic arguments before C++20.
#define ARTHUR_SPAN_(span_kind, ...)                                                                              \
  static ::arthur::detail::call_site ARTHUR_JOIN(arthur_site_, __LINE__){::arthur::kind::span_kind,               \
                                                                         static_cast<const char*>(__func__),      \
                                                                         __FILE__, __LINE__};                     \
  ::arthur::scoped_span ARTHUR_JOIN(arthur_span_, __LINE__)(ARTHUR_JOIN(arthur_site_, __LINE__),                  \
                                                            ARTHUR_FIRST_(__VA_ARGS__, ));                        \
  if (ARTHUR_JOIN(arthur_span_, __LINE__).recording())                                                            \
  ARTHUR_JOIN(arthur_span_, __LINE__).set_all(ARTHUR_REST_(__VA_ARGS__, ::arthur::detail::no_more()))

/// Sets attributes of the innermost open span of the thread; outside any span it does nothing.
#define ARTHUR_SET(...)                                                             \
  do {                                                                              \
    if (::arthur::detail::current_recording())                                      \
      ::arthur::detail::current_set_all(__VA_ARGS__, ::arthur::detail::no_more());  \
  } while (false)
/// Ends the innermost macro span of the thread before its scope does.
#define ARTHUR_END() ::arthur::detail::current_end()
/// Attributes that every span opened in the rest of the scope inherits.
#define ARTHUR_CONTEXT(...)                                             \
  ::arthur::context_scope ARTHUR_JOIN(arthur_context_, __LINE__);       \
  if (ARTHUR_JOIN(arthur_context_, __LINE__).recording())               \
  ARTHUR_JOIN(arthur_context_, __LINE__).push(__VA_ARGS__)
/// ARTHUR_EVENT(name, attributes...): an event of the current span.
#define ARTHUR_EVENT(...)                                                            \
  do {                                                                               \
    if (::arthur::detail::current_recording())                                       \
      ::arthur::detail::current_event_all(__VA_ARGS__, ::arthur::detail::no_more()); \
  } while (false)
/// Marks the current span as failed, with a message.
#define ARTHUR_ERROR(message)                                                                     \
  do {                                                                                            \
    if (::arthur::detail::current_recording()) ::arthur::detail::current_error(message);          \
  } while (false)
/// ARTHUR_DECISION(name, choice, attributes...): a key decision point, as a span of its own: the choice is its output,
/// considered({...}) its input.
#define ARTHUR_DECISION(...)                                                                                       \
  do {                                                                                                             \
    static ::arthur::detail::call_site arthur_decided_at{::arthur::kind::chain, static_cast<const char*>(__func__), \
                                                         __FILE__, __LINE__};                                      \
    ::arthur::scoped_span arthur_decision(arthur_decided_at, ARTHUR_FIRST_(__VA_ARGS__, ));                        \
    if (arthur_decision.recording())                                                                               \
      arthur_decision.decide(ARTHUR_REST_(__VA_ARGS__, ::arthur::detail::no_more()));                              \
  } while (false)

#else

// `check` is a defined, empty template: the arguments are compiled but never run and no symbol is left, even at -O0.
#define ARTHUR_SPAN_(span_kind, ...)                                                              \
  do {                                                                                            \
    if (false) ::arthur::detail::check_named(__VA_ARGS__, ::arthur::detail::no_more());           \
  } while (false)
#define ARTHUR_SET(...)                                                                 \
  do {                                                                                  \
    if (false) ::arthur::detail::check_all(__VA_ARGS__, ::arthur::detail::no_more());   \
  } while (false)
#define ARTHUR_END() static_cast<void>(0)
#define ARTHUR_CONTEXT(...) ARTHUR_SET(__VA_ARGS__)
#define ARTHUR_EVENT(...) ARTHUR_SPAN_(event, __VA_ARGS__)
#define ARTHUR_ERROR(message) ARTHUR_SPAN_(error, message)
#define ARTHUR_DECISION(...)                                                                   \
  do {                                                                                         \
    if (false) ::arthur::detail::check_decision(__VA_ARGS__, ::arthur::detail::no_more());     \
  } while (false)

#endif

/// ARTHUR_..._SPAN(name, attributes...): opens a span for the rest of the scope. Names are stable words, never ids.
#define ARTHUR_LLM_SPAN(...) ARTHUR_SPAN_(llm, __VA_ARGS__)
#define ARTHUR_TOOL_SPAN(...) ARTHUR_SPAN_(tool, __VA_ARGS__)
#define ARTHUR_AGENT_SPAN(...) ARTHUR_SPAN_(agent, __VA_ARGS__)
#define ARTHUR_CHAIN_SPAN(...) ARTHUR_SPAN_(chain, __VA_ARGS__)
#define ARTHUR_RETRIEVER_SPAN(...) ARTHUR_SPAN_(retriever, __VA_ARGS__)
#define ARTHUR_RERANKER_SPAN(...) ARTHUR_SPAN_(reranker, __VA_ARGS__)
#define ARTHUR_EMBEDDING_SPAN(...) ARTHUR_SPAN_(embedding, __VA_ARGS__)
#define ARTHUR_GUARDRAIL_SPAN(...) ARTHUR_SPAN_(guardrail, __VA_ARGS__)
#define ARTHUR_EVALUATOR_SPAN(...) ARTHUR_SPAN_(evaluator, __VA_ARGS__)
#define ARTHUR_PROMPT_SPAN(...) ARTHUR_SPAN_(prompt, __VA_ARGS__)
/// Ordinary work: kind CHAIN.
#define ARTHUR_SPAN(...) ARTHUR_SPAN_(chain, __VA_ARGS__)

#endif
// propagation.hpp: one trace over several processes: a parent that came with a request, headers for the next one.
#ifndef ARTHUR_PROPAGATION_HPP
#define ARTHUR_PROPAGATION_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

// trace_context.hpp: the W3C headers traceparent and tracestate, read by their grammar and written.
#ifndef ARTHUR_PROPAGATION_TRACE_CONTEXT_HPP
#define ARTHUR_PROPAGATION_TRACE_CONTEXT_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Flags of a traceparent. Others are undefined; they are ignored and never passed on.
enum trace_flag : std::uint8_t { flag_sampled = 1, flag_random = 2 };

/// A span as another process, or another library in this one, names it.
struct foreign_span {
  unsigned char trace[16];
  unsigned char span[8];
  std::uint8_t flags;  // trace_flag
  bool remote;         // it is another process's
};

namespace w3c {

constexpr std::size_t traceparent_size = 55;
/// What is kept of a tracestate: as much as the specification asks for.
constexpr std::size_t max_tracestate = 512;
constexpr std::size_t max_members = 32;
constexpr std::size_t max_key = 256, max_value = 256;
/// Members longer than this go first where room is short.
constexpr std::size_t long_member = 128;

/// Without the blanks that a header may have around its value.
inline std::string_view trimmed(std::string_view text) noexcept {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// `size` bytes of lower-case hex digits. False: something else stands there.
inline bool read_hex(const char* from, unsigned char* to, std::size_t size) noexcept {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  for (std::size_t n = 0; n < size; ++n) {
    const int high = digit(from[2 * n]), low = digit(from[2 * n + 1]);
    if (high < 0 || low < 0) return false;
    to[n] = static_cast<unsigned char>(high * 16 + low);
  }
  return true;
}

inline void write_hex(char* to, const unsigned char* from, std::size_t size) noexcept {
  static constexpr char digits[] = "0123456789abcdef";
  for (std::size_t n = 0; n < size; ++n) {
    *to++ = digits[from[n] >> 4];
    *to++ = digits[from[n] & 15];
  }
}

inline bool all_zero(const unsigned char* bytes, std::size_t size) noexcept {
  for (std::size_t n = 0; n < size; ++n) {
    if (bytes[n] != 0) return false;
  }
  return true;
}

/// False, and `out` says nothing: not a traceparent. Of a version newer than 00 the fields of 00 are read.
inline bool read_traceparent(std::string_view text, foreign_span& out) noexcept {
  text = trimmed(text);
  if (text.size() < traceparent_size) return false;
  unsigned char version = 0;
  if (!read_hex(text.data(), &version, 1) || version == 0xff) return false;
  if (version == 0 ? text.size() != traceparent_size : text.size() > traceparent_size && text[traceparent_size] != '-') return false;
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  if (!read_hex(text.data() + 3, out.trace, 16) || !read_hex(text.data() + 36, out.span, 8)) return false;
  if (!read_hex(text.data() + 53, &out.flags, 1)) return false;
  out.flags &= flag_sampled | flag_random;
  out.remote = true;
  return !all_zero(out.trace, 16) && !all_zero(out.span, 8);
}

/// Writes traceparent_size characters and a null character.
inline void write_traceparent(char* to, const unsigned char* trace, const unsigned char* span, unsigned flags) noexcept {
  std::memcpy(to, "00-", 3);
  write_hex(to + 3, trace, 16);
  to[35] = '-';
  write_hex(to + 36, span, 8);
  to[52] = '-';
  const auto known = static_cast<unsigned char>(flags & (flag_sampled | flag_random));
  write_hex(to + 53, &known, 1);
  to[traceparent_size] = 0;
}

inline bool is_key(std::string_view key) noexcept {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (key.empty() || key.size() > max_key || !alphanumeric(key.front())) return false;
  for (const char c : key) {
    if (!alphanumeric(c) && std::string_view("_-*/@").find(c) == std::string_view::npos) return false;
  }
  return true;
}

inline bool is_value(std::string_view value) noexcept {
  if (value.empty() || value.size() > max_value) return false;
  for (const char c : value) {
    if (c < 0x20 || c > 0x7e || c == ',' || c == '=') return false;
  }
  return true;
}

/// Copies the members of a tracestate to `to` (max_tracestate bytes), separated by single commas, and returns their size.
/// 0: there are none, or one of them is malformed; then the whole header is void. What is too long loses whole members:
/// those over 128 characters first, each time the last one.
inline std::size_t read_tracestate(std::string_view text, char* to) noexcept {
  std::string_view members[max_members];
  std::size_t count = 0, size = 0;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view member = trimmed(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    if (member.empty()) continue;
    const std::size_t equals = member.find('=');
    if (count == max_members || equals == std::string_view::npos) return 0;
    const std::string_view key = member.substr(0, equals);
    if (!is_key(key) || !is_value(member.substr(equals + 1))) return 0;
    for (std::size_t n = 0; n < count; ++n) {
      if (members[n].substr(0, members[n].find('=')) == key) return 0;
    }
    members[count++] = member;
    size += member.size() + 1;
  }
  for (const std::size_t longest : {long_member, std::size_t{0}}) {
    for (std::size_t n = count; n-- != 0 && size > max_tracestate + 1;) {
      if (members[n].size() <= longest) continue;
      size -= members[n].size() + 1;
      members[n] = {};
    }
  }
  char* at = to;
  for (std::size_t n = 0; n < count; ++n) {
    if (members[n].empty()) continue;
    if (at != to) *at++ = ',';
    std::memcpy(at, members[n].data(), members[n].size());
    at += members[n].size();
  }
  return static_cast<std::size_t>(at - to);
}

}  // namespace w3c
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

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
// replay.hpp: arthur::replay(): sends the files of a spool by hand, from another machine, too.
#ifndef ARTHUR_REPLAY_HPP
#define ARTHUR_REPLAY_HPP

#include <cstdint>
#include <string>


ARTHUR_NAMESPACE_BEGIN

/// What arthur::replay did; numbers are of spans where nothing else is said.
struct replay_result {
  std::uint64_t delivered = 0;    ///< sent, or found to be there already
  std::uint64_t rejected = 0;     ///< refused by the endpoint
  std::uint64_t unconfirmed = 0;  ///< perhaps stored; their files end in ".unconfirmed"
  std::uint64_t files_left = 0;   ///< files that wait still
  std::string error;              ///< one line: why they do; else empty

  /// Every file that could be sent was.
  bool ok() const noexcept { return error.empty(); }
};

/// Sends what lies in `directory`, a directory that options::spool_directory named, oldest first, to where `settings` and
/// the environment say; a file is removed after its final answer. Stops when nothing gets through for
/// options::export_timeout; what is left stays. `progress`, if given, is called after each file or failed attempt.
/// Programs that use the directory at the same time do no harm. Blocks; never throws. Needs no arthur::start(). Thread-safe.
replay_result replay(const std::string& directory, const options& settings = {},
                     void (*progress)(void* user, const replay_result& so_far) = nullptr, void* user = nullptr) noexcept;

ARTHUR_NAMESPACE_END

#endif
// runtime.hpp: start, flush, poll, stats, pause: what a program calls once or seldom.
#ifndef ARTHUR_RUNTIME_HPP
#define ARTHUR_RUNTIME_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

// text_line.hpp: one line of text in place: cut where its array ends, never on the heap.
#ifndef ARTHUR_TEXT_LINE_HPP
#define ARTHUR_TEXT_LINE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What the runtime says, put together from texts and whole numbers: text_line("status ", 500, " from ", name). Reads like a
/// std::string, and becomes one where one is wanted.
class text_line {
 public:
  static constexpr std::size_t capacity = 1000;

  text_line() noexcept { text_[0] = '\0'; }
  template <class... Parts>
  explicit text_line(const Parts&... parts) noexcept : text_line() {
    (add(parts), ...);
  }
  text_line(const text_line& other) noexcept : text_line() { add_text(other); }
  text_line& operator=(const text_line& other) noexcept {
    if (this != &other) {
      clear();
      add_text(other);
    }
    return *this;
  }
  ~text_line() = default;

  template <class Part>
  void add(const Part& part) noexcept {
    if constexpr (std::is_integral_v<Part>) {
      add_number(static_cast<std::uint64_t>(part));
    } else {
      add_text(std::string_view(part));
    }
  }
  text_line& operator+=(char c) noexcept {
    add_text({&c, 1});
    return *this;
  }

  void clear() noexcept { text_[size_ = 0] = '\0'; }

  const char* c_str() const noexcept { return text_; }
  const char* data() const noexcept { return text_; }
  char* begin() noexcept { return text_; }
  char* end() noexcept { return text_ + size_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::size_t find(std::string_view text) const noexcept { return std::string_view(*this).find(text); }

  operator std::string_view() const noexcept { return {text_, size_}; }
  operator std::string() const { return std::string(text_, size_); }

  friend bool operator==(const text_line& a, const text_line& b) noexcept { return std::string_view(a) == std::string_view(b); }
  friend bool operator==(const text_line& a, std::string_view b) noexcept { return std::string_view(a) == b; }
  friend bool operator!=(const text_line& a, std::string_view b) noexcept { return std::string_view(a) != b; }
  friend std::string operator+(std::string_view a, const text_line& b) { return std::string(a).append(b.text_, b.size_); }
  friend std::string operator+(const text_line& a, std::string_view b) { return std::string(a.text_, a.size_).append(b); }
  template <class Stream>
  friend Stream& operator<<(Stream& to, const text_line& from) {
    to << std::string_view(from);
    return to;
  }

 private:
  void add_text(std::string_view text) noexcept {
    const std::size_t count = text.size() < capacity - size_ ? text.size() : capacity - size_;
    if (count != 0) std::memcpy(text_ + size_, text.data(), count);
    size_ += count;
    text_[size_] = '\0';
  }
  void add_number(std::uint64_t number) noexcept {
    char digits[20];
    char* first = digits + sizeof digits;
    do *--first = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    add_text({first, static_cast<std::size_t>(digits + sizeof digits - first)});
  }

  std::size_t size_ = 0;
  char text_[capacity + 1];
};

/// Makes `to` a line of these parts, which `to` may be one of. Takes no memory if room for a line was reserved.
template <class... Parts>
void set_line(std::string& to, const Parts&... parts) {
  const text_line whole(parts...);
  to.assign(whole.data(), whole.size());
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN

/// What arthur::flush found.
enum class flush_result {
  ok,       ///< every span that had ended before the call was delivered
  timeout,  ///< the time was over first
  failed,   ///< some spans were dropped, refused, left unconfirmed or put into the spool, or nothing is running
};

/// Counters since the start of the process. Every span is in exactly one place:
/// opened = open + committed + dropped; committed = delivered + waiting + rejected + failed + unconfirmed + discarded + spooled.
struct statistics {
  std::uint64_t opened = 0;     ///< spans that began to record, or would have if there had been room
  std::uint64_t open = 0;       ///< spans still open
  std::uint64_t committed = 0;  ///< spans that ended and were handed to the worker
  std::uint64_t unsampled = 0;  ///< spans that the sampler, or a pause within their trace, left out; not part of opened
  std::uint64_t rate_limited = 0;  ///< spans above options::max_spans_per_second; not part of opened

  std::uint64_t dropped = 0;                ///< sum of the next five
  std::uint64_t dropped_pool_full = 0;      ///< no memory under options::memory_limit, whole traces where possible
  std::uint64_t dropped_too_deep = 0;       ///< more open spans on one thread than it can hold
  std::uint64_t dropped_scope_misuse = 0;   ///< a scope that ended on another thread or out of order
  std::uint64_t dropped_thread_exit = 0;    ///< open when their thread ended
  std::uint64_t dropped_fork = 0;           ///< open in the parent when it forked: the parent sends them

  std::uint64_t waiting = 0;      ///< committed, not yet judged
  std::uint64_t delivered = 0;    ///< the endpoint confirmed them
  std::uint64_t rejected = 0;     ///< the endpoint refused them: 206, 4xx, or one poisonous span
  std::uint64_t failed = 0;       ///< retries exhausted (otlp profile) or no transport would take them
  std::uint64_t unconfirmed = 0;  ///< sent, no answer: sending again might store them twice
  std::uint64_t discarded = 0;    ///< still waiting when the runtime stopped
  std::uint64_t spooled = 0;      ///< put on disk, to be delivered later: see the next four

  // What this process made of the spool's files, whoever wrote them; beside the account above.
  std::uint64_t replayed = 0;            ///< delivered out of the spool
  std::uint64_t replay_rejected = 0;     ///< refused by the endpoint
  std::uint64_t replay_unconfirmed = 0;  ///< perhaps stored; left in files that are not sent again by themselves
  std::uint64_t expired = 0;             ///< removed unsent, older than options::spool_max_age

  std::uint64_t cleaned = 0;             ///< spans whose content was corrected before sending
  std::uint64_t dropped_attributes = 0;  ///< attributes over the limit, or malformed
  std::uint64_t requests = 0;            ///< HTTP requests with spans
  std::uint64_t retries = 0;             ///< requests repeated
  std::uint64_t bytes_held = 0;          ///< pool memory in use
#ifdef ARTHUR_NO_HEAP
  detail::text_line last_error;  ///< the newest problem in plain words, or empty; becomes a std::string where one is wanted
  detail::text_line last_rejection;  ///< why the endpoint refused single spans, the newest reason, or empty
#else
  std::string last_error;      ///< the newest problem in plain words, or empty
  std::string last_rejection;  ///< why the endpoint refused single spans, the newest reason, or empty
#endif
};

namespace detail {
namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {
void stop() noexcept;
}
}  // namespace detail

/// Keeps tracing running; its end flushes and stops. Only the guard of the first arthur::start() owns the runtime.
class [[nodiscard]] tracing_guard {
 public:
  tracing_guard(tracing_guard&& from) noexcept : owner_(from.owner_), ok_(from.ok_), error_(static_cast<std::string&&>(from.error_)) {
    from.owner_ = false;
  }
  tracing_guard(const tracing_guard&) = delete;
  tracing_guard& operator=(const tracing_guard&) = delete;
  tracing_guard& operator=(tracing_guard&&) = delete;
  ~tracing_guard() {
    if (owner_) detail::define_ARTHUR_IMPLEMENTATION_in_one_source_file::stop();
  }

  /// False if the configuration can't work; the program then runs on untraced.
  bool ok() const noexcept { return ok_; }
  /// One line: the value, the rule and the fix. Empty if ok().
  const std::string& error() const noexcept { return error_; }

  tracing_guard(bool owner, bool ok, std::string error) noexcept
      : owner_(owner), ok_(ok), error_(static_cast<std::string&&>(error)) {}

 private:
  bool owner_;
  bool ok_;
  std::string error_;
};

/// Begins to record and send. Never blocks, never throws: nothing is sent before the worker runs. Thread-safe.
tracing_guard start(const options& settings = {}) noexcept;

/// Waits until every span that ended before the call was delivered, at most `timeout`. (Where a request got no answer the
/// engine is asked what it has, which may take two minutes.) Thread-safe.
flush_result flush(std::chrono::nanoseconds timeout = std::chrono::seconds(5)) noexcept;

/// Without threads (ARTHUR_NO_THREADS): does what the worker would do now, and returns whether spans are left.
/// With threads it only tells whether spans are left.
bool poll() noexcept;

/// A consistent reading once all threads rest; else each counter is right by itself. Thread-safe.
statistics stats() noexcept;

/// From now on no span is recorded that isn't open already; those go on, end and are sent, and so is what waits. A span
/// costs no more than without tracing then. Twice is once; without a running runtime it does nothing; arthur::start()
/// begins unpaused; a forked child inherits it. Thread-safe: another thread's spans follow within microseconds.
void pause() noexcept;
/// Ends pause(). A span that was opened meanwhile stays unrecorded, with all that is opened inside it; a scope whose
/// trace would have begun in the pause leaves the spans opened in it afterwards without a parent. Thread-safe.
void resume() noexcept;
/// Whether a span opened now could be recorded: the runtime runs and isn't paused. (Sampling is decided for each trace.)
/// It may change at any time, so ask each time; for work that only a trace needs. Thread-safe.
bool recording() noexcept;

/// Changes options::sample_ratio, 0 to 1, for the traces that begin from now on; traces under way stay whole. False, and a
/// diagnostic line, when the ratio is out of range; false when nothing runs. The next start() begins with its own options.
/// Thread-safe.
bool set_sample_ratio(double ratio) noexcept;

ARTHUR_NAMESPACE_END

#endif
// values.hpp: values of third-party types: nlohmann::json with ARTHUR_WITH_JSON, arthur::format with ARTHUR_WITH_FMT.
#ifndef ARTHUR_VALUES_HPP
#define ARTHUR_VALUES_HPP


#if defined(ARTHUR_WITH_JSON)
#include <nlohmann/json.hpp>
#endif
#if defined(ARTHUR_WITH_FMT)
#include <fmt/format.h>

#include <utility>
#endif

ARTHUR_NAMESPACE_BEGIN

#if defined(ARTHUR_WITH_JSON)
namespace detail {

/// A JSON value is recorded as its text. Invalid UTF-8 in it is replaced, never thrown at the program.
template <class T>
struct produced_text<T, std::enable_if_t<nlohmann::detail::is_basic_json<T>::value>> : std::true_type {
  static void produce(const T& value, text_sink& sink) noexcept {
#if ARTHUR_HAS_EXCEPTIONS
    try {
      rt::use_text(sink, value.dump(-1, ' ', false, T::error_handler_t::replace));
    } catch (...) {
      rt::use_text(sink, "");  // no memory
    }
#else
    rt::use_text(sink, value.dump(-1, ' ', false, T::error_handler_t::replace));
#endif
  }
};

template <class T>
item json_value_item(key code, const T& value) noexcept {
  item i = value_item(value);
  i.code = code;
  return i;
}

template <class T>
using if_json = std::enable_if_t<nlohmann::detail::is_basic_json<T>::value>;

}  // namespace detail

/// input_json() of a JSON value.
template <class Json, class = detail::if_json<Json>>
attr input_json(const Json& value) noexcept {
  return attr(detail::json_value_item(detail::key::input_json, value));
}
/// output_json() of a JSON value.
template <class Json, class = detail::if_json<Json>>
attr output_json(const Json& value) noexcept {
  return attr(detail::json_value_item(detail::key::output_json, value));
}
/// metadata() of a JSON value.
template <class Json, class = detail::if_json<Json>>
attr metadata(const Json& value) noexcept {
  return attr(detail::json_value_item(detail::key::metadata, value));
}
/// invocation_parameters() of a JSON value.
template <class Json, class = detail::if_json<Json>>
attr invocation_parameters(const Json& value) noexcept {
  return attr(detail::json_value_item(detail::key::llm_invocation_parameters, value));
}
#endif

#if defined(ARTHUR_WITH_FMT)
/// A text made by fmt, for values that need formatting: arthur::input(arthur::format("{} of {}", n, total)).
/// A format that throws at run time gives an empty text.
template <class... Args>
std::string format(fmt::format_string<Args...> text, Args&&... args) noexcept {
#if ARTHUR_HAS_EXCEPTIONS
  try {
    return fmt::format(text, std::forward<Args>(args)...);
  } catch (...) {
    return {};
  }
#else
  return fmt::format(text, std::forward<Args>(args)...);
#endif
}
#endif

ARTHUR_NAMESPACE_END

#endif

#endif

#if defined(ARTHUR_DISABLE)
// disabled.hpp: with ARTHUR_DISABLE, what programs call beside the macros: functions that do nothing.
#ifndef ARTHUR_DISABLED_HPP
#define ARTHUR_DISABLED_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>


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
inline void current_exception(const char*, text_arg) noexcept {}
inline void current_end() noexcept {}
inline bool detached_open(detached_handle&, kind, text_arg) noexcept { return false; }
inline void detached_end(detached_handle&) noexcept {}
inline void detached_set(const detached_handle&, const item*, std::size_t) noexcept {}
inline void detached_event(const detached_handle&, text_arg, const item*, std::size_t) noexcept {}
inline void detached_error(const detached_handle&, text_arg) noexcept {}
inline void activate(scope_handle&, const detached_handle&) noexcept {}
inline void deactivate(scope_handle&) noexcept {}
inline bool context_push(scope_handle&, const item*, std::size_t) noexcept { return false; }
inline void context_pop(scope_handle&) noexcept {}
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
inline void add_text(sequence_sink&, text_arg) noexcept {}
inline void add_integer(sequence_sink&, std::int64_t) noexcept {}
inline void add_unsigned(sequence_sink&, std::uint64_t) noexcept {}
inline void add_number(sequence_sink&, double) noexcept {}
inline void add_boolean(sequence_sink&, bool) noexcept {}
inline void use_text(text_sink&, text_arg) noexcept {}
inline void stop() noexcept {}

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
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
#elif defined(ARTHUR_IMPLEMENTATION)
// implementation.hpp: the heavy half, compiled where ARTHUR_IMPLEMENTATION is defined.
#ifndef ARTHUR_IMPLEMENTATION_HPP
#define ARTHUR_IMPLEMENTATION_HPP

// call_sites.hpp: the functions behind the macros and span classes; compiled in one .cpp.
#ifndef ARTHUR_CALL_SITES_HPP
#define ARTHUR_CALL_SITES_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

// item_writer.hpp: turns the arguments of the macros into OTLP attributes of an open span.
#ifndef ARTHUR_OPENINFERENCE_ITEM_WRITER_HPP
#define ARTHUR_OPENINFERENCE_ITEM_WRITER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// recorder.hpp: what all threads share while recording: pool, clock, slots, interned call sites and resource groups.
#ifndef ARTHUR_RECORD_RECORDER_HPP
#define ARTHUR_RECORD_RECORDER_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

// clock.hpp: wall and steady time in nanoseconds; spans may read a calibrated time stamp counter instead.
#ifndef ARTHUR_PLATFORM_CLOCK_HPP
#define ARTHUR_PLATFORM_CLOCK_HPP

#include <atomic>
#include <cstdint>
#include <ctime>

// windows.hpp: the Windows API as the implementation includes it, and its texts in UTF-8; empty elsewhere.
#ifndef ARTHUR_PLATFORM_WINDOWS_HPP
#define ARTHUR_PLATFORM_WINDOWS_HPP

#if defined(_WIN32)

#include <string>
#include <system_error>


// <windows.h> brings version 1 of the socket library with it, which Microsoft's <winsock2.h> doesn't bear before it.
#if defined(_MSC_VER) && defined(_WINSOCKAPI_) && !defined(_WINSOCK2API_)
#error "arthur: in the file with ARTHUR_IMPLEMENTATION, include <winsock2.h> before <windows.h>, or define WIN32_LEAN_AND_MEAN"
#endif
#if defined(__MINGW32__) && defined(_WINSOCKAPI_) && !defined(_WINSOCK2API_)
#undef _WINSOCKAPI_  // MinGW's bears it, and would warn all the same
#endif

// Without NOMINMAX it makes min and max macros, in a file that perhaps never asked for <windows.h>. A program that
// included it before us keeps whatever it chose.
#if defined(NOMINMAX)
#include <winsock2.h>
#include <windows.h>
#else
#define NOMINMAX
#include <winsock2.h>
#include <windows.h>
#undef NOMINMAX
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline std::string to_utf8(const wchar_t* text) {
  const int size = ::WideCharToMultiByte(CP_UTF8, 0, text, -1, nullptr, 0, nullptr, nullptr);
  std::string out(size > 1 ? static_cast<std::size_t>(size) - 1 : 0, '\0');
  if (size > 1) ::WideCharToMultiByte(CP_UTF8, 0, text, -1, &out[0], size, nullptr, nullptr);
  return out;
}

/// What isn't UTF-8 is taken for the system's own code page.
inline std::wstring to_wide(const std::string& text) {
  UINT page = CP_UTF8;
  int size = ::MultiByteToWideChar(page, MB_ERR_INVALID_CHARS, text.c_str(), -1, nullptr, 0);
  if (size == 0) {
    page = CP_ACP;
    size = ::MultiByteToWideChar(page, 0, text.c_str(), -1, nullptr, 0);
  }
  std::wstring out(size > 1 ? static_cast<std::size_t>(size) - 1 : 0, L'\0');
  if (size > 1) ::MultiByteToWideChar(page, 0, text.c_str(), -1, &out[0], size);
  return out;
}

/// With the number: not every text is known, and some come in the user's language.
inline std::string windows_error_text(DWORD error) {
  std::string text = std::system_category().message(static_cast<int>(error));
  // The system ends its texts with a full stop and a line break; ours go on.
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == '.' || text.back() == ' ')) text.pop_back();
  return text + " (error " + std::to_string(error) + ")";
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#endif

#if defined(_WIN32)
#include <chrono>
#endif
#if defined(__x86_64__) && !defined(_WIN32)
#define ARTHUR_HAS_TSC 1
#include <cpuid.h>
#include <x86intrin.h>
#else
#define ARTHUR_HAS_TSC 0
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

#if defined(_WIN32)
inline std::uint64_t unix_nanoseconds() noexcept {
  // Not std::chrono: some of its implementations read the clock that only steps 64 times a second.
  FILETIME now;
#if _WIN32_WINNT >= 0x0602
  ::GetSystemTimePreciseAsFileTime(&now);
#else
  ::GetSystemTimeAsFileTime(&now);
#endif
  const std::uint64_t ticks = std::uint64_t{now.dwHighDateTime} << 32 | now.dwLowDateTime;  // of 100 ns, since 1601
  return (ticks - 116444736000000000U) * 100U;
}
inline std::uint64_t steady_nanoseconds() noexcept {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count());
}
#else
inline std::uint64_t read_clock(clockid_t id) noexcept {
  timespec now{};
  ::clock_gettime(id, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000000U + static_cast<std::uint64_t>(now.tv_nsec);
}
inline std::uint64_t unix_nanoseconds() noexcept { return read_clock(CLOCK_REALTIME); }
inline std::uint64_t steady_nanoseconds() noexcept { return read_clock(CLOCK_MONOTONIC); }
#endif

/// The clock of the spans. Reads the user's clock if there is one, the time stamp counter while a fresh calibration of
/// it is at hand, else the system clock. `calibrate` is called by one thread at a time; `now` by any.
class span_clock {
 public:
  std::uint64_t now() noexcept {
    const auto user = user_.load(std::memory_order_relaxed);
    if (ARTHUR_UNLIKELY(user != nullptr)) return user();
#if ARTHUR_HAS_TSC
    // A seqlock made of atomics. Acquire on the first load keeps the fields from being read before it; the fields are
    // acquire as well so that the second load of the sequence can't move before them. On x86 all of these are plain loads.
    const std::uint32_t before = sequence_.load(std::memory_order_acquire);
    const std::uint64_t base_ticks = base_ticks_.load(std::memory_order_acquire);
    const std::uint64_t base_unix = base_unix_.load(std::memory_order_acquire);
    const std::uint64_t scale = scale_.load(std::memory_order_acquire);
    if (ARTHUR_LIKELY(scale != 0 && (before & 1U) == 0 && sequence_.load(std::memory_order_relaxed) == before)) {
      const std::uint64_t ticks = __rdtsc() - base_ticks;
      // Older than the limit: nobody has compared the counter with the wall clock for seconds (the worker sleeps).
      if (ARTHUR_LIKELY(ticks < max_age_ticks)) return base_unix + scaled(ticks, scale);
    }
#endif
    return unix_nanoseconds();
  }

  void use(std::uint64_t (*clock)()) noexcept { user_.store(clock, std::memory_order_relaxed); }

#if ARTHUR_HAS_TSC
  /// Compares the counter with the wall clock; the first two calls, at least 1 ms apart, also measure its rate.
  /// `trusted`: the kernel itself keeps time with the counter.
  void calibrate(bool trusted) noexcept {
    if (!trusted || !invariant()) return;
    std::uint64_t ticks = 0, steady = 0, wall = 0;
    if (!sample(ticks, steady, wall)) return;
    if (first_steady_ == 0) {
      first_ticks_ = ticks;
      first_steady_ = steady;
      return;
    }
    const std::uint64_t elapsed = steady - first_steady_;
    if (elapsed < 1000000) return;
    // The longer the base line, the better the rate; restart it hourly so that the product below can't overflow.
    const auto rate = static_cast<double>(elapsed) / static_cast<double>(ticks - first_ticks_);
    if (!(rate > 0.05 && rate < 20.0)) return;
    if (elapsed > 3600000000000U) {
      first_ticks_ = ticks;
      first_steady_ = steady;
    }
    const std::uint32_t sequence = sequence_.load(std::memory_order_relaxed);
    // Odd: readers stay away. The stores behind it are release so that none becomes visible before the odd number.
    sequence_.store(sequence + 1, std::memory_order_relaxed);
    base_ticks_.store(ticks, std::memory_order_release);
    base_unix_.store(wall, std::memory_order_release);
    scale_.store(static_cast<std::uint64_t>(rate * 4294967296.0), std::memory_order_release);
    sequence_.store(sequence + 2, std::memory_order_release);
  }

 private:
  static constexpr std::uint64_t max_age_ticks = std::uint64_t{1} << 34;  // 4 to 8 s at 2 to 4 GHz

  static std::uint64_t scaled(std::uint64_t ticks, std::uint64_t scale) noexcept {
    return ((ticks >> 17) * scale >> 15) + ((ticks & 0x1ffffU) * scale >> 32);  // ticks < 2^34, scale < 2^37: no overflow
  }

  bool invariant() noexcept {
    if (invariant_ == 0) {  // asked once: in a virtual machine cpuid takes microseconds
      unsigned a = 0, b = 0, c = 0, d = 0;
      invariant_ = __get_cpuid(0x80000007U, &a, &b, &c, &d) != 0 && (d & (1U << 8)) != 0 ? 1 : 2;
    }
    return invariant_ == 1;
  }

  // Both clocks between two close readings of the counter, else the thread was interrupted in the middle.
  static bool sample(std::uint64_t& ticks, std::uint64_t& steady, std::uint64_t& wall) noexcept {
    for (int attempt = 0; attempt < 8; ++attempt) {
      const std::uint64_t before = __rdtsc();
      steady = steady_nanoseconds();
      wall = unix_nanoseconds();
      const std::uint64_t after = __rdtsc();
      if (after - before < 2000) {
        ticks = before + (after - before) / 2;
        return true;
      }
    }
    return false;
  }

  int invariant_ = 0;  // 1 yes, 2 no
  std::uint64_t first_ticks_ = 0;
  std::uint64_t first_steady_ = 0;
  std::atomic<std::uint32_t> sequence_{0};
  std::atomic<std::uint64_t> base_ticks_{0};
  std::atomic<std::uint64_t> base_unix_{0};
  std::atomic<std::uint64_t> scale_{0};  // nanoseconds per tick, 32.32; 0 = not calibrated
#else
  void calibrate(bool) noexcept {}

 private:
#endif
  std::atomic<std::uint64_t (*)()> user_{nullptr};
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// memory.hpp: address space that costs nothing until it is touched, and a page that a forked child finds wiped.
#ifndef ARTHUR_PLATFORM_MEMORY_HPP
#define ARTHUR_PLATFORM_MEMORY_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>


#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#define ARTHUR_HAS_MMAP 1
#else
#define ARTHUR_HAS_MMAP 0
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// `size` zeroed bytes, aligned to 64, or null. Pages take memory when they are first written; Windows counts them
/// against its limit of promised memory at once.
inline void* reserve_memory(std::size_t size) noexcept {
#if defined(ARTHUR_NO_HEAP)
  static_assert(ARTHUR_POOL_BYTES >= 96 * 1024, "ARTHUR_POOL_BYTES must be at least 98304");
  alignas(64) static char memory[ARTHUR_POOL_BYTES];
  static bool taken = false;
  if (taken || size > sizeof memory) return nullptr;
  taken = true;
  return memory;
#elif ARTHUR_HAS_MMAP
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
#elif defined(_WIN32)
  return ::VirtualAlloc(nullptr, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
#else
  const auto raw = reinterpret_cast<std::uintptr_t>(std::calloc(1, size + 64));
  return raw == 0 ? nullptr : reinterpret_cast<void*>((raw + 63) & ~std::uintptr_t{63});
#endif
}

/// A word that reads 1 in the process that made it and 0 in a child that fork() made of it.
/// Where no page can be wiped, a handler of fork() does it. Null where there is no fork.
inline std::atomic<std::uint32_t>* make_fork_word() noexcept {
#if ARTHUR_HAS_MMAP && defined(MADV_WIPEONFORK) && !defined(ARTHUR_NO_HEAP)
  // A page rather than a handler: clone() calls none.
  const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* page = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return nullptr;
  if (::madvise(page, size, MADV_WIPEONFORK) != 0) {
    ::munmap(page, size);
    return nullptr;
  }
  return ::new (page) std::atomic<std::uint32_t>(1);
#elif ARTHUR_HAS_MMAP
  static std::atomic<std::uint32_t> word{1};
  return ::pthread_atfork(nullptr, nullptr, [] { word.store(0, std::memory_order_relaxed); }) == 0 ? &word : nullptr;
#else
  return nullptr;
#endif
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// thread_local.hpp: how a variable becomes one per thread, or one per program where there are no threads.
#ifndef ARTHUR_PLATFORM_THREAD_LOCAL_HPP
#define ARTHUR_PLATFORM_THREAD_LOCAL_HPP


// Only for constant-initialised objects without a destructor: then an access is one address computation, without an
// init-function test, and stays valid while other static objects are destroyed.
#ifdef ARTHUR_NO_THREADS
#define ARTHUR_THREAD_LOCAL
#else
#define ARTHUR_THREAD_LOCAL thread_local
#endif

#endif
// rate_cap.hpp: options::max_spans_per_second: how far the spans recorded so far are ahead of the clock.
#ifndef ARTHUR_RECORD_RATE_CAP_HPP
#define ARTHUR_RECORD_RATE_CAP_HPP

#include <atomic>
#include <cstdint>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A token bucket in one word: the time up to which the spans recorded so far use up the rate. Before `now`: there is
/// room for as many as fit between; behind it: debt. Thread-safe; times in nanoseconds of any clock.
class rate_cap {
 public:
  static constexpr std::uint64_t second = 1000000000;
  static constexpr std::uint64_t most_saved = second;      // after a rest, a second's worth at once
  static constexpr std::uint64_t most_owed = 10 * second;  // a trace under way may run ahead so far
  static constexpr std::uint32_t share = 16;

  /// 0: no cap. The bucket begins full.
  void use(std::uint32_t spans_per_second) noexcept {
    interval_.store(spans_per_second == 0 ? 0 : second / spans_per_second, std::memory_order_relaxed);
    used_until_.store(0, std::memory_order_relaxed);
  }

  /// How many spans a thread may open inside traces before it charges them, so that threads seldom meet here. Where a
  /// span takes long of the rate, each is charged at once.
  std::uint32_t uncharged() const noexcept { return interval_.load(std::memory_order_relaxed) > second / 1000 ? 0 : share - 1; }

  /// Charges `recorded` spans, and one more if there is room for it with a debt of at most `may_owe`. False: there isn't.
  bool take(std::uint64_t recorded, std::uint64_t now, std::uint64_t may_owe) noexcept {
    const std::uint64_t interval = interval_.load(std::memory_order_relaxed);
    // Relaxed: the word says nothing about other memory.
    std::uint64_t was = used_until_.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint64_t oldest = now > most_saved ? now - most_saved : 0;
      std::uint64_t until = (was > oldest ? was : oldest) + recorded * interval;
      const bool room = until + interval <= now + may_owe;
      if (room) until += interval;
      // More debt than that is a clock that was set back: it is forgotten, or nothing would be recorded for so long.
      if (until > now + most_owed) until = now + most_owed;
      if (used_until_.compare_exchange_weak(was, until, std::memory_order_relaxed)) return room;
    }
  }

 private:
  std::atomic<std::uint64_t> interval_{0};
  alignas(64) std::atomic<std::uint64_t> used_until_{0};
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// slot.hpp: one thread's side of recording: its open spans, its ids, its queue of committed spans, its account.
#ifndef ARTHUR_RECORD_SLOT_HPP
#define ARTHUR_RECORD_SLOT_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>

// entropy.hpp: seed bytes from the operating system.
#ifndef ARTHUR_PLATFORM_ENTROPY_HPP
#define ARTHUR_PLATFORM_ENTROPY_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


#if defined(__linux__)
#include <sys/random.h>
#elif defined(_WIN32)
#include <bcrypt.h>
#else
#include <cstdlib>
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Fills `to` with random bytes. Falls back to clock and address bits, mixed, if the system has nothing to give.
inline void fill_random(void* to, std::size_t size) noexcept {
#if defined(__linux__)
  // 256 bytes and less are never interrupted once the pool is initialised; GRND_NONBLOCK keeps early boot from hanging us.
  if (size <= 256 && ::getrandom(to, size, GRND_NONBLOCK) == static_cast<ssize_t>(size)) return;
#elif defined(__APPLE__) || defined(__FreeBSD__) || defined(__OpenBSD__) || defined(__NetBSD__)
  ::arc4random_buf(to, size);
  return;
#elif defined(_WIN32)
  if (::BCryptGenRandom(nullptr, static_cast<PUCHAR>(to), static_cast<ULONG>(size), BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0) return;
#endif
  std::uint64_t state = unix_nanoseconds() ^ (steady_nanoseconds() << 20) ^
                        static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&to));
  auto* out = static_cast<unsigned char*>(to);
  for (std::size_t i = 0; i < size; ++i) {
    state += 0x9e3779b97f4a7c15U;  // splitmix64
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    out[i] = static_cast<unsigned char>(z >> 56);
  }
}

/// xoshiro256++ (Blackman, Vigna): 64 good random bits in about a nanosecond. Not for secrets.
class random_stream {
 public:
  void seed() noexcept {
    fill_random(state_, sizeof state_);
    if ((state_[0] | state_[1] | state_[2] | state_[3]) == 0) state_[0] = 1;
  }

  std::uint64_t next() noexcept {
    const std::uint64_t result = rotate(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

 private:
  static std::uint64_t rotate(std::uint64_t x, int k) noexcept { return x << k | x >> (64 - k); }
  std::uint64_t state_[4] = {1, 2, 3, 4};
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// layout.hpp: how a span lies in the pool, byte by byte.
#ifndef ARTHUR_RECORD_LAYOUT_HPP
#define ARTHUR_RECORD_LAYOUT_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

// pool.hpp: all memory for span bytes: blocks of one region, taken and given back by any thread without a lock.
#ifndef ARTHUR_RECORD_POOL_HPP
#define ARTHUR_RECORD_POOL_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A place in the pool: distance from its first byte in units of 8 bytes; 0 is "nowhere". Never a pointer, so that the
/// pool may be a file that another process reads.
using pool_offset = std::uint32_t;

/// The unit that threads take from the pool. 8 KiB: an idle thread may hold one, and a 2 KiB span costs a third of a
/// compare-and-swap.
struct block {
  static constexpr std::size_t size = 8192;

  std::atomic<std::uint32_t> next_free;  // index + 1 of the block below it on the free stack
  // Open for appending: `bias` minus what was released so far. Closed: the segments that are still needed.
  std::atomic<std::uint32_t> references;
  static constexpr std::uint32_t bias = std::uint32_t{1} << 30;

  char* begin() noexcept { return reinterpret_cast<char*>(this) + sizeof(block); }
  char* end() noexcept { return reinterpret_cast<char*>(this) + size; }
};
static_assert(sizeof(block) == 8, "a block's content must stay aligned to 8");

/// Thread-safe. The memory outlives every user of it.
class pool {
 public:
  /// `memory`: zeroed, aligned to 8, at most 32 GiB; its first block is never handed out, so offset 0 stays "nowhere".
  void attach(void* memory, std::size_t size) noexcept {
    base_ = static_cast<char*>(memory);
    count_ = static_cast<std::uint32_t>(size / block::size);
    limit_.store(count_, std::memory_order_relaxed);
    fresh_.store(1, std::memory_order_relaxed);
    free_.store(0, std::memory_order_relaxed);
    used_.store(0, std::memory_order_relaxed);
    ++life_;
  }
  /// Zeroes the memory for another attach(): nobody uses it any more.
  void wipe() noexcept {
    const std::uint32_t fresh = fresh_.load(std::memory_order_relaxed);
    const std::size_t blocks = fresh < count_ ? fresh : count_;
    if (blocks != 0) std::memset(base_, 0, blocks * block::size);
  }
  /// Rises with each attach(), which may be to the same memory.
  std::uint32_t life() const noexcept { return life_; }

  std::size_t capacity() const noexcept { return std::size_t{count_} * block::size; }
  std::size_t bytes_used() const noexcept { return std::size_t{used_.load(std::memory_order_relaxed)} * block::size; }
  std::size_t limit() const noexcept { return std::size_t{limit_.load(std::memory_order_relaxed)} * block::size; }
  /// Lowers what may be in use at once.
  void limit(std::size_t bytes) noexcept {
    const std::size_t blocks = bytes / block::size;
    limit_.store(blocks < count_ ? static_cast<std::uint32_t>(blocks) : count_, std::memory_order_relaxed);
  }

  /// Bytes in use from which on no further trace should begin: the last eighth, at most 4 MiB, is for those under way.
  std::size_t mark() const noexcept { return limit() - reserve(); }
  bool nearly_full() const noexcept { return bytes_used() >= mark(); }
  /// The mark is far.
  bool is_roomy() const noexcept { return bytes_used() + reserve() < mark(); }

  /// A block with `block::bias` references, or null when the pool is empty.
  block* take() noexcept {
    if (used_.fetch_add(1, std::memory_order_relaxed) >= limit_.load(std::memory_order_relaxed) - 1) {
      used_.fetch_sub(1, std::memory_order_relaxed);
      return nullptr;
    }
    // Acquire pairs with the release in give(): whoever read the block's former content is done with it.
    std::uint64_t top = free_.load(std::memory_order_acquire);
    while ((top & 0xffffffffU) != 0) {
      block* const found = at_index(static_cast<std::uint32_t>(top) - 1);
      // The block may be taken by another thread meanwhile; its link is atomic, and the count in the upper half of
      // `top` makes the exchange fail if the stack changed at all (ABA).
      const std::uint64_t below = found->next_free.load(std::memory_order_relaxed);
      if (free_.compare_exchange_weak(top, changed(top) | below,
                                      std::memory_order_acquire)) {
        return opened(found);
      }
    }
    const std::uint32_t index = fresh_.load(std::memory_order_relaxed) < count_
                                    ? fresh_.fetch_add(1, std::memory_order_relaxed)
                                    : count_;
    if (index < count_) return opened(::new (base_ + std::size_t{index} * block::size) block{});
    used_.fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }

  /// Drops `count` references; with the last one the block returns to the pool.
  void release(block* from, std::uint32_t count) noexcept {
    // Acquire and release: the last one to let go must see everything the others did with the block.
    if (from->references.fetch_sub(count, std::memory_order_acq_rel) == count) give(from);
  }

  /// Ends appending to a block in which `added` segments were begun.
  void close(block* from, std::uint32_t added) noexcept { release(from, block::bias - added); }

  pool_offset to_offset(const void* where) const noexcept {
    return static_cast<pool_offset>(static_cast<std::size_t>(static_cast<const char*>(where) - base_) / 8);
  }
  char* at(pool_offset where) const noexcept { return base_ + std::size_t{where} * 8; }
  block* block_of(const void* where) const noexcept {
    const auto distance = static_cast<std::size_t>(static_cast<const char*>(where) - base_);
    return at_index(static_cast<std::uint32_t>(distance / block::size));
  }
  char* base() const noexcept { return base_; }
  bool owns(const void* where) const noexcept {
    const auto* p = static_cast<const char*>(where);
    return p >= base_ && p < base_ + capacity();
  }

 private:
  block* at_index(std::uint32_t index) const noexcept {
    return std::launder(reinterpret_cast<block*>(base_ + std::size_t{index} * block::size));
  }
  std::size_t reserve() const noexcept { return limit() / 8 < most_reserved ? limit() / 8 : most_reserved; }
  static constexpr std::size_t most_reserved = std::size_t{4} << 20;
  static std::uint64_t changed(std::uint64_t top) noexcept { return ((top >> 32) + 1) << 32; }
  static block* opened(block* b) noexcept {
    b->references.store(block::bias, std::memory_order_relaxed);
    return b;
  }
  void give(block* b) noexcept {
    const auto index = static_cast<std::uint32_t>(static_cast<std::size_t>(reinterpret_cast<char*>(b) - base_) / block::size);
    std::uint64_t top = free_.load(std::memory_order_relaxed);
    do {
      b->next_free.store(static_cast<std::uint32_t>(top), std::memory_order_relaxed);
    } while (!free_.compare_exchange_weak(top, changed(top) | (index + 1),
                                          std::memory_order_release, std::memory_order_relaxed));
    used_.fetch_sub(1, std::memory_order_relaxed);
  }

  char* base_ = nullptr;
  std::uint32_t count_ = 0;
  std::uint32_t life_ = 0;
  std::atomic<std::uint32_t> limit_{0};
  alignas(64) std::atomic<std::uint64_t> free_{0};  // upper half: changes so far; lower half: index + 1 of the top
  std::atomic<std::uint32_t> fresh_{1};             // first block that was never taken
  std::atomic<std::uint32_t> used_{0};
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// wire.hpp: the protobuf wire format, written and read in place; the OTLP field numbers.
#ifndef ARTHUR_RECORD_WIRE_HPP
#define ARTHUR_RECORD_WIRE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace wire {

// Tags (field number << 3 | wire type) of opentelemetry/proto/trace/v1/trace.proto and common/v1/common.proto.
enum type : std::uint32_t { type_varint = 0, type_fixed64 = 1, type_bytes = 2, type_fixed32 = 5 };

constexpr std::uint8_t span_trace_id = 1 << 3 | type_bytes;
constexpr std::uint8_t span_span_id = 2 << 3 | type_bytes;
constexpr std::uint8_t span_trace_state = 3 << 3 | type_bytes;
constexpr std::uint8_t span_parent_span_id = 4 << 3 | type_bytes;
constexpr std::uint8_t span_name = 5 << 3 | type_bytes;
constexpr std::uint8_t span_kind = 6 << 3 | type_varint;
constexpr std::uint8_t span_start_time = 7 << 3 | type_fixed64;
constexpr std::uint8_t span_end_time = 8 << 3 | type_fixed64;
constexpr std::uint8_t span_attributes = 9 << 3 | type_bytes;
constexpr std::uint8_t span_dropped_attributes = 10 << 3 | type_varint;
constexpr std::uint8_t span_events = 11 << 3 | type_bytes;
constexpr std::uint8_t span_dropped_events = 12 << 3 | type_varint;
constexpr std::uint8_t span_links = 13 << 3 | type_bytes;
constexpr std::uint8_t span_dropped_links = 14 << 3 | type_varint;
constexpr std::uint8_t span_status = 15 << 3 | type_bytes;
constexpr std::uint32_t span_flags = 16 << 3 | type_fixed32;  // two bytes on the wire

constexpr std::uint8_t event_time = 1 << 3 | type_fixed64;
constexpr std::uint8_t event_name = 2 << 3 | type_bytes;
constexpr std::uint8_t event_attributes = 3 << 3 | type_bytes;
constexpr std::uint8_t event_dropped_attributes = 4 << 3 | type_varint;

constexpr std::uint8_t link_trace_id = 1 << 3 | type_bytes;
constexpr std::uint8_t link_span_id = 2 << 3 | type_bytes;
constexpr std::uint8_t link_trace_state = 3 << 3 | type_bytes;
constexpr std::uint8_t link_attributes = 4 << 3 | type_bytes;
constexpr std::uint8_t link_dropped_attributes = 5 << 3 | type_varint;
constexpr std::uint8_t link_flags = 6 << 3 | type_fixed32;

constexpr std::uint8_t status_message = 2 << 3 | type_bytes;
constexpr std::uint8_t status_code = 3 << 3 | type_varint;

constexpr std::uint8_t key_value_key = 1 << 3 | type_bytes;
constexpr std::uint8_t key_value_value = 2 << 3 | type_bytes;

constexpr std::uint8_t any_string = 1 << 3 | type_bytes;
constexpr std::uint8_t any_bool = 2 << 3 | type_varint;
constexpr std::uint8_t any_int = 3 << 3 | type_varint;
constexpr std::uint8_t any_double = 4 << 3 | type_fixed64;
constexpr std::uint8_t any_array = 5 << 3 | type_bytes;
constexpr std::uint8_t any_kvlist = 6 << 3 | type_bytes;
constexpr std::uint8_t any_bytes = 7 << 3 | type_bytes;
constexpr std::uint8_t array_values = 1 << 3 | type_bytes;
constexpr std::uint8_t kvlist_values = 1 << 3 | type_bytes;

/// Bytes that `value` takes as a varint: 1 to 10.
constexpr std::size_t varint_size(std::uint64_t value) noexcept {
  if (value < 0x80) return 1;  // most lengths; the general formula is a long chain of operations
#if defined(__GNUC__)
  // Bits / 7, rounded up, without a division.
  return static_cast<std::size_t>((9 * (63 - __builtin_clzll(value | 1)) + 73) / 64);
#else
  std::size_t size = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++size;
  }
  return size;
#endif
}

/// Writes `value` at `to`, which must have room for 10 bytes; returns the first byte behind it.
inline char* put_varint(char* to, std::uint64_t value) noexcept {
  while (value >= 0x80) {
    *to++ = static_cast<char>(static_cast<unsigned char>(value) | 0x80U);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

inline char* put_byte(char* to, std::uint8_t byte) noexcept {
  *to = static_cast<char>(byte);
  return to + 1;
}

/// memcpy for the sizes that spans are made of: short keys and values need no call.
ARTHUR_INLINE char* put_bytes(char* to, const char* from, std::size_t size) noexcept {
  if (size > 64) {
    std::memcpy(to, from, size);
  } else if (size > 32) {
    // Two halves that may overlap, as in the branches below: no loop, no switch over the size.
    char head[32], tail[32];
    std::memcpy(head, from, 32);
    std::memcpy(tail, from + size - 32, 32);
    std::memcpy(to, head, 32);
    std::memcpy(to + size - 32, tail, 32);
  } else if (size >= 16) {
    char head[16], tail[16];
    std::memcpy(head, from, 16);
    std::memcpy(tail, from + size - 16, 16);
    std::memcpy(to, head, 16);
    std::memcpy(to + size - 16, tail, 16);
  } else if (size >= 8) {
    std::uint64_t head, tail;
    std::memcpy(&head, from, 8);
    std::memcpy(&tail, from + size - 8, 8);
    std::memcpy(to, &head, 8);
    std::memcpy(to + size - 8, &tail, 8);
  } else if (size >= 4) {
    std::uint32_t head, tail;
    std::memcpy(&head, from, 4);
    std::memcpy(&tail, from + size - 4, 4);
    std::memcpy(to, &head, 4);
    std::memcpy(to + size - 4, &tail, 4);
  } else if (size != 0) {
    to[0] = from[0];
    to[size / 2] = from[size / 2];
    to[size - 1] = from[size - 1];
  }
  return to + size;
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
inline char* put_fixed64(char* to, std::uint64_t value) noexcept {
  std::memcpy(to, &value, 8);
  return to + 8;
}
inline char* put_fixed32(char* to, std::uint32_t value) noexcept {
  std::memcpy(to, &value, 4);
  return to + 4;
}
inline std::uint64_t get_fixed64(const char* from) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, from, 8);
  return value;
}
inline std::uint32_t get_fixed32(const char* from) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, from, 4);
  return value;
}
#else
inline char* put_fixed64(char* to, std::uint64_t value) noexcept {
  for (int i = 0; i < 8; ++i) to[i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  return to + 8;
}
inline char* put_fixed32(char* to, std::uint32_t value) noexcept {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  return to + 4;
}
inline std::uint64_t get_fixed64(const char* from) noexcept {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value |= std::uint64_t{static_cast<unsigned char>(from[i])} << (8 * i);
  return value;
}
inline std::uint32_t get_fixed32(const char* from) noexcept {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value |= std::uint32_t{static_cast<unsigned char>(from[i])} << (8 * i);
  return value;
}
#endif

/// One field of a message. For type_bytes `data`/`size` are its content, otherwise `value` holds the number.
struct field {
  std::uint32_t tag = 0;
  std::uint64_t value = 0;
  const char* data = nullptr;
  std::size_t size = 0;
  const char* begin = nullptr;  // the whole field, tag included: [begin, end)
  const char* end = nullptr;
};

/// Walks the fields of a message. Never reads outside it; after false, `ok()` tells the end from damage.
class reader {
 public:
  reader(const char* data, std::size_t size) noexcept : at_(data), end_(data + size) {}

  bool next(field& out) noexcept {
    if (at_ == end_ || !ok_) return false;
    out.begin = at_;
    std::uint64_t tag = 0;
    if (!varint(tag) || tag > 0xffffffffU || tag >> 3 == 0) return fail();
    out.tag = static_cast<std::uint32_t>(tag);
    out.data = nullptr;
    out.size = 0;
    switch (out.tag & 7U) {
      case type_varint:
        if (!varint(out.value)) return fail();
        break;
      case type_fixed64:
        if (end_ - at_ < 8) return fail();
        out.value = get_fixed64(at_);
        at_ += 8;
        break;
      case type_fixed32:
        if (end_ - at_ < 4) return fail();
        out.value = get_fixed32(at_);
        at_ += 4;
        break;
      case type_bytes: {
        std::uint64_t size = 0;
        if (!varint(size) || size > static_cast<std::uint64_t>(end_ - at_)) return fail();
        out.data = at_;
        out.size = static_cast<std::size_t>(size);
        at_ += out.size;
        break;
      }
      default:
        return fail();
    }
    out.end = at_;
    return true;
  }

  bool ok() const noexcept { return ok_; }

 private:
  bool varint(std::uint64_t& value) noexcept {
    if (ARTHUR_LIKELY(at_ != end_ && static_cast<unsigned char>(*at_) < 0x80)) {
      value = static_cast<unsigned char>(*at_++);
      return true;
    }
    value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool fail() noexcept {
    ok_ = false;
    return false;
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace wire
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A run of bytes inside one block; the content follows directly. A span is a chain of segments: it begins a new one
/// when another span wrote in between, or when its block is full.
struct segment {
  pool_offset next;         // the continuation, 0 = none
  std::uint32_t size;  // bytes of content; set when the segment is left

  char* content() noexcept { return reinterpret_cast<char*>(this) + sizeof(segment); }
};

/// A span in the pool. Its bytes, head included, are the body of an OTLP protobuf `Span`.
struct record {
  std::atomic<pool_offset> next;  // the record committed after this one on the same thread; 0 = not yet
  std::uint32_t group;       // resource group, 0 = the process's own
  std::uint32_t site;        // call site whose code.* attributes belong to it, 0 = none
  std::uint32_t flags;
  segment first;

  enum flag : std::uint32_t {
    root = 1,              // no parent: the body begins behind the parent's place
    may_repeat_keys = 2,   // the worker must look for keys that were set twice
    has_free_keys = 4,     // keys of the user's own may be hostile
    remote_parent = 8,     // the parent is a span of another process
  };
};
static_assert(sizeof(segment) == 8 && sizeof(record) == 24 && alignof(record) == 4, "records are read by other processes");
static_assert(std::is_trivially_destructible<record>::value, "nobody destroys records");

/// The fixed part of a span at the beginning of the first segment. Written whole at commit.
///   parent_span_id 10 | trace_id 18 | span_id 10 | kind 2 | start 9 | end 9 | flags 6 | status code 4
struct head {
  static constexpr std::size_t parent = 0;
  static constexpr std::size_t trace = 10;
  static constexpr std::size_t span = 28;
  static constexpr std::size_t kind = 38;
  static constexpr std::size_t start = 40;
  static constexpr std::size_t end = 49;
  static constexpr std::size_t flags = 58;
  static constexpr std::size_t status = 64;
  static constexpr std::size_t size = 68;

  // OTLP flags: the W3C ones | "whether the parent is remote is known" | it is remote
  static constexpr std::uint32_t w3c = 3;
  static constexpr std::uint32_t remote_known = 0x100;
  static constexpr std::uint32_t remote = 0x200;
};

enum class span_status : std::uint8_t { unset = 0, ok = 1, error = 2 };

struct span_ids {
  unsigned char trace[16];
  unsigned char span[8];
  unsigned char parent[8];
  bool has_parent;
};

inline void write_head(char* at, const span_ids& ids, std::uint64_t start, std::uint64_t end, std::uint32_t flags,
                       span_status status) noexcept {
  if (ids.has_parent) {
    at[head::parent] = wire::span_parent_span_id;
    at[head::parent + 1] = 8;
    std::memcpy(at + head::parent + 2, ids.parent, 8);
  }
  at[head::trace] = wire::span_trace_id;
  at[head::trace + 1] = 16;
  std::memcpy(at + head::trace + 2, ids.trace, 16);
  at[head::span] = wire::span_span_id;
  at[head::span + 1] = 8;
  std::memcpy(at + head::span + 2, ids.span, 8);
  at[head::kind] = wire::span_kind;
  at[head::kind + 1] = 1;  // INTERNAL, as every OpenInference instrumentor writes; UNSPECIFIED is not allowed
  at[head::start] = wire::span_start_time;
  wire::put_fixed64(at + head::start + 1, start);
  at[head::end] = wire::span_end_time;
  wire::put_fixed64(at + head::end + 1, end);
  at[head::flags] = static_cast<char>(wire::span_flags | 0x80U);
  at[head::flags + 1] = static_cast<char>(wire::span_flags >> 7);
  wire::put_fixed32(at + head::flags + 2, flags);
  // The message, if any, is a second status field further on: protobuf merges the two.
  at[head::status] = wire::span_status;
  at[head::status + 1] = 2;
  at[head::status + 2] = wire::status_code;
  at[head::status + 3] = static_cast<char>(status);
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// writer.hpp: appends bytes and OTLP attributes to an open span.
#ifndef ARTHUR_RECORD_WRITER_HPP
#define ARTHUR_RECORD_WRITER_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Where one thread (or one detached span) appends: the free rest of a block that it owns.
struct arena {
  block* current = nullptr;
  char* at = nullptr;
  char* end = nullptr;
  std::uint32_t added = 0;  // segments begun in `current`
  std::uint32_t taken = 0;  // blocks taken so far
};

/// Where pool blocks come from: the pool, and what to do when it is empty.
struct block_source {
  pool blocks;
  // Waits a moment for room (overflow::block); false = give up. Null = drop at once.
  std::atomic<bool (*)(std::uint32_t attempt) noexcept> wait_for_room{nullptr};
  // Called with each block that is taken out of a nearly full pool; `newly`: the one before wasn't.
  std::atomic<void (*)(bool newly) noexcept> hold_traces{nullptr};
  std::atomic<bool> was_nearly_full{false};

  block* take() noexcept {
    block* b = blocks.take();
    if (ARTHUR_LIKELY(b != nullptr)) {
      const bool now = blocks.nearly_full(), before = was_nearly_full.load(std::memory_order_relaxed);
      if (ARTHUR_UNLIKELY(now || before)) watch(now, before);
      return b;
    }
    const auto wait = wait_for_room.load(std::memory_order_relaxed);
    for (std::uint32_t attempt = 0; b == nullptr && wait != nullptr && wait(attempt); ++attempt) b = blocks.take();
    return b;
  }

 private:
  ARTHUR_COLD void watch(bool now, bool before) noexcept {
    if (now != before) was_nearly_full.store(now, std::memory_order_relaxed);
    const auto hold = hold_traces.load(std::memory_order_relaxed);
    if (now && hold != nullptr) hold(!before);
  }
};

inline void close_arena(pool& blocks, arena& a) noexcept {
  if (a.current != nullptr) blocks.close(a.current, a.added);
  a.current = nullptr;
  a.at = a.end = nullptr;
  a.added = 0;
}

/// The growing bytes of one span (or of one context). After a failure it stays failed: a span is kept whole or not at all.
class writer {
 public:
  /// Begins with `prefix` bytes (a record, or whatever holds the first segment) and the first segment behind them.
  /// Returns the place of the prefix, aligned to 8, or null.
  char* begin(block_source& source, arena& memory, std::size_t prefix, std::size_t room) noexcept {
    static_assert(alignof(segment) <= 8, "prefixes are multiples of 8");
    source_ = &source;
    memory_ = &memory;
    failed_ = false;
    first_ = last_ = nullptr;
    char* at = align(memory.at);
    const std::size_t needed = prefix + sizeof(segment) + room;
    if (ARTHUR_UNLIKELY(memory.current == nullptr || at > memory.end || static_cast<std::size_t>(memory.end - at) < needed)) {
      if (!next_block()) return nullptr;
      at = memory.at;
    }
    ++memory.added;
    first_ = last_ = ::new (at + prefix) segment{};
    memory.at = position_ = last_->content();
    return at;
  }

  bool failed() const noexcept { return failed_; }
  segment* first() const noexcept { return first_; }

  /// `size` bytes in one piece, or null. At most `max_piece`.
  char* reserve(std::size_t size) noexcept {
    if (ARTHUR_LIKELY(position_ == memory_->at && static_cast<std::size_t>(memory_->end - position_) >= size)) {
      char* const at = position_;
      position_ = memory_->at = at + size;
      return at;
    }
    return reserve_elsewhere(size);
  }
  static constexpr std::size_t max_piece = 2048;

  /// As reserve(), but the caller may scribble over `margin` bytes from the place on; null where that needs another block.
  char* reserve_with_margin(std::size_t size, std::size_t margin) noexcept {
    if (ARTHUR_UNLIKELY(position_ != memory_->at || static_cast<std::size_t>(memory_->end - position_) < size + margin)) return nullptr;
    char* const at = position_;
    position_ = memory_->at = at + size;
    return at;
  }

  /// Bytes that may be cut anywhere.
  void append(const char* from, std::size_t size) noexcept {
    if (ARTHUR_LIKELY(size <= 256)) {
      if (char* at = reserve(size)) wire::put_bytes(at, from, size);
      return;
    }
    while (size != 0 && !failed_) {
      std::size_t room = position_ == memory_->at ? static_cast<std::size_t>(memory_->end - position_) : 0;
      if (room == 0) {
        if (!begin_segment(1)) return;
        room = static_cast<std::size_t>(memory_->end - position_);
      }
      const std::size_t part = size < room ? size : room;
      std::memcpy(position_, from, part);
      position_ = memory_->at = position_ + part;
      from += part;
      size -= part;
    }
  }

  /// Ends the chain; the span may be published.
  void finish() noexcept { last_->size = static_cast<std::uint32_t>(position_ - last_->content()); }

  /// Gives all blocks back: the span is dropped.
  void discard() noexcept {
    failed_ = true;
    segment* s = first_;
    first_ = nullptr;
    while (s != nullptr) {
      segment* const next = s->next == 0 ? nullptr : segment_at(source_->blocks, s->next);
      block* const b = source_->blocks.block_of(s);
      if (b == memory_->current) {
        --memory_->added;
      } else {
        source_->blocks.release(b, 1);
      }
      s = next;
    }
  }

  /// Appends another chain, which may lie in another pool (`base`: of before a fork).
  void append_chain(const segment* chain, const char* base) noexcept {
    while (chain != nullptr) {
      append(reinterpret_cast<const char*>(chain) + sizeof(segment), chain->size);
      chain = chain->next == 0 ? nullptr : std::launder(reinterpret_cast<const segment*>(base + std::size_t{chain->next} * 8));
    }
  }

  static segment* segment_at(const pool& blocks, pool_offset where) noexcept {
    return std::launder(reinterpret_cast<segment*>(blocks.at(where)));
  }

 private:
  static char* align(char* p) noexcept {
    return reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(p) + 7) & ~std::uintptr_t{7});
  }

  ARTHUR_NOINLINE char* reserve_elsewhere(std::size_t size) noexcept {
    if (failed_ || size > max_piece || !begin_segment(size)) return nullptr;
    char* const at = position_;
    position_ = memory_->at = at + size;
    return at;
  }

  bool begin_segment(std::size_t room) noexcept {
    finish();
    char* at = align(memory_->at);
    if (at > memory_->end || static_cast<std::size_t>(memory_->end - at) < sizeof(segment) + room) {
      if (!next_block()) return false;
      at = memory_->at;
    }
    ++memory_->added;
    auto* const s = ::new (at) segment{};
    last_->next = source_->blocks.to_offset(s);
    last_ = s;
    memory_->at = position_ = s->content();
    return true;
  }

  ARTHUR_NOINLINE bool next_block() noexcept {
    block* const b = source_->take();
    if (b == nullptr) {
      failed_ = true;
      return false;
    }
    close_arena(source_->blocks, *memory_);
    memory_->current = b;
    ++memory_->taken;
    memory_->at = b->begin();
    memory_->end = b->end();
    return true;
  }

  block_source* source_ = nullptr;
  arena* memory_ = nullptr;
  segment* first_ = nullptr;
  segment* last_ = nullptr;
  char* position_ = nullptr;  // equal to memory_->at as long as nobody else wrote behind us
  bool failed_ = true;
};

// Attributes. `tag` is the field of the enclosing message: wire::span_attributes, or wire::event_attributes within one.

/// Below this sum of key and AnyValue every length in the field is a single byte. Most attributes are.
constexpr std::size_t max_short_attribute = 128 - 4;

/// Size of a KeyValue field with its tag and length, for a value of `any` bytes (the AnyValue message).
inline std::size_t attribute_size(std::size_t key, std::size_t any) noexcept {
  if (ARTHUR_LIKELY(key + any < max_short_attribute)) return 6 + key + any;
  const std::size_t body = 1 + wire::varint_size(key) + key + 1 + wire::varint_size(any) + any;
  return 1 + wire::varint_size(body) + body;
}

/// Everything of the field up to the AnyValue message.
ARTHUR_INLINE char* put_attribute_start(char* at, std::uint8_t tag, const char* key, std::size_t key_size, std::size_t any) noexcept {
  if (ARTHUR_LIKELY(key_size + any < max_short_attribute)) {
    at = wire::put_byte(at, tag);
    at = wire::put_byte(at, static_cast<std::uint8_t>(4 + key_size + any));
    at = wire::put_byte(at, wire::key_value_key);
    at = wire::put_byte(at, static_cast<std::uint8_t>(key_size));
    at = wire::put_bytes(at, key, key_size);
    at = wire::put_byte(at, wire::key_value_value);
    return wire::put_byte(at, static_cast<std::uint8_t>(any));
  }
  const std::size_t body = 1 + wire::varint_size(key_size) + key_size + 1 + wire::varint_size(any) + any;
  at = wire::put_byte(at, tag);
  at = wire::put_varint(at, body);
  at = wire::put_byte(at, wire::key_value_key);
  at = wire::put_varint(at, key_size);
  at = wire::put_bytes(at, key, key_size);
  at = wire::put_byte(at, wire::key_value_value);
  return wire::put_varint(at, any);
}

inline std::size_t text_any_size(std::size_t text) noexcept { return 1 + wire::varint_size(text) + text; }

/// A text attribute up to its text of `size` bytes, which the caller appends. False: no room.
inline bool write_text_start(writer& to, std::uint8_t tag, const char* key, std::size_t key_size, std::size_t size) noexcept {
  const std::size_t any = text_any_size(size);
  char* at = to.reserve(attribute_size(key_size, any) - size);
  if (at == nullptr) return false;
  at = put_attribute_start(at, tag, key, key_size, any);
  at = wire::put_byte(at, wire::any_string);
  wire::put_varint(at, size);
  return true;
}

/// A text attribute. Keys longer than 1 KiB are cut: nobody reads them.
inline void write_text(writer& to, std::uint8_t tag, const char* key, std::size_t key_size, const char* data,
                       std::size_t size) noexcept {
  if (ARTHUR_UNLIKELY(key_size > 1024)) key_size = 1024;
  const std::size_t any = text_any_size(size);
  const std::size_t total = attribute_size(key_size, any);
  if (ARTHUR_LIKELY(total <= writer::max_piece)) {
    char* at = to.reserve(total);
    if (at == nullptr) return;
    at = put_attribute_start(at, tag, key, key_size, any);
    at = wire::put_byte(at, wire::any_string);
    at = wire::put_varint(at, size);
    wire::put_bytes(at, data, size);
  } else if (write_text_start(to, tag, key, key_size, size)) {
    to.append(data, size);
  }
}

inline void write_integer(writer& to, std::uint8_t tag, const char* key, std::size_t key_size, std::int64_t value) noexcept {
  if (ARTHUR_UNLIKELY(key_size > 1024)) key_size = 1024;
  const std::size_t any = 1 + wire::varint_size(static_cast<std::uint64_t>(value));
  char* at = to.reserve(attribute_size(key_size, any));
  if (at == nullptr) return;
  at = put_attribute_start(at, tag, key, key_size, any);
  at = wire::put_byte(at, wire::any_int);
  wire::put_varint(at, static_cast<std::uint64_t>(value));
}

inline void write_number(writer& to, std::uint8_t tag, const char* key, std::size_t key_size, double value) noexcept {
  if (ARTHUR_UNLIKELY(key_size > 1024)) key_size = 1024;
  char* at = to.reserve(attribute_size(key_size, 9));
  if (at == nullptr) return;
  at = put_attribute_start(at, tag, key, key_size, 9);
  at = wire::put_byte(at, wire::any_double);
  std::uint64_t bits = 0;
  static_assert(sizeof bits == sizeof value, "OTLP doubles are IEEE 754 binary64");
  std::memcpy(&bits, &value, sizeof bits);
  wire::put_fixed64(at, bits);
}

inline void write_boolean(writer& to, std::uint8_t tag, const char* key, std::size_t key_size, bool value) noexcept {
  if (ARTHUR_UNLIKELY(key_size > 1024)) key_size = 1024;
  char* at = to.reserve(attribute_size(key_size, 2));
  if (at == nullptr) return;
  at = put_attribute_start(at, tag, key, key_size, 2);
  at = wire::put_byte(at, wire::any_bool);
  wire::put_byte(at, value ? 1 : 0);
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct pooled_frame;

/// Why a span was dropped; order of statistics::dropped_*.
enum class drop : std::uint8_t { pool_full, too_deep, scope_misuse, thread_exit, fork, count };

/// A counter that only its thread changes and everybody may read.
class own_counter {
 public:
  void add(std::uint64_t n = 1) noexcept {
    // Not an atomic addition: there is one writer, and a plain load and store cost nothing.
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }
  void reset() noexcept { value_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// An open span.
struct frame {
  enum state : std::uint8_t {
    closed,
    recording,
    silent,     // not sampled or dropped: passes its ids on, keeps no bytes
    activated,  // stands for a detached span
    joined,     // stands for a span of another process or library
  };
  // Beside the W3C flags (sampled, random), which children inherit as they are.
  enum trace_flag : std::uint16_t {
    sampled = 1,
    random = 2,
    has_state = 4,      // inherited: the trace came with a tracestate
    names_remote = 8,   // of `joined`: the span is another process's
    came_sampled = 16,  // of `joined`: as its process decided; `sampled` is our decision
    rate_limited = 32,     // inherited: not sampled, for this reason
    no_room = 64,          // inherited: the same, because the pool was nearly full when the trace began
    inherited = sampled | random | has_state | rate_limited | no_room,
  };

  std::atomic<std::uint8_t> status{closed};  // atomic because an activation on another thread may look at it
  std::uint8_t span_kind = 0;  // arthur::kind
  span_status result = span_status::unset;
  std::uint16_t trace_flags = 0;
  std::uint32_t generation = 0;
  std::atomic<std::uint32_t> ended_elsewhere{0};  // the generation that another thread ended
  int exceptions = 0;  // std::uncaught_exceptions() when it was opened
  std::uint32_t flags = 0;
  std::uint32_t group = 0;
  std::uint32_t site = 0;
  std::uint32_t attributes = 0;
  std::uint32_t dropped_attributes = 0;
  std::uint32_t lists[8] = {};   // next index of each list key
  std::uint64_t single_keys = 0;  // exact set of the single keys that were written
  std::uint64_t all_keys = 0;     // Bloom filter of every key that was written
  std::uint64_t free_keys = 0;    // Bloom filter of the user's own keys
  std::uint64_t start = 0;
  span_ids ids{};
  writer bytes;
  record* place = nullptr;
  frame* target = nullptr;  // of an activation

  bool is(state s) const noexcept { return status.load(std::memory_order_relaxed) == s; }
  bool is_sampled() const noexcept { return (trace_flags & sampled) != 0; }
  /// With all that will be opened inside. `why`: 0, rate_limited or no_room.
  void leave_out(std::uint16_t why) noexcept { trace_flags = static_cast<std::uint16_t>((trace_flags & ~sampled) | why); }
  void become(state s) noexcept { status.store(s, std::memory_order_relaxed); }
};

/// Committed spans of one thread, oldest first: a list that runs through the records themselves. One producer, one
/// consumer, no capacity of its own: the pool is the only limit. (A ring of entries would be a second limit, or as large.)
class commit_queue {
 public:
  commit_queue() noexcept : tail_(&first_), read_at_(&first_) {}

  /// Producer. The record is complete.
  void push(const pool& blocks, record* r) noexcept {
    // Release: whoever sees the link sees the bytes of the span.
    tail_->store(blocks.to_offset(r), std::memory_order_release);
    tail_ = &r->next;
  }

  /// Consumer: the next record or null. Its memory must stay until the next one was popped: the queue runs through it.
  record* pop(const pool& blocks) noexcept {
    // Acquire pairs with the release in push().
    const pool_offset next = read_at_->load(std::memory_order_acquire);
    if (next == 0) return nullptr;
    auto* const r = std::launder(reinterpret_cast<record*>(blocks.at(next)));
    read_at_ = &r->next;
    return r;
  }
  bool empty() const noexcept { return read_at_->load(std::memory_order_acquire) == 0; }
  void reset() noexcept {
    first_.store(0, std::memory_order_relaxed);
    tail_ = &first_;
    read_at_ = &first_;
  }

 private:
  std::atomic<pool_offset> first_{0};
  std::atomic<pool_offset>* tail_;
  alignas(64) std::atomic<pool_offset>* read_at_;  // the consumer's, on a line of its own
};

class slot {
 public:
  static constexpr std::uint32_t max_depth = 128;
#ifdef ARTHUR_NO_HEAP
  static constexpr std::uint32_t max_states = 2;
#else
  static constexpr std::uint32_t max_states = 8;
#endif
  enum state : std::uint8_t { unused, active, exited };
  static constexpr std::uint32_t lost_context = ~std::uint32_t{0};  // in place of a generation: one for which there was no room

  // Shared.
  std::atomic<std::uint8_t> status{unused};
  slot* registered_before = nullptr;  // set before the slot is published, never changed
  // Scopes that ended on other threads: their owner looks when the count isn't 0.
  std::atomic<std::uint32_t> foreign_ends{0};
  std::atomic<std::uint32_t> foreign_deep_ends{0};            // of entries beyond max_depth
  std::atomic<std::uint32_t> foreign_context_ends[8] = {};    // generations; 0 = empty

  // The thread's own.
  alignas(64) std::uint32_t depth = 0;  // entries of `open`; beyond max_depth they are only counted
  std::uint32_t last_generation = 0;
  arena memory;
  random_stream random;
  pooled_frame* context = nullptr;
  std::uint32_t lost_contexts = 0;  // open context scopes for which there was no room
  std::uint32_t woken_at = 0;  // memory.taken when this thread last woke the worker
  std::uint32_t uncharged = 0;       // spans recorded but not charged to the rate cap yet
  bool above_rate = false;           // the last charge found no room
  bool early = false;                // taken before there was a pool; `foreign_ends` stays raised as long
  bool reporting_exception = false;  // `exception` describes the one in flight
  char exception[256] = {};
  std::uint64_t committed_before = 0;  // when this thread took the slot
  own_counter opened, committed, unsampled, rate_limited, dropped_attributes;
  own_counter dropped[static_cast<std::size_t>(drop::count)];
  commit_queue queue;
  // The worker's own.
  record* pinned = nullptr;  // last record taken, kept because the queue continues in it
  std::uint64_t taken = 0;   // spans taken out of the queue
  frame open[max_depth];
  // The tracestate of each frame that is `joined`. Here rather than in the pool: without a runtime there is none.
  struct foreign_state {
    std::uint32_t generation = 0;  // the frame's; 0 = free
    std::uint32_t size = 0;
    char text[512];
  } states[max_states];

  /// Entries of `open` in use.
  std::uint32_t kept() const noexcept { return depth < max_depth ? depth : max_depth; }
  frame* top() noexcept { return depth == 0 ? nullptr : &open[kept() - 1]; }
  /// Null: none.
  foreign_state* state_of(std::uint32_t generation) noexcept {
    for (foreign_state& one : states) {
      if (one.generation == generation) return &one;
    }
    return nullptr;
  }
  void count_drop(drop why) noexcept { dropped[static_cast<std::size_t>(why)].add(); }
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Texts that many spans share, kept for the life of the process: appended without a lock, read by number.
/// Numbers start at 1; 0 means "none" or "no room".
class interned_texts {
 public:
#ifdef ARTHUR_NO_HEAP
  static constexpr std::uint32_t capacity = 256;
#else
  static constexpr std::uint32_t capacity = 2048;
#endif

  /// `entries`: capacity zeroed words; `bytes`: room for the texts.
  void attach(std::atomic<std::uint32_t>* entries, char* bytes, std::size_t size) noexcept {
    entries_ = entries;
    bytes_ = bytes;
    size_ = static_cast<std::uint32_t>(size);
    // 8, so that 0 stays "not yet".
    used_.store(8, std::memory_order_relaxed);
    count_.store(1, std::memory_order_relaxed);
  }

  /// Keeps a copy of what `fill(char*)` writes: exactly `size` bytes.
  template <class Fill>
  std::uint32_t add(std::size_t size, Fill&& fill) noexcept {
    const auto whole = static_cast<std::uint32_t>((size + 4 + 7) & ~std::size_t{7});
    if (size > 65535 || used_.load(std::memory_order_relaxed) > size_ - whole || whole > size_) return 0;
    const std::uint32_t at = used_.fetch_add(whole, std::memory_order_relaxed);
    if (at > size_ - whole) return 0;
    const std::uint32_t number = count_.load(std::memory_order_relaxed) < capacity
                                     ? count_.fetch_add(1, std::memory_order_relaxed)
                                     : capacity;
    if (number >= capacity) return 0;
    const auto length = static_cast<std::uint32_t>(size);
    std::memcpy(bytes_ + at, &length, 4);
    fill(bytes_ + at + 4);
    entries_[number].store(at, std::memory_order_release);  // pairs with the acquire in get()
    return number;
  }

  /// False while the entry is being written.
  bool get(std::uint32_t number, const char*& data, std::size_t& size) const noexcept {
    if (number == 0 || number >= capacity) return false;
    const std::uint32_t at = entries_[number].load(std::memory_order_acquire);
    if (at == 0) return false;
    std::uint32_t length = 0;
    std::memcpy(&length, bytes_ + at, 4);
    data = bytes_ + at + 4;
    size = length;
    return true;
  }
  std::uint32_t count() const noexcept {
    const std::uint32_t n = count_.load(std::memory_order_relaxed);
    return n < capacity ? n : capacity;
  }

 private:
  std::atomic<std::uint32_t>* entries_ = nullptr;
  char* bytes_ = nullptr;
  std::uint32_t size_ = 0;
  std::atomic<std::uint32_t> used_{8};
  std::atomic<std::uint32_t> count_{1};
};

/// A resource group as it is interned: the task id with a 2-byte length before it, then the service name.
inline void split_group(const char* data, std::size_t size, std::string_view& task, std::string_view& service) noexcept {
  const std::size_t first = static_cast<std::size_t>(static_cast<unsigned char>(data[0])) << 8 | static_cast<unsigned char>(data[1]);
  task = {data + 2, first};
  service = {data + 2 + first, size - 2 - first};
}

/// Immortal: constant-initialised and never destroyed, so spans in static constructors and destructors are safe.
struct recorder {
  std::atomic<bool> ready{false};  // the pool and the tables are there
  block_source source;
  span_clock clock;
  std::atomic<std::atomic<std::uint32_t>*> fork_word{nullptr};
  std::atomic<slot*> slots{nullptr};  // newest first, linked by registered_before; slots are recycled, never freed
  interned_texts sites;   // encoded code.* attributes
  interned_texts groups;  // see split_group()

  // Settings, written by start().
  std::atomic<std::uint64_t (*)()> user_random{nullptr};
  std::atomic<std::uint64_t> sample_below{~std::uint64_t{0}};  // a root is sampled if its random bits are not above
  std::atomic<bool> parent_based{true};   // a trace that began elsewhere is sampled as its flag says
  std::atomic<bool> trace_context{true};  // W3C headers are read and written
  std::atomic<std::uint32_t> hidden{0};                        // bit 1 << family: masked as it is set
  std::atomic<bool> code_location{true};
  std::atomic<std::uint32_t> max_attributes{40000};  // settings of one span's attributes; the worker knows which are new

  /// Ids are compared with it; they are never 0, so 0 samples nothing. 2^64 isn't a double's neighbour: 1 means all.
  void sample(double ratio) noexcept {
    sample_below.store(ratio >= 1.0 ? ~std::uint64_t{0} : static_cast<std::uint64_t>(ratio * 18446744073709549568.0), std::memory_order_relaxed);
  }

  rate_cap cap;

  // How a commit wakes the worker. `wake` is called when `wanted` isn't 0: the worker sleeps without a time limit.
  std::atomic<std::uint32_t> wanted{0};
  std::atomic<void (*)() noexcept> wake{nullptr};

  std::atomic<void (*)() noexcept> forked{nullptr};  // called in the child, once, before its first span

  // Spans of threads that have no slot: no memory for one, or the thread is past its end.
  std::atomic<std::uint64_t> slotless_opened{0};
  std::atomic<std::uint64_t> slotless_dropped{0};
  void count_slotless() noexcept {
    slotless_opened.fetch_add(1, std::memory_order_relaxed);
    slotless_dropped.fetch_add(1, std::memory_order_relaxed);
  }

  /// Reserves the pool once. False if the memory can't be had.
  bool prepare(std::size_t bytes) noexcept {
    if (ready.load(std::memory_order_acquire)) return true;
    constexpr std::size_t table_words = interned_texts::capacity * sizeof(std::atomic<std::uint32_t>);
    const std::size_t texts = bytes / 64 < (std::size_t{512} << 10) ? bytes / 64 : std::size_t{512} << 10;
    const std::size_t tables = (2 * (table_words + texts) + block::size) & ~(block::size - 1);
    if (bytes < tables + 8 * block::size) return false;
    char* const memory = static_cast<char*>(reserve_memory(bytes));
    if (memory == nullptr) return false;
    // Zeroed memory is a valid state of the words; placement new says so to the language.
    auto* const words = ::new (memory) std::atomic<std::uint32_t>[2 * interned_texts::capacity] {};
    sites.attach(words, memory + 2 * table_words, texts);
    groups.attach(words + interned_texts::capacity, memory + 2 * table_words + texts, texts);
    source.blocks.attach(memory + tables, bytes - tables);
    ready.store(true, std::memory_order_release);  // pairs with the acquire in acquire_slot()
    return true;
  }
};

ARTHUR_SHARED inline recorder the_recorder;

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// key_table.hpp: the key table as data: text, filter bits and family of each key.
#ifndef ARTHUR_OPENINFERENCE_KEY_TABLE_HPP
#define ARTHUR_OPENINFERENCE_KEY_TABLE_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

constexpr std::uint64_t key_word(const char* p, std::size_t size) noexcept {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) word |= std::uint64_t{static_cast<unsigned char>(p[i])} << (8 * i);
  return word;
}

/// Two bits of a 64-bit Bloom filter, from the length, the first and the last 8 bytes of a key: two keys that agree in
/// these only cost the worker a look.
constexpr std::uint64_t bloom_bits(std::uint64_t first, std::uint64_t last, std::size_t size) noexcept {
  std::uint64_t hash = (first ^ size) * 0x9e3779b97f4a7c15U;
  hash = (hash ^ (hash >> 29) ^ last) * 0xbf58476d1ce4e5b9U;
  return std::uint64_t{1} << (hash >> 58) | std::uint64_t{1} << (hash >> 52 & 63U);
}
constexpr std::uint64_t constant_key_bits(const char* key, std::size_t size) noexcept {
  return size < 8 ? bloom_bits(key_word(key, size), 0, size)
                  : bloom_bits(key_word(key, 8), key_word(key + size - 8, 8), size);
}
/// The same at run time.
inline std::uint64_t key_bits(const char* key, std::size_t size) noexcept {
  return size < 8 ? bloom_bits(key_word(key, size), 0, size)
                  : bloom_bits(wire::get_fixed64(key), wire::get_fixed64(key + size - 8), size);
}

struct key_info {
  /// A short attribute up to the length of its AnyValue, as it goes into the span; the second byte is its length.
  static constexpr std::size_t image_size = 40;

  std::string_view text;
  std::uint64_t bits;
  family hidden_by;
  char image[image_size];

  constexpr key_info() noexcept : text(), bits(0), hidden_by(family::none), image() {}
  constexpr key_info(std::string_view t, family f) noexcept
      : text(t), bits(constant_key_bits(t.data(), t.size())), hidden_by(f), image() {
    image[0] = static_cast<char>(wire::span_attributes);
    image[2] = static_cast<char>(wire::key_value_key);
    image[3] = static_cast<char>(t.size());
    for (std::size_t n = 0; n < t.size(); ++n) image[4 + n] = t[n];
    image[4 + t.size()] = static_cast<char>(wire::key_value_value);
  }
};

struct key_table {
  key_info entries[static_cast<std::size_t>(key::count)];
  constexpr key_table() noexcept : entries() {
#define ARTHUR_KEY_ENTRY(identifier, text, hidden_by) \
  entries[static_cast<std::size_t>(key::identifier)] = key_info(text, family::hidden_by);
    ARTHUR_SINGLE_KEYS(ARTHUR_KEY_ENTRY)
    ARTHUR_LIST_KEYS(ARTHUR_KEY_ENTRY)
    ARTHUR_PART_KEYS(ARTHUR_KEY_ENTRY)
#undef ARTHUR_KEY_ENTRY
  }
  constexpr const key_info& operator[](key k) const noexcept { return entries[static_cast<std::size_t>(k)]; }
};
inline constexpr key_table key_texts;

/// The exact upper-case values of `openinference.span.kind`, in the order of arthur::kind; the engine folds no case.
inline constexpr std::string_view kind_names[] = {"LLM",      "TOOL",      "AGENT",     "CHAIN",     "RETRIEVER",
                                                  "RERANKER", "EMBEDDING", "GUARDRAIL", "EVALUATOR", "PROMPT"};
constexpr std::size_t kind_count = sizeof kind_names / sizeof kind_names[0];

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// sequence.hpp: ranges as values: an OTLP array, or a JSON list of texts.
#ifndef ARTHUR_OPENINFERENCE_SEQUENCE_HPP
#define ARTHUR_OPENINFERENCE_SEQUENCE_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// OpenTelemetry: an unsigned integer that doesn't fit int64 becomes text.
class unsigned_text {
 public:
  explicit unsigned_text(std::uint64_t value) noexcept : at_(digits_ + sizeof digits_) {
    do {
      *--at_ = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
  }
  std::string_view view() const noexcept { return {at_, static_cast<std::size_t>(digits_ + sizeof digits_ - at_)}; }
  static bool needed(std::uint64_t value) noexcept { return value > static_cast<std::uint64_t>(INT64_MAX); }

 private:
  char digits_[20];
  char* at_;
};

/// Receives the elements of a range: first to measure, then to write an OTLP ArrayValue, or a JSON list of texts.
class sequence_sink {
 public:
  enum class mode { measure_array, write_array, measure_json, write_json };
  sequence_sink(mode m, writer* to) noexcept : mode_(m), to_(to) {}
  std::size_t size = 0;

  void text_element(std::string_view value) noexcept;
  void number_element(std::uint8_t tag, std::uint64_t bits) noexcept;
  /// A JSON string.
  void quoted(std::string_view value) noexcept;

 private:
  void piece(const char* data, std::size_t n) noexcept {
    size += n;
    if (to_ != nullptr) to_->append(data, n);
  }
  mode mode_;
  writer* to_;
};

inline void sequence_sink::text_element(std::string_view value) noexcept {
  if (mode_ == mode::measure_json || mode_ == mode::write_json) {
    piece(size == 0 ? "[" : ",", 1);
    return quoted(value);
  }
  char start[32];
  char* at = wire::put_byte(start, wire::array_values);
  at = wire::put_varint(at, text_any_size(value.size()));
  at = wire::put_byte(at, wire::any_string);
  at = wire::put_varint(at, value.size());
  piece(start, static_cast<std::size_t>(at - start));
  piece(value.data(), value.size());
}

inline void sequence_sink::number_element(std::uint8_t tag, std::uint64_t bits) noexcept {
  const bool fixed = tag == wire::any_double;
  char start[16];
  char* at = wire::put_byte(start, wire::array_values);
  at = wire::put_byte(at, static_cast<std::uint8_t>(1 + (fixed ? 8 : wire::varint_size(bits))));
  at = wire::put_byte(at, tag);
  at = fixed ? wire::put_fixed64(at, bits) : wire::put_varint(at, bits);
  piece(start, static_cast<std::size_t>(at - start));
}

inline void sequence_sink::quoted(std::string_view value) noexcept {
  piece("\"", 1);
  std::size_t plain = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto c = static_cast<unsigned char>(value[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    piece(value.data() + plain, i - plain);
    plain = i + 1;
    static constexpr char hex[] = "0123456789abcdef";
    const char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    piece(escape, 6);
  }
  piece(value.data() + plain, value.size() - plain);
  piece("\"", 1);
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

constexpr std::string_view redacted = "__REDACTED__";

/// A key put together from a list, a number and a part: "llm.input_messages.3.message.content".
class key_builder {
 public:
  key_builder() noexcept = default;
  key_builder(const key_builder& prefix, std::string_view list, std::uint32_t index) noexcept {
    if (prefix.size_ != 0) add({prefix.text_, prefix.size_});
    add(list);
    text_[size_++] = '.';
    char digits[10];
    std::size_t count = 0;
    do {
      digits[count++] = static_cast<char>('0' + index % 10);
      index /= 10;
    } while (index != 0);
    while (count != 0) text_[size_++] = digits[--count];
    text_[size_++] = '.';
  }

  std::size_t size() const noexcept { return size_; }
  /// The prefix, at the beginning of 64 bytes that may be copied; null when it is longer.
  const char* short_text() const noexcept { return size_ <= 64 ? text_ : nullptr; }

  /// The prefix with a part behind it; valid until the next call.
  std::string_view with(std::string_view part) noexcept {
    wire::put_bytes(text_ + size_, part.data(), part.size());
    return {text_, size_ + part.size()};
  }

 private:
  void add(std::string_view s) noexcept {
    wire::put_bytes(text_ + size_, s.data(), s.size());
    size_ += s.size();
  }
  // Two levels of our own keys at most (message and tool call), each under 30 bytes, and two numbers.
  char text_[160];
  std::size_t size_ = 0;
};

/// Writes items into a span (or into a context, which is a span without a record).
class item_writer {
 public:
  explicit item_writer(frame& f) noexcept : f_(f), hidden_(the_recorder.hidden.load(std::memory_order_relaxed)) {}

  void write(const item* items, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) write(items[i]);
  }
  void write(const item& i) noexcept;
  void text(key k, std::string_view value) noexcept {
    if (admit(k)) known_text(k, value);
  }
  /// Notes that a single key is there.
  ARTHUR_INLINE void note(key k) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(k);
    const std::uint64_t bits = key_texts[k].bits;
    if ((f_.single_keys & bit) != 0 || (f_.free_keys & bits) == bits) f_.flags |= record::may_repeat_keys;
    f_.single_keys |= bit;
    f_.all_keys |= bits;
  }

 private:
  friend class text_sink;

  /// Counts the attribute and notes its key. False: over the limit.
  bool admit(key k) noexcept {
    note(k);
    return admit();
  }
  bool admit_free(std::string_view k) noexcept {
    const std::uint64_t bits = key_bits(k.data(), k.size());
    if ((f_.all_keys & bits) == bits) f_.flags |= record::may_repeat_keys;
    f_.flags |= record::has_free_keys;
    f_.free_keys |= bits;
    f_.all_keys |= bits;
    return admit();
  }
  bool admit() noexcept {
    if (ARTHUR_UNLIKELY(f_.attributes >= the_recorder.max_attributes.load(std::memory_order_relaxed))) {
      ++f_.dropped_attributes;
      return false;
    }
    ++f_.attributes;
    return true;
  }
  bool hides(key k) const noexcept { return (hidden_ >> static_cast<unsigned>(key_texts[k].hidden_by) & 1U) != 0; }

  void value_text(std::string_view k, std::string_view value) noexcept {
    write_text(f_.bytes, wire::span_attributes, k.data(), k.size(), value.data(), value.size());
  }
  void value(std::string_view k, const item& i) noexcept;
  /// The value of a key from the table.
  void known_value(key k, const item& i) noexcept {
    if (i.value_type != item::type::text && i.value_type != item::type::json) return value(key_texts[k].text, i);
    known_text(k, {i.data, i.size});
  }
  void known_text(key k, std::string_view value) noexcept {
    char* const at = ARTHUR_LIKELY(value.size() < 80) ? begin_known(k, 2 + value.size()) : nullptr;
    if (ARTHUR_UNLIKELY(at == nullptr)) return value_text(key_texts[k].text, value);
    at[0] = static_cast<char>(wire::any_string);
    at[1] = static_cast<char>(value.size());
    wire::put_bytes(at + 2, value.data(), value.size());
  }
  void known_integer(key k, std::int64_t value) noexcept {
    const auto bits = static_cast<std::uint64_t>(value);
    char* const at = begin_known(k, 1 + wire::varint_size(bits));
    const std::string_view text = key_texts[k].text;
    if (ARTHUR_UNLIKELY(at == nullptr)) return write_integer(f_.bytes, wire::span_attributes, text.data(), text.size(), value);
    *at = static_cast<char>(wire::any_int);
    wire::put_varint(at + 1, bits);
  }
  /// Everything up to an AnyValue of `any` bytes, below 90: one copy of a fixed size. Null: take the general way.
  ARTHUR_INLINE char* begin_known(key k, std::size_t any) noexcept {
    const key_info& known = key_texts[k];
    const std::size_t size = known.text.size();
    char* const at = f_.bytes.reserve_with_margin(6 + size + any, key_info::image_size);
    if (ARTHUR_UNLIKELY(at == nullptr)) return nullptr;
    std::memcpy(at, known.image, key_info::image_size);
    at[1] = static_cast<char>(4 + size + any);
    at[5 + size] = static_cast<char>(any);
    return at + 6 + size;
  }
  void array(std::string_view k, const item& i) noexcept;
  void json_list(std::string_view k, const item& i) noexcept;
  void content(key k, key mime_type, const item& i, bool json) noexcept;
  void token_counts(std::int64_t prompt, std::int64_t completion) noexcept;
  void number(key k, double value) noexcept {
    if (admit(k)) write_number(f_.bytes, wire::span_attributes, key_texts[k].text.data(), key_texts[k].text.size(), value);
  }
  void element(key list, const item& parts) noexcept;
  void parts(key_builder& prefix, const item& parts) noexcept;
  bool part_text(const key_builder& prefix, key k, const item& i) noexcept;
  void tool(const item& parts) noexcept;
  key for_kind(key k) const noexcept;
  bool is(kind k) const noexcept { return f_.span_kind == static_cast<std::uint8_t>(k); }

  frame& f_;
  std::uint32_t hidden_;
};

/// Receives one text made on demand and writes it under its key.
class text_sink {
 public:
  text_sink(item_writer& to, std::string_view k) noexcept : to_(to), key_(k) {}
  void use(std::string_view value) noexcept { to_.value_text(key_, value); }

 private:
  item_writer& to_;
  std::string_view key_;
};

inline void item_writer::value(std::string_view k, const item& i) noexcept {
  switch (i.value_type) {
    case item::type::text:
    case item::type::json:
      return value_text(k, {i.data, i.size});
    case item::type::integer:
      return write_integer(f_.bytes, wire::span_attributes, k.data(), k.size(), i.integer);
    case item::type::unsigned_integer:
      if (unsigned_text::needed(i.unsigned_integer)) return value_text(k, unsigned_text(i.unsigned_integer).view());
      return write_integer(f_.bytes, wire::span_attributes, k.data(), k.size(), i.integer);
    case item::type::number:
      return write_number(f_.bytes, wire::span_attributes, k.data(), k.size(), i.number);
    case item::type::boolean:
      return write_boolean(f_.bytes, wire::span_attributes, k.data(), k.size(), i.boolean);
    case item::type::sequence:
      return array(k, i);
    case item::type::produced: {
      text_sink sink(*this, k);
      return i.produce(i.object, sink);
    }
    case item::type::parts:
      return;
  }
}

inline void item_writer::array(std::string_view k, const item& i) noexcept {
  sequence_sink measure(sequence_sink::mode::measure_array, nullptr);
  i.each(i.object, measure);
  const std::size_t any = 1 + wire::varint_size(measure.size) + measure.size;
  char* at = f_.bytes.reserve(attribute_size(k.size(), any) - measure.size);
  if (at == nullptr) return;
  at = put_attribute_start(at, wire::span_attributes, k.data(), k.size(), any);
  at = wire::put_byte(at, wire::any_array);
  wire::put_varint(at, measure.size);
  sequence_sink write(sequence_sink::mode::write_array, &f_.bytes);
  i.each(i.object, write);
  // A range that changed between the two passes would leave broken bytes: the worker finds and counts those.
}

inline void item_writer::json_list(std::string_view k, const item& i) noexcept {
  sequence_sink measure(sequence_sink::mode::measure_json, nullptr);
  i.each(i.object, measure);
  const bool none = measure.size == 0;
  const std::size_t size = none ? 2 : measure.size + 1;
  if (!write_text_start(f_.bytes, wire::span_attributes, k.data(), k.size(), size)) return;
  if (none) return f_.bytes.append("[]", 2);
  sequence_sink write(sequence_sink::mode::write_json, &f_.bytes);
  i.each(i.object, write);
  f_.bytes.append("]", 1);
}

inline void item_writer::content(key k, key mime_type, const item& i, bool json) noexcept {
  if (hides(k)) return text(k, redacted);
  if (admit(k)) {
    if (i.value_type == item::type::sequence) {
      json_list(key_texts[k].text, i);
    } else {
      value(key_texts[k].text, i);
    }
  }
  // Text is what the engine assumes; it is said only to replace an earlier "JSON".
  const bool said = (f_.single_keys >> static_cast<unsigned>(mime_type) & 1U) != 0;
  if (json || said) text(mime_type, json ? "application/json" : "text/plain");
}

inline void item_writer::token_counts(std::int64_t prompt, std::int64_t completion) noexcept {
  const key names[] = {key::llm_token_count_prompt, key::llm_token_count_completion, key::llm_token_count_total};
  // Unsigned addition: a total that overflows is nonsense already, but must not be undefined.
  const auto total = static_cast<std::int64_t>(static_cast<std::uint64_t>(prompt) + static_cast<std::uint64_t>(completion));
  const std::int64_t values[] = {prompt, completion, total};
  for (std::size_t n = 0; n < 3; ++n) {
    if (admit(names[n])) known_integer(names[n], values[n]);
  }
}

inline key item_writer::for_kind(key k) const noexcept {
  if (k != key::llm_model_name) return k;
  if (is(kind::embedding)) return key::embedding_model_name;
  if (is(kind::reranker)) return key::reranker_model_name;
  return k;
}

inline void item_writer::element(key list, const item& of) noexcept {
  if (hides(list)) return;
  std::uint32_t& next = f_.lists[static_cast<std::size_t>(list) - static_cast<std::size_t>(key::before_lists) - 1];
  key_builder prefix(key_builder(), key_texts[list].text, next++);
  parts(prefix, of);
}

/// A text whose key is put together in the span itself, by copies of fixed sizes. False: take the general way.
inline bool item_writer::part_text(const key_builder& prefix, key k, const item& i) noexcept {
  const key_info& part = key_texts[k];
  const char* const front = prefix.short_text();
  const std::size_t key_size = prefix.size() + part.text.size(), any = text_any_size(i.size);
  if (front == nullptr || i.value_type != item::type::text || i.size > writer::max_piece - 256) return false;
  static_assert(64 + key_info::image_size < 128, "the length of such a key is one byte");
  const std::size_t body = 3 + key_size + wire::varint_size(any) + any;
  char* at = f_.bytes.reserve_with_margin(1 + wire::varint_size(body) + body, 64 + key_info::image_size);
  if (at == nullptr) return false;
  at = wire::put_varint(wire::put_byte(at, wire::span_attributes), body);
  at = wire::put_byte(wire::put_byte(at, wire::key_value_key), static_cast<std::uint8_t>(key_size));
  std::memcpy(at, front, 64);
  std::memcpy(at + prefix.size(), part.image + 4, key_info::image_size - 4);
  at = wire::put_varint(at + key_size + 1, any);
  at = wire::put_varint(wire::put_byte(at, wire::any_string), i.size);
  wire::put_bytes(at, i.data, i.size);
  return true;
}

inline void item_writer::parts(key_builder& prefix, const item& of) noexcept {
  std::uint32_t calls = 0;
  for (std::size_t n = 0; n < of.size; ++n) {
    const item& part = of.parts[n];
    if (part.code == key::tool_call) {
      key_builder call(prefix, key_texts[key::message_tool_calls].text, calls++);
      parts(call, part);
      continue;
    }
    const key k = part.code == key::metadata ? key::document_metadata : part.code;
    if (k >= key::count) continue;
    if (!admit() || part_text(prefix, k, part)) continue;
    value(prefix.with(key_texts[k].text), part);
  }
}

inline void item_writer::tool(const item& of) noexcept {
  const item& name = of.parts[0];
  const item& description = of.parts[1];
  const item& schema = of.parts[2];
  if (!is(kind::llm)) {
    text(key::tool_name, {name.data, name.size});
    text(key::tool_description, {description.data, description.size});
    text(key::tool_parameters, {schema.data, schema.size});
    return;
  }
  // One JSON text, as the engine's UI reads it: {"type":"function","function":{name,description,parameters}}.
  std::uint32_t& next =
      f_.lists[static_cast<std::size_t>(key::llm_tools) - static_cast<std::size_t>(key::before_lists) - 1];
  key_builder prefix(key_builder(), key_texts[key::llm_tools].text, next++);
  if (!admit()) return;
  const std::string_view k = prefix.with(key_texts[key::tool_json_schema].text);
  const std::string_view parameters = schema.size == 0 ? std::string_view("{}") : std::string_view(schema.data, schema.size);
  constexpr std::string_view open = R"({"type":"function","function":{"name":)", middle = R"(,"description":)",
                             last = R"(,"parameters":)", close = "}}";
  const auto quoted = [](std::string_view s, writer* to) noexcept {
    sequence_sink sink(to == nullptr ? sequence_sink::mode::measure_json : sequence_sink::mode::write_json, to);
    sink.quoted(s);
    return sink.size;
  };
  const std::string_view name_text(name.data, name.size), description_text(description.data, description.size);
  const std::size_t size = open.size() + quoted(name_text, nullptr) + middle.size() + quoted(description_text, nullptr) +
                           last.size() + parameters.size() + close.size();
  if (!write_text_start(f_.bytes, wire::span_attributes, k.data(), k.size(), size)) return;
  f_.bytes.append(open.data(), open.size());
  quoted(name_text, &f_.bytes);
  f_.bytes.append(middle.data(), middle.size());
  quoted(description_text, &f_.bytes);
  f_.bytes.append(last.data(), last.size());
  f_.bytes.append(parameters.data(), parameters.size());
  f_.bytes.append(close.data(), close.size());
}

inline void item_writer::write(const item& i) noexcept {
  switch (i.code) {
    case key::free: {
      const std::string_view k(i.key_data, i.key_size < 1024 ? i.key_size : 1024);
      if (k.empty()) {
        ++f_.dropped_attributes;  // OpenTelemetry: keys are not empty
      } else if (admit_free(k)) {
        value(k, i);
      }
      return;
    }
    case key::input_value:
      return content(key::input_value, key::input_mime_type, i, false);
    case key::input_json:
      return content(key::input_value, key::input_mime_type, i, true);
    case key::output_value:
      return content(key::output_value, key::output_mime_type, i, false);
    case key::output_json:
      return content(key::output_value, key::output_mime_type, i, true);
    case key::token_counts:
      return token_counts(i.integer, i.second);
    case key::costs:
      number(key::llm_cost_prompt, i.number);
      number(key::llm_cost_completion, i.second_number);
      return number(key::llm_cost_total, i.number + i.second_number);
    case key::document:
      return element(is(kind::reranker) ? key::reranker_output_documents : key::retrieval_documents, i);
    case key::input_document:
      return element(key::reranker_input_documents, i);
    case key::llm_input_messages:
    case key::llm_output_messages:
    case key::embedding_embeddings:
      return element(i.code, i);
    case key::tool:
      return tool(i);
    default:
      break;
  }
  const key k = for_kind(i.code);
  if (k >= key::single_count) {
    // A part outside its list, e.g. score() beside document(): nothing reads it.
    ++f_.dropped_attributes;
    return;
  }
  if (admit(k)) known_value(k, i);
}

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

ARTHUR_LINKED void add_text(sequence_sink& sink, text_arg value) noexcept { sink.text_element({value.data, value.size}); }
ARTHUR_LINKED void add_integer(sequence_sink& sink, std::int64_t value) noexcept {
  sink.number_element(wire::any_int, static_cast<std::uint64_t>(value));
}
ARTHUR_LINKED void add_unsigned(sequence_sink& sink, std::uint64_t value) noexcept {
  if (unsigned_text::needed(value)) return sink.text_element(unsigned_text(value).view());
  sink.number_element(wire::any_int, value);
}
ARTHUR_LINKED void add_number(sequence_sink& sink, double value) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  sink.number_element(wire::any_double, bits);
}
ARTHUR_LINKED void add_boolean(sequence_sink& sink, bool value) noexcept { sink.number_element(wire::any_bool, value ? 1 : 0); }
ARTHUR_LINKED void use_text(text_sink& sink, text_arg value) noexcept { sink.use({value.data, value.size}); }

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// context_node.hpp: attributes prepared once and inherited by every span opened in a scope; spans without a scope.
#ifndef ARTHUR_RECORD_CONTEXT_NODE_HPP
#define ARTHUR_RECORD_CONTEXT_NODE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A frame that lies in the pool, at the beginning of a block of its own, with its bytes behind it and in as many further
/// blocks as they need. It holds a reference to its block, so it stays valid until release_pooled().
struct alignas(8) pooled_frame {  // 32-bit ABIs would be content with 4
  frame span;  // of a context: the collected bytes, key sets and group
  arena memory;
  pooled_frame* outer = nullptr;    // contexts: the enclosing scope's
  std::string_view trace_state;     // detached spans of a trace that came with one: behind this, in the same block
  const char* pool_base = nullptr;  // tells one of before a fork: its blocks belong to the parent process
};
static_assert(sizeof(pooled_frame) % 8 == 0 && sizeof(pooled_frame) < block::size / 4, "begins a block");

/// Begins a pooled frame whose bytes start with `prefix` bytes (a record). Null: no room.
inline pooled_frame* begin_pooled(std::size_t prefix, std::size_t room, char*& prefix_at) noexcept {
  block_source& source = the_recorder.source;
  block* const b = source.take();
  if (b == nullptr) return nullptr;
  auto* const made = ::new (b->begin()) pooled_frame{};
  made->pool_base = source.blocks.base();
  made->memory.current = b;
  made->memory.at = b->begin() + sizeof(pooled_frame);
  made->memory.end = b->end();
  made->memory.added = 1;  // the frame itself
  prefix_at = made->span.bytes.begin(source, made->memory, prefix, room);  // fits: the block is new
  return made;
}

/// Ends the frame's life; its bytes live on if they were published.
inline void release_pooled(pooled_frame* p) noexcept {
  pool& blocks = the_recorder.source.blocks;
  if (p->pool_base != blocks.base()) return;
  close_arena(blocks, p->memory);
  blocks.release(blocks.block_of(p), 1);
}

/// Takes a context out of its thread's chain, wherever it stands: inner ones hold copies of its bytes.
inline void pop_context(slot& s, pooled_frame* node) noexcept {
  if (s.context == node) {
    s.context = node->outer;
  } else {
    pooled_frame* p = s.context;
    while (p != nullptr && p->outer != node) p = p->outer;
    if (p == nullptr) return;
    p->outer = node->outer;
  }
  if (node->pool_base == the_recorder.source.blocks.base()) node->span.bytes.discard();
  release_pooled(node);
}

inline void pop_context(slot& s, std::uint32_t generation) noexcept {
  pooled_frame* node = s.context;
  while (node != nullptr && node->span.generation != generation) node = node->outer;
  if (node != nullptr) pop_context(s, node);
}

/// Lets a span, or an inner context, begin with what the context holds. Its own key sets are still empty.
inline void inherit(frame& f, const pooled_frame& from) noexcept {
  f.bytes.append_chain(from.span.bytes.first(), from.pool_base);
  f.single_keys = from.span.single_keys;
  f.all_keys = from.span.all_keys;
  f.free_keys = from.span.free_keys;
  f.flags |= from.span.flags;
  f.attributes = from.span.attributes;
  f.dropped_attributes += from.span.dropped_attributes;
  std::memcpy(f.lists, from.span.lists, sizeof f.lists);
  f.group = from.span.group;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// threads.hpp: which slot the calling thread has; its birth, its end, and what a fork leaves of it.
#ifndef ARTHUR_RECORD_THREADS_HPP
#define ARTHUR_RECORD_THREADS_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

// thread_end.hpp: has one function called when the calling thread ends, and tells afterwards that it did.
#ifndef ARTHUR_PLATFORM_THREAD_END_HPP
#define ARTHUR_PLATFORM_THREAD_END_HPP


#if defined(__MINGW32__) && defined(__GNUC__) && !defined(__clang__) && !defined(ARTHUR_NO_THREADS)
#include <pthread.h>
#define ARTHUR_EMULATED_THREAD_LOCAL 1
#else
#define ARTHUR_EMULATED_THREAD_LOCAL 0
#endif
#if defined(ARTHUR_NO_HEAP) && (defined(__unix__) || defined(__APPLE__))
#include <pthread.h>
#define ARTHUR_THREAD_END_BY_KEY 1
#else
#define ARTHUR_THREAD_END_BY_KEY 0
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

#if defined(ARTHUR_NO_THREADS)

template <void (*Function)(void*)>
void call_at_thread_end(void*) noexcept {}
inline bool thread_has_ended() noexcept { return false; }

#elif ARTHUR_EMULATED_THREAD_LOCAL

// On MinGW, GCC frees a thread's thread_local variables before their destructors run: a destructor would look at freed
// memory, and find every other variable back at its first value. A pthread key is handed its value wherever it stands in
// that order. Code that runs later on the thread seems to be on a fresh one, so there is a mark that Windows itself keeps.
inline DWORD end_mark() noexcept {
  static const DWORD index = ::TlsAlloc();
  return index;
}
/// Asked by a thread about to register: it did so before, and has lost its variables since.
inline bool thread_has_ended() noexcept { return ::TlsGetValue(end_mark()) != nullptr; }

/// Has `function(value)` called when this thread ends (not by the end of the process). Once per thread.
template <void (*Function)(void*)>
void call_at_thread_end(void* value) noexcept {
  struct end_key {
    pthread_key_t number;
    bool made;
  };
  static const end_key key = [] {
    end_key made{};
    made.made = end_mark() != TLS_OUT_OF_INDEXES && ::pthread_key_create(&made.number, Function) == 0;
    return made;
  }();
  if (key.made && ::pthread_setspecific(key.number, value) == 0) ::TlsSetValue(end_mark(), value);
}

#elif ARTHUR_THREAD_END_BY_KEY

// A thread_local destructor makes the C library take memory; a key doesn't.
ARTHUR_SHARED inline thread_local bool thread_ended = false;
inline bool thread_has_ended() noexcept { return thread_ended; }

/// Has `function(value)` called when this thread ends. A later call replaces the value.
template <void (*Function)(void*)>
void call_at_thread_end(void* value) noexcept {
  static pthread_key_t key;
  static const bool made = ::pthread_key_create(&key, [](void* v) {
                             thread_ended = true;
                             Function(v);
                           }) == 0;
  if (made) static_cast<void>(::pthread_setspecific(key, value));
}

#else

ARTHUR_SHARED inline thread_local bool thread_ended = false;
struct thread_sentinel {
  void (*function)(void*) = nullptr;
  void* value = nullptr;
  ~thread_sentinel() {
    thread_ended = true;
    if (function != nullptr) function(value);
  }
};
ARTHUR_SHARED inline thread_local thread_sentinel sentinel;
inline bool thread_has_ended() noexcept { return thread_ended; }

/// Has `function(value)` called when this thread ends. Once per thread.
template <void (*Function)(void*)>
void call_at_thread_end(void* value) noexcept {
  sentinel.function = Function;  // the first use registers the destructor
  sentinel.value = value;
}

#endif

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

ARTHUR_SHARED inline ARTHUR_THREAD_LOCAL slot* this_slot = nullptr;
/// The worker never traces itself.
ARTHUR_SHARED inline ARTHUR_THREAD_LOCAL bool thread_is_quiet = false;

/// Lets go of the span that an activation stands for. (One of before a fork belongs to the parent process.)
inline void release_target(const frame& activation) noexcept {
  pool& blocks = the_recorder.source.blocks;
  if (blocks.owns(activation.target)) blocks.release(blocks.block_of(activation.target), 1);
}

/// Drops what a frame holds.
inline void drop_frame(slot& s, frame& f, drop why) noexcept {
  if (f.is(frame::recording)) {
    f.bytes.discard();
    s.count_drop(why);
  } else if (f.is(frame::activated)) {
    release_target(f);
  } else if (f.is(frame::joined)) {
    if (slot::foreign_state* const state = s.state_of(f.generation)) state->generation = 0;
  }
}

/// Gives a slot back when its thread ends: open spans and contexts are dropped, committed spans stay for the worker.
inline void retire_slot(slot& s) noexcept {
  while (s.context != nullptr) pop_context(s, s.context);
  for (std::uint32_t n = s.kept(); n != 0; --n) {
    drop_frame(s, s.open[n - 1], drop::thread_exit);
    s.open[n - 1].become(frame::closed);
  }
  s.depth = 0;
  s.lost_contexts = 0;
  close_arena(the_recorder.source.blocks, s.memory);
  // A slot from which the worker has nothing to take needs no worker to become free: there may be none.
  // Release: the worker, or the thread that takes the slot over, sees all of the above.
  s.status.store(s.committed.get() == s.committed_before ? slot::unused : slot::exited, std::memory_order_release);
}

inline void end_thread(void* own) noexcept {
  this_slot = nullptr;
  retire_slot(*static_cast<slot*>(own));
}

inline slot* allocate_slot() noexcept {
#ifdef ARTHUR_NO_HEAP
#ifdef ARTHUR_NO_THREADS
  constexpr std::size_t count = 1;
#else
  constexpr std::size_t count = 16;
#endif
  alignas(slot) static unsigned char memory[count][sizeof(slot)];
  static std::atomic<std::size_t> next{0};
  const std::size_t n = next.load(std::memory_order_relaxed) < count ? next.fetch_add(1, std::memory_order_relaxed) : count;
  return n < count ? ::new (static_cast<void*>(memory[n])) slot : nullptr;
#else
  // Aligned by hand: aligned operator new throws, and std::aligned_alloc isn't everywhere. Slots are never freed.
  const auto raw = reinterpret_cast<std::uintptr_t>(std::malloc(sizeof(slot) + alignof(slot)));
  if (raw == 0) return nullptr;
  const std::uintptr_t aligned = (raw + alignof(slot) - 1) & ~static_cast<std::uintptr_t>(alignof(slot) - 1);
  return ::new (reinterpret_cast<void*>(aligned)) slot;
#endif
}

/// The calling thread's slot, taken over or made. Null: no memory, or the thread may not record. `early`: even if there
/// is no pool yet.
ARTHUR_COLD inline slot* acquire_slot(bool early = false) noexcept {
  if (thread_is_quiet || thread_has_ended() || !(the_recorder.ready.load(std::memory_order_acquire) || early)) return nullptr;
  slot* found = nullptr;
  for (slot* s = the_recorder.slots.load(std::memory_order_acquire); s != nullptr; s = s->registered_before) {
    std::uint8_t expected = slot::unused;
    // Acquire pairs with the worker's release when it marked the slot unused.
    if (s->status.compare_exchange_strong(expected, slot::active, std::memory_order_acquire)) {
      found = s;
      break;
    }
  }
  if (found == nullptr) {
    found = allocate_slot();
    if (found == nullptr) return nullptr;
    found->status.store(slot::active, std::memory_order_relaxed);
    found->registered_before = the_recorder.slots.load(std::memory_order_relaxed);
    // Release: the worker that finds the slot sees it complete.
    while (!the_recorder.slots.compare_exchange_weak(found->registered_before, found, std::memory_order_release,
                                                     std::memory_order_relaxed)) {
    }
  }
  found->random.seed();
  found->committed_before = found->committed.get();
  found->early = !the_recorder.ready.load(std::memory_order_acquire);
  if (found->early) found->foreign_ends.store(1, std::memory_order_relaxed);
  this_slot = found;
  call_at_thread_end<end_thread>(found);
  return found;
}

/// Whether the caller is the thread that a forked process began with.
inline bool is_first_thread() noexcept {
#if defined(__linux__)
  return ::syscall(SYS_gettid) == ::getpid();
#else
  return false;
#endif
}

/// A thread does what follows a fork.
ARTHUR_SHARED inline std::atomic<std::uint32_t> after_fork_busy{0};

/// In a child of fork(): the parent sends what it had recorded, so the child begins with an empty pool and new ids. Spans
/// that were open stay as parents of the child's spans, but are not sent a second time.
ARTHUR_COLD inline void after_fork() noexcept {
  recorder& r = the_recorder;
  auto* const word = r.fork_word.load(std::memory_order_relaxed);
  std::uint32_t expected = 0;
  // The child may have threads by now; one of them does the work, the others must not record meanwhile.
  if (!after_fork_busy.compare_exchange_strong(expected, 1, std::memory_order_acquire)) {
    while (word->load(std::memory_order_acquire) == 0) {
    }
    return;
  }
  if (word->load(std::memory_order_relaxed) == 0) {
    // The old pool stays mapped: contexts live in it, and untouched pages of it cost nothing.
    const std::size_t size = r.source.blocks.capacity();
    void* const memory = size == 0 ? nullptr : reserve_memory(size);  // 0: not started yet
    if (memory == nullptr) r.source.blocks.wipe();
    r.source.blocks.attach(memory != nullptr ? memory : r.source.blocks.base(), size);
    for (slot* s = r.slots.load(std::memory_order_acquire); s != nullptr; s = s->registered_before) {
      // The account begins anew, with the spans that were open.
      s->opened.reset();
      s->committed.reset();
      s->unsampled.reset();
      s->rate_limited.reset();
      s->dropped_attributes.reset();
      for (own_counter& c : s->dropped) c.reset();
      s->taken = s->committed_before = 0;
      for (std::uint32_t n = s->kept(); n != 0; --n) {
        frame& f = s->open[n - 1];
        if (f.is(frame::recording)) {
          s->opened.add();
          s->count_drop(drop::fork);
        }
        // Also activations: the span they stand for is the parent's.
        if (!f.is(frame::closed) && !f.is(frame::joined)) f.become(frame::silent);
      }
      s->memory = arena{};
      s->woken_at = 0;
      if (memory == nullptr) s->context = nullptr;  // it lay in the pool that begins anew
      s->queue.reset();
      s->pinned = nullptr;
      s->random.seed();
      // Threads other than the one that forked don't exist here. Another thread than that one can't tell which slot is
      // the living one's, so it leaves the others alone.
      const std::uint8_t status = s->status.load(std::memory_order_relaxed);
      if (s != this_slot && (status == slot::exited || (status == slot::active && is_first_thread()))) {
        s->depth = 0;
        s->lost_contexts = 0;
        s->context = nullptr;
        for (slot::foreign_state& state : s->states) state.generation = 0;
        s->status.store(slot::unused, std::memory_order_relaxed);
      }
    }
    if (const auto child = r.forked.load(std::memory_order_relaxed)) child();
    word->store(1, std::memory_order_release);
  }
  after_fork_busy.store(0, std::memory_order_release);
}

inline bool was_forked() noexcept {
  // Acquire pairs with the release of whoever made the word: the 1 in it is seen. (A plain load on x86.)
  const auto* const word = the_recorder.fork_word.load(std::memory_order_acquire);
  return word != nullptr && word->load(std::memory_order_relaxed) == 0;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// recording.hpp: the life of an open span: begun, filled, committed or dropped.
#ifndef ARTHUR_RECORDING_HPP
#define ARTHUR_RECORDING_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string_view>

// events.hpp: events and the status message of an open span as OTLP bytes.
#ifndef ARTHUR_EVENTS_HPP
#define ARTHUR_EVENTS_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline void write_status_message(frame& f, std::string_view message) noexcept {
  // The engine's error panel needs a message, and null characters don't reach it.
  if (message.find_first_not_of('\0') == std::string_view::npos) message = "unspecified error";
  char start[24];
  char* at = wire::put_byte(start, wire::span_status);
  at = wire::put_varint(at, 1 + wire::varint_size(message.size()) + message.size());
  at = wire::put_byte(at, wire::status_message);
  at = wire::put_varint(at, message.size());
  f.bytes.append(start, static_cast<std::size_t>(at - start));
  f.bytes.append(message.data(), message.size());
  f.result = span_status::error;
}

/// Size of a KeyValue field inside an event; 0: not one of attribute() with a plain value, left out.
inline std::size_t event_attribute_size(const item& i) noexcept {
  if (i.code != key::free || i.key_size == 0) return 0;
  const std::size_t k = i.key_size < 1024 ? i.key_size : 1024;
  switch (i.value_type) {
    case item::type::text:
    case item::type::json:
      return attribute_size(k, text_any_size(i.size));
    case item::type::unsigned_integer:
      if (unsigned_text::needed(i.unsigned_integer)) {
        return attribute_size(k, text_any_size(unsigned_text(i.unsigned_integer).view().size()));
      }
      return attribute_size(k, 1 + wire::varint_size(i.unsigned_integer));
    case item::type::integer:
      return attribute_size(k, 1 + wire::varint_size(i.unsigned_integer));
    case item::type::number:
      return attribute_size(k, 9);
    case item::type::boolean:
      return attribute_size(k, 2);
    default:
      return 0;
  }
}

inline void write_event_attribute(writer& to, const item& i) noexcept {
  const std::size_t k = i.key_size < 1024 ? i.key_size : 1024;
  switch (i.value_type) {
    case item::type::unsigned_integer:
      if (unsigned_text::needed(i.unsigned_integer)) {
        const unsigned_text digits(i.unsigned_integer);
        return write_text(to, wire::event_attributes, i.key_data, k, digits.view().data(), digits.view().size());
      }
      return write_integer(to, wire::event_attributes, i.key_data, k, i.integer);
    case item::type::integer:
      return write_integer(to, wire::event_attributes, i.key_data, k, i.integer);
    case item::type::number:
      return write_number(to, wire::event_attributes, i.key_data, k, i.number);
    case item::type::boolean:
      return write_boolean(to, wire::event_attributes, i.key_data, k, i.boolean);
    default:
      return write_text(to, wire::event_attributes, i.key_data, k, i.data, i.size);
  }
}

/// The length of an event stands before it, so its attributes are measured first.
inline void write_event(frame& f, std::string_view name, const item* items, std::size_t count) noexcept {
  std::size_t size = 9 + 1 + wire::varint_size(name.size()) + name.size();
  for (std::size_t n = 0; n < count; ++n) size += event_attribute_size(items[n]);
  char start[32];
  char* at = wire::put_byte(start, wire::span_events);
  at = wire::put_varint(at, size);
  at = wire::put_byte(at, wire::event_time);
  at = wire::put_fixed64(at, the_recorder.clock.now());
  at = wire::put_byte(at, wire::event_name);
  at = wire::put_varint(at, name.size());
  f.bytes.append(start, static_cast<std::size_t>(at - start));
  f.bytes.append(name.data(), name.size());
  for (std::size_t n = 0; n < count; ++n) {
    if (event_attribute_size(items[n]) != 0) {
      write_event_attribute(f.bytes, items[n]);
    } else {
      ++f.dropped_attributes;
    }
  }
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// origin.hpp: what a trace brings from where it began: the bits that samplers compare, and its tracestate.
#ifndef ARTHUR_RECORD_ORIGIN_HPP
#define ARTHUR_RECORD_ORIGIN_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>


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

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline int exceptions_in_flight() noexcept {
#if ARTHUR_HAS_EXCEPTIONS
  return std::uncaught_exceptions();
#else
  return 0;
#endif
}

inline std::uint64_t random_bits(slot& s) noexcept {
  const auto user = the_recorder.user_random.load(std::memory_order_relaxed);
  return ARTHUR_UNLIKELY(user != nullptr) ? user() : s.random.next();
}

/// Never 0: zero ids are invalid.
inline void put_random(unsigned char* to, slot& s) noexcept {
  std::uint64_t bits = random_bits(s);
  if (ARTHUR_UNLIKELY(bits == 0)) bits = 1;
  std::memcpy(to, &bits, 8);
}

/// The code.* attributes of a call site, encoded once.
ARTHUR_COLD inline std::uint32_t register_site(call_site& site) noexcept {
  const std::string_view function(site.function), file(site.file);
  const auto text_size = [](key k, std::string_view v) { return attribute_size(key_texts[k].text.size(), text_any_size(v.size())); };
  const std::size_t line_any = 1 + wire::varint_size(site.line);
  const std::size_t size = text_size(key::code_function_name, function) + text_size(key::code_file_path, file) +
                           attribute_size(key_texts[key::code_line_number].text.size(), line_any);
  const std::uint32_t id = the_recorder.sites.add(size, [&](char* at) {
    const auto put = [&at](key k, std::string_view v) {
      at = put_attribute_start(at, wire::span_attributes, key_texts[k].text.data(), key_texts[k].text.size(), text_any_size(v.size()));
      at = wire::put_byte(at, wire::any_string);
      at = wire::put_varint(at, v.size());
      at = wire::put_bytes(at, v.data(), v.size());
    };
    put(key::code_function_name, function);
    put(key::code_file_path, file);
    const std::string_view k = key_texts[key::code_line_number].text;
    at = put_attribute_start(at, wire::span_attributes, k.data(), k.size(), line_any);
    at = wire::put_byte(at, wire::any_int);
    wire::put_varint(at, site.line);
  });
  // Two threads may register the same site at once: the later id wins, the other stays unused.
  site.id.store(id, std::memory_order_relaxed);
  return id;
}

/// Ids, sampling, kind: everything of a new frame but its bytes.
inline void begin_frame(slot& s, frame& f, kind k, const frame* parent) noexcept {
  f.span_kind = static_cast<std::uint8_t>(k);
  f.result = span_status::unset;
  f.generation = ++s.last_generation;
  f.exceptions = exceptions_in_flight();
  if (f.exceptions == 0) s.reporting_exception = false;  // it was caught
  f.group = 0;
  f.site = 0;
  f.attributes = f.dropped_attributes = 0;
  std::memset(f.lists, 0, sizeof f.lists);
  f.single_keys = f.all_keys = f.free_keys = 0;
  f.target = nullptr;
  f.place = nullptr;
  if (parent != nullptr) {
    std::memcpy(f.ids.trace, parent->ids.trace, 16);
    std::memcpy(f.ids.parent, parent->ids.span, 8);
    f.ids.has_parent = true;
    f.trace_flags = parent->trace_flags & frame::inherited;
    f.flags = parent->trace_flags & frame::names_remote;
  } else {
    f.ids.has_parent = false;
    put_random(f.ids.trace, s);
    put_random(f.ids.trace + 8, s);
    const bool sampled = sampling_bits(f.ids.trace) <= the_recorder.sample_below.load(std::memory_order_relaxed);
    f.trace_flags = static_cast<std::uint16_t>(frame::random | (sampled ? frame::sampled : 0));
    f.flags = record::root;
  }
  put_random(f.ids.span, s);
}

/// The first bytes of a record, as the writer lays them out before the first segment.
constexpr std::size_t record_prefix = sizeof(record) - sizeof(segment);
/// Room that makes the beginning of any span with a short name one piece: head, kind, name.
constexpr std::size_t opening_room = head::size + 48 + 2 + 128;

/// `openinference.span.kind` as it stands in the record, for each kind.
struct encoded_kinds {
  static constexpr std::size_t room = 48;
  struct entry {
    char bytes[room] = {};
    std::size_t size = 0;
  } entries[kind_count];

  constexpr encoded_kinds() noexcept : entries() {
    for (std::size_t k = 0; k < kind_count; ++k) {
      const std::string_view name = key_texts[key::span_kind].text, value = kind_names[k];
      entry& e = entries[k];
      const auto put = [&e](std::size_t byte) { e.bytes[e.size++] = static_cast<char>(byte); };
      put(wire::span_attributes);
      put(2 + name.size() + 2 + 2 + value.size());  // every length is below 128: one byte
      put(wire::key_value_key);
      put(name.size());
      for (const char c : name) e.bytes[e.size++] = c;
      put(wire::key_value_value);
      put(2 + value.size());
      put(wire::any_string);
      put(value.size());
      for (const char c : value) e.bytes[e.size++] = c;
    }
  }
};
inline constexpr encoded_kinds kind_attributes;

/// Head, name, kind, inherited attributes. `at`: where the record begins.
inline void begin_bytes(slot& s, frame& f, char* at, std::string_view name) noexcept {
  f.place = std::launder(reinterpret_cast<record*>(at));
  const encoded_kinds::entry& kind_bytes = kind_attributes.entries[f.span_kind];
  const bool is_short = name.size() < 128;
  char* p = f.bytes.reserve(head::size + kind_bytes.size + (is_short ? 2 + name.size() : 0));
  if (ARTHUR_UNLIKELY(p == nullptr)) return;
  p = wire::put_bytes(p + head::size, kind_bytes.bytes, kind_bytes.size);
  if (ARTHUR_LIKELY(is_short)) {
    p = wire::put_byte(p, wire::span_name);
    p = wire::put_byte(p, static_cast<std::uint8_t>(name.size()));
    wire::put_bytes(p, name.data(), name.size());
  } else {
    char start[12];
    p = wire::put_byte(start, wire::span_name);
    p = wire::put_varint(p, name.size());
    f.bytes.append(start, static_cast<std::size_t>(p - start));
    f.bytes.append(name.data(), name.size());
  }
  if (ARTHUR_UNLIKELY((f.trace_flags & frame::has_state) != 0)) write_trace_state(f, trace_state_of(s, f));
  if (s.context != nullptr) inherit(f, *s.context);
  item_writer to(f);
  to.note(key::span_kind);
  if (f.span_kind == static_cast<std::uint8_t>(kind::tool)) to.text(key::tool_name, name);
}

inline void wake_worker() noexcept {
  if (const auto wake = the_recorder.wake.load(std::memory_order_relaxed)) wake();
}

/// Hands a finished frame to the worker.
inline void commit(slot& s, frame& f) noexcept {
  recorder& r = the_recorder;
  std::uint64_t end = r.clock.now();
  if (ARTHUR_UNLIKELY(end < f.start)) end = f.start;  // the wall clock was set back
  if (f.result == span_status::unset) f.result = span_status::ok;
  if (ARTHUR_UNLIKELY(f.dropped_attributes != 0)) {
    s.dropped_attributes.add(f.dropped_attributes);
    if (char* at = f.bytes.reserve(6)) {
      at = wire::put_byte(at, wire::span_dropped_attributes);
      // Five bytes whatever the value, so that the reserved piece is exactly used.
      for (int n = 0; n < 4; ++n) at = wire::put_byte(at, static_cast<std::uint8_t>((f.dropped_attributes >> (7 * n) & 0x7fU) | 0x80U));
      wire::put_byte(at, static_cast<std::uint8_t>(f.dropped_attributes >> 28));
    }
  }
  if (ARTHUR_UNLIKELY(f.bytes.failed())) {
    f.bytes.discard();
    s.count_drop(drop::pool_full);
    return;
  }
  const segment first = *f.bytes.first();  // the record is made over it
  record* const place = ::new (static_cast<void*>(f.place)) record{{0}, f.group, f.site, f.flags, first};
  f.bytes.finish();
  static_assert(record::remote_parent << 6 == head::remote, "one flag becomes the other");
  const std::uint32_t flags = head::remote_known | (f.flags & record::remote_parent) << 6 | (f.trace_flags & head::w3c);
  write_head(place->first.content(), f.ids, f.start, end, flags, f.result);
  s.queue.push(r.source.blocks, place);
  s.committed.add();
  if (ARTHUR_UNLIKELY(r.wanted.load(std::memory_order_relaxed) != 0)) {
    wake_worker();
  } else if (ARTHUR_UNLIKELY(s.memory.taken - s.woken_at >= 32)) {
    s.woken_at = s.memory.taken;
    wake_worker();
  }
}

/// After writing: a span that lost bytes is dropped at once, so that its memory is free for others.
inline void settle(slot& s, frame& f) noexcept {
  if (ARTHUR_UNLIKELY(f.bytes.failed())) {
    f.bytes.discard();
    s.count_drop(drop::pool_full);
    f.become(frame::silent);
  }
}

inline void write_items(slot& s, frame& f, const item* items, std::size_t count) noexcept {
  item_writer(f).write(items, count);
  settle(s, f);
}

/// Takes closed entries off the stack.
inline void pop_closed(slot& s) noexcept {
  while (s.depth != 0 && s.depth <= slot::max_depth && s.open[s.depth - 1].is(frame::closed)) --s.depth;
}

/// Scopes of this thread that ended on another one: nobody will end them any more.
ARTHUR_COLD inline void collect_foreign_ends(slot& s) noexcept {
  // Acquire pairs with the release in start(), whose pool and tables a slot that was taken before it hasn't seen.
  if (s.early && recording_enabled.load(std::memory_order_acquire) != 0) s.early = false;
  s.foreign_ends.store(s.early ? 1 : 0, std::memory_order_relaxed);
  for (std::uint32_t deep = s.foreign_deep_ends.exchange(0, std::memory_order_relaxed);
       deep != 0 && s.depth > slot::max_depth; --deep) {
    --s.depth;
  }
  for (std::uint32_t n = s.kept(); n != 0; --n) {
    frame& f = s.open[n - 1];
    // Acquire pairs with the release of the thread that ended the scope.
    if (f.is(frame::closed) || f.ended_elsewhere.load(std::memory_order_acquire) != f.generation) continue;
    drop_frame(s, f, drop::scope_misuse);
    f.become(frame::closed);
  }
  for (auto& mail : s.foreign_context_ends) {
    const std::uint32_t generation = mail.exchange(0, std::memory_order_acquire);
    if (generation == slot::lost_context && s.lost_contexts != 0) --s.lost_contexts;
    else if (generation != 0) pop_context(s, generation);
  }
  pop_closed(s);
}

ARTHUR_COLD inline void end_on_foreign_thread(const scope_handle& handle) noexcept {
  slot& owner = *handle.owner;
  // Release: what this thread did inside the scope happened before its owner drops it.
  if (handle.index < slot::max_depth) {
    owner.open[handle.index].ended_elsewhere.store(handle.generation, std::memory_order_release);
  } else {
    owner.foreign_deep_ends.fetch_add(1, std::memory_order_relaxed);
  }
  owner.foreign_ends.fetch_add(1, std::memory_order_relaxed);
}

/// Ends a handle's claim. Its slot, if that is the calling thread's; else null, and the owner is told.
inline slot* leave(scope_handle& handle) noexcept {
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  slot* const own = handle.owner == this_slot ? handle.owner : nullptr;
  if (ARTHUR_UNLIKELY(own == nullptr)) end_on_foreign_thread(handle);
  handle.owner = nullptr;
  return own;
}

/// A context has no place of its own in the slot: its end is left in one of a few boxes. With all of them full it stays
/// until its thread ends.
ARTHUR_COLD inline void end_context_on_foreign_thread(slot& owner, std::uint32_t generation) noexcept {
  for (auto& mail : owner.foreign_context_ends) {
    std::uint32_t empty = 0;
    if (mail.compare_exchange_strong(empty, generation, std::memory_order_release, std::memory_order_relaxed)) break;
  }
  owner.foreign_ends.fetch_add(1, std::memory_order_relaxed);
}

/// The slot, ready to record; null if this thread can't.
inline slot* ready_slot() noexcept {
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();  // before a slot is taken: it would be taken away again
  slot* s = this_slot;
  if (ARTHUR_UNLIKELY(s == nullptr)) {
    s = acquire_slot();
    if (s == nullptr) return nullptr;
  }
  if (ARTHUR_UNLIKELY(s->foreign_ends.load(std::memory_order_relaxed) != 0)) collect_foreign_ends(*s);
  return s;
}

/// Pops an entry, and those below it that ended out of order before.
inline void pop_frame(slot& s, std::uint32_t index) noexcept {
  s.open[index].become(frame::closed);
  pop_closed(s);
}

/// Ends a frame of this thread's stack.
inline void end_frame(slot& s, frame& f, std::uint32_t index) noexcept {
  const bool thrown = exceptions_in_flight() > f.exceptions;
  if (f.is(frame::recording)) {
    if (thrown && f.result != span_status::error) {
      write_status_message(f, s.reporting_exception ? std::string_view(s.exception) : "exception left the scope");
    }
    commit(s, f);
  }
  if (!thrown) s.reporting_exception = false;
  pop_frame(s, index);
}

/// The frame a scope handle means; null when it ended before, or belongs to another thread.
inline frame* frame_of(const scope_handle& h) noexcept {
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  if (h.owner == nullptr || h.owner != this_slot || h.index >= slot::max_depth) return nullptr;
  frame& f = h.owner->open[h.index];
  return f.generation == h.generation && f.is(frame::recording) ? &f : nullptr;
}

/// What ARTHUR_SET and its like act on: the innermost span of the thread, through an activation if it is one.
inline frame* current_frame() noexcept {
  slot* const s = this_slot;
  if (s == nullptr || s->depth == 0 || s->depth > slot::max_depth) return nullptr;
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  frame* f = &s->open[s->depth - 1];
  if (f->is(frame::activated)) f = f->target;
  return f->is(frame::recording) ? f : nullptr;
}

inline void hex(char* to, const unsigned char* from, std::size_t size) noexcept {
  static constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < size; ++i) {
    *to++ = digits[from[i] >> 4];
    *to++ = digits[from[i] & 15];
  }
  *to = 0;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// restraint.hpp: which new spans are left out while the runtime runs: in a pause, above the rate cap, or without room.
#ifndef ARTHUR_RESTRAINT_HPP
#define ARTHUR_RESTRAINT_HPP

#include <atomic>
#include <cstdint>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Paused, with nothing open on this thread that a span could get between: it needs no entry, and costs as much as "off".
ARTHUR_INLINE bool left_out_whole() noexcept {
  return ARTHUR_UNLIKELY((recording_enabled.load(std::memory_order_relaxed) & recording_mode::paused) != 0) &&
         (this_slot == nullptr || this_slot->depth == 0);
}

/// Whether opening a span takes a second look.
ARTHUR_INLINE bool is_restrained() noexcept { return recording_enabled.load(std::memory_order_relaxed) > recording_mode::on; }

/// Sets or takes away a bit of recording_enabled while it runs, so that a stop in between isn't undone.
inline void switch_recording(std::uint32_t bit, bool to) noexcept {
  std::uint32_t mode = recording_enabled.load(std::memory_order_relaxed);
  while (mode != 0 && !recording_enabled.compare_exchange_weak(mode, to ? mode | bit : mode & ~bit, std::memory_order_relaxed)) {
  }
}

/// block_source::hold_traces: from now on traces look for room before they begin, and what waits goes out at once.
inline void hold_traces(bool newly) noexcept {
  if ((recording_enabled.load(std::memory_order_relaxed) & recording_mode::crowded) == 0) switch_recording(recording_mode::crowded, true);
  if (newly) wake_worker();
}

/// Whether the pool has room for a trace more; with overflow::block waits for it. The bit only says that it is worth a
/// look, so one that is set late, after the pool was drained, does no harm.
inline bool trace_has_room() noexcept {
  const block_source& source = the_recorder.source;
  const auto wait = source.wait_for_room.load(std::memory_order_relaxed);
  for (std::uint32_t attempt = 0; source.blocks.nearly_full(); ++attempt) {
    const bool paused = (recording_enabled.load(std::memory_order_relaxed) & recording_mode::paused) != 0;
    if (paused || wait == nullptr || !wait(attempt)) return false;
  }
  if (source.blocks.is_roomy()) switch_recording(recording_mode::crowded, false);
  return true;
}

/// Whether the rate cap has room. A trace begins only without debt. Its further spans are always taken, in debt, so that
/// it stays whole, unless the debt is so large that it must be a loop.
inline bool within_rate(slot& s, bool root) noexcept {
  rate_cap& cap = the_recorder.cap;
  if (!root && !s.above_rate && s.uncharged < cap.uncharged()) {
    ++s.uncharged;
    return true;
  }
  const bool room = cap.take(s.uncharged, the_recorder.clock.now(), root ? 0 : rate_cap::most_owed);
  s.uncharged = 0;
  if (!root) s.above_rate = !room;
  return room;
}

/// Whether a span under `parent` is the first one of its trace in this process.
inline bool begins_here(const frame* parent) noexcept { return parent == nullptr || parent->is(frame::joined); }

/// What pause, pool and cap mean for a frame just begun. A span inside an open one gets a silent entry, so that ARTHUR_SET and
/// ARTHUR_END in its scope don't act on its parent, even when the pause ends meanwhile.
ARTHUR_COLD inline void restrain(slot& s, frame& f, bool root) noexcept {
  const std::uint32_t mode = recording_enabled.load(std::memory_order_relaxed);
  if (!f.is_sampled()) return;
  if ((mode & recording_mode::paused) != 0) {
    f.leave_out(0);
  } else if ((mode & recording_mode::crowded) != 0 && root && !trace_has_room()) {
    f.leave_out(frame::no_room);
  } else if ((mode & recording_mode::capped) != 0 && !within_rate(s, root)) {
    f.leave_out(frame::rate_limited);
    // Where nothing is committed any more, the worker sleeps without a limit; it is to say what goes on.
    if (the_recorder.wanted.load(std::memory_order_relaxed) != 0) wake_worker();
  }
}

inline void count_left_out(slot& s, const frame& f) noexcept {
  if ((f.trace_flags & frame::no_room) != 0) {
    s.opened.add();
    return s.count_drop(drop::pool_full);
  }
  ((f.trace_flags & frame::rate_limited) != 0 ? s.rate_limited : s.unsampled).add();
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#if defined(__GNUC__)
#include <cxxabi.h>
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A readable type name; leaves `out` as it is when there is none.
inline void demangle(const char* mangled, char* out, std::size_t size) noexcept {
  if (mangled == nullptr) return;
  const char* readable = mangled;
#if defined(__GNUC__) && !defined(ARTHUR_NO_HEAP)  // demangling takes memory
  int status = 0;
  char* const plain = abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
  if (plain != nullptr) readable = plain;
#endif
  const std::size_t n = std::strlen(readable);
  const std::size_t kept = n < size - 1 ? n : size - 1;
  std::memcpy(out, readable, kept);
  out[kept] = 0;
#if defined(__GNUC__) && !defined(ARTHUR_NO_HEAP)
  std::free(plain);
#endif
}

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

/// A span for whose beginning there was no room. Without its root a trace is of no use: it goes whole.
ARTHUR_COLD inline bool lose(frame& f, const frame* parent) noexcept {
  if (begins_here(parent)) f.leave_out(frame::no_room);
  return false;
}

/// Not inlined, so that a paused span doesn't pay for the registers that this one uses.
ARTHUR_NOINLINE inline bool open_scope(scope_handle& handle, call_site* site, kind k, text_arg name) noexcept {
  slot* const s = ready_slot();
  if (ARTHUR_UNLIKELY(s == nullptr)) {
    the_recorder.count_slotless();
    return false;
  }
  const std::uint32_t index = s->depth;
  handle.owner = s;
  handle.index = index;
  if (ARTHUR_UNLIKELY(index >= slot::max_depth)) {
    ++s->depth;
    handle.generation = 0;
    s->opened.add();
    s->count_drop(drop::too_deep);
    return false;
  }
  const frame* const parent = s->top();
  frame& f = s->open[index];
  begin_frame(*s, f, k, parent);
  handle.generation = f.generation;
  // Before anything that may wait: without threads a callback may open spans of its own meanwhile.
  f.become(frame::silent);
  ++s->depth;
  if (ARTHUR_UNLIKELY(is_restrained())) restrain(*s, f, begins_here(parent));
  if (!f.is_sampled()) {
    count_left_out(*s, f);
    return false;
  }
  s->opened.add();
  char* const at = ARTHUR_LIKELY(s->lost_contexts == 0)
                       ? f.bytes.begin(the_recorder.source, s->memory, record_prefix, opening_room)
                       : nullptr;
  if (ARTHUR_UNLIKELY(at == nullptr)) {
    s->count_drop(drop::pool_full);
    return lose(f, parent);
  }
  f.become(frame::recording);
  if (site != nullptr && the_recorder.code_location.load(std::memory_order_relaxed)) {
    f.site = site->id.load(std::memory_order_relaxed);
    if (ARTHUR_UNLIKELY(f.site == 0)) f.site = register_site(*site);
  }
  begin_bytes(*s, f, at, {name.data, name.size});
  settle(*s, f);
  f.start = the_recorder.clock.now();
  return ARTHUR_LIKELY(f.is(frame::recording)) || lose(f, parent);
}

ARTHUR_LINKED bool open_at(scope_handle& handle, call_site& site, text_arg name) noexcept {
  return ARTHUR_LIKELY(!left_out_whole()) && open_scope(handle, &site, site.kind, name);
}
ARTHUR_LINKED bool open(scope_handle& handle, kind k, text_arg name) noexcept {
  return ARTHUR_LIKELY(!left_out_whole()) && open_scope(handle, nullptr, k, name);
}

ARTHUR_LINKED void close(scope_handle& handle) noexcept {
  slot* const s = leave(handle);
  if (ARTHUR_UNLIKELY(s == nullptr)) return;
  if (ARTHUR_UNLIKELY(handle.index >= slot::max_depth)) {
    if (s->depth > slot::max_depth) --s->depth;
    return pop_closed(*s);
  }
  frame& f = s->open[handle.index];
  if (f.generation == handle.generation && !f.is(frame::closed)) end_frame(*s, f, handle.index);
}

ARTHUR_LINKED void set(const scope_handle& handle, const item* items, std::size_t count) noexcept {
  if (frame* f = frame_of(handle)) write_items(*handle.owner, *f, items, count);
}

ARTHUR_LINKED void event(const scope_handle& handle, text_arg name, const item* items, std::size_t count) noexcept {
  if (frame* f = frame_of(handle)) {
    write_event(*f, {name.data, name.size}, items, count);
    settle(*handle.owner, *f);
  }
}

ARTHUR_LINKED void error(const scope_handle& handle, text_arg message) noexcept {
  if (frame* f = frame_of(handle)) {
    write_status_message(*f, {message.data, message.size});
    settle(*handle.owner, *f);
  }
}

ARTHUR_LINKED bool current_recording() noexcept {
  return recording_enabled.load(std::memory_order_relaxed) != 0 && current_frame() != nullptr;
}

ARTHUR_LINKED void current_set(const item* items, std::size_t count) noexcept {
  if (frame* f = current_frame()) write_items(*this_slot, *f, items, count);
}

ARTHUR_LINKED void current_event(text_arg name, const item* items, std::size_t count) noexcept {
  if (frame* f = current_frame()) {
    write_event(*f, {name.data, name.size}, items, count);
    settle(*this_slot, *f);
  }
}

ARTHUR_LINKED void current_error(text_arg message) noexcept {
  if (frame* f = current_frame()) {
    write_status_message(*f, {message.data, message.size});
    settle(*this_slot, *f);
  }
}

ARTHUR_LINKED void current_end() noexcept {
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  slot* const s = this_slot;
  if (s == nullptr || s->depth == 0 || s->depth > slot::max_depth) return;
  frame& f = s->open[s->depth - 1];
  if (!f.is(frame::activated) && !f.is(frame::joined)) end_frame(*s, f, s->depth - 1);
}

ARTHUR_LINKED void current_ids(char* trace_hex, char* span_hex) noexcept {
  static constexpr unsigned char none[16] = {};
  slot* const s = recording_enabled.load(std::memory_order_relaxed) != 0 ? this_slot : nullptr;
  const frame* const f = s == nullptr ? nullptr : s->top();
  if (trace_hex != nullptr) hex(trace_hex, f != nullptr ? f->ids.trace : none, 16);
  if (span_hex != nullptr) hex(span_hex, f != nullptr ? f->ids.span : none, 8);
}

// Detached spans: a pooled frame each, counted by the thread that opens and by the thread that ends them.

/// False: opened before a fork. The parent process ends and sends it.
inline bool is_ours(const detached_handle& h) noexcept {
  const pool& blocks = the_recorder.source.blocks;
  return h.life == blocks.life() && blocks.owns(h.open);
}

inline frame* frame_of(const detached_handle& h) noexcept {
  return h.open != nullptr && is_ours(h) && h.open->generation == h.generation && h.open->is(frame::recording) ? h.open : nullptr;
}

ARTHUR_LINKED bool detached_open(detached_handle& handle, kind k, text_arg name) noexcept {
  if (ARTHUR_UNLIKELY(left_out_whole())) return false;
  slot* const s = ready_slot();
  if (s == nullptr) {
    the_recorder.count_slotless();
    return false;
  }
  char* at = nullptr;
  const frame* const parent = s->top();
  const std::string_view state = parent == nullptr ? std::string_view() : trace_state_of(*s, *parent);
  const std::size_t state_room = (state.size() + 7) & ~std::size_t{7};
  auto* const p = s->lost_contexts == 0 ? begin_pooled(state_room + record_prefix, opening_room, at) : nullptr;
  if (p == nullptr) {
    s->opened.add();
    s->count_drop(drop::pool_full);
    return false;
  }
  frame& f = p->span;
  begin_frame(*s, f, k, parent);
  if (ARTHUR_UNLIKELY(is_restrained())) restrain(*s, f, begins_here(parent));
  wire::put_bytes(at, state.data(), state.size());
  p->trace_state = {at, state.size()};
  at += state_room;
  handle.open = &f;
  handle.generation = f.generation;
  handle.life = the_recorder.source.blocks.life();
  if (!f.is_sampled()) {
    count_left_out(*s, f);
    f.bytes.discard();
    f.become(frame::silent);
    return false;
  }
  s->opened.add();
  f.become(frame::recording);
  begin_bytes(*s, f, at, {name.data, name.size});
  settle(*s, f);
  f.start = the_recorder.clock.now();
  return f.is(frame::recording);
}

ARTHUR_LINKED void detached_end(detached_handle& handle) noexcept {
  auto* const p = reinterpret_cast<pooled_frame*>(handle.open);
  slot* const s = ready_slot();
  const bool ours = is_ours(handle);
  handle.open = nullptr;
  if (!ours) return;
  if (p->span.is(frame::recording)) {
    if (s != nullptr) {
      s->memory.taken += 1 + p->memory.taken;  // so that much in detached spans wakes the worker, too
      commit(*s, p->span);
    } else {
      p->span.bytes.discard();
      the_recorder.slotless_dropped.fetch_add(1, std::memory_order_relaxed);
    }
  }
  p->span.become(frame::closed);
  release_pooled(p);
}

ARTHUR_LINKED void detached_set(const detached_handle& handle, const item* items, std::size_t count) noexcept {
  slot* const s = ready_slot();
  frame* const f = frame_of(handle);
  if (s != nullptr && f != nullptr) write_items(*s, *f, items, count);
}

ARTHUR_LINKED void detached_event(const detached_handle& handle, text_arg name, const item* items, std::size_t count) noexcept {
  slot* const s = ready_slot();
  frame* const f = frame_of(handle);
  if (s == nullptr || f == nullptr) return;
  write_event(*f, {name.data, name.size}, items, count);
  settle(*s, *f);
}

ARTHUR_LINKED void detached_error(const detached_handle& handle, text_arg message) noexcept {
  slot* const s = ready_slot();
  frame* const f = frame_of(handle);
  if (s == nullptr || f == nullptr) return;
  write_status_message(*f, {message.data, message.size});
  settle(*s, *f);
}

ARTHUR_LINKED void activate(scope_handle& scope, const detached_handle& handle) noexcept {
  slot* const s = ready_slot();
  if (s == nullptr || s->depth >= slot::max_depth || !is_ours(handle)) return;
  frame& f = s->open[s->depth];
  f.generation = ++s->last_generation;
  f.ids = handle.open->ids;
  f.trace_flags = handle.open->trace_flags;
  f.target = handle.open;
  f.become(frame::activated);
  // The span may end while it is active here; its frame must stay readable.
  the_recorder.source.blocks.block_of(handle.open)->references.fetch_add(1, std::memory_order_relaxed);
  scope.owner = s;
  scope.index = s->depth++;
  scope.generation = f.generation;
}

ARTHUR_LINKED void deactivate(scope_handle& scope) noexcept {
  slot* const s = leave(scope);
  if (s == nullptr) return;
  frame& f = s->open[scope.index];
  if (f.generation != scope.generation || f.is(frame::closed)) return;
  drop_frame(*s, f, drop::scope_misuse);
  pop_frame(*s, scope.index);
}

/// Records an exception that passes through the current span: one event, and the error that every enclosing span will
/// carry until the exception is caught.
ARTHUR_LINKED void current_exception(const char* mangled_type, text_arg message) noexcept {
  frame* const f = current_frame();
  slot* const s = this_slot;
  if (s == nullptr) return;
  char type[128] = "unknown exception";
  demangle(mangled_type, type, sizeof type);
  char line[sizeof s->exception] = {};
  char* at = line;
  char* const end = line + sizeof line - 1;
  const auto put = [&](std::string_view v) {
    const std::size_t n = v.size() < static_cast<std::size_t>(end - at) ? v.size() : static_cast<std::size_t>(end - at);
    at = wire::put_bytes(at, v.data(), n);
  };
  put(type);
  if (message.size != 0) {
    put(": ");
    put({message.data, message.size});
  }
  *at = 0;
  // An inner traced() saw it already; another one may be under way by now.
  const bool known = s->reporting_exception && std::strcmp(s->exception, line) == 0;
  std::memcpy(s->exception, line, sizeof line);
  s->reporting_exception = true;
  if (f == nullptr) return;
  if (!known) {
    item items[2] = {text_item(key::free, std::string_view(type)), text_item(key::free, message)};
    const std::string_view names[2] = {"exception.type", "exception.message"};
    for (int n = 0; n < 2; ++n) {
      items[n].key_data = names[n].data();
      items[n].key_size = static_cast<std::uint32_t>(names[n].size());
    }
    write_event(*f, "exception", items, 2);
  }
  if (f->result != span_status::error) write_status_message(*f, s->exception);
  settle(*s, *f);
}

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// contexts.hpp: the functions behind context.hpp: what a scope lets its spans inherit; compiled in one .cpp.
#ifndef ARTHUR_CONTEXTS_HPP
#define ARTHUR_CONTEXTS_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Number of the resource group that `items` ask for, beginning from `group`.
inline std::uint32_t group_of(const item* items, std::size_t count, std::uint32_t group) noexcept {
  std::string_view task, service;
  bool asked = false;
  const char* data = nullptr;
  std::size_t size = 0;
  if (the_recorder.groups.get(group, data, size)) split_group(data, size, task, service);
  for (std::size_t n = 0; n < count; ++n) {
    const std::string_view value(items[n].data, items[n].size < 1024 ? items[n].size : 1024);
    if (items[n].code == key::task_id) {
      task = value;
      asked = true;
    } else if (items[n].code == key::service_name) {
      service = value;
      asked = true;
    }
  }
  if (!asked) return group;
  const std::uint32_t known = the_recorder.groups.count();
  for (std::uint32_t n = 1; n < known; ++n) {
    std::string_view t, v;
    if (!the_recorder.groups.get(n, data, size)) continue;
    split_group(data, size, t, v);
    if (t == task && v == service) return n;
  }
  // Two threads may add the same pair at once: then it has two numbers, which the worker sends as two resources alike.
  const std::uint32_t added = the_recorder.groups.add(2 + task.size() + service.size(), [&](char* at) {
    *at++ = static_cast<char>(task.size() >> 8);
    *at++ = static_cast<char>(task.size() & 0xffU);
    at = wire::put_bytes(at, task.data(), task.size());
    wire::put_bytes(at, service.data(), service.size());
  });
  return added == 0 ? group : added;
}

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

/// No room for a context: the spans inside would go to the wrong task or session, so they are dropped and counted.
inline bool lose_context(slot& s, scope_handle& handle) noexcept {
  handle.generation = 0;
  ++s.lost_contexts;
  return false;
}

ARTHUR_LINKED bool context_push(scope_handle& handle, const item* items, std::size_t count) noexcept {
  slot* const s = ready_slot();
  if (s == nullptr) return false;
  char* unused = nullptr;
  auto* const node = begin_pooled(0, 0, unused);
  handle.owner = s;
  if (node == nullptr) return lose_context(*s, handle);
  if (s->context != nullptr) inherit(node->span, *s->context);
  node->span.span_kind = static_cast<std::uint8_t>(kind::chain);
  node->span.group = group_of(items, count, node->span.group);
  item_writer to(node->span);
  for (std::size_t n = 0; n < count; ++n) {
    if (items[n].code != key::task_id && items[n].code != key::service_name) to.write(items + n, 1);
  }
  if (node->span.bytes.failed()) {
    node->span.bytes.discard();
    release_pooled(node);
    return lose_context(*s, handle);
  }
  node->span.bytes.finish();
  node->outer = s->context;
  node->span.generation = ++s->last_generation;
  s->context = node;
  handle.generation = node->span.generation;
  return true;
}

ARTHUR_LINKED void context_pop(scope_handle& handle) noexcept {
  slot* const s = handle.owner;
  handle.owner = nullptr;
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  if (s != this_slot) return end_context_on_foreign_thread(*s, handle.generation != 0 ? handle.generation : slot::lost_context);
  if (ARTHUR_UNLIKELY(handle.generation == 0)) {
    if (s->lost_contexts != 0) --s->lost_contexts;
    return;
  }
  pop_context(*s, handle.generation);
}

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// joining.hpp: the functions behind propagation.hpp: a foreign span on a thread's stack; compiled in one .cpp.
#ifndef ARTHUR_JOINING_HPP
#define ARTHUR_JOINING_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// As ready_slot(), and before start() too: whoever doesn't record hands headers on all the same.
inline slot* joining_slot() noexcept {
  if (this_slot == nullptr) {
    // Before a slot exists, so that a child of fork() gets ids of its own whenever it starts.
    // Acquire and release: whoever sees the word sees the 1 in it. Of two threads at once one makes a word for nothing.
    auto& word = the_recorder.fork_word;
    std::atomic<std::uint32_t>* none = nullptr;
    if (word.load(std::memory_order_acquire) == nullptr) word.compare_exchange_strong(none, make_fork_word(), std::memory_order_release);
    acquire_slot(true);
  }
  return this_slot == nullptr ? nullptr : ready_slot();
}

/// The decision of the sampler about a trace that began elsewhere.
inline bool samples(const foreign_span& parent) noexcept {
  if (the_recorder.parent_based.load(std::memory_order_relaxed)) return (parent.flags & flag_sampled) != 0;
  return sampling_bits(parent.trace) <= the_recorder.sample_below.load(std::memory_order_relaxed);
}

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

ARTHUR_LINKED bool join(scope_handle& scope, const foreign_span& parent, text_arg tracestate) noexcept {
  slot* const s = joining_slot();
  if (s == nullptr || s->depth >= slot::max_depth) return false;
  frame& f = s->open[s->depth];
  f.generation = ++s->last_generation;
  std::memcpy(f.ids.trace, parent.trace, 16);
  std::memcpy(f.ids.span, parent.span, 8);
  f.trace_flags = static_cast<std::uint16_t>((parent.flags & flag_random) | (samples(parent) ? flag_sampled : 0) |
                                            (parent.remote ? frame::names_remote : 0) |
                                            ((parent.flags & flag_sampled) != 0 ? frame::came_sampled : 0));
  if (slot::foreign_state* const state = s->state_of(0)) {
    state->size = static_cast<std::uint32_t>(w3c::read_tracestate({tracestate.data, tracestate.size}, state->text));
    if (state->size != 0) {
      state->generation = f.generation;
      f.trace_flags |= frame::has_state;
    }
  }
  f.become(frame::joined);
  scope.owner = s;
  scope.index = s->depth++;
  scope.generation = f.generation;
  return true;
}

ARTHUR_LINKED bool join_headers(scope_handle& scope, text_arg traceparent, text_arg tracestate) noexcept {
  foreign_span parent;
  return the_recorder.trace_context.load(std::memory_order_relaxed) &&
         w3c::read_traceparent({traceparent.data, traceparent.size}, parent) && join(scope, parent, tracestate);
}

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file

/// The innermost span; where nothing is recorded, the innermost one that came from elsewhere.
inline const frame* outgoing_frame() noexcept {
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  slot* const s = this_slot;
  if (s == nullptr) return nullptr;
  if (recording_enabled.load(std::memory_order_relaxed) != 0) return s->top();
  for (std::uint32_t n = s->kept(); n != 0; --n) {
    if (s->open[n - 1].is(frame::joined)) return &s->open[n - 1];
  }
  return nullptr;
}

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

ARTHUR_LINKED bool current_context(foreign_span& out) noexcept {
  const frame* const f = outgoing_frame();
  if (f == nullptr) return false;
  std::memcpy(out.trace, f->ids.trace, 16);
  std::memcpy(out.span, f->ids.span, 8);
  out.flags = f->trace_flags & (flag_sampled | flag_random);
  out.remote = (f->trace_flags & frame::names_remote) != 0;
  // Whoever only hands on doesn't change the flag: it belongs to the span that is named.
  if (f->is(frame::joined)) {
    out.flags = static_cast<std::uint8_t>((f->trace_flags & flag_random) |
                                          ((f->trace_flags & frame::came_sampled) != 0 ? flag_sampled : 0));
  }
  return true;
}

ARTHUR_LINKED std::size_t current_state(char* to) noexcept {
  const frame* const f = outgoing_frame();
  const std::string_view state = f == nullptr ? std::string_view() : trace_state_of(*this_slot, *f);
  wire::put_bytes(to, state.data(), state.size());
  to[state.size()] = 0;
  return state.size();
}

/// One of the two; its size.
ARTHUR_LINKED std::size_t current_headers(char* traceparent, char* tracestate) noexcept {
  foreign_span current;
  char* const to = traceparent != nullptr ? traceparent : tracestate;
  *to = 0;
  if (!the_recorder.trace_context.load(std::memory_order_relaxed)) return 0;
  if (traceparent == nullptr) return current_state(tracestate);
  if (!current_context(current)) return 0;
  w3c::write_traceparent(traceparent, current.trace, current.span, current.flags);
  return w3c::traceparent_size;
}

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// api.hpp: start, flush, poll, stats and the switches, as programs call them.
#ifndef ARTHUR_RUNTIME_API_HPP
#define ARTHUR_RUNTIME_API_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>

// lifecycle.hpp: start and stop of the runtime: its thread, the end of the process, a fork.
#ifndef ARTHUR_RUNTIME_LIFECYCLE_HPP
#define ARTHUR_RUNTIME_LIFECYCLE_HPP

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>

// thread_names.hpp: names a thread for debuggers, and finds a thread of the process by its name.
#ifndef ARTHUR_PLATFORM_THREAD_NAMES_HPP
#define ARTHUR_PLATFORM_THREAD_NAMES_HPP

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>


#if defined(__linux__)
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__APPLE__)
#include <pthread.h>
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What the worker's thread is called; at most 15 characters.
constexpr char worker_name[] = "arthur-worker";

/// Names the calling thread, where there is a way.
inline void name_thread(const char* name) noexcept {
#if defined(__linux__)
  ::prctl(PR_SET_NAME, name, 0, 0, 0);
#elif defined(__APPLE__)
  ::pthread_setname_np(name);
#else
  static_cast<void>(name);
#endif
}

/// Whether a thread other than the caller has the name. Names cross the borders that symbols don't: copies of a library
/// that the linker keeps apart find each other by them. False where there is no way to tell. Takes nothing from the heap.
inline bool another_thread_is_named(const char* name) noexcept {
  bool found = false;
#if defined(__linux__)
  const int folder = ::open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return false;
  const long self = ::syscall(SYS_gettid);
  alignas(8) char entries[2048];
  for (long size = 0; !found && (size = ::syscall(SYS_getdents64, folder, entries, sizeof entries)) > 0;) {
    for (long at = 0; at < size && !found;) {
      // linux_dirent64: inode 8 bytes, position 8, length of the entry 2, type 1, name.
      std::uint16_t length = 0;
      std::memcpy(&length, entries + at + 16, sizeof length);
      const long thread = std::strtol(entries + at + 19, nullptr, 10);
      at += length;
      if (thread == 0 || thread == self) continue;  // 0: "." and ".."
      char path[32];
      std::snprintf(path, sizeof path, "%ld/comm", thread);
      const int file = ::openat(folder, path, O_RDONLY | O_CLOEXEC);
      if (file < 0) continue;  // it ended meanwhile
      char text[17] = {};
      const auto read = ::read(file, text, sizeof text - 1);
      ::close(file);
      const std::size_t wanted = std::strlen(name);
      found = read == static_cast<ssize_t>(wanted) + 1 && std::memcmp(text, name, wanted) == 0;  // + 1: the line's end
    }
  }
  ::close(folder);
#else
  static_cast<void>(name);
#endif
  return found;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// process.hpp: the program's name and variables, and what the end of a process does to code and threads.
#ifndef ARTHUR_PLATFORM_PROCESS_HPP
#define ARTHUR_PLATFORM_PROCESS_HPP

#include <atomic>
#include <cstdlib>
#if defined(_WIN32)
#include <forward_list>
#endif
#include <string>


#if defined(__GLIBC__)
#include <errno.h>
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

#if defined(_WIN32)

/// The executable's name without its path.
inline std::string program_name() {
  wchar_t path[MAX_PATH + 1] = {};
  ::GetModuleFileNameW(nullptr, path, MAX_PATH);
  const std::string whole = to_utf8(path);
  return whole.substr(whole.find_last_of('\\') + 1);
}

/// Environment variables in UTF-8; what get() returned lives as long as the reader.
class variable_reader {
 public:
  const char* get(const char* name) {
    const std::wstring wide = to_wide(name);
    const DWORD size = ::GetEnvironmentVariableW(wide.c_str(), nullptr, 0);
    if (size == 0) return nullptr;
    std::wstring value(size, L'\0');
    if (::GetEnvironmentVariableW(wide.c_str(), &value[0], size) >= size) return nullptr;
    kept_.push_front(to_utf8(value.c_str()));
    return kept_.front().c_str();
  }

 private:
  std::forward_list<std::string> kept_;
};

/// Keeps the module around `code` loaded to the end: a DLL with a thread of ours in it must not vanish under it.
template <class Function>
void keep_loaded(Function* code) noexcept {
  HMODULE module = nullptr;
  ::GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, reinterpret_cast<LPCWSTR>(code), &module);
}

/// Tells whether a thread was killed. Windows does that to all threads but one before the last handlers of DLLs run.
class thread_watch {
 public:
  /// Before a thread is made: the former one is over, which says nothing about the new one.
  void forget() noexcept { keep(nullptr); }
  /// Called by the thread itself.
  void begin() noexcept { keep(::OpenThread(SYNCHRONIZE, FALSE, ::GetCurrentThreadId())); }
  bool over() const noexcept {
    const HANDLE h = handle_.load(std::memory_order_acquire);
    return h != nullptr && ::WaitForSingleObject(h, 0) == WAIT_OBJECT_0;
  }

 private:
  void keep(HANDLE handle) noexcept {
    const HANDLE before = handle_.exchange(handle, std::memory_order_acq_rel);
    if (before != nullptr) ::CloseHandle(before);
  }
  std::atomic<HANDLE> handle_{nullptr};
};

#else

inline std::string program_name() {
#if defined(__GLIBC__)
  return program_invocation_short_name;
#elif defined(__APPLE__) || defined(__FreeBSD__)
  return ::getprogname();
#else
  return {};
#endif
}

class variable_reader {
 public:
  const char* get(const char* name) { return std::getenv(name); }
};

template <class Function>
void keep_loaded(Function*) noexcept {}

class thread_watch {
 public:
  void forget() noexcept {}
  void begin() noexcept {}
  bool over() const noexcept { return false; }
};

#endif

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// patience.hpp: options::overflow == block: how long a thread waits for room, and when waiting is of no use.
#ifndef ARTHUR_POLICY_PATIENCE_HPP
#define ARTHUR_POLICY_PATIENCE_HPP

#include <atomic>
#include <cstdint>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// The worker's progress when a thread waited in vain; shared by all threads. Until it goes on, nobody else waits: a
/// dead endpoint costs `longest` once, not once for each span.
class standstill {
 public:
  bool at(std::uint64_t progress) const noexcept { return at_.load(std::memory_order_relaxed) == progress; }
  void found(std::uint64_t progress) noexcept { at_.store(progress, std::memory_order_relaxed); }
  void forget() noexcept { found(~std::uint64_t{0}); }

 private:
  std::atomic<std::uint64_t> at_{~std::uint64_t{0}};
};

/// One thread's. Times in nanoseconds of any clock.
class patience {
 public:
  /// Asked before each nap of a wait; `begins`: it is the first one. All waits for one span count together, so that a
  /// large one, which needs room many times, waits no longer than a small one; a span that was left in peace for so long
  /// may wait again. `span`: the span that the thread opened last. `progress`: how many spans the worker has taken.
  bool lasts(bool begins, std::uint64_t now, std::uint64_t longest, std::uint32_t span, std::uint64_t progress,
             standstill& others) noexcept {
    if (begins) {
      if (others.at(progress)) return false;
      if (span != span_ || now - asked_ >= longest) {
        waited_ = 0;
        moved_ = now;
        span_ = span;
      }
    } else {
      waited_ += now - asked_;
    }
    asked_ = now;
    if (progress != progress_) {
      progress_ = progress;
      moved_ = now;
    }
    if (waited_ < longest) return true;
    if (now - moved_ >= longest) others.found(progress);
    return false;
  }

 private:
  std::uint64_t waited_ = 0;    // for `span_`
  std::uint64_t asked_ = 0;     // when, last
  std::uint64_t moved_ = 0;     // when `progress_` was new
  std::uint64_t progress_ = 0;
  std::uint32_t span_ = 0;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// settings.hpp: options, environment and defaults, resolved into the one configuration the runtime works with.
#ifndef ARTHUR_POLICY_SETTINGS_HPP
#define ARTHUR_POLICY_SETTINGS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

// endpoint.hpp: decides where spans go, by whose rules, and with which headers.
#ifndef ARTHUR_POLICY_ENDPOINT_HPP
#define ARTHUR_POLICY_ENDPOINT_HPP

#include <string>
#include <string_view>
#include <vector>

// environment.hpp: typed reading of environment variables by the rules of the OpenTelemetry specification.
#ifndef ARTHUR_POLICY_ENVIRONMENT_HPP
#define ARTHUR_POLICY_ENVIRONMENT_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// text.hpp: small, locale-free text helpers for reading configuration and printing it without secrets.
#ifndef ARTHUR_POLICY_TEXT_HPP
#define ARTHUR_POLICY_TEXT_HPP

#include <cstdint>
#include <string>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace text {

inline bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string_view trim(std::string_view s) {
  while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
  return s;
}

inline bool equal_nocase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

inline bool ends_with(std::string_view s, std::string_view tail) {
  return s.size() >= tail.size() && s.substr(s.size() - tail.size()) == tail;
}

/// Value of a hexadecimal digit, -1 when it is none.
inline int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/// Decimal digits only: no sign, no space, no rest, no overflow.
inline bool parse_unsigned(std::string_view s, std::uint64_t& out) {
  if (s.empty()) return false;
  std::uint64_t value = 0;
  for (const char c : s) {
    if (!is_digit(c)) return false;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return false;
    value = value * 10 + digit;
  }
  out = value;
  return true;
}

/// A decimal number such as 0.25 or 1e-3. Not strtod: that reads "0.25" as 0 where the program's locale says so.
inline bool parse_decimal(std::string_view s, double& out) {
  double value = 0;
  bool any = false;
  std::size_t i = 0;
  for (; i < s.size() && is_digit(s[i]); ++i, any = true) value = value * 10 + (s[i] - '0');
  if (i < s.size() && s[i] == '.') {
    double unit = 0.1;
    for (++i; i < s.size() && is_digit(s[i]); ++i, any = true, unit /= 10) value += unit * (s[i] - '0');
  }
  if (!any) return false;
  if (i < s.size() && lower(s[i]) == 'e') {
    ++i;
    const bool negative = i < s.size() && s[i] == '-';
    if (i < s.size() && (s[i] == '-' || s[i] == '+')) ++i;
    std::uint64_t exponent = 0;
    if (!parse_unsigned(s.substr(i), exponent) || exponent > 300) return false;
    for (; exponent > 0; --exponent) value = negative ? value / 10 : value * 10;
    i = s.size();
  }
  if (i != s.size()) return false;
  out = value;
  return true;
}

/// Decodes %XX; false (and `out` useless) when a % isn't followed by two hexadecimal digits or stands for NUL.
inline bool percent_decode(std::string_view s, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '%') {
      out += s[i];
      continue;
    }
    if (i + 2 >= s.size()) return false;
    const int high = hex_value(s[i + 1]);
    const int low = hex_value(s[i + 2]);
    if (high < 0 || low < 0 || high + low == 0) return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

/// `s` in quotes, on one line, at most about 120 characters: safe to put into a message.
inline std::string shown(std::string_view s) {
  constexpr std::size_t most = 120;
  static const char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (std::size_t i = 0; i < s.size() && i < most; ++i) {
    if (is_control(s[i])) {
      out += "\\x";
      out += digits[static_cast<unsigned char>(s[i]) >> 4];
      out += digits[static_cast<unsigned char>(s[i]) & 15];
    } else {
      out += s[i];
    }
  }
  out += s.size() > most ? "...\"" : "\"";
  return out;
}

/// Like shown(), without what may be secret in a URL: user, password and query. A malformed URL may hold its password
/// anywhere before the last '@', so all of that is hidden.
inline std::string shown_url(std::string_view s) {
  std::string masked;
  const std::size_t at = s.rfind('@');
  if (at != std::string_view::npos) {
    // "x@http://" has its '@' in front of the scheme, and "user:password://" is none.
    const std::size_t colon = s.find_first_of(":/?#@");
    if (colon != std::string_view::npos && s.substr(colon, 3) == "://") masked.append(s.substr(0, colon + 3));
    masked += "***@";
    s.remove_prefix(at + 1);
  }
  const std::size_t query = s.find_first_of("?#");
  masked.append(s.substr(0, query));
  if (query != std::string_view::npos) {
    masked += s[query];
    masked += "***";
  }
  return shown(masked);
}

/// Takes the first name off a comma separated list, without the blanks around it.
inline std::string_view take_name(std::string_view& list) {
  const std::size_t comma = list.find(',');
  const std::string_view name = trim(list.substr(0, comma));
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  return name;
}

}  // namespace text
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What the surroundings say. Passed in, so that reading it is a pure function and tests need no setenv.
struct environment {
  const char* (*lookup)(void* user, const char* name) = nullptr;  ///< nullptr when there is no such variable
  void* user = nullptr;
  const char* program = "";  ///< the executable's name without its path; "" where there is none
  bool ignore_otel = false;  ///< OTEL_CONFIG_FILE is set: no other OTEL_ variable counts

  /// The trimmed value; empty means the same as unset, for every variable.
  std::string_view get(const char* name) const {
    if (lookup == nullptr) return {};
    if (ignore_otel && std::string_view(name).substr(0, 5) == "OTEL_") return {};
    const char* value = lookup(user, name);
    return value == nullptr ? std::string_view() : text::trim(value);
  }

  /// The first of two variables that is set, and its name.
  std::string_view get(const char* first, const char* second, const char*& name) const {
    const std::string_view value = get(first);
    name = value.empty() ? second : first;
    return value.empty() ? get(second) : value;
  }
};

using warning_list = std::vector<std::string>;

inline void ignored(warning_list& warnings, const char* name, std::string_view value, const std::string& why) {
  warnings.push_back(std::string(name) + "=" + text::shown(value) + " is ignored: " + why);
}

/// Only "true", in any case, is true; another value is false and worth a warning.
inline bool read_bool(const environment& env, const char* name, warning_list& warnings) {
  const std::string_view value = env.get(name);
  if (value.empty() || text::equal_nocase(value, "false")) return false;
  if (text::equal_nocase(value, "true")) return true;
  warnings.push_back(std::string(name) + "=" + text::shown(value) + " counts as false: write true or false");
  return false;
}

/// True when the variable is set to a number in [least, most]. Anything else is never read as 0.
inline bool read_unsigned(const environment& env, const char* name, std::uint64_t least, std::uint64_t most,
                          std::uint64_t& out, warning_list& warnings) {
  const std::string_view value = env.get(name);
  if (value.empty()) return false;
  std::uint64_t number = 0;
  if (text::parse_unsigned(value, number) && number >= least && number <= most) {
    out = number;
    return true;
  }
  ignored(warnings, name, value, "write a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return false;
}

/// Adds a name or replaces its value. Names of headers have no case, keys of attributes have.
inline void put_pair(std::vector<header>& list, std::string_view name, std::string_view value, bool any_case = false) {
  for (header& h : list) {
    if (any_case ? text::equal_nocase(h.name, name) : h.name == name) {
      h.value = std::string(value);
      return;
    }
  }
  list.push_back(header{std::string(name), std::string(value)});
}

inline const std::string* find_pair(const std::vector<header>& list, std::string_view name, bool any_case = false) {
  for (const header& h : list) {
    if (any_case ? text::equal_nocase(h.name, name) : h.name == name) return &h.value;
  }
  return nullptr;
}

inline void erase_pair(std::vector<header>& list, std::string_view name, bool any_case = false) {
  for (std::size_t i = list.size(); i-- > 0;) {
    if (any_case ? text::equal_nocase(list[i].name, name) : list[i].name == name) {
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

/// Calls `take(key, value)` for each member of `k=v,k2=v2`, both trimmed; an empty member is skipped. `take` returns
/// false to stop, and so does split_pairs when a member has no '=' or no key (value: the member).
template <class Take, class Malformed>
inline bool split_pairs(std::string_view list, Take take, Malformed malformed) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view member = text::trim(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    if (member.empty()) continue;
    const std::size_t equals = member.find('=');
    const std::string_view key = text::trim(member.substr(0, equals));
    const bool good = equals != std::string_view::npos && !key.empty();
    if (!(good ? take(key, text::trim(member.substr(equals + 1))) : malformed(member))) return false;
  }
  return true;
}

/// "" or why a request may not carry this header. Never shows the value.
inline std::string check_header(std::string_view name, std::string_view value, const char* source) {
  const std::string who = std::string(source) + ": the header " + text::shown(name);
  if (name.empty()) return who + " has no name";
  for (const char c : name) {
    const bool token = text::is_digit(c) || (text::lower(c) >= 'a' && text::lower(c) <= 'z') ||
                       std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    if (!token) return who + " has a character that header names don't have; use letters, digits and '-'";
  }
  for (const char c : value) {
    if (text::is_control(c) && c != '\t') {
      return who + " has a line break or control character in its value; remove it";
    }
  }
  for (const char* own : {"Host", "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding",
                          "Connection", "Expect", "User-Agent"}) {
    if (text::equal_nocase(name, own)) return who + " is written by arthur itself; remove it";
  }
  return {};
}

/// Headers as `k=v,k2=v2`, values percent-decoded. A member without '=' is skipped with a warning, one that can't be
/// sent is an error: without it the request would be refused, or say something else than was meant.
inline std::string read_headers(std::string_view list, const char* name, std::vector<header>& out,
                                warning_list& warnings) {
  std::string error;
  split_pairs(
      list,
      [&](std::string_view key, std::string_view value) {
        std::string decoded;
        if (!text::percent_decode(value, decoded)) {
          warnings.push_back(std::string(name) + ": the value of " + text::shown(key) +
                             " is sent as it is: write '%' as %25");
          decoded = std::string(value);
        }
        error = check_header(key, decoded, name);
        if (error.empty()) put_pair(out, key, decoded, true);
        return error.empty();
      },
      [&](std::string_view) {
        // The member itself isn't shown: it may be a key somebody forgot to name.
        warnings.push_back(std::string(name) + ": a member without '=' is ignored: write name=value,name2=value2");
        return true;
      });
  return error;
}

/// Resource attributes as `k=v,k2=v2`, percent-decoded. Any error discards the whole variable.
inline std::vector<header> read_resource_attributes(const environment& env, warning_list& warnings) {
  const char* name = "OTEL_RESOURCE_ATTRIBUTES";
  const std::string_view value = env.get(name);
  std::vector<header> out;
  const bool good = split_pairs(
      value,
      [&](std::string_view key, std::string_view text_value) {
        std::string decoded_key;
        std::string decoded_value;
        if (!text::percent_decode(key, decoded_key) || !text::percent_decode(text_value, decoded_value)) return false;
        put_pair(out, decoded_key, decoded_value);
        return true;
      },
      [](std::string_view) { return false; });
  if (good) return out;
  ignored(warnings, name, value, "write key=value,key2=value2 with ',' '=' and '%' percent-encoded");
  return {};
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// url.hpp: splits http:// and https:// URLs; every refusal says which value, which rule and what to write instead.
#ifndef ARTHUR_POLICY_URL_HPP
#define ARTHUR_POLICY_URL_HPP

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A parsed URL.
struct url {
  bool https = false;
  std::string host;        ///< lower case; an IPv6 literal without its brackets
  std::uint16_t port = 0;  ///< 80 or 443 when the URL names none
  std::string target;      ///< path and query as written; "/" when there is no path
  const char* source = "";  ///< the option or variable that named it; "" for the default
};

/// Does the host name this machine? A key may go there without TLS.
inline bool is_loopback(std::string_view host) {
  if (text::ends_with(host, ".")) host.remove_suffix(1);
  if (text::equal_nocase(host, "localhost")) return true;
  if (host.size() > 10 && text::equal_nocase(host.substr(host.size() - 10), ".localhost")) return true;
  if (host.find(':') != std::string_view::npos) {
    if (host.size() > 7 && text::equal_nocase(host.substr(0, 7), "::ffff:")) return is_loopback(host.substr(7));
    return host.back() == '1' && host.find_first_not_of("0:") == host.size() - 1;  // ::1 in any spelling
  }
  // 127.0.0.0/8, and never a name such as 127.0.0.1.example.com.
  if (host.substr(0, 4) != "127.") return false;
  int parts = 0;
  while (true) {
    const std::size_t dot = host.find('.');
    std::uint64_t value = 0;
    if (!text::parse_unsigned(host.substr(0, dot), value) || value > 255) return false;
    ++parts;
    if (dot == std::string_view::npos) break;
    host.remove_prefix(dot + 1);
  }
  return parts == 4;
}

/// Brackets around IPv6, the port only where it isn't the usual one.
inline text_line host_and_port(std::string_view host, std::uint16_t port, std::uint16_t usual) {
  const bool ipv6 = host.find(':') != std::string_view::npos;
  text_line out(ipv6 ? "[" : "", host, ipv6 ? "]" : "");
  if (port != usual) out = text_line(out, ":", port);
  return out;
}

/// The value of a Host header.
inline text_line host_and_port(const url& u) { return host_and_port(u.host, u.port, u.https ? 443 : 80); }

/// Scheme, host and port; never a path or a query, so it may be printed.
inline text_line origin(const url& u) { return text_line(u.https ? "https://" : "http://", host_and_port(u)); }

inline bool same_origin(const url& a, const url& b) {
  return a.https == b.https && a.port == b.port && a.host == b.host;
}

/// The path without the query.
inline std::string_view path_of(const url& u) { return std::string_view(u.target).substr(0, u.target.find('?')); }

/// What to do about an address that doesn't work, for the end of a message.
inline text_line change_address(const char* source) {
  return *source == '\0' ? text_line("set ARTHUR_BASE_URL if it is elsewhere") : text_line("check ", source);
}

/// Splits `value`. Returns "" or one line for people that begins with `source` (where the value came from).
inline std::string parse_url(std::string_view value, const char* source, url& out) {
  const auto refuse = [&](const char* why) { return std::string(source) + " " + text::shown_url(value) + " " + why; };
  for (const char c : value) {
    if (text::is_control(c) || c == ' ') return refuse("contains a space or control character; remove it or write %20");
    if (static_cast<unsigned char>(c) >= 0x80 || c == '\\' || c == '"' || c == '<' || c == '>') {
      return refuse("contains a character that URLs don't allow; percent-encode it");
    }
  }
  const std::size_t colon = value.find("://");
  if (colon == std::string_view::npos) return refuse("has no scheme; put http:// or https:// in front of it");
  const std::string_view scheme = value.substr(0, colon);
  const bool https = text::equal_nocase(scheme, "https");
  if (!https && !text::equal_nocase(scheme, "http")) return refuse("has an unknown scheme; use http:// or https://");

  const std::string_view rest = value.substr(colon + 3);
  const std::size_t authority_end = (std::min)(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  const std::string_view target = rest.substr(authority_end);
  if (authority.find('@') != std::string_view::npos) {
    return refuse("contains a user or password; remove it with the '@' and give the key as api_key or header");
  }
  if (target.find('#') != std::string_view::npos) return refuse("has a '#' part, which is never sent; remove it");

  std::string_view host = authority;
  std::string_view port;
  bool port_given = false;
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return refuse("has no ']' after its IPv6 address; write http://[::1]:3030");
    host = authority.substr(1, close - 1);
    const std::string_view after = authority.substr(close + 1);
    int colons = 0;
    for (const char c : host) {
      colons += c == ':';
      if (text::hex_value(c) < 0 && c != ':' && c != '.') colons = -100;
    }
    if (colons < 2) return refuse("has no IPv6 address in its brackets; write http://[::1]:3030");
    port_given = !after.empty();
    if (port_given && after.front() != ':') return refuse("has no ':' after ']'; write http://[::1]:3030");
    port = port_given ? after.substr(1) : after;
  } else {
    const std::size_t split = authority.find(':');
    port_given = split != std::string_view::npos;
    host = authority.substr(0, split);
    port = port_given ? authority.substr(split + 1) : std::string_view();
    if (port.find(':') != std::string_view::npos) {
      return refuse("has several ':' in its host; an IPv6 address needs brackets: http://[::1]:3030");
    }
    for (const char c : host) {
      const char l = text::lower(c);
      if (!(l >= 'a' && l <= 'z') && !text::is_digit(c) && c != '-' && c != '.' && c != '_') {
        return refuse("has a character in its host that names don't have; check the host");
      }
    }
  }
  if (host.empty()) return refuse("has no host; write http://host:port");
  if (host.size() > 253) return refuse("has a host of more than 253 characters; check the host");

  std::uint64_t number = https ? 443 : 80;
  if (port_given && (!text::parse_unsigned(port, number) || number == 0 || number > 65535)) {
    return refuse("has no usable port; write a number from 1 to 65535 after ':'");
  }

  out.https = https;
  out.source = source;
  out.host.clear();
  for (const char c : host) out.host += text::lower(c);
  out.port = static_cast<std::uint16_t>(number);
  out.target.clear();
  if (target.empty() || target.front() != '/') out.target = "/";  // "http://host?x=1" asks for "/?x=1"
  out.target.append(target);
  return {};
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Whose rules hold for a request.
enum class profile {
  arthur,  ///< Arthur Engine: not idempotent, so nothing is sent twice on a guess; values it can't store are cleaned
  otlp,    ///< any OpenTelemetry endpoint: the specification's rules
};

/// Where spans go, and where the engine's other routes are.
struct endpoint {
  detail::profile profile = detail::profile::arthur;
  url traces;                          ///< spans are posted here
  bool has_engine = false;             ///< is anything known about where the engine is?
  url engine;                          ///< its base; target is the path before "/api/...", "" at the root
  std::vector<header> headers;         ///< for requests to `traces`
  std::vector<header> engine_headers;  ///< for requests to `engine`
  const char* key_source = "";         ///< the option or variable whose credentials are in `headers`; "" when there are none
  const char* engine_key_source = "";  ///< the same for `engine_headers`
  bool key_withheld = false;           ///< a key is known, but must not go to `traces`
};

constexpr std::string_view engine_traces_path = "/api/v1/traces";

namespace endpoints {

/// A base URL: `target` becomes its path without the last '/', so that paths can be appended.
inline std::string parse_base(std::string_view value, const char* source, url& out) {
  std::string error = parse_url(value, source, out);
  if (!error.empty()) return error;
  if (out.target.find('?') != std::string::npos) {
    return std::string(source) + " " + text::shown_url(value) + " has a query; a base URL can't have one: remove it";
  }
  while (!out.target.empty() && out.target.back() == '/') out.target.pop_back();
  return {};
}

/// Does the path belong to the engine? If so its base is written to `engine`.
inline bool names_engine(const url& traces, url& engine) {
  std::string_view path = path_of(traces);
  if (!text::ends_with(path, engine_traces_path)) return false;
  path.remove_suffix(engine_traces_path.size());
  engine = traces;
  engine.target = std::string(path);
  return true;
}

inline bool has_secret(const std::vector<header>& headers) {
  return find_pair(headers, "Authorization", true) != nullptr;
}

}  // namespace endpoints

/// Fills `out`; returns "" or why no span can be sent.
///
/// The traces URL is named by, in this order: options.endpoint; options.base_url; ARTHUR_BASE_URL;
/// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT; OTEL_EXPORTER_OTLP_ENDPOINT; the default engine, http://localhost:3030.
///
/// named by          | profile                                       | the key goes along when
/// ------------------|-----------------------------------------------|------------------------------------------------
/// base URL, default | arthur                                        | always
/// options.endpoint  | arthur if its path ends in /api/v1/traces, it | it was given in code, or one of the first two
///                   | is the engine's origin, or base_url, api_key  | reasons on the left holds
///                   | or task_* are given in code; else otlp        |
/// OTEL_*            | arthur if its path ends in /api/v1/traces or  | it is the engine's origin
///                   | it is the engine's origin; else otlp          |
///
/// "The engine's origin": scheme, host and port of the base URL; of the default one only if a key or task is given too.
/// A general OTEL_EXPORTER_OTLP_ENDPOINT at the engine's origin means the engine's own path, not /v1/traces.
/// Headers of OTEL_EXPORTER_OTLP_*HEADERS hold other services' credentials, so they go to hosts that OTEL_* names and
/// to any endpoint in the otlp profile, never to an engine that code or ARTHUR_* name.
inline std::string resolve_endpoint(const options& given, const environment& env, warning_list& warnings,
                                    endpoint& out) {
  out = endpoint();
  std::string error;

  const char* const key_name = given.api_key.empty() ? "ARTHUR_API_KEY" : "options.api_key";
  const std::string_view key = given.api_key.empty() ? env.get("ARTHUR_API_KEY") : text::trim(given.api_key);
  for (const char c : key) {
    if (text::is_control(c) || c == ' ' || static_cast<unsigned char>(c) >= 0x80) {
      return std::string(key_name) + " contains a space, a control character or one that isn't ASCII; copy the key again";
    }
  }
  const bool engine_in_code =
      !given.base_url.empty() || !given.api_key.empty() || !given.task_id.empty() || !given.task_name.empty();
  const bool engine_wanted = engine_in_code || !key.empty() || !env.get("ARTHUR_TASK_ID").empty() ||
                             !env.get("ARTHUR_TASK_NAME").empty();

  const char* base_source = given.base_url.empty() ? "ARTHUR_BASE_URL" : "options.base_url";
  std::string_view base = given.base_url.empty() ? env.get("ARTHUR_BASE_URL") : text::trim(given.base_url);
  const bool base_given = !base.empty();
  if (!base_given) base = "http://localhost:3030";
  error = endpoints::parse_base(base, base_source, out.engine);
  if (!error.empty()) return error;
  if (!base_given) out.engine.source = "";
  if (url inner; endpoints::names_engine(out.engine, inner)) out.engine = inner;  // the traces URL given as the base
  url engine_traces = out.engine;
  engine_traces.target += engine_traces_path;

  const char* otel_source = nullptr;
  enum class source { engine, code, otel } by = source::engine;
  bool at_engine = true;
  out.traces = engine_traces;
  if (const std::string_view value = text::trim(given.endpoint); !value.empty()) {
    by = source::code;
    error = parse_url(value, "options.endpoint", out.traces);
  } else if (!base_given) {
    if (const std::string_view exact = env.get(otel_source = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"); !exact.empty()) {
      by = source::otel;
      error = parse_url(exact, otel_source, out.traces);
    } else if (const std::string_view root = env.get(otel_source = "OTEL_EXPORTER_OTLP_ENDPOINT"); !root.empty()) {
      by = source::otel;
      error = endpoints::parse_base(root, otel_source, out.traces);
      out.traces.target += "/v1/traces";
      if (error.empty() && engine_wanted && same_origin(out.traces, out.engine)) out.traces = engine_traces;
    }
  }
  if (!error.empty()) return error;

  bool engine_path = true;
  if (by != source::engine) {
    at_engine = (base_given || engine_wanted) && same_origin(out.traces, out.engine);
    if (text::ends_with(path_of(out.traces), "/api/v1/traces/")) {
      // Arthur Engine answers 307 with an empty body to the trailing slash.
      out.traces.target.erase(path_of(out.traces).size() - 1, 1);
    }
    url engine;
    engine_path = endpoints::names_engine(out.traces, engine);
    if (engine_path && !base_given && !at_engine) out.engine = engine;
  }
  const bool is_engine = engine_path || at_engine || (by == source::code && engine_in_code);
  out.profile = is_engine ? profile::arthur : profile::otlp;
  out.has_engine = base_given || at_engine || engine_path;

  bool key_allowed = at_engine;
  if (by == source::code) key_allowed = at_engine || engine_path || !given.api_key.empty();
  if (by == source::otel && engine_wanted && !at_engine) {
    warnings.push_back(std::string("spans go to ") + origin(out.traces) + ", named by " + otel_source +
                       (key.empty() ? ", which wins over the default engine" : ", without the Arthur key") +
                       "; set ARTHUR_BASE_URL to send them to the engine");
  } else if (!key.empty() && !key_allowed) {
    warnings.push_back("ARTHUR_API_KEY isn't sent to " + origin(out.traces) +
                       ", named by options.endpoint; set options.api_key if it belongs there");
  }

  for (const header& h : given.headers) {
    error = check_header(h.name, h.value, "options.headers");
    if (!error.empty()) return error;
    put_pair(out.headers, h.name, h.value, true);
  }
  const char* list_source = nullptr;
  const std::string_view list =
      env.get("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS", list_source);
  if (given.headers.empty() && !list.empty()) {
    if (by == source::otel || out.profile == profile::otlp) {
      error = read_headers(list, list_source, out.headers, warnings);
      if (!error.empty()) return error;
    } else {
      warnings.push_back(std::string(list_source) + " isn't sent to the engine at " + origin(out.traces) +
                         ", which OTEL_* doesn't name; use ARTHUR_API_KEY or options.headers");
    }
  }
  // The engine reads one header, others may read any.
  if (out.profile == profile::arthur ? endpoints::has_secret(out.headers) : !out.headers.empty()) {
    out.key_source = given.headers.empty() ? list_source : "options.headers";
  }
  const std::string bearer = "Bearer " + std::string(key);
  if (!key.empty() && key_allowed && (given.headers.empty() || !endpoints::has_secret(out.headers))) {
    put_pair(out.headers, "Authorization", bearer, true);
    out.key_source = key_name;
  }
  out.key_withheld = !key.empty() && !key_allowed;
  if (out.has_engine) {
    if (same_origin(out.engine, out.traces)) {
      out.engine_headers = out.headers;
      out.engine_key_source = out.key_source;
    } else if (!key.empty()) {
      put_pair(out.engine_headers, "Authorization", bearer, true);
      out.engine_key_source = key_name;
    }
  }

  const bool bare_traces = endpoints::has_secret(out.headers) && !out.traces.https && !is_loopback(out.traces.host);
  const bool bare_engine =
      endpoints::has_secret(out.engine_headers) && !out.engine.https && !is_loopback(out.engine.host);
  if (bare_traces || bare_engine) {
    warnings.push_back("the key goes unencrypted to " + origin(bare_traces ? out.traces : out.engine) +
                       "; use https:// there");
  }
  return {};
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// limit_settings.hpp: what bounds a span, a batch, an export and the diagnostic lines, from options and environment.
#ifndef ARTHUR_POLICY_LIMIT_SETTINGS_HPP
#define ARTHUR_POLICY_LIMIT_SETTINGS_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// limits.hpp: how much of one span is kept.
#ifndef ARTHUR_POLICY_LIMITS_HPP
#define ARTHUR_POLICY_LIMITS_HPP

#include <cstddef>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct span_limits {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  std::size_t attributes = none;
  std::size_t length = none;  // characters of a text, bytes of a byte string
  std::size_t events = none;
  std::size_t links = none;
  std::size_t event_attributes = none;
  std::size_t link_attributes = none;
};

/// Where nothing is said: 10,000 attributes, as OpenInference has it, because 128 cut a long chat; the rest as
/// OpenTelemetry has it.
constexpr span_limits default_limits() noexcept { return {10000, span_limits::none, 128, 128, 128, 128}; }

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace resolving {

using std::chrono::milliseconds;
constexpr milliseconds day{86400000};  // stands for "no limit", so that no deadline can overflow

inline span_limits resolve_limits(const options& given, const environment& env, warning_list& warnings) {
  span_limits out = default_limits();
  const struct {
    std::size_t given;
    std::size_t& limit;
    const char* own;
    const char* general;
  } rows[] = {
      {given.max_attributes, out.attributes, "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"},
      {given.max_attribute_length, out.length, "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"},
      {given.max_events, out.events, "OTEL_SPAN_EVENT_COUNT_LIMIT", nullptr},
      {given.max_links, out.links, "OTEL_SPAN_LINK_COUNT_LIMIT", nullptr},
      {given.max_event_attributes, out.event_attributes, "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", nullptr},
      {given.max_link_attributes, out.link_attributes, "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", nullptr},
  };
  for (const auto& row : rows) {
    std::uint64_t number = row.limit;
    if (row.given != 0) {
      number = row.given;
    } else if (!read_unsigned(env, row.own, 0, 0xffffffffU, number, warnings) && row.general != nullptr) {
      read_unsigned(env, row.general, 0, 0xffffffffU, number, warnings);
    }
    row.limit = static_cast<std::size_t>(number);
  }
  return out;
}

inline log_level resolve_log_level(const options& given, const environment& env, warning_list& warnings) {
  if (given.log_level != log_level::automatic) return given.log_level;
  const std::string_view value = env.get("OTEL_LOG_LEVEL");
  // The specification names only "info"; these are the words of its SDKs. Beyond info there is nothing to say.
  const struct {
    const char* name;
    log_level level;
  } known[] = {{"none", log_level::none},    {"off", log_level::none},   {"error", log_level::error},
               {"warn", log_level::warning}, {"warning", log_level::warning}, {"info", log_level::info},
               {"debug", log_level::info},   {"verbose", log_level::info},    {"all", log_level::info}};
  for (const auto& k : known) {
    if (text::equal_nocase(value, k.name)) return k.level;
  }
  if (!value.empty()) ignored(warnings, "OTEL_LOG_LEVEL", value, "write none, error, warn or info");
  return log_level::automatic;
}

/// An export has two limits in the environment, the exporter's and the processor's: the shorter one ends it.
inline milliseconds resolve_export_timeout(const options& given, const environment& env, warning_list& warnings) {
  if (given.export_timeout != milliseconds(0)) return given.export_timeout;
  constexpr auto most = static_cast<std::uint64_t>(day.count());
  const auto duration = [](std::uint64_t number) { return number == 0 ? day : milliseconds(number); };
  std::uint64_t exporter = 0, processor = 0;
  const bool first = read_unsigned(env, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", 0, most, exporter, warnings) ||
                     read_unsigned(env, "OTEL_EXPORTER_OTLP_TIMEOUT", 0, most, exporter, warnings);
  const bool second = read_unsigned(env, "OTEL_BSP_EXPORT_TIMEOUT", 0, most, processor, warnings);
  if (first && second) return (std::min)(duration(exporter), duration(processor));
  return first ? duration(exporter) : second ? duration(processor) : milliseconds(30000);
}

/// Spans in one request. OTEL_BSP_MAX_QUEUE_SIZE has no other meaning here: memory bounds what waits.
inline std::size_t resolve_batch_spans(const options& given, const environment& env, bool engine, warning_list& warnings) {
  std::uint64_t size = 512, queue = 0;
  read_unsigned(env, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1, 65536, size, warnings);
  const bool bounded = read_unsigned(env, "OTEL_BSP_MAX_QUEUE_SIZE", 1, 0xffffffffU, queue, warnings);
  if (engine) size = 128;  // Arthur Engine needs about 7 ms per LLM span and serves nobody else meanwhile
  const bool clamped = bounded && given.max_batch_spans == 0 && queue < size;
  if (clamped) {
    warnings.push_back("OTEL_BSP_MAX_QUEUE_SIZE=" + text::shown(env.get("OTEL_BSP_MAX_QUEUE_SIZE")) + " is below the batch size " +
                       std::to_string(size) + ": requests have at most " + std::to_string(queue) + " spans; raise it, or lower " +
                       (engine ? "options.max_batch_spans" : "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"));
    size = queue;
  } else if (bounded) {
    ignored(warnings, "OTEL_BSP_MAX_QUEUE_SIZE", env.get("OTEL_BSP_MAX_QUEUE_SIZE"),
            "memory bounds the spans that wait; set options.memory_limit");
  }
  return given.max_batch_spans != 0 ? given.max_batch_spans : static_cast<std::size_t>(size);
}

}  // namespace resolving
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// proxy.hpp: decides through which HTTP proxy a host is reached, if any.
#ifndef ARTHUR_POLICY_PROXY_HPP
#define ARTHUR_POLICY_PROXY_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// An HTTP proxy; without a host there is none.
struct proxy {
  std::string host;  ///< lower case; an IPv6 literal without its brackets
  std::uint16_t port = 0;
  std::string user;  ///< decoded; never printed, nor is the password
  std::string password;
  const char* source = "";  ///< the option or variable that named it

  bool used() const { return !host.empty(); }
};

/// For messages: never holds the password.
inline text_line shown(const proxy& p) { return text_line("the proxy ", host_and_port(p.host, p.port, 80)); }

inline std::string base64(std::string_view s) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < s.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (i + k < s.size() ? static_cast<unsigned char>(s[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += i + k <= s.size() ? digits[bits >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

namespace proxies {

/// Fills `out`; returns "" or one line that begins with `source`. Never shows user or password.
inline std::string parse(std::string_view value, const char* source, proxy& out) {
  const auto refuse = [&](const char* why) { return std::string(source) + " " + text::shown_url(value) + " " + why; };
  const std::size_t scheme = value.find("://");
  if (scheme != std::string_view::npos && !text::equal_nocase(value.substr(0, scheme), "http")) {
    return refuse("isn't an HTTP proxy; only http://host:port is understood");
  }
  std::string_view rest = scheme == std::string_view::npos ? value : value.substr(scheme + 3);
  proxy made;
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view secret = rest.substr(0, at);
    const std::size_t colon = secret.find(':');
    if (colon == std::string_view::npos || !text::percent_decode(secret.substr(0, colon), made.user) ||
        !text::percent_decode(secret.substr(colon + 1), made.password) || made.user.empty() || made.password.empty() ||
        made.user.find(':') != std::string::npos) {
      return refuse("has no usable user and password; write http://user:password@host:port, percent-encoded");
    }
    rest.remove_prefix(at + 1);
  }
  url u;
  // parse_url would show its argument, so it gets a text without the secret.
  const std::string error = parse_url("http://" + std::string(rest), source, u);
  if (!error.empty()) return error;
  if (u.target != "/") return refuse("has a path; write http://host:port");
  made.host = u.host;
  made.port = u.port;
  made.source = source;
  out = made;
  return {};
}

/// Four bytes of an IPv4 address as one number.
inline bool parse_ipv4(std::string_view s, std::uint32_t& out) {
  out = 0;
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = part < 3 ? s.find('.') : s.size();
    std::uint64_t value = 0;
    if (dot == std::string_view::npos || !text::parse_unsigned(s.substr(0, dot), value) || value > 255) return false;
    out = out << 8 | static_cast<std::uint32_t>(value);
    s.remove_prefix(part < 3 ? dot + 1 : dot);
  }
  return true;
}

/// One entry of NO_PROXY: "*", a name (which means its subdomains too, with or without a leading '.' or "*."), an
/// address, an IPv4 block such as 10.0.0.0/8; each but "*" and the block with ":port" if it means that port only.
inline bool matches(std::string_view entry, const url& where) {
  if (entry == "*") return true;
  std::uint32_t address = 0;
  const bool is_ipv4 = parse_ipv4(where.host, address);
  if (const std::size_t slash = entry.find('/'); slash != std::string_view::npos) {
    std::uint32_t block = 0;
    std::uint64_t bits = 0;
    if (!is_ipv4 || !parse_ipv4(entry.substr(0, slash), block) || !text::parse_unsigned(entry.substr(slash + 1), bits) || bits > 32) {
      return false;
    }
    return bits == 0 || (address ^ block) >> (32 - bits) == 0;
  }
  const bool bracketed = !entry.empty() && entry.front() == '[';
  const std::size_t close = bracketed ? entry.find(']') : std::string_view::npos;
  std::string_view port;
  if (close != std::string_view::npos) {
    port = entry.substr(close + 1);
    entry = entry.substr(1, close - 1);
  } else if (const std::size_t colon = entry.find(':'); colon != std::string_view::npos && entry.find(':', colon + 1) == std::string_view::npos) {
    port = entry.substr(colon);
    entry = entry.substr(0, colon);
  }
  std::uint64_t number = 0;
  if (!port.empty() && (port.front() != ':' || !text::parse_unsigned(port.substr(1), number) || number != where.port)) return false;
  if (entry.substr(0, 2) == "*.") entry.remove_prefix(1);
  if (!entry.empty() && entry.front() == '.') entry.remove_prefix(1);
  if (!entry.empty() && entry.back() == '.') entry.remove_suffix(1);
  std::string_view host = where.host;
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  if (entry.empty() || entry.size() > host.size()) return false;
  const std::size_t before = host.size() - entry.size();
  if (!text::equal_nocase(host.substr(before), entry)) return false;
  // An address has no subdomains: 0.0.1 isn't 10.0.0.1's parent.
  return before == 0 || (!is_ipv4 && host[before - 1] == '.');
}

inline bool excepted(std::string_view list, const url& where) {
  while (!list.empty()) {
    const std::size_t end = list.find_first_of(", \t");
    if (matches(list.substr(0, end), where)) return true;
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
  }
  return false;
}

}  // namespace proxies

/// Fills `out` for one URL; returns "" or one line about options.proxy. A wrong variable is only a warning.
///
/// options.proxy, else https_proxy, HTTPS_PROXY or, for http://, http_proxy (not HTTP_PROXY: a web server's clients can set
/// that one by a header), else all_proxy, ALL_PROXY. Never for this machine's own names, nor for what no_proxy, NO_PROXY
/// name: a local engine must not become unreachable because somebody's shell knows a proxy.
inline std::string resolve_proxy(const options& given, const environment& env, const url& where, warning_list& warnings,
                                 proxy& out) {
  out = proxy();
  const std::string_view in_code = text::trim(given.proxy);
  const char* source = "options.proxy";
  if (!in_code.empty()) {
    const std::string error = proxies::parse(in_code, source, out);
    if (!error.empty()) return error;
  }
  const char* name = nullptr;
  if (is_loopback(where.host) || proxies::excepted(env.get("no_proxy", "NO_PROXY", name), where)) {
    out = proxy();
    return {};
  }
  if (!in_code.empty()) return {};
  std::string_view value = where.https ? env.get("https_proxy", "HTTPS_PROXY", source) : env.get(source = "http_proxy");
  if (value.empty()) value = env.get("all_proxy", "ALL_PROXY", source);
  if (value.empty()) return {};
  const std::string error = proxies::parse(value, source, out);
  if (!error.empty()) warnings.push_back(error + "; going to " + origin(where) + " directly");
  return {};
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// tls_files.hpp: which certificate and key files the options or the environment name.
#ifndef ARTHUR_POLICY_TLS_FILES_HPP
#define ARTHUR_POLICY_TLS_FILES_HPP

#include <string>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// PEM files; a path is "" where none is named.
struct tls_files {
  struct file {
    std::string path;
    const char* source = "";  ///< the option or variable, for messages
  };
  file authorities;  ///< in place of the system's
  file certificate;  ///< the client's own, for mutual TLS
  file key;
};

/// Fills `out`; returns "" or one line. A certificate and its key come from one place: code or the environment.
inline std::string resolve_tls_files(const options& given, const environment& env, tls_files& out) {
  out = tls_files();
  const auto from_code = [](std::string_view path, const char* source, tls_files::file& file) {
    file = {std::string(text::trim(path)), source};
  };
  const auto from_env = [&](const char* own, const char* general, tls_files::file& file) {
    const char* source = nullptr;
    const std::string_view path = env.get(own, general, source);
    file = {std::string(path), source};
  };
  from_code(given.certificate_file, "options.certificate_file", out.authorities);
  if (out.authorities.path.empty()) {
    from_env("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE", out.authorities);
  }
  from_code(given.client_certificate_file, "options.client_certificate_file", out.certificate);
  from_code(given.client_key_file, "options.client_key_file", out.key);
  if (out.certificate.path.empty() && out.key.path.empty()) {
    from_env("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", out.certificate);
    from_env("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "OTEL_EXPORTER_OTLP_CLIENT_KEY", out.key);
  }
  if (out.certificate.path.empty() == out.key.path.empty()) return {};
  const tls_files::file& alone = out.key.path.empty() ? out.certificate : out.key;
  const tls_files::file& missing = out.key.path.empty() ? out.key : out.certificate;
  return std::string(alone.source) + "=" + text::shown(alone.path) + " needs " + missing.source +
         " beside it; give both, or neither (one PEM file may hold both)";
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Who takes the encoded requests.
enum class sink {
  none,
  endpoint,  ///< HTTP, to settings::where.traces
  file,      ///< options.output_file
  callback,  ///< options.on_batch
};

/// The resolved configuration.
struct settings {
  std::string error;      ///< not empty: nothing is exported, ok() is false, and this line says what to change
  bool disabled = false;  ///< OTEL_SDK_DISABLED=true: nothing is recorded; not an error

  detail::sink sink = detail::sink::endpoint;
  bool to_stdout = false;  ///< beside the sink: JSON lines
  bool console = false;    ///< beside the sink: trees for people
  bool console_colours = true;  ///< where standard output is a terminal
  endpoint where;          ///< meaningful with sink::endpoint; the arthur profile otherwise
  proxy traces_proxy;      ///< on the way to where.traces
  proxy engine_proxy;      ///< on the way to where.engine
  tls_files tls;           ///< for https://
  arthur::protocol protocol = protocol::automatic;

  std::string service_name;      ///< never empty
  std::string task_id;           ///< "" when unknown
  std::string task_name;         ///< "" when there is none; look it up when task_id is empty and where.has_engine
  bool task_in_code = false;     ///< options name the task, not variables
  std::vector<header> resource;  ///< everything, with service.name, telemetry.sdk.* and, where known, arthur.task

  std::string spool_directory;      ///< "" when there is none
  std::uint64_t spool_max_bytes = 0;
  std::uint64_t spool_max_age = 0;  ///< nanoseconds

  std::size_t memory_limit = 0;
  std::chrono::milliseconds block_timeout{0};
  std::chrono::milliseconds schedule_delay{0};
  std::chrono::milliseconds export_timeout{0};
  std::chrono::milliseconds shutdown_timeout{0};
  std::size_t max_batch_spans = 0;
  std::size_t max_batch_bytes = 0;
  double sample_ratio = 1.0;
  std::uint32_t max_spans_per_second = 0;
  span_limits limits;
  arthur::log_level log_level = log_level::automatic;
  bool parent_based = true;   ///< a trace that began in another process is sampled as its flag says
  bool trace_context = true;  ///< W3C traceparent and tracestate are read and written
};

/// Trees are put together on the heap.
#ifdef ARTHUR_NO_HEAP
constexpr bool console_built_in = false;
#else
constexpr bool console_built_in = true;
#endif

namespace resolving {

inline std::string out_of_range(const char* field, const std::string& rule) {
  return std::string("options.") + field + " is out of range: " + rule;
}

inline std::string check_ranges(const options& given) {
  const struct {
    const char* name;
    milliseconds value;
  } durations[] = {{"block_timeout", given.block_timeout},
                   {"schedule_delay", given.schedule_delay},
                   {"export_timeout", given.export_timeout},
                   {"shutdown_timeout", given.shutdown_timeout}};
  for (const auto& d : durations) {
    if (d.value < milliseconds(0) || d.value > day) return out_of_range(d.name, "give 0 to 24 hours");
  }
#ifdef ARTHUR_NO_HEAP
  constexpr std::size_t pool_size = ARTHUR_POOL_BYTES;
  if (given.memory_limit > pool_size || given.memory_limit < (std::size_t{96} << 10)) {
    return out_of_range("memory_limit", "give 96 KiB to ARTHUR_POOL_BYTES");
  }
#else
  if (given.memory_limit < (std::size_t{256} << 10)) return out_of_range("memory_limit", "give at least 256 KiB");
#endif
  // Places in the pool are 32-bit numbers of 8-byte units.
  if (given.memory_limit / 8 > 0xffffffffU) return out_of_range("memory_limit", "give at most 32 GiB");
  if (given.max_batch_spans > 65536) return out_of_range("max_batch_spans", "give 1 to 65536, or 0 for the default");
  if (given.max_batch_bytes < 1024 || given.max_batch_bytes > (std::size_t{64} << 20)) {
    return out_of_range("max_batch_bytes", "give 1 KiB to 64 MiB");
  }
  // Written so that NaN fails too.
  if (!(given.sample_ratio >= 0.0 && given.sample_ratio <= 1.0)) return out_of_range("sample_ratio", "give 0 to 1");
  if (given.max_spans_per_second > 1000000) return out_of_range("max_spans_per_second", "give 1 to 1000000, or 0 for no cap");
  if (given.protocol != protocol::automatic && given.protocol != protocol::http_json &&
      given.protocol != protocol::http_protobuf) {
    return out_of_range("protocol", "give one of arthur::protocol");
  }
  if (given.overflow != overflow::drop && given.overflow != overflow::block) {
    return out_of_range("overflow", "give one of arthur::overflow");
  }
  if (given.log_level < log_level::automatic || given.log_level > log_level::info) {
    return out_of_range("log_level", "give one of arthur::log_level");
  }
  if (given.spool_max_bytes < (std::uint64_t{1} << 20)) return out_of_range("spool_max_bytes", "give at least 1 MiB");
  if (given.spool_max_age < std::chrono::hours(1)) return out_of_range("spool_max_age", "give at least 1 hour");
  for (const header& h : given.resource_attributes) {
    if (text::trim(h.name).empty()) return "options.resource_attributes has an attribute without a name; name it";
  }
  if (given.on_batch != nullptr && !given.output_file.empty()) {
    return "options.on_batch and options.output_file exclude each other; give one of them";
  }
  return {};
}

/// Fills sink, to_stdout and console. A wrong name in code is an error; in the environment it is ignored, as the specification
/// wants, but "console" alone doesn't turn into posting: who asked for a local display wants nothing to leave.
inline std::string resolve_sinks(const options& given, const environment& env, warning_list& warnings, settings& out) {
  sink primary = sink::endpoint;
  if (!given.output_file.empty()) primary = sink::file;
  if (given.on_batch != nullptr) primary = sink::callback;
  const bool local = primary != sink::endpoint;

  const bool in_code = !text::trim(given.exporters).empty();
  const char* source = in_code ? "options.exporters" : "OTEL_TRACES_EXPORTER";
  std::string_view list = text::trim(given.exporters);
  if (!in_code && !local) list = env.get(source);

  bool none = false;
  bool otlp = false;
  bool console = false;
  while (!list.empty()) {
    const std::string_view name = text::take_name(list);
    if (name.empty()) continue;
    if (text::equal_nocase(name, "otlp")) {
      otlp = true;
    } else if (text::equal_nocase(name, "otlp/stdout")) {
      out.to_stdout = true;
    } else if (text::equal_nocase(name, "none")) {
      none = true;
    } else if (text::equal_nocase(name, "console")) {
      constexpr const char* why = "a build with ARTHUR_NO_HEAP has no console exporter; use otlp/stdout";
      if (!console_built_in && in_code) return std::string(source) + " names console: " + why;
      if (!console_built_in) ignored(warnings, source, name, why);
      console = true;
      out.console = console_built_in;
    } else if (in_code) {
      return std::string(source) + " names the unknown exporter " + text::shown(name) +
             "; use otlp, console, otlp/stdout or none";
    } else {
      ignored(warnings, source, name, "the known exporters are otlp, console, otlp/stdout and none");
    }
  }
  if (none && (otlp || out.to_stdout || console)) {
    ignored(warnings, source, "none", "other exporters are named beside it");
    none = false;
  }
  const bool wanted = otlp || local || (!out.to_stdout && !console);
  out.sink = wanted && !none ? primary : sink::none;
  out.console_colours = env.get("NO_COLOR").empty() && env.get("TERM") != "dumb";
  return {};
}

/// How the endpoint is reached: proxies, certificates. `https_available`: the program brings a transport with TLS.
inline std::string resolve_way(const options& given, const environment& env, bool https_available,
                               warning_list& warnings, settings& out) {
  const bool engine = out.where.has_engine;
  const url* const secure = out.where.traces.https ? &out.where.traces : engine && out.where.engine.https ? &out.where.engine : nullptr;
  if (secure != nullptr && !https_available) {
    return origin(*secure) +
           " needs TLS, which this program was built without; define ARTHUR_WITH_HTTPLIB where ARTHUR_IMPLEMENTATION is (CMake: "
           "link arthur::httplib), or use http://, or hand the requests to a client of your own with options.on_batch";
  }
  std::string error = resolve_proxy(given, env, out.where.traces, warnings, out.traces_proxy);
  if (error.empty() && engine) {
    warning_list same;  // as for the traces
    error = resolve_proxy(given, env, out.where.engine, same_origin(out.where.traces, out.where.engine) ? same : warnings, out.engine_proxy);
  }
  if (error.empty() && secure != nullptr) error = resolve_tls_files(given, env, out.tls);
  return error;
}

inline void resolve_protocol(const options& given, const environment& env, warning_list& warnings, settings& out) {
  out.protocol = given.protocol;
  const char* name = nullptr;
  const std::string_view value =
      env.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL", name);
  if (out.protocol == protocol::automatic && !value.empty()) {
    if (text::equal_nocase(value, "http/json")) {
      out.protocol = protocol::http_json;
    } else if (text::equal_nocase(value, "http/protobuf")) {
      out.protocol = protocol::http_protobuf;
    } else {
      ignored(warnings, name, value, "write http/json or http/protobuf");
    }
  }
  const std::string_view compression =
      env.get("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION", name);
  if (!compression.empty() && !text::equal_nocase(compression, "none")) {
    ignored(warnings, name, compression, "requests are sent uncompressed; write none");
  }
}

/// Files and posix locks, and memory to read them into.
#if defined(_WIN32) || defined(ARTHUR_NO_HEAP)
constexpr bool spool_built_in = false;
#else
constexpr bool spool_built_in = true;
#endif

/// A directory that can't be used is an error in code; in the environment it is ignored. Only what is posted is spooled.
inline std::string resolve_spool(const options& given, const environment& env, warning_list& warnings, settings& out) {
  constexpr const char* no_spool = "this build has no spool (Windows, ARTHUR_NO_HEAP); leave it empty";
  out.spool_max_bytes = given.spool_max_bytes;
  constexpr std::uint64_t hour = 3600000000000U;
  const auto hours = static_cast<std::uint64_t>(given.spool_max_age.count());
  out.spool_max_age = hours < ~std::uint64_t{0} / hour ? hours * hour : ~std::uint64_t{0};
  const bool in_code = !given.spool_directory.empty();
  if (out.sink != sink::endpoint) {
    return in_code ? "options.spool_directory is for what is posted to an endpoint: leave it empty, or remove what replaces the endpoint" : "";
  }
  const std::string directory = in_code ? given.spool_directory : std::string(env.get("ARTHUR_SPOOL_DIR"));
  if (directory.empty()) return {};
  if (!spool_built_in) {
    if (in_code) return std::string("options.spool_directory is given, but ") + no_spool;
    ignored(warnings, "ARTHUR_SPOOL_DIR", directory, no_spool);
    return {};
  }
  for (const char c : directory) {  // the path stands in lines
    if (!text::is_control(c)) continue;
    if (in_code) return "options.spool_directory has a control character; give the path of a directory";
    ignored(warnings, "ARTHUR_SPOOL_DIR", directory, "it has a control character; give the path of a directory");
    return {};
  }
  out.spool_directory = directory;
  return {};
}

inline void resolve_numbers(const options& given, const environment& env, warning_list& warnings, settings& out) {
  constexpr auto most = static_cast<std::uint64_t>(day.count());
  std::uint64_t number = 0;

  out.memory_limit = given.memory_limit;
  out.block_timeout = given.block_timeout;
  out.shutdown_timeout = given.shutdown_timeout;

  out.schedule_delay = given.schedule_delay;
  if (out.schedule_delay == milliseconds(0)) {
    const bool set = read_unsigned(env, "OTEL_BSP_SCHEDULE_DELAY", 1, most, number, warnings);
    out.schedule_delay = set ? milliseconds(number) : milliseconds(1000);
  }

  out.export_timeout = resolve_export_timeout(given, env, warnings);
  out.max_batch_bytes = given.max_batch_bytes;
  out.max_batch_spans = resolve_batch_spans(given, env, out.where.profile == profile::arthur, warnings);
  out.max_spans_per_second = given.max_spans_per_second;
  out.limits = resolve_limits(given, env, warnings);
}

/// OTEL_TRACES_SAMPLER counts where the code leaves the ratio at its default.
inline void resolve_sampler(const options& given, const environment& env, warning_list& warnings, settings& out) {
  out.sample_ratio = given.sample_ratio;
  std::string_view name = env.get("OTEL_TRACES_SAMPLER");
  if (given.sample_ratio < 1.0 || name.empty()) return;
  const std::string_view whole = name;
  constexpr std::string_view family = "parentbased_";
  // Within the process decisions are made at the root and inherited: the families differ for traces from elsewhere.
  out.parent_based = text::equal_nocase(name.substr(0, family.size()), family);
  if (out.parent_based) name.remove_prefix(family.size());
  if (text::equal_nocase(name, "always_on")) return;
  if (text::equal_nocase(name, "always_off")) {
    out.sample_ratio = 0.0;
  } else if (text::equal_nocase(name, "traceidratio")) {
    const std::string_view argument = env.get("OTEL_TRACES_SAMPLER_ARG");
    double ratio = 1.0;
    if (argument.empty()) return;
    if (text::parse_decimal(argument, ratio) && ratio <= 1.0) {
      out.sample_ratio = ratio;
    } else {
      ignored(warnings, "OTEL_TRACES_SAMPLER_ARG", argument, "write a number from 0 to 1");
    }
  } else {
    out.parent_based = true;
    ignored(warnings, "OTEL_TRACES_SAMPLER", whole, "use [parentbased_]always_on, ..always_off or ..traceidratio");
  }
}

/// Baggage isn't implemented, but its name is no mistake. Where no known name is left, the default stands.
inline void resolve_propagators(const environment& env, warning_list& warnings, settings& out) {
  constexpr const char* source = "OTEL_PROPAGATORS";
  bool none = false, trace_context = false, known = false;
  std::string_view list = env.get(source);
  while (!list.empty()) {
    const std::string_view name = text::take_name(list);
    if (name.empty()) continue;
    if (text::equal_nocase(name, "none")) {
      none = true;
    } else if (text::equal_nocase(name, "tracecontext")) {
      trace_context = known = true;
    } else if (text::equal_nocase(name, "baggage")) {
      known = true;
    } else {
      ignored(warnings, source, name, "the known propagators are tracecontext, baggage and none");
    }
  }
  if (none && known) ignored(warnings, source, "none", "other propagators are named beside it");
  if (none || known) out.trace_context = trace_context;
}

/// Service, task and resource attributes.
inline void resolve_identity(const options& given, const environment& env, warning_list& warnings, settings& out) {
  const auto code = [&](const char* key) {
    std::string_view value;
    for (const header& h : given.resource_attributes) {
      if (h.name == key) value = text::trim(h.value);
    }
    return value;
  };
  const std::vector<header> from_env = read_resource_attributes(env, warnings);
  const auto otel = [&](const char* key) {
    const std::string* value = find_pair(from_env, key);
    return value == nullptr ? std::string_view() : text::trim(*value);
  };
  const auto first = [](std::initializer_list<std::string_view> candidates) {
    for (const std::string_view c : candidates) {
      if (!c.empty()) return c;
    }
    return std::string_view();
  };

  // A task is one thing with two names: who names it in code isn't overruled by the other variable.
  std::string_view id = first({text::trim(given.task_id), code("arthur.task")});
  std::string_view name = text::trim(given.task_name);
  out.task_in_code = !id.empty() || !name.empty();
  if (id.empty() && name.empty()) {
    id = first({env.get("ARTHUR_TASK_ID"), otel("arthur.task")});
    name = env.get("ARTHUR_TASK_NAME");
  } else if (id.empty() && !env.get("ARTHUR_TASK_ID").empty()) {
    ignored(warnings, "ARTHUR_TASK_ID", env.get("ARTHUR_TASK_ID"), "options.task_name names the task");
  }
  out.task_id = std::string(id);
  out.task_name = std::string(name);

  const std::string_view given_name =
      first({text::trim(given.service_name), code("service.name"), env.get("ARTHUR_SERVICE_NAME"),
             env.get("OTEL_SERVICE_NAME"), otel("service.name")});
  out.service_name = std::string(first({given_name, name, id}));
  if (out.service_name.empty()) {
    out.service_name = "unknown_service";
    if (env.program != nullptr && *env.program != '\0') out.service_name += std::string(":") + env.program;
  }

  put_pair(out.resource, "service.name", out.service_name);
  put_pair(out.resource, "telemetry.sdk.name", "arthur");
  put_pair(out.resource, "telemetry.sdk.language", "cpp");
  put_pair(out.resource, "telemetry.sdk.version", ARTHUR_VERSION);
  for (const header& h : from_env) put_pair(out.resource, h.name, h.value);
  for (const header& h : given.resource_attributes) put_pair(out.resource, h.name, h.value);
  put_pair(out.resource, "service.name", out.service_name);
  erase_pair(out.resource, "arthur.task");
  if (!out.task_id.empty()) put_pair(out.resource, "arthur.task", out.task_id);
}

}  // namespace resolving

/// The complete configuration. Pure: whatever isn't in the arguments doesn't count. Each warning is one line.
inline settings resolve(const options& given, const environment& surroundings, warning_list& warnings,
                        bool https_available) {
  settings out;
  environment env = surroundings;
  if (!env.get("OTEL_CONFIG_FILE").empty()) {
    warnings.push_back("OTEL_CONFIG_FILE isn't read; as it is set, all other OTEL_ variables are ignored too");
    env.ignore_otel = true;
  }
  out.log_level = resolving::resolve_log_level(given, env, warnings);
  resolving::resolve_propagators(env, warnings, out);  // also for those who only hand headers on
  out.disabled = read_bool(env, "OTEL_SDK_DISABLED", warnings);
  if (out.disabled) return out;
  out.error = resolving::check_ranges(given);
  if (out.error.empty()) out.error = resolving::resolve_sinks(given, env, warnings, out);
  if (!out.error.empty()) return out;
  resolving::resolve_identity(given, env, warnings, out);
  resolving::resolve_protocol(given, env, warnings, out);
  // The endpoint only matters where requests are posted: a wrong URL doesn't spoil a file.
  if (out.sink == sink::endpoint) {
    out.error = resolve_endpoint(given, env, warnings, out.where);
    if (out.error.empty()) out.error = resolving::resolve_way(given, env, https_available, warnings, out);
  }
  if (out.sink == sink::endpoint && out.where.profile == profile::arthur && !out.where.has_engine &&
      out.task_id.empty() && !out.task_name.empty()) {
    warnings.push_back("the task " + text::shown(out.task_name) + " can't be looked up; set base_url or task_id too");
  }
  if (out.error.empty()) out.error = resolving::resolve_spool(given, env, warnings, out);
  resolving::resolve_numbers(given, env, warnings, out);
  resolving::resolve_sampler(given, env, warnings, out);
  return out;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// bell.hpp: how other threads reach the worker: first span, much to do, flush, stop.
#ifndef ARTHUR_RUNTIME_BELL_HPP
#define ARTHUR_RUNTIME_BELL_HPP

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

// waker.hpp: lets any thread end the worker's sleep without a lock.
#ifndef ARTHUR_PLATFORM_WAKER_HPP
#define ARTHUR_PLATFORM_WAKER_HPP

#include <atomic>
#include <cstdint>


#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif !defined(_WIN32) && !defined(ARTHUR_NO_THREADS)
#include <chrono>
#include <condition_variable>
#include <mutex>
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// One thread waits, any thread signals. A signal is never lost: one that comes before the wait ends it at once.
class waker {
 public:
  static constexpr std::uint64_t never = ~std::uint64_t{0};

#if defined(__linux__)
  /// Takes no lock: a futex, so that a span may end anywhere without waiting for anybody.
  void signal() noexcept {
    // Release pairs with the acquire in take(): what was done before the signal is seen after it.
    if (state_.exchange(1, std::memory_order_release) == 0) futex(FUTEX_WAKE_PRIVATE, 1, nullptr);
  }

  /// Sleeps until a signal or the given steady time in nanoseconds.
  void wait_until(std::uint64_t deadline) noexcept {
    while (!take()) {
      kernel_time left{};
      if (deadline != never) {
        const std::uint64_t now = steady_nanoseconds();
        if (now >= deadline) return;
        left.seconds = static_cast<long>((deadline - now) / 1000000000U);
        left.nanoseconds = static_cast<long>((deadline - now) % 1000000000U);
      }
      futex(FUTEX_WAIT_PRIVATE, 0, deadline == never ? nullptr : &left);  // relative, on the steady clock
    }
  }

 private:
  // What this call takes, which isn't the C library's timespec where a 32-bit program has a time_t of 64 bits.
  struct kernel_time {
    long seconds;
    long nanoseconds;
  };
  bool take() noexcept { return state_.exchange(0, std::memory_order_acquire) != 0; }
  void futex(int operation, std::uint32_t value, const kernel_time* timeout) noexcept {
    static_assert(sizeof state_ == 4, "futexes are 32 bits");
    ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&state_), operation, value, timeout, nullptr, 0);
  }
  std::atomic<std::uint32_t> state_{0};
#elif defined(_WIN32)
  // An event of the system, not a condition variable: when a Windows process ends, its threads are killed before the
  // last handlers of a DLL run, and whoever is killed with a mutex keeps it for ever. Never closed: the bell is immortal.
  void signal() noexcept { ::SetEvent(event_); }
  void wait_until(std::uint64_t deadline) noexcept {
    const std::uint64_t now = steady_nanoseconds();
    if (deadline != never && deadline <= now) return;
    // Rounded up, so that the end of the wait isn't before the deadline; a day at most, the caller looks again.
    const std::uint64_t left = deadline == never ? longest : (deadline - now - 1) / 1000000U + 1;
    if (event_ != nullptr) {
      ::WaitForSingleObject(event_, static_cast<DWORD>(left < longest ? left : longest));
    } else {
      ::Sleep(static_cast<DWORD>(left < 100 ? left : 100));  // no event to be had: polling keeps every promise but one
    }
  }

 private:
  static constexpr std::uint64_t longest = 86400000;  // milliseconds
  const HANDLE event_ = ::CreateEventW(nullptr, FALSE, FALSE, nullptr);  // reset by the wait that it ends
#elif !defined(ARTHUR_NO_THREADS)
  void signal() noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    signalled_ = true;
    condition_.notify_one();
  }
  void wait_until(std::uint64_t deadline) noexcept {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto ready = [this] { return signalled_; };
    const std::uint64_t now = steady_nanoseconds();
    if (deadline == never) {
      condition_.wait(lock, ready);
    } else if (deadline > now) {
      condition_.wait_for(lock, std::chrono::nanoseconds(deadline - now), ready);
    }
    signalled_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool signalled_ = false;
#else
  void signal() noexcept {}
  void wait_until(std::uint64_t) noexcept {}
#endif
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Lives as long as the process: a thread may ring while the runtime stops and starts again.
class bell {
 public:
  /// Called by recording threads: the worker sleeps and there is a span, or much has gathered.
  void wake() noexcept {
    // Relaxed: the alarm's own release and acquire order what was done before.
    const bool first = the_recorder.wanted.exchange(0, std::memory_order_relaxed) != 0;
    (first ? woken_ : urgent_).store(true, std::memory_order_relaxed);
    alarm_.signal();
  }

  /// Asks for everything that is committed now; returns the ticket to wait for.
  std::uint64_t request_flush() noexcept {
    const std::uint64_t ticket = asked_.fetch_add(1, std::memory_order_acq_rel) + 1;
    alarm_.signal();
    return ticket;
  }
  bool reached(std::uint64_t ticket) const noexcept { return answered_.load(std::memory_order_acquire) >= ticket; }
  /// False: the deadline (steady nanoseconds) came first.
  bool wait_for(std::uint64_t ticket, std::uint64_t deadline) {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!reached(ticket)) {
      const std::uint64_t now = steady_nanoseconds();
      if (now >= deadline) return false;
      // A wait of centuries would overflow inside the library.
      const std::uint64_t left = deadline - now < 3600000000000U ? deadline - now : 3600000000000U;
      changed_.wait_for(lock, std::chrono::nanoseconds(left));
    }
    return true;
  }

  /// Asks the worker to come to its end by then, sending what it can.
  void request_stop(std::uint64_t deadline) noexcept {
    // Release: the worker that sees the deadline sees everything that was committed before.
    stop_deadline_.store(deadline == 0 ? 1 : deadline, std::memory_order_release);
    alarm_.signal();
  }

  // The worker's side.

  void sleep_until(std::uint64_t due) noexcept { alarm_.wait_until(due); }
  bool take_urgent() noexcept { return urgent_.exchange(false, std::memory_order_relaxed); }
  bool take_woken() noexcept { return woken_.exchange(false, std::memory_order_relaxed); }
  std::uint64_t asked() const noexcept { return asked_.load(std::memory_order_acquire); }
  void answer(std::uint64_t ticket) noexcept {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      // Release pairs with the acquire in reached(): the counters are up to date.
      answered_.store(ticket, std::memory_order_release);
    }
    changed_.notify_all();
  }
  /// 0 = go on.
  const std::atomic<std::uint64_t>& stop_deadline() const noexcept { return stop_deadline_; }
  bool stopping() const noexcept { return stop_deadline_.load(std::memory_order_acquire) != 0; }
  /// Before a new worker: nobody has asked for anything.
  void reset() noexcept {
    urgent_.store(false, std::memory_order_relaxed);
    woken_.store(false, std::memory_order_relaxed);
    stop_deadline_.store(0, std::memory_order_relaxed);
    answer(asked());
  }

 private:
  waker alarm_;
  std::atomic<bool> urgent_{false};
  std::atomic<bool> woken_{false};
  std::atomic<std::uint64_t> asked_{0};
  std::atomic<std::uint64_t> answered_{0};
  std::atomic<std::uint64_t> stop_deadline_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// configuration.hpp: the settings that options and this process's environment make now.
#ifndef ARTHUR_RUNTIME_CONFIGURATION_HPP
#define ARTHUR_RUNTIME_CONFIGURATION_HPP

#include <atomic>
#include <string>

// https.hpp: where a transport with TLS makes itself known to the runtime.
#ifndef ARTHUR_TRANSPORT_HTTPS_HPP
#define ARTHUR_TRANSPORT_HTTPS_HPP

#include <atomic>
#include <memory>
#include <string>
#include <vector>

// transport.hpp: the one way in which the runtime hands over an encoded request and learns what became of it.
#ifndef ARTHUR_TRANSPORT_TRANSPORT_HPP
#define ARTHUR_TRANSPORT_TRANSPORT_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

constexpr const char* user_agent = "ARTHUR/" ARTHUR_VERSION " OTel-OTLP-Exporter-Cpp-Arthur/" ARTHUR_VERSION;

/// One request. The bytes must live until send() returns.
struct request {
  const char* method = "POST";
  const char* target = "/";       ///< path and query
  const char* content_type = "";  ///< "" when there is no body
  const char* body = nullptr;
  std::size_t body_size = 0;
  std::size_t spans = 0;  ///< for options::on_batch
};

/// Most bytes of an answer's body; OTLP's default limit.
#ifdef ARTHUR_NO_HEAP
constexpr std::size_t max_answer = std::size_t{64} << 10;
#else
constexpr std::size_t max_answer = std::size_t{4} << 20;
#endif

/// One answer. Where `truncated` is set the status holds all the same: a server decides before it writes the status.
struct response {
  int status = 0;
  std::string body;          ///< at most max_answer bytes
  std::string content_type;  ///< as sent; "" when there was none
  std::string retry_after;
  std::string location;
  bool truncated = false;  ///< the body was too large, cut off or malformed; it ends early

  /// As new, but keeps its memory.
  void clear() noexcept {
    status = 0;
    for (std::string* text : {&body, &content_type, &retry_after, &location}) text->clear();
    truncated = false;
  }
};

/// What send() fills. Kept from request to request, so that where memory is taken in start() alone there is room.
struct outcome {
  response answer;
  std::string error;

  outcome() {
    error.reserve(text_line::capacity);
#ifdef ARTHUR_NO_HEAP
    answer.body.reserve(max_answer);
    for (std::string* text : {&answer.content_type, &answer.retry_after, &answer.location}) text->reserve(text_line::capacity);
#endif
  }
};

enum class transport_result {
  answered,    ///< response::status is what the server said
  not_sent,    ///< nothing of the request left: safe to repeat
  unanswered,  ///< bytes went out and no status came back: the request may have been carried out
};

/// The time by which a transport judges its deadlines.
struct timing {
  std::uint64_t (*steady_now)() = nullptr;  ///< nanoseconds of a clock that never goes back
  /// Shortens what is under way: an absolute time of the same clock, 0 for none. Looked at every 50 ms at least.
  const std::atomic<std::uint64_t>* stop_deadline = nullptr;

  std::uint64_t limit(std::uint64_t deadline) const {
    // acquire: pairs with the release of whoever asks for the end, so that what was written before is seen after.
    const std::uint64_t stop = stop_deadline == nullptr ? 0 : stop_deadline->load(std::memory_order_acquire);
    return stop != 0 && stop < deadline ? stop : deadline;
  }

  /// Milliseconds of the next wait, at most 50 and rounded up; 0 when the time is over.
  int slice(std::uint64_t deadline) const {
    constexpr std::uint64_t most = 50;
    constexpr std::uint64_t nanoseconds = 1000000;
    const std::uint64_t end = limit(deadline);
    const std::uint64_t now = steady_now();
    if (now >= end) return 0;
    const std::uint64_t left = (end - now - 1) / nanoseconds + 1;
    return static_cast<int>(left < most ? left : most);
  }
};

/// Sends requests. Used by one thread at a time.
class transport {
 public:
  transport() = default;
  transport(const transport&) = delete;
  transport& operator=(const transport&) = delete;
  virtual ~transport() = default;

  /// `deadline`: absolute nanoseconds of timing::steady_now. `error`: one line for people wherever `out` doesn't tell
  /// the whole story, "" otherwise.
  virtual transport_result send(const request& what, std::uint64_t deadline, response& out, std::string& error) = 0;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What a transport with TLS offers.
struct https_support {
  std::unique_ptr<transport> (*make)(const url& where, const std::vector<header>& headers, const timing& time,
                                     const proxy& via, const tls_files& files);
  /// "" or one line that says which file can't be used and why.
  std::string (*check)(const tls_files& files);
};

/// nullptr where no file of the program was compiled with one. A variable, not a macro: of two static libraries that both
/// bring the runtime only one may have TLS, and the linker picks either one's functions.
inline std::atomic<const https_support*> the_https{nullptr};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline const char* lookup_variable(void* reader, const char* name) { return static_cast<variable_reader*>(reader)->get(name); }

/// What arthur::start() works with. Files are looked at, too; nothing is sent.
inline settings configure(const options& given, warning_list& warnings) {
  environment surroundings;
  variable_reader variables;
  surroundings.lookup = lookup_variable;
  surroundings.user = &variables;
  const std::string program = program_name();
  surroundings.program = program.c_str();
  const https_support* const https = the_https.load(std::memory_order_relaxed);  // set before main
  settings made = resolve(given, surroundings, warnings, https != nullptr);
  if (made.error.empty() && https != nullptr) made.error = https->check(made.tls);
  return made;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// diagnostics.hpp: the runtime's counters, its newest problem, and the lines it says about itself.
#ifndef ARTHUR_RUNTIME_DIAGNOSTICS_HPP
#define ARTHUR_RUNTIME_DIAGNOSTICS_HPP

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string_view>
#include <utility>

// secrets.hpp: which texts of the configuration are secret, and how they are kept out of what is said.
#ifndef ARTHUR_POLICY_SECRETS_HPP
#define ARTHUR_POLICY_SECRETS_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

using secret_list = std::vector<std::string>;

/// Values of headers, without the scheme before a key; a URL's query; passwords of proxies. Of cookies, parameters and the
/// like each value alone, too: a server may send back the one that it minds. Short texts are too likely to occur
/// elsewhere, above all those of headers that hold no key.
inline secret_list secrets_of(const settings& s) {
  secret_list out;
  const auto add = [&out](std::string_view text, std::size_t least = 6) {
    if (text.size() >= least) out.emplace_back(text);
  };
  const auto add_list = [&add](std::string_view list, std::size_t least) {
    add(list, least);
    for (std::size_t at = 0, end = 0; at < list.size(); at = end + 1) {
      end = (std::min)(list.find_first_of(" =&;,", at), list.size());
      add(list.substr(at, end - at), 12);
    }
  };
  for (const std::vector<header>* list : {&s.where.headers, &s.where.engine_headers}) {
    for (const header& h : *list) {
      const bool key = text::equal_nocase(h.name, "Authorization");
      // npos + 1 is 0
      add_list(std::string_view(h.value).substr(key ? h.value.find(' ') + 1 : 0), key ? 6 : 12);
    }
  }
  const std::string_view target = s.where.traces.target;
  add_list(target.substr((std::min)(target.size(), path_of(s.where.traces).size() + 1)), 6);
  for (const proxy* p : {&s.traces_proxy, &s.engine_proxy}) {
    add(p->password);
    add(base64(p->user + ":" + p->password));
  }
  return out;
}

/// Makes stars of each secret in a text, which a server may have put there: it was sent them. Also of the beginning of one
/// that was cut, if it is 8 characters or more.
inline void hide(const secret_list& secrets, char* text, std::size_t size) noexcept {
  const std::string_view all(text, size);
  for (const std::string& secret : secrets) {
    const std::string_view start = std::string_view(secret).substr(0, 8);
    for (std::size_t at = all.find(start); at != std::string_view::npos; at = all.find(start, at)) {
      for (std::size_t n = 0; n < secret.size() && at < size && text[at] == secret[n]; ++n) text[at++] = '*';
    }
  }
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

enum class fate { delivered, rejected, failed, unconfirmed };

/// What became of committed spans. Written by the worker, read by anybody.
struct delivery_counters {
  std::atomic<std::uint64_t> taken{0};  // out of the threads' queues; the next seven say where they are
  std::atomic<std::uint64_t> delivered{0};
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> unconfirmed{0};
  std::atomic<std::uint64_t> discarded{0};
  std::atomic<std::uint64_t> spooled{0};
  // What became of spans in spooled files, whoever wrote them.
  std::atomic<std::uint64_t> replayed{0};
  std::atomic<std::uint64_t> replay_rejected{0};
  std::atomic<std::uint64_t> replay_unconfirmed{0};
  std::atomic<std::uint64_t> expired{0};

  std::atomic<std::uint64_t>& of(fate f, bool from_spool) noexcept {
    switch (f) {
      case fate::delivered: return from_spool ? replayed : delivered;
      case fate::unconfirmed: return from_spool ? replay_unconfirmed : unconfirmed;
      case fate::failed: return from_spool ? replay_rejected : failed;
      case fate::rejected: break;
    }
    return from_spool ? replay_rejected : rejected;
  }
  std::atomic<std::uint64_t> cleaned{0};
  std::atomic<std::uint64_t> dropped_attributes{0};  // by the limit, beside those that the threads count
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> retries{0};
};

inline void count(std::atomic<std::uint64_t>& counter, std::uint64_t n = 1) noexcept {
  counter.fetch_add(n, std::memory_order_relaxed);
}

/// Says lines to the user's function or to stderr: the same kind of line at most once in ten seconds, with the number
/// of those left out. Never holds a secret: callers pass none, and what servers say is searched for those known.
class diagnostics {
 public:
  explicit diagnostics(std::uint64_t (*clock)() = steady_nanoseconds) noexcept : clock_(clock) {}

  enum class topic : std::uint8_t {
    configuration, connection, refusal, protocol, task, poison, unconfirmed, asking, spool, rate, pace, display, shutdown, count
  };

  void use(void (*function)(void*, severity, const char*), void* user, log_level level = log_level::automatic) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    level_ = level;
    function_ = function;
    user_ = user;
    last_error_ = text_line();
    last_rejection_ = text_line();
    for (auto& t : topics_) t = {};
  }
  void use(log_level level) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    level_ = level;
  }

  void hide(secret_list secrets) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    secrets_ = std::move(secrets);
  }

  /// Never throws: a function of the user's that does is ignored.
  void say(topic about, severity level, std::string_view what) noexcept {
#if ARTHUR_HAS_EXCEPTIONS
    try {
      say_it(about, level, what);
    } catch (...) {
    }
#else
    say_it(about, level, what);
#endif
  }

  text_line last_error() noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    return last_error_;
  }
  /// Keeps why the endpoint refused single spans.
  void rejected(const text_line& why) noexcept {
    if (why.empty()) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    last_rejection_ = why;
    detail::hide(secrets_, last_rejection_.begin(), last_rejection_.size());
  }
  text_line last_rejection() noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    return last_rejection_;
  }

 private:
  bool says(severity level) const noexcept {
    switch (level_) {
      case log_level::none: return false;
      case log_level::error: return level == severity::error;
      case log_level::warning: return level != severity::info;
      case log_level::info: return true;
      // Who listens gets everything; stderr belongs to the program, so it isn't told what works as it should.
      case log_level::automatic: break;
    }
    return function_ != nullptr || level != severity::info;
  }

  void say_it(topic about, severity level, std::string_view what) {
    void (*function)(void*, severity, const char*) = nullptr;
    void* user = nullptr;
    constexpr std::size_t before = 8;
    text_line whole("arthur: ", what);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      detail::hide(secrets_, whole.begin(), whole.size());
      if (level != severity::info) last_error_ = text_line(std::string_view(whole).substr(before));
      if (!says(level)) return;
      state& s = topics_[static_cast<std::size_t>(about)];
      const std::uint64_t now = clock_();
      // Configuration lines differ from each other and are said once each.
      if (about != topic::configuration && s.said_at != 0 && now - s.said_at < 10000000000U) {
        ++s.left_out;
        return;
      }
      if (s.left_out != 0) whole = text_line(whole, " (and ", s.left_out, " more like it)");
      s.said_at = now;
      s.left_out = 0;
      function = function_;
      user = user_;
    }
    // Outside the lock: the function may call arthur::stats().
    if (function != nullptr) {
      function(user, level, whole.c_str());
    } else {
      std::fprintf(stderr, "%s\n", whole.c_str());
    }
  }

  struct state {
    std::uint64_t said_at = 0;
    std::uint64_t left_out = 0;
  };
  std::uint64_t (*const clock_)();
  std::mutex mutex_;
  secret_list secrets_;
  void (*function_)(void*, severity, const char*) = nullptr;
  void* user_ = nullptr;
  log_level level_ = log_level::automatic;
  text_line last_error_;
  text_line last_rejection_;
  state topics_[static_cast<std::size_t>(topic::count)];
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// outputs.hpp: makes the transports and displays that the settings ask for.
#ifndef ARTHUR_RUNTIME_OUTPUTS_HPP
#define ARTHUR_RUNTIME_OUTPUTS_HPP

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

// callback.hpp: hands encoded requests to options::on_batch.
#ifndef ARTHUR_TRANSPORT_CALLBACK_HPP
#define ARTHUR_TRANSPORT_CALLBACK_HPP

#include <cstdint>
#include <string>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Status 200 where the callback took the batch. A refusal is 400, final: the callback was asked once and said no.
class callback_transport final : public transport {
 public:
  using function = bool (*)(void* user, const batch_view& batch);

  callback_transport(function on_batch, void* user) : on_batch_(on_batch), user_(user) {}

  transport_result send(const request& what, std::uint64_t, response& out, std::string& error) override {
    out.clear();
    error.clear();
    const batch_view batch{what.body, what.body_size, what.content_type, what.spans};
    bool taken = false;
#if ARTHUR_HAS_EXCEPTIONS
    // The worker has nobody to pass an exception to; it would end the program.
    try {
      taken = on_batch_(user_, batch);
    } catch (...) {
      error = "options.on_batch threw an exception; it must not";
    }
#else
    taken = on_batch_(user_, batch);
#endif
    out.status = taken ? 200 : 400;
    if (!taken && error.empty()) error = "options.on_batch returned false";
    return transport_result::answered;
  }

 private:
  function on_batch_;
  void* user_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// file.hpp: appends requests to a file or to stdout, one JSON line each.
#ifndef ARTHUR_TRANSPORT_FILE_HPP
#define ARTHUR_TRANSPORT_FILE_HPP

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>


#if defined(_WIN32)
#include <io.h>
#else
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#endif

// error_text.hpp: what the system calls an error number.
#ifndef ARTHUR_PLATFORM_ERROR_TEXT_HPP
#define ARTHUR_PLATFORM_ERROR_TEXT_HPP

#include <cstring>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

// strerror_r comes in two shapes: one returns the text, the other says whether the text is in the buffer.
inline const char* text_of_error(const char* text, const char*) noexcept { return text; }
inline const char* text_of_error(int, const char* buffer) noexcept { return buffer; }

/// Takes no memory. (A program that calls setlocale() lets the C library translate, and load what it needs for that.)
inline text_line error_text(int error) noexcept {
  char buffer[128] = "";
#if defined(_WIN32)
  ::strerror_s(buffer, sizeof buffer, error);
  return text_line(buffer);
#else
  return text_line(text_of_error(::strerror_r(error, buffer, sizeof buffer), buffer));
#endif
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// no_sigpipe.hpp: keeps a peer that went away from ending the program while something is written to it.
#ifndef ARTHUR_TRANSPORT_NO_SIGPIPE_HPP
#define ARTHUR_TRANSPORT_NO_SIGPIPE_HPP

#if !defined(_WIN32)
#include <cerrno>

#include <signal.h>
#endif


ARTHUR_NAMESPACE_BEGIN
namespace detail {

#if defined(_WIN32)
struct no_sigpipe {
  no_sigpipe() {}  // not trivial: an object of it counts as used
};
#else
/// Blocks SIGPIPE on this thread; one that comes meanwhile is taken away, one that waited before is left.
class no_sigpipe {
 public:
  no_sigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~no_sigpipe() {
    const int kept = errno;
    sigset_t pending;
    sigpending(&pending);
    if (!was_pending_ && sigismember(&pending, SIGPIPE) == 1) {
      int which = 0;
      ::sigwait(&pipe_, &which);
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = kept;
  }
  no_sigpipe(const no_sigpipe&) = delete;
  no_sigpipe& operator=(const no_sigpipe&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool was_pending_;
};
#endif

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Status 200 once the whole line is written. A line cut off by a full disk is no JSON and stays alone on its line, so
/// writing the request again later stores nothing twice: every failure is not_sent.
class file_transport final : public transport {
 public:
  /// Opened with the first request, created if need be, always appended to.
  file_transport(std::string path, const timing& time) : time_(time), path_(std::move(path)) {}

  /// Writes to an open descriptor, e.g. 1 for stdout; it stays open.
  file_transport(int descriptor, const timing& time)
      : time_(time), path_(descriptor == 1 ? "stdout" : "the descriptor"), file_(descriptor), owned_(false) {
    look();
  }

  ~file_transport() override {
    if (owned_) close_file();
  }

  transport_result send(const request& what, std::uint64_t deadline, response& out, std::string& error) override {
    out.clear();
    error.clear();
    if (file_ < 0 && !open_file()) {
      set_line(error, "can't open ", path_, ": ", last_problem());
      return transport_result::not_sent;
    }
    // The first byte ends a line that an earlier failure left unfinished.
    const std::string_view pieces[] = {torn_ ? "\n" : "", {what.body, what.body_size}, "\n"};
    const std::size_t total = pieces[0].size() + what.body_size + 1;
    const std::size_t written = write_all(pieces, total, deadline, error);
    if (written > 0) torn_ = written < total && !(torn_ && written == 1);
    if (written < total - 1) {
      set_line(error, "can't write to ", path_, ": ", error);
      return transport_result::not_sent;
    }
    error.clear();  // only the line's end may be missing, and the next request writes it
    out.status = 200;
    return transport_result::answered;
  }

 private:
#if defined(_WIN32)
  static text_line last_problem() { return text_line(windows_error_text(::GetLastError())); }
  bool open_file() {
    // The right to append and no more: the system itself puts every write at the end.
    const HANDLE file = ::CreateFileW(to_wide(path_).c_str(), FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                      nullptr, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr);
    if (file != INVALID_HANDLE_VALUE) file_ = ::_open_osfhandle(reinterpret_cast<std::intptr_t>(file), 0);
    return file_ >= 0;
  }
  void close_file() {
    if (file_ >= 0) ::_close(file_);
  }
  void look() {}

  std::size_t write_all(const std::string_view (&pieces)[3], std::size_t, std::uint64_t, std::string& error) {
    std::string whole;
    for (const std::string_view piece : pieces) whole.append(piece);
    // Past the C library: it would make two bytes of a line's end, or stop doing that for what the program itself writes.
    const auto file = reinterpret_cast<HANDLE>(::_get_osfhandle(file_));
    std::size_t written = 0;
    while (written < whole.size()) {
      const std::size_t most = (std::min)(whole.size() - written, std::size_t{1} << 30);
      DWORD n = 0;
      if (::WriteFile(file, whole.data() + written, static_cast<DWORD>(most), &n, nullptr) == 0 || n == 0) {
        set_line(error, last_problem());
        break;
      }
      written += n;
    }
    return written;
  }
#else
  static text_line last_problem() noexcept { return error_text(errno); }
  bool open_file() {
#if defined(O_LARGEFILE)
    constexpr int large = O_LARGEFILE;  // where a long has 32 bits, files would end at 2 GiB
#else
    constexpr int large = 0;
#endif
    file_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | large, 0666);
    if (file_ < 0) return false;
    look();
    return true;
  }
  void close_file() {
    if (file_ >= 0) ::close(file_);
  }

  // Writing to a regular file waits for nobody; a pipe, terminal or socket may have a reader that stopped reading.
  void look() {
    struct stat about {};
    // EOVERFLOW: a regular file too large for a size of 32 bits.
    may_block_ = ::fstat(file_, &about) != 0 ? errno != EOVERFLOW : !S_ISREG(about.st_mode);
  }

  /// False when the time is over.
  bool wait_writable(std::uint64_t deadline) const {
    for (int slice = time_.slice(deadline); slice > 0; slice = time_.slice(deadline)) {
      pollfd p{file_, POLLOUT, 0};
      if (::poll(&p, 1, slice) > 0) return true;
    }
    return false;
  }

  std::size_t write_all(const std::string_view (&pieces)[3], std::size_t total, std::uint64_t deadline,
                        std::string& error) {
    constexpr std::size_t portion = PIPE_BUF;  // what a pipe takes after POLLOUT without waiting
    const no_sigpipe guard;
    std::size_t written = 0;
    while (written < total) {
      iovec parts[3];
      std::size_t skip = written;
      std::size_t room = may_block_ ? portion : total;
      for (int i = 0; i < 3; ++i) {
        const std::size_t gone = (std::min)(skip, pieces[i].size());
        const std::size_t size = (std::min)(pieces[i].size() - gone, room);
        parts[i] = {const_cast<char*>(pieces[i].data()) + gone, size};
        skip -= gone;
        room -= size;
      }
      if (may_block_ && !wait_writable(deadline)) {
        error = "nobody reads it";
        break;
      }
      const ssize_t n = ::writev(file_, parts, 3);
      if (n > 0) {
        written += static_cast<std::size_t>(n);
      } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        set_line(error, n == 0 ? text_line("nothing was taken") : error_text(errno));
        break;
      }
    }
    return written;
  }
#endif

  timing time_;
  std::string path_;
  int file_ = -1;
  bool owned_ = true;
  bool torn_ = false;  // the last line has no end
  bool may_block_ = false;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// socket.hpp: an HTTP/1.1 client over a plain socket; every wait has a deadline and can be cut short.
#ifndef ARTHUR_TRANSPORT_SOCKET_HPP
#define ARTHUR_TRANSPORT_SOCKET_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

// http_response.hpp: reads an HTTP/1.x answer from bytes that arrive in pieces of any size; trusts nothing.
#ifndef ARTHUR_TRANSPORT_HTTP_RESPONSE_HPP
#define ARTHUR_TRANSPORT_HTTP_RESPONSE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Feed it what was received until done() or failed(), end_of_stream() when the peer closes.
class http_response_parser {
 public:
  static constexpr std::size_t max_header = std::size_t{64} << 10;  // 1xx answers and trailers included
  static constexpr std::size_t max_body = max_answer;

  explicit http_response_parser(response& out) : out_(out) {}

  /// Takes bytes and returns how many belonged to this answer.
  std::size_t feed(const char* data, std::size_t size) {
    std::size_t used = 0;
    while (used < size && !done() && !failed()) {
      if (state_ == state::body || state_ == state::until_close || state_ == state::chunk_data) {
        used += take_body(data + used, size - used);
      } else {
        take_line_byte(data[used++]);
      }
    }
    return used;
  }

  /// The peer sends no more.
  void end_of_stream() {
    if (done() || failed()) return;
    if (state_ == state::until_close) {
      state_ = state::done;
    } else {
      fail(has_status() ? "the answer was cut off" : "the connection was closed without an answer");
    }
  }

  bool done() const { return state_ == state::done; }
  bool failed() const { return state_ == state::failed; }

  /// Is response::status final? True from the end of the header on, even where the body then fails.
  bool has_status() const { return has_status_; }

  /// May the connection carry another request?
  bool keep_alive() const { return done() && keep_alive_; }

  /// What was wrong; "" unless failed() or the body was too large.
  const char* error() const { return error_; }

 private:
  enum class state {
    status_line,
    header_line,
    body,         // left_ bytes
    until_close,  // all that comes
    chunk_size,
    chunk_data,
    chunk_end,
    trailer,
    done,
    failed
  };

  void fail(const char* why) {
    state_ = state::failed;
    error_ = why;
    keep_alive_ = false;
    if (has_status_) {
      out_.truncated = true;
    } else {
      out_.clear();
    }
  }

  void take_line_byte(char c) {
    // Chunk sizes have a limit of their own: many small chunks are legal, a long line isn't.
    const bool chunk_line = state_ == state::chunk_size || state_ == state::chunk_end;
    if (!chunk_line && ++header_bytes_ > max_header) return fail("the answer's header is larger than 64 KiB");
    if (c != '\n') {
      line_ += c;  // of a longer line the beginning is kept
      if (chunk_line && line_is_cut()) fail("the answer has a malformed chunk");
      return;
    }
    std::string_view whole(line_);
    if (!whole.empty() && whole.back() == '\r') whole.remove_suffix(1);
    take_line(whole);
    line_.clear();
  }
  bool line_is_cut() const { return line_.size() == text_line::capacity; }

  void take_line(std::string_view line) {
    switch (state_) {
      case state::status_line: return take_status_line(line);
      case state::header_line: return line.empty() ? end_of_header() : take_header(line);
      case state::chunk_size: return take_chunk_size(line);
      case state::chunk_end:
        if (!line.empty()) return fail("the answer has a malformed chunk");
        state_ = state::chunk_size;
        return;
      default:  // a trailer says nothing that matters here
        if (line.empty()) state_ = state::done;
        return;
    }
  }

  void take_status_line(std::string_view line) {
    // "HTTP/1.1 200 OK"; the reason may be missing together with its space.
    std::uint64_t status = 0;
    if (line.size() < 12 || line.substr(0, 7) != "HTTP/1." || !text::is_digit(line[7]) || line[8] != ' ' ||
        !text::parse_unsigned(line.substr(9, 3), status) || status < 100 || status > 599 ||
        (line.size() > 12 && line[12] != ' ')) {
      return fail("the answer isn't HTTP/1.1");
    }
    out_.status = static_cast<int>(status);
    keep_alive_ = line[7] != '0';
    state_ = state::header_line;
  }

  void take_header(std::string_view line) {
    if (text::is_space(line.front())) return;  // the folded rest of the line before, which isn't needed
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return fail("the answer has a malformed header");
    const std::string_view name = text::trim(line.substr(0, colon));
    const std::string_view value = text::trim(line.substr(colon + 1));
    if (text::equal_nocase(name, "content-length")) {
      if (line_is_cut()) return fail("the answer has a malformed Content-Length");
      take_content_length(value);
    } else if (text::equal_nocase(name, "transfer-encoding")) {
      if (line_is_cut()) return fail("the answer has a malformed header");
      encoded_ = true;
      const std::size_t comma = value.rfind(',');
      const std::size_t last = comma == std::string_view::npos ? 0 : comma + 1;
      chunked_ = text::equal_nocase(text::trim(value.substr(last)), "chunked");
    } else if (text::equal_nocase(name, "connection")) {
      if (has_token(value, "close")) close_ = true;
      if (has_token(value, "keep-alive")) keep_alive_ = true;
    } else if (text::equal_nocase(name, "retry-after")) {
      out_.retry_after = value;
    } else if (text::equal_nocase(name, "location")) {
      out_.location = value;
    } else if (text::equal_nocase(name, "content-type")) {
      out_.content_type = value;
    }
  }

  static bool has_token(std::string_view list, std::string_view token) {
    while (!list.empty()) {
      const std::size_t comma = list.find(',');
      if (text::equal_nocase(text::trim(list.substr(0, comma)), token)) return true;
      list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return false;
  }

  // Several equal lengths ("5, 5" or two lines) are one length; different ones are an attack or a defect.
  void take_content_length(std::string_view list) {
    while (true) {
      const std::size_t comma = list.find(',');
      std::uint64_t length = 0;
      if (!text::parse_unsigned(text::trim(list.substr(0, comma)), length) || (has_length_ && length != left_)) {
        return fail("the answer has a malformed Content-Length");
      }
      has_length_ = true;
      left_ = length;
      if (comma == std::string_view::npos) return;
      list.remove_prefix(comma + 1);
    }
  }

  void end_of_header() {
    if (out_.status == 101) return fail("the answer switches to another protocol");
    if (out_.status < 200) {
      const std::size_t bytes = header_bytes_;  // goes on counting, so endless 1xx answers end
      out_.clear();
      has_length_ = encoded_ = chunked_ = close_ = keep_alive_ = false;
      left_ = 0;
      header_bytes_ = bytes;
      state_ = state::status_line;
      return;
    }
    has_status_ = true;
    if (close_) keep_alive_ = false;
    if (out_.status == 204 || out_.status == 304) {
      state_ = state::done;
    } else if (chunked_) {
      if (has_length_) keep_alive_ = false;  // both lengths: a message that proxies may see differently
      state_ = state::chunk_size;
    } else if (has_length_ && !encoded_) {
      state_ = left_ == 0 ? state::done : state::body;
    } else {
      keep_alive_ = false;
      state_ = state::until_close;
    }
  }

  void take_chunk_size(std::string_view line) {
    line = text::trim(line.substr(0, line.find(';')));
    std::uint64_t length = 0;
    if (line.empty() || line.size() > 15) return fail("the answer has a malformed chunk");
    for (const char c : line) {
      const int digit = text::hex_value(c);
      if (digit < 0) return fail("the answer has a malformed chunk");
      length = length * 16 + static_cast<std::uint64_t>(digit);
    }
    left_ = length;
    state_ = length == 0 ? state::trailer : state::chunk_data;
  }

  std::size_t take_body(const char* data, std::size_t size) {
    std::size_t n = size;
    if (state_ != state::until_close) n = static_cast<std::size_t>((std::min)(left_, static_cast<std::uint64_t>(n)));
    const std::size_t room = max_body - out_.body.size();
    if (n > room) {
      out_.body.append(data, room);
      out_.truncated = true;
      keep_alive_ = false;
      error_ = max_body < (std::size_t{1} << 20) ? "the answer is larger than 64 KiB" : "the answer is larger than 4 MiB";
      state_ = state::done;
      return n;
    }
    out_.body.append(data, n);
    if (state_ == state::until_close) return n;
    left_ -= n;
    if (left_ == 0) state_ = state_ == state::body ? state::done : state::chunk_end;
    return n;
  }

  response& out_;
  state state_ = state::status_line;
  text_line line_;
  std::size_t header_bytes_ = 0;
  std::uint64_t left_ = 0;
  bool has_length_ = false;
  bool encoded_ = false;
  bool chunked_ = false;
  bool close_ = false;
  bool keep_alive_ = false;
  bool has_status_ = false;
  const char* error_ = "";
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// net.hpp: the few socket calls that differ between POSIX and Winsock.
#ifndef ARTHUR_TRANSPORT_NET_HPP
#define ARTHUR_TRANSPORT_NET_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <system_error>


#if defined(_WIN32)
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#endif


ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace net {

#if defined(_WIN32)

using handle = SOCKET;
using address_length = int;
constexpr handle none = INVALID_SOCKET;

inline void start() {
  static const bool started = [] {
    WSADATA data;
    return WSAStartup(MAKEWORD(2, 2), &data) == 0;
  }();
  static_cast<void>(started);
}
inline int last_error() { return WSAGetLastError(); }
inline bool interrupted(int) { return false; }
inline bool would_block(int error) { return error == WSAEWOULDBLOCK; }
inline bool in_progress(int error) { return error == WSAEWOULDBLOCK; }
inline void close(handle s) { closesocket(s); }

inline handle open(int family) {
  const handle s = WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, nullptr, 0,
                              WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  u_long on = 1;
  if (s != none) ioctlsocket(s, static_cast<long>(FIONBIO), &on);
  return s;
}

inline fd_set only(handle s) {
  fd_set one;
  one.fd_count = 1;
  one.fd_array[0] = s;
  return one;
}

/// Events that are ready, 0 when the time is over, -1 on failure.
inline int poll_one(handle s, short events, int milliseconds) {
  // Not WSAPoll: before Windows 10 2004 it never tells that a connection was refused.
  fd_set readable = only(s), writable = only(s), failed = only(s);
  // Out-of-band bytes are an exception as well; only a socket that is being connected can't have any.
  const bool connecting = events == POLLOUT;
  timeval time = {milliseconds / 1000, milliseconds % 1000 * 1000};
  const int n = ::select(0, (events & POLLIN) != 0 ? &readable : nullptr, (events & POLLOUT) != 0 ? &writable : nullptr,
                         connecting ? &failed : nullptr, &time);
  if (n <= 0) return n;
  return ((events & POLLIN) != 0 && readable.fd_count != 0 ? POLLIN : 0) |
         ((events & POLLOUT) != 0 && writable.fd_count != 0 ? POLLOUT : 0) | (connecting && failed.fd_count != 0 ? POLLERR : 0);
}

/// Sends from two buffers as one; bytes taken or -1.
inline std::ptrdiff_t send_two(handle s, const char* a, std::size_t a_size, const char* b, std::size_t b_size) {
  constexpr std::size_t most = std::size_t{1} << 30;  // sizes have 32 bits here
  WSABUF parts[2] = {{static_cast<ULONG>((std::min)(a_size, most)), const_cast<char*>(a)},
                     {static_cast<ULONG>((std::min)(b_size, most)), const_cast<char*>(b)}};
  DWORD sent = 0;
  const int failed = WSASend(s, parts, 2, &sent, 0, nullptr, nullptr);
  return failed != 0 ? -1 : static_cast<std::ptrdiff_t>(sent);
}

inline std::ptrdiff_t receive(handle s, char* to, std::size_t size) {
  return ::recv(s, to, static_cast<int>(size), 0);
}

inline text_line error_text(int error) { return text_line(windows_error_text(static_cast<DWORD>(error))); }
inline text_line lookup_error_text(int error) { return error_text(error); }

#else

using handle = int;
using address_length = socklen_t;
constexpr handle none = -1;

inline void start() {}
inline int last_error() { return errno; }
inline bool interrupted(int error) { return error == EINTR; }
inline bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }
inline bool in_progress(int error) { return error == EINPROGRESS || error == EINTR; }  // EINTR: goes on in background
inline void close(handle s) { ::close(s); }

inline handle open(int family) {
#if defined(SOCK_CLOEXEC) && defined(SOCK_NONBLOCK)
  // In one call: a fork and exec on another thread can't slip in between.
  const handle s = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
#else
  const handle s = ::socket(family, SOCK_STREAM, 0);
  if (s != none) {
    ::fcntl(s, F_SETFD, FD_CLOEXEC);
    ::fcntl(s, F_SETFL, O_NONBLOCK);
  }
#endif
#if defined(SO_NOSIGPIPE)
  const int on = 1;
  if (s != none) ::setsockopt(s, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
  return s;
}

/// Events that are ready, 0 when the time is over, -1 on failure.
inline int poll_one(handle s, short events, int milliseconds) {
  pollfd p{s, events, 0};
  const int n = ::poll(&p, 1, milliseconds);
  return n > 0 ? p.revents : n;
}

/// Sends from two buffers as one; bytes taken or -1.
inline std::ptrdiff_t send_two(handle s, const char* a, std::size_t a_size, const char* b, std::size_t b_size) {
  iovec parts[2] = {{const_cast<char*>(a), a_size}, {const_cast<char*>(b), b_size}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
#if defined(MSG_NOSIGNAL)
  return ::sendmsg(s, &message, MSG_NOSIGNAL);
#else
  return ::sendmsg(s, &message, 0);
#endif
}

inline std::ptrdiff_t receive(handle s, char* to, std::size_t size) { return ::recv(s, to, size, 0); }

inline text_line error_text(int error) { return detail::error_text(error); }
inline text_line lookup_error_text(int error) { return error == EAI_SYSTEM ? error_text(errno) : text_line(::gai_strerror(error)); }

#endif

/// The address of a host that is written as one; 0 if it is a name. (getaddrinfo would take memory for it.)
inline address_length numeric_address(const char* host, std::uint16_t port, sockaddr_storage& to) {
  std::memset(&to, 0, sizeof to);
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&to);
  if (::inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    return sizeof *v4;
  }
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&to);
  if (::inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    return sizeof *v6;
  }
  return 0;
}

}  // namespace net
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Talks to one host. Follows no redirect: the Authorization header stays where it was meant for.
class socket_transport final : public transport {
 public:
  /// `where`: scheme, host and port count. `headers` go along with every request and must have passed check_header.
  socket_transport(const url& where, const std::vector<header>& headers, const timing& time, const proxy& via = {})
      : time_(time), host_(where.host), port_(where.port), name_(host_and_port(where)), source_(via.used() ? via.source : where.source) {
    net::start();
    common_ = "Host: " + name_ + "\r\n";
    common_ += std::string("User-Agent: ") + user_agent + "\r\n";
    for (const header& h : headers) common_ += h.name + ": " + h.value + "\r\n";
    if (via.used()) {
      host_ = via.host;
      port_ = via.port;
      before_target_ = origin(where);
      if (!via.user.empty()) common_ += "Proxy-Authorization: Basic " + base64(via.user + ":" + via.password) + "\r\n";
      name_ = shown(via) + " for " + name_;
    }
    head_.reserve(common_.size() + before_target_.size() + where.target.size() + 512);
  }

  ~socket_transport() override { disconnect(); }

  transport_result send(const request& what, std::uint64_t deadline, response& out, std::string& error) override {
    out.clear();
    error.clear();
    write_head(what);
    if (reusable()) {
      const transport_result result = exchange(head_, what, deadline, out, error);
      // The peer closed it in the moment of use and got nothing: a new connection is no repetition.
      if (result != transport_result::not_sent) return result;
      error.clear();
    }
    disconnect();
    if (!connect(deadline, error)) return transport_result::not_sent;
    return exchange(head_, what, deadline, out, error);
  }

 private:
  // Arthur Engine closes idle connections after 2 s behind gunicorn, 5 s without; well below that no request meets
  // the closing.
  static constexpr std::uint64_t reuse_within = 1000000000;
  static constexpr std::uint64_t addresses_valid_for = 60000000000;
  static constexpr std::uint64_t connect_within = 10000000000;
  static constexpr std::size_t most_addresses = 8;

  struct address {
    sockaddr_storage bytes;
    net::address_length size;
  };

  void write_head(const request& what) {
    head_.assign(what.method).append(" ").append(before_target_).append(what.target).append(" HTTP/1.1\r\n").append(common_);
    if (*what.content_type != '\0') head_.append(text_line("Content-Type: ", what.content_type, "\r\n"));
    if (what.body_size > 0 || std::string_view(what.method) != "GET") {
      head_.append(text_line("Content-Length: ", what.body_size, "\r\n"));
    }
    head_ += "\r\n";
  }

  bool reusable() const {
    if (socket_ == net::none || time_.steady_now() - last_used_ >= reuse_within) return false;
    return net::poll_one(socket_, POLLIN, 0) == 0;  // readable means closed, or an answer nobody asked for
  }

  static bool passing(int reason) { return net::would_block(reason) || net::interrupted(reason); }

  void disconnect() {
    if (socket_ != net::none) net::close(socket_);
    socket_ = net::none;
  }

  /// Waits for events in slices; 0 when the time is over.
  int wait(short events, std::uint64_t deadline) const {
    for (int slice = time_.slice(deadline); slice > 0; slice = time_.slice(deadline)) {
      const int ready = net::poll_one(socket_, events, slice);
      if (ready > 0) return ready;
      if (ready < 0 && !net::interrupted(net::last_error())) return POLLERR;
    }
    return 0;
  }

  const char* overdue(std::uint64_t deadline) const {
    return time_.limit(deadline) < deadline ? "before the program had to end" : "in time";
  }

  // getaddrinfo has no deadline, so its answer is kept for a while: a new connection per batch is the normal case.
  bool look_up(std::string& error) {
    const std::uint64_t now = time_.steady_now();
    if (address_count_ != 0 && now - looked_up_ < addresses_valid_for) return true;
    looked_up_ = now;
    addresses_[0].size = net::numeric_address(host_.c_str(), port_, addresses_[0].bytes);
    address_count_ = addresses_[0].size != 0 ? 1 : 0;
    if (address_count_ != 0) return true;
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(host_.c_str(), text_line(port_).c_str(), &hints, &found);
    if (failed != 0) {
      set_line(error, "can't find the address of ", host_, ": ", net::lookup_error_text(failed), "; ", change_address(source_));
      return false;
    }
    for (const addrinfo* a = found; a != nullptr && address_count_ < most_addresses; a = a->ai_next) {
      address& kept = addresses_[address_count_];
      if (a->ai_addrlen > sizeof kept.bytes) continue;
      std::memcpy(&kept.bytes, a->ai_addr, a->ai_addrlen);
      kept.size = static_cast<net::address_length>(a->ai_addrlen);
      ++address_count_;
    }
    ::freeaddrinfo(found);
    looked_up_ = time_.steady_now();
    return true;
  }

  bool connect(std::uint64_t deadline, std::string& error) {
    if (!look_up(error)) return false;
    for (std::size_t i = 0; i < address_count_; ++i) {
      // A dead address must leave time for those after it.
      const std::uint64_t now = time_.steady_now();
      const std::uint64_t end = time_.limit(deadline);
      const std::uint64_t share = end > now ? (end - now) / (address_count_ - i) : 0;
      if (connect_to(addresses_[i], now + (std::min)(share, connect_within), error)) return true;
      disconnect();
    }
    address_count_ = 0;  // the host may have moved
    set_line(error, "can't connect to ", name_, ": ", error, "; is it up? ", change_address(source_));
    return false;
  }

  bool connect_to(const address& a, std::uint64_t deadline, std::string& error) {
    socket_ = net::open(a.bytes.ss_family);
    if (socket_ == net::none) {
      set_line(error, net::error_text(net::last_error()));
      return false;
    }
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&on), sizeof on);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&a.bytes), a.size) != 0) {
      const int reason = net::last_error();
      if (!net::in_progress(reason)) {
        set_line(error, net::error_text(reason));
        return false;
      }
      if (wait(POLLOUT, deadline) == 0) {
        set_line(error, "no answer ", overdue(deadline));
        return false;
      }
      int failed = 0;
      net::address_length size = sizeof failed;
      ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, reinterpret_cast<char*>(&failed), &size);
      if (failed != 0) {
        set_line(error, net::error_text(failed));
        return false;
      }
    }
    if (connected_to_itself()) {
      error = "nobody listens there";
      return false;
    }
    return true;
  }

  // Without a listener on a local port of the ephemeral range, TCP can connect a socket to itself and echo the request.
  bool connected_to_itself() const {
    address here{};
    address there{};
    here.size = there.size = static_cast<net::address_length>(sizeof here.bytes);
    if (::getsockname(socket_, reinterpret_cast<sockaddr*>(&here.bytes), &here.size) != 0) return false;
    if (::getpeername(socket_, reinterpret_cast<sockaddr*>(&there.bytes), &there.size) != 0) return false;
    return here.size == there.size && std::memcmp(&here.bytes, &there.bytes, static_cast<std::size_t>(here.size)) == 0;
  }

  std::ptrdiff_t send_rest(const std::string& head, const request& what, std::size_t sent) const {
    const std::size_t in_head = (std::min)(sent, head.size());
    const std::size_t in_body = sent - in_head;
    return net::send_two(socket_, head.data() + in_head, head.size() - in_head, what.body + in_body,
                         what.body_size - in_body);
  }

  /// Sends and receives at once, so that an answer to the first half of a request (413, 401) isn't missed.
  transport_result exchange(const std::string& head, const request& what, std::uint64_t deadline, response& out,
                            std::string& error) {
    http_response_parser parser(out);
    const std::size_t total = head.size() + what.body_size;
    std::size_t sent = 0;
    bool sending = true;
    bool rest = false;  // bytes after the answer
    char buffer[8192];
    while (!parser.done() && !parser.failed()) {
      const int ready = wait(static_cast<short>(sending ? POLLIN | POLLOUT : POLLIN), deadline);
      if (ready == 0) {
        set_line(error, "no answer from ", name_, " ", overdue(deadline));
        break;
      }
      if (sending && (ready & ~POLLIN) != 0) {
        const std::ptrdiff_t n = send_rest(head, what, sent);
        if (n >= 0) {
          sent += static_cast<std::size_t>(n);
          sending = sent < total;
        } else if (const int reason = net::last_error(); !passing(reason)) {
          set_line(error, name_, " closed the connection: ", net::error_text(reason));
          sending = false;  // its reason may still be readable
        }
      }
      if ((ready & ~POLLOUT) != 0) {
        const std::ptrdiff_t n = net::receive(socket_, buffer, sizeof buffer);
        if (n < 0 && passing(net::last_error())) continue;
        if (n < 0 && error.empty()) {
          set_line(error, "the connection to ", name_, " was lost: ", net::error_text(net::last_error()));
        }
        if (n == 0 && sent > 0) parser.end_of_stream();
        if (n <= 0 || sent == 0) break;  // bytes before the first of ours answer nothing that was asked
        rest = parser.feed(buffer, static_cast<std::size_t>(n)) < static_cast<std::size_t>(n);
      }
    }
    if (parser.keep_alive() && sent == total && !rest) {
      last_used_ = time_.steady_now();
    } else {
      disconnect();
    }
    if (parser.has_status()) {
      out.truncated = out.truncated || !parser.done();
      if (*parser.error() != '\0') set_line(error, name_, ": ", parser.error());
      if (!out.truncated) error.clear();
      return transport_result::answered;
    }
    out.clear();
    if (error.empty()) set_line(error, name_, ": ", *parser.error() != '\0' ? parser.error() : "the connection was closed");
    return sent == 0 ? transport_result::not_sent : transport_result::unanswered;
  }

  timing time_;
  std::string host_;
  std::uint16_t port_;
  std::string name_;           // for messages
  const char* source_;         // who named it
  std::string before_target_;  // a proxy wants the whole URL
  std::string common_;  // header lines that all requests share
  std::string head_;    // of the request under way
  address addresses_[most_addresses];
  std::size_t address_count_ = 0;
  std::uint64_t looked_up_ = 0;
  std::uint64_t last_used_ = 0;
  net::handle socket_ = net::none;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// terminal.hpp: whether standard output is a terminal, and how wide.
#ifndef ARTHUR_TRANSPORT_TERMINAL_HPP
#define ARTHUR_TRANSPORT_TERMINAL_HPP

#include <cstddef>

#if !defined(_WIN32)
#include <sys/ioctl.h>
#include <unistd.h>
#endif


ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct terminal {
  bool present = false;
  std::size_t columns = 0;  ///< 0 where it doesn't tell
};

/// Windows counts as none: its consoles take colours only after a change of mode that belongs to the program.
inline terminal terminal_of(int descriptor) noexcept {
  terminal out;
#if defined(_WIN32)
  static_cast<void>(descriptor);
#else
  winsize size{};
  out.present = ::isatty(descriptor) == 1;
  if (out.present && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0) out.columns = size.ws_col;
#endif
  return out;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// delivery.hpp: brings one batch after the other to its end: delivered, refused, unconfirmed, set aside on disk, or held.
#ifndef ARTHUR_RUNTIME_DELIVERY_HPP
#define ARTHUR_RUNTIME_DELIVERY_HPP

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

// try_to.hpp: work that may find no memory, where nothing may be thrown.
#ifndef ARTHUR_PLATFORM_TRY_TO_HPP
#define ARTHUR_PLATFORM_TRY_TO_HPP


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What `work` returns; false where it throws.
template <class Work>
bool try_to(Work work) noexcept {
#if ARTHUR_HAS_EXCEPTIONS
  try {
    return work();
  } catch (...) {
    return false;
  }
#else
  return work();
#endif
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// answer.hpp: what the bodies of answers say: rejected spans, and the tasks of a search.
#ifndef ARTHUR_POLICY_ANSWER_HPP
#define ARTHUR_POLICY_ANSWER_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A place in a JSON text; looks things up by walking, without a tree. Tolerant: what isn't found is empty.
class json_view {
 public:
  explicit json_view(std::string_view text) noexcept : text_(skip_space(text)) {}

  /// The member `name` of an object.
  json_view operator[](std::string_view name) const noexcept {
    json_view found{std::string_view()};
    if (text_.empty() || text_.front() != '{') return found;
    std::string_view rest = text_.substr(1);
    for (;;) {
      rest = skip_space(rest);
      if (rest.empty() || rest.front() != '"') return found;
      const std::size_t key = value_size(rest);
      const std::string_view key_text = rest.substr(0, key);
      rest = skip_space(rest.substr(key));
      if (rest.empty() || rest.front() != ':') return found;
      rest = skip_space(rest.substr(1));
      const std::size_t size = value_size(rest);
      if (key_text.size() == name.size() + 2 && key_text.substr(1, name.size()) == name) return json_view(rest.substr(0, size));
      rest = skip_space(rest.substr(size));
      if (rest.empty() || rest.front() != ',') return found;
      rest.remove_prefix(1);
    }
  }

  /// Calls `use(json_view)` for each element of an array.
  template <class Use>
  void each(Use&& use) const {
    if (text_.empty() || text_.front() != '[') return;
    std::string_view rest = text_.substr(1);
    for (;;) {
      rest = skip_space(rest);
      const std::size_t size = value_size(rest);
      if (size == 0) return;
      use(json_view(rest.substr(0, size)));
      rest = skip_space(rest.substr(size));
      if (rest.empty() || rest.front() != ',') return;
      rest.remove_prefix(1);
    }
  }

  /// A number, also one in quotes (OTLP writes 64-bit integers so); 0 if it is none.
  std::uint64_t number() const noexcept {
    std::uint64_t value = 0;
    for (const char c : text_.substr(!text_.empty() && text_.front() == '"' ? 1 : 0)) {
      if (c < '0' || c > '9') break;
      value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
  }

  /// A string, unescaped; cut at the end of a line.
  text_line text() const {
    text_line out;
    if (text_.size() < 2 || text_.front() != '"') return out;
    const std::string_view in = text_.substr(1, text_.size() - 2);
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (in[i] != '\\' || i + 1 == in.size()) {
        out += in[i];
        continue;
      }
      switch (in[++i]) {
        case 'n': out += '\n'; break;
        case 't': out += '\t'; break;
        case 'r': out += '\r'; break;
        case 'b': out += '\b'; break;
        case 'f': out += '\f'; break;
        case 'u': {
          std::uint32_t code = hex4(in, i + 1);
          i += 4;
          if (code >= 0xd800 && code < 0xdc00 && in.substr(i + 1 < in.size() ? i + 1 : in.size(), 2) == "\\u") {
            const std::uint32_t low = hex4(in, i + 3);
            if (low >= 0xdc00 && low < 0xe000) {
              code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
              i += 6;
            }
          }
          put_utf8(out, code);
          break;
        }
        default: out += in[i];
      }
    }
    return out;
  }

  bool found() const noexcept { return !text_.empty(); }
  std::string_view raw() const noexcept { return text_; }

 private:
  static std::string_view skip_space(std::string_view s) noexcept {
    while (!s.empty() && (s.front() == ' ' || s.front() == '\n' || s.front() == '\r' || s.front() == '\t')) s.remove_prefix(1);
    return s;
  }

  /// Length of the value at the beginning; 0 at a closing bracket or the end.
  static std::size_t value_size(std::string_view s) noexcept {
    std::size_t depth = 0;
    for (std::size_t i = 0; i < s.size(); ++i) {
      const char c = s[i];
      if (c == '"') {
        for (++i; i < s.size() && s[i] != '"'; ++i) {
          if (s[i] == '\\') ++i;
        }
        if (depth == 0) return i < s.size() ? i + 1 : s.size();
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (c == '}' || c == ']') {
        if (depth == 0) return i;
        if (--depth == 0) return i + 1;
      } else if (depth == 0 && (c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '\t')) {
        return i;
      }
    }
    return s.size();
  }

  static std::uint32_t hex4(std::string_view s, std::size_t at) noexcept {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + 4 && i < s.size(); ++i) {
      const char c = s[i];
      const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 0;
      value = value << 4 | static_cast<std::uint32_t>(digit);
    }
    return value;
  }

  static void put_utf8(text_line& out, std::uint32_t c) {
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += static_cast<char>(0xc0 | c >> 6);
      out += static_cast<char>(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
      out += static_cast<char>(0xe0 | c >> 12);
      out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (c & 0x3f));
    } else {
      out += static_cast<char>(0xf0 | c >> 18);
      out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
      out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (c & 0x3f));
    }
  }

  std::string_view text_;
};

/// How many of the spans an answer refused, and why.
struct rejection {
  std::uint64_t spans = 0;
  text_line reason;  // at most 300 bytes
};

inline text_line one_line(std::string_view text) {
  text_line out(text.substr(0, 300));
  char before = 0;
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    // U+0080 to U+009F, too: a terminal may take them for commands, and a server wrote them.
    const bool c1 = before == '\xc2' && byte >= 0x80 && byte < 0xa0;
    if (c1) (&c)[-1] = ' ';
    before = c;
    if (c1 || byte < 0x20 || byte == 0x7f) c = ' ';
  }
  return out;
}

/// Reads the engine's report (`rejected_spans`, `rejection_reasons`), OTLP's partial success in either encoding, and the
/// `detail` of an error. A body that can't be read says nothing: the status alone decides.
inline rejection read_rejection(std::string_view body, std::string_view content_type) {
  rejection out;
  if (content_type.find("protobuf") != std::string_view::npos) {
    wire::reader response(body.data(), body.size());
    for (wire::field f; response.next(f);) {
      if (f.tag != (1 << 3 | wire::type_bytes)) continue;
      wire::reader partial(f.data, f.size);
      for (wire::field p; partial.next(p);) {
        if (p.tag == (1 << 3 | wire::type_varint)) out.spans = p.value;
        if (p.tag == (2 << 3 | wire::type_bytes)) out.reason = one_line({p.data, p.size});
      }
    }
    return out;
  }
  const json_view report(body);
  if (const json_view partial = report["partialSuccess"]; partial.found()) {
    out.spans = partial["rejectedSpans"].number();
    out.reason = one_line(partial["errorMessage"].text());
    return out;
  }
  out.spans = report["rejected_spans"].number();
  bool first = true;
  report["rejection_reasons"].each([&](json_view reason) {
    if (first) out.reason = one_line(reason.text());
    first = false;
  });
  if (out.reason.empty()) out.reason = one_line(report["detail"].text());
  return out;
}

/// One page of the engine's task search: the exact name wins, the newest first; archived tasks don't count.
struct task_page {
  text_line id;                   // empty: not on this page
  std::size_t tasks = 0;     // on this page
  std::uint64_t total = 0;   // of the whole search
};

inline task_page read_task_page(std::string_view body, std::string_view name) {
  task_page out;
  const json_view answer(body);
  out.total = answer["count"].number();
  answer["tasks"].each([&](json_view task) {
    ++out.tasks;
    // The search matches substrings, ignores case and takes % and _ for wildcards.
    if (out.id.empty() && task["is_archived"].raw() != "true" && task["name"].text() == name) out.id = task["id"].text();
  });
  return out;
}

/// The names of a page's tasks, in quotes and separated by commas; no more than fit a message.
inline text_line read_task_names(std::string_view body) {
  text_line out;
  json_view(body)["tasks"].each([&](json_view task) {
    if (out.size() < 200) out = text_line(out, out.empty() ? "\"" : ", \"", one_line(task["name"].text()), "\"");
  });
  return out;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// retry.hpp: what an HTTP answer means for a batch, and how long to wait before the next attempt.
#ifndef ARTHUR_POLICY_RETRY_HPP
#define ARTHUR_POLICY_RETRY_HPP

#include <algorithm>
#include <cstdint>
#include <string_view>

// calendar.hpp: days since 1970 as dates of the Gregorian calendar, and back.
#ifndef ARTHUR_POLICY_CALENDAR_HPP
#define ARTHUR_POLICY_CALENDAR_HPP

#include <cstdint>


ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace calendar {

struct date {
  std::uint64_t year, month, day;
};

// After H. Hinnant: years begin in March, so that leap days come last; 146097 days are 400 years, an era. For dates from 1970 on.

constexpr std::uint64_t days_of(std::uint64_t year, std::uint64_t month, std::uint64_t day) noexcept {
  if (month <= 2) --year;
  const std::uint64_t of_era = year % 400;
  const std::uint64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return year / 400 * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

constexpr date date_of(std::uint64_t days) noexcept {
  days += 719468;
  const std::uint64_t of_era = days % 146097;
  const std::uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const std::uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  const std::uint64_t month = (5 * of_year + 2) / 153;
  return {days / 146097 * 400 + year + (month >= 10 ? 1 : 0), month < 10 ? month + 3 : month - 9, of_year - (153 * month + 2) / 5 + 1};
}

}  // namespace calendar
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What a request is for.
enum class errand {
  spans,        ///< POST of spans
  probe,        ///< POST of an envelope without spans: stores nothing
  task_search,  ///< POST that only reads
  ask_back,     ///< GET of a span: is it there?
};

/// Whether a request that went out, and got no answer, may be sent again without knowing what became of it. (One of
/// which nothing went out may always be.) Everything that only reads may. Spans may where the specification puts up with
/// duplicates; Arthur Engine would store them twice, and count their tokens and costs twice: there never, blindly.
constexpr bool may_repeat(errand what, profile to) { return what != errand::spans || to == profile::otlp; }

/// What to do with a batch after an answer.
enum class verdict {
  delivered,       ///< everything is stored; a body may still carry an OTLP partial success
  partial,         ///< the accepted spans are stored, the body says what was rejected; never send again
  rejected_all,    ///< nothing is stored and nothing of it ever will be
  wrong_encoding,  ///< the endpoint doesn't read this encoding: use the other one
  unauthorized,    ///< the key is missing, wrong or may not write; final until the configuration changes
  retry_later,     ///< nothing is stored; send the same bytes again after a pause
  split,           ///< nothing is stored; one span may be the cause: send again, then in halves
  too_large,       ///< nothing is stored; halve it
  give_up,         ///< nothing is stored; the same bytes would fail again
};

/// `encoding_proven`: the endpoint has accepted this encoding before, or the encoding is pinned; a 400 is then about
/// the data. The arthur profile knows that a 500 stores nothing (Arthur Engine commits all spans of a request
/// together); the otlp profile retries exactly what the specification lists.
inline verdict classify(int status, profile to, bool encoding_proven) {
  const bool engine = to == profile::arthur;
  if (status == 206 && engine) return verdict::partial;
  if (status >= 200 && status <= 299) return verdict::delivered;
  switch (status) {
    case 400:
    case 415: return encoding_proven ? verdict::give_up : verdict::wrong_encoding;
    case 422:
      if (!encoding_proven) return verdict::wrong_encoding;
      return engine ? verdict::rejected_all : verdict::give_up;
    case 401:
    case 403: return verdict::unauthorized;
    case 429:
    case 502:
    case 503:
    case 504: return verdict::retry_later;
    // A proxy gave up waiting for the request, so nobody behind it saw it. The specification forbids to repeat it.
    case 408: return engine ? verdict::retry_later : verdict::give_up;
    case 413: return engine ? verdict::too_large : verdict::give_up;
    case 500: return engine ? verdict::split : verdict::give_up;
    default: return verdict::give_up;
  }
}

/// The likely cause of a refusal and what to change, by the status alone. (refusal.hpp knows more.) "" below 300.
inline const char* advice(int status, profile to) {
  const bool engine = to == profile::arthur;
  switch (status) {
    case 400:
    case 415: return "does it take OTLP traces? leave options.protocol at automatic";
    case 408: return "it waited too long for the request; check the network, or lower options.max_batch_bytes";
    case 413: return "the request is too large; lower options.max_batch_bytes";
    case 422: return engine ? "the spans break its rules; the reason tells which" : "does it take OTLP traces? leave options.protocol at automatic";
    case 429: return "it asks to slow down; lower options.sample_ratio if it goes on";
    case 500: return engine ? "does the task id exist? is the engine's database up?" : "look into the log of the endpoint, or of a proxy before it";
    case 502:
    case 503:
    case 504: return "it, or a proxy before it, is not available; check that it is up";
    default: return status < 300 ? "" : "look into the log of the endpoint, or of a proxy before it";
  }
}

namespace http_date {

/// All three forms: "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994".
inline bool parse(std::string_view s, std::int64_t now, std::int64_t& out) {
  std::string_view words[6];
  int count = 0;
  for (std::size_t i = 0; i < s.size();) {
    if (s[i] == ' ' || s[i] == '-' || s[i] == ',') {
      ++i;
      continue;
    }
    const std::size_t end = (std::min)(s.find_first_of(" -,", i), s.size());
    if (count == 6) return false;
    words[count++] = s.substr(i, end - i);
    i = end;
  }
  const bool asctime = count == 5 && !text::is_digit(words[1].front());
  if (!asctime && (count != 6 || words[5] != "GMT")) return false;
  const std::string_view day_text = asctime ? words[2] : words[1];
  const std::string_view month_text = asctime ? words[1] : words[2];
  const std::string_view year_text = asctime ? words[4] : words[3];
  const std::string_view time = asctime ? words[3] : words[4];

  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::size_t at = months.find(month_text);
  if (month_text.size() != 3 || at == std::string_view::npos || at % 3 != 0) return false;
  std::uint64_t day = 0;
  std::uint64_t year = 0;
  std::uint64_t hours = 0;
  std::uint64_t minutes = 0;
  std::uint64_t seconds = 0;
  if (time.size() != 8 || time[2] != ':' || time[5] != ':') return false;
  if (!text::parse_unsigned(day_text, day) || day < 1 || day > 31 || !text::parse_unsigned(year_text, year) ||
      !text::parse_unsigned(time.substr(0, 2), hours) || hours > 23 ||
      !text::parse_unsigned(time.substr(3, 2), minutes) || minutes > 59 ||
      !text::parse_unsigned(time.substr(6, 2), seconds) || seconds > 60) {
    return false;
  }
  auto full_year = static_cast<std::int64_t>(year);
  if (year_text.size() == 2) {
    // RFC 9110: two digits mean a year at most 50 years ahead, otherwise the most recent past year with these digits.
    const auto this_year = static_cast<std::int64_t>(calendar::date_of(static_cast<std::uint64_t>((std::max)(now, std::int64_t{0})) / 86400).year);
    full_year += this_year - this_year % 100;
    if (full_year > this_year + 50) full_year -= 100;
    if (full_year <= this_year - 50) full_year += 100;
  } else if (year_text.size() != 4 || year < 1970) {
    return false;
  }
  if (full_year < 1970) full_year = 1970;  // as far in the past as it matters
  out = static_cast<std::int64_t>(calendar::days_of(static_cast<std::uint64_t>(full_year), at / 3 + 1, day) * 86400 + hours * 3600 + minutes * 60 + seconds);
  return true;
}

}  // namespace http_date

/// Seconds to wait by a Retry-After header, at most a day; -1 when it says nothing usable.
inline std::int64_t parse_retry_after(std::string_view value, std::int64_t now_unix_seconds) {
  constexpr std::int64_t most = 86400;
  value = text::trim(value);
  if (value.empty()) return -1;
  if (value.find_first_not_of("0123456789") == std::string_view::npos) {
    std::uint64_t seconds = 0;
    if (!text::parse_unsigned(value, seconds)) return most;  // more digits than a number holds
    return static_cast<std::int64_t>((std::min)(seconds, static_cast<std::uint64_t>(most)));
  }
  std::int64_t when = 0;
  if (!http_date::parse(value, now_unix_seconds, when)) return -1;
  return (std::max)(std::int64_t{0}, (std::min)(when - now_unix_seconds, most));
}

/// Milliseconds to wait after failure number `attempt`, counted from 0: doubled each time from 500 ms to 30 s, of which
/// the second half is random, so that many processes don't come back together.
inline std::uint64_t backoff(unsigned attempt, std::uint64_t random) {
  constexpr std::uint64_t first = 500;
  constexpr std::uint64_t most = 30000;
  const std::uint64_t whole = attempt >= 6 ? most : (std::min)(first << attempt, most);
  return whole / 2 + random % (whole / 2 + 1);
}

/// When the next attempt is due. Times are steady nanoseconds.
class pauses {
 public:
  std::uint64_t due() const noexcept { return due_; }
  /// After a failure.
  void wait(std::uint64_t now, std::uint64_t at_least, std::uint64_t random) noexcept {
    due_ = now + (std::max)(at_least, backoff(attempt_++, random) * 1000000U);
  }
  void succeed() noexcept { attempt_ = first_attempt_ = 0, due_ = 0; }
  /// The next attempt is made at once.
  void end() noexcept { due_ = 0; }
  /// From here on attempts are for something else.
  void begin() noexcept { first_attempt_ = attempt_; }
  bool repeating() const noexcept { return attempt_ != first_attempt_; }

 private:
  unsigned attempt_ = 0;  // failures running
  unsigned first_attempt_ = 0;
  std::uint64_t due_ = 0;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// batch.hpp: spans on their way out: cleaned protobuf bodies and the resource group of each.
#ifndef ARTHUR_RUNTIME_BATCH_HPP
#define ARTHUR_RUNTIME_BATCH_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

// buffer.hpp: a growable run of bytes that never throws.
#ifndef ARTHUR_OTLP_BUFFER_HPP
#define ARTHUR_OTLP_BUFFER_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Bytes under construction. Where memory or the maximum ends, `failed()` turns true and stays so until clear() or
/// forgive(); appends are ignored meanwhile, so a long run of appends needs one check at its end.
class buffer {
 public:
  buffer() noexcept = default;
  /// Grows to `maximum` bytes at most.
  explicit buffer(std::size_t maximum) noexcept : maximum_(maximum) {}
  /// Lives in `storage` and never grows.
  buffer(char* storage, std::size_t size) noexcept
      : data_(storage), capacity_(size), maximum_(size), owned_(false) {}

  buffer(buffer&& other) noexcept { take(other); }
  buffer& operator=(buffer&& other) noexcept {
    if (this != &other) {
      if (owned_) std::free(data_);
      take(other);
    }
    return *this;
  }
  buffer(const buffer&) = delete;
  buffer& operator=(const buffer&) = delete;
  ~buffer() {
    if (owned_) std::free(data_);
  }

  char* data() noexcept { return data_; }
  const char* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return size_ == 0; }
  bool failed() const noexcept { return failed_; }

  /// Bytes that may be written at the end without growing.
  std::size_t room() const noexcept { return capacity_ - size_; }

  /// At least `more` writable bytes behind the end, or nullptr; advance() makes them part of the content.
  char* reserve_more(std::size_t more) noexcept {
    // Without memory yet, even nothing needs some: nullptr means failure.
    if (ARTHUR_UNLIKELY(failed_ || capacity_ - size_ < more || data_ == nullptr) && !grow(more)) return nullptr;
    return data_ + size_;
  }
  void advance(std::size_t count) noexcept { size_ += count; }

  bool append(const char* from, std::size_t count) noexcept {
    char* to = reserve_more(count);
    if (to == nullptr) return false;
    if (count != 0) std::memcpy(to, from, count);
    size_ += count;
    return true;
  }
  bool append(char byte) noexcept {
    char* to = reserve_more(1);
    if (to == nullptr) return false;
    *to = byte;
    ++size_;
    return true;
  }
  /// Appends a string literal without its final zero.
  template <std::size_t N>
  bool append(const char (&literal)[N]) noexcept {
    return append(literal, N - 1);
  }

  /// With ARTHUR_NO_HEAP no buffer grows: this, called inside start(), takes what it will ever have. Elsewhere it does
  /// nothing. False: no memory.
  bool fix(std::size_t size) noexcept {
#ifdef ARTHUR_NO_HEAP
    if (!owned_ || data_ != nullptr) return false;
    data_ = static_cast<char*>(std::malloc(size));
    capacity_ = data_ != nullptr ? size : 0;
    return data_ != nullptr;
#else
    static_cast<void>(size);
    return true;
#endif
  }

  /// Cuts to `size` bytes; keeps failed().
  void truncate(std::size_t size) noexcept {
    if (size < size_) size_ = size;
  }
  void clear() noexcept {
    size_ = 0;
    failed_ = false;
  }
  /// Lets appends go on after the content was truncated to something complete.
  void forgive() noexcept { failed_ = false; }
  /// Marks the content as incomplete.
  void fail() noexcept { failed_ = true; }

  /// Gives memory back to the system if more than `keep` bytes are held; the content stays.
  void shrink(std::size_t keep) noexcept {
#ifdef ARTHUR_NO_HEAP
    static_cast<void>(keep);
#else
    if (!owned_ || capacity_ <= keep) return;
    const std::size_t wanted = size_ < keep ? keep : size_;
    if (wanted == 0) {
      std::free(data_);
      data_ = nullptr;
      capacity_ = 0;
    } else if (wanted < capacity_) {
      if (void* moved = std::realloc(data_, wanted)) {
        data_ = static_cast<char*>(moved);
        capacity_ = wanted;
      }
    }
#endif
  }

 private:
  ARTHUR_NOINLINE bool grow(std::size_t more) noexcept {
    if (failed_) return false;
#ifndef ARTHUR_NO_HEAP
    if (owned_ && more <= maximum_ && size_ <= maximum_ - more) {
      const std::size_t needed = size_ + more;
      std::size_t wanted = capacity_ < maximum_ / 2 ? capacity_ * 2 : maximum_;
      if (wanted < 256) wanted = 256;
      if (wanted < needed) wanted = needed;
      if (wanted > maximum_) wanted = maximum_;
      void* moved = std::realloc(data_, wanted);
      if (moved == nullptr && wanted > needed) moved = std::realloc(data_, wanted = needed);
      if (moved != nullptr) {
        data_ = static_cast<char*>(moved);
        capacity_ = wanted;
        return true;
      }
    }
#else
    (void)more;
#endif
    failed_ = true;
    return false;
  }

  void take(buffer& other) noexcept {
    data_ = other.data_;
    size_ = other.size_;
    capacity_ = other.capacity_;
    maximum_ = other.maximum_;
    owned_ = other.owned_;
    failed_ = other.failed_;
    other.data_ = nullptr;
    other.size_ = 0;
    other.capacity_ = 0;
    other.failed_ = false;
  }

  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t maximum_ = SIZE_MAX / 4;  // far below PTRDIFF_MAX, which malloc refuses anyway
  bool owned_ = true;
  bool failed_ = false;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// value_list.hpp: plain values one behind the other, in memory that never throws.
#ifndef ARTHUR_OTLP_VALUE_LIST_HPP
#define ARTHUR_OTLP_VALUE_LIST_HPP

#include <cstddef>
#include <type_traits>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Values one behind the other, in memory that never throws.
template <class Value>
class value_list {
  static_assert(std::is_trivially_copyable_v<Value>, "values are moved as bytes");

 public:
  /// See buffer::fix().
  bool fix(std::size_t count) noexcept { return bytes_.fix(count * sizeof(Value)); }
  /// False: no memory; the list is as before.
  bool push_back(const Value& value) noexcept {
    if (bytes_.append(reinterpret_cast<const char*>(&value), sizeof value)) return true;
    bytes_.forgive();
    return false;
  }
  void pop_back() noexcept { bytes_.truncate(bytes_.size() - sizeof(Value)); }
  void clear() noexcept { bytes_.clear(); }
  /// Forgets all but the first `count`.
  void truncate(std::size_t count) noexcept { bytes_.truncate(count * sizeof(Value)); }

  /// Room for `more` further ones behind the end. False: no memory.
  bool reserve_more(std::size_t more) noexcept {
    if (bytes_.reserve_more(more * sizeof(Value)) != nullptr) return true;
    bytes_.forgive();
    return false;
  }

  Value* data() noexcept { return reinterpret_cast<Value*>(bytes_.data()); }
  const Value* data() const noexcept { return reinterpret_cast<const Value*>(bytes_.data()); }
  std::size_t size() const noexcept { return bytes_.size() / sizeof(Value); }
  bool empty() const noexcept { return bytes_.empty(); }
  Value& operator[](std::size_t n) noexcept { return data()[n]; }
  const Value& operator[](std::size_t n) const noexcept { return data()[n]; }
  const Value& back() const noexcept { return (*this)[size() - 1]; }

 private:
  buffer bytes_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct batch {
  struct entry {
    std::uint32_t group;
    std::size_t at;  // in `bytes`
    std::size_t size;
    std::uint64_t sweep = 0;  // in which a kept root was found
  };
  struct place {
    std::size_t at;  // in `resource_bytes`
    std::size_t size;
  };
  buffer bytes;
  value_list<entry> spans;
  // Where it came from the spool; entry::group is an index then. Else a group is one of the process's.
  buffer resource_bytes;
  value_list<place> resources;

  /// See buffer::fix().
  bool fix(std::size_t max_spans, std::size_t max_bytes) noexcept { return bytes.fix(max_bytes) && spans.fix(max_spans); }
  bool empty() const noexcept { return spans.empty(); }
  bool has_own_resources() const noexcept { return !resources.empty(); }
  void clear() noexcept {
    bytes.clear();
    spans.clear();
    resource_bytes.clear();
    resources.clear();
  }
  /// False: no memory; the batch is as before.
  bool append(const batch& from, const entry& e) {
    const std::size_t at = bytes.size();
    if (!bytes.append(from.bytes.data() + e.at, e.size)) {
      bytes.forgive();
      return false;
    }
    if (spans.push_back({e.group, at, e.size})) return true;
    bytes.truncate(at);
    return false;
  }
  /// Keeps the spans that `wanted` names in `count` rising numbers, in place.
  template <class Wanted>
  void keep(std::size_t count, Wanted&& wanted) noexcept {
    std::size_t end = 0;
    for (std::size_t n = 0; n < count; ++n) {
      entry& to = spans[n];
      to = spans[wanted(n)];
      std::memmove(bytes.data() + end, bytes.data() + to.at, to.size);
      to.at = end;
      end += to.size;
    }
    spans.truncate(count);
    bytes.truncate(end);
  }
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// consignment.hpp: the batch under way: its parts, where it came from, and how many of its spans are judged.
#ifndef ARTHUR_RUNTIME_CONSIGNMENT_HPP
#define ARTHUR_RUNTIME_CONSIGNMENT_HPP

#include <cstddef>
#include <utility>
#include <vector>

// halving.hpp: which part of a batch is sent next, and which span is poison.
#ifndef ARTHUR_POLICY_HALVING_HPP
#define ARTHUR_POLICY_HALVING_HPP

#include <algorithm>
#include <cstddef>
#include <vector>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A batch is delivered in parts. At first it is one part. When the engine answers 500 twice the part is halved, level by
/// level: all parts of a level are sent; those refused are halved for the next one. A single span that is refused is
/// poison if a sibling of its level was accepted; where three levels running (the whole, its halves, its quarters) nothing
/// was accepted it is an outage. (Arthur Engine stores nothing of a request that it answers with 500.)
class halving {
 public:
  struct part {
    std::size_t first;
    std::size_t count;
    unsigned failures;
  };
  enum class next { parts, nothing, outage };

  /// Parts are not more than spans: after this no memory is taken.
  void reserve(std::size_t most) {
    for (std::vector<part>* list : {&level_, &failing_, &former_}) list->reserve(most);
  }
  /// In one part, or in several of `most` spans.
  void begin(std::size_t count, std::size_t most) {
    clear();
    most = (std::min)(most, count);
    for (std::size_t first = 0; first < count; first += most) level_.push_back({first, (std::min)(most, count - first), 0});
  }
  void clear() noexcept {
    level_.clear();
    failing_.clear();
    accepted_ = false;
    dry_levels_ = 0;
  }

  /// A part is to be sent on this level.
  bool ready() const noexcept { return !level_.empty(); }
  part take() noexcept {
    const part p = level_.back();
    level_.pop_back();
    return p;
  }

  // What became of the part that was taken; delivered or given up for good: nothing to say but accepted().

  void accepted() noexcept { accepted_ = true; }
  /// The same bytes once more.
  void again(const part& p) { level_.push_back(p); }
  /// At once, on the same level.
  void halve(const part& p) {
    const std::size_t half = p.count / 2;
    level_.push_back({p.first + half, p.count - half, p.failures});
    level_.push_back({p.first, half, p.failures});
  }
  /// Refused with 500, perhaps for one of its spans.
  void refused(const part& p) { failing_.push_back(p); }

  /// Once a level is sent: makes the next one. `poison(count)` is told of spans that nothing else can be the cause for.
  template <class Poison>
  next end_level(Poison poison) {
    if (failing_.empty()) return next::nothing;
    dry_levels_ = accepted_ ? 0 : dry_levels_ + 1;
    const bool outage = dry_levels_ >= 3;
    former_.clear();
    former_.swap(failing_);
    bool all_single = true;
    for (const part& p : former_) {
      if (p.count == 1 && accepted_) {
        poison();
        continue;
      }
      all_single = all_single && p.count == 1;
      if (outage || p.count == 1) {
        failing_.push_back(p);
      } else {
        halve(p);
      }
    }
    accepted_ = false;
    if (failing_.empty() && level_.empty()) return next::nothing;
    if (outage || (level_.empty() && all_single)) return next::outage;
    level_.insert(level_.end(), failing_.begin(), failing_.end());
    failing_.clear();
    return next::parts;
  }

  /// Gives up the division: calls `keep(first, count)` for each part that is left, in order.
  template <class Keep>
  void gather(Keep keep) {
    former_.clear();
    former_.swap(failing_);
    former_.insert(former_.end(), level_.begin(), level_.end());
    std::sort(former_.begin(), former_.end(), [](const part& a, const part& b) { return a.first < b.first; });
    for (const part& p : former_) keep(p.first, p.count);
    clear();
  }

 private:
  std::vector<part> level_;  // still to send on this level
  std::vector<part> failing_;
  std::vector<part> former_;  // failing_ while the next level is made of it
  bool accepted_ = false;     // anything of this level
  unsigned dry_levels_ = 0;   // levels running in which nothing was accepted
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct consignment {
  batch spans;
  halving parts;
  bool held = false;      ///< it waits for the endpoint, and fresh spans may join it
  bool spooled = false;   ///< it is in the file that is claimed
  bool shorter = false;   ///< that file has spans which are judged
  std::size_t shown = 0;  ///< spans that the side outputs got

  /// Parts are not more than spans: after this they take no memory.
  void reserve(std::size_t most) {
    parts.reserve(most);
    kept_.reserve(most);
  }

  bool empty() const noexcept { return spans.empty(); }
  /// Spans that aren't judged.
  std::size_t left() const noexcept { return spans.spans.size() - judged_; }

  /// What is in `spans` is to be sent, at most so many of it at once.
  void begin(std::size_t most = ~std::size_t{0}) {
    judged_ = 0;
    parts.begin(spans.spans.size(), most);
  }
  /// What was shown before: it comes back from the doubts or the spool.
  void resume(bool from_spool, bool shortened, std::size_t most) {
    spooled = from_spool;
    shorter = shortened;
    shown = spans.spans.size();
    begin(most);
  }
  /// True: that was the last of them.
  bool judge(std::size_t count) noexcept {
    judged_ += count;
    return judged_ >= spans.spans.size();
  }

  /// What is left becomes one part again.
  void gather() {
    if (empty()) return;
    kept_.clear();
    parts.gather([this](std::size_t first, std::size_t count) {
      for (std::size_t n = first; n < first + count; ++n) kept_.push_back(n);
    });
    shorter = shorter || kept_.size() != spans.spans.size();
    spans.keep(kept_.size(), [this](std::size_t n) { return kept_[n]; });
    shown = spans.spans.size();
    begin();
  }

  void clear() {
    spans.clear();
    spans.bytes.shrink(std::size_t{2} << 20);
    parts.clear();
    held = spooled = shorter = false;
    judged_ = shown = 0;
  }

 private:
  std::size_t judged_ = 0;
  std::vector<std::size_t> kept_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// displays.hpp: hands each batch to the side outputs once, ahead of the main transport where that makes us wait.
#ifndef ARTHUR_RUNTIME_DISPLAYS_HPP
#define ARTHUR_RUNTIME_DISPLAYS_HPP

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

// request_parts.hpp: the spans of a request, the resources that they name, and the request made of them.
#ifndef ARTHUR_RUNTIME_REQUEST_PARTS_HPP
#define ARTHUR_RUNTIME_REQUEST_PARTS_HPP

#include <cstddef>
#include <vector>

// envelope.hpp: OTLP requests put together from encoded spans.
#ifndef ARTHUR_OTLP_ENVELOPE_HPP
#define ARTHUR_OTLP_ENVELOPE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

// json_span.hpp: a span's protobuf bytes turned into its OTLP/JSON object.
#ifndef ARTHUR_OTLP_JSON_SPAN_HPP
#define ARTHUR_OTLP_JSON_SPAN_HPP

#include <cstddef>
#include <cstdint>

// attribute_view.hpp: a KeyValue message read at once, where it has the shape that the recorder gives it.
#ifndef ARTHUR_OTLP_ATTRIBUTE_VIEW_HPP
#define ARTHUR_OTLP_ATTRIBUTE_VIEW_HPP

#include <cstddef>
#include <cstdint>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A key and the one field of its AnyValue.
struct attribute_view {
  const char* key;
  std::size_t key_size;
  std::uint32_t tag;     // of the AnyValue's field
  const char* data;      // its content, if it has bytes
  std::size_t size;
  std::uint64_t number;  // its content otherwise
};

// A length; nullptr if it is damaged, or longer than any that the recorder writes.
inline const char* read_length(const char* at, const char* end, std::size_t& length) noexcept {
  length = 0;
  for (unsigned shift = 0; shift < 28 && at != end; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at++);
    length |= std::size_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return length <= static_cast<std::size_t>(end - at) ? at : nullptr;
  }
  return nullptr;
}

/// Reads key, value and nothing else. False: of another shape, or damaged; a general reader has to look at it.
inline bool read_attribute(const char* at, std::size_t size, attribute_view& to) noexcept {
  const char* const end = at + size;
  if (size < 4 || static_cast<std::uint8_t>(*at) != wire::key_value_key) return false;
  at = read_length(at + 1, end, to.key_size);
  if (at == nullptr) return false;
  to.key = at;
  at += to.key_size;
  if (at == end || static_cast<std::uint8_t>(*at) != wire::key_value_value) return false;
  std::size_t length = 0;
  at = read_length(at + 1, end, length);
  if (at == nullptr || at + length != end || length == 0) return false;
  to.tag = static_cast<std::uint8_t>(*at++);
  switch (to.tag) {
    case wire::any_string:
    case wire::any_array:
    case wire::any_kvlist:
    case wire::any_bytes:
      to.data = read_length(at, end, to.size);
      return to.data != nullptr && to.data + to.size == end;
    case wire::any_bool:
    case wire::any_int: {
      to.number = 0;
      for (unsigned shift = 0; shift < 64 && at != end; shift += 7) {
        const auto byte = static_cast<unsigned char>(*at++);
        to.number |= std::uint64_t{byte & 0x7fU} << shift;
        if (byte < 0x80) return at == end;
      }
      return false;
    }
    case wire::any_double:
      if (end - at != 8) return false;
      to.number = wire::get_fixed64(at);
      return true;
    default: return false;
  }
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// json_text.hpp: JSON tokens: strings with UTF-8 checked on the way, numbers, hex and base64.
#ifndef ARTHUR_OTLP_JSON_TEXT_HPP
#define ARTHUR_OTLP_JSON_TEXT_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// utf8.hpp: finding, repairing and cutting UTF-8.
#ifndef ARTHUR_OTLP_UTF8_HPP
#define ARTHUR_OTLP_UTF8_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif


ARTHUR_NAMESPACE_BEGIN
namespace detail {

// The first byte is the lowest on every machine. (g++ 12 does not turn a loop over bytes into one load.)
inline std::uint32_t load_le32(const char* from) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, from, sizeof value);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  value = __builtin_bswap32(value);
#endif
  return value;
}
inline std::uint64_t load_le64(const char* from) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, from, sizeof value);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  value = __builtin_bswap64(value);
#endif
  return value;
}

/// Index of the lowest set bit of `bits`, which must not be 0.
inline unsigned lowest_bit(std::uint64_t bits) noexcept {
#if defined(__GNUC__) || defined(__clang__)
  return static_cast<unsigned>(__builtin_ctzll(bits));
#else
  unsigned index = 0;
  while ((bits & 1U) == 0) {
    bits >>= 1;
    ++index;
  }
  return index;
#endif
}

/// One step over non-ASCII text: a code point, or a maximal ill-formed part that one U+FFFD replaces.
struct utf8_step {
  unsigned size;
  bool valid;
};

inline bool is_utf8_tail(char byte) noexcept { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80; }

/// `at` < `end`, and *at is not ASCII.
inline utf8_step next_utf8(const char* at, const char* end) noexcept {
  const auto lead = static_cast<unsigned char>(at[0]);
  const auto left = end - at;
  if (lead < 0xc2 || lead > 0xf4 || left < 2) return {1, false};
  const auto second = static_cast<unsigned char>(at[1]);
  if (lead < 0xe0) return is_utf8_tail(at[1]) ? utf8_step{2, true} : utf8_step{1, false};
  // Overlong forms, surrogates and what lies above U+10FFFF are told by the second byte alone.
  unsigned low = 0x80;
  unsigned high = 0xbf;
  if (lead == 0xe0) low = 0xa0;
  if (lead == 0xed) high = 0x9f;
  if (lead == 0xf0) low = 0x90;
  if (lead == 0xf4) high = 0x8f;
  if (second < low || second > high) return {1, false};
  if (left < 3 || !is_utf8_tail(at[2])) return {2, false};
  if (lead < 0xf0) return {3, true};
  if (left < 4 || !is_utf8_tail(at[3])) return {3, false};
  return {4, true};
}

/// True if the low three bytes of `word` are one well-formed three-byte code point: the common case of CJK text.
inline bool is_utf8_triple(std::uint32_t word) noexcept {
  const std::uint32_t marks = word & 0x200fU;  // lead's low half, and the bit that tells overlong forms and surrogates
  return (word & 0x00c0c0f0U) == 0x008080e0U && marks != 0 && marks != 0x200d;
}

/// The same for two bytes: Cyrillic, Greek, Arabic, accented Latin.
inline bool is_utf8_pair(std::uint32_t word) noexcept { return (word & 0xc0e0U) == 0x80c0U && (word & 0x1eU) != 0; }

/// The code point that next_utf8() found valid at `at`, or that of an ASCII byte.
inline std::uint32_t utf8_code_point(const char* at, unsigned size) noexcept {
  const auto byte = [at](unsigned i) { return std::uint32_t{static_cast<unsigned char>(at[i])}; };
  switch (size) {
    case 2: return (byte(0) & 0x1fU) << 6 | (byte(1) & 0x3fU);
    case 3: return (byte(0) & 0x0fU) << 12 | (byte(1) & 0x3fU) << 6 | (byte(2) & 0x3fU);
    case 4:
      return (byte(0) & 0x07U) << 18 | (byte(1) & 0x3fU) << 12 | (byte(2) & 0x3fU) << 6 | (byte(3) & 0x3fU);
    default: return byte(0);
  }
}

/// Writes a code point at `to` (room for 4); returns the first byte behind it.
inline char* put_utf8(char* to, std::uint32_t code) noexcept {
  const auto put = [&to](std::uint32_t byte) { *to++ = static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0U | code >> 6);
    put(0x80U | (code & 0x3fU));
  } else if (code < 0x10000) {
    put(0xe0U | code >> 12);
    put(0x80U | (code >> 6 & 0x3fU));
    put(0x80U | (code & 0x3fU));
  } else {
    put(0xf0U | code >> 18);
    put(0x80U | (code >> 12 & 0x3fU));
    put(0x80U | (code >> 6 & 0x3fU));
    put(0x80U | (code & 0x3fU));
  }
  return to;
}

/// Whether U+0000 counts as text: protobuf and JSON hold it, the engine's database doesn't.
enum class nul { allowed, forbidden };

/// Length of the longest prefix of well-formed UTF-8 (without U+0000 if that is forbidden).
template <nul Nul = nul::allowed>
inline std::size_t valid_utf8_prefix(const char* data, std::size_t size) noexcept {
  const char* at = data;
  const char* const end = data + size;
  for (;;) {
#if defined(__SSE2__)
    while (end - at >= 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      auto bad = static_cast<unsigned>(_mm_movemask_epi8(bytes));
      // As signed numbers, ASCII without zero is exactly what is greater than 0.
      if (Nul == nul::forbidden) {
        bad = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpgt_epi8(bytes, _mm_setzero_si128()))) ^ 0xffffU;
      }
      if (bad != 0) {
        at += lowest_bit(bad);
        break;
      }
      at += 16;
    }
#endif
    while (end - at >= 8) {
      const std::uint64_t word = load_le64(at);
      std::uint64_t bad = word;
      if (Nul == nul::forbidden) bad |= word - 0x0101010101010101U;  // a borrow only disturbs bytes above a zero
      bad &= 0x8080808080808080U;
      if (bad != 0) {
        at += lowest_bit(bad) / 8;
        break;
      }
      at += 8;
    }
    while (at != end && static_cast<signed char>(*at) > (Nul == nul::allowed ? -1 : 0)) ++at;
    if (at == end || *at == 0) return static_cast<std::size_t>(at - data);
    do {
      if (end - at >= 4) {
        const std::uint32_t word = load_le32(at);
        if (is_utf8_triple(word)) {
          at += 3;
          continue;
        }
        if (is_utf8_pair(word)) {
          at += 2;
          continue;
        }
      }
      const utf8_step step = next_utf8(at, end);
      if (!step.valid) return static_cast<std::size_t>(at - data);
      at += step.size;
    } while (at != end && static_cast<signed char>(*at) < 0);
  }
}

/// True if all of it is well-formed UTF-8 (without U+0000 if that is forbidden).
template <nul Nul = nul::allowed>
inline bool is_valid_utf8(const char* data, std::size_t size) noexcept {
  return valid_utf8_prefix<Nul>(data, size) == size;
}

/// Appends the text; each maximal ill-formed part becomes U+FFFD (as in browsers and Python's errors="replace"), and
/// U+0000 is left out where it is forbidden.
template <nul Nul = nul::allowed>
inline bool append_valid_utf8(buffer& out, const char* data, std::size_t size) noexcept {
  const char* at = data;
  const char* const end = data + size;
  for (;;) {
    const std::size_t good = valid_utf8_prefix<Nul>(at, static_cast<std::size_t>(end - at));
    out.append(at, good);
    at += good;
    if (at == end) return !out.failed();
    if (*at == 0) {
      ++at;
    } else {
      out.append("\xEF\xBF\xBD");
      at += next_utf8(at, end).size;
    }
  }
}

/// The largest size of at most `limit` bytes that doesn't cut a code point.
inline std::size_t utf8_truncate(const char* data, std::size_t size, std::size_t limit) noexcept {
  if (size <= limit) return size;
  std::size_t cut = limit;
  // A code point has at most three tail bytes; more of them is damage, which may be cut anywhere.
  for (unsigned i = 0; i < 3 && cut != 0 && is_utf8_tail(data[cut]); ++i) --cut;
  return is_utf8_tail(data[cut]) ? limit : cut;
}

/// Bytes of the first `count` characters of valid text: of all of it if it has no more.
inline std::size_t utf8_first_characters(const char* data, std::size_t size, std::size_t count) noexcept {
  std::size_t at = 0;
  while (at < size && (is_utf8_tail(data[at]) || count-- != 0)) ++at;
  return at;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

// The escape of each byte that has one; size 0 elsewhere. Eight bytes per entry, so that one store writes any of them.
struct json_escape {
  char text[7];
  std::uint8_t size;
};
struct json_escapes {
  json_escape of[128];
};
constexpr json_escapes make_json_escapes() noexcept {
  json_escapes table{};
  for (unsigned i = 0; i < 0x20; ++i) {
    table.of[i] = {{'\\', 'u', '0', '0', i < 16 ? '0' : '1', "0123456789abcdef"[i % 16], 0}, 6};
  }
  const char pairs[7][2] = {{'\b', 'b'}, {'\f', 'f'}, {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}, {'"', '"'}, {'\\', '\\'}};
  for (const auto& pair : pairs) table.of[static_cast<unsigned>(pair[0])] = {{'\\', pair[1], 0, 0, 0, 0, 0}, 2};
  return table;
}
inline constexpr json_escapes json_escape_table = make_json_escapes();

/// Appends `"…"`: quotes, backslashes and control characters escaped, ill-formed UTF-8 replaced by U+FFFD.
inline bool append_json_string(buffer& out, const char* in, std::size_t size) noexcept {
  // As long as `slack` bytes more are free than bytes are left, whole blocks may be stored without a check.
  constexpr std::ptrdiff_t slack = 48;
  const char* const end = in + size;
  char* to = out.reserve_more(size + slack);
  if (to == nullptr) return false;
  char* first = to;
  const char* limit = to + out.room();
  *to++ = '"';
  while (in != end) {
#if defined(__SSE2__)
    const __m128i space = _mm_set1_epi8(0x20);
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    unsigned special = 0;
    while (end - in >= 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
      // Signed, so that bytes of 0x80 and above are below space, too.
      special = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(
          _mm_cmplt_epi8(bytes, space), _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)))));
      if (special != 0) break;
      in += 16;
      to += 16;
    }
    if (special != 0) {
      in += lowest_bit(special);
      to += lowest_bit(special);
    } else
#endif
    {
      while (end - in >= 8) {
        constexpr std::uint64_t ones = 0x0101010101010101U;
        const std::uint64_t word = load_le64(in);
        std::memcpy(to, in, 8);
        const std::uint64_t quotes = word ^ ones * '"';
        const std::uint64_t backslashes = word ^ ones * '\\';
        // A borrow only disturbs bytes above the first hit, which is all that counts.
        const std::uint64_t hits =
            (word | (word - ones * 0x20) | (quotes - ones) | (backslashes - ones)) & ones * 0x80;
        if (hits != 0) {
          in += lowest_bit(hits) / 8;
          to += lowest_bit(hits) / 8;
          break;
        }
        in += 8;
        to += 8;
      }
      while (in != end && static_cast<signed char>(*in) >= 0 &&
             json_escape_table.of[static_cast<unsigned char>(*in)].size == 0) {
        *to++ = *in++;
      }
      if (in == end) break;
    }

    if (static_cast<unsigned char>(*in) < 0x80) {
      const json_escape& escape = json_escape_table.of[static_cast<unsigned char>(*in)];
      std::memcpy(to, &escape, sizeof escape);
      to += escape.size;
      ++in;
    } else {
      utf8_step step{0, true};
      do {
        if (end - in >= 4) {
          const std::uint32_t word = load_le32(in);
          std::memcpy(to, in, 4);
          if (is_utf8_triple(word)) {
            in += 3;
            to += 3;
            continue;
          }
          if (is_utf8_pair(word)) {
            in += 2;
            to += 2;
            continue;
          }
        }
        step = next_utf8(in, end);
        if (!step.valid) break;
        for (unsigned i = 0; i < step.size; ++i) to[i] = in[i];
        in += step.size;
        to += step.size;
      } while (in != end && static_cast<signed char>(*in) < 0);
      if (!step.valid) {
        std::memcpy(to, "\xEF\xBF\xBD", 3);
        to += 3;
        in += step.size;
      }
    }
    if (ARTHUR_UNLIKELY(limit - to < end - in + slack)) {
      out.advance(static_cast<std::size_t>(to - first));
      const auto left = static_cast<std::size_t>(end - in);
      to = out.reserve_more(left + left / 4 + slack);
      if (to == nullptr) return false;
      first = to;
      limit = to + out.room();
    }
  }
  *to++ = '"';
  out.advance(static_cast<std::size_t>(to - first));
  return true;
}

/// Appends an integer in decimal.
template <class Integer>
inline bool append_decimal(buffer& out, Integer value) noexcept {
  char* to = out.reserve_more(24);
  if (to == nullptr) return false;
  out.advance(static_cast<std::size_t>(std::to_chars(to, to + 24, value).ptr - to));
  return true;
}

/// Appends a 64-bit integer as JSON has it in protobuf's mapping: a string of digits.
template <class Integer>
inline bool append_json_int64(buffer& out, Integer value) noexcept {
  char* to = out.reserve_more(24);
  if (to == nullptr) return false;
  char* end = to;
  *end++ = '"';
  end = std::to_chars(end, to + 24, value).ptr;
  *end++ = '"';
  out.advance(static_cast<std::size_t>(end - to));
  return true;
}

/// Sign, exponent and mantissa of a double, looked at as bits so that -ffast-math changes nothing.
inline bool is_finite_bits(std::uint64_t bits) noexcept { return (bits >> 52 & 0x7ffU) != 0x7ffU; }

/// "NaN", "Infinity" or "-Infinity": how protobuf's JSON writes the double of these bits, which is not finite.
inline const char* nonfinite_name(std::uint64_t bits) noexcept {
  if ((bits << 12) != 0) return "NaN";
  return bits >> 63 != 0 ? "-Infinity" : "Infinity";
}

/// Appends the double with these bits as the shortest number that reads back the same, or as a string if not finite.
inline bool append_json_double(buffer& out, std::uint64_t bits) noexcept {
  if (ARTHUR_UNLIKELY(!is_finite_bits(bits))) {
    const char* name = nonfinite_name(bits);
    return append_json_string(out, name, std::strlen(name));
  }
  char* to = out.reserve_more(32);
  if (to == nullptr) return false;
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  out.advance(static_cast<std::size_t>(std::to_chars(to, to + 32, value).ptr - to));
  return true;
}

/// Appends lower-case hexadecimal digits.
inline bool append_hex(buffer& out, const char* data, std::size_t size) noexcept {
  char* to = out.reserve_more(size * 2);
  if (to == nullptr) return false;
  for (std::size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(data[i]);
    *to++ = "0123456789abcdef"[byte >> 4];
    *to++ = "0123456789abcdef"[byte & 15U];
  }
  out.advance(size * 2);
  return true;
}

/// Appends standard base64 with padding.
inline bool append_base64(buffer& out, const char* data, std::size_t size) noexcept {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char* to = out.reserve_more((size + 2) / 3 * 4);
  if (to == nullptr) return false;
  out.advance((size + 2) / 3 * 4);
  const auto byte = [data](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(data[i])}; };
  std::size_t i = 0;
  for (; i + 3 <= size; i += 3, to += 4) {
    const std::uint32_t bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    to[0] = digits[bits >> 18];
    to[1] = digits[bits >> 12 & 63U];
    to[2] = digits[bits >> 6 & 63U];
    to[3] = digits[bits & 63U];
  }
  if (i < size) {
    const std::uint32_t bits = byte(i) << 16 | (i + 1 < size ? byte(i + 1) << 8 : 0U);
    to[0] = digits[bits >> 18];
    to[1] = digits[bits >> 12 & 63U];
    to[2] = i + 1 < size ? digits[bits >> 6 & 63U] : '=';
    to[3] = '=';
  }
  return true;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Arrays and maps nested deeper become empty values (the specification's default limit).
constexpr unsigned max_value_depth = 64;

/// Appends the JSON of an AnyValue message. False: damaged bytes or no room; `out` then holds a part of it.
inline bool append_json_value(buffer& out, const char* data, std::size_t size, unsigned depth = 1) noexcept;
/// The same for the one field that it holds.
inline bool append_json_value(buffer& out, std::uint32_t tag, const char* data, std::size_t size, std::uint64_t number,
                              unsigned depth) noexcept;

/// Appends `{"key":…,"value":…}` for a KeyValue message.
inline bool append_json_key_value(buffer& out, const char* data, std::size_t size, unsigned depth = 1) noexcept {
  attribute_view plain;
  if (ARTHUR_LIKELY(read_attribute(data, size, plain))) {
    out.append("{\"key\":");
    append_json_string(out, plain.key, plain.key_size);
    out.append(",\"value\":");
    return append_json_value(out, plain.tag, plain.data, plain.size, plain.number, depth) && out.append('}');
  }
  wire::reader reader(data, size);
  wire::field at;
  wire::field key;
  wire::field value;
  while (reader.next(at)) {
    if (at.tag == wire::key_value_key) key = at;
    if (at.tag == wire::key_value_value) value = at;
  }
  if (!reader.ok()) return false;
  out.append("{\"key\":");
  append_json_string(out, key.data, key.size);
  if (value.tag != 0) {
    out.append(",\"value\":");
    if (!append_json_value(out, value.data, value.size, depth)) return false;
  }
  return out.append('}');
}

/// Appends `{"values":[…]}` for an ArrayValue or a KeyValueList message: both keep their elements in field 1.
inline bool append_json_values(buffer& out, const char* data, std::size_t size, bool key_values,
                               unsigned depth) noexcept {
  static_assert(wire::array_values == wire::kvlist_values, "one loop serves both");
  wire::reader reader(data, size);
  wire::field at;
  bool first = true;
  out.append("{\"values\":[");
  while (reader.next(at)) {
    if (at.tag != wire::array_values) continue;
    if (!first) out.append(',');
    first = false;
    if (key_values ? !append_json_key_value(out, at.data, at.size, depth + 1)
                   : !append_json_value(out, at.data, at.size, depth + 1)) {
      return false;
    }
  }
  return reader.ok() && out.append("]}");
}

inline bool append_json_value(buffer& out, const char* data, std::size_t size, unsigned depth) noexcept {
  wire::reader reader(data, size);
  wire::field at;
  wire::field value;
  while (reader.next(at)) {
    if (at.tag >= wire::any_string && at.tag <= wire::any_bytes) value = at;  // of a oneof the last one counts
  }
  return reader.ok() && append_json_value(out, value.tag, value.data, value.size, value.value, depth);
}

inline bool append_json_value(buffer& out, std::uint32_t tag, const char* data, std::size_t size, std::uint64_t number,
                              unsigned depth) noexcept {
  switch (tag) {
    case wire::any_string:
      out.append("{\"stringValue\":");
      append_json_string(out, data, size);
      break;
    case wire::any_bool:
      out.append("{\"boolValue\":");
      number != 0 ? out.append("true") : out.append("false");
      break;
    case wire::any_int:
      out.append("{\"intValue\":");
      append_json_int64(out, static_cast<std::int64_t>(number));
      break;
    case wire::any_double:
      out.append("{\"doubleValue\":");
      append_json_double(out, number);
      break;
    case wire::any_bytes:
      out.append("{\"bytesValue\":\"");
      append_base64(out, data, size);
      out.append('"');
      break;
    case wire::any_array:
    case wire::any_kvlist:
      if (depth >= max_value_depth) return out.append("{}");
      tag == wire::any_array ? out.append("{\"arrayValue\":") : out.append("{\"kvlistValue\":");
      if (!append_json_values(out, data, size, tag == wire::any_kvlist, depth)) return false;
      break;
    default:
      return out.append("{}");
  }
  return out.append('}');
}

/// Appends `[…]` with the KeyValue fields tagged `tag` of a message.
inline bool append_json_attributes(buffer& out, const char* data, std::size_t size, std::uint32_t tag) noexcept {
  wire::reader reader(data, size);
  wire::field at;
  bool first = true;
  out.append('[');
  while (reader.next(at)) {
    if (at.tag != tag) continue;
    if (!first) out.append(',');
    first = false;
    if (!append_json_key_value(out, at.data, at.size)) return false;
  }
  return reader.ok() && out.append(']');
}

/// Appends the object of an Event message.
inline bool append_json_event(buffer& out, const char* data, std::size_t size) noexcept {
  wire::reader reader(data, size);
  wire::field at;
  wire::field name;
  std::uint64_t time = 0;
  std::uint32_t dropped = 0;
  bool attributes = false;
  while (reader.next(at)) {
    if (at.tag == wire::event_time) time = at.value;
    if (at.tag == wire::event_name) name = at;
    if (at.tag == wire::event_attributes) attributes = true;
    if (at.tag == wire::event_dropped_attributes) dropped = static_cast<std::uint32_t>(at.value);
  }
  if (!reader.ok()) return false;
  out.append("{\"timeUnixNano\":");
  append_json_int64(out, time);
  out.append(",\"name\":");
  append_json_string(out, name.data, name.size);
  if (attributes) {
    out.append(",\"attributes\":");
    if (!append_json_attributes(out, data, size, wire::event_attributes)) return false;
  }
  if (dropped != 0) {
    out.append(",\"droppedAttributesCount\":");
    append_decimal(out, dropped);
  }
  return out.append('}');
}

/// Appends the object of a Link message.
inline bool append_json_link(buffer& out, const char* data, std::size_t size) noexcept {
  wire::reader reader(data, size);
  wire::field at;
  wire::field trace_id;
  wire::field span_id;
  wire::field state;
  std::uint32_t dropped = 0;
  std::uint32_t flags = 0;
  bool attributes = false;
  while (reader.next(at)) {
    if (at.tag == wire::link_trace_id) trace_id = at;
    if (at.tag == wire::link_span_id) span_id = at;
    if (at.tag == wire::link_trace_state) state = at;
    if (at.tag == wire::link_attributes) attributes = true;
    if (at.tag == wire::link_dropped_attributes) dropped = static_cast<std::uint32_t>(at.value);
    if (at.tag == wire::link_flags) flags = static_cast<std::uint32_t>(at.value);
  }
  if (!reader.ok()) return false;
  out.append("{\"traceId\":\"");
  append_hex(out, trace_id.data, trace_id.size);
  out.append("\",\"spanId\":\"");
  append_hex(out, span_id.data, span_id.size);
  out.append('"');
  if (state.size != 0) {
    out.append(",\"traceState\":");
    append_json_string(out, state.data, state.size);
  }
  if (attributes) {
    out.append(",\"attributes\":");
    if (!append_json_attributes(out, data, size, wire::link_attributes)) return false;
  }
  if (dropped != 0) {
    out.append(",\"droppedAttributesCount\":");
    append_decimal(out, dropped);
  }
  if (flags != 0) {
    out.append(",\"flags\":");
    append_decimal(out, flags);
  }
  return out.append('}');
}

/// What a span has besides its repeated fields; found in one pass, since fields may come in any order.
struct span_header {
  wire::field trace_id, span_id, trace_state, parent_id, name;
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::int32_t kind = 0;
  std::uint32_t flags = 0;
  std::uint32_t dropped_attributes = 0;
  std::uint32_t dropped_events = 0;
  std::uint32_t dropped_links = 0;
  std::uint32_t attributes = 0;
  std::uint32_t events = 0;
  std::uint32_t links = 0;
  wire::field status_message;
  std::int32_t status_code = 0;
  bool has_status = false;
};

/// False if the bytes of the span or of its status are damaged.
inline bool read_span_header(span_header& to, const char* body, std::size_t size) noexcept {
  wire::reader reader(body, size);
  wire::field at;
  while (reader.next(at)) {
    switch (at.tag) {
      case wire::span_trace_id: to.trace_id = at; break;
      case wire::span_span_id: to.span_id = at; break;
      case wire::span_trace_state: to.trace_state = at; break;
      case wire::span_parent_span_id: to.parent_id = at; break;
      case wire::span_name: to.name = at; break;
      case wire::span_kind: to.kind = static_cast<std::int32_t>(at.value); break;
      case wire::span_start_time: to.start = at.value; break;
      case wire::span_end_time: to.end = at.value; break;
      case wire::span_attributes: ++to.attributes; break;
      case wire::span_dropped_attributes: to.dropped_attributes = static_cast<std::uint32_t>(at.value); break;
      case wire::span_events: ++to.events; break;
      case wire::span_dropped_events: to.dropped_events = static_cast<std::uint32_t>(at.value); break;
      case wire::span_links: ++to.links; break;
      case wire::span_dropped_links: to.dropped_links = static_cast<std::uint32_t>(at.value); break;
      case wire::span_flags: to.flags = static_cast<std::uint32_t>(at.value); break;
      case wire::span_status: {
        to.has_status = true;
        wire::reader status(at.data, at.size);
        wire::field part;
        while (status.next(part)) {
          if (part.tag == wire::status_message) to.status_message = part;
          if (part.tag == wire::status_code) to.status_code = static_cast<std::int32_t>(part.value);
        }
        if (!status.ok()) return false;
        break;
      }
      default: break;
    }
  }
  return reader.ok();
}

/// Appends `,"key":[…]` with each field tagged `tag` of the span, written by `append`.
template <class Append>
inline bool append_json_list(buffer& out, const char* body, std::size_t size, std::uint32_t tag,
                             Append append) noexcept {
  wire::reader reader(body, size);
  wire::field at;
  bool first = true;
  while (reader.next(at)) {
    if (at.tag != tag) continue;
    if (!first) out.append(',');
    first = false;
    if (!append(out, at.data, at.size)) return false;
  }
  return out.append(']');
}

inline bool append_json_span_parts(buffer& out, const char* body, std::size_t size) noexcept {
  span_header span;
  if (!read_span_header(span, body, size)) return false;
  const auto count = [&out](std::uint32_t value, const char* key, std::size_t key_size) {
    if (value == 0) return;
    out.append(key, key_size);
    append_decimal(out, value);
  };

  out.append("{\"traceId\":\"");
  append_hex(out, span.trace_id.data, span.trace_id.size);
  out.append("\",\"spanId\":\"");
  append_hex(out, span.span_id.data, span.span_id.size);
  out.append('"');
  if (span.trace_state.size != 0) {
    out.append(",\"traceState\":");
    append_json_string(out, span.trace_state.data, span.trace_state.size);
  }
  if (span.parent_id.size != 0) {
    out.append(",\"parentSpanId\":\"");
    append_hex(out, span.parent_id.data, span.parent_id.size);
    out.append('"');
  }
  count(span.flags, ",\"flags\":", 9);
  out.append(",\"name\":");
  append_json_string(out, span.name.data, span.name.size);
  out.append(",\"kind\":");
  append_decimal(out, span.kind);
  out.append(",\"startTimeUnixNano\":");
  append_json_int64(out, span.start);
  out.append(",\"endTimeUnixNano\":");
  append_json_int64(out, span.end);
  if (span.attributes != 0) {
    out.append(",\"attributes\":");
    if (!append_json_attributes(out, body, size, wire::span_attributes)) return false;
  }
  count(span.dropped_attributes, ",\"droppedAttributesCount\":", 26);
  if (span.events != 0) {
    out.append(",\"events\":[");
    if (!append_json_list(out, body, size, wire::span_events, append_json_event)) return false;
  }
  count(span.dropped_events, ",\"droppedEventsCount\":", 22);
  if (span.links != 0) {
    out.append(",\"links\":[");
    if (!append_json_list(out, body, size, wire::span_links, append_json_link)) return false;
  }
  count(span.dropped_links, ",\"droppedLinksCount\":", 21);
  if (span.has_status) {
    out.append(",\"status\":{");
    if (span.status_message.size != 0) {
      out.append("\"message\":");
      append_json_string(out, span.status_message.data, span.status_message.size);
    }
    if (span.status_code != 0) {
      span.status_message.size != 0 ? out.append(",\"code\":") : out.append("\"code\":");
      append_decimal(out, span.status_code);
    }
    out.append('}');
  }
  return out.append('}');
}

/// Appends the OTLP/JSON object of a span, given the body of its protobuf message. False: damaged bytes, or no room
/// (then out.failed()); `out` has its former size again.
inline bool append_json_span(buffer& out, const char* body, std::size_t size) noexcept {
  const std::size_t before = out.size();
  if (append_json_span_parts(out, body, size)) return true;
  out.truncate(before);
  return false;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

enum class encoding { json, protobuf };

/// One span: the body of its protobuf message, whatever the request's encoding.
struct span_piece {
  std::uint32_t group;  // index of its resource
  const char* data;
  std::size_t size;
};

/// The body of a Resource message: KeyValue fields tagged resource_attributes.
struct resource_view {
  const char* data;
  std::size_t size;
};

constexpr std::uint8_t resource_attributes = 1 << 3 | wire::type_bytes;

/// Asks an endpoint whether it takes JSON: a request without spans.
constexpr char empty_json_request[] = "{\"resourceSpans\":[]}";

/// Appends tag and length of a field that is `size` bytes long.
inline bool append_field_head(buffer& out, std::uint8_t tag, std::size_t size) noexcept {
  char* to = out.reserve_more(11);
  if (to == nullptr) return false;
  out.advance(static_cast<std::size_t>(wire::put_varint(wire::put_byte(to, tag), size) - to));
  return true;
}

inline bool append_field(buffer& out, std::uint8_t tag, const char* data, std::size_t size) noexcept {
  return append_field_head(out, tag, size) && out.append(data, size);
}

constexpr std::size_t field_size(std::size_t content) noexcept { return 1 + wire::varint_size(content) + content; }

/// Appends a KeyValue field with a text value.
inline bool append_string_attribute(buffer& out, std::uint8_t tag, const char* key, std::size_t key_size,
                                    const char* value, std::size_t value_size) noexcept {
  append_field_head(out, tag, field_size(key_size) + field_size(field_size(value_size)));
  append_field(out, wire::key_value_key, key, key_size);
  append_field_head(out, wire::key_value_value, field_size(value_size));
  return append_field(out, wire::any_string, value, value_size);
}

// InstrumentationScope{name: "arthur", version: ARTHUR_VERSION} in both encodings.
constexpr char json_scope[] = "{\"name\":\"arthur\",\"version\":\"" ARTHUR_VERSION "\"}";
constexpr char scope_name[] = "arthur";
constexpr std::size_t scope_size = field_size(sizeof scope_name - 1) + field_size(sizeof ARTHUR_VERSION - 1);

inline bool append_json_resource_spans(buffer& out, const span_piece* pieces, std::size_t count, std::uint32_t group,
                                       const resource_view& resource) noexcept {
  out.append("{\"resource\":{\"attributes\":");
  if (!append_json_attributes(out, resource.data, resource.size, resource_attributes)) return false;
  out.append("},\"scopeSpans\":[{\"scope\":");
  out.append(json_scope);
  out.append(",\"spans\":[");
  bool first = true;
  for (std::size_t i = 0; i < count; ++i) {
    if (pieces[i].group != group) continue;
    if (!first) out.append(',');
    first = false;
    if (!append_json_span(out, pieces[i].data, pieces[i].size)) return false;
  }
  return out.append("]}]}");
}

inline bool append_protobuf_resource_spans(buffer& out, const span_piece* pieces, std::size_t count,
                                           std::uint32_t group, const resource_view& resource) noexcept {
  // Field 1 of ExportTraceServiceRequest, ResourceSpans and ScopeSpans; field 2 of the latter two.
  constexpr std::uint8_t field_1 = 1 << 3 | wire::type_bytes;
  constexpr std::uint8_t field_2 = 2 << 3 | wire::type_bytes;
  std::size_t scope_spans = field_size(scope_size);
  for (std::size_t i = 0; i < count; ++i) {
    if (pieces[i].group == group) scope_spans += field_size(pieces[i].size);
  }
  append_field_head(out, field_1, field_size(resource.size) + field_size(scope_spans));
  append_field(out, field_1, resource.data, resource.size);
  append_field_head(out, field_2, scope_spans);
  append_field_head(out, field_1, scope_size);
  append_field(out, field_1, scope_name, sizeof scope_name - 1);
  append_field(out, field_2, ARTHUR_VERSION, sizeof ARTHUR_VERSION - 1);
  for (std::size_t i = 0; i < count; ++i) {
    if (pieces[i].group == group) append_field(out, field_2, pieces[i].data, pieces[i].size);
  }
  return !out.failed();
}

/// Appends an ExportTraceServiceRequest. Spans keep their order within a group, each group that has spans appears once,
/// in the order of `groups`. False: a piece without a group, damaged bytes, or no room (then out.failed());
/// `out` has its former size again.
inline bool append_request(buffer& out, encoding as, const span_piece* pieces, std::size_t count,
                           const resource_view* groups, std::size_t group_count) noexcept {
  const std::size_t before = out.size();
  std::size_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (pieces[i].group >= group_count) return false;
    total += pieces[i].size + 12;
  }
  if (out.reserve_more(total + 256) == nullptr) return false;

  bool good = as == encoding::protobuf || out.append("{\"resourceSpans\":[");
  bool first = true;
  for (std::uint32_t group = 0; good && group < group_count; ++group) {
    std::size_t members = 0;
    for (std::size_t i = 0; i < count; ++i) members += pieces[i].group == group;
    if (members == 0) continue;
    if (as == encoding::protobuf) {
      good = append_protobuf_resource_spans(out, pieces, count, group, groups[group]);
    } else {
      if (!first) out.append(',');
      good = append_json_resource_spans(out, pieces, count, group, groups[group]);
    }
    first = false;
  }
  if (good && as == encoding::json) good = out.append("]}");
  if (!good) out.truncate(before);
  return good;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// resources.hpp: the encoded resource of each group: the process's own, and those that contexts asked for.
#ifndef ARTHUR_RUNTIME_RESOURCES_HPP
#define ARTHUR_RUNTIME_RESOURCES_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

// cleaning.hpp: spans and resources made such that nothing in them keeps the receiver from storing them.
#ifndef ARTHUR_OTLP_CLEANING_HPP
#define ARTHUR_OTLP_CLEANING_HPP

#include <cstddef>
#include <cstdint>

// cleaning_attributes.hpp: a set of attributes made storable: keys, values, and how they stand to one another.
#ifndef ARTHUR_OTLP_CLEANING_ATTRIBUTES_HPP
#define ARTHUR_OTLP_CLEANING_ATTRIBUTES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

// cleaning_rules.hpp: what cleaning may change, how that is counted, and which keys have a meaning of their own.
#ifndef ARTHUR_OTLP_CLEANING_RULES_HPP
#define ARTHUR_OTLP_CLEANING_RULES_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// One way in which a span is changed before it is sent; each is counted.
enum class clean_rule : unsigned {
  invalid_utf8,       // a broken byte sequence became U+FFFD: a protobuf string refuses it, with the whole request
  nul,                // U+0000 left out: PostgreSQL refuses it, with the whole request
  nonfinite,          // NaN and infinity became text: jsonb refuses them
  repeated_key,       // earlier values of a key removed
  hostile_key,        // renamed: see key_rules.hpp; or empty
  key_conflict,       // renamed: `x` beside `x.y`, or two keys that became one
  misplaced_value,    // renamed: a value or a sub-key where the engine wants one plain value
  json_rewritten,     // a JSON text corrected
  json_as_text,       // a JSON text that stays plain text in the engine
  token_count,        // brought into the range of the engine's columns
  cost,               // a cost that is not a number removed
  too_long,           // cut: the engine's indexes end at about 2600 bytes
  too_deep,           // an array or map nested too deep became an empty value
  time,               // start or end was zero, or end was before start
  name,               // an empty name
  parent,             // a parent id of zeros removed: the engine would not see a root
  service_name,       // made a text that is not blank
  limit               // cut or left out, as span_limits say
};
constexpr std::size_t clean_rule_count = static_cast<std::size_t>(clean_rule::limit) + 1;

/// Name of a rule in statistics.
inline const char* clean_rule_name(clean_rule rule) noexcept {
  static constexpr const char* names[clean_rule_count] = {
      "invalid_utf8",   "nul",          "nonfinite",   "repeated_key", "hostile_key", "key_conflict",
      "misplaced_value", "json_rewritten", "json_as_text", "token_count",  "cost",        "too_long",
      "too_deep",       "time",         "name",        "parent",       "service_name", "limit"};
  return names[static_cast<std::size_t>(rule)];
}

/// How often each rule struck.
struct clean_counts {
  std::uint64_t of[clean_rule_count] = {};
  std::uint64_t dropped_attributes = 0;  // of spans, by their limit

  std::uint64_t operator[](clean_rule rule) const noexcept { return of[static_cast<std::size_t>(rule)]; }
  void add(clean_rule rule) noexcept { ++of[static_cast<std::size_t>(rule)]; }
  void add(const clean_counts& more) noexcept {
    for (std::size_t i = 0; i < clean_rule_count; ++i) of[i] += more.of[i];
    dropped_attributes += more.dropped_attributes;
  }
  std::uint64_t total() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : of) sum += count;
    return sum;
  }
};

inline constexpr span_limits unlimited;

/// What is known about a span before it is looked at.
struct clean_flags {
  bool engine = true;           ///< everything Arthur Engine needs; false: only UTF-8, repeated keys and nesting
  bool may_repeat_keys = true;  ///< false: no key is set twice
  bool free_keys = true;        ///< false: all keys are from our own table
  const span_limits* limits = &unlimited;
};

enum class clean_outcome {
  unchanged,   ///< nothing was written: send the span as it is
  rewritten,   ///< the cleaned span was appended
  undecodable  ///< damaged bytes, or no memory (then out.failed()); nothing was written
};

/// Longest session id, user id, kind, name and service name, in bytes.
constexpr std::size_t max_index_bytes = 1024;
/// Largest token count: two of them still fit the engine's 32-bit column, where it adds prompt and completion.
constexpr std::int64_t max_token_count = 1000000000;
/// Levels of arrays and maps. Protobuf parsers stop at 100 messages inside one another, and a map takes three a level.
constexpr unsigned max_engine_depth = 24;

/// What the engine does with the value below a key.
enum class key_role {
  plain,
  json,         // decodes text as JSON
  contents,     // decodes text as a JSON list of objects
  identity,     // copies it into an indexed column
  token_count,  // copies it into an integer column
  cost,         // reads text as a number, even "nan"
};

template <std::size_t N>
inline bool equals(const char* text, std::size_t size, const char (&literal)[N]) noexcept {
  return size == N - 1 && std::memcmp(text, literal, N - 1) == 0;
}
template <std::size_t N>
inline bool begins_with(const char* text, std::size_t size, const char (&literal)[N]) noexcept {
  return size >= N - 1 && std::memcmp(text, literal, N - 1) == 0;
}
template <std::size_t N>
inline bool ends_with(const char* text, std::size_t size, const char (&literal)[N]) noexcept {
  return size >= N - 1 && std::memcmp(text + size - (N - 1), literal, N - 1) == 0;
}

/// `name` is what follows "llm.cost.".
inline bool is_cost(const char* name, std::size_t size) noexcept {
  static constexpr const char* names[] = {
      "prompt",
      "completion",
      "total",
      "prompt_details.input",
      "prompt_details.cache_read",
      "prompt_details.cache_write",
      "prompt_details.cache_input",
      "prompt_details.audio",
      "completion_details.output",
      "completion_details.reasoning",
      "completion_details.audio"};
  for (const char* known : names) {
    if (std::strlen(known) == size && std::memcmp(known, name, size) == 0) return true;
  }
  return false;
}

inline key_role role_of(const char* key, std::size_t size) noexcept {
  if (size < 7) return key_role::plain;
  if (begins_with(key, size, "llm.")) {
    if (begins_with(key, size, "llm.cost.") && is_cost(key + 9, size - 9)) return key_role::cost;
    if (equals(key, size, "llm.token_count.prompt") || equals(key, size, "llm.token_count.completion") ||
        equals(key, size, "llm.token_count.total")) {
      return key_role::token_count;
    }
    if (equals(key, size, "llm.invocation_parameters") || equals(key, size, "llm.function_call") ||
        equals(key, size, "llm.prompt_template.variables")) {
      return key_role::json;
    }
  }
  switch (key[size - 1]) {
    case 'a':
      if (ends_with(key, size, "metadata") && (size == 8 || key[size - 9] == '.')) return key_role::json;
      return equals(key, size, "tool.json_schema") ? key_role::json : key_role::plain;
    case 'd':
      return equals(key, size, "session.id") || equals(key, size, "user.id") ||
                     equals(key, size, "openinference.span.kind")
                 ? key_role::identity
                 : key_role::plain;
    case 'e': return equals(key, size, "document.score") ? key_role::cost : key_role::plain;
    case 'n': return equals(key, size, "message.function_call_arguments_json") ? key_role::json : key_role::plain;
    case 's':
      if (ends_with(key, size, "message.contents")) return key_role::contents;
      return equals(key, size, "tool.parameters") || equals(key, size, "tool_call.function.arguments")
                 ? key_role::json
                 : key_role::plain;
    default: return key_role::plain;
  }
}

/// Length of the prefix of `key` that is one of the keys for a single plain value, if a dot follows it; else 0.
inline std::size_t scalar_parent_size(const char* key, std::size_t size) noexcept {
  if (begins_with(key, size, "llm.")) {
    if (begins_with(key, size, "llm.token_count.prompt.")) return 22;
    if (begins_with(key, size, "llm.token_count.completion.")) return 26;
    if (begins_with(key, size, "llm.token_count.total.")) return 21;
    if (begins_with(key, size, "llm.cost.prompt.")) return 15;
    if (begins_with(key, size, "llm.cost.completion.")) return 19;
    if (begins_with(key, size, "llm.cost.total.")) return 14;
    return 0;
  }
  if (begins_with(key, size, "session.id.")) return 10;
  if (begins_with(key, size, "user.id.")) return 7;
  if (begins_with(key, size, "openinference.span.kind.")) return 23;
  return 0;
}

/// Appends the key of the attribute that labels `key` with a mime type; false if the engine looks for none.
inline bool make_label_key(buffer& out, const char* key, std::size_t size) noexcept {
  out.clear();
  const char* const end = key + size;
  bool found = false;
  while (key != end) {
    if (*key == '.' && begins_with(key, static_cast<std::size_t>(end - key), ".value")) {
      out.append(".mime_type");
      key += 6;
      found = true;
    } else {
      out.append(*key++);
    }
  }
  return found && !out.failed();
}

/// A text in the decimal form that both Python's int() and float() read as a finite number; `value` is set if it is a
/// whole one, clamped to the range of token counts.
struct number_text {
  bool number = false;
  bool whole = false;
  std::int64_t value = 0;
};

inline number_text read_number_text(const char* text, std::size_t size) noexcept {
  number_text result;
  const char* at = text;
  const char* const end = text + size;
  const bool negative = at != end && *at == '-';
  if (at != end && (*at == '-' || *at == '+')) ++at;
  const char* const digits = at;
  for (; at != end && *at >= '0' && *at <= '9'; ++at) {
    if (result.value <= max_token_count) result.value = result.value * 10 + (*at - '0');
  }
  if (at == digits) return result;
  result.whole = at == end;
  if (at != end && *at == '.') {
    ++at;
    while (at != end && *at >= '0' && *at <= '9') ++at;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '-' || *at == '+')) ++at;
    if (at == end || end - at > 2) return result;  // up to e99, and 200 digits before it, stays finite
    while (at != end && *at >= '0' && *at <= '9') ++at;
  }
  result.number = at == end && size < 200;
  if (result.value > max_token_count) result.value = max_token_count + 1;
  if (negative) result.value = -result.value;
  return result;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// cleaning_table.hpp: the attributes of one span, taken apart: looked up, sorted, renamed, and written again.
#ifndef ARTHUR_OTLP_CLEANING_TABLE_HPP
#define ARTHUR_OTLP_CLEANING_TABLE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

// cleaning_values.hpp: texts, arrays, maps, events and links: looked at in place, and written corrected.
#ifndef ARTHUR_OTLP_CLEANING_VALUES_HPP
#define ARTHUR_OTLP_CLEANING_VALUES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Key and value of a KeyValue message. `odd`: a part occurs twice, so that it must be written anew.
struct key_value_view {
  wire::field key;
  wire::field value;  // of the oneof in AnyValue; tag 0: none
  bool has_value = false;
  bool odd = false;
};

/// The field of an AnyValue's oneof that counts; false: damaged.
inline bool read_any_value(const char* data, std::size_t size, wire::field& value, bool& odd) noexcept {
  wire::reader reader(data, size);
  wire::field at;
  value.tag = 0;
  while (reader.next(at)) {
    if (at.tag < wire::any_string || at.tag > wire::any_bytes) continue;
    if (value.tag != 0) odd = true;
    value = at;
  }
  return reader.ok();
}

inline bool read_key_value(const char* data, std::size_t size, key_value_view& to) noexcept {
  wire::reader reader(data, size);
  wire::field at;
  wire::field value;
  while (reader.next(at)) {
    wire::field& part = at.tag == wire::key_value_key ? to.key : value;
    if (at.tag != wire::key_value_key && at.tag != wire::key_value_value) continue;
    if (part.tag != 0) to.odd = true;
    part = at;
  }
  if (!reader.ok()) return false;
  to.has_value = value.tag != 0;
  return !to.has_value || read_any_value(value.data, value.size, to.value, to.odd);
}

/// What is checked below the level of attributes: texts, nesting and lengths.
class value_rules {
 public:
  explicit value_rules(bool engine, std::size_t max_length = span_limits::none) noexcept
      : engine_(engine), max_depth_(engine ? max_engine_depth : max_value_depth), max_length_(max_length) {}

  bool engine() const noexcept { return engine_; }
  /// Characters of a text, bytes of a byte string. So many bytes are never too long.
  std::size_t max_length() const noexcept { return max_length_; }

  bool is_clean_text(const char* data, std::size_t size) const noexcept {
    return engine_ ? is_valid_utf8<nul::forbidden>(data, size) : is_valid_utf8<nul::allowed>(data, size);
  }

  /// False also for damaged bytes.
  bool is_clean_value(const wire::field& value, unsigned depth = 1) const noexcept {
    return is_clean_value(value.tag, value.data, value.size, depth);
  }
  bool is_clean_value(std::uint32_t tag, const char* data, std::size_t size, unsigned depth = 1) const noexcept {
    if (tag == wire::any_string) return size <= max_length_ && is_clean_text(data, size);
    if (tag != wire::any_array && tag != wire::any_kvlist) return tag != wire::any_bytes || size <= max_length_;
    if (depth >= max_depth_) return false;
    wire::reader reader(data, size);
    wire::field at;
    while (reader.next(at)) {
      if (at.tag != wire::array_values) continue;
      if (tag == wire::any_kvlist) {
        if (!is_clean_key_value(at, depth + 1)) return false;
      } else {
        wire::field element;
        bool odd = false;
        if (!read_any_value(at.data, at.size, element, odd) || odd || !is_clean_value(element, depth + 1)) return false;
      }
    }
    return reader.ok();
  }

  bool is_clean_key_value(const wire::field& field, unsigned depth = 1) const noexcept {
    key_value_view view;
    return read_key_value(field.data, field.size, view) && !view.odd && is_clean_text(view.key.data, view.key.size) &&
           is_clean_value(view.value, depth);
  }

  /// An Event, Link or Status: its texts and attributes, of which there may be `most`.
  bool is_clean_message(const wire::field& field, std::uint32_t text, std::uint32_t attributes,
                        std::size_t most = span_limits::none) const noexcept {
    wire::reader reader(field.data, field.size);
    wire::field at;
    std::size_t count = 0;
    while (reader.next(at)) {
      if (at.tag == text && !is_clean_text(at.data, at.size)) return false;
      if (at.tag == attributes && (!is_clean_key_value(at) || ++count > most)) return false;
    }
    return reader.ok();
  }

 private:
  bool engine_;
  unsigned max_depth_;
  std::size_t max_length_;

  friend class value_writer;
};

/// Writes corrected values. A length is not known before its content: one byte is left for it and moved up if need be.
class value_writer {
 public:
  value_writer(buffer& out, const value_rules& rules, clean_counts& counts) noexcept
      : out_(out), rules_(rules), counts_(counts) {}

  std::size_t open(std::uint8_t tag) noexcept {
    append_field_head(out_, tag, 0);
    return out_.size();
  }
  void close(std::size_t start) noexcept {
    if (out_.failed()) return;
    const std::size_t size = out_.size() - start;
    const std::size_t extra = wire::varint_size(size) - 1;
    if (extra != 0) {
      if (out_.reserve_more(extra) == nullptr) return;
      std::memmove(out_.data() + start + extra, out_.data() + start, size);
      out_.advance(extra);
    }
    wire::put_varint(out_.data() + start - 1, size);
  }

  /// Appends the text without what doesn't belong into it.
  void text(const char* data, std::size_t size) noexcept {
    if (rules_.is_clean_text(data, size)) {
      out_.append(data, size);
      return;
    }
    if (!is_valid_utf8(data, size)) counts_.add(clean_rule::invalid_utf8);
    if (!rules_.engine()) {
      append_valid_utf8(out_, data, size);
      return;
    }
    if (std::memchr(data, 0, size) != nullptr) counts_.add(clean_rule::nul);
    append_valid_utf8<nul::forbidden>(out_, data, size);
  }
  void text_field(std::uint8_t tag, const char* data, std::size_t size) noexcept {
    const std::size_t start = open(tag);
    text(data, size);
    close(start);
  }

  /// A text as a value: clean, and no longer than allowed.
  void text_value(const wire::field& from) noexcept {
    const std::size_t start = open(wire::any_string);
    text(from.data, from.size);
    if (!out_.failed() && out_.size() - start > rules_.max_length()) {
      const std::size_t kept = utf8_first_characters(out_.data() + start, out_.size() - start, rules_.max_length());
      if (kept != out_.size() - start) counts_.add(clean_rule::limit);
      out_.truncate(start + kept);
    }
    close(start);
  }

  /// Appends the content of an AnyValue. False: damaged bytes.
  bool value(const wire::field& from, unsigned depth = 1) noexcept {
    switch (from.tag) {
      case 0: return true;
      case wire::any_string: text_value(from); return true;
      case wire::any_bytes:
        if (from.size > rules_.max_length()) counts_.add(clean_rule::limit);
        append_field(out_, wire::any_bytes, from.data, (std::min)(from.size, rules_.max_length()));
        return true;
      case wire::any_array:
      case wire::any_kvlist: break;
      default: return out_.append(from.begin, static_cast<std::size_t>(from.end - from.begin));
    }
    if (depth >= rules_.max_depth_) {
      counts_.add(clean_rule::too_deep);
      return true;
    }
    const std::size_t start = open(static_cast<std::uint8_t>(from.tag));
    wire::reader reader(from.data, from.size);
    wire::field at;
    while (reader.next(at)) {
      if (at.tag != wire::array_values) continue;
      if (from.tag == wire::any_kvlist) {
        if (!key_value(at, depth + 1)) return false;
        continue;
      }
      wire::field element;
      bool odd = false;
      if (!read_any_value(at.data, at.size, element, odd)) return false;
      if (odd) counts_.add(clean_rule::repeated_key);
      const std::size_t inner = open(wire::array_values);
      if (!value(element, depth + 1)) return false;
      close(inner);
    }
    close(start);
    return reader.ok();
  }

  /// Appends a KeyValue field with the tag of `from`, which must be below 16.
  bool key_value(const wire::field& from, unsigned depth = 1) noexcept {
    key_value_view view;
    if (!read_key_value(from.data, from.size, view)) return false;
    if (view.odd) counts_.add(clean_rule::repeated_key);
    const std::size_t start = open(static_cast<std::uint8_t>(from.tag));
    text_field(wire::key_value_key, view.key.data, view.key.size);
    if (view.has_value) {
      const std::size_t inner = open(wire::key_value_value);
      if (!value(view.value, depth)) return false;
      close(inner);
    }
    close(start);
    return true;
  }

  /// Appends an Event, Link or Status. Attributes beyond `most` are counted in its field `dropped_tag`.
  bool message(const wire::field& from, std::uint32_t text_tag, std::uint32_t attributes,
               std::size_t most = span_limits::none, std::uint8_t dropped_tag = 0) noexcept {
    const std::size_t start = open(static_cast<std::uint8_t>(from.tag));
    wire::reader reader(from.data, from.size);
    wire::field at;
    std::size_t count = 0;
    std::uint64_t dropped = 0;
    while (reader.next(at)) {
      if (at.tag == text_tag) {
        text_field(static_cast<std::uint8_t>(text_tag), at.data, at.size);
      } else if (at.tag == attributes && ++count > most) {
        ++dropped;
        counts_.add(clean_rule::limit);
      } else if (at.tag == attributes) {
        if (!key_value(at)) return false;
      } else if (at.tag == dropped_tag) {
        dropped += at.value;
      } else {
        out_.append(at.begin, static_cast<std::size_t>(at.end - at.begin));
      }
    }
    count_field(dropped_tag, dropped);
    close(start);
    return reader.ok();
  }

  /// A number of things dropped, if there were any.
  void count_field(std::uint8_t tag, std::uint64_t count) noexcept {
    char* const at = count == 0 ? nullptr : out_.reserve_more(11);
    if (at != nullptr) out_.advance(static_cast<std::size_t>(wire::put_varint(wire::put_byte(at, tag), count) - at));
  }

 private:
  buffer& out_;
  const value_rules& rules_;
  clean_counts& counts_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Memory for one cleaning: from the heap, or a static array where there is none. (Only the worker cleans, one span at a
/// time.) `Share`: how many 128ths of the pool's size it has.
enum class scratch_use { entries, order, texts, spare, copy };
template <scratch_use, std::size_t Share>
struct scratch {
#ifdef ARTHUR_NO_HEAP
  alignas(std::max_align_t) static inline char storage[ARTHUR_POOL_BYTES / 128 * Share];
  buffer bytes{storage, sizeof storage};
#else
  buffer bytes;
#endif
};

/// Attributes between read() and write().
class attribute_table {
 public:
  attribute_table(const value_rules& rules, clean_counts& counts) noexcept : rules_(rules), counts_(counts) {}

  /// Collects the KeyValue fields tagged `tag`. False: damaged bytes or no memory.
  bool read(const char* body, std::size_t size, std::uint32_t tag) noexcept {
    wire::reader reader(body, size);
    wire::field at;
    while (reader.next(at)) {
      if (at.tag != tag) continue;
      char* to = entries_.bytes.reserve_more(sizeof(entry));
      if (to == nullptr) return false;
      key_value_view view;
      if (!read_key_value(at.data, at.size, view)) return false;
      entry made{};
      made.field = at;
      made.value = view.value;
      made.has_value = view.has_value;
      made.rewritten = view.odd;
      made.first = static_cast<std::uint32_t>(count_);
      if (view.odd) counts_.add(clean_rule::repeated_key);
      made.key = made.raw_key = {view.key.data, 0, view.key.size};
      made.text = {view.value.data, 0, view.value.tag == wire::any_string ? view.value.size : 0};
      std::memcpy(to, &made, sizeof made);
      entries_.bytes.advance(sizeof made);
      ++count_;
    }
    if (!reader.ok() || order_.bytes.reserve_more(count_ * sizeof(std::uint32_t)) == nullptr) return false;
    return true;
  }

  /// Appends what is left, in the order of the last occurrence of each key. False: damaged bytes or no memory.
  bool write(buffer& out) noexcept {
    if (texts_.bytes.failed() || spare_.bytes.failed()) return false;
    value_writer writer(out, rules_, counts_);
    for (std::size_t i = 0; i < count_; ++i) {
      const entry& at = entries()[i];
      if (at.dropped) continue;
      if (!at.rewritten) {
        out.append(at.field.begin, static_cast<std::size_t>(at.field.end - at.field.begin));
        continue;
      }
      const std::size_t start = writer.open(static_cast<std::uint8_t>(at.field.tag));
      append_field(out, wire::key_value_key, key(at), at.key.size);
      if (at.has_value) {
        const std::size_t inner = writer.open(wire::key_value_value);
        if (at.value.tag == wire::any_string) {
          append_field(out, wire::any_string, view(at.text), at.text.size);
        } else if (!writer.value(at.value)) {
          return false;
        }
        writer.close(inner);
      }
      writer.close(start);
    }
    return !out.failed();
  }

 protected:
  // A text where it came from, or in texts_, which may move.
  struct slice {
    const char* from;  // nullptr: at `offset` in texts_
    std::size_t offset;
    std::size_t size;
  };
  struct entry {
    wire::field field;
    wire::field value;
    slice raw_key;
    slice key;
    slice next_key;
    slice text;  // if the value is a string
    std::uint32_t first = 0;  // where the key was set first
    bool has_value = false;
    bool rewritten = false;
    bool dropped = false;
    bool renamed = false;
    bool moved = false;
  };

  entry* entries() noexcept { return reinterpret_cast<entry*>(entries_.bytes.data()); }
  std::uint32_t* order() noexcept { return reinterpret_cast<std::uint32_t*>(order_.bytes.data()); }
  const char* view(const slice& text) const noexcept {
    return text.from != nullptr ? text.from : texts_.bytes.data() + text.offset;
  }
  const char* key(const entry& at) const noexcept { return view(at.key); }

  template <class Visit>
  void each(Visit visit) noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
      if (!entries()[i].dropped) visit(entries()[i]);
    }
  }

  // What was appended to texts_ since `start`.
  slice taken(std::size_t start) const noexcept { return {nullptr, start, texts_.bytes.size() - start}; }

  void set_text(entry& at, const slice& text) noexcept {
    at.text = text;
    at.value.tag = wire::any_string;
    at.has_value = true;
    at.rewritten = true;
  }
  template <std::size_t N>
  void set_text(entry& at, const char (&literal)[N]) noexcept {
    set_text(at, {literal, 0, N - 1});
  }
  void rename(entry& at, const slice& name) noexcept {
    at.key = name;
    at.rewritten = true;
    at.renamed = true;
  }

  // Makes `text` clean, in texts_ if need be. True if something had to be changed.
  bool clean_text(slice& text) noexcept {
    const char* data = view(text);
    if (rules_.is_clean_text(data, text.size)) return false;
    const std::size_t start = texts_.bytes.size();
    value_writer(texts_.bytes, rules_, counts_).text(data, text.size);
    text = taken(start);
    return true;
  }

  // A copy in texts_.
  slice joined(const char* prefix, const slice& text, const char* suffix) noexcept {
    const std::size_t start = texts_.bytes.size();
    const std::size_t prefix_size = std::strlen(prefix);
    const std::size_t suffix_size = std::strlen(suffix);
    // Room first: the text may be in texts_ itself.
    if (texts_.bytes.reserve_more(prefix_size + text.size + suffix_size) == nullptr) return {"", 0, 0};
    texts_.bytes.append(prefix, prefix_size);
    texts_.bytes.append(view(text), text.size);
    texts_.bytes.append(suffix, suffix_size);
    return taken(start);
  }

  static int compare(const char* a, std::size_t a_size, const char* b, std::size_t b_size) noexcept {
    const std::size_t common = (std::min)(a_size, b_size);
    const int order = common == 0 ? 0 : std::memcmp(a, b, common);
    if (order != 0) return order;
    return a_size < b_size ? -1 : a_size > b_size;
  }

  template <class Less>
  std::uint32_t* sort(Less less) noexcept {
    std::uint32_t* const first = order();
    std::uint32_t* last = first;
    for (std::size_t i = 0; i < count_; ++i) {
      if (!entries()[i].dropped) *last++ = static_cast<std::uint32_t>(i);
    }
    std::sort(first, last, less);
    return last;
  }

  const value_rules& rules_;
  clean_counts& counts_;
  std::size_t count_ = 0;
  scratch<scratch_use::entries, 8> entries_;  // entry[count_]
  scratch<scratch_use::order, 1> order_;      // indices of the entries that are left, sorted by sort()
  scratch<scratch_use::texts, 16> texts_;
  scratch<scratch_use::spare, 1> spare_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// json_repair.hpp: a JSON text rewritten so that Arthur Engine can store what it says.
#ifndef ARTHUR_OTLP_JSON_REPAIR_HPP
#define ARTHUR_OTLP_JSON_REPAIR_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

// json_reader.hpp: a strict JSON checker that also says what would keep Arthur Engine from storing the value.
#ifndef ARTHUR_OTLP_JSON_READER_HPP
#define ARTHUR_OTLP_JSON_READER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// key_rules.hpp: which attribute and JSON keys Arthur Engine can't take, and what they become.
#ifndef ARTHUR_OTLP_KEY_RULES_HPP
#define ARTHUR_OTLP_KEY_RULES_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

// Arthur Engine splits keys at dots and rebuilds objects and lists from the parts. That fails on
//  - '/', which it uses as a separator of its own;
//  - a part of digits only that Python's int() refuses: superscripts and the like, or more than 4300 digits;
//  - a part ending in "[n]", read as a list index: the value is lost, and a large n allocates that many elements;
//  - hundreds of parts (Python's recursion limit; 200 still passed beside JSON nested as deep).
constexpr unsigned max_key_parts = 100;
constexpr std::size_t max_key_digits = 4000;

struct code_range {
  std::uint32_t first;
  std::uint32_t count;
};

/// True for what Python's str.isdigit() calls a digit, ASCII apart. Decimal digits of other
/// scripts would pass int(), but keys made of them alone are rare enough to need no distinction. (Unicode 16.)
inline bool is_foreign_digit(std::uint32_t code) noexcept {
  static constexpr code_range ranges[] = {
    {0xb2, 2}, {0xb9, 1}, {0x660, 10}, {0x6f0, 10}, {0x7c0, 10}, {0x966, 10}, {0x9e6, 10}, {0xa66, 10}, {0xae6, 10},
    {0xb66, 10}, {0xbe6, 10}, {0xc66, 10}, {0xce6, 10}, {0xd66, 10}, {0xde6, 10}, {0xe50, 10}, {0xed0, 10},
    {0xf20, 10}, {0x1040, 10}, {0x1090, 10}, {0x1369, 9}, {0x17e0, 10}, {0x1810, 10}, {0x1946, 10}, {0x19d0, 11},
    {0x1a80, 10}, {0x1a90, 10}, {0x1b50, 10}, {0x1bb0, 10}, {0x1c40, 10}, {0x1c50, 10}, {0x2070, 1}, {0x2074, 6},
    {0x2080, 10}, {0x2460, 9}, {0x2474, 9}, {0x2488, 9}, {0x24ea, 1}, {0x24f5, 9}, {0x24ff, 1}, {0x2776, 9},
    {0x2780, 9}, {0x278a, 9}, {0xa620, 10}, {0xa8d0, 10}, {0xa900, 10}, {0xa9d0, 10}, {0xa9f0, 10}, {0xaa50, 10},
    {0xabf0, 10}, {0xff10, 10}, {0x104a0, 10}, {0x10a40, 4}, {0x10d30, 10}, {0x10d40, 10}, {0x10e60, 9}, {0x11052, 9},
    {0x11066, 10}, {0x110f0, 10}, {0x11136, 10}, {0x111d0, 10}, {0x112f0, 10}, {0x11450, 10}, {0x114d0, 10},
    {0x11650, 10}, {0x116c0, 10}, {0x116d0, 20}, {0x11730, 10}, {0x118e0, 10}, {0x11950, 10}, {0x11bf0, 10},
    {0x11c50, 10}, {0x11d50, 10}, {0x11da0, 10}, {0x11f50, 10}, {0x16a60, 10}, {0x16ac0, 10}, {0x16b50, 10},
    {0x16d70, 10}, {0x1ccf0, 10}, {0x1d7ce, 50}, {0x1e140, 10}, {0x1e2f0, 10}, {0x1e4f0, 10}, {0x1e5f1, 10},
    {0x1e950, 10}, {0x1f100, 11}, {0x1fbf0, 10}
  };
  std::size_t low = 0;
  std::size_t high = sizeof ranges / sizeof *ranges;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (code < ranges[middle].first) {
      high = middle;
    } else if (code - ranges[middle].first < ranges[middle].count) {
      return true;
    } else {
      low = middle + 1;
    }
  }
  return false;
}

constexpr std::uint64_t key_hash(std::uint64_t hash, std::uint32_t code) noexcept { return hash * 33 + code; }
constexpr std::uint64_t key_hash(const char* literal) noexcept {
  std::uint64_t hash = 0;
  for (; *literal != 0; ++literal) hash = key_hash(hash, static_cast<unsigned char>(*literal));
  return hash;
}

/// Looks at a key, code point by code point.
class key_scan {
 public:
  void feed(std::uint32_t code) noexcept {
    whole_ = key_hash(whole_, code);
    if (code == '.') {
      end_part();
      ++dots_;
      return;
    }
    part_ = key_hash(part_, code);
    ++length_;
    if (code - '0' > 9U) {
      if (code >= 0x80 && is_foreign_digit(code)) {
        foreign_ = true;
      } else {
        other_ = true;
        if (code == '/') slash_ = true;
        if (code == '[') bracket_ = true;
      }
    }
    last_ = code;
  }
  void finish() noexcept {
    json_ = part_ == key_hash("metadata") || whole_ == key_hash("llm.invocation_parameters") ||
            whole_ == key_hash("llm.function_call") || whole_ == key_hash("llm.prompt_template.variables") ||
            whole_ == key_hash("tool.parameters") || whole_ == key_hash("tool.json_schema") ||
            whole_ == key_hash("message.function_call_arguments_json") ||
            whole_ == key_hash("tool_call.function.arguments");
    end_part();
  }

  unsigned dots() const noexcept { return dots_; }
  bool slash() const noexcept { return slash_; }
  bool bad_digits() const noexcept { return bad_digits_; }
  bool bad_index() const noexcept { return bad_index_; }
  /// A text below this key is decoded as JSON. (A hash that collides only costs a check.)
  bool json() const noexcept { return json_; }

 private:
  void end_part() noexcept {
    if (length_ != 0 && !other_ && (foreign_ || length_ > max_key_digits)) bad_digits_ = true;
    if (bracket_ && last_ == ']') bad_index_ = true;
    part_ = 0;
    length_ = 0;
    last_ = 0;
    other_ = foreign_ = bracket_ = false;
  }

  std::uint64_t whole_ = 0;
  std::uint64_t part_ = 0;
  std::size_t length_ = 0;
  std::uint32_t last_ = 0;
  unsigned dots_ = 0;
  bool other_ = false;
  bool foreign_ = false;
  bool bracket_ = false;
  bool slash_ = false;
  bool bad_digits_ = false;
  bool bad_index_ = false;
  bool json_ = false;
};

/// Feeds valid UTF-8 to a key_scan.
inline key_scan scan_key(const char* key, std::size_t size) noexcept {
  key_scan scan;
  const char* const end = key + size;
  while (key != end) {
    const unsigned step = static_cast<unsigned char>(*key) < 0x80 ? 1 : next_utf8(key, end).size;
    scan.feed(utf8_code_point(key, step));
    key += step;
  }
  scan.finish();
  return scan;
}

/// True if the part before the first dot consists of ASCII digits: attributes that all begin so would become a list.
inline bool begins_with_index(const char* key, std::size_t size) noexcept {
  std::size_t i = 0;
  while (i < size && static_cast<unsigned>(key[i] - '0') <= 9) ++i;
  return i != 0 && (i == size || key[i] == '.');
}

/// Appends a key that the engine takes: '/' becomes '_', "[n]" becomes "(n)", a part of unreadable digits gets a '_' in
/// front, dots beyond the limit become '_'.
inline void append_engine_key(buffer& out, const char* key, std::size_t size) noexcept {
  const char* const end = key + size;
  unsigned dots = 0;
  for (;;) {
    const char* part_end = key;
    while (part_end != end && *part_end != '.') ++part_end;
    const std::size_t start = out.size();
    append_valid_utf8<nul::forbidden>(out, key, static_cast<std::size_t>(part_end - key));
    if (out.failed()) return;
    const key_scan scan = scan_key(out.data() + start, out.size() - start);
    if (scan.bad_digits() && out.append('_')) {
      std::memmove(out.data() + start + 1, out.data() + start, out.size() - start - 1);
      out.data()[start] = '_';
    }
    for (char* at = out.data() + start; at != out.data() + out.size(); ++at) {
      if (*at == '/') *at = '_';
      if (scan.bad_index() && *at == '[') *at = '(';
      if (scan.bad_index() && *at == ']') *at = ')';
    }
    if (part_end == end) return;
    key = part_end + 1;
    out.append(++dots < max_key_parts ? '.' : '_');
  }
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// key_set.hpp: dotted keys by their hashes: is one there twice, or beside one below it?
#ifndef ARTHUR_OTLP_KEY_SET_HPP
#define ARTHUR_OTLP_KEY_SET_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A hash of some bytes behind those that `hash` stands for.
inline std::uint64_t hash_bytes(std::uint64_t hash, const char* data, std::size_t size) noexcept {
  constexpr std::uint64_t factor = 0x9e3779b97f4a7c15U;
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * factor;
    hash ^= hash >> 32;
  };
  std::size_t i = 0;
  for (; size - i >= 8; i += 8) mix(load_le64(data + i));
  std::uint64_t rest = 0;
  const std::size_t left = size - i;
  if (left >= 4) {
    rest = load_le32(data + i) | std::uint64_t{load_le32(data + size - 4)} << 32;
  } else {
    for (; i < size; ++i) rest = rest << 8 | static_cast<unsigned char>(data[i]);
  }
  mix(rest + (std::uint64_t{left + 1} << 59));
  return hash;
}

/// Hashes of keys and of their parents, to notice what might collide.
class key_set {
 public:
  /// Most keys that reset() takes.
  static constexpr std::size_t max_keys() noexcept { return max_slots / 8; }

  /// Makes room for so many keys, each with a few parents; false if there are too many for this.
  bool reset(std::size_t keys) noexcept {
    std::size_t slots = 64;
    while (slots < keys * 8) slots *= 2;
    if (slots > max_slots) return false;
    std::memset(slots_, 0, slots * sizeof *slots_);
    mask_ = static_cast<std::uint32_t>(slots - 1);
    left_ = slots / 4 * 3;
    return true;
  }

  /// False if it is full, or the key might be there already, or be a parent of one that is, or the other way round.
  bool add(std::uint64_t hash, bool parent) noexcept {
    // The multiplication brings all bits of the hash into the upper half.
    const auto mixed = static_cast<std::uint32_t>((hash * 0x9e3779b97f4a7c15U) >> 32);
    const std::uint32_t tag = (mixed | 3U) ^ (parent ? 1U : 0U);
    for (std::uint32_t at = mixed >> 12;; ++at) {
      std::uint32_t& slot = slots_[at & mask_];
      if (slot == 0) {
        if (left_ == 0) return false;
        --left_;
        slot = tag;
        return true;
      }
      if ((slot | 3U) == (tag | 3U)) return parent && slot == tag;
    }
  }

 private:
#ifdef ARTHUR_NO_HEAP
  static constexpr std::size_t max_slots = 512;  // on the stack
#else
  static constexpr std::size_t max_slots = 4096;
#endif
  std::uint32_t slots_[max_slots];
  std::uint32_t mask_ = 0;
  std::size_t left_ = 0;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

// Arthur Engine decodes some attributes with Python's json, which takes more than RFC 8259 (NaN, Infinity), rebuilds
// the objects with python-benedict and stores the result as jsonb. Each bit is one way in which that fails.
enum json_hazard : std::uint32_t {
  json_slash_key = 1U << 0,       // refused by benedict
  json_digit_key = 1U << 1,       // a key of digits that int() refuses
  json_index_key = 1U << 2,       // a key ending in "[n]": value lost, memory allocated
  json_nul = 1U << 3,             // \u0000: refused by jsonb
  json_lone_surrogate = 1U << 4,  // refused by jsonb
  json_nonfinite = 1U << 5,       // NaN, Infinity, or a number too large for a double: refused by jsonb
  json_long_integer = 1U << 6,    // over 4300 digits: refused by int()
  json_too_deep = 1U << 7,        // see max_json_depth and max_object_chain
  json_nested = 1U << 8,          // a string that is decoded once more, and is hazardous itself
  json_key_conflict = 1U << 9,    // `a` beside `a.b` or {"a":{"b":…}}: one of them lost, or benedict fails
  json_bad_items = 1U << 10       // not a list of objects; counts for message.contents only
};

/// Levels of nesting, dots in keys counted as well. The engine gives up somewhere between 300 and 400, and the levels
/// of the attribute's own key add to these.
constexpr unsigned max_json_depth = 200;
/// Objects directly inside objects. The engine's time doubles with each (measured: 8 levels 0.05 s, 12 0.7 s, 16 12 s,
/// all of it with every other request waiting), so what is deeper stays text. Lists in between start anew.
constexpr unsigned max_object_chain = 10;

/// What check_json() found. Text that is not JSON stays text in the engine: harmless unless a hazard strikes before the
/// parser notices, and then `hazards` says so.
struct json_check {
  bool valid = false;
  bool dotted = false;  // some key has dots
  std::uint32_t hazards = 0;
};

struct json_code_unit {
  std::uint32_t code;
  unsigned size;  // 0: not a JSON string
  bool lone_surrogate;
};

inline int json_hex4(const char* at, const char* end) noexcept {
  if (end - at < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    int digit = 0;
    if (c >= '0' && c <= '9') digit = c - '0';
    else if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    else if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    else return -1;
    value = value * 16 + digit;
  }
  return value;
}

/// Decodes what stands at `at` inside a JSON string: an escape, a code point or a broken byte.
inline json_code_unit next_json_code(const char* at, const char* end) noexcept {
  const auto first = static_cast<unsigned char>(*at);
  if (first >= 0x80) {
    const utf8_step step = next_utf8(at, end);
    return {step.valid ? utf8_code_point(at, step.size) : 0xfffdU, step.size, false};
  }
  if (first < 0x20) return {0, 0, false};
  if (first != '\\') return {first, 1, false};
  if (end - at < 2) return {0, 0, false};
  switch (at[1]) {
    case '"': case '\\': case '/': return {static_cast<unsigned char>(at[1]), 2, false};
    case 'b': return {'\b', 2, false};
    case 'f': return {'\f', 2, false};
    case 'n': return {'\n', 2, false};
    case 'r': return {'\r', 2, false};
    case 't': return {'\t', 2, false};
    case 'u': break;
    default: return {0, 0, false};
  }
  const int high = json_hex4(at + 2, end);
  if (high < 0) return {0, 0, false};
  if (high < 0xd800 || high > 0xdfff) return {static_cast<std::uint32_t>(high), 6, false};
  if (high < 0xdc00 && end - at >= 12 && at[6] == '\\' && at[7] == 'u') {
    const int low = json_hex4(at + 8, end);
    if (low >= 0xdc00 && low <= 0xdfff) {
      return {0x10000U + (static_cast<std::uint32_t>(high - 0xd800) << 10) + static_cast<std::uint32_t>(low - 0xdc00),
              12, false};
    }
  }
  return {0xfffdU, 6, true};
}

/// First byte at or behind `at` that is a quote, a backslash or a control character.
inline const char* skip_json_plain(const char* at, const char* end) noexcept {
#if defined(__SSE2__)
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    const auto hits = static_cast<unsigned>(_mm_movemask_epi8(
        _mm_or_si128(control, _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                           _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))))));
    if (hits != 0) return at + lowest_bit(hits);
    at += 16;
  }
#endif
  while (at != end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20) ++at;
  return at;
}

/// One pass over a text; recursion only into strings that the engine decodes again, two levels of them. With `paths`
/// each key's whole path is compared with all others.
class json_checker {
 public:
  json_checker(const char* data, std::size_t size, unsigned decoded, key_set* paths) noexcept
      : at_(data), end_(data + size), decoded_(decoded), paths_(paths) {}

  json_check run() noexcept {
    json_check result;
    result.valid = document();
    result.hazards = hazards_;
    result.dotted = dotted_;
    if (!result.valid) result.hazards &= json_long_integer | json_too_deep;
    return result;
  }

  /// Conflicts between keys are looked for if there are dots in some, or if `rewritten`: then any two may be the same.
  static json_check check(const char* data, std::size_t size, unsigned decoded, bool rewritten = false) noexcept {
    json_check result = json_checker(data, size, decoded, nullptr).run();
    if (result.valid && (result.dotted || rewritten)) result.hazards |= path_hazards(data, size, decoded);
    return result;
  }

 private:
  struct level {
    bool object;
    bool split;          // the engine splits the keys of this object at dots: there is no list around it
    std::uint8_t chain;  // objects directly inside objects up to here
    std::uint8_t dots;   // of the key that leads here
    std::uint64_t path;  // hash of the keys that lead here
  };

  bool document() noexcept {
    for (;;) {
      if (!value()) return false;
      if (opened_) continue;  // the first value of a list, or that behind the first key of an object
      for (;;) {
        skip_space();
        if (depth_ == 0) return at_ == end_;
        if (at_ == end_) return false;
        const char c = *at_++;
        if (c == ',') {
          skip_space();
          if (levels_[depth_ - 1].object && !key()) return false;
          break;
        }
        if (c != (levels_[depth_ - 1].object ? '}' : ']')) return false;
        close();
      }
    }
  }

  void skip_space() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  bool word(const char* literal, std::size_t size) noexcept {
    if (static_cast<std::size_t>(end_ - at_) < size || std::memcmp(at_, literal, size) != 0) return false;
    at_ += size;
    return true;
  }

  bool value() noexcept {
    opened_ = false;
    skip_space();
    if (at_ == end_) return false;
    if (depth_ == 1 && !levels_[0].object && *at_ != '{') hazards_ |= json_bad_items;
    // Each element of a list has a path of its own.
    if (depth_ != 0 && !levels_[depth_ - 1].object) path_ = key_hash(levels_[depth_ - 1].path++, '[');
    if (depth_ != 0 && levels_[depth_ - 1].object && *at_ != '{') note_path(false);
    switch (*at_) {
      case '{': return open(true);
      case '[': return open(false);
      case '"': return string();
      case 't': return word("true", 4);
      case 'f': return word("false", 5);
      case 'n': return word("null", 4);
      case 'N': hazards_ |= json_nonfinite; return word("NaN", 3);
      case 'I': hazards_ |= json_nonfinite; return word("Infinity", 8);
      default: return number();
    }
  }

  bool open(bool object) noexcept {
    const unsigned dots = depth_ != 0 && levels_[depth_ - 1].object ? key_dots_ : 0;
    unsigned chain = object ? 1 : 0;
    if (object && depth_ != 0) chain = levels_[depth_ - 1].object ? levels_[depth_ - 1].chain + 1U : 0;
    if (chain > max_object_chain) hazards_ |= json_too_deep;
    if (depth_ + dots_ + dots >= max_json_depth) {
      hazards_ |= json_too_deep;
      return false;
    }
    const bool split = object && (depth_ == 0 || levels_[depth_ - 1].split);
    const std::uint64_t path = depth_ == 0 ? 0 : key_hash(path_, '.');
    if (object && depth_ != 0 && levels_[depth_ - 1].object) note_path(true);
    levels_[depth_++] = {object, split, static_cast<std::uint8_t>(chain), static_cast<std::uint8_t>(dots), path};
    dots_ += dots;
    ++at_;
    skip_space();
    if (at_ != end_ && *at_ == (object ? '}' : ']')) {
      ++at_;
      close();
      return true;
    }
    if (object && depth_ == 1) hazards_ |= json_bad_items;
    opened_ = true;
    return !object || key();
  }

  void note_path(bool parent) noexcept {
    if (paths_ != nullptr && !paths_->add(path_, parent)) hazards_ |= json_key_conflict;
  }

  void close() noexcept { dots_ -= levels_[--depth_].dots; }

  bool key() noexcept {
    if (at_ == end_ || *at_ != '"') return false;
    ++at_;
    // Most keys are short and hold nothing that matters.
    const char* plain = at_;
    while (plain != end_ && is_plain_key_byte(*plain)) ++plain;
    const auto size = static_cast<std::size_t>(plain - at_);
    if (plain != end_ && *plain == '"' && size <= max_key_digits && paths_ == nullptr) {
      key_json_ = size == 8 && std::memcmp(at_, "metadata", 8) == 0;
      key_dots_ = 0;
      at_ = plain + 1;
      return colon();
    }
    key_scan scan;
    path_ = levels_[depth_ - 1].path;
    for (;;) {
      if (at_ == end_) return false;
      if (*at_ == '"') break;
      const json_code_unit unit = next_json_code(at_, end_);
      if (unit.size == 0) return false;
      if (unit.code == 0) hazards_ |= json_nul;
      if (unit.lone_surrogate) hazards_ |= json_lone_surrogate;
      scan.feed(unit.code);
      if (unit.code == '.' && levels_[depth_ - 1].split) note_path(true);
      path_ = key_hash(path_, unit.code);
      at_ += unit.size;
    }
    ++at_;
    scan.finish();
    dotted_ = dotted_ || (scan.dots() != 0 && levels_[depth_ - 1].split);
    if (scan.slash()) hazards_ |= json_slash_key;
    if (scan.bad_digits()) hazards_ |= json_digit_key;
    if (scan.bad_index()) hazards_ |= json_index_key;
    key_dots_ = scan.dots() < max_json_depth ? scan.dots() : max_json_depth;
    if (depth_ + dots_ + key_dots_ >= max_json_depth) hazards_ |= json_too_deep;
    key_json_ = scan.json();
    return colon();
  }

  static bool is_plain_key_byte(char c) noexcept {
    return static_cast<signed char>(c) >= 0x20 && c != '"' && c != '\\' && c != '/' && c != '[' && c != '.';
  }

  bool colon() noexcept {
    skip_space();
    if (at_ == end_ || *at_ != ':') return false;
    ++at_;
    return true;
  }

  bool string() noexcept {
    const char* const begin = ++at_;
    for (;;) {
      at_ = skip_json_plain(at_, end_);
      if (at_ == end_) return false;
      if (*at_ == '"') break;
      const json_code_unit unit = next_json_code(at_, end_);
      if (unit.size == 0) return false;
      if (unit.code == 0) hazards_ |= json_nul;
      if (unit.lone_surrogate) hazards_ |= json_lone_surrogate;
      at_ += unit.size;
    }
    const char* const close_quote = at_++;
    const bool top = depth_ == 0;
    if (top && close_quote != begin) hazards_ |= json_bad_items;
    if (top || (levels_[depth_ - 1].object && key_json_)) check_again(begin, close_quote, top);
    return true;
  }

  // The engine decodes the string once more: a text at the top of `metadata`, or one below a key named so.
  ARTHUR_NOINLINE void check_again(const char* at, const char* end, bool top) noexcept {
    char text[512];
    std::size_t size = 0;
    while (at != end && size + 4 <= sizeof text) {
      const json_code_unit unit = next_json_code(at, end);
      size = static_cast<std::size_t>(put_utf8(text + size, unit.code) - text);
      at += unit.size;
    }
    if (at == end && decoded_ < 2) {
      std::uint32_t found = check(text, size, decoded_ + 1).hazards & ~std::uint32_t{json_bad_items};
      // Below a key it happens after the keys were looked at.
      if (!top) found &= ~std::uint32_t{json_slash_key | json_digit_key | json_index_key | json_key_conflict};
      if (found != 0) hazards_ |= json_nested;
      return;
    }
    // Too long to be looked at: what can't be JSON is harmless, the rest is not trusted.
    std::size_t first = 0;
    while (first != size && std::strchr(" \n\r\t", text[first]) != nullptr) ++first;
    if (first != size && std::strchr("{[\"NI-0123456789", text[first]) != nullptr) hazards_ |= json_nested;
  }

  bool number() noexcept {
    if (at_ != end_ && *at_ == '-') ++at_;
    if (at_ != end_ && *at_ == 'I') {
      hazards_ |= json_nonfinite;
      return word("Infinity", 8);
    }
    // Power of ten of the first digit that isn't 0.
    std::int64_t power = 0;
    bool zero = true;
    const char* const whole = at_;
    while (digit()) ++at_;
    const auto whole_digits = at_ - whole;
    if (whole_digits == 0 || (*whole == '0' && whole_digits > 1)) return false;
    if (*whole != '0') {
      zero = false;
      power = whole_digits - 1;
    }
    bool integer = true;
    if (at_ != end_ && *at_ == '.') {
      integer = false;
      const char* const fraction = ++at_;
      for (; digit(); ++at_) {
        if (zero && *at_ != '0') {
          zero = false;
          power = fraction - at_ - 1;
        }
      }
      if (at_ == fraction) return false;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      integer = false;
      ++at_;
      const bool negative = at_ != end_ && *at_ == '-';
      if (at_ != end_ && (*at_ == '-' || *at_ == '+')) ++at_;
      const char* const exponent = at_;
      std::int64_t value = 0;
      for (; digit(); ++at_) {
        if (value < INT64_MAX / 20) value = value * 10 + (*at_ - '0');
      }
      if (at_ == exponent) return false;
      power += negative ? -value : value;
    }
    if (integer && whole_digits > 4300) hazards_ |= json_long_integer;
    // A double ends at 1.8e308; what lies between 1e308 and that is not worth an exact comparison.
    if (!integer && !zero && power >= 308) hazards_ |= json_nonfinite;
    return true;
  }
  bool digit() const noexcept { return at_ != end_ && *at_ >= '0' && *at_ <= '9'; }

  static ARTHUR_NOINLINE std::uint32_t path_hazards(const char* data, std::size_t size, unsigned decoded) noexcept {
    key_set paths;
    paths.reset(key_set::max_keys());
    return json_checker(data, size, decoded, &paths).run().hazards;
  }

  const char* at_;
  const char* end_;
  unsigned decoded_;
  key_set* paths_;
  std::uint64_t path_ = 0;
  bool dotted_ = false;
  unsigned depth_ = 0;
  unsigned dots_ = 0;
  unsigned key_dots_ = 0;
  bool key_json_ = false;
  bool opened_ = false;
  std::uint32_t hazards_ = 0;
  level levels_[max_json_depth];
};

/// Checks a text that the engine may decode as JSON.
inline json_check check_json(const char* data, std::size_t size, bool rewritten = false) noexcept {
  return json_checker::check(data, size, 0, rewritten);
}

/// True if the engine can't store the text where it decodes it as JSON.
inline bool is_hazardous_json(const char* data, std::size_t size) noexcept {
  return (check_json(data, size).hazards & ~std::uint32_t{json_bad_items}) != 0;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Put in front of a JSON text that must stay a text: no JSON begins so, and a reader sees why.
constexpr char plain_text_mark[] = "text: ";

/// Appends the inside of a JSON string: \u0000 left out, lone surrogates replaced, the rest as it was.
inline void append_repaired_json_string(buffer& out, const char* at, const char* end) noexcept {
  const char* copied = at;
  while (at != end) {
    const json_code_unit unit = next_json_code(at, end);
    if (unit.code == 0 || unit.lone_surrogate) {
      out.append(copied, static_cast<std::size_t>(at - copied));
      if (unit.code != 0) out.append("\\ufffd");
      copied = at + unit.size;
    }
    at += unit.size;
  }
  out.append(copied, static_cast<std::size_t>(end - copied));
}

/// Appends an object's key in quotes, changed only if the engine can't take it. `spare` is overwritten.
inline void append_repaired_json_key(buffer& out, buffer& spare, const char* at, const char* end) noexcept {
  const char* const begin = at;
  spare.clear();
  while (at != end) {
    const json_code_unit unit = next_json_code(at, end);
    char* to = spare.reserve_more(4);
    if (to == nullptr) return out.fail();
    if (unit.code != 0) spare.advance(static_cast<std::size_t>(put_utf8(to, unit.code) - to));
    at += unit.size;
  }
  const key_scan scan = scan_key(spare.data(), spare.size());
  if (!scan.slash() && !scan.bad_digits() && !scan.bad_index()) {
    out.append('"');
    append_repaired_json_string(out, begin, end);
    out.append('"');
    return;
  }
  const std::size_t raw = spare.size();
  if (spare.reserve_more(raw * 2 + 2) == nullptr) return out.fail();  // so that the key doesn't move while it is read
  append_engine_key(spare, spare.data(), raw);
  append_json_string(out, spare.data() + raw, spare.size() - raw);
}

/// Appends a corrected copy of a valid JSON text: hostile keys renamed, \u0000 left out, lone surrogates replaced,
/// numbers that no database takes put in quotes. `spare` is overwritten.
inline void append_repaired_json(buffer& out, buffer& spare, const char* at, std::size_t size) noexcept {
  const char* const end = at + size;
  while (at != end) {
    if (*at == '"') {
      const char* const begin = ++at;
      while (*at != '"') at += next_json_code(at, end).size;
      const char* const close = at++;
      const char* next = at;
      while (next != end && (*next == ' ' || *next == '\n' || *next == '\r' || *next == '\t')) ++next;
      if (next != end && *next == ':') {
        append_repaired_json_key(out, spare, begin, close);
      } else {
        out.append('"');
        append_repaired_json_string(out, begin, close);
        out.append('"');
      }
    } else if (std::strchr("[]{}:, \n\r\t", *at) != nullptr) {
      out.append(*at++);
    } else {
      const char* const begin = at;
      while (at != end && std::strchr("[]{}:, \n\r\t", *at) == nullptr) ++at;
      const auto length = static_cast<std::size_t>(at - begin);
      const bool odd = (check_json(begin, length).hazards & (json_nonfinite | json_long_integer)) != 0;
      if (odd) out.append('"');
      out.append(begin, length);
      if (odd) out.append('"');
    }
  }
}

/// Appends a text that the engine decodes as JSON, in a form that it can store: corrected where that is possible,
/// marked as plain text otherwise. `watched` are the hazards that count; returns whether the text stayed JSON.
inline bool append_storable_json(buffer& out, buffer& spare, const char* data, std::size_t size,
                                 std::uint32_t watched) noexcept {
  constexpr std::uint32_t hopeless = json_too_deep | json_nested | json_key_conflict | json_bad_items;
  const json_check check = check_json(data, size);
  if (check.valid && (check.hazards & watched & hopeless) == 0) {
    const std::size_t start = out.size();
    append_repaired_json(out, spare, data, size);
    if (out.failed()) return false;
    // A number put in quotes may be decoded again where it stands, and two keys may have become one: so look twice.
    if ((check_json(out.data() + start, out.size() - start, true).hazards & watched) == 0) return true;
    out.truncate(start);
  }
  out.append(plain_text_mark);
  out.append(data, size);
  return false;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// The slow half of cleaning: read(), one of the clean functions, write(). Every change is counted.
class attribute_cleaner : public attribute_table {
 public:
  attribute_cleaner(const clean_flags& flags, const value_rules& rules, clean_counts& counts) noexcept
      : attribute_table(rules, counts), flags_(flags) {}

  /// Attributes of a span.
  void clean_span_attributes() noexcept {
    if (flags_.may_repeat_keys || flags_.free_keys) drop_repeated();
    drop_beyond(flags_.limits->attributes);
    clean_keys(rules_.engine());
    each([this](entry& at) { clean_value(at); });
    if (!rules_.engine()) return drop_repeated_repaired();
    if (flags_.free_keys) {
      rename_numbered();
      resolve_conflicts();
    }
    relabel_json();
  }

  /// Attributes of a resource: the engine keeps them flat, so any key is good.
  void clean_resource_attributes() noexcept {
    drop_repeated();
    clean_keys(false);
    drop_repeated_repaired();
    each([this](entry& at) {
      clean_plain_value(at);
      if (rules_.engine() && equals(key(at), at.key.size, "service.name")) name_service(at);
    });
  }

 private:
  // Of equal keys the last one stays.
  void drop_repeated() noexcept {
    drop_repeated([this](std::uint32_t a, std::uint32_t b) {
      const slice& x = entries()[a].raw_key;
      const slice& y = entries()[b].raw_key;
      return compare(x.from, x.size, y.from, y.size);
    });
  }
  // Different broken bytes become the same U+FFFD.
  void drop_repeated_repaired() noexcept {
    bool repaired = false;
    each([&repaired](const entry& at) { repaired = repaired || at.renamed; });
    if (!repaired) return;
    drop_repeated([this](std::uint32_t a, std::uint32_t b) {
      const entry& x = entries()[a];
      const entry& y = entries()[b];
      return compare(key(x), x.key.size, key(y), y.key.size);
    });
  }
  template <class Order>
  void drop_repeated(Order order_of) noexcept {
    std::uint32_t* const last = sort([order_of](std::uint32_t a, std::uint32_t b) {
      const int same = order_of(a, b);
      return same != 0 ? same < 0 : a < b;
    });
    for (std::uint32_t* at = order(); at != last && at + 1 != last; ++at) {
      if (order_of(at[0], at[1]) != 0) continue;
      entries()[*at].dropped = true;
      entries()[at[1]].first = entries()[*at].first;
      counts_.add(clean_rule::repeated_key);
    }
  }

  // The keys that were set first stay, with their last values: what is set again counts once.
  void drop_beyond(std::size_t limit) noexcept {
    if (count_ <= limit) return;
    std::uint32_t* const last = sort([this](std::uint32_t a, std::uint32_t b) { return entries()[a].first < entries()[b].first; });
    for (std::uint32_t* at = order(); at != last; ++at) {
      if (static_cast<std::size_t>(at - order()) < limit) continue;
      entries()[*at].dropped = true;
      ++counts_.dropped_attributes;
      counts_.add(clean_rule::limit);
    }
  }

  void clean_keys(bool nested) noexcept {
    if (!flags_.free_keys) return;
    each([this, nested](entry& at) {
      if (clean_text(at.key)) at.rewritten = at.renamed = true;
      if (at.key.size == 0 && rules_.engine()) {
        rename(at, {"unnamed", 0, 7});
        counts_.add(clean_rule::hostile_key);
      }
      if (!nested) return;
      const key_scan scan = scan_key(key(at), at.key.size);
      if (scan.slash() || scan.bad_digits() || scan.bad_index() || scan.dots() >= max_key_parts) rename_hostile(at);
      if (const std::size_t parent = scalar_parent_size(key(at), at.key.size)) {
        rename(at, joined("", at.key, ""));
        if (!texts_.bytes.failed()) texts_.bytes.data()[at.key.offset + parent] = '_';
        counts_.add(clean_rule::misplaced_value);
      }
    });
  }

  // Keys that all begin with a number become a list, which the engine doesn't expect.
  void rename_numbered() noexcept {
    bool numbered = true;
    each([this, &numbered](entry& at) { numbered = numbered && begins_with_index(key(at), at.key.size); });
    if (!numbered) return;
    each([this](entry& at) {
      rename(at, joined("_", at.key, ""));
      counts_.add(clean_rule::hostile_key);
    });
  }

  void rename_hostile(entry& at) noexcept {
    const std::size_t start = texts_.bytes.size();
    // The key may be in texts_ itself, so there has to be room before it is read.
    if (texts_.bytes.reserve_more(at.key.size * 2 + 2) == nullptr) return;
    append_engine_key(texts_.bytes, key(at), at.key.size);
    rename(at, taken(start));
    counts_.add(clean_rule::hostile_key);
  }

  // A key whose value the engine doesn't interpret, for a value that it can't interpret.
  void move_aside(entry& at) noexcept {
    rename(at, joined("", at.key, "_value"));
    counts_.add(clean_rule::misplaced_value);
  }

  void clean_plain_value(entry& at) noexcept {
    if (at.value.tag == wire::any_string) {
      if (clean_text(at.text)) at.rewritten = true;
      if (at.text.size > rules_.max_length()) cut_to_limit(at);
    } else if (rules_.engine() && at.value.tag == wire::any_double && !is_finite_bits(at.value.value)) {
      const char* name = nonfinite_name(at.value.value);
      set_text(at, {name, 0, std::strlen(name)});
      counts_.add(clean_rule::nonfinite);
    } else if (!rules_.is_clean_value(at.value)) {
      at.rewritten = true;
    }
  }

  void cut_to_limit(entry& at) noexcept {
    const std::size_t kept = utf8_first_characters(view(at.text), at.text.size, rules_.max_length());
    if (kept == at.text.size) return;
    at.text.size = kept;
    at.rewritten = true;
    counts_.add(clean_rule::limit);
  }

  void clean_value(entry& at) noexcept {
    const key_role role = rules_.engine() ? role_of(key(at), at.key.size) : key_role::plain;
    if (role == key_role::cost && at.value.tag == wire::any_double && !is_finite_bits(at.value.value)) {
      at.dropped = true;
      counts_.add(clean_rule::cost);
      return;
    }
    clean_plain_value(at);
    const bool text = at.value.tag == wire::any_string;
    switch (role) {
      case key_role::json: if (text) clean_json(at, ~std::uint32_t{json_bad_items}); break;
      case key_role::contents: if (text) clean_json(at, ~std::uint32_t{0}); break;
      case key_role::identity: clean_identity(at); break;
      case key_role::token_count: clean_token_count(at); break;
      case key_role::cost:
        if (text ? !read_number_text(view(at.text), at.text.size).number : !is_scalar(at)) move_aside(at);
        break;
      case key_role::plain: break;
    }
  }

  static bool is_scalar(const entry& at) noexcept {
    return at.value.tag >= wire::any_string && at.value.tag <= wire::any_double;
  }

  void clean_json(entry& at, std::uint32_t watched) noexcept {
    if ((check_json(view(at.text), at.text.size).hazards & watched) == 0) return;
    // A copy outside texts_, which grows while the text is read.
    scratch<scratch_use::copy, 16> copy;
    copy.bytes.append(view(at.text), at.text.size);
    if (copy.bytes.failed()) return texts_.bytes.fail();
    const std::size_t start = texts_.bytes.size();
    const bool stayed =
        append_storable_json(texts_.bytes, spare_.bytes, copy.bytes.data(), copy.bytes.size(), watched);
    set_text(at, taken(start));
    counts_.add(stayed ? clean_rule::json_rewritten : clean_rule::json_as_text);
  }

  void clean_identity(entry& at) noexcept {
    if (!is_scalar(at)) return move_aside(at);
    cut_text(at);
  }

  void cut_text(entry& at) noexcept {
    if (at.value.tag != wire::any_string) return;
    const std::size_t cut = utf8_truncate(view(at.text), at.text.size, max_index_bytes);
    if (cut == at.text.size) return;
    at.text.size = cut;
    at.rewritten = true;
    counts_.add(clean_rule::too_long);
  }

  void clean_token_count(entry& at) noexcept {
    std::int64_t value = 0;
    if (at.value.tag == wire::any_int) {
      value = static_cast<std::int64_t>(at.value.value);
    } else if (at.value.tag == wire::any_string) {
      const number_text number = read_number_text(view(at.text), at.text.size);
      if (!number.number || !number.whole) return move_aside(at);
      value = number.value;
    } else if (at.value.tag == wire::any_double) {
      double number = 0;
      std::memcpy(&number, &at.value.value, sizeof number);
      const auto limit = static_cast<double>(max_token_count);
      if (number <= limit && number >= -limit) return;
      value = number > 0 ? max_token_count + 1 : -max_token_count - 1;
    } else if (at.value.tag == wire::any_bool) {
      return;
    } else {
      return move_aside(at);
    }
    if (value <= max_token_count && value >= -max_token_count) return;
    // As a text, the engine reads it as the number it is.
    value > 0 ? set_text(at, "1000000000") : set_text(at, "-1000000000");
    counts_.add(clean_rule::token_count);
  }

  // With the dot below all other bytes, what lies below `x` comes right behind `x`.
  static bool key_less(const char* a, std::size_t a_size, const char* b, std::size_t b_size) noexcept {
    const std::size_t common = (std::min)(a_size, b_size);
    std::size_t i = 0;
    while (i < common && a[i] == b[i]) ++i;
    if (i == common) return a_size < b_size;
    if (a[i] == '.' || b[i] == '.') return a[i] == '.';
    return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[i]);
  }
  static bool same_or_below(const char* key, std::size_t size, const char* parent, std::size_t parent_size) noexcept {
    return size >= parent_size && std::memcmp(key, parent, parent_size) == 0 &&
           (size == parent_size || key[parent_size] == '.');
  }
  bool same_or_below(const entry& at, const char* parent, std::size_t parent_size) const noexcept {
    return same_or_below(key(at), at.key.size, parent, parent_size);
  }

  // `x` beside `x.y`: the engine keeps one of them, or refuses the span. The scalar gets a name beside: below `x` it
  // could turn a list into an object. The new names are the old one, "_value" and perhaps a number, so two of them can
  // only be equal if they come from the same key; what else is there is looked up.
  void resolve_conflicts() noexcept {
    std::uint32_t* const last = sort([this](std::uint32_t a, std::uint32_t b) {
      const entry& x = entries()[a];
      const entry& y = entries()[b];
      if (key_less(key(x), x.key.size, key(y), y.key.size)) return true;
      if (key_less(key(y), y.key.size, key(x), x.key.size)) return false;
      return x.renamed != y.renamed ? x.renamed : a < b;  // of equal ones, the last keeps its name
    });
    std::uint32_t* const first = order();
    std::size_t number = 0;
    for (std::uint32_t* at = first; at != last; ++at) {
      entry& here = entries()[*at];
      if (at == first || compare(key(entries()[at[-1]]), entries()[at[-1]].key.size, key(here), here.key.size) != 0) {
        number = 0;
      }
      if (at + 1 == last || !same_or_below(entries()[at[1]], key(here), here.key.size)) continue;
      do {
        spare_.bytes.clear();
        spare_.bytes.append(key(here), here.key.size);
        spare_.bytes.append("_value");
        if (++number > 1) {
          spare_.bytes.append('_');
          append_decimal(spare_.bytes, number);
        }
        if (spare_.bytes.failed()) return;
      } while (is_taken(first, last));
      here.next_key = joined("", {spare_.bytes.data(), 0, spare_.bytes.size()}, "");
      here.moved = true;
      counts_.add(clean_rule::key_conflict);
    }
    // Only now: until here the order of the old names was searched.
    each([this](entry& at) {
      if (at.moved) rename(at, at.next_key);
    });
  }

  bool is_taken(const std::uint32_t* first, const std::uint32_t* last) noexcept {
    const char* const name = spare_.bytes.data();
    const std::size_t size = spare_.bytes.size();
    const auto before = [this, name, size](std::uint32_t at, std::uint32_t) {
      return key_less(key(entries()[at]), entries()[at].key.size, name, size);
    };
    const std::uint32_t* const found = std::lower_bound(first, last, 0U, before);
    return found != last && same_or_below(entries()[*found], name, size);
  }

  // The engine decodes `K` if the attribute whose key is K with ".mime_type" for each ".value" says "application/json".
  void relabel_json() noexcept {
    bool labels = false;
    each([this, &labels](entry& at) { labels = labels || is_json_label(at); });
    if (!labels) return;
    std::uint32_t* const last = sort([this](std::uint32_t a, std::uint32_t b) {
      return compare(key(entries()[a]), entries()[a].key.size, key(entries()[b]), entries()[b].key.size) < 0;
    });
    each([this, last](entry& at) {
      if (at.value.tag != wire::any_string || !make_label_key(spare_.bytes, key(at), at.key.size)) return;
      const char* const label = spare_.bytes.data();
      const std::size_t size = spare_.bytes.size();
      const auto order_of = [this, label, size](std::uint32_t other) {
        return compare(key(entries()[other]), entries()[other].key.size, label, size);
      };
      std::uint32_t* const found = std::lower_bound(
          order(), last, 0U, [order_of](std::uint32_t other, std::uint32_t) { return order_of(other) < 0; });
      if (found == last || order_of(*found) != 0) return;
      if (!is_json_label(entries()[*found]) || !is_hazardous_json(view(at.text), at.text.size)) return;
      set_text(entries()[*found], "text/plain");
      counts_.add(clean_rule::json_as_text);
    });
  }
  bool is_json_label(const entry& at) const noexcept {
    return at.value.tag == wire::any_string && equals(view(at.text), at.text.size, "application/json");
  }

  void name_service(entry& at) noexcept {
    if (at.value.tag != wire::any_string) {
      const std::size_t start = texts_.bytes.size();
      if (at.value.tag == wire::any_int) append_decimal(texts_.bytes, static_cast<std::int64_t>(at.value.value));
      if (at.value.tag == wire::any_bool) texts_.bytes.append(at.value.value != 0 ? '1' : '0');
      if (at.value.tag == wire::any_double) append_json_double(texts_.bytes, at.value.value);
      set_text(at, taken(start));
      counts_.add(clean_rule::service_name);
    }
    const char* const text = view(at.text);
    if (std::all_of(text, text + at.text.size, [](char c) { return static_cast<unsigned char>(c) <= ' '; })) {
      set_text(at, "unknown_service");
      counts_.add(clean_rule::service_name);
    }
    cut_text(at);
  }

  const clean_flags& flags_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// cleaning_scan.hpp: the quick look that most spans pass: nothing in them needs cleaning.
#ifndef ARTHUR_OTLP_CLEANING_SCAN_HPP
#define ARTHUR_OTLP_CLEANING_SCAN_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Looks at one span. It errs on the side of saying no: the slow half finds out what is really wrong.
class clean_scan {
 public:
  clean_scan(const clean_flags& flags, const value_rules& rules) noexcept : flags_(flags), rules_(rules) {}

  bool is_clean_span(const char* body, std::size_t size) noexcept {
    watch_keys_ = flags_.may_repeat_keys || (flags_.engine && flags_.free_keys);
    if (watch_keys_ && !keys_.reset(count_attributes(body, size))) return false;
    wire::reader reader(body, size);
    wire::field at;
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::size_t name_size = 0;
    const span_limits& limits = *flags_.limits;
    while (reader.next(at)) {
      switch (at.tag) {
        case wire::span_attributes:
          if (!is_clean_attribute(at)) return false;
          ++seen_attributes_;
          break;
        case wire::span_name:
          name_size = at.size;
          if (at.size > max_index_bytes && flags_.engine) return false;
          if (!rules_.is_clean_text(at.data, at.size)) return false;
          break;
        case wire::span_trace_state:
          if (!rules_.is_clean_text(at.data, at.size)) return false;
          break;
        case wire::span_events:
          if (!rules_.is_clean_message(at, wire::event_name, wire::event_attributes, limits.event_attributes)) return false;
          ++seen_events_;
          break;
        case wire::span_links:
          if (!rules_.is_clean_message(at, wire::link_trace_state, wire::link_attributes, limits.link_attributes)) return false;
          ++seen_links_;
          break;
        case wire::span_status:
          if (!rules_.is_clean_message(at, wire::status_message, 0)) return false;
          break;
        case wire::span_parent_span_id:
          if (flags_.engine && is_zero_id(at)) return false;
          break;
        case wire::span_start_time: start = at.value; break;
        case wire::span_end_time: end = at.value; break;
        default: break;
      }
    }
    if (!reader.ok()) return false;
    if (seen_attributes_ > limits.attributes || seen_events_ > limits.events || seen_links_ > limits.links) return false;
    if (!flags_.engine) return true;
    if (start == 0 || end < start || name_size == 0) return false;
    return !(attributes_ != 0 && indexed_ == attributes_) && are_labels_good();
  }

  static bool is_zero_id(const wire::field& id) noexcept {
    for (std::size_t i = 0; i < id.size; ++i) {
      if (id.data[i] != 0) return false;
    }
    return true;
  }

 private:
  static std::size_t count_attributes(const char* body, std::size_t size) noexcept {
    wire::reader reader(body, size);
    wire::field at;
    std::size_t count = 0;
    while (reader.next(at)) count += at.tag == wire::span_attributes;
    return count;
  }

  bool is_clean_attribute(const wire::field& field) noexcept {
    attribute_view view;
    if (ARTHUR_UNLIKELY(!read_attribute(field.data, field.size, view))) return is_clean_other(field);
    if (!is_clean_key(view.key, view.key_size)) return false;
    if (view.tag == wire::any_string) {
      if (view.size > rules_.max_length() || !rules_.is_clean_text(view.data, view.size)) return false;
    } else if (view.tag >= wire::any_array) {
      if (!rules_.is_clean_value(view.tag, view.data, view.size)) return false;
    }
    return !flags_.engine || is_engine_value(view);
  }

  // An attribute without a value, or in an order of fields that isn't ours.
  ARTHUR_NOINLINE bool is_clean_other(const wire::field& field) noexcept {
    key_value_view other;
    if (!read_key_value(field.data, field.size, other) || other.odd) return false;
    if (!is_clean_key(other.key.data, other.key.size) || !rules_.is_clean_value(other.value)) return false;
    return !flags_.engine || is_engine_value({other.key.data, other.key.size, other.value.tag, other.value.data,
                                              other.value.size, other.value.value});
  }

  bool is_clean_key(const char* key, std::size_t size) noexcept {
    if (flags_.free_keys && !rules_.is_clean_text(key, size)) return false;
    if (!watch_keys_) return true;
    if (!flags_.engine || !flags_.free_keys) return keys_.add(hash_bytes(0, key, size), false);
    if (size == 0 || size > max_key_digits || scalar_parent_size(key, size) != 0) return false;
    constexpr std::uint64_t ones = 0x0101010101010101U;
    const auto zero_bytes = [](std::uint64_t word) {  // exact, unlike the cheaper form
      return ~(((word & ones * 0x7f) + ones * 0x7f) | word) & ones * 0x80;
    };
    std::uint64_t hash = 0;
    std::uint64_t odd = 0;
    unsigned dots = 0;
    std::size_t part = 0;
    for (std::size_t i = 0; i < size; i += 8) {
      const std::uint64_t word = load_key_word(key, size, i);
      // '/' and '[' are hostile; other scripts may hold digits that the engine can't read.
      odd |= (word & ones * 0x80) | zero_bytes(word ^ ones * '/') | zero_bytes(word ^ ones * '[');
      for (std::uint64_t at = zero_bytes(word ^ ones * '.'); at != 0; at &= at - 1) {
        const std::size_t dot = i + lowest_bit(at) / 8;
        hash = hash_bytes(hash, key + part, dot - part);
        if (++dots >= max_key_parts || !keys_.add(hash, true)) return false;
        part = dot + 1;
      }
    }
    ++attributes_;
    indexed_ += begins_with_index(key, size);
    return odd == 0 && keys_.add(hash_bytes(hash, key + part, size - part), false);
  }

  // Eight bytes from `at` on, zeros behind the end.
  static std::uint64_t load_key_word(const char* key, std::size_t size, std::size_t at) noexcept {
    if (size - at >= 8) return load_le64(key + at);
    if (size >= 8) return load_le64(key + size - 8) >> (8 * (8 - (size - at)));
    std::uint64_t word = 0;
    for (std::size_t i = size; i-- > at;) word = word << 8 | static_cast<unsigned char>(key[i]);
    return word;
  }

  bool is_engine_value(const attribute_view& at) noexcept {
    const bool text = at.tag == wire::any_string;
    const bool finite = at.tag != wire::any_double || is_finite_bits(at.number);
    if (text) note_label(at);
    switch (role_of(at.key, at.key_size)) {
      case key_role::plain: return finite;
      case key_role::json: return text ? !is_hazardous_json(at.data, at.size) : finite;
      case key_role::contents: return text ? check_json(at.data, at.size).hazards == 0 : finite;
      case key_role::identity: return text ? at.size <= max_index_bytes : at.tag == wire::any_int;
      case key_role::token_count:
        return at.tag == wire::any_int && at.number <= static_cast<std::uint64_t>(max_token_count);
      case key_role::cost: return at.tag == wire::any_int || (at.tag == wire::any_double && finite);
    }
    return false;
  }

  // Which texts are JSON is known only at the end: a label may come before or behind its value.
  void note_label(const attribute_view& at) noexcept {
    if (equals(at.data, at.size, "application/json")) {
      note(labels_, label_count_, at);
    } else if (flags_.free_keys ? may_have_label(at.key, at.key_size) : ends_with(at.key, at.key_size, ".value")) {
      note(values_, value_count_, at);
    }
  }

  static bool may_have_label(const char* key, std::size_t size) noexcept {
    for (const char* const end = key + size; key != end; ++key) {
      if (*key == '.' && begins_with(key, static_cast<std::size_t>(end - key), ".value")) return true;
    }
    return false;
  }

  static constexpr unsigned max_noted = 4;

  static void note(attribute_view* list, unsigned& count, const attribute_view& what) noexcept {
    if (count < max_noted) list[count] = what;
    ++count;
  }

  bool are_labels_good() const noexcept {
    if (label_count_ == 0) return true;
    if (label_count_ > max_noted || value_count_ > max_noted) return false;
    for (unsigned i = 0; i < value_count_; ++i) {
      char storage[256];
      buffer label(storage, sizeof storage);
      if (!make_label_key(label, values_[i].key, values_[i].key_size)) return false;
      for (unsigned k = 0; k < label_count_; ++k) {
        if (labels_[k].key_size == label.size() && std::memcmp(labels_[k].key, storage, label.size()) == 0 &&
            is_hazardous_json(values_[i].data, values_[i].size)) {
          return false;
        }
      }
    }
    return true;
  }

  const clean_flags& flags_;
  const value_rules& rules_;
  bool watch_keys_ = false;
  std::size_t seen_attributes_ = 0;
  std::size_t seen_events_ = 0;
  std::size_t seen_links_ = 0;
  std::size_t attributes_ = 0;
  std::size_t indexed_ = 0;  // of those, the ones that begin with a number
  attribute_view labels_[max_noted];
  attribute_view values_[max_noted];
  unsigned label_count_ = 0;
  unsigned value_count_ = 0;
  key_set keys_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

// Name and times first, where the engine needs them to be something.
inline void append_clean_header(buffer& out, value_writer& writer, const span_header& span,
                                clean_counts& counts) noexcept {
  const std::size_t name = writer.open(wire::span_name);
  writer.text(span.name.data, span.name.size);
  if (out.failed()) return;
  const std::size_t size = out.size() - name;
  const std::size_t cut = utf8_truncate(out.data() + name, size, max_index_bytes);
  if (cut != size) {
    out.truncate(name + cut);
    counts.add(clean_rule::too_long);
  } else if (size == 0) {
    out.append("unnamed");
    counts.add(clean_rule::name);
  }
  writer.close(name);

  std::uint64_t start = span.start;
  if (start == 0) start = span.end != 0 ? span.end : 1;
  const std::uint64_t end = span.end < start ? start : span.end;
  if (start != span.start || end != span.end) counts.add(clean_rule::time);
  char* to = out.reserve_more(18);
  if (to == nullptr) return;
  to = wire::put_fixed64(wire::put_byte(to, wire::span_start_time), start);
  wire::put_fixed64(wire::put_byte(to, wire::span_end_time), end);
  out.advance(18);
}

// The slow half of clean_span(). False: damaged bytes or no memory.
inline bool append_clean_span(buffer& out, const char* body, std::size_t size, const clean_flags& flags,
                              const value_rules& rules, clean_counts& counts) noexcept {
  span_header span;
  attribute_cleaner attributes(flags, rules, counts);
  if (!read_span_header(span, body, size) || !attributes.read(body, size, wire::span_attributes)) return false;
  attributes.clean_span_attributes();
  value_writer writer(out, rules, counts);
  if (flags.engine) append_clean_header(out, writer, span, counts);

  wire::reader reader(body, size);
  wire::field at;
  bool attributes_written = false;
  const span_limits& limits = *flags.limits;
  std::size_t events = 0;
  std::size_t links = 0;
  std::uint64_t dropped_attributes = counts.dropped_attributes;
  std::uint64_t dropped_events = 0;
  std::uint64_t dropped_links = 0;
  while (reader.next(at)) {
    switch (at.tag) {
      case wire::span_attributes:
        if (!attributes_written && !attributes.write(out)) return false;
        attributes_written = true;
        continue;
      case wire::span_events:
        if (++events > limits.events) {
          ++dropped_events;
          counts.add(clean_rule::limit);
        } else if (!writer.message(at, wire::event_name, wire::event_attributes, limits.event_attributes,
                                   wire::event_dropped_attributes)) {
          return false;
        }
        continue;
      case wire::span_links:
        if (++links > limits.links) {
          ++dropped_links;
          counts.add(clean_rule::limit);
        } else if (!writer.message(at, wire::link_trace_state, wire::link_attributes, limits.link_attributes,
                                   wire::link_dropped_attributes)) {
          return false;
        }
        continue;
      case wire::span_dropped_attributes: dropped_attributes += at.value; continue;
      case wire::span_dropped_events: dropped_events += at.value; continue;
      case wire::span_dropped_links: dropped_links += at.value; continue;
      case wire::span_status:
        if (!writer.message(at, wire::status_message, 0)) return false;
        continue;
      case wire::span_trace_state: writer.text_field(wire::span_trace_state, at.data, at.size); continue;
      case wire::span_name:
        if (!flags.engine) writer.text_field(wire::span_name, at.data, at.size);
        else if (at.begin != span.name.begin) counts.add(clean_rule::repeated_key);
        continue;
      case wire::span_start_time:
      case wire::span_end_time:
        if (flags.engine) continue;
        break;
      case wire::span_parent_span_id:
        if (flags.engine && clean_scan::is_zero_id(at)) {
          counts.add(clean_rule::parent);
          continue;
        }
        break;
      default: break;
    }
    out.append(at.begin, static_cast<std::size_t>(at.end - at.begin));
  }
  writer.count_field(wire::span_dropped_attributes, dropped_attributes);
  writer.count_field(wire::span_dropped_events, dropped_events);
  writer.count_field(wire::span_dropped_links, dropped_links);
  return reader.ok() && !out.failed();
}

/// Looks at the body of a span. What must change is changed in a copy appended to `out`, and counted; mostly nothing
/// must, and nothing is written. `out` keeps its former size unless the outcome is `rewritten`.
inline clean_outcome clean_span(buffer& out, const char* body, std::size_t size, const clean_flags& flags,
                                clean_counts& counts) noexcept {
  const value_rules rules(flags.engine, flags.limits->length);
  if (clean_scan(flags, rules).is_clean_span(body, size)) return clean_outcome::unchanged;
  const std::size_t before = out.size();
  clean_counts found;
  const bool good = append_clean_span(out, body, size, flags, rules, found);
  if (good && found.total() != 0) {
    counts.add(found);
    return clean_outcome::rewritten;
  }
  out.truncate(before);
  return good ? clean_outcome::unchanged : clean_outcome::undecodable;
}

/// The same for the body of a resource. Keys are taken as free, and as possibly repeated.
inline clean_outcome clean_resource(buffer& out, const char* body, std::size_t size, bool engine,
                                    clean_counts& counts) noexcept {
  const value_rules rules(engine);
  const clean_flags flags{engine, true, true};
  const std::size_t before = out.size();
  clean_counts found;
  attribute_cleaner attributes(flags, rules, found);
  bool good = attributes.read(body, size, resource_attributes);
  if (good) {
    attributes.clean_resource_attributes();
    good = attributes.write(out);
  }
  if (good && found.total() != 0) {
    counts.add(found);
    return clean_outcome::rewritten;
  }
  out.truncate(before);
  return good ? clean_outcome::unchanged : clean_outcome::undecodable;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Group 0 is the process's own resource. A context's task_id() replaces arthur.task; its service_name() replaces
/// service.name and, without a task_id() beside it, removes arthur.task: the engine would route by the task otherwise.
class resources {
 public:
  explicit resources(const settings& s) : settings_(s) {
    places_.reserve(interned_texts::capacity);
    views_.reserve(interned_texts::capacity);
  }

  /// Takes the memory that it will ever have, where none may be taken later. False: there is none.
  bool fix() noexcept {
    std::size_t own = 1024;
    for (const header& h : settings_.resource) own += h.name.size() + h.value.size() + 32;
    return encoded_.fix(4 * own) && clean_.fix(2 * own);
  }

  void task_found(std::string_view id) {
    found_ = text_line(id);
    forget();
  }
  /// The look-up is over without an id: the name is no help to anybody.
  void no_task() {
    looked_up_ = true;
    forget();
  }
  /// Resources of a spooled file that was written before its task was found get the task, if it is this process's.
  void complete(std::vector<resource_view>& views) {
    completed_.clear();
    std::size_t most = 0;
    for (const resource_view& v : views) most += v.size + 64 + found_.size();
    // Room for all of it, so that no view moves.
    if (found_.empty() || completed_.reserve_more(most) == nullptr) return completed_.forgive();
    for (resource_view& v : views) complete(v);
  }

  /// Before the groups of a request: those of former ones are forgotten if they took all the memory.
  void begin_request() noexcept {
    if (full_) forget();
  }
  /// Makes sure that the group is encoded; returns its number, or one beyond count() if there is no memory.
  std::uint32_t known(std::uint32_t group) {
    if (views_.size() <= group) {
      places_.resize(group + 1);
      views_.resize(group + 1);
    }
    if (views_[group].size == 0 && !encode(group)) {
      full_ = true;
      return ~std::uint32_t{0};
    }
    return group;
  }

  const resource_view* views() const noexcept { return views_.data(); }
  std::size_t count() const noexcept { return views_.size(); }

 private:
  void forget() noexcept {
    encoded_.clear();
    views_.clear();
    full_ = false;
  }

  bool encode(std::uint32_t group) {
    std::string_view task = found_.empty() ? std::string_view(settings_.task_id) : found_;
    std::string_view service = settings_.service_name;
    const char* data = nullptr;
    std::size_t size = 0;
    if (group != 0 && the_recorder.groups.get(group, data, size)) {
      std::string_view own_task, own_service;
      split_group(data, size, own_task, own_service);
      if (!own_service.empty()) {
        service = own_service;
        task = {};
      }
      if (!own_task.empty()) task = own_task;
    }
    const std::size_t at = encoded_.size();
    for (const header& h : settings_.resource) {
      if (h.name == "arthur.task" || h.name == "service.name") continue;
      put(encoded_, h.name, h.value);
    }
    put(encoded_, "service.name", service);
    if (!task.empty()) put(encoded_, "arthur.task", task);
    else if (may_be_found(group, service)) put(encoded_, task_name_key, settings_.task_name);
    // Names come from the environment, too: one bad byte here would spoil every request.
    clean_.clear();
    clean_counts counts;
    const bool engine = settings_.where.profile == profile::arthur;
    if (!encoded_.failed() &&
        clean_resource(clean_, encoded_.data() + at, encoded_.size() - at, engine, counts) == clean_outcome::rewritten) {
      encoded_.truncate(at);
      encoded_.append(clean_.data(), clean_.size());
    }
    if (encoded_.failed()) {
      encoded_.forgive();
      encoded_.truncate(at);
      return false;
    }
    places_[group] = at;
    views_[group].size = encoded_.size() - at;
    // The bytes may have moved.
    for (std::size_t n = 0; n < views_.size(); ++n) views_[n].data = encoded_.data() + places_[n];
    return true;
  }

  // Before the look-up batches may go into the spool: their task is named, for whoever sends them.
  bool may_be_found(std::uint32_t group, std::string_view service) const noexcept {
    return !settings_.spool_directory.empty() && !looked_up_ && !settings_.task_name.empty() && (group == 0 || service == settings_.service_name);
  }
  void complete(resource_view& v) {
    const std::size_t begin = completed_.size();
    bool ours = false;
    wire::reader reader(v.data, v.size);
    attribute_view a;
    for (wire::field at; reader.next(at);) {
      if (at.tag == resource_attributes && read_attribute(at.data, at.size, a) && a.tag == wire::any_string &&
          std::string_view(a.key, a.key_size) == task_name_key && std::string_view(a.data, a.size) == settings_.task_name) {
        ours = true;
      } else if (at.tag == resource_attributes) {
        append_field(completed_, resource_attributes, at.data, at.size);
      }
    }
    if (!ours) return completed_.truncate(begin);
    put(completed_, "arthur.task", found_);
    v = {completed_.data() + begin, completed_.size() - begin};
  }

  static constexpr const char* task_name_key = "arthur.task.name";

  static void put(buffer& to, std::string_view k, std::string_view value) {
    append_string_attribute(to, resource_attributes, k.data(), k.size(), value.data(), value.size());
  }

  const settings& settings_;
  text_line found_;  // the task's id, once it was looked up
  buffer encoded_;  // one resource behind the other
  buffer clean_;
  buffer completed_;  // resources of a spooled file
  bool looked_up_ = false;
  std::vector<std::size_t> places_;  // of each group in encoded_
  std::vector<resource_view> views_;
  bool full_ = false;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Views into a batch: good until it changes.
class request_parts {
 public:
  explicit request_parts(resources& groups) : groups_(groups) {}

  /// After this no memory is taken for a batch of the process's own.
  void reserve(std::size_t most) { pieces_.reserve(most); }

  void collect(const batch& b, std::size_t first, std::size_t count) {
    pieces_.clear();
    own_.clear();
    if (b.has_own_resources()) {
      for (std::size_t n = 0; n < b.resources.size(); ++n) {
        own_.push_back({b.resource_bytes.data() + b.resources[n].at, b.resources[n].size});
      }
      groups_.complete(own_);
    } else {
      groups_.begin_request();
    }
    for (std::size_t n = first; n < first + count; ++n) {
      const batch::entry& e = b.spans[n];
      pieces_.push_back({b.has_own_resources() ? e.group : groups_.known(e.group), b.bytes.data() + e.at, e.size});
    }
  }

  const std::vector<span_piece>& pieces() const noexcept { return pieces_; }
  const resource_view* groups() const noexcept { return own_.empty() ? groups_.views() : own_.data(); }
  std::size_t group_count() const noexcept { return own_.empty() ? groups_.count() : own_.size(); }

  /// Encodes what was collected. False: no memory.
  bool encode(encoding as) noexcept {
    body_.clear();
    as_ = as;
    return append_request(body_, as, pieces_.data(), pieces_.size(), groups(), group_count());
  }
  const buffer& body() const noexcept { return body_; }
  /// See buffer::fix().
  bool fix(std::size_t bytes) noexcept { return body_.fix(bytes); }
  /// What was encoded, to be posted.
  request to_send(const settings& s) const noexcept {
    request r;
    r.target = s.where.traces.target.empty() ? "/" : s.where.traces.target.c_str();
    r.content_type = as_ == encoding::json ? "application/json" : "application/x-protobuf";
    r.body = body_.data();
    r.body_size = body_.size();
    r.spans = pieces_.size();
    return r;
  }

 private:
  resources& groups_;
  std::vector<span_piece> pieces_;
  std::vector<resource_view> own_;
  buffer body_;
  encoding as_ = encoding::json;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// side_outputs.hpp: what standard output shows of each span, once, beside the main transport or alone: lines and trees.
#ifndef ARTHUR_RUNTIME_SIDE_OUTPUTS_HPP
#define ARTHUR_RUNTIME_SIDE_OUTPUTS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// traces.hpp: spans that wait until their trace can be shown whole, in bounded memory.
#ifndef ARTHUR_CONSOLE_TRACES_HPP
#define ARTHUR_CONSOLE_TRACES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// tree.hpp: the spans of a trace drawn as a tree for people.
#ifndef ARTHUR_CONSOLE_TREE_HPP
#define ARTHUR_CONSOLE_TREE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// span_line.hpp: what one line says about a span, and how it is laid out.
#ifndef ARTHUR_CONSOLE_SPAN_LINE_HPP
#define ARTHUR_CONSOLE_SPAN_LINE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

// text.hpp: any text made harmless and short for one line of a terminal.
#ifndef ARTHUR_CONSOLE_TEXT_HPP
#define ARTHUR_CONSOLE_TEXT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace console {

struct code_range {
  std::uint32_t first;
  std::uint32_t last;
};

template <std::size_t N>
inline bool within(std::uint32_t code, const code_range (&ranges)[N]) noexcept {
  for (const code_range& r : ranges) {
    if (code >= r.first && code <= r.last) return true;
  }
  return false;
}

/// Columns of a code point: the blocks that matter, not Unicode's whole table. Where terminals differ the wider answer
/// is taken: a line that is cut early reads better than one that wraps.
inline std::size_t width_of(std::uint32_t code) noexcept {
  static constexpr code_range none[] = {
      {0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x64b, 0x65f},   {0xe34, 0xe3a},   {0xe47, 0xe4e},
      {0x1160, 0x11ff}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200d}, {0x2060, 0x2064}, {0x20d0, 0x20ff},
      {0x302a, 0x302d}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef}};
  static constexpr code_range two[] = {
      {0x1100, 0x115f}, {0x231a, 0x23ff}, {0x25fd, 0x27bf}, {0x2b1b, 0x2b55}, {0x2e80, 0x303e},   {0x3041, 0xa4cf},
      {0xa960, 0xa97f}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe10, 0xfe19}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
      {0xffe0, 0xffe6}, {0x16fe0, 0x18cff}, {0x1b000, 0x1b2ff}, {0x1f000, 0x1faff}, {0x20000, 0x3fffd}};
  if (code < 0x300) return 1;
  return within(code, none) ? 0 : within(code, two) ? 2 : 1;
}

/// What stands for a code point: itself, a blank, a picture of the control character, or U+FFFD. C0, DEL and C1 could
/// move the cursor or colour the terminal, direction marks could turn the line around, tags hide text.
inline std::uint32_t shown_as(std::uint32_t code) noexcept {
  static constexpr code_range unsafe[] = {{0x80, 0x9f},     {0x61c, 0x61c},   {0x200e, 0x200f},  {0x202a, 0x202e},
                                          {0x2066, 0x2069}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};
  if (code == '\t' || code == '\n' || code == '\r' || code == 0x2028 || code == 0x2029) return ' ';
  if (code < 0x20) return 0x2400 + code;
  if (code == 0x7f) return 0x2421;
  return within(code, unsafe) ? 0xfffd : code;
}

/// Appends text, at most `columns` wide, with "…" at its end where something was cut; returns its width. Runs of white
/// space become one blank; no character is cut in two, and one carries a few combining marks at most, so that the
/// bytes are bounded too.
inline std::size_t append_fitted(std::string& out, std::string_view text, std::size_t columns) {
  constexpr unsigned most_marks = 8;
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  const char* at = text.data();
  const char* const end = at + text.size();
  std::size_t width = 0;
  std::size_t cut_size = out.size();  // where "…" still fits
  std::size_t cut_width = 0;
  unsigned marks = 0;
  bool blank = false;
  while (at != end) {
    std::uint32_t code = static_cast<unsigned char>(*at);
    unsigned size = 1;
    if (code >= 0x80) {
      const utf8_step step = next_utf8(at, end);
      size = step.size;
      code = step.valid ? utf8_code_point(at, size) : 0xfffd;
    }
    at += size;
    code = shown_as(code);
    if (code == ' ' && blank) continue;
    blank = code == ' ';
    const std::size_t wide = width_of(code);
    marks = wide == 0 ? marks + 1 : 0;
    if (marks > most_marks) continue;
    if (width + wide > columns) {
      out.resize(cut_size);
      if (columns == 0) return 0;
      out += "…";
      return cut_width + 1;
    }
    char bytes[4];
    out.append(bytes, static_cast<std::size_t>(put_utf8(bytes, code) - bytes));
    width += wide;
    if (width < columns) {
      cut_size = out.size();
      cut_width = width;
    }
  }
  return width;
}

enum class ink : unsigned char { plain, faint, kind, usage, error };

/// Writes one line of at most `columns`, in colours or without.
class line_writer {
 public:
  line_writer(std::string& out, std::size_t columns, bool colour) : out_(out), room_(columns), colour_(colour) {}

  std::size_t room() const noexcept { return room_; }

  /// Appends what fits, at most `most` columns of it.
  void put(ink with, std::string_view text, std::size_t most = SIZE_MAX) {
    std::string fitted;
    const std::size_t width = append_fitted(fitted, text, (std::min)(most, room_));
    draw(with, fitted, width);
  }
  /// A part of its own: after a gap, and only where it can say something.
  void part(ink with, std::string_view text) {
    if (text.empty() || room_ < 6) return;
    draw(ink::plain, "  ", 2);
    put(with, text);
  }
  /// Text as it is, known to be `width` wide; left out where it doesn't fit.
  void draw(ink with, std::string_view text, std::size_t width) {
    static constexpr std::string_view codes[] = {"", "\x1b[2m", "\x1b[36m", "\x1b[33m", "\x1b[31m"};
    if (width > room_ || text.empty()) return;
    const bool coloured = colour_ && with != ink::plain;
    if (coloured) out_ += codes[static_cast<std::size_t>(with)];
    out_ += text;
    if (coloured) out_ += "\x1b[0m";
    room_ -= width;
  }

 private:
  std::string& out_;
  std::size_t room_;
  bool colour_;
};

/// 927 ns, 8.5 µs, 12.3 ms, 850 ms, 2.5 s. Without printf: its decimal point depends on the program's locale.
inline std::string duration_text(std::uint64_t start, std::uint64_t end) {
  static constexpr struct {
    std::uint64_t unit;
    std::uint64_t finer;
    const char* name;
  } units[] = {{1000000000, 1000000, " s"}, {1000000, 1000, " ms"}, {1000, 1, " µs"}};
  const std::uint64_t ns = end < start ? start - end : end - start;
  std::string out = end < start ? "-" : "";  // the clock was set back
  for (const auto& u : units) {
    if (ns < u.unit - u.finer / 2) continue;  // so that 999.9 µs is 1.0 ms
    const std::uint64_t tenth = u.unit / 10;
    if (ns / u.unit < 100) {
      const std::uint64_t tenths = (ns + tenth / 2) / tenth;
      if (tenths < 1000) return out + std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + u.name;
    }
    return out + std::to_string(ns / u.unit + (ns % u.unit >= u.unit / 2 ? 1U : 0U)) + u.name;
  }
  return out + std::to_string(ns) + " ns";
}

/// $0.0031, $12.50: two to six decimals.
inline std::string dollar_text(double amount) {
  if (!(amount > -1e12 && amount < 1e12)) return "$?";  // NaN too
  const bool negative = amount < 0;
  const auto millionths = static_cast<std::uint64_t>((negative ? -amount : amount) * 1e6 + 0.5);
  if (millionths == 0 && amount != 0) return negative ? "-$0.00" : "<$0.000001";
  std::string decimals = std::to_string(1000000 + millionths % 1000000).substr(1);
  while (decimals.size() > 2 && decimals.back() == '0') decimals.pop_back();
  return (negative ? "-$" : "$") + std::to_string(millionths / 1000000) + '.' + decimals;
}

}  // namespace console
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace console {

inline std::string_view content(const wire::field& f) noexcept { return {f.data, f.size}; }

/// The key and value of a KeyValue message; false where it is damaged or has no value.
inline bool read_pair(const wire::field& f, attribute_view& to) noexcept {
  if (read_attribute(f.data, f.size, to)) return true;
  wire::reader reader(f.data, f.size);
  wire::field at, key, any, value;
  while (reader.next(at)) {
    if (at.tag == wire::key_value_key) key = at;
    if (at.tag == wire::key_value_value) any = at;
  }
  wire::reader inner(any.data, any.size);
  while (inner.next(at)) value = at;
  to = {key.data, key.size, value.tag, value.data, value.size, value.value};
  return reader.ok() && inner.ok() && value.tag != 0;
}

/// A value in one word; text as it is.
inline std::string value_text(const attribute_view& v) {
  switch (v.tag) {
    case wire::any_string: return std::string(v.data, v.size);
    case wire::any_int: return std::to_string(static_cast<std::int64_t>(v.number));
    case wire::any_bool: return v.number != 0 ? "true" : "false";
    case wire::any_array: return "[…]";
    case wire::any_kvlist: return "{…}";
    case wire::any_bytes: return "(bytes)";
    default: break;
  }
  char storage[40];
  buffer digits(storage, sizeof storage);
  append_json_double(digits, v.number);
  return std::string(digits.data(), digits.size());
}

/// The last message of a list that says something.
struct last_message {
  std::string_view text;
  bool call = false;  // the name of a called tool
  std::size_t rank = 0;

  /// `key`: what follows "llm.input_messages." or "llm.output_messages.".
  void look(std::string_view key, std::string_view value) noexcept {
    std::size_t index = 0;
    std::size_t at = 0;
    for (; at < key.size() && at < 9 && key[at] >= '0' && key[at] <= '9'; ++at) index = index * 10 + static_cast<std::size_t>(key[at] - '0');
    key.remove_prefix(at);
    std::size_t mine = 0;
    if (key == ".message.content") mine = 3;
    if (key == ".message.contents.0.message_content.text") mine = 2;
    if (key == ".message.tool_calls.0.tool_call.function.name") mine = 1;
    mine += index * 4;
    if (mine % 4 == 0 || mine < rank || value.empty()) return;
    rank = mine;
    call = mine % 4 == 1;
    text = value;
  }
  std::string shown() const { return call ? std::string(text) + "(…)" : std::string(text); }
};

/// How many elements a flattened list has.
struct list_size {
  std::size_t count = 0;

  void look(std::string_view index) noexcept {
    std::size_t n = 0;
    for (std::size_t at = 0; at < index.size() && at < 9 && index[at] >= '0' && index[at] <= '9'; ++at) {
      n = n * 10 + static_cast<std::size_t>(index[at] - '0');
    }
    count = (std::max)(count, n + 1);
  }
  std::string shown(const char* noun) const {
    return count == 0 ? std::string() : std::to_string(count) + ' ' + noun + (count == 1 ? "" : "s");
  }
};

/// What is shown of a span's attributes. The keys are OpenInference's.
struct summary {
  std::string_view kind;
  std::string input, output, prompt_tokens, completion_tokens, total_tokens;
  double cost = 0, cost_parts = 0;
  bool has_cost = false, has_cost_parts = false;
  last_message asked, answered;
  list_size documents, reranked, embeddings;

  void look(const attribute_view& a) {
    const std::string_view key(a.key, a.key_size);
    const std::string_view text = a.tag == wire::any_string ? std::string_view(a.data, a.size) : std::string_view();
    const auto below = [key](std::string_view prefix) { return key.substr(0, prefix.size()) == prefix; };
    const auto rest = [key](std::string_view prefix) { return key.substr(prefix.size()); };
    constexpr std::string_view input_messages = "llm.input_messages.", output_messages = "llm.output_messages.",
                               found = "retrieval.documents.", sorted = "reranker.output_documents.", vectors = "embedding.embeddings.";
    if (key == "openinference.span.kind") kind = text;
    else if (key == "input.value") input = value_text(a);
    else if (key == "output.value") output = value_text(a);
    else if (key == "llm.token_count.prompt") prompt_tokens = value_text(a);
    else if (key == "llm.token_count.completion") completion_tokens = value_text(a);
    else if (key == "llm.token_count.total") total_tokens = value_text(a);
    else if (key == "llm.cost.total") has_cost = add_cost(a, cost);
    else if (key == "llm.cost.prompt" || key == "llm.cost.completion") has_cost_parts = add_cost(a, cost_parts) || has_cost_parts;
    else if (below(input_messages)) asked.look(rest(input_messages), text);
    else if (below(output_messages)) answered.look(rest(output_messages), text);
    else if (below(found)) documents.look(rest(found));
    else if (below(sorted)) reranked.look(rest(sorted));
    else if (below(vectors)) embeddings.look(rest(vectors));
  }

  std::string tokens() const {
    if (prompt_tokens.empty() && completion_tokens.empty()) return total_tokens.empty() ? total_tokens : total_tokens + " tokens";
    return (prompt_tokens.empty() ? "?" : prompt_tokens) + "→" + (completion_tokens.empty() ? "?" : completion_tokens) + " tokens";
  }
  std::string dollars() const {
    if (has_cost) return dollar_text(cost);
    return has_cost_parts ? dollar_text(cost_parts) : std::string();
  }

 private:
  static bool add_cost(const attribute_view& a, double& to) noexcept {
    double amount = 0;
    if (a.tag == wire::any_double) std::memcpy(&amount, &a.number, sizeof amount);
    if (a.tag == wire::any_int) amount = static_cast<double>(static_cast<std::int64_t>(a.number));
    to += amount;
    return a.tag == wire::any_double || a.tag == wire::any_int;
  }
};

/// `"question" → "answer"`; JSON without quotes. Each side may take half of the room, and what the other one leaves.
inline void put_flow(line_writer& line, const std::string& in, const std::string& out, bool quote_out) {
  if (in.empty() && out.empty()) return;
  const auto quoted = [](const std::string& text) { return !text.empty() && text[0] != '{' && text[0] != '['; };
  const std::string_view in_quote = quoted(in) ? "\"" : "";
  const std::string_view out_quote = quote_out && quoted(out) ? "\"" : "";
  const std::string_view arrow = out.empty() ? "" : in.empty() ? "→ " : " → ";
  const std::size_t fixed = 2 + (out.empty() ? 0 : in.empty() ? 2 : 3) + 2 * (in_quote.size() + out_quote.size());
  if (fixed + 8 > line.room()) return;  // too narrow to say anything
  const std::size_t room = line.room() - fixed;
  std::string fitted;
  const std::size_t out_width = append_fitted(fitted, out, room);
  fitted.clear();
  const std::size_t in_width = append_fitted(fitted, in, (std::max)(room / 2, room - out_width));
  line.draw(ink::plain, "  ", 2);
  line.draw(ink::plain, in_quote, in_quote.size());
  line.put(ink::plain, in, (std::max)(room / 2, room - out_width));
  line.draw(ink::plain, in_quote, in_quote.size());
  line.draw(ink::plain, arrow, fixed - 2 - 2 * (in_quote.size() + out_quote.size()));
  line.draw(ink::plain, out_quote, out_quote.size());
  line.put(ink::plain, out, room - in_width);
  line.draw(ink::plain, out_quote, out_quote.size());
}

/// `LLM chat  3.2 ms  120→48 tokens  $0.0031  "question" → "answer"`, given the body of a Span message.
inline void put_span(line_writer& line, std::string_view body, std::string_view service) {
  span_header span;
  summary shown;
  const bool readable = read_span_header(span, body.data(), body.size());
  wire::reader reader(body.data(), body.size());
  wire::field at;
  attribute_view a;
  while (reader.next(at)) {
    if (at.tag == wire::span_attributes && read_pair(at, a)) shown.look(a);
  }
  line.put(ink::kind, shown.kind.empty() ? std::string_view("SPAN") : shown.kind, line.room() / 3);
  line.draw(ink::plain, " ", 1);
  std::string name;
  append_fitted(name, content(span.name), line.room() / 2);  // what follows needs room, too
  line.put(ink::plain, name.empty() ? "(no name)" : name);
  if (!service.empty()) {
    line.draw(ink::plain, " [", 2);
    line.put(ink::faint, service, line.room() / 3);
    line.draw(ink::plain, "]", 1);
  }
  line.part(ink::faint, duration_text(span.start, span.end));
  line.part(ink::usage, shown.tokens());
  line.part(ink::usage, shown.dollars());
  constexpr std::int32_t error = 2;
  if (span.status_code == error) {
    line.part(ink::error, span.status_message.size == 0 ? "ERROR" : "ERROR " + std::string(content(span.status_message)));
  }
  if (!readable) line.part(ink::error, "(the rest can't be read)");
  const std::string in = shown.input.empty() ? shown.asked.shown() : shown.input;
  std::string out = shown.output.empty() ? shown.answered.shown() : shown.output;
  const bool said = !out.empty();
  if (out.empty()) out = shown.documents.shown("document");
  if (out.empty()) out = shown.reranked.shown("document");
  if (out.empty()) out = shown.embeddings.shown("embedding");
  put_flow(line, in, out, said);
}

/// `· exception  exception.type=std::runtime_error  exception.message=no route`, given an Event message.
inline void put_event(line_writer& line, std::string_view body) {
  wire::reader reader(body.data(), body.size());
  wire::field at;
  wire::field name;
  while (reader.next(at)) {
    if (at.tag == wire::event_name) name = at;
  }
  const bool exception = content(name) == "exception";
  line.draw(ink::faint, "· ", 2);
  line.put(exception ? ink::error : ink::plain, content(name));
  wire::reader again(body.data(), body.size());
  attribute_view a;
  while (again.next(at)) {
    if (at.tag != wire::event_attributes || !read_pair(at, a)) continue;
    const std::string_view key(a.key, a.key_size);
    if (key == "exception.stacktrace") continue;  // no line for it
    line.part(exception ? ink::error : ink::faint, std::string(key) + '=' + value_text(a));
  }
}

}  // namespace console
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace console {

struct tree_span {
  std::string_view body;     ///< of a protobuf Span message
  std::string_view service;  ///< "" where it is the process's own
};

struct look {
  std::size_t columns = 100;  ///< no line is wider
  bool colour = false;
};

/// Children follow their parent by start time; a span whose parent isn't here stands at the root, as does one of each
/// circle of parents. No recursion: a chain may be as deep as it likes.
class tree_writer {
 public:
  tree_writer(std::string& out, const std::vector<tree_span>& spans, const look& how) : out_(out), how_(how) {
    nodes_.reserve(spans.size());
    for (const tree_span& s : spans) nodes_.push_back(read(s));
    std::stable_sort(nodes_.begin(), nodes_.end(), [](const node& a, const node& b) { return a.start < b.start; });
    link();
  }

  void write() {
    for (std::uint32_t n = 0; n < nodes_.size(); ++n) {
      if (nodes_[n].parent == none) write_from(n);
    }
    for (std::uint32_t n = 0; n < nodes_.size(); ++n) {
      if (nodes_[n].written) continue;
      unlink(n);
      write_from(n);
    }
  }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  struct node {
    const tree_span* span;
    std::string_view id, parent_id;
    std::uint64_t start;
    std::uint32_t parent, child, next;  // first child, next sibling
    bool written;
  };

  static node read(const tree_span& s) noexcept {
    node n{&s, {}, {}, 0, none, none, none, false};
    wire::reader reader(s.body.data(), s.body.size());
    wire::field at;
    while (reader.next(at)) {
      if (at.tag == wire::span_span_id) n.id = content(at);
      if (at.tag == wire::span_parent_span_id) n.parent_id = content(at);
      if (at.tag == wire::span_start_time) n.start = at.value;
    }
    return n;
  }

  void link() {
    std::vector<std::pair<std::string_view, std::uint32_t>> ids;
    ids.reserve(nodes_.size());
    for (std::uint32_t n = 0; n < nodes_.size(); ++n) ids.emplace_back(nodes_[n].id, n);
    std::sort(ids.begin(), ids.end());  // of a repeated id the first one has the children
    for (auto n = static_cast<std::uint32_t>(nodes_.size()); n-- != 0;) {
      node& child = nodes_[n];
      if (child.parent_id.empty()) continue;
      const auto found = std::lower_bound(ids.begin(), ids.end(), std::make_pair(child.parent_id, std::uint32_t{0}));
      if (found == ids.end() || found->first != child.parent_id) continue;
      child.parent = found->second;
      child.next = nodes_[child.parent].child;
      nodes_[child.parent].child = n;
    }
  }

  void unlink(std::uint32_t n) noexcept {
    std::uint32_t* at = &nodes_[nodes_[n].parent].child;
    while (*at != n) at = &nodes_[*at].next;
    *at = nodes_[n].next;
    nodes_[n].parent = nodes_[n].next = none;
  }

  void write_from(std::uint32_t root) {
    path_.clear();
    write_node(root);
    path_.push_back(nodes_[root].child);
    while (!path_.empty()) {
      const std::uint32_t n = path_.back();
      if (n == none) {
        path_.pop_back();
        continue;
      }
      path_.back() = nodes_[n].next;
      write_node(n);
      path_.push_back(nodes_[n].child);
    }
  }

  /// path_ holds, for each level above, the sibling that comes next.
  void write_node(std::uint32_t index) {
    node& n = nodes_[index];
    n.written = true;
    // Half of the width is for text: deeper spans stay where they are and say how deep they are.
    const std::size_t depth = path_.size();
    const std::size_t drawn = (std::min)(depth, how_.columns / 6);
    std::string stem;
    for (std::size_t level = 0; level + 1 < drawn; ++level) stem += path_[level] == none ? "   " : "│  ";
    const bool last = depth == 0 || path_.back() == none;
    line_writer line(out_, how_.columns, how_.colour);
    if (drawn != 0) line.draw(ink::faint, stem + (last ? "└─ " : "├─ "), drawn * 3);
    if (drawn != depth) {
      line.put(ink::faint, "(depth " + std::to_string(depth) + ")");
      line.draw(ink::plain, " ", 1);
    }
    const std::string_view above = n.parent == none ? std::string_view() : nodes_[n.parent].span->service;
    put_span(line, n.span->body, n.span->service == above ? std::string_view() : n.span->service);
    out_ += '\n';
    if (drawn != 0) stem += last ? "   " : "│  ";
    stem += n.child == none ? "  " : "│ ";
    wire::reader reader(n.span->body.data(), n.span->body.size());
    wire::field at;
    while (reader.next(at)) {
      if (at.tag != wire::span_events) continue;
      line_writer below(out_, how_.columns, how_.colour);
      below.draw(ink::faint, stem, drawn * 3 + 2);
      put_event(below, content(at));
      out_ += '\n';
    }
  }

  std::string& out_;
  const look& how_;
  std::vector<node> nodes_;
  std::vector<std::uint32_t> path_;
};

/// Appends one line per span, below it one per event, each ending in a newline.
inline void append_tree(std::string& out, const std::vector<tree_span>& spans, const look& how) {
  tree_writer(out, spans, how).write();
}

}  // namespace console
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace console {

/// A trace is due at once when its root arrives (the collector hands a root over after its children), a second after
/// that for what comes later still, and a minute after its first span if there is no root: better in pieces than never.
/// So is the oldest one where the bound of memory is reached. Times are steady nanoseconds.
class traces {
 public:
  static constexpr std::uint64_t second = 1000000000;
  static constexpr std::uint64_t longest_wait = 60 * second;
  static constexpr std::size_t most_bytes = std::size_t{8} << 20;
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  explicit traces(std::size_t limit = most_bytes) : limit_(limit) {}

  /// `group` names the resource; it comes back through the function given to write_due().
  void add(std::string_view body, std::uint32_t group, std::uint64_t now) {
    bool local_root = true;
    bool remote_parent = false;
    trace_id id{};
    wire::reader reader(body.data(), body.size());
    wire::field at;
    while (reader.next(at)) {
      if (at.tag == wire::span_trace_id) std::memcpy(id.data(), at.data, (std::min)(at.size, id.size()));
      if (at.tag == wire::span_parent_span_id && at.size != 0) local_root = false;
      constexpr std::uint64_t known_and_remote = 0x300;
      if (at.tag == wire::span_flags) remote_parent = (at.value & known_and_remote) == known_and_remote;
    }
    const auto made = waiting_.emplace(id, trace());
    trace& t = made.first->second;
    if (made.second) {
      bytes_ += per_trace;
      t.number = ++made_;
      t.later = std::find(shown_.begin(), shown_.end(), id) != shown_.end();
      t.due = now + (t.later ? second : longest_wait);
    }
    t.parts.push_back({t.bytes.size(), body.size(), group});
    t.bytes.append(body);
    bytes_ += body.size() + per_span;
    if (local_root) t.due = now;
    // The collector knows no such root: give its children a moment.
    if (remote_parent) t.due = (std::min)(t.due, now + second);
    t.rooted = t.rooted || local_root || remote_parent;
    due_ = (std::min)(due_, t.due);
  }

  /// When write_due() has something to do next; never: not before another span comes.
  std::uint64_t due() const noexcept { return bytes_ > limit_ ? 0 : due_; }
  bool empty() const noexcept { return waiting_.empty(); }

  /// Hands the text of each trace that is due to `take`, the oldest first. `service(group)` is the name to show, "" for
  /// the process's own. At the end of the program all of them are due.
  template <class Service, class Take>
  void write_due(std::uint64_t now, bool at_end, const look& how, Service service, Take take) {
    constexpr const char* ended = ", incomplete: the program ends before its root";
    constexpr const char* waited = ", incomplete: its root hasn't ended for a minute";
    constexpr const char* too_large = ", incomplete: too large to wait for its root";
    const bool full = bytes_ > limit_;
    std::vector<std::pair<std::uint64_t, trace_id>> chosen;
    // A little early rather than one by one.
    for (const auto& t : waiting_) {
      if (full || at_end || t.second.due <= now + second / 4) chosen.emplace_back(t.second.number, t.first);
    }
    std::sort(chosen.begin(), chosen.end());
    for (const auto& c : chosen) {
      const auto found = waiting_.find(c.second);
      const bool due = found->second.due <= now + second / 4;
      if (!due && !at_end && bytes_ <= limit_ / 2) continue;
      const trace t = std::move(found->second);
      waiting_.erase(found);
      bytes_ -= per_trace + t.bytes.size() + t.parts.size() * per_span;
      const char* state = "";
      if (!t.rooted && t.later) state = ", continued";
      else if (!t.rooted) state = at_end ? ended : due ? waited : too_large;
      take(text_of(c.second, t, state, how, service));
      shown_[next_shown_++ % shown_.size()] = c.second;
    }
    due_ = never;
    for (const auto& t : waiting_) due_ = (std::min)(due_, t.second.due);
  }

  void clear() noexcept {
    waiting_.clear();
    bytes_ = 0;
    due_ = never;
  }

 private:
  using trace_id = std::array<char, 16>;

  struct trace {
    struct part {
      std::size_t at;  // in `bytes`
      std::size_t size;
      std::uint32_t group;
    };
    std::string bytes;
    std::vector<part> parts;
    std::uint64_t number = 0;  // in the order of their first spans
    std::uint64_t due = 0;
    bool rooted = false;
    bool later = false;  // the rest of it was shown before
  };

  // What a trace and a span take beside their bytes, drawing included, roughly.
  static constexpr std::size_t per_trace = 256;
  static constexpr std::size_t per_span = 128;

  template <class Service>
  static std::string text_of(const trace_id& id, const trace& t, const char* state, const look& how, Service service) {
    std::string out;
    if (*state != '\0') {
      std::string head = "trace ";
      for (const char c : id) {
        const auto byte = static_cast<unsigned char>(c);
        head += "0123456789abcdef"[byte >> 4];
        head += "0123456789abcdef"[byte & 15];
      }
      line_writer line(out, how.columns, how.colour);
      line.put(ink::usage, head + state);
      out += '\n';
    }
    std::vector<tree_span> spans;
    spans.reserve(t.parts.size());
    for (const auto& p : t.parts) spans.push_back({std::string_view(t.bytes).substr(p.at, p.size), service(p.group)});
    append_tree(out, spans, how);
    return out;
  }

  std::size_t limit_;
  std::map<trace_id, trace> waiting_;
  std::uint64_t made_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t due_ = never;
  std::array<trace_id, 64> shown_{};  // the latest ones
  std::size_t next_shown_ = 0;
};

}  // namespace console
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Both outputs write through one transport, so that each line and each tree stays whole. A reader that stopped
/// reading must not hold up the main transport: beside one, a write waits a second, and after that hardly until something is
/// taken again. What can't be written is told, and gone.
class side_outputs {
 public:
  side_outputs(const settings& s, diagnostics& says, std::unique_ptr<transport> out, terminal (*look)(), std::uint64_t (*clock)())
      : settings_(s), says_(says), out_(std::move(out)), look_(look), clock_(clock) {}

  /// Takes the memory that it will ever have, where none may be taken later; there are no trees then. False: there is none.
  bool fix() noexcept { return json_.fix(6 * settings_.max_batch_bytes + 16384); }

  /// Each span is given once. False: not everything was written that was due.
  bool take(const std::vector<span_piece>& spans, const resource_view* groups, std::size_t group_count, std::uint64_t now) {
    const bool lines = !settings_.to_stdout || write_lines(spans, groups, group_count);
    const bool trees = !settings_.console || guarded([&] {
      for (const span_piece& s : spans) {
        if (s.group >= group_count) continue;  // there was no memory for its resource
        know(s.group, groups[s.group]);
        traces_.add({s.data, s.size}, s.group, now);
      }
      if (traces_.due() <= now) write_trees(now, false);
    });
    return lines && trees;
  }

  /// When pass() has something to do.
  std::uint64_t due() const noexcept { return traces_.due(); }
  void pass(std::uint64_t now) {
    guarded([&] { write_trees(now, false); });
  }
  /// Shows what waits for a root that won't come.
  void end(std::uint64_t now) {
    guarded([&] { write_trees(now, true); });
  }

 private:
  /// Memory that ends here must not cost the main transport its spans. False: something wasn't written.
  template <class Work>
  bool guarded(Work work) {
    written_ = true;
#if ARTHUR_HAS_EXCEPTIONS
    try {
      work();
    } catch (...) {
      traces_.clear();
      missed("no memory for the console's trees");
    }
#else
    work();
#endif
    return written_;
  }

  bool write_lines(const std::vector<span_piece>& spans, const resource_view* groups, std::size_t group_count) {
    written_ = true;
    json_.clear();
    if (append_request(json_, encoding::json, spans.data(), spans.size(), groups, group_count)) {
      write({json_.data(), json_.size()}, "application/json", spans.size());
    } else {
      missed("no memory for JSON lines");
    }
    json_.shrink(std::size_t{2} << 20);
    return written_;
  }

  void write_trees(std::uint64_t now, bool at_end) {
    const terminal t = look_();
    console::look how;
    if (t.columns != 0) how.columns = (std::max)(t.columns, narrowest);
    how.colour = t.present && settings_.console_colours;
    traces_.write_due(
        now, at_end, how, [this](std::uint32_t group) -> std::string_view { return services_[group]; },
        [&](const std::string& text) {
          // An escape sequence may have been cut off.
          write(how.colour && stalled_ ? "\x1b[0m" + text : text, "text/plain", 0);
        });
  }

  void write(std::string_view text, const char* type, std::size_t spans) {
    request r;
    r.content_type = type;
    r.body = text.data();
    r.body_size = text.size();
    r.spans = spans;
    constexpr std::uint64_t millisecond = 1000000;
    std::uint64_t patience = stalled_ ? millisecond : 1000 * millisecond;
    if (settings_.sink == sink::none) {
      patience = static_cast<std::uint64_t>(settings_.export_timeout.count()) * millisecond;
    } else if (stalled_ && !written_) {
      return;  // tried in this turn
    }
    outcome_.answer.clear();
    outcome_.error.clear();
    out_->send(r, clock_() + patience, outcome_.answer, outcome_.error);
    stalled_ = outcome_.answer.status != 200;
    if (stalled_) missed(outcome_.error.c_str());
  }

  /// Called where memory has ended, too.
  void missed(const char* why) noexcept {
    written_ = false;
#if ARTHUR_HAS_EXCEPTIONS
    try {
      says_.say(diagnostics::topic::display, severity::warning, why);
    } catch (...) {
    }
#else
    says_.say(diagnostics::topic::display, severity::warning, why);
#endif
  }

  /// Remembers the service of a group, "" where it is the process's own.
  void know(std::uint32_t group, const resource_view& resource) {
    while (services_.size() <= group) services_.emplace_back();
    if (group == 0 || !services_[group].empty()) return;
    wire::reader reader(resource.data, resource.size);
    wire::field at;
    attribute_view a;
    while (reader.next(at)) {
      if (at.tag != resource_attributes || !read_attribute(at.data, at.size, a) || a.tag != wire::any_string) continue;
      const std::string_view value(a.data, a.size);
      if (std::string_view(a.key, a.key_size) == "service.name" && value != settings_.service_name) services_[group] = value;
    }
  }

  static constexpr std::size_t narrowest = 40;  // columns that a tree needs to say anything

  const settings& settings_;
  diagnostics& says_;
  std::unique_ptr<transport> out_;
  terminal (*look_)();
  std::uint64_t (*clock_)();  // steady nanoseconds
  console::traces traces_;
  std::vector<std::string> services_;  // by group
  buffer json_;
  outcome outcome_;
  bool stalled_ = false;  // the latest write failed
  bool written_ = true;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// While the main transport makes us wait, the side outputs needn't: spans are taken and shown ahead, and kept in order.
class displays {
 public:
  displays(const settings& s, resources& groups, delivery_counters& counters) : settings_(s), counters_(counters), parts_(groups) {
    parts_.reserve(s.max_batch_spans + 1);
  }
  void use(std::unique_ptr<side_outputs> sides) { sides_ = std::move(sides); }
  bool fix() noexcept { return sides_ == nullptr || sides_->fix(); }

  /// What is shown beside the main transport, or alone; may be null.
  side_outputs* get() noexcept { return sides_.get(); }
  /// Shows the spans of `b` from `first` on. False: not all was written, or there are no such outputs.
  bool show(const batch& b, std::size_t first, std::uint64_t now) {
    if (sides_ == nullptr) return false;
    parts_.collect(b, first, b.spans.size() - first);
    return parts_.pieces().empty() || sides_->take(parts_.pieces(), parts_.groups(), parts_.group_count(), now);
  }

  bool may_look_ahead(bool at_end) const noexcept {
#ifdef ARTHUR_NO_HEAP
    static_cast<void>(at_end);
    return false;  // it takes memory
#else
    return sides_ != nullptr && (at_end || ahead_bytes_ < most_ahead);
#endif
  }
  bool any_ahead() const noexcept { return !ahead_.empty(); }
  /// To be filled. Here, so that it is counted wherever memory ends.
  batch& next_ahead() noexcept { return next_; }
  /// Shows it, then keeps it; leaves it empty.
  void keep_ahead(std::uint64_t now) {
    show(next_, 0, now);
    const std::size_t size = next_.bytes.size();
    ahead_.push_back(std::move(next_));
    ahead_bytes_ += size;
    next_ = batch();
  }
  /// Moves the oldest batch to `to`, unless what is held there leaves no room.
  void take_ahead(consignment& to) {
    batch& oldest = ahead_.front();
    const std::size_t size = oldest.bytes.size();
    if (to.empty()) {
      to.spans = std::move(oldest);
    } else {
      if (to.spans.spans.size() + oldest.spans.size() > settings_.max_batch_spans || to.spans.bytes.size() + size > settings_.max_batch_bytes) return;
      for (std::size_t n = 0; n < oldest.spans.size(); ++n) {
        if (!to.spans.append(oldest, oldest.spans[n])) count(counters_.failed);
      }
    }
    to.shown = to.spans.spans.size();
    ahead_bytes_ -= size;
    ahead_.pop_front();
  }
  /// Forgets what was shown ahead; returns how many spans that were.
  std::uint64_t discard() {
    std::uint64_t left = next_.spans.size();
    for (const batch& b : ahead_) left += b.spans.size();
    ahead_.clear();
    next_.clear();
    ahead_bytes_ = 0;
    return left;
  }

 private:
  static constexpr std::size_t most_ahead = std::size_t{8} << 20;

  const settings& settings_;
  delivery_counters& counters_;
  request_parts parts_;
  std::unique_ptr<side_outputs> sides_;
  batch next_;
  std::deque<batch> ahead_;  // shown already
  std::size_t ahead_bytes_ = 0;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// doubts.hpp: batches whose request got no answer: the engine is asked for each span, until it is known what it has.
#ifndef ARTHUR_RUNTIME_DOUBTS_HPP
#define ARTHUR_RUNTIME_DOUBTS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

// asking_back.hpp: what to do about spans whose request got no answer, by what the engine says when it is asked for them.
#ifndef ARTHUR_POLICY_ASKING_BACK_HPP
#define ARTHUR_POLICY_ASKING_BACK_HPP

#include <cstdint>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// The engine's answer to GET /api/v1/traces/spans/{span_id}.
enum class presence {
  there,      ///< stored
  not_there,  ///< not, or not yet: the request may still be worked on
  no_right,   ///< this key may not read, or this endpoint can't be asked
  no_answer,  ///< ask again
};

/// A 404 counts only if it names the span: otherwise it is the route that isn't there.
inline presence read_presence(int status, std::string_view body, std::string_view span_id) noexcept {
  if (status == 200) return body.find(span_id) != std::string_view::npos ? presence::there : presence::no_right;
  if (status == 404) return body.find(span_id) != std::string_view::npos ? presence::not_there : presence::no_right;
  if (status == 408 || status == 429 || status >= 500) return presence::no_answer;
  return presence::no_right;
}

/// From this age on (nanoseconds since the request) "not there" is believed: by then the engine's server has killed a worker that
/// still had the request (gunicorn: 120 s).
constexpr std::uint64_t believed_after = 120000000000;

/// When to ask for the `round`-th time, in nanoseconds since the request: at once, as most spans are there then; in
/// between, so that nobody waits two minutes for a slow engine; and when the answer is final.
inline std::uint64_t next_asking(unsigned round) noexcept {
  constexpr std::uint64_t second = 1000000000;
  constexpr std::uint64_t times[] = {0, 5 * second, 20 * second, 60 * second};
  return round < 4 ? times[round] : believed_after;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// The id of a span as the engine writes it, 16 hex digits; "" if it has none.
inline text_line span_id_of(const batch& b, std::size_t n) {
  text_line out;
  wire::reader reader(b.bytes.data() + b.spans[n].at, b.spans[n].size);
  for (wire::field at; reader.next(at);) {
    if (at.tag != wire::span_span_id) continue;
    for (std::size_t i = 0; i < at.size; ++i) {
      const auto byte = static_cast<unsigned char>(at.data[i]);
      out += "0123456789abcdef"[byte >> 4];
      out += "0123456789abcdef"[byte & 15];
    }
    break;
  }
  return out;
}

/// Never sleeps: each step asks for one span. What is found is counted as delivered; what isn't there two minutes after
/// it was sent is handed back to be sent again, provided that the key is shown a span that the engine did accept: else
/// "not there" could mean that it may not see it. What can't be found out is unconfirmed.
class doubts {
 public:
  enum class finding { stored, unknown };

  doubts(const settings& s, outcome& last) : settings_(s), outcome_(last), most_bytes_(s.memory_limit / 4) {
    target_.reserve(s.where.engine.target.size() + 64);
  }

  /// The way to the engine; null: it can't be asked.
  void use(transport* engine) noexcept { engine_ = engine; }
  /// What lies here is taken off the pool's limit: one budget for both.
  void share(pool& blocks) noexcept { pool_ = &blocks; }
  void give_back() noexcept {
    if (pool_ != nullptr) pool_->limit(settings_.memory_limit);
  }

  /// Whether the engine can be asked by this key, as far as is known.
  bool possible() const noexcept {
#ifdef ARTHUR_NO_HEAP
    return false;  // it takes memory
#else
    return engine_ != nullptr && !no_right_;
#endif
  }
  bool has_room(std::size_t bytes) const noexcept { return bytes_ + bytes <= most_bytes_; }
  /// Else a file of any size may come: it was read into memory anyway.
  bool holds_any() const noexcept { return bytes_ != 0; }

  /// `age`: nanoseconds since the request. `spooled`: it came from the spool, whose file is handled by whoever adds it.
  void add(batch&& spans, bool spooled, std::uint64_t age, std::uint64_t now) {
    const std::size_t bytes = spans.bytes.size();
    entries_.push_back(entry(std::move(spans), spooled, age, now));  // may throw
    grow(bytes);
  }

  bool empty() const noexcept { return entries_.empty(); }
  std::uint64_t due() const noexcept {
    std::uint64_t first = never;
    for (const entry& e : entries_) first = (std::min)(first, e.due);
    return first;
  }

  /// A span that the engine has accepted.
  void witness(const batch& of, std::size_t n) { witness_ = span_id_of(of, n); }
  bool has_witness() const noexcept { return !witness_.empty(); }

  /// The end is near: each is asked for once more, then due() is `never`.
  void hurry() noexcept {
    for (entry& e : entries_) {
      if (!closing_) e.due = 0;
    }
    closing_ = true;
  }

  /// One request. `judge(finding, count, spooled, all)` is told of spans whose fate is known, of all that are left in their
  /// batch or of some; `again(batch&&, spooled)` gets what has to be sent again.
  template <class Judge, class Again>
  void step(std::uint64_t (*clock)(), std::uint64_t deadline, std::uint64_t random, Judge judge, Again again) {
    const std::uint64_t now = clock();
    const auto found = std::find_if(entries_.begin(), entries_.end(), [now](const entry& e) { return e.due <= now; });
    if (found == entries_.end()) return;
    entry& e = *found;
    const std::size_t count = e.spans.spans.size();
    const bool final_round = e.age(now) >= believed_after;
    if (e.at == 0) e.final_round = final_round;
    const bool for_witness = e.at == count;
    const text_line id = for_witness ? witness_ : span_id_of(e.spans, e.at);
    switch (ask(id, (std::min)(deadline, now + ask_within))) {
      case presence::no_answer:
        // The endpoint may be busy with the very request: not too often.
        e.due = closing_ ? never : clock() + backoff(e.failures++, random) * 10 * 1000000U;
        return;
      case presence::no_right:
        no_right_ = no_right_ || !for_witness;
        return give_up(found, judge);
      case presence::there:
        if (for_witness) return resend(found, again);
        ++e.at;
        break;
      case presence::not_there:
        if (for_witness) return give_up(found, judge);
        // Nothing is stored of a request before all of it is.
        if (e.at == 0 && !e.final_round) return later(e);
        if (!e.missing.push_back(e.at)) return later(e);  // no memory: it would count as stored
        ++e.at;
        break;
    }
    e.failures = 0;
    if (e.at == count) end_round(found, judge);
  }

  /// The end: calls `left(batch&&, spooled, age)` for each that nothing was found out about.
  template <class Left>
  void drain(std::uint64_t now, Left left) {
    while (!entries_.empty()) {
      entry e = std::move(entries_.front());
      entries_.pop_front();
      shrink(e.spans.bytes.size());
      left(std::move(e.spans), e.spooled, e.age(now));
    }
  }

 private:
  static constexpr std::uint64_t never = ~std::uint64_t{0};
  static constexpr std::uint64_t ask_within = 10000000000;
  static constexpr std::uint64_t witness_pause = 10000000000;

  struct entry {
    entry(batch&& b, bool from_spool, std::uint64_t its_age, std::uint64_t now)
        : spans(std::move(b)), spooled(from_spool), age_then(its_age), then(now), due(now) {}
    std::uint64_t age(std::uint64_t now) const noexcept { return age_then + (now - then); }

    batch spans;
    bool spooled;
    std::uint64_t age_then;
    std::uint64_t then;
    std::uint64_t due;
    unsigned round = 0;
    unsigned failures = 0;
    std::size_t at = 0;  // span to ask for next; behind the last: the witness
    bool final_round = false;
    value_list<std::size_t> missing;  // spans asked for in this round that aren't there
  };
  using place = std::deque<entry>::iterator;

  void grow(std::size_t bytes) noexcept {
    bytes_ += bytes;
    if (pool_ != nullptr) pool_->limit(settings_.memory_limit - (std::min)(bytes_, most_bytes_));
  }
  void shrink(std::size_t bytes) noexcept { grow(std::size_t{0} - bytes); }

  presence ask(const text_line& id, std::uint64_t deadline) {
    target_.assign(settings_.where.engine.target);
    target_.append("/api/v1/traces/spans/").append(id);
    request r;
    r.method = "GET";
    r.target = target_.c_str();
    if (id.empty()) return presence::no_right;
    if (engine_->send(r, deadline, outcome_.answer, outcome_.error) != transport_result::answered) return presence::no_answer;
    return read_presence(outcome_.answer.status, outcome_.answer.body, id);
  }

  void later(entry& e) {
    e.at = 0;
    e.missing.clear();
    const std::uint64_t age = next_asking(++e.round);
    e.due = closing_ ? never : age > e.age_then ? e.then + (age - e.age_then) : e.then;
  }

  template <class Judge>
  void end_round(place at, Judge judge) {
    entry& e = *at;
    batch& b = e.spans;
    const std::size_t stored = b.spans.size() - e.missing.size();
    if (stored != 0) judge(finding::stored, stored, e.spooled, e.missing.empty());
    const std::size_t before = b.bytes.size();
    if (e.missing.empty()) return remove(at);
    b.keep(e.missing.size(), [&e](std::size_t n) { return e.missing[n]; });
    shrink(before - b.bytes.size());
    if (!e.final_round) return later(e);
    // Next: the witness. Without one it waits until something was accepted.
    e.missing.clear();
    e.at = b.spans.size();
    if (witness_.empty()) {
      e.at = 0;
      e.due = closing_ ? never : e.due + witness_pause;
    }
  }

  template <class Again>
  void resend(place at, Again again) {
    entry e = std::move(*at);
    shrink(e.spans.bytes.size());
    entries_.erase(at);
    again(std::move(e.spans), e.spooled);
  }

  template <class Judge>
  void give_up(place at, Judge judge) {
    judge(finding::unknown, at->spans.spans.size(), at->spooled, true);
    remove(at);
  }

  void remove(place at) {
    shrink(at->spans.bytes.size());
    entries_.erase(at);
  }

  const settings& settings_;
  outcome& outcome_;
  transport* engine_ = nullptr;
  pool* pool_ = nullptr;
  std::size_t most_bytes_;
  std::deque<entry> entries_;
  std::size_t bytes_ = 0;
  bool no_right_ = false;
  bool closing_ = false;
  text_line witness_;
  std::string target_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// preparation.hpp: what must be known before the first batch: the encoding that the endpoint reads, and the task's id.
#ifndef ARTHUR_RUNTIME_PREPARATION_HPP
#define ARTHUR_RUNTIME_PREPARATION_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// refusal.hpp: what the refusal of an endpoint means and what to change, in one line for people.
#ifndef ARTHUR_POLICY_REFUSAL_HPP
#define ARTHUR_POLICY_REFUSAL_HPP

#include <string>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Who was asked.
struct asked_party {
  const url& at;
  const proxy& via;
  const char* key_source;  ///< see endpoint
  bool key_withheld;
  detail::profile profile;
};

inline asked_party traces_of(const settings& s) {
  return {s.where.traces, s.traces_proxy, s.where.key_source, s.where.key_withheld, s.where.profile};
}
inline asked_party engine_of(const settings& s) {
  return {s.where.engine, s.engine_proxy, s.where.engine_key_source, false, profile::arthur};
}

/// It may be the proxy that answers; inside a tunnel it can't be.
inline text_line name_of(const asked_party& p) {
  return p.via.used() && !p.at.https ? text_line(origin(p.at), " through ", shown(p.via)) : origin(p.at);
}

namespace refusals {

inline text_line unauthorized(const asked_party& p) {
  const bool engine = p.profile == profile::arthur;
  const std::string_view by = p.key_source;
  if (by.empty() && p.key_withheld) {
    return text_line("the key is kept for the host of ARTHUR_BASE_URL; set that to this host, or options.api_key beside options.endpoint");
  }
  if (by.empty()) {
    return text_line(engine ? "ARTHUR_API_KEY is missing; set it to a key of the engine"
                            : "credentials are missing; set OTEL_EXPORTER_OTLP_HEADERS or options.headers");
  }
  if (by == "ARTHUR_API_KEY" || by == "options.api_key") return text_line(by, " is wrong; copy the key again, or make a new one");
  return text_line("the credentials in ", by, " are wrong; check them");
}

inline text_line forbidden(const asked_party& p) {
  const std::string_view by = p.key_source;
  if (by.empty()) return unauthorized(p);
  return text_line("the key in ", by, " may not write traces; use one ",
                   p.profile == profile::arthur ? "with the role VALIDATION-USER, TASK-ADMIN or ORG-ADMIN" : "that may");
}

inline text_line moved(const asked_party& p, std::string_view location) {
  text_line out("redirects aren't followed, so that the key goes nowhere else; ");
  if (!location.empty()) out = text_line(out, "this one leads to ", text::shown_url(location), ": ");
  // The engine answers so to a '/' at the end.
  return text_line(out, "name the final address in ", *p.at.source == '\0' ? "ARTHUR_BASE_URL" : p.at.source);
}

}  // namespace refusals

/// The likely cause of an answer that isn't a success, and what to change. `location`: of a redirect.
inline text_line advice(int status, std::string_view location, const asked_party& p) {
  switch (status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308: return refusals::moved(p, location);
    case 401: return refusals::unauthorized(p);
    case 403: return refusals::forbidden(p);
    case 404: return text_line("nothing takes traces at ", path_of(p.at), "; ", change_address(p.at.source));
    case 405: return text_line("nothing takes POST at ", path_of(p.at), "; ", change_address(p.at.source));
    case 407: return text_line("the proxy asks for credentials; put them into ", p.via.used() ? p.via.source : "options.proxy");
    default: return text_line(advice(status, p.profile));
  }
}

/// What is wrong and what to change; both in one line are "text: fix".
struct finding {
  text_line text;
  text_line fix;
};

/// Why the task's name has no id. `status`: of the search; 200 where it found none.
inline finding no_task(const settings& s, int status) {
  const std::string name = text::shown(s.task_name);
  if (status == 200) {
    return {text_line("the engine has no task ", name),
            text_line("create it, or set ", s.task_in_code ? "options.task_name" : "ARTHUR_TASK_NAME", " to one that exists")};
  }
  finding out{text_line("the task ", name, " can't be looked up (", status, ")"), {}};
  if (status == 401) {
    out.fix = refusals::unauthorized(engine_of(s));
  } else if (status == 403) {
    out.fix = text_line("the key may not read tasks; use one with the role TASK-ADMIN, or name the task by its id in ARTHUR_TASK_ID");
  } else {
    out.fix = text_line("is it an Arthur Engine? ", change_address(s.where.engine.source));
  }
  return out;
}

/// An answer that isn't a success. `reason`: the endpoint's own words, or "".
inline finding refusal(int status, std::string_view reason, std::string_view location, const asked_party& p) {
  text_line what(name_of(p), " answered ", status);
  if (!reason.empty()) what = text_line(what, " (", reason, ")");
  return {what, advice(status, location, p)};
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// questions.hpp: what an endpoint is asked beside taking spans: the encoding that it reads, the task's id, and plain GETs.
#ifndef ARTHUR_RUNTIME_QUESTIONS_HPP
#define ARTHUR_RUNTIME_QUESTIONS_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

enum class asked {
  known,        ///< there is an answer, and it stands
  later,        ///< not now: it says so itself
  unreachable,  ///< no answer
};

/// Each question fills `last`: the newest answer, or why there is none.
class questions {
 public:
  questions(const settings& s, outcome& last) : settings_(s), last_(last) {
    search_ = "{\"task_name\":";
    const std::size_t before = search_.size();
    search_.resize(before + 6 * s.task_name.size() + 64);  // no byte of a name becomes more than six
    buffer name(&search_[before], search_.size() - before);
    // What is no UTF-8 in it would spoil the whole request.
    append_json_string(name, s.task_name.data(), s.task_name.size());
    search_.resize(before + name.size());
    search_ += '}';
    target_.reserve(s.where.engine.target.size() + 128);
  }

  /// Sends the empty request and fills `as`, also where the endpoint refused for another reason than the encoding.
  asked ask_encoding(transport& main, std::uint64_t deadline, encoding& as) {
    request r;
    r.target = settings_.where.traces.target.c_str();
    r.content_type = "application/json";
    r.body = empty_json_request;
    r.body_size = sizeof empty_json_request - 1;
    if (!send(main, r, deadline)) return asked::unreachable;
    switch (classify(last_.answer.status, settings_.where.profile, false)) {
      case verdict::retry_later:
      case verdict::split: return asked::later;
      case verdict::wrong_encoding: as = encoding::protobuf; return asked::known;
      default: as = encoding::json; return asked::known;
    }
  }

  /// Looks settings::task_name up, a page at a time. `id` stays empty if the engine refused (then the answer's status isn't
  /// 200) or has no such task.
  asked ask_task(transport& engine, std::uint64_t deadline, text_line& id) {
    constexpr std::size_t page_size = max_answer < (std::size_t{1} << 20) ? 10 : 100;
    for (std::size_t page = 0; page < 100; ++page) {
      if (const asked a = search(engine, search_, page, page_size, deadline); a != asked::known) return a;
      if (last_.answer.status != 200) return asked::known;
      const task_page found = read_task_page(last_.answer.body, settings_.task_name);
      id = found.id;
      if (!id.empty() || found.tasks == 0 || (page + 1) * page_size >= found.total) break;
    }
    return asked::known;
  }

  /// One page of the tasks that there are, the newest first.
  asked ask_tasks(transport& engine, std::size_t page_size, std::uint64_t deadline) {
    return search(engine, "{}", 0, page_size, deadline);
  }

  /// `path` begins with '/', and is appended to the engine's base.
  asked get(transport& engine, std::string_view path, std::uint64_t deadline) {
    target_.assign(settings_.where.engine.target).append(path);
    request r;
    r.method = "GET";
    r.target = target_.c_str();
    return send(engine, r, deadline) ? judge() : asked::unreachable;
  }

 private:
  asked search(transport& engine, std::string_view body, std::size_t page, std::size_t page_size, std::uint64_t deadline) {
    target_.assign(settings_.where.engine.target);
    target_.append(text_line("/api/v2/tasks/search?page=", page, "&page_size=", page_size, "&sort=desc"));
    request r;
    r.target = target_.c_str();
    r.content_type = "application/json";
    r.body = body.data();
    r.body_size = body.size();
    return send(engine, r, deadline) ? judge() : asked::unreachable;
  }

  bool send(transport& to, const request& r, std::uint64_t deadline) {
    return to.send(r, deadline, last_.answer, last_.error) == transport_result::answered;
  }
  asked judge() const { return last_.answer.status == 429 || last_.answer.status >= 500 ? asked::later : asked::known; }

  const settings& settings_;
  outcome& last_;
  std::string search_;  // the task search: body
  std::string target_;  // and path
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline void say_unconfirmed(diagnostics& says, std::size_t spans) {
  says.say(diagnostics::topic::asking, severity::warning,
           text_line(spans, " spans remain unconfirmed: the key may not read traces, so the engine can't be asked whether it has them; "
                            "one with the role TASK-ADMIN may"));
}

inline void say_unreachable(diagnostics& says, std::string_view error, std::size_t spans) {
  says.say(diagnostics::topic::connection, severity::warning, text_line(error, "; ", spans, " spans wait for the next attempt"));
}

inline void say_refused(diagnostics& says, const asked_party& by, const response& a) {
  const finding f = refusal(a.status, read_rejection(a.body, a.content_type).reason, a.location, by);
  says.say(diagnostics::topic::refusal, severity::warning, text_line(f.text, f.fix.empty() ? "" : ": ", f.fix));
}
/// Spans were not taken, by whatever they were given to.
inline void say_refused(diagnostics& says, const settings& s, const outcome& what) {
  if (s.sink == sink::endpoint) say_refused(says, traces_of(s), what.answer);
  else says.say(diagnostics::topic::refusal, severity::warning, what.error);
}

/// A log-in or captive portal's: the engine answers in JSON.
inline bool is_web_page(const response& a) noexcept { return a.content_type.compare(0, 9, "text/html") == 0; }

/// Nanoseconds that the answer asks to wait; 0 = it doesn't say.
inline std::uint64_t retry_after(const response& a) {
  const std::int64_t seconds = parse_retry_after(a.retry_after, static_cast<std::int64_t>(unix_nanoseconds() / 1000000000U));
  return seconds > 0 ? static_cast<std::uint64_t>(seconds) * 1000000000U : 0;
}

class preparation {
 public:
  preparation(const settings& s, resources& groups, diagnostics& says, outcome& last)
      : settings_(s), groups_(groups), says_(says), outcome_(last), questions_(s, last) {
    if (s.protocol == protocol::http_json || s.sink != sink::endpoint) pin(encoding::json);
    // A file holds JSON lines, whatever the protocol on the wire is.
    if (s.protocol == protocol::http_protobuf && s.sink != sink::file) pin(encoding::protobuf);
  }

  bool done() const noexcept { return done_; }
  encoding known() const noexcept { return encoding_; }
  /// Whether spans were accepted in the encoding, or it is pinned: a 400 is about the data then.
  bool proven() const noexcept { return proven_; }
  void prove() noexcept { proven_ = true; }
  /// Real spans were refused in the encoding that the probe found: the other one, and no further change.
  void change() noexcept { pin(encoding_ == encoding::json ? encoding::protobuf : encoding::json); }

  // Without an answer both are asked again.
  static_assert(may_repeat(errand::probe, profile::arthur) && may_repeat(errand::task_search, profile::arthur), "");

  /// Asks what isn't known yet. False: no answer now, ask again after `pause` nanoseconds at least.
  bool ask(transport& main, transport* engine, std::uint64_t deadline, std::size_t waiting, std::uint64_t& pause) {
    if (!decided_ && !probe(main, deadline, waiting, pause)) return false;
    if (engine != nullptr && !find_task(*engine, deadline, waiting, pause)) return false;
    done_ = true;
    return true;
  }

 private:
  void pin(encoding as) noexcept {
    encoding_ = as;
    decided_ = proven_ = true;
  }

  bool probe(transport& main, std::uint64_t deadline, std::size_t waiting, std::uint64_t& pause) {
    if (!answered(questions_.ask_encoding(main, deadline, encoding_), traces_of(settings_), waiting, pause)) return false;
    if (encoding_ == encoding::protobuf) {
      says_.say(diagnostics::topic::protocol, severity::info,
                text_line(origin(settings_.where.traces), " does not read OTLP/JSON (", outcome_.answer.status, "); sending protobuf"));
    }
    decided_ = true;
    return true;
  }

  bool find_task(transport& engine, std::uint64_t deadline, std::size_t waiting, std::uint64_t& pause) {
    if (settings_.task_name.empty() || !settings_.task_id.empty()) return true;
    text_line id;
    if (!answered(questions_.ask_task(engine, deadline, id), engine_of(settings_), waiting, pause)) return false;
    if (!id.empty()) {
      groups_.task_found(id);
    } else {
      groups_.no_task();
      const finding f = no_task(settings_, outcome_.answer.status);
      says_.say(diagnostics::topic::task, severity::warning,
                text_line(f.text, ": ", f.fix, "; traces go under the service name \"",
                          one_line(settings_.service_name), "\" meanwhile"));
    }
    return true;
  }

  /// False: no answer now, and that is said.
  bool answered(asked how, const asked_party& by, std::size_t waiting, std::uint64_t& pause) {
    if (how == asked::unreachable) say_unreachable(says_, outcome_.error, waiting);
    if (how == asked::later) {
      say_refused(says_, by, outcome_.answer);
      pause = retry_after(outcome_.answer);
    }
    return how == asked::known;
  }

  const settings& settings_;
  resources& groups_;
  diagnostics& says_;
  outcome& outcome_;
  questions questions_;
  encoding encoding_ = encoding::json;
  bool decided_ = false;  // the encoding was probed or pinned
  bool proven_ = false;
  bool done_ = false;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// spooling.hpp: the spool as delivery uses it: opened when it is first needed, one file at a time, and told about.
#ifndef ARTHUR_RUNTIME_SPOOLING_HPP
#define ARTHUR_RUNTIME_SPOOLING_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

// spool.hpp: batches that couldn't be delivered, one file each, in a directory that several processes may share.
#ifndef ARTHUR_SPOOL_SPOOL_HPP
#define ARTHUR_SPOOL_SPOOL_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

// absent.hpp: the face of the spool where there is none: Windows.
#ifndef ARTHUR_SPOOL_ABSENT_HPP
#define ARTHUR_SPOOL_ABSENT_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

// file_content.hpp: what a spooled file holds: one OTLP request whose last field is the checksum of all before it.
#ifndef ARTHUR_SPOOL_FILE_CONTENT_HPP
#define ARTHUR_SPOOL_FILE_CONTENT_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// checksum.hpp: CRC-32C, which tells a whole file from one that was cut off or changed.
#ifndef ARTHUR_SPOOL_CHECKSUM_HPP
#define ARTHUR_SPOOL_CHECKSUM_HPP

#include <cstddef>
#include <cstdint>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Entry [k][b]: what the byte b does to the checksum k bytes later.
struct crc32c_tables {
  std::uint32_t at[8][256];
  constexpr crc32c_tables() noexcept : at() {
    for (std::uint32_t b = 0; b < 256; ++b) {
      std::uint32_t crc = b;
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
      at[0][b] = crc;
    }
    for (std::uint32_t b = 0; b < 256; ++b) {
      for (int k = 1; k < 8; ++k) at[k][b] = at[k - 1][b] >> 8 ^ at[0][at[k - 1][b] & 0xffU];
    }
  }
};
inline constexpr crc32c_tables crc32c_table{};

/// As in iSCSI (RFC 3720). Eight bytes at a time: a batch of a megabyte takes less than a millisecond.
inline std::uint32_t crc32c(const char* data, std::size_t size) noexcept {
  const auto& t = crc32c_table.at;
  const auto* p = reinterpret_cast<const unsigned char*>(data);
  std::uint32_t crc = 0xffffffffU;
  for (; size >= 8; size -= 8, p += 8) {
    const std::uint32_t low = crc ^ (p[0] | std::uint32_t{p[1]} << 8 | std::uint32_t{p[2]} << 16 | std::uint32_t{p[3]} << 24);
    crc = t[7][low & 0xffU] ^ t[6][low >> 8 & 0xffU] ^ t[5][low >> 16 & 0xffU] ^ t[4][low >> 24] ^ t[3][p[4]] ^ t[2][p[5]] ^
          t[1][p[6]] ^ t[0][p[7]];
  }
  for (; size > 0; --size) crc = crc >> 8 ^ t[0][(crc ^ *p++) & 0xffU];
  return ~crc;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Spans and resources as append_request() takes them; they point into the bytes that were read.
struct spool_content {
  value_list<span_piece> spans;
  value_list<resource_view> groups;

  void clear() noexcept {
    spans.clear();
    groups.clear();
  }
};

enum class spool_reading { good, damaged, no_memory };

/// Field 1000 of ExportTraceServiceRequest, which OTLP doesn't know: every protobuf reader skips it.
constexpr std::uint32_t checksum_tag = 1000 << 3 | wire::type_fixed32;
constexpr std::size_t checksum_size = 6;

/// The last bytes of a file whose other bytes are these. Writes `checksum_size` bytes.
inline void put_checksum(char* to, const char* data, std::size_t size) noexcept {
  wire::put_fixed32(wire::put_varint(to, checksum_tag), crc32c(data, size));
}

namespace spool_reader {

inline bool damaged(text_line& why, std::string_view what) noexcept {
  why = text_line(what);
  return false;
}

// The fields that name a span must be there: what can't be asked back must not be sent.
inline bool read_span(const wire::field& span, text_line& why) noexcept {
  wire::reader in(span.data, span.size);
  wire::field f;
  bool trace = false, own = false;
  while (in.next(f)) {
    if (f.tag == wire::span_trace_id) trace = f.size == 16;
    if (f.tag == wire::span_span_id) own = f.size == 8;
  }
  if (!in.ok()) return damaged(why, "a span can't be read");
  return (trace && own) || damaged(why, "a span has no id");
}

// False with an empty `why`: no memory.
inline bool read_resource_spans(const wire::field& resource_spans, spool_content& out, text_line& why) noexcept {
  constexpr std::uint8_t field_1 = 1 << 3 | wire::type_bytes;
  constexpr std::uint8_t field_2 = 2 << 3 | wire::type_bytes;
  const auto group = static_cast<std::uint32_t>(out.groups.size());
  if (!out.groups.push_back({resource_spans.data, 0})) return false;
  wire::reader in(resource_spans.data, resource_spans.size);
  wire::field f;
  while (in.next(f)) {
    if (f.tag == field_1) out.groups[group] = {f.data, f.size};
    if (f.tag != field_2) continue;
    wire::reader scope(f.data, f.size);
    wire::field span;
    while (scope.next(span)) {
      if (span.tag != field_2) continue;
      if (!read_span(span, why) || !out.spans.push_back({group, span.data, span.size})) return false;
    }
    if (!scope.ok()) return damaged(why, "a group of spans can't be read");
  }
  return in.ok() || damaged(why, "a resource can't be read");
}

}  // namespace spool_reader

/// Reads an encoded request. `damaged`: `why` says what is wrong with it. Safe with any bytes.
inline spool_reading read_spool_request(const char* data, std::size_t size, spool_content& out, text_line& why) noexcept {
  constexpr std::uint8_t field_1 = 1 << 3 | wire::type_bytes;
  out.clear();
  why.clear();
  wire::reader in(data, size);
  wire::field f;
  bool good = true;
  while (good && in.next(f)) {
    if (f.tag == field_1) good = spool_reader::read_resource_spans(f, out, why);
  }
  if (good && !in.ok()) good = spool_reader::damaged(why, "it is no OTLP request");
  if (good && out.spans.empty()) good = spool_reader::damaged(why, "it holds no spans");
  if (good) return spool_reading::good;
  out.clear();
  return why.empty() ? spool_reading::no_memory : spool_reading::damaged;
}

/// Reads a whole file: a request and its checksum.
inline spool_reading read_spool_file(const char* data, std::size_t size, spool_content& out, text_line& why) noexcept {
  char end[checksum_size];
  if (size >= checksum_size) {
    const std::size_t request = size - checksum_size;
    put_checksum(end, data, request);
    if (std::memcmp(end, data + request, checksum_size) == 0) return read_spool_request(data, request, out, why);
  }
  out.clear();
  why = text_line("its checksum doesn't match: it was cut off or changed");
  return spool_reading::damaged;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// settings.hpp: where the spool lies and how much it may hold.
#ifndef ARTHUR_SPOOL_SETTINGS_HPP
#define ARTHUR_SPOOL_SETTINGS_HPP

#include <cstdint>
#include <string>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct spool_settings {
  std::string directory;
  std::uint64_t max_bytes;  // of all files of ours in it, other processes' too
  std::uint64_t max_age;    // nanoseconds; UINT64_MAX = they never expire
};

enum class spool_result { ok, full, failed };

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#if defined(_WIN32)

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline bool spool_exists(const std::string&) noexcept { return false; }

class spool_claim {
 public:
  bool held() const noexcept { return false; }
  const spool_content& content() const noexcept { return content_; }
  bool in_doubt() const noexcept { return false; }
  std::uint64_t sent_at() const noexcept { return 0; }
  bool mark_sent(std::uint64_t) noexcept { return false; }
  bool keep(const buffer&) noexcept { return false; }
  void delivered() noexcept {}
  void release() noexcept {}
  void doubt() noexcept {}
  void unconfirmed() noexcept {}
  void corrupt(std::string_view) noexcept {}

 private:
  spool_content content_;
};

class spool {
 public:
  using result = spool_result;
  spool(const spool_settings&, std::uint64_t (*)()) {}
  bool open(text_line& why) noexcept {
    why = text_line("there is no spool on Windows in this version: leave options.spool_directory (ARTHUR_SPOOL_DIR) empty");
    return false;
  }
  result put(const buffer&, std::uint64_t, text_line& why) noexcept {
    open(why);
    return result::failed;
  }
  bool take(spool_claim&, std::uint64_t) noexcept { return false; }
  std::uint64_t expire() noexcept { return 0; }
  std::uint64_t bytes() const noexcept { return 0; }
  std::size_t waiting() const noexcept { return 0; }
  std::uint64_t next_doubt() const noexcept { return UINT64_MAX; }
  text_line note() noexcept { return {}; }
  void drop_inherited() noexcept {}
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#endif
// directory.hpp: the spool's directory: which files are in it, who may touch them, and how one is made and locked.
#ifndef ARTHUR_SPOOL_DIRECTORY_HPP
#define ARTHUR_SPOOL_DIRECTORY_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

// file_calls.hpp: the system calls behind the spool, in a table, so that tests can let each of them fail.
#ifndef ARTHUR_SPOOL_FILE_CALLS_HPP
#define ARTHUR_SPOOL_FILE_CALLS_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>


#if !defined(_WIN32)

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// As the functions of POSIX; names are relative to an open directory.
struct file_calls {
  int (*open)(int folder, const char* name, int flags);
  ssize_t (*write)(int file, const void* data, std::size_t size);
  ssize_t (*read)(int file, void* to, std::size_t size);
  int (*close)(int file);
  int (*rename)(int folder, const char* from, const char* to);
  int (*unlink)(int folder, const char* name);
  int (*lock)(int file, int operation);
  int (*touch)(int file, std::uint64_t unix_nanoseconds);
};

inline constexpr file_calls system_calls = {
    // O_NONBLOCK: a pipe that somebody put there under a name of ours must not hold us.
    [](int folder, const char* name, int flags) {
      return ::openat(folder, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    },
    [](int file, const void* data, std::size_t size) { return ::write(file, data, size); },
    [](int file, void* to, std::size_t size) { return ::read(file, to, size); },
    [](int file) { return ::close(file); },
    [](int folder, const char* from, const char* to) { return ::renameat(folder, from, folder, to); },
    [](int folder, const char* name) { return ::unlinkat(folder, name, 0); },
    [](int file, int operation) { return ::flock(file, operation); },
    [](int file, std::uint64_t time) {
      timespec both[2] = {};
      both[0].tv_nsec = UTIME_OMIT;
      both[1].tv_sec = static_cast<time_t>(time / 1000000000);
      both[1].tv_nsec = static_cast<long>(time % 1000000000);
      return ::futimens(file, both);
    },
};

/// When the file was changed last, in Unix nanoseconds.
inline std::uint64_t changed_at(const struct stat& about) noexcept {
#if defined(__APPLE__)
  const timespec& t = about.st_mtimespec;
#else
  const timespec& t = about.st_mtim;
#endif
  return static_cast<std::uint64_t>(t.tv_sec) * 1000000000 + static_cast<std::uint64_t>(t.tv_nsec);
}

/// Writes all of it. False: errno says why not.
inline bool write_all(const file_calls& calls, int file, const char* data, std::size_t size) noexcept {
  while (size > 0) {
    const ssize_t n = calls.write(file, data, size);
    if (n > 0) {
      data += n;
      size -= static_cast<std::size_t>(n);
    } else if (n == 0 || errno != EINTR) {
      if (n == 0) errno = EIO;
      return false;
    }
  }
  return true;
}

/// Reads `size` bytes, or fewer where the file ends. False: errno says why not.
inline bool read_all(const file_calls& calls, int file, std::size_t size, buffer& out) noexcept {
  out.clear();
  char* const to = out.reserve_more(size);
  if (to == nullptr) {
    out.clear();
    errno = ENOMEM;
    return false;
  }
  while (out.size() < size) {
    const ssize_t n = calls.read(file, to + out.size(), size - out.size());
    if (n > 0) out.advance(static_cast<std::size_t>(n));
    else if (n == 0) break;
    else if (errno != EINTR) return false;
  }
  return true;
}

/// A new file of this size must not be begun: RLIMIT_FSIZE forbids it, and the signal that comes with trying (SIGXFSZ)
/// ends the program by default. Blocking it wouldn't do: not every system sends it to the writing thread.
inline bool beyond_size_limit(std::size_t size) noexcept {
  rlimit most{};
  return ::getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur != RLIM_INFINITY && size > most.rlim_cur;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#endif
// file_name.hpp: names of spooled files: when, by whom, and in which state.
#ifndef ARTHUR_SPOOL_FILE_NAME_HPP
#define ARTHUR_SPOOL_FILE_NAME_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

enum class spool_state : std::uint8_t {
  pending,      // to be sent
  sending,      // claimed by a process that holds its lock; without one in doubt: perhaps sent, no answer came
  unconfirmed,  // perhaps stored, and nobody can tell: never sent by itself
  corrupt,      // its checksum or content is wrong
  writing,      // not complete yet
};

/// arthur-20261121T183005.123456789Z-9f86d081884c7d65-0000000042.otlp, and a suffix for every state but pending.
struct spool_name {
  std::uint64_t time;    // of writing, in Unix nanoseconds
  std::uint64_t token;   // of the writer
  std::uint32_t number;  // the writer's
  spool_state state;

  friend bool operator<(const spool_name& a, const spool_name& b) noexcept {
    if (a.time != b.time) return a.time < b.time;
    return a.token != b.token ? a.token < b.token : a.number < b.number;
  }
};

constexpr std::string_view spool_suffixes[] = {"", ".sending", ".unconfirmed", ".corrupt", ".tmp"};

namespace spool_names {

constexpr char digits[] = "0123456789abcdef";

inline char* put_digits(char* to, std::uint64_t value, int count, unsigned base = 10) noexcept {
  for (int i = count; i-- > 0; value /= base) to[i] = digits[value % base];
  return to + count;
}
inline std::uint64_t get_digits(const char* from, int count, unsigned base = 10) noexcept {
  std::uint64_t value = 0;
  for (int i = 0; i < count; ++i) {
    std::uint64_t digit = 0;
    while (digit < base && digits[digit] != from[i]) ++digit;
    value = value * base + digit;
  }
  return value;
}

// Places in arthur-YYYYmmddTHHMMSS.nnnnnnnnnZ-tttttttttttttttt-NNNNNNNNNN.otlp
constexpr std::size_t at_date = 7, at_token = 34, at_number = 51, at_suffix = 66;

}  // namespace spool_names

/// A name, zero-ended.
struct spool_file_name {
  char text[spool_names::at_suffix + sizeof ".unconfirmed"];
};

inline spool_file_name to_text(const spool_name& name) noexcept {
  using namespace spool_names;
  constexpr std::uint64_t second = 1000000000;
  const std::uint64_t seconds = name.time / second;
  const calendar::date day = calendar::date_of(seconds / 86400);
  spool_file_name out{};
  std::memcpy(out.text, "arthur-", at_date);
  char* to = put_digits(out.text + at_date, day.year * 10000 + day.month * 100 + day.day, 8);
  *to++ = 'T';
  to = put_digits(to, seconds / 3600 % 24 * 10000 + seconds / 60 % 60 * 100 + seconds % 60, 6);
  *to++ = '.';
  to = put_digits(to, name.time % second, 9);
  std::memcpy(to, "Z-", 2);
  to = put_digits(to + 2, name.token, 16, 16);
  *to++ = '-';
  to = put_digits(to, name.number, 10);
  std::memcpy(to, ".otlp", 5);
  const std::string_view suffix = spool_suffixes[static_cast<std::size_t>(name.state)];
  std::memcpy(to + 5, suffix.data(), suffix.size());
  return out;
}

/// False: no name of ours.
inline bool parse_spool_name(std::string_view text, spool_name& out) noexcept {
  using namespace spool_names;
  if (text.size() < at_suffix) return false;
  const char* const at = text.data() + at_date;
  const std::uint64_t day = get_digits(at, 8), clock = get_digits(at + 9, 6);
  const std::uint64_t seconds = calendar::days_of(day / 10000, day / 100 % 100, day % 100) * 86400 + clock / 10000 * 3600 + clock / 100 % 100 * 60 + clock % 100;
  out.time = seconds * 1000000000 + get_digits(at + 16, 9);
  out.token = get_digits(text.data() + at_token, 16, 16);
  out.number = static_cast<std::uint32_t>(get_digits(text.data() + at_number, 10));
  for (std::size_t state = 0; state < sizeof spool_suffixes / sizeof *spool_suffixes; ++state) {
    if (text.substr(at_suffix) != spool_suffixes[state]) continue;
    out.state = static_cast<spool_state>(state);
    return to_text(out).text == text;  // whatever wasn't a digit or a date there reads differently
  }
  return false;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#if !defined(_WIN32)

#include <dirent.h>

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct spool_entry {
  spool_name name;
  bool busy;  // another one holds its lock, or it can't be read: not looked at before the next scan
  std::uint64_t size;
  std::uint64_t changed;  // of a file in doubt: when it was last sent
};

/// The files are known from a scan, which comes back at most once a second, less often the more files there are (a
/// millisecond's pause for each, where looking at it takes two microseconds), and after writing a sixteenth of the
/// bound. In between only this object's own doings are followed.
class spool_directory {
 public:
  enum class lock_result { locked, busy, gone, failed };

  spool_directory(std::string path, std::uint64_t max_bytes, std::uint64_t (*unix_clock)(), const file_calls& calls)
      : path_(std::move(path)), max_bytes_(max_bytes), clock_(unix_clock), calls_(calls) {}
  ~spool_directory() {
    if (folder_ >= 0) ::close(folder_);
  }
  spool_directory(const spool_directory&) = delete;
  spool_directory& operator=(const spool_directory&) = delete;

  bool open(text_line& why) noexcept {
    constexpr std::string_view advice = "; set options.spool_directory (ARTHUR_SPOOL_DIR) to one where this process may write";
    if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) {
      why = text_line("can't make the spool directory ", path_, ": ", error_text(errno), advice);
      return false;
    }
    folder_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat about {};
    if (folder_ < 0 || ::fstat(folder_, &about) != 0 || ::faccessat(folder_, ".", W_OK | X_OK, AT_EACCESS) != 0) {
      why = text_line("can't use the spool directory ", path_, ": ", error_text(errno), advice);
      drop();
      return false;
    }
    // No reason to refuse: volumes of containers are often like that. What others write there isn't read, and they can't
    // read what we write; but they could take files away, or have one sent twice by renaming it.
    others_write_ = (about.st_mode & (S_IWGRP | S_IWOTH)) != 0 || (about.st_uid != ::geteuid() && about.st_uid != 0);
    if (others_write_ && (about.st_mode & S_ISVTX) == 0) {
      remark("other users can remove and rename files in the spool ", path_, ": give it to this user alone (chown, chmod 700)");
    }
    fill_random(&token_, sizeof token_);
    scan(clock_());
    return true;
  }
  bool is_open() const noexcept { return folder_ >= 0; }

  /// Only closes: what a forked child does.
  void drop() noexcept {
    const int was = std::exchange(folder_, -1);
    if (was >= 0) ::close(was);
  }

  const std::string& path() const noexcept { return path_; }
  const file_calls& calls() const noexcept { return calls_; }
  std::uint64_t bytes() const noexcept { return bytes_; }
  bool has_room(std::uint64_t size) const noexcept { return size <= max_bytes_ && bytes_ <= max_bytes_ - size; }

  // Oldest first.
  std::size_t size() const noexcept { return entries_.size(); }
  spool_entry& operator[](std::size_t n) noexcept { return entries_[n]; }
  const spool_entry& operator[](std::size_t n) const noexcept { return entries_[n]; }

  /// A file that came, or came back; its bytes are counted apart.
  void add(const spool_entry& e) noexcept {
    if (!entries_.push_back(e)) {
      interval_ = 0;  // no memory: the next scan finds it
      return;
    }
    spool_entry* const first = entries_.data();
    spool_entry* const last = first + entries_.size() - 1;
    std::rotate(std::upper_bound(first, last, e, older), last, last + 1);
  }
  /// Takes the n-th off the list.
  void remove(std::size_t n) noexcept {
    std::copy(entries_.data() + n + 1, entries_.data() + entries_.size(), entries_.data() + n);
    entries_.pop_back();
  }
  void count_bytes(std::uint64_t came, std::uint64_t went) noexcept {
    bytes_ = bytes_ + came > went ? bytes_ + came - went : 0;
    written_ += came;
  }

  /// `held`: a file whose name is left out, because the caller has it; null = none.
  void scan_if_due(std::uint64_t now, const spool_name* held) noexcept {
    // A clock that was set back makes a huge difference, too.
    if (now - scanned_ >= interval_ || written_ > max_bytes_ / 16) scan(now, held);
  }

  /// Opens the file, takes its lock, and makes sure that the name still means this file. `file` is to be given to
  /// let_go() after `locked`, and -1 otherwise; after `failed` errno says why.
  lock_result lock(const spool_name& name, int& file, struct stat& about) noexcept {
    const spool_file_name text = to_text(name);
    file = calls_.open(folder_, text.text, O_RDWR);
    if (file < 0) return errno == ENOENT ? lock_result::gone : lock_result::failed;
    if (calls_.lock(file, LOCK_EX | LOCK_NB) != 0) {
      const bool busy = errno == EWOULDBLOCK;
      forget(file);
      return busy ? lock_result::busy : lock_result::failed;
    }
    // While we waited for the lock its holder may have renamed, replaced or removed the file: then nothing has our name
    // or another file has it. Our descriptor keeps the inode's number from being given away meanwhile.
    struct stat named {};
    if (::fstat(file, &about) == 0 && ::fstatat(folder_, text.text, &named, AT_SYMLINK_NOFOLLOW) == 0 && about.st_ino == named.st_ino &&
        about.st_dev == named.st_dev && is_ours(about)) {
      return lock_result::locked;
    }
    let_go(file);
    return lock_result::gone;
  }

  /// Gives lock and file back. Unlocks expressly: a forked child may hold a copy of the descriptor, and the lock with it.
  void let_go(int& file) noexcept {
    calls_.lock(file, LOCK_UN);
    forget(file);
  }

  /// Closes without unlocking.
  void forget(int& file) noexcept {
    // In this order: a child forked in between must not close a number that is another file's by then.
    const int was = std::exchange(file, -1);
    if (was >= 0) calls_.close(was);
  }

  /// A name that nobody else makes.
  spool_name new_name() noexcept { return {clock_(), token_, ++number_, spool_state::writing}; }

  /// Writes a complete file under the temporary name and keeps it open and locked. `changed` 0: now. False: nothing is
  /// left of it; errno says why.
  ///
  /// Nothing is synced: a file is to survive its process, not the kernel. The checksum finds what a crash of the machine
  /// left torn.
  bool write(spool_name& temporary, const buffer& request, std::uint64_t changed, int& file) noexcept {
    if (beyond_size_limit(request.size() + checksum_size)) {
      errno = EFBIG;
      return false;
    }
    for (int tries = 0; tries < 3; ++tries) {
      temporary = new_name();
      const spool_file_name text = to_text(temporary);
      file = calls_.open(folder_, text.text, O_WRONLY | O_CREAT | O_EXCL);
      if (file < 0 && (errno == EEXIST || (errno == ENOENT && open_again()))) continue;
      if (file < 0) return false;
      struct stat about {};
      const bool locked = calls_.lock(file, LOCK_EX | LOCK_NB) == 0;
      // Between the two calls somebody whose clock differs may have taken it for a dead process's, and removed it.
      if ((!locked && errno == EWOULDBLOCK) || (locked && ::fstat(file, &about) == 0 && about.st_nlink == 0)) {
        forget(file);
        continue;
      }
      char end[checksum_size];
      put_checksum(end, request.data(), request.size());
      if (locked && write_all(calls_, file, request.data(), request.size()) && write_all(calls_, file, end, sizeof end) &&
          (changed == 0 || calls_.touch(file, changed) == 0) && close_well(file)) {
        return true;
      }
      const int error = errno;
      calls_.unlink(folder_, text.text);
      let_go(file);
      errno = error;
      return false;
    }
    errno = EEXIST;
    return false;
  }

  /// False: errno says why not.
  bool rename(const spool_name& from, const spool_name& to) noexcept {
    return calls_.rename(folder_, to_text(from).text, to_text(to).text) == 0;
  }
  bool unlink(const spool_name& name) noexcept { return calls_.unlink(folder_, to_text(name).text) == 0 || errno == ENOENT; }

  /// Keeps one line, the first, until note() is called; the others are counted.
  template <class... Parts>
  void remark(const Parts&... parts) noexcept {
    if (note_.empty()) note_ = text_line(parts...);
    else ++more_;
  }
  /// About a file, and what happened to it.
  template <class... Parts>
  void remark_about(const spool_name& name, const Parts&... parts) noexcept {
    remark("spool ", path_, ": ", to_text(name).text, parts...);
  }
  text_line note() noexcept {
    text_line all = note_;
    if (more_ != 0) all.add(text_line(" (and ", more_, " more of such)"));
    note_.clear();
    more_ = 0;
    return all;
  }

 private:
  static bool older(const spool_entry& a, const spool_entry& b) noexcept { return a.name < b.name; }

  // Where others may write, what they own isn't ours: it would be sent with our key.
  bool is_ours(const struct stat& about) const noexcept {
    return S_ISREG(about.st_mode) && (!others_write_ || about.st_uid == ::geteuid());
  }

  /// Somebody removed the directory while we had it open. False: it can't be made anew; errno is as before.
  bool open_again() noexcept {
    const int before = std::exchange(folder_, -1);
    text_line why;
    const bool opened = open(why);
    if (opened) ::close(before);
    else folder_ = before;
    errno = ENOENT;
    return opened;
  }

  // Some file systems tell only then that a write failed; closing a copy keeps the lock.
  bool close_well(int file) const noexcept {
    const int copy = ::fcntl(file, F_DUPFD_CLOEXEC, 0);
    return copy < 0 || calls_.close(copy) == 0;
  }

  void scan(std::uint64_t now, const spool_name* held = nullptr) noexcept {
    scanned_ = now;
    interval_ = second;
    const int listing = ::openat(folder_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* const list = listing < 0 ? nullptr : ::fdopendir(listing);
    if (list == nullptr) {
      remark("can't list the spool ", path_, ": ", error_text(errno));
      if (listing >= 0) ::close(listing);
      return;
    }
    entries_.clear();
    bytes_ = written_ = 0;
    while (const dirent* const e = ::readdir(list)) look_at(e->d_name, now, held);
    ::closedir(list);
    std::sort(entries_.data(), entries_.data() + entries_.size(), older);
    interval_ += entries_.size() * (second / 1000);
  }

  void look_at(std::string_view text, std::uint64_t now, const spool_name* held) noexcept {
    if (text.front() == '.' || text == "lost+found") return;
    spool_entry e{};
    struct stat about {};
    const bool ours = parse_spool_name(text, e.name);
    if (ours && ::fstatat(folder_, text.data(), &about, AT_SYMLINK_NOFOLLOW) != 0) return;  // gone meanwhile
    if (!ours || !S_ISREG(about.st_mode)) return foreign(text, " holds what isn't arthur's, e.g. \"", "\": it is left alone");
    if (!is_ours(about)) return foreign(text, " holds files of another user, e.g. \"", "\": they are left alone; run as that user, or chown them");
    e.size = static_cast<std::uint64_t>(about.st_size);
    e.changed = changed_at(about);
    bytes_ += e.size;
    if (e.name.state == spool_state::writing) return remove_stale(e, now);
    if (held != nullptr && !(e.name < *held) && !(*held < e.name)) return;
    if (!entries_.push_back(e)) remark("no memory for the list of files in the spool ", path_, "; it is worked off in portions");
  }

  void foreign(std::string_view name, const char* what, const char* and_so) noexcept {
    if (std::exchange(foreign_said_, true)) return;
    text_line shown(name);
    std::replace_if(shown.begin(), shown.end(), text::is_control, '?');
    remark("the spool ", path_, what, shown, and_so);
  }

  /// The half-written file of a process that died: nobody holds its lock. A fresh one is left alone, because its writer may
  /// not have come to lock it.
  void remove_stale(const spool_entry& e, std::uint64_t now) noexcept {
    if (now >= e.name.time && now - e.name.time < 60 * second) return;
    int file = -1;
    struct stat about {};
    if (lock(e.name, file, about) != lock_result::locked) return;
    if (unlink(e.name)) bytes_ -= e.size;
    let_go(file);
  }

  static constexpr std::uint64_t second = 1000000000;

  const std::string path_;
  const std::uint64_t max_bytes_;
  std::uint64_t (*const clock_)();
  const file_calls& calls_;
  int folder_ = -1;
  bool others_write_ = false;
  bool foreign_said_ = false;
  std::uint64_t token_ = 0;
  std::uint32_t number_ = 0;

  value_list<spool_entry> entries_;
  std::uint64_t bytes_ = 0;
  std::uint64_t written_ = 0;  // since the scan
  std::uint64_t scanned_ = 0;
  std::uint64_t interval_ = 0;  // until the next scan

  text_line note_;
  unsigned more_ = 0;
};

/// Whether there is such a directory.
inline bool spool_exists(const std::string& directory) noexcept {
  struct stat about {};
  return ::stat(directory.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#endif

#if !defined(_WIN32)

ARTHUR_NAMESPACE_BEGIN
namespace detail {

// Who owns a file: whoever holds its lock (flock), which the kernel takes from a process that dies. A file is renamed,
// replaced or removed by the holder of its lock alone; who got the lock looks whether the name still means that file.
//
//   a process dies                        what is left                      what becomes of it
//   while it writes a file                .tmp, unlocked                    removed by anybody, a minute later
//   after the rename                      a complete pending file           sent by anybody
//   having claimed it, before mark_sent   .sending, changed when written    in doubt; never sent: the engine hasn't got it
//   after mark_sent, or without answer    .sending, changed when sent       in doubt: the engine is asked
//   while keep() replaces it              .sending, all or the rest; .tmp   in doubt, either is complete
//   after the answer, before the removal  .sending                          in doubt: the engine has it, then removed
//
//   two processes                         what decides
//   claim the same file                   the lock; the loser goes on. Having waited, it finds the name gone or another
//                                         file under it, and lets go
//   one lists, the other ends it          the name is gone when it is opened: off the list
//   one writes, the other tidies up       the lock of the .tmp, and its age. Were the tidier to come between making and
//                                         locking it, the writer sees that the file has no name, and makes another
//   both write when it is nearly full     each counts what it saw: beyond the bound by a sixteenth per process at most
class spool;

/// One file of the spool that belongs to this process until one of the endings is called. Without any (the destructor)
/// it stays in doubt. Outlived by its spool.
class spool_claim {
 public:
  spool_claim() noexcept = default;
  ~spool_claim() { doubt(); }
  spool_claim(const spool_claim&) = delete;
  spool_claim& operator=(const spool_claim&) = delete;

  bool held() const noexcept;
  /// The spans, and groups of resources; they live until an ending or keep().
  const spool_content& content() const noexcept { return content_; }
  /// It was sent before, by this process or another one, at sent_at() (Unix nanoseconds), and no answer is known. The time
  /// is that of writing if the sender died before it sent anything.
  bool in_doubt() const noexcept { return in_doubt_; }
  std::uint64_t sent_at() const noexcept { return sent_at_; }

  /// Before each sending: whoever finds the file after this process died sees when it was sent. False: it can't be written
  /// down, so it mustn't be sent.
  bool mark_sent(std::uint64_t unix_now) noexcept;
  /// Some spans have their final answer: from now on the file holds `rest`, an encoded request, alone. False: it holds all
  /// of them still.
  bool keep(const buffer& rest) noexcept;

  // The endings. What went wrong is in spool::note().

  /// A final answer for all: the file is removed.
  void delivered() noexcept;
  /// Nothing of it was stored: pending again.
  void release() noexcept { end_as(spool_state::pending); }
  /// Sent without an answer: in doubt since the last mark_sent().
  void doubt() noexcept { end_as(spool_state::sending); }
  /// Perhaps stored, and nobody can tell: kept for people, never taken again.
  void unconfirmed() noexcept { end_as(spool_state::unconfirmed); }
  /// It can't be sent: kept for people, never taken again.
  void corrupt(std::string_view why) noexcept;

 private:
  friend class spool;
  void end_as(spool_state as) noexcept;
  void clear() noexcept;

  spool* owner_ = nullptr;
  std::uint64_t size_ = 0;
  std::uint64_t sent_at_ = 0;
  bool in_doubt_ = false;
  buffer bytes_;
  spool_content content_;
};

/// One thread at a time; any number of spools and processes per directory, which lies on a local file system.
class spool {
 public:
  using result = spool_result;
  /// No file is larger: one that is can't be of ours, and isn't read into memory.
  static constexpr std::size_t max_file = std::size_t{256} << 20;

  spool(const spool_settings& s, std::uint64_t (*unix_clock)(), const file_calls& calls = system_calls)
      : directory_(s.directory, s.max_bytes, unix_clock, calls), max_bytes_(s.max_bytes), max_age_(s.max_age), clock_(unix_clock) {}

  /// Makes the directory (0700) if there is none. False: it can't be used, `why` says what to do.
  bool open(text_line& why) noexcept { return directory_.open(why); }

  /// Keeps an encoded ExportTraceServiceRequest. `sent_at` 0: it is pending; else it was sent then, without an answer, and is
  /// in doubt. Not ok: nothing is left of it on disk, and `why` says why.
  result put(const buffer& request, std::uint64_t sent_at, text_line& why) noexcept;

  /// Claims the oldest file that is pending, or in doubt and last sent at `doubt_before` or earlier. False: there is none
  /// now, or one is claimed still.
  bool take(spool_claim& out, std::uint64_t doubt_before) noexcept;

  /// Removes files that are too old, 64 per call. Returns how many spans those pending or in doubt held.
  std::uint64_t expire() noexcept;

  // As last seen; other processes may have changed it.

  /// Of all files of ours.
  std::uint64_t bytes() const noexcept { return directory_.bytes(); }
  /// Files that are pending or in doubt and that nobody has claimed.
  std::size_t waiting() const noexcept {
    std::size_t n = 0;
    for (std::size_t i = 0; i < directory_.size(); ++i) n += waits(directory_[i]);
    return n;
  }
  /// When the first of those in doubt was sent, in Unix nanoseconds; UINT64_MAX = none is.
  std::uint64_t next_doubt() const noexcept {
    std::uint64_t first = UINT64_MAX;
    for (std::size_t i = 0; i < directory_.size(); ++i) {
      const spool_entry& e = directory_[i];
      if (waits(e) && e.name.state == spool_state::sending) first = (std::min)(first, e.changed);
    }
    return first;
  }

  /// What there is to say since the last call: one line, or an empty one. To be asked for after each call.
  text_line note() noexcept { return directory_.note(); }

  /// In a forked child, on the parent's object: closes what was inherited and leaves the files to the parent. Afterwards
  /// nothing can be done with it, nor with its claim.
  void drop_inherited() noexcept {
    directory_.forget(held_);
    directory_.forget(other_);
    directory_.drop();
  }

 private:
  friend class spool_claim;
  enum class attempt { taken, gone, passed, failed };

  static bool waits(const spool_entry& e) noexcept {
    return !e.busy && (e.name.state == spool_state::pending || e.name.state == spool_state::sending);
  }
  text_line cant_write() const noexcept { return text_line("can't write to ", directory_.path(), ": ", error_text(errno)); }

  attempt claim(std::size_t n, spool_claim& out, std::uint64_t now, std::uint64_t doubt_before) noexcept;
  attempt examine(spool_entry& e, spool_claim& out, std::uint64_t now, std::uint64_t doubt_before) noexcept;
  std::uint64_t count_spans(const spool_entry& e) noexcept;
  void scan_if_due(std::uint64_t now) noexcept { directory_.scan_if_due(now, held_ >= 0 ? &held_name_ : nullptr); }

  spool_directory directory_;
  const std::uint64_t max_bytes_;
  const std::uint64_t max_age_;
  std::uint64_t (*const clock_)();
  spool_name held_name_{};
  int held_ = -1;   // the claimed file
  int other_ = -1;  // one that is being written or removed
};

inline spool::result spool::put(const buffer& request, std::uint64_t sent_at, text_line& why) noexcept {
  const std::size_t size = request.size() + checksum_size;
  if (!directory_.is_open() || size > max_file) {
    why = directory_.is_open() ? text_line("a batch of ", size, " bytes is too large for the spool ", directory_.path(), ", which takes ", max_file)
                               : text_line("the spool ", directory_.path(), " isn't open");
    return result::failed;
  }
  scan_if_due(clock_());
  if (!directory_.has_room(size)) {
    why = text_line("the spool ", directory_.path(), " is full: ", directory_.bytes(), " of ", max_bytes_, " bytes (options.spool_max_bytes)");
    return result::full;
  }
  spool_name name{};
  if (!directory_.write(name, request, sent_at, other_)) {
    why = cant_write();
    return result::failed;
  }
  spool_name final_name = name;
  final_name.state = sent_at == 0 ? spool_state::pending : spool_state::sending;
  const bool named = directory_.rename(name, final_name);
  if (!named) {
    why = cant_write();
    directory_.unlink(name);
  }
  directory_.let_go(other_);
  if (!named) return result::failed;
  directory_.count_bytes(size, 0);
  directory_.add({final_name, false, size, sent_at});
  return result::ok;
}

inline bool spool::take(spool_claim& out, std::uint64_t doubt_before) noexcept {
  if (!directory_.is_open() || held_ >= 0) return false;
  const std::uint64_t now = clock_();
  scan_if_due(now);
  int failures = 0;
  // A few failures say that it isn't the file's fault.
  for (std::size_t n = 0; n < directory_.size() && failures < 8;) {
    switch (claim(n, out, now, doubt_before)) {
      case attempt::taken:
        return true;
      case attempt::gone:
        break;  // another file is the n-th now
      case attempt::failed:
        directory_[n].busy = true;
        ++failures;
        ++n;
        break;
      case attempt::passed:
        ++n;
        break;
    }
  }
  return false;
}

inline spool::attempt spool::claim(std::size_t n, spool_claim& out, std::uint64_t now, std::uint64_t doubt_before) noexcept {
  spool_entry& e = directory_[n];
  if (!waits(e)) return attempt::passed;
  // In the future: the clock was set back since.
  if (e.name.state == spool_state::sending && e.changed > doubt_before && e.changed <= now) return attempt::passed;
  struct stat about {};
  switch (directory_.lock(e.name, held_, about)) {
    case spool_directory::lock_result::locked:
      break;
    case spool_directory::lock_result::busy:
      e.busy = true;
      return attempt::passed;
    case spool_directory::lock_result::gone:
      directory_.count_bytes(0, e.size);
      directory_.remove(n);
      return attempt::gone;
    case spool_directory::lock_result::failed:
      directory_.remark_about(e.name, " can't be opened: ", error_text(errno));
      return attempt::failed;
  }
  e.size = static_cast<std::uint64_t>(about.st_size);
  e.changed = changed_at(about);
  const attempt found = examine(e, out, now, doubt_before);
  if (found != attempt::taken) {
    out.clear();
    directory_.let_go(held_);
    return found;
  }
  directory_.remove(n);
  return found;
}

/// Looks at the file that was just locked, and makes it `out` if it may be sent.
inline spool::attempt spool::examine(spool_entry& e, spool_claim& out, std::uint64_t now, std::uint64_t doubt_before) noexcept {
  out.in_doubt_ = e.name.state == spool_state::sending;
  if (out.in_doubt_ && e.changed > now) {
    // Nobody knows how long ago that was, so the wait begins anew.
    if (directory_.calls().touch(held_, now) == 0) e.changed = now;
  }
  if (out.in_doubt_ && e.changed > doubt_before) return attempt::passed;

  text_line why("it is larger than any of ours");
  spool_reading reading = spool_reading::damaged;
  if (e.size <= max_file) {
    if (!read_all(directory_.calls(), held_, static_cast<std::size_t>(e.size), out.bytes_)) {
      directory_.remark_about(e.name, " can't be read: ", error_text(errno));
      return attempt::failed;
    }
    reading = read_spool_file(out.bytes_.data(), out.bytes_.size(), out.content_, why);
  }
  if (reading == spool_reading::no_memory) {
    directory_.remark_about(e.name, " can't be read: ", error_text(ENOMEM));
    return attempt::failed;
  }
  spool_name next = e.name;
  next.state = reading == spool_reading::damaged ? spool_state::corrupt : spool_state::sending;
  if (next.state != e.name.state && !directory_.rename(e.name, next)) {
    directory_.remark(cant_write());
    return attempt::failed;
  }
  if (reading == spool_reading::damaged) {
    directory_.remark_about(e.name, " is set aside as .corrupt: ", why);
    e.name = next;
    return attempt::passed;
  }
  out.owner_ = this;
  held_name_ = next;
  out.size_ = e.size;
  out.sent_at_ = e.changed;
  return attempt::taken;
}

inline std::uint64_t spool::expire() noexcept {
  if (!directory_.is_open()) return 0;
  const std::uint64_t now = clock_();
  scan_if_due(now);
  std::uint64_t spans = 0;
  int left = 64;  // reading them takes time
  for (std::size_t n = 0; n < directory_.size() && left > 0;) {
    spool_entry& e = directory_[n];
    if (now < e.name.time || now - e.name.time <= max_age_) break;
    struct stat about {};
    spool_directory::lock_result got = spool_directory::lock_result::busy;
    if (!e.busy) got = directory_.lock(e.name, other_, about);
    if (got == spool_directory::lock_result::locked) {
      const std::uint64_t held = waits(e) ? count_spans(e) : 0;  // the others were counted when they got their names
      if (directory_.unlink(e.name)) {
        spans += held;
        --left;
        got = spool_directory::lock_result::gone;
      } else {
        directory_.remark(cant_write());
      }
      directory_.let_go(other_);
    }
    if (got == spool_directory::lock_result::gone) {
      directory_.count_bytes(0, e.size);
      directory_.remove(n);
    } else {
      e.busy = true;
      ++n;
    }
  }
  return spans;
}

inline std::uint64_t spool::count_spans(const spool_entry& e) noexcept {
  buffer bytes;
  spool_content content;
  text_line why;
  if (e.size > max_file || !read_all(directory_.calls(), other_, static_cast<std::size_t>(e.size), bytes) ||
      read_spool_file(bytes.data(), bytes.size(), content, why) != spool_reading::good) {
    directory_.remark_about(e.name, " has expired, and can't be read: how many spans it held isn't known");
  }
  return content.spans.size();
}

inline bool spool_claim::held() const noexcept { return owner_ != nullptr && owner_->held_ >= 0; }

inline bool spool_claim::mark_sent(std::uint64_t unix_now) noexcept {
  if (!held()) return false;
  if (owner_->directory_.calls().touch(owner_->held_, unix_now) != 0) {
    owner_->directory_.remark(owner_->cant_write());
    return false;
  }
  sent_at_ = unix_now;
  return true;
}

inline bool spool_claim::keep(const buffer& rest) noexcept {
  if (!held()) return false;
  spool_directory& directory = owner_->directory_;
  buffer bytes;
  spool_content content;
  text_line why("no memory");
  if (!bytes.append(rest.data(), rest.size()) || read_spool_request(bytes.data(), bytes.size(), content, why) != spool_reading::good) {
    directory.remark_about(owner_->held_name_, " keeps spans that have their answer: ", why);
    return false;
  }
  int& fresh = owner_->other_;
  spool_name name{};
  if (!directory.write(name, rest, sent_at_, fresh)) {
    directory.remark(owner_->cant_write());
    return false;
  }
  // The new file is locked before it gets the name, so nobody can claim it in between.
  if (!directory.rename(name, owner_->held_name_)) {
    directory.remark(owner_->cant_write());
    directory.unlink(name);
    directory.let_go(fresh);
    return false;
  }
  std::swap(owner_->held_, fresh);
  directory.let_go(fresh);
  directory.count_bytes(rest.size() + checksum_size, size_);
  size_ = rest.size() + checksum_size;
  bytes_ = std::move(bytes);
  content_ = std::move(content);
  return true;
}

inline void spool_claim::delivered() noexcept {
  if (held()) {
    spool_directory& directory = owner_->directory_;
    if (directory.unlink(owner_->held_name_)) {
      directory.count_bytes(0, size_);
      directory.let_go(owner_->held_);
    } else {
      directory.remark(owner_->cant_write());
      owner_->held_ = -1;  // left open on purpose: as long as this process lives nobody can send it again
    }
  }
  clear();
}

inline void spool_claim::corrupt(std::string_view why) noexcept {
  if (held()) owner_->directory_.remark_about(owner_->held_name_, " is set aside as .corrupt: ", why);
  end_as(spool_state::corrupt);
}

inline void spool_claim::end_as(spool_state as) noexcept {
  if (held()) {
    spool_directory& directory = owner_->directory_;
    spool_name name = owner_->held_name_;
    name.state = as;
    if (as != spool_state::sending && !directory.rename(owner_->held_name_, name)) {
      directory.remark(owner_->cant_write());
      name.state = spool_state::sending;
    }
    directory.let_go(owner_->held_);
    directory.add({name, false, size_, sent_at_});
  }
  clear();
}

inline void spool_claim::clear() noexcept {
  owner_ = nullptr;
  in_doubt_ = false;
  bytes_.clear();
  bytes_.shrink(0);
  content_.clear();
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

class spooling {
 public:
  enum class taken { nothing, pending, in_doubt };
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  spooling(const settings& s, delivery_counters& counters, diagnostics& says, std::uint64_t (*clock)(), std::uint64_t (*unix_clock)())
      : counters_(counters), says_(says), clock_(clock), unix_clock_(unix_clock), due_(s.spool_directory.empty() ? never : 0) {
    if (s.spool_directory.empty()) return;
    spool_.reset(new spool({s.spool_directory, s.spool_max_bytes, s.spool_max_age}, unix_clock));
  }

  /// There is one. (Whether it can be written is seen when it is.)
  bool on() const noexcept { return spool_ != nullptr; }
  /// Files that wait in it, as last seen.
  std::size_t files() const noexcept { return spool_ == nullptr ? 0 : spool_->waiting(); }
  /// The directory can't be used.
  bool failed() const noexcept { return failed_; }
  /// When take() may find something; steady nanoseconds.
  std::uint64_t due() const noexcept { return claim_.held() ? never : due_; }

  /// Spans are accepted: now and then what other processes left is looked for.
  void look_again() noexcept {
    if (on() && due_ == never && clock_() - looked_ > long_rest) due_ = clock_();
  }

  /// The oldest file's spans. Of those in doubt only one last sent `doubt_age` ago, and none unless `doubts`.
  taken take(batch& to, std::uint64_t doubt_age, bool doubts) {
    const std::uint64_t now = clock_();
    looked_ = now;
    due_ = now + rest;
    if (!open()) return taken::nothing;
    count(counters_.expired, spool_->expire());
    const std::uint64_t unix_now = unix_clock_();
    const bool found = spool_->take(claim_, doubts && unix_now > doubt_age ? unix_now - doubt_age : 0);
    tell();
    if (!found) {
      due_ = next(now, unix_now, doubt_age, doubts);
      return taken::nothing;
    }
    due_ = now;
    if (!load(to)) {
      to.clear();
      if (claim_.in_doubt()) doubt();
      else release();
      pause();
      return taken::nothing;
    }
    return claim_.in_doubt() ? taken::in_doubt : taken::pending;
  }
  /// Nanoseconds since the file that is held was last sent.
  std::uint64_t age() const noexcept {
    const std::uint64_t now = unix_clock_();
    return now > claim_.sent_at() ? now - claim_.sent_at() : 0;
  }

  /// Keeps an encoded request of so many spans; `in_doubt`: sent `age` nanoseconds ago. False: it isn't on disk.
  bool put(const buffer& request, std::size_t spans, bool in_doubt, std::uint64_t age) {
    if (!open()) return false;
    text_line why;
    const bool kept = spool_->put(request, in_doubt ? unix_clock_() - age : 0, why) == spool::result::ok;
    if (kept) {
      due_ = (std::min)(due_, clock_());
    } else {
      says_.say(diagnostics::topic::spool, severity::warning, text_line(why, "; ", spans, " spans stay in memory"));
    }
    tell();
    return kept;
  }

  // What becomes of the file that is held.

  /// Before each sending. False: it mustn't be sent.
  bool mark_sent() { return claim_.mark_sent(unix_clock_()); }
  /// After an ending: nothing is taken for a while.
  void pause() noexcept { due_ = clock_() + rest; }
  void put_off() {
    doubt();
    pause();
  }
  bool keep(const buffer& request) {
    const bool kept = claim_.keep(request);
    tell();
    return kept;
  }
  void delivered() { end(&spool_claim::delivered); }
  void release() { end(&spool_claim::release); }
  void doubt() { end(&spool_claim::doubt); }
  void unconfirmed() { end(&spool_claim::unconfirmed); }

  /// In a forked child, on the parent's.
  void drop_inherited() noexcept {
    if (spool_ != nullptr) spool_->drop_inherited();
  }

 private:
  static constexpr std::uint64_t rest = 30000000000;  // before the next look after trouble

  static constexpr std::uint64_t long_rest = 300000000000;

  bool open() {
    if (spool_ == nullptr) return false;
    if (open_) return true;
    text_line why;
    open_ = spool_->open(why);
    failed_ = !open_;
    if (failed_) says_.say(diagnostics::topic::spool, severity::warning, why);
    tell();
    return open_;
  }

  std::uint64_t next(std::uint64_t now, std::uint64_t unix_now, std::uint64_t doubt_age, bool doubts) const noexcept {
    const std::uint64_t sent = spool_->next_doubt();
    if (sent == never || !doubts) return spool_->waiting() == 0 ? never : now + rest;
    return sent + doubt_age > unix_now ? now + (sent + doubt_age - unix_now) : now + rest;
  }

  bool load(batch& to) {
    to.clear();
    const spool_content& from = claim_.content();
    bool good = true;
    for (std::size_t n = 0; n < from.groups.size(); ++n) {
      good = good && to.resources.push_back({to.resource_bytes.size(), from.groups[n].size}) &&
             to.resource_bytes.append(from.groups[n].data, from.groups[n].size);
    }
    for (std::size_t n = 0; n < from.spans.size(); ++n) {
      const span_piece& s = from.spans[n];
      good = good && to.spans.push_back({s.group, to.bytes.size(), s.size}) && to.bytes.append(s.data, s.size);
    }
    return good;
  }

  void end(void (spool_claim::*ending)() noexcept) {
    if (!claim_.held()) return;
    (claim_.*ending)();
    due_ = (std::max)((std::min)(due_, clock_()), std::uint64_t{1});
    tell();
  }

  void tell() {
    if (const text_line note = spool_->note(); !note.empty()) says_.say(diagnostics::topic::spool, severity::warning, note);
  }

  delivery_counters& counters_;
  diagnostics& says_;
  std::uint64_t (*clock_)();  // steady nanoseconds
  std::uint64_t (*unix_clock_)();
  std::unique_ptr<spool> spool_;  // null: there is none
  spool_claim claim_;             // after it, so that it goes first
  bool open_ = false;
  bool failed_ = false;
  std::uint64_t due_;
  std::uint64_t looked_ = 0;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A state machine that never sleeps: each step sends one request at most, then says when the next one is due. Clock and
/// randomness are passed in.
///
/// A batch comes from memory or, later, from the spool. While the endpoint takes nothing, a batch from memory goes into the
/// spool, and the oldest file is what the next attempt is made with; without a spool the batch is held. A request without
/// an answer goes to the doubts, which ask the engine what it has.
class delivery {
 public:
  delivery(const settings& s, resources& groups, delivery_counters& counters, diagnostics& says, std::uint64_t (*clock)(),
           std::uint64_t (*random)(), std::uint64_t (*unix_clock)() = unix_nanoseconds)
      : settings_(s), counters_(counters), says_(says), clock_(clock), random_(random),
        preparation_(s, groups, says, outcome_), spooling_(s, counters, says, clock, unix_clock), doubts_(s, outcome_), displays_(s, groups, counters), request_(groups) {
    // Parts are not more than spans, and one span may be carried into a full batch: none of these ever grows.
    const std::size_t most = s.max_batch_spans + 1;
    request_.reserve(most);
    now_.reserve(most);
  }

  /// Takes the memory that it will ever have, where none may be taken later. False: there is none.
  bool fix() noexcept {
    // What is held and one more; no byte of a span becomes more than six in JSON.
    return now_.spans.fix(settings_.max_batch_spans + 1, 2 * settings_.max_batch_bytes) &&
           request_.fix(6 * settings_.max_batch_bytes + 16384) && displays_.fix();
  }

  void use(std::unique_ptr<transport> main, std::unique_ptr<transport> engine, std::unique_ptr<side_outputs> sides) {
    main_ = std::move(main);
    engine_ = std::move(engine);
    doubts_.use(engine_profile() ? engine_.get() : nullptr);
    displays_.use(std::move(sides));
  }

  bool busy() const noexcept { return !now_.empty(); }
  /// Whether fresh spans may join what is held, so that a poisonous span finds accepted siblings.
  bool holding() const noexcept { return now_.held; }
  /// When the batch under way wants a step.
  std::uint64_t due() const noexcept { return pauses_.due(); }
  /// The end is near: one more attempt, at once, and nothing new is begun.
  void hurry() noexcept {
    pauses_.end();
    closing_ = true;
    doubts_.hurry();
  }
  std::size_t spans() const noexcept { return now_.left(); }
  batch& waiting() noexcept { return now_.spans; }
  displays& shown() noexcept { return displays_; }
  bool may_look_ahead(bool at_end = false) const noexcept { return main_ != nullptr && displays_.may_look_ahead(at_end); }
  void take_ahead() { displays_.take_ahead(now_); }
  /// Takes responsibility for what is in waiting().
  void begin(std::uint64_t now) {
    if (!now_.held) restart(now);
    now_.held = false;
    now_.begin();  // first: what is shown may throw
    const bool written = displays_.show(now_.spans, now_.shown, now);
    now_.shown = now_.spans.spans.size();
    if (main_ == nullptr) return finish(spans(), written ? fate::delivered : fate::failed);
    if (away_) set_aside();
  }

  /// One request, at `now` (steady nanoseconds), to be answered before `limit`.
  void step(std::uint64_t now, std::uint64_t limit) {
    if (!busy() || now < pauses_.due()) return;
    // OTLP bounds the whole export, the engine's profile each attempt.
    const std::uint64_t from = engine_profile() ? now : started_;
    const std::uint64_t deadline = (std::min)(limit, from + nanoseconds(settings_.export_timeout));
    if (!preparation_.done()) {
      std::uint64_t pause = 0;
      if (!preparation_.ask(*main_, engine_.get(), deadline, spans(), pause)) {
        nothing_gets_through(pause);
        return give_up_in_time(clock_());
      }
      went_well();
    }
    if (now_.parts.ready()) send(deadline);
    if (busy() && !now_.parts.ready()) next_level();
    if (busy()) give_up_in_time(clock_());
  }

  // Errands: what is to be done between batches. Asking back, and the spool.

  /// `never`: nothing to do before a batch comes.
  std::uint64_t errand_due() const noexcept {
    std::uint64_t due = doubts_.due();
    if (!closing_) due = (std::min)(due, spooling_.due());
    return due == never ? never : (std::max)(due, pauses_.due());
  }
  /// One request at most. Afterwards there may be a batch under way.
  void run_errand(std::uint64_t now, std::uint64_t limit) {
    if (busy()) return;
    if (doubts_.due() <= now) return ask_back(limit);
    if (closing_) return;
    // For OTLP a lost answer is repeated. The engine is asked; until it has accepted something it can't be.
    const std::uint64_t doubt_age = engine_profile() ? believed_after : 0;
    const auto found = spooling_.take(now_.spans, doubt_age, !engine_profile() || doubts_.has_witness() || !doubts_.possible());
    if (found == spooling::taken::nothing) return;
    if (found == spooling::taken::pending || !engine_profile()) return resume(true, false);
    now_.spooled = true;
    if (!doubts_.possible()) return leave_unconfirmed();
    if (doubts_.holds_any() && !doubts_.has_room(now_.spans.bytes.size())) {
      spooling_.put_off();
      return now_.clear();
    }
    doubts_.add(std::move(now_.spans), true, spooling_.age(), now);
    now_.clear();
  }
  /// Spans about which the engine is asked, or will be.
  bool in_doubt() const noexcept { return !doubts_.empty(); }

  /// The end: what can be is set aside on disk, the rest is forgotten. Returns how many spans that were. Never throws.
  std::uint64_t discard() {
    if (in_flight_) now_.parts.again(flying_);
    try_to([this] { return set_aside(), true; });
    in_flight_ = false;
    while (spooling_.on() && !busy() && displays_.any_ahead()) {
      take_ahead();
      now_.begin();
      try_to([this] { return set_aside(), true; });
    }
    const std::uint64_t left = now_.spooled ? 0 : spans();
    now_.clear();
    doubts_.drain(clock_(), [this](batch&& b, bool spooled, std::uint64_t age) {
      if (spooled) return spooling_.doubt();
      now_.spans = std::move(b);
      const std::size_t spans = now_.spans.spans.size();
      const bool kept = try_to([&] { return encode({0, spans, 0}, encoding::protobuf) && spooling_.put(request_.body(), spans, true, age); });
      count(kept ? counters_.spooled : counters_.unconfirmed, spans);
      now_.clear();
    });
    spooling_.doubt();
    return left + displays_.discard();
  }
  const spooling& spool() const noexcept { return spooling_; }
  /// What lies with the doubts is taken off the pool's limit.
  void share(pool& blocks) noexcept { doubts_.share(blocks); }
  /// In a forked child, on the parent's: what lies with its doubts is the parent's memory and files.
  void drop_inherited() noexcept {
    doubts_.give_back();
    spooling_.drop_inherited();
  }
  /// From here on nothing is sent any more: begin() sets everything aside. False: there is no spool.
  bool only_set_aside() noexcept {
    away_ = spooling_.on();
    return away_;
  }

 private:
  using part = halving::part;
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  static std::uint64_t nanoseconds(std::chrono::milliseconds t) { return static_cast<std::uint64_t>(t.count()) * 1000000U; }
  bool engine_profile() const { return settings_.where.profile == profile::arthur && settings_.sink == sink::endpoint; }

  void wait(std::uint64_t now, std::uint64_t at_least = 0) { pauses_.wait(now, at_least, random_()); }
  void went_well() {
    pauses_.succeed();
    away_ = false;
  }
  bool encode(const part& p, encoding as) {
    request_.collect(now_.spans, p.first, p.count);
    return request_.encode(as);
  }

  void send(std::uint64_t deadline) {
    part p = now_.parts.take();
    if (!encode(p, preparation_.known())) {
      // No memory for the request: smaller ones may fit.
      if (p.count > 1) return now_.parts.halve(p);
      return finish(p.count, fate::failed);
    }
    if (now_.spooled && !spooling_.mark_sent()) {
      now_.parts.again(p);
      set_aside();
      return spooling_.pause();
    }
    count(counters_.requests);
    if (p.failures != 0 || pauses_.repeating()) count(counters_.retries);
    in_flight_ = true;
    flying_ = p;
    judge(p, main_->send(request_.to_send(settings_), deadline, outcome_.answer, outcome_.error));
    in_flight_ = false;
  }

  void judge(const part& p, transport_result result) {
    switch (result) {
      case transport_result::not_sent:
        now_.parts.again(p);
        say_unreachable(says_, outcome_.error, spans());
        return nothing_gets_through();
      case transport_result::unanswered:
        return unanswered(p, outcome_.error);
      case transport_result::answered:
        return answered(p);
    }
  }

  void unanswered(const part& p, std::string_view why) {
    if (settings_.sink == sink::endpoint && may_repeat(errand::spans, settings_.where.profile)) {
      // OTLP: a lost answer is repeated, duplicates are the receiver's business.
      now_.parts.again(p);
      say_unreachable(says_, outcome_.error, spans());
      return nothing_gets_through();
    }
    says_.say(diagnostics::topic::unconfirmed, severity::warning,
              text_line(p.count, " spans were sent to ", origin(settings_.where.traces), " without an answer (", why, "); ",
                        doubts_.possible() ? "the engine is asked what it has of them"
                                           : "they aren't sent again, because the engine would store them twice"));
    // The endpoint may be in trouble: the next request can wait a little.
    wait(clock_());
    if (!now_.spooled) return doubts_.possible() && doubt(p) ? finish(p.count) : finish(p.count, fate::unconfirmed);
    // What is left of the file is in doubt from here on.
    now_.parts.again(p);
    if (doubts_.possible()) return set_aside();
    now_.gather();
    static_cast<void>(keep_rest());
    leave_unconfirmed();
  }

  /// Copies a part over to the doubts, or into the spool where they have no room. False: neither has any.
  bool doubt(const part& p) {
    if (!doubts_.has_room(now_.spans.bytes.size())) {
      if (!spooling_.on() || !encode(p, encoding::protobuf) || !spooling_.put(request_.body(), p.count, true, 0)) return false;
      count(counters_.spooled, p.count);
      return true;
    }
    batch b;
    for (std::size_t n = p.first; n < p.first + p.count; ++n) {
      if (!b.append(now_.spans, now_.spans.spans[n])) return false;
    }
    doubts_.add(std::move(b), false, 0, clock_());
    return true;
  }

  void ask_back(std::uint64_t limit) {
    doubts_.step(
        clock_, limit, random_(),
        [this](doubts::finding found, std::size_t spans, bool spooled, bool all) {
          const bool stored = found == doubts::finding::stored;
          count(counters_.of(stored ? fate::delivered : fate::unconfirmed, spooled), spans);
          if (!stored) say_unconfirmed(says_, spans);
          if (!spooled || !all) return;
          stored ? spooling_.delivered() : spooling_.unconfirmed();
        },
        [this](batch&& b, bool spooled) {
          now_.spans = std::move(b);
          resume(spooled, spooled);
        });
  }
  void resume(bool spooled, bool shortened) {
    restart(clock_());
    now_.resume(spooled, shortened, settings_.max_batch_spans);
  }

  void restart(std::uint64_t now) noexcept {
    started_ = now;
    pauses_.begin();
  }

  void leave_unconfirmed() {
    say_unconfirmed(says_, spans());
    count(counters_.of(fate::unconfirmed, true), spans());
    spooling_.unconfirmed();
    now_.clear();
  }

  void answered(part p) {
    const response& a = outcome_.answer;
    switch (classify(a.status, settings_.sink == sink::endpoint ? settings_.where.profile : profile::otlp, preparation_.proven())) {
      case verdict::delivered:
      case verdict::partial:
        if (engine_profile() && is_web_page(a)) return unanswered(p, "a web page came instead; is that the engine's address?");
        return accepted(p);
      case verdict::wrong_encoding:
        // The probe was answered, but real spans are not read: the other encoding, once.
        preparation_.change();
        says_.say(diagnostics::topic::protocol, severity::info,
                  text_line("the endpoint answered ", a.status, " to spans; trying the other encoding"));
        return now_.parts.again(p);
      case verdict::retry_later:
        refused();
        // A gateway lost sight of the request. After 504 the engine works on it still; after 502 it was mostly away, so who
        // can't ask sends it again.
        if (engine_profile() && (a.status == 504 || (a.status == 502 && doubts_.possible()))) return unanswered(p, text_line("the gateway answered ", a.status));
        ++p.failures;
        now_.parts.again(p);
        return nothing_gets_through(retry_after(a));
      case verdict::split:
        refused();
        // Once more before it is taken apart: a 500 may pass.
        if (p.failures == 0 && p.count == now_.spans.spans.size()) {
          ++p.failures;
          now_.parts.again(p);
          return wait(clock_());
        }
        return now_.parts.refused(p);
      case verdict::too_large:
        refused();
        if (p.count > 1) return now_.parts.halve(p);
        return finish(p.count, fate::rejected);
      case verdict::rejected_all:
      case verdict::unauthorized:
      case verdict::give_up:
        refused();
        says_.rejected(read_rejection(a.body, a.content_type).reason);
        // Data that the engine can't read (400): one bad span must not take the others along.
        if (a.status == 400 && engine_profile() && p.count > 1) return now_.parts.halve(p);
        went_well();
        return finish(p.count, settings_.sink == sink::endpoint ? fate::rejected : fate::failed);
    }
  }

  void accepted(const part& p) {
    went_well();
    preparation_.prove();
    now_.parts.accepted();
    spooling_.look_again();
    const rejection r = read_rejection(outcome_.answer.body, outcome_.answer.content_type);
    const std::uint64_t rejected = (std::min)(r.spans, static_cast<std::uint64_t>(p.count));
    if (rejected != 0) {
      says_.rejected(r.reason);
      says_.say(diagnostics::topic::refusal, severity::warning,
                text_line(rejected, " of ", p.count, " spans were refused by the endpoint: ", r.reason));
    } else {
      doubts_.witness(now_.spans, p.first);
    }
    count(counters_.of(fate::rejected, now_.spooled), rejected);
    count(counters_.of(fate::delivered, now_.spooled), p.count - rejected);
    finish(p.count);
  }

  /// All parts of a level were sent.
  void next_level() {
    const auto next = now_.parts.end_level([this] {
      says_.say(diagnostics::topic::poison, severity::warning,
                "a span was dropped: the engine answers 500 to it alone and accepts its siblings");
      finish(1, fate::rejected);
    });
    if (next != halving::next::outage) return;
    now_.gather();
    now_.held = !now_.spooled;
    says_.say(diagnostics::topic::connection, severity::warning,
              text_line(origin(settings_.where.traces), " answers 500 to everything; ", now_.spans.spans.size(), " spans are held (",
                   advice(500, settings_.where.profile), ")"));
    nothing_gets_through();
  }

  /// The endpoint takes nothing now. With a spool what is under way is set aside until it does.
  void nothing_gets_through(std::uint64_t at_least = 0) {
    wait(clock_(), at_least);
    in_flight_ = false;
    if (!spooling_.on()) return;
    away_ = true;
    set_aside();
  }

  bool keep_rest() { return !now_.shorter || (encode({0, spans(), 0}, encoding::protobuf) && spooling_.keep(request_.body())); }
  /// Into the spool, or back into it, with what is left. Otherwise it is held.
  void set_aside() {
    if (!busy() || !spooling_.on()) return;
    now_.gather();
    const std::size_t left = spans();
    if (now_.spooled) {
      // Where the file can't be shortened, what is gone from it must be asked for next time.
      if (keep_rest() && !in_flight_) spooling_.release();
      else spooling_.doubt();
    } else {
      if (!encode({0, left, 0}, encoding::protobuf) || !spooling_.put(request_.body(), left, in_flight_, 0)) return;
      count(counters_.spooled, left);
    }
    now_.clear();
  }

  /// OTLP bounds one export with all its retries; the engine's spans wait as long as the process lives.
  void give_up_in_time(std::uint64_t now) {
    if (!busy() || engine_profile() || pauses_.due() == 0) return;
    if ((std::max)(now, pauses_.due()) - started_ < nanoseconds(settings_.export_timeout)) return;
    finish(spans(), fate::failed);
    pauses_.end();
  }

  void finish(std::size_t spans) {
    if (!now_.judge(spans)) return;
    if (now_.spooled) spooling_.delivered();
    now_.clear();
  }
  void finish(std::size_t spans, fate f) {
    count(counters_.of(f, now_.spooled), spans);
    finish(spans);
  }

  void refused() { say_refused(says_, settings_, outcome_); }

  const settings& settings_;
  delivery_counters& counters_;
  diagnostics& says_;
  std::uint64_t (*clock_)();  // steady nanoseconds
  std::uint64_t (*random_)();
  std::unique_ptr<transport> main_;
  std::unique_ptr<transport> engine_;  // the engine's other routes

  outcome outcome_;  // of the newest request
  preparation preparation_;
  spooling spooling_;
  doubts doubts_;
  displays displays_;

  consignment now_;  // under way
  bool away_ = false;  // with a spool: fresh batches go there
  bool closing_ = false;
  bool in_flight_ = false;  // flying_ is out and not judged: seen where memory ended in between
  part flying_{};
  pauses pauses_;
  std::uint64_t started_ = 0;
  request_parts request_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline std::unique_ptr<transport> make_transport(const settings& s, const url& where, const std::vector<header>& headers,
                                                 const proxy& via, const timing& t) {
  if (where.https) return the_https.load(std::memory_order_relaxed)->make(where, headers, t, via, s.tls);
  return std::unique_ptr<transport>(new socket_transport(where, headers, t, via));
}

struct transports {
  std::unique_ptr<transport> main;
  std::unique_ptr<transport> engine;  // for its other routes; may be null, like main
};

inline transports make_transports(const settings& s, const options& given, const timing& t) {
  transports made;
  switch (s.sink) {
    case sink::endpoint:
      made.main = make_transport(s, s.where.traces, s.where.headers, s.traces_proxy, t);
      if (s.where.has_engine) made.engine = make_transport(s, s.where.engine, s.where.engine_headers, s.engine_proxy, t);
      break;
    case sink::file:
      made.main.reset(new file_transport(given.output_file, t));
      break;
    case sink::callback:
      made.main.reset(new callback_transport(given.on_batch, given.on_batch_user));
      break;
    case sink::none:
      break;
  }
  return made;
}

/// `s`, `given` and `says` outlive `to`.
inline void give_outputs(delivery& to, const settings& s, const options& given, diagnostics& says, const timing& t) {
  transports made = make_transports(s, given, t);
  std::unique_ptr<side_outputs> sides;
  if (s.to_stdout || s.console) {
    sides.reset(new side_outputs(s, says, std::unique_ptr<transport>(new file_transport(1, t)), [] { return terminal_of(1); },
                                 steady_nanoseconds));
  }
  to.use(std::move(made.main), std::move(made.engine), std::move(sides));
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// worker.hpp: the one background loop: sweep, send, wait.
#ifndef ARTHUR_RUNTIME_WORKER_HPP
#define ARTHUR_RUNTIME_WORKER_HPP

#include <algorithm>
#include <cstdint>

// clock_source.hpp: whether the kernel itself keeps time with the time stamp counter.
#ifndef ARTHUR_PLATFORM_CLOCK_SOURCE_HPP
#define ARTHUR_PLATFORM_CLOCK_SOURCE_HPP

#include <cstring>


#if defined(__linux__)
#include <fcntl.h>
#include <unistd.h>
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Then the counter is good for our time, too.
inline bool kernel_trusts_counter() noexcept {
#if defined(__linux__)
  const int file = ::open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char name[4] = "";
  const bool tsc = ::read(file, name, sizeof name) == 4 && std::memcmp(name, "tsc\n", 4) == 0;
  ::close(file);
  return tsc;
#else
  return false;
#endif
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// pace.hpp: whether the endpoint has been slower than the program for long, and the line that says so.
#ifndef ARTHUR_POLICY_PACE_HPP
#define ARTHUR_POLICY_PACE_HPP

#include <cstddef>
#include <cstdint>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// The state at the end of a period.
struct pace_reading {
  std::uint64_t at = 0;     // steady nanoseconds
  std::uint64_t in = 0;     // spans handed over so far, and those for which there was no room
  std::uint64_t out = 0;    // spans that the endpoint took, or refused, so far
  std::uint64_t held = 0;   // bytes of the pool in use: the least of the period, so that a pool that was once drained shows
  std::uint64_t limit = 0;  // bytes of the pool from which on spans are dropped
};

constexpr std::uint64_t pace_period = 10000000000U;
constexpr std::size_t pace_readings = 4;  // three periods: 30 s

/// "" or one line. The endpoint is too slow if something went out in each period, and yet more of the pool was in use at the
/// end of each than before, by a 64th of it in all, or it was full all the time. (Where nothing goes out it doesn't answer
/// at all: another line says that.) `full`: the latter is the case.
inline text_line pace_warning(const pace_reading (&series)[pace_readings], bool& full) {
  const pace_reading &first = series[0], &last = series[pace_readings - 1];
  bool grows = last.held >= first.held + last.limit / 64;
  full = true;
  for (std::size_t n = 1; n < pace_readings; ++n) {
    const pace_reading &before = series[n - 1], &now = series[n];
    if (now.at <= before.at || now.out <= before.out || now.in < before.in) return {};
    grows = grows && now.held > before.held;
    full = full && now.held >= now.limit - now.limit / 16;
  }
  if (!full && (!grows || last.in - first.in <= last.out - first.out)) return {};
  const auto seconds = static_cast<double>(last.at - first.at) / 1e9;
  const auto whole = [](double number) { return static_cast<std::uint64_t>(number + 0.5); };
  text_line line("spans are sent more slowly than the program records them: ", whole(static_cast<double>(last.in - first.in) / seconds),
                 " spans/s come, ", whole(static_cast<double>(last.out - first.out) / seconds), " spans/s go; the memory for spans is full");
  if (!full) {
    const auto growth = static_cast<double>(last.held - first.held) / seconds;
    line = text_line(line, " in ", whole(static_cast<double>(last.limit > last.held ? last.limit - last.held : 0) / growth), " s");
  }
  return text_line(line, "; record less (sample_ratio, max_spans_per_second), send more at once (max_batch_spans), or choose what happens then (overflow)");
}

/// Collects the readings. Say `note` as often as possible, `add` whenever a period is over.
class pace {
 public:
  void note(std::uint64_t held) noexcept {
    if (held < least_) least_ = held;
  }
  bool period_over(std::uint64_t now) const noexcept { return now - last().at >= pace_period; }

  /// `now.held` is set to the least that was noted. "" or a line: one when it begins, and one when the pool has been full.
  text_line add(pace_reading now) {
    now.held = least_ < now.held ? least_ : now.held;
    least_ = ~std::uint64_t{0};
    for (std::size_t n = 1; n < pace_readings; ++n) series_[n - 1] = series_[n];
    series_[pace_readings - 1] = now;
    if (count_ < pace_readings) ++count_;
    if (count_ < pace_readings) return {};
    bool full = false;
    const text_line line = pace_warning(series_, full);
    if (now.held < now.limit / 64) said_ = said_full_ = false;  // it was over: the next time is news again
    if (line.empty() || said_full_ || (said_ && !full)) return {};
    said_ = true;
    said_full_ = full;
    return line;
  }

 private:
  const pace_reading& last() const noexcept { return series_[pace_readings - 1]; }

  pace_reading series_[pace_readings];
  std::size_t count_ = 0;
  std::uint64_t least_ = ~std::uint64_t{0};
  bool said_ = false;
  bool said_full_ = false;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
// collector.hpp: takes committed spans out of all threads' queues, completes and cleans them, and keeps roots back.
#ifndef ARTHUR_RUNTIME_COLLECTOR_HPP
#define ARTHUR_RUNTIME_COLLECTOR_HPP

#include <cstddef>
#include <cstdint>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// One sweep visits every slot once and takes what was committed before the visit. A root found in a sweep is kept until
/// a whole later sweep is over: by then its children, which ended before it, have been taken. (Arthur Engine evaluates a
/// trace when its root arrives, and the console shows it then.)
class collector {
 public:
  collector(std::size_t max_spans, std::size_t max_bytes, bool for_engine, bool roots_last, const span_limits& limits,
            delivery_counters& counters)
      : max_spans_(max_spans), max_bytes_(max_bytes), for_engine_(for_engine), roots_last_(roots_last), limits_(limits), counters_(counters) {}

  /// Takes the memory that it will ever have, where none may be taken later. False: there is none.
  bool fix() noexcept {
    return scratch_.fix(max_bytes_ + 1024) && carried_.fix(1, max_bytes_) && roots_.fix(max_spans_, max_bytes_);
  }

  /// Goes on with the sweep under way. True: it is complete; false: `out` is full first.
  bool sweep(batch& out) {
    if (!carried_.empty()) {
      if (!out.append(carried_, carried_.spans[0])) {
        if (!out.empty()) return false;  // spans that are held: it goes after them
        count(counters_.failed);
      }
      carried_.clear();
    }
    if (next_ == nullptr) {
      ++number_;
      // Acquire pairs with the release that registered the slot.
      next_ = the_recorder.slots.load(std::memory_order_acquire);
      if (next_ != nullptr) begin_visit();
    }
    while (next_ != nullptr) {
      while (left_ != 0) {
        if (roots_.bytes.size() > max_kept_bytes) release_roots(out, number_ + 1);
        if (full(out) || !carried_.empty()) return false;
        record* const r = next_->queue.pop(the_recorder.source.blocks);
        if (r == nullptr) break;
        --left_;
        pin(*next_, r);
        take(*r, out);
        release_rest(*r);
      }
      end_visit();
    }
    return carried_.empty() && release_roots(out, number_);
  }

  /// A sweep was begun and isn't complete.
  bool sweeping() const noexcept { return next_ != nullptr; }
  std::size_t kept_roots() const noexcept { return roots_.spans.size() - first_root_; }
  bool full(const batch& b) const noexcept { return b.spans.size() >= max_spans_ || b.bytes.size() >= max_bytes_; }

  /// Counts and forgets everything that is committed: the end.
  std::uint64_t discard_all() {
    std::uint64_t discarded = kept_roots() + carried_.spans.size();
    forget();
    for (slot* s = the_recorder.slots.load(std::memory_order_acquire); s != nullptr; s = s->registered_before) {
      while (record* const r = s->queue.pop(the_recorder.source.blocks)) {
        pin(*s, r);
        release_rest(*r);
        count(counters_.taken);
        ++discarded;
      }
    }
    return discarded;
  }

  /// In a forked child: the parent keeps what was collected.
  void forget() {
    roots_.clear();
    first_root_ = 0;
    carried_.clear();
    next_ = nullptr;
  }

 private:
  void begin_visit() noexcept {
    // Bounded: a thread that records faster than we take can't hold the sweep up. What another thread did before a root
    // was committed is in this number, because the root was committed after it and we have seen the root.
    left_ = next_->committed.get() - next_->taken;
  }

  void end_visit() noexcept {
    recycle(*next_);
    next_ = next_->registered_before;
    if (next_ != nullptr) begin_visit();
  }

  /// A thread that is gone and whose spans were all taken leaves its slot to the next one.
  static void recycle(slot& s) noexcept {
    // Acquire pairs with the release of retire_slot().
    if (s.status.load(std::memory_order_acquire) != slot::exited || !s.queue.empty()) return;
    if (s.pinned != nullptr) the_recorder.source.blocks.release(the_recorder.source.blocks.block_of(s.pinned), 1);
    s.pinned = nullptr;
    s.queue.reset();
    // Release: the next owner sees the reset queue.
    s.status.store(slot::unused, std::memory_order_release);
  }

  /// Gives back everything of a taken span but its first segment, through which the queue goes on.
  static void release_rest(record& r) noexcept {
    pool& blocks = the_recorder.source.blocks;
    for (pool_offset at = r.first.next; at != 0;) {
      segment* const s = writer::segment_at(blocks, at);
      at = s->next;
      blocks.release(blocks.block_of(s), 1);
    }
    r.first.next = 0;
  }

  /// Keeps `r` as the record through which the queue goes on, instead of the one before it.
  static void pin(slot& s, record* r) noexcept {
    pool& blocks = the_recorder.source.blocks;
    if (s.pinned != nullptr) blocks.release(blocks.block_of(s.pinned), 1);
    s.pinned = r;
    ++s.taken;
  }

  void take(record& r, batch& out) {
    count(counters_.taken);
    const bool keep = roots_last_ && (r.flags & record::root) != 0;
    // A root for which there is no room gives its order up rather than itself.
    if (!copy(r, keep ? roots_ : out) && !copy(r, out.empty() ? out : carried_)) return count(counters_.failed);
    if (carried_.empty() && !keep && out.bytes.size() > max_bytes_ && out.spans.size() > 1) {
      // Too large together.
      const batch::entry last = out.spans.back();
      move(carried_, out, last);
      out.spans.pop_back();
      out.bytes.truncate(last.at);
    }
  }

  /// Copies a span out of the pool, with its call site's attributes, and cleans it. False: no memory, or bytes that don't
  /// decode (a range that changed while it was written); `to` is as before.
  bool copy(record& r, batch& to) {
    const std::size_t at = to.bytes.size();
    const char* site = nullptr;
    std::size_t site_size = 0;
    // First, so that a key of the user's own wins over it.
    if (the_recorder.sites.get(r.site, site, site_size)) to.bytes.append(site, site_size);
    std::size_t skip = (r.flags & record::root) != 0 ? head::trace : 0;
    for (segment* s = &r.first; s != nullptr;
         s = s->next == 0 ? nullptr : writer::segment_at(the_recorder.source.blocks, s->next)) {
      to.bytes.append(s->content() + skip, s->size - skip);
      skip = 0;
    }
    if (to.bytes.failed()) return undo(to, at);
    clean_flags flags;
    flags.engine = for_engine_;
    flags.free_keys = (r.flags & record::has_free_keys) != 0;
    flags.may_repeat_keys = (r.flags & record::may_repeat_keys) != 0 || flags.free_keys;
    flags.limits = &limits_;
    bool rewritten = false;
    const std::uint64_t dropped_before = counts_.dropped_attributes;
    scratch_.clear();
    switch (clean_span(scratch_, to.bytes.data() + at, to.bytes.size() - at, flags, counts_)) {
      case clean_outcome::unchanged:
        break;
      case clean_outcome::rewritten:
        to.bytes.truncate(at);
        to.bytes.append(scratch_.data(), scratch_.size());
        rewritten = true;
        break;
      case clean_outcome::undecodable:
        return undo(to, at);
    }
    if (to.bytes.failed() || !to.spans.push_back({r.group, at, to.bytes.size() - at, number_})) return undo(to, at);
    if (rewritten) count(counters_.cleaned);
    count(counters_.dropped_attributes, counts_.dropped_attributes - dropped_before);
    return true;
  }

  bool move(batch& to, const batch& from, const batch::entry& e) {
    const bool done = to.append(from, e);
    if (!done) count(counters_.failed);
    return done;
  }

  static bool undo(batch& to, std::size_t at) noexcept {
    to.bytes.forgive();
    to.bytes.truncate(at);
    return false;
  }

  /// Lets go of roots that were found before sweep `before`. False: `out` is full first.
  bool release_roots(batch& out, std::uint64_t before) {
    while (first_root_ < roots_.spans.size() && roots_.spans[first_root_].sweep < before) {
      if (full(out) || (!out.empty() && out.bytes.size() + roots_.spans[first_root_].size > max_bytes_)) return false;
      move(out, roots_, roots_.spans[first_root_]);
      ++first_root_;
    }
    // The bytes of roots that went are given back together, so that each root is moved once or twice at most.
    if (first_root_ == roots_.spans.size()) {
      roots_.clear();
    } else if (first_root_ * 2 > roots_.spans.size()) {
      roots_.keep(kept_roots(), [this](std::size_t n) { return first_root_ + n; });
    } else {
      return true;
    }
    first_root_ = 0;
    return true;
  }

  // Beyond this the order of roots and children is given up rather than memory.
  static constexpr std::size_t max_kept_bytes = std::size_t{8} << 20;

  std::size_t max_spans_;
  std::size_t max_bytes_;
  bool for_engine_;
  bool roots_last_;
  span_limits limits_;
  delivery_counters& counters_;
  clean_counts counts_;
  slot* next_ = nullptr;     // being visited; null between sweeps
  std::uint64_t left_ = 0;   // spans still to take in this visit
  std::uint64_t number_ = 0;
  buffer scratch_;
  batch carried_;  // one span that didn't fit into the former batch
  batch roots_;
  std::size_t first_root_ = 0;  // those before it are gone
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline std::uint64_t worker_random() noexcept {
  static random_stream stream = [] {
    random_stream s;
    s.seed();
    return s;
  }();
  return stream.next();
}

/// What the loop does next, as a function that never sleeps: the thread calls it, or arthur::poll() without threads.
///
/// Spans are sent in cycles: two sweeps (the second one releases the roots of the first), each batch sent when it is full.
/// A cycle begins `schedule_delay` after the first span, or at once when much has gathered, on flush and at the end.
class worker {
 public:
  worker(const settings& s, bell& rings, delivery_counters& counters, diagnostics& says, std::uint64_t (*random)())
      : settings_(s),
        bell_(rings),
        says_(says),
        counters_(counters),
        ticket_(rings.asked()),
        groups_(s),
        collector_(s.max_batch_spans, s.max_batch_bytes, s.where.profile == profile::arthur,
                   s.where.profile == profile::arthur || s.console, s.limits, counters),
        delivery_(s, groups_, counters, says, steady_nanoseconds, random) {
    delivery_.share(the_recorder.source.blocks);
    // It begins asleep, until the first span rings.
    the_recorder.wanted.store(1, std::memory_order_relaxed);
  }

  /// Takes the memory that it will ever have, where none may be taken later (ARTHUR_NO_HEAP). False: there is none.
  bool fix() noexcept { return groups_.fix() && collector_.fix() && delivery_.fix(); }

  delivery& sender() noexcept { return delivery_; }

  /// One piece of work. Returns when the next is due: a steady time, `now` for at once, waker::never.
  std::uint64_t run_once(std::uint64_t now) {
    watch_pace(now);
    side_outputs* const sides = delivery_.shown().get();
    if (sides == nullptr) return work(now);
    if (sides->due() <= now) sides->pass(now);
    const std::uint64_t next = work(now);
    return (std::min)(next, (std::max)(now, sides->due()));
  }

  /// Nothing is left to do, or no time.
  bool finished(std::uint64_t now) const noexcept {
    const std::uint64_t stop = bell_.stop_deadline().load(std::memory_order_acquire);
    return stop != 0 && (now >= stop || (ended_ && !delivery_.busy() && delivery_.errand_due() == waker::never));
  }

  /// Nothing more will come.
  void end() {
    if (delivery_.shown().get() != nullptr) delivery_.shown().get()->end(steady_nanoseconds());
  }

  /// Nothing is sent any more: with a spool what is left goes there, the rest is forgotten. Returns how many spans that were.
  /// Never throws: it is called where memory has ended.
  std::uint64_t discard_all() {
    const std::uint64_t left = delivery_.discard();
    try_to([this] { return set_everything_aside(), true; });
    return left + delivery_.discard() + collector_.discard_all();
  }

 private:
  void set_everything_aside() {
    if (!delivery_.only_set_aside()) return;
    batch& b = delivery_.waiting();
    // A sweep under way began too long ago to count as one.
    for (int sweeps = collector_.sweeping() ? -1 : 0; sweeps < 2 && !delivery_.busy();) {
      sweeps += collector_.sweep(b) ? 1 : 0;
      if (!b.empty()) delivery_.begin(steady_nanoseconds());
    }
  }

  std::uint64_t work(std::uint64_t now) {
    if (bell_.stopping() && !hurried_) {
      hurried_ = true;
      delivery_.hurry();  // the end doesn't come without one more attempt
      if (delivery_.may_look_ahead(true)) show_everything(now);  // which may take all the time that is left
    }
    if (delivery_.busy() && sending_) {
      if (delivery_.due() > now) return (std::min)(delivery_.due(), look_ahead(now));
      delivery_.step(now, stop_limit(now));
      answer();
      if (delivery_.holding()) sending_ = false;  // fresh spans may join it
      if (!delivery_.busy() || !sending_ || delivery_.may_look_ahead()) return now;
      return (std::max)(delivery_.due(), now);
    }
    sending_ = false;
    // Between batches only: it may begin one. After each a cycle has its turn, and at the end the last one goes first.
    if (!delivery_.busy() && !in_cycle_ && !errand_done_ && (!bell_.stopping() || ended_) && delivery_.errand_due() <= now) {
      errand_done_ = true;
      delivery_.run_errand(now, stop_limit(now));
      sending_ = delivery_.busy();
      answer();
      return now;
    }
    if (delivery_.holding()) {
      if (delivery_.due() > now) return (std::min)(delivery_.due(), look_ahead(now));
      // Fresh spans join what is held. A sweep under way began too long ago to count as one.
      sweeps_ = collector_.sweeping() ? -1 : 0;
    }
    if (!in_cycle_) {
      errand_done_ = false;
      const std::uint64_t asked = bell_.asked();
      const bool ask = asked != ticket_;
      const bool urgent = bell_.take_urgent();
      if (!ask && !urgent && (!bell_.stopping() || ended_) && !delivery_.busy() && now < next_cycle_) return idle(now);
      in_cycle_ = true;
      sweeps_ = 0;
      found_ = false;
      last_ = bell_.stopping();
      ticket_ = asked;
    }
    return continue_cycle(now);
  }

  std::uint64_t stop_limit(std::uint64_t now) const noexcept {
    const std::uint64_t stop = bell_.stop_deadline().load(std::memory_order_acquire);
    return stop != 0 ? stop : now + std::uint64_t{86400} * 1000000000U;
  }

  std::uint64_t continue_cycle(std::uint64_t now) {
    batch& b = delivery_.waiting();
    bool complete = false;
    if (delivery_.shown().any_ahead()) {
      delivery_.take_ahead();
    } else {
      while (sweeps_ < 2) {
        complete = collector_.sweep(b);
        if (!complete) break;
        ++sweeps_;
      }
    }
    if (!b.empty()) {
      found_ = true;
      sending_ = true;
      delivery_.begin(now);
      return now;
    }
    in_cycle_ = false;
    ended_ = last_;
    say_rate_limited(now);
    answer();
    calibrate(now);
    if (found_) {
      wanted_since_ = 0;
      the_recorder.wanted.store(0, std::memory_order_relaxed);
      next_cycle_ = now + delay();
    } else {
      // Nothing came: sleep without a limit, once `wanted` was up for a whole delay. A thread that committed a span
      // without seeing it up did so long before the last sweep, which would have found the span. (So no fence is needed.)
      if (wanted_since_ == 0) {
        wanted_since_ = now;
        the_recorder.wanted.store(1, std::memory_order_relaxed);
      }
      next_cycle_ = now - wanted_since_ >= delay() ? waker::never : wanted_since_ + delay();
    }
    // Once more round before sleeping: a flush may have been asked for while the cycle waited out a pause, and the alarm
    // that came with it is used up.
    return now;
  }

  /// The main transport makes us wait: shows what has come meanwhile. Returns when to do so again.
  std::uint64_t look_ahead(std::uint64_t now) {
    if (!delivery_.may_look_ahead()) return waker::never;
    if (now < next_look_) return next_look_;
    next_look_ = now + delay();
    batch& b = delivery_.shown().next_ahead();
    for (bool complete = false; !complete && delivery_.may_look_ahead();) {
      complete = collector_.sweep(b);
      if (!b.empty()) delivery_.shown().keep_ahead(now);
    }
    return next_look_;
  }

  /// The same at the end, roots and all. What is taken was in the pool, whose bound holds for it.
  void show_everything(std::uint64_t now) {
    batch& b = delivery_.shown().next_ahead();
    // A sweep under way began too long ago to count as one: it may have passed what the next one brings roots for.
    for (int sweeps = collector_.sweeping() ? -1 : 0; sweeps < 2;) {
      sweeps += collector_.sweep(b) ? 1 : 0;
      if (!b.empty()) delivery_.shown().keep_ahead(now);
    }
    delivery_.shown().get()->end(now);
  }

  void calibrate(std::uint64_t now) noexcept {
    if (now - calibrated_ < 250000000U) return;  // far below the age at which the clock distrusts a calibration
    calibrated_ = now;
    the_recorder.clock.calibrate(trusts_counter());
  }

  std::uint64_t idle(std::uint64_t now) {
    if (calibrated_ == 0) calibrate(now);
    if (bell_.take_woken()) {
      // The first span after a rest: give the others of its trace time to come.
      wanted_since_ = 0;
      next_cycle_ = now + delay();
    }
    return (std::min)(next_cycle_, delivery_.errand_due());
  }

  /// Who waits for a flush is answered once the cycle is over, and nothing is in doubt or sent again after it was.
  void answer() {
    if (!in_cycle_ && !delivery_.busy() && !delivery_.in_doubt() && !bell_.reached(ticket_)) bell_.answer(ticket_);
  }

  /// Sum over all threads.
  template <class Get>
  static std::uint64_t total(Get get) noexcept {
    std::uint64_t sum = 0;
    for (const slot* s = the_recorder.slots.load(std::memory_order_acquire); s != nullptr; s = s->registered_before) sum += get(*s);
    return sum;
  }
  static std::uint64_t count_rate_limited() noexcept {
    return total([](const slot& s) { return s.rate_limited.get(); });
  }

  void watch_pace(std::uint64_t now) {
    const pool& blocks = the_recorder.source.blocks;
    pace_.note(blocks.bytes_used());
    if (!pace_.period_over(now)) return;
    pace_reading r;
    r.at = now;
    r.in = total([](const slot& s) { return s.committed.get() + s.dropped[static_cast<std::size_t>(drop::pool_full)].get(); });
    r.out = counters_.delivered.load(std::memory_order_relaxed) + counters_.rejected.load(std::memory_order_relaxed);
    r.held = blocks.bytes_used();
    r.limit = blocks.mark();
    const text_line line = pace_.add(r);
    if (!line.empty()) says_.say(diagnostics::topic::pace, severity::warning, line);
  }

  /// Every ten seconds at most, with the number since the last line.
  void say_rate_limited(std::uint64_t now) {
    if (settings_.max_spans_per_second == 0 || (rate_said_ != 0 && now - rate_said_ < 10000000000U)) return;
    const std::uint64_t count = count_rate_limited();
    if (count <= rate_limited_) return;
    says_.say(diagnostics::topic::rate, severity::warning,
              text_line(count - rate_limited_, " spans were left out: more than options.max_spans_per_second = ",
                        settings_.max_spans_per_second, "; look for a loop that opens spans without end, or raise it"));
    rate_limited_ = count;
    rate_said_ = now;
  }

  std::uint64_t delay() const noexcept { return static_cast<std::uint64_t>(settings_.schedule_delay.count()) * 1000000U; }

  bool trusts_counter() noexcept {
    if (!ARTHUR_HAS_TSC) return false;
    if (trust_ == 0) trust_ = kernel_trusts_counter() ? 1 : 2;
    return trust_ == 1;
  }

  const settings& settings_;
  bell& bell_;
  diagnostics& says_;
  const delivery_counters& counters_;
  std::uint64_t ticket_;  // of the flushes that the newest cycle is for
  resources groups_;
  collector collector_;
  delivery delivery_;

  bool in_cycle_ = false;
  bool sending_ = false;
  bool found_ = false;
  bool hurried_ = false;
  bool errand_done_ = false;  // since the newest cycle, or chance of one
  bool last_ = false;   // the cycle began after the stop was asked for
  bool ended_ = false;  // and is over
  int sweeps_ = 0;
  std::uint64_t wanted_since_ = 0;  // when `wanted` was raised; 0 = it isn't
  int trust_ = 0;
  std::uint64_t next_cycle_ = waker::never;
  std::uint64_t next_look_ = 0;
  std::uint64_t calibrated_ = 0;
  std::uint64_t rate_limited_ = count_rate_limited();  // as last said
  std::uint64_t rate_said_ = 0;
  pace pace_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <signal.h>
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Everything behind start(). Made on the heap and never destroyed: threads and static destructors may come late. A
/// forked child makes a new one, because locks of the old one may be held by threads that don't exist any more.
class runtime {
 public:
  delivery_counters counters;
  diagnostics says;
  standstill stuck;

  /// Returns an error line, or nothing.
  std::string start(const options& given);
  void stop() noexcept;
  flush_result flush(std::uint64_t timeout) noexcept;
  bool poll() noexcept;
  bool set_sample_ratio(double ratio) noexcept;
  bool running() const noexcept { return state_.load(std::memory_order_acquire) == state::running; }
  bell& rings() noexcept { return bell_; }
  std::uint64_t block_nanoseconds() const noexcept { return block_nanoseconds_.load(std::memory_order_relaxed); }

  /// In a forked child: a runtime like `parent`, with a thread of its own.
  void continue_after_fork(const runtime& parent) noexcept;

 private:
  enum class state : std::uint8_t { stopped, running, stopping };

  void make_worker();
  void copy_settings(const runtime& parent);
  bool start_thread() noexcept;
  void run() noexcept;
  void look_for_another() noexcept;
  std::uint64_t run_once(std::uint64_t now) noexcept;
  void finish() noexcept;
  void end_here() noexcept;
  void say_left() noexcept;
  std::uint64_t lost() const noexcept {
    return counters.rejected.load(std::memory_order_relaxed) + counters.failed.load(std::memory_order_relaxed) +
           counters.unconfirmed.load(std::memory_order_relaxed) + counters.discarded.load(std::memory_order_relaxed) +
           counters.spooled.load(std::memory_order_relaxed);
  }

  std::mutex mutex_;  // start and stop, one at a time
  std::atomic<state> state_{state::stopped};
  options options_;
  settings settings_;
  bell bell_;
  std::unique_ptr<worker> worker_;
  std::atomic<std::uint64_t> block_nanoseconds_{0};
  std::atomic<bool> has_thread_{false};
  thread_watch watch_;
  std::mutex done_mutex_;
  std::condition_variable done_changed_;
  bool done_ = false;
  std::uint64_t left_ = 0;  // spans that the end found undelivered
};

ARTHUR_SHARED inline std::atomic<runtime*> the_runtime{nullptr};
/// The thread is inside the worker's work: a callback that calls arthur must not wait for itself.
ARTHUR_SHARED inline ARTHUR_THREAD_LOCAL bool in_worker = false;

inline void wake_runtime() noexcept {
  runtime* const r = the_runtime.load(std::memory_order_acquire);
  if (r != nullptr && r->running()) r->rings().wake();
}

bool wait_for_worker(std::uint32_t attempt) noexcept;  // waiting.hpp

inline void runtime_after_fork() noexcept {
  runtime* const parent = the_runtime.load(std::memory_order_acquire);
  if (parent == nullptr) return;
  auto* const child = new (std::nothrow) runtime;
  if (child != nullptr) child->continue_after_fork(*parent);
  the_runtime.store(child, std::memory_order_release);
}

/// The end of the guard, of the process, or by an exception. In a child that recorded nothing since the fork there is
/// nothing to stop: the guard is the parent's.
inline void stop_runtime() noexcept {
  runtime* const r = the_runtime.load(std::memory_order_acquire);
  if (r != nullptr && !was_forked()) r->stop();
}

inline std::terminate_handler& former_terminate() noexcept {
  static std::terminate_handler handler = nullptr;
  return handler;
}

inline void flush_and_terminate() noexcept {
  stop_runtime();
  if (former_terminate() != nullptr) former_terminate()();
  std::abort();
}

inline std::string runtime::start(const options& given) {
  // Before the lock: whoever holds it may wait for this worker's end.
  if (in_worker) return "arthur::start was called by a function that arthur itself calls: start again after it has returned";
  const std::lock_guard<std::mutex> lock(mutex_);
  if (running()) return "arthur::start was called before and its guard still lives: remove this call, or end the first guard";
  if (has_thread_ && worker_ != nullptr) {
    const std::lock_guard<std::mutex> waiting(done_mutex_);
    if (!done_) return "the worker of the former arthur::start still hangs in a name look-up: start again later";
  }
  says.use(given.on_diagnostic, given.on_diagnostic_user);
  warning_list warnings;
  options_ = given;
  settings_ = configure(given, warnings);
  says.use(settings_.log_level);
  says.hide(secrets_of(settings_));
  for (const std::string& w : warnings) says.say(diagnostics::topic::configuration, severity::warning, w);
  // Also where nothing is recorded: headers are handed on all the same.
  the_recorder.trace_context.store(settings_.trace_context, std::memory_order_relaxed);
  the_recorder.parent_based.store(settings_.parent_based, std::memory_order_relaxed);
  if (!settings_.error.empty()) return settings_.error;
  if (settings_.disabled || (settings_.sink == sink::none && !settings_.to_stdout && !settings_.console)) return {};

  recorder& r = the_recorder;
  if (!r.prepare(given.memory_limit)) return "no memory for options.memory_limit = " + std::to_string(given.memory_limit) + ": lower it";
  r.source.blocks.limit(given.memory_limit);
  if (r.fork_word.load(std::memory_order_relaxed) == nullptr) r.fork_word.store(make_fork_word(), std::memory_order_release);
  r.clock.use(given.clock);
  r.user_random.store(given.random, std::memory_order_relaxed);
  the_recorder.sample(settings_.sample_ratio);
  r.hidden.store((given.hide_inputs ? 1U << static_cast<unsigned>(family::input) : 0U) |
                     (given.hide_outputs ? 1U << static_cast<unsigned>(family::output) : 0U),
                 std::memory_order_relaxed);
  r.cap.use(settings_.max_spans_per_second);
  // The limit counts keys; here each setting counts, so it is only a bound against an endless loop.
  r.max_attributes.store(static_cast<std::uint32_t>((std::min)((std::max)(settings_.limits.attributes, std::size_t{2500}), std::size_t{1} << 29) * 4),
                         std::memory_order_relaxed);
  r.code_location.store(given.code_location, std::memory_order_relaxed);
  r.wake.store(wake_runtime, std::memory_order_relaxed);
  r.forked.store(runtime_after_fork, std::memory_order_relaxed);
  r.source.hold_traces.store(hold_traces, std::memory_order_relaxed);
  r.source.wait_for_room.store(given.overflow == overflow::block ? wait_for_worker : nullptr, std::memory_order_relaxed);

  make_worker();
  if (!worker_->fix()) return "no memory for batches of options.max_batch_bytes = " + std::to_string(settings_.max_batch_bytes) + ": lower it";
  if (!start_thread()) return "the system has no thread for the worker: raise its limit of threads";
  static const bool registered = std::atexit([] { stop_runtime(); }) == 0;
  static_cast<void>(registered);
  if (given.flush_on_terminate && former_terminate() == nullptr) former_terminate() = std::set_terminate(flush_and_terminate);
  state_.store(state::running, std::memory_order_release);
  // Release: whoever sees it sees the pool and the settings.
  recording_enabled.store(recording_mode::on | (settings_.max_spans_per_second != 0 ? recording_mode::capped : 0U),
                          std::memory_order_release);
  return {};
}

inline void runtime::make_worker() {
  bell_.reset();
  block_nanoseconds_.store(static_cast<std::uint64_t>(settings_.block_timeout.count()) * 1000000U, std::memory_order_relaxed);
  stuck.forget();
  worker_.reset(new worker(settings_, bell_, counters, says, worker_random));
  timing t;
  t.steady_now = steady_nanoseconds;
  t.stop_deadline = &bell_.stop_deadline();
  give_outputs(worker_->sender(), settings_, options_, says, t);
}

inline bool runtime::start_thread() noexcept {
  done_ = false;  // not before: where there is no memory for the worker, no thread will ever be done
  watch_.forget();
#ifndef ARTHUR_NO_THREADS
  keep_loaded(&stop_runtime);
#if defined(__unix__) || defined(__APPLE__)
  // The program's signal handlers must not run on our thread: it starts with everything blocked.
  sigset_t all, former;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &former);
#endif
#if defined(__unix__) || defined(__APPLE__)
  // Not std::thread: it frees memory at its end, and without exceptions it can't say that there is no thread.
  pthread_t thread{};
  const auto body = [](void* self) -> void* {
    static_cast<runtime*>(self)->run();
    return nullptr;
  };
  has_thread_ = ::pthread_create(&thread, nullptr, body, this) == 0;
  if (has_thread_) ::pthread_detach(thread);
#elif ARTHUR_HAS_EXCEPTIONS
  try {
    std::thread([this] { run(); }).detach();
    has_thread_ = true;
  } catch (...) {
    has_thread_ = false;
  }
#else
  std::thread([this] { run(); }).detach();
  has_thread_ = true;
#endif
#if defined(__unix__) || defined(__APPLE__)
  ::pthread_sigmask(SIG_SETMASK, &former, nullptr);
#endif
  return has_thread_;
#else
  look_for_another();
  return true;
#endif
}

inline void outlast(void*) noexcept {}

inline void runtime::run() noexcept {
  thread_is_quiet = true;
  // While a thread has something of a shared object to call at its end, dlclose() leaves the object in memory. The
  // worker's code may be in a plug-in, which mustn't go before it.
  call_at_thread_end<outlast>(this);
  watch_.begin();
  name_thread(worker_name);
  look_for_another();
  worker& w = *worker_;
  for (;;) {
    const std::uint64_t now = steady_nanoseconds();
    if (w.finished(now)) break;
    std::uint64_t due = run_once(now);
    if (bell_.stopping()) due = (std::min)(due, bell_.stop_deadline().load(std::memory_order_acquire));
    if (due > steady_nanoseconds() && !w.finished(now)) bell_.sleep_until(due);
  }
  name_thread("arthur-ended");  // a new worker may begin before this thread is gone
  finish();
  const std::lock_guard<std::mutex> lock(done_mutex_);
  done_ = true;
  done_changed_.notify_all();
}

/// A shared object with a copy of the runtime that the linker didn't join with this one. Called under the worker's name,
/// so that of two that begin at once one sees the other.
inline void runtime::look_for_another() noexcept {
  if (!another_thread_is_named(worker_name)) return;
  static const char* const line =
      "another arthur runtime runs in this process: its spans and those of this one are not joined, and each sends its own. To have "
      "one, export the symbols of the executable (-rdynamic; CMake: ENABLE_EXPORTS) or give plug-ins the table of "
      "arthur_get_api(); see docs/plugins.md";
#if ARTHUR_HAS_EXCEPTIONS
  try {
    says.say(diagnostics::topic::configuration, severity::warning, line);
  } catch (...) {  // no memory for a line
  }
#else
  says.say(diagnostics::topic::configuration, severity::warning, line);
#endif
}

/// One piece of work. Where memory ends, what is under way is given up and counted: nothing is sent twice for it.
inline std::uint64_t runtime::run_once(std::uint64_t now) noexcept {
  in_worker = true;
  std::uint64_t due = now;
#if ARTHUR_HAS_EXCEPTIONS
  try {
    due = worker_->run_once(now);
  } catch (...) {
    count(counters.failed, worker_->discard_all());
    due = now + 100000000U;
  }
#else
  due = worker_->run_once(now);
#endif
  in_worker = false;
  return due;
}

/// Counts what is left, then lets those go who wait for a flush.
inline void runtime::finish() noexcept {
  left_ = worker_->discard_all();
  worker_->end();
  count(counters.discarded, left_);
  bell_.answer(bell_.asked());
}

inline void runtime::stop() noexcept {
  // Locked: a start or stop is under way, on this thread perhaps (a terminate handler). It does what is needed, or nothing.
  const std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock() || !running()) return;
  recording_enabled.store(0, std::memory_order_relaxed);
  state_.store(state::stopping, std::memory_order_release);
  const std::uint64_t deadline = steady_nanoseconds() + static_cast<std::uint64_t>(settings_.shutdown_timeout.count()) * 1000000U;
  bell_.request_stop(deadline);
  if (in_worker) return;  // exit() in a callback: the worker can't wait for itself
  // Killed in the middle of anything, the locks it held included: what it left behind is not touched.
  if (has_thread_ && watch_.over()) return;
  bool done = true;
  if (has_thread_) {
    std::unique_lock<std::mutex> waiting(done_mutex_);
    // A second more than the deadline: the last request must be wound up. Longer only if a name look-up hangs; then
    // the thread is left alone, with everything it uses.
    done = done_changed_.wait_for(waiting, std::chrono::milliseconds(settings_.shutdown_timeout.count() + 1000), [this] { return done_; });
  } else {
    return end_here();
  }
  if (done) say_left();
  state_.store(state::stopped, std::memory_order_release);
}

/// Without a thread: works until the end that was asked for.
inline void runtime::end_here() noexcept {
  const std::uint64_t deadline = bell_.stop_deadline().load(std::memory_order_acquire);
  for (std::uint64_t now = steady_nanoseconds(); !worker_->finished(now); now = steady_nanoseconds()) {
    const std::uint64_t due = (std::min)(run_once(now), deadline);
    if (due > now) bell_.sleep_until(due);
  }
  finish();
  say_left();
  state_.store(state::stopped, std::memory_order_release);
}

inline void runtime::say_left() noexcept {
  if (left_ == 0) return;
  const text_line cause = says.last_error();
  text_line what(left_, " spans were not delivered before the end");
  if (!cause.empty()) what = text_line(what, " (", cause, ")");
  says.say(diagnostics::topic::shutdown, severity::warning, what);
}

inline flush_result runtime::flush(std::uint64_t timeout) noexcept {
  if (!running()) return flush_result::failed;
  if (in_worker) return flush_result::timeout;  // from a callback: the worker can't wait for itself
  const std::uint64_t lost_before = lost();
  const std::uint64_t now = steady_nanoseconds();
  const std::uint64_t deadline = timeout > ~std::uint64_t{0} - now ? ~std::uint64_t{0} : now + timeout;
  const std::uint64_t ticket = bell_.request_flush();
  if (has_thread_) {
    if (!bell_.wait_for(ticket, deadline)) return flush_result::timeout;
  } else {
    while (!bell_.reached(ticket)) {
      if (!running()) {  // a callback asked for the end
        end_here();
        break;
      }
      const std::uint64_t at = steady_nanoseconds();
      if (at >= deadline) return flush_result::timeout;
      const std::uint64_t due = (std::min)(run_once(at), deadline);
      if (due > at) bell_.sleep_until(due);
    }
  }
  return lost() == lost_before ? flush_result::ok : flush_result::failed;
}

inline bool runtime::poll() noexcept {
  if (!running()) return false;
  if (!has_thread_ && !in_worker) {
    for (std::uint64_t now = steady_nanoseconds(); run_once(now) <= now && running(); now = steady_nanoseconds()) {
    }
    if (!running()) end_here();  // a callback asked for it
  }
  const statistics s = arthur::stats();
  return s.waiting != 0;
}

inline bool runtime::set_sample_ratio(double ratio) noexcept {
  if (!running()) return false;
  const bool good = ratio >= 0.0 && ratio <= 1.0;  // NaN isn't
  if (good) {
    the_recorder.sample(ratio);
  } else {
    char line[96];
    std::snprintf(line, sizeof line, "set_sample_ratio(%g) is ignored: give a share of traces from 0 to 1", ratio);
    says.say(diagnostics::topic::configuration, severity::warning, line);
  }
  return good;
}

inline void runtime::copy_settings(const runtime& parent) {
  options_ = parent.options_;
  settings_ = parent.settings_;
  says.use(options_.on_diagnostic, options_.on_diagnostic_user, settings_.log_level);
  says.hide(secrets_of(settings_));
}

inline void runtime::continue_after_fork(const runtime& parent) noexcept {
  if (parent.worker_ != nullptr) parent.worker_->sender().drop_inherited();
  if (parent.state_.load(std::memory_order_relaxed) != state::running) return;
#if ARTHUR_HAS_EXCEPTIONS
  try {
    copy_settings(parent);
    make_worker();
    if (!worker_->fix()) return;
  } catch (...) {
    return;  // no memory: the child runs on untraced
  }
#else
  copy_settings(parent);
  make_worker();
  if (!worker_->fix()) return;
#endif
  if (start_thread()) state_.store(state::running, std::memory_order_release);
}

}  // namespace detail

ARTHUR_NAMESPACE_END

#endif
// waiting.hpp: what a thread does with options::overflow == block when the pool has no room for its span.
#ifndef ARTHUR_RUNTIME_WAITING_HPP
#define ARTHUR_RUNTIME_WAITING_HPP

#include <atomic>
#include <chrono>
#include <cstdint>
#ifndef ARTHUR_NO_THREADS
#include <thread>
#endif


ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline ARTHUR_THREAD_LOCAL patience own_patience;
/// options::overflow == block: wakes the worker and gives it a moment. Never inside the worker's own work, for which it
/// would wait for itself.
inline bool wait_for_worker(std::uint32_t attempt) noexcept {
  const slot* const s = this_slot;
  if (s == nullptr || in_worker || was_forked()) return false;
  runtime* const r = the_runtime.load(std::memory_order_acquire);
  if (r == nullptr || !r->running()) return false;
  // By the clock, not by attempts: a sleep of 100 microseconds takes 15 milliseconds on some systems.
  if (!own_patience.lasts(attempt == 0, steady_nanoseconds(), r->block_nanoseconds(), s->last_generation,
                          r->counters.taken.load(std::memory_order_relaxed), r->stuck)) {
    return false;
  }
#ifdef ARTHUR_NO_THREADS
  r->poll();
#else
  if (attempt % 8 == 0) r->rings().wake();
  std::this_thread::sleep_for(std::chrono::microseconds(100));
#endif
  return true;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN

ARTHUR_LINKED tracing_guard start(const options& settings) noexcept {
  using namespace detail;
  if (was_forked()) after_fork();  // or the first span would make another runtime beside this one
  runtime* r = the_runtime.load(std::memory_order_acquire);
  if (r == nullptr) {
    auto* const made = new (std::nothrow) runtime;
    if (made == nullptr) return tracing_guard(false, false, {});
    if (the_runtime.compare_exchange_strong(r, made, std::memory_order_acq_rel)) {
      r = made;
    } else {
      delete made;
    }
  }
  std::string error;
#if ARTHUR_HAS_EXCEPTIONS
  try {
    error = r->start(settings);
  } catch (...) {
    return tracing_guard(false, false, {});
  }
#else
  error = r->start(settings);
#endif
  const bool ok = error.empty();
  if (!ok) r->says.say(diagnostics::topic::configuration, severity::error, error);
  return tracing_guard(ok && r->running(), ok, static_cast<std::string&&>(error));
}

namespace detail {
namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {
ARTHUR_LINKED void stop() noexcept { stop_runtime(); }
}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail

ARTHUR_LINKED flush_result flush(std::chrono::nanoseconds timeout) noexcept {
  if (detail::was_forked()) detail::after_fork();
  detail::runtime* const r = detail::the_runtime.load(std::memory_order_acquire);
  return r == nullptr ? flush_result::failed : r->flush(timeout.count() < 0 ? 0 : static_cast<std::uint64_t>(timeout.count()));
}

ARTHUR_LINKED bool poll() noexcept {
  if (detail::was_forked()) detail::after_fork();
  detail::runtime* const r = detail::the_runtime.load(std::memory_order_acquire);
  return r != nullptr && r->poll();
}

ARTHUR_LINKED statistics stats() noexcept {
  using namespace detail;
  if (was_forked()) after_fork();
  statistics out;
  recorder& r = the_recorder;
  // What happened later is read first, so that no span is seen delivered before it is seen opened.
  runtime* const run = the_runtime.load(std::memory_order_acquire);
  std::uint64_t judged = 0;
  if (run != nullptr) {
    const delivery_counters& c = run->counters;
    const auto get = [](const std::atomic<std::uint64_t>& a) { return a.load(std::memory_order_relaxed); };
    out.delivered = get(c.delivered);
    out.rejected = get(c.rejected);
    out.failed = get(c.failed);
    out.unconfirmed = get(c.unconfirmed);
    out.discarded = get(c.discarded);
    out.spooled = get(c.spooled);
    out.replayed = get(c.replayed);
    out.replay_rejected = get(c.replay_rejected);
    out.replay_unconfirmed = get(c.replay_unconfirmed);
    out.expired = get(c.expired);
    out.cleaned = get(c.cleaned);
    out.dropped_attributes = get(c.dropped_attributes);
    out.requests = get(c.requests);
    out.retries = get(c.retries);
    out.last_error = run->says.last_error();
    out.last_rejection = run->says.last_rejection();
    judged = out.delivered + out.rejected + out.failed + out.unconfirmed + out.discarded + out.spooled;
  }
  std::uint64_t dropped[static_cast<std::size_t>(drop::count)] = {};
  for (slot* s = r.slots.load(std::memory_order_acquire); s != nullptr; s = s->registered_before) {
    for (std::size_t n = 0; n < static_cast<std::size_t>(drop::count); ++n) dropped[n] += s->dropped[n].get();
    out.committed += s->committed.get();
    out.unsampled += s->unsampled.get();
    out.rate_limited += s->rate_limited.get();
    out.dropped_attributes += s->dropped_attributes.get();
    out.opened += s->opened.get();
  }
  dropped[static_cast<std::size_t>(drop::thread_exit)] += r.slotless_dropped.load(std::memory_order_relaxed);
  out.opened += r.slotless_opened.load(std::memory_order_relaxed);
  out.dropped_pool_full = dropped[static_cast<std::size_t>(drop::pool_full)];
  out.dropped_too_deep = dropped[static_cast<std::size_t>(drop::too_deep)];
  out.dropped_scope_misuse = dropped[static_cast<std::size_t>(drop::scope_misuse)];
  out.dropped_thread_exit = dropped[static_cast<std::size_t>(drop::thread_exit)];
  out.dropped_fork = dropped[static_cast<std::size_t>(drop::fork)];
  for (const std::uint64_t n : dropped) out.dropped += n;
  out.open = out.opened > out.committed + out.dropped ? out.opened - out.committed - out.dropped : 0;
  out.waiting = out.committed > judged ? out.committed - judged : 0;
  out.bytes_held = r.source.blocks.bytes_used();
  return out;
}

ARTHUR_LINKED void pause() noexcept { detail::switch_recording(detail::recording_mode::paused, true); }
ARTHUR_LINKED void resume() noexcept { detail::switch_recording(detail::recording_mode::paused, false); }
ARTHUR_LINKED bool recording() noexcept {
  const std::uint32_t mode = detail::recording_enabled.load(std::memory_order_relaxed);
  return mode != 0 && (mode & detail::recording_mode::paused) == 0;
}

ARTHUR_LINKED bool set_sample_ratio(double ratio) noexcept {
  if (detail::was_forked()) detail::after_fork();
  detail::runtime* const r = detail::the_runtime.load(std::memory_order_acquire);
  return r != nullptr && r->set_sample_ratio(ratio);
}

ARTHUR_NAMESPACE_END

#endif
// c_api.hpp: the functions behind the table of c_api.h.
#ifndef ARTHUR_RUNTIME_C_API_HPP
#define ARTHUR_RUNTIME_C_API_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <new>
#include <string>
#include <string_view>

// c_api.h: arthur for C, and for plug-ins: one table of functions over which nothing of C++ passes. C99.
#ifndef ARTHUR_C_API_H
#define ARTHUR_C_API_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A C program calls through the table:
 *
 *     const arthur_api* arthur = arthur_get_api(ARTHUR_API_VERSION);
 *     arthur->start(NULL, NULL, 0);
 *     arthur_span span = arthur->begin(ARTHUR_KIND_LLM, "chat");
 *     arthur->set_text(span, "llm.model_name", "gpt-4o");
 *     arthur->end(span);
 *     arthur->stop();
 *
 * The functions behind it are compiled in one C++ file of the program, where ARTHUR_IMPLEMENTATION is defined before
 * <arthur/arthur.hpp> is included; if the linker doesn't find arthur_get_api, that file is missing. A plug-in is given the
 * table by its host: its spans then land in the host's runtime, whatever the linker made of both.
 *
 * Every function may be called on any thread at any time, before start and after stop. NULL texts are empty texts, a NULL
 * or empty key is ignored, texts are copied. Texts are UTF-8. Keys are those of OpenInference or the program's own.
 *
 * With ARTHUR_DISABLE defined, arthur_get_api gives a table of functions that do nothing, and no symbol is needed.
 */

#ifdef __cplusplus
extern "C" {
#endif

/* Raised where existing fields change; a table of another version isn't given out. New functions come at the end of the
 * table, new fields at the end of the structs: `size` tells what is there. */
#define ARTHUR_API_VERSION 1u

/* openinference.span.kind; any other number counts as ARTHUR_KIND_CHAIN, which is ordinary work. */
enum arthur_kind {
  ARTHUR_KIND_LLM,
  ARTHUR_KIND_TOOL,
  ARTHUR_KIND_AGENT,
  ARTHUR_KIND_CHAIN,
  ARTHUR_KIND_RETRIEVER,
  ARTHUR_KIND_RERANKER,
  ARTHUR_KIND_EMBEDDING,
  ARTHUR_KIND_GUARDRAIL,
  ARTHUR_KIND_EVALUATOR,
  ARTHUR_KIND_PROMPT
};

enum arthur_flush_result { ARTHUR_FLUSH_OK, ARTHUR_FLUSH_TIMEOUT, ARTHUR_FLUSH_FAILED };
enum arthur_severity { ARTHUR_SEVERITY_INFO, ARTHUR_SEVERITY_WARNING, ARTHUR_SEVERITY_ERROR };

/* A span. A plain value: copy it, and forget it once it has ended. All zero: no span; whatever is done to it is ignored,
 * like everything that is done to a span after its end. */
typedef struct arthur_span {
  uintptr_t place;
  uint64_t id;
} arthur_span;

/* What context_begin gives to context_end. */
typedef struct arthur_context {
  uintptr_t place;
  uint64_t id;
} arthur_context;

typedef struct arthur_text {
  const char* key;
  const char* value;
} arthur_text;

/* What start can be told, as in arthur::options: NULL or 0 means "not given", then the environment counts.
 *     arthur_config config = {.size = sizeof config, .service_name = "support-agent"}; */
typedef struct arthur_config {
  size_t size; /* sizeof(arthur_config) */
  const char* service_name;
  const char* task_id;
  const char* task_name;
  const char* base_url;
  const char* api_key;
  const char* endpoint;
  const char* exporters;
  const char* output_file;
  int hide_inputs; /* not 0: "__REDACTED__" in place of what users say */
  int hide_outputs;
  uint32_t schedule_delay_ms;
  uint32_t shutdown_timeout_ms;
  size_t memory_limit; /* bytes */
  /* Receives every encoded request in place of posting it, on arthur's thread; returns 0 if it wasn't taken. */
  int (*on_batch)(void* user, const char* data, size_t size, const char* content_type, size_t spans);
  void* on_batch_user;
  /* Receives each diagnostic line, in place of stderr; `severity` is an arthur_severity. */
  void (*on_diagnostic)(void* user, int severity, const char* line);
  void* on_diagnostic_user;
} arthur_config;

/* As arthur::statistics. */
typedef struct arthur_stats {
  size_t size; /* in: sizeof(arthur_stats) */
  uint64_t opened;
  uint64_t open;
  uint64_t committed;
  uint64_t unsampled;
  uint64_t dropped;
  uint64_t waiting;
  uint64_t delivered;
  uint64_t rejected;
  uint64_t failed;
  uint64_t unconfirmed;
  uint64_t discarded;
  uint64_t spooled;
} arthur_stats;

typedef struct arthur_api {
  uint32_t version; /* ARTHUR_API_VERSION */
  uint32_t size;    /* bytes of the table */

  /* Begins to record and send; NULL: as the environment says. Returns 0 if the configuration can't work or tracing was
   * started before; `error` (may be NULL) then holds one line that says what to change. Never blocks. */
  int (*start)(const arthur_config* config, char* error, size_t error_size);
  /* Flushes and stops what this start() began; nothing if the program's C++ half or the plug-in's host did. */
  void (*stop)(void);
  /* Waits until all spans that ended before were delivered. Returns an arthur_flush_result. */
  int (*flush)(uint32_t timeout_ms);
  /* Without threads (ARTHUR_NO_THREADS): sends what is due. Returns whether spans are left. */
  int (*poll)(void);
  /* Fills as many counters as `out->size` has room for. */
  void (*stats)(arthur_stats* out);

  /* Opens a span and makes it the current one of this thread: spans opened on it before the end become children. End it
   * on the same thread, inner ones first; what isn't is dropped and counted. */
  arthur_span (*begin)(int kind, const char* name);
  /* Opens a child of the current span that isn't current itself and may end on any thread: for callbacks and event loops.
   * Use by one thread at a time. */
  arthur_span (*begin_detached)(int kind, const char* name);
  /* Makes a detached span the current one of this thread until the result is ended. */
  arthur_span (*activate)(arthur_span span);
  void (*end)(arthur_span span);
  /* Stands for whichever span of the calling thread is current when it is used: arthur->error(arthur->current(), "...") */
  arthur_span (*current)(void);

  /* A key that is set again has its last value. */
  void (*set_text)(arthur_span span, const char* key, const char* value);
  void (*set_integer)(arthur_span span, const char* key, int64_t value);
  void (*set_number)(arthur_span span, const char* key, double value);
  void (*set_boolean)(arthur_span span, const char* key, int value);
  /* A text that holds JSON; "input.value" and "output.value" also get their mime type. */
  void (*set_json)(arthur_span span, const char* key, const char* json);
  void (*event)(arthur_span span, const char* name);
  /* Marks the span as failed; the last message stays. */
  void (*error)(arthur_span span, const char* message);

  /* Hex ids of the current span for log lines, all zero outside any; either may be NULL. */
  void (*ids)(char trace_id[33], char span_id[17]);

  /* Up to 32 attributes that every span begun on this thread until context_end inherits: "session.id", "user.id", your own;
   * "arthur.task" and "service.name" send the spans elsewhere. */
  arthur_context (*context_begin)(const arthur_text* attributes, size_t count);
  void (*context_end)(arthur_context context);
} arthur_api;

#ifndef ARTHUR_DISABLE

/* The table, alive as long as the program; NULL if this arthur has none of that version. */
const arthur_api* arthur_get_api(uint32_t version);

#else

static inline int arthur_no_start(const arthur_config* config, char* error, size_t error_size) {
  (void)config;
  if (error != NULL && error_size != 0) error[0] = 0;
  return 1;
}
static inline void arthur_no_stop(void) {}
static inline int arthur_no_flush(uint32_t timeout_ms) {
  (void)timeout_ms;
  return ARTHUR_FLUSH_OK;
}
static inline int arthur_no_poll(void) { return 0; }
static inline void arthur_no_stats(arthur_stats* out) {
  size_t size;
  if (out == NULL || out->size < sizeof out->size) return;
  size = out->size;
  memset(out, 0, size < sizeof *out ? size : sizeof *out);
  out->size = size;
}
static inline arthur_span arthur_no_span(void) {
  arthur_span none = {0, 0};
  return none;
}
static inline arthur_span arthur_no_begin(int kind, const char* name) {
  (void)kind;
  (void)name;
  return arthur_no_span();
}
static inline arthur_span arthur_no_activate(arthur_span span) { return span; }
static inline void arthur_no_end(arthur_span span) { (void)span; }
static inline void arthur_no_text(arthur_span span, const char* key, const char* value) {
  (void)span;
  (void)key;
  (void)value;
}
static inline void arthur_no_integer(arthur_span span, const char* key, int64_t value) {
  (void)value;
  arthur_no_text(span, key, NULL);
}
static inline void arthur_no_number(arthur_span span, const char* key, double value) {
  (void)value;
  arthur_no_text(span, key, NULL);
}
static inline void arthur_no_boolean(arthur_span span, const char* key, int value) {
  (void)value;
  arthur_no_text(span, key, NULL);
}
static inline void arthur_no_event(arthur_span span, const char* name) { arthur_no_text(span, name, NULL); }
static inline void arthur_no_ids(char trace_id[33], char span_id[17]) {
  int n;
  for (n = 0; trace_id != NULL && n < 33; ++n) trace_id[n] = n < 32 ? '0' : 0;
  for (n = 0; span_id != NULL && n < 17; ++n) span_id[n] = n < 16 ? '0' : 0;
}
static inline arthur_context arthur_no_context(const arthur_text* attributes, size_t count) {
  arthur_context none = {0, 0};
  (void)attributes;
  (void)count;
  return none;
}
static inline void arthur_no_context_end(arthur_context context) { (void)context; }

static inline const arthur_api* arthur_get_api(uint32_t version) {
  static const arthur_api table = {ARTHUR_API_VERSION, sizeof(arthur_api),
                                   arthur_no_start,    arthur_no_stop,
                                   arthur_no_flush,    arthur_no_poll,
                                   arthur_no_stats,    arthur_no_begin,
                                   arthur_no_begin,    arthur_no_activate,
                                   arthur_no_end,      arthur_no_span,
                                   arthur_no_text,     arthur_no_integer,
                                   arthur_no_number,   arthur_no_boolean,
                                   arthur_no_text,     arthur_no_event,
                                   arthur_no_event,    arthur_no_ids,
                                   arthur_no_context,  arthur_no_context_end};
  return version == ARTHUR_API_VERSION ? &table : NULL;
}

#endif

#ifdef __cplusplus
}
#endif

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace c_api {

static_assert(ARTHUR_KIND_PROMPT == static_cast<int>(kind::prompt) && ARTHUR_KIND_CHAIN == static_cast<int>(kind::chain),
              "arthur_kind counts like arthur::kind");
static_assert(ARTHUR_FLUSH_FAILED == static_cast<int>(flush_result::failed), "arthur_flush_result counts like flush_result");
static_assert(ARTHUR_SEVERITY_ERROR == static_cast<int>(severity::error), "arthur_severity counts like severity");

// A handle's place is the address of a slot or of a detached span's frame, both aligned, with what it is in the low bits.
enum tag : std::uintptr_t { scoped = 0, detached = 1, activated = 2, current_span = 3 };
inline tag tag_of(arthur_span s) noexcept { return static_cast<tag>(s.place & 3U); }

inline kind kind_of(int number) noexcept {
  return number >= 0 && number <= ARTHUR_KIND_PROMPT ? static_cast<kind>(number) : kind::chain;
}

inline arthur_span handle_of(const scope_handle& h, tag t) noexcept {
  if (h.owner == nullptr) return {0, 0};
  return {reinterpret_cast<std::uintptr_t>(h.owner) | t, std::uint64_t{h.generation} << 32 | h.index};
}
inline scope_handle scope_of(arthur_span s) noexcept {
  scope_handle h;
  h.owner = reinterpret_cast<slot*>(s.place & ~std::uintptr_t{3});
  h.index = static_cast<std::uint32_t>(s.id);
  h.generation = static_cast<std::uint32_t>(s.id >> 32);
  return h;
}

/// The frame of a detached span; null once it has ended. Its memory may hold another span by now, even one of the same
/// generation, so the handle carries the span's own id. (The pool stays mapped, so looking is safe.)
inline detached_handle detached_of(arthur_span s) noexcept {
  detached_handle h;
  auto* const f = reinterpret_cast<frame*>(s.place & ~std::uintptr_t{3});
  if (the_recorder.source.blocks.owns(f) && !f->is(frame::closed) && std::memcmp(f->ids.span, &s.id, sizeof s.id) == 0) {
    h.open = f;
    h.generation = f->generation;
    h.life = the_recorder.source.blocks.life();
  }
  return h;
}

// What start() was given. A worker may call it after the next start, even after one that failed, so it never changes and
// is never freed; the same functions again are the same set.
struct hook_set {
  int (*on_batch)(void*, const char*, std::size_t, const char*, std::size_t);
  void* on_batch_user;
  void (*on_diagnostic)(void*, int, const char*);
  void* on_diagnostic_user;
  hook_set* before;
};
struct hooks {
  std::mutex mutex;  // held over a start and a stop
  std::atomic<bool> owner{false};  // the C half started tracing, so its stop() may end it
  hook_set* sets = nullptr;
};
ARTHUR_SHARED inline hooks the_hooks;

/// Null: no memory.
inline hook_set* hooks_of(const arthur_config& c) noexcept {
  for (hook_set* h = the_hooks.sets; h != nullptr; h = h->before) {
    if (h->on_batch == c.on_batch && h->on_batch_user == c.on_batch_user && h->on_diagnostic == c.on_diagnostic &&
        h->on_diagnostic_user == c.on_diagnostic_user) {
      return h;
    }
  }
  auto* const made = new (std::nothrow) hook_set{c.on_batch, c.on_batch_user, c.on_diagnostic, c.on_diagnostic_user, the_hooks.sets};
  if (made != nullptr) the_hooks.sets = made;
  return made;
}

inline bool pass_batch(void* given, const batch_view& b) {
  const hook_set& h = *static_cast<hook_set*>(given);
  return h.on_batch(h.on_batch_user, b.data, b.size, b.content_type, b.spans) != 0;
}
inline void pass_line(void* given, severity level, const char* line) {
  const hook_set& h = *static_cast<hook_set*>(given);
  h.on_diagnostic(h.on_diagnostic_user, static_cast<int>(level), line);
}

inline options options_of(const arthur_config& c, hook_set* given) {
  options o;
  const auto text = [](const char* t) { return std::string(t == nullptr ? "" : t); };
  o.service_name = text(c.service_name);
  o.task_id = text(c.task_id);
  o.task_name = text(c.task_name);
  o.base_url = text(c.base_url);
  o.api_key = text(c.api_key);
  o.endpoint = text(c.endpoint);
  o.exporters = text(c.exporters);
  o.output_file = text(c.output_file);
  o.hide_inputs = c.hide_inputs != 0;
  o.hide_outputs = c.hide_outputs != 0;
  o.schedule_delay = std::chrono::milliseconds(c.schedule_delay_ms);
  if (c.shutdown_timeout_ms != 0) o.shutdown_timeout = std::chrono::milliseconds(c.shutdown_timeout_ms);
  if (c.memory_limit != 0) o.memory_limit = c.memory_limit;
  if (c.on_batch != nullptr) o.on_batch = pass_batch;
  if (c.on_diagnostic != nullptr) o.on_diagnostic = pass_line;
  o.on_batch_user = o.on_diagnostic_user = given;
  return o;
}

inline std::string start_with(const arthur_config* given) {
  arthur_config c = {};
  if (given != nullptr) {
    if (given->size < sizeof given->size) return "arthur_config.size is not set: write {.size = sizeof config, ...}";
    std::memcpy(&c, given, given->size < sizeof c ? given->size : sizeof c);
  }
  // Not waiting: the start may come from a function that a worker calls while a stop waits for it.
  const std::unique_lock<std::mutex> lock(the_hooks.mutex, std::try_to_lock);
  if (!lock.owns_lock()) return "another start or stop is under way: start again later";
  hook_set* const given_hooks = hooks_of(c);
  if (given_hooks == nullptr) return "no memory";
  // The guard stays here for good: stop() does what its end would do.
  alignas(tracing_guard) static unsigned char place[sizeof(tracing_guard)];
  auto* const guard = ::new (static_cast<void*>(place)) tracing_guard(arthur::start(options_of(c, given_hooks)));
  const runtime* const r = the_runtime.load(std::memory_order_acquire);
  if (guard->ok()) {
    the_hooks.owner.store(r != nullptr && r->running(), std::memory_order_relaxed);
    return {};
  }
  std::string error = guard->error();
  guard->~tracing_guard();  // it owns nothing
  return error.empty() ? "no memory" : error;
}

inline int start(const arthur_config* config, char* error, std::size_t error_size) noexcept {
  std::string line;
#if ARTHUR_HAS_EXCEPTIONS
  try {
    line = start_with(config);
  } catch (...) {
    if (error != nullptr && error_size != 0) std::snprintf(error, error_size, "no memory");
    return 0;
  }
#else
  line = start_with(config);
#endif
  if (error != nullptr && error_size != 0) std::snprintf(error, error_size, "%s", line.c_str());
  return line.empty() ? 1 : 0;
}

inline void stop() noexcept {
  if (!the_hooks.owner.exchange(false, std::memory_order_relaxed)) return;
  const std::lock_guard<std::mutex> lock(the_hooks.mutex);
  rt::stop();
}
inline int flush(std::uint32_t timeout_ms) noexcept {
  return static_cast<int>(arthur::flush(std::chrono::milliseconds(timeout_ms)));
}
inline int poll() noexcept { return arthur::poll() ? 1 : 0; }

inline void stats(arthur_stats* out) noexcept {
  if (out == nullptr || out->size < sizeof out->size) return;
  const statistics s = arthur::stats();
  arthur_stats all = {out->size,  s.opened,    s.open,     s.committed, s.unsampled,   s.dropped,
                      s.waiting, s.delivered, s.rejected, s.failed,    s.unconfirmed, s.discarded, s.spooled};
  std::memcpy(out, &all, out->size < sizeof all ? out->size : sizeof all);
}

inline arthur_span begin(int k, const char* name) noexcept {
  scope_handle h;
  if (recording_enabled.load(std::memory_order_relaxed) != 0) rt::open(h, kind_of(k), name);
  return handle_of(h, scoped);
}

inline arthur_span begin_detached(int k, const char* name) noexcept {
  detached_handle h;
  if (recording_enabled.load(std::memory_order_relaxed) != 0) rt::detached_open(h, kind_of(k), name);
  arthur_span s = {0, 0};
  if (h.open == nullptr) return s;
  s.place = reinterpret_cast<std::uintptr_t>(h.open) | detached;
  std::memcpy(&s.id, h.open->ids.span, sizeof s.id);
  return s;
}

inline arthur_span activate(arthur_span s) noexcept {
  scope_handle scope;
  if (tag_of(s) == detached) {
    const detached_handle h = detached_of(s);
    if (h.open != nullptr) rt::activate(scope, h);
  }
  return handle_of(scope, activated);
}

inline void end(arthur_span s) noexcept {
  scope_handle scope = scope_of(s);
  switch (tag_of(s)) {
    case scoped:
      if (scope.owner != nullptr) rt::close(scope);
      return;
    case activated:
      return rt::deactivate(scope);
    case detached: {
      detached_handle h = detached_of(s);
      if (h.open != nullptr) rt::detached_end(h);
      return;
    }
    case current_span:
      return rt::current_end();
  }
}

inline arthur_span current() noexcept { return {current_span, 0}; }

inline void set_item(arthur_span s, const item& i) noexcept {
  switch (tag_of(s)) {
    case scoped:
      return rt::set(scope_of(s), &i, 1);
    case detached:
      return rt::detached_set(detached_of(s), &i, 1);
    case current_span:
      return rt::current_set(&i, 1);
    case activated:
      return;
  }
}

inline item with_key(item i, text_arg key) noexcept {
  i.code = key::free;
  i.key_data = key.data;
  i.key_size = static_cast<std::uint32_t>(key.size);
  return i;
}

inline void set_text(arthur_span s, const char* key_text, const char* value) noexcept {
  const text_arg k(key_text);
  const std::string_view name(k.data, k.size);
  item i = with_key(text_item(key::free, value), k);
  // Those that options hide as they are set.
  if (name == "input.value") i.code = key::input_value;
  if (name == "output.value") i.code = key::output_value;
  if (k.size != 0) set_item(s, i);
}
inline void set_json(arthur_span s, const char* key_text, const char* json) noexcept {
  const text_arg k(key_text);
  const std::string_view name(k.data, k.size);
  item i = with_key(json_item(key::free, json), k);
  if (name == "input.value") i.code = key::input_json;
  if (name == "output.value") i.code = key::output_json;
  if (k.size != 0) set_item(s, i);
}
inline void set_integer(arthur_span s, const char* k, std::int64_t value) noexcept {
  if (k != nullptr && *k != 0) set_item(s, with_key(integer_item(key::free, value), k));
}
inline void set_number(arthur_span s, const char* k, double value) noexcept {
  if (k != nullptr && *k != 0) set_item(s, with_key(number_item(key::free, value), k));
}
inline void set_boolean(arthur_span s, const char* k, int value) noexcept {
  if (k != nullptr && *k != 0) set_item(s, with_key(value_item(value != 0), k));
}

inline void event(arthur_span s, const char* name) noexcept {
  switch (tag_of(s)) {
    case scoped:
      return rt::event(scope_of(s), name, nullptr, 0);
    case detached:
      return rt::detached_event(detached_of(s), name, nullptr, 0);
    case current_span:
      return rt::current_event(name, nullptr, 0);
    case activated:
      return;
  }
}
inline void error(arthur_span s, const char* message) noexcept {
  switch (tag_of(s)) {
    case scoped:
      return rt::error(scope_of(s), message);
    case detached:
      return rt::detached_error(detached_of(s), message);
    case current_span:
      return rt::current_error(message);
    case activated:
      return;
  }
}

inline void ids(char* trace_id, char* span_id) noexcept { rt::current_ids(trace_id, span_id); }

inline arthur_context context_begin(const arthur_text* attributes, std::size_t count) noexcept {
  scope_handle h;
  if (recording_enabled.load(std::memory_order_relaxed) == 0 || attributes == nullptr) return {0, 0};
  constexpr std::size_t most = 32;
  item items[most];
  std::size_t n = 0;
  for (std::size_t i = 0; i < count && n < most; ++i) {
    const text_arg k(attributes[i].key);
    const std::string_view name(k.data, k.size);
    if (name.empty()) continue;
    items[n] = with_key(text_item(key::free, attributes[i].value), k);
    if (name == "arthur.task") items[n].code = key::task_id;
    if (name == "service.name") items[n].code = key::service_name;
    ++n;
  }
  rt::context_push(h, items, n);
  if (h.owner == nullptr) return {0, 0};
  return {reinterpret_cast<std::uintptr_t>(h.owner), h.generation};
}

inline void context_end(arthur_context context) noexcept {
  scope_handle h;
  h.owner = reinterpret_cast<slot*>(context.place);
  h.generation = static_cast<std::uint32_t>(context.id);
  if (h.owner != nullptr) rt::context_pop(h);
}

inline constexpr arthur_api table = {ARTHUR_API_VERSION, sizeof(arthur_api), start,    stop,        flush,      poll,
                                     stats,              begin,              begin_detached, activate, end,     current,
                                     set_text,           set_integer,        set_number,     set_boolean, set_json, event,
                                     error,              ids,                context_begin,  context_end};

}  // namespace c_api
}  // namespace detail
ARTHUR_NAMESPACE_END

// Outside the namespace that carries the configuration: C has one arthur. Where a program holds two, the linker takes one.
extern "C" {
ARTHUR_LINKED const arthur_api* arthur_get_api(std::uint32_t version) {
  return version == ARTHUR_API_VERSION ? &arthur::detail::c_api::table : nullptr;
}
}

#endif
// check.hpp: arthur::check(): what tracing would do with the settings, done once by hand, and told step by step.
#ifndef ARTHUR_RUNTIME_CHECK_HPP
#define ARTHUR_RUNTIME_CHECK_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A span as any other, that says what it is.
struct test_span {
  char trace_id[16];
  char span_id[8];

  explicit test_span(std::uint64_t (*random)()) noexcept {
    random_stream own;
    own.seed();
    for (char* id : {trace_id, trace_id + 8, span_id}) {
      const std::uint64_t bits = (random != nullptr ? random() : own.next()) | 1U;  // an id isn't zero
      std::memcpy(id, &bits, sizeof bits);
    }
  }

  void append(buffer& to, std::uint64_t now) const noexcept {
    constexpr std::string_view name = "arthur.check";
    constexpr std::string_view text = "a test span of arthur::check(): it says that traces arrive, and nothing else";
    append_field(to, wire::span_trace_id, trace_id, sizeof trace_id);
    append_field(to, wire::span_span_id, span_id, sizeof span_id);
    append_field(to, wire::span_name, name.data(), name.size());
    if (char* at = to.reserve_more(20)) {
      at = wire::put_byte(wire::put_byte(at, wire::span_kind), 1);  // INTERNAL
      at = wire::put_fixed64(wire::put_byte(at, wire::span_start_time), now);
      wire::put_fixed64(wire::put_byte(at, wire::span_end_time), now + 1);
      to.advance(20);
    }
    put(to, "openinference.span.kind", "CHAIN");
    put(to, "input.value", text);
    constexpr char good[] = {static_cast<char>(wire::status_code), 1};
    append_field(to, wire::span_status, good, sizeof good);
  }

 private:
  static void put(buffer& to, std::string_view key, std::string_view value) noexcept {
    append_string_attribute(to, wire::span_attributes, key.data(), key.size(), value.data(), value.size());
  }
};

/// `text`, percent-encoded as a part of a path.
inline std::string path_part(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (text::is_digit(c) || (text::lower(c) >= 'a' && text::lower(c) <= 'z') || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      static constexpr char digits[] = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      ((out += '%') += digits[byte >> 4]) += digits[byte & 15U];
    }
  }
  return out;
}

/// The steps behind the configuration. Stops by itself at the deadline, because every request does.
class checker {
 public:
  checker(const settings& s, transport& main, transport* engine, std::uint64_t deadline, check_result& to)
      : settings_(s), main_(main), engine_(engine), deadline_(deadline), to_(to), secrets_(secrets_of(s)), questions_(s, outcome_), groups_(s) {}

  void run(const test_span& span, std::uint64_t now) {
    if (settings_.sink == sink::endpoint) {
      endpoint();
      key();
      if (!asks_engine()) skip("health", "traces don't go to an Arthur Engine");
      else if (health() && account()) task();
      if (to_.ok()) protocol();
      if (!settings_.spool_directory.empty()) spool_directory();
    }
    if (!to_.ok()) return skip("test span", "it would fail for the same reason");
    if (send(span, now)) look_up(span);
  }

 private:
  using is = check_outcome;

  void spool_directory() {
    spool directory({settings_.spool_directory, settings_.spool_max_bytes, settings_.spool_max_age}, unix_nanoseconds);
    text_line why;
    if (!directory.open(why)) return static_cast<void>(in_two("spool", is::warning, why, ""));
    if (const text_line note = directory.note(); !note.empty()) return add("spool", is::warning, note);
    const std::size_t files = directory.waiting();
    add("spool", is::ok, text_line(files, files == 1 ? " file waits in " : " files wait in ", settings_.spool_directory, ", ",
                                   directory.bytes(), " of ", settings_.spool_max_bytes, " bytes"));
  }

  void add(const char* name, check_outcome how, std::string_view text, std::string_view fix = {}) {
    check_step step{name, how, std::string(text), std::string(fix)};
    for (std::string* line : {&step.text, &step.fix}) hide(secrets_, line->data(), line->size());
    to_.add(std::move(step));
  }
  void skip(const char* name, std::string_view why) { add(name, is::skipped, why); }

  // Each of the next returns false, for the caller to return it.

  bool refused(const char* name, const asked_party& by, check_outcome how = is::failed) {
    const response& a = outcome_.answer;
    const finding f = refusal(a.status, read_rejection(a.body, a.content_type).reason, a.location, by);
    add(name, how, f.text, f.fix);
    return false;
  }
  /// `line`: "problem; fix".
  bool in_two(const char* name, check_outcome how, std::string_view line, std::string_view otherwise) {
    const std::size_t split = line.find("; ");
    add(name, how, line.substr(0, split), split == std::string_view::npos ? otherwise : line.substr(split + 2));
    return false;
  }
  bool unreachable(const char* name) {
    return in_two(name, is::failed, outcome_.error, "is it overloaded, or is a proxy in between? look into its log");
  }
  /// Who answers a program with a page for people is a proxy, a login or another service.
  bool page(const char* name, const asked_party& by) {
    add(name, is::failed, text_line(name_of(by), " answered ", outcome_.answer.status, " with a page for people: something else is there"),
        change_address(by.at.source));
    return false;
  }
  bool is_page() const {
    const response& a = outcome_.answer;
    return a.content_type.find("text/html") != std::string::npos || (!a.body.empty() && text::trim(a.body).substr(0, 1) == "<");
  }

  /// As tracing would: an engine beside an OTLP endpoint is asked for the task's id only.
  bool asks_engine() const {
    const bool by_name = settings_.task_id.empty() && !settings_.task_name.empty();
    return engine_ != nullptr && (settings_.where.profile == profile::arthur || by_name);
  }

  void endpoint() {
    const url& at = settings_.where.traces;
    text_line text("traces go to ", origin(at), path_of(at));
    if (settings_.traces_proxy.used()) text = text_line(text, " through ", shown(settings_.traces_proxy));
    text = text_line(text, *at.source == '\0' ? ", the default" : ", named by ", at.source);
    add("endpoint", is::ok, text_line(text, settings_.where.profile == profile::arthur ? ", by the engine's rules" : ", by the rules of OTLP"));
  }

  void key() {
    const asked_party by = traces_of(settings_);
    if (*by.key_source != '\0') return add("key", is::ok, text_line("credentials come from ", by.key_source));
    if (by.key_withheld) return add("key", is::warning, "a key is known, but isn't sent there", refusals::unauthorized(by));
    add("key", is::ok, "no key is given, which is right where none is asked for");
  }

  bool health() {
    const asked_party by = engine_of(settings_);
    const asked how = questions_.get(*engine_, "/health", deadline_);
    if (how == asked::unreachable) return unreachable("health");
    if (outcome_.answer.status == 404) {
      add("health", is::warning, text_line(origin(by.at), " has no /health: is it an Arthur Engine?"), change_address(by.at.source));
      return true;
    }
    if (how == asked::later || outcome_.answer.status != 200) return refused("health", by);
    if (is_page()) return page("health", by);
    const text_line version = one_line(json_view(outcome_.answer.body)["build_version"].text());
    add("health", is::ok, text_line("the engine is up", version.empty() ? "" : ", version ", version));
    return true;
  }

  bool account() {
    const asked_party by = engine_of(settings_);
    const asked how = questions_.get(*engine_, "/users/me", deadline_);
    if (how == asked::unreachable) return unreachable("account");
    const int status = outcome_.answer.status;
    if (status == 404 || status == 405) {
      add("account", is::warning, text_line(origin(by.at), " has no /users/me: what the key may do stays unknown"), change_address(by.at.source));
      return true;
    }
    if (how == asked::later || status != 200) return refused("account", by);
    if (is_page()) return page("account", by);
    return roles(by);
  }

  bool roles(const asked_party& by) {
    text_line names;
    bool writes = false, administers = false;
    json_view(outcome_.answer.body)["roles"].each([&](json_view role) {
      const text_line name = one_line(role.text());
      const auto among = [&](std::initializer_list<const char*> list) {
        for (const char* r : list) {
          if (name == r) return true;
        }
        return false;
      };
      writes = writes || among({"ORG-ADMIN", "TASK-ADMIN", "VALIDATION-USER", "CHAT-USER"});
      reads_ = reads_ || among({"ORG-ADMIN", "TASK-ADMIN", "ORG-AUDITOR"});
      administers = administers || among({"ADMIN-KEY"});
      names = text_line(names, names.empty() ? "" : ", ", name);
    });
    if (names.empty()) {
      reads_ = true;  // it will tell
      add("account", is::ok, "the engine knows us, and names no role");
      return true;
    }
    const bool must_write = settings_.where.profile == profile::arthur;
    if (!writes && must_write && administers) {
      add("account", is::warning, text_line("the key has the role ", names, ", which may write traces only where the engine allows it"),
          "use a key with the role TASK-ADMIN, or start the engine with ALLOW_ADMIN_KEY_GENERAL_ACCESS=enabled");
    } else if (!writes && must_write) {
      add("account", is::failed, text_line("the key has the role ", names, ", which may not write traces"), refusals::forbidden(by));
      return false;
    } else if (!reads_) {
      add("account", is::warning, text_line("the key has the role ", names, ": it may write traces, not read"),
          "a role that reads, such as TASK-ADMIN, is needed to find a task by its name, and to ask what became of traces whose answer was lost");
    } else {
      add("account", is::ok, text_line("the key has the role ", names, must_write ? ": it may write traces and read" : ""));
    }
    return true;
  }

  void task() {
    if (settings_.task_id.empty() && settings_.task_name.empty()) {
      return add("task", is::ok, text_line("no task is named: the engine makes one for the service ", text::shown(settings_.service_name)));
    }
    settings_.task_id.empty() ? task_by_name() : task_by_id();
  }

  void task_by_id() {
    const std::string id = text::shown(settings_.task_id);
    const asked how = questions_.get(*engine_, "/api/v2/tasks/" + path_part(settings_.task_id), deadline_);
    if (how == asked::unreachable) return static_cast<void>(unreachable("task"));
    const response& a = outcome_.answer;
    if (a.status == 200 && !is_page()) {
      return add("task", is::ok, text_line("the task ", id, " is named \"", one_line(json_view(a.body)["name"].text()), "\""));
    }
    if (a.status == 403) return add("task", is::warning, text_line("whether there is a task ", id, " can't be asked: the key may not read"));
    if (a.status != 400 && a.status != 404) return static_cast<void>(refused("task", engine_of(settings_)));
    const text_line found = other_tasks();
    add("task", is::failed, text_line("the engine has no task ", id, ", and refuses every trace for it", found),
        text_line("create it, or set ", settings_.task_in_code ? "options.task_id" : "ARTHUR_TASK_ID"));
  }

  void task_by_name() {
    text_line id;
    const asked how = questions_.ask_task(*engine_, deadline_, id);
    if (how == asked::unreachable) return static_cast<void>(unreachable("task"));
    if (how == asked::later) return static_cast<void>(refused("task", engine_of(settings_)));
    if (!id.empty()) {
      groups_.task_found(id);
      return add("task", is::ok, text_line("the task ", text::shown(settings_.task_name), " has the id ", one_line(id)));
    }
    const int status = outcome_.answer.status;
    const finding f = no_task(settings_, status);
    add("task", is::failed, text_line(f.text, status == 200 ? other_tasks() : text_line()), f.fix);
  }

  /// "; it has ...", or nothing.
  text_line other_tasks() {
    if (questions_.ask_tasks(*engine_, 10, deadline_) != asked::known || outcome_.answer.status != 200) return text_line();
    const text_line names = read_task_names(outcome_.answer.body);
    return names.empty() ? text_line("; it has none") : text_line("; it has ", names);
  }

  void protocol() {
    if (settings_.protocol != protocol::automatic) {
      encoding_ = settings_.protocol == protocol::http_json ? encoding::json : encoding::protobuf;
      pinned_ = true;
      return add("protocol", is::ok, text_line(encoding_name(), ", as it is set"));
    }
    const asked how = questions_.ask_encoding(main_, deadline_, encoding_);
    if (how == asked::unreachable) return static_cast<void>(unreachable("protocol"));
    const verdict v = classify(outcome_.answer.status, settings_.where.profile, false);
    if (v == verdict::wrong_encoding) return add("protocol", is::ok, text_line("the endpoint reads protobuf (JSON: ", outcome_.answer.status, ")"));
    if (v != verdict::delivered && v != verdict::partial) return static_cast<void>(refused("protocol", traces_of(settings_)));
    if (is_page()) return static_cast<void>(page("protocol", traces_of(settings_)));
    add("protocol", is::ok, "the endpoint reads JSON");
  }
  const char* encoding_name() const { return encoding_ == encoding::json ? "JSON" : "protobuf"; }

  bool send(const test_span& span, std::uint64_t now) {
    constexpr const char* name = "test span";
    buffer piece, body;
    const bool room = groups_.fix() && piece.fix(1024) && body.fix(65536);
    span.append(piece, now);
    const span_piece pieces[] = {{groups_.known(0), piece.data(), piece.size()}};
    text_line trace("0123456789abcdef0123456789abcdef");
    buffer hex(trace.begin(), trace.size());
    append_hex(hex, span.trace_id, sizeof span.trace_id);
    request r;
    r.target = settings_.where.traces.target.empty() ? "/" : settings_.where.traces.target.c_str();
    r.spans = 1;
    for (bool again = true; again;) {
      again = false;
      body.clear();
      if (!room || !append_request(body, encoding_, pieces, 1, groups_.views(), groups_.count())) {
        add(name, is::failed, "no memory for it");
        return false;
      }
      r.content_type = encoding_ == encoding::json ? "application/json" : "application/x-protobuf";
      r.body = body.data();
      r.body_size = body.size();
      const transport_result result = main_.send(r, deadline_, outcome_.answer, outcome_.error);
      if (settings_.sink == sink::file) return written(trace);
      switch (result) {
        case transport_result::not_sent: return unreachable(name);
        case transport_result::unanswered:
          add(name, is::failed, text_line("it was sent, but no answer came (", outcome_.error, "): look for the trace ", trace),
              "check that the endpoint isn't overloaded, and that no proxy cuts the connection");
          return false;
        case transport_result::answered: break;
      }
      // The empty request was answered, but real spans aren't read: the other encoding, once.
      again = !pinned_ && classify(outcome_.answer.status, settings_.where.profile, false) == verdict::wrong_encoding;
      if (again) encoding_ = encoding_ == encoding::json ? encoding::protobuf : encoding::json;
      pinned_ = true;
    }
    return judge(trace);
  }

  bool written(const text_line& trace) {
    const bool good = outcome_.answer.status == 200;
    add("test span", good ? is::ok : is::failed, good ? text_line("written as the trace ", trace) : text_line(outcome_.error),
        good ? "" : "check options.output_file: its directory must exist and be writable, with room on the disk");
    return false;
  }

  bool judge(const text_line& trace) {
    constexpr const char* name = "test span";
    const response& a = outcome_.answer;
    const verdict v = classify(a.status, settings_.where.profile, true);
    if (v != verdict::delivered && v != verdict::partial) return refused(name, traces_of(settings_));
    if (is_page()) return page(name, traces_of(settings_));
    const rejection r = read_rejection(a.body, a.content_type);
    if (r.spans != 0) {
      add(name, is::failed, text_line("the endpoint refused it: ", r.reason), "the reason is the endpoint's own: look into its rules");
      return false;
    }
    add(name, is::ok, text_line("accepted as the trace ", trace, ", in ", encoding_name()));
    return true;
  }

  void look_up(const test_span& span) {
    if (engine_ == nullptr || settings_.where.profile != profile::arthur) return;
    if (!reads_) return skip("look-up", "the key may not read");
    char path[64] = "/api/v1/traces/spans/";
    const std::size_t size = std::strlen(path);
    buffer hex(path + size, sizeof path - size);
    append_hex(hex, span.span_id, sizeof span.span_id);
    const asked how = questions_.get(*engine_, {path, size + hex.size()}, deadline_);
    if (how == asked::unreachable) return static_cast<void>(unreachable("look-up"));
    const int status = outcome_.answer.status;
    if (status == 200 && !is_page()) return add("look-up", is::ok, "the engine has it");
    if (status == 403) return skip("look-up", "the key may not read");
    if (status != 404) return static_cast<void>(refused("look-up", engine_of(settings_), is::warning));
    add("look-up", is::failed, "the engine accepted the span and doesn't have it", "is the engine behind several addresses, with a database each?");
  }

  const settings& settings_;
  transport& main_;
  transport* engine_;
  std::uint64_t deadline_;
  check_result& to_;
  const secret_list secrets_;
  outcome outcome_;
  questions questions_;
  resources groups_;
  encoding encoding_ = encoding::json;
  bool pinned_ = false;  // no other encoding is tried
  bool reads_ = false;
};

/// The first step. False: there is nothing to ask.
inline bool check_configuration(const settings& s, const warning_list& warnings, check_result& to) {
  const auto add = [&to](check_outcome how, std::string_view text, std::string_view fix) {
    to.add({"configuration", how, std::string(text), std::string(fix)});
    return false;
  };
  if (!s.error.empty()) return add(check_outcome::failed, "arthur::start() would refuse it", s.error);
  if (s.disabled) return add(check_outcome::warning, "OTEL_SDK_DISABLED=true: nothing is recorded", "unset it to trace");
  std::string all;
  for (const std::string& w : warnings) all += (all.empty() ? "" : " / ") + w;
  if (warnings.empty()) add(check_outcome::ok, text_line("complete; the service is ", text::shown(s.service_name)), "");
  else add(check_outcome::warning, text_line("complete, with ", warnings.size(), warnings.size() == 1 ? " doubt" : " doubts"), all);
  if (s.sink == sink::callback || s.sink == sink::none) {
    to.add({"test span", check_outcome::skipped,
            s.sink == sink::callback ? "options.on_batch takes the traces: nothing is sent" : s.to_stdout || s.console
                                           ? "traces are only shown on standard output: nothing is sent" : "the exporters are \"none\": nothing is recorded",
            ""});
    return false;
  }
  return true;
}

inline void check_all(const options& given, std::uint64_t deadline, check_result& to) {
  warning_list warnings;
  const settings s = configure(given, warnings);
  if (!check_configuration(s, warnings, to)) return;
  timing t;
  t.steady_now = steady_nanoseconds;
  const transports made = make_transports(s, given, t);
  checker(s, *made.main, made.engine.get(), deadline, to)
      .run(test_span(given.random), given.clock != nullptr ? given.clock() : unix_nanoseconds());
}

}  // namespace detail

ARTHUR_LINKED check_result check(const options& settings, std::chrono::nanoseconds timeout) noexcept {
  check_result out;
  const std::uint64_t now = detail::steady_nanoseconds();
  const std::uint64_t most = timeout.count() < 0 ? 0 : static_cast<std::uint64_t>(timeout.count());
  const std::uint64_t deadline = most > ~std::uint64_t{0} - now ? ~std::uint64_t{0} : now + most;
  if (!detail::try_to([&] { return detail::check_all(settings, deadline, out), true; })) {
    out.add({"check", check_outcome::failed, {}, {}});  // no memory, so no text either
  }
  return out;
}

ARTHUR_NAMESPACE_END

#endif
// replay.hpp: arthur::replay(): the delivery of a spool's files without a worker.
#ifndef ARTHUR_RUNTIME_REPLAY_HPP
#define ARTHUR_RUNTIME_REPLAY_HPP

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

class replayer {
 public:
  replayer(const settings& s, const options& given, replay_result& to)
      : settings_(s), to_(to), groups_(s), delivery_(s, groups_, counters_, says_, steady_nanoseconds, worker_random) {
    says_.use(given.on_diagnostic, given.on_diagnostic_user, s.log_level);
    says_.hide(secrets_of(s));
    timing t;
    t.steady_now = steady_nanoseconds;
    transports made = make_transports(s, given, t);
    delivery_.use(std::move(made.main), std::move(made.engine), nullptr);
  }

  template <class Progress>
  void run(Progress progress) {
    const auto patience = static_cast<std::uint64_t>(settings_.export_timeout.count()) * 1000000U;
    std::uint64_t moved_at = steady_nanoseconds();
    waker nobody_signals;
    for (;;) {
      const std::uint64_t now = steady_nanoseconds();
      const std::uint64_t due = delivery_.busy() ? delivery_.due() : delivery_.errand_due();
      if (due == waker::never || (std::max)(now, due) - moved_at > patience) break;
      if (due > now) {
        nobody_signals.wait_until(due);
      } else if (delivery_.busy()) {
        delivery_.step(now, moved_at + patience);
      } else {
        delivery_.run_errand(now, moved_at + patience);
        if (delivery_.busy() || delivery_.in_doubt()) continue;
      }
      if (read()) moved_at = steady_nanoseconds();
      if (!delivery_.busy()) progress();
    }
    delivery_.discard();
    read();
    to_.files_left = delivery_.spool().files();
    if (to_.files_left != 0) {
      to_.error = text_line(to_.files_left, to_.files_left == 1 ? " file waits still in " : " files wait still in ", settings_.spool_directory, ": ", why());
    } else if (delivery_.spool().failed()) {
      to_.error = says_.last_error();
    }
  }

 private:
  /// True: something was done.
  bool read() {
    const std::uint64_t before = to_.delivered + to_.rejected + to_.unconfirmed;
    to_.delivered = counters_.replayed.load(std::memory_order_relaxed);
    to_.rejected = counters_.replay_rejected.load(std::memory_order_relaxed);
    to_.unconfirmed = counters_.replay_unconfirmed.load(std::memory_order_relaxed);
    to_.files_left = delivery_.spool().files();
    return to_.delivered + to_.rejected + to_.unconfirmed != before;
  }

  text_line why() {
    const text_line cause = says_.last_error();
    if (!cause.empty()) return cause;
    return text_line("they were sent without an answer; two minutes after that the engine can be asked what it has of them");
  }

  const settings& settings_;
  replay_result& to_;
  delivery_counters counters_;
  diagnostics says_;
  resources groups_;
  delivery delivery_;
};

template <class Progress>
void replay_all(const std::string& directory, const options& given, replay_result& to, Progress progress) {
  options own = given;
  own.spool_directory = directory;
  own.spool_max_age = (std::chrono::hours::max)();  // what is old was kept to be sent
  if (directory.empty()) to.error = "arthur::replay needs the directory of a spool; give the one that options.spool_directory named";
  else if (!spool_exists(directory)) to.error = text_line("there is no directory ", text::shown(directory), "; give the one that options.spool_directory named");
  if (!to.error.empty()) return;
  warning_list warnings;
  const settings s = configure(own, warnings);
  to.error = s.error;
  if (s.disabled) to.error = "OTEL_SDK_DISABLED is true: nothing is sent; unset it";
  if (!to.error.empty()) return;
  const auto made = std::unique_ptr<replayer>(new replayer(s, own, to));
  made->run(progress);
}

}  // namespace detail

ARTHUR_LINKED replay_result replay(const std::string& directory, const options& settings,
                                   void (*progress)(void* user, const replay_result& so_far), void* user) noexcept {
  replay_result out;
  const auto tell = [&out, progress, user] {
    if (progress != nullptr) progress(user, out);
  };
  // As the worker: what the program hooked into sockets or clocks isn't traced.
  const bool was_quiet = detail::thread_is_quiet;
  detail::thread_is_quiet = true;
  if (!detail::try_to([&] { return detail::replay_all(directory, settings, out, tell), true; })) out.error.assign("no memory");
  detail::thread_is_quiet = was_quiet;
  return out;
}

ARTHUR_NAMESPACE_END

#endif
// httplib.hpp: HTTPS through the program's own cpp-httplib and OpenSSL; every certificate is checked.
#ifndef ARTHUR_TRANSPORT_HTTPLIB_HPP
#define ARTHUR_TRANSPORT_HTTPLIB_HPP

#ifdef ARTHUR_WITH_HTTPLIB

#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#error "ARTHUR_WITH_HTTPLIB needs CPPHTTPLIB_OPENSSL_SUPPORT: define it on the command line of every file that includes httplib.h, because it changes httplib's classes"
#endif


#if !ARTHUR_HAS_EXCEPTIONS && !defined(CPPHTTPLIB_NO_EXCEPTIONS)
#error "Without exceptions cpp-httplib needs CPPHTTPLIB_NO_EXCEPTIONS: define it beside CPPHTTPLIB_OPENSSL_SUPPORT"
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <httplib.h>

// httplib_versions.hpp: what differs between the versions of cpp-httplib, 0.11 to 0.53.
#ifndef ARTHUR_TRANSPORT_HTTPLIB_VERSIONS_HPP
#define ARTHUR_TRANSPORT_HTTPLIB_VERSIONS_HPP

#ifdef ARTHUR_WITH_HTTPLIB

#include <openssl/ssl.h>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Of two overloads the one with `int` is preferred where both compile.
namespace httplib_versions {

template <class Client>
auto context(Client& c, int) -> decltype(static_cast<SSL_CTX*>(c.tls_context())) {
  return static_cast<SSL_CTX*>(c.tls_context());
}
template <class Client>
auto context(Client& c, long) -> decltype(c.ssl_context()) {
  return c.ssl_context();
}

/// The target is sent as it is.
template <class Client>
auto keep_target(Client& c, int) -> decltype(c.set_path_encode(false)) {
  c.set_path_encode(false);
}
template <class Client>
auto keep_target(Client& c, long) -> decltype(c.set_url_encode(false)) {
  c.set_url_encode(false);
}

}  // namespace httplib_versions

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#endif
// tls.hpp: what is asked of OpenSSL beside cpp-httplib: certificate files, and reasons in words.
#ifndef ARTHUR_TRANSPORT_TLS_HPP
#define ARTHUR_TRANSPORT_TLS_HPP

#ifdef ARTHUR_WITH_HTTPLIB

#include <memory>
#include <string>
#include <system_error>

#include <openssl/err.h>
#include <openssl/ssl.h>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Reading certificate files with OpenSSL.
namespace tls {

inline std::string reason() {
  const unsigned long error = ERR_peek_error();
  if (ERR_GET_LIB(error) == ERR_LIB_SYS) return std::generic_category().message(static_cast<int>(ERR_GET_REASON(error)));
  const char* const text = ERR_reason_error_string(error);
  return text == nullptr ? "unknown reason" : text;
}

inline std::string unusable(const tls_files::file& f, const char* what) {
  return std::string(f.source) + "=" + text::shown(f.path) + " " + what + " (" + reason() + ")";
}

// OpenSSL's own would ask on the terminal and stop the program there.
inline int no_password(char*, int, int, void*) { return 0; }

inline std::string use_own_certificate(SSL_CTX* context, const tls_files& files) {
  if (files.certificate.path.empty()) return {};
  SSL_CTX_set_default_passwd_cb(context, no_password);
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.path.c_str()) != 1) {
    return unusable(files.certificate, "isn't a readable PEM file that begins with a certificate; check the path and the file");
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.path.c_str(), SSL_FILETYPE_PEM) != 1) {
    return unusable(files.key, "isn't a readable PEM file with the certificate's key, without a password; check the path and the file");
  }
  return {};
}

inline std::string check(const tls_files& files) {
  ERR_clear_error();
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (context == nullptr) return "OpenSSL can't be used (" + reason() + ")";
  std::string error;
  if (!files.authorities.path.empty() &&
      SSL_CTX_load_verify_locations(context.get(), files.authorities.path.c_str(), nullptr) != 1) {
    error = unusable(files.authorities, "isn't a readable PEM file with certificates; check the path and the file");
  }
  if (error.empty()) error = use_own_certificate(context.get(), files);
  ERR_clear_error();
  return error;
}

/// What to do about a certificate that was refused. `source`: who named the address.
inline std::string fix(long verdict, const char* source) {
  switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return std::string("it was issued for another name: write that one in ") + (*source == '\0' ? "ARTHUR_BASE_URL" : source);
    case X509_V_ERR_CERT_HAS_EXPIRED: return "have it renewed there, or correct this machine's clock";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "correct this machine's clock";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "if it is the right one, give the file of its authority in options.certificate_file";
    default: return "have it replaced there";
  }
}

/// Did the peer end the handshake because of our certificate? With TLS 1.3 we learn it only after the request went out.
inline bool refuses_client(int alert) {
  constexpr int certificate_required = 116;
  return (alert >= SSL_AD_HANDSHAKE_FAILURE && alert <= SSL_AD_ACCESS_DENIED) || alert == certificate_required;
}

inline std::string why_ended(int alert, bool certificate_missing) {
  // The alert may be lost behind a reset, and OpenSSL has no words for TLS 1.3's "certificate required".
  if (certificate_missing) return "; it asks for a client certificate: give options.client_certificate_file and client_key_file";
  return std::string(": ") + SSL_alert_desc_string_long(alert) +
         (alert == SSL_AD_PROTOCOL_VERSION ? "; it must learn TLS 1.2 or newer" : "; look into its log, and check options.client_certificate_file");
}

}  // namespace tls

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#endif
// tunnel.hpp: asks an HTTP proxy for a connection to a host behind it.
#ifndef ARTHUR_TRANSPORT_TUNNEL_HPP
#define ARTHUR_TRANSPORT_TUNNEL_HPP

#include <cstddef>
#include <string>


ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// The status of the proxy's answer, 0 without one. With 2xx what follows on the socket is the host's. `wait(events)`
/// returns false when the time is over; the socket doesn't block.
template <class Wait>
inline int open_tunnel(net::handle s, const url& where, const proxy& via, Wait wait) {
  const bool ipv6 = where.host.find(':') != std::string::npos;
  const std::string target = (ipv6 ? "[" + where.host + "]" : where.host) + ":" + std::to_string(where.port);
  std::string head = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\nUser-Agent: " + user_agent + "\r\n";
  if (!via.user.empty()) head += "Proxy-Authorization: Basic " + base64(via.user + ":" + via.password) + "\r\n";
  head += "\r\n";
  response answer;
  http_response_parser parser(answer);
  std::size_t sent = 0;
  char buffer[4096];
  while (!parser.has_status() && !parser.failed()) {
    const bool sending = sent < head.size();
    if (!wait(sending ? short{POLLOUT} : short{POLLIN})) return 0;
    const std::ptrdiff_t n = sending ? net::send_two(s, head.data() + sent, head.size() - sent, nullptr, 0)
                                     : net::receive(s, buffer, sizeof buffer);
    const int reason = n < 0 ? net::last_error() : 0;
    if (n < 0 && !net::would_block(reason) && !net::interrupted(reason)) return 0;
    if (n > 0 && sending) sent += static_cast<std::size_t>(n);
    if (n > 0 && !sending) parser.feed(buffer, static_cast<std::size_t>(n));
    if (n == 0) parser.end_of_stream();
  }
  return answer.status;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Talks to one host over TLS 1.2 or newer. Follows no redirect.
///
/// cpp-httplib waits without looking at a deadline of ours, so the long waits are made before it comes to its own: in the
/// handshake by a callback of OpenSSL, for the answer by peeking from the content provider. What is left to it gets at
/// most `silence`: connecting (per address), gaps inside an answer, answers to a GET.
class httplib_transport final : public transport {
 public:
  /// `where`: scheme, host and port count. `headers` go along with every request and must have passed check_header.
  httplib_transport(const url& where, const std::vector<header>& headers, const timing& time, const proxy& via,
                    const tls_files& files)
      : time_(time), where_(where), name_(host_and_port(where)), headers_(headers), proxy_(via), files_(files) {}

  ~httplib_transport() override {
    const no_sigpipe guard;
    disconnect();
  }

  transport_result send(const request& what, std::uint64_t deadline, response& out, std::string& error) override {
    // OpenSSL writes with write(). Its queue of errors must be empty for SSL_get_error to speak the truth.
    const no_sigpipe guard;
    ERR_clear_error();
    transport_result result = transport_result::not_sent;
    const bool reused = reusable();
    if (!reused) disconnect();
    result = attempt(what, deadline, out, error);
    if (result == transport_result::not_sent && reused) {
      // The peer closed it in the moment of use and got nothing: a new connection is no repetition.
      disconnect();
      result = attempt(what, deadline, out, error);
    }
    ERR_clear_error();
    return result;
  }

 private:
  static constexpr std::uint64_t reuse_within = 1000000000;  // see socket_transport
  static constexpr std::uint64_t silence = 10000000000;
  static constexpr std::size_t piece = 16384;  // one TLS record

  bool reusable() const {
    if (client_ == nullptr || client_->is_socket_open() == 0 || time_.steady_now() - last_used_ >= reuse_within) return false;
    return net::poll_one(static_cast<net::handle>(client_->socket()), POLLIN, 0) == 0;  // readable means closed
  }

  void disconnect() {
    if (client_ == nullptr) return;
    deadline_ = time_.steady_now() + 50000000;  // for the farewell
    session_ = nullptr;
    client_->stop();
  }

  transport_result attempt(const request& what, std::uint64_t deadline, response& out, std::string& error) {
    out = response();
    error.clear();
    deadline_ = deadline;
    overdue_ = secured_ = looked_up_ = has_status_ = went_out_ = handshaking_ = waiting_ = asked_ = no_tunnel_ = false;
    session_ = client_ != nullptr && client_->is_socket_open() != 0 ? session_ : nullptr;
    verdict_ = X509_V_OK;
    alert_ = proxy_status_ = 0;
    received_ = 0;
    if (time_.slice(deadline) == 0) {
      error = "no request to " + name_ + ": no time is left";
      return transport_result::not_sent;
    }
    transport_result result = transport_result::not_sent;
#if ARTHUR_HAS_EXCEPTIONS
    try {
      if (set_up(error)) result = connect_and_exchange(what, out, error);
    } catch (...) {
      // Out of memory, or an answer that cpp-httplib stumbles over. What state it is in nobody knows.
      client_.reset();
      error = "the exchange with " + name_ + " ended by an exception";
      result = went_out_ ? transport_result::unanswered : transport_result::not_sent;
    }
#else
    if (set_up(error)) result = connect_and_exchange(what, out, error);
#endif
    if (result == transport_result::answered && !out.truncated) {
      last_used_ = time_.steady_now();
    } else {
      disconnect();
    }
    return result;
  }

  /// Once; reading the system's certificates takes milliseconds.
  bool set_up(std::string& error) {
    if (client_ != nullptr) return true;
    std::unique_ptr<httplib::SSLClient> made(new httplib::SSLClient(where_.host, proxy_.used() ? proxy_.port : where_.port));
    SSL_CTX* const context = httplib_versions::context(*made, 0);
    if (context == nullptr) {
      error = "OpenSSL can't be used (" + tls::reason() + ")";
      return false;
    }
    error = tls::use_own_certificate(context, files_);
    if (!error.empty()) return false;
    if (!files_.authorities.path.empty()) made->set_ca_cert_path(files_.authorities.path, std::string());
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    // OpenSSL compares the name, too: what cpp-httplib 0.11 does is lax ("*.0.0.1" for 10.0.0.1, names before a NUL).
    X509_VERIFY_PARAM* const rules = SSL_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_ip_asc(rules, where_.host.c_str()) != 1) {
      X509_VERIFY_PARAM_set1_host(rules, where_.host.data(), where_.host.size());
    } else {
      is_address_ = true;
    }
    SSL_CTX_set_cert_verify_callback(context, judge, this);
    SSL_CTX_set_cert_cb(context, asked, this);
    SSL_CTX_set_ex_data(context, 0, this);
    SSL_CTX_set_info_callback(context, observe);
    made->enable_server_certificate_verification(true);
    made->set_follow_location(false);
    made->set_keep_alive(true);
    made->set_tcp_nodelay(true);
    made->set_decompress(false);
    httplib_versions::keep_target(*made, 0);
#ifdef CPPHTTPLIB_EXPECT_100_THRESHOLD
    made->set_header_writer(write_header);
#endif
    made->set_socket_options([this](socket_t) { looked_up_ = true; });
    client_ = std::move(made);
    ERR_clear_error();  // the host is no address
    return true;
  }

  void set_timeouts() {
    const std::uint64_t now = time_.steady_now();
    const std::uint64_t end = time_.limit(deadline_);
    const std::uint64_t left = end > now ? end - now : 1000000;
    // Half for the first address, so that there is a second chance.
    const std::uint64_t connecting = (std::min)(left / 2, silence) / 1000;
    const std::uint64_t waiting = (std::min)(left, silence) / 1000;
    constexpr std::uint64_t second = 1000000;
    client_->set_connection_timeout(static_cast<time_t>(connecting / second), static_cast<time_t>(connecting % second));
    client_->set_read_timeout(static_cast<time_t>(waiting / second), static_cast<time_t>(waiting % second));
    client_->set_write_timeout(static_cast<time_t>(waiting / second), static_cast<time_t>(waiting % second));
  }

  void take_header(const httplib::Response& answer, response& out) {
    if (answer.status < 200 || answer.status > 599) return;  // an interim answer that cpp-httplib doesn't skip
    has_status_ = true;
    out.status = answer.status;
    out.content_type = answer.get_header_value("Content-Type");
    out.retry_after = answer.get_header_value("Retry-After");
    out.location = answer.get_header_value("Location");
  }

  /// A proxy stands where cpp-httplib believes the host to be; which of its addresses works is found by trying.
  transport_result connect_and_exchange(const request& what, response& out, std::string& error) {
    if (!proxy_.used() || client_->is_socket_open() != 0) return exchange(what, out, error);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(proxy_.host.c_str(), nullptr, &hints, &found);
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(failed == 0 ? found : nullptr, [](addrinfo* a) { ::freeaddrinfo(a); });
    if (failed != 0) error = "can't find the address of " + shown(proxy_) + ": " + net::lookup_error_text(failed) + "; " + change_address(proxy_.source);
    transport_result result = transport_result::not_sent;
    for (const addrinfo* a = list.get(); a != nullptr && session_ == nullptr && !late(); a = a->ai_next) {
      char text[NI_MAXHOST];
      if (::getnameinfo(a->ai_addr, static_cast<socklen_t>(a->ai_addrlen), text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
      client_->set_hostname_addr_map({{where_.host, text}});
      result = exchange(what, out, error);
    }
    return result;
  }

  transport_result exchange(const request& what, response& out, std::string& error) {
    set_timeouts();
    secured_ = client_->is_socket_open() != 0;
    httplib::Request q;
    q.method = what.method;
    q.path = what.target;
    for (const header& h : headers_) q.headers.emplace(h.name, h.value);
    q.headers.emplace("Host", name_);
    q.headers.emplace("User-Agent", user_agent);
    q.headers.emplace("Accept-Encoding", "identity");
#ifdef CPPHTTPLIB_EXPECT_100_THRESHOLD
    // Else it would add "100-continue" to bodies of 1 KiB and wait a second for servers that don't know it. write_header
    // leaves this one out.
    q.headers.emplace("Expect", "");
#endif
    if (*what.content_type != '\0') q.headers.emplace("Content-Type", what.content_type);
    if (what.body_size > 0) {
      q.content_length_ = what.body_size;
      q.content_provider_ = [&](std::size_t at, std::size_t length, httplib::DataSink& sink) {
        went_out_ = true;
        const std::size_t part = (std::min)(length, piece);
        const bool sent = wait(client_->socket(), POLLOUT) && sink.write(what.body + at, part);
        if (!sent) await_answer();  // why the peer closed may still be readable
        if (sent && (part < length || await_answer())) return true;
        ::shutdown(client_->socket(), 2);  // both ways; newer versions would wait for an answer to half a request
        return false;
      };
    }
    bool too_large = false;
    q.response_handler = [&](const httplib::Response& answer) {
      take_header(answer, out);
      return has_status_;
    };
    q.content_receiver = [&](const char* data, std::size_t size, auto, auto) {
      const std::size_t room = http_response_parser::max_body - out.body.size();
      too_large = size > room;
      out.body.append(data, (std::min)(size, room));
      return !too_large && !late();
    };
    const httplib::Result result = client_->send(q);
    if (result && !has_status_) take_header(*result, out);  // 204 comes without a call of the handler
    if (has_status_) {
      out.truncated = !result;
      if (too_large) error = name_ + ": the answer is larger than 4 MiB";
      else if (!result) error = name_ + ": the answer was cut off";
      return transport_result::answered;
    }
    out = response();
    error = explain(result.error());
    // A body that didn't begin to go out was never carried out; nor was one after which the peer refused the handshake.
    const bool gone = what.body_size > 0 ? went_out_ : secured_;
    return gone && !tls::refuses_client(alert_) ? transport_result::unanswered : transport_result::not_sent;
  }

#ifdef CPPHTTPLIB_EXPECT_100_THRESHOLD
  /// Without "Expect": some servers answer an empty one with 417.
  static ssize_t write_header(httplib::Stream& to, httplib::Headers& lines) {
    std::string whole;
    for (const auto& line : lines) {
      if (!text::equal_nocase(line.first, "Expect")) whole += line.first + ": " + line.second + "\r\n";
    }
    whole += "\r\n";
    return to.write(whole.data(), whole.size());
  }
#endif

  std::string explain(httplib::Error failure) const {
    const std::string through = proxy_.used() ? shown(proxy_) + " for " + name_ : name_;
    if (verdict_ != X509_V_OK) {
      return "the certificate of " + name_ + " is refused: " + X509_verify_cert_error_string(verdict_) + "; " +
             tls::fix(verdict_, where_.source);
    }
    if (no_tunnel_ && !overdue_) {
      if (proxy_status_ == 0) return through + " closed the connection; check " + proxy_.source;
      return through + " answered " + std::to_string(proxy_status_) +
             (proxy_status_ == 407 ? "; put its user and password into " : " in place of a connection; check ") + proxy_.source;
    }
    const bool certificate_missing = asked_ && files_.certificate.path.empty() && !overdue_;
    if (tls::refuses_client(alert_) || (alert_ != 0 && !secured_) || certificate_missing) {
      return name_ + " ended the TLS handshake" + tls::why_ended(alert_, certificate_missing);
    }
    if (overdue_ && secured_) {
      return "no answer from " + name_ + (time_.limit(deadline_) < deadline_ ? " before the program had to end" : " in time");
    }
    if (secured_) {
      return received_ > http_response_parser::max_header ? name_ + ": the answer's header is larger than 64 KiB"
                                                          : name_ + " gave no answer: the connection was closed, silent or not HTTP";
    }
    const std::string address = std::string("; is it up? ") + change_address(proxy_.used() ? proxy_.source : where_.source);
    if (!looked_up_) return "can't find the address of " + where_.host + "; " + change_address(where_.source);
    if (overdue_) return "can't connect to " + through + ": no answer in time" + address;
    if (session_ != nullptr || handshaking_) {
      return "can't connect to " + name_ + ": the TLS handshake failed; does it speak HTTPS, TLS 1.2 or newer? " + change_address(where_.source);
    }
    if (failure == httplib::Error::SSLLoadingCerts) return tls::unusable(files_.authorities, "can't be read any more");
    return "can't connect to " + through + ": refused, or no answer in time" + address;
  }

  bool late() {
    overdue_ = overdue_ || time_.slice(deadline_) == 0;
    return overdue_;
  }

  /// False when the time is over.
  template <class Socket>
  bool wait(Socket socket, short events) {
    for (int slice = time_.slice(deadline_); slice > 0; slice = time_.slice(deadline_)) {
      if (net::poll_one(static_cast<net::handle>(socket), events, slice) != 0) return true;
    }
    overdue_ = true;
    return false;
  }

  /// Waits for the answer's first byte, which stays where it is. False when the time is over.
  bool await_answer() {
    waiting_ = true;
    char first = 0;
    int n = 0;
    // "Want read": something else came, e.g. a ticket.
    do n = SSL_peek(session_, &first, 1);
    while (n <= 0 && !overdue_ && SSL_get_error(session_, n) == SSL_ERROR_WANT_READ);
    waiting_ = false;
    return !overdue_;
  }

  /// Follows a session: called by OpenSSL at the steps of a handshake and for alerts.
  static void observe(const SSL* seen, int where, int value) {
    auto& self = *static_cast<httplib_transport*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(seen), 0));
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL) self.alert_ = value & 0xff;
    if ((where & SSL_CB_HANDSHAKE_DONE) != 0) {
      self.secured_ = true;
      self.handshaking_ = false;
      self.received_ = 0;
    }
    if ((where & SSL_CB_HANDSHAKE_START) == 0) return;
    BIO* const io = SSL_get_rbio(seen);
    if (BIO_get_callback_ex(io) == watch) return;  // a message after the handshake
    SSL* const session = const_cast<SSL*>(seen);   // OpenSSL has no other place between making and using it
    self.session_ = session;
    self.handshaking_ = true;
    self.secured_ = false;
    SSL_set_verify(session, SSL_VERIFY_PEER, nullptr);  // cpp-httplib turns it off and looks at the result later
    // Addresses have no place there, but cpp-httplib 0.11 writes them.
    if (self.is_address_) SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, nullptr);
    BIO_set_callback_arg(io, reinterpret_cast<char*>(&self));
    BIO_set_callback_ex(io, watch);
    if (!self.proxy_.used()) return;
    // cpp-httplib could do it, but 0.11 waits for its own lock for ever when a refusal says "Connection: close", and sends
    // the proxy's password to the host as well.
    const auto socket = static_cast<net::handle>(SSL_get_fd(seen));
    self.proxy_status_ = open_tunnel(socket, self.where_, self.proxy_, [&](short events) { return self.wait(socket, events); });
    self.no_tunnel_ = self.proxy_status_ < 200 || self.proxy_status_ > 299;
  }

  /// Called by OpenSSL around everything it does with the socket; before a read or write it may refuse.
  static long watch(BIO* io, int what, const char*, std::size_t, int, long, int result, std::size_t* processed) {
    auto& self = *reinterpret_cast<httplib_transport*>(BIO_get_callback_arg(io));
    bool go = true;
    if (self.no_tunnel_) {
      go = what != BIO_CB_READ && what != BIO_CB_WRITE;
    } else if (what == BIO_CB_READ) {
      const bool flooded = !self.has_status_ && self.received_ > http_response_parser::max_header;
      go = !flooded && (self.handshaking_ || self.waiting_ ? self.wait(BIO_get_fd(io, nullptr), POLLIN) : !self.late());
    } else if (what == BIO_CB_WRITE) {
      go = self.wait(BIO_get_fd(io, nullptr), POLLOUT);
    } else if (what == (BIO_CB_READ | BIO_CB_RETURN) && result > 0) {
      self.received_ += *processed;
    }
    if (go) return result;
    BIO_clear_retry_flags(io);
    return -1;
  }

  /// Called when the server asks for a certificate.
  static int asked(SSL*, void* user) {
    static_cast<httplib_transport*>(user)->asked_ = true;
    return 1;
  }

  /// Keeps OpenSSL's reason, which nobody could ask for after a failed handshake.
  static int judge(X509_STORE_CTX* chain, void* user) {
    const int good = X509_verify_cert(chain);
    static_cast<httplib_transport*>(user)->verdict_ = X509_STORE_CTX_get_error(chain);
    return good == 1 ? 1 : 0;
  }

  timing time_;
  url where_;
  std::string name_;  // for messages and the Host header
  std::vector<header> headers_;
  proxy proxy_;
  tls_files files_;
  bool is_address_ = false;
  std::uint64_t last_used_ = 0;

  // Of the request under way.
  std::uint64_t deadline_ = 0;
  bool overdue_ = false;      // a wait was given up
  bool looked_up_ = false;    // the host has an address
  bool handshaking_ = false;  // reads wait
  bool waiting_ = false;      // likewise
  bool secured_ = false;      // the handshake is over
  bool went_out_ = false;     // the header is written, the body may be
  bool has_status_ = false;
  bool asked_ = false;      // for our certificate, in this handshake
  int alert_ = 0;           // a fatal one that the peer sent
  bool no_tunnel_ = false;  // the proxy gave none: no byte goes to it any more
  int proxy_status_ = 0;
  long verdict_ = X509_V_OK;
  std::size_t received_ = 0;  // bytes since the handshake or the request began
  SSL* session_ = nullptr;    // cpp-httplib's

  std::unique_ptr<httplib::SSLClient> client_;  // the last: its end still calls back
};

namespace {

constexpr https_support httplib_support{
    [](const url& where, const std::vector<header>& headers, const timing& time, const proxy& via,
       const tls_files& files) -> std::unique_ptr<transport> {
      return std::unique_ptr<transport>(new httplib_transport(where, headers, time, via, files));
    },
    tls::check};

[[maybe_unused]] const bool httplib_known = [] {
  the_https.store(&httplib_support, std::memory_order_relaxed);  // before main: no thread can see it
  return true;
}();

}  // namespace

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#endif

#endif
#endif
