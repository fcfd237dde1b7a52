// engine_access.hpp: keys and roles (§1.4).
#ifndef ARTHUR_TESTS_SUPPORT_ENGINE_ACCESS_HPP
#define ARTHUR_TESTS_SUPPORT_ENGINE_ACCESS_HPP

#include <initializer_list>
#include <optional>
#include <vector>

#include "engine.hpp"

namespace support {

using roles = std::initializer_list<const char*>;
extern const roles traces_write;
extern const roles read_access;

/// The key that a request shows, or nullptr: the ACCESS_TOKEN cookie first, else the Authorization header.
const engine_key* key_of(const std::vector<engine_key>& keys, const http_request& r);

/// 401 or 403; nothing when the request may go on. Without keys everything may; without roles any key will do.
std::optional<http_answer> access_refused(const std::vector<engine_key>& keys, const http_request& r,
                                          const roles* any_of);

}  // namespace support

#endif
