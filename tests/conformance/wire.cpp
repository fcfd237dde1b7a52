// wire.cpp: posts the requests that it reads, one JSON object a line, by cpp-httplib through a wire_call that is fed as the
// answer arrives, and prints what came and the span of it, one JSON object a line. Where the line has the answer, nothing is
// posted.
#define ARTHUR_IMPLEMENTATION
#define ARTHUR_WITH_JSON
#include <arthur/testing.hpp>

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

#include "support/httplib.hpp"

using nlohmann::json;

namespace {

json plain(const arthur::testing::value& v) {
  using type = arthur::testing::value::type;
  if (v.is(type::text)) return v.text();
  if (v.is(type::boolean)) return v.boolean();
  if (v.is(type::integer)) return v.integer();
  if (v.is(type::number)) return v.number();
  json list = json::array();
  for (const auto& element : v.list()) list.push_back(plain(element));
  return list;
}

json said(const arthur::testing::span& span) {
  json attributes = json::object(), events = json::array();
  for (const auto& entry : span.attributes) attributes[entry.first] = plain(entry.second);
  for (const auto& event : span.events) events.push_back(event.name);
  return {{"name", span.name}, {"status", span.status}, {"message", span.message}, {"attributes", attributes}, {"events", events}};
}

/// `given`: port, path, body, headers; url: what the wire_call is told, if not the path; cut: most bytes that are fed at once, 0:
/// as they arrive; stop_after: bytes after which the reader has had enough.
json run(const json& given) {
  const std::size_t cut = given.value("cut", std::size_t{0}), stop_after = given.value("stop_after", std::size_t{0});
  const std::string path = given.at("path"), body = given.at("body"), url = given.value("url", path);
  httplib::Client client("127.0.0.1", given.at("port").get<int>());
  httplib::Request request;
  request.method = "POST";
  request.path = path;
  request.body = body;
  for (const auto& header : given.at("headers").items()) request.headers.emplace(header.key(), header.value().get<std::string>());

  int status = 0;
  std::string got;
  bool stopped = false;
  arthur::wire_call call("POST", url, body);
  request.response_handler = [&](const httplib::Response& response) {
    status = response.status;
    for (const auto& header : response.headers) call.header(header.first, header.second);
    return true;
  };
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    std::string_view bytes(data, size);
    if (stop_after != 0) bytes = bytes.substr(0, stop_after - got.size());
    got += bytes;
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, cut == 0 ? bytes.size() : cut);
      call.feed(piece);
      bytes.remove_prefix(piece.size());
    }
    stopped = stop_after != 0 && got.size() >= stop_after;
    return !stopped;
  };
  const auto result = client.send(request);
  if (result) call.finish(status);
  else if (stopped) call = {};
  else call.fail("connection: " + httplib::to_string(result.error()));
  return {{"status", status}, {"body", got}};
}

/// `given`: url, body; answer: status, headers, body, and broken: why there is no more of it, or left: true, nobody reads on.
json replay(const json& given) {
  const json& answer = given.at("answer");
  const std::string url = given.at("url"), body = given.at("body"), got = answer.at("body"), broken = answer.value("broken", std::string());
  arthur::wire_call call("POST", url, body);
  for (const auto& header : answer.at("headers").items()) call.header(header.key(), header.value().get<std::string>());
  call.feed(got);
  if (answer.value("left", false)) call = {};
  else if (!broken.empty()) call.fail(broken);
  else call.finish(answer.at("status").get<int>());
  return json::object();
}

}  // namespace

int main() {
  arthur::testing::capture spans;
  if (!spans.ok()) return std::cerr << spans.error() << '\n', 1;
  for (std::string line; std::getline(std::cin, line);) {
    const json given = json::parse(line);
    json out = given.contains("answer") ? replay(given) : run(given);
    out["spans"] = json::array();
    for (const auto& span : spans.take()) out["spans"].push_back(said(span));
    std::cout << out.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
  }
}
