// otlp_json.cpp: the OTLP/JSON reader behind otlp_decode.hpp.
#include <cmath>
#include <limits>
#include <set>
#include <type_traits>

#include <nlohmann/json.hpp>

#include "otlp_decode.hpp"

namespace support {
namespace {

using json = nlohmann::json;

constexpr int max_depth = 100;

/// Refuses a name that occurs twice in one object: a decoder may keep either, so no writer may send it.
class duplicate_check {
public:
  bool operator()(int, json::parse_event_t what, json& parsed) {
    switch (what) {
      case json::parse_event_t::object_start: names_.emplace_back(); break;
      case json::parse_event_t::object_end: names_.pop_back(); break;
      case json::parse_event_t::key:
        if (!names_.back().insert(parsed.get_ref<const std::string&>()).second) found_ = true;
        break;
      default: break;
    }
    return true;
  }
  bool found() const { return found_; }

private:
  std::vector<std::set<std::string>> names_;
  bool found_ = false;
};

class json_reader {
public:
  std::string why;

  bool fail(const std::string& what) {
    if (why.empty()) why = what;
    return false;
  }

  /// A missing name and null both mean "not set".
  static const json* member(const json& object, const char* name) {
    const auto it = object.find(name);
    return it == object.end() || it->is_null() ? nullptr : &*it;
  }

  bool text(const json& object, const char* name, std::string& into) {
    const json* j = member(object, name);
    if (j == nullptr) return true;
    if (!j->is_string()) return fail(std::string(name) + " is not a string");
    into = j->get<std::string>();
    return true;
  }

  bool hex(const json& object, const char* name, std::string& into) {
    std::string digits;
    if (!text(object, name, digits)) return false;
    if (digits.size() % 2 != 0) return fail(std::string(name) + " has an odd number of hex digits");
    into.clear();
    for (std::size_t i = 0; i < digits.size(); i += 2) {
      const int high = hex_digit(digits[i]);
      const int low = hex_digit(digits[i + 1]);
      if (high < 0 || low < 0) return fail(std::string(name) + " is not hex");
      into += static_cast<char>(high << 4 | low);
    }
    return true;
  }

  template <typename Integer>
  bool integer(const json& object, const char* name, Integer& into) {
    const json* j = member(object, name);
    return j == nullptr || integer(*j, into) || fail(std::string(name) + " is not an integer in range");
  }

  bool attributes(const json& owner, std::vector<attribute>& into, int depth) {
    return list(owner, "attributes", into, [&](const json& j, attribute& a) { return read(j, a, depth); });
  }

  bool read(const json& j, attribute& a, int depth) {
    if (!object(j, "attribute") || !text(j, "key", a.key)) return false;
    const json* v = member(j, "value");
    return v == nullptr || read(*v, a.val, depth + 1);
  }

  bool read(const json& j, value& v, int depth) {
    using type = value::type;
    if (depth > max_depth) return fail("nested too deeply");
    if (!object(j, "value")) return false;
    int cases = 0;
    for (const char* name :
         {"stringValue", "boolValue", "intValue", "doubleValue", "arrayValue", "kvlistValue", "bytesValue"}) {
      if (member(j, name) != nullptr) ++cases;
    }
    if (cases > 1) return fail("a value has two types");
    if (member(j, "stringValue") != nullptr) return v.kind = type::string, text(j, "stringValue", v.text);
    if (const json* b = member(j, "boolValue")) {
      if (!b->is_boolean()) return fail("boolValue is not a boolean");
      return v.kind = type::boolean, v.boolean = b->get<bool>(), true;
    }
    if (member(j, "intValue") != nullptr) return v.kind = type::integer, integer(j, "intValue", v.integer);
    if (const json* d = member(j, "doubleValue")) return v.kind = type::real, real(*d, v.real);
    if (const json* a = member(j, "arrayValue")) {
      v.kind = type::array;
      return object(*a, "arrayValue") &&
             list(*a, "values", v.items, [&](const json& item, value& into) { return read(item, into, depth + 2); });
    }
    if (const json* k = member(j, "kvlistValue")) {
      v.kind = type::kvlist;
      return object(*k, "kvlistValue") && list(*k, "values", v.members, [&](const json& item, attribute& into) {
               return read(item, into, depth + 2);
             });
    }
    if (const json* b = member(j, "bytesValue")) {
      v.kind = type::bytes;
      return (b->is_string() && base64(b->get_ref<const std::string&>(), v.text)) || fail("bytesValue is not base64");
    }
    return true;
  }

  bool read(const json& j, event& e) {
    return object(j, "event") && integer(j, "timeUnixNano", e.time) && text(j, "name", e.name) &&
           attributes(j, e.attributes, 0) && integer(j, "droppedAttributesCount", e.dropped_attributes);
  }

  bool read(const json& j, link& l) {
    return object(j, "link") && hex(j, "traceId", l.trace_id) && hex(j, "spanId", l.span_id) &&
           text(j, "traceState", l.trace_state) && attributes(j, l.attributes, 0) &&
           integer(j, "droppedAttributesCount", l.dropped_attributes) && integer(j, "flags", l.flags);
  }

  bool read(const json& j, span& s) {
    const bool plain =
        object(j, "span") && hex(j, "traceId", s.trace_id) && hex(j, "spanId", s.span_id) &&
        text(j, "traceState", s.trace_state) && hex(j, "parentSpanId", s.parent_span_id) &&
        integer(j, "flags", s.flags) && text(j, "name", s.name) && integer(j, "kind", s.kind) &&
        integer(j, "startTimeUnixNano", s.start_time) && integer(j, "endTimeUnixNano", s.end_time) &&
        attributes(j, s.attributes, 0) && integer(j, "droppedAttributesCount", s.dropped_attributes) &&
        list(j, "events", s.events, [&](const json& item, event& e) { return read(item, e); }) &&
        integer(j, "droppedEventsCount", s.dropped_events) &&
        list(j, "links", s.links, [&](const json& item, link& l) { return read(item, l); }) &&
        integer(j, "droppedLinksCount", s.dropped_links);
    if (!plain) return false;
    const json* status = member(j, "status");
    return status == nullptr || (object(*status, "status") && text(*status, "message", s.status_message) &&
                                 integer(*status, "code", s.status_code));
  }

  bool read(const json& j, scope_spans& ss) {
    if (!object(j, "scopeSpans")) return false;
    if (const json* s = member(j, "scope")) {
      const bool ok = object(*s, "scope") && text(*s, "name", ss.scope.name) && text(*s, "version", ss.scope.version) &&
                      attributes(*s, ss.scope.attributes, 0) &&
                      integer(*s, "droppedAttributesCount", ss.scope.dropped_attributes);
      if (!ok) return false;
    }
    return text(j, "schemaUrl", ss.schema_url) &&
           list(j, "spans", ss.spans, [&](const json& item, span& s) { return read(item, s); });
  }

  bool read(const json& j, resource_spans& rs) {
    if (!object(j, "resourceSpans")) return false;
    if (const json* r = member(j, "resource")) {
      const bool ok = object(*r, "resource") && attributes(*r, rs.resource.attributes, 0) &&
                      integer(*r, "droppedAttributesCount", rs.resource.dropped_attributes);
      if (!ok) return false;
    }
    return text(j, "schemaUrl", rs.schema_url) &&
           list(j, "scopeSpans", rs.scopes, [&](const json& item, scope_spans& s) { return read(item, s); });
  }

  bool read(const json& j, export_request& request) {
    return object(j, "the body") && list(j, "resourceSpans", request.resources,
                                         [&](const json& item, resource_spans& rs) { return read(item, rs); });
  }

private:
  bool object(const json& j, const char* what) {
    return j.is_object() || fail(std::string(what) + " is not an object");
  }

  template <typename Item, typename Read>
  bool list(const json& owner, const char* name, std::vector<Item>& into, Read read_item) {
    const json* j = member(owner, name);
    if (j == nullptr) return true;
    if (!j->is_array()) return fail(std::string(name) + " is not an array");
    for (const json& item : *j) {
      into.emplace_back();
      if (!read_item(item, into.back())) return false;
    }
    return true;
  }

  static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }

  template <typename Integer>
  static bool integer(const json& j, Integer& into) {
    constexpr auto least = (std::numeric_limits<Integer>::min)();
    constexpr auto most = (std::numeric_limits<Integer>::max)();
    json number = j;
    if (j.is_string()) {
      const std::string& digits = j.get_ref<const std::string&>();
      if (digits.empty() || digits.find_first_not_of("-0123456789") != std::string::npos) return false;
      number = json::parse(digits, nullptr, false);
    }
    if (number.is_number_unsigned()) {
      const auto n = number.get<std::uint64_t>();
      if (n > static_cast<std::uint64_t>(most)) return false;
      into = static_cast<Integer>(n);
      return true;
    }
    if (!number.is_number_integer() || std::is_unsigned<Integer>::value) return false;
    const auto n = number.get<std::int64_t>();
    if (n < static_cast<std::int64_t>(least)) return false;
    into = static_cast<Integer>(n);
    return true;
  }

  bool real(const json& j, double& into) {
    if (j.is_number()) return into = j.get<double>(), true;
    if (j == "NaN") return into = std::numeric_limits<double>::quiet_NaN(), true;
    if (j == "Infinity") return into = std::numeric_limits<double>::infinity(), true;
    if (j == "-Infinity") return into = -std::numeric_limits<double>::infinity(), true;
    return fail("doubleValue is not a number");
  }

  static bool base64(const std::string& text, std::string& into) {
    std::uint32_t bits = 0;
    unsigned count = 0;
    std::size_t end = text.size();
    if (end % 4 == 0 && end > 0 && text[end - 1] == '=') end -= text[end - 2] == '=' ? 2U : 1U;
    for (std::size_t i = 0; i < end; ++i) {
      static const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
      const std::size_t digit = alphabet.find(text[i]);
      if (digit == std::string::npos) return false;
      bits = bits << 6 | static_cast<std::uint32_t>(digit);
      count += 6;
      if (count < 8) continue;
      count -= 8;
      into += static_cast<char>(bits >> count & 0xff);
    }
    return count < 6;
  }
};

}  // namespace

std::optional<export_request> decode_json(std::string_view body, std::string* why) {
  duplicate_check duplicates;
  json_reader reader;
  export_request request;
  const json parsed = json::parse(
      body.begin(), body.end(),
      [&duplicates](int depth, json::parse_event_t what, json& j) { return duplicates(depth, what, j); }, false);
  bool ok = true;
  if (parsed.is_discarded()) ok = reader.fail("not JSON");
  else if (duplicates.found()) ok = reader.fail("a name occurs twice in one object");
  else ok = reader.read(parsed, request);
  if (why != nullptr) *why = reader.why;
  if (!ok) return std::nullopt;
  return request;
}

}  // namespace support
