// sampling.cpp: a few of the traces, none of the health checks, and all that fail.
// shows: ^CHAIN answer 
// shows: ^.+ TOOL get_order .*the order service timed out
// shows: ^sent 2 spans, left out 38 of answers and 20 of health checks
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <cstdio>

void answer(int number) {
  ARTHUR_CHAIN_SPAN("answer", arthur::attribute("number", number));
  ARTHUR_TOOL_SPAN("get_order");
  if (number == 7) ARTHUR_ERROR("the order service timed out");
}

int main() {
  arthur::options options;
  options.sample_ratio = 0;                  // say 0.1 for a tenth; with none this program shows the same each time
  options.sampling_rules = {{"health*", 0}};  // never, not even when it fails
  options.keep_errors = true;
  const auto tracing = arthur::start(options);
  for (int n = 0; n < 20; ++n) {
    { ARTHUR_SPAN("health.live"); }
    answer(n);
  }
  arthur::flush();
  const arthur::statistics s = arthur::stats();
  std::printf("sent %d spans, left out %d of answers and %d of health checks\n", static_cast<int>(s.delivered),
              static_cast<int>(s.tail_dropped), static_cast<int>(s.unsampled));
}
