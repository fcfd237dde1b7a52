// messages.hpp: the keys of a message, its parts and its tool calls.
#ifndef ARTHUR_PROVIDERS_MESSAGES_HPP
#define ARTHUR_PROVIDERS_MESSAGES_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "../openinference/masking.hpp"
#include "attribute_list.hpp"
#include "json.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

/// Writes one message of a list. Parts and tool calls count for themselves.
class message_writer {
 public:
  /// `list`: "llm.input_messages" or "llm.output_messages".
  message_writer(attribute_list& out, std::string_view list, std::size_t index)
      : out_(out), prefix_(std::string(list) + '.' + std::to_string(index) + ".message.") {}

  void role(std::string_view value) { out_.text(prefix_ + "role", value); }
  void name(std::string_view value) { out_.text(prefix_ + "name", value); }
  void content(std::string_view value) { out_.text(prefix_ + "content", value); }
  void answers_call(std::string_view id) { out_.text(prefix_ + "tool_call_id", id); }
  /// OpenAI's form of before there were tool calls.
  void function_call(std::string_view name, std::string_view arguments) {
    out_.text(prefix_ + "function_call_name", name);
    out_.text(prefix_ + "function_call_arguments_json", arguments);
  }

  /// A part of the content, whose keys the other functions complete.
  std::string part(std::string_view type) {
    std::string keys = prefix_ + "contents." + std::to_string(parts_++) + '.';
    out_.text(keys + "message_content.type", type);
    return keys;
  }
  void text_part(std::string_view value) { out_.text(part("text") + "message_content.text", value); }
  void image_part(std::string_view url) { out_.text(part("image") + "message_content.image.image.url", url); }
  void audio_part(std::string_view url, std::string_view mime_type) {
    const std::string keys = part("audio") + "message_content.audio.audio.";
    out_.text(keys + "url", url);
    out_.text(keys + "mime_type", mime_type);
  }
  void reasoning_part(std::string_view value, std::string_view signature = {}) {
    const std::string keys = part("reasoning") + "message_content.";
    out_.text(keys + "text", value);
    out_.text(keys + "signature", signature);
  }
  void data_part(std::string_view type, std::string_view key, std::string_view value) {
    out_.text(part(type) + "message_content." + std::string(key), value);
  }

  void tool_call(std::string_view id, std::string_view name, std::string_view arguments, std::string_view signature = {}) {
    write_call(prefix_ + "tool_calls." + std::to_string(calls_++) + '.', id, name, arguments, signature);
  }
  /// A call that has a place among the parts, beside its entry among the calls.
  void tool_use_part(std::string_view id, std::string_view name, std::string_view arguments, std::string_view type = "tool_use") {
    write_call(part(type), id, name, arguments, {});
  }

 private:
  void write_call(const std::string& keys, std::string_view id, std::string_view name, std::string_view arguments,
                  std::string_view signature) {
    out_.text(keys + "tool_call.id", id);
    out_.text(keys + "tool_call.function.name", name);
    out_.text(keys + "tool_call.function.arguments", arguments);
    out_.text(keys + "tool_call.reasoning_signature", signature);
  }

  attribute_list& out_;
  std::string prefix_;
  std::size_t parts_ = 0, calls_ = 0;
};

inline message_writer input_message(attribute_list& out, std::size_t index) { return {out, "llm.input_messages", index}; }
inline message_writer output_message(attribute_list& out, std::size_t index) { return {out, "llm.output_messages", index}; }

/// "data:<type>;base64,<data>", unless images.hpp took the data out.
inline std::string data_url(std::string_view mime_type, std::string_view base64) {
  if (base64 == redacted) return std::string(base64);
  return "data:" + std::string(mime_type) + ";base64," + std::string(base64);
}

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
