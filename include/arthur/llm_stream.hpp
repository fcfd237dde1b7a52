// llm_stream.hpp: the span of an LLM call whose answer arrives in pieces.
#ifndef ARTHUR_LLM_STREAM_HPP
#define ARTHUR_LLM_STREAM_HPP

#include <cstddef>
#include <cstdint>

#include "attributes.hpp"
#include "config.hpp"
#include "span.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct pooled_frame;

struct stream_handle {
  detached_handle span;
  pooled_frame* text = nullptr;  // the pieces so far; null: none, or no room
  std::size_t size = 0;          // bytes of them
  std::uint64_t first = 0;       // when the first piece came; 0 = not yet
  std::uint64_t last = 0;
  std::int64_t tokens = 0;  // of the answer, as tokens() said
};
enum class stream_end : std::uint8_t { finished, failed, left };

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {
bool stream_open(stream_handle& handle, text_arg name) noexcept;
void stream_set(stream_handle& handle, const item* items, std::size_t count) noexcept;
void stream_chunk(stream_handle& handle, text_arg piece) noexcept;
void stream_close(stream_handle& handle, stream_end how, text_arg message) noexcept;
}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail

/// The LLM span of a streamed call, from the request to the last piece of the answer:
///
///     arthur::llm_stream stream("chat", arthur::model("gpt-4o"), arthur::input_message("user", question));
///     client.stream(request, [&](std::string_view piece) { stream.chunk(piece); });
///     stream.set(arthur::tokens(120, 48));
///     stream.finish();
///
/// Records the event `First Token Stream Event`, `gen_ai.response.time_to_first_chunk` (seconds), `llm.tokens_per_second`
/// (pieces after the first, where tokens() was set) and the pieces put together as `output.value` and as output message,
/// unless the program sets these itself. Status: OK after finish(), ERROR after fail() and when an exception destroys it,
/// UNSET when it is destroyed before the end (nobody reads on); each with the answer so far.
/// Movable, ends on any thread; use by one thread at a time. Not current unless activated. Nothing throws, no heap memory.
class [[nodiscard]] llm_stream {
 public:
  llm_stream() noexcept = default;
  template <class... Attributes>
  explicit llm_stream(detail::text_arg name, Attributes&&... attributes) noexcept {
    if (detail::recording_enabled.load(std::memory_order_relaxed) == 0) return;
    recording_ = detail::rt::stream_open(handle_, name);
    if (recording_) set(static_cast<Attributes&&>(attributes)...);
  }
  ~llm_stream() { end(detail::stream_end::left, std::string_view()); }
  llm_stream(llm_stream&& from) noexcept : handle_(from.handle_), recording_(from.recording_) { from.forget(); }
  llm_stream& operator=(llm_stream&& from) noexcept {
    if (this == &from) return *this;
    end(detail::stream_end::left, std::string_view());
    handle_ = from.handle_;
    recording_ = from.recording_;
    from.forget();
    return *this;
  }

  /// Whether anything would be kept.
  bool recording() const noexcept { return recording_; }
  /// As scoped_span::set.
  template <class... Attributes>
  void set(Attributes&&... attributes) noexcept {
    if constexpr (sizeof...(Attributes) != 0) {
      const detail::item items[] = {detail::take(static_cast<Attributes&&>(attributes))...};
      detail::rt::stream_set(handle_, items, sizeof...(Attributes));
    }
  }
  /// A piece arrived: the next bytes of the answer's text; empty for one that has no text (reasoning, a tool call).
  void chunk(detail::text_arg piece = std::string_view()) noexcept {
    if (recording_) detail::rt::stream_chunk(handle_, piece);
  }
  /// The answer is complete; everything after it is ignored.
  void finish() noexcept { end(detail::stream_end::finished, std::string_view()); }
  /// The answer broke off: why, in one line.
  void fail(detail::text_arg message) noexcept { end(detail::stream_end::failed, message); }
  /// As span::activate.
  activation activate() const noexcept { return activation(handle_.span); }

 private:
  void end(detail::stream_end how, detail::text_arg message) noexcept {
    if (handle_.span.open != nullptr) detail::rt::stream_close(handle_, how, message);
    forget();
  }
  void forget() noexcept {
    handle_ = {};
    recording_ = false;
  }
  detail::stream_handle handle_;
  bool recording_ = false;
};

ARTHUR_NAMESPACE_END

#endif
