// workload.hpp: the four spans that every benchmark records, the floor below them, and how a figure is printed.
#ifndef ARTHUR_TESTS_BENCH_WORKLOAD_HPP
#define ARTHUR_TESTS_BENCH_WORKLOAD_HPP

#include <arthur/arthur.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

inline std::string repeated(std::string_view text, std::size_t size) {
  std::string out;
  while (out.size() < size) out += text;
  while ((static_cast<unsigned char>(out[size]) & 0xc0U) == 0x80) --size;  // not within a character
  out.resize(size);
  return out;
}

constexpr std::string_view prose =
    "The customer asks for a refund of order 4711, which didn't arrive in time.\nCheck the carrier's events first; then offer "
    "either a refund or a voucher, and say which one is faster. ";

struct texts {
  std::string prompt = repeated(prose, 1024), answer = repeated(prose, 1024), long_prompt = repeated(prose, 32 * 1024);
};
inline texts content;

// Children of a span that is open all the time. W2: eleven attributes, the kind among them.
__attribute__((noinline)) inline void w0() { ARTHUR_SPAN("step"); }
__attribute__((noinline)) inline void w1() {
  ARTHUR_SPAN("step", arthur::attribute("attribute.number.one", "0123456789abcdef"),
              arthur::attribute("attribute.number.two", "0123456789abcdef"),
              arthur::attribute("attribute.number.3rd", "0123456789abcdef"),
              arthur::attribute("attribute.number.4th", "0123456789abcdef"), arthur::attribute("attribute.number.5th", 5),
              arthur::attribute("attribute.number.6th", 600));
}
inline void llm(const std::string& prompt, const std::string& answer) {
  ARTHUR_LLM_SPAN("chat", arthur::model("gpt-4o"), arthur::provider("openai"));
  ARTHUR_SET(arthur::invocation_parameters(R"({"temperature":0.2})"), arthur::input_message("user", prompt),
             arthur::output_message("assistant", answer), arthur::tokens(120, 48));
}
__attribute__((noinline)) inline void w2() { llm(content.prompt, content.answer); }
__attribute__((noinline)) inline void w3() { llm(content.long_prompt, content.answer); }

using work = void (*)();
constexpr work works[] = {w0, w1, w2, w3};
/// Bursts that fill less than 32 blocks of the pool: more would wake the worker.
constexpr int bursts[] = {400, 400, 80, 6};

inline double now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

/// What no recorder can go below: two clock reads, and the span's bytes copied into a warm 1 MiB ring.
__attribute__((noinline)) inline void floor_of(std::size_t size) {
  static std::vector<char> ring(std::size_t{1} << 20, 'r'), source(std::size_t{1} << 16, 's');
  static std::size_t at = 0;
  timespec start{}, end{};
  clock_gettime(CLOCK_REALTIME, &start);
  if (at + size > ring.size()) at = 0;
  std::memcpy(ring.data() + at, source.data(), size);
  at += size;
  clock_gettime(CLOCK_REALTIME, &end);
  asm volatile("" ::"r"(start.tv_nsec), "r"(end.tv_nsec) : "memory");
}

inline double quantile(std::vector<double> of, double q) {
  if (of.empty()) return 0;
  std::sort(of.begin(), of.end());
  return of[(std::min)(of.size() - 1, static_cast<std::size_t>(q * static_cast<double>(of.size())))];
}
inline double median(const std::vector<double>& of) { return quantile(of, 0.5); }

/// Bytes of each span as the caller writes it; set once, before anything is measured.
inline std::size_t sizes[4];

inline double timed_floor(int w, int count) {
  const double start = now();
  for (int n = 0; n < count; ++n) floor_of(sizes[w]);
  return (now() - start) / count;
}
/// F of a workload, now.
inline double floor_now(int w) {
  std::vector<double> floor;
  for (int n = 0; n < 41; ++n) floor.push_back(timed_floor(w, bursts[w]));
  return median(floor);
}

/// One line for report.py: name, value, unit, the goal as "<= 2.5" or "", and the value in units of F where it has one.
inline void row(const std::string& name, double value, const char* unit, const std::string& goal = {}, double in_floors = 0) {
  std::printf("%s\t%.6g\t%s\t%s\t%.4g\n", name.c_str(), value, unit, goal.c_str(), in_floors);
  std::fflush(stdout);
}

inline bool take_nothing(void*, const arthur::batch_view&) { return true; }

/// Options whose transport is a function that does nothing.
inline arthur::options quiet_options() {
  arthur::options o;
  o.service_name = "bench";
  o.on_batch = take_nothing;
  o.protocol = arthur::protocol::http_protobuf;
  return o;
}

}  // namespace bench

#endif
