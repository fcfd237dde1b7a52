#!/usr/bin/env python3
"""agent_loop.py: examples/agent_loop.cpp against aimock, which asks for a tool twice before it answers: one trace, each call of the
model and of the tool a child of the agent, with what went over the wire. The wire carries the trace to hosts that are named only."""
import json
import sys

from tools import aimock, official, sending
from tools.official import depth_first, plain

QUESTION, ANSWER = "Where is it warmer, in Paris or in Rome?", "Rome: 27 against 19 degrees."
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
ROUNDS = [("call_1", {"city": "Paris"}, {"degrees": 19}), ("call_2", {"city": "Rome"}, {"degrees": 27})]


def fixtures():
    """By the last result of a tool; before any, by the question."""
    matches = [{"userMessage": QUESTION}] + [{"toolCallId": call} for call, _, _ in ROUNDS]
    answers = [{"toolCalls": [{"id": call, "name": "get_weather", "arguments": json.dumps(arguments)}]} for call, arguments, _ in ROUNDS] + [{"content": ANSWER}]
    found = [{"match": match, "response": {**answer, "usage": {"prompt_tokens": 100 + n, "completion_tokens": 10, "total_tokens": 110 + n}}}
             for n, (match, answer) in enumerate(zip(matches, answers))]
    return found[::-1]  # the first that matches counts, and the question stays


def conversation(attributes, prefix, n):
    """What a message says, of what this agent's messages have."""
    start = f"{prefix}.{n}.message."
    call = start + "tool_calls.0.tool_call."
    return {name: attributes.get(key) for name, key in
            (("role", start + "role"), ("content", start + "content"), ("answers", start + "tool_call_id"), ("id", call + "id"),
             ("arguments", call + "function.arguments"), ("name", call + "function.name")) if key in attributes}


def wanted_messages():
    """All of the last request, then the answer."""
    yield {"role": "user", "content": QUESTION}
    for call, arguments, result in ROUNDS:
        yield {"role": "assistant", "id": call, "name": "get_weather", "arguments": arguments}
        yield {"role": "tool", "answers": call, "content": result}
    yield {"role": "assistant", "content": ANSWER}


def said(message):
    """With JSON as what it says."""
    return {key: json.loads(value) if value[:1] == "{" else value for key, value in message.items()}


def problems(spans, journal, propagates):
    trees = [path for path, _ in spans]
    agent = "/warmer"
    order = [agent] + [f"{agent}/{name}" for name in ("ChatCompletion", "get_weather") * len(ROUNDS) + ("ChatCompletion",)]
    if trees != order:
        return [f"{trees} in place of {order}"]
    if len({span.trace_id for _, span in spans}) != 1:
        return ["several traces"]
    found = []

    def check(where, attributes, **wanted):
        for key, value in wanted.items():
            got = attributes.get(key.replace("__", "."))
            if got != value:
                found.append(f"{where}: {key.replace('__', '.')} is {got!r} in place of {value!r}")

    every = [{pair.key: plain(pair.value) for pair in span.attributes} for _, span in spans]
    messages = list(wanted_messages())
    for where, (_, span) in zip(trees, spans):
        if span.status.code != 1 or span.status.message:
            found.append(f"{where}: status {span.status}")
    check("agent", every[0], openinference__span__kind="AGENT", input__value=QUESTION, output__value=ANSWER)
    for n, (a, (_, span), entry) in enumerate(zip(every[1::2], spans[1::2], journal)):
        where, last = f"call {n} of the model", n == len(ROUNDS)
        check(where, a, openinference__span__kind="LLM", llm__model_name="gpt-4o", llm__system="openai", http__response__status_code=200,
              llm__finish_reason="stop" if last else "tool_calls", llm__token_count__prompt=100 + n, llm__token_count__total=110 + n)
        got = [said(conversation(a, "llm.input_messages", k)) for k in range(2 * n + 2)]
        if got != messages[:2 * n + 1] + [{}]:
            found.append(f"{where}: the input is {got}")
        got = said(conversation(a, "llm.output_messages", 0))
        if got != messages[2 * n + 1]:
            found.append(f"{where}: the output is {got}")
        if json.loads(a["llm.tools.0.tool.json_schema"])["function"]["parameters"] != SCHEMA:
            found.append(f"{where}: {a['llm.tools.0.tool.json_schema']}")
        # aimock adds members of its own.
        carried = {key: value for key, value in entry["body"].items() if not key.startswith("_")}
        if carried != json.loads(a["input.value"]) or entry["headers"]["content-length"] != str(len(a["input.value"].encode())):
            found.append(f"{where}: the wire carried {carried}, the span has {a['input.value']}")
        traceparent = f"00-{span.trace_id.hex()}-{span.span_id.hex()}-03" if propagates else None  # sampled, of random ids
        if entry["headers"].get("traceparent") != traceparent:
            found.append(f"{where}: the wire carried traceparent {entry['headers'].get('traceparent')} in place of {traceparent}")
    for (_, arguments, result), a in zip(ROUNDS, every[2::2]):
        check(f"tool for {arguments}", {key: json.loads(value) if str(value)[:1] == "{" else value for key, value in a.items()},
              openinference__span__kind="TOOL", tool__name="get_weather", tool__description="The weather of a city", tool__parameters=SCHEMA,
              input__value=arguments, output__value=result)
    if len(journal) != len(ROUNDS) + 1:
        found.append(f"{len(journal)} requests")
    return found


def run(build, propagate_to):
    with aimock.serve(build, fixtures()) as server, sending.serve() as (url, requests):
        printed = sending.run(f"{build}/examples/agent_loop", url, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=url + sending.PATHS["engine"],
                              OPENAI_BASE_URL=f"http://127.0.0.1:{server.port}/v1", OPENAI_API_KEY="not-to-be-recorded", OPENAI_MODEL="gpt-4o",
                              ARTHUR_PROPAGATE_TO=propagate_to)
        journal = server.journal()
    yield from problems(depth_first(official.spans(map(official.decode, requests))), journal, propagate_to != "")
    if printed != f"answer: {ANSWER}\n":
        yield f"the program printed {printed!r}"
    if any(b"not-to-be-recorded" in request.body for request in requests):
        yield "the key was recorded"


def main(build):
    failed = [f"propagate_to {to!r}: {line}" for to in ("", "127.0.0.1") for line in run(build, to)]
    print(f"2 runs of {len(ROUNDS)} rounds of tools")
    for line in failed:
        print(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
