// tcp_proxy.cpp: one thread, one poll(); faults are looked at before each byte is passed.
#include "tcp_proxy.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "http_server.hpp"

namespace support {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t most_waiting = std::size_t{256} << 10;  // bytes held for one direction; then the sender has to wait

enum class end { stall, close, reset };

struct trap {
  way direction;
  std::size_t bytes;
  end how;
  int times;
};

struct chunk {
  std::string bytes;
  clock::time_point due;
};

/// One direction of one connection.
struct lane {
  int from = -1;
  int to = -1;
  std::deque<chunk> waiting;
  std::size_t held = 0;
  std::uint64_t passed = 0;
  clock::time_point next = {};  // the limit lets nothing pass before
  bool ended = false;           // the sender's FIN was read
  bool told = false;            // and passed on
};

struct connection {
  lane lanes[2];
  bool stalled = false;
  bool gone = false;
  bool left = false;  // the client has ended it
  bool has_trap = false;
  trap armed{};

  lane& of(way direction) { return lanes[direction == way::to_server ? 0 : 1]; }
};

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void prepare(int socket) {
  const int yes = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
}

void close_hard(int socket) {
  const linger now{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(socket);
}

}  // namespace

class tcp_proxy::impl {
public:
  explicit impl(int target) : target_(target), port_(0) {
    if (::pipe2(wake_, O_CLOEXEC | O_NONBLOCK) != 0) throw std::runtime_error("no pipe");
    listen();
    thread_ = std::thread([this] { run(); });
  }

  ~impl() {
    change([this] { ending_ = true; });
    thread_.join();
    ::close(wake_[0]);
    ::close(wake_[1]);
  }

  /// Alters what the thread looks at, and wakes it.
  template <class Act>
  void change(Act act) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      act();
    }
    const char byte = 0;
    static_cast<void>(!::write(wake_[1], &byte, 1));  // full: it is awake
  }

  template <class Get>
  auto look(Get get) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return get();
  }

  int port() const { return port_.number(); }

  bool wait_for(const std::function<bool()>& predicate, std::chrono::milliseconds timeout) const {
    const auto end = clock::now() + timeout;
    for (;;) {
      const std::uint64_t seen = look([this] { return version_; });
      if (predicate()) return true;  // may call anything here, so not under the lock
      std::unique_lock<std::mutex> lock(mutex_);
      if (!event_.wait_until(lock, end, [&] { return version_ != seen; })) {
        lock.unlock();
        return predicate();
      }
    }
  }

  void listen() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int yes = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const sockaddr_in address = loopback(port_.number());
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(listener_, 64) != 0) {
      throw std::runtime_error("can't listen on the port");
    }
  }

  void deafen() {
    if (listener_ < 0) return;
    ::shutdown(listener_, SHUT_RDWR);  // as long as poll() looks at it, closing alone leaves it open
    ::close(listener_);
    listener_ = -1;
  }

  void reset_all() {
    for (connection& c : open_) finish(c, end::reset);
  }

  void heal() {
    delay_ = {};
    limits_[0] = limits_[1] = 0;
    parted_ = false;
    traps_.clear();
    if (listener_ < 0) listen();
    for (connection& c : open_) {
      if (c.stalled) finish(c, end::close);
      c.has_trap = false;
      for (lane& l : c.lanes) l.next = {};
    }
  }

  // Under mutex_.
  std::chrono::milliseconds delay_{0};
  std::size_t limits_[2] = {0, 0};
  bool parted_ = false;
  std::deque<trap> traps_;
  std::size_t accepted_ = 0;
  std::size_t closed_ = 0;
  std::size_t disturbed_ = 0;
  std::size_t left_ = 0;
  std::uint64_t passed_[2] = {0, 0};
  std::deque<connection> open_;

private:
  void run() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!ending_) {
      std::vector<pollfd> fds;
      std::vector<std::pair<connection*, std::size_t>> owners;  // lane of which it is the source
      fds.push_back({wake_[0], POLLIN, 0});
      if (listener_ >= 0) fds.push_back({listener_, POLLIN, 0});
      const std::size_t first = fds.size();
      const auto now = clock::now();
      auto next = clock::time_point::max();
      for (connection& c : open_) {
        for (std::size_t n = 0; n < 2; ++n) {
          const lane& l = c.lanes[n];
          const bool reads = !l.ended && !c.stalled && !parted_ && l.held < most_waiting;
          const bool writes = pending(c, c.lanes[1 - n], 1 - n, now, next);  // the other lane ends here
          // Nothing asked: a reset is still seen.
          const int leaves = n == 0 && !c.left ? POLLRDHUP : 0;
          fds.push_back({l.from, static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0) | leaves), 0});
          owners.emplace_back(&c, n);
        }
      }
      lock.unlock();
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next - now).count() + 1;
      ::poll(fds.data(), fds.size(), next == clock::time_point::max() ? -1 : static_cast<int>((std::min)(left, decltype(left){60000})));
      char bytes[64];
      while (::read(wake_[0], bytes, sizeof bytes) > 0) {
      }
      lock.lock();
      // Only this thread takes connections off the list, so the pointers still hold; but they may be gone.
      for (std::size_t n = 0; n < owners.size(); ++n) {
        if (fds[first + n].revents != 0 && !owners[n].first->gone) take(*owners[n].first, owners[n].second, fds[first + n].revents);
      }
      for (connection& c : open_) {
        for (std::size_t n = 0; n < 2 && !c.gone; ++n) give(c, n);
        if (!c.gone && c.lanes[0].told && c.lanes[1].told) finish(c, end::close, false);
      }
      if (listener_ >= 0) accept();
      open_.erase(std::remove_if(open_.begin(), open_.end(), [](const connection& c) { return c.gone; }), open_.end());
      ++version_;
      event_.notify_all();
    }
    deafen();
    for (connection& c : open_) finish(c, end::close, false);
  }

  /// Whether the lane has bytes that could go now; else when, in `next`.
  bool pending(const connection& c, const lane& l, std::size_t n, clock::time_point now, clock::time_point& next) const {
    if (l.waiting.empty() || c.stalled || parted_) return false;
    const auto due = limits_[n] == 0 ? l.waiting.front().due : (std::max)(l.waiting.front().due, l.next);
    if (due <= now) return true;
    next = (std::min)(next, due);
    return false;
  }

  void accept() {
    for (;;) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in address = loopback(target_);
      ++accepted_;
      if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(server);
        close_hard(client);
        ++closed_;
        continue;
      }
      prepare(client);
      prepare(server);
      open_.emplace_back();
      connection& c = open_.back();
      c.lanes[0].from = c.lanes[1].to = client;
      c.lanes[0].to = c.lanes[1].from = server;
      if (!traps_.empty()) {
        c.armed = traps_.front();
        c.has_trap = true;
        if (traps_.front().times > 0 && --traps_.front().times == 0) traps_.pop_front();
        spring(c);
      }
    }
  }

  void take(connection& c, std::size_t n, short events) {
    lane& l = c.lanes[n];
    if (n == 0 && !c.left && (events & (POLLRDHUP | POLLHUP | POLLERR)) != 0) {
      c.left = true;
      ++left_;
    }
    if ((events & (POLLERR | POLLNVAL)) != 0) return finish(c, end::reset, false);
    if (l.ended || c.stalled || parted_) {
      // poll() would say it again and again.
      if ((events & POLLHUP) != 0) finish(c, end::close, false);
      return;
    }
    if ((events & (POLLIN | POLLHUP)) == 0 || l.held >= most_waiting) return;
    char bytes[16384];
    const ssize_t got = ::recv(l.from, bytes, sizeof bytes, 0);
    if (got > 0) {
      l.waiting.push_back({std::string(bytes, static_cast<std::size_t>(got)), clock::now() + delay_});
      l.held += static_cast<std::size_t>(got);
    } else if (got == 0) {
      l.ended = true;
    } else if (errno != EAGAIN && errno != EINTR) {
      finish(c, end::reset, false);
    }
  }

  void give(connection& c, std::size_t n) {
    lane& l = c.lanes[n];
    auto never = clock::time_point::max();
    while (!c.gone && pending(c, l, n, clock::now(), never)) {
      chunk& front = l.waiting.front();
      std::size_t most = front.bytes.size();
      if (limits_[n] != 0) most = (std::min)(most, (std::max)(std::size_t{1}, limits_[n] / 100));
      const bool watched = c.has_trap && (c.armed.direction == way::to_server ? 0U : 1U) == n;
      if (watched) most = (std::min)(most, static_cast<std::size_t>(c.armed.bytes - l.passed));
      const ssize_t sent = ::send(l.to, front.bytes.data(), most, MSG_NOSIGNAL);
      if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) finish(c, end::reset, false);
        return;
      }
      const auto count = static_cast<std::size_t>(sent);
      l.passed += count;
      l.held -= count;
      passed_[n] += count;
      if (limits_[n] != 0) l.next = clock::now() + std::chrono::microseconds(1000000 * count / limits_[n]);
      if (count == front.bytes.size()) l.waiting.pop_front();
      else front.bytes.erase(0, count);
      spring(c);
      if (c.stalled) return;
    }
    if (l.ended && l.waiting.empty() && !l.told && !c.stalled && !parted_ && !c.gone) {
      ::shutdown(l.to, SHUT_WR);
      l.told = true;
    }
  }

  void spring(connection& c) {
    if (!c.has_trap || c.of(c.armed.direction).passed < c.armed.bytes) return;
    c.has_trap = false;
    ++disturbed_;
    if (c.armed.how == end::stall) c.stalled = true;
    else finish(c, c.armed.how, false);
  }

  void finish(connection& c, end how, bool counts = true) {
    if (c.gone) return;
    c.gone = true;
    ++closed_;
    if (counts && how != end::close) ++disturbed_;
    for (const lane& l : c.lanes) {
      if (how == end::reset) close_hard(l.from);
      else ::close(l.from);
    }
  }

  const int target_;
  reserved_port port_;
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  bool ending_ = false;
  mutable std::mutex mutex_;
  mutable std::condition_variable event_;
  std::uint64_t version_ = 0;
  std::thread thread_;
};

tcp_proxy::tcp_proxy(int target_port) : impl_(std::make_unique<impl>(target_port)) {}
tcp_proxy::~tcp_proxy() = default;

int tcp_proxy::port() const { return impl_->port(); }
std::string tcp_proxy::url() const { return "http://127.0.0.1:" + std::to_string(port()); }

void tcp_proxy::delay(std::chrono::milliseconds one_way) {
  impl_->change([&] { impl_->delay_ = one_way; });
}
void tcp_proxy::limit(way direction, std::size_t bytes_per_second) {
  impl_->change([&] { impl_->limits_[direction == way::to_server ? 0 : 1] = bytes_per_second; });
}
void tcp_proxy::partition() {
  impl_->change([&] { impl_->parted_ = true; });
}
void tcp_proxy::refuse() {
  impl_->change([&] {
    impl_->deafen();
    impl_->reset_all();
  });
}
void tcp_proxy::stall_after(way direction, std::size_t bytes, int times) {
  impl_->change([&] { impl_->traps_.push_back({direction, bytes, end::stall, times}); });
}
void tcp_proxy::close_after(way direction, std::size_t bytes, int times) {
  impl_->change([&] { impl_->traps_.push_back({direction, bytes, end::close, times}); });
}
void tcp_proxy::reset_after(way direction, std::size_t bytes, int times) {
  impl_->change([&] { impl_->traps_.push_back({direction, bytes, end::reset, times}); });
}
void tcp_proxy::heal() {
  impl_->change([&] { impl_->heal(); });
}
void tcp_proxy::reset_all() {
  impl_->change([&] { impl_->reset_all(); });
}

std::size_t tcp_proxy::connections() const {
  return impl_->look([&] { return impl_->accepted_; });
}
std::size_t tcp_proxy::open() const {
  return impl_->look([&] { return impl_->open_.size(); });
}
std::size_t tcp_proxy::closed() const {
  return impl_->look([&] { return impl_->closed_; });
}
std::size_t tcp_proxy::disturbed() const {
  return impl_->look([&] { return impl_->disturbed_; });
}
std::size_t tcp_proxy::left() const {
  return impl_->look([&] { return impl_->left_; });
}
std::uint64_t tcp_proxy::passed(way direction) const {
  return impl_->look([&] { return impl_->passed_[direction == way::to_server ? 0 : 1]; });
}
bool tcp_proxy::wait_for(const std::function<bool()>& predicate, std::chrono::milliseconds timeout) const {
  return impl_->wait_for(predicate, timeout);
}

}  // namespace support
