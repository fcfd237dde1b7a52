// engine_store.cpp: storing (§1.5-1.8), task routing (§2) and reading back.
#include "engine_store.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <ctime>

#include "engine_rules.hpp"

namespace support {
namespace {

using json = nlohmann::json;

const char* const unmapped_task = "539b1da6-ebf8-4fe2-91e5-db2dc8ff626d";

bool blank(const std::string& text) { return text.find_first_not_of(" \t\r\n\f\v") == std::string::npos; }

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

/// SQL ILIKE: '%' is any run, '_' any one character.
bool like(const std::string& text, const std::string& pattern) {
  std::vector<bool> reached(text.size() + 1, false);  // after the pattern so far, text[0, i) is matched
  reached[0] = true;
  for (const char p : pattern) {
    std::vector<bool> next(text.size() + 1, false);
    for (std::size_t i = 0; i <= text.size(); ++i) {
      if (p == '%') next[i] = reached[i] || (i > 0 && next[i - 1]);
      else if (i > 0) next[i] = reached[i - 1] && (p == '_' || lower(p) == lower(text[i - 1]));
    }
    reached = std::move(next);
  }
  return reached[text.size()];
}

/// §3.5: naive local time in microseconds (the stand-in's server lives in UTC).
std::string iso_time(std::uint64_t ns) {
  const auto seconds = static_cast<std::time_t>(ns / 1000000000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + size, sizeof text - size, ".%06u", static_cast<unsigned>(ns % 1000000000 / 1000));
  return text;
}

json optional_text(const std::string& text) { return text.empty() ? json() : json(text); }

json optional_count(const std::optional<long double>& count) {
  return count ? json(static_cast<std::int64_t>(*count)) : json();
}

/// input.value or output.value; objects as their JSON text.
json content(const json& attributes, const char* side) {
  const json::json_pointer at(std::string("/") + side + "/value");
  if (!attributes.is_object() || !attributes.contains(at)) return nullptr;
  const json& v = attributes[at];
  return v.is_string() ? v : json(v.dump());
}

json row_json(const stored_span& row, std::size_t number) {
  const span& s = row.span;
  const normal_span n = normalise(s, true);
  static const char* const codes[] = {"Unset", "Ok", "Error"};
  char id[40];
  std::snprintf(id, sizeof id, "00000000-0000-4000-9000-%012zx", number);
  return {{"id", id},
          {"trace_id", to_hex(s.trace_id)},
          {"span_id", to_hex(s.span_id)},
          {"parent_span_id", s.is_root() ? json() : json(to_hex(s.parent_span_id))},
          {"span_kind", optional_text(n.kind)},
          {"span_name", s.name},
          {"start_time", iso_time(s.start_time)},
          {"end_time", iso_time(s.end_time)},
          {"task_id", row.task_id},
          {"session_id", optional_text(n.session_id)},
          {"user_id", optional_text(n.user_id)},
          {"status_code", s.status_code == 1 || s.status_code == 2 ? codes[s.status_code] : codes[0]},
          {"created_at", iso_time(s.end_time)},
          {"updated_at", iso_time(s.end_time)},
          {"raw_data", raw_data(n)},
          {"prompt_token_count", optional_count(n.prompt_tokens)},
          {"completion_token_count", optional_count(n.completion_tokens)},
          {"total_token_count", optional_count(n.total_tokens)},
          {"prompt_token_cost", nullptr},
          {"completion_token_cost", nullptr},
          {"total_token_cost", nullptr},
          {"input_content", content(n.attributes, "input")},
          {"output_content", content(n.attributes, "output")},
          {"metric_results", json::array()}};
}

constexpr int max_tree_depth = 200;  // a repeated span may be its own parent

/// §1.8: children are grouped by parent *span id*, so repeated parents each get all children.
json with_children(const json& row, const std::vector<json>& rows, int depth) {
  json out = row;
  out["children"] = json::array();
  for (const json& child : rows) {
    if (depth < max_tree_depth && child["parent_span_id"] == row["span_id"]) {
      out["children"].push_back(with_children(child, rows, depth + 1));
    }
  }
  return out;
}

}  // namespace

json ingest_report::body() const {
  const char* word = accepted == total ? "success" : accepted == 0 ? "failure" : "partial_success";
  return {{"total_spans", total},
          {"accepted_spans", accepted},
          {"rejected_spans", total - accepted},
          {"rejection_reasons", reasons},
          {"status", word}};
}

ingest_report engine_store::ingest(export_request request, bool with_rules) {
  ingest_report report;
  std::vector<stored_span> rows;
  bool poisoned = false;
  const resource_view view{nullptr, [this](const std::string& id) { return find_task(id) != nullptr; }};
  for (resource_spans& rs : request.resources) {
    std::string task;
    verdict unfit;
    if (with_rules) {
      resource_view mine = view;
      mine.resource = &rs.resource;
      unfit = judge(resource_poisons(), mine);
      if (!unfit) task = route(rs.resource);  // §1.5: an auto-created task stays even when the request fails later
    }
    const auto shared_resource = std::make_shared<const resource>(rs.resource);
    for (scope_spans& ss : rs.scopes) {
      const auto shared_scope = std::make_shared<const scope>(ss.scope);
      for (span& s : ss.spans) {
        ++report.total;
        if (with_rules && !judge_span(s, report, poisoned)) continue;
        ++report.accepted;
        rows.push_back({std::move(s), task, shared_resource, shared_scope, export_count_});
      }
    }
    if (unfit) {
      poisoned = true;
      if (report.broken_rule.empty()) report.broken_rule = unfit.section;
    }
  }
  if (poisoned) {
    report.status = 500;
    report.accepted = 0;
    return report;
  }
  if (report.accepted < report.total) report.status = report.accepted == 0 ? 422 : 206;
  commit(std::move(rows), report);
  return report;
}

/// False when the span is rejected; an accepted span may still poison the request.
bool engine_store::judge_span(const span& s, ingest_report& report, bool& poisoned) {
  const auto any = [&](const std::vector<std::function<bool(const span&)>>& predicates) {
    return std::any_of(predicates.begin(), predicates.end(), [&](const auto& p) { return p(s); });
  };
  const normal_span n = normalise(s);
  verdict rejected = judge(rejections(), n);
  if (!rejected && any(rejects)) rejected = {"rejected by the test", "as the test says"};
  if (rejected) {
    report.reasons.push_back("Invalid span data format: " + rejected.reason);
    if (report.broken_rule.empty()) report.broken_rule = rejected.section;
    return false;
  }
  verdict poison = judge(span_poisons(), n);
  if (!poison && any(poisons)) poison = {"poison by the test", "as the test says"};
  if (poison) {
    poisoned = true;
    report.broken_rule = poison.section;
  }
  return true;
}

void engine_store::commit(std::vector<stored_span> rows, ingest_report& report) {
  for (const stored_span& row : rows) {
    if (row.span.is_root()) root_export_.emplace(row.span.trace_id, export_count_);
  }
  for (stored_span& row : rows) {
    const auto root = root_export_.find(row.span.trace_id);
    if (root != root_export_.end() && root->second < export_count_ && !row.span.is_root()) ++report.late_children;
    ++ids_[to_hex(row.span.span_id)];
    ++row_count_;
    if (keep_spans) spans_.push_back(std::move(row));
  }
  ++export_count_;
}

/// §2, per resource.
std::string engine_store::route(const resource& r) {
  const std::string wanted = wanted_task(r);
  if (!wanted.empty()) return wanted;
  const value* service = r.find("service.name");
  if (service == nullptr || !service->is(value::type::string) || blank(service->text)) return unmapped_task;
  const auto known = service_tasks_.find(service->text);
  if (known != service_tasks_.end()) return known->second;
  // A task that merely has the same name is not looked for: a twin is made.
  char id[40];
  std::snprintf(id, sizeof id, "00000000-0000-4000-8000-%012x", ++new_tasks_);
  add_task({id, service->text, 0, true, false});
  service_tasks_[service->text] = id;
  return id;
}

void engine_store::add_task(engine_task task) {
  if (task.created_at == 0) {
    const auto now =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
    task.created_at = now.count();
    for (const engine_task& t : tasks_) task.created_at = (std::max)(task.created_at, t.created_at + 1);
  }
  tasks_.push_back(std::move(task));
}

const engine_task* engine_store::find_task(const std::string& id) const {
  static const engine_task unmapped{unmapped_task, "__unmapped__", 1, false, false};
  if (id == unmapped_task) return &unmapped;
  const auto it = std::find_if(tasks_.begin(), tasks_.end(), [&](const engine_task& t) { return t.id == id; });
  return it == tasks_.end() ? nullptr : &*it;
}

json engine_store::task_json(const engine_task& task) {
  return {{"id", task.id},
          {"name", task.name},
          {"created_at", task.created_at},
          {"updated_at", task.created_at},
          {"is_agentic", true},
          {"is_system_task", task.id == unmapped_task},
          {"is_autocreated", task.is_autocreated},
          {"is_archived", task.is_archived},
          {"agent_metadata", nullptr},
          {"rules", json::array()},
          {"metrics", json::array()}};
}

json engine_store::search_tasks(const json& filter, std::size_t page, std::size_t page_size, bool ascending) const {
  const auto flag = [&](const char* name) { return filter.contains(name) && filter[name] == true; };
  std::vector<const engine_task*> found;
  for (const engine_task& t : tasks_) {
    if (flag("only_archived") ? !t.is_archived : t.is_archived && !flag("include_archived")) continue;
    if (filter.contains("task_name") && filter["task_name"].is_string() &&
        !like(t.name, "%" + filter["task_name"].get<std::string>() + "%")) {
      continue;
    }
    if (filter.contains("task_ids") && filter["task_ids"].is_array() &&
        std::find(filter["task_ids"].begin(), filter["task_ids"].end(), json(t.id)) == filter["task_ids"].end()) {
      continue;
    }
    if (filter.contains("is_agentic") && filter["is_agentic"] == false) continue;
    found.push_back(&t);
  }
  std::stable_sort(found.begin(), found.end(), [&](const engine_task* a, const engine_task* b) {
    return ascending ? a->created_at < b->created_at : a->created_at > b->created_at;
  });
  json tasks = json::array();
  for (std::size_t i = page * page_size; i < found.size() && tasks.size() < page_size; ++i) {
    tasks.push_back(task_json(*found[i]));
  }
  return {{"count", found.size()}, {"tasks", tasks}};
}

std::optional<json> engine_store::span_json(const std::string& hex_id) const {
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    if (to_hex(spans_[i].span.span_id) == hex_id) return row_json(spans_[i], i);
  }
  if (ids_.count(hex_id) != 0) return json{{"span_id", hex_id}};  // its row was taken away by the test
  return std::nullopt;
}

std::optional<json> engine_store::trace_json(const std::string& hex_id) const {
  std::vector<const stored_span*> members;
  for (const stored_span& row : spans_) {
    if (to_hex(row.span.trace_id) == hex_id) members.push_back(&row);
  }
  if (members.empty()) return std::nullopt;
  std::stable_sort(members.begin(), members.end(),
                   [](const auto* a, const auto* b) { return a->span.start_time < b->span.start_time; });
  std::vector<json> rows;
  std::uint64_t start = ~std::uint64_t{0};
  std::uint64_t end = 0;
  json sums = {{"prompt_token_count", nullptr}, {"completion_token_count", nullptr}, {"total_token_count", nullptr}};
  for (const stored_span* m : members) {
    rows.push_back(row_json(*m, rows.size()));
    start = (std::min)(start, m->span.start_time);
    end = (std::max)(end, m->span.end_time);
    for (auto& sum : sums.items()) {
      const json& count = rows.back()[sum.key()];
      if (!count.is_null()) {
        sum.value() = (sum.value().is_null() ? 0 : sum.value().get<std::int64_t>()) + count.get<std::int64_t>();
      }
    }
  }
  json out = sums;
  out["trace_id"] = hex_id;
  out["start_time"] = iso_time(start);
  out["end_time"] = iso_time(end);
  out["input_content"] = nullptr;
  out["output_content"] = nullptr;
  out["annotations"] = nullptr;
  out["root_spans"] = json::array();
  for (const json& row : rows) {
    const json& parent = row["parent_span_id"];
    const bool has_parent = !parent.is_null() && std::any_of(rows.begin(), rows.end(), [&](const json& other) {
      return other["span_id"] == parent;
    });
    if (has_parent) continue;  // orphans are promoted to roots
    out["root_spans"].push_back(with_children(row, rows, 0));
    if (parent.is_null() && out["input_content"].is_null()) out["input_content"] = row["input_content"];
    if (parent.is_null() && out["output_content"].is_null()) out["output_content"] = row["output_content"];
  }
  return out;
}

}  // namespace support
