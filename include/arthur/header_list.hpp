// header_list.hpp: a list of names with values, for options; not a std::vector, whose header alone is 3,300 lines.
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

/// Used like a std::vector<header>: `options.headers = {{"x-team", "search"}}`, or push_back().
class header_list {
 public:
  header_list() noexcept = default;
  header_list(std::initializer_list<header> list) : header_list() { append(list); }
  /// Any container of headers.
  template <class Range, class = decltype(static_cast<const header&>(*static_cast<const Range*>(nullptr)->begin())),
            class = std::enable_if_t<!std::is_same_v<Range, header_list>>>
  header_list(const Range& from) : header_list() {
    append(from);
  }
  header_list(const header_list& from) : header_list() { append(from); }
  header_list(header_list&& from) noexcept { swap(from); }
  header_list& operator=(header_list from) noexcept {
    swap(from);
    return *this;
  }
  ~header_list() { delete[] data_; }

  void push_back(header added) {
    if (size_ == capacity_) {
      header_list larger;
      larger.data_ = new header[2 * capacity_ + 4];
      larger.capacity_ = 2 * capacity_ + 4;
      for (header& h : *this) larger.data_[larger.size_++] = static_cast<header&&>(h);
      swap(larger);
    }
    data_[size_++] = static_cast<header&&>(added);
  }
  void clear() noexcept { header_list().swap(*this); }

  header* begin() noexcept { return data_; }
  header* end() noexcept { return data_ + size_; }
  const header* begin() const noexcept { return data_; }
  const header* end() const noexcept { return data_ + size_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  header& operator[](std::size_t index) noexcept { return data_[index]; }
  const header& operator[](std::size_t index) const noexcept { return data_[index]; }

 private:
  // The constructors delegate before they call it: if memory ends, what was copied so far is given back.
  template <class Range>
  void append(const Range& from) {
    for (const header& h : from) push_back(h);
  }
  void swap(header_list& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  header* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

ARTHUR_NAMESPACE_END

#endif
