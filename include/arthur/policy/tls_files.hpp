// tls_files.hpp: which certificate and key files the options or the environment name.
#ifndef ARTHUR_POLICY_TLS_FILES_HPP
#define ARTHUR_POLICY_TLS_FILES_HPP

#include <string>
#include <string_view>

#include "../config.hpp"
#include "../options.hpp"
#include "environment.hpp"
#include "text.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// PEM files; a path is "" where none is named.
struct tls_files {
  struct file {
    std::string path;
    const char* source = "";  ///< the option or variable, for messages
  };
  file authorities;  ///< in place of the system's
  file certificate;  ///< the client's own, for mutual TLS
  file key;
};

/// Fills `out`; returns "" or one line. A certificate and its key come from one place: code or the environment.
inline std::string resolve_tls_files(const options& given, const environment& env, tls_files& out) {
  out = tls_files();
  const auto from_code = [](std::string_view path, const char* source, tls_files::file& file) {
    file = {std::string(text::trim(path)), source};
  };
  const auto from_env = [&](const char* own, const char* general, tls_files::file& file) {
    const char* source = nullptr;
    const std::string_view path = env.get(own, general, source);
    file = {std::string(path), source};
  };
  from_code(given.certificate_file, "options.certificate_file", out.authorities);
  if (out.authorities.path.empty()) {
    from_env("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE", out.authorities);
  }
  from_code(given.client_certificate_file, "options.client_certificate_file", out.certificate);
  from_code(given.client_key_file, "options.client_key_file", out.key);
  if (out.certificate.path.empty() && out.key.path.empty()) {
    from_env("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", out.certificate);
    from_env("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "OTEL_EXPORTER_OTLP_CLIENT_KEY", out.key);
  }
  if (out.certificate.path.empty() == out.key.path.empty()) return {};
  const tls_files::file& alone = out.key.path.empty() ? out.certificate : out.key;
  const tls_files::file& missing = out.key.path.empty() ? out.key : out.certificate;
  return std::string(alone.source) + "=" + text::shown(alone.path) + " needs " + missing.source +
         " beside it; give both, or neither (one PEM file may hold both)";
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
