// document_list.hpp: retrieved documents as one JSON text: [{"id", "score", "content", "metadata"}].
#ifndef ARTHUR_OTLP_DOCUMENT_LIST_HPP
#define ARTHUR_OTLP_DOCUMENT_LIST_HPP

#include <string_view>

#include "../config.hpp"
#include "buffer.hpp"
#include "genai_source.hpp"
#include "json_items.hpp"
#include "loose_value.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

// The value of the first of two names that a JSON object has.
inline loose_value json_member(json_slice object, const char* name, const char* other = nullptr) noexcept {
  json_items items(object);
  json_slice key;
  json_slice value;
  loose_value found;
  loose_value second;
  while (items.is_object() && items.next(key, value)) {
    if (json_string_is(key, name)) found = loose(value);
    if (other != nullptr && json_string_is(key, other)) second = loose(value);
  }
  return found ? found : second;
}

/// Appends `{…}`; nothing for a document of which nothing is known. `spare` is overwritten.
inline bool append_document(buffer& out, buffer& spare, const loose_value& id, const loose_value& score,
                            const loose_value& content, const loose_value& metadata) noexcept {
  const std::size_t start = out.size();
  const auto member = [&out, start](std::string_view name) {
    out.append(out.size() == start ? '{' : ',');
    out.append(name.data(), name.size());
  };
  if (has_text(id)) {
    member("\"id\":");
    append_text_as_json(out, id);
  }
  if (score) {
    member("\"score\":");
    append_as_json(out, score);
  }
  if (content) {
    member("\"content\":");
    append_as_json(out, content);
  }
  if (metadata) {
    member("\"metadata\":");
    append_jsonish(out, spare, metadata);
  }
  return out.size() != start && out.append('}');
}

/// Appends the list; false, and nothing, if there are no documents.
inline bool append_documents(buffer& out, buffer& spare, const genai_source& from) noexcept {
  const std::size_t before = out.size();
  const auto separate = [&out, before] { out.append(out.size() == before ? '[' : ','); };
  json_items whole(nested_json(from.whole(source_list::documents)));
  json_slice document;
  while (whole.is_list() && whole.next(document)) {
    const std::size_t start = out.size();
    separate();
    if (!append_document(out, spare, json_member(document, "document.id", "id"),
                         json_member(document, "document.score", "score"),
                         json_member(document, "document.content", "content"),
                         json_member(document, "document.metadata", "metadata"))) {
      out.truncate(start);
    }
  }
  if (out.size() == before) {
    const auto of = [](const part_range& one, std::string_view name) {
      const loose_value found = one[name];
      return found ? found : one[name.substr(sizeof "document." - 1)];
    };
    for (part_range all = from.parts(source_list::documents); !all.empty();) {
      const part_range one = all.take_element();
      const std::size_t start = out.size();
      separate();
      if (!append_document(out, spare, of(one, "document.id"), of(one, "document.score"), of(one, "document.content"),
                           of(one, "document.metadata"))) {
        out.truncate(start);
      }
    }
  }
  return out.size() != before && out.append(']');
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
