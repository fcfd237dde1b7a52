// text_line.hpp: one line of text in place: cut where its array ends, never on the heap.
#ifndef ARTHUR_TEXT_LINE_HPP
#define ARTHUR_TEXT_LINE_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What the runtime says, put together from texts and whole numbers: text_line("status ", 500, " from ", name). Reads like a
/// std::string, and becomes one where one is wanted.
class text_line {
 public:
  static constexpr std::size_t capacity = 1000;

  text_line() noexcept { text_[0] = '\0'; }
  template <class... Parts>
  explicit text_line(const Parts&... parts) noexcept : text_line() {
    (add(parts), ...);
  }
  text_line(const text_line& other) noexcept : text_line() { add_text(other); }
  text_line& operator=(const text_line& other) noexcept {
    if (this != &other) {
      clear();
      add_text(other);
    }
    return *this;
  }
  ~text_line() = default;

  template <class Part>
  void add(const Part& part) noexcept {
    if constexpr (std::is_integral_v<Part>) {
      add_number(static_cast<std::uint64_t>(part));
    } else {
      add_text(std::string_view(part));
    }
  }
  text_line& operator+=(char c) noexcept {
    add_text({&c, 1});
    return *this;
  }

  void clear() noexcept { text_[size_ = 0] = '\0'; }

  const char* c_str() const noexcept { return text_; }
  const char* data() const noexcept { return text_; }
  char* begin() noexcept { return text_; }
  char* end() noexcept { return text_ + size_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::size_t find(std::string_view text) const noexcept { return std::string_view(*this).find(text); }

  operator std::string_view() const noexcept { return {text_, size_}; }
  operator std::string() const { return std::string(text_, size_); }

  friend bool operator==(const text_line& a, const text_line& b) noexcept { return std::string_view(a) == std::string_view(b); }
  friend bool operator==(const text_line& a, std::string_view b) noexcept { return std::string_view(a) == b; }
  friend bool operator!=(const text_line& a, std::string_view b) noexcept { return std::string_view(a) != b; }
  friend std::string operator+(std::string_view a, const text_line& b) { return std::string(a).append(b.text_, b.size_); }
  friend std::string operator+(const text_line& a, std::string_view b) { return std::string(a.text_, a.size_).append(b); }
  template <class Stream>
  friend Stream& operator<<(Stream& to, const text_line& from) {
    to << std::string_view(from);
    return to;
  }

 private:
  void add_text(std::string_view text) noexcept {
    const std::size_t count = text.size() < capacity - size_ ? text.size() : capacity - size_;
    size_ += text.copy(text_ + size_, count);
    text_[size_] = '\0';
  }
  void add_number(std::uint64_t number) noexcept {
    char digits[20];
    char* first = digits + sizeof digits;
    do *--first = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    add_text({first, static_cast<std::size_t>(digits + sizeof digits - first)});
  }

  std::size_t size_ = 0;
  char text_[capacity + 1];
};

/// Makes `to` a line of these parts, which `to` may be one of. Takes no memory if room for a line was reserved.
template <class... Parts>
void set_line(std::string& to, const Parts&... parts) {
  const text_line whole(parts...);
  to.assign(whole.data(), whole.size());
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
