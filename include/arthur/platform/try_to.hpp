// try_to.hpp: work that may find no memory, where nothing may be thrown.
#ifndef ARTHUR_PLATFORM_TRY_TO_HPP
#define ARTHUR_PLATFORM_TRY_TO_HPP

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What `work` returns; false where it throws.
template <class Work>
bool try_to(Work work) noexcept {
#if ARTHUR_HAS_EXCEPTIONS
  try {
    return work();
  } catch (...) {
    return false;
  }
#else
  return work();
#endif
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
