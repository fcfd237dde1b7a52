// masking.cpp: sets the attributes that it reads, one "key<TAB>value" a line, on an LLM span, and prints what is sent of them as "key<TAB>value".
#include <arthur/testing.hpp>

#include <iostream>
#include <string>
#include <utility>
#include <vector>

int main() {
  std::vector<std::pair<std::string, std::string>> given;
  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t tab = line.find('\t');
    given.emplace_back(line.substr(0, tab), line.substr(tab + 1));
  }
  arthur::testing::capture spans;  // configured by the environment
  if (!spans.ok()) return std::cerr << spans.error() << '\n', 1;
  std::vector<double> vector = {0.5, 0.25};
  for (const auto& one : given) {
    ARTHUR_SPAN("one");
    if (one.second == "[vector]") {
      ARTHUR_SET(arthur::attribute(one.first, vector));
    } else {
      ARTHUR_SET(arthur::attribute(one.first, one.second));
    }
  }
  const auto all = spans.all();
  if (all.size() != given.size()) return std::cerr << all.size() << " spans\n", 1;
  for (std::size_t n = 0; n < all.size(); ++n) {
    const auto& value = all[n].attribute(given[n].first);
    using type = arthur::testing::value::type;
    std::cout << given[n].first << '\t'
              << (value.is(type::text) ? value.text() : value.is(type::list) ? "[vector]" : arthur::testing::to_string(value)) << '\n';
  }
}
