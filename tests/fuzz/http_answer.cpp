// http_answer.cpp: an answer in pieces says the same as in one, whatever a server sends.
#include <arthur/transport/http_response.hpp>

#include <string>

#include "fuzz.hpp"

using arthur::detail::http_response_parser;
using arthur::detail::response;

namespace {

struct reading {
  response out;
  http_response_parser parser{out};
  std::size_t used = 0;

  // In pieces whose sizes follow from `seed`; 0: in one.
  reading(const std::string& text, std::uint64_t seed, bool closed) {
    for (std::size_t at = 0; at < text.size();) {
      seed = seed * 6364136223846793005U + 1442695040888963407U;
      const std::size_t most = text.size() - at;
      const std::size_t size = seed == 1442695040888963407U ? most : (std::min)(most, std::size_t{1} + (seed >> 33) % ((seed >> 60) < 12 ? 8 : 4096));
      const std::string piece = text.substr(at, size);
      const std::size_t taken = parser.feed(piece.data(), piece.size());
      fuzz::promise(taken <= size, "no more is taken than there is");
      used += taken;
      at += size;
      if (taken < size) {
        fuzz::promise(parser.done() || parser.failed(), "what is left over is behind the answer");
        break;
      }
    }
    if (closed) parser.end_of_stream();
  }
  reading(const reading&) = delete;
};

}  // namespace

FUZZ_TARGET(http_answer) {
  fuzz::taker in(data, size);
  const std::uint64_t seed = in.byte() + 1U;
  const bool closed = in.below(2) != 0;
  const std::size_t repeated = in.byte();
  std::string text = in.rest();
  // The second half many times, so that a small input reaches the limits.
  const std::string half = text.substr(text.size() / 2);
  for (std::size_t n = 0; n < repeated && text.size() < 80000; ++n) text += half;

  const reading whole(text, 0, closed);
  const reading parts(text, seed, closed);
  const response& a = whole.out;
  const response& b = parts.out;
  fuzz::promise(whole.used == parts.used && a.status == b.status && a.body == b.body && a.truncated == b.truncated &&
                    a.content_type == b.content_type && a.retry_after == b.retry_after && a.location == b.location &&
                    whole.parser.done() == parts.parser.done() && whole.parser.failed() == parts.parser.failed() &&
                    whole.parser.has_status() == parts.parser.has_status() &&
                    whole.parser.keep_alive() == parts.parser.keep_alive() &&
                    std::string(whole.parser.error()) == parts.parser.error(),
                "pieces don't matter", text);

  const http_response_parser& p = whole.parser;
  fuzz::promise(!(p.done() && p.failed()), "an answer is good or bad");
  fuzz::promise(!closed || p.done() || p.failed(), "the end of the stream ends the answer");
  fuzz::promise(p.failed() ? *p.error() != 0 : p.done() || *p.error() == 0, "who fails says why");
  fuzz::promise(!p.done() || p.has_status(), "no answer without a status");
  fuzz::promise(!p.has_status() || (a.status >= 200 && a.status <= 599), "a final status is one");
  fuzz::promise(p.has_status() || !p.failed() || a.status == 0, "without a final status nothing is said");
  fuzz::promise(!p.keep_alive() || (p.done() && !a.truncated), "only after a whole answer another may follow");
  fuzz::promise(a.body.size() <= http_response_parser::max_body && a.body.size() <= text.size(), "the body has its limit");
  for (const std::string* value : {&a.content_type, &a.retry_after, &a.location}) {
    fuzz::promise(value->size() <= arthur::detail::text_line::capacity && value->find('\n') == std::string::npos, "a header is a line");
  }
}
