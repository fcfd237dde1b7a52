// streaming.hpp: the functions behind llm_stream.hpp: pieces collected in the pool; compiled in one .cpp.
#ifndef ARTHUR_SPANS_STREAMING_HPP
#define ARTHUR_SPANS_STREAMING_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../attributes.hpp"
#include "call_sites.hpp"
#include "../config.hpp"
#include "events.hpp"
#include "../llm_stream.hpp"
#include "../openinference/item_writer.hpp"
#include "../openinference/kinds.hpp"
#include "../openinference/masking.hpp"
#include "../record/context_node.hpp"
#include "../record/threads.hpp"
#include "recording.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline double seconds_between(std::uint64_t from, std::uint64_t to) noexcept {
  return to > from ? static_cast<double>(to - from) / 1e9 : 0;  // the wall clock may be set back
}

inline void write_free_number(slot& s, frame& f, std::string_view k, double value) noexcept {
  item i = number_item(key::free, value);
  i.key_data = k.data();
  i.key_size = static_cast<std::uint32_t>(k.size());
  write_items(s, f, &i, 1);
}

inline void drop_text(stream_handle& handle) noexcept {
  if (handle.text == nullptr) return;
  handle.text->span.bytes.discard();
  release_pooled(handle.text);
  handle.text = nullptr;
}

constexpr std::string_view answer_role = "llm.output_messages.0.message.role", answer_content = "llm.output_messages.0.message.content";

/// What the switches of masking.hpp make of an attribute of the answer.
inline masked answer_as(std::string_view k) noexcept {
  const std::uint32_t hidden = the_recorder.hidden.load(std::memory_order_relaxed);
  return ARTHUR_LIKELY(hidden == 0) ? masked::keep : mask(hidden, default_base64_limit, k, std::string_view());
}
inline bool keeps_answer() noexcept {
  return answer_as(key_texts[key::output_value].text) == masked::keep || answer_as(answer_content) == masked::keep;
}

/// What the program didn't set itself: the text of the answer as output and as message.
inline void write_answer(frame& f, const stream_handle& handle) noexcept {
  const auto write = [&](std::string_view k, const char* text) {
    const masked as = answer_as(k);
    if (as == masked::drop) return;
    ++f.attributes;
    if (as == masked::redact) text = redacted.data();
    if (text != nullptr) return write_text(f.bytes, wire::span_attributes, k.data(), k.size(), text, std::strlen(text));
    if (handle.text == nullptr) return;  // another start() shows it from now on
    if (!write_text_start(f.bytes, wire::span_attributes, k.data(), k.size(), handle.size)) return;
    f.bytes.append_chain(handle.text->span.bytes.first(), handle.text->pool_base);
  };
  if ((f.single_keys >> static_cast<unsigned>(key::output_value) & 1U) == 0) {
    item_writer(f).note(key::output_value);
    write(key_texts[key::output_value].text, nullptr);
  }
  auto& messages = f.lists[static_cast<std::size_t>(key::llm_output_messages) - static_cast<std::size_t>(key::before_lists) - 1];
  if (messages != 0) return;
  messages = 1;
  write(answer_role, "assistant");
  write(answer_content, nullptr);
}

/// How many tokens the answer has, where one of the items says it.
inline void note_tokens(stream_handle& handle, const item* items, std::size_t count) noexcept {
  for (std::size_t n = 0; n < count; ++n) {
    const item& i = items[n];
    if (i.code == key::token_counts) handle.tokens = i.second;
    if (i.code == key::llm_token_count_completion) handle.tokens = i.integer;
    if (i.code == key::several) note_tokens(handle, i.parts, i.size);
  }
}

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

ARTHUR_LINKED bool stream_open(stream_handle& handle, text_arg name) noexcept { return detached_open(handle.span, kind::llm, name); }

ARTHUR_LINKED void stream_set(stream_handle& handle, const item* items, std::size_t count) noexcept {
  note_tokens(handle, items, count);
  detached_set(handle.span, items, count);
}

ARTHUR_LINKED void stream_chunk(stream_handle& handle, text_arg piece) noexcept {
  slot* const s = ready_slot();
  frame* const f = frame_of(handle.span);
  if (s == nullptr || f == nullptr) return;
  handle.last = the_recorder.clock.now();
  if (handle.first == 0) {
    handle.first = handle.last;
    write_event(*f, "First Token Stream Event", nullptr, 0);
    write_free_number(*s, *f, "gen_ai.response.time_to_first_chunk", seconds_between(f->start, handle.first));
  }
  if (piece.size == 0) return;
  if (handle.size == 0 && keeps_answer()) {
    char* unused = nullptr;
    handle.text = begin_pooled(0, 0, unused);
  }
  handle.size += piece.size;
  if (handle.text == nullptr) return;  // hidden; or no room: a text with holes is worse than none
  handle.text->span.bytes.append(piece.data, piece.size);
  if (handle.text->span.bytes.failed()) drop_text(handle);
}

ARTHUR_LINKED void stream_close(stream_handle& handle, stream_end how, text_arg message) noexcept {
  slot* const s = ready_slot();
  frame* const f = frame_of(handle.span);
  if (!is_ours(handle.span)) handle.text = nullptr;  // of before a fork: the parent process has it
  if (s != nullptr && f != nullptr) {
    if (handle.tokens > 1 && handle.last > handle.first) {
      write_free_number(*s, *f, "llm.tokens_per_second", static_cast<double>(handle.tokens - 1) / seconds_between(handle.first, handle.last));
    }
    if (handle.text != nullptr) handle.text->span.bytes.finish();
    if (handle.text != nullptr || (handle.size != 0 && !keeps_answer())) {
      write_answer(*f, handle);
    } else if (handle.size != 0) {
      ++f->dropped_attributes;
    }
    const bool thrown = how == stream_end::left && exceptions_in_flight() > f->exceptions;
    if (how == stream_end::failed) {
      write_status_message(*f, {message.data, message.size});
    } else if (thrown && f->result != span_status::error) {
      write_status_message(*f, s->reporting_exception ? std::string_view(s->exception) : "exception left the scope");
    } else if (how == stream_end::left && f->result == span_status::unset) {
      f->result = span_status::left_unset;
    }
    settle(*s, *f);
  }
  drop_text(handle);
  detached_end(handle.span);
}

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
