// endpoint.hpp: decides where spans go, by whose rules, and with which headers.
#ifndef ARTHUR_POLICY_ENDPOINT_HPP
#define ARTHUR_POLICY_ENDPOINT_HPP

#include <string>
#include <string_view>
#include <vector>

#include "../config.hpp"
#include "../options.hpp"
#include "environment.hpp"
#include "text.hpp"
#include "url.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Whose rules hold for a request.
enum class profile {
  arthur,  ///< Arthur Engine: not idempotent, so nothing is sent twice on a guess; values it can't store are cleaned
  otlp,    ///< any OpenTelemetry endpoint: the specification's rules
};

/// Where spans go, and where the engine's other routes are.
struct endpoint {
  detail::profile profile = detail::profile::arthur;
  url traces;                          ///< spans are posted here
  bool has_engine = false;             ///< is anything known about where the engine is?
  url engine;                          ///< its base; target is the path before "/api/...", "" at the root
  std::vector<header> headers;         ///< for requests to `traces`
  std::vector<header> engine_headers;  ///< for requests to `engine`
  const char* key_source = "";         ///< the option or variable whose credentials are in `headers`; "" when there are none
  const char* engine_key_source = "";  ///< the same for `engine_headers`
  bool key_withheld = false;           ///< a key is known, but must not go to `traces`
};

constexpr std::string_view engine_traces_path = "/api/v1/traces";

namespace endpoints {

/// A base URL: `target` becomes its path without the last '/', so that paths can be appended.
inline std::string parse_base(std::string_view value, const char* source, url& out) {
  std::string error = parse_url(value, source, out);
  if (!error.empty()) return error;
  if (out.target.find('?') != std::string::npos) {
    return std::string(source) + " " + text::shown_url(value) + " has a query; a base URL can't have one: remove it";
  }
  while (!out.target.empty() && out.target.back() == '/') out.target.pop_back();
  return {};
}

/// Does the path belong to the engine? If so its base is written to `engine`.
inline bool names_engine(const url& traces, url& engine) {
  std::string_view path = path_of(traces);
  if (!text::ends_with(path, engine_traces_path)) return false;
  path.remove_suffix(engine_traces_path.size());
  engine = traces;
  engine.target = std::string(path);
  return true;
}

inline bool has_secret(const std::vector<header>& headers) {
  return find_pair(headers, "Authorization", true) != nullptr;
}

}  // namespace endpoints

/// Fills `out`; returns "" or why no span can be sent.
///
/// The traces URL is named by, in this order: options.endpoint; options.base_url; ARTHUR_BASE_URL;
/// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT; OTEL_EXPORTER_OTLP_ENDPOINT; the default engine, http://localhost:3030.
///
/// named by          | profile                                       | the key goes along when
/// ------------------|-----------------------------------------------|------------------------------------------------
/// base URL, default | arthur                                        | always
/// options.endpoint  | arthur if its path ends in /api/v1/traces, it | it was given in code, or one of the first two
///                   | is the engine's origin, or base_url, api_key  | reasons on the left holds
///                   | or task_* are given in code; else otlp        |
/// OTEL_*            | arthur if its path ends in /api/v1/traces or  | it is the engine's origin
///                   | it is the engine's origin; else otlp          |
///
/// "The engine's origin": scheme, host and port of the base URL; of the default one only if a key or task is given too.
/// A general OTEL_EXPORTER_OTLP_ENDPOINT at the engine's origin means the engine's own path, not /v1/traces.
/// Headers of OTEL_EXPORTER_OTLP_*HEADERS hold other services' credentials, so they go to hosts that OTEL_* names and
/// to any endpoint in the otlp profile, never to an engine that code or ARTHUR_* name.
inline std::string resolve_endpoint(const options& given, const environment& env, warning_list& warnings,
                                    endpoint& out) {
  out = endpoint();
  std::string error;

  const char* const key_name = given.api_key.empty() ? "ARTHUR_API_KEY" : "options.api_key";
  const std::string_view key = given.api_key.empty() ? env.get("ARTHUR_API_KEY") : text::trim(given.api_key);
  for (const char c : key) {
    if (text::is_control(c) || c == ' ' || static_cast<unsigned char>(c) >= 0x80) {
      return std::string(key_name) + " contains a space, a control character or one that isn't ASCII; copy the key again";
    }
  }
  const bool engine_in_code =
      !given.base_url.empty() || !given.api_key.empty() || !given.task_id.empty() || !given.task_name.empty();
  const bool engine_wanted = engine_in_code || !key.empty() || !env.get("ARTHUR_TASK_ID").empty() ||
                             !env.get("ARTHUR_TASK_NAME").empty();

  const char* base_source = given.base_url.empty() ? "ARTHUR_BASE_URL" : "options.base_url";
  std::string_view base = given.base_url.empty() ? env.get("ARTHUR_BASE_URL") : text::trim(given.base_url);
  const bool base_given = !base.empty();
  if (!base_given) base = "http://localhost:3030";
  error = endpoints::parse_base(base, base_source, out.engine);
  if (!error.empty()) return error;
  if (!base_given) out.engine.source = "";
  if (url inner; endpoints::names_engine(out.engine, inner)) out.engine = inner;  // the traces URL given as the base
  url engine_traces = out.engine;
  engine_traces.target += engine_traces_path;

  const char* otel_source = nullptr;
  enum class source { engine, code, otel } by = source::engine;
  bool at_engine = true;
  out.traces = engine_traces;
  if (const std::string_view value = text::trim(given.endpoint); !value.empty()) {
    by = source::code;
    error = parse_url(value, "options.endpoint", out.traces);
  } else if (!base_given) {
    if (const std::string_view exact = env.get(otel_source = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"); !exact.empty()) {
      by = source::otel;
      error = parse_url(exact, otel_source, out.traces);
    } else if (const std::string_view root = env.get(otel_source = "OTEL_EXPORTER_OTLP_ENDPOINT"); !root.empty()) {
      by = source::otel;
      error = endpoints::parse_base(root, otel_source, out.traces);
      out.traces.target += "/v1/traces";
      if (error.empty() && engine_wanted && same_origin(out.traces, out.engine)) out.traces = engine_traces;
    }
  }
  if (!error.empty()) return error;

  bool engine_path = true;
  if (by != source::engine) {
    at_engine = (base_given || engine_wanted) && same_origin(out.traces, out.engine);
    if (text::ends_with(path_of(out.traces), "/api/v1/traces/")) {
      // Arthur Engine answers 307 with an empty body to the trailing slash.
      out.traces.target.erase(path_of(out.traces).size() - 1, 1);
    }
    url engine;
    engine_path = endpoints::names_engine(out.traces, engine);
    if (engine_path && !base_given && !at_engine) out.engine = engine;
  }
  const bool is_engine = engine_path || at_engine || (by == source::code && engine_in_code);
  out.profile = is_engine ? profile::arthur : profile::otlp;
  out.has_engine = base_given || at_engine || engine_path;

  bool key_allowed = at_engine;
  if (by == source::code) key_allowed = at_engine || engine_path || !given.api_key.empty();
  if (by == source::otel && engine_wanted && !at_engine) {
    warnings.push_back(std::string("spans go to ") + origin(out.traces) + ", named by " + otel_source +
                       (key.empty() ? ", which wins over the default engine" : ", without the Arthur key") +
                       "; set ARTHUR_BASE_URL to send them to the engine");
  } else if (!key.empty() && !key_allowed) {
    warnings.push_back("ARTHUR_API_KEY isn't sent to " + origin(out.traces) +
                       ", named by options.endpoint; set options.api_key if it belongs there");
  }

  for (const header& h : given.headers) {
    error = check_header(h.name, h.value, "options.headers");
    if (!error.empty()) return error;
    put_pair(out.headers, h.name, h.value, true);
  }
  const char* list_source = nullptr;
  const std::string_view list =
      env.get("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS", list_source);
  if (given.headers.empty() && !list.empty()) {
    if (by == source::otel || out.profile == profile::otlp) {
      error = read_headers(list, list_source, out.headers, warnings);
      if (!error.empty()) return error;
    } else {
      warnings.push_back(std::string(list_source) + " isn't sent to the engine at " + origin(out.traces) +
                         ", which OTEL_* doesn't name; use ARTHUR_API_KEY or options.headers");
    }
  }
  // The engine reads one header, others may read any.
  if (out.profile == profile::arthur ? endpoints::has_secret(out.headers) : !out.headers.empty()) {
    out.key_source = given.headers.empty() ? list_source : "options.headers";
  }
  const std::string bearer = "Bearer " + std::string(key);
  if (!key.empty() && key_allowed && (given.headers.empty() || !endpoints::has_secret(out.headers))) {
    put_pair(out.headers, "Authorization", bearer, true);
    out.key_source = key_name;
  }
  out.key_withheld = !key.empty() && !key_allowed;
  if (out.has_engine) {
    if (same_origin(out.engine, out.traces)) {
      out.engine_headers = out.headers;
      out.engine_key_source = out.key_source;
    } else if (!key.empty()) {
      put_pair(out.engine_headers, "Authorization", bearer, true);
      out.engine_key_source = key_name;
    }
  }

  const bool bare_traces = endpoints::has_secret(out.headers) && !out.traces.https && !is_loopback(out.traces.host);
  const bool bare_engine =
      endpoints::has_secret(out.engine_headers) && !out.engine.https && !is_loopback(out.engine.host);
  if (bare_traces || bare_engine) {
    warnings.push_back("the key goes unencrypted to " + origin(bare_traces ? out.traces : out.engine) +
                       "; use https:// there");
  }
  return {};
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
