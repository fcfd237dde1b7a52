// providers_mapped.hpp: all that a dialect finds in bodies, as one text per key, and streams cut wherever bytes can be cut.
#pragma once
#ifndef ARTHUR_WITH_JSON
#define ARTHUR_WITH_JSON
#endif
#include <arthur/providers/answer_reader.hpp>
#include <arthur/providers/dialects.hpp>

#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <variant>

namespace mapped {

namespace providers = arthur::detail::providers;
using providers::json;

/// Texts as they are; numbers as "int 5", "double 0.5", vectors as "[0.5,1.0]".
using attributes = std::map<std::string, std::string>;

inline std::string text_of(const arthur::wire_attribute& one) {
  if (const auto* const text = std::get_if<std::string>(&one.value)) return *text;
  if (const auto* const number = std::get_if<std::int64_t>(&one.value)) return "int " + std::to_string(*number);
  if (const auto* const number = std::get_if<double>(&one.value)) return "double " + json(*number).dump();
  if (const auto* const truth = std::get_if<bool>(&one.value)) return *truth ? "true" : "false";
  return json(std::get<std::vector<double>>(one.value)).dump();
}

inline attributes map_of(const providers::attribute_list& list) {
  attributes found;
  for (const arthur::wire_attribute& one : list.found()) {
    const bool is_new = found.emplace(one.key, text_of(one)).second;
    CHECK_MESSAGE(is_new, one.key << " is set twice");
    CHECK_MESSAGE(!found[one.key].empty(), one.key << " is empty");
  }
  return found;
}

/// Empty where both are the same, else one line per difference.
inline std::string difference(const attributes& got, const attributes& expected) {
  std::string lines;
  for (const auto& [key, value] : got) {
    const auto at = expected.find(key);
    if (at == expected.end()) lines += "\n  stray:   " + key + " = " + value;
    else if (at->second != value) lines += "\n  differs: " + key + " = " + value + "\n      not: " + at->second;
  }
  for (const auto& [key, value] : expected) {
    if (got.count(key) == 0) lines += "\n  missing: " + key + " = " + value;
  }
  return lines;
}

/// A request and the format that claims it.
class request {
 public:
  request(std::string_view url, std::string_view body) : where_(url), body_(providers::parse(body)), format_(providers::dialect_of(view())) {}

  providers::request_view view() const { return {where_, body_}; }
  bool known() const { return format_ != nullptr; }
  const providers::dialect& format() const {
    REQUIRE(format_ != nullptr);
    return *format_;
  }
  std::string span_name() const {
    const providers::dialect& f = format();
    return f.streams(view()) && f.stream_name != nullptr ? f.stream_name : f.span_name;
  }
  bool streams() const { return format().streams(view()); }
  attributes described() const {
    providers::attribute_list list;
    format().describe_request(view(), list);
    return map_of(list);
  }

 private:
  providers::route where_;
  json body_;
  const providers::dialect* format_;
};

/// What is known of an answer in the end.
struct answer {
  attributes found;
  std::string whole;    // the answer put together, as JSON
  std::string failure;  // what it reports of itself
  bool brought = false; // whether output came

  bool operator==(const answer& other) const {
    return found == other.found && whole == other.whole && failure == other.failure && brought == other.brought;
  }
};

/// Fed in two parts with the cut at `cut`, or byte by byte where `cut` is 0.
inline answer read_cut(const request& asked, std::string_view body, std::size_t cut) {
  providers::answer_reader reader(asked.format(), std::size_t{1} << 20);
  answer out;
  if (cut == 0) {
    for (std::size_t n = 0; n < body.size(); ++n) out.brought = reader.feed(body.substr(n, 1)) || out.brought;
  } else {
    out.brought = reader.feed(body.substr(0, cut));
    out.brought = reader.feed(body.substr(cut)) || out.brought;
  }
  reader.finish(true);
  providers::attribute_list list;
  asked.format().describe_answer(asked.view(), reader.answer(), list);
  out.found = map_of(list);
  out.whole = providers::dump(reader.answer());
  out.failure = reader.failure();
  return out;
}

/// Read as a whole; and at every cut, which must give the same.
inline answer read(const request& asked, std::string_view body) {
  const answer whole = read_cut(asked, body, body.size());
  for (std::size_t cut = 0; cut < body.size(); ++cut) {
    if (read_cut(asked, body, cut) == whole) continue;
    CHECK_MESSAGE(false, "another answer where it is cut at byte " << cut);
    break;
  }
  return whole;
}

/// Reads a recording; false, with a line that says so, where there are none.
inline bool recording(const std::string& name, std::string& out) {
  std::string up = __FILE__;  // <root>/tests/unit/...
  for (int n = 0; n < 3; ++n) up.resize(up.find_last_of("/\\") == std::string::npos ? 0 : up.find_last_of("/\\"));
  up += "/";
  // Compilers may have been told to shorten __FILE__: then from here upwards.
  for (const char* const base : {up.c_str(), "../", "../../", "../../../", "../../../../"}) {
    std::ifstream file(std::string(base) + (base == up.c_str() ? "../shared/recordings/" : "shared/recordings/") + name, std::ios::binary);
    if (!file) continue;
    out.assign(std::istreambuf_iterator<char>(file), {});
    return true;
  }
  std::puts("SKIP: providers.recordings: no recordings beside this checkout");
  return false;
}

}  // namespace mapped

#define CHECK_SAME(got, ...) CHECK(mapped::difference(got, mapped::attributes __VA_ARGS__) == "")
