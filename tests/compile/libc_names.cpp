// libc_names.cpp: under `using namespace arthur` no name of ours means one of the C library, nor the other way round.
#include <arthur/arthur.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>
#if defined(__unix__)
#include <fcntl.h>
#include <signal.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>
#endif

using namespace arthur;

void work(const std::string& t, const std::vector<float>& vector);
void work(const std::string& t, const std::vector<float>& vector) {
  ARTHUR_SPAN("step", attribute("key", t), input(t), input_json(t), output(t), output_json(t), model(t), provider(t), llm_system(t),
              invocation_parameters(t), finish_reason(t), tokens(1, 2), cost(1.0, 2.0), cost(1.0), session_id(t), user_id(t),
              metadata(t), tags({"a"}), agent_name(t), considered({"a"}), document(t, id(t), score(1.0)), input_document(t),
              reranker_query(t), top_k(1), embedding(t), embedding(t, vector), input_message(t, t, tool_call(t, t, t)),
              output_message(t, t), input_message(t, t, tool_call_id(t)), tool(t, t, t));
  ARTHUR_SET(input_message(t, text(t, signature(t), id(t)), image(t), audio(t, t, t), video(t), document(t, url(t), mime_type(t), name(t))),
             output_message(t, reasoning(t, encrypted_content(t), redacted_data(t)), tool_use(t, t, t, reasoning_signature(t)), function_call(t, t)),
             function_call(t), prompt(t), choice(t), tool_schema(t), tool_id(t), request_model(t), response_model(t), graph_node(t, t, t),
             tokens(1), tokens(1, 2, 3), cache_read_tokens(1), cache_write_tokens(1), cache_input_tokens(1),
             prompt_audio_tokens(1), reasoning_tokens(1), completion_audio_tokens(1), input_cost(1), cache_read_cost(1), cache_write_cost(1),
             cache_input_cost(1), prompt_audio_cost(1), output_cost(1), reasoning_cost(1), completion_audio_cost(1), prompt_vendor(t),
             prompt_id(t), prompt_url(t), considered_json(t), embedding(vector), output_document(t, id(1)), input_image(t), output_image(t),
             decision_model(t), decision_request_model(t), decision_response_model(t), decision_provider(t), decision_system(t),
             decision_tokens(1, 2));
  ARTHUR_SET(annotation(t, score(1), label(t), explanation(t), annotator_kind(t), identifier(t), metadata(t)), trace_annotation(t),
             session_annotation(t), evaluation(t), trace_evaluation(t), session_evaluation(t));
  ARTHUR_CONTEXT(task_id(t), service_name(t), prompt_template(t), prompt_template_version(t), prompt_template_variables(t));
  scoped_span scoped(kind::tool, t);
  arthur::span job(kind::tool, t);  // qualified: C++20 has a std::span, which `using namespace std` would bring
  const auto code = std::system(nullptr);
  static_cast<void>(code);
  traced(kind::tool, t, [] {});
  const tracing_guard tracing = start(options());
  static_cast<void>(flush());
  static_cast<void>(stats());
}
