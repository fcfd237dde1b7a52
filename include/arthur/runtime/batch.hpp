// batch.hpp: spans on their way out: cleaned protobuf bodies and the resource group of each.
#ifndef ARTHUR_RUNTIME_BATCH_HPP
#define ARTHUR_RUNTIME_BATCH_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../config.hpp"
#include "../otlp/buffer.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct batch {
  struct entry {
    std::uint32_t group;
    std::size_t at;  // in `bytes`
    std::size_t size;
  };
  buffer bytes;
  std::vector<entry> spans;

  bool empty() const noexcept { return spans.empty(); }
  void clear() noexcept {
    bytes.clear();
    spans.clear();
  }
  /// False: no memory; the batch is as before.
  bool append(const batch& from, const entry& e) {
    const std::size_t at = bytes.size();
    if (!bytes.append(from.bytes.data() + e.at, e.size)) {
      bytes.forgive();
      return false;
    }
    spans.push_back({e.group, at, e.size});
    return true;
  }
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
