// refusal.hpp: what the refusal of an endpoint means and what to change, in one line for people.
#ifndef ARTHUR_POLICY_REFUSAL_HPP
#define ARTHUR_POLICY_REFUSAL_HPP

#include <string>
#include <string_view>

#include "../config.hpp"
#include "../text_line.hpp"
#include "endpoint.hpp"
#include "proxy.hpp"
#include "retry.hpp"
#include "settings.hpp"
#include "text.hpp"
#include "url.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Who was asked.
struct asked_party {
  const url& at;
  const proxy& via;
  const char* key_source;  ///< see endpoint
  bool key_withheld;
  detail::profile profile;
};

inline asked_party traces_of(const settings& s) {
  return {s.where.traces, s.traces_proxy, s.where.key_source, s.where.key_withheld, s.where.profile};
}
inline asked_party engine_of(const settings& s) {
  return {s.where.engine, s.engine_proxy, s.where.engine_key_source, false, profile::arthur};
}

/// It may be the proxy that answers; inside a tunnel it can't be.
inline text_line name_of(const asked_party& p) {
  return p.via.used() && !p.at.https ? text_line(origin(p.at), " through ", shown(p.via)) : origin(p.at);
}

namespace refusals {

inline text_line unauthorized(const asked_party& p) {
  const bool engine = p.profile == profile::arthur;
  const std::string_view by = p.key_source;
  if (by.empty() && p.key_withheld) {
    return text_line("the key is kept for the host of ARTHUR_BASE_URL; set that to this host, or options.api_key beside options.endpoint");
  }
  if (by.empty()) {
    return text_line(engine ? "ARTHUR_API_KEY is missing; set it to a key of the engine"
                            : "credentials are missing; set OTEL_EXPORTER_OTLP_HEADERS or options.headers");
  }
  if (by == "ARTHUR_API_KEY" || by == "options.api_key") return text_line(by, " is wrong; copy the key again, or make a new one");
  return text_line("the credentials in ", by, " are wrong; check them");
}

inline text_line forbidden(const asked_party& p) {
  const std::string_view by = p.key_source;
  if (by.empty()) return unauthorized(p);
  return text_line("the key in ", by, " may not write traces; use one ",
                   p.profile == profile::arthur ? "with the role VALIDATION-USER, TASK-ADMIN or ORG-ADMIN" : "that may");
}

inline text_line moved(const asked_party& p, std::string_view location) {
  text_line out("redirects aren't followed, so that the key goes nowhere else; ");
  if (!location.empty()) out = text_line(out, "this one leads to ", text::shown_url(location), ": ");
  // The engine answers so to a '/' at the end.
  return text_line(out, "name the final address in ", *p.at.source == '\0' ? "ARTHUR_BASE_URL" : p.at.source);
}

}  // namespace refusals

/// The likely cause of an answer that isn't a success, and what to change. `location`: of a redirect.
inline text_line advice(int status, std::string_view location, const asked_party& p) {
  switch (status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308: return refusals::moved(p, location);
    case 401: return refusals::unauthorized(p);
    case 403: return refusals::forbidden(p);
    case 404: return text_line("nothing takes traces at ", path_of(p.at), "; ", change_address(p.at.source));
    case 405: return text_line("nothing takes POST at ", path_of(p.at), "; ", change_address(p.at.source));
    case 407: return text_line("the proxy asks for credentials; put them into ", p.via.used() ? p.via.source : "options.proxy");
    default: return text_line(advice(status, p.profile));
  }
}

/// Why the task's name has no id, and what to change. `status`: of the search; 200 where it found none.
inline text_line no_task(const settings& s, int status) {
  const std::string name = text::shown(s.task_name);
  const char* const variable = s.task_in_code ? "options.task_name" : "ARTHUR_TASK_NAME";
  if (status == 200) return text_line("the engine has no task ", name, ": create it, or set ", variable, " to one that exists");
  text_line why;
  if (status == 401) why = text_line(": ", refusals::unauthorized(engine_of(s)));
  if (status == 403) why = text_line(": the key may not read tasks; use one with the role TASK-ADMIN, or name the task by its id in ARTHUR_TASK_ID");
  if (why.empty()) why = text_line(": is it an Arthur Engine? ", change_address(s.where.engine.source));
  return text_line("the task ", name, " can't be looked up (", status, ")", why);
}

/// The whole line. `reason`: the endpoint's own words, or "".
inline text_line refusal(int status, std::string_view reason, std::string_view location, const asked_party& p) {
  text_line what(name_of(p), " answered ", status);
  if (!reason.empty()) what = text_line(what, " (", reason, ")");
  const text_line fix = advice(status, location, p);
  return fix.empty() ? what : text_line(what, ": ", fix);
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
