#!/usr/bin/env python3
"""check_disabled.py: what ARTHUR_DISABLE leaves is the same face: each macro in both forms, in the same order and with the
same parameters; each function that the light headers declare and the implementation defines, in disabled.hpp as well."""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "include", "arthur")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return re.sub(r"//[^\n]*| = \{\}", "", file.read())


def macros(text):
    return re.findall(r"^#define (ARTHUR_\w+\([^)]*\))", text, re.M)


def declared(text):
    """Functions without a body at namespace scope."""
    return set(re.findall(r"^(?!inline|template|ARTHUR_LINKED|using|friend)[a-z][\w:<>&* ]*?\b(\w+)\([^;{}()]*(?:\([^;{}()]*\)[^;{}()]*)*\)\s*noexcept;", text, re.M))


def main():
    problems = []
    _, enabled, disabled = re.split(r"^#(?:ifndef ARTHUR_DISABLE|else)$", read("macros.hpp"), flags=re.M)[:3]
    disabled = disabled.split("\n#endif")[0]
    if macros(enabled) != macros(disabled):
        problems.append(f"macros.hpp: enabled {macros(enabled)} but disabled {macros(disabled)}")
    if len(macros(enabled)) < 7:
        problems.append(f"macros.hpp: only {len(macros(enabled))} macros found; has its form changed?")

    light = [name for name in sorted(os.listdir(ROOT)) if name.endswith(".hpp")] + ["openinference/builders.hpp"]
    light = [n for n in light if n not in ("implementation.hpp", "disabled.hpp")]
    names = set().union(*(declared(read(n)) for n in light))
    defined = set(re.findall(r"^inline [\w:<>*]+ (\w+)\(", read("disabled.hpp"), re.M))
    if len(names) < 30:
        problems.append(f"only {len(names)} declarations found; has their form changed?")
    for name in sorted(names - defined):
        problems.append(f"disabled.hpp: {name}() is missing")
    for name in sorted(defined - names):
        problems.append(f"disabled.hpp: {name}() is declared nowhere")
    print("\n".join(problems) or f"{len(macros(enabled))} macros and {len(names)} functions in both forms")
    sys.exit(bool(problems))


main()
