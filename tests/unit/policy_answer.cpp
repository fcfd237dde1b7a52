// policy_answer.cpp: what a server says why is one line that commands no terminal.
#include <doctest/doctest.h>

#include <arthur/policy/answer.hpp>
#include <string>

using namespace arthur::detail;

TEST_CASE("a reason is one line without control characters, whatever the server sends") {
  const auto reason = [](const std::string& detail) { return std::string(read_rejection("{\"detail\":\"" + detail + "\"}", "application/json").reason); };
  CHECK(reason("two\\nlines") == "two lines");
  CHECK(reason("a\x1b[2Jb\x7f\\u007fc") == "a [2Jb  c");
  CHECK(reason("a\xc2\x9b\\u009b2J") == "a    2J");  // U+009B begins a command, too
  CHECK(reason("\xc3\x9b\xc2\xa0\xe4\xba\xba") == "\xc3\x9b\xc2\xa0\xe4\xba\xba");
  CHECK(reason(std::string(1000, 'x')).size() == 300);
}
