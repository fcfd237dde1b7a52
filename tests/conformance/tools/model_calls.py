"""model_calls.py: what is asked of the models, by each SDK, and what they answer, in the providers' formats."""
import json
import os

from tools.python_sdks import Answer, anthropic_sdk, azure_sdk, gemini_sdk, ollama_sdk, openai_sdk, sse, vertex_sdk

CALLS = []  # name ("format: situation"), sdk, what is done with it, answer


def drained(stream):
    for _ in stream:
        pass


def left(stream, after=3):
    for _, _ in zip(range(after), stream):
        pass
    stream.close()
    return "left"


# OpenAI, chat

WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CHAT_TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "The weather of a city", "parameters": WEATHER}}]
CHAT_USAGE = {"prompt_tokens": 120, "completion_tokens": 48, "total_tokens": 168, "prompt_tokens_details": {"cached_tokens": 64, "audio_tokens": 0},
              "completion_tokens_details": {"reasoning_tokens": 16, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
LARGE = "iVBORw0K" * 5000  # more than is recorded
IDS = {"x-request-id": "req_1", "set-cookie": "secret"}


def chat_body(*choices, usage=CHAT_USAGE):
    return json.dumps({"id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "gpt-4o-2024-08-06",
                       "choices": [{"index": n, "message": message, "logprobs": None, "finish_reason": reason} for n, (message, reason) in enumerate(choices)],
                       **({"usage": usage} if usage else {}), "system_fingerprint": "fp_1"}, ensure_ascii=False)


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
    chunk({"role": "assistant", "content": None}), chunk(piece(0, "", id="call_a", type="function", function={"name": "get_weather"})), chunk(piece(0, '{"city":')),
    chunk(piece(0, '"Paris"}')), chunk(piece(1, "", id="call_b", type="function", function={"name": "get_weather"})), chunk(piece(1, '{"city":"Rome"}')),
    chunk({}, "tool_calls"), end=["data: [DONE]\n\n"])), stream=True, tools=CHAT_TOOLS, use=drained)
chat("several choices, no usage", Answer(chat_body(({"role": "assistant", "content": "warm"}, "stop"), ({"role": "assistant", "content": "hot"}, "length"), usage=None)), n=2)
chat("conversation", Answer(chat_body(({"role": "assistant", "content": None, "tool_calls": [
    {"id": "call_c", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Bern"}'}}]}, "tool_calls"))), tools=CHAT_TOOLS, tool_choice="auto",
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
     messages=[{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}, {"type": "file", "file": {"file_id": "file_1"}}]}])
chat("refusal", Answer(chat_body(({"role": "assistant", "content": None, "refusal": "I won't."}, "stop"))), messages=[
    {"role": "user", "content": "Help"}, {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}, {"role": "user", "content": "Please"}])
chat("reasoning of compatible servers", Answer(chat_body(({"role": "assistant", "content": "30", "reasoning_content": "Let me see."}, "stop"))))
chat("custom tools", Answer(chat_body(({"role": "assistant", "content": None, "tool_calls": [
    {"id": "call_a", "type": "custom", "custom": {"name": "shell", "input": "ls"}}]}, "tool_calls"))), tools=[{"type": "custom", "custom": {"name": "shell"}}])
chat("functions", Answer(chat_body(({"role": "assistant", "content": None, "function_call": {"name": "get_weather", "arguments": '{"city":"Paris"}'}}, "function_call"))),
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
chat("stream of Groq", Answer(sse(chunk({"role": "assistant", "content": "30"}), chunk({}, "stop", x_groq={"usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}}))),
     sdk=lambda exchange: openai_sdk(exchange, "https://api.groq.com/openai/v1"), stream=True, use=drained)
chat("counts and costs of compatible servers", Answer(chat_body(({"role": "assistant", "content": "30"}, "stop"), usage={
    "prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12, "prompt_cache_hit_tokens": 4, "cost": 0.5})))
chat("failed, 429", Answer('{"error": {"message": "slow down", "type": "rate_limit_error", "param": null, "code": "rate_limit"}}', status=429, headers=IDS))
chat("failed, 500", Answer("upstream died", status=500, headers={"content-type": "text/plain"}))
chat("stream that reports an error", Answer(sse(chunk({"role": "assistant", "content": "3"}), {"error": {"message": "it broke", "type": "server_error"}})),
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


completions("text", Answer(json.dumps(completion(" one")), headers=IDS), prompt="Say", max_tokens=7)
completions("several prompts", Answer(json.dumps(completion(" one", " two"))), prompt=["Say", "Tell"])
completions("tokens", Answer(json.dumps(completion(" one"))), prompt=[1, 2, 3])
completions("stream", Answer(sse(completion(" on", reason=None, usage=False), completion("e", reason=None, usage=False), completion("", usage=False),
                                 {**completion(), "choices": []}, end=["data: [DONE]\n\n"])), prompt="Say", stream=True, use=drained)
completions("failed, 429", Answer('{"error": {"message": "slow down", "type": "rate_limit_error"}}', status=429), prompt="Say")

# OpenAI, embeddings


def embeddings(situation, answer, **request):
    request = {"model": "text-embedding-3-small", **request}
    CALLS.append((f"embeddings: {situation}", openai_sdk, lambda client: client.embeddings.create(**request), answer))


def embedded(*vectors):
    return json.dumps({"object": "list", "data": [{"object": "embedding", "index": n, "embedding": v} for n, v in vectors], "model": "text-embedding-3-small-1",
                       "usage": {"prompt_tokens": 5, "total_tokens": 5}})


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


THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Paris."}, {"type": "summary_text", "text": "Degrees."}], "encrypted_content": "gAAA"}
BEGUN = {"type": "response.created", "response": response(status="in_progress", usage=None)}
DELTAS = [{"type": "response.output_item.added", "output_index": 0, "item": {**said(""), "content": [], "status": "in_progress"}},
          {"type": "response.content_part.added", "output_index": 0, "content_index": 0, "item_id": "msg_1", "part": {"type": "output_text", "text": "", "annotations": []}},
          {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "item_id": "msg_1", "delta": "30 ", "logprobs": []},
          {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "item_id": "msg_1", "delta": "°C", "logprobs": []}]

responses("text", Answer(json.dumps(response(said("30 °C"))), headers=IDS), instructions="Be brief.", temperature=0.5)
responses("text", Answer(json.dumps(response(said("30 °C")))))
responses("tools", Answer(json.dumps(response(THOUGHT, called("get_weather", '{"city":"Paris"}', "call_a"), called("get_time", "{}", "call_b"),
                                              tools=RESPONSES_TOOLS))), instructions="Be brief.", tools=RESPONSES_TOOLS, reasoning={"effort": "low"})
responses("items", Answer(json.dumps(response(
    {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "Paris"}},
    {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_c", "name": "shell", "input": "ls"},
    {"type": "mcp_call", "id": "mcp_1", "server_label": "maps", "name": "find", "arguments": '{"q":"Paris"}', "output": "found"},
    {"type": "message", "id": "msg_2", "status": "completed", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}))),
    instructions="Be brief.", input=[
        {"role": "user", "content": "Paris?"}, {"role": "user", "content": [
            {"type": "input_text", "text": "This?"}, {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "low"},
            {"type": "input_file", "file_id": "file_1"}]},
        THOUGHT, called("get_weather", '{"city":"Paris"}', "call_a"), {"type": "function_call_output", "call_id": "call_a", "output": "30"},
        {"type": "custom_tool_call", "call_id": "call_b", "name": "shell", "input": "ls"},
        {"type": "custom_tool_call_output", "call_id": "call_b", "output": [{"type": "input_text", "text": "a.txt"}]},
        {"type": "item_reference", "id": "msg_0"}, {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes.", "annotations": []}]}])
responses("stream", Answer(told(BEGUN, *DELTAS, {"type": "response.completed", "response": response(said("30 °C"))}), headers=IDS), stream=True, instructions="Be brief.", use=drained)
responses("stream cut short by the limit of tokens", Answer(told(BEGUN, *DELTAS, {"type": "response.incomplete", "response": response(
    said("30 "), status="incomplete", incomplete_details={"reason": "max_output_tokens"})})), stream=True, instructions="Be brief.", max_output_tokens=2, use=drained)
responses("stream that fails", Answer(told(BEGUN, *DELTAS, {"type": "response.failed", "response": response(
    said("30 "), status="failed", error={"code": "server_error", "message": "it broke"})})), stream=True, instructions="Be brief.", use=drained)
responses("cut short by the limit of tokens", Answer(json.dumps(response(said("30 "), status="incomplete", incomplete_details={"reason": "max_output_tokens"}))), instructions="Be brief.")
responses("failed, 429", Answer('{"error": {"message": "slow down", "type": "rate_limit_error"}}', status=429), instructions="Be brief.")
responses("items", Answer(json.dumps(response(said("30")))), input=[
    {"role": "user", "content": "Paris?"}, {"role": "assistant", "content": [{"type": "output_text", "text": "Which?", "annotations": []}]}, {"role": "user", "content": "In France."}])
responses("stream left", Answer(told(BEGUN, *DELTAS, {"type": "response.completed", "response": response(said("30 °C"))})), stream=True, instructions="Be brief.", use=lambda s: left(s, 4))

# Anthropic

MESSAGES_TOOLS = [{"name": "get_weather", "description": "The weather of a city", "input_schema": WEATHER}]
MESSAGES_USAGE = {"input_tokens": 21, "cache_creation_input_tokens": 100, "cache_read_input_tokens": 1000, "output_tokens": 48, "service_tier": "standard"}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}


def messages(situation, answer, use=lambda result: None, stream=False, **request):
    request = {"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": [{"role": "user", "content": "How warm is it in Paris?"}], **request}
    create = (lambda client: client.messages.create(stream=True, **request)) if stream else (lambda client: client.messages.create(**request))
    CALLS.append((f"messages: {situation}", anthropic_sdk, lambda client: use(create(client)), answer))


def message(*blocks, reason="end_turn", usage=MESSAGES_USAGE):
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929", "content": list(blocks), "stop_reason": reason,
            "stop_sequence": None, "usage": usage}


def text(value):
    return {"type": "text", "text": value}


def use_of_tool(call_id, city):
    return {"type": "tool_use", "id": call_id, "name": "get_weather", "input": {"city": city}}


def block(index, begin, *deltas):
    return [{"type": "content_block_start", "index": index, "content_block": begin},
            *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas), {"type": "content_block_stop", "index": index}]


def streamed(*events, reason="end_turn", end=True):
    start = {"type": "message_start", "message": message(reason=None, usage={**MESSAGES_USAGE, "output_tokens": 1})}
    stop = [{"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": {"output_tokens": 48}}, {"type": "message_stop"}]
    return sse(start, {"type": "ping"}, *events, *(stop if end else []), named=True)


PIECES = [{"type": "text_delta", "text": "30 "}, {"type": "text_delta", "text": "°C"}]
THINKING = {"type": "thinking", "thinking": "Let me see.", "signature": "c2ln"}

messages("text", Answer(json.dumps(message(text("30 °C"))), headers={"request-id": "req_1"}), system="Be brief.", stop_sequences=["\n"])
messages("no cache", Answer(json.dumps(message(text("30 °C"), usage={"input_tokens": 5, "output_tokens": 0, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}))))
messages("tools", Answer(json.dumps(message(text("I ask."), use_of_tool("toolu_a", "Paris"), use_of_tool("toolu_b", "Rome"), reason="tool_use"))), tools=MESSAGES_TOOLS,
         tool_choice={"type": "auto"})
messages("parallel tool results", Answer(json.dumps(message(text("30 and 25")))), tools=MESSAGES_TOOLS, system=[text("Be brief."), text("Be exact.")], messages=[
    {"role": "user", "content": "Paris and Rome?"}, {"role": "assistant", "content": [text("I ask."), use_of_tool("toolu_a", "Paris"), use_of_tool("toolu_b", "Rome")]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_a", "content": "30"},
                                 {"type": "tool_result", "tool_use_id": "toolu_b", "content": [text("25")]}, text("Go on.")]}])
messages("one tool result", Answer(json.dumps(message(text("30")))), tools=MESSAGES_TOOLS, messages=[
    {"role": "user", "content": "Paris?"}, {"role": "assistant", "content": [use_of_tool("toolu_a", "Paris")]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_a", "content": "30"}]}])
messages("image as a tool result", Answer(json.dumps(message(text("a pixel")))), messages=[
    {"role": "user", "content": "Look."}, {"role": "assistant", "content": [use_of_tool("toolu_a", "Paris")]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_a", "content": [IMAGE]}]}])
messages("images", Answer(json.dumps(message(text("a pixel")))), messages=[{"role": "user", "content": [
    text("What is it?"), IMAGE, {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}]}])
messages("large image", Answer(json.dumps(message(text("a photo")))), messages=[{"role": "user", "content": [
    text("What is it?"), {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": LARGE}}]}])
messages("documents", Answer(json.dumps(message({**text("It says so."), "citations": [
    {"type": "char_location", "cited_text": "so", "document_index": 0, "document_title": "A", "start_char_index": 0, "end_char_index": 2}]}))), messages=[
        {"role": "user", "content": [{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "so"}, "title": "A"}, text("What?")]}])
messages("thinking", Answer(json.dumps(message(THINKING, {"type": "redacted_thinking", "data": "ZGF0YQ=="}, text("30"), usage={
    **MESSAGES_USAGE, "output_tokens_details": {"thinking_tokens": 16}}))), thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=2000, messages=[
        {"role": "user", "content": "Paris?"}, {"role": "assistant", "content": [THINKING, {"type": "redacted_thinking", "data": "ZGF0YQ=="}, text("30")]},
        {"role": "user", "content": "Sure?"}])
messages("tools of the provider", Answer(json.dumps(message(
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "Paris"}},
    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [
        {"type": "web_search_result", "url": "https://example.com", "title": "Paris", "encrypted_content": "abc", "page_age": None}]},
    text("30"), use_of_tool("toolu_a", "Paris"), reason="tool_use", usage={**MESSAGES_USAGE, "server_tool_use": {"web_search_requests": 1}}))),
         tools=[{"type": "web_search_20250305", "name": "web_search"}])
messages("stream", Answer(streamed(*block(0, text(""), *PIECES)), headers={"request-id": "req_1"}), stream=True, use=drained)
messages("stream with tools and thinking", Answer(streamed(
    *block(0, {"type": "thinking", "thinking": "", "signature": ""}, {"type": "thinking_delta", "thinking": "Let me"}, {"type": "thinking_delta", "thinking": " see."},
           {"type": "signature_delta", "signature": "c2ln"}),
    *block(1, {"type": "tool_use", "id": "toolu_a", "name": "get_weather", "input": {}}, {"type": "input_json_delta", "partial_json": ""},
           {"type": "input_json_delta", "partial_json": '{"city":'}, {"type": "input_json_delta", "partial_json": '"Paris"}'}),
    *block(2, {"type": "tool_use", "id": "toolu_b", "name": "get_time", "input": {}}), reason="tool_use")), stream=True, tools=MESSAGES_TOOLS, use=drained)
messages("failed, 429", Answer('{"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}, "request_id": "req_1"}', status=429, headers={"request-id": "req_1"}))
messages("stream that reports an error", Answer(streamed(*block(0, text(""), *PIECES), {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, end=False)),
         stream=True, use=drained)
messages("stream broken off", Answer(streamed(*block(0, text(""), *PIECES), end=False), broken=True), stream=True, use=drained)
messages("stream left", Answer(streamed(*block(0, text(""), *PIECES))), stream=True, use=lambda stream: left(stream, 3))


def by_helper(client):
    with client.messages.stream(model="claude-sonnet-4-5", max_tokens=100, messages=[{"role": "user", "content": "Paris?"}]) as stream:
        drained(stream)


CALLS.append(("messages: stream by the SDK's helper", anthropic_sdk, by_helper, Answer(streamed(*block(0, text(""), *PIECES)))))

# Gemini

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

generate("text", Answer(json.dumps(generated({"text": "30 °C"}))), system_instruction="Be brief.", temperature=0.5, max_output_tokens=100)
generate("without parameters", Answer(json.dumps(generated({"text": "30 °C"}, usage=None))))
generate("several candidates", Answer(json.dumps(generated({"text": "warm"}, more=[{"content": {"role": "model", "parts": [{"text": "hot"}]}, "finishReason": "MAX_TOKENS", "index": 1}]))),
         candidate_count=2)
generate("tools and thoughts", Answer(json.dumps(generated({"text": "Let me see.", "thought": True}, {"text": "I ask.", "thoughtSignature": "c2ln"}, *FUNCTION_CALLS))), tools=GEMINI_TOOLS,
         automatic_function_calling={"disable": True})
generate("conversation", Answer(json.dumps(generated({"text": "30 and noon"}))), contents=[
    {"role": "user", "parts": [{"text": "Paris?"}, {"text": "And the time?"}]}, {"role": "model", "parts": [
        {"function_call": {"name": "get_weather", "args": {"city": "Paris"}}}, {"function_call": {"id": "call_b", "name": "get_time", "args": {}}}]},
    {"role": "user", "parts": [{"function_response": {"name": "get_weather", "response": {"degrees": 30}}},
                               {"function_response": {"id": "call_b", "name": "get_time", "response": {"time": "noon"}}}]}])
generate("Vertex", Answer(json.dumps(generated({"text": "30 °C"}))), sdk=vertex_sdk)
generate("signatures", Answer(json.dumps(generated({"text": "30"}))), contents=[
    {"role": "user", "parts": [{"text": "Paris?"}]}, {"role": "model", "parts": [{"text": "30", "thought_signature": b"\xfb\xff\xfe"}]},
    {"role": "user", "parts": [{"text": "Sure?"}]}])
generate("text among the results", Answer(json.dumps(generated({"text": "30"}))), contents=[
    {"role": "user", "parts": [{"text": "Paris?"}]}, {"role": "model", "parts": [{"function_call": {"name": "get_weather", "args": {"city": "Paris"}}}]},
    {"role": "user", "parts": [{"function_response": {"name": "get_weather", "response": {"degrees": 30}}}, {"text": "So?"}]}])
generate("images and audio", Answer(json.dumps(generated({"text": "a pixel"}))), contents=[{"role": "user", "parts": [
    {"text": "What is it?"}, {"inline_data": {"mime_type": "image/png", "data": PIXEL}}, {"file_data": {"mime_type": "image/png", "file_uri": "https://example.com/a.png"}},
    {"inline_data": {"mime_type": "audio/wav", "data": "UklGRg=="}}]}])
generate("large image", Answer(json.dumps(generated({"text": "a photo"}))), contents=[{"role": "user", "parts": [
    {"text": "What is it?"}, {"inline_data": {"mime_type": "image/png", "data": LARGE}}]}])
generate("image as the answer", Answer(json.dumps(generated({"text": "Here."}, {"inlineData": {"mimeType": "image/png", "data": PIXEL}}))))
generate("code that ran", Answer(json.dumps(generated({"executableCode": {"language": "PYTHON", "code": "print(1)"}},
                                                      {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}}, {"text": "1"}))), tools=[{"code_execution": {}}])
generate("blocked", Answer(json.dumps({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 5}, "modelVersion": "gemini-2.5-flash-001"})))
generate("failed, 429", Answer('{"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}', status=429))
generate_stream("stream", Answer(sse(generated({"text": "Let me see.", "thought": True}, reason=None, usage={"promptTokenCount": 100}),
                                     generated({"text": "30 "}, reason=None, usage={"promptTokenCount": 100}), generated({"text": "°C"}))), temperature=0.5)
generate_stream("stream with tools", Answer(sse(generated(FUNCTION_CALLS[0], reason=None, usage=None), generated(FUNCTION_CALLS[1]))), tools=GEMINI_TOOLS,
                automatic_function_calling={"disable": True})
generate_stream("stream broken off", Answer(sse(generated({"text": "30 "}, reason=None)), broken=True))
generate_stream("stream left", Answer(sse(generated({"text": "30 "}, reason=None), generated({"text": "°C"}))), use=lambda stream: left(stream, 1))


def embed(situation, answer, contents, sdk=gemini_sdk, model="gemini-embedding-001", **config):
    CALLS.append((f"embed: {situation}", sdk, lambda client: client.models.embed_content(
        model=model, contents=contents, config=config or None) and None, answer))


embed("texts", Answer('{"embeddings": [{"values": [0.5, -1]}, {"values": [0.25, 1]}]}'), ["one", "two"], output_dimensionality=2)
embed("without parameters", Answer('{"embeddings": [{"values": [0.5, -1]}]}'), "one")
embed("Vertex", Answer(json.dumps({"predictions": [{"embeddings": {"values": [0.5, -1], "statistics": {"token_count": 3, "truncated": False}}}]})), "one", sdk=vertex_sdk,
      model="text-embedding-005", output_dimensionality=2, task_type="RETRIEVAL_QUERY")
embed("failed, 400", Answer('{"error": {"code": 400, "message": "too long", "status": "INVALID_ARGUMENT"}}', status=400), "one")

# Ollama

LINES = {"content-type": "application/x-ndjson"}


def ollama_chat(situation, answer, use=lambda result: None, **request):
    request = {"model": "qwen3", "messages": [{"role": "user", "content": "How warm is it in Paris?"}], **request}
    CALLS.append((f"ollama: {situation}", ollama_sdk, lambda client: use(client.chat(**request)), answer))


def ollama_said(content, done=True, **more):
    end = {"done_reason": "stop", "total_duration": 5, "load_duration": 1, "prompt_eval_count": 26, "prompt_eval_duration": 1, "eval_count": 12, "eval_duration": 1}
    return {"model": "qwen3", "created_at": "2025-01-01T00:00:00Z", "message": {"role": "assistant", "content": content, **more}, "done": done, **(end if done else {})}


def lines(*pieces):
    return [json.dumps(one, ensure_ascii=False) + "\n" for one in pieces]


OLLAMA_CALL = {"function": {"name": "get_weather", "arguments": {"city": "Paris"}}}

ollama_chat("text", Answer(json.dumps(ollama_said("30 °C"))), options={"temperature": 0.5}, keep_alive="5m")
ollama_chat("tools", Answer(json.dumps(ollama_said("", tool_calls=[{"id": "call_a", **OLLAMA_CALL}, OLLAMA_CALL]))), tools=CHAT_TOOLS, messages=[
    {"role": "user", "content": "Paris?"}, {"role": "assistant", "content": "", "tool_calls": [OLLAMA_CALL]}, {"role": "tool", "tool_name": "get_weather", "content": "30"}])
ollama_chat("images", Answer(json.dumps(ollama_said("a pixel"))), messages=[{"role": "user", "content": "What is it?", "images": [PIXEL]}])
ollama_chat("thinking", Answer(json.dumps(ollama_said("30", thinking="Let me see."))), think=True)
ollama_chat("stream", Answer(lines(ollama_said("", done=False, thinking="Let me"), ollama_said("", done=False, thinking=" see."), ollama_said("30 ", done=False),
                                   ollama_said("°C", done=False), ollama_said("")), headers=LINES), stream=True, use=drained)
ollama_chat("stream with tools", Answer(lines(ollama_said("", done=False, tool_calls=[OLLAMA_CALL]), ollama_said("", done=False, tool_calls=[
    {"function": {"name": "get_time", "arguments": {}}}]), ollama_said("")), headers=LINES), stream=True, tools=CHAT_TOOLS, use=drained)
ollama_chat("failed, 404", Answer('{"error": "model \'qwen3\' not found"}', status=404))
ollama_chat("stream that reports an error", Answer(lines(ollama_said("30", done=False), {"error": "it broke"}), headers=LINES), stream=True, use=drained)
ollama_chat("stream broken off", Answer(lines(ollama_said("30", done=False)), headers=LINES, broken=True), stream=True, use=drained)
ollama_chat("stream left", Answer(lines(ollama_said("30", done=False), ollama_said("°C", done=False), ollama_said("")), headers=LINES), stream=True, use=lambda stream: left(stream, 1))

# Recordings of real calls, where they are beside the checkout: sent again by the SDK

RECORDINGS = os.path.join(os.path.dirname(__file__), "../../../../shared/recordings")


def generate_again(client, body, name, stream):
    config = {"tools": body.get("tools"), "system_instruction": body.get("systemInstruction"), "automatic_function_calling": {"disable": True},
              **body.get("generationConfig", {})}
    model = name.split("/")[-1].split(":")[0]
    if stream:
        return drained(client.models.generate_content_stream(model=model, contents=body["contents"], config=config))
    return client.models.generate_content(model=model, contents=body["contents"], config=config)


def again(recording, body):
    """The format, the SDK and what it does. None: no instrumentor of these has it."""
    url, finish = recording["url"].split("#")[0], drained if body.get("stream") else lambda result: None
    base = url.split("/chat/completions")[0]
    if "safe_prompt" in body:  # Mistral's own
        body["extra_body"] = {"safe_prompt": body.pop("safe_prompt")}
    if url.endswith("/chat/completions"):
        return "chat", lambda exchange: openai_sdk(exchange, base), lambda client: finish(client.chat.completions.create(**body))
    if url.endswith("/v1/responses"):
        return "responses" if "instructions" in body else "responses without instructions", openai_sdk, lambda client: finish(client.responses.create(**body))
    if url.endswith("/v1/embeddings"):
        return "embeddings", openai_sdk, lambda client: client.embeddings.create(**body)
    if url.endswith("/v1/messages"):
        return "messages", anthropic_sdk, lambda client: finish(client.messages.create(**body))
    if url.endswith("/api/chat"):
        return "ollama", ollama_sdk, lambda client: finish(client.chat(**body))
    if "GenerateContent" in url or "generateContent" in url:
        return "generate", gemini_sdk, lambda client: generate_again(client, body, url, "stream" in url)
    return None


def recorded():
    """Calls like those of CALLS; none where there are no recordings."""
    if not os.path.exists(os.path.join(RECORDINGS, "index.json")):
        return
    with open(os.path.join(RECORDINGS, "index.json"), encoding="utf-8") as index:
        recordings = json.load(index)
    for recording in recordings:
        with open(os.path.join(RECORDINGS, recording["request"]), "rb") as request, open(os.path.join(RECORDINGS, recording["response"]), "rb") as response:
            known = again(recording, json.loads(request.read()))
            body = response.read()
        if known is not None:
            events = recording["response"].endswith(".sse")
            headers = {"content-type": "text/event-stream" if events else "application/json"}
            situation = "failed" if recording["status"] != 200 else "stream" if events else "one"
            of = next((name for name in ("Mistral", "Groq") if name.lower() in recording["url"]), "the recordings")
            yield f"{known[0]}: {situation} of {of}, {recording['name']}", *known[1:], Answer(body, status=recording["status"], headers=headers)
