// check.hpp: what a program of this folder reports: each promise that doesn't hold, and its exit status.
#ifndef ARTHUR_TESTS_LINKS_CHECK_HPP
#define ARTHUR_TESTS_LINKS_CHECK_HPP

#include <arthur/testing.hpp>

#include <cstdio>
#include <string>
#include <vector>

inline int failures = 0;

#define EXPECT(...)                                                                  \
  do {                                                                               \
    if (!(__VA_ARGS__)) {                                                            \
      std::printf("%s:%d: not true: %s\n", __FILE__, __LINE__, #__VA_ARGS__);        \
      ++failures;                                                                    \
    }                                                                                \
  } while (false)

/// The host's runtime holds the plug-in's spans, below the host's own.
inline void expect_nested(const std::vector<arthur::testing::span>& all) {
  EXPECT(all.size() == 3);
  if (all.size() != 3) {
    for (const auto& s : all) std::printf("%s", to_string(s).c_str());
    return;
  }
  EXPECT(all[0].name == "host" && all[1].name == "plug-in" && all[2].name == "inner");
  EXPECT(all[1].is_child_of(all[0]));
  EXPECT(all[2].is_child_of(all[1]));
}

inline int result() { return failures == 0 ? 0 : 1; }

#endif
