// under_way.hpp: which requests are under way, so that two hooks that see the same one make one span of it.
#ifndef ARTHUR_PROVIDERS_UNDER_WAY_HPP
#define ARTHUR_PROVIDERS_UNDER_WAY_HPP

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include "../config.hpp"
#include "../platform/thread_local.hpp"
#include "../wire_call.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

/// Threads are numbered: an address would be that of another thread, too, once its own has ended and left a call open.
ARTHUR_SHARED inline std::atomic<std::uint64_t> threads{0};
ARTHUR_SHARED inline ARTHUR_THREAD_LOCAL std::uint64_t this_thread = 0;

/// A request, the thread that makes it, and in the three lowest bits who saw it.
inline std::uint64_t key_of(wire_hook by, std::string_view body) noexcept {
  if (this_thread == 0) this_thread = threads.fetch_add(1, std::memory_order_relaxed) + 1;
  const std::uint64_t thread = this_thread * 0x9e3779b97f4a7c15U;
  return ((thread ^ std::hash<std::string_view>()(body)) & ~std::uint64_t{7}) | (static_cast<std::uint64_t>(by) + 1);
}

/// Keys of the requests under way; 0: a free place. Without locks, so that no fork can leave one behind. All relaxed: a
/// thread looks for keys that it entered itself. A key that finds no place costs a second span at most.
ARTHUR_SHARED inline std::atomic<std::uint64_t> under_way[64] = {};

/// Whether a hook of another kind has this request under way. One of the same kind is a repetition: a span of its own.
inline bool is_seen(std::uint64_t key) noexcept {
  for (const std::atomic<std::uint64_t>& place : under_way) {
    const std::uint64_t other = place.load(std::memory_order_relaxed);
    if (other != 0 && other != key && (other | 7U) == (key | 7U)) return true;
  }
  return false;
}

/// A request is under way from here to leave().
class passage {
 public:
  explicit passage(std::uint64_t key) noexcept {
    for (std::atomic<std::uint64_t>& place : under_way) {
      std::uint64_t free = 0;
      if (!place.compare_exchange_strong(free, key, std::memory_order_relaxed)) continue;
      place_ = &place;
      return;
    }
  }
  passage(const passage&) = delete;
  passage& operator=(const passage&) = delete;
  ~passage() { leave(); }

  void leave() noexcept {
    if (place_ != nullptr) place_->store(0, std::memory_order_relaxed);
    place_ = nullptr;
  }

 private:
  std::atomic<std::uint64_t>* place_ = nullptr;
};

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
