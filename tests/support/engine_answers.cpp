// engine_answers.cpp: the answers' text.
#include "engine_answers.hpp"

#include <algorithm>

namespace support {

http_answer json_answer(int status, const nlohmann::json& body) {
  http_answer a;
  a.status = status;
  a.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return a;
}

http_answer detail(int status, const std::string& text) { return json_answer(status, {{"detail", text}}); }

http_answer collector_answer(bool as_json, const ingest_report& report) {
  const std::size_t rejected = report.total - report.accepted;
  http_answer a;
  a.chunked = false;
  if (as_json) {
    nlohmann::json body = nlohmann::json::object();
    if (rejected != 0) {
      body["partialSuccess"] = {{"rejectedSpans", std::to_string(rejected)}, {"errorMessage", report.reasons.front()}};
    }
    a.body = body.dump();
    return a;
  }
  a.content_type = "application/x-protobuf";
  if (rejected != 0) {
    std::string partial(1, '\x08');
    std::size_t n = rejected;
    for (; n >= 0x80; n >>= 7) partial += static_cast<char>(n | 0x80);
    partial += static_cast<char>(n);
    const std::string message = report.reasons.front().substr(0, 60);
    partial += '\x12';
    partial += static_cast<char>(message.size());
    partial += message;
    a.body = std::string(1, '\x0a') + static_cast<char>(partial.size()) + partial;
  }
  return a;
}

http_answer collector_error(int status, int code, const std::string& message) {
  http_answer a = json_answer(status, {{"code", code}, {"message", message}});
  a.chunked = false;
  return a;
}

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string media_type(const http_request& r) {
  std::string type = lower_case(r.header("content-type"));
  type.erase((std::min)(type.find(';'), type.size()));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  return type;
}

bool is_json_type(const std::string& type) {
  const std::string suffix = "+json";
  return type == "application/json" ||
         (type.compare(0, 12, "application/") == 0 && type.size() > suffix.size() &&
          type.compare(type.size() - suffix.size(), suffix.size(), suffix) == 0);
}

}  // namespace support
