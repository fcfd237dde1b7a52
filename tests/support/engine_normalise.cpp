// engine_normalise.cpp: the engine's span normalisation (contract §3), as far as a client can see it.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>

#include "engine_rules.hpp"

namespace support {
namespace {

using json = nlohmann::json;

constexpr std::ptrdiff_t max_levels = 300;

bool is_one_of(const std::string& text, std::initializer_list<const char*> list) {
  return std::any_of(list.begin(), list.end(), [&](const char* item) { return text == item; });
}

std::string last_segment(const std::string& key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string::npos ? key : key.substr(dot + 1);
}

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// §3.2: the full key, or its last segment, is in the engine's list; or the value has the JSON mime type beside it.
bool is_json_key(const span& s, const std::string& key) {
  // "metadata" is the only one of one segment, so the only one that a longer key can end in.
  if (is_one_of(key, {"llm.invocation_parameters", "llm.function_call", "llm.prompt_template.variables",
                      "document.metadata", "tool.parameters", "tool.json_schema",
                      "message.function_call_arguments_json", "tool_call.function.arguments"})) {
    return true;
  }
  if (key == "metadata" || ends_with(key, ".metadata") || ends_with(key, "message.contents")) return true;
  if (!ends_with(key, ".value")) return false;
  return s.text(key.substr(0, key.size() - 5) + "mime_type") == "application/json";
}

std::string base64(const std::string& data) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < data.size(); i += 3) {
    const auto byte = [&](std::size_t k) { return k < data.size() ? static_cast<unsigned char>(data[k]) : 0U; };
    const std::uint32_t bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out += alphabet[bits >> 18];
    out += alphabet[bits >> 12 & 63];
    out += i + 1 < data.size() ? alphabet[bits >> 6 & 63] : '=';
    out += i + 2 < data.size() ? alphabet[bits & 63] : '=';
  }
  return out;
}

json real_as_json(double v) {
  if (std::isnan(v)) return "NaN";
  if (std::isinf(v)) return v > 0 ? "Infinity" : "-Infinity";
  return v;
}

json attributes_as_json(const std::vector<attribute>& attributes);

/// MessageToDict of an AnyValue.
json wire_shape(const value& v) {
  switch (v.kind) {
    case value::type::empty: return json::object();
    case value::type::string: return {{"stringValue", v.text}};
    case value::type::boolean: return {{"boolValue", v.boolean}};
    case value::type::integer: return {{"intValue", std::to_string(v.integer)}};
    case value::type::real: return {{"doubleValue", real_as_json(v.real)}};
    case value::type::bytes: return {{"bytesValue", base64(v.text)}};
    case value::type::kvlist: return {{"kvlistValue", {{"values", attributes_as_json(v.members)}}}};
    case value::type::array: break;
  }
  json values = json::array();
  for (const value& item : v.items) values.push_back(wire_shape(item));
  return {{"arrayValue", {{"values", values}}}};
}

json attributes_as_json(const std::vector<attribute>& attributes) {
  json out = json::array();
  for (const attribute& a : attributes) out.push_back({{"key", a.key}, {"value", wire_shape(a.val)}});
  return out;
}

/// §3.1: scalars are native, everything else keeps the wire's shape, and what is empty becomes [].
json stored(const value& v) {
  switch (v.kind) {
    case value::type::string: return v.text;
    case value::type::boolean: return v.boolean;
    case value::type::integer: return v.integer;
    case value::type::real: return std::isfinite(v.real) ? json(v.real) : json();
    case value::type::bytes: return wire_shape(v);
    case value::type::array: return v.items.empty() ? json::array() : wire_shape(v)["arrayValue"];
    case value::type::kvlist: return v.members.empty() ? json::array() : wire_shape(v)["kvlistValue"];
    case value::type::empty: break;
  }
  return json::array();
}

void put(json& root, const std::string& dotted, json leaf) {
  json* at = &root;
  std::size_t from = 0;
  for (;;) {
    const std::size_t dot = dotted.find('.', from);
    if (!at->is_object()) *at = json::object();  // §3.4: a scalar before its children is lost
    at = &(*at)[dotted.substr(from, dot == std::string::npos ? dot : dot - from)];
    if (dot == std::string::npos) break;
    from = dot + 1;
  }
  if (at->is_object() && leaf.is_object()) at->update(leaf);
  else *at = std::move(leaf);
}

/// Characters for which Python's isdigit() is true and int() fails: superscripts, subscripts, circled digits ...
bool is_odd_digit(const std::string& text, std::size_t at, std::size_t& size) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U; };
  size = 2;
  if (byte(0) == 0xc2 && (byte(1) == 0xb2 || byte(1) == 0xb3 || byte(1) == 0xb9)) return true;
  size = 3;
  const unsigned code = (byte(0) & 15U) << 12 | (byte(1) & 63U) << 6 | (byte(2) & 63U);
  if (byte(0) >> 4 != 0xe) return false;
  return code == 0x2070 || (code >= 0x2074 && code <= 0x2079) || (code >= 0x2080 && code <= 0x2089) ||
         (code >= 0x2460 && code <= 0x2468) || (code >= 0x2474 && code <= 0x247c) ||
         (code >= 0x2488 && code <= 0x2490) || code == 0x24ea || (code >= 0x24f5 && code <= 0x24fd) || code == 0x24ff ||
         (code >= 0x2776 && code <= 0x277e) || (code >= 0x2780 && code <= 0x2788) || (code >= 0x278a && code <= 0x2792);
}

enum class digits { no, yes, odd };

digits looks_numeric(const std::string& key) {
  digits result = key.empty() ? digits::no : digits::yes;
  for (std::size_t i = 0; i < key.size();) {
    std::size_t size = 1;
    if (key[i] >= '0' && key[i] <= '9') {
      ++i;
    } else if (is_odd_digit(key, i, size)) {
      result = digits::odd;
      i += size;
    } else {
      return digits::no;
    }
  }
  return result;
}

/// Dotted keys of parsed JSON nest, JSON texts under a key "metadata" are decoded, numeric keys make a list.
json reshape(const json& in, normal_span& n, bool top) {
  if (in.is_array()) {
    json out = json::array();
    for (const json& item : in) out.push_back(reshape(item, n, false));
    return out;
  }
  if (!in.is_object()) return in;
  if (in.empty()) return json::array();
  json nested = json::object();
  for (const auto& item : in.items()) {
    json child = item.value();
    if (child.is_string() && last_segment(item.key()) == "metadata") {
      python_json parsed = python_loads(child.get_ref<const std::string&>());
      if (parsed.result == python_json::outcome::parsed) child = parsed.tree;
      n.parsed.push_back(std::move(parsed));
    }
    put(nested, item.key(), std::move(child));
  }
  json out = json::object();
  bool numeric = !top;
  bool odd = false;
  for (const auto& item : nested.items()) {
    const digits kind = looks_numeric(item.key());
    numeric = numeric && kind != digits::no;
    odd = odd || kind == digits::odd;
    out[item.key()] = reshape(item.value(), n, false);
  }
  if (!numeric) return out;
  if (odd) {
    n.bad_digits = true;
    return out;
  }
  std::map<std::pair<std::size_t, std::string>, json> ordered;  // by length first, so that 10 follows 9
  for (const auto& item : out.items()) {
    const std::string key = item.key().substr((std::min)(item.key().find_first_not_of('0'), item.key().size() - 1));
    ordered[{key.size(), key}] = item.value();
  }
  json list = json::array();
  for (const auto& item : ordered) list.push_back(item.second);
  return list;
}

std::string as_text(const value* v) {
  if (v == nullptr) return {};
  switch (v->kind) {
    case value::type::string: return v->text;
    case value::type::integer: return std::to_string(v->integer);
    case value::type::boolean: return v->boolean ? "True" : "False";
    case value::type::real: return std::to_string(v->real);
    default: return {};
  }
}

bool is_int_key(const std::string& key) {
  const std::string prefix = "llm.token_count.";
  return key == "reranker.top_k" || key.compare(0, prefix.size(), prefix) == 0;
}

/// §3.3: "12" and 3.9 become 12 and 3 under an integer key.
std::optional<long double> as_count(const value* v) {
  if (v == nullptr) return std::nullopt;
  if (v->is(value::type::integer)) return static_cast<long double>(v->integer);
  if (v->is(value::type::real) && std::isfinite(v->real)) return std::trunc(static_cast<long double>(v->real));
  if (v->is(value::type::string) && !v->text.empty()) {
    char* end = nullptr;
    const long double number = std::strtold(v->text.c_str(), &end);
    if (*end == '\0' && std::isfinite(number)) return std::trunc(number);
  }
  return std::nullopt;
}

json coerced(const std::string& key, const value& v) {
  const std::optional<long double> count = is_int_key(key) ? as_count(&v) : std::nullopt;
  if (count && std::fabs(*count) < 9.0e18L) return static_cast<std::int64_t>(*count);
  if (is_one_of(key, {"session.id", "user.id"})) return as_text(&v);
  return stored(v);
}

}  // namespace

normal_span normalise(const span& s, bool with_attributes) {
  normal_span n;
  n.source = &s;
  n.kind = as_text(s.find("openinference.span.kind"));
  n.session_id = as_text(s.find("session.id"));
  n.user_id = as_text(s.find("user.id"));
  if (n.kind == "LLM") {
    n.prompt_tokens = as_count(s.find("llm.token_count.prompt"));
    n.completion_tokens = as_count(s.find("llm.token_count.completion"));
    n.total_tokens = as_count(s.find("llm.token_count.total"));
    if (!n.total_tokens && n.prompt_tokens && n.completion_tokens) {
      n.total_tokens = *n.prompt_tokens + *n.completion_tokens;
    }
  }
  std::vector<std::pair<const attribute*, json>> decoded;
  bool odd_keys = false;
  for (const attribute& a : s.attributes) {
    odd_keys =
        odd_keys || std::any_of(a.key.begin(), a.key.end(), [](char c) { return static_cast<signed char>(c) < 0; });
    if (!a.val.is(value::type::string) || !is_json_key(s, a.key)) continue;
    python_json parsed = python_loads(a.val.text);
    if (parsed.result == python_json::outcome::parsed) decoded.emplace_back(&a, parsed.tree);
    n.parsed.push_back(std::move(parsed));
  }
  // Most spans need no tree to be judged, and long runs feel it.
  if (!with_attributes && decoded.empty() && !odd_keys) return n;
  json flat = json::object();
  auto next = decoded.begin();
  for (const attribute& a : s.attributes) {
    const bool is_decoded = next != decoded.end() && next->first == &a;
    json leaf = is_decoded ? (next++)->second : coerced(a.key, a.val);
    if (std::count(a.key.begin(), a.key.end(), '.') > max_levels) continue;  // rejected anyway
    put(flat, a.key, std::move(leaf));
  }
  n.attributes = reshape(flat, n, true);
  return n;
}

nlohmann::json raw_data(const normal_span& n) {
  const span& s = *n.source;
  json out = {{"arthur_span_version", "arthur_span_v1"},
              {"traceId", base64(s.trace_id)},
              {"spanId", base64(s.span_id)},
              {"name", s.name},
              {"startTimeUnixNano", std::to_string(s.start_time)},
              {"endTimeUnixNano", std::to_string(s.end_time)},
              {"attributes", n.attributes}};
  static const std::array<const char*, 6> kinds = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
                                                   "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};
  if (s.kind > 0) out["kind"] = s.kind < 6 ? json(kinds[static_cast<std::size_t>(s.kind)]) : json(s.kind);
  if (!s.is_root()) out["parentSpanId"] = base64(s.parent_span_id);
  if (!s.trace_state.empty()) out["traceState"] = s.trace_state;
  if (s.flags != 0) out["flags"] = s.flags;
  if (s.dropped_attributes != 0) out["droppedAttributesCount"] = s.dropped_attributes;
  json status = json::object();
  if (s.status_code != 0) status["code"] = s.status_code == 1 ? "STATUS_CODE_OK" : "STATUS_CODE_ERROR";
  if (!s.status_message.empty()) status["message"] = s.status_message;
  out["status"] = status.empty() ? json::array() : status;
  for (const event& e : s.events) {
    out["events"].push_back(
        {{"timeUnixNano", std::to_string(e.time)}, {"name", e.name}, {"attributes", attributes_as_json(e.attributes)}});
  }
  for (const link& l : s.links) {
    out["links"].push_back({{"traceId", base64(l.trace_id)},
                            {"spanId", base64(l.span_id)},
                            {"attributes", attributes_as_json(l.attributes)}});
  }
  return out;
}

}  // namespace support
