// api.hpp: start, flush, poll, stats and the switches, as programs call them.
#ifndef ARTHUR_RUNTIME_API_HPP
#define ARTHUR_RUNTIME_API_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>

#include "../config.hpp"
#include "../record/threads.hpp"
#include "../spans/restraint.hpp"
#include "../runtime.hpp"
#include "../span.hpp"
#include "lifecycle.hpp"
#include "waiting.hpp"

ARTHUR_NAMESPACE_BEGIN

ARTHUR_LINKED tracing_guard start(const options& settings) noexcept {
  using namespace detail;
  if (was_forked()) after_fork();  // or the first span would make another runtime beside this one
  runtime* r = the_runtime.load(std::memory_order_acquire);
  if (r == nullptr) {
    auto* const made = new (std::nothrow) runtime;
    if (made == nullptr) return tracing_guard(false, false, {});
    if (the_runtime.compare_exchange_strong(r, made, std::memory_order_acq_rel)) {
      r = made;
    } else {
      delete made;
    }
  }
  std::string error;
#if ARTHUR_HAS_EXCEPTIONS
  try {
    error = r->start(settings);
  } catch (...) {
    return tracing_guard(false, false, {});
  }
#else
  error = r->start(settings);
#endif
  const bool ok = error.empty();
  if (!ok) r->says.say(diagnostics::topic::configuration, severity::error, error);
  return tracing_guard(ok && r->running(), ok, static_cast<std::string&&>(error));
}

namespace detail {
namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {
ARTHUR_LINKED void stop() noexcept { stop_runtime(); }
}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail

ARTHUR_LINKED flush_result flush(std::chrono::nanoseconds timeout) noexcept {
  if (detail::was_forked()) detail::after_fork();
  detail::runtime* const r = detail::the_runtime.load(std::memory_order_acquire);
  return r == nullptr ? flush_result::failed : r->flush(timeout.count() < 0 ? 0 : static_cast<std::uint64_t>(timeout.count()));
}

ARTHUR_LINKED bool poll() noexcept {
  if (detail::was_forked()) detail::after_fork();
  detail::runtime* const r = detail::the_runtime.load(std::memory_order_acquire);
  return r != nullptr && r->poll();
}

ARTHUR_LINKED statistics stats() noexcept {
  using namespace detail;
  if (was_forked()) after_fork();
  statistics out;
  recorder& r = the_recorder;
  // What happened later is read first, so that no span is seen delivered before it is seen opened.
  runtime* const run = the_runtime.load(std::memory_order_acquire);
  std::uint64_t judged = 0;
  if (run != nullptr) {
    const delivery_counters& c = run->counters;
    const auto get = [](const std::atomic<std::uint64_t>& a) { return a.load(std::memory_order_relaxed); };
    out.delivered = get(c.delivered);
    out.rejected = get(c.rejected);
    out.failed = get(c.failed);
    out.unconfirmed = get(c.unconfirmed);
    out.discarded = get(c.discarded);
    out.spooled = get(c.spooled);
    out.tail_dropped = get(c.tail_dropped);
    out.held = get(c.held);
    out.replayed = get(c.replayed);
    out.replay_rejected = get(c.replay_rejected);
    out.replay_unconfirmed = get(c.replay_unconfirmed);
    out.expired = get(c.expired);
    out.cleaned = get(c.cleaned);
    out.dropped_attributes = get(c.dropped_attributes);
    out.requests = get(c.requests);
    out.retries = get(c.retries);
    out.last_error = run->says.last_error();
    out.last_rejection = run->says.last_rejection();
    judged = out.delivered + out.rejected + out.failed + out.unconfirmed + out.discarded + out.spooled + out.tail_dropped;
  }
  std::uint64_t dropped[static_cast<std::size_t>(drop::count)] = {};
  for (slot* s = r.slots.load(std::memory_order_acquire); s != nullptr; s = s->registered_before) {
    for (std::size_t n = 0; n < static_cast<std::size_t>(drop::count); ++n) dropped[n] += s->dropped[n].get();
    out.committed += s->committed.get();
    out.unsampled += s->unsampled.get();
    out.rate_limited += s->rate_limited.get();
    out.dropped_attributes += s->dropped_attributes.get();
    out.opened += s->opened.get();
  }
  dropped[static_cast<std::size_t>(drop::thread_exit)] += r.slotless_dropped.load(std::memory_order_relaxed);
  out.opened += r.slotless_opened.load(std::memory_order_relaxed);
  out.dropped_pool_full = dropped[static_cast<std::size_t>(drop::pool_full)];
  out.dropped_too_deep = dropped[static_cast<std::size_t>(drop::too_deep)];
  out.dropped_scope_misuse = dropped[static_cast<std::size_t>(drop::scope_misuse)];
  out.dropped_thread_exit = dropped[static_cast<std::size_t>(drop::thread_exit)];
  out.dropped_fork = dropped[static_cast<std::size_t>(drop::fork)];
  for (const std::uint64_t n : dropped) out.dropped += n;
  out.open = out.opened > out.committed + out.dropped ? out.opened - out.committed - out.dropped : 0;
  out.waiting = out.committed > judged ? out.committed - judged : 0;
  out.bytes_held = r.source.blocks.bytes_used();
  return out;
}

ARTHUR_LINKED void pause() noexcept { detail::switch_recording(detail::recording_mode::paused, true); }
ARTHUR_LINKED void resume() noexcept { detail::switch_recording(detail::recording_mode::paused, false); }
ARTHUR_LINKED bool recording() noexcept {
  const std::uint32_t mode = detail::recording_enabled.load(std::memory_order_relaxed);
  return mode != 0 && (mode & detail::recording_mode::paused) == 0;
}

ARTHUR_LINKED bool set_sample_ratio(double ratio) noexcept {
  if (detail::was_forked()) detail::after_fork();
  detail::runtime* const r = detail::the_runtime.load(std::memory_order_acquire);
  return r != nullptr && r->set_sample_ratio(ratio);
}

ARTHUR_NAMESPACE_END

#endif
