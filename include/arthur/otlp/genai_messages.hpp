// genai_messages.hpp: gen_ai.input.messages and gen_ai.output.messages, and why the model ended.
#ifndef ARTHUR_OTLP_GENAI_MESSAGES_HPP
#define ARTHUR_OTLP_GENAI_MESSAGES_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../config.hpp"
#include "added_attributes.hpp"
#include "buffer.hpp"
#include "genai_source.hpp"
#include "json_items.hpp"
#include "json_text.hpp"
#include "loose_value.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Appends the JSON string of a text in lower case: roles and reasons come in the case of their provider.
inline void append_lower(buffer& out, const loose_value& v) noexcept {
  const std::size_t start = out.size();
  append_text_as_json(out, v);
  for (std::size_t i = start; i < out.size(); ++i) {
    char& c = out.data()[i];
    if (c == '\\') ++i;  // \n isn't \N
    else if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
}

/// Appends a finish reason as a JSON string: OpenAI's names for one thing become one.
inline void append_reason(buffer& out, const loose_value& v) noexcept {
  const bool call = genai_source::says(v, "tool_calls") || genai_source::says(v, "function_call");
  call ? static_cast<void>(out.append("\"tool_call\"")) : append_lower(out, v);
}

/// Calls `visit(reason)` for each that the span has in `llm.finish_reason`; true if it has some.
template <class Visit>
inline bool each_span_reason(const genai_source& from, Visit visit) noexcept {
  const loose_value& said = from[source_key::finish_reason];
  if (said.tag == wire::any_string) {
    visit(said.size != 0 ? said : loose_value{wire::any_string, "stop", 4, 0});
    return true;
  }
  wire::reader reader(said.data, said.tag == wire::any_array ? said.size : 0);
  wire::field at;
  bool any = false;
  while (reader.next(at)) {
    wire::field element;
    bool odd = false;
    if (at.tag != wire::array_values || !read_any_value(at.data, at.size, element, odd) || !has_some_text(loose(element))) continue;
    visit(loose(element));
    any = true;
  }
  return any;
}
inline loose_value span_reason(const genai_source& from) noexcept {
  loose_value first;
  each_span_reason(from, [&first](const loose_value& reason) {
    if (!first) first = reason;
  });
  return first;
}

/// Writes the messages of one side as JSON into a buffer. For outputs, `reasons` gets each message's as an element of an
/// ArrayValue.
class genai_messages {
 public:
  genai_messages(buffer& out, buffer& spare, const genai_source& from, buffer* reasons) noexcept
      : out_(out), spare_(spare), from_(from), reasons_(reasons), reason_(span_reason(from)) {}

  /// False: there are none, and nothing was written.
  bool append(source_list messages, source_list texts, const char* role, std::string_view text_name) noexcept {
    before_ = out_.size();
    for (part_range all = from_.parts(messages); !all.empty();) message(all.take_element());
    if (out_.size() == before_) append_texts(texts, role, text_name);
    return out_.size() != before_ && out_.append(']');
  }

 private:
  void separate() noexcept { out_.append(out_.size() == before_ ? '[' : ','); }
  void separate_part(std::size_t first) noexcept {
    if (out_.size() != first) out_.append(',');
  }

  void message(part_range all) noexcept {
    const part_range own = all.take_level(list_part::element);
    const part_range contents = all.take_level(list_part::contents);
    const part_range calls = all;
    const loose_value role = own["message.role"];
    if (!has_text(role)) return;
    const std::size_t start = out_.size();
    separate();
    out_.append("{\"role\":");
    bool tool = genai_source::says(role, "function") || genai_source::says(role, "tool");
    if (tool) out_.append("\"tool\"");
    else if (genai_source::says(role, "agent")) out_.append("\"assistant\"");
    else append_lower(out_, role);
    out_.append(",\"parts\":[");
    const std::size_t first = out_.size();
    const loose_value content = has_text(own["message.content"]) ? own["message.content"] : loose_value{};
    if (tool && has_some_text(own["message.tool_call_id"])) {
      response(own["message.tool_call_id"], content, contents);
    } else {
      if (content && !is_only_text(content, contents)) text_part(first, content);
      for (part_range left = contents; !left.empty();) content_part(first, left.take_sub_element());
      for (part_range left = calls; !left.empty();) call_part(first, left.take_sub_element());
    }
    if (out_.size() == first) return out_.truncate(start);
    out_.append(']');
    for (const char* name : {"message.name", "message.function_call_name"}) {
      if (!has_some_text(own[name])) continue;
      out_.append(",\"name\":");
      append_text_as_json(out_, own[name]);
      break;
    }
    if (reasons_ != nullptr) end_message(own["message.finish_reason"]);
    out_.append('}');
  }

  void text_part(std::size_t first, const loose_value& text) noexcept {
    separate_part(first);
    out_.append("{\"type\":\"text\",\"content\":");
    append_text_as_json(out_, text);
    out_.append('}');
  }

  static loose_value text_of(const part_range& content) noexcept {
    const loose_value text = content["message_content.text"];
    return text_is(content["message_content.type"], "text") && has_text(text) ? text : loose_value{};
  }

  void content_part(std::size_t first, const part_range& content) noexcept {
    if (const loose_value text = text_of(content)) return text_part(first, text);
    const loose_value url = content["message_content.image.image.url"];
    if (!text_is(content["message_content.type"], "image") || !has_text(url)) return;
    separate_part(first);
    const std::string_view text = url.tag == wire::any_string ? std::string_view(url.data, url.size) : std::string_view();
    // data:<mime>;base64,<content>
    const std::size_t mime_end = text.find(';');
    const std::string_view mark = ";base64,";
    if (text.substr(0, 5) == "data:" && mime_end != std::string_view::npos && mime_end > 5 &&
        text.substr(mime_end, mark.size()) == mark && text.size() > mime_end + mark.size() &&
        text.find('\n', mime_end) == std::string_view::npos) {
      out_.append("{\"type\":\"blob\",\"modality\":\"image\",\"mime_type\":");
      append_json_string(out_, text.data() + 5, mime_end - 5);
      out_.append(",\"content\":");
      append_json_string(out_, text.data() + mime_end + mark.size(), text.size() - mime_end - mark.size());
    } else {
      out_.append("{\"type\":\"uri\",\"modality\":\"image\",\"uri\":");
      append_text_as_json(out_, url);
    }
    out_.append('}');
  }

  void call_part(std::size_t first, const part_range& call) noexcept {
    const loose_value name = call["tool_call.function.name"];
    if (!has_text(name)) return;
    separate_part(first);
    out_.append("{\"type\":\"tool_call\",\"name\":");
    append_text_as_json(out_, name);
    out_.append(",\"arguments\":");
    append_jsonish(out_, spare_, call["tool_call.function.arguments"]);
    if (has_some_text(call["tool_call.id"])) {
      out_.append(",\"id\":");
      append_text_as_json(out_, call["tool_call.id"]);
    }
    out_.append('}');
  }

  void response(const loose_value& id, const loose_value& content, const part_range& contents) noexcept {
    out_.append("{\"type\":\"tool_call_response\",\"id\":");
    append_text_as_json(out_, id);
    out_.append(",\"response\":");
    loose_value only;
    if (content) {
      is_string(content) ? append_jsonish(out_, spare_, content) : append_number_or_text(content);
    } else if (count_parts(contents, only) == 1 && only) {
      append_text_as_json(out_, only);
    } else {
      out_.append('[');
      const std::size_t first = out_.size();
      for (part_range left = contents; !left.empty();) content_part(first, left.take_sub_element());
      out_.append(']');
    }
    out_.append('}');
  }

  // What Python reads from the text of a value that is none.
  void append_number_or_text(const loose_value& v) noexcept {
    v.tag == wire::any_bool ? append_text_as_json(out_, v) : append_as_json(out_, v);
  }

  // How many parts the contents make, and the last text among them.
  static std::size_t count_parts(part_range contents, loose_value& text) noexcept {
    std::size_t count = 0;
    while (!contents.empty()) {
      const part_range one = contents.take_sub_element();
      const loose_value found = text_of(one);
      if (found) text = found;
      if (found || (text_is(one["message_content.type"], "image") && has_text(one["message_content.image.image.url"]))) ++count;
    }
    return count;
  }

  // Some write the one text of a message in both forms.
  bool is_only_text(const loose_value& content, part_range contents) noexcept {
    std::size_t texts = 0;
    bool same = false;
    while (!contents.empty()) {
      const loose_value text = text_of(contents.take_sub_element());
      if (!text) continue;
      ++texts;
      same = is_same_text(content, text);
    }
    return texts == 1 && same;
  }
  bool is_same_text(const loose_value& a, const loose_value& b) noexcept {
    if (a.tag == wire::any_string && b.tag == wire::any_string) return std::string_view(a.data, a.size) == std::string_view(b.data, b.size);
    spare_.clear();
    append_text(spare_, a);
    const std::size_t size = spare_.size();
    append_text(spare_, b);
    const std::string_view both(spare_.data(), spare_.size());
    return !spare_.failed() && both.substr(0, size) == both.substr(size);
  }

  // The message's own reason, the span's, or what can be guessed.
  void end_message(const loose_value& reason) noexcept {
    out_.append(",\"finish_reason\":");
    const std::size_t start = out_.size();
    const loose_value& own = has_some_text(reason) ? reason : reason_;
    if (own) append_reason(out_, own);
    else from_.output_calls_tools() ? out_.append("\"tool_call\"") : out_.append("\"stop\"");
    note_reason(start);
  }

  void note_reason(std::size_t start) noexcept {
    if (out_.failed()) return;
    spare_.clear();
    append_json_decoded(spare_, {out_.data() + start, out_.size() - start});
    if (spare_.failed()) return out_.fail();
    added_attributes::list_text(*reasons_, spare_.data(), spare_.size());
  }

  // Prompts and choices of the older completions.
  void append_texts(source_list list, const char* role, std::string_view name) noexcept {
    const loose_value& whole = from_.whole(list);
    json_items items(nested_json(whole));
    if (items.is_list()) {
      json_slice item;
      while (items.next(item)) text_message(role, *item.data == 'n' ? loose_value{wire::any_string, "None", 4, 0} : loose(item));
      return;
    }
    if (whole.tag == wire::any_array) {
      wire::reader reader(whole.data, whole.size);
      wire::field at;
      while (reader.next(at)) {
        wire::field element;
        bool odd = false;
        if (at.tag == wire::array_values && read_any_value(at.data, at.size, element, odd)) text_message(role, loose(element));
      }
      return;
    }
    for (part_range all = from_.parts(list); !all.empty();) {
      const loose_value text = all.take_element()[name];
      if (has_text(text)) text_message(role, text);
    }
  }

  void text_message(const char* role, const loose_value& text) noexcept {
    separate();
    out_.append("{\"role\":\"");
    out_.append(role, std::strlen(role));
    out_.append("\",\"parts\":[");
    text_part(out_.size(), text);
    out_.append(']');
    if (reasons_ != nullptr) end_message({});
    out_.append('}');
  }

  buffer& out_;
  buffer& spare_;
  const genai_source& from_;
  buffer* reasons_;
  loose_value reason_;
  std::size_t before_ = 0;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
