// engine.cpp: the stand-in's HTTP face: who may do what, what is answered, and what goes wrong on request.
#include "engine.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>

#include <nlohmann/json.hpp>

#include "engine_access.hpp"
#include "engine_answers.hpp"
#include "engine_store.hpp"

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

bool is_ingest_path(const std::string& path) { return path == "/api/v1/traces" || path == "/v1/traces"; }

/// A body's spans, whatever the stated type: for the log, and to tell probes from exports.
std::optional<export_request> decode_any(const http_request& r) {
  if (is_json_type(media_type(r))) return decode_json(r.body);
  std::optional<export_request> decoded = decode_protobuf(r.body);
  return decoded ? decoded : decode_json(r.body);
}

}  // namespace

class engine::state {
public:
  explicit state(engine_options o) : options(std::move(o)), port(options.port) {
    store.keep_spans = options.keep_spans;
    for (const engine_task& t : options.tasks) store.add_task(t);
    start();
  }

  ~state() { stop(); }

  void start() {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      stopping = false;
    }
    http_server_options o;
    o.port = port.number();
    o.keep_alive = options.keep_alive;
    o.decompress = options.speaks == dialect::collector;  // §1.2: the engine never decompresses
    o.on_connect = [this] { return connected(); };
    o.handle = [this](const http_request& r) { return serve(r); };
    server = std::make_unique<http_server>(std::move(o));
  }

  void stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      stopping = true;
    }
    event.notify_all();
    server.reset();
  }

  bool connected() {
    bool keep = true;
    {
      const std::lock_guard<std::mutex> lock(mutex);
      ++connections;
      keep = !next_fault(fault::target::connection);
      ++version;
    }
    event.notify_all();
    return keep;
  }

  http_answer serve(const http_request& r) {
    request_record record = describe(r);
    std::optional<export_request> decoded;
    if (record.is_export) decoded = decode_any(r);
    record.spans = decoded ? decoded->span_count() : 0;

    std::optional<fault> fault_now;
    {
      const std::lock_guard<std::mutex> lock(mutex);
      if (record.is_export && record.spans > 0) fault_now = next_fault(fault::target::spans);
      if (!fault_now) fault_now = next_fault(record.is_export ? fault::target::ingest : fault::target::read);
    }
    http_answer answer;
    if (!fault_now) {
      answer = work(r, record);
    } else if (fault_now->what == fault::action::hold) {
      if (fault_now->stored) answer = work(r, record);
      if (!wait_for_release()) answer.end = ending::close;
      else if (!fault_now->stored) answer = work(r, record);
    } else {
      if (fault_now->stored || fault_now->what == fault::action::cut) answer = work(r, record, fault_now->stored);
      spoil(answer, *fault_now);
    }
    note(std::move(record), answer);
    return answer;
  }

  engine_options options;
  reserved_port port;
  mutable std::mutex mutex;
  mutable std::condition_variable event;
  engine_store store;
  std::vector<request_record> requests;
  std::vector<fault> faults;
  std::uint64_t version = 0;
  std::uint64_t releases = 0;
  std::size_t exports = 0;
  std::size_t held = 0;
  std::size_t connections = 0;

private:
  request_record describe(const http_request& r) const {
    request_record record;
    record.method = r.method;
    record.path = r.path;
    record.content_type = r.header("content-type");
    record.encoding = r.header("content-encoding");
    record.headers = r.headers;
    for (const char* secret : {"authorization", "cookie", "x-api-key"}) record.headers.erase(secret);
    if (options.keep_bodies) record.body = r.body;
    record.connection = r.connection;
    record.is_export = r.method == "POST" && is_ingest_path(r.path);
    return record;
  }

  void note(request_record record, const http_answer& answer) {
    if (answer.end == ending::normal || answer.end == ending::cut)
      record.status = answer.raw.empty() ? answer.status : 0;
    record.answer = answer.body;
    {
      const std::lock_guard<std::mutex> lock(mutex);
      if (record.is_export) ++exports;
      requests.push_back(std::move(record));
      ++version;
    }
    event.notify_all();
  }

  std::optional<fault> next_fault(fault::target where) {
    for (auto it = faults.begin(); it != faults.end(); ++it) {
      if (it->where != where) continue;
      const fault found = *it;
      if (it->times > 0 && --it->times == 0) faults.erase(it);
      return found;
    }
    return std::nullopt;
  }

  static void spoil(http_answer& answer, const fault& f) {
    switch (f.what) {
      case fault::action::answer:
        answer = detail(f.status, "scripted");
        if (!f.body.empty()) answer.body = f.body;
        answer.headers = f.headers;
        break;
      case fault::action::close: answer.end = ending::close; break;
      case fault::action::reset: answer.end = ending::reset; break;
      case fault::action::cut: answer.end = ending::cut; break;
      case fault::action::raw: answer.raw = f.body; break;
      case fault::action::hold: break;
    }
  }

  /// False when the engine stops first.
  bool wait_for_release() {
    std::unique_lock<std::mutex> lock(mutex);
    const std::uint64_t mine = releases;
    ++held;
    ++version;
    event.notify_all();
    event.wait(lock, [&] { return stopping || releases != mine; });
    --held;
    return releases != mine;
  }

  /// What an undisturbed engine does. Without `keep` it only says what it would have answered.
  http_answer work(const http_request& r, request_record& record, bool keep = true) {
    if (!keep) return json_answer(200, ingest_report().body());
    return options.speaks == dialect::collector ? collect(r, record) : route(r, record);
  }

  // --- engine ---

  http_answer route(const http_request& r, request_record& record) {
    const std::string spans = "/api/v1/traces/spans/";
    const std::string traces = "/api/v1/traces/";
    const std::string tasks = "/api/v2/tasks/";
    if (is_ingest_path(r.path)) return r.method == "POST" ? ingest(r, record) : wrong_verb();
    if (r.path == "/api/v1/traces/" || r.path == "/v1/traces/") {
      if (r.method != "POST") return wrong_verb();
      http_answer a;
      a.status = 307;
      a.headers["Location"] = "http://" + r.header("host") + r.path.substr(0, r.path.size() - 1);
      return a;
    }
    if (r.path == "/health")
      return r.method == "GET" ? json_answer(200, {{"message", "ok"}, {"build_version", "2.1.686"}}) : wrong_verb();
    if (r.path == "/users/me") return r.method == "GET" ? who(r) : wrong_verb();
    if (r.path == "/api/v2/tasks/search") return r.method == "POST" ? search(r) : wrong_verb();
    if (r.path.compare(0, tasks.size(), tasks) == 0)
      return r.method == "GET" ? one_task(r, r.path.substr(tasks.size())) : wrong_verb();
    if (r.path.compare(0, spans.size(), spans) == 0) {
      return r.method == "GET" ? one_row(r, &engine_store::span_json, r.path.substr(spans.size()), "Span")
                               : wrong_verb();
    }
    if (r.path.compare(0, traces.size(), traces) == 0) {
      return r.method == "GET" ? one_row(r, &engine_store::trace_json, r.path.substr(traces.size()), "Trace")
                               : wrong_verb();
    }
    return detail(404, "Not Found");
  }

  static http_answer wrong_verb() { return detail(405, "Method Not Allowed"); }

  std::optional<http_answer> refused(const http_request& r, const roles* any_of) const {
    return access_refused(options.keys, r, any_of);
  }

  http_answer ingest(const http_request& r, request_record& record) {
    const bool as_json = is_json_type(media_type(r));
    // FastAPI's order: a JSON body is parsed, then the key is checked, then the body's type, then the role.
    if (as_json && !r.body.empty()) {
      if (!valid_utf8(r.body)) return detail(500, "Something went wrong.");
      if (!json::accept(r.body))
        return detail(400, "[{'type': 'json_invalid', 'loc': ('body',), 'msg': 'JSON decode error'}]");
    }
    if (auto no = refused(r, nullptr)) return *no;
    if (r.body.empty())
      return detail(400, "[{'type': 'missing', 'loc': ('body',), 'msg': 'Field required', 'input': None}]");
    if (as_json && options.accept == encodings::protobuf) {
      return detail(400, "[{'type': 'bytes_type', 'loc': ('body',), 'msg': 'Input should be a valid bytes'}]");
    }
    if (auto no = refused(r, &traces_write)) return *no;
    if (!as_json && options.accept == encodings::json) return detail(415, "Unsupported Media Type");
    std::optional<export_request> request = as_json ? decode_json(r.body) : decode_protobuf(r.body);
    if (!request) return detail(400, as_json ? "Invalid JSON message format" : "Invalid protobuf message format");
    const ingest_report report = keep(std::move(*request), record);
    if (report.status == 500) return detail(500, "Something went wrong.");
    return json_answer(report.status, report.body());
  }

  ingest_report keep(export_request request, request_record& record) {
    const std::lock_guard<std::mutex> lock(mutex);
    ingest_report report = store.ingest(std::move(request), options.speaks == dialect::engine);
    record.broken_rule = report.broken_rule;
    record.stored = report.accepted;
    record.rejected = report.status == 500 ? 0 : report.total - report.accepted;
    record.late_children = report.late_children;
    return report;
  }

  http_answer who(const http_request& r) const {
    if (auto no = refused(r, nullptr)) return *no;
    const engine_key* key = key_of(options.keys, r);
    const std::vector<std::string> roles_of_key = key != nullptr ? key->roles : std::vector<std::string>();
    return json_answer(200, {{"user_id", "stand-in"}, {"roles", roles_of_key}, {"org_scope", "org"}, {"org", nullptr}});
  }

  static std::optional<std::size_t> parameter(const http_request& r, const char* name, std::size_t otherwise) {
    const auto it = r.query.find(name);
    if (it == r.query.end()) return otherwise;
    if (it->second.empty() || it->second.size() > 9 ||
        it->second.find_first_not_of("0123456789") != std::string::npos) {
      return std::nullopt;
    }
    return static_cast<std::size_t>(std::stoul(it->second));
  }

  http_answer search(const http_request& r) const {
    const json filter = json::parse(r.body, nullptr, false);
    if (filter.is_discarded())
      return detail(400, "[{'type': 'json_invalid', 'loc': ('body',), 'msg': 'JSON decode error'}]");
    if (auto no = refused(r, &read_access)) return *no;
    if (!filter.is_object()) return detail(400, "[{'type': 'model_attributes_type', 'loc': ('body',)}]");
    const std::optional<std::size_t> page = parameter(r, "page", 0);
    const std::optional<std::size_t> size = parameter(r, "page_size", 10);
    if (!page || !size || *size < 1 || *size > 5000) return detail(400, "page_size must be between 1 and 5000");
    const auto sort = r.query.find("sort");
    if (sort != r.query.end() && sort->second != "asc" && sort->second != "desc")
      return detail(400, "sort must be 'asc' or 'desc'");
    const std::lock_guard<std::mutex> lock(mutex);
    return json_answer(200, store.search_tasks(filter, *page, *size, sort != r.query.end() && sort->second == "asc"));
  }

  http_answer one_task(const http_request& r, const std::string& id) const {
    if (auto no = refused(r, nullptr)) return *no;
    if (!is_uuid(id)) return detail(400, "[{'type': 'uuid_parsing', 'loc': ('path', 'task_id')}]");
    if (auto no = refused(r, &read_access)) return *no;
    const std::lock_guard<std::mutex> lock(mutex);
    const engine_task* task = store.find_task(lower_case(id));
    if (task == nullptr) return detail(404, "Task " + id + " not found.");
    return json_answer(200, engine_store::task_json(*task));
  }

  http_answer one_row(const http_request& r, std::optional<json> (engine_store::*find)(const std::string&) const,
                      const std::string& id, const char* what) const {
    if (auto no = refused(r, &read_access)) return *no;
    const std::lock_guard<std::mutex> lock(mutex);
    const std::optional<json> found = (store.*find)(id);
    return found ? json_answer(200, *found) : detail(404, std::string(what) + " " + id + " not found");
  }

  // --- collector ---

  http_answer collect(const http_request& r, request_record& record) {
    if (r.path != "/v1/traces") return collector_error(404, 5, "404 page not found");
    if (r.method != "POST") return collector_error(405, 12, "405 method not allowed, supported: [POST]");
    if (!options.keys.empty() && refused(r, nullptr)) return collector_error(401, 16, "unauthenticated");
    const std::string type = media_type(r);
    const bool as_json = type == "application/json";
    const encodings asked = as_json ? encodings::json : encodings::protobuf;
    if ((!as_json && type != "application/x-protobuf") ||
        (options.accept != encodings::both && options.accept != asked)) {
      return collector_error(415, 3, "unsupported media type");
    }
    std::optional<export_request> request = as_json ? decode_json(r.body) : decode_protobuf(r.body);
    if (!request) return collector_error(400, 3, "can't decode the body");
    return collector_answer(as_json, keep(std::move(*request), record));
  }

  std::unique_ptr<http_server> server;
  bool stopping = false;
};

engine::engine(engine_options options) : state_(std::make_unique<state>(std::move(options))) {}
engine::~engine() = default;

int engine::port() const { return state_->port.number(); }
std::string engine::url() const { return "http://127.0.0.1:" + std::to_string(port()); }
void engine::stop() { state_->stop(); }
void engine::restart() {
  state_->stop();
  state_->start();
}

void engine::inject(fault f) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->faults.push_back(std::move(f));
}

void engine::fail_next(int status, int times, std::map<std::string, std::string> headers) {
  fault f;
  f.status = status;
  f.times = times;
  f.headers = std::move(headers);
  inject(std::move(f));
}

void engine::clear_faults() {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->faults.clear();
}

void engine::release() {
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    ++state_->releases;
  }
  state_->event.notify_all();
}

void engine::poison_if(std::function<bool(const span&)> predicate) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->store.poisons.push_back(std::move(predicate));
}

void engine::reject_if(std::function<bool(const span&)> predicate) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->store.rejects.push_back(std::move(predicate));
}

void engine::add_task(engine_task task) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->store.add_task(std::move(task));
}

std::vector<engine_task> engine::tasks() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->store.tasks();
}

std::size_t engine::row_count() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->store.row_count();
}

std::vector<std::string> engine::distinct_span_ids() const {
  std::vector<std::string> out;
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    for (const auto& id : state_->store.ids()) out.push_back(id.first);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> engine::repeated_span_ids() const {
  std::vector<std::string> out;
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    for (const auto& id : state_->store.ids()) {
      if (id.second > 1) out.push_back(id.first);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool engine::has_span(const std::string& hex_id) const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->store.ids().count(hex_id) != 0;
}

std::vector<stored_span> engine::spans() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->store.spans();
}

std::vector<stored_span> engine::take_spans() {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  std::vector<stored_span> out;
  out.swap(state_->store.spans());
  return out;
}

std::vector<request_record> engine::requests() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->requests;
}

std::vector<request_record> engine::exports() const {
  std::vector<request_record> out;
  const std::lock_guard<std::mutex> lock(state_->mutex);
  for (const request_record& r : state_->requests) {
    if (r.is_export) out.push_back(r);
  }
  return out;
}

std::size_t engine::export_count() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->exports;
}

std::size_t engine::held() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->held;
}

std::size_t engine::connections() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->connections;
}

bool engine::wait_for(const std::function<bool()>& predicate, std::chrono::milliseconds timeout) const {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    std::uint64_t seen = 0;
    {
      const std::lock_guard<std::mutex> lock(state_->mutex);
      seen = state_->version;
    }
    if (predicate()) return true;  // unlocked: it calls our own getters
    std::unique_lock<std::mutex> lock(state_->mutex);
    if (!state_->event.wait_until(lock, deadline, [&] { return state_->version != seen; })) {
      lock.unlock();
      return predicate();
    }
  }
}

bool engine::wait_for_rows(std::size_t count, std::chrono::milliseconds timeout) const {
  return wait_for([&] { return row_count() >= count; }, timeout);
}

bool engine::wait_for_exports(std::size_t count, std::chrono::milliseconds timeout) const {
  return wait_for([&] { return export_count() >= count; }, timeout);
}

bool engine::wait_for_held(std::size_t count, std::chrono::milliseconds timeout) const {
  return wait_for([&] { return held() >= count; }, timeout);
}

}  // namespace support
