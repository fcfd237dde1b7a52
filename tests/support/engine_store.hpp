// engine_store.hpp: the engine's database: tasks, stored spans, and what its read API shows of them.
#ifndef ARTHUR_TESTS_SUPPORT_ENGINE_STORE_HPP
#define ARTHUR_TESTS_SUPPORT_ENGINE_STORE_HPP

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine.hpp"

namespace support {

struct ingest_report {
  int status = 200;  // 200, 206, 422, or 500 with nothing stored (§1.5)
  std::size_t total = 0;
  std::size_t accepted = 0;
  std::vector<std::string> reasons;  // one per rejected span
  std::string broken_rule;
  std::size_t late_children = 0;

  nlohmann::json body() const;
};

/// Not thread-safe: the engine has one lock around it.
class engine_store {
public:
  bool keep_spans = true;
  std::vector<std::function<bool(const span&)>> poisons;
  std::vector<std::function<bool(const span&)>> rejects;

  ingest_report ingest(export_request request, bool with_rules);

  void add_task(engine_task task);
  const std::vector<engine_task>& tasks() const { return tasks_; }
  const engine_task* find_task(const std::string& id) const;
  /// §6: case-insensitive LIKE '%name%', newest first unless ascending.
  nlohmann::json search_tasks(const nlohmann::json& filter, std::size_t page, std::size_t page_size,
                              bool ascending) const;
  static nlohmann::json task_json(const engine_task& task);

  std::size_t row_count() const { return row_count_; }
  const std::unordered_map<std::string, unsigned>& ids() const { return ids_; }
  std::vector<stored_span>& spans() { return spans_; }
  std::optional<nlohmann::json> span_json(const std::string& hex_id) const;
  std::optional<nlohmann::json> trace_json(const std::string& hex_id) const;

private:

  std::string route(const resource& r);
  bool judge_span(const span& s, ingest_report& report, bool& poisoned);
  void commit(std::vector<stored_span> rows, ingest_report& report);

  std::vector<engine_task> tasks_;
  std::map<std::string, std::string> service_tasks_;  // service.name -> task id
  std::vector<stored_span> spans_;
  std::unordered_map<std::string, unsigned> ids_;             // hex span id -> rows
  std::unordered_map<std::string, std::size_t> root_export_;  // trace id -> export that brought its root
  std::size_t row_count_ = 0;
  std::size_t export_count_ = 0;
  unsigned new_tasks_ = 0;
};

}  // namespace support

#endif
