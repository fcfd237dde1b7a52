// doubts.hpp: batches whose request got no answer: the engine is asked for each span, until it is known what it has.
#ifndef ARTHUR_RUNTIME_DOUBTS_HPP
#define ARTHUR_RUNTIME_DOUBTS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "../config.hpp"
#include "../policy/asking_back.hpp"
#include "../policy/retry.hpp"
#include "../policy/settings.hpp"
#include "../record/pool.hpp"
#include "../record/wire.hpp"
#include "../text_line.hpp"
#include "../transport/transport.hpp"
#include "batch.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// The id of a span as the engine writes it, 16 hex digits; "" if it has none.
inline text_line span_id_of(const batch& b, std::size_t n) {
  text_line out;
  wire::reader reader(b.bytes.data() + b.spans[n].at, b.spans[n].size);
  for (wire::field at; reader.next(at);) {
    if (at.tag != wire::span_span_id) continue;
    for (std::size_t i = 0; i < at.size; ++i) {
      const auto byte = static_cast<unsigned char>(at.data[i]);
      out += "0123456789abcdef"[byte >> 4];
      out += "0123456789abcdef"[byte & 15];
    }
    break;
  }
  return out;
}

/// Never sleeps: each step asks for one span. What is found is counted as delivered; what isn't there two minutes after
/// it was sent is handed back to be sent again, provided that the key is shown a span that the engine did accept: else
/// "not there" could mean that it may not see it. What can't be found out is unconfirmed.
class doubts {
 public:
  enum class finding { stored, unknown };

  doubts(const settings& s, outcome& last) : settings_(s), outcome_(last), most_bytes_(s.memory_limit / 4) {
    target_.reserve(s.where.engine.target.size() + 64);
  }

  /// The way to the engine; null: it can't be asked.
  void use(transport* engine) noexcept { engine_ = engine; }
  /// What lies here is taken off the pool's limit: one budget for both.
  void share(pool& blocks) noexcept { pool_ = &blocks; }
  void give_back() noexcept {
    if (pool_ != nullptr) pool_->limit(settings_.memory_limit);
  }

  /// Whether the engine can be asked by this key, as far as is known.
  bool possible() const noexcept {
#ifdef ARTHUR_NO_HEAP
    return false;  // it takes memory
#else
    return engine_ != nullptr && !no_right_;
#endif
  }
  bool has_room(std::size_t bytes) const noexcept { return bytes_ + bytes <= most_bytes_; }
  /// Else a file of any size may come: it was read into memory anyway.
  bool holds_any() const noexcept { return bytes_ != 0; }

  /// `age`: nanoseconds since the request. `spooled`: it came from the spool, whose file is handled by whoever adds it.
  void add(batch&& spans, bool spooled, std::uint64_t age, std::uint64_t now) {
    const std::size_t bytes = spans.bytes.size();
    entries_.push_back(entry(std::move(spans), spooled, age, now));  // may throw
    grow(bytes);
  }

  bool empty() const noexcept { return entries_.empty(); }
  std::uint64_t due() const noexcept {
    std::uint64_t first = never;
    for (const entry& e : entries_) first = (std::min)(first, e.due);
    return first;
  }

  /// A span that the engine has accepted.
  void witness(const batch& of, std::size_t n) { witness_ = span_id_of(of, n); }
  bool has_witness() const noexcept { return !witness_.empty(); }

  /// The end is near: each is asked for once more, then due() is `never`.
  void hurry() noexcept {
    for (entry& e : entries_) {
      if (!closing_) e.due = 0;
    }
    closing_ = true;
  }

  /// One request. `judge(finding, count, spooled, all)` is told of spans whose fate is known, of all that are left in their
  /// batch or of some; `again(batch&&, spooled)` gets what has to be sent again.
  template <class Judge, class Again>
  void step(std::uint64_t (*clock)(), std::uint64_t deadline, std::uint64_t random, Judge judge, Again again) {
    const std::uint64_t now = clock();
    const auto found = std::find_if(entries_.begin(), entries_.end(), [now](const entry& e) { return e.due <= now; });
    if (found == entries_.end()) return;
    entry& e = *found;
    const std::size_t count = e.spans.spans.size();
    const bool final_round = e.age(now) >= believed_after;
    if (e.at == 0) e.final_round = final_round;
    const bool for_witness = e.at == count;
    const text_line id = for_witness ? witness_ : span_id_of(e.spans, e.at);
    switch (ask(id, (std::min)(deadline, now + ask_within))) {
      case presence::no_answer:
        // The endpoint may be busy with the very request: not too often.
        e.due = closing_ ? never : clock() + backoff(e.failures++, random) * 10 * 1000000U;
        return;
      case presence::no_right:
        no_right_ = no_right_ || !for_witness;
        return give_up(found, judge);
      case presence::there:
        if (for_witness) return resend(found, again);
        ++e.at;
        break;
      case presence::not_there:
        if (for_witness) return give_up(found, judge);
        // Nothing is stored of a request before all of it is.
        if (e.at == 0 && !e.final_round) return later(e);
        if (!e.missing.push_back(e.at)) return later(e);  // no memory: it would count as stored
        ++e.at;
        break;
    }
    e.failures = 0;
    if (e.at == count) end_round(found, judge);
  }

  /// The end: calls `left(batch&&, spooled, age)` for each that nothing was found out about.
  template <class Left>
  void drain(std::uint64_t now, Left left) {
    while (!entries_.empty()) {
      entry e = std::move(entries_.front());
      entries_.pop_front();
      shrink(e.spans.bytes.size());
      left(std::move(e.spans), e.spooled, e.age(now));
    }
  }

 private:
  static constexpr std::uint64_t never = ~std::uint64_t{0};
  static constexpr std::uint64_t ask_within = 10000000000;
  static constexpr std::uint64_t witness_pause = 10000000000;

  struct entry {
    entry(batch&& b, bool from_spool, std::uint64_t its_age, std::uint64_t now)
        : spans(std::move(b)), spooled(from_spool), age_then(its_age), then(now), due(now) {}
    std::uint64_t age(std::uint64_t now) const noexcept { return age_then + (now - then); }

    batch spans;
    bool spooled;
    std::uint64_t age_then;
    std::uint64_t then;
    std::uint64_t due;
    unsigned round = 0;
    unsigned failures = 0;
    std::size_t at = 0;  // span to ask for next; behind the last: the witness
    bool final_round = false;
    value_list<std::size_t> missing;  // spans asked for in this round that aren't there
  };
  using place = std::deque<entry>::iterator;

  void grow(std::size_t bytes) noexcept {
    bytes_ += bytes;
    if (pool_ != nullptr) pool_->limit(settings_.memory_limit - (std::min)(bytes_, most_bytes_));
  }
  void shrink(std::size_t bytes) noexcept { grow(std::size_t{0} - bytes); }

  presence ask(const text_line& id, std::uint64_t deadline) {
    target_.assign(settings_.where.engine.target);
    target_.append("/api/v1/traces/spans/").append(id);
    request r;
    r.method = "GET";
    r.target = target_.c_str();
    if (id.empty()) return presence::no_right;
    if (engine_->send(r, deadline, outcome_.answer, outcome_.error) != transport_result::answered) return presence::no_answer;
    return read_presence(outcome_.answer.status, outcome_.answer.body, id);
  }

  void later(entry& e) {
    e.at = 0;
    e.missing.clear();
    const std::uint64_t age = next_asking(++e.round);
    e.due = closing_ ? never : age > e.age_then ? e.then + (age - e.age_then) : e.then;
  }

  template <class Judge>
  void end_round(place at, Judge judge) {
    entry& e = *at;
    batch& b = e.spans;
    const std::size_t stored = b.spans.size() - e.missing.size();
    if (stored != 0) judge(finding::stored, stored, e.spooled, e.missing.empty());
    const std::size_t before = b.bytes.size();
    if (e.missing.empty()) return remove(at);
    b.keep(e.missing.size(), [&e](std::size_t n) { return e.missing[n]; });
    shrink(before - b.bytes.size());
    if (!e.final_round) return later(e);
    // Next: the witness. Without one it waits until something was accepted.
    e.missing.clear();
    e.at = b.spans.size();
    if (witness_.empty()) {
      e.at = 0;
      e.due = closing_ ? never : e.due + witness_pause;
    }
  }

  template <class Again>
  void resend(place at, Again again) {
    entry e = std::move(*at);
    shrink(e.spans.bytes.size());
    entries_.erase(at);
    again(std::move(e.spans), e.spooled);
  }

  template <class Judge>
  void give_up(place at, Judge judge) {
    judge(finding::unknown, at->spans.spans.size(), at->spooled, true);
    remove(at);
  }

  void remove(place at) {
    shrink(at->spans.bytes.size());
    entries_.erase(at);
  }

  const settings& settings_;
  outcome& outcome_;
  transport* engine_ = nullptr;
  pool* pool_ = nullptr;
  std::size_t most_bytes_;
  std::deque<entry> entries_;
  std::size_t bytes_ = 0;
  bool no_right_ = false;
  bool closing_ = false;
  text_line witness_;
  std::string target_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
