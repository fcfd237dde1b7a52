// policy_sampling.cpp: which sampler OTEL_TRACES_SAMPLER names, with its argument, and what is said about a wrong one.
#include <doctest/doctest.h>

#include <arthur/policy/sampling_settings.hpp>
#include <map>
#include <string>

using namespace arthur::detail;
using arthur::options;

namespace {

struct outcome {
  sampler got;
  std::string said;
};

outcome run(const options& given, std::map<std::string, std::string> vars) {
  environment env;
  env.user = &vars;
  env.lookup = [](void* user, const char* name) -> const char* {
    const auto& map = *static_cast<std::map<std::string, std::string>*>(user);
    const auto it = map.find(name);
    return it == map.end() ? nullptr : it->second.c_str();
  };
  warning_list warnings;
  outcome out;
  out.got = resolving::resolve_sampler(given, env, warnings);
  for (const std::string& line : warnings) out.said += line + "|";
  return out;
}

}  // namespace

TEST_CASE("the sampler of the environment counts where the code names no ratio") {
  const std::string names = "use [parentbased_]always_on, ..always_off or ..traceidratio|";
  const auto ignored_name = [&](const std::string& name, const std::string& why = {}) {
    return "OTEL_TRACES_SAMPLER=\"" + name + "\" is ignored: " + why + names;
  };
  const auto ignored_argument = [](const std::string& argument) {
    return "OTEL_TRACES_SAMPLER_ARG=\"" + argument + "\" is ignored: write a number from 0 to 1|";
  };
  const std::string remote = "arthur asks no server what to sample; ";
  const struct {
    const char* name;
    const char* argument;
    double ratio;
    bool parent_based;
    std::string said;
  } rows[] = {
      // The default is parentbased_always_on; an argument alone means nothing.
      {"", "", 1, true, ""},
      {"", "0.5", 1, true, ""},
      {"", "half", 1, true, ""},
      {"always_on", "", 1, false, ""},
      {"always_off", "", 0, false, ""},
      {"traceidratio", "0.25", 0.25, false, ""},
      {"parentbased_always_on", "", 1, true, ""},
      {"parentbased_always_off", "", 0, true, ""},
      {"parentbased_traceidratio", "0.25", 0.25, true, ""},
      {" ParentBased_TraceIdRatio ", " 0.25 ", 0.25, true, ""},
      {"ALWAYS_OFF", "", 0, false, ""},
      // Only the ratio has an argument.
      {"always_on", "0.5", 1, false, ""},
      {"parentbased_always_off", "nonsense", 0, true, ""},
      // The argument: 0 to 1; without one 1; a wrong one counts as none.
      {"traceidratio", "", 1, false, ""},
      {"traceidratio", "0", 0, false, ""},
      {"traceidratio", "1", 1, false, ""},
      {"traceidratio", "1.0", 1, false, ""},
      {"traceidratio", "0.0001", 0.0001, false, ""},
      {"traceidratio", "1.5", 1, false, ignored_argument("1.5")},
      {"parentbased_traceidratio", "-0.1", 1, true, ignored_argument("-0.1")},
      {"traceidratio", "half", 1, false, ignored_argument("half")},
      {"traceidratio", "0.5x", 1, false, ignored_argument("0.5x")},
      {"traceidratio", "0,5", 1, false, ignored_argument("0,5")},
      {"traceidratio", "nan", 1, false, ignored_argument("nan")},
      {"traceidratio", "inf", 1, false, ignored_argument("inf")},
      {"traceidratio", "50%", 1, false, ignored_argument("50%")},
      // Standard, and not here.
      {"jaeger_remote", "endpoint=http://localhost:14250", 1, true, ignored_name("jaeger_remote", remote)},
      {"parentbased_jaeger_remote", "", 1, true, ignored_name("parentbased_jaeger_remote", remote)},
      {"XRay", "", 1, true, ignored_name("XRay", remote)},
      // No sampler at all.
      {"parentbased_", "", 1, true, ignored_name("parentbased_")},
      {"parentbased_xray", "", 1, true, ignored_name("parentbased_xray")},
      {"always_on,always_off", "", 1, true, ignored_name("always_on,always_off")},
      {"traceidratio=0.5", "", 1, true, ignored_name("traceidratio=0.5")},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CAPTURE(row.argument);
    const std::map<std::string, std::string> env{{"OTEL_TRACES_SAMPLER", row.name}, {"OTEL_TRACES_SAMPLER_ARG", row.argument}};
    const outcome o = run({}, env);
    CHECK(o.got.ratio == doctest::Approx(row.ratio));
    CHECK(o.got.parent_based == row.parent_based);
    CHECK(o.said == row.said);
    options code;
    code.sample_ratio = 0.75;
    CHECK(run(code, env).got.ratio == 0.75);
    CHECK(run(code, env).got.parent_based);
    CHECK(run(code, env).said == "");
  }
}
