"""openai_calls.py: what is asked of OpenAI and the servers that speak like it, by its SDK, and what it answers, in its format."""
from tools.model_calls import LARGE, PIXEL, WEATHER, drained, left
from tools.python_sdks import Answer, azure_sdk, openai_sdk, sse

CALLS = []  # name ("format: situation"), sdk, what is done with it, answer

# OpenAI, chat

CHAT_TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "The weather of a city", "parameters": WEATHER}}]
CHAT_USAGE = {"prompt_tokens": 120, "completion_tokens": 48, "total_tokens": 168, "prompt_tokens_details": {"cached_tokens": 64, "audio_tokens": 0},
              "completion_tokens_details": {"reasoning_tokens": 16, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}}
IDS = {"x-request-id": "req_1", "set-cookie": "secret"}


def chat_body(*choices, usage=CHAT_USAGE):
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "gpt-4o-2024-08-06",
            "choices": [{"index": n, "message": message, "logprobs": None, "finish_reason": reason} for n, (message, reason) in enumerate(choices)],
            **({"usage": usage} if usage else {}), "system_fingerprint": "fp_1"}


def chat(situation, answer, sdk=openai_sdk, use=lambda result: None, **request):
    request = {"model": "gpt-4o", "messages": [{"role": "user", "content": "How warm is it in Paris?"}], **request}
    CALLS.append((f"chat: {situation}", sdk, lambda client: use(client.chat.completions.create(**request)), answer))


def chunk(delta=None, reason=None, **more):
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "gpt-4o-2024-08-06", "system_fingerprint": "fp_1",
            "choices": [] if delta is None else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}], **more}


def piece(index, arguments, **more):
    return {"tool_calls": [{"index": index, **more, "function": {**more.get("function", {}), "arguments": arguments}}]}


chat("text", Answer(chat_body(({"role": "assistant", "content": "30 °C 😀", "refusal": None, "annotations": []}, "stop")), headers=IDS),
     temperature=0.5, max_completion_tokens=100, stop=["\n"])
chat("stream", Answer(sse(chunk({"role": "assistant", "content": "", "refusal": None}), chunk({"content": "30 "}), chunk({"content": "°C"}), chunk({}, "stop"),
                          chunk(usage=CHAT_USAGE), end=["data: [DONE]\n\n"]), headers=IDS),
     stream=True, stream_options={"include_usage": True}, use=drained)
chat("stream with tool calls", Answer(sse(
    chunk({"role": "assistant", "content": None}), chunk(piece(0, "", id="call_a", type="function", function={"name": "get_weather"})),
    chunk(piece(0, '{"city":')),
    chunk(piece(0, '"Paris"}')), chunk(piece(1, "", id="call_b", type="function", function={"name": "get_weather"})), chunk(piece(1, '{"city":"Rome"}')),
    chunk({}, "tool_calls"), end=["data: [DONE]\n\n"])), stream=True, tools=CHAT_TOOLS, use=drained)
chat("several choices, no usage", Answer(chat_body(({"role": "assistant", "content": "warm"}, "stop"),
     ({"role": "assistant", "content": "hot"}, "length"), usage=None)), n=2)
chat("conversation", Answer(chat_body(({"role": "assistant", "content": None, "tool_calls": [
    {"id": "call_c", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Bern"}'}}]}, "tool_calls"))),
     tools=CHAT_TOOLS, tool_choice="auto",
     messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "name": "ann", "content": "Paris and Rome?"},
               {"role": "assistant", "content": None, "tool_calls": [
                   {"id": "call_a", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}},
                   {"id": "call_b", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}]},
               {"role": "tool", "tool_call_id": "call_a", "content": "30"},
               {"role": "tool", "tool_call_id": "call_b", "content": [{"type": "text", "text": "25"}]}, {"role": "user", "content": ""}])
chat("images", Answer(chat_body(({"role": "assistant", "content": "a pixel"}, "stop"))), messages=[{"role": "user", "content": [
    {"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
    {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PIXEL}}]}])
chat("large image", Answer(chat_body(({"role": "assistant", "content": "a photo"}, "stop"))), messages=[{"role": "user", "content": [
    {"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64," + LARGE}}]}])
chat("audio and files", Answer(chat_body(({"role": "assistant", "content": None, "refusal": None,
                                           "audio": {"id": "audio_1", "data": "UklGRg==", "expires_at": 1700000000, "transcript": "hello"}}, "stop"))),
     messages=[{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
         {"type": "file", "file": {"file_id": "file_1"}}]}])
chat("refusal", Answer(chat_body(({"role": "assistant", "content": None, "refusal": "I won't."}, "stop"))), messages=[
    {"role": "user", "content": "Help"}, {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}, {"role": "user", "content": "Please"}])
chat("reasoning of compatible servers", Answer(chat_body(({"role": "assistant", "content": "30", "reasoning_content": "Let me see."}, "stop"))))
chat("custom tools", Answer(chat_body(({"role": "assistant", "content": None, "tool_calls": [
    {"id": "call_a", "type": "custom", "custom": {"name": "shell", "input": "ls"}}]}, "tool_calls"))), tools=[{"type": "custom", "custom": {"name": "shell"}}])
chat("functions", Answer(chat_body(({"role": "assistant", "content": None,
    "function_call": {"name": "get_weather", "arguments": '{"city":"Paris"}'}}, "function_call"))),
     functions=[CHAT_TOOLS[0]["function"]], messages=[
         {"role": "user", "content": "Paris?"}, {"role": "assistant", "content": None, "function_call": {"name": "get_weather", "arguments": "{}"}},
         {"role": "function", "name": "get_weather", "content": "30"}])
chat("stream that counts on the way", Answer(sse(*(chunk({"content": text}, usage={"prompt_tokens": 5, "completion_tokens": n, "total_tokens": 5 + n})
                                                  for n, text in ((1, "3"), (2, "0"))), chunk({}, "stop"))), stream=True, use=drained)
chat("Azure", Answer(chat_body(({"role": "assistant", "content": "30"}, "stop")), headers={"apim-request-id": "req_1"}), sdk=azure_sdk)
chat("stream of Mistral", Answer(sse(chunk({"role": "assistant", "content": "", "tool_calls": [
    {"id": "EscTeQY62", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}]}, "tool_calls", usage={
        "prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}), end=["data: [DONE]\n\n"])),
     sdk=lambda exchange: openai_sdk(exchange, "https://api.mistral.ai/v1"), stream=True, tools=CHAT_TOOLS, extra_body={"safe_prompt": True}, use=drained)
chat("stream of Groq", Answer(sse(chunk({"role": "assistant", "content": "30"}),
     chunk({}, "stop", x_groq={"usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}}))),
     sdk=lambda exchange: openai_sdk(exchange, "https://api.groq.com/openai/v1"), stream=True, use=drained)
chat("counts and costs of compatible servers", Answer(chat_body(({"role": "assistant", "content": "30"}, "stop"), usage={
    "prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12, "prompt_cache_hit_tokens": 4, "cost": 0.5})))
chat("failed, 429", Answer('{"error": {"message": "slow down", "type": "rate_limit_error", "param": null, "code": "rate_limit"}}', status=429, headers=IDS))
chat("failed, 500", Answer("upstream died", status=500, headers={"content-type": "text/plain"}))
chat("stream that reports an error", Answer(sse(chunk({"role": "assistant", "content": "3"}),
     {"error": {"message": "it broke", "type": "server_error"}}), fails=True),
     stream=True, use=drained)
chat("stream broken off", Answer(sse(chunk({"role": "assistant", "content": "3"})), broken=True), stream=True, use=drained)
chat("stream left", Answer(sse(chunk({"role": "assistant", "content": "3"}), chunk({"content": "0"}), chunk({"content": " degrees"}), chunk({}, "stop"))),
     stream=True, use=lambda stream: left(stream, 2))

# OpenAI, completions


def completions(situation, answer, use=lambda result: None, **request):
    request = {"model": "gpt-3.5-turbo-instruct", **request}
    CALLS.append((f"completions: {situation}", openai_sdk, lambda client: use(client.completions.create(**request)), answer))


def completion(*texts, reason="stop", usage=True):
    return {"id": "cmpl-1", "object": "text_completion", "created": 1700000000, "model": "gpt-3.5-turbo-instruct:20230824-v2",
            "choices": [{"index": n, "text": text, "logprobs": None, "finish_reason": reason} for n, text in enumerate(texts)],
            **({"usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}} if usage else {})}


completions("text", Answer(completion(" one"), headers=IDS), prompt="Say", max_tokens=7)
completions("several prompts", Answer(completion(" one", " two")), prompt=["Say", "Tell"])
completions("tokens", Answer(completion(" one")), prompt=[1, 2, 3])
completions("stream", Answer(sse(completion(" on", reason=None, usage=False), completion("e", reason=None, usage=False), completion("", usage=False),
                                 {**completion(), "choices": []}, end=["data: [DONE]\n\n"])), prompt="Say", stream=True, use=drained)
completions("stream that reports an error", Answer(sse(completion(" on", reason=None, usage=False), {
    "error": {"message": "it broke", "type": "server_error"}}), fails=True),
            prompt="Say", stream=True, use=drained)
completions("stream left", Answer(sse(completion(" on", reason=None, usage=False), completion("e", usage=False))), prompt="Say", stream=True,
            use=lambda stream: left(stream, 1))
completions("failed, 429", Answer('{"error": {"message": "slow down", "type": "rate_limit_error"}}', status=429), prompt="Say")

# OpenAI, embeddings


def embeddings(situation, answer, **request):
    request = {"model": "text-embedding-3-small", **request}
    CALLS.append((f"embeddings: {situation}", openai_sdk, lambda client: client.embeddings.create(**request), answer))


def embedded(*vectors):
    return {"object": "list", "data": [{"object": "embedding", "index": n, "embedding": v} for n, v in vectors], "model": "text-embedding-3-small-1",
            "usage": {"prompt_tokens": 5, "total_tokens": 5}}


embeddings("texts, out of order", Answer(embedded((1, [0.25, 1]), (0, [0.5, -1])), headers=IDS), input=["one", "two"], encoding_format="float", dimensions=2)
embeddings("base64", Answer(embedded((0, "AAAAPwAAgL8="))), input="one", encoding_format="base64")
embeddings("as the SDK asks", Answer(embedded((0, "AAAAPwAAgL8="))), input="one")
embeddings("tokens", Answer(embedded((0, [0.5, -1]))), input=[1, 2, 3], encoding_format="float")
embeddings("failed, 400", Answer('{"error": {"message": "too long", "type": "invalid_request_error"}}', status=400), input="one")

# OpenAI, responses

RESPONSES_TOOLS = [{"type": "function", "name": "get_weather", "description": "The weather of a city", "parameters": WEATHER, "strict": True}]


def responses(situation, answer, use=lambda result: None, **request):
    request = {"model": "gpt-4.1", "input": "How warm is it in Paris?", **request}
    without = "" if "instructions" in request else " without instructions"
    CALLS.append((f"responses{without}: {situation}", openai_sdk, lambda client: use(client.responses.create(**request)), answer))


def response(*output, status="completed", **more):
    usage = {"input_tokens": 120, "input_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 0}, "output_tokens": 48,
             "output_tokens_details": {"reasoning_tokens": 16}, "total_tokens": 168}
    return {"id": "resp_1", "object": "response", "created_at": 1700000000, "status": status, "error": None, "incomplete_details": None, "instructions": None,
            "model": "gpt-4.1-2025-04-14", "output": list(output), "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto", "tools": [],
            "top_p": 1.0, "metadata": {}, "usage": usage, **more}


def said(text):
    return {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [{"type": "output_text", "text": text, "annotations": []}]}


def called(name, arguments, call_id):
    return {"type": "function_call", "id": "fc_1", "call_id": call_id, "name": name, "arguments": arguments, "status": "completed"}


def told(*events):
    return sse(*({**event, "sequence_number": n} for n, event in enumerate(events)), named=True)


THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Paris."}, {"type": "summary_text", "text": "Degrees."}],
           "encrypted_content": "gAAA"}
BEGUN = {"type": "response.created", "response": response(status="in_progress", usage=None)}
DELTAS = [{"type": "response.output_item.added", "output_index": 0, "item": {**said(""), "content": [], "status": "in_progress"}},
          {"type": "response.content_part.added", "output_index": 0, "content_index": 0, "item_id": "msg_1",
           "part": {"type": "output_text", "text": "", "annotations": []}},
          {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "item_id": "msg_1", "delta": "30 ", "logprobs": []},
          {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "item_id": "msg_1", "delta": "°C", "logprobs": []}]

responses("text", Answer(response(said("30 °C")), headers=IDS), instructions="Be brief.", temperature=0.5)
responses("text", Answer(response(said("30 °C"))))
responses("tools", Answer(response(THOUGHT, called("get_weather", '{"city":"Paris"}', "call_a"), called("get_time", "{}", "call_b"),
                                              tools=RESPONSES_TOOLS)), instructions="Be brief.", tools=RESPONSES_TOOLS, reasoning={"effort": "low"})
responses("items", Answer(response(
    {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "Paris"}},
    {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_c", "name": "shell", "input": "ls"},
    {"type": "mcp_call", "id": "mcp_1", "server_label": "maps", "name": "find", "arguments": '{"q":"Paris"}', "output": "found"},
    {"type": "message", "id": "msg_2", "status": "completed", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]})),
    instructions="Be brief.", input=[
        {"role": "user", "content": "Paris?"}, {"role": "user", "content": [
            {"type": "input_text", "text": "This?"}, {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "low"},
            {"type": "input_file", "file_id": "file_1"}]},
        THOUGHT, called("get_weather", '{"city":"Paris"}', "call_a"), {"type": "function_call_output", "call_id": "call_a", "output": "30"},
        {"type": "custom_tool_call", "call_id": "call_b", "name": "shell", "input": "ls"},
        {"type": "custom_tool_call_output", "call_id": "call_b", "output": [{"type": "input_text", "text": "a.txt"}]},
        {"type": "item_reference", "id": "msg_0"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes.", "annotations": []}]}])
responses("stream", Answer(told(BEGUN, *DELTAS, {"type": "response.completed", "response": response(said("30 °C"))}), headers=IDS),
          stream=True, instructions="Be brief.", use=drained)
responses("stream cut short by the limit of tokens", Answer(told(BEGUN, *DELTAS, {"type": "response.incomplete", "response": response(
    said("30 "), status="incomplete", incomplete_details={"reason": "max_output_tokens"})})),
          stream=True, instructions="Be brief.", max_output_tokens=2, use=drained)
responses("stream that fails", Answer(told(BEGUN, *DELTAS, {"type": "response.failed", "response": response(
    said("30 "), status="failed", error={"code": "server_error", "message": "it broke"})})), stream=True, instructions="Be brief.", use=drained)
responses("cut short by the limit of tokens", Answer(response(said("30 "), status="incomplete", incomplete_details={"reason": "max_output_tokens"})),
          instructions="Be brief.")
responses("failed, 429", Answer('{"error": {"message": "slow down", "type": "rate_limit_error"}}', status=429), instructions="Be brief.")
responses("items", Answer(response(said("30"))), input=[
    {"role": "user", "content": "Paris?"}, {"role": "assistant", "content": [{"type": "output_text", "text": "Which?", "annotations": []}]},
    {"role": "user", "content": "In France."}])
responses("stream left", Answer(told(BEGUN, *DELTAS, {"type": "response.completed", "response": response(said("30 °C"))})),
          stream=True, instructions="Be brief.", use=lambda s: left(s, 4))
