#include <doctest/doctest.h>

#include <arthur/otlp/envelope.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "otlp_support.hpp"

using namespace arthur::detail;
using namespace otlp_test;
using nlohmann::json;

namespace {

std::string resource(const std::string& service) {
  buffer out;
  append_string_attribute(out, resource_attributes, "service.name", 12, service.data(), service.size());
  return {out.data(), out.size()};
}

std::string make_request(encoding as, const std::vector<std::pair<std::uint32_t, std::string>>& spans,
                    const std::vector<std::string>& resources) {
  std::vector<span_piece> pieces;
  for (const auto& span : spans) pieces.push_back({span.first, span.second.data(), span.second.size()});
  std::vector<resource_view> views;
  for (const auto& one : resources) views.push_back({one.data(), one.size()});
  buffer out;
  REQUIRE(append_request(out, as, pieces.data(), pieces.size(), views.data(), views.size()));
  return {out.data(), out.size()};
}

// {resource: [span, …]} of a protobuf request, in its order.
std::vector<std::pair<std::string, std::vector<std::string>>> decoded(const std::string& bytes) {
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  bool good = true;
  for (const field& resource_spans : fields(bytes, good)) {
    CHECK(resource_spans.number == 1);
    groups.emplace_back();
    for (const field& part : fields(resource_spans.content, good)) {
      if (part.number == 1) groups.back().first = part.content;
      if (part.number != 2) continue;
      for (const field& scoped : fields(part.content, good)) {
        if (scoped.number == 1) CHECK(scoped.content == bytes_field(1, "arthur") + bytes_field(2, ARTHUR_VERSION));
        if (scoped.number == 2) groups.back().second.push_back(scoped.content);
      }
    }
  }
  CHECK(good);
  return groups;
}

}  // namespace

TEST_CASE("spans are grouped by resource, each group once, in order") {
  const std::vector<std::string> resources = {resource("a"), resource("unused"), resource("c")};
  const std::vector<std::pair<std::uint32_t, std::string>> spans = {{2, "s1"}, {0, "s2"}, {2, "s3"}, {0, "s4"}};
  const auto groups = decoded(make_request(encoding::protobuf, spans, resources));
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].first == resources[0]);
  CHECK(groups[0].second == std::vector<std::string>{"s2", "s4"});
  CHECK(groups[1].first == resources[2]);
  CHECK(groups[1].second == std::vector<std::string>{"s1", "s3"});
}

TEST_CASE("lengths of every size are right in a protobuf request") {
  for (const std::size_t size : {0U, 1U, 100U, 127U, 128U, 129U, 16383U, 16384U, 2097152U}) {
    const std::string span(size, 's');
    const auto groups = decoded(make_request(encoding::protobuf, {{0, span}, {0, "x"}}, {resource(span)}));
    REQUIRE(groups.size() == 1);
    CHECK(groups[0].second == std::vector<std::string>{span, "x"});
    CHECK(groups[0].first == resource(span));
  }
}

TEST_CASE("a JSON request has resources and spans transcoded") {
  const std::string body = make_request(encoding::json, {{1, span_start("b")}, {0, span_start("a")}, {1, span_start("c")}},
                                   {resource("first \"quoted\""), resource("second")});
  json got = json::parse(body);
  json expected = json::parse(R"({"resourceSpans":[
    {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"first \"quoted\""}}]},
     "scopeSpans":[{"scope":{"name":"arthur","version":"v"},"spans":["a"]}]},
    {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"second"}}]},
     "scopeSpans":[{"scope":{"name":"arthur","version":"v"},"spans":["b","c"]}]}]})");
  for (auto& group : expected["resourceSpans"]) group["scopeSpans"][0]["scope"]["version"] = ARTHUR_VERSION;
  for (auto& group : got["resourceSpans"]) {
    for (auto& span : group["scopeSpans"][0]["spans"]) {
      CHECK(span["traceId"] == "30313233343536373839616263646566");
      span = span["name"];
    }
  }
  CHECK(got == expected);
}

TEST_CASE("a request without spans is the empty envelope") {
  CHECK(make_request(encoding::json, {}, {resource("a")}) == empty_json_request);
  CHECK(make_request(encoding::protobuf, {}, {resource("a")}).empty());
}

TEST_CASE("a request that can't be made leaves the output as it was") {
  const std::string good = resource("a");
  const std::string damaged = good.substr(0, good.size() - 1);
  const std::string span = span_start();
  const span_piece piece{0, span.data(), span.size()};
  const span_piece stray{1, span.data(), span.size()};
  const span_piece cut{0, span.data(), span.size() - 1};
  const resource_view resources[] = {{good.data(), good.size()}};
  const resource_view bad[] = {{damaged.data(), damaged.size()}};
  buffer out;
  out.append("before");
  CHECK_FALSE(append_request(out, encoding::json, &stray, 1, resources, 1));
  CHECK_FALSE(append_request(out, encoding::json, &piece, 1, bad, 1));
  CHECK_FALSE(append_request(out, encoding::json, &cut, 1, resources, 1));
  CHECK(out.size() == 6);
  CHECK_FALSE(out.failed());
  for (const encoding as : {encoding::json, encoding::protobuf}) {
    buffer small(200);
    small.append("before");
    const std::string much = span_start(std::string(180, 's'));
    const span_piece large{0, much.data(), much.size()};
    CHECK_FALSE(append_request(small, as, &large, 1, resources, 1));
    CHECK(small.failed());
    CHECK(small.size() == 6);
  }
}
