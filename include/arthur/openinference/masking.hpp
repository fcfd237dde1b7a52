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

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
