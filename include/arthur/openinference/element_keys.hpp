// element_keys.hpp: parts that several elements have, such as id(): their key depends on the element.
#ifndef ARTHUR_OPENINFERENCE_ELEMENT_KEYS_HPP
#define ARTHUR_OPENINFERENCE_ELEMENT_KEYS_HPP

#include "../config.hpp"
#include "keys.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// `part`, counted on from `to` as it is from `from`.
constexpr key key_moved(key part, key from, key to) noexcept {
  return static_cast<key>(static_cast<int>(part) - static_cast<int>(from) + static_cast<int>(to));
}

/// The key of a part in an element of the list, or with the code, `element`. One that isn't a part of it stays.
constexpr key in_element(key element, key part) noexcept {
  if (element >= key::annotations && element <= key::session_evaluations) {
    const bool annotation = element <= key::session_annotations;
    if (part == key::metadata) return annotation ? key::annotation_metadata : key::evaluation_metadata;
    if (part < key::score || part > key::identifier) return part;
    return key_moved(part, key::score, annotation ? key::annotation_score : key::evaluation_score);
  }
  if (element == key::content) {
    if (part == key::id) return key::content_id;
    return part >= key::image_url && part <= key::video_url ? key_moved(part, key::image_url, key::content_image_url) : part;
  }
  const bool message = element == key::llm_input_messages || element == key::llm_output_messages;
  switch (part) {
    case key::id: return key::document_id;
    case key::name: return message ? key::message_name : key::document_name;
    case key::url: return key::document_url;
    case key::mime_type: return key::document_mime_type;
    case key::score: return key::document_score;
    case key::metadata: return key::document_metadata;
    default: return part;
  }
}

static_assert(key_moved(key::audio_transcript, key::image_url, key::content_image_url) == key::content_audio_transcript &&
                  key_moved(key::video_url, key::image_url, key::content_image_url) == key::content_video_url &&
                  key_moved(key::identifier, key::score, key::annotation_score) == key::annotation_identifier &&
                  key_moved(key::identifier, key::score, key::evaluation_score) == key::evaluation_identifier,
              "both tables are in one order");

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
