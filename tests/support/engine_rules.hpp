// engine_rules.hpp: what Arthur Engine makes of a span, and the tables of what it rejects and what breaks a request.
#ifndef ARTHUR_TESTS_SUPPORT_ENGINE_RULES_HPP
#define ARTHUR_TESTS_SUPPORT_ENGINE_RULES_HPP

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "otlp_decode.hpp"
#include "python_json.hpp"

namespace support {

/// A span as the engine sees it after normalisation (contract §3).
struct normal_span {
  const span* source = nullptr;
  std::string kind;                // openinference.span.kind, no case folding
  std::string session_id;
  std::string user_id;
  std::vector<python_json> parsed;  // every text that the engine tried json.loads on
  nlohmann::json attributes;        // unflattened, as in raw_data.attributes; only when asked for or needed to judge
  bool bad_digits = false;          // a level of keys that look like digits but that int() refuses
  std::optional<long double> prompt_tokens;  // LLM spans only
  std::optional<long double> completion_tokens;
  std::optional<long double> total_tokens;
};

normal_span normalise(const span& s, bool with_attributes = false);

/// raw_data of a stored span: MessageToDict's shape with normalised attributes, which must be there.
nlohmann::json raw_data(const normal_span& n);

struct resource_view {
  const support::resource* resource = nullptr;
  std::function<bool(const std::string&)> task_exists;
};

/// One row of a table: where the contract says it, and what to say about a subject; "" when the rule does not apply.
template <typename Subject>
struct rule {
  const char* section;
  std::string (*check)(const Subject&);
};

/// §1.6: the span alone is rejected.
const std::vector<rule<normal_span>>& rejections();
/// §1.7: the whole request fails with 500.
const std::vector<rule<normal_span>>& span_poisons();
const std::vector<rule<resource_view>>& resource_poisons();

/// The first row that applies.
struct verdict {
  const char* section = nullptr;
  std::string reason;
  explicit operator bool() const { return section != nullptr; }
};

template <typename Subject>
verdict judge(const std::vector<rule<Subject>>& table, const Subject& subject) {
  for (const rule<Subject>& row : table) {
    std::string reason = row.check(subject);
    if (!reason.empty()) return {row.section, reason};
  }
  return {};
}

/// §2: the task id that a resource asks for by arthur.task; "" when absent or empty.
std::string wanted_task(const resource& r);

}  // namespace support

#endif
