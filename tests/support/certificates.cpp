// certificates.cpp: see the header; OpenSSL does the work.
#include "certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace support {
namespace {

using key_ptr = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using certificate_ptr = std::unique_ptr<X509, void (*)(X509*)>;

void must(bool good) {
  if (!good) throw std::runtime_error("OpenSSL refused to make a certificate");
}

key_ptr make_key() {
  key_ptr key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  must(key != nullptr);
  return key;
}

void extend(X509* certificate, X509* issuer, int what, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_nconf_nid(nullptr, &context, what, value.c_str());
  must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

certificate_ptr make(const certificate_wish& wish, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key, bool is_authority) {
  certificate_ptr made(X509_new(), X509_free);
  static long serial = 0;
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), wish.begins);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), wish.ends);
  X509_NAME* name = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(wish.common_name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), issuer == nullptr ? name : X509_get_subject_name(issuer));
  X509_set_pubkey(made.get(), key);
  extend(made.get(), issuer == nullptr ? made.get() : issuer, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!wish.names.empty()) extend(made.get(), issuer, NID_subject_alt_name, wish.names);
  must(X509_sign(made.get(), issuer_key, EVP_sha256()) != 0);
  return made;
}

template <class Write>
void to_file(const std::string& path, Write write) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  must(file != nullptr && write(file) == 1);
  std::fclose(file);
}

}  // namespace

struct authority::impl {
  key_ptr key = make_key();
  certificate_ptr certificate{nullptr, X509_free};
  int issued = 0;
};

authority::authority() : impl_(std::make_unique<impl>()) {
  std::string name = (std::filesystem::temp_directory_path() / "arthur-certificates-XXXXXX").string();
  must(::mkdtemp(name.data()) != nullptr);
  directory_ = name;
  file_ = directory_ + "/authority.pem";
  certificate_wish wish;
  wish.names.clear();
  static int made = 0;
  wish.common_name = "arthur test authority " + std::to_string(++made);
  impl_->certificate = make(wish, impl_->key.get(), nullptr, impl_->key.get(), true);
  to_file(file_, [&](std::FILE* f) { return PEM_write_X509(f, impl_->certificate.get()); });
}

authority::~authority() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

certificate_files authority::issue(const certificate_wish& wish) {
  const key_ptr key = make_key();
  const bool own = wish.self_signed;
  const certificate_ptr made =
      make(wish, key.get(), own ? nullptr : impl_->certificate.get(), own ? key.get() : impl_->key.get(), false);
  const std::string stem = directory_ + "/" + std::to_string(++impl_->issued);
  to_file(stem + ".pem", [&](std::FILE* f) { return PEM_write_X509(f, made.get()); });
  to_file(stem + ".key", [&](std::FILE* f) {
    const bool locked = !wish.password.empty();
    return PEM_write_PrivateKey(f, key.get(), locked ? EVP_aes_128_cbc() : nullptr,
                                locked ? reinterpret_cast<const unsigned char*>(wish.password.data()) : nullptr,
                                static_cast<int>(wish.password.size()), nullptr, nullptr);
  });
  return {stem + ".pem", stem + ".key"};
}

std::string authority::write(const std::string& name, const std::string& text) const {
  std::ofstream(directory_ + "/" + name) << text;
  return directory_ + "/" + name;
}

}  // namespace support
