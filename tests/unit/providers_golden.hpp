// providers_golden.hpp: what a dialect finds in bodies, compared as a whole; streams cut everywhere; recorded traffic.
#ifndef PROVIDERS_GOLDEN_HPP
#define PROVIDERS_GOLDEN_HPP

#ifndef ARTHUR_WITH_JSON
#define ARTHUR_WITH_JSON
#endif
#include <arthur/providers/answer_reader.hpp>
#include <arthur/providers/dialects.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace golden {

using arthur::detail::providers::answer_reader;
using arthur::detail::providers::dialect;
using arthur::detail::providers::json;

constexpr std::size_t plenty = 1 << 20;

/// The dialect that a wire_call would take; null: none.
inline const dialect* dialect_of(const std::string& url, const std::string& body) {
  const arthur::detail::providers::route where(url);
  return arthur::detail::providers::dialect_of({where, arthur::detail::providers::parse(body)});
}

/// Key and value; a value that isn't a text as JSON. A key that is there twice shows.
inline std::map<std::string, std::string> map_of(const arthur::detail::providers::attribute_list& list) {
  std::map<std::string, std::string> out;
  for (const arthur::wire_attribute& one : list.found()) {
    const auto* const text = std::get_if<std::string>(&one.value);
    const std::string value = text != nullptr ? *text : std::visit([](const auto& v) { return json(v).dump(); }, one.value);
    const auto added = out.emplace(one.key, value);
    if (!added.second) added.first->second += " AND " + value;
  }
  return out;
}

inline std::map<std::string, std::string> request(const std::string& url, const std::string& body) {
  const dialect* const format = dialect_of(url, body);
  REQUIRE(format != nullptr);
  arthur::detail::providers::attribute_list out;
  const arthur::detail::providers::route where(url);
  format->describe_request({where, arthur::detail::providers::parse(body)}, out);
  return map_of(out);
}

/// What was read of an answer.
struct reading {
  std::map<std::string, std::string> attributes;
  std::string answer, failure;  // the answer as JSON
  bool streams = false, brought = false, truncated = false;

  bool operator==(const reading& other) const {
    return attributes == other.attributes && answer == other.answer && failure == other.failure && brought == other.brought;
  }
};

/// `cut`: where the bytes are cut in two; 0: behind each byte; npos: not at all.
inline reading answer(const std::string& url, const std::string& body, std::string_view bytes, std::size_t cut = std::string::npos,
                      std::size_t limit = plenty) {
  const dialect* const format = dialect_of(url, body);
  REQUIRE(format != nullptr);
  const arthur::detail::providers::route where(url);
  const json request = arthur::detail::providers::parse(body);
  reading out;
  answer_reader reader(*format, limit);
  if (cut == 0) {
    for (std::size_t n = 0; n < bytes.size(); ++n) out.brought = reader.feed(bytes.substr(n, 1)) || out.brought;
  } else {
    out.brought = reader.feed(bytes.substr(0, cut));
    if (cut < bytes.size()) out.brought = reader.feed(bytes.substr(cut)) || out.brought;
  }
  reader.finish(true);
  arthur::detail::providers::attribute_list found;
  format->describe_answer({where, request}, reader.answer(), found);
  out.attributes = map_of(found);
  out.answer = arthur::detail::providers::dump(reader.answer());
  out.failure = reader.failure();
  out.streams = format->streams({where, request});
  out.truncated = reader.truncated();
  return out;
}

/// Reads the answer cut at every place, demands that nothing depends on it, and returns what was read.
inline reading answer_at_every_cut(const std::string& url, const std::string& body, const std::string& bytes) {
  const reading whole = answer(url, body, bytes);
  // In two at many places; one byte at a time, which is cut 0, has every cut in one run.
  const std::size_t step = bytes.size() < 1000 ? 1 : bytes.size() / 200;
  for (std::size_t cut = 0; cut < bytes.size(); cut += step) {
    const reading again = answer(url, body, bytes, cut);
    REQUIRE_MESSAGE(again == whole, "cut at ", cut);
  }
  return whole;
}

/// Calls `use(changed)` with `value` changed in one place after the other, to each of what nobody expects there.
template <class Use>
void with_each_place_changed(json& value, Use&& use) {
  static const std::vector<json> odd = {nullptr, true, -1, 1e300, std::uint64_t{1} << 63, "", "text", "type", json::array(), json::object(),
                                        json::parse(R"([[{"type":[]}]])"), json::parse(R"({"type":{"type":7},"text":0})")};
  struct walk {
    Use& use_;
    void operator()(json& at) {
      const json before = at;
      for (const json& other : odd) {
        at = other;
        use_();
      }
      at = before;
      for (auto child = at.begin(); at.is_structured() && child != at.end(); ++child) (*this)(*child);
    }
  };
  walk{use}(value);
}

/// The dialect bears whatever stands where in these bodies. `pieces`: of a stream, which are changed one after the other.
inline void check_bears_anything(const dialect& format, const std::string& url, const std::string& request, const std::string& plain,
                                 const std::vector<std::string>& pieces) {
  namespace inner = arthur::detail::providers;
  const inner::route where(url);
  json asked = inner::parse(request), told = inner::parse(plain);
  std::size_t runs = 0;
  const auto describe = [&] {
    inner::attribute_list out;
    if (format.claims({where, asked})) format.describe_request({where, asked}, out);
    format.describe_answer({where, asked}, told, out);
    CHECK(out.found().size() < 1000);
    ++runs;
  };
  with_each_place_changed(asked, describe);
  with_each_place_changed(told, describe);
  std::vector<json> stream;
  for (const std::string& piece : pieces) stream.push_back(inner::parse(piece));
  for (json& piece : stream) {
    with_each_place_changed(piece, [&] {
      inner::folded_answer folded(plenty);
      inner::attribute_list out;
      for (const json& one : stream) format.fold(folded, one, "");
      format.describe_answer({where, asked}, folded.whole, out);
      CHECK(inner::dump(folded.whole).size() < plenty);
      ++runs;
    });
  }
  CHECK(runs > 500);
}

/// Empty where both have the same; else a line for each difference.
inline std::string difference(const std::map<std::string, std::string>& found, const std::map<std::string, std::string>& expected) {
  std::string out;
  for (const auto& [key, value] : expected) {
    const auto at = found.find(key);
    if (at == found.end()) out += "\nmissing: " + key + " = " + value;
    else if (at->second != value) out += "\ndiffers: " + key + " = " + at->second + "\n   not: " + value;
  }
  for (const auto& [key, value] : found) {
    if (expected.find(key) == expected.end()) out += "\nstray: " + key + " = " + value;
  }
  return out;
}

/// An answer of server-sent events, one for each line, named by its type.
inline std::string events(const std::vector<std::string>& data) {
  std::string out;
  for (const std::string& one : data) {
    const json value = arthur::detail::providers::parse(one);
    const std::string_view type = arthur::detail::providers::text_of(arthur::detail::providers::member(value, "type"));
    out += "event: " + std::string(type) + "\ndata: " + one + "\n\n";
  }
  return out;
}

/// Recorded traffic, beside the checkout: real bodies, which aren't part of the project.
struct recording {
  std::string url, request, response;
  bool found = false;

  /// `response_type`: "json" or "sse". Says so where the folder is missing.
  recording(const std::string& name, const std::string& at, const std::string& response_type) : url(at) {
    const std::string here = __FILE__;
    std::vector<std::string> folders = {here.substr(0, here.find_last_of("/\\") + 1) + "../../../"};
    for (std::string up = "../"; folders.size() < 8; up += "../") folders.push_back(up);  // where __FILE__ isn't absolute
    for (const std::string& folder : folders) {
      const std::string path = folder + "shared/recordings/" + name;
      if (read(path + ".request.json", request) && read(path + ".response." + response_type, response)) {
        found = true;
        return;
      }
    }
    std::printf("SKIP: providers.recordings: no recordings beside this checkout\n");
  }

 private:
  static bool read(const std::string& path, std::string& into) {
    std::ifstream file(path, std::ios::binary);
    into.assign(std::istreambuf_iterator<char>(file), {});
    return file.good() || !into.empty();
  }
};

}  // namespace golden

/// Every attribute, no other.
#define CHECK_GOLDEN(found, ...) CHECK_EQ(golden::difference(found, std::map<std::string, std::string>__VA_ARGS__), std::string())

#endif
