// batch.hpp: spans on their way out: cleaned protobuf bodies and the resource group of each.
#ifndef ARTHUR_RUNTIME_BATCH_HPP
#define ARTHUR_RUNTIME_BATCH_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../config.hpp"
#include "../otlp/buffer.hpp"
#include "../otlp/value_list.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct batch {
  struct entry {
    std::uint32_t group;
    std::size_t at;  // in `bytes`
    std::size_t size;
    std::uint64_t sweep = 0;  // in which a kept root was found
  };
  struct place {
    std::size_t at;  // in `resource_bytes`
    std::size_t size;
  };
  buffer bytes;
  value_list<entry> spans;
  // Where it came from the spool; entry::group is an index then. Else a group is one of the process's.
  buffer resource_bytes;
  value_list<place> resources;

  /// See buffer::fix().
  bool fix(std::size_t max_spans, std::size_t max_bytes) noexcept { return bytes.fix(max_bytes) && spans.fix(max_spans); }
  bool empty() const noexcept { return spans.empty(); }
  bool has_own_resources() const noexcept { return !resources.empty(); }
  void clear() noexcept {
    bytes.clear();
    spans.clear();
    resource_bytes.clear();
    resources.clear();
  }
  /// False: no memory; the batch is as before.
  bool append(const batch& from, const entry& e) {
    const std::size_t at = bytes.size();
    if (!bytes.append(from.bytes.data() + e.at, e.size)) {
      bytes.forgive();
      return false;
    }
    if (spans.push_back({e.group, at, e.size})) return true;
    bytes.truncate(at);
    return false;
  }
  /// Keeps the spans that `wanted` names in `count` rising numbers, in place.
  template <class Wanted>
  void keep(std::size_t count, Wanted&& wanted) noexcept {
    std::size_t end = 0;
    for (std::size_t n = 0; n < count; ++n) {
      entry& to = spans[n];
      to = spans[wanted(n)];
      std::memmove(bytes.data() + end, bytes.data() + to.at, to.size);
      to.at = end;
      end += to.size;
    }
    spans.truncate(count);
    bytes.truncate(end);
  }
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
