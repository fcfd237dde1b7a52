// unowned_headers.cpp: headers aren't read from what makes each one for a moment only.
// MISUSE: the container must own its headers
#include <arthur/arthur.hpp>

#include <string>
#include <string_view>
#include <utility>

#ifdef MISUSE
using text = std::string;
#else
using text = std::string_view;
#endif

struct on_the_fly {
  struct iterator {
    int n;
    std::pair<std::string, text> operator*() const { return {"baggage", "k=v"}; }
    iterator& operator++() {
      ++n;
      return *this;
    }
    bool operator!=(const iterator& other) const { return n != other.n; }
  };
  iterator begin() const { return {0}; }
  iterator end() const { return {1}; }
};

void call();
void call() { const auto request = arthur::extract(on_the_fly()); }
