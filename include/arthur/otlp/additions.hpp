// additions.hpp: what the library adds to a finished span of its own accord, made from what the span says already.
#ifndef ARTHUR_OTLP_ADDITIONS_HPP
#define ARTHUR_OTLP_ADDITIONS_HPP

#include <cstddef>

#include "../config.hpp"
#include "../policy/limits.hpp"
#include "added_attributes.hpp"
#include "buffer.hpp"
#include "document_list.hpp"
#include "genai.hpp"
#include "genai_source.hpp"
#include "json_reader.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

struct additions {
  bool documents = false;  ///< a retriever's documents in `output.value`, where the engine shows them
  bool genai = false;      ///< OpenTelemetry's gen_ai.*
  const span_limits* limits = nullptr;
};

// The engine opens what is labelled as JSON; what it couldn't store is labelled as text.
inline void add_documents(added_attributes& to, const genai_source& from) noexcept {
  if (!from.is_kind("RETRIEVER") || !to.wants(added_key::documents_output) || from.has(added_key::documents_mime_type)) return;
  buffer& json = to.json_text.bytes;
  json.clear();
  if (!append_documents(json, to.spare.bytes, from) || json.failed()) return;
  const bool hazardous = is_hazardous_json(json.data(), json.size());
  if (!to.json(added_key::documents_output, json)) return;
  to.text(added_key::documents_mime_type, hazardous ? "text/plain" : "application/json");
}

/// Appends attributes to go behind the body of a span that was cleaned and masked: none that it has, no more than it may
/// have. False: damaged bytes or no memory; `out` is as before.
inline bool append_additions(buffer& out, const char* body, std::size_t size, const additions& wanted) noexcept {
  const std::size_t before = out.size();
  genai_source from;
  if (!from.read(body, size)) return false;
  added_attributes to(out, from, *wanted.limits);
  if (wanted.documents) add_documents(to, from);
  if (wanted.genai) add_genai(to, from);
  if (!out.failed()) return true;
  out.forgive();
  out.truncate(before);
  return false;
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
