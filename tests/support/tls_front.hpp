// tls_front.hpp: cpp-httplib's TLS server before a plain one; its certificate can be changed while its port stays.
#ifndef ARTHUR_TESTS_SUPPORT_TLS_FRONT_HPP
#define ARTHUR_TESTS_SUPPORT_TLS_FRONT_HPP

#include <sys/socket.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "certificates.hpp"
#include "http_server.hpp"
#include "httplib.hpp"

namespace support {

class tls_front {
public:
  explicit tls_front(int target_port) : target_(target_port) {}
  ~tls_front() { stop(); }
  tls_front(const tls_front&) = delete;
  tls_front& operator=(const tls_front&) = delete;

  std::string url(const std::string& host = "127.0.0.1") const { return "https://" + host + ":" + std::to_string(port_.number()); }

  /// From now on with this certificate.
  void serve(const certificate_files& files) {
    stop();
    server_ = std::make_unique<httplib::SSLServer>(files.certificate.c_str(), files.key.c_str());
    server_->set_keep_alive_max_count(1);  // else stop() waits for clients that rest
    server_->set_socket_options([](int socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);  // as the reservation has
    });
    const auto pass = [this](const httplib::Request& from, httplib::Response& to) {
      httplib::Client client("127.0.0.1", target_);
      httplib::Headers headers;
      for (const char* name : {"Authorization", "Content-Type"}) {
        if (from.has_header(name)) headers.emplace(name, from.get_header_value(name));
      }
      const auto answer = from.method == "GET" ? client.Get(from.target.c_str(), headers)
                                               : client.Post(from.path.c_str(), headers, from.body, from.get_header_value("Content-Type").c_str());
      to.status = answer ? answer->status : 502;
      if (answer) to.set_content(answer->body, answer->get_header_value("Content-Type").c_str());
    };
    server_->Post(".*", pass).Get(".*", pass);
    if (!server_->bind_to_port("127.0.0.1", port_.number())) std::abort();
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    while (!server_->is_running()) std::this_thread::yield();
  }

  void stop() {
    if (!thread_.joinable()) return;
    server_->stop();
    thread_.join();
    server_.reset();
  }

private:
  int target_;
  reserved_port port_{0};
  std::unique_ptr<httplib::SSLServer> server_;
  std::thread thread_;
};

}  // namespace support

#endif
