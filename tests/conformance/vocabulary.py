#!/usr/bin/env python3
"""vocabulary.py: every key and kind that the library knows or sends is one of OpenInference's."""
import os
import re
import sys

from openinference.semconv import trace

from tools import official, sending

# OpenTelemetry's own conventions.
OTHERS = {"code.function.name", "code.file.path", "code.line.number"}
EVENT_KEYS = {"exception.type", "exception.message"}
# In the table, but nothing public sets them yet.
UNUSED = {"message.name"}
# Kinds of the package that no macro makes: UNKNOWN is a reader's word, DECISION is unknown to the engine (decisions are CHAIN).
NO_MACRO = {"UNKNOWN", "DECISION"}
OWN = re.compile(r"test\.|$")  # the test program's free keys


def texts_of(holder):
    return {value for name, value in vars(holder).items() if not name.startswith("_") and isinstance(value, str)}


def conventions():
    """All keys of the package, and all kinds."""
    holders = [holder for name, holder in vars(trace).items() if name.endswith("Attributes")]
    return set().union(*map(texts_of, holders)), {kind.value for kind in trace.OpenInferenceSpanKindValues}


def key_table():
    """The keys in keys.hpp: single ones, lists, and parts of list elements."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with open(os.path.join(root, "include/arthur/openinference/keys.hpp"), encoding="utf-8") as file:
        keys = re.findall(r'^ *X\(\w+, "([^"]+)", \w+\)', file.read(), re.MULTILINE)
    assert len(keys) > 40, f"only {len(keys)} keys found in keys.hpp: has the table another form?"
    return set(keys)


def parts(key):
    """llm.input_messages.0.message.role: llm.input_messages, message.role."""
    return re.split(r"\.\d+\.", key)


def main(build):
    known, kinds = conventions()
    table = key_table()
    failed = [f"keys.hpp has {key}, OpenInference doesn't" for key in table - known - OTHERS]

    sent, sent_kinds, event_keys = set(), set(), set()
    requests, _ = sending.collect(f"{build}/tests/conformance_send", "otlp", "protobuf")
    for _, _, span in official.spans(map(official.decode, requests)):
        attributes = {pair.key: pair.value for pair in span.attributes}
        sent |= {part for key in attributes if not OWN.match(key) for part in parts(key)}
        sent_kinds.add(attributes["openinference.span.kind"].string_value)
        event_keys |= {pair.key for event in span.events for pair in event.attributes if not OWN.match(pair.key)}
    failed += [f"{key} was sent, OpenInference doesn't have it" for key in sent - known - OTHERS]
    failed += [f"{key} is in keys.hpp, but the run never sent it" for key in table - sent - UNUSED]
    failed += [f"{key} is said to be unused, but was sent" for key in UNUSED & sent]
    failed += [f"the kind {kind} was sent, OpenInference doesn't have it" for kind in sent_kinds - kinds]
    failed += [f"the kind {kind} was never sent" for kind in kinds - sent_kinds - NO_MACRO]
    failed += [f"{key} of an event is unknown" for key in event_keys ^ EVENT_KEYS]
    print(f"{len(table)} keys in the table, {len(sent)} keys and {len(sent_kinds)} kinds sent")
    print("\n".join(sorted(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
