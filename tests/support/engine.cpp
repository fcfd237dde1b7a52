// engine.cpp: what goes wrong on request, and the log of what arrived.
#include "engine.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "engine_answers.hpp"
#include "engine_routes.hpp"
#include "engine_store.hpp"

namespace support {
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
    decoded_body body;
    if (record.is_export) body = decode_any(r);
    record.spans = body.request ? body.request->span_count() : 0;

    std::optional<fault> fault_now;
    {
      const std::lock_guard<std::mutex> lock(mutex);
      if (record.is_export && record.spans > 0) fault_now = next_fault(fault::target::spans);
      if (!fault_now) fault_now = next_fault(record.is_export ? fault::target::ingest : fault::target::read);
    }
    http_answer answer;
    if (!fault_now) {
      answer = routes.work(r, record, body);
    } else if (fault_now->what == fault::action::hold) {
      if (fault_now->stored) answer = routes.work(r, record, body);
      if (!wait_for_release()) answer.end = ending::close;
      else if (!fault_now->stored) answer = routes.work(r, record, body);
    } else {
      if (fault_now->stored || fault_now->what == fault::action::cut) answer = fault_now->stored ? routes.work(r, record, body) : json_answer(200, ingest_report().body());
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
  engine_routes routes{options, store, mutex};
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
    const bool sent = answer.raw.empty() && (answer.end == ending::normal || answer.end == ending::cut);
    record.status = sent ? answer.status : 0;
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
