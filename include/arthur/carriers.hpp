// carriers.hpp: trace and baggage put into, and taken out of, whatever takes messages to other processes.
#ifndef ARTHUR_CARRIERS_HPP
#define ARTHUR_CARRIERS_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include "attributes.hpp"
#include "config.hpp"
#include "platform/try_to.hpp"
#include "propagation.hpp"
#include "span.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// The propagation headers of a message: views of every line with something in it.
struct found_headers {
  enum : std::uint8_t { traceparent, tracestate, baggage, kinds, room = 64 };  // as many lines as there may be members
  std::string_view lines[kinds][room];
  std::uint8_t count[kinds] = {};
};

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {
bool is_header(text_arg a, text_arg b) noexcept;
void find_header(found_headers& in, text_arg name, text_arg value) noexcept;
bool extract(scope_handle& trace, scope_handle& baggage, const found_headers& from) noexcept;
bool extract_three(scope_handle& trace, scope_handle& baggage, text_arg traceparent, text_arg tracestate, text_arg members) noexcept;
void outgoing(void (*put)(void*, std::string_view, std::string_view), void* to, bool environment) noexcept;
std::string environment_header(std::string_view name) noexcept;
bool baggage_push(scope_handle& handle, const text_arg* name, const text_arg* value) noexcept;
void baggage_pop(scope_handle& handle) noexcept;
std::string current_baggage(text_arg name) noexcept;
}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file

/// Replaces a header or, in an environment, a variable. An empty value only takes away what is there.
template <bool Variable, class To>
void put(To& to, std::string_view name, std::string_view value) {
  if constexpr (!is_range<To>::value) {
    if (Variable || !value.empty()) to(name, value);
  } else {
    using entry = typename To::value_type;
    static_assert(is_text<entry>::value == Variable, "arthur: headers go into a container of pairs, variables into one of strings NAME=value");
    std::string text(name);
    if constexpr (Variable) text += '=';
    else static_assert(!std::is_trivially_copyable_v<decltype(entry::second)>, "arthur: the container must own its texts");
    const auto is_old = [&](const auto& one) {
      if constexpr (Variable) return std::string_view(one).substr(0, text.size()) == text;
      else return rt::is_header(one.first, name);
    };
    for (auto at = to.begin(); at != to.end();) is_old(*at) ? void(at = to.erase(at)) : void(++at);
    if (value.empty()) return;
    if constexpr (Variable) to.insert(to.end(), text.append(value));
    else to.insert(to.end(), entry(text, std::string(value)));
  }
}
template <bool Variable, class To>
void put_all(To& to) noexcept {
  const auto one = [](void* into, std::string_view name, std::string_view value) {
    try_to([&] { return put<Variable>(*static_cast<To*>(into), name, value), true; });
  };
  rt::outgoing(one, const_cast<void*>(static_cast<const void*>(&to)), Variable);
}

}  // namespace detail

/// Baggage: short texts that travel with the request through every process that forwards them, in the header `baggage`.
/// While it lives, inject() on this thread sends `name` too, beside what is carried already; scopes nest, and the innermost
/// one of a name wins. Never put on spans by itself. Names are tokens (letters, digits, -_.), values any text.
/// All together 64 members and 8192 characters: one beyond has no effect, nor has the 33rd scope open on a thread, or any
/// with ARTHUR_NO_HEAP. Works without arthur::start(). Belongs to its thread, as spans do. Whoever gets the request can
/// read it: no secrets.
class [[nodiscard]] baggage_scope {
 public:
  /// Carries nothing, and hides what is carried around it: for requests to strangers.
  baggage_scope() noexcept : carried_(detail::rt::baggage_push(handle_, nullptr, nullptr)) {}
  baggage_scope(detail::text_arg name, detail::text_arg value) noexcept : carried_(detail::rt::baggage_push(handle_, &name, &value)) {}
  ~baggage_scope() {
    if (handle_.owner != nullptr) detail::rt::baggage_pop(handle_);
  }
  baggage_scope(const baggage_scope&) = delete;
  baggage_scope& operator=(const baggage_scope&) = delete;

  /// Whether it has an effect.
  bool carried() const noexcept { return carried_; }

 private:
  friend class remote_context;
  explicit baggage_scope(detail::no_more) noexcept : carried_(false) {}
  detail::scope_handle handle_;
  bool carried_;
};

/// The value that `name` has in the baggage of this thread, as UTF-8; empty where it has none.
inline std::string current_baggage(detail::text_arg name) noexcept { return detail::rt::current_baggage(name); }

/// A remote_parent, with the baggage that came along. What extract() makes.
class [[nodiscard]] remote_context : public remote_parent {
 public:
  template <class Carrier>
  explicit remote_context(Carrier&& from) noexcept : baggage_(detail::no_more()) {
    joined_ = detail::try_to([&] {
      if constexpr (detail::is_range<std::decay_t<Carrier>>::value) {
        detail::found_headers in;
        // They are read once all were found.
        static_assert(std::is_reference_v<decltype(*from.begin())> || std::is_trivially_copyable_v<decltype((*from.begin()).second)>,
                      "arthur: the container must own its headers");
        for (const auto& header : from) detail::rt::find_header(in, header.first, header.second);
        return detail::rt::extract(handle_, baggage_.handle_, in);
      } else {
        using name = std::string_view;
        return detail::rt::extract_three(handle_, baggage_.handle_, from(name("traceparent")), from(name("tracestate")), from(name("baggage")));
      }
    });
  }

 private:
  baggage_scope baggage_;
};

/// While the result lives, this thread goes on with the trace and baggage of a request, as remote_parent says. `from`: a
/// container of pairs (std::map, httplib::Headers; names in any case, several lines of one name) or a function that gives
/// the value of the header it is called with (std::string_view; lower case), empty where there is none.
/// Malformed headers have no effect. Which are read says OTEL_PROPAGATORS. Nothing throws.
template <class Carrier>
remote_context extract(Carrier&& from) noexcept { return remote_context(static_cast<Carrier&&>(from)); }
/// As extract(), from TRACEPARENT, TRACESTATE and BAGGAGE of this process's environment.
inline remote_context extract_environment() noexcept { return remote_context(detail::rt::environment_header); }

/// Puts what a request that leaves now should carry, see current_traceparent(), into its headers. `to`: a container of
/// pairs, in which headers of these names are replaced, or a function that takes a name (lower case) and a value, both
/// std::string_view and with a null character behind. Nothing throws; what `to` throws is caught, the header is missing then.
template <class Carrier>
void inject(Carrier&& to) noexcept { detail::put_all<false>(to); }
/// As inject(), for the environment of a child process: TRACEPARENT, TRACESTATE, BAGGAGE. `to`: a container of "NAME=value"
/// strings for exec, or a function as setenv; called with an empty value, it should unset the variable.
template <class Carrier>
void inject_environment(Carrier&& to) noexcept { detail::put_all<true>(to); }

ARTHUR_NAMESPACE_END

#endif
