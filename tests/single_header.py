#!/usr/bin/env python3
"""single_header.py: makes single_include/arthur/arthur.hpp from include/arthur/arthur.hpp.

Each quoted include is replaced, once, by the file it names. Include guards stay, so that a program may include both.
Headers that a program includes beside it, and that need nothing else of arthur, are copied.
With --check nothing is written: it says whether the committed files are those that would be made.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCE = os.path.join(ROOT, "include", "arthur")
OUTPUT = os.path.join(ROOT, "single_include", "arthur")
COPIES = [name for name in ("testing.hpp", "coroutine.hpp", "traced_tool.hpp", "c_api.h", "bridge/opentelemetry.hpp", "instrument/httplib.hpp")
          if os.path.exists(os.path.join(SOURCE, name))]
TITLE = "// arthur.hpp: all of arthur in one file. Made from include/arthur by tests/single_header.py; edit there."

INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"')
CONDITION = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b\s*(.*)")


class Problem(Exception):
    pass


def inline(path, conditions, done, out):
    """Appends the lines of the file at `path`, which is included under `conditions` (a list of directives)."""
    shown = os.path.relpath(path, SOURCE)
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        raise Problem(f"{shown} does not exist") from None
    conditions = list(conditions)
    outer = len(conditions)
    for number, line in enumerate(lines, 1):
        include = INCLUDE.match(line)
        if not include:
            follow(line, conditions)
            out.append(line)
            continue
        target = os.path.normpath(os.path.join(os.path.dirname(path), include.group(1)))
        # The file's own guard is no condition: whatever stands inside it is there once the file was included.
        here = [condition for condition in conditions if not is_guard(condition)]
        if target not in done:
            done[target] = (here, f"{shown}:{number}")
            inline(target, conditions, done, out)
        elif here[:len(done[target][0])] != done[target][0]:
            first, where = done[target]
            raise Problem(f"{shown}:{number}: {include.group(1)} is already inlined at {where}, but only under "
                          f"'{' / '.join(first)}'; include it above that place")
    if len(conditions) != outer:
        raise Problem(f"{shown}: #if without #endif")


def follow(line, conditions):
    """Keeps the list of conditions around the current line."""
    directive = CONDITION.match(line)
    if not directive:
        return
    word, rest = directive.groups()
    if word == "endif":
        conditions.pop()
    elif word in ("else", "elif"):
        conditions[-1] = f"{conditions[-1]} #{word} {rest}".rstrip()
    else:
        conditions.append(f"#{word} {rest}".rstrip())


def is_guard(condition):
    return re.fullmatch(r"#ifndef ARTHUR_\w+_H(PP)?", condition) is not None


def make():
    start = os.path.join(SOURCE, "arthur.hpp")
    with open(os.path.join(ROOT, "LICENSE"), encoding="utf-8") as file:
        license_text = file.read().splitlines()
    out = [TITLE, "//"] + [f"// {line}".rstrip() for line in license_text] + [""]
    inline(start, [], {start: ([], "the start")}, out)
    return "\n".join(out) + "\n"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def main():
    try:
        made = {"arthur.hpp": make()}
    except Problem as problem:
        sys.exit(f"single_header.py: {problem}")
    made.update((name, read(os.path.join(SOURCE, name))) for name in COPIES)
    for name, text in made.items():
        path = os.path.join(OUTPUT, name)
        if sys.argv[1:] == ["--check"]:
            if not os.path.exists(path) or read(path) != text:
                sys.exit(f"single_include/arthur/{name} is out of date. To make it anew: python3 tests/single_header.py")
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
