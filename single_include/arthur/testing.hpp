// testing.hpp: the spans of a piece of code as plain values, for unit tests in any framework. Nothing leaves the process.
#ifndef ARTHUR_TESTING_HPP
#define ARTHUR_TESTING_HPP

// Needs "arthur.hpp" beside it and the standard library, so it may be copied next to the single header. Like the macros
// it works in every file; the runtime is where ARTHUR_IMPLEMENTATION is defined, in one .cpp of the test program.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "arthur.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace testing {

/// The value of an attribute. Compares with what one would write: `== "gpt-4o"`, `== 48`, `== 0.5`, `== true`. An integer
/// and a double are equal if they are the same number; is() tells them apart.
class value {
 public:
  enum class type { none, text, boolean, integer, number, list };

  value() = default;  ///< none: what a missing attribute has
  value(const char* text) : type_(type::text), text_(text) {}
  value(std::string_view text) : type_(type::text), text_(text) {}
  value(std::string text) : type_(type::text), text_(std::move(text)) {}
  value(bool b) : type_(type::boolean), integer_(b ? 1 : 0) {}
  template <class T, class = std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>>
  value(T number) : type_(type::integer), integer_(static_cast<std::int64_t>(number)) {}
  value(double number) : type_(type::number), number_(number) {}
  value(std::vector<value> list) : type_(type::list), list_(std::move(list)) {}

  bool is(type t) const noexcept { return type_ == t; }
  /// The content; empty or 0 if the value is of another type.
  const std::string& text() const noexcept { return text_; }
  bool boolean() const noexcept { return is(type::boolean) && integer_ != 0; }
  std::int64_t integer() const noexcept { return is(type::integer) ? integer_ : 0; }
  double number() const noexcept { return is(type::integer) ? static_cast<double>(integer_) : number_; }
  const std::vector<value>& list() const noexcept { return list_; }

  friend bool operator==(const value& a, const value& b) noexcept {
    if (a.type_ == b.type_) {
      return a.text_ == b.text_ && a.integer_ == b.integer_ && a.list_ == b.list_ && !(a.number_ < b.number_) &&
             !(a.number_ > b.number_) && std::isnan(a.number_) == std::isnan(b.number_);
    }
    const bool numbers = (a.is(type::integer) && b.is(type::number)) || (a.is(type::number) && b.is(type::integer));
    return numbers && a.number() <= b.number() && a.number() >= b.number();
  }
  friend bool operator!=(const value& a, const value& b) noexcept { return !(a == b); }

 private:
  type type_ = type::none;
  std::string text_;
  std::int64_t integer_ = 0;
  double number_ = 0;
  std::vector<value> list_;
};

/// Keys and values, in the order in which they were sent.
using attribute_list = std::vector<std::pair<std::string, value>>;

namespace detail {
inline const value& find(const attribute_list& list, std::string_view key) noexcept {
  static const value none;
  for (const auto& entry : list) {
    if (entry.first == key) return entry.second;
  }
  return none;
}
}  // namespace detail

struct event {
  std::string name;
  std::uint64_t time = 0;  ///< Unix time, nanoseconds
  attribute_list attributes;

  /// The value of a key, or none.
  const value& attribute(std::string_view key) const noexcept { return detail::find(attributes, key); }
};

/// A finished span, as the endpoint would get it: cleaned by the engine's rules, a key that was set twice there once.
struct span {
  std::string name;     ///< empty: no such span, see capture::find()
  std::string kind;     ///< "LLM", "TOOL", "AGENT", "CHAIN", ...: openinference.span.kind
  std::string status;   ///< "OK", "ERROR"
  std::string message;  ///< of an error
  std::uint64_t start = 0;  ///< Unix time, nanoseconds
  std::uint64_t end = 0;
  std::string trace_id;   ///< 32 hex digits
  std::string id;         ///< 16 hex digits
  std::string parent_id;  ///< 16 hex digits; empty: a root
  attribute_list attributes;
  attribute_list resource;  ///< service.name, arthur.task, ...
  std::vector<testing::event> events;

  /// False for what find() returns when there is no such span.
  explicit operator bool() const noexcept { return !id.empty(); }
  bool is_root() const noexcept { return parent_id.empty(); }
  bool is_child_of(const span& other) const noexcept { return parent_id == other.id && trace_id == other.trace_id; }
  std::chrono::nanoseconds duration() const noexcept { return std::chrono::nanoseconds(end - start); }
  /// The value of a key, or none.
  const value& attribute(std::string_view key) const noexcept { return detail::find(attributes, key); }
  bool has(std::string_view key) const noexcept { return !attribute(key).is(value::type::none); }
  /// `service.name`: changes where the code under test uses arthur::service_name().
  const std::string& service() const noexcept { return detail::find(resource, "service.name").text(); }
};

/// The spans among `all` whose parent is `parent`, in the order of `all`.
inline std::vector<span> children(const std::vector<span>& all, const span& parent) {
  std::vector<span> found;
  std::copy_if(all.begin(), all.end(), std::back_inserter(found), [&](const span& s) { return s.is_child_of(parent); });
  return found;
}

inline std::string to_string(const value& v) {
  using type = value::type;
  if (v.is(type::none)) return "(none)";
  if (v.is(type::text)) return '"' + v.text() + '"';
  if (v.is(type::boolean)) return v.boolean() ? "true" : "false";
  if (v.is(type::integer)) return std::to_string(v.integer());
  if (v.is(type::number)) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.17g", v.number());
    return digits;
  }
  std::string out = "[";
  for (const value& element : v.list()) out += (out.size() == 1 ? "" : ", ") + to_string(element);
  return out + ']';
}

/// Several lines: everything a reader of a failed test wants to see.
inline std::string to_string(const span& s) {
  if (!s) return "(no such span)";
  const auto list = [](const attribute_list& attributes, const char* indent) {
    std::string out;
    for (const auto& entry : attributes) out += indent + entry.first + " = " + to_string(entry.second) + '\n';
    return out;
  };
  std::string out = s.kind + " \"" + s.name + "\" " + s.status + (s.message.empty() ? "" : ": " + s.message) + ", " +
                    std::to_string(s.duration().count()) + " ns, trace " + s.trace_id + ", span " + s.id +
                    (s.is_root() ? ", root" : ", parent " + s.parent_id) + '\n' + list(s.attributes, "  ");
  for (const event& e : s.events) out += "  event \"" + e.name + "\"\n" + list(e.attributes, "    ");
  return out;
}

inline std::ostream& operator<<(std::ostream& out, const value& v) { return out << to_string(v); }
inline std::ostream& operator<<(std::ostream& out, const span& s) { return out << to_string(s); }

namespace detail {

/// Walks the fields of a protobuf message that our own encoder wrote. (Its reader isn't part of the light headers.)
class message {
 public:
  explicit message(std::string_view whole) noexcept : rest_(whole) {}

  bool next() noexcept {
    if (rest_.empty()) return false;
    const std::uint64_t tag = varint();
    field = static_cast<std::uint32_t>(tag >> 3);
    switch (tag & 7U) {
      case 0:
        number = varint();
        return true;
      case 1:
        number = fixed(8);
        return true;
      case 2:
        bytes = take(static_cast<std::size_t>(varint()));
        return true;
      case 5:
        number = fixed(4);
        return true;
      default:
        return false;
    }
  }

  std::uint32_t field = 0;
  std::uint64_t number = 0;
  std::string_view bytes;

 private:
  std::string_view take(std::size_t size) noexcept {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::uint64_t fixed(std::size_t size) noexcept {
    const std::string_view taken = take(size);
    std::uint64_t out = 0;
    for (std::size_t i = taken.size(); i != 0; --i) out = out << 8 | static_cast<unsigned char>(taken[i - 1]);
    return out;
  }
  std::uint64_t varint() noexcept {
    std::uint64_t out = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      out |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) break;
    }
    return out;
  }

  std::string_view rest_;
};

inline std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15U];
  }
  return out;
}

inline value read_value(std::string_view bytes) {
  message m(bytes);
  if (!m.next()) return {};
  switch (m.field) {
    case 1:
      return m.bytes;
    case 2:
      return m.number != 0;
    case 3:
      return static_cast<std::int64_t>(m.number);
    case 4: {
      double number = 0;
      std::memcpy(&number, &m.number, sizeof number);
      return number;
    }
    case 5: {
      std::vector<value> list;
      for (message elements(m.bytes); elements.next();) list.push_back(read_value(elements.bytes));
      return list;
    }
    default:
      return {};
  }
}

inline void read_attribute(std::string_view bytes, attribute_list& to) {
  to.emplace_back();
  for (message m(bytes); m.next();) {
    if (m.field == 1) to.back().first = std::string(m.bytes);
    if (m.field == 2) to.back().second = read_value(m.bytes);
  }
}

inline event read_event(std::string_view bytes) {
  event out;
  for (message m(bytes); m.next();) {
    if (m.field == 1) out.time = m.number;
    if (m.field == 2) out.name = std::string(m.bytes);
    if (m.field == 3) read_attribute(m.bytes, out.attributes);
  }
  return out;
}

// Field numbers of opentelemetry/proto/trace/v1/trace.proto.
inline span read_span(std::string_view bytes, const attribute_list& resource) {
  span out;
  out.resource = resource;
  out.status = "UNSET";
  for (message m(bytes); m.next();) {
    switch (m.field) {
      case 1: out.trace_id = hex(m.bytes); break;
      case 2: out.id = hex(m.bytes); break;
      case 4: out.parent_id = hex(m.bytes); break;
      case 5: out.name = std::string(m.bytes); break;
      case 7: out.start = m.number; break;
      case 8: out.end = m.number; break;
      case 9: read_attribute(m.bytes, out.attributes); break;
      case 11: out.events.push_back(read_event(m.bytes)); break;
      case 15:  // may come in two pieces, which protobuf merges
        for (message status(m.bytes); status.next();) {
          if (status.field == 2) out.message = std::string(status.bytes);
          if (status.field == 3) out.status = status.number == 2 ? "ERROR" : status.number == 1 ? "OK" : "UNSET";
        }
        break;
      default: break;
    }
  }
  out.kind = find(out.attributes, "openinference.span.kind").text();
  return out;
}

inline void read_request(std::string_view bytes, std::vector<span>& to) {
  for (message request(bytes); request.next();) {  // each field: one ResourceSpans
    attribute_list resource;
    for (message part(request.bytes); part.next();) {
      if (part.field == 1) {
        for (message r(part.bytes); r.next();) {
          if (r.field == 1) read_attribute(r.bytes, resource);
        }
      } else if (part.field == 2) {
        for (message scope(part.bytes); scope.next();) {
          if (scope.field == 2) to.push_back(read_span(scope.bytes, resource));
        }
      }
    }
  }
}

// The hooks for clock and ids are plain functions, so what they count with is static; one capture lives at a time.
inline std::atomic<std::uint64_t> clock_now{0};
inline std::atomic<std::uint64_t> clock_step{0};
inline std::atomic<std::uint64_t> last_id{0};
inline std::atomic<bool> capturing{false};

inline std::uint64_t read_clock() {
  return clock_now.fetch_add(clock_step.load(std::memory_order_relaxed), std::memory_order_relaxed);
}
/// Eight bytes that read as a counting number when they are written in hex.
inline std::uint64_t next_id() {
  const std::uint64_t n = last_id.fetch_add(1, std::memory_order_relaxed) + 1;
  unsigned char bytes[8];
  for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<unsigned char>(n >> (56 - 8 * i));
  std::uint64_t out = 0;
  std::memcpy(&out, bytes, sizeof out);
  return out;
}

}  // namespace detail

/// Runs tracing while it lives and keeps the spans instead of sending them. Time and ids are the same in every run: time
/// begins at `epoch` and moves by step() at each reading (start, end and event of a span are a reading each); trace and
/// span ids count from 1. One capture lives at a time, and no other arthur::start(); several may follow one another.
class capture {
 public:
  /// Unix time, nanoseconds: 2020-01-01 00:00:00.
  static constexpr std::uint64_t epoch = 1577836800U * std::uint64_t{1000000000U};

  /// `settings`: what the program itself would give to arthur::start(), e.g. hide_inputs. Where spans go, their encoding
  /// and the delay before sending are not up to it; its clock and random are used if it has them. Environment variables
  /// count as ever, but for the sampler's.
  explicit capture(options settings = {}) : guard_(begin(settings)) {
    if (!claim_.granted) {
      error_ = "another arthur::testing::capture lives: end it before this one begins";
    } else if (!guard_.ok()) {
      error_ = guard_.error();
    } else if (arthur::detail::recording_enabled.load(std::memory_order_relaxed) == 0) {
#ifdef ARTHUR_DISABLE
      error_ = "compiled with ARTHUR_DISABLE: nothing is recorded";
#else
      error_ = "OTEL_SDK_DISABLED switches tracing off: unset it";
#endif
    }
  }
  capture(const capture&) = delete;
  capture& operator=(const capture&) = delete;

  /// False if nothing is captured: error() says why. The code under test runs all the same, untraced.
  bool ok() const noexcept { return error_.empty(); }
  const std::string& error() const noexcept { return error_; }

  /// All spans that ended so far and weren't taken, in the order of their start.
  std::vector<span> all() {
    if (ok() && flush(std::chrono::seconds(60)) == flush_result::timeout) error_ = "a flush took longer than a minute";
    const std::lock_guard<std::mutex> lock(mutex_);
    std::stable_sort(spans_.begin(), spans_.end(), [](const span& a, const span& b) {
      return a.start != b.start ? a.start < b.start : a.id < b.id;  // ids count, so the later one was opened later
    });
    return spans_;
  }
  /// As all(), and forgets them: the next call shows what ended after this one.
  std::vector<span> take() {
    all();
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(spans_, {});
  }
  /// The first span of that name that wasn't taken; false if there is none.
  span find(std::string_view name) {
    for (span& s : all()) {
      if (s.name == name) return std::move(s);
    }
    return {};
  }
  /// The spans whose parent is `parent`, in the order of their start.
  std::vector<span> children(const span& parent) { return testing::children(all(), parent); }

  /// Moves the clock on.
  void advance(std::chrono::nanoseconds by) noexcept {
    detail::clock_now.fetch_add(static_cast<std::uint64_t>(by.count()), std::memory_order_relaxed);
  }
  /// By how much each reading moves the clock on; default 1 ms. 0: only advance() does.
  void step(std::chrono::nanoseconds by) noexcept {
    detail::clock_step.store(static_cast<std::uint64_t>(by.count()), std::memory_order_relaxed);
  }

 private:
  tracing_guard begin(options& settings) {
    if (!claim_.granted) return tracing_guard(false, false, {});
    detail::clock_now.store(epoch);
    detail::clock_step.store(1000000);
    detail::last_id.store(0);
    settings.on_batch = keep;
    settings.on_batch_user = this;
    settings.output_file.clear();
    settings.exporters.clear();
    settings.protocol = protocol::http_protobuf;
    settings.schedule_delay = std::chrono::hours(1);  // all() asks for them
    if (settings.clock == nullptr) settings.clock = detail::read_clock;
    if (settings.random == nullptr) settings.random = detail::next_id;
    // The least bit below 1 samples everything, too, and keeps OTEL_TRACES_SAMPLER out of the test.
    if (settings.sample_ratio == 1.0) settings.sample_ratio = std::nextafter(1.0, 0.0);
    return start(settings);
  }

  static bool keep(void* user, const batch_view& batch) {
    capture& self = *static_cast<capture*>(user);
    const std::lock_guard<std::mutex> lock(self.mutex_);
    detail::read_request({batch.data, batch.size}, self.spans_);
    return true;
  }

  struct claim {
    bool granted = !detail::capturing.exchange(true);
    claim() = default;
    claim(const claim&) = delete;
    claim& operator=(const claim&) = delete;
    ~claim() {
      if (granted) detail::capturing.store(false);
    }
  };

  claim claim_;
  std::mutex mutex_;  // the worker calls keep()
  std::vector<span> spans_;
  std::string error_;
  tracing_guard guard_;  // last: its end may still call keep()
};

}  // namespace testing
ARTHUR_NAMESPACE_END

#endif
