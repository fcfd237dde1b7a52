// envelope.hpp: OTLP requests put together from encoded spans.
#ifndef ARTHUR_OTLP_ENVELOPE_HPP
#define ARTHUR_OTLP_ENVELOPE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../config.hpp"
#include "../record/wire.hpp"
#include "buffer.hpp"
#include "json_span.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

enum class encoding { json, protobuf };

/// One span: the body of its protobuf message, whatever the request's encoding.
struct span_piece {
  std::uint32_t group;  // index of its resource
  const char* data;
  std::size_t size;
};

/// The body of a Resource message: KeyValue fields tagged resource_attributes.
struct resource_view {
  const char* data;
  std::size_t size;
};

constexpr std::uint8_t resource_attributes = 1 << 3 | wire::type_bytes;

/// Asks an endpoint whether it takes JSON: a request without spans.
constexpr char empty_json_request[] = "{\"resourceSpans\":[]}";

/// Appends tag and length of a field that is `size` bytes long.
inline bool append_field_head(buffer& out, std::uint8_t tag, std::size_t size) noexcept {
  char* to = out.reserve_more(11);
  if (to == nullptr) return false;
  out.advance(static_cast<std::size_t>(wire::put_varint(wire::put_byte(to, tag), size) - to));
  return true;
}

inline bool append_field(buffer& out, std::uint8_t tag, const char* data, std::size_t size) noexcept {
  return append_field_head(out, tag, size) && out.append(data, size);
}

constexpr std::size_t field_size(std::size_t content) noexcept { return 1 + wire::varint_size(content) + content; }

/// Appends a KeyValue field with a text value.
inline bool append_string_attribute(buffer& out, std::uint8_t tag, const char* key, std::size_t key_size,
                                    const char* value, std::size_t value_size) noexcept {
  append_field_head(out, tag, field_size(key_size) + field_size(field_size(value_size)));
  append_field(out, wire::key_value_key, key, key_size);
  append_field_head(out, wire::key_value_value, field_size(value_size));
  return append_field(out, wire::any_string, value, value_size);
}

// InstrumentationScope{name: "arthur", version: ARTHUR_VERSION} in both encodings.
constexpr char json_scope[] = "{\"name\":\"arthur\",\"version\":\"" ARTHUR_VERSION "\"}";
constexpr char scope_name[] = "arthur";
constexpr std::size_t scope_size = field_size(sizeof scope_name - 1) + field_size(sizeof ARTHUR_VERSION - 1);

inline bool append_json_resource_spans(buffer& out, const span_piece* pieces, std::size_t count, std::uint32_t group,
                                       const resource_view& resource) noexcept {
  out.append("{\"resource\":{\"attributes\":");
  if (!append_json_attributes(out, resource.data, resource.size, resource_attributes)) return false;
  out.append("},\"scopeSpans\":[{\"scope\":");
  out.append(json_scope);
  out.append(",\"spans\":[");
  bool first = true;
  for (std::size_t i = 0; i < count; ++i) {
    if (pieces[i].group != group) continue;
    if (!first) out.append(',');
    first = false;
    if (!append_json_span(out, pieces[i].data, pieces[i].size)) return false;
  }
  return out.append("]}]}");
}

inline bool append_protobuf_resource_spans(buffer& out, const span_piece* pieces, std::size_t count,
                                           std::uint32_t group, const resource_view& resource) noexcept {
  // Field 1 of ExportTraceServiceRequest, ResourceSpans and ScopeSpans; field 2 of the latter two.
  constexpr std::uint8_t field_1 = 1 << 3 | wire::type_bytes;
  constexpr std::uint8_t field_2 = 2 << 3 | wire::type_bytes;
  std::size_t scope_spans = field_size(scope_size);
  for (std::size_t i = 0; i < count; ++i) {
    if (pieces[i].group == group) scope_spans += field_size(pieces[i].size);
  }
  append_field_head(out, field_1, field_size(resource.size) + field_size(scope_spans));
  append_field(out, field_1, resource.data, resource.size);
  append_field_head(out, field_2, scope_spans);
  append_field_head(out, field_1, scope_size);
  append_field(out, field_1, scope_name, sizeof scope_name - 1);
  append_field(out, field_2, ARTHUR_VERSION, sizeof ARTHUR_VERSION - 1);
  for (std::size_t i = 0; i < count; ++i) {
    if (pieces[i].group == group) append_field(out, field_2, pieces[i].data, pieces[i].size);
  }
  return !out.failed();
}

/// Appends an ExportTraceServiceRequest. Spans keep their order within a group, each group that has spans appears once,
/// in the order of `groups`. False: a piece without a group, damaged bytes, or no room (then out.failed());
/// `out` has its former size again.
inline bool append_request(buffer& out, encoding as, const span_piece* pieces, std::size_t count,
                           const resource_view* groups, std::size_t group_count) noexcept {
  const std::size_t before = out.size();
  std::size_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (pieces[i].group >= group_count) return false;
    total += pieces[i].size + 12;
  }
  if (out.reserve_more(total + 256) == nullptr) return false;

  bool good = as == encoding::protobuf || out.append("{\"resourceSpans\":[");
  bool first = true;
  for (std::uint32_t group = 0; good && group < group_count; ++group) {
    std::size_t members = 0;
    for (std::size_t i = 0; i < count; ++i) members += pieces[i].group == group;
    if (members == 0) continue;
    if (as == encoding::protobuf) {
      good = append_protobuf_resource_spans(out, pieces, count, group, groups[group]);
    } else {
      if (!first) out.append(',');
      good = append_json_resource_spans(out, pieces, count, group, groups[group]);
    }
    first = false;
  }
  if (good && as == encoding::json) good = out.append("]}");
  if (!good) out.truncate(before);
  return good;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
