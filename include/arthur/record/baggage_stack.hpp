// baggage_stack.hpp: the baggage of one thread's scopes. On the heap, because it is carried without a pool, too.
#ifndef ARTHUR_RECORD_BAGGAGE_STACK_HPP
#define ARTHUR_RECORD_BAGGAGE_STACK_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string_view>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// The text of a baggage header, which never changes: scopes and captured contexts of any thread share it.
class baggage_block {
 public:
  /// `size` bytes to be written to text(), and a null character. Null: no memory.
  static baggage_block* make(std::size_t size) noexcept {
#ifdef ARTHUR_NO_HEAP
    static_cast<void>(size);
    return nullptr;
#else
    void* const memory = std::malloc(sizeof(baggage_block) + size + 1);
    if (memory == nullptr) return nullptr;
    auto* const made = ::new (memory) baggage_block(size);
    made->text()[size] = 0;
    return made;
#endif
  }
  /// Null stands for no baggage.
  static baggage_block* share(baggage_block* b) noexcept {
    if (b != nullptr) b->references_.fetch_add(1, std::memory_order_relaxed);
    return b;
  }
  static void release(baggage_block* b) noexcept {
#ifdef ARTHUR_NO_HEAP
    static_cast<void>(b);
#else
    // Release and acquire: what others read of it happened before it goes.
    if (b != nullptr && b->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) std::free(b);
#endif
  }
  static std::string_view view(baggage_block* b) noexcept { return b == nullptr ? std::string_view() : std::string_view(b->text(), b->size_); }

  char* text() noexcept { return reinterpret_cast<char*>(this + 1); }

 private:
  explicit baggage_block(std::size_t size) noexcept : references_(1), size_(size) {}

  std::atomic<std::uint32_t> references_;
  std::size_t size_;
};

/// Which baggage holds in the open scopes of a thread, outermost first. Scopes may end in any order.
class baggage_stack {
 public:
#ifdef ARTHUR_NO_HEAP
  static constexpr std::uint32_t max_depth = 1;
#else
  static constexpr std::uint32_t max_depth = 32;
#endif

  baggage_block* current() const noexcept { return depth_ == 0 ? nullptr : entries_[depth_ - 1].block; }
  /// Takes the caller's reference. False: too deep; nothing was taken.
  bool push(baggage_block* block, std::uint32_t generation) noexcept {
    if (depth_ == max_depth) return false;
    entries_[depth_++] = {block, generation};
    return true;
  }
  void pop(std::uint32_t generation) noexcept {
    std::uint32_t n = depth_;
    while (n != 0 && entries_[n - 1].generation != generation) --n;
    if (n == 0) return;
    baggage_block::release(entries_[n - 1].block);
    for (--depth_; n <= depth_; ++n) entries_[n - 1] = entries_[n];
  }
  /// The scopes begun at `generation` and later, which wraps around.
  void pop_since(std::uint32_t generation) noexcept {
    while (depth_ != 0 && static_cast<std::int32_t>(entries_[depth_ - 1].generation - generation) >= 0) {
      baggage_block::release(entries_[--depth_].block);
    }
  }
  void clear() noexcept {
    while (depth_ != 0) baggage_block::release(entries_[--depth_].block);
  }
  /// As clear(), where another thread may have been amidst it: nothing is given back.
  void forget() noexcept { depth_ = 0; }

 private:
  struct entry {
    baggage_block* block;
    std::uint32_t generation;
  };
  std::uint32_t depth_ = 0;
  entry entries_[max_depth];
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
