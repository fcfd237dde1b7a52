// opentelemetry.cpp: the same spans with opentelemetry-cpp: SDK, batch processor, an exporter that takes and forgets.
#include "peer.hpp"

#include <opentelemetry/nostd/string_view.h>
#include <opentelemetry/sdk/trace/batch_span_processor.h>
#include <opentelemetry/sdk/trace/batch_span_processor_options.h>
#include <opentelemetry/sdk/trace/span_data.h>
#include <opentelemetry/sdk/trace/tracer_provider.h>
#include <opentelemetry/trace/scope.h>

#include <memory>

namespace {

namespace api = opentelemetry::trace;
namespace sdk = opentelemetry::sdk::trace;
namespace nostd = opentelemetry::nostd;

class forgetting final : public sdk::SpanExporter {
 public:
  std::unique_ptr<sdk::Recordable> MakeRecordable() noexcept override { return std::make_unique<sdk::SpanData>(); }
  opentelemetry::sdk::common::ExportResult Export(const nostd::span<std::unique_ptr<sdk::Recordable>>&) noexcept override {
    return opentelemetry::sdk::common::ExportResult::kSuccess;
  }
  bool ForceFlush(std::chrono::microseconds) noexcept override { return true; }
  bool Shutdown(std::chrono::microseconds) noexcept override { return true; }
};

nostd::shared_ptr<api::Tracer> tracer;

void span0() {
  const auto span = tracer->StartSpan("step");
  span->End();
}
void span1() {
  const auto span = tracer->StartSpan("step");
  span->SetAttribute("attribute.number.one", "0123456789abcdef");
  span->SetAttribute("attribute.number.two", "0123456789abcdef");
  span->SetAttribute("attribute.number.3rd", "0123456789abcdef");
  span->SetAttribute("attribute.number.4th", "0123456789abcdef");
  span->SetAttribute("attribute.number.5th", 5);
  span->SetAttribute("attribute.number.6th", 600);
  span->End();
}
void llm(const std::string& prompt, const std::string& answer) {
  const auto span = tracer->StartSpan("chat");
  span->SetAttribute("openinference.span.kind", "LLM");
  span->SetAttribute("llm.model_name", "gpt-4o");
  span->SetAttribute("llm.provider", "openai");
  span->SetAttribute("llm.invocation_parameters", R"({"temperature":0.2})");
  span->SetAttribute("llm.input_messages.0.message.role", "user");
  span->SetAttribute("llm.input_messages.0.message.content", nostd::string_view(prompt.data(), prompt.size()));
  span->SetAttribute("llm.output_messages.0.message.role", "assistant");
  span->SetAttribute("llm.output_messages.0.message.content", nostd::string_view(answer.data(), answer.size()));
  span->SetAttribute("llm.token_count.prompt", 120);
  span->SetAttribute("llm.token_count.completion", 48);
  span->SetAttribute("llm.token_count.total", 168);
  span->End();
}
void span2() { llm(bench::content.prompt, bench::content.answer); }
void span3() { llm(bench::content.long_prompt, bench::content.answer); }

}  // namespace

int main() {
  sdk::BatchSpanProcessorOptions options;
  options.max_queue_size = 65536;
  options.schedule_delay_millis = std::chrono::hours(1);
  auto provider = std::make_shared<sdk::TracerProvider>(std::make_unique<sdk::BatchSpanProcessor>(std::make_unique<forgetting>(), options));
  tracer = provider->GetTracer("bench");
  const auto run = tracer->StartSpan("run");
  const api::Scope active(run);
  constexpr bench::work works[] = {span0, span1, span2, span3};
  bench::measure_peer("opentelemetry-cpp", works, bench::bursts, [&] { provider->ForceFlush(); });
}
