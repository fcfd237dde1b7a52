// exchange.hpp: one request to a model and its answer, as a span; and the functions behind wire_call.hpp. Compiled in one .cpp.
#ifndef ARTHUR_PROVIDERS_EXCHANGE_HPP
#define ARTHUR_PROVIDERS_EXCHANGE_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "../config.hpp"
#include "../openinference/builders.hpp"
#include "../platform/try_to.hpp"
#include "../record/slot.hpp"
#include "../spans/call_sites.hpp"
#include "../spans/instrumentation.hpp"
#include "../spans/streaming.hpp"
#include "../wire_call.hpp"
#include "answer_reader.hpp"
#include "attribute_list.hpp"
#include "dialects.hpp"
#include "failure.hpp"
#include "hooks.hpp"
#include "images.hpp"
#include "under_way.hpp"

ARTHUR_NAMESPACE_BEGIN
namespace detail {
namespace providers {

/// options::max_body_bytes.
inline std::size_t body_limit() noexcept { return the_recorder.body_limit.load(std::memory_order_relaxed); }

/// What may be recorded of the images in a request.
inline image_rules rules_of_images() noexcept {
  return {(the_recorder.hidden.load(std::memory_order_relaxed) & hiding::input_images) != 0, the_recorder.base64_limit.load(std::memory_order_relaxed)};
}

/// Whether a header of the answer is the provider's name for the request.
inline bool keeps_header(std::string_view name) noexcept {
  for (const std::string_view one : {"x-request-id", "request-id", "apim-request-id", "x-ms-request-id", "x-generation-id", "x-litellm-call-id"}) {
    if (name == one) return true;
  }
  return false;
}

class exchange {
 public:
  /// `sent`: the body as it is sent; `body`: what of it may be recorded.
  exchange(wire_hook by, const dialect& format, route where, json request, std::string_view sent, std::string_view body)
      : by_(by),
        passage_(key_of(by, sent)),
        format_(format),
        where_(std::move(where)),
        request_(std::move(request)),
        streams_(format.streams(view())),
        answer_(format, body_limit()) {
    const bool named = streams_ && format.stream_name != nullptr;
    recorded_ = rt::detached_open(call_.span, format.kind, named ? format.stream_name : format.span_name);
    if (recorded_) try_to([&] { return begin(body), true; });  // the span is open: from here on the destructor must run
  }
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;
  ~exchange() {
    if (opened()) end(stream_end::left, {});
  }

  bool opened() const noexcept { return call_.span.open != nullptr; }
  /// False for one that is left out, and yet passes that on to what is opened inside it.
  bool recorded() const noexcept { return recorded_; }
  const detached_handle& span() const noexcept { return call_.span; }

  /// Before the span is filled further.
  void began(std::uint64_t nanoseconds_ago) noexcept {
    frame* const f = rt::frame_of(call_.span);
    if (f != nullptr && nanoseconds_ago < f->start) f->start -= nanoseconds_ago;
  }
  void header(std::string_view name, std::string_view value) {
    if (!recorded_) return;
    const std::string key = lower(name);
    if (key == "content-encoding" && !value.empty() && lower(value) != "identity") answer_.may_be_encoded();
    if (keeps_header(key)) set(arthur::attribute("http.response.header." + key, std::vector<std::string_view>{value}));
  }
  void feed(std::string_view bytes) {
    if (by_ == wire_hook::program) passage_.leave();  // answered: from now on the same request is another one
    if (!recorded_) return;
    if (answer_.feed(bytes) && streams_) rt::stream_chunk(call_, std::string_view());
  }
  void finish(int status) {
    if (status > 0) set(arthur::attribute("http.response.status_code", status));
    answer_.finish(true);
    if (status < 400) return end(answer_.failure().empty() ? stream_end::finished : stream_end::failed, answer_.failure());
    const std::string_view raw = answer_.undecoded() ? std::string_view() : answer_.raw().text();
    end(stream_end::failed, failure_of(status, answer_.answer(), raw));
  }
  void fail(std::string_view message) {
    answer_.finish(false);
    end(stream_end::failed, message);
  }

 private:
  request_view view() const noexcept { return {where_, request_}; }
  template <class Attribute, class = if_attribute<Attribute>>
  void set(Attribute&& attribute) noexcept {
    const item one = take(static_cast<Attribute&&>(attribute));
    rt::stream_set(call_, &one, 1);
  }
  void set(const attribute_list& found) {
    for (const wire_attribute& one : found.found()) {
      std::visit([&](const auto& value) { set(arthur::attribute(one.key, value)); }, one.value);
    }
  }
  void begin(std::string_view body) {
    const std::string_view provider = provider_of(where_.host);
    attribute_list found;
    if (format_.kind == kind::llm) {  // OpenInference keeps both from embeddings
      found.text("llm.provider", provider);
      found.text("llm.system", system_of(provider, format_));
    }
    format_.describe_request(view(), found);
    set(found);
    if (!request_.is_discarded()) set(arthur::input_json(body));
    else set(arthur::input(body.substr(0, body_limit())));
    if (body.size() > body_limit()) set(arthur::attribute("arthur.request.truncated", true));
  }
  void end(stream_end how, std::string_view message) noexcept {
    if (recorded_) try_to([&] { return complete(), true; });
    stream_handle closing = std::exchange(call_, {});
    rt::stream_close(closing, how, message);
  }
  void complete() {
    attribute_list found;
    const json& answer = answer_.answer();
    try_to([&] { return format_.describe_answer(view(), answer, found), true; });
    set(found);
    std::string slim;
    // Images that are hidden are the request's, those that are too long are anybody's.
    const auto shown = [&slim](std::string_view text) {
      slim = without_images(text, {false, rules_of_images().limit});
      return slim.empty() ? text : std::string_view(slim);
    };
    if (answer.is_structured() && !answer_.unreadable() && !answer_.one_body()) set(arthur::output_json(shown(dump(answer))));
    else if (answer_.one_body() && !answer_.unreadable() && !answer_.raw().truncated()) set(arthur::output_json(shown(answer_.raw().text())));
    else if (answer_.raw().size() != 0 && !answer_.undecoded()) set(arthur::output(shown(answer_.raw().text())));
    if (answer_.truncated()) set(arthur::attribute("arthur.response.truncated", true));
  }

  const wire_hook by_;
  passage passage_;
  const dialect& format_;
  const route where_;
  const json request_;
  const bool streams_;
  bool recorded_ = false;
  answer_reader answer_;
  stream_handle call_;
};

/// Calls `use(format, where, parsed body, body)` if the request is one of the known. Its images are out where they aren't
/// to be recorded.
template <class Use>
void recognise(text_arg method, text_arg url, text_arg body, Use&& use) {
  std::string_view text(body.data, body.size);
  if (std::string_view(method.data, method.size) != "POST") return;
  route where(std::string_view(url.data, url.size));
  json unread(json::value_t::discarded);
  if (dialect_of({where, unread}) == nullptr) return;  // the path alone: no body of others is parsed
  const std::string slim = without_images(text, rules_of_images());
  if (!slim.empty()) text = slim;
  json request = text.size() > body_limit() ? std::move(unread) : parse(text);
  const dialect* const format = dialect_of({where, request});
  if (format != nullptr) use(*format, where, request, text);
}

}  // namespace providers

namespace define_ARTHUR_IMPLEMENTATION_and_ARTHUR_WITH_JSON_in_one_source_file {

ARTHUR_LINKED providers::exchange* wire_hooked(wire_hook by, text_arg method, text_arg origin, text_arg path, text_arg body,
                                               wire_changes& changes) noexcept {
  const installed_instrumentation* const settings = the_instrumentation.load(std::memory_order_acquire);
  if (settings == nullptr || settings->disables(providers::name_of(by))) return nullptr;
  providers::exchange* opened = nullptr;
  try_to([&] {
    std::string url(origin.data, origin.size);
    url.append(path.data, path.size);
    const std::string_view sent(body.data, body.size);
    providers::recognise(method, url, body, [&](const providers::dialect& format, providers::route& where, providers::json& request, std::string_view text) {
      if (settings->disables(format.name)) return;
      const bool propagates = by != wire_hook::program && settings->propagates_to(where.host);
      const bool asks = by != wire_hook::program && settings->settings.include_usage && providers::lacks_usage({where, request}, format);
      if (!providers::is_seen(providers::key_of(by, sent))) {
        opened = new providers::exchange(by, format, std::move(where), std::move(request), sent, text);
      }
      if (propagates) providers::take_headers(opened != nullptr ? opened->span() : detached_handle(), changes);
      if (asks && opened != nullptr && opened->recorded()) changes.body = providers::with_usage(sent);
    });
    return true;
  });
  if (opened == nullptr || opened->opened()) return opened;
  delete opened;
  return nullptr;
}
ARTHUR_LINKED providers::exchange* wire_open(text_arg method, text_arg url, text_arg body) noexcept {
  wire_changes none;
  return wire_hooked(wire_hook::program, method, url, std::string_view(), body, none);
}
ARTHUR_LINKED void wire_began(providers::exchange& call, std::uint64_t nanoseconds_ago) noexcept { call.began(nanoseconds_ago); }
ARTHUR_LINKED void wire_header(providers::exchange& call, text_arg name, text_arg value) noexcept {
  try_to([&] { return call.header({name.data, name.size}, {value.data, value.size}), true; });
}
ARTHUR_LINKED void wire_feed(providers::exchange& call, text_arg bytes) noexcept {
  try_to([&] { return call.feed({bytes.data, bytes.size}), true; });
}
ARTHUR_LINKED void wire_finish(providers::exchange& call, int status) noexcept {
  try_to([&] { return call.finish(status), true; });
}
ARTHUR_LINKED void wire_fail(providers::exchange& call, text_arg message) noexcept {
  try_to([&] { return call.fail({message.data, message.size}), true; });
}
ARTHUR_LINKED void wire_close(providers::exchange* call) noexcept { delete call; }
ARTHUR_LINKED bool wire_recorded(const providers::exchange& call) noexcept { return call.recorded(); }
ARTHUR_LINKED detached_handle wire_span(const providers::exchange* call) noexcept {
  return call != nullptr ? call->span() : detached_handle();
}
ARTHUR_LINKED std::vector<wire_attribute> wire_request(text_arg method, text_arg url, text_arg body) noexcept {
  providers::attribute_list found;
  try_to([&] {
    providers::recognise(method, url, body, [&](const providers::dialect& format, providers::route& where, providers::json& request, std::string_view) {
      format.describe_request({where, request}, found);
    });
    return true;
  });
  return std::move(found.found());
}
ARTHUR_LINKED std::vector<wire_attribute> wire_answer(text_arg method, text_arg url, text_arg request_body, text_arg body) noexcept {
  providers::attribute_list found;
  try_to([&] {
    providers::recognise(method, url, request_body, [&](const providers::dialect& format, providers::route& where, providers::json& request, std::string_view) {
      providers::answer_reader reader(format, providers::body_limit());
      reader.feed({body.data, body.size});
      reader.finish(true);
      format.describe_answer({where, request}, reader.answer(), found);
    });
    return true;
  });
  return std::move(found.found());
}

}  // namespace define_ARTHUR_IMPLEMENTATION_and_ARTHUR_WITH_JSON_in_one_source_file
}  // namespace detail
ARTHUR_NAMESPACE_END

#endif
