// attributes.hpp: what an attribute argument is: a small view of key and value, alive for one statement.
#ifndef ARTHUR_ATTRIBUTES_HPP
#define ARTHUR_ATTRIBUTES_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "config.hpp"
#include "openinference/keys.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

class sequence_sink;  // receives the elements of a range; lives in the implementation
class text_sink;      // receives one text made on demand

/// A text argument: anything that converts to std::string_view; a null pointer is an empty text.
struct text_arg {
  const char* data;
  std::size_t size;

  constexpr text_arg(const char* s) noexcept
      : data(s == nullptr ? "" : s), size(s == nullptr ? 0 : std::char_traits<char>::length(s)) {}
  constexpr text_arg(std::string_view s) noexcept : data(s.data()), size(s.size()) {}
  text_arg(const std::string& s) noexcept : data(s.data()), size(s.size()) {}
  template <class T, class = std::enable_if_t<std::is_convertible_v<const T&, std::string_view> &&
                                              !std::is_convertible_v<const T&, const char*>>>
  constexpr text_arg(const T& s) noexcept : text_arg(std::string_view(s)) {}
};

/// One attribute on its way to the writer. Plain data: call sites fill an array of them on the stack.
struct item {
  // 16 bits, so that compilers store `code` and `value_type` at once.
  enum class type : std::uint16_t { text, json, integer, unsigned_integer, number, boolean, sequence, produced, parts };

  key code;
  type value_type;
  std::uint32_t key_size;  // free keys only
  const char* key_data;    // free keys only; two-text composites put their second text here
  union {
    const char* data;  // text, json
    const void* object;  // sequence, produced
    const item* parts;
    std::int64_t integer;  // two-integer composites put the second one into `second`
    std::uint64_t unsigned_integer;
    double number;
    bool boolean;
  };
  union {
    std::size_t size;  // text, json, parts
    std::int64_t second;
    double second_number;
    void (*each)(const void* object, sequence_sink& sink);
    void (*produce)(const void* object, text_sink& sink);
  };
};

inline item text_item(key code, text_arg value) noexcept {
  item i;
  i.code = code;
  i.value_type = item::type::text;
  i.data = value.data;
  i.size = value.size;
  return i;
}

/// Nothing for an empty text.
inline item optional_item(key code, text_arg value) noexcept { return text_item(value.size != 0 ? code : key::absent, value); }

inline item json_item(key code, text_arg value) noexcept {
  item i = text_item(code, value);
  i.value_type = item::type::json;
  return i;
}

inline item integer_item(key code, std::int64_t value) noexcept {
  item i;
  i.code = code;
  i.value_type = item::type::integer;
  i.integer = value;
  i.size = 0;
  return i;
}

inline item number_item(key code, double value) noexcept {
  item i;
  i.code = code;
  i.value_type = item::type::number;
  i.number = value;
  i.size = 0;
  return i;
}

inline item parts_item(key code, const item* parts, std::size_t count) noexcept {
  item i;
  i.code = code;
  i.value_type = item::type::parts;
  i.parts = parts;
  i.size = count;
  return i;
}

}  // namespace detail

/// An attribute, an element of a list (message, document, ...) or a part of one, as the functions of `arthur::` make it.
/// Holds views only: it must be used in the statement that makes it.
class [[nodiscard]] attr {
 public:
  attr(const attr&) = delete;
  attr& operator=(const attr&) = delete;

  explicit attr(const detail::item& i) noexcept : item_(i) {}
  const detail::item& view() && noexcept { return item_; }

 private:
  detail::item item_;
};

/// An attribute made of several parts.
template <std::size_t N>
class [[nodiscard]] composite {
 public:
  composite(const composite&) = delete;
  composite& operator=(const composite&) = delete;

  template <class... Parts>
  explicit composite(detail::key code, const Parts&... parts) noexcept : code_(code), parts_{parts...} {}
  detail::item view() && noexcept { return detail::parts_item(code_, parts_, N); }

 private:
  detail::key code_;
  detail::item parts_[N];
};

template <class... Parts>
composite(detail::key, const Parts&...) -> composite<sizeof...(Parts)>;

namespace detail {

template <class T>
struct is_attribute : std::false_type {};
template <>
struct is_attribute<attr> : std::true_type {};
template <std::size_t N>
struct is_attribute<composite<N>> : std::true_type {};
template <class T> using if_attribute = std::enable_if_t<is_attribute<std::decay_t<T>>::value>;

/// Ends the argument lists that the macros build.
struct no_more {};

/// Whether a macro may take this argument: the one rule for the enabled macros and the disabled ones.
template <class A>
constexpr bool allowed() noexcept {
  if constexpr (!std::is_same_v<A, no_more>) {
    static_assert(is_attribute<std::decay_t<A>>::value,
                  "arthur: this argument is not an attribute; write arthur::attribute(\"key\", value) or a builder such as "
                  "arthur::input(text)");
    static_assert(!std::is_lvalue_reference_v<A>,
                  "arthur: attributes hold views of their arguments; write the builder inside the macro or call that uses it");
  }
  return true;
}

/// Takes an attribute argument apart.
template <class A>
item take(A&& argument) noexcept {
  static_assert(allowed<A>());
  return static_cast<A&&>(argument).view();
}
inline item take(no_more&&) noexcept {
  item unread;
  return unread;
}

// How values of attribute() are told apart.
template <class T, class = void>
struct is_range : std::false_type {};
template <class T>
struct is_range<T, std::void_t<decltype(std::declval<const T&>().begin() != std::declval<const T&>().end())>>
    : std::true_type {};
template <class T>
struct is_text : std::is_convertible<const T&, text_arg> {};

/// Specialise for a type of your own: `static void produce(const T&, detail::text_sink&)`. See json.hpp.
template <class T, class = void>
struct produced_text : std::false_type {};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
