// tls.hpp: what is asked of OpenSSL beside cpp-httplib: certificate files, and reasons in words.
#ifndef ARTHUR_TRANSPORT_TLS_HPP
#define ARTHUR_TRANSPORT_TLS_HPP

#ifdef ARTHUR_WITH_HTTPLIB

#include <memory>
#include <string>
#include <system_error>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "../config.hpp"
#include "../policy/text.hpp"
#include "../policy/tls_files.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Reading certificate files with OpenSSL.
namespace tls {

inline std::string reason() {
  const unsigned long error = ERR_peek_error();
  if (ERR_GET_LIB(error) == ERR_LIB_SYS) return std::generic_category().message(static_cast<int>(ERR_GET_REASON(error)));
  const char* const text = ERR_reason_error_string(error);
  return text == nullptr ? "unknown reason" : text;
}

inline std::string unusable(const tls_files::file& f, const char* what) {
  return std::string(f.source) + "=" + text::shown(f.path) + " " + what + " (" + reason() + ")";
}

// OpenSSL's own would ask on the terminal and stop the program there.
inline int no_password(char*, int, int, void*) { return 0; }

inline std::string use_own_certificate(SSL_CTX* context, const tls_files& files) {
  if (files.certificate.path.empty()) return {};
  SSL_CTX_set_default_passwd_cb(context, no_password);
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.path.c_str()) != 1) {
    return unusable(files.certificate, "isn't a readable PEM file that begins with a certificate; check the path and the file");
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.path.c_str(), SSL_FILETYPE_PEM) != 1) {
    return unusable(files.key, "isn't a readable PEM file with the certificate's key, without a password; check the path and the file");
  }
  return {};
}

inline std::string check(const tls_files& files) {
  ERR_clear_error();
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (context == nullptr) return "OpenSSL can't be used (" + reason() + ")";
  std::string error;
  if (!files.authorities.path.empty() &&
      SSL_CTX_load_verify_locations(context.get(), files.authorities.path.c_str(), nullptr) != 1) {
    error = unusable(files.authorities, "isn't a readable PEM file with certificates; check the path and the file");
  }
  if (error.empty()) error = use_own_certificate(context.get(), files);
  ERR_clear_error();
  return error;
}

/// What to do about a certificate that was refused. `source`: who named the address.
inline std::string fix(long verdict, const char* source) {
  switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return std::string("it was issued for another name: write that one in ") + (*source == '\0' ? "ARTHUR_BASE_URL" : source);
    case X509_V_ERR_CERT_HAS_EXPIRED: return "have it renewed there, or correct this machine's clock";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "correct this machine's clock";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "if it is the right one, give the file of its authority in options.certificate_file";
    default: return "have it replaced there";
  }
}

/// Did the peer end the handshake because of our certificate? With TLS 1.3 we learn it only after the request went out.
inline bool refuses_client(int alert) {
  constexpr int certificate_required = 116;
  return (alert >= SSL_AD_HANDSHAKE_FAILURE && alert <= SSL_AD_ACCESS_DENIED) || alert == certificate_required;
}

inline std::string why_ended(int alert, bool certificate_missing) {
  // The alert may be lost behind a reset, and OpenSSL has no words for TLS 1.3's "certificate required".
  if (certificate_missing) return "; it asks for a client certificate: give options.client_certificate_file and client_key_file";
  return std::string(": ") + SSL_alert_desc_string_long(alert) +
         (alert == SSL_AD_PROTOCOL_VERSION ? "; it must learn TLS 1.2 or newer" : "; look into its log, and check options.client_certificate_file");
}

}  // namespace tls

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#endif
