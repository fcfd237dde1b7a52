#!/usr/bin/env python3
"""check_includes.py: holds the headers to their rooms, one line per violation.

Includes go one way: platform <- record <- openinference <- what users include; otlp, policy <- spool, transport <- runtime; console, which draws what otlp reads, is the runtime's.
Each header begins with "// name.hpp: its responsibility", has the guard of its path, and is no longer than MAX_LINES.
"""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "include", "arthur")
MAX_LINES = 450

# Which rooms (folders) or single files each room may include, beside itself. "." is the top: what users include.
PURE = {"config.hpp", "header_list.hpp", "options.hpp", "text_line.hpp", "platform", "record/wire.hpp"}
LIGHT = {"config.hpp", "header_list.hpp", "options.hpp", "text_line.hpp", "platform", "record", "openinference", "propagation",
         "attributes.hpp"}
HEAVY = {"otlp", "console", "policy", "spool", "transport", "runtime"}
MAY_INCLUDE = {
    "config.hpp": set(),
    "header_list.hpp": {"config.hpp"},
    "options.hpp": {"config.hpp", "header_list.hpp", "openinference/kinds.hpp"},  # rules name kinds
    "text_line.hpp": {"config.hpp"},
    "platform": {"config.hpp", "text_line.hpp"},
    "record": {"config.hpp", "options.hpp", "platform"},
    "openinference": LIGHT,
    "propagation": {"config.hpp"},  # headers of other processes: pure functions
    "attributes.hpp": LIGHT,
    ".": LIGHT,
    "otlp": PURE | {"policy/limits.hpp"},
    "console": PURE | {"otlp"},
    "policy": PURE | {"openinference/masking.hpp"},  # the names of its bits; a pure function, too
    "spool": PURE | {"otlp", "policy"},
    "transport": PURE | {"otlp", "policy"},
    "spans": LIGHT | {"."},  # behind the light headers
    "spans/carrying.hpp": LIGHT | {".", "spans", "otlp/utf8.hpp"},  # baggage of others isn't always UTF-8
    "runtime": LIGHT | HEAVY | {".", "spans"},
    "providers": LIGHT | {".", "spans", "otlp/utf8.hpp"},  # beside nlohmann_json
    "implementation.hpp": LIGHT | HEAVY | {".", "spans", "spans/carrying.hpp", "providers"},
    "bridge": {"arthur.hpp"},  # beside other libraries; nothing includes it
    "arthur.hpp": LIGHT | {".", "implementation.hpp"},
    "testing.hpp": {"arthur.hpp"},  # nothing else: it is copied next to the single header
    "coroutine.hpp": {"arthur.hpp"},  # likewise
}


def room(path):
    """The entry of MAY_INCLUDE that a header, named by its path under include/arthur, belongs to."""
    return path if path in MAY_INCLUDE else os.path.dirname(path).split("/")[0] or "."


def violations(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        lines = file.read().splitlines()
    name = os.path.basename(path)
    if not lines or not re.match(rf"// {re.escape(name)}: \S", lines[0]):
        yield f"{path}:1: the first line must be '// {name}: <its one responsibility>'"
    guard = "ARTHUR_" + re.sub(r"\W", "_", path).upper()
    if f"#ifndef {guard}" not in lines or f"#define {guard}" not in lines:
        yield f"{path}: its guard must be {guard}"
    if len(lines) > MAX_LINES:
        yield f"{path}: {len(lines)} lines; split it, {MAX_LINES} are a room"
    here = room(path)
    if here not in MAY_INCLUDE:
        yield f"{path}: '{here}' is no known room; give it a line in MAY_INCLUDE"
        return
    for number, line in enumerate(lines, 1):
        if re.match(r"\s*#\s*include\s*<arthur/", line):
            yield f"{path}:{number}: include our own headers by relative path, in quotes"
        include = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        if include:
            target = os.path.normpath(os.path.join(os.path.dirname(path), include.group(1)))
            if room(target) != here and not {room(target), target} & MAY_INCLUDE[here]:
                yield f"{path}:{number}: {here} must not include {target}"


def main():
    headers = sorted(os.path.relpath(os.path.join(folder, name), ROOT)
                     for folder, _, names in os.walk(ROOT) for name in names if name.endswith(".hpp"))
    found = [line for path in headers for line in violations(path)]
    print("\n".join(found) or f"{len(headers)} headers in order")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
