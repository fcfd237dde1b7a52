// spool.cpp: puts requests into a spool, and takes them out.
//   spool put <directory>     keeps the protobuf request on standard input
//   spool take <directory>    prints what is kept as OTLP/JSON, a line for each file, and removes it
#include <arthur/platform/clock.hpp>
#include <arthur/spool/spool.hpp>

#include <cstdio>
#include <string>
#include <string_view>

using namespace arthur::detail;

namespace {

int fail(const text_line& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  return 1;
}

int put(spool& s) {
  buffer request;
  char bytes[4096];
  for (std::size_t n = 0; (n = std::fread(bytes, 1, sizeof bytes, stdin)) > 0;) request.append(bytes, n);
  text_line why;
  return s.put(request, 0, why) == spool::result::ok ? 0 : fail(why);
}

int take(spool& s) {
  spool_claim claim;
  while (s.take(claim, 0)) {
    const spool_content& c = claim.content();
    buffer json;
    if (!append_request(json, encoding::json, c.spans.data(), c.spans.size(), c.groups.data(), c.groups.size()) || !json.append('\n')) {
      return fail(text_line("not written as JSON"));
    }
    std::fwrite(json.data(), 1, json.size(), stdout);
    claim.delivered();
  }
  const text_line note = s.note();
  return note.empty() ? 0 : fail(note);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return fail(text_line("spool put|take <directory>"));
  spool s({arguments[2], std::uint64_t{1} << 30, UINT64_MAX}, unix_nanoseconds);
  text_line why;
  if (!s.open(why)) return fail(why);
  return arguments[1] == std::string_view("put") ? put(s) : take(s);
}
