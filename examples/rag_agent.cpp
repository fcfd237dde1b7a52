// rag_agent.cpp: an agent that retrieves, asks a model, runs the tool that the model wants, and asks again.
// shows: ^AGENT support-agent .*mug arrived broken
// shows: ^.+ RETRIEVER kb.search .*2 documents
// shows: ^.+ LLM chat .*187.+21 tokens
// shows: ^.+ TOOL get_order .*A-1042.*mug
// shows: cache.miss +cache.name=orders
// shows: ^.+ CHAIN route .*escalate.*refund
// shows: ^.+ LLM chat .*252.+38 tokens .*I am sorry
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <iostream>
#include <string>
#include <vector>

// What the outside world would do, in a few words.
namespace world {

struct found {
  std::string id, text;
  double score;
};

std::vector<found> search(const std::string&) {
  return {{"policy-7", "Damaged goods are refunded in full within 30 days of delivery.", 0.91},
          {"policy-2", "Refunds go to the card that paid and take 3 to 5 days.", 0.78}};
}
std::string order(const std::string&) { return R"({"id":"A-1042","item":"mug","price":14.5,"delivered":"2 days ago"})"; }
const char* const wanted_tool = R"({"order_id":"A-1042"})";
const char* const answer = "I am sorry that your mug arrived broken. You will have $14.50 back on your card in 3 to 5 days.";

}  // namespace world

const char* const system_prompt = "You are the support agent of a shop. Answer from the given policies only.";
const char* const order_schema =
    R"({"type":"object","properties":{"order_id":{"type":"string"}},"required":["order_id"]})";

std::string retrieve(const std::string& question) {
  ARTHUR_RETRIEVER_SPAN("kb.search", arthur::input(question));
  std::string text;
  for (const world::found& f : world::search(question)) {
    ARTHUR_SET(arthur::document(f.text, arthur::id(f.id), arthur::score(f.score)));
    text += f.text + '\n';
  }
  return text;
}

std::string get_order(const std::string& arguments) {
  ARTHUR_TOOL_SPAN("get_order", arthur::input_json(arguments),
                   arthur::tool("get_order", "Looks an order up by its id.", order_schema));
  ARTHUR_EVENT("cache.miss", arthur::attribute("cache.name", "orders"));
  const std::string order = world::order(arguments);
  ARTHUR_SET(arthur::output_json(order));
  return order;
}

// The first turn: the model asks for a tool. Returns the tool's arguments.
std::string choose_tool(const std::string& question, const std::string& policies) {
  ARTHUR_LLM_SPAN("chat", arthur::model("gpt-4o"), arthur::provider("openai"), arthur::llm_system("openai"),
                  arthur::invocation_parameters(R"({"temperature":0.2,"max_tokens":300})"),
                  arthur::tool("get_order", "Looks an order up by its id.", order_schema),
                  arthur::input_message("system", system_prompt), arthur::input_message("system", policies),
                  arthur::input_message("user", question));
  ARTHUR_SET(arthur::output_message("assistant", "", arthur::tool_call("call_1", "get_order", world::wanted_tool)),
             arthur::tokens(187, 21), arthur::cost(0.00047, 0.00021));
  return world::wanted_tool;
}

// The second turn: the model answers with what the tool found.
std::string conclude(const std::string& question, const std::string& policies, const std::string& order) {
  ARTHUR_LLM_SPAN("chat", arthur::model("gpt-4o"), arthur::provider("openai"), arthur::llm_system("openai"),
                  arthur::input_message("system", system_prompt), arthur::input_message("system", policies),
                  arthur::input_message("user", question),
                  arthur::input_message("assistant", "", arthur::tool_call("call_1", "get_order", world::wanted_tool)),
                  arthur::input_message("tool", order, arthur::tool_call_id("call_1")));
  ARTHUR_SET(arthur::output_message("assistant", world::answer), arthur::tokens(252, 38),
             arthur::cost(0.00063, 0.00038));
  return world::answer;
}

std::string answer(const std::string& question) {
  ARTHUR_AGENT_SPAN("support-agent", arthur::agent_name("support-agent"), arthur::input(question));
  const std::string policies = retrieve(question);
  const std::string order = get_order(choose_tool(question, policies));
  ARTHUR_DECISION("route", "refund", arthur::considered({"refund", "replace", "escalate"}),
                  arthur::attribute("reason", "damaged, delivered 2 days ago, below $50"));
  const std::string reply = conclude(question, policies, order);
  ARTHUR_SET(arthur::output(reply));
  return reply;
}

int main() {
  arthur::options options;
  options.service_name = "support-agent";
  const auto tracing = arthur::start(options);
  if (!tracing.ok()) std::cerr << tracing.error() << '\n';

  ARTHUR_CONTEXT(arthur::session_id("sess-1"), arthur::user_id("user-42"), arthur::tags({"example", "support"}));
  std::cout << answer("My mug arrived broken, order A-1042. Can I have my money back?") << '\n';
}
