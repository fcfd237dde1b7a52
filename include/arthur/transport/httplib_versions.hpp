// httplib_versions.hpp: what differs between the versions of cpp-httplib, 0.11 to 0.53.
#ifndef ARTHUR_TRANSPORT_HTTPLIB_VERSIONS_HPP
#define ARTHUR_TRANSPORT_HTTPLIB_VERSIONS_HPP

#ifdef ARTHUR_WITH_HTTPLIB

#include <openssl/ssl.h>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Of two overloads the one with `int` is preferred where both compile.
namespace httplib_versions {

template <class Client>
auto context(Client& c, int) -> decltype(static_cast<SSL_CTX*>(c.tls_context())) {
  return static_cast<SSL_CTX*>(c.tls_context());
}
template <class Client>
auto context(Client& c, long) -> decltype(c.ssl_context()) {
  return c.ssl_context();
}

/// The target is sent as it is.
template <class Client>
auto keep_target(Client& c, int) -> decltype(c.set_path_encode(false)) {
  c.set_path_encode(false);
}
template <class Client>
auto keep_target(Client& c, long) -> decltype(c.set_url_encode(false)) {
  c.set_url_encode(false);
}

}  // namespace httplib_versions

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#endif
