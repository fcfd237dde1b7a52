// fuzz.hpp: what the fuzz targets share: input taken apart, promises checked, and the two ways in which a target runs.
#ifndef ARTHUR_TESTS_FUZZ_HPP
#define ARTHUR_TESTS_FUZZ_HPP

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

// FUZZ_TARGET(name) stands in front of the body of a target, which takes `data` and `size`. Built alone, by tests/fuzz/run, the
// target is libFuzzer's; among the unit tests it is a test case that replays the inputs in corpus/<name>.
#ifdef FUZZ_ALONE
#define FUZZ_TARGET(name)                                                             \
  static void one_input(const std::uint8_t* data, std::size_t size);                  \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);  \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    one_input(data, size);                                                            \
    return 0;                                                                         \
  }                                                                                   \
  static void one_input(const std::uint8_t* data, std::size_t size)
#else
#include <doctest/doctest.h>
#define FUZZ_TARGET(name)                                                    \
  static void one_input(const std::uint8_t* data, std::size_t size);         \
  TEST_CASE("fuzz." #name) { CHECK(::fuzz::replay(#name, one_input) != 0); } \
  static void one_input(const std::uint8_t* data, std::size_t size)
#endif

namespace fuzz {

/// Runs `target` with each file of corpus/<name>; returns how many there were.
std::size_t replay(const char* name, void (*target)(const std::uint8_t*, std::size_t));

/// What is being replayed, for the line that a broken promise gets.
inline std::string running = "this input";

/// Ends the process unless `kept`: libFuzzer then keeps the input.
inline void promise(bool kept, const char* what, std::string_view seen = {}) {
  if (kept) return;
  std::fprintf(stderr, "BROKEN PROMISE by %s: %s\n", running.c_str(), what);
  std::fwrite(seen.data(), 1, seen.size(), stderr);
  std::fputc('\n', stderr);
  std::abort();
}

/// Takes an input apart. What isn't there is 0 or empty.
class taker {
 public:
  taker(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool done() const { return rest_.empty(); }
  unsigned byte() {
    if (rest_.empty()) return 0;
    const auto first = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return first;
  }
  unsigned below(unsigned limit) { return byte() % limit; }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int n = 0; n < 8; ++n) value = value << 8 | byte();
    return value;
  }
  /// A byte that says how long, then the text; in a string of its own, so that a sanitizer sees what reads behind it.
  std::string text() { return take(byte()); }
  /// Up to the end of a line, which is taken too.
  std::string line() {
    const std::size_t end = rest_.find('\n');
    std::string out = take(end);
    if (end != std::string_view::npos) rest_.remove_prefix(1);
    return out;
  }
  std::string rest() { return take(rest_.size()); }

 private:
  std::string take(std::size_t count) {
    std::string out(rest_.substr(0, count));
    rest_.remove_prefix(out.size());
    return out;
  }

  std::string_view rest_;
};

/// Every line for people is one line.
inline void promise_one_line(std::string_view line, const char* what) {
  for (const char c : line) promise(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, what, line);
}

/// Stands for a password or key. The dictionaries hold it, so that inputs have it in places that must stay hidden.
constexpr std::string_view secret = "s3cr3t";

inline bool has_secret(std::string_view text) { return text.find(secret) != std::string_view::npos; }

/// What of a URL may be shown: all but user, password, query and fragment.
inline std::string public_part(std::string_view url) {
  const std::size_t colon = url.find("://");
  const std::size_t start = colon == std::string_view::npos ? 0 : colon + 3;
  const std::string_view scheme = url.substr(0, start);
  const std::size_t at = url.rfind('@');
  std::string out;
  // Only what looks like a scheme is one: "user:password://" isn't.
  if (at == std::string_view::npos || (at >= start && scheme.find_first_of(":@/?#") == colon)) out = scheme;
  url.remove_prefix(at == std::string_view::npos ? start : at + 1);
  return out.append(url.substr(0, url.find_first_of("?#")));
}

}  // namespace fuzz

#endif
