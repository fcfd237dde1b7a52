// masking_settings.hpp: what is kept out of spans, from options and OpenInference's environment variables.
#ifndef ARTHUR_POLICY_MASKING_SETTINGS_HPP
#define ARTHUR_POLICY_MASKING_SETTINGS_HPP

#include <cstdint>
#include <string>
#include <string_view>

#include "../config.hpp"
#include "../openinference/masking.hpp"
#include "../options.hpp"
#include "environment.hpp"
#include "text.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct masking_settings {
  std::uint32_t hidden = 0;  ///< of detail::hiding
  std::uint32_t base64_limit = default_base64_limit;
  redactor redactors = redactor::none;
  bool (*redact)(void* user, std::string_view key, std::string& text) = nullptr;
  void* redact_user = nullptr;
};

namespace resolving {

/// The code's value, else the first variable that is set: true or false in any case. Anything else counts as not set.
inline bool resolve_toggle(toggle given, const environment& env, const char* name, warning_list& warnings) {
  if (given.given >= 0) return given.given != 0;
  const std::string_view value = env.get(name);
  if (text::equal_nocase(value, "true")) return true;
  if (!value.empty() && !text::equal_nocase(value, "false")) ignored(warnings, name, value, "write true or false");
  return false;
}

/// As Python's int() reads it: a sign is allowed, and less than nothing lets no image through.
inline std::uint32_t resolve_base64_limit(const options& given, const environment& env, warning_list& warnings) {
  constexpr const char* name = "OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH";
  constexpr std::uint64_t most = 0xffffffffU;
  std::uint64_t number = default_base64_limit;
  if (given.base64_image_max_length >= 0) {
    number = static_cast<std::uint64_t>(given.base64_image_max_length);
  } else {
    const std::string_view value = env.get(name);
    const bool sign = !value.empty() && (value[0] == '-' || value[0] == '+');
    std::uint64_t read = 0;
    if (text::parse_unsigned(value.substr(sign ? 1 : 0), read)) {
      number = value[0] == '-' ? 0 : read;
    } else if (!value.empty()) {
      ignored(warnings, name, value, "write a whole number");
    }
  }
  return static_cast<std::uint32_t>(number < most ? number : most);
}

inline masking_settings resolve_masking(const options& given, const environment& env, warning_list& warnings) {
  const struct {
    toggle given;
    const char* name;
    hiding::bit bit;
  } rows[] = {
      {given.hide_inputs, "OPENINFERENCE_HIDE_INPUTS", hiding::inputs},
      {given.hide_outputs, "OPENINFERENCE_HIDE_OUTPUTS", hiding::outputs},
      {given.hide_input_messages, "OPENINFERENCE_HIDE_INPUT_MESSAGES", hiding::input_messages},
      {given.hide_output_messages, "OPENINFERENCE_HIDE_OUTPUT_MESSAGES", hiding::output_messages},
      {given.hide_input_text, "OPENINFERENCE_HIDE_INPUT_TEXT", hiding::input_text},
      {given.hide_output_text, "OPENINFERENCE_HIDE_OUTPUT_TEXT", hiding::output_text},
      {given.hide_input_images, "OPENINFERENCE_HIDE_INPUT_IMAGES", hiding::input_images},
      {given.hide_prompts, "OPENINFERENCE_HIDE_PROMPTS", hiding::prompts},
      {given.hide_choices, "OPENINFERENCE_HIDE_CHOICES", hiding::choices},
      {given.hide_llm_tools, "OPENINFERENCE_HIDE_LLM_TOOLS", hiding::llm_tools},
      {given.hide_llm_invocation_parameters, "OPENINFERENCE_HIDE_LLM_INVOCATION_PARAMETERS", hiding::llm_invocation_parameters},
      {given.hide_embeddings_vectors, "OPENINFERENCE_HIDE_EMBEDDINGS_VECTORS", hiding::embeddings_vectors},
      // An older spelling. In Python, too, either of them hides, whatever the other says.
      {{}, "OPENINFERENCE_HIDE_EMBEDDING_VECTORS", hiding::embeddings_vectors},
      {given.hide_embeddings_text, "OPENINFERENCE_HIDE_EMBEDDINGS_TEXT", hiding::embeddings_text},
      {given.hide_retrieval_documents, "OPENINFERENCE_HIDE_RETRIEVAL_DOCUMENTS", hiding::retrieval_documents},
  };
  masking_settings out;
  out.redactors = given.redactors;
  out.redact = given.redact;
  out.redact_user = given.redact_user;
  for (const auto& row : rows) {
    if (resolve_toggle(row.given, env, row.name, warnings)) out.hidden |= row.bit;
  }
  out.base64_limit = resolve_base64_limit(given, env, warnings);
  const std::string_view uploader = env.get("OPENINFERENCE_BLOB_UPLOADER");
  if (!uploader.empty()) {
    ignored(warnings, "OPENINFERENCE_BLOB_UPLOADER", uploader,
            "it names a package for Python; upload the image in the program and give image() its URL, or raise OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH");
  }
  if (out.base64_limit < default_base64_limit) out.hidden |= hiding::short_images;
  return out;
}

}  // namespace resolving
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
