// key_builder.hpp: keys of list elements, put together from their pieces.
#ifndef ARTHUR_OPENINFERENCE_KEY_BUILDER_HPP
#define ARTHUR_OPENINFERENCE_KEY_BUILDER_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../config.hpp"
#include "../record/wire.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// A key put together from a list, a number and a part: "llm.input_messages.3.message.content".
class key_builder {
 public:
  key_builder() noexcept = default;
  key_builder(const key_builder& prefix, std::string_view list, std::uint32_t index) noexcept {
    if (prefix.size_ != 0) add({prefix.text_, prefix.size_});
    add(list);
    text_[size_++] = '.';
    char digits[10];
    std::size_t count = 0;
    do {
      digits[count++] = static_cast<char>('0' + index % 10);
      index /= 10;
    } while (index != 0);
    while (count != 0) text_[size_++] = digits[--count];
    text_[size_++] = '.';
  }

  /// A further name behind the number.
  void below(std::string_view name) noexcept {
    add(name);
    text_[size_++] = '.';
  }

  std::size_t size() const noexcept { return size_; }
  /// The prefix, at the beginning of 64 bytes that may be copied; null when it is longer.
  const char* short_text() const noexcept { return size_ <= 64 ? text_ : nullptr; }

  /// The prefix with a part behind it; valid until the next call.
  std::string_view with(std::string_view part) noexcept {
    wire::put_bytes(text_ + size_, part.data(), part.size());
    return {text_, size_ + part.size()};
  }

 private:
  void add(std::string_view s) noexcept {
    wire::put_bytes(text_ + size_, s.data(), s.size());
    size_ += s.size();
  }
  // Two levels of our own keys at most (message and tool call), each under 40 bytes, and two numbers.
  char text_[160];
  std::size_t size_ = 0;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
