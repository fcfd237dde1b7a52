// otlp_decode.hpp: reads an OTLP trace export request, protobuf or JSON, into plain structs.
// Written from opentelemetry-proto and shares no code with the library: it is the other side's reader.
#ifndef ARTHUR_TESTS_SUPPORT_OTLP_DECODE_HPP
#define ARTHUR_TESTS_SUPPORT_OTLP_DECODE_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace support {

struct attribute;

/// An OTLP AnyValue.
struct value {
  enum class type { empty, string, boolean, integer, real, array, kvlist, bytes };

  type kind = type::empty;
  std::string text;  // string and bytes
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::vector<value> items;        // array
  std::vector<attribute> members;  // kvlist

  bool is(type t) const { return kind == t; }
};

struct attribute {
  std::string key;
  value val;
};

struct event {
  std::uint64_t time = 0;
  std::string name;
  std::vector<attribute> attributes;
  std::uint32_t dropped_attributes = 0;
};

struct link {
  std::string trace_id;  // raw bytes, like every id here
  std::string span_id;
  std::string trace_state;
  std::vector<attribute> attributes;
  std::uint32_t dropped_attributes = 0;
  std::uint32_t flags = 0;
};

struct span {
  std::string trace_id;
  std::string span_id;
  std::string parent_span_id;
  std::string trace_state;
  std::string name;
  std::int32_t kind = 0;
  std::uint64_t start_time = 0;
  std::uint64_t end_time = 0;
  std::vector<attribute> attributes;
  std::vector<event> events;
  std::vector<link> links;
  std::int32_t status_code = 0;
  std::string status_message;
  std::uint32_t flags = 0;
  std::uint32_t dropped_attributes = 0;
  std::uint32_t dropped_events = 0;
  std::uint32_t dropped_links = 0;

  /// A root has no parent on the wire at all; eight zero bytes are a parent.
  bool is_root() const { return parent_span_id.empty(); }
  /// The last value of a key, or nullptr.
  const value* find(std::string_view key) const;
  /// A string attribute's text; "" when it is missing or of another type.
  std::string text(std::string_view key) const;
};

struct scope {
  std::string name;
  std::string version;
  std::vector<attribute> attributes;
  std::uint32_t dropped_attributes = 0;
};

struct resource {
  std::vector<attribute> attributes;
  std::uint32_t dropped_attributes = 0;

  const value* find(std::string_view key) const;
};

struct scope_spans {
  support::scope scope;
  std::vector<span> spans;
  std::string schema_url;
};

struct resource_spans {
  support::resource resource;
  std::vector<scope_spans> scopes;
  std::string schema_url;
};

struct export_request {
  std::vector<resource_spans> resources;

  std::size_t span_count() const;
};

/// As strict as protobuf's ParseFromString: truncation, bad tags, unbalanced groups, more than 100 levels and invalid
/// UTF-8 in a string field are refused; unknown fields and known fields of another wire type are skipped.
std::optional<export_request> decode_protobuf(std::string_view body, std::string* why = nullptr);

/// OTLP/JSON: lowerCamelCase names, hex ids, numeric enums, 64-bit integers as text or number. Unknown names are
/// ignored, duplicate names and values of a wrong type refused.
std::optional<export_request> decode_json(std::string_view body, std::string* why = nullptr);

bool valid_utf8(std::string_view text);
std::string to_hex(std::string_view bytes);
/// One line for people and for comparing: `"text"`, `42`, `[1, "a"]`, `{"k": true}`, `bytes(00ff)`. NaN equals NaN
/// here.
std::string describe(const value& v);
/// Everything in the request, one line per resource, scope, span, event and link: equal text means equal content.
std::string describe(const export_request& request);

}  // namespace support

#endif
