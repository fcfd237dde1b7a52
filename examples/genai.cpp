// genai.cpp: OpenTelemetry's gen_ai.* attributes beside OpenInference's, for back ends that read only those.
// shows: ^LLM chat .*120.+18 tokens
// shows: gen_ai.operation.name.,.value.:..stringValue.:.chat.
// shows: gen_ai.request.temperature.,.value.:..doubleValue.:0.2
// shows: gen_ai.input.messages.,.value.:.*umbrella
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

int main() {
  arthur::options options;
  options.service_name = "genai";
  options.enable_genai_semconv = true;  // or OPENINFERENCE_ENABLE_GENAI_SEMCONV=true
  options.exporters = "otlp,otlp/stdout";  // to be seen here, too
  const auto tracing = arthur::start(options);

  ARTHUR_LLM_SPAN("chat", arthur::model("gpt-4o"), arthur::provider("openai"),
                  arthur::invocation_parameters(R"({"temperature":0.2,"max_tokens":300})"),
                  arthur::input_message("user", "Do I need an umbrella?"));
  ARTHUR_SET(arthur::output_message("assistant", "Yes."), arthur::tokens(120, 18));
}
