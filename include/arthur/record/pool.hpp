// pool.hpp: all memory for span bytes: blocks of one region, taken and given back by any thread without a lock.
#ifndef ARTHUR_RECORD_POOL_HPP
#define ARTHUR_RECORD_POOL_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A place in the pool: distance from its first byte in units of 8 bytes; 0 is "nowhere". Never a pointer, so that the
/// pool may be a file that another process reads.
using pool_offset = std::uint32_t;

/// The unit that threads take from the pool. 8 KiB: an idle thread may hold one, and a 2 KiB span costs a third of a
/// compare-and-swap.
struct block {
  static constexpr std::size_t size = 8192;

  std::atomic<std::uint32_t> next_free;  // index + 1 of the block below it on the free stack
  // Open for appending: `bias` minus what was released so far. Closed: the segments that are still needed.
  std::atomic<std::uint32_t> references;
  static constexpr std::uint32_t bias = std::uint32_t{1} << 30;

  char* begin() noexcept { return reinterpret_cast<char*>(this) + sizeof(block); }
  char* end() noexcept { return reinterpret_cast<char*>(this) + size; }
};
static_assert(sizeof(block) == 8, "a block's content must stay aligned to 8");

/// Thread-safe. The memory outlives every user of it.
class pool {
 public:
  /// `memory`: zeroed, aligned to 8, at most 32 GiB; its first block is never handed out, so offset 0 stays "nowhere".
  void attach(void* memory, std::size_t size) noexcept {
    base_ = static_cast<char*>(memory);
    count_ = static_cast<std::uint32_t>(size / block::size);
    limit_.store(count_, std::memory_order_relaxed);
    fresh_.store(1, std::memory_order_relaxed);
    free_.store(0, std::memory_order_relaxed);
    used_.store(0, std::memory_order_relaxed);
    ++life_;
  }
  /// Zeroes the memory for another attach(): nobody uses it any more.
  void wipe() noexcept {
    const std::uint32_t fresh = fresh_.load(std::memory_order_relaxed);
    const std::size_t blocks = fresh < count_ ? fresh : count_;
    if (blocks != 0) std::memset(base_, 0, blocks * block::size);
    wiped_ = life_;
  }
  /// Rises with each attach(), which may be to the same memory.
  std::uint32_t life() const noexcept { return life_; }
  /// Whether what was put into it in that life can still be read. (A forked child leaves the memory of before mapped.)
  bool keeps(std::uint32_t life) const noexcept { return life > wiped_; }

  std::size_t capacity() const noexcept { return std::size_t{count_} * block::size; }
  std::size_t bytes_used() const noexcept { return std::size_t{used_.load(std::memory_order_relaxed)} * block::size; }
  std::size_t limit() const noexcept { return std::size_t{limit_.load(std::memory_order_relaxed)} * block::size; }
  /// Lowers what may be in use at once.
  void limit(std::size_t bytes) noexcept {
    const std::size_t blocks = bytes / block::size;
    limit_.store(blocks < count_ ? static_cast<std::uint32_t>(blocks) : count_, std::memory_order_relaxed);
  }

  /// Bytes in use from which on no further trace should begin: the last eighth, at most 4 MiB, is for those under way.
  std::size_t mark() const noexcept { return limit() - reserve(); }
  bool nearly_full() const noexcept { return bytes_used() >= mark(); }
  /// The mark is far.
  bool is_roomy() const noexcept { return bytes_used() + reserve() < mark(); }

  /// A block with `block::bias` references, or null when the pool is empty.
  block* take() noexcept {
    if (used_.fetch_add(1, std::memory_order_relaxed) >= limit_.load(std::memory_order_relaxed) - 1) {
      used_.fetch_sub(1, std::memory_order_relaxed);
      return nullptr;
    }
    // Acquire pairs with the release in give(): whoever read the block's former content is done with it.
    std::uint64_t top = free_.load(std::memory_order_acquire);
    while ((top & 0xffffffffU) != 0) {
      block* const found = at_index(static_cast<std::uint32_t>(top) - 1);
      // The block may be taken by another thread meanwhile; its link is atomic, and the count in the upper half of
      // `top` makes the exchange fail if the stack changed at all (ABA).
      const std::uint64_t below = found->next_free.load(std::memory_order_relaxed);
      if (free_.compare_exchange_weak(top, changed(top) | below,
                                      std::memory_order_acquire)) {
        return opened(found);
      }
    }
    const std::uint32_t index = fresh_.load(std::memory_order_relaxed) < count_
                                    ? fresh_.fetch_add(1, std::memory_order_relaxed)
                                    : count_;
    if (index < count_) return opened(::new (base_ + std::size_t{index} * block::size) block{});
    used_.fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }

  /// Drops `count` references; with the last one the block returns to the pool.
  void release(block* from, std::uint32_t count) noexcept {
    // Acquire and release: the last one to let go must see everything the others did with the block.
    if (from->references.fetch_sub(count, std::memory_order_acq_rel) == count) give(from);
  }

  /// Ends appending to a block in which `added` segments were begun.
  void close(block* from, std::uint32_t added) noexcept { release(from, block::bias - added); }

  pool_offset to_offset(const void* where) const noexcept {
    return static_cast<pool_offset>(static_cast<std::size_t>(static_cast<const char*>(where) - base_) / 8);
  }
  char* at(pool_offset where) const noexcept { return base_ + std::size_t{where} * 8; }
  block* block_of(const void* where) const noexcept {
    const auto distance = static_cast<std::size_t>(static_cast<const char*>(where) - base_);
    return at_index(static_cast<std::uint32_t>(distance / block::size));
  }
  char* base() const noexcept { return base_; }
  bool owns(const void* where) const noexcept {
    const auto* p = static_cast<const char*>(where);
    return p >= base_ && p < base_ + capacity();
  }

 private:
  block* at_index(std::uint32_t index) const noexcept {
    return std::launder(reinterpret_cast<block*>(base_ + std::size_t{index} * block::size));
  }
  std::size_t reserve() const noexcept { return limit() / 8 < most_reserved ? limit() / 8 : most_reserved; }
  static constexpr std::size_t most_reserved = std::size_t{4} << 20;
  static std::uint64_t changed(std::uint64_t top) noexcept { return ((top >> 32) + 1) << 32; }
  static block* opened(block* b) noexcept {
    b->references.store(block::bias, std::memory_order_relaxed);
    return b;
  }
  void give(block* b) noexcept {
    const auto index = static_cast<std::uint32_t>(static_cast<std::size_t>(reinterpret_cast<char*>(b) - base_) / block::size);
    std::uint64_t top = free_.load(std::memory_order_relaxed);
    do {
      b->next_free.store(static_cast<std::uint32_t>(top), std::memory_order_relaxed);
    } while (!free_.compare_exchange_weak(top, changed(top) | (index + 1),
                                          std::memory_order_release, std::memory_order_relaxed));
    used_.fetch_sub(1, std::memory_order_relaxed);
  }

  char* base_ = nullptr;
  std::uint32_t count_ = 0;
  std::uint32_t life_ = 0;
  std::uint32_t wiped_ = 0;  // the last life whose memory was used again
  std::atomic<std::uint32_t> limit_{0};
  alignas(64) std::atomic<std::uint64_t> free_{0};  // upper half: changes so far; lower half: index + 1 of the top
  std::atomic<std::uint32_t> fresh_{1};             // first block that was never taken
  std::atomic<std::uint32_t> used_{0};
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
