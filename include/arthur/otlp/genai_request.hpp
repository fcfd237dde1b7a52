// genai_request.hpp: gen_ai.request.* and gen_ai.output.type, from the parameters of a call.
#ifndef ARTHUR_OTLP_GENAI_REQUEST_HPP
#define ARTHUR_OTLP_GENAI_REQUEST_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../config.hpp"
#include "added_attributes.hpp"
#include "document_list.hpp"
#include "genai_source.hpp"
#include "json_items.hpp"
#include "loose_number.hpp"
#include "loose_value.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Writes what the parameters ask for. Of several names for one thing, the first with a usable value counts.
class genai_request {
 public:
  genai_request(added_attributes& to, const genai_source& from) noexcept : to_(to), from_(from) {}

  void add() noexcept {
    read(from_[source_key::embedding_parameters]);
    const loose_value embedding_model = values_[0];
    values_[0] = {};
    read(from_[source_key::parameters]);
    // The response may name another model than was asked for, so what was asked for goes first.
    for (const loose_value& model : {from_[source_key::request_model], from_[source_key::model],
                                     from_[source_key::embedding_model], values_[0], embedding_model}) {
      if (!has_some_text(model)) continue;
      to_.text(added_key::request_model, model);
      break;
    }
    number(added_key::temperature, "temperature");
    number(added_key::top_p, "top_p");
    number(added_key::top_k, "top_k");
    whole(added_key::max_tokens, {"max_tokens", "max_completion_tokens", "max_output_tokens"});
    number(added_key::frequency_penalty, "frequency_penalty");
    number(added_key::presence_penalty, "presence_penalty");
    whole(added_key::seed, {"seed", "", ""});
    stream();
    texts(added_key::stop_sequences, {"stop_sequences", "stop"});
    whole(added_key::choice_count, {"n", "choice_count", "candidate_count"});
    texts(added_key::encoding_formats, {"encoding_formats", "encoding_format"});
    output_type();
  }

 private:
  static constexpr const char* names[] = {
      "model",           "temperature",      "top_p", "top_k",  "max_tokens",     "max_completion_tokens", "max_output_tokens",
      "frequency_penalty", "presence_penalty", "seed",  "stream", "stop_sequences", "stop",                  "n",
      "choice_count",    "candidate_count",  "encoding_formats", "encoding_format", "response_format"};
  static constexpr std::size_t name_count = sizeof names / sizeof *names;

  void read(const loose_value& text) noexcept {
    json_items members(nested_json(text));
    json_slice key;
    json_slice value;
    while (members.is_object() && members.next(key, value)) {
      for (std::size_t n = 0; n < name_count; ++n) {
        if (json_string_is(key, names[n])) values_[n] = loose(value);
      }
    }
  }

  const loose_value& operator[](const char* name) const noexcept {
    std::size_t n = 0;
    while (n + 1 < name_count && std::strcmp(names[n], name) != 0) ++n;
    return values_[n];
  }

  void number(added_key k, const char* name) noexcept {
    double value = 0;
    if (!get_number((*this)[name], to_.work.bytes, value)) return;
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    to_.number(k, bits);
  }

  void whole(added_key k, const char* const (&sources)[3]) noexcept {
    for (const char* name : sources) {
      std::int64_t value = 0;
      if (*name == 0 || !get_whole((*this)[name], to_.work.bytes, value)) continue;
      if (k == added_key::choice_count && value == 1) continue;  // what everybody asks for
      return to_.integer(k, value);
    }
  }

  void stream() noexcept {
    const loose_value& v = (*this)["stream"];
    if (!v || !has_text(v)) return;
    buffer& said = to_.work.bytes;
    said.clear();
    append_text(said, v);
    const loose_value text{wire::any_string, said.data(), said.size(), 0};
    if (genai_source::says(text, "true")) to_.boolean(added_key::stream, true);
    if (genai_source::says(text, "false")) to_.boolean(added_key::stream, false);
  }

  void texts(added_key k, const char* const (&sources)[2]) noexcept {
    for (const char* name : sources) {
      const loose_value& v = (*this)[name];
      json_items items(v.json());
      if (!v || !(is_string(v) || items.is_list())) continue;
      buffer& list = to_.json_text.bytes;
      list.clear();
      json_slice item;
      if (is_string(v)) text(list, v.json());
      while (items.is_list() && items.next(item)) text(list, item);
      return to_.list(k, list);
    }
  }
  void text(buffer& list, json_slice item) noexcept {
    buffer& said = to_.work.bytes;
    said.clear();
    *item.data == 'n' ? static_cast<void>(said.append("None")) : append_text(said, loose(item));
    if (said.failed()) return list.fail();
    added_attributes::list_text(list, said.data(), said.size());
  }

  void output_type() noexcept {
    loose_value format = (*this)["response_format"];
    const bool nested = format && *format.data == '{';
    if (nested) format = json_member(format.json(), "type");
    if (!format || *format.data != '"') return;
    buffer& said = to_.work.bytes;
    said.clear();
    append_json_decoded(said, format.json());
    const loose_value text{wire::any_string, said.data(), said.size(), 0};
    const auto is = [&text, nested](const char* word) { return nested ? text_is(text, word) : genai_source::says(text, word); };
    if (is("json") || is("json_object") || is("json_schema")) to_.text(added_key::output_type, "json");
    if (is("text")) to_.text(added_key::output_type, "text");
  }

  added_attributes& to_;
  const genai_source& from_;
  loose_value values_[name_count];
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
