"""anthropic_calls.py: what is asked of Anthropic's messages, by its SDK, and what it answers, in its format."""
from tools.model_calls import LARGE, PIXEL, WEATHER, drained, left
from tools.python_sdks import Answer, anthropic_sdk, sse

CALLS = []  # name ("format: situation"), sdk, what is done with it, answer

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

messages("text", Answer(message(text("30 °C")), headers={"request-id": "req_1"}), system="Be brief.", stop_sequences=["\n"])
messages("no cache", Answer(message(text("30 °C"), usage={"input_tokens": 5, "output_tokens": 0,
         "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0})))
messages("tools", Answer(message(text("I ask."), use_of_tool("toolu_a", "Paris"), use_of_tool("toolu_b", "Rome"), reason="tool_use")), tools=MESSAGES_TOOLS,
         tool_choice={"type": "auto"})
messages("parallel tool results", Answer(message(text("30 and 25"))), tools=MESSAGES_TOOLS, system=[text("Be brief."), text("Be exact.")], messages=[
    {"role": "user", "content": "Paris and Rome?"},
    {"role": "assistant", "content": [text("I ask."), use_of_tool("toolu_a", "Paris"), use_of_tool("toolu_b", "Rome")]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_a", "content": "30"},
                                 {"type": "tool_result", "tool_use_id": "toolu_b", "content": [text("25")]}, text("Go on.")]}])
messages("one tool result", Answer(message(text("30"))), tools=MESSAGES_TOOLS, messages=[
    {"role": "user", "content": "Paris?"}, {"role": "assistant", "content": [use_of_tool("toolu_a", "Paris")]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_a", "content": "30"}]}])
messages("image as a tool result", Answer(message(text("a pixel"))), messages=[
    {"role": "user", "content": "Look."}, {"role": "assistant", "content": [use_of_tool("toolu_a", "Paris")]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_a", "content": [IMAGE]}]}])
messages("images", Answer(message(text("a pixel"))), messages=[{"role": "user", "content": [
    text("What is it?"), IMAGE, {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}]}])
messages("large image", Answer(message(text("a photo"))), messages=[{"role": "user", "content": [
    text("What is it?"), {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": LARGE}}]}])
messages("documents", Answer(message({**text("It says so."), "citations": [
    {"type": "char_location", "cited_text": "so", "document_index": 0, "document_title": "A", "start_char_index": 0, "end_char_index": 2}]})), messages=[
        {"role": "user", "content": [{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "so"}, "title": "A"}, text("What?")]}])
messages("thinking", Answer(message(THINKING, {"type": "redacted_thinking", "data": "ZGF0YQ=="}, text("30"), usage={
    **MESSAGES_USAGE, "output_tokens_details": {"thinking_tokens": 16}})), thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=2000, messages=[
        {"role": "user", "content": "Paris?"}, {"role": "assistant", "content": [THINKING, {"type": "redacted_thinking", "data": "ZGF0YQ=="}, text("30")]},
        {"role": "user", "content": "Sure?"}])
messages("tools of the provider", Answer(message(
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "Paris"}},
    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [
        {"type": "web_search_result", "url": "https://example.com", "title": "Paris", "encrypted_content": "abc", "page_age": None}]},
    text("30"), use_of_tool("toolu_a", "Paris"), reason="tool_use", usage={**MESSAGES_USAGE, "server_tool_use": {"web_search_requests": 1}})),
         tools=[{"type": "web_search_20250305", "name": "web_search"}])
messages("stream", Answer(streamed(*block(0, text(""), *PIECES)), headers={"request-id": "req_1"}), stream=True, use=drained)
messages("stream with tools and thinking", Answer(streamed(
    *block(0, {"type": "thinking", "thinking": "", "signature": ""}, {"type": "thinking_delta", "thinking": "Let me"},
           {"type": "thinking_delta", "thinking": " see."},
           {"type": "signature_delta", "signature": "c2ln"}),
    *block(1, {"type": "tool_use", "id": "toolu_a", "name": "get_weather", "input": {}}, {"type": "input_json_delta", "partial_json": ""},
           {"type": "input_json_delta", "partial_json": '{"city":'}, {"type": "input_json_delta", "partial_json": '"Paris"}'}),
    *block(2, {"type": "tool_use", "id": "toolu_b", "name": "get_time", "input": {}}), reason="tool_use")), stream=True, tools=MESSAGES_TOOLS, use=drained)
messages("failed, 429", Answer('{"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}, "request_id": "req_1"}',
         status=429, headers={"request-id": "req_1"}))
messages("stream that reports an error", Answer(streamed(*block(0, text(""), *PIECES),
         {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, end=False), fails=True),
         stream=True, use=drained)
messages("stream broken off", Answer(streamed(*block(0, text(""), *PIECES), end=False), broken=True), stream=True, use=drained)
messages("stream left", Answer(streamed(*block(0, text(""), *PIECES))), stream=True, use=lambda stream: left(stream, 3))


def by_helper(client):
    with client.messages.stream(model="claude-sonnet-4-5", max_tokens=100, messages=[{"role": "user", "content": "Paris?"}]) as stream:
        drained(stream)


CALLS.append(("messages: stream by the SDK's helper", anthropic_sdk, by_helper, Answer(streamed(*block(0, text(""), *PIECES)))))
