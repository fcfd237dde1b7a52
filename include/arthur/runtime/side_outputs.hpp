// side_outputs.hpp: what standard output shows of each span, once, beside the main transport or alone: lines and trees.
#ifndef ARTHUR_RUNTIME_SIDE_OUTPUTS_HPP
#define ARTHUR_RUNTIME_SIDE_OUTPUTS_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../config.hpp"
#include "../console/traces.hpp"
#include "../otlp/envelope.hpp"
#include "../policy/settings.hpp"
#include "../transport/terminal.hpp"
#include "../transport/transport.hpp"
#include "diagnostics.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Both outputs write through one transport, so that each line and each tree stays whole. A reader that stopped
/// reading must not hold up the main transport: beside one, a write waits a second, and after that not at all until
/// something is taken again. What can't be written is told, and gone.
class side_outputs {
 public:
  side_outputs(const settings& s, diagnostics& says, std::unique_ptr<transport> out, terminal (*look)(), std::uint64_t (*clock)())
      : settings_(s), says_(says), out_(std::move(out)), look_(look), clock_(clock) {}

  /// Takes the memory that it will ever have, where none may be taken later; there are no trees then. False: there is none.
  bool fix() noexcept { return json_.fix(6 * settings_.max_batch_bytes + 16384); }

  /// Each span is given once. False: not everything was written that was due.
  bool take(const std::vector<span_piece>& spans, const resource_view* groups, std::size_t group_count, std::uint64_t now) {
    const bool lines = !settings_.to_stdout || write_lines(spans, groups, group_count);
    const bool trees = !settings_.console || guarded([&] {
      for (const span_piece& s : spans) {
        if (s.group >= group_count) continue;  // there was no memory for its resource
        know(s.group, groups[s.group]);
        traces_.add({s.data, s.size}, s.group, now);
        if (traces_.due() <= now) write_trees(now, false);
      }
    });
    return lines && trees;
  }

  /// When pass() has something to do.
  std::uint64_t due() const noexcept { return traces_.due(); }
  void pass(std::uint64_t now) {
    guarded([&] { write_trees(now, false); });
  }
  /// Shows what waits for a root that won't come.
  void end(std::uint64_t now) {
    guarded([&] { write_trees(now, true); });
  }

 private:
  /// Memory that ends here must not cost the main transport its spans. False: something wasn't written.
  template <class Work>
  bool guarded(Work work) {
    written_ = true;
#if ARTHUR_HAS_EXCEPTIONS
    try {
      work();
    } catch (...) {
      traces_.clear();
      missed("no memory for the console's trees");
    }
#else
    work();
#endif
    return written_;
  }

  bool write_lines(const std::vector<span_piece>& spans, const resource_view* groups, std::size_t group_count) {
    written_ = true;
    json_.clear();
    if (append_request(json_, encoding::json, spans.data(), spans.size(), groups, group_count)) {
      write({json_.data(), json_.size()}, "application/json", spans.size());
    } else {
      missed("no memory for JSON lines");
    }
    json_.shrink(std::size_t{2} << 20);
    return written_;
  }

  void write_trees(std::uint64_t now, bool at_end) {
    const terminal t = look_();
    console::look how;
    if (t.columns >= narrowest) how.columns = t.columns;
    how.colour = t.present && settings_.console_colours;
    traces_.write_due(
        now, at_end, how, [this](std::uint32_t group) -> std::string_view { return services_[group]; },
        [&](const std::string& text) {
          // An escape sequence may have been cut off.
          write(how.colour && stalled_ ? "\x1b[0m" + text : text, "text/plain", 0);
        });
  }

  void write(std::string_view text, const char* type, std::size_t spans) {
    request r;
    r.content_type = type;
    r.body = text.data();
    r.body_size = text.size();
    r.spans = spans;
    const std::uint64_t patience = settings_.sink == sink::none ? static_cast<std::uint64_t>(settings_.export_timeout.count()) * 1000000U
                                   : stalled_                   ? 1000000U
                                                                : 1000000000U;
    outcome_.answer.clear();
    outcome_.error.clear();
    out_->send(r, clock_() + patience, outcome_.answer, outcome_.error);
    stalled_ = outcome_.answer.status != 200;
    if (stalled_) missed(outcome_.error.c_str());
  }

  /// Called where memory has ended, too.
  void missed(const char* why) noexcept {
    written_ = false;
#if ARTHUR_HAS_EXCEPTIONS
    try {
      says_.say(diagnostics::topic::display, severity::warning, why);
    } catch (...) {
    }
#else
    says_.say(diagnostics::topic::display, severity::warning, why);
#endif
  }

  /// Remembers the service of a group, "" where it is the process's own.
  void know(std::uint32_t group, const resource_view& resource) {
    while (services_.size() <= group) services_.emplace_back();
    if (group == 0 || !services_[group].empty()) return;
    wire::reader reader(resource.data, resource.size);
    wire::field at;
    attribute_view a;
    while (reader.next(at)) {
      if (at.tag != resource_attributes || !read_attribute(at.data, at.size, a)) continue;
      const std::string_view value(a.data, a.tag == wire::any_string ? a.size : 0);
      if (std::string_view(a.key, a.key_size) == "service.name" && value != settings_.service_name) services_[group] = value;
    }
  }

  static constexpr std::size_t narrowest = 40;  // columns that a tree needs to say anything

  const settings& settings_;
  diagnostics& says_;
  std::unique_ptr<transport> out_;
  terminal (*look_)();
  std::uint64_t (*clock_)();  // steady nanoseconds
  console::traces traces_;
  std::vector<std::string> services_;  // by group
  buffer json_;
  outcome outcome_;
  bool stalled_ = false;  // the latest write failed
  bool written_ = true;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
