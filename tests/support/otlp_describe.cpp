// otlp_describe.cpp: decoded requests as text, for people and for comparing.
#include <cmath>
#include <cstdio>
#include <cstring>

#include "otlp_decode.hpp"

namespace support {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned>(byte));
      out += escape;
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

std::string describe(const std::vector<attribute>& attributes) {
  std::string out = "{";
  for (const attribute& a : attributes) {
    if (out.size() > 1) out += ", ";
    out += quoted(a.key) + ": " + support::describe(a.val);
  }
  return out + "}";
}

}  // namespace

std::string describe(const value& v) {
  switch (v.kind) {
    case value::type::empty: return "empty";
    case value::type::string: return quoted(v.text);
    case value::type::boolean: return v.boolean ? "true" : "false";
    case value::type::integer: return std::to_string(v.integer);
    case value::type::bytes: return "bytes(" + to_hex(v.text) + ")";
    case value::type::kvlist: return describe(v.members);
    case value::type::real: {
      if (std::isnan(v.real)) return "NaN";
      char text[40];
      std::snprintf(text, sizeof text, "%.17g", v.real);
      return std::strpbrk(text, ".eni") != nullptr ? text : std::string(text) + ".0";
    }
    case value::type::array: break;
  }
  std::string out = "[";
  for (const value& item : v.items) {
    if (out.size() > 1) out += ", ";
    out += describe(item);
  }
  return out + "]";
}

std::string describe(const export_request& request) {
  std::string out;
  const auto number = [](std::uint64_t n) { return " " + std::to_string(n); };
  for (const resource_spans& rs : request.resources) {
    out += "resource " + describe(rs.resource.attributes) + number(rs.resource.dropped_attributes) + " " +
           quoted(rs.schema_url) + "\n";
    for (const scope_spans& ss : rs.scopes) {
      out += "scope " + quoted(ss.scope.name) + " " + quoted(ss.scope.version) + " " + describe(ss.scope.attributes) +
             number(ss.scope.dropped_attributes) + " " + quoted(ss.schema_url) + "\n";
      for (const span& s : ss.spans) {
        out += "span " + to_hex(s.trace_id) + " " + to_hex(s.span_id) + " parent=" + to_hex(s.parent_span_id) +
               " state=" + quoted(s.trace_state) + " " + quoted(s.name) + " kind=" + std::to_string(s.kind) +
               number(s.start_time) + number(s.end_time) + " status=" + std::to_string(s.status_code) + " " +
               quoted(s.status_message) + " flags=" + std::to_string(s.flags) + " dropped" +
               number(s.dropped_attributes) + number(s.dropped_events) + number(s.dropped_links) + " " +
               describe(s.attributes) + "\n";
        for (const event& e : s.events) {
          out += "event" + number(e.time) + " " + quoted(e.name) + " " + describe(e.attributes) +
                 number(e.dropped_attributes) + "\n";
        }
        for (const link& l : s.links) {
          out += "link " + to_hex(l.trace_id) + " " + to_hex(l.span_id) + " state=" + quoted(l.trace_state) +
                 " flags=" + std::to_string(l.flags) + " " + describe(l.attributes) + number(l.dropped_attributes) +
                 "\n";
        }
      }
    }
  }
  return out;
}

}  // namespace support
