// engine_routes.cpp: the engine's and the collector's paths.
#include "engine_routes.hpp"

#include "engine_access.hpp"
#include "engine_answers.hpp"
#include "python_json.hpp"

namespace support {
namespace {

using json = nlohmann::json;

bool is_uuid(const std::string& text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::string("0123456789abcdefABCDEF").find(text[i]) == std::string::npos) return false;
  }
  return true;
}

http_answer wrong_verb() { return detail(405, "Method Not Allowed"); }

http_answer moved(const http_request& r) {
  http_answer a;
  a.status = 307;
  a.headers["Location"] = "http://" + r.header("host") + r.path.substr(0, r.path.size() - 1);
  return a;
}

std::optional<std::size_t> parameter(const http_request& r, const char* name, std::size_t otherwise) {
  const auto it = r.query.find(name);
  if (it == r.query.end()) return otherwise;
  if (it->second.empty() || it->second.size() > 9 || it->second.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(std::stoul(it->second));
}

}  // namespace

bool is_ingest_path(const std::string& path) { return path == "/api/v1/traces" || path == "/v1/traces"; }

decoded_body decode_any(const http_request& r) {
  if (!is_json_type(media_type(r))) {
    std::optional<export_request> request = decode_protobuf(r.body);
    if (request) return {std::move(request), false};
  }
  return {decode_json(r.body), true};
}

http_answer engine_routes::work(const http_request& r, request_record& record, decoded_body& body) {
  return options_.speaks == dialect::collector ? collect(r, record, body) : route(r, record, body);
}

http_answer engine_routes::route(const http_request& r, request_record& record, decoded_body& body) {
  const auto below = [&](const std::string& prefix) {
    return r.path.compare(0, prefix.size(), prefix) == 0 && r.path.size() > prefix.size() ? r.path.substr(prefix.size())
                                                                                          : std::string();
  };
  if (r.path == "/api/v1/traces/" || r.path == "/v1/traces/") return r.method == "POST" ? moved(r) : wrong_verb();
  const std::string span_id = below("/api/v1/traces/spans/");
  const std::string trace_id = below("/api/v1/traces/");
  const std::string task = below("/api/v2/tasks/");
  const bool posted = is_ingest_path(r.path) || r.path == "/api/v2/tasks/search";
  const bool known = posted || r.path == "/health" || r.path == "/users/me" || !trace_id.empty() || !task.empty();
  if (!known) return detail(404, "Not Found");
  if (r.method != (posted ? "POST" : "GET")) return wrong_verb();
  if (is_ingest_path(r.path)) return ingest(r, record, body);
  if (posted) return search(r);
  if (r.path == "/health") return json_answer(200, {{"message", "ok"}, {"build_version", "2.1.686"}});
  if (r.path == "/users/me") return who(r);
  if (!task.empty()) return one_task(r, task);
  if (!span_id.empty()) return one_row(r, &engine_store::span_json, span_id, "Span");
  return one_row(r, &engine_store::trace_json, trace_id, "Trace");
}

http_answer engine_routes::ingest(const http_request& r, request_record& record, decoded_body& body) {
  const bool as_json = is_json_type(media_type(r));
  // FastAPI's order: a JSON body is parsed, then the key is checked, then the body's type, then the role.
  if (as_json && !r.body.empty()) {
    if (!valid_utf8(r.body)) return detail(500, "Something went wrong.");
    if (!body.request && python_loads(r.body).result == python_json::outcome::bad) {
      return detail(400, "[{'type': 'json_invalid', 'loc': ('body',), 'msg': 'JSON decode error'}]");
    }
  }
  if (auto no = access_refused(options_.keys, r, nullptr)) return *no;
  if (r.body.empty()) {
    return detail(400, "[{'type': 'missing', 'loc': ('body',), 'msg': 'Field required', 'input': None}]");
  }
  if (as_json && options_.accept == encodings::protobuf) {
    return detail(400, "[{'type': 'bytes_type', 'loc': ('body',), 'msg': 'Input should be a valid bytes'}]");
  }
  if (auto no = access_refused(options_.keys, r, &traces_write)) return *no;
  if (!as_json && options_.accept == encodings::json) return detail(415, "Unsupported Media Type");
  if (!body.request || body.from_json != as_json) {
    return detail(400, as_json ? "Invalid JSON message format" : "Invalid protobuf message format");
  }
  const ingest_report report = keep(std::move(*body.request), record);
  if (report.status == 500) return detail(500, "Something went wrong.");
  return json_answer(report.status, report.body());
}

ingest_report engine_routes::keep(export_request request, request_record& record) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ingest_report report = store_.ingest(std::move(request), options_.speaks == dialect::engine);
  record.broken_rule = report.broken_rule;
  record.stored = report.accepted;
  record.rejected = report.status == 500 ? 0 : report.total - report.accepted;
  record.late_children = report.late_children;
  return report;
}

http_answer engine_routes::who(const http_request& r) const {
  if (auto no = access_refused(options_.keys, r, nullptr)) return *no;
  const engine_key* key = key_of(options_.keys, r);
  const std::vector<std::string> roles_of_key = key != nullptr ? key->roles : std::vector<std::string>();
  return json_answer(200, {{"user_id", "stand-in"}, {"roles", roles_of_key}, {"org_scope", "org"}, {"org", nullptr}});
}

http_answer engine_routes::search(const http_request& r) const {
  const json filter = json::parse(r.body, nullptr, false);
  if (filter.is_discarded()) {
    return detail(400, "[{'type': 'json_invalid', 'loc': ('body',), 'msg': 'JSON decode error'}]");
  }
  if (auto no = access_refused(options_.keys, r, &read_access)) return *no;
  if (!filter.is_object()) return detail(400, "[{'type': 'model_attributes_type', 'loc': ('body',)}]");
  const std::optional<std::size_t> page = parameter(r, "page", 0);
  const std::optional<std::size_t> size = parameter(r, "page_size", 10);
  if (!page || !size || *size < 1 || *size > 5000) return detail(400, "page_size must be between 1 and 5000");
  const auto sort = r.query.find("sort");
  if (sort != r.query.end() && sort->second != "asc" && sort->second != "desc") {
    return detail(400, "sort must be 'asc' or 'desc'");
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  return json_answer(200, store_.search_tasks(filter, *page, *size, sort != r.query.end() && sort->second == "asc"));
}

http_answer engine_routes::one_task(const http_request& r, const std::string& id) const {
  if (auto no = access_refused(options_.keys, r, nullptr)) return *no;
  if (!is_uuid(id)) return detail(400, "[{'type': 'uuid_parsing', 'loc': ('path', 'task_id')}]");
  if (auto no = access_refused(options_.keys, r, &read_access)) return *no;
  const std::lock_guard<std::mutex> lock(mutex_);
  const engine_task* task = store_.find_task(lower_case(id));
  if (task == nullptr) return detail(404, "Task " + id + " not found.");
  return json_answer(200, engine_store::task_json(*task));
}

http_answer engine_routes::one_row(const http_request& r,
                                   std::optional<json> (engine_store::*find)(const std::string&) const,
                                   const std::string& id, const char* what) const {
  if (auto no = access_refused(options_.keys, r, &read_access)) return *no;
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::optional<json> found = (store_.*find)(id);
  return found ? json_answer(200, *found) : detail(404, std::string(what) + " " + id + " not found");
}

http_answer engine_routes::collect(const http_request& r, request_record& record, decoded_body& body) {
  if (r.path != "/v1/traces") return collector_error(404, 5, "404 page not found");
  if (r.method != "POST") return collector_error(405, 12, "405 method not allowed, supported: [POST]");
  if (access_refused(options_.keys, r, nullptr)) {
    return collector_error(401, 16, "unauthenticated");
  }
  const std::string type = media_type(r);
  const bool as_json = type == "application/json";
  const encodings asked = as_json ? encodings::json : encodings::protobuf;
  if ((!as_json && type != "application/x-protobuf") ||
      (options_.accept != encodings::both && options_.accept != asked)) {
    return collector_error(415, 3, "unsupported media type");
  }
  if (!body.request || body.from_json != as_json) return collector_error(400, 3, "can't decode the body");
  return collector_answer(as_json, keep(std::move(*body.request), record));
}

}  // namespace support
