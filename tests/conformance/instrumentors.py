#!/usr/bin/env python3
"""instrumentors.py: OpenInference's instrumentors of Python's SDKs and this library on the same bytes. Each difference of the spans is
in the list of docs/instrument.md, and each line of that list occurs."""
import collections
import fnmatch
import json
import os
import re
import sys

from tools import aimock, anthropic_calls, gemini_calls, ollama_calls, openai_calls, python_sdks, recorded_calls

PAGE = os.path.join(os.path.dirname(__file__), "../../docs/instrument.md")
HEADING = "## Differences from Python's instrumentors"
CAPTURED = "## What is captured"
NOTHING = "—"
# The rows of the table of what is captured: patterns of "attribute=value" or "call: attribute=value".
ROWS = {
    "messages, prompts": ["llm.input_messages.*.message.content*", "llm.prompts.*"],
    "images": ["*.image.image.url=*"],
    "audio": ["*.audio.audio.url=*"],
    "tools": ["llm.tools.*"],
    "tool calls": ["llm.output_messages.*.tool_call.function.name=*"],
    "ids of tool calls": ["llm.output_messages.*.tool_calls.*.tool_call.id=*"],
    "tool results": ["llm.input_messages.*.message.role=tool", "llm.input_messages.*.message.tool_call_id=*"],
    "reasoning": ["llm.output_messages.*.message_content.type=reasoning"],
    "parameters": ["*.invocation_parameters=*"],
    "tokens": ["llm.token_count.prompt=*"],
    "cached tokens": ["llm.token_count.prompt_details.cache_read=*"],
    "reasoning tokens": ["llm.token_count.completion_details.reasoning=*"],
    "audio tokens": ["llm.token_count.prompt_details.audio=*"],
    "finish reason": ["llm.finish_reason=*"],
    "texts to embed": ["embedding.embeddings.*.embedding.text=*"],
    "vectors": ["embedding.embeddings.*.embedding.vector=*"],
    "time to first token": ["gen_ai.response.time_to_first_chunk=*"],
    "ids of requests": ["http.response.header.*"],
    "model of a failed call": ["*: failed*: *.model_name=*"],
    "status of a failed call": ["*: failed*: (status)=ERROR"],
    "error inside a stream": ["*: stream that *: (status)=ERROR"],
    "output of a stream that was left": ["*: stream left: llm.output_messages.*", "*: stream left: llm.choices.*"],
    "status of HTTP": ["http.response.status_code=*"],
}


def format_of(call):
    return re.match(r"\w+", call)[0]


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
        where = next((w for w in self.where if w == "all" or re.match(re.escape(w) + r"\b", call)), None)
        pattern = next((p for p in self.patterns if fnmatch.fnmatchcase(key, p)), None)
        if where is None or pattern is None or not self.says(self.python, python) or not self.says(self.here, here):
            return False
        self.seen |= {where, pattern} | ({format_of(call)} if where == "all" else set())
        return True

    @staticmethod
    def says(cell, value):
        """`literal`: this value; a dash: no such attribute; nothing: either; other words: any value."""
        literal = re.fullmatch(r"`(.*)`", cell)
        if literal:
            return str(value) == literal[1]
        return cell == "" or (value is None) == (cell == NOTHING)

    def missed(self, formats):
        return [one for one in self.where + self.patterns + (formats if "all" in self.where else []) if one not in self.seen]


def read_table(heading):
    with open(PAGE, encoding="utf-8") as page:
        rows = re.findall(r"^\|(.+)\|$", page.read().split(heading)[1].split("\n## ")[0], re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for n, row in enumerate(rows) if n != 1]


def wrong_cells(captured):
    """What the table of the page says of what `captured` has seen: of each format the calls' attributes, Python's and here."""
    (_, *formats), *rows = read_table(CAPTURED)
    if [row[0] for row in rows] != list(ROWS) or sorted(formats) != sorted(captured):
        yield "docs/instrument.md: the rows or columns of what is captured aren't those of instrumentors.py"
    for name, *cells in rows:
        for of, cell in zip(formats, cells):
            python, here = (any(fnmatch.fnmatchcase(said, p) for said in seen for p in ROWS.get(name, ())) for seen in captured[of])
            said = "both" if python and here else "here" if here else "Python" if python else NOTHING
            if cell != said:
                yield f"docs/instrument.md: what is captured: {name}, {of}: {said}, not {cell}"


def attributes_of(call, span):
    for key, value in span.items():
        yield f"{key}={value}"
        yield f"{call}: {key}={value}"


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
    return type(a) is type(b) and a == b


def main(build):
    instrumented = python_sdks.Instrumented()
    lines, failed, explained = [Line(*row) for row in read_table(HEADING)[1:]], [], 0
    captured = collections.defaultdict(lambda: (set(), set()))
    recorded, pythons, requests = list(recorded_calls.recorded()), [], []
    if not recorded:
        print("SKIP: instrumentors.recordings: no ../shared/recordings beside the checkout; the other calls ran")
    calls = openai_calls.CALLS + anthropic_calls.CALLS + gemini_calls.CALLS + ollama_calls.CALLS + recorded
    for _, sdk, work, answer in calls:
        exchange, spans, left = instrumented.run(sdk, work, answer)
        pythons.append(spans)
        requests.append(exchange.as_wire_call(left))
    for (call, *_), pythons_spans, ours in zip(calls, pythons, aimock.call(build, requests)):
        if len(ours["spans"]) != 1 or len(pythons_spans) != 1:
            failed.append(f"{call}: {len(ours['spans'])} spans here, {len(pythons_spans)} of Python")
            continue
        python, here = flat(pythons_spans[0]), flat(ours["spans"][0])
        captured[format_of(call)][0].update(attributes_of(call, python))
        captured[format_of(call)][1].update(attributes_of(call, here))
        for key in sorted({*python, *here}):
            theirs, mine = python.get(key), here.get(key)
            if same(theirs, mine):
                continue
            if any(line.explains(call, key, theirs, mine) for line in lines):
                explained += 1
            else:
                failed.append(f"{call}: {key}: Python {theirs!r}, here {mine!r}")
    for line in lines:
        if line.missed(list(captured)):
            failed.append(f"docs/instrument.md lists a difference that there isn't: {line.text}: {', '.join(line.missed(list(captured)))}")
    failed += wrong_cells(captured)
    print(f"{len(calls)} calls, {explained} differences, {len(lines)} lines explain them")
    for line in failed:
        print(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
