// values.hpp: values of third-party types: nlohmann::json with ARTHUR_WITH_JSON, arthur::format with ARTHUR_WITH_FMT.
#ifndef ARTHUR_VALUES_HPP
#define ARTHUR_VALUES_HPP

#include "attributes.hpp"
#include "config.hpp"
#include "openinference/builders.hpp"

#if defined(ARTHUR_WITH_JSON)
#include <nlohmann/json.hpp>
#endif
#if defined(ARTHUR_WITH_FMT)
#include <fmt/format.h>

#include <utility>
#endif

ARTHUR_NAMESPACE_BEGIN

#if defined(ARTHUR_WITH_JSON)
namespace detail {

/// A JSON value is recorded as its text. Invalid UTF-8 in it is replaced, never thrown at the program.
template <class T>
struct produced_text<T, std::enable_if_t<nlohmann::detail::is_basic_json<T>::value>> : std::true_type {
  static void produce(const T& value, text_sink& sink) noexcept {
#if ARTHUR_HAS_EXCEPTIONS
    try {
      rt::use_text(sink, value.dump(-1, ' ', false, T::error_handler_t::replace));
    } catch (...) {
      rt::use_text(sink, "");  // no memory
    }
#else
    rt::use_text(sink, value.dump(-1, ' ', false, T::error_handler_t::replace));
#endif
  }
};

template <class T>
item json_value_item(key code, const T& value) noexcept {
  item i = value_item(value);
  i.code = code;
  return i;
}

template <class T>
using if_json = std::enable_if_t<nlohmann::detail::is_basic_json<T>::value>;

}  // namespace detail

/// input_json() of a JSON value.
template <class Json, class = detail::if_json<Json>>
attr input_json(const Json& value) noexcept {
  return attr(detail::json_value_item(detail::key::input_json, value));
}
/// output_json() of a JSON value.
template <class Json, class = detail::if_json<Json>>
attr output_json(const Json& value) noexcept {
  return attr(detail::json_value_item(detail::key::output_json, value));
}
/// metadata() of a JSON value.
template <class Json, class = detail::if_json<Json>>
attr metadata(const Json& value) noexcept {
  return attr(detail::json_value_item(detail::key::metadata, value));
}
/// invocation_parameters() of a JSON value.
template <class Json, class = detail::if_json<Json>>
attr invocation_parameters(const Json& value) noexcept {
  return attr(detail::json_value_item(detail::key::llm_invocation_parameters, value));
}
/// considered_json() of a JSON value.
template <class Json, class = detail::if_json<Json>>
attr considered_json(const Json& value) noexcept {
  return attr(detail::json_value_item(detail::key::input_json, value));
}
/// prompt_template_variables() of a JSON value.
template <class Json, class = detail::if_json<Json>>
attr prompt_template_variables(const Json& value) noexcept {
  return attr(detail::json_value_item(detail::key::prompt_template_variables, value));
}
/// tool_call() whose arguments are a JSON value.
template <class Json, class... Parts, class = detail::if_json<Json>>
composite<3 + sizeof...(Parts)> tool_call(detail::text_arg id, detail::text_arg name, const Json& arguments, Parts&&... parts) noexcept {
  return composite(detail::key::tool_call, detail::optional_item(detail::key::tool_call_id, id),
                   detail::text_item(detail::key::tool_call_function_name, name),
                   detail::json_value_item(detail::key::tool_call_function_arguments, arguments),
                   detail::take(static_cast<Parts&&>(parts))...);
}
/// tool_schema() of a JSON value.
template <class Json, class = detail::if_json<Json>>
attr tool_schema(const Json& value) noexcept {
  return attr(detail::json_value_item(detail::key::tool_schema, value));
}
#endif

#if defined(ARTHUR_WITH_FMT)
/// A text made by fmt, for values that need formatting: arthur::input(arthur::format("{} of {}", n, total)).
/// A format that throws at run time gives an empty text.
template <class... Args>
std::string format(fmt::format_string<Args...> text, Args&&... args) noexcept {
#if ARTHUR_HAS_EXCEPTIONS
  try {
    return fmt::format(text, std::forward<Args>(args)...);
  } catch (...) {
    return {};
  }
#else
  return fmt::format(text, std::forward<Args>(args)...);
#endif
}
#endif

ARTHUR_NAMESPACE_END

#endif
