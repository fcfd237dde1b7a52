// c_api.h: arthur for C, and for plug-ins: one table of functions over which nothing of C++ passes. C99.
#ifndef ARTHUR_C_API_H
#define ARTHUR_C_API_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A C program calls through the table:
 *
 *     const arthur_api* arthur = arthur_get_api(ARTHUR_API_VERSION);
 *     arthur->start(NULL, NULL, 0);
 *     arthur_span span = arthur->begin(ARTHUR_KIND_LLM, "chat");
 *     arthur->set_text(span, "llm.model_name", "gpt-4o");
 *     arthur->end(span);
 *     arthur->stop();
 *
 * The functions behind it are compiled in one C++ file of the program, where ARTHUR_IMPLEMENTATION is defined before
 * <arthur/arthur.hpp> is included; if the linker doesn't find arthur_get_api, that file is missing. A plug-in is given the
 * table by its host: its spans then land in the host's runtime, whatever the linker made of both.
 *
 * Every function may be called on any thread at any time, before start and after stop. NULL texts are empty texts, a NULL
 * or empty key is ignored, texts are copied. Texts are UTF-8. Keys are those of OpenInference or the program's own.
 *
 * With ARTHUR_DISABLE defined, arthur_get_api gives a table of functions that do nothing, and no symbol is needed.
 */

#ifdef __cplusplus
extern "C" {
#endif

/* Raised where existing fields change; a table of another version isn't given out. New functions come at the end of the
 * table, new fields at the end of the structs: `size` tells what is there. */
#define ARTHUR_API_VERSION 1u

/* openinference.span.kind; any other number counts as ARTHUR_KIND_CHAIN, which is ordinary work. */
enum arthur_kind {
  ARTHUR_KIND_LLM,
  ARTHUR_KIND_TOOL,
  ARTHUR_KIND_AGENT,
  ARTHUR_KIND_CHAIN,
  ARTHUR_KIND_RETRIEVER,
  ARTHUR_KIND_RERANKER,
  ARTHUR_KIND_EMBEDDING,
  ARTHUR_KIND_GUARDRAIL,
  ARTHUR_KIND_EVALUATOR,
  ARTHUR_KIND_PROMPT
};

enum arthur_flush_result { ARTHUR_FLUSH_OK, ARTHUR_FLUSH_TIMEOUT, ARTHUR_FLUSH_FAILED };
enum arthur_severity { ARTHUR_SEVERITY_INFO, ARTHUR_SEVERITY_WARNING, ARTHUR_SEVERITY_ERROR };

/* A span. A plain value: copy it, and forget it once it has ended. All zero: no span; whatever is done to it is ignored,
 * like everything that is done to a span after its end. */
typedef struct arthur_span {
  uintptr_t place;
  uint64_t id;
} arthur_span;

/* What context_begin gives to context_end. */
typedef struct arthur_context {
  uintptr_t place;
  uint64_t id;
} arthur_context;

typedef struct arthur_text {
  const char* key;
  const char* value;
} arthur_text;

/* What start can be told, as in arthur::options: NULL or 0 means "not given", then the environment counts.
 *     arthur_config config = {.size = sizeof config, .service_name = "support-agent"}; */
typedef struct arthur_config {
  size_t size; /* sizeof(arthur_config) */
  const char* service_name;
  const char* task_id;
  const char* task_name;
  const char* base_url;
  const char* api_key;
  const char* endpoint;
  const char* exporters;
  const char* output_file;
  int hide_inputs; /* not 0: "__REDACTED__" in place of what users say; 0: as the variables say */
  int hide_outputs;
  uint32_t schedule_delay_ms;
  uint32_t shutdown_timeout_ms;
  size_t memory_limit; /* bytes */
  /* Receives every encoded request in place of posting it, on arthur's thread; returns 0 if it wasn't taken. */
  int (*on_batch)(void* user, const char* data, size_t size, const char* content_type, size_t spans);
  void* on_batch_user;
  /* Receives each diagnostic line, in place of stderr; `severity` is an arthur_severity. */
  void (*on_diagnostic)(void* user, int severity, const char* line);
  void* on_diagnostic_user;
} arthur_config;

/* As arthur::statistics. */
typedef struct arthur_stats {
  size_t size; /* in: sizeof(arthur_stats) */
  uint64_t opened;
  uint64_t open;
  uint64_t committed;
  uint64_t unsampled;
  uint64_t dropped;
  uint64_t waiting;
  uint64_t delivered;
  uint64_t rejected;
  uint64_t failed;
  uint64_t unconfirmed;
  uint64_t discarded;
  uint64_t spooled;
  uint64_t tail_dropped;
} arthur_stats;

typedef struct arthur_api {
  uint32_t version; /* ARTHUR_API_VERSION */
  uint32_t size;    /* bytes of the table */

  /* Begins to record and send; NULL: as the environment says. Returns 0 if the configuration can't work or tracing was
   * started before; `error` (may be NULL) then holds one line that says what to change. Never blocks. */
  int (*start)(const arthur_config* config, char* error, size_t error_size);
  /* Flushes and stops what this start() began; nothing if the program's C++ half or the plug-in's host did. */
  void (*stop)(void);
  /* Waits until all spans that ended before were delivered. Returns an arthur_flush_result. */
  int (*flush)(uint32_t timeout_ms);
  /* Without threads (ARTHUR_NO_THREADS): sends what is due. Returns whether spans are left. */
  int (*poll)(void);
  /* Fills as many counters as `out->size` has room for. */
  void (*stats)(arthur_stats* out);

  /* Opens a span and makes it the current one of this thread: spans opened on it before the end become children. End it
   * on the same thread, inner ones first; what isn't is dropped and counted. */
  arthur_span (*begin)(int kind, const char* name);
  /* Opens a child of the current span that isn't current itself and may end on any thread: for callbacks and event loops.
   * Use by one thread at a time. */
  arthur_span (*begin_detached)(int kind, const char* name);
  /* Makes a detached span the current one of this thread until the result is ended. */
  arthur_span (*activate)(arthur_span span);
  void (*end)(arthur_span span);
  /* Stands for whichever span of the calling thread is current when it is used: arthur->error(arthur->current(), "...") */
  arthur_span (*current)(void);

  /* A key that is set again has its last value. */
  void (*set_text)(arthur_span span, const char* key, const char* value);
  void (*set_integer)(arthur_span span, const char* key, int64_t value);
  void (*set_number)(arthur_span span, const char* key, double value);
  void (*set_boolean)(arthur_span span, const char* key, int value);
  /* A text that holds JSON; "input.value" and "output.value" also get their mime type. */
  void (*set_json)(arthur_span span, const char* key, const char* json);
  void (*event)(arthur_span span, const char* name);
  /* Marks the span as failed; the last message stays. */
  void (*error)(arthur_span span, const char* message);

  /* Hex ids of the current span for log lines, all zero outside any; either may be NULL. */
  void (*ids)(char trace_id[33], char span_id[17]);

  /* Up to 32 attributes that every span begun on this thread until context_end inherits: "session.id", "user.id", your own;
   * "arthur.task" and "service.name" send the spans elsewhere. */
  arthur_context (*context_begin)(const arthur_text* attributes, size_t count);
  void (*context_end)(arthur_context context);
} arthur_api;

#ifndef ARTHUR_DISABLE

/* The table, alive as long as the program; NULL if this arthur has none of that version. */
const arthur_api* arthur_get_api(uint32_t version);

#else

static inline int arthur_no_start(const arthur_config* config, char* error, size_t error_size) {
  (void)config;
  if (error != NULL && error_size != 0) error[0] = 0;
  return 1;
}
static inline void arthur_no_stop(void) {}
static inline int arthur_no_flush(uint32_t timeout_ms) {
  (void)timeout_ms;
  return ARTHUR_FLUSH_OK;
}
static inline int arthur_no_poll(void) { return 0; }
static inline void arthur_no_stats(arthur_stats* out) {
  size_t size;
  if (out == NULL || out->size < sizeof out->size) return;
  size = out->size;
  memset(out, 0, size < sizeof *out ? size : sizeof *out);
  out->size = size;
}
static inline arthur_span arthur_no_span(void) {
  arthur_span none = {0, 0};
  return none;
}
static inline arthur_span arthur_no_begin(int kind, const char* name) {
  (void)kind;
  (void)name;
  return arthur_no_span();
}
static inline arthur_span arthur_no_activate(arthur_span span) { return span; }
static inline void arthur_no_end(arthur_span span) { (void)span; }
static inline void arthur_no_text(arthur_span span, const char* key, const char* value) {
  (void)span;
  (void)key;
  (void)value;
}
static inline void arthur_no_integer(arthur_span span, const char* key, int64_t value) {
  (void)value;
  arthur_no_text(span, key, NULL);
}
static inline void arthur_no_number(arthur_span span, const char* key, double value) {
  (void)value;
  arthur_no_text(span, key, NULL);
}
static inline void arthur_no_boolean(arthur_span span, const char* key, int value) {
  (void)value;
  arthur_no_text(span, key, NULL);
}
static inline void arthur_no_event(arthur_span span, const char* name) { arthur_no_text(span, name, NULL); }
static inline void arthur_no_ids(char trace_id[33], char span_id[17]) {
  int n;
  for (n = 0; trace_id != NULL && n < 33; ++n) trace_id[n] = n < 32 ? '0' : 0;
  for (n = 0; span_id != NULL && n < 17; ++n) span_id[n] = n < 16 ? '0' : 0;
}
static inline arthur_context arthur_no_context(const arthur_text* attributes, size_t count) {
  arthur_context none = {0, 0};
  (void)attributes;
  (void)count;
  return none;
}
static inline void arthur_no_context_end(arthur_context context) { (void)context; }

static inline const arthur_api* arthur_get_api(uint32_t version) {
  static const arthur_api table = {ARTHUR_API_VERSION, sizeof(arthur_api),
                                   arthur_no_start,    arthur_no_stop,
                                   arthur_no_flush,    arthur_no_poll,
                                   arthur_no_stats,    arthur_no_begin,
                                   arthur_no_begin,    arthur_no_activate,
                                   arthur_no_end,      arthur_no_span,
                                   arthur_no_text,     arthur_no_integer,
                                   arthur_no_number,   arthur_no_boolean,
                                   arthur_no_text,     arthur_no_event,
                                   arthur_no_event,    arthur_no_ids,
                                   arthur_no_context,  arthur_no_context_end};
  return version == ARTHUR_API_VERSION ? &table : NULL;
}

#endif

#ifdef __cplusplus
}
#endif

#endif
