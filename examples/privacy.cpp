// privacy.cpp: what users say stays here: switches leave attributes out, redactors replace secrets, a function has the last word.
// traces: 1
// shows: ^input\.value: my key is \[API_KEY\], write to \[EMAIL\]
// shows: ^customer: customer \*\*\*42
#define ARTHUR_IMPLEMENTATION
#include <arthur/arthur.hpp>

#include <cstdio>
#include <string>
#include <string_view>

// Sees every text of a span before it is written anywhere or sent. Called on the worker.
static bool redact(void*, std::string_view key, std::string& text) {
  if (key == "customer") text.replace(0, text.size() - 2, "customer ***");
  if (key == "customer" || key == "input.value") std::printf("%.*s: %s\n", static_cast<int>(key.size()), key.data(), text.c_str());
  return key != "internal.note";  // false: the attribute is left out
}

int main() {
  arthur::options options;
  options.service_name = "private-agent";
  options.hide_output_messages = true;  // as OPENINFERENCE_HIDE_OUTPUT_MESSAGES=true in the environment
  options.redactors = arthur::redactor::api_keys | arthur::redactor::emails;
  options.redact = redact;
  const auto tracing = arthur::start(options);

  ARTHUR_AGENT_SPAN("support-agent", arthur::input("my key is sk-proj-Ab3dE6gH9jKlMn0pQr5t, write to jane@example.com"));
  ARTHUR_SET(arthur::attribute("customer", "1234567842"), arthur::attribute("internal.note", "owes us money"));
  {
    ARTHUR_LLM_SPAN("chat", arthur::model("gpt-4o"));
    ARTHUR_SET(arthur::output_message("assistant", "Dear Jane, ..."));  // never leaves this function
  }
}
