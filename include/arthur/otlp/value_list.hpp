// value_list.hpp: plain values one behind the other, in memory that never throws.
#ifndef ARTHUR_OTLP_VALUE_LIST_HPP
#define ARTHUR_OTLP_VALUE_LIST_HPP

#include <cstddef>
#include <type_traits>

#include "../config.hpp"
#include "buffer.hpp"

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

  /// Room for `more` further ones behind the end. False: no memory.
  bool reserve_more(std::size_t more) noexcept {
    if (bytes_.reserve_more(more * sizeof(Value)) != nullptr) return true;
    bytes_.forgive();
    return false;
  }

  Value* data() noexcept { return reinterpret_cast<Value*>(bytes_.data()); }
  const Value* data() const noexcept { return reinterpret_cast<const Value*>(bytes_.data()); }
  std::size_t size() const noexcept { return bytes_.size() / sizeof(Value); }
  bool empty() const noexcept { return bytes_.empty(); }
  Value& operator[](std::size_t n) noexcept { return data()[n]; }
  const Value& operator[](std::size_t n) const noexcept { return data()[n]; }
  const Value& back() const noexcept { return (*this)[size() - 1]; }

 private:
  buffer bytes_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
