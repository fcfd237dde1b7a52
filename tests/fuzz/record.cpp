// record.cpp: any use of the public recording functions: every span arrives once, as it was nested, in a form that decoders take
// and the engine stores.
#include <arthur/arthur.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "support/otlp_decode.hpp"

namespace {

using arthur::attribute;

/// What a span must be when it arrives.
struct expected {
  std::string trace, parent, name;
  bool named = false, failed = false;
  std::map<std::string, std::string> checked;  // attributes that nothing may change
};

struct session {
  std::optional<arthur::tracing_guard> tracing;
  unsigned kind = 256;  // of its options
  std::map<std::string, expected> spans;  // by hex id
  std::set<std::string> seen;
  std::uint64_t delivered = 0;

  static bool take(void* user, const arthur::batch_view& batch) {
    auto& self = *static_cast<session*>(user);
    std::string why;
    const std::string_view body(batch.data, batch.size);
    const bool json = std::string_view(batch.content_type) == "application/json";
    const auto request = json ? support::decode_json(body, &why) : support::decode_protobuf(body, &why);
    fuzz::promise(request.has_value(), "a decoder takes what is sent", why);
    fuzz::promise(request->span_count() == batch.spans, "a batch has as many spans as it says");
    for (const auto& resource : request->resources) {
      fuzz::promise(resource.resource.find("service.name") != nullptr, "a resource has a name");
      for (const auto& scope : resource.scopes) {
        for (const auto& span : scope.spans) self.check(span);
      }
    }
    return true;
  }

  void check(const support::span& span) {
    ++delivered;
    const std::string id = support::to_hex(span.span_id);
    fuzz::promise(span.trace_id.size() == 16 && span.span_id.size() == 8 && span.trace_id != std::string(16, '\0') && span.span_id != std::string(8, '\0'), "ids are ids");
    fuzz::promise(seen.insert(id).second, "a span goes once", id);
    fuzz::promise(span.start_time != 0 && span.start_time <= span.end_time && !span.name.empty(), "a span has times and a name");
    fuzz::promise(span.status_code == 1 || (span.status_code == 2 && !span.status_message.empty()), "a span is good or says what is wrong", span.status_message);
    fuzz::promise(span.events.size() <= 128 && span.attributes.size() <= 10000, "limits hold");
    fuzz::promise(span.find("openinference.span.kind") != nullptr, "a span has a kind");
    std::set<std::string> keys;
    for (const auto& a : span.attributes) fuzz::promise(keys.insert(a.key).second, "a key stands once", a.key);
    const auto found = spans.find(id);
    if (found == spans.end()) return;
    const expected& e = found->second;
    fuzz::promise(support::to_hex(span.trace_id) == e.trace, "a span is in its trace", e.trace);
    fuzz::promise(support::to_hex(span.parent_span_id) == e.parent, "a span is below its parent", e.parent);
    fuzz::promise(!e.named || span.name == e.name, "a span has its name", span.name);
    fuzz::promise(!e.failed || span.status_code == 2, "a failed span says so");
    for (const auto& a : e.checked) fuzz::promise(span.text(a.first) == a.second, "an attribute is as it was set", a.second);
  }
};

session& here() {
  static auto* const only = new session;  // the worker may use it until the process ends
  return *only;
}

void start(unsigned kind) {
  session& s = here();
  if (s.kind == kind) return;
  s.tracing.reset();
  s.kind = kind;
  arthur::options o;
  o.service_name = "fuzz";
  o.protocol = (kind & 1U) != 0 ? arthur::protocol::http_json : arthur::protocol::http_protobuf;
  if ((kind & 2U) != 0) o.endpoint = "http://127.0.0.1:1/v1/traces";
  o.max_batch_spans = (kind & 4U) != 0 ? 3 : 0;
  o.schedule_delay = std::chrono::hours(1);
  o.memory_limit = std::size_t{4} << 20;
  o.log_level = arthur::log_level::none;
  o.on_batch = session::take;
  o.on_batch_user = &s;
  s.tracing.emplace(arthur::start(o));
  fuzz::promise(s.tracing->ok(), "tracing starts", s.tracing->error());
}

double number_of(std::uint64_t bits) {
  double d = 0;
  std::memcpy(&d, &bits, sizeof d);
  return d;
}

/// Keeps what it hides: the name of a span that is good as it is.
bool is_plain(const std::string& text) { return !text.empty() && text.size() <= 1024 && text.find('\0') == std::string::npos && support::valid_utf8(text); }

template <class Span>
void fill(Span& span, fuzz::taker& in) {
  const std::string a = in.text(), b = in.text();
  const std::uint64_t n = in.number();
  switch (in.below(20)) {
    case 0: span.set(attribute(a, b)); break;
    case 1: span.set(attribute(a, static_cast<std::int64_t>(n)), attribute(b, n)); break;
    case 2: span.set(attribute(a, number_of(n)), attribute(b, n % 2 == 0)); break;
    case 3: span.set(attribute(a, std::vector<std::string>{b, a, ""})); break;
    case 4: span.set(attribute(a, std::vector<double>{number_of(n), 1.5}), attribute(b, std::vector<bool>())); break;
    case 5: span.set(attribute(a, std::vector<std::uint64_t>{n, 1}), attribute(a, b)); break;
    case 6: span.set(arthur::input_json(a), arthur::output(b)); break;
    case 7: span.set(arthur::input(a), arthur::output_json(b)); break;
    case 8: span.set(arthur::metadata(a), arthur::invocation_parameters(b)); break;
    case 9: span.set(arthur::tool(a, b, a)); break;
    case 10: span.set(arthur::document(a, arthur::id(b), arthur::score(number_of(n)), arthur::metadata(a))); break;
    case 11: span.set(arthur::input_message(a, b, arthur::tool_call(b, a, b), arthur::tool_call_id(a))); break;
    case 12: span.set(arthur::output_message(a, b), arthur::output_message(b, a)); break;
    case 13: span.set(arthur::tokens(static_cast<std::int64_t>(n >> (n & 63U)), static_cast<std::int64_t>(n)), arthur::cost(number_of(n), 0.5)); break;
    case 14: span.set(arthur::embedding(a, std::vector<float>{1, 2}), arthur::embedding(b)); break;
    case 15: span.set(arthur::session_id(a), arthur::user_id(b), arthur::model(a), arthur::provider(b), arthur::finish_reason(b)); break;
    case 16: span.set(arthur::tags(std::vector<std::string>{a, b}), arthur::considered({a, b}), arthur::agent_name(a)); break;
    case 17: span.event(a, attribute(a, b), attribute(b, number_of(n))); break;
    case 18: span.event(b); break;
    // Long, so that it goes on in another block.
    default: span.set(attribute(a, std::string(static_cast<std::size_t>(n % 40000), 'x') + b)); break;
  }
}

/// Plays scopes inside scopes until `in` is used up.
struct player {
  fuzz::taker& in;
  std::vector<arthur::span> detached;
  std::string parent;  // of what is opened now; "" without
  std::string trace;

  void open(const std::string& name, bool recording, const std::string& id, const std::string& span_trace) {
    fuzz::promise(recording, "there is room");
    fuzz::promise(trace.empty() || span_trace == trace, "a trace goes on", span_trace);
    expected e;
    e.trace = span_trace;
    e.parent = parent;
    e.name = name;
    e.named = is_plain(name);
    fuzz::promise(here().spans.emplace(id, e).second, "an id is new", id);
  }

  void scope(unsigned depth) {
    while (!in.done()) {
      switch (in.below(depth < 40 ? 9 : 3)) {
        case 0:
          if (depth != 0) return;
          break;
        case 1: detach(); break;
        case 2: let_go(); break;
        case 3: join(depth); break;
        case 4: context(depth); break;
        case 5: activated(depth); break;
        default: nested(depth); break;
      }
    }
  }

  void nested(unsigned depth) {
    const std::string name = in.text();
    arthur::scoped_span span(static_cast<arthur::kind>(in.below(10)), name);
    const std::string id(arthur::current_span_id()), outer = parent, outer_trace = trace;
    const std::string own(arthur::current_trace_id());
    open(name, span.recording(), id, own);
    parent = id;
    trace = own;
    while (in.below(4) != 0) fill(span, in);
    scope(depth + 1);
    if (in.below(2) != 0) ARTHUR_EVENT(in.text());
    if (in.below(4) == 0) {
      span.error(in.text());
      here().spans[id].failed = true;
    }
    const std::string value = in.text();
    span.set(attribute("checked.value", value));
    if (is_plain(value)) here().spans[id].checked["checked.value"] = value;
    if (in.below(2) != 0) span.end();
    parent = outer;
    trace = outer_trace;
  }

  void detach() {
    const std::string name = in.text();
    arthur::span span(static_cast<arthur::kind>(in.below(10)), name);
    fuzz::promise(span.recording(), "there is room");
    fill(span, in);
    if (in.below(4) == 0) span.error(in.text());
    detached.push_back(std::move(span));
  }

  void let_go() {
    if (detached.empty()) return;
    const std::size_t which = in.byte() % detached.size();
    fill(detached[which], in);
    if (in.below(2) != 0) detached[which].end();
    detached[which] = std::move(detached.back());
    detached.pop_back();
  }

  void activated(unsigned depth) {
    arthur::span span(arthur::kind::agent, in.text());
    const arthur::activation active = span.activate();
    const std::string outer = parent, outer_trace = trace;
    parent = std::string(arthur::current_span_id());
    trace = std::string(arthur::current_trace_id());
    if (in.below(4) == 0) span.end();
    scope(depth + 1);
    parent = outer;
    trace = outer_trace;
  }

  void context(unsigned depth) {
    const std::string a = in.text(), b = in.text();
    arthur::context_scope inherited;
    switch (in.below(4)) {
      case 0: inherited.push(arthur::session_id(a), attribute(b, a)); break;
      case 1: inherited.push(arthur::task_id(a), arthur::metadata(b)); break;
      case 2: inherited.push(arthur::service_name(a.substr(0, 1)), arthur::tags({b})); break;
      default: inherited.push(arthur::user_id(a)); break;
    }
    scope(depth + 1);
  }

  void join(unsigned depth) {
    const bool good = in.below(2) != 0;
    const std::string header = good ? "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" : in.text();
    const arthur::remote_parent remote(header, in.text());
    fuzz::promise(!good || remote.joined(), "a good header is one");
    const std::string current(arthur::current_traceparent());
    // A trace that isn't sampled records nothing: then there is nothing to compare.
    if (remote.joined() && current.substr(0, 2) == "00" && current.back() % 2 == 0) return;
    const std::string outer = parent, outer_trace = trace;
    if (remote.joined()) {
      parent = current.substr(36, 16);
      trace = current.substr(3, 32);
    }
    scope(depth + 1);
    parent = outer;
    trace = outer_trace;
  }
};

}  // namespace

FUZZ_TARGET(record) {
  fuzz::taker in(data, size);
  session& s = here();
  const unsigned kind = in.byte();
  start(kind < 200 ? 0 : kind % 8);  // mostly the same, because another start takes time
  const arthur::statistics before = arthur::stats();
  s.delivered = 0;
  {
    player p{in, {}, "", ""};
    p.scope(0);
  }
  fuzz::promise(arthur::flush(std::chrono::seconds(60)) == arthur::flush_result::ok, "all is delivered");
  const arthur::statistics after = arthur::stats();
  fuzz::promise(after.open == 0 && after.waiting == 0 && after.dropped == before.dropped, "nothing is left over or lost");
  fuzz::promise(after.opened - before.opened == after.committed - before.committed && after.delivered - before.delivered == s.delivered &&
                    after.committed - before.committed == s.delivered,
                "the account is closed");
  for (const auto& span : s.spans) fuzz::promise(s.seen.count(span.first) != 0, "every span arrives", span.second.name);
  s.spans.clear();
  s.seen.clear();
}
