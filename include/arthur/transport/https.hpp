// https.hpp: where a transport with TLS makes itself known to the runtime.
#ifndef ARTHUR_TRANSPORT_HTTPS_HPP
#define ARTHUR_TRANSPORT_HTTPS_HPP

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "../config.hpp"
#include "../options.hpp"
#include "../policy/proxy.hpp"
#include "../policy/tls_files.hpp"
#include "../policy/url.hpp"
#include "transport.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// What a transport with TLS offers.
struct https_support {
  std::unique_ptr<transport> (*make)(const url& where, const std::vector<header>& headers, const timing& time,
                                     const proxy& via, const tls_files& files);
  /// "" or one line that says which file can't be used and why.
  std::string (*check)(const tls_files& files);
};

/// nullptr where no file of the program was compiled with one. A variable, not a macro: of two static libraries that both
/// bring the runtime only one may have TLS, and the linker picks either one's functions.
inline std::atomic<const https_support*> the_https{nullptr};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
