// collector.hpp: takes committed spans out of all threads' queues, completes and cleans them, and keeps roots back.
#ifndef ARTHUR_RUNTIME_COLLECTOR_HPP
#define ARTHUR_RUNTIME_COLLECTOR_HPP

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "../otlp/cleaning.hpp"
#include "../otlp/redaction.hpp"
#include "../record/recorder.hpp"
#include "../record/slot.hpp"
#include "batch.hpp"
#include "completion.hpp"
#include "diagnostics.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// One sweep visits every slot once and takes what was committed before the visit. A root found in a sweep is kept until
/// a whole later sweep is over: by then its children, which ended before it, have been taken. (Arthur Engine evaluates a
/// trace when its root arrives, and the console shows it then.)
class collector {
 public:
  collector(const settings& s, delivery_counters& counters)
      : max_spans_(s.max_batch_spans),
        max_bytes_(s.max_batch_bytes),
        for_engine_(s.where.profile == profile::arthur),
        roots_last_(for_engine_ || s.console),
        limits_(s.limits),
        redactor_({s.masking.redactors, s.masking.redact, s.masking.redact_user}),
        completion_(s),
        counters_(counters) {}

  /// Takes the memory that it will ever have, where none may be taken later. False: there is none.
  bool fix() noexcept {
    return scratch_.fix(max_bytes_ + 1024) && redactor_.fix(max_bytes_) && carried_.fix(1, max_bytes_) && roots_.fix(max_spans_, max_bytes_);
  }

  /// Goes on with the sweep under way. True: it is complete; false: `out` is full first.
  bool sweep(batch& out) {
    if (!carried_.empty()) {
      if (!out.append(carried_, carried_.spans[0])) {
        if (!out.empty()) return false;  // spans that are held: it goes after them
        count(counters_.failed);
      }
      carried_.clear();
    }
    if (next_ == nullptr) {
      ++number_;
      // Acquire pairs with the release that registered the slot.
      next_ = the_recorder.slots.load(std::memory_order_acquire);
      if (next_ != nullptr) begin_visit();
    }
    while (next_ != nullptr) {
      while (left_ != 0) {
        if (roots_.bytes.size() > max_kept_bytes) release_roots(out, number_ + 1);
        if (full(out) || !carried_.empty()) return false;
        record* const r = next_->queue.pop(the_recorder.source.blocks);
        if (r == nullptr) break;
        --left_;
        pin(*next_, r);
        take(*r, out);
        release_rest(*r);
      }
      end_visit();
    }
    return carried_.empty() && release_roots(out, number_);
  }

  /// A sweep was begun and isn't complete.
  bool sweeping() const noexcept { return next_ != nullptr; }
  /// Texts for which the program's function threw, so far.
  std::size_t failed_redactions() const noexcept { return redactor_.failures(); }
  std::size_t kept_roots() const noexcept { return roots_.spans.size() - first_root_; }
  bool full(const batch& b) const noexcept { return b.spans.size() >= max_spans_ || b.bytes.size() >= max_bytes_; }

  /// Counts and forgets everything that is committed: the end.
  std::uint64_t discard_all() {
    std::uint64_t discarded = kept_roots() + carried_.spans.size();
    forget();
    for (slot* s = the_recorder.slots.load(std::memory_order_acquire); s != nullptr; s = s->registered_before) {
      while (record* const r = s->queue.pop(the_recorder.source.blocks)) {
        pin(*s, r);
        release_rest(*r);
        count(counters_.taken);
        ++discarded;
      }
    }
    return discarded;
  }

  /// In a forked child: the parent keeps what was collected.
  void forget() {
    roots_.clear();
    first_root_ = 0;
    carried_.clear();
    next_ = nullptr;
  }

 private:
  void begin_visit() noexcept {
    // Bounded: a thread that records faster than we take can't hold the sweep up. What another thread did before a root
    // was committed is in this number, because the root was committed after it and we have seen the root.
    left_ = next_->committed.get() - next_->taken;
  }

  void end_visit() noexcept {
    recycle(*next_);
    next_ = next_->registered_before;
    if (next_ != nullptr) begin_visit();
  }

  /// A thread that is gone and whose spans were all taken leaves its slot to the next one.
  static void recycle(slot& s) noexcept {
    // Acquire pairs with the release of retire_slot().
    if (s.status.load(std::memory_order_acquire) != slot::exited || !s.queue.empty()) return;
    if (s.pinned != nullptr) the_recorder.source.blocks.release(the_recorder.source.blocks.block_of(s.pinned), 1);
    s.pinned = nullptr;
    s.queue.reset();
    // Release: the next owner sees the reset queue.
    s.status.store(slot::unused, std::memory_order_release);
  }

  /// Gives back everything of a taken span but its first segment, through which the queue goes on.
  static void release_rest(record& r) noexcept {
    pool& blocks = the_recorder.source.blocks;
    for (pool_offset at = r.first.next; at != 0;) {
      segment* const s = writer::segment_at(blocks, at);
      at = s->next;
      blocks.release(blocks.block_of(s), 1);
    }
    r.first.next = 0;
  }

  /// Keeps `r` as the record through which the queue goes on, instead of the one before it.
  static void pin(slot& s, record* r) noexcept {
    pool& blocks = the_recorder.source.blocks;
    if (s.pinned != nullptr) blocks.release(blocks.block_of(s.pinned), 1);
    s.pinned = r;
    ++s.taken;
  }

  void take(record& r, batch& out) {
    count(counters_.taken);
    const bool keep = roots_last_ && (r.flags & record::root) != 0;
    // A root for which there is no room gives its order up rather than itself.
    if (!copy(r, keep ? roots_ : out) && !copy(r, out.empty() ? out : carried_)) return count(counters_.failed);
    if (carried_.empty() && !keep && out.bytes.size() > max_bytes_ && out.spans.size() > 1) {
      // Too large together.
      const batch::entry last = out.spans.back();
      move(carried_, out, last);
      out.spans.pop_back();
      out.bytes.truncate(last.at);
    }
  }

  /// Copies a span out of the pool, with its call site's attributes, and cleans it. False: no memory, or bytes that don't
  /// decode (a range that changed while it was written); `to` is as before.
  bool copy(record& r, batch& to) {
    const std::size_t at = to.bytes.size();
    const char* site = nullptr;
    std::size_t site_size = 0;
    // First, so that a key of the user's own wins over it.
    if (the_recorder.sites.get(r.site, site, site_size)) to.bytes.append(site, site_size);
    std::size_t skip = (r.flags & record::root) != 0 ? head::trace : 0;
    for (segment* s = &r.first; s != nullptr;
         s = s->next == 0 ? nullptr : writer::segment_at(the_recorder.source.blocks, s->next)) {
      to.bytes.append(s->content() + skip, s->size - skip);
      skip = 0;
    }
    if (to.bytes.failed() || !redact(to.bytes, at)) return undo(to, at);
    clean_flags flags;
    flags.engine = for_engine_;
    flags.free_keys = (r.flags & record::has_free_keys) != 0;
    flags.may_repeat_keys = (r.flags & record::may_repeat_keys) != 0 || flags.free_keys;
    flags.limits = &limits_;
    bool rewritten = false;
    const std::uint64_t dropped_before = counts_.dropped_attributes;
    scratch_.clear();
    switch (clean_span(scratch_, to.bytes.data() + at, to.bytes.size() - at, flags, counts_)) {
      case clean_outcome::unchanged:
        break;
      case clean_outcome::rewritten:
        to.bytes.truncate(at);
        to.bytes.append(scratch_.data(), scratch_.size());
        rewritten = true;
        break;
      case clean_outcome::undecodable:
        return undo(to, at);
    }
    if (!to.bytes.failed()) completion_.complete(r, to.bytes, at, scratch_);
    if (to.bytes.failed() || !to.spans.push_back({r.group, at, to.bytes.size() - at, number_})) return undo(to, at);
    if (rewritten) count(counters_.cleaned);
    count(counters_.dropped_attributes, counts_.dropped_attributes - dropped_before);
    return true;
  }

  /// The first thing that happens to the texts of a span, so that none gets anywhere as it was. False: no memory, or bytes
  /// that don't decode.
  bool redact(buffer& bytes, std::size_t at) noexcept {
    if (!redactor_.wanted()) return true;
    scratch_.clear();
    const span_redactor::outcome done = redactor_.redact(scratch_, bytes.data() + at, bytes.size() - at);
    if (done != span_redactor::outcome::rewritten) return done == span_redactor::outcome::unchanged;
    bytes.truncate(at);
    return bytes.append(scratch_.data(), scratch_.size());
  }

  bool move(batch& to, const batch& from, const batch::entry& e) {
    const bool done = to.append(from, e);
    if (!done) count(counters_.failed);
    return done;
  }

  static bool undo(batch& to, std::size_t at) noexcept {
    to.bytes.forgive();
    to.bytes.truncate(at);
    return false;
  }

  /// Lets go of roots that were found before sweep `before`. False: `out` is full first.
  bool release_roots(batch& out, std::uint64_t before) {
    while (first_root_ < roots_.spans.size() && roots_.spans[first_root_].sweep < before) {
      if (full(out) || (!out.empty() && out.bytes.size() + roots_.spans[first_root_].size > max_bytes_)) return false;
      move(out, roots_, roots_.spans[first_root_]);
      ++first_root_;
    }
    // The bytes of roots that went are given back together, so that each root is moved once or twice at most.
    if (first_root_ == roots_.spans.size()) {
      roots_.clear();
    } else if (first_root_ * 2 > roots_.spans.size()) {
      roots_.keep(kept_roots(), [this](std::size_t n) { return first_root_ + n; });
    } else {
      return true;
    }
    first_root_ = 0;
    return true;
  }

  // Beyond this the order of roots and children is given up rather than memory.
  static constexpr std::size_t max_kept_bytes = std::size_t{8} << 20;

  std::size_t max_spans_;
  std::size_t max_bytes_;
  bool for_engine_;
  bool roots_last_;
  span_limits limits_;
  span_redactor redactor_;
  completion completion_;
  delivery_counters& counters_;
  clean_counts counts_;
  slot* next_ = nullptr;     // being visited; null between sweeps
  std::uint64_t left_ = 0;   // spans still to take in this visit
  std::uint64_t number_ = 0;
  buffer scratch_;
  batch carried_;  // one span that didn't fit into the former batch
  batch roots_;
  std::size_t first_root_ = 0;  // those before it are gone
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
