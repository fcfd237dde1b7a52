// builders.cpp: every attribute of OpenInference has a builder, which sets exactly its key, with its type on the wire.
#include <arthur/testing.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

using arthur::testing::capture;
using arthur::testing::value;

struct known_key {
  const char* key;
  const char* type;
};
const known_key known_keys[] = {
#define KEY(key, type, kinds) {key, type},
#define EVENT_KEY(key, type, kinds)
#define RESOURCE_KEY(key, type, kinds)
#include "support/openinference_keys.inc"
#undef KEY
#undef EVENT_KEY
#undef RESOURCE_KEY
};

/// llm.input_messages.0.message.contents.12.x: llm.input_messages.<i>.message.contents.<j>.x
std::string pattern_of(const std::string& key) {
  std::istringstream parts(key);
  std::string out, part, before;
  while (std::getline(parts, part, '.')) {
    if (part.find_first_not_of("0123456789") == std::string::npos) {
      part = before == "contents" ? "<j>" : before == "tool_calls" ? "<k>" : "<i>";
    }
    out += (out.empty() ? "" : ".") + part;
    before = part;
  }
  return out;
}

bool is_list_of(const value& v, value::type type) {
  bool all = v.is(value::type::list) && !v.list().empty();
  for (const value& element : v.list()) all = all && element.is(type);
  return all;
}

bool has_type(const value& v, const std::string& type) {
  if (type == "string" || type == "json") return v.is(value::type::text) && !v.text().empty();
  if (type == "string|int") return (v.is(value::type::text) && !v.text().empty()) || v.is(value::type::integer);
  if (type == "int") return v.is(value::type::integer);
  if (type == "double") return v.is(value::type::number);
  if (type == "list<string>") return is_list_of(v, value::type::text);
  return type == "list<double>" && is_list_of(v, value::type::number);
}

/// One span per example; its name is the example.
template <class Each>
void with_every_builder(Each&& each) {
#define SECTION(title)
#define BUILDER(signature, kind, keys, ...) ALSO(kind, keys, __VA_ARGS__)
#define ALSO(kind_, keys, ...) each(arthur::kind::kind_, keys, #__VA_ARGS__, [](arthur::scoped_span& s) { s.set(__VA_ARGS__); });
#include "support/every_builder.inc"
#undef SECTION
#undef BUILDER
#undef ALSO
}

}  // namespace

TEST_CASE("each example of docs/attributes.md sets the keys that it says, and no other, with their types") {
  capture spans;
  REQUIRE_MESSAGE(spans.ok(), spans.error());
  std::map<std::string, std::string> types;
  for (const known_key& known : known_keys) types[known.key] = known.type;
  with_every_builder([&](arthur::kind kind, const char* keys, const char* example, auto set) {
    {
      arthur::scoped_span span(kind, "example");
      set(span);
    }
    INFO(example);
    std::istringstream list(keys);
    std::set<std::string> expected{"openinference.span.kind"}, found;
    for (std::string key; list >> key;) expected.insert(key);
    if (kind == arthur::kind::tool) expected.insert("tool.name");  // of every TOOL span
    const auto all = spans.take();
    REQUIRE(all.size() == 1);
    for (const auto& one : all[0].attributes) {
      const std::string pattern = pattern_of(one.first);
      INFO(pattern);
      found.insert(pattern);
      CHECK(has_type(one.second, types[pattern]));
    }
    CHECK(found == expected);
  });
}

TEST_CASE("every attribute of OpenInference has a builder") {
  std::set<std::string> set;
  with_every_builder([&](arthur::kind, const char* keys, const char*, auto) {
    std::istringstream list(keys);
    for (std::string key; list >> key;) set.insert(key);
  });
  set.insert("openinference.span.kind");  // by each span macro
  for (const known_key& known : known_keys) {
    INFO(known.key);
    CHECK(set.count(known.key) == 1);
  }
  CHECK(sizeof known_keys / sizeof *known_keys == 171);
}
