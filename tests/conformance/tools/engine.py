"""engine.py: whether Arthur Engine would store a span.

A model, in our own words, of what the engine does before it stores (its span_normalization_service.py), with the same
python-benedict in it; then what PostgreSQL refuses."""
import json
import math

from benedict import benedict

JSON_KEYS = {"metadata", "llm.invocation_parameters", "llm.function_call", "llm.prompt_template.variables",
             "document.metadata", "tool.parameters", "tool.json_schema", "message.function_call_arguments_json",
             "tool_call.function.arguments"}
TOKEN_COUNTS = ("llm.token_count.prompt", "llm.token_count.completion", "llm.token_count.total")
INDEXED_BYTES = 2600  # a row of a btree index holds 2704
INT4 = 2147483647


def is_json(key):
    return key in JSON_KEYS or key.rsplit(".", 1)[-1] in JSON_KEYS


def value_of(any_value):
    kind = any_value.WhichOneof("value")
    if kind == "array_value":
        # Kept as the raw message, in which NaN and infinities are text.
        return {"values": [{"value": str(value_of(v))} for v in any_value.array_value.values]}
    return getattr(any_value, kind)


def parsed(text):
    """Only this error is caught there: a recursion or an endless integer rejects the span."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def coerced(key, value):
    if key in TOKEN_COUNTS:
        try:
            return int(value)
        except ValueError:
            if not isinstance(value, str):
                raise
    return value


def lists_for_numbers(value):
    if isinstance(value, dict):
        if all(key.isdigit() for key in value):
            return [lists_for_numbers(value[key]) for key in sorted(value, key=int)]
        return {key: lists_for_numbers(item) for key, item in value.items()}
    return [lists_for_numbers(item) for item in value] if isinstance(value, list) else value


def opened_again(value):
    if isinstance(value, dict):
        return {key: opened_again(parsed(item) if is_json(key) and isinstance(item, str) else item)
                for key, item in value.items()}
    return [opened_again(item) for item in value] if isinstance(value, list) else value


def normalised(flat):
    opened = {}
    for key, value in flat.items():
        wanted = is_json(key) or (".value" in key and flat.get(key.replace(".value", ".mime_type")) == "application/json")
        opened[key] = parsed(value) if wanted and isinstance(value, str) else value
    nested = benedict({"attributes": opened}, keypath_separator="/").unflatten(separator=".")
    nested = lists_for_numbers(nested)
    try:
        return opened_again(nested)
    except Exception:  # logged there, and stored as it was
        return nested


def refused(value, where):
    """Yields why jsonb refuses the value."""
    if isinstance(value, str):
        if "\0" in value:
            yield f"{where}: U+0000"
        if any("\ud800" <= c <= "\udfff" for c in value):
            yield f"{where}: a lone surrogate"
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{where}: {value}"
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from refused(key, f"a key in {where}")
            yield from refused(item, f"{where}.{key}")
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from refused(item, f"{where}[{n}]")


def objections(span):
    """Why the engine would reject the span, or the whole request; nothing for one that it stores."""
    out = []
    flat = {}
    try:
        for pair in span.attributes:
            if pair.key:
                flat[pair.key] = coerced(pair.key, value_of(pair.value))
        out += refused(normalised(flat), "")
    except Exception as problem:  # whatever it is, the span is rejected
        out.append(f"{type(problem).__name__}: {str(problem)[:200]}")
    out += refused(span.name, "name")
    out += refused(span.status.message, "status")
    for event in span.events:
        out += refused(event.name, "event")
        for pair in event.attributes:
            out += refused([pair.key, value_of(pair.value)], "event attribute")
    indexed = {"name": span.name, **{key: flat.get(key) for key in ("session.id", "user.id", "openinference.span.kind")}}
    out += [f"{name} is longer than an index takes" for name, text in indexed.items()
            if isinstance(text, str) and len(text.encode("utf-8", "replace")) > INDEXED_BYTES]
    for key in TOKEN_COUNTS:
        if isinstance(flat.get(key), str) and flat.get("openinference.span.kind") == "LLM":
            out.append(f"{key} is text")
        elif isinstance(flat.get(key), int) and flat[key] > INT4:
            out.append(f"{key} is {flat[key]}")
    if not span.start_time_unix_nano or not span.end_time_unix_nano:
        out.append("no time")
    return out
