// asking_back.hpp: what to do about spans whose request got no answer, by what the engine says when it is asked for them.
#ifndef ARTHUR_POLICY_ASKING_BACK_HPP
#define ARTHUR_POLICY_ASKING_BACK_HPP

#include <cstdint>
#include <string_view>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// The engine's answer to GET /api/v1/traces/spans/{span_id}.
enum class presence {
  there,      ///< stored
  not_there,  ///< not, or not yet: the request may still be worked on
  no_right,   ///< this key may not read, or this endpoint can't be asked
  no_answer,  ///< ask again
};

/// A 404 counts only if it names the span: otherwise it is the route that isn't there.
inline presence read_presence(int status, std::string_view body, std::string_view span_id) noexcept {
  if (status == 200) return body.find(span_id) != std::string_view::npos ? presence::there : presence::no_right;
  if (status == 404) return body.find(span_id) != std::string_view::npos ? presence::not_there : presence::no_right;
  if (status == 408 || status == 429 || status >= 500) return presence::no_answer;
  return presence::no_right;
}

/// From this age on (nanoseconds since the request) "not there" is believed: by then the engine's server has killed a worker that
/// still had the request (gunicorn: 120 s).
constexpr std::uint64_t believed_after = 120000000000;

/// When to ask for the `round`-th time, in nanoseconds since the request: at once, as most spans are there then; in
/// between, so that nobody waits two minutes for a slow engine; and when the answer is final.
inline std::uint64_t next_asking(unsigned round) noexcept {
  constexpr std::uint64_t second = 1000000000;
  constexpr std::uint64_t times[] = {0, 5 * second, 20 * second, 60 * second};
  return round < 4 ? times[round] : believed_after;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
