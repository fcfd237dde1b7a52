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

/// The key of a part in an element of the list, or with the code, `element`; `absent` if it is no part of it.
constexpr key in_element(key element, key part) noexcept {
  switch (element) {
    case key::llm_input_messages:
    case key::llm_output_messages: return part == key::name ? key::message_name : key::absent;
    case key::tool_call:
    case key::tool_use: return part >= key::tool_call_id && part <= key::tool_call_function_arguments ? part : key::absent;
    case key::content:
      if (part == key::id) return key::content_id;
      if (part < key::image_url || part > key::video_url) return key::absent;
      return key_moved(part, key::image_url, key::content_image_url);
    case key::document:
    case key::input_document:
    case key::output_document: break;
    case key::llm_tools: return part == key::tool_json_schema ? part : key::absent;
    case key::input_images:
    case key::output_images: return part == key::image_url ? part : key::absent;
    default: {
      if (element < key::annotations || element > key::session_evaluations) return key::absent;
      const bool annotation = element <= key::session_annotations;
      if (part == key::metadata) return annotation ? key::annotation_metadata : key::evaluation_metadata;
      if (part < key::score || part > key::identifier) return key::absent;
      return key_moved(part, key::score, annotation ? key::annotation_score : key::evaluation_score);
    }
  }
  switch (part) {
    case key::id: return key::document_id;
    case key::name: return key::document_name;
    case key::url: return key::document_url;
    case key::mime_type: return key::document_mime_type;
    case key::score: return key::document_score;
    case key::metadata: return key::document_metadata;
    default: return key::absent;
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
