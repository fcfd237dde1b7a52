// traces.hpp: spans that wait until their trace can be shown whole, in bounded memory.
#ifndef ARTHUR_CONSOLE_TRACES_HPP
#define ARTHUR_CONSOLE_TRACES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../config.hpp"
#include "tree.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace console {

/// A trace is due at once when its root arrives (the collector hands a root over after its children), a second after
/// that for what comes later still, and a minute after its first span if there is no root: better in pieces than never.
/// So is the oldest one where the bound of memory is reached. Times are steady nanoseconds.
class traces {
 public:
  static constexpr std::uint64_t second = 1000000000;
  static constexpr std::uint64_t longest_wait = 60 * second;
  static constexpr std::size_t most_bytes = std::size_t{8} << 20;
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  explicit traces(std::size_t limit = most_bytes) : limit_(limit) {}

  /// `group` names the resource; it comes back through the function given to write_due().
  void add(std::string_view body, std::uint32_t group, std::uint64_t now) {
    bool local_root = true;
    bool remote_parent = false;
    trace_id id{};
    wire::reader reader(body.data(), body.size());
    wire::field at;
    while (reader.next(at)) {
      if (at.tag == wire::span_trace_id) std::memcpy(id.data(), at.data, (std::min)(at.size, id.size()));
      if (at.tag == wire::span_parent_span_id && at.size != 0) local_root = false;
      constexpr std::uint64_t known_and_remote = 0x300;
      if (at.tag == wire::span_flags) remote_parent = (at.value & known_and_remote) == known_and_remote;
    }
    const auto made = waiting_.emplace(id, trace());
    trace& t = made.first->second;
    if (made.second) {
      bytes_ += per_trace;
      t.since = now;
      t.later = std::find(shown_.begin(), shown_.end(), id) != shown_.end();
      t.due = now + (t.later ? second : longest_wait);
    }
    t.parts.push_back({t.bytes.size(), body.size(), group});
    t.bytes.append(body);
    bytes_ += body.size() + per_span;
    if (local_root) t.due = now;
    // The collector knows no such root: give its children a moment.
    if (remote_parent) t.due = (std::min)(t.due, now + second);
    t.rooted = t.rooted || local_root || remote_parent;
    due_ = (std::min)(due_, t.due);
  }

  /// When write_due() has something to do next; never: not before another span comes.
  std::uint64_t due() const noexcept { return bytes_ > limit_ ? 0 : due_; }
  bool empty() const noexcept { return waiting_.empty(); }

  /// Hands the text of each trace that is due to `take`, the oldest first. `service(group)` is the name to show, "" for
  /// the process's own. At the end of the program all of them are due.
  template <class Service, class Take>
  void write_due(std::uint64_t now, bool at_end, const look& how, Service service, Take take) {
    constexpr const char* ended = ", incomplete: the program ends before its root";
    constexpr const char* waited = ", incomplete: its root hasn't ended for a minute";
    constexpr const char* too_large = ", incomplete: too large to wait for its root";
    const bool full = bytes_ > limit_;
    std::vector<std::pair<std::uint64_t, trace_id>> chosen;
    // A little early rather than one by one.
    for (const auto& t : waiting_) {
      if (full || at_end || t.second.due <= now + second / 4) chosen.emplace_back(t.second.since, t.first);
    }
    std::sort(chosen.begin(), chosen.end());
    for (const auto& c : chosen) {
      const auto found = waiting_.find(c.second);
      const bool due = found->second.due <= now + second / 4;
      if (!due && !at_end && bytes_ <= limit_ / 2) continue;
      const trace t = std::move(found->second);
      waiting_.erase(found);
      bytes_ -= per_trace + t.bytes.size() + t.parts.size() * per_span;
      const char* state = "";
      if (!t.rooted && t.later) state = ", continued";
      else if (!t.rooted) state = at_end ? ended : due ? waited : too_large;
      take(text_of(c.second, t, state, how, service));
      shown_[next_shown_++ % shown_.size()] = c.second;
    }
    due_ = never;
    for (const auto& t : waiting_) due_ = (std::min)(due_, t.second.due);
  }

  void clear() noexcept {
    waiting_.clear();
    bytes_ = 0;
    due_ = never;
  }

 private:
  using trace_id = std::array<char, 16>;

  struct trace {
    struct part {
      std::size_t at;  // in `bytes`
      std::size_t size;
      std::uint32_t group;
    };
    std::string bytes;
    std::vector<part> parts;
    std::uint64_t since = 0;
    std::uint64_t due = 0;
    bool rooted = false;
    bool later = false;  // the rest of it was shown before
  };

  // What a trace and a span take beside their bytes, drawing included, roughly.
  static constexpr std::size_t per_trace = 256;
  static constexpr std::size_t per_span = 128;

  template <class Service>
  static std::string text_of(const trace_id& id, const trace& t, const char* state, const look& how, Service service) {
    std::string out;
    if (*state != '\0') {
      std::string head = "trace ";
      for (const char c : id) {
        const auto byte = static_cast<unsigned char>(c);
        head += "0123456789abcdef"[byte >> 4];
        head += "0123456789abcdef"[byte & 15];
      }
      line_writer line(out, how.columns, how.colour);
      line.put(ink::usage, head + state);
      out += '\n';
    }
    std::vector<tree_span> spans;
    spans.reserve(t.parts.size());
    for (const auto& p : t.parts) spans.push_back({std::string_view(t.bytes).substr(p.at, p.size), service(p.group)});
    append_tree(out, spans, how);
    return out;
  }

  std::size_t limit_;
  std::map<trace_id, trace> waiting_;
  std::size_t bytes_ = 0;
  std::uint64_t due_ = never;
  std::array<trace_id, 64> shown_{};  // the latest ones
  std::size_t next_shown_ = 0;
};

}  // namespace console
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
