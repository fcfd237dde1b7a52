// absent.hpp: the face of the spool where there is none: Windows.
#ifndef ARTHUR_SPOOL_ABSENT_HPP
#define ARTHUR_SPOOL_ABSENT_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../config.hpp"
#include "../otlp/buffer.hpp"
#include "../text_line.hpp"
#include "file_content.hpp"
#include "settings.hpp"

#if defined(_WIN32)

ARTHUR_NAMESPACE_BEGIN
namespace detail {

inline bool spool_exists(const std::string&) noexcept { return false; }

class spool_claim {
 public:
  bool held() const noexcept { return false; }
  const spool_content& content() const noexcept { return content_; }
  bool in_doubt() const noexcept { return false; }
  std::uint64_t sent_at() const noexcept { return 0; }
  bool mark_sent(std::uint64_t) noexcept { return false; }
  bool keep(const buffer&) noexcept { return false; }
  void delivered() noexcept {}
  void release() noexcept {}
  void doubt() noexcept {}
  void unconfirmed() noexcept {}
  void corrupt(std::string_view) noexcept {}

 private:
  spool_content content_;
};

class spool {
 public:
  using result = spool_result;
  spool(const spool_settings&, std::uint64_t (*)()) {}
  bool open(text_line& why) noexcept {
    why = text_line("there is no spool on Windows in this version: leave options.spool_directory (ARTHUR_SPOOL_DIR) empty");
    return false;
  }
  result put(const buffer&, std::uint64_t, text_line& why) noexcept {
    open(why);
    return result::failed;
  }
  bool take(spool_claim&, std::uint64_t) noexcept { return false; }
  std::uint64_t expire() noexcept { return 0; }
  std::uint64_t bytes() const noexcept { return 0; }
  std::size_t waiting() const noexcept { return 0; }
  std::uint64_t next_doubt() const noexcept { return UINT64_MAX; }
  text_line note() noexcept { return {}; }
  void drop_inherited() noexcept {}
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#endif
