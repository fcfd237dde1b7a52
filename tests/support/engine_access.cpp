// engine_access.cpp: who may do what.
#include "engine_access.hpp"

#include <algorithm>

#include "engine_answers.hpp"

namespace support {
namespace {

/// §1.4: the token of `Bearer <token>`; the scheme in any case, any run of blanks between.
std::optional<std::string> bearer(const std::string& credentials) {
  const std::size_t blank = credentials.find(' ');
  if (blank == std::string::npos || lower_case(credentials.substr(0, blank)) != "bearer") return std::nullopt;
  const std::size_t token = credentials.find_first_not_of(' ', blank);
  if (token == std::string::npos) return std::nullopt;
  return credentials.substr(token);
}

std::string access_token_cookie(const http_request& r) {
  const std::string cookies = "; " + r.header("cookie");
  const std::string name = "; ACCESS_TOKEN=";
  const std::size_t at = cookies.find(name);
  if (at == std::string::npos) return {};
  std::string text = cookies.substr(at + name.size());
  text.erase((std::min)(text.find(';'), text.size()));
  text.erase(std::remove(text.begin(), text.end(), '"'), text.end());
  return text;
}

std::string credentials_of(const http_request& r) {
  const std::string cookie = access_token_cookie(r);
  return cookie.empty() ? r.header("authorization") : cookie;
}

}  // namespace

const roles traces_write = {"ORG-ADMIN", "TASK-ADMIN", "VALIDATION-USER", "CHAT-USER"};
const roles read_access = {"ORG-ADMIN", "TASK-ADMIN", "ORG-AUDITOR"};

const engine_key* key_of(const std::vector<engine_key>& keys, const http_request& r) {
  const std::optional<std::string> token = bearer(credentials_of(r));
  if (!token) return nullptr;
  const auto it = std::find_if(keys.begin(), keys.end(), [&](const engine_key& k) { return k.token == *token; });
  return it == keys.end() ? nullptr : &*it;
}

std::optional<http_answer> access_refused(const std::vector<engine_key>& keys, const http_request& r,
                                          const roles* any_of) {
  if (keys.empty()) return std::nullopt;
  const std::string credentials = credentials_of(r);
  if (credentials.empty()) return detail(401, "Requires authentication");
  if (!bearer(credentials)) return detail(401, "Bad credentials");
  const engine_key* key = key_of(keys, r);
  if (key == nullptr) return detail(401, "Unauthorized");
  if (any_of == nullptr) return std::nullopt;
  const bool allowed = std::any_of(any_of->begin(), any_of->end(), [&](const char* role) {
    return std::find(key->roles.begin(), key->roles.end(), role) != key->roles.end();
  });
  if (allowed) return std::nullopt;
  return detail(403, "Forbidden");
}

}  // namespace support
