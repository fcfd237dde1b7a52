// spool_support.hpp: a directory for one test, requests to put into it, and a look at what lies there.
#ifndef ARTHUR_TESTS_SPOOL_SUPPORT_HPP
#define ARTHUR_TESTS_SPOOL_SUPPORT_HPP

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <arthur/spool/spool.hpp>

#include "otlp_support.hpp"

namespace spool_test {

using namespace arthur::detail;

constexpr std::uint64_t second = 1000000000;
constexpr std::uint64_t hour = 3600 * second;
constexpr std::uint64_t never = UINT64_MAX;

// Unix time of the tests: it goes on by a microsecond with each look, so that names differ in time.
inline std::uint64_t& now() {
  static std::uint64_t time = 0;
  return time;
}
inline std::uint64_t test_clock() { return now() += 1000; }

/// A directory that doesn't exist yet, and is removed with all in it.
struct place {
  std::string root = "/tmp/arthur-spool-XXXXXX";
  std::string path;
  place() {
    now() = 1763749805 * second;  // 2025-11-21T18:30:05Z
    REQUIRE(::mkdtemp(&root[0]) != nullptr);
    path = root + "/spool";
  }
  ~place() {
    for (const std::string& name : names()) ::unlink((path + "/" + name).c_str());
    ::rmdir(path.c_str());
    ::rmdir(root.c_str());
  }
  place(const place&) = delete;
  place& operator=(const place&) = delete;

  std::vector<std::string> names() const {
    std::vector<std::string> found;
    DIR* const list = ::opendir(path.c_str());
    if (list == nullptr) return found;
    while (const dirent* const e = ::readdir(list)) {
      if (e->d_name[0] != '.') found.emplace_back(e->d_name);
    }
    ::closedir(list);
    std::sort(found.begin(), found.end());
    return found;
  }
  /// "" for a pending file, else the suffix that says its state.
  std::vector<std::string> states() const {
    std::vector<std::string> found;
    for (const std::string& name : names()) found.push_back(name.size() > 66 ? name.substr(66) : "");
    return found;
  }
  std::string only() const {
    const auto all = names();
    REQUIRE(all.size() == 1);
    return path + "/" + all[0];
  }
  void touch(const std::string& name, const std::string& content) const { std::ofstream(path + "/" + name, std::ios::binary) << content; }

  spool_settings settings(std::uint64_t max_bytes = 1 << 20, std::uint64_t max_age = never) const { return {path, max_bytes, max_age}; }
};

inline std::string content(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A request of one resource, with spans of these names.
inline buffer request(const std::vector<std::string>& names) {
  std::vector<std::string> spans;
  for (const std::string& name : names) spans.push_back(otlp_test::span_start(name));
  std::vector<span_piece> pieces;
  for (const std::string& span : spans) pieces.push_back({0, span.data(), span.size()});
  const std::string service = otlp_test::bytes_field(1, otlp_test::key_value("service.name", otlp_test::text_any("s")));
  const resource_view group{service.data(), service.size()};
  buffer out;
  REQUIRE(append_request(out, encoding::protobuf, pieces.data(), pieces.size(), &group, 1));
  return out;
}

/// The names of the spans.
inline std::vector<std::string> names_of(const spool_content& from) {
  std::vector<std::string> found;
  for (std::size_t n = 0; n < from.spans.size(); ++n) {
    wire::reader in(from.spans[n].data, from.spans[n].size);
    for (wire::field f; in.next(f);) {
      if (f.tag == wire::span_name) found.emplace_back(f.data, f.size);
    }
  }
  return found;
}

inline void must_open(spool& s) {
  text_line why;
  const bool opened = s.open(why);
  REQUIRE_MESSAGE(opened, std::string(why));
}
inline void must_put(spool& s, const std::vector<std::string>& spans, std::uint64_t sent_at = 0) {
  text_line why;
  const spool::result result = s.put(request(spans), sent_at, why);
  REQUIRE_MESSAGE(result == spool::result::ok, std::string(why));
}

using list = std::vector<std::string>;

}  // namespace spool_test

#endif
