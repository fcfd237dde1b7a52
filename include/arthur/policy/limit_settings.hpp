// limit_settings.hpp: what bounds a span, a batch, an export and the diagnostic lines, from options and environment.
#ifndef ARTHUR_POLICY_LIMIT_SETTINGS_HPP
#define ARTHUR_POLICY_LIMIT_SETTINGS_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "../options.hpp"
#include "environment.hpp"
#include "limits.hpp"
#include "text.hpp"

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
