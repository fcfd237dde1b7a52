#!/usr/bin/env python3
"""genai.py: gen_ai.* come out as OpenInference's own Python package makes them, for hand-written and for random spans;
where they don't, it is written down here why."""
import json
import random
import subprocess
import sys

from openinference.instrumentation._genai_conversion import get_genai_attributes
from opentelemetry.proto.trace.v1.trace_pb2 import Span

SPANS = 5000

# Attributes whose text is JSON: what it says counts, not how it is spaced.
JSON_KEYS = {"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.definitions", "gen_ai.retrieval.documents",
             "gen_ai.tool.call.arguments", "gen_ai.tool.call.result"}

# (why, attributes, what Python adds, what we add): each is tried, and must still be so.
DIFFERENCES = [
    ("What was asked for is known: the package doesn't read llm.request.model_name yet.",
     {"llm.model_name": "gpt-4o-2024-08-06", "llm.request.model_name": "gpt-4o"},
     {"gen_ai.request.model": "gpt-4o-2024-08-06"}, {"gen_ai.request.model": "gpt-4o"}),
    ("What answered is known: the package doesn't read llm.response.model_name yet.",
     {"llm.response.model_name": "gpt-4o-2024-08-06"}, {}, {"gen_ai.response.model": "gpt-4o-2024-08-06"}),
    ("NaN is no JSON, and no receiver stores it as a number.",
     {"llm.invocation_parameters": '{"temperature": NaN}'}, {"gen_ai.request.temperature": float("nan")}, {}),
    ("Neither does one store infinity.",
     {"llm.invocation_parameters": '{"temperature": "inf"}'}, {"gen_ai.request.temperature": float("inf")}, {}),
    ("Numbers with underscores are Python's own.",
     {"llm.invocation_parameters": '{"seed": "1_000"}'}, {"gen_ai.request.seed": 1000}, {}),
    ("A tool's arguments that hold NaN stay the text that they were: JSON has no NaN.",
     {"openinference.span.kind": "TOOL", "tool.parameters": "[NaN]"},
     {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.call.arguments": "[NaN]"},
     {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.call.arguments": "[NaN]"}),
    ("A list where a text belongs is left out; the package shows Python's source code for it.",
     {"agent.name": ("a", "b")}, {"gen_ai.agent.name": "('a', 'b')"}, {}),
    ("The same within the parameters.",
     {"llm.invocation_parameters": '{"model": {"a": 1}}'}, {"gen_ai.request.model": "{'a': 1}"}, {}),
    ("Messages in one attribute, which this library never writes, aren't read.",
     {"llm.input_messages": '[{"role": "user", "content": "hi"}]'},
     {"gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]'}, {}),
    ("An object where a prompt's text belongs is shown as JSON; the package shows Python's source code for it.",
     {"llm.prompts": '[{"a": 1}]'},
     {"gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "{\'a\': 1}"}]}]'},
     {"gen_ai.input.messages": r'[{"role":"user","parts":[{"type":"text","content":"{\"a\": 1}"}]}]'}),
    ("Case is folded for ASCII only.",
     {"llm.provider": "\u00c4"}, {"gen_ai.provider.name": "\u00e4"}, {"gen_ai.provider.name": "\u00c4"}),
]


def any_value(to, value):
    if isinstance(value, bool):
        to.bool_value = value
    elif isinstance(value, int):
        to.int_value = value
    elif isinstance(value, float):
        to.double_value = value
    elif isinstance(value, str):
        to.string_value = value
    else:
        to.array_value.SetInParent()
        for item in value:
            any_value(to.array_value.values.add(), item)


def plain(value):
    kind = value.WhichOneof("value")
    return tuple(plain(v) for v in value.array_value.values) if kind == "array_value" else getattr(value, kind)


def added_by_us(build, spans):
    messages = []
    for attributes in spans:
        span = Span()
        for key, value in attributes.items():
            any_value(span.attributes.add(key=key).value, value)
        messages.append(span.SerializeToString())
    sent = b"".join(b"%d\n" % len(message) + message for message in messages)
    got = subprocess.run([f"{build}/tests/conformance_genai"], input=sent, capture_output=True, timeout=60, check=True).stdout
    for _ in spans:
        size, got = got.split(b"\n", 1)
        pairs = Span.FromString(got[:int(size)]).attributes
        got = got[int(size):]
        assert len({pair.key for pair in pairs}) == len(pairs), "a key was added twice"
        yield {pair.key: plain(pair.value) for pair in pairs}
    assert not got


def added_by_python(attributes):
    return {key: value for key, value in get_genai_attributes(attributes).items() if key not in attributes}


def no_constant(name):
    raise ValueError(name)


def said(key, value):
    """The value in a form that compares: type and content."""
    if key in JSON_KEYS:
        try:
            return "JSON", json.loads(value, parse_constant=no_constant if key.endswith("messages") else None)
        except ValueError:
            pass
    return type(value).__name__, repr(value)


def unequal(ours, theirs):
    for key in sorted({*ours, *theirs}):
        a, b = ours.get(key), theirs.get(key)
        if (key in ours) != (key in theirs) or said(key, a) != said(key, b):
            yield f"{key}: {a!r} in place of {b!r}"


TEXTS = ["", "a", "Paris", "text", "stop", "TOOL_CALLS", "function_call", "length", "assistant", "Agent", "function", "tool", "user",
         "SYSTEM", "\u00e4\u4eba\U0001f600", 'q"\\\n', "call_1", "true", "5", "-0.5", "null", "[]", "{}", '"x"', '{"a": 1}', '[1, "b"]',
         '{"a": {"b": [null, true, 1.5e3]}}', "{broken", "image", "https://x/y.png", "data:image/png;base64,AAAA",
         "data:image/png,AAAA", "data:;base64,AA", "application/json", "text/plain", "__REDACTED__", '"\\u00e4\\n"', '{"id": "r1", "model": "m"}',
         '{"id": 7, "model": ""}', " [1] ", "\t5\n"]
WORDS = ["openai", "Azure", "aws", "google", "vertexai", "anthropic", "cohere", "mistralai", "xai", "deepseek", "groq", "perplexity",
         "Other", ""]
KINDS = ["LLM", "TOOL", "AGENT", "CHAIN", "RETRIEVER", "RERANKER", "EMBEDDING", "GUARDRAIL", "llm", "Tool", "unknown"]
PARAMETERS = ["model", "temperature", "top_p", "top_k", "max_tokens", "max_completion_tokens", "max_output_tokens", "frequency_penalty",
              "presence_penalty", "seed", "stream", "stop_sequences", "stop", "n", "choice_count", "candidate_count", "encoding_formats",
              "encoding_format", "response_format", "other"]
PARAMETER_VALUES = [0, 1, 2, 300, -5, 0.7, 1.0, 1e3, 0.30000000000000004, 0.20000000298023224, 1e-7, 2.5e17, "0.5", " 3 ", "+4", "x", "", "TRUE", "false",
                    True, False, None, [], ["a", "b"], ["a", 1, None, True], "stop", "JSON", "json_object", "json_schema", "text",
                    {"type": "json_schema", "x": 1}, {"type": "text"}, {"type": "Text"}, {}, "\u00e4\"\n", 12345678901]
SCHEMAS = [{"name": "f", "description": "d", "input_schema": {"type": "object"}}, {"name": "f", "input_schema": {}, "parameters": None},
           {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"a": 1}}},
           {"function": {"name": "f", "description": "", "parameters": {}}}, {"type": "web", "function": {}}, {"type": "custom", "x": [1]},
           {"name": "f", "type": None}, {}, {"function": {"x": 1}}, {"type": "t", "function": {"name": None}}, [], "s", 5,
           {"name": None, "description": "d\u00e4", "parameters": {"p": 0}}]
USER_KEYS = ["gen_ai.operation.name", "gen_ai.request.model", "gen_ai.input.messages", "gen_ai.tool.name", "gen_ai.usage.input_tokens"]


def parameters(dice):
    members = {dice.choice(PARAMETERS): dice.choice(PARAMETER_VALUES) for _ in range(dice.randrange(8))}
    if isinstance(members.get("model"), (list, dict)):
        del members["model"]
    return dice.choice(["", "[]", "5", "{"]) if dice.randrange(10) == 0 else json.dumps(members, ensure_ascii=dice.random() < 0.5)


def value(dice):
    return dice.choice([dice.randrange(-5, 100), dice.random() < 0.5]) if dice.randrange(12) == 0 else dice.choice(TEXTS)


def message(dice, prefix, attributes):
    if dice.random() < 0.9:
        attributes[f"{prefix}.message.role"] = value(dice)
    for name in ("content", "tool_call_id", "name", "function_call_name", "finish_reason", "unknown"):
        if dice.random() < (0.6 if name == "content" else 0.2):
            attributes[f"{prefix}.message.{name}"] = value(dice)
    for _ in range(dice.randrange(3)):
        part = f"{prefix}.message.contents.{dice.randrange(12)}.message_content"
        attributes[f"{part}.type"] = dice.choice(["text", "image", "reasoning", "audio", value(dice)])
        if dice.random() < 0.7:
            attributes[f"{part}.{dice.choice(['text', 'image.image.url', 'id'])}"] = value(dice)
    for _ in range(dice.choice([0, 0, 1, 2])):
        call = f"{prefix}.message.tool_calls.{dice.randrange(12)}.tool_call"
        for name in ("function.name", "function.arguments", "id"):
            if dice.random() < 0.8:
                attributes[f"{call}.{name}"] = value(dice)


def span(dice):
    """A span of every key that the package reads, and of some that it almost does."""
    attributes = {"openinference.span.kind": dice.choice(KINDS)}
    some = lambda *names: [name for name in names if dice.random() < 0.3]
    for key in some("session.id", "agent.name", "llm.model_name", "embedding.model_name", "input.value", "input.mime_type",
                    "output.value", "output.mime_type", "llm.token_count.prompt", "llm.token_count.completion",
                    "llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_write", "llm.finish_reason",
                    "tool.name", "tool.description", "tool.id", "tool_call.id", "tool.parameters", "llm.promptsx", "llm.tools.x"):
        attributes[key] = dice.choice(["application/json", value(dice)]) if key.endswith("mime_type") else value(dice)
    for key in some("llm.provider", "llm.system"):
        attributes[key] = dice.choice(WORDS)
    for key in some("llm.invocation_parameters", "embedding.invocation_parameters"):
        attributes[key] = parameters(dice)
    for side in some("llm.input_messages", "llm.output_messages"):
        for _ in range(dice.randrange(1, 4)):
            message(dice, f"{side}.{dice.choice(['0', '1', '2', '10', '01', 'x'])}", attributes)
    for key, part in (("llm.prompts", "prompt.text"), ("llm.choices", "completion.text")):
        if dice.random() < 0.15:
            for _ in range(dice.randrange(1, 3)):
                attributes[f"{key}.{dice.randrange(11)}.{part}"] = value(dice)
        elif dice.random() < 0.1:
            attributes[key] = dice.choice([("a", "b"), '["x", 5, null, "y"]', (), "no list"])
    if dice.random() < 0.2:
        attributes["llm.finish_reason"] = tuple(dice.choice(["stop", "", "TOOL_CALLS", "x"]) for _ in range(dice.randrange(3)))
    if dice.random() < 0.3:
        for _ in range(dice.randrange(1, 4)):
            tool = f"llm.tools.{dice.randrange(11)}"
            attributes[f"{tool}.tool.json_schema"] = json.dumps(dice.choice(SCHEMAS)) if dice.random() < 0.9 else value(dice)
            for name in some("name", "description"):
                attributes[f"{tool}.tool.{name}"] = value(dice)
    if dice.random() < 0.1:
        attributes["llm.tools"] = json.dumps([dice.choice(SCHEMAS) for _ in range(dice.randrange(3))])
    if dice.random() < 0.3:
        for _ in range(dice.randrange(1, 4)):
            for name in some("content", "id", "score", "metadata", "x"):
                attributes[f"retrieval.documents.{dice.randrange(11)}.document.{name}"] = dice.choice([value(dice), 0.83, 1])
    if dice.random() < 0.1:
        attributes["retrieval.documents"] = dice.choice(['[{"document.id": 1, "content": "c"}, 5, {}]', "[]", "x"])
    if dice.random() < 0.3:
        for _ in range(dice.randrange(1, 3)):
            attributes[f"embedding.embeddings.{dice.randrange(3)}.embedding.{dice.choice(['vector', 'text'])}"] = \
                dice.choice([(0.5, 1.0), (1.5,), (), "[1, 2, 3]", "x", "[]"])
    if dice.random() < 0.15:
        for key in dice.choice([("a", "b"), ("a.b", "a.c", "d"), ("x.y.z", "x.y.w", "x.v", "xx.y", "x-.y"), ("a.b", "a..c")]):
            attributes[f"tool.parameters.{key}"] = dice.choice([value(dice), 0.5, (1, 2)])
    for key in some(*USER_KEYS):
        if dice.random() < 0.2:
            attributes[key] = value(dice)
    pairs = list(attributes.items())
    dice.shuffle(pairs)
    return dict(pairs)


def readable(attributes):
    """Leaves out what the list of differences is about: lists and fractions where a text belongs."""
    return {key: value for key, value in attributes.items()
            if not (isinstance(value, float) and not key.endswith("score") and "tool.parameters." not in key)
            and not (key.endswith(("document.id", "document.content", "document.metadata")) and isinstance(value, (float, tuple)))}


def main(build, seed="1", count=SPANS):
    failed = []
    ours = added_by_us(build, [attributes for _, attributes, _, _ in DIFFERENCES])
    for (why, attributes, theirs, wanted), got in zip(DIFFERENCES, ours):
        if repr(added_by_python(attributes)) != repr(theirs):
            failed.append(f"{why} The package adds {added_by_python(attributes)} now.")
        if got != wanted:
            failed.append(f"{why} We add {got}.")

    dice = random.Random(int(seed))
    spans = [readable(span(dice)) for _ in range(int(count))]
    seen = set()
    for attributes, got in zip(spans, added_by_us(build, spans)):
        lines = list(unequal(got, added_by_python(attributes)))
        seen |= set(got)
        if lines:
            failed.append("\n  ".join([repr(attributes), *lines]))
    print(f"{len(spans)} spans, {len(seen)} gen_ai keys")
    for line in failed[:10]:
        print(line)
    if failed:
        print(f"{len(failed)} problems")
    return 1 if failed or len(seen) < 36 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
