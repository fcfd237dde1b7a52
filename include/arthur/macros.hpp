// macros.hpp: the macros. What differs with ARTHUR_DISABLE stands twice, in the same order.
#ifndef ARTHUR_MACROS_HPP
#define ARTHUR_MACROS_HPP

#include "config.hpp"
#include "context.hpp"
#include "openinference/builders.hpp"
#include "openinference/kinds.hpp"
#include "span.hpp"
#include "traced.hpp"

#define ARTHUR_JOIN_(a, b) a##b
#define ARTHUR_JOIN(a, b) ARTHUR_JOIN_(a, b)
#define ARTHUR_FIRST_(first, ...) first
#define ARTHUR_REST_(first, ...) __VA_ARGS__

#ifndef ARTHUR_DISABLE

// An object, then a statement: an unbraced `if` before the macro doesn't compile (the statement can't see the object),
// and the attributes are evaluated only when the span records. No lambda around them, so structured bindings and
// co_await work. Names carry the line, not a counter, so that an inline function reads the same in every file.
// `no_more` ends every argument list because a variadic macro may not be called without variadic arguments before C++20.
#define ARTHUR_SPAN_(span_kind, ...)                                                                              \
  static ::arthur::detail::call_site ARTHUR_JOIN(arthur_site_, __LINE__){::arthur::kind::span_kind,               \
                                                                         static_cast<const char*>(__func__),      \
                                                                         __FILE__, __LINE__};                     \
  ::arthur::scoped_span ARTHUR_JOIN(arthur_span_, __LINE__)(ARTHUR_JOIN(arthur_site_, __LINE__),                  \
                                                            ARTHUR_FIRST_(__VA_ARGS__, ));                        \
  if (ARTHUR_JOIN(arthur_span_, __LINE__).recording())                                                            \
  ARTHUR_JOIN(arthur_span_, __LINE__).set_all(ARTHUR_REST_(__VA_ARGS__, ::arthur::detail::no_more()))

/// Sets attributes of the innermost open span of the thread; outside any span it does nothing.
#define ARTHUR_SET(...)                                                             \
  do {                                                                              \
    if (::arthur::detail::current_recording())                                      \
      ::arthur::detail::current_set_all(__VA_ARGS__, ::arthur::detail::no_more());  \
  } while (false)
/// Ends the innermost macro span of the thread before its scope does.
#define ARTHUR_END() ::arthur::detail::current_end()
/// Attributes that every span opened in the rest of the scope inherits.
#define ARTHUR_CONTEXT(...)                                             \
  ::arthur::context_scope ARTHUR_JOIN(arthur_context_, __LINE__);       \
  if (ARTHUR_JOIN(arthur_context_, __LINE__).recording())               \
  ARTHUR_JOIN(arthur_context_, __LINE__).push(__VA_ARGS__)
/// ARTHUR_EVENT(name, attributes...): an event of the current span.
#define ARTHUR_EVENT(...)                                                            \
  do {                                                                               \
    if (::arthur::detail::current_recording())                                       \
      ::arthur::detail::current_event_all(__VA_ARGS__, ::arthur::detail::no_more()); \
  } while (false)
/// Marks the current span as failed, with a message.
#define ARTHUR_ERROR(message)                                                                     \
  do {                                                                                            \
    if (::arthur::detail::current_recording()) ::arthur::detail::current_error(message);          \
  } while (false)
/// ARTHUR_DECISION(name, choice, attributes...): a key decision point, as a CHAIN span of its own: the choice is its output,
/// considered({...}) or considered_json() its input.
#define ARTHUR_DECISION(...)                                                                                       \
  do {                                                                                                             \
    static ::arthur::detail::call_site arthur_decided_at{::arthur::kind::chain, static_cast<const char*>(__func__), \
                                                         __FILE__, __LINE__};                                      \
    ::arthur::scoped_span arthur_decision(arthur_decided_at, ARTHUR_FIRST_(__VA_ARGS__, ));                        \
    if (arthur_decision.recording())                                                                               \
      arthur_decision.decide(ARTHUR_REST_(__VA_ARGS__, ::arthur::detail::no_more()));                              \
  } while (false)
/// ARTHUR_TRACED(kind, name, expression): the expression's value, as arthur::traced() gives it:
/// `const auto weather = ARTHUR_TRACED(tool, "get_weather", get_weather(city));`
/// The expression stands in a function and holds no co_await.
#define ARTHUR_TRACED(span_kind, name, ...)                                                                      \
  ::arthur::detail::traced_at(                                                                                   \
      [](const char* function) -> ::arthur::detail::call_site& {                                                 \
        static ::arthur::detail::call_site arthur_site{::arthur::kind::span_kind, function, __FILE__, __LINE__}; \
        return arthur_site;                                                                                      \
      }(static_cast<const char*>(__func__)),                                                                     \
      name, [&]() -> decltype(auto) { return __VA_ARGS__; })

#else

// `check` is a defined, empty template: the arguments are compiled but never run and no symbol is left, even at -O0.
#define ARTHUR_SPAN_(span_kind, ...)                                                              \
  do {                                                                                            \
    if (false) ::arthur::detail::check_named(__VA_ARGS__, ::arthur::detail::no_more());           \
  } while (false)
#define ARTHUR_SET(...)                                                                 \
  do {                                                                                  \
    if (false) ::arthur::detail::check_all(__VA_ARGS__, ::arthur::detail::no_more());   \
  } while (false)
#define ARTHUR_END() static_cast<void>(0)
#define ARTHUR_CONTEXT(...) ARTHUR_SET(__VA_ARGS__)
#define ARTHUR_EVENT(...) ARTHUR_SPAN_(event, __VA_ARGS__)
#define ARTHUR_ERROR(message) ARTHUR_SPAN_(error, message)
#define ARTHUR_DECISION(...)                                                                   \
  do {                                                                                         \
    if (false) ::arthur::detail::check_decision(__VA_ARGS__, ::arthur::detail::no_more());     \
  } while (false)
#define ARTHUR_TRACED(span_kind, name, ...)                                                           \
  (static_cast<void>(false ? ::arthur::detail::check_named(name, ::arthur::detail::no_more()) : void()), \
   [&]() -> decltype(auto) { return __VA_ARGS__; }())

#endif

/// ARTHUR_..._SPAN(name, attributes...): opens a span for the rest of the scope. Names are stable words, never ids.
#define ARTHUR_LLM_SPAN(...) ARTHUR_SPAN_(llm, __VA_ARGS__)
#define ARTHUR_TOOL_SPAN(...) ARTHUR_SPAN_(tool, __VA_ARGS__)
#define ARTHUR_AGENT_SPAN(...) ARTHUR_SPAN_(agent, __VA_ARGS__)
#define ARTHUR_CHAIN_SPAN(...) ARTHUR_SPAN_(chain, __VA_ARGS__)
#define ARTHUR_RETRIEVER_SPAN(...) ARTHUR_SPAN_(retriever, __VA_ARGS__)
#define ARTHUR_RERANKER_SPAN(...) ARTHUR_SPAN_(reranker, __VA_ARGS__)
#define ARTHUR_EMBEDDING_SPAN(...) ARTHUR_SPAN_(embedding, __VA_ARGS__)
#define ARTHUR_GUARDRAIL_SPAN(...) ARTHUR_SPAN_(guardrail, __VA_ARGS__)
#define ARTHUR_EVALUATOR_SPAN(...) ARTHUR_SPAN_(evaluator, __VA_ARGS__)
#define ARTHUR_PROMPT_SPAN(...) ARTHUR_SPAN_(prompt, __VA_ARGS__)
/// Ordinary work: kind CHAIN.
#define ARTHUR_SPAN(...) ARTHUR_SPAN_(chain, __VA_ARGS__)

#endif
