// transport.hpp: the one way in which the runtime hands over an encoded request and learns what became of it.
#ifndef ARTHUR_TRANSPORT_TRANSPORT_HPP
#define ARTHUR_TRANSPORT_TRANSPORT_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "../config.hpp"
#include "../text_line.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

constexpr const char* user_agent = "ARTHUR/" ARTHUR_VERSION " OTel-OTLP-Exporter-Cpp-Arthur/" ARTHUR_VERSION;

/// One request. The bytes must live until send() returns.
struct request {
  const char* method = "POST";
  const char* target = "/";       ///< path and query
  const char* content_type = "";  ///< "" when there is no body
  const char* body = nullptr;
  std::size_t body_size = 0;
  std::size_t spans = 0;  ///< for options::on_batch
};

/// Most bytes of an answer's body; OTLP's default limit.
#ifdef ARTHUR_NO_HEAP
constexpr std::size_t max_answer = std::size_t{64} << 10;
#else
constexpr std::size_t max_answer = std::size_t{4} << 20;
#endif

/// One answer. Where `truncated` is set the status holds all the same: a server decides before it writes the status.
struct response {
  int status = 0;
  std::string body;          ///< at most max_answer bytes
  std::string content_type;  ///< as sent; "" when there was none
  std::string retry_after;
  std::string location;
  bool truncated = false;  ///< the body was too large, cut off or malformed; it ends early

  /// As new, but keeps its memory.
  void clear() noexcept {
    status = 0;
    for (std::string* text : {&body, &content_type, &retry_after, &location}) text->clear();
    truncated = false;
  }
};

/// What send() fills. Kept from request to request, so that where memory is taken in start() alone there is room.
struct outcome {
  response answer;
  std::string error;

  outcome() {
    error.reserve(text_line::capacity);
#ifdef ARTHUR_NO_HEAP
    answer.body.reserve(max_answer);
    for (std::string* text : {&answer.content_type, &answer.retry_after, &answer.location}) text->reserve(text_line::capacity);
#endif
  }
};

enum class transport_result {
  answered,    ///< response::status is what the server said
  not_sent,    ///< nothing of the request left: safe to repeat
  unanswered,  ///< bytes went out and no status came back: the request may have been carried out
};

/// The time by which a transport judges its deadlines.
struct timing {
  std::uint64_t (*steady_now)() = nullptr;  ///< nanoseconds of a clock that never goes back
  /// Shortens what is under way: an absolute time of the same clock, 0 for none. Looked at every 50 ms at least.
  const std::atomic<std::uint64_t>* stop_deadline = nullptr;

  std::uint64_t limit(std::uint64_t deadline) const {
    // acquire: pairs with the release of whoever asks for the end, so that what was written before is seen after.
    const std::uint64_t stop = stop_deadline == nullptr ? 0 : stop_deadline->load(std::memory_order_acquire);
    return stop != 0 && stop < deadline ? stop : deadline;
  }

  /// Milliseconds of the next wait, at most 50 and rounded up; 0 when the time is over.
  int slice(std::uint64_t deadline) const {
    constexpr std::uint64_t most = 50;
    constexpr std::uint64_t nanoseconds = 1000000;
    const std::uint64_t end = limit(deadline);
    const std::uint64_t now = steady_now();
    if (now >= end) return 0;
    const std::uint64_t left = (end - now - 1) / nanoseconds + 1;
    return static_cast<int>(left < most ? left : most);
  }
};

/// Sends requests. Used by one thread at a time.
class transport {
 public:
  transport() = default;
  transport(const transport&) = delete;
  transport& operator=(const transport&) = delete;
  virtual ~transport() = default;

  /// `deadline`: absolute nanoseconds of timing::steady_now. `error`: one line for people wherever `out` doesn't tell
  /// the whole story, "" otherwise.
  virtual transport_result send(const request& what, std::uint64_t deadline, response& out, std::string& error) = 0;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
