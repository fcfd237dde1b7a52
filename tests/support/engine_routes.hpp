// engine_routes.hpp: what an undisturbed engine answers.
#ifndef ARTHUR_TESTS_SUPPORT_ENGINE_ROUTES_HPP
#define ARTHUR_TESTS_SUPPORT_ENGINE_ROUTES_HPP

#include <mutex>
#include <optional>
#include <string>

#include "engine.hpp"
#include "engine_store.hpp"
#include "http_server.hpp"

namespace support {

bool is_ingest_path(const std::string& path);

struct decoded_body {
  std::optional<export_request> request;
  bool from_json = false;
};

/// A body's spans, whatever the stated type: also for the log, and to tell probes from exports.
decoded_body decode_any(const http_request& r);

class engine_routes {
public:
  engine_routes(const engine_options& options, engine_store& store, std::mutex& mutex)
      : options_(options), store_(store), mutex_(mutex) {}

  /// Answers, and notes in the record what was stored. The body is used up.
  http_answer work(const http_request& r, request_record& record, decoded_body& body);

private:
  http_answer route(const http_request& r, request_record& record, decoded_body& body);
  http_answer ingest(const http_request& r, request_record& record, decoded_body& body);
  http_answer collect(const http_request& r, request_record& record, decoded_body& body);
  ingest_report keep(export_request request, request_record& record);
  http_answer who(const http_request& r) const;
  http_answer search(const http_request& r) const;
  http_answer one_task(const http_request& r, const std::string& id) const;
  http_answer one_row(const http_request& r,
                      std::optional<nlohmann::json> (engine_store::*find)(const std::string&) const,
                      const std::string& id, const char* what) const;

  const engine_options& options_;
  engine_store& store_;
  std::mutex& mutex_;  // the store's
};

}  // namespace support

#endif
