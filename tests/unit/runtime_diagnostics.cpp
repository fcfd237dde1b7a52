// runtime_diagnostics.cpp: which lines are said, to whom, at each level.
#include <doctest/doctest.h>

#include <arthur/runtime/diagnostics.hpp>

#include <cstdio>
#include <string>
#include <vector>

#if defined(__unix__)
#include <unistd.h>
#endif

using arthur::log_level;
using arthur::severity;
using arthur::detail::diagnostics;

namespace {

void say_all(diagnostics& says) {
  const auto about = diagnostics::topic::configuration;
  says.say(about, severity::info, "i");
  says.say(about, severity::warning, "w");
  says.say(about, severity::error, "e");
}

std::string heard_by_function(log_level level) {
  std::string heard;
  diagnostics says;
  says.use([](void* to, severity, const char* line) { *static_cast<std::string*>(to) += line; }, &heard, level);
  say_all(says);
  CHECK(says.last_error() == "e");  // whatever is said
  return heard;
}

#if defined(__unix__)
std::string printed(log_level level) {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  std::fflush(stderr);
  const int saved = ::dup(2);
  ::dup2(::fileno(file), 2);
  diagnostics says;
  says.use(nullptr, nullptr);
  says.use(level);
  say_all(says);
  std::fflush(stderr);
  ::dup2(saved, 2);
  ::close(saved);
  std::rewind(file);
  std::string text;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
  std::fclose(file);
  return text;
}
#endif

}  // namespace

TEST_CASE("the level decides which lines are said") {
  CHECK(heard_by_function(log_level::automatic) == "arthur: iarthur: warthur: e");
  CHECK(heard_by_function(log_level::info) == "arthur: iarthur: warthur: e");
  CHECK(heard_by_function(log_level::warning) == "arthur: warthur: e");
  CHECK(heard_by_function(log_level::error) == "arthur: e");
  CHECK(heard_by_function(log_level::none) == "");
}

#if defined(__unix__)
TEST_CASE("stderr gets what works as it should only when asked for") {
  CHECK(printed(log_level::automatic) == "arthur: w\narthur: e\n");
  CHECK(printed(log_level::info) == "arthur: i\narthur: w\narthur: e\n");
  CHECK(printed(log_level::error) == "arthur: e\n");
  CHECK(printed(log_level::none) == "");
}
#endif
