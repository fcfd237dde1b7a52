// fixed.hpp: a runtime whose clock and ids are the same in every run, so that two runs differ by their encoding only.
#ifndef ARTHUR_TESTS_CONFORMANCE_FIXED_HPP
#define ARTHUR_TESTS_CONFORMANCE_FIXED_HPP

#include <arthur/arthur.hpp>

#include <cstdint>
#include <cstring>
#include <iostream>
#include <string>

namespace fixed {

/// splitmix64: every seed gives another stream, and never the same number twice.
class stream {
 public:
  explicit stream(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(next() % bound); }

 private:
  std::uint64_t state_;
};

inline stream ids{1};
inline std::uint64_t next_id() { return ids.next(); }
inline std::uint64_t now = 1700000000000000000U;
inline std::uint64_t tick() { return now += 1000; }

/// What the arguments `<endpoint> <json|protobuf|automatic>` ask for.
inline arthur::options options(char** argv) {
  arthur::options o;
  o.service_name = "conformance";
  o.endpoint = argv[1];
  if (std::strcmp(argv[2], "json") == 0) o.protocol = arthur::protocol::http_json;
  if (std::strcmp(argv[2], "protobuf") == 0) o.protocol = arthur::protocol::http_protobuf;
  o.clock = tick;
  o.random = next_id;
  return o;
}

/// The exit status: 0 once the endpoint confirmed every span.
inline int delivered() {
  const bool flushed = arthur::flush(std::chrono::seconds(60)) == arthur::flush_result::ok;
  const arthur::statistics s = arthur::stats();
  const bool all = flushed && s.opened == s.delivered;
  if (!all) std::cerr << "opened " << s.opened << ", delivered " << s.delivered << ": " << s.last_error << '\n';
  return all ? 0 : 1;
}

}  // namespace fixed

#endif
