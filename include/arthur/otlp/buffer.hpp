// buffer.hpp: a growable run of bytes that never throws.
#ifndef ARTHUR_OTLP_BUFFER_HPP
#define ARTHUR_OTLP_BUFFER_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Bytes under construction. Where memory or the maximum ends, `failed()` turns true and stays so until clear() or
/// forgive(); appends are ignored meanwhile, so a long run of appends needs one check at its end.
class buffer {
 public:
  buffer() noexcept = default;
  /// Grows to `maximum` bytes at most.
  explicit buffer(std::size_t maximum) noexcept : maximum_(maximum) {}
  /// Lives in `storage` and never grows.
  buffer(char* storage, std::size_t size) noexcept
      : data_(storage), capacity_(size), maximum_(size), owned_(false) {}

  buffer(buffer&& other) noexcept { take(other); }
  buffer& operator=(buffer&& other) noexcept {
    if (this != &other) {
      if (owned_) std::free(data_);
      take(other);
    }
    return *this;
  }
  buffer(const buffer&) = delete;
  buffer& operator=(const buffer&) = delete;
  ~buffer() {
    if (owned_) std::free(data_);
  }

  char* data() noexcept { return data_; }
  const char* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return size_ == 0; }
  bool failed() const noexcept { return failed_; }

  /// Bytes that may be written at the end without growing.
  std::size_t room() const noexcept { return capacity_ - size_; }

  /// At least `more` writable bytes behind the end, or nullptr; advance() makes them part of the content.
  char* reserve_more(std::size_t more) noexcept {
    // Without memory yet, even nothing needs some: nullptr means failure.
    if (ARTHUR_UNLIKELY(failed_ || capacity_ - size_ < more || data_ == nullptr) && !grow(more)) return nullptr;
    return data_ + size_;
  }
  void advance(std::size_t count) noexcept { size_ += count; }

  bool append(const char* from, std::size_t count) noexcept {
    char* to = reserve_more(count);
    if (to == nullptr) return false;
    if (count != 0) std::memcpy(to, from, count);
    size_ += count;
    return true;
  }
  bool append(char byte) noexcept {
    char* to = reserve_more(1);
    if (to == nullptr) return false;
    *to = byte;
    ++size_;
    return true;
  }
  /// Appends a string literal without its final zero.
  template <std::size_t N>
  bool append(const char (&literal)[N]) noexcept {
    return append(literal, N - 1);
  }

  /// With ARTHUR_NO_HEAP no buffer grows: this, called inside start(), takes what it will ever have. Elsewhere it does
  /// nothing. False: no memory.
  bool fix(std::size_t size) noexcept {
#ifdef ARTHUR_NO_HEAP
    if (!owned_ || data_ != nullptr) return false;
    data_ = static_cast<char*>(std::malloc(size));
    capacity_ = data_ != nullptr ? size : 0;
    return data_ != nullptr;
#else
    static_cast<void>(size);
    return true;
#endif
  }

  /// Cuts to `size` bytes; keeps failed().
  void truncate(std::size_t size) noexcept {
    if (size < size_) size_ = size;
  }
  void clear() noexcept {
    size_ = 0;
    failed_ = false;
  }
  /// Lets appends go on after the content was truncated to something complete.
  void forgive() noexcept { failed_ = false; }
  /// Marks the content as incomplete.
  void fail() noexcept { failed_ = true; }

  /// Gives memory back to the system if more than `keep` bytes are held; the content stays.
  void shrink(std::size_t keep) noexcept {
#ifdef ARTHUR_NO_HEAP
    static_cast<void>(keep);
#else
    if (!owned_ || capacity_ <= keep) return;
    const std::size_t wanted = size_ < keep ? keep : size_;
    if (wanted == 0) {
      std::free(data_);
      data_ = nullptr;
      capacity_ = 0;
    } else if (wanted < capacity_) {
      if (void* moved = std::realloc(data_, wanted)) {
        data_ = static_cast<char*>(moved);
        capacity_ = wanted;
      }
    }
#endif
  }

 private:
  ARTHUR_NOINLINE bool grow(std::size_t more) noexcept {
    if (failed_) return false;
#ifndef ARTHUR_NO_HEAP
    if (owned_ && more <= maximum_ && size_ <= maximum_ - more) {
      const std::size_t needed = size_ + more;
      std::size_t wanted = capacity_ < maximum_ / 2 ? capacity_ * 2 : maximum_;
      if (wanted < 256) wanted = 256;
      if (wanted < needed) wanted = needed;
      if (wanted > maximum_) wanted = maximum_;
      void* moved = std::realloc(data_, wanted);
      if (moved == nullptr && wanted > needed) moved = std::realloc(data_, wanted = needed);
      if (moved != nullptr) {
        data_ = static_cast<char*>(moved);
        capacity_ = wanted;
        return true;
      }
    }
#else
    (void)more;
#endif
    failed_ = true;
    return false;
  }

  void take(buffer& other) noexcept {
    data_ = other.data_;
    size_ = other.size_;
    capacity_ = other.capacity_;
    maximum_ = other.maximum_;
    owned_ = other.owned_;
    failed_ = other.failed_;
    other.data_ = nullptr;
    other.size_ = 0;
    other.capacity_ = 0;
    other.failed_ = false;
  }

  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t maximum_ = SIZE_MAX / 4;  // far below PTRDIFF_MAX, which malloc refuses anyway
  bool owned_ = true;
  bool failed_ = false;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
