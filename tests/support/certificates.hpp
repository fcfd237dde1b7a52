// certificates.hpp: an authority made anew for each test, and the certificates it issues, as PEM files.
#ifndef ARTHUR_TESTS_SUPPORT_CERTIFICATES_HPP
#define ARTHUR_TESTS_SUPPORT_CERTIFICATES_HPP

#include <memory>
#include <string>

namespace support {

struct certificate_files {
  std::string certificate;
  std::string key;
};

struct certificate_wish {
  std::string names = "DNS:localhost,IP:127.0.0.1";  // "" for none
  std::string common_name = "arthur test";
  int begins = -3600;  // seconds from now
  int ends = 3600;
  bool self_signed = false;
  std::string password;  // of the key
};

/// Writes into a directory of its own, which goes with it.
class authority {
public:
  authority();
  ~authority();
  authority(const authority&) = delete;
  authority& operator=(const authority&) = delete;

  const std::string& file() const { return file_; }
  certificate_files issue(const certificate_wish& wish = {});
  /// A file with this text.
  std::string write(const std::string& name, const std::string& text) const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
  std::string directory_;
  std::string file_;
};

}  // namespace support

#endif
