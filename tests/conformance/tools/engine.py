"""engine.py: what Arthur Engine would do with a span before it stores it, and what its database would refuse.

The normalisation of the engine in short (its span_normalization_service.py), with the same python-benedict."""
import json
import math

from benedict import benedict

JSON_KEYS = {"metadata", "llm.invocation_parameters", "llm.function_call", "llm.prompt_template.variables",
             "document.metadata", "tool.parameters", "tool.json_schema", "message.function_call_arguments_json",
             "tool_call.function.arguments"}
INDEXED_BYTES = 2600  # a row of a btree index holds 2704
INT4 = 2147483647


def _value(any_value):
    kind = any_value.WhichOneof("value")
    if kind == "array_value":
        # Kept as the raw message: numbers in it reach the database as text.
        return [str(_value(v)) for v in any_value.array_value.values]
    return getattr(any_value, kind) if kind else []


def _parsed(text):
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _second_pass(value, key=""):
    if isinstance(value, str):
        return _second_pass(_parsed(value)) if key == "metadata" and not isinstance(_parsed(value), str) else value
    if isinstance(value, dict):
        return {name: _second_pass(item, name) for name, item in value.items()}
    return [_second_pass(item) for item in value] if isinstance(value, list) else value


def _refused(value, where):
    """Yields why jsonb refuses the value."""
    if isinstance(value, str):
        if "\0" in value:
            yield f"{where}: U+0000"
        if any("\ud800" <= c <= "\udfff" for c in value):
            yield f"{where}: a lone surrogate"
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield f"{where}: {value}"
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _refused(name, f"a key in {where}")
            yield from _refused(item, f"{where}.{name}")
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from _refused(item, f"{where}[{n}]")


def objections(span):
    """Why the engine would reject the span or fail as a whole; empty for one that it stores."""
    flat = {pair.key: _value(pair.value) for pair in span.attributes}
    out = []
    for key, value in list(flat.items()):
        mime_type = flat.get(key[:-len("value")] + "mime_type") if key.endswith(".value") else None
        opened = key in JSON_KEYS or key.rsplit(".", 1)[-1] in JSON_KEYS or mime_type == "application/json"
        if opened and isinstance(value, str):
            flat[key] = _parsed(value)
    try:
        nested = benedict(flat, keypath_separator="/").unflatten(separator=".") if flat else {}
        whole = _second_pass(dict(nested))
        benedict(whole, keypath_separator="/")
        out += _refused(whole, "attributes")
    except Exception as problem:  # whatever it is, the engine rejects the span
        out.append(f"{type(problem).__name__}: {str(problem)[:200]}")
    out += _refused(span.name, "name")
    for event in span.events:
        out += _refused(event.name, "event name")
        out += _refused({pair.key: _value(pair.value) for pair in event.attributes}, "event")
    out += _refused(span.status.message, "status")
    texts = {"name": span.name, **{key: flat.get(key) for key in ("session.id", "user.id", "openinference.span.kind")}}
    for name, text in texts.items():
        if isinstance(text, str) and len(text.encode("utf-8", "replace")) > INDEXED_BYTES:
            out.append(f"{name} is longer than an index takes")
    for key in ("llm.token_count.prompt", "llm.token_count.completion", "llm.token_count.total"):
        if isinstance(flat.get(key), int) and flat[key] > INT4:
            out.append(f"{key} is {flat[key]}")
        if isinstance(flat.get(key), str) and flat.get("openinference.span.kind") == "LLM":
            try:
                float(flat[key])
            except ValueError:
                out.append(f"{key} is text")
    if not span.start_time_unix_nano or not span.end_time_unix_nano:
        out.append("no time")
    return out
