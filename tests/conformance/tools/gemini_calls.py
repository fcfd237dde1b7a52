"""gemini_calls.py: what is asked of Gemini, by its SDK, and what it answers, in its format."""
from tools.model_calls import LARGE, PIXEL, drained, left
from tools.python_sdks import Answer, gemini_sdk, sse, vertex_sdk

CALLS = []  # name ("format: situation"), sdk, what is done with it, answer

GEMINI_TOOLS = [{"function_declarations": [{"name": "get_weather", "description": "The weather of a city", "parameters": {
    "type": "OBJECT", "properties": {"city": {"type": "STRING"}}}}, {"name": "get_time", "description": "The time"}]}]
GEMINI_USAGE = {"promptTokenCount": 100, "cachedContentTokenCount": 64, "toolUsePromptTokenCount": 20, "candidatesTokenCount": 32, "thoughtsTokenCount": 16,
                "totalTokenCount": 168, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 90}, {"modality": "AUDIO", "tokenCount": 10}]}


def generate(situation, answer, contents="How warm is it in Paris?", sdk=gemini_sdk, **config):
    CALLS.append((f"generate: {situation}", sdk,
                  lambda client: client.models.generate_content(model="gemini-2.5-flash", contents=contents, config=config or None) and None, answer))


def generate_stream(situation, answer, use=drained, **config):
    CALLS.append((f"generate: {situation}", gemini_sdk, lambda client: use(client.models.generate_content_stream(
        model="gemini-2.5-flash", contents="How warm is it in Paris?", config=config or None)), answer))


def generated(*parts, reason="STOP", usage=GEMINI_USAGE, more=()):
    candidate = {"content": {"role": "model", "parts": list(parts)}, **({"finishReason": reason} if reason else {}), "index": 0}
    return {"candidates": [candidate, *more], **({"usageMetadata": usage} if usage else {}), "modelVersion": "gemini-2.5-flash-001", "responseId": "r1"}


FUNCTION_CALLS = [{"functionCall": {"name": "get_weather", "args": {"city": "Paris"}}, "thoughtSignature": "c2ln"},
                  {"functionCall": {"id": "call_b", "name": "get_time", "args": {}}}]

generate("text", Answer(generated({"text": "30 °C"})), system_instruction="Be brief.", temperature=0.5, max_output_tokens=100)
generate("without parameters", Answer(generated({"text": "30 °C"}, usage=None)))
generate("several candidates", Answer(generated({"text": "warm"},
         more=[{"content": {"role": "model", "parts": [{"text": "hot"}]}, "finishReason": "MAX_TOKENS", "index": 1}])),
         candidate_count=2)
generate("tools and thoughts", Answer(generated({"text": "Let me see.", "thought": True},
         {"text": "I ask.", "thoughtSignature": "c2ln"}, *FUNCTION_CALLS)), tools=GEMINI_TOOLS,
         automatic_function_calling={"disable": True})
generate("conversation", Answer(generated({"text": "30 and noon"})), contents=[
    {"role": "user", "parts": [{"text": "Paris?"}, {"text": "And the time?"}]}, {"role": "model", "parts": [
        {"function_call": {"name": "get_weather", "args": {"city": "Paris"}}}, {"function_call": {"id": "call_b", "name": "get_time", "args": {}}}]},
    {"role": "user", "parts": [{"function_response": {"name": "get_weather", "response": {"degrees": 30}}},
                               {"function_response": {"id": "call_b", "name": "get_time", "response": {"time": "noon"}}}]}])
generate("Vertex", Answer(generated({"text": "30 °C"})), sdk=vertex_sdk)
generate("signatures", Answer(generated({"text": "30"})), contents=[
    {"role": "user", "parts": [{"text": "Paris?"}]}, {"role": "model", "parts": [{"text": "30", "thought_signature": b"\xfb\xff\xfe"}]},
    {"role": "user", "parts": [{"text": "Sure?"}]}])
generate("text among the results", Answer(generated({"text": "30"})), contents=[
    {"role": "user", "parts": [{"text": "Paris?"}]}, {"role": "model", "parts": [{"function_call": {"name": "get_weather", "args": {"city": "Paris"}}}]},
    {"role": "user", "parts": [{"function_response": {"name": "get_weather", "response": {"degrees": 30}}}, {"text": "So?"}]}])
generate("text before the results", Answer(generated({"text": "30"})), contents=[
    {"role": "user", "parts": [{"text": "So?"}, {"function_response": {"name": "get_weather", "response": {"degrees": 30}}}]}])
generate("images and audio", Answer(generated({"text": "a pixel"})), contents=[{"role": "user", "parts": [
    {"text": "What is it?"}, {"inline_data": {"mime_type": "image/png", "data": PIXEL}},
    {"file_data": {"mime_type": "image/png", "file_uri": "https://example.com/a.png"}},
    {"inline_data": {"mime_type": "audio/wav", "data": "UklGRg=="}}]}])
generate("large image", Answer(generated({"text": "a photo"})), contents=[{"role": "user", "parts": [
    {"text": "What is it?"}, {"inline_data": {"mime_type": "image/png", "data": LARGE}}]}])
generate("image as the answer", Answer(generated({"text": "Here."}, {"inlineData": {"mimeType": "image/png", "data": PIXEL}})))
generate("code that ran", Answer(generated({"executableCode": {"language": "PYTHON", "code": "print(1)"}},
                                                      {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}}, {"text": "1"})),
         tools=[{"code_execution": {}}])
generate("blocked", Answer({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 5},
         "modelVersion": "gemini-2.5-flash-001"}))
generate("failed, 429", Answer('{"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}', status=429))
generate_stream("stream", Answer(sse(generated({"text": "Let me see.", "thought": True}, reason=None, usage={"promptTokenCount": 100}),
                                     generated({"text": "30 "}, reason=None, usage={"promptTokenCount": 100}), generated({"text": "°C"}))), temperature=0.5)
generate_stream("stream with tools", Answer(sse(generated(FUNCTION_CALLS[0], reason=None, usage=None), generated(FUNCTION_CALLS[1]))), tools=GEMINI_TOOLS,
                automatic_function_calling={"disable": True})
generate_stream("stream that reports an error", Answer(sse(generated({"text": "30 "}, reason=None), {
    "error": {"code": 503, "message": "it broke", "status": "UNAVAILABLE"}}), fails=True))
generate_stream("stream broken off", Answer(sse(generated({"text": "30 "}, reason=None)), broken=True))
generate_stream("stream left", Answer(sse(generated({"text": "30 "}, reason=None), generated({"text": "°C"}))), use=lambda stream: left(stream, 1))


def embed(situation, answer, contents, sdk=gemini_sdk, model="gemini-embedding-001", **config):
    CALLS.append((f"embed: {situation}", sdk, lambda client: client.models.embed_content(
        model=model, contents=contents, config=config or None) and None, answer))


embed("texts", Answer('{"embeddings": [{"values": [0.5, -1]}, {"values": [0.25, 1]}]}'), ["one", "two"], output_dimensionality=2)
embed("without parameters", Answer('{"embeddings": [{"values": [0.5, -1]}]}'), "one")
embed("Vertex", Answer({"predictions": [{"embeddings": {"values": [0.5, -1], "statistics": {"token_count": 3, "truncated": False}}}]}), "one", sdk=vertex_sdk,
      model="text-embedding-005", output_dimensionality=2, task_type="RETRIEVAL_QUERY")
embed("failed, 400", Answer('{"error": {"code": 400, "message": "too long", "status": "INVALID_ARGUMENT"}}', status=400), "one")
