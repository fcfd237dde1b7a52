#!/usr/bin/env python3
"""wire.py: OpenAI, Azure and Anthropic against aimock, streamed and not, however the bytes are cut: the span says what the model was asked and
what it answered; errors, broken and abandoned answers; and what the wire carried is what the program sent."""
import json
import sys

from tools import aimock

TOOLS = [{"name": "get_weather", "description": "The weather of a city",
          "schema": {"type": "object", "properties": {"city": {"type": "string"}}}}]
CALLS = [{"id": "call_a", "name": "get_weather", "arguments": '{"city":"Paris"}'}, {"id": "call_b", "name": "get_weather", "arguments": '{"city":"Rome"}'}]
USAGE = {"prompt_tokens": 120, "completion_tokens": 48, "total_tokens": 168, "input_tokens": 120, "output_tokens": 48, "promptTokenCount": 120,
         "candidatesTokenCount": 48, "totalTokenCount": 168}
TEXT = "It is \u4e09\u5341 degrees in Paris, \u00e9l\u00e9gant \U0001f600."
FIXTURES = [
    {"match": {"userMessage": "say"}, "response": {"content": TEXT, "usage": USAGE}},
    {"match": {"userMessage": "tools"}, "response": {"toolCalls": CALLS, "usage": USAGE}},
    {"match": {"userMessage": "limit"}, "response": {"error": {"message": "slow down", "type": "rate_limit_error"}, "status": 429}},
    {"match": {"userMessage": "down"}, "response": {"error": {"message": "it broke", "type": "server_error"}, "status": 500}},
    {"match": {"userMessage": "cut"}, "response": {"content": TEXT}, "chaos": {"disconnectRate": 1}},
    {"match": {"userMessage": "garbled"}, "response": {"content": TEXT}, "chaos": {"malformedRate": 1}},
    {"match": {"inputText": "embed me"}, "response": {"embedding": [0.5, 0.25, -1]}},
]
MODEL = "some-model-1"


def openai_chat(text, stream):
    return "/v1/chat/completions", {
        "model": MODEL, "messages": [{"role": "user", "content": text}],
        "tools": [{"type": "function", "function": {"name": t["name"], "description": t["description"], "parameters": t["schema"]}} for t in TOOLS],
        **({"stream": True, "stream_options": {"include_usage": True}} if stream else {})}


def azure_chat(text, stream):
    path, body = openai_chat(text, stream)
    return f"/openai/deployments/{body.pop('model')}{path[3:]}?api-version=2024-10-21", body


def openai_responses(text, stream):
    return "/v1/responses", {"model": MODEL, "input": [{"role": "user", "content": text}], "stream": stream,
                             "tools": [{"type": "function", "name": t["name"], "description": t["description"], "parameters": t["schema"]} for t in TOOLS]}


def anthropic(text, stream):
    return "/v1/messages", {"model": MODEL, "max_tokens": 100, "messages": [{"role": "user", "content": text}], "stream": stream,
                            "tools": [{"name": t["name"], "description": t["description"], "input_schema": t["schema"]} for t in TOOLS]}


STREAMED_NAMES = {"messages.create": "messages.stream"}
# dialect, the span's name, the reasons for the end of a text and of calls (aimock's, where it isn't like the real one), what it can't do
DIALECTS = [
    (openai_chat, "ChatCompletion", "stop", "tool_calls", ()),
    (azure_chat, "ChatCompletion", "stop", "tool_calls", ()),
    (openai_responses, "Response", None, None, ()),
    (anthropic, "messages.create", "end_turn", "tool_use", ()),
]

failed = []


def check(where, good, *what):
    if not good:
        failed.append(f"{where}: {' '.join(str(one) for one in what)}")


def requests_for(port, make, text):
    """Both ways of the request, the streamed one cut in different ways."""
    for stream, cut in ((False, 0), (False, 7), (True, 0), (True, 1), (True, 13)):
        path, body = make(text, stream)
        # What is sent has members in an order of its own, and spaces.
        yield f"{make.__name__} {text}{' streamed' if stream else ''} cut {cut}", \
            {"port": port, "path": path, "cut": cut, "body": json.dumps(body, ensure_ascii=False, indent=1),
             "headers": {"Content-Type": "application/json", "Authorization": "Bearer not-to-be-recorded", "x-api-key": "not-to-be-recorded"}}


def contents(attributes, message):
    """All texts of a message."""
    return [value for key, value in sorted(attributes.items())
            if key == f"{message}.message.content" or (key.startswith(f"{message}.message.contents.") and key.endswith(".message_content.text"))]


def calls_of(attributes):
    prefix = "llm.output_messages."
    names = sorted(key for key in attributes if key.startswith(prefix) and ".message.tool_calls." in key and key.endswith(".tool_call.function.name"))
    for key in names:
        start = key[:-len("function.name")]
        yield attributes[key], json.loads(attributes[start + "function.arguments"]), attributes.get(start + "id")


def only_span(where, answer):
    check(where, len(answer["spans"]) == 1, f"{len(answer['spans'])} spans")
    return answer["spans"][0] if answer["spans"] else None


def check_complete(where, dialect, request, answer):
    _, _, stop, called, lacks = dialect
    span = only_span(where, answer)
    if span is None:
        return
    a = span["attributes"]
    check(where, span["status"] == "OK", span["status"], span["message"])
    check(where, a.get("openinference.span.kind") == "LLM", a)
    check(where, a.get("llm.model_name") == MODEL, "model", a.get("llm.model_name"))
    check(where, a.get("http.response.status_code") == 200, "status", a.get("http.response.status_code"))
    check(where, a.get("input.value") == request["body"], "input.value", a.get("input.value"))
    check(where, [a.get(f"llm.token_count.{of}") for of in ("prompt", "completion", "total")] == [120, 48, 168],
          "tokens", {k: v for k, v in a.items() if "token_count" in k})
    check(where, json.loads(a.get("output.value", "null")) is not None, "output.value")
    text = "say" if " say" in where else "tools"
    if "messages" not in lacks:
        check(where, contents(a, "llm.input_messages.0") == [text], "input message", contents(a, "llm.input_messages.0"))
        check(where, "get_weather" in a.get("llm.tools.0.tool.json_schema", ""), "tools")
    if text == "say":
        if "messages" not in lacks:
            check(where, TEXT in "".join(contents(a, "llm.output_messages.0")), "output", contents(a, "llm.output_messages.0"))
        check(where, a.get("llm.finish_reason") == stop, "finish reason", a.get("llm.finish_reason"))
    elif "tools" not in lacks:
        got, wanted = list(calls_of(a)), [(c["name"], json.loads(c["arguments"]), c["id"]) for c in CALLS]
        check(where, [g[:2] for g in got] == [w[:2] for w in wanted], "calls", got)
        check(where, "ids of calls" in lacks or [g[2] for g in got] == [w[2] for w in wanted], "ids of calls", got)
        check(where, a.get("llm.finish_reason") == called, "finish reason", a.get("llm.finish_reason"))
    if "streamed" in where:
        check(where, "llm.time_to_first_token_ms" in a or "First Token Stream Event" in span["events"], "time to the first token", span["events"])


def check_error(where, answer, status, message):
    span = only_span(where, answer)
    if span is None:
        return
    check(where, answer["status"] == status, "the server's", answer["status"])
    check(where, span["status"] == "ERROR" and span["message"].startswith(f"HTTP {status}") and message in span["message"], span["status"], span["message"])
    check(where, span["attributes"].get("llm.model_name") == MODEL, "a failed call keeps its model")
    check(where, message in span["attributes"].get("output.value", ""), "output.value")


def main(build):
    with aimock.serve(build, FIXTURES) as server:
        named, judges = [], []
        for dialect in DIALECTS:
            make, _, _, _, lacks = dialect
            for text in ("say", "tools"):
                if text == "tools" and "tools" in lacks:
                    continue
                for where, request in requests_for(server.port, make, text):
                    named.append((where, request))
                    judges.append(lambda w, r, a, d=dialect: check_complete(w, d, r, a))
            for text, status, message in (("limit", 429, "slow down"), ("down", 500, "it broke")):
                where, request = list(requests_for(server.port, make, text))[2]
                named.append((where, request))
                judges.append(lambda w, r, a, s=status, m=message: check_error(w, a, s, m))
        answers = aimock.call(build, [request for _, request in named])
        for (where, request), judge, answer in zip(named, judges, answers):
            judge(where, request, answer)
            check(where, "not-to-be-recorded" not in json.dumps(answer["spans"]), "a secret was recorded")
            for span in answer["spans"]:
                name = next(d[1] for d in DIALECTS if where.startswith(d[0].__name__ + " "))
                check(where, span["name"] == (STREAMED_NAMES.get(name, name) if "streamed" in where else name), "name", span["name"])

        # What the wire carried.
        journal = server.journal()
        check("journal", len(journal) == len(named), len(journal), "requests of", len(named))
        for (where, request), entry in zip(named, journal):
            check(where, entry["path"].split("?")[0] == request["path"].split("?")[0], "path", entry["path"])
            added = set(entry["headers"]) - {"host", "user-agent", "accept", "connection", "content-type", "content-length", "authorization", "x-api-key", "x-request-id"}
            check(where, not added, "headers that the program didn't send:", added)
            check(where, entry["headers"]["content-length"] == str(len(request["body"].encode())), "length", entry["headers"])

        # Broken off and abandoned: the span ends all the same, with what came.
        cases = []
        for make, *_ in DIALECTS:
            where, request = list(requests_for(server.port, make, "cut"))[2]
            cases.append((where, request, lambda w, s: check(w, s["status"] == "ERROR" and s["message"].startswith("connection: "), s["status"], s["message"])))
            where, request = list(requests_for(server.port, make, "garbled"))[0]
            cases.append((where, request, lambda w, s: check(w, s["attributes"].get("output.value"), "raw output", s)))
            where, request = list(requests_for(server.port, make, "say"))[3]
            cases.append((where + " abandoned", {**request, "stop_after": 300}, lambda w, s: check(w, s["status"] == "UNSET" and s["attributes"].get("output.value"), s["status"], s["message"])))
        for (where, _, judge), answer in zip(cases, aimock.call(build, [request for _, request, _ in cases])):
            span = only_span(where, answer)
            if span is not None:
                judge(where, span)
                check(where, span["attributes"].get("llm.model_name") == MODEL, "model")
    print(f"{len(named) + len(cases)} requests in {len(DIALECTS)} dialects")
    for line in failed[:40]:
        print(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
