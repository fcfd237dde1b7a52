// plain_server.hpp: an HTTP server on the loopback that takes no memory while it serves: one connection at a time, answers
// as the test wants it.
#ifndef ARTHUR_TESTS_SUPPORT_PLAIN_SERVER_HPP
#define ARTHUR_TESTS_SUPPORT_PLAIN_SERVER_HPP

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <string>
#include <string_view>
#include <thread>

namespace support {

class plain_server {
 public:
  plain_server() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
      std::abort();
    }
    port_ = ntohs(at.sin_port);
    // Once it runs, a thread has taken what memory the C library or a sanitizer takes for it.
    std::promise<void> runs;
    thread_ = std::thread([this, &runs] {
      runs.set_value();
      serve();
    });
    runs.get_future().wait();
  }
  ~plain_server() {
    ended_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    if (const int c = connection_; c >= 0) ::shutdown(c, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  plain_server(const plain_server&) = delete;
  plain_server& operator=(const plain_server&) = delete;

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// The next requests with spans get this status; 0: the connection is closed in their place.
  void answer_next(int count, int status) {
    next_status_ = status;
    next_ = count;
  }
  void answer_json_with(int status) { json_status_ = status; }
  /// Every request in which the text occurs.
  void answer_with_500(const char* text) { poison_ = text; }
  /// What the task search answers.
  std::atomic<const char*> tasks{"{\"count\":0,\"tasks\":[]}"};
  /// Whether the text was in the last request with spans. Once the runtime has ended.
  bool saw(std::string_view text) const { return std::string_view(last_, last_size_).find(text) != std::string_view::npos; }

 private:
  void serve() {
    int c = -1;
    while (!ended_) {
      // A newcomer ends the connection that rests.
      pollfd ready[2] = {{listener_, POLLIN, 0}, {c, POLLIN, 0}};
      ::poll(ready, 2, -1);
      if (ready[0].revents != 0 || !serve_one(c)) {
        if (c >= 0) ::close(c);
        connection_ = c = ready[0].revents != 0 ? ::accept(listener_, nullptr, nullptr) : -1;
      }
    }
    if (c >= 0) ::close(c);
  }

  bool serve_one(int c) {
    std::size_t got = 0;
    std::size_t header = std::string_view::npos;
    while ((header = std::string_view(bytes_, got).find("\r\n\r\n")) == std::string_view::npos) {
      const ssize_t n = ::recv(c, bytes_ + got, sizeof bytes_ - got, 0);
      if (n <= 0) return false;
      got += static_cast<std::size_t>(n);
    }
    const std::string_view head(bytes_, header);
    const std::size_t at = head.find("Content-Length: ");
    const std::size_t length = at == std::string_view::npos ? 0 : static_cast<std::size_t>(std::strtoul(bytes_ + at + 16, nullptr, 10));
    const std::size_t whole = header + 4 + length;
    if (whole > sizeof bytes_) std::abort();
    while (got < whole) {
      const ssize_t n = ::recv(c, bytes_ + got, sizeof bytes_ - got, 0);
      if (n <= 0) return false;
      got += static_cast<std::size_t>(n);
    }
    return answer(c, head, {bytes_ + header + 4, length});
  }

  bool answer(int c, std::string_view head, std::string_view body) {
    const char* content = "{\"detail\":\"as the test wants it, at some length\"}";
    int status = 200;
    const bool json = head.find("application/json") != std::string_view::npos;
    if (head.find("/tasks/search") != std::string_view::npos) {
      content = tasks;
    } else if (json && json_status_ != 200) {
      status = json_status_;
    } else if (body.size() > 30) {
      const char* const poison = poison_;
      if (next_ > 0) {
        --next_;
        status = next_status_;
      } else if (poison != nullptr && body.find(poison) != std::string_view::npos) {
        status = 500;
      }
      std::memcpy(last_, body.data(), body.size());
      last_size_ = body.size();
    }
    if (status == 0) return false;
    char out[2048];
    const int size = std::snprintf(out, sizeof out, "HTTP/1.1 %d As wanted\r\nContent-Type: application/json\r\nX-Long: %01200d\r\nContent-Length: %zu\r\n\r\n%s",
                                   status, 0, std::strlen(content), content);
    return ::send(c, out, static_cast<std::size_t>(size), MSG_NOSIGNAL) == size;
  }

  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connection_{-1};
  std::atomic<bool> ended_{false};
  std::atomic<int> next_{0};
  std::atomic<int> next_status_{200};
  std::atomic<int> json_status_{200};
  std::atomic<const char*> poison_{nullptr};
  char bytes_[std::size_t{1} << 20];
  char last_[std::size_t{1} << 20];
  std::atomic<std::size_t> last_size_{0};
  std::thread thread_;
};

}  // namespace support

#endif
