// traced_tool.hpp: a tool of an agent loop, each of whose calls is a TOOL span.
#ifndef ARTHUR_TRACED_TOOL_HPP
#define ARTHUR_TRACED_TOOL_HPP

// Needs "arthur.hpp" beside it and the standard library, so it may be copied next to the single header.

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "arthur.hpp"

ARTHUR_NAMESPACE_BEGIN
#ifndef ARTHUR_DISABLE
namespace detail {

template <class T>
constexpr bool is_json_value = produced_text<std::decay_t<T>>::value;
template <class T>
constexpr bool is_plain_value = !is_json_value<T> && (std::is_arithmetic_v<std::decay_t<T>> ||
                                                      std::is_convertible_v<std::add_lvalue_reference_t<const std::decay_t<T>>, text_arg>);
template <class T>
constexpr bool is_recordable = is_json_value<T> || is_plain_value<T>;

/// Appends a text, a number or a boolean as JSON.
template <class T>
void append_json(std::string& to, const T& value) {
  if constexpr (is_text<T>::value) {
    const text_arg text(value);
    to += '"';
    for (const char c : std::string_view(text.data, text.size)) {
      char escaped[8] = {c};
      if (c == '"' || c == '\\') std::snprintf(escaped, sizeof escaped, "\\%c", c);
      else if (static_cast<unsigned char>(c) < 0x20) std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      to += escaped;
    }
    to += '"';
  } else if constexpr (std::is_same_v<T, bool>) {
    to += value ? "true" : "false";
  } else if constexpr (std::is_integral_v<T>) {
    to += std::to_string(value);
  } else {
    const double number = static_cast<double>(value);
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.15g", number);
    // 15 digits are what people wrote; 17 are needed where those don't lead back to it.
    const double read = std::strtod(digits, nullptr);
    if (read < number || read > number) std::snprintf(digits, sizeof digits, "%.17g", number);
    to += number - number == 0 ? digits : "null";
  }
}

/// Sets a lone value. A text that is an object or a list is JSON: what models send and most tools return.
template <class T>
void set_value(scoped_span& span, key text, key json, const T& value) {
  if constexpr (is_json_value<T>) {
    item i = value_item(value);
    i.code = json;
    span.set(attr(i));
  } else if constexpr (is_text<T>::value) {
    const text_arg all(value);
    const std::string_view view(all.data, all.size);
    const std::size_t start = view.find_first_not_of(" \t\r\n");
    const bool is_json = start != std::string_view::npos && (view[start] == '{' || view[start] == '[');
    span.set(attr(is_json ? json_item(json, all) : text_item(text, all)));
  } else if constexpr (std::is_arithmetic_v<T>) {
    std::string digits;
    append_json(digits, value);
    span.set(attr(text_item(text, digits)));
  }
}

/// Sets what went into a call. JSON values are what the model sent; other arguments beside one are the program's own.
template <class... Arguments>
void set_arguments(scoped_span& span, const Arguments&... arguments) {
  constexpr std::size_t values = (std::size_t{0} + ... + (is_json_value<Arguments> ? 1 : 0));
  constexpr std::size_t plain = (std::size_t{0} + ... + (is_plain_value<Arguments> ? 1 : 0));
  const auto only = [&](const auto& one, auto wanted) {
    if constexpr (decltype(wanted)::value) set_value(span, key::input_value, key::input_json, one);
  };
  if constexpr (values != 0) {
    (only(arguments, std::bool_constant<is_json_value<Arguments>>()), ...);
  } else if constexpr (plain == 1) {
    (only(arguments, std::bool_constant<is_plain_value<Arguments>>()), ...);
  } else if constexpr (plain > 1) {
    std::string list;
    const auto add = [&](const auto& one) {
      if constexpr (is_plain_value<decltype(one)>) append_json(list += list.empty() ? '[' : ',', one);
    };
    (add(arguments), ...);
    span.set(arthur::input_json(list += ']'));
  }
}

/// Runs `work`, which may find no memory: then the span lacks something.
template <class Work>
void at_best(Work&& work) noexcept {
#if ARTHUR_HAS_EXCEPTIONS
  try {
    work();
  } catch (...) {
  }
#else
  work();
#endif
}

}  // namespace detail

/// What traced_tool() makes: calls the function, with the same arguments and the same result. May be copied, and called by
/// several threads at once, if the function may.
template <class Function>
class tool_function {
 public:
  template <class F>
  tool_function(detail::text_arg name, detail::text_arg description, detail::text_arg json_schema, F&& function)
      : function_(static_cast<F&&>(function)) {
    detail::at_best([&] {
      name_.assign(name.data, name.size);
      description_.assign(description.data, description.size);
      schema_.assign(json_schema.data, json_schema.size);
    });
  }

  template <class... Arguments>
  auto operator()(Arguments&&... arguments) -> decltype(std::declval<Function&>()(static_cast<Arguments&&>(arguments)...)) {
    return call(function_, static_cast<Arguments&&>(arguments)...);
  }
  template <class... Arguments>
  auto operator()(Arguments&&... arguments) const -> decltype(std::declval<const Function&>()(static_cast<Arguments&&>(arguments)...)) {
    return call(function_, static_cast<Arguments&&>(arguments)...);
  }

 private:
  template <class Callee, class... Arguments>
  decltype(auto) call(Callee& callee, Arguments&&... arguments) const {
    using result = decltype(callee(static_cast<Arguments&&>(arguments)...));
    scoped_span span(kind::tool, name_);
    if (span.recording()) {
      span.set(arthur::tool(name_, description_, schema_));
      detail::at_best([&] { detail::set_arguments(span, arguments...); });
    }
    const auto work = [&]() -> decltype(auto) { return callee(static_cast<Arguments&&>(arguments)...); };
    if constexpr (detail::is_recordable<result>) {
      decltype(auto) value = detail::observed(work);
      if (span.recording()) {
        detail::at_best([&] { detail::set_value(span, detail::key::output_value, detail::key::output_json, value); });
      }
      return static_cast<result>(static_cast<result&&>(value));
    } else {
      return detail::observed(work);
    }
  }

  std::string name_, description_, schema_;
  Function function_;
};
#endif

/// Wraps a tool of an agent loop: the result is called like `function` and each call is a TOOL span of that name, with
/// `tool.name`, `tool.description`, `tool.parameters` (`json_schema`: that of its parameters, as the model gets it; empty:
/// none), the input, the output, and an exception, which is passed on:
///
///     const auto get_weather = arthur::traced_tool("get_weather", "The weather of a city", schema, [](const std::string& arguments) {
///       return look_up(arguments);
///     });
///
/// Input and output are recorded if they are texts (JSON where they begin with { or [), JSON values (ARTHUR_WITH_JSON), numbers
/// or booleans: one argument as it is, several as a JSON list, JSON values without what stands beside them; everything else is
/// left out. The function runs inside the span, so ARTHUR_SET adds to it. The texts are copied.
/// With ARTHUR_DISABLE it is the function itself.
template <class Function>
auto traced_tool(detail::text_arg name, detail::text_arg description, detail::text_arg json_schema, Function&& function) {
#ifndef ARTHUR_DISABLE
  return tool_function<std::decay_t<Function>>(name, description, json_schema, static_cast<Function&&>(function));
#else
  static_cast<void>(name), static_cast<void>(description), static_cast<void>(json_schema);
  return std::decay_t<Function>(static_cast<Function&&>(function));
#endif
}
#if defined(ARTHUR_WITH_JSON)
/// traced_tool() with the schema as a JSON value.
template <class Json, class Function, class = detail::if_json<Json>>
auto traced_tool(detail::text_arg name, detail::text_arg description, const Json& json_schema, Function&& function) {
  std::string schema;
#ifndef ARTHUR_DISABLE
  detail::at_best([&] { schema = json_schema.dump(-1, ' ', false, Json::error_handler_t::replace); });
#else
  static_cast<void>(json_schema);
#endif
  return arthur::traced_tool(name, description, schema, static_cast<Function&&>(function));
}
#endif

ARTHUR_NAMESPACE_END

#endif
