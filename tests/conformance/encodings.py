#!/usr/bin/env python3
"""encodings.py: one fixed run through both encodings and both profiles is the same message to the official decoders,
and keeps the rules of OTLP that can be seen in the bytes."""
import re
import sys

from tools import official, sending

INT64_FIELDS = ("intValue", "startTimeUnixNano", "endTimeUnixNano", "timeUnixNano")
INT32_FIELDS = ("kind", "code", "flags", "droppedAttributesCount", "droppedEventsCount", "droppedLinksCount")
FIELDS = {"resourceSpans", "resource", "scopeSpans", "scope", "spans", "version", "attributes", "events", "links", "status",
          "traceId", "spanId", "parentSpanId", "traceState", "name", "message", "key", "value", "values", "stringValue",
          "boolValue", "doubleValue", "arrayValue", *INT64_FIELDS, *INT32_FIELDS}


def check_json(tree):
    """J2 to J7: hex ids, enums and 32-bit integers as numbers, 64-bit ones as text, lowerCamelCase, NaN as text."""
    if isinstance(tree, list):
        for item in tree:
            check_json(item)
    if not isinstance(tree, dict):
        return
    for name, value in tree.items():
        assert name in FIELDS, f"OTLP/JSON has no field {name}"
        if name in official.ID_FIELDS:
            digits = 32 if name == "traceId" else 16
            assert re.fullmatch(f"[0-9a-f]{{{digits}}}", value), f"{name}: {value!r}"
            assert value.strip("0"), f"{name} is all zero"
        elif name in INT64_FIELDS:
            assert isinstance(value, str) and re.fullmatch("-?[0-9]+", value), f"{name}: {value!r}"
        elif name in INT32_FIELDS:
            assert type(value) is int, f"{name}: {value!r}"
        elif name == "doubleValue":
            assert type(value) in (int, float) or value in ("NaN", "Infinity", "-Infinity"), f"{name}: {value!r}"
        check_json(value)


def check_span(resource, scope, span):
    """B5, B6, J11, S9, V4 and S18."""
    assert len(span.trace_id) == 16 and any(span.trace_id), f"trace id {span.trace_id.hex()}"
    assert len(span.span_id) == 8 and any(span.span_id), f"span id {span.span_id.hex()}"
    assert span.parent_span_id == b"" or (len(span.parent_span_id) == 8 and any(span.parent_span_id)), "parent id"
    assert span.kind == span.SPAN_KIND_INTERNAL, f"kind {span.kind}"
    assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano, "times"
    assert span.status.code != span.status.STATUS_CODE_ERROR or span.status.message, "an error without a message"
    assert span.status.code == span.status.STATUS_CODE_ERROR or not span.status.message, "a message without an error"
    for key, value in official.attributes(span).items():
        assert key, "an attribute without a key"
        assert value.WhichOneof("value"), f"{key} has no value"
    for event in span.events:
        assert event.time_unix_nano >= span.start_time_unix_nano, "an event before its span"
        assert all(official.attributes(event)), "an attribute of an event without a key"
    said = {key: value.string_value for key, value in official.attributes(resource).items()}
    assert said["telemetry.sdk.name"] == "arthur" and said["telemetry.sdk.language"] == "cpp", f"resource {said}"
    assert said["telemetry.sdk.version"] and said["service.name"], f"resource {said}"
    assert (scope.name, scope.version) == ("arthur", said["telemetry.sdk.version"]), f"scope {scope.name}"


# What the values of the fixed run are in the otlp profile, where nothing is cleaned but UTF-8.
VALUES = {
    "test.text": "text", "test.empty": "", "test.null": "", "test.true": True, "test.false": False, "test.zero": 0,
    "test.char": -128, "test.u16": 65535, "test.i64.least": -2**63, "test.i64.most": 2**63 - 1,
    "test.u64.most": "18446744073709551615", "test.double": 0.1, "test.float": 1.5,
    "test.inf": float("inf"), "test.minus_inf": float("-inf"), "test.denormal": 5e-324, "test.max": sys.float_info.max,
    "test.bytes": b"\xff\xfe\x80 \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82".decode("utf-8", "replace"),
    "test.nul": "a\0b", "test.controls": "\x01\x02\b\f\n\r\t\x1b\x7f", "test.json_like": r'{"a":"\u0000 \ud800"}',
    "test.unicode": "\u00e4 \u20ac \U0001f600 \u2028 \uffff", "test.texts": ["a", "", "\ufffd"], "test.ints": [1, -2],
    "test.bools": [True, False], "test.nothing": [], "test.u64s": [1, "18446744073709551615"],
    "test.a/b": 1, "test.\0": 1,
}
EVENT_VALUES = {"test.text": "\ufffd", "test.int": -2**63, "test.u64.most": "18446744073709551615", "test.double": 2.5,
                "test.bool": False, "test.empty": "", "test.\ufffd": 1}


def plain(value):
    kind = value.WhichOneof("value")
    return [plain(v) for v in value.array_value.values] if kind == "array_value" else getattr(value, kind)


def check_values(found):
    for _, _, span in found:
        holders = {"values": [(VALUES, span)], "events": [(EVENT_VALUES, e) for e in span.events if e.name == "full"]}
        for wanted, holder in holders.get(span.name, []):
            # Looked up one by one: check_span says whether a key comes twice.
            got = {pair.key: plain(pair.value) for pair in holder.attributes}
            for key, want in wanted.items():
                if key not in got or got[key] != want or type(got[key]) is not type(want):
                    yield f"{key!r} is {got.get(key, 'not there')!r}, not {want!r}"


def check_tree(found):
    """Parents exist, are of the same trace, and began before their children."""
    by_id = {span.span_id: span for _, _, span in found}
    orphans = [span.name for _, _, span in found if span.parent_span_id and span.parent_span_id not in by_id]
    assert not orphans, f"no parent arrived of {orphans}"
    assert len(by_id) == len(found), "a span id twice"
    for _, _, span in found:
        if span.parent_span_id:
            parent = by_id[span.parent_span_id]
            assert parent.trace_id == span.trace_id, f"{span.name} is in another trace than its parent"
            assert parent.start_time_unix_nano <= span.start_time_unix_nano, f"{span.name} began before its parent"
    roots = [span.trace_id for _, _, span in found if not span.parent_span_id]
    assert len(roots) == len(set(roots)), "two roots in one trace"


def main(build):
    program = f"{build}/tests/conformance_send"
    failed = []
    for profile in sending.PATHS:
        found = {}
        for encoding, content_type in sending.CONTENT_TYPES.items():
            requests, _ = sending.collect(program, profile, encoding)
            for request in requests:
                assert request.path == sending.PATHS[profile], request.path
                assert request.headers["Content-Type"] == content_type, request.headers["Content-Type"]
                assert "Content-Encoding" not in request.headers
                assert re.search(r"OTel-OTLP-Exporter-Cpp\S*/\d", request.headers["User-Agent"]), request.headers["User-Agent"]
            found[encoding] = official.spans(official.decode(request) for request in requests)
            checks = [(f"span {entry[2].name[:40]!r}", check_span, entry) for entry in found[encoding]]
            checks.append(("trees", check_tree, [found[encoding]]))
            if encoding == "json":
                checks += [("text", check_json, [official.json_tree(request.body)]) for request in requests]
            for what, check, arguments in checks:
                try:
                    check(*arguments)
                except AssertionError as problem:
                    failed.append(f"{profile}, {encoding}, {what}: {problem}")
        if profile == "otlp":
            failed += check_values(found["protobuf"])
        failed += [f"{profile}: {line}" for line in official.unequal(found["json"], found["protobuf"])]
        print(f"{profile}: {len(found['json'])} spans through both encodings")
    for line in failed[:40]:
        print(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
