"""official.py: OTLP requests, decoded by the official packages and by nothing else."""
import base64
import json

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

ID_FIELDS = ("traceId", "spanId", "parentSpanId")


def _object(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"a JSON object has a name twice: {keys}"
    return dict(pairs)


def _no_constant(name):
    raise AssertionError(f"{name} is not JSON")


def json_tree(body):
    """What the body says to a strict reader of RFC 8259: UTF-8, no name twice, no NaN."""
    return json.loads(body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant)


def _with_base64_ids(tree):
    if isinstance(tree, list):
        return [_with_base64_ids(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    return {name: base64.b64encode(bytes.fromhex(value)).decode() if name in ID_FIELDS else _with_base64_ids(value)
            for name, value in tree.items()}


def from_json(body):
    # json_format reads ids as base64, where OTLP writes hex.
    text = json.dumps(_with_base64_ids(json_tree(body)), ensure_ascii=False)
    text.encode("utf-8")  # refuses a lone surrogate, which an escape may have hidden
    return json_format.Parse(text, ExportTraceServiceRequest())


def decode(request):
    kind = request.headers["Content-Type"]
    read = {"application/json": from_json, "application/x-protobuf": ExportTraceServiceRequest.FromString}[kind]
    try:
        return read(request.body)
    except (ValueError, AssertionError, json_format.ParseError, DecodeError) as problem:
        raise SystemExit(f"A request of {len(request.body)} bytes of {kind} can't be read: {problem}") from None


def spans(messages):
    """(resource, scope, span) of every span, in the order of their ids: how they were batched doesn't matter."""
    found = [(of.resource, scope.scope, span)
             for message in messages for of in message.resource_spans for scope in of.scope_spans for span in scope.spans]
    return sorted(found, key=lambda entry: (entry[2].trace_id, entry[2].span_id))


def attributes(holder):
    """As a dict; the keys of a collection are unique."""
    keys = [pair.key for pair in holder.attributes]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    assert not twice, f"keys that come twice: {twice}"
    return {pair.key: pair.value for pair in holder.attributes}


def plain(value):
    """In Python's types."""
    kind = value.WhichOneof("value")
    return [plain(v) for v in value.array_value.values] if kind == "array_value" else getattr(value, kind)


def depth_first(spans):
    """(path, span) of every span, siblings in the order in which they began."""
    def visit(parent, path):
        for span in sorted((s for _, _, s in spans if s.parent_span_id == parent), key=lambda s: s.start_time_unix_nano):
            yield f"{path}/{span.name}", span
            yield from visit(span.span_id, f"{path}/{span.name}")
    return list(visit(b"", ""))


def differences(left, right, where=""):
    """Lines that say in which fields two messages of one type differ. NaN equals NaN."""
    out = []
    for field in left.DESCRIPTOR.fields:
        path = f"{where}.{field.name}" if where else field.name
        a, b = getattr(left, field.name), getattr(right, field.name)
        if field.is_repeated:
            if len(a) != len(b):
                out.append(f"{path}: {len(a)} elements against {len(b)}")
            pairs = [(f"{path}[{n}]", x, y) for n, (x, y) in enumerate(zip(a, b))]
        elif field.has_presence and left.HasField(field.name) != right.HasField(field.name):
            out.append(f"{path}: there {'in the first only' if left.HasField(field.name) else 'in the second only'}")
            continue
        elif field.has_presence and not left.HasField(field.name):
            continue
        else:
            pairs = [(path, a, b)]
        for at, x, y in pairs:
            if field.message_type is not None:
                out += differences(x, y, at)
            elif x != y and not (x != x and y != y):
                out.append(f"{at}: {_shown(x)} against {_shown(y)}")
    return out


def _shown(value):
    text = value.hex() if isinstance(value, bytes) else repr(value)
    return text if len(text) <= 200 else f"{text[:200]}... ({len(text)} characters)"


def unequal(one, other):
    """Differences of two lists made by spans()."""
    if len(one) != len(other):
        return [f"{len(one)} spans against {len(other)}"]
    out = []
    for a, b in zip(one, other):
        for part, x, y in zip(("resource", "scope", "span"), a, b):
            out += [f"span {a[2].span_id.hex()} {a[2].name[:40]!r}: {line}" for line in differences(x, y, part)]
    return out
