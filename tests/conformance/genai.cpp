// genai.cpp: adds gen_ai.* to spans. Reads Span messages from stdin, each behind its size in a line of its own, and writes
// the KeyValue fields that were added in the same form.
#include <arthur/otlp/additions.hpp>

#include <iostream>
#include <string>

int main() {
  std::ios::sync_with_stdio(false);
  const arthur::detail::span_limits limits;
  std::size_t size = 0;
  while (std::cin >> size && std::cin.get() == '\n') {
    std::string span(size, '\0');
    arthur::detail::buffer out;
    if (!std::cin.read(&span[0], static_cast<std::streamsize>(size)) ||
        !append_additions(out, span.data(), span.size(), {false, true, &limits})) {
      return 1;
    }
    std::cout << out.size() << '\n';
    std::cout.write(out.data(), static_cast<std::streamsize>(out.size()));
  }
  return std::cin.eof() && std::cout.flush() ? 0 : 1;
}
