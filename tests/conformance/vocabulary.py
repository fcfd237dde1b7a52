#!/usr/bin/env python3
"""vocabulary.py: every key and kind that the library knows or sends is one of OpenInference's, and none of those is missing."""
import os
import re
import sys

from openinference.semconv import resource, trace

from tools import official, sending

# OpenTelemetry's own conventions.
OTHERS = {"code.function.name", "code.file.path", "code.line.number"}
EVENT_KEYS = {"exception.type", "exception.message", "exception.escaped", "exception.stacktrace"}
# Constants that are the beginning of keys.
PREFIXES = {"llm.token_count.prompt_details", "llm.cost.prompt_details", "llm.cost.completion_details"}
# Kinds of the package that no macro makes: UNKNOWN is a reader's word, DECISION is unknown to the engine (decisions are CHAIN).
NO_MACRO = {"UNKNOWN", "DECISION"}
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OWN = re.compile(r"test\.|$")  # the test program's free keys


def texts_of(holder):
    return {value for name, value in vars(holder).items() if not name.startswith("_") and isinstance(value, str)}


def conventions():
    """All keys of the package, and all kinds."""
    holders = [holder for module in (trace, resource) for name, holder in vars(module).items() if name.endswith("Attributes")]
    return set().union(*map(texts_of, holders)), {kind.value for kind in trace.OpenInferenceSpanKindValues}


def key_table():
    """The keys in keys.hpp: single ones, lists, and parts of list elements."""
    with open(os.path.join(ROOT, "include/arthur/openinference/keys.hpp"), encoding="utf-8") as file:
        keys = re.findall(r'^ *X\(\w+, "([^"]+)"\)', file.read(), re.MULTILINE)
    assert len(keys) > 40, f"only {len(keys)} keys found in keys.hpp: has the table another form?"
    return set().union(*map(words, keys))


def words(key):
    """The constants that a key is made of. llm.input_messages.0.message.role: llm.input_messages, message.role."""
    pieces = re.split(r"\.(?:\d+|<\w>)\.", key)
    return {word for piece in pieces for word in re.sub(r"^(message_content\.\w+)\.(?=\w+\.)", r"\1 ", piece).split()}


def listed_keys():
    """The keys of the list that the table test walks, those of events apart (OpenTelemetry's): each has a builder."""
    with open(os.path.join(ROOT, "tests/support/openinference_keys.inc"), encoding="utf-8") as file:
        keys = re.findall(r'^(?:RESOURCE_)?KEY\("([^"]+)"', file.read(), re.MULTILINE)
    return set().union(*map(words, keys))


def main(build):
    known, kinds = conventions()
    table = key_table()
    listed = listed_keys()
    failed = [f"keys.hpp has {key}, OpenInference doesn't" for key in table - known - OTHERS]
    failed += [f"OpenInference has {key}: it needs a builder, and a row in openinference_keys.inc" for key in known - listed - PREFIXES]
    failed += [f"openinference_keys.inc has {key}, OpenInference doesn't" for key in listed - known]

    sent, sent_kinds, event_keys = set(), set(), set()
    requests, _ = sending.collect(f"{build}/tests/conformance_send", "otlp", "protobuf")
    for _, _, span in official.spans(map(official.decode, requests)):
        attributes = {pair.key: pair.value for pair in span.attributes}
        sent |= {part for key in attributes if not OWN.match(key) for part in words(key)}
        sent_kinds.add(attributes["openinference.span.kind"].string_value)
        event_keys |= {pair.key for event in span.events for pair in event.attributes if not OWN.match(pair.key)}
    failed += [f"{key} was sent, OpenInference doesn't have it" for key in sent - known - OTHERS]
    failed += [f"{key} is in keys.hpp, but the run never sent it" for key in table - sent]
    failed += [f"the kind {kind} was sent, OpenInference doesn't have it" for kind in sent_kinds - kinds]
    failed += [f"the kind {kind} was never sent" for kind in kinds - sent_kinds - NO_MACRO]
    failed += [f"{key} of an event is unknown" for key in event_keys ^ EVENT_KEYS]
    print(f"{len(table)} keys in the table, {len(sent)} keys and {len(sent_kinds)} kinds sent")
    print("\n".join(sorted(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
