// messages.cpp: messages of more than one text: images, audio, reasoning, and tool calls at their place.
// shows: ^LLM chat .*1380.+96 tokens .*mug.*A broken mug
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <iostream>

int main() {
  arthur::options options;
  options.service_name = "support-agent";
  const auto tracing = arthur::start(options);
  if (!tracing.ok()) std::cerr << tracing.error() << '\n';

  ARTHUR_LLM_SPAN("chat", arthur::model("claude-sonnet-4"), arthur::provider("anthropic"), arthur::llm_system("anthropic"));
  // A plain text is the second argument, several parts stand in their order.
  ARTHUR_SET(arthur::input_message("system", "You are the support agent of a shop."),
             arthur::input_message("user", arthur::text("What is on this photo?"), arthur::image("https://example.com/mug.png"),
                                   arthur::text("And this is what I said on the phone:"),
                                   arthur::audio("https://example.com/call.wav", "audio/wav", "it arrived broken")),
             // What was said before: a tool call, and the tool's answer to it.
             arthur::input_message("assistant", arthur::tool_call("call_1", "get_order", R"({"order_id":"A-1042"})")),
             arthur::input_message("tool", R"({"item":"mug"})", arthur::tool_call_id("call_1"), arthur::name("get_order")));
  // A reasoning model: its thoughts, a text, and two tool calls between texts. They are listed in message.tool_calls, too.
  ARTHUR_SET(arthur::output_message("assistant", arthur::reasoning("A broken mug. Look up the rules.", arthur::signature("EqQBCgIYAg==")),
                                    arthur::text("I will look that up."),
                                    arthur::tool_use("toolu_1", "search", R"({"query":"broken goods"})"),
                                    arthur::tool_use("toolu_2", "get_order", R"({"order_id":"A-1043"})")),
             arthur::finish_reason("tool_use"), arthur::tokens(1380, 96), arthur::cache_read_tokens(1024), arthur::reasoning_tokens(40));
  std::cout << "recorded\n";
}
