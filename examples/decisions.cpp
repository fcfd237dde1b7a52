// decisions.cpp: the decision points of an agent, each a span: what could be chosen, what was, and why.
// shows: ^AGENT support-agent .*mug arrived broken
// shows: ^.+ CHAIN route .*refund.*replace.*escalate
// shows: ^.+ CHAIN model .*small.*0.9.*large.*0.4
// shows: ^.+ CHAIN retry .*again.*give up
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <iostream>
#include <string>
#include <vector>

std::string route(double price) {
  const std::string choice = price < 50 ? "refund" : "escalate";
  // The options are the input, a JSON list; the choice is the output: the engine makes data sets of the two.
  ARTHUR_DECISION("route", choice, arthur::considered({"refund", "replace", "escalate"}),
                  arthur::attribute("reason", "damaged, and below $50"), arthur::attribute("price", price));
  return choice;
}

std::string choose_model() {
  // Options with scores, or whatever else belongs to them: JSON of your own.
  ARTHUR_DECISION("model", "small",
                  arthur::considered_json(R"([{"option":"small","score":0.9},{"option":"large","score":0.4}])"));
  return "small";
}

bool retry(const std::vector<std::string>& options) {
  // Any range of texts; a choice of more than one word as JSON.
  ARTHUR_DECISION("retry", options.back(), arthur::considered(options), arthur::output_json(R"({"choice":"give up","attempts":3})"));
  return false;
}

int main() {
  arthur::options options;
  options.service_name = "support-agent";
  const auto tracing = arthur::start(options);
  if (!tracing.ok()) std::cerr << tracing.error() << '\n';

  ARTHUR_AGENT_SPAN("support-agent", arthur::input("My mug arrived broken."));
  std::cout << route(14.5) << ' ' << choose_model() << ' ' << retry({"again", "give up"}) << '\n';
}
