/* c_program.c: a program in C. It is linked with one C++ file of two lines, which brings the runtime:
 *     #define ARTHUR_IMPLEMENTATION
 *     #include <arthur/arthur.hpp>
 */
// shows: ^AGENT support-agent
// shows: LLM chat .*12.+9 tokens .*What is the capital.*The capital of
#include <arthur/c_api.h>
#include <stdio.h>

static const arthur_api* arthur;

static const char* ask(const char* question) {
  const char* answer = "The capital of France is Paris."; /* the call to the model stands here */
  const arthur_span span = arthur->begin(ARTHUR_KIND_LLM, "chat");
  arthur->set_text(span, "llm.model_name", "gpt-4o");
  arthur->set_text(span, "input.value", question);
  arthur->set_text(span, "output.value", answer);
  arthur->set_integer(span, "llm.token_count.prompt", 12);
  arthur->set_integer(span, "llm.token_count.completion", 9);
  arthur->set_integer(span, "llm.token_count.total", 21);
  arthur->end(span);
  return answer;
}

int main(void) {
  char error[200];
  arthur_span agent;
  arthur = arthur_get_api(ARTHUR_API_VERSION);
  if (!arthur->start(NULL, error, sizeof error)) fprintf(stderr, "untraced: %s\n", error);
  agent = arthur->begin(ARTHUR_KIND_AGENT, "support-agent");
  puts(ask("What is the capital of France?"));
  arthur->end(agent);
  arthur->stop();
  return 0;
}
