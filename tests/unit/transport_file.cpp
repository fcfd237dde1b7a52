// transport_file.cpp: requests become whole lines in a file, on stdout, or calls of a function.
#include <doctest/doctest.h>

#include <arthur/transport/callback.hpp>
#include <arthur/transport/file.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <sys/resource.h>

using namespace arthur::detail;

namespace {

std::uint64_t ticking() {
  static std::uint64_t now = 1;
  return now += 1000000;  // each look at the clock takes a millisecond
}

timing ticks() { return timing{&ticking, nullptr}; }

constexpr std::uint64_t far = UINT64_MAX;

request line(const std::string& text) {
  request r;
  r.content_type = "application/json";
  r.body = text.data();
  r.body_size = text.size();
  r.spans = 3;
  return r;
}

struct temporary_directory {
  std::string path = "/tmp/arthur-file-XXXXXX";
  temporary_directory() { REQUIRE(::mkdtemp(&path[0]) != nullptr); }
  ~temporary_directory() {
    std::remove((path + "/x.jsonl").c_str());
    ::rmdir(path.c_str());
  }
  std::string file() const { return path + "/x.jsonl"; }
};

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("each request is appended as one line") {
  const temporary_directory where;
  response out;
  std::string error;
  {
    file_transport file(where.file(), ticks());
    CHECK(content(where.file()) == "");  // nothing is created before the first request
    CHECK(file.send(line("{\"a\":1}"), far, out, error) == transport_result::answered);
    CHECK(out.status == 200);
    CHECK(file.send(line(std::string(3000000, 'x')), far, out, error) == transport_result::answered);
  }
  file_transport again(where.file(), ticks());
  CHECK(again.send(line("{}"), far, out, error) == transport_result::answered);
  CHECK(error == "");
  CHECK(content(where.file()) == "{\"a\":1}\n" + std::string(3000000, 'x') + "\n{}\n");
}

TEST_CASE("a file that can't be opened is named") {
  response out;
  std::string error;
  file_transport file("/nonexistent-directory/x.jsonl", ticks());
  CHECK(file.send(line("{}"), far, out, error) == transport_result::not_sent);
  CHECK(error == "can't open /nonexistent-directory/x.jsonl: No such file or directory");
  CHECK(out.status == 0);
}

TEST_CASE("a line that a full disk cuts off stays alone on its line") {
  const temporary_directory where;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit small = before;
  small.rlim_cur = 10;
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  response out;
  std::string error;
  file_transport file(where.file(), ticks());
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const transport_result first = file.send(line("{\"a\":1}"), far, out, error);
  const transport_result second = file.send(line("{\"b\":2}"), far, out, error);
  const int second_status = out.status;
  const std::string second_error = error;
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  CHECK(first == transport_result::answered);
  CHECK(second == transport_result::not_sent);
  CHECK(second_status == 0);
  CHECK(second_error == "can't write to " + where.file() + ": File too large");
  CHECK(file.send(line("{\"b\":2}"), far, out, error) == transport_result::answered);
  CHECK(file.send(line("{}"), far, out, error) == transport_result::answered);
  CHECK(content(where.file()) == "{\"a\":1}\n{\"\n{\"b\":2}\n{}\n");
}

TEST_CASE("a line whose end alone is missing counts as written and is ended by the next") {
  const temporary_directory where;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit small = before;
  small.rlim_cur = 7;
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  response out;
  std::string error;
  file_transport file(where.file(), ticks());
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const transport_result first = file.send(line("{\"a\":1}"), far, out, error);
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  CHECK(first == transport_result::answered);
  CHECK(file.send(line("{}"), far, out, error) == transport_result::answered);
  CHECK(content(where.file()) == "{\"a\":1}\n{}\n");
}

TEST_CASE("a descriptor is written to and left open") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  response out;
  std::string error;
  {
    file_transport pipe(ends[1], ticks());
    CHECK(pipe.send(line("{\"a\":1}"), far, out, error) == transport_result::answered);
  }
  char buffer[16] = {};
  CHECK(::read(ends[0], buffer, sizeof buffer) == 8);
  CHECK(std::string(buffer) == "{\"a\":1}\n");
  CHECK(::write(ends[1], "x", 1) == 1);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a reader that stopped reading holds nobody up beyond the deadline") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  response out;
  std::string error;
  file_transport pipe(ends[1], ticks());
  CHECK(pipe.send(line(std::string(300000, 'x')), ticking() + 30000000, out, error) == transport_result::not_sent);
  CHECK(error == "can't write to the descriptor: nobody reads it");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a reader that went away is an error, not a signal") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  response out;
  std::string error;
  file_transport pipe(ends[1], ticks());
  CHECK(pipe.send(line("{}"), far, out, error) == transport_result::not_sent);
  CHECK(error == "can't write to the descriptor: Broken pipe");
  sigset_t pending;
  sigpending(&pending);
  CHECK(sigismember(&pending, SIGPIPE) == 0);
  ::close(ends[1]);
}

TEST_CASE("a callback sees the request and decides about it") {
  struct seen {
    std::string body;
    std::string type;
    std::size_t spans = 0;
    bool answer = true;
  } s;
  callback_transport callback(
      [](void* user, const arthur::batch_view& batch) {
        auto& to = *static_cast<seen*>(user);
        to.body.assign(batch.data, batch.size);
        to.type = batch.content_type;
        to.spans = batch.spans;
        return to.answer;
      },
      &s);
  response out;
  std::string error;
  CHECK(callback.send(line("{}"), far, out, error) == transport_result::answered);
  CHECK(out.status == 200);
  CHECK(error == "");
  CHECK(s.body == "{}");
  CHECK(s.type == "application/json");
  CHECK(s.spans == 3);
  s.answer = false;
  CHECK(callback.send(line("{}"), far, out, error) == transport_result::answered);
  CHECK(out.status == 400);
  CHECK(error == "options.on_batch returned false");
}

#if ARTHUR_HAS_EXCEPTIONS
TEST_CASE("a callback that throws counts as a refusal") {
  callback_transport callback([](void*, const arthur::batch_view&) -> bool { throw 1; }, nullptr);
  response out;
  std::string error;
  CHECK(callback.send(line("{}"), far, out, error) == transport_result::answered);
  CHECK(out.status == 400);
  CHECK(error == "options.on_batch threw an exception; it must not");
}
#endif
