// additions.cpp: any bytes as a span: what the library adds to it decodes, repeats no key, stands above or below none, and
// holds JSON where it says so; the engine refuses nothing of the whole.
#include <arthur/otlp/additions.hpp>
#include <arthur/otlp/cleaning.hpp>

#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "support/otlp_judge.hpp"
#include "unit/otlp_support.hpp"

using namespace arthur::detail;
using namespace otlp_test;

namespace {

std::string text(fuzz::taker& in) {
  static const char* const texts[] = {"", "LLM", "TOOL", "RETRIEVER", "EMBEDDING", "AGENT", "user", "assistant", "function", "text", "image",
                                      "application/json", "[]", "[1]", "{\"a\":1}", "[{\"tool.name\":\"f\"}]", "data:image/png;base64,AA",
                                      "{\"function\":{\"name\":\"f\"}}", "{\"input_schema\":{}}", "{\"temperature\":0.5,\"stop\":[\"x\"],\"n\":2}",
                                      "\"\\u0000\"", "[NaN]", "{\"a/b\":1}", "1e999", "openai", "stop"};
  const unsigned which = in.byte();
  return which < 160 ? texts[which % (sizeof texts / sizeof *texts)] : in.text();
}

std::string any(fuzz::taker& in) {
  switch (in.below(10)) {
    case 0: return boolean(in.below(2) != 0);
    case 1: return integer(static_cast<std::int64_t>(in.number() >> in.below(64)));
    case 2: return fixed64_field(4, in.number());
    case 3: return array({text_any(text(in)), integer(1)});
    case 4: return array({fixed64_field(4, in.number())});
    case 5: return in.below(2) != 0 ? map({{"k", text_any(text(in))}}) : binary(in.text());
    default: return text_any(text(in));
  }
}

std::string key(fuzz::taker& in) {
  static const char* const parts[] = {"message.role", "message.content", "message.name", "message.tool_call_id", "message.finish_reason",
                                      "message.contents.0.message_content.type", "message.contents.0.message_content.text",
                                      "message.contents.1.message_content.image.image.url", "message.tool_calls.0.tool_call.function.name",
                                      "message.tool_calls.1.tool_call.function.arguments", "tool.json_schema", "tool.name", "document.id",
                                      "document.content", "document.score", "document.metadata", "embedding.vector", "prompt.text", "completion.text"};
  const unsigned which = in.byte();
  if (which < 64) return std::string(source_keys[which % source_key_count]);
  if (which < 200) {
    const std::string list(source_lists[which % static_cast<unsigned>(source_list::count)]);
    const unsigned how = in.below(16);
    if (how == 0) return list;
    if (how == 1) return list + '.' + in.text();
    return list + '.' + std::to_string(in.below(12)) + '.' + parts[in.below(sizeof parts / sizeof *parts)];
  }
  if (which < 224) return std::string(added_keys[which % added_key_count]) + (in.below(4) == 0 ? ".x" : "");
  return which < 228 ? "gen_ai" : which < 232 ? "output" : in.text();
}

bool is_json_key(const std::string& key) {
  return key == "gen_ai.input.messages" || key == "gen_ai.output.messages" || key == "gen_ai.tool.definitions" ||
         key == "gen_ai.retrieval.documents" || key == "output.value";
}

}  // namespace

FUZZ_TARGET(additions) {
  fuzz::taker in(data, size);
  const unsigned how = in.byte();
  span_limits limits;
  if ((how & 4U) != 0) limits.attributes = in.below(20);
  if ((how & 8U) != 0) limits.length = in.below(64);
  const clean_flags flags{(how & 1U) == 0, true, true, &limits};

  std::string body;
  const bool raw = (how & 16U) != 0;
  if (raw) {
    body = in.rest();
  } else {
    body = span_start();
    while (!in.done()) {
      const std::string name = key(in);
      body += attribute(name, any(in));
    }
  }
  // A damaged span is added to, too, before anybody finds out.
  arthur::detail::buffer unclean;
  static_cast<void>(append_additions(unclean, body.data(), body.size(), {true, true, &limits}));

  arthur::detail::buffer cleaned;
  clean_counts counts;
  const clean_outcome outcome = clean_span(cleaned, body.data(), body.size(), flags, counts);
  if (outcome == clean_outcome::undecodable) return;
  if (outcome == clean_outcome::rewritten) body.assign(cleaned.data(), cleaned.size());

  const std::vector<char> exact(body.begin(), body.end());
  arthur::detail::buffer out;
  fuzz::promise(append_additions(out, exact.data(), exact.size(), {true, true, &limits}), "there is memory for all");
  const std::string added(out.data() != nullptr ? out.data() : "", out.size());

  bool good = true;
  std::set<std::string> keys;
  const auto look = [&](const std::string& fields_of, bool ours) {
    for (const field& one : fields(fields_of, good)) {
      if (one.number != 9) continue;
      std::string name, value;
      for (const field& half : fields(one.content, good)) (half.number == 1 ? name : value) = half.content;
      fuzz::promise(keys.insert(name).second, "no key is there twice", name);
      if (!ours) continue;
      fuzz::promise(name.find("gen_ai.") == 0 || name.find("output.") == 0, "only such keys are added", name);
      if (!is_json_key(name)) continue;
      const auto content = fields(value, good);
      fuzz::promise(content.size() == 1 && nlohmann::json::accept(content[0].content), "what is called JSON is JSON", name);
    }
  };
  if (!raw) look(body, false);  // what is damaged, the reader for tests sees otherwise
  look(added, true);
  fuzz::promise(good, "what is added decodes");
  fuzz::promise(added.empty() || keys.size() <= limits.attributes, "the limit of attributes holds");
  if (!flags.engine || raw) return;  // the judge reads one order and form of fields
  const std::string why = refusal(body + added);
  fuzz::promise(why.empty(), "a judge finds nothing to refuse", why);
}
