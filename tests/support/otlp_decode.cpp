// otlp_decode.cpp: the protobuf reader, and the helpers that both readers share.
#include "otlp_decode.hpp"

#include <cstring>

namespace support {
namespace {

constexpr int max_depth = 100;  // protobuf's default recursion limit

enum wire_type : std::uint32_t { varint = 0, fixed64 = 1, bytes = 2, group_start = 3, group_end = 4, fixed32 = 5 };

class reader {
public:
  reader(std::string_view data, int depth, std::string& why) : data_(data), depth_(depth), why_(why) {}

  /// Calls field(number, wire type) for each field; it returns true after consuming the field, and false, having
  /// consumed nothing, to have it skipped as unknown.
  template <typename Field>
  bool each(Field field) {
    if (depth_ > max_depth) return fail("nested too deeply");
    while (ok() && !data_.empty()) {
      std::uint32_t number = 0;
      std::uint32_t type = 0;
      if (!tag(number, type)) return false;
      if (field(number, type)) continue;
      if (ok() && !skip(number, type, depth_)) return false;
    }
    return ok();
  }

  bool ok() const { return !failed_; }

  bool fail(const char* what) {
    if (why_.empty()) why_ = what;
    failed_ = true;
    return false;
  }

  std::uint64_t read_varint() {
    std::uint64_t result = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (data_.empty()) {
        fail("truncated varint");
        return 0;
      }
      const auto byte = static_cast<unsigned char>(data_.front());
      data_.remove_prefix(1);
      if (shift < 64) result |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return result;
    }
    fail("varint longer than ten bytes");
    return 0;
  }

  std::uint64_t read_fixed(unsigned size) {
    if (data_.size() < size) {
      fail("truncated fixed-size field");
      return 0;
    }
    std::uint64_t result = 0;
    for (unsigned i = 0; i < size; ++i) {
      result |= static_cast<std::uint64_t>(static_cast<unsigned char>(data_[i])) << (8 * i);
    }
    data_.remove_prefix(size);
    return result;
  }

  std::string_view read_bytes() {
    const std::uint64_t size = read_varint();
    if (!ok()) return {};
    if (size > data_.size()) {
      fail("length runs past the end");
      return {};
    }
    const std::string_view result = data_.substr(0, static_cast<std::size_t>(size));
    data_.remove_prefix(static_cast<std::size_t>(size));
    return result;
  }

  std::string read_string() {
    const std::string_view text = read_bytes();
    if (!valid_utf8(text)) fail("invalid UTF-8 in a string field");
    return std::string(text);
  }

  template <typename Message>
  void read_message(Message& into) {
    const std::string_view body = read_bytes();
    if (!ok()) return;
    reader inner(body, depth_ + 1, why_);
    if (!parse(inner, into)) failed_ = true;
  }

  template <typename Message>
  void append_message(std::vector<Message>& into) {
    into.emplace_back();
    read_message(into.back());
  }

private:
  bool tag(std::uint32_t& number, std::uint32_t& type) {
    const std::uint64_t raw = read_varint();
    if (!ok()) return false;
    if (raw > 0xffffffffU || raw >> 3 == 0) return fail("illegal tag");
    number = static_cast<std::uint32_t>(raw >> 3);
    type = static_cast<std::uint32_t>(raw & 7);
    return true;
  }

  bool skip(std::uint32_t number, std::uint32_t type, int depth) {
    switch (type) {
      case varint: read_varint(); return ok();
      case fixed64: read_fixed(8); return ok();
      case fixed32: read_fixed(4); return ok();
      case bytes: read_bytes(); return ok();
      case group_start: return skip_group(number, depth + 1);
      default: return fail("illegal wire type");
    }
  }

  bool skip_group(std::uint32_t group, int depth) {
    if (depth > max_depth) return fail("nested too deeply");
    for (;;) {
      std::uint32_t number = 0;
      std::uint32_t type = 0;
      if (!tag(number, type)) return false;
      if (type == group_end) return number == group || fail("unbalanced group");
      if (!skip(number, type, depth)) return false;
    }
  }

  std::string_view data_;
  int depth_;
  std::string& why_;
  bool failed_ = false;
};

std::uint32_t low32(std::uint64_t v) { return static_cast<std::uint32_t>(v & 0xffffffffU); }
std::int32_t to_enum(std::uint64_t v) { return static_cast<std::int32_t>(low32(v)); }

/// One row of a message's field table: number, wire type, and what to do with the reader.
template <typename Action>
bool at(std::uint32_t number, std::uint32_t type, std::uint32_t want_number, std::uint32_t want_type, Action action) {
  if (number != want_number || type != want_type) return false;
  action();
  return true;
}

struct array_body {
  std::vector<value>& items;
};
struct kvlist_body {
  std::vector<attribute>& members;
};

bool parse(reader& r, value& v);

bool parse(reader& r, attribute& a) {
  return r.each([&](std::uint32_t n, std::uint32_t t) {
    return at(n, t, 1, bytes, [&] { a.key = r.read_string(); }) ||
           at(n, t, 2, bytes, [&] { r.read_message(a.val); });
  });
}

bool parse(reader& r, array_body& body) {
  return r.each([&](std::uint32_t n, std::uint32_t t) {
    return at(n, t, 1, bytes, [&] { r.append_message(body.items); });
  });
}

bool parse(reader& r, kvlist_body& body) {
  return r.each([&](std::uint32_t n, std::uint32_t t) {
    return at(n, t, 1, bytes, [&] { r.append_message(body.members); });
  });
}

/// A oneof: another case than the present one clears what was there, the same message case merges into it.
void become(value& v, value::type kind) {
  if (v.kind == kind) return;
  v = value();
  v.kind = kind;
}

bool parse(reader& r, value& v) {
  using type = value::type;
  return r.each([&](std::uint32_t n, std::uint32_t t) {
    return at(n, t, 1, bytes, [&] { become(v, type::string), v.text = r.read_string(); }) ||
           at(n, t, 2, varint, [&] { become(v, type::boolean), v.boolean = r.read_varint() != 0; }) ||
           at(n, t, 3, varint,
              [&] { become(v, type::integer), v.integer = static_cast<std::int64_t>(r.read_varint()); }) ||
           at(n, t, 4, fixed64,
              [&] {
                const std::uint64_t bits = r.read_fixed(8);
                become(v, type::real);
                std::memcpy(&v.real, &bits, sizeof bits);
              }) ||
           at(n, t, 5, bytes,
              [&] {
                become(v, type::array);
                array_body body{v.items};
                r.read_message(body);
              }) ||
           at(n, t, 6, bytes,
              [&] {
                become(v, type::kvlist);
                kvlist_body body{v.members};
                r.read_message(body);
              }) ||
           at(n, t, 7, bytes, [&] { become(v, type::bytes), v.text = std::string(r.read_bytes()); });
  });
}

bool parse(reader& r, event& e) {
  return r.each([&](std::uint32_t n, std::uint32_t t) {
    return at(n, t, 1, fixed64, [&] { e.time = r.read_fixed(8); }) ||
           at(n, t, 2, bytes, [&] { e.name = r.read_string(); }) ||
           at(n, t, 3, bytes, [&] { r.append_message(e.attributes); }) ||
           at(n, t, 4, varint, [&] { e.dropped_attributes = low32(r.read_varint()); });
  });
}

bool parse(reader& r, link& l) {
  return r.each([&](std::uint32_t n, std::uint32_t t) {
    return at(n, t, 1, bytes, [&] { l.trace_id = std::string(r.read_bytes()); }) ||
           at(n, t, 2, bytes, [&] { l.span_id = std::string(r.read_bytes()); }) ||
           at(n, t, 3, bytes, [&] { l.trace_state = r.read_string(); }) ||
           at(n, t, 4, bytes, [&] { r.append_message(l.attributes); }) ||
           at(n, t, 5, varint, [&] { l.dropped_attributes = low32(r.read_varint()); }) ||
           at(n, t, 6, fixed32, [&] { l.flags = low32(r.read_fixed(4)); });
  });
}

struct status_body {
  span& owner;
};

bool parse(reader& r, status_body& s) {
  return r.each([&](std::uint32_t n, std::uint32_t t) {
    return at(n, t, 2, bytes, [&] { s.owner.status_message = r.read_string(); }) ||
           at(n, t, 3, varint, [&] { s.owner.status_code = to_enum(r.read_varint()); });
  });
}

bool parse(reader& r, span& s) {
  return r.each([&](std::uint32_t n, std::uint32_t t) {
    return at(n, t, 1, bytes, [&] { s.trace_id = std::string(r.read_bytes()); }) ||
           at(n, t, 2, bytes, [&] { s.span_id = std::string(r.read_bytes()); }) ||
           at(n, t, 3, bytes, [&] { s.trace_state = r.read_string(); }) ||
           at(n, t, 4, bytes, [&] { s.parent_span_id = std::string(r.read_bytes()); }) ||
           at(n, t, 5, bytes, [&] { s.name = r.read_string(); }) ||
           at(n, t, 6, varint, [&] { s.kind = to_enum(r.read_varint()); }) ||
           at(n, t, 7, fixed64, [&] { s.start_time = r.read_fixed(8); }) ||
           at(n, t, 8, fixed64, [&] { s.end_time = r.read_fixed(8); }) ||
           at(n, t, 9, bytes, [&] { r.append_message(s.attributes); }) ||
           at(n, t, 10, varint, [&] { s.dropped_attributes = low32(r.read_varint()); }) ||
           at(n, t, 11, bytes, [&] { r.append_message(s.events); }) ||
           at(n, t, 12, varint, [&] { s.dropped_events = low32(r.read_varint()); }) ||
           at(n, t, 13, bytes, [&] { r.append_message(s.links); }) ||
           at(n, t, 14, varint, [&] { s.dropped_links = low32(r.read_varint()); }) ||
           at(n, t, 15, bytes, [&] {
             status_body body{s};
             r.read_message(body);
           }) ||
           at(n, t, 16, fixed32, [&] { s.flags = low32(r.read_fixed(4)); });
  });
}

bool parse(reader& r, scope& s) {
  return r.each([&](std::uint32_t n, std::uint32_t t) {
    return at(n, t, 1, bytes, [&] { s.name = r.read_string(); }) ||
           at(n, t, 2, bytes, [&] { s.version = r.read_string(); }) ||
           at(n, t, 3, bytes, [&] { r.append_message(s.attributes); }) ||
           at(n, t, 4, varint, [&] { s.dropped_attributes = low32(r.read_varint()); });
  });
}

bool parse(reader& r, scope_spans& s) {
  return r.each([&](std::uint32_t n, std::uint32_t t) {
    return at(n, t, 1, bytes, [&] { r.read_message(s.scope); }) ||
           at(n, t, 2, bytes, [&] { r.append_message(s.spans); }) ||
           at(n, t, 3, bytes, [&] { s.schema_url = r.read_string(); });
  });
}

bool parse(reader& r, resource& res) {
  return r.each([&](std::uint32_t n, std::uint32_t t) {
    return at(n, t, 1, bytes, [&] { r.append_message(res.attributes); }) ||
           at(n, t, 2, varint, [&] { res.dropped_attributes = low32(r.read_varint()); });
  });
}

bool parse(reader& r, resource_spans& rs) {
  return r.each([&](std::uint32_t n, std::uint32_t t) {
    return at(n, t, 1, bytes, [&] { r.read_message(rs.resource); }) ||
           at(n, t, 2, bytes, [&] { r.append_message(rs.scopes); }) ||
           at(n, t, 3, bytes, [&] { rs.schema_url = r.read_string(); });
  });
}

bool parse(reader& r, export_request& request) {
  return r.each([&](std::uint32_t n, std::uint32_t t) {
    return at(n, t, 1, bytes, [&] { r.append_message(request.resources); });
  });
}

const value* find_last(const std::vector<attribute>& attributes, std::string_view key) {
  for (auto it = attributes.rbegin(); it != attributes.rend(); ++it) {
    if (it->key == key) return &it->val;
  }
  return nullptr;
}

}  // namespace

const value* span::find(std::string_view key) const { return find_last(attributes, key); }
const value* resource::find(std::string_view key) const { return find_last(attributes, key); }

std::string span::text(std::string_view key) const {
  const value* v = find(key);
  return v != nullptr && v->is(value::type::string) ? v->text : std::string();
}

std::size_t export_request::span_count() const {
  std::size_t count = 0;
  for (const resource_spans& rs : resources) {
    for (const scope_spans& ss : rs.scopes) count += ss.spans.size();
  }
  return count;
}

std::optional<export_request> decode_protobuf(std::string_view body, std::string* why) {
  std::string reason;
  export_request request;
  reader r(body, 0, reason);
  const bool ok = parse(r, request);
  if (why != nullptr) *why = reason;
  if (!ok) return std::nullopt;
  return request;
}

bool valid_utf8(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(text[i])); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned lead = at(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    // The first continuation byte's range excludes overlong forms, surrogates and what lies beyond U+10FFFF.
    std::size_t more = 0;
    unsigned low = 0x80;
    unsigned high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) more = 1;
    else if (lead >= 0xe0 && lead <= 0xef) more = 2;
    else if (lead >= 0xf0 && lead <= 0xf4) more = 3;
    else return false;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
    if (text.size() - i <= more) return false;
    if (at(i + 1) < low || at(i + 1) > high) return false;
    for (std::size_t k = 2; k <= more; ++k) {
      if ((at(i + k) & 0xc0) != 0x80) return false;
    }
    i += more + 1;
  }
  return true;
}

std::string to_hex(std::string_view data) {
  static const char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : data) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

}  // namespace support
