// trace_context.cpp: traceparent and tracestate of other processes: what is taken is by the W3C's grammar and passes on the same.
#include <arthur/propagation/trace_context.hpp>

#include <set>
#include <string>

#include "fuzz.hpp"

using namespace arthur::detail;

namespace {

// By the words of the specification, with none of the library's code.
bool is_traceparent(std::string text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
  text.erase(0, text.find_first_not_of(" \t"));
  if (text.size() < 55) return false;
  for (std::size_t n = 0; n < 55; ++n) {
    const bool dash = n == 2 || n == 35 || n == 52;
    const bool hex = (text[n] >= '0' && text[n] <= '9') || (text[n] >= 'a' && text[n] <= 'f');
    if (dash ? text[n] != '-' : !hex) return false;
  }
  if (text.compare(0, 2, "ff") == 0 || (text.size() > 55 && (text.compare(0, 2, "00") == 0 || text[55] != '-'))) return false;
  return text.substr(3, 32) != std::string(32, '0') && text.substr(36, 16) != std::string(16, '0');
}

void check_members(const std::string& state) {
  std::set<std::string> keys;
  for (std::size_t at = 0; at < state.size();) {
    const std::size_t end = (std::min)(state.find(',', at), state.size());
    const std::string member = state.substr(at, end - at);
    const std::size_t equals = member.find('=');
    fuzz::promise(equals != std::string::npos && equals != 0 && equals <= 256, "a member has a key", state);
    fuzz::promise(keys.insert(member.substr(0, equals)).second, "a key stands once", state);
    const std::string value = member.substr(equals + 1);
    fuzz::promise(!value.empty() && value.size() <= 256 && value.back() != ' ', "a member has a value", state);
    for (const char c : value) fuzz::promise(c >= 0x20 && c <= 0x7e && c != '=', "a value is printable", state);
    at = end + 1;
  }
  fuzz::promise(keys.size() <= 32, "32 members at most", state);
}

}  // namespace

FUZZ_TARGET(trace_context) {
  fuzz::taker in(data, size);
  const std::string parent = in.line();
  const std::string state = in.rest();

  foreign_span span{};
  const bool good = w3c::read_traceparent(parent, span);
  fuzz::promise(good == is_traceparent(parent), "a traceparent is what the W3C says", parent);
  if (good) {
    char text[w3c::traceparent_size + 1];
    w3c::write_traceparent(text, span.trace, span.span, span.flags);
    fuzz::promise(parent.find(std::string(text + 3, 49)) != std::string::npos, "the ids pass on", text);
    fuzz::promise(span.flags <= 3, "unknown flags don't pass on");
    foreign_span again{};
    fuzz::promise(w3c::read_traceparent(text, again) && again.flags == span.flags, "what is written can be read", text);
  }

  char kept[w3c::max_tracestate];
  const std::size_t size_kept = w3c::read_tracestate(state, kept);
  fuzz::promise(size_kept <= sizeof kept && size_kept <= state.size(), "a tracestate has its limit");
  const std::string first(kept, size_kept);
  check_members(first);
  char twice[w3c::max_tracestate];
  fuzz::promise(std::string(twice, w3c::read_tracestate(first, twice)) == first, "a tracestate passes on the same", first);
}
