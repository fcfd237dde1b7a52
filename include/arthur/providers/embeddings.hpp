// embeddings.hpp: what the requests for embeddings have in common: texts in, vectors out.
#ifndef ARTHUR_PROVIDERS_EMBEDDINGS_HPP
#define ARTHUR_PROVIDERS_EMBEDDINGS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../config.hpp"
#include "attribute_list.hpp"
#include "dialect.hpp"
#include "json.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

inline std::string embedding_key(std::size_t index, const char* what) {
  return "embedding.embeddings." + std::to_string(index) + ".embedding." + what;
}

/// The text, or the texts, that are to be embedded. Tokens have no text.
inline void describe_embedded(const json* input, attribute_list& out) {
  if (input == nullptr) return;
  if (input->is_string()) return out.text(embedding_key(0, "text"), input);
  std::size_t n = 0;
  for (const json& one : elements(input)) {
    out.text(embedding_key(n++, "text"), one.is_object() ? member(one, "text") : &one);  // objects: texts among images
  }
}

/// A list of numbers. Empty where anything else is in it.
inline std::vector<double> numbers_of(const json* list) {
  std::vector<double> numbers;
  const elements all(list);
  numbers.reserve(all.size());
  for (const json& one : all) {
    if (!one.is_number()) return {};
    numbers.push_back(one.get<double>());
  }
  return numbers;
}

/// The bytes of base64 text; empty where it is none.
inline std::string bytes_of_base64(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const bool upper = c >= 'A' && c <= 'Z', small = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
    if (!upper && !small && !digit && c != '+' && c != '/') return {};
    const int value = upper ? c - 'A' : small ? c - 'a' + 26 : digit ? c - '0' + 52 : c == '+' ? 62 : 63;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(bits >> held & 0xffU);
  }
  return bytes;
}

/// The numbers in base64 of 32 bit floats, the lowest byte first. Empty where it is something else.
inline std::vector<double> floats_of_base64(std::string_view text) {
  static_assert(sizeof(float) == sizeof(std::uint32_t), "IEEE 754");
  const std::string bytes = bytes_of_base64(text);
  std::vector<double> numbers;
  if (bytes.size() % 4 != 0) return numbers;
  numbers.reserve(bytes.size() / 4);
  for (std::size_t n = 0; n < bytes.size(); n += 4) {
    std::uint32_t bits = 0;
    for (std::size_t byte = 0; byte < 4; ++byte) bits |= std::uint32_t{static_cast<unsigned char>(bytes[n + byte])} << (8 * byte);
    float number = 0;
    std::memcpy(&number, &bits, sizeof number);
    numbers.push_back(static_cast<double>(number));
  }
  return numbers;
}

inline void describe_vector(std::size_t index, std::vector<double> numbers, attribute_list& out) {
  if (!numbers.empty()) out.add(embedding_key(index, "vector"), std::move(numbers));
}

/// The parameters of a request, if it has any.
inline void describe_embedding_parameters(const json& parameters, attribute_list& out) {
  if (parameters.is_object() && !parameters.empty()) out.as_json("embedding.invocation_parameters", &parameters);
}

/// Embeddings come in one piece.
inline bool never_streams(const request_view&) { return false; }

}  // namespace providers
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
