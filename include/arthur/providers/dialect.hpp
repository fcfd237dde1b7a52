// dialect.hpp: what a provider's wire format is to the recorder: whose requests, and how bodies become attributes.
#ifndef ARTHUR_PROVIDERS_DIALECT_HPP
#define ARTHUR_PROVIDERS_DIALECT_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "../openinference/kinds.hpp"
#include "attribute_list.hpp"
#include "json.hpp"
#include "route.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

/// A request whose body was read. `body` is discarded where it isn't JSON, or was too long to be kept.
struct request_view {
  const route& where;
  const json& body;
};

/// The answer of a stream, put together in the form that it has without streaming.
class folded_answer {
 public:
  /// `room`: bytes of text that may be collected.
  explicit folded_answer(std::size_t room) noexcept : room_(room), unread_(room) {}

  json whole;           // null before the first piece
  std::string failure;  // what the stream reports in a form that failure.hpp doesn't know

  /// Whether so many bytes more may be collected. What doesn't fit is left out, as is all that comes later, so that what
  /// needs no room, such as the usage, can still be read.
  bool take_room(std::size_t bytes) noexcept {
    if (bytes > room_) {
      room_ = 0;
      cut_ = true;
      return false;
    }
    room_ -= bytes;
    return true;
  }
  /// Appends text, if there is room for it.
  void append(json& to, std::string_view more) {
    if (take_room(more.size())) append_text(to, more);
  }
  /// Appends a value to a list, if there is room for it.
  void push(json& list, const json& value) {
    if (!take_room(weight(value))) return;
    if (!list.is_array()) list = json::array();
    list.push_back(value);
  }
  /// Sets what came whole, if there is room for it.
  void put(json& to, const json& value) {
    if (take_room(weight(value))) to = value;
  }
  bool cut() const noexcept { return cut_; }
  /// Whether so many bytes of what was collected may be read again. All of them once: a stream that asks for the same ones
  /// with every piece would cost more and more.
  bool take_reading(std::size_t bytes) noexcept {
    if (bytes > unread_) return false;
    unread_ -= bytes;
    return true;
  }

 private:
  std::size_t room_, unread_;
  bool cut_ = false;
};

/// The element of a list that a piece of a stream begins: at its index or, where the numbers have gaps, behind the last.
inline json& begun(json& list, const json* index) {
  if (!list.is_array()) list = json::array();
  std::int64_t at = 0;
  if (integer_of(index, at) && at >= 0 && static_cast<std::uint64_t>(at) < list.size()) return list[static_cast<std::size_t>(at)];
  if (list.size() < 1024) list.push_back(nullptr);  // more is nonsense, which must not cost more and more
  return list.back();
}
/// The element that a piece continues: at its index or, where the numbers have gaps, the last.
inline json& continued(json& list, const json* index) {
  std::int64_t at = 0;
  const bool known = list.is_array() && !list.empty();
  if (known && !(integer_of(index, at) && at >= 0 && static_cast<std::uint64_t>(at) < list.size())) return list.back();
  return begun(list, index);
}

/// The entry of a list that has this "index" as a member, made at its place if need be. Null: there are more than any answer
/// has.
inline json* entry(json& list, std::int64_t index) {
  if (!list.is_array()) list = json::array();
  auto at = list.begin();
  for (; at != list.end(); ++at) {
    std::int64_t has = 0;
    integer_of(member(*at, "index"), has);
    if (has == index) return &*at;
    if (has > index) break;
  }
  if (list.size() == 128) return nullptr;
  return &*list.insert(at, json{{"index", index}});
}

/// One wire format: a file that makes one of these, and a row in dialects.hpp. All functions are pure, may throw
/// std::bad_alloc only, and bear any JSON.
struct dialect {
  const char* name;         // in ARTHUR_INSTRUMENT_DISABLED
  const char* system;       // llm.system where the host doesn't say otherwise; null: none
  const char* span_name;    // Python's
  const char* stream_name;  // of a streamed call; null: the same
  arthur::kind kind;
  /// Whether the request is of this format; the path decides, the body confirms.
  bool (*claims)(const request_view& request);
  /// Whether the answer comes in pieces, by what was asked for.
  bool (*streams)(const request_view& request);
  /// What is known when the request leaves: model, messages, tools, parameters.
  void (*describe_request)(const request_view& request, attribute_list& out);
  /// Adds a piece of a stream; true if it brought output. Null: answers never come in pieces.
  bool (*fold)(folded_answer& into, const json& piece, std::string_view event);
  /// What the answer says. Only the messages of a partial one may be there.
  void (*describe_answer)(const request_view& request, const json& answer, attribute_list& out);
};

/// For dialects whose body says `"stream": true`.
inline bool asks_for_stream(const request_view& request) {
  const json* const stream = member(request.body, "stream");
  return stream != nullptr && stream->is_boolean() && stream->get<bool>();
}

/// The request without what has attributes of its own.
template <class... Keys>
json without(const json& body, Keys... keys) {
  json rest = json::object();
  if (!body.is_object()) return rest;
  for (auto at = body.begin(); at != body.end(); ++at) {
    if ((... && (at.key() != keys))) rest[at.key()] = at.value();
  }
  return rest;
}

/// The list of tools, each as its provider has it.
inline void describe_tools(const json* tools, attribute_list& out) {
  std::size_t n = 0;
  for (const json& tool : elements(tools)) {
    out.as_json("llm.tools." + std::to_string(n++) + ".tool.json_schema", &tool);
  }
}

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
