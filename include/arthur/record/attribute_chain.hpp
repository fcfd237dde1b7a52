// attribute_chain.hpp: reads the attributes in the bytes of an open span or a context, wherever segments cut them.
#ifndef ARTHUR_RECORD_ATTRIBUTE_CHAIN_HPP
#define ARTHUR_RECORD_ATTRIBUTE_CHAIN_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include "../config.hpp"
#include "layout.hpp"
#include "wire.hpp"
#include "writer.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A place in a chain of segments. Bytes that end early read as nothing: a value may have changed while it was written.
class chain_cursor {
 public:
  /// `base` of the pool that it lies in; at most `limit` bytes are read.
  chain_cursor(const segment* first, const char* base, std::size_t limit) noexcept : base_(base), limit_(limit) { enter(first); }

  std::size_t passed() const noexcept { return passed_; }
  bool at_end() const noexcept { return left_ == 0 || passed_ >= limit_; }

  /// Hands the next bytes to use(data, size), in pieces.
  template <class Use>
  void read(std::size_t size, Use&& use) noexcept {
    while (size != 0 && !at_end()) {
      std::size_t part = size < left_ ? size : left_;
      if (part > limit_ - passed_) part = limit_ - passed_;
      use(at_, part);
      at_ += part;
      left_ -= part;
      passed_ += part;
      size -= part;
      if (left_ == 0) enter(next_);
    }
  }
  void skip(std::size_t size) noexcept {
    read(size, [](const char*, std::size_t) {});
  }
  std::size_t varint() noexcept {
    if (ARTHUR_LIKELY(!at_end() && static_cast<unsigned char>(*at_) < 0x80U)) {
      const auto value = static_cast<unsigned char>(*at_);
      skip(1);
      return value;
    }
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !at_end(); shift += 7) {
      std::uint64_t byte = 0;
      read(1, [&byte](const char* from, std::size_t) { byte = static_cast<unsigned char>(*from); });
      value |= (byte & 0x7fU) << shift;
      if (byte < 0x80U) break;
    }
    return static_cast<std::size_t>(value);
  }

 private:
  /// To the first segment from `s` on that has bytes.
  void enter(const segment* s) noexcept {
    next_ = s;
    left_ = 0;
    while (left_ == 0 && next_ != nullptr) {
      at_ = reinterpret_cast<const char*>(next_) + sizeof(segment);
      left_ = next_->size;
      next_ = next_->next == 0 ? nullptr : std::launder(reinterpret_cast<const segment*>(base_ + std::size_t{next_->next} * 8));
    }
  }

  const char* base_;
  std::size_t limit_;
  const segment* next_ = nullptr;
  const char* at_ = nullptr;
  std::size_t left_ = 0;    // bytes in this segment
  std::size_t passed_ = 0;
};

/// Calls visit(key, size, place of the field) for each attribute, and with an empty key for other fields; a true answer ends
/// it, and is the result.
template <class Visit>
bool any_attribute(chain_cursor at, Visit&& visit) noexcept {
  char key[1024];  // longer ones are cut when they are written
  while (!at.at_end()) {
    const chain_cursor start = at;
    const std::size_t tag = at.varint(), body = at.varint();
    const std::size_t size = at.passed() - start.passed() + body;
    chain_cursor in = at;
    at.skip(body);
    char* to = key;
    if (tag == wire::span_attributes) in.skip(1);
    const std::size_t key_size = tag == wire::span_attributes ? in.varint() : 0;
    in.read(key_size < sizeof key ? key_size : sizeof key, [&to](const char* from, std::size_t part) { to = wire::put_bytes(to, from, part); });
    if (visit(std::string_view(key, static_cast<std::size_t>(to - key)), size, start)) return true;
  }
  return false;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
