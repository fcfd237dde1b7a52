// program.cpp: small programs that end, write or thread in ways that differ between systems; driven by check.py.
//   program <what> [<endpoint or file>]
#define ARTHUR_IMPLEMENTATION
#include "conformance/fixed.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#if defined(_WIN32)
#include <windows.h>
#endif

namespace {

using std::chrono::milliseconds;

/// Nothing is sent before a flush or the end.
arthur::options patient(const char* where) {
  arthur::options o;
  o.endpoint = where;
  o.protocol = arthur::protocol::http_json;
  o.schedule_delay = std::chrono::hours(1);
  return o;
}

void some_spans(const char* prefix, int count) {
  for (int i = 0; i < count; ++i) {
    ARTHUR_TOOL_SPAN(std::string(prefix) + std::to_string(i), arthur::input("line\nbreak"), arthur::output("\xc3\xa4"));
  }
}

// The guard is static, as in many programs; the spans are sent by the handler of exit().
int exit_with_spans_pending(const char* where) {
  static const auto tracing = arthur::start(patient(where));
  std::thread([] { some_spans("thread ", 20); }).join();
  ARTHUR_AGENT_SPAN("open at the end");
  some_spans("main ", 20);
  std::exit(3);
}

int twice(const char* where) {
  for (const char* name : {"first", "second"}) {
    arthur::options o = patient(where);
    o.service_name = name;
    const auto tracing = arthur::start(o);
    if (!tracing.ok()) return 1;
    some_spans(name, 3);
    if (arthur::flush(std::chrono::seconds(30)) != arthur::flush_result::ok) return 1;
  }
  return arthur::stats().delivered == 6 ? 0 : 1;
}

// Nobody listens: the program ends all the same, and knows what it lost.
int nobody_there(const char* where) {
  arthur::options o = patient(where);
  o.shutdown_timeout = milliseconds(300);
  {
    const auto tracing = arthur::start(o);
    some_spans("lost ", 5);
    if (arthur::flush(milliseconds(300)) != arthur::flush_result::timeout) return 1;
  }
  std::puts(arthur::stats().last_error.c_str());
  return arthur::stats().discarded == 5 ? 0 : 1;
}

/// Records while the thread's variables are being destroyed.
struct late {
  bool used = false;
  ~late() {
    if (used) some_spans("late ", 1);
  }
};
thread_local late last_words;

// Slots are handed on: as many threads as one likes, one after the other, need a handful of them.
int threads_that_end(const char* where) {
  const auto tracing = arthur::start(patient(where));
  for (int i = 0; i < 200; ++i) {
    std::thread([i] {
      last_words.used = i % 2 == 0;
      some_spans("thread ", 2);
      static std::vector<std::unique_ptr<arthur::scoped_span>> left_open;
      if (i % 4 == 0) left_open.emplace_back(new arthur::scoped_span(arthur::kind::tool, "left open"));
    }).join();
    if (i % 10 == 0 && arthur::flush(std::chrono::seconds(30)) != arthur::flush_result::ok) return 1;
  }
  static_cast<void>(arthur::flush(std::chrono::seconds(30)));
  int slots = 0;
  for (const auto* s = arthur::detail::the_recorder.slots.load(); s != nullptr; s = s->registered_before) ++slots;
  const arthur::statistics s = arthur::stats();
  std::printf("%d slots, %d delivered, %d dropped at the end of their thread\n", slots, static_cast<int>(s.delivered),
              static_cast<int>(s.dropped_thread_exit));
  return slots < 40 && s.delivered >= 400 && s.dropped_thread_exit >= 50 && s.opened == s.delivered + s.dropped ? 0 : 1;
}

// Its own output and ours on one stream: what it writes itself stays as the C library makes it.
int to_stdout() {
  arthur::options o;
  o.exporters = "otlp/stdout";
  o.clock = fixed::tick;
  o.random = fixed::next_id;
  o.schedule_delay = std::chrono::hours(1);
  const auto tracing = arthur::start(o);
  some_spans("out ", 3);
  return arthur::flush(std::chrono::seconds(30)) == arthur::flush_result::ok ? 0 : 1;
}

int to_file(const char* path) {
  arthur::options o;
  o.service_name = "file";
  // Windows hands arguments over in its old code page, so a name of any script stands here.
  o.output_file = *path == '\0' ? "sp\xc3\xa4ne \xe6\x97\xa5.jsonl" : path;
  o.clock = fixed::tick;
  o.random = fixed::next_id;
  o.schedule_delay = std::chrono::hours(1);
  const auto tracing = arthur::start(o);
  some_spans("file ", 3);
  const bool flushed = arthur::flush(std::chrono::seconds(30)) == arthur::flush_result::ok;
  if (!flushed) std::puts(arthur::stats().last_error.c_str());
  return flushed ? 0 : 1;
}

int names(const char* where) {
  const auto tracing = arthur::start(patient(where));
  some_spans("named ", 1);
  return arthur::flush(std::chrono::seconds(30)) == arthur::flush_result::ok ? 0 : 1;
}

double processor_seconds() {
#if defined(_WIN32)  // its clock() is a clock on the wall
  FILETIME made, ended, kernel, user;
  ::GetProcessTimes(::GetCurrentProcess(), &made, &ended, &kernel, &user);
  return 1e-7 * static_cast<double>(kernel.dwLowDateTime + user.dwLowDateTime);
#else
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
#endif
}

// An idle worker sleeps: it takes no processor time.
int idle() {
  arthur::options o;
  o.exporters = "otlp/stdout";
  o.schedule_delay = milliseconds(700);
  const auto tracing = arthur::start(o);
  some_spans("idle ", 1);
  const double before = processor_seconds();
  std::this_thread::sleep_for(milliseconds(2000));
  return processor_seconds() - before < 0.25 ? 0 : 1;
}

#if defined(_WIN32)
// No handler of exit() runs: the spans are lost, but nothing may hang.
int exit_process(const char* where) {
  static const auto tracing = arthur::start(patient(where));
  some_spans("gone ", 5);
  ::ExitProcess(3);
}

// The tracing lives in a DLL (plugin.cpp): its last handlers run when the other threads are dead already.
int dll(const char* where, bool unload) {
  const HMODULE plugin = ::LoadLibraryA("plugin.dll");
  if (plugin == nullptr) return 1;
  using function = int (*)(const char*);
  const auto record = reinterpret_cast<function>(reinterpret_cast<void (*)()>(::GetProcAddress(plugin, "record")));
  const int delivered = record(where);
  if (unload) ::FreeLibrary(plugin);
  return delivered;
}
#endif

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  const char* const where = argc > 2 ? argv[2] : "";
  if (what == "exit") return exit_with_spans_pending(where);
  if (what == "twice") return twice(where);
  if (what == "nobody") return nobody_there(where);
  if (what == "threads") return threads_that_end(where);
  if (what == "stdout") return to_stdout();
  if (what == "file") return to_file(where);
  if (what == "names") return names(where);
  if (what == "idle") return idle();
#if defined(_WIN32)
  if (what == "exitprocess") return exit_process(where);
  if (what == "dll") return dll(where, false);
  if (what == "dll-unload") return dll(where, true);
#endif
  return 2;
}
