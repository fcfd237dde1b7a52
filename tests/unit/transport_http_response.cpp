// transport_http_response.cpp: an HTTP answer means the same however the network cuts it; no peer can abuse its reader.
#include <doctest/doctest.h>

#include <arthur/transport/http_response.hpp>
#include <string>

using namespace arthur::detail;

namespace {

struct reading {
  response out;
  bool done;
  bool failed;
  bool has_status;
  bool keep_alive;
  std::string error;
  std::size_t used;
};

/// Feeds `text` in pieces of `first`, then `step` bytes.
reading read(const std::string& text, std::size_t first, std::size_t step, bool closed) {
  reading r{};
  http_response_parser parser(r.out);
  std::size_t at = 0;
  std::size_t piece = first;
  while (at < text.size()) {
    const std::size_t n = (std::min)(piece, text.size() - at);
    // A copy of its own, so that reading past a piece is seen by the address sanitizer.
    const std::string part = text.substr(at, n);
    const std::size_t used = parser.feed(part.data(), n);
    r.used += used;
    at += n;
    piece = step;
    if (used < n) break;
  }
  if (closed) parser.end_of_stream();
  r.done = parser.done();
  r.failed = parser.failed();
  r.has_status = parser.has_status();
  r.keep_alive = parser.keep_alive();
  r.error = parser.error();
  return r;
}

void check_same(const reading& a, const reading& b) {
  CHECK(a.out.status == b.out.status);
  CHECK(a.out.body == b.out.body);
  CHECK(a.out.truncated == b.out.truncated);
  CHECK(a.out.retry_after == b.out.retry_after);
  CHECK(a.out.location == b.out.location);
  CHECK(a.out.content_type == b.out.content_type);
  CHECK(a.done == b.done);
  CHECK(a.failed == b.failed);
  CHECK(a.has_status == b.has_status);
  CHECK(a.keep_alive == b.keep_alive);
  CHECK(a.error == b.error);
  CHECK(a.used == b.used);
}

struct row {
  const char* what;
  std::string text;
  bool closed;  // the peer closes after it
  int status;
  const char* body;
  bool keep_alive;
  const char* error;
};

const row rows[] = {
    {"Content-Length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, 200, "hello", true, ""},
    {"names have no case", "HTTP/1.1 200 OK\r\ncOnTeNt-LeNgTh:5\r\n\r\nhello", false, 200, "hello", true, ""},
    {"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", false, 200, "hi", true, ""},
    {"no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", false, 200, "", true, ""},
    {"chunked",
     "HTTP/1.1 206 Partial\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\n",
     false, 206, "abc0123456789", true, ""},
    {"trailers", "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n1 \r\na\r\n000\r\nX: y\r\nZ: w\r\n\r\n", false,
     200, "a",
     true, ""},
    {"chunked is the last coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
     false,
     200, "a", true, ""},
    {"until close", "HTTP/1.1 200 OK\r\n\r\nall of it", true, 200, "all of it", false, ""},
    {"another coding lasts until close", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nabc",
     true,
     200, "abc", false, ""},
    {"chunked beats a length and ends the connection",
     "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", false, 200, "a",
     false,
     ""},
    {"204 has no body", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", false, 204, "", true, ""},
    {"304 has no body", "HTTP/1.1 304 Not Modified\r\n\r\n", false, 304, "", true, ""},
    {"Connection: close", "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n", false, 200, "", false,
     ""},
    {"HTTP/1.0 closes", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", false, 200, "a", false, ""},
    {"HTTP/1.0 may stay", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\na", false, 200, "a",
     true,
     ""},
    {"1xx are skipped",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nContent-Length: 9\r\nRetry-After: 1\r\nConnection: "
     "close\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
     false, 200, "ok", true, ""},
    {"equal lengths are one", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\nContent-Length: 1\r\n\r\na", false, 200, "a",
     true,
     ""},
    {"a folded line is skipped", "HTTP/1.1 200 OK\r\nX: a\r\n  Content-Length: 7\r\nContent-Length: 1\r\n\r\na", false,
     200,
     "a", true, ""},
    // cut off
    {"closed at once", "", true, 0, "", false, "the connection was closed without an answer"},
    {"closed in the status line", "HTTP/1.1 20", true, 0, "", false, "the connection was closed without an answer"},
    {"closed in the header", "HTTP/1.1 200 OK\r\nContent-Le", true, 0, "", false,
     "the connection was closed without an answer"},
    {"closed after 100", "HTTP/1.1 100 Continue\r\n\r\n", true, 0, "", false,
     "the connection was closed without an answer"},
    {"closed in the body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", true, 200, "hel", false,
     "the answer was cut off"},
    {"closed in a chunk", "HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", true, 500, "hel", false,
     "the answer was cut off"},
    {"closed before the last chunk", "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", true, 200, "a",
     false,
     "the answer was cut off"},
    // malformed
    {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n", false, 0, "", false, "the answer isn't HTTP/1.1"},
    {"HTTP/2", "HTTP/2 200 OK\r\n\r\n", false, 0, "", false, "the answer isn't HTTP/1.1"},
    {"an empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", false, 0, "", false, "the answer isn't HTTP/1.1"},
    {"a word as status", "HTTP/1.1 abc OK\r\n\r\n", false, 0, "", false, "the answer isn't HTTP/1.1"},
    {"a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", false, 0, "", false, "the answer isn't HTTP/1.1"},
    {"status 099", "HTTP/1.1 099 OK\r\n\r\n", false, 0, "", false, "the answer isn't HTTP/1.1"},
    {"status 600", "HTTP/1.1 600 OK\r\n\r\n", false, 0, "", false, "the answer isn't HTTP/1.1"},
    {"switching protocols", "HTTP/1.1 101 Switching\r\n\r\n", false, 0, "", false,
     "the answer switches to another protocol"},
    {"a header without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", false, 0, "", false,
     "the answer has a malformed header"},
    {"a header without a name", "HTTP/1.1 200 OK\r\n: x\r\n\r\n", false, 0, "", false,
     "the answer has a malformed header"},
    {"a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", false, 0, "", false,
     "the answer has a malformed Content-Length"},
    {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", false, 0, "", false,
     "the answer has a malformed Content-Length"},
    {"a length beyond numbers", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", false, 0, "", false,
     "the answer has a malformed Content-Length"},
    {"a chunk size of letters", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", false, 200, "", false,
     "the answer has a malformed chunk"},
    {"an empty chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", false, 200, "", false,
     "the answer has a malformed chunk"},
    {"a chunk size beyond numbers",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", false, 200, "", false,
     "the answer has a malformed chunk"},
    {"a chunk longer than its size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", false, 200,
     "a",
     false, "the answer has a malformed chunk"},
};

}  // namespace

TEST_CASE("each form of answer is read as it is meant, cut at every byte") {
  for (const row& r : rows) {
    CAPTURE(r.what);
    const reading whole = read(r.text, r.text.size(), 1, r.closed);
    CHECK(whole.out.status == r.status);
    CHECK(whole.out.body == r.body);
    CHECK(whole.keep_alive == r.keep_alive);
    CHECK(whole.error == r.error);
    CHECK(whole.done == (*r.error == '\0'));
    CHECK(whole.failed == (*r.error != '\0'));
    CHECK(whole.has_status == (r.status != 0));
    CHECK(whole.out.truncated == (r.status != 0 && *r.error != '\0'));
    if (whole.done) CHECK(whole.used == r.text.size());
    for (std::size_t cut = 1; cut < r.text.size(); ++cut) {
      CAPTURE(cut);
      check_same(read(r.text, cut, r.text.size(), r.closed), whole);
    }
    check_same(read(r.text, 1, 1, r.closed), whole);
  }
}

TEST_CASE("the headers that matter are kept, those of a 1xx aren't") {
  const reading r = read(
      "HTTP/1.1 100 Continue\r\nLocation: no\r\n\r\nHTTP/1.1 503 Busy\r\nretry-after:  7 \r\nLOCATION: /there\r\n"
      "Content-Type: application/json\r\nContent-Length: 0\r\n\r\n",
      1, 1, false);
  CHECK(r.out.retry_after == "7");
  CHECK(r.out.location == "/there");
  CHECK(r.out.content_type == "application/json");
  CHECK(read("HTTP/1.1 100 C\r\nLocation: no\r\n\r\nHTTP/1.1 204 X\r\n\r\n", 1, 1, false).out.location == "");
}

TEST_CASE("bytes after the answer aren't taken") {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na";
  CHECK(read(answer + "HTTP/1.1 500", 1000, 1, false).used == answer.size());
}

TEST_CASE("a body beyond 4 MiB is cut, whatever announces it") {
  const std::size_t most = http_response_parser::max_body;
  const std::string large(most + 1, 'x');
  const std::string start = "HTTP/1.1 200 OK\r\n";
  const std::string texts[] = {start + "Content-Length: " + std::to_string(large.size()) + "\r\n\r\n" + large,
                               start + "\r\n" + large,
                               start + "Transfer-Encoding: chunked\r\n\r\n400001\r\n" + large + "\r\n0\r\n\r\n"};
  for (const std::string& text : texts) {
    const reading r = read(text, 100, 5000, true);
    CHECK(r.out.status == 200);
    CHECK(r.out.body.size() == most);
    CHECK(r.out.truncated);
    CHECK(r.done);
    CHECK(!r.keep_alive);
    CHECK(r.error == "the answer is larger than 4 MiB");
  }
  const reading fits = read("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(most) + "\r\n\r\n" + large.substr(1),
                            100, 5000, false);
  CHECK(fits.out.body.size() == most);
  CHECK(!fits.out.truncated);
  CHECK(fits.keep_alive);
}

TEST_CASE("an announced size reserves nothing") {
  const reading r = read("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nabc", 1, 1, true);
  CHECK(r.out.body == "abc");
  CHECK(r.out.body.capacity() < 1000);
  CHECK(r.out.truncated);
}

TEST_CASE("a header beyond 64 KiB is refused, however it grows") {
  const std::string one = "HTTP/1.1 200 OK\r\nX: " + std::string(70000, 'x');
  std::string many = "HTTP/1.1 200 OK\r\n";
  while (many.size() < 70000) many += "A: b\r\n";
  std::string continued;
  while (continued.size() < 70000) continued += "HTTP/1.1 100 Continue\r\n\r\n";
  for (const std::string& text : {one, many, continued, std::string(70000, 'H')}) {
    const reading r = read(text, 1000, 1000, false);
    CHECK(r.failed);
    CHECK(r.out.status == 0);
    CHECK(r.error == "the answer's header is larger than 64 KiB");
  }
  std::string trailers = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  while (trailers.size() < 70000) trailers += "A: b\r\n";
  CHECK(read(trailers, 1000, 1000, false).failed);
  CHECK(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(2000, 'x'), 1000, 1000,
      false).failed);
}
