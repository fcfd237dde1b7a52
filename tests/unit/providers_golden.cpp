// providers_golden.cpp: requests and answers through their dialect.
#define ARTHUR_WITH_JSON
#include "providers_golden.hpp"

#include <arthur/providers/answer_reader.hpp>
#include <arthur/providers/dialects.hpp>

#include <type_traits>
#include <variant>

#include "support/sanitizers.hpp"

namespace golden {
namespace {

namespace providers = arthur::detail::providers;
using providers::json;

attributes map_of(const providers::attribute_list& list) {
  attributes found;
  for (const arthur::wire_attribute& one : list.found()) {
    const std::string value = std::visit(
        [](const auto& v) -> std::string {
          if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::string>) return v;
          else return "#" + json(v).dump();
        },
        one.value);
    CHECK_MESSAGE(!value.empty(), one.key << " is empty");
    CHECK_MESSAGE(found.emplace(one.key, value).second, one.key << " is set twice");
  }
  return found;
}

// Calls `use()` with each value inside of `at` replaced, one after the other, by what nobody expects there.
template <class Use>
void with_nonsense_in(json& at, Use&& use) {
  static const std::vector<json> nonsense = [] {
    json deep = "end";
    for (int n = 0; n < 50; ++n) deep = n % 2 == 0 ? json::array({deep}) : json{{"parts", deep}};
    return std::vector<json>{nullptr, true, false, 0, -1, 18446744073709551615ULL, -9223372036854775807LL, 1e300, 0.5, "", "text", "type", "12",
                             json::array(), json::object(), json::array({1, "a", nullptr, json::object(), json::array()}),
                             json::parse(R"([[{"type":[]}]])"), json::parse(R"({"type":{"type":7},"text":0})"),
                             json{{"text", 1}, {"parts", "x"}, {"index", 1e18}, {"thought", "yes"}}, deep};
  }();
  const json was = at;
  for (const json& one : nonsense) {
    at = one;
    use();
  }
  at = was;
  if (!at.is_structured()) return;
  for (json& inner : at) with_nonsense_in(inner, use);
}

}  // namespace

std::string difference(const attributes& got, const attributes& expected) {
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

attributes below(const std::string& begin, const attributes& all) {
  attributes found;
  for (const auto& [key, value] : all) {
    if (key.compare(0, begin.size(), begin) == 0) found.emplace(key.substr(begin.size()), value);
  }
  return found;
}

struct request::parts {
  providers::route where;
  json body;
  const providers::dialect* format;

  providers::request_view view() const { return {where, body}; }
};

request::request(std::string_view url, std::string_view body) {
  const auto all = std::make_shared<parts>(parts{providers::route(url), providers::parse(body), nullptr});
  all->format = providers::dialect_of(all->view());
  parts_ = all;
}
bool request::known() const { return parts_->format != nullptr; }
const request::parts& request::claimed() const {
  REQUIRE(known());
  return *parts_;
}
std::string request::name() const { return claimed().format->name; }
arthur::kind request::kind() const { return claimed().format->kind; }
std::string request::span_name() const {
  const providers::dialect& f = *claimed().format;
  return streams() && f.stream_name != nullptr ? f.stream_name : f.span_name;
}
bool request::streams() const { return claimed().format->streams(parts_->view()); }
attributes request::described() const {
  providers::attribute_list list;
  claimed().format->describe_request(parts_->view(), list);
  return map_of(list);
}

namespace {

// The bytes come in steps of so many, behind a first one of its own size. At most `limit` of them are kept.
reading read_in_steps(const request& asked, std::string_view bytes, std::size_t first, std::size_t step = std::string_view::npos,
                      std::size_t limit = std::size_t{1} << 20) {
  const request::parts& parts = asked.claimed();
  providers::answer_reader reader(*parts.format, limit);
  reading out;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, first);
    bytes.remove_prefix(piece.size());
    out.brought = reader.feed(piece) || out.brought;
    first = step;
  }
  reader.finish(true);
  providers::attribute_list list;
  parts.format->describe_answer(parts.view(), reader.answer(), list);
  out.found = map_of(list);
  out.whole = providers::dump(reader.answer());
  out.failure = reader.failure();
  out.truncated = reader.truncated();
  return out;
}

}  // namespace

reading read_up_to(std::size_t limit, const request& asked, std::string_view bytes) {
  return read_in_steps(asked, bytes, bytes.size(), bytes.size(), limit);
}

reading read(const request& asked, std::string_view bytes) {
  const reading whole = read_in_steps(asked, bytes, bytes.size());
  for (std::size_t cut = 1; cut < bytes.size(); cut += SANITIZED ? 11 : 1) {  // sanitizers need minutes for all of them
    if (read_in_steps(asked, bytes, cut) == whole) continue;
    CHECK_MESSAGE(false, "another answer where it is cut at byte " << cut);
    break;
  }
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}}) CHECK_MESSAGE(read_in_steps(asked, bytes, step, step) == whole, "in steps of " << step);
  return whole;
}

std::string events(const std::vector<std::string>& data) {
  std::string out;
  for (const std::string& one : data) out += "data: " + one + "\n\n";
  return out;
}

std::string named_events(const std::vector<std::string>& data) {
  std::string out;
  for (const std::string& one : data) {
    const json value = providers::parse(one);
    out += "event: " + std::string(providers::text_of(providers::member(value, "type"))) + "\n" + events({one});
  }
  return out;
}

void check_bears_anything(const std::string& url, const std::string& body, const std::vector<std::string>& answers) {
  CAPTURE(url);
  const providers::route where{std::string_view(url)};
  json asked = providers::parse(body);
  const providers::dialect* const format = providers::dialect_of({where, asked});
  REQUIRE(format != nullptr);
  std::vector<json> told;
  for (const std::string& one : answers) told.push_back(providers::parse(one));
  std::size_t runs = 0;
  const auto describe = [&](auto&& use) {
    providers::attribute_list found;
    use(providers::request_view{where, asked}, found);
    bool whole_keys = true;
    for (const arthur::wire_attribute& one : found.found()) whole_keys = whole_keys && one.key.find("..") == std::string::npos;
    CHECK(whole_keys);
    CHECK(found.found().size() < 1000);
    ++runs;
  };
  with_nonsense_in(asked, [&] {
    describe([&](const providers::request_view& view, providers::attribute_list& found) {
      providers::dialect_of(view);
      format->streams(view);
      format->describe_request(view, found);
      for (const json& one : told) format->describe_answer(view, one, found);
    });
  });
  for (json& changed : told) {
    REQUIRE(changed.is_object());
    with_nonsense_in(changed, [&] {
      describe([&](const providers::request_view& view, providers::attribute_list& found) { format->describe_answer(view, changed, found); });
      if (format->fold == nullptr) return;
      providers::folded_answer folded(std::size_t{1} << 20);
      for (const json& one : told) format->fold(folded, one, {});
      describe([&](const providers::request_view& view, providers::attribute_list& found) { format->describe_answer(view, folded.whole, found); });
      CHECK(providers::weight(folded.whole) < std::size_t{1} << 20);
    });
  }
  CHECK(runs > 100);
}

}  // namespace golden
