// options.hpp: everything arthur::start() can be told; each field with its default, its unit and the reason for both.
#ifndef ARTHUR_OPTIONS_HPP
#define ARTHUR_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "config.hpp"

ARTHUR_NAMESPACE_BEGIN

/// How spans are written on the wire.
enum class protocol {
  automatic,      ///< JSON, and protobuf where the endpoint refuses JSON (asked once, with an empty request)
  http_json,      ///< OTLP/JSON, always
  http_protobuf,  ///< OTLP/protobuf, always
};

/// What happens to a span for which the pool has no room.
enum class overflow {
  drop,   ///< the span is dropped whole and counted; the caller never waits
  block,  ///< the caller waits for the worker, at most options::block_timeout, then drops and counts
};

/// One HTTP header.
struct header {
  std::string name;
  std::string value;
};

/// Importance of a diagnostic line.
enum class severity { info, warning, error };

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
  std::vector<header> headers;
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
  std::vector<header> resource_attributes;
  /// Default: OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, OTEL_EXPORTER_OTLP_PROTOCOL, then automatic.
  arthur::protocol protocol = protocol::automatic;
  /// Comma separated: "otlp", "otlp/stdout" (JSON lines), "none". Default: OTEL_TRACES_EXPORTER, then "otlp".
  std::string exporters;
  /// Append OTLP JSON lines to this file instead of posting them. Default: empty.
  std::string output_file;
  /// Receives every encoded request instead of a socket; called on the worker, one call at a time, must not throw.
  /// Return false to say that the batch was not taken (it is counted as failed). Default: none.
  bool (*on_batch)(void* user, const batch_view& batch) = nullptr;
  /// Passed to on_batch.
  void* on_batch_user = nullptr;

  /// Upper bound of memory for spans, in bytes: the pool. 64 MiB hold about 25,000 large LLM spans or 200,000 small ones.
  /// Fixed by the first start of a process. Minimum 256 KiB.
  std::size_t memory_limit = std::size_t{64} << 20;
  /// What to do when the pool is full.
  arthur::overflow overflow = overflow::drop;
  /// Longest wait of a caller with overflow::block.
  std::chrono::milliseconds block_timeout{1000};

  /// Longest time a finished span waits before it is sent. Default: OTEL_BSP_SCHEDULE_DELAY, then 1 s: the engine starts
  /// its evaluations 10 s after a root arrived, so the rest of the trace must be there by then.
  std::chrono::milliseconds schedule_delay{0};
  /// One export including its retries. Default: OTEL_EXPORTER_OTLP_TIMEOUT, then 30 s: the engine needs about 7 ms per
  /// LLM span, and a request given up too early may be stored all the same.
  std::chrono::milliseconds export_timeout{0};
  /// Longest time the end of the guard, exit() or a terminate handler may take.
  std::chrono::milliseconds shutdown_timeout{5000};
  /// Most spans in one request. Default: 128 for the engine, OTEL_BSP_MAX_EXPORT_BATCH_SIZE or 512 elsewhere.
  std::size_t max_batch_spans = 0;
  /// Most bytes in one request; a single larger span still goes, alone. Default: 1 MiB.
  std::size_t max_batch_bytes = std::size_t{1} << 20;

  /// Share of traces to record, 0 to 1, decided at the root and inherited. Default: all.
  double sample_ratio = 1.0;
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

  /// Unix time in nanoseconds. For boards without a wall clock and for tests. Default: the system's clock.
  std::uint64_t (*clock)() = nullptr;
  /// 64 random bits for ids. For boards with a generator of their own and for tests. Default: seeded by the system.
  std::uint64_t (*random)() = nullptr;
};

ARTHUR_NAMESPACE_END

#endif
