// traced.hpp: work that runs inside a span, with the exception that leaves it.
#ifndef ARTHUR_TRACED_HPP
#define ARTHUR_TRACED_HPP

#include <new>  // std::exception, as the base of std::bad_alloc; <exception> is 300 lines more

#include "config.hpp"
#include "openinference/kinds.hpp"
#include "span.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {
void current_exception(const std::exception* thrown) noexcept;
}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file

/// Runs `work` inside the current span.
template <class Work>
decltype(auto) observed(Work&& work) {
#if ARTHUR_HAS_EXCEPTIONS
  try {
    return static_cast<Work&&>(work)();
  } catch (const std::exception& thrown) {
    rt::current_exception(&thrown);
    throw;
  } catch (...) {
    // Also how some platforms cancel a thread: it must be passed on.
    rt::current_exception(nullptr);
    throw;
  }
#else
  return static_cast<Work&&>(work)();
#endif
}

template <class Work>
decltype(auto) traced_at(call_site& site, text_arg name, Work&& work) {
  scoped_span span(site, name);
  return observed(static_cast<Work&&>(work));
}

}  // namespace detail

/// Runs `work` inside a span and returns what it returns. An exception becomes the span's event `exception` (type, message
/// and, with glibc and on macOS, the stack of this call), marks the span as failed ("type: message") and is passed on. Of all
/// scopes that it crosses only the innermost traced one has the event; the others have the status.
template <class Work>
decltype(auto) traced(kind k, detail::text_arg name, Work&& work) {
  scoped_span span(k, name);
  return detail::observed(static_cast<Work&&>(work));
}

ARTHUR_NAMESPACE_END

#endif
