/* plugin.h: what a host calls of a plug-in. */
#ifndef ARTHUR_TESTS_LINKS_PLUGIN_H
#define ARTHUR_TESTS_LINKS_PLUGIN_H

#include <arthur/c_api.h>

#if defined(__GNUC__)
#define PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define PLUGIN_EXPORT
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Starts tracing, as a careful plug-in does that may be alone. Returns whether it runs a runtime of its own then. */
PLUGIN_EXPORT int plugin_start(const arthur_api* table);
/* Records the span "plug-in" with a child "inner". */
PLUGIN_EXPORT void plugin_run(void);
/* Ends what plugin_start began; returns how many spans its own runtime sent. */
PLUGIN_EXPORT size_t plugin_stop(void);
/* How many lines its own runtime said about another one. */
PLUGIN_EXPORT int plugin_lines(void);

#ifdef __cplusplus
}
#endif

#endif
