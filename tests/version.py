#!/usr/bin/env python3
"""version.py: the version is written once, in include/arthur/config.hpp; this checks what must agree with it.

    tests/version.py <version that CMake read>
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def written():
    return re.search(r'^#define ARTHUR_VERSION "(\d+\.\d+\.\d+)"$', read("include/arthur/config.hpp"), re.MULTILINE).group(1)


def main(cmake):
    version = written()
    config = read("include/arthur/config.hpp")
    parts = [re.search(rf"^#define ARTHUR_VERSION_{part} (\d+)$", config, re.MULTILINE).group(1) for part in ("MAJOR", "MINOR", "PATCH")]
    abi = re.findall(r"^#define ARTHUR_ABI v(\d+_\d+)(?:_\w+)?$", config, re.MULTILINE)
    newest = re.search(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE).group(1)
    wrong = []
    if ".".join(parts) != version:
        wrong.append(f"ARTHUR_VERSION is {version}, its parts are {'.'.join(parts)}")
    if not abi or set(abi) != {"_".join(parts[:2])}:
        wrong.append(f"ARTHUR_VERSION is {version}, but the namespaces say {sorted(set(abi))}")
    if newest != version:
        wrong.append(f"ARTHUR_VERSION is {version}, but the newest entry of CHANGELOG.md is {newest}")
    if cmake != version:
        wrong.append(f"ARTHUR_VERSION is {version}, but CMake read {cmake}")
    print("\n".join(wrong) or version)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
