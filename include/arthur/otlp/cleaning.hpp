// cleaning.hpp: spans and resources made such that nothing in them keeps the receiver from storing them.
#ifndef ARTHUR_OTLP_CLEANING_HPP
#define ARTHUR_OTLP_CLEANING_HPP

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "../record/wire.hpp"
#include "buffer.hpp"
#include "cleaning_attributes.hpp"
#include "cleaning_rules.hpp"
#include "cleaning_scan.hpp"
#include "cleaning_values.hpp"
#include "envelope.hpp"
#include "json_span.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

// Name and times first, where the engine needs them to be something.
inline void append_clean_header(buffer& out, value_writer& writer, const span_header& span,
                                clean_counts& counts) noexcept {
  const std::size_t name = writer.open(wire::span_name);
  writer.text(span.name.data, span.name.size);
  if (out.failed()) return;
  const std::size_t size = out.size() - name;
  const std::size_t cut = utf8_truncate(out.data() + name, size, max_index_bytes);
  if (cut != size) {
    out.truncate(name + cut);
    counts.add(clean_rule::too_long);
  } else if (size == 0) {
    out.append("unnamed");
    counts.add(clean_rule::name);
  }
  writer.close(name);

  std::uint64_t start = span.start;
  if (start == 0) start = span.end != 0 ? span.end : 1;
  const std::uint64_t end = span.end < start ? start : span.end;
  if (start != span.start || end != span.end) counts.add(clean_rule::time);
  char* to = out.reserve_more(18);
  if (to == nullptr) return;
  to = wire::put_fixed64(wire::put_byte(to, wire::span_start_time), start);
  wire::put_fixed64(wire::put_byte(to, wire::span_end_time), end);
  out.advance(18);
}

// The slow half of clean_span(). False: damaged bytes or no memory.
inline bool append_clean_span(buffer& out, const char* body, std::size_t size, const clean_flags& flags,
                              const value_rules& rules, clean_counts& counts) noexcept {
  span_header span;
  attribute_cleaner attributes(flags, rules, counts);
  if (!read_span_header(span, body, size) || !attributes.read(body, size, wire::span_attributes)) return false;
  attributes.clean_span_attributes();
  value_writer writer(out, rules, counts);
  if (flags.engine) append_clean_header(out, writer, span, counts);

  wire::reader reader(body, size);
  wire::field at;
  bool attributes_written = false;
  const span_limits& limits = *flags.limits;
  std::size_t events = 0;
  std::size_t links = 0;
  std::uint64_t dropped_attributes = counts.dropped_attributes;
  std::uint64_t dropped_events = 0;
  std::uint64_t dropped_links = 0;
  while (reader.next(at)) {
    switch (at.tag) {
      case wire::span_attributes:
        if (!attributes_written && !attributes.write(out)) return false;
        attributes_written = true;
        continue;
      case wire::span_events:
        if (++events > limits.events) {
          ++dropped_events;
          counts.add(clean_rule::limit);
        } else if (!writer.message(at, wire::event_name, wire::event_attributes, limits.event_attributes,
                                   wire::event_dropped_attributes)) {
          return false;
        }
        continue;
      case wire::span_links:
        if (++links > limits.links) {
          ++dropped_links;
          counts.add(clean_rule::limit);
        } else if (!writer.message(at, wire::link_trace_state, wire::link_attributes, limits.link_attributes,
                                   wire::link_dropped_attributes)) {
          return false;
        }
        continue;
      case wire::span_dropped_attributes: dropped_attributes += at.value; continue;
      case wire::span_dropped_events: dropped_events += at.value; continue;
      case wire::span_dropped_links: dropped_links += at.value; continue;
      case wire::span_status:
        if (!writer.message(at, wire::status_message, 0)) return false;
        continue;
      case wire::span_trace_state: writer.text_field(wire::span_trace_state, at.data, at.size); continue;
      case wire::span_name:
        if (!flags.engine) writer.text_field(wire::span_name, at.data, at.size);
        else if (at.begin != span.name.begin) counts.add(clean_rule::repeated_key);
        continue;
      case wire::span_start_time:
      case wire::span_end_time:
        if (flags.engine) continue;
        break;
      case wire::span_parent_span_id:
        if (flags.engine && clean_scan::is_zero_id(at)) {
          counts.add(clean_rule::parent);
          continue;
        }
        break;
      default: break;
    }
    out.append(at.begin, static_cast<std::size_t>(at.end - at.begin));
  }
  writer.count_field(wire::span_dropped_attributes, dropped_attributes);
  writer.count_field(wire::span_dropped_events, dropped_events);
  writer.count_field(wire::span_dropped_links, dropped_links);
  return reader.ok() && !out.failed();
}

/// Looks at the body of a span. What must change is changed in a copy appended to `out`, and counted; mostly nothing
/// must, and nothing is written. `out` keeps its former size unless the outcome is `rewritten`.
inline clean_outcome clean_span(buffer& out, const char* body, std::size_t size, const clean_flags& flags,
                                clean_counts& counts) noexcept {
  const value_rules rules(flags.engine, flags.limits->length);
  if (clean_scan(flags, rules).is_clean_span(body, size)) return clean_outcome::unchanged;
  const std::size_t before = out.size();
  clean_counts found;
  const bool good = append_clean_span(out, body, size, flags, rules, found);
  if (good && found.total() != 0) {
    counts.add(found);
    return clean_outcome::rewritten;
  }
  out.truncate(before);
  return good ? clean_outcome::unchanged : clean_outcome::undecodable;
}

/// The same for the body of a resource. Keys are taken as free, and as possibly repeated.
inline clean_outcome clean_resource(buffer& out, const char* body, std::size_t size, bool engine,
                                    clean_counts& counts) noexcept {
  const value_rules rules(engine);
  const clean_flags flags{engine, true, true};
  const std::size_t before = out.size();
  clean_counts found;
  attribute_cleaner attributes(flags, rules, found);
  bool good = attributes.read(body, size, resource_attributes);
  if (good) {
    attributes.clean_resource_attributes();
    good = attributes.write(out);
  }
  if (good && found.total() != 0) {
    counts.add(found);
    return clean_outcome::rewritten;
  }
  out.truncate(before);
  return good ? clean_outcome::unchanged : clean_outcome::undecodable;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
