// completion.hpp: which spans the library adds attributes to, once they are cleaned.
#ifndef ARTHUR_RUNTIME_COMPLETION_HPP
#define ARTHUR_RUNTIME_COMPLETION_HPP

#include <cstddef>
#include <cstring>

#include "../config.hpp"
#include "../otlp/additions.hpp"
#include "../otlp/buffer.hpp"
#include "../policy/settings.hpp"
#include "../record/layout.hpp"
#include "../spans/recording.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

class completion {
 public:
  explicit completion(const settings& s) noexcept {
    // Where outputs are hidden, none is made up.
    wanted_.documents = s.where.profile == profile::arthur && (s.masking.hidden & hiding::outputs) == 0;
    wanted_.genai = s.genai_semconv;
    wanted_.limits = &s.limits;
  }

  /// Completes the span that stands in `bytes` from `at` on. It stays as it is where there is nothing to add, and where
  /// there is no memory for it. `scratch` is overwritten.
  void complete(const record& r, buffer& bytes, std::size_t at, buffer& scratch) const noexcept {
    if (!wanted_.genai && !(wanted_.documents && is_retriever(r))) return;
    scratch.clear();
    if (!append_additions(scratch, bytes.data() + at, bytes.size() - at, wanted_) || scratch.empty()) return;
    const std::size_t end = bytes.size();
    if (bytes.append(scratch.data(), scratch.size())) return;
    bytes.forgive();
    bytes.truncate(end);
  }

 private:
  // A look at the one place where a span's kind is written when it opens. A kind that was set as a free key isn't seen.
  static bool is_retriever(const record& r) noexcept {
    const encoded_kinds::entry& kind_bytes = kind_attributes.entries[static_cast<std::size_t>(kind::retriever)];
    if (r.first.size < head::size + kind_bytes.size) return false;
    const char* const content = reinterpret_cast<const char*>(&r.first) + sizeof(segment);
    return std::memcmp(content + head::size, kind_bytes.bytes, kind_bytes.size) == 0;
  }

  additions wanted_;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
