// secrets.hpp: which texts of the configuration are secret, and how they are kept out of what is said.
#ifndef ARTHUR_POLICY_SECRETS_HPP
#define ARTHUR_POLICY_SECRETS_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "../config.hpp"
#include "../options.hpp"
#include "settings.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

using secret_list = std::vector<std::string>;

/// Values of headers, without the scheme before a key; a URL's query; passwords of proxies. Of cookies, parameters and the
/// like each value alone, too: a server may send back the one that it minds. Short texts are too likely to occur
/// elsewhere, above all those of headers that hold no key.
inline secret_list secrets_of(const settings& s) {
  secret_list out;
  const auto add = [&out](std::string_view text, std::size_t least = 6) {
    if (text.size() >= least) out.emplace_back(text);
  };
  const auto add_list = [&add](std::string_view list, std::size_t least) {
    add(list, least);
    for (std::size_t at = 0, end = 0; at < list.size(); at = end + 1) {
      end = (std::min)(list.find_first_of(" =&;,", at), list.size());
      add(list.substr(at, end - at), 12);
    }
  };
  for (const std::vector<header>* list : {&s.where.headers, &s.where.engine_headers}) {
    for (const header& h : *list) {
      const bool key = text::equal_nocase(h.name, "Authorization");
      // npos + 1 is 0
      add_list(std::string_view(h.value).substr(key ? h.value.find(' ') + 1 : 0), key ? 6 : 12);
    }
  }
  const std::string_view target = s.where.traces.target;
  add_list(target.substr((std::min)(target.size(), path_of(s.where.traces).size() + 1)), 6);
  for (const proxy* p : {&s.traces_proxy, &s.engine_proxy}) {
    add(p->password);
    add(base64(p->user + ":" + p->password));
  }
  return out;
}

/// Makes stars of each secret in a text, which a server may have put there: it was sent them. Also of the beginning of one
/// that was cut, if it is 8 characters or more.
inline void hide(const secret_list& secrets, char* text, std::size_t size) noexcept {
  const std::string_view all(text, size);
  for (const std::string& secret : secrets) {
    const std::string_view start = std::string_view(secret).substr(0, 8);
    for (std::size_t at = all.find(start); at != std::string_view::npos; at = all.find(start, at)) {
      for (std::size_t n = 0; n < secret.size() && at < size && text[at] == secret[n]; ++n) text[at++] = '*';
    }
  }
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
