#!/usr/bin/env python3
"""configuration.py: docs/configuration.md names every option, environment variable and macro switch, and no other."""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VARIABLE = r"\b(?:OTEL|ARTHUR|OPENINFERENCE)_[A-Z0-9_]*[A-Z]\b"


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def options():
    body = re.search(r"^struct options \{$(.*?)^\};$", read("include/arthur/options.hpp"), re.MULTILINE | re.DOTALL).group(1)
    code = re.sub(r"//.*", "", body)
    functions = re.findall(r"\(\*(\w+)\)\(", code)
    fields = re.findall(r"(\w+)(?: = [^;]*|\{[^}]*\})?;", re.sub(r".*\(\*\w+\)\(.*", "", code))
    return set(functions) | set(fields)


def variables():
    return {name for path in glob.glob(os.path.join(ROOT, "include/arthur/policy/*.hpp"))
            for name in re.findall(f'"({VARIABLE})"', read(path))}


def switches():
    lines = re.search(r"^// Switches\.(.*?)^#ifndef", read("include/arthur/config.hpp"), re.MULTILINE | re.DOTALL).group(1)
    cmake = re.findall(r"(?:^option|^set(?=\(\w+ .* CACHE)|find_path|find_library)\((\w+)", read("CMakeLists.txt"), re.MULTILINE)
    return set(re.findall(r"^//   (ARTHUR_\w+)", lines, re.MULTILINE)) | set(cmake) | {"ARTHUR_POOL_BYTES"}


def main(_build):
    text = read("docs/configuration.md")
    named = set(re.findall(VARIABLE, text))
    fields = {name for row in re.findall(r"^\| (`[^|]*)\|[^|]*\|[^|]*\|[^|]*\|$", text, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    known = variables() | switches()
    failed = [f"{name} is not in docs/configuration.md" for name in known - named]
    failed += [f"docs/configuration.md names {name}, which nothing reads" for name in named - known]
    failed += [f"options.{name} is not in docs/configuration.md" for name in options() - fields]
    failed += [f"docs/configuration.md names options.{name}, which doesn't exist" for name in fields - options() - {"arthur"}]
    print(f"{len(options())} options, {len(variables())} variables, {len(switches())} switches")
    print("\n".join(sorted(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
