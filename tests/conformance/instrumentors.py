#!/usr/bin/env python3
"""instrumentors.py: OpenInference's instrumentors of Python's SDKs and this library on the same bytes. Each difference of the spans is
in the list of docs/instrument.md, and each line of that list occurs."""
import collections
import fnmatch
import json
import os
import re
import sys

from tools import aimock, model_calls, python_sdks

PAGE = os.path.join(os.path.dirname(__file__), "../../docs/instrument.md")
HEADING = "## Differences from Python's instrumentors"
NOTHING = "—"


class Line:
    """One line of the list."""

    def __init__(self, where, attributes, python, here, _why):
        self.text = f"{where} | {attributes}"
        self.where = [one.strip() for one in where.split(",")]
        self.patterns = re.findall(r"`([^`]+)`", attributes)
        self.python, self.here = python, here
        self.seen = set()

    def explains(self, call, key, python, here):
        """Notes what it has explained: all that it says has to occur."""
        where = next((w for w in self.where if w in ("all", call, call.split(":")[0])), None)
        pattern = next((p for p in self.patterns if fnmatch.fnmatchcase(key, p)), None)
        if where is None or pattern is None or not self.says(self.python, python) or not self.says(self.here, here):
            return False
        self.seen |= {where, pattern} | ({call.split(":")[0]} if where == "all" else set())
        return True

    @staticmethod
    def says(cell, value):
        """`literal`: this value; a dash: no such attribute; other words: any value."""
        literal = re.fullmatch(r"`(.*)`", cell)
        if literal:
            return str(value) == literal[1]
        return (value is None) == (cell == NOTHING)

    def missed(self, formats):
        return [one for one in self.where + self.patterns + (formats if "all" in self.where else []) if one not in self.seen]


def read_list():
    with open(PAGE, encoding="utf-8") as page:
        rows = re.findall(r"^\|(.+)\|$", page.read().split(HEADING)[1].split("\n## ")[0], re.MULTILINE)
    return [Line(*(cell.strip() for cell in row.split("|"))) for row in rows[2:]]


def flat(span):
    """The whole span as attributes."""
    return {**span["attributes"], "(name)": span["name"], "(status)": span["status"], "(message)": span["message"] or None, "(events)": span["events"] or None}


def same(a, b):
    """A text that is JSON is equal to the same JSON with other spaces and escapes."""
    if isinstance(a, str) and isinstance(b, str) and a[:1] in ("{", "[") and b[:1] in ("{", "["):
        try:
            return json.loads(a) == json.loads(b)
        except ValueError:
            pass
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def main(build):
    instrumented = python_sdks.Instrumented()
    lines, failed, formats, explained = read_list(), [], [], 0
    recorded, pythons, requests = list(model_calls.recorded()), [], []
    if not recorded:
        print("SKIP: instrumentors.recordings: no ../shared/recordings beside the checkout; the other calls ran")
    calls = model_calls.CALLS + recorded
    for _, sdk, work, answer in calls:
        exchange, spans, left = instrumented.run(sdk, work, answer)
        pythons.append(spans)
        requests.append(exchange.as_wire_call(left))
    for (call, *_), pythons_spans, ours in zip(calls, pythons, aimock.call(build, requests)):
        if call.split(":")[0] not in formats:
            formats.append(call.split(":")[0])
        if len(ours["spans"]) != 1 or len(pythons_spans) > 1:
            failed.append(f"{call}: {len(ours['spans'])} spans here, {len(pythons_spans)} of Python")
            continue
        if python_sdks.SECRET in json.dumps(ours):
            failed.append(f"{call}: a secret was recorded")
        python, here = collections.defaultdict(type(None), flat(pythons_spans[0]) if pythons_spans else {}), flat(ours["spans"][0])
        for key in sorted({*python, *here}):
            if same(python[key], here.get(key)):
                continue
            if any(line.explains(call, key, python[key], here.get(key)) for line in lines):
                explained += 1
            else:
                failed.append(f"{call}: {key}: Python {python[key]!r}, here {here.get(key)!r}")
    for line in lines:
        if line.missed(formats):
            failed.append(f"docs/instrument.md lists a difference that there isn't: {line.text}: {', '.join(line.missed(formats))}")
    print(f"{len(calls)} calls, {explained} differences, {len(lines)} lines explain them")
    for line in failed:
        print(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
