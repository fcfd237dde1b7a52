// carriers.cpp: trace and baggage go into, and come out of, maps, multimaps, lists, functions and environments.
#include <arthur/arthur.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <list>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support/capture.hpp"
#include "support/variable.hpp"

using support::capture;
using support::variable;

namespace {

const std::string trace = "0af7651916cd43dd8448eb211c80319c", caller = "b7ad6b7169203331";
const std::string traceparent = "00-" + trace + "-" + caller + "-01";
const std::string other = "00-11f7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01";

/// As in cpp-httplib: names in any case are the same.
struct any_case {
  bool operator()(const std::string& a, const std::string& b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [](char x, char y) { return std::tolower(x) < std::tolower(y); });
  }
};
using header_map = std::multimap<std::string, std::string, any_case>;
using pairs = std::vector<std::pair<std::string, std::string>>;
using text_map = std::map<std::string, std::string>;

/// What is passed on inside `from`.
template <class Carrier>
text_map passed_on(Carrier&& from) {
  const auto remote = arthur::extract(from);
  text_map out;
  arthur::inject(out);
  return out;
}

const text_map all = {{"traceparent", traceparent}, {"tracestate", "a=1"}, {"baggage", "k=v"}};

template <class To>
void replaces(To to) {
  CAPTURE(to.size());
  const auto remote = arthur::extract(all);
  arthur::inject(to);
  std::vector<std::pair<std::string, std::string>> seen(to.begin(), to.end());
  std::sort(seen.begin(), seen.end());
  CHECK(seen == pairs{{"Accept", "*"}, {"baggage", "k=v"}, {"traceparent", traceparent}, {"tracestate", "a=1"}});
}

}  // namespace

TEST_CASE("headers in a container are found whatever their case, and whatever container it is") {
  CHECK(passed_on(all) == all);
  CHECK(passed_on(std::unordered_map<std::string, std::string>(all.begin(), all.end())) == all);
  CHECK(passed_on(header_map{{"TraceParent", traceparent}, {"TRACESTATE", "a=1"}, {"Baggage", "k=v"}}) == all);
  CHECK(passed_on(pairs{{"x", "y"}, {"Traceparent", traceparent}, {"tracestate", "a=1"}, {"BAGGAGE", "k=v"}}) == all);
  CHECK(passed_on(std::map<std::string_view, const char*>{{"traceparent", traceparent.c_str()}, {"tracestate", "a=1"}, {"baggage", "k=v"}}) == all);
  CHECK(passed_on(text_map{}).empty());
  CHECK(passed_on(pairs{{"trace-parent", traceparent}, {"baggag", "k=v"}, {"", ""}}).empty());
}

TEST_CASE("several lines of one name are one list, but two traceparents are none") {
  CHECK(passed_on(header_map{{"traceparent", traceparent}, {"tracestate", "a=1, b=2"}, {"Tracestate", "c=3"}, {"tracestate", " "}}) ==
        text_map{{"traceparent", traceparent}, {"tracestate", "a=1,b=2,c=3"}});
  CHECK(passed_on(pairs{{"baggage", "a=1"}, {"baggage", ""}, {"Baggage", "b=2,c=3"}}) == text_map{{"baggage", "a=1,b=2,c=3"}});
  // A member that stands in two lines, or a malformed one in either, voids the tracestate whole, as in one line.
  CHECK(passed_on(pairs{{"traceparent", traceparent}, {"tracestate", "a=1"}, {"tracestate", "a=2"}}) == text_map{{"traceparent", traceparent}});
  CHECK(passed_on(pairs{{"traceparent", traceparent}, {"tracestate", "a=1"}, {"tracestate", "B=2"}}) == text_map{{"traceparent", traceparent}});
  CHECK(passed_on(pairs{{"traceparent", traceparent}, {"traceparent", other}, {"tracestate", "a=1"}, {"baggage", "k=v"}}) == text_map{{"baggage", "k=v"}});
  CHECK(passed_on(pairs{{"traceparent", traceparent}, {"Traceparent", traceparent}}).empty());
  pairs many;
  for (int n = 0; n < 300; ++n) many.emplace_back("tracestate", "k" + std::to_string(n) + "=v");
  many.emplace_back("traceparent", traceparent);
  CHECK(passed_on(many) == text_map{{"traceparent", traceparent}});
}

TEST_CASE("headers come from a function, and go to one") {
  std::string asked;
  const auto from = [&](std::string_view name) -> std::string {
    asked.append(name) += ' ';
    const auto found = all.find(std::string(name));
    return found == all.end() ? "" : found->second;
  };
  const auto remote = arthur::extract(from);
  CHECK(remote.joined());
  CHECK(asked.size() == std::string("traceparent tracestate baggage ").size());
  text_map got;
  arthur::inject([&](std::string_view name, std::string_view value) {
    CHECK(value.data()[value.size()] == 0);
    CHECK(name.data()[name.size()] == 0);
    CHECK(got.emplace(name, value).second);
  });
  CHECK(got == all);
  CHECK(!arthur::extract([](std::string_view) -> const char* { return nullptr; }).joined());
  CHECK(!arthur::extract([](std::string_view) { return std::string_view(); }).joined());
}

TEST_CASE("inject replaces what is there, in any case, and leaves the rest") {
  replaces(header_map{{"Accept", "*"}, {"Traceparent", other}, {"traceparent", other}, {"TRACESTATE", "b=2"}, {"Baggage", "x=y"}, {"baggage", "z="}});
  replaces(pairs{{"Traceparent", other}, {"Accept", "*"}, {"TRACESTATE", "b=2"}, {"Baggage", "x=y"}});
  replaces(std::list<std::pair<std::string, std::string>>{{"Accept", "*"}});
  replaces(text_map{{"TraceParent", other}, {"Accept", "*"}, {"traceparent", other}});
  replaces(std::unordered_map<std::string, std::string>{{"TraceParent", other}, {"Accept", "*"}});
}

TEST_CASE("inject puts in nothing where there is nothing, but a tracestate never stays beside another trace's parent") {
  text_map headers = {{"traceparent", other}, {"tracestate", "b=2"}, {"baggage", "x=y"}};
  const text_map before = headers;
  arthur::inject(headers);
  CHECK(headers == before);
  {
    const arthur::remote_parent parent(traceparent);
    arthur::inject(headers);
  }
  CHECK(headers == text_map{{"traceparent", traceparent}, {"baggage", "x=y"}});
  const arthur::remote_parent parent(traceparent);
  arthur::inject([](std::string_view name, std::string_view) { CHECK(name == "traceparent"); });
}

TEST_CASE("with a runtime the innermost span is what goes on, and what came is its remote parent") {
  capture c;
  text_map headers;
  {
    const auto remote = arthur::extract(all);
    ARTHUR_AGENT_SPAN("agent");
    arthur::inject(headers);
    CHECK(headers["traceparent"] == "00-" + trace + "-" + arthur::current_span_id().c_str() + "-01");
    CHECK(headers["tracestate"] == "a=1");
    CHECK(headers["baggage"] == "k=v");
  }
  const support::span agent = c.only("agent");
  CHECK(support::to_hex(agent.parent_span_id) == caller);
  CHECK(agent.flags == 0x301);
  CHECK(agent.trace_state == "a=1");
  CHECK(agent.find("k") == nullptr);  // baggage is never put on spans
  CHECK(arthur::current_traceparent().empty());
  CHECK(arthur::current_baggage("k").empty());
}

#if ARTHUR_HAS_EXCEPTIONS
TEST_CASE("what a carrier throws stays in it: the header is missing, and nothing was joined") {
  capture c;
  const auto throws = [](std::string_view) -> std::string { throw std::runtime_error("no headers"); };
  {
    const auto remote = arthur::extract(throws);
    CHECK(!remote.joined());
    ARTHUR_SPAN("root");
    std::vector<std::string> got;
    arthur::inject([&](std::string_view name, std::string_view value) {
      got.emplace_back(name);
      throw std::runtime_error(std::string(value));
    });
    CHECK(got == std::vector<std::string>{"traceparent"});
  }
  CHECK(c.only("root").parent_span_id.empty());
}
#endif

TEST_CASE("the environment of a child process is a list of NAME=value strings, in which the three are replaced") {
  const auto remote = arthur::extract(all);
  std::vector<std::string> variables = {"PATH=/bin", "TRACEPARENT=" + other, "traceparent=kept", "TRACESTATE_OLD=x=1", "BAGGAGE=x=y", "BAGGAGE="};
  arthur::inject_environment(variables);
  CHECK(variables == std::vector<std::string>{"PATH=/bin", "traceparent=kept", "TRACESTATE_OLD=x=1", "TRACEPARENT=" + traceparent, "TRACESTATE=a=1", "BAGGAGE=k=v"});
  text_map set;
  arthur::inject_environment([&](std::string_view name, std::string_view value) { set.emplace(name, value); });
  CHECK(set == text_map{{"TRACEPARENT", traceparent}, {"TRACESTATE", "a=1"}, {"BAGGAGE", "k=v"}});
  const arthur::remote_parent stateless(traceparent);
  std::vector<std::string> stale = {"TRACESTATE=b=2"};
  arthur::inject_environment(stale);
  CHECK(stale == std::vector<std::string>{"TRACEPARENT=" + traceparent, "BAGGAGE=k=v"});
  set.clear();
  arthur::inject_environment([&](std::string_view name, std::string_view value) { set.emplace(name, value); });
  CHECK(set.at("TRACESTATE") == "");  // unset it
}

TEST_CASE("a child process goes on with what its environment says") {
  CHECK(!arthur::extract_environment().joined());
  const variable parent("TRACEPARENT", traceparent.c_str()), state("TRACESTATE", "a=1"), baggage("BAGGAGE", "k=v");
  const auto remote = arthur::extract_environment();
  CHECK(remote.joined());
  text_map out;
  arthur::inject(out);
  CHECK(out == all);
}

TEST_CASE("OTEL_PROPAGATORS says which headers are read and written") {
  const struct {
    const char* list;
    bool trace, baggage;
  } rows[] = {{"tracecontext,baggage", true, true}, {"", true, true}, {"tracecontext", true, false}, {"baggage", false, true}, {"none", false, false}};
  for (const auto& row : rows) {
    CAPTURE(row.list);
    const variable propagators("OTEL_PROPAGATORS", row.list);
    capture c;
    const text_map out = passed_on(all);
    CHECK(out.count("traceparent") == (row.trace ? 1 : 0));
    CHECK(out.count("tracestate") == (row.trace ? 1 : 0));
    CHECK(out.count("baggage") == (row.baggage ? 1 : 0));
    {
      const auto remote = arthur::extract(all);
      CHECK(remote.joined() == row.trace);
      CHECK(arthur::current_baggage("k") == (row.baggage ? "v" : ""));
    }
    {
      const arthur::baggage_scope own("k", "v");  // what isn't sent can still be read
      CHECK(arthur::current_baggage("k") == "v");
      text_map headers;
      arthur::inject(headers);
      CHECK(headers.count("baggage") == (row.baggage ? 1 : 0));
    }
  }
  support::set_variable("OTEL_PROPAGATORS", nullptr);
  capture c;  // the next tests find the default again
}
