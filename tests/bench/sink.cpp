// sink.cpp: an OTLP endpoint that answers 200 to everything at once. Prints its port; at the end of its input, what it
// got: requests, bytes, and with --count the spans.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>
#include <vector>

namespace {

std::atomic<std::uint64_t> requests{0}, bytes{0}, spans{0};
bool counting = false;

std::uint64_t varint(const unsigned char*& at, const unsigned char* end) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; at != end && shift < 64; shift += 7) {
    const unsigned char byte = *at++;
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) break;
  }
  return value;
}

// Fields numbered `path[0]`, within them `path[1]`, ...: how many of the last. Only fields with a length occur on the way.
std::uint64_t count_fields(const unsigned char* at, const unsigned char* end, const unsigned* path, std::size_t depth) {
  std::uint64_t found = 0;
  while (at < end) {
    const std::uint64_t tag = varint(at, end), size = varint(at, end);
    if ((tag & 7U) != 2 || size > static_cast<std::uint64_t>(end - at)) return found;
    if (tag >> 3 == path[0]) found += depth == 1 ? 1 : count_fields(at, at + size, path + 1, depth - 1);
    at += size;
  }
  return found;
}

std::uint64_t count_spans(std::string_view body) {
  if (!body.empty() && body[0] == '{') {
    // Once per span. memmem, because the sink shares the processors with what is measured.
    std::uint64_t found = 0;
    constexpr std::string_view mark = "\"startTimeUnixNano\":";
    const char *at = body.data(), *const end = at + body.size();
    while ((at = static_cast<const char*>(memmem(at, static_cast<std::size_t>(end - at), mark.data(), mark.size()))) != nullptr) {
      ++found;
      at += mark.size();
    }
    return found;
  }
  const auto* const data = reinterpret_cast<const unsigned char*>(body.data());
  constexpr unsigned path[] = {1, 2, 2};  // resource_spans, scope_spans, spans
  return count_fields(data, data + body.size(), path, 3);
}

void serve(int connection) {
  std::vector<char> buffer(std::size_t{4} << 20);
  std::size_t size = 0;
  for (;;) {
    std::size_t head = std::string_view::npos;
    std::size_t total = 0;
    for (;;) {
      const std::string_view text(buffer.data(), size);
      if (head == std::string_view::npos && (head = text.find("\r\n\r\n")) != std::string_view::npos) {
        const std::size_t length = text.find("Content-Length: ");
        total = head + 4 + (length < head ? std::strtoull(text.data() + length + 16, nullptr, 10) : 0);
        if (total > buffer.size()) buffer.resize(total);
      }
      if (head != std::string_view::npos && size >= total) break;
      const ssize_t n = ::recv(connection, buffer.data() + size, buffer.size() - size, 0);
      if (n <= 0) {
        ::close(connection);
        return;
      }
      size += static_cast<std::size_t>(n);
    }
    requests += 1;
    bytes += total - head - 4;
    if (counting) spans += count_spans({buffer.data() + head + 4, total - head - 4});
    std::memmove(buffer.data(), buffer.data() + total, size - total);
    size -= total;
    constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    if (::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) break;
  }
  ::close(connection);
}

}  // namespace

int main(int count, char** arguments) {
  counting = count > 1 && std::strcmp(arguments[1], "--count") == 0;
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 16) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("sink");
    return 1;
  }
  std::printf("%u\n", static_cast<unsigned>(ntohs(address.sin_port)));
  std::fflush(stdout);
  std::thread([listener] {
    for (;;) {
      const int connection = ::accept(listener, nullptr, nullptr);
      if (connection < 0) continue;
      const int on = 1;
      ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      std::thread(serve, connection).detach();
    }
  }).detach();
  while (std::getchar() != EOF) {
  }
  std::printf("%llu %llu %llu\n", static_cast<unsigned long long>(requests), static_cast<unsigned long long>(bytes),
              static_cast<unsigned long long>(spans));
  std::fflush(stdout);
  std::_Exit(0);  // threads may still be in recv
}
