// environment.cpp: all options and variables from the input: every line is one line without a secret, and what is accepted can be
// used: addresses and headers read back the same, the key goes to nobody else.
#include <arthur/policy/settings.hpp>

#include <map>
#include <string>

#include "fuzz.hpp"

using namespace arthur::detail;

namespace {

using variables = std::map<std::string, std::string>;

const char* look_up(void* user, const char* name) {
  const auto& set = *static_cast<const variables*>(user);
  const auto found = set.find(name);
  return found == set.end() ? nullptr : found->second.c_str();
}

bool ends_with(const std::string& text, const std::string& tail) {
  return text.size() >= tail.size() && text.compare(text.size() - tail.size(), tail.size(), tail) == 0;
}

// Names and values of "k=v,k=v" of which only the values are secret.
bool has_public_secret(const std::string& list) {
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = (std::min)(list.find(',', at), list.size());
    const std::string member = list.substr(at, end - at);
    const std::size_t equals = member.find('=');
    if (equals != std::string::npos && fuzz::has_secret(member.substr(0, equals))) return true;
    at = end + 1;
  }
  return false;
}

struct configuration {
  arthur::options code;
  variables set;
  bool https = true;
  bool secret_shown = false;  // it stands where it is no secret

  explicit configuration(fuzz::taker& in) {
    while (!in.done()) {
      const std::string line = in.line();
      const std::size_t equals = line.find('=');
      if (equals == std::string::npos) continue;
      take(line.substr(0, equals), line.substr(equals + 1));
    }
  }

  void take(const std::string& name, std::string value) {
    const std::pair<const char*, std::string*> texts[] = {{"service_name", &code.service_name}, {"task_id", &code.task_id}, {"task_name", &code.task_name},
        {"base_url", &code.base_url}, {"api_key", &code.api_key}, {"endpoint", &code.endpoint}, {"proxy", &code.proxy}, {"exporters", &code.exporters},
        {"certificate_file", &code.certificate_file}, {"client_certificate_file", &code.client_certificate_file}, {"client_key_file", &code.client_key_file},
        {"output_file", &code.output_file}};
    bool in_code = name == "header" || name == "attribute" || name == "http_only" || name == "max_batch_spans" || name == "schedule_delay";
    for (const auto& text : texts) {
      if (name != text.first) continue;
      *text.second = value;
      in_code = true;
    }
    const std::size_t colon = value.find(':');
    if (name == "header") code.headers.push_back({value.substr(0, colon), colon == std::string::npos ? "" : value.substr(colon + 1)});
    if (name == "attribute") code.resource_attributes.push_back({value.substr(0, colon), colon == std::string::npos ? "" : value.substr(colon + 1)});
    if (name == "http_only") https = false;
    if (name == "max_batch_spans") code.max_batch_spans = value.size();
    if (name == "schedule_delay") code.schedule_delay = std::chrono::milliseconds(static_cast<int>(value.size()) - 2);
    if (!in_code) set[name] = value = value.c_str();  // a variable ends at its first null character
    const bool url = ends_with(name, "url") || ends_with(name, "URL") || ends_with(name, "endpoint") || ends_with(name, "ENDPOINT") || ends_with(name, "proxy") ||
                     ends_with(name, "PROXY");
    const bool key = name == "api_key" || name == "ARTHUR_API_KEY";
    const std::string shown = key ? "" : url ? fuzz::public_part(text::trim(value)) : name == "header" ? value.substr(0, colon) : value;
    const bool list = ends_with(name, "_HEADERS");
    if (list ? has_public_secret(value) : fuzz::has_secret(name) || fuzz::has_secret(shown)) secret_shown = true;
  }
};

void check_line(const std::string& line, const configuration& given) {
  fuzz::promise(!line.empty(), "a line says something");
  fuzz::promise_one_line(line, "a line is one line");
  fuzz::promise(given.secret_shown || !fuzz::has_secret(line), "a line tells no secret", line);
}

void check_headers(const std::vector<arthur::header>& headers) {
  std::string list;
  static const char digits[] = "0123456789abcdef";
  for (const arthur::header& h : headers) {
    fuzz::promise(check_header(h.name, h.value, "").empty(), "a header can be sent", h.name);
    fuzz::promise((h.name + h.value).find_first_of(std::string("\r\n\0", 3)) == std::string::npos, "a header is a line", h.name);
    list += h.name + '=';
    for (const char c : h.value) {
      list += '%';
      list += digits[static_cast<unsigned char>(c) >> 4];
      list += digits[static_cast<unsigned char>(c) & 15];
    }
    list += ',';
  }
  std::vector<arthur::header> again;
  warning_list warnings;
  fuzz::promise(read_headers(list, "", again, warnings).empty() && warnings.empty(), "headers can be read back", list);
  fuzz::promise(again.size() == headers.size(), "all of them", list);
  for (std::size_t n = 0; n < again.size(); ++n) fuzz::promise(again[n].name == headers[n].name && again[n].value == headers[n].value, "and the same", list);
}

void check_address(const url& u) {
  url again;
  fuzz::promise(parse_url(std::string(origin(u)) + u.target, "", again).empty() && same_origin(u, again), "an address can be read back", u.target);
}

// The key goes to the engine and to where the code says, not to a host that OTEL_* alone names.
void check_key(const configuration& given, const environment& env, const endpoint& where) {
  const std::string key(text::trim(given.code.api_key.empty() ? std::string(env.get("ARTHUR_API_KEY")) : given.code.api_key));
  if (key.size() < 6 || !text::trim(given.code.endpoint).empty()) return;
  for (const auto& variable : given.set) {
    if (ends_with(variable.first, "HEADERS") && variable.second.find('=') != std::string::npos) return;  // may hold it, too
  }
  for (const arthur::header& h : given.code.headers) {
    if (h.value.find(key) != std::string::npos) return;
  }
  const std::string base(given.code.base_url.empty() ? env.get("ARTHUR_BASE_URL") : text::trim(given.code.base_url));
  url engine;
  if (!parse_url(base.empty() ? "http://localhost:3030" : base, "", engine).empty()) return;
  for (const arthur::header& h : where.headers) {
    fuzz::promise(same_origin(where.traces, engine) || h.value.find(key) == std::string::npos, "the key goes to the engine only", std::string(origin(where.traces)));
  }
  for (const arthur::header& h : where.engine_headers) {
    fuzz::promise(same_origin(where.engine, engine) || h.value.find(key) == std::string::npos, "so it does beside the spans", std::string(origin(where.engine)));
  }
}

}  // namespace

FUZZ_TARGET(environment) {
  fuzz::taker in(data, size);
  configuration given(in);
  environment env;
  env.lookup = look_up;
  env.user = &given.set;
  env.program = "program";
  warning_list warnings;
  const settings got = resolve(given.code, env, warnings, given.https);
  for (const std::string& warning : warnings) check_line(warning, given);
  if (!got.error.empty()) check_line(got.error, given);
  warning_list second;
  fuzz::promise(resolve(given.code, env, second, given.https).error == got.error && second == warnings, "the same again says the same");
  if (!got.error.empty() || got.disabled) return;

  fuzz::promise(!got.service_name.empty() && find_pair(got.resource, "service.name") != nullptr, "there is a service name");
  fuzz::promise(got.sample_ratio >= 0 && got.sample_ratio <= 1, "a ratio is one");
  fuzz::promise(got.max_batch_spans >= 1 && got.max_batch_spans <= 65536, "a batch has spans");
  for (const auto wait : {got.schedule_delay, got.export_timeout}) {
    fuzz::promise(wait > std::chrono::milliseconds(0) && wait <= resolving::day, "a time is between nothing and a day");
  }
  if (got.sink != sink::endpoint) return;
  fuzz::promise(given.https || !got.where.traces.https, "no https without TLS");
  check_address(got.where.traces);
  if (got.where.has_engine) check_address(got.where.engine);
  check_headers(got.where.headers);
  check_headers(got.where.engine_headers);
  check_key(given, env, got.where);
  for (const proxy* p : {&got.traces_proxy, &got.engine_proxy}) {
    if (p->used()) fuzz::promise(p->port != 0 && p->user.empty() == p->password.empty(), "a proxy is complete");
  }
}
