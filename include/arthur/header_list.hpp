// header_list.hpp: lists for options: names with values, and others; not a std::vector, whose header alone is 3,300 lines.
#ifndef ARTHUR_HEADER_LIST_HPP
#define ARTHUR_HEADER_LIST_HPP

#include <cstddef>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>

#include "config.hpp"

ARTHUR_NAMESPACE_BEGIN

/// A name and its value: an HTTP header, a resource attribute.
struct header {
  std::string name;
  std::string value;
};

/// Used like a std::vector: `options.headers = {{"x-team", "search"}}`, or push_back().
template <class Item>
class option_list {
 public:
  option_list() noexcept = default;
  option_list(std::initializer_list<Item> list) : option_list() { append(list); }
  /// Any container of such items.
  template <class Range, class = decltype(static_cast<const Item&>(*static_cast<const Range*>(nullptr)->begin())),
            class = std::enable_if_t<!std::is_same_v<Range, option_list>>>
  option_list(const Range& from) : option_list() {
    append(from);
  }
  option_list(const option_list& from) : option_list() { append(from); }
  option_list(option_list&& from) noexcept { swap(from); }
  option_list& operator=(option_list from) noexcept {
    swap(from);
    return *this;
  }
  ~option_list() { delete[] data_; }

  void push_back(Item added) {
    if (size_ == capacity_) {
      option_list larger;
      larger.data_ = new Item[2 * capacity_ + 4];
      larger.capacity_ = 2 * capacity_ + 4;
      for (Item& item : *this) larger.data_[larger.size_++] = static_cast<Item&&>(item);
      swap(larger);
    }
    data_[size_++] = static_cast<Item&&>(added);
  }
  void clear() noexcept { option_list().swap(*this); }

  Item* begin() noexcept { return data_; }
  Item* end() noexcept { return data_ + size_; }
  const Item* begin() const noexcept { return data_; }
  const Item* end() const noexcept { return data_ + size_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  Item& operator[](std::size_t index) noexcept { return data_[index]; }
  const Item& operator[](std::size_t index) const noexcept { return data_[index]; }

 private:
  // The constructors delegate before they call it: if memory ends, what was copied so far is given back.
  template <class Range>
  void append(const Range& from) {
    for (const Item& item : from) push_back(item);
  }
  void swap(option_list& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  Item* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};
using header_list = option_list<header>;

ARTHUR_NAMESPACE_END

#endif
