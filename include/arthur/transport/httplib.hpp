// httplib.hpp: HTTPS through the program's own cpp-httplib and OpenSSL; every certificate is checked.
#ifndef ARTHUR_TRANSPORT_HTTPLIB_HPP
#define ARTHUR_TRANSPORT_HTTPLIB_HPP

#ifdef ARTHUR_WITH_HTTPLIB

#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#error "ARTHUR_WITH_HTTPLIB needs CPPHTTPLIB_OPENSSL_SUPPORT: define it on the command line of every file that includes httplib.h, because it changes httplib's classes"
#endif

#include "../config.hpp"

#if !ARTHUR_HAS_EXCEPTIONS && !defined(CPPHTTPLIB_NO_EXCEPTIONS)
#error "Without exceptions cpp-httplib needs CPPHTTPLIB_NO_EXCEPTIONS: define it beside CPPHTTPLIB_OPENSSL_SUPPORT"
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <httplib.h>

#include "../options.hpp"
#include "../policy/proxy.hpp"
#include "../policy/text.hpp"
#include "../policy/tls_files.hpp"
#include "../policy/url.hpp"
#include "http_response.hpp"
#include "httplib_versions.hpp"
#include "https.hpp"
#include "net.hpp"
#include "no_sigpipe.hpp"
#include "tls.hpp"
#include "transport.hpp"
#include "tunnel.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Talks to one host over TLS 1.2 or newer. Follows no redirect.
///
/// cpp-httplib waits without looking at a deadline of ours, so the long waits are made before it comes to its own: in the
/// handshake by a callback of OpenSSL, for the answer by peeking from the content provider. What is left to it gets at
/// most `silence`: connecting (per address), gaps inside an answer, answers to a GET.
class httplib_transport final : public transport {
 public:
  /// `where`: scheme, host and port count. `headers` go along with every request and must have passed check_header.
  httplib_transport(const url& where, const std::vector<header>& headers, const timing& time, const proxy& via,
                    const tls_files& files)
      : time_(time), where_(where), name_(host_and_port(where)), headers_(headers), proxy_(via), files_(files) {}

  ~httplib_transport() override {
    const no_sigpipe guard;
    disconnect();
  }

  transport_result send(const request& what, std::uint64_t deadline, response& out, std::string& error) override {
    // OpenSSL writes with write(). Its queue of errors must be empty for SSL_get_error to speak the truth.
    const no_sigpipe guard;
    ERR_clear_error();
    transport_result result = transport_result::not_sent;
    const bool reused = reusable();
    if (!reused) disconnect();
    result = attempt(what, deadline, out, error);
    if (result == transport_result::not_sent && reused) {
      // The peer closed it in the moment of use and got nothing: a new connection is no repetition.
      disconnect();
      result = attempt(what, deadline, out, error);
    }
    ERR_clear_error();
    return result;
  }

 private:
  static constexpr std::uint64_t reuse_within = 1000000000;  // see socket_transport
  static constexpr std::uint64_t silence = 10000000000;
  static constexpr std::size_t piece = 16384;  // one TLS record

  bool reusable() const {
    if (client_ == nullptr || client_->is_socket_open() == 0 || time_.steady_now() - last_used_ >= reuse_within) return false;
    return net::poll_one(static_cast<net::handle>(client_->socket()), POLLIN, 0) == 0;  // readable means closed
  }

  void disconnect() {
    if (client_ == nullptr) return;
    deadline_ = time_.steady_now() + 50000000;  // for the farewell
    session_ = nullptr;
    client_->stop();
  }

  transport_result attempt(const request& what, std::uint64_t deadline, response& out, std::string& error) {
    out = response();
    error.clear();
    deadline_ = deadline;
    overdue_ = secured_ = looked_up_ = has_status_ = went_out_ = handshaking_ = waiting_ = asked_ = no_tunnel_ = false;
    session_ = client_ != nullptr && client_->is_socket_open() != 0 ? session_ : nullptr;
    verdict_ = X509_V_OK;
    alert_ = proxy_status_ = 0;
    received_ = 0;
    if (time_.slice(deadline) == 0) {
      error = "no request to " + name_ + ": no time is left";
      return transport_result::not_sent;
    }
    transport_result result = transport_result::not_sent;
#if ARTHUR_HAS_EXCEPTIONS
    try {
      if (set_up(error)) result = connect_and_exchange(what, out, error);
    } catch (...) {
      // Out of memory, or an answer that cpp-httplib stumbles over. What state it is in nobody knows.
      client_.reset();
      error = "the exchange with " + name_ + " ended by an exception";
      result = went_out_ ? transport_result::unanswered : transport_result::not_sent;
    }
#else
    if (set_up(error)) result = connect_and_exchange(what, out, error);
#endif
    if (result == transport_result::answered && !out.truncated) {
      last_used_ = time_.steady_now();
    } else {
      disconnect();
    }
    return result;
  }

  /// Once; reading the system's certificates takes milliseconds.
  bool set_up(std::string& error) {
    if (client_ != nullptr) return true;
    std::unique_ptr<httplib::SSLClient> made(new httplib::SSLClient(where_.host, proxy_.used() ? proxy_.port : where_.port));
    SSL_CTX* const context = httplib_versions::context(*made, 0);
    if (context == nullptr) {
      error = "OpenSSL can't be used (" + tls::reason() + ")";
      return false;
    }
    error = tls::use_own_certificate(context, files_);
    if (!error.empty()) return false;
    if (!files_.authorities.path.empty()) made->set_ca_cert_path(files_.authorities.path, std::string());
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    // OpenSSL compares the name, too: what cpp-httplib 0.11 does is lax ("*.0.0.1" for 10.0.0.1, names before a NUL).
    X509_VERIFY_PARAM* const rules = SSL_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_ip_asc(rules, where_.host.c_str()) != 1) {
      X509_VERIFY_PARAM_set1_host(rules, where_.host.data(), where_.host.size());
    } else {
      is_address_ = true;
    }
    SSL_CTX_set_cert_verify_callback(context, judge, this);
    SSL_CTX_set_cert_cb(context, asked, this);
    SSL_CTX_set_ex_data(context, 0, this);
    SSL_CTX_set_info_callback(context, observe);
    made->enable_server_certificate_verification(true);
    made->set_follow_location(false);
    made->set_keep_alive(true);
    made->set_tcp_nodelay(true);
    made->set_decompress(false);
    httplib_versions::keep_target(*made, 0);
#ifdef CPPHTTPLIB_EXPECT_100_THRESHOLD
    made->set_header_writer(write_header);
#endif
    made->set_socket_options([this](socket_t) { looked_up_ = true; });
    client_ = std::move(made);
    ERR_clear_error();  // the host is no address
    return true;
  }

  void set_timeouts() {
    const std::uint64_t now = time_.steady_now();
    const std::uint64_t end = time_.limit(deadline_);
    const std::uint64_t left = end > now ? end - now : 1000000;
    // Half for the first address, so that there is a second chance.
    const std::uint64_t connecting = (std::min)(left / 2, silence) / 1000;
    const std::uint64_t waiting = (std::min)(left, silence) / 1000;
    constexpr std::uint64_t second = 1000000;
    client_->set_connection_timeout(static_cast<time_t>(connecting / second), static_cast<time_t>(connecting % second));
    client_->set_read_timeout(static_cast<time_t>(waiting / second), static_cast<time_t>(waiting % second));
    client_->set_write_timeout(static_cast<time_t>(waiting / second), static_cast<time_t>(waiting % second));
  }

  void take_header(const httplib::Response& answer, response& out) {
    if (answer.status < 200 || answer.status > 599) return;  // an interim answer that cpp-httplib doesn't skip
    has_status_ = true;
    out.status = answer.status;
    out.content_type = answer.get_header_value("Content-Type");
    out.retry_after = answer.get_header_value("Retry-After");
    out.location = answer.get_header_value("Location");
  }

  /// A proxy stands where cpp-httplib believes the host to be; which of its addresses works is found by trying.
  transport_result connect_and_exchange(const request& what, response& out, std::string& error) {
    if (!proxy_.used() || client_->is_socket_open() != 0) return exchange(what, out, error);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(proxy_.host.c_str(), nullptr, &hints, &found);
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(failed == 0 ? found : nullptr, [](addrinfo* a) { ::freeaddrinfo(a); });
    if (failed != 0) error = "can't find the address of " + shown(proxy_) + ": " + net::lookup_error_text(failed) + "; " + change_address(proxy_.source);
    transport_result result = transport_result::not_sent;
    for (const addrinfo* a = list.get(); a != nullptr && session_ == nullptr && !late(); a = a->ai_next) {
      char text[NI_MAXHOST];
      if (::getnameinfo(a->ai_addr, static_cast<socklen_t>(a->ai_addrlen), text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
      client_->set_hostname_addr_map({{where_.host, text}});
      result = exchange(what, out, error);
    }
    return result;
  }

  transport_result exchange(const request& what, response& out, std::string& error) {
    set_timeouts();
    secured_ = client_->is_socket_open() != 0;
    httplib::Request q;
    q.method = what.method;
    q.path = what.target;
    for (const header& h : headers_) q.headers.emplace(h.name, h.value);
    q.headers.emplace("Host", name_);
    q.headers.emplace("User-Agent", user_agent);
    q.headers.emplace("Accept-Encoding", "identity");
#ifdef CPPHTTPLIB_EXPECT_100_THRESHOLD
    // Else it would add "100-continue" to bodies of 1 KiB and wait a second for servers that don't know it. write_header
    // leaves this one out.
    q.headers.emplace("Expect", "");
#endif
    if (*what.content_type != '\0') q.headers.emplace("Content-Type", what.content_type);
    if (what.body_size > 0) {
      q.content_length_ = what.body_size;
      q.content_provider_ = [&](std::size_t at, std::size_t length, httplib::DataSink& sink) {
        went_out_ = true;
        const std::size_t part = (std::min)(length, piece);
        const bool sent = wait(client_->socket(), POLLOUT) && sink.write(what.body + at, part);
        if (!sent) await_answer();  // why the peer closed may still be readable
        if (sent && (part < length || await_answer())) return true;
        ::shutdown(client_->socket(), 2);  // both ways; newer versions would wait for an answer to half a request
        return false;
      };
    }
    bool too_large = false;
    q.response_handler = [&](const httplib::Response& answer) {
      take_header(answer, out);
      return has_status_;
    };
    q.content_receiver = [&](const char* data, std::size_t size, auto, auto) {
      const std::size_t room = http_response_parser::max_body - out.body.size();
      too_large = size > room;
      out.body.append(data, (std::min)(size, room));
      return !too_large && !late();
    };
    const httplib::Result result = client_->send(q);
    if (result && !has_status_) take_header(*result, out);  // 204 comes without a call of the handler
    if (has_status_) {
      out.truncated = !result;
      if (too_large) error = name_ + ": the answer is larger than 4 MiB";
      else if (!result) error = name_ + ": the answer was cut off";
      return transport_result::answered;
    }
    out = response();
    error = explain(result.error());
    // A body that didn't begin to go out was never carried out; nor was one after which the peer refused the handshake.
    const bool gone = what.body_size > 0 ? went_out_ : secured_;
    return gone && !tls::refuses_client(alert_) ? transport_result::unanswered : transport_result::not_sent;
  }

#ifdef CPPHTTPLIB_EXPECT_100_THRESHOLD
  /// Without "Expect": some servers answer an empty one with 417.
  static ssize_t write_header(httplib::Stream& to, httplib::Headers& lines) {
    std::string whole;
    for (const auto& line : lines) {
      if (!text::equal_nocase(line.first, "Expect")) whole += line.first + ": " + line.second + "\r\n";
    }
    whole += "\r\n";
    return to.write(whole.data(), whole.size());
  }
#endif

  std::string explain(httplib::Error failure) const {
    const std::string through = proxy_.used() ? shown(proxy_) + " for " + name_ : name_;
    if (verdict_ != X509_V_OK) {
      return "the certificate of " + name_ + " is refused: " + X509_verify_cert_error_string(verdict_) + "; " +
             tls::fix(verdict_, where_.source);
    }
    if (no_tunnel_ && !overdue_) {
      if (proxy_status_ == 0) return through + " closed the connection; check " + proxy_.source;
      return through + " answered " + std::to_string(proxy_status_) +
             (proxy_status_ == 407 ? "; put its user and password into " : " in place of a connection; check ") + proxy_.source;
    }
    const bool certificate_missing = asked_ && files_.certificate.path.empty() && !overdue_;
    if (tls::refuses_client(alert_) || (alert_ != 0 && !secured_) || certificate_missing) {
      return name_ + " ended the TLS handshake" + tls::why_ended(alert_, certificate_missing);
    }
    if (overdue_ && secured_) {
      return "no answer from " + name_ + (time_.limit(deadline_) < deadline_ ? " before the program had to end" : " in time");
    }
    if (secured_) {
      return received_ > http_response_parser::max_header ? name_ + ": the answer's header is larger than 64 KiB"
                                                          : name_ + " gave no answer: the connection was closed, silent or not HTTP";
    }
    const std::string address = std::string("; is it up? ") + change_address(proxy_.used() ? proxy_.source : where_.source);
    if (!looked_up_) return "can't find the address of " + where_.host + "; " + change_address(where_.source);
    if (overdue_) return "can't connect to " + through + ": no answer in time" + address;
    if (session_ != nullptr || handshaking_) {
      return "can't connect to " + name_ + ": the TLS handshake failed; does it speak HTTPS, TLS 1.2 or newer? " + change_address(where_.source);
    }
    if (failure == httplib::Error::SSLLoadingCerts) return tls::unusable(files_.authorities, "can't be read any more");
    return "can't connect to " + through + ": refused, or no answer in time" + address;
  }

  bool late() {
    overdue_ = overdue_ || time_.slice(deadline_) == 0;
    return overdue_;
  }

  /// False when the time is over.
  template <class Socket>
  bool wait(Socket socket, short events) {
    for (int slice = time_.slice(deadline_); slice > 0; slice = time_.slice(deadline_)) {
      if (net::poll_one(static_cast<net::handle>(socket), events, slice) != 0) return true;
    }
    overdue_ = true;
    return false;
  }

  /// Waits for the answer's first byte, which stays where it is. False when the time is over.
  bool await_answer() {
    waiting_ = true;
    char first = 0;
    int n = 0;
    // "Want read": something else came, e.g. a ticket.
    do n = SSL_peek(session_, &first, 1);
    while (n <= 0 && !overdue_ && SSL_get_error(session_, n) == SSL_ERROR_WANT_READ);
    waiting_ = false;
    return !overdue_;
  }

  /// Follows a session: called by OpenSSL at the steps of a handshake and for alerts.
  static void observe(const SSL* seen, int where, int value) {
    auto& self = *static_cast<httplib_transport*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(seen), 0));
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL) self.alert_ = value & 0xff;
    if ((where & SSL_CB_HANDSHAKE_DONE) != 0) {
      self.secured_ = true;
      self.handshaking_ = false;
      self.received_ = 0;
    }
    if ((where & SSL_CB_HANDSHAKE_START) == 0) return;
    BIO* const io = SSL_get_rbio(seen);
    if (BIO_get_callback_ex(io) == watch) return;  // a message after the handshake
    SSL* const session = const_cast<SSL*>(seen);   // OpenSSL has no other place between making and using it
    self.session_ = session;
    self.handshaking_ = true;
    self.secured_ = false;
    SSL_set_verify(session, SSL_VERIFY_PEER, nullptr);  // cpp-httplib turns it off and looks at the result later
    // Addresses have no place there, but cpp-httplib 0.11 writes them.
    if (self.is_address_) SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, nullptr);
    BIO_set_callback_arg(io, reinterpret_cast<char*>(&self));
    BIO_set_callback_ex(io, watch);
    if (!self.proxy_.used()) return;
    // cpp-httplib could do it, but 0.11 waits for its own lock for ever when a refusal says "Connection: close", and sends
    // the proxy's password to the host as well.
    const auto socket = static_cast<net::handle>(SSL_get_fd(seen));
    self.proxy_status_ = open_tunnel(socket, self.where_, self.proxy_, [&](short events) { return self.wait(socket, events); });
    self.no_tunnel_ = self.proxy_status_ < 200 || self.proxy_status_ > 299;
  }

  /// Called by OpenSSL around everything it does with the socket; before a read or write it may refuse.
  static long watch(BIO* io, int what, const char*, std::size_t, int, long, int result, std::size_t* processed) {
    auto& self = *reinterpret_cast<httplib_transport*>(BIO_get_callback_arg(io));
    bool go = true;
    if (self.no_tunnel_) {
      go = what != BIO_CB_READ && what != BIO_CB_WRITE;
    } else if (what == BIO_CB_READ) {
      const bool flooded = !self.has_status_ && self.received_ > http_response_parser::max_header;
      go = !flooded && (self.handshaking_ || self.waiting_ ? self.wait(BIO_get_fd(io, nullptr), POLLIN) : !self.late());
    } else if (what == BIO_CB_WRITE) {
      go = self.wait(BIO_get_fd(io, nullptr), POLLOUT);
    } else if (what == (BIO_CB_READ | BIO_CB_RETURN) && result > 0) {
      self.received_ += *processed;
    }
    if (go) return result;
    BIO_clear_retry_flags(io);
    return -1;
  }

  /// Called when the server asks for a certificate.
  static int asked(SSL*, void* user) {
    static_cast<httplib_transport*>(user)->asked_ = true;
    return 1;
  }

  /// Keeps OpenSSL's reason, which nobody could ask for after a failed handshake.
  static int judge(X509_STORE_CTX* chain, void* user) {
    const int good = X509_verify_cert(chain);
    static_cast<httplib_transport*>(user)->verdict_ = X509_STORE_CTX_get_error(chain);
    return good == 1 ? 1 : 0;
  }

  timing time_;
  url where_;
  std::string name_;  // for messages and the Host header
  std::vector<header> headers_;
  proxy proxy_;
  tls_files files_;
  bool is_address_ = false;
  std::uint64_t last_used_ = 0;

  // Of the request under way.
  std::uint64_t deadline_ = 0;
  bool overdue_ = false;      // a wait was given up
  bool looked_up_ = false;    // the host has an address
  bool handshaking_ = false;  // reads wait
  bool waiting_ = false;      // likewise
  bool secured_ = false;      // the handshake is over
  bool went_out_ = false;     // the header is written, the body may be
  bool has_status_ = false;
  bool asked_ = false;      // for our certificate, in this handshake
  int alert_ = 0;           // a fatal one that the peer sent
  bool no_tunnel_ = false;  // the proxy gave none: no byte goes to it any more
  int proxy_status_ = 0;
  long verdict_ = X509_V_OK;
  std::size_t received_ = 0;  // bytes since the handshake or the request began
  SSL* session_ = nullptr;    // cpp-httplib's

  std::unique_ptr<httplib::SSLClient> client_;  // the last: its end still calls back
};

namespace {

constexpr https_support httplib_support{
    [](const url& where, const std::vector<header>& headers, const timing& time, const proxy& via,
       const tls_files& files) -> std::unique_ptr<transport> {
      return std::unique_ptr<transport>(new httplib_transport(where, headers, time, via, files));
    },
    tls::check};

[[maybe_unused]] const bool httplib_known = [] {
  the_https.store(&httplib_support, std::memory_order_relaxed);  // before main: no thread can see it
  return true;
}();

}  // namespace

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif

#endif
