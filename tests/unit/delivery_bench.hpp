// delivery_bench.hpp: a delivery on a clock and an endpoint of the test's own.
#ifndef ARTHUR_TESTS_UNIT_DELIVERY_BENCH_HPP
#define ARTHUR_TESTS_UNIT_DELIVERY_BENCH_HPP

#include <arthur/runtime/delivery.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "support/otlp_decode.hpp"

namespace delivery_bench {

namespace d = arthur::detail;

struct sent_request {
  std::string target;
  std::string content_type;
  std::string body;
};

struct script {
  // Decides over each request with spans; sees the names in it. status 0: not sent, -1: no answer.
  std::function<int(const std::vector<std::string>&)> spans = [](const auto&) { return 200; };
  int probe = 200;
  std::function<d::response(const std::string& target)> other;
  std::string body, body_type, retry_after;
  std::vector<sent_request> sent;
  std::multiset<std::string> stored;
  int span_requests = 0;
  // What GET /api/v1/traces/spans/{id} answers beside the truth; 0: the truth.
  int asked_answer = 0;
  std::vector<std::string> asked;  // names
};

// The id of a span named s<n> in hex; names and ids are told from each other by it.
inline std::string id_of(const std::string& name) {
  std::string hex;
  for (const char c : (name + "........").substr(0, 8)) {
    const auto byte = static_cast<unsigned char>(c);
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

class scripted final : public d::transport {
 public:
  explicit scripted(script& s) : script_(s) {}
  d::transport_result send(const d::request& r, std::uint64_t, d::response& out, std::string& error) override {
    out = {};
    error.clear();
    const std::string body(r.body, r.body_size);
    script_.sent.push_back({r.target, r.content_type, body});
    if (std::string(r.target).find("/tasks/search") != std::string::npos) {
      out = script_.other(r.target);
      return d::transport_result::answered;
    }
    if (std::string(r.method) == "GET") return asked(std::string(r.target), out, error);
    int status = script_.probe;
    std::vector<std::string> names;
    if (r.spans != 0) {
      ++script_.span_requests;
      const auto request = std::string(r.content_type) == "application/json" ? support::decode_json(body) : support::decode_protobuf(body);
      REQUIRE(request.has_value());
      for (const auto& resource : request->resources) {
        for (const auto& s : resource.scopes.at(0).spans) names.push_back(s.name);
      }
      CHECK(names.size() == r.spans);
      status = script_.spans(names);
      out.body = script_.body;
      out.content_type = script_.body_type;
      out.retry_after = script_.retry_after;
    }
    if (status == 0) {
      error = "connection refused";
      return d::transport_result::not_sent;
    }
    if (status == -1) {
      error = "the connection was closed";
      return d::transport_result::unanswered;
    }
    out.status = status;
    if (status == 200 || status == 206) {
      for (const auto& n : names) script_.stored.insert(n);
    }
    return d::transport_result::answered;
  }

 private:
  d::transport_result asked(const std::string& target, d::response& out, std::string& error) {
    const std::string id = target.substr(target.rfind('/') + 1);
    for (int n = 0; n < 1000; ++n) {
      if (id_of("s" + std::to_string(n)) == id) script_.asked.push_back("s" + std::to_string(n));
    }
    if (script_.asked_answer == -1) {
      error = "time-out";
      return d::transport_result::unanswered;
    }
    const bool there = script_.stored.count(script_.asked.back()) != 0;
    out.status = script_.asked_answer != 0 ? script_.asked_answer : there ? 200 : 404;
    out.body = out.status == 200 ? "{\"span_id\":\"" + id + "\"}" : "{\"detail\":\"Span " + id + " not found\"}";
    return d::transport_result::answered;
  }

  script& script_;
};

inline std::string body_of(const std::string& name) {
  std::string s;
  s += "\x0a\x10";
  s += "0123456789abcdef";
  s += "\x12\x08" + (name + "........").substr(0, 8);
  s += '\x2a';
  s += static_cast<char>(name.size());
  s += name;
  s += '\x39' + std::string("\1\0\0\0\0\0\0\0", 8) + '\x41' + std::string("\2\0\0\0\0\0\0\0", 8);
  return s;
}

struct bench {
  d::settings settings;
  d::delivery_counters counters;
  d::diagnostics says;
  script answers;
  std::vector<std::string> lines;
  std::unique_ptr<d::resources> groups;
  std::unique_ptr<d::delivery> delivery;
  bool asks = true;  // there is a way to the engine beside the one for spans
  static inline std::uint64_t now = 1000000000;  // the clock of all of them

  explicit bench(d::profile profile = d::profile::arthur, arthur::protocol protocol = arthur::protocol::http_protobuf) {
    settings.where.profile = profile;
    settings.where.traces.target = "/api/v1/traces";
    settings.where.traces.host = "engine";
    settings.where.has_engine = profile == d::profile::arthur;
    settings.protocol = protocol;
    settings.service_name = "tests";
    settings.resource = {{"service.name", "tests"}};
    settings.export_timeout = std::chrono::milliseconds(30000);
    settings.max_batch_spans = 128;
    says.use([](void* user, arthur::severity, const char* line) { static_cast<bench*>(user)->lines.emplace_back(line); }, this);
  }

  void add(const std::string& name) {
    d::batch& b = delivery->waiting();
    const std::string body = body_of(name);
    b.spans.push_back({0, b.bytes.size(), body.size()});
    b.bytes.append(body.data(), body.size());
  }
  /// As a new process would, with the same endpoint.
  void start() {
    delivery.reset();
    groups = std::make_unique<d::resources>(settings);
    delivery = std::make_unique<d::delivery>(settings, *groups, counters, says, [] { return now; }, [] { return std::uint64_t{7}; },
                                              [] { return 1700000000000000000U + now; });
    delivery->use(std::make_unique<scripted>(answers), asks ? std::make_unique<scripted>(answers) : nullptr, nullptr);
  }
  void begin(int spans, int from = 0) {
    if (delivery == nullptr) start();
    for (int n = from; n < from + spans; ++n) add("s" + std::to_string(n));
    delivery->begin(now);
  }
  /// Steps until the batch is judged or `most` steps are over; the clock jumps to the next due time.
  void run(int most = 2000) {
    while (most-- > 0 && delivery->busy()) {
      now = (std::max)(now, delivery->due());
      delivery->step(now, now + 3600000000000U);
    }
  }
  /// Works until `seconds` have passed on the clock, errands included.
  void pass(std::uint64_t seconds) {
    const std::uint64_t end = now + seconds * 1000000000U;
    for (int most = 20000; most > 0; --most) {
      const std::uint64_t due = delivery->busy() ? delivery->due() : delivery->errand_due();
      if (due > end) break;
      now = (std::max)(now, due);
      if (delivery->busy()) delivery->step(now, now + 3600000000000U);
      else delivery->run_errand(now, now + 3600000000000U);
    }
    now = end;
  }
  /// A batch is delivered, so that the engine has shown that it shows spans.
  void with_witness() {
    settings.memory_limit = std::size_t{64} << 20;
    begin(1, 900);
    run();
    REQUIRE(get(counters.delivered) == 1);
    answers.sent.clear();
    answers.span_requests = 0;
  }
  std::uint64_t get(const std::atomic<std::uint64_t>& c) const { return c.load(); }
  std::uint64_t total() const {
    return get(counters.delivered) + get(counters.rejected) + get(counters.failed) + get(counters.unconfirmed) + get(counters.discarded);
  }
  bool said(const std::string& part) const {
    for (const auto& l : lines) {
      if (l.find(part) != std::string::npos) return true;
    }
    return false;
  }
};

}  // namespace delivery_bench

#endif
