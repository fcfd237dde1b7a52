// span_line.hpp: what one line says about a span, and how it is laid out.
#ifndef ARTHUR_CONSOLE_SPAN_LINE_HPP
#define ARTHUR_CONSOLE_SPAN_LINE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "../otlp/attribute_view.hpp"
#include "../otlp/json_span.hpp"
#include "text.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace console {

inline std::string_view content(const wire::field& f) noexcept { return {f.data, f.size}; }

/// The key and value of a KeyValue message; false where it is damaged or has no value.
inline bool read_pair(const wire::field& f, attribute_view& to) noexcept {
  if (read_attribute(f.data, f.size, to)) return true;
  wire::reader reader(f.data, f.size);
  wire::field at, key, any, value;
  while (reader.next(at)) {
    if (at.tag == wire::key_value_key) key = at;
    if (at.tag == wire::key_value_value) any = at;
  }
  wire::reader inner(any.data, any.size);
  while (inner.next(at)) value = at;
  to = {key.data, key.size, value.tag, value.data, value.size, value.value};
  return reader.ok() && inner.ok() && value.tag != 0;
}

/// A value in one word; text as it is.
inline std::string value_text(const attribute_view& v) {
  switch (v.tag) {
    case wire::any_string: return std::string(v.data, v.size);
    case wire::any_int: return std::to_string(static_cast<std::int64_t>(v.number));
    case wire::any_bool: return v.number != 0 ? "true" : "false";
    case wire::any_array: return "[…]";
    case wire::any_kvlist: return "{…}";
    case wire::any_bytes: return "(bytes)";
    default: break;
  }
  char storage[40];
  buffer digits(storage, sizeof storage);
  append_json_double(digits, v.number);
  return std::string(digits.data(), digits.size());
}

/// The last message of a list that says something.
struct last_message {
  std::string_view text;
  bool call = false;  // the name of a called tool
  std::size_t rank = 0;

  /// `key`: what follows "llm.input_messages." or "llm.output_messages.".
  void look(std::string_view key, std::string_view value) noexcept {
    std::size_t index = 0;
    std::size_t at = 0;
    for (; at < key.size() && at < 9 && key[at] >= '0' && key[at] <= '9'; ++at) index = index * 10 + static_cast<std::size_t>(key[at] - '0');
    key.remove_prefix(at);
    std::size_t mine = 0;
    if (key == ".message.content") mine = 3;
    if (key == ".message.contents.0.message_content.text") mine = 2;
    if (key == ".message.tool_calls.0.tool_call.function.name") mine = 1;
    mine += index * 4;
    if (mine % 4 == 0 || mine < rank || value.empty()) return;
    rank = mine;
    call = mine % 4 == 1;
    text = value;
  }
  std::string shown() const { return call ? std::string(text) + "(…)" : std::string(text); }
};

/// How many elements a flattened list has.
struct list_size {
  std::size_t count = 0;

  void look(std::string_view index) noexcept {
    std::size_t n = 0;
    for (std::size_t at = 0; at < index.size() && at < 9 && index[at] >= '0' && index[at] <= '9'; ++at) {
      n = n * 10 + static_cast<std::size_t>(index[at] - '0');
    }
    count = (std::max)(count, n + 1);
  }
  std::string shown(const char* noun) const {
    return count == 0 ? std::string() : std::to_string(count) + ' ' + noun + (count == 1 ? "" : "s");
  }
};

/// What is shown of a span's attributes. The keys are OpenInference's.
struct summary {
  std::string_view kind;
  std::string input, output, prompt_tokens, completion_tokens, total_tokens;
  double cost = 0, cost_parts = 0;
  bool has_cost = false, has_cost_parts = false;
  last_message asked, answered;
  list_size documents, reranked, embeddings;

  void look(const attribute_view& a) {
    const std::string_view key(a.key, a.key_size);
    const std::string_view text = a.tag == wire::any_string ? std::string_view(a.data, a.size) : std::string_view();
    const auto below = [key](std::string_view prefix) { return key.substr(0, prefix.size()) == prefix; };
    const auto rest = [key](std::string_view prefix) { return key.substr(prefix.size()); };
    constexpr std::string_view input_messages = "llm.input_messages.", output_messages = "llm.output_messages.",
                               found = "retrieval.documents.", sorted = "reranker.output_documents.", vectors = "embedding.embeddings.";
    if (key == "openinference.span.kind") kind = text;
    else if (key == "input.value") input = value_text(a);
    else if (key == "output.value") output = value_text(a);
    else if (key == "llm.token_count.prompt") prompt_tokens = value_text(a);
    else if (key == "llm.token_count.completion") completion_tokens = value_text(a);
    else if (key == "llm.token_count.total") total_tokens = value_text(a);
    else if (key == "llm.cost.total") has_cost = add_cost(a, cost);
    else if (key == "llm.cost.prompt" || key == "llm.cost.completion") has_cost_parts = add_cost(a, cost_parts) || has_cost_parts;
    else if (below(input_messages)) asked.look(rest(input_messages), text);
    else if (below(output_messages)) answered.look(rest(output_messages), text);
    else if (below(found)) documents.look(rest(found));
    else if (below(sorted)) reranked.look(rest(sorted));
    else if (below(vectors)) embeddings.look(rest(vectors));
  }

  std::string tokens() const {
    if (prompt_tokens.empty() && completion_tokens.empty()) return total_tokens.empty() ? total_tokens : total_tokens + " tokens";
    return (prompt_tokens.empty() ? "?" : prompt_tokens) + "→" + (completion_tokens.empty() ? "?" : completion_tokens) + " tokens";
  }
  std::string dollars() const {
    if (has_cost) return dollar_text(cost);
    return has_cost_parts ? dollar_text(cost_parts) : std::string();
  }

 private:
  static bool add_cost(const attribute_view& a, double& to) noexcept {
    double amount = 0;
    if (a.tag == wire::any_double) std::memcpy(&amount, &a.number, sizeof amount);
    if (a.tag == wire::any_int) amount = static_cast<double>(static_cast<std::int64_t>(a.number));
    to += amount;
    return a.tag == wire::any_double || a.tag == wire::any_int;
  }
};

/// `"question" → "answer"`; JSON without quotes. Each side may take half of the room, and what the other one leaves.
inline void put_flow(line_writer& line, const std::string& in, const std::string& out, bool quote_out) {
  if (in.empty() && out.empty()) return;
  const auto quoted = [](const std::string& text) { return !text.empty() && text[0] != '{' && text[0] != '['; };
  const std::string_view in_quote = quoted(in) ? "\"" : "";
  const std::string_view out_quote = quote_out && quoted(out) ? "\"" : "";
  const std::string_view arrow = out.empty() ? "" : in.empty() ? "→ " : " → ";
  const std::size_t fixed = 2 + (out.empty() ? 0 : in.empty() ? 2 : 3) + 2 * (in_quote.size() + out_quote.size());
  if (fixed + 8 > line.room()) return;  // too narrow to say anything
  const std::size_t room = line.room() - fixed;
  std::string fitted;
  const std::size_t out_width = append_fitted(fitted, out, room);
  fitted.clear();
  const std::size_t in_width = append_fitted(fitted, in, (std::max)(room / 2, room - out_width));
  line.draw(ink::plain, "  ", 2);
  line.draw(ink::plain, in_quote, in_quote.size());
  line.put(ink::plain, in, (std::max)(room / 2, room - out_width));
  line.draw(ink::plain, in_quote, in_quote.size());
  line.draw(ink::plain, arrow, fixed - 2 - 2 * (in_quote.size() + out_quote.size()));
  line.draw(ink::plain, out_quote, out_quote.size());
  line.put(ink::plain, out, room - in_width);
  line.draw(ink::plain, out_quote, out_quote.size());
}

/// `LLM chat  3.2 ms  120→48 tokens  $0.0031  "question" → "answer"`, given the body of a Span message.
inline void put_span(line_writer& line, std::string_view body, std::string_view service) {
  span_header span;
  summary shown;
  const bool readable = read_span_header(span, body.data(), body.size());
  wire::reader reader(body.data(), body.size());
  wire::field at;
  attribute_view a;
  while (reader.next(at)) {
    if (at.tag == wire::span_attributes && read_pair(at, a)) shown.look(a);
  }
  line.put(ink::kind, shown.kind.empty() ? std::string_view("SPAN") : shown.kind, line.room() / 3);
  line.draw(ink::plain, " ", 1);
  std::string name;
  append_fitted(name, content(span.name), line.room() / 2);  // what follows needs room, too
  line.put(ink::plain, name.empty() ? "(no name)" : name);
  if (!service.empty()) {
    line.draw(ink::plain, " [", 2);
    line.put(ink::faint, service, line.room() / 3);
    line.draw(ink::plain, "]", 1);
  }
  line.part(ink::faint, duration_text(span.start, span.end));
  line.part(ink::usage, shown.tokens());
  line.part(ink::usage, shown.dollars());
  constexpr std::int32_t error = 2;
  if (span.status_code == error) {
    line.part(ink::error, span.status_message.size == 0 ? "ERROR" : "ERROR " + std::string(content(span.status_message)));
  }
  if (!readable) line.part(ink::error, "(the rest can't be read)");
  const std::string in = shown.input.empty() ? shown.asked.shown() : shown.input;
  // A retriever's output repeats its documents.
  const bool listed = shown.kind == "RETRIEVER" && !shown.documents.shown("document").empty();
  std::string out = shown.output.empty() ? shown.answered.shown() : shown.output;
  const bool said = !listed && !out.empty();
  if (!said) out = shown.documents.shown("document");
  if (out.empty()) out = shown.reranked.shown("document");
  if (out.empty()) out = shown.embeddings.shown("embedding");
  put_flow(line, in, out, said);
}

/// `· exception  exception.type=std::runtime_error  exception.message=no route`, given an Event message.
inline void put_event(line_writer& line, std::string_view body) {
  wire::reader reader(body.data(), body.size());
  wire::field at;
  wire::field name;
  while (reader.next(at)) {
    if (at.tag == wire::event_name) name = at;
  }
  const bool exception = content(name) == "exception";
  line.draw(ink::faint, "· ", 2);
  line.put(exception ? ink::error : ink::plain, content(name));
  wire::reader again(body.data(), body.size());
  attribute_view a;
  while (again.next(at)) {
    if (at.tag != wire::event_attributes || !read_pair(at, a)) continue;
    const std::string_view key(a.key, a.key_size);
    if (key == "exception.stacktrace") continue;  // no line for it
    line.part(exception ? ink::error : ink::faint, std::string(key) + '=' + value_text(a));
  }
}

}  // namespace console
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
