"""model_calls.py: what is asked of the models, by each SDK, and what they answer, in the providers' formats."""
import json

from tools.python_sdks import Answer, anthropic_sdk, azure_sdk, gemini_sdk, ollama_sdk, openai_sdk, sse

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
