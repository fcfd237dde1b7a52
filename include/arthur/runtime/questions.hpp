// questions.hpp: what an endpoint is asked beside taking spans: the encoding that it reads, the task's id, and plain GETs.
#ifndef ARTHUR_RUNTIME_QUESTIONS_HPP
#define ARTHUR_RUNTIME_QUESTIONS_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "../otlp/buffer.hpp"
#include "../otlp/envelope.hpp"
#include "../otlp/json_text.hpp"
#include "../policy/answer.hpp"
#include "../policy/retry.hpp"
#include "../policy/settings.hpp"
#include "../text_line.hpp"
#include "../transport/transport.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

enum class asked {
  known,        ///< there is an answer, and it stands
  later,        ///< not now: it says so itself
  unreachable,  ///< no answer
};

/// Each question fills `last`: the newest answer, or why there is none.
class questions {
 public:
  questions(const settings& s, outcome& last) : settings_(s), last_(last) {
    search_ = "{\"task_name\":";
    const std::size_t before = search_.size();
    search_.resize(before + 6 * s.task_name.size() + 64);  // no byte of a name becomes more than six
    buffer name(&search_[before], search_.size() - before);
    // What is no UTF-8 in it would spoil the whole request.
    append_json_string(name, s.task_name.data(), s.task_name.size());
    search_.resize(before + name.size());
    search_ += '}';
    target_.reserve(s.where.engine.target.size() + 128);
  }

  /// Sends the empty request and fills `as`, also where the endpoint refused for another reason than the encoding.
  asked ask_encoding(transport& main, std::uint64_t deadline, encoding& as) {
    request r;
    r.target = settings_.where.traces.target.c_str();
    r.content_type = "application/json";
    r.body = empty_json_request;
    r.body_size = sizeof empty_json_request - 1;
    if (!send(main, r, deadline)) return asked::unreachable;
    switch (classify(last_.answer.status, settings_.where.profile, false)) {
      case verdict::retry_later:
      case verdict::split: return asked::later;
      case verdict::wrong_encoding: as = encoding::protobuf; return asked::known;
      default: as = encoding::json; return asked::known;
    }
  }

  /// Looks settings::task_name up, a page at a time. `id` stays empty if the engine refused (then the answer's status isn't
  /// 200) or has no such task.
  asked ask_task(transport& engine, std::uint64_t deadline, text_line& id) {
    constexpr std::size_t page_size = max_answer < (std::size_t{1} << 20) ? 10 : 100;
    for (std::size_t page = 0; page < 100; ++page) {
      if (const asked a = search(engine, search_, page, page_size, deadline); a != asked::known) return a;
      if (last_.answer.status != 200) return asked::known;
      const task_page found = read_task_page(last_.answer.body, settings_.task_name);
      id = found.id;
      if (!id.empty() || found.tasks == 0 || (page + 1) * page_size >= found.total) break;
    }
    return asked::known;
  }

  /// One page of the tasks that there are, the newest first.
  asked ask_tasks(transport& engine, std::size_t page_size, std::uint64_t deadline) {
    return search(engine, "{}", 0, page_size, deadline);
  }

  /// `path` begins with '/', and is appended to the engine's base.
  asked get(transport& engine, std::string_view path, std::uint64_t deadline) {
    target_.assign(settings_.where.engine.target).append(path);
    request r;
    r.method = "GET";
    r.target = target_.c_str();
    return send(engine, r, deadline) ? judge() : asked::unreachable;
  }

 private:
  asked search(transport& engine, std::string_view body, std::size_t page, std::size_t page_size, std::uint64_t deadline) {
    target_.assign(settings_.where.engine.target);
    target_.append(text_line("/api/v2/tasks/search?page=", page, "&page_size=", page_size, "&sort=desc"));
    request r;
    r.target = target_.c_str();
    r.content_type = "application/json";
    r.body = body.data();
    r.body_size = body.size();
    return send(engine, r, deadline) ? judge() : asked::unreachable;
  }

  bool send(transport& to, const request& r, std::uint64_t deadline) {
    return to.send(r, deadline, last_.answer, last_.error) == transport_result::answered;
  }
  asked judge() const { return last_.answer.status == 429 || last_.answer.status >= 500 ? asked::later : asked::known; }

  const settings& settings_;
  outcome& last_;
  std::string search_;  // the task search: body
  std::string target_;  // and path
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
