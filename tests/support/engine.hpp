// engine.hpp: a stand-in for Arthur Engine, and for a plain OTLP collector, that tests and examples send to.
//
// Written from what the engine was seen to do (2.1.686); the § marks are sections of that record. It stores what the
// engine stores, refuses what it refuses, and breaks where it breaks; faults of the network are scripted. Left out, as no
// client can tell by it: estimated token counts and costs, evals, and routing by cloud resource id.
#ifndef ARTHUR_TESTS_SUPPORT_ENGINE_HPP
#define ARTHUR_TESTS_SUPPORT_ENGINE_HPP

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "http_server.hpp"
#include "otlp_decode.hpp"

namespace support {

enum class dialect {
  engine,     // /api/v1/traces and /v1/traces, the engine's report, its rules and its read API
  collector,  // /v1/traces only, ExportTraceServiceResponse, takes any span
};

enum class encodings { protobuf, json, both };

struct engine_key {
  std::string token;
  std::vector<std::string> roles;  // ORG-ADMIN, TASK-ADMIN, VALIDATION-USER, CHAT-USER, ORG-AUDITOR, ...
};

struct engine_task {
  std::string id;
  std::string name;
  std::int64_t created_at = 0;  // ms; 0: now, and later than all present ones
  bool is_autocreated = false;
  bool is_archived = false;
};

struct engine_options {
  int port = 0;  // 0: any free one
  dialect speaks = dialect::engine;
  encodings accept = encodings::protobuf;
  std::vector<engine_key> keys;  // none: no key is needed
  std::vector<engine_task> tasks;
  std::chrono::milliseconds keep_alive{5000};  // §1.3: 5 s (uvicorn) or 2 s (gunicorn)
  bool keep_spans = true;   // false: ids only, for long runs
  bool keep_bodies = true;
};

/// One scripted failure. It is used up by the next `times` requests of its target.
struct fault {
  enum class target {
    spans,   // exports that carry at least one span: a probe with an empty envelope passes
    ingest,  // any export
    read,    // everything else
    connection,  // accepted connections: closed before anything is read
  };
  enum class action {
    answer,  // `status`, `headers`, `body`
    close,   // the request is read, then the connection is closed
    reset,   // the request is read, then the peer sees a TCP reset
    cut,     // half of the answer, then close
    raw,     // the bytes of `body` as they are, then close
    hold,    // nothing until release(); then as if nothing had been, or close when the engine stops
  };

  action what = action::answer;
  target where = target::spans;
  bool stored = false;  // true: the engine does its work first, and only the answer is lost, late or replaced
  int status = 503;
  std::map<std::string, std::string> headers;
  std::string body;
  int times = 1;  // -1: until clear_faults()
};

struct stored_span {
  support::span span;
  std::string task_id;
  std::shared_ptr<const support::resource> resource;
  std::shared_ptr<const support::scope> scope;
  std::size_t export_number = 0;  // which export brought it, from 0
};

/// One request that was read, in the order of the answers.
struct request_record {
  std::string method;
  std::string path;
  std::string content_type;
  std::string encoding;
  std::map<std::string, std::string> headers;  // lower-case names, without credentials
  std::string body;
  std::uint64_t connection = 0;
  bool is_export = false;  // POST to an ingest path
  int status = 0;          // 0: no answer was sent
  std::string answer;
  std::string broken_rule;  // the row of §1.6 or §1.7 that was met first
  std::size_t spans = 0;   // in the body
  std::size_t stored = 0;  // rows that it added
  std::size_t rejected = 0;
  std::size_t late_children = 0;  // spans whose root had come with an earlier export
};

class engine {
public:
  explicit engine(engine_options options = {});
  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  int port() const;
  std::string url() const;  // http://127.0.0.1:<port>
  /// Held requests are dropped, answers under way are finished, connections closed, and connecting is refused from then
  /// on. Rows, logs and faults stay.
  void stop();
  void restart();  // on the same port

  // Scripting
  void inject(fault f);
  void fail_next(int status, int times = 1, std::map<std::string, std::string> headers = {});
  void clear_faults();
  /// Lets every request go on that is held now.
  void release();
  /// Spans that make the whole request fail, or that are rejected alone, besides those of the rules.
  void poison_if(std::function<bool(const span&)> predicate);
  void reject_if(std::function<bool(const span&)> predicate);
  void add_task(engine_task task);
  std::vector<engine_task> tasks() const;

  // What arrived
  std::size_t row_count() const;  // stored rows, repeated ones too
  std::vector<std::string> distinct_span_ids() const;  // hex, sorted
  std::vector<std::string> repeated_span_ids() const;  // stored more than once
  bool has_span(const std::string& hex_id) const;
  std::vector<stored_span> spans() const;
  std::vector<stored_span> take_spans();  // forgets the spans, not their ids
  std::vector<request_record> requests() const;
  std::vector<request_record> exports() const;
  std::size_t export_count() const;
  std::size_t held() const;
  std::size_t connections() const;

  /// Waits until the predicate holds, looking again after every event. It may call anything here.
  bool wait_for(const std::function<bool()>& predicate,
                std::chrono::milliseconds timeout = std::chrono::seconds(30)) const;
  bool wait_for_rows(std::size_t count, std::chrono::milliseconds timeout = std::chrono::seconds(30)) const;
  bool wait_for_exports(std::size_t count, std::chrono::milliseconds timeout = std::chrono::seconds(30)) const;
  bool wait_for_held(std::size_t count, std::chrono::milliseconds timeout = std::chrono::seconds(30)) const;

private:
  class state;
  std::unique_ptr<state> state_;
};

}  // namespace support

#endif
