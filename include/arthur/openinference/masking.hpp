// masking.hpp: which attributes OpenInference's switches redact or leave out, decided by the text of the key alone.
#ifndef ARTHUR_OPENINFERENCE_MASKING_HPP
#define ARTHUR_OPENINFERENCE_MASKING_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../config.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// The switches, one bit each in recorder::hidden.
namespace hiding {
enum bit : std::uint32_t {
  inputs = 1,
  outputs = 2,
  input_messages = 4,
  output_messages = 8,
  input_text = 16,
  output_text = 32,
  input_images = 64,
  prompts = 128,
  choices = 256,
  llm_tools = 512,
  llm_invocation_parameters = 1024,
  embeddings_vectors = 2048,
  embeddings_text = 4096,
  retrieval_documents = 8192,
  short_images = 16384,  ///< no switch: the limit of images is below the default, so small values are looked at, too
};
}  // namespace hiding

constexpr std::uint32_t default_base64_limit = 32000;

enum class masked : std::uint8_t { keep, redact, drop };

/// In place of what is redacted, whatever its type was.
constexpr std::string_view redacted = "__REDACTED__";

namespace masking {

inline bool has(std::string_view key, std::string_view part) noexcept { return key.find(part) != std::string_view::npos; }
inline bool ends(std::string_view key, std::string_view with) noexcept {
  return key.size() >= with.size() && key.substr(key.size() - with.size()) == with;
}
inline bool is_within(std::string_view key, std::string_view list) noexcept {
  return key.substr(0, list.size()) == list && (key.size() == list.size() || key[list.size()] == '.');
}
/// Longer than `limit` characters; a byte that continues a UTF-8 character isn't one.
inline bool longer(std::string_view text, std::size_t limit) noexcept {
  std::size_t characters = 0;
  if (text.size() > limit) {
    for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xc0U) != 0x80U ? 1 : 0;
  }
  return characters > limit;
}

}  // namespace masking

/// What becomes of an attribute: OpenInference Python's TraceConfig.mask() to the letter, where the first rule that fits
/// decides. `value` counts for the URLs of images only; give "" where it isn't a text. Pure.
inline masked mask(std::uint32_t hidden, std::uint32_t base64_limit, std::string_view key, std::string_view value) noexcept {
  using namespace masking;
  const auto on = [hidden](std::uint32_t switches) { return (hidden & switches) != 0; };
  const bool in = has(key, "llm.input_messages"), out = has(key, "llm.output_messages");

  if (on(hiding::llm_invocation_parameters) && key == "llm.invocation_parameters") return masked::drop;
  if (on(hiding::inputs | hiding::llm_tools) && has(key, "llm.tools")) return masked::drop;
  if (on(hiding::inputs)) {
    if (key == "input.value" || key == "reranker.query") return masked::redact;
    if (key == "input.mime_type" || is_within(key, "reranker.input_documents")) return masked::drop;
  }
  if (on(hiding::outputs)) {
    if (key == "output.value") return masked::redact;
    if (key == "output.mime_type" || is_within(key, "reranker.output_documents")) return masked::drop;
  }
  if (on(hiding::retrieval_documents | hiding::outputs) && is_within(key, "retrieval.documents") &&
      (ends(key, "document.content") || ends(key, "document.metadata"))) {
    return masked::redact;
  }
  if (on(hiding::inputs | hiding::input_messages) && in) return masked::drop;
  if (on(hiding::inputs | hiding::prompts) && has(key, "llm.prompts")) return masked::redact;
  if (on(hiding::outputs | hiding::output_messages) && out) return masked::drop;
  if (on(hiding::outputs | hiding::choices) && has(key, "llm.choices")) return masked::redact;

  const bool text = (has(key, "message.content") && !has(key, "message.contents")) || has(key, "message_content.text");
  if (text && ((on(hiding::input_text) && in) || (on(hiding::output_text) && out))) return masked::redact;

  const bool part = has(key, "message_content.image");
  const bool input_image = (in && part) || is_within(key, "input.images");
  const bool output_image = (out && part) || is_within(key, "output.images");
  if (on(hiding::inputs | hiding::input_images) && input_image) return masked::drop;
  if (on(hiding::outputs) && output_image) return masked::drop;
  if ((input_image || output_image) && ends(key, "image.url")) {
    const bool embedded = value.substr(0, 11) == "data:image/" && has(value, "base64");
    return embedded && longer(value, base64_limit) ? masked::redact : masked::keep;
  }

  if (!has(key, "embedding.embeddings")) return masked::keep;
  if (on(hiding::embeddings_vectors) && has(key, "embedding.vector")) return masked::redact;
  if (on(hiding::embeddings_text) && has(key, "embedding.text")) return masked::redact;
  return masked::keep;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
