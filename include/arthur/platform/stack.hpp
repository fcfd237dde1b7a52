// stack.hpp: readable names: of a type, and of the functions that the calling thread is in.
#ifndef ARTHUR_PLATFORM_STACK_HPP
#define ARTHUR_PLATFORM_STACK_HPP

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "../config.hpp"

#if defined(__GNUC__)
#include <cxxabi.h>
#endif
#if (defined(__GLIBC__) || defined(__APPLE__)) && !defined(ARTHUR_NO_HEAP)
#include <execinfo.h>
#define ARTHUR_HAS_STACK 1
#else
#define ARTHUR_HAS_STACK 0
#endif

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Text in a room of its own, cut at its end.
template <std::size_t Size>
class fixed_text {
 public:
  void add(std::string_view s) noexcept {
    const std::size_t room = Size - size_, n = s.size() < room ? s.size() : room;
    std::memcpy(text_ + size_, s.data(), n);
    size_ += n;
  }
  std::string_view view() const noexcept { return {text_, size_}; }

 private:
  char text_[Size];
  std::size_t size_ = 0;
};

/// Calls `use(std::string_view)` with the readable form of a mangled name; with the name itself where there is none.
template <class Use>
void demangled(const char* mangled, Use use) noexcept {
#if defined(__GNUC__) && !defined(ARTHUR_NO_HEAP)  // demangling takes memory
  int status = 0;
  char* const plain = abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
  use(std::string_view(plain != nullptr ? plain : mangled));
  std::free(plain);
#else
  use(std::string_view(mangled));
#endif
}

#if ARTHUR_HAS_STACK

/// Adds a line per function, the innermost first, from the one on that goes on at `from`. Functions of an executable have
/// names only if it is linked with -rdynamic; the others have an offset, which addr2line understands.
template <std::size_t Size>
ARTHUR_NOINLINE void add_stack(fixed_text<Size>& to, const void* from) noexcept {
  void* places[48];
  const int count = ::backtrace(places, 48);
  // Not dladdr(): before glibc 2.34 it is in a library of its own, which users would have to link.
  char** const lines = ::backtrace_symbols(places, count);
  if (lines == nullptr) return;
  int n = 0;
  while (n < count && places[n] != from) ++n;
  for (n = n < count ? n : 0; n < count; ++n) {
    const std::string_view line(lines[n]);
    // "module(function+0x12) [0x7f...]" with glibc, "1 module 0x00007f... function + 18" on macOS
    const std::size_t open = line.find('('), plus = line.find('+', open == std::string_view::npos ? 0 : open);
    if (open != std::string_view::npos && plus != std::string_view::npos && plus > open + 1) {
      fixed_text<256> mangled;
      mangled.add(line.substr(open + 1, plus - open - 1));
      mangled.add(std::string_view("", 1));
      if (mangled.view().back() == 0) demangled(mangled.view().data(), [&to](std::string_view name) { to.add(name); });
      else to.add(line.substr(open + 1, plus - open - 1));
      to.add(" ");
      to.add(line.substr(plus, line.find(')', plus) - plus));
      to.add(" in ");
      to.add(line.substr(0, open));
    } else {
      to.add(line.substr(0, line.rfind(" [0x")));  // the address says nothing outside this process
    }
    to.add("\n");
  }
  std::free(lines);
}

#endif

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
