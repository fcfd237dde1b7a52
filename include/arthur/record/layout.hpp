// layout.hpp: how a span lies in the pool, byte by byte.
#ifndef ARTHUR_RECORD_LAYOUT_HPP
#define ARTHUR_RECORD_LAYOUT_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "../config.hpp"
#include "pool.hpp"
#include "wire.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A run of bytes inside one block; the content follows directly. A span is a chain of segments: it begins a new one
/// when another span wrote in between, or when its block is full.
struct segment {
  pool_offset next;         // the continuation, 0 = none
  std::uint32_t size;  // bytes of content; set when the segment is left

  char* content() noexcept { return reinterpret_cast<char*>(this) + sizeof(segment); }
};

/// A span in the pool. Its bytes, head included, are the body of an OTLP protobuf `Span`.
struct record {
  std::atomic<pool_offset> next;  // the record committed after this one on the same thread; 0 = not yet
  std::uint32_t group;       // resource group, 0 = the process's own
  std::uint32_t site;        // call site whose code.* attributes belong to it, 0 = none
  std::uint32_t flags;
  segment first;

  enum flag : std::uint32_t {
    root = 1,              // no parent: the body begins behind the parent's place
    may_repeat_keys = 2,   // the worker must look for keys that were set twice
    has_free_keys = 4,     // keys of the user's own may be hostile
    remote_parent = 8,     // the parent is a span of another process
    tail_candidate = 256,  // the sampler said no; the worker decides
    local_root = 512,      // of such a trace the first span in this process
  };
  static constexpr unsigned local_root_shift = 16;  // the flags above: span_ids::local_root, of a candidate
};
static_assert(sizeof(segment) == 8 && sizeof(record) == 24 && alignof(record) == 4, "records are read by other processes");
static_assert(std::is_trivially_destructible<record>::value, "nobody destroys records");

/// The fixed part of a span at the beginning of the first segment. Written whole at commit.
///   parent_span_id 10 | trace_id 18 | span_id 10 | kind 2 | start 9 | end 9 | flags 6 | status code 4
struct head {
  static constexpr std::size_t parent = 0;
  static constexpr std::size_t trace = 10;
  static constexpr std::size_t span = 28;
  static constexpr std::size_t kind = 38;
  static constexpr std::size_t start = 40;
  static constexpr std::size_t end = 49;
  static constexpr std::size_t flags = 58;
  static constexpr std::size_t status = 64;
  static constexpr std::size_t size = 68;

  // OTLP flags: the W3C ones | "whether the parent is remote is known" | it is remote
  static constexpr std::uint32_t w3c = 3;
  static constexpr std::uint32_t remote_known = 0x100;
  static constexpr std::uint32_t remote = 0x200;
};

/// `left_unset`: not OK by itself at the end; on the wire its low bits count.
enum class span_status : std::uint8_t { unset = 0, ok = 1, error = 2, left_unset = 4 };

struct span_ids {
  unsigned char trace[16];
  unsigned char span[8];
  unsigned char parent[8];
  bool has_parent;
  std::uint16_t local_root;  // of a tail candidate: which local root it is inside of, told from others of its trace
};

inline void write_head(char* at, const span_ids& ids, std::uint64_t start, std::uint64_t end, std::uint32_t flags,
                       span_status status) noexcept {
  if (ids.has_parent) {
    at[head::parent] = wire::span_parent_span_id;
    at[head::parent + 1] = 8;
    std::memcpy(at + head::parent + 2, ids.parent, 8);
  }
  at[head::trace] = wire::span_trace_id;
  at[head::trace + 1] = 16;
  std::memcpy(at + head::trace + 2, ids.trace, 16);
  at[head::span] = wire::span_span_id;
  at[head::span + 1] = 8;
  std::memcpy(at + head::span + 2, ids.span, 8);
  at[head::kind] = wire::span_kind;
  at[head::kind + 1] = 1;  // INTERNAL, as every OpenInference instrumentor writes; UNSPECIFIED is not allowed
  at[head::start] = wire::span_start_time;
  wire::put_fixed64(at + head::start + 1, start);
  at[head::end] = wire::span_end_time;
  wire::put_fixed64(at + head::end + 1, end);
  at[head::flags] = static_cast<char>(wire::span_flags | 0x80U);
  at[head::flags + 1] = static_cast<char>(wire::span_flags >> 7);
  wire::put_fixed32(at + head::flags + 2, flags);
  // The message, if any, is a second status field further on: protobuf merges the two.
  at[head::status] = wire::span_status;
  at[head::status + 1] = 2;
  at[head::status + 2] = wire::status_code;
  at[head::status + 3] = static_cast<char>(static_cast<unsigned>(status) & 3U);
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
