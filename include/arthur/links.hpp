// links.hpp: links from a span to spans that aren't its parents.
#ifndef ARTHUR_LINKS_HPP
#define ARTHUR_LINKS_HPP

#include <cstddef>
#include <type_traits>

#include "attributes.hpp"
#include "config.hpp"
#include "context.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct link_target {
  template <class T, class = std::enable_if_t<std::is_convertible_v<const T&, text_arg>>>
  link_target(const T& traceparent, text_arg tracestate = "") noexcept
      : span(text_item(key::link, traceparent)), state(text_item(key::link, tracestate)) {}
  link_target(const context& where) noexcept : link_target("") {
    span.value_type = item::type::produced;
    span.object = &where.captured_;
  }
  item span, state;
};

}  // namespace detail

/// A link to a span of another process, by the text of its `traceparent` or by `{traceparent, tracestate}`, or to the one
/// where an arthur::context was captured: what a batch was made of, what a retry repeats. Attributes are attribute() only.
/// Like an attribute, among the arguments of a span macro, ARTHUR_SET or set(); each one adds a link.
template <class... Attributes>
composite<2 + sizeof...(Attributes)> link_to(const detail::link_target& to, Attributes&&... attributes) noexcept {
  return composite<2 + sizeof...(Attributes)>(detail::key::link, to.span, to.state, detail::take(static_cast<Attributes&&>(attributes))...);
}

ARTHUR_NAMESPACE_END

#endif
