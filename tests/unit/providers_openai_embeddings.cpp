// providers_openai_embeddings.cpp: what is recorded of embeddings in OpenAI's format: all of it, and nothing else.
#include "providers_golden.hpp"

using golden::request;

namespace {

const char* const url = "https://api.openai.com/v1/embeddings";

golden::attributes texts_of(std::string_view body) {
  golden::attributes found = request(url, body).described();
  found.erase("embedding.model_name");
  found.erase("embedding.invocation_parameters");
  return found;
}

}  // namespace

TEST_CASE("embeddings: all of a request, the input in each of its forms") {
  const request asked(url, R"({"model":"text-embedding-3-small","input":["a","b"],"dimensions":2,"encoding_format":"float"})");
  CHECK(asked.kind() == arthur::kind::embedding);
  CHECK(asked.span_name() == "CreateEmbeddings");
  CHECK_FALSE(asked.streams());
  CHECK_GOLDEN(asked.described(), {
      {"embedding.model_name", "text-embedding-3-small"},
      {"embedding.invocation_parameters", R"({"model":"text-embedding-3-small","dimensions":2,"encoding_format":"float"})"},
      {"embedding.embeddings.0.embedding.text", "a"},
      {"embedding.embeddings.1.embedding.text", "b"},
  });
  CHECK_GOLDEN(texts_of(R"({"model":"m","input":"one"})"), {{"embedding.embeddings.0.embedding.text", "one"}});
  CHECK_GOLDEN(texts_of(R"({"model":"m","input":[1,2,3]})"), {});
  CHECK_GOLDEN(texts_of(R"({"model":"m","input":[[1,2],[3]]})"), {});
  CHECK_GOLDEN(texts_of(R"({"model":"m","input":[{"image":"x"},{"text":"t"}]})"), {{"embedding.embeddings.1.embedding.text", "t"}});
}

TEST_CASE("embeddings: whose they are: OpenAI's have an input, Ollama's old ones a prompt; Azure's model is in the path") {
  CHECK(request("http://localhost:8080/api/embeddings", R"({"model":"m","input":"a"})").name() == "openai");
  CHECK(request("http://localhost:11434/api/embeddings", R"({"model":"m","prompt":"a"})").name() == "ollama");
  CHECK_FALSE(request(url, R"({"model":"m"})").known());
  CHECK(request("https://x.openai.azure.com/openai/deployments/mine/embeddings?api-version=1", R"({"input":"a"})").described().at("embedding.model_name") == "mine");
}

TEST_CASE("embeddings: all of an answer, vectors where their index says") {
  const request asked(url, R"({"model":"m","input":["a","b"]})");
  CHECK_GOLDEN(golden::read(asked, R"({"object":"list","data":[{"object":"embedding","index":1,"embedding":[3,4.5]},{"object":"embedding","index":0,"embedding":[0.5,-1]}],
      "model":"m-001","usage":{"prompt_tokens":7,"total_tokens":7,"completion_tokens":0}})").found, {
      {"embedding.model_name", "m-001"},
      {"llm.token_count.prompt", "#7"},
      {"llm.token_count.total", "#7"},
      {"embedding.embeddings.0.embedding.vector", "#[0.5,-1.0]"},
      {"embedding.embeddings.1.embedding.vector", "#[3.0,4.5]"},
  });
  CHECK_GOLDEN(golden::read(asked, R"({"data":[{"embedding":[1]},{"embedding":[2]}]})").found,
             {{"embedding.embeddings.0.embedding.vector", "#[1.0]"}, {"embedding.embeddings.1.embedding.vector", "#[2.0]"}});
}

TEST_CASE("embeddings: base64 is decoded as 32 bit floats; what is none gives no vector") {
  const request asked(url, R"({"model":"m","input":"a","encoding_format":"base64"})");
  const auto vector = [&](const std::string& text) {
    return golden::read(asked, R"({"data":[{"index":0,"embedding":")" + text + "\"}]}").found["embedding.embeddings.0.embedding.vector"];
  };
  CHECK(vector("AACAPwAAAL8AAIA+") == "#[1.0,-0.5,0.25]");
  CHECK(vector("AACAPwAAAEA=") == "#[1.0,2.0]");
  CHECK(vector("AACAPwAAAEA") == "#[1.0,2.0]");
  CHECK(vector("YWJjZGU=") == "");  // five bytes
  CHECK(vector("AACA*wAAAEA=") == "");
  CHECK(vector("") == "");
  const request packed("https://api.voyageai.com/v1/embeddings", R"({"model":"voyage-3","input":"a","encoding_format":"base64","output_dtype":"int8"})");
  CHECK_GOLDEN(golden::read(packed, R"({"data":[{"index":0,"embedding":"AACAPwAAAEA="}]})").found, {});
}

TEST_CASE("embeddings: what is no list of numbers gives no vector; no index makes a place of its own") {
  const request asked(url, R"({"model":"m","input":"a"})");
  CHECK_GOLDEN(golden::read(asked, R"({"data":[{"embedding":[1,"2"]},{"embedding":[[1,2]]},{"embedding":null},7,{"embedding":{}}],"usage":{"prompt_tokens":null}})").found, {});
  CHECK_GOLDEN(golden::read(asked, R"({"data":[{"index":-1,"embedding":[1]},{"index":1e18,"embedding":[2]}]})").found,
             {{"embedding.embeddings.0.embedding.vector", "#[1.0]"}, {"embedding.embeddings.1.embedding.vector", "#[2.0]"}});
  CHECK(golden::read(asked, R"({"error":{"message":"bad key","type":"invalid_request_error"}})").failure == "invalid_request_error: bad key");
}
