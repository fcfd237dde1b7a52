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
  ARTHUR_CONTEXT(task_id(t), service_name(t));
  scoped_span scoped(kind::tool, t);
  arthur::span job(kind::tool, t);  // qualified: C++20 has a std::span, which `using namespace std` would bring
  const auto code = std::system(nullptr);
  static_cast<void>(code);
  traced(kind::tool, t, [] {});
  const tracing_guard tracing = start(options());
  static_cast<void>(flush());
  static_cast<void>(stats());
}
