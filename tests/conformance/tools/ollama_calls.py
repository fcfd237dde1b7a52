"""ollama_calls.py: what is asked of Ollama's chat, by its SDK, and what it answers, in its format."""
import json

from tools.model_calls import PIXEL, WEATHER, drained, left
from tools.python_sdks import Answer, ollama_sdk

CALLS = []  # name ("format: situation"), sdk, what is done with it, answer

LINES = {"content-type": "application/x-ndjson"}


def ollama_chat(situation, answer, use=lambda result: None, **request):
    request = {"model": "qwen3", "messages": [{"role": "user", "content": "How warm is it in Paris?"}], **request}
    CALLS.append((f"ollama: {situation}", ollama_sdk, lambda client: use(client.chat(**request)), answer))


def ollama_said(content, done=True, **more):
    end = {"done_reason": "stop", "total_duration": 5, "load_duration": 1, "prompt_eval_count": 26, "prompt_eval_duration": 1,
           "eval_count": 12, "eval_duration": 1}
    return {"model": "qwen3", "created_at": "2025-01-01T00:00:00Z", "message": {"role": "assistant", "content": content, **more},
            "done": done, **(end if done else {})}


def lines(*pieces):
    return [json.dumps(one, ensure_ascii=False) + "\n" for one in pieces]


OLLAMA_TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "The weather of a city", "parameters": WEATHER}}]
OLLAMA_CALL = {"function": {"name": "get_weather", "arguments": {"city": "Paris"}}}

ollama_chat("text", Answer(ollama_said("30 °C")), options={"temperature": 0.5}, keep_alive="5m")
ollama_chat("tools", Answer(ollama_said("", tool_calls=[{"id": "call_a", **OLLAMA_CALL}, OLLAMA_CALL])), tools=OLLAMA_TOOLS, messages=[
    {"role": "user", "content": "Paris?"}, {"role": "assistant", "content": "", "tool_calls": [OLLAMA_CALL]},
    {"role": "tool", "tool_name": "get_weather", "content": "30"}])
ollama_chat("images", Answer(ollama_said("a pixel")), messages=[{"role": "user", "content": "What is it?", "images": [PIXEL]}])
ollama_chat("thinking", Answer(ollama_said("30", thinking="Let me see.")), think=True)
ollama_chat("stream", Answer(lines(ollama_said("", done=False, thinking="Let me"), ollama_said("", done=False, thinking=" see."),
                                   ollama_said("30 ", done=False),
                                   ollama_said("°C", done=False), ollama_said("")), headers=LINES), stream=True, use=drained)
ollama_chat("stream with tools", Answer(lines(ollama_said("", done=False, tool_calls=[OLLAMA_CALL]), ollama_said("", done=False, tool_calls=[
    {"function": {"name": "get_time", "arguments": {}}}]), ollama_said("")), headers=LINES), stream=True, tools=OLLAMA_TOOLS, use=drained)
ollama_chat("failed, 404", Answer('{"error": "model \'qwen3\' not found"}', status=404))
ollama_chat("stream that reports an error", Answer(lines(ollama_said("30", done=False), {"error": "it broke"}), headers=LINES, fails=True),
            stream=True, use=drained)
ollama_chat("stream broken off", Answer(lines(ollama_said("30", done=False)), headers=LINES, broken=True), stream=True, use=drained)
ollama_chat("stream left", Answer(lines(ollama_said("30", done=False), ollama_said("°C", done=False), ollama_said("")), headers=LINES),
            stream=True, use=lambda stream: left(stream, 1))
