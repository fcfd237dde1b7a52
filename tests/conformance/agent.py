#!/usr/bin/env python3
"""agent.py: the agent of examples/agent_tree.cpp, recorded by OpenInference's Python package. The two trees are the same,
attribute by attribute, but for the differences that are listed here."""
import contextlib
import json
import re
import sys

from openinference.instrumentation import (OITracer, TraceConfig, TracerProvider, get_evaluation_attributes, get_llm_attributes,
                                           get_reranker_attributes, get_retriever_attributes, using_attributes)
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode, get_current_span

from tools import engine, official, sending
from tools.official import depth_first, plain

# Attributes that only one side writes: regular expression of "kind key=value", and why.
ONLY_OURS = {
    r"\w+ code\.(function\.name|file\.path|line\.number)=.*": "the call site comes for free",
}
ONLY_THEIRS = {
    r"\w+ (input|output)\.mime_type=text/plain": "what OpenInference takes a value for that has no mime type",
}
# Attributes of an exception's event that both write in their own way, or Python only.
IN_EVENTS = {
    "exception.type": "the type is the language's own",
    "exception.stacktrace": "so is the stack, and it is there only where the platform offers it",
    "exception.escaped": "deprecated; OpenTelemetry's Python writes the text 'False' although it left the span",
}
# Whole attributes that an endpoint other than the engine gets from Python only.
ONLY_THEIRS_ELSEWHERE = {r"RETRIEVER output\.(value|mime_type)=.*": "for the engine's display; elsewhere documents are sent once"}
# Texts that are JSON: what they say counts.
JSON = re.compile(r"metadata|llm\.invocation_parameters|tool\.parameters|.*(json_schema|arguments|\.metadata)|(input|output)\.value|gen_ai\..*")

QUESTION, REPLY = "Do I need an umbrella in Paris?", "Yes, carry an umbrella: rain until 18:00."
RAIN = {"content": "Rain means umbrella.", "id": "doc-7", "score": 0.83}
PARIS = {"content": "Paris is in France.", "id": "doc-2", "score": 0.5}
WANTED = {"city": "Paris"}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
OFFERED = {"type": "function", "function": {"name": "get_weather", "description": "The weather now.", "parameters": {"type": "object"}}}
CALLING = {"role": "assistant", "content": "Let me look.",
           "tool_calls": [{"id": "call_1", "function": {"name": "get_weather", "arguments": json.dumps(WANTED)}}]}


def record(tracer):
    @tracer.retriever(name="kb.search")
    def retrieve(question):
        documents = [{**RAIN, "metadata": {"page": 3}}, PARIS]
        get_current_span().set_attributes(get_retriever_attributes(documents=documents))
        return documents

    @tracer.chain(name="prepare")
    def prepare(question):
        retrieve(question)
        with tracer.start_as_current_span("rerank", openinference_span_kind="reranker", attributes=get_reranker_attributes(
                query=question, model_name="rerank-3", input_documents=[RAIN, PARIS], output_documents=[{**RAIN, "score": 0.97}],
                top_k=1)) as span:
            span.set_status(Status(StatusCode.OK))
        return "Rain means umbrella."

    def call(event=None, output=None, **attributes):
        with tracer.start_as_current_span("chat", openinference_span_kind="llm") as span:
            if event:
                span.add_event(*event)
            span.set_attributes(get_llm_attributes(provider="openai", system="openai", model_name="gpt-4o", **attributes))
            if output:
                span.set_output(output)
            span.set_status(Status(StatusCode.OK))

    weather = iter([TimeoutError("upstream timed out"), {"sky": "rain", "until": "18:00"}])

    @tracer.tool(name="get_weather", description="The weather now.", parameters=SCHEMA)
    def get_weather(city):
        result = next(weather)
        if isinstance(result, Exception):
            raise result
        return result

    @tracer.guardrail(name="no-advice")
    def no_advice(reply):
        return {"blocked": False, "rule_results": [{"name": "no-advice", "result": "Pass"}]}

    @tracer.evaluator(name="groundedness")
    def groundedness(reply):
        get_current_span().set_attributes(get_evaluation_attributes(
            evaluations=[{"name": "groundedness", "score": 1.0, "label": "grounded", "explanation": "It rains."}]))
        return "grounded"

    @tracer.agent(name="weather-agent")
    def agent(question):
        get_current_span().set_attribute("agent.name", "weather-agent")
        prepare(question)
        call(("cache.miss", {"cache.name": "prompts", "cache.size": 12}),
             invocation_parameters={"temperature": 0.2, "max_tokens": 300, "stop": ["END"]}, tools=[{"json_schema": OFFERED}],
             input_messages=[{"role": "system", "content": "Rain means umbrella."}, {"role": "user", "content": question}],
             output_messages=[CALLING],
             token_count={"prompt": 120, "completion": 18, "total": 138, "prompt_details": {"cache_read": 64}})
        with contextlib.suppress(TimeoutError):
            get_weather("Paris")
        get_weather("Paris")
        call(output=REPLY, input_messages=[{"role": "user", "content": question}, CALLING,
                             {"role": "tool", "content": '{"sky": "rain", "until": "18:00"}', "tool_call_id": "call_1"}],
             output_messages=[{"role": "assistant", "content": REPLY}],
             token_count={"prompt": 160, "completion": 12, "total": 172})
        no_advice(REPLY)
        groundedness(REPLY)
        return REPLY

    with using_attributes(session_id="sess-1", user_id="user-42", metadata={"plan": "pro"}, tags=["example", "weather"]):
        agent(QUESTION)


def pythons_tree(genai):
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    record(OITracer(provider.get_tracer("agent"), config=TraceConfig(enable_genai_semconv=genai)))
    return official.spans([encode_spans(exporter.get_finished_spans())])


def our_tree(build, profile, genai):
    with sending.serve() as (url, requests):
        sending.run(f"{build}/examples/agent_tree", url, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=url + sending.PATHS[profile],
                    OPENINFERENCE_ENABLE_GENAI_SEMCONV=genai)
    return official.spans(map(official.decode, requests))


def shown(key, value):
    """Type and content: a text that is JSON is what it says."""
    if isinstance(value, str) and JSON.fullmatch(key):
        with contextlib.suppress(ValueError):
            return "JSON", json.loads(value)
    return type(value).__name__, value


def allowed(table, kind, key, value, used):
    for pattern in table:
        if re.fullmatch(pattern, f"{kind} {key}={value}", re.DOTALL):
            used.add(pattern)
            return True
    return False


def compare(path, ours, theirs, only_theirs, used):
    a, b = ({pair.key: plain(pair.value) for pair in span.attributes} for span in (ours, theirs))
    assert len(a) == len(ours.attributes), f"{path}: a key twice"
    kind = a.get("openinference.span.kind")
    for key in sorted({*a, *b}):
        if key not in b:
            if not allowed(ONLY_OURS, kind, key, a[key], used):
                yield f"{path}: {key}={a[key]!r} is ours alone"
        elif key not in a:
            if not allowed(only_theirs, kind, key, b[key], used):
                yield f"{path}: {key}={b[key]!r} is Python's alone"
        elif shown(key, a[key]) != shown(key, b[key]):
            yield f"{path}: {key} is {a[key]!r}, in Python {b[key]!r}"
    if ours.kind != theirs.kind or ours.status.code != theirs.status.code:
        yield f"{path}: kind {ours.kind}, status {ours.status.code}; in Python {theirs.kind}, {theirs.status.code}"
    # "Type: message", where the type is the language's own.
    if ours.status.message.split(": ")[-1] != theirs.status.message.split(": ")[-1]:
        yield f"{path}: status {ours.status.message!r}, in Python {theirs.status.message!r}"
    if [event.name for event in ours.events] != [event.name for event in theirs.events]:
        yield f"{path}: events {[event.name for event in ours.events]}, in Python {[event.name for event in theirs.events]}"
    for x, y in zip(ours.events, theirs.events):
        c, d = ({pair.key: plain(pair.value) for pair in event.attributes} for event in (x, y))
        for key in sorted({*c, *d}):
            same = c.get(key) == d.get(key) and type(c.get(key)) is type(d.get(key))
            if not same and key in IN_EVENTS and key in d:
                used.add(key)
            elif not same:
                yield f"{path}: {key} of event {x.name} is {c.get(key)!r}, in Python {d.get(key)!r}"


def check_stored(spans):
    """The engine stores what was added, a retriever's documents as a list."""
    for path, span in spans:
        yield from (f"{path}: the engine refuses it: {line}" for line in engine.objections(span))
        stored = engine.normalised({pair.key: engine.value_of(pair.value) for pair in span.attributes})["attributes"]
        if path.endswith("/kb.search") and stored["output"]["value"] != [{**RAIN, "metadata": {"page": 3}}, PARIS]:
            yield f"{path}: the engine stores {stored['output']}"
        if path.endswith("/chat") and "gen_ai" in stored and not isinstance(stored["gen_ai"]["input"]["messages"], str):
            yield f"{path}: the engine stores {stored['gen_ai']}"


def main(build):
    failed, used = [], set()
    for profile in sending.PATHS:
        only_theirs = ONLY_THEIRS if profile == "engine" else {**ONLY_THEIRS, **ONLY_THEIRS_ELSEWHERE}
        for genai in ("false", "true"):
            ours, theirs = depth_first(our_tree(build, profile, genai)), depth_first(pythons_tree(genai == "true"))
            where = f"{profile}, gen_ai {genai}"
            if [path for path, _ in ours] != [path for path, _ in theirs]:
                failed.append(f"{where}: {[path for path, _ in ours]} in place of {[path for path, _ in theirs]}")
            for (path, x), (_, y) in zip(ours, theirs):
                failed += [f"{where}: {line}" for line in compare(path, x, y, only_theirs, used)]
            if profile == "engine":
                failed += check_stored(ours)
            attributes = sum(len(span.attributes) for _, span in ours)
            print(f"{where}: {len(ours)} spans with {attributes} attributes")
            if (genai == "true") != any(pair.key.startswith("gen_ai.") for _, span in ours for pair in span.attributes):
                failed.append(f"{where}: gen_ai.* is there against the switch")
    listed = {*ONLY_OURS, *ONLY_THEIRS, *ONLY_THEIRS_ELSEWHERE, *IN_EVENTS}
    failed += [f"the difference {entry} is listed, but isn't there" for entry in sorted(listed - used)]
    for line in failed[:40]:
        print(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
