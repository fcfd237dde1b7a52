/* disabled_c.c: a C program compiled with ARTHUR_DISABLE links with nothing of arthur, and runs. */
#include <arthur/c_api.h>
#include <string.h>

int main(void) {
  const arthur_api* arthur = arthur_get_api(ARTHUR_API_VERSION);
  arthur_stats stats = {.size = sizeof stats, .opened = 7};
  char trace[33];
  arthur_span span;
  if (arthur == NULL || arthur_get_api(ARTHUR_API_VERSION + 1) != NULL) return 1;
  if (arthur->size != sizeof *arthur || arthur->start(NULL, NULL, 0) != 1) return 2;
  span = arthur->begin(ARTHUR_KIND_LLM, "chat");
  arthur->set_text(span, "llm.model_name", "gpt-4o");
  arthur->set_number(span, "llm.cost.total", 0.5);
  arthur->end(arthur->activate(span));
  arthur->context_end(arthur->context_begin(NULL, 0));
  arthur->ids(trace, NULL);
  if (strcmp(trace, "00000000000000000000000000000000") != 0) return 3;
  arthur->stats(&stats);
  if (stats.opened != 0) return 4;
  arthur->stop();
  return arthur->flush(0);
}
