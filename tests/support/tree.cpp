// tree.cpp: the library's own console tree, drawn from decoded spans.
#include "tree.hpp"

#include <cstring>

#include <arthur/console/tree.hpp>
#include <arthur/otlp/envelope.hpp>
#include <arthur/transport/terminal.hpp>

namespace support {
namespace {

namespace d = arthur::detail;
using bytes = d::buffer;

void put(bytes& out, std::uint8_t tag, std::string_view content) { d::append_field(out, tag, content.data(), content.size()); }
void put(bytes& out, std::uint8_t tag, const bytes& content) { d::append_field(out, tag, content.data(), content.size()); }
void put_varint(bytes& out, std::uint8_t tag, std::uint64_t number) {
  char text[11];
  text[0] = static_cast<char>(tag);
  out.append(text, static_cast<std::size_t>(d::wire::put_varint(text + 1, number) - text));
}
void put_fixed(bytes& out, std::uint8_t tag, std::uint64_t number) {
  char text[9];
  text[0] = static_cast<char>(tag);
  out.append(text, static_cast<std::size_t>(d::wire::put_fixed64(text + 1, number) - text));
}

/// What is inside arrays and maps isn't shown, so it isn't written.
void put_value(bytes& out, const value& v) {
  std::uint64_t bits = 0;
  switch (v.kind) {
    case value::type::empty: return;
    case value::type::string: return put(out, d::wire::any_string, v.text);
    case value::type::boolean: return put_varint(out, d::wire::any_bool, v.boolean ? 1 : 0);
    case value::type::integer: return put_varint(out, d::wire::any_int, static_cast<std::uint64_t>(v.integer));
    case value::type::real:
      std::memcpy(&bits, &v.real, sizeof bits);
      return put_fixed(out, d::wire::any_double, bits);
    case value::type::array: return put(out, d::wire::any_array, "");
    case value::type::kvlist: return put(out, d::wire::any_kvlist, "");
    case value::type::bytes: return put(out, d::wire::any_bytes, v.text);
  }
}

void put_attributes(bytes& out, std::uint8_t tag, const std::vector<attribute>& attributes) {
  for (const attribute& a : attributes) {
    bytes any, pair;
    put_value(any, a.val);
    put(pair, d::wire::key_value_key, a.key);
    put(pair, d::wire::key_value_value, any);
    put(out, tag, pair);
  }
}

/// What the tree shows of a span, as its protobuf message.
std::string body_of(const span& s) {
  bytes out;
  put(out, d::wire::span_span_id, s.span_id);
  if (!s.is_root()) put(out, d::wire::span_parent_span_id, s.parent_span_id);
  put(out, d::wire::span_name, s.name);
  put_fixed(out, d::wire::span_start_time, s.start_time);
  put_fixed(out, d::wire::span_end_time, s.end_time);
  put_attributes(out, d::wire::span_attributes, s.attributes);
  for (const event& e : s.events) {
    bytes one;
    put(one, d::wire::event_name, e.name);
    put_attributes(one, d::wire::event_attributes, e.attributes);
    put(out, d::wire::span_events, one);
  }
  bytes status;
  put(status, d::wire::status_message, s.status_message);
  put_varint(status, d::wire::status_code, static_cast<std::uint64_t>(s.status_code));
  put(out, d::wire::span_status, status);
  return std::string(out.data(), out.size());
}

}  // namespace

std::size_t terminal_columns() {
  const std::size_t columns = d::terminal_of(1).columns;
  return columns < 40 ? 100 : columns;
}

std::string render_tree(const std::vector<span>& spans, std::size_t columns) {
  std::vector<std::string> bodies;
  for (const span& s : spans) bodies.push_back(body_of(s));
  std::vector<d::console::tree_span> drawn;
  for (const std::string& b : bodies) drawn.push_back({b, ""});
  std::string out;
  d::console::append_tree(out, drawn, {columns, false});
  return out;
}

}  // namespace support
