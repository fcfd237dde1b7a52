// item_writer.hpp: turns the arguments of the macros into OTLP attributes of an open span.
#ifndef ARTHUR_OPENINFERENCE_ITEM_WRITER_HPP
#define ARTHUR_OPENINFERENCE_ITEM_WRITER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../attributes.hpp"
#include "../config.hpp"
#include "../record/recorder.hpp"
#include "../record/slot.hpp"
#include "../record/wire.hpp"
#include "../record/writer.hpp"
#include "builders.hpp"
#include "element_keys.hpp"
#include "key_builder.hpp"
#include "key_table.hpp"
#include "keys.hpp"
#include "kinds.hpp"
#include "masking.hpp"
#include "sequence.hpp"
#include "tool_definition.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {
void write_link(frame& f, const item& link) noexcept;  // linking.hpp
}

/// Writes items into a span (or into a context, which is a span without a record).
class item_writer {
 public:
  explicit item_writer(frame& f) noexcept : f_(f), hidden_(the_recorder.hidden.load(std::memory_order_relaxed)) {}

  void write(const item* items, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) write(items[i]);
  }
  void write(const item& i) noexcept;
  void text(key k, std::string_view value) noexcept {
    if (admit(k)) known_text(k, value);
  }
  /// Notes that a single key is there.
  ARTHUR_INLINE void note(key k) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(k);
    const std::uint64_t bits = key_texts[k].bits;
    if ((f_.single_keys & bit) != 0 || (f_.free_keys & bits) == bits) f_.flags |= record::may_repeat_keys;
    f_.single_keys |= bit;
    f_.all_keys |= bits;
  }

 private:
  friend class text_sink;

  /// Counts the attribute and notes its key. False: over the limit.
  bool admit(key k) noexcept {
    note(k);
    return admit();
  }
  bool admit_free(std::string_view k) noexcept {
    const std::uint64_t bits = key_bits(k.data(), k.size());
    f_.flags |= record::has_free_keys;
    f_.free_keys |= bits;
    return admit_hashed(bits);
  }
  /// For keys without a bit of their own.
  bool admit_hashed(std::uint64_t bits) noexcept {
    if ((f_.all_keys & bits) == bits) f_.flags |= record::may_repeat_keys;
    f_.all_keys |= bits;
    return admit();
  }
  bool admit() noexcept {
    if (ARTHUR_UNLIKELY(f_.attributes >= the_recorder.max_attributes.load(std::memory_order_relaxed))) {
      ++f_.dropped_attributes;
      return false;
    }
    ++f_.attributes;
    return true;
  }
  bool hides(std::string_view k, std::string_view text) noexcept;

  static bool may_be_image(std::string_view k) noexcept { return masking::ends(k, "image.url"); }

  void value_text(std::string_view k, std::string_view value) noexcept {
    write_text(f_.bytes, wire::span_attributes, k.data(), k.size(), value.data(), value.size());
  }
  void value(std::string_view k, const item& i) noexcept;
  /// The value of a key from the table.
  void known_value(key k, const item& i) noexcept {
    if (i.value_type != item::type::text && i.value_type != item::type::json) return value(key_texts[k].text, i);
    known_text(k, {i.data, i.size});
  }
  void known_text(key k, std::string_view value) noexcept {
    if (ARTHUR_UNLIKELY(hidden_ != 0) && hides(key_texts[k].text, value)) return;
    char* const at = ARTHUR_LIKELY(value.size() < 80) ? begin_known(k, 2 + value.size()) : nullptr;
    if (ARTHUR_UNLIKELY(at == nullptr)) return value_text(key_texts[k].text, value);
    at[0] = static_cast<char>(wire::any_string);
    at[1] = static_cast<char>(value.size());
    wire::put_bytes(at + 2, value.data(), value.size());
  }
  void known_integer(key k, std::int64_t value) noexcept {
    const auto bits = static_cast<std::uint64_t>(value);
    char* const at = begin_known(k, 1 + wire::varint_size(bits));
    const std::string_view text = key_texts[k].text;
    if (ARTHUR_UNLIKELY(at == nullptr)) return write_integer(f_.bytes, wire::span_attributes, text.data(), text.size(), value);
    *at = static_cast<char>(wire::any_int);
    wire::put_varint(at + 1, bits);
  }
  /// Everything up to an AnyValue of `any` bytes, below 90: one copy of a fixed size. Null: take the general way.
  ARTHUR_INLINE char* begin_known(key k, std::size_t any) noexcept {
    const key_info& known = key_texts[k];
    const std::size_t size = known.text.size();
    char* const at = f_.bytes.reserve_with_margin(6 + size + any, key_info::image_size);
    if (ARTHUR_UNLIKELY(at == nullptr)) return nullptr;
    std::memcpy(at, known.image, key_info::image_size);
    at[1] = static_cast<char>(4 + size + any);
    at[5 + size] = static_cast<char>(any);
    return at + 6 + size;
  }
  void array(std::string_view k, const item& i) noexcept;
  void json_list(std::string_view k, const item& i) noexcept;
  void content(key k, key mime_type, const item& i, bool json) noexcept;
  void token_counts(std::int64_t prompt, std::int64_t completion) noexcept;
  void number(key k, double value) noexcept {
    if (admit(k)) write_number(f_.bytes, wire::span_attributes, key_texts[k].text.data(), key_texts[k].text.size(), value);
  }
  /// Number of the next element of a list. False: there are too many.
  bool next_of(key list, std::uint32_t& number) noexcept {
    static_assert(list_count <= sizeof f_.lists / sizeof *f_.lists, "each list counts its elements");
    std::uint16_t& next = f_.lists[static_cast<std::size_t>(list) - static_cast<std::size_t>(key::before_lists) - 1];
    if (ARTHUR_UNLIKELY(next == UINT16_MAX)) {
      ++f_.dropped_attributes;
      return false;
    }
    number = next++;
    return true;
  }
  void element(key list, const item& parts) noexcept;
  void parts(key_builder& prefix, const item& parts) noexcept;
  struct inner_lists { std::uint32_t calls = 0, contents = 0; };
  key other_part(key_builder& prefix, inner_lists& next, key element, const item& part) noexcept;
  void nested(key_builder& prefix, inner_lists& next, const item& part) noexcept;
  bool part_text(const key_builder& prefix, key k, const item& i) noexcept;
  void tool(const item& parts) noexcept;
  void tool_schema(const item& i) noexcept;
  key for_kind(key k) const noexcept;
  bool is(kind k) const noexcept { return f_.span_kind == static_cast<std::uint8_t>(k); }

  frame& f_;
  std::uint32_t hidden_;
};

/// Receives one text made on demand and writes it under its key.
class text_sink {
 public:
  text_sink(item_writer& to, std::string_view k) noexcept : to_(to), key_(k) {}
  void use(std::string_view value) noexcept {
    if (!item_writer::may_be_image(key_) || !to_.hides(key_, value)) to_.value_text(key_, value);  // its length is known only now
  }

 private:
  item_writer& to_;
  std::string_view key_;
};

/// True: a switch, or the length of an image, keeps the value out; what stands in its place is written.
ARTHUR_COLD inline bool item_writer::hides(std::string_view k, std::string_view text) noexcept {
  const masked found = mask(hidden_, the_recorder.base64_limit.load(std::memory_order_relaxed), k, text);
  if (found == masked::redact) value_text(k, redacted);
  return found != masked::keep;
}

inline void item_writer::value(std::string_view k, const item& i) noexcept {
  if (ARTHUR_UNLIKELY(hidden_ != 0)) {
    const bool is_text = i.value_type == item::type::text || i.value_type == item::type::json;
    if (hides(k, is_text ? std::string_view(i.data, i.size) : std::string_view())) return;
  }
  switch (i.value_type) {
    case item::type::text:
    case item::type::json:
      if (ARTHUR_UNLIKELY(i.size > default_base64_limit) && may_be_image(k) && hides(k, {i.data, i.size})) return;
      return value_text(k, {i.data, i.size});
    case item::type::integer:
      return write_integer(f_.bytes, wire::span_attributes, k.data(), k.size(), i.integer);
    case item::type::unsigned_integer:
      if (unsigned_text::needed(i.unsigned_integer)) return value_text(k, unsigned_text(i.unsigned_integer).view());
      return write_integer(f_.bytes, wire::span_attributes, k.data(), k.size(), i.integer);
    case item::type::number:
      return write_number(f_.bytes, wire::span_attributes, k.data(), k.size(), i.number);
    case item::type::boolean:
      return write_boolean(f_.bytes, wire::span_attributes, k.data(), k.size(), i.boolean);
    case item::type::sequence:
      return array(k, i);
    case item::type::produced: {
      text_sink sink(*this, k);
      return i.produce(i.object, sink);
    }
    case item::type::parts:
      return;
  }
}

inline void item_writer::array(std::string_view k, const item& i) noexcept {
  sequence_sink measure(sequence_sink::mode::measure_array, nullptr);
  i.each(i.object, measure);
  const std::size_t any = 1 + wire::varint_size(measure.size) + measure.size;
  char* at = f_.bytes.reserve(attribute_size(k.size(), any) - measure.size);
  if (at == nullptr) return;
  at = put_attribute_start(at, wire::span_attributes, k.data(), k.size(), any);
  at = wire::put_byte(at, wire::any_array);
  wire::put_varint(at, measure.size);
  sequence_sink write(sequence_sink::mode::write_array, &f_.bytes);
  i.each(i.object, write);
  // A range that changed between the two passes would leave broken bytes: the worker finds and counts those.
}

inline void item_writer::json_list(std::string_view k, const item& i) noexcept {
  sequence_sink measure(sequence_sink::mode::measure_json, nullptr);
  i.each(i.object, measure);
  const bool none = measure.size == 0;
  const std::size_t size = none ? 2 : measure.size + 1;
  if (!write_text_start(f_.bytes, wire::span_attributes, k.data(), k.size(), size)) return;
  if (none) return f_.bytes.append("[]", 2);
  sequence_sink write(sequence_sink::mode::write_json, &f_.bytes);
  i.each(i.object, write);
  f_.bytes.append("]", 1);
}

inline void item_writer::content(key k, key mime_type, const item& i, bool json) noexcept {
  if (admit(k)) {
    if (ARTHUR_UNLIKELY(hidden_ != 0) && hides(key_texts[k].text, {})) return;  // and nothing says what it was
    if (i.value_type == item::type::sequence) {
      json_list(key_texts[k].text, i);
    } else {
      value(key_texts[k].text, i);
    }
  }
  // Text is what the engine assumes; it is said only to replace an earlier "JSON".
  const bool said = (f_.single_keys >> static_cast<unsigned>(mime_type) & 1U) != 0;
  if (json || said) text(mime_type, json ? "application/json" : "text/plain");
}

inline void item_writer::token_counts(std::int64_t prompt, std::int64_t completion) noexcept {
  const key names[] = {key::llm_token_count_prompt, key::llm_token_count_completion, key::llm_token_count_total};
  // Unsigned addition: a total that overflows is nonsense already, but must not be undefined.
  const auto total = static_cast<std::int64_t>(static_cast<std::uint64_t>(prompt) + static_cast<std::uint64_t>(completion));
  const std::int64_t values[] = {prompt, completion, total};
  for (std::size_t n = 0; n < 3; ++n) {
    if (admit(names[n])) known_integer(names[n], values[n]);
  }
}

inline key item_writer::for_kind(key k) const noexcept {
  if (k == key::llm_invocation_parameters && is(kind::embedding)) return key::embedding_invocation_parameters;
  if (k != key::llm_model_name) return k;
  if (is(kind::embedding)) return key::embedding_model_name;
  if (is(kind::reranker)) return key::reranker_model_name;
  return k;
}

inline void item_writer::element(key list, const item& of) noexcept {
  std::uint32_t number = 0;
  if (!next_of(list, number)) return;
  key_builder prefix(key_builder(), key_texts[list].text, number);
  parts(prefix, of);
}

/// A text whose key is put together in the span itself, by copies of fixed sizes. False: take the general way.
inline bool item_writer::part_text(const key_builder& prefix, key k, const item& i) noexcept {
  const key_info& part = key_texts[k];
  const char* const front = prefix.short_text();
  const std::size_t key_size = prefix.size() + part.text.size(), any = text_any_size(i.size);
  if (front == nullptr || hidden_ != 0 || i.value_type != item::type::text || i.size > writer::max_piece - 256) return false;
  if (part.text.size() > key_info::max_imaged) return false;
  static_assert(64 + key_info::image_size < 128, "the length of such a key is one byte");
  const std::size_t body = 3 + key_size + wire::varint_size(any) + any;
  char* at = f_.bytes.reserve_with_margin(1 + wire::varint_size(body) + body, 64 + key_info::image_size);
  if (at == nullptr) return false;
  at = wire::put_varint(wire::put_byte(at, wire::span_attributes), body);
  at = wire::put_byte(wire::put_byte(at, wire::key_value_key), static_cast<std::uint8_t>(key_size));
  std::memcpy(at, front, 64);
  std::memcpy(at + prefix.size(), part.image + 4, key_info::image_size - 4);
  at = wire::put_varint(at + key_size + 1, any);
  at = wire::put_varint(wire::put_byte(at, wire::any_string), i.size);
  wire::put_bytes(at, i.data, i.size);
  return true;
}

inline void item_writer::parts(key_builder& prefix, const item& of) noexcept {
  inner_lists next;
  for (std::size_t n = 0; n < of.size; ++n) {
    const item& part = of.parts[n];
    key k = part.code;
    if (ARTHUR_UNLIKELY(k <= key::before_parts || k >= key::count)) {
      k = other_part(prefix, next, of.code, part);
      if (k == key::absent) continue;
    }
    if (!admit() || part_text(prefix, k, part)) continue;
    value(prefix.with(key_texts[k].text), part);
  }
}

/// The key of a part that isn't one of its own; `absent` if nothing is left to be written. Apart, to keep the loop small.
ARTHUR_NOINLINE inline key item_writer::other_part(key_builder& prefix, inner_lists& next, key element, const item& part) noexcept {
  if (part.code == key::absent) return key::absent;
  if (part.value_type == item::type::parts && (element == key::llm_input_messages || element == key::llm_output_messages)) {
    nested(prefix, next, part);
    return key::absent;
  }
  const key k = in_element(element, part.code);
  if (k == key::absent) ++f_.dropped_attributes;
  return k;
}

/// What a message holds beside plain parts.
inline void item_writer::nested(key_builder& prefix, inner_lists& next, const item& part) noexcept {
  if (part.code == key::function_call) return parts(prefix, part);
  if (part.code < key::document || part.code > key::function_call) {
    ++f_.dropped_attributes;
    return;
  }
  if (part.code == key::document) {
    key_builder inside(prefix, key_texts[key::message_contents].text, next.contents++);
    if (admit()) value(inside.with(key_texts[key::content_type].text), text_item(key::content_type, "document"));
    inside.below(key_texts[key::content_document].text);
    parts(inside, part);
  }
  if (part.code == key::content || part.code == key::tool_use) {
    key_builder inside(prefix, key_texts[key::message_contents].text, next.contents++);
    parts(inside, part);
  }
  if (part.code == key::tool_call || part.code == key::tool_use) {
    // The first part of tool_use() is the type of the content.
    const std::size_t skipped = part.code == key::tool_use ? 1 : 0;
    key_builder call(prefix, key_texts[key::message_tool_calls].text, next.calls++);
    parts(call, parts_item(key::tool_call, part.parts + skipped, part.size - skipped));
  }
}

inline void item_writer::tool(const item& of) noexcept {
  const item& name = of.parts[0];
  const item& description = of.parts[1];
  const item& schema = of.parts[2];
  if (!is(kind::llm)) {
    text(key::tool_name, {name.data, name.size});
    text(key::tool_description, {description.data, description.size});
    text(key::tool_parameters, {schema.data, schema.size});
    return;
  }
  std::uint32_t number = 0;
  if (!next_of(key::llm_tools, number) || !admit()) return;
  key_builder prefix(key_builder(), key_texts[key::llm_tools].text, number);
  const std::string_view k = prefix.with(key_texts[key::tool_json_schema].text);
  if (ARTHUR_UNLIKELY(hidden_ != 0) && hides(k, {})) return;
  const tool_definition definition({name.data, name.size}, {description.data, description.size}, {schema.data, schema.size});
  if (write_text_start(f_.bytes, wire::span_attributes, k.data(), k.size(), definition.size())) definition.write(f_.bytes);
}

inline void item_writer::tool_schema(const item& i) noexcept {
  item part = i;
  part.code = key::tool_json_schema;
  is(kind::llm) ? element(key::llm_tools, parts_item(key::llm_tools, &part, 1)) : write(part);
}

inline void item_writer::write(const item& i) noexcept {
  switch (i.code) {
    case key::free: {
      const std::string_view k(i.key_data, i.key_size < 1024 ? i.key_size : 1024);
      if (k.empty()) {
        ++f_.dropped_attributes;  // OpenTelemetry: keys are not empty
      } else if (admit_free(k)) {
        value(k, i);
      }
      return;
    }
    case key::input_value:
      return content(key::input_value, key::input_mime_type, i, false);
    case key::input_json:
      return content(key::input_value, key::input_mime_type, i, true);
    case key::output_value:
      return content(key::output_value, key::output_mime_type, i, false);
    case key::output_json:
      return content(key::output_value, key::output_mime_type, i, true);
    case key::token_counts:
      return token_counts(i.integer, i.second);
    case key::costs:
      number(key::llm_cost_prompt, i.number);
      number(key::llm_cost_completion, i.second_number);
      return number(key::llm_cost_total, i.number + i.second_number);
    case key::document:
      return element(is(kind::reranker) ? key::reranker_output_documents : key::retrieval_documents, i);
    case key::input_document:
      return element(is(kind::reranker) ? key::reranker_input_documents : key::input_documents, i);
    case key::output_document:
      return element(is(kind::reranker) ? key::reranker_output_documents : key::output_documents, i);
    case key::llm_input_messages:
    case key::llm_output_messages:
    case key::embedding_embeddings:
      return element(i.code, i);
    case key::tool:
      return tool(i);
    case key::tool_schema:
      return tool_schema(i);
    case key::several:
    case key::tool_call:
      return write(i.parts, i.size);
    case key::content:
      return write(i.parts + 1, i.size - 1);  // without the type
    case key::link:
      return rt::write_link(f_, i);
    case key::absent:
      return;
    default:
      break;
  }
  const key k = for_kind(i.code);
  if (ARTHUR_LIKELY(k < key::single_count)) {
    if (admit(k)) known_value(k, i);
  } else if (k < key::lists_end) {
    element(k, i);
  } else if (k < key::rare_end) {
    if (admit_hashed(key_texts[k].bits)) value(key_texts[k].text, i);
  } else {
    ++f_.dropped_attributes;  // a part outside its list, e.g. score() beside document(): nothing reads it
  }
}

namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file {

ARTHUR_LINKED void use_text(text_sink& sink, text_arg value) noexcept { sink.use({value.data, value.size}); }

}  // namespace define_ARTHUR_IMPLEMENTATION_in_one_source_file
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
