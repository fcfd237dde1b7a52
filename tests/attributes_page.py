#!/usr/bin/env python3
"""attributes_page.py: makes docs/attributes.md from tests/support/every_builder.inc, whose examples a test runs.

With --check nothing is written: it says whether the committed page is the one that would be made, and whether each
builder of builders.hpp is on it.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs", "attributes.md")
# Not attributes: the key is the program's, or they change the resource.
ELSEWHERE = {"attribute", "task_id", "service_name"}

TOP = """# Attributes

<!-- Made by tests/attributes_page.py from tests/support/every_builder.inc; edit there. -->

Every attribute of [OpenInference](https://github.com/Arize-ai/openinference/tree/main/spec) has a function that sets it:
`ARTHUR_LLM_SPAN("chat", arthur::model("gpt-4o"))`, `ARTHUR_SET(arthur::tokens(120, 48))`. Each example below is run by the
tests, which compare key and wire type with the list of the conventions.

- Wire types: `json` is text that holds JSON; the engine opens it. JSON is given as text, or as an `nlohmann::json` where
  the function takes one (`ARTHUR_WITH_JSON`). An `input_json()` or `output_json()` that is not JSON after all is kept and
  labelled `text/plain`, and its span is counted in `arthur::stats().cleaned`.
- `<i>`, `<j>`, `<k>` count from 0: messages, documents, tools, judgements and the like are appended by each call.
- Setting a key again replaces its value. `openinference.span.kind` comes from the span macro, `tool.name` of a TOOL span
  from its name, `code.*` from the call site.
- Messages: one text is the second argument. A content of several parts, or with images, audio or reasoning, is given as
  parts in their order: `input_message("user", text("What is this?"), image(url))`. Parts of `input_message()` are parts of
  `output_message()`, too.
- A part that doesn't belong to the element that it stands in is left out and counted in `dropped_attributes`.
- Tokens: the total is the sum unless it is given. The counts of the prompt include those from a cache, the counts of the
  completion include reasoning.
- Anything else: `arthur::attribute("key", value)` with text, bool, integers, float or double, or a range of these.
- `exception.*` stand on the event of `arthur::traced`. `openinference.project.name` belongs to the resource:
  `options.resource_attributes`.
"""


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def known_keys():
    """Key: (type, kinds)."""
    rows = re.findall(r'^\w*KEY\("([^"]+)", "([^"]+)", "([^"]+)"\)$', read("tests", "support", "openinference_keys.inc"), re.MULTILINE)
    return {key: (kind_of_value, kinds) for key, kind_of_value, kinds in rows}


def code(text):
    return "`" + text.replace("|", "\\|") + "`"


def words(wire_type):
    """list<double>: list of double."""
    return re.sub(r"<(\w+)>", r" of \1", wire_type).replace("|", " or ")


def row(signature, kind, keys, example, known):
    """One line of the table: a builder with the keys that are its own."""
    names = keys.split()
    if len(names) > 1 and names[0].endswith(".message.role") and not re.match(r"(in|out)put_message\(", signature):
        del names[0]  # the message around the part
    types = []
    kinds = []
    for name in names:
        types.append(known[name][0])
        kinds += [one for one in known[name][1].split() if one not in kinds]
    shown = "any" if "any" in kinds else ", ".join(kinds)
    signatures = re.findall(r"\w+\([^)]*\)", signature)
    return (f"| {'<br>'.join(map(code, signatures))} | {'<br>'.join(map(code, names))} | {shown} | "
            f"{'<br>'.join(map(words, types))} | {code(example)} |")


def make(problems):
    known = known_keys()
    out = [TOP.rstrip()]
    shown = set()
    for line in read("tests", "support", "every_builder.inc").splitlines():
        section = re.match(r'SECTION\("(.*)"\)$', line)
        builder = re.match(r'BUILDER\("([^"]*)", (\w+), "([^"]*)", (.*)\)$', line)
        if section:
            out += ["", f"## {section.group(1)}", "", "| Builder | Key | Kind | Wire type | Example |", "|---|---|---|---|---|"]
        elif builder:
            signature, kind, keys, example = builder.groups()
            for name in re.findall(r"(\w+)\(", signature):
                shown.add(name)
                if f"arthur::{name}(" not in example:
                    problems.append(f"every_builder.inc: the example of {name}() doesn't use it")
            out.append(row(signature, kind, keys, example.replace("arthur::", ""), known))
        elif not re.match(r"//|ALSO\(|$", line):
            problems.append(f"every_builder.inc: not understood: {line[:60]}")
    declared = set(re.findall(r"^(?:(?:inline )?(?:attr|composite<[^>]*>+) (\w+)\(|ARTHUR_JUDGEMENT\((\w+))", public_part(), re.MULTILINE))
    declared = {name for names in declared for name in names if name}
    problems += [f"{name}() of builders.hpp is not in every_builder.inc" for name in sorted(declared - shown - ELSEWHERE)]
    problems += [f"every_builder.inc has {name}(), builders.hpp hasn't" for name in sorted(shown - declared)]
    return "\n".join(out) + "\n"


def public_part():
    text = read("include", "arthur", "openinference", "builders.hpp")
    return text[text.index("}  // namespace detail\n\n///"):]


def main(arguments):
    problems = []
    page = make(problems)
    if "--check" not in arguments:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(page)
    elif not os.path.exists(PAGE) or read("docs", "attributes.md") != page:
        problems.append("docs/attributes.md is not what tests/attributes_page.py makes: run it")
    print("\n".join(problems) or "docs/attributes.md is up to date")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
