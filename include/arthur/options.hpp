// options.hpp: everything arthur::start() can be told; each field with its default, its unit and the reason for both.
#ifndef ARTHUR_OPTIONS_HPP
#define ARTHUR_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config.hpp"
#include "header_list.hpp"
#include "openinference/kinds.hpp"

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

/// Which share is recorded of the spans whose kind and name match: see options::sampling_rules.
struct sampling_rule {
  bool any_kind = true;
  arthur::kind kind = kind::chain;  ///< unless any_kind
  std::string name;                 ///< with one `*` before or behind it for anything: "health*", "*.get"; "*": any name
  double ratio = 1.0;               ///< 0: none of them; 1: all

  sampling_rule() = default;
  sampling_rule(std::string pattern, double share) : name(static_cast<std::string&&>(pattern)), ratio(share) {}
  sampling_rule(arthur::kind k, std::string pattern, double share) : any_kind(false), kind(k), name(static_cast<std::string&&>(pattern)), ratio(share) {}
};

/// A switch of options: true or false as the program says, or, where it says nothing, what the environment variable says.
struct toggle {
  constexpr toggle() noexcept : given(-1) {}
  constexpr toggle(bool on) noexcept : given(on ? 1 : 0) {}
  template <class T> toggle(T*) = delete;  // "false" would mean true
  signed char given;  ///< 1, 0; -1: not given
};

/// Secrets that options::redactors looks for in every text of a span; join them with '|'.
enum class redactor : unsigned {
  none = 0,
  api_keys = 1,       ///< "[API_KEY]": sk-..., AIza..., ghp_..., xox..., AKIA..., keys of Arthur Engine, "api_key": "..."
  bearer_tokens = 2,  ///< "[TOKEN]": Bearer ..., Authorization: ..., JSON web tokens, "access_token": "..."
  emails = 4,         ///< "[EMAIL]"
  card_numbers = 8,   ///< "[CARD_NUMBER]": 13 to 19 digits of an issuer, also in groups, with the right check digit
  all = 15,
};
constexpr redactor operator|(redactor a, redactor b) noexcept { return static_cast<redactor>(static_cast<unsigned>(a) | static_cast<unsigned>(b)); }

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
  /// Shares for single kinds and names; the first rule that matches counts: `{{"health*", 0}, {arthur::kind::agent, "*", 1}}`.
  /// For a root in place of sample_ratio, for its whole trace; a span inside a recorded trace can only be left out, with all
  /// that is opened inside it. Decided by the trace id, so all rules of one share choose the same traces. See docs/sampling.md.
  option_list<sampling_rule> sampling_rules;
  /// Keep traces in which a span failed (an exception, ARTHUR_ERROR) although sample_ratio, a share in sampling_rules or
  /// another process left them out. For that such traces are recorded and held in up to an eighth of memory_limit more,
  /// until their first span in this process has ended, five minutes at most. Headers sent on still say "not sampled". What
  /// isn't kept is counted in statistics::tail_dropped. Not with ARTHUR_NO_HEAP.
  bool keep_errors = false;
  /// Likewise those whose first span in this process took longer. 0: no such rule.
  std::chrono::milliseconds keep_slower_than{0};
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
  /// Most bytes that arthur::wire_call and the hooks for HTTP clients keep of a request, and as many of an answer; a longer
  /// one is cut and marked `arthur.request.truncated` or `arthur.response.truncated`, and a longer JSON isn't read. Images that
  /// base64_image_max_length leaves out don't count. 1 KiB to 64 MiB; default 1 MiB.
  std::size_t max_body_bytes = std::size_t{1} << 20;
  /// Record code.function.name, code.file.path and code.line.number of each macro span.
  bool code_location = true;
  /// Hosts whose requests through arthur::httplib_client and its like carry the `traceparent` of their span, if it is a call
  /// to a model: names without scheme and port, comma separated; what is below a name counts, too. Default:
  /// ARTHUR_PROPAGATE_TO, then none: providers have no use for ids of yours.
  std::string propagate_to;
  /// Ask for the token counts of streamed OpenAI chats: arthur::httplib_client and its like add
  /// `"stream_options":{"include_usage":true}` to a request that is recorded and has no stream_options. The stream then ends with one
  /// chunk more, whose `choices` is empty: the program must bear that.
  bool include_usage = false;

  // What is kept out of spans, before it reaches any buffer: docs/privacy.md has the table. Each has the name, the default
  // (false) and the effect of OpenInference's variable OPENINFERENCE_<NAME>; a value given here wins over the variable.
  /// "__REDACTED__" for input.value, prompts and reranker.query; no messages, tools, images and documents to rerank.
  toggle hide_inputs;
  /// "__REDACTED__" for output.value, choices and the documents found; no messages, images and reranked documents.
  toggle hide_outputs;
  /// No llm.input_messages, llm.output_messages.
  toggle hide_input_messages;
  toggle hide_output_messages;
  /// "__REDACTED__" for the text of messages; roles, tool calls and images stay.
  toggle hide_input_text;
  toggle hide_output_text;
  /// No images in messages that go in, and no input.images.
  toggle hide_input_images;
  /// "__REDACTED__" for the texts of legacy completions.
  toggle hide_prompts;
  toggle hide_choices;
  /// No llm.tools, no llm.invocation_parameters.
  toggle hide_llm_tools;
  toggle hide_llm_invocation_parameters;
  /// "__REDACTED__" for vectors (also OPENINFERENCE_HIDE_EMBEDDING_VECTORS) and texts of embeddings.
  toggle hide_embeddings_vectors;
  toggle hide_embeddings_text;
  /// "__REDACTED__" for content and metadata of documents that a retriever found.
  toggle hide_retrieval_documents;
  /// Longest image in a data: URL, in characters of the whole URL; "__REDACTED__" for longer ones. -1: what
  /// OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH says, then 32000.
  std::int64_t base64_image_max_length = -1;
  /// Secrets to look for in every text that is recorded, before it reaches a file, the console or the endpoint; see
  /// docs/privacy.md for what counts as one and where. Takes 5 to 8 ns a character on the worker. Default: none.
  redactor redactors = redactor::none;
  /// Sees every text, after the redactors, and may change it; false leaves the attribute out. `key` names it; see
  /// docs/privacy.md for the texts that are no attributes. Called on the worker, one call at a time; must not block. If it
  /// throws, "__REDACTED__" takes the text's place. Default: none.
  bool (*redact)(void* user, std::string_view key, std::string& text) = nullptr;
  /// Passed to redact.
  void* redact_user = nullptr;
  /// Write OpenTelemetry's gen_ai.* attributes beside OpenInference's. OPENINFERENCE_ENABLE_GENAI_SEMCONV.
  toggle enable_genai_semconv;

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
