// carrying.hpp: the functions behind carriers.hpp: headers found and made, a thread's baggage; compiled in one .cpp.
#ifndef ARTHUR_SPANS_CARRYING_HPP
#define ARTHUR_SPANS_CARRYING_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../carriers.hpp"
#include "../config.hpp"
#include "joining.hpp"
#include "../otlp/utf8.hpp"
#include "../platform/process.hpp"
#include "../platform/try_to.hpp"
#include "../propagation/baggage.hpp"
#include "../record/baggage_stack.hpp"
#include "../record/threads.hpp"
#include "recording.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// In the order of found_headers.
struct header_name {
  std::string_view header;
  const char* variable;
};
inline constexpr header_name header_names[] = {{"traceparent", "TRACEPARENT"}, {"tracestate", "TRACESTATE"}, {"baggage", "BAGGAGE"}};

/// A block of what `write(baggage_writer&)` writes; null where that is nothing, or there is no memory.
template <class Write>
baggage_block* make_baggage(Write write) noexcept {
  w3c::baggage_writer measured(nullptr);
  write(measured);
  baggage_block* const made = measured.size() == 0 ? nullptr : baggage_block::make(measured.size());
  if (made != nullptr) {
    w3c::baggage_writer to(made->text());
    write(to);
  }
  return made;
}

/// The baggage that holds on this thread.
inline baggage_block* held_baggage() noexcept {
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  if (this_slot == nullptr) return nullptr;
  if (ARTHUR_UNLIKELY(this_slot->foreign_ends.load(std::memory_order_relaxed) != 0)) collect_foreign_ends(*this_slot);
  return this_slot->baggage.current();
}

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

ARTHUR_LINKED bool is_header(text_arg a, text_arg b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  if (a.size != b.size) return false;
  for (std::size_t n = 0; n < a.size; ++n) {
    if (lower(a.data[n]) != lower(b.data[n])) return false;
  }
  return true;
}

ARTHUR_LINKED void find_header(found_headers& in, text_arg name, text_arg value) noexcept {
  for (std::size_t n = 0; n < found_headers::kinds; ++n) {
    if (!is_header(name, header_names[n].header)) continue;
    const std::string_view line = w3c::trimmed({value.data, value.size});
    if (!line.empty() && in.count[n] < found_headers::room) in.lines[n][in.count[n]++] = line;
  }
}

/// Whether a trace was joined.
ARTHUR_LINKED bool extract(scope_handle& trace, scope_handle& baggage, const found_headers& from) noexcept {
  using headers = found_headers;
  if (from.count[headers::baggage] != 0 && the_recorder.baggage.load(std::memory_order_relaxed)) {
    baggage_block* const block = make_baggage([&](w3c::baggage_writer& to) {
      for (std::size_t n = 0; n < from.count[headers::baggage]; ++n) to.add_all(from.lines[headers::baggage][n]);
    });
    slot* const s = block == nullptr ? nullptr : joining_slot();
    if (s != nullptr) {
      hold_baggage(*s, baggage, block);
    } else {
      baggage_block::release(block);
    }
  }
  // Of two traceparents nobody knows which is meant.
  foreign_span parent;
  return from.count[headers::traceparent] == 1 && the_recorder.trace_context.load(std::memory_order_relaxed) &&
         w3c::read_traceparent(from.lines[headers::traceparent][0], parent) &&
         join_lines(trace, parent, from.lines[headers::tracestate], from.count[headers::tracestate]);
}

ARTHUR_LINKED bool extract_three(scope_handle& trace, scope_handle& baggage, text_arg traceparent, text_arg tracestate, text_arg members) noexcept {
  found_headers in;
  const text_arg values[] = {traceparent, tracestate, members};
  for (std::size_t n = 0; n < found_headers::kinds; ++n) find_header(in, header_names[n].header, values[n]);
  return extract(trace, baggage, in);
}

ARTHUR_LINKED void outgoing(void (*put)(void*, std::string_view, std::string_view), void* to, bool environment) noexcept {
  const auto put_one = [&](std::size_t n, std::string_view value) {
    put(to, environment ? std::string_view(header_names[n].variable) : header_names[n].header, value);
  };
  const traceparent_text parent = current_traceparent();
  if (!parent.empty()) {
    const tracestate_text state = current_tracestate();
    put_one(found_headers::traceparent, parent);
    // Also where there is none: one that is left over belongs to another trace.
    put_one(found_headers::tracestate, state);
  }
  if (!the_recorder.baggage.load(std::memory_order_relaxed)) return;
  // The caller's code may end the scope meanwhile.
  baggage_block* const block = baggage_block::share(held_baggage());
  if (block != nullptr) put_one(found_headers::baggage, baggage_block::view(block));
  baggage_block::release(block);
}

ARTHUR_LINKED std::string environment_header(std::string_view name) noexcept {
  std::string found;
  try_to([&] {
    variable_reader variables;
    for (const header_name& one : header_names) {
      const char* const value = one.header == name ? variables.get(one.variable) : nullptr;
      if (value != nullptr) found = value;
    }
    return true;
  });
  return found;
}

/// Null: no baggage at all.
ARTHUR_LINKED bool baggage_push(scope_handle& handle, const text_arg* name, const text_arg* value) noexcept {
  slot* const s = joining_slot();
  if (s == nullptr) return false;
  if (name == nullptr) return hold_baggage(*s, handle, nullptr);
  const std::string_view key(name->data, name->size);
  bool added = false;
  baggage_block* const block = make_baggage([&](w3c::baggage_writer& to) {
    to.add_all(baggage_block::view(s->baggage.current()), key);
    added = to.add(key, {value->data, value->size});
  });
  if (block != nullptr && added) return hold_baggage(*s, handle, block);
  baggage_block::release(block);
  return false;
}

ARTHUR_LINKED void baggage_pop(scope_handle& handle) noexcept {
  slot* const s = handle.owner;
  handle.owner = nullptr;
  if (ARTHUR_UNLIKELY(was_forked())) after_fork();
  if (s == this_slot) {
    s->baggage.pop(handle.generation);
  } else {
    end_context_on_foreign_thread(*s, handle.generation);
  }
}

ARTHUR_LINKED std::string current_baggage(text_arg name) noexcept {
  std::string value;
  std::string_view rest = baggage_block::view(held_baggage()), found;
  for (w3c::baggage_member member; w3c::next_baggage_member(rest, member);) {
    if (member.key == std::string_view(name.data, name.size)) found = member.value;  // the last one, as others read it
  }
  try_to([&] {
    std::string bytes(found);
    bytes.resize(w3c::decode_baggage_value(found, bytes.data()));
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (at != end) {
      const auto first = static_cast<unsigned char>(*at);
      const utf8_step step = first < 0x80 ? utf8_step{1, true} : next_utf8(at, end);
      step.valid ? value.append(at, step.size) : value.append("\xEF\xBF\xBD");
      at += step.size;
    }
    return true;
  });
  return value;
}

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
