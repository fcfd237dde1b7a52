// policy_masking.cpp: OpenInference's switches as a table: each switch, given in each way, on each key that it may touch and on its neighbours.
#include <doctest/doctest.h>

#include <arthur/policy/settings.hpp>
#include <map>
#include <set>
#include <string>

using namespace arthur::detail;
using arthur::options;
using arthur::toggle;

namespace {

using keys = std::set<std::string>;

// Message parts, as they stand behind llm.input_messages.0 and llm.output_messages.12.
#define MESSAGE_KEYS(list, number)                                                                                                 \
  list "." number ".message.role", list "." number ".message.content", list "." number ".message.name",                       \
      list "." number ".message.contents.0.message_content.type", list "." number ".message.contents.0.message_content.text", \
      list "." number ".message.contents.1.message_content.image.image.url", list "." number ".message.tool_call_id",         \
      list "." number ".message.tool_calls.0.tool_call.function.arguments"
#define INPUTS MESSAGE_KEYS("llm.input_messages", "0")
#define OUTPUTS MESSAGE_KEYS("llm.output_messages", "12")

const keys all = {INPUTS,
                  OUTPUTS,
                  "llm.input_messages",
                  "llm.output_messages",
                  "input.value",
                  "input.mime_type",
                  "input.values",
                  "output.value",
                  "output.mime_type",
                  "output.value.x",
                  "llm.invocation_parameters",
                  "llm.invocation_parameters.x",
                  "llm.tools",
                  "llm.tools.0.tool.json_schema",
                  "my.llm.tools",
                  "llm.prompts.0.prompt.text",
                  "llm.choices.3.completion.text",
                  "llm.model_name",
                  "llm.token_count.total",
                  "embedding.embeddings.0.embedding.vector",
                  "embedding.embeddings.0.embedding.text",
                  "embedding.model_name",
                  "embedding.vector",
                  "retrieval.documents.0.document.id",
                  "retrieval.documents.0.document.score",
                  "retrieval.documents.0.document.content",
                  "retrieval.documents.0.document.metadata",
                  "retrieval.documentsX.0.document.content",
                  "reranker.query",
                  "reranker.top_k",
                  "reranker.input_documents.0.document.id",
                  "reranker.input_documents.0.document.content",
                  "reranker.output_documents.0.document.id",
                  "reranker.output_documents.0.document.content",
                  "input.images.0.image.url",
                  "input.imagesX",
                  "output.images.0.image.url",
                  "tool.parameters",
                  "session.id",
                  "metadata",
                  "openinference.span.kind",
                  "",
                  "user.key"};

struct row {
  const char* name;  // of the variable, behind OPENINFERENCE_HIDE_
  toggle options::*field;
  keys redacted;
  keys dropped;
};

const keys input_texts = {"llm.input_messages.0.message.content", "llm.input_messages.0.message.contents.0.message_content.text"};
const keys output_texts = {"llm.output_messages.12.message.content", "llm.output_messages.12.message.contents.0.message_content.text"};
const keys retrieved = {"retrieval.documents.0.document.content", "retrieval.documents.0.document.metadata"};

const row table[] = {
    {"INPUTS", &options::hide_inputs, {"input.value", "reranker.query", "llm.prompts.0.prompt.text"},
     {INPUTS, "llm.input_messages", "input.mime_type", "llm.tools", "llm.tools.0.tool.json_schema", "my.llm.tools",
      "reranker.input_documents.0.document.id", "reranker.input_documents.0.document.content", "input.images.0.image.url"}},
    {"OUTPUTS", &options::hide_outputs,
     {"output.value", "llm.choices.3.completion.text", "retrieval.documents.0.document.content", "retrieval.documents.0.document.metadata"},
     {OUTPUTS, "llm.output_messages", "output.mime_type", "reranker.output_documents.0.document.id",
      "reranker.output_documents.0.document.content", "output.images.0.image.url"}},
    {"INPUT_MESSAGES", &options::hide_input_messages, {}, {INPUTS, "llm.input_messages"}},
    {"OUTPUT_MESSAGES", &options::hide_output_messages, {}, {OUTPUTS, "llm.output_messages"}},
    {"INPUT_TEXT", &options::hide_input_text, input_texts, {}},
    {"OUTPUT_TEXT", &options::hide_output_text, output_texts, {}},
    {"INPUT_IMAGES", &options::hide_input_images, {},
     {"llm.input_messages.0.message.contents.1.message_content.image.image.url", "input.images.0.image.url"}},
    {"PROMPTS", &options::hide_prompts, {"llm.prompts.0.prompt.text"}, {}},
    {"CHOICES", &options::hide_choices, {"llm.choices.3.completion.text"}, {}},
    {"LLM_TOOLS", &options::hide_llm_tools, {}, {"llm.tools", "llm.tools.0.tool.json_schema", "my.llm.tools"}},
    {"LLM_INVOCATION_PARAMETERS", &options::hide_llm_invocation_parameters, {}, {"llm.invocation_parameters"}},
    {"EMBEDDINGS_VECTORS", &options::hide_embeddings_vectors, {"embedding.embeddings.0.embedding.vector"}, {}},
    {"EMBEDDING_VECTORS", nullptr, {"embedding.embeddings.0.embedding.vector"}, {}},
    {"EMBEDDINGS_TEXT", &options::hide_embeddings_text, {"embedding.embeddings.0.embedding.text"}, {}},
    {"RETRIEVAL_DOCUMENTS", &options::hide_retrieval_documents, retrieved, {}},
};

using variables = std::map<std::string, std::string>;

masking_settings resolved(const options& given, const variables& set, warning_list& warnings) {
  environment env;
  variables copy = set;
  env.user = &copy;
  env.lookup = [](void* user, const char* name) -> const char* {
    const auto& here = *static_cast<variables*>(user);
    const auto it = here.find(name);
    return it == here.end() ? nullptr : it->second.c_str();
  };
  return resolve(given, env, warnings, true).masking;
}

void check(const masking_settings& got, const keys& redacted_keys, const keys& dropped_keys) {
  for (const std::string& key : all) {
    CAPTURE(key);
    const masked expected = redacted_keys.count(key) != 0 ? masked::redact : dropped_keys.count(key) != 0 ? masked::drop : masked::keep;
    CHECK(mask(got.hidden, got.base64_limit, key, "some text") == expected);
  }
}

}  // namespace

TEST_CASE("each switch hides what Python's hides and nothing else, given in code or by its variable") {
  for (const row& r : table) {
    const std::string name = std::string("OPENINFERENCE_HIDE_") + r.name;
    CAPTURE(name);
    for (const std::string& key : r.redacted) CHECK(all.count(key) == 1);
    for (const std::string& key : r.dropped) CHECK(all.count(key) == 1);
    warning_list warnings;
    for (const char* value : {"true", "TRUE", " True "}) check(resolved({}, {{name, value}}, warnings), r.redacted, r.dropped);
    for (const char* value : {"", "false", "False", "FALSE"}) check(resolved({}, {{name, value}}, warnings), {}, {});
    CHECK(warnings.empty());
    for (const char* value : {"1", "yes", "on", "0", "truee", "wahr"}) {
      warnings.clear();
      check(resolved({}, {{name, value}}, warnings), {}, {});
      REQUIRE(warnings.size() == 1);
      CHECK(warnings[0] == name + "=\"" + value + "\" is ignored: write true or false");
    }
    if (r.field == nullptr) continue;
    // Code beats the variable, and a wrong variable isn't worth a word then.
    warnings.clear();
    options given;
    given.*r.field = true;
    for (const char* value : {"", "true", "false", "nonsense"}) check(resolved(given, {{name, value}}, warnings), r.redacted, r.dropped);
    given.*r.field = false;
    for (const char* value : {"", "true", "false", "nonsense"}) check(resolved(given, {{name, value}}, warnings), {}, {});
    CHECK(warnings.empty());
  }
}

TEST_CASE("without a switch nothing is hidden") {
  warning_list warnings;
  const masking_settings got = resolved({}, {}, warnings);
  CHECK(got.hidden == 0);
  check(got, {}, {});
}

TEST_CASE("switches together hide what each of them hides; where they disagree, the first rule decides") {
  const auto of = [](std::uint32_t hidden, const char* key) { return mask(hidden, default_base64_limit, key, "x"); };
  for (const row& a : table) {
    for (const row& b : table) {
      if (a.field == nullptr || b.field == nullptr) continue;
      options given;
      given.*a.field = given.*b.field = true;
      warning_list warnings;
      const masking_settings both = resolved(given, {}, warnings);
      keys dropped = a.dropped, redacted_keys = a.redacted;
      dropped.insert(b.dropped.begin(), b.dropped.end());
      redacted_keys.insert(b.redacted.begin(), b.redacted.end());
      for (const std::string& key : dropped) redacted_keys.erase(key);
      check(both, redacted_keys, dropped);
    }
  }
  // Text of a message is redacted where it stays; with the messages hidden it isn't there.
  CHECK(of(hiding::input_text | hiding::input_messages, "llm.input_messages.0.message.content") == masked::drop);
  // A key that two rules fit.
  CHECK(of(hiding::inputs | hiding::retrieval_documents, "retrieval.documents.llm.input_messages.document.content") == masked::redact);
  CHECK(of(hiding::llm_tools | hiding::prompts, "llm.prompts.llm.tools") == masked::drop);
  CHECK(of(hiding::embeddings_vectors, "embedding.embeddings.0.embedding.vector.embedding.text") == masked::redact);
}

TEST_CASE("an image in a data: URL is kept up to the limit and redacted beyond it, on either side") {
  const std::string start = "data:image/png;base64,";
  const std::string at_limit = start + std::string(32000 - start.size(), 'A');
  for (const char* key : {"llm.input_messages.0.message.contents.1.message_content.image.image.url",
                          "llm.output_messages.0.message.contents.1.message_content.image.image.url", "input.images.0.image.url",
                          "output.images.7.image.url"}) {
    CAPTURE(key);
    CHECK(mask(0, 32000, key, at_limit) == masked::keep);
    CHECK(mask(0, 32000, key, at_limit + "A") == masked::redact);
    CHECK(mask(0, 0, key, start) == masked::redact);
    CHECK(mask(0, 0, key, "") == masked::keep);
    // Characters count, not bytes.
    CHECK(mask(0, 32, key, start + "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4") == masked::keep);
    // Neither a link nor an image that isn't encoded so.
    CHECK(mask(0, 0, key, "https://example.com/base64.png") == masked::keep);
    CHECK(mask(0, 0, key, "data:image/svg+xml,<svg/>") == masked::keep);
    CHECK(mask(0, 0, key, " data:image/png;base64,AAAA") == masked::keep);
  }
  for (const char* key : {"input.value", "image.url", "my.image.url", "llm.input_messages.0.message.content"}) {
    CHECK(mask(0, 0, key, at_limit + "A") == masked::keep);
  }
}

TEST_CASE("the limit of images is taken from the code, the variable, the default, in this order") {
  constexpr const char* name = "OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH";
  warning_list warnings;
  options given;
  CHECK(resolved(given, {}, warnings).base64_limit == 32000);
  CHECK(resolved(given, {{name, "5"}}, warnings).base64_limit == 5);
  CHECK(resolved(given, {{name, "5"}}, warnings).hidden == hiding::short_images);  // so that small values are looked at
  CHECK(resolved(given, {{name, "64000"}}, warnings).hidden == 0);
  given.base64_image_max_length = 7;
  CHECK(resolved(given, {{name, "5"}}, warnings).base64_limit == 7);
  given.base64_image_max_length = 0;
  CHECK(resolved(given, {{name, "nonsense"}}, warnings).base64_limit == 0);
  CHECK(warnings.empty());
}
