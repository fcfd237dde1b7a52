// policy_variables.cpp: one table of every environment variable: what each value sets, and the line that a wrong one gets.
#include <doctest/doctest.h>

#include <arthur/policy/settings.hpp>
#include <map>
#include <set>
#include <sstream>
#include <string>

using namespace arthur::detail;
using arthur::header;
using arthur::log_level;
using arthur::options;

namespace {

using variables = std::map<std::string, std::string>;

struct surroundings {
  variables set;
  std::set<std::string> asked;
};

std::set<std::string> asked_by_anybody;

settings resolved(const variables& set, warning_list& warnings) {
  surroundings around{set, {}};
  environment env;
  env.user = &around;
  env.program = "prog";
  env.lookup = [](void* user, const char* name) -> const char* {
    auto& here = *static_cast<surroundings*>(user);
    here.asked.insert(name);
    const auto it = here.set.find(name);
    return it == here.set.end() ? nullptr : it->second.c_str();
  };
  settings got = resolve({}, env, warnings, true);
  asked_by_anybody.insert(around.asked.begin(), around.asked.end());
  return got;
}

std::string list(const std::vector<header>& headers) {
  std::string out;
  for (const header& h : headers) out += h.name + "=" + h.value + ";";
  return out;
}

/// What the variable could change, as text.
std::string told(const settings& s, const std::string& what) {
  std::ostringstream out;
  const auto limit = [&out](std::size_t value) { value == span_limits::none ? out << "none" : out << value; };
  if (what == "error") out << s.error;
  if (what == "disabled") out << s.disabled;
  if (what == "level") out << static_cast<int>(s.log_level);
  if (what == "url") out << origin(s.where.traces) << s.where.traces.target;
  if (what == "headers") out << list(s.where.headers);
  if (what == "protocol") out << static_cast<int>(s.protocol);
  if (what == "sink") out << static_cast<int>(s.sink) << s.to_stdout;
  if (what == "service") out << s.service_name;
  if (what == "task") out << s.task_id << "|" << s.task_name;
  if (what == "resource") out << list(s.resource);
  if (what == "ratio") out << s.sample_ratio;
  if (what == "hidden") out << s.masking.hidden;
  if (what == "images") out << s.masking.base64_limit;
  if (what == "genai") out << s.genai_semconv;
  if (what == "spool") out << s.spool_directory << "|" << s.spool_max_bytes;
  if (what == "delay") out << s.schedule_delay.count();
  if (what == "timeout") out << s.export_timeout.count();
  if (what == "batch") out << s.max_batch_spans;
  if (what == "attributes") limit(s.limits.attributes);
  if (what == "length") limit(s.limits.length);
  if (what == "events") limit(s.limits.events);
  if (what == "links") limit(s.limits.links);
  if (what == "event attributes") limit(s.limits.event_attributes);
  if (what == "link attributes") limit(s.limits.link_attributes);
  if (what == "hooks off") for (const std::string& name : s.instrument.disabled) out << name << ";";
  if (what == "propagate") for (const std::string& name : s.instrument.propagate_to) out << name << ";";
  return out.str();
}

struct row {
  const char* variable;
  const char* value;
  const char* what;      // the setting to look at
  const char* expected;  // contained in it
  const char* line = nullptr;  // null: nothing is said; else contained in the one line, beside variable and value
  variables beside = {};
};

const variables otlp{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"}};
constexpr const char* whole = "write a whole number from ";

const row table[] = {
    // Where spans go.
    {"ARTHUR_BASE_URL", "http://e:1/sub/", "url", "http://e:1/sub/api/v1/traces"},
    {"ARTHUR_BASE_URL", "ftp://e", "error", "ARTHUR_BASE_URL"},
    {"ARTHUR_API_KEY", " key ", "headers", "Authorization=Bearer key"},
    {"ARTHUR_API_KEY", "two\nlines", "error", "ARTHUR_API_KEY"},
    {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318", "url", "http://c:4318/v1/traces"},
    {"OTEL_EXPORTER_OTLP_ENDPOINT", "c:4318", "error", "OTEL_EXPORTER_OTLP_ENDPOINT"},
    {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c/x", "url", "http://c/x", nullptr, otlp},
    {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "nonsense", "error", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"},
    {"OTEL_EXPORTER_OTLP_HEADERS", "a=1,b=%20", "headers", "a=1;b= ;", nullptr, otlp},
    {"OTEL_EXPORTER_OTLP_HEADERS", "a=1,nonsense", "headers", "a=1;", "without '='", otlp},
    {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=2", "headers", "a=2;", nullptr, otlp},
    {"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "protocol", "1"},
    {"OTEL_EXPORTER_OTLP_PROTOCOL", "HTTP/Protobuf", "protocol", "2"},
    {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "protocol", "0", "write http/json or http/protobuf"},
    {"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json;q=1", "protocol", "0", "write http/json or http/protobuf"},
    {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json", "protocol", "1", nullptr, {{"OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"}}},
    {"OTEL_EXPORTER_OTLP_COMPRESSION", "none", "error", ""},
    {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", "error", "", "requests are sent uncompressed; write none"},
    {"OTEL_EXPORTER_OTLP_COMPRESSION", "zip", "error", "", "requests are sent uncompressed; write none"},
    {"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip", "error", "", "requests are sent uncompressed; write none"},
    {"OTEL_TRACES_EXPORTER", "none", "sink", "00"},
    {"OTEL_TRACES_EXPORTER", "OTLP/stdout", "sink", "01"},
    {"OTEL_TRACES_EXPORTER", "zipkin", "sink", "10", "the known exporters are"},

    // What is traced.
    {"ARTHUR_SERVICE_NAME", "mine", "service", "mine", nullptr, {{"OTEL_SERVICE_NAME", "other"}}},
    {"OTEL_SERVICE_NAME", "mine", "service", "mine", nullptr, {{"OTEL_RESOURCE_ATTRIBUTES", "service.name=other"}}},
    {"ARTHUR_TASK_ID", "t-1", "task", "t-1|"},
    {"ARTHUR_TASK_NAME", "support", "task", "|support"},
#if !defined(_WIN32)
    {"ARTHUR_SPOOL_DIR", " /var/spool/a b ", "spool", "/var/spool/a b|268435456"},
#else
    {"ARTHUR_SPOOL_DIR", "C:\\spool", "spool", "|268435456", "no spool"},
#endif
    {"OTEL_RESOURCE_ATTRIBUTES", "a=1,b%2C=%3D", "resource", "a=1;b,==;"},
    {"OTEL_RESOURCE_ATTRIBUTES", "a=1,nonsense", "resource", "service.name", "write key=value"},
    {"OTEL_RESOURCE_ATTRIBUTES", "a=1,b=%zz", "resource", "service.name", "write key=value"},
    {"OTEL_TRACES_SAMPLER", "always_off", "ratio", "0"},
    {"OTEL_TRACES_SAMPLER", "ParentBased_Always_On", "ratio", "1"},
    {"OTEL_TRACES_SAMPLER", "jaeger_remote", "ratio", "1", "always_on"},
    {"OTEL_TRACES_SAMPLER", "always_on x", "ratio", "1", "always_on"},
    {"OTEL_TRACES_SAMPLER_ARG", "0.25", "ratio", "0.25", nullptr, {{"OTEL_TRACES_SAMPLER", "traceidratio"}}},
    {"OTEL_TRACES_SAMPLER_ARG", "1.01", "ratio", "1", "write a number from 0 to 1", {{"OTEL_TRACES_SAMPLER", "traceidratio"}}},
    {"OTEL_TRACES_SAMPLER_ARG", "-0.5", "ratio", "1", "write a number from 0 to 1", {{"OTEL_TRACES_SAMPLER", "traceidratio"}}},
    {"OTEL_TRACES_SAMPLER_ARG", "nan", "ratio", "1", "write a number from 0 to 1", {{"OTEL_TRACES_SAMPLER", "traceidratio"}}},
    {"OTEL_TRACES_SAMPLER_ARG", "0.5x", "ratio", "1", "write a number from 0 to 1", {{"OTEL_TRACES_SAMPLER", "traceidratio"}}},
    {"OTEL_TRACES_SAMPLER_ARG", "nonsense", "ratio", "1"},  // means nothing without a sampler
    {"OTEL_SDK_DISABLED", "TRUE", "disabled", "1"},
    {"OTEL_SDK_DISABLED", "false", "disabled", "0"},
    {"OTEL_SDK_DISABLED", "1", "disabled", "0", "write true or false"},
    {"OTEL_CONFIG_FILE", "sdk.yaml", "service", "unknown_service:prog", "all other OTEL_ variables are ignored", {{"OTEL_SERVICE_NAME", "mine"}}},
    {"OTEL_ENTITIES", "service{service.name=x}", "service", "unknown_service:prog"},  // in development: not ours, not worth a line

    // Hooks into HTTP clients.
    {"ARTHUR_INSTRUMENT_DISABLED", "httplib, OpenAI", "hooks off", "httplib;openai;"},
    {"ARTHUR_INSTRUMENT_DISABLED", "opnai", "hooks off", "", "the known names are httplib, openai"},
    {"ARTHUR_PROPAGATE_TO", " Tools.example.com,10.0.0.1,[::1], ", "propagate", "tools.example.com;10.0.0.1;[::1];"},
    {"ARTHUR_INSTRUMENT_DISABLED", "httplib,,ollama,", "hooks off", "httplib;ollama;"},
    {"ARTHUR_PROPAGATE_TO", "my-tools_2.example", "propagate", "my-tools_2.example;"},
    {"ARTHUR_PROPAGATE_TO", "a,,b", "propagate", "a;b;"},
    {"ARTHUR_PROPAGATE_TO", "tools]", "propagate", "", "write names of hosts"},
    {"ARTHUR_PROPAGATE_TO", "[]", "propagate", "", "write names of hosts"},
    {"ARTHUR_PROPAGATE_TO", "::1", "propagate", "", "write names of hosts"},
    {"ARTHUR_PROPAGATE_TO", "http://tools", "propagate", "", "write names of hosts"},
    {"ARTHUR_PROPAGATE_TO", "tools:8080", "propagate", "", "write names of hosts"},
    {"ARTHUR_PROPAGATE_TO", "*", "propagate", "", "write names of hosts"},
    {"ARTHUR_PROPAGATE_TO", ".example.com", "propagate", "", "write names of hosts"},

    // Time and batches. Milliseconds; a timeout of 0 is none.
    {"OTEL_BSP_SCHEDULE_DELAY", "5000", "delay", "5000"},
    {"OTEL_BSP_SCHEDULE_DELAY", "0", "delay", "1000", whole},
    {"OTEL_BSP_SCHEDULE_DELAY", "86400001", "delay", "1000", whole},
    {"OTEL_BSP_SCHEDULE_DELAY", "5s", "delay", "1000", whole},
    {"OTEL_BSP_SCHEDULE_DELAY", "-5", "delay", "1000", whole},
    {"OTEL_BSP_SCHEDULE_DELAY", "1.5", "delay", "1000", whole},
    {"OTEL_EXPORTER_OTLP_TIMEOUT", "7000", "timeout", "7000"},
    {"OTEL_EXPORTER_OTLP_TIMEOUT", "0", "timeout", "86400000"},
    {"OTEL_EXPORTER_OTLP_TIMEOUT", "ten", "timeout", "30000", whole},
    {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "8000", "timeout", "8000", nullptr, {{"OTEL_EXPORTER_OTLP_TIMEOUT", "7000"}}},
    {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "8000 ms", "timeout", "7000", whole, {{"OTEL_EXPORTER_OTLP_TIMEOUT", "7000"}}},
    {"OTEL_BSP_EXPORT_TIMEOUT", "9000", "timeout", "9000"},
    {"OTEL_BSP_EXPORT_TIMEOUT", "0", "timeout", "86400000"},
    {"OTEL_BSP_EXPORT_TIMEOUT", "5000", "timeout", "5000", nullptr, {{"OTEL_EXPORTER_OTLP_TIMEOUT", "7000"}}},
    {"OTEL_BSP_EXPORT_TIMEOUT", "0", "timeout", "7000", nullptr, {{"OTEL_EXPORTER_OTLP_TIMEOUT", "7000"}}},
    {"OTEL_BSP_EXPORT_TIMEOUT", "soon", "timeout", "7000", whole, {{"OTEL_EXPORTER_OTLP_TIMEOUT", "7000"}}},
    {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "99", "batch", "99", nullptr, otlp},
    {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "99", "batch", "128"},  // Arthur Engine: small batches
    {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0", "batch", "512", whole, otlp},
    {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "many", "batch", "128", whole},
    {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "65537", "batch", "512", whole, otlp},
    {"OTEL_BSP_MAX_QUEUE_SIZE", "4096", "batch", "512", "set options.memory_limit", otlp},
    {"OTEL_BSP_MAX_QUEUE_SIZE", "512", "batch", "512", "set options.memory_limit", otlp},
    {"OTEL_BSP_MAX_QUEUE_SIZE", "100", "batch", "100", "is below the batch size 512: requests have at most 100 spans", otlp},
    {"OTEL_BSP_MAX_QUEUE_SIZE", "100", "batch", "100", "is below the batch size 128: requests have at most 100 spans"},
    {"OTEL_BSP_MAX_QUEUE_SIZE", "0", "batch", "512", whole, otlp},
    {"OTEL_BSP_MAX_QUEUE_SIZE", "2e3", "batch", "512", whole, otlp},

    // What a span may hold.
    {"OTEL_ATTRIBUTE_COUNT_LIMIT", "50", "attributes", "50"},
    {"OTEL_ATTRIBUTE_COUNT_LIMIT", "0", "attributes", "0"},
    {"OTEL_ATTRIBUTE_COUNT_LIMIT", "-1", "attributes", "10000", whole},
    {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "60", "attributes", "60", nullptr, {{"OTEL_ATTRIBUTE_COUNT_LIMIT", "50"}}},
    {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "60k", "attributes", "50", whole, {{"OTEL_ATTRIBUTE_COUNT_LIMIT", "50"}}},
    {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "4294967296", "attributes", "10000", whole},
    {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "4096", "length", "4096"},
    {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "4 KiB", "length", "none", whole},
    {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "10", "length", "10", nullptr, {{"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "20"}}},
    {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "unlimited", "length", "none", whole},
    {"OTEL_SPAN_EVENT_COUNT_LIMIT", "7", "events", "7"},
    {"OTEL_SPAN_EVENT_COUNT_LIMIT", "seven", "events", "128", whole},
    {"OTEL_SPAN_LINK_COUNT_LIMIT", "7", "links", "7"},
    {"OTEL_SPAN_LINK_COUNT_LIMIT", "7.0", "links", "128", whole},
    {"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "7", "event attributes", "7"},
    {"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "+7", "event attributes", "128", whole},
    {"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "7", "link attributes", "7"},
    {"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "7,", "link attributes", "128", whole},

    // What is kept out of spans: bits of detail::hiding. The switches have a table of their own in policy_masking.cpp.
    {"OPENINFERENCE_HIDE_INPUTS", "TRUE", "hidden", "1"},
    {"OPENINFERENCE_HIDE_INPUTS", "1", "hidden", "0", "write true or false"},
    {"OPENINFERENCE_HIDE_OUTPUTS", "true", "hidden", "2"},
    {"OPENINFERENCE_HIDE_INPUT_MESSAGES", "true", "hidden", "4"},
    {"OPENINFERENCE_HIDE_OUTPUT_MESSAGES", "true", "hidden", "8"},
    {"OPENINFERENCE_HIDE_INPUT_TEXT", "true", "hidden", "16"},
    {"OPENINFERENCE_HIDE_OUTPUT_TEXT", "true", "hidden", "32"},
    {"OPENINFERENCE_HIDE_INPUT_IMAGES", "true", "hidden", "64"},
    {"OPENINFERENCE_HIDE_PROMPTS", "true", "hidden", "128"},
    {"OPENINFERENCE_HIDE_CHOICES", "true", "hidden", "256"},
    {"OPENINFERENCE_HIDE_LLM_TOOLS", "true", "hidden", "512"},
    {"OPENINFERENCE_HIDE_LLM_INVOCATION_PARAMETERS", "true", "hidden", "1024"},
    {"OPENINFERENCE_HIDE_EMBEDDINGS_VECTORS", "true", "hidden", "2048"},
    {"OPENINFERENCE_HIDE_EMBEDDING_VECTORS", "true", "hidden", "2048", nullptr, {{"OPENINFERENCE_HIDE_EMBEDDINGS_VECTORS", "false"}}},
    {"OPENINFERENCE_HIDE_EMBEDDINGS_TEXT", "true", "hidden", "4096"},
    {"OPENINFERENCE_HIDE_RETRIEVAL_DOCUMENTS", "true", "hidden", "8192"},
    {"OPENINFERENCE_HIDE_RETRIEVAL_DOCUMENTS", "yes", "hidden", "0", "write true or false"},
    {"OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH", "64000", "images", "64000"},
    {"OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH", "+100", "images", "100"},
    {"OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH", "-1", "images", "0"},
    {"OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH", "99999999999", "images", "4294967295"},
    {"OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH", "32k", "images", "32000", "write a whole number"},
    {"OPENINFERENCE_BLOB_UPLOADER", "s3", "images", "32000", "it names a package for Python; upload the image in the program"},
    {"OPENINFERENCE_ENABLE_GENAI_SEMCONV", "True", "genai", "1"},
    {"OPENINFERENCE_ENABLE_GENAI_SEMCONV", "on", "genai", "0", "write true or false"},

    // What is said. 0 automatic, 1 none, 2 error, 3 warning, 4 info.
    {"OTEL_LOG_LEVEL", "none", "level", "1"},
    {"OTEL_LOG_LEVEL", "ERROR", "level", "2"},
    {"OTEL_LOG_LEVEL", "warn", "level", "3"},
    {"OTEL_LOG_LEVEL", "Info", "level", "4"},
    {"OTEL_LOG_LEVEL", "debug", "level", "4"},
    {"OTEL_LOG_LEVEL", "loud", "level", "0", "write none, error, warn or info"},
};

}  // namespace

TEST_CASE("every value of every variable sets what it says, or gets one line that names it and the way out") {
  for (const row& r : table) {
    CAPTURE(r.variable);
    CAPTURE(r.value);
    variables set = r.beside;
    set[r.variable] = r.value;
    warning_list warnings;
    const settings got = resolved(set, warnings);
    CHECK(told(got, r.what).find(r.expected) != std::string::npos);
    if (std::string(r.what) != "url" && std::string(r.what) != "error" && std::string(r.what) != "headers" &&
        std::string(r.what) != "resource") {
      CHECK(told(got, r.what) == r.expected);
    }
    if (*r.expected == '\0' || std::string(r.what) != "error") CHECK(got.error == "");
    if (r.line == nullptr) {
      CHECK(warnings.empty());
      continue;
    }
    REQUIRE(warnings.size() == 1);
    const std::string& line = warnings[0];
    CAPTURE(line);
    CHECK(line.find(r.variable) == 0);
    CHECK(line.find(r.line) != std::string::npos);
    CHECK(line.find('\n') == std::string::npos);
    // The values of headers are secrets; of OTEL_CONFIG_FILE nothing is wrong but that it is there.
    const bool shown = std::string(r.variable).find("HEADERS") == std::string::npos && std::string(r.variable) != "OTEL_CONFIG_FILE";
    CHECK((line.find("\"" + std::string(r.value) + "\"") != std::string::npos) == shown);
  }
}

TEST_CASE("an empty or blank variable means that it isn't set, for each of them") {
  warning_list none;
  const settings defaults = resolved({}, none);
  CHECK(none.empty());
  for (const row& r : table) {
    for (const char* nothing : {"", "   ", " \t"}) {
      CAPTURE(r.variable);
      warning_list warnings;
      const settings got = resolved({{r.variable, nothing}}, warnings);
      CHECK(warnings.empty());
      CHECK(told(got, r.what) == told(defaults, r.what));
    }
  }
}

TEST_CASE("the table has every variable that is read") {
  for (const row& r : table) {
    warning_list ignored;
    variables set = r.beside;
    set[r.variable] = r.value;
    resolved(set, ignored);
  }
  for (const std::string& name : asked_by_anybody) {
    bool found = false;
    for (const row& r : table) found = found || name == r.variable;
    // Certificates, propagators, proxies and the console have tests of their own.
    for (const char* other : {"CERTIFICATE", "CLIENT_KEY", "PROPAGATORS", "PROXY", "proxy", "NO_COLOR", "TERM"}) {
      found = found || name.find(other) != std::string::npos;
    }
    CHECK_MESSAGE(found, name);
  }
}

TEST_CASE("what the code says wins over the variable") {
  const struct {
    const char* variable;
    const char* value;
    const char* what;
    const char* expected;
    void (*say)(options&);
  } rows[] = {
      {"OTEL_LOG_LEVEL", "none", "level", "4", [](options& o) { o.log_level = log_level::info; }},
      {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1", "attributes", "9", [](options& o) { o.max_attributes = 9; }},
      {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "1", "length", "9", [](options& o) { o.max_attribute_length = 9; }},
      {"OTEL_SPAN_EVENT_COUNT_LIMIT", "1", "events", "9", [](options& o) { o.max_events = 9; }},
      {"OTEL_SPAN_LINK_COUNT_LIMIT", "1", "links", "9", [](options& o) { o.max_links = 9; }},
      {"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "1", "event attributes", "9", [](options& o) { o.max_event_attributes = 9; }},
      {"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "1", "link attributes", "9", [](options& o) { o.max_link_attributes = 9; }},
      {"OTEL_BSP_EXPORT_TIMEOUT", "1", "timeout", "9", [](options& o) { o.export_timeout = std::chrono::milliseconds(9); }},
      {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1", "batch", "9", [](options& o) { o.max_batch_spans = 9; }},
      {"ARTHUR_PROPAGATE_TO", "a", "propagate", "b;", [](options& o) { o.propagate_to = "b"; }},
  };
  for (const auto& r : rows) {
    CAPTURE(r.variable);
    variables set{{r.variable, r.value}};
    environment env;
    env.user = &set;
    env.lookup = [](void* user, const char* name) -> const char* {
      const auto it = static_cast<variables*>(user)->find(name);
      return it == static_cast<variables*>(user)->end() ? nullptr : it->second.c_str();
    };
    options o;
    r.say(o);
    warning_list warnings;
    CHECK(told(resolve(o, env, warnings, true), r.what) == r.expected);
    CHECK(warnings.empty());
  }
}
