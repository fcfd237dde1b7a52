/* plugin_table.c: a plug-in in C that is given the table of its host. It is linked with nothing of arthur. */
#include "plugin.h"

static const arthur_api* arthur;

int plugin_start(const arthur_api* table) {
  arthur_config config = {.size = sizeof config, .service_name = "plug-in"};
  arthur = table;
  return arthur->start(&config, NULL, 0);
}

void plugin_run(void) {
  const arthur_span outer = arthur->begin(ARTHUR_KIND_TOOL, "plug-in");
  arthur->end(arthur->begin(ARTHUR_KIND_LLM, "inner"));
  arthur->end(outer);
}

size_t plugin_stop(void) {
  arthur->stop();
  return 0;
}

int plugin_lines(void) { return 0; }
