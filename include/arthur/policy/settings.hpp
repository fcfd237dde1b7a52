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

#include "../config.hpp"
#include "../options.hpp"
#include "endpoint.hpp"
#include "environment.hpp"
#include "instrument_settings.hpp"
#include "limit_settings.hpp"
#include "limits.hpp"
#include "masking_settings.hpp"
#include "proxy.hpp"
#include "sampling_settings.hpp"
#include "text.hpp"
#include "tls_files.hpp"

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
  tail_rule tail;
  span_limits limits;
  masking_settings masking;
  bool genai_semconv = false;  ///< gen_ai.* beside OpenInference's attributes
  arthur::log_level log_level = log_level::automatic;
  bool parent_based = true;   ///< a trace that began in another process is sampled as its flag says
  bool trace_context = true;  ///< W3C traceparent and tracestate are read and written
  bool baggage = true;        ///< W3C baggage is
  instrument_settings instrument;
};

/// Trees are put together on the heap.
#ifdef ARTHUR_NO_HEAP
constexpr bool console_built_in = false;
#else
constexpr bool console_built_in = true;
#endif

namespace resolving {

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
  if (given.max_body_bytes < 1024 || given.max_body_bytes > (std::size_t{64} << 20)) {
    return out_of_range("max_body_bytes", "give 1 KiB to 64 MiB");
  }
  const std::string sampling = check_sampling(given);
  if (!sampling.empty()) return sampling;
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
  out.tail = tail_rule_of(given);
  out.limits = resolve_limits(given, env, warnings);
  out.masking = resolve_masking(given, env, warnings);
  out.genai_semconv = resolve_toggle(given.enable_genai_semconv, env, "OPENINFERENCE_ENABLE_GENAI_SEMCONV", warnings);
}

/// Where no known name is left, the default stands.
inline void resolve_propagators(const environment& env, warning_list& warnings, settings& out) {
  constexpr const char* source = "OTEL_PROPAGATORS";
  bool none = false, trace_context = false, baggage = false;
  std::string_view list = env.get(source);
  while (!list.empty()) {
    const std::string_view name = text::take_name(list);
    if (name.empty()) continue;
    if (text::equal_nocase(name, "none")) {
      none = true;
    } else if (text::equal_nocase(name, "tracecontext")) {
      trace_context = true;
    } else if (text::equal_nocase(name, "baggage")) {
      baggage = true;
    } else {
      ignored(warnings, source, name, "the known propagators are tracecontext, baggage and none");
    }
  }
  const bool known = trace_context || baggage;
  if (none && known) ignored(warnings, source, "none", "other propagators are named beside it");
  if (!none && !known) return;
  out.trace_context = trace_context;
  out.baggage = baggage;
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
  if (out.error.empty()) out.error = resolving::resolve_instrument(given, env, warnings, out.instrument);
  resolving::resolve_numbers(given, env, warnings, out);
  const sampler chosen = resolving::resolve_sampler(given, env, warnings);
  out.sample_ratio = chosen.ratio;
  out.parent_based = chosen.parent_based;
  return out;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
