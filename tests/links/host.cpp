// host.cpp: a program that loads plug-ins at run time and says how many runtimes there are then.
//   host joined|table|apart|refused <plug-in>    host two-joined|two-apart <plug-in> <another>    host unload <plug-in>
//   host unload-running <plug-in>
#include <dlfcn.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "check.hpp"
#include "plugin.h"

namespace {

struct plugin {
  void* handle;
  decltype(&plugin_start) start;
  decltype(&plugin_run) run;
  decltype(&plugin_stop) stop;
  decltype(&plugin_lines) lines;

  explicit plugin(const char* path) : handle(::dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
    if (handle == nullptr) {
      std::printf("%s\n", ::dlerror());
      std::exit(1);
    }
    find(start, "plugin_start");
    find(run, "plugin_run");
    find(stop, "plugin_stop");
    find(lines, "plugin_lines");
  }
  template <class Function>
  void find(Function& to, const char* name) {
    void* const symbol = ::dlsym(handle, name);
    std::memcpy(&to, &symbol, sizeof to);
  }
};

bool is_mapped(const char* path) {
  std::ifstream maps("/proc/self/maps");
  const std::string all{std::istreambuf_iterator<char>(maps), std::istreambuf_iterator<char>()};
  return all.find(path) != std::string::npos;
}

std::string heard;
void hear(void*, arthur::severity, const char* line) { heard += line; }

void joined(const char* path) {
  arthur::options o;
  o.on_diagnostic = hear;
  arthur::testing::capture spans(o);
  const plugin p(path);
  {
    ARTHUR_SPAN("host");
    EXPECT(p.start(arthur_get_api(ARTHUR_API_VERSION)) == 0);
    p.run();
  }
  EXPECT(p.stop() == 0);
  EXPECT(p.lines() == 0);
  EXPECT(heard.find("another arthur runtime") == std::string::npos);
  expect_nested(spans.take());
}

void apart(const char* path) {
  arthur::testing::capture spans;
  EXPECT(spans.all().empty());  // waits until the worker is there
  const plugin p(path);
  {
    ARTHUR_SPAN("host");
    EXPECT(p.start(nullptr) == 1);
    p.run();
    ARTHUR_SPAN("host again");
  }
  EXPECT(p.stop() == 2);
  EXPECT(p.lines() == 1);
  { ARTHUR_SPAN("later"); }  // the end of the plug-in's runtime isn't the end of the host's
  EXPECT(spans.find("host again").is_child_of(spans.find("host")));
  EXPECT(spans.find("later").is_root());
  EXPECT(spans.take().size() == 3);
}

void refused(const char* path) {
  EXPECT(::dlopen(path, RTLD_NOW | RTLD_LOCAL) == nullptr);
  const std::string why = ::dlerror();
  std::printf("%s\n", why.c_str());
  EXPECT(why.find("undefined symbol") != std::string::npos && why.find("arthur") != std::string::npos);
}

void two(const char* path, const char* other, bool are_joined) {
  const plugin p(path), q(other);
  EXPECT(p.start(nullptr) == 1);
  EXPECT(q.start(nullptr) == (are_joined ? 0 : 1));
  p.run();
  q.run();
  EXPECT(q.stop() == (are_joined ? 0 : 2));
  EXPECT(p.stop() == (are_joined ? 4 : 2));
  EXPECT(p.lines() + q.lines() == (are_joined ? 0 : 1));
}

/// What a call site says of itself is copied: it outlives the plug-in.
void unload(const char* path) {
  arthur::testing::capture spans;
  std::thread([path] {
    const plugin p(path);
    p.run();
    ::dlclose(p.handle);
  }).join();
  std::printf("unloaded: %s\n", is_mapped(path) ? "no" : "yes");
  const auto inner = spans.find("inner");
  EXPECT(inner.attribute("code.function.name") == "plugin_run");
  EXPECT(inner.attribute("code.file.path").text().find("plugin.cpp") != std::string::npos);
}

/// The worker's code is in the plug-in: it stays in memory until the process ends, which also sends the last spans.
void unload_running(const char* path) {
  const plugin p(path);
  EXPECT(p.start(nullptr) == 1);
  std::thread(p.run).join();  // a thread that records and still lives keeps the plug-in, too
  ::dlclose(p.handle);
  EXPECT(is_mapped(path));
}

}  // namespace

int main(int, char** arguments) {
  const std::string what = arguments[1];
  if (what == "joined") joined(arguments[2]);
  if (what == "apart") apart(arguments[2]);
  if (what == "refused") refused(arguments[2]);
  if (what == "two-joined") two(arguments[2], arguments[3], true);
  if (what == "two-apart") two(arguments[2], arguments[3], false);
  if (what == "unload") unload(arguments[2]);
  if (what == "unload-running") unload_running(arguments[2]);
  return result();
}
