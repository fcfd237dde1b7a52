// span.cpp: any bytes as a span or resource: what cleaning calls good decodes the same from protobuf and JSON, a judge finds
// nothing in it that the engine refuses, and cleaning it again changes nothing.
#include <arthur/otlp/cleaning.hpp>
#include <arthur/otlp/envelope.hpp>

#include <cstring>
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "support/otlp_decode.hpp"
#include "unit/otlp_judge.hpp"
#include "unit/otlp_support.hpp"

using namespace arthur::detail;
using namespace otlp_test;

namespace {

// What was decoded, in the one order and form that the judge reads: unknown fields and such of a wrong type aren't there.
std::string encoded(const support::value& v);

std::string encoded(const support::attribute& a) { return bytes_field(1, a.key) + bytes_field(2, encoded(a.val)); }

std::string encoded(const support::value& v) {
  using type = support::value::type;
  std::string list;
  switch (v.kind) {
    case type::empty: return "";
    case type::string: return text_any(v.text);
    case type::boolean: return boolean(v.boolean);
    case type::integer: return integer(v.integer);
    case type::real: return otlp_test::number(v.real);
    case type::bytes: return binary(v.text);
    case type::array:
      for (const auto& item : v.items) list += bytes_field(1, encoded(item));
      return bytes_field(5, list);
    case type::kvlist:
      for (const auto& member : v.members) list += bytes_field(1, encoded(member));
      return bytes_field(6, list);
  }
  return "";
}

std::string encoded(const std::vector<support::attribute>& list, unsigned number) {
  std::string out;
  for (const auto& a : list) out += bytes_field(number, encoded(a));
  return out;
}

std::string encoded(const support::span& s) {
  std::string out = bytes_field(1, s.trace_id) + bytes_field(2, s.span_id) + bytes_field(3, s.trace_state) + bytes_field(5, s.name);
  if (!s.parent_span_id.empty()) out += bytes_field(4, s.parent_span_id);
  out += fixed64_field(7, s.start_time) + fixed64_field(8, s.end_time) + encoded(s.attributes, 9);
  for (const auto& e : s.events) out += bytes_field(11, bytes_field(2, e.name) + encoded(e.attributes, 3));
  for (const auto& l : s.links) out += bytes_field(13, bytes_field(3, l.trace_state) + encoded(l.attributes, 4));
  return out + bytes_field(15, bytes_field(2, s.status_message));
}

// A value built from the input: nested, of any type, with texts from a table where things are decoded by their key.
std::string any(fuzz::taker& in, unsigned depth) {
  static const char* const texts[] = {"application/json", "text/plain", "12", "-3.5e2", "nan", "1e999", "{\"a/b\":1}", "[NaN]", "\"\\u0000\"", "{\"a\":1,\"a.b\":2}"};
  switch (in.below(depth == 0 ? 7 : 9)) {
    case 0: return text_any(texts[in.below(sizeof texts / sizeof *texts)]);
    case 1: return boolean(in.below(2) != 0);
    case 2: return integer(static_cast<std::int64_t>(in.number() >> in.below(64)));
    case 3: return fixed64_field(4, in.number());
    case 4: return binary(in.text());
    case 5: return "";
    case 6: return text_any(in.text());
    case 7: {
      std::vector<std::string> items;
      for (unsigned n = in.below(4); n != 0; --n) items.push_back(any(in, depth - 1));
      return array(items);
    }
    default: {
      std::vector<std::pair<std::string, std::string>> members;
      for (unsigned n = in.below(4); n != 0; --n) {
        const std::string key = in.text();
        members.emplace_back(key, any(in, depth - 1));
      }
      return map(members);
    }
  }
}

std::string key(fuzz::taker& in) {
  static const char* const known[] = {"metadata", "input.value", "input.mime_type", "output.value", "output.mime_type", "llm.invocation_parameters",
                                      "tool.parameters", "session.id", "user.id", "openinference.span.kind", "llm.token_count.prompt",
                                      "llm.token_count.prompt.x", "llm.cost.total", "llm.cost.prompt_details.input", "document.score", "a.metadata",
                                      "x.value", "x.mime_type", "metadata.y", "session", "llm.input_messages.0.message.contents", "llm", "a", "a.b",
                                      "a.b.c", "a_value", "0", "1.x", "x[0]", "y/z", ".a", "a."};
  const unsigned which = in.byte();
  return which < 128 ? known[which % (sizeof known / sizeof *known)] : in.text();
}

// A KeyValue message; what is taken is taken in this order by every compiler.
std::string member(fuzz::taker& in, unsigned depth) {
  const std::string name = key(in);
  return key_value(name, any(in, depth));
}

std::string built(fuzz::taker& in) {
  const std::string trace = in.text(), id = in.text();
  std::string body = bytes_field(1, trace) + bytes_field(2, id);
  while (!in.done()) {
    const unsigned what = in.below(10), which = in.byte();
    switch (what) {
      case 0: body += bytes_field(5, in.text()); break;
      case 1: body += bytes_field(4, in.text()); break;
      case 2: body += fixed64_field(7 + which % 2, in.number()); break;
      case 3: {
        const std::string name = bytes_field(2, in.text());
        body += bytes_field(11, name + bytes_field(3, member(in, 2)));
        break;
      }
      case 4: {
        const std::string state = bytes_field(3, in.text());
        body += bytes_field(13, state + bytes_field(4, member(in, 2)));
        break;
      }
      case 5: body += bytes_field(15, bytes_field(2, in.text()) + varint_field(3, which)); break;
      case 6: body += varint_field(10 + 2 * (which % 3), in.number()); break;
      default: body += bytes_field(9, member(in, 3)); break;
    }
  }
  return body;
}

std::string built_resource(fuzz::taker& in) {
  const std::string first = member(in, 4);
  return bytes_field(1, first) + bytes_field(1, member(in, 4));
}

std::string request(encoding as, const std::string& span, const std::string& resource) {
  const span_piece piece{0, span.data(), span.size()};
  const resource_view group{resource.data(), resource.size()};
  arthur::detail::buffer out;
  fuzz::promise(append_request(out, as, &piece, 1, &group, 1), "what is clean can be written");
  return {out.data(), out.size()};
}

// Cleans a copy of exactly that size. False: undecodable.
template <class Clean>
bool cleaned(std::string& body, Clean clean, bool& changed) {
  const std::vector<char> exact(body.begin(), body.end());
  arthur::detail::buffer out;
  out.append("before");
  clean_counts counts;
  const clean_outcome outcome = clean(out, exact.data(), exact.size(), counts);
  changed = outcome == clean_outcome::rewritten;
  fuzz::promise(changed == (counts.total() != 0) && changed == (out.size() != 6) && !out.failed(), "what is changed is counted, and only that");
  if (changed) body.assign(out.data() + 6, out.size() - 6);
  return outcome != clean_outcome::undecodable;
}

template <class Clean>
bool cleaned_for_good(std::string& body, Clean clean, bool cut) {
  bool changed = false;
  if (!cleaned(body, clean, changed)) return false;
  // What cleaning writes itself ("Infinity", "text: ") may be longer than a very short limit; it isn't cut.
  const std::string once = body;
  if (!cut) fuzz::promise(cleaned(body, clean, changed) && !changed, "cleaned twice is cleaned once", once);
  return true;
}

}  // namespace

FUZZ_TARGET(span) {
  fuzz::taker in(data, size);
  const unsigned how = in.byte();
  const bool engine = (how & 1U) == 0, limited = (how & 2U) != 0, as_resource = (how & 4U) != 0, raw = (how & 8U) != 0, cut = (how & 16U) != 0;
  span_limits limits;
  if (limited) limits = {in.below(8), span_limits::none, in.below(3), in.below(3), in.below(3), in.below(3)};
  if (cut) limits.length = in.below(32);
  const clean_flags flags{engine, true, true, &limits};

  std::string body, resource;
  (as_resource ? resource : body) = raw ? in.rest() : as_resource ? built_resource(in) : built(in);
  const auto clean_body = [&flags](arthur::detail::buffer& out, const char* at, std::size_t n, clean_counts& counts) { return clean_span(out, at, n, flags, counts); };
  const auto clean_group = [engine](arthur::detail::buffer& out, const char* at, std::size_t n, clean_counts& counts) { return clean_resource(out, at, n, engine, counts); };
  const bool good = as_resource ? cleaned_for_good(resource, clean_group, cut) : cleaned_for_good(body, clean_body, cut);
  if (!good) return;

  std::string why;
  const auto from_protobuf = support::decode_protobuf(request(encoding::protobuf, body, resource), &why);
  // Maps nested by three messages a level reach a decoder's limit first; the recorder makes none, and for the engine they end earlier.
  if (!engine && why == "nested too deeply") return;
  fuzz::promise(from_protobuf.has_value(), "a decoder takes the protobuf", why);
  const std::string json = request(encoding::json, body, resource);
  const auto from_json = support::decode_json(json, &why);
  fuzz::promise(from_json.has_value(), "a decoder takes the JSON", why + " in " + json);
  fuzz::promise(describe(*from_protobuf) == describe(*from_json), "both say the same", json);

  const support::span& span = from_protobuf->resources.at(0).scopes.at(0).spans.at(0);
  if (limited) {
    fuzz::promise(span.attributes.size() <= limits.attributes && span.events.size() <= limits.events && span.links.size() <= limits.links, "limits hold");
  }
  if (!engine || as_resource) return;
  why = refusal(encoded(span));
  // Without any attribute there is none but numbered ones, which is fine with the engine.
  fuzz::promise(why.empty(), "a judge finds nothing to refuse", why);
}
