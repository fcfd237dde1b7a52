// batch.hpp: spans on their way out: cleaned protobuf bodies and the resource group of each.
#ifndef ARTHUR_RUNTIME_BATCH_HPP
#define ARTHUR_RUNTIME_BATCH_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "../config.hpp"
#include "../otlp/buffer.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Values one behind the other, in memory that never throws.
template <class Value>
class value_list {
  static_assert(std::is_trivially_copyable_v<Value>, "values are moved as bytes");

 public:
  /// See buffer::fix().
  bool fix(std::size_t count) noexcept { return bytes_.fix(count * sizeof(Value)); }
  /// False: no memory; the list is as before.
  bool push_back(const Value& value) noexcept {
    if (bytes_.append(reinterpret_cast<const char*>(&value), sizeof value)) return true;
    bytes_.forgive();
    return false;
  }
  void pop_back() noexcept { bytes_.truncate(bytes_.size() - sizeof(Value)); }
  void clear() noexcept { bytes_.clear(); }
  /// Forgets all but the first `count`.
  void truncate(std::size_t count) noexcept { bytes_.truncate(count * sizeof(Value)); }

  std::size_t size() const noexcept { return bytes_.size() / sizeof(Value); }
  bool empty() const noexcept { return bytes_.empty(); }
  Value& operator[](std::size_t n) noexcept { return reinterpret_cast<Value*>(bytes_.data())[n]; }
  const Value& operator[](std::size_t n) const noexcept { return reinterpret_cast<const Value*>(bytes_.data())[n]; }
  const Value& back() const noexcept { return (*this)[size() - 1]; }

 private:
  buffer bytes_;
};

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
