// flattened_json.hpp: attributes a.b, a.c written as the JSON object that they are the leaves of.
#ifndef ARTHUR_OTLP_FLATTENED_JSON_HPP
#define ARTHUR_OTLP_FLATTENED_JSON_HPP

#include <cstddef>
#include <string_view>

#include "../config.hpp"
#include "buffer.hpp"
#include "genai_source.hpp"
#include "json_text.hpp"
#include "loose_value.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Appends `{…}` of parts that are sorted by path. Of equal names the last counts; a leaf that has others below it gives way.
inline void append_flattened(buffer& out, const part_range& parts) noexcept {
  std::string_view open;  // the path to the innermost object that is open, with a dot at its end
  bool first = true;
  out.append('{');
  for (const list_part& part : parts) {
    const list_part* const next = &part + 1;
    if (next != parts.end() && next->name.substr(0, part.name.size()) == part.name &&
        (next->name.size() == part.name.size() || next->name[part.name.size()] == '.')) {
      continue;
    }
    while (part.name.substr(0, open.size()) != open) {
      out.append('}');
      first = false;
      open.remove_suffix(1);
      open = open.substr(0, open.rfind('.') + 1);
    }
    std::string_view rest = part.name.substr(open.size());
    for (;;) {
      const std::size_t dot = rest.find('.');
      if (!first) out.append(',');
      append_json_string(out, rest.data(), dot < rest.size() ? dot : rest.size());
      out.append(':');
      first = dot != std::string_view::npos;
      if (!first) break;
      out.append('{');
      rest.remove_prefix(dot + 1);
    }
    append_as_json(out, part.value);
    open = part.name.substr(0, part.name.size() - rest.size());
  }
  for (const char c : open) {
    if (c == '.') out.append('}');
  }
  out.append('}');
}

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
