// exceptions.hpp: the functions behind traced.hpp: what is recorded of an exception; compiled in one .cpp.
#ifndef ARTHUR_SPANS_EXCEPTIONS_HPP
#define ARTHUR_SPANS_EXCEPTIONS_HPP

#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <typeinfo>

#include "../attributes.hpp"
#include "../config.hpp"
#include "events.hpp"
#include "../platform/stack.hpp"
#include "../record/threads.hpp"
#include "recording.hpp"
#include "../traced.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

#if ARTHUR_HAS_EXCEPTIONS

/// Calls `use(type, message)` for the exception that is being handled.
template <class Use>
void describe_exception(const std::exception* thrown, Use use) noexcept {
  // Null: what another language threw, or what cancels a thread. It has no type and mustn't be caught again.
  if (std::current_exception() == nullptr) return use("unknown exception", "");
#if defined(__GNUC__)
  const char* const type = abi::__cxa_current_exception_type()->name();  // needs no RTTI here
#elif defined(_CPPRTTI)
  const char* const type = thrown != nullptr ? typeid(*thrown).name() : "unknown exception";
#else
  const char* const type = "unknown exception";
#endif
  demangled(type, [&](std::string_view name) {
    if (thrown != nullptr) {
      const char* const what = thrown->what();
      return use(name, what != nullptr ? what : "");
    }
    try {
      throw;
    } catch (const char* text) {
      use(name, text != nullptr ? text : "");
    } catch (const std::string& text) {
      use(name, text);
    } catch (...) {
      use(name, "");
    }
  });
}

#endif

/// The event `exception` of OpenTelemetry.
inline void write_exception(frame& f, std::string_view type, std::string_view message, const void* from) noexcept {
  const std::string_view names[] = {"exception.type", "exception.message", "exception.escaped", "exception.stacktrace"};
  item items[] = {text_item(key::free, type), text_item(key::free, message), integer_item(key::free, 0), text_item(key::free, "")};
  items[2].value_type = item::type::boolean;
  items[2].boolean = true;
  std::size_t count = 3;
#if ARTHUR_HAS_STACK
  fixed_text<4096> stack;
  add_stack(stack, from);
  if (!stack.view().empty()) items[count++] = text_item(key::free, stack.view());
#else
  static_cast<void>(from);
#endif
  for (std::size_t n = 0; n < count; ++n) {
    items[n].key_data = names[n].data();
    items[n].key_size = static_cast<std::uint32_t>(names[n].size());
  }
  write_event(f, "exception", items, count);
}

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

/// Records an exception that passes through the current span: one event, and the error that every enclosing span will
/// carry until the exception is caught.
ARTHUR_LINKED ARTHUR_NOINLINE void current_exception(const std::exception* thrown) noexcept {
#if ARTHUR_HAS_EXCEPTIONS
  frame* const f = current_frame();
  slot* const s = this_slot;
  if (s == nullptr) return;
#if ARTHUR_HAS_STACK
  const void* const caller = __builtin_return_address(0);
#else
  const void* const caller = nullptr;
#endif
  describe_exception(thrown, [&](std::string_view type, std::string_view message) {
    fixed_text<sizeof s->exception - 1> line;
    line.add(type);
    if (!message.empty()) {
      line.add(": ");
      line.add(message);
    }
    // An inner traced() saw it already; another one may be under way by now.
    const bool known = s->reporting_exception && line.view() == s->exception;
    s->exception[line.view().copy(s->exception, sizeof s->exception - 1)] = 0;
    s->reporting_exception = true;
    if (f == nullptr) return;
    if (!known) write_exception(*f, type, message, caller);
    if (f->result != span_status::error) write_status_message(*f, s->exception);
    settle(*s, *f);
  });
#else
  static_cast<void>(thrown);
#endif
}

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
