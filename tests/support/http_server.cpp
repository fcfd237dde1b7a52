// http_server.cpp: cpp-httplib parses and writes HTTP; connections are ours, so that they can be cut and reset.
#include "http_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <future>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "httplib.hpp"

namespace support {
namespace {

constexpr int read_timeout_ms = 30000;
constexpr std::size_t handler_threads = 32;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void allow_address_reuse(int socket) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

/// One accepted connection.
class connection final : public httplib::Stream {
public:
  connection(int socket, std::uint64_t number) : socket_(socket), number_(number) {}

  std::uint64_t number() const { return number_; }

  bool wait_readable(int timeout_ms) const {
    if (next_ < filled_) return true;
    pollfd p{socket_, POLLIN, 0};
    int got = 0;
    do got = ::poll(&p, 1, timeout_ms);
    while (got < 0 && errno == EINTR);
    return got > 0;
  }

  bool is_readable() const override { return wait_readable(0); }
  bool is_writable() const override { return end_ == ending::normal; }

  ssize_t read(char* into, std::size_t size) override {
    if (next_ == filled_) {
      if (!wait_readable(read_timeout_ms)) return -1;
      const ssize_t got = ::recv(socket_, buffer_, sizeof buffer_, 0);
      if (got <= 0) return got;
      next_ = 0;
      filled_ = static_cast<std::size_t>(got);
    }
    const std::size_t count = (std::min)(size, filled_ - next_);
    std::memcpy(into, buffer_ + next_, count);
    next_ += count;
    return static_cast<ssize_t>(count);
  }

  ssize_t write(const char* data, std::size_t size) override {
    return end_ == ending::normal ? ::send(socket_, data, size, MSG_NOSIGNAL) : -1;
  }

  void get_remote_ip_and_port(std::string& ip, int& port) const override { ip = "127.0.0.1", port = 0; }
  void get_local_ip_and_port(std::string& ip, int& port) const override { ip = "127.0.0.1", port = 0; }
  socket_t socket() const override { return socket_; }

  /// Nothing is written from here on, and the connection ends with this request.
  void end(ending how) { end_ = how; }
  bool ended() const { return end_ != ending::normal; }

  void close() {
    if (end_ == ending::reset) {
      const linger now{1, 0};
      ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    ::close(socket_);
  }

private:
  int socket_;
  std::uint64_t number_;
  ending end_ = ending::normal;
  char buffer_[16384];
  std::size_t next_ = 0;
  std::size_t filled_ = 0;
};

thread_local connection* current = nullptr;

/// cpp-httplib's server with the connection loop replaced.
class listener final : public httplib::Server {
public:
  explicit listener(http_server_options options) : options_(std::move(options)) {
    set_socket_options(allow_address_reuse);
    set_tcp_nodelay(true);  // as uvicorn does; headers and chunks are written apart
    // One route for everything: which verb is right for which path is the handler's business.
    const auto all = [this](const httplib::Request& from, httplib::Response& to) { answer(from, to); };
    Get(".*", all).Post(".*", all).Put(".*", all).Patch(".*", all).Delete(".*", all).Options(".*", all);
    new_task_queue = [this]() -> httplib::TaskQueue* {
      accepting_.set_value();
      return new httplib::ThreadPool(handler_threads);
    };
    if (!bind_to_port("127.0.0.1", options_.port)) throw std::runtime_error("can't listen on the port");
    ::listen(svr_sock_, 256);  // cpp-httplib's backlog of 5 makes bursts of clients wait a second for the next SYN
  }

  void run() { listen_after_bind(); }
  void wait_until_accepting() { accepting_.get_future().wait(); }

  void end_all() {
    stopping_ = true;
    std::unique_lock<std::mutex> lock(mutex_);
    for (const int socket : open_) ::shutdown(socket, SHUT_RD);
    none_open_.wait(lock, [this] { return open_.empty(); });
    stop();  // not earlier: it would cut off chunked answers that are under way
  }

private:
  bool process_and_close_socket(socket_t socket) override {
    connection c(socket, ++accepted_);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      open_.insert(socket);
    }
    if (!stopping_ && (options_.on_connect == nullptr || options_.on_connect())) serve(c);
    const std::lock_guard<std::mutex> lock(mutex_);  // the number may be reused as soon as it is closed
    open_.erase(socket);
    c.close();
    none_open_.notify_all();
    return true;
  }

  void serve(connection& c) {
    current = &c;
    while (!stopping_ && c.wait_readable(static_cast<int>(options_.keep_alive.count()))) {
      bool closed = false;
      const bool ok = process_request(c, false, closed, [this](httplib::Request& r) { prepare(r); });
      if (!ok || closed || c.ended()) break;
    }
    current = nullptr;
  }

  /// Runs between headers and body: hides what cpp-httplib would act on and the engine does not.
  void prepare(httplib::Request& r) {
    headers_of_current().clear();
    for (const auto& h : r.headers) {
      std::string name = h.first;
      for (char& ch : name) ch = static_cast<char>(std::tolower(static_cast<unsigned char>(ch)));
      headers_of_current().emplace(name, h.second);
    }
    r.headers.erase("Accept-Encoding");
    r.headers.erase("Range");
    r.ranges.clear();
    if (!options_.decompress) r.headers.erase("Content-Encoding");
    if (!r.has_header("Content-Length") && !r.has_header("Transfer-Encoding")) r.set_header("Content-Length", "0");
  }

  static std::map<std::string, std::string>& headers_of_current() {
    static thread_local std::map<std::string, std::string> headers;
    return headers;
  }

  void answer(const httplib::Request& from, httplib::Response& to) {
    http_request request;
    request.method = from.method;
    request.path = from.path;
    request.headers = headers_of_current();
    request.query = from.params;
    request.body = from.body;
    request.connection = current->number();
    const http_answer a = options_.handle(request);
    if (!a.raw.empty()) {
      send_raw(a.raw);
      return;
    }
    if (a.end == ending::close || a.end == ending::reset) {
      current->end(a.end);
      return;
    }
    to.status = a.status;
    for (const auto& h : a.headers) to.set_header(h.first, h.second);
    if (a.status == 204) return;
    if (!a.chunked && a.end == ending::normal) {
      to.set_content(a.body, a.content_type);
      return;
    }
    connection* c = current;
    to.set_chunked_content_provider(a.content_type, [c, a](std::size_t, httplib::DataSink& sink) {
      if (a.end == ending::cut) {
        sink.write(a.body.data(), a.body.size() / 2);
        c->end(ending::cut);
        return false;
      }
      if (!a.body.empty()) sink.write(a.body.data(), a.body.size());
      sink.done();
      return true;
    });
  }

  static void send_raw(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = current->write(bytes.data(), bytes.size());
      if (sent <= 0) break;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    current->end(ending::close);
  }

  http_server_options options_;
  std::promise<void> accepting_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> accepted_{0};
  std::mutex mutex_;
  std::condition_variable none_open_;
  std::set<int> open_;
};

}  // namespace

std::string http_request::header(const std::string& lower_case_name) const {
  const auto it = headers.find(lower_case_name);
  return it == headers.end() ? std::string() : it->second;
}

class http_server::impl {
public:
  explicit impl(http_server_options options) : listener_(std::move(options)), thread_([this] { listener_.run(); }) {
    listener_.wait_until_accepting();  // stop() does nothing before
  }

  ~impl() {
    listener_.end_all();
    thread_.join();
  }

private:
  listener listener_;
  std::thread thread_;
};

http_server::http_server(http_server_options options) : impl_(std::make_unique<impl>(std::move(options))) {}
http_server::~http_server() = default;

reserved_port::reserved_port(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  allow_address_reuse(socket_);
  sockaddr_in address = loopback(port);
  socklen_t size = sizeof address;
  if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    ::close(socket_);
    throw std::runtime_error("can't reserve the port");
  }
  number_ = ntohs(address.sin_port);
}

reserved_port::~reserved_port() { ::close(socket_); }

}  // namespace support
