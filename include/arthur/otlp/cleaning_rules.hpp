// cleaning_rules.hpp: what cleaning may change, how that is counted, and which keys have a meaning of their own.
#ifndef ARTHUR_OTLP_CLEANING_RULES_HPP
#define ARTHUR_OTLP_CLEANING_RULES_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../config.hpp"
#include "../policy/limits.hpp"
#include "buffer.hpp"
#include "utf8.hpp"

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
  bool engine = true;           ///< everything Arthur Engine needs; false: only UTF-8, repeated keys, nesting, JSON's label
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

/// The values whose label is ours for any receiver; of other keys we know what the engine does with them, and no more.
inline bool is_input_or_output(const char* key, std::size_t size) noexcept {
  return equals(key, size, "input.value") || equals(key, size, "output.value");
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
