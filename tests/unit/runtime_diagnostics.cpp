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

TEST_CASE("a kind of line is said once in ten seconds, and the next one tells how many were left out") {
  static std::uint64_t now = 0;
  now = 1000000000;
  constexpr std::uint64_t second = 1000000000;
  std::vector<std::string> heard;
  diagnostics says([] { return now; });
  says.use([](void* to, severity, const char* line) { static_cast<std::vector<std::string>*>(to)->push_back(line); }, &heard);
  const auto say = [&](diagnostics::topic about, const char* line) { says.say(about, severity::warning, line); };
  for (int n = 0; n < 100; ++n) say(diagnostics::topic::connection, "down");
  say(diagnostics::topic::refusal, "refused");  // another kind isn't held up by it
  CHECK(heard == std::vector<std::string>{"arthur: down", "arthur: refused"});
  now += 10 * second - 1;
  say(diagnostics::topic::connection, "still down");
  CHECK(heard.size() == 2);
  CHECK(says.last_error() == "still down");  // whether it is said or not
  now += 1;
  say(diagnostics::topic::connection, "down again");
  say(diagnostics::topic::refusal, "refused again");
  CHECK(heard.size() == 4);
  CHECK(heard[2] == "arthur: down again (and 100 more like it)");
  CHECK(heard[3] == "arthur: refused again");
  now += 10 * second;
  say(diagnostics::topic::connection, "down");
  CHECK(heard.back() == "arthur: down");
  // Configuration lines come at once, each with something else to change.
  for (int n = 0; n < 3; ++n) say(diagnostics::topic::configuration, "change this");
  CHECK(heard.size() == 8);
}

TEST_CASE("a secret that a server sent back isn't repeated, whole or cut") {
  std::string heard;
  diagnostics says;
  says.use([](void* to, severity, const char* line) { *static_cast<std::string*>(to) = line; }, &heard);
  says.hide({"hunter22-hunter22", "abcdef"});
  const struct {
    const char* said;
    const char* line;
  } rows[] = {
      {"no key hunter22-hunter22 here", "no key ***************** here"},
      {"hunter22-hunter22hunter22-hunter22", "**********************************"},
      {"cut: hunter22-hun", "cut: ************"},
      {"hunter21", "hunter21"},
      {"xabcdefabcdef", "x************"},
      {"abcde", "abcde"},
  };
  for (const auto& row : rows) {
    says.say(diagnostics::topic::configuration, severity::warning, row.said);
    CHECK(heard == std::string("arthur: ") + row.line);
    CHECK(says.last_error() == row.line);
  }
}

#if defined(__unix__)
TEST_CASE("stderr gets what works as it should only when asked for") {
  CHECK(printed(log_level::automatic) == "arthur: w\narthur: e\n");
  CHECK(printed(log_level::info) == "arthur: i\narthur: w\narthur: e\n");
  CHECK(printed(log_level::error) == "arthur: e\n");
  CHECK(printed(log_level::none) == "");
}
#endif
