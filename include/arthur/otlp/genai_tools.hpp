// genai_tools.hpp: gen_ai.tool.definitions: what tools a model was offered, in one shape whoever's API it was.
#ifndef ARTHUR_OTLP_GENAI_TOOLS_HPP
#define ARTHUR_OTLP_GENAI_TOOLS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../config.hpp"
#include "buffer.hpp"
#include "document_list.hpp"
#include "genai_source.hpp"
#include "json_items.hpp"
#include "loose_value.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {

/// Python's bool() of a JSON value.
inline bool is_something(const loose_value& v) noexcept {
  if (v.tag != any_json) return static_cast<bool>(v);
  switch (*v.data) {
    case '"': return v.size > 2;
    case 't': return true;
    case 'f': return false;
    case '{':
    case '[': {
      json_items items(v.json());
      json_slice item;
      return items.next(item);
    }
    default:
      for (std::size_t i = 0; i < v.size && (v.data[i] | 0x20) != 'e'; ++i) {
        if (v.data[i] >= '1' && v.data[i] <= '9') return true;
      }
      return false;
  }
}

/// Writes `{"type", "name", "description", "parameters"}` for each tool.
class genai_tools {
 public:
  explicit genai_tools(buffer& out) noexcept : out_(out) {}

  /// False: there are none, and nothing was written.
  bool append(const genai_source& from) noexcept {
    before_ = out_.size();
    json_items whole(nested_json(from.whole(source_list::tools)));
    json_slice tool;
    while (whole.is_list() && whole.next(tool)) {
      if (tool.size == 0 || *tool.data != '{') continue;
      const loose_value schema = json_member(tool, "tool.json_schema");
      const loose_value name = json_member(tool, "tool.name");
      const loose_value description = json_member(tool, "tool.description");
      schema || name || description ? offered(nested_object(schema), name, description) : offered(tool, {}, {});
    }
    if (out_.size() == before_) {
      for (part_range all = from.parts(source_list::tools); !all.empty();) {
        const part_range one = all.take_element();
        const std::size_t start = out_.size();
        offered(nested_object(one["tool.json_schema"]), one["tool.name"], one["tool.description"]);
        if (out_.size() == start + 3) out_.truncate(start);  // {}: Python takes an empty one in a list only
      }
    }
    return out_.size() != before_ && out_.append(']');
  }

 private:
  static json_slice nested_object(const loose_value& v) noexcept {
    const json_slice found = nested_json(v);
    return json_items(found).is_object() ? found : json_slice{};
  }

  void member(const char* name, const loose_value& value, bool as_text) noexcept {
    begin_member({name, std::strlen(name)});
    as_text ? append_text_as_json(out_, value) : append_as_json(out_, value);
  }
  void begin_member(std::string_view name) noexcept {
    out_.append(out_.size() == start_ ? '{' : ',');
    append_json_string(out_, name.data(), name.size());
    out_.append(':');
  }

  // `name` and `description` win over those in the schema.
  void offered(json_slice schema, loose_value name, loose_value description) noexcept {
    if (!has_text(name)) name = {};
    if (!has_text(description)) description = {};
    if (schema.size == 0 && !name) return;
    out_.append(out_.size() == before_ ? '[' : ',');
    start_ = out_.size();
    const loose_value function = schema.size == 0 ? loose_value{} : json_member(schema, "function");
    if (schema.size == 0) {
      begin_member("type");
      out_.append("\"function\"");
    } else if (is_something(function) && json_items(function.json()).is_object()) {
      const loose_value type = json_member(schema, "type");
      begin_member("type");
      has_some_text(type) ? append_text_as_json(out_, type) : static_cast<void>(out_.append("\"function\""));
      if (!name && has_text(json_member(function.json(), "name"))) name = json_member(function.json(), "name");
      const loose_value said = json_member(function.json(), "description");
      if (!description && has_some_text(said)) description = said;
      const loose_value parameters = json_member(function.json(), "parameters");
      if (is_something(parameters)) member("parameters", parameters, false);
    } else {
      provider_members(schema, name, description);
    }
    if (name) member("name", name, true);
    if (description) member("description", description, true);
    if (out_.size() == start_) out_.append('{');
    out_.append('}');
  }

  // Anthropic's shape, and others as they are.
  void provider_members(json_slice schema, const loose_value& name, const loose_value& description) noexcept {
    const bool renamed = json_member(schema, "input_schema") && !json_member(schema, "parameters");
    const bool a_tool = renamed || json_member(schema, "name") || json_member(schema, "parameters") || json_member(schema, "description");
    const bool typed = static_cast<bool>(json_member(schema, "type"));
    json_items members(schema);
    json_slice key;
    json_slice value;
    while (members.next(key, value)) {
      if ((name && json_string_is(key, "name")) || (description && json_string_is(key, "description"))) continue;
      if ((a_tool && !typed && json_string_is(key, "type")) || (renamed && json_string_is(key, "parameters"))) continue;
      out_.append(out_.size() == start_ ? '{' : ',');
      if (renamed && json_string_is(key, "input_schema")) out_.append("\"parameters\"");
      else out_.append(key.data, key.size);
      out_.append(':');
      out_.append(value.data, value.size);
    }
    if (a_tool && !typed) {
      begin_member("type");
      out_.append("\"function\"");
    }
  }

  buffer& out_;
  std::size_t before_ = 0;
  std::size_t start_ = 0;
};

}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
