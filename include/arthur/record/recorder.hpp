// recorder.hpp: what all threads share while recording: pool, clock, slots, interned call sites and resource groups.
#ifndef ARTHUR_RECORD_RECORDER_HPP
#define ARTHUR_RECORD_RECORDER_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include "../config.hpp"
#include "../platform/clock.hpp"
#include "../platform/memory.hpp"
#include "../platform/thread_local.hpp"
#include "rate_cap.hpp"
#include "sampling_rules.hpp"
#include "slot.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Texts that many spans share, kept for the life of the process: appended without a lock, read by number.
/// Numbers start at 1; 0 means "none" or "no room".
class interned_texts {
 public:
#ifdef ARTHUR_NO_HEAP
  static constexpr std::uint32_t capacity = 256;
#else
  static constexpr std::uint32_t capacity = 2048;
#endif

  /// `entries`: capacity zeroed words; `bytes`: room for the texts.
  void attach(std::atomic<std::uint32_t>* entries, char* bytes, std::size_t size) noexcept {
    entries_ = entries;
    bytes_ = bytes;
    size_ = static_cast<std::uint32_t>(size);
    // 8, so that 0 stays "not yet".
    used_.store(8, std::memory_order_relaxed);
    count_.store(1, std::memory_order_relaxed);
  }

  /// Keeps a copy of what `fill(char*)` writes: exactly `size` bytes.
  template <class Fill>
  std::uint32_t add(std::size_t size, Fill&& fill) noexcept {
    const auto whole = static_cast<std::uint32_t>((size + 4 + 7) & ~std::size_t{7});
    if (size > 65535 || used_.load(std::memory_order_relaxed) > size_ - whole || whole > size_) return 0;
    const std::uint32_t at = used_.fetch_add(whole, std::memory_order_relaxed);
    if (at > size_ - whole) return 0;
    const std::uint32_t number = count_.load(std::memory_order_relaxed) < capacity
                                     ? count_.fetch_add(1, std::memory_order_relaxed)
                                     : capacity;
    if (number >= capacity) return 0;
    const auto length = static_cast<std::uint32_t>(size);
    std::memcpy(bytes_ + at, &length, 4);
    fill(bytes_ + at + 4);
    entries_[number].store(at, std::memory_order_release);  // pairs with the acquire in get()
    return number;
  }

  /// False while the entry is being written.
  bool get(std::uint32_t number, const char*& data, std::size_t& size) const noexcept {
    if (number == 0 || number >= capacity) return false;
    const std::uint32_t at = entries_[number].load(std::memory_order_acquire);
    if (at == 0) return false;
    std::uint32_t length = 0;
    std::memcpy(&length, bytes_ + at, 4);
    data = bytes_ + at + 4;
    size = length;
    return true;
  }
  std::uint32_t count() const noexcept {
    const std::uint32_t n = count_.load(std::memory_order_relaxed);
    return n < capacity ? n : capacity;
  }

 private:
  std::atomic<std::uint32_t>* entries_ = nullptr;
  char* bytes_ = nullptr;
  std::uint32_t size_ = 0;
  std::atomic<std::uint32_t> used_{8};
  std::atomic<std::uint32_t> count_{1};
};

/// A resource group as it is interned: the task id with a 2-byte length before it, then the service name.
inline void split_group(const char* data, std::size_t size, std::string_view& task, std::string_view& service) noexcept {
  const std::size_t first = static_cast<std::size_t>(static_cast<unsigned char>(data[0])) << 8 | static_cast<unsigned char>(data[1]);
  task = {data + 2, first};
  service = {data + 2 + first, size - 2 - first};
}

/// Immortal: constant-initialised and never destroyed, so spans in static constructors and destructors are safe.
struct recorder {
  std::atomic<bool> ready{false};  // the pool and the tables are there
  block_source source;
  span_clock clock;
  std::atomic<std::atomic<std::uint32_t>*> fork_word{nullptr};
  std::atomic<slot*> slots{nullptr};  // newest first, linked by registered_before; slots are recycled, never freed
  interned_texts sites;   // encoded code.* attributes
  interned_texts groups;  // see split_group()

  // Settings, written by start().
  std::atomic<std::uint64_t (*)()> user_random{nullptr};
  std::atomic<std::uint64_t> sample_below{~std::uint64_t{0}};  // a root is sampled if its random bits are not above
  std::atomic<const sampling_rules*> rules{nullptr};  // while recording_mode::ruled
  std::atomic<bool> keeps_candidates{false};          // likewise: the worker has a rule for traces that aren't sampled
  std::atomic<bool> parent_based{true};   // a trace that began elsewhere is sampled as its flag says
  std::atomic<bool> trace_context{true};  // W3C traceparent and tracestate are read and written
  std::atomic<bool> baggage{true};        // W3C baggage is
  std::atomic<std::uint32_t> hidden{0};            // switches of openinference/masking.hpp: masked as it is set
  std::atomic<std::uint32_t> base64_limit{32000};  // characters of an image in a data: URL
  std::atomic<std::size_t> body_limit{std::size_t{1} << 20};  // bytes of a request or answer that a wire_call keeps
  std::atomic<bool> code_location{true};
  std::atomic<std::uint32_t> max_attributes{40000};  // settings of one span's attributes; the worker knows which are new

  void sample(double ratio) noexcept { sample_below.store(sampling_threshold(ratio), std::memory_order_relaxed); }

  rate_cap cap;

  // How a commit wakes the worker. `wake` is called when `wanted` isn't 0: the worker sleeps without a time limit.
  std::atomic<std::uint32_t> wanted{0};
  std::atomic<void (*)() noexcept> wake{nullptr};

  std::atomic<void (*)() noexcept> forked{nullptr};  // called in the child, once, before its first span

  // Spans of threads that have no slot: no memory for one, or the thread is past its end.
  std::atomic<std::uint64_t> slotless_opened{0};
  std::atomic<std::uint64_t> slotless_dropped{0};
  void count_slotless() noexcept {
    slotless_opened.fetch_add(1, std::memory_order_relaxed);
    slotless_dropped.fetch_add(1, std::memory_order_relaxed);
  }

  /// Reserves the pool once. False if the memory can't be had.
  bool prepare(std::size_t bytes) noexcept {
    if (ready.load(std::memory_order_acquire)) return true;
    constexpr std::size_t table_words = interned_texts::capacity * sizeof(std::atomic<std::uint32_t>);
    const std::size_t texts = bytes / 64 < (std::size_t{512} << 10) ? bytes / 64 : std::size_t{512} << 10;
    const std::size_t tables = (2 * (table_words + texts) + block::size) & ~(block::size - 1);
    if (bytes < tables + 8 * block::size) return false;
    char* const memory = static_cast<char*>(reserve_memory(bytes));
    if (memory == nullptr) return false;
    // Zeroed memory is a valid state of the words; placement new says so to the language.
    auto* const words = ::new (memory) std::atomic<std::uint32_t>[2 * interned_texts::capacity] {};
    sites.attach(words, memory + 2 * table_words, texts);
    groups.attach(words + interned_texts::capacity, memory + 2 * table_words + texts, texts);
    source.blocks.attach(memory + tables, bytes - tables);
    ready.store(true, std::memory_order_release);  // pairs with the acquire in acquire_slot()
    return true;
  }
};

ARTHUR_SHARED inline recorder the_recorder;

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
