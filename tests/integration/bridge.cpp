// bridge.cpp: one trace with spans of opentelemetry-cpp: the real one where CMake finds it, else the shape of its API.
#include <arthur/bridge/opentelemetry.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

#include "support/capture.hpp"

#ifdef TEST_OPENTELEMETRY_SDK
#include <opentelemetry/exporters/memory/in_memory_span_data.h>
#include <opentelemetry/exporters/memory/in_memory_span_exporter_factory.h>
#include <opentelemetry/sdk/trace/simple_processor_factory.h>
#include <opentelemetry/sdk/trace/tracer_provider_factory.h>
#include <opentelemetry/trace/provider.h>
#endif

namespace otel = opentelemetry;
using support::capture;

namespace {

const std::uint8_t their_trace[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
const std::uint8_t their_span[8] = {8, 7, 6, 5, 4, 3, 2, 1};

otel::nostd::shared_ptr<otel::trace::Span> span_of_theirs(std::uint8_t flags, bool remote, const char* state) {
  const otel::trace::SpanContext context(
      otel::trace::TraceId(otel::nostd::span<const std::uint8_t, 16>(their_trace)),
      otel::trace::SpanId(otel::nostd::span<const std::uint8_t, 8>(their_span)), otel::trace::TraceFlags(flags), remote,
      otel::trace::TraceState::FromHeader(state));
  return otel::nostd::shared_ptr<otel::trace::Span>(new otel::trace::DefaultSpan(context));
}

otel::trace::SpanContext current_of_theirs() {
  return otel::trace::GetSpan(otel::context::RuntimeContext::GetCurrent())->GetContext();
}

template <class Id>
std::string hex(const Id& id) {
  std::string raw;
  for (std::size_t n = 0; n < sizeof id; ++n) raw += static_cast<char>(id.Id().data()[n]);
  return support::to_hex(raw);
}

std::string text(std::string_view from) { return std::string(from); }

}  // namespace

TEST_CASE("spans of arthur are children of opentelemetry-cpp's current span, with its trace state") {
  capture c;
  {
    const otel::trace::Scope theirs(span_of_theirs(1, false, "a=1,b=2"));
    const arthur::bridge::from_opentelemetry parent;
    CHECK(parent.joined());
    ARTHUR_SPAN("ours");
    ARTHUR_SPAN("inner");
  }
  { ARTHUR_SPAN("afterwards"); }
  const support::span ours = c.only("ours");
  CHECK(support::to_hex(ours.trace_id) == "0102030405060708090a0b0c0d0e0f10");
  CHECK(support::to_hex(ours.parent_span_id) == "0807060504030201");
  CHECK(ours.trace_state == "a=1,b=2");
  CHECK(ours.flags == 0x101);
  CHECK(c.only("inner").parent_span_id == ours.span_id);
  CHECK(c.only("afterwards").parent_span_id.empty());
  CHECK(support::account_closed(arthur::stats()));
}

TEST_CASE("a current span that came from another process makes a remote parent, one that isn't sampled an unsampled one") {
  capture c;
  {
    const otel::trace::Scope theirs(span_of_theirs(1, true, ""));
    const arthur::bridge::from_opentelemetry parent;
    ARTHUR_SPAN("remote");
  }
  {
    const otel::trace::Scope theirs(span_of_theirs(0, false, ""));
    const arthur::bridge::from_opentelemetry parent;
    ARTHUR_SPAN("unsampled");
    CHECK(text(arthur::current_traceparent()).substr(53) == "00");
  }
  CHECK(c.only("remote").flags == 0x301);
  CHECK(c.only("remote").trace_state == "");
  CHECK(c.count("unsampled") == 0);
}

TEST_CASE("without a current span on either side the bridge has no effect") {
  capture c;
  {
    const arthur::bridge::from_opentelemetry parent;
    CHECK(!parent.joined());
    ARTHUR_SPAN("root");
  }
  CHECK(c.only("root").parent_span_id.empty());
  const otel::trace::Scope theirs(span_of_theirs(1, false, ""));
  const arthur::bridge::to_opentelemetry ours;
  CHECK(!ours.joined());
  CHECK(hex(current_of_theirs().span_id()) == "0807060504030201");
}

TEST_CASE("opentelemetry-cpp's current span is ours in the scope, and the former one afterwards") {
  capture c;
  const arthur::remote_parent request("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a=1,b=2");
  {
    const arthur::bridge::to_opentelemetry only_remote;
    CHECK(hex(current_of_theirs().span_id()) == "b7ad6b7169203331");
    CHECK(current_of_theirs().IsRemote());
  }
  const otel::trace::Scope theirs(span_of_theirs(1, false, ""));
  {
    ARTHUR_SPAN("ours");
    const arthur::bridge::to_opentelemetry ours;
    CHECK(ours.joined());
    const auto context = current_of_theirs();
    CHECK(context.IsValid());
    CHECK(hex(context.trace_id()) == text(arthur::current_trace_id()));
    CHECK(hex(context.span_id()) == text(arthur::current_span_id()));
    CHECK(context.trace_flags().flags() == 1);
    CHECK(!context.IsRemote());
    CHECK(context.trace_state()->ToHeader() == "a=1,b=2");
    std::thread([] { CHECK(!current_of_theirs().IsValid()); }).join();
  }
  CHECK(hex(current_of_theirs().span_id()) == "0807060504030201");
}

TEST_CASE("an unsampled span of ours is unsampled for opentelemetry-cpp") {
  arthur::options o;
  o.sample_ratio = 0;
  capture c(o);
  ARTHUR_SPAN("unsampled");
  const arthur::bridge::to_opentelemetry ours;
  CHECK(current_of_theirs().IsValid());
  CHECK((current_of_theirs().trace_flags().flags() & 1) == 0);
}

#ifdef TEST_OPENTELEMETRY_SDK

TEST_CASE("spans of both make one tree, through opentelemetry-cpp's own tracer and back") {
  std::shared_ptr<otel::exporter::memory::InMemorySpanData> data;
  auto provider = otel::sdk::trace::TracerProviderFactory::Create(otel::sdk::trace::SimpleSpanProcessorFactory::Create(
      otel::exporter::memory::InMemorySpanExporterFactory::Create(data)));
  const auto tracer = provider->GetTracer("test");
  capture c;
  {
    const auto outer = tracer->StartSpan("their outer");
    const otel::trace::Scope outer_scope(outer);
    const arthur::bridge::from_opentelemetry parent;
    ARTHUR_SPAN("ours");
    const arthur::bridge::to_opentelemetry ours;
    const auto inner = tracer->StartSpan("their inner");
    const otel::trace::Scope inner_scope(inner);
    const arthur::bridge::from_opentelemetry again;
    ARTHUR_SPAN("our inner");
    inner->End();
    outer->End();
  }
  const auto theirs = data->GetSpans();
  REQUIRE(theirs.size() == 2);
  const auto& inner = *theirs[0];
  const auto& outer = *theirs[1];
  const support::span ours = c.only("ours"), our_inner = c.only("our inner");
  CHECK(support::to_hex(ours.trace_id) == hex(outer.GetTraceId()));
  CHECK(support::to_hex(ours.parent_span_id) == hex(outer.GetSpanId()));
  CHECK(hex(inner.GetTraceId()) == hex(outer.GetTraceId()));
  CHECK(hex(inner.GetParentSpanId()) == support::to_hex(ours.span_id));
  CHECK(support::to_hex(our_inner.parent_span_id) == hex(inner.GetSpanId()));
}

#else

TEST_CASE("spans of both make one tree, through opentelemetry-cpp's own tracer and back") {
  std::puts("SKIP: bridge.sdk: no opentelemetry-cpp with an SDK found; the other cases ran");
}

#endif
