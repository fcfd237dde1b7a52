// strange_macros.cpp: our headers bear the macros that system headers are known to define, and our macros no names of ours.
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define ERROR 0
#define IN
#define OUT
#define DELETE 0
#define STRICT 1
#define interface struct
#define GetMessage GetMessageA
#define small char
#define near
#define far
#define LOG_INFO 6
#define DEBUG 1
#include <arthur/arthur.hpp>

namespace arthur_user {
namespace arthur {}  // macros must say ::arthur
void work();
void work() {
  ARTHUR_LLM_SPAN("chat", ::arthur::model("gpt-4o"));
  ARTHUR_SET(::arthur::tokens(1, 2));
  ARTHUR_CONTEXT(::arthur::session_id("s"));
  ARTHUR_DECISION("route", "a", ::arthur::considered({"a"}));
  ARTHUR_EVENT("e");
  ARTHUR_ERROR("no");
  ARTHUR_END();
}
}  // namespace arthur_user
