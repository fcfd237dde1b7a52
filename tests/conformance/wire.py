#!/usr/bin/env python3
"""wire.py: every format that aimock serves, streamed and not, however the bytes are cut: the span says what the model was asked
and what it answered; so it does where the answer is an error, garbled, broken off or given up; and the wire carried what the
program sent. aimock can't do OpenAI's completions (but for an error), embeddings in base64, a Gemini stream as a JSON array,
several embeddings in one request to Gemini, Ollama's list of embeddings and its "thinking", nor an error inside a stream."""
import json
import re
import sys
from typing import Callable, NamedTuple, Optional

from tools import aimock

TOOL = {"name": "get_weather", "description": "The weather of a city"}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
OPENAI_TOOLS = [{"type": "function", "function": {**TOOL, "parameters": SCHEMA}}]
CALLS = [{"id": "call_a", "name": "get_weather", "arguments": '{"city":"Paris"}'}, {"id": "call_b", "name": "get_weather", "arguments": '{"city":"Rome"}'}]
USAGE = {"prompt_tokens": 120, "completion_tokens": 48, "total_tokens": 168, "input_tokens": 120, "output_tokens": 48, "promptTokenCount": 120,
         "candidatesTokenCount": 48, "totalTokenCount": 168}
TEXT = "It is \u4e09\u5341 degrees in Paris, \u00e9l\u00e9gant \U0001f600."
THOUGHT = "Paris is in the north."
LONG = " ".join(["It is warm in Paris today."] * 8)
VECTOR = [0.5, 0.25, -1]
ERRORS = {"limit": (429, "rate_limit_error", "slow down"), "down": (500, "server_error", "it broke")}
MODEL = "some-model-1"
# The text that a request asks with, and what comes of it.
ANSWERS = {
    "say": {"response": {"content": TEXT, "usage": USAGE}},
    "tools": {"response": {"toolCalls": CALLS, "usage": USAGE}},
    "think": {"response": {"content": TEXT, "reasoning": THOUGHT, "usage": USAGE}, "openRouterProcessing": True},
    "embed": {"response": {"embedding": VECTOR}},
    **{text: {"response": {"error": {"message": message, "type": kind}, "status": status}} for text, (status, kind, message) in ERRORS.items()},
    "unanswered": {"response": {"content": TEXT}, "chaos": {"disconnectRate": 1}},
    "garbled": {"response": {"content": TEXT}, "chaos": {"malformedRate": 1}},
    "lengthy": {"response": {"content": LONG}, "chunkSize": 8},
    # The pause lets what was written leave before the connection is gone.
    "broken": {"response": {"content": LONG}, "chunkSize": 8, "truncateAfterChunks": 8, "latency": 10},
}
FIXTURES = [{"match": {of: text}, **answer} for text, answer in ANSWERS.items() for of in ("userMessage", "inputText")]


def openai_chat(text, stream):
    return "/v1/chat/completions", {"model": MODEL, "messages": [{"role": "user", "content": text}], "tools": OPENAI_TOOLS,
                                    **({"stream": True, "stream_options": {"include_usage": True}} if stream else {})}


def azure_chat(text, stream):
    path, body = openai_chat(text, stream)
    return f"/openai/deployments/{body.pop('model')}{path[3:]}?api-version=2024-10-21&api-key=not-to-be-recorded", body


def openrouter_chat(text, stream):
    path, body = openai_chat(text, stream)
    return f"/api{path}", body


def openai_responses(text, stream):
    return "/v1/responses", {"model": MODEL, "input": [{"role": "user", "content": text}], "stream": stream,
                             "tools": [{"type": "function", **TOOL, "parameters": SCHEMA}]}


def openai_completions(text, stream):
    return "/v1/completions", {"model": MODEL, "prompt": text, "stream": stream}


def anthropic(text, stream):
    return "/v1/messages", {"model": MODEL, "max_tokens": 100, "messages": [{"role": "user", "content": text}], "stream": stream,
                            "tools": [{**TOOL, "input_schema": SCHEMA}]}


def gemini(text, stream):
    verb = "streamGenerateContent?alt=sse&" if stream else "generateContent?"
    return f"/v1beta/models/{MODEL}:{verb}key=not-to-be-recorded", {
        "contents": [{"role": "user", "parts": [{"text": text}]}], "tools": [{"functionDeclarations": [{**TOOL, "parameters": SCHEMA}]}]}


def vertex(text, stream):
    path, body = gemini(text, stream)
    return f"/v1/projects/p/locations/l/publishers/google{path[7:]}", body


def ollama_chat(text, stream):
    return "/api/chat", {"model": MODEL, "messages": [{"role": "user", "content": text}], "stream": stream, "tools": OPENAI_TOOLS}


def ollama_generate(text, stream):
    return "/api/generate", {"model": MODEL, "prompt": text, "stream": stream}


def openai_embeddings(text, _):
    return "/v1/embeddings", {"model": MODEL, "input": text, "encoding_format": "float"}


def azure_embeddings(text, _):
    return f"/openai/deployments/{MODEL}/embeddings?api-version=2024-10-21", {"input": [text]}


def gemini_embeddings(text, _):
    return f"/v1beta/models/{MODEL}:embedContent?key=not-to-be-recorded", {"content": {"parts": [{"text": text}]}}


def ollama_embeddings(text, _):
    return "/api/embed", {"model": MODEL, "input": [text]}


def ollama_old_embeddings(text, _):
    return "/api/embeddings", {"model": MODEL, "prompt": text}


class Format(NamedTuple):
    make: Callable  # of a text, and whether the answer is to be a stream: path and body
    name: str  # of the span
    stop: Optional[str] = None  # aimock's reason for the end of a text
    called: Optional[str] = None  # and of calls, where it isn't the provider's
    streamed: Optional[str] = None  # the span's name, where a stream has one of its own
    tokens: tuple = (120, 48, 168)
    lacks: tuple = ()
    kind: str = "LLM"


def embedding(make, tokens):
    return Format(make, "CreateEmbeddings", tokens=tokens, lacks=("streams", "tools"), kind="EMBEDDING")


CHATS = [
    Format(openai_chat, "ChatCompletion", "stop", "tool_calls"),
    Format(azure_chat, "ChatCompletion", "stop", "tool_calls"),
    Format(openrouter_chat, "ChatCompletion", "stop", "tool_calls", lacks=("types of errors",)),  # with comments in its streams
    Format(openai_responses, "Response"),
    Format(anthropic, "messages.create", "end_turn", "tool_use", "messages.stream"),
    Format(gemini, "GenerateContent", "STOP", "FUNCTION_CALL", "GenerateContentStream"),  # the provider's is STOP
    Format(vertex, "GenerateContent", "STOP", "FUNCTION_CALL", "GenerateContentStream"),
    Format(ollama_chat, "Chat", "stop", "stop", tokens=(0, 0, 0), lacks=("ids", "thoughts")),  # aimock counts nothing for Ollama
    Format(ollama_generate, "Generate", "stop", tokens=(0, 0, 0), lacks=("tools", "thoughts")),
]
EMBEDDINGS = [
    embedding(openai_embeddings, (0, None, 0)),  # whatever the fixture says
    embedding(azure_embeddings, (0, None, 0)),
    embedding(gemini_embeddings, (None, None, None)),
    embedding(ollama_embeddings, (None, None, None)),
    embedding(ollama_old_embeddings, (None, None, None)),
]
COMPLETIONS = Format(openai_completions, "Completion", lacks=("tools", "messages"))  # aimock has no such route
OUTPUT = r"output_messages\.\d+"
# The texts that chats complete, and what a format must have for them.
NEEDED = {"say": None, "tools": "tools", "think": "thoughts"}
# What only an answer can have brought.
FROM_ANSWER = re.compile(r"llm\.(output_messages|choices|token_count|finish_reason).*|embedding\..*\.vector")

failed = []


def check(where, good, *what):
    if not good:
        failed.append(f"{where}: {' '.join(str(one) for one in what)}")


class Case(NamedTuple):
    """A request, and what its span is asked for: judge(where, case, span, answer)."""
    of: Format
    text: str
    judge: Callable
    stream: bool = False
    cut: int = 0
    stop_after: int = 0

    def where(self):
        return f"{self.of.make.__name__} {self.text}{' streamed' if self.stream else ''} cut {self.cut}"

    def body(self):
        return json.dumps(self.of.make(self.text, self.stream)[1], ensure_ascii=False, indent=1)  # with spaces, which are to stay

    def request(self, port):
        return {"port": port, "path": self.of.make(self.text, self.stream)[0], "body": self.body(), "cut": self.cut, "stop_after": self.stop_after,
                "headers": {"Content-Type": "application/json", "Authorization": "Bearer not-to-be-recorded", "x-api-key": "not-to-be-recorded"}}


def from_answer(attributes):
    return {key: value for key, value in attributes.items() if FROM_ANSWER.fullmatch(key)}


def texts(attributes, messages, thoughts=False):
    """All text of the messages, or what was thought on the way, which has a type."""
    def found():
        for key, value in sorted(attributes.items()):
            part = re.fullmatch(rf"llm\.{messages}\.message\.content(s\.\d+\.message_content\.text)?", key)
            if part and (attributes.get(key[:-4] + "type") == "reasoning") == thoughts:
                yield value
    return "".join(found())


def calls_of(attributes):
    """Name, arguments and id of each."""
    for key in sorted(attributes):
        if re.fullmatch(r"llm\.output_messages\.\d+\.message\.tool_calls\.\d+\.tool_call\.function\.name", key):
            start = key[:-len("function.name")]
            yield attributes[key], json.loads(attributes[start + "function.arguments"]), attributes.get(start + "id")


def is_asked(where, case, span, answer):
    """What the request alone says is there, however it ended."""
    a, of = span["attributes"], case.of
    check(where, span["name"] == (case.stream and of.streamed or of.name), "name", span["name"])
    check(where, a.get("openinference.span.kind") == of.kind, "kind", a)
    check(where, a.get("input.value") == case.body(), "input.value", a.get("input.value"))
    check(where, "not-to-be-recorded" not in json.dumps(span), "a secret was recorded")
    check(where, ("http.response.header.x-request-id" in a) == (answer["status"] != 0), "id of the request", a)
    complete = span["status"] == "OK" or answer["status"] >= 400
    check(where, a.get("http.response.status_code") == (answer["status"] if complete else None), "status", a.get("http.response.status_code"))
    if of.kind == "EMBEDDING":
        check(where, a.get("embedding.model_name") == MODEL, "model", a.get("embedding.model_name"))
        check(where, a.get("embedding.embeddings.0.embedding.text") == case.text, "text", a)
        return
    check(where, a.get("llm.model_name") == MODEL, "model", a.get("llm.model_name"))
    check(where, "messages" in of.lacks or texts(a, "input_messages.0") == case.text, "input", texts(a, "input_messages.0"))
    check(where, "tools" in of.lacks or "get_weather" in a.get("llm.tools.0.tool.json_schema", ""), "tools", a)


def is_complete(where, case, span, answer):
    a, of = span["attributes"], case.of
    check(where, span["status"] == "OK", span["status"], span["message"])
    check(where, tuple(a.get(f"llm.token_count.{one}") for one in ("prompt", "completion", "total")) == of.tokens,
          "tokens", {k: v for k, v in a.items() if "token_count" in k})
    if case.stream:
        check(where, json.loads(a.get("output.value", "null")), "output.value", a.get("output.value"))
        check(where, "First Token Stream Event" in span["events"] and "gen_ai.response.time_to_first_chunk" in a, "time to the first token", span)
    else:
        check(where, a.get("output.value") == answer["body"], "output.value", a.get("output.value"))
    if of.kind == "EMBEDDING":
        check(where, a.get("embedding.embeddings.0.embedding.vector") == VECTOR, "vector", a)
    elif case.text != "tools":
        check(where, texts(a, OUTPUT) == TEXT, "output", texts(a, OUTPUT))
        check(where, texts(a, OUTPUT, True) == (THOUGHT if case.text == "think" else ""), "thoughts", texts(a, OUTPUT, True))
        check(where, a.get("llm.finish_reason") == of.stop, "finish reason", a.get("llm.finish_reason"))
    else:
        wanted = [(c["name"], json.loads(c["arguments"]), None if "ids" in of.lacks else c["id"]) for c in CALLS]
        check(where, list(calls_of(a)) == wanted, "calls", list(calls_of(a)))
        check(where, a.get("llm.finish_reason") == of.called, "finish reason", a.get("llm.finish_reason"))


def is_refused(where, case, span, answer):
    status, kind, message = ERRORS.get(case.text, (404, "not_found", "Not found"))
    check(where, answer["status"] == status, "the server's", answer["status"])
    wanted = f"HTTP {status}: " + (message if "types of errors" in case.of.lacks else f"{kind}: {message}")
    check(where, span["status"] == "ERROR" and span["message"] == wanted, span["status"], span["message"])
    check(where, span["attributes"].get("output.value") == answer["body"], "output.value", span["attributes"].get("output.value"))
    check(where, not from_answer(span["attributes"]), "invented:", from_answer(span["attributes"]))


def is_garbled(where, case, span, answer):
    check(where, span["status"] == "OK", span["status"], span["message"])
    check(where, answer["body"] and span["attributes"].get("output.value") == answer["body"], "raw output", span["attributes"].get("output.value"))
    check(where, not from_answer(span["attributes"]), "invented:", from_answer(span["attributes"]))


def is_unanswered(where, case, span, answer):
    check(where, span["status"] == "ERROR" and span["message"].startswith("connection: "), span["status"], span["message"])
    check(where, "output.value" not in span["attributes"] and not from_answer(span["attributes"]), "invented:", span["attributes"])


def has_beginning(where, span):
    """What came of the text, and no more."""
    text = texts(span["attributes"], OUTPUT)
    check(where, text and text != LONG and LONG.startswith(text), "output", text)
    check(where, json.loads(span["attributes"].get("output.value", "null")), "output.value", span["attributes"].get("output.value"))


def is_broken_off(where, case, span, answer):
    check(where, span["status"] == "ERROR" and span["message"].startswith("connection: "), span["status"], span["message"])
    has_beginning(where, span)


def is_given_up(where, case, span, answer):
    check(where, span["status"] == "UNSET" and span["message"] == "", span["status"], span["message"])
    has_beginning(where, span)


def complete_cases():
    for of in CHATS + EMBEDDINGS:
        ways = [(False, 0), (False, 7)] + [(True, cut) for cut in (0, 1, 13) if "streams" not in of.lacks]
        for text in ["embed"] if of.kind == "EMBEDDING" else [one for one, needed in NEEDED.items() if needed not in of.lacks]:
            yield from (Case(of, text, is_complete, *way) for way in ways)
        for stream in (False, True)[:1 if "streams" in of.lacks else 2]:
            yield from (Case(of, text, is_refused, stream, 7) for text in ERRORS)
            yield Case(of, "garbled", is_garbled, stream)


def other_cases():
    for of in CHATS + EMBEDDINGS:
        yield Case(of, "unanswered", is_unanswered, "streams" not in of.lacks)
    for of in CHATS:
        yield Case(of, "broken", is_broken_off, True)
        yield Case(of, "lengthy", is_given_up, True, 1, 1400)
    yield Case(COMPLETIONS, "say", is_refused)  # which isn't in the journal


def is_carried(where, case, request, entry):
    """What aimock's journal has of a request: headers, the body's length, and the body, in OpenAI's form whatever the format."""
    check(where, entry["path"] == request["path"], "path", entry["path"])
    added = set(entry["headers"]) - {"host", "user-agent", "accept", "connection", "content-type", "content-length", "authorization", "x-api-key", "x-request-id"}
    check(where, not added, "headers that the program didn't send:", added)
    check(where, entry["headers"]["content-length"] == str(len(request["body"].encode())), "length", entry["headers"])
    body = {key: value for key, value in entry["body"].items() if not key.startswith("_")}
    if case.of.name == "ChatCompletion":
        check(where, body == {"model": MODEL, **json.loads(request["body"])}, "body", body)
    elif case.of.kind == "EMBEDDING":
        check(where, (body["model"], body["embeddingInput"]) == (MODEL, case.text), "body", body)
    else:
        tools = None if "tools" in case.of.lacks else OPENAI_TOOLS
        check(where, (body["model"], body["messages"], body.get("tools"), body.get("stream")) ==
              (MODEL, [{"role": "user", "content": case.text}], tools, case.stream), "body", body)


def run(build, server, cases):
    requests = [case.request(server.port) for case in cases]
    for case, answer in zip(cases, aimock.call(build, requests)):
        where = case.where()
        check(where, len(answer["spans"]) == 1, f"{len(answer['spans'])} spans")
        for span in answer["spans"]:
            is_asked(where, case, span, answer)
            case.judge(where, case, span, answer)
    return requests


def main(build):
    with aimock.serve(build, FIXTURES) as server:
        cases = list(complete_cases())
        requests, journal = run(build, server, cases), server.journal()
        check("journal", len(journal) == len(cases), len(journal), "requests of", len(cases))
        for case, request, entry in zip(cases, requests, journal):
            is_carried(case.where(), case, request, entry)
        cases += other_cases()
        run(build, server, cases[len(requests):])
    print(f"{len(cases)} requests in {len(CHATS + EMBEDDINGS)} formats")
    for line in failed[:40]:
        print(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
