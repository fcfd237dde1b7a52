// file_content.hpp: what a spooled file holds: one OTLP request whose last field is the checksum of all before it.
#ifndef ARTHUR_SPOOL_FILE_CONTENT_HPP
#define ARTHUR_SPOOL_FILE_CONTENT_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../config.hpp"
#include "../otlp/envelope.hpp"
#include "../otlp/value_list.hpp"
#include "../record/wire.hpp"
#include "../text_line.hpp"
#include "checksum.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Spans and resources as append_request() takes them; they point into the bytes that were read.
struct spool_content {
  value_list<span_piece> spans;
  value_list<resource_view> groups;

  void clear() noexcept {
    spans.clear();
    groups.clear();
  }
};

enum class spool_reading { good, damaged, no_memory };

/// Field 1000 of ExportTraceServiceRequest, which OTLP doesn't know: every protobuf reader skips it.
constexpr std::uint32_t checksum_tag = 1000 << 3 | wire::type_fixed32;
constexpr std::size_t checksum_size = 6;

/// The last bytes of a file whose other bytes are these. Writes `checksum_size` bytes.
inline void put_checksum(char* to, const char* data, std::size_t size) noexcept {
  wire::put_fixed32(wire::put_varint(to, checksum_tag), crc32c(data, size));
}

namespace spool_reader {

inline bool damaged(text_line& why, std::string_view what) noexcept {
  why = text_line(what);
  return false;
}

// The fields that name a span must be there: what can't be asked back must not be sent.
inline bool read_span(const wire::field& span, text_line& why) noexcept {
  wire::reader in(span.data, span.size);
  wire::field f;
  bool trace = false, own = false;
  while (in.next(f)) {
    if (f.tag == wire::span_trace_id) trace = f.size == 16;
    if (f.tag == wire::span_span_id) own = f.size == 8;
  }
  if (!in.ok()) return damaged(why, "a span can't be read");
  return (trace && own) || damaged(why, "a span has no id");
}

// False with an empty `why`: no memory.
inline bool read_resource_spans(const wire::field& resource_spans, spool_content& out, text_line& why) noexcept {
  constexpr std::uint8_t field_1 = 1 << 3 | wire::type_bytes;
  constexpr std::uint8_t field_2 = 2 << 3 | wire::type_bytes;
  const auto group = static_cast<std::uint32_t>(out.groups.size());
  if (!out.groups.push_back({resource_spans.data, 0})) return false;
  wire::reader in(resource_spans.data, resource_spans.size);
  wire::field f;
  while (in.next(f)) {
    if (f.tag == field_1) out.groups[group] = {f.data, f.size};
    if (f.tag != field_2) continue;
    wire::reader scope(f.data, f.size);
    wire::field span;
    while (scope.next(span)) {
      if (span.tag != field_2) continue;
      if (!read_span(span, why) || !out.spans.push_back({group, span.data, span.size})) return false;
    }
    if (!scope.ok()) return damaged(why, "a group of spans can't be read");
  }
  return in.ok() || damaged(why, "a resource can't be read");
}

}  // namespace spool_reader

/// Reads an encoded request. `damaged`: `why` says what is wrong with it. Safe with any bytes.
inline spool_reading read_spool_request(const char* data, std::size_t size, spool_content& out, text_line& why) noexcept {
  constexpr std::uint8_t field_1 = 1 << 3 | wire::type_bytes;
  out.clear();
  why.clear();
  wire::reader in(data, size);
  wire::field f;
  bool good = true;
  while (good && in.next(f)) {
    if (f.tag == field_1) good = spool_reader::read_resource_spans(f, out, why);
  }
  if (good && !in.ok()) good = spool_reader::damaged(why, "it is no OTLP request");
  if (good && out.spans.empty()) good = spool_reader::damaged(why, "it holds no spans");
  if (good) return spool_reading::good;
  out.clear();
  return why.empty() ? spool_reading::no_memory : spool_reading::damaged;
}

/// Reads a whole file: a request and its checksum.
inline spool_reading read_spool_file(const char* data, std::size_t size, spool_content& out, text_line& why) noexcept {
  char end[checksum_size];
  if (size >= checksum_size) {
    const std::size_t request = size - checksum_size;
    put_checksum(end, data, request);
    if (std::memcmp(end, data + request, checksum_size) == 0) return read_spool_request(data, request, out, why);
  }
  out.clear();
  why = text_line("its checksum doesn't match: it was cut off or changed");
  return spool_reading::damaged;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
