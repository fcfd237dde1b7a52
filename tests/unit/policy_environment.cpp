// policy_environment.cpp: environment variables are read as the OpenTelemetry specification says.
#include <doctest/doctest.h>

#include <arthur/policy/environment.hpp>
#include <map>

using namespace arthur::detail;
using arthur::header;

namespace {

using variables = std::map<std::string, std::string>;

environment from(variables& vars) {
  environment env;
  env.user = &vars;
  env.lookup = [](void* user, const char* name) -> const char* {
    const auto& map = *static_cast<variables*>(user);
    const auto it = map.find(name);
    return it == map.end() ? nullptr : it->second.c_str();
  };
  return env;
}

std::string joined(const std::vector<header>& list) {
  std::string out;
  for (const header& h : list) out += "[" + h.name + "|" + h.value + "]";
  return out;
}

}  // namespace

TEST_CASE("an empty or blank variable counts as unset") {
  variables vars{{"A", ""}, {"B", " \t"}, {"C", " x "}};
  const environment env = from(vars);
  CHECK(env.get("A") == "");
  CHECK(env.get("B") == "");
  CHECK(env.get("C") == "x");
  CHECK(env.get("D") == "");
  CHECK(environment().get("A") == "");
}

TEST_CASE("only true is true, and nonsense is false with a warning") {
  const struct {
    const char* text;
    bool value;
    std::size_t warnings;
  } rows[] = {{"true", true, 0}, {"TRUE", true, 0}, {" True ", true, 0}, {"false", false, 0}, {"FALSE", false, 0},
              {"", false, 0},    {"1", false, 1},   {"yes", false, 1},   {"truee", false, 1}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    variables vars{{"A", row.text}};
    warning_list warnings;
    CHECK(read_bool(from(vars), "A", warnings) == row.value);
    CHECK(warnings.size() == row.warnings);
  }
}

TEST_CASE("a number is whole and in range, or ignored with a warning") {
  const struct {
    const char* text;
    bool good;
    std::uint64_t value;
  } rows[] = {{"1", true, 1},      {"100", true, 100},  {" 7 ", true, 7},  {"007", true, 7}, {"0", false, 0},
              {"101", false, 0},   {"-1", false, 0},    {"+1", false, 0},  {"1s", false, 0}, {"1.5", false, 0},
              {"1 000", false, 0}, {"0x10", false, 0},  {"abc", false, 0}, {"18446744073709551616", false, 0},
              {"18446744073709551617", false, 0}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    variables vars{{"A", row.text}};
    warning_list warnings;
    std::uint64_t value = 0;
    CHECK(read_unsigned(from(vars), "A", 1, 100, value, warnings) == row.good);
    CHECK(value == row.value);
    CHECK(warnings.size() == (row.good ? 0 : 1));
  }
  variables vars;
  warning_list warnings;
  std::uint64_t value = 9;
  CHECK(!read_unsigned(from(vars), "A", 1, 100, value, warnings));
  CHECK(value == 9);
  CHECK(warnings.empty());
}

TEST_CASE("headers are split, trimmed and percent-decoded") {
  const struct {
    const char* text;
    const char* list;
    std::size_t warnings;
  } rows[] = {{"a=1", "[a|1]", 0},
              {"a=1,b=2", "[a|1][b|2]", 0},
              {" a = 1 , b = 2 ,", "[a|1][b|2]", 0},
              {"Authorization=Basic%20abc%3D", "[Authorization|Basic abc=]", 0},
              {"a=b=c==", "[a|b=c==]", 0},
              {"a=x;y", "[a|x;y]", 0},
              {"a=", "[a|]", 0},
              {"a=1,A=2", "[a|2]", 0},
              {"a=50%", "[a|50%]", 1},
              {"a=%zz,b=1", "[a|%zz][b|1]", 1},
              {"nonsense,b=1", "[b|1]", 1},
              {"=x,b=1", "[b|1]", 1}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    warning_list warnings;
    std::vector<header> list;
    CHECK(read_headers(row.text, "H", list, warnings) == "");
    CHECK(joined(list) == row.list);
    CHECK(warnings.size() == row.warnings);
  }
}

TEST_CASE("no header can smuggle in a line or replace one of ours") {
  for (const char* text : {"a=x%0d%0aEvil:%201", "a=x%0Ay", "a=%7f", "a b=x", "a:b=x", "Host=x",
                           "content-length=5", "Transfer-Encoding=chunked", "CONNECTION=close", "\xc3\xa9=x"}) {
    CAPTURE(text);
    warning_list warnings;
    std::vector<header> list;
    const std::string error = read_headers(text, "H", list, warnings);
    CHECK(error.find("H: the header") == 0);
    CHECK(error.find_first_of("\r\n") == std::string::npos);
    CHECK(list.empty());
  }
  CHECK(check_header("x", std::string("a\0b", 3), "o") != "");
  CHECK(check_header("", "a", "o") != "");
  CHECK(check_header("x-tab", "a\tb", "o") == "");
  CHECK(check_header("x-utf8", "gr\xc3\xbc\xc3\x9f", "o") == "");
}

TEST_CASE("no warning about headers shows a value") {
  warning_list warnings;
  std::vector<header> list;
  CHECK(read_headers("a=secret%,secret", "H", list, warnings) == "");
  CHECK(read_headers("a=secret%0a", "H", list, warnings).find("secret") == std::string::npos);
  CHECK(warnings.size() == 2);
  for (const std::string& w : warnings) CHECK(w.find("secret") == std::string::npos);
}

TEST_CASE("an error in OTEL_RESOURCE_ATTRIBUTES discards the whole variable") {
  const struct {
    const char* text;
    const char* list;
    std::size_t warnings;
  } rows[] = {{"", "", 0},
              {"a=1,b=2", "[a|1][b|2]", 0},
              {"a%2Cb=c%3Dd", "[a,b|c=d]", 0},
              {"a=1,a=2", "[a|2]", 0},
              {"a=1,A=2", "[a|1][A|2]", 0},
              {"a=x=y", "[a|x=y]", 0},
              {"a=1,", "[a|1]", 0},
              {"a=1,b", "", 1},
              {"a=1,=2", "", 1},
              {"a=1,b=%4", "", 1},
              {"a=1,b=%gg", "", 1},
              {"a=1,%=x", "", 1},
              {"a=%00", "", 1}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    variables vars{{"OTEL_RESOURCE_ATTRIBUTES", row.text}};
    warning_list warnings;
    CHECK(joined(read_resource_attributes(from(vars), warnings)) == row.list);
    CHECK(warnings.size() == row.warnings);
  }
}

TEST_CASE("a decimal number doesn't depend on the locale and has no rest") {
  const struct {
    const char* text;
    bool good;
    double value;
  } rows[] = {{"0", true, 0},    {"1", true, 1},       {"0.25", true, 0.25}, {".5", true, 0.5}, {"1.", true, 1},
              {"1e-2", true, 0.01}, {"5E1", true, 50}, {"", false, 0},       {".", false, 0},   {"1e", false, 0},
              {"-1", false, 0},  {"0,5", false, 0},    {"nan", false, 0},    {"1x", false, 0},  {"1e999", false, 0}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    double value = 0;
    CHECK(text::parse_decimal(row.text, value) == row.good);
    CHECK(value == doctest::Approx(row.value));
  }
}
