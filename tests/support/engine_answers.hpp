// engine_answers.hpp: how answers are worded, the engine's and a collector's.
#ifndef ARTHUR_TESTS_SUPPORT_ENGINE_ANSWERS_HPP
#define ARTHUR_TESTS_SUPPORT_ENGINE_ANSWERS_HPP

#include <string>

#include <nlohmann/json.hpp>

#include "engine_store.hpp"
#include "http_server.hpp"

namespace support {

http_answer json_answer(int status, const nlohmann::json& body);
/// §1.5: the engine's errors, `{"detail": <string>}`.
http_answer detail(int status, const std::string& text);

/// ExportTraceServiceResponse, in the encoding of the request.
http_answer collector_answer(bool as_json, const ingest_report& report);
/// google.rpc.Status.
http_answer collector_error(int status, int code, const std::string& message);

std::string lower_case(std::string text);
/// The media type without its parameters, in lower case.
std::string media_type(const http_request& r);
/// application/json and application/*+json, which FastAPI parses itself.
bool is_json_type(const std::string& type);

}  // namespace support

#endif
