// json_span.hpp: a span's protobuf bytes turned into its OTLP/JSON object.
#ifndef ARTHUR_OTLP_JSON_SPAN_HPP
#define ARTHUR_OTLP_JSON_SPAN_HPP

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "../record/wire.hpp"
#include "attribute_view.hpp"
#include "buffer.hpp"
#include "json_text.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Arrays and maps nested deeper become empty values (the specification's default limit).
constexpr unsigned max_value_depth = 64;

/// Appends the JSON of an AnyValue message. False: damaged bytes or no room; `out` then holds a part of it.
inline bool append_json_value(buffer& out, const char* data, std::size_t size, unsigned depth = 1) noexcept;
/// The same for the one field that it holds.
inline bool append_json_value(buffer& out, std::uint32_t tag, const char* data, std::size_t size, std::uint64_t number,
                              unsigned depth) noexcept;

/// Appends `{"key":…,"value":…}` for a KeyValue message.
inline bool append_json_key_value(buffer& out, const char* data, std::size_t size, unsigned depth = 1) noexcept {
  attribute_view plain;
  if (ARTHUR_LIKELY(read_attribute(data, size, plain))) {
    out.append("{\"key\":");
    append_json_string(out, plain.key, plain.key_size);
    out.append(",\"value\":");
    return append_json_value(out, plain.tag, plain.data, plain.size, plain.number, depth) && out.append('}');
  }
  wire::reader reader(data, size);
  wire::field at;
  wire::field key;
  wire::field value;
  while (reader.next(at)) {
    if (at.tag == wire::key_value_key) key = at;
    if (at.tag == wire::key_value_value) value = at;
  }
  if (!reader.ok()) return false;
  out.append("{\"key\":");
  append_json_string(out, key.data, key.size);
  if (value.tag != 0) {
    out.append(",\"value\":");
    if (!append_json_value(out, value.data, value.size, depth)) return false;
  }
  return out.append('}');
}

/// Appends `{"values":[…]}` for an ArrayValue or a KeyValueList message: both keep their elements in field 1.
inline bool append_json_values(buffer& out, const char* data, std::size_t size, bool key_values,
                               unsigned depth) noexcept {
  static_assert(wire::array_values == wire::kvlist_values, "one loop serves both");
  wire::reader reader(data, size);
  wire::field at;
  bool first = true;
  out.append("{\"values\":[");
  while (reader.next(at)) {
    if (at.tag != wire::array_values) continue;
    if (!first) out.append(',');
    first = false;
    if (key_values ? !append_json_key_value(out, at.data, at.size, depth + 1)
                   : !append_json_value(out, at.data, at.size, depth + 1)) {
      return false;
    }
  }
  return reader.ok() && out.append("]}");
}

inline bool append_json_value(buffer& out, const char* data, std::size_t size, unsigned depth) noexcept {
  wire::reader reader(data, size);
  wire::field at;
  wire::field value;
  while (reader.next(at)) {
    if (at.tag >= wire::any_string && at.tag <= wire::any_bytes) value = at;  // of a oneof the last one counts
  }
  return reader.ok() && append_json_value(out, value.tag, value.data, value.size, value.value, depth);
}

inline bool append_json_value(buffer& out, std::uint32_t tag, const char* data, std::size_t size, std::uint64_t number,
                              unsigned depth) noexcept {
  switch (tag) {
    case wire::any_string:
      out.append("{\"stringValue\":");
      append_json_string(out, data, size);
      break;
    case wire::any_bool:
      out.append("{\"boolValue\":");
      number != 0 ? out.append("true") : out.append("false");
      break;
    case wire::any_int:
      out.append("{\"intValue\":");
      append_json_int64(out, static_cast<std::int64_t>(number));
      break;
    case wire::any_double:
      out.append("{\"doubleValue\":");
      append_json_double(out, number);
      break;
    case wire::any_bytes:
      out.append("{\"bytesValue\":\"");
      append_base64(out, data, size);
      out.append('"');
      break;
    case wire::any_array:
    case wire::any_kvlist:
      if (depth >= max_value_depth) return out.append("{}");
      tag == wire::any_array ? out.append("{\"arrayValue\":") : out.append("{\"kvlistValue\":");
      if (!append_json_values(out, data, size, tag == wire::any_kvlist, depth)) return false;
      break;
    default:
      return out.append("{}");
  }
  return out.append('}');
}

/// Appends `[…]` with the KeyValue fields tagged `tag` of a message.
inline bool append_json_attributes(buffer& out, const char* data, std::size_t size, std::uint32_t tag) noexcept {
  wire::reader reader(data, size);
  wire::field at;
  bool first = true;
  out.append('[');
  while (reader.next(at)) {
    if (at.tag != tag) continue;
    if (!first) out.append(',');
    first = false;
    if (!append_json_key_value(out, at.data, at.size)) return false;
  }
  return reader.ok() && out.append(']');
}

/// Appends the object of an Event message.
inline bool append_json_event(buffer& out, const char* data, std::size_t size) noexcept {
  wire::reader reader(data, size);
  wire::field at;
  wire::field name;
  std::uint64_t time = 0;
  std::uint32_t dropped = 0;
  bool attributes = false;
  while (reader.next(at)) {
    if (at.tag == wire::event_time) time = at.value;
    if (at.tag == wire::event_name) name = at;
    if (at.tag == wire::event_attributes) attributes = true;
    if (at.tag == wire::event_dropped_attributes) dropped = static_cast<std::uint32_t>(at.value);
  }
  if (!reader.ok()) return false;
  out.append("{\"timeUnixNano\":");
  append_json_int64(out, time);
  out.append(",\"name\":");
  append_json_string(out, name.data, name.size);
  if (attributes) {
    out.append(",\"attributes\":");
    if (!append_json_attributes(out, data, size, wire::event_attributes)) return false;
  }
  if (dropped != 0) {
    out.append(",\"droppedAttributesCount\":");
    append_decimal(out, dropped);
  }
  return out.append('}');
}

/// Appends the object of a Link message.
inline bool append_json_link(buffer& out, const char* data, std::size_t size) noexcept {
  wire::reader reader(data, size);
  wire::field at;
  wire::field trace_id;
  wire::field span_id;
  wire::field state;
  std::uint32_t dropped = 0;
  std::uint32_t flags = 0;
  bool attributes = false;
  while (reader.next(at)) {
    if (at.tag == wire::link_trace_id) trace_id = at;
    if (at.tag == wire::link_span_id) span_id = at;
    if (at.tag == wire::link_trace_state) state = at;
    if (at.tag == wire::link_attributes) attributes = true;
    if (at.tag == wire::link_dropped_attributes) dropped = static_cast<std::uint32_t>(at.value);
    if (at.tag == wire::link_flags) flags = static_cast<std::uint32_t>(at.value);
  }
  if (!reader.ok()) return false;
  out.append("{\"traceId\":\"");
  append_hex(out, trace_id.data, trace_id.size);
  out.append("\",\"spanId\":\"");
  append_hex(out, span_id.data, span_id.size);
  out.append('"');
  if (state.size != 0) {
    out.append(",\"traceState\":");
    append_json_string(out, state.data, state.size);
  }
  if (attributes) {
    out.append(",\"attributes\":");
    if (!append_json_attributes(out, data, size, wire::link_attributes)) return false;
  }
  if (dropped != 0) {
    out.append(",\"droppedAttributesCount\":");
    append_decimal(out, dropped);
  }
  if (flags != 0) {
    out.append(",\"flags\":");
    append_decimal(out, flags);
  }
  return out.append('}');
}

/// What a span has besides its repeated fields; found in one pass, since fields may come in any order.
struct span_header {
  wire::field trace_id, span_id, trace_state, parent_id, name;
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::int32_t kind = 0;
  std::uint32_t flags = 0;
  std::uint32_t dropped_attributes = 0;
  std::uint32_t dropped_events = 0;
  std::uint32_t dropped_links = 0;
  std::uint32_t attributes = 0;
  std::uint32_t events = 0;
  std::uint32_t links = 0;
  wire::field status_message;
  std::int32_t status_code = 0;
  bool has_status = false;
};

/// False if the bytes of the span or of its status are damaged.
inline bool read_span_header(span_header& to, const char* body, std::size_t size) noexcept {
  wire::reader reader(body, size);
  wire::field at;
  while (reader.next(at)) {
    switch (at.tag) {
      case wire::span_trace_id: to.trace_id = at; break;
      case wire::span_span_id: to.span_id = at; break;
      case wire::span_trace_state: to.trace_state = at; break;
      case wire::span_parent_span_id: to.parent_id = at; break;
      case wire::span_name: to.name = at; break;
      case wire::span_kind: to.kind = static_cast<std::int32_t>(at.value); break;
      case wire::span_start_time: to.start = at.value; break;
      case wire::span_end_time: to.end = at.value; break;
      case wire::span_attributes: ++to.attributes; break;
      case wire::span_dropped_attributes: to.dropped_attributes = static_cast<std::uint32_t>(at.value); break;
      case wire::span_events: ++to.events; break;
      case wire::span_dropped_events: to.dropped_events = static_cast<std::uint32_t>(at.value); break;
      case wire::span_links: ++to.links; break;
      case wire::span_dropped_links: to.dropped_links = static_cast<std::uint32_t>(at.value); break;
      case wire::span_flags: to.flags = static_cast<std::uint32_t>(at.value); break;
      case wire::span_status: {
        to.has_status = true;
        wire::reader status(at.data, at.size);
        wire::field part;
        while (status.next(part)) {
          if (part.tag == wire::status_message) to.status_message = part;
          if (part.tag == wire::status_code) to.status_code = static_cast<std::int32_t>(part.value);
        }
        if (!status.ok()) return false;
        break;
      }
      default: break;
    }
  }
  return reader.ok();
}

/// Appends `,"key":[…]` with each field tagged `tag` of the span, written by `append`.
template <class Append>
inline bool append_json_list(buffer& out, const char* body, std::size_t size, std::uint32_t tag,
                             Append append) noexcept {
  wire::reader reader(body, size);
  wire::field at;
  bool first = true;
  while (reader.next(at)) {
    if (at.tag != tag) continue;
    if (!first) out.append(',');
    first = false;
    if (!append(out, at.data, at.size)) return false;
  }
  return out.append(']');
}

inline bool append_json_span_parts(buffer& out, const char* body, std::size_t size) noexcept {
  span_header span;
  if (!read_span_header(span, body, size)) return false;
  const auto count = [&out](std::uint32_t value, const char* key, std::size_t key_size) {
    if (value == 0) return;
    out.append(key, key_size);
    append_decimal(out, value);
  };

  out.append("{\"traceId\":\"");
  append_hex(out, span.trace_id.data, span.trace_id.size);
  out.append("\",\"spanId\":\"");
  append_hex(out, span.span_id.data, span.span_id.size);
  out.append('"');
  if (span.trace_state.size != 0) {
    out.append(",\"traceState\":");
    append_json_string(out, span.trace_state.data, span.trace_state.size);
  }
  if (span.parent_id.size != 0) {
    out.append(",\"parentSpanId\":\"");
    append_hex(out, span.parent_id.data, span.parent_id.size);
    out.append('"');
  }
  count(span.flags, ",\"flags\":", 9);
  out.append(",\"name\":");
  append_json_string(out, span.name.data, span.name.size);
  out.append(",\"kind\":");
  append_decimal(out, span.kind);
  out.append(",\"startTimeUnixNano\":");
  append_json_int64(out, span.start);
  out.append(",\"endTimeUnixNano\":");
  append_json_int64(out, span.end);
  if (span.attributes != 0) {
    out.append(",\"attributes\":");
    if (!append_json_attributes(out, body, size, wire::span_attributes)) return false;
  }
  count(span.dropped_attributes, ",\"droppedAttributesCount\":", 26);
  if (span.events != 0) {
    out.append(",\"events\":[");
    if (!append_json_list(out, body, size, wire::span_events, append_json_event)) return false;
  }
  count(span.dropped_events, ",\"droppedEventsCount\":", 22);
  if (span.links != 0) {
    out.append(",\"links\":[");
    if (!append_json_list(out, body, size, wire::span_links, append_json_link)) return false;
  }
  count(span.dropped_links, ",\"droppedLinksCount\":", 21);
  if (span.has_status) {
    out.append(",\"status\":{");
    if (span.status_message.size != 0) {
      out.append("\"message\":");
      append_json_string(out, span.status_message.data, span.status_message.size);
    }
    if (span.status_code != 0) {
      span.status_message.size != 0 ? out.append(",\"code\":") : out.append("\"code\":");
      append_decimal(out, span.status_code);
    }
    out.append('}');
  }
  return out.append('}');
}

/// Appends the OTLP/JSON object of a span, given the body of its protobuf message. False: damaged bytes, or no room
/// (then out.failed()); `out` has its former size again.
inline bool append_json_span(buffer& out, const char* body, std::size_t size) noexcept {
  const std::size_t before = out.size();
  if (append_json_span_parts(out, body, size)) return true;
  out.truncate(before);
  return false;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
