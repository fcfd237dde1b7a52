#!/usr/bin/env python3
"""property.py: spans made of arbitrary bytes arrive as the same message through both encodings, with nothing lost, and
without anything in them that the engine refuses; what the library adds to them is no exception."""
import sys

from tools import engine, official, sending

SEEDS = 1000


def check_texts(found, printed):
    """What went in comes out, each ill-formed sequence replaced as Python replaces it."""
    spans = {span.span_id.hex(): {pair.key: pair.value for pair in span.attributes} for _, _, span in found}
    lines = printed.splitlines()
    for line in lines:
        span_id, key, value = line.split(" ")
        want = bytes.fromhex(value).decode("utf-8", "replace")
        got = spans[span_id][bytes.fromhex(key).decode()].string_value
        if got != want:
            yield f"{span_id}: {value}: {got!r} in place of {want!r}"
    if not lines:
        yield "no text was checked"


def main(build, first="1", seeds=SEEDS):
    failed = []
    for profile in sending.PATHS:
        found = {}
        for encoding in sending.CONTENT_TYPES:
            requests, printed = sending.collect(f"{build}/tests/conformance_property", profile, encoding, first, str(seeds),
                                                OPENINFERENCE_ENABLE_GENAI_SEMCONV="true")
            found[encoding] = official.spans(official.decode(request) for request in requests)
            if encoding == "json":
                for request in requests:
                    official.json_tree(request.body)
        failed += [f"{profile}: {line}" for line in official.unequal(found["json"], found["protobuf"])]
        if profile == "otlp":
            failed += check_texts(found["protobuf"], printed)
            if not any(engine.objections(span) for _, _, span in found["protobuf"]):
                failed.append("nothing in the uncleaned spans is refused: the judge is blind")
        else:
            failed += [f"the engine refuses span {span.span_id.hex()}: {line}"
                       for _, _, span in found["protobuf"] for line in engine.objections(span)]
        print(f"{profile}: {len(found['json'])} spans of arbitrary bytes through both encodings")
    for line in failed[:40]:
        print(line)
    if failed:
        print(f"{len(failed)} problems")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
